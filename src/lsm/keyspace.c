// SPDX-License-Identifier: Apache-2.0
// The catalogue of keyspaces: keyspace 0 of the store itself, so that making a keyspace is an
// ordinary commit, under conditions, in the one log. catalogue.c has the bytes.
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/coding.h"
#include "base/memory.h"
#include "base/seeded_bug.h"
#include "base/status.h"
#include "lsm/catalogue.h"
#include "lsm/store_state.h"

static ferric_status read_entry(fe_store *store, ferric_slice user_key, ferric_buffer *value,
                                uint64_t *version)
{
    uint8_t key[FE_KEYSPACE_ID_SIZE + FE_CATALOGUE_KEY_SIZE_MAX];

    fe_put_u32_ordered(key, FE_KEYSPACE_CATALOGUE);
    memcpy(key + FE_KEYSPACE_ID_SIZE, user_key.data, user_key.size);
    return fe_store_get(store, fe_slice(key, FE_KEYSPACE_ID_SIZE + user_key.size),
                        FE_SEQUENCE_NEWEST, value, version);
}

ferric_status fe_keyspace_find(fe_store *store, const char *name, ferric_keyspace_info *info)
{
    uint8_t key[FE_CATALOGUE_KEY_SIZE_MAX];
    ferric_buffer value = {0};
    ferric_status status = read_entry(store, fe_catalogue_name_key(name, key), &value, NULL);

    if (status == FERRIC_OK) {
        status = fe_catalogue_decode(fe_slice_text(name), fe_buffer_slice(&value), info);
    }
    fe_buffer_deinit(&value);
    return status;
}

// The id of the next keyspace, and the version of the entry that says so.
static ferric_status read_next_id(fe_store *store, uint32_t *id, uint64_t *version)
{
    ferric_buffer value = {0};
    ferric_status status =
        read_entry(store, fe_slice_text(FE_CATALOGUE_NEXT_ID_KEY), &value, version);

    *id = FE_KEYSPACE_FIRST_FREE;
    if (status == FERRIC_NOT_FOUND) {
        *version = 0;
        status = FERRIC_OK;
    } else if (status == FERRIC_OK) {
        status = fe_catalogue_decode_next_id(fe_buffer_slice(&value), id);
    }
    fe_buffer_deinit(&value);
    return status;
}

ferric_status fe_keyspace_take_id(fe_store *store, fe_write_batch *batch, uint32_t *id)
{
    uint8_t next[4];
    ferric_slice next_key = fe_slice_text(FE_CATALOGUE_NEXT_ID_KEY);
    uint64_t version = 0;
    ferric_status status = read_next_id(store, id, &version);

    if (status != FERRIC_OK) return status;
    fe_put_u32(next, FE_SEEDED_BUG(FE_BUG_KEYSPACE_ID_REUSED) ? *id : *id + 1);
    status = fe_write_batch_require(batch, FE_KEYSPACE_CATALOGUE, next_key, version, NULL);
    if (status != FERRIC_OK) return status;
    return fe_write_batch_put(batch, FE_KEYSPACE_CATALOGUE, next_key, fe_slice(next, 4), NULL);
}

