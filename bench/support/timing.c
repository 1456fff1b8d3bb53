// SPDX-License-Identifier: Apache-2.0
// Repeats, calibration and the printed line of the small timings.
#include "support/timing.h"

#include <stdio.h>
#include <stdlib.h>

#include "support/failure.h"
#include "support/median.h"

static double run_once(const bench_timing_case *timed, uint64_t count)
{
    uint64_t start_ns, end_ns;

    if (timed->setup != NULL) timed->setup(timed->context);
    start_ns = bench_now_ns();
    timed->run(timed->context, count);
    end_ns = bench_now_ns();
    if (timed->teardown != NULL) timed->teardown(timed->context);
    return (double)(end_ns - start_ns) / (double)count;
}

// Doubles the number until a repeat takes an eighth of its time, then scales up to all of it.
static uint64_t find_count(const bench_timing_case *timed, uint64_t repeat_ns)
{
    uint64_t count = 1;
    double each_ns = run_once(timed, count);

    while (each_ns * (double)count < (double)repeat_ns / 8) {
        count *= 2;
        each_ns = run_once(timed, count);
    }
    if (each_ns < 0.01) each_ns = 0.01;
    count = (uint64_t)((double)repeat_ns / each_ns);
    return count == 0 ? 1 : count;
}

bench_timing bench_timing_measure(const bench_timing_case *timed, const bench_timing_plan *plan)
{
    bench_timing timing = {0};
    double *each_ns = bench_allocate(plan->repeats, sizeof(*each_ns));
    uint32_t i;

    timing.count = timed->count != 0 ? timed->count : find_count(timed, plan->repeat_ns);
    for (i = 0; i < plan->warmups; i++)
        run_once(timed, timing.count);
    for (i = 0; i < plan->repeats; i++)
        each_ns[i] = run_once(timed, timing.count);
    timing.median_ns = bench_median(each_ns, plan->repeats);
    timing.least_ns = each_ns[0];
    timing.most_ns = each_ns[plan->repeats - 1];
    free(each_ns);
    return timing;
}

void bench_timing_print(const bench_timing_case *timed, const bench_timing *timing)
{
    printf("%-44s %10.1f ns  (%.1f to %.1f, %llu operations)", timed->name, timing->median_ns,
           timing->least_ns, timing->most_ns, (unsigned long long)timing->count);
    if (timed->bytes != 0) printf("  %.0f MB/s", (double)timed->bytes * 1000 / timing->median_ns);
    printf("\n");
    fflush(stdout);
}
