// SPDX-License-Identifier: Apache-2.0
// Many reads and writes as one. A part of <ferric/ferric.h>, which includes it and says what holds
// for all calls.
#ifndef FERRIC_TRANSACTIONS_H
#define FERRIC_TRANSACTIONS_H

#include <ferric/ferric.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#pragma GCC visibility push(default)
#endif

// ---- Transactions ---------------------------------------------------------------------------
//
// A transaction reads one snapshot and its own writes, which nobody else sees before its commit.
// Many may run at once: none waits for another. At the commit the first one wins: when a key that
// the transaction wrote was committed by somebody else since its beginning, the answer is
// FERRIC_CONFLICT, nothing is written, and the work is to be done anew in a new transaction, which
// ferric_txn_run does by itself. A transaction may live long: it is checked, never too old; but
// what it could still read is kept on the disk.
//
// Keyspaces are those of the transaction's database; NULL is the raw keyspace "main". A keyspace
// that the transaction's first write brings into being comes with its commit, or not at all.
// Calls of two threads at once on one transaction, and calls after its end, are refused with
// FERRIC_INVALID_ARGUMENT.

// What a transaction is protected from.
typedef enum ferric_isolation {
    // Its commit looks at the keys it wrote. Two transactions that each read what the other one
    // writes may both commit (write skew).
    FERRIC_ISOLATION_SNAPSHOT = 0,
    // Its commit also looks at all keys and ranges it read, if it wrote anything: the outcome is as
    // if transactions had run one after another.
    FERRIC_ISOLATION_SERIALIZABLE = 1,
} ferric_isolation;

// How a transaction runs.
typedef struct ferric_txn_options {
    size_t struct_size;
    // Default FERRIC_ISOLATION_SNAPSHOT.
    ferric_isolation isolation;
    // The commit is durable before it returns, whatever the fsync policy. Default false.
    bool sync;
    // How often ferric_txn_run tries at most. Default 10, at least 1.
    uint32_t tries_max;
} ferric_txn_options;

#define FERRIC_TXN_OPTIONS_INIT                                                                    \
    {                                                                                              \
        sizeof(ferric_txn_options), FERRIC_ISOLATION_SNAPSHOT, false, 10                           \
    }

// Begins a transaction at the newest published state.
// Errors: FERRIC_NO_MEMORY, FERRIC_INVALID_ARGUMENT, FERRIC_CLOSED.
ferric_status ferric_txn_begin(ferric_db *db, const ferric_txn_options *options, ferric_txn **txn);

// Frees the transaction, and aborts it when it has not ended. Accepts NULL.
void ferric_txn_destroy(ferric_txn *txn);

// Commits all its writes under one version, or none, and ends the transaction whatever the answer.
// `version` (may be NULL) receives the version; 0 when there was nothing to write.
// Errors: FERRIC_CONFLICT (an outcome), FERRIC_TOO_LARGE, FERRIC_NO_SPACE, FERRIC_READ_ONLY,
//         FERRIC_IO, FERRIC_NO_MEMORY: nothing was written. FERRIC_CORRUPT: what was read lies in a
//         damaged block now; nothing was written. FERRIC_OUTCOME_UNKNOWN: as for ferric_put.
ferric_status ferric_txn_commit(ferric_txn *txn, uint64_t *version);

// The same, but `callback` is told the outcome when the commit is durable: see "Asynchronous
// writes". The transaction has ended, and may be destroyed, when the call returns. One that wrote
// nothing is told at once, before commits in flight. Errors: FERRIC_INVALID_ARGUMENT: it has ended
// before; as ferric_put_async, and then nothing was written. To the callback: as ferric_txn_commit.
ferric_status ferric_txn_commit_async(ferric_txn *txn, ferric_commit_callback callback,
                                      void *context);

// Ends the transaction without a trace.
ferric_status ferric_txn_abort(ferric_txn *txn);

// The newest version that the transaction sees of others; 0 for NULL.
uint64_t ferric_txn_snapshot_version(const ferric_txn *txn);

// As ferric_put and ferric_delete, inside the transaction; key and value are copied.
// Errors: FERRIC_TOO_LARGE, FERRIC_NO_MEMORY, FERRIC_INVALID_ARGUMENT, FERRIC_WRONG_KIND,
//         FERRIC_CLOSED, FERRIC_MEMORY_LIMIT (all transactions together have half of memory_limit):
//         the transaction is as it was and goes on.
ferric_status ferric_txn_put(ferric_txn *txn, ferric_keyspace *keyspace, ferric_slice key,
                             ferric_slice value);
