// SPDX-License-Identifier: Apache-2.0
// The seldom part of counting, and sums.
#include "lsm/tally.h"

#include <string.h>

#include "base/memory.h"

#define SHARED_LINE FE_THREAD_INDEX_COUNT
#define LINE_COUNT (SHARED_LINE + 1)

ferric_status fe_tally_init(fe_tally *tally)
{
    size_t size = LINE_COUNT * sizeof *tally->lines;

    tally->lines = fe_alloc_aligned(FE_CACHE_LINE, size);
    atomic_init(&tally->line_limit, 0);
    if (tally->lines == NULL) return fe_no_memory("counters", size);
    memset(tally->lines, 0, size);
    return FERRIC_OK;
}

void fe_tally_deinit(fe_tally *tally)
{
    fe_free_aligned(tally->lines);
    tally->lines = NULL;
}

void fe_tally_add_rarely(fe_tally *tally, uint32_t index, unsigned counter, uint64_t amount)
{
    uint32_t limit = atomic_load_explicit(&tally->line_limit, memory_order_relaxed);

    if (index == FE_THREAD_INDEX_NONE) {
        atomic_fetch_add_explicit(&tally->lines[SHARED_LINE].counts[counter], amount,
                                  memory_order_relaxed);
        return;
    }
    while (limit <= index &&
           !atomic_compare_exchange_weak_explicit(&tally->line_limit, &limit, index + 1,
                                                  memory_order_relaxed, memory_order_relaxed)) {
    }
    fe_tally_add(tally, counter, amount);
}

uint64_t fe_tally_sum(const fe_tally *tally, unsigned counter)
{
    uint32_t limit = atomic_load_explicit(&tally->line_limit, memory_order_relaxed);
    uint64_t sum =
        atomic_load_explicit(&tally->lines[SHARED_LINE].counts[counter], memory_order_relaxed);

    for (uint32_t i = 0; i < limit; i++)
        sum += atomic_load_explicit(&tally->lines[i].counts[counter], memory_order_relaxed);
    return sum;
}
