// SPDX-License-Identifier: Apache-2.0
// The queue of writers with nothing to write: what order and grouping cost, alone and among many.
#include <pthread.h>

#include "component/component.h"
#include "lsm/write_queue.h"
#include "support/failure.h"

#define GROUP_BYTES_MAX ((size_t)1 << 20)
#define THREADS_MAX 16

typedef struct context {
    fe_write_queue queue;
    uint32_t threads;
    uint64_t each; // Commits of one thread.
} context;

static void commit(context *self)
{
    fe_write_batch batch = {0};
    fe_write_request request = {.batch = &batch};
    fe_write_group group;
    fe_write_request *one;

    if (!fe_write_queue_join(&self->queue, &request, GROUP_BYTES_MAX, &group)) return;
    for (one = group.first; one != NULL; one = one->next)
        one->status = FERRIC_OK;
    fe_write_queue_finish(&self->queue, &group);
}

static void *commit_many(void *argument)
{
    context *self = argument;
    uint64_t i;

    for (i = 0; i < self->each; i++)
        commit(self);
    return NULL;
}

static void run(void *argument, uint64_t count)
{
    context *self = argument;
    pthread_t threads[THREADS_MAX];
    uint32_t i;

    self->each = count / self->threads + 1;
    if (self->threads == 1) {
        commit_many(self);
        return;
    }
    for (i = 0; i < self->threads; i++)
        if (pthread_create(&threads[i], NULL, commit_many, self) != 0)
            bench_die("cannot start a thread");
    for (i = 0; i < self->threads; i++)
        pthread_join(threads[i], NULL);
}

static void run_threads(component_bench *bench, const char *name, uint32_t threads)
{
    context self = {.threads = threads};
    bench_timing_case timed = {.name = name, .run = run, .context = &self};

    if (threads > 1) timed.count = bench->is_short ? 1000 : 200000;
    fe_write_queue_init(&self.queue);
    component_run(bench, &timed);
    fe_write_queue_deinit(&self.queue);
}

void bench_write_queue(component_bench *bench)
{
    run_threads(bench, "queue/1 thread: a commit", 1);
    run_threads(bench, "queue/4 threads: a commit", 4);
    run_threads(bench, "queue/16 threads: a commit", 16);
}
