// SPDX-License-Identifier: Apache-2.0
// Bloom filters of 10 bits a key, one that fits the near caches and one that does not.
#include <stdlib.h>

#include "base/buffer.h"
#include "base/random.h"
#include "component/component.h"
#include "format/filter.h"
#include "support/failure.h"

#define BITS 10

typedef struct context {
    uint64_t *hashes;
    size_t count;
    ferric_buffer bytes;
    fe_filter filter;
    uint64_t seed; // Of the probes: that of the hashes for keys that are there.
} context;

static void fill_hashes(context *self)
{
    fe_random random = {1};
    size_t i;

    for (i = 0; i < self->count; i++)
        self->hashes[i] = fe_random_next(&random);
}

static void create(context *self)
{
    self->hashes = bench_allocate(self->count, sizeof(*self->hashes));
    fill_hashes(self);
    component_check(fe_filter_build(self->hashes, self->count, BITS, &self->bytes),
                    "build a filter");
    component_check(
        fe_filter_init(&self->filter, (ferric_slice){self->bytes.data, self->bytes.size}, "bench"),
        "open a filter");
}

static void destroy(context *self)
{
    fe_buffer_deinit(&self->bytes);
    free(self->hashes);
}

static void build(void *argument, uint64_t count)
{
    context *self = argument;
    ferric_buffer bytes = {0};

    component_check(fe_filter_build(self->hashes, (size_t)count, BITS, &bytes), "build a filter");
    fe_buffer_deinit(&bytes);
}

static void probe_present(void *argument, uint64_t count)
{
    context *self = argument;
    size_t place = 0;
    uint64_t i, absent = 0;

    for (i = 0; i < count; i++) {
        absent += !fe_filter_may_contain(&self->filter, self->hashes[place]);
        place = place + 1 == self->count ? 0 : place + 1;
    }
    if (absent > 0) bench_die("filter: a key is lost");
}

static void probe_missing(void *argument, uint64_t count)
{
    context *self = argument;
    fe_random random = {2};
    uint64_t i, present = 0;

    for (i = 0; i < count; i++)
        present += fe_filter_may_contain(&self->filter, fe_random_next(&random));
    if (present > count / 10 + 10) bench_die("filter: it keeps nothing out");
}

// Each probe waits for the one before it, as the gets of one thread do.
static void probe_alone(void *argument, uint64_t count)
{
    context *self = argument;
    uint64_t hash = 1, i;

    for (i = 0; i < count; i++) {
        hash = hash * 0x9e3779b97f4a7c15u + 1;
        hash += fe_filter_may_contain(&self->filter, hash ^ hash >> 29);
    }
    bench_keep(hash);
}

static void run_size(component_bench *bench, size_t keys, const char *const *names)
{
    context self = {.count = keys};
    bench_timing_case timed = {.context = &self};

    create(&self);
    timed.name = names[0];
    timed.run = build;
    timed.count = keys;
    component_run(bench, &timed);
    timed.count = 0;
    timed.name = names[1];
    timed.run = probe_present;
    component_run(bench, &timed);
    timed.name = names[2];
    timed.run = probe_missing;
    component_run(bench, &timed);
    timed.name = names[3];
    timed.run = probe_alone;
    component_run(bench, &timed);
    destroy(&self);
}

void bench_filter(component_bench *bench)
{
    static const char *const small[] = {
        "filter/100k keys: build, a key", "filter/100k keys: probe of one that is there",
        "filter/100k keys: probe of a missing one", "filter/100k keys: probe after probe"};
    static const char *const large[] = {
        "filter/10M keys: build, a key", "filter/10M keys: probe of one that is there",
        "filter/10M keys: probe of a missing one", "filter/10M keys: probe after probe"};

    if (!component_wants(bench, "filter/")) return;
    run_size(bench, 100000, small);
    if (!bench->is_short) run_size(bench, 10000000, large);
}
