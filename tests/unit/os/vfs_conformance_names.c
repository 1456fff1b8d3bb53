// SPDX-License-Identifier: Apache-2.0
// Conformance of every vfs: what names do, and what the clock and chance give.
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

static void test_stat_tells_kinds_and_sizes(void **state)
{
    vfs_fixture *fixture = *state;
    fe_path_kind kind;
    uint64_t size = 7;

    make_file(fixture, "file", "12345");
    make_directory(fixture, "dir");
    assert_int_equal(fe_vfs_stat(fixture->vfs, path_of(fixture, "file"), &kind, &size), FERRIC_OK);
    assert_int_equal(kind, FE_PATH_FILE);
    assert_int_equal(size, 5);
    assert_int_equal(fe_vfs_stat(fixture->vfs, path_of(fixture, "dir"), &kind, &size), FERRIC_OK);
    assert_int_equal(kind, FE_PATH_DIRECTORY);
    assert_answer(fe_vfs_stat(fixture->vfs, path_of(fixture, "no"), &kind, &size), FERRIC_OK);
    assert_int_equal(kind, FE_PATH_NONE);
    assert_int_equal(size, 0);
    assert_int_equal(kind_of(fixture, "no/such/path"), FE_PATH_NONE);
}

static void test_paths_with_extra_slashes_and_dots_lead_to_the_same_file(void **state)
{
    vfs_fixture *fixture = *state;

    make_directory(fixture, "dir/");
    make_file(fixture, "dir//.///file", "same");
    assert_file(fixture, "dir/file", "same");
    assert_file(fixture, "./dir/../dir/file", "same");
    assert_int_equal(kind_of(fixture, "dir/"), FE_PATH_DIRECTORY);
    assert_int_equal(fe_vfs_remove_directory(fixture->vfs, path_of(fixture, "dir/..")), FERRIC_IO);
}

static void test_rename_replaces_the_target(void **state)
{
    vfs_fixture *fixture = *state;
    fe_file *replaced;

    make_file(fixture, "new", "new");
    make_file(fixture, "current", "old");
    replaced = open_file(fixture, "current", FE_OPEN_READ);
    assert_int_equal(
        fe_vfs_rename(fixture->vfs, path_of(fixture, "new"), path_of(fixture, "current")),
        FERRIC_OK);
    assert_file(fixture, "current", "new");
    assert_int_equal(kind_of(fixture, "new"), FE_PATH_NONE);
    assert_content(replaced, "old", 3);
    fe_file_close(replaced);
    assert_int_equal(
        fe_vfs_rename(fixture->vfs, path_of(fixture, "current"), path_of(fixture, "current")),
        FERRIC_OK);
    assert_file(fixture, "current", "new");
}

static void test_rename_moves_a_directory_with_all_in_it(void **state)
{
    vfs_fixture *fixture = *state;

    make_directory(fixture, "a");
    make_directory(fixture, "a/b");
    make_file(fixture, "a/b/file", "deep");
    make_directory(fixture, "other");
    make_directory(fixture, "other/empty");
    assert_int_equal(
        fe_vfs_rename(fixture->vfs, path_of(fixture, "a"), path_of(fixture, "other/moved")),
        FERRIC_OK);
    assert_file(fixture, "other/moved/b/file", "deep");
    assert_file(fixture, "other/moved/../moved/b/file", "deep");
    assert_int_equal(kind_of(fixture, "a"), FE_PATH_NONE);
    assert_int_equal(fe_vfs_rename(fixture->vfs, path_of(fixture, "other/moved"),
                                   path_of(fixture, "other/empty")),
                     FERRIC_OK);
    assert_file(fixture, "other/empty/b/file", "deep");
    assert_file(fixture, "other/empty/../empty/b/file", "deep");
}

static void test_rename_refuses_what_would_lose_something(void **state)
{
    vfs_fixture *fixture = *state;

    make_file(fixture, "file", "");
    make_directory(fixture, "dir");
    make_directory(fixture, "full");
    make_file(fixture, "full/file", "");
    assert_answer(fe_vfs_rename(fixture->vfs, path_of(fixture, "no"), path_of(fixture, "x")),
                  FERRIC_NOT_FOUND);
    assert_answer(fe_vfs_rename(fixture->vfs, path_of(fixture, "file"), path_of(fixture, "no/x")),
                  FERRIC_NOT_FOUND);
    assert_fault(fe_vfs_rename(fixture->vfs, path_of(fixture, "file"), path_of(fixture, "dir")),
                 FERRIC_IO, "rename");
    assert_fault(fe_vfs_rename(fixture->vfs, path_of(fixture, "dir"), path_of(fixture, "file")),
                 FERRIC_IO, "rename");
    assert_int_not_equal(
        fe_vfs_rename(fixture->vfs, path_of(fixture, "dir"), path_of(fixture, "full")), FERRIC_OK);
    assert_fault(fe_vfs_rename(fixture->vfs, path_of(fixture, "dir"), path_of(fixture, "dir/in")),
                 FERRIC_IO, "rename");
    assert_int_equal(kind_of(fixture, "dir"), FE_PATH_DIRECTORY);
    assert_file(fixture, "file", "");
    assert_file(fixture, "full/file", "");
}

