// SPDX-License-Identifier: Apache-2.0
// The slow side of the block cache: loading, evicting, pinning.
//
// The queue is cut into shards by table number and block; each shard's mutex guards its queue and
// the homes that belong to it. (Not by address: what is evicted must not differ from run to run, or
// no test could make "the seventh read" fail.) The bytes are counted over all shards together, so
// that a large block finds its room wherever it is. Lock order: shard, then epoch.
#include "lsm/block_cache.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "base/memory.h"
#include "base/seeded_bug.h"
#include "lsm/tally.h"

#define SHARD_COUNT 16
#define SHARD_BITS 4
// Readers that wait for the next miss; more than threads that miss at once are not needed.
#define READER_COUNT 8
// The bit of `holds` for the cache and, after eviction, for the sections that may still look.
#define HELD_BY_CACHE ((uint32_t)1 << 31)
// What one block may take of the capacity.
#define KEPT_SHARE 4

static_assert((1 << SHARD_BITS) == SHARD_COUNT, "a hash chooses the shard");

enum { COUNTER_PINNED_BYTES = 0, COUNTER_MISSES = 1, COUNTER_EVICTIONS = 2 };

typedef struct cache_shard {
    _Alignas(FE_CACHE_LINE) fe_mutex mutex;
    // Guarded by mutex.
    fe_sieve queue;
} cache_shard;

struct fe_block_cache {
    cache_shard shards[SHARD_COUNT];
    fe_epoch *epoch;
    fe_tally tally;
    _Atomic(uint64_t) capacity_bytes;
    _Atomic(uint64_t) used_bytes; // Of all blocks in queues. Touched by misses only.
    _Atomic(uint64_t) lent_bytes; // Of the capacity, to what stands beside the blocks.
    _Atomic(uint32_t) next_shard; // Where eviction goes on.
    _Atomic(fe_block_reader *) readers[READER_COUNT];
};

ferric_status fe_block_cache_create(fe_epoch *epoch, uint64_t capacity_bytes,
                                    fe_block_cache **cache)
{
    fe_block_cache *created = fe_alloc_aligned(FE_CACHE_LINE, sizeof *created);
    ferric_status status;

    *cache = NULL;
    if (created == NULL) return fe_no_memory("block cache", sizeof *created);
    memset(created, 0, sizeof *created);
    status = fe_tally_init(&created->tally);
    if (status != FERRIC_OK) {
        fe_free_aligned(created);
        return status;
    }
    created->epoch = epoch;
    atomic_init(&created->capacity_bytes, capacity_bytes);
    for (int i = 0; i < SHARD_COUNT; i++)
        fe_mutex_init(&created->shards[i].mutex);
    *cache = created;
    return FERRIC_OK;
}

void fe_block_cache_destroy(fe_block_cache *cache)
{
    if (cache == NULL) return;
    fe_epoch_collect(cache->epoch); // What was retired may still point here.
    for (int i = 0; i < SHARD_COUNT; i++) {
        assert(cache->shards[i].queue.count == 0);
        fe_mutex_deinit(&cache->shards[i].mutex);
    }
    for (int i = 0; i < READER_COUNT; i++) {
        fe_block_reader *reader = atomic_load_explicit(&cache->readers[i], memory_order_relaxed);
        if (reader == NULL) continue;
        fe_block_reader_deinit(reader);
        fe_free(reader);
    }
    fe_tally_deinit(&cache->tally);
    fe_free_aligned(cache);
}

// ---- Lifetime of a block ---------------------------------------------------------------------

static void free_block(fe_cached_block *cached)
{
    fe_free_aligned(cached);
}

void fe_cached_block_ref(fe_cached_block *cached)
{
    // Relaxed: the section, or another reference, keeps the block alive meanwhile.
    uint32_t before = atomic_fetch_add_explicit(&cached->holds, 1, memory_order_relaxed);

    if ((before & ~HELD_BY_CACHE) == 0)
        fe_tally_add(&cached->cache->tally, COUNTER_PINNED_BYTES, cached->size_bytes);
}

void fe_cached_block_unref(fe_cached_block *cached)
{
    fe_block_cache *cache;
    uint64_t size_bytes;
    uint32_t before;

    if (cached == NULL) return;
    cache = cached->cache; // Before the block may be gone.
    size_bytes = cached->size_bytes;
    // Release: this holder's reads are done. Acquire: so are those of all others, for the one that
    // frees.
    before = atomic_fetch_sub_explicit(&cached->holds, 1, memory_order_acq_rel);
    assert((before & ~HELD_BY_CACHE) > 0);
    if ((before & ~HELD_BY_CACHE) == 1)
        fe_tally_add(&cache->tally, COUNTER_PINNED_BYTES, 0 - size_bytes);
    if (before == 1) free_block(cached);
}

