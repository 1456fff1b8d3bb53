// SPDX-License-Identifier: Apache-2.0
// What the system may do to a call: interrupt it, do half of it, refuse it. The linker puts the
// functions named __wrap_... in the place of the library's system calls.
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/status.h"
#include "os/thread.h"
#include "unit/os/vfs_conformance.h"

// ---- The system -----------------------------------------------------------------------------

// What the next calls meet.
static struct {
    unsigned interrupted_count; // Calls that fail by EINTR first.
    int error;                  // Then the errno of every call, 0 for none.
    size_t piece_max;           // Then the most bytes that one call does.
    int allocation_error;       // The errno of fallocate alone, 0 for none.
    int zeros_error;            // The errno of pwritev alone, 0 for none.
    unsigned call_count;
} weather;

static void set_weather(unsigned interrupted_count, int error, size_t piece_max)
{
    weather.interrupted_count = interrupted_count;
    weather.error = error;
    weather.piece_max = piece_max;
    weather.allocation_error = 0;
    weather.zeros_error = 0;
    weather.call_count = 0;
}

static void set_fair_weather(void)
{
    set_weather(0, 0, SIZE_MAX);
}

static bool call_fails(void)
{
    weather.call_count++;
    if (weather.interrupted_count > 0) {
        weather.interrupted_count--;
        errno = EINTR;
        return true;
    }
    errno = weather.error;
    return weather.error != 0;
}

static size_t piece_of(size_t size)
{
    return size < weather.piece_max ? size : weather.piece_max;
}

ssize_t __real_pread64(int descriptor, void *data, size_t size, off64_t offset);
ssize_t __wrap_pread64(int descriptor, void *data, size_t size, off64_t offset);
ssize_t __wrap_pread64(int descriptor, void *data, size_t size, off64_t offset)
{
    return call_fails() ? -1 : __real_pread64(descriptor, data, piece_of(size), offset);
}

ssize_t __real_pwrite64(int descriptor, const void *data, size_t size, off64_t offset);
ssize_t __wrap_pwrite64(int descriptor, const void *data, size_t size, off64_t offset);
ssize_t __wrap_pwrite64(int descriptor, const void *data, size_t size, off64_t offset)
{
    return call_fails() ? -1 : __real_pwrite64(descriptor, data, piece_of(size), offset);
}

ssize_t __wrap_pwritev64(int descriptor, const struct iovec *parts, int count, off64_t offset);
ssize_t __wrap_pwritev64(int descriptor, const struct iovec *parts, int count, off64_t offset)
{
    size_t size = parts[0].iov_len;

    (void)count; // The first part alone is a short write too.
    if (call_fails()) return -1;
    errno = weather.zeros_error;
    return errno != 0 ? -1 : __real_pwrite64(descriptor, parts[0].iov_base, piece_of(size), offset);
}

int __real_ftruncate64(int descriptor, off64_t size);
int __wrap_ftruncate64(int descriptor, off64_t size);
int __wrap_ftruncate64(int descriptor, off64_t size)
{
    return call_fails() ? -1 : __real_ftruncate64(descriptor, size);
}

int __real_fallocate64(int descriptor, int mode, off64_t offset, off64_t size);
int __wrap_fallocate64(int descriptor, int mode, off64_t offset, off64_t size);
int __wrap_fallocate64(int descriptor, int mode, off64_t offset, off64_t size)
{
    if (call_fails()) return -1;
    errno = weather.allocation_error;
    return errno != 0 ? -1 : __real_fallocate64(descriptor, mode, offset, size);
}

int __real_fdatasync(int descriptor);
int __wrap_fdatasync(int descriptor);
int __wrap_fdatasync(int descriptor)
{
    return call_fails() ? -1 : __real_fdatasync(descriptor);
}

int __real_fsync(int descriptor);
int __wrap_fsync(int descriptor);
int __wrap_fsync(int descriptor)
{
    return call_fails() ? -1 : __real_fsync(descriptor);
}

