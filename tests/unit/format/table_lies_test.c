// SPDX-License-Identifier: Apache-2.0
// Tables of a hostile or broken writer, or of a newer one: every seal holds, and what is behind it
// is read or refused, and never read out of bounds.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "format/table_layout.h"
#include "unit/format/opened_table.h"

static const char *const path = OPENED_TABLE_PATH;

// Of any size.
#define KEYDIR UINT64_MAX

static void reseal(ferric_buffer *bytes, const fe_sealer *sealer, uint64_t offset, size_t size,
                   fe_unit_kind kind)
{
    uint8_t *unit = (uint8_t *)bytes->data + offset;

    fe_put_u32(unit + size - 4, fe_seal_check(sealer, kind, offset, unit, size - 4));
}

typedef struct sealed_unit {
    uint64_t offset;
    size_t size;
    fe_unit_kind kind;
} sealed_unit;

// The units of a table, found through its directory.
static size_t list_units(const opened_table *opened, const ferric_buffer *bytes, sealed_unit *units)
{
    static const fe_unit_kind kinds[] = {[FE_SECTION_INDEX] = FE_UNIT_INDEX,
                                         [FE_SECTION_FILTER] = FE_UNIT_FILTER,
                                         [FE_SECTION_KEYDIR] = FE_UNIT_KEYDIR,
                                         [FE_SECTION_PROPERTIES] = FE_UNIT_PROPERTIES};
    const uint8_t *data = bytes->data;
    const uint8_t *footer = data + bytes->size - FE_TABLE_FOOTER_SIZE;
    uint64_t directory = fe_get_u64(footer + FE_FOOTER_DIRECTORY_OFFSET_AT);
    uint32_t sections = fe_get_u32(footer + FE_FOOTER_SECTION_COUNT_AT);
    size_t count = 0;

    for (uint32_t b = 0; b < fe_table_block_count(opened->table); b++) {
        units[count++] =
            (sealed_unit){fe_table_block_offset(opened->table, b),
                          fe_table_block_stored_size(opened->table, b), FE_UNIT_DATA_BLOCK};
    }
    for (uint32_t i = 1; i < sections; i++) {
        const uint8_t *line = data + directory + i * FE_SECTION_SIZE;
        units[count++] = (sealed_unit){fe_get_u64(line + FE_SECTION_OFFSET_AT),
                                       (size_t)fe_get_u64(line + FE_SECTION_STORED_SIZE_AT),
                                       kinds[fe_get_u16(line)]};
    }
    units[count++] = (sealed_unit){
        directory, (size_t)fe_get_u64(footer + FE_FOOTER_DIRECTORY_SIZE_AT), FE_UNIT_DIRECTORY};
    units[count++] = (sealed_unit){bytes->size - FE_TABLE_FOOTER_SIZE, FE_TABLE_FOOTER_SIZE,
                                   FE_UNIT_TABLE_FOOTER};
    return count;
}

// Any search ends, and inside the KeyDir, whatever stands there.
static void search_keydir(const fe_keydir *keydir)
{
    fe_random random = {11};

    for (int i = 0; i < 100 && keydir->buckets != NULL; i++) {
        uint32_t places = 0;
        fe_keydir_search search;
        fe_entry_place place;
        fe_keydir_search_init(keydir, fe_random_next(&random), &search);
        while (fe_keydir_next(keydir, &search, &place))
            places++;
        assert_true(places <= FE_KEYDIR_NARROW_SLOTS * (FE_KEYDIR_REACH_MAX + 1));
    }
}

static ferric_status read_all(fe_vfs *vfs)
{
    fe_block_reader reader = {0};
    fe_table *table;
    ferric_status status = fe_table_open(vfs, path, NULL, NULL, KEYDIR, &table);

    if (status != FERRIC_OK) return status;
    status = fe_table_load_filter(table);
    search_keydir(fe_table_keydir(table));
    for (uint32_t b = 0; b < fe_table_block_count(table) && status == FERRIC_OK; b++) {
        read_block read;
        status = read_one(table, b, &reader, &read);
        free(read.memory);
    }
    fe_block_reader_deinit(&reader);
    fe_table_close(table);
    return status;
}

