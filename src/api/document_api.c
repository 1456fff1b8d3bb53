// SPDX-License-Identifier: Apache-2.0
// Documents as callers see them: JSON goes in and comes out, the stored form stays inside.
#include "api/arguments.h"
#include "api/gets.h"
#include "api/puts.h"
#include "api/txns.h"
#include "base/buffer.h"
#include "base/status.h"
#include "doc/document.h"
#include "doc/json.h"

ferric_status ferric_document_put(ferric_db *db, ferric_keyspace *collection, ferric_slice key,
                                  ferric_slice json, const ferric_write_options *options)
{
    const char *call = "ferric_document_put";
    ferric_buffer stored = {0};
    ferric_status status = fe_slice_check(call, "json", json);

    if (status == FERRIC_OK) status = fe_slice_check(call, "key", key);
    if (status == FERRIC_OK) status = fe_document_encode(key, json, &stored);
    if (status == FERRIC_OK) {
        status = fe_put(call, db, collection, FERRIC_KEYSPACE_COLLECTION, key,
                        fe_buffer_slice(&stored), options);
    }
    fe_buffer_deinit(&stored);
    return status;
}

static ferric_status add_document(const char *call, ferric_batch *batch,
                                  ferric_keyspace *collection, ferric_slice key, ferric_slice json,
                                  ferric_lifetime lifetime)
{
    ferric_buffer stored = {0};
    ferric_status status;

    if (collection == NULL) return fe_argument_is_null(call, "collection");
    status = fe_slice_check(call, "json", json);
    if (status == FERRIC_OK) status = fe_slice_check(call, "key", key);
    if (status == FERRIC_OK) status = fe_document_encode(key, json, &stored);
    if (status == FERRIC_OK) {
        status = fe_batch_put(call, batch, collection, FERRIC_KEYSPACE_COLLECTION, key,
                              fe_buffer_slice(&stored), lifetime);
    }
    fe_buffer_deinit(&stored);
    return status;
}

ferric_status ferric_batch_document_put(ferric_batch *batch, ferric_keyspace *collection,
                                        ferric_slice key, ferric_slice json)
{
    return add_document("ferric_batch_document_put", batch, collection, key, json,
                        (ferric_lifetime){0, 0});
}

ferric_status ferric_batch_document_put_expiring(ferric_batch *batch, ferric_keyspace *collection,
                                                 ferric_slice key, ferric_slice json,
                                                 ferric_lifetime lifetime)
{
    return add_document("ferric_batch_document_put_expiring", batch, collection, key, json,
                        lifetime);
}

// Leaves the text of a stored document in the buffer that it was read into.
static ferric_status take_text(ferric_buffer *json)
{
    ferric_slice text;
    ferric_status status = fe_document_text(fe_buffer_slice(json), &text);

    if (status != FERRIC_OK) return status;
    memmove(json->data, text.data, text.size); // Over the format byte.
    json->size = text.size;
    return FERRIC_OK;
}

ferric_status ferric_document_get(ferric_db *db, ferric_keyspace *collection, ferric_slice key,
                                  const ferric_read_options *options, ferric_buffer *json,
                                  uint64_t *version)
{
    const char *call = "ferric_document_get";
    fe_meta meta;
    ferric_status status;

    if (json == NULL) return fe_argument_is_null(call, "json");
    status = fe_get(call, db, collection, FERRIC_KEYSPACE_COLLECTION, key, options, json, &meta);
    if (version != NULL) *version = meta.version;
    return status == FERRIC_OK ? take_text(json) : status;
}

// ---- In a transaction -----------------------------------------------------------------------

static ferric_status put_in_txn(const char *call, ferric_txn *txn, ferric_keyspace *collection,
                                ferric_slice key, ferric_slice json, ferric_lifetime lifetime)
{
    ferric_buffer stored = {0};
    ferric_status status = fe_slice_check(call, "json", json);

    if (status == FERRIC_OK) status = fe_slice_check(call, "key", key);
    if (status == FERRIC_OK) status = fe_document_encode(key, json, &stored);
    if (status == FERRIC_OK) {
        status = fe_txn_put_of_kind(call, txn, collection, FERRIC_KEYSPACE_COLLECTION, key,
                                    fe_buffer_slice(&stored), lifetime);
    }
    fe_buffer_deinit(&stored);
    return status;
}

ferric_status ferric_txn_document_put(ferric_txn *txn, ferric_keyspace *collection,
                                      ferric_slice key, ferric_slice json)
{
    return put_in_txn("ferric_txn_document_put", txn, collection, key, json,
                      (ferric_lifetime){0, 0});
}

ferric_status ferric_txn_document_put_expiring(ferric_txn *txn, ferric_keyspace *collection,
                                               ferric_slice key, ferric_slice json,
                                               ferric_lifetime lifetime)
{
    return put_in_txn("ferric_txn_document_put_expiring", txn, collection, key, json, lifetime);
}

ferric_status ferric_txn_document_get(ferric_txn *txn, ferric_keyspace *collection,
                                      ferric_slice key, ferric_buffer *json, uint64_t *version)
{
    const char *call = "ferric_txn_document_get";
    ferric_status status;

    if (json == NULL) return fe_argument_is_null(call, "json");
    status =
        fe_txn_get_of_kind(call, txn, collection, FERRIC_KEYSPACE_COLLECTION, key, json, version);
    return status == FERRIC_OK ? take_text(json) : status;
}

// ---- Texts ----------------------------------------------------------------------------------

ferric_status ferric_document_text(ferric_slice stored, ferric_slice *json)
{
    const char *call = "ferric_document_text";
    ferric_status status;
    if (json == NULL) return fe_argument_is_null(call, "json");
    status = fe_slice_check(call, "stored", stored);
    return status != FERRIC_OK ? status : fe_document_text(stored, json);
}

ferric_status ferric_json_minify(ferric_slice json, ferric_buffer *minified, size_t *error_offset)
{
    const char *call = "ferric_json_minify";
    ferric_status status;
    if (error_offset != NULL) *error_offset = 0;
    if (minified == NULL) return fe_argument_is_null(call, "minified");
    status = fe_slice_check(call, "json", json);
    if (status != FERRIC_OK) return status;
    fe_buffer_clear(minified);
    return fe_json_minify(json, minified, error_offset);
}
