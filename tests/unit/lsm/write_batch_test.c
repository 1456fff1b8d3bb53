// SPDX-License-Identifier: Apache-2.0
// Batches: what was added is read, limits hold, a failed addition leaves the batch as it was, and
// damaged bytes are refused.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/status.h"
#include "entry_model.h"
#include "lsm/memtable.h"
#include "lsm/write_batch.h"

static void assert_next(fe_batch_reader *reader, fe_entry_kind kind, uint32_t keyspace,
                        const char *key, const char *value)
{
    fe_entry entry;

    assert_int_equal(fe_batch_reader_next(reader, &entry), FERRIC_OK);
    assert_int_equal(entry.kind, kind);
    assert_int_equal(fe_get_u32_ordered(entry.key.data), keyspace);
    assert_int_equal(entry.key.size, 4 + strlen(key));
    assert_memory_equal(fe_slice_bytes(entry.key) + 4, key, strlen(key));
    assert_int_equal(entry.value.size, strlen(value));
    if (entry.value.size > 0) assert_memory_equal(entry.value.data, value, strlen(value));
}

static void test_write_batch_reads_as_it_was_made(void **state)
{
    fe_write_batch batch = {0};
    fe_batch_reader reader;
    fe_entry entry;

    (void)state;
    assert_int_equal(fe_write_batch_put(&batch, 7, fe_slice_text("a"), fe_slice_text("one"), NULL),
                     FERRIC_OK);
    assert_int_equal(fe_write_batch_delete(&batch, 0x01020304, fe_slice_text("bb"), NULL),
                     FERRIC_OK);
    assert_int_equal(fe_write_batch_put(&batch, 1, fe_slice_text("c"), fe_slice(NULL, 0), NULL),
                     FERRIC_OK);
    assert_int_equal(batch.count, 3);
    assert_int_equal(batch.delete_count, 1);
    assert_int_equal(batch.user_bytes, 1 + 3 + 2 + 1);
    assert_int_equal(batch.cost_bytes, fe_memtable_entry_cost(5, 3) + fe_memtable_entry_cost(6, 0) +
                                           fe_memtable_entry_cost(5, 0));
    reader = fe_batch_reader_of(fe_buffer_slice(&batch.operations));
    assert_next(&reader, FE_ENTRY_PUT, 7, "a", "one");
    assert_next(&reader, FE_ENTRY_DELETE, 0x01020304, "bb", "");
    assert_next(&reader, FE_ENTRY_PUT, 1, "c", "");
    assert_int_equal(fe_batch_reader_next(&reader, &entry), FERRIC_CORRUPT); // Nothing is left.
    fe_write_batch_clear(&batch);
    assert_int_equal(batch.count + batch.delete_count + batch.user_bytes + batch.cost_bytes, 0);
    assert_int_equal(batch.operations.size, 0);
    fe_write_batch_deinit(&batch);
    assert_null(batch.operations.data);
}

static void test_write_batch_encodes_as_documented(void **state)
{
    static const uint8_t expected[] = {1, 5, 0, 0, 0, 9, 'k', 3,  'v', 'a', 'l', //
                                       0, 6, 0, 0, 1, 0, 'k', 'k'};
    fe_write_batch batch = {0};

    (void)state;
    assert_int_equal(fe_write_batch_put(&batch, 9, fe_slice_text("k"), fe_slice_text("val"), NULL),
                     FERRIC_OK);
    assert_int_equal(fe_write_batch_delete(&batch, 256, fe_slice_text("kk"), NULL), FERRIC_OK);
    assert_int_equal(batch.operations.size, sizeof expected);
    assert_memory_equal(batch.operations.data, expected, sizeof expected);
    fe_write_batch_deinit(&batch);
}

