// SPDX-License-Identifier: Apache-2.0
// Log-linear buckets with relaxed counters.
#include "lsm/histogram.h"

#include <assert.h>

#define STEPS 16u // Buckets for each power of two.

uint32_t fe_histogram_bucket(uint64_t value)
{
    uint32_t shift = 0;

    while (value >> shift >= 2 * STEPS)
        shift++;
    // value >> shift is now its first five bits: 16 to 31, or the value itself when it has fewer.
    uint64_t bucket = shift * STEPS + (value >> shift);
    return bucket < FE_HISTOGRAM_BUCKET_COUNT ? (uint32_t)bucket : FE_HISTOGRAM_BUCKET_COUNT - 1;
}

uint64_t fe_histogram_middle(uint32_t bucket)
{
    uint32_t shift = bucket < 2 * STEPS ? 0 : bucket / STEPS - 1;
    uint64_t first = (uint64_t)(bucket - shift * STEPS) << shift;

    assert(bucket < FE_HISTOGRAM_BUCKET_COUNT);
    return first + ((UINT64_C(1) << shift) - 1) / 2;
}

// All orders are relaxed: a count carries no other data with it.
static uint64_t load(const _Atomic(uint64_t) *number)
{
    return atomic_load_explicit(number, memory_order_relaxed);
}

void fe_histogram_add(fe_histogram *histogram, uint64_t value)
{
    uint64_t max = load(&histogram->max);

    while (max < value &&
           !atomic_compare_exchange_weak_explicit(&histogram->max, &max, value,
                                                  memory_order_relaxed, memory_order_relaxed)) {
    }
    atomic_fetch_add_explicit(&histogram->counts[fe_histogram_bucket(value)], 1,
                              memory_order_relaxed);
}

uint64_t fe_histogram_count(const fe_histogram *histogram)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i < FE_HISTOGRAM_BUCKET_COUNT; i++)
        count += load(&histogram->counts[i]);
    return count;
}

uint64_t fe_histogram_max(const fe_histogram *histogram)
{
    return load(&histogram->max);
}

uint64_t fe_histogram_quantile(const fe_histogram *histogram, uint32_t per_10000)
{
    uint64_t count = fe_histogram_count(histogram);
    uint64_t max = load(&histogram->max);
    // Rounded up, without a product that overflows; the first one at least.
    uint64_t rank = count / 10000 * per_10000 + (count % 10000 * per_10000 + 9999) / 10000;
    uint64_t seen = 0;

    assert(per_10000 <= 10000);
    if (rank == 0) rank = 1;
    for (uint32_t i = 0; i < FE_HISTOGRAM_BUCKET_COUNT && count > 0; i++) {
        uint64_t middle;
        seen += load(&histogram->counts[i]);
        if (seen < rank) continue;
        middle = fe_histogram_middle(i);
        // The last bucket has no end, so its middle says nothing.
        return middle < max && i < FE_HISTOGRAM_BUCKET_COUNT - 1 ? middle : max;
    }
    return 0;
}
