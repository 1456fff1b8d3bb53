// SPDX-License-Identifier: Apache-2.0
// What the files that read tables share: table.c, which opens them, and table_blocks.c.
#ifndef FERRIC_FORMAT_TABLE_INSIDE_H
#define FERRIC_FORMAT_TABLE_INSIDE_H

#include "format/range_deletes.h"
#include "format/table_index.h"
#include "format/table_layout.h"

// A section in memory: content first, then the rest of its unit.
typedef struct loaded_section {
    uint8_t *unit; // NULL: the table has no such section.
    size_t unit_size;
    size_t content_size;
} loaded_section;

struct fe_table {
    fe_filter filter; // First, since a get begins with it. No lines: none is loaded.
    fe_keydir keydir; // No buckets: none is loaded.
    fe_table_index index;
    fe_file *file;
    bool is_file_borrowed;
    char *path;
    fe_table_identity identity;
    fe_table_properties properties;
    fe_sealer sealer;
    struct fe_file_keys *keys; // Borrowed.
    fe_section data;
    loaded_section index_section;
    loaded_section filter_section;
    loaded_section keydir_section;
    loaded_section ranges_section;
    fe_range_deletes ranges; // Without pieces when the table has none.
    fe_section filter_place; // Loaded or not; id 0: there is none.
};

// Reads `size` bytes at `offset`. Errors: FERRIC_IO; FERRIC_CORRUPT when the file ends before.
ferric_status fe_table_read_exactly(const fe_table *table, uint64_t offset, void *data,
                                    size_t size);

#endif