// No section can find the block any more: what is left are references.
static void reclaim_block(fe_retired *retired)
{
    fe_cached_block *cached =
        (fe_cached_block *)(void *)((char *)retired - offsetof(fe_cached_block, retired));
    uint32_t before =
        atomic_fetch_sub_explicit(&cached->holds, HELD_BY_CACHE, memory_order_acq_rel);

    if (before == HELD_BY_CACHE) free_block(cached);
}

static ferric_status create_block(fe_block_cache *cache, const fe_table *table, uint32_t block,
                                  fe_cached_block **created)
{
    size_t size = sizeof(fe_cached_block) + fe_table_block_memory(table, block);
    fe_cached_block *cached = fe_alloc_aligned(FE_CACHE_LINE, size);

    *created = cached;
    if (cached == NULL) return fe_no_memory("cached block", size);
    memset(cached, 0, sizeof *cached);
    cached->cache = cache;
    cached->size_bytes = (uint32_t)size; // Far below: FE_BLOCK_CONTENT_SIZE_MAX.
    atomic_init(&cached->holds, HELD_BY_CACHE);
    return FERRIC_OK;
}

// ---- Readers ---------------------------------------------------------------------------------

// A reader that nobody uses now. Errors: FERRIC_NO_MEMORY.
static ferric_status borrow_reader(fe_block_cache *cache, fe_block_reader **reader)
{
    for (int i = 0; i < READER_COUNT; i++) {
        // Acquire pairs with the release in return_reader.
        *reader = atomic_exchange_explicit(&cache->readers[i], NULL, memory_order_acquire);
        if (*reader != NULL) return FERRIC_OK;
    }
    *reader = fe_alloc_zero(1, sizeof **reader);
    if (*reader == NULL) return fe_no_memory("block reader", sizeof **reader);
    return FERRIC_OK;
}

static void return_reader(fe_block_cache *cache, fe_block_reader *reader)
{
    fe_block_reader_reset(reader);
    for (int i = 0; i < READER_COUNT; i++) {
        fe_block_reader *none = NULL;
        if (atomic_compare_exchange_strong_explicit(&cache->readers[i], &none, reader,
                                                    memory_order_release, memory_order_relaxed)) {
            return;
        }
    }
    fe_block_reader_deinit(reader);
    fe_free(reader);
}

static ferric_status read_block(fe_block_cache *cache, const fe_table *table, uint32_t block,
                                fe_block_reader *reader, fe_cached_block *cached)
{
    fe_block_reader *borrowed = NULL;
    ferric_status status = FERRIC_OK;

    if (reader == NULL) {
        status = borrow_reader(cache, &borrowed);
        reader = borrowed;
    }
    if (status == FERRIC_OK)
        status = fe_table_read_block(table, block, reader, cached + 1, &cached->view);
    if (borrowed != NULL) return_reader(cache, borrowed);
    return status;
}

// ---- Queues ----------------------------------------------------------------------------------

static cache_shard *shard_of(fe_block_cache *cache, const fe_table *table, uint32_t block)
{
    uint64_t mixed = (fe_table_identity_of(table)->number << 32) + block;

    return &cache->shards[mixed * 0x9e3779b97f4a7c15u >> (64 - SHARD_BITS)];
}

static fe_cached_block *block_of(fe_sieve_node *node)
{
    return (fe_cached_block *)(void *)((char *)node - offsetof(fe_cached_block, node));
}

// Taking a pinned block out would free nothing.
static bool spare_block(fe_sieve_node *node)
{
    fe_cached_block *cached = block_of(node);

    if ((atomic_load_explicit(&cached->holds, memory_order_relaxed) & ~HELD_BY_CACHE) != 0)
        return true;
    if (!atomic_load_explicit(&cached->is_marked, memory_order_relaxed)) return false;
    atomic_store_explicit(&cached->is_marked, false, memory_order_relaxed);
    return true;
}

// For a block that has left its shard's queue.
static void retire_block_locked(fe_block_cache *cache, cache_shard *shard, fe_cached_block *cached)
{
    fe_mutex_assert_held(&shard->mutex);
    atomic_store_explicit(cached->home, NULL, memory_order_release);
    atomic_fetch_sub_explicit(&cache->used_bytes, cached->size_bytes, memory_order_relaxed);
    if (FE_SEEDED_BUG(FE_BUG_BLOCK_FREED_UNDER_READER)) {
        reclaim_block(&cached->retired);
        return;
    }
    fe_epoch_retire(cache->epoch, &cached->retired, reclaim_block);
}

static bool evict_one(fe_block_cache *cache, cache_shard *shard)
{
    fe_sieve_node *node;

    fe_mutex_lock(&shard->mutex);
    node = fe_sieve_evict(&shard->queue, spare_block);
    if (node != NULL) retire_block_locked(cache, shard, block_of(node));
    fe_mutex_unlock(&shard->mutex);
    if (node != NULL) fe_tally_add(&cache->tally, COUNTER_EVICTIONS, 1);
    return node != NULL;
}

static bool is_over_capacity(fe_block_cache *cache)
{
    return atomic_load_explicit(&cache->used_bytes, memory_order_relaxed) +
               atomic_load_explicit(&cache->lent_bytes, memory_order_relaxed) >
           atomic_load_explicit(&cache->capacity_bytes, memory_order_relaxed);
}

