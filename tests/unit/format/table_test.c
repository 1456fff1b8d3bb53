// SPDX-License-Identifier: Apache-2.0
// Tables: a written table gives back its entries, and every damaged byte is a status.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/checksum.h"
#include "base/status.h"
#include "format/table_layout.h"
#include "unit/format/table_file.h"

static const char *const path = "/000007.table";

typedef struct opened_table {
    fe_vfs *vfs;
    fe_table_summary summary;
    fe_table *table;
} opened_table;

static void write_table(opened_table *opened, const fe_table_builder_options *options,
                        const entry_list *list)
{
    assert_int_equal(fe_vfs_memory_create(&opened->vfs), FERRIC_OK);
    table_file_write(opened->vfs, path, 7, options, list, 0, list->count, &opened->summary);
}

static void open_table(opened_table *opened)
{
    assert_int_equal(fe_table_open(opened->vfs, path, &opened->summary.identity, &opened->table),
                     FERRIC_OK);
}

static void close_table(opened_table *opened)
{
    fe_table_close(opened->table);
    fe_vfs_memory_destroy(opened->vfs);
}

// A loaded block and its memory.
typedef struct read_block {
    void *memory;
    fe_block view;
} read_block;

static ferric_status read_one(const fe_table *table, uint32_t block, fe_block_reader *reader,
                              read_block *read)
{
    read->memory = malloc(fe_table_block_memory(table, block));
    return fe_table_read_block(table, block, reader, read->memory, &read->view);
}

static void assert_entry(const fe_block *block, const fe_block_entry *found, const fe_entry *entry)
{
    ferric_slice prefix = fe_block_prefix(block);

    assert_int_equal(prefix.size + found->rest.size, entry->key.size);
    assert_true(fe_slice_has_prefix(entry->key, prefix));
    assert_memory_equal(found->rest.data, fe_slice_bytes(entry->key) + prefix.size,
                        found->rest.size);
    assert_true(fe_slice_equal(found->value, entry->value));
    assert_int_equal(found->sequence, entry->sequence);
    assert_int_equal(found->kind, entry->kind);
}

static void assert_walks(const fe_table *table, const entry_list *list, size_t read_ahead)
{
    fe_block_reader reader = {.read_ahead = read_ahead};
    uint64_t offset = FE_FILE_HEADER_SIZE;
    size_t index = 0;

    for (uint32_t b = 0; b < fe_table_block_count(table); b++) {
        read_block read;
        assert_int_equal(fe_table_block_offset(table, b), offset);
        offset += fe_table_block_stored_size(table, b);
        assert_int_equal(read_one(table, b, &reader, &read), FERRIC_OK);
        assert_int_equal(read.view.count, fe_table_block_entries(table, b));
        for (uint32_t i = 0; i < read.view.count; i++, index++) {
            fe_block_entry entry;
            fe_block_entry_at(&read.view, i, &entry);
            assert_entry(&read.view, &entry, &list->entries[index]);
        }
        free(read.memory);
    }
    assert_int_equal(index, list->count);
    fe_block_reader_deinit(&reader);
}

static void assert_get(const fe_table *table, const entry_list *list, fe_block_reader *reader,
                       ferric_slice key, uint64_t sequence)
{
    const fe_entry *expected = entry_list_get(list, key, sequence);
    uint32_t block = fe_table_find_block(table, key, sequence);
    read_block read = {0};
    fe_block_entry entry;

    if (block == fe_table_block_count(table)) {
        assert_null(expected);
        assert_int_equal(entry_list_lower_bound(list, key, sequence), list->count);
        return;
    }
    assert_int_equal(read_one(table, block, reader, &read), FERRIC_OK);
    assert_int_equal(fe_block_find(&read.view, key, sequence, &entry), expected != NULL);
    if (expected != NULL) {
        assert_entry(&read.view, &entry, expected);
        assert_true(fe_table_may_contain(table, fe_hash64(key.data, key.size)));
    }
    free(read.memory);
}

