// SPDX-License-Identifier: Apache-2.0
// Checks of handles, and where a keyspace's keys lie.
#include "api/handles.h"

#include <string.h>

#include "api/arguments.h"
#include "base/coding.h"
#include "base/compiler.h"
#include "base/memory.h"
#include "base/status.h"
#include "format/internal_key.h"

ferric_status fe_db_check(const char *call, const ferric_db *db)
{
    if (db == NULL) return fe_argument_is_null(call, "db");
    return fe_store_check(db->store);
}

ferric_status fe_wrong_kind(const char *name, ferric_keyspace_kind is)
{
    if (is == FERRIC_KEYSPACE_COLLECTION) {
        return fe_fail(FERRIC_WRONG_KIND,
                       "keyspace \"%s\" is a collection: use ferric_document_put and "
                       "ferric_document_get, or another keyspace for raw values",
                       name);
    }
    return fe_fail(FERRIC_WRONG_KIND,
                   "keyspace \"%s\" is raw: use ferric_put and ferric_get, or another keyspace for "
                   "documents",
                   name);
}

ferric_status fe_handles_check(const char *call, ferric_db *db, ferric_keyspace *keyspace,
                               ferric_keyspace_kind kind, ferric_keyspace **meant)
{
    ferric_status status = fe_db_check(call, db);

    if (status != FERRIC_OK) return status;
    if (keyspace == NULL) {
        *meant = kind == FERRIC_KEYSPACE_COLLECTION ? &db->main_collection : &db->main_raw;
        return FERRIC_OK;
    }
    if (keyspace->store != db->store) {
        return fe_fail(FERRIC_INVALID_ARGUMENT,
                       "%s: keyspace \"%s\" was opened in another database", call, keyspace->name);
    }
    if (kind != FE_KIND_ANY && keyspace->kind != kind) {
        return fe_wrong_kind(keyspace->name, keyspace->kind);
    }
    *meant = keyspace;
    return FERRIC_OK;
}

// ---- Keyspaces ------------------------------------------------------------------------------

static void remember(ferric_keyspace *keyspace, uint32_t id)
{
    // Pairs with the acquire loads below: who finds the id finds what the catalogue's entry for it
    // made visible.
    atomic_store_explicit(&keyspace->id, id, memory_order_release);
}

// A keyspace was dropped since the handle was looked at: whether it is this one.
static FE_NOINLINE ferric_status look_for_drop(ferric_keyspace *keyspace, uint32_t id,
                                               uint32_t generation)
{
    ferric_status status = fe_store_check_keyspace(keyspace->store, id);

    if (status == FERRIC_OK)
        atomic_store_explicit(&keyspace->drops_seen, generation, memory_order_relaxed);
    return status;
}

static inline ferric_status check_drop(ferric_keyspace *keyspace, uint32_t id)
{
    uint32_t generation = fe_store_drop_generation(keyspace->store);

    if (FE_LIKELY(atomic_load_explicit(&keyspace->drops_seen, memory_order_relaxed) == generation))
        return FERRIC_OK;
    return look_for_drop(keyspace, id, generation);
}

ferric_status fe_keyspace_id_for_read(ferric_keyspace *keyspace, uint32_t *id)
{
    *id = atomic_load_explicit(&keyspace->id, memory_order_acquire);
    if (FE_LIKELY(*id != 0)) return check_drop(keyspace, *id);
    return fe_keyspace_id_at_snapshot(keyspace, id);
}

ferric_status fe_keyspace_id_at_snapshot(ferric_keyspace *keyspace, uint32_t *id)
{
    ferric_keyspace_info info;
    ferric_status status;

    *id = atomic_load_explicit(&keyspace->id, memory_order_acquire);
    if (FE_LIKELY(*id != 0)) return FERRIC_OK;
    status = fe_keyspace_find(keyspace->store, keyspace->name, &info);
    if (status != FERRIC_OK) return status;
    if (info.kind != keyspace->kind) return fe_wrong_kind(keyspace->name, info.kind);
    remember(keyspace, info.id);
    *id = info.id;
    return FERRIC_OK;
}

ferric_status fe_keyspace_id_at(ferric_keyspace *keyspace, const fe_moment *at, uint32_t *id)
{
    return at->sequence == FE_SEQUENCE_NEWEST ? fe_keyspace_id_for_read(keyspace, id)
                                              : fe_keyspace_id_at_snapshot(keyspace, id);
}

