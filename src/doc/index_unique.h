// SPDX-License-Identifier: Apache-2.0
// What keeps a unique index unique: a look at who has a key, and a condition that it stays so.
#ifndef FERRIC_DOC_INDEX_UNIQUE_H
#define FERRIC_DOC_INDEX_UNIQUE_H

#include "doc/index_change.h"
#include "txn/transaction.h"

// Makes sure that no other document has the key that `change` wants, nor gets it before `batch`
// commits; the same document's entry may be there already. `key` and `value` are scratch. Errors:
// FERRIC_ALREADY_EXISTS, those of a read, FERRIC_NO_MEMORY.
ferric_status fe_index_require_unique(fe_store *store, fe_write_batch *batch,
                                      const fe_index_change *change, ferric_buffer *key,
                                      ferric_buffer *value);

// The same inside a transaction, whose commit is a conflict when another gets the key before it.
ferric_status fe_index_txn_require_unique(fe_txn *txn, const fe_index_change *change,
                                          ferric_buffer *key, ferric_buffer *value);

#endif
