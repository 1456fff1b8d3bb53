// SPDX-License-Identifier: Apache-2.0
// A skip list with a hash of its keys beside it; drawing and invariants stand in the header.
#include "lsm/memtable.h"

#include <assert.h>
#include <string.h>

#include "base/compiler.h"
#include "base/memory.h"
#include "base/status.h"
#include "lsm/skiplist.h"

#define PAGE_SIZE 4096
#define CAPACITY_MIN PAGE_SIZE
#define CAPACITY_MAX ((uint64_t)2 << 30)
// One slot for so many bytes: with entries of 73 bytes (a 20-byte key with a 25-byte value) arena
// and hash are full together, and a get of larger ones finds its slot at once.
#define BYTES_PER_SLOT 64
// Range deletes stand outside of the mapping. They fill the memtable when they take a quarter of
// its size, and this much in any case.
#define RANGE_BYTES_MIN ((size_t)64 << 10)

typedef _Atomic(uint64_t) counter;

struct fe_memtable {
    _Atomic(uint32_t) *slots; // In the mapping, which begins there.
    uint32_t slot_count;
    uint32_t offset_bits; // Of a slot; the rest is fingerprint.
    size_t mapping_size;
    fe_page_pool *pool;
    uint32_t slots_used; // The writer's.
    fe_skiplist list;
    fe_range_tree ranges;
    // Written by the writer alone, read by everybody.
    counter entries;
    counter deletes;
    counter user_bytes;
    counter smallest_sequence;
    counter largest_sequence;
};

// ---- Hash -----------------------------------------------------------------------------------

// Where the search for a hash begins: the high half of the hash scaled to the number of slots.
static uint32_t slot_index(const fe_memtable *memtable, uint64_t hash)
{
    return (uint32_t)(((hash >> 32) * memtable->slot_count) >> 32);
}

// The low bits of the hash at the place where a slot has them.
static uint32_t slot_fingerprint(const fe_memtable *memtable, uint64_t hash)
{
    return (uint32_t)hash << memtable->offset_bits;
}

// Finds the newest node of `key`. *index is its slot, or the empty slot where it belongs.
static fe_skiplist_ref find_newest(const fe_memtable *memtable, ferric_slice key, uint64_t hash,
                                   uint32_t *index)
{
    uint32_t offset_mask = ((uint32_t)1 << memtable->offset_bits) - 1;
    uint32_t fingerprint = slot_fingerprint(memtable, hash);
    uint32_t at = slot_index(memtable, hash);

    for (;;) {
        // Pairs with the release store in slot_store.
        uint32_t slot = atomic_load_explicit(&memtable->slots[at], memory_order_acquire);
        fe_skiplist_ref ref = slot & offset_mask;
        if (slot == 0 ||
            ((slot & ~offset_mask) == fingerprint &&
             fe_slice_equal(fe_skiplist_key(fe_skiplist_node_at(&memtable->list, ref)), key))) {
            *index = at;
            return ref;
        }
        if (++at == memtable->slot_count) at = 0;
    }
}

static void slot_store(fe_memtable *memtable, uint32_t index, uint64_t hash, fe_skiplist_ref ref)
{
    uint32_t slot = slot_fingerprint(memtable, hash) | ref;
    atomic_store_explicit(&memtable->slots[index], slot, memory_order_release);
}

static uint32_t slots_limit(const fe_memtable *memtable)
{
    return memtable->slot_count - memtable->slot_count / 8;
}

// ---- Life -----------------------------------------------------------------------------------

static uint32_t bits_for(uint64_t values)
{
    uint32_t bits = 0;
    while (((uint64_t)1 << bits) < values)
        bits++;
    return bits;
}

