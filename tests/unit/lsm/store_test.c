// SPDX-License-Identifier: Apache-2.0
// The store as a whole, in memory and on disk: what is written is read, also after flush,
// compaction and reopening.
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/coding.h"
#include "base/random.h"
#include "lsm/memtable.h"
#include "lsm/merge_iterator.h"
#include "lsm/store_state.h"
#include "os/thread.h"
#include "support/encrypted.h"

#define KEYS 2000
#define DIRECTORY "/db"

static ferric_options small_options(fe_vfs *vfs)
{
    ferric_options options = FERRIC_OPTIONS_INIT;

    options.vfs = vfs;
    options.background_threads = 0;
    options.memtable_size = 16384;
    options.log_size = 65536;
    options.table_size = 65536;
    options.memory_limit = 8 << 20;
    harness_encrypt(&options);
    return options;
}

static ferric_slice store_key(uint8_t *bytes, unsigned number)
{
    fe_put_u32_ordered(bytes, 20);
    snprintf((char *)bytes + 4, 28, "key%08u", number);
    return fe_slice(bytes, 4 + strlen((char *)bytes + 4));
}

static void put(fe_store *store, unsigned number, const char *value)
{
    uint8_t bytes[32];
    fe_write_batch batch = {0};
    ferric_slice key = store_key(bytes, number);

    key = fe_slice(bytes + 4, key.size - 4);
    if (value != NULL) {
        assert_int_equal(fe_write_batch_put(&batch, 20, key, fe_slice_text(value), NULL),
                         FERRIC_OK);
    } else {
        assert_int_equal(fe_write_batch_delete(&batch, 20, key, NULL), FERRIC_OK);
    }
    assert_int_equal(fe_store_write(store, &batch, false, NULL), FERRIC_OK);
    fe_write_batch_deinit(&batch);
}

typedef struct model {
    char values[KEYS][64]; // "" is absent.
} model;

static void check_all(fe_store *store, const model *expected, uint64_t sequence)
{
    ferric_buffer value = {0};
    fe_cursor_options options = {.sequence = sequence, .fill_cache = true};
    fe_cursor *cursor = NULL;
    bool ok;

    for (unsigned i = 0; i < KEYS; i++) {
        uint8_t bytes[32];
        ferric_status status = fe_store_get(store, store_key(bytes, i), sequence, &value, NULL);
        if (expected->values[i][0] == 0) {
            assert_int_equal(status, FERRIC_NOT_FOUND);
        } else {
            assert_int_equal(status, FERRIC_OK);
            assert_int_equal(value.size, strlen(expected->values[i]));
            assert_memory_equal(value.data, expected->values[i], value.size);
        }
    }
    assert_int_equal(fe_store_cursor(store, &options, &cursor), FERRIC_OK);
    ok = fe_cursor_first(cursor);
    for (unsigned i = 0; i < KEYS; i++) {
        uint8_t bytes[32];
        if (expected->values[i][0] == 0) continue;
        assert_true(ok);
        assert_true(fe_slice_equal(fe_cursor_entry(cursor)->key, store_key(bytes, i)));
        assert_true(
            fe_slice_equal(fe_cursor_entry(cursor)->value, fe_slice_text(expected->values[i])));
        ok = fe_cursor_next(cursor);
    }
    assert_false(ok);
    ok = fe_cursor_last(cursor);
    for (unsigned i = KEYS; i-- > 0;) {
        uint8_t bytes[32];
        if (expected->values[i][0] == 0) continue;
        assert_true(ok);
        assert_true(fe_slice_equal(fe_cursor_entry(cursor)->key, store_key(bytes, i)));
        ok = fe_cursor_prev(cursor);
    }
    assert_false(ok);
    assert_int_equal(fe_cursor_status(cursor), FERRIC_OK);
    fe_cursor_destroy(cursor);
    fe_buffer_deinit(&value);
}

