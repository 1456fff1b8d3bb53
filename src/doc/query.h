// SPDX-License-Identifier: Apache-2.0
// A query carried out: its plan finds documents, its filter is asked where the plan does not say
// all, and what matches comes one by one, sorted, cut and shown as asked.
//
// Threads: one at a time. Lifetime: what `state` and the collection stand for outlives it.
#ifndef FERRIC_DOC_QUERY_H
#define FERRIC_DOC_QUERY_H

#include "doc/collections.h"
#include "doc/plan.h"
#include "doc/projection.h"

// What is wanted of the documents that match.
typedef enum fe_query_need {
    FE_QUERY_DOCUMENTS = 0, // Their whole text.
    FE_QUERY_SHOWN = 1,     // What the projection shows.
    FE_QUERY_IDS = 2,       // Nothing but their ids.
} fe_query_need;

// Texts are JSON, and empty where nothing is asked.
typedef struct fe_query_request {
    ferric_slice filter;
    ferric_slice sort;
    ferric_slice projection;
    ferric_slice hint;
    uint64_t skip;
    uint64_t limit;    // UINT64_MAX: none.
    uint64_t max_scan; // Documents that may be examined. UINT64_MAX: any number.
    size_t memory_max; // Bytes for what has to be sorted or remembered.
    fe_query_need need;
} fe_query_request;

// What it has done so far.
typedef struct fe_query_counts {
    uint64_t entries;   // Of indexes, looked at.
    uint64_t documents; // Read.
    uint64_t returned;
} fe_query_counts;

// A document that matches. Lent until the query next moves.
typedef struct fe_match {
    ferric_slice id;
    fe_doc doc;   // Its text has at least what is to be shown; its id may be left out.
    fe_meta meta; // Not of a match that an index gave: fe_query_meta.
} fe_match;

typedef struct fe_query fe_query;

// Compiles and plans. A NULL `collection` has no documents. Errors: FERRIC_INVALID_ARGUMENT, naming
// what is wrong; FERRIC_NO_MEMORY; those of reads.
ferric_status fe_query_create(fe_collection *collection, const fe_state *state,
                              const fe_query_request *request, fe_query **query);
// Accepts NULL.
void fe_query_destroy(fe_query *query);

// The next document; NULL at the end, or when it failed, which *status tells. Errors: those of
// reads; FERRIC_MEMORY_LIMIT: memory_max; FERRIC_TOO_LARGE: max_scan, or a regular expression.
const fe_match *fe_query_next(fe_query *query, ferric_status *status);

// Counts what fe_query_next would give, of a query that has given nothing yet. Errors: the same.
ferric_status fe_query_count(fe_query *query, uint64_t *count);

// Replaces `json` by the document as the projection shows it. Errors: FERRIC_NO_MEMORY.
ferric_status fe_query_show(fe_query *query, const fe_match *match, ferric_buffer *json);

// What is known of the match beside its text. Errors: those of reads.
ferric_status fe_query_meta(fe_query *query, const fe_match *match, fe_meta *meta);

const fe_plan *fe_query_plan(const fe_query *query);
const fe_query_counts *fe_query_done(const fe_query *query);
// Whether what it finds has to be sorted in memory.
bool fe_query_sorts(const fe_query *query);

#endif
