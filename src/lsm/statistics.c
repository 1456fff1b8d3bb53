// SPDX-License-Identifier: Apache-2.0
// Counters in lines of their own for each thread, and sampled latencies.
//
// A line is written by one thread, the one that has its index now, so counting is a load and a
// store without a locked instruction. (An index is handed from thread to thread with release and
// acquire, see os/thread_index.c.) Threads without an index, and those whose line found no memory,
// share one line, which is counted up atomically. Latencies go straight into histograms that all
// threads share: with one call in 64 they are too rare to be in each other's way.
#include "lsm/statistics.h"

#include <assert.h>
#include <stdatomic.h>

#include "base/compiler.h"
#include "base/memory.h"
#include "base/status.h"
#include "lsm/histogram.h"
#include "os/thread.h"

#define SAMPLE_MASK 63u // One call in 64 of each thread and operation is timed.

typedef _Atomic(uint64_t) counter;

typedef enum outcome {
    OUTCOME_SUCCESS = 0,
    OUTCOME_NOT_FOUND,
    OUTCOME_CONFLICT,
    OUTCOME_FAILURE,
    OUTCOME_COUNT,
} outcome;

typedef struct operation_counts {
    counter attempts;
    counter outcomes[OUTCOME_COUNT];
} operation_counts;

typedef struct fe_statistics_line {
    operation_counts operations[FERRIC_OPERATION_COUNT];
    counter counters[FE_COUNTER_COUNT];
} line;

struct fe_statistics {
    fe_vfs *vfs;
    // Made when its thread first counts; never taken away before destroy.
    _Atomic(line *) lines[FE_THREAD_INDEX_COUNT];
    line shared;
    fe_histogram latencies[FERRIC_OPERATION_COUNT];
};

ferric_status fe_statistics_create(fe_vfs *vfs, fe_statistics **statistics)
{
    *statistics = fe_alloc_zero(1, sizeof **statistics);
    if (*statistics == NULL) return fe_no_memory("statistics", sizeof **statistics);
    (*statistics)->vfs = vfs;
    return FERRIC_OK;
}

void fe_statistics_destroy(fe_statistics *statistics)
{
    if (statistics == NULL) return;
    for (uint32_t i = 0; i < FE_THREAD_INDEX_COUNT; i++) {
        fe_free_aligned(atomic_load_explicit(&statistics->lines[i], memory_order_acquire));
    }
    fe_free(statistics);
}

// ---- Lines ----------------------------------------------------------------------------------

// Out of the way of the common case. Returns the shared line when there is no memory for another.
FE_NOINLINE static line *make_line(fe_statistics *statistics, uint32_t index)
{
    size_t size = (sizeof(line) + FE_CACHE_LINE - 1) / FE_CACHE_LINE * FE_CACHE_LINE;
    line *made = fe_alloc_aligned(FE_CACHE_LINE, size);

    if (made == NULL) return &statistics->shared;
    for (size_t i = 0; i < sizeof *made / sizeof(counter); i++)
        atomic_init((counter *)made + i, 0);
    // Pairs with the acquire loads of readers, who then see zeros. No other thread stores here.
    atomic_store_explicit(&statistics->lines[index], made, memory_order_release);
    return made;
}

static line *line_of_this_thread(fe_statistics *statistics)
{
    uint32_t index = fe_thread_index();
    line *own;

    if (FE_UNLIKELY(index == FE_THREAD_INDEX_NONE)) return &statistics->shared;
    // Relaxed: this thread stored it, or took the index over from the one that did.
    own = atomic_load_explicit(&statistics->lines[index], memory_order_relaxed);
    return FE_LIKELY(own != NULL) ? own : make_line(statistics, index);
}

// Returns the number before.
static uint64_t count(const fe_statistics *statistics, const line *mine, counter *number,
                      uint64_t amount)
{
    uint64_t before;

    if (FE_UNLIKELY(mine == &statistics->shared)) {
        return atomic_fetch_add_explicit(number, amount, memory_order_relaxed);
    }
    before = atomic_load_explicit(number, memory_order_relaxed);
    atomic_store_explicit(number, before + amount, memory_order_relaxed);
    return before;
}

// Adds up the counter that stands `offset` bytes into each line.
static uint64_t sum(const fe_statistics *statistics, size_t offset)
{
    const uint8_t *base = (const uint8_t *)&statistics->shared;
    uint64_t total =
        atomic_load_explicit((const counter *)(const void *)(base + offset), memory_order_relaxed);

    for (uint32_t i = 0; i < FE_THREAD_INDEX_COUNT; i++) {
        base = (const uint8_t *)atomic_load_explicit(&statistics->lines[i], memory_order_acquire);
        if (base == NULL) continue;
        total += atomic_load_explicit((const counter *)(const void *)(base + offset),
                                      memory_order_relaxed);
    }
    return total;
}

