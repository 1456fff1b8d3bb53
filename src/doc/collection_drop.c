// SPDX-License-Identifier: Apache-2.0
// Dropping a keyspace with all that hangs on it; see collection_drop.h.
#include "doc/collection_drop.h"

#include "base/seeded_bug.h"
#include "doc/schema_change.h"

// Under the condition that no index comes before the commit.
static ferric_status add_schema(const fe_collection *collection, fe_write_batch *batch)
{
    const fe_schema *schema = fe_collection_schema(collection);
    uint8_t bytes[FE_SCHEMA_KEY_SIZE];
    ferric_slice key = fe_schema_key(collection->id, bytes);
    ferric_status status =
        fe_write_batch_require(batch, FE_KEYSPACE_CATALOGUE, key, schema->version, NULL);

    if (schema->version == 0 || FE_SEEDED_BUG(FE_BUG_DROP_LEAVES_INDEXES)) return status;
    if (status == FERRIC_OK) {
        status = fe_write_batch_delete(batch, FE_KEYSPACE_CATALOGUE, key, NULL);
    }
    for (size_t i = 0; i < schema->index_count && status == FERRIC_OK; i++)
        status = fe_schema_add_drop(batch, schema->indexes[i].id);
    return status;
}

// One try. FERRIC_CONFLICT: the keyspace or its indexes changed meanwhile.
static ferric_status try_drop(fe_collections *collections, fe_store *store, const char *name)
{
    ferric_keyspace_info info;
    fe_collection *collection;
    fe_write_batch batch = {0};
    ferric_status status = fe_keyspace_add_drop(store, name, &batch, &info);

    if (status == FERRIC_OK && info.kind == FERRIC_KEYSPACE_COLLECTION) {
        status = fe_collections_find(collections, info.id, &collection);
        if (status == FERRIC_OK) status = fe_collection_reload(collection);
        // Another drop was faster: the name is gone, or another's.
        if (status == FERRIC_DROPPED) status = FERRIC_CONFLICT;
        if (status == FERRIC_OK) status = add_schema(collection, &batch);
    }
    if (status == FERRIC_OK) status = fe_store_write(store, &batch, false, NULL);
    fe_write_batch_deinit(&batch);
    return status;
}

ferric_status fe_collection_drop(fe_collections *collections, fe_store *store, const char *name)
{
    ferric_status status;

    do {
        status = try_drop(collections, store, name);
    } while (status == FERRIC_CONFLICT);
    return status;
}
