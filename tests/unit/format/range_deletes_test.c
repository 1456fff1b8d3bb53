// SPDX-License-Identifier: Apache-2.0
// The section of range deletes: what is written is read again, the page's example is right, and
// damage that a check does not see is refused.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/status.h"
#include "format/range_deletes.h"

static ferric_slice key(const char *letters, uint8_t bytes[8])
{
    const uint8_t id[] = {0, 0, 0, 1};
    size_t size = strlen(letters);

    memcpy(bytes, id, sizeof id);
    memcpy(bytes + sizeof id, letters, size);
    return fe_slice(bytes, sizeof id + size);
}

static void add(ferric_buffer *content, const char *lower, const char *upper,
                const uint64_t *sequences, uint32_t count)
{
    uint8_t first[8];
    uint8_t behind[8];
    fe_range_piece piece = {key(lower, first), key(upper, behind), sequences, count};

    assert_int_equal(fe_range_piece_encode(&piece, content), FERRIC_OK);
}

static uint64_t covered_by(const fe_range_deletes *ranges, const char *letters, uint64_t at)
{
    uint8_t bytes[8];
    fe_range_cover cover = {0};

    fe_range_deletes_narrow(ranges, key(letters, bytes), at, &cover);
    return cover.sequence;
}

static void test_example_of_the_page(void **state)
{
    static const uint8_t expected[] = {0x05, 0, 0, 0, 1, 'b', 0x05, 0, 0, 0, 1, 'd', 2, 9, 5};
    const uint64_t sequences[] = {9, 4};
    ferric_buffer content = {0};

    (void)state;
    add(&content, "b", "d", sequences, 2);
    assert_int_equal(content.size, sizeof expected);
    assert_memory_equal(content.data, expected, sizeof expected);
    fe_buffer_deinit(&content);
}

static void test_each_state_sees_its_newest_delete(void **state)
{
    const uint64_t two[] = {9, 4};
    const uint64_t one[] = {12};
    ferric_buffer content = {0};
    fe_range_deletes ranges;

    (void)state;
    add(&content, "b", "d", two, 2);
    add(&content, "d", "f", one, 1);
    assert_int_equal(fe_range_deletes_decode(fe_buffer_slice(&content), "t", &ranges), FERRIC_OK);
    assert_int_equal(ranges.count, 2);
    assert_int_equal(covered_by(&ranges, "a", 100), 0);
    assert_int_equal(covered_by(&ranges, "b", 100), 9);
    assert_int_equal(covered_by(&ranges, "cz", 8), 4);
    assert_int_equal(covered_by(&ranges, "cz", 3), 0);
    assert_int_equal(covered_by(&ranges, "d", 100), 12);
    assert_int_equal(covered_by(&ranges, "d", 11), 0);
    assert_int_equal(covered_by(&ranges, "f", 100), 0);
    fe_range_deletes_deinit(&ranges);
    fe_buffer_deinit(&content);
}

static void test_cover_ends_where_the_answer_changes(void **state)
{
    const uint64_t one[] = {5};
    uint8_t bytes[8];
    uint8_t bound[8];
    ferric_buffer content = {0};
    fe_range_deletes ranges;
    fe_range_cover cover = {0};

    (void)state;
    add(&content, "b", "d", one, 1);
    add(&content, "f", "g", one, 1);
    assert_int_equal(fe_range_deletes_decode(fe_buffer_slice(&content), "t", &ranges), FERRIC_OK);
    fe_range_deletes_narrow(&ranges, key("e", bytes), 9, &cover);
    assert_int_equal(cover.sequence, 0);
    assert_true(fe_slice_equal(cover.lower, key("d", bound)));
    assert_true(fe_slice_equal(cover.upper, key("f", bound)));
    // A second source makes the place smaller, never larger.
    cover.upper = key("e1", bound);
    fe_range_deletes_narrow(&ranges, key("e", bytes), 9, &cover);
    assert_true(fe_slice_equal(cover.upper, key("e1", bound)));
    cover = (fe_range_cover){0};
    fe_range_deletes_narrow(&ranges, key("h", bytes), 9, &cover);
    assert_null(cover.upper.data);
    assert_true(fe_slice_equal(cover.lower, key("g", bound)));
    fe_range_deletes_deinit(&ranges);
    fe_buffer_deinit(&content);
}

static void assert_refused(const ferric_buffer *content)
{
    fe_range_deletes ranges;

    assert_int_equal(fe_range_deletes_decode(fe_buffer_slice(content), "t", &ranges),
                     FERRIC_CORRUPT);
    assert_null(ranges.pieces);
    assert_non_null(strstr(fe_message(), "t: the range deletes"));
}

static void test_lies_are_refused(void **state)
{
    const uint64_t good[] = {9, 4};
    const uint64_t none[] = {0};
    const uint64_t equal[] = {9, 9};
    static const struct {
        const char *lower;
        const char *upper;
    } pairs[] = {{"c", "c"}, {"d", "c"}};
    ferric_buffer content = {0};

    (void)state;
    assert_refused(&content); // A section without pieces is none.
    for (size_t i = 0; i < 2; i++) {
        fe_buffer_clear(&content);
        add(&content, pairs[i].lower, pairs[i].upper, good, 2);
        assert_refused(&content);
    }
    fe_buffer_clear(&content);
    add(&content, "b", "d", good, 2);
    add(&content, "c", "e", good, 2); // Overlaps.
    assert_refused(&content);
    fe_buffer_clear(&content);
    add(&content, "b", "d", good, 0);
    assert_refused(&content);
    fe_buffer_clear(&content);
    add(&content, "b", "d", none, 1);
    assert_refused(&content);
    fe_buffer_clear(&content);
    add(&content, "b", "d", equal, 2);
    assert_refused(&content);
    fe_buffer_deinit(&content);
}

static void test_every_cut_is_refused(void **state)
{
    const uint64_t sequences[] = {900, 40, 7};
    ferric_buffer content = {0};

    (void)state;
    add(&content, "b", "d", sequences, 3);
    while (content.size > 0) {
        content.size--;
        assert_refused(&content);
    }
    fe_buffer_deinit(&content);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_example_of_the_page),
        cmocka_unit_test(test_each_state_sees_its_newest_delete),
        cmocka_unit_test(test_cover_ends_where_the_answer_changes),
        cmocka_unit_test(test_lies_are_refused),
        cmocka_unit_test(test_every_cut_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
