// SPDX-License-Identifier: Apache-2.0
// Writers and readers around a commit that is held in its sync: who sees what, who shares a sync,
// and whom a failure reaches.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/status.h"
#include "schedule_kit.h"

#define FOLLOWERS 3u

// Starts writers one behind the other, so that their order in the queue is known.
static void queue_up(schedule *s, helper *writers, uint32_t index, helper_task task, uint32_t key,
                     const char *text)
{
    size_t waiting = fe_write_queue_waiting(&s->store->queue);

    helper_start(&writers[index], s, task, key, text);
    schedule_await_writers(s, waiting + 1);
}

// A leader that stands in the log's sync. What comes now waits behind it.
static void hold_leader(schedule *s, helper *leader, uint32_t key, const char *text)
{
    gate_close(s->gates, GATE_LOG_SYNC);
    helper_start(leader, s, HELPER_PUT, key, text);
    gate_await(s->gates, GATE_LOG_SYNC);
}

static void expect_text(schedule *s, uint32_t key, const char *text)
{
    ferric_buffer value = {0};
    uint8_t bytes[32];

    assert_int_equal(
        fe_store_get(s->store, schedule_key(key, bytes), FE_SEQUENCE_NEWEST, &value, NULL),
        FERRIC_OK);
    assert_true(fe_slice_equal(fe_buffer_slice(&value), fe_slice_text(text)));
    fe_buffer_deinit(&value);
}

static void test_nobody_sees_a_commit_before_it_is_durable(void **state)
{
    schedule *s = schedule_create(FERRIC_FSYNC_ALWAYS, 0);
    helper leader = {0};
    schedule_model before;
    fe_snapshot *snapshot;
    fe_cursor *cursor;
    uint64_t sequence;

    (void)state;
    schedule_fill(s, 0, 2, "old");
    before = s->now;
    sequence = fe_store_last_sequence(s->store);
    hold_leader(s, &leader, 4, "new");
    schedule_check_now(s);
    assert_int_equal(fe_store_last_sequence(s->store), sequence);
    snapshot = schedule_snapshot(s);
    cursor = schedule_cursor(s);
    gate_pass(s->gates, GATE_LOG_SYNC);
    assert_int_equal(helper_join(&leader), FERRIC_OK);
    // What was begun while it was not durable goes on without it.
    schedule_check(s, &before, snapshot->sequence);
    schedule_check_cursor(cursor, &before);
    expect_text(s, 4, "new");
    fe_cursor_destroy(cursor);
    fe_store_snapshot_release(s->store, snapshot);
    schedule_destroy(s);
}

static void test_writers_that_wait_for_a_sync_share_the_next(void **state)
{
    schedule *s = schedule_create(FERRIC_FSYNC_ALWAYS, 0);
    helper leader = {0};
    helper writers[FOLLOWERS] = {0};
    uint64_t syncs;

    (void)state;
    schedule_put(s, 0, "first");
    hold_leader(s, &leader, 1, "leader");
    for (uint32_t i = 0; i < FOLLOWERS; i++)
        queue_up(s, writers, i, HELPER_PUT, 10 + i, "follower");
    syncs = gate_count(s->gates, GATE_LOG_SYNC);
    gate_pass(s->gates, GATE_LOG_SYNC);
    assert_int_equal(helper_join(&leader), FERRIC_OK);
    for (uint32_t i = 0; i < FOLLOWERS; i++) {
        assert_int_equal(helper_join(&writers[i]), FERRIC_OK);
        assert_int_equal(writers[i].version, leader.version + 1 + i);
        expect_text(s, 10 + i, "follower");
    }
    assert_int_equal(gate_count(s->gates, GATE_LOG_SYNC), syncs + 1);
    schedule_destroy(s);
}

// After an unknown outcome either all of the group is there or nothing of it.
static void expect_whole_group(schedule *s)
{
    uint32_t found = 0;

    for (uint32_t i = 0; i < FOLLOWERS; i++) {
        uint8_t bytes[32];
        ferric_status status =
            fe_store_get(s->store, schedule_key(10 + i, bytes), FE_SEQUENCE_NEWEST, NULL, NULL);
        assert_true(status == FERRIC_OK || status == FERRIC_NOT_FOUND);
        found += status == FERRIC_OK;
    }
    assert_true(found == 0 || found == FOLLOWERS);
}

