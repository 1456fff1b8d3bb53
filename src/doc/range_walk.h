// SPDX-License-Identifier: Apache-2.0
// Walks the entries of one keyspace in several ranges, in one direction.
#ifndef FERRIC_DOC_RANGE_WALK_H
#define FERRIC_DOC_RANGE_WALK_H

#include "doc/matcher_ranges.h"
#include "doc/state.h"

// `ranges` outlives it.
typedef struct fe_range_walk {
    const fe_state *state;
    uint32_t keyspace;
    const fe_index_ranges *ranges;
    bool is_reverse;
    size_t next; // Ranges that were begun.
    bool is_in_range;
    fe_state_walk walk;
    ferric_buffer bounds; // Of the range at hand, as the store has keys.
} fe_range_walk;

void fe_range_walk_init(fe_range_walk *walk, const fe_state *state, uint32_t keyspace,
                        const fe_index_ranges *ranges, bool is_reverse);
void fe_range_walk_deinit(fe_range_walk *walk);
// The next entry, lent until the walk moves; NULL at the end, or when it failed, which *status
// tells.
const fe_entry *fe_range_walk_next(fe_range_walk *walk, ferric_status *status);

// Counts entries up to `entries_max`; *is_complete: there are no more.
ferric_status fe_ranges_count(const fe_state *state, uint32_t keyspace,
                              const fe_index_ranges *ranges, uint64_t entries_max,
                              uint64_t *entries, bool *is_complete);

// The user key of an entry.
static inline ferric_slice fe_user_key(const fe_entry *entry)
{
    return fe_slice_from(entry->key, FE_KEYSPACE_ID_SIZE);
}

#endif
