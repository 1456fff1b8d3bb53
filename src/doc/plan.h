// SPDX-License-Identifier: Apache-2.0
// How a query finds its documents, and who decides it.
//
//   EMPTY     the filter cannot match
//   ID        one document, by its id
//   SCAN      every document of the collection, in the order of ids
//   INDEX     the documents that the entries of one index in some ranges name
//   UNION     what any of its inputs finds, each document once: the branches of an "$or"
//   INTERSECT what each of its inputs, all INDEX, finds
//
// The planner has no statistics that could be out of date. Where several indexes could serve, it
// lets them race: it counts each one's entries in the ranges, a few more at a time, until one is at
// its end. That one has the fewest, and finding it has cost a small multiple of what reading it
// costs (docs/decisions).
#ifndef FERRIC_DOC_PLAN_H
#define FERRIC_DOC_PLAN_H

#include "doc/matcher_ranges.h"
#include "doc/schema.h"
#include "doc/sort_key.h"
#include "doc/state.h"

typedef enum fe_plan_kind {
    FE_PLAN_EMPTY = 0,
    FE_PLAN_ID,
    FE_PLAN_SCAN,
    FE_PLAN_INDEX,
    FE_PLAN_UNION,
    FE_PLAN_INTERSECT,
} fe_plan_kind;

// Everything it points to is in the arena it was made in, or in the schema.
typedef struct fe_plan {
    fe_plan_kind kind;
    ferric_slice id; // ID: the literal.
    const fe_index *index;
    fe_index_ranges ranges; // INDEX.
    bool is_reverse;        // INDEX and SCAN: walked from the end.
    bool is_sorted;         // Documents come in the order asked for.
    bool turns_ties;        // Once those of equal values come the other way round (tie_walk.h).
    bool is_exact;          // What is found matches: no need to ask the filter.
    bool is_covered;        // INDEX, exact: its entries have all that is to be shown.
    bool is_counted;        // `entries` was counted,
    uint64_t entries;       // or else is a bound from below.
    struct fe_plan *inputs;
    size_t input_count;
} fe_plan;

typedef struct fe_plan_request {
    const fe_state *state;
    const fe_schema *schema;
    const fe_matcher *matcher;
    const fe_sort *sort; // No parts: none.
    uint64_t limit;      // With skip; UINT64_MAX: none.
    ferric_slice hint;   // The index to use, by name; "$scan" for none; empty: the best.
} fe_plan_request;

#define FE_PLAN_HINT_SCAN "$scan"

// Decides. Errors: FERRIC_INVALID_ARGUMENT: the hint names no index that can serve;
// FERRIC_NO_MEMORY,
// those of a read.
ferric_status fe_plan_make(const fe_plan_request *request, fe_arena *arena, fe_plan *plan);

#endif
