// SPDX-License-Identifier: Apache-2.0
// Stores, models and helper threads of the forced schedules.
#include "schedule_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/coding.h"
#include "base/memory.h"
#include "base/status.h"
#include "support/harness.h"

#define KEYSPACE 20u
// Of what only makes commits large. Cursors end before it.
#define FILLER_KEYSPACE 21u

// ---- Life -----------------------------------------------------------------------------------

void schedule_open(schedule *s)
{
    assert_int_equal(fe_store_open(SCHEDULE_DIRECTORY, &s->options, &s->store), FERRIC_OK);
}

ferric_status schedule_open_reader(const schedule *s, fe_store **store)
{
    ferric_options options = s->options;

    options.read_only = true;
    return fe_store_open(SCHEDULE_DIRECTORY, &options, store);
}

void schedule_close(schedule *s)
{
    assert_int_equal(fe_store_close(s->store), FERRIC_OK);
    s->store = NULL;
}

schedule *schedule_create(ferric_fsync fsync, uint32_t background_threads)
{
    schedule *s = harness_alloc(sizeof *s);

    s->gates = gate_vfs_create();
    s->options = (ferric_options)FERRIC_OPTIONS_INIT;
    s->options.vfs = gate_vfs_of(s->gates);
    s->options.fsync = fsync;
    s->options.background_threads = background_threads;
    s->options.memory_limit = (uint64_t)16 << 20;
    s->options.memtable_size = (uint64_t)1 << 20;
    s->options.log_size = (uint64_t)64 << 10;
    s->options.table_size = (uint64_t)64 << 10;
    s->options.block_size = 512;
    schedule_open(s);
    return s;
}

void schedule_destroy(schedule *s)
{
    if (s->store != NULL) schedule_close(s);
    gate_vfs_destroy(s->gates);
    harness_free(s);
}

schedule *schedule_create_held(ferric_fsync fsync, uint64_t memtable_size)
{
    schedule *s = schedule_create(fsync, 0);

    // The store is made anew, so that no block of memory is of another allocator.
    schedule_close(s);
    if (memtable_size != 0) s->options.memtable_size = memtable_size;
    gate_allocator_install(s->gates);
    schedule_open(s);
    return s;
}

void schedule_destroy_held(schedule *s)
{
    schedule_close(s);
    gate_allocator_remove();
    schedule_destroy(s);
}

// ---- Writing --------------------------------------------------------------------------------

static void make_user_key(uint32_t number, char text[28])
{
    (void)snprintf(text, 28, "key%08u", number);
}

ferric_slice schedule_key(uint32_t number, uint8_t bytes[32])
{
    fe_put_u32_ordered(bytes, KEYSPACE);
    make_user_key(number, (char *)bytes + 4);
    return fe_slice(bytes, 4 + strlen((char *)bytes + 4));
}

// What makes a commit large: values of other keys, each too small for a value file.
#define PIECE ((size_t)4000)

static size_t make_piece_key(uint32_t number, uint32_t piece, char text[40])
{
    return (size_t)snprintf(text, 40, "key%08u-%u", number, piece);
}

static ferric_status add_filler(fe_write_batch *batch, uint32_t number, size_t size)
{
    uint8_t bytes[PIECE];
    ferric_status status = FERRIC_OK;

    memset(bytes, 'x', sizeof bytes);
    for (uint32_t i = 0; size > 0 && status == FERRIC_OK; i++) {
        char text[40];
        size_t piece = size < PIECE ? size : PIECE;
        ferric_slice key = fe_slice(text, make_piece_key(number, i, text));
        status = fe_write_batch_put(batch, FILLER_KEYSPACE, key, fe_slice(bytes, piece), NULL);
        size -= piece;
    }
    return status;
}

