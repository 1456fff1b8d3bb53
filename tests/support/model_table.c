// SPDX-License-Identifier: Apache-2.0
// The universe of keys and the table over it.
#include "support/model_table.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/checksum.h"
#include "base/coding.h"
#include "base/random.h"
#include "base/slice.h"
#include "support/harness.h"
#include "support/model_document.h"

static const char *const keyspace_names[MODEL_KEYSPACE_COUNT] = {NULL, "accounts", "zebra",
                                                                 "papers"};

model_view_tally model_viewed;

// ---- Keys -----------------------------------------------------------------------------------

typedef struct key_bytes {
    uint8_t data[MODEL_KEY_SIZE_MAX];
    size_t size;
} key_bytes;

static key_bytes keys[MODEL_KEY_COUNT];
static bool has_keys;

// Four families: short text, a long shared prefix, bytes at the ends of the range, long keys.
static void make_key(uint32_t index, key_bytes *key)
{
    uint8_t number = (uint8_t)(index / 4);

    memset(key, 0, sizeof(*key));
    switch (index % 4) {
    case 0:
        key->data[0] = 'k';
        key->data[1] = (uint8_t)('a' + number);
        key->size = 2;
        break;
    case 1:
        memcpy(key->data, "shared/prefix/of/many/keys/", 27);
        key->data[27] = (uint8_t)('0' + number / 4);
        key->data[28] = (uint8_t)('0' + number % 4);
        key->size = number % 3 == 0 ? 28 : 29;
        if (key->size == 28) key->data[27] = (uint8_t)('A' + number);
        break;
    case 2:
        // A run of zeros, or of 0xff, one longer each time: prefixes of one another.
        memset(key->data, number % 2 == 0 ? 0x00 : 0xff, sizeof(key->data));
        key->size = 1u + number / 2;
        break;
    default:
        memset(key->data, 'x', sizeof(key->data));
        key->data[200] = number;
        key->size = 201;
        break;
    }
}

static int compare_keys(const void *left, const void *right)
{
    const key_bytes *a = left;
    const key_bytes *b = right;
    return fe_slice_compare(fe_slice(a->data, a->size), fe_slice(b->data, b->size));
}

static void make_keys(void)
{
    if (has_keys) return;
    for (uint32_t i = 0; i < MODEL_KEY_COUNT; i++)
        make_key(i, &keys[i]);
    qsort(keys, MODEL_KEY_COUNT, sizeof(keys[0]), compare_keys);
    for (uint32_t i = 1; i < MODEL_KEY_COUNT; i++) {
        if (compare_keys(&keys[i - 1], &keys[i]) >= 0) harness_panic("two model keys are equal");
    }
    has_keys = true;
}

const char *model_keyspace_name(uint32_t keyspace)
{
    return keyspace_names[keyspace];
}

ferric_keyspace_kind model_keyspace_kind(uint32_t keyspace)
{
    return keyspace == MODEL_COLLECTION ? FERRIC_KEYSPACE_COLLECTION : FERRIC_KEYSPACE_RAW;
}

ferric_slice model_key(uint32_t index)
{
    make_keys();
    return fe_slice(keys[index].data, keys[index].size);
}

ferric_slice model_key_in(uint32_t keyspace, uint32_t index)
{
    return keyspace == MODEL_COLLECTION ? model_document_key(index) : model_key(index);
}

uint32_t model_key_find(uint32_t keyspace, ferric_slice key)
{
    key_bytes wanted;

    if (keyspace == MODEL_COLLECTION) return model_document_key_find(key);
    make_keys();
    if (key.size > sizeof(wanted.data)) return MODEL_KEY_NONE;
    if (key.size != 0) memcpy(wanted.data, key.data, key.size);
    wanted.size = key.size;
    const key_bytes *found = bsearch(&wanted, keys, MODEL_KEY_COUNT, sizeof(keys[0]), compare_keys);
    return found == NULL ? MODEL_KEY_NONE : (uint32_t)(found - keys);
}

