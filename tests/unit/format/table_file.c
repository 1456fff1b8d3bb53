// SPDX-License-Identifier: Apache-2.0
// Writes, reads and replaces table files of tests.
#include "unit/format/table_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/buffer.h"

fe_file_header table_file_header(uint64_t number)
{
    fe_file_header header = {
        .version = FE_FORMAT_VERSION,
        .kind = FE_FILE_TABLE,
        .file_number = number,
        .created_ms = 1700000000000,
    };

    memset(header.database_id, 0xdb, sizeof header.database_id);
    memset(header.salt, (int)(number * 37 & 0xff), sizeof header.salt);
    return header;
}

void table_file_write(fe_vfs *vfs, const char *path, uint64_t number,
                      const fe_table_builder_options *options, const entry_list *list, size_t from,
                      size_t to, fe_table_summary *summary)
{
    fe_file_header header = table_file_header(number);

    table_file_write_as(vfs, path, &header, options, list, from, to, summary);
}

void table_file_write_as(fe_vfs *vfs, const char *path, const fe_file_header *header,
                         const fe_table_builder_options *options, const entry_list *list,
                         size_t from, size_t to, fe_table_summary *summary)
{
    fe_table_builder *builder;

    assert_int_equal(fe_table_builder_create(vfs, path, header, options, &builder), FERRIC_OK);
    for (size_t i = from; i < to; i++)
        assert_int_equal(fe_table_builder_add(builder, &list->entries[i]), FERRIC_OK);
    assert_int_equal(fe_table_builder_entries(builder), to - from);
    assert_int_equal(fe_table_builder_finish(builder, summary), FERRIC_OK);
    assert_true(fe_slice_equal(summary->smallest_key, list->entries[from].key));
    assert_true(fe_slice_equal(summary->largest_key, list->entries[to - 1].key));
    summary->smallest_key = list->entries[from].key;
    summary->largest_key = list->entries[to - 1].key;
    fe_table_builder_destroy(builder);
}

ferric_buffer table_file_read(fe_vfs *vfs, const char *path)
{
    ferric_buffer bytes = {0};
    fe_file *file;
    uint64_t size;

    assert_int_equal(fe_vfs_open(vfs, path, FE_OPEN_READ, &file), FERRIC_OK);
    assert_int_equal(fe_file_size(file, &size), FERRIC_OK);
    assert_int_equal(fe_buffer_reserve(&bytes, (size_t)size), FERRIC_OK);
    assert_int_equal(fe_file_read_at(file, 0, bytes.data, (size_t)size, &bytes.size), FERRIC_OK);
    assert_int_equal(bytes.size, size);
    fe_file_close(file);
    return bytes;
}

void table_file_replace(fe_vfs *vfs, const char *path, ferric_slice bytes)
{
    fe_file *file;

    (void)fe_vfs_remove(vfs, path);
    assert_int_equal(fe_vfs_open(vfs, path, FE_OPEN_CREATE, &file), FERRIC_OK);
    assert_int_equal(fe_file_write_at(file, 0, bytes.data, bytes.size), FERRIC_OK);
    fe_file_close(file);
}
