// SPDX-License-Identifier: Apache-2.0
// The recording vfs: it behaves as a file system, its faults strike the call that was named, and
// breaches of the seam's contracts are noticed.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "support/harness.h"
#include "support/vfs_record.h"

static int set_up(void **state)
{
    *state = vfs_record_create(disk_create(), 1);
    return 0;
}

static int tear_down(void **state)
{
    vfs_record_destroy(*state);
    return 0;
}

static void write_file(fe_vfs *vfs, const char *path, const char *text)
{
    fe_file *file;
    assert_int_equal(fe_vfs_open(vfs, path, FE_OPEN_CREATE, &file), FERRIC_OK);
    assert_int_equal(fe_file_write_at(file, 0, text, strlen(text)), FERRIC_OK);
    fe_file_close(file);
}

static void assert_reads(fe_vfs *vfs, const char *path, const char *text)
{
    char data[64];
    size_t got;
    fe_file *file;

    assert_int_equal(fe_vfs_open(vfs, path, FE_OPEN_READ, &file), FERRIC_OK);
    assert_int_equal(fe_file_read_at(file, 0, data, sizeof(data), &got), FERRIC_OK);
    assert_int_equal(got, strlen(text));
    assert_memory_equal(data, text, got);
    fe_file_close(file);
}

static void test_vfs_record_files_and_names_behave(void **state)
{
    fe_vfs *vfs = vfs_record_vfs(*state);
    fe_path_kind kind;
    uint64_t size;
    fe_file *file;
    ferric_buffer names = {0};

    assert_int_equal(fe_vfs_make_directory(vfs, "/db"), FERRIC_OK);
    assert_int_equal(fe_vfs_make_directory(vfs, "db/"), FERRIC_ALREADY_EXISTS);
    assert_int_equal(fe_vfs_open(vfs, "db/a", FE_OPEN_READ, &file), FERRIC_NOT_FOUND);
    assert_null(file);
    write_file(vfs, "db/a", "alpha");
    assert_int_equal(fe_vfs_open(vfs, "db/a", FE_OPEN_CREATE, &file), FERRIC_ALREADY_EXISTS);
    assert_reads(vfs, "./db//a", "alpha");
    assert_int_equal(fe_vfs_rename(vfs, "db/a", "db/c"), FERRIC_OK);
    assert_int_equal(fe_vfs_link(vfs, "db/c", "db/b"), FERRIC_OK);
    assert_int_equal(fe_vfs_list(vfs, "db", &names), FERRIC_OK);
    assert_int_equal(names.size, 4);
    assert_memory_equal(names.data, "b\0c\0", 4);
    assert_int_equal(fe_vfs_stat(vfs, "db/b", &kind, &size), FERRIC_OK);
    assert_int_equal(kind, FE_PATH_FILE);
    assert_int_equal(size, 5);
    assert_int_equal(fe_vfs_remove(vfs, "db/b"), FERRIC_OK);
    assert_int_equal(fe_vfs_remove(vfs, "db/b"), FERRIC_NOT_FOUND);
    assert_int_equal(fe_vfs_remove_directory(vfs, "db"), FERRIC_IO);
    assert_int_equal(fe_vfs_stat(vfs, "db/none", &kind, NULL), FERRIC_OK);
    assert_int_equal(kind, FE_PATH_NONE);
    fe_buffer_deinit(&names);
}

static void test_vfs_record_removed_file_stays_readable_through_its_handle(void **state)
{
    fe_vfs *vfs = vfs_record_vfs(*state);
    fe_file *file;
    char data[8];
    size_t got;

    write_file(vfs, "a", "alpha");
    assert_int_equal(fe_vfs_open(vfs, "a", FE_OPEN_READ, &file), FERRIC_OK);
    assert_int_equal(fe_vfs_remove(vfs, "a"), FERRIC_OK);
    assert_int_equal(fe_file_read_at(file, 0, data, sizeof(data), &got), FERRIC_OK);
    assert_int_equal(got, 5);
    fe_file_close(file);
}

