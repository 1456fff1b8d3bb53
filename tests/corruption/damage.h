// SPDX-License-Identifier: Apache-2.0
// All the ways in which the files of one directory are damaged, one at a time.
#ifndef FERRIC_CORRUPTION_DAMAGE_H
#define FERRIC_CORRUPTION_DAMAGE_H

#include "support/disk.h"

typedef enum damage_kind {
    DAMAGE_FLIP = 0,    // One byte, by a mask.
    DAMAGE_CUT = 1,     // The file ends early.
    DAMAGE_ZERO = 2,    // One sector reads as zeros.
    DAMAGE_MISSING = 3, // The file is gone.
    DAMAGE_SWAP = 4,    // Two files have changed places.
    DAMAGE_COPY = 5,    // One file stands in the place of another, too.
    DAMAGE_GROWN = 6,   // Bytes behind the end.
    DAMAGE_FOREIGN = 7, // The file of that name of another database.
    DAMAGE_KIND_COUNT = 8,
} damage_kind;

typedef struct damage {
    damage_kind kind;
    const char *name; // The file, lent by the disk.
    const char *other;
    uint64_t offset; // Of the byte, the sector, or the new end.
    uint8_t mask;
} damage;

// Goes through all damages of the files in `directory`, every `stride`-th byte and end of a file.
typedef struct damage_walk {
    const disk *source;
    uint32_t directory;
    const disk *foreign; // Another database, in a directory with the same number.
    uint64_t stride;
    uint64_t phase; // Which of `stride` bytes comes first.
    size_t file;
    damage_kind kind;
    uint64_t step;
} damage_walk;

const char *damage_kind_name(damage_kind kind);
// The disks are lent until the walk is over.
void damage_walk_init(damage_walk *walk, const disk *source, const disk *foreign,
                      uint32_t directory, uint64_t stride, uint64_t phase);
bool damage_walk_next(damage_walk *walk, damage *next);
// A copy of the source with the damage done.
disk *damage_apply(const damage_walk *walk, const damage *what);

#endif
