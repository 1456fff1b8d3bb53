// SPDX-License-Identifier: Apache-2.0
// YCSB's zipfian generator with constant theta 0.99.
#include "support/zipfian.h"

#include <math.h>

#define THETA 0.99

void bench_zipfian_init(bench_zipfian *zipfian, uint64_t count)
{
    double zeta_of_two = 1 + pow(0.5, THETA);
    uint64_t i;

    zipfian->count = count;
    zipfian->alpha = 1 / (1 - THETA);
    zipfian->zeta = 0;
    for (i = 1; i <= count; i++)
        zipfian->zeta += pow(1 / (double)i, THETA);
    zipfian->second = zeta_of_two;
    zipfian->eta = (1 - pow(2 / (double)count, 1 - THETA)) / (1 - zeta_of_two / zipfian->zeta);
}

uint64_t bench_zipfian_rank(const bench_zipfian *zipfian, uint64_t random)
{
    double uniform = (double)(random >> 11) * 0x1p-53;
    double scaled = uniform * zipfian->zeta;
    uint64_t rank;

    if (scaled < 1) return 0;
    if (scaled < zipfian->second) return 1;
    rank = (uint64_t)((double)zipfian->count *
                      pow(zipfian->eta * uniform - zipfian->eta + 1, zipfian->alpha));
    return rank < zipfian->count ? rank : zipfian->count - 1;
}