int __real_open64(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...)
{
    va_list arguments;
    mode_t mode = 0;

    va_start(arguments, flags);
    if (flags & O_CREAT) mode = va_arg(arguments, mode_t);
    va_end(arguments);
    return call_fails() ? -1 : __real_open64(path, flags, mode);
}

ssize_t __real_getrandom(void *data, size_t size, unsigned flags);
ssize_t __wrap_getrandom(void *data, size_t size, unsigned flags);
ssize_t __wrap_getrandom(void *data, size_t size, unsigned flags)
{
    return call_fails() ? -1 : __real_getrandom(data, piece_of(size), flags);
}

int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                          void *argument);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                          void *argument);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                          void *argument)
{
    return call_fails() ? errno : __real_pthread_create(thread, attributes, run, argument);
}

// ---- Fixture --------------------------------------------------------------------------------

static int make_fixture(void **state)
{
    static vfs_fixture fixture;
    const char *folder = getenv("TMPDIR");

    set_fair_weather();
    fixture.vfs = fe_vfs_posix();
    snprintf(fixture.root, sizeof fixture.root, "%s/ferric-posix-XXXXXX",
             folder == NULL ? "/tmp" : folder);
    *state = &fixture;
    return mkdtemp(fixture.root) == NULL ? -1 : 0;
}

static int drop_fixture(void **state)
{
    vfs_fixture *fixture = *state;

    set_fair_weather();
    remove_tree(fixture->vfs, fixture->root);
    return 0;
}

// ---- Interrupted and short ------------------------------------------------------------------

static void test_interrupted_and_short_reads_and_writes_are_made_whole(void **state)
{
    vfs_fixture *fixture = *state;
    const char *text = "a text of forty-three letters, none missing";
    fe_file *file = open_file(fixture, "file", FE_OPEN_CREATE);
    char content[43] = "";
    size_t got;

    set_weather(2, 0, 5);
    assert_int_equal(fe_file_write_at(file, 0, text, 43), FERRIC_OK);
    assert_int_equal(weather.call_count, 2 + 9);
    set_weather(2, 0, 5);
    assert_int_equal(fe_file_read_at(file, 0, content, 43, &got), FERRIC_OK);
    assert_int_equal(weather.call_count, 2 + 9);
    assert_int_equal(got, 43);
    assert_memory_equal(content, text, 43);
    set_fair_weather();
    fe_file_close(file);
}

static void test_interrupted_calls_are_made_again(void **state)
{
    vfs_fixture *fixture = *state;
    fe_file *file;

    set_weather(3, 0, SIZE_MAX);
    file = open_file(fixture, "file", FE_OPEN_CREATE);
    assert_int_equal(weather.call_count, 4);
    set_weather(3, 0, SIZE_MAX);
    assert_int_equal(fe_file_truncate(file, 10), FERRIC_OK);
    assert_int_equal(weather.call_count, 4);
    set_weather(3, 0, SIZE_MAX);
    assert_int_equal(fe_file_sync(file), FERRIC_OK);
    assert_int_equal(weather.call_count, 4);
    set_weather(1, 0, SIZE_MAX);
    assert_int_equal(fe_vfs_sync_directory(fixture->vfs, fixture->root), FERRIC_OK);
    assert_int_equal(weather.call_count, 3); // One to open it.
    fe_file_close(file);
}

static void test_random_is_drawn_until_it_is_enough(void **state)
{
    vfs_fixture *fixture = *state;
    uint8_t bytes[100] = {0};
    unsigned zeros = 0;

    set_weather(1, 0, 7);
    assert_int_equal(fe_vfs_random(fixture->vfs, bytes, sizeof bytes), FERRIC_OK);
    assert_int_equal(weather.call_count, 1 + 15);
    for (size_t i = 0; i < sizeof bytes; i++)
        zeros += bytes[i] == 0;
    assert_true(zeros < 10);
    set_weather(0, ENOSYS, SIZE_MAX);
    assert_fault(fe_vfs_random(fixture->vfs, bytes, 1), FERRIC_IO, "getrandom");
}

