// SPDX-License-Identifier: Apache-2.0
// One thread appends while others sync, as the timer of a periodic policy does; a sync that fails
// in one of them stops all.
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>

#include <cmocka.h>

#include "log_frames.h"
#include "os/thread.h"
#include "support/vfs_record.h"

#define SYNCERS 2
#define FRAMES 2000

typedef struct shared {
    fe_record_log_writer *writer;
    _Atomic(bool) is_done;
    _Atomic(uint32_t) good;
    _Atomic(uint32_t) unknown;
    _Atomic(uint32_t) mistakes; // cmocka's asserts are for the main thread alone.
} shared;

static void sync_until_done(void *argument)
{
    shared *all = argument;
    bool has_failed = false;
    bool is_done;

    do {
        is_done = atomic_load(&all->is_done);
        ferric_status status = fe_record_log_sync(all->writer);
        if (status == FERRIC_OK) {
            atomic_fetch_add(&all->good, 1);
            if (has_failed) atomic_fetch_add(&all->mistakes, 1);
        } else if (status == FERRIC_OUTCOME_UNKNOWN) {
            atomic_fetch_add(&all->unknown, 1);
            has_failed = true;
        } else {
            atomic_fetch_add(&all->mistakes, 1);
        }
        fe_thread_yield();
    } while (!is_done);
}

// Appends until it is done or refused; returns how many frames were taken.
static uint64_t append_beside_syncs(shared *all, vfs_record *record, fault_plan faults)
{
    fe_thread threads[SYNCERS];
    uint64_t appended = 0;

    all->writer = log_create(vfs_record_vfs(record));
    vfs_record_set_plan(record, faults);
    for (int i = 0; i < SYNCERS; i++)
        assert_int_equal(fe_thread_start(&threads[i], "sync", sync_until_done, all), FERRIC_OK);
    for (; appended < FRAMES; appended++) {
        ferric_status status = log_append(all->writer, appended + 1, 0, appended % 200, 2);
        if (status == FERRIC_READ_ONLY) break;
        if (status != FERRIC_OK) atomic_fetch_add(&all->mistakes, 1);
        if (appended % 8 == 0) fe_thread_yield();
    }
    atomic_store(&all->is_done, true);
    for (int i = 0; i < SYNCERS; i++)
        fe_thread_join(&threads[i]);
    return appended;
}

static void test_record_log_is_synced_beside_appends(void **state)
{
    vfs_record *record = vfs_record_create(disk_create(), 1);
    shared all = {0};
    fe_frame_result result;
    uint64_t offset;

    (void)state;
    assert_int_equal(append_beside_syncs(&all, record, (fault_plan){0}), FRAMES);
    assert_int_equal(all.mistakes, 0);
    assert_int_equal(all.unknown, 0);
    assert_true(all.good >= SYNCERS);
    fe_record_log_close(all.writer);
    assert_int_equal(log_read_file(vfs_record_vfs(record), &result, &offset), FRAMES);
    assert_null(vfs_record_violation(record));
    vfs_record_destroy(record);
}

// The vfs itself objects to a sync after one that failed.
static void test_record_log_sync_that_fails_stops_every_thread(void **state)
{
    (void)state;
    for (uint64_t call = 1; call < 40; call += 3) {
        vfs_record *record = vfs_record_create(disk_create(), 1);
        shared all = {0};

        append_beside_syncs(&all, record, (fault_plan){FAULT_SYNC_KEPT, call, false});
        assert_int_equal(all.mistakes, 0);
        while (all.unknown == 0) // There were fewer syncs than the plan waits for.
            sync_until_done(&all);
        assert_int_equal(fe_record_log_sync(all.writer), FERRIC_OUTCOME_UNKNOWN);
        assert_int_equal(fe_record_log_reserve(all.writer, 1), FERRIC_READ_ONLY);
        assert_int_equal(vfs_record_hits(record), 1);
        assert_null(vfs_record_violation(record));
        fe_record_log_close(all.writer);
        vfs_record_destroy(record);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_record_log_is_synced_beside_appends),
        cmocka_unit_test(test_record_log_sync_that_fails_stops_every_thread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