ferric_status fe_memtable_create(uint64_t capacity_bytes, const fe_key_code *code,
                                 fe_page_pool *pool, fe_memtable **memtable)
{
    uint64_t capacity = capacity_bytes;
    fe_memtable *created;
    uint8_t *mapping;
    bool is_zero;

    *memtable = NULL;
    if (capacity < CAPACITY_MIN) capacity = CAPACITY_MIN;
    if (capacity > CAPACITY_MAX) capacity = CAPACITY_MAX;
    capacity = (capacity + PAGE_SIZE - 1) / PAGE_SIZE * PAGE_SIZE;
    created = fe_alloc_zero(1, sizeof *created);
    if (created == NULL) return fe_no_memory("a memtable", sizeof *created);
    mapping = fe_page_pool_take(pool, (size_t)capacity, &is_zero);
    if (mapping == NULL) {
        fe_free(created);
        return fe_no_memory("a memtable", (size_t)capacity);
    }
    created->pool = pool;
    created->slots = (void *)mapping;
    created->slot_count = (uint32_t)(capacity / BYTES_PER_SLOT);
    if (!is_zero) memset(mapping, 0, created->slot_count * sizeof *created->slots);
    created->offset_bits = bits_for(capacity / FE_SKIPLIST_UNIT);
    created->mapping_size = (size_t)capacity;
    atomic_init(&created->smallest_sequence, UINT64_MAX);
    fe_skiplist_init(&created->list, mapping, created->slot_count * sizeof *created->slots,
                     (size_t)capacity, code);
    *memtable = created;
    return FERRIC_OK;
}

void fe_memtable_destroy(fe_memtable *memtable)
{
    if (memtable == NULL) return;
    fe_range_tree_deinit(&memtable->ranges);
    fe_page_pool_give(memtable->pool, memtable->list.base, memtable->mapping_size);
    fe_free(memtable);
}

// ---- Writing --------------------------------------------------------------------------------

size_t fe_memtable_entry_cost(size_t key_size, size_t value_size)
{
    return fe_skiplist_cost(key_size, value_size);
}

static bool has_range_room(const fe_memtable *memtable)
{
    size_t max = memtable->mapping_size / 4;

    return fe_range_tree_arena_bytes(&memtable->ranges) <=
           (max > RANGE_BYTES_MIN ? max : RANGE_BYTES_MIN);
}

bool fe_memtable_has_room(const fe_memtable *memtable, size_t entries, size_t cost_bytes)
{
    if (!has_range_room(memtable)) return false;
    return cost_bytes <= fe_skiplist_room(&memtable->list) &&
           entries <= slots_limit(memtable) - memtable->slots_used;
}

// There is one writer, so reading and writing need not be one step.
static void counter_set(counter *at, uint64_t value)
{
    atomic_store_explicit(at, value, memory_order_relaxed);
}

static uint64_t counter_get(const counter *at)
{
    return atomic_load_explicit(at, memory_order_relaxed);
}

static void count_sequence(fe_memtable *memtable, uint64_t sequence)
{
    if (sequence < counter_get(&memtable->smallest_sequence)) {
        counter_set(&memtable->smallest_sequence, sequence);
    }
    if (sequence > counter_get(&memtable->largest_sequence)) {
        counter_set(&memtable->largest_sequence, sequence);
    }
}

static void count_entry(fe_memtable *memtable, const fe_entry *entry)
{
    size_t key_size =
        entry->key.size < FE_KEYSPACE_ID_SIZE ? 0 : entry->key.size - FE_KEYSPACE_ID_SIZE;

    counter_set(&memtable->entries, counter_get(&memtable->entries) + 1);
    if (entry->kind == FE_ENTRY_DELETE) {
        counter_set(&memtable->deletes, counter_get(&memtable->deletes) + 1);
    }
    counter_set(&memtable->user_bytes,
                counter_get(&memtable->user_bytes) + key_size + entry->value.size);
    count_sequence(memtable, entry->sequence);
}