static void change(fe_store *store, model *expected, fe_random *random, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        unsigned number = (unsigned)fe_random_below(random, KEYS);
        if (fe_random_below(random, 4) == 0) {
            put(store, number, NULL);
            expected->values[number][0] = 0;
        } else {
            snprintf(expected->values[number], 64, "value %u of %u", i, number);
            put(store, number, expected->values[number]);
        }
    }
}

static void test_a_store_keeps_what_was_written_through_everything(void **state)
{
    fe_vfs *vfs;
    fe_store *store;
    ferric_options options;
    model *expected = calloc(1, sizeof *expected);
    model *old = calloc(1, sizeof *old);
    fe_random random = {42};

    (void)state;
    assert_non_null(expected);
    assert_non_null(old);
    assert_int_equal(fe_vfs_memory_create(&vfs), FERRIC_OK);
    options = small_options(vfs);
    for (int round = 0; round < 12; round++) {
        fe_snapshot *snapshot;
        ferric_verify_report report;
        options.background_threads = round % 3 == 2 ? 2 : 0;
        assert_int_equal(fe_store_open(DIRECTORY, &options, &store), FERRIC_OK);
        check_all(store, expected, FE_SEQUENCE_NEWEST);
        change(store, expected, &random, 1500);
        assert_int_equal(fe_store_snapshot(store, &snapshot), FERRIC_OK);
        *old = *expected;
        change(store, expected, &random, 1500);
        check_all(store, expected, FE_SEQUENCE_NEWEST);
        check_all(store, old, snapshot->sequence);
        if (round % 2 == 1) {
            assert_int_equal(fe_store_compact(store, fe_slice(NULL, 0), fe_slice(NULL, 0)),
                             FERRIC_OK);
            check_all(store, expected, FE_SEQUENCE_NEWEST);
            check_all(store, old, snapshot->sequence);
        }
        assert_int_equal(fe_store_verify(store, NULL, NULL, &report), FERRIC_OK);
        assert_true(report.files > 1);
        fe_store_snapshot_release(store, snapshot);
        assert_int_equal(fe_store_close(store), FERRIC_OK);
    }
    fe_vfs_memory_destroy(vfs);
    free(expected);
    free(old);
}

// A flush of recovered memtables, when nothing was written since, once took the new log for done.
static void test_a_flush_right_after_opening_keeps_the_new_log(void **state)
{
    fe_vfs *vfs;
    fe_store *store;
    ferric_options options;
    model *expected = calloc(1, sizeof *expected);

    (void)state;
    assert_non_null(expected);
    assert_int_equal(fe_vfs_memory_create(&vfs), FERRIC_OK);
    options = small_options(vfs);
    for (unsigned round = 0; round < 3; round++) {
        assert_int_equal(fe_store_open(DIRECTORY, &options, &store), FERRIC_OK);
        assert_int_equal(fe_store_compact(store, fe_slice(NULL, 0), fe_slice(NULL, 0)), FERRIC_OK);
        snprintf(expected->values[round], 64, "round %u", round);
        put(store, round, expected->values[round]);
        assert_int_equal(fe_store_close(store), FERRIC_OK);
        assert_int_equal(fe_store_open(DIRECTORY, &options, &store), FERRIC_OK);
        check_all(store, expected, FE_SEQUENCE_NEWEST);
        assert_int_equal(fe_store_close(store), FERRIC_OK);
    }
    fe_vfs_memory_destroy(vfs);
    free(expected);
}

// The largest memtable has room for it or it is refused: a commit of very many small entries once
// kept its writer looking for a memtable that is large enough.
static void test_a_commit_that_no_memtable_can_hold_is_refused(void **state)
{
    fe_vfs *vfs;
    fe_store *store;
    ferric_options options;
    fe_write_batch batch = {0};

    (void)state;
    assert_int_equal(fe_vfs_memory_create(&vfs), FERRIC_OK);
    options = small_options(vfs);
    assert_int_equal(fe_store_open(DIRECTORY, &options, &store), FERRIC_OK);
    assert_int_equal(fe_write_batch_put(&batch, 20, fe_slice_text("key"), fe_slice_text("1"), NULL),
                     FERRIC_OK);
    batch.cost_bytes = FE_COMMIT_COST_MAX + 1;
    assert_int_equal(fe_store_write(store, &batch, false, NULL), FERRIC_TOO_LARGE);
    fe_write_batch_deinit(&batch);
    assert_int_equal(fe_store_close(store), FERRIC_OK);
    fe_vfs_memory_destroy(vfs);
}

