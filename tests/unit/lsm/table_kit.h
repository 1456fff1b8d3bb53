// SPDX-License-Identifier: Apache-2.0
// Table records without tables: a table cache over an empty file system, random versions, and the
// invariants of versions checked the slow and plain way.
#ifndef FERRIC_LSM_TABLE_KIT_H
#define FERRIC_LSM_TABLE_KIT_H

#include "base/random.h"
#include "lsm/version.h"

typedef struct table_kit {
    fe_vfs *vfs; // Has the directory "/db".
    fe_epoch *epoch;
    fe_block_cache *blocks;
    fe_table_cache *tables;
    uint64_t next_number;
} table_kit;

void table_kit_init(table_kit *kit);
// Every version and file was released.
void table_kit_deinit(table_kit *kit);

// What a table is to be; keys are numbers, see kit_key.
typedef struct table_shape {
    uint32_t smallest_key;
    uint32_t largest_key;
    uint64_t smallest_sequence;
    uint64_t largest_sequence;
    uint64_t size_bytes;
    uint64_t entries;
    uint64_t deletes;
} table_shape;

// A key of 8 bytes (keyspace 1 and the number), whose order is that of the numbers. Lent by one of
// 16 static rooms in turn.
ferric_slice kit_key(uint32_t number);

// A record with a new number, and the reference that comes with it.
fe_table_file *kit_table(table_kit *kit, const table_shape *shape);
// Adds it to an edit.
void kit_add(table_kit *kit, fe_version_edit *edit, uint32_t level, const table_shape *shape);

// Makes the next version; takes the base and the edit's content over.
fe_version *kit_apply(table_kit *kit, fe_version *base, fe_version_edit *edit);

// A version with up to `tables_max` tables in each level, some levels empty, keys below `keys`.
fe_version *kit_random_version(table_kit *kit, fe_random *random, uint32_t tables_max,
                               uint32_t keys);

// NULL when the version keeps V1, V2 and V4 and its sums are right, else what is wrong.
const char *kit_version_problem(const fe_version *version);

#endif
