// SPDX-License-Identifier: Apache-2.0
// Keys that expire: absent everywhere from their time on, for whoever reads now, and there for
// snapshots from before; in memory and in tables, with the clock going both ways.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/coding.h"
#include "lsm/store.h"
#include "support/vfs_record.h"

#define KEYSPACE 20u
#define DIRECTORY "/db"
#define SECOND 1000u
#define DAY (24 * 3600 * SECOND)
#define LARGE_SIZE 5000u

typedef struct kit {
    vfs_record *record;
    fe_store *store;
    ferric_event_kind last_event;
    unsigned clock_events;
} kit;

static void note_event(void *context, const ferric_event *event)
{
    kit *t = context;

    t->last_event = event->kind;
    t->clock_events += event->kind == FERRIC_EVENT_CLOCK;
}

static void open_store(kit *t)
{
    ferric_options options = FERRIC_OPTIONS_INIT;

    options.vfs = vfs_record_vfs(t->record);
    options.background_threads = 0;
    options.memtable_size = 65536;
    options.log_size = 65536;
    options.table_size = 65536;
    options.memory_limit = 8 << 20;
    options.event_callback = note_event;
    options.event_context = t;
    assert_int_equal(fe_store_open(DIRECTORY, &options, &t->store), FERRIC_OK);
}

static void begin(kit *t)
{
    *t = (kit){.record = vfs_record_create(disk_create(), 1)};
    open_store(t);
}

static void reopen(kit *t)
{
    assert_int_equal(fe_store_close(t->store), FERRIC_OK);
    open_store(t);
}

static void end(kit *t)
{
    ferric_verify_report report;

    assert_int_equal(fe_store_verify(t->store, NULL, NULL, &report), FERRIC_OK);
    assert_int_equal(fe_store_close(t->store), FERRIC_OK);
    vfs_record_destroy(t->record);
}

static ferric_slice stored_key(const char *key, uint8_t bytes[32])
{
    fe_put_u32_ordered(bytes, KEYSPACE);
    memcpy(bytes + 4, key, strlen(key));
    return fe_slice(bytes, 4 + strlen(key));
}

// `expected` is the version that the key must have; UINT64_MAX: no condition.
static ferric_status put_if(kit *t, const char *key, ferric_slice value, uint64_t ttl_ms,
                            uint64_t expected)
{
    fe_write_batch batch = {0};
    uint64_t expires_ms = ttl_ms == 0 ? FE_EXPIRY_NEVER : fe_store_now_ms(t->store) + ttl_ms;
    ferric_status status;

    assert_int_equal(fe_write_batch_put_expiring(&batch, KEYSPACE, fe_slice_text(key), value,
                                                 expires_ms, NULL, NULL),
                     FERRIC_OK);
    if (expected != UINT64_MAX) {
        assert_int_equal(
            fe_write_batch_require(&batch, KEYSPACE, fe_slice_text(key), expected, NULL),
            FERRIC_OK);
    }
    status = fe_store_write(t->store, &batch, false, NULL);
    fe_write_batch_deinit(&batch);
    return status;
}

static void put(kit *t, const char *key, const char *value, uint64_t ttl_ms)
{
    assert_int_equal(put_if(t, key, fe_slice_text(value), ttl_ms, UINT64_MAX), FERRIC_OK);
}

static void put_large(kit *t, const char *key, uint64_t ttl_ms)
{
    static char value[LARGE_SIZE];

    memset(value, key[0], sizeof value);
    assert_int_equal(put_if(t, key, fe_slice(value, sizeof value), ttl_ms, UINT64_MAX), FERRIC_OK);
}

static ferric_status look(kit *t, const char *key, fe_moment at, char value[8], fe_meta *meta)
{
    ferric_buffer found = {0};
    uint8_t bytes[32];
    ferric_status status = fe_store_read(t->store, stored_key(key, bytes), at, &found, meta);

    memset(value, 0, 8);
    if (status == FERRIC_OK) memcpy(value, found.data, found.size < 7 ? found.size : 7);
    fe_buffer_deinit(&found);
    return status;
}

static void expect_at(kit *t, const char *key, fe_moment at, const char *value)
{
    char found[8];

    assert_int_equal(look(t, key, at, found, NULL), value == NULL ? FERRIC_NOT_FOUND : FERRIC_OK);
    if (value != NULL) assert_string_equal(found, value);
}

