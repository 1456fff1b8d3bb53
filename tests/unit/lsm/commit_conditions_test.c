// SPDX-License-Identifier: Apache-2.0
// Ranges that a commit wants unchanged: every later put and delete in them is noticed, wherever it
// lies by then, and nothing else is.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/coding.h"
#include "base/random.h"
#include "lsm/store.h"
#include "os/thread.h"

#define KEYSPACE 20
#define KEYS 300
#define THREADS 4
#define ADDITIONS 200

static fe_store *open_store(fe_vfs *vfs)
{
    ferric_options options = FERRIC_OPTIONS_INIT;
    fe_store *store;

    options.vfs = vfs;
    options.background_threads = 0;
    options.memtable_size = 16384;
    options.log_size = 65536;
    options.table_size = 65536;
    options.memory_limit = 8 << 20;
    options.fsync = FERRIC_FSYNC_NEVER;
    assert_int_equal(fe_store_open("/db", &options, &store), FERRIC_OK);
    return store;
}

typedef struct key_text {
    char text[16];
} key_text;

static ferric_slice user_key(key_text *key, unsigned number)
{
    snprintf(key->text, sizeof key->text, "k%04u", number);
    return fe_slice_text(key->text);
}

typedef struct whole_key {
    uint8_t bytes[20];
} whole_key;

static ferric_slice full_key(whole_key *key, unsigned number)
{
    key_text text;
    ferric_slice user = user_key(&text, number);

    fe_put_u32_ordered(key->bytes, KEYSPACE);
    memcpy(key->bytes + FE_KEYSPACE_ID_SIZE, user.data, user.size);
    return fe_slice(key->bytes, FE_KEYSPACE_ID_SIZE + user.size);
}

static void add_write(fe_write_batch *batch, unsigned number, const char *value)
{
    key_text key;
    ferric_slice user = user_key(&key, number);

    if (value == NULL) {
        assert_int_equal(fe_write_batch_delete(batch, KEYSPACE, user, NULL), FERRIC_OK);
        return;
    }
    assert_int_equal(fe_write_batch_put(batch, KEYSPACE, user, fe_slice_text(value), NULL),
                     FERRIC_OK);
}

static uint64_t write_one(fe_store *store, unsigned number, const char *value)
{
    fe_write_batch batch = {0};
    uint64_t version = 0;

    add_write(&batch, number, value);
    assert_int_equal(fe_store_write(store, &batch, false, &version), FERRIC_OK);
    fe_write_batch_deinit(&batch);
    return version;
}

// `end` 0: the key `first` alone.
static void add_range(fe_write_batch *batch, unsigned first, unsigned end)
{
    whole_key lower;
    whole_key upper;
    ferric_slice behind = end == 0 ? fe_slice(NULL, 0) : full_key(&upper, end);

    assert_int_equal(fe_write_batch_require_unchanged(batch, full_key(&lower, first), behind),
                     FERRIC_OK);
}

// Commits a put of a key outside of all ranges under the condition.
static ferric_status write_under(fe_store *store, uint64_t since, unsigned first, unsigned end)
{
    fe_write_batch batch = {0};
    ferric_status status;

    add_write(&batch, 9999, "x");
    add_range(&batch, first, end);
    batch.unchanged_since = since;
    status = fe_store_write(store, &batch, false, NULL);
    fe_write_batch_deinit(&batch);
    return status;
}

static void merge_all(fe_store *store)
{
    assert_int_equal(fe_store_flush(store), FERRIC_OK);
    assert_int_equal(fe_store_compact(store, fe_slice(NULL, 0), fe_slice(NULL, 0)), FERRIC_OK);
}

static void check_one_key(fe_store *store, uint64_t since)
{
    assert_int_equal(write_under(store, since, 5, 0), FERRIC_CONFLICT);
    assert_int_equal(write_under(store, since, 5, 6), FERRIC_CONFLICT);
    assert_int_equal(write_under(store, since, 4, 9), FERRIC_CONFLICT);
    assert_int_equal(write_under(store, since, 4, 0), FERRIC_OK);
    assert_int_equal(write_under(store, since, 6, 0), FERRIC_OK);
    assert_int_equal(write_under(store, since, 1, 5), FERRIC_OK);
    assert_int_equal(write_under(store, since, 6, 9), FERRIC_OK);
}

