// SPDX-License-Identifier: Apache-2.0
// Counts, while a repair copies entries, which keyspaces they belong to and which of those have a
// name: entries of a keyspace whose catalogue entry was lost could not be reached by anybody.
#ifndef FERRIC_LSM_KEYSPACE_CENSUS_H
#define FERRIC_LSM_KEYSPACE_CENSUS_H

#include "format/range_deletes.h"
#include "lsm/iterator.h"

// One keyspace that was met, in the catalogue or by its entries.
typedef struct fe_census_line {
    uint32_t id;
    bool has_name;
    bool is_collection; // All its values look like documents.
    uint64_t entries;   // Keys that have a value.
} fe_census_line;

// {0} is a census of nothing.
typedef struct fe_keyspace_census {
    fe_census_line *lines;
    size_t count;
    size_t latest;    // The line of the last entry.
    uint32_t next_id; // What the catalogue would give to a new keyspace; 0: it does not say.
    ferric_buffer key;
    const fe_range_deletes *ranges; // What they hide is not counted. May be NULL.
} fe_keyspace_census;

void fe_keyspace_census_deinit(fe_keyspace_census *census);

// An iterator that shows what `input` shows, and counts it. It goes forward only: first and next;
// another movement makes it fail with FERRIC_UNSUPPORTED. Takes `input` over, also on failure;
// `census` outlives it. Errors: FERRIC_NO_MEMORY.
ferric_status fe_keyspace_census_iterator(fe_iterator *input, fe_keyspace_census *census,
                                          fe_iterator **iterator);

// What the catalogue lacks after a census: a keyspace that has entries and no name. Returns the
// first from line *index on and moves it behind, or NULL.
const fe_census_line *fe_keyspace_census_nameless(const fe_keyspace_census *census, size_t *index);
// The next id, where the catalogue's is lost or would be given out twice; 0: it needs none.
uint32_t fe_keyspace_census_next_id(const fe_keyspace_census *census);

#endif
