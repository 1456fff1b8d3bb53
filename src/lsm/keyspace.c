// SPDX-License-Identifier: Apache-2.0
// The catalogue of keyspaces: keyspace 0 of the store itself, so that making a keyspace is an
// ordinary
// commit, under conditions, in the one log. docs/format/catalogue.md.
//
//   key "n" name      value: id u32, kind u8
//   key "i"           value: the next id to give out, u32
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/coding.h"
#include "base/memory.h"
#include "base/seeded_bug.h"
#include "base/status.h"
#include "lsm/store_state.h"

#define NAME_KEY_PREFIX 'n'
#define NEXT_ID_KEY "i"
#define ENTRY_SIZE 5
// Ids below are fixed: the catalogue, and "main". The largest is given to none, so that there is
// always a next one.
#define FIRST_FREE_ID 16
#define MAIN_NAME "main"

// The catalogue key of a name, without keyspace id.
static ferric_slice name_key(const char *name, uint8_t *bytes)
{
    size_t size = strlen(name);

    bytes[0] = NAME_KEY_PREFIX;
    memcpy(bytes + 1, name, size);
    return fe_slice(bytes, size + 1);
}

static ferric_status read_entry(fe_store *store, ferric_slice user_key, ferric_buffer *value,
                                uint64_t *version)
{
    uint8_t key[FE_KEYSPACE_ID_SIZE + 1 + FERRIC_KEYSPACE_NAME_SIZE_MAX];

    fe_put_u32_ordered(key, FE_KEYSPACE_CATALOGUE);
    memcpy(key + FE_KEYSPACE_ID_SIZE, user_key.data, user_key.size);
    return fe_store_get(store, fe_slice(key, FE_KEYSPACE_ID_SIZE + user_key.size),
                        FE_SEQUENCE_NEWEST, value, version);
}

static ferric_status damaged_entry(void)
{
    return fe_fail(FERRIC_CORRUPT,
                   "the catalogue entry of a keyspace is damaged: run `ferric verify`");
}

// A keyspace that had the catalogue's own id would be written into it.
static bool is_id_of(ferric_slice name, uint32_t id)
{
    if (fe_slice_equal(name, fe_slice_text(MAIN_NAME))) return id == FE_KEYSPACE_MAIN;
    return id >= FIRST_FREE_ID && id < UINT32_MAX;
}

static bool is_name(ferric_slice name)
{
    return name.size > 0 && name.size <= FERRIC_KEYSPACE_NAME_SIZE_MAX &&
           memchr(name.data, 0, name.size) == NULL;
}

static ferric_status decode_entry(ferric_slice name, ferric_slice value, ferric_keyspace_info *info)
{
    const uint8_t *bytes = fe_slice_bytes(value);

    memset(info, 0, sizeof *info);
    if (value.size < ENTRY_SIZE || !is_name(name)) return damaged_entry();
    memcpy(info->name, name.data, name.size);
    info->id = fe_get_u32(bytes);
    if (!is_id_of(name, info->id)) return damaged_entry();
    if (bytes[4] != FERRIC_KEYSPACE_RAW && bytes[4] != FERRIC_KEYSPACE_COLLECTION) {
        return fe_fail(FERRIC_UNSUPPORTED,
                       "keyspace \"%s\" is of kind %u, which this version of Ferric does not know",
                       info->name, bytes[4]);
    }
    info->kind = (ferric_keyspace_kind)bytes[4];
    return FERRIC_OK;
}

ferric_status fe_keyspace_find(fe_store *store, const char *name, ferric_keyspace_info *info)
{
    uint8_t key[1 + FERRIC_KEYSPACE_NAME_SIZE_MAX];
    ferric_buffer value = {0};
    ferric_status status = read_entry(store, name_key(name, key), &value, NULL);

    if (status == FERRIC_OK) {
        status = decode_entry(fe_slice_text(name), fe_buffer_slice(&value), info);
    }
    fe_buffer_deinit(&value);
    return status;
}

// The id of the next keyspace, and the version of the entry that says so.
static ferric_status read_next_id(fe_store *store, uint32_t *id, uint64_t *version)
{
    ferric_buffer value = {0};
    ferric_status status = read_entry(store, fe_slice_text(NEXT_ID_KEY), &value, version);

    *id = FIRST_FREE_ID;
    if (status == FERRIC_NOT_FOUND) {
        *version = 0;
        status = FERRIC_OK;
    } else if (status == FERRIC_OK) {
        *id = value.size < sizeof *id ? 0 : fe_get_u32(value.data);
        if (*id < FIRST_FREE_ID || *id == UINT32_MAX) status = damaged_entry();
    }
    fe_buffer_deinit(&value);
    return status;
}

