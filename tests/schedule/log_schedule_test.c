// SPDX-License-Identifier: Apache-2.0
// The log goes on in a new file while somebody syncs, appends, or prepares the next one.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "schedule_kit.h"

// Two of these do not fit into one log, whose first size is 64 KiB here.
#define HALF_A_LOG ((size_t)40 << 10)

// No machine leaves a thread without a turn for so long.
#define TIMER_PATIENCE_NS ((uint64_t)30000000000)

static uint64_t durable(schedule *s)
{
    return atomic_load(&s->store->durable);
}

static void test_a_sync_covers_what_was_there_when_it_began(void **state)
{
    schedule *s = schedule_create(FERRIC_FSYNC_NEVER, 0);
    helper syncer = {0};
    uint64_t before;

    (void)state;
    schedule_put(s, 0, "before");
    before = fe_store_last_sequence(s->store);
    gate_close(s->gates, GATE_LOG_SYNC);
    helper_start(&syncer, s, HELPER_SYNC, 0, NULL);
    gate_await(s->gates, GATE_LOG_SYNC);
    // A writer does not wait for it, and is not called durable by it.
    schedule_put(s, 1, "beside");
    schedule_check_now(s);
    gate_pass(s->gates, GATE_LOG_SYNC);
    assert_int_equal(helper_join(&syncer), FERRIC_OK);
    assert_int_equal(durable(s), before);
    assert_int_equal(fe_store_sync(s->store), FERRIC_OK);
    assert_int_equal(durable(s), before + 1);
    schedule_destroy(s);
}

static void test_a_full_log_is_synced_before_the_next(void **state)
{
    schedule *s = schedule_create(FERRIC_FSYNC_NEVER, 0);
    helper writer = {0};
    uint64_t numbers[GATE_LOG_SYNCS_MAX];

    (void)state;
    schedule_put_large(s, 0, HALF_A_LOG);
    gate_close(s->gates, GATE_LOG_CREATE);
    helper_start_large(&writer, s, 1, HALF_A_LOG);
    gate_await(s->gates, GATE_LOG_CREATE);
    // The writer is about to go on in a new file; the old one can be synced meanwhile.
    assert_int_equal(fe_store_sync(s->store), FERRIC_OK);
    assert_int_equal(durable(s), fe_store_last_sequence(s->store));
    gate_pass(s->gates, GATE_LOG_CREATE);
    assert_int_equal(helper_join(&writer), FERRIC_OK);
    // Its link, which came behind that sync, must be durable before anything in the new file.
    gate_log_syncs_clear(s->gates);
    assert_int_equal(fe_store_sync(s->store), FERRIC_OK);
    assert_int_equal(gate_log_syncs(s->gates, numbers), 2);
    assert_true(numbers[0] < numbers[1]);
    assert_int_equal(durable(s), fe_store_last_sequence(s->store));
    schedule_close(s);
    schedule_open(s);
    schedule_expect_large(s, 0, HALF_A_LOG);
    schedule_expect_large(s, 1, HALF_A_LOG);
    schedule_destroy(s);
}

static void test_a_writer_that_needs_the_next_log_waits_for_a_sync(void **state)
{
    schedule *s = schedule_create(FERRIC_FSYNC_NEVER, 0);
    helper syncer = {0};
    helper writer = {0};
    helper behind = {0};

    (void)state;
    schedule_put_large(s, 0, HALF_A_LOG);
    gate_close(s->gates, GATE_LOG_SYNC);
    helper_start(&syncer, s, HELPER_SYNC, 0, NULL);
    gate_await(s->gates, GATE_LOG_SYNC);
    helper_start_large(&writer, s, 1, HALF_A_LOG);
    schedule_await_leader(s); // And it will lead until the sync is over.
    helper_start(&behind, s, HELPER_PUT, 2, "behind");
    schedule_await_writers(s, 1);
    schedule_expect_large(s, 0, HALF_A_LOG);
    gate_pass(s->gates, GATE_LOG_SYNC);
    assert_int_equal(helper_join(&syncer), FERRIC_OK);
    assert_int_equal(helper_join(&writer), FERRIC_OK);
    assert_int_equal(helper_join(&behind), FERRIC_OK);
    schedule_close(s);
    schedule_open(s);
    schedule_expect_large(s, 0, HALF_A_LOG);
    schedule_expect_large(s, 1, HALF_A_LOG);
    schedule_destroy(s);
}

static void test_a_failed_sync_stops_a_writer_that_is_changing_logs(void **state)
{
    schedule *s = schedule_create(FERRIC_FSYNC_NEVER, 0);
    helper writer = {0};
    uint8_t bytes[32];

    (void)state;
    schedule_put_large(s, 0, HALF_A_LOG);
    gate_close(s->gates, GATE_LOG_CREATE);
    helper_start_large(&writer, s, 1, HALF_A_LOG);
    gate_await(s->gates, GATE_LOG_CREATE);
    gate_fail_next(s->gates, GATE_LOG_SYNC);
    assert_int_equal(fe_store_sync(s->store), FERRIC_OUTCOME_UNKNOWN);
    gate_pass(s->gates, GATE_LOG_CREATE);
    // Not committed: its log was given up before anything of it was written.
    assert_int_equal(helper_join(&writer), FERRIC_READ_ONLY);
    assert_int_equal(fe_store_get(s->store, schedule_key(1, bytes), FE_SEQUENCE_NEWEST, NULL, NULL),
                     FERRIC_NOT_FOUND);
    assert_int_not_equal(fe_store_close(s->store), FERRIC_OK);
    schedule_open(s);
    schedule_expect_large(s, 0, HALF_A_LOG);
    assert_int_equal(fe_store_get(s->store, schedule_key(1, bytes), FE_SEQUENCE_NEWEST, NULL, NULL),
                     FERRIC_NOT_FOUND);
    schedule_destroy(s);
}