static void assert_gets(const fe_table *table, entry_list *list, const entry_shape *shape,
                        fe_random *random)
{
    fe_block_reader reader = {0};

    for (int i = 0; i < 400; i++) {
        const fe_entry *entry = &list->entries[fe_random_below(random, list->count)];
        uint64_t sequence = fe_random_below(random, shape->sequence_max + 2);
        assert_get(table, list, &reader, entry->key, entry->sequence);
        assert_get(table, list, &reader, entry->key, entry->sequence - 1);
        assert_get(table, list, &reader, entry->key, FE_SEQUENCE_MAX);
        assert_get(table, list, &reader, entry->key, 0);
        assert_get(table, list, &reader, entry_list_random_key(list, random, shape), sequence);
    }
    fe_block_reader_deinit(&reader);
}

static void assert_properties(const opened_table *opened, const entry_list *list)
{
    const fe_table_properties *properties = fe_table_properties_of(opened->table);
    fe_table_properties expected = {.smallest_sequence = UINT64_MAX, .created_ms = 1700000000000};

    for (size_t i = 0; i < list->count; i++) {
        const fe_entry *entry = &list->entries[i];
        expected.entries++;
        expected.deletes += entry->kind == FE_ENTRY_DELETE;
        expected.key_bytes += entry->key.size;
        expected.value_bytes += entry->value.size;
        if (entry->sequence < expected.smallest_sequence)
            expected.smallest_sequence = entry->sequence;
        if (entry->sequence > expected.largest_sequence)
            expected.largest_sequence = entry->sequence;
    }
    expected.block_count = fe_table_block_count(opened->table);
    assert_memory_equal(properties, &expected, sizeof expected);
    assert_memory_equal(&opened->summary.properties, &expected, sizeof expected);
    assert_int_equal(opened->summary.smallest_key_sequence, list->entries[0].sequence);
    assert_int_equal(opened->summary.largest_key_sequence, list->entries[list->count - 1].sequence);
    assert_memory_equal(fe_table_identity_of(opened->table), &opened->summary.identity,
                        sizeof opened->summary.identity);
}

static const entry_shape shapes[] = {
    {1, "only", 8, 256, 1, 100, 20},
    {3000, "", 16, 256, 2, FE_SEQUENCE_MAX, 200},
    {3000, "user:", 4, 10, 4, 1000, 100},
    {4000, "versions", 1, 2, 2000, 1000000, 100}, // Of a key over many blocks.
    {3000, "k", 6, 2, 1, 50, 0},
    {60, "large", 10, 10, 1, 1000, 300000},
};

static void test_table_gives_back_what_was_written(void **state)
{
    static const uint32_t block_sizes[] = {256, 4096, 65536};
    fe_random random = {test_seed("table", 1)};
    size_t tables = 0;

    (void)state;
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        for (int compression = 0; compression <= FE_COMPRESSION_LAST_KNOWN; compression++) {
            for (size_t b = 0; b < 3; b++, tables++) {
                fe_table_builder_options options = {block_sizes[b], b == 0 ? 0 : 10,
                                                    (ferric_compression)compression};
                opened_table opened;
                entry_list list;
                entry_list_init(&list, &random, &shapes[s]);
                write_table(&opened, &options, &list);
                open_table(&opened);
                assert_int_equal(fe_table_has_filter(opened.table), b != 0);
                assert_properties(&opened, &list);
                assert_walks(opened.table, &list, 0);
                assert_walks(opened.table, &list, 10000);
                assert_gets(opened.table, &list, &shapes[s], &random);
                close_table(&opened);
                entry_list_deinit(&list);
            }
        }
    }
    printf("table: %zu tables\n", tables);
}

// An entry list over an array of the test.
static entry_list list_of(fe_entry *entries, size_t count)
{
    return (entry_list){.entries = entries, .count = count};
}