// One try to make the keyspace; FERRIC_CONFLICT when another writer was faster.
static ferric_status try_create(fe_store *store, const char *name, ferric_keyspace_kind kind)
{
    uint8_t key[1 + FERRIC_KEYSPACE_NAME_SIZE_MAX];
    uint8_t entry[ENTRY_SIZE];
    uint8_t next[4];
    ferric_slice key_slice = name_key(name, key);
    ferric_slice next_key = fe_slice_text(NEXT_ID_KEY);
    fe_write_batch batch = {0};
    uint64_t version;
    uint32_t id;
    ferric_status status = read_next_id(store, &id, &version);

    if (status != FERRIC_OK) return status;
    if (strcmp(name, MAIN_NAME) == 0) {
        fe_put_u32(entry, FE_KEYSPACE_MAIN);
    } else {
        fe_put_u32(entry, id);
        fe_put_u32(next, FE_SEEDED_BUG(FE_BUG_KEYSPACE_ID_REUSED) ? id : id + 1);
        status = fe_write_batch_require(&batch, FE_KEYSPACE_CATALOGUE, next_key, version, NULL);
        if (status == FERRIC_OK) {
            status = fe_write_batch_put(&batch, FE_KEYSPACE_CATALOGUE, next_key, fe_slice(next, 4),
                                        NULL);
        }
    }
    entry[4] = (uint8_t)kind;
    if (status == FERRIC_OK) {
        status = fe_write_batch_require(&batch, FE_KEYSPACE_CATALOGUE, key_slice, 0, NULL);
    }
    if (status == FERRIC_OK) {
        status = fe_write_batch_put(&batch, FE_KEYSPACE_CATALOGUE, key_slice,
                                    fe_slice(entry, sizeof entry), NULL);
    }
    if (status == FERRIC_OK) status = fe_store_write(store, &batch, false, NULL);
    fe_write_batch_deinit(&batch);
    return status;
}

static const char *kind_name(ferric_keyspace_kind kind)
{
    return kind == FERRIC_KEYSPACE_RAW ? "raw" : "a collection";
}

ferric_status fe_keyspace_ensure(fe_store *store, const char *name, ferric_keyspace_kind kind,
                                 ferric_keyspace_info *info)
{
    ferric_status status;

    for (;;) {
        status = fe_keyspace_find(store, name, info);
        if (status != FERRIC_NOT_FOUND) break;
        status = try_create(store, name, kind);
        // After a conflict the other writer's keyspace, or its next id, is there to be read.
        if (status != FERRIC_OK && status != FERRIC_CONFLICT) break;
    }
    if (status != FERRIC_OK || info->kind == kind) return status;
    return fe_fail(FERRIC_WRONG_KIND, "keyspace \"%s\" is %s, and this call wants %s", name,
                   kind_name(info->kind), kind_name(kind));
}

static ferric_status append_info(ferric_keyspace_info **list, size_t *count, const fe_entry *entry)
{
    // Behind the keyspace id and the letter stands the name.
    size_t prefix = FE_KEYSPACE_ID_SIZE + 1;
    ferric_slice name = fe_slice(fe_slice_bytes(entry->key) + prefix, entry->key.size - prefix);
    ferric_keyspace_info *grown = fe_realloc(*list, (*count + 1) * sizeof *grown);
    ferric_status status;

    if (grown == NULL) return fe_no_memory("the list of keyspaces", (*count + 1) * sizeof *grown);
    *list = grown;
    status = decode_entry(name, entry->value, &grown[*count]);
    if (status == FERRIC_OK) (*count)++;
    return status;
}

ferric_status fe_keyspace_list(fe_store *store, ferric_keyspace_info **list, size_t *count)
{
    uint8_t lower[FE_KEYSPACE_ID_SIZE + 1];
    uint8_t upper[FE_KEYSPACE_ID_SIZE + 1];
    fe_cursor_options options = {.sequence = FE_SEQUENCE_NEWEST, .fill_cache = true};
    fe_cursor *cursor = NULL;
    ferric_status status;

    *list = NULL;
    *count = 0;
    fe_put_u32_ordered(lower, FE_KEYSPACE_CATALOGUE);
    fe_put_u32_ordered(upper, FE_KEYSPACE_CATALOGUE);
    lower[FE_KEYSPACE_ID_SIZE] = NAME_KEY_PREFIX;
    upper[FE_KEYSPACE_ID_SIZE] = NAME_KEY_PREFIX + 1;
    options.lower = fe_slice(lower, sizeof lower);
    options.upper = fe_slice(upper, sizeof upper);
    status = fe_store_cursor(store, &options, &cursor);
    if (status != FERRIC_OK) return status;
    for (bool ok = fe_cursor_first(cursor); ok && status == FERRIC_OK;
         ok = fe_cursor_next(cursor)) {
        status = append_info(list, count, fe_cursor_entry(cursor));
    }
    if (status == FERRIC_OK) status = fe_cursor_status(cursor);
    fe_cursor_destroy(cursor);
    if (status != FERRIC_OK) {
        fe_free(*list);
        *list = NULL;
        *count = 0;
    }
    return status;
}
