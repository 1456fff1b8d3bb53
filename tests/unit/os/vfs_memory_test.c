// SPDX-License-Identifier: Apache-2.0
// The file system in memory: the contract of every vfs, no memory, and many threads.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/status.h"
#include "os/thread.h"
#include "unit/base/allocator.h"
#include "unit/os/vfs_conformance.h"

static int make_fixture(void **state)
{
    static vfs_fixture fixture;

    if (fe_vfs_memory_create(&fixture.vfs) != FERRIC_OK) return -1;
    strcpy(fixture.root, "db");
    *state = &fixture;
    return fe_vfs_make_directory(fixture.vfs, "db") == FERRIC_OK ? 0 : -1;
}

static int drop_fixture(void **state)
{
    vfs_fixture *fixture = *state;

    fe_allocator_set(NULL);
    fe_vfs_memory_destroy(fixture->vfs);
    return 0;
}

static void test_two_file_systems_know_nothing_of_each_other(void **state)
{
    vfs_fixture *fixture = *state;
    fe_path_kind kind;
    fe_vfs *other;

    assert_int_equal(fe_vfs_memory_create(&other), FERRIC_OK);
    make_file(fixture, "file", "here");
    assert_int_equal(fe_vfs_stat(other, "db", &kind, NULL), FERRIC_OK);
    assert_int_equal(kind, FE_PATH_NONE);
    fe_vfs_memory_destroy(other);
    assert_file(fixture, "file", "here");
    fe_vfs_memory_destroy(NULL);
}

static void test_the_root_is_there_under_all_its_names(void **state)
{
    vfs_fixture *fixture = *state;
    static const char *const names[] = {"/", ".", "./", "//", "..", "db/.."};
    fe_path_kind kind;

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_int_equal(fe_vfs_stat(fixture->vfs, names[i], &kind, NULL), FERRIC_OK);
        assert_int_equal(kind, FE_PATH_DIRECTORY);
        assert_int_equal(fe_vfs_make_directory(fixture->vfs, names[i]), FERRIC_ALREADY_EXISTS);
        assert_int_equal(fe_vfs_remove_directory(fixture->vfs, names[i]), FERRIC_IO);
    }
}

static void test_free_space_is_unknown(void **state)
{
    vfs_fixture *fixture = *state;
    uint64_t free_bytes;

    assert_int_equal(fe_vfs_free_space(fixture->vfs, "/", &free_bytes), FERRIC_OK);
    assert_true(free_bytes == UINT64_MAX);
}

static void test_a_commit_below_the_reserved_end_needs_no_memory(void **state)
{
    vfs_fixture *fixture = *state;
    test_allocator allocator;
    fe_log_file *log;
    char span[100] = "span";

    assert_int_equal(fe_vfs_create_log(fixture->vfs, "db/log", FE_LOG_SYNCED, &log), FERRIC_OK);
    assert_int_equal(fe_log_file_reserve(log, 10000), FERRIC_OK);
    test_allocator_install(&allocator, 0);
    for (uint64_t offset = 0; offset < 10000; offset += sizeof span) {
        assert_int_equal(fe_log_file_commit(log, offset, span, sizeof span), FERRIC_OK);
    }
    assert_int_equal(fe_log_file_reserve(log, 1000000), FERRIC_NO_MEMORY);
    fe_allocator_set(NULL);
    fe_log_file_close(log);
}

// Every call that allocates, in an order in which each can be undone by the teardown.
static ferric_status do_all(vfs_fixture *fixture)
{
    fe_vfs *vfs = fixture->vfs;
    fe_log_file *log = NULL;
    fe_file *file = NULL;
    fe_lock *lock = NULL;
    ferric_buffer names = {0};
    uint64_t holder;
    ferric_status status = fe_vfs_make_directory(vfs, "db/dir");

    if (status == FERRIC_OK) status = fe_vfs_open(vfs, "db/file", FE_OPEN_CREATE, &file);
    if (status == FERRIC_OK) status = fe_file_write_at(file, 1000, "content", 7);
    if (status == FERRIC_OK) status = fe_file_truncate(file, 100000);
    if (status == FERRIC_OK) status = fe_vfs_create_log(vfs, "db/log", FE_LOG_BUFFERED, &log);
    if (status == FERRIC_OK) status = fe_log_file_reserve(log, 5000);
    if (status == FERRIC_OK) status = fe_vfs_link(vfs, "db/file", "db/dir/link");
    if (status == FERRIC_OK) status = fe_vfs_rename(vfs, "db/file", "db/moved");
    if (status == FERRIC_OK) {
        status = fe_vfs_lock(vfs, "db/LOCK", FE_LOCK_EXCLUSIVE, &lock, &holder);
    }
    if (status == FERRIC_OK) status = fe_vfs_list(vfs, "db", &names);
    fe_vfs_unlock(vfs, lock);
    fe_file_close(file);
    fe_log_file_close(log);
    fe_buffer_deinit(&names);
    return status;
}