static void test_table_holds_keys_and_values_of_the_largest_size(void **state)
{
    size_t value_size = FERRIC_VALUE_SIZE_MAX;
    char *key = malloc(FE_KEY_SIZE_MAX);
    char *value = calloc(1, value_size);

    (void)state;
    memset(key, 'k', FE_KEY_SIZE_MAX);
    for (int compression = 0; compression <= FE_COMPRESSION_LAST_KNOWN; compression++) {
        fe_table_builder_options options = {4096, 10, (ferric_compression)compression};
        fe_entry entries[] = {
            {{"a", 1}, {"small", 5}, 3, FE_ENTRY_PUT},
            {{"b", 1}, {value, value_size}, 2, FE_ENTRY_PUT},
            {{key, FE_KEY_SIZE_MAX}, {value, value_size}, 9, FE_ENTRY_PUT},
            {{key, FE_KEY_SIZE_MAX}, {NULL, 0}, 8, FE_ENTRY_DELETE},
        };
        entry_list list = list_of(entries, 4);
        opened_table opened;
        write_table(&opened, &options, &list);
        open_table(&opened);
        // The small entry does not share its block with the large one.
        assert_int_equal(fe_table_block_entries(opened.table, 0), 1);
        assert_walks(opened.table, &list, 0);
        close_table(&opened);
    }
    free(key);
    free(value);
}

// One key with so many versions that they fill blocks: each version is found in its block.
static void test_table_finds_versions_of_one_key_across_blocks(void **state)
{
    enum { VERSIONS = 2000 };
    fe_table_builder_options options = {512, 10, FERRIC_COMPRESSION_NONE};
    fe_entry *entries = calloc(VERSIONS + 2, sizeof *entries);
    entry_list list = list_of(entries, VERSIONS + 2);
    fe_block_reader reader = {0};
    opened_table opened;

    (void)state;
    entries[0] = (fe_entry){{"key", 3}, {"before", 6}, 5, FE_ENTRY_PUT};
    for (uint64_t i = 0; i < VERSIONS; i++)
        entries[1 + i] = (fe_entry){{"key0", 4}, {"value", 5}, 3 * (VERSIONS - i), FE_ENTRY_PUT};
    entries[VERSIONS + 1] = (fe_entry){{"key00", 5}, {"after", 5}, 5, FE_ENTRY_PUT};
    write_table(&opened, &options, &list);
    open_table(&opened);
    assert_true(fe_table_block_count(opened.table) > 20);
    for (uint64_t sequence = 0; sequence <= 3 * VERSIONS + 1; sequence++)
        assert_get(opened.table, &list, &reader, entries[1].key, sequence);
    assert_get(opened.table, &list, &reader, entries[0].key, FE_SEQUENCE_MAX);
    assert_get(opened.table, &list, &reader, entries[VERSIONS + 1].key, FE_SEQUENCE_MAX);
    assert_get(opened.table, &list, &reader, fe_slice_text("key000"), FE_SEQUENCE_MAX);
    fe_block_reader_deinit(&reader);
    close_table(&opened);
    free(entries);
}

static void test_table_bounds_divide_neighbouring_blocks(void **state)
{
    fe_random random = {test_seed("table bounds", 2)};
    fe_table_builder_options options = {300, 0, FERRIC_COMPRESSION_NONE};

    (void)state;
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        ferric_buffer key = {0};
        size_t index = 0;
        opened_table opened;
        entry_list list;
        entry_list_init(&list, &random, &shapes[s]);
        write_table(&opened, &options, &list);
        open_table(&opened);
        for (uint32_t b = 0; b < fe_table_block_count(opened.table); b++) {
            const fe_entry *last;
            uint64_t sequence;
            assert_int_equal(fe_table_block_bound(opened.table, b, &key, &sequence), FERRIC_OK);
            index += fe_table_block_entries(opened.table, b);
            last = &list.entries[index - 1];
            assert_true(fe_internal_compare(last->key, last->sequence, fe_buffer_slice(&key),
                                            sequence) <= 0);
            if (index == list.count) break;
            assert_true(fe_internal_compare(fe_buffer_slice(&key), sequence, last[1].key,
                                            last[1].sequence) < 0);
            assert_true(key.size <= last->key.size || key.size < last[1].key.size);
        }
        fe_buffer_deinit(&key);
        close_table(&opened);
        entry_list_deinit(&list);
    }
}

