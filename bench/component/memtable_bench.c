// SPDX-License-Identifier: Apache-2.0
// Memtables of several sizes, filled to the brim: inserts, gets that hit and miss, seeks and walks.
#include <stdlib.h>

#include "component/component.h"
#include "lsm/memtable.h"
#include "lsm/skiplist.h"
#include "support/failure.h"

typedef struct context {
    const component_entries *set;
    uint64_t capacity_bytes;
    size_t count; // Entries that fit.
    fe_memtable *memtable;
    fe_iterator *iterator;
} context;

static void create(void *argument)
{
    context *self = argument;

    self->memtable = component_memtable_create(self->set, self->capacity_bytes);
}

static void destroy(void *argument)
{
    context *self = argument;

    fe_memtable_destroy(self->memtable);
    self->memtable = NULL;
}

static void insert(void *argument, uint64_t count)
{
    context *self = argument;
    uint64_t i;

    for (i = 0; i < count; i++)
        fe_memtable_insert(self->memtable, &self->set->entries[i], self->set->hashes[i]);
}

// Inserts until it is full, and remembers how many that were.
static void fill(context *self)
{
    size_t cost = fe_memtable_entry_cost(COMPONENT_KEY_SIZE, COMPONENT_VALUE_SIZE);
    size_t i = 0;

    create(self);
    while (i < self->set->count && fe_memtable_has_room(self->memtable, 1, cost)) {
        fe_memtable_insert(self->memtable, &self->set->entries[i], self->set->hashes[i]);
        i++;
    }
    self->count = i;
}

static void get(void *argument, uint64_t count)
{
    context *self = argument;
    const component_entries *set = self->set;
    size_t at = 0;
    uint64_t i;

    for (i = 0; i < count; i++) {
        fe_entry entry;

        while (set->order[at] >= self->count)
            at = at + 1 == set->count ? 0 : at + 1;
        if (!fe_memtable_get(self->memtable, component_probe(set, at), set->probe_hashes[at],
                             FE_SEQUENCE_MAX, &entry))
            bench_die("memtable: a key is lost");
        bench_keep(entry.sequence);
        at = at + 1 == set->count ? 0 : at + 1;
    }
}

static void get_missing(void *argument, uint64_t count)
{
    context *self = argument;
    const component_entries *set = self->set;
    size_t place = 0;
    uint64_t i;

    for (i = 0; i < count; i++) {
        fe_entry entry;

        if (fe_memtable_get(self->memtable, component_missing(set, place),
                            set->missing_hashes[place], FE_SEQUENCE_MAX, &entry))
            bench_die("memtable: a key is there that was not put");
        place = place + 1 == set->count ? 0 : place + 1;
    }
}

static void seek(void *argument, uint64_t count)
{
    context *self = argument;
    const component_entries *set = self->set;
    size_t place = 0;
    uint64_t i;

    for (i = 0; i < count; i++) {
        fe_iterator_seek(self->iterator, component_missing(set, place), FE_SEQUENCE_MAX);
        bench_keep(self->iterator->entry.sequence);
        place = place + 1 == set->count ? 0 : place + 1;
    }
}

static void walk(void *argument, uint64_t count)
{
    context *self = argument;
    uint64_t i;

    for (i = 0; i < count; i++) {
        if (self->iterator->is_valid)
            fe_iterator_next(self->iterator);
        else
            fe_iterator_first(self->iterator);
        bench_keep(self->iterator->entry.sequence);
    }
}

static void run_reads(component_bench *bench, context *self, const char *const *names)
{
    bench_timing_case timed = {.context = self};

    fill(self);
    component_check(fe_memtable_iterator(self->memtable, &self->iterator), "make an iterator");
    timed.name = names[1];
    timed.run = get;
    component_run(bench, &timed);
    timed.name = names[2];
    timed.run = get_missing;
    component_run(bench, &timed);
    timed.name = names[3];
    timed.run = seek;
    component_run(bench, &timed);
    timed.name = names[4];
    timed.run = walk;
    component_run(bench, &timed);
    fe_iterator_destroy(self->iterator);
    destroy(self);
}

static void run_size(component_bench *bench, const component_entries *set, uint64_t capacity_bytes,
                     const char *const *names)
{
    context self = {.set = set, .capacity_bytes = capacity_bytes};
    bench_timing_case timed = {
        .name = names[0], .setup = create, .run = insert, .teardown = destroy, .context = &self};

    fill(&self);
    destroy(&self);
    timed.count = self.count;
    component_run(bench, &timed);
    run_reads(bench, &self, names);
}

void bench_memtable(component_bench *bench)
{
    static const char *const small[] = {"memtable/1 MiB: insert", "memtable/1 MiB: get",
                                        "memtable/1 MiB: get of a missing key",
                                        "memtable/1 MiB: seek", "memtable/1 MiB: next"};
    static const char *const medium[] = {"memtable/8 MiB: insert", "memtable/8 MiB: get",
                                         "memtable/8 MiB: get of a missing key",
                                         "memtable/8 MiB: seek", "memtable/8 MiB: next"};
    static const char *const large[] = {"memtable/64 MiB: insert", "memtable/64 MiB: get",
                                        "memtable/64 MiB: get of a missing key",
                                        "memtable/64 MiB: seek", "memtable/64 MiB: next"};
    static const char *const sorted[] = {
        "memtable/8 MiB, ascending: insert", "memtable/8 MiB, ascending: get",
        "memtable/8 MiB, ascending: get of a missing key", "memtable/8 MiB, ascending: seek",
        "memtable/8 MiB, ascending: next"};
    component_entries set;

    if (!component_wants(bench, "memtable/")) return;
    component_entries_init(&set, bench->is_short ? 10000 : 500000, false);
    run_size(bench, &set, (uint64_t)1 << 20, small);
    run_size(bench, &set, (uint64_t)8 << 20, medium);
    run_size(bench, &set, (uint64_t)64 << 20, large);
    component_entries_deinit(&set);
    component_entries_init(&set, 100000, true);
    run_size(bench, &set, (uint64_t)8 << 20, sorted);
    component_entries_deinit(&set);
}
