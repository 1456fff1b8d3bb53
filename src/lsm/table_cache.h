// SPDX-License-Identifier: Apache-2.0
// Live table files and their open readers. A fe_table_file is what versions share: the manifest's
// knowledge of one table. Its reader (index, KeyDir or filter, descriptor, block homes) is opened
// when first used and closed again when too many are open or their memory is needed.
//
// Invariants
// T1. The reader is found by one acquire load of file->open inside an epoch section; NULL means:
//     open it, which publishes it with release under the cache's mutex (the reading is done
//     before).
// T2. A reader is closed by clearing file->open and retiring it. When no section and no iterator
//     has it any more, its blocks are removed from the block cache and its descriptor is closed. So
//     the bounds on files and memory are exceeded by what iterators hold.
// T3. A fe_table_file is reference counted by the versions that contain it. At the last unref its
//     reader is retired; whether the file is removed from disk is the store's decision
//     (fe_table_file.is_obsolete was set under the store's mutex before).
// T4. A reader has its table's KeyDir while those of all readers stay within their bound, else the
//     filter; which one is decided when it is opened. KeyDirs take their bytes from the block
//     cache.
#ifndef FERRIC_LSM_TABLE_CACHE_H
#define FERRIC_LSM_TABLE_CACHE_H

#include "format/table_builder.h"
#include "lsm/block_cache.h"
#include "lsm/iterator.h"
#include "lsm/value_files.h"

typedef struct fe_table_cache fe_table_cache;
typedef struct fe_open_table fe_open_table;

// One live table. Immutable but for the atomics.
typedef struct fe_table_file {
    fe_table_identity identity;
    uint64_t entries;
    uint64_t deletes;
    uint64_t range_deletes; // Pieces; they count in the sequences and the keys below.
    uint64_t smallest_sequence;
    uint64_t largest_sequence;
    ferric_slice smallest_key; // Owned: the bytes stand behind the struct.
    ferric_slice largest_key;
    uint64_t smallest_key_sequence; // As in fe_table_summary: FE_SEQUENCE_MAX where the bound is a
    uint64_t largest_key_sequence;  // range delete's, and largest_key is then the first key behind.
    fe_expiry_summary expiry;
    fe_value_refs values; // What its entries point to; attached, see fe_value_refs_attach.
    _Atomic(uint32_t) refs;
    _Atomic(bool) is_obsolete; // Remove the file when nobody refers to it.
    _Atomic(fe_open_table *) open;
    fe_file *pinned; // Set before others know of it, or NULL; the readers of the table use it.
} fe_table_file;

// A copy of `summary` with one reference. Errors: FERRIC_NO_MEMORY.
ferric_status fe_table_file_create(const fe_table_summary *summary, fe_table_file **file);
// Whether all its keys, deleted ranges included, are before `key`.
static inline bool fe_table_file_ends_before(const fe_table_file *file, ferric_slice key)
{
    int order = fe_slice_compare(file->largest_key, key);
    return order < 0 || (order == 0 && file->largest_key_sequence == FE_SEQUENCE_MAX);
}
void fe_table_file_ref(fe_table_file *file);
// Returns true when this was the last reference: the caller then calls fe_table_cache_discard.
bool fe_table_file_unref(fe_table_file *file);

// Opens the file now and keeps it open as long as `file` lives, so that the table can be read
// though another process removes its name. REQUIRES: nobody else knows of `file`. Errors:
// FERRIC_CORRUPT: it is missing, or of another size; FERRIC_TOO_MANY_FILES, FERRIC_IO,
// FERRIC_NO_MEMORY.
ferric_status fe_table_file_pin(fe_table_cache *cache, fe_table_file *file);

typedef struct fe_table_cache_options {
    fe_vfs *vfs;
    const char *directory; // Borrowed as long as the cache lives.
    uint32_t open_files_max;
    uint64_t memory_max;         // Bytes of indexes and filters before tables are closed.
    uint64_t keydir_bytes_max;   // Of all KeyDirs together.
    fe_value_files *value_files; // Where tables' value files are known. NULL: nobody reads them.
    struct fe_file_keys *keys;   // Borrowed; NULL: the database is not encrypted.
} fe_table_cache_options;

// The bound on all KeyDirs together, so also on a single one that is worth writing. They lead to
// blocks in memory: with an eighth of the memory they are all there as long as the cache holds
// most of the blocks of entries of 50 bytes and more.
static inline uint64_t fe_keydir_bytes_max(const ferric_options *options)
{
    return options->keydir ? options->memory_limit / 8 : 0;
}

