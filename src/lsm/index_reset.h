// SPDX-License-Identifier: Apache-2.0
// Takes collections' indexes back to their beginning while a repair copies entries: documents may
// be lost, or older than what their entries say. Entries and progress are left out, and each schema
// becomes one whose indexes are all to be built, so that what is published has never been a
// database whose indexes lie. What a schema is stands with the layer that writes it.
#ifndef FERRIC_LSM_INDEX_RESET_H
#define FERRIC_LSM_INDEX_RESET_H

#include "lsm/iterator.h"
#include "lsm/store.h"

typedef struct fe_index_reset {
    fe_schema_reset_function function; // NULL: everything stays as it is. The rest begins as {0}.
    ferric_buffer ids;                 // Of indexes, u32 each.
    uint32_t latest_id;
    bool is_latest_index;
    ferric_buffer schema; // The last one.
} fe_index_reset;

void fe_index_reset_deinit(fe_index_reset *reset);

// An iterator that shows what `input` shows, but for that. It goes forward only: first and next.
// Takes `input` over, also on failure; `reset` outlives it. Errors: FERRIC_NO_MEMORY.
ferric_status fe_index_reset_iterator(fe_iterator *input, fe_index_reset *reset,
                                      fe_iterator **iterator);

#endif
