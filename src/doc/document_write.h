// SPDX-License-Identifier: Apache-2.0
// Writes of documents, with the index entries that belong to them, in one commit.
//
// A write reads the old document, works out which entries go and which come, and commits all of it
// under conditions: the document is still the one that was read, the collection's schema is still
// the one that was worked with, and nobody took a unique key meanwhile. When one does not hold,
// everything is worked out anew.
//
// The deletion of a range reads the documents in it, takes each one's entries away, and commits
// under the condition that nothing in the range changed; after some conflicts it keeps all others
// from committing meanwhile. That of all documents takes the indexes'
// entries as a range too and reads nothing.
#ifndef FERRIC_DOC_DOCUMENT_WRITE_H
#define FERRIC_DOC_DOCUMENT_WRITE_H

#include "doc/collections.h"
#include "doc/index_change.h"
#include "txn/transaction.h"

// One document that a batch writes. `text` has no data for a delete.
typedef struct fe_document_write {
    fe_collection *collection;
    ferric_slice id;
    ferric_slice text;
    uint64_t expires_ms; // FE_EXPIRY_NEVER: it does not.
} fe_document_write;

// Documents that a batch deletes as a range of ids: [lower, upper), or with an empty upper from
// `lower` on.
typedef struct fe_document_range {
    fe_collection *collection;
    ferric_slice lower;
    ferric_slice upper;
} fe_document_range;

// What a batch does to documents.
typedef struct fe_document_writes {
    const fe_document_write *list; // By collection and id, one for each document: what the batch
                                   // leaves of it, also where a range deletes it.
    size_t count;
    const fe_document_range *ranges; // By collection and lower id, without a key in common.
    size_t range_count;
} fe_document_writes;

// Commits a batch whose operations on documents are `writes` too. What else is in the batch (other
// keyspaces, conditions) goes along. The batch is as it was afterwards.
// Errors: as fe_store_write; FERRIC_CONFLICT: a condition that was in the batch does not hold;
// FERRIC_ALREADY_EXISTS: a unique index has the key for another document, which the message names;
// FERRIC_INVALID_ARGUMENT: an index cannot take the document; FERRIC_TOO_LARGE: the same, or a
// range has more entries in indexes than a commit takes.
ferric_status fe_documents_write(fe_store *store, fe_write_batch *batch,
                                 const fe_document_writes *writes, bool sync, uint64_t *version);

// The same for a batch whose documents stand in its operations alone. Operations on keyspaces that
// are no collections pass unchanged. (document_batch.c)
ferric_status fe_documents_write_batch(fe_collections *collections, fe_store *store,
                                       fe_write_batch *batch, bool sync, uint64_t *version);

// Writes (deletes, without text) one document inside a transaction. `stored` is its stored form.
// Errors: as fe_txn_put, FERRIC_ALREADY_EXISTS and so on as above: the transaction is as it was.
ferric_status fe_documents_txn_write(fe_txn *txn, fe_collection *collection, ferric_slice id,
                                     ferric_slice stored, uint64_t expires_ms);

// The schema that the transaction works with: its commit is a conflict when that has changed.
// Errors: those of reads; FERRIC_CONFLICT: it has, since the transaction began.
ferric_status fe_documents_txn_schema(fe_txn *txn, fe_collection *collection,
                                      const fe_schema **schema);

// A document that is there and becomes another.
typedef struct fe_document_change {
    ferric_slice id;
    fe_document_state before; // As the transaction sees it.
    ferric_slice stored;      // What comes, as stored. It expires when the one before does.
    uint64_t touched;         // Bit i: it may differ for index i of the schema.
} fe_document_change;

// The same as fe_documents_txn_write for such a one, by the schema that fe_documents_txn_schema
// gave.
ferric_status fe_documents_txn_change(fe_txn *txn, fe_collection *collection,
                                      const fe_schema *schema, const fe_document_change *change);

// Deletes the keys [lower, upper) of a keyspace inside a transaction; empty: no bound. A range
// without keys is FERRIC_OK. Errors: as fe_txn_delete_range.
ferric_status fe_txn_delete_keys(fe_txn *txn, uint32_t keyspace, ferric_slice lower,
                                 ferric_slice upper);

// Deletes a range of documents inside a transaction. Errors: as above, FERRIC_CONFLICT: the
// collection's indexes changed since the transaction began.
ferric_status fe_documents_txn_delete_range(fe_txn *txn, const fe_document_range *range);

#endif
