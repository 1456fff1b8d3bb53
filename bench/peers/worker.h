// SPDX-License-Identifier: Apache-2.0
// Threads that repeat one step on one engine, side by side, and are timed operation by operation.
//
// For each key the run remembers the generation that was last acknowledged, one byte, 0 for absent:
// a read that finds another one is a wrong answer, and ends the process.
#ifndef FERRIC_PEERS_WORKER_H
#define FERRIC_PEERS_WORKER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/random.h"
#include "peers/engine.h"
#include "peers/peers_options.h"
#include "support/dataset.h"
#include "support/latency.h"
#include "support/timeline.h"
#include "support/zipfian.h"

#define RUN_SESSIONS_MAX 32

// One engine under one group of workloads, in one process.
typedef struct bench_run {
    const peers_options *options;
    const engine *engine;
    engine_settings settings;
    bench_dataset dataset;
    bench_zipfian zipfian;
    _Atomic uint8_t *generations; // By number, below twice the number of keys.
    uint64_t inserted;            // Keys behind the filled ones; one thread writes then.
    engine_db *db;
    engine_session *sessions[RUN_SESSIONS_MAX]; // Opened when first used, for caches to stay warm.
} bench_run;

typedef struct worker worker;

// Does one operation and returns how many items it counts for.
typedef uint64_t (*worker_step)(worker *worker);

struct worker {
    // Set by the caller.
    bench_run *run;
    worker_step step;
    uint32_t number;           // This one
    uint32_t count;            // of so many with the same step.
    uint64_t operations_max;   // UINT64_MAX for no bound.
    uint64_t seconds_max;      // 0 for no bound.
    bool is_background;        // Goes on until all others have ended.
    bool is_racing;            // Others write what this one reads,
    bool is_contended;         // and what it writes.
    bench_timeline *over_time; // NULL, or where its items are counted.
    // The step's own.
    engine_session *session;
    fe_random random;
    uint64_t position; // Operations done.
    uint8_t *memory;   // Values being written.
    // Results.
    uint64_t items;
    uint64_t user_bytes; // Keys and values written.
    bench_latency latency;
};

// Allocates `count` workers that know the run, their number and their count.
worker *workers_create(bench_run *run, uint32_t count);
void workers_destroy(worker *workers, uint32_t count);

// Runs them all from one moment on, and returns the seconds until the last one that is not in the
// background had ended.
double workers_run(worker *workers, uint32_t count);

#define WORKER_BATCH_MAX 100

// Writes the next generation of the key with this number.
void worker_put(worker *worker, uint64_t number);

// Reads a key and compares: present or not, value, generation.
void worker_read(worker *worker, uint64_t number);

// Deletes a key.
void worker_remove(worker *worker, uint64_t number);

// Writes the next generation of up to WORKER_BATCH_MAX keys at once.
void worker_put_batch(worker *worker, const uint64_t *numbers, size_t count);

// Reads keys and writes their next generations as one transaction. False: it was a conflict.
#define WORKER_TXN_MAX 8
bool worker_transact(worker *worker, const uint64_t *numbers, size_t count);

// Reads `count` entries from a key on and compares order, completeness and values. REQUIRES: the
// key exists, and no key was deleted.
void worker_scan(worker *worker, uint64_t number, size_t count);

#endif
