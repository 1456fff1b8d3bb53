// SPDX-License-Identifier: Apache-2.0
// Where the units of a database stand: frames, blocks, sections, values, and what is in clear. And
// what somebody without a key can do to make a changed one look right.
#ifndef FERRIC_ENCRYPTION_SEALED_UNITS_H
#define FERRIC_ENCRYPTION_SEALED_UNITS_H

#include "support/disk.h"

typedef enum unit_form {
    UNIT_HEADER = 0, // Of a file; CURRENT is nothing else.
    UNIT_FRAME = 1,
    UNIT_BLOCK = 2,
    UNIT_INDEX = 3,
    UNIT_FILTER = 4,
    UNIT_PROPERTIES = 5,
    UNIT_KEYDIR = 6,
    UNIT_RANGE_DELETES = 7,
    UNIT_DIRECTORY = 8,
    UNIT_FOOTER = 9,
    UNIT_VALUE = 10,
    UNIT_KEYRING = 11, // All behind its header.
    UNIT_FORMS = 12,
} unit_form;

typedef struct sealed_unit {
    unit_form form;
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
const char *unit_form_name(unit_form form);

// Computes the checks anew that need no key: of a file's header, of a frame at its place, of a
// keyring.
void sealed_unit_mend(disk *d, const sealed_unit *unit);

#endif
