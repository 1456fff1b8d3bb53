// SPDX-License-Identifier: Apache-2.0
// Version edits as bytes: they come back as they went, a newer version's fields are met as the page
// says, and damage is refused without reading or allocating beyond the bytes.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/coding.h"
#include "base/status.h"
#include "entry_model.h"
#include "lsm/manifest.h"
#include "table_kit.h"
#include "unit/format/page_example.h"

static void random_edit(table_kit *kit, fe_random *random, fe_version_edit *edit)
{
    if (fe_random_below(random, 2) == 0) edit->next_file_number = fe_random_next(random) >> 2 | 1;
    if (fe_random_below(random, 2) == 0) edit->last_sequence = fe_random_below(random, 1 << 30) + 1;
    edit->has_logs = fe_random_below(random, 2) == 0;
    for (uint64_t i = fe_random_below(random, 6); i > 0 && edit->has_logs; i--) {
        fe_live_log log = {.number = fe_random_next(random) >> (2 + fe_random_below(random, 58))};
        log.is_sealed = fe_random_below(random, 2) == 0;
        if (log.is_sealed) {
            log.end = 64 + fe_random_below(random, 1000000);
            log.end_sequence = fe_random_below(random, 1000000);
            log.is_clean = fe_random_below(random, 2) == 0;
        }
        for (size_t j = 0; j < FE_SALT_SIZE; j++)
            log.salt[j] = (uint8_t)fe_random_next(random);
        assert_int_equal(fe_version_edit_add_log(edit, &log), FERRIC_OK);
    }
    for (uint64_t i = fe_random_below(random, 10); i > 0; i--) {
        assert_int_equal(fe_version_edit_remove(edit,
                                                (uint32_t)fe_random_below(random, FE_LEVEL_COUNT),
                                                fe_random_next(random)),
                         FERRIC_OK);
    }
    for (uint64_t i = fe_random_below(random, 10); i > 0; i--) {
        uint64_t sequence = fe_random_below(random, FE_SEQUENCE_MAX - 100);
        uint64_t entries = fe_random_next(random) >> fe_random_below(random, 60);
        table_shape shape = {(uint32_t)fe_random_next(random),
                             (uint32_t)fe_random_next(random),
                             sequence,
                             sequence + fe_random_below(random, 100),
                             fe_random_next(random) >> fe_random_below(random, 60),
                             entries,
                             entries / 2};
        kit_add(kit, edit, (uint32_t)fe_random_below(random, FE_LEVEL_COUNT), &shape);
    }
}

static void assert_same_table(const fe_table_file *a, const fe_table_file *b)
{
    assert_int_equal(a->identity.number, b->identity.number);
    assert_int_equal(a->identity.size_bytes, b->identity.size_bytes);
    assert_int_equal(a->identity.footer_check, b->identity.footer_check);
    assert_memory_equal(a->identity.salt, b->identity.salt, FE_SALT_SIZE);
    assert_int_equal(a->entries, b->entries);
    assert_int_equal(a->deletes, b->deletes);
    assert_int_equal(a->smallest_sequence, b->smallest_sequence);
    assert_int_equal(a->largest_sequence, b->largest_sequence);
    assert_true(fe_slice_equal(a->smallest_key, b->smallest_key));
    assert_true(fe_slice_equal(a->largest_key, b->largest_key));
    assert_int_equal(a->smallest_key_sequence, b->smallest_key_sequence);
    assert_int_equal(a->largest_key_sequence, b->largest_key_sequence);
}

