// SPDX-License-Identifier: Apache-2.0
// KeyDirs, one that fits the near caches and one that does not: building, and searches that stop
// short of the entry.
#include <stdlib.h>

#include "base/buffer.h"
#include "base/random.h"
#include "component/component.h"
#include "format/keydir.h"
#include "support/failure.h"

#define BLOCK_ENTRIES 32

typedef struct context {
    uint64_t *hashes;
    uint32_t *block_entries;
    size_t count;
    ferric_buffer bytes;
    fe_keydir keydir;
} context;

static fe_keydir_keys keys_of(const context *self, size_t count)
{
    return (fe_keydir_keys){.hashes = self->hashes,
                            .count = count,
                            .block_entries = self->block_entries,
                            .block_count = (uint32_t)(count / BLOCK_ENTRIES)};
}

static void build(void *argument, uint64_t count)
{
    context *self = argument;
    fe_keydir_keys keys = keys_of(self, (size_t)count / BLOCK_ENTRIES * BLOCK_ENTRIES);
    ferric_buffer bytes = {0};

    component_check(fe_keydir_build(&keys, &bytes), "build a KeyDir");
    fe_buffer_deinit(&bytes);
}

static void create(context *self)
{
    fe_keydir_keys keys;
    fe_random random = {1};
    size_t i;

    self->hashes = bench_allocate(self->count, sizeof(*self->hashes));
    self->block_entries = bench_allocate(self->count / BLOCK_ENTRIES, sizeof(*self->block_entries));
    for (i = 0; i < self->count; i++)
        self->hashes[i] = fe_random_next(&random);
    for (i = 0; i < self->count / BLOCK_ENTRIES; i++)
        self->block_entries[i] = BLOCK_ENTRIES;
    keys = keys_of(self, self->count);
    component_check(fe_keydir_build(&keys, &self->bytes), "build a KeyDir");
    component_check(
        fe_keydir_init(&self->keydir, (ferric_slice){self->bytes.data, self->bytes.size}, "bench"),
        "open a KeyDir");
}

static void destroy(context *self)
{
    fe_buffer_deinit(&self->bytes);
    free(self->hashes);
    free(self->block_entries);
}

static bool search(const context *self, uint64_t hash)
{
    fe_keydir_search search;
    fe_entry_place place = {0};
    bool is_there;

    fe_keydir_search_init(&self->keydir, hash, &search);
    is_there = fe_keydir_next(&self->keydir, &search, &place);
    bench_keep(place.block + place.index);
    return is_there;
}

static void search_present(void *argument, uint64_t count)
{
    context *self = argument;
    size_t place = 0;
    uint64_t i, absent = 0;

    for (i = 0; i < count; i++) {
        absent += !search(self, self->hashes[place]);
        place = place + 1 == self->count ? 0 : place + 1;
    }
    if (absent > 0) bench_die("keydir: a key is lost");
}

static void search_missing(void *argument, uint64_t count)
{
    context *self = argument;
    fe_random random = {2};
    uint64_t i, present = 0;

    for (i = 0; i < count; i++)
        present += search(self, fe_random_next(&random));
    if (present > count / 10 + 10) bench_die("keydir: it keeps nothing out");
}

// Each search waits for the one before it, as the gets of one thread do.
static void search_alone(void *argument, uint64_t count)
{
    context *self = argument;
    uint64_t hash = 1, i;

    for (i = 0; i < count; i++) {
        hash = hash * 0x9e3779b97f4a7c15u + 1;
        hash += search(self, hash ^ hash >> 29);
    }
    bench_keep(hash);
}

static void run_size(component_bench *bench, size_t keys, const char *const *names)
{
    static void (*const searches[])(void *, uint64_t) = {search_present, search_missing,
                                                         search_alone};
    context self = {.count = keys};
    bench_timing_case timed = {.name = names[0], .run = build, .context = &self, .count = keys};
    size_t i;

    create(&self);
    component_run(bench, &timed);
    timed.count = 0;
    for (i = 0; i < sizeof(searches) / sizeof(searches[0]); i++) {
        timed.name = names[i + 1];
        timed.run = searches[i];
        component_run(bench, &timed);
    }
    destroy(&self);
}

void bench_keydir(component_bench *bench)
{
    static const char *const small[] = {
        "keydir/128k keys: build, a key", "keydir/128k keys: search for one that is there",
        "keydir/128k keys: search for a missing one", "keydir/128k keys: search after search"};
    static const char *const large[] = {
        "keydir/4M keys: build, a key", "keydir/4M keys: search for one that is there",
        "keydir/4M keys: search for a missing one", "keydir/4M keys: search after search"};

    if (!component_wants(bench, "keydir/")) return;
    run_size(bench, 1 << 17, small);
    if (!bench->is_short) run_size(bench, 1 << 22, large);
}
