// SPDX-License-Identifier: Apache-2.0
// The golden databases: a few hundred keys of every kind in tables of several levels, and in a log.
#include "golden_content.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/slice.h"
#include "support/harness.h"

#define VALUE_SIZE_MAX 5000u
#define KEY_SIZE_MAX 40u
#define COLLECTION "papers"
#define RAW "bytes"

static const golden_database databases[] = {
    {"closed_lz4", 400, FERRIC_COMPRESSION_LZ4, false, false},
    {"closed_plain", 60, FERRIC_COMPRESSION_NONE, false, false},
    {"killed_zstd", 300, FERRIC_COMPRESSION_ZSTD, true, false},
    {"one_key", 1, FERRIC_COMPRESSION_LZ4, false, false},
    {"kinds_closed", 40, FERRIC_COMPRESSION_LZ4, false, true},
    {"kinds_killed", 30, FERRIC_COMPRESSION_NONE, true, true},
};

size_t golden_count(void)
{
    return sizeof databases / sizeof *databases;
}

const golden_database *golden_at(size_t index)
{
    return &databases[index];
}

// ---- What a key holds -----------------------------------------------------------------------

static bool is_deleted(uint32_t i)
{
    return i % 7 == 3;
}

// How often the key was written.
static uint32_t writes_of(uint32_t i)
{
    return 1 + (i % 5 == 2) + (i % 11 == 4);
}

// Keys differ in length and hold bytes of every kind; the number stands in front, big-endian.
static ferric_slice raw_key(uint32_t i, char key[KEY_SIZE_MAX])
{
    size_t size = 4 + i % 30;

    for (size_t at = 0; at < size; at++)
        key[at] = (char)(i * 37 + at * 101);
    key[0] = (char)(i >> 24);
    key[1] = (char)(i >> 16);
    key[2] = (char)(i >> 8);
    key[3] = (char)i;
    return fe_slice(key, size);
}

static ferric_slice text_key(uint32_t i, char key[KEY_SIZE_MAX])
{
    snprintf(key, KEY_SIZE_MAX, "key%05" PRIu32, i);
    return fe_slice_text(key);
}

// The value of write number `write` to a key: some empty, most short, a few of several pages.
static ferric_slice value_of(uint32_t i, uint32_t write, char value[VALUE_SIZE_MAX])
{
    size_t size = i % 13 == 0 ? 0 : i % 97 == 5 ? VALUE_SIZE_MAX : 20 + i * 7 % 150;

    for (size_t at = 0; at < size; at++)
        value[at] = (char)(at % 9 < 6 ? "ferric"[at % 9] : (char)(i * 31 + write * 7 + at * at));
    return fe_slice(value, size);
}

static ferric_slice document_of(uint32_t i, uint32_t write, char value[VALUE_SIZE_MAX])
{
    snprintf(value, VALUE_SIZE_MAX,
             "{\"n\":%" PRIu32 ",\"write\":%" PRIu32
             ",\"names\":[\"\\u00e9\",\"\xc3\xa9\",null,true,-1.50e3],\"deep\":{\"a\":{\"b\":[]}}}",
             i, write);
    return fe_slice_text(value);
}

// ---- Making ---------------------------------------------------------------------------------

void golden_must(ferric_status status, const char *what)
{
    if (status == FERRIC_OK) return;
    harness_panic("%s: %s (%s)", what, ferric_status_name(status), ferric_error_message());
}

static ferric_db *open_database(const golden_database *golden, fe_vfs *vfs)
{
    ferric_options options = FERRIC_OPTIONS_INIT;
    ferric_db *db = NULL;

    options.vfs = vfs;
    options.background_threads = 0;
    options.log_size = 64 << 10;
    options.memtable_size = 64 << 10;
    options.table_size = 64 << 10;
    options.block_size = 1024;
    options.compression = golden->compression;
    options.bottom_compression = golden->compression;
    golden_must(ferric_open(GOLDEN_PATH, &options, &db), "ferric_open");
    return db;
}

// Writes number `write` of all keys that have so many.
static void write_all(const golden_database *golden, ferric_db *db, uint32_t write)
{
    ferric_keyspace *papers = NULL;
    ferric_keyspace *bytes = NULL;
    char key[KEY_SIZE_MAX];
    char value[VALUE_SIZE_MAX];

    golden_must(ferric_keyspace_open(db, COLLECTION, FERRIC_KEYSPACE_COLLECTION, &papers),
                COLLECTION);
    golden_must(ferric_keyspace_open(db, RAW, FERRIC_KEYSPACE_RAW, &bytes), RAW);
    for (uint32_t i = 0; i < golden->key_count; i++) {
        if (write >= writes_of(i)) continue;
        golden_must(ferric_put(db, NULL, text_key(i, key), value_of(i, write, value), NULL),
                    "main");
        golden_must(ferric_put(db, bytes, raw_key(i, key), value_of(i, write + 9, value), NULL),
                    RAW);
        golden_must(
            ferric_document_put(db, papers, text_key(i, key), document_of(i, write, value), NULL),
            COLLECTION);
    }
    ferric_keyspace_close(papers);
    ferric_keyspace_close(bytes);
}

