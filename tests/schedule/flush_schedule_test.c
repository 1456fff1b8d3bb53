// SPDX-License-Identifier: Apache-2.0
// Flushes and compactions that are held at each of their steps, and what everybody else does and
// sees meanwhile: readers, writers, snapshots, cursors, and one another.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "schedule_kit.h"

// The steps of a flush and of a compaction, in their order.
static const gate_point steps[] = {GATE_TABLE_CREATE, GATE_TABLE_SYNC, GATE_DIRECTORY_SYNC,
                                   GATE_MANIFEST_SYNC};
#define STEP_COUNT (sizeof(steps) / sizeof(steps[0]))

// What readers hold through a flush or compaction, with what they must go on to see.
typedef struct holds {
    fe_snapshot *snapshots[2];
    schedule_model models[3];
    fe_cursor *cursor;
} holds;

// Snapshots and a cursor, each over another state of the store.
static void take_holds(schedule *s, holds *h)
{
    schedule_fill(s, 0, 3, "second");
    schedule_put(s, 1, NULL);
    schedule_put(s, 3, NULL);
    h->snapshots[0] = schedule_snapshot(s);
    h->models[0] = s->now;
    schedule_fill(s, 0, 2, "third");
    schedule_put(s, 2, NULL);
    h->snapshots[1] = schedule_snapshot(s);
    h->models[1] = s->now;
    schedule_put(s, 3, "back again");
    schedule_put(s, 4, NULL);
    h->cursor = schedule_cursor(s);
    h->models[2] = s->now;
    schedule_fill(s, 1, 2, "fourth");
}

static void check_holds(schedule *s, holds *h)
{
    schedule_check_now(s);
    schedule_check(s, &h->models[0], h->snapshots[0]->sequence);
    schedule_check(s, &h->models[1], h->snapshots[1]->sequence);
    schedule_check_cursor(h->cursor, &h->models[2]);
}

static void release_holds(schedule *s, holds *h)
{
    fe_cursor_destroy(h->cursor);
    fe_store_snapshot_release(s->store, h->snapshots[0]);
    fe_store_snapshot_release(s->store, h->snapshots[1]);
}

static void reopen_and_check(schedule *s)
{
    schedule_close(s);
    schedule_open(s);
    schedule_check_now(s);
}

// ---- Flush ----------------------------------------------------------------------------------

static void flush_held_at(gate_point step)
{
    schedule *s = schedule_create(FERRIC_FSYNC_NEVER, 0);
    fe_snapshot *early;
    schedule_model early_model;
    helper flusher = {0};
    holds held;

    schedule_fill(s, 0, 1, "first");
    early = schedule_snapshot(s);
    early_model = s->now;
    schedule_fill(s, 0, 5, "newer");
    gate_close(s->gates, step);
    helper_start(&flusher, s, HELPER_FLUSH, 0, NULL);
    gate_await(s->gates, step);
    schedule_check_now(s);
    schedule_check(s, &early_model, early->sequence);
    take_holds(s, &held);
    check_holds(s, &held);
    gate_pass(s->gates, step);
    assert_int_equal(helper_join(&flusher), FERRIC_OK);
    check_holds(s, &held);
    schedule_check(s, &early_model, early->sequence);
    schedule_compact(s);
    check_holds(s, &held);
    schedule_check(s, &early_model, early->sequence);
    release_holds(s, &held);
    fe_store_snapshot_release(s->store, early);
    schedule_compact(s);
    schedule_check_now(s);
    reopen_and_check(s);
    schedule_destroy(s);
}

static void test_a_flush_is_invisible_at_each_of_its_steps(void **state)
{
    (void)state;
    for (size_t i = 0; i < STEP_COUNT; i++)
        flush_held_at(steps[i]);
}

