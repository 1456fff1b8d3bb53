// SPDX-License-Identifier: Apache-2.0
// What a transaction has read: keys and ranges of keys that its commit wants unchanged.
//
// They are noted as they come and put in order from time to time: sorted, without what another one
// has already. So reading the same again and again costs no memory.
//
// Thread rule: one thread at a time.
#ifndef FERRIC_TXN_READ_SET_H
#define FERRIC_TXN_READ_SET_H

#include <ferric/ferric.h>

// {0} is empty.
typedef struct fe_read_set {
    ferric_buffer keys;   // Bytes of all keys.
    ferric_buffer ranges; // Array of where they stand.
    size_t count;
    size_t ordered_count; // How many there were when they were last put in order.
} fe_read_set;

void fe_read_set_deinit(fe_read_set *set);

// Notes full keys, keyspace id included: [lower, upper), or `lower` alone when `upper` is empty.
// Errors: FERRIC_NO_MEMORY: the set is as it was.
ferric_status fe_read_set_add(fe_read_set *set, ferric_slice lower, ferric_slice upper);

// Puts the ranges in ascending order, so that no two have a key in common. Errors:
// FERRIC_NO_MEMORY: the set is as it was.
ferric_status fe_read_set_order(fe_read_set *set);

// Range number `index`. The slices are lent until the set changes.
void fe_read_set_at(const fe_read_set *set, size_t index, ferric_slice *lower, ferric_slice *upper);

#endif
