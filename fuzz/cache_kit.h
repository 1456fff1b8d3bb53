// SPDX-License-Identifier: Apache-2.0
// What table files need around them: epochs, a block cache, a table cache over a file system.
#ifndef FERRIC_FUZZ_CACHE_KIT_H
#define FERRIC_FUZZ_CACHE_KIT_H

#include "lsm/table_cache.h"

// Bytes that an empty one takes at most.
#define CACHE_KIT_MEMORY ((size_t)256 << 10)

typedef struct cache_kit {
    fe_epoch *epoch;
    fe_block_cache *blocks;
    fe_table_cache *tables;
} cache_kit;

// Aborts when there is no memory.
void cache_kit_init(cache_kit *kit, fe_vfs *vfs, const char *directory);
// Every file was discarded.
void cache_kit_deinit(cache_kit *kit);

#endif