static void test_write_batch_ids_can_be_set_later(void **state)
{
    fe_write_batch batch = {0};
    size_t offsets[3];
    uint64_t version;
    ferric_slice condition;
    fe_batch_reader reader;

    (void)state;
    assert_int_equal(
        fe_write_batch_put(&batch, 0, fe_slice_text("k"), fe_slice_text("v"), &offsets[0]),
        FERRIC_OK);
    assert_int_equal(fe_write_batch_delete(&batch, 0, fe_slice_text("d"), &offsets[1]), FERRIC_OK);
    assert_int_equal(fe_write_batch_require(&batch, 0, fe_slice_text("r"), 42, &offsets[2]),
                     FERRIC_OK);
    fe_put_u32_ordered((uint8_t *)batch.operations.data + offsets[0], 5);
    fe_put_u32_ordered((uint8_t *)batch.operations.data + offsets[1], 6);
    fe_put_u32_ordered((uint8_t *)batch.condition_keys.data + offsets[2], 7);
    reader = fe_batch_reader_of(fe_buffer_slice(&batch.operations));
    assert_next(&reader, FE_ENTRY_PUT, 5, "k", "v");
    assert_next(&reader, FE_ENTRY_DELETE, 6, "d", "");
    condition = fe_write_batch_condition(&batch, 0, &version);
    assert_int_equal(version, 42);
    assert_int_equal(condition.size, 5);
    assert_memory_equal(condition.data, "\0\0\0\7r", 5);
    fe_write_batch_deinit(&batch);
}

static void test_write_batch_keeps_conditions_apart(void **state)
{
    fe_write_batch batch = {0};
    uint64_t version;

    (void)state;
    for (uint32_t i = 0; i < 100; i++) {
        char key[16];
        snprintf(key, sizeof key, "key%u", i);
        assert_int_equal(
            fe_write_batch_require(&batch, i + 1, fe_slice_text(key), i * (uint64_t)3, NULL),
            FERRIC_OK);
    }
    assert_int_equal(batch.condition_count, 100);
    assert_int_equal(batch.count, 0);
    assert_int_equal(batch.operations.size, 0);
    for (uint32_t i = 0; i < 100; i++) {
        char key[16];
        ferric_slice found = fe_write_batch_condition(&batch, i, &version);
        snprintf(key, sizeof key, "key%u", i);
        assert_int_equal(version, i * (uint64_t)3);
        assert_int_equal(fe_get_u32_ordered(found.data), i + 1);
        assert_int_equal(found.size, 4 + strlen(key));
        assert_memory_equal(fe_slice_bytes(found) + 4, key, strlen(key));
    }
    fe_write_batch_deinit(&batch);
}

static void test_write_batch_refuses_what_breaks_a_limit(void **state)
{
    static uint8_t large[FERRIC_KEY_SIZE_MAX + 1];
    fe_write_batch batch = {0};
    ferric_slice key = fe_slice_text("k");
    ferric_slice value = fe_slice_text("v");

    (void)state;
    assert_int_equal(fe_write_batch_put(&batch, 1, fe_slice(NULL, 0), value, NULL),
                     FERRIC_INVALID_ARGUMENT);
    assert_int_equal(fe_write_batch_put(&batch, 1, fe_slice(NULL, 3), value, NULL),
                     FERRIC_INVALID_ARGUMENT);
    assert_int_equal(fe_write_batch_put(&batch, 1, key, fe_slice(NULL, 3), NULL),
                     FERRIC_INVALID_ARGUMENT);
    assert_int_equal(fe_write_batch_put(&batch, 1, fe_slice(large, sizeof large), value, NULL),
                     FERRIC_TOO_LARGE);
    assert_non_null(strstr(fe_message(), "65536"));
    assert_int_equal(
        fe_write_batch_put(&batch, 1, key, fe_slice(large, FERRIC_VALUE_SIZE_MAX + 1), NULL),
        FERRIC_TOO_LARGE);
    assert_int_equal(fe_write_batch_delete(&batch, 1, fe_slice(NULL, 0), NULL),
                     FERRIC_INVALID_ARGUMENT);
    assert_int_equal(fe_write_batch_require(&batch, 1, fe_slice(large, sizeof large), 1, NULL),
                     FERRIC_TOO_LARGE);
    assert_int_equal(batch.count + batch.condition_count + batch.operations.size, 0);
    assert_int_equal(
        fe_write_batch_put(&batch, 1, fe_slice(large, FERRIC_KEY_SIZE_MAX), value, NULL),
        FERRIC_OK);
    fe_write_batch_deinit(&batch);
}

