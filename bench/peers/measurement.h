// SPDX-License-Identifier: Apache-2.0
// What one run of one workload on one engine showed: a fixed list of figures, told as a JSON line.
#ifndef FERRIC_PEERS_MEASUREMENT_H
#define FERRIC_PEERS_MEASUREMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "support/json_line.h"
#include "support/timeline.h"

typedef enum metric {
    METRIC_RATE,        // Operations per second.
    METRIC_BESIDE_RATE, // Of the writer, where one works beside the readers.
    METRIC_OPERATIONS,
    METRIC_SECONDS,
    METRIC_P50_NS,
    METRIC_P99_NS,
    METRIC_P999_NS,
    METRIC_MAX_NS,
    METRIC_SETTLE_SECONDS,      // Background work that was left when the last write returned.
    METRIC_WRITE_AMPLIFICATION, // Bytes handed to write calls, over keys and values.
    METRIC_DIRTY_AMPLIFICATION, // Bytes of file pages made dirty, over keys and values.
    METRIC_SPACE_AMPLIFICATION, // Disk blocks when settled, over keys and values.
    METRIC_MEMORY_BYTES,        // Highest anonymous resident memory above the harness's own.
    METRIC_MEMORY_SHARE,        // The same over the memory that was allowed.
    METRIC_OPEN_MS,             // From opening to the first value read.
    METRIC_LOST,                // Acknowledged writes that are gone.
    METRIC_COUNT,
} metric;

#define MEASUREMENT_NAME_MAX 24

typedef struct measurement {
    char engine[MEASUREMENT_NAME_MAX];
    char workload[MEASUREMENT_NAME_MAX];
    uint32_t round;
    bool has[METRIC_COUNT];
    double values[METRIC_COUNT];
} measurement;

// Empty but for its names.
void measurement_init(measurement *measured, const char *engine, const char *workload,
                      uint32_t round);

void measurement_set(measurement *measured, metric which, double value);

// The figure's name in JSON.
const char *metric_name(metric which);

// One line with "kind":"result".
void measurement_to_json(const measurement *measured, bench_json_line *line);

// One line with "kind":"series": how many items were done in each stretch of `width_ms`.
void measurement_series_to_json(const measurement *measured, const bench_timeline *over_time,
                                bench_json_line *line);

// False when the line is of another kind.
bool measurement_from_json(const char *line, measurement *measured);

#endif
