// SPDX-License-Identifier: Apache-2.0
// Turns and groups of writers.
#include "lsm/write_queue.h"

#include <assert.h>

#include "base/seeded_bug.h"

// Batch counts in a frame are 16 bits wide.
#define GROUP_COUNT_MAX 4096
// How often a waiter looks again before it sleeps: an unsynced commit is over in less time than a
// sleep costs.
#define SPINS 64

void fe_write_queue_init(fe_write_queue *queue)
{
    *queue = (fe_write_queue){.forming = FE_WORD_GROUP_A};
    fe_mutex_init(&queue->mutex);
}

void fe_write_queue_deinit(fe_write_queue *queue)
{
    assert(queue->head == NULL && !queue->is_led);
    fe_mutex_deinit(&queue->mutex);
}

static void append_locked(fe_write_queue *queue, fe_write_request *request)
{
    request->next = NULL;
    request->word = queue->head == NULL ? FE_WORD_LEAD : queue->forming;
    if (queue->tail != NULL) {
        queue->tail->next = request;
    } else {
        queue->head = request;
    }
    queue->tail = request;
    queue->waiting++;
}

static fe_write_request *pop_locked(fe_write_queue *queue)
{
    fe_write_request *first = queue->head;

    queue->head = first->next;
    if (queue->head == NULL) queue->tail = NULL;
    queue->waiting--;
    return first;
}

static size_t batch_bytes(const fe_write_batch *batch)
{
    return batch->operations.size + batch->values.size;
}

// Whether `request` may commit together with a group that has `bytes` so far.
static bool fits(const fe_write_request *request, size_t bytes, size_t bytes_max, size_t count)
{
    if (request->batch == NULL || count >= GROUP_COUNT_MAX) return false;
    return bytes + batch_bytes(request->batch) <= bytes_max;
}

static size_t group_bytes(const fe_write_group *group)
{
    size_t bytes = 0;
    for (const fe_write_request *each = group->first; each != NULL; each = each->next) {
        bytes += batch_bytes(each->batch);
    }
    return bytes;
}

// Moves waiting requests from the front of the queue to the end of the group.
static void take_locked(fe_write_queue *queue, size_t bytes_max, fe_write_group *group)
{
    fe_write_request *last = group->first;
    size_t bytes;

    if (group->first->batch == NULL) return;
    bytes = group_bytes(group);
    while (last->next != NULL)
        last = last->next;
    while (queue->head != NULL && fits(queue->head, bytes, bytes_max, group->count)) {
        fe_write_request *taken = pop_locked(queue);
        taken->next = NULL;
        bytes += batch_bytes(taken->batch);
        last->next = taken;
        last = taken;
        group->count++;
    }
}

static void lead_locked(fe_write_queue *queue, fe_write_request *request, size_t bytes_max,
                        fe_write_group *group)
{
    request->next = NULL;
    group->first = request;
    group->own = request->is_posted ? NULL : request;
    group->count = 1;
    queue->forming = queue->forming == FE_WORD_GROUP_A ? FE_WORD_GROUP_B : FE_WORD_GROUP_A;
    take_locked(queue, bytes_max, group);
}

// Waits until the request is done, or is the next leader. The word was read under the mutex, so a
// wake-up that comes in between is not missed.
static fe_request_state wait_for_state(fe_write_request *request, _Atomic(uint32_t) *word,
                                       uint32_t seen)
{
    for (int i = 0;; i++) {
        // Pairs with the release store in finish: status and sequence are visible.
        uint32_t state = atomic_load_explicit(&request->state, memory_order_acquire);
        if (state != FE_REQUEST_WAITING) return (fe_request_state)state;
        if (i < SPINS) {
            fe_thread_yield();
            continue;
        }
        fe_wait_while(word, seen);
        seen = atomic_load_explicit(word, memory_order_acquire);
    }
}

bool fe_write_queue_join(fe_write_queue *queue, fe_write_request *request, size_t bytes_max,
                         fe_write_group *group)
{
    _Atomic(uint32_t) *word;
    uint32_t seen;

    atomic_init(&request->state, FE_REQUEST_WAITING);
    fe_mutex_lock(&queue->mutex);
    if (!queue->is_led) {
        queue->is_led = true;
        lead_locked(queue, request, bytes_max, group);
        fe_mutex_unlock(&queue->mutex);
        return true;
    }
    append_locked(queue, request);
    word = &queue->words[request->word];
    seen = atomic_load_explicit(word, memory_order_relaxed);
    fe_mutex_unlock(&queue->mutex);
    if (wait_for_state(request, word, seen) == FE_REQUEST_DONE) return false;
    // The leader before us took us off the queue and left the turn to us.
    fe_mutex_lock(&queue->mutex);
    lead_locked(queue, request, bytes_max, group);
    fe_mutex_unlock(&queue->mutex);
    return true;
}

