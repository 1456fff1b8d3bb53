// SPDX-License-Identifier: Apache-2.0
// Ranges of an index: whatever matches has a key in them, what they call exact matches, and
// examples.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/status.h"
#include "doc/json.h"
#include "doc/matcher.h"
#include "doc/matcher_ranges.h"
#include "json_maker.h"

#define FILTERS 20000
#define DOCUMENTS 30

static bool is_in(const fe_range *range, ferric_slice key)
{
    if (fe_slice_compare(key, range->lower) < 0) return false;
    return range->upper.size == 0 || fe_slice_compare(key, range->upper) < 0;
}

static bool has_key_in(const fe_index_keys *keys, const fe_index_ranges *ranges)
{
    for (size_t i = 0; i < keys->count; i++) {
        for (size_t j = 0; j < ranges->count; j++) {
            if (is_in(&ranges->ranges[j], keys->keys[i].bytes)) return true;
        }
    }
    return false;
}

// Neither empty nor in disorder.
static void check_order(const char *filter, const fe_index_ranges *ranges)
{
    for (size_t i = 0; i < ranges->count; i++) {
        const fe_range *range = &ranges->ranges[i];
        bool is_good = range->upper.size == 0 || fe_slice_compare(range->lower, range->upper) < 0;
        if (i > 0 && fe_slice_compare(ranges->ranges[i - 1].upper, range->lower) > 0) {
            is_good = false;
        }
        if (!is_good) fail_msg("range %zu of %s", i, filter);
    }
}

typedef struct tally {
    size_t bound;
    size_t exact;
    size_t matched;
} tally;

static void make_minified(fe_random *random, bool is_filter, ferric_buffer *json)
{
    ferric_buffer made = {0};
    if (is_filter) {
        json_make_filter(random, 2, &made);
    } else {
        json_make_document(random, 2, &made);
    }
    fe_buffer_clear(json);
    assert_int_equal(fe_json_minify(fe_buffer_slice(&made), json, NULL), FERRIC_OK);
    fe_buffer_deinit(&made);
}

static void make_shape(fe_random *random, fe_arena *arena, fe_index_shape *shape)
{
    size_t wanted = 1 + fe_random_below(random, 2);
    memset(shape, 0, sizeof *shape);
    while (shape->part_count < wanted) {
        fe_index_part *part = &shape->parts[shape->part_count];
        assert_int_equal(fe_path_parse(fe_slice_text(json_make_path(random)), arena, &part->path),
                         FERRIC_OK);
        part->is_descending = fe_random_below(random, 2) == 0;
        if (shape->part_count == 1 && fe_path_equal(&shape->parts[0].path, &part->path)) continue;
        shape->part_count++;
    }
}

static void check_document(fe_matcher *matcher, const fe_index_shape *shape, const char *filter,
                           ferric_slice text, tally *counts)
{
    fe_doc doc = {fe_slice_text("\"k\""), text};
    fe_arena arena;
    fe_index_keys keys;
    fe_index_ranges ranges;
    bool matches;

    fe_arena_init(&arena);
    if (fe_index_keys_make(shape, &doc, &arena, &keys) == FERRIC_OK) {
        assert_int_equal(fe_condition_ranges(fe_matcher_condition(matcher), shape,
                                             keys.is_multi_key, &arena, &ranges),
                         FERRIC_OK);
        check_order(filter, &ranges);
        assert_int_equal(fe_matcher_test(matcher, &doc, &matches), FERRIC_OK);
        if (matches && !has_key_in(&keys, &ranges)) {
            fail_msg("%s matches %.*s, whose keys are outside", filter, (int)text.size,
                     (const char *)text.data);
        }
        if (ranges.is_exact && !matches && has_key_in(&keys, &ranges)) {
            fail_msg("%s does not match %.*s, which has a key in exact ranges", filter,
                     (int)text.size, (const char *)text.data);
        }
        counts->matched += matches;
        counts->bound += ranges.bound_count > 0;
        counts->exact += ranges.is_exact && ranges.bound_count > 0;
    }
    fe_arena_deinit(&arena);
}

