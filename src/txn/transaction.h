// SPDX-License-Identifier: Apache-2.0
// Transactions: a snapshot to read, a set of writes that nobody else sees, and a commit that turns
// them into one batch, under the condition that nothing that matters changed since the snapshot.
//
//   ACTIVE ── commit ──> COMMITTED, or CONFLICTED, or FAILED (nothing was written, or the outcome
//   is
//     │                  unknown, as the status says)
//     ├── commit_async ─> HANDED_OVER (a callback tells), or FAILED
//     └──── abort ─────> ABORTED
//
// What matters are the keys written and those read for update, and in a serializable transaction
// all that was read (docs/decisions/0016). One that wrote nothing commits without a look: what it
// read is the state at its snapshot.
//
// Keys are full ones here, keyspace id first. The one door of txn/ for the layers above.
//
// Threads: a transaction and its scans belong to one thread at a time. Calls that overlap are
// noticed and refused, as are calls on one that has ended: FERRIC_INVALID_ARGUMENT.
// Lifetime: a transaction holds the store's memory, a scan the transaction's. After the store was
// closed they answer FERRIC_CLOSED.
#ifndef FERRIC_TXN_TRANSACTION_H
#define FERRIC_TXN_TRANSACTION_H

#include "lsm/store.h"

typedef struct fe_txn fe_txn;
typedef struct fe_txn_scan fe_txn_scan;

// `options` are complete and checked. Errors: FERRIC_NO_MEMORY, FERRIC_CLOSED.
ferric_status fe_txn_begin(fe_store *store, const ferric_txn_options *options, fe_txn **txn);
// Aborts an active one. Accepts NULL.
void fe_txn_destroy(fe_txn *txn);

fe_store *fe_txn_store(const fe_txn *txn);
// The newest version that it sees of others.
uint64_t fe_txn_sequence(const fe_txn *txn);

// Replaces `value` (may be NULL) by what the transaction sees under `key`. The version in *meta
// (may be NULL) is 0 for a write of its own. Errors: as fe_store_get, FERRIC_TOO_LARGE (too much
// was read).
ferric_status fe_txn_get(fe_txn *txn, ferric_slice key, ferric_buffer *value, fe_meta *meta);
// The same, and the commit is a conflict when the key changes before it.
ferric_status fe_txn_get_for_update(fe_txn *txn, ferric_slice key, ferric_buffer *value,
                                    fe_meta *meta);

// Errors: FERRIC_TOO_LARGE, FERRIC_NO_MEMORY: the transaction is as it was.
ferric_status fe_txn_put(fe_txn *txn, ferric_slice key, ferric_slice value);
// A put that expires at `expires_ms`; FE_EXPIRY_NEVER: the put above. The transaction goes by one
// time, that of its beginning: what expires later is there for it.
ferric_status fe_txn_put_expiring(fe_txn *txn, ferric_slice key, ferric_slice value,
                                  uint64_t expires_ms);
ferric_status fe_txn_delete(fe_txn *txn, ferric_slice key);
// Deletes the full keys [lower, upper), which are of one keyspace and not none. Errors: the same.
ferric_status fe_txn_delete_range(fe_txn *txn, ferric_slice lower, ferric_slice upper);

// Ends the transaction, whatever the status. *version (may be NULL) is the commit's; 0 when there
// was nothing to write. Errors: FERRIC_CONFLICT (an outcome), as fe_store_write.
ferric_status fe_txn_commit(fe_txn *txn, uint64_t *version);
// The same, but a callback tells the outcome when it is durable. Errors: it was not begun:
// as fe_async_begin, FERRIC_NO_MEMORY, FERRIC_TOO_LARGE.
ferric_status fe_txn_commit_async(fe_txn *txn, const fe_completion *completion);
ferric_status fe_txn_abort(fe_txn *txn);

// *savepoint stands for what is written now. Rolling back to it takes back what was written since;
// what was read stays read, and scans that were made since with something written before them are
// refused. A savepoint stays one until the transaction is rolled back to an earlier one.
ferric_status fe_txn_savepoint(fe_txn *txn, uint64_t *savepoint);
ferric_status fe_txn_rollback_to(fe_txn *txn, uint64_t savepoint);

// ---- Keyspaces (txn_keyspace.c) -------------------------------------------------------------

// Looks up a keyspace as the transaction sees it, one that it makes itself included. With
// `for_update` the commit is a conflict when that changes. Errors: FERRIC_NOT_FOUND (an outcome),
// as fe_txn_get.
ferric_status fe_txn_keyspace_find(fe_txn *txn, const char *name, bool for_update,
                                   ferric_keyspace_info *info);
// Makes one as part of the transaction. REQUIRES: it finds none. Errors: as fe_txn_put.
ferric_status fe_txn_keyspace_create(fe_txn *txn, const char *name, ferric_keyspace_kind kind,
                                     ferric_keyspace_info *info);

// ---- Scans (txn_scan.c) ---------------------------------------------------------------------

// A walk over [lower, upper) as the transaction sees it now: what is written later does not change
// it. An upper of size 0 is no bound. Errors: FERRIC_NO_MEMORY.
ferric_status fe_txn_scan_create(fe_txn *txn, ferric_slice lower, ferric_slice upper,
                                 fe_txn_scan **scan);
// Accepts NULL.
void fe_txn_scan_destroy(fe_txn_scan *scan);

// As the moves of fe_cursor; the status is told by fe_txn_scan_status.
bool fe_txn_scan_first(fe_txn_scan *scan);
bool fe_txn_scan_last(fe_txn_scan *scan);
bool fe_txn_scan_seek(fe_txn_scan *scan, ferric_slice key);
bool fe_txn_scan_seek_before(fe_txn_scan *scan, ferric_slice key);
bool fe_txn_scan_next(fe_txn_scan *scan);
bool fe_txn_scan_prev(fe_txn_scan *scan);

// Whether what it stands on may still be looked at: not after the end of the transaction.
bool fe_txn_scan_is_live(const fe_txn_scan *scan);
ferric_status fe_txn_scan_status(const fe_txn_scan *scan);
// The entry it stands on is the cursor's.
const fe_cursor *fe_txn_scan_cursor(const fe_txn_scan *scan);

#endif
