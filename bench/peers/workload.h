// SPDX-License-Identifier: Apache-2.0
// The workloads, and the groups of them that share one database in one process.
//
// The first workload of a group fills the database and is always run, the others are when they are
// asked for. Each begins when the engine's background work has ended.
#ifndef FERRIC_PEERS_WORKLOAD_H
#define FERRIC_PEERS_WORKLOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "peers/measurement.h"
#include "peers/worker.h"
#include "support/process_meter.h"

typedef struct workload_group {
    const char *name;
    const char *title;
    bool is_synced;
    bool keeps_log;
    bench_key_form form;
    uint32_t value_size;   // 0: as the options say.
    uint32_t key_share;    // One key for so many of the options' keys.
    uint32_t stages;       // Processes one after the other; the last one measures.
    bool is_killed;        // The first one ends by SIGKILL.
    bool has_transactions; // Only engines that have them run it.
} workload_group;

typedef enum workload_amount {
    AMOUNT_KEYS,    // One operation for each key, however long it takes.
    AMOUNT_BATCHES, // The same in batches of 100.
    AMOUNT_READS,   // As many as the options say, divided among the threads.
    AMOUNT_SCANS,   // A tenth of it.
    AMOUNT_HALF,    // One operation for every other key.
    AMOUNT_TIME,    // As long as a synced workload runs.
    AMOUNT_OPENS,   // Opening the database again.
} workload_amount;

typedef struct workload {
    const char *name;
    const char *group;
    const char *title;
    const char *unit; // Of the rate.
    workload_amount amount;
    worker_step step;
    uint32_t threads;
    worker_step beside; // Another thread's, unthrottled; NULL for none.
} workload;

// Both end with an entry whose name is NULL.
extern const workload workloads[];
extern const workload_group workload_groups[];

// NULL when there is none of that name.
const workload *workload_find(const char *name);
const workload_group *workload_group_find(const char *name);

// Whether the options ask for it, by its own name or its group's.
bool workload_is_selected(const peers_options *options, const workload *work);

// The settings of `peer` for a group; the directory stays open.
void workload_settings(const peers_options *options, const engine *peer,
                       const workload_group *group, engine_settings *settings);

// How many keys the group fills.
uint64_t workload_keys(const peers_options *options, const workload_group *group);

// Runs it on an open database that is at rest, leaves it at rest, and notes all figures but the
// memory. `over_time` receives how a fill went; its count is 0 after other workloads.
void workload_run(bench_run *run, const workload *work, measurement *measured,
                  bench_timeline *over_time);

// The steps of workload_simple.c.
uint64_t step_fill_seq(worker *worker);
uint64_t step_fill_random(worker *worker);
uint64_t step_fill_batch(worker *worker);
uint64_t step_overwrite(worker *worker);
uint64_t step_read_random(worker *worker);
uint64_t step_read_zipfian(worker *worker);
uint64_t step_read_missing(worker *worker);
uint64_t step_scan(worker *worker);
uint64_t step_delete(worker *worker);
uint64_t step_commit(worker *worker);
uint64_t step_txn(worker *worker);
uint64_t step_txn_hot(worker *worker);
// Compares the keys of step_txn_hot: no update was lost. Nobody writes meanwhile.
void verify_hot(worker *worker);

// The steps of workload_mixed.c.
uint64_t step_ycsb_a(worker *worker);
uint64_t step_ycsb_b(worker *worker);
uint64_t step_ycsb_c(worker *worker);
uint64_t step_ycsb_d(worker *worker);
uint64_t step_ycsb_e(worker *worker);
uint64_t step_ycsb_f(worker *worker);

#endif
