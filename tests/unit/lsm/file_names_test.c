// SPDX-License-Identifier: Apache-2.0
// File names: each number has one name, and nothing else passes for it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "lsm/file_names.h"

static void check_round_trip(fe_file_kind kind, uint64_t number, const char *expected)
{
    ferric_buffer path = {0};
    fe_file_kind found_kind;
    uint64_t found = 0;

    assert_int_equal(fe_file_path(&path, "dir", kind, number), FERRIC_OK);
    assert_string_equal(fe_path_text(&path), expected);
    assert_int_equal(path.size, strlen(expected));
    assert_true(fe_file_name_parse(fe_path_text(&path) + 4, &found_kind, &found));
    assert_int_equal(found_kind, kind);
    assert_int_equal(found, number);
    assert_true(fe_file_name_is_ours(fe_path_text(&path) + 4));
    fe_buffer_deinit(&path);
}

static void test_file_names_are_read_as_they_were_made(void **state)
{
    (void)state;
    check_round_trip(FE_FILE_LOG, 1, "dir/000001.log");
    check_round_trip(FE_FILE_TABLE, 999999, "dir/999999.table");
    check_round_trip(FE_FILE_MANIFEST, 1000000, "dir/1000000.manifest");
    check_round_trip(FE_FILE_TABLE, FE_FILE_NUMBER_MAX, "dir/4611686018427387904.table");
}

static void test_file_names_of_others_are_not_ours(void **state)
{
    static const char *const others[] = {
        "",
        ".",
        "000001",
        "00001.log",
        "000001.txt",
        "000001.logs",
        "000001.LOG",
        "a00001.log",
        "000001 .log",
        "0000001.log",
        "-00001.log",
        "000001.log~",
        "log",
        ".log",
        "CURRENT.bak",
        "LOCK2",
        "readme.txt",
        "+00001.table",
        "000001.sst",
        "000001.ldb",
        "MANIFEST-000002",
        "current",
        "00000000000000000001.log",
        "4611686018427387905.log",
        "9999999999999999999.log",
        "18446744073709551616.log",
        "000001.table.tmp",
    };
    fe_file_kind kind;
    uint64_t number;

    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_false(fe_file_name_parse(others[i], &kind, &number));
        assert_false(fe_file_name_is_ours(others[i]));
    }
}

static void test_file_names_without_number_are_ours(void **state)
{
    static const char *const ours[] = {FE_FILE_CURRENT_NAME, FE_FILE_CURRENT_NEW_NAME,
                                       FE_FILE_LOCK_NAME, FE_FILE_RESERVE_NAME,
                                       FE_FILE_README_NAME};
    ferric_buffer path = {0};
    fe_file_kind kind;
    uint64_t number;

    (void)state;
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++) {
        assert_true(fe_file_name_is_ours(ours[i]));
        assert_false(fe_file_name_parse(ours[i], &kind, &number));
    }
    assert_int_equal(fe_file_path_named(&path, "/a/b", "LOCK"), FERRIC_OK);
    assert_string_equal(fe_path_text(&path), "/a/b/LOCK");
    assert_int_equal(fe_file_path(&path, "/a/b", FE_FILE_CURRENT, 7), FERRIC_INVALID_ARGUMENT);
    fe_buffer_deinit(&path);
}

static void test_file_names_have_a_parent(void **state)
{
    static const char *const pairs[][2] = {
        {"app.db", "."}, {"app.db/", "."},     {"a/app.db", "a"},       {"/app.db", "/"},
        {"/a", "/"},     {"a/b//c///", "a/b"}, {"/a/b/app.db", "/a/b"}, {"./app.db", "."},
    };
    ferric_buffer path = {0};

    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        assert_int_equal(fe_file_path_parent(&path, pairs[i][0]), FERRIC_OK);
        assert_string_equal(fe_path_text(&path), pairs[i][1]);
    }
    fe_buffer_deinit(&path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_file_names_are_read_as_they_were_made),
        cmocka_unit_test(test_file_names_of_others_are_not_ours),
        cmocka_unit_test(test_file_names_without_number_are_ours),
        cmocka_unit_test(test_file_names_have_a_parent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