static void test_vfs_record_lock_refuses_a_second_holder(void **state)
{
    fe_vfs *vfs = vfs_record_vfs(*state);
    fe_lock *writer;
    fe_lock *other;
    uint64_t holder;

    assert_int_equal(fe_vfs_lock(vfs, "LOCK", FE_LOCK_SHARED, &other, &holder), FERRIC_NOT_FOUND);
    assert_int_equal(fe_vfs_lock(vfs, "LOCK", FE_LOCK_EXCLUSIVE, &writer, &holder), FERRIC_OK);
    assert_int_equal(fe_vfs_lock(vfs, "LOCK", FE_LOCK_EXCLUSIVE, &other, &holder), FERRIC_LOCKED);
    assert_true(holder != 0);
    assert_int_equal(fe_vfs_lock(vfs, "LOCK", FE_LOCK_SHARED, &other, &holder), FERRIC_LOCKED);
    fe_vfs_unlock(vfs, writer);
    assert_int_equal(fe_vfs_lock(vfs, "LOCK", FE_LOCK_SHARED, &writer, &holder), FERRIC_OK);
    assert_int_equal(fe_vfs_lock(vfs, "LOCK", FE_LOCK_SHARED, &other, &holder), FERRIC_OK);
    fe_vfs_unlock(vfs, writer);
    fe_vfs_unlock(vfs, other);
    assert_int_equal(vfs_record_open_handles(*state), 0);
}

static void test_vfs_record_fault_strikes_once_or_from_then_on(void **state)
{
    fe_vfs *vfs = vfs_record_vfs(*state);
    fe_path_kind kind;

    for (int is_persistent = 0; is_persistent < 2; is_persistent++) {
        vfs_record_set_plan(*state, (fault_plan){FAULT_IO, 3, is_persistent != 0});
        assert_int_equal(fe_vfs_stat(vfs, "a", &kind, NULL), FERRIC_OK);
        assert_int_equal(fe_vfs_stat(vfs, "a", &kind, NULL), FERRIC_OK);
        assert_int_equal(fe_vfs_stat(vfs, "a", &kind, NULL), FERRIC_IO);
        assert_int_equal(fe_vfs_stat(vfs, "a", &kind, NULL), is_persistent ? FERRIC_IO : FERRIC_OK);
        assert_int_equal(vfs_record_calls(*state, FAULT_IO), 4);
        assert_int_equal(vfs_record_calls(*state, FAULT_RENAME), 0);
        assert_int_equal(vfs_record_hits(*state), is_persistent ? 2 : 1);
        assert_int_equal(vfs_record_hit_call(*state), FAULT_CALL_STAT);
    }
}

static void test_vfs_record_each_kind_befalls_its_calls(void **state)
{
    fe_vfs *vfs = vfs_record_vfs(*state);
    fe_file *file;
    fe_file *other;
    char data[5] = "";
    size_t got;

    assert_int_equal(fe_vfs_open(vfs, "a", FE_OPEN_CREATE, &file), FERRIC_OK);
    vfs_record_set_plan(*state, (fault_plan){FAULT_NO_SPACE, 1, true});
    assert_int_equal(fe_file_write_at(file, 0, "alpha", 5), FERRIC_NO_SPACE);
    assert_int_equal(fe_file_sync(file), FERRIC_OK);
    vfs_record_set_plan(*state, (fault_plan){FAULT_NONE, 0, false});
    assert_int_equal(fe_file_write_at(file, 0, "alpha", 5), FERRIC_OK);
    vfs_record_set_plan(*state, (fault_plan){FAULT_MANY_FILES, 1, true});
    assert_int_equal(fe_vfs_open(vfs, "a", FE_OPEN_READ, &other), FERRIC_TOO_MANY_FILES);
    vfs_record_set_plan(*state, (fault_plan){FAULT_RENAME, 1, true});
    assert_int_equal(fe_vfs_rename(vfs, "a", "b"), FERRIC_IO);
    vfs_record_set_plan(*state, (fault_plan){FAULT_REMOVE, 1, true});
    assert_int_equal(fe_vfs_remove(vfs, "a"), FERRIC_IO);
    vfs_record_set_plan(*state, (fault_plan){FAULT_SYNC_DIRECTORY, 1, true});
    assert_int_equal(fe_vfs_sync_directory(vfs, ""), FERRIC_IO);
    vfs_record_set_plan(*state, (fault_plan){FAULT_FLIP, 1, false});
    assert_int_equal(fe_file_read_at(file, 0, data, 5, &got), FERRIC_OK);
    assert_memory_not_equal(data, "alpha", 5);
    assert_int_equal(fe_file_read_at(file, 0, data, 5, &got), FERRIC_OK);
    assert_memory_equal(data, "alpha", 5);
    fe_file_close(file);
}

