// SPDX-License-Identifier: Apache-2.0
// The handle of a transaction, and what its calls for raw values, documents and ranges share.
#ifndef FERRIC_API_TXNS_H
#define FERRIC_API_TXNS_H

#include "api/handles.h"
#include "txn/transaction.h"

struct ferric_txn {
    fe_txn *held;
    ferric_db *db; // Gone after its close, which the store tells.
};

// Checks what a call over a range is given, and finds where to read. Errors: FERRIC_NOT_FOUND (an
// outcome): the keyspace does not exist for the transaction. FERRIC_INVALID_ARGUMENT,
// FERRIC_CLOSED, those of a read.
ferric_status fe_txn_aim_walk(const char *call, ferric_txn *txn, ferric_keyspace *keyspace,
                              uint32_t *id);

// Reads and writes in a keyspace of `kind`; `call` is the public function, for messages. Errors: as
// ferric_txn_put, ferric_txn_get.
ferric_status fe_txn_put_of_kind(const char *call, ferric_txn *txn, ferric_keyspace *keyspace,
                                 ferric_keyspace_kind kind, ferric_slice key, ferric_slice value,
                                 ferric_lifetime lifetime);
ferric_status fe_txn_get_of_kind(const char *call, ferric_txn *txn, ferric_keyspace *keyspace,
                                 ferric_keyspace_kind kind, ferric_slice key, ferric_buffer *value,
                                 uint64_t *version);

#endif
