// SPDX-License-Identifier: Apache-2.0
// Running a workload: threads, clock and results; see bench_workload.h. What a step does stands in
// bench_step.c.
#include "cli/bench_workload.h"

#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "cli/bench_step.h"
#include "cli/figures.h"
#include "cli/session.h"
#include "os/thread.h"

#define THREAD_COUNT_MAX 17

static const bench_workload workloads[] = {
    {"fill-sequential", BENCH_PUT_SEQUENTIAL, BENCH_EMPTY, 1, false, false, true},
    {"fill-batch", BENCH_PUT_BATCH, BENCH_EMPTY, 1, false, false, true},
    {"fill-sync", BENCH_PUT_SHUFFLED, BENCH_EMPTY, 1, true, false, false},
    {"fill-sync-4", BENCH_PUT_SHUFFLED, BENCH_EMPTY, 4, true, false, false},
    {"fill-sync-16", BENCH_PUT_SHUFFLED, BENCH_EMPTY, 16, true, false, false},
    {"fill-random", BENCH_PUT_SHUFFLED, BENCH_EMPTY, 1, false, false, true},
    {"overwrite", BENCH_PUT_UNIFORM, BENCH_LOADED, 1, false, false, true},
    {"read-random", BENCH_GET_UNIFORM, BENCH_LOADED, 1, false, false, true},
    {"read-zipfian", BENCH_GET_ZIPFIAN, BENCH_LOADED, 1, false, false, true},
    {"read-missing", BENCH_GET_MISSING, BENCH_LOADED, 1, false, false, true},
    {"read-multi", BENCH_GET_MULTI, BENCH_LOADED, 1, false, false, true},
    {"scan", BENCH_SCAN, BENCH_LOADED, 1, false, false, true},
    {"reader-writer", BENCH_GET_UNIFORM, BENCH_LOADED, 1, false, true, true},
    {"ycsb-a", BENCH_YCSB_A, BENCH_LOADED, 1, false, false, true},
    {"ycsb-b", BENCH_YCSB_B, BENCH_LOADED, 1, false, false, true},
    {"ycsb-c", BENCH_YCSB_C, BENCH_LOADED, 1, false, false, true},
    {"ycsb-d", BENCH_YCSB_D, BENCH_LOADED, 1, false, false, false},
    {"ycsb-e", BENCH_YCSB_E, BENCH_LOADED, 1, false, false, false},
    {"ycsb-f", BENCH_YCSB_F, BENCH_LOADED, 1, false, false, true},
    {"delete", BENCH_DELETE, BENCH_LOADED, 1, false, false, false},
};

const bench_workload *bench_workloads(size_t *count)
{
    *count = sizeof workloads / sizeof *workloads;
    return workloads;
}

ferric_status bench_load(ferric_db *db, const bench_data *data)
{
    bench_worker worker;
    ferric_status status = bench_worker_init(&worker, db, data, BENCH_PUT_BATCH, 0);
    while (status == FERRIC_OK && worker.operations < data->entries && !cli_interrupted()) {
        status = bench_step_run(&worker);
    }
    bench_worker_deinit(&worker);
    return status == FERRIC_OK && cli_interrupted() ? FERRIC_INTERRUPTED : status;
}

// One thread's part of a run.
typedef struct runner {
    bench_worker worker;
    fe_thread thread;
    bench_histogram *latency;
    _Atomic(bool) *is_over;  // Set when the measured threads are done; a writer looks at it.
    uint64_t operations_end; // Of this thread.
    ferric_status status;
    char message[256]; // Of its failure: the library's is kept for each thread.
} runner;

static void run_thread(void *argument)
{
    runner *self = argument;
    uint64_t before_ns = cli_now_ns();

    while (self->worker.operations < self->operations_end && !cli_interrupted() &&
           !atomic_load_explicit(self->is_over, memory_order_relaxed)) {
        uint64_t now_ns;
        self->status = bench_step_run(&self->worker);
        if (self->status != FERRIC_OK) break;
        now_ns = cli_now_ns();
        bench_histogram_add(self->latency, now_ns - before_ns);
        before_ns = now_ns;
    }
    if (self->status != FERRIC_OK) {
        strncpy(self->message, ferric_error_message(), sizeof self->message - 1);
    }
}

static ferric_status prepare(runner *one, ferric_db *db, const bench_data *data,
                             const bench_workload *workload, uint32_t number, uint64_t seed)
{
    bool is_writer = number == workload->threads;
    bench_step step = is_writer ? BENCH_PUT_UNIFORM : workload->step;
    ferric_status status = bench_worker_init(&one->worker, db, data, step, seed + number);
    if (status != FERRIC_OK) return status;
    one->worker.is_synced = workload->is_synced;
    one->worker.position = number;
    one->worker.stride = workload->threads;
    one->latency = fe_alloc_zero(1, sizeof *one->latency);
    return one->latency == NULL ? fe_no_memory("a histogram", sizeof *one->latency) : FERRIC_OK;
}

static ferric_status start_and_join(runner *runners, const bench_workload *workload,
                                    _Atomic(bool) *is_over)
{
    uint32_t count = workload->threads + (workload->has_writer ? 1 : 0);
    ferric_status status = FERRIC_OK;

    for (uint32_t i = 0; status == FERRIC_OK && i < count; i++) {
        runners[i].is_over = is_over;
        status = fe_thread_start(&runners[i].thread, "bench", run_thread, &runners[i]);
    }
    for (uint32_t i = 0; i < count; i++) {
        if (i == workload->threads) atomic_store_explicit(is_over, true, memory_order_relaxed);
        fe_thread_join(&runners[i].thread);
        if (status == FERRIC_OK && runners[i].status != FERRIC_OK) {
            status = fe_fail(runners[i].status, "%s", runners[i].message);
        }
    }
    return status;
}

static void add_result(bench_result *result, const runner *one)
{
    result->operations += one->worker.operations;
    result->bytes += one->worker.bytes;
    bench_histogram_merge(&result->latency, one->latency);
}

ferric_status bench_run(ferric_db *db, const bench_data *data, const bench_workload *workload,
                        uint64_t operations, uint64_t seed, bench_result *results, size_t *count)
{
    uint32_t threads = workload->threads + (workload->has_writer ? 1 : 0);
    runner *runners = fe_alloc_zero(THREAD_COUNT_MAX, sizeof *runners);
    _Atomic(bool) is_over = false;
    ferric_status status = FERRIC_OK;
    uint64_t begun_ns;

    *count = workload->has_writer ? 2 : 1;
    memset(results, 0, 2 * sizeof *results);
    if (runners == NULL) return fe_no_memory("threads", THREAD_COUNT_MAX * sizeof *runners);
    for (uint32_t i = 0; status == FERRIC_OK && i < threads; i++) {
        status = prepare(&runners[i], db, data, workload, i, seed);
        runners[i].operations_end =
            i == workload->threads ? UINT64_MAX : operations / workload->threads;
    }
    begun_ns = cli_now_ns();
    if (status == FERRIC_OK) status = start_and_join(runners, workload, &is_over);
    results[0].name = workload->has_writer ? "reader" : workload->name;
    results[1].name = "writer";
    results[0].elapsed_ns = results[1].elapsed_ns = cli_now_ns() - begun_ns;
    for (uint32_t i = 0; i < threads; i++) {
        if (runners[i].latency != NULL) add_result(&results[i == workload->threads], &runners[i]);
        fe_free(runners[i].latency);
        bench_worker_deinit(&runners[i].worker);
    }
    fe_free(runners);
    return status == FERRIC_OK && cli_interrupted() ? FERRIC_INTERRUPTED : status;
}
