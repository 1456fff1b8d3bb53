// SPDX-License-Identifier: Apache-2.0
// Where the sealed units of a database stand: frames, blocks, sections.
#ifndef FERRIC_ENCRYPTION_SEALED_UNITS_H
#define FERRIC_ENCRYPTION_SEALED_UNITS_H

#include "support/disk.h"

typedef struct sealed_unit {
    uint32_t node;    // The file.
    const char *name; // Lent by the disk.
    uint64_t offset;
    uint64_t size;
} sealed_unit;

typedef struct sealed_units {
    sealed_unit *items;
    size_t count;
} sealed_units;

// All units of the database in `directory` of `source`, which is encrypted with harness_key().
void sealed_units_find(sealed_units *units, const disk *source, const char *directory);
void sealed_units_deinit(sealed_units *units);

#endif
