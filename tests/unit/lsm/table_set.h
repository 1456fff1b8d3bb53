// SPDX-License-Identifier: Apache-2.0
// A table cache over tables of random entries in memory: what tests of table cache, iterators and
// verification begin with.
#ifndef FERRIC_LSM_TABLE_SET_H
#define FERRIC_LSM_TABLE_SET_H

#include "lsm/table_cache.h"
#include "unit/format/table_file.h"

#define TABLE_SET_FILES_MAX 64

typedef struct table_set {
    fe_vfs *vfs;
    fe_epoch *epoch;
    fe_block_cache *blocks;
    fe_table_cache *cache;
    fe_table_file *files[TABLE_SET_FILES_MAX];
    size_t firsts[TABLE_SET_FILES_MAX + 1]; // Each file's first entry in the list.
    size_t count;
} table_set;

typedef struct table_set_options {
    size_t files; // The entries are cut into this many tables, never inside a key.
    uint64_t cache_bytes;
    uint32_t open_files_max;
    uint64_t memory_max;
    uint64_t keydir_bytes_max;
    fe_table_builder_options builder;
} table_set_options;

void table_set_init(table_set *set, const table_set_options *options, const entry_list *list);
// Discards the files, which must not be referenced, and checks that nothing is left behind.
void table_set_deinit(table_set *set);

// A read inside a section of its own; compares the answer with the list's.
void table_set_check_get(table_set *set, const entry_list *list, ferric_slice key,
                         uint64_t sequence);

#endif