static void test_a_write_that_does_nothing_is_a_fault(void **state)
{
    vfs_fixture *fixture = *state;
    fe_file *file = open_file(fixture, "file", FE_OPEN_CREATE);

    set_weather(0, 0, 0);
    assert_fault(fe_file_write_at(file, 8, "x", 1), FERRIC_IO, "/file at offset 8");
    assert_int_equal(weather.call_count, 1);
    fe_file_close(file);
}

// ---- Refused --------------------------------------------------------------------------------

static void test_each_errno_has_its_status(void **state)
{
    static const struct {
        int error;
        ferric_status status;
    } expected[] = {
        {EIO, FERRIC_IO},
        {EACCES, FERRIC_IO},
        {EROFS, FERRIC_IO},
        {EFBIG, FERRIC_IO},
        {ENOSPC, FERRIC_NO_SPACE},
        {EDQUOT, FERRIC_NO_SPACE},
        {ENOMEM, FERRIC_NO_MEMORY},
        {EMFILE, FERRIC_TOO_MANY_FILES},
        {ENFILE, FERRIC_TOO_MANY_FILES},
        {EEXIST, FERRIC_ALREADY_EXISTS},
    };
    vfs_fixture *fixture = *state;
    fe_file *file = open_file(fixture, "file", FE_OPEN_CREATE);
    fe_file *other;

    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        set_weather(0, expected[i].error, SIZE_MAX);
        assert_fault(fe_vfs_open(fixture->vfs, path_of(fixture, "file"), FE_OPEN_READ, &other),
                     expected[i].status, "open ");
        assert_null(other);
        assert_fault(fe_file_write_at(file, 0, "x", 1), expected[i].status, "/file at offset 0: ");
        assert_non_null(strstr(fe_message(), strerror(expected[i].error)));
        assert_fault(fe_file_sync(file), expected[i].status, "/file");
        assert_fault(fe_file_truncate(file, 77), expected[i].status, "offset 77");
    }
    fe_file_close(file);
}

static void test_a_failed_read_names_the_place_where_it_failed(void **state)
{
    vfs_fixture *fixture = *state;
    char data[10];
    fe_read_request requests[] = {{100, data, 10, 0}, {200, data, 10, 0}};
    size_t got = 99;
    fe_file *file = open_file(fixture, "file", FE_OPEN_CREATE);

    set_weather(0, EIO, SIZE_MAX);
    assert_fault(fe_file_read_at(file, 4096, data, 10, &got), FERRIC_IO, "/file at offset 4096");
    assert_int_equal(got, 0);
    assert_fault(fe_file_read_many(file, requests, 2), FERRIC_IO, "/file at offset 100");
    fe_file_close(file);
}

static void test_a_failed_sync_is_not_tried_again(void **state)
{
    vfs_fixture *fixture = *state;
    fe_file *file = open_file(fixture, "file", FE_OPEN_CREATE);
    fe_log_file *log;

    assert_int_equal(fe_vfs_create_log(fixture->vfs, path_of(fixture, "log"), FE_LOG_SYNCED, &log),
                     FERRIC_OK);
    set_weather(0, EIO, SIZE_MAX);
    assert_fault(fe_file_sync(file), FERRIC_IO, "/file");
    assert_int_equal(weather.call_count, 1);
    assert_fault(fe_log_file_sync(log), FERRIC_IO, "/log");
    assert_int_equal(weather.call_count, 2);
    set_fair_weather();
    fe_log_file_close(log);
    fe_file_close(file);
}

static void test_a_thread_that_the_system_refuses_is_a_fault(void **state)
{
    fe_thread thread;

    (void)state;
    set_weather(0, EAGAIN, SIZE_MAX);
    assert_fault(fe_thread_start(&thread, "flusher", free, NULL), FERRIC_IO, "thread flusher");
    assert_false(thread.is_started);
    fe_thread_join(&thread);
}

// ---- Logs -----------------------------------------------------------------------------------

