// SPDX-License-Identifier: Apache-2.0
// What came to the golden databases with lifetimes, range deletes, drops and indexes. Expiries are
// long past or as far as they can be, so that it does not matter when a database is opened.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/slice.h"
#include "golden_content.h"
#include "support/harness.h"
#include "support/index_check.h"

#define KINDS "kinds"
#define GONE "gone"
#define OLD_NAME "old name"
#define NEW_NAME "new name"
#define COLLECTION "cards"
#define KEYS 24u
#define LARGE 6000u // Stands in a value file.
#define LONG_AGO_MS 1000u
#define TTL_MS 86400000u

static ferric_keyspace *keyspace_of(ferric_db *db, const char *name)
{
    bool is_collection = strcmp(name, COLLECTION) == 0;
    ferric_keyspace *keyspace = NULL;

    golden_must(
        ferric_keyspace_open(
            db, name, is_collection ? FERRIC_KEYSPACE_COLLECTION : FERRIC_KEYSPACE_RAW, &keyspace),
        name);
    return keyspace;
}

static ferric_slice key_of(uint32_t i, char key[16])
{
    snprintf(key, 16, "k%03" PRIu32, i % 1000);
    return fe_slice_text(key);
}

// ---- What a key of "kinds" holds -------------------------------------------------------------

// By its number: 0 stays as it was, 1 lives on, 2 has expired, 3 lives on and is large, 4 was
// deleted with a range, 5 was put into the range again.
static uint32_t kind_of(uint32_t i)
{
    return i >= 16 && i < 22 ? (i == 19 ? 5 : 4) : i % 4;
}

static ferric_slice value_of(uint32_t i, const char *word, char value[LARGE])
{
    size_t size = kind_of(i) == 3 ? LARGE : 40;

    for (size_t at = 0; at < size; at++)
        value[at] = word[at % strlen(word)];
    value[0] = (char)('A' + i);
    return fe_slice(value, size);
}

static uint64_t expiry_of(uint32_t i)
{
    uint32_t kind = kind_of(i);

    if (kind == 2) return LONG_AGO_MS;
    return kind == 1 || kind == 3 ? FERRIC_EXPIRES_MAX : 0;
}

// ---- Making ---------------------------------------------------------------------------------

static void put(ferric_db *db, ferric_keyspace *keyspace, uint32_t i, const char *word,
                uint64_t expires_ms)
{
    ferric_write_options options = FERRIC_WRITE_OPTIONS_INIT;
    char key[16];
    char value[LARGE];

    options.lifetime.expires_ms = expires_ms;
    golden_must(ferric_put(db, keyspace, key_of(i, key), value_of(i, word, value), &options),
                "a put");
}

static void fill(ferric_db *db, const char *name, const char *word)
{
    ferric_keyspace *keyspace = keyspace_of(db, name);

    for (uint32_t i = 0; i < KEYS; i++)
        put(db, keyspace, i, word, 0);
    ferric_keyspace_close(keyspace);
}

static void put_documents(ferric_db *db)
{
    ferric_keyspace *cards = keyspace_of(db, COLLECTION);
    char key[16];
    char json[128];

    for (uint32_t i = 0; i < KEYS; i++) {
        snprintf(json, sizeof json,
                 "{\"n\":%" PRIu32 ",\"group\":%" PRIu32 ",\"tags\":[%" PRIu32 ",\"t%" PRIu32
                 "\"]}",
                 i, i % 5, i % 3, i % 4);
        golden_must(ferric_document_put(db, cards, key_of(i, key), fe_slice_text(json), NULL),
                    "a document");
    }
    ferric_keyspace_close(cards);
}

static void create_index(ferric_db *db, ferric_keyspace *cards, const char *keys, bool is_unique,
                         const char *filter)
{
    ferric_index_options options = FERRIC_INDEX_OPTIONS_INIT;

    options.unique = is_unique;
    options.filter = fe_slice_text(filter);
    golden_must(ferric_index_create(db, cards, fe_slice_text(keys), &options), keys);
}

void golden_kinds_begin(ferric_db *db)
{
    ferric_keyspace *cards;

    fill(db, KINDS, "older ");
    fill(db, GONE, "gone ");
    fill(db, OLD_NAME, "named ");
    put_documents(db);
    cards = keyspace_of(db, COLLECTION);
    create_index(db, cards, "{\"group\":1,\"n\":-1}", false, "");
    create_index(db, cards, "{\"tags\":1}", false, "");
    ferric_keyspace_close(cards);
}

static void delete_range(ferric_db *db, ferric_keyspace *kinds)
{
    char lower[16];
    char upper[16];

    golden_must(ferric_delete_range(db, kinds, key_of(16, lower), key_of(22, upper), NULL),
                "a range");
    put(db, kinds, 19, "again ", 0);
}

