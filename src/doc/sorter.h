// SPDX-License-Identifier: Apache-2.0
// Sorts documents in bounded memory. With a limit only so many are kept, in a heap whose top is the
// last of them.
#ifndef FERRIC_DOC_SORTER_H
#define FERRIC_DOC_SORTER_H

#include "doc/sort_key.h"
#include "lsm/store.h"

// One document: everything it points to stands behind it.
typedef struct fe_sorted {
    ferric_slice key;
    ferric_slice id;
    ferric_slice id_literal;
    ferric_slice text;
    fe_meta meta;
} fe_sorted;

typedef struct fe_sorter {
    const fe_sort *sort;
    uint64_t keep_max; // The first so many; UINT64_MAX: all.
    size_t memory_max;
    size_t memory;
    fe_sorted **items; // A heap until fe_sorter_finish, then in order.
    size_t count;
    size_t capacity;
    ferric_buffer key;
} fe_sorter;

void fe_sorter_init(fe_sorter *sorter, const fe_sort *sort, uint64_t keep_max, size_t memory_max);
void fe_sorter_deinit(fe_sorter *sorter);
// Takes a copy. Errors: FERRIC_MEMORY_LIMIT, FERRIC_NO_MEMORY.
ferric_status fe_sorter_add(fe_sorter *sorter, ferric_slice id, const fe_doc *doc, fe_meta meta);
// Puts them in order.
void fe_sorter_finish(fe_sorter *sorter);

#endif
