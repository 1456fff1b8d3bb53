// SPDX-License-Identifier: Apache-2.0
// Short words for tests of the public calls.
#include "api_kit.h"

#include "base/buffer.h"
#include "base/slice.h"
#include "support/encrypted.h"

void kit_init(api_kit *kit)
{
    static const ferric_options defaults = FERRIC_OPTIONS_INIT;

    memset(kit, 0, sizeof *kit);
    assert_int_equal(fe_vfs_memory_create(&kit->vfs), FERRIC_OK);
    kit->options = defaults;
    kit->options.vfs = kit->vfs;
    kit->options.background_threads = 0;
    kit->options.memtable_size = 16 << 10;
    kit->options.log_size = 64 << 10;
    kit->options.table_size = 64 << 10;
    kit->options.block_size = 1024;
    harness_encrypt(&kit->options);
    kit_open(kit);
}

void kit_open(api_kit *kit)
{
    ferric_status status = ferric_open(KIT_PATH, &kit->options, &kit->db);

    if (status != FERRIC_OK) print_message("%s\n", ferric_error_message());
    assert_int_equal(status, FERRIC_OK);
}

void kit_close(api_kit *kit)
{
    assert_int_equal(ferric_close(kit->db), FERRIC_OK);
    kit->db = NULL;
}

void kit_reopen(api_kit *kit)
{
    kit_close(kit);
    kit_open(kit);
}

void kit_deinit(api_kit *kit)
{
    kit_close(kit);
    fe_vfs_memory_destroy(kit->vfs);
}

ferric_keyspace *kit_keyspace(api_kit *kit, const char *name, ferric_keyspace_kind kind)
{
    ferric_keyspace *keyspace = NULL;
    assert_ok(ferric_keyspace_open(kit->db, name, kind, &keyspace));
    return keyspace;
}

ferric_slice text(const char *characters)
{
    return fe_slice_text(characters);
}

void assert_ok(ferric_status status)
{
    if (status != FERRIC_OK) print_message("%s\n", ferric_error_message());
    assert_int_equal(status, FERRIC_OK);
}

void assert_failed(ferric_status status, ferric_status expected, const char *word)
{
    assert_int_equal(status, expected);
    if (strstr(ferric_error_message(), word) == NULL) {
        print_message("\"%s\" is not in: %s\n", word, ferric_error_message());
    }
    assert_non_null(strstr(ferric_error_message(), word));
}

void put(ferric_db *db, ferric_keyspace *keyspace, const char *key, const char *value)
{
    assert_ok(ferric_put(db, keyspace, text(key), text(value), NULL));
}

void assert_value_at(ferric_db *db, ferric_keyspace *keyspace, const ferric_snapshot *snapshot,
                     const char *key, const char *value)
{
    ferric_read_options options = FERRIC_READ_OPTIONS_INIT;
    ferric_buffer found = {0};
    uint64_t version = 12345;
    ferric_status status;

    options.snapshot = snapshot;
    status = ferric_get(db, keyspace, text(key), &options, &found, &version);
    assert_int_equal(status, value == NULL ? FERRIC_NOT_FOUND : FERRIC_OK);
    assert_int_equal(ferric_has(db, keyspace, text(key), &options), status);
    if (value == NULL) {
        assert_int_equal(version, 0);
    } else {
        assert_int_equal(found.size, strlen(value));
        if (found.size > 0) assert_memory_equal(found.data, value, found.size);
        assert_true(version > 0);
    }
    ferric_buffer_free(&found);
}

void assert_value(ferric_db *db, ferric_keyspace *keyspace, const char *key, const char *value)
{
    assert_value_at(db, keyspace, NULL, key, value);
}

void assert_keys(ferric_db *db, ferric_keyspace *keyspace, const ferric_iterator_options *options,
                 const char *expected)
{
    ferric_iterator *iterator = NULL;
    ferric_buffer found = {0};

    assert_ok(ferric_iterator_create(db, keyspace, options, &iterator));
    while (ferric_iterator_next(iterator)) {
        ferric_slice key = ferric_iterator_key(iterator);
        assert_int_equal(fe_buffer_format(&found, "%.*s ", (int)key.size, (const char *)key.data),
                         FERRIC_OK);
    }
    assert_ok(ferric_iterator_status(iterator));
    assert_string_equal(found.size == 0 ? "" : (const char *)found.data, expected);
    ferric_iterator_destroy(iterator);
    ferric_buffer_free(&found);
}

static void append_file(api_kit *kit, const char *name, ferric_buffer *all)
{
    char path[300];
    fe_file *file = NULL;
    uint64_t size = 0;
    size_t got = 0;

    snprintf(path, sizeof path, KIT_PATH "/%s", name);
    assert_int_equal(fe_vfs_open(kit->vfs, path, FE_OPEN_READ, &file), FERRIC_OK);
    assert_int_equal(fe_file_size(file, &size), FERRIC_OK);
    assert_int_equal(fe_buffer_reserve(all, (size_t)size), FERRIC_OK);
    assert_int_equal(fe_file_read_at(file, 0, (uint8_t *)all->data + all->size, (size_t)size, &got),
                     FERRIC_OK);
    all->size += got;
    fe_file_close(file);
}

ferric_buffer kit_files(api_kit *kit)
{
    ferric_buffer names = {0};
    ferric_buffer all = {0};

    assert_int_equal(fe_vfs_list(kit->vfs, KIT_PATH, &names), FERRIC_OK);
    for (size_t at = 0; at < names.size;) {
        const char *name = (const char *)names.data + at;
        at += strlen(name) + 1;
        assert_int_equal(fe_buffer_append(&all, name, strlen(name) + 1), FERRIC_OK);
        append_file(kit, name, &all);
    }
    ferric_buffer_free(&names);
    return all;
}
