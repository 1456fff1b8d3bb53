// SPDX-License-Identifier: Apache-2.0
// Readers that are held in the middle of a read while what they look at is replaced, evicted,
// closed and removed.
//
// A reader that has found its value and not yet copied it calls nothing of the vfs, so it is held
// in the allocation of the copy.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "schedule_kit.h"

// A reader that has found the value of a key and does not have it yet.
static void hold_reader(schedule *s, helper *reader, uint32_t key)
{
    gate_close(s->gates, GATE_ALLOCATION);
    helper_start(reader, s, HELPER_GET, key, NULL);
    gate_await(s->gates, GATE_ALLOCATION);
}

static void expect_read(schedule *s, helper *reader, gate_point point, const char *text)
{
    gate_pass(s->gates, point);
    assert_int_equal(helper_join(reader), FERRIC_OK);
    assert_string_equal(reader->text, text);
}

static void test_a_reader_keeps_the_memtable_that_it_looks_at(void **state)
{
    schedule *s = schedule_create_held(FERRIC_FSYNC_NEVER, 0);
    helper reader = {0};

    (void)state;
    schedule_fill(s, 0, 1, "first");
    hold_reader(s, &reader, 7);
    schedule_replace_everything(s);
    expect_read(s, &reader, GATE_ALLOCATION, "first-7");
    schedule_destroy_held(s);
}

static void test_a_reader_keeps_the_block_that_it_looks_at(void **state)
{
    schedule *s = schedule_create_held(FERRIC_FSYNC_NEVER, 0);
    helper reader = {0};

    (void)state;
    schedule_fill(s, 0, 1, "first");
    schedule_flush(s);
    schedule_check_now(s); // Every block is in the cache.
    hold_reader(s, &reader, 7);
    schedule_evict_all(s);
    schedule_check_now(s);
    schedule_replace_everything(s);
    expect_read(s, &reader, GATE_ALLOCATION, "first-7");
    schedule_destroy_held(s);
}

// What is retired first behind a reader has the reader's own epoch.
static void test_a_reader_keeps_what_goes_right_behind_it(void **state)
{
    schedule *s = schedule_create_held(FERRIC_FSYNC_NEVER, 0);
    helper reader = {0};

    (void)state;
    schedule_put(s, 7, "first-7");
    schedule_flush(s);
    schedule_check_now(s); // The one block is in the cache.
    hold_reader(s, &reader, 7);
    schedule_evict_all(s); // Another read would put the same block into the same memory.
    expect_read(s, &reader, GATE_ALLOCATION, "first-7");
    schedule_destroy_held(s);
}

// The table is replaced and its view given up while a reader is inside it: the file stays until the
// reader is gone.
static void test_a_reader_keeps_the_table_that_it_reads(void **state)
{
    schedule *s = schedule_create(FERRIC_FSYNC_NEVER, 0);
    helper reader = {0};

    (void)state;
    schedule_fill(s, 0, 1, "first");
    schedule_flush(s);
    gate_close(s->gates, GATE_TABLE_READ);
    helper_start(&reader, s, HELPER_GET, 7, NULL);
    gate_await(s->gates, GATE_TABLE_READ);
    schedule_replace_everything(s);
    assert_int_equal(schedule_file_count(s, FE_FILE_TABLE), 3);
    expect_read(s, &reader, GATE_TABLE_READ, "first-7");
    fe_epoch_collect(s->store->epoch);
    assert_int_equal(schedule_file_count(s, FE_FILE_TABLE), 1);
    schedule_destroy(s);
}

static void test_a_cursor_keeps_its_tables_until_it_is_gone(void **state)
{
    schedule *s = schedule_create(FERRIC_FSYNC_NEVER, 0);
    schedule_model before;
    fe_cursor *cursor;
    fe_cursor *unmoved;

    (void)state;
    schedule_fill(s, 0, 1, "first");
    schedule_flush(s);
    schedule_fill(s, 0, 3, "second");
    schedule_put(s, 5, NULL);
    before = s->now;
    cursor = schedule_cursor(s);
    unmoved = schedule_cursor(s); // Has no table open yet.
    assert_true(fe_cursor_first(cursor));
    for (uint32_t i = 0; i < SCHEDULE_KEYS / 2; i++)
        assert_true(fe_cursor_next(cursor));
    schedule_replace_everything(s);
    assert_true(schedule_file_count(s, FE_FILE_TABLE) > 1);
    for (uint32_t i = 0; i < SCHEDULE_KEYS / 4; i++)
        assert_true(fe_cursor_next(cursor));
    schedule_check_cursor(cursor, &before);
    schedule_check_cursor(unmoved, &before);
    fe_cursor_destroy(cursor);
    fe_cursor_destroy(unmoved);
    fe_epoch_collect(s->store->epoch);
    assert_int_equal(schedule_file_count(s, FE_FILE_TABLE), 1);
    schedule_check_now(s);
    schedule_destroy(s);
}