static void test_links_share_content_and_live_apart(void **state)
{
    vfs_fixture *fixture = *state;
    fe_file *file;

    make_file(fixture, "first", "shared");
    assert_int_equal(
        fe_vfs_link(fixture->vfs, path_of(fixture, "first"), path_of(fixture, "second")),
        FERRIC_OK);
    file = open_file(fixture, "second", FE_OPEN_WRITE);
    assert_int_equal(fe_file_write_at(file, 0, "S", 1), FERRIC_OK);
    fe_file_close(file);
    assert_file(fixture, "first", "Shared");
    assert_int_equal(
        fe_vfs_rename(fixture->vfs, path_of(fixture, "first"), path_of(fixture, "second")),
        FERRIC_OK); // Two names of one file: both stay.
    assert_int_equal(fe_vfs_remove(fixture->vfs, path_of(fixture, "first")), FERRIC_OK);
    assert_file(fixture, "second", "Shared");
}

static void test_link_refuses_an_existing_name_and_a_missing_file(void **state)
{
    vfs_fixture *fixture = *state;

    make_file(fixture, "a", "a");
    make_file(fixture, "b", "b");
    assert_fault(fe_vfs_link(fixture->vfs, path_of(fixture, "a"), path_of(fixture, "b")),
                 FERRIC_ALREADY_EXISTS, "/b");
    assert_answer(fe_vfs_link(fixture->vfs, path_of(fixture, "no"), path_of(fixture, "c")),
                  FERRIC_NOT_FOUND);
    assert_answer(fe_vfs_link(fixture->vfs, path_of(fixture, "a"), path_of(fixture, "no/c")),
                  FERRIC_NOT_FOUND);
    assert_file(fixture, "b", "b");
}

static void test_remove_takes_files_only(void **state)
{
    vfs_fixture *fixture = *state;

    make_directory(fixture, "dir");
    assert_answer(fe_vfs_remove(fixture->vfs, path_of(fixture, "no")), FERRIC_NOT_FOUND);
    assert_fault(fe_vfs_remove(fixture->vfs, path_of(fixture, "dir")), FERRIC_IO, "/dir");
    assert_int_equal(kind_of(fixture, "dir"), FE_PATH_DIRECTORY);
}

static void test_directories_are_made_once_and_removed_empty(void **state)
{
    vfs_fixture *fixture = *state;

    make_directory(fixture, "dir");
    make_file(fixture, "dir/file", "");
    assert_fault(fe_vfs_make_directory(fixture->vfs, path_of(fixture, "dir")),
                 FERRIC_ALREADY_EXISTS, "/dir");
    assert_fault(fe_vfs_make_directory(fixture->vfs, path_of(fixture, "dir/file")),
                 FERRIC_ALREADY_EXISTS, "dir/file");
    assert_answer(fe_vfs_make_directory(fixture->vfs, path_of(fixture, "no/dir")),
                  FERRIC_NOT_FOUND);
    assert_fault(fe_vfs_remove_directory(fixture->vfs, path_of(fixture, "dir")), FERRIC_IO, "/dir");
    assert_fault(fe_vfs_remove_directory(fixture->vfs, path_of(fixture, "dir/file")), FERRIC_IO,
                 "dir/file");
    assert_answer(fe_vfs_remove_directory(fixture->vfs, path_of(fixture, "no")), FERRIC_NOT_FOUND);
    assert_int_equal(fe_vfs_remove(fixture->vfs, path_of(fixture, "dir/file")), FERRIC_OK);
    assert_int_equal(fe_vfs_remove_directory(fixture->vfs, path_of(fixture, "dir")), FERRIC_OK);
    assert_int_equal(kind_of(fixture, "dir"), FE_PATH_NONE);
}

static void test_list_gives_all_names_sorted_by_bytes(void **state)
{
    static const char expected[] = "-\0.hidden\0A\0a\0a-b\0dir\0\xc3\xa4"; // And its own zero.
    vfs_fixture *fixture = *state;
    ferric_buffer names = {0};

    assert_int_equal(fe_buffer_append(&names, "to be replaced", 14), FERRIC_OK);
    assert_int_equal(fe_vfs_list(fixture->vfs, fixture->root, &names), FERRIC_OK);
    assert_int_equal(names.size, 0);
    make_file(fixture, "a-b", "");
    make_file(fixture, "\xc3\xa4", "");
    make_directory(fixture, "dir");
    make_file(fixture, "dir/below", "");
    make_file(fixture, "A", "");
    make_file(fixture, ".hidden", "");
    make_file(fixture, "a", "");
    make_file(fixture, "-", "");
    assert_int_equal(fe_vfs_list(fixture->vfs, fixture->root, &names), FERRIC_OK);
    assert_int_equal(names.size, sizeof expected);
    assert_memory_equal(names.data, expected, sizeof expected);
    fe_buffer_deinit(&names);
}

