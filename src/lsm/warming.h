// SPDX-License-Identifier: Apache-2.0
// Warming: blocks of a table that was just written come into the cache before readers ask for them,
// so that a reader beside a writer does not read again what it had in memory a moment ago.
#ifndef FERRIC_LSM_WARMING_H
#define FERRIC_LSM_WARMING_H

#include "lsm/table_cache.h"

// Tables that were merged into the new one, in two lists.
typedef struct fe_warm_inputs {
    fe_table_file *const *files[2];
    size_t counts[2];
} fe_warm_inputs;

// Brings the blocks of `file` into the cache whose place in an input is cached; all of them if
// `inputs` is NULL. What fails is left to who reads the block. REQUIRES: outside of a section.
void fe_warm_table(fe_table_cache *tables, fe_table_file *file, const fe_warm_inputs *inputs);

// Brings blocks of `file` into the cache, from *block on and at most `count`, as long as no other
// block has to leave for them. False: the table is at its end, or the room, or one block failed.
// REQUIRES: outside of a section.
bool fe_warm_spare_room(fe_table_cache *tables, fe_table_file *file, uint32_t *block,
                        uint32_t count);

#endif