static void expect(kit *t, const char *key, const char *value)
{
    expect_at(t, key, fe_moment_newest(), value);
}

// The first letters of all keys that a walk shows, which must be the same both ways.
static void expect_walk(kit *t, fe_moment at, const char *letters)
{
    fe_cursor_options options = {.sequence = at.sequence, .time_ms = at.time_ms};
    size_t count = strlen(letters);
    fe_cursor *cursor = NULL;
    bool is_on;
    size_t i = 0;

    assert_int_equal(fe_store_cursor(t->store, &options, &cursor), FERRIC_OK);
    for (is_on = fe_cursor_first(cursor); is_on; is_on = fe_cursor_next(cursor), i++) {
        assert_true(i < count);
        assert_int_equal(fe_slice_bytes(fe_cursor_entry(cursor)->key)[4], letters[i]);
    }
    assert_int_equal(i, count);
    for (is_on = fe_cursor_last(cursor); is_on; is_on = fe_cursor_prev(cursor), i--) {
        assert_true(i > 0);
        assert_int_equal(fe_slice_bytes(fe_cursor_entry(cursor)->key)[4], letters[i - 1]);
    }
    assert_int_equal(i, 0);
    assert_int_equal(fe_cursor_status(cursor), FERRIC_OK);
    fe_cursor_destroy(cursor);
}

static void compact(kit *t)
{
    assert_int_equal(fe_store_compact(t->store, fe_slice(NULL, 0), fe_slice(NULL, 0)), FERRIC_OK);
}

static uint64_t table_entries(kit *t)
{
    ferric_stats stats = FERRIC_STATS_INIT;
    uint64_t entries = 0;

    fe_store_stats(t->store, &stats);
    for (int i = 0; i < FERRIC_LEVEL_COUNT; i++)
        entries += stats.levels[i].entries;
    return entries;
}

// ---- Reading --------------------------------------------------------------------------------

static void test_key_is_gone_from_its_time_on(void **state)
{
    kit t;
    char value[8];
    fe_meta meta;
    uint64_t before;

    (void)state;
    begin(&t);
    before = fe_store_now_ms(t.store);
    put(&t, "a", "stays", 0);
    put(&t, "b", "goes", 10 * SECOND);
    assert_int_equal(look(&t, "b", fe_moment_newest(), value, &meta), FERRIC_OK);
    assert_in_range(meta.expires_ms, before + 10 * SECOND, before + 11 * SECOND);
    assert_int_equal(meta.version, 2);
    assert_int_equal(look(&t, "a", fe_moment_newest(), value, &meta), FERRIC_OK);
    assert_int_equal(meta.expires_ms, FE_EXPIRY_NEVER);
    expect(&t, "b", "goes");
    vfs_record_advance_ms(t.record, 11 * SECOND);
    expect(&t, "b", NULL);
    expect(&t, "a", "stays");
    expect_walk(&t, fe_moment_newest(), "a");
    end(&t);
}

static void test_walk_leaves_expired_keys_out_both_ways(void **state)
{
    static const char *const keys[] = {"a", "b", "c", "d", "e", "f"};
    kit t;

    (void)state;
    begin(&t);
    for (unsigned i = 0; i < 6; i++)
        put(&t, keys[i], "v", i % 2 == 0 ? 0 : (i + 1) * 10 * SECOND);
    put_large(&t, "g", 90 * SECOND);
    expect_walk(&t, fe_moment_newest(), "abcdefg");
    for (int pass = 0; pass < 2; pass++) {
        fe_moment later = {FE_SEQUENCE_NEWEST, fe_store_now_ms(t.store) + 50 * SECOND};
        expect_walk(&t, later, "acefg");
        later.time_ms += 20 * SECOND;
        expect_walk(&t, later, "aceg");
        later.time_ms += 30 * SECOND;
        expect_walk(&t, later, "ace");
        assert_int_equal(fe_store_flush(t.store), FERRIC_OK); // The second time out of a table.
    }
    end(&t);
}

