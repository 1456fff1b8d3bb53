// SPDX-License-Identifier: Apache-2.0
// Counters and latencies, so cheap that they are always on: each thread counts in lines of its own,
// and one call in 64 is timed.
//
// Thread rule: any thread. A reader of the sums may see counters of slightly different moments.
#ifndef FERRIC_LSM_STATISTICS_H
#define FERRIC_LSM_STATISTICS_H

#include <ferric/ferric.h>

#include "os/vfs.h"

typedef struct fe_statistics fe_statistics;

typedef enum fe_counter {
    FE_COUNTER_USER_BYTES_WRITTEN = 0,
    FE_COUNTER_USER_BYTES_READ,
    FE_COUNTER_LOG_BYTES,
    FE_COUNTER_EXPIRED,               // Entries that became deletes, or went with their table.
    FE_COUNTER_VALUE_BYTES,           // Of records that commits wrote,
    FE_COUNTER_COLLECTED_BYTES,       // and that collection wrote again,
    FE_COUNTER_COLLECTED_TABLE_BYTES, // with the tables that point there.
    FE_COUNTER_LOG_SYNCS,
    FE_COUNTER_COMMIT_GROUPS,
    FE_COUNTER_MANIFEST_BYTES,
    FE_COUNTER_STALLS,
    FE_COUNTER_STALL_NS,
    FE_COUNTER_STALL_MEMTABLES,
    FE_COUNTER_STALL_LEVEL0,
    FE_COUNTER_STALL_DEBT,
    FE_COUNTER_BACKGROUND_ERRORS,
    FE_COUNTER_COUNT,
} fe_counter;

// Errors: FERRIC_NO_MEMORY.
ferric_status fe_statistics_create(fe_vfs *vfs, fe_statistics **statistics);
// Accepts NULL.
void fe_statistics_destroy(fe_statistics *statistics);

void fe_statistics_add(fe_statistics *statistics, fe_counter counter, uint64_t amount);
uint64_t fe_statistics_sum(const fe_statistics *statistics, fe_counter counter);

// A call that is being counted, between begin and end in the same thread.
typedef struct fe_call {
    struct fe_statistics_line *line; // Where its thread counts.
    uint64_t start;                  // In nanoseconds; 0 when it is not timed.
} fe_call;

fe_call fe_statistics_begin(fe_statistics *statistics, ferric_operation operation);
// Ends it with what it answered.
void fe_statistics_end(fe_statistics *statistics, ferric_operation operation, fe_call call,
                       ferric_status status);

// For several fe_statistics_add_in outside of a counted call: never given to end.
fe_call fe_statistics_here(fe_statistics *statistics);
// As fe_statistics_add, inside a counted call, whose line is at hand.
void fe_statistics_add_in(fe_statistics *statistics, fe_call call, fe_counter counter,
                          uint64_t amount);
// Counts `calls` successes at once: for loops too tight to count each step. None is timed.
void fe_statistics_add_calls(fe_statistics *statistics, ferric_operation operation, uint64_t calls);
// Begins a call that is timed whatever its number.
fe_call fe_statistics_begin_timed(fe_statistics *statistics, ferric_operation operation);

// Fills one operation's numbers.
void fe_statistics_operation(const fe_statistics *statistics, ferric_operation operation,
                             ferric_operation_stats *stats);

#endif
