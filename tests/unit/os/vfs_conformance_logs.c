// SPDX-License-Identifier: Apache-2.0
// Conformance of every vfs: logs and locks.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/status.h"
#include "os/thread.h"
#include "unit/os/vfs_conformance.h"

// ---- Logs -----------------------------------------------------------------------------------

static fe_log_file *create_log(vfs_fixture *fixture, const char *name, fe_log_mode mode)
{
    fe_log_file *log = NULL;
    assert_int_equal(fe_vfs_create_log(fixture->vfs, path_of(fixture, name), mode, &log),
                     FERRIC_OK);
    assert_non_null(log);
    return log;
}

// Bytes behind the last span are zeros, or are not there.
static void assert_log(vfs_fixture *fixture, const char *name, const void *expected, size_t size)
{
    fe_file *file = open_file(fixture, name, FE_OPEN_READ);
    uint64_t file_size;
    uint8_t *content;
    size_t got;

    assert_int_equal(fe_file_size(file, &file_size), FERRIC_OK);
    assert_true(file_size >= size);
    content = malloc((size_t)file_size);
    assert_non_null(content);
    assert_int_equal(fe_file_read_at(file, 0, content, (size_t)file_size, &got), FERRIC_OK);
    assert_int_equal(got, file_size);
    assert_memory_equal(content, expected, size);
    for (size_t i = size; i < got; i++) {
        assert_int_equal(content[i], 0);
    }
    free(content);
    fe_file_close(file);
}

static void test_create_log_refuses_an_existing_file(void **state)
{
    vfs_fixture *fixture = *state;
    fe_log_file *log = (fe_log_file *)fixture;

    make_file(fixture, "log", "kept");
    assert_fault(fe_vfs_create_log(fixture->vfs, path_of(fixture, "log"), FE_LOG_SYNCED, &log),
                 FERRIC_ALREADY_EXISTS, "/log");
    assert_null(log);
    assert_answer(fe_vfs_create_log(fixture->vfs, path_of(fixture, "no/log"), FE_LOG_SYNCED, &log),
                  FERRIC_NOT_FOUND);
    assert_file(fixture, "log", "kept");
    fe_log_file_close(NULL);
}

static void check_spans(vfs_fixture *fixture, const char *name, fe_log_mode mode)
{
    fe_log_file *log = create_log(fixture, name, mode);

    assert_log(fixture, name, "", 0);
    assert_int_equal(fe_log_file_reserve(log, 100), FERRIC_OK);
    assert_log(fixture, name, "", 0);
    assert_int_equal(fe_log_file_commit(log, 0, "first ", 6), FERRIC_OK);
    assert_log(fixture, name, "first ", 6); // Before any sync: the kernel has it.
    assert_int_equal(fe_log_file_sync(log), FERRIC_OK);
    assert_int_equal(fe_log_file_reserve(log, 12), FERRIC_OK); // Less than before: nothing to do.
    assert_int_equal(fe_log_file_commit(log, 6, "second", 6), FERRIC_OK);
    assert_int_equal(fe_log_file_commit(log, 94, "at end", 6), FERRIC_OK);
    assert_int_equal(fe_log_file_commit(log, 94, "\0\0\0\0\0\0", 6), FERRIC_OK); // Voided.
    assert_log(fixture, name, "first second", 12);
    fe_log_file_close(log);
    assert_log(fixture, name, "first second", 12);
}

static void test_spans_of_a_log_are_read_back_followed_by_zeros(void **state)
{
    vfs_fixture *fixture = *state;

    check_spans(fixture, "synced", FE_LOG_SYNCED);
    check_spans(fixture, "buffered", FE_LOG_BUFFERED);
}

static void check_growth(vfs_fixture *fixture, const char *name, fe_log_mode mode)
{
    const size_t total = (size_t)3 << 20;
    fe_log_file *log = create_log(fixture, name, mode);
    uint8_t *content = malloc(total);
    size_t end = 0;

    assert_non_null(content);
    for (size_t i = 0; i < total; i++) {
        content[i] = (uint8_t)(i * 7 + i / 253);
    }
    for (size_t size = 1; end < total; size = size * 3 % 70001 + 1) {
        if (size > total - end) size = total - end;
        assert_int_equal(fe_log_file_reserve(log, end + size), FERRIC_OK);
        assert_int_equal(fe_log_file_commit(log, end, content + end, size), FERRIC_OK);
        end += size;
    }
    assert_int_equal(fe_log_file_sync(log), FERRIC_OK);
    assert_log(fixture, name, content, total);
    fe_log_file_close(log);
    free(content);
}

static void test_a_log_grows_as_it_is_reserved(void **state)
{
    vfs_fixture *fixture = *state;

    check_growth(fixture, "synced", FE_LOG_SYNCED);
    check_growth(fixture, "buffered", FE_LOG_BUFFERED);
}