static void test_cursor_goes_by_one_time(void **state)
{
    fe_cursor_options options = {.sequence = FE_SEQUENCE_NEWEST};
    fe_cursor *cursor = NULL;
    kit t;

    (void)state;
    begin(&t);
    put(&t, "a", "v", 10 * SECOND);
    put(&t, "b", "v", 10 * SECOND);
    assert_int_equal(fe_store_cursor(t.store, &options, &cursor), FERRIC_OK);
    assert_true(fe_cursor_first(cursor));
    assert_true(fe_cursor_expiry(cursor) > 0);
    vfs_record_advance_ms(t.record, 20 * SECOND);
    assert_true(fe_cursor_next(cursor));
    assert_true(fe_cursor_first(cursor));
    fe_cursor_destroy(cursor);
    expect_walk(&t, fe_moment_newest(), "");
    end(&t);
}

static void test_expired_put_hides_what_is_older(void **state)
{
    kit t;

    (void)state;
    begin(&t);
    put(&t, "a", "old", 0);
    assert_int_equal(fe_store_flush(t.store), FERRIC_OK);
    put(&t, "a", "new", 10 * SECOND);
    vfs_record_advance_ms(t.record, 20 * SECOND);
    expect(&t, "a", NULL);
    assert_int_equal(fe_store_flush(t.store), FERRIC_OK);
    expect(&t, "a", NULL);
    compact(&t);
    expect(&t, "a", NULL);
    assert_int_equal(table_entries(&t), 0);
    put(&t, "a", "anew", 0);
    expect(&t, "a", "anew");
    end(&t);
}

static void test_expired_put_is_no_version_for_a_condition(void **state)
{
    kit t;

    (void)state;
    begin(&t);
    put(&t, "a", "first", 10 * SECOND); // Version 1.
    assert_int_equal(put_if(&t, "a", fe_slice_text("second"), 0, 0), FERRIC_CONFLICT);
    vfs_record_advance_ms(t.record, 20 * SECOND);
    assert_int_equal(put_if(&t, "a", fe_slice_text("second"), 0, 1), FERRIC_CONFLICT);
    assert_int_equal(put_if(&t, "a", fe_slice_text("second"), 0, 0), FERRIC_OK);
    expect(&t, "a", "second");
    end(&t);
}

static void test_multi_get_and_pins_see_the_same(void **state)
{
    uint8_t bytes[3][32];
    ferric_slice keys[3];
    ferric_status statuses[3];
    fe_pin pins[3];
    kit t;

    (void)state;
    begin(&t);
    put(&t, "a", "v", 0);
    put(&t, "b", "value", 10 * SECOND);
    put_large(&t, "c", 30 * SECOND);
    keys[0] = stored_key("a", bytes[0]);
    keys[1] = stored_key("b", bytes[1]);
    keys[2] = stored_key("c", bytes[2]);
    assert_int_equal(fe_store_multi_get(t.store, 3, keys, fe_moment_newest(), pins, statuses),
                     FERRIC_OK);
    assert_true(fe_slice_equal(pins[1].value, fe_slice_text("value")));
    assert_int_equal(pins[2].value.size, LARGE_SIZE);
    assert_true(pins[1].meta.expires_ms > 0);
    assert_int_equal(pins[0].meta.expires_ms, FE_EXPIRY_NEVER);
    vfs_record_advance_ms(t.record, 20 * SECOND);
    assert_true(fe_slice_equal(pins[1].value, fe_slice_text("value"))); // It was read before.
    for (int i = 0; i < 3; i++)
        fe_store_unpin(&pins[i]);
    assert_int_equal(fe_store_multi_get(t.store, 3, keys, fe_moment_newest(), pins, statuses),
                     FERRIC_OK);
    assert_int_equal(statuses[0], FERRIC_OK);
    assert_int_equal(statuses[1], FERRIC_NOT_FOUND);
    assert_int_equal(statuses[2], FERRIC_OK);
    for (int i = 0; i < 3; i++)
        fe_store_unpin(&pins[i]);
    end(&t);
}

// ---- Snapshots and compaction ---------------------------------------------------------------

