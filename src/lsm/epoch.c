// SPDX-License-Identifier: Apache-2.0
// Slots, a queue of retired objects in the order of their stamps, and the comparison of the two.
#include "lsm/epoch.h"

#include <assert.h>
#include <string.h>

#include "base/compiler.h"
#include "base/memory.h"
#include "base/seeded_bug.h"

#define FREE 0 // No epoch: the first is 1.
#define SHARED_SLOT FE_THREAD_INDEX_COUNT
#define SLOT_COUNT (SHARED_SLOT + 1)

typedef struct epoch_slot {
    _Alignas(FE_CACHE_LINE) _Atomic(uint64_t) epoch; // FREE outside of sections.
    // The rest is touched by the thread with this number alone. A number's next thread sees it:
    // numbers are handed on with release and acquire.
    uint32_t depth;
    bool is_known;    // slot_limit is beyond it.
    bool has_retired; // Something to collect on leaving.
} epoch_slot;

struct fe_epoch {
    epoch_slot *slots;
    _Alignas(FE_CACHE_LINE) _Atomic(uint64_t) current;
    _Atomic(uint32_t) slot_limit; // Numbered slots from here on were never used.
    _Atomic(bool) is_waiting;     // Whether the queue has anything. A hint.

    fe_mutex mutex;
    // Guarded by mutex.
    fe_retired *first; // Oldest stamp.
    fe_retired *last;

    fe_mutex shared_mutex;
    // Guarded by shared_mutex.
    uint64_t shared_users;
};

ferric_status fe_epoch_create(fe_epoch **epoch)
{
    size_t slots_size = SLOT_COUNT * sizeof(epoch_slot);
    fe_epoch *created = fe_alloc_aligned(FE_CACHE_LINE, sizeof *created);

    *epoch = NULL;
    if (created == NULL) return fe_no_memory("epoch", sizeof *created);
    memset(created, 0, sizeof *created);
    created->slots = fe_alloc_aligned(FE_CACHE_LINE, slots_size);
    if (created->slots == NULL) {
        fe_free_aligned(created);
        return fe_no_memory("epoch slots", slots_size);
    }
    memset(created->slots, 0, slots_size);
    atomic_init(&created->current, 1);
    fe_mutex_init(&created->mutex);
    fe_mutex_init(&created->shared_mutex);
    *epoch = created;
    return FERRIC_OK;
}

// Reclaims a list of objects. Their memory is gone after the call.
static void reclaim_list(fe_retired *retired)
{
    while (retired != NULL) {
        fe_retired *next = retired->next;
        retired->reclaim(retired);
        retired = next;
    }
}

void fe_epoch_destroy(fe_epoch *epoch)
{
    if (epoch == NULL) return;
    while (epoch->first != NULL) { // Reclaiming one may retire others.
        fe_retired *retired = epoch->first;
        epoch->first = NULL;
        epoch->last = NULL;
        reclaim_list(retired);
    }
    fe_mutex_deinit(&epoch->mutex);
    fe_mutex_deinit(&epoch->shared_mutex);
    fe_free_aligned(epoch->slots);
    fe_free_aligned(epoch);
}

// ---- Sections --------------------------------------------------------------------------------

// Stores the epoch in force and keeps every later load behind the store (P1).
static inline void occupy(fe_epoch *epoch, epoch_slot *slot)
{
    // Acquire pairs with the advance in fe_epoch_retire: who reads an epoch also sees that the
    // objects stamped before it are unreachable.
    uint64_t current = atomic_load_explicit(&epoch->current, memory_order_acquire);

    atomic_store_explicit(&slot->epoch, current, memory_order_relaxed);
    // Pairs with the fence in oldest_occupied.
    atomic_thread_fence(memory_order_seq_cst);
}

// Pairs with the acquire in oldest_occupied: the collector sees all uses inside the section done.
static inline void vacate(epoch_slot *slot)
{
    atomic_store_explicit(&slot->epoch, FREE, memory_order_release);
}

static FE_NOINLINE void make_known(fe_epoch *epoch, epoch_slot *slot, uint32_t index)
{
    uint32_t limit = atomic_load_explicit(&epoch->slot_limit, memory_order_relaxed);

    // Comes before the fence of occupy, so a collector that misses the new limit is one that the
    // section's loads come after.
    while (limit <= index &&
           !atomic_compare_exchange_weak_explicit(&epoch->slot_limit, &limit, index + 1,
                                                  memory_order_relaxed, memory_order_relaxed)) {
    }
    slot->is_known = true;
}

static FE_NOINLINE void enter_shared(fe_epoch *epoch)
{
    fe_mutex_lock(&epoch->shared_mutex);
    if (epoch->shared_users++ == 0) occupy(epoch, &epoch->slots[SHARED_SLOT]);
    fe_mutex_unlock(&epoch->shared_mutex);
    // The mutex alone would let this thread's loads move before the store of another one.
    atomic_thread_fence(memory_order_seq_cst);
}