// Errors: FERRIC_NO_MEMORY.
ferric_status fe_table_cache_create(const fe_table_cache_options *options, fe_epoch *epoch,
                                    fe_block_cache *blocks, fe_table_cache **cache);
// Every file was discarded, and no iterator and no section is left. Accepts NULL.
void fe_table_cache_destroy(fe_table_cache *cache);

// The value files given at its creation; may be NULL.
fe_value_files *fe_table_cache_value_files(const fe_table_cache *cache);

// The keys given at its creation; may be NULL.
struct fe_file_keys *fe_table_cache_keys(const fe_table_cache *cache);

// Closes the file's reader, removes the file from disk when is_obsolete, and frees `file`. For the
// one whose fe_table_file_unref returned true. Without a cache it only frees: for the tables of an
// edit that is looked at, which nobody has opened.
void fe_table_cache_discard(fe_table_cache *cache, fe_table_file *file);

// The newest version of `key` up to `sequence` in this table. *found tells whether there is one;
// entry->value lies in a cached block and is valid until the epoch section ends, or while *block is
// referenced. REQUIRES: inside an epoch section. Errors: as fe_table_open (a missing file is
// FERRIC_CORRUPT), fe_table_read_block.
ferric_status fe_table_cache_get(fe_table_cache *cache, fe_table_file *file, ferric_slice key,
                                 uint64_t hash, uint64_t sequence, bool *found, fe_entry *entry,
                                 fe_cached_block **block);
// Starts loading the memory that fe_table_cache_get will look at first. REQUIRES: as get.
void fe_table_cache_prefetch(fe_table_file *file, uint64_t hash);

// The way from a table to an entry, for one that has more than one key to look up and takes each
// step for all of them before the next, so that they wait for memory together. Nothing depends on
// it but time: the answer is fe_table_cache_get's. REQUIRES: all of it inside one epoch section.
typedef struct fe_table_approach {
    fe_open_table *open; // NULL: leads nowhere.
    fe_entry_place place;
} fe_table_approach;

// False: the table does not have the key; what comes next is another table.
bool fe_table_approach_begin(fe_table_file *file, uint64_t hash, fe_table_approach *approach);
void fe_table_approach_block(const fe_table_approach *approach);
void fe_table_approach_entry(const fe_table_approach *approach);

// An iterator over one table, which it references. `fill`: whether blocks it reads are kept in the
// cache; without, it does not mark cached ones as used either, and reads far ahead, for it is a
// compaction's. Errors: FERRIC_NO_MEMORY; failures of reading show in its status.
ferric_status fe_table_iterator_create(fe_table_cache *cache, fe_table_file *file, bool fill,
                                       fe_iterator **iterator);

// An iterator over `count` tables with disjoint key ranges in order: a level. Opens a table when
// the walk gets there. `files` is borrowed and outlives the iterator.
ferric_status fe_level_iterator_create(fe_table_cache *cache, fe_table_file *const *files,
                                       size_t count, bool fill, fe_iterator **iterator);

// Makes one of the two above lazy (lsm/iterator.h): it opens tables and reads blocks when it is
// asked to arrive. REQUIRES: it was not moved yet.
void fe_table_iterator_make_lazy(fe_iterator *iterator);

// Reads the whole table anew from the disk: each block's check, order, bounds, filter, and the
// counts of its properties and of `file`. The first problem is returned with its offset:
// FERRIC_CORRUPT, FERRIC_IO, FERRIC_UNSUPPORTED, FERRIC_NO_MEMORY. `blocks` and `entries` count
// what was read.
ferric_status fe_table_cache_verify(fe_table_cache *cache, fe_table_file *file, uint64_t *blocks,
                                    uint64_t *entries, uint64_t *offset);

typedef struct fe_table_cache_stats {
    uint64_t tables_open;
    uint64_t memory_bytes;
    uint64_t keydir_bytes;  // Part of memory_bytes.
    uint64_t filter_probes; // Of filters and KeyDirs. Sampled counters may lag, never lie.
    uint64_t filter_rejections;
    uint64_t block_hits;
    uint64_t block_misses;
    uint64_t tables_examined; // By gets.
} fe_table_cache_stats;

void fe_table_cache_stats_get(fe_table_cache *cache, fe_table_cache_stats *stats);

#endif
