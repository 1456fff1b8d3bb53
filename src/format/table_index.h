// SPDX-License-Identifier: Apache-2.0
// A table's index in memory: which data block a key would be in, and where that block is.
//
// The section is itself a block whose entries are lines: a key and sequence that divide one data
// block from the next, and as value the varints stored size, content size and number of entries.
// Blocks follow one another without gaps, so the sizes say where they are. docs/format/table.md.
//
// For searching, the first eight bytes behind the common prefix of all lines are kept as numbers in
// an array of their own: a search walks that alone, and a line is touched only where they are
// equal.
#ifndef FERRIC_FORMAT_TABLE_INDEX_H
#define FERRIC_FORMAT_TABLE_INDEX_H

#include "format/block.h"

// Where a data block is and how large it becomes.
typedef struct fe_block_place {
    uint64_t offset;
    uint32_t stored_size;
    uint32_t content_size;
    uint32_t entries;
} fe_block_place;

#define FE_BLOCK_COUNT_UNKNOWN UINT64_MAX

// What the index must agree with.
typedef struct fe_data_extent {
    uint64_t offset; // Of the first data block.
    uint64_t stored_size;
    uint64_t content_size;
    uint64_t block_count; // FE_BLOCK_COUNT_UNKNOWN agrees with any.
    size_t added_size;    // What a unit has beside its content.
} fe_data_extent;

// {0} is empty.
typedef struct fe_table_index {
    fe_block lines;
    fe_block_slot *slots;
    uint64_t *heads;
    fe_block_place *places;
} fe_table_index;

// Takes the section's content, which is borrowed, and checks all of it. Deinit also after a
// failure. Errors: FERRIC_CORRUPT, FERRIC_UNSUPPORTED, FERRIC_NO_MEMORY.
ferric_status fe_table_index_init(fe_table_index *index, ferric_slice content,
                                  const fe_data_extent *data, const char *path, uint64_t offset);
void fe_table_index_deinit(fe_table_index *index);

// Heap bytes, without the content.
size_t fe_table_index_memory(const fe_table_index *index);

// The first block whose line is not before (key, sequence); the number of blocks when all are.
uint32_t fe_table_index_find(const fe_table_index *index, ferric_slice key, uint64_t sequence);

#endif
