// SPDX-License-Identifier: Apache-2.0
// Reads what can still be read of a damaged table: from its first entry on, passing over blocks
// whose check fails. For repair alone.
#ifndef FERRIC_LSM_SALVAGE_ITERATOR_H
#define FERRIC_LSM_SALVAGE_ITERATOR_H

#include "format/table.h"
#include "lsm/iterator.h"

// Told each block that is lost: its table, its number, and this thread's message says why.
typedef struct fe_salvage_report {
    uint64_t blocks_read;
    uint64_t blocks_lost;
    uint64_t entries_read;
    ferric_finding_callback finding;
    void *context;
} fe_salvage_report;

// Takes `table` over, also on failure. `report` outlives the iterator. It goes forward only: first
// and next; another movement makes it fail with FERRIC_UNSUPPORTED. Only running out of memory or a
// failing disk ends it early. Errors: FERRIC_NO_MEMORY.
ferric_status fe_salvage_iterator_create(fe_table *table, fe_salvage_report *report,
                                         fe_iterator **iterator);

#endif