// One try to make the keyspace; FERRIC_CONFLICT when another writer was faster.
static ferric_status try_create(fe_store *store, const char *name, ferric_keyspace_kind kind)
{
    uint8_t key[FE_CATALOGUE_KEY_SIZE_MAX];
    uint8_t entry[FE_CATALOGUE_ENTRY_SIZE];
    ferric_slice key_slice = fe_catalogue_name_key(name, key);
    fe_write_batch batch = {0};
    uint32_t id = FE_KEYSPACE_MAIN;
    ferric_status status = FERRIC_OK;

    if (strcmp(name, FE_KEYSPACE_MAIN_NAME) != 0) status = fe_keyspace_take_id(store, &batch, &id);
    if (status == FERRIC_OK) {
        fe_catalogue_encode(id, kind, entry);
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

// The entry of a keyspace as it was just found; FERRIC_CONFLICT when its name is not its any more.
static ferric_status read_entry_again(fe_store *store, const ferric_keyspace_info *found,
                                      ferric_slice key, ferric_buffer *entry, uint64_t *version)
{
    ferric_keyspace_info info;
    ferric_status status = read_entry(store, key, entry, version);

    if (status == FERRIC_NOT_FOUND) return FERRIC_CONFLICT;
    if (status == FERRIC_OK)
        status = fe_catalogue_decode(fe_slice_text(found->name), fe_buffer_slice(entry), &info);
    return status == FERRIC_OK && info.id != found->id ? FERRIC_CONFLICT : status;
}

// One try to set the default time to live; FERRIC_CONFLICT when the entry changed meanwhile.
static ferric_status try_set_ttl(fe_store *store, const ferric_keyspace_info *found,
                                 uint64_t ttl_ms)
{
    uint8_t key_bytes[FE_CATALOGUE_KEY_SIZE_MAX];
    ferric_slice key = fe_catalogue_name_key(found->name, key_bytes);
    static const uint8_t zeros[FE_CATALOGUE_TTL_SIZE] = {0};
    ferric_buffer entry = {0};
    fe_write_batch batch = {0};
    uint64_t version = 0;
    ferric_status status = read_entry_again(store, found, key, &entry, &version);

    // What stands behind stays as it is.
    if (status == FERRIC_OK && entry.size < FE_CATALOGUE_TTL_AT + FE_CATALOGUE_TTL_SIZE) {
        status = fe_buffer_append(&entry, zeros, sizeof zeros);
        entry.size = FE_CATALOGUE_TTL_AT + FE_CATALOGUE_TTL_SIZE;
    }
    if (status == FERRIC_OK) {
        fe_put_u64((uint8_t *)entry.data + FE_CATALOGUE_TTL_AT, ttl_ms);
        status = fe_write_batch_require(&batch, FE_KEYSPACE_CATALOGUE, key, version, NULL);
    }
    if (status == FERRIC_OK) {
        status =
            fe_write_batch_put(&batch, FE_KEYSPACE_CATALOGUE, key, fe_buffer_slice(&entry), NULL);
    }
    if (status == FERRIC_OK) status = fe_store_write(store, &batch, false, NULL);
    fe_write_batch_deinit(&batch);
    fe_buffer_deinit(&entry);
    return status;
}

ferric_status fe_keyspace_set_ttl(fe_store *store, uint32_t id, uint64_t ttl_ms)
{
    ferric_keyspace_info info;
    ferric_status status;

    do {
        status = fe_keyspace_find_id(store, id, &info);
        if (status == FERRIC_NOT_FOUND) return fe_store_check_keyspace(store, id);
        if (status == FERRIC_OK) status = try_set_ttl(store, &info, ttl_ms);
    } while (status == FERRIC_CONFLICT);
    fe_store_catalogue_changed(store);
    return status;
}

// Pairs with the acquire load: who sees the new number finds the new entry.
void fe_store_catalogue_changed(fe_store *store)
{
    atomic_fetch_add_explicit(&store->catalogue_generation, 1, memory_order_release);
}

uint32_t fe_store_catalogue_generation(const fe_store *store)
{
    return atomic_load_explicit(&store->catalogue_generation, memory_order_acquire);
}

static ferric_status append_info(ferric_keyspace_info **list, size_t *count, const fe_entry *entry)
{
    ferric_slice user_key = fe_slice(fe_slice_bytes(entry->key) + FE_KEYSPACE_ID_SIZE,
                                     entry->key.size - FE_KEYSPACE_ID_SIZE);
    ferric_slice name = {NULL, 0};
    ferric_keyspace_info *grown = fe_realloc(*list, (*count + 1) * sizeof *grown);
    ferric_status status;

    if (grown == NULL) return fe_no_memory("the list of keyspaces", (*count + 1) * sizeof *grown);
    *list = grown;
    (void)fe_catalogue_is_name_key(user_key, &name); // The cursor's bounds let no other pass.
    status = fe_catalogue_decode(name, entry->value, &grown[*count]);
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
    lower[FE_KEYSPACE_ID_SIZE] = FE_CATALOGUE_NAME_LETTER;
    upper[FE_KEYSPACE_ID_SIZE] = FE_CATALOGUE_NAME_LETTER + 1;
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

ferric_status fe_keyspace_find_id(fe_store *store, uint32_t id, ferric_keyspace_info *info)
{
    ferric_keyspace_info *list = NULL;
    size_t count = 0;
    ferric_status status = fe_keyspace_list(store, &list, &count);
    bool is_found = false;

    for (size_t i = 0; i < count && !is_found; i++) {
        is_found = list[i].id == id;
        if (is_found) *info = list[i];
    }
    fe_free(list);
    return status != FERRIC_OK || is_found ? status : FERRIC_NOT_FOUND;
}

// ---- Rename and drop ------------------------------------------------------------------------

static ferric_status try_rename(fe_store *store, ferric_slice from, ferric_slice to)
{
    ferric_buffer entry = {0};
    fe_write_batch batch = {0};
    uint64_t version = 0;
    ferric_status status = read_entry(store, to, &entry, NULL);

    if (status == FERRIC_OK) {
        status = fe_fail(FERRIC_ALREADY_EXISTS, "there is a keyspace of the new name already");
    } else if (status == FERRIC_NOT_FOUND) {
        status = read_entry(store, from, &entry, &version);
    }
    if (FE_SEEDED_BUG(FE_BUG_RENAME_LOSES_TTL)) entry.size = FE_CATALOGUE_ENTRY_SIZE;
    if (status == FERRIC_OK)
        status = fe_write_batch_require(&batch, FE_KEYSPACE_CATALOGUE, from, version, NULL);
    if (status == FERRIC_OK)
        status = fe_write_batch_require(&batch, FE_KEYSPACE_CATALOGUE, to, 0, NULL);
    if (status == FERRIC_OK)
        status = fe_write_batch_delete(&batch, FE_KEYSPACE_CATALOGUE, from, NULL);
    if (status == FERRIC_OK) {
        status =
            fe_write_batch_put(&batch, FE_KEYSPACE_CATALOGUE, to, fe_buffer_slice(&entry), NULL);
    }
    if (status == FERRIC_OK) status = fe_store_write(store, &batch, false, NULL);
    fe_write_batch_deinit(&batch);
    fe_buffer_deinit(&entry);
    return status;
}

ferric_status fe_keyspace_rename(fe_store *store, const char *from, const char *to)
{
    uint8_t from_key[FE_CATALOGUE_KEY_SIZE_MAX];
    uint8_t to_key[FE_CATALOGUE_KEY_SIZE_MAX];
    ferric_slice old = fe_catalogue_name_key(from, from_key);
    ferric_slice new = fe_catalogue_name_key(to, to_key);
    ferric_status status;

    do {
        status = try_rename(store, old, new);
    } while (status == FERRIC_CONFLICT);
    return status;
}

// The name and all keys go in one commit. The id is given out to nobody again.
ferric_status fe_keyspace_add_drop(fe_store *store, const char *name, fe_write_batch *batch,
                                   ferric_keyspace_info *info)
{
    uint8_t key[FE_CATALOGUE_KEY_SIZE_MAX];
    ferric_slice name_key = fe_catalogue_name_key(name, key);
    ferric_slice all = {NULL, 0};
    ferric_buffer entry = {0};
    uint64_t version = 0;
    ferric_status status = read_entry(store, name_key, &entry, &version);

    if (status == FERRIC_OK)
        status = fe_catalogue_decode(fe_slice_text(name), fe_buffer_slice(&entry), info);
    if (status == FERRIC_OK)
        status = fe_write_batch_require(batch, FE_KEYSPACE_CATALOGUE, name_key, version, NULL);
    if (status == FERRIC_OK)
        status = fe_write_batch_delete(batch, FE_KEYSPACE_CATALOGUE, name_key, NULL);
    if (status == FERRIC_OK && !FE_SEEDED_BUG(FE_BUG_DROP_LEAVES_KEYS))
        status = fe_write_batch_delete_range(batch, info->id, all, all, NULL);
    if (status == FERRIC_OK) batch->drops_keyspace = info->id;
    fe_buffer_deinit(&entry);
    return status;
}
