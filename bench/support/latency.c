// SPDX-License-Identifier: Apache-2.0
// Merging and reading the latency histogram.
#include "support/latency.h"

#include <math.h>

// The largest value that falls into `bucket`.
static uint64_t bucket_bound(uint32_t bucket)
{
    uint32_t shift;
    uint64_t part;

    if (bucket < 2 * BENCH_LATENCY_PARTS) return bucket;
    shift = bucket / BENCH_LATENCY_PARTS - 1;
    part = bucket % BENCH_LATENCY_PARTS + BENCH_LATENCY_PARTS;
    return ((part + 1) << shift) - 1;
}

void bench_latency_merge(bench_latency *into, const bench_latency *from)
{
    uint32_t i;

    into->count += from->count;
    into->sum_ns += from->sum_ns;
    if (from->max_ns > into->max_ns) into->max_ns = from->max_ns;
    for (i = 0; i < BENCH_LATENCY_BUCKETS; i++)
        into->buckets[i] += from->buckets[i];
}

uint64_t bench_latency_percentile(const bench_latency *latency, double share)
{
    uint64_t wanted = (uint64_t)ceil((double)latency->count * share);
    uint64_t seen = 0;
    uint32_t i;

    for (i = 0; i < BENCH_LATENCY_BUCKETS && latency->count > 0; i++) {
        seen += latency->buckets[i];
        if (seen >= wanted && seen > 0) {
            uint64_t bound = bucket_bound(i);
            return bound < latency->max_ns ? bound : latency->max_ns;
        }
    }
    return latency->max_ns;
}