static void test_snapshot_keeps_what_expired_after_it(void **state)
{
    fe_snapshot *snapshot;
    kit t;

    (void)state;
    begin(&t);
    put(&t, "a", "goes", 10 * SECOND);
    put_large(&t, "b", 10 * SECOND);
    assert_int_equal(fe_store_snapshot(t.store, &snapshot), FERRIC_OK);
    vfs_record_advance_ms(t.record, 20 * SECOND);
    compact(&t);
    expect(&t, "a", NULL);
    expect_at(&t, "a", fe_moment_of(snapshot), "goes");
    expect_at(&t, "b", fe_moment_of(snapshot), "bbbbbbb");
    expect_walk(&t, fe_moment_of(snapshot), "ab");
    fe_store_snapshot_release(t.store, snapshot);
    compact(&t);
    assert_int_equal(table_entries(&t), 0);
    end(&t);
}

static void test_compaction_keeps_an_expired_delete_above_older_tables(void **state)
{
    kit t;

    (void)state;
    begin(&t);
    put(&t, "a", "oldest", 0);
    compact(&t); // Now at the bottom.
    put(&t, "a", "newer", 10 * SECOND);
    vfs_record_advance_ms(t.record, 20 * SECOND);
    assert_int_equal(fe_store_flush(t.store), FERRIC_OK);
    assert_int_equal(table_entries(&t), 2);
    expect(&t, "a", NULL);
    vfs_record_set_now_ms(t.record, 1700000000000); // Years back.
    expect(&t, "a", NULL);
    reopen(&t);
    expect(&t, "a", NULL);
    compact(&t);
    assert_int_equal(table_entries(&t), 0);
    end(&t);
}

// Writes enough of another keyspace that memtables are flushed, and compacted where it is due.
static void fill(kit *t, unsigned round)
{
    char value[1000];

    memset(value, 'x', sizeof value);
    for (unsigned i = 0; i < 400; i++) {
        fe_write_batch batch = {0};
        char key[16];
        snprintf(key, sizeof key, "%u", i * 7 + round);
        assert_int_equal(fe_write_batch_put(&batch, KEYSPACE + 1, fe_slice_text(key),
                                            fe_slice(value, sizeof value), NULL),
                         FERRIC_OK);
        assert_int_equal(fe_store_write(t->store, &batch, false, NULL), FERRIC_OK);
        fe_write_batch_deinit(&batch);
    }
}

// Entries of the keyspace in tables, live or not.
static uint64_t own_entries(kit *t)
{
    compact(t);
    return table_entries(t);
}

static void test_expired_table_is_not_dropped_over_an_older_one(void **state)
{
    kit t;

    (void)state;
    begin(&t);
    put(&t, "a", "oldest", 0);
    compact(&t);
    put(&t, "a", "newer", 10 * SECOND);
    assert_int_equal(fe_store_flush(t.store), FERRIC_OK);
    vfs_record_advance_ms(t.record, 20 * SECOND);
    fill(&t, 0);
    expect(&t, "a", NULL);
    reopen(&t);
    expect(&t, "a", NULL);
    end(&t);
}

static void test_expired_tables_go_without_a_compaction_being_asked_for(void **state)
{
    char key[16];
    uint64_t before;
    kit t;

    (void)state;
    begin(&t);
    for (unsigned i = 0; i < 3000; i++) {
        snprintf(key, sizeof key, "k%u", i);
        put(&t, key, "v", 10 * SECOND);
    }
    before = own_entries(&t);
    assert_int_equal(before, 3000);
    vfs_record_advance_ms(t.record, 20 * SECOND);
    fill(&t, 0); // What a database at rest does by itself happens here inside a write.
    assert_in_range(table_entries(&t), 0, 400);
    end(&t);
}

static void test_mostly_live_table_waits_until_a_quarter_has_expired(void **state)
{
    char key[16];
    uint64_t entries;
    kit t;

    (void)state;
    begin(&t);
    for (unsigned i = 0; i < 1000; i++) {
        snprintf(key, sizeof key, "k%u", i);
        put(&t, key, "v", (i + 1) * SECOND); // A quarter at 250 s, told an eighth late at most.
    }
    compact(&t);
    vfs_record_advance_ms(t.record, 200 * SECOND);
    fill(&t, 0);
    entries = table_entries(&t);
    assert_true(entries >= 1000);
    vfs_record_advance_ms(t.record, 100 * SECOND);
    fill(&t, 1);
    assert_in_range(table_entries(&t), 700, 1000 + 800 - 250);
    expect(&t, "k200", NULL);
    expect(&t, "k900", "v");
    end(&t);
}