static void test_a_failed_sync_is_told_to_the_whole_group_and_to_no_other(void **state)
{
    schedule *s = schedule_create(FERRIC_FSYNC_ALWAYS, 0);
    helper leader = {0};
    helper late = {0};
    helper writers[FOLLOWERS] = {0};

    (void)state;
    schedule_put(s, 0, "first");
    hold_leader(s, &leader, 1, "leader");
    for (uint32_t i = 0; i < FOLLOWERS; i++)
        queue_up(s, writers, i, HELPER_PUT, 10 + i, "follower");
    gate_fail_next(s->gates, GATE_LOG_SYNC);
    gate_pass(s->gates, GATE_LOG_SYNC);
    assert_int_equal(helper_join(&leader), FERRIC_OK);
    for (uint32_t i = 0; i < FOLLOWERS; i++) {
        assert_int_equal(helper_join(&writers[i]), FERRIC_OUTCOME_UNKNOWN);
        assert_non_null(strstr(writers[i].message, "refused at gate"));
    }
    helper_start(&late, s, HELPER_PUT, 20, "late");
    assert_int_equal(helper_join(&late), FERRIC_READ_ONLY);
    expect_text(s, 1, "leader");
    for (uint32_t i = 0; i < FOLLOWERS; i++) {
        uint8_t bytes[32];
        assert_int_equal(
            fe_store_get(s->store, schedule_key(10 + i, bytes), FE_SEQUENCE_NEWEST, NULL, NULL),
            FERRIC_NOT_FOUND);
    }
    assert_int_not_equal(fe_store_close(s->store), FERRIC_OK);
    schedule_open(s);
    expect_text(s, 1, "leader");
    expect_whole_group(s);
    schedule_destroy(s);
}

static void test_conditions_see_what_their_group_does_before_them(void **state)
{
    schedule *s = schedule_create(FERRIC_FSYNC_ALWAYS, 0);
    helper leader = {0};
    helper writers[4] = {0};

    (void)state;
    schedule_put(s, 30, "there");
    hold_leader(s, &leader, 1, "leader");
    queue_up(s, writers, 0, HELPER_PUT_IF_ABSENT, 5, "mine");
    queue_up(s, writers, 1, HELPER_PUT_IF_ABSENT, 5, "too late");
    queue_up(s, writers, 2, HELPER_DELETE, 30, NULL);
    queue_up(s, writers, 3, HELPER_PUT_IF_ABSENT, 30, "free again");
    gate_pass(s->gates, GATE_LOG_SYNC);
    assert_int_equal(helper_join(&leader), FERRIC_OK);
    assert_int_equal(helper_join(&writers[0]), FERRIC_OK);
    assert_int_equal(helper_join(&writers[1]), FERRIC_CONFLICT);
    assert_int_equal(helper_join(&writers[2]), FERRIC_OK);
    assert_int_equal(helper_join(&writers[3]), FERRIC_OK);
    expect_text(s, 5, "mine");
    expect_text(s, 30, "free again");
    schedule_close(s);
    schedule_open(s);
    expect_text(s, 5, "mine");
    expect_text(s, 30, "free again");
    schedule_destroy(s);
}

// A condition on what the leader before is about to publish.
static void test_conditions_see_the_commit_that_is_being_synced(void **state)
{
    schedule *s = schedule_create(FERRIC_FSYNC_ALWAYS, 0);
    helper leader = {0};
    helper writers[1] = {0};

    (void)state;
    hold_leader(s, &leader, 5, "first");
    queue_up(s, writers, 0, HELPER_PUT_IF_ABSENT, 5, "second");
    gate_pass(s->gates, GATE_LOG_SYNC);
    assert_int_equal(helper_join(&leader), FERRIC_OK);
    assert_int_equal(helper_join(&writers[0]), FERRIC_CONFLICT);
    expect_text(s, 5, "first");
    schedule_destroy(s);
}

