// SPDX-License-Identifier: Apache-2.0
// Every way of reading, each checked against what the ones before it found.
#include "support/db_reader.h"

#include <inttypes.h>
#include <string.h>

#include "base/checksum.h"
#include "support/harness.h"

typedef struct pass {
    const db_reader *reader;
    db_reading *reading;
    uint32_t keyspace;
} pass;

void db_reading_contradict(db_reading *reading, uint32_t keyspace, const char *what, uint32_t key)
{
    if (reading->contradiction != NULL) return;
    reading->contradiction = harness_format("keyspace %u key %u: %s", keyspace, key, what);
}

void db_reading_refuse(db_reading *reading, ferric_status status)
{
    if (reading->status == FERRIC_OK) reading->status = status;
}

static void contradict(pass *p, const char *what, uint32_t key)
{
    db_reading_contradict(p->reading, p->keyspace, what, key);
}

static void refuse(pass *p, ferric_status status)
{
    db_reading_refuse(p->reading, status);
}

static uint64_t hash_of(ferric_slice value)
{
    return fe_hash64(value.size == 0 ? "" : value.data, value.size);
}

static bool is_collection(const pass *p)
{
    return model_keyspace_kind(p->keyspace) == FERRIC_KEYSPACE_COLLECTION;
}

static model_entry *entry_at(pass *p, uint32_t key)
{
    return &p->reading->found.entries[p->keyspace][key];
}

// Takes in that `key` has this value, by whichever way it was read. The table's hash comes last.
static void learn_present(pass *p, uint32_t key, ferric_slice value, uint64_t version,
                          uint64_t expires_ms)
{
    model_entry *entry = entry_at(p, key);

    if (entry->presence == MODEL_UNREAD) {
        *entry = (model_entry){.presence = MODEL_PRESENT,
                               .size = (uint32_t)value.size,
                               .value_hash = hash_of(value),
                               .version = version,
                               .expires_ms = expires_ms};
    } else if (entry->presence == MODEL_ABSENT) {
        contradict(p, "one way of reading shows it, another does not", key);
    } else if (entry->value_hash != hash_of(value) || entry->size != value.size) {
        contradict(p, "two ways of reading show different values", key);
    } else if (entry->version != version) {
        contradict(p, "two ways of reading show different versions", key);
    } else if (entry->expires_ms == MODEL_EXPIRES_UNREAD) {
        entry->expires_ms = expires_ms;
    } else if (expires_ms != MODEL_EXPIRES_UNREAD && entry->expires_ms != expires_ms) {
        contradict(p, "two ways of reading show different expiries", key);
    }
}

static void learn_absent(pass *p, uint32_t key)
{
    model_entry *entry = entry_at(p, key);

    if (entry->presence == MODEL_UNREAD) entry->presence = MODEL_ABSENT;
    if (entry->presence == MODEL_PRESENT) {
        contradict(p, "one way of reading shows it, another passes it by", key);
    }
}

// ---- Point reads ----------------------------------------------------------------------------

static ferric_status read_point(pass *p, uint32_t key, const ferric_read_options *options,
                                ferric_buffer *value, uint64_t *version)
{
    ferric_keyspace *keyspace = p->reader->keyspaces[p->keyspace];
    ferric_slice bytes = model_key_in(p->keyspace, key);

    return is_collection(p)
               ? ferric_document_get(p->reader->db, keyspace, bytes, options, value, version)
               : ferric_get(p->reader->db, keyspace, bytes, options, value, version);
}

static void read_points(pass *p)
{
    ferric_read_options options = FERRIC_READ_OPTIONS_INIT;
    ferric_buffer value = {0};

    options.snapshot = p->reader->snapshot;
    for (uint32_t key = 0; key < MODEL_KEY_COUNT; key++) {
        uint64_t version = 0;
        ferric_status status = read_point(p, key, &options, &value, &version);
        if (status == FERRIC_OK) {
            learn_present(p, key, (ferric_slice){value.data, value.size}, version,
                          MODEL_EXPIRES_UNREAD);
        } else if (status == FERRIC_NOT_FOUND) {
            learn_absent(p, key);
        } else {
            refuse(p, status);
        }
    }
    ferric_buffer_free(&value);
}

static void read_pinned(pass *p)
{
    ferric_keyspace *keyspace = p->reader->keyspaces[p->keyspace];
    ferric_read_options options = FERRIC_READ_OPTIONS_INIT;

    if (is_collection(p)) return; // Its values are not read in place.
    options.snapshot = p->reader->snapshot;
    for (uint32_t key = p->keyspace; key < MODEL_KEY_COUNT; key += 5) {
        ferric_pinned pinned;
        ferric_status status =
            ferric_get_pinned(p->reader->db, keyspace, model_key(key), &options, &pinned);
        if (status == FERRIC_OK)
            learn_present(p, key, pinned.value, pinned.version, pinned.expires_ms);
        else if (status == FERRIC_NOT_FOUND)
            learn_absent(p, key);
        else
            refuse(p, status);
        ferric_pinned_release(&pinned);
    }
}

// ---- Iteration ------------------------------------------------------------------------------

