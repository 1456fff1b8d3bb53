// SPDX-License-Identifier: Apache-2.0
// Durations counted in buckets that are never wider than 1/32 of what they hold.
#ifndef FERRIC_CLI_BENCH_HISTOGRAM_H
#define FERRIC_CLI_BENCH_HISTOGRAM_H

#include <stdint.h>

#define BENCH_BUCKET_COUNT (64 * 32)

typedef struct bench_histogram {
    uint64_t buckets[BENCH_BUCKET_COUNT];
    uint64_t count;
    uint64_t max;
} bench_histogram;

void bench_histogram_add(bench_histogram *histogram, uint64_t value);
// Adds all of `other`.
void bench_histogram_merge(bench_histogram *histogram, const bench_histogram *other);
// A value that `share` (0 to 1) of all are not above, but for the bucket's width; 0 when empty.
uint64_t bench_histogram_at(const bench_histogram *histogram, double share);

#endif
