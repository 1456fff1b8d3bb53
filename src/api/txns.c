// SPDX-License-Identifier: Apache-2.0
// Transactions as callers see them: keyspaces instead of ids, and statistics.
#include "api/txns.h"

#include "api/arguments.h"
#include "api/async_writes.h"
#include "api/lifetimes.h"
#include "base/memory.h"
#include "base/status.h"
#include "doc/document_write.h"

// ---- Begin and end --------------------------------------------------------------------------

ferric_status ferric_txn_begin(ferric_db *db, const ferric_txn_options *options, ferric_txn **txn)
{
    const char *call = "ferric_txn_begin";
    ferric_txn_options taken;
    ferric_txn *created;
    ferric_status status;

    if (txn == NULL) return fe_argument_is_null(call, "txn");
    *txn = NULL;
    status = fe_db_check(call, db);
    if (status == FERRIC_OK) status = fe_txn_options_take(options, &taken);
    if (status != FERRIC_OK) return status;
    created = fe_alloc_zero(1, sizeof *created);
    if (created == NULL) return fe_no_memory("a transaction", sizeof *created);
    created->db = db;
    status = fe_txn_begin(db->store, &taken, &created->held);
    if (status != FERRIC_OK) {
        fe_free(created);
        return status;
    }
    *txn = created;
    return FERRIC_OK;
}

void ferric_txn_destroy(ferric_txn *txn)
{
    if (txn == NULL) return;
    fe_txn_destroy(txn->held);
    fe_free(txn);
}

ferric_status ferric_txn_commit(ferric_txn *txn, uint64_t *version)
{
    fe_statistics *statistics;
    fe_call counted;
    ferric_status status;

    if (version != NULL) *version = 0;
    if (txn == NULL) return fe_argument_is_null("ferric_txn_commit", "txn");
    statistics = fe_store_statistics(fe_txn_store(txn->held));
    counted = fe_statistics_begin(statistics, FERRIC_OPERATION_WRITE);
    status = fe_txn_commit(txn->held, version);
    fe_statistics_end(statistics, FERRIC_OPERATION_WRITE, counted, status);
    return status;
}

ferric_status ferric_txn_commit_async(ferric_txn *txn, ferric_commit_callback callback,
                                      void *context)
{
    const char *call = "ferric_txn_commit_async";
    fe_completion completion = {callback, context, FERRIC_OPERATION_WRITE};
    ferric_status status;

    if (txn == NULL) return fe_argument_is_null(call, "txn");
    status = fe_async_check(call, callback, NULL);
    return status == FERRIC_OK ? fe_txn_commit_async(txn->held, &completion) : status;
}

ferric_status ferric_txn_abort(ferric_txn *txn)
{
    if (txn == NULL) return fe_argument_is_null("ferric_txn_abort", "txn");
    return fe_txn_abort(txn->held);
}

uint64_t ferric_txn_snapshot_version(const ferric_txn *txn)
{
    return txn == NULL ? 0 : fe_txn_sequence(txn->held);
}

// ---- Where a call goes ----------------------------------------------------------------------

static ferric_status aim(const char *call, ferric_txn *txn, ferric_keyspace *keyspace,
                         ferric_keyspace_kind kind, ferric_keyspace **meant)
{
    ferric_status status;

    if (txn == NULL) return fe_argument_is_null(call, "txn");
    // Before the database is looked at: its handle is gone when it was closed.
    status = fe_store_check(fe_txn_store(txn->held));
    return status != FERRIC_OK ? status : fe_handles_check(call, txn->db, keyspace, kind, meant);
}

// The id of a keyspace that exists, or that the transaction makes. FERRIC_NOT_FOUND: neither.
static ferric_status find_id(fe_txn *txn, ferric_keyspace *keyspace, bool for_update, uint32_t *id)
{
    ferric_keyspace_info info;
    ferric_status status = fe_keyspace_id_at_snapshot(keyspace, id);

    if (status != FERRIC_NOT_FOUND) return status;
    // That it is not there is something the transaction has read now.
    status = fe_txn_keyspace_find(txn, keyspace->name, for_update, &info);
    if (status != FERRIC_OK) return status;
    if (info.kind != keyspace->kind) return fe_wrong_kind(keyspace->name, info.kind);
    *id = info.id;
    return FERRIC_OK;
}