ferric_status fe_keyspace_id_for_write(ferric_keyspace *keyspace, uint32_t *id)
{
    ferric_keyspace_info info;
    ferric_status status;

    *id = atomic_load_explicit(&keyspace->id, memory_order_acquire);
    if (FE_LIKELY(*id != 0)) return check_drop(keyspace, *id);
    // Looking first keeps the message of a wrong kind, which knows the calls, in one place.
    status = fe_keyspace_id_for_read(keyspace, id);
    if (status != FERRIC_NOT_FOUND) return status;
    status = fe_keyspace_ensure(keyspace->store, keyspace->name, keyspace->kind, &info);
    if (status == FERRIC_WRONG_KIND) return fe_keyspace_id_for_read(keyspace, id); // A race.
    if (status != FERRIC_OK) return status;
    remember(keyspace, info.id);
    *id = info.id;
    return FERRIC_OK;
}

static FE_NOINLINE ferric_status read_default_ttl(ferric_keyspace *keyspace, uint32_t generation,
                                                  uint64_t *ttl_ms)
{
    ferric_keyspace_info info;
    uint32_t id = atomic_load_explicit(&keyspace->id, memory_order_acquire);
    // By its id when it has one: it may have another name by now.
    ferric_status status = id != 0 ? fe_keyspace_find_id(keyspace->store, id, &info)
                                   : fe_keyspace_find(keyspace->store, keyspace->name, &info);

    *ttl_ms = 0;
    if (status == FERRIC_NOT_FOUND) return FERRIC_OK;
    if (status != FERRIC_OK) return status;
    *ttl_ms = info.ttl_ms;
    atomic_store_explicit(&keyspace->ttl_ms, info.ttl_ms, memory_order_relaxed);
    // Pairs with the acquire load below.
    atomic_store_explicit(&keyspace->catalogue_seen, generation, memory_order_release);
    return FERRIC_OK;
}

ferric_status fe_keyspace_default_ttl(ferric_keyspace *keyspace, uint64_t *ttl_ms)
{
    uint32_t generation = fe_store_catalogue_generation(keyspace->store);
    uint32_t seen = atomic_load_explicit(&keyspace->catalogue_seen, memory_order_acquire);

    if (FE_UNLIKELY(seen != generation)) return read_default_ttl(keyspace, generation, ttl_ms);
    *ttl_ms = atomic_load_explicit(&keyspace->ttl_ms, memory_order_relaxed);
    return FERRIC_OK;
}

ferric_status fe_collection_of(ferric_db *db, uint32_t id, fe_collection **collection)
{
    return fe_collections_find(db->collections, id, collection);
}

// ---- Reading --------------------------------------------------------------------------------

ferric_status fe_snapshot_moment(const char *call, const ferric_db *db,
                                 const ferric_snapshot *snapshot, fe_moment *at)
{
    *at = fe_moment_newest();
    if (snapshot == NULL) return FERRIC_OK;
    if (snapshot->store != db->store) {
        return fe_fail(FERRIC_INVALID_ARGUMENT, "%s: the snapshot is of another database", call);
    }
    *at = fe_moment_of(snapshot->held);
    return FERRIC_OK;
}

ferric_status fe_read_moment(const char *call, const ferric_db *db,
                             const ferric_read_options *options, fe_moment *at)
{
    ferric_read_options taken;
    ferric_status status;

    *at = fe_moment_newest();
    if (options == NULL) return FERRIC_OK;
    status = fe_read_options_take(options, &taken);
    if (status != FERRIC_OK) return status;
    return fe_snapshot_moment(call, db, taken.snapshot, at);
}

// ---- Keys -----------------------------------------------------------------------------------

ferric_status fe_full_key_init(fe_full_key *full, uint32_t id, ferric_slice key)
{
    uint8_t *bytes = full->bytes;

    full->heap = NULL;
    if (key.size > sizeof full->bytes - FE_KEYSPACE_ID_SIZE) {
        if (key.size > SIZE_MAX - FE_KEYSPACE_ID_SIZE) return fe_no_memory("a key", key.size);
        full->heap = fe_alloc(FE_KEYSPACE_ID_SIZE + key.size);
        if (full->heap == NULL) return fe_no_memory("a key", key.size);
        bytes = full->heap;
    }
    fe_put_u32_ordered(bytes, id);
    if (key.size != 0) memcpy(bytes + FE_KEYSPACE_ID_SIZE, key.data, key.size);
    full->slice = fe_slice(bytes, FE_KEYSPACE_ID_SIZE + key.size);
    return FERRIC_OK;
}

void fe_full_key_deinit(fe_full_key *full)
{
    fe_free(full->heap);
    full->heap = NULL;
}
