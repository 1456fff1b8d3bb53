// SPDX-License-Identifier: Apache-2.0
// The workloads of ferric bench: what each does, from how many threads, and what it measured.
#ifndef FERRIC_CLI_BENCH_WORKLOAD_H
#define FERRIC_CLI_BENCH_WORKLOAD_H

#include <ferric/ferric.h>

#include "cli/bench_data.h"
#include "cli/bench_histogram.h"

// What one thread does over and over.
typedef enum bench_step {
    BENCH_PUT_SEQUENTIAL,
    BENCH_PUT_SHUFFLED,
    BENCH_PUT_UNIFORM,
    BENCH_PUT_BATCH, // 100 entries in one commit.
    BENCH_GET_UNIFORM,
    BENCH_GET_ZIPFIAN,
    BENCH_GET_MISSING,
    BENCH_GET_MULTI, // 16 keys in one call.
    BENCH_SCAN,      // 100 entries.
    BENCH_DELETE,
    BENCH_YCSB_A,
    BENCH_YCSB_B,
    BENCH_YCSB_C,
    BENCH_YCSB_D,
    BENCH_YCSB_E,
    BENCH_YCSB_F,
} bench_step;

typedef enum bench_need {
    BENCH_EMPTY,  // A new database.
    BENCH_LOADED, // One with all entries.
    BENCH_ANY,
} bench_need;

typedef struct bench_workload {
    const char *name;
    bench_step step;
    bench_need need;
    uint32_t threads;
    bool is_synced;  // Each commit.
    bool has_writer; // Besides, a thread that overwrites until the others are done.
    bool leaves_loaded;
} bench_workload;

typedef struct bench_result {
    const char *name;
    uint64_t operations;
    uint64_t bytes; // Of keys and values, read or written.
    uint64_t elapsed_ns;
    bench_histogram latency;
} bench_result;

// The workloads in the order in which they run best.
const bench_workload *bench_workloads(size_t *count);

// Puts all entries in, unmeasured.
ferric_status bench_load(ferric_db *db, const bench_data *data);

// Runs `workload` with `operations` in all. `results` has room for 2; *count is how many there are.
// Errors: those of the calls it makes; FERRIC_CORRUPT, with a message, when a value that was read
// is wrong.
ferric_status bench_run(ferric_db *db, const bench_data *data, const bench_workload *workload,
                        uint64_t operations, uint64_t seed, bench_result *results, size_t *count);

#endif
