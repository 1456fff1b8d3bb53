// SPDX-License-Identifier: Apache-2.0
// Writes the tables of a set and reads from it.
#include "unit/lsm/table_set.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/checksum.h"

// The first place at or behind `at` where a key begins.
static size_t key_begin(const entry_list *list, size_t at)
{
    while (at > 0 && at < list->count &&
           fe_slice_equal(list->entries[at - 1].key, list->entries[at].key)) {
        at++;
    }
    return at;
}

static void add_file(table_set *set, const table_set_options *options, const entry_list *list,
                     size_t from, size_t to)
{
    fe_table_summary summary;
    char path[32];

    if (from == to) return;
    snprintf(path, sizeof path, "/db/%06zu.table", set->count + 1);
    table_file_write(set->vfs, path, set->count + 1, &options->builder, list, from, to, &summary);
    assert_int_equal(fe_table_file_create(&summary, &set->files[set->count]), FERRIC_OK);
    set->firsts[set->count++] = from;
}

void table_set_init(table_set *set, const table_set_options *options, const entry_list *list)
{
    fe_table_cache_options cache_options;
    size_t from = 0;

    memset(set, 0, sizeof *set);
    assert_int_equal(fe_vfs_memory_create(&set->vfs), FERRIC_OK);
    assert_int_equal(fe_vfs_make_directory(set->vfs, "/db"), FERRIC_OK);
    assert_int_equal(fe_epoch_create(&set->epoch), FERRIC_OK);
    assert_int_equal(fe_block_cache_create(set->epoch, options->cache_bytes, &set->blocks),
                     FERRIC_OK);
    cache_options = (fe_table_cache_options){.vfs = set->vfs,
                                             .directory = "/db",
                                             .open_files_max = options->open_files_max,
                                             .memory_max = options->memory_max,
                                             .keydir_bytes_max = options->keydir_bytes_max};
    assert_int_equal(fe_table_cache_create(&cache_options, set->epoch, set->blocks, &set->cache),
                     FERRIC_OK);
    for (size_t i = 0; i < options->files; i++) {
        size_t to = key_begin(list, list->count * (i + 1) / options->files);
        if (to < from) to = from;
        add_file(set, options, list, from, to);
        from = to;
    }
    set->firsts[set->count] = list->count;
}

void table_set_deinit(table_set *set)
{
    fe_table_cache_stats tables;
    fe_block_cache_stats blocks;

    for (size_t i = 0; i < set->count; i++) {
        assert_true(fe_table_file_unref(set->files[i]));
        fe_table_cache_discard(set->cache, set->files[i]);
    }
    fe_table_cache_stats_get(set->cache, &tables);
    assert_int_equal(tables.tables_open, 0);
    assert_int_equal(tables.memory_bytes, 0);
    fe_block_cache_stats_get(set->blocks, &blocks);
    assert_int_equal(blocks.used_bytes, 0);
    assert_int_equal(blocks.pinned_bytes, 0);
    fe_table_cache_destroy(set->cache);
    fe_block_cache_destroy(set->blocks);
    fe_epoch_destroy(set->epoch);
    fe_vfs_memory_destroy(set->vfs);
}

static fe_table_file *file_of(const table_set *set, ferric_slice key)
{
    for (size_t i = 0; i < set->count; i++) {
        if (fe_slice_compare(set->files[i]->largest_key, key) >= 0) return set->files[i];
    }
    return NULL;
}

void table_set_check_get(table_set *set, const entry_list *list, ferric_slice key,
                         uint64_t sequence)
{
    const fe_entry *expected = entry_list_get(list, key, sequence);
    fe_table_file *file = file_of(set, key);
    fe_cached_block *block;
    fe_entry entry;
    bool found;

    if (file == NULL) {
        assert_null(expected);
        return;
    }
    fe_epoch_enter(set->epoch);
    assert_int_equal(fe_table_cache_get(set->cache, file, key, fe_hash64(key.data, key.size),
                                        sequence, &found, &entry, &block),
                     FERRIC_OK);
    assert_int_equal(found, expected != NULL);
    if (found) {
        assert_true(fe_slice_equal(entry.key, expected->key));
        assert_true(fe_slice_equal(entry.value, expected->value));
        assert_int_equal(entry.sequence, expected->sequence);
        assert_int_equal(entry.kind, expected->kind);
        assert_non_null(block);
    }
    fe_epoch_leave(set->epoch);
}
