// SPDX-License-Identifier: Apache-2.0
// Writing documents and their index entries together; see document_write.h.
#include "doc/document_write.h"

#include <assert.h>

#include "base/buffer.h"
#include "base/coding.h"
#include "base/memory.h"
#include "base/seeded_bug.h"
#include "base/status.h"
#include "doc/document.h"
#include "doc/index_unique.h"
#include "doc/schema_change.h"
#include "doc/stored_key.h"
#include "os/thread.h"

// ---- A batch --------------------------------------------------------------------------------

typedef struct batch_run {
    fe_store *store;
    fe_write_batch *batch;
    fe_index_changes changes;
    ferric_buffer key;
    ferric_buffer value;
} batch_run;

// The schema that the batch rests on must still be there when it commits.
static ferric_status require_schema(batch_run *run, const fe_collection *collection,
                                    const fe_schema *schema)
{
    uint8_t key[FE_SCHEMA_KEY_SIZE];

    if (FE_SEEDED_BUG(FE_BUG_SCHEMA_NOT_REQUIRED)) return FERRIC_OK;
    return fe_write_batch_require(run->batch, FE_KEYSPACE_CATALOGUE,
                                  fe_schema_key(collection->id, key), schema->version, NULL);
}

// Adds what one document changes, and the condition that it still is what it was read as.
static ferric_status add_document(batch_run *run, const fe_schema *schema,
                                  const fe_document_write *write)
{
    fe_pin pin = {0};
    fe_document_state before = {0};
    fe_document_state after = {write->text, write->expires_ms};
    ferric_status status = fe_stored_key(write->collection->id, write->id, &run->key);

    if (status != FERRIC_OK) return status;
    status = fe_store_get_pinned(run->store, fe_buffer_slice(&run->key), fe_moment_newest(), &pin);
    if (status == FERRIC_OK) status = fe_document_text(pin.value, &before.text);
    before.expires_ms = pin.meta.expires_ms;
    if (status == FERRIC_NOT_FOUND) status = FERRIC_OK;
    if (status == FERRIC_OK) {
        status = fe_write_batch_require(run->batch, write->collection->id, write->id,
                                        pin.meta.version, NULL);
    }
    if (status == FERRIC_OK) {
        status = fe_index_changes_add(&run->changes, schema, write->id, before, after);
    }
    fe_store_unpin(&pin);
    return status;
}

static ferric_status add_changes(batch_run *run)
{
    ferric_status status = fe_index_changes_order(&run->changes);

    for (size_t i = 0; i < run->changes.count && status == FERRIC_OK; i++) {
        const fe_index_change *change = fe_index_changes_at(&run->changes, i);
        if (change->is_removal) {
            status = fe_write_batch_delete(run->batch, change->index->id, change->entry.key, NULL);
            continue;
        }
        if (change->entry.is_binding && !change->is_taken_over) {
            status =
                fe_index_require_unique(run->store, run->batch, change, &run->key, &run->value);
        }
        if (status == FERRIC_OK) {
            status =
                fe_write_batch_put_expiring(run->batch, change->index->id, change->entry.key,
                                            change->entry.value, change->expires_ms, NULL, NULL);
        }
    }
    return status;
}

// A range is deleted without a look at its documents, so their entries would stay.
static ferric_status refuse_range(void)
{
    return fe_fail(
        FERRIC_UNSUPPORTED,
        "the collection has indexes, and a range delete does not know their entries: use "
        "ferric_delete for each, or drop the indexes first");
}

// Works everything out for the newest state. FERRIC_CONFLICT, without a look at the store: an index
// had to be marked first.
static ferric_status prepare(batch_run *run, const fe_document_write *writes, size_t count)
{
    const fe_collection *required = NULL;
    ferric_status status = FERRIC_OK;

    fe_index_changes_clear(&run->changes);
    for (size_t i = 0; i < count && status == FERRIC_OK; i++) {
        fe_collection *collection = writes[i].collection;
        const fe_schema *schema = fe_collection_schema(collection);
        assert(collection != NULL);
        if (collection != required) status = require_schema(run, collection, schema);
        required = collection;
        if (writes[i].is_range && schema->index_count > 0) return refuse_range();
        if (status == FERRIC_OK && schema->index_count > 0) {
            status = add_document(run, schema, &writes[i]);
        }
        if (status == FERRIC_OK && run->changes.unmarked != NULL) {
            status = fe_schema_mark(collection, run->changes.unmarked->id,
                                    run->changes.is_multi_key, run->changes.has_cut);
            return status == FERRIC_OK ? FERRIC_CONFLICT : status;
        }
    }
    return status == FERRIC_OK ? add_changes(run) : status;
}