static void test_trim_leaves_the_spans_and_nothing_else(void **state)
{
    static const fe_log_mode modes[] = {FE_LOG_SYNCED, FE_LOG_BUFFERED};
    vfs_fixture *fixture = *state;

    for (size_t i = 0; i < 2; i++) {
        const char *name = modes[i] == FE_LOG_SYNCED ? "synced" : "buffered";
        fe_log_file *log = create_log(fixture, name, modes[i]);
        assert_int_equal(fe_log_file_reserve(log, 300000), FERRIC_OK);
        assert_int_equal(fe_log_file_commit(log, 0, "spans", 5), FERRIC_OK);
        assert_int_equal(fe_log_file_trim(log, 5), FERRIC_OK);
        assert_int_equal(fe_log_file_sync(log), FERRIC_OK);
        fe_log_file_close(log);
        assert_file(fixture, name, "spans");
    }
}

typedef struct log_writer {
    fe_log_file *log;
    _Atomic(uint32_t) is_done;
} log_writer;

static void commit_many_spans(void *argument)
{
    log_writer *writer = argument;

    for (uint64_t i = 0; i < 1000; i++) {
        if (fe_log_file_commit(writer->log, i * 8, "spanspan", 8) != FERRIC_OK) break;
        atomic_fetch_add(&writer->is_done, i == 999);
    }
}

static void test_sync_may_run_beside_commits(void **state)
{
    vfs_fixture *fixture = *state;
    log_writer writer = {create_log(fixture, "log", FE_LOG_SYNCED), 0};
    fe_thread thread;

    assert_int_equal(fe_log_file_reserve(writer.log, 8000), FERRIC_OK);
    assert_int_equal(fe_thread_start(&thread, "writer", commit_many_spans, &writer), FERRIC_OK);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(fe_log_file_sync(writer.log), FERRIC_OK);
    }
    fe_thread_join(&thread);
    assert_int_equal(writer.is_done, 1);
    fe_log_file_close(writer.log);
}

// ---- Locks ----------------------------------------------------------------------------------

static fe_lock *acquire(vfs_fixture *fixture, fe_lock_mode mode)
{
    fe_lock *lock = NULL;
    uint64_t holder;
    assert_int_equal(fe_vfs_lock(fixture->vfs, path_of(fixture, "LOCK"), mode, &lock, &holder),
                     FERRIC_OK);
    assert_non_null(lock);
    assert_int_equal(holder, 0);
    return lock;
}

static void assert_locked(vfs_fixture *fixture, fe_lock_mode mode, uint64_t expected_holder)
{
    fe_lock *lock = (fe_lock *)fixture;
    uint64_t holder = 77;
    assert_answer(fe_vfs_lock(fixture->vfs, path_of(fixture, "LOCK"), mode, &lock, &holder),
                  FERRIC_LOCKED);
    assert_null(lock);
    assert_int_equal(holder, expected_holder);
}

static void test_an_exclusive_lock_refuses_others_and_names_its_holder(void **state)
{
    vfs_fixture *fixture = *state;
    fe_lock *lock = acquire(fixture, FE_LOCK_EXCLUSIVE);
    char text[32];

    assert_locked(fixture, FE_LOCK_EXCLUSIVE, fe_process_id());
    assert_locked(fixture, FE_LOCK_SHARED, fe_process_id());
    snprintf(text, sizeof text, "%llu\n", (unsigned long long)fe_process_id());
    assert_file(fixture, "LOCK", text);
    fe_vfs_unlock(fixture->vfs, lock);
    fe_vfs_unlock(fixture->vfs, acquire(fixture, FE_LOCK_EXCLUSIVE));
    fe_vfs_unlock(fixture->vfs, acquire(fixture, FE_LOCK_SHARED));
    fe_vfs_unlock(fixture->vfs, NULL);
}

static void test_shared_locks_live_together_and_refuse_a_writer(void **state)
{
    vfs_fixture *fixture = *state;
    fe_lock *first;
    fe_lock *second;

    fe_vfs_unlock(fixture->vfs, acquire(fixture, FE_LOCK_EXCLUSIVE)); // Leaves its id in the file.
    first = acquire(fixture, FE_LOCK_SHARED);
    second = acquire(fixture, FE_LOCK_SHARED);
    assert_locked(fixture, FE_LOCK_EXCLUSIVE, 0);
    fe_vfs_unlock(fixture->vfs, first);
    assert_locked(fixture, FE_LOCK_EXCLUSIVE, 0);
    fe_vfs_unlock(fixture->vfs, second);
    fe_vfs_unlock(fixture->vfs, acquire(fixture, FE_LOCK_EXCLUSIVE));
}