static uint64_t size_of(vfs_fixture *fixture, const char *name)
{
    fe_path_kind kind;
    uint64_t size;
    assert_int_equal(fe_vfs_stat(fixture->vfs, path_of(fixture, name), &kind, &size), FERRIC_OK);
    return size;
}

static void test_a_file_system_that_cannot_allocate_gets_zeros(void **state)
{
    static const fe_log_mode modes[] = {FE_LOG_SYNCED, FE_LOG_BUFFERED};
    static const int errors[] = {EOPNOTSUPP, ENOSYS};
    vfs_fixture *fixture = *state;

    for (size_t i = 0; i < 4; i++) {
        const char *name = i == 0 ? "a" : i == 1 ? "b" : i == 2 ? "c" : "d";
        struct stat facts;
        fe_log_file *log;
        assert_int_equal(
            fe_vfs_create_log(fixture->vfs, path_of(fixture, name), modes[i % 2], &log), FERRIC_OK);
        weather.allocation_error = errors[i / 2];
        assert_int_equal(fe_log_file_reserve(log, 1), FERRIC_OK);
        assert_int_equal(fe_log_file_reserve(log, 100000), FERRIC_OK);
        set_fair_weather();
        assert_int_equal(stat(path_of(fixture, name), &facts), 0);
        assert_int_equal(facts.st_size, 192 << 10);
        assert_true(facts.st_blocks * 512 >= 192 << 10); // Written, not merely a larger size.
        fe_log_file_close(log);
    }
}

static void test_a_refused_growth_leaves_the_log_as_it_was(void **state)
{
    vfs_fixture *fixture = *state;
    fe_log_file *log;

    assert_int_equal(fe_vfs_create_log(fixture->vfs, path_of(fixture, "log"), FE_LOG_SYNCED, &log),
                     FERRIC_OK);
    set_weather(2, 0, 1000); // Zeros come in small pieces, and are interrupted.
    assert_int_equal(fe_log_file_reserve(log, 100), FERRIC_OK);
    assert_int_equal(size_of(fixture, "log"), 65536);
    set_weather(0, ENOSPC, SIZE_MAX);
    assert_fault(fe_log_file_reserve(log, 65537), FERRIC_NO_SPACE, "/log at offset 65536");
    set_weather(0, EIO, SIZE_MAX);
    assert_fault(fe_log_file_reserve(log, 65537), FERRIC_IO, "/log at offset 65536");
    set_fair_weather();
    weather.zeros_error = EIO; // The blocks were given, the zeros refused.
    assert_fault(fe_log_file_reserve(log, 65537), FERRIC_IO, "/log at offset 65536");
    set_weather(0, 0, 0);
    weather.allocation_error = EOPNOTSUPP;
    assert_fault(fe_log_file_reserve(log, 65537), FERRIC_IO, "pwritev ");
    set_fair_weather();
    assert_int_equal(size_of(fixture, "log"), 65536);
    assert_int_equal(fe_log_file_commit(log, 65530, "at end", 6), FERRIC_OK);
    assert_int_equal(fe_log_file_reserve(log, 65537), FERRIC_OK);
    assert_int_equal(fe_log_file_commit(log, 65536, "more", 4), FERRIC_OK);
    fe_log_file_close(log);
}

#define POSIX_CASE(test) cmocka_unit_test_setup_teardown(test, make_fixture, drop_fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        POSIX_CASE(test_interrupted_and_short_reads_and_writes_are_made_whole),
        POSIX_CASE(test_interrupted_calls_are_made_again),
        POSIX_CASE(test_random_is_drawn_until_it_is_enough),
        POSIX_CASE(test_a_write_that_does_nothing_is_a_fault),
        POSIX_CASE(test_each_errno_has_its_status),
        POSIX_CASE(test_a_failed_read_names_the_place_where_it_failed),
        POSIX_CASE(test_a_failed_sync_is_not_tried_again),
        POSIX_CASE(test_a_thread_that_the_system_refuses_is_a_fault),
        POSIX_CASE(test_a_file_system_that_cannot_allocate_gets_zeros),
        POSIX_CASE(test_a_refused_growth_leaves_the_log_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