static void put_many(fe_store *store, unsigned first, unsigned count)
{
    char value[3000];
    fe_write_batch batch = {0};

    memset(value, 'v', sizeof value);
    for (unsigned i = first; i < first + count; i++) {
        uint8_t bytes[32];
        ferric_slice key = store_key(bytes, i);
        key = fe_slice(bytes + 4, key.size - 4);
        assert_int_equal(fe_write_batch_put(&batch, 20, key, fe_slice(value, sizeof value), NULL),
                         FERRIC_OK);
    }
    assert_int_equal(fe_store_write(store, &batch, false, NULL), FERRIC_OK);
    fe_write_batch_deinit(&batch);
}

// Each of these commits gets a memtable of its own size, which is all that memtables may take
// together: the next one once waited for a flush that had nothing to do.
static void test_commits_as_large_as_all_memtables_do_not_wait_for_ever(void **state)
{
    fe_vfs *vfs;
    fe_store *store;
    ferric_options options;
    ferric_buffer value = {0};
    uint8_t bytes[32];

    (void)state;
    assert_int_equal(fe_vfs_memory_create(&vfs), FERRIC_OK);
    options = small_options(vfs);
    options.background_threads = 2;
    assert_int_equal(fe_store_open(DIRECTORY, &options, &store), FERRIC_OK);
    for (unsigned i = 0; i < 6; i++)
        put_many(store, i * 25, 25);
    for (unsigned i = 0; i < 150; i++) {
        assert_int_equal(fe_store_get(store, store_key(bytes, i), FE_SEQUENCE_NEWEST, &value, NULL),
                         FERRIC_OK);
    }
    assert_int_equal(fe_store_close(store), FERRIC_OK);
    fe_vfs_memory_destroy(vfs);
    fe_buffer_deinit(&value);
}

typedef struct rivalry {
    fe_store *store;
    fe_write_batch batch;
    fe_thread rival;
    _Atomic(bool) has_come;
    _Atomic(uint64_t) version; // Of the rival's commit.
    uint64_t before;
} rivalry;

static void commit_as_rival(void *argument)
{
    rivalry *self = argument;
    fe_write_batch batch = {0};
    uint64_t version = 0;

    if (fe_write_batch_put(&batch, 20, fe_slice_text("rival"), fe_slice_text("1"), NULL) ==
        FERRIC_OK) {
        atomic_store(&self->has_come, true);
        (void)fe_store_write(self->store, &batch, false, &version);
    }
    fe_write_batch_deinit(&batch);
    atomic_store(&self->version, version);
}

// Fills the batch while somebody else wants to commit, who gets every chance.
static ferric_status fill_beside_rival(void *context)
{
    rivalry *self = context;

    self->before = fe_store_last_sequence(self->store);
    assert_int_equal(fe_thread_start(&self->rival, "rival", commit_as_rival, self), FERRIC_OK);
    while (!atomic_load(&self->has_come))
        fe_thread_yield();
    for (int i = 0; i < 2000 && atomic_load(&self->version) == 0; i++)
        fe_thread_yield();
    assert_int_equal(fe_store_last_sequence(self->store), self->before);
    return fe_write_batch_put(&self->batch, 20, fe_slice_text("own"), fe_slice_text("1"), NULL);
}

static ferric_status fill_nothing(void *context)
{
    (void)context;
    return FERRIC_CONFLICT;
}