// One commit of one operation, whose value is `text`, and of `filler_size` bytes under other keys.
static ferric_status write_one(fe_store *store, helper_task task, uint32_t number, const char *text,
                               size_t filler_size, uint64_t *version)
{
    char key_text[28];
    ferric_slice key;
    ferric_buffer value = {0};
    fe_write_batch batch = {0};
    ferric_status status = fe_buffer_append(&value, text, strlen(text));

    make_user_key(number, key_text);
    key = fe_slice_text(key_text);
    if (status == FERRIC_OK) status = add_filler(&batch, number, filler_size);
    if (status == FERRIC_OK && task == HELPER_PUT_IF_ABSENT) {
        status = fe_write_batch_require(&batch, KEYSPACE, key, 0, NULL);
    }
    if (status == FERRIC_OK && task == HELPER_PUT_IF_CALM) {
        uint8_t lower[32];
        uint8_t upper[32];
        batch.unchanged_since = fe_store_last_sequence(store);
        status = fe_write_batch_require_unchanged(&batch, schedule_key(number - 1, lower),
                                                  schedule_key(number + 2, upper));
    }
    if (status == FERRIC_OK && task == HELPER_DELETE) {
        status = fe_write_batch_delete(&batch, KEYSPACE, key, NULL);
    } else if (status == FERRIC_OK) {
        status = fe_write_batch_put(&batch, KEYSPACE, key, fe_buffer_slice(&value), NULL);
    }
    if (status == FERRIC_OK) status = fe_store_write(store, &batch, false, version);
    fe_write_batch_deinit(&batch);
    fe_buffer_deinit(&value);
    return status;
}

void schedule_put(schedule *s, uint32_t number, const char *text)
{
    helper_task task = text == NULL ? HELPER_DELETE : HELPER_PUT;

    assert_int_equal(write_one(s->store, task, number, text == NULL ? "" : text, 0, NULL),
                     FERRIC_OK);
    (void)snprintf(s->now.values[number], SCHEDULE_VALUE_SIZE, "%s", text == NULL ? "" : text);
}

void schedule_fill(schedule *s, uint32_t first, uint32_t step, const char *text)
{
    for (uint32_t i = first; i < SCHEDULE_KEYS; i += step) {
        char value[SCHEDULE_VALUE_SIZE];
        (void)snprintf(value, sizeof value, "%s-%u", text, i);
        schedule_put(s, i, value);
    }
}

void schedule_put_large(schedule *s, uint32_t number, size_t size)
{
    assert_int_equal(write_one(s->store, HELPER_PUT, number, "", size, NULL), FERRIC_OK);
}

void schedule_expect_large(schedule *s, uint32_t number, size_t size)
{
    ferric_buffer value = {0};
    uint8_t bytes[48];

    fe_put_u32_ordered(bytes, FILLER_KEYSPACE);
    for (uint32_t i = 0; size > 0; i++) {
        size_t piece = size < PIECE ? size : PIECE;
        size_t key_size = make_piece_key(number, i, (char *)bytes + 4);
        assert_int_equal(
            fe_store_get(s->store, fe_slice(bytes, 4 + key_size), FE_SEQUENCE_NEWEST, &value, NULL),
            FERRIC_OK);
        assert_int_equal(value.size, piece);
        size -= piece;
    }
    fe_buffer_deinit(&value);
}

void schedule_flush(schedule *s)
{
    assert_int_equal(fe_store_flush(s->store), FERRIC_OK);
}

static ferric_status compact_all(fe_store *store)
{
    return fe_store_compact(store, fe_slice(NULL, 0), fe_slice(NULL, 0));
}

void schedule_compact(schedule *s)
{
    assert_int_equal(compact_all(s->store), FERRIC_OK);
}

// ---- Reading --------------------------------------------------------------------------------

static void check_gets(schedule *s, const schedule_model *expected, uint64_t sequence)
{
    ferric_buffer value = {0};

    for (uint32_t i = 0; i < SCHEDULE_KEYS; i++) {
        uint8_t bytes[32];
        const char *text = expected->values[i];
        ferric_status status =
            fe_store_get(s->store, schedule_key(i, bytes), sequence, &value, NULL);
        assert_int_equal(status, text[0] == 0 ? FERRIC_NOT_FOUND : FERRIC_OK);
        if (status == FERRIC_OK) {
            assert_true(fe_slice_equal(fe_buffer_slice(&value), fe_slice_text(text)));
        }
    }
    fe_buffer_deinit(&value);
}

