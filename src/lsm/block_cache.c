// SPDX-License-Identifier: Apache-2.0
// The slow side of the block cache: loading, evicting, pinning.
//
// The queue is cut into shards by table number and block; each shard's mutex guards its queue and
// the homes that belong to it. (Not by address: what is evicted must not differ from run to run, or
// no test could make "the seventh read" fail.) The bytes are counted over all shards together, so
// that a large block finds its room wherever it is. Lock order: shard, then epoch; slabs last.
#include "lsm/block_cache.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "base/memory.h"
#include "base/seeded_bug.h"
#include "lsm/slab.h"
#include "lsm/tally.h"

#define SHARD_COUNT 16
#define SHARD_BITS 4
// Readers that wait for the next miss; more than threads that miss at once are not needed.
#define READER_COUNT 8
// The bit of `holds` for the cache and, after eviction, for the sections that may still look.
#define HELD_BY_CACHE ((uint32_t)1 << 31)
// What one block may take of the capacity.
#define KEPT_SHARE 4
// From this capacity on blocks stand in slots. Below, a chunk is too much of it.
#define SLABS_CAPACITY_MIN ((uint64_t)32 << 20)
// Of the capacity: what is left to free slots, and where their number keeps chunks from being made.
#define ROOM_SHARE 16
#define FREE_SLOTS_SHARE 8

static_assert((1 << SHARD_BITS) == SHARD_COUNT, "a hash chooses the shard");

enum {
    COUNTER_PINNED_BYTES = 0,
    COUNTER_MISSES = 1,
    COUNTER_EVICTIONS = 2,
    COUNTER_PIN_SHARE = 3, // What the thread may still pin before it asks what all have pinned.
};

typedef struct cache_shard {
    _Alignas(FE_CACHE_LINE) fe_mutex mutex;
    // Guarded by mutex.
    fe_sieve queue;
} cache_shard;