void fe_memtable_insert(fe_memtable *memtable, const fe_entry *entry, uint64_t hash)
{
    uint32_t index;
    fe_skiplist_ref newest = find_newest(memtable, entry->key, hash, &index);
    uint64_t newest_sequence = 0;
    fe_skiplist_ref ref;

    assert(memtable->slots_used <= slots_limit(memtable));
    if (newest != 0)
        newest_sequence = fe_skiplist_sequence(fe_skiplist_node_at(&memtable->list, newest));
    if (newest != 0 && newest_sequence < entry->sequence) {
        ref = fe_skiplist_insert_newer(&memtable->list, newest, entry);
    } else {
        ref = fe_skiplist_insert(&memtable->list, entry);
    }
    if (ref == 0) return;
    if (newest == 0) memtable->slots_used++;
    if (newest == 0 || newest_sequence < entry->sequence) slot_store(memtable, index, hash, ref);
    count_entry(memtable, entry);
}

// ---- Range deletes --------------------------------------------------------------------------

ferric_status fe_memtable_stage_range(fe_memtable *memtable, ferric_slice lower, ferric_slice upper,
                                      uint64_t sequence)
{
    return fe_range_tree_stage(&memtable->ranges, lower, upper, sequence);
}

void fe_memtable_publish_ranges(fe_memtable *memtable, uint64_t sequence)
{
    count_sequence(memtable, sequence);
    fe_range_tree_publish(&memtable->ranges);
}

void fe_memtable_unstage_ranges(fe_memtable *memtable)
{
    fe_range_tree_unstage(&memtable->ranges);
}

const fe_range_tree *fe_memtable_ranges(const fe_memtable *memtable)
{
    return &memtable->ranges;
}

size_t fe_memtable_count_between(const fe_memtable *memtable, ferric_slice lower,
                                 ferric_slice upper, size_t count_max)
{
    const fe_skiplist *list = &memtable->list;
    fe_skiplist_ref ref = fe_skiplist_seek(list, lower, FE_SEQUENCE_MAX);
    size_t count = 0;

    while (ref != 0 && count < count_max &&
           fe_slice_compare(fe_skiplist_key(fe_skiplist_node_at(list, ref)), upper) < 0) {
        ref = fe_skiplist_next(list, ref);
        count++;
    }
    return count;
}

// ---- Reading --------------------------------------------------------------------------------

void fe_memtable_prefetch(const fe_memtable *memtable, uint64_t hash)
{
    FE_PREFETCH(&memtable->slots[slot_index(memtable, hash)]);
}

void fe_memtable_approach(const fe_memtable *memtable, uint64_t hash)
{
    uint32_t offset_mask = ((uint32_t)1 << memtable->offset_bits) - 1;
    uint32_t slot =
        atomic_load_explicit(&memtable->slots[slot_index(memtable, hash)], memory_order_acquire);

    // Without a look at the fingerprint: most slots that are not empty are the key's.
    if (slot != 0) FE_PREFETCH(fe_skiplist_node_at(&memtable->list, slot & offset_mask));
}

bool fe_memtable_get(const fe_memtable *memtable, ferric_slice key, uint64_t hash,
                     uint64_t sequence, fe_entry *entry)
{
    uint32_t index;
    fe_skiplist_ref ref = find_newest(memtable, key, hash, &index);
    const fe_skiplist_node *node;

    if (ref == 0) return false;
    node = fe_skiplist_node_at(&memtable->list, ref);
    while (fe_skiplist_sequence(node) > sequence) {
        ref = fe_skiplist_next(&memtable->list, ref);
        if (ref == 0) return false;
        node = fe_skiplist_node_at(&memtable->list, ref);
        if (!fe_slice_equal(fe_skiplist_key(node), key)) return false;
    }
    fe_skiplist_entry(node, entry);
    return true;
}

void fe_memtable_stats_get(const fe_memtable *memtable, fe_memtable_stats *stats)
{
    stats->entries = counter_get(&memtable->entries);
    stats->deletes = counter_get(&memtable->deletes);
    stats->range_deletes = fe_range_tree_count(&memtable->ranges);
    stats->range_bytes = fe_range_tree_memory(&memtable->ranges);
    stats->user_bytes = counter_get(&memtable->user_bytes);
    stats->used_bytes = memtable->mapping_size - fe_skiplist_room(&memtable->list);
    stats->capacity_bytes = memtable->mapping_size + sizeof *memtable;
    stats->smallest_sequence = counter_get(&memtable->smallest_sequence);
    stats->largest_sequence = counter_get(&memtable->largest_sequence);
}