static void test_vfs_record_short_write_leaves_a_part(void **state)
{
    fe_vfs *vfs = vfs_record_vfs(*state);
    fe_file *file;
    uint64_t size;

    assert_int_equal(fe_vfs_open(vfs, "a", FE_OPEN_CREATE, &file), FERRIC_OK);
    vfs_record_set_plan(*state, (fault_plan){FAULT_SHORT, 1, false});
    assert_int_equal(fe_file_write_at(file, 0, "alphabetically", 14), FERRIC_IO);
    assert_int_equal(fe_file_size(file, &size), FERRIC_OK);
    assert_true(size < 14);
    fe_file_close(file);
}

// Under both kinds a power loss loses the bytes; one of them shows that at once.
static void test_vfs_record_failed_sync_loses_what_was_written(void **state)
{
    static const fault_kind kinds[] = {FAULT_SYNC_KEPT, FAULT_SYNC_LOST};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        vfs_record *record = vfs_record_create(disk_create(), 1);
        fe_vfs *vfs = vfs_record_vfs(record);
        fe_file *file;
        uint64_t size;
        assert_int_equal(fe_vfs_open(vfs, "a", FE_OPEN_CREATE, &file), FERRIC_OK);
        assert_int_equal(fe_vfs_sync_directory(vfs, ""), FERRIC_OK);
        assert_int_equal(fe_file_write_at(file, 0, "alpha", 5), FERRIC_OK);
        vfs_record_set_plan(record, (fault_plan){kinds[i], 1, false});
        assert_int_equal(fe_file_sync(file), FERRIC_IO);
        assert_int_equal(fe_file_size(file, &size), FERRIC_OK);
        assert_int_equal(size, kinds[i] == FAULT_SYNC_KEPT ? 5 : 0);
        assert_null(vfs_record_violation(record));
        assert_int_equal(fe_file_sync(file), FERRIC_OK);
        assert_non_null(vfs_record_violation(record));
        uint8_t fates[4] = {DISK_ABSENT};
        disk *left =
            disk_crash(vfs_record_disk(record), &(disk_choice){fates, DISK_SIZE_ARRIVED, 1});
        assert_int_equal(disk_size(left, disk_lookup(left, DISK_ROOT, "a")), 0);
        disk_destroy(left);
        fe_file_close(file);
        vfs_record_destroy(record);
    }
}

static void test_vfs_record_log_space_is_met_in_reserve(void **state)
{
    fe_vfs *vfs = vfs_record_vfs(*state);
    fe_log_file *log;
    uint64_t free_bytes;

    vfs_record_set_capacity(*state, 4096);
    assert_int_equal(fe_vfs_create_log(vfs, "1.log", FE_LOG_SYNCED, &log), FERRIC_OK);
    assert_int_equal(fe_log_file_reserve(log, 8192), FERRIC_NO_SPACE);
    assert_int_equal(fe_log_file_reserve(log, 4096), FERRIC_OK);
    assert_int_equal(fe_vfs_free_space(vfs, "", &free_bytes), FERRIC_OK);
    assert_int_equal(free_bytes, 0);
    assert_int_equal(fe_log_file_commit(log, 4000, "text", 4), FERRIC_OK);
    assert_int_equal(fe_log_file_sync(log), FERRIC_OK);
    assert_null(vfs_record_violation(*state));
    assert_int_equal(fe_log_file_trim(log, 4004), FERRIC_OK);
    assert_int_equal(fe_vfs_free_space(vfs, "", &free_bytes), FERRIC_OK);
    assert_int_equal(free_bytes, 92);
    assert_int_equal(fe_log_file_commit(log, 4004, "x", 1), FERRIC_OK);
    assert_non_null(vfs_record_violation(*state));
    fe_log_file_close(log);
}

