// SPDX-License-Identifier: Apache-2.0
// Counters for hot paths: each thread counts in a cache line of its own, and a reader adds the
// lines up. An addition costs a load and a store that nobody else contends for.
//
// Thread rule: any thread. A sum may have counters of slightly different moments; differences of
// additions and subtractions by different threads come out right once both are done.
#ifndef FERRIC_LSM_TALLY_H
#define FERRIC_LSM_TALLY_H

#include <stdatomic.h>

#include "base/compiler.h"
#include "os/thread.h"

// What fits into a line.
#define FE_TALLY_COUNTERS_MAX 8

typedef struct fe_tally_line {
    _Alignas(FE_CACHE_LINE) _Atomic(uint64_t) counts[FE_TALLY_COUNTERS_MAX];
} fe_tally_line;

typedef struct fe_tally {
    // One for each thread number; the last is shared by threads that have none.
    fe_tally_line *lines;
    _Atomic(uint32_t) line_limit; // Lines from here up to the last were never used.
} fe_tally;

// Errors: FERRIC_NO_MEMORY.
ferric_status fe_tally_init(fe_tally *tally);
void fe_tally_deinit(fe_tally *tally);

// The first addition of a thread number, and those of threads without one.
void fe_tally_add_rarely(fe_tally *tally, uint32_t index, unsigned counter, uint64_t amount);

// Wraps around, so that adding a negated amount subtracts.
static inline void fe_tally_add(fe_tally *tally, unsigned counter, uint64_t amount)
{
    uint32_t index = fe_thread_index();

    if (FE_LIKELY(index < atomic_load_explicit(&tally->line_limit, memory_order_relaxed))) {
        _Atomic(uint64_t) *count = &tally->lines[index].counts[counter];
        uint64_t before = atomic_load_explicit(count, memory_order_relaxed);
        atomic_store_explicit(count, before + amount, memory_order_relaxed);
        return;
    }
    fe_tally_add_rarely(tally, index, counter, amount);
}

// What this thread has counted alone, or a thread of its number before it; 0 without a number.
static inline uint64_t fe_tally_own(const fe_tally *tally, unsigned counter)
{
    uint32_t index = fe_thread_index();

    if (index >= atomic_load_explicit(&tally->line_limit, memory_order_relaxed)) return 0;
    return atomic_load_explicit(&tally->lines[index].counts[counter], memory_order_relaxed);
}

uint64_t fe_tally_sum(const fe_tally *tally, unsigned counter);

#endif
