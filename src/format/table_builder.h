// SPDX-License-Identifier: Apache-2.0
// Writes one table file (docs/format/table.md) from entries in internal order.
#ifndef FERRIC_FORMAT_TABLE_BUILDER_H
#define FERRIC_FORMAT_TABLE_BUILDER_H

#include "format/internal_key.h"
#include "format/range_deletes.h"
#include "format/table.h"

typedef struct fe_table_builder fe_table_builder;

typedef struct fe_table_builder_options {
    uint32_t block_size;  // Of a block's content, target, in bytes; at most 256 KiB.
    uint32_t filter_bits; // For each key; 0: no filter.
    ferric_compression compression;
    uint64_t keydir_bytes_max; // A larger KeyDir is not written; 0: none is.
} fe_table_builder_options;

// What was written; keys are lent by the builder until it is destroyed.
typedef struct fe_table_summary {
    fe_table_identity identity;
    fe_table_properties properties;
    // The first and the last entry, but where range deletes go further: then smallest_key is the
    // first key they delete, and largest_key the first one behind, with FE_SEQUENCE_MAX, which
    // comes before all versions of that key.
    ferric_slice smallest_key;
    ferric_slice largest_key;
    uint64_t smallest_key_sequence;
    uint64_t largest_key_sequence;
} fe_table_summary;

// Creates the file. `header` gives number, salt and the rest. Writing is buffered and handed over
// in pieces of 256 KiB. Errors: FERRIC_ALREADY_EXISTS, FERRIC_NO_SPACE, FERRIC_IO,
// FERRIC_NO_MEMORY. On failure *builder is NULL and no file was made.
ferric_status fe_table_builder_create(fe_vfs *vfs, const char *path, const fe_file_header *header,
                                      const fe_table_builder_options *options,
                                      fe_table_builder **builder);

// Adds an entry behind all before it. Its bytes are copied. After a failure the builder can only
// be destroyed. Errors: FERRIC_NO_SPACE, FERRIC_IO, FERRIC_NO_MEMORY, FERRIC_TOO_LARGE (an index of
// more than 2 GiB).
ferric_status fe_table_builder_add(fe_table_builder *builder, const fe_entry *entry);

// Adds a piece of range deletes behind all before it. Its bytes are copied. Entries may come before
// or after it. Errors: FERRIC_NO_MEMORY.
ferric_status fe_table_builder_add_range(fe_table_builder *builder, const fe_range_piece *piece);

uint64_t fe_table_builder_entries(const fe_table_builder *builder);
// Bytes the file has so far, the open block included.
uint64_t fe_table_builder_size(const fe_table_builder *builder);

// Writes what is left and syncs the file; the directory's sync is the caller's. At least one entry
// was added. Errors: as fe_table_builder_add: the table must be abandoned.
ferric_status fe_table_builder_finish(fe_table_builder *builder, fe_table_summary *summary);

// Closes the file, and removes it unless finish returned FERRIC_OK. Accepts NULL.
void fe_table_builder_destroy(fe_table_builder *builder);

#endif
