// SPDX-License-Identifier: Apache-2.0
// An fe_iterator over a sorted array.
#include "array_iterator.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

typedef struct array_iterator {
    fe_iterator base;
    const fe_entry *entries;
    size_t count;
    size_t at;
    const ferric_status *failing;
} array_iterator;

static array_iterator *array_of(fe_iterator *iterator)
{
    return (array_iterator *)(void *)iterator;
}

// `at` is an index, or anything from count on (also 0 - 1) for nowhere.
static void place(fe_iterator *iterator, size_t at)
{
    array_iterator *array = array_of(iterator);

    iterator->status = array->failing == NULL ? FERRIC_OK : *array->failing;
    iterator->is_valid = iterator->status == FERRIC_OK && at < array->count;
    if (!iterator->is_valid) return;
    array->at = at;
    iterator->entry = array->entries[at];
}

static size_t lower_bound(const array_iterator *array, ferric_slice key, uint64_t sequence)
{
    size_t at = 0;
    while (at < array->count && fe_internal_compare(array->entries[at].key,
                                                    array->entries[at].sequence, key, sequence) < 0)
        at++;
    return at;
}

static void array_seek(fe_iterator *iterator, ferric_slice key, uint64_t sequence)
{
    place(iterator, lower_bound(array_of(iterator), key, sequence));
}

static void array_seek_before(fe_iterator *iterator, ferric_slice key, uint64_t sequence)
{
    place(iterator, lower_bound(array_of(iterator), key, sequence) - 1);
}

static void array_first(fe_iterator *iterator)
{
    place(iterator, 0);
}

static void array_last(fe_iterator *iterator)
{
    place(iterator, array_of(iterator)->count - 1);
}

static void array_next(fe_iterator *iterator)
{
    assert_true(iterator->is_valid);
    place(iterator, array_of(iterator)->at + 1);
}

static void array_prev(fe_iterator *iterator)
{
    assert_true(iterator->is_valid);
    place(iterator, array_of(iterator)->at - 1);
}

static void array_destroy(fe_iterator *iterator)
{
    free(iterator);
}

static const fe_iterator_ops array_ops = {
    .seek = array_seek,
    .seek_before = array_seek_before,
    .first = array_first,
    .last = array_last,
    .next = array_next,
    .prev = array_prev,
    .destroy = array_destroy,
};

fe_iterator *array_iterator_create(const fe_entry *entries, size_t count,
                                   const ferric_status *failing)
{
    array_iterator *array = calloc(1, sizeof *array);

    assert_non_null(array);
    array->base.ops = &array_ops;
    array->entries = entries;
    array->count = count;
    array->failing = failing;
    return &array->base;
}