static void test_each_refused_allocation_is_no_memory_and_leaks_nothing(void **state)
{
    size_t granted = 0;
    ferric_status status = FERRIC_NO_MEMORY;

    (void)state;
    for (; status != FERRIC_OK; granted++) {
        vfs_fixture fixture = {.root = "db"};
        test_allocator allocator;
        test_allocator_install(&allocator, granted);
        status = fe_vfs_memory_create(&fixture.vfs);
        if (status == FERRIC_OK) status = fe_vfs_make_directory(fixture.vfs, "db");
        if (status == FERRIC_OK) status = do_all(&fixture);
        fe_vfs_memory_destroy(fixture.vfs);
        assert_int_equal(allocator.live_count, 0);
        assert_true(status == FERRIC_OK || status == FERRIC_NO_MEMORY);
        assert_true(granted < 100);
    }
    assert_true(granted > 15); // The script allocates more often than this.
    fe_allocator_set(NULL);
}

static void test_without_memory_names_and_content_stay(void **state)
{
    vfs_fixture *fixture = *state;
    test_allocator allocator;
    fe_file *file;
    fe_file *refused;
    char large[5000] = "";

    make_file(fixture, "file", "content");
    file = open_file(fixture, "file", FE_OPEN_WRITE);
    test_allocator_install(&allocator, 0);
    assert_int_equal(fe_file_write_at(file, 3, large, sizeof large), FERRIC_NO_MEMORY);
    assert_int_equal(fe_file_write_at(file, UINT64_MAX, large, 1), FERRIC_NO_MEMORY);
    assert_int_equal(fe_file_write_at(file, UINT64_MAX - 100, large, 1000), FERRIC_NO_MEMORY);
    assert_int_equal(fe_file_truncate(file, 5000), FERRIC_NO_MEMORY);
    assert_int_equal(fe_vfs_open(fixture->vfs, "db/x", FE_OPEN_CREATE, &refused), FERRIC_NO_MEMORY);
    assert_null(refused);
    assert_int_equal(fe_vfs_rename(fixture->vfs, "db/file", "db/x"), FERRIC_NO_MEMORY);
    fe_allocator_set(NULL);
    fe_file_close(file);
    assert_file(fixture, "file", "content");
    assert_int_equal(kind_of(fixture, "x"), FE_PATH_NONE);
}

#define WORKER_COUNT 4
#define ROUND_COUNT 300

typedef struct worker {
    vfs_fixture *fixture;
    unsigned number;
    unsigned failed_calls;
} worker;

// Makes, moves, links and removes names of its own in a directory that all share.
static void change_names(void *argument)
{
    worker *self = argument;
    fe_vfs *vfs = self->fixture->vfs;
    ferric_buffer names = {0};
    char from[32];
    char to[32];

    for (int round = 0; round < ROUND_COUNT; round++) {
        fe_file *file;
        snprintf(from, sizeof from, "db/%u-%d", self->number, round);
        snprintf(to, sizeof to, "db/%u-current", self->number);
        if (fe_vfs_open(vfs, from, FE_OPEN_CREATE, &file) != FERRIC_OK) {
            self->failed_calls++;
            continue;
        }
        self->failed_calls += fe_file_write_at(file, 0, from, sizeof from) != FERRIC_OK;
        fe_file_close(file);
        self->failed_calls += fe_vfs_rename(vfs, from, to) != FERRIC_OK;
        self->failed_calls += fe_vfs_link(vfs, to, from) != FERRIC_OK;
        self->failed_calls += fe_vfs_remove(vfs, from) != FERRIC_OK;
        self->failed_calls += fe_vfs_list(vfs, "db", &names) != FERRIC_OK;
    }
    fe_buffer_deinit(&names);
}

static void test_many_threads_change_one_directory(void **state)
{
    vfs_fixture *fixture = *state;
    worker workers[WORKER_COUNT];
    fe_thread threads[WORKER_COUNT];
    ferric_buffer names = {0};

    for (unsigned i = 0; i < WORKER_COUNT; i++) {
        worker fresh = {fixture, i, 0};
        workers[i] = fresh;
        assert_int_equal(fe_thread_start(&threads[i], "worker", change_names, &workers[i]),
                         FERRIC_OK);
    }
    for (unsigned i = 0; i < WORKER_COUNT; i++) {
        fe_thread_join(&threads[i]);
        assert_int_equal(workers[i].failed_calls, 0);
    }
    assert_int_equal(fe_vfs_list(fixture->vfs, "db", &names), FERRIC_OK);
    assert_int_equal(names.size, WORKER_COUNT * sizeof "0-current");
    assert_memory_equal(names.data, "0-current\0001-current\0002-current\0003-current", names.size);
    fe_buffer_deinit(&names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_two_file_systems_know_nothing_of_each_other,
                                        make_fixture, drop_fixture),
        cmocka_unit_test_setup_teardown(test_the_root_is_there_under_all_its_names, make_fixture,
                                        drop_fixture),
        cmocka_unit_test_setup_teardown(test_free_space_is_unknown, make_fixture, drop_fixture),
        cmocka_unit_test_setup_teardown(test_a_commit_below_the_reserved_end_needs_no_memory,
                                        make_fixture, drop_fixture),
        cmocka_unit_test(test_each_refused_allocation_is_no_memory_and_leaks_nothing),
        cmocka_unit_test_setup_teardown(test_without_memory_names_and_content_stay, make_fixture,
                                        drop_fixture),
        cmocka_unit_test_setup_teardown(test_many_threads_change_one_directory, make_fixture,
                                        drop_fixture),
    };
    int failed = run_vfs_conformance("vfs contract in memory", make_fixture, drop_fixture);

    return failed + cmocka_run_group_tests(tests, NULL, NULL);
}
