// SPDX-License-Identifier: Apache-2.0
// Caches as a store makes them, only smaller.
#include "cache_kit.h"

#include "fuzz.h"

#define BLOCKS_BYTES ((uint64_t)1 << 20)

void cache_kit_init(cache_kit *kit, fe_vfs *vfs, const char *directory)
{
    fe_table_cache_options options = {
        .vfs = vfs,
        .directory = directory,
        .open_files_max = 16,
        .memory_max = BLOCKS_BYTES,
        .keydir_bytes_max = BLOCKS_BYTES / 2,
    };

    FUZZ_CHECK(fe_epoch_create(&kit->epoch) == FERRIC_OK);
    FUZZ_CHECK(fe_block_cache_create(kit->epoch, BLOCKS_BYTES, &kit->blocks) == FERRIC_OK);
    FUZZ_CHECK(fe_table_cache_create(&options, kit->epoch, kit->blocks, &kit->tables) == FERRIC_OK);
}

void cache_kit_deinit(cache_kit *kit)
{
    fe_epoch_collect(kit->epoch);
    fe_table_cache_destroy(kit->tables);
    fe_epoch_collect(kit->epoch);
    fe_block_cache_destroy(kit->blocks);
    fe_epoch_destroy(kit->epoch);
}
