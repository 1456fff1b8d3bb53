// SPDX-License-Identifier: Apache-2.0
// Chunks of slots, and the lists they stand in.
#include "lsm/slab.h"

#include <assert.h>
#include <stdatomic.h>
#include <stddef.h>

#include "base/compiler.h"
#include "base/memory.h"
#include "base/seeded_bug.h"
#include "base/status.h"
#include "os/thread.h"

// Slots are multiples of this.
#define SLOT_STEP 256
#define CLASS_COUNT (FE_SLAB_SLOT_MAX / SLOT_STEP - FE_SLAB_SLOT_MIN / SLOT_STEP)
// Of the chunk, before the first slot.
#define HEADER_SIZE 256
#define WORD_BITS 64
#define WORD_COUNT ((FE_SLAB_SLOTS_MAX + WORD_BITS - 1) / WORD_BITS)

// A place in a ring of chunks. The ring's head is one more place, which no chunk has.
typedef struct link {
    struct link *next;
    struct link *previous;
} link;

typedef struct chunk {
    link all;     // Of every chunk that is not being emptied.
    link partial; // Of those of one size with a free slot; alone in its ring when it has none.
    uint32_t slot_size;
    uint32_t slot_count;
    uint32_t taken_count;
    bool is_leaving;
    uint64_t taken[WORD_COUNT]; // One bit for each slot.
} chunk;

struct fe_slabs {
    fe_mutex mutex;
    // Guarded by mutex.
    link all;
    link partial[CLASS_COUNT];
    uint32_t leaving_count;
    // Changed under mutex, looked at without.
    _Atomic(uint64_t) mapped_bytes;
    _Atomic(uint64_t) taken_bytes;
};

static_assert(sizeof(chunk) <= HEADER_SIZE, "a chunk's header stands before its slots");
static_assert((FE_SLAB_CHUNK_SIZE - HEADER_SIZE) / (FE_SLAB_SLOT_MIN + SLOT_STEP - 1) <=
                  FE_SLAB_SLOTS_MAX,
              "each slot has a bit");

// ---- Rings -----------------------------------------------------------------------------------

static void make_ring(link *alone)
{
    alone->next = alone;
    alone->previous = alone;
}

static bool is_alone(const link *at)
{
    return at->next == at;
}

static void push(link *head, link *pushed)
{
    pushed->previous = head;
    pushed->next = head->next;
    head->next->previous = pushed;
    head->next = pushed;
}

static void take_out(link *taken)
{
    taken->next->previous = taken->previous;
    taken->previous->next = taken->next;
    make_ring(taken);
}

static chunk *chunk_at_all(link *at)
{
    return (chunk *)((uint8_t *)at - offsetof(chunk, all));
}

static chunk *chunk_at_partial(link *at)
{
    return (chunk *)((uint8_t *)at - offsetof(chunk, partial));
}

// ---- All of them -----------------------------------------------------------------------------

ferric_status fe_slabs_create(fe_slabs **slabs)
{
    fe_slabs *created = fe_alloc_zero(1, sizeof *created);

    *slabs = created;
    if (created == NULL) return fe_no_memory("the cache's slabs", sizeof *created);
    fe_mutex_init(&created->mutex);
    make_ring(&created->all);
    for (uint32_t i = 0; i < CLASS_COUNT; i++)
        make_ring(&created->partial[i]);
    return FERRIC_OK;
}

void fe_slabs_destroy(fe_slabs *slabs)
{
    if (slabs == NULL) return;
    assert(slabs->leaving_count == 0);
    while (!is_alone(&slabs->all)) {
        chunk *last = chunk_at_all(slabs->all.next);
        assert(last->taken_count == 0);
        take_out(&last->all);
        fe_pages_unmap(last, FE_SLAB_CHUNK_SIZE);
    }
    fe_mutex_deinit(&slabs->mutex);
    fe_free(slabs);
}