static ferric_status find_or_make_id(fe_txn *txn, ferric_keyspace *keyspace, uint32_t *id)
{
    ferric_keyspace_info info;
    ferric_status status = find_id(txn, keyspace, false, id);

    if (status != FERRIC_NOT_FOUND) return status;
    status = fe_txn_keyspace_create(txn, keyspace->name, keyspace->kind, &info);
    if (status == FERRIC_OK) *id = info.id;
    return status;
}

ferric_status fe_txn_aim_walk(const char *call, ferric_txn *txn, ferric_keyspace *keyspace,
                              uint32_t *id)
{
    ferric_keyspace *meant;
    ferric_status status = aim(call, txn, keyspace, FE_KIND_ANY, &meant);

    return status != FERRIC_OK ? status : find_id(txn->held, meant, false, id);
}

// ---- Writing --------------------------------------------------------------------------------

// Checks everything and finds where to write.
static ferric_status aim_write(ferric_txn *txn, ferric_keyspace *meant, ferric_slice key,
                               uint32_t *id)
{
    ferric_status status = fe_check_key(key);

    return status == FERRIC_OK ? find_or_make_id(txn->held, meant, id) : status;
}

// A document is written with what it changes in indexes; without `stored` it is deleted.
static ferric_status write_document(ferric_txn *txn, uint32_t id, ferric_slice key,
                                    ferric_slice stored, uint64_t expires_ms)
{
    fe_collection *collection;
    ferric_status status = fe_collection_of(txn->db, id, &collection);

    if (status != FERRIC_OK) return status;
    return fe_documents_txn_write(txn->held, collection, key, stored, expires_ms);
}

ferric_status fe_txn_put_of_kind(const char *call, ferric_txn *txn, ferric_keyspace *keyspace,
                                 ferric_keyspace_kind kind, ferric_slice key, ferric_slice value,
                                 ferric_lifetime given)
{
    ferric_keyspace *meant = keyspace;
    fe_lifetime lifetime;
    uint64_t expires_ms;
    fe_full_key full;
    uint32_t id;
    ferric_status status = fe_check_value(value);

    if (status == FERRIC_OK) status = aim(call, txn, keyspace, kind, &meant);
    if (status == FERRIC_OK) status = fe_lifetime_take(call, meant, given, &lifetime);
    if (status == FERRIC_OK) status = aim_write(txn, meant, key, &id);
    if (status != FERRIC_OK) return status;
    expires_ms = fe_lifetime_expires_ms(fe_txn_store(txn->held), &lifetime);
    if (meant->kind == FERRIC_KEYSPACE_COLLECTION) {
        return write_document(txn, id, key, value, expires_ms);
    }
    status = fe_full_key_init(&full, id, key);
    if (status != FERRIC_OK) return status;
    status = fe_txn_put_expiring(txn->held, full.slice, value, expires_ms);
    fe_full_key_deinit(&full);
    return status;
}

ferric_status ferric_txn_put(ferric_txn *txn, ferric_keyspace *keyspace, ferric_slice key,
                             ferric_slice value)
{
    return fe_txn_put_of_kind("ferric_txn_put", txn, keyspace, FERRIC_KEYSPACE_RAW, key, value,
                              (ferric_lifetime){0, 0});
}

ferric_status ferric_txn_put_expiring(ferric_txn *txn, ferric_keyspace *keyspace, ferric_slice key,
                                      ferric_slice value, ferric_lifetime lifetime)
{
    return fe_txn_put_of_kind("ferric_txn_put_expiring", txn, keyspace, FERRIC_KEYSPACE_RAW, key,
                              value, lifetime);
}

ferric_status ferric_txn_delete(ferric_txn *txn, ferric_keyspace *keyspace, ferric_slice key)
{
    ferric_keyspace *meant = keyspace;
    fe_full_key full;
    uint32_t id;
    ferric_status status = aim("ferric_txn_delete", txn, keyspace, FE_KIND_ANY, &meant);

    if (status == FERRIC_OK) status = aim_write(txn, meant, key, &id);
    if (status != FERRIC_OK) return status;
    if (meant->kind == FERRIC_KEYSPACE_COLLECTION) {
        return write_document(txn, id, key, fe_slice(NULL, 0), FE_EXPIRY_NEVER);
    }
    status = fe_full_key_init(&full, id, key);
    if (status != FERRIC_OK) return status;
    status = fe_txn_delete(txn->held, full.slice);
    fe_full_key_deinit(&full);
    return status;
}