static void assert_same_edit(const fe_version_edit *a, const fe_version_edit *b)
{
    assert_int_equal(a->next_file_number, b->next_file_number);
    assert_int_equal(a->last_sequence, b->last_sequence);
    assert_int_equal(a->has_logs, b->has_logs);
    assert_int_equal(a->log_count, b->log_count);
    for (size_t i = 0; i < a->log_count; i++) {
        assert_int_equal(a->logs[i].number, b->logs[i].number);
        assert_int_equal(a->logs[i].end, b->logs[i].end);
        assert_int_equal(a->logs[i].end_sequence, b->logs[i].end_sequence);
        assert_int_equal(a->logs[i].is_sealed, b->logs[i].is_sealed);
        assert_int_equal(a->logs[i].is_clean, b->logs[i].is_clean);
        assert_memory_equal(a->logs[i].salt, b->logs[i].salt, FE_SALT_SIZE);
    }
    assert_int_equal(a->removal_count, b->removal_count);
    for (size_t i = 0; i < a->removal_count; i++) {
        assert_int_equal(a->removals[i].level, b->removals[i].level);
        assert_int_equal(a->removals[i].number, b->removals[i].number);
    }
    assert_int_equal(a->addition_count, b->addition_count);
    for (size_t i = 0; i < a->addition_count; i++) {
        assert_int_equal(a->additions[i].level, b->additions[i].level);
        assert_same_table(a->additions[i].file, b->additions[i].file);
    }
}

static void test_edit_codec_brings_back_what_it_was_given(void **state)
{
    fe_random random = {test_seed(7)};
    table_kit kit;
    ferric_buffer bytes = {0};

    (void)state;
    table_kit_init(&kit);
    for (int i = 0; i < 3000; i++) {
        fe_version_edit edit = {0};
        fe_version_edit back;
        random_edit(&kit, &random, &edit);
        fe_buffer_clear(&bytes);
        assert_int_equal(fe_edit_encode(&edit, &bytes), FERRIC_OK);
        assert_int_equal(fe_edit_decode(fe_buffer_slice(&bytes), kit.tables, &back), FERRIC_OK);
        assert_same_edit(&edit, &back);
        fe_version_edit_deinit(&edit, kit.tables);
        fe_version_edit_deinit(&back, kit.tables);
    }
    fe_buffer_deinit(&bytes);
    table_kit_deinit(&kit);
}

// Every part of the bytes by itself: at a field's border it is an edit, elsewhere it is damaged.
static void test_edit_codec_refuses_bytes_cut_inside_a_field(void **state)
{
    fe_random random = {test_seed(8)};
    table_kit kit;
    ferric_buffer bytes = {0};
    int whole = 0;
    int cut = 0;

    (void)state;
    table_kit_init(&kit);
    for (int i = 0; i < 30; i++) {
        fe_version_edit edit = {0};
        random_edit(&kit, &random, &edit);
        fe_buffer_clear(&bytes);
        assert_int_equal(fe_edit_encode(&edit, &bytes), FERRIC_OK);
        for (size_t size = 0; size < bytes.size; size++) {
            uint8_t *copy = malloc(size + 1); // Of its own: a sanitizer sees an overrun.
            fe_version_edit back;
            ferric_status status;
            memcpy(copy, bytes.data, size);
            status = fe_edit_decode(fe_slice(copy, size), kit.tables, &back);
            assert_true(status == FERRIC_OK || status == FERRIC_CORRUPT);
            whole += status == FERRIC_OK;
            cut += status == FERRIC_CORRUPT;
            fe_version_edit_deinit(&back, kit.tables);
            free(copy);
        }
        fe_version_edit_deinit(&edit, kit.tables);
    }
    assert_true(whole > 100 && cut > 1000);
    fe_buffer_deinit(&bytes);
    table_kit_deinit(&kit);
}

