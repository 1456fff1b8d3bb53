// SPDX-License-Identifier: Apache-2.0
// A log-linear histogram of latencies: each power of two is cut into 32 equal parts, so that a
// percentile is right within 3%, and the longest value is exact. Adding one is a few instructions.
#ifndef FERRIC_SUPPORT_LATENCY_H
#define FERRIC_SUPPORT_LATENCY_H

#include <stdint.h>

#define BENCH_LATENCY_PARTS_LOG2 5
#define BENCH_LATENCY_PARTS (1u << BENCH_LATENCY_PARTS_LOG2)
// Enough for 2^45 ns, ten hours.
#define BENCH_LATENCY_BUCKETS (41u * BENCH_LATENCY_PARTS)

typedef struct bench_latency {
    uint64_t count;
    uint64_t sum_ns;
    uint64_t max_ns;
    uint64_t buckets[BENCH_LATENCY_BUCKETS];
} bench_latency;

// The bucket that `value_ns` falls into.
static inline uint32_t bench_latency_bucket(uint64_t value_ns)
{
    uint32_t log2, bucket;

    if (value_ns < BENCH_LATENCY_PARTS) return (uint32_t)value_ns;
    log2 = 63u - (uint32_t)__builtin_clzll(value_ns);
    bucket = ((log2 - BENCH_LATENCY_PARTS_LOG2) << BENCH_LATENCY_PARTS_LOG2) +
             (uint32_t)(value_ns >> (log2 - BENCH_LATENCY_PARTS_LOG2));
    return bucket < BENCH_LATENCY_BUCKETS ? bucket : BENCH_LATENCY_BUCKETS - 1;
}

static inline void bench_latency_add(bench_latency *latency, uint64_t value_ns)
{
    latency->count++;
    latency->sum_ns += value_ns;
    if (value_ns > latency->max_ns) latency->max_ns = value_ns;
    latency->buckets[bench_latency_bucket(value_ns)]++;
}

// Adds all of `from` to `into`.
void bench_latency_merge(bench_latency *into, const bench_latency *from);

// The smallest bucket bound that at least `share` (0 to 1) of the values do not exceed; the longest
// value when the bound would be above it; 0 when there are no values.
uint64_t bench_latency_percentile(const bench_latency *latency, double share);

#endif
