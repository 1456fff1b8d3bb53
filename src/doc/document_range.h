// SPDX-License-Identifier: Apache-2.0
// What goes from indexes when a range of documents goes.
#ifndef FERRIC_DOC_DOCUMENT_RANGE_H
#define FERRIC_DOC_DOCUMENT_RANGE_H

#include "base/buffer.h"
#include "doc/document_write.h"
#include "doc/index_change.h"
#include "doc/state.h"

// A range of a keyspace in full keys: [lower, upper).
typedef struct fe_keyspace_bounds {
    ferric_buffer lower;
    ferric_buffer upper;
} fe_keyspace_bounds;

// An empty lower key is the first of all, an empty upper one the keyspace's end. Errors:
// FERRIC_NO_MEMORY: nothing is held.
ferric_status fe_keyspace_bounds_init(fe_keyspace_bounds *bounds, uint32_t keyspace,
                                      ferric_slice lower, ferric_slice upper);
void fe_keyspace_bounds_deinit(fe_keyspace_bounds *bounds);

// Whether no document of the collection can be outside.
bool fe_document_range_is_whole(const fe_document_range *range);

// Adds to `changes` what documents in the range lose, as `state` sees them, but for those that
// stand in `writes` (may be NULL), which are of the same collection. Errors: FERRIC_TOO_LARGE:
// that is more than `bytes_max` of keys;
// those of reads.
ferric_status fe_document_range_changes(const fe_state *state, const fe_schema *schema,
                                        const fe_document_range *range,
                                        const fe_document_writes *writes, uint64_t bytes_max,
                                        fe_index_changes *changes);

#endif