static void test_ranges_see_what_their_group_does_before_them(void **state)
{
    schedule *s = schedule_create(FERRIC_FSYNC_ALWAYS, 0);
    helper leader = {0};
    helper writers[5] = {0};

    (void)state;
    schedule_fill(s, 0, 1, "old");
    hold_leader(s, &leader, 1, "leader");
    queue_up(s, writers, 0, HELPER_PUT_IF_CALM, 50, "first");
    queue_up(s, writers, 1, HELPER_PUT_IF_CALM, 51, "too near");
    queue_up(s, writers, 2, HELPER_PUT_IF_CALM, 52, "beside one that was refused");
    queue_up(s, writers, 3, HELPER_DELETE, 70, NULL);
    queue_up(s, writers, 4, HELPER_PUT_IF_CALM, 69, "beside a delete");
    gate_pass(s->gates, GATE_LOG_SYNC);
    assert_int_equal(helper_join(&leader), FERRIC_OK);
    assert_int_equal(helper_join(&writers[0]), FERRIC_OK);
    assert_int_equal(helper_join(&writers[1]), FERRIC_CONFLICT);
    assert_int_equal(helper_join(&writers[2]), FERRIC_OK);
    assert_int_equal(helper_join(&writers[3]), FERRIC_OK);
    assert_int_equal(helper_join(&writers[4]), FERRIC_CONFLICT);
    expect_text(s, 50, "first");
    expect_text(s, 51, "old-51");
    expect_text(s, 52, "beside one that was refused");
    expect_text(s, 69, "old-69");
    schedule_destroy(s);
}

// The look ahead of the turn cannot see it, the one in the turn does.
static void test_ranges_see_the_commit_that_is_being_synced(void **state)
{
    schedule *s = schedule_create(FERRIC_FSYNC_ALWAYS, 0);
    helper leader = {0};
    helper writers[2] = {0};

    (void)state;
    schedule_fill(s, 0, 1, "old");
    hold_leader(s, &leader, 5, "first");
    queue_up(s, writers, 0, HELPER_PUT_IF_CALM, 6, "second");
    queue_up(s, writers, 1, HELPER_PUT_IF_CALM, 7, "third");
    gate_pass(s->gates, GATE_LOG_SYNC);
    assert_int_equal(helper_join(&leader), FERRIC_OK);
    assert_int_equal(helper_join(&writers[0]), FERRIC_CONFLICT);
    assert_int_equal(helper_join(&writers[1]), FERRIC_OK);
    expect_text(s, 6, "old-6");
    expect_text(s, 7, "third");
    schedule_destroy(s);
}

// A flush wants the turn alone, so it parts the writers around it into two groups.
static void test_the_turn_goes_through_writers_and_a_flush_in_order(void **state)
{
    schedule *s = schedule_create(FERRIC_FSYNC_ALWAYS, 0);
    helper leader = {0};
    helper writers[3] = {0};

    (void)state;
    schedule_put(s, 0, "first");
    hold_leader(s, &leader, 1, "leader");
    queue_up(s, writers, 0, HELPER_PUT, 2, "before");
    queue_up(s, writers, 1, HELPER_FLUSH, 0, NULL);
    queue_up(s, writers, 2, HELPER_PUT, 3, "behind");
    gate_pass(s->gates, GATE_LOG_SYNC);
    assert_int_equal(helper_join(&leader), FERRIC_OK);
    for (uint32_t i = 0; i < 3; i++)
        assert_int_equal(helper_join(&writers[i]), FERRIC_OK);
    assert_true(writers[0].version < writers[2].version);
    assert_int_equal(schedule_file_count(s, FE_FILE_TABLE), 1);
    expect_text(s, 0, "first");
    expect_text(s, 1, "leader");
    expect_text(s, 2, "before");
    expect_text(s, 3, "behind");
    schedule_destroy(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nobody_sees_a_commit_before_it_is_durable),
        cmocka_unit_test(test_writers_that_wait_for_a_sync_share_the_next),
        cmocka_unit_test(test_a_failed_sync_is_told_to_the_whole_group_and_to_no_other),
        cmocka_unit_test(test_conditions_see_what_their_group_does_before_them),
        cmocka_unit_test(test_conditions_see_the_commit_that_is_being_synced),
        cmocka_unit_test(test_ranges_see_what_their_group_does_before_them),
        cmocka_unit_test(test_ranges_see_the_commit_that_is_being_synced),
        cmocka_unit_test(test_the_turn_goes_through_writers_and_a_flush_in_order),
    };
    return cmocka_run_group_tests_name("commit_schedule", tests, NULL, NULL);
}
