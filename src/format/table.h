// SPDX-License-Identifier: Apache-2.0
// Reads an immutable table: docs/format/table.md.
//
//   file header 64 | data blocks ... | sections ... | directory | footer 64
//
// The directory names each section (index, filter, properties) with offset, sizes, and whether a
// reader that does not know it may go on. Opening reads directory, index, filter and properties
// into memory; data blocks are read on demand, and caching them is the caller's affair.
//
// Thread rule: immutable after open, for all threads at once.
#ifndef FERRIC_FORMAT_TABLE_H
#define FERRIC_FORMAT_TABLE_H

#include "format/block.h"
#include "format/filter.h"
#include "format/seal.h"
#include "os/vfs.h"

#define FE_TABLE_FOOTER_SIZE 64

typedef struct fe_table fe_table;

// What a table says of itself, written by its builder.
typedef struct fe_table_properties {
    uint64_t entries;
    uint64_t deletes;
    uint64_t range_deletes;
    uint64_t smallest_sequence;
    uint64_t largest_sequence;
    uint64_t key_bytes; // Of all entries, uncompressed.
    uint64_t value_bytes;
    uint64_t created_ms;
    uint32_t block_count;
} fe_table_properties;

// What the manifest knows of a table and the file must agree with.
typedef struct fe_table_identity {
    uint64_t number;
    uint64_t size_bytes;
    uint32_t footer_check; // The check that ends the footer.
    uint8_t salt[FE_SALT_SIZE];
} fe_table_identity;

// Opens the table file `path` and checks that it is the one the manifest means.
// Errors: FERRIC_NOT_FOUND, FERRIC_CORRUPT, FERRIC_UNSUPPORTED, FERRIC_IO, FERRIC_NO_MEMORY,
// FERRIC_TOO_MANY_FILES. On failure *table is NULL.
ferric_status fe_table_open(fe_vfs *vfs, const char *path, const fe_table_identity *identity,
                            fe_table **table);
// Accepts NULL.
void fe_table_close(fe_table *table);

const fe_table_properties *fe_table_properties_of(const fe_table *table);
const char *fe_table_path(const fe_table *table);
// Heap bytes it holds: index, filter and itself.
size_t fe_table_memory(const fe_table *table);

// False: no version of the key with this hash is in the table.
bool fe_table_may_contain(const fe_table *table, uint64_t key_hash);
void fe_table_prefetch(const fe_table *table, uint64_t key_hash);
bool fe_table_has_filter(const fe_table *table);

// Number of data blocks.
uint32_t fe_table_block_count(const fe_table *table);
// The first data block whose last entry is not before (key, sequence); block count when none.
uint32_t fe_table_find_block(const fe_table *table, ferric_slice key, uint64_t sequence);
// Size of a block's content once decompressed, and its place in the file.
size_t fe_table_block_size(const fe_table *table, uint32_t block);
uint64_t fe_table_block_offset(const fe_table *table, uint32_t block);
size_t fe_table_block_stored_size(const fe_table *table, uint32_t block);

// Reads data block number `block`, checks it, decompresses it into `content`, which has
// fe_table_block_size bytes, and sets up *view over it (fe_block_init). `scratch` is reused memory.
// Errors: FERRIC_IO, FERRIC_CORRUPT, FERRIC_UNSUPPORTED, FERRIC_NO_MEMORY.
ferric_status fe_table_read_block(const fe_table *table, uint32_t block, ferric_buffer *scratch,
                                  uint8_t *content, fe_block *view);

#endif