static void test_list_gives_hundreds_of_names(void **state)
{
    vfs_fixture *fixture = *state;
    ferric_buffer names = {0};
    const char *name;
    char expected[32];

    for (int i = 0; i < 500; i++) { // In an order that is not theirs.
        snprintf(expected, sizeof expected, "%06d.table", i * 7 % 500);
        make_file(fixture, expected, "");
    }
    assert_int_equal(fe_vfs_list(fixture->vfs, fixture->root, &names), FERRIC_OK);
    name = names.data;
    for (int i = 0; i < 500; i++) {
        snprintf(expected, sizeof expected, "%06d.table", i);
        assert_string_equal(name, expected);
        name += strlen(name) + 1;
    }
    assert_ptr_equal(name, (char *)names.data + names.size);
    fe_buffer_deinit(&names);
}

static void test_list_and_sync_want_a_directory(void **state)
{
    vfs_fixture *fixture = *state;
    ferric_buffer names = {0};

    make_file(fixture, "file", "");
    assert_answer(fe_vfs_list(fixture->vfs, path_of(fixture, "no"), &names), FERRIC_NOT_FOUND);
    assert_fault(fe_vfs_list(fixture->vfs, path_of(fixture, "file"), &names), FERRIC_IO, "/file");
    assert_int_equal(fe_vfs_sync_directory(fixture->vfs, fixture->root), FERRIC_OK);
    assert_answer(fe_vfs_sync_directory(fixture->vfs, path_of(fixture, "no")), FERRIC_NOT_FOUND);
    assert_fault(fe_vfs_sync_directory(fixture->vfs, path_of(fixture, "file")), FERRIC_IO, "/file");
    fe_buffer_deinit(&names);
}

// ---- The rest -------------------------------------------------------------------------------

static void test_free_space_is_told_for_paths_that_exist(void **state)
{
    vfs_fixture *fixture = *state;
    uint64_t free_bytes = 0;

    assert_int_equal(fe_vfs_free_space(fixture->vfs, fixture->root, &free_bytes), FERRIC_OK);
    assert_true(free_bytes > 0);
    assert_answer(fe_vfs_free_space(fixture->vfs, path_of(fixture, "no"), &free_bytes),
                  FERRIC_NOT_FOUND);
}

static void test_random_fills_all_bytes_and_never_repeats(void **state)
{
    vfs_fixture *fixture = *state;
    static uint8_t first[100000];
    static uint8_t second[sizeof first];
    size_t seen[256] = {0};

    assert_int_equal(fe_vfs_random(fixture->vfs, first, 0), FERRIC_OK);
    assert_int_equal(fe_vfs_random(fixture->vfs, first, sizeof first), FERRIC_OK);
    assert_int_equal(fe_vfs_random(fixture->vfs, second, sizeof second), FERRIC_OK);
    assert_memory_not_equal(first, second, sizeof first);
    assert_memory_not_equal(first + sizeof first - 16, second + sizeof first - 16, 16);
    for (size_t i = 0; i < sizeof first; i++) {
        seen[first[i]]++;
    }
    for (size_t i = 0; i < 256; i++) { // 390 are expected, 20 is one deviation.
        assert_in_range(seen[i], 190, 590);
    }
}

static void test_clocks_tell_this_century_and_do_not_run_backwards(void **state)
{
    vfs_fixture *fixture = *state;
    uint64_t before = fe_vfs_monotonic_ns(fixture->vfs);

    assert_true(fe_vfs_now_ms(fixture->vfs) > UINT64_C(1700000000000)); // November 2023.
    for (int i = 0; i < 10000; i++) {
        uint64_t now = fe_vfs_monotonic_ns(fixture->vfs);
        assert_true(now >= before);
        before = now;
    }
}

const vfs_case vfs_name_cases[] = {
    VFS_CASE(test_stat_tells_kinds_and_sizes),
    VFS_CASE(test_paths_with_extra_slashes_and_dots_lead_to_the_same_file),
    VFS_CASE(test_rename_replaces_the_target),
    VFS_CASE(test_rename_moves_a_directory_with_all_in_it),
    VFS_CASE(test_rename_refuses_what_would_lose_something),
    VFS_CASE(test_links_share_content_and_live_apart),
    VFS_CASE(test_link_refuses_an_existing_name_and_a_missing_file),
    VFS_CASE(test_remove_takes_files_only),
    VFS_CASE(test_directories_are_made_once_and_removed_empty),
    VFS_CASE(test_list_gives_all_names_sorted_by_bytes),
    VFS_CASE(test_list_gives_hundreds_of_names),
    VFS_CASE(test_list_and_sync_want_a_directory),
    VFS_CASE(test_free_space_is_told_for_paths_that_exist),
    VFS_CASE(test_random_fills_all_bytes_and_never_repeats),
    VFS_CASE(test_clocks_tell_this_century_and_do_not_run_backwards),
    {NULL, NULL},
};
