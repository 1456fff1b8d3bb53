// SPDX-License-Identifier: Apache-2.0
// Walks the entries of an index in a range walk's order, but those of equal values by id the other
// way round.
//
// Entries of equal values follow by id ascending, whatever the direction of the last path; a sort
// wants them in that direction. So what is equal is gathered before it is given, from its end. When
// that is a lot, a second walk gives it the other way round and the first one passes it.
#ifndef FERRIC_DOC_TIE_WALK_H
#define FERRIC_DOC_TIE_WALK_H

#include "base/arena.h"
#include "doc/range_walk.h"

typedef struct fe_tie_walk {
    fe_range_walk *walk;
    fe_arena *arena;
    const fe_entry *ahead; // The first entry of other values, which the walk still lends.
    ferric_buffer values;  // The key of those that are gathered, without an id.
    struct fe_tie *gathered;
    size_t count;
    ferric_buffer bytes; // Of all that are gathered.
    fe_entry entry;      // The one that was given.
    bool is_long;        // `back` gives them.
    fe_range range;
    fe_index_ranges ranges;
    fe_range_walk back;
} fe_tie_walk;

// `walk`, which has not begun, and the arena outlive it.
void fe_tie_walk_init(fe_tie_walk *ties, fe_range_walk *walk, fe_arena *arena);
void fe_tie_walk_deinit(fe_tie_walk *ties);
// As fe_range_walk_next.
const fe_entry *fe_tie_walk_next(fe_tie_walk *ties, ferric_status *status);

#endif
