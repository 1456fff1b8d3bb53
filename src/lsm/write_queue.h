// SPDX-License-Identifier: Apache-2.0
// The queue of writers: whoever finds it free becomes the leader and does the work of all who came
// while the leader before it was at work. Everything that has one writer (log, memtables, sequence
// numbers) is protected by holding the turn.
//
//   join ── free ──> leads ── finish ──> wakes its whole group at once, hands the turn over
//     └──── busy ──> waits ──> done (its leader finished)
//                      └─────> leads (it was first in the group that formed meanwhile)
//   finish_or_go_on: the same leader leads for those who wait, whose threads need not run for that
//   post ── free ──> offered ── lead_posted ──> leads for requests that nobody waits for
//     └──── busy ──> done by a leader before, or offered when it is first
//
// Invariants
// Q1. At most one leader at a time. Groups lead in the order in which their requests came.
// Q2. A request belongs to one group. All of a group get their status before any of them is woken,
//     and a
//     request is not touched after its state says DONE, for it lives on its caller's stack.
// Q3. The first request that waits is the next leader and waits apart from the others, so that
//     handing
//     over wakes one thread, and finishing a group wakes that group with one system call.
// Q4. A posted request is done when its leader says so to whoever posted it, not by its state. The
//     leader takes it out of the group before finish, since its memory may go at once.
// Q5. While the turn is offered nobody leads: only fe_write_queue_lead_posted takes it.
#ifndef FERRIC_LSM_WRITE_QUEUE_H
#define FERRIC_LSM_WRITE_QUEUE_H

#include <stdatomic.h>

#include "lsm/write_batch.h"
#include "os/thread.h"

// Enough for a status and its message.
#define FE_REQUEST_MESSAGE_SIZE 256

typedef enum fe_request_state {
    FE_REQUEST_WAITING = 0,
    FE_REQUEST_LEADS = 1,
    FE_REQUEST_DONE = 2,
} fe_request_state;

// One commit on its way.
typedef struct fe_write_request {
    fe_write_batch *batch; // NULL: only the turn is wanted (fe_write_turn); it leads alone.
    bool sync;
    uint64_t looked_up_to; // The batch's ranges were found unchanged up to this sequence.
    ferric_status status;  // Set by the leader.
    uint64_t sequence;     // Set by the leader when committed.
    struct fe_write_request *next;
    struct fe_async_write *async; // Who is told the outcome by a callback; NULL: nobody.
    bool is_posted;               // Nobody waits for it.
    uint32_t word;                // Which of the queue's words it sleeps on.
    _Atomic(uint32_t) state;      // fe_request_state
    // Why it failed; set with any status but FERRIC_OK and FERRIC_CONFLICT.
    char message[FE_REQUEST_MESSAGE_SIZE];
} fe_write_request;

// Leaves the message, which is large and rarely set, as it is.
static inline void fe_write_request_init(fe_write_request *request, fe_write_batch *batch,
                                         bool sync)
{
    request->batch = batch;
    request->sync = sync;
    request->looked_up_to = 0;
    request->status = FERRIC_OK;
    request->sequence = 0;
    request->next = NULL;
    request->async = NULL;
    request->is_posted = false;
    request->word = 0;
    atomic_init(&request->state, FE_REQUEST_WAITING);
}

typedef enum fe_queue_word {
    FE_WORD_LEAD = 0, // The next leader sleeps here, alone.
    FE_WORD_GROUP_A = 1,
    FE_WORD_GROUP_B = 2,
    FE_WORD_POSTED = 3, // Who leads for posted requests sleeps here.
    FE_WORD_COUNT = 4,
} fe_queue_word;

typedef struct fe_write_group {
    fe_write_request *first; // The leader's own, or a posted one.
    fe_write_request *own;   // The leader's own; NULL when it leads for others alone.
    size_t count;
    bool is_further; // Formed by going on: takes nobody who asks for a sync.
} fe_write_group;

typedef struct fe_write_queue {
    fe_mutex mutex;
    // Guarded by mutex.
    fe_write_request *head; // Waiting, oldest first; the first is the next leader.
    fe_write_request *tail;
    size_t waiting;
    bool is_led;
    bool is_offered;  // Led by nobody yet: the first that waits is a posted one.
    bool is_ended;    // No posted requests come any more.
    uint32_t forming; // FE_WORD_GROUP_A or _B: the word of the group that forms now.
    // What requests sleep on; see Q3. Each grows by one when its sleepers are to look again.
    _Atomic(uint32_t) words[FE_WORD_COUNT];
    _Atomic(uint32_t) sleepers[FE_WORD_COUNT]; // On each; without any a wake-up costs no call.
} fe_write_queue;

void fe_write_queue_init(fe_write_queue *queue);
void fe_write_queue_deinit(fe_write_queue *queue);

// Waits for the turn. Returns true when the caller leads: `group` then has its request first and
// those that joined it, up to `bytes_max` of operations and values; it ends with
// fe_write_queue_finish.
// Returns false when a leader has done the request: status, sequence and message are set.
bool fe_write_queue_join(fe_write_queue *queue, fe_write_request *request, size_t bytes_max,
                         fe_write_group *group);

// Leaves a request that is on the heap and has is_posted set. It does not wait.
void fe_write_queue_post(fe_write_queue *queue, fe_write_request *request);

// Waits until the first request in the queue is a posted one and leads for it: as a join that
// returns true. False: the posts were ended and all of them are done.
bool fe_write_queue_lead_posted(fe_write_queue *queue, size_t bytes_max, fe_write_group *group);

// Nothing is posted from now on: fe_write_queue_lead_posted may return false.
void fe_write_queue_end_posts(fe_write_queue *queue);

// Number of requests waiting behind the leader: a hint for how long it pays to let a group grow.
size_t fe_write_queue_waiting(fe_write_queue *queue);

// Adds to the group what has come since it was formed.
void fe_write_queue_gather(fe_write_queue *queue, size_t bytes_max, fe_write_group *group);

// Each request's status is set. Passes the turn on and wakes the group. REQUIRES: the caller leads.
void fe_write_queue_finish(fe_write_queue *queue, fe_write_group *group);

// As finish, but when the first who waits wants a commit without a sync, the turn stays: the caller
// leads for `group`, which is the next one then, and the result is true. A commit is over in less
// time than it takes until a thread runs that waits; and meanwhile more come, who conflict.
bool fe_write_queue_finish_or_go_on(fe_write_queue *queue, size_t bytes_max, fe_write_group *group);

// The turn without a commit: between the two calls nobody else writes.
typedef struct fe_write_turn {
    fe_write_request request;
    fe_write_group group;
} fe_write_turn;

void fe_write_turn_take(fe_write_queue *queue, fe_write_turn *turn);
void fe_write_turn_end(fe_write_queue *queue, fe_write_turn *turn);

#endif
