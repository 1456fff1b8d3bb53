// SPDX-License-Identifier: Apache-2.0
// What calls that query share: a snapshot, a collection and a request made of options.
#ifndef FERRIC_API_QUERIES_H
#define FERRIC_API_QUERIES_H

#include "api/handles.h"
#include "doc/query.h"

// A query and what it reads. {0} is none.
typedef struct fe_running_query {
    fe_store *store;    // A reference.
    fe_snapshot *taken; // Its own, or NULL.
    fe_query *query;
    uint64_t slow_ns;   // An event tells of one that takes so long; 0: it is not timed.
    uint64_t spent_ns;  // Inside calls.
    ferric_buffer told; // For that event: the collection's name, a zero byte, the filter.
} fe_running_query;

// Checks everything and begins a query. Errors: as ferric_find.
ferric_status fe_running_query_init(fe_running_query *running, const char *call, ferric_db *db,
                                    ferric_keyspace *collection, ferric_slice filter,
                                    const ferric_find_options *options, fe_query_need need);
// As fe_query_next.
const fe_match *fe_running_query_next(fe_running_query *running, ferric_status *status);
// Also for one that failed to begin.
void fe_running_query_deinit(fe_running_query *running);

// Completes options. Errors: FERRIC_INVALID_ARGUMENT.
ferric_status fe_find_options_take(const ferric_find_options *given, ferric_find_options *taken);

#endif
