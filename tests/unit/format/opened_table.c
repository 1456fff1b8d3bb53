// SPDX-License-Identifier: Apache-2.0
// Writes, opens and reads the table of a test.
#include "unit/format/opened_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/status.h"

void write_table(opened_table *opened, const fe_table_builder_options *options,
                 const entry_list *list)
{
    assert_int_equal(fe_vfs_memory_create(&opened->vfs), FERRIC_OK);
    table_file_write(opened->vfs, OPENED_TABLE_PATH, 7, options, list, 0, list->count,
                     &opened->summary);
}

void open_table(opened_table *opened)
{
    assert_int_equal(fe_table_open(opened->vfs, OPENED_TABLE_PATH, NULL, &opened->summary.identity,
                                   UINT64_MAX, &opened->table),
                     FERRIC_OK);
}

void close_table(opened_table *opened)
{
    fe_table_close(opened->table);
    fe_vfs_memory_destroy(opened->vfs);
}

ferric_status read_one(const fe_table *table, uint32_t block, fe_block_reader *reader,
                       read_block *read)
{
    read->memory = malloc(fe_table_block_memory(table, block));
    return fe_table_read_block(table, block, reader, read->memory, &read->view);
}

entry_list list_of(fe_entry *entries, size_t count)
{
    return (entry_list){.entries = entries, .count = count};
}

void expect_refusal(fe_vfs *vfs, const fe_table_identity *identity, ferric_status expected,
                    const char *reason)
{
    fe_table *table;

    assert_int_equal(fe_table_open(vfs, OPENED_TABLE_PATH, NULL, identity, UINT64_MAX, &table),
                     expected);
    assert_null(table);
    assert_non_null(strstr(fe_message(), reason));
}
