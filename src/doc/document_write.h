// SPDX-License-Identifier: Apache-2.0
// Writes of documents, with the index entries that belong to them, in one commit.
//
// A write reads the old document, works out which entries go and which come, and commits all of it
// under conditions: the document is still the one that was read, the collection's schema is still
// the one that was worked with, and nobody took a unique key meanwhile. When one does not hold,
// everything is worked out anew.
#ifndef FERRIC_DOC_DOCUMENT_WRITE_H
#define FERRIC_DOC_DOCUMENT_WRITE_H

#include "doc/collections.h"
#include "txn/transaction.h"

// One document that a batch writes. `text` has no data for a delete.
typedef struct fe_document_write {
    fe_collection *collection;
    ferric_slice id;
    ferric_slice text;
    uint64_t expires_ms; // FE_EXPIRY_NEVER: it does not.
    bool is_range;       // The batch deletes a range of documents: refused where there are indexes.
} fe_document_write;

// Commits a batch whose operations on documents are `writes` too, one for each document. What else
// is in the batch (other keyspaces, conditions) goes along. The batch is as it was afterwards.
// Errors: as fe_store_write; FERRIC_CONFLICT: a condition that was in the batch does not hold;
// FERRIC_ALREADY_EXISTS: a unique index has the key for another document, which the message names;
// FERRIC_INVALID_ARGUMENT, FERRIC_TOO_LARGE: an index cannot take the document.
// FERRIC_UNSUPPORTED: a range of documents that have indexes.
ferric_status fe_documents_write(fe_store *store, fe_write_batch *batch,
                                 const fe_document_write *writes, size_t count, bool sync,
                                 uint64_t *version);

// The same for a batch whose documents stand in its operations alone. Operations on keyspaces that
// are no collections pass unchanged. (document_batch.c)
ferric_status fe_documents_write_batch(fe_collections *collections, fe_store *store,
                                       fe_write_batch *batch, bool sync, uint64_t *version);

// Writes (deletes, without text) one document inside a transaction. `stored` is its stored form.
// Errors: as fe_txn_put, FERRIC_ALREADY_EXISTS and so on as above: the transaction is as it was.
ferric_status fe_documents_txn_write(fe_txn *txn, fe_collection *collection, ferric_slice id,
                                     ferric_slice stored, uint64_t expires_ms);

// Whether a transaction may delete a range of the collection's documents: only where there are no
// indexes, nor come before its commit. Errors: FERRIC_UNSUPPORTED, FERRIC_CONFLICT, those of reads.
ferric_status fe_documents_txn_check_range(fe_txn *txn, fe_collection *collection);

#endif