// ---- Out of memory --------------------------------------------------------------------------

static long allocations_left;

static void *limited_reallocate(void *context, void *memory, size_t size)
{
    (void)context;
    return allocations_left-- > 0 ? realloc(memory, size) : NULL;
}

static void plain_release(void *context, void *memory)
{
    (void)context;
    free(memory);
}

// Adds one of each; returns how many were added.
static int add_three(fe_write_batch *batch)
{
    ferric_slice key = fe_slice_text("0123456789");
    int added = fe_write_batch_put(batch, 1, key, key, NULL) == FERRIC_OK;
    added += fe_write_batch_delete(batch, 1, key, NULL) == FERRIC_OK;
    return added + (fe_write_batch_require(batch, 1, key, 3, NULL) == FERRIC_OK);
}

static void test_write_batch_is_as_it_was_without_memory(void **state)
{
    static const ferric_allocator allocator = {limited_reallocate, plain_release, NULL};
    bool was_whole = false;

    (void)state;
    fe_allocator_set(&allocator);
    for (long allowed = 0; !was_whole; allowed++) {
        fe_write_batch batch = {0};
        fe_batch_reader reader;
        fe_entry entry;
        int added = 0;
        uint64_t version;
        allocations_left = allowed;
        for (int i = 0; i < 50; i++)
            added += add_three(&batch);
        was_whole = added == 150;
        assert_int_equal((size_t)batch.count + batch.condition_count, added);
        reader = fe_batch_reader_of(fe_buffer_slice(&batch.operations));
        for (uint32_t i = 0; i < batch.count; i++)
            assert_int_equal(fe_batch_reader_next(&reader, &entry), FERRIC_OK);
        assert_int_equal(fe_decoder_remaining(&reader.decoder), 0);
        for (size_t i = 0; i < batch.condition_count; i++) {
            assert_int_equal(fe_write_batch_condition(&batch, i, &version).size, 14);
            assert_int_equal(version, 3);
        }
        assert_int_equal(batch.condition_keys.size, batch.condition_count * 14);
        fe_write_batch_deinit(&batch);
    }
    fe_allocator_set(NULL);
}

// ---- Damage ---------------------------------------------------------------------------------

static void test_write_batch_reader_survives_any_bytes(void **state)
{
    fe_random random = {test_seed(5)};
    uint64_t refused = 0;
    uint64_t accepted = 0;

    (void)state;
    for (int i = 0; i < 200000; i++) {
        size_t size = fe_random_below(&random, 40);
        uint8_t *bytes = malloc(size + 1); // Of its own, so that a sanitizer sees every overrun.
        fe_batch_reader reader = fe_batch_reader_of(fe_slice(bytes, size));
        ferric_status status = FERRIC_OK;
        for (size_t j = 0; j < size; j++)
            bytes[j] = (uint8_t)(fe_random_next(&random) & (fe_random_below(&random, 2) ? 7 : 255));
        while (status == FERRIC_OK) {
            fe_entry entry;
            status = fe_batch_reader_next(&reader, &entry);
            if (status != FERRIC_OK) continue;
            assert_true(entry.key.size > FE_KEYSPACE_ID_SIZE && entry.key.size <= FE_KEY_SIZE_MAX);
            assert_true(fe_slice_bytes(entry.key) >= bytes &&
                        fe_slice_bytes(entry.key) + entry.key.size <= bytes + size);
            accepted++;
        }
        assert_true(status == FERRIC_CORRUPT || status == FERRIC_UNSUPPORTED);
        refused++;
        free(bytes);
    }
    assert_true(accepted > 1000);
}

static void test_write_batch_reader_names_an_unknown_kind(void **state)
{
    static const uint8_t bytes[] = {6, 5, 0, 0, 0, 1, 'k', 1, 'v'};
    fe_batch_reader reader = fe_batch_reader_of(fe_slice(bytes, sizeof bytes));
    fe_entry entry;

    (void)state;
    assert_int_equal(fe_batch_reader_next(&reader, &entry), FERRIC_UNSUPPORTED);
    assert_non_null(strstr(fe_message(), "kind 6"));
}

