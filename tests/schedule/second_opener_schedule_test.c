// SPDX-License-Identifier: Apache-2.0
// Read-only opens that are held between two of their steps while the writer flushes, compacts,
// removes files, begins a new manifest and writes on. They run in one process here; what they share
// is the file system alone, as between two.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "schedule_kit.h"
#include "support/harness.h"

// By how many an open is held; each run writes so much that the next one has one more.
#define READS 10u
#define LARGE_KEY 3u
#define LARGE_SIZE ((size_t)300 << 10) // More than a reader of logs reads at once.

static void fill_logs(schedule *s, int count)
{
    for (int i = 0; i < count; i++) {
        schedule_put_large(s, LARGE_KEY, LARGE_SIZE);
        schedule_put(s, LARGE_KEY, NULL);
    }
}

// A reader that has come to the gate.
static void hold_open(schedule *s, helper *opener, gate_point point)
{
    gate_close(s->gates, point);
    helper_start(opener, s, HELPER_OPEN_READER, 0, NULL);
    gate_await(s->gates, point);
}

// Lets the reader go on to the end and holds what it shows against the model.
static void expect_open(schedule *s, helper *opener, gate_point point,
                        const schedule_model *expected)
{
    schedule reader = *s;

    gate_pass(s->gates, point);
    assert_int_equal(helper_join(opener), FERRIC_OK);
    reader.store = opener->store;
    schedule_check(&reader, expected, FE_SEQUENCE_NEWEST);
    schedule_close(&reader);
}

static void test_an_open_starts_again_when_its_tables_are_gone(void **state)
{
    schedule *s = schedule_create(FERRIC_FSYNC_NEVER, 0);
    helper opener = {0};

    (void)state;
    schedule_fill(s, 0, 1, "first");
    schedule_flush(s);
    hold_open(s, &opener, GATE_TABLE_OPEN);
    schedule_fill(s, 0, 2, "second");
    schedule_flush(s);
    schedule_compact(s);
    assert_int_equal(schedule_file_count(s, FE_FILE_TABLE), 1);
    expect_open(s, &opener, GATE_TABLE_OPEN, &s->now);
    assert_true(gate_count(s->gates, GATE_MANIFEST_OPEN) >= 2);
    schedule_destroy(s);
}

static void test_an_open_starts_again_when_its_log_is_gone(void **state)
{
    schedule *s = schedule_create(FERRIC_FSYNC_ALWAYS, 0);
    helper opener = {0};

    (void)state;
    schedule_fill(s, 0, 1, "first");
    hold_open(s, &opener, GATE_LOG_OPEN);
    fill_logs(s, 2);
    schedule_flush(s);
    expect_open(s, &opener, GATE_LOG_OPEN, &s->now);
    assert_true(gate_count(s->gates, GATE_MANIFEST_OPEN) >= 2);
    schedule_destroy(s);
}

static void test_an_open_starts_again_when_its_manifest_is_gone(void **state)
{
    schedule *s = schedule_create(FERRIC_FSYNC_ALWAYS, 0);
    helper opener = {0};

    (void)state;
    schedule_fill(s, 0, 1, "first");
    schedule_flush(s);
    hold_open(s, &opener, GATE_MANIFEST_OPEN);
    schedule_close(s);
    schedule_open(s);
    schedule_fill(s, 0, 3, "second");
    assert_int_equal(schedule_file_count(s, FE_FILE_MANIFEST), 1);
    expect_open(s, &opener, GATE_MANIFEST_OPEN, &s->now);
    schedule_destroy(s);
}

static uint64_t reads_of_an_open(schedule *s)
{
    uint64_t before = gate_count(s->gates, GATE_LOG_READ);
    fe_store *reader = NULL;

    assert_int_equal(schedule_open_reader(s, &reader), FERRIC_OK);
    assert_int_equal(fe_store_close(reader), FERRIC_OK);
    return gate_count(s->gates, GATE_LOG_READ) - before;
}

