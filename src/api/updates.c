// SPDX-License-Identifier: Apache-2.0
// Update, remove and patch: transactions of their own, tried again after a conflict.
#include "api/arguments.h"
#include "api/handles.h"
#include "api/puts.h"
#include "base/buffer.h"
#include "base/status.h"
#include "base/uuid.h"
#include "doc/document.h"
#include "doc/document_update.h"
#include "doc/document_write.h"
#include "os/thread.h"

// Somebody commits each time: so often somebody else's work got done.
#define TRIES_MAX 1000

static ferric_status update_options_take(const ferric_update_options *given,
                                         ferric_update_options *taken)
{
    static const ferric_update_options defaults = FERRIC_UPDATE_OPTIONS_INIT;
    const char *type = "ferric_update_options";
    ferric_status status = fe_struct_take(type, given, &defaults, sizeof defaults, taken);

    return status == FERRIC_OK ? fe_slice_check(type, "sort", taken->sort) : status;
}

typedef struct update_call {
    ferric_db *db;
    ferric_keyspace *meant;
    fe_collection *collection;
    fe_update_request request;
    bool sync;
    ferric_update_result *result;
    ferric_buffer *key;
} update_call;

// One transaction. FERRIC_CONFLICT: to be tried again.
static ferric_status try_update(update_call *call)
{
    const ferric_txn_options options = {.struct_size = sizeof options,
                                        .isolation = call->request.is_upsert
                                                         ? FERRIC_ISOLATION_SERIALIZABLE
                                                         : FERRIC_ISOLATION_SNAPSHOT,
                                        .sync = call->sync,
                                        .tries_max = 1};
    fe_txn *txn;
    ferric_status status = fe_txn_begin(call->db->store, &options, &txn);

    if (status != FERRIC_OK) return status;
    status = fe_documents_update(txn, call->collection, &call->request, call->result, call->key);
    if (status == FERRIC_OK) status = fe_txn_commit(txn, NULL);
    fe_txn_destroy(txn);
    return status;
}

static ferric_status run_update(update_call *call)
{
    ferric_status status = FERRIC_CONFLICT;

    for (int i = 0; i < TRIES_MAX && status == FERRIC_CONFLICT; i++) {
        if (i > 0) fe_thread_yield();
        status = try_update(call);
    }
    return status;
}

static void fill_request(update_call *call, ferric_slice filter,
                         const ferric_update_options *options)
{
    fe_query_request *find = &call->request.find;

    find->filter = filter;
    find->sort = options->sort;
    find->limit = options->many ? UINT64_MAX : 1;
    find->max_scan = options->max_scan;
    find->memory_max = (size_t)fe_store_commit_bytes_max(call->db->store);
    if (options->hint != NULL) find->hint = fe_slice_text(options->hint);
    call->request.is_upsert = options->upsert;
    call->sync = options->sync;
}

static ferric_status update(const char *name, ferric_db *db, ferric_keyspace *collection,
                            ferric_slice filter, ferric_slice operators,
                            const ferric_update_options *options, ferric_update_result *result,
                            ferric_buffer *key)
{
    ferric_update_options taken;
    ferric_update_result own_result;
    char fresh[FE_UUID_TEXT_SIZE + 1];
    uint8_t random[FE_UUID_RANDOM_SIZE];
    update_call call = {.db = db, .key = key};
    uint32_t id;
    ferric_status status =
        fe_handles_check(name, db, collection, FERRIC_KEYSPACE_COLLECTION, &call.meant);

    call.result = result == NULL ? &own_result : result;
    *call.result = (ferric_update_result){0};
    if (status == FERRIC_OK) status = fe_slice_check(name, "filter", filter);
    if (status == FERRIC_OK) status = update_options_take(options, &taken);
    if (status != FERRIC_OK) return status;
    fill_request(&call, filter, &taken);
    call.request.update = operators;
    status = fe_keyspace_id_for_write(call.meant, &id);
    if (status == FERRIC_OK) status = fe_collection_of(db, id, &call.collection);
    if (status == FERRIC_OK && taken.upsert) {
        status = fe_vfs_random(fe_store_vfs(db->store), random, sizeof random);
        fe_uuid7(fe_vfs_now_ms(fe_store_vfs(db->store)), random, fresh);
        call.request.fresh_id = fresh;
    }
    return status == FERRIC_OK ? run_update(&call) : status;
}

ferric_status ferric_update(ferric_db *db, ferric_keyspace *collection, ferric_slice filter,
                            ferric_slice operators, const ferric_update_options *options,
                            ferric_update_result *result, ferric_buffer *key)
{
    const char *call = "ferric_update";
    ferric_status status = fe_slice_check(call, "update", operators);

    if (status != FERRIC_OK) return status;
    if (operators.size == 0) {
        return fe_fail(FERRIC_INVALID_ARGUMENT,
                       "%s: the update is empty: give operators, as in {\"$set\":{\"a\":1}}", call);
    }
    return update(call, db, collection, filter, operators, options, result, key);
}

ferric_status ferric_remove(ferric_db *db, ferric_keyspace *collection, ferric_slice filter,
                            const ferric_update_options *options, ferric_update_result *result)
{
    const char *call = "ferric_remove";
    ferric_update_options taken;
    ferric_status status = update_options_take(options, &taken);

    if (status == FERRIC_OK && taken.upsert) {
        return fe_fail(FERRIC_INVALID_ARGUMENT, "%s: upsert is for ferric_update", call);
    }
    if (status != FERRIC_OK) return status;
    return update(call, db, collection, filter, fe_slice(NULL, 0), options, result, NULL);
}

// ---- Patches --------------------------------------------------------------------------------

ferric_status ferric_document_patch(ferric_db *db, ferric_keyspace *collection, ferric_slice key,
                                    ferric_slice patch, const ferric_write_options *options)
{
    const char *call = "ferric_document_patch";
    ferric_write_options taken;
    ferric_buffer json = {0};
    ferric_buffer stored = {0};
    bool is_asked;
    ferric_status status = fe_slice_check(call, "patch", patch);

    if (status == FERRIC_OK) status = fe_write_options_take(options, &taken);
    is_asked = status == FERRIC_OK && taken.condition == FERRIC_IF_VERSION;
    if (status == FERRIC_OK && taken.condition == FERRIC_IF_ABSENT) status = FERRIC_CONFLICT;
    while (status == FERRIC_OK) {
        uint64_t version = 0;
        status = ferric_document_get(db, collection, key, NULL, &json, &version);
        if (status != FERRIC_OK) break;
        if (is_asked && version != taken.if_version) status = FERRIC_CONFLICT;
        if (status == FERRIC_OK) {
            status = fe_document_patch(key, fe_buffer_slice(&json), patch, &stored);
        }
        if (status != FERRIC_OK) break;
        taken.condition = FERRIC_IF_VERSION;
        taken.if_version = version;
        status = fe_put(call, db, collection, FERRIC_KEYSPACE_COLLECTION, key,
                        fe_buffer_slice(&stored), &taken);
        if (status != FERRIC_CONFLICT || is_asked) break;
        status = FERRIC_OK; // Somebody was faster: patch what that one wrote.
    }
    fe_buffer_deinit(&json);
    fe_buffer_deinit(&stored);
    return status;
}
