// SPDX-License-Identifier: Apache-2.0
// The space of dead large values comes back, and nobody who may still read one loses it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/coding.h"
#include "base/random.h"
#include "lsm/store.h"
#include "os/vfs.h"

#define KEYSPACE 20u
#define KEY_COUNT 50u
#define VALUE_SIZE 5000u
#define LIVE_BYTES ((uint64_t)KEY_COUNT * VALUE_SIZE)
#define DIRECTORY "/db"

typedef struct collection_test {
    fe_vfs *vfs;
    fe_store *store;
} collection_test;

static void open_store(collection_test *t)
{
    ferric_options options = FERRIC_OPTIONS_INIT;

    options.vfs = t->vfs;
    options.background_threads = 0;
    options.memtable_size = 16384;
    options.log_size = 65536;
    options.table_size = 65536;
    options.memory_limit = 8 << 20;
    options.compression = FERRIC_COMPRESSION_NONE;
    assert_int_equal(fe_store_open(DIRECTORY, &options, &t->store), FERRIC_OK);
}

static void begin(collection_test *t)
{
    assert_int_equal(fe_vfs_memory_create(&t->vfs), FERRIC_OK);
    open_store(t);
}

static void reopen(collection_test *t)
{
    assert_int_equal(fe_store_close(t->store), FERRIC_OK);
    open_store(t);
}

static void end(collection_test *t)
{
    ferric_verify_report report;

    assert_int_equal(fe_store_verify(t->store, NULL, NULL, &report), FERRIC_OK);
    assert_int_equal(fe_store_close(t->store), FERRIC_OK);
    fe_vfs_memory_destroy(t->vfs);
}

static ferric_slice user_key(uint32_t number, char text[16])
{
    return fe_slice(text, (size_t)snprintf(text, 16, "key%06u", number));
}

static ferric_slice stored_key(uint32_t number, uint8_t bytes[20])
{
    char text[16];
    ferric_slice key = user_key(number, text);

    fe_put_u32_ordered(bytes, KEYSPACE);
    memcpy(bytes + 4, text, key.size);
    return fe_slice(bytes, 4 + key.size);
}

static void fill_value(uint32_t number, uint32_t round, uint8_t *bytes, size_t size)
{
    fe_random random = {((uint64_t)number << 32) + round};

    for (size_t at = 0; at + 8 <= size; at += 8)
        fe_put_u64(bytes + at, fe_random_next(&random));
}

static void put(collection_test *t, uint32_t number, uint32_t round, size_t size)
{
    static uint8_t value[70000];
    fe_write_batch batch = {0};
    char text[16];

    fill_value(number, round, value, size);
    assert_int_equal(
        fe_write_batch_put(&batch, KEYSPACE, user_key(number, text), fe_slice(value, size), NULL),
        FERRIC_OK);
    assert_int_equal(fe_store_write(t->store, &batch, false, NULL), FERRIC_OK);
    fe_write_batch_deinit(&batch);
}

static void remove_key(collection_test *t, uint32_t number)
{
    fe_write_batch batch = {0};
    char text[16];

    assert_int_equal(fe_write_batch_delete(&batch, KEYSPACE, user_key(number, text), NULL),
                     FERRIC_OK);
    assert_int_equal(fe_store_write(t->store, &batch, false, NULL), FERRIC_OK);
    fe_write_batch_deinit(&batch);
}

static void put_all(collection_test *t, uint32_t round)
{
    for (uint32_t i = 0; i < KEY_COUNT; i++)
        put(t, i, round, VALUE_SIZE);
}

static void compact(collection_test *t)
{
    assert_int_equal(fe_store_compact(t->store, fe_slice(NULL, 0), fe_slice(NULL, 0)), FERRIC_OK);
}

static void check_value(uint32_t number, uint32_t round, ferric_slice found)
{
    uint8_t expected[VALUE_SIZE];

    fill_value(number, round, expected, VALUE_SIZE);
    assert_int_equal(found.size, VALUE_SIZE);
    assert_memory_equal(found.data, expected, VALUE_SIZE);
}

