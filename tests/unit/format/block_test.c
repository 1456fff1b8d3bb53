// SPDX-License-Identifier: Apache-2.0
// Blocks: what was built is found, in every way to look for it; what was damaged is refused.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/status.h"
#include "format/block.h"
#include "format/block_builder.h"
#include "unit/format/entry_list.h"

// A block in memory of exactly its size, so that AddressSanitizer sees each step beside it.
typedef struct loaded_block {
    uint8_t *content;
    size_t size;
    fe_block_slot *slots;
    fe_block view;
} loaded_block;

static ferric_status load(loaded_block *block, const void *content, size_t size)
{
    uint32_t count = fe_block_claimed_count(fe_slice(content, size));

    block->size = size;
    block->content = malloc(size);
    memcpy(block->content, content, size);
    block->slots = malloc(count > 0 ? count * sizeof *block->slots : 1);
    return fe_block_init(&block->view, fe_slice(block->content, size), block->slots, "test", 64);
}

static void unload(loaded_block *block)
{
    free(block->content);
    free(block->slots);
}

static void build(const entry_list *list, ferric_buffer *content)
{
    fe_block_builder *builder;
    ferric_buffer *block;

    assert_int_equal(fe_block_builder_create(&builder), FERRIC_OK);
    for (size_t i = 0; i < list->count; i++)
        assert_int_equal(fe_block_builder_add(builder, &list->entries[i]), FERRIC_OK);
    assert_int_equal(fe_block_builder_count(builder), list->count);
    assert_int_equal(fe_block_builder_finish(builder, &block), FERRIC_OK);
    assert_int_equal(fe_buffer_assign(content, fe_buffer_slice(block)), FERRIC_OK);
    fe_block_builder_destroy(builder);
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

static void assert_walks(const loaded_block *block, const entry_list *list)
{
    const uint8_t *at = fe_block_entry_address(&block->view, 0);

    assert_int_equal(block->view.count, list->count);
    for (uint32_t i = 0; i < block->view.count; i++) {
        fe_block_entry entry;
        assert_ptr_equal(at, fe_block_entry_address(&block->view, i));
        at = fe_block_read(&block->view, at, &entry);
        assert_entry(&block->view, &entry, &list->entries[i]);
    }
}

static void assert_search(const loaded_block *block, const entry_list *list, ferric_slice key,
                          uint64_t sequence)
{
    const fe_entry *expected = entry_list_get(list, key, sequence);
    fe_block_entry entry;

    assert_int_equal(fe_block_lower_bound(&block->view, key, sequence),
                     entry_list_lower_bound(list, key, sequence));
    assert_int_equal(fe_block_find(&block->view, key, sequence, &entry), expected != NULL);
    if (expected != NULL) assert_entry(&block->view, &entry, expected);
}

// Looks for an entry's neighbours, for beginnings of its key and for continuations.
static void search_around(const loaded_block *block, const entry_list *list, const fe_entry *entry)
{
    uint8_t *longer = malloc(entry->key.size + 2);

    assert_search(block, list, entry->key, entry->sequence);
    assert_search(block, list, entry->key, entry->sequence + 1);
    assert_search(block, list, entry->key, entry->sequence - 1);
    assert_search(block, list, entry->key, FE_SEQUENCE_MAX);
    assert_search(block, list, entry->key, 0);
    for (size_t size = 0; size < entry->key.size; size++)
        assert_search(block, list, fe_slice(entry->key.data, size), FE_SEQUENCE_MAX);
    memcpy(longer, entry->key.data, entry->key.size);
    longer[entry->key.size] = 0;
    longer[entry->key.size + 1] = 0;
    assert_search(block, list, fe_slice(longer, entry->key.size + 1), FE_SEQUENCE_MAX);
    assert_search(block, list, fe_slice(longer, entry->key.size + 2), FE_SEQUENCE_MAX);
    free(longer);
}

static const entry_shape shapes[] = {
    {1, "", 8, 256, 1, 100, 20},      {30, "", 12, 256, 2, FE_SEQUENCE_MAX, 200},
    {40, "user:", 3, 3, 4, 1000, 30}, {60, "a prefix of some length", 20, 2, 3, 1000000, 100},
    {200, "k", 6, 2, 1, 50, 0},       {300, "many", 0, 1, 1, 100000, 10},
    {300, "", 2, 2, 10, 100000, 10},  {700, "wide", 10, 10, 1, 1000, 300},
};

static void test_block_finds_every_bound_of_random_blocks(void **state)
{
    fe_random random = {test_seed("block", 1)};
    size_t searches = 0;

    (void)state;
    for (int round = 0; round < 60; round++) {
        entry_shape shape = shapes[(size_t)round % (sizeof shapes / sizeof *shapes)];
        ferric_buffer content = {0};
        loaded_block block;
        entry_list list;
        entry_list_init(&list, &random, &shape);
        build(&list, &content);
        assert_int_equal(load(&block, content.data, content.size), FERRIC_OK);
        assert_walks(&block, &list);
        for (size_t i = 0; i < list.count; i++)
            search_around(&block, &list, &list.entries[i]);
        for (int i = 0; i < 500; i++) {
            ferric_slice key = entry_list_random_key(&list, &random, &shape);
            assert_search(&block, &list, key, fe_random_below(&random, shape.sequence_max + 2));
        }
        searches += 500;
        unload(&block);
        fe_buffer_deinit(&content);
        entry_list_deinit(&list);
    }
    printf("block: %zu random searches\n", searches);
}

static void test_block_size_is_foretold_within_a_tenth(void **state)
{
    fe_random random = {test_seed("block size", 2)};

    (void)state;
    for (size_t i = 1; i < sizeof shapes / sizeof *shapes; i++) {
        fe_block_builder *builder;
        ferric_buffer *block;
        entry_list list;
        size_t foretold;
        entry_list_init(&list, &random, &shapes[i]);
        assert_int_equal(fe_block_builder_create(&builder), FERRIC_OK);
        assert_int_equal(fe_block_builder_size(builder), 0);
        for (size_t k = 0; k < list.count; k++)
            assert_int_equal(fe_block_builder_add(builder, &list.entries[k]), FERRIC_OK);
        foretold = fe_block_builder_size(builder);
        assert_int_equal(fe_block_builder_finish(builder, &block), FERRIC_OK);
        assert_in_range(foretold, block->size * 7 / 10, block->size * 13 / 10);
        fe_block_builder_destroy(builder);
        entry_list_deinit(&list);
    }
}

// Every byte of a block is set to other values. Without a checksum a change may go unnoticed, for
// a value's byte has no rule; but nothing outside may be read, and what is accepted is in order.
static void test_block_survives_damage_at_every_byte(void **state)
{
    static const uint8_t masks[] = {0x01, 0x80, 0x7f, 0xff};
    fe_random random = {test_seed("block damage", 3)};
    size_t refused = 0;
    size_t accepted = 0;

    (void)state;
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        entry_shape shape = shapes[s];
        ferric_buffer content = {0};
        entry_list list;
        if (shape.count > 60) shape.count = 60;
        entry_list_init(&list, &random, &shape);
        build(&list, &content);
        for (size_t i = 0; i < content.size * sizeof masks; i++) {
            uint8_t *byte = (uint8_t *)content.data + i / sizeof masks;
            loaded_block block;
            ferric_status status;
            *byte ^= masks[i % sizeof masks];
            status = load(&block, content.data, content.size);
            if (status == FERRIC_OK) {
                ferric_slice key = entry_list_random_key(&list, &random, &shape);
                assert_in_range(fe_block_lower_bound(&block.view, key, 5), 0, block.view.count);
                accepted++;
            } else {
                assert_true(status == FERRIC_CORRUPT || status == FERRIC_UNSUPPORTED);
                refused++;
            }
            unload(&block);
            *byte ^= masks[i % sizeof masks];
        }
        fe_buffer_deinit(&content);
        entry_list_deinit(&list);
    }
    printf("block: %zu damaged blocks refused, %zu accepted\n", refused, accepted);
    assert_true(refused > 1000);
}