static void test_a_shared_lock_needs_a_file_and_writes_nothing(void **state)
{
    vfs_fixture *fixture = *state;
    uint64_t holder;
    fe_lock *lock;

    assert_answer(
        fe_vfs_lock(fixture->vfs, path_of(fixture, "LOCK"), FE_LOCK_SHARED, &lock, &holder),
        FERRIC_NOT_FOUND);
    assert_null(lock);
    assert_int_equal(kind_of(fixture, "LOCK"), FE_PATH_NONE);
    make_file(fixture, "LOCK", "as it was");
    lock = acquire(fixture, FE_LOCK_SHARED);
    assert_file(fixture, "LOCK", "as it was");
    fe_vfs_unlock(fixture->vfs, lock);
}

static void probe(vfs_fixture *fixture, ferric_status expected, uint64_t expected_holder)
{
    fe_lock *lock = (fe_lock *)fixture;
    uint64_t holder = 77;

    assert_answer(
        fe_vfs_lock(fixture->vfs, path_of(fixture, "LOCK"), FE_LOCK_PROBE, &lock, &holder),
        expected);
    assert_null(lock);
    assert_int_equal(holder, expected_holder);
}

static void test_a_probe_tells_of_a_writer_and_takes_nothing(void **state)
{
    vfs_fixture *fixture = *state;
    fe_lock *lock;

    probe(fixture, FERRIC_NOT_FOUND, 0);
    assert_int_equal(kind_of(fixture, "LOCK"), FE_PATH_NONE);
    lock = acquire(fixture, FE_LOCK_EXCLUSIVE);
    probe(fixture, FERRIC_LOCKED, fe_process_id());
    assert_locked(fixture, FE_LOCK_EXCLUSIVE, fe_process_id()); // Still held.
    fe_vfs_unlock(fixture->vfs, lock);
    probe(fixture, FERRIC_OK, 0);
    lock = acquire(fixture, FE_LOCK_SHARED);
    probe(fixture, FERRIC_OK, 0);
    fe_vfs_unlock(fixture->vfs, lock);
    fe_vfs_unlock(fixture->vfs, acquire(fixture, FE_LOCK_EXCLUSIVE));
}

static void test_a_lock_replaces_a_longer_text_in_its_file(void **state)
{
    vfs_fixture *fixture = *state;
    fe_lock *lock;
    char text[32];

    make_file(fixture, "LOCK", "99999999999999999999999999999999999 and more");
    lock = acquire(fixture, FE_LOCK_EXCLUSIVE);
    snprintf(text, sizeof text, "%llu\n", (unsigned long long)fe_process_id());
    assert_file(fixture, "LOCK", text);
    fe_vfs_unlock(fixture->vfs, lock);
}

static void test_closing_other_handles_of_its_file_does_not_lose_a_lock(void **state)
{
    vfs_fixture *fixture = *state;
    fe_lock *lock = acquire(fixture, FE_LOCK_EXCLUSIVE);

    fe_file_close(open_file(fixture, "LOCK", FE_OPEN_READ));
    fe_file_close(open_file(fixture, "LOCK", FE_OPEN_WRITE));
    assert_locked(fixture, FE_LOCK_EXCLUSIVE, fe_process_id());
    fe_vfs_unlock(fixture->vfs, lock);
}

static void test_locks_of_different_files_are_apart(void **state)
{
    vfs_fixture *fixture = *state;
    fe_lock *lock = acquire(fixture, FE_LOCK_EXCLUSIVE);
    fe_lock *other;
    uint64_t holder;

    assert_int_equal(
        fe_vfs_lock(fixture->vfs, path_of(fixture, "OTHER"), FE_LOCK_EXCLUSIVE, &other, &holder),
        FERRIC_OK);
    fe_vfs_unlock(fixture->vfs, lock);
    fe_vfs_unlock(fixture->vfs, acquire(fixture, FE_LOCK_EXCLUSIVE));
    fe_vfs_unlock(fixture->vfs, other);
    assert_fault(fe_vfs_lock(fixture->vfs, fixture->root, FE_LOCK_EXCLUSIVE, &other, &holder),
                 FERRIC_IO, fixture->root);
}

const vfs_case vfs_log_cases[] = {
    VFS_CASE(test_create_log_refuses_an_existing_file),
    VFS_CASE(test_spans_of_a_log_are_read_back_followed_by_zeros),
    VFS_CASE(test_a_log_grows_as_it_is_reserved),
    VFS_CASE(test_trim_leaves_the_spans_and_nothing_else),
    VFS_CASE(test_sync_may_run_beside_commits),
    VFS_CASE(test_an_exclusive_lock_refuses_others_and_names_its_holder),
    VFS_CASE(test_shared_locks_live_together_and_refuse_a_writer),
    VFS_CASE(test_a_shared_lock_needs_a_file_and_writes_nothing),
    VFS_CASE(test_a_probe_tells_of_a_writer_and_takes_nothing),
    VFS_CASE(test_a_lock_replaces_a_longer_text_in_its_file),
    VFS_CASE(test_closing_other_handles_of_its_file_does_not_lose_a_lock),
    VFS_CASE(test_locks_of_different_files_are_apart),
    {NULL, NULL},
};
