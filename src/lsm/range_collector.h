// SPDX-License-Identifier: Apache-2.0
// Makes one list of pieces of the range deletes of several sources, for the tables that flush,
// compaction and repair write. Of the commits that deleted a key it keeps those that some snapshot
// can tell apart: the newest up to each snapshot, and the newest of all.
#ifndef FERRIC_LSM_RANGE_COLLECTOR_H
#define FERRIC_LSM_RANGE_COLLECTOR_H

#include "base/arena.h"
#include "format/range_deletes.h"
#include "lsm/memtable.h"
#include "lsm/table_cache.h"

// {0} is empty.
typedef struct fe_range_collector {
    fe_arena keys;
    ferric_buffer found;     // Array of what was added.
    fe_range_deletes ranges; // After fe_range_collector_finish; keys stand in `keys`.
} fe_range_collector;

void fe_range_collector_deinit(fe_range_collector *collector);

// Adds a range; keys are copied. The same one may be added again. Errors: FERRIC_NO_MEMORY.
ferric_status fe_range_collector_add(fe_range_collector *collector, ferric_slice lower,
                                     ferric_slice upper, uint64_t sequence);
ferric_status fe_range_collector_add_all(fe_range_collector *collector,
                                         const fe_range_deletes *ranges);
// What the `count` snapshots, ascending, and a reader of the newest state see in a memtable that
// takes no more commits.
ferric_status fe_range_collector_add_memtable(fe_range_collector *collector,
                                              const fe_memtable *memtable,
                                              const uint64_t *snapshots, size_t count);

// Those of a table. Errors: as fe_table_open.
ferric_status fe_range_collector_add_table(fe_range_collector *collector, fe_table_cache *tables,
                                           fe_table_file *file);

// Fills collector->ranges. Once. Errors: FERRIC_NO_MEMORY.
ferric_status fe_range_collector_finish(fe_range_collector *collector, const uint64_t *snapshots,
                                        size_t count);

#endif