static void test_ranges_hold_all_that_matches(void **state)
{
    fe_random random = {20264};
    ferric_buffer filter = {0};
    ferric_buffer text = {0};
    tally counts = {0};
    (void)state;
    for (int i = 0; i < FILTERS; i++) {
        fe_arena arena;
        fe_matcher *matcher;
        fe_index_shape shape;
        fe_arena_init(&arena);
        make_minified(&random, true, &filter);
        assert_int_equal(fe_buffer_append(&filter, "", 1), FERRIC_OK);
        filter.size--;
        make_shape(&random, &arena, &shape);
        if (fe_matcher_create(fe_buffer_slice(&filter), &matcher) != FERRIC_OK) {
            fail_msg("%s: %s", (char *)filter.data, fe_message());
        }
        for (int j = 0; j < DOCUMENTS; j++) {
            make_minified(&random, false, &text);
            check_document(matcher, &shape, filter.data, fe_buffer_slice(&text), &counts);
        }
        fe_matcher_destroy(matcher);
        fe_arena_deinit(&arena);
    }
    print_message("matched %zu, bound %zu, exact %zu\n", counts.matched, counts.bound,
                  counts.exact);
    assert_true(counts.matched > FILTERS);
    assert_true(counts.bound > FILTERS);
    assert_true(counts.exact > FILTERS / 4);
    fe_buffer_deinit(&filter);
    fe_buffer_deinit(&text);
}

// ---- Examples -------------------------------------------------------------------------------

static void write_hex(ferric_slice bytes, ferric_buffer *text)
{
    for (size_t i = 0; i < bytes.size; i++)
        assert_int_equal(fe_buffer_format(text, "%02x", fe_slice_bytes(bytes)[i]), FERRIC_OK);
}

static void check_ranges(const char *filter, const char *shape_json, bool is_multi_key,
                         const char *expected)
{
    fe_arena arena;
    fe_matcher *matcher;
    fe_index_shape shape;
    fe_index_ranges ranges;
    ferric_buffer text = {0};

    fe_arena_init(&arena);
    assert_int_equal(fe_matcher_create(fe_slice_text(filter), &matcher), FERRIC_OK);
    assert_int_equal(fe_index_shape_parse(fe_slice_text(shape_json), &arena, &shape), FERRIC_OK);
    assert_int_equal(
        fe_condition_ranges(fe_matcher_condition(matcher), &shape, is_multi_key, &arena, &ranges),
        FERRIC_OK);
    assert_int_equal(fe_buffer_format(&text, "%zu%zu%s", ranges.bound_count, ranges.equal_count,
                                      ranges.is_exact ? "=" : "~"),
                     FERRIC_OK);
    for (size_t i = 0; i < ranges.count; i++) {
        assert_int_equal(fe_buffer_format(&text, " "), FERRIC_OK);
        write_hex(ranges.ranges[i].lower, &text);
        assert_int_equal(fe_buffer_format(&text, "-"), FERRIC_OK);
        write_hex(ranges.ranges[i].upper, &text);
    }
    assert_int_equal(fe_buffer_append(&text, "", 1), FERRIC_OK);
    assert_string_equal(text.data, expected);
    fe_buffer_deinit(&text);
    fe_matcher_destroy(matcher);
    fe_arena_deinit(&arena);
}

