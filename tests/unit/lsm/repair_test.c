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

// Flips one byte of the first file whose name ends so; at 0 the one in its middle.
static void damage_at(fe_vfs *vfs, const char *suffix, uint64_t offset)
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
        if (offset == 0) offset = size / 2;
        assert_int_equal(fe_file_read_at(file, offset, &byte, 1, &got), FERRIC_OK);
        byte ^= 0x55;
        assert_int_equal(fe_file_write_at(file, offset, &byte, 1), FERRIC_OK);
        fe_file_close(file);
        is_done = true;
    }
    assert_true(is_done);
    ferric_buffer_free(&names);
}

static void damage(fe_vfs *vfs, const char *suffix)
{
    damage_at(vfs, suffix, 0);
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

// Two more keyspaces than "main": documents, and bytes that look like none.
static void fill_more(fe_vfs *vfs)
{
    ferric_options options = memory_options(vfs);
    ferric_slice open_end = {NULL, 0};
    ferric_keyspace *papers = NULL;
    ferric_keyspace *bytes = NULL;
    ferric_db *db = NULL;
    char key[32];

    assert_int_equal(ferric_open(DAMAGED, &options, &db), FERRIC_OK);
    assert_int_equal(ferric_keyspace_open(db, "papers", FERRIC_KEYSPACE_COLLECTION, &papers),
                     FERRIC_OK);
    assert_int_equal(ferric_keyspace_open(db, "bytes", FERRIC_KEYSPACE_RAW, &bytes), FERRIC_OK);
    for (int i = 0; i < 100; i++) {
        snprintf(key, sizeof key, "paper%d", i);
        assert_int_equal(ferric_document_put(db, papers, text(key), text("{\"n\":1}"), NULL),
                         FERRIC_OK);
        assert_int_equal(ferric_put(db, bytes, text(key), text("\x01"), NULL), FERRIC_OK);
    }
    ferric_keyspace_close(papers);
    ferric_keyspace_close(bytes);
    assert_int_equal(ferric_flush(db), FERRIC_OK);
    assert_int_equal(ferric_compact(db, NULL, open_end, open_end), FERRIC_OK);
    assert_int_equal(ferric_close(db), FERRIC_OK);
    // The next log, and a flush, release the one that still has the names.
    assert_int_equal(ferric_open(DAMAGED, &options, &db), FERRIC_OK);
    assert_int_equal(ferric_put(db, NULL, text("last"), text("1"), NULL), FERRIC_OK);
    assert_int_equal(ferric_flush(db), FERRIC_OK);
    assert_int_equal(ferric_compact(db, NULL, open_end, open_end), FERRIC_OK);
    assert_int_equal(ferric_close(db), FERRIC_OK);
}

// `name` has `expected` keys of fill_more, and a new keyspace does not get its id.
static void assert_keyspace(ferric_db *db, const char *name, ferric_keyspace_kind kind,
                            uint64_t expected)
{
    ferric_slice open_end = {NULL, 0};
    ferric_keyspace *keyspace = NULL;
    uint64_t count = 0;

    assert_int_equal(ferric_keyspace_open(db, name, kind, &keyspace), FERRIC_OK);
    assert_int_equal(ferric_count(db, keyspace, open_end, open_end, NULL, &count), FERRIC_OK);
    assert_int_equal(count, expected);
    ferric_keyspace_close(keyspace);
}

static void test_keyspaces_without_a_name_get_one(void **state)
{
    fe_vfs *vfs;
    ferric_options options;
    ferric_repair_report report;
    ferric_keyspace *more = NULL;
    ferric_keyspace_info *list = NULL;
    size_t count = 0;
    ferric_db *db = NULL;

    (void)state;
    assert_int_equal(fe_vfs_memory_create(&vfs), FERRIC_OK);
    fill(vfs);
    fill_more(vfs);
    damage_at(vfs, ".table", 80); // In the first block: the catalogue.
    options = memory_options(vfs);
    assert_int_equal(ferric_repair(DAMAGED, REPAIRED, &options, NULL, NULL, &report), FERRIC_OK);
    assert_int_equal(report.blocks_lost, 1);
    assert_int_equal(report.findings, 4);
    assert_int_equal(count_right_values(vfs), KEYS - 1);
    assert_int_equal(ferric_open(REPAIRED, &options, &db), FERRIC_OK);
    assert_keyspace(db, "recovered-16", FERRIC_KEYSPACE_COLLECTION, 100);
    assert_keyspace(db, "recovered-17", FERRIC_KEYSPACE_RAW, 100);
    assert_int_equal(ferric_keyspace_open(db, "more", FERRIC_KEYSPACE_RAW, &more), FERRIC_OK);
    assert_int_equal(ferric_put(db, more, text("a"), text("b"), NULL), FERRIC_OK);
    ferric_keyspace_close(more);
    assert_int_equal(ferric_keyspace_list(db, &list, &count), FERRIC_OK);
    assert_int_equal(count, 4);
    for (size_t i = 0; i < count; i++)
        assert_true(list[i].id == 18 || strcmp(list[i].name, "more") != 0);
    ferric_free(list);
    assert_int_equal(ferric_close(db), FERRIC_OK);
    fe_vfs_memory_destroy(vfs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_sound_database_is_copied_whole),
        cmocka_unit_test(test_a_damaged_block_costs_its_own_keys_only),
        cmocka_unit_test(test_without_current_all_tables_are_used),
        cmocka_unit_test(test_keyspaces_without_a_name_get_one),
    };
    return cmocka_run_group_tests_name("repair", tests, NULL, NULL);
}
