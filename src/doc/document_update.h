// SPDX-License-Identifier: Apache-2.0
// Updates and removals of what a filter finds, inside a transaction: one find, one change of each
// document, with its index entries.
#ifndef FERRIC_DOC_DOCUMENT_UPDATE_H
#define FERRIC_DOC_DOCUMENT_UPDATE_H

#include "doc/collections.h"
#include "doc/query.h"
#include "txn/transaction.h"

typedef struct fe_update_request {
    fe_query_request find; // Its limit says how many documents.
    ferric_slice update;   // JSON of operators; empty: documents are removed.
    bool is_upsert;
    const char *fresh_id; // For an upserted document without "_id".
} fe_update_request;

// Changes what is found as the transaction sees it. A conflict of its commit means: do it all
// again.
// `key` (may be NULL) receives the key of an upserted document. Errors: as fe_query_create,
// fe_query_next, fe_update_apply and fe_documents_txn_write.
ferric_status fe_documents_update(fe_txn *txn, fe_collection *collection,
                                  const fe_update_request *request, ferric_update_result *result,
                                  ferric_buffer *key);

// Replaces `stored` by the stored form of a patched document: RFC 7396 for an object, RFC 6902 for
// an array. Errors: as fe_merge_patch and fe_json_patch; FERRIC_INVALID_ARGUMENT: "_id" would
// change.
ferric_status fe_document_patch(ferric_slice id, ferric_slice text, ferric_slice patch,
                                ferric_buffer *stored);

#endif