static void test_block_refuses_every_truncation(void **state)
{
    fe_random random = {test_seed("block truncation", 4)};
    ferric_buffer content = {0};
    entry_list list;

    (void)state;
    entry_list_init(&list, &random, &shapes[2]);
    build(&list, &content);
    for (size_t size = 0; size < content.size; size++) {
        loaded_block block;
        assert_int_equal(load(&block, content.data, size), FERRIC_CORRUPT);
        unload(&block);
    }
    fe_buffer_deinit(&content);
    entry_list_deinit(&list);
}

static const fe_entry two_entries[] = {
    {{"ab1", 3}, {"x", 1}, 7, FE_ENTRY_PUT},
    {{"ab2", 3}, {"y", 1}, 5, FE_ENTRY_PUT},
};

// prefix "ab" | 01 01 11 '1' 'x' | 01 01 01 '2' 'y' | slots 0002 0007 | base 5 | 2 | 2
static void test_block_bytes_are_those_of_the_format_page(void **state)
{
    static const uint8_t expected[] = {
        'a', 'b', 1, 1, 0x11, '1', 'x', 1, 1, 0x01, '2', 'y', 2, 0, 7,
        0,   5,   0, 0, 0,    0,   0,   0, 0, 2,    0,   2,   0, 0, 0,
    };
    entry_list list = {.entries = (fe_entry *)(uintptr_t)two_entries, .count = 2};
    ferric_buffer content = {0};

    (void)state;
    build(&list, &content);
    assert_int_equal(content.size, sizeof expected);
    assert_memory_equal(content.data, expected, sizeof expected);
    fe_buffer_deinit(&content);
}