struct fe_block_cache {
    cache_shard shards[SHARD_COUNT];
    fe_epoch *epoch;
    fe_tally tally;
    fe_slabs *slabs; // NULL: the cache is small.
    _Atomic(uint64_t) capacity_bytes;
    _Atomic(uint64_t) used_bytes; // Of all blocks in queues. Touched by misses only.
    _Atomic(uint64_t) heap_bytes; // Of those that stand in no slot.
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
    if (status == FERRIC_OK && capacity_bytes >= SLABS_CAPACITY_MIN)
        status = fe_slabs_create(&created->slabs);
    if (status != FERRIC_OK) {
        fe_tally_deinit(&created->tally);
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
    fe_slabs_destroy(cache->slabs);
    fe_tally_deinit(&cache->tally);
    fe_free_aligned(cache);
}

// ---- Bounds ----------------------------------------------------------------------------------

static uint64_t look(const _Atomic(uint64_t) *bytes)
{
    return atomic_load_explicit(bytes, memory_order_relaxed);
}

// With slots, a part is kept free for the blocks that come next: what was evicted keeps its slot
// until no section can see it any more, and until then a new block needs another one.
static bool has_room(const fe_block_cache *cache, uint64_t bytes)
{
    uint64_t capacity = look(&cache->capacity_bytes);
    uint64_t room = cache->slabs == NULL ? 0 : capacity / ROOM_SHARE;

    return look(&cache->used_bytes) + look(&cache->lent_bytes) + room + bytes <= capacity;
}

static bool is_over_capacity(const fe_block_cache *cache)
{
    return !has_room(cache, 0);
}

static size_t memory_of(const fe_table *table, uint32_t block)
{
    return sizeof(fe_cached_block) + fe_table_block_memory(table, block);
}

bool fe_block_cache_has_room(const fe_block_cache *cache, const fe_table *table, uint32_t block)
{
    return has_room(cache, memory_of(table, block));
}

// What the blocks have of the system, with free slots.
static uint64_t held_bytes(const fe_block_cache *cache)
{
    return cache->slabs == NULL ? look(&cache->used_bytes)
                                : fe_slabs_mapped_bytes(cache->slabs) + look(&cache->heap_bytes);
}

static bool holds_too_much(const fe_block_cache *cache)
{
    return held_bytes(cache) + look(&cache->lent_bytes) > look(&cache->capacity_bytes);
}

static bool may_map_chunk(const fe_block_cache *cache)
{
    uint64_t capacity = look(&cache->capacity_bytes);
    uint64_t mapped = fe_slabs_mapped_bytes(cache->slabs) + FE_SLAB_CHUNK_SIZE;

    return mapped + look(&cache->heap_bytes) + look(&cache->lent_bytes) <= capacity &&
           mapped - fe_slabs_taken_bytes(cache->slabs) <= capacity / FREE_SLOTS_SHARE;
}

static uint32_t shard_of(const fe_table *table, uint32_t block)
{
    uint64_t mixed = (fe_table_identity_of(table)->number << 32) + block;

    return (uint32_t)(mixed * 0x9e3779b97f4a7c15u >> (64 - SHARD_BITS));
}

// ---- Pins ------------------------------------------------------------------------------------

void fe_block_cache_pin(fe_block_cache *cache, uint64_t bytes)
{
    fe_tally_add(&cache->tally, COUNTER_PINNED_BYTES, bytes);
    fe_tally_add(&cache->tally, COUNTER_PIN_SHARE, 0 - bytes);
}

void fe_block_cache_unpin(fe_block_cache *cache, uint64_t bytes)
{
    fe_tally_add(&cache->tally, COUNTER_PINNED_BYTES, 0 - bytes);
}

// Asks for all threads' lines, which they write at each pin, so that each has to give its up. What
// is left is shared out such that all shares together are not more.
static FE_NOINLINE bool take_share(fe_block_cache *cache, uint64_t limit)
{
    uint64_t pinned = fe_block_cache_pinned_bytes(cache);
    uint64_t share;

    if (pinned >= limit) return false;
    share = (limit - pinned) / FE_THREAD_INDEX_COUNT;
    if (FE_SEEDED_BUG(FE_BUG_PIN_SHARE_UNBOUNDED)) share = INT64_MAX;
    fe_tally_add(&cache->tally, COUNTER_PIN_SHARE,
                 share - fe_tally_own(&cache->tally, COUNTER_PIN_SHARE));
    return true;
}

bool fe_block_cache_may_pin(fe_block_cache *cache, uint64_t limit)
{
    if (FE_LIKELY((int64_t)fe_tally_own(&cache->tally, COUNTER_PIN_SHARE) > 0)) return true;
    return take_share(cache, limit);
}

// ---- Lifetime of a block ---------------------------------------------------------------------

static void free_block(fe_cached_block *cached)
{
    if (cached->is_slot) {
        atomic_store_explicit(&cached->state, FE_BLOCK_IDLE, memory_order_relaxed);
        fe_slabs_give(cached->cache->slabs, cached);
    } else {
        fe_free_aligned(cached);
    }
}

void fe_cached_block_ref(fe_cached_block *cached)
{
    // Relaxed: the section, or another reference, keeps the block alive meanwhile.
    uint32_t before = atomic_fetch_add_explicit(&cached->holds, 1, memory_order_relaxed);

    if ((before & ~HELD_BY_CACHE) == 0) fe_block_cache_pin(cached->cache, cached->size_bytes);
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
    if ((before & ~HELD_BY_CACHE) == 1) fe_block_cache_unpin(cache, size_bytes);
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

// From a slot if the block is to be kept and there is one.
static void *allocate(fe_block_cache *cache, bool is_kept, size_t *size, bool *is_slot)
{
    void *slot = NULL;

    if (is_kept && cache->slabs != NULL && fe_slabs_has_size(*size))
        slot = fe_slabs_take(cache->slabs, size, may_map_chunk(cache));
    *is_slot = slot != NULL;
    return *is_slot ? slot : fe_alloc_aligned(FE_CACHE_LINE, *size);
}

static ferric_status create_block(fe_block_cache *cache, const fe_table *table, uint32_t block,
                                  bool is_kept, fe_cached_block **created)
{
    size_t size = memory_of(table, block);
    bool is_slot;
    fe_cached_block *cached = allocate(cache, is_kept, &size, &is_slot);

    *created = cached;
    if (cached == NULL) return fe_no_memory("cached block", size);
    cached->view = (fe_block){0};
    atomic_init(&cached->is_marked, false);
    cached->size_bytes = (uint32_t)size; // Far below: FE_BLOCK_CONTENT_SIZE_MAX.
    cached->is_slot = is_slot;
    cached->shard = (uint8_t)shard_of(table, block);
    cached->cache = cache;
    cached->home = NULL;
    cached->node = (fe_sieve_node){0};
    cached->retired = (fe_retired){0};
    // A slot has it so, and may be looked at meanwhile (C6).
    if (!is_slot) atomic_init(&cached->state, FE_BLOCK_IDLE);
    atomic_store_explicit(&cached->holds, HELD_BY_CACHE, memory_order_relaxed);
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
static void retire_block_locked(fe_block_cache *cache, fe_cached_block *cached)
{
    fe_mutex_assert_held(&cache->shards[cached->shard].mutex);
    atomic_store_explicit(&cached->state, FE_BLOCK_RETIRED, memory_order_relaxed);
    atomic_store_explicit(cached->home, NULL, memory_order_release);
    atomic_fetch_sub_explicit(&cache->used_bytes, cached->size_bytes, memory_order_relaxed);
    if (!cached->is_slot)
        atomic_fetch_sub_explicit(&cache->heap_bytes, cached->size_bytes, memory_order_relaxed);
    if (FE_SEEDED_BUG(FE_BUG_BLOCK_FREED_UNDER_READER)) {
        reclaim_block(&cached->retired);
        return;
    }
    fe_epoch_retire(cache->epoch, &cached->retired, reclaim_block);
}

static void remove_block_locked(fe_block_cache *cache, fe_cached_block *cached)
{
    fe_sieve_remove(&cache->shards[cached->shard].queue, &cached->node);
    retire_block_locked(cache, cached);
}

static bool evict_one(fe_block_cache *cache, cache_shard *shard)
{
    fe_sieve_node *node;

    fe_mutex_lock(&shard->mutex);
    node = fe_sieve_evict(&shard->queue, spare_block);
    if (node != NULL) retire_block_locked(cache, block_of(node));
    fe_mutex_unlock(&shard->mutex);
    if (node != NULL) fe_tally_add(&cache->tally, COUNTER_EVICTIONS, 1);
    return node != NULL;
}

// Takes one block from each shard in turn, until no more `is_wanted` or all of the rest is pinned.
static void evict_while(fe_block_cache *cache, bool (*is_wanted)(const fe_block_cache *cache))
{
    uint32_t failures = 0;

    while (failures < SHARD_COUNT && is_wanted(cache)) {
        uint32_t next =
            atomic_fetch_add_explicit(&cache->next_shard, 1, memory_order_relaxed) % SHARD_COUNT;
        failures = evict_one(cache, &cache->shards[next]) ? 0 : failures + 1;
    }
}

// Acquire: the rest of the block is there when it is in a queue.
static fe_slot_use use_of(void *slot)
{
    const fe_cached_block *cached = slot;
    uint8_t state = atomic_load_explicit(&cached->state, memory_order_acquire);
    uint32_t holds = atomic_load_explicit(&cached->holds, memory_order_relaxed);

    if (state == FE_BLOCK_IDLE || (holds & ~HELD_BY_CACHE) != 0) return FE_SLOT_STAYS;
    return state == FE_BLOCK_RETIRED ? FE_SLOT_LEAVES : FE_SLOT_CAN_GO;
}

// Evicts one block, if another thread has not. REQUIRES: inside a section in which its state was
// FE_BLOCK_QUEUED, so that it is not reclaimed before the end.
static void evict_this(fe_block_cache *cache, fe_cached_block *cached)
{
    cache_shard *shard = &cache->shards[cached->shard];
    bool is_queued;

    fe_mutex_lock(&shard->mutex);
    is_queued = atomic_load_explicit(&cached->state, memory_order_relaxed) == FE_BLOCK_QUEUED;
    if (is_queued) remove_block_locked(cache, cached);
    fe_mutex_unlock(&shard->mutex);
    if (is_queued) fe_tally_add(&cache->tally, COUNTER_EVICTIONS, 1);
}

// Gives the sparsest chunk up, with the blocks in it. False: all have one that cannot go.
static bool give_up_chunk(fe_block_cache *cache)
{
    void *slots[FE_SLAB_SLOTS_MAX];
    bool is_any;
    size_t count;

    fe_epoch_enter(cache->epoch);
    count = fe_slabs_empty_sparsest(cache->slabs, use_of, slots, &is_any);
    for (size_t i = 0; i < count; i++)
        evict_this(cache, slots[i]);
    fe_epoch_leave(cache->epoch);
    return is_any;
}

// Chunks go first: what is evicted one by one leaves slots behind.
static void evict(fe_block_cache *cache)
{
    while (cache->slabs != NULL && holds_too_much(cache)) {
        if (FE_SEEDED_BUG(FE_BUG_FREE_SLOTS_UNBOUNDED)) break;
        if (give_up_chunk(cache)) continue;
        evict_while(cache, holds_too_much);
        break;
    }
    evict_while(cache, is_over_capacity);
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
static fe_cached_block *install(fe_block_cache *cache, fe_cached_block *cached, fe_block_home *home)
{
    cache_shard *shard = &cache->shards[cached->shard];
    fe_cached_block *present;

    fe_mutex_lock(&shard->mutex);
    present = atomic_load_explicit(home, memory_order_relaxed);
    if (present == NULL) {
        cached->home = home;
        fe_sieve_insert(&shard->queue, &cached->node);
        atomic_fetch_add_explicit(&cache->used_bytes, cached->size_bytes, memory_order_relaxed);
        if (!cached->is_slot)
            atomic_fetch_add_explicit(&cache->heap_bytes, cached->size_bytes, memory_order_relaxed);
        // Pairs with the acquire in use_of.
        atomic_store_explicit(&cached->state, FE_BLOCK_QUEUED, memory_order_release);
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
    fe_cached_block *created;
    ferric_status status = create_block(cache, table, block, fill, &created);

    *cached = NULL;
    if (status != FERRIC_OK) return status;
    status = read_block(cache, table, block, reader, created);
    if (status != FERRIC_OK) {
        free_block(created);
        return status;
    }
    fe_tally_add(&cache->tally, COUNTER_MISSES, 1);
    if (!fill || created->size_bytes > look(&cache->capacity_bytes) / KEPT_SHARE) {
        fe_epoch_retire(cache->epoch, &created->retired, reclaim_block);
        *cached = created;
        return FERRIC_OK;
    }
    *cached = install(cache, created, home);
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
    cache_shard *shard = &cache->shards[shard_of(table, block)];
    fe_cached_block *cached;

    // Nobody loads blocks of a table that is being closed, so NULL stays NULL.
    if (fe_block_cache_peek(home) == NULL) return;
    fe_mutex_lock(&shard->mutex);
    cached = atomic_load_explicit(home, memory_order_relaxed);
    if (cached != NULL) remove_block_locked(cache, cached);
    fe_mutex_unlock(&shard->mutex);
}

// ---- Statistics ------------------------------------------------------------------------------

uint64_t fe_block_cache_pinned_bytes(const fe_block_cache *cache)
{
    return fe_tally_sum(&cache->tally, COUNTER_PINNED_BYTES);
}

void fe_block_cache_stats_get(const fe_block_cache *cache, fe_block_cache_stats *stats)
{
    stats->capacity_bytes = look(&cache->capacity_bytes);
    stats->lent_bytes = look(&cache->lent_bytes);
    stats->used_bytes = held_bytes(cache);
    stats->pinned_bytes = fe_block_cache_pinned_bytes(cache);
    stats->misses = fe_tally_sum(&cache->tally, COUNTER_MISSES);
    stats->evictions = fe_tally_sum(&cache->tally, COUNTER_EVICTIONS);
}
