// SPDX-License-Identifier: Apache-2.0
// Runs one workload on an open database and turns what happened into figures.
#include "peers/workload.h"

#include <stdlib.h>

#include "support/failure.h"
#include "support/timing.h"

#define WARMUP_OPERATIONS_MAX 100000
#define WARMUP_SECONDS_MAX 2
#define SETTLE_SECONDS_MAX 1800

static bool is_fill(const workload *work)
{
    return work->amount == AMOUNT_KEYS || work->amount == AMOUNT_BATCHES;
}

static void settle(bench_run *run)
{
    if (run->engine->settle != NULL) run->engine->settle(run->db);
    bench_wait_until_idle(SETTLE_SECONDS_MAX);
}

// Seconds of background work that were left at `written_ns`; seeing that it has ended takes a while
// that does not count.
static double settle_seconds(uint64_t written_ns)
{
    double seconds = (double)(bench_now_ns() - written_ns) / 1e9 - BENCH_IDLE_SECONDS;

    return seconds < 0 ? 0 : seconds;
}

static uint64_t at_least_one(uint64_t value)
{
    return value == 0 ? 1 : value;
}

// Whether its threads write the same keys.
static bool is_contended(const workload *work)
{
    return work->step == step_txn_hot && work->threads > 1;
}

static void set_bounds(const bench_run *run, const workload *work, worker *self)
{
    const peers_options *options = run->options;
    uint64_t keys = run->dataset.key_count;

    self->seconds_max = options->seconds;
    switch (work->amount) {
    case AMOUNT_KEYS:
        self->operations_max = keys;
        self->seconds_max = 0;
        break;
    case AMOUNT_BATCHES:
        self->operations_max = (keys + WORKER_BATCH_MAX - 1) / WORKER_BATCH_MAX;
        self->seconds_max = 0;
        break;
    case AMOUNT_READS:
        self->operations_max = options->reads / work->threads;
        break;
    case AMOUNT_SCANS:
        self->operations_max = options->reads / 10;
        break;
    case AMOUNT_HALF:
        self->operations_max = keys / 2;
        break;
    case AMOUNT_TIME:
        self->seconds_max = options->sync_seconds;
        break;
    case AMOUNT_OPENS:
        bench_die("%s: is no step on an open database", work->name);
    }
    self->operations_max = at_least_one(self->operations_max);
}

// Brings data into the engine's caches as it would be in a program that runs.
static void warm_up(bench_run *run, const workload *work)
{
    worker *workers = workers_create(run, work->threads);
    uint64_t operations = run->dataset.key_count / 10;
    uint32_t i;

    if (operations > WARMUP_OPERATIONS_MAX) operations = WARMUP_OPERATIONS_MAX;
    for (i = 0; i < work->threads; i++) {
        workers[i].step = work->step;
        workers[i].count = work->threads;
        workers[i].is_contended = is_contended(work);
        workers[i].random.state += 0xabcdef;
        workers[i].operations_max = at_least_one(operations / work->threads);
        workers[i].seconds_max = WARMUP_SECONDS_MAX;
    }
    workers_run(workers, work->threads);
    workers_destroy(workers, work->threads);
}

static void note_latency(const worker *workers, uint32_t count, measurement *measured)
{
    bench_latency *all = bench_allocate(1, sizeof(*all));
    uint32_t i;

    for (i = 0; i < count; i++)
        bench_latency_merge(all, &workers[i].latency);
    measurement_set(measured, METRIC_P50_NS, (double)bench_latency_percentile(all, 0.5));
    measurement_set(measured, METRIC_P99_NS, (double)bench_latency_percentile(all, 0.99));
    measurement_set(measured, METRIC_P999_NS, (double)bench_latency_percentile(all, 0.999));
    measurement_set(measured, METRIC_MAX_NS, (double)all->max_ns);
    free(all);
}

static void note_rates(const worker *workers, const workload *work, double seconds,
                       measurement *measured)
{
    uint64_t items = 0;
    uint32_t i;

    for (i = 0; i < work->threads; i++)
        items += workers[i].items;
    measurement_set(measured, METRIC_OPERATIONS, (double)items);
    measurement_set(measured, METRIC_SECONDS, seconds);
    measurement_set(measured, METRIC_RATE, (double)items / seconds);
    if (work->beside != NULL)
        measurement_set(measured, METRIC_BESIDE_RATE,
                        (double)workers[work->threads].items / seconds);
    note_latency(workers, work->threads, measured);
}

// REQUIRES: the engine has settled.
static void note_amplification(const bench_run *run, const worker *workers, uint32_t count,
                               const bench_io_counts *before, measurement *measured)
{
    bench_io_counts after = bench_process_io();
    double user_bytes = 0;
    uint32_t i;

    for (i = 0; i < count; i++)
        user_bytes += (double)workers[i].user_bytes;
    measurement_set(measured, METRIC_WRITE_AMPLIFICATION,
                    (double)(after.written_bytes - before->written_bytes) / user_bytes);
    measurement_set(measured, METRIC_DIRTY_AMPLIFICATION,
                    (double)(after.dirtied_bytes - before->dirtied_bytes) / user_bytes);
    measurement_set(measured, METRIC_SPACE_AMPLIFICATION,
                    (double)bench_directory_bytes(run->settings.directory) / user_bytes);
}

static worker *create_workers(bench_run *run, const workload *work, uint32_t count)
{
    worker *workers = workers_create(run, count);
    uint32_t i;

    for (i = 0; i < work->threads; i++) {
        workers[i].count = work->threads;
        workers[i].step = work->step;
        workers[i].is_racing = work->beside != NULL;
        workers[i].is_contended = is_contended(work);
        set_bounds(run, work, &workers[i]);
    }
    if (work->beside != NULL) {
        workers[work->threads].step = work->beside;
        workers[work->threads].is_background = true;
    }
    return workers;
}

void workload_run(bench_run *run, const workload *work, measurement *measured,
                  bench_timeline *over_time)
{
    uint32_t count = work->threads + (work->beside != NULL);
    bench_io_counts before;
    uint64_t written_ns;
    worker *workers;
    double seconds;

    if (!is_fill(work) && work->amount != AMOUNT_HALF) warm_up(run, work);
    workers = create_workers(run, work, count);
    bench_timeline_init(over_time);
    if (is_fill(work) && work->threads == 1)
        workers[0].over_time = over_time;
    else
        over_time->count = 0;
    before = bench_process_io();
    seconds = workers_run(workers, count);
    written_ns = bench_now_ns();
    note_rates(workers, work, seconds, measured);
    if (is_contended(work)) verify_hot(&workers[0]);
    settle(run);
    if (is_fill(work)) {
        measurement_set(measured, METRIC_SETTLE_SECONDS, settle_seconds(written_ns));
        note_amplification(run, workers, count, &before, measured);
    }
    workers_destroy(workers, count);
}
