// SPDX-License-Identifier: Apache-2.0
// The middle of a few measurements: what every figure of the benchmarks is.
#ifndef FERRIC_SUPPORT_MEDIAN_H
#define FERRIC_SUPPORT_MEDIAN_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

// Sorts `values` ascending and returns the middle one, or the mean of the middle two. REQUIRES:
// count > 0.
double bench_median(double *values, size_t count);

#ifdef __cplusplus
}
#endif

#endif
