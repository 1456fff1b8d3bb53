// SPDX-License-Identifier: Apache-2.0
// See users_kit.h.
#include "users_kit.h"

ferric_keyspace *users_of(api_kit *kit)
{
    return kit_keyspace(kit, "users", FERRIC_KEYSPACE_COLLECTION);
}

void put_document(api_kit *kit, ferric_keyspace *users, const char *key, const char *json)
{
    assert_ok(ferric_document_put(kit->db, users, text(key), text(json), NULL));
}

void fill_users(api_kit *kit, ferric_keyspace *users, int count)
{
    for (int i = 0; i < count; i++) {
        char key[16];
        char json[64];
        snprintf(key, sizeof key, "u%04d", i);
        snprintf(json, sizeof json, "{\"age\":%d,\"n\":%d}", i % 50, i);
        put_document(kit, users, key, json);
    }
}

void create_index(api_kit *kit, ferric_keyspace *users, const char *keys, bool unique)
{
    ferric_index_options options = FERRIC_INDEX_OPTIONS_INIT;
    options.unique = unique;
    assert_ok(ferric_index_create(kit->db, users, text(keys), &options));
}

void assert_found(ferric_db *db, ferric_keyspace *users, const char *filter,
                  const ferric_find_options *options, const char *expected)
{
    char keys[512] = "";
    size_t used = 0;
    ferric_cursor *cursor;

    assert_ok(ferric_find(db, users, text(filter), options, &cursor));
    while (ferric_cursor_next(cursor)) {
        ferric_slice key = ferric_cursor_key(cursor);
        assert_true(used + key.size + 2 < sizeof keys);
        used += (size_t)snprintf(keys + used, sizeof keys - used, "%.*s ", (int)key.size,
                                 (const char *)key.data);
    }
    assert_ok(ferric_cursor_status(cursor));
    ferric_cursor_destroy(cursor);
    assert_string_equal(keys, expected);
}

void assert_count(api_kit *kit, ferric_keyspace *users, const char *filter, uint64_t expected)
{
    uint64_t count;

    assert_ok(ferric_find_count(kit->db, users, text(filter), NULL, &count));
    assert_int_equal(count, expected);
}

static void assert_says(api_kit *kit, ferric_keyspace *users, const char *filter,
                        const ferric_find_options *options, const char *what, bool expected)
{
    ferric_buffer json = {0};
    char *copy;

    assert_ok(ferric_explain(kit->db, users, text(filter), options, &json));
    copy = malloc(json.size + 1);
    memcpy(copy, json.data, json.size);
    copy[json.size] = 0;
    if ((strstr(copy, what) != NULL) != expected) {
        fail_msg("%s is %sin %s", what, expected ? "not " : "", copy);
    }
    free(copy);
    ferric_buffer_free(&json);
}

void assert_explained(api_kit *kit, ferric_keyspace *users, const char *filter,
                      const ferric_find_options *options, const char *expected)
{
    assert_says(kit, users, filter, options, expected, true);
}

void assert_not_explained(api_kit *kit, ferric_keyspace *users, const char *filter,
                          const ferric_find_options *options, const char *unexpected)
{
    assert_says(kit, users, filter, options, unexpected, false);
}

void assert_indexes_sound(api_kit *kit, ferric_keyspace *users, uint64_t expected)
{
    uint64_t entries;

    assert_ok(ferric_index_verify(kit->db, users, NULL, &entries));
    assert_int_equal(entries, expected);
}

void assert_text(const ferric_buffer *json, const char *expected)
{
    assert_int_equal(json->size, strlen(expected));
    assert_memory_equal(json->data, expected, json->size);
}
