// SPDX-License-Identifier: Apache-2.0
// The contract of os/vfs.h as tests that every vfs has to pass.
#ifndef FERRIC_OS_VFS_CONFORMANCE_H
#define FERRIC_OS_VFS_CONFORMANCE_H

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "os/vfs.h"

// What each test finds in *state: a vfs and an empty directory of it.
typedef struct vfs_fixture {
    fe_vfs *vfs;
    char root[256];
    char path[4][PATH_MAX]; // Of path_of, taken in turn.
    unsigned next_path;
} vfs_fixture;

typedef struct vfs_case {
    const char *name;
    CMUnitTestFunction test;
} vfs_case;

#define VFS_CASE(test)                                                                             \
    {                                                                                              \
#test, test                                                                                \
    }

// Each ends with a {NULL, NULL}.
extern const vfs_case vfs_file_cases[];
extern const vfs_case vfs_name_cases[];
extern const vfs_case vfs_log_cases[];

// Runs each test with a fixture that `setup` makes and `teardown` removes. Returns how many failed.
int run_vfs_conformance(const char *group, CMFixtureFunction setup, CMFixtureFunction teardown);

// ---- Tools; each fails the test when it cannot do its work ----------------------------------

// A path below the fixture's directory; valid for the next three calls.
const char *path_of(vfs_fixture *fixture, const char *name);
fe_file *open_file(vfs_fixture *fixture, const char *name, fe_open_mode mode);
// Creates a file with this content.
void make_file(vfs_fixture *fixture, const char *name, const char *content);
void make_directory(vfs_fixture *fixture, const char *name);
// The whole content is `expected`.
void assert_content(fe_file *file, const char *expected, size_t expected_size);
void assert_file(vfs_fixture *fixture, const char *name, const char *expected);
fe_path_kind kind_of(vfs_fixture *fixture, const char *name);
// Removes a directory and all in it.
void remove_tree(fe_vfs *vfs, const char *path);

// Runs a call that fails in a way which a person has to hear of.
#define assert_fault(call, status, name)                                                           \
    do {                                                                                           \
        fe_message_set("");                                                                        \
        assert_int_equal(call, status);                                                            \
        assert_non_null(strstr(fe_message(), name));                                               \
    } while (0)

// Runs a call whose failure is an answer, which has no message.
#define assert_answer(call, status)                                                                \
    do {                                                                                           \
        fe_message_set("untouched");                                                               \
        assert_int_equal(call, status);                                                            \
        assert_string_equal(fe_message(), "untouched");                                            \
    } while (0)

#endif