uint64_t fe_slabs_mapped_bytes(const fe_slabs *slabs)
{
    return atomic_load_explicit(&slabs->mapped_bytes, memory_order_relaxed);
}

uint64_t fe_slabs_taken_bytes(const fe_slabs *slabs)
{
    return atomic_load_explicit(&slabs->taken_bytes, memory_order_relaxed);
}

// ---- Chunks ----------------------------------------------------------------------------------

static uint32_t class_of(size_t slot_size)
{
    return (uint32_t)((slot_size - FE_SLAB_SLOT_MIN) / SLOT_STEP);
}

static chunk *chunk_of(const void *slot)
{
    return (chunk *)((uintptr_t)slot & ~(uintptr_t)(FE_SLAB_CHUNK_SIZE - 1));
}

static void *slot_at(chunk *of, uint32_t index)
{
    return (uint8_t *)of + HEADER_SIZE + (size_t)index * of->slot_size;
}

static link *partial_of(fe_slabs *slabs, size_t slot_size)
{
    return &slabs->partial[class_of(slot_size)];
}

static chunk *map_chunk(fe_slabs *slabs, size_t slot_size)
{
    chunk *mapped = fe_pages_map(FE_SLAB_CHUNK_SIZE);

    if (mapped == NULL) return NULL;
    assert(chunk_of(mapped) == mapped);
    mapped->slot_size = (uint32_t)slot_size;
    mapped->slot_count = (uint32_t)((FE_SLAB_CHUNK_SIZE - HEADER_SIZE) / slot_size);
    push(&slabs->all, &mapped->all);
    push(partial_of(slabs, slot_size), &mapped->partial);
    atomic_fetch_add_explicit(&slabs->mapped_bytes, FE_SLAB_CHUNK_SIZE, memory_order_relaxed);
    return mapped;
}

// For a chunk without a slot taken.
static void unmap_chunk(fe_slabs *slabs, chunk *unmapped)
{
    take_out(&unmapped->partial);
    take_out(&unmapped->all);
    atomic_fetch_sub_explicit(&slabs->mapped_bytes, FE_SLAB_CHUNK_SIZE, memory_order_relaxed);
    fe_pages_unmap(unmapped, FE_SLAB_CHUNK_SIZE);
}

// ---- Slots -----------------------------------------------------------------------------------

static bool is_taken(const chunk *of, uint32_t index)
{
    return (of->taken[index / WORD_BITS] >> (index % WORD_BITS) & 1) != 0;
}

// REQUIRES: one is free.
static uint32_t first_free(const chunk *of)
{
    uint32_t word = 0;

    while (of->taken[word] == UINT64_MAX)
        word++;
    return word * WORD_BITS + FE_LOWEST_BIT64(~of->taken[word]);
}

void *fe_slabs_take(fe_slabs *slabs, size_t *size, bool may_map)
{
    size_t slot_size = (*size + SLOT_STEP - 1) / SLOT_STEP * SLOT_STEP;
    void *slot = NULL;
    uint32_t index;
    link *partial = partial_of(slabs, slot_size);
    chunk *from = NULL;

    assert(fe_slabs_has_size(*size));
    fe_mutex_lock(&slabs->mutex);
    if (!is_alone(partial)) {
        from = chunk_at_partial(partial->next);
    } else if (may_map) {
        from = map_chunk(slabs, slot_size);
    }
    if (from == NULL) goto out;
    index = first_free(from);
    from->taken[index / WORD_BITS] |= (uint64_t)1 << (index % WORD_BITS);
    if (++from->taken_count == from->slot_count) take_out(&from->partial);
    atomic_fetch_add_explicit(&slabs->taken_bytes, slot_size, memory_order_relaxed);
    slot = slot_at(from, index);
    *size = slot_size;
out:
    fe_mutex_unlock(&slabs->mutex);
    return slot;
}

static void give_leaving(fe_slabs *slabs, chunk *leaving)
{
    if (leaving->taken_count > 0 && !FE_SEEDED_BUG(FE_BUG_CHUNK_UNMAPPED_EARLY)) return;
    slabs->leaving_count--;
    fe_pages_unmap(leaving, FE_SLAB_CHUNK_SIZE);
}

