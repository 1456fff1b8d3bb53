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
static bool fits(const fe_write_group *group, const fe_write_request *request, size_t bytes,
                 size_t bytes_max)
{
    if (request->batch == NULL || group->count >= GROUP_COUNT_MAX) return false;
    if (group->is_further && request->sync) return false;
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
    while (queue->head != NULL && fits(group, queue->head, bytes, bytes_max)) {
        fe_write_request *taken = pop_locked(queue);
        taken->next = NULL;
        bytes += batch_bytes(taken->batch);
        last->next = taken;
        last = taken;
        group->count++;
    }
}

static uint32_t next_forming(uint32_t forming)
{
    return forming == FE_WORD_GROUP_A ? FE_WORD_GROUP_B : FE_WORD_GROUP_A;
}

static void lead_locked(fe_write_queue *queue, fe_write_request *request, size_t bytes_max,
                        fe_write_group *group)
{
    request->next = NULL;
    group->first = request;
    group->own = request->is_posted ? NULL : request;
    group->count = 1;
    group->is_further = false;
    queue->forming = next_forming(queue->forming);
    take_locked(queue, bytes_max, group);
}

static fe_request_state state_of(fe_write_request *request)
{
    // Pairs with the release store in finish: status and sequence are visible.
    return (fe_request_state)atomic_load_explicit(&request->state, memory_order_acquire);
}

// Waits until the request is done, or is the next leader. The word was read under the mutex, so a
// wake-up that comes in between is not missed.
static fe_request_state wait_for_state(fe_write_queue *queue, fe_write_request *request,
                                       uint32_t seen)
{
    uint32_t word = request->word;
    fe_request_state state = state_of(request);

    for (int i = 0; i < SPINS && state == FE_REQUEST_WAITING; i++) {
        fe_thread_yield();
        state = state_of(request);
    }
    if (state != FE_REQUEST_WAITING) return state;
    // Ordered before the look at the word, as in wake the word is changed before the sleepers are
    // counted: whoever is not seen there does not fall asleep.
    atomic_fetch_add(&queue->sleepers[word], 1);
    for (state = state_of(request); state == FE_REQUEST_WAITING; state = state_of(request)) {
        fe_wait_while(&queue->words[word], seen);
        seen = atomic_load_explicit(&queue->words[word], memory_order_acquire);
    }
    atomic_fetch_sub(&queue->sleepers[word], 1);
    return state;
}

bool fe_write_queue_join(fe_write_queue *queue, fe_write_request *request, size_t bytes_max,
                         fe_write_group *group)
{
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
    seen = atomic_load_explicit(&queue->words[request->word], memory_order_relaxed);
    fe_mutex_unlock(&queue->mutex);
    if (wait_for_state(queue, request, seen) == FE_REQUEST_DONE) return false;
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
static fe_write_request *pass_turn_locked(fe_write_queue *queue, bool *is_offered)
{
    fe_write_request *next = NULL;

    fe_mutex_assert_held(&queue->mutex);
    if (queue->head == NULL) {
        queue->is_led = false;
    } else if (queue->head->is_posted) {
        queue->is_offered = true;
    } else {
        next = pop_locked(queue);
    }
    *is_offered = queue->is_offered;
    return next;
}

static void wake(fe_write_queue *queue, uint32_t word)
{
    atomic_fetch_add(&queue->words[word], 1);
    if (atomic_load(&queue->sleepers[word]) > 0) fe_wake_all(&queue->words[word]);
}

// Tells all of a group but its leader that they are done.
static void release(fe_write_queue *queue, const fe_write_group *group)
{
    bool is_used[FE_WORD_COUNT] = {false};
    fe_write_request *each = group->first;

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

// Wakes who leads from now on, if there is one.
static void hand_over(fe_write_queue *queue, fe_write_request *leader, bool is_offered,
                      const fe_write_group *done)
{
    if (is_offered) wake(queue, FE_WORD_POSTED);
    if (leader != NULL) {
        uint32_t word = leader->word;
        if (FE_SEEDED_BUG(FE_BUG_FAILURE_HANDED_ON) && done->own != NULL)
            leader->status = done->own->status;
        atomic_store_explicit(&leader->state, FE_REQUEST_LEADS, memory_order_release);
        wake(queue, word);
    }
}

void fe_write_queue_finish(fe_write_queue *queue, fe_write_group *group)
{
    fe_write_request *leader;
    bool is_offered;

    fe_mutex_lock(&queue->mutex);
    leader = pass_turn_locked(queue, &is_offered);
    fe_mutex_unlock(&queue->mutex);
    // First, for the disk is idle until the next leader runs.
    hand_over(queue, leader, is_offered, group);
    release(queue, group);
}

// Whether the first who waits can be led for.
static bool may_go_on(const fe_write_request *head)
{
    return head != NULL && head->batch != NULL && !head->is_posted && !head->sync;
}

bool fe_write_queue_finish_or_go_on(fe_write_queue *queue, size_t bytes_max, fe_write_group *group)
{
    fe_write_group done = *group;
    fe_write_request *leader = NULL;
    bool is_offered = false;
    bool goes_on;

    fe_mutex_lock(&queue->mutex);
    goes_on = may_go_on(queue->head);
    if (goes_on) {
        fe_write_request *first = pop_locked(queue);
        first->next = NULL;
        *group = (fe_write_group){.first = first, .count = 1, .is_further = true};
        queue->forming = next_forming(queue->forming);
        take_locked(queue, bytes_max, group);
    } else {
        leader = pass_turn_locked(queue, &is_offered);
    }
    fe_mutex_unlock(&queue->mutex);
    hand_over(queue, leader, is_offered, &done);
    release(queue, &done);
    return goes_on;
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

    atomic_fetch_add(&queue->sleepers[FE_WORD_POSTED], 1);
    while (!queue->is_offered && !queue->is_ended) {
        uint32_t seen = atomic_load_explicit(word, memory_order_relaxed);
        fe_mutex_unlock(&queue->mutex);
        fe_wait_while(word, seen);
        fe_mutex_lock(&queue->mutex);
    }
    atomic_fetch_sub(&queue->sleepers[FE_WORD_POSTED], 1);
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
