// SPDX-License-Identifier: Apache-2.0
// Writes that nobody waits for: those in flight, and the callbacks that tell their outcomes. The
// functions of store.h that begin and end one are here too (async.c).
//
//   begin ── write ──> in the queue ── its leader ──> done ── tell ──> gone
//     │                                                 │
//     ├───── tell (the outcome is known) ───────────────┘
//     └───── abandon (no callback) ──> gone
//
// Two threads serve them, which start with the first one: "ferric-commit" leads the groups that
// begin with one, and "ferric-callback" tells outcomes. They are two because a callback may take
// its time, and may write and wait for its commit. Without background threads the writer itself
// does both.
//
// Invariants
// A1. Outcomes are put into the list of what is done by leaders, in their turn: so the list has
//     the order of commits. One thread at a time takes them off and calls.
// A2. Who calls is never made to wait for room, since only what it does makes room.
// A3. A write in flight is counted from begin to the return of its callback; close waits for none.
#ifndef FERRIC_LSM_ASYNC_H
#define FERRIC_LSM_ASYNC_H

#include "lsm/store.h"
#include "lsm/write_queue.h"

struct fe_async_write {
    fe_write_request request; // When it is posted.
    fe_write_batch batch;
    fe_snapshot *held; // Until the outcome is known; NULL: none.
    fe_completion completion;
    uint64_t bytes;      // As they are counted.
    uint64_t started_ns; // Monotonic.
    struct fe_async_write *next;
    // The outcome.
    ferric_status status;
    uint64_t version;
    char message[FE_REQUEST_MESSAGE_SIZE];
};

typedef struct fe_async {
    fe_mutex mutex;
    fe_cond changed; // Something is done, or there is room, or the end.
    // Guarded by mutex.
    fe_async_write *first_done; // Oldest first.
    fe_async_write *last_done;
    size_t in_flight;
    uint64_t bytes; // Of all in flight.
    bool is_delivering;
    bool is_closing; // Nothing is begun any more.
    bool is_ended;
    fe_thread commit_thread;
    fe_thread callback_thread;
} fe_async;

void fe_async_init(fe_async *async);
void fe_async_deinit(fe_async *async);

// Takes the outcomes of a group whose statuses are set, and the posted requests out of it. Returns
// whether there were any. REQUIRES: the turn.
bool fe_async_take_outcomes(fe_async *async, fe_write_group *group);
// Has what is done told: by the thread for it or, without threads, here and now. REQUIRES: no lock,
// and not the turn.
void fe_async_wake(fe_store *store);

// Waits until nothing is in flight, and ends the threads.
void fe_async_stop(fe_store *store);
// Whether the calling thread is inside a callback for a write to this store.
bool fe_async_is_in_callback(const fe_store *store);
// What writes in flight keep in memory.
uint64_t fe_async_bytes(fe_async *async);

#endif