static void test_put_behind_the_snapshot_is_a_conflict_wherever_it_lies(void **state)
{
    fe_vfs *vfs;
    fe_store *store;
    fe_snapshot *snapshot;

    (void)state;
    assert_int_equal(fe_vfs_memory_create(&vfs), FERRIC_OK);
    store = open_store(vfs);
    for (unsigned i = 0; i < 10; i++)
        write_one(store, i, "before");
    merge_all(store);
    assert_int_equal(fe_store_snapshot(store, &snapshot), FERRIC_OK);
    assert_int_equal(write_under(store, snapshot->sequence, 0, 10), FERRIC_OK);
    write_one(store, 5, "after");
    check_one_key(store, snapshot->sequence);
    assert_int_equal(fe_store_flush(store), FERRIC_OK);
    check_one_key(store, snapshot->sequence);
    merge_all(store);
    check_one_key(store, snapshot->sequence);
    fe_store_snapshot_release(store, snapshot);
    assert_int_equal(fe_store_close(store), FERRIC_OK);
    fe_vfs_memory_destroy(vfs);
}

// A key that came and went looks as it did before, but what was read of others in the meantime does
// not fit any more.
static void test_key_that_came_and_went_is_a_conflict_after_compaction(void **state)
{
    fe_vfs *vfs;
    fe_store *store;
    fe_snapshot *snapshot;

    (void)state;
    assert_int_equal(fe_vfs_memory_create(&vfs), FERRIC_OK);
    store = open_store(vfs);
    write_one(store, 1, "before");
    assert_int_equal(fe_store_snapshot(store, &snapshot), FERRIC_OK);
    write_one(store, 5, "came");
    write_one(store, 5, NULL);
    check_one_key(store, snapshot->sequence);
    merge_all(store);
    check_one_key(store, snapshot->sequence);
    fe_store_snapshot_release(store, snapshot);
    assert_int_equal(fe_store_close(store), FERRIC_OK);
    fe_vfs_memory_destroy(vfs);
}

static void test_conflict_leaves_nothing_behind(void **state)
{
    fe_vfs *vfs;
    fe_store *store;
    whole_key key;
    uint64_t newest;

    (void)state;
    assert_int_equal(fe_vfs_memory_create(&vfs), FERRIC_OK);
    store = open_store(vfs);
    newest = write_one(store, 5, "value");
    assert_int_equal(write_under(store, 0, 5, 0), FERRIC_CONFLICT);
    assert_int_equal(fe_store_get(store, full_key(&key, 9999), FE_SEQUENCE_NEWEST, NULL, NULL),
                     FERRIC_NOT_FOUND);
    assert_int_equal(fe_store_last_sequence(store), newest);
    assert_int_equal(fe_store_close(store), FERRIC_OK);
    fe_vfs_memory_destroy(vfs);
}

// ---- Against a model ------------------------------------------------------------------------

typedef struct model {
    uint64_t changed[KEYS]; // Sequence of each key's newest change.
    fe_snapshot *snapshot;
} model;

static bool is_changed(const model *m, unsigned first, unsigned end)
{
    for (unsigned i = first; i < end; i++)
        if (m->changed[i] > m->snapshot->sequence) return true;
    return false;
}

// Up to six ranges and keys in order; *expected tells whether one of them has changed.
static void draw_ranges(fe_write_batch *batch, fe_random *random, const model *m, bool *expected)
{
    unsigned at = (unsigned)fe_random_below(random, 60);

    *expected = false;
    while (at < KEYS) {
        bool is_key = fe_random_below(random, 2) == 0;
        unsigned end = is_key ? at + 1 : at + 1 + (unsigned)fe_random_below(random, 9);
        if (end > KEYS) end = KEYS;
        add_range(batch, at, is_key ? 0 : end);
        *expected |= is_changed(m, at, end);
        at = end + (unsigned)fe_random_below(random, 100);
    }
}

static void step(fe_store *store, fe_random *random, model *m)
{
    fe_write_batch batch = {0};
    unsigned number = (unsigned)fe_random_below(random, KEYS);
    bool expected;
    uint64_t version = 0;
    ferric_status status;

    draw_ranges(&batch, random, m, &expected);
    batch.unchanged_since = m->snapshot->sequence;
    add_write(&batch, number, fe_random_below(random, 3) == 0 ? NULL : "value");
    status = fe_store_write(store, &batch, false, &version);
    assert_int_equal(status, expected ? FERRIC_CONFLICT : FERRIC_OK);
    if (status == FERRIC_OK) m->changed[number] = version;
    fe_write_batch_deinit(&batch);
}

