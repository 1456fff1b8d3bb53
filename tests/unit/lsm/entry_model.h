// SPDX-License-Identifier: Apache-2.0
// What an ordered store of entries should hold, as a sorted array, and a random walk that compares
// any fe_iterator with it.
#ifndef FERRIC_LSM_ENTRY_MODEL_H
#define FERRIC_LSM_ENTRY_MODEL_H

#include "base/arena.h"
#include "base/random.h"
#include "lsm/iterator.h"

typedef struct entry_model {
    fe_entry *entries; // In internal order; the bytes are the arena's.
    size_t count;
    size_t capacity;
    fe_arena arena;
} entry_model;

void entry_model_init(entry_model *model);
void entry_model_deinit(entry_model *model);
// Returns false and changes nothing when (key, sequence) is there already.
bool entry_model_insert(entry_model *model, const fe_entry *entry);
// The index of the first entry that is not before (key, sequence); `count` when all are.
size_t entry_model_lower_bound(const entry_model *model, ferric_slice key, uint64_t sequence);
// The newest version of `key` up to `sequence`; NULL when there is none.
const fe_entry *entry_model_get(const entry_model *model, ferric_slice key, uint64_t sequence);

void assert_entry_equal(const fe_entry *found, const fe_entry *expected);
// Walks from one end to the other and back.
void assert_iterator_holds(const entry_model *model, fe_iterator *iterator);
// Makes `steps` random moves, seeks to random_key's keys among them, and compares after each.
void assert_random_walk(const entry_model *model, fe_iterator *iterator, size_t steps,
                        ferric_slice anchor, fe_random *random);

// A key that likely begins with `anchor`, or is near it, written into `room`.
#define RANDOM_KEY_SIZE_MAX 128
ferric_slice random_key(fe_random *random, ferric_slice anchor, uint8_t room[RANDOM_KEY_SIZE_MAX]);

// FERRIC_TEST_SEED, or `seed` when it is not set; printed.
uint64_t test_seed(uint64_t seed);

#endif
