// SPDX-License-Identifier: Apache-2.0
// Open addressing over hashes that are well mixed already.
#include "support/hash_set.h"

#include "support/harness.h"

#define CAPACITY_FIRST 1024u

static bool insert(hash_set *set, uint64_t hash)
{
    size_t at = (size_t)hash & (set->capacity - 1);

    while (set->slots[at] != 0) {
        if (set->slots[at] == hash) return false;
        at = (at + 1) & (set->capacity - 1);
    }
    set->slots[at] = hash;
    set->count++;
    return true;
}

static void grow(hash_set *set)
{
    hash_set larger = {.capacity = set->capacity == 0 ? CAPACITY_FIRST : set->capacity * 2};

    larger.slots = harness_alloc(larger.capacity * sizeof(*larger.slots));
    for (size_t i = 0; i < set->capacity; i++) {
        if (set->slots[i] != 0) insert(&larger, set->slots[i]);
    }
    harness_free(set->slots);
    *set = larger;
}

bool hash_set_add(hash_set *set, uint64_t hash)
{
    if (set->count * 2 >= set->capacity) grow(set);
    return insert(set, hash == 0 ? 1 : hash);
}

void hash_set_deinit(hash_set *set)
{
    harness_free(set->slots);
    *set = (hash_set){0};
}