// After a conflict: whether it was one of the conditions that the caller put into the batch.
static ferric_status check_own_conditions(batch_run *run)
{
    ferric_status status = FERRIC_OK;

    for (size_t i = 0; i < run->batch->condition_count && status == FERRIC_OK; i++) {
        uint64_t allowed;
        uint64_t version = 0;
        ferric_slice key = fe_write_batch_condition(run->batch, i, &allowed);
        status = fe_store_get(run->store, key, FE_SEQUENCE_NEWEST, NULL, &version);
        if (status == FERRIC_NOT_FOUND) status = FERRIC_OK;
        if (status == FERRIC_OK && version != allowed) return FERRIC_CONFLICT;
    }
    return status;
}

static ferric_status reload_schemas(const fe_document_write *writes, size_t count)
{
    const fe_collection *reloaded = NULL;
    ferric_status status = FERRIC_OK;

    for (size_t i = 0; i < count && status == FERRIC_OK; i++) {
        if (writes[i].collection != reloaded) status = fe_collection_reload(writes[i].collection);
        reloaded = writes[i].collection;
    }
    return status;
}

ferric_status fe_documents_write(fe_store *store, fe_write_batch *batch,
                                 const fe_document_write *writes, size_t count, bool sync,
                                 uint64_t *version)
{
    const fe_write_batch before = *batch;
    batch_run run = {.store = store, .batch = batch};
    ferric_status status;

    fe_index_changes_init(&run.changes);
    for (;;) {
        status = prepare(&run, writes, count);
        if (status == FERRIC_OK) status = fe_store_write(store, batch, sync, version);
        fe_write_batch_truncate(batch, &before);
        if (status != FERRIC_CONFLICT) break;
        status = check_own_conditions(&run);
        if (status == FERRIC_OK) status = reload_schemas(writes, count);
        if (status != FERRIC_OK) break;
        fe_thread_yield(); // Whoever was faster may have to publish yet.
    }
    fe_index_changes_deinit(&run.changes);
    fe_buffer_deinit(&run.key);
    fe_buffer_deinit(&run.value);
    return status;
}

// ---- A transaction --------------------------------------------------------------------------

// Finds the schema that the transaction works with; its commit is a conflict when that changes.
static ferric_status find_schema(fe_txn *txn, fe_collection *collection, const fe_schema **schema)
{
    uint8_t bytes[FE_KEYSPACE_ID_SIZE + FE_SCHEMA_KEY_SIZE];
    fe_meta meta = {0};
    ferric_status status;

    fe_put_u32_ordered(bytes, FE_KEYSPACE_CATALOGUE);
    (void)fe_schema_key(collection->id, bytes + FE_KEYSPACE_ID_SIZE);
    status = fe_txn_get_for_update(txn, fe_slice(bytes, sizeof bytes), NULL, &meta);
    if (status == FERRIC_NOT_FOUND) status = FERRIC_OK;
    if (status != FERRIC_OK) return status;
    *schema = fe_collection_schema(collection);
    if ((*schema)->version == meta.version) return FERRIC_OK;
    status = fe_collection_reload(collection);
    if (status != FERRIC_OK) return status;
    *schema = fe_collection_schema(collection);
    // A schema that changed since the transaction began: its commit could not succeed.
    return (*schema)->version == meta.version ? FERRIC_OK : FERRIC_CONFLICT;
}

typedef struct txn_run {
    fe_txn *txn;
    fe_index_changes changes;
    ferric_buffer key;
    ferric_buffer value;
} txn_run;

static ferric_status check_unique(txn_run *run, const fe_index_change *change)
{
    ferric_slice owner;
    ferric_status status = fe_stored_key(change->index->id, change->entry.key, &run->key);

    if (status != FERRIC_OK) return status;
    status = fe_txn_get_for_update(run->txn, fe_buffer_slice(&run->key), &run->value, NULL);
    if (status == FERRIC_NOT_FOUND) return FERRIC_OK;
    if (status != FERRIC_OK) return status;
    status = fe_index_entry_id(change->entry.key, fe_buffer_slice(&run->value), &owner, NULL);
    if (status != FERRIC_OK || fe_slice_equal(owner, change->id)) return status;
    return fe_index_taken(change, owner);
}

