// SPDX-License-Identifier: Apache-2.0
// Names of the figures, and a measurement as a JSON line.
#include "peers/measurement.h"

#include <assert.h>
#include <string.h>

#include "support/failure.h"

static const char *const names[METRIC_COUNT] = {
    [METRIC_RATE] = "rate",
    [METRIC_BESIDE_RATE] = "beside_rate",
    [METRIC_OPERATIONS] = "operations",
    [METRIC_SECONDS] = "seconds",
    [METRIC_P50_NS] = "p50_ns",
    [METRIC_P99_NS] = "p99_ns",
    [METRIC_P999_NS] = "p999_ns",
    [METRIC_MAX_NS] = "max_ns",
    [METRIC_SETTLE_SECONDS] = "settle_seconds",
    [METRIC_WRITE_AMPLIFICATION] = "write_amplification",
    [METRIC_DIRTY_AMPLIFICATION] = "dirty_amplification",
    [METRIC_SPACE_AMPLIFICATION] = "space_amplification",
    [METRIC_MEMORY_BYTES] = "memory_bytes",
    [METRIC_MEMORY_SHARE] = "memory_share",
    [METRIC_OPEN_MS] = "open_ms",
    [METRIC_LOST] = "lost",
};

void measurement_init(measurement *measured, const char *engine, const char *workload,
                      uint32_t round)
{
    memset(measured, 0, sizeof(*measured));
    bench_format(measured->engine, sizeof(measured->engine), "%s", engine);
    bench_format(measured->workload, sizeof(measured->workload), "%s", workload);
    measured->round = round;
}

void measurement_set(measurement *measured, metric which, double value)
{
    assert(which < METRIC_COUNT);
    measured->has[which] = true;
    measured->values[which] = value;
}

const char *metric_name(metric which)
{
    assert(which < METRIC_COUNT);
    return names[which];
}

void measurement_to_json(const measurement *measured, bench_json_line *line)
{
    int i;

    bench_json_begin(line);
    bench_json_add_text(line, "kind", "result");
    bench_json_add_text(line, "engine", measured->engine);
    bench_json_add_text(line, "workload", measured->workload);
    bench_json_add_number(line, "round", measured->round);
    for (i = 0; i < METRIC_COUNT; i++)
        if (measured->has[i]) bench_json_add_number(line, names[i], measured->values[i]);
    bench_json_end(line);
}

void measurement_series_to_json(const measurement *measured, const bench_timeline *over_time,
                                bench_json_line *line)
{
    char items[BENCH_TIMELINE_MAX * 12 + 1] = "";
    size_t size = 0;

    for (size_t i = 0; i < over_time->count; i++) {
        bench_format(items + size, sizeof(items) - size, i == 0 ? "%llu" : " %llu",
                     (unsigned long long)over_time->items[i]);
        size += strlen(items + size);
    }
    bench_json_begin(line);
    bench_json_add_text(line, "kind", "series");
    bench_json_add_text(line, "engine", measured->engine);
    bench_json_add_text(line, "workload", measured->workload);
    bench_json_add_number(line, "round", measured->round);
    bench_json_add_number(line, "width_ms", (double)over_time->width_ns / 1e6);
    bench_json_add_text(line, "items", items);
    bench_json_end(line);
}

bool measurement_from_json(const char *line, measurement *measured)
{
    char kind[16];
    double round;
    int i;

    memset(measured, 0, sizeof(*measured));
    if (!bench_json_find_text(line, "kind", kind, sizeof(kind)) || strcmp(kind, "result") != 0)
        return false;
    if (!bench_json_find_text(line, "engine", measured->engine, sizeof(measured->engine)) ||
        !bench_json_find_text(line, "workload", measured->workload, sizeof(measured->workload)) ||
        !bench_json_find_number(line, "round", &round))
        bench_die("a result without engine, workload or round: %s", line);
    measured->round = (uint32_t)round;
    for (i = 0; i < METRIC_COUNT; i++)
        measured->has[i] = bench_json_find_number(line, names[i], &measured->values[i]);
    return true;
}
