// SPDX-License-Identifier: Apache-2.0
// What a transaction has written and not yet committed: an ordered map from keys to their writes.
//
//   keys    skip list in key order (memcmp, then length)
//             "a" ── "c" ───────────── "f"
//              │      │                 │
//   writes    #5     #3 <- older #2    #6        each key's, newest first
//             all of them, newest first:  #6 -> #5 -> #3 -> #2
//
// Every write has a number that rises and is never used again in the transaction. A savepoint and
// an iterator are such a number: what they see is each key's newest write up to it.
//
// Invariants
// W1. A write that a savepoint or an iterator may see (its number is up to `seen`) stays until it
//     is
//     rolled back. Another one goes when its key is written again.
// W2. Rolling back removes writes newest first, so the one removed is always its key's newest.
// W3. A key without writes is not in the list. So a key that is seen at a number stays in the list,
//     at its address, as long as nothing is rolled back below that number.
//
// W4. A range delete is a write too; they all hang at one key of their own, outside of the list.
//     One
//     comes with a delete of each key in its range that the transaction wrote before, so what it
//     hides is the store's alone.
//
// Thread rule: one thread at a time.
#ifndef FERRIC_TXN_WRITE_SET_H
#define FERRIC_TXN_WRITE_SET_H

#include <stddef.h>

#include "base/random.h"
#include "lsm/iterator.h"

#define FE_WRITE_SET_HEIGHT_MAX 12
// For some eight keys with values of a hundred bytes.
#define FE_WRITE_SET_ROOM 2048

// What an entry's sequence is until it has one. No committed entry has it.
#define FE_SEQUENCE_UNCOMMITTED FE_SEQUENCE_MAX

typedef struct fe_write {
    struct fe_written_key *key;
    struct fe_write *older;  // Of the same key.
    struct fe_write *before; // Of any key, made earlier,
    struct fe_write *behind; // or later.
    uint64_t number;
    fe_entry_kind kind;
    ferric_slice
        value;         // Stands behind the struct. Of a range delete: its lower key, its upper key.
    size_t lower_size; // Of a range delete.
} fe_write;

typedef struct fe_written_key {
    ferric_slice key; // Stands behind the links. Keyspace id first.
    fe_write *newest;
    uint32_t height;
    struct fe_written_key *next[];
} fe_written_key;

typedef struct fe_write_set {
    fe_written_key *first[FE_WRITE_SET_HEIGHT_MAX];
    fe_written_key *ranges; // W4; NULL: there never was one.
    fe_write *newest;
    uint64_t next_number; // 0 before the first write, whose number is 1.
    uint64_t seen;
    size_t bytes; // Keys and values it holds, those of writes that were written over included.
    size_t memory_bytes; // What that takes from the heap.
    size_t key_count;
    size_t range_count;
    fe_random random;
    // Memory that keys and writes take first, so that a small transaction asks for none. What is
    // given back stays taken until the set is cleared. It need not be zeroed.
    size_t room_used;
    _Alignas(fe_write) uint8_t room[FE_WRITE_SET_ROOM];
} fe_write_set;

// Empty too is one that is zeroed but for its room.
void fe_write_set_clear(fe_write_set *set);

// Adds a put or delete; key and value are copied. Errors: FERRIC_NO_MEMORY: the set is as it was.
ferric_status fe_write_set_add(fe_write_set *set, fe_entry_kind kind, ferric_slice key,
                               ferric_slice value, uint64_t expires_ms);

// Adds a range delete of full keys, which are copied. Errors: FERRIC_NO_MEMORY: the set is as it
// was.
ferric_status fe_write_set_delete_range(fe_write_set *set, ferric_slice lower, ferric_slice upper);

static inline bool fe_write_set_is_empty(const fe_write_set *set)
{
    return set->newest == NULL;
}

// The newest range delete; each leads to an older one. NULL when there is none.
static inline const fe_write *fe_write_set_ranges(const fe_write_set *set)
{
    return set->ranges == NULL ? NULL : set->ranges->newest;
}

static inline ferric_slice fe_write_lower(const fe_write *range)
{
    return fe_slice(range->value.data, range->lower_size);
}

static inline ferric_slice fe_write_upper(const fe_write *range)
{
    return fe_slice_from(range->value, range->lower_size);
}

// Whether a range delete has the key.
bool fe_write_set_hides(const fe_write_set *set, ferric_slice key);

// The newest write of the key; NULL when there is none.
const fe_write *fe_write_set_find(const fe_write_set *set, ferric_slice key);

// The number of the newest write, 0 when there is none: what is there now can be seen, or come back
// to, by it.
uint64_t fe_write_set_mark(fe_write_set *set);

// Removes all writes made after the mark. Returns false, and removes nothing, when the mark is none
// of this set any more.
bool fe_write_set_roll_back(fe_write_set *set, uint64_t mark);

// The first key that is not below `key`, or is above it; the last one below, or not above it. NULL
// when there is none.
fe_written_key *fe_write_set_at_or_after(const fe_write_set *set, ferric_slice key);
fe_written_key *fe_write_set_before(const fe_write_set *set, ferric_slice key);
fe_written_key *fe_write_set_last(const fe_write_set *set);

// The newest write of a key up to a number; NULL when there is none.
static inline const fe_write *fe_written_key_at(const fe_written_key *key, uint64_t number)
{
    const fe_write *write = key->newest;

    while (write != NULL && write->number > number)
        write = write->older;
    return write;
}

// Walks each key's newest write up to `number`, as entries of FE_SEQUENCE_UNCOMMITTED. The set
// outlives its moves, not the iterator. REQUIRES: the number is a mark, and is not rolled back
// below. Errors: FERRIC_NO_MEMORY.
ferric_status fe_write_set_iterator(const fe_write_set *set, uint64_t number,
                                    fe_iterator **iterator);

#endif
