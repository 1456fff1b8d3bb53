// SPDX-License-Identifier: Apache-2.0
// The queue that decides what a cache gives up: SIEVE (Zhang et al., "SIEVE is Simpler than LRU",
// NSDI 2024). New ones enter at one end and never move. A hand walks from old to new; what was used
// since the hand's last visit is spared and loses its mark, the first that was not is given up, and
// the hand stays there.
//
//   newest <-> ... <-> hand ... <-> oldest         the hand moves to the left, then begins again
//
// Thread rule: guarded by its owner's mutex.
#ifndef FERRIC_LSM_SIEVE_H
#define FERRIC_LSM_SIEVE_H

#include <stdbool.h>
#include <stddef.h>

// Stands inside each cached object.
typedef struct fe_sieve_node {
    struct fe_sieve_node *newer;
    struct fe_sieve_node *older;
} fe_sieve_node;

// {0} is empty.
typedef struct fe_sieve {
    fe_sieve_node *newest;
    fe_sieve_node *oldest;
    fe_sieve_node *hand; // Where the next walk begins; NULL: at the oldest.
    size_t count;
} fe_sieve;

void fe_sieve_insert(fe_sieve *sieve, fe_sieve_node *node);
void fe_sieve_remove(fe_sieve *sieve, fe_sieve_node *node);

// Takes out the one to give up; NULL when all are spared. `spare` tells whether a node stays, and
// takes its mark off.
fe_sieve_node *fe_sieve_evict(fe_sieve *sieve, bool (*spare)(fe_sieve_node *node));

#endif
