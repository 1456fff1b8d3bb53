// SPDX-License-Identifier: Apache-2.0
// A table's reader with the homes of its cached blocks: what table_cache.c opens and closes and the
// iterators walk. For these files alone.
#ifndef FERRIC_LSM_OPEN_TABLE_H
#define FERRIC_LSM_OPEN_TABLE_H

#include "lsm/table_cache.h"
#include "lsm/tally.h"

// Each get of a table adds to one of the first four.
enum {
    FE_TABLE_REJECTED = 0,
    FE_TABLE_HIT = 1,
    FE_TABLE_MISSED = 2,
    FE_TABLE_BEHIND = 3, // The key is behind the last one of the table.
    FE_TABLE_WITHOUT_FILTER = 4,
};

// Where a block is when it is cached, and what the index tells of it: an entry's place is guessed
// from that, so that the entry is on its way before the block has told where it is.
typedef struct fe_block_seat {
    fe_block_home home;
    uint32_t content_at; // From the block's memory on: its content, for which guesses are made.
    uint32_t stride;     // The entries' mean size, in 64ths of a byte.
} fe_block_seat;

struct fe_open_table {
    // Read by every get: the first line.
    _Alignas(FE_CACHE_LINE) fe_table *table;
    fe_block_seat *seats; // One for each data block.
    fe_keydir keydir;     // Without buckets when it is not loaded.
    fe_tally *tally;      // The table cache's.
    uint32_t block_count;
    _Atomic(bool) is_marked; // Used since the hand came by.

    // References, and a bit for the cache and the epoch.
    _Alignas(FE_CACHE_LINE) _Atomic(uint32_t) holds;
    fe_block_cache *blocks;
    fe_table_cache *cache;
    fe_table_file *file; // Valid while in the queue.
    size_t memory_bytes; // The KeyDir's included.
    size_t keydir_bytes;
    fe_sieve_node node;
    fe_retired retired;
};

// Leaves a mark that the table was used.
static inline void fe_open_table_mark(fe_open_table *open)
{
    if (!atomic_load_explicit(&open->is_marked, memory_order_relaxed))
        atomic_store_explicit(&open->is_marked, true, memory_order_relaxed);
}

// The reader of `file`, opened if need be. REQUIRES: inside an epoch section, in which it is valid.
// Errors: as fe_table_open.
ferric_status fe_open_table_find(fe_table_cache *cache, fe_table_file *file, fe_open_table **open);

// Keeps it beyond the section. REQUIRES: inside the section that found it.
void fe_open_table_ref(fe_open_table *open);
// Accepts NULL.
void fe_open_table_unref(fe_open_table *open);

// Data block number `block`, from the cache or the file; valid until the section ends, or while it
// is referenced. With `fill` a block that is read is kept in the cache, and one that is there
// marked as used. `reader` may be NULL. *was_cached may be NULL. REQUIRES: inside an epoch section.
// Errors: as fe_table_read_block.
ferric_status fe_open_table_block(fe_open_table *open, uint32_t block, fe_block_reader *reader,
                                  bool fill, fe_cached_block **cached, bool *was_cached);

fe_epoch *fe_table_cache_epoch(const fe_table_cache *cache);
// Opens the file's table from the disk, for the caller alone. Errors: as fe_table_open, but that a
// missing file is FERRIC_CORRUPT: the manifest names it, and NOT_FOUND would be taken for a key's.
ferric_status fe_table_cache_open_table(const fe_table_cache *cache, const fe_table_file *file,
                                        uint64_t keydir_bytes_max, fe_table **table);

#endif
