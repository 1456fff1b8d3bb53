// SPDX-License-Identifier: Apache-2.0
// What a query did, in JSON: its plan, what it examined, what it gave, and which index it misses.
#ifndef FERRIC_DOC_EXPLAIN_H
#define FERRIC_DOC_EXPLAIN_H

#include "doc/query.h"

// Appends an object about a query that was carried out in `elapsed_ns`. `filter` is the one it was
// asked with. Errors: FERRIC_INVALID_ARGUMENT: the filter is no JSON. FERRIC_NO_MEMORY.
ferric_status fe_explain(const fe_query *query, ferric_slice filter, uint64_t elapsed_ns,
                         ferric_buffer *json);

// Appends the same in one line for a log: what was examined and how, and the missing index. Errors:
// FERRIC_NO_MEMORY.
ferric_status fe_explain_line(const fe_query *query, ferric_slice filter, ferric_buffer *text);

#endif
