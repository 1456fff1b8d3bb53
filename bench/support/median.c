// SPDX-License-Identifier: Apache-2.0
// The median of a few measurements.
#include "support/median.h"

#include <assert.h>
#include <stdlib.h>

static int compare_doubles(const void *left, const void *right)
{
    double a = *(const double *)left;
    double b = *(const double *)right;

    return (a > b) - (a < b);
}

double bench_median(double *values, size_t count)
{
    assert(count > 0);
    qsort(values, count, sizeof(*values), compare_doubles);
    if (count % 2 == 1) return values[count / 2];
    return (values[count / 2 - 1] + values[count / 2]) / 2;
}
