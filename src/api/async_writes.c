// SPDX-License-Identifier: Apache-2.0
// Single writes that nobody waits for. Batches and transactions stand with their synchronous calls.
#include "api/async_writes.h"

#include "api/arguments.h"
#include "api/puts.h"
#include "base/status.h"

ferric_status fe_async_check(const char *call, ferric_commit_callback callback,
                             const ferric_write_options *taken)
{
    if (callback == NULL) return fe_argument_is_null(call, "callback");
    if (taken == NULL || taken->version == NULL) return FERRIC_OK;
    return fe_fail(FERRIC_INVALID_ARGUMENT,
                   "%s: options->version must be NULL: the callback receives the version", call);
}

ferric_status fe_async_go(ferric_db *db, fe_async_write *write, ferric_status filled)
{
    if (filled == FERRIC_OK) {
        fe_store_write_async(db->store, write);
    } else {
        fe_async_abandon(db->store, write);
    }
    return filled;
}

ferric_status ferric_put_async(ferric_db *db, ferric_keyspace *keyspace, ferric_slice key,
                               ferric_slice value, const ferric_write_options *options,
                               ferric_commit_callback callback, void *context)
{
    const char *call = "ferric_put_async";
    fe_completion completion = {callback, context, FERRIC_OPERATION_PUT};
    fe_checked_write checked;
    fe_async_write *write;
    ferric_status status =
        fe_check_put(call, db, keyspace, FERRIC_KEYSPACE_RAW, key, value, options, &checked);

    if (status == FERRIC_OK) status = fe_async_check(call, callback, &checked.options);
    if (status != FERRIC_OK) return status;
    status = fe_async_begin(db->store, &completion, key.size + value.size, &write);
    if (status != FERRIC_OK) return status;
    return fe_async_go(db, write, fe_add_put(fe_async_batch(write), &checked, key, value));
}

// A document goes with its entries in indexes, which are worked out anew when it has changed
// meanwhile: so this waits for its commit.
static void delete_document(ferric_db *db, const fe_checked_write *checked, ferric_slice key,
                            fe_async_write *write)
{
    ferric_write_options options = checked->options;
    uint64_t version = 0;
    ferric_status status;

    options.sync = true;
    options.version = &version;
    status = ferric_delete(db, checked->keyspace, key, &options);
    fe_async_tell(db->store, write, status, version);
}

ferric_status ferric_delete_async(ferric_db *db, ferric_keyspace *keyspace, ferric_slice key,
                                  const ferric_write_options *options,
                                  ferric_commit_callback callback, void *context)
{
    const char *call = "ferric_delete_async";
    fe_completion completion = {callback, context, FERRIC_OPERATION_DELETE};
    fe_checked_write checked;
    fe_async_write *write;
    bool is_document;
    ferric_status status = fe_check_delete(call, db, keyspace, key, options, &checked);

    if (status == FERRIC_OK) status = fe_async_check(call, callback, &checked.options);
    if (status != FERRIC_OK) return status;
    is_document = checked.keyspace->kind == FERRIC_KEYSPACE_COLLECTION;
    if (is_document) completion.operation = FERRIC_OPERATION_COUNT; // It is counted as it is done.
    status = fe_async_begin(db->store, &completion, key.size, &write);
    if (status != FERRIC_OK) return status;
    if (!is_document) {
        return fe_async_go(db, write, fe_add_delete(fe_async_batch(write), &checked, key));
    }
    delete_document(db, &checked, key, write);
    return FERRIC_OK;
}