// Changes one byte of the block above and expects a certain answer.
static void expect_answer(size_t at, uint8_t value, ferric_status expected, const char *reason)
{
    entry_list list = {.entries = (fe_entry *)(uintptr_t)two_entries, .count = 2};
    ferric_buffer content = {0};
    loaded_block block;

    build(&list, &content);
    ((uint8_t *)content.data)[at] = value;
    assert_int_equal(load(&block, content.data, content.size), expected);
    if (expected != FERRIC_OK) assert_non_null(strstr(fe_message(), reason));
    unload(&block);
    fe_buffer_deinit(&content);
}

static void test_block_names_what_is_wrong(void **state)
{
    (void)state;
    expect_answer(4, 0x12, FERRIC_CORRUPT, "its expiry is none");
    expect_answer(4, 0x15, FERRIC_CORRUPT, "its expiry is none");
    expect_answer(4, 0x17, FERRIC_UNSUPPORTED, "kind 7");
    expect_answer(4, 0x16, FERRIC_UNSUPPORTED, "kind 6");
    expect_answer(5, '3', FERRIC_CORRUPT, "entry 1: it is out of order");
    expect_answer(5, '2', FERRIC_OK, ""); // Two versions of one key, newest first.
    expect_answer(10, '1', FERRIC_OK, "");
    expect_answer(2, 0, FERRIC_CORRUPT, "slot");
    expect_answer(3, 60, FERRIC_CORRUPT, "does not fit into the block");
    expect_answer(7, 0x80, FERRIC_CORRUPT, "entry 1");
    expect_answer(12, 3, FERRIC_CORRUPT, "entry 0: its slot points elsewhere");
    expect_answer(23, 1, FERRIC_CORRUPT, "no valid trailer");
    expect_answer(26, 0, FERRIC_CORRUPT, "no valid trailer");
    expect_answer(29, 0x80, FERRIC_CORRUPT, "no valid trailer");
}

