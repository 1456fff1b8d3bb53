// SPDX-License-Identifier: Apache-2.0
// What observation costs each call: at most 5 ns on a cached get.
#include "component/component.h"
#include "lsm/statistics.h"

static void count_calls(void *argument, uint64_t count)
{
    fe_statistics *statistics = argument;
    uint64_t i;

    for (i = 0; i < count; i++) {
        fe_call call = fe_statistics_begin(statistics, FERRIC_OPERATION_GET);
        bench_keep(i);
        fe_statistics_end(statistics, FERRIC_OPERATION_GET, call, FERRIC_OK);
    }
}

static void count_bytes(void *argument, uint64_t count)
{
    fe_statistics *statistics = argument;
    uint64_t i;

    for (i = 0; i < count; i++)
        fe_statistics_add(statistics, FE_COUNTER_USER_BYTES_READ, i);
}

void bench_statistics(component_bench *bench)
{
    bench_timing_case timed = {.name = "statistics/count and sample a call", .run = count_calls};
    fe_statistics *statistics;

    component_check(fe_statistics_create(fe_vfs_posix(), &statistics), "make statistics");
    timed.context = statistics;
    component_run(bench, &timed);
    timed.name = "statistics/add to a counter";
    timed.run = count_bytes;
    component_run(bench, &timed);
    fe_statistics_destroy(statistics);
}