static void test_edit_codec_survives_any_change(void **state)
{
    fe_random random = {test_seed(9)};
    table_kit kit;
    ferric_buffer bytes = {0};
    int refused = 0;

    (void)state;
    table_kit_init(&kit);
    for (int i = 0; i < 30000; i++) {
        fe_version_edit edit = {0};
        fe_version_edit back;
        ferric_status status;
        random_edit(&kit, &random, &edit);
        fe_buffer_clear(&bytes);
        assert_int_equal(fe_edit_encode(&edit, &bytes), FERRIC_OK);
        fe_version_edit_deinit(&edit, kit.tables);
        if (bytes.size == 0) continue;
        for (uint64_t j = fe_random_below(&random, 4) + 1; j > 0; j--)
            ((uint8_t *)bytes.data)[fe_random_below(&random, bytes.size)] =
                (uint8_t)fe_random_next(&random);
        status = fe_edit_decode(fe_buffer_slice(&bytes), kit.tables, &back);
        assert_true(status == FERRIC_OK || status == FERRIC_CORRUPT ||
                    status == FERRIC_UNSUPPORTED);
        refused += status != FERRIC_OK;
        if (status != FERRIC_OK) assert_null(back.additions);
        fe_version_edit_deinit(&back, kit.tables);
    }
    assert_true(refused > 1000);
    fe_buffer_deinit(&bytes);
    table_kit_deinit(&kit);
}

// ---- The page ---------------------------------------------------------------------------------

// A compaction that replaces table 4 of level 1 by table 12, and a flush's logs.
static void test_edit_codec_writes_what_its_page_shows(void **state)
{
    fe_version_edit edit = {.next_file_number = 13, .last_sequence = 300};
    fe_live_log log = {.number = 11};
    fe_table_summary summary = {
        .identity = {.number = 12, .size_bytes = 4096, .footer_check = 0x12345678},
        .properties = {.entries = 200, .deletes = 3},
        .smallest_key = fe_slice("\0\0\0\1apple", 9),
        .largest_key = fe_slice("\0\0\0\1pear", 8),
        .smallest_key_sequence = 150,
        .largest_key_sequence = 7,
    };
    uint8_t shown[PAGE_EXAMPLE_SIZE_MAX];
    ferric_buffer bytes = {0};
    fe_table_file *file = NULL;
    table_kit kit;

    (void)state;
    table_kit_init(&kit);
    summary.properties.smallest_sequence = 5;
    summary.properties.largest_sequence = 260;
    for (uint8_t i = 0; i < FE_SALT_SIZE; i++) {
        log.salt[i] = (uint8_t)(0x10 + i);
        summary.identity.salt[i] = (uint8_t)(0xa0 + i);
    }
    assert_int_equal(fe_version_edit_add_log(&edit, &log), FERRIC_OK);
    assert_int_equal(fe_version_edit_remove(&edit, 1, 4), FERRIC_OK);
    assert_int_equal(fe_table_file_create(&summary, &file), FERRIC_OK);
    assert_int_equal(fe_version_edit_add(&edit, 2, file), FERRIC_OK);
    assert_int_equal(fe_edit_encode(&edit, &bytes), FERRIC_OK);
    assert_int_equal(page_example(FERRIC_DOCS "/format/manifest.md", shown), bytes.size);
    assert_memory_equal(shown, bytes.data, bytes.size);
    fe_buffer_deinit(&bytes);
    fe_version_edit_deinit(&edit, kit.tables);
    table_kit_deinit(&kit);
}

// ---- Fields of newer versions -----------------------------------------------------------------

static ferric_status decode(table_kit *kit, const void *bytes, size_t size, fe_version_edit *edit)
{
    return fe_edit_decode(fe_slice(bytes, size), kit->tables, edit);
}

static void test_edit_codec_skips_fields_that_may_be_skipped(void **state)
{
    // Field 99, not required, of two bytes; then next file number 7.
    static const uint8_t bytes[] = {0xc6, 0x01, 2, 0xaa, 0xbb, 3, 1, 7};
    table_kit kit;
    fe_version_edit edit;

    (void)state;
    table_kit_init(&kit);
    assert_int_equal(decode(&kit, bytes, sizeof bytes, &edit), FERRIC_OK);
    assert_int_equal(edit.next_file_number, 7);
    fe_version_edit_deinit(&edit, kit.tables);
    table_kit_deinit(&kit);
}

