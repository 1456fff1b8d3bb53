// SPDX-License-Identifier: Apache-2.0
// The collections of one open database, with the newest known schema of each in memory.
//
// Invariants
// C1. Before a commit that rests on version v of a schema is tried, version v or a newer one is
//     installed here. So whoever sees such a commit in a snapshot, and asks for the schema after,
//     gets v or a newer one.
// C2. A schema that is replaced stays in memory until the database closes: readers hold it without
//     a count. Indexes change rarely.
//
// C3. While a drop of an index is being committed, the schema that has it says so: its entries go
//     with the commit, and the schema without it is installed after.
//
// So a reader takes its snapshot first and asks for the schema second. An index that the schema
// calls ready since a sequence number up to the snapshot's is complete in that snapshot; one that
// was dropped meanwhile is not in it, or serves nobody any more.
//
// Threads: all functions may be called by all threads at once, but for create and destroy.
#ifndef FERRIC_DOC_COLLECTIONS_H
#define FERRIC_DOC_COLLECTIONS_H

#include <stdatomic.h>

#include "doc/schema.h"
#include "lsm/store.h"

typedef struct fe_collections fe_collections;

// The build of an index, of which a collection has one at a time.
typedef struct fe_build_state {
    _Atomic(uint32_t) index;     // Its keyspace id; 0: nobody builds.
    _Atomic(uint64_t) documents; // It has passed so many,
    _Atomic(uint64_t) estimate;  // of about so many.
    _Atomic(uint32_t) waiting;   // Callers that want to build; a build that nobody waits for ends.
} fe_build_state;

typedef struct fe_collection {
    struct fe_collection *next; // In the list of its owner.
    fe_collections *owner;
    fe_store *store;
    uint32_t id;
    _Atomic(fe_schema *) schema; // Never NULL. Older ones hang behind it.
    fe_mutex build_mutex;        // Whoever builds an index of it,
    fe_build_state build;        // and how far that is.
} fe_collection;

// Errors: FERRIC_NO_MEMORY.
ferric_status fe_collections_create(fe_store *store, fe_collections **collections);
// Accepts NULL.
void fe_collections_destroy(fe_collections *collections);

// The collection of this keyspace id, with its schema read from the catalogue when it was not
// asked for before. It lives as long as `collections`. Errors: those of a read, FERRIC_NO_MEMORY.
ferric_status fe_collections_find(fe_collections *collections, uint32_t id,
                                  fe_collection **collection);

// Installs a schema that was committed with this version, and takes it over. What cannot fail: the
// commit is done.
void fe_collection_install(fe_collection *collection, fe_schema *schema, uint64_t version);

// Reads the schema again and installs it when it is newer. Errors: as above; FERRIC_DROPPED: the
// collection is gone.
ferric_status fe_collection_reload(fe_collection *collection);

// Only one thread builds indexes of a collection at a time. The lock is held while the build reads
// and writes: nobody else wants it.
void fe_collection_build_lock(fe_collection *collection);
void fe_collection_build_unlock(fe_collection *collection);

// The newest that is known.
static inline const fe_schema *fe_collection_schema(const fe_collection *collection)
{
    // Pairs with the release store of the installer: the schema is complete.
    return atomic_load_explicit(&collection->schema, memory_order_acquire);
}

#endif
