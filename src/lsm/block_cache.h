// SPDX-License-Identifier: Apache-2.0
// Decompressed data blocks, bounded in bytes. There is no table of names: each open table has an
// array with one pointer per data block (its homes), and a cached block is found by loading that
// pointer. The cache itself is only the queues (lsm/sieve.h) that decide what goes, so that a scan
// passes through without washing out the rest.
//
// A cached block is one piece of memory:
//
//   line 1    what a hit reads: the view and the mark
//   line 2    what loading, pinning and evicting write
//   line 3 .. slots of the view, then the content
//
// Invariants
// C1. A hit takes no lock and writes nothing but the mark, and that only when it is not set.
// C2. A block found through its home inside an epoch section stays valid until the section ends,
//     and as long as a reference is held after that (fe_cached_block_ref inside the section).
// C3. home is cleared before the block is retired; whoever finds NULL reads the block anew.
// C4. Charged bytes (content and bookkeeping) exceed the capacity only by what is pinned or was
//     just inserted. A block over a quarter of the capacity is not kept.
// C5. A large cache keeps blocks of the usual sizes in slots (lsm/slab.h). Whole chunks are charged
//     then, and blocks are evicted at fifteen sixteenths of the capacity, so that slots are free
//     when they are asked for.
// C6. A slot that is free, or taken and not filled yet, has the state FE_BLOCK_IDLE: whoever looks
//     at all slots of a chunk tells by it which hold a block.
#ifndef FERRIC_LSM_BLOCK_CACHE_H
#define FERRIC_LSM_BLOCK_CACHE_H

#include "format/table.h"
#include "lsm/epoch.h"
#include "lsm/sieve.h"

typedef struct fe_block_cache fe_block_cache;
typedef struct fe_cached_block fe_cached_block;
typedef _Atomic(fe_cached_block *) fe_block_home;

typedef enum fe_block_state {
    FE_BLOCK_IDLE = 0,    // Not in a queue so far.
    FE_BLOCK_QUEUED = 1,  // In its shard's queue and at its home.
    FE_BLOCK_RETIRED = 2, // Evicted.
} fe_block_state;

// Fields are the cache's own; they stand here so that a hit needs no call.
struct fe_cached_block {
    _Alignas(FE_CACHE_LINE) fe_block view;
    _Atomic(bool) is_marked; // Used since the hand came by.

    _Alignas(FE_CACHE_LINE) _Atomic(uint32_t) holds; // References, and a bit for cache and epoch.
    uint32_t size_bytes;                             // All of it, or its slot's.
    bool is_slot;
    uint8_t shard;
    _Atomic(uint8_t) state; // fe_block_state
    fe_block_cache *cache;
    fe_block_home *home; // NULL: never was in the queue.
    fe_sieve_node node;
    fe_retired retired;
};

// Errors: FERRIC_NO_MEMORY.
ferric_status fe_block_cache_create(fe_epoch *epoch, uint64_t capacity_bytes,
                                    fe_block_cache **cache);
// No reference and no section is left. Accepts NULL.
void fe_block_cache_destroy(fe_block_cache *cache);

// Shrinking evicts.
void fe_block_cache_set_capacity(fe_block_cache *cache, uint64_t capacity_bytes);

// Takes bytes out of the capacity for what is kept beside the blocks, or gives them back. Lending
// evicts.
void fe_block_cache_lend(fe_block_cache *cache, uint64_t bytes);
void fe_block_cache_give_back(fe_block_cache *cache, uint64_t bytes);

// Whether a block of `table` finds room without another leaving for it. The next may take it.
bool fe_block_cache_has_room(const fe_block_cache *cache, const fe_table *table, uint32_t block);

// The block at `home` without leaving a mark, or NULL. REQUIRES: inside an epoch section.
static inline fe_cached_block *fe_block_cache_peek(fe_block_home *home)
{
    // Pairs with the release in fe_block_cache_load.
    return atomic_load_explicit(home, memory_order_acquire);
}

// Leaves a mark on a block that was found.
static inline void fe_block_cache_mark(fe_cached_block *cached)
{
    if (!atomic_load_explicit(&cached->is_marked, memory_order_relaxed))
        atomic_store_explicit(&cached->is_marked, true, memory_order_relaxed);
}

// The block at `home`, or NULL: then it is to be loaded. REQUIRES: inside an epoch section.
static inline fe_cached_block *fe_block_cache_find(fe_block_home *home)
{
    fe_cached_block *cached = fe_block_cache_peek(home);

    if (cached != NULL) fe_block_cache_mark(cached);
    return cached;
}

// Reads the block from `table`, puts it at `home`, and evicts others as needed. When another thread
// was faster, its block is given. `fill` false: the block is given but not kept (a compaction's
// reading); it goes with the section, or with its last reference. `reader` may be NULL: then one of
// the cache's own is used, without reading ahead. REQUIRES: inside an epoch section.
// Errors: as fe_table_read_block. On failure *cached is NULL.
ferric_status fe_block_cache_load(fe_block_cache *cache, const fe_table *table, uint32_t block,
                                  fe_block_reader *reader, bool fill, fe_block_home *home,
                                  fe_cached_block **cached);

static inline const fe_block *fe_cached_block_view(const fe_cached_block *cached)
{
    return &cached->view;
}

// Where the slots are is known before the block's first line has come, so both can be fetched at
// once; five lines are the slots of an ordinary block.
static inline void fe_cached_block_fetch_slots(const fe_cached_block *cached)
{
    const uint8_t *slots = (const uint8_t *)(cached + 1);

    for (int i = 0; i < 5; i++)
        FE_PREFETCH(slots + i * FE_CACHE_LINE);
}

// Keeps a block beyond the section. REQUIRES: inside the section that found it, or a reference.
void fe_cached_block_ref(fe_cached_block *cached);
// Any thread, inside or outside of a section. Accepts NULL.
void fe_cached_block_unref(fe_cached_block *cached);

// Takes the block at `home`, if any, out of the cache: its table is being closed.
void fe_block_cache_remove(fe_block_cache *cache, const fe_table *table, uint32_t block,
                           fe_block_home *home);

// Counts memory of a pin that is no block of the cache, as a block's references count it.
void fe_block_cache_pin(fe_block_cache *cache, uint64_t bytes);
void fe_block_cache_unpin(fe_block_cache *cache, uint64_t bytes);
// Whether less than `limit` bytes are pinned. A thread asks what all of them have pinned when it
// has pinned its share of what was left the last time, not at each pin: so the answer may come late
// by the shares that were given out, which are a `limit` together if every thread there can be
// has one, and a 512th of it for one.
bool fe_block_cache_may_pin(fe_block_cache *cache, uint64_t limit);
// Bytes that are pinned: blocks with references, in the cache or evicted, and what was counted
// beside them.
uint64_t fe_block_cache_pinned_bytes(const fe_block_cache *cache);

typedef struct fe_block_cache_stats {
    uint64_t capacity_bytes;
    uint64_t lent_bytes; // Of the capacity.
    uint64_t used_bytes; // Free slots included.
    uint64_t pinned_bytes;
    uint64_t misses; // Blocks read from tables.
    uint64_t evictions;
} fe_block_cache_stats;

void fe_block_cache_stats_get(const fe_block_cache *cache, fe_block_cache_stats *stats);

#endif
