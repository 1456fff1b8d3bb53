// SPDX-License-Identifier: Apache-2.0
// The single steps that workloads are made of, each checking what it read.
#ifndef FERRIC_CLI_BENCH_STEP_H
#define FERRIC_CLI_BENCH_STEP_H

#include <ferric/ferric.h>

#include "cli/bench_workload.h"

// One thread at work.
typedef struct bench_worker {
    ferric_db *db;
    const bench_data *data;
    bench_step step;
    fe_random random;
    bool is_synced;
    uint64_t position;   // Of the next sequential or shuffled entry,
    uint64_t stride;     // the one after it is so much further.
    uint64_t inserted;   // Entries that YCSB D and E added behind the loaded ones.
    uint64_t operations; // Done so far; a batch or multi-get counts each key.
    uint64_t bytes;
    uint8_t *value; // Room for one.
    ferric_buffer buffer;
    ferric_batch *batch;
} bench_worker;

// Errors: FERRIC_NO_MEMORY; deinit is due all the same.
ferric_status bench_worker_init(bench_worker *worker, ferric_db *db, const bench_data *data,
                                bench_step step, uint64_t seed);
void bench_worker_deinit(bench_worker *worker);

// Does one step. Errors: as bench_run.
ferric_status bench_step_run(bench_worker *worker);

#endif