static void delete_some(const golden_database *golden, ferric_db *db)
{
    char key[KEY_SIZE_MAX];

    for (uint32_t i = 0; i < golden->key_count; i++) {
        if (!is_deleted(i)) continue;
        golden_must(ferric_delete(db, NULL, text_key(i, key), NULL), "a delete");
    }
}

void golden_fill(const golden_database *golden, fe_vfs *vfs, ferric_db **db)
{
    ferric_slice open_end = {NULL, 0};

    *db = open_database(golden, vfs);
    write_all(golden, *db, 0);
    golden_must(ferric_flush(*db), "ferric_flush");
    if (golden->has_kinds) golden_kinds_begin(*db);
    write_all(golden, *db, 1);
    golden_must(ferric_compact(*db, NULL, open_end, open_end), "ferric_compact");
    golden_must(ferric_close(*db), "ferric_close");
    *db = open_database(golden, vfs);
    delete_some(golden, *db);
    golden_must(ferric_flush(*db), "ferric_flush");
    write_all(golden, *db, 2);
    if (golden->has_kinds) golden_kinds_end(*db);
    delete_some(golden, *db); // In the log alone, when it is killed.
    if (golden->is_killed) return;
    golden_must(ferric_close(*db), "ferric_close");
    *db = NULL;
}

// ---- Comparing ------------------------------------------------------------------------------

static char *compare(const char *where, uint32_t i, ferric_status status,
                     const ferric_buffer *found, bool is_absent, ferric_slice expected)
{
    if (is_absent && status == FERRIC_NOT_FOUND) return NULL;
    if (status != FERRIC_OK || is_absent) {
        return harness_format("%s %u: %s (%s)", where, i, ferric_status_name(status),
                              ferric_error_message());
    }
    if (fe_slice_equal(fe_slice(found->data, found->size), expected)) return NULL;
    return harness_format("%s %u: %zu bytes, other than the %zu expected", where, i, found->size,
                          expected.size);
}

static char *compare_key(ferric_db *db, ferric_keyspace *papers, ferric_keyspace *bytes, uint32_t i,
                         ferric_buffer *found)
{
    char key[KEY_SIZE_MAX];
    char value[VALUE_SIZE_MAX];
    uint32_t last = writes_of(i) - 1;
    ferric_status status = ferric_get(db, NULL, text_key(i, key), NULL, found, NULL);
    char *wrong = compare("main", i, status, found, is_deleted(i), value_of(i, last, value));

    if (wrong != NULL) return wrong;
    status = ferric_get(db, bytes, raw_key(i, key), NULL, found, NULL);
    wrong = compare(RAW, i, status, found, false, value_of(i, last + 9, value));
    if (wrong != NULL) return wrong;
    status = ferric_document_get(db, papers, text_key(i, key), NULL, found, NULL);
    return compare(COLLECTION, i, status, found, false, document_of(i, last, value));
}

// Keys that nobody wrote would be wrong too.
static char *compare_counts(const golden_database *golden, ferric_db *db,
                            ferric_keyspace *const keyspaces[3])
{
    ferric_slice open_end = {NULL, 0};

    for (int k = 0; k < 3; k++) {
        uint64_t expected = golden->key_count;
        uint64_t count = 0;
        ferric_status status = ferric_count(db, keyspaces[k], open_end, open_end, NULL, &count);
        for (uint32_t i = 0; i < golden->key_count && k == 0; i++)
            expected -= is_deleted(i);
        if (status == FERRIC_OK && count == expected) continue;
        return harness_format("keyspace %d: %s, %" PRIu64 " keys, expected %" PRIu64, k,
                              ferric_status_name(status), count, expected);
    }
    return NULL;
}

char *golden_difference(const golden_database *golden, ferric_db *db)
{
    ferric_keyspace *keyspaces[3] = {NULL, NULL, NULL};
    ferric_buffer found = {0};
    char *wrong = NULL;

    golden_must(ferric_keyspace_open(db, COLLECTION, FERRIC_KEYSPACE_COLLECTION, &keyspaces[1]),
                "open");
    golden_must(ferric_keyspace_open(db, RAW, FERRIC_KEYSPACE_RAW, &keyspaces[2]), "open");
    for (uint32_t i = 0; i < golden->key_count && wrong == NULL; i++)
        wrong = compare_key(db, keyspaces[1], keyspaces[2], i, &found);
    if (wrong == NULL) wrong = compare_counts(golden, db, keyspaces);
    if (wrong == NULL && golden->has_kinds) wrong = golden_kinds_difference(db);
    ferric_keyspace_close(keyspaces[1]);
    ferric_keyspace_close(keyspaces[2]);
    ferric_buffer_free(&found);
    return wrong;
}
