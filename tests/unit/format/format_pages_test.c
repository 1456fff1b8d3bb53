// SPDX-License-Identifier: Apache-2.0
// The hex of docs/format is what the code writes.
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/slice.h"
#include "format/table_builder.h"
#include "format/value_record.h"
#include "log_frames.h"
#include "page_example.h"
#include "unit/format/table_file.h"

static void test_format_pages_show_what_a_file_header_is(void **state)
{
    fe_file_header header = log_header();
    uint8_t shown[PAGE_EXAMPLE_SIZE_MAX];
    uint8_t written[FE_FILE_HEADER_SIZE];

    (void)state;
    fe_file_header_encode(&header, written);
    assert_int_equal(page_example(FERRIC_DOCS "/format/file_header.md", shown), sizeof written);
    assert_memory_equal(shown, written, sizeof written);
}

static void test_format_pages_show_what_a_record_log_is(void **state)
{
    uint8_t shown[PAGE_EXAMPLE_SIZE_MAX];
    fe_record_log_writer *writer;
    uint8_t *written;
    fe_vfs *vfs;
    size_t size;

    (void)state;
    assert_int_equal(fe_vfs_memory_create(&vfs), FERRIC_OK);
    writer = log_create(vfs);
    log_write_example(writer);
    written = log_content(vfs, &size);
    assert_int_equal(page_example(FERRIC_DOCS "/format/record_log.md", shown), size);
    assert_memory_equal(shown, written, size);
    free(written);
    fe_vfs_memory_destroy(vfs);
}

// Three fruits in keyspace 1, one of them with two versions; blocks so small that there are two.
static void test_format_pages_show_what_a_table_is(void **state)
{
    fe_entry entries[] = {
        {fe_slice("\0\0\0\1apple", 9), fe_slice_text("red"), 5, FE_ENTRY_PUT},
        {fe_slice("\0\0\0\1apply", 9), fe_slice_text(""), 7, FE_ENTRY_DELETE},
        {fe_slice("\0\0\0\1apply", 9), fe_slice_text("green"), 6, FE_ENTRY_PUT},
        {fe_slice("\0\0\0\1banana", 10), fe_slice_text("yellow"), 8, FE_ENTRY_PUT},
    };
    entry_list list = {.entries = entries, .count = 4};
    fe_table_builder_options options = {50, 10, FERRIC_COMPRESSION_NONE, UINT64_MAX};
    fe_file_header header = log_header();
    uint8_t shown[PAGE_EXAMPLE_SIZE_MAX];
    fe_table_summary summary;
    ferric_buffer written;
    fe_vfs *vfs;

    (void)state;
    header.kind = FE_FILE_TABLE;
    header.file_number = 9;
    assert_int_equal(fe_vfs_memory_create(&vfs), FERRIC_OK);
    table_file_write_as(vfs, "/000009.table", &header, &options, &list, 0, 4, &summary);
    written = table_file_read(vfs, "/000009.table");
    assert_int_equal(page_example(FERRIC_DOCS "/format/table.md", shown), written.size);
    assert_memory_equal(shown, written.data, written.size);
    fe_buffer_deinit(&written);
    fe_vfs_memory_destroy(vfs);
}

// Appends the record of `text` to *file.
static void add_value_record(fe_sealer *sealer, const char *text, ferric_buffer *file,
                             fe_value_pointer *pointer)
{
    size_t size = strlen(text) + FE_VALUE_OVERHEAD;
    uint8_t record[64];

    memcpy(record, text, strlen(text));
    fe_value_record_close(record, strlen(text), (uint32_t)strlen(text), FERRIC_COMPRESSION_NONE);
    assert_int_equal(fe_value_record_seal(sealer, 21, file->size, record, size, pointer),
                     FERRIC_OK);
    assert_int_equal(fe_buffer_append(file, record, size), FERRIC_OK);
}

static void test_format_pages_show_what_a_value_file_is(void **state)
{
    static const uint8_t expected[FE_VALUE_POINTER_SIZE] = {0x15, 0, 0, 0, 0,    0,    0,    0,
                                                            0x56, 0, 0, 0, 0,    0,    0,    0,
                                                            0x14, 0, 0, 0, 0x23, 0xc0, 0xc8, 0xb3};
    fe_file_header header = log_header();
    uint8_t shown[PAGE_EXAMPLE_SIZE_MAX];
    uint8_t bytes[FE_FILE_HEADER_SIZE];
    ferric_buffer written = {0};
    fe_value_pointer pointer;
    fe_value_record record;
    fe_sealer sealer;

    (void)state;
    header.kind = FE_FILE_VALUES;
    header.file_number = 21;
    fe_file_header_encode(&header, bytes);
    fe_sealer_init(&sealer, &header, "file");
    assert_int_equal(fe_buffer_append(&written, bytes, sizeof bytes), FERRIC_OK);
    add_value_record(&sealer, "a large value", &written, &pointer);
    add_value_record(&sealer, "another one", &written, &pointer);
    assert_int_equal(page_example(FERRIC_DOCS "/format/value_file.md", shown), written.size);
    assert_memory_equal(shown, written.data, written.size);
    fe_value_pointer_encode(&pointer, bytes);
    assert_memory_equal(bytes, expected, sizeof expected);
    assert_int_equal(fe_value_record_open(&sealer, &pointer, shown + pointer.offset, pointer.size,
                                          "page", &record),
                     FERRIC_OK);
    assert_true(fe_slice_equal(record.stored, fe_slice_text("another one")));
    fe_buffer_deinit(&written);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_format_pages_show_what_a_file_header_is),
        cmocka_unit_test(test_format_pages_show_what_a_record_log_is),
        cmocka_unit_test(test_format_pages_show_what_a_table_is),
        cmocka_unit_test(test_format_pages_show_what_a_value_file_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
