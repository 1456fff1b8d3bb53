// SPDX-License-Identifier: Apache-2.0
// Numbers the damages of each file, and does one of them to a copy of the disk.
#include "damage.h"

#include "support/harness.h"

static const uint8_t masks[] = {0x01, 0x80};

#define MASK_COUNT (sizeof(masks) / sizeof(masks[0]))

const char *damage_kind_name(damage_kind kind)
{
    static const char *const names[DAMAGE_KIND_COUNT] = {"flip", "cut",  "zero",  "missing",
                                                         "swap", "copy", "grown", "foreign"};
    return names[kind];
}

void damage_walk_init(damage_walk *walk, const disk *source, const disk *foreign,
                      uint32_t directory, uint64_t stride, uint64_t phase)
{
    *walk = (damage_walk){.source = source,
                          .directory = directory,
                          .foreign = foreign,
                          .stride = stride,
                          .phase = phase % stride};
}

static uint64_t file_size(const damage_walk *walk)
{
    uint32_t node;
    disk_entry(walk->source, walk->directory, walk->file, &node);
    return disk_size(walk->source, node);
}

// Of `count` places every stride-th.
static uint64_t strided(const damage_walk *walk, uint64_t count)
{
    return count <= walk->phase ? 0 : (count - walk->phase + walk->stride - 1) / walk->stride;
}

static uint32_t foreign_node(const damage_walk *walk, const char *name)
{
    return disk_lookup(walk->foreign, walk->directory, name);
}

// How many damages of the current kind the current file has.
static uint64_t step_count(const damage_walk *walk)
{
    uint64_t size = file_size(walk);
    size_t files = disk_entry_count(walk->source, walk->directory);

    switch (walk->kind) {
    case DAMAGE_FLIP:
        return strided(walk, size) * MASK_COUNT;
    case DAMAGE_CUT:
        return strided(walk, size);
    case DAMAGE_ZERO:
        return (size + DISK_SECTOR_SIZE - 1) / DISK_SECTOR_SIZE;
    case DAMAGE_MISSING:
        return 1;
    case DAMAGE_SWAP:
        return files - 1 - walk->file;
    case DAMAGE_COPY:
        return files;
    case DAMAGE_GROWN:
        return 3;
    case DAMAGE_FOREIGN:
        return foreign_node(walk, disk_entry(walk->source, walk->directory, walk->file, NULL)) !=
               DISK_NONE;
    case DAMAGE_KIND_COUNT:
        break;
    }
    return 0;
}

static void describe(const damage_walk *walk, damage *next)
{
    size_t other = walk->file;

    *next = (damage){.kind = walk->kind};
    next->name = disk_entry(walk->source, walk->directory, walk->file, NULL);
    switch (walk->kind) {
    case DAMAGE_FLIP:
        next->offset = walk->phase + walk->step / MASK_COUNT * walk->stride;
        next->mask = masks[walk->step % MASK_COUNT];
        break;
    case DAMAGE_CUT:
        next->offset = walk->phase + walk->step * walk->stride;
        break;
    case DAMAGE_ZERO:
        next->offset = walk->step * DISK_SECTOR_SIZE;
        break;
    case DAMAGE_SWAP:
        other = walk->file + 1 + (size_t)walk->step;
        break;
    case DAMAGE_COPY:
        other = (size_t)walk->step;
        break;
    case DAMAGE_GROWN:
        next->offset = file_size(walk) + 1 + walk->step * 700;
        break;
    case DAMAGE_MISSING:
    case DAMAGE_FOREIGN:
    case DAMAGE_KIND_COUNT:
        break;
    }
    next->other = disk_entry(walk->source, walk->directory, other, NULL);
}

bool damage_walk_next(damage_walk *walk, damage *next)
{
    while (walk->file < disk_entry_count(walk->source, walk->directory)) {
        if (walk->step < step_count(walk)) {
            describe(walk, next);
            walk->step++;
            return true;
        }
        walk->step = 0;
        walk->kind++;
        if (walk->kind < DAMAGE_KIND_COUNT) continue;
        walk->kind = DAMAGE_FLIP;
        walk->file++;
    }
    return false;
}

static void grow(disk *d, uint32_t node, uint64_t end)
{
    for (uint64_t at = disk_size(d, node); at < end; at++) {
        uint8_t byte = (uint8_t)(at * 37 + 1);
        disk_damage(d, node, at, &byte, 1);
    }
}

static void zero_sector(disk *d, uint32_t node, uint64_t offset)
{
    uint64_t left = disk_size(d, node) - offset;
    disk_damage(d, node, offset, NULL, left < DISK_SECTOR_SIZE ? (size_t)left : DISK_SECTOR_SIZE);
}

static void put_foreign(const damage_walk *walk, disk *d, uint32_t node, const char *name)
{
    uint32_t other = foreign_node(walk, name);

    disk_damage_cut(d, node, 0);
    disk_damage(d, node, 0, disk_data(walk->foreign, other), disk_size(walk->foreign, other));
}

disk *damage_apply(const damage_walk *walk, const damage *what)
{
    disk *d = disk_clone(walk->source);
    uint32_t node = disk_lookup(d, walk->directory, what->name);
    uint32_t other = disk_lookup(d, walk->directory, what->other);
    uint8_t byte;

    switch (what->kind) {
    case DAMAGE_FLIP:
        byte = disk_data(d, node)[what->offset] ^ what->mask;
        disk_damage(d, node, what->offset, &byte, 1);
        break;
    case DAMAGE_CUT:
        disk_damage_cut(d, node, (size_t)what->offset);
        break;
    case DAMAGE_ZERO:
        zero_sector(d, node, what->offset);
        break;
    case DAMAGE_MISSING:
        disk_damage_entry(d, walk->directory, what->name, DISK_NONE);
        break;
    case DAMAGE_SWAP:
        disk_damage_entry(d, walk->directory, what->name, other);
        disk_damage_entry(d, walk->directory, what->other, node);
        break;
    case DAMAGE_COPY:
        disk_damage_entry(d, walk->directory, what->name, other);
        break;
    case DAMAGE_GROWN:
        grow(d, node, what->offset);
        break;
    case DAMAGE_FOREIGN:
        put_foreign(walk, d, node, what->name);
        break;
    case DAMAGE_KIND_COUNT:
        harness_panic("no such damage");
    }
    return d;
}
