// SPDX-License-Identifier: Apache-2.0
// Merges k iterators, which stand sorted by the entry that each is at.
//
//   order:  [ current | rival | ... ]   valid children, the one that the walk meets first in front
//
// After a step the current child is compared with its rival alone: it mostly wins and runs on. When
// it loses it is put back among the others by binary search, whose entries have not moved.
//
// The walk goes forward after seek, first and next, backward after seek_before, last and prev.
// While it goes forward every valid child stands at its first entry that is not before the current
// one; backward, at its last that is not behind it.
#include "lsm/merge_iterator.h"

#include <assert.h>

#include "base/memory.h"
#include "base/seeded_bug.h"
#include "base/status.h"

// Up to so many children, comparing with all costs less than a branch that is guessed wrong.
#define FEW 6

typedef struct merge_iterator {
    fe_iterator base;
    bool is_forward;
    size_t count;
    size_t valid_count;
    uint64_t overlap_bytes;
    fe_iterator **order; // valid_count of them; stands behind the children.
    fe_iterator *children[];
} merge_iterator;

static merge_iterator *merge_of(fe_iterator *iterator)
{
    return (merge_iterator *)(void *)iterator;
}

// Whether the walk meets a's entry before b's.
static bool goes_before(const merge_iterator *merge, const fe_iterator *a, const fe_iterator *b)
{
    int order =
        fe_internal_compare(a->entry.key, a->entry.sequence, b->entry.key, b->entry.sequence);
    return merge->is_forward ? order < 0 : order > 0;
}

static void stand_nowhere(merge_iterator *merge, ferric_status status)
{
    merge->base.status = status;
    merge->base.is_valid = false;
    merge->valid_count = 0;
}

static void stand_at_first(merge_iterator *merge)
{
    if (merge->valid_count == 0) {
        stand_nowhere(merge, FERRIC_OK);
        return;
    }
    merge->base.is_valid = true;
    merge->base.entry = merge->order[0]->entry;
}

