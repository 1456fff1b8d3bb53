// SPDX-License-Identifier: Apache-2.0
// Version edits in a database of a thousand tables: encoding, decoding, the next version.
#include <stdlib.h>

#include "base/buffer.h"
#include "base/coding.h"
#include "component/component.h"
#include "lsm/manifest.h"
#include "support/failure.h"

#define TABLES 1000
#define LEVEL 3

typedef struct context {
    component_entries set; // Two keys for each table: its first and its last.
    fe_epoch *epoch;
    fe_block_cache *blocks;
    fe_table_cache *tables;
    fe_version *version;
    fe_version_edit edit; // Replaces one table by another with the same keys.
    ferric_buffer bytes;
} context;

static fe_table_file *make_file(context *self, size_t which, uint64_t number)
{
    fe_entry *first = &self->set.entries[2 * which], *last = first + 1;
    fe_table_summary summary = {
        .identity = {.number = number, .size_bytes = 16 << 20},
        .properties = {.entries = 140000,
                       .smallest_sequence = first->sequence,
                       .largest_sequence = last->sequence},
        .smallest_key = first->key,
        .largest_key = last->key,
        .smallest_key_sequence = first->sequence,
        .largest_key_sequence = last->sequence,
    };
    fe_table_file *file;

    component_check(fe_table_file_create(&summary, &file), "describe a table");
    return file;
}

static void create_version(context *self)
{
    fe_version_edit all = {0};
    fe_version *empty;
    size_t i;

    component_check(fe_version_create(self->tables, &empty), "create a version");
    for (i = 0; i < TABLES; i++)
        component_check(fe_version_edit_add(&all, LEVEL, make_file(self, i, i + 1)),
                        "add to an edit");
    all.next_file_number = TABLES + 10;
    all.last_sequence = 2 * TABLES;
    component_check(fe_version_apply(empty, &all, &self->version), "apply an edit");
    fe_version_edit_deinit(&all, self->tables);
    fe_version_unref(empty);
}

static void create(context *self)
{
    fe_table_cache_options options = {
        .vfs = fe_vfs_posix(), .directory = "/", .open_files_max = 64, .memory_max = 1 << 20};

    component_entries_init(&self->set, 2 * TABLES, true);
    component_check(fe_epoch_create(&self->epoch), "create epochs");
    component_check(fe_block_cache_create(self->epoch, 1 << 20, &self->blocks),
                    "create a block cache");
    component_check(fe_table_cache_create(&options, self->epoch, self->blocks, &self->tables),
                    "create a table cache");
    create_version(self);
    component_check(fe_version_edit_remove(&self->edit, LEVEL, TABLES / 2), "remove in an edit");
    component_check(
        fe_version_edit_add(&self->edit, LEVEL, make_file(self, TABLES / 2 - 1, TABLES + 1)),
        "add to an edit");
    self->edit.next_file_number = TABLES + 20;
    component_check(fe_edit_encode(&self->edit, &self->bytes), "encode an edit");
}

static void destroy(context *self)
{
    fe_version_edit_deinit(&self->edit, self->tables);
    fe_version_unref(self->version);
    fe_table_cache_destroy(self->tables);
    fe_block_cache_destroy(self->blocks);
    fe_epoch_destroy(self->epoch);
    fe_buffer_deinit(&self->bytes);
    component_entries_deinit(&self->set);
}

static void encode(void *argument, uint64_t count)
{
    context *self = argument;
    uint64_t i;

    for (i = 0; i < count; i++) {
        fe_buffer_clear(&self->bytes);
        component_check(fe_edit_encode(&self->edit, &self->bytes), "encode an edit");
    }
}

static void decode(void *argument, uint64_t count)
{
    context *self = argument;
    uint64_t i;

    for (i = 0; i < count; i++) {
        ferric_slice bytes = {self->bytes.data, self->bytes.size};
        fe_version_edit decoded = {0};

        component_check(fe_edit_decode(bytes, self->tables, &decoded), "decode an edit");
        fe_version_edit_deinit(&decoded, self->tables);
    }
}

static void apply(void *argument, uint64_t count)
{
    context *self = argument;
    uint64_t i;

    for (i = 0; i < count; i++) {
        fe_version *next;

        component_check(fe_version_apply(self->version, &self->edit, &next), "apply an edit");
        fe_version_unref(next);
    }
}

static void find(void *argument, uint64_t count)
{
    context *self = argument;
    size_t at = 0;
    uint64_t i;

    for (i = 0; i < count; i++) {
        if (fe_version_find(&self->version->levels[LEVEL], component_probe(&self->set, at)) == NULL)
            bench_die("manifest: a table is lost");
        at = at + 1 == self->set.count ? 0 : at + 1;
    }
}

void bench_manifest(component_bench *bench)
{
    static const struct {
        const char *name;
        void (*run)(void *, uint64_t);
    } cases[] = {
        {"manifest/encode an edit", encode},
        {"manifest/decode an edit", decode},
        {"manifest/apply an edit to 1,000 tables", apply},
        {"manifest/find the table of a key among 1,000", find},
    };
    context self = {0};
    size_t i;

    if (!component_wants(bench, "manifest/")) return;
    create(&self);
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bench_timing_case timed = {.name = cases[i].name, .run = cases[i].run, .context = &self};
        component_run(bench, &timed);
    }
    destroy(&self);
}