// ---- The clock ------------------------------------------------------------------------------

static void test_clock_that_is_set_back_brings_nothing_back(void **state)
{
    uint64_t start;
    kit t;

    (void)state;
    begin(&t);
    start = fe_store_now_ms(t.store);
    put(&t, "a", "v", 10 * SECOND);
    put(&t, "b", "v", 3600 * SECOND);
    vfs_record_advance_ms(t.record, 20 * SECOND);
    expect(&t, "a", NULL);
    vfs_record_set_now_ms(t.record, start - 10 * SECOND);
    expect(&t, "a", NULL);
    expect(&t, "b", "v");
    // Time goes on with the monotonic clock though the system's is behind.
    vfs_record_advance_ms(t.record, 3590 * SECOND);
    expect(&t, "b", NULL);
    assert_in_range(fe_store_now_ms(t.store), start + 3610 * SECOND, start + 3611 * SECOND);
    put(&t, "c", "v", 0); // The commit that tells the next open.
    vfs_record_set_now_ms(t.record, start);
    reopen(&t);
    expect(&t, "b", NULL);
    expect(&t, "a", NULL);
    assert_true(fe_store_now_ms(t.store) >= start + 3610 * SECOND);
    end(&t);
}

static void test_clock_is_kept_by_the_manifest_when_logs_are_gone(void **state)
{
    uint64_t start;
    kit t;

    (void)state;
    begin(&t);
    start = fe_store_now_ms(t.store);
    put(&t, "a", "v", 10 * SECOND);
    vfs_record_advance_ms(t.record, 20 * SECOND);
    put(&t, "b", "v", 0);
    compact(&t);
    vfs_record_set_now_ms(t.record, start);
    reopen(&t);
    assert_true(fe_store_now_ms(t.store) >= start + 20 * SECOND);
    put(&t, "c", "v", 0);
    reopen(&t);
    assert_true(fe_store_now_ms(t.store) >= start + 20 * SECOND);
    end(&t);
}

static void test_jump_of_more_than_a_day_is_an_event(void **state)
{
    uint64_t start;
    kit t;

    (void)state;
    begin(&t);
    put(&t, "a", "v", 100 * (uint64_t)DAY);
    start = fe_store_now_ms(t.store);
    vfs_record_advance_ms(t.record, 3 * (uint64_t)DAY); // Both clocks: time has passed.
    put(&t, "a", "v", 100 * (uint64_t)DAY);
    assert_int_equal(t.clock_events, 0);
    vfs_record_set_now_ms(t.record, start + 5 * (uint64_t)DAY);
    put(&t, "a", "v", 100 * (uint64_t)DAY);
    assert_int_equal(t.clock_events, 1);
    vfs_record_set_now_ms(t.record, start);
    put(&t, "a", "v", 100 * (uint64_t)DAY);
    put(&t, "a", "v", 100 * (uint64_t)DAY);
    assert_int_equal(t.clock_events, 2);
    reopen(&t);
    put(&t, "a", "v", 100 * (uint64_t)DAY); // It is still behind, which the new open finds.
    assert_int_equal(t.clock_events, 3);
    end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_key_is_gone_from_its_time_on),
        cmocka_unit_test(test_walk_leaves_expired_keys_out_both_ways),
        cmocka_unit_test(test_cursor_goes_by_one_time),
        cmocka_unit_test(test_expired_put_hides_what_is_older),
        cmocka_unit_test(test_expired_put_is_no_version_for_a_condition),
        cmocka_unit_test(test_multi_get_and_pins_see_the_same),
        cmocka_unit_test(test_snapshot_keeps_what_expired_after_it),
        cmocka_unit_test(test_compaction_keeps_an_expired_delete_above_older_tables),
        cmocka_unit_test(test_expired_table_is_not_dropped_over_an_older_one),
        cmocka_unit_test(test_expired_tables_go_without_a_compaction_being_asked_for),
        cmocka_unit_test(test_mostly_live_table_waits_until_a_quarter_has_expired),
        cmocka_unit_test(test_clock_that_is_set_back_brings_nothing_back),
        cmocka_unit_test(test_clock_is_kept_by_the_manifest_when_logs_are_gone),
        cmocka_unit_test(test_jump_of_more_than_a_day_is_an_event),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
