// SPDX-License-Identifier: Apache-2.0
// Which parts of an index a filter needs: what a planner asks of a compiled filter.
//
// A condition is a filter or one branch of an "$or" inside it; conditions are lent by the matcher.
#ifndef FERRIC_DOC_MATCHER_RANGES_H
#define FERRIC_DOC_MATCHER_RANGES_H

#include <ferric/ferric.h>

#include "base/arena.h"
#include "doc/index_key.h"
#include "doc/matcher.h"

// Most ranges that one condition makes of one index: products of long $in lists stop there, and
// the later parts stay unused.
#define FE_INDEX_RANGE_MAX 10000

typedef struct fe_condition fe_condition;

// [lower, upper) over an index's keys. Both are complete: no key ends where they do. An empty upper
// means no upper end.
typedef struct fe_range {
    ferric_slice lower;
    ferric_slice upper;
} fe_range;

typedef struct fe_index_ranges {
    fe_range *ranges; // Ascending, disjoint; none when no document can match.
    size_t count;
    // Leading parts that the ranges bind; 0: the condition says nothing about this index, and there
    // is one range over everything.
    size_t bound_count;
    // Of those, leading parts that all ranges hold to the same one value: behind them keys come in
    // the order of the next parts, so that they serve a sort.
    size_t equal_count;
    // The document of every key in the ranges matches the condition: no need to look at it. Else it
    // has to be asked (fe_matcher_test).
    bool is_exact;
} fe_index_ranges;

// The whole filter.
const fe_condition *fe_matcher_condition(const fe_matcher *matcher);

// What `condition` needs of an index. Every document that matches has a key in the ranges.
// `is_multi_key`: some document's path passes an array; then two bounds on one path may be met by
// different elements, and only one of them is used. Everything is in the arena.
// Errors: FERRIC_NO_MEMORY.
ferric_status fe_condition_ranges(const fe_condition *condition, const fe_index_shape *shape,
                                  bool is_multi_key, fe_arena *arena, fe_index_ranges *ranges);

// How many "$or" stand among the condition's conjuncts (nested "$and" are flat).
size_t fe_condition_or_count(const fe_condition *condition);
// Branch by branch the "$or" number `which`. The union of what its branches match holds all that
// the condition matches. Returns the number of branches; `branch` is told for `at` below it.
size_t fe_condition_or_branches(const fe_condition *condition, size_t which, size_t at,
                                const fe_condition **branch);
// Whether the condition is that one "$or" and nothing else: a union of exact branches is exact.
bool fe_condition_is_or(const fe_condition *condition);
// Whether the condition is {"_id": one string} or holds that beside others: the literal, lent by
// the matcher, else missing.
ferric_slice fe_condition_id(const fe_condition *condition);

#endif