static FE_NOINLINE void leave_shared(fe_epoch *epoch)
{
    bool is_last;

    fe_mutex_lock(&epoch->shared_mutex);
    assert(epoch->shared_users > 0);
    is_last = --epoch->shared_users == 0;
    if (is_last) vacate(&epoch->slots[SHARED_SLOT]);
    fe_mutex_unlock(&epoch->shared_mutex);
    if (is_last) fe_epoch_collect(epoch);
}

void fe_epoch_enter(fe_epoch *epoch)
{
    uint32_t index = fe_thread_index();
    epoch_slot *slot;

    if (FE_UNLIKELY(index == FE_THREAD_INDEX_NONE)) {
        enter_shared(epoch);
        return;
    }
    slot = &epoch->slots[index];
    if (slot->depth++ > 0) return;
    if (FE_UNLIKELY(!slot->is_known)) make_known(epoch, slot, index);
    occupy(epoch, slot);
}

void fe_epoch_leave(fe_epoch *epoch)
{
    uint32_t index = fe_thread_index();
    epoch_slot *slot;

    // A thread that had no number when it entered may have one by now; its slot is not in use then.
    if (FE_UNLIKELY(index == FE_THREAD_INDEX_NONE || epoch->slots[index].depth == 0)) {
        leave_shared(epoch);
        return;
    }
    slot = &epoch->slots[index];
    if (--slot->depth > 0) return;
    vacate(slot);
    if (FE_LIKELY(!slot->has_retired)) return;
    slot->has_retired = false;
    fe_epoch_collect(epoch);
}

// ---- Retired objects -------------------------------------------------------------------------

void fe_epoch_retire(fe_epoch *epoch, fe_retired *retired, void (*reclaim)(fe_retired *retired))
{
    uint32_t index = fe_thread_index();

    retired->next = NULL;
    retired->reclaim = reclaim;
    fe_mutex_lock(&epoch->mutex);
    // Release pairs with the acquire in occupy.
    retired->epoch = atomic_fetch_add_explicit(&epoch->current, 1, memory_order_acq_rel);
    if (epoch->last != NULL) {
        epoch->last->next = retired;
    } else {
        epoch->first = retired;
    }
    epoch->last = retired;
    atomic_store_explicit(&epoch->is_waiting, true, memory_order_relaxed);
    fe_mutex_unlock(&epoch->mutex);
    if (index != FE_THREAD_INDEX_NONE && epoch->slots[index].depth > 0)
        epoch->slots[index].has_retired = true;
}

static uint64_t older(const epoch_slot *slot, uint64_t oldest)
{
    // Acquire pairs with the release in vacate.
    uint64_t held = atomic_load_explicit(&slot->epoch, memory_order_acquire);

    if (FE_SEEDED_BUG(FE_BUG_EPOCH_TOO_EARLY) && held != FREE) held++;
    return held != FREE && held < oldest ? held : oldest;
}

// The oldest epoch that a slot holds; UINT64_MAX when all are free. Whatever was retired before is
// unreachable for sections that are not seen here.
static uint64_t oldest_occupied(const fe_epoch *epoch)
{
    uint64_t oldest = UINT64_MAX;
    uint32_t limit;

    // Pairs with the fence in occupy.
    atomic_thread_fence(memory_order_seq_cst);
    limit = atomic_load_explicit(&epoch->slot_limit, memory_order_relaxed);
    for (uint32_t i = 0; i < limit; i++)
        oldest = older(&epoch->slots[i], oldest);
    return older(&epoch->slots[SHARED_SLOT], oldest);
}

// Takes the objects off the queue that nobody can still hold.
static fe_retired *take_free_locked(fe_epoch *epoch)
{
    uint64_t oldest = oldest_occupied(epoch);
    fe_retired *first = epoch->first;
    fe_retired *last = NULL;

    fe_mutex_assert_held(&epoch->mutex);
    while (epoch->first != NULL && epoch->first->epoch < oldest) {
        last = epoch->first;
        epoch->first = last->next;
    }
    if (epoch->first == NULL) {
        epoch->last = NULL;
        atomic_store_explicit(&epoch->is_waiting, false, memory_order_relaxed);
    }
    if (last == NULL) return NULL;
    last->next = NULL;
    return first;
}

void fe_epoch_collect(fe_epoch *epoch)
{
    while (atomic_load_explicit(&epoch->is_waiting, memory_order_relaxed)) {
        fe_retired *list;
        fe_mutex_lock(&epoch->mutex);
        list = take_free_locked(epoch);
        fe_mutex_unlock(&epoch->mutex);
        if (list == NULL) return;
        reclaim_list(list);
    }
}
