// SPDX-License-Identifier: Apache-2.0
// Whole databases: the files of the input are opened through the public header, read in every way,
// verified, written to, compacted, closed and opened again. Whatever was damaged, each call
// answers, and after a good close the database opens.
#include <string.h>

#include <ferric/ferric.h>

#include "folder.h"
#include "fuzz.h"

#define ENTRIES_MAX 4096

// Caches, statistics and the files that are written.
const size_t fuzz_fixed_memory = (size_t)8 << 20;

static ferric_slice text(const char *letters)
{
    return (ferric_slice){letters, strlen(letters)};
}

// ---- Reading --------------------------------------------------------------------------------

// Both ways show as many entries, when the database is sound.
static void read_entries(ferric_db *db, ferric_keyspace *keyspace, bool is_collection,
                         bool is_sound)
{
    ferric_iterator *iterator;
    ferric_buffer value = {0};
    uint64_t forward = 0;
    uint64_t backward = 0;
    uint64_t version;

    if (ferric_iterator_create(db, keyspace, NULL, &iterator) != FERRIC_OK) return;
    for (bool ok = ferric_iterator_first(iterator); ok && forward < ENTRIES_MAX;
         ok = ferric_iterator_next(iterator)) {
        ferric_slice key = ferric_iterator_key(iterator);
        ferric_slice json;
        forward++;
        if (is_collection) (void)ferric_document_text(ferric_iterator_value(iterator), &json);
        (void)ferric_get(db, keyspace, key, NULL, &value, &version);
    }
    for (bool ok = ferric_iterator_last(iterator); ok && backward < ENTRIES_MAX;
         ok = ferric_iterator_prev(iterator)) {
        backward++;
    }
    if (is_sound && ferric_iterator_status(iterator) == FERRIC_OK && forward < ENTRIES_MAX)
        FUZZ_CHECK(forward == backward);
    (void)ferric_iterator_seek(iterator, text("k"));
    ferric_iterator_destroy(iterator);
    ferric_buffer_free(&value);
}

static void read_keyspaces(ferric_db *db, bool is_sound)
{
    ferric_keyspace_info *list = NULL;
    size_t count = 0;

    read_entries(db, NULL, false, is_sound);
    if (ferric_keyspace_list(db, &list, &count) != FERRIC_OK) return;
    for (size_t i = 0; i < count && i < 4; i++) {
        ferric_keyspace *keyspace;
        if (ferric_keyspace_open(db, list[i].name, list[i].kind, &keyspace) != FERRIC_OK) continue;
        read_entries(db, keyspace, list[i].kind == FERRIC_KEYSPACE_COLLECTION, is_sound);
        ferric_keyspace_close(keyspace);
    }
    ferric_free(list);
}

static void read_all(ferric_db *db)
{
    ferric_verify_report report;
    ferric_buffer value = {0};
    uint64_t count;

    read_keyspaces(db, ferric_verify(db, NULL, NULL, &report) == FERRIC_OK);
    (void)ferric_get(db, NULL, text("key"), NULL, &value, NULL);
    (void)ferric_count(db, NULL, (ferric_slice){0}, (ferric_slice){0}, NULL, &count);
    (void)ferric_stats_json(db, &value);
    ferric_buffer_free(&value);
}

// ---- Writing --------------------------------------------------------------------------------

// Returns whether the put was acknowledged.
static bool write_some(ferric_db *db)
{
    ferric_keyspace *keyspace;
    bool is_put = ferric_put(db, NULL, text("key"), text("value"), NULL) == FERRIC_OK;

    if (ferric_keyspace_open(db, "papers", FERRIC_KEYSPACE_COLLECTION, &keyspace) == FERRIC_OK) {
        (void)ferric_document_put(db, keyspace, text("one"), text("{\"a\":[1,2]}"), NULL);
        ferric_keyspace_close(keyspace);
    }
    (void)ferric_flush(db);
    (void)ferric_compact(db, NULL, (ferric_slice){0}, (ferric_slice){0});
    return is_put;
}

static void check_key(ferric_db *db)
{
    ferric_buffer value = {0};

    FUZZ_CHECK(ferric_get(db, NULL, text("key"), NULL, &value, NULL) == FERRIC_OK);
    FUZZ_CHECK(value.size == 5 && memcmp(value.data, "value", 5) == 0);
    ferric_buffer_free(&value);
}

// ---- Both -----------------------------------------------------------------------------------

static void read_only(const ferric_options *options, const folder *files)
{
    ferric_options reading = *options;
    ferric_db *db;

    reading.read_only = true;
    if (ferric_open(FOLDER_PATH, &reading, &db) == FERRIC_OK) read_all(db);
    (void)ferric_close(db);
    folder_check(options->vfs, files); // Not a byte was changed.
}

static bool write_and_reopen(const ferric_options *options)
{
    ferric_db *db;
    bool is_put;

    if (ferric_open(FOLDER_PATH, options, &db) != FERRIC_OK) return false;
    read_all(db);
    is_put = write_some(db);
    read_all(db);
    if (ferric_close(db) != FERRIC_OK || !is_put) return true;
    FUZZ_CHECK(ferric_open(FOLDER_PATH, options, &db) == FERRIC_OK);
    check_key(db);
    (void)ferric_close(db);
    return true;
}

bool fuzz_run(const uint8_t *data, size_t size)
{
    ferric_options options = FERRIC_OPTIONS_INIT;
    folder files;
    bool is_valid;

    folder_read(data, size, &files);
    options.vfs = folder_mount(&files);
    if (options.vfs == NULL) return false;
    options.background_threads = 0;
    options.memory_limit = (uint64_t)8 << 20;
    options.memtable_size = 4096;
    options.log_size = 64 << 10;
    options.create_if_missing = false;
    fuzz_expansion_begin();
    read_only(&options, &files);
    is_valid = write_and_reopen(&options);
    (void)ferric_destroy(FOLDER_PATH, &options);
    fuzz_expansion_end();
    fe_vfs_memory_destroy(options.vfs);
    return is_valid;
}
