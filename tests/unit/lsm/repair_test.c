// SPDX-License-Identifier: Apache-2.0
// Repair: what can be read of a damaged database comes back, the damaged one stays as it was, and
// what was deleted does not come back while the manifest is whole.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <ferric/ferric.h>

#include "os/vfs.h"

#define KEYS 3000
#define DAMAGED "/damaged"
#define REPAIRED "/repaired"

static ferric_options memory_options(fe_vfs *vfs)
{
    ferric_options options = FERRIC_OPTIONS_INIT;

    options.vfs = vfs;
    options.background_threads = 0;
    return options;
}

static ferric_slice text(const char *bytes)
{
    ferric_slice slice = {bytes, strlen(bytes)};
    return slice;
}

static void fill(fe_vfs *vfs)
{
    ferric_options options = memory_options(vfs);
    ferric_db *db = NULL;

    assert_int_equal(ferric_open(DAMAGED, &options, &db), FERRIC_OK);
    for (int i = 0; i < KEYS; i++) {
        char key[32];
        char value[64];
        snprintf(key, sizeof key, "key%06d", i);
        snprintf(value, sizeof value, "value of %d, some more bytes to fill blocks", i);
        assert_int_equal(ferric_put(db, NULL, text(key), text(value), NULL), FERRIC_OK);
    }
    assert_int_equal(ferric_delete(db, NULL, text("key000007"), NULL), FERRIC_OK);
    assert_int_equal(ferric_flush(db), FERRIC_OK);
    assert_int_equal(ferric_put(db, NULL, text("key000001"), text("newer"), NULL), FERRIC_OK);
    assert_int_equal(ferric_close(db), FERRIC_OK);
}

// Flips one byte in the middle of the first file whose name ends so.
static void damage(fe_vfs *vfs, const char *suffix)
{
    ferric_buffer names = {0};
    bool is_done = false;

    assert_int_equal(fe_vfs_list(vfs, DAMAGED, &names), FERRIC_OK);
    for (size_t at = 0; at < names.size && !is_done; at += strlen((char *)names.data + at) + 1) {
        const char *name = (const char *)names.data + at;
        char path[128];
        fe_file *file = NULL;
        uint64_t size = 0;
        size_t got = 0;
        uint8_t byte;

        if (strstr(name, suffix) == NULL) continue;
        snprintf(path, sizeof path, "%s/%s", DAMAGED, name);
        assert_int_equal(fe_vfs_open(vfs, path, FE_OPEN_WRITE, &file), FERRIC_OK);
        assert_int_equal(fe_file_size(file, &size), FERRIC_OK);
        assert_int_equal(fe_file_read_at(file, size / 2, &byte, 1, &got), FERRIC_OK);
        byte ^= 0x55;
        assert_int_equal(fe_file_write_at(file, size / 2, &byte, 1), FERRIC_OK);
        fe_file_close(file);
        is_done = true;
    }
    assert_true(is_done);
    ferric_buffer_free(&names);
}

static uint64_t count_right_values(fe_vfs *vfs)
{
    ferric_options options = memory_options(vfs);
    ferric_db *db = NULL;
    ferric_buffer value = {0};
    uint64_t right = 0;

    assert_int_equal(ferric_open(REPAIRED, &options, &db), FERRIC_OK);
    assert_int_equal(ferric_verify(db, NULL, NULL, NULL), FERRIC_OK);
    for (int i = 0; i < KEYS; i++) {
        char key[32];
        char expected[64];
        ferric_status status;
        snprintf(key, sizeof key, "key%06d", i);
        snprintf(expected, sizeof expected, "value of %d, some more bytes to fill blocks", i);
        if (i == 1) snprintf(expected, sizeof expected, "newer");
        status = ferric_get(db, NULL, text(key), NULL, &value, NULL);
        if (status == FERRIC_NOT_FOUND) continue;
        assert_int_equal(status, FERRIC_OK);
        assert_int_equal(value.size, strlen(expected));
        assert_memory_equal(value.data, expected, value.size);
        right++;
    }
    ferric_buffer_free(&value);
    assert_int_equal(ferric_put(db, NULL, text("new"), text("life"), NULL), FERRIC_OK);
    assert_int_equal(ferric_close(db), FERRIC_OK);
    return right;
}

static void test_a_sound_database_is_copied_whole(void **state)
{
    fe_vfs *vfs;
    ferric_options options;
    ferric_repair_report report;

    (void)state;
    assert_int_equal(fe_vfs_memory_create(&vfs), FERRIC_OK);
    fill(vfs);
    options = memory_options(vfs);
    assert_int_equal(ferric_repair(DAMAGED, REPAIRED, &options, NULL, NULL, &report), FERRIC_OK);
    assert_int_equal(report.findings, 0);
    assert_int_equal(count_right_values(vfs), KEYS - 1); // One was deleted.
    assert_int_equal(ferric_repair(DAMAGED, REPAIRED, &options, NULL, NULL, &report),
                     FERRIC_ALREADY_EXISTS);
    fe_vfs_memory_destroy(vfs);
}

static void test_a_damaged_block_costs_its_own_keys_only(void **state)
{
    fe_vfs *vfs;
    ferric_options options;
    ferric_repair_report report;
    uint64_t right;

    (void)state;
    assert_int_equal(fe_vfs_memory_create(&vfs), FERRIC_OK);
    fill(vfs);
    damage(vfs, ".table");
    options = memory_options(vfs);
    assert_int_equal(ferric_repair(DAMAGED, REPAIRED, &options, NULL, NULL, &report), FERRIC_OK);
    assert_int_equal(report.blocks_lost, 1);
    assert_int_equal(report.findings, 1);
    right = count_right_values(vfs);
    assert_true(right < KEYS - 1 && right > KEYS - 300);
    fe_vfs_memory_destroy(vfs);
}

static void test_without_current_all_tables_are_used(void **state)
{
    fe_vfs *vfs;
    ferric_options options;
    ferric_repair_report report;
    ferric_db *db = NULL;

    (void)state;
    assert_int_equal(fe_vfs_memory_create(&vfs), FERRIC_OK);
    fill(vfs);
    assert_int_equal(fe_vfs_remove(vfs, DAMAGED "/CURRENT"), FERRIC_OK);
    options = memory_options(vfs);
    assert_int_equal(ferric_open(DAMAGED, &options, &db), FERRIC_CORRUPT);
    assert_non_null(strstr(ferric_error_message(), "repair"));
    assert_int_equal(ferric_repair(DAMAGED, REPAIRED, &options, NULL, NULL, &report), FERRIC_OK);
    assert_int_equal(report.findings, 1);
    assert_int_equal(count_right_values(vfs), KEYS - 1);
    fe_vfs_memory_destroy(vfs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_sound_database_is_copied_whole),
        cmocka_unit_test(test_a_damaged_block_costs_its_own_keys_only),
        cmocka_unit_test(test_without_current_all_tables_are_used),
    };
    return cmocka_run_group_tests_name("repair", tests, NULL, NULL);
}