static void test_a_pinned_value_stays_through_everything(void **state)
{
    schedule *s = schedule_create(FERRIC_FSYNC_NEVER, 0);
    fe_pin in_memtable;
    fe_pin in_table;
    uint8_t bytes[32];

    (void)state;
    schedule_fill(s, 0, 1, "first");
    schedule_flush(s);
    schedule_fill(s, 0, 2, "second");
    assert_int_equal(
        fe_store_get_pinned(s->store, schedule_key(2, bytes), fe_moment_newest(), &in_memtable),
        FERRIC_OK);
    assert_int_equal(
        fe_store_get_pinned(s->store, schedule_key(3, bytes), fe_moment_newest(), &in_table),
        FERRIC_OK);
    schedule_replace_everything(s);
    schedule_close(s);
    assert_true(fe_slice_equal(in_memtable.value, fe_slice_text("second-2")));
    assert_true(fe_slice_equal(in_table.value, fe_slice_text("first-3")));
    fe_store_unpin(&in_memtable);
    fe_store_unpin(&in_table);
    schedule_open(s);
    schedule_check_now(s);
    schedule_destroy(s);
}

// More tables than may be open: the one that a reader is reading is among those to be closed.
static void test_a_reader_keeps_a_table_that_is_being_closed(void **state)
{
    schedule *s = schedule_create(FERRIC_FSYNC_NEVER, 0);
    helper reader = {0};

    (void)state;
    schedule_close(s);
    s->options.open_files_max = 16;
    schedule_open(s);
    for (uint32_t i = 0; i < 40; i++) {
        schedule_put(s, 3 * i, "in a table of its own");
        schedule_flush(s);
    }
    gate_close(s->gates, GATE_TABLE_READ);
    helper_start(&reader, s, HELPER_GET, 9, NULL);
    gate_await(s->gates, GATE_TABLE_READ);
    schedule_check_now(s); // Opens all the others.
    schedule_check_now(s);
    expect_read(s, &reader, GATE_TABLE_READ, "in a table of its own");
    schedule_check_now(s);
    schedule_destroy(s);
}

// Two readers of a block that is not cached: one is held in reading it, the other reads it too.
static void test_two_readers_of_one_block_read_the_same(void **state)
{
    schedule *s = schedule_create(FERRIC_FSYNC_NEVER, 0);
    helper reader = {0};

    (void)state;
    schedule_fill(s, 0, 1, "first");
    schedule_flush(s);
    schedule_check_now(s);
    schedule_evict_all(s);
    gate_close(s->gates, GATE_TABLE_READ);
    helper_start(&reader, s, HELPER_GET, 7, NULL);
    gate_await(s->gates, GATE_TABLE_READ);
    schedule_check_now(s);
    expect_read(s, &reader, GATE_TABLE_READ, "first-7");
    schedule_check_now(s);
    schedule_destroy(s);
}

static void test_a_verification_keeps_the_tables_that_it_reads(void **state)
{
    schedule *s = schedule_create(FERRIC_FSYNC_NEVER, 0);
    helper verifier = {0};

    (void)state;
    schedule_fill(s, 0, 1, "first");
    schedule_flush(s);
    schedule_fill(s, 0, 2, "second");
    schedule_flush(s);
    gate_close(s->gates, GATE_TABLE_READ);
    helper_start(&verifier, s, HELPER_VERIFY, 0, NULL);
    gate_await(s->gates, GATE_TABLE_READ);
    schedule_replace_everything(s);
    gate_pass(s->gates, GATE_TABLE_READ);
    assert_int_equal(helper_join(&verifier), FERRIC_OK);
    assert_int_equal(verifier.findings, 0);
    fe_epoch_collect(s->store->epoch);
    assert_int_equal(schedule_file_count(s, FE_FILE_TABLE), 1);
    schedule_destroy(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_reader_keeps_the_memtable_that_it_looks_at),
        cmocka_unit_test(test_a_reader_keeps_the_block_that_it_looks_at),
        cmocka_unit_test(test_a_reader_keeps_what_goes_right_behind_it),
        cmocka_unit_test(test_a_reader_keeps_the_table_that_it_reads),
        cmocka_unit_test(test_a_cursor_keeps_its_tables_until_it_is_gone),
        cmocka_unit_test(test_a_pinned_value_stays_through_everything),
        cmocka_unit_test(test_a_reader_keeps_a_table_that_is_being_closed),
        cmocka_unit_test(test_two_readers_of_one_block_read_the_same),
        cmocka_unit_test(test_a_verification_keeps_the_tables_that_it_reads),
    };
    return cmocka_run_group_tests_name("reader_schedule", tests, NULL, NULL);
}
