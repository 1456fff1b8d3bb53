// SPDX-License-Identifier: Apache-2.0
// A distribution of numbers in fixed memory: each power of two is cut into 16 buckets of equal
// width, so that a quantile is off by 1/32 of its value at most, whatever the range.
//
// Thread rule: any thread. A reader beside writers sees a distribution of about now.
#ifndef FERRIC_LSM_HISTOGRAM_H
#define FERRIC_LSM_HISTOGRAM_H

#include <stdatomic.h>
#include <stdint.h>

// Numbers below 32 have a bucket each; from there on 16 for each power of two up to 2^40, which is
// 18 minutes in nanoseconds. What is larger counts in the last bucket.
#define FE_HISTOGRAM_BUCKET_COUNT 592

// {0} is empty.
typedef struct fe_histogram {
    _Atomic(uint64_t) counts[FE_HISTOGRAM_BUCKET_COUNT];
    _Atomic(uint64_t) max;
} fe_histogram;

void fe_histogram_add(fe_histogram *histogram, uint64_t value);
uint64_t fe_histogram_count(const fe_histogram *histogram);
// The largest number added, exactly; 0 when empty.
uint64_t fe_histogram_max(const fe_histogram *histogram);
// The number that `per_10000` of 10,000 are not above, such as 5,000 for the median; 0 when empty.
uint64_t fe_histogram_quantile(const fe_histogram *histogram, uint32_t per_10000);

// For tests: the bucket of a number, and the middle of a bucket.
uint32_t fe_histogram_bucket(uint64_t value);
uint64_t fe_histogram_middle(uint32_t bucket);

#endif
