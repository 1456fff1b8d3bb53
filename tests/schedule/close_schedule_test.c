// SPDX-License-Identifier: Apache-2.0
// A close while the store's own threads are held in a flush or a compaction, and what outlives it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "schedule_kit.h"

// Tables of level 0: enough for a compaction to be due at the next open, and with enough entries
// for it to look whether the store is closing before it has read all.
#define TABLES_DUE 10u
// One of these fills a memtable.
#define LARGE ((size_t)40 << 10)

// Closes the store while a thread of its own stands at the gate.
static void close_while_held_at(schedule *s, gate_point point)
{
    helper closer = {0};

    helper_start(&closer, s, HELPER_CLOSE, 0, NULL);
    while (!atomic_load(&s->store->is_stopping))
        fe_thread_yield();
    gate_pass(s->gates, point);
    assert_int_equal(helper_join(&closer), FERRIC_OK);
    s->store = NULL;
}

// ---- Compaction -----------------------------------------------------------------------------

static schedule *create_with_compaction_due(void)
{
    schedule *s = schedule_create(FERRIC_FSYNC_NEVER, 0);

    for (uint32_t i = 0; i < TABLES_DUE; i++) {
        schedule_fill(s, 0, 1, "old");
        schedule_flush(s);
    }
    schedule_close(s);
    s->options.background_threads = 2;
    schedule_open(s);
    return s;
}

// The threads start with the first write, and the compaction stands at the gate.
static void hold_compaction(schedule *s, gate_point point)
{
    // The first write syncs a manifest of its own, so that gate is closed behind it.
    gate_point first = point == GATE_MANIFEST_SYNC ? GATE_TABLE_SYNC : point;

    gate_close(s->gates, first);
    schedule_put(s, 0, "starts the threads");
    gate_await(s->gates, first);
    if (first == point) return;
    gate_close(s->gates, point);
    gate_pass(s->gates, first);
    gate_await(s->gates, point);
}

static void expect_sound(schedule *s)
{
    ferric_verify_report report;

    s->options.background_threads = 0;
    schedule_open(s);
    schedule_check_now(s);
    assert_int_equal(fe_store_verify(s->store, NULL, NULL, &report), FERRIC_OK);
    schedule_put(s, 1, "goes on");
    schedule_compact(s);
    schedule_check_now(s);
    assert_int_equal(schedule_file_count(s, FE_FILE_TABLE), 1);
}

static void test_a_close_ends_a_compaction_before_it_installs(void **state)
{
    static const gate_point steps[] = {GATE_TABLE_READ, GATE_TABLE_CREATE};

    (void)state;
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        schedule *s = create_with_compaction_due();
        hold_compaction(s, steps[i]);
        close_while_held_at(s, steps[i]);
        assert_int_equal(schedule_file_count(s, FE_FILE_TABLE), TABLES_DUE);
        expect_sound(s);
        schedule_destroy(s);
    }
}

static void test_a_close_waits_for_a_compaction_that_installs(void **state)
{
    static const gate_point steps[] = {GATE_TABLE_SYNC, GATE_MANIFEST_SYNC};

    (void)state;
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        schedule *s = create_with_compaction_due();
        hold_compaction(s, steps[i]);
        close_while_held_at(s, steps[i]);
        assert_int_equal(schedule_file_count(s, FE_FILE_TABLE), 1);
        expect_sound(s);
        schedule_destroy(s);
    }
}

// ---- Flush ----------------------------------------------------------------------------------

static bool is_flush_due(schedule *s)
{
    const fe_store_sizes *sizes = &s->store->sizes;
    bool is_due;

    fe_mutex_lock(&s->store->mutex);
    is_due = s->store->memtables_bytes >= sizes->flush_bytes + sizes->memtable_bytes;
    fe_mutex_unlock(&s->store->mutex);
    return is_due;
}

static void test_a_close_waits_for_a_flush_and_loses_nothing_behind_it(void **state)
{
    static const gate_point steps[] = {GATE_TABLE_CREATE, GATE_TABLE_SYNC, GATE_MANIFEST_SYNC};

    (void)state;
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        schedule *s = schedule_create(FERRIC_FSYNC_NEVER, 2);
        uint32_t count = 1;
        schedule_close(s);
        s->options.memtable_size = (uint64_t)64 << 10;
        schedule_open(s);
        schedule_put_large(s, 0, LARGE);
        gate_close(s->gates, steps[i]);
        while (!is_flush_due(s))
            schedule_put_large(s, count++, LARGE);
        gate_await(s->gates, steps[i]);
        schedule_put_large(s, count++, LARGE); // Is in memory alone.
        close_while_held_at(s, steps[i]);
        assert_int_equal(schedule_file_count(s, FE_FILE_TABLE), 1);
        schedule_open(s);
        for (uint32_t key = 0; key < count; key++)
            schedule_expect_large(s, key, LARGE);
        schedule_destroy(s);
    }
}

// ---- Handles --------------------------------------------------------------------------------

static void test_handles_that_outlive_a_close_answer_that_it_was_closed(void **state)
{
    schedule *s = schedule_create(FERRIC_FSYNC_NEVER, 0);
    fe_snapshot *snapshot;
    fe_cursor *cursor;
    fe_store *closed;
    helper late = {0};
    uint8_t bytes[32];

    (void)state;
    schedule_fill(s, 0, 1, "first");
    schedule_flush(s);
    schedule_fill(s, 0, 2, "second");
    snapshot = schedule_snapshot(s);
    cursor = schedule_cursor(s);
    assert_true(fe_cursor_first(cursor));
    closed = s->store;
    schedule_close(s);
    assert_false(fe_cursor_next(cursor));
    assert_int_equal(fe_cursor_status(cursor), FERRIC_CLOSED);
    assert_false(fe_cursor_first(cursor));
    assert_int_equal(fe_store_get(closed, schedule_key(1, bytes), snapshot->sequence, NULL, NULL),
                     FERRIC_CLOSED);
    s->store = closed;
    helper_start(&late, s, HELPER_PUT, 1, "late");
    assert_int_equal(helper_join(&late), FERRIC_CLOSED);
    // The directory is another owner's by now.
    schedule_open(s);
    schedule_put(s, 1, "of the next owner");
    fe_cursor_destroy(cursor);
    fe_store_snapshot_release(closed, snapshot);
    schedule_check_now(s);
    schedule_destroy(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_close_ends_a_compaction_before_it_installs),
        cmocka_unit_test(test_a_close_waits_for_a_compaction_that_installs),
        cmocka_unit_test(test_a_close_waits_for_a_flush_and_loses_nothing_behind_it),
        cmocka_unit_test(test_handles_that_outlive_a_close_answer_that_it_was_closed),
    };
    return cmocka_run_group_tests_name("close_schedule", tests, NULL, NULL);
}