// Reads everything a table has, and counts what was not as it should be. No answer may be wrong.
static bool reads_right(fe_vfs *vfs, const fe_table_identity *identity, const entry_list *list)
{
    fe_block_reader reader = {0};
    fe_table *table;
    size_t index = 0;
    bool is_right = true;
    ferric_status status = fe_table_open(vfs, path, identity, &table);

    if (status != FERRIC_OK) {
        assert_true(status == FERRIC_CORRUPT || status == FERRIC_UNSUPPORTED);
        assert_null(table);
        assert_non_null(strstr(fe_message(), path));
        return false;
    }
    for (uint32_t b = 0; b < fe_table_block_count(table) && is_right; b++) {
        read_block read;
        status = read_one(table, b, &reader, &read);
        is_right = status == FERRIC_OK;
        assert_true(is_right || status == FERRIC_CORRUPT);
        for (uint32_t i = 0; is_right && i < read.view.count; i++, index++) {
            fe_block_entry entry;
            fe_block_entry_at(&read.view, i, &entry);
            assert_entry(&read.view, &entry, &list->entries[index]);
        }
        free(read.memory);
    }
    fe_block_reader_deinit(&reader);
    fe_table_close(table);
    return is_right;
}

static void damage_everywhere(ferric_compression compression, fe_random *random)
{
    static const uint8_t masks[] = {0x01, 0xff};
    fe_table_builder_options options = {512, 10, compression};
    entry_shape shape = {60, "user:", 6, 10, 3, 1000, 40};
    opened_table opened;
    ferric_buffer bytes;
    entry_list list;

    entry_list_init(&list, random, &shape);
    write_table(&opened, &options, &list);
    bytes = table_file_read(opened.vfs, path);
    assert_true(reads_right(opened.vfs, &opened.summary.identity, &list));
    for (size_t i = 0; i < bytes.size; i++) {
        for (size_t m = 0; m < sizeof masks; m++) {
            ((uint8_t *)bytes.data)[i] ^= masks[m];
            table_file_replace(opened.vfs, path, fe_buffer_slice(&bytes));
            assert_false(reads_right(opened.vfs, &opened.summary.identity, &list));
            assert_false(reads_right(opened.vfs, NULL, &list));
            ((uint8_t *)bytes.data)[i] ^= masks[m];
        }
    }
    for (size_t size = 0; size < bytes.size; size++) {
        table_file_replace(opened.vfs, path, fe_slice(bytes.data, size));
        assert_false(reads_right(opened.vfs, &opened.summary.identity, &list));
        assert_false(reads_right(opened.vfs, NULL, &list));
    }
    printf("table: %zu bytes damaged and cut, each noticed\n", bytes.size);
    fe_buffer_deinit(&bytes);
    fe_vfs_memory_destroy(opened.vfs);
    entry_list_deinit(&list);
}

static void test_table_notices_damage_at_every_byte(void **state)
{
    fe_random random = {test_seed("table damage", 3)};

    (void)state;
    damage_everywhere(FERRIC_COMPRESSION_NONE, &random);
    damage_everywhere(FERRIC_COMPRESSION_LZ4, &random);
    damage_everywhere(FERRIC_COMPRESSION_ZSTD, &random);
}