static void test_a_flush_that_fails_leaves_all_in_memory(void **state)
{
    (void)state;
    for (size_t i = 0; i < STEP_COUNT - 1; i++) {
        schedule *s = schedule_create(FERRIC_FSYNC_NEVER, 0);
        helper flusher = {0};

        schedule_fill(s, 0, 1, "first");
        gate_fail_next(s->gates, steps[i]);
        gate_close(s->gates, steps[i]);
        helper_start(&flusher, s, HELPER_FLUSH, 0, NULL);
        gate_await(s->gates, steps[i]);
        schedule_fill(s, 0, 2, "second");
        gate_pass(s->gates, steps[i]);
        assert_int_equal(helper_join(&flusher), FERRIC_IO);
        assert_int_equal(schedule_file_count(s, FE_FILE_TABLE), 0);
        schedule_check_now(s);
        schedule_fill(s, 0, 3, "third");
        schedule_flush(s);
        schedule_check_now(s);
        reopen_and_check(s);
        schedule_destroy(s);
    }
}

// The edit may be on disk or not: the store stops writing, and readers keep what they had.
static void test_a_flush_whose_edit_is_uncertain_stops_writing(void **state)
{
    schedule *s = schedule_create(FERRIC_FSYNC_NEVER, 0);
    helper flusher = {0};
    helper writer = {0};

    (void)state;
    schedule_fill(s, 0, 1, "first");
    gate_fail_next(s->gates, GATE_MANIFEST_SYNC);
    gate_close(s->gates, GATE_MANIFEST_SYNC);
    helper_start(&flusher, s, HELPER_FLUSH, 0, NULL);
    gate_await(s->gates, GATE_MANIFEST_SYNC);
    schedule_put(s, 5, "while it is uncertain");
    gate_pass(s->gates, GATE_MANIFEST_SYNC);
    assert_int_equal(helper_join(&flusher), FERRIC_OUTCOME_UNKNOWN);
    helper_start(&writer, s, HELPER_PUT, 6, "late");
    assert_int_equal(helper_join(&writer), FERRIC_READ_ONLY);
    schedule_check_now(s);
    assert_int_not_equal(fe_store_close(s->store), FERRIC_OK);
    schedule_open(s);
    schedule_check_now(s);
    schedule_destroy(s);
}

// What the reserve gave up for a flush is the flush's: a put that needs space waits for its end,
// and what is owed to the reserve comes before it. Deletes on a full disk were refused once because
// puts had been quicker.
static void test_puts_leave_a_flush_what_the_reserve_gave_up(void **state)
{
    schedule *s = schedule_create(FERRIC_FSYNC_NEVER, 1);
    helper flusher = {0};
    helper writer = {0};

    (void)state;
    schedule_fill(s, 0, 1, "first");
    schedule_flush(s);
    assert_int_not_equal(s->store->reserve_bytes, 0);
    schedule_put_large(s, 1, 1000);
    gate_claim_free_space(s->gates, 0);
    gate_close(s->gates, GATE_TABLE_CREATE);
    helper_start(&flusher, s, HELPER_FLUSH, 0, NULL);
    gate_await(s->gates, GATE_TABLE_CREATE);
    assert_int_equal(s->store->reserve_bytes, 0);
    helper_start_large(&writer, s, 2, 400000);
    assert_int_equal(helper_join(&writer), FERRIC_NO_SPACE);
    gate_claim_free_space(s->gates, UINT64_MAX);
    gate_pass(s->gates, GATE_TABLE_CREATE);
    assert_int_equal(helper_join(&flusher), FERRIC_OK);
    assert_int_not_equal(s->store->reserve_bytes, 0);
    schedule_put_large(s, 2, 400000);
    schedule_expect_large(s, 1, 1000);
    schedule_expect_large(s, 2, 400000);
    schedule_close(s);
    schedule_open(s);
    schedule_expect_large(s, 1, 1000);
    schedule_expect_large(s, 2, 400000);
    schedule_destroy(s);
}

// ---- Compaction -----------------------------------------------------------------------------

// Three overlapping tables, with deletes among them, and nothing in memory.
static void make_tables(schedule *s)
{
    schedule_fill(s, 0, 1, "oldest");
    schedule_flush(s);
    schedule_fill(s, 0, 2, "older");
    schedule_put(s, 10, NULL);
    schedule_put(s, 11, NULL);
    schedule_flush(s);
    schedule_fill(s, 0, 7, "old");
    schedule_put(s, 12, NULL);
    schedule_flush(s);
}

