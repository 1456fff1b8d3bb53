// SPDX-License-Identifier: Apache-2.0
// Reads an immutable table: docs/format/table.md.
//
//   file header 64 | data blocks ... | sections ... | directory | footer 64
//
// The directory names each section (index, filter, ...) with offset, sizes, and
// whether a reader that does not know it may go on. Opening reads directory, index, properties,
// range deletes, and KeyDir or filter into memory; data blocks are read on demand, and caching them
// is the caller's affair.
//
// Thread rule: immutable after open, for all threads at once.
#ifndef FERRIC_FORMAT_TABLE_H
#define FERRIC_FORMAT_TABLE_H

#include "format/block.h"
#include "format/compression.h"
#include "format/expiry_tally.h"
#include "format/filter.h"
#include "format/keydir.h"
#include "format/range_deletes.h"
#include "format/seal.h"
#include "os/vfs.h"

#define FE_TABLE_FOOTER_SIZE 64

typedef struct fe_table fe_table;

// What a table says of itself, written by its builder.
typedef struct fe_table_properties {
    uint64_t entries;
    uint64_t deletes;
    uint64_t range_deletes; // Pieces.
    uint64_t smallest_sequence;
    uint64_t largest_sequence;
    uint64_t key_bytes; // Of all entries, uncompressed.
    uint64_t value_bytes;
    uint64_t created_ms;
    uint64_t block_count;
    fe_expiry_summary expiry;
} fe_table_properties;

// What the manifest knows of a table and the file must agree with.
typedef struct fe_table_identity {
    uint64_t number;
    uint64_t size_bytes;
    uint32_t footer_check; // The last four bytes of the file.
    uint8_t salt[FE_SALT_SIZE];
} fe_table_identity;

// Opens the table file `path` and checks that it is the one the manifest means. `identity` may be
// NULL, for repair: then the file is taken for what it says. A KeyDir of up to `keydir_bytes_max`
// bytes is loaded, and then no filter, for it answers all that a filter does. `keys` are the
// database's, or NULL.
// Errors: FERRIC_NOT_FOUND, FERRIC_CORRUPT, FERRIC_UNSUPPORTED, FERRIC_IO, FERRIC_NO_MEMORY,
// FERRIC_TOO_MANY_FILES, FERRIC_WRONG_KEY. On failure *table is NULL.
ferric_status fe_table_open(fe_vfs *vfs, const char *path, struct fe_file_keys *keys,
                            const fe_table_identity *identity, uint64_t keydir_bytes_max,
                            fe_table **table);
// The same over a file that is open already and stays the caller's; it outlives the table.
ferric_status fe_table_open_file(fe_file *file, const char *path, struct fe_file_keys *keys,
                                 const fe_table_identity *identity, uint64_t keydir_bytes_max,
                                 fe_table **table);
// Loads the filter also beside a KeyDir, to check it. REQUIRES: the caller alone has the table.
// Errors: FERRIC_IO, FERRIC_CORRUPT, FERRIC_UNSUPPORTED, FERRIC_NO_MEMORY.
ferric_status fe_table_load_filter(fe_table *table);
// The same as opening for looking at a damaged table: what is needed to find its blocks must be
// there, but a header, filter, KeyDir or properties that do not verify are told to `finding`, with
// this thread's message, and left out; properties are then 0. What the header says is believed as
// far as the footer verifies under it. Errors: as fe_table_open.
ferric_status fe_table_open_damaged(fe_vfs *vfs, const char *path, struct fe_file_keys *keys,
                                    ferric_finding_callback finding, void *context,
                                    fe_table **table);
// Accepts NULL.
void fe_table_close(fe_table *table);

// What fe_table_open found; equal to the identity it was given.
const fe_table_identity *fe_table_identity_of(const fe_table *table);
const fe_table_properties *fe_table_properties_of(const fe_table *table);
const char *fe_table_path(const fe_table *table);
// Heap bytes it holds: index, filter, KeyDir, range deletes and itself.
size_t fe_table_memory(const fe_table *table);

// The KeyDir, with `buckets` NULL when none is loaded, and the heap bytes it takes.
const fe_keydir *fe_table_keydir(const fe_table *table);
size_t fe_table_keydir_memory(const fe_table *table);

// What the filter says. False: no version of the key with this hash is in the table.
bool fe_table_may_contain(const fe_table *table, uint64_t key_hash);
void fe_table_prefetch(const fe_table *table, uint64_t key_hash);
bool fe_table_has_filter(const fe_table *table);

// Its range deletes; NULL when it has none.
const fe_range_deletes *fe_table_range_deletes(const fe_table *table);

// Number of data blocks.
uint32_t fe_table_block_count(const fe_table *table);
// The data block where entries that are not before (key, sequence) begin; block count when there
// are none. They may begin only with the next block's first entry: then no entry has this key.
uint32_t fe_table_find_block(const fe_table *table, ferric_slice key, uint64_t sequence);
// Heap bytes that a loaded block needs, its number of entries, and its place in the file.
size_t fe_table_block_memory(const fe_table *table, uint32_t block);
uint32_t fe_table_block_entries(const fe_table *table, uint32_t block);
uint64_t fe_table_block_offset(const fe_table *table, uint32_t block);
size_t fe_table_block_stored_size(const fe_table *table, uint32_t block);
// The key and sequence that divide a block from the next one: no entry of the block is behind it,
// and all entries of the next one are. `key` is replaced. Errors: FERRIC_NO_MEMORY.
ferric_status fe_table_block_bound(const fe_table *table, uint32_t block, ferric_buffer *key,
                                   uint64_t *sequence);

// Memory that is reused from block to block; one thread at a time. {0} is ready for use.
typedef struct fe_block_reader {
    // How much to read at once from a block on, in bytes, because the blocks behind it will be
    // asked for next. 0 reads the block alone. Belongs to the caller.
    size_t read_ahead;
    const fe_table *table; // Whose bytes the window has.
    ferric_buffer window;  // Stored bytes from window_offset on.
    uint64_t window_offset;
    uint64_t unused_offset; // Blocks are opened in place, so bytes below it do not count any more.
    fe_decompressor decompressor;
} fe_block_reader;

// Forgets what was read ahead: before the table is closed. Also gives back a large window.
void fe_block_reader_reset(fe_block_reader *reader);
void fe_block_reader_deinit(fe_block_reader *reader);

// Reads data block number `block`, checks it, decompresses it into `memory`, which is 8-byte
// aligned and has fe_table_block_memory bytes, and sets up *view over it (fe_block_init).
// Errors: FERRIC_IO, FERRIC_CORRUPT, FERRIC_UNSUPPORTED, FERRIC_NO_MEMORY.
ferric_status fe_table_read_block(const fe_table *table, uint32_t block, fe_block_reader *reader,
                                  void *memory, fe_block *view);

#endif