static void test_ranges_agree_with_a_model(void **state)
{
    fe_vfs *vfs;
    fe_store *store;
    fe_random random = {20261121};
    static model m;

    (void)state;
    assert_int_equal(fe_vfs_memory_create(&vfs), FERRIC_OK);
    store = open_store(vfs);
    assert_int_equal(fe_store_snapshot(store, &m.snapshot), FERRIC_OK);
    for (unsigned i = 0; i < 6000; i++) {
        uint64_t dice = fe_random_below(&random, 200);
        if (dice < 12) {
            fe_store_snapshot_release(store, m.snapshot);
            assert_int_equal(fe_store_snapshot(store, &m.snapshot), FERRIC_OK);
        }
        if (dice == 12) assert_int_equal(fe_store_flush(store), FERRIC_OK);
        if (dice == 13) merge_all(store);
        step(store, &random, &m);
    }
    fe_store_snapshot_release(store, m.snapshot);
    assert_int_equal(fe_store_close(store), FERRIC_OK);
    fe_vfs_memory_destroy(vfs);
}

// ---- Threads --------------------------------------------------------------------------------

typedef struct adder {
    fe_store *store;
    fe_thread thread;
    bool by_range;
} adder;

// One try to add one to the number in key 1.
static ferric_status try_add(fe_store *store, bool by_range)
{
    fe_write_batch batch = {0};
    fe_snapshot *snapshot;
    whole_key key;
    ferric_buffer value = {0};
    char text[16];
    ferric_status status;

    assert_int_equal(fe_store_snapshot(store, &snapshot), FERRIC_OK);
    status = fe_store_get(store, full_key(&key, 1), snapshot->sequence, &value, NULL);
    assert_int_equal(status, FERRIC_OK);
    assert_int_equal(fe_buffer_append(&value, "", 1), FERRIC_OK);
    snprintf(text, sizeof text, "%d", atoi((const char *)value.data) + 1);
    add_write(&batch, 1, text);
    add_range(&batch, 1, by_range ? 2 : 0);
    batch.unchanged_since = snapshot->sequence;
    status = fe_store_write(store, &batch, false, NULL);
    fe_store_snapshot_release(store, snapshot);
    fe_write_batch_deinit(&batch);
    fe_buffer_deinit(&value);
    return status;
}

static void run_adder(void *argument)
{
    adder *self = argument;

    for (unsigned done = 0; done < ADDITIONS;) {
        ferric_status status = try_add(self->store, self->by_range);
        assert_true(status == FERRIC_OK || status == FERRIC_CONFLICT);
        done += status == FERRIC_OK;
    }
}

static void test_no_addition_of_four_threads_is_lost(void **state)
{
    fe_vfs *vfs;
    fe_store *store;
    adder adders[THREADS];
    whole_key key;
    ferric_buffer value = {0};

    (void)state;
    assert_int_equal(fe_vfs_memory_create(&vfs), FERRIC_OK);
    store = open_store(vfs);
    write_one(store, 1, "0");
    for (unsigned i = 0; i < THREADS; i++) {
        adders[i] = (adder){.store = store, .by_range = i % 2 == 1};
        assert_int_equal(fe_thread_start(&adders[i].thread, "adder", run_adder, &adders[i]),
                         FERRIC_OK);
    }
    for (unsigned i = 0; i < THREADS; i++)
        fe_thread_join(&adders[i].thread);
    assert_int_equal(fe_store_get(store, full_key(&key, 1), FE_SEQUENCE_NEWEST, &value, NULL),
                     FERRIC_OK);
    assert_int_equal(fe_buffer_append(&value, "", 1), FERRIC_OK);
    assert_int_equal(atoi((const char *)value.data), THREADS * ADDITIONS);
    fe_buffer_deinit(&value);
    assert_int_equal(fe_store_close(store), FERRIC_OK);
    fe_vfs_memory_destroy(vfs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_put_behind_the_snapshot_is_a_conflict_wherever_it_lies),
        cmocka_unit_test(test_key_that_came_and_went_is_a_conflict_after_compaction),
        cmocka_unit_test(test_conflict_leaves_nothing_behind),
        cmocka_unit_test(test_ranges_agree_with_a_model),
        cmocka_unit_test(test_no_addition_of_four_threads_is_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