// Takes in the entry the iterator stands on. `due` is the first (backward: one behind the last) key
// not yet passed; every key between it and this one was passed by. Returns false on a stray key.
static bool learn_step(pass *p, ferric_iterator *iterator, bool is_forward, uint32_t *due)
{
    uint32_t key = model_key_find(p->keyspace, ferric_iterator_key(iterator));
    ferric_slice value = ferric_iterator_value(iterator);

    if (key == MODEL_KEY_NONE) {
        contradict(p, "a key that was never written", key);
        return false;
    }
    if (is_forward ? key < *due : key >= *due) {
        contradict(p, "iteration out of order", key);
        return false;
    }
    if (is_forward) {
        for (uint32_t i = *due; i < key; i++)
            learn_absent(p, i);
        *due = key + 1;
    } else {
        for (uint32_t i = key + 1; i < *due; i++)
            learn_absent(p, i);
        *due = key;
    }
    ferric_status status = is_collection(p) ? ferric_document_text(value, &value) : FERRIC_OK;
    if (status != FERRIC_OK) {
        refuse(p, status);
        return false;
    }
    learn_present(p, key, value, ferric_iterator_version(iterator),
                  ferric_iterator_expires_ms(iterator));
    return true;
}

static void walk(pass *p, ferric_iterator *iterator, bool is_forward)
{
    uint32_t due = is_forward ? 0 : MODEL_KEY_COUNT;
    bool is_there = is_forward ? ferric_iterator_first(iterator) : ferric_iterator_last(iterator);

    while (is_there) {
        if (!learn_step(p, iterator, is_forward, &due)) return;
        is_there = is_forward ? ferric_iterator_next(iterator) : ferric_iterator_prev(iterator);
    }
    ferric_status status = ferric_iterator_status(iterator);
    if (status != FERRIC_OK) {
        refuse(p, status);
        return;
    }
    uint32_t from = is_forward ? due : 0;
    uint32_t to = is_forward ? MODEL_KEY_COUNT : due;
    for (uint32_t i = from; i < to; i++)
        learn_absent(p, i);
}

static void read_iterated(pass *p)
{
    ferric_iterator_options options = FERRIC_ITERATOR_OPTIONS_INIT;
    ferric_iterator *iterator;

    options.snapshot = p->reader->snapshot;
    ferric_status status = ferric_iterator_create(p->reader->db, p->reader->keyspaces[p->keyspace],
                                                  &options, &iterator);
    if (status != FERRIC_OK) {
        refuse(p, status);
        return;
    }
    walk(p, iterator, true);
    walk(p, iterator, false);
    ferric_iterator_destroy(iterator);
}

static void read_count(pass *p)
{
    ferric_read_options options = FERRIC_READ_OPTIONS_INIT;
    ferric_slice open_end = {NULL, 0};
    uint64_t count;

    options.snapshot = p->reader->snapshot;
    ferric_status status = ferric_count(p->reader->db, p->reader->keyspaces[p->keyspace], open_end,
                                        open_end, &options, &count);
    if (status != FERRIC_OK) {
        refuse(p, status);
    } else if (p->reading->status == FERRIC_OK &&
               count != model_count(&p->reading->found, p->keyspace)) {
        contradict(p, "the count is not the number of keys", MODEL_KEY_COUNT);
    }
}

static void read_keyspace(pass *p)
{
    // Nobody has ever written there, and most databases have no documents at all.
    bool is_empty = is_collection(p) && p->reading->found.facts[p->keyspace] == MODEL_NO;

    for (uint32_t key = 0; key < MODEL_KEY_COUNT; key++) {
        entry_at(p, key)->presence = is_empty ? MODEL_ABSENT : MODEL_UNREAD;
    }
    if (is_empty || (p->keyspace > 0 && p->reader->keyspaces[p->keyspace] == NULL)) return;
    read_points(p);
    read_pinned(p);
    read_iterated(p);
    read_count(p);
}

void db_read(const db_reader *reader, db_reading *reading)
{
    memset(reading, 0, sizeof(*reading));
    reading->system_ms = reader->system_ms;
    db_read_facts(reader, reading);
    for (uint32_t i = 0; i < MODEL_KEYSPACE_COUNT; i++) {
        pass p = {reader, reading, i};
        read_keyspace(&p);
    }
    db_read_indexes(reader, reading);
    model_rehash(&reading->found);
}

void db_reading_deinit(db_reading *reading)
{
    harness_free(reading->contradiction);
    reading->contradiction = NULL;
}

// ---- Handles --------------------------------------------------------------------------------

ferric_status db_reader_open_keyspaces(db_reader *reader)
{
    ferric_status status = FERRIC_OK;

    for (uint32_t i = 1; i < MODEL_KEYSPACE_COUNT && status == FERRIC_OK; i++) {
        if (reader->keyspaces[i] != NULL) continue;
        status = ferric_keyspace_open(reader->db, model_keyspace_name(i), model_keyspace_kind(i),
                                      &reader->keyspaces[i]);
    }
    return status;
}

void db_reader_close_keyspaces(db_reader *reader)
{
    for (uint32_t i = 1; i < MODEL_KEYSPACE_COUNT; i++) {
        ferric_keyspace_close(reader->keyspaces[i]);
        reader->keyspaces[i] = NULL;
    }
}