static void expect_all(collection_test *t, uint32_t round, uint64_t sequence)
{
    ferric_buffer value = {0};
    uint8_t bytes[20];

    for (uint32_t i = 0; i < KEY_COUNT; i++) {
        assert_int_equal(fe_store_get(t->store, stored_key(i, bytes), sequence, &value, NULL),
                         FERRIC_OK);
        check_value(i, round, fe_buffer_slice(&value));
    }
    fe_buffer_deinit(&value);
}

// Bytes of all value files in the directory, whoever knows them.
static uint64_t value_file_bytes(collection_test *t)
{
    ferric_buffer names = {0};
    uint64_t total = 0;

    assert_int_equal(fe_vfs_list(t->vfs, DIRECTORY, &names), FERRIC_OK);
    for (size_t at = 0; at < names.size;) {
        const char *name = (const char *)names.data + at;
        char path[64];
        fe_path_kind kind;
        uint64_t size = 0;

        at += strlen(name) + 1;
        if (strstr(name, ".values") == NULL) continue;
        snprintf(path, sizeof path, DIRECTORY "/%s", name);
        assert_int_equal(fe_vfs_stat(t->vfs, path, &kind, &size), FERRIC_OK);
        total += size;
    }
    fe_buffer_deinit(&names);
    return total;
}

static void expect_space(collection_test *t)
{
    assert_in_range(value_file_bytes(t), LIVE_BYTES, LIVE_BYTES * 3 / 2);
}

// ---- Tests ----------------------------------------------------------------------------------

static void test_value_files_stay_bounded_while_values_are_overwritten(void **state)
{
    collection_test t = {0};
    ferric_stats stats = FERRIC_STATS_INIT;

    (void)state;
    begin(&t);
    for (uint32_t round = 0; round < 20; round++) {
        put_all(&t, round);
        // What is written since the last flush is not counted yet.
        assert_in_range(value_file_bytes(&t), 1, LIVE_BYTES * 3);
    }
    compact(&t);
    expect_all(&t, 19, FE_SEQUENCE_NEWEST);
    expect_space(&t);
    // Every file half dead: the other half has to move.
    for (uint32_t i = 0; i < KEY_COUNT; i += 2)
        put(&t, i, 20, VALUE_SIZE);
    compact(&t);
    for (uint32_t i = 1; i < KEY_COUNT; i += 2)
        put(&t, i, 20, VALUE_SIZE);
    compact(&t);
    expect_all(&t, 20, FE_SEQUENCE_NEWEST);
    expect_space(&t);
    fe_store_stats(t.store, &stats);
    assert_true(stats.value_bytes_written > 20 * LIVE_BYTES);
    assert_true(stats.value_bytes_collected > 0);
    assert_in_range(stats.value_live_bytes, LIVE_BYTES, stats.value_file_bytes);
    end(&t);
}

// Too little was dead before, and too little dies afterwards, but together it is enough.
static void test_the_dead_share_is_known_after_a_reopen(void **state)
{
    collection_test t = {0};

    (void)state;
    begin(&t);
    put_all(&t, 1);
    for (uint32_t i = 0; i < 9; i++)
        put(&t, i, 1, VALUE_SIZE);
    compact(&t);
    assert_in_range(value_file_bytes(&t), LIVE_BYTES + 9 * VALUE_SIZE, LIVE_BYTES * 5 / 4);
    reopen(&t);
    for (uint32_t i = 10; i < 16; i++)
        put(&t, i, 1, VALUE_SIZE);
    compact(&t);
    assert_in_range(value_file_bytes(&t), LIVE_BYTES, LIVE_BYTES * 5 / 4);
    expect_all(&t, 1, FE_SEQUENCE_NEWEST);
    reopen(&t);
    expect_all(&t, 1, FE_SEQUENCE_NEWEST);
    end(&t);
}

