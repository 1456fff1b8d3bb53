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
#include "unit/format/opened_table.h"

static const char *const path = OPENED_TABLE_PATH;

// Of any size.
#define KEYDIR UINT64_MAX

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

// The KeyDir leads to the newest entry of each key.
static void assert_leads(const fe_table *table, const entry_list *list, size_t index,
                         fe_entry_place expected)
{
    const fe_keydir *keydir = fe_table_keydir(table);
    ferric_slice key = list->entries[index].key;
    fe_keydir_search search;
    fe_entry_place place = {0};

    if (keydir->buckets == NULL) return;
    if (index > 0 && fe_slice_equal(list->entries[index - 1].key, key)) return;
    fe_keydir_search_init(keydir, fe_hash64(key.data, key.size), &search);
    do {
        assert_true(fe_keydir_next(keydir, &search, &place));
    } while (place.block != expected.block || place.index != expected.index);
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
            assert_leads(table, list, index, (fe_entry_place){b, i});
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

// A KeyDir where one is worth its room, and then a filter only on request.
static void assert_sections(fe_table *table, const fe_table_builder_options *options)
{
    bool has_keydir = options->keydir_bytes_max > 0 && fe_table_block_count(table) > 1;

    assert_int_equal(fe_table_keydir(table)->buckets != NULL, has_keydir);
    assert_int_equal(fe_table_keydir_memory(table) > 0, has_keydir);
    assert_int_equal(fe_table_has_filter(table), !has_keydir && options->filter_bits != 0);
    assert_int_equal(fe_table_load_filter(table), FERRIC_OK);
    assert_int_equal(fe_table_has_filter(table), options->filter_bits != 0);
}

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
                                                    (ferric_compression)compression,
                                                    tables % 2 == 0 ? KEYDIR : 0};
                opened_table opened;
                entry_list list;
                entry_list_init(&list, &random, &shapes[s]);
                write_table(&opened, &options, &list);
                open_table(&opened);
                assert_sections(opened.table, &options);
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

static void test_table_holds_keys_and_values_of_the_largest_size(void **state)
{
    size_t value_size = FERRIC_VALUE_SIZE_MAX;
    char *key = malloc(FE_KEY_SIZE_MAX);
    char *value = calloc(1, value_size);

    (void)state;
    memset(key, 'k', FE_KEY_SIZE_MAX);
    for (int compression = 0; compression <= FE_COMPRESSION_LAST_KNOWN; compression++) {
        fe_table_builder_options options = {4096, 10, (ferric_compression)compression, KEYDIR};
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
    fe_table_builder_options options = {512, 10, FERRIC_COMPRESSION_NONE, KEYDIR};
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
    fe_table_builder_options options = {300, 0, FERRIC_COMPRESSION_NONE, KEYDIR};

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
    ferric_status status = fe_table_open(vfs, path, NULL, identity, KEYDIR, &table);

    if (status == FERRIC_OK && fe_table_load_filter(table) != FERRIC_OK) {
        fe_table_close(table);
        table = NULL;
        status = FERRIC_CORRUPT;
    }
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
    fe_table_builder_options options = {512, 10, compression, KEYDIR};
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

static const fe_entry few[] = {
    {{"apple", 5}, {"red", 3}, 2, FE_ENTRY_PUT},
    {{"apply", 5}, {"", 0}, 3, FE_ENTRY_DELETE},
};

static void test_table_refuses_another_table_than_the_manifest_means(void **state)
{
    fe_table_builder_options options = {4096, 10, FERRIC_COMPRESSION_LZ4, KEYDIR};
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
    assert_int_equal(fe_table_open(opened.vfs, "/000008.table", NULL, &identity, 0, &table),
                     FERRIC_NOT_FOUND);
    assert_null(table);
    fe_vfs_memory_destroy(opened.vfs);
}

static void test_table_builder_leaves_no_file_when_abandoned(void **state)
{
    fe_table_builder_options options = {4096, 10, FERRIC_COMPRESSION_NONE, KEYDIR};
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
        cmocka_unit_test(test_table_refuses_another_table_than_the_manifest_means),
        cmocka_unit_test(test_table_builder_leaves_no_file_when_abandoned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
