// SPDX-License-Identifier: Apache-2.0
// A writer that changes to the next memtable, to the next log, or hands its turn on, and is held in
// the middle of it, while others read, write and sync.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "schedule_kit.h"

// One of these fills a small memtable, two of them a log.
#define LARGE ((size_t)40 << 10)
#define MEMTABLE_SIZE ((uint64_t)64 << 10)
// Two of these are too much for one group.
#define HALF_A_GROUP ((size_t)600 << 10)

static uint64_t groups(schedule *s)
{
    return fe_statistics_sum(s->store->statistics, FE_COUNTER_COMMIT_GROUPS);
}

static bool is_there(schedule *s, uint32_t key)
{
    uint8_t bytes[32];
    ferric_status status =
        fe_store_get(s->store, schedule_key(key, bytes), FE_SEQUENCE_NEWEST, NULL, NULL);

    assert_true(status == FERRIC_OK || status == FERRIC_NOT_FOUND);
    return status == FERRIC_OK;
}

// ---- Memtables ------------------------------------------------------------------------------

static schedule *create_with_full_memtable(void)
{
    schedule *s = schedule_create_held(FERRIC_FSYNC_NEVER, MEMTABLE_SIZE);

    schedule_fill(s, 0, 1, "first");
    schedule_put_large(s, SCHEDULE_KEYS, LARGE);
    return s;
}

static void start_switch(helper *writer, schedule *s, uint64_t number)
{
    writer->filler_size = LARGE;
    helper_start_held(writer, s, HELPER_PUT_HELD, SCHEDULE_KEYS + 1, number);
}

static uint64_t count_switch_allocations(void)
{
    schedule *s = create_with_full_memtable();
    helper writer = {.filler_size = LARGE};
    uint64_t before = gate_count(s->gates, GATE_ALLOCATION);
    uint64_t count;
    fe_view *view;

    helper_start(&writer, s, HELPER_PUT_HELD, SCHEDULE_KEYS + 1, "held");
    assert_int_equal(helper_join(&writer), FERRIC_OK);
    count = gate_count(s->gates, GATE_ALLOCATION) - before;
    view = fe_store_view(s->store);
    assert_int_equal(view->memtable_count, 2); // It did switch.
    fe_view_unref(view);
    schedule_destroy_held(s);
    return count;
}

// Readers see all that was acknowledged before each step of a switch, and afterwards, too.
static void test_a_memtable_switch_is_invisible_at_each_of_its_steps(void **state)
{
    uint64_t count = count_switch_allocations();

    (void)state;
    for (uint64_t number = 1; number <= count; number++) {
        schedule *s = create_with_full_memtable();
        fe_cursor *cursor = schedule_cursor(s);
        helper writer = {0};

        start_switch(&writer, s, number);
        assert_false(is_there(s, SCHEDULE_KEYS + 1));
        for (uint32_t i = 0; i < SCHEDULE_KEYS; i++)
            assert_true(is_there(s, i));
        schedule_expect_large(s, SCHEDULE_KEYS, LARGE);
        assert_true(fe_cursor_first(cursor));
        gate_pass(s->gates, GATE_ALLOCATION);
        assert_int_equal(helper_join(&writer), FERRIC_OK);
        assert_true(is_there(s, SCHEDULE_KEYS + 1));
        schedule_flush(s);
        fe_cursor_destroy(cursor);
        schedule_close(s);
        schedule_open(s);
        for (uint32_t i = 0; i <= SCHEDULE_KEYS + 1; i++)
            assert_true(is_there(s, i));
        schedule_destroy_held(s);
    }
}

// A reader that has found its value in a memtable, which the writer leaves behind and the store's
// own threads flush and give up.
static void test_a_reader_keeps_a_memtable_that_is_switched_and_flushed(void **state)
{
    schedule *s = schedule_create_held(FERRIC_FSYNC_NEVER, MEMTABLE_SIZE);
    helper reader = {0};
    uint32_t count = 0;

    (void)state;
    schedule_close(s);
    s->options.background_threads = 2;
    schedule_open(s);
    schedule_fill(s, 0, 1, "first");
    helper_start_held(&reader, s, HELPER_GET, 7, 1);
    while (schedule_file_count(s, FE_FILE_TABLE) == 0)
        schedule_put_large(s, SCHEDULE_KEYS + count++ % 50, LARGE);
    schedule_fill(s, 0, 1, "second");
    schedule_flush(s);
    gate_pass(s->gates, GATE_ALLOCATION);
    assert_int_equal(helper_join(&reader), FERRIC_OK);
    assert_string_equal(reader.text, "first-7");
    schedule_destroy_held(s);
}

