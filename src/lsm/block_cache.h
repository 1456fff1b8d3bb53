// SPDX-License-Identifier: Apache-2.0
// Decompressed data blocks, bounded in bytes. There is no table of names: each open table has an
// array with one pointer per data block (its homes), and a cached block is found by loading that
// pointer. The cache itself is the queue that decides what goes: SIEVE (Zhang et al., "SIEVE is
// Simpler than LRU", NSDI 2024): a hit sets a mark, eviction walks from old to new, clears marks
// and takes the first unmarked block, so that a scan passes through without washing out the rest.
//
// Invariants
// C1. A hit takes no lock and writes nothing but the mark, and that only when it is not set.
// C2. A block found through its home inside an epoch section stays valid until the section ends,
//     and as
//     long as a reference is held after that (fe_cached_block_ref inside the section).
// C3. home is cleared before the block is retired; whoever finds NULL reads the block anew.
// C4. Charged bytes (content and bookkeeping) exceed the capacity only by what is pinned or was
//     just inserted.
#ifndef FERRIC_LSM_BLOCK_CACHE_H
#define FERRIC_LSM_BLOCK_CACHE_H

#include "format/table.h"
#include "lsm/epoch.h"

typedef struct fe_block_cache fe_block_cache;
typedef struct fe_cached_block fe_cached_block;
typedef _Atomic(fe_cached_block *) fe_block_home;

// Errors: FERRIC_NO_MEMORY.
ferric_status fe_block_cache_create(fe_epoch *epoch, uint64_t capacity_bytes,
                                    fe_block_cache **cache);
// Every home was emptied by fe_block_cache_remove. Accepts NULL.
void fe_block_cache_destroy(fe_block_cache *cache);

// The capacity follows what memtables leave of memory_limit; shrinking evicts.
void fe_block_cache_set_capacity(fe_block_cache *cache, uint64_t capacity_bytes);

// The block at `home`, or NULL: then it is to be loaded. REQUIRES: inside an epoch section.
const fe_block *fe_block_cache_find(fe_block_home *home, fe_cached_block **block);

// Reads the block from `table`, puts it at `home`, and evicts others as needed. When another thread
// was faster, its block is given. `fill` false: the block is given but not kept (a compaction's
// reading); it goes with the section, or with its last reference. REQUIRES: inside an epoch
// section.
// Errors: as fe_table_read_block.
ferric_status fe_block_cache_load(fe_block_cache *cache, const fe_table *table, uint32_t block,
                                  bool fill, fe_block_home *home, fe_cached_block **cached);

const fe_block *fe_cached_block_view(const fe_cached_block *cached);
// Keeps a block beyond the section. REQUIRES: inside the section that found it.
void fe_cached_block_ref(fe_cached_block *cached);
// Any thread, inside or outside of a section.
void fe_cached_block_unref(fe_cached_block *cached);

// Takes the block at `home`, if any, out of the cache: its table is being closed.
void fe_block_cache_remove(fe_block_cache *cache, fe_block_home *home);

typedef struct fe_block_cache_stats {
    uint64_t capacity_bytes;
    uint64_t used_bytes;
    uint64_t pinned_bytes; // Held by references, in the cache or evicted.
    uint64_t misses;
    uint64_t evictions;
} fe_block_cache_stats;

void fe_block_cache_stats_get(fe_block_cache *cache, fe_block_cache_stats *stats);

#endif
