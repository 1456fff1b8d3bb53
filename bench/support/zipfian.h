// SPDX-License-Identifier: Apache-2.0
// Ranks with the skewed popularity that YCSB uses (Gray and others, "Quickly Generating
// Billion-Record Synthetic Databases", 1994; theta 0.99): rank 0 is the most popular.
#ifndef FERRIC_SUPPORT_ZIPFIAN_H
#define FERRIC_SUPPORT_ZIPFIAN_H

#include <stdint.h>

typedef struct bench_zipfian {
    uint64_t count;
    double alpha;
    double zeta;
    double eta;
    double second; // Below this share of zeta the rank is 1.
} bench_zipfian;

// For ranks in [0, count); sums `count` terms once. REQUIRES: count > 1.
void bench_zipfian_init(bench_zipfian *zipfian, uint64_t count);

// A rank, from 64 uniform random bits.
uint64_t bench_zipfian_rank(const bench_zipfian *zipfian, uint64_t random);

#endif