static void test_table_with_mended_checks_is_read_or_refused(void **state)
{
    static const uint8_t masks[] = {0x01, 0x80, 0x7f, 0xff};
    fe_random random = {test_seed("table lies", 4)};
    size_t refused = 0;
    size_t accepted = 0;

    (void)state;
    for (int compression = 0; compression <= FE_COMPRESSION_LAST_KNOWN; compression++) {
        fe_table_builder_options options = {512, 10, (ferric_compression)compression, KEYDIR};
        entry_shape shape = {60, "user:", 6, 10, 3, 1000, 40};
        fe_file_header header = table_file_header(7);
        sealed_unit units[64];
        opened_table opened;
        fe_sealer sealer;
        ferric_buffer bytes;
        entry_list list;
        size_t count;
        entry_list_init(&list, &random, &shape);
        write_table(&opened, &options, &list);
        open_table(&opened);
        fe_sealer_init(&sealer, &header, "file");
        bytes = table_file_read(opened.vfs, path);
        count = list_units(&opened, &bytes, units);
        for (size_t u = 0; u < count; u++) {
            for (size_t i = 0; i < (units[u].size - 4) * sizeof masks; i++) {
                uint8_t *byte = (uint8_t *)bytes.data + units[u].offset + i / sizeof masks;
                ferric_status status;
                *byte ^= masks[i % sizeof masks];
                reseal(&bytes, &sealer, units[u].offset, units[u].size, units[u].kind);
                table_file_replace(opened.vfs, path, fe_buffer_slice(&bytes));
                status = read_all(opened.vfs);
                assert_true(status == FERRIC_OK || status == FERRIC_CORRUPT ||
                            status == FERRIC_UNSUPPORTED);
                refused += status != FERRIC_OK;
                accepted += status == FERRIC_OK;
                *byte ^= masks[i % sizeof masks];
                reseal(&bytes, &sealer, units[u].offset, units[u].size, units[u].kind);
            }
        }
        table_file_replace(opened.vfs, path, fe_buffer_slice(&bytes));
        assert_int_equal(read_all(opened.vfs), FERRIC_OK);
        fe_buffer_deinit(&bytes);
        close_table(&opened);
        entry_list_deinit(&list);
    }
    printf("table: %zu lies refused, %zu accepted\n", refused, accepted);
    assert_true(refused > 1000);
}

static const fe_entry few[] = {
    {{"apple", 5}, {"red", 3}, 2, FE_ENTRY_PUT},
    {{"apply", 5}, {"", 0}, 3, FE_ENTRY_DELETE},
};

// Turns the filter's line of the directory into an unknown section, required or not.
static void test_table_skips_unknown_sections_unless_required(void **state)
{
    fe_table_builder_options options = {4096, 10, FERRIC_COMPRESSION_LZ4, KEYDIR};
    entry_list list = list_of((fe_entry *)(uintptr_t)few, 2);
    fe_file_header header = table_file_header(7);
    sealed_unit units[16];
    opened_table opened;
    fe_sealer sealer;
    ferric_buffer bytes;
    uint8_t *line;
    size_t count;

    (void)state;
    write_table(&opened, &options, &list);
    open_table(&opened);
    fe_sealer_init(&sealer, &header, "file");
    bytes = table_file_read(opened.vfs, path);
    count = list_units(&opened, &bytes, units);
    fe_table_close(opened.table);
    line = (uint8_t *)bytes.data + units[count - 2].offset + 2 * FE_SECTION_SIZE;
    assert_int_equal(fe_get_u16(line), FE_SECTION_FILTER);
    fe_put_u16(line, 99);
    reseal(&bytes, &sealer, units[count - 2].offset, units[count - 2].size, FE_UNIT_DIRECTORY);
    table_file_replace(opened.vfs, path, fe_buffer_slice(&bytes));
    open_table(&opened);
    assert_false(fe_table_has_filter(opened.table));
    assert_true(fe_table_may_contain(opened.table, 12345));
    fe_table_close(opened.table);
    fe_put_u16(line + FE_SECTION_FLAGS_AT, FE_SECTION_REQUIRED);
    reseal(&bytes, &sealer, units[count - 2].offset, units[count - 2].size, FE_UNIT_DIRECTORY);
    table_file_replace(opened.vfs, path, fe_buffer_slice(&bytes));
    expect_refusal(opened.vfs, &opened.summary.identity, FERRIC_UNSUPPORTED, "section 99");
    fe_buffer_deinit(&bytes);
    fe_vfs_memory_destroy(opened.vfs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table_with_mended_checks_is_read_or_refused),
        cmocka_unit_test(test_table_skips_unknown_sections_unless_required),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
