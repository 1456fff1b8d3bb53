// SPDX-License-Identifier: Apache-2.0
// Runs the conformance tests, and the tools that they share.
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
#include "unit/os/vfs_conformance.h"

const char *path_of(vfs_fixture *fixture, const char *name)
{
    char *path = fixture->path[fixture->next_path++ % 4];
    snprintf(path, PATH_MAX, "%s/%s", fixture->root, name);
    return path;
}

fe_file *open_file(vfs_fixture *fixture, const char *name, fe_open_mode mode)
{
    fe_file *file = NULL;
    assert_int_equal(fe_vfs_open(fixture->vfs, path_of(fixture, name), mode, &file), FERRIC_OK);
    assert_non_null(file);
    return file;
}

void make_file(vfs_fixture *fixture, const char *name, const char *content)
{
    fe_file *file = open_file(fixture, name, FE_OPEN_CREATE);
    assert_int_equal(fe_file_write_at(file, 0, content, strlen(content)), FERRIC_OK);
    fe_file_close(file);
}

void make_directory(vfs_fixture *fixture, const char *name)
{
    assert_int_equal(fe_vfs_make_directory(fixture->vfs, path_of(fixture, name)), FERRIC_OK);
}

void assert_content(fe_file *file, const char *expected, size_t expected_size)
{
    uint64_t size;
    size_t got;
    char *content = malloc(expected_size + 10);

    assert_non_null(content);
    assert_int_equal(fe_file_size(file, &size), FERRIC_OK);
    assert_int_equal(size, expected_size);
    assert_int_equal(fe_file_read_at(file, 0, content, expected_size + 10, &got), FERRIC_OK);
    assert_int_equal(got, expected_size);
    assert_memory_equal(content, expected, expected_size);
    free(content);
}

void assert_file(vfs_fixture *fixture, const char *name, const char *expected)
{
    fe_file *file = open_file(fixture, name, FE_OPEN_READ);
    assert_content(file, expected, strlen(expected));
    fe_file_close(file);
}

fe_path_kind kind_of(vfs_fixture *fixture, const char *name)
{
    fe_path_kind kind = FE_PATH_OTHER;
    assert_int_equal(fe_vfs_stat(fixture->vfs, path_of(fixture, name), &kind, NULL), FERRIC_OK);
    return kind;
}

void remove_tree(fe_vfs *vfs, const char *path)
{
    ferric_buffer names = {0};
    char below[PATH_MAX];
    fe_path_kind kind;

    assert_int_equal(fe_vfs_list(vfs, path, &names), FERRIC_OK);
    for (size_t at = 0; at < names.size; at += strlen((char *)names.data + at) + 1) {
        snprintf(below, sizeof below, "%s/%s", path, (char *)names.data + at);
        assert_int_equal(fe_vfs_stat(vfs, below, &kind, NULL), FERRIC_OK);
        if (kind == FE_PATH_DIRECTORY) {
            remove_tree(vfs, below);
        } else {
            assert_int_equal(fe_vfs_remove(vfs, below), FERRIC_OK);
        }
    }
    assert_int_equal(fe_vfs_remove_directory(vfs, path), FERRIC_OK);
    fe_buffer_deinit(&names);
}

#define CASE_COUNT_MAX 64

static size_t add_cases(struct CMUnitTest *tests, size_t count, const vfs_case *cases,
                        CMFixtureFunction setup, CMFixtureFunction teardown)
{
    for (; cases->name != NULL; cases++) {
        struct CMUnitTest test = {cases->name, cases->test, setup, teardown, NULL};
        assert_true(count < CASE_COUNT_MAX);
        tests[count++] = test;
    }
    return count;
}

int run_vfs_conformance(const char *group, CMFixtureFunction setup, CMFixtureFunction teardown)
{
    struct CMUnitTest tests[CASE_COUNT_MAX];
    size_t count = add_cases(tests, 0, vfs_file_cases, setup, teardown);

    count = add_cases(tests, count, vfs_name_cases, setup, teardown);
    count = add_cases(tests, count, vfs_log_cases, setup, teardown);
    return _cmocka_run_group_tests(group, tests, count, NULL, NULL);
}