static void test_vfs_record_notices_a_commit_outside_reserved_space(void **state)
{
    fe_vfs *vfs = vfs_record_vfs(*state);
    fe_log_file *log;

    assert_int_equal(fe_vfs_create_log(vfs, "1.log", FE_LOG_BUFFERED, &log), FERRIC_OK);
    assert_int_equal(fe_log_file_reserve(log, 16), FERRIC_OK);
    assert_int_equal(fe_log_file_commit(log, 0, "0123456789abcdef", 16), FERRIC_OK);
    assert_null(vfs_record_violation(*state));
    assert_int_equal(fe_log_file_commit(log, 16, "x", 1), FERRIC_OK);
    assert_non_null(vfs_record_violation(*state));
    fe_log_file_close(log);
}

static void test_vfs_record_trace_replays_to_the_same_disk(void **state)
{
    fe_vfs *vfs = vfs_record_vfs(*state);

    assert_int_equal(fe_vfs_make_directory(vfs, "db"), FERRIC_OK);
    write_file(vfs, "db/a", "alpha");
    assert_int_equal(fe_vfs_rename(vfs, "db/a", "db/b"), FERRIC_OK);
    write_file(vfs, "db/a", "other");
    assert_int_equal(fe_vfs_remove(vfs, "db/a"), FERRIC_OK);
    disk *again = disk_create();
    for (size_t i = 0; i < vfs_record_trace_size(*state); i++) {
        disk_apply(again, vfs_record_trace_at(*state, i));
    }
    assert_true(disk_hash(again) == disk_hash(vfs_record_disk(*state)));
    assert_int_equal(disk_pending_count(again), disk_pending_count(vfs_record_disk(*state)));
    disk_destroy(again);
}

static void test_vfs_record_clock_and_randomness_belong_to_the_test(void **state)
{
    fe_vfs *vfs = vfs_record_vfs(*state);
    vfs_record *twin = vfs_record_create(disk_create(), 1);
    uint8_t mine[16];
    uint8_t theirs[16];

    uint64_t now = fe_vfs_now_ms(vfs);
    uint64_t tick = fe_vfs_monotonic_ns(vfs);
    vfs_record_advance_ms(*state, 250);
    assert_int_equal(fe_vfs_now_ms(vfs), now + 250);
    assert_true(fe_vfs_monotonic_ns(vfs) >= tick + 250000000u);
    vfs_record_set_now_ms(*state, now - 5000);
    assert_int_equal(fe_vfs_now_ms(vfs), now - 5000);
    assert_int_equal(fe_vfs_random(vfs, mine, sizeof(mine)), FERRIC_OK);
    assert_int_equal(fe_vfs_random(vfs_record_vfs(twin), theirs, sizeof(theirs)), FERRIC_OK);
    assert_memory_equal(mine, theirs, sizeof(mine));
    vfs_record_destroy(twin);
}

int main(void)
{
#define RECORD_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        RECORD_TEST(test_vfs_record_files_and_names_behave),
        RECORD_TEST(test_vfs_record_removed_file_stays_readable_through_its_handle),
        RECORD_TEST(test_vfs_record_lock_refuses_a_second_holder),
        RECORD_TEST(test_vfs_record_fault_strikes_once_or_from_then_on),
        RECORD_TEST(test_vfs_record_each_kind_befalls_its_calls),
        RECORD_TEST(test_vfs_record_short_write_leaves_a_part),
        RECORD_TEST(test_vfs_record_failed_sync_loses_what_was_written),
        RECORD_TEST(test_vfs_record_log_space_is_met_in_reserve),
        RECORD_TEST(test_vfs_record_notices_a_commit_outside_reserved_space),
        RECORD_TEST(test_vfs_record_trace_replays_to_the_same_disk),
        RECORD_TEST(test_vfs_record_clock_and_randomness_belong_to_the_test),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
