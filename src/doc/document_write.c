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
#include "doc/document_range.h"
#include "doc/index_unique.h"
#include "doc/schema_change.h"
#include "doc/stored_key.h"
#include "os/thread.h"

// ---- A batch --------------------------------------------------------------------------------

typedef struct batch_run {
    fe_store *store;
    fe_write_batch *batch;
    const fe_document_writes *writes;
    fe_collection *marked; // The collection of an index that has to be marked first.
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

// Takes what is of the first collection out of `rest`.
static fe_document_writes take_part(fe_document_writes *rest, fe_collection **collection)
{
    fe_document_writes part = {.list = rest->list, .ranges = rest->ranges};
    bool is_range = rest->count == 0 || (rest->range_count > 0 && rest->ranges[0].collection->id <
                                                                      rest->list[0].collection->id);

    *collection = is_range ? rest->ranges[0].collection : rest->list[0].collection;
    while (part.count < rest->count && rest->list[part.count].collection == *collection)
        part.count++;
    while (part.range_count < rest->range_count &&
           rest->ranges[part.range_count].collection == *collection) {
        part.range_count++;
    }
    // Either may be NULL, which nothing is added to.
    if (part.count > 0) rest->list += part.count;
    rest->count -= part.count;
    if (part.range_count > 0) rest->ranges += part.range_count;
    rest->range_count -= part.range_count;
    return part;
}

// Whether all documents of the collection go and none comes.
static bool is_emptied(const fe_document_writes *part)
{
    if (part->range_count != 1 || !fe_document_range_is_whole(part->ranges)) return false;
    for (size_t i = 0; i < part->count; i++) {
        if (part->list[i].text.size > 0) return false;
    }
    return true;
}

static ferric_status empty_indexes(batch_run *run, const fe_schema *schema)
{
    const ferric_slice all = {NULL, 0};
    ferric_status status = FERRIC_OK;

    if (FE_SEEDED_BUG(FE_BUG_RANGE_LEAVES_ENTRIES)) return FERRIC_OK;
    for (size_t i = 0; i < schema->index_count && status == FERRIC_OK; i++)
        status = fe_write_batch_delete_range(run->batch, schema->indexes[i].id, all, all, NULL);
    return status;
}

// The range's documents have to be the same when the batch commits.
static ferric_status require_range(batch_run *run, const fe_document_range *range)
{
    fe_keyspace_bounds bounds;
    ferric_status status =
        fe_keyspace_bounds_init(&bounds, range->collection->id, range->lower, range->upper);

    if (status != FERRIC_OK) return status;
    status = fe_write_batch_require_unchanged(run->batch, fe_buffer_slice(&bounds.lower),
                                              fe_buffer_slice(&bounds.upper));
    fe_keyspace_bounds_deinit(&bounds);
    return status;
}

// Adds what documents of one collection change in its indexes.
static ferric_status add_part(batch_run *run, const fe_schema *schema,
                              const fe_document_writes *part)
{
    const fe_state newest = {.store = run->store, .at = fe_moment_newest()};
    ferric_status status = FERRIC_OK;

    if (is_emptied(part)) return empty_indexes(run, schema);
    for (size_t i = 0; i < part->count && status == FERRIC_OK; i++) {
        status = add_document(run, schema, &part->list[i]);
        if (status == FERRIC_OK && run->changes.unmarked != NULL) return status;
    }
    for (size_t i = 0; i < part->range_count && status == FERRIC_OK; i++) {
        status = require_range(run, &part->ranges[i]);
        if (status != FERRIC_OK) return status;
        status = fe_document_range_changes(&newest, schema, &part->ranges[i], part,
                                           fe_store_commit_bytes_max(run->store), &run->changes);
    }
    return status;
}

// Works everything out for the newest state. FERRIC_CONFLICT with run->marked: an index has to be
// marked first.
static ferric_status prepare(void *context)
{
    batch_run *run = context;
    fe_document_writes rest = *run->writes;
    ferric_status status = FERRIC_OK;

    run->marked = NULL;
    fe_index_changes_clear(&run->changes);
    // What is read from now on is this state or a newer one: what is newer counts as a change.
    if (rest.range_count > 0) run->batch->unchanged_since = fe_store_last_sequence(run->store);
    while (status == FERRIC_OK && rest.count + rest.range_count > 0) {
        fe_collection *collection;
        fe_document_writes part = take_part(&rest, &collection);
        const fe_schema *schema = fe_collection_schema(collection);
        status = require_schema(run, collection, schema);
        if (status == FERRIC_OK && schema->index_count > 0) status = add_part(run, schema, &part);
        if (status == FERRIC_OK && run->changes.unmarked != NULL) {
            run->marked = collection;
            return FERRIC_CONFLICT;
        }
    }
    return status == FERRIC_OK ? add_changes(run) : status;
}

// So often a range of documents is read beside others that write into it. Then it is read in the
// turn, while they wait: who reads more would be overtaken for ever by who writes less.
#define RANGE_TRIES_BESIDE 3

static ferric_status try_once(batch_run *run, bool in_turn, bool sync, uint64_t *version)
{
    ferric_status status;

    if (in_turn) {
        status = fe_store_write_in_turn(run->store, run->batch, prepare, run, sync, version);
    } else {
        status = prepare(run);
        if (status == FERRIC_OK) status = fe_store_write(run->store, run->batch, sync, version);
    }
    if (status != FERRIC_CONFLICT || run->marked == NULL) return status;
    status = fe_schema_mark(run->marked, run->changes.unmarked->id, run->changes.is_multi_key,
                            run->changes.has_cut);
    return status == FERRIC_OK ? FERRIC_CONFLICT : status;
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

static ferric_status reload_schemas(const fe_document_writes *writes)
{
    fe_document_writes rest = *writes;
    ferric_status status = FERRIC_OK;

    while (status == FERRIC_OK && rest.count + rest.range_count > 0) {
        fe_collection *collection;
        (void)take_part(&rest, &collection);
        status = fe_collection_reload(collection);
    }
    return status;
}

ferric_status fe_documents_write(fe_store *store, fe_write_batch *batch,
                                 const fe_document_writes *writes, bool sync, uint64_t *version)
{
    const fe_write_batch before = *batch;
    batch_run run = {.store = store, .batch = batch, .writes = writes};
    ferric_status status;

    fe_index_changes_init(&run.changes);
    for (int tries = 0;; tries++) {
        bool in_turn = writes->range_count > 0 && tries >= RANGE_TRIES_BESIDE;
        status = try_once(&run, in_turn, sync, version);
        fe_write_batch_truncate(batch, &before);
        if (status != FERRIC_CONFLICT) break;
        status = check_own_conditions(&run);
        if (status == FERRIC_OK) status = reload_schemas(writes);
        if (status != FERRIC_OK) break;
        fe_thread_yield(); // Whoever was faster may have to publish yet.
    }
    fe_index_changes_deinit(&run.changes);
    fe_buffer_deinit(&run.key);
    fe_buffer_deinit(&run.value);
    return status;
}

// ---- A transaction --------------------------------------------------------------------------

ferric_status fe_documents_txn_schema(fe_txn *txn, fe_collection *collection,
                                      const fe_schema **schema)
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

static void txn_run_deinit(txn_run *run)
{
    fe_index_changes_deinit(&run->changes);
    fe_buffer_deinit(&run->key);
    fe_buffer_deinit(&run->value);
}

static ferric_status apply_change(txn_run *run, const fe_index_change *change)
{
    ferric_status status = FERRIC_OK;

    if (!change->is_removal && change->entry.is_binding) {
        status = fe_index_txn_require_unique(run->txn, change, &run->key, &run->value);
    }
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

// Marks the index that has to be marked, if one has. The mark is a commit of its own, and the
// transaction is older than it.
static ferric_status mark(const txn_run *run, fe_collection *collection)
{
    const fe_index *unmarked = run->changes.unmarked;
    ferric_status status;

    if (unmarked == NULL) return FERRIC_OK;
    status =
        fe_schema_mark(collection, unmarked->id, run->changes.is_multi_key, run->changes.has_cut);
    return status == FERRIC_OK ? FERRIC_CONFLICT : status;
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
    return status == FERRIC_OK ? mark(run, collection) : status;
}

// As apply, or not at all.
static ferric_status apply_whole(txn_run *run, fe_collection *collection, ferric_slice id,
                                 ferric_slice stored, uint64_t expires_ms)
{
    bool is_one = run->changes.count == 0;
    uint64_t savepoint = 0;
    ferric_status status = FERRIC_OK;

    if (!is_one) status = fe_txn_savepoint(run->txn, &savepoint);
    if (status != FERRIC_OK) return status;
    status = apply(run, collection, id, stored, expires_ms);
    // The message of the failure stays: rolling back to a savepoint just taken cannot fail.
    if (status != FERRIC_OK && !is_one) (void)fe_txn_rollback_to(run->txn, savepoint);
    return status;
}

ferric_status fe_documents_txn_write(fe_txn *txn, fe_collection *collection, ferric_slice id,
                                     ferric_slice stored, uint64_t expires_ms)
{
    txn_run run = {.txn = txn};
    const fe_schema *schema;
    ferric_status status = fe_documents_txn_schema(txn, collection, &schema);

    if (status != FERRIC_OK) return status;
    fe_index_changes_init(&run.changes);
    if (schema->index_count > 0) {
        status = add_txn_document(&run, schema, collection, id, stored, expires_ms);
    }
    if (status == FERRIC_OK) status = apply_whole(&run, collection, id, stored, expires_ms);
    txn_run_deinit(&run);
    return status;
}

// What the change does to the indexes that it may touch.
static ferric_status add_touched(txn_run *run, const fe_schema *schema, fe_collection *collection,
                                 const fe_document_change *change)
{
    fe_document_state after = {.expires_ms = change->before.expires_ms};
    ferric_status status = fe_document_text(change->stored, &after.text);

    for (size_t i = 0; i < schema->index_count && status == FERRIC_OK; i++) {
        if ((change->touched >> i & 1) == 0) continue;
        status = fe_index_changes_add_to(&run->changes, schema, &schema->indexes[i], change->id,
                                         change->before, after);
    }
    return status == FERRIC_OK ? mark(run, collection) : status;
}

ferric_status fe_documents_txn_change(fe_txn *txn, fe_collection *collection,
                                      const fe_schema *schema, const fe_document_change *change)
{
    txn_run run = {.txn = txn};
    ferric_status status = FERRIC_OK;

    fe_index_changes_init(&run.changes);
    if (change->touched != 0) status = add_touched(&run, schema, collection, change);
    if (status == FERRIC_OK) {
        status =
            apply_whole(&run, collection, change->id, change->stored, change->before.expires_ms);
    }
    txn_run_deinit(&run);
    return status;
}

// The index entries of the documents in the range.
static ferric_status take_range(txn_run *run, const fe_schema *schema,
                                const fe_document_range *range)
{
    const fe_state state = {
        .store = fe_txn_store(run->txn), .at = {fe_txn_sequence(run->txn), 0}, .txn = run->txn};
    ferric_status status = fe_document_range_changes(
        &state, schema, range, NULL, fe_store_commit_bytes_max(state.store), &run->changes);

    for (size_t i = 0; i < run->changes.count && status == FERRIC_OK; i++)
        status = apply_change(run, fe_index_changes_at(&run->changes, i));
    return status;
}

ferric_status fe_txn_delete_keys(fe_txn *txn, uint32_t keyspace, ferric_slice lower,
                                 ferric_slice upper)
{
    fe_keyspace_bounds bounds;
    ferric_status status;

    if (upper.size > 0 && fe_slice_compare(lower, upper) >= 0) return FERRIC_OK;
    status = fe_keyspace_bounds_init(&bounds, keyspace, lower, upper);
    if (status != FERRIC_OK) return status;
    status =
        fe_txn_delete_range(txn, fe_buffer_slice(&bounds.lower), fe_buffer_slice(&bounds.upper));
    fe_keyspace_bounds_deinit(&bounds);
    return status;
}

static ferric_status empty_txn_indexes(fe_txn *txn, const fe_schema *schema)
{
    const ferric_slice all = {NULL, 0};
    ferric_status status = FERRIC_OK;

    for (size_t i = 0; i < schema->index_count && status == FERRIC_OK; i++)
        status = fe_txn_delete_keys(txn, schema->indexes[i].id, all, all);
    return status;
}

ferric_status fe_documents_txn_delete_range(fe_txn *txn, const fe_document_range *range)
{
    txn_run run = {.txn = txn};
    const fe_schema *schema;
    uint64_t savepoint = 0;
    ferric_status status;

    if (range->upper.size > 0 && fe_slice_compare(range->lower, range->upper) >= 0) {
        return FERRIC_OK;
    }
    status = fe_documents_txn_schema(txn, range->collection, &schema);
    if (status == FERRIC_OK) status = fe_txn_savepoint(txn, &savepoint);
    if (status != FERRIC_OK) return status;
    fe_index_changes_init(&run.changes);
    if (schema->index_count > 0) {
        status = fe_document_range_is_whole(range) ? empty_txn_indexes(txn, schema)
                                                   : take_range(&run, schema, range);
    }
    if (status == FERRIC_OK) {
        status = fe_txn_delete_keys(txn, range->collection->id, range->lower, range->upper);
    }
    // As above.
    if (status != FERRIC_OK) (void)fe_txn_rollback_to(txn, savepoint);
    txn_run_deinit(&run);
    return status;
}