static void await_prepared_log(schedule *s)
{
    bool is_prepared = false;

    while (!is_prepared) {
        fe_mutex_lock(&s->store->log_mutex);
        is_prepared = s->store->prepared_log != NULL;
        fe_mutex_unlock(&s->store->log_mutex);
        fe_thread_yield();
    }
}

// The thread that prepares the next log has drawn its number, and is slow; a writer that cannot
// wait makes one of its own. What was prepared is used later. A flush that began in between knows
// the writer's log as the first that is still needed: nothing after it may be taken for an old one.
static void test_a_log_that_was_prepared_late_is_not_taken_for_an_old_one(void **state)
{
    schedule *s = schedule_create(FERRIC_FSYNC_NEVER, 2);
    helper flusher = {0};

    (void)state;
    schedule_put_large(s, 0,
                       HALF_A_LOG); // More than half full: the next write asks for the next log.
    gate_close(s->gates, GATE_LOG_CREATE);
    schedule_put(s, 100, "asks");
    gate_await(s->gates, GATE_LOG_CREATE);
    schedule_put_large(s, 1, HALF_A_LOG);
    gate_close(s->gates, GATE_TABLE_CREATE);
    helper_start(&flusher, s, HELPER_FLUSH, 0, NULL);
    gate_await(s->gates, GATE_TABLE_CREATE);
    gate_pass(s->gates, GATE_LOG_CREATE);
    await_prepared_log(s);
    schedule_put_large(s, 2, HALF_A_LOG);
    schedule_put(s, 101, "behind it");
    gate_pass(s->gates, GATE_TABLE_CREATE);
    assert_int_equal(helper_join(&flusher), FERRIC_OK);
    schedule_put_large(s, 3, HALF_A_LOG);
    schedule_close(s);
    schedule_open(s);
    for (uint32_t i = 0; i < 4; i++)
        schedule_expect_large(s, i, HALF_A_LOG);
    schedule_destroy(s);
}

// Whether all is durable before the machine could have forgotten about a thread of ours.
static bool await_durable(schedule *s)
{
    fe_vfs *vfs = gate_vfs_of(s->gates);
    uint64_t end_ns = fe_vfs_monotonic_ns(vfs) + TIMER_PATIENCE_NS;

    while (durable(s) < fe_store_last_sequence(s->store)) {
        if (fe_vfs_monotonic_ns(vfs) > end_ns) return false;
        fe_thread_yield();
    }
    return true;
}

static void test_the_timer_syncs_though_no_write_follows(void **state)
{
    schedule *s = schedule_create(FERRIC_FSYNC_PERIODIC, 2);
    uint64_t numbers[GATE_LOG_SYNCS_MAX];

    (void)state;
    for (uint32_t i = 0; i < 3; i++) {
        gate_log_syncs_clear(s->gates);
        schedule_put(s, i, "and then nothing");
        assert_true(await_durable(s));
        assert_true(gate_log_syncs(s->gates, numbers) > 0);
    }
    schedule_destroy(s);
}

static void test_a_timer_s_sync_that_fails_stops_all_writing(void **state)
{
    schedule *s = schedule_create(FERRIC_FSYNC_PERIODIC, 2);
    fe_vfs *vfs = gate_vfs_of(s->gates);
    uint64_t end_ns;

    (void)state;
    schedule_put(s, 0, "makes the log");
    assert_true(await_durable(s));
    gate_fail_next(s->gates, GATE_LOG_SYNC);
    schedule_put(s, 1, "acknowledged");
    end_ns = fe_vfs_monotonic_ns(vfs) + TIMER_PATIENCE_NS;
    while (fe_store_writable(s->store) == FERRIC_OK && fe_vfs_monotonic_ns(vfs) < end_ns)
        fe_thread_yield();
    assert_int_equal(fe_store_writable(s->store), FERRIC_READ_ONLY);
    schedule_check_now(s); // What was acknowledged is still there.
    assert_int_not_equal(fe_store_close(s->store), FERRIC_OK);
    schedule_open(s);
    schedule_check_now(s);
    schedule_destroy(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_sync_covers_what_was_there_when_it_began),
        cmocka_unit_test(test_a_full_log_is_synced_before_the_next),
        cmocka_unit_test(test_a_writer_that_needs_the_next_log_waits_for_a_sync),
        cmocka_unit_test(test_a_failed_sync_stops_a_writer_that_is_changing_logs),
        cmocka_unit_test(test_a_log_that_was_prepared_late_is_not_taken_for_an_old_one),
        cmocka_unit_test(test_the_timer_syncs_though_no_write_follows),
        cmocka_unit_test(test_a_timer_s_sync_that_fails_stops_all_writing),
    };
    return cmocka_run_group_tests_name("log_schedule", tests, NULL, NULL);
}
