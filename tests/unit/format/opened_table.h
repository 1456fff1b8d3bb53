// SPDX-License-Identifier: Apache-2.0
// One table in a file system of its own, as the tests of tables take it.
#ifndef FERRIC_FORMAT_OPENED_TABLE_H
#define FERRIC_FORMAT_OPENED_TABLE_H

#include "unit/format/table_file.h"

#define OPENED_TABLE_PATH "/000007.table"

typedef struct opened_table {
    fe_vfs *vfs;
    fe_table_summary summary;
    fe_table *table;
} opened_table;

// Writes the table; it is not open yet.
void write_table(opened_table *opened, const fe_table_builder_options *options,
                 const entry_list *list);
// Opens it, with its KeyDir.
void open_table(opened_table *opened);
void close_table(opened_table *opened);

// A loaded block and its memory, which the caller frees.
typedef struct read_block {
    void *memory;
    fe_block view;
} read_block;

ferric_status read_one(const fe_table *table, uint32_t block, fe_block_reader *reader,
                       read_block *read);

// An entry list over an array of the test.
entry_list list_of(fe_entry *entries, size_t count);

// The table cannot be opened, and the message says why.
void expect_refusal(fe_vfs *vfs, const fe_table_identity *identity, ferric_status expected,
                    const char *reason);

#endif
