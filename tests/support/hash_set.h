// SPDX-License-Identifier: Apache-2.0
// A set of 64-bit hashes: which disks were seen before.
#ifndef FERRIC_SUPPORT_HASH_SET_H
#define FERRIC_SUPPORT_HASH_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// {0} is an empty set.
typedef struct hash_set {
    uint64_t *slots; // 0 is free.
    size_t capacity; // A power of two.
    size_t count;
} hash_set;

// Returns whether it was new.
bool hash_set_add(hash_set *set, uint64_t hash);
void hash_set_deinit(hash_set *set);

#endif