static void check_multi_get(schedule *s, const schedule_model *expected, uint64_t sequence)
{
    static uint8_t bytes[SCHEDULE_KEYS][32];
    ferric_slice keys[SCHEDULE_KEYS];
    fe_pin pins[SCHEDULE_KEYS];
    ferric_status statuses[SCHEDULE_KEYS];

    for (uint32_t i = 0; i < SCHEDULE_KEYS; i++)
        keys[i] = schedule_key(i, bytes[i]);
    assert_int_equal(
        fe_store_multi_get(s->store, SCHEDULE_KEYS, keys, (fe_moment){sequence, 0}, pins, statuses),
        FERRIC_OK);
    for (uint32_t i = 0; i < SCHEDULE_KEYS; i++) {
        const char *text = expected->values[i];
        assert_int_equal(statuses[i], text[0] == 0 ? FERRIC_NOT_FOUND : FERRIC_OK);
        if (statuses[i] == FERRIC_OK) {
            assert_true(fe_slice_equal(pins[i].value, fe_slice_text(text)));
        }
        fe_store_unpin(&pins[i]);
    }
}

static void check_entry(fe_cursor *cursor, bool is_there, uint32_t number, const char *text)
{
    uint8_t bytes[32];

    assert_true(is_there);
    assert_true(fe_slice_equal(fe_cursor_entry(cursor)->key, schedule_key(number, bytes)));
    assert_true(fe_slice_equal(fe_cursor_entry(cursor)->value, fe_slice_text(text)));
}

void schedule_check_cursor(fe_cursor *cursor, const schedule_model *expected)
{
    bool is_there = fe_cursor_first(cursor);

    for (uint32_t i = 0; i < SCHEDULE_KEYS; i++) {
        if (expected->values[i][0] == 0) continue;
        check_entry(cursor, is_there, i, expected->values[i]);
        is_there = fe_cursor_next(cursor);
    }
    assert_false(is_there);
    assert_int_equal(fe_cursor_status(cursor), FERRIC_OK);
    is_there = fe_cursor_last(cursor);
    for (uint32_t i = SCHEDULE_KEYS; i-- > 0;) {
        if (expected->values[i][0] == 0) continue;
        check_entry(cursor, is_there, i, expected->values[i]);
        is_there = fe_cursor_prev(cursor);
    }
    assert_false(is_there);
    assert_int_equal(fe_cursor_status(cursor), FERRIC_OK);
}

static fe_cursor_options cursor_options(uint64_t sequence)
{
    static const uint8_t upper[4] = {0, 0, 0, FILLER_KEYSPACE};

    return (fe_cursor_options){
        .sequence = sequence, .upper = {upper, sizeof upper}, .fill_cache = true};
}

static fe_cursor *cursor_at(schedule *s, uint64_t sequence)
{
    fe_cursor_options options = cursor_options(sequence);
    fe_cursor *cursor = NULL;

    assert_int_equal(fe_store_cursor(s->store, &options, &cursor), FERRIC_OK);
    return cursor;
}

fe_cursor *schedule_cursor(schedule *s)
{
    return cursor_at(s, FE_SEQUENCE_NEWEST);
}

void schedule_check(schedule *s, const schedule_model *expected, uint64_t sequence)
{
    fe_cursor *cursor;

    check_gets(s, expected, sequence);
    check_multi_get(s, expected, sequence);
    cursor = cursor_at(s, sequence);
    schedule_check_cursor(cursor, expected);
    fe_cursor_destroy(cursor);
}

void schedule_check_now(schedule *s)
{
    schedule_check(s, &s->now, FE_SEQUENCE_NEWEST);
}

fe_snapshot *schedule_snapshot(schedule *s)
{
    fe_snapshot *snapshot = NULL;

    assert_int_equal(fe_store_snapshot(s->store, &snapshot), FERRIC_OK);
    return snapshot;
}

uint32_t schedule_file_count(schedule *s, fe_file_kind kind)
{
    ferric_buffer names = {0};
    uint32_t count = 0;

    assert_int_equal(fe_vfs_list(s->options.vfs, SCHEDULE_DIRECTORY, &names), FERRIC_OK);
    for (size_t at = 0; at < names.size;) {
        const char *name = (const char *)names.data + at;
        fe_file_kind found;
        uint64_t number;
        at += strlen(name) + 1;
        count += fe_file_name_parse(name, &found, &number) && found == kind;
    }
    fe_buffer_deinit(&names);
    return count;
}

// ---- Replacing ------------------------------------------------------------------------------

void schedule_evict_all(schedule *s)
{
    fe_block_cache_stats stats;

    fe_block_cache_stats_get(s->store->blocks, &stats);
    fe_block_cache_set_capacity(s->store->blocks, 0);
    fe_block_cache_set_capacity(s->store->blocks, stats.capacity_bytes);
    fe_epoch_collect(s->store->epoch);
}

