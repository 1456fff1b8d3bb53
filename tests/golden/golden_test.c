// SPDX-License-Identifier: Apache-2.0
// Databases that were written once and for all: every build of Ferric opens, verifies and reads
// them, goes on writing, and merges their tables into new ones.
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "golden_content.h"
#include "support/harness.h"

static void load_file(fe_vfs *vfs, const char *directory, const char *name)
{
    static uint8_t bytes[4 << 20];
    char *from = harness_format("%s/%s", directory, name);
    char *to = harness_format("%s/%s", GOLDEN_PATH, name);
    FILE *source = fopen(from, "rb");
    fe_file *file = NULL;
    size_t size;

    if (source == NULL) fail_msg("%s cannot be read", from);
    size = fread(bytes, 1, sizeof bytes, source);
    assert_true(size < sizeof bytes);
    fclose(source);
    assert_int_equal(fe_vfs_open(vfs, to, FE_OPEN_CREATE, &file), FERRIC_OK);
    assert_int_equal(fe_file_write_at(file, 0, bytes, size), FERRIC_OK);
    fe_file_close(file);
    harness_free(from);
    harness_free(to);
}

// The committed files, in memory: what a test does to them is forgotten.
static fe_vfs *load(const golden_database *golden)
{
    char *directory = harness_format("%s/%s", GOLDEN_DIRECTORY, golden->name);
    DIR *names = opendir(directory);
    fe_vfs *vfs = NULL;

    if (names == NULL) fail_msg("%s is not there", directory);
    assert_int_equal(fe_vfs_memory_create(&vfs), FERRIC_OK);
    assert_int_equal(fe_vfs_make_directory(vfs, GOLDEN_PATH), FERRIC_OK);
    for (struct dirent *entry; (entry = readdir(names)) != NULL;) {
        if (entry->d_name[0] != '.') load_file(vfs, directory, entry->d_name);
    }
    closedir(names);
    harness_free(directory);
    return vfs;
}

static ferric_db *open_loaded(const golden_database *golden, fe_vfs *vfs, bool is_read_only)
{
    ferric_options options = FERRIC_OPTIONS_INIT;
    ferric_db *db = NULL;
    ferric_status status;

    options.vfs = vfs;
    options.background_threads = 0;
    options.read_only = is_read_only;
    status = ferric_open(GOLDEN_PATH, &options, &db);
    if (status != FERRIC_OK) {
        fail_msg("%s: %s: %s", golden->name, ferric_status_name(status), ferric_error_message());
    }
    return db;
}

static void assert_same(const golden_database *golden, ferric_db *db)
{
    ferric_verify_report report;
    char *wrong = golden_difference(golden, db);

    if (wrong != NULL) fail_msg("%s: %s", golden->name, wrong);
    assert_int_equal(ferric_verify(db, NULL, NULL, &report), FERRIC_OK);
    assert_int_equal(report.findings, 0);
}

static void test_golden_databases_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < golden_count(); i++) {
        fe_vfs *vfs = load(golden_at(i));
        ferric_db *db = open_loaded(golden_at(i), vfs, true);
        assert_same(golden_at(i), db);
        assert_int_equal(ferric_close(db), FERRIC_OK);
        fe_vfs_memory_destroy(vfs);
    }
}

static void test_golden_databases_are_written_on(void **state)
{
    ferric_slice key = {"newer than all of them", 22};
    ferric_slice open_end = {NULL, 0};

    (void)state;
    for (size_t i = 0; i < golden_count(); i++) {
        fe_vfs *vfs = load(golden_at(i));
        ferric_db *db = open_loaded(golden_at(i), vfs, false);
        ferric_buffer value = {0};

        assert_int_equal(ferric_put(db, NULL, key, key, NULL), FERRIC_OK);
        assert_int_equal(ferric_close(db), FERRIC_OK);
        db = open_loaded(golden_at(i), vfs, false);
        assert_int_equal(ferric_get(db, NULL, key, NULL, &value, NULL), FERRIC_OK);
        assert_int_equal(value.size, key.size);
        assert_int_equal(ferric_delete(db, NULL, key, NULL), FERRIC_OK);
        assert_same(golden_at(i), db);
        // All of it as this build would have written it.
        assert_int_equal(ferric_flush(db), FERRIC_OK);
        assert_int_equal(ferric_compact(db, NULL, open_end, open_end), FERRIC_OK);
        assert_same(golden_at(i), db);
        assert_int_equal(ferric_close(db), FERRIC_OK);
        ferric_buffer_free(&value);
        fe_vfs_memory_destroy(vfs);
    }
}

// A value that does not follow from the number must be noticed, or nothing above means anything.
static void test_golden_difference_is_noticed(void **state)
{
    fe_vfs *vfs = load(golden_at(0));
    ferric_db *db = open_loaded(golden_at(0), vfs, false);
    ferric_slice key = {"key00001", 8};
    char *wrong;

    (void)state;
    assert_int_equal(ferric_put(db, NULL, key, key, NULL), FERRIC_OK);
    wrong = golden_difference(golden_at(0), db);
    assert_non_null(wrong);
    harness_free(wrong);
    assert_int_equal(ferric_close(db), FERRIC_OK);
    fe_vfs_memory_destroy(vfs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden_databases_are_read),
        cmocka_unit_test(test_golden_databases_are_written_on),
        cmocka_unit_test(test_golden_difference_is_noticed),
    };
    return cmocka_run_group_tests_name("golden", tests, NULL, NULL);
}
