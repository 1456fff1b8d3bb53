// SPDX-License-Identifier: Apache-2.0
// Random entries in internal order, and a plain search in them: the model that blocks, tables and
// their iterators are compared with.
#ifndef FERRIC_FORMAT_ENTRY_LIST_H
#define FERRIC_FORMAT_ENTRY_LIST_H

#include "base/arena.h"
#include "base/random.h"
#include "format/internal_key.h"

typedef struct entry_list {
    fe_arena arena;
    fe_entry *entries;
    size_t count;
} entry_list;

typedef struct entry_shape {
    size_t count;          // Entries tried; equal ones are dropped.
    const char *prefix;    // Begins every key.
    size_t rest_size_max;  // Of a key behind the prefix; 0 gives one key.
    uint32_t letters;      // Different bytes in a rest, spread over all 256.
    uint32_t versions_max; // Of a key that is made.
    uint64_t sequence_max;
    size_t value_size_max;
} entry_shape;

void entry_list_init(entry_list *list, fe_random *random, const entry_shape *shape);
void entry_list_deinit(entry_list *list);

// A key like those of the shape, which may be in the list or not.
ferric_slice entry_list_random_key(entry_list *list, fe_random *random, const entry_shape *shape);

// The first entry that is not before (key, sequence).
size_t entry_list_lower_bound(const entry_list *list, ferric_slice key, uint64_t sequence);

// The newest version of `key` up to `sequence`; NULL when there is none.
const fe_entry *entry_list_get(const entry_list *list, ferric_slice key, uint64_t sequence);

// The seed of a random test: from FERRIC_TEST_SEED, else `usual`. It is printed.
uint64_t test_seed(const char *test, uint64_t usual);

#endif