static bool is_memory_full(schedule *s)
{
    bool is_full;

    fe_mutex_lock(&s->store->mutex);
    is_full = s->store->memtables_bytes >= s->store->sizes.memtables_bytes_max;
    fe_mutex_unlock(&s->store->mutex);
    return is_full;
}

static void test_a_writer_without_a_memtable_waits_for_the_flush(void **state)
{
    schedule *s = schedule_create(FERRIC_FSYNC_NEVER, 2);
    helper writer = {0};
    helper behind = {0};
    uint32_t count = 0;

    (void)state;
    schedule_close(s);
    s->options.memtable_size = MEMTABLE_SIZE;
    schedule_open(s);
    gate_close(s->gates, GATE_TABLE_SYNC);
    while (!is_memory_full(s))
        schedule_put_large(s, count++, LARGE);
    gate_await(s->gates, GATE_TABLE_SYNC);
    helper_start_large(&writer, s, count, LARGE);
    schedule_await_leader(s); // And it will lead until the flush is over.
    helper_start_large(&behind, s, count + 1, LARGE);
    schedule_await_writers(s, 1);
    for (uint32_t i = 0; i < count; i++)
        schedule_expect_large(s, i, LARGE);
    assert_false(is_there(s, count));
    assert_false(is_there(s, count + 1));
    gate_pass(s->gates, GATE_TABLE_SYNC);
    assert_int_equal(helper_join(&writer), FERRIC_OK);
    assert_int_equal(helper_join(&behind), FERRIC_OK);
    schedule_close(s);
    schedule_open(s);
    for (uint32_t i = 0; i < count + 2; i++)
        schedule_expect_large(s, i, LARGE);
    schedule_destroy(s);
}

// ---- Logs -----------------------------------------------------------------------------------

// A writer that has made the next log and is about to write the link to it.
static void hold_link(schedule *s, helper *writer, bool is_failing)
{
    schedule_put_large(s, 0, LARGE);
    gate_close(s->gates, GATE_LOG_COMMIT);
    helper_start_large(writer, s, 1, LARGE);
    gate_await(s->gates, GATE_LOG_COMMIT); // The header of the next log.
    if (is_failing) gate_fail_next(s->gates, GATE_LOG_COMMIT);
    gate_close(s->gates, GATE_LOG_COMMIT);
    gate_pass(s->gates, GATE_LOG_COMMIT);
    gate_await(s->gates, GATE_LOG_COMMIT);
}

static void test_committers_wait_for_the_link_and_go_on_behind_it(void **state)
{
    schedule *s = schedule_create(FERRIC_FSYNC_ALWAYS, 0);
    helper writer = {0};
    helper behind[3] = {0};
    uint64_t numbers[GATE_LOG_SYNCS_MAX];
    size_t count;

    (void)state;
    hold_link(s, &writer, false);
    for (uint32_t i = 0; i < 3; i++) {
        helper_start(&behind[i], s, HELPER_PUT, 10 + i, "behind");
        schedule_await_writers(s, i + 1);
    }
    assert_int_equal(fe_store_sync(s->store), FERRIC_OK); // Of the log without its link.
    schedule_expect_large(s, 0, LARGE);
    assert_false(is_there(s, 1));
    gate_log_syncs_clear(s->gates);
    gate_pass(s->gates, GATE_LOG_COMMIT);
    assert_int_equal(helper_join(&writer), FERRIC_OK);
    for (uint32_t i = 0; i < 3; i++)
        assert_int_equal(helper_join(&behind[i]), FERRIC_OK);
    // The link is durable before anything in the next log, and only then that.
    count = gate_log_syncs(s->gates, numbers);
    assert_true(count >= 3);
    assert_true(numbers[0] < numbers[1]);
    for (size_t i = 2; i < count; i++)
        assert_int_equal(numbers[i], numbers[1]);
    schedule_close(s);
    schedule_open(s);
    schedule_expect_large(s, 0, LARGE);
    schedule_expect_large(s, 1, LARGE);
    for (uint32_t i = 0; i < 3; i++)
        assert_true(is_there(s, 10 + i));
    schedule_destroy(s);
}

// Of the next log nothing stays, and what waits behind goes on in the old one.
static void test_a_link_that_fails_is_not_followed(void **state)
{
    schedule *s = schedule_create(FERRIC_FSYNC_ALWAYS, 0);
    helper writer = {0};
    helper behind = {0};

    (void)state;
    hold_link(s, &writer, true);
    helper_start(&behind, s, HELPER_PUT, 10, "behind");
    schedule_await_writers(s, 1);
    assert_int_equal(schedule_file_count(s, FE_FILE_LOG), 2);
    gate_pass(s->gates, GATE_LOG_COMMIT);
    assert_int_equal(helper_join(&writer), FERRIC_IO);
    assert_int_equal(helper_join(&behind), FERRIC_OK);
    assert_int_equal(schedule_file_count(s, FE_FILE_LOG), 1);
    assert_false(is_there(s, 1));
    schedule_put_large(s, 2, LARGE); // Changes logs again, and this time can.
    assert_int_equal(schedule_file_count(s, FE_FILE_LOG), 2);
    schedule_close(s);
    schedule_open(s);
    for (uint32_t i = 0; i < 3; i++)
        assert_int_equal(is_there(s, i), i != 1);
    assert_true(is_there(s, 10));
    schedule_destroy(s);
}

