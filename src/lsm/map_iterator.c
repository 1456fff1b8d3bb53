// SPDX-License-Identifier: Apache-2.0
// Entries that pass through a function.
#include "lsm/map_iterator.h"

#include "base/memory.h"
#include "base/status.h"

typedef struct map_iterator {
    fe_iterator base;
    fe_iterator *input;
    fe_map_function function;
    void *context;
} map_iterator;

static map_iterator *self_of(fe_iterator *iterator)
{
    return (map_iterator *)(void *)iterator;
}

// Shows the first entry, from where the input stands on, that is not hidden.
static void settle(map_iterator *self)
{
    fe_iterator *input = self->input;
    fe_iterator *base = &self->base;
    bool is_hidden = true;

    while (is_hidden) {
        is_hidden = false;
        base->status = input->status;
        base->is_valid = input->is_valid;
        if (!base->is_valid) return;
        base->entry = input->entry;
        base->status = self->function(self->context, &base->entry, &is_hidden);
        base->is_valid = base->status == FERRIC_OK;
        if (!base->is_valid) return;
        if (is_hidden) fe_iterator_next(input);
    }
}

static void first(fe_iterator *iterator)
{
    fe_iterator_first(self_of(iterator)->input);
    settle(self_of(iterator));
}

static void next(fe_iterator *iterator)
{
    fe_iterator_next(self_of(iterator)->input);
    settle(self_of(iterator));
}

void fe_iterator_refuse(fe_iterator *iterator)
{
    iterator->is_valid = false;
    iterator->status = fe_fail(FERRIC_UNSUPPORTED, "this iterator goes forward only");
}

void fe_iterator_refuse_seek(fe_iterator *iterator, ferric_slice key, uint64_t sequence)
{
    (void)key;
    (void)sequence;
    fe_iterator_refuse(iterator);
}

static void destroy(fe_iterator *iterator)
{
    fe_iterator_destroy(self_of(iterator)->input);
    fe_free(iterator);
}

static const fe_iterator_ops map_ops = {
    .seek = fe_iterator_refuse_seek,
    .seek_before = fe_iterator_refuse_seek,
    .first = first,
    .last = fe_iterator_refuse,
    .next = next,
    .prev = fe_iterator_refuse,
    .destroy = destroy,
};

ferric_status fe_map_iterator_create(fe_iterator *input, fe_map_function function, void *context,
                                     fe_iterator **iterator)
{
    map_iterator *created = fe_alloc_zero(1, sizeof *created);

    *iterator = NULL;
    if (created == NULL) {
        fe_iterator_destroy(input);
        return fe_no_memory("an iterator", sizeof *created);
    }
    created->base.ops = &map_ops;
    created->input = input;
    created->function = function;
    created->context = context;
    *iterator = &created->base;
    return FERRIC_OK;
}
