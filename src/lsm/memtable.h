// SPDX-License-Identifier: Apache-2.0
// The newest entries, in memory: a skip list for order (lsm/skiplist.h) and a hash index for point
// reads, in one mapping of fixed size; range deletes stand beside them (lsm/range_tree.h).
//
//   mapping: [ hash slots | head node | node | node | ... free ]
//   slot:    fingerprint of the key's hash | offset of the key's newest node in 8-byte units, as
//            many bits as the mapping needs; 0 is an empty slot. Linear probing.
//
// Invariants, beside those of the skip list
// M1. One writer at a time (the leader of the write queue); any number of readers, without a lock.
// M2. The memory goes as a whole; slices lent by a get or an iterator live as long as the memtable.
// M3. A slot is stored with release after its node is linked on level 0 at least, or stands in its
//     chain; readers load it with acquire.
// M4. Versions of one key stand newest first, next to each other, so the slot of the newest leads
//     to all of them. A slot moves on to newer versions of its key and never to another key, so a
//     reader that sees an older version in it misses only versions that were being inserted.
// M5. The skip list's code of keys is learned from the memtable before.
// M6. The memtable is full when its arena or its hash (at 7/8 of its slots) is.
#ifndef FERRIC_LSM_MEMTABLE_H
#define FERRIC_LSM_MEMTABLE_H

#include "lsm/iterator.h"
#include "lsm/key_code.h"
#include "lsm/range_tree.h"
#include "os/page_pool.h"

typedef struct fe_memtable fe_memtable;

// Makes an empty one with about `capacity_bytes` (at least 4 KiB, at most 2 GiB, rounded up to
// 4 KiB) for nodes and hash. The code is copied (NULL: nothing is known of the keys). `pool` (may
// be NULL) lends the pages and lives longer than the memtable.
// Errors: FERRIC_NO_MEMORY.
ferric_status fe_memtable_create(uint64_t capacity_bytes, const fe_key_code *code,
                                 fe_page_pool *pool, fe_memtable **memtable);
// No reader is left. Accepts NULL.
void fe_memtable_destroy(fe_memtable *memtable);

// The most that the entries of one commit may cost: the largest memtable has room for them.
#define FE_COMMIT_COST_MAX ((uint64_t)1 << 30)

// Upper bound of the arena bytes that one entry takes, links included. What it really takes is 34
// bytes and the sizes on average.
size_t fe_memtable_entry_cost(size_t key_size, size_t value_size);
// Whether `entries` more with that cost in all fit for sure.
bool fe_memtable_has_room(const fe_memtable *memtable, size_t entries, size_t cost_bytes);

// Inserts an entry. An entry with the same key and sequence that is already there wins and the new
// one is dropped: a commit is applied from its last entry to its first. `hash` is
// fe_hash64 of the key. REQUIRES: has_room; the caller is the one writer.
void fe_memtable_insert(fe_memtable *memtable, const fe_entry *entry, uint64_t hash);

// The newest version of `key` with a sequence up to `sequence`, whatever its kind. Returns false
// when there is none. The entry's slices live as long as the memtable.
bool fe_memtable_get(const fe_memtable *memtable, ferric_slice key, uint64_t hash,
                     uint64_t sequence, fe_entry *entry);
// Starts loading the hash line that fe_memtable_get will need.
void fe_memtable_prefetch(const fe_memtable *memtable, uint64_t hash);
// Looks at that line, and starts loading the entry that it leads to.
void fe_memtable_approach(const fe_memtable *memtable, uint64_t hash);

// Takes a range delete of the commit `sequence` into the memtable's range deletes; it counts from
// fe_memtable_publish_ranges on, and goes with fe_memtable_unstage_ranges. REQUIRES: the caller is
// the one writer. Errors: FERRIC_NO_MEMORY.
ferric_status fe_memtable_stage_range(fe_memtable *memtable, ferric_slice lower, ferric_slice upper,
                                      uint64_t sequence);
void fe_memtable_publish_ranges(fe_memtable *memtable, uint64_t sequence);
void fe_memtable_unstage_ranges(fe_memtable *memtable);
// Its range deletes, which hide older entries, those of the memtable too.
const fe_range_tree *fe_memtable_ranges(const fe_memtable *memtable);

// How many entries have keys in [lower, upper), counted up to `count_max`.
size_t fe_memtable_count_between(const fe_memtable *memtable, ferric_slice lower,
                                 ferric_slice upper, size_t count_max);

// An iterator over what is there now and what is inserted later. It does not keep the memtable
// alive. Errors: FERRIC_NO_MEMORY.
ferric_status fe_memtable_iterator(const fe_memtable *memtable, fe_iterator **iterator);

typedef struct fe_memtable_stats {
    uint64_t entries;
    uint64_t deletes;
    uint64_t range_deletes;
    uint64_t user_bytes;        // Keys (without keyspace id) and values.
    uint64_t used_bytes;        // Of the capacity; the hash counts as used from the beginning.
    uint64_t range_bytes;       // Of range deletes, beside the capacity.
    uint64_t capacity_bytes;    // Address space it occupies, used or not.
    uint64_t smallest_sequence; // UINT64_MAX when empty.
    uint64_t largest_sequence;  // 0 when empty.
} fe_memtable_stats;

// Exact for the writer; a reader may see numbers of slightly different moments.
void fe_memtable_stats_get(const fe_memtable *memtable, fe_memtable_stats *stats);

// 0 when it is empty. A reader finds it at least as large as any number that it knows to be
// published.
uint64_t fe_memtable_largest_sequence(const fe_memtable *memtable);

// Learns the next memtable's code of keys. For the writer.
void fe_memtable_learn(const fe_memtable *memtable, fe_key_code *code);

#endif
