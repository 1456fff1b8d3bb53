// SPDX-License-Identifier: Apache-2.0
// Loads blocks as a reader's miss does, one section for each, so that nothing waits long for this
// thread's sections.
#include "lsm/warming.h"

#include "base/buffer.h"
#include "lsm/open_table.h"

// Neighbours of a block that was wanted are likely to be wanted too.
#define READ_AHEAD_SIZE ((size_t)128 << 10)

// Whether the block that a get of (key, sequence) would look into is cached. A table that is not
// open has none. REQUIRES: inside a section.
static bool is_cached_at(const fe_table_file *file, ferric_slice key, uint64_t sequence)
{
    fe_open_table *open = atomic_load_explicit(&file->open, memory_order_acquire);
    uint32_t block;

    if (open == NULL) return false;
    if (fe_slice_compare(file->smallest_key, key) > 0 || fe_table_file_ends_before(file, key))
        return false;
    block = fe_table_find_block(open->table, key, sequence);
    return block < open->block_count && fe_block_cache_peek(&open->seats[block].home) != NULL;
}

// Judged at the block's upper bound. REQUIRES: inside a section.
static bool is_wanted(const fe_open_table *open, uint32_t block, const fe_warm_inputs *inputs,
                      ferric_buffer *key)
{
    uint64_t sequence;

    if (inputs == NULL) return true;
    if (fe_table_block_bound(open->table, block, key, &sequence) != FERRIC_OK) return false;
    for (int list = 0; list < 2; list++) {
        for (size_t i = 0; i < inputs->counts[list]; i++) {
            if (is_cached_at(inputs->files[list][i], fe_buffer_slice(key), sequence)) return true;
        }
    }
    return false;
}

static void warm_blocks(fe_open_table *open, fe_epoch *epoch, const fe_warm_inputs *inputs)
{
    fe_block_reader reader = {0};
    ferric_buffer key = {0};
    ferric_status status = FERRIC_OK;

    for (uint32_t block = 0; block < open->block_count && status == FERRIC_OK; block++) {
        fe_cached_block *cached;
        fe_epoch_enter(epoch);
        if (is_wanted(open, block, inputs, &key)) {
            status = fe_open_table_block(open, block, &reader, true, &cached, NULL);
            reader.read_ahead = READ_AHEAD_SIZE;
        } else {
            reader.read_ahead = 0;
        }
        fe_epoch_leave(epoch);
    }
    fe_buffer_deinit(&key);
    fe_block_reader_deinit(&reader);
}

// The reader of `file` with a reference, or NULL.
static fe_open_table *open_table(fe_table_cache *tables, fe_table_file *file)
{
    fe_epoch *epoch = fe_table_cache_epoch(tables);
    fe_open_table *open = NULL;
    ferric_status status;

    fe_epoch_enter(epoch);
    status = fe_open_table_find(tables, file, &open);
    if (status == FERRIC_OK) fe_open_table_ref(open);
    fe_epoch_leave(epoch);
    return status == FERRIC_OK ? open : NULL;
}

void fe_warm_table(fe_table_cache *tables, fe_table_file *file, const fe_warm_inputs *inputs)
{
    fe_open_table *open = open_table(tables, file);

    if (open == NULL) return;
    warm_blocks(open, fe_table_cache_epoch(tables), inputs);
    fe_open_table_unref(open);
}

bool fe_warm_spare_room(fe_table_cache *tables, fe_table_file *file, uint32_t *block,
                        uint32_t count)
{
    fe_block_reader reader = {.read_ahead = READ_AHEAD_SIZE};
    fe_open_table *open = open_table(tables, file);
    fe_epoch *epoch = fe_table_cache_epoch(tables);
    bool is_left = open != NULL;
    fe_cached_block *cached;

    for (; is_left && count > 0; count--) {
        is_left = *block < open->block_count &&
                  fe_block_cache_has_room(open->blocks, open->table, *block);
        if (!is_left) break;
        fe_epoch_enter(epoch);
        is_left = fe_open_table_block(open, *block, &reader, true, &cached, NULL) == FERRIC_OK;
        fe_epoch_leave(epoch);
        *block += 1;
    }
    fe_block_reader_deinit(&reader);
    fe_open_table_unref(open);
    return is_left;
}
