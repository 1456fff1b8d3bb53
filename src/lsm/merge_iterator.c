// SPDX-License-Identifier: Apache-2.0
// Merges k iterators, which stand in the order of the walk, by a linear scan in which the winner
// runs on.
//
// States and who changes them: the walk goes forward after seek, first and next, backward after
// seek_before, last and prev. While it goes forward every valid child stands at its first entry
// that is not before the current one; backward, at its last that is not behind it.
//
// `rival` is the best child beside the current one. The other children do not move while the
// current one runs on, so it stays the rival, and its entry stays lent, until it wins.
#include "lsm/merge_iterator.h"

#include <assert.h>

#include "base/memory.h"
#include "base/status.h"

typedef struct merge_iterator {
    fe_iterator base;
    bool is_forward;
    fe_iterator *current;
    fe_iterator *rival; // NULL when no other child is valid.
    size_t count;
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
    merge->current = NULL;
    merge->rival = NULL;
}

static void stand_at(merge_iterator *merge, fe_iterator *child)
{
    merge->current = child;
    merge->base.is_valid = true;
    merge->base.entry = child->entry;
}

// The valid child that the walk meets first, `but` left out; NULL when there is none.
static fe_iterator *best_but(const merge_iterator *merge, const fe_iterator *but)
{
    fe_iterator *best = NULL;

    for (size_t i = 0; i < merge->count; i++) {
        fe_iterator *child = merge->children[i];
        if (child == but || !child->is_valid) continue;
        if (best == NULL || goes_before(merge, child, best)) best = child;
    }
    return best;
}

// After any of the children have moved.
static void choose(merge_iterator *merge)
{
    for (size_t i = 0; i < merge->count; i++) {
        if (merge->children[i]->status != FERRIC_OK) {
            stand_nowhere(merge, merge->children[i]->status);
            return;
        }
    }
    merge->current = best_but(merge, NULL);
    if (merge->current == NULL) {
        stand_nowhere(merge, FERRIC_OK);
        return;
    }
    merge->rival = best_but(merge, merge->current);
    stand_at(merge, merge->current);
}

// After the current child alone has moved, one step in the direction of the walk.
static void run_on(merge_iterator *merge)
{
    fe_iterator *child = merge->current;
    fe_iterator *rival = merge->rival;

    if (child->is_valid && (rival == NULL || goes_before(merge, child, rival))) {
        merge->base.entry = child->entry;
    } else if (child->status != FERRIC_OK || rival == NULL) {
        stand_nowhere(merge, child->status);
    } else {
        merge->rival = best_but(merge, rival);
        stand_at(merge, rival);
    }
}

// Turns the walk round: every child but the current one is put at the other side of its entry.
static void turn(merge_iterator *merge, bool is_forward)
{
    ferric_slice key = merge->current->entry.key;
    uint64_t sequence = merge->current->entry.sequence;

    merge->is_forward = is_forward;
    for (size_t i = 0; i < merge->count; i++) {
        fe_iterator *child = merge->children[i];
        if (child == merge->current) continue;
        if (is_forward) {
            fe_iterator_seek(child, key, sequence);
        } else {
            fe_iterator_seek_before(child, key, sequence);
        }
    }
}

static void merge_seek(fe_iterator *iterator, ferric_slice key, uint64_t sequence)
{
    merge_iterator *merge = merge_of(iterator);

    merge->is_forward = true;
    merge->base.status = FERRIC_OK;
    for (size_t i = 0; i < merge->count; i++)
        fe_iterator_seek(merge->children[i], key, sequence);
    choose(merge);
}

static void merge_seek_before(fe_iterator *iterator, ferric_slice key, uint64_t sequence)
{
    merge_iterator *merge = merge_of(iterator);

    merge->is_forward = false;
    merge->base.status = FERRIC_OK;
    for (size_t i = 0; i < merge->count; i++)
        fe_iterator_seek_before(merge->children[i], key, sequence);
    choose(merge);
}

static void merge_first(fe_iterator *iterator)
{
    merge_iterator *merge = merge_of(iterator);

    merge->is_forward = true;
    merge->base.status = FERRIC_OK;
    for (size_t i = 0; i < merge->count; i++)
        fe_iterator_first(merge->children[i]);
    choose(merge);
}

static void merge_last(fe_iterator *iterator)
{
    merge_iterator *merge = merge_of(iterator);

    merge->is_forward = false;
    merge->base.status = FERRIC_OK;
    for (size_t i = 0; i < merge->count; i++)
        fe_iterator_last(merge->children[i]);
    choose(merge);
}

static void merge_next(fe_iterator *iterator)
{
    merge_iterator *merge = merge_of(iterator);

    assert(iterator->is_valid);
    if (merge->is_forward) {
        fe_iterator_next(merge->current);
        run_on(merge);
        return;
    }
    turn(merge, true);
    fe_iterator_next(merge->current);
    choose(merge);
}

static void merge_prev(fe_iterator *iterator)
{
    merge_iterator *merge = merge_of(iterator);

    assert(iterator->is_valid);
    if (!merge->is_forward) {
        fe_iterator_prev(merge->current);
        run_on(merge);
        return;
    }
    turn(merge, false);
    fe_iterator_prev(merge->current);
    choose(merge);
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
    .destroy = merge_destroy,
};

ferric_status fe_merge_iterator_create(fe_iterator **children, size_t count, fe_iterator **iterator)
{
    size_t size = sizeof(merge_iterator) + count * sizeof(fe_iterator *);
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
    for (size_t i = 0; i < count; i++)
        merge->children[i] = children[i];
    *iterator = &merge->base;
    return FERRIC_OK;
}
