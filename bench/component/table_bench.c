// SPDX-License-Identifier: Apache-2.0
// Tables in memory files: building, opening, reading one block on its way into the cache.
#include <stdlib.h>

#include "component/component.h"
#include "format/table.h"
#include "format/table_builder.h"
#include "support/failure.h"

#define PATH "/bench.table"
#define BLOCK_SIZE 4096
#define FILTER_BITS 10

typedef struct context {
    component_entries set;
    fe_vfs *vfs;
    ferric_compression compression;
    fe_table *table;
    fe_block_reader reader;
    uint8_t *memory; // Of the largest block.
} context;

static void remove_file(void *argument)
{
    context *self = argument;

    component_check(fe_vfs_remove(self->vfs, PATH), "remove a table");
}

// Adds the first `count` entries and finishes.
static void build(void *argument, uint64_t count)
{
    context *self = argument;
    fe_file_header header = {
        .version = FE_FORMAT_VERSION, .kind = FE_FILE_TABLE, .file_number = 7, .salt = {1, 2, 3}};
    fe_table_builder_options options = {
        .block_size = BLOCK_SIZE,
        .filter_bits = FILTER_BITS,
        .compression = self->compression,
        .keydir_bytes_max = UINT64_MAX,
    };
    fe_table_builder *builder;
    fe_table_summary summary;
    uint64_t i;

    component_check(fe_table_builder_create(self->vfs, PATH, &header, &options, &builder),
                    "create a table");
    for (i = 0; i < count; i++)
        component_check(fe_table_builder_add(builder, &self->set.entries[i]), "add to a table");
    component_check(fe_table_builder_finish(builder, &summary), "finish a table");
    fe_table_builder_destroy(builder);
}

static void open_and_close(void *argument, uint64_t count)
{
    context *self = argument;
    uint64_t i;

    for (i = 0; i < count; i++) {
        fe_table *table;

        component_check(fe_table_open(self->vfs, PATH, NULL, NULL, UINT64_MAX, &table),
                        "open a table");
        fe_table_close(table);
    }
}

static void find_block(void *argument, uint64_t count)
{
    context *self = argument;
    const component_entries *set = &self->set;
    size_t at = 0;
    uint64_t i;

    for (i = 0; i < count; i++) {
        bench_keep(fe_table_find_block(self->table, component_probe(set, at), FE_SEQUENCE_MAX));
        at = at + 1 == set->count ? 0 : at + 1;
    }
}

static void read_block(void *argument, uint64_t count)
{
    context *self = argument;
    uint32_t blocks = fe_table_block_count(self->table);
    uint64_t i;

    for (i = 0; i < count; i++) {
        fe_block view;

        component_check(fe_table_read_block(self->table, (uint32_t)(i * 7919 % blocks),
                                            &self->reader, self->memory, &view),
                        "read a block");
        bench_keep(view.count);
    }
}

static void find_entry(void *argument, uint64_t count)
{
    context *self = argument;
    const component_entries *set = &self->set;
    size_t at = 0;
    uint64_t i;

    for (i = 0; i < count; i++) {
        ferric_slice key = component_probe(set, at);
        uint32_t block = fe_table_find_block(self->table, key, FE_SEQUENCE_MAX);
        fe_block_entry entry;
        fe_block view;

        component_check(fe_table_read_block(self->table, block, &self->reader, self->memory, &view),
                        "read a block");
        if (!fe_block_find(&view, key, FE_SEQUENCE_MAX, &entry)) bench_die("table: a key is lost");
        bench_keep(entry.sequence);
        at = at + 1 == set->count ? 0 : at + 1;
    }
}

static void open_table(context *self)
{
    size_t largest = 0;
    uint32_t i;

    build(self, self->set.count);
    component_check(fe_table_open(self->vfs, PATH, NULL, NULL, UINT64_MAX, &self->table),
                    "open a table");
    for (i = 0; i < fe_table_block_count(self->table); i++)
        if (fe_table_block_memory(self->table, i) > largest)
            largest = fe_table_block_memory(self->table, i);
    self->memory = bench_allocate(largest, 1);
}

static void close_table(context *self)
{
    fe_block_reader_deinit(&self->reader);
    self->reader = (fe_block_reader){0};
    fe_table_close(self->table);
    free(self->memory);
    remove_file(self);
}

static void run_compression(component_bench *bench, context *self, const char *words)
{
    static const struct {
        const char *name;
        void (*run)(void *, uint64_t);
    } reads[] = {
        {"open and close", open_and_close},
        {"find a block", find_block},
        {"read and check a block", read_block},
        {"find an entry, block not cached", find_entry},
    };
    char name[96];
    bench_timing_case timed = {.name = name,
                               .run = build,
                               .teardown = remove_file,
                               .context = self,
                               .count = self->set.count,
                               .bytes = COMPONENT_KEY_SIZE + COMPONENT_VALUE_SIZE};
    size_t i;

    bench_format(name, sizeof(name), "table/%s: build, an entry", words);
    component_run(bench, &timed);
    open_table(self);
    timed = (bench_timing_case){.name = name, .context = self};
    for (i = 0; i < sizeof(reads) / sizeof(reads[0]); i++) {
        bench_format(name, sizeof(name), "table/%s: %s", words, reads[i].name);
        timed.run = reads[i].run;
        component_run(bench, &timed);
    }
    close_table(self);
}

void bench_table(component_bench *bench)
{
    context self = {0};

    if (!component_wants(bench, "table/")) return;
    component_entries_init(&self.set, bench->is_short ? 4000 : 140000, true);
    component_check(fe_vfs_memory_create(&self.vfs), "make a file system in memory");
    self.compression = FERRIC_COMPRESSION_NONE;
    run_compression(bench, &self, "plain");
    self.compression = FERRIC_COMPRESSION_LZ4;
    run_compression(bench, &self, "LZ4");
    self.compression = FERRIC_COMPRESSION_ZSTD;
    run_compression(bench, &self, "zstd");
    fe_vfs_memory_destroy(self.vfs);
    component_entries_deinit(&self.set);
}
