// SPDX-License-Identifier: Apache-2.0
// Blocks of 4 KiB, 4 MiB of them: building, checking after a read, finding, walking.
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "component/component.h"
#include "format/block.h"
#include "format/block_builder.h"
#include "support/failure.h"

#define BLOCK_SIZE 4096
#define BLOCKS_MAX 1024

typedef struct context {
    component_entries set;
    fe_block_builder *builder;
    uint8_t *contents[BLOCKS_MAX];
    size_t sizes[BLOCKS_MAX];
    fe_block_slot *slots[BLOCKS_MAX];
    fe_block blocks[BLOCKS_MAX];
    size_t first[BLOCKS_MAX + 1]; // The place of each block's first entry.
    size_t count;
    uint32_t *probe_blocks; // Where each probe key of the set stands.
} context;

// Builds the block that begins at `place`, and returns the place behind it.
static size_t build_block(context *self, size_t place, ferric_buffer **block)
{
    fe_block_builder_clear(self->builder);
    while (place < self->set.count && fe_block_builder_size(self->builder) < BLOCK_SIZE)
        component_check(fe_block_builder_add(self->builder, &self->set.entries[place++]),
                        "add to a block");
    component_check(fe_block_builder_finish(self->builder, block), "finish a block");
    return place;
}

static void init_block(context *self, size_t i)
{
    ferric_slice content = {self->contents[i], self->sizes[i]};

    component_check(fe_block_init(&self->blocks[i], content, self->slots[i], "bench", 0),
                    "open a block");
}

// The block in which the entry of a place stands.
static size_t block_of(const context *self, size_t place)
{
    size_t low = 0, high = self->count;

    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        if (self->first[middle] <= place)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static void create(context *self, size_t entries)
{
    size_t place = 0;

    component_entries_init(&self->set, entries, true);
    self->probe_blocks = bench_allocate(entries, sizeof(*self->probe_blocks));
    component_check(fe_block_builder_create(&self->builder), "create a builder");
    for (self->count = 0; place < entries && self->count < BLOCKS_MAX; self->count++) {
        ferric_buffer *block;
        size_t i = self->count;

        self->first[i] = place;
        place = build_block(self, place, &block);
        self->sizes[i] = block->size;
        self->contents[i] = bench_allocate(block->size, 1);
        memcpy(self->contents[i], block->data, block->size);
        self->slots[i] =
            bench_allocate(fe_block_claimed_count((ferric_slice){block->data, block->size}),
                           sizeof(fe_block_slot));
        init_block(self, i);
    }
    self->first[self->count] = place;
    if (place < entries) bench_die("block: more entries than blocks hold");
    for (place = 0; place < entries; place++)
        self->probe_blocks[place] = (uint32_t)block_of(self, self->set.order[place]);
}

static void destroy(context *self)
{
    size_t i;

    for (i = 0; i < self->count; i++) {
        free(self->contents[i]);
        free(self->slots[i]);
    }
    free(self->probe_blocks);
    fe_block_builder_destroy(self->builder);
    component_entries_deinit(&self->set);
}

static void build(void *argument, uint64_t count)
{
    context *self = argument;
    size_t place = 0;
    uint64_t i;

    for (i = 0; i < count; i++) {
        ferric_buffer *block;

        place = build_block(self, place, &block);
        if (place >= self->set.count) place = 0;
        bench_keep_memory(block->data);
    }
}

static void open(void *argument, uint64_t count)
{
    context *self = argument;
    size_t which = 0;
    uint64_t i;

    for (i = 0; i < count; i++) {
        init_block(self, which);
        which = which + 1 == self->count ? 0 : which + 1;
    }
}

// Random entries, each in the block that has it.
static void find(void *argument, uint64_t count)
{
    context *self = argument;
    size_t at = 0;
    uint64_t i;

    for (i = 0; i < count; i++) {
        fe_block_entry entry;

        if (!fe_block_find(&self->blocks[self->probe_blocks[at]], component_probe(&self->set, at),
                           FE_SEQUENCE_MAX, &entry))
            bench_die("block: a key is lost");
        bench_keep(entry.sequence);
        at = at + 1 == self->set.count ? 0 : at + 1;
    }
}

static void find_in_one(void *argument, uint64_t count)
{
    context *self = argument;
    size_t size = self->first[1];
    uint64_t i;

    for (i = 0; i < count; i++) {
        fe_block_entry entry;

        if (!fe_block_find(&self->blocks[0], self->set.entries[i * 7 % size].key, FE_SEQUENCE_MAX,
                           &entry))
            bench_die("block: a key is lost");
        bench_keep(entry.sequence);
    }
}

static void walk(void *argument, uint64_t count)
{
    context *self = argument;
    size_t which = 0;
    uint32_t left = self->blocks[0].count;
    const uint8_t *at = fe_block_entry_address(&self->blocks[0], 0);
    uint64_t i;

    for (i = 0; i < count; i++) {
        fe_block_entry entry;

        at = fe_block_read(&self->blocks[which], at, &entry);
        bench_keep(entry.sequence);
        if (--left == 0) {
            which = which + 1 == self->count ? 0 : which + 1;
            left = self->blocks[which].count;
            at = fe_block_entry_address(&self->blocks[which], 0);
        }
    }
}

void bench_block(component_bench *bench)
{
    static const struct {
        const char *name;
        void (*run)(void *, uint64_t);
    } cases[] = {
        {"block/build one of 4 KiB", build},    {"block/check one of 4 KiB after reading", open},
        {"block/find, one block", find_in_one}, {"block/find, 4 MiB of blocks", find},
        {"block/walk, an entry", walk},
    };
    context *self;
    size_t i;

    if (!component_wants(bench, "block/")) return;
    self = bench_allocate(1, sizeof(*self));
    create(self, bench->is_short ? 2000 : 36000);
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bench_timing_case timed = {.name = cases[i].name, .run = cases[i].run, .context = self};
        component_run(bench, &timed);
    }
    destroy(self);
    free(self);
}
