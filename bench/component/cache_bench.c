// SPDX-License-Identifier: Apache-2.0
// A level of tables behind table cache and block cache: epochs, gets that hit and miss, walks.
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "component/component.h"
#include "lsm/file_names.h"
#include "lsm/table_cache.h"
#include "lsm/version.h"
#include "support/failure.h"

#define TABLES 8
#define DIRECTORY "/cache"
#define BLOCK_SIZE 4096
#define FILTER_BITS 10

typedef struct context {
    component_entries set;
    uint64_t keydir_bytes_max; // 0: by filter and index.
    fe_vfs *vfs;
    fe_epoch *epoch;
    fe_block_cache *blocks;
    fe_table_cache *tables;
    fe_level level;
    fe_table_file *files[TABLES];
    fe_iterator *iterator;
} context;

static void create_table(context *self, size_t which)
{
    size_t first = which * self->set.count / TABLES, end = (which + 1) * self->set.count / TABLES;
    fe_file_header header = {.version = FE_FORMAT_VERSION,
                             .kind = FE_FILE_TABLE,
                             .file_number = which + 1,
                             .salt = {1, 2, 3}};
    fe_table_builder_options options = {.block_size = BLOCK_SIZE,
                                        .filter_bits = FILTER_BITS,
                                        .keydir_bytes_max = self->keydir_bytes_max};
    ferric_buffer path = {0};
    fe_table_builder *builder;
    fe_table_summary summary;

    component_check(fe_file_path(&path, DIRECTORY, FE_FILE_TABLE, header.file_number),
                    "name a table");
    component_check(
        fe_table_builder_create(self->vfs, fe_path_text(&path), &header, &options, &builder),
        "create a table");
    for (; first < end; first++)
        component_check(fe_table_builder_add(builder, &self->set.entries[first]), "add to a table");
    component_check(fe_table_builder_finish(builder, &summary), "finish a table");
    component_check(fe_table_file_create(&summary, &self->files[which]), "describe a table");
    fe_table_builder_destroy(builder);
    fe_buffer_deinit(&path);
}

static void create(context *self, size_t entries, uint64_t cache_bytes)
{
    fe_table_cache_options options = {
        .directory = DIRECTORY,
        .open_files_max = 512,
        .memory_max = (uint64_t)64 << 20,
        .keydir_bytes_max = self->keydir_bytes_max,
    };
    size_t i;

    component_entries_init(&self->set, entries, true);
    component_check(fe_vfs_memory_create(&self->vfs), "make a file system in memory");
    component_check(fe_vfs_make_directory(self->vfs, DIRECTORY), "make a directory");
    component_check(fe_epoch_create(&self->epoch), "create epochs");
    component_check(fe_block_cache_create(self->epoch, cache_bytes, &self->blocks),
                    "create a block cache");
    options.vfs = self->vfs;
    component_check(fe_table_cache_create(&options, self->epoch, self->blocks, &self->tables),
                    "create a table cache");
    for (i = 0; i < TABLES; i++)
        create_table(self, i);
    self->level = (fe_level){.files = self->files, .count = TABLES};
    component_check(
        fe_level_iterator_create(self->tables, self->files, TABLES, true, &self->iterator),
        "make an iterator");
}

static void destroy(context *self)
{
    size_t i;

    fe_iterator_destroy(self->iterator);
    for (i = 0; i < TABLES; i++)
        if (fe_table_file_unref(self->files[i]))
            fe_table_cache_discard(self->tables, self->files[i]);
    fe_table_cache_destroy(self->tables);
    fe_block_cache_destroy(self->blocks);
    fe_epoch_destroy(self->epoch);
    fe_vfs_memory_destroy(self->vfs);
    component_entries_deinit(&self->set);
}

static void enter_and_leave(void *argument, uint64_t count)
{
    context *self = argument;
    uint64_t i;

    for (i = 0; i < count; i++) {
        fe_epoch_enter(self->epoch);
        bench_keep(i);
        fe_epoch_leave(self->epoch);
    }
}

