// SPDX-License-Identifier: Apache-2.0
// One thread appends into a ring while one drains it and one syncs, on the machine's own mapping.
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "format/log_ring.h"
#include "log_frames.h"
#include "os/thread.h"

#define FRAMES 20000u

typedef struct shared {
    fe_record_log_writer *writer;
    _Atomic(bool) is_done;
    _Atomic(uint32_t) mistakes; // cmocka's asserts are for the main thread alone.
} shared;

static void drain_until_done(void *argument)
{
    shared *all = argument;

    while (!atomic_load(&all->is_done)) {
        if (fe_record_log_drain(all->writer) != FERRIC_OK) atomic_fetch_add(&all->mistakes, 1);
        fe_thread_yield();
    }
}

static void sync_until_done(void *argument)
{
    shared *all = argument;

    while (!atomic_load(&all->is_done)) {
        if (fe_record_log_sync(all->writer) != FERRIC_OK) atomic_fetch_add(&all->mistakes, 1);
        fe_thread_sleep_ns(1000000);
    }
}

static void append_all(shared *all)
{
    fe_thread drainer;
    fe_thread syncer;

    assert_int_equal(fe_thread_start(&drainer, "drain", drain_until_done, all), FERRIC_OK);
    assert_int_equal(fe_thread_start(&syncer, "sync", sync_until_done, all), FERRIC_OK);
    for (uint64_t i = 1; i <= FRAMES; i++) {
        // One in a thousand is too large for the ring.
        size_t size = i % 1000 == 0 ? FE_LOG_RING_SIZE_MIN : (size_t)(i % 300);
        if (log_append(all->writer, i, 0, size, 1) != FERRIC_OK) {
            atomic_fetch_add(&all->mistakes, 1);
        }
    }
    atomic_store(&all->is_done, true);
    fe_thread_join(&drainer);
    fe_thread_join(&syncer);
}

static void test_log_ring_is_drained_and_synced_beside_appends(void **state)
{
    char directory[] = "/tmp/ferric-ring-XXXXXX";
    fe_file_header header = log_header();
    fe_vfs *vfs = fe_vfs_posix();
    shared all = {0};
    fe_frame_result result;
    uint64_t offset;

    (void)state;
    assert_non_null(mkdtemp(directory));
    assert_int_equal(chdir(directory), 0);
    assert_int_equal(fe_record_log_create_with_ring(vfs, LOG_PATH, &header, 4096,
                                                    FE_LOG_RING_SIZE_MIN, &all.writer),
                     FERRIC_OK);
    append_all(&all);
    assert_int_equal(all.mistakes, 0);
    assert_int_equal(log_read_file(vfs, &result, &offset), FRAMES);
    assert_int_equal(fe_record_log_finish(all.writer), FERRIC_OK);
    assert_int_equal(log_read_file(vfs, &result, &offset), FRAMES);
    fe_record_log_close(all.writer);
    assert_int_equal(fe_vfs_remove(vfs, LOG_PATH), FERRIC_OK);
    assert_int_equal(chdir("/"), 0);
    assert_int_equal(fe_vfs_remove_directory(vfs, directory), FERRIC_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_log_ring_is_drained_and_synced_beside_appends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