static ferric_status apply_change(txn_run *run, const fe_index_change *change)
{
    ferric_status status = FERRIC_OK;

    if (!change->is_removal && change->entry.is_binding) status = check_unique(run, change);
    if (status == FERRIC_OK)
        status = fe_stored_key(change->index->id, change->entry.key, &run->key);
    if (status != FERRIC_OK) return status;
    return change->is_removal ? fe_txn_delete(run->txn, fe_buffer_slice(&run->key))
                              : fe_txn_put_expiring(run->txn, fe_buffer_slice(&run->key),
                                                    change->entry.value, change->expires_ms);
}

// The document's own entry and those of its indexes.
static ferric_status apply(txn_run *run, fe_collection *collection, ferric_slice id,
                           ferric_slice stored, uint64_t expires_ms)
{
    ferric_status status = fe_index_changes_order(&run->changes);

    for (size_t i = 0; i < run->changes.count && status == FERRIC_OK; i++)
        status = apply_change(run, fe_index_changes_at(&run->changes, i));
    if (status == FERRIC_OK) status = fe_stored_key(collection->id, id, &run->key);
    if (status != FERRIC_OK) return status;
    return stored.size == 0
               ? fe_txn_delete(run->txn, fe_buffer_slice(&run->key))
               : fe_txn_put_expiring(run->txn, fe_buffer_slice(&run->key), stored, expires_ms);
}

static ferric_status add_txn_document(txn_run *run, const fe_schema *schema,
                                      fe_collection *collection, ferric_slice id,
                                      ferric_slice stored, uint64_t expires_ms)
{
    fe_document_state before = {0};
    fe_document_state after = {.expires_ms = expires_ms};
    fe_meta meta = {0};
    ferric_status status = fe_stored_key(collection->id, id, &run->key);

    if (status == FERRIC_OK) {
        status = fe_txn_get(run->txn, fe_buffer_slice(&run->key), &run->value, &meta);
    }
    if (status == FERRIC_OK) status = fe_document_text(fe_buffer_slice(&run->value), &before.text);
    before.expires_ms = meta.expires_ms;
    if (status == FERRIC_NOT_FOUND) status = FERRIC_OK;
    if (status == FERRIC_OK && stored.size > 0) status = fe_document_text(stored, &after.text);
    if (status != FERRIC_OK) return status;
    status = fe_index_changes_add(&run->changes, schema, id, before, after);
    if (status != FERRIC_OK || run->changes.unmarked == NULL) return status;
    // The mark is a commit of its own, and the transaction is older than it.
    status = fe_schema_mark(collection, run->changes.unmarked->id, run->changes.is_multi_key,
                            run->changes.has_cut);
    return status == FERRIC_OK ? FERRIC_CONFLICT : status;
}

ferric_status fe_documents_txn_write(fe_txn *txn, fe_collection *collection, ferric_slice id,
                                     ferric_slice stored, uint64_t expires_ms)
{
    txn_run run = {.txn = txn};
    const fe_schema *schema;
    uint64_t savepoint = 0;
    ferric_status status = find_schema(txn, collection, &schema);

    if (status != FERRIC_OK) return status;
    fe_index_changes_init(&run.changes);
    if (schema->index_count > 0) {
        status = add_txn_document(&run, schema, collection, id, stored, expires_ms);
        if (status == FERRIC_OK) status = fe_txn_savepoint(txn, &savepoint);
    }
    if (status == FERRIC_OK) {
        status = apply(&run, collection, id, stored, expires_ms);
        if (status != FERRIC_OK && schema->index_count > 0) {
            // The message of the failure stays: rolling back to a savepoint just taken cannot fail.
            (void)fe_txn_rollback_to(txn, savepoint);
        }
    }
    fe_index_changes_deinit(&run.changes);
    fe_buffer_deinit(&run.key);
    fe_buffer_deinit(&run.value);
    return status;
}

ferric_status fe_documents_txn_check_range(fe_txn *txn, fe_collection *collection)
{
    const fe_schema *schema;
    ferric_status status = find_schema(txn, collection, &schema);

    if (status != FERRIC_OK) return status;
    return schema->index_count > 0 ? refuse_range() : FERRIC_OK;
}