// The first bytes are the number; then half noise, half text that compresses.
void model_value(uint64_t number, uint32_t key, void *data, size_t size)
{
    fe_random random = {number * 1000003u + key};
    uint8_t *bytes = data;

    for (size_t at = 0; at < size; at += 8) {
        uint8_t word[8];
        fe_put_u64(word, at == 0 ? number : fe_random_next(&random));
        if (at % 32 >= 16) memcpy(word, "ferric! ", 8);
        memcpy(bytes + at, word, size - at < 8 ? size - at : 8);
    }
}

// ---- The table ------------------------------------------------------------------------------

static uint64_t entry_hash(const model_entry *entry, uint32_t keyspace, uint32_t key)
{
    uint8_t bytes[28];

    if (entry->presence != MODEL_PRESENT) return 0;
    fe_put_u32(bytes, keyspace);
    fe_put_u32(bytes + 4, key);
    fe_put_u64(bytes + 8, entry->value_hash);
    fe_put_u32(bytes + 16, entry->size);
    fe_put_u64(bytes + 20, entry->expires_ms);
    return fe_hash64(bytes, sizeof(bytes));
}

static bool is_expiring(const model_entry *entry)
{
    return entry->presence == MODEL_PRESENT && entry->expires_ms != 0 &&
           entry->expires_ms != MODEL_EXPIRES_UNREAD;
}

static void set_entry(model_table *table, uint32_t keyspace, uint32_t key, model_entry entry)
{
    model_entry *place = &table->entries[keyspace][key];

    table->hash ^= entry_hash(place, keyspace, key);
    table->expiring_count -= is_expiring(place);
    *place = entry;
    table->hash ^= entry_hash(place, keyspace, key);
    table->expiring_count += is_expiring(place);
}

void model_put(model_table *table, uint32_t keyspace, uint32_t key, model_entry entry)
{
    entry.presence = MODEL_PRESENT;
    set_entry(table, keyspace, key, entry);
}

void model_delete(model_table *table, uint32_t keyspace, uint32_t key)
{
    set_entry(table, keyspace, key, (model_entry){0});
}

void model_delete_range(model_table *table, uint32_t keyspace, uint32_t first, uint32_t end)
{
    for (uint32_t key = first; key < end; key++)
        model_delete(table, keyspace, key);
}

void model_rename(model_table *table, uint32_t from, uint32_t to)
{
    for (uint32_t key = 0; key < MODEL_KEY_COUNT; key++) {
        set_entry(table, to, key, table->entries[from][key]);
        model_delete(table, from, key);
    }
    table->facts[to] = MODEL_YES;
    table->facts[from] = MODEL_NO;
    table->ttl_ms[to] = table->ttl_ms[from];
    table->ttl_ms[from] = 0;
}

uint64_t model_count(const model_table *table, uint32_t keyspace)
{
    uint64_t count = 0;

    for (uint32_t i = 0; i < MODEL_KEY_COUNT; i++) {
        count += table->entries[keyspace][i].presence == MODEL_PRESENT;
    }
    return count;
}

void model_rehash(model_table *table)
{
    table->hash = 0;
    table->expiring_count = 0;
    for (uint32_t i = 0; i < MODEL_KEYSPACE_COUNT; i++) {
        for (uint32_t j = 0; j < MODEL_KEY_COUNT; j++) {
            table->hash ^= entry_hash(&table->entries[i][j], i, j);
            table->expiring_count += is_expiring(&table->entries[i][j]);
        }
    }
}

// ---- What is seen of it ---------------------------------------------------------------------

bool model_pin_expiry(model_entry *entry, uint64_t found_ms)
{
    if (found_ms < entry->expires_ms || found_ms > model_expires_late_ms(entry)) return false;
    entry->expires_ms = found_ms;
    entry->expires_slack_ms = 0;
    return true;
}

static void view_entry(model_table *view, uint32_t keyspace, uint32_t key, uint64_t low_ms,
                       uint64_t high_ms, const model_entry *found)
{
    model_entry entry = view->entries[keyspace][key];

    if (entry.expires_slack_ms != 0 && found->presence == MODEL_PRESENT &&
        model_pin_expiry(&entry, found->expires_ms)) {
        model_put(view, keyspace, key, entry);
    }
    if (entry.expires_ms > high_ms) {
        model_viewed.lasting++;
        return;
    }
    bool is_certain = model_expires_late_ms(&entry) <= low_ms;
    model_viewed.expired += is_certain;
    if (is_certain || found->presence == MODEL_ABSENT) model_delete(view, keyspace, key);
}

