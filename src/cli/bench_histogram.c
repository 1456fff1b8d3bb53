// SPDX-License-Identifier: Apache-2.0
// Buckets of durations: 32 of equal width for each power of two; see bench_histogram.h.
#include "cli/bench_histogram.h"

#include <stddef.h>

static size_t bucket_of(uint64_t value)
{
    unsigned power = 0;
    if (value < 64) return (size_t)value; // The first two rows have width 1.
    while (value >> power >= 64)
        power++;
    return (size_t)(power + 1) * 32 + (size_t)(value >> power) - 32;
}

// The largest value of a bucket.
static uint64_t bucket_end(size_t bucket)
{
    size_t power = bucket / 32;
    if (bucket < 64) return bucket;
    return (((uint64_t)(bucket % 32) + 33) << (power - 1)) - 1;
}

void bench_histogram_add(bench_histogram *histogram, uint64_t value)
{
    histogram->buckets[bucket_of(value)]++;
    histogram->count++;
    if (value > histogram->max) histogram->max = value;
}

void bench_histogram_merge(bench_histogram *histogram, const bench_histogram *other)
{
    for (size_t i = 0; i < BENCH_BUCKET_COUNT; i++)
        histogram->buckets[i] += other->buckets[i];
    histogram->count += other->count;
    if (other->max > histogram->max) histogram->max = other->max;
}

uint64_t bench_histogram_at(const bench_histogram *histogram, double share)
{
    uint64_t wanted = (uint64_t)((double)histogram->count * share);
    uint64_t seen = 0;
    for (size_t i = 0; i < BENCH_BUCKET_COUNT; i++) {
        seen += histogram->buckets[i];
        if (seen > wanted) return bucket_end(i) < histogram->max ? bucket_end(i) : histogram->max;
    }
    return histogram->max;
}