static void find_table(void *argument, uint64_t count)
{
    context *self = argument;
    size_t at = 0;
    uint64_t i;

    for (i = 0; i < count; i++) {
        bench_keep_memory(fe_version_find(&self->level, component_probe(&self->set, at)));
        at = at + 1 == self->set.count ? 0 : at + 1;
    }
}

static bool get_one(context *self, ferric_slice key, uint64_t hash)
{
    fe_table_file *file = fe_version_find(&self->level, key);
    fe_cached_block *block;
    bool is_found = false;
    fe_entry entry;

    if (file == NULL) return false;
    component_check(fe_table_cache_get(self->tables, file, key, hash, FE_SEQUENCE_MAX, &is_found,
                                       &entry, &block),
                    "get");
    if (is_found) bench_keep(entry.sequence);
    return is_found;
}

static void get(void *argument, uint64_t count)
{
    context *self = argument;
    const component_entries *set = &self->set;
    size_t at = 0;
    uint64_t i;

    for (i = 0; i < count; i++) {
        fe_epoch_enter(self->epoch);
        if (!get_one(self, component_probe(set, at), set->probe_hashes[at]))
            bench_die("cache: a key is lost");
        fe_epoch_leave(self->epoch);
        at = at + 1 == set->count ? 0 : at + 1;
    }
}

// In an order that the processor cannot foresee, as get does.
static void get_missing(void *argument, uint64_t count)
{
    context *self = argument;
    const component_entries *set = &self->set;
    size_t at = 0;
    uint64_t i;

    for (i = 0; i < count; i++) {
        fe_epoch_enter(self->epoch);
        if (get_one(self, component_missing(set, at), set->missing_hashes[at]))
            bench_die("cache: a key is there that was not put");
        fe_epoch_leave(self->epoch);
        at = (at + 7919) % set->count;
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
    component_check(self->iterator->status, "walk a level");
}

static void seek(void *argument, uint64_t count)
{
    context *self = argument;
    size_t at = 0;
    uint64_t i;

    for (i = 0; i < count; i++) {
        fe_iterator_seek(self->iterator, component_probe(&self->set, at), FE_SEQUENCE_MAX);
        bench_keep(self->iterator->entry.sequence);
        at = at + 1 == self->set.count ? 0 : at + 1;
    }
}

static void run_all(component_bench *bench, context *self)
{
    static const struct {
        const char *name;
        void (*run)(void *, uint64_t);
    } cases[] = {
        {"cache/enter and leave an epoch section", enter_and_leave},
        {"cache/find the table of a key", find_table},
        {"cache/get, 1M keys, all cached", get},
        {"cache/get of a missing key, 1M keys", get_missing},
        {"cache/level iterator: next, all cached", walk},
        {"cache/level iterator: seek, all cached", seek},
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bench_timing_case timed = {.name = cases[i].name, .run = cases[i].run, .context = self};
        component_run(bench, &timed);
    }
}

// The way without a KeyDir, for what it is compared with.
static void run_by_index(component_bench *bench, size_t entries)
{
    context self = {0};
    bench_timing_case timed = {.name = "cache/get, 1M keys, all cached, by filter and index",
                               .run = get,
                               .context = &self};

    create(&self, entries, entries * 500);
    get(&self, bench->lists ? 1 : 2 * entries);
    component_run(bench, &timed);
    timed.name = "cache/get of a missing key, 1M keys, by filter";
    timed.run = get_missing;
    component_run(bench, &timed);
    destroy(&self);
}

void bench_cache(component_bench *bench)
{
    size_t entries = bench->is_short ? 8000 : 1000000;
    bench_timing_case timed = {.name = "cache/get, 1M keys, a tenth cached, file in memory",
                               .run = get};
    context self = {.keydir_bytes_max = UINT64_MAX};

    if (!component_wants(bench, "cache/")) return;
    create(&self, entries, entries * 500);
    // Twice around, so that everything is in the cache before the first case.
    get(&self, bench->lists ? 1 : 2 * entries);
    run_all(bench, &self);
    destroy(&self);
    run_by_index(bench, entries);
    self = (context){.keydir_bytes_max = UINT64_MAX};
    create(&self, entries, entries * 14 + fe_keydir_size(entries));
    timed.context = &self;
    component_run(bench, &timed);
    destroy(&self);
}