static void test_examples(void **state)
{
    (void)state;
    check_ranges("{}", "\"a\"", false, "00= -");
    check_ranges("{\"b\":1}", "\"a\"", false, "00~ -");
    check_ranges("{\"a\":1}", "\"a\"", false, "11= 328102-328103");
    check_ranges("{\"a\":1,\"b\":1}", "\"a\"", false, "11~ 328102-328103");
    check_ranges("{\"a\":1,\"b\":2}", "[\"a\",\"b\"]", false, "22= 328102328104-328102328105");
    check_ranges("{\"a\":1,\"b\":2}", "[\"a\",\"-b\"]", false, "22= 328102cd7efb-328102cd7efc");
    check_ranges("{\"a\":{\"$gt\":1}}", "\"a\"", false, "10= 328103-33");
    check_ranges("{\"a\":{\"$gte\":1,\"$lt\":2}}", "\"a\"", false, "10= 328102-328104");
    check_ranges("{\"a\":{\"$gte\":1,\"$lt\":2}}", "\"a\"", true, "10~ 328102-33");
    check_ranges("{\"a\":{\"$elemMatch\":{\"$gte\":1,\"$lt\":2}}}", "\"a\"", true,
                 "10~ 328102-328104");
    check_ranges("{\"a\":{\"$in\":[2,1,2.0]}}", "\"a\"", false, "10= 328102-328103 328104-328105");
    check_ranges("{\"a\":{\"$in\":[2,1]},\"b\":{\"$gte\":true}}", "[\"a\",\"b\"]", false,
                 "20= 32810271-32810272 32810471-32810472");
    check_ranges("{\"a\":{\"$gt\":true}}", "\"a\"", false, "10=");
    check_ranges("{\"a\":null}", "\"a\"", false, "10~ 10-11 20-21");
    check_ranges("{\"a\":{\"$exists\":true}}", "\"a\"", false, "10= 20-80");
    check_ranges("{\"a\":{\"$exists\":false}}", "\"a\"", false, "11~ 10-11");
    check_ranges("{\"a\":{\"$startsWith\":\"ab\"}}", "\"a\"", false, "10= 406162-406163");
    check_ranges("{\"a\":{\"$regex\":\"^ab+\"}}", "\"a\"", false, "10~ 406162-406163");
    check_ranges("{\"a\":{\"$regex\":\"^ab?\"}}", "\"a\"", false, "10~ 4061-4062");
    check_ranges("{\"a\":{\"$regex\":\"^ab\",\"$options\":\"i\"}}", "\"a\"", false, "10~ 40-41");
    check_ranges("{\"a\":{\"$size\":2}}", "\"a\"", false, "10~ 60-61");
    check_ranges("{\"a\":{\"$ne\":1}}", "\"a\"", false, "00~ -");
    check_ranges("{\"a\":{\"$gt\":5,\"$lt\":3}}", "\"a\"", false, "10=");
    check_ranges("{\"a\":{\"$lt\":2}}", "\"-a\"", false, "10= cd7efc-d0");
    check_ranges("{\"a\":{\"$elemMatch\":{\"b\":1}}}", "\"a.b\"", true, "11~ 328102-328103");
    check_ranges("{\"$or\":[{\"a\":1},{\"b\":2}]}", "\"a\"", false, "00~ -");
}

static void test_branches_of_or_are_conditions(void **state)
{
    fe_matcher *matcher;
    const fe_condition *root;
    const fe_condition *branch;
    (void)state;
    assert_int_equal(
        fe_matcher_create(
            fe_slice_text("{\"c\":1,\"$and\":[{\"$or\":[{\"a\":1},{\"b\":2},{\"_id\":\"x\"}]}]}"),
            &matcher),
        FERRIC_OK);
    root = fe_matcher_condition(matcher);
    assert_int_equal(fe_condition_or_count(root), 1);
    assert_false(fe_condition_is_or(root));
    assert_int_equal(fe_condition_or_branches(root, 0, 2, &branch), 3);
    assert_int_equal(fe_condition_id(branch).size, 3);
    assert_int_equal(fe_condition_id(root).size, 0);
    assert_int_equal(fe_condition_or_branches(root, 1, 0, &branch), 0);
    assert_null(branch);
    fe_matcher_destroy(matcher);
}

static void test_long_lists_become_one_range(void **state)
{
    ferric_buffer filter = {0};
    fe_arena arena;
    fe_matcher *matcher;
    fe_index_shape shape;
    fe_index_ranges ranges;
    (void)state;
    fe_arena_init(&arena);
    assert_int_equal(fe_buffer_format(&filter, "{\"a\":{\"$in\":[0"), FERRIC_OK);
    for (int i = 1; i <= FE_INDEX_RANGE_MAX; i++)
        assert_int_equal(fe_buffer_format(&filter, ",%d", i), FERRIC_OK);
    assert_int_equal(fe_buffer_format(&filter, "]}}"), FERRIC_OK);
    assert_int_equal(fe_matcher_create(fe_buffer_slice(&filter), &matcher), FERRIC_OK);
    assert_int_equal(fe_index_shape_parse(fe_slice_text("\"a\""), &arena, &shape), FERRIC_OK);
    assert_int_equal(
        fe_condition_ranges(fe_matcher_condition(matcher), &shape, false, &arena, &ranges),
        FERRIC_OK);
    assert_int_equal(ranges.count, 1);
    assert_false(ranges.is_exact);
    fe_matcher_destroy(matcher);
    fe_arena_deinit(&arena);
    fe_buffer_deinit(&filter);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranges_hold_all_that_matches),
        cmocka_unit_test(test_examples),
        cmocka_unit_test(test_branches_of_or_are_conditions),
        cmocka_unit_test(test_long_lists_become_one_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
