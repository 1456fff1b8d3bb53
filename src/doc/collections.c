// SPDX-License-Identifier: Apache-2.0
// Finding collections and keeping their schemas up to date; see collections.h.
#include "doc/collections.h"

#include "base/buffer.h"
#include "base/coding.h"
#include "base/memory.h"
#include "base/status.h"
#include "format/internal_key.h"

struct fe_collections {
    fe_store *store; // Held by the owner of all this.
    fe_mutex mutex;
    // Guarded by mutex: the list, and the installation of schemas.
    fe_collection *first;
};

ferric_status fe_collections_create(fe_store *store, fe_collections **collections)
{
    fe_collections *created = fe_alloc_zero(1, sizeof *created);

    *collections = NULL;
    if (created == NULL) return fe_no_memory("the collections", sizeof *created);
    created->store = store;
    fe_mutex_init(&created->mutex);
    *collections = created;
    return FERRIC_OK;
}

static void destroy_collection(fe_collection *collection)
{
    fe_schema *schema = atomic_load_explicit(&collection->schema, memory_order_relaxed);

    while (schema != NULL) {
        fe_schema *older = schema->older;
        fe_schema_destroy(schema);
        schema = older;
    }
    fe_mutex_deinit(&collection->build_mutex);
    fe_free(collection);
}

void fe_collections_destroy(fe_collections *collections)
{
    fe_collection *each;

    if (collections == NULL) return;
    while ((each = collections->first) != NULL) {
        collections->first = each->next;
        destroy_collection(each);
    }
    fe_mutex_deinit(&collections->mutex);
    fe_free(collections);
}

// ---- Schemas --------------------------------------------------------------------------------

static ferric_status read_schema(fe_store *store, uint32_t id, fe_schema **schema)
{
    uint8_t bytes[FE_KEYSPACE_ID_SIZE + FE_SCHEMA_KEY_SIZE];
    ferric_buffer value = {0};
    uint64_t version = 0;
    ferric_status status;

    *schema = NULL;
    fe_put_u32_ordered(bytes, FE_KEYSPACE_CATALOGUE);
    (void)fe_schema_key(id, bytes + FE_KEYSPACE_ID_SIZE);
    status =
        fe_store_get(store, fe_slice(bytes, sizeof bytes), FE_SEQUENCE_NEWEST, &value, &version);
    if (status == FERRIC_NOT_FOUND) {
        fe_buffer_clear(&value);
        version = 0;
        status = FERRIC_OK;
    }
    if (status == FERRIC_OK) status = fe_schema_create(fe_buffer_slice(&value), version, schema);
    fe_buffer_deinit(&value);
    return status;
}

// Two threads may have read two states: the newer one stays. A schema that is gone, with its
// collection, has version 0 and is no newer one. Returns what the caller destroys without the lock,
// or NULL.
static fe_schema *install_locked(fe_collections *collections, fe_collection *collection,
                                 fe_schema *schema)
{
    fe_schema *known = atomic_load_explicit(&collection->schema, memory_order_relaxed);

    fe_mutex_assert_held(&collections->mutex);
    if (schema->version <= known->version) return schema;
    schema->older = known;
    atomic_store_explicit(&collection->schema, schema, memory_order_release);
    return NULL;
}

void fe_collection_install(fe_collection *collection, fe_schema *schema, uint64_t version)
{
    fe_collections *owner = collection->owner;

    schema->version = version;
    fe_mutex_lock(&owner->mutex);
    schema = install_locked(owner, collection, schema);
    fe_mutex_unlock(&owner->mutex);
    fe_schema_destroy(schema);
}

ferric_status fe_collection_reload(fe_collection *collection)
{
    fe_schema *schema;
    ferric_status status = read_schema(collection->store, collection->id, &schema);

    if (status != FERRIC_OK) return status;
    // A schema goes with its collection alone; one that never was is none either.
    if (schema->version == 0) status = fe_store_check_keyspace(collection->store, collection->id);
    if (status != FERRIC_OK) {
        fe_schema_destroy(schema);
        return status;
    }
    fe_collection_install(collection, schema, schema->version);
    return FERRIC_OK;
}

void fe_collection_build_lock(fe_collection *collection)
{
    fe_mutex_lock(&collection->build_mutex);
}

void fe_collection_build_unlock(fe_collection *collection)
{
    fe_mutex_unlock(&collection->build_mutex);
}

// ---- Collections ----------------------------------------------------------------------------

static fe_collection *find_locked(fe_collections *collections, uint32_t id)
{
    fe_collection *each = collections->first;

    fe_mutex_assert_held(&collections->mutex);
    while (each != NULL && each->id != id)
        each = each->next;
    return each;
}

// Takes `schema` over. Errors: FERRIC_NO_MEMORY.
static ferric_status add(fe_collections *collections, uint32_t id, fe_schema *schema,
                         fe_collection **collection)
{
    fe_collection *created = fe_alloc_zero(1, sizeof *created);

    if (created == NULL) {
        fe_schema_destroy(schema);
        return fe_no_memory("a collection", sizeof *created);
    }
    created->owner = collections;
    created->store = collections->store;
    created->id = id;
    fe_mutex_init(&created->build_mutex);
    atomic_init(&created->schema, schema);
    fe_mutex_lock(&collections->mutex);
    *collection = find_locked(collections, id);
    if (*collection == NULL) {
        created->next = collections->first;
        collections->first = created;
        *collection = created;
        created = NULL;
    } else { // Another thread was faster.
        schema = install_locked(collections, *collection, schema);
        atomic_store_explicit(&created->schema, schema, memory_order_relaxed);
    }
    fe_mutex_unlock(&collections->mutex);
    if (created != NULL) destroy_collection(created);
    return FERRIC_OK;
}

ferric_status fe_collections_find(fe_collections *collections, uint32_t id,
                                  fe_collection **collection)
{
    fe_schema *schema;
    ferric_status status;

    fe_mutex_lock(&collections->mutex);
    *collection = find_locked(collections, id);
    fe_mutex_unlock(&collections->mutex);
    if (*collection != NULL) return FERRIC_OK;
    status = read_schema(collections->store, id, &schema);
    return status == FERRIC_OK ? add(collections, id, schema, collection) : status;
}