// ---- Counting -------------------------------------------------------------------------------

void fe_statistics_add(fe_statistics *statistics, fe_counter number, uint64_t amount)
{
    line *mine = line_of_this_thread(statistics);

    assert(number < FE_COUNTER_COUNT);
    count(statistics, mine, &mine->counters[number], amount);
}

uint64_t fe_statistics_sum(const fe_statistics *statistics, fe_counter number)
{
    assert(number < FE_COUNTER_COUNT);
    return sum(statistics, offsetof(line, counters) + (size_t)number * sizeof(counter));
}

fe_call fe_statistics_here(fe_statistics *statistics)
{
    fe_call call = {line_of_this_thread(statistics), 0};
    return call;
}

void fe_statistics_add_in(fe_statistics *statistics, fe_call call, fe_counter number,
                          uint64_t amount)
{
    assert(number < FE_COUNTER_COUNT);
    count(statistics, call.line, &call.line->counters[number], amount);
}

void fe_statistics_add_calls(fe_statistics *statistics, ferric_operation operation, uint64_t calls)
{
    line *mine = line_of_this_thread(statistics);

    count(statistics, mine, &mine->operations[operation].attempts, calls);
    count(statistics, mine, &mine->operations[operation].outcomes[OUTCOME_SUCCESS], calls);
}

static uint64_t start_time(const fe_statistics *statistics)
{
    uint64_t now = fe_vfs_monotonic_ns(statistics->vfs);
    return now == 0 ? 1 : now; // 0 means that a call is not timed.
}

fe_call fe_statistics_begin(fe_statistics *statistics, ferric_operation operation)
{
    fe_call call = {line_of_this_thread(statistics), 0};
    counter *attempts = &call.line->operations[operation].attempts;

    if (FE_LIKELY((count(statistics, call.line, attempts, 1) & SAMPLE_MASK) != 0)) return call;
    call.start = start_time(statistics);
    return call;
}

fe_call fe_statistics_begin_timed(fe_statistics *statistics, ferric_operation operation)
{
    fe_call call = {line_of_this_thread(statistics), 0};

    count(statistics, call.line, &call.line->operations[operation].attempts, 1);
    call.start = start_time(statistics);
    return call;
}

static outcome outcome_of(ferric_status status)
{
    if (FE_LIKELY(status == FERRIC_OK)) return OUTCOME_SUCCESS;
    switch (status) {
    case FERRIC_NOT_FOUND:
        return OUTCOME_NOT_FOUND;
    case FERRIC_CONFLICT:
        return OUTCOME_CONFLICT;
    default:
        return OUTCOME_FAILURE;
    }
}

void fe_statistics_end(fe_statistics *statistics, ferric_operation operation, fe_call call,
                       ferric_status status)
{
    counter *outcomes = call.line->operations[operation].outcomes;
    uint64_t now;

    count(statistics, call.line, &outcomes[outcome_of(status)], 1);
    if (FE_LIKELY(call.start == 0)) return;
    now = fe_vfs_monotonic_ns(statistics->vfs);
    fe_histogram_add(&statistics->latencies[operation], now > call.start ? now - call.start : 0);
}

// ---- Reading --------------------------------------------------------------------------------

void fe_statistics_operation(const fe_statistics *statistics, ferric_operation operation,
                             ferric_operation_stats *stats)
{
    const fe_histogram *latency = &statistics->latencies[operation];
    size_t offset = offsetof(line, operations) + (size_t)operation * sizeof(operation_counts);
    size_t outcomes = offset + offsetof(operation_counts, outcomes);

    assert(operation < FERRIC_OPERATION_COUNT);
    // Outcomes before attempts, so that a reader beside running calls hardly ever sees more ends
    // than beginnings.
    stats->successes = sum(statistics, outcomes + OUTCOME_SUCCESS * sizeof(counter));
    stats->not_found = sum(statistics, outcomes + OUTCOME_NOT_FOUND * sizeof(counter));
    stats->conflicts = sum(statistics, outcomes + OUTCOME_CONFLICT * sizeof(counter));
    stats->failures = sum(statistics, outcomes + OUTCOME_FAILURE * sizeof(counter));
    stats->attempts = sum(statistics, offset + offsetof(operation_counts, attempts));
    stats->samples = fe_histogram_count(latency);
    stats->p50_ns = fe_histogram_quantile(latency, 5000);
    stats->p90_ns = fe_histogram_quantile(latency, 9000);
    stats->p99_ns = fe_histogram_quantile(latency, 9900);
    stats->p999_ns = fe_histogram_quantile(latency, 9990);
    stats->p9999_ns = fe_histogram_quantile(latency, 9999);
    stats->max_ns = fe_histogram_max(latency);
}