static void test_write_batch_puts_the_expiry_before_the_value(void **state)
{
    static const uint8_t expected[] = {2,    5,    0,    0, 0, 9, 'k', 11,  0x88, 0x77,
                                       0x66, 0x55, 0x44, 0, 0, 0, 'v', 'a', 'l'};
    static uint8_t large[FE_VALUE_SEPARATE_SIZE];
    fe_write_batch batch = {0};
    fe_batch_reader reader;
    fe_entry entry;
    size_t at;

    (void)state;
    assert_int_equal(fe_write_batch_put_expiring(&batch, 9, fe_slice_text("k"),
                                                 fe_slice_text("val"), 0x4455667788, NULL, &at),
                     FERRIC_OK);
    assert_int_equal(batch.operations.size, sizeof expected);
    assert_memory_equal(batch.operations.data, expected, sizeof expected);
    assert_int_equal(at, 8);
    assert_int_equal(batch.user_bytes, 1 + 3);
    assert_int_equal(batch.cost_bytes, fe_memtable_entry_cost(5, 11));
    assert_int_equal(fe_write_batch_put_expiring(&batch, 9, fe_slice_text("l"),
                                                 fe_slice(large, sizeof large), 7, NULL, &at),
                     FERRIC_OK);
    fe_put_u64((uint8_t *)batch.operations.data + at, 8);
    reader = fe_batch_reader_of(fe_buffer_slice(&batch.operations));
    assert_int_equal(fe_batch_reader_next(&reader, &entry), FERRIC_OK);
    assert_int_equal(fe_entry_expiry(&entry), 0x4455667788);
    assert_true(fe_slice_equal(fe_entry_content(&entry), fe_slice_text("val")));
    assert_int_equal(fe_batch_reader_next(&reader, &entry), FERRIC_OK);
    assert_int_equal(entry.kind, FE_ENTRY_VALUE_FILE_EXPIRING);
    assert_int_equal(fe_entry_expiry(&entry), 8);
    assert_int_equal(fe_entry_content(&entry).size, FE_VALUE_POINTER_SIZE);
    fe_write_batch_deinit(&batch);
}

static void test_write_batch_reader_refuses_an_expiry_that_is_none(void **state)
{
    static const uint8_t cut[] = {2, 5, 0, 0, 0, 1, 'k', 7, 1, 0, 0, 0, 0, 0, 0};
    static const uint8_t zero[] = {2, 5, 0, 0, 0, 1, 'k', 8, 0, 0, 0, 0, 0, 0, 0, 0};
    static const uint8_t large[] = {2, 5, 0, 0, 0, 1, 'k', 8, 0, 0, 0, 0, 0, 0, 1, 0};
    static const uint8_t pointer[] = {5, 5, 0, 0, 0, 1, 'k', 9, 1, 0, 0, 0, 0, 0, 0, 0, 0};
    const ferric_slice all[] = {fe_slice(cut, sizeof cut), fe_slice(zero, sizeof zero),
                                fe_slice(large, sizeof large), fe_slice(pointer, sizeof pointer)};

    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        fe_batch_reader reader = fe_batch_reader_of(all[i]);
        fe_entry entry;
        assert_int_equal(fe_batch_reader_next(&reader, &entry), FERRIC_CORRUPT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_write_batch_reads_as_it_was_made),
        cmocka_unit_test(test_write_batch_encodes_as_documented),
        cmocka_unit_test(test_write_batch_ids_can_be_set_later),
        cmocka_unit_test(test_write_batch_keeps_conditions_apart),
        cmocka_unit_test(test_write_batch_refuses_what_breaks_a_limit),
        cmocka_unit_test(test_write_batch_is_as_it_was_without_memory),
        cmocka_unit_test(test_write_batch_reader_survives_any_bytes),
        cmocka_unit_test(test_write_batch_reader_names_an_unknown_kind),
        cmocka_unit_test(test_write_batch_puts_the_expiry_before_the_value),
        cmocka_unit_test(test_write_batch_reader_refuses_an_expiry_that_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
