// SPDX-License-Identifier: Apache-2.0
// Walks a write set as it was at a number, beside later writes. A key that came later is passed
// over, so the walk needs no copy: what it stands on cannot go (W3 of write_set.h).
#include <assert.h>

#include "base/memory.h"
#include "base/status.h"
#include "txn/write_set.h"

typedef struct set_iterator {
    fe_iterator base;
    const fe_write_set *set;
    uint64_t number;
    fe_written_key *at;
} set_iterator;

static set_iterator *iterator_of(fe_iterator *iterator)
{
    return (set_iterator *)(void *)iterator;
}

static void show(fe_iterator *iterator, fe_written_key *key, const fe_write *write)
{
    iterator_of(iterator)->at = key;
    iterator->is_valid = key != NULL;
    if (key == NULL) return;
    iterator->entry = (fe_entry){.key = key->key,
                                 .value = write->value,
                                 .sequence = FE_SEQUENCE_UNCOMMITTED,
                                 .kind = write->kind};
}

// To the first key from `key` on that was written by then.
static void settle_forward(fe_iterator *iterator, fe_written_key *key)
{
    const fe_write *write = NULL;

    while (key != NULL) {
        write = fe_written_key_at(key, iterator_of(iterator)->number);
        if (write != NULL) break;
        key = key->next[0];
    }
    show(iterator, key, write);
}

// Links lead forward only, so each step back is a search.
static void settle_backward(fe_iterator *iterator, fe_written_key *key)
{
    const set_iterator *self = iterator_of(iterator);
    const fe_write *write = NULL;

    while (key != NULL) {
        write = fe_written_key_at(key, self->number);
        if (write != NULL) break;
        key = fe_write_set_before(self->set, key->key);
    }
    show(iterator, key, write);
}

// A key's only entry stands at FE_SEQUENCE_UNCOMMITTED, before all other sequences.
static void iterator_seek(fe_iterator *iterator, ferric_slice key, uint64_t sequence)
{
    fe_written_key *found = fe_write_set_at_or_after(iterator_of(iterator)->set, key);

    if (sequence < FE_SEQUENCE_UNCOMMITTED && found != NULL && fe_slice_equal(found->key, key)) {
        found = found->next[0];
    }
    settle_forward(iterator, found);
}

static void iterator_seek_before(fe_iterator *iterator, ferric_slice key, uint64_t sequence)
{
    const fe_write_set *set = iterator_of(iterator)->set;
    fe_written_key *same = NULL;

    if (sequence < FE_SEQUENCE_UNCOMMITTED) {
        same = fe_write_set_at_or_after(set, key);
        if (same != NULL && !fe_slice_equal(same->key, key)) same = NULL;
    }
    settle_backward(iterator, same != NULL ? same : fe_write_set_before(set, key));
}

static void iterator_first(fe_iterator *iterator)
{
    settle_forward(iterator, iterator_of(iterator)->set->first[0]);
}

static void iterator_last(fe_iterator *iterator)
{
    settle_backward(iterator, fe_write_set_last(iterator_of(iterator)->set));
}

static void iterator_next(fe_iterator *iterator)
{
    assert(iterator->is_valid);
    settle_forward(iterator, iterator_of(iterator)->at->next[0]);
}

static void iterator_prev(fe_iterator *iterator)
{
    assert(iterator->is_valid);
    settle_backward(
        iterator, fe_write_set_before(iterator_of(iterator)->set, iterator_of(iterator)->at->key));
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
    .destroy = iterator_destroy,
};

ferric_status fe_write_set_iterator(const fe_write_set *set, uint64_t number,
                                    fe_iterator **iterator)
{
    set_iterator *created = fe_alloc_zero(1, sizeof *created);

    *iterator = NULL;
    if (created == NULL) return fe_no_memory("an iterator", sizeof *created);
    created->base.ops = &iterator_ops;
    created->base.status = FERRIC_OK;
    created->set = set;
    created->number = number;
    *iterator = &created->base;
    return FERRIC_OK;
}