// ---- The turn -------------------------------------------------------------------------------

// A leader in its sync, and behind it writers in the order in which they are given.
static void queue_behind_leader(schedule *s, helper *leader, helper *writers, const size_t *sizes,
                                uint32_t count)
{
    schedule_put(s, 0, "first");
    gate_close(s->gates, GATE_LOG_SYNC);
    helper_start(leader, s, HELPER_PUT, 1, "leader");
    gate_await(s->gates, GATE_LOG_SYNC);
    for (uint32_t i = 0; i < count; i++) {
        helper_start_large(&writers[i], s, 10 + i, sizes[i]);
        schedule_await_writers(s, i + 1);
    }
}

static const size_t two_groups[] = {100, HALF_A_GROUP, HALF_A_GROUP, 100, 100};
#define WRITER_COUNT (sizeof(two_groups) / sizeof(two_groups[0]))
// Of these, so many are in the first group.
#define FIRST_GROUP 2u

static void test_the_turn_goes_to_the_first_that_had_no_room_in_a_group(void **state)
{
    schedule *s = schedule_create(FERRIC_FSYNC_ALWAYS, 0);
    helper leader = {0};
    helper writers[WRITER_COUNT] = {0};
    uint64_t before;

    (void)state;
    queue_behind_leader(s, &leader, writers, two_groups, WRITER_COUNT);
    before = groups(s);
    gate_pass(s->gates, GATE_LOG_SYNC);
    assert_int_equal(helper_join(&leader), FERRIC_OK);
    for (uint32_t i = 0; i < WRITER_COUNT; i++) {
        assert_int_equal(helper_join(&writers[i]), FERRIC_OK);
        assert_int_equal(writers[i].version, leader.version + 1 + i);
        schedule_expect_large(s, 10 + i, two_groups[i]);
    }
    assert_int_equal(groups(s), before + 3); // The leader's own, and two.
    schedule_close(s);
    schedule_open(s);
    for (uint32_t i = 0; i < WRITER_COUNT; i++)
        schedule_expect_large(s, 10 + i, two_groups[i]);
    schedule_destroy(s);
}

// A group that could not be written is told so; the turn goes on, and the next group succeeds.
static void test_a_failed_group_hands_its_turn_on(void **state)
{
    schedule *s = schedule_create(FERRIC_FSYNC_ALWAYS, 0);
    helper leader = {0};
    helper writers[WRITER_COUNT] = {0};

    (void)state;
    queue_behind_leader(s, &leader, writers, two_groups, WRITER_COUNT);
    gate_fail_next(s->gates, GATE_LOG_COMMIT);
    gate_pass(s->gates, GATE_LOG_SYNC);
    assert_int_equal(helper_join(&leader), FERRIC_OK);
    for (uint32_t i = 0; i < WRITER_COUNT; i++) {
        bool is_first = i < FIRST_GROUP;
        assert_int_equal(helper_join(&writers[i]), is_first ? FERRIC_IO : FERRIC_OK);
        assert_int_equal(is_there(s, 10 + i), !is_first);
        // What was not committed has used no number.
        if (!is_first) assert_int_equal(writers[i].version, leader.version + 1 + i - FIRST_GROUP);
    }
    schedule_close(s);
    schedule_open(s);
    for (uint32_t i = 0; i < WRITER_COUNT; i++)
        assert_int_equal(is_there(s, 10 + i), i >= FIRST_GROUP);
    schedule_destroy(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_memtable_switch_is_invisible_at_each_of_its_steps),
        cmocka_unit_test(test_a_reader_keeps_a_memtable_that_is_switched_and_flushed),
        cmocka_unit_test(test_a_writer_without_a_memtable_waits_for_the_flush),
        cmocka_unit_test(test_committers_wait_for_the_link_and_go_on_behind_it),
        cmocka_unit_test(test_a_link_that_fails_is_not_followed),
        cmocka_unit_test(test_the_turn_goes_to_the_first_that_had_no_room_in_a_group),
        cmocka_unit_test(test_a_failed_group_hands_its_turn_on),
    };
    return cmocka_run_group_tests_name("switch_schedule", tests, NULL, NULL);
}
