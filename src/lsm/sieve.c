// SPDX-License-Identifier: Apache-2.0
// A doubly linked queue with a hand.
#include "lsm/sieve.h"

void fe_sieve_insert(fe_sieve *sieve, fe_sieve_node *node)
{
    node->newer = NULL;
    node->older = sieve->newest;
    if (sieve->newest != NULL) {
        sieve->newest->newer = node;
    } else {
        sieve->oldest = node;
    }
    sieve->newest = node;
    sieve->count++;
}

void fe_sieve_remove(fe_sieve *sieve, fe_sieve_node *node)
{
    if (sieve->hand == node) sieve->hand = node->newer;
    if (node->newer != NULL) {
        node->newer->older = node->older;
    } else {
        sieve->newest = node->older;
    }
    if (node->older != NULL) {
        node->older->newer = node->newer;
    } else {
        sieve->oldest = node->newer;
    }
    sieve->count--;
}

fe_sieve_node *fe_sieve_evict(fe_sieve *sieve, bool (*spare)(fe_sieve_node *node))
{
    fe_sieve_node *node = sieve->hand;

    // The first round takes off every mark, so two rounds find whatever can go.
    for (size_t steps = 2 * sieve->count; steps > 0; steps--) {
        if (node == NULL) node = sieve->oldest;
        if (!spare(node)) {
            sieve->hand = node->newer;
            fe_sieve_remove(sieve, node);
            return node;
        }
        node = node->newer;
    }
    sieve->hand = node;
    return NULL;
}