size_t fe_write_queue_waiting(fe_write_queue *queue)
{
    size_t waiting;
    fe_mutex_lock(&queue->mutex);
    waiting = queue->waiting;
    fe_mutex_unlock(&queue->mutex);
    return waiting;
}

void fe_write_queue_gather(fe_write_queue *queue, size_t bytes_max, fe_write_group *group)
{
    fe_mutex_lock(&queue->mutex);
    take_locked(queue, bytes_max, group);
    fe_mutex_unlock(&queue->mutex);
}

// Takes the next leader off the queue, offers the turn to who leads for posted requests, or leaves
// the queue free. Returns NULL when no leader waits.
static fe_write_request *pass_turn(fe_write_queue *queue, bool *is_offered)
{
    fe_write_request *next = NULL;

    fe_mutex_lock(&queue->mutex);
    if (queue->head == NULL) {
        queue->is_led = false;
    } else if (queue->head->is_posted) {
        queue->is_offered = true;
    } else {
        next = pop_locked(queue);
    }
    *is_offered = queue->is_offered;
    fe_mutex_unlock(&queue->mutex);
    return next;
}

static void wake(fe_write_queue *queue, uint32_t word)
{
    atomic_fetch_add_explicit(&queue->words[word], 1, memory_order_release);
    fe_wake_all(&queue->words[word]);
}

void fe_write_queue_finish(fe_write_queue *queue, fe_write_group *group)
{
    bool is_used[FE_WORD_COUNT] = {false};
    bool is_offered;
    fe_write_request *leader = pass_turn(queue, &is_offered);
    fe_write_request *each = group->first;

    if (is_offered) wake(queue, FE_WORD_POSTED);
    if (leader != NULL) {
        uint32_t word = leader->word;
        if (FE_SEEDED_BUG(FE_BUG_FAILURE_HANDED_ON) && group->own != NULL)
            leader->status = group->own->status;
        atomic_store_explicit(&leader->state, FE_REQUEST_LEADS, memory_order_release);
        wake(queue, word); // First, for the disk is idle until the next leader runs.
    }
    while (each != NULL) {
        fe_write_request *next = each->next; // Q2: read before the state says DONE.
        assert(!each->is_posted);            // Q4
        if (each == group->own) {
            each = next;
            continue;
        }
        is_used[each->word] = true;
        // Pairs with the acquire load in wait_for_state.
        atomic_store_explicit(&each->state, FE_REQUEST_DONE, memory_order_release);
        each = next;
    }
    for (uint32_t i = 0; i < FE_WORD_COUNT; i++) {
        if (is_used[i]) wake(queue, i);
    }
}

// ---- Posted requests ------------------------------------------------------------------------

void fe_write_queue_post(fe_write_queue *queue, fe_write_request *request)
{
    bool is_free;

    assert(request->is_posted);
    fe_mutex_lock(&queue->mutex);
    append_locked(queue, request);
    is_free = !queue->is_led;
    if (is_free) {
        queue->is_led = true;
        queue->is_offered = true;
    }
    fe_mutex_unlock(&queue->mutex);
    if (is_free) wake(queue, FE_WORD_POSTED);
}

// Sleeps until the turn may be offered. The word is read under the mutex, as in join.
static void wait_for_offer_locked(fe_write_queue *queue)
{
    _Atomic(uint32_t) *word = &queue->words[FE_WORD_POSTED];

    while (!queue->is_offered && !queue->is_ended) {
        uint32_t seen = atomic_load_explicit(word, memory_order_relaxed);
        fe_mutex_unlock(&queue->mutex);
        fe_wait_while(word, seen);
        fe_mutex_lock(&queue->mutex);
    }
}

bool fe_write_queue_lead_posted(fe_write_queue *queue, size_t bytes_max, fe_write_group *group)
{
    bool is_offered;

    fe_mutex_lock(&queue->mutex);
    wait_for_offer_locked(queue);
    is_offered = queue->is_offered;
    if (is_offered) {
        queue->is_offered = false;
        lead_locked(queue, pop_locked(queue), bytes_max, group);
    }
    fe_mutex_unlock(&queue->mutex);
    return is_offered;
}

void fe_write_queue_end_posts(fe_write_queue *queue)
{
    fe_mutex_lock(&queue->mutex);
    queue->is_ended = true;
    fe_mutex_unlock(&queue->mutex);
    wake(queue, FE_WORD_POSTED);
}

void fe_write_turn_take(fe_write_queue *queue, fe_write_turn *turn)
{
    fe_write_request_init(&turn->request, NULL, false);
    (void)fe_write_queue_join(queue, &turn->request, 0, &turn->group);
}

void fe_write_turn_end(fe_write_queue *queue, fe_write_turn *turn)
{
    fe_write_queue_finish(queue, &turn->group);
}