// Behind the seals: a hostile or broken writer's table, whose checks are right. Nothing may be read
// or allocated out of bounds; what is in the bytes is accepted or refused.
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
                                         [FE_SECTION_PROPERTIES] = FE_UNIT_PROPERTIES};
    const uint8_t *data = bytes->data;
    const uint8_t *footer = data + bytes->size - FE_TABLE_FOOTER_SIZE;
    uint64_t directory = fe_get_u64(footer + FE_FOOTER_DIRECTORY_OFFSET_AT);
    size_t count = 0;

    for (uint32_t b = 0; b < fe_table_block_count(opened->table); b++) {
        units[count++] =
            (sealed_unit){fe_table_block_offset(opened->table, b),
                          fe_table_block_stored_size(opened->table, b), FE_UNIT_DATA_BLOCK};
    }
    for (int i = 1; i < 4; i++) {
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

static ferric_status read_all(fe_vfs *vfs)
{
    fe_block_reader reader = {0};
    fe_table *table;
    ferric_status status = fe_table_open(vfs, path, NULL, &table);

    if (status != FERRIC_OK) return status;
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
        fe_table_builder_options options = {512, 10, (ferric_compression)compression};
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
        fe_sealer_init(&sealer, &header);
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

static void expect_refusal(fe_vfs *vfs, const fe_table_identity *identity, ferric_status expected,
                           const char *reason)
{
    fe_table *table;

    assert_int_equal(fe_table_open(vfs, path, identity, &table), expected);
    assert_null(table);
    assert_non_null(strstr(fe_message(), reason));
}

static void test_table_refuses_another_table_than_the_manifest_means(void **state)
{
    fe_table_builder_options options = {4096, 10, FERRIC_COMPRESSION_LZ4};
    entry_list list = list_of((fe_entry *)(uintptr_t)few, 2);
    fe_table_identity identity;
    opened_table opened;
    fe_table *table;

    (void)state;
    write_table(&opened, &options, &list);
    identity = opened.summary.identity;
    identity.size_bytes++;
    expect_refusal(opened.vfs, &identity, FERRIC_CORRUPT, "the manifest says");
    identity = opened.summary.identity;
    identity.number++;
    expect_refusal(opened.vfs, &identity, FERRIC_CORRUPT, "another table");
    identity = opened.summary.identity;
    identity.salt[3] ^= 1;
    expect_refusal(opened.vfs, &identity, FERRIC_CORRUPT, "another table");
    identity = opened.summary.identity;
    identity.footer_check ^= 1;
    expect_refusal(opened.vfs, &identity, FERRIC_CORRUPT, "check of the footer");
    assert_int_equal(fe_table_open(opened.vfs, "/000008.table", &identity, &table),
                     FERRIC_NOT_FOUND);
    assert_null(table);
    fe_vfs_memory_destroy(opened.vfs);
}

// Turns the filter's line of the directory into an unknown section, required or not.
static void test_table_skips_unknown_sections_unless_required(void **state)
{
    fe_table_builder_options options = {4096, 10, FERRIC_COMPRESSION_LZ4};
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
    fe_sealer_init(&sealer, &header);
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

static void test_table_builder_leaves_no_file_when_abandoned(void **state)
{
    fe_table_builder_options options = {4096, 10, FERRIC_COMPRESSION_NONE};
    fe_file_header header = table_file_header(7);
    fe_table_builder *builder;
    fe_table_builder *second;
    fe_path_kind kind;
    fe_vfs *vfs;

    (void)state;
    assert_int_equal(fe_vfs_memory_create(&vfs), FERRIC_OK);
    assert_int_equal(fe_table_builder_create(vfs, path, &header, &options, &builder), FERRIC_OK);
    assert_int_equal(fe_table_builder_create(vfs, path, &header, &options, &second),
                     FERRIC_ALREADY_EXISTS);
    assert_null(second);
    assert_int_equal(fe_table_builder_add(builder, &few[0]), FERRIC_OK);
    assert_true(fe_table_builder_size(builder) > FE_FILE_HEADER_SIZE);
    fe_table_builder_destroy(builder);
    assert_int_equal(fe_vfs_stat(vfs, path, &kind, NULL), FERRIC_OK);
    assert_int_equal(kind, FE_PATH_NONE);
    fe_vfs_memory_destroy(vfs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table_gives_back_what_was_written),
        cmocka_unit_test(test_table_holds_keys_and_values_of_the_largest_size),
        cmocka_unit_test(test_table_finds_versions_of_one_key_across_blocks),
        cmocka_unit_test(test_table_bounds_divide_neighbouring_blocks),
        cmocka_unit_test(test_table_notices_damage_at_every_byte),
        cmocka_unit_test(test_table_with_mended_checks_is_read_or_refused),
        cmocka_unit_test(test_table_refuses_another_table_than_the_manifest_means),
        cmocka_unit_test(test_table_skips_unknown_sections_unless_required),
        cmocka_unit_test(test_table_builder_leaves_no_file_when_abandoned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