static void compact_held_at(gate_point step)
{
    schedule *s = schedule_create(FERRIC_FSYNC_NEVER, 0);
    helper compactor = {0};
    holds held;

    make_tables(s);
    gate_close(s->gates, step);
    helper_start(&compactor, s, HELPER_COMPACT, 0, NULL);
    gate_await(s->gates, step);
    schedule_check_now(s);
    take_holds(s, &held);
    check_holds(s, &held);
    // A flush installs its own version first, as long as the compaction does not install.
    if (step == GATE_TABLE_CREATE || step == GATE_TABLE_SYNC) schedule_flush(s);
    check_holds(s, &held);
    gate_pass(s->gates, step);
    assert_int_equal(helper_join(&compactor), FERRIC_OK);
    check_holds(s, &held);
    schedule_compact(s);
    check_holds(s, &held);
    release_holds(s, &held);
    schedule_compact(s);
    schedule_check_now(s);
    assert_int_equal(schedule_file_count(s, FE_FILE_TABLE), 1);
    reopen_and_check(s);
    schedule_destroy(s);
}

static void test_a_compaction_is_invisible_at_each_of_its_steps(void **state)
{
    (void)state;
    for (size_t i = 0; i < STEP_COUNT; i++)
        compact_held_at(steps[i]);
}

// A snapshot that goes while a compaction still counts on it.
static void test_a_snapshot_is_released_during_a_compaction(void **state)
{
    schedule *s = schedule_create(FERRIC_FSYNC_NEVER, 0);
    helper compactor = {0};
    fe_snapshot *snapshot;

    (void)state;
    schedule_fill(s, 0, 1, "first");
    schedule_flush(s);
    snapshot = schedule_snapshot(s);
    make_tables(s);
    gate_close(s->gates, GATE_TABLE_SYNC);
    helper_start(&compactor, s, HELPER_COMPACT, 0, NULL);
    gate_await(s->gates, GATE_TABLE_SYNC);
    fe_store_snapshot_release(s->store, snapshot);
    schedule_fill(s, 0, 4, "last");
    gate_pass(s->gates, GATE_TABLE_SYNC);
    assert_int_equal(helper_join(&compactor), FERRIC_OK);
    schedule_check_now(s);
    reopen_and_check(s);
    schedule_destroy(s);
}

static void test_a_compaction_that_fails_keeps_its_inputs(void **state)
{
    (void)state;
    for (size_t i = 0; i < STEP_COUNT - 1; i++) {
        schedule *s = schedule_create(FERRIC_FSYNC_NEVER, 0);
        helper compactor = {0};

        make_tables(s);
        gate_fail_next(s->gates, steps[i]);
        gate_close(s->gates, steps[i]);
        helper_start(&compactor, s, HELPER_COMPACT, 0, NULL);
        gate_await(s->gates, steps[i]);
        schedule_check_now(s);
        gate_pass(s->gates, steps[i]);
        assert_int_equal(helper_join(&compactor), FERRIC_IO);
        assert_int_equal(schedule_file_count(s, FE_FILE_TABLE), 3);
        schedule_check_now(s);
        schedule_compact(s);
        schedule_check_now(s);
        assert_int_equal(schedule_file_count(s, FE_FILE_TABLE), 1);
        reopen_and_check(s);
        schedule_destroy(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_flush_is_invisible_at_each_of_its_steps),
        cmocka_unit_test(test_a_flush_that_fails_leaves_all_in_memory),
        cmocka_unit_test(test_a_flush_whose_edit_is_uncertain_stops_writing),
        cmocka_unit_test(test_puts_leave_a_flush_what_the_reserve_gave_up),
        cmocka_unit_test(test_a_compaction_is_invisible_at_each_of_its_steps),
        cmocka_unit_test(test_a_snapshot_is_released_during_a_compaction),
        cmocka_unit_test(test_a_compaction_that_fails_keeps_its_inputs),
    };
    return cmocka_run_group_tests_name("flush_schedule", tests, NULL, NULL);
}
