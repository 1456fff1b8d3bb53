// SPDX-License-Identifier: Apache-2.0
// What a query reads: one state of the store, as everybody sees it or as a transaction does.
#ifndef FERRIC_DOC_STATE_H
#define FERRIC_DOC_STATE_H

#include "txn/transaction.h"

typedef struct fe_state {
    fe_store *store;
    fe_moment at; // A held snapshot's.
    fe_txn *txn;  // NULL: committed entries alone.
} fe_state;

// A walk over a range of keys in one direction. {0} stands nowhere and holds nothing.
typedef struct fe_state_walk {
    fe_cursor *cursor; // One of the two.
    fe_txn_scan *scan;
    bool is_reverse;
    bool is_begun;
} fe_state_walk;

// Begins a walk over [lower, upper), full keys; an empty upper has no end. Errors:
// FERRIC_NO_MEMORY, FERRIC_CLOSED.
ferric_status fe_state_walk_init(fe_state_walk *walk, const fe_state *state, ferric_slice lower,
                                 ferric_slice upper, bool is_reverse);
void fe_state_walk_deinit(fe_state_walk *walk);
// The next entry, lent until the walk moves; NULL at the end, or when it failed, which *status
// tells.
const fe_entry *fe_state_walk_next(fe_state_walk *walk, ferric_status *status);
// When that entry expires.
uint64_t fe_state_walk_expiry(const fe_state_walk *walk);

// Adds the entries in [lower, upper) to `count`, which stays at or below `count_max`. Errors: as of
// a walk.
ferric_status fe_state_count(const fe_state *state, ferric_slice lower, ferric_slice upper,
                             uint64_t count_max, uint64_t *count);

// Replaces `value` by that of a full key. Errors: as fe_store_get.
ferric_status fe_state_get(const fe_state *state, ferric_slice key, ferric_buffer *value,
                           fe_meta *meta);

#endif
