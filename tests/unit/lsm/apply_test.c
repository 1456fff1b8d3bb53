// SPDX-License-Identifier: Apache-2.0
// Applying commits: the last operation on a key wins, a commit's entries share its number, and a
// claim of more operations than the bytes can hold costs no memory.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/checksum.h"
#include "base/coding.h"
#include "base/status.h"
#include "entry_model.h"
#include "lsm/apply.h"

#define KEYS 12

static ferric_slice key_of(uint32_t number, char room[16])
{
    snprintf(room, 16, "key%02u", number);
    return fe_slice_text(room);
}

// What a key should be after all commits: the version and value of its last operation.
typedef struct expectation {
    uint64_t sequence; // 0: never written.
    bool is_deleted;
    char value[16];
} expectation;

static void add_random(fe_write_batch *batch, fe_random *random, uint64_t sequence,
                       expectation *expected)
{
    char room[16];
    uint32_t number = (uint32_t)fe_random_below(random, KEYS);
    ferric_slice key = key_of(number, room);
    expectation *each = &expected[number];

    each->sequence = sequence;
    each->is_deleted = fe_random_below(random, 3) == 0;
    snprintf(each->value, sizeof each->value, "v%u", (unsigned)fe_random_below(random, 1000));
    if (each->is_deleted) {
        assert_int_equal(fe_write_batch_delete(batch, 1, key, NULL), FERRIC_OK);
    } else {
        assert_int_equal(fe_write_batch_put(batch, 1, key, fe_slice_text(each->value), NULL),
                         FERRIC_OK);
    }
}

static void check_keys(const fe_memtable *memtable, const expectation *expected)
{
    for (uint32_t i = 0; i < KEYS; i++) {
        uint8_t full[20];
        char room[16];
        ferric_slice key = key_of(i, room);
        fe_entry entry;
        bool is_found;
        fe_put_u32_ordered(full, 1);
        memcpy(full + 4, key.data, key.size);
        is_found = fe_memtable_get(memtable, fe_slice(full, 4 + key.size),
                                   fe_hash64(full, 4 + key.size), FE_SEQUENCE_MAX, &entry);
        assert_int_equal(is_found, expected[i].sequence != 0);
        if (!is_found) continue;
        assert_int_equal(entry.sequence, expected[i].sequence);
        assert_int_equal(entry.kind, expected[i].is_deleted ? FE_ENTRY_DELETE : FE_ENTRY_PUT);
        if (expected[i].is_deleted) continue;
        assert_int_equal(entry.value.size, strlen(expected[i].value));
        assert_memory_equal(entry.value.data, expected[i].value, entry.value.size);
    }
}

static void test_apply_keeps_the_last_operation_on_each_key(void **state)
{
    fe_random random = {test_seed(6)};
    fe_operations operations = {0};

    (void)state;
    for (int round = 0; round < 50; round++) {
        expectation expected[KEYS] = {{0}};
        fe_memtable *memtable = NULL;
        assert_int_equal(fe_memtable_create(64 << 10, NULL, NULL, &memtable), FERRIC_OK);
        for (uint64_t sequence = 1; sequence < 20; sequence++) {
            fe_write_batch batch = {0};
            ferric_slice bytes;
            for (uint64_t i = fe_random_below(&random, 15); i > 0; i--)
                add_random(&batch, &random, sequence, expected);
            bytes = fe_buffer_slice(&batch.operations);
            assert_int_equal(fe_operations_read(&operations, &bytes, batch.count), FERRIC_OK);
            assert_int_equal(bytes.size, 0);
            assert_int_equal(operations.count, batch.count);
            assert_int_equal(operations.cost_bytes, batch.cost_bytes);
            assert_true(fe_memtable_has_room(memtable, batch.count, batch.cost_bytes));
            fe_operations_apply(&operations, sequence, memtable);
            fe_write_batch_deinit(&batch);
        }
        check_keys(memtable, expected);
        fe_memtable_destroy(memtable);
    }
    fe_operations_deinit(&operations);
}

static void test_apply_reads_commits_one_behind_the_other(void **state)
{
    fe_operations operations = {0};
    fe_write_batch batch = {0};
    ferric_slice bytes;

    (void)state;
    for (int i = 0; i < 5; i++) {
        char room[16];
        assert_int_equal(
            fe_write_batch_put(&batch, 1, key_of((uint32_t)i, room), fe_slice_text("value"), NULL),
            FERRIC_OK);
    }
    bytes = fe_buffer_slice(&batch.operations);
    assert_int_equal(fe_operations_read(&operations, &bytes, 2), FERRIC_OK);
    assert_int_equal(operations.count, 2);
    assert_int_equal(bytes.size, batch.operations.size / 5 * 3);
    assert_int_equal(fe_operations_read(&operations, &bytes, 3), FERRIC_OK);
    assert_memory_equal(fe_slice_bytes(operations.entries[2].key) + 4, "key04", 5);
    assert_int_equal(bytes.size, 0);
    assert_int_equal(fe_operations_read(&operations, &bytes, 0), FERRIC_OK);
    assert_int_equal(operations.count, 0);
    fe_write_batch_deinit(&batch);
    fe_operations_deinit(&operations);
}

static void test_apply_refuses_more_operations_than_fit(void **state)
{
    static const uint64_t claims[] = {2, 100, UINT32_MAX, UINT64_MAX, UINT64_MAX / 7};
    fe_operations operations = {0};
    fe_write_batch batch = {0};

    (void)state;
    assert_int_equal(fe_write_batch_delete(&batch, 1, fe_slice_text("k"), NULL), FERRIC_OK);
    for (size_t i = 0; i < sizeof claims / sizeof claims[0]; i++) {
        ferric_slice bytes = fe_buffer_slice(&batch.operations);
        assert_int_equal(fe_operations_read(&operations, &bytes, claims[i]), FERRIC_CORRUPT);
        assert_int_equal(operations.count, 0);
        assert_true(operations.capacity <= 1);
    }
    fe_write_batch_deinit(&batch);
    fe_operations_deinit(&operations);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_apply_keeps_the_last_operation_on_each_key),
        cmocka_unit_test(test_apply_reads_commits_one_behind_the_other),
        cmocka_unit_test(test_apply_refuses_more_operations_than_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
