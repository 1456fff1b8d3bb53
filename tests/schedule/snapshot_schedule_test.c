// SPDX-License-Identifier: Apache-2.0
// Snapshots and cursors that are being made while versions are installed: the thread that makes one
// is held before each of its allocations, and everything is written anew, flushed and compacted
// meanwhile.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "schedule_kit.h"

// Tables of two levels and a memtable, with deletes.
static void make_layers(schedule *s)
{
    schedule_fill(s, 0, 1, "oldest");
    schedule_flush(s);
    schedule_compact(s);
    schedule_fill(s, 0, 2, "older");
    schedule_put(s, 9, NULL);
    schedule_flush(s);
    schedule_fill(s, 0, 5, "old");
    schedule_put(s, 11, NULL);
}

// How many allocations the call makes when nobody disturbs it.
static uint64_t count_allocations(helper_task task)
{
    schedule *s = schedule_create_held(FERRIC_FSYNC_NEVER, 0);
    helper maker = {0};
    uint64_t before;
    uint64_t count;

    make_layers(s);
    before = gate_count(s->gates, GATE_ALLOCATION);
    helper_start(&maker, s, task, 0, NULL);
    assert_int_equal(helper_join(&maker), FERRIC_OK);
    count = gate_count(s->gates, GATE_ALLOCATION) - before;
    fe_cursor_destroy(maker.cursor);
    fe_store_snapshot_release(s->store, maker.snapshot);
    schedule_destroy_held(s);
    assert_true(count > 0);
    return count;
}

// It has its number only when the list of snapshots, which every flush and compaction asks, has it:
// one that was drawn before would name versions that are gone.
static void test_a_snapshot_made_across_an_install_sees_what_is_there(void **state)
{
    uint64_t count = count_allocations(HELPER_SNAPSHOT);

    (void)state;
    for (uint64_t number = 1; number <= count; number++) {
        schedule *s = schedule_create_held(FERRIC_FSYNC_NEVER, 0);
        schedule_model expected;
        helper maker = {0};

        make_layers(s);
        helper_start_held(&maker, s, HELPER_SNAPSHOT, 0, number);
        schedule_put(s, 20, NULL);
        schedule_replace_everything(s);
        expected = s->now;
        gate_pass(s->gates, GATE_ALLOCATION);
        assert_int_equal(helper_join(&maker), FERRIC_OK);
        assert_int_equal(maker.snapshot->sequence, fe_store_last_sequence(s->store));
        schedule_check(s, &expected, maker.snapshot->sequence);
        schedule_fill(s, 0, 3, "behind it");
        schedule_put(s, 1, NULL);
        schedule_flush(s);
        schedule_compact(s);
        schedule_check(s, &expected, maker.snapshot->sequence);
        schedule_check_now(s);
        fe_store_snapshot_release(s->store, maker.snapshot);
        schedule_destroy_held(s);
    }
}

// Before its first allocation it has looked at nothing; from then on it has its view and its
// number, which belong together, and the files and memtables of the view stay.
static void test_a_cursor_made_across_an_install_keeps_to_its_view(void **state)
{
    uint64_t count = count_allocations(HELPER_CURSOR);

    (void)state;
    for (uint64_t number = 1; number <= count; number++) {
        schedule *s = schedule_create_held(FERRIC_FSYNC_NEVER, 0);
        schedule_model expected;
        helper maker = {0};

        make_layers(s);
        expected = s->now;
        helper_start_held(&maker, s, HELPER_CURSOR, 0, number);
        schedule_replace_everything(s);
        if (number == 1) expected = s->now;
        gate_pass(s->gates, GATE_ALLOCATION);
        assert_int_equal(helper_join(&maker), FERRIC_OK);
        schedule_fill(s, 0, 3, "behind it");
        schedule_check_cursor(maker.cursor, &expected);
        schedule_compact(s);
        schedule_check_cursor(maker.cursor, &expected);
        fe_cursor_destroy(maker.cursor);
        fe_epoch_collect(s->store->epoch);
        assert_int_equal(schedule_file_count(s, FE_FILE_TABLE), 1);
        schedule_check_now(s);
        schedule_destroy_held(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_snapshot_made_across_an_install_sees_what_is_there),
        cmocka_unit_test(test_a_cursor_made_across_an_install_keeps_to_its_view),
    };
    return cmocka_run_group_tests_name("snapshot_schedule", tests, NULL, NULL);
}
