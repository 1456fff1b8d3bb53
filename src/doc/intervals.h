// SPDX-License-Identifier: Apache-2.0
// Sets of components of index keys, as ascending, disjoint intervals [lower, upper): which values
// one condition allows where a path ends. Inside of matcher_ranges.
#ifndef FERRIC_DOC_INTERVALS_H
#define FERRIC_DOC_INTERVALS_H

#include <ferric/ferric.h>

#include "base/arena.h"
#include "doc/condition.h"
#include "doc/matcher_ranges.h"

typedef struct fe_intervals {
    fe_range *list;
    size_t count;
    bool is_known;   // Else the condition says nothing about the path's values.
    bool are_points; // Each interval is one component: its lower end.
    bool is_exact;   // A value inside meets the condition; else the document has to be asked.
} fe_intervals;

// What a condition that has the index's path allows. Errors: FERRIC_NO_MEMORY.
ferric_status fe_intervals_of(const fe_condition *condition, fe_arena *arena,
                              fe_intervals *intervals);
// What both allow.
ferric_status fe_intervals_intersect(const fe_intervals *a, const fe_intervals *b, fe_arena *arena,
                                     fe_intervals *both);
// The same for a descending part: inverted, in the order of the inverted bytes.
ferric_status fe_intervals_invert(fe_intervals *intervals, fe_arena *arena);

#endif