void model_view(const model_table *table, uint64_t low_ms, uint64_t high_ms,
                const model_table *found, model_table *view)
{
    *view = *table;
    if (table->expiring_count == 0) return;
    for (uint32_t i = 0; i < MODEL_KEYSPACE_COUNT; i++) {
        for (uint32_t j = 0; j < MODEL_KEY_COUNT; j++) {
            if (!is_expiring(&table->entries[i][j])) continue;
            view_entry(view, i, j, low_ms, high_ms, &found->entries[i][j]);
        }
    }
}

static char *describe(const model_entry *expected, const model_entry *found, uint32_t keyspace,
                      uint32_t key)
{
    static const char *const presences[] = {"absent", "present", "unread"};

    return harness_format("keyspace %u key %u: expected %s (%u bytes, version %" PRIu64
                          ", expiry %" PRIu64 "), found %s (%u bytes, version %" PRIu64
                          ", expiry %" PRIu64 ")",
                          keyspace, key, presences[expected->presence], expected->size,
                          expected->version, expected->expires_ms, presences[found->presence],
                          found->size, found->version, found->expires_ms);
}

static bool entries_agree(const model_entry *expected, const model_entry *found)
{
    if (found->presence == MODEL_UNREAD) return true;
    if (expected->presence != found->presence) return false;
    if (expected->presence == MODEL_ABSENT) return true;
    if (expected->value_hash != found->value_hash || expected->size != found->size) return false;
    if (found->expires_ms != MODEL_EXPIRES_UNREAD && expected->expires_ms != found->expires_ms) {
        return false;
    }
    return expected->version == 0 || found->version == 0 || expected->version == found->version;
}

static bool facts_agree(model_fact expected, model_fact found)
{
    if (found == MODEL_UNSEEN || expected == MODEL_MAYBE) return true;
    if (expected == MODEL_UNREADY) return found == MODEL_NO || found == MODEL_HALF;
    return expected == found;
}

// "main" is there or not, and nobody can tell.
static char *fact_difference(const model_table *expected, const model_table *found)
{
    static const char *const facts[] = {"not there", "there",  "half there",
                                        "any",       "unread", "not ready"};

    for (uint32_t i = 1; i < MODEL_FACT_COUNT; i++) {
        if (facts_agree(expected->facts[i], found->facts[i])) continue;
        return harness_format("%s %u: expected %s, found %s",
                              i < MODEL_KEYSPACE_COUNT ? "keyspace" : "index",
                              i < MODEL_KEYSPACE_COUNT ? i : i - MODEL_KEYSPACE_COUNT,
                              facts[expected->facts[i]], facts[found->facts[i]]);
    }
    return NULL;
}

static char *ttl_difference(const model_table *expected, const model_table *found)
{
    for (uint32_t i = 0; i < MODEL_KEYSPACE_COUNT; i++) {
        if (found->ttl_ms[i] == MODEL_TTL_UNREAD || found->ttl_ms[i] == expected->ttl_ms[i]) {
            continue;
        }
        return harness_format("keyspace %u: expected a default time to live of %" PRIu64
                              " ms, found %" PRIu64,
                              i, expected->ttl_ms[i], found->ttl_ms[i]);
    }
    return NULL;
}

char *model_difference(const model_table *expected, const model_table *found)
{
    char *difference;

    for (uint32_t i = 0; i < MODEL_KEYSPACE_COUNT; i++) {
        for (uint32_t j = 0; j < MODEL_KEY_COUNT; j++) {
            if (!entries_agree(&expected->entries[i][j], &found->entries[i][j])) {
                return describe(&expected->entries[i][j], &found->entries[i][j], i, j);
            }
        }
    }
    difference = fact_difference(expected, found);
    return difference != NULL ? difference : ttl_difference(expected, found);
}
