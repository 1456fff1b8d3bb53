// SPDX-License-Identifier: Apache-2.0
// A transaction's state, shared by the files of this folder and by nobody else.
#ifndef FERRIC_TXN_TXN_STATE_H
#define FERRIC_TXN_TXN_STATE_H

#include <stdatomic.h>

#include "lsm/range_collector.h"
#include "txn/read_set.h"
#include "txn/transaction.h"
#include "txn/write_set.h"

typedef enum fe_txn_phase {
    FE_TXN_ACTIVE = 0,
    FE_TXN_COMMITTED = 1,
    FE_TXN_ABORTED = 2,
    FE_TXN_CONFLICTED = 3,
    FE_TXN_FAILED = 4,
    FE_TXN_HANDED_OVER = 5, // Its commit is in flight, or was.
} fe_txn_phase;

struct fe_txn {
    fe_store *store;        // A reference.
    _Atomic(uint32_t) refs; // The handle's, and one of each scan.
    _Atomic(bool) is_busy;  // Inside a call.
    _Atomic(fe_txn_phase) phase;
    bool is_serializable;
    bool sync;
    fe_snapshot *snapshot; // NULL after the end.
    uint64_t sequence;     // The snapshot's.
    fe_read_set reads;
    uint64_t held_bytes;     // Counted by the store as this transaction's, in whole steps.
    ferric_status lost_read; // Why something that was read could not be noted, or FERRIC_OK.
    fe_txn_scan *scans;      // Those not yet destroyed.
    fe_write_set writes;     // Last: its room is not zeroed.
};

struct fe_txn_scan {
    fe_txn *txn; // A reference.
    fe_txn_scan *next;
    fe_txn_scan *previous;
    fe_cursor *cursor;
    uint64_t mark;             // Of the write set, which the walk shows at this mark.
    bool is_undone;            // What it shows was rolled back.
    fe_range_collector hidden; // By range deletes of the transaction's own.
    ferric_status status;
    ferric_buffer lower; // The bounds.
    ferric_buffer upper;
    // What it has read since it was last sent somewhere: all keys in [span_lower, span_upper).
    bool has_span;
    ferric_buffer span_lower;
    ferric_buffer span_upper;
};

// Every call begins with enter and, when that is FERRIC_OK, ends with leave.
ferric_status fe_txn_enter(fe_txn *txn);
void fe_txn_leave(fe_txn *txn);
void fe_txn_unref(fe_txn *txn);

// Notes that a range was read. Errors: FERRIC_NO_MEMORY, FERRIC_TOO_LARGE.
ferric_status fe_txn_note_read(fe_txn *txn, ferric_slice lower, ferric_slice upper);
// Notes what a scan has read so far. Errors: as above.
ferric_status fe_txn_scan_note(fe_txn_scan *scan);

#endif