ferric_status ferric_txn_delete(ferric_txn *txn, ferric_keyspace *keyspace, ferric_slice key);

// As ferric_txn_put with a lifetime, whose ttl_ms counts from the call on.
ferric_status ferric_txn_put_expiring(ferric_txn *txn, ferric_keyspace *keyspace, ferric_slice key,
                                      ferric_slice value, ferric_lifetime lifetime);

// As ferric_delete_range, inside the transaction, which then sees nothing there but what it puts
// later. The commit is a conflict when somebody else has changed any key of the range since the
// transaction's beginning. At most 4,096 of them. Errors: as ferric_txn_put.
ferric_status ferric_txn_delete_range(ferric_txn *txn, ferric_keyspace *keyspace,
                                      ferric_slice lower, ferric_slice upper);

// Replaces `value` by what the transaction sees under `key`: its own write, or the snapshot's
// value.
// `version` (may be NULL) receives its version, 0 for a write of its own.
// Errors: as ferric_get. FERRIC_TOO_LARGE: a serializable transaction has read too much to check
// it.
ferric_status ferric_txn_get(ferric_txn *txn, ferric_keyspace *keyspace, ferric_slice key,
                             ferric_buffer *value, uint64_t *version);

// The same, and the commit is a conflict too when somebody else commits `key` before it: what is
// decided by the value holds at the commit. Errors: as ferric_txn_get.
ferric_status ferric_txn_get_for_update(ferric_txn *txn, ferric_keyspace *keyspace,
                                        ferric_slice key, ferric_buffer *value, uint64_t *version);

// As ferric_document_put and ferric_document_get, inside the transaction. A NULL `collection` is
// the collection "main".
ferric_status ferric_txn_document_put(ferric_txn *txn, ferric_keyspace *collection,
                                      ferric_slice key, ferric_slice json);
ferric_status ferric_txn_document_put_expiring(ferric_txn *txn, ferric_keyspace *collection,
                                               ferric_slice key, ferric_slice json,
                                               ferric_lifetime lifetime);
ferric_status ferric_txn_document_get(ferric_txn *txn, ferric_keyspace *collection,
                                      ferric_slice key, ferric_buffer *json, uint64_t *version);

// Makes an iterator over what the transaction sees now, its own writes among the snapshot's entries
// in both directions. What the transaction writes later does not change what the iterator shows, so
// a loop may write what it walks over. ferric_iterator_version is 0 for a write of its own.
// `options->snapshot` is NULL. It is destroyed by ferric_iterator_destroy, before or after the
// transaction; after the end of the transaction it shows nothing. Errors: as
// ferric_iterator_create.
ferric_status ferric_txn_iterator_create(ferric_txn *txn, ferric_keyspace *keyspace,
                                         const ferric_iterator_options *options,
                                         ferric_iterator **iterator);

// *savepoint stands for what is written now, for ferric_txn_rollback_to.
ferric_status ferric_txn_savepoint(ferric_txn *txn, uint64_t *savepoint);

// Takes back what was written since the savepoint, which stays one. Savepoints taken since with
// something written before them are none any more, and iterators made like that are refused. What
// was read since stays read. Errors: FERRIC_INVALID_ARGUMENT: it is no savepoint (any more).
ferric_status ferric_txn_rollback_to(ferric_txn *txn, uint64_t savepoint);

// What a transaction does: called by ferric_txn_run, perhaps several times, each time with a new
// transaction. It may read and write, and neither ends nor destroys it. FERRIC_OK asks for the
// commit, FERRIC_CONFLICT for another try, and anything else ends it all without a trace.
typedef ferric_status (*ferric_txn_callback)(void *context, ferric_txn *txn);

// Runs `callback` in a transaction and commits it; after a conflict it waits for a random moment,
// which grows from try to try up to some milliseconds, and tries again, options->tries_max times in
// all. `version` (may be NULL) receives the commit's version.
// Errors: what the callback returned; as ferric_txn_begin and ferric_txn_commit; FERRIC_CONFLICT
// when every try met one.
ferric_status ferric_txn_run(ferric_db *db, const ferric_txn_options *options,
                             ferric_txn_callback callback, void *context, uint64_t *version);

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif

#ifdef __cplusplus
}
#endif

#endif
