// SPDX-License-Identifier: Apache-2.0
// Starting and timing worker threads.
#include "peers/worker.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "support/failure.h"
#include "support/timing.h"

// What the workers of one run share.
typedef struct crew {
    pthread_barrier_t start;
    atomic_bool is_over;
} crew;

typedef struct crew_member {
    pthread_t thread;
    crew *crew;
    worker *worker;
    uint64_t start_ns;
    uint64_t end_ns;
} crew_member;

worker *workers_create(bench_run *run, uint32_t count)
{
    worker *workers = bench_allocate(count, sizeof(*workers));
    uint32_t i;

    assert(count <= RUN_SESSIONS_MAX);
    for (i = 0; i < count; i++) {
        workers[i].run = run;
        workers[i].number = i;
        workers[i].count = count;
        workers[i].operations_max = UINT64_MAX;
        workers[i].random.state = 0x5eed + i;
        workers[i].memory = bench_allocate(WORKER_BATCH_MAX, run->dataset.value_size);
        if (run->sessions[i] == NULL) run->sessions[i] = run->engine->session_open(run->db);
        workers[i].session = run->sessions[i];
    }
    return workers;
}

void workers_destroy(worker *workers, uint32_t count)
{
    uint32_t i;

    for (i = 0; i < count; i++) {
        const engine *used = workers[i].run->engine;
        if (used->rest != NULL) used->rest(workers[i].session);
        free(workers[i].memory);
    }
    free(workers);
}

// One clock reading for each operation: the end of one is the start of the next. So making key and
// value and comparing what was read count too, alike for every engine.
static void work(crew_member *member)
{
    worker *self = member->worker;
    uint64_t limit_ns = self->seconds_max * 1000000000u;
    uint64_t last_ns = bench_now_ns();

    member->start_ns = last_ns;
    while (self->position < self->operations_max) {
        uint64_t now_ns, items;

        items = self->step(self);
        self->items += items;
        self->position++;
        now_ns = bench_now_ns();
        if (self->over_time != NULL)
            bench_timeline_add(self->over_time, now_ns - member->start_ns, items);
        bench_latency_add(&self->latency, now_ns - last_ns);
        last_ns = now_ns;
        if (limit_ns != 0 && now_ns - member->start_ns >= limit_ns) break;
        if (self->is_background &&
            atomic_load_explicit(&member->crew->is_over, memory_order_relaxed))
            break;
    }
    member->end_ns = last_ns;
}

static void *work_in_thread(void *context)
{
    crew_member *member = context;

    pthread_barrier_wait(&member->crew->start);
    work(member);
    return NULL;
}

static void join(crew_member *members, uint32_t count, bool is_background)
{
    uint32_t i;

    for (i = 0; i < count; i++)
        if (members[i].worker->is_background == is_background)
            pthread_join(members[i].thread, NULL);
}

static double seconds_of(const crew_member *members, uint32_t count)
{
    uint64_t start_ns = UINT64_MAX, end_ns = 0;
    uint32_t i;

    for (i = 0; i < count; i++) {
        if (members[i].worker->is_background) continue;
        if (members[i].start_ns < start_ns) start_ns = members[i].start_ns;
        if (members[i].end_ns > end_ns) end_ns = members[i].end_ns;
    }
    return (double)(end_ns - start_ns) / 1e9;
}

double workers_run(worker *workers, uint32_t count)
{
    crew_member *members = bench_allocate(count, sizeof(*members));
    crew shared = {.is_over = false};
    double seconds;
    uint32_t i;

    for (i = 0; i < count; i++)
        members[i] = (crew_member){.crew = &shared, .worker = &workers[i]};
    if (count == 1) {
        work(&members[0]);
    } else {
        pthread_barrier_init(&shared.start, NULL, count);
        for (i = 0; i < count; i++) {
            int error = pthread_create(&members[i].thread, NULL, work_in_thread, &members[i]);
            if (error != 0) bench_die("cannot start a thread: %s", strerror(error));
        }
        join(members, count, false);
        atomic_store_explicit(&shared.is_over, true, memory_order_relaxed);
        join(members, count, true);
        pthread_barrier_destroy(&shared.start);
    }
    seconds = seconds_of(members, count);
    free(members);
    return seconds;
}