// rest 1 | value 2^64 - 1 | tag, and nothing behind | slot 0000 | base 0 | prefix 0 | count 1
static void test_block_refuses_lengths_whose_sum_wraps_round(void **state)
{
    static const uint8_t content[] = {
        1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 0x01, 0, 0,
        0, 0,    0,    0,    0,    0,    0,    0,    0,    0,    1,    0,    0, 0,
    };
    loaded_block block;

    (void)state;
    assert_int_equal(load(&block, content, sizeof content), FERRIC_CORRUPT);
    assert_non_null(strstr(fe_message(), "does not fit into the block"));
    unload(&block);
}

// One key of the largest size with many versions: the prefix cannot hold all of it.
static void test_block_holds_keys_and_values_of_the_largest_size(void **state)
{
    size_t value_size = (size_t)8 << 20;
    uint8_t *key = malloc(FE_KEY_SIZE_MAX);
    uint8_t *value = malloc(value_size);
    fe_entry entries[3] = {
        {{key, FE_KEY_SIZE_MAX}, {value, 0}, 9, FE_ENTRY_PUT},
        {{key, FE_KEY_SIZE_MAX}, {value, value_size}, 8, FE_ENTRY_PUT},
        {{key, FE_KEY_SIZE_MAX}, {value, 0}, 7, FE_ENTRY_DELETE},
    };
    entry_list list = {.entries = entries, .count = 3};
    ferric_buffer content = {0};
    loaded_block block;

    (void)state;
    memset(key, 'k', FE_KEY_SIZE_MAX);
    memset(value, 'v', value_size);
    build(&list, &content);
    assert_int_equal(load(&block, content.data, content.size), FERRIC_OK);
    assert_int_equal(block.view.prefix_size, FE_BLOCK_PREFIX_SIZE_MAX);
    assert_walks(&block, &list);
    for (uint64_t sequence = 5; sequence < 12; sequence++)
        assert_search(&block, &list, entries[0].key, sequence);
    unload(&block);
    fe_buffer_deinit(&content);
    free(key);
    free(value);
}

static void test_block_builder_begins_anew_after_clear(void **state)
{
    fe_block_builder *builder;
    ferric_buffer *first;
    ferric_buffer *second;
    ferric_buffer kept = {0};

    (void)state;
    assert_int_equal(fe_block_builder_create(&builder), FERRIC_OK);
    assert_int_equal(fe_block_builder_add(builder, &two_entries[1]), FERRIC_OK);
    assert_int_equal(fe_block_builder_finish(builder, &first), FERRIC_OK);
    assert_int_equal(fe_buffer_assign(&kept, fe_buffer_slice(first)), FERRIC_OK);
    fe_block_builder_clear(builder);
    assert_int_equal(fe_block_builder_count(builder), 0);
    assert_int_equal(fe_block_builder_add(builder, &two_entries[1]), FERRIC_OK);
    assert_int_equal(fe_block_builder_finish(builder, &second), FERRIC_OK);
    assert_int_equal(second->size, kept.size);
    assert_memory_equal(second->data, kept.data, kept.size);
    fe_buffer_deinit(&kept);
    fe_block_builder_destroy(builder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_block_finds_every_bound_of_random_blocks),
        cmocka_unit_test(test_block_size_is_foretold_within_a_tenth),
        cmocka_unit_test(test_block_survives_damage_at_every_byte),
        cmocka_unit_test(test_block_refuses_every_truncation),
        cmocka_unit_test(test_block_bytes_are_those_of_the_format_page),
        cmocka_unit_test(test_block_names_what_is_wrong),
        cmocka_unit_test(test_block_refuses_lengths_whose_sum_wraps_round),
        cmocka_unit_test(test_block_holds_keys_and_values_of_the_largest_size),
        cmocka_unit_test(test_block_builder_begins_anew_after_clear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