static ferric_status delete_documents(ferric_txn *txn, uint32_t id, ferric_slice lower,
                                      ferric_slice upper)
{
    fe_document_range range = {.lower = lower, .upper = upper};
    ferric_status status = fe_collection_of(txn->db, id, &range.collection);

    return status == FERRIC_OK ? fe_documents_txn_delete_range(txn->held, &range) : status;
}

ferric_status ferric_txn_delete_range(ferric_txn *txn, ferric_keyspace *keyspace,
                                      ferric_slice lower, ferric_slice upper)
{
    const char *call = "ferric_txn_delete_range";
    ferric_keyspace *meant;
    uint32_t id;
    ferric_status status = aim(call, txn, keyspace, FE_KIND_ANY, &meant);

    if (status == FERRIC_OK && lower.size > 0) status = fe_check_key(lower);
    if (status == FERRIC_OK && upper.size > 0) status = fe_check_key(upper);
    if (status == FERRIC_OK) status = find_or_make_id(txn->held, meant, &id);
    if (status != FERRIC_OK) return status;
    return meant->kind == FERRIC_KEYSPACE_COLLECTION
               ? delete_documents(txn, id, lower, upper)
               : fe_txn_delete_keys(txn->held, id, lower, upper);
}

// ---- Reading --------------------------------------------------------------------------------

static ferric_status get(const char *call, ferric_txn *txn, ferric_keyspace *keyspace,
                         ferric_keyspace_kind kind, ferric_slice key, bool for_update,
                         ferric_buffer *value, uint64_t *version)
{
    fe_meta meta = {0};
    fe_statistics *statistics;
    ferric_keyspace *meant;
    fe_call counted;
    fe_full_key full;
    uint32_t id = 0;
    ferric_status status = aim(call, txn, keyspace, kind, &meant);

    if (version != NULL) *version = 0;
    if (status == FERRIC_OK) status = fe_check_key(key);
    if (status != FERRIC_OK) return status;
    statistics = fe_store_statistics(fe_txn_store(txn->held));
    counted = fe_statistics_begin(statistics, FERRIC_OPERATION_GET);
    status = find_id(txn->held, meant, for_update, &id);
    if (status == FERRIC_OK) status = fe_full_key_init(&full, id, key);
    if (status == FERRIC_OK) {
        status = for_update ? fe_txn_get_for_update(txn->held, full.slice, value, &meta)
                            : fe_txn_get(txn->held, full.slice, value, &meta);
        fe_full_key_deinit(&full);
    }
    if (status == FERRIC_OK) {
        if (version != NULL) *version = meta.version;
        fe_statistics_add_in(statistics, counted, FE_COUNTER_USER_BYTES_READ,
                             key.size + value->size);
    }
    fe_statistics_end(statistics, FERRIC_OPERATION_GET, counted, status);
    return status;
}

ferric_status fe_txn_get_of_kind(const char *call, ferric_txn *txn, ferric_keyspace *keyspace,
                                 ferric_keyspace_kind kind, ferric_slice key, ferric_buffer *value,
                                 uint64_t *version)
{
    return get(call, txn, keyspace, kind, key, false, value, version);
}

ferric_status ferric_txn_get(ferric_txn *txn, ferric_keyspace *keyspace, ferric_slice key,
                             ferric_buffer *value, uint64_t *version)
{
    const char *call = "ferric_txn_get";

    if (value == NULL) return fe_argument_is_null(call, "value");
    return get(call, txn, keyspace, FERRIC_KEYSPACE_RAW, key, false, value, version);
}

ferric_status ferric_txn_get_for_update(ferric_txn *txn, ferric_keyspace *keyspace,
                                        ferric_slice key, ferric_buffer *value, uint64_t *version)
{
    const char *call = "ferric_txn_get_for_update";

    if (value == NULL) return fe_argument_is_null(call, "value");
    return get(call, txn, keyspace, FERRIC_KEYSPACE_RAW, key, true, value, version);
}

// ---- Savepoints -----------------------------------------------------------------------------

ferric_status ferric_txn_savepoint(ferric_txn *txn, uint64_t *savepoint)
{
    const char *call = "ferric_txn_savepoint";

    if (savepoint == NULL) return fe_argument_is_null(call, "savepoint");
    *savepoint = 0;
    if (txn == NULL) return fe_argument_is_null(call, "txn");
    return fe_txn_savepoint(txn->held, savepoint);
}

ferric_status ferric_txn_rollback_to(ferric_txn *txn, uint64_t savepoint)
{
    if (txn == NULL) return fe_argument_is_null("ferric_txn_rollback_to", "txn");
    return fe_txn_rollback_to(txn->held, savepoint);
}
