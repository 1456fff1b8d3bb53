// SPDX-License-Identifier: Apache-2.0
// Single writes: each is a batch of one operation and at most one condition.
#include "api/puts.h"

#include "api/arguments.h"
#include "api/lifetimes.h"
#include "base/coding.h"
#include "base/compiler.h"
#include "base/memory.h"
#include "base/seeded_bug.h"
#include "base/status.h"
#include "doc/document.h"
#include "doc/document_write.h"

// ---- Arguments ------------------------------------------------------------------------------

ferric_status fe_check_put(const char *call, ferric_db *db, ferric_keyspace *keyspace,
                           ferric_keyspace_kind kind, ferric_slice key, ferric_slice value,
                           const ferric_write_options *options, fe_checked_write *checked)
{
    fe_lifetime lifetime;
    ferric_status status = fe_handles_check(call, db, keyspace, kind, &checked->keyspace);

    if (status == FERRIC_OK) status = fe_write_options_take(options, &checked->options);
    if (status == FERRIC_OK) status = fe_check_key(key);
    if (status == FERRIC_OK) status = fe_check_value(value);
    if (status == FERRIC_OK) status = fe_keyspace_id_for_write(checked->keyspace, &checked->id);
    if (status == FERRIC_OK) {
        status = fe_lifetime_take(call, checked->keyspace, checked->options.lifetime, &lifetime);
    }
    if (status == FERRIC_OK) checked->expires_ms = fe_lifetime_expires_ms(db->store, &lifetime);
    return status;
}

ferric_status fe_check_delete(const char *call, ferric_db *db, ferric_keyspace *keyspace,
                              ferric_slice key, const ferric_write_options *options,
                              fe_checked_write *checked)
{
    ferric_status status = fe_handles_check(call, db, keyspace, FE_KIND_ANY, &checked->keyspace);

    if (status == FERRIC_OK) status = fe_write_options_take(options, &checked->options);
    if (status == FERRIC_OK) status = fe_check_key(key);
    if (status == FERRIC_OK) status = fe_keyspace_id_for_write(checked->keyspace, &checked->id);
    return status;
}

static ferric_status add_condition(fe_write_batch *batch, const fe_checked_write *checked,
                                   ferric_slice key)
{
    const ferric_write_options *options = &checked->options;
    uint64_t version = options->condition == FERRIC_IF_VERSION ? options->if_version : 0;

    if (options->condition == FERRIC_IF_ANY) return FERRIC_OK;
    return fe_write_batch_require(batch, checked->id, key, version, NULL);
}

ferric_status fe_add_put(fe_write_batch *batch, const fe_checked_write *checked, ferric_slice key,
                         ferric_slice value)
{
    ferric_status status = fe_write_batch_put_expiring(batch, checked->id, key, value,
                                                       checked->expires_ms, NULL, NULL);

    return status == FERRIC_OK ? add_condition(batch, checked, key) : status;
}

ferric_status fe_add_delete(fe_write_batch *batch, const fe_checked_write *checked,
                            ferric_slice key)
{
    ferric_status status = fe_write_batch_delete(batch, checked->id, key, NULL);

    return status == FERRIC_OK ? add_condition(batch, checked, key) : status;
}

// ---- Batches on the stack -------------------------------------------------------------------

// Most writes are small: then the batch's bytes stand on the stack.
#define SMALL_OPERATION 1024
#define SMALL_KEY 128

// A batch whose buffers borrow the memory of this struct as long as they fit. They are large enough
// from the beginning, so that adding to them never asks for memory of another place.
typedef struct single_write {
    fe_write_batch batch;
    uint8_t operation[SMALL_OPERATION];
    fe_condition condition;
    uint8_t condition_key[FE_KEYSPACE_ID_SIZE + SMALL_KEY];
} single_write;

static void borrow(ferric_buffer *buffer, void *memory, size_t size)
{
    buffer->data = memory;
    buffer->size = 0;
    buffer->capacity = size;
}

static void give_back(ferric_buffer *buffer, const void *memory)
{
    if (buffer->data != memory) fe_free(buffer->data);
}