static void test_a_snapshot_keeps_the_values_that_it_sees(void **state)
{
    collection_test t = {0};
    fe_snapshot *snapshot;

    (void)state;
    begin(&t);
    put_all(&t, 1);
    assert_int_equal(fe_store_snapshot(t.store, &snapshot), FERRIC_OK);
    for (uint32_t round = 2; round < 8; round++)
        put_all(&t, round);
    compact(&t);
    expect_all(&t, 1, snapshot->sequence);
    expect_all(&t, 7, FE_SEQUENCE_NEWEST);
    for (uint32_t i = 0; i < KEY_COUNT; i++)
        remove_key(&t, i);
    compact(&t);
    expect_all(&t, 1, snapshot->sequence);
    expect_space(&t);
    fe_store_snapshot_release(t.store, snapshot);
    // Something new over all of it, which a compaction merges.
    put_all(&t, 8);
    for (uint32_t i = 0; i < KEY_COUNT; i++)
        remove_key(&t, i);
    compact(&t);
    assert_in_range(value_file_bytes(&t), 0, 65536);
    end(&t);
}

static void test_an_iterator_keeps_the_files_that_it_shows(void **state)
{
    collection_test t = {0};
    fe_cursor_options options = {.sequence = FE_SEQUENCE_NEWEST};
    fe_cursor *cursor = NULL;
    uint32_t shown = 0;

    (void)state;
    begin(&t);
    put_all(&t, 1);
    compact(&t);
    assert_int_equal(fe_store_cursor(t.store, &options, &cursor), FERRIC_OK);
    assert_true(fe_cursor_first(cursor));
    for (uint32_t round = 2; round < 8; round++)
        put_all(&t, round);
    compact(&t);
    do {
        check_value(shown++, 1, fe_cursor_entry(cursor)->value);
    } while (fe_cursor_next(cursor));
    assert_int_equal(fe_cursor_status(cursor), FERRIC_OK);
    assert_int_equal(shown, KEY_COUNT);
    fe_cursor_destroy(cursor);
    compact(&t);
    expect_space(&t);
    end(&t);
}

// Each value fills a file, and is dead before the next one begins its own.
static void test_files_whose_values_died_while_they_were_written_go(void **state)
{
    collection_test t = {0};

    (void)state;
    begin(&t);
    for (uint32_t i = 0; i < 20; i++) {
        put(&t, i, 0, 60000);
        remove_key(&t, i);
        compact(&t);
    }
    assert_in_range(value_file_bytes(&t), 0, 3 * 65536);
    end(&t);
}

// Values one byte below the threshold stand with their keys.
static void test_only_values_from_the_threshold_on_stand_apart(void **state)
{
    collection_test t = {0};
    ferric_stats stats = FERRIC_STATS_INIT;
    ferric_buffer value = {0};
    uint8_t bytes[20];

    (void)state;
    begin(&t);
    put(&t, 1, 0, FE_VALUE_SEPARATE_SIZE - 1);
    fe_store_stats(t.store, &stats);
    assert_int_equal(stats.value_bytes_written, 0);
    assert_int_equal(value_file_bytes(&t), 0);
    put(&t, 2, 0, FE_VALUE_SEPARATE_SIZE);
    fe_store_stats(t.store, &stats);
    assert_int_equal(stats.value_bytes_written, FE_VALUE_SEPARATE_SIZE + FE_VALUE_OVERHEAD);
    reopen(&t);
    for (uint32_t i = 1; i <= 2; i++) {
        assert_int_equal(
            fe_store_get(t.store, stored_key(i, bytes), FE_SEQUENCE_NEWEST, &value, NULL),
            FERRIC_OK);
        assert_int_equal(value.size, FE_VALUE_SEPARATE_SIZE - 2 + i);
    }
    fe_buffer_deinit(&value);
    end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_value_files_stay_bounded_while_values_are_overwritten),
        cmocka_unit_test(test_the_dead_share_is_known_after_a_reopen),
        cmocka_unit_test(test_a_snapshot_keeps_the_values_that_it_sees),
        cmocka_unit_test(test_an_iterator_keeps_the_files_that_it_shows),
        cmocka_unit_test(test_files_whose_values_died_while_they_were_written_go),
        cmocka_unit_test(test_only_values_from_the_threshold_on_stand_apart),
    };
    return cmocka_run_group_tests_name("value_collect", tests, NULL, NULL);
}