// The reader shows all of the writes, none, or the first ones.
static void check_prefix(schedule *reader, const schedule_model *before,
                         const schedule_model *after)
{
    ferric_buffer value = {0};
    uint8_t key[32];
    bool has_last;

    assert_int_equal(
        fe_store_get(reader->store, schedule_key(5, key), FE_SEQUENCE_NEWEST, &value, NULL),
        FERRIC_OK);
    has_last = fe_slice_equal(fe_buffer_slice(&value), fe_slice_text("witness"));
    if (fe_store_get(reader->store, schedule_key(LARGE_KEY, key), FE_SEQUENCE_NEWEST, &value,
                     NULL) == FERRIC_OK) {
        assert_false(has_last); // The large value was removed before.
    } else {
        schedule_check(reader, has_last ? after : before, FE_SEQUENCE_NEWEST);
    }
    ferric_buffer_free(&value);
}

// Holds an open at its read number `read` of the logs, writes on, and lets it go.
static void open_across_writes(schedule *s, uint64_t read)
{
    helper opener = {0};
    schedule_model before = s->now;
    schedule reader = *s;

    hold_open(s, &opener, GATE_LOG_READ);
    for (uint64_t i = 1; i < read; i++) {
        gate_close(s->gates, GATE_LOG_READ);
        gate_pass(s->gates, GATE_LOG_READ);
        gate_await(s->gates, GATE_LOG_READ);
    }
    schedule_put_large(s, LARGE_KEY, LARGE_SIZE);
    schedule_put(s, LARGE_KEY, NULL); // Proves the large one durable,
    schedule_put(s, 5, "witness");    // and this the next one.
    gate_pass(s->gates, GATE_LOG_READ);
    assert_int_equal(helper_join(&opener), FERRIC_OK);
    reader.store = opener.store;
    check_prefix(&reader, &before, &s->now);
    schedule_close(&reader);
    schedule_put(s, 5, "before");
}

// An open that has seen zeros behind the last frame looks for frames farther on. What is written
// there meanwhile proves that the frame in between was durable: as if it had been lost.
static void test_writes_between_any_two_reads_of_the_logs_are_no_damage(void **state)
{
    schedule *s = schedule_create(FERRIC_FSYNC_ALWAYS, 0);
    uint64_t opens = 0;
    uint64_t manifests;

    (void)state;
    schedule_close(s);
    s->options.log_size = (uint64_t)16 << 20;
    s->options.memory_limit = (uint64_t)128 << 20;
    s->options.memtable_size = (uint64_t)32 << 20;
    schedule_open(s);
    schedule_fill(s, 0, 1, "first");
    fill_logs(s, 9);   // Logs grow, and with them the space that is reserved.
    schedule_flush(s); // Those before the last one go.
    manifests = gate_count(s->gates, GATE_MANIFEST_OPEN);
    for (uint64_t read = 1; read <= READS; read++) {
        assert_true(reads_of_an_open(s) >= read);
        open_across_writes(s, read);
        opens += 2;
    }
    assert_true(gate_count(s->gates, GATE_MANIFEST_OPEN) - manifests > opens);
    schedule_destroy(s);
}

static void test_a_reader_keeps_its_state_while_all_files_are_replaced(void **state)
{
    schedule *s = schedule_create(FERRIC_FSYNC_NEVER, 0);
    schedule reader = *s;
    schedule_model before;

    (void)state;
    schedule_fill(s, 0, 2, "table");
    schedule_flush(s);
    schedule_fill(s, 1, 2, "log");
    schedule_put(s, 0, NULL);
    before = s->now;
    assert_int_equal(schedule_open_reader(s, &reader.store), FERRIC_OK);
    schedule_fill(s, 0, 1, "replaced");
    schedule_flush(s);
    schedule_compact(s);
    schedule_close(s);
    schedule_open(s);
    schedule_put(s, 7, "by another open");
    schedule_check(&reader, &before, FE_SEQUENCE_NEWEST);
    schedule_close(&reader);
    assert_int_equal(schedule_open_reader(s, &reader.store), FERRIC_OK);
    schedule_check(&reader, &s->now, FE_SEQUENCE_NEWEST);
    schedule_close(&reader);
    schedule_destroy(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_open_starts_again_when_its_tables_are_gone),
        cmocka_unit_test(test_an_open_starts_again_when_its_log_is_gone),
        cmocka_unit_test(test_an_open_starts_again_when_its_manifest_is_gone),
        cmocka_unit_test(test_writes_between_any_two_reads_of_the_logs_are_no_damage),
        cmocka_unit_test(test_a_reader_keeps_its_state_while_all_files_are_replaced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
