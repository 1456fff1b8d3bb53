// SPDX-License-Identifier: Apache-2.0
// What the opaque handles of ferric.h are, and what every call does with them first.
//
// A ferric_db is its opener's alone and goes at close. Its children (keyspaces, snapshots,
// iterators, batches, pins) hold references on the store instead, whose memory therefore outlives
// the database; fe_store_check tells them that it was closed, or that they came through a fork.
#ifndef FERRIC_API_HANDLES_H
#define FERRIC_API_HANDLES_H

#include <stdatomic.h>

#include "doc/collections.h"
#include "doc/index_builder.h"
#include "lsm/store.h"

struct ferric_keyspace {
    fe_store *store;
    const char *name; // Ended by a zero byte.
    ferric_keyspace_kind kind;
    _Atomic(uint32_t) id;             // 0 until it is known to exist. Then it never changes.
    _Atomic(uint32_t) drops_seen;     // The drops of keyspaces since which it was looked at.
    _Atomic(uint64_t) ttl_ms;         // The default for what is put into it; 0: none.
    _Atomic(uint32_t) catalogue_seen; // The generation of the catalogue that it is of.
};

struct ferric_db {
    fe_store *store;
    fe_collections *collections;
    fe_index_builder *builder;       // Of indexes for which nobody waits.
    ferric_keyspace main_raw;        // What a NULL keyspace means,
    ferric_keyspace main_collection; // and what it means to calls for documents.
};

struct ferric_snapshot {
    fe_store *store;
    fe_snapshot *held;
};

// For calls that take keyspaces of either kind.
#define FE_KIND_ANY ((ferric_keyspace_kind)0)

// What `keyspace` means in a call of `db` for keyspaces of `kind`. The database is found open, and
// in this process. Errors: FERRIC_INVALID_ARGUMENT (a NULL db, a keyspace of another database),
// FERRIC_WRONG_KIND, FERRIC_CLOSED, FERRIC_FORKED.
ferric_status fe_handles_check(const char *call, ferric_db *db, ferric_keyspace *keyspace,
                               ferric_keyspace_kind kind, ferric_keyspace **meant);

// The same for calls without a keyspace.
ferric_status fe_db_check(const char *call, const ferric_db *db);

// The keyspace's id. Errors: FERRIC_NOT_FOUND (an outcome): it does not exist yet.
// FERRIC_WRONG_KIND: it came into being with the other kind. FERRIC_DROPPED. Those of a read.
ferric_status fe_keyspace_id_for_read(ferric_keyspace *keyspace, uint32_t *id);
// The same for a read at a snapshot, which may be from before a drop.
ferric_status fe_keyspace_id_at_snapshot(ferric_keyspace *keyspace, uint32_t *id);
// One or the other.
ferric_status fe_keyspace_id_at(ferric_keyspace *keyspace, const fe_moment *at, uint32_t *id);

// The same, and makes it when it does not exist. Errors: also those of a write.
ferric_status fe_keyspace_id_for_write(ferric_keyspace *keyspace, uint32_t *id);

// The default time to live; 0 also when the keyspace does not exist. Errors: those of a read.
ferric_status fe_keyspace_default_ttl(ferric_keyspace *keyspace, uint64_t *ttl_ms);

// The documents of the keyspace with this id, and their indexes. Errors: those of a read.
ferric_status fe_collection_of(ferric_db *db, uint32_t id, fe_collection **collection);

// FERRIC_WRONG_KIND, naming the calls that are right.
ferric_status fe_wrong_kind(const char *name, ferric_keyspace_kind is);

// Completes the read options and finds the moment to read at.
ferric_status fe_read_moment(const char *call, const ferric_db *db,
                             const ferric_read_options *options, fe_moment *at);
// The same for a snapshot alone; NULL is the newest published state.
ferric_status fe_snapshot_moment(const char *call, const ferric_db *db,
                                 const ferric_snapshot *snapshot, fe_moment *at);

// ---- Keys -----------------------------------------------------------------------------------

// A user's key behind its keyspace's id. Short ones need no heap memory.
typedef struct fe_full_key {
    ferric_slice slice;
    uint8_t *heap; // NULL: `bytes` was enough.
    uint8_t bytes[256];
} fe_full_key;

// Errors: FERRIC_NO_MEMORY: nothing is held.
ferric_status fe_full_key_init(fe_full_key *full, uint32_t id, ferric_slice key);
void fe_full_key_deinit(fe_full_key *full);

#endif