uint64_t fe_memtable_largest_sequence(const fe_memtable *memtable)
{
    return counter_get(&memtable->largest_sequence);
}

void fe_memtable_learn(const fe_memtable *memtable, fe_key_code *code)
{
    fe_skiplist_learn(&memtable->list, code);
}

// ---- Iterator -------------------------------------------------------------------------------

typedef struct memtable_iterator {
    fe_iterator base;
    const fe_memtable *memtable;
    const fe_skiplist *list;
    fe_skiplist_ref at;
} memtable_iterator;

static memtable_iterator *iterator_of(fe_iterator *iterator)
{
    return (memtable_iterator *)(void *)iterator;
}

static void iterator_place(fe_iterator *iterator, fe_skiplist_ref ref)
{
    memtable_iterator *self = iterator_of(iterator);

    self->at = ref;
    iterator->is_valid = ref != 0;
    if (ref != 0) fe_skiplist_entry(fe_skiplist_node_at(self->list, ref), &iterator->entry);
}

static void iterator_seek(fe_iterator *iterator, ferric_slice key, uint64_t sequence)
{
    iterator_place(iterator, fe_skiplist_seek(iterator_of(iterator)->list, key, sequence));
}

static void iterator_seek_before(fe_iterator *iterator, ferric_slice key, uint64_t sequence)
{
    iterator_place(iterator, fe_skiplist_seek_before(iterator_of(iterator)->list, key, sequence));
}

static void iterator_first(fe_iterator *iterator)
{
    iterator_place(iterator, fe_skiplist_first(iterator_of(iterator)->list));
}

static void iterator_last(fe_iterator *iterator)
{
    iterator_place(iterator, fe_skiplist_last(iterator_of(iterator)->list));
}

static void iterator_next(fe_iterator *iterator)
{
    assert(iterator->is_valid);
    iterator_place(iterator,
                   fe_skiplist_next(iterator_of(iterator)->list, iterator_of(iterator)->at));
}

// Links lead forward only, so the way back is a search.
static void iterator_prev(fe_iterator *iterator)
{
    assert(iterator->is_valid);
    iterator_seek_before(iterator, iterator->entry.key, iterator->entry.sequence);
}

// A memtable that was full before the range was deleted has nothing newer in it.
static void iterator_leap(fe_iterator *iterator, ferric_slice upper, uint64_t sequence)
{
    if (fe_memtable_largest_sequence(iterator_of(iterator)->memtable) < sequence) {
        iterator_seek(iterator, upper, FE_SEQUENCE_MAX);
    } else {
        iterator_next(iterator);
    }
}

static void iterator_leap_back(fe_iterator *iterator, ferric_slice lower, uint64_t sequence)
{
    if (fe_memtable_largest_sequence(iterator_of(iterator)->memtable) < sequence) {
        iterator_seek_before(iterator, lower, FE_SEQUENCE_MAX);
    } else {
        iterator_prev(iterator);
    }
}

static void iterator_destroy(fe_iterator *iterator)
{
    fe_free(iterator);
}

static const fe_iterator_ops iterator_ops = {
    .seek = iterator_seek,
    .seek_before = iterator_seek_before,
    .first = iterator_first,
    .last = iterator_last,
    .next = iterator_next,
    .prev = iterator_prev,
    .leap = iterator_leap,
    .leap_back = iterator_leap_back,
    .destroy = iterator_destroy,
};

ferric_status fe_memtable_iterator(const fe_memtable *memtable, fe_iterator **iterator)
{
    memtable_iterator *created = fe_alloc_zero(1, sizeof *created);

    *iterator = NULL;
    if (created == NULL) return fe_no_memory("an iterator", sizeof *created);
    created->base.ops = &iterator_ops;
    created->base.status = FERRIC_OK;
    created->memtable = memtable;
    created->list = &memtable->list;
    *iterator = &created->base;
    return FERRIC_OK;
}