static void give(fe_slabs *slabs, chunk *to)
{
    link *partial = partial_of(slabs, to->slot_size);

    atomic_fetch_sub_explicit(&slabs->taken_bytes, to->slot_size, memory_order_relaxed);
    if (to->taken_count + 1 == to->slot_count) push(partial, &to->partial);
    if (to->taken_count > 0) return;
    // The last one of its size stays: whoever comes next would map it again.
    if (partial->next != partial->previous) unmap_chunk(slabs, to);
}

void fe_slabs_give(fe_slabs *slabs, void *slot)
{
    chunk *to = chunk_of(slot);
    uint32_t index = (uint32_t)((size_t)((uint8_t *)slot - (uint8_t *)to) - HEADER_SIZE);

    fe_mutex_lock(&slabs->mutex);
    index /= to->slot_size;
    assert(is_taken(to, index));
    to->taken[index / WORD_BITS] &= ~((uint64_t)1 << (index % WORD_BITS));
    to->taken_count--;
    if (to->is_leaving) {
        give_leaving(slabs, to);
    } else {
        give(slabs, to);
    }
    fe_mutex_unlock(&slabs->mutex);
}

// ---- Emptying --------------------------------------------------------------------------------

static uint64_t taken_bytes(const chunk *of)
{
    return (uint64_t)of->taken_count * of->slot_size;
}

static bool can_be_emptied(chunk *of, fe_slot_use (*use_of)(void *slot))
{
    for (uint32_t i = 0; i < of->slot_count; i++) {
        if (is_taken(of, i) && use_of(slot_at(of, i)) == FE_SLOT_STAYS) return false;
    }
    return true;
}

// Without those that leave: they may be given, and with the last one the chunk be unmapped, before
// the caller has looked at them. One that stays by now, which it did not before, is listed.
static size_t list_slots(chunk *of, fe_slot_use (*use_of)(void *slot),
                         void *slots[FE_SLAB_SLOTS_MAX])
{
    size_t count = 0;

    for (uint32_t i = 0; i < of->slot_count; i++) {
        if (is_taken(of, i) && use_of(slot_at(of, i)) != FE_SLOT_LEAVES)
            slots[count++] = slot_at(of, i);
    }
    return count;
}

static chunk *find_sparsest(fe_slabs *slabs, fe_slot_use (*use_of)(void *slot))
{
    chunk *best = NULL;

    for (link *at = slabs->all.next; at != &slabs->all; at = at->next) {
        chunk *each = chunk_at_all(at);
        if (best != NULL && taken_bytes(each) >= taken_bytes(best)) continue;
        if (can_be_emptied(each, use_of)) best = each;
    }
    return best;
}

size_t fe_slabs_empty_sparsest(fe_slabs *slabs, fe_slot_use (*use_of)(void *slot),
                               void *slots[FE_SLAB_SLOTS_MAX], bool *is_any)
{
    size_t count = 0;
    chunk *sparsest;

    fe_mutex_lock(&slabs->mutex);
    sparsest = find_sparsest(slabs, use_of);
    *is_any = sparsest != NULL;
    if (sparsest != NULL && sparsest->taken_count == 0) {
        unmap_chunk(slabs, sparsest);
    } else if (sparsest != NULL) {
        count = list_slots(sparsest, use_of, slots);
        take_out(&sparsest->partial);
        take_out(&sparsest->all);
        sparsest->is_leaving = true;
        slabs->leaving_count++;
        atomic_fetch_sub_explicit(&slabs->mapped_bytes, FE_SLAB_CHUNK_SIZE, memory_order_relaxed);
        atomic_fetch_sub_explicit(&slabs->taken_bytes, taken_bytes(sparsest), memory_order_relaxed);
    }
    fe_mutex_unlock(&slabs->mutex);
    return count;
}