// A document's batch grows by what it changes in indexes, so it is on the heap from the beginning.
static void single_write_init(single_write *write, ferric_keyspace_kind kind, ferric_slice key,
                              ferric_slice value)
{
    write->batch = (fe_write_batch){0};
    if (kind == FERRIC_KEYSPACE_COLLECTION) return;
    // Larger ones grow on the heap. A size that is above its limit is refused before it is used.
    if (key.size <= SMALL_OPERATION - FE_BATCH_PUT_OVERHEAD &&
        value.size <= SMALL_OPERATION - FE_BATCH_PUT_OVERHEAD - key.size) {
        borrow(&write->batch.operations, write->operation, sizeof write->operation);
    }
    borrow(&write->batch.conditions, &write->condition, sizeof write->condition);
    if (key.size <= SMALL_KEY) {
        borrow(&write->batch.condition_keys, write->condition_key, sizeof write->condition_key);
    }
}

static void single_write_deinit(single_write *write)
{
    give_back(&write->batch.operations, write->operation);
    if (FE_UNLIKELY(write->batch.values.data != NULL)) {
        fe_free(write->batch.values.data);
        fe_free(write->batch.value_places.data);
    }
    give_back(&write->batch.conditions, &write->condition);
    give_back(&write->batch.condition_keys, write->condition_key);
}

// ---- Commits --------------------------------------------------------------------------------

// What a single write leaves under its key; no value: nothing.
typedef struct document {
    ferric_keyspace_kind kind; // A collection's goes with what it changes in indexes.
    uint32_t keyspace;
    ferric_slice key;
    ferric_slice stored;
    uint64_t expires_ms;
} document;

static ferric_status commit_document(ferric_db *db, fe_write_batch *batch, const document *written,
                                     const ferric_write_options *options)
{
    fe_document_write write = {.id = written->key, .expires_ms = written->expires_ms};
    const fe_document_writes writes = {.list = &write, .count = 1};
    ferric_status status = fe_collection_of(db, written->keyspace, &write.collection);

    if (status == FERRIC_OK && written->stored.size > 0) {
        status = fe_document_text(written->stored, &write.text);
    }
    if (status != FERRIC_OK) return status;
    return fe_documents_write(db->store, batch, &writes, options->sync, options->version);
}

// Counts the commit as `operation` and its bytes where the store does.
static ferric_status commit(ferric_db *db, ferric_operation operation, fe_write_batch *batch,
                            const document *written, const ferric_write_options *options)
{
    fe_statistics *statistics = fe_store_statistics(db->store);
    fe_call call = fe_statistics_begin(statistics, operation);
    ferric_status status = written->kind == FERRIC_KEYSPACE_COLLECTION
                               ? commit_document(db, batch, written, options)
                               : fe_store_write(db->store, batch, options->sync, options->version);

    fe_statistics_end(statistics, operation, call, status);
    return status;
}

ferric_status fe_put(const char *call, ferric_db *db, ferric_keyspace *keyspace,
                     ferric_keyspace_kind kind, ferric_slice key, ferric_slice value,
                     const ferric_write_options *options)
{
    fe_checked_write checked;
    single_write write;
    ferric_status status = fe_check_put(call, db, keyspace, kind, key, value, options, &checked);

    if (status != FERRIC_OK) return status;
    single_write_init(&write, checked.keyspace->kind, key, value);
    status = fe_add_put(&write.batch, &checked, key, value);
    if (status == FERRIC_OK) {
        const document put = {checked.keyspace->kind, checked.id, key, value, checked.expires_ms};
        status = commit(db, FERRIC_OPERATION_PUT, &write.batch, &put, &checked.options);
    }
    single_write_deinit(&write);
    return status;
}

ferric_status fe_put_replacement(ferric_db *db, const fe_replacement *replacement,
                                 const ferric_write_options *options)
{
    const document put = {replacement->kind, replacement->keyspace, replacement->key,
                          replacement->value, replacement->expires_ms};
    single_write write;
    ferric_slice key = replacement->key;
    ferric_status status;

    single_write_init(&write, replacement->kind, key, replacement->value);
    status = fe_write_batch_put_expiring(&write.batch, replacement->keyspace, key,
                                         replacement->value, replacement->expires_ms, NULL, NULL);
    if (status == FERRIC_OK && !FE_SEEDED_BUG(FE_BUG_REWRITE_WITHOUT_CONDITION)) {
        status = fe_write_batch_require(&write.batch, replacement->keyspace, key,
                                        replacement->version, NULL);
    }
    if (status == FERRIC_OK) {
        status = commit(db, FERRIC_OPERATION_PUT, &write.batch, &put, options);
    }
    single_write_deinit(&write);
    return status;
}