// Where `child` belongs among order[from .. valid_count).
static size_t place_of(const merge_iterator *merge, const fe_iterator *child, size_t from)
{
    size_t low = from;
    size_t high = merge->valid_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (goes_before(merge, merge->order[middle], child)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

// Sorts the children after any of them have moved.
static void sort_all(merge_iterator *merge)
{
    merge->valid_count = 0;
    for (size_t i = 0; i < merge->count; i++) {
        fe_iterator *child = merge->children[i];
        size_t place;
        if (child->status != FERRIC_OK && !FE_SEEDED_BUG(FE_BUG_CHILD_FAILURE_LOST)) {
            stand_nowhere(merge, child->status);
            return;
        }
        if (!child->is_valid) continue;
        place = place_of(merge, child, 0);
        memmove(merge->order + place + 1, merge->order + place,
                (merge->valid_count - place) * sizeof *merge->order);
        merge->order[place] = child;
        merge->valid_count++;
    }
    if (merge->valid_count > 1)
        merge->overlap_bytes += (merge->valid_count - 1) * FE_OVERLAP_SEEK_BYTES;
    stand_at_first(merge);
}

// Where the current child belongs when it has lost against its rival. Which entry of which child
// comes next is as random as the keys were written, so among few children all are compared, and the
// answers added up: no branch hangs on them.
static inline size_t place_behind_rival(const merge_iterator *merge, const fe_iterator *child)
{
    size_t place = 1;

    if (merge->valid_count > FEW) return place_of(merge, child, 2) - 1;
    for (size_t i = 2; i < merge->valid_count; i++)
        place += goes_before(merge, merge->order[i], child);
    return place;
}

static inline void put_behind(merge_iterator *merge, fe_iterator *child, size_t place)
{
    fe_iterator **order = merge->order;

    if (merge->valid_count > FEW) {
        memmove(order, order + 1, place * sizeof *order);
    } else {
        for (size_t i = 0; i + 1 < merge->valid_count; i++)
            order[i] = order[i + (i < place)];
    }
    order[place] = child;
}

// Puts the current child, and it alone has moved, back in its place.
static void resort_first(merge_iterator *merge)
{
    fe_iterator *child = merge->order[0];

    if (!child->is_valid) {
        if (child->status != FERRIC_OK && !FE_SEEDED_BUG(FE_BUG_CHILD_FAILURE_LOST)) {
            stand_nowhere(merge, child->status);
            return;
        }
        put_behind(merge, child, merge->valid_count - 1);
        merge->valid_count--;
    } else if (merge->valid_count > 1 && goes_before(merge, merge->order[1], child)) {
        put_behind(merge, child, place_behind_rival(merge, child));
        merge->overlap_bytes += FE_OVERLAP_SWITCH_BYTES;
    } else {
        merge->base.entry = child->entry;
        return;
    }
    stand_at_first(merge);
}

// Turns the walk round: every child but the current one is put at the other side of its entry.
static void turn(merge_iterator *merge, bool is_forward)
{
    const fe_iterator *current = merge->order[0];
    ferric_slice key = current->entry.key;
    uint64_t sequence = current->entry.sequence;

    merge->is_forward = is_forward;
    for (size_t i = 0; i < merge->count; i++) {
        fe_iterator *child = merge->children[i];
        if (child == current || FE_SEEDED_BUG(FE_BUG_PREV_AFTER_NEXT)) continue;
        if (is_forward) {
            fe_iterator_seek(child, key, sequence);
        } else {
            fe_iterator_seek_before(child, key, sequence);
        }
    }
}

static void aim_all(merge_iterator *merge, ferric_slice key, uint64_t sequence)
{
    for (size_t i = 0; i < merge->count; i++)
        fe_iterator_aim(merge->children[i], key, sequence);
    for (size_t i = 0; i < merge->count; i++)
        fe_iterator_approach(merge->children[i]);
}

static void merge_seek(fe_iterator *iterator, ferric_slice key, uint64_t sequence)
{
    merge_iterator *merge = merge_of(iterator);

    merge->is_forward = true;
    merge->base.status = FERRIC_OK;
    aim_all(merge, key, sequence);
    for (size_t i = 0; i < merge->count; i++)
        fe_iterator_seek(merge->children[i], key, sequence);
    sort_all(merge);
}

static void merge_seek_before(fe_iterator *iterator, ferric_slice key, uint64_t sequence)
{
    merge_iterator *merge = merge_of(iterator);

    merge->is_forward = false;
    merge->base.status = FERRIC_OK;
    aim_all(merge, key, sequence);
    for (size_t i = 0; i < merge->count; i++)
        fe_iterator_seek_before(merge->children[i], key, sequence);
    sort_all(merge);
}

static void merge_first(fe_iterator *iterator)
{
    merge_iterator *merge = merge_of(iterator);

    merge->is_forward = true;
    merge->base.status = FERRIC_OK;
    for (size_t i = 0; i < merge->count; i++)
        fe_iterator_first(merge->children[i]);
    sort_all(merge);
}

static void merge_last(fe_iterator *iterator)
{
    merge_iterator *merge = merge_of(iterator);

    merge->is_forward = false;
    merge->base.status = FERRIC_OK;
    for (size_t i = 0; i < merge->count; i++)
        fe_iterator_last(merge->children[i]);
    sort_all(merge);
}

static void merge_next(fe_iterator *iterator)
{
    merge_iterator *merge = merge_of(iterator);

    assert(iterator->is_valid);
    if (merge->is_forward) {
        fe_iterator_next(merge->order[0]);
        resort_first(merge);
        return;
    }
    turn(merge, true);
    fe_iterator_next(merge->order[0]);
    sort_all(merge);
}

static void merge_prev(fe_iterator *iterator)
{
    merge_iterator *merge = merge_of(iterator);

    assert(iterator->is_valid);
    if (!merge->is_forward) {
        fe_iterator_prev(merge->order[0]);
        resort_first(merge);
        return;
    }
    turn(merge, false);
    fe_iterator_prev(merge->order[0]);
    sort_all(merge);
}

static void merge_arrive(fe_iterator *iterator)
{
    merge_iterator *merge = merge_of(iterator);

    assert(iterator->is_valid && fe_iterator_is_unread(iterator));
    fe_iterator_arrive(merge->order[0]);
    resort_first(merge);
}

static bool may_leap(const fe_iterator *child, uint64_t sequence)
{
    return child->is_valid && (fe_iterator_is_unread(child) || child->entry.sequence < sequence);
}

// Children that stand at newer entries stay where they are.
static void merge_leap(fe_iterator *iterator, ferric_slice upper, uint64_t sequence)
{
    merge_iterator *merge = merge_of(iterator);

    assert(iterator->is_valid && merge->is_forward);
    for (size_t i = 0; i < merge->count; i++) {
        fe_iterator *child = merge->children[i];
        if (!may_leap(child, sequence)) continue;
        if (fe_slice_compare(child->entry.key, upper) < 0) fe_iterator_leap(child, upper, sequence);
    }
    sort_all(merge);
}

static void merge_leap_back(fe_iterator *iterator, ferric_slice lower, uint64_t sequence)
{
    merge_iterator *merge = merge_of(iterator);

    assert(iterator->is_valid && !merge->is_forward);
    for (size_t i = 0; i < merge->count; i++) {
        fe_iterator *child = merge->children[i];
        if (!may_leap(child, sequence)) continue;
        if (fe_slice_compare(child->entry.key, lower) >= 0)
            fe_iterator_leap_back(child, lower, sequence);
    }
    sort_all(merge);
}

static void merge_destroy(fe_iterator *iterator)
{
    merge_iterator *merge = merge_of(iterator);

    for (size_t i = 0; i < merge->count; i++)
        fe_iterator_destroy(merge->children[i]);
    fe_free(merge);
}

static const fe_iterator_ops merge_ops = {
    .seek = merge_seek,
    .seek_before = merge_seek_before,
    .first = merge_first,
    .last = merge_last,
    .next = merge_next,
    .prev = merge_prev,
    .leap = merge_leap,
    .leap_back = merge_leap_back,
    .arrive = merge_arrive,
    .destroy = merge_destroy,
};

ferric_status fe_merge_iterator_create(fe_iterator **children, size_t count, fe_iterator **iterator)
{
    size_t size = sizeof(merge_iterator) + 2 * count * sizeof(fe_iterator *);
    merge_iterator *merge;

    *iterator = NULL;
    if (count == 1) {
        *iterator = children[0];
        return FERRIC_OK;
    }
    merge = fe_alloc_zero(1, size);
    if (merge == NULL) {
        for (size_t i = 0; i < count; i++)
            fe_iterator_destroy(children[i]);
        return fe_no_memory("a merge iterator", size);
    }
    merge->base.ops = &merge_ops;
    merge->base.status = FERRIC_OK;
    merge->is_forward = true;
    merge->count = count;
    merge->order = merge->children + count;
    for (size_t i = 0; i < count; i++)
        merge->children[i] = children[i];
    *iterator = &merge->base;
    return FERRIC_OK;
}

uint64_t fe_merge_iterator_take_overlap(fe_iterator *iterator)
{
    uint64_t taken;

    if (iterator == NULL || iterator->ops != &merge_ops) return 0;
    taken = merge_of(iterator)->overlap_bytes;
    merge_of(iterator)->overlap_bytes = 0;
    return taken;
}
