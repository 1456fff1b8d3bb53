// SPDX-License-Identifier: Apache-2.0
// One engine, one group, one process: fill, run what is selected, verify, close. For the reopening
// groups the first process fills and ends (by SIGKILL in one of them), the second opens and looks.
#include "peers/child.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "peers/workload.h"
#include "support/failure.h"
#include "support/timing.h"

// Keys compared again before the database is closed.
#define SAMPLE_COUNT 10000

typedef struct child {
    bench_run run;
    const workload_group *group;
    bench_memory_sampler *sampler;
} child;

// Touches every page, so that the harness's own memory counts before the engine's begins.
static _Atomic uint8_t *make_generations(uint64_t count)
{
    _Atomic uint8_t *generations = bench_allocate(count, 1);
    uint64_t i;

    for (i = 0; i < count; i++)
        atomic_init(&generations[i], 0);
    return generations;
}

static void init(child *self, const peers_options *options)
{
    bench_run *run = &self->run;

    memset(self, 0, sizeof(*self));
    self->group = workload_group_find(options->child.group);
    run->engine = engine_find(options->child.engine);
    if (self->group == NULL || run->engine == NULL) bench_die("no such group or engine");
    run->options = options;
    workload_settings(options, run->engine, self->group, &run->settings);
    bench_dataset_init(&run->dataset, workload_keys(options, self->group), run->settings.value_size,
                       self->group->form);
    bench_zipfian_init(&run->zipfian, run->dataset.key_count);
    run->generations = make_generations(2 * run->dataset.key_count);
    self->sampler = bench_memory_sampler_start();
}

static void open_database(bench_run *run)
{
    run->db = run->engine->open(&run->settings);
}

static void close_database(bench_run *run)
{
    uint32_t i;

    for (i = 0; i < RUN_SESSIONS_MAX; i++) {
        if (run->sessions[i] != NULL) run->engine->session_close(run->sessions[i]);
        run->sessions[i] = NULL;
    }
    run->engine->close(run->db);
    run->db = NULL;
}

static void deinit(child *self)
{
    bench_memory_sampler_stop(self->sampler);
    free((void *)(uintptr_t)self->run.generations);
    bench_dataset_deinit(&self->run.dataset);
}

static void tell_line(const child *self, const bench_json_line *line)
{
    int output = self->run.options->child.output;
    size_t told = 0;

    while (told < line->size) {
        ssize_t size = write(output, line->text + told, line->size - told);
        if (size <= 0) bench_die("the parent does not listen");
        told += (size_t)size;
    }
}

static void tell(const child *self, const measurement *measured)
{
    bench_json_line line;

    measurement_to_json(measured, &line);
    tell_line(self, &line);
}

static void note_memory(const child *self, measurement *measured)
{
    double peak = (double)bench_memory_sampler_peak(self->sampler);

    measurement_set(measured, METRIC_MEMORY_BYTES, peak);
    measurement_set(measured, METRIC_MEMORY_SHARE, peak / (double)self->run.settings.memory_bytes);
}

static void run_workload(child *self, const workload *work, bool is_told)
{
    measurement measured;
    bench_timeline over_time;
    bench_json_line line;

    measurement_init(&measured, self->run.engine->name, work->name, self->run.options->child.round);
    workload_run(&self->run, work, &measured, &over_time);
    note_memory(self, &measured);
    if (!is_told) return;
    tell(self, &measured);
    if (over_time.count == 0) return;
    measurement_series_to_json(&measured, &over_time, &line);
    tell_line(self, &line);
}

// Present, absent or deleted: what each key of a sample should be.
static void verify_sample(bench_run *run)
{
    worker *self = workers_create(run, 1);
    uint64_t i;

    for (i = 0; i < SAMPLE_COUNT; i++)
        worker_read(self, fe_random_below(&self->random, 2 * run->dataset.key_count));
    workers_destroy(self, 1);
}

static void run_group(child *self)
{
    const workload *work;
    bool is_first = true;

    open_database(&self->run);
    for (work = workloads; work->name != NULL; work++) {
        bool is_told = workload_is_selected(self->run.options, work);
        bool is_fill = is_first && !self->group->is_synced;
        if (strcmp(work->group, self->group->name) != 0) continue;
        if (is_told || is_fill) run_workload(self, work, is_told);
        is_first = false;
    }
    verify_sample(&self->run);
    close_database(&self->run);
}

// The first process of a reopening group.
static void prepare_reopen(child *self)
{
    bench_run *run = &self->run;
    const workload *fill = workload_find("fill-random");
    measurement unused;
    bench_timeline unused_too;

    open_database(run);
    if (self->group->is_killed) {
        worker *writer = workers_create(run, 1);
        writer->step = fill->step;
        writer->operations_max = run->dataset.key_count;
        workers_run(writer, 1);
        // Every put was acknowledged; nothing is waited for.
        raise(SIGKILL);
    }
    measurement_init(&unused, run->engine->name, fill->name, 1);
    workload_run(run, fill, &unused, &unused_too);
    close_database(run);
}

// Counts the filled keys that are not there or wrong.
static uint64_t count_lost(bench_run *run)
{
    engine_session *session = run->sessions[0];
    uint64_t lost = 0, i, generation;
    engine_bytes value;
    bench_key key;

    for (i = 0; i < run->dataset.key_count; i++) {
        bench_dataset_key(&run->dataset, 2 * i, &key);
        if (!run->engine->get(session, (engine_bytes){key.bytes, key.size}, &value) ||
            !bench_dataset_verify(&run->dataset, key.bytes, key.size, value.data, value.size,
                                  &generation) ||
            generation != 1)
            lost++;
    }
    return lost;
}

// The second process: from the call that opens to the first value.
static void measure_reopen(child *self, const workload *work)
{
    bench_run *run = &self->run;
    uint64_t start_ns = bench_now_ns();
    measurement measured;
    engine_bytes value;
    bench_key key;

    open_database(run);
    run->sessions[0] = run->engine->session_open(run->db);
    bench_dataset_key(&run->dataset, 0, &key);
    run->engine->get(run->sessions[0], (engine_bytes){key.bytes, key.size}, &value);
    measurement_init(&measured, run->engine->name, work->name, run->options->child.round);
    measurement_set(&measured, METRIC_OPEN_MS, (double)(bench_now_ns() - start_ns) / 1e6);
    measurement_set(&measured, METRIC_LOST, (double)count_lost(run));
    note_memory(self, &measured);
    tell(self, &measured);
    close_database(run);
}

static const workload *first_of(const workload_group *group)
{
    const workload *work = workloads;

    while (strcmp(work->group, group->name) != 0)
        work++;
    return work;
}

void child_run(const peers_options *options)
{
    child self;

    init(&self, options);
    if (self.group->stages == 1)
        run_group(&self);
    else if (options->child.stage == 1)
        prepare_reopen(&self);
    else
        measure_reopen(&self, first_of(self.group));
    deinit(&self);
}