void golden_kinds_end(ferric_db *db)
{
    ferric_keyspace *kinds = keyspace_of(db, KINDS);
    ferric_keyspace *cards = keyspace_of(db, COLLECTION);
    char key[16];

    for (uint32_t i = 0; i < KEYS; i++) {
        if (kind_of(i) != 0) put(db, kinds, i, "newer ", expiry_of(i));
    }
    delete_range(db, kinds);
    golden_must(ferric_keyspace_set_ttl(db, kinds, TTL_MS), "a default lifetime");
    golden_must(ferric_keyspace_drop(db, GONE), "a drop");
    golden_must(ferric_keyspace_rename(db, OLD_NAME, NEW_NAME), "a rename");
    create_index(db, cards, "{\"n\":1}", true, "");
    create_index(db, cards, "{\"n\":-1}", false, "{\"group\":{\"$gte\":3}}");
    golden_must(ferric_delete(db, cards, key_of(7, key), NULL), "a document");
    ferric_keyspace_close(cards);
    ferric_keyspace_close(kinds);
}

// ---- Comparing ------------------------------------------------------------------------------

static char *compare_value(uint32_t i, const ferric_pinned *found)
{
    uint32_t kind = kind_of(i);
    const char *word = kind == 0 ? "older " : kind == 5 ? "again " : "newer ";
    char value[LARGE];

    if (!fe_slice_equal(found->value, value_of(i, word, value)))
        return harness_format("key %u of " KINDS " has another value", i);
    if (found->expires_ms != expiry_of(i))
        return harness_format("key %u of " KINDS " expires at %" PRIu64, i, found->expires_ms);
    return NULL;
}

static char *compare_kinds(ferric_db *db)
{
    ferric_keyspace *kinds = keyspace_of(db, KINDS);
    char *wrong = NULL;

    for (uint32_t i = 0; i < KEYS && wrong == NULL; i++) {
        bool is_absent = kind_of(i) == 2 || kind_of(i) == 4;
        ferric_pinned found;
        char key[16];
        ferric_status status = ferric_get_pinned(db, kinds, key_of(i, key), NULL, &found);
        if (status != (is_absent ? FERRIC_NOT_FOUND : FERRIC_OK))
            wrong = harness_format("key %u of " KINDS ": %s", i, ferric_status_name(status));
        else if (!is_absent)
            wrong = compare_value(i, &found);
        ferric_pinned_release(&found);
    }
    ferric_keyspace_close(kinds);
    return wrong;
}

static char *compare_count(ferric_db *db, const char *name, uint64_t expected)
{
    ferric_keyspace *keyspace = keyspace_of(db, name);
    ferric_slice open_end = {NULL, 0};
    uint64_t count = 0;
    ferric_status status = ferric_count(db, keyspace, open_end, open_end, NULL, &count);

    ferric_keyspace_close(keyspace);
    if (status == FERRIC_OK && count == expected) return NULL;
    return harness_format("keyspace %s: %s, %" PRIu64 " keys, expected %" PRIu64, name,
                          ferric_status_name(status), count, expected);
}

static char *compare_names(ferric_db *db)
{
    ferric_keyspace_info *list = NULL;
    size_t count = 0;
    char *wrong = NULL;

    golden_must(ferric_keyspace_list(db, &list, &count), "ferric_keyspace_list");
    for (size_t i = 0; i < count && wrong == NULL; i++) {
        bool is_kinds = strcmp(list[i].name, KINDS) == 0;
        if (strcmp(list[i].name, GONE) == 0 || strcmp(list[i].name, OLD_NAME) == 0)
            wrong = harness_format("keyspace %s is there", list[i].name);
        else if (list[i].ttl_ms != (is_kinds ? TTL_MS : 0))
            wrong = harness_format("keyspace %s has another lifetime", list[i].name);
    }
    ferric_free(list);
    return wrong;
}

static void count_ready(void *context, const char *name, bool is_ready)
{
    (void)name;
    *(uint32_t *)context += is_ready;
}

static char *compare_indexes(ferric_db *db)
{
    ferric_keyspace *cards = keyspace_of(db, COLLECTION);
    char *wrong = NULL;
    uint32_t ready = 0;

    golden_must(index_list(db, cards, count_ready, &ready), "ferric_index_list");
    golden_must(index_check(db, cards, NULL, &wrong), "the indexes");
    ferric_keyspace_close(cards);
    if (wrong == NULL && ready != 4) wrong = harness_format("%u indexes are ready, not 4", ready);
    return wrong;
}

char *golden_kinds_difference(ferric_db *db)
{
    uint64_t absent = 0;
    char *wrong = compare_kinds(db);

    for (uint32_t i = 0; i < KEYS; i++)
        absent += kind_of(i) == 2 || kind_of(i) == 4;
    if (wrong == NULL) wrong = compare_count(db, KINDS, KEYS - absent);
    if (wrong == NULL) wrong = compare_count(db, NEW_NAME, KEYS);
    if (wrong == NULL) wrong = compare_count(db, COLLECTION, KEYS - 1);
    if (wrong == NULL) wrong = compare_names(db);
    return wrong == NULL ? compare_indexes(db) : wrong;
}