void schedule_replace_everything(schedule *s)
{
    schedule_fill(s, 0, 1, "replaced");
    schedule_flush(s);
    schedule_compact(s);
    schedule_evict_all(s);
    schedule_check_now(s);
}

// ---- Helpers --------------------------------------------------------------------------------

static ferric_status get_held(helper *h)
{
    ferric_buffer value = {0};
    uint8_t bytes[32];
    ferric_status status;

    gate_hold_my_allocations(true);
    status = fe_store_get(h->store, schedule_key(h->key, bytes), FE_SEQUENCE_NEWEST, &value,
                          &h->version);
    gate_hold_my_allocations(false);
    h->text[0] = 0;
    if (status == FERRIC_OK && value.size < sizeof h->text) {
        memcpy(h->text, value.data, value.size);
        h->text[value.size] = 0;
    }
    fe_buffer_deinit(&value);
    return status;
}

static ferric_status make_held(helper *h)
{
    fe_cursor_options options = cursor_options(FE_SEQUENCE_NEWEST);
    ferric_status status;

    gate_hold_my_allocations(true);
    if (h->task == HELPER_SNAPSHOT) {
        status = fe_store_snapshot(h->store, &h->snapshot);
    } else if (h->task == HELPER_CURSOR) {
        status = fe_store_cursor(h->store, &options, &h->cursor);
    } else {
        status = write_one(h->store, HELPER_PUT, h->key, h->text, h->filler_size, &h->version);
    }
    gate_hold_my_allocations(false);
    return status;
}

static ferric_status verify(helper *h)
{
    ferric_verify_report report;
    ferric_status status = fe_store_verify(h->store, NULL, NULL, &report);

    h->findings = report.findings;
    return status;
}

static ferric_status carry_out(helper *h)
{
    switch (h->task) {
    case HELPER_PUT:
    case HELPER_PUT_IF_ABSENT:
    case HELPER_PUT_IF_CALM:
    case HELPER_DELETE:
        return write_one(h->store, h->task, h->key, h->text, h->filler_size, &h->version);
    case HELPER_GET:
        return get_held(h);
    case HELPER_FLUSH:
        return fe_store_flush(h->store);
    case HELPER_COMPACT:
        return compact_all(h->store);
    case HELPER_SYNC:
        return fe_store_sync(h->store);
    case HELPER_VERIFY:
        return verify(h);
    case HELPER_CLOSE:
        return fe_store_close(h->store);
    case HELPER_SNAPSHOT:
    case HELPER_CURSOR:
    case HELPER_PUT_HELD:
        return make_held(h);
    case HELPER_OPEN_READER:
        return schedule_open_reader(h->schedule, &h->store);
    }
    return FERRIC_INVALID_ARGUMENT;
}

static void run_helper(void *argument)
{
    helper *h = argument;

    h->status = carry_out(h);
    (void)snprintf(h->message, sizeof h->message, "%s", fe_message());
}

void helper_start(helper *h, schedule *s, helper_task task, uint32_t key, const char *text)
{
    h->schedule = s;
    h->store = s->store;
    h->task = task;
    h->key = key;
    (void)snprintf(h->text, sizeof h->text, "%s", text == NULL ? "" : text);
    assert_int_equal(fe_thread_start(&h->thread, "helper", run_helper, h), FERRIC_OK);
}

void helper_start_large(helper *h, schedule *s, uint32_t key, size_t size)
{
    h->filler_size = size;
    helper_start(h, s, HELPER_PUT, key, "");
}

void helper_start_held(helper *h, schedule *s, helper_task task, uint32_t key, uint64_t number)
{
    gate_close(s->gates, GATE_ALLOCATION);
    helper_start(h, s, task, key, "held");
    gate_await_number(s->gates, GATE_ALLOCATION, number);
}

ferric_status helper_join(helper *h)
{
    fe_thread_join(&h->thread);
    return h->status;
}

void schedule_await_leader(schedule *s)
{
    fe_write_queue *queue = &s->store->queue;
    bool is_led = false;

    while (!is_led) {
        fe_mutex_lock(&queue->mutex);
        is_led = queue->is_led;
        fe_mutex_unlock(&queue->mutex);
        fe_thread_yield();
    }
}

void schedule_await_writers(schedule *s, size_t count)
{
    while (fe_write_queue_waiting(&s->store->queue) < count)
        fe_thread_yield();
}
