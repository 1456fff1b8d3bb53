// SPDX-License-Identifier: Apache-2.0
// A query for the files that carry it out: query.c gives what matches, query_ids.c finds ids.
#ifndef FERRIC_DOC_QUERY_INSIDE_H
#define FERRIC_DOC_QUERY_INSIDE_H

#include "doc/document_reader.h"
#include "doc/id_set.h"
#include "doc/query.h"
#include "doc/range_walk.h"
#include "doc/sorter.h"
#include "doc/tie_walk.h"

// What one plan has come to; an input of a union has one after the other.
typedef struct fe_query_source {
    const fe_plan *plan; // NULL: not begun.
    bool is_given;       // ID: it was asked for.
    fe_range_walk walk;
    fe_tie_walk ties; // Over the walk, when the plan turns ties.
} fe_query_source;

struct fe_query {
    fe_collection *collection;
    fe_state state;
    fe_query_request request; // Its texts are not kept.
    fe_arena arena;
    fe_matcher *matcher;
    fe_projection *projection; // NULL: all of a document.
    fe_sort sort;
    fe_plan plan;
    bool needs_id;      // Filter or sort ask for it,
    bool gives_id;      // or whoever moves the query; else it is quoted when it is shown.
    bool shows_members; // A covered answer has some.
    bool is_answered;   // The entry at hand gave all that is to be shown,
    ferric_buffer text; // which is this.
    fe_query_source source;
    size_t input;     // UNION: which one `source` is.
    fe_id_set seen;   // Documents that were found already,
    fe_id_set wanted; // or that the other input of an INTERSECT has.
    bool is_sorting;
    bool is_sorted; // All of it is in the sorter,
    size_t given;   // which gave so many.
    fe_sorter sorter;
    fe_query_counts counts;
    uint64_t skipped;
    ferric_slice id; // What the plan found last, lent until it finds the next.
    fe_document_reader reader;
    fe_match match;
    ferric_buffer id_literal;
    ferric_buffer key;
};

extern const fe_index_ranges fe_query_whole; // One range with both ends open.

void fe_query_begin_source(fe_query *query, const fe_plan *plan);
void fe_query_end_source(fe_query *query);
// The next id that the plan finds, which query->id lends; of a covered plan perhaps its answer too.
// *found is false at the end. Errors: those of reads; FERRIC_MEMORY_LIMIT.
ferric_status fe_query_next_id(fe_query *query, bool *found);

#endif
