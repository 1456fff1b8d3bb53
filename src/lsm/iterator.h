// SPDX-License-Identifier: Apache-2.0
// Walks entries in internal order (format/internal_key.h): every version of every key. Memtables,
// tables, levels and merges of them are all fe_iterators; only the cursor above them
// (lsm/cursor.h) knows snapshots and deletes.
//
// The current entry is a field, so that reading it costs no call. When `is_valid` is false the
// iterator stands nowhere: behind an end, or it failed, which `status` tells. A failed iterator
// stays where it is until the next seek.
//
// Where range deletes hide much, some iterators put reading off: they stand at an entry of the kind
// FE_ENTRY_UNREAD, which none of their entries is met before, and which has key and sequence alone.
// Key and FE_SEQUENCE_MAX, of a walk backward, stand before all versions of the key. Such an
// iterator is asked to arrive before it steps, or to leap. Who makes no lazy iterator meets none.
//
// Thread rule: one thread at a time.
#ifndef FERRIC_LSM_ITERATOR_H
#define FERRIC_LSM_ITERATOR_H

#include "format/internal_key.h"

typedef struct fe_iterator fe_iterator;

typedef struct fe_iterator_ops {
    void (*seek)(fe_iterator *iterator, ferric_slice key, uint64_t sequence);
    void (*seek_before)(fe_iterator *iterator, ferric_slice key, uint64_t sequence);
    void (*first)(fe_iterator *iterator);
    void (*last)(fe_iterator *iterator);
    void (*next)(fe_iterator *iterator);
    void (*prev)(fe_iterator *iterator);
    // NULL: there is nothing to bring in ahead.
    void (*aim)(fe_iterator *iterator, ferric_slice key, uint64_t sequence);
    void (*approach)(fe_iterator *iterator);
    // NULL: the iterator is never asked to, or steps.
    void (*leap)(fe_iterator *iterator, ferric_slice upper, uint64_t sequence);
    void (*leap_back)(fe_iterator *iterator, ferric_slice lower, uint64_t sequence);
    void (*arrive)(fe_iterator *iterator); // NULL: it never puts reading off.
    void (*destroy)(fe_iterator *iterator);
} fe_iterator_ops;

struct fe_iterator {
    const fe_iterator_ops *ops;
    ferric_status status;
    bool is_valid;
    fe_entry entry; // Lent until the iterator next moves.
};

// To the first entry that is not before (key, sequence). FE_SEQUENCE_MAX: before all versions.
static inline void fe_iterator_seek(fe_iterator *iterator, ferric_slice key, uint64_t sequence)
{
    iterator->ops->seek(iterator, key, sequence);
}

// To the last entry that is before (key, sequence).
static inline void fe_iterator_seek_before(fe_iterator *iterator, ferric_slice key,
                                           uint64_t sequence)
{
    iterator->ops->seek_before(iterator, key, sequence);
}

// Two steps ahead of a seek or seek_before to the same place, for whoever seeks in many iterators:
// each begins to fetch from memory what the next step will look at, so that the waits of all
// overlap. Nothing but that seek may follow.
static inline void fe_iterator_aim(fe_iterator *iterator, ferric_slice key, uint64_t sequence)
{
    if (iterator->ops->aim != NULL) iterator->ops->aim(iterator, key, sequence);
}

static inline void fe_iterator_approach(fe_iterator *iterator)
{
    if (iterator->ops->approach != NULL) iterator->ops->approach(iterator);
}

static inline void fe_iterator_first(fe_iterator *iterator)
{
    iterator->ops->first(iterator);
}

static inline void fe_iterator_last(fe_iterator *iterator)
{
    iterator->ops->last(iterator);
}

static inline bool fe_iterator_is_unread(const fe_iterator *iterator)
{
    return iterator->entry.kind == FE_ENTRY_UNREAD;
}

// Reads what was put off. Then it stands at an entry, at a place farther on that is unread too, or
// nowhere. REQUIRES: is_valid, unread.
static inline void fe_iterator_arrive(fe_iterator *iterator)
{
    iterator->ops->arrive(iterator);
}

// One entry on. REQUIRES: is_valid, not unread.
static inline void fe_iterator_next(fe_iterator *iterator)
{
    iterator->ops->next(iterator);
}

// One entry back. REQUIRES: is_valid, not unread.
static inline void fe_iterator_prev(fe_iterator *iterator)
{
    iterator->ops->prev(iterator);
}

// On past entries below `upper` that are older than `sequence`, for a range delete hides them: one
// at least, and as many more as can be told without a look at them. So it may stop before the last
// of them, never behind one that is newer. An iterator that is unread passes what it can, or
// arrives. REQUIRES: is_valid, at such an entry or at an unread one below `upper`.
static inline void fe_iterator_leap(fe_iterator *iterator, ferric_slice upper, uint64_t sequence)
{
    if (iterator->ops->leap == NULL) {
        iterator->ops->next(iterator);
    } else {
        iterator->ops->leap(iterator, upper, sequence);
    }
}

// Back past such entries whose keys are not below `lower`. REQUIRES: the same.
static inline void fe_iterator_leap_back(fe_iterator *iterator, ferric_slice lower,
                                         uint64_t sequence)
{
    if (iterator->ops->leap_back == NULL) {
        iterator->ops->prev(iterator);
    } else {
        iterator->ops->leap_back(iterator, lower, sequence);
    }
}

// Accepts NULL.
static inline void fe_iterator_destroy(fe_iterator *iterator)
{
    if (iterator != NULL) iterator->ops->destroy(iterator);
}

#endif
