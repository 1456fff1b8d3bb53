// SPDX-License-Identifier: Apache-2.0
// A merge of k memtables, walked from end to end and sought at random.
#include <stdlib.h>

#include "component/component.h"
#include "lsm/memtable.h"
#include "lsm/merge_iterator.h"
#include "support/failure.h"

#define RUNS_MAX 16

typedef struct context {
    component_entries set;
    fe_memtable *memtables[RUNS_MAX];
    size_t count;
    fe_iterator *merged;
} context;

// Entry i goes to run i modulo k of a scattered order: the merge changes runs at nearly each step.
static void create(context *self, size_t runs, size_t entries)
{
    fe_iterator *children[RUNS_MAX];
    size_t i;

    component_entries_init(&self->set, entries, false);
    self->count = runs;
    for (i = 0; i < runs; i++)
        self->memtables[i] =
            component_memtable_create(&self->set, (uint64_t)entries / runs * 200 + 65536);
    for (i = 0; i < entries; i++)
        fe_memtable_insert(self->memtables[i % runs], &self->set.entries[i], self->set.hashes[i]);
    for (i = 0; i < runs; i++)
        component_check(fe_memtable_iterator(self->memtables[i], &children[i]), "make an iterator");
    component_check(fe_merge_iterator_create(children, runs, &self->merged), "merge");
}

static void destroy(context *self)
{
    size_t i;

    fe_iterator_destroy(self->merged);
    for (i = 0; i < self->count; i++)
        fe_memtable_destroy(self->memtables[i]);
    component_entries_deinit(&self->set);
}

static void walk(void *argument, uint64_t count)
{
    context *self = argument;
    uint64_t i;

    for (i = 0; i < count; i++) {
        if (self->merged->is_valid)
            fe_iterator_next(self->merged);
        else
            fe_iterator_first(self->merged);
        bench_keep(self->merged->entry.sequence);
    }
    component_check(self->merged->status, "walk a merge");
}

static void seek(void *argument, uint64_t count)
{
    context *self = argument;
    size_t place = 0;
    uint64_t i;

    for (i = 0; i < count; i++) {
        fe_iterator_seek(self->merged, component_missing(&self->set, place), FE_SEQUENCE_MAX);
        bench_keep(self->merged->entry.sequence);
        place = place + 1 == self->set.count ? 0 : place + 1;
    }
}

static void run_size(component_bench *bench, size_t runs, const char *const *names)
{
    context self = {0};
    bench_timing_case timed = {.context = &self};

    create(&self, runs, bench->is_short ? 4000 : 100000);
    timed.name = names[0];
    timed.run = walk;
    component_run(bench, &timed);
    timed.name = names[1];
    timed.run = seek;
    component_run(bench, &timed);
    destroy(&self);
}

void bench_merge(component_bench *bench)
{
    static const char *const one[] = {"merge/1 run: next", "merge/1 run: seek"};
    static const char *const four[] = {"merge/4 runs: next", "merge/4 runs: seek"};
    static const char *const eight[] = {"merge/8 runs: next", "merge/8 runs: seek"};
    static const char *const sixteen[] = {"merge/16 runs: next", "merge/16 runs: seek"};

    if (!component_wants(bench, "merge/")) return;
    run_size(bench, 1, one);
    run_size(bench, 4, four);
    run_size(bench, 8, eight);
    run_size(bench, 16, sixteen);
}