ferric_status ferric_put(ferric_db *db, ferric_keyspace *keyspace, ferric_slice key,
                         ferric_slice value, const ferric_write_options *options)
{
    return fe_put("ferric_put", db, keyspace, FERRIC_KEYSPACE_RAW, key, value, options);
}

ferric_status ferric_delete(ferric_db *db, ferric_keyspace *keyspace, ferric_slice key,
                            const ferric_write_options *options)
{
    fe_checked_write checked;
    single_write write;
    ferric_status status = fe_check_delete("ferric_delete", db, keyspace, key, options, &checked);

    if (status != FERRIC_OK) return status;
    single_write_init(&write, checked.keyspace->kind, key, fe_slice(NULL, 0));
    status = fe_add_delete(&write.batch, &checked, key);
    if (status == FERRIC_OK) {
        const document gone = {checked.keyspace->kind, checked.id, key, {NULL, 0}, FE_EXPIRY_NEVER};
        status = commit(db, FERRIC_OPERATION_DELETE, &write.batch, &gone, &checked.options);
    }
    single_write_deinit(&write);
    return status;
}

static ferric_status commit_range(ferric_db *db, ferric_keyspace_kind kind, fe_write_batch *batch,
                                  const ferric_write_options *options)
{
    fe_statistics *statistics = fe_store_statistics(db->store);
    fe_call call = fe_statistics_begin(statistics, FERRIC_OPERATION_DELETE);
    ferric_status status = kind == FERRIC_KEYSPACE_COLLECTION
                               ? fe_documents_write_batch(db->collections, db->store, batch,
                                                          options->sync, options->version)
                               : fe_store_write(db->store, batch, options->sync, options->version);

    fe_statistics_end(statistics, FERRIC_OPERATION_DELETE, call, status);
    return status;
}

ferric_status ferric_delete_range(ferric_db *db, ferric_keyspace *keyspace, ferric_slice lower,
                                  ferric_slice upper, const ferric_write_options *options)
{
    const char *call = "ferric_delete_range";
    ferric_write_options taken;
    ferric_keyspace *meant;
    fe_write_batch batch = {0};
    uint32_t id;
    ferric_status status = fe_handles_check(call, db, keyspace, FE_KIND_ANY, &meant);

    if (status == FERRIC_OK) status = fe_write_options_take(options, &taken);
    if (status == FERRIC_OK) status = fe_slice_check(call, "lower", lower);
    if (status == FERRIC_OK) status = fe_slice_check(call, "upper", upper);
    if (status == FERRIC_OK && taken.condition != FERRIC_IF_ANY) {
        status = fe_fail(FERRIC_INVALID_ARGUMENT,
                         "%s: a condition in the options is about one key: use "
                         "ferric_batch_require and ferric_batch_delete_range",
                         call);
    }
    if (status == FERRIC_OK) status = fe_keyspace_id_for_write(meant, &id);
    if (status != FERRIC_OK) return status;
    status = fe_write_batch_delete_range(&batch, id, lower, upper, NULL);
    if (status == FERRIC_OK) status = commit_range(db, meant->kind, &batch, &taken);
    fe_write_batch_deinit(&batch);
    return status;
}

ferric_status ferric_sync(ferric_db *db)
{
    fe_statistics *statistics;
    fe_call call;
    ferric_status status = fe_db_check("ferric_sync", db);

    if (status != FERRIC_OK) return status;
    statistics = fe_store_statistics(db->store);
    call = fe_statistics_begin(statistics, FERRIC_OPERATION_SYNC);
    status = fe_store_sync(db->store);
    fe_statistics_end(statistics, FERRIC_OPERATION_SYNC, call, status);
    return status;
}