// Takes one block from each shard in turn, until the rest fits or all of the rest is pinned.
static void evict(fe_block_cache *cache)
{
    uint32_t failures = 0;

    while (failures < SHARD_COUNT && is_over_capacity(cache)) {
        uint32_t next =
            atomic_fetch_add_explicit(&cache->next_shard, 1, memory_order_relaxed) % SHARD_COUNT;
        failures = evict_one(cache, &cache->shards[next]) ? 0 : failures + 1;
    }
}

void fe_block_cache_set_capacity(fe_block_cache *cache, uint64_t capacity_bytes)
{
    atomic_store_explicit(&cache->capacity_bytes, capacity_bytes, memory_order_relaxed);
    evict(cache);
    fe_epoch_collect(cache->epoch);
}

void fe_block_cache_lend(fe_block_cache *cache, uint64_t bytes)
{
    if (bytes == 0) return;
    atomic_fetch_add_explicit(&cache->lent_bytes, bytes, memory_order_relaxed);
    evict(cache);
    fe_epoch_collect(cache->epoch);
}

void fe_block_cache_give_back(fe_block_cache *cache, uint64_t bytes)
{
    atomic_fetch_sub_explicit(&cache->lent_bytes, bytes, memory_order_relaxed);
}

// Returns the block that stands at `home` afterwards: another thread's if that was faster.
static fe_cached_block *install(fe_block_cache *cache, cache_shard *shard, fe_cached_block *cached,
                                fe_block_home *home)
{
    fe_cached_block *present;

    fe_mutex_lock(&shard->mutex);
    present = atomic_load_explicit(home, memory_order_relaxed);
    if (present == NULL) {
        cached->home = home;
        fe_sieve_insert(&shard->queue, &cached->node);
        atomic_fetch_add_explicit(&cache->used_bytes, cached->size_bytes, memory_order_relaxed);
        // Pairs with the acquire in fe_block_cache_peek: the whole block is seen.
        atomic_store_explicit(home, cached, memory_order_release);
    }
    fe_mutex_unlock(&shard->mutex);
    return present != NULL ? present : cached;
}

ferric_status fe_block_cache_load(fe_block_cache *cache, const fe_table *table, uint32_t block,
                                  fe_block_reader *reader, bool fill, fe_block_home *home,
                                  fe_cached_block **cached)
{
    uint64_t capacity = atomic_load_explicit(&cache->capacity_bytes, memory_order_relaxed);
    fe_cached_block *created;
    ferric_status status = create_block(cache, table, block, &created);

    *cached = NULL;
    if (status != FERRIC_OK) return status;
    status = read_block(cache, table, block, reader, created);
    if (status != FERRIC_OK) {
        free_block(created);
        return status;
    }
    fe_tally_add(&cache->tally, COUNTER_MISSES, 1);
    if (!fill || created->size_bytes > capacity / KEPT_SHARE) {
        fe_epoch_retire(cache->epoch, &created->retired, reclaim_block);
        *cached = created;
        return FERRIC_OK;
    }
    *cached = install(cache, shard_of(cache, table, block), created, home);
    if (*cached != created) {
        free_block(created);
    } else {
        evict(cache);
    }
    return FERRIC_OK;
}

void fe_block_cache_remove(fe_block_cache *cache, const fe_table *table, uint32_t block,
                           fe_block_home *home)
{
    cache_shard *shard = shard_of(cache, table, block);
    fe_cached_block *cached;

    // Nobody loads blocks of a table that is being closed, so NULL stays NULL.
    if (fe_block_cache_peek(home) == NULL) return;
    fe_mutex_lock(&shard->mutex);
    cached = atomic_load_explicit(home, memory_order_relaxed);
    if (cached != NULL) {
        fe_sieve_remove(&shard->queue, &cached->node);
        retire_block_locked(cache, shard, cached);
    }
    fe_mutex_unlock(&shard->mutex);
}

// ---- Statistics ------------------------------------------------------------------------------

uint64_t fe_block_cache_pinned_bytes(const fe_block_cache *cache)
{
    return fe_tally_sum(&cache->tally, COUNTER_PINNED_BYTES);
}

void fe_block_cache_stats_get(const fe_block_cache *cache, fe_block_cache_stats *stats)
{
    stats->capacity_bytes = atomic_load_explicit(&cache->capacity_bytes, memory_order_relaxed);
    stats->lent_bytes = atomic_load_explicit(&cache->lent_bytes, memory_order_relaxed);
    stats->used_bytes = atomic_load_explicit(&cache->used_bytes, memory_order_relaxed);
    stats->pinned_bytes = fe_block_cache_pinned_bytes(cache);
    stats->misses = fe_tally_sum(&cache->tally, COUNTER_MISSES);
    stats->evictions = fe_tally_sum(&cache->tally, COUNTER_EVICTIONS);
}