static void test_nobody_commits_while_a_batch_is_filled_in_the_turn(void **state)
{
    fe_vfs *vfs;
    ferric_options options;
    rivalry self = {0};
    uint64_t version = 0;

    (void)state;
    assert_int_equal(fe_vfs_memory_create(&vfs), FERRIC_OK);
    options = small_options(vfs);
    assert_int_equal(fe_store_open(DIRECTORY, &options, &self.store), FERRIC_OK);
    put(self.store, 1, "first");
    assert_int_equal(
        fe_store_write_in_turn(self.store, &self.batch, fill_beside_rival, &self, false, &version),
        FERRIC_OK);
    fe_thread_join(&self.rival);
    assert_int_equal(version, self.before + 1);
    assert_int_equal(atomic_load(&self.version), self.before + 2);
    // What the filler answers is the answer, and the turn goes on.
    assert_int_equal(
        fe_store_write_in_turn(self.store, &self.batch, fill_nothing, NULL, false, &version),
        FERRIC_CONFLICT);
    put(self.store, 2, "last");
    fe_write_batch_deinit(&self.batch);
    assert_int_equal(fe_store_close(self.store), FERRIC_OK);
    fe_vfs_memory_destroy(vfs);
}

static void scan_all(fe_store *store, unsigned count)
{
    fe_cursor_options options = {.sequence = FE_SEQUENCE_NEWEST, .fill_cache = true};
    fe_cursor *cursor = NULL;
    unsigned seen = 0;

    assert_int_equal(fe_store_cursor(store, &options, &cursor), FERRIC_OK);
    for (bool ok = fe_cursor_first(cursor); ok; ok = fe_cursor_next(cursor))
        seen++;
    assert_int_equal(seen, count);
    fe_cursor_destroy(cursor);
}

// How much scans have still to pay until level 0 is merged for them.
static uint64_t owed_by_scans(fe_store *store)
{
    fe_view *view = fe_store_view(store);
    uint64_t price = fe_compaction_overlap_price(view->version);
    uint64_t paid = atomic_load(&store->overlap_bytes);

    fe_view_unref(view);
    return price > paid ? price - paid : 0;
}

static void test_scans_over_overlapping_tables_have_them_merged(void **state)
{
    const unsigned count = 25;
    fe_vfs *vfs;
    fe_store *store;
    ferric_options options;
    uint64_t owed;
    bool did_work;

    (void)state;
    assert_int_equal(fe_vfs_memory_create(&vfs), FERRIC_OK);
    options = small_options(vfs);
    assert_int_equal(fe_store_open(DIRECTORY, &options, &store), FERRIC_OK);
    for (int i = 0; i < 2; i++) {
        put_many(store, 0, count);
        assert_int_equal(fe_store_flush(store), FERRIC_OK);
    }
    owed = owed_by_scans(store);
    assert_true(owed > FE_OVERLAP_SEEK_BYTES && owed < UINT64_MAX);
    while (owed > 0) {
        assert_int_equal(fe_store_compact_once(store, &did_work), FERRIC_OK);
        assert_false(did_work);
        scan_all(store, count);
        assert_true(owed_by_scans(store) < owed);
        owed = owed_by_scans(store);
    }
    assert_int_equal(fe_store_compact_once(store, &did_work), FERRIC_OK);
    assert_true(did_work);
    // One table is left, which no scan pays for.
    assert_int_equal(atomic_load(&store->overlap_bytes), 0);
    scan_all(store, count);
    assert_int_equal(owed_by_scans(store), UINT64_MAX);
    assert_int_equal(atomic_load(&store->overlap_bytes), 0);
    assert_int_equal(fe_store_close(store), FERRIC_OK);
    fe_vfs_memory_destroy(vfs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_store_keeps_what_was_written_through_everything),
        cmocka_unit_test(test_a_flush_right_after_opening_keeps_the_new_log),
        cmocka_unit_test(test_a_commit_that_no_memtable_can_hold_is_refused),
        cmocka_unit_test(test_nobody_commits_while_a_batch_is_filled_in_the_turn),
        cmocka_unit_test(test_commits_as_large_as_all_memtables_do_not_wait_for_ever),
        cmocka_unit_test(test_scans_over_overlapping_tables_have_them_merged),
    };
    return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