static void test_edit_codec_refuses_fields_that_are_required(void **state)
{
    static const uint8_t bytes[] = {0xc7, 0x01, 2, 0xaa, 0xbb, 3, 1, 7};
    table_kit kit;
    fe_version_edit edit;

    (void)state;
    table_kit_init(&kit);
    assert_int_equal(decode(&kit, bytes, sizeof bytes, &edit), FERRIC_UNSUPPORTED);
    assert_non_null(strstr(fe_message(), "field 99"));
    table_kit_deinit(&kit);
}

static void test_edit_codec_ignores_what_a_field_grew(void **state)
{
    // Removed table: level 2, number 5, and a third number that only a newer version knows.
    static const uint8_t bytes[] = {11, 3, 2, 5, 77};
    table_kit kit;
    fe_version_edit edit;

    (void)state;
    table_kit_init(&kit);
    assert_int_equal(decode(&kit, bytes, sizeof bytes, &edit), FERRIC_OK);
    assert_int_equal(edit.removal_count, 1);
    assert_int_equal(edit.removals[0].level, 2);
    assert_int_equal(edit.removals[0].number, 5);
    fe_version_edit_deinit(&edit, kit.tables);
    table_kit_deinit(&kit);
}

static void test_edit_codec_refuses_impossible_values(void **state)
{
    static const uint8_t deep_level[] = {11, 2, 7, 5};       // Levels end at 6.
    static const uint8_t long_varint[] = {3, 2, 0x80, 0x00}; // Not the shortest form.
    static const uint8_t sequence[] = {5,    9,    0xff, 0xff, 0xff, 0xff, 0xff, //
                                       0xff, 0xff, 0xff, 0x7f};                  // Above 2^56.
    static const uint8_t last_sequence[] = {5,    8,    0xff, 0xff, 0xff,
                                            0xff, 0xff, 0xff, 0xff, 0x7f}; // Nothing can follow it.
    static const uint8_t file_number[] = {3,    10,   0xff, 0xff, 0xff, 0xff,
                                          0xff, 0xff, 0xff, 0xff, 0xff, 0x01};    // 2^64 - 1.
    static const uint8_t many_logs[] = {7,    9,    0xff, 0xff, 0xff, 0xff, 0xff, //
                                        0xff, 0xff, 0xff, 0x7f}; // Claims 2^63 logs.
    table_kit kit;
    fe_version_edit edit;

    (void)state;
    table_kit_init(&kit);
    assert_int_equal(decode(&kit, deep_level, sizeof deep_level, &edit), FERRIC_CORRUPT);
    assert_int_equal(decode(&kit, long_varint, sizeof long_varint, &edit), FERRIC_CORRUPT);
    assert_int_equal(decode(&kit, sequence, sizeof sequence, &edit), FERRIC_CORRUPT);
    assert_int_equal(decode(&kit, last_sequence, sizeof last_sequence, &edit), FERRIC_CORRUPT);
    assert_int_equal(decode(&kit, file_number, sizeof file_number, &edit), FERRIC_CORRUPT);
    assert_int_equal(decode(&kit, many_logs, sizeof many_logs, &edit), FERRIC_CORRUPT);
    table_kit_deinit(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_edit_codec_brings_back_what_it_was_given),
        cmocka_unit_test(test_edit_codec_refuses_bytes_cut_inside_a_field),
        cmocka_unit_test(test_edit_codec_survives_any_change),
        cmocka_unit_test(test_edit_codec_writes_what_its_page_shows),
        cmocka_unit_test(test_edit_codec_skips_fields_that_may_be_skipped),
        cmocka_unit_test(test_edit_codec_refuses_fields_that_are_required),
        cmocka_unit_test(test_edit_codec_ignores_what_a_field_grew),
        cmocka_unit_test(test_edit_codec_refuses_impossible_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
