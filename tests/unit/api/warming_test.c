// SPDX-License-Identifier: Apache-2.0
// What flush and compaction leave in the cache for readers: what they had in memory before.
#include "api_kit.h"

#define MANY 20000u

static void init_with_threads(api_kit *kit)
{
    kit_init(kit);
    kit_close(kit);
    kit->options.background_threads = 2;
    kit->options.memtable_size = 8 << 20; // All of it, so that only the test flushes.
    kit_open(kit);
}

static ferric_slice numbered(uint32_t number, char bytes[16])
{
    int size = snprintf(bytes, 16, "key%08u", number);
    return (ferric_slice){bytes, (size_t)size};
}

// In one commit, so that no flush comes between.
static void put_many(api_kit *kit)
{
    ferric_batch *batch;

    assert_ok(ferric_batch_create(&batch));
    for (uint32_t i = 0; i < MANY; i++) {
        char bytes[16];
        assert_ok(ferric_batch_put(batch, NULL, numbered(i, bytes), text("some value")));
    }
    assert_ok(ferric_write(kit->db, batch, NULL, NULL));
    ferric_batch_destroy(batch);
}

static void get_many(api_kit *kit, ferric_status expected)
{
    ferric_buffer value = {0};

    for (uint32_t i = 0; i < MANY; i++) {
        char bytes[16];
        assert_int_equal(ferric_get(kit->db, NULL, numbered(i, bytes), NULL, &value, NULL),
                         expected);
    }
    ferric_buffer_free(&value);
}

static ferric_stats stats_of(api_kit *kit)
{
    ferric_stats stats = FERRIC_STATS_INIT;

    assert_ok(ferric_stats_get(kit->db, &stats));
    return stats;
}

static ferric_slice none(void)
{
    return (ferric_slice){NULL, 0};
}

static void test_flush_warms_where_gets_are_about(void **state)
{
    api_kit kit;

    (void)state;
    init_with_threads(&kit);
    get_many(&kit, FERRIC_NOT_FOUND);
    put_many(&kit);
    assert_ok(ferric_flush(kit.db));
    get_many(&kit, FERRIC_OK);
    assert_int_equal(stats_of(&kit).cache_misses, 0);
    assert_true(stats_of(&kit).cache_hits >= MANY);
    kit_deinit(&kit);
}

static void test_flush_warms_room_that_nobody_uses(void **state)
{
    api_kit kit;

    (void)state;
    init_with_threads(&kit);
    put_many(&kit);
    assert_ok(ferric_flush(kit.db));
    get_many(&kit, FERRIC_OK);
    assert_int_equal(stats_of(&kit).cache_misses, 0);
    kit_deinit(&kit);
}

static void test_flush_without_threads_waits_for_no_cache(void **state)
{
    api_kit kit;

    (void)state;
    kit_init(&kit);
    put_many(&kit);
    assert_ok(ferric_flush(kit.db));
    assert_int_equal(stats_of(&kit).memory_cache, 0);
    kit_deinit(&kit);
}

static void test_compaction_keeps_warm_what_was(void **state)
{
    uint64_t misses;
    api_kit kit;

    (void)state;
    init_with_threads(&kit);
    put_many(&kit);
    assert_ok(ferric_flush(kit.db));
    kit_reopen(&kit);
    get_many(&kit, FERRIC_OK);
    misses = stats_of(&kit).cache_misses;
    assert_true(misses > 0);
    put(kit.db, NULL, "key", "so that there is something to merge");
    assert_ok(ferric_compact(kit.db, NULL, none(), none()));
    get_many(&kit, FERRIC_OK);
    assert_int_equal(stats_of(&kit).cache_misses, misses);
    kit_deinit(&kit);
}

static void test_compaction_leaves_cold_what_was(void **state)
{
    api_kit kit;

    (void)state;
    init_with_threads(&kit);
    put_many(&kit);
    assert_ok(ferric_flush(kit.db));
    kit_reopen(&kit);
    put(kit.db, NULL, "key", "so that there is something to merge");
    assert_ok(ferric_compact(kit.db, NULL, none(), none()));
    get_many(&kit, FERRIC_OK);
    assert_true(stats_of(&kit).cache_misses > MANY / 200); // Blocks of 1 KiB: below 60 entries.
    kit_deinit(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_flush_warms_where_gets_are_about),
        cmocka_unit_test(test_flush_warms_room_that_nobody_uses),
        cmocka_unit_test(test_flush_without_threads_waits_for_no_cache),
        cmocka_unit_test(test_compaction_keeps_warm_what_was),
        cmocka_unit_test(test_compaction_leaves_cold_what_was),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
