// SPDX-License-Identifier: Apache-2.0
// What a find shows and computes: projections, sort keys, groups and distinct values.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/status.h"
#include "doc/group.h"
#include "doc/projection.h"
#include "doc/sort_key.h"

static void shows(const char *json, const char *text, const char *expected)
{
    fe_doc doc = {fe_slice_text("\"k\""), fe_slice_text(text)};
    fe_projection *projection = NULL;
    fe_arena arena;
    ferric_buffer shown = {0};

    fe_arena_init(&arena);
    if (json != NULL && fe_projection_create(fe_slice_text(json), &arena, &projection) != 0) {
        fail_msg("%s: %s", json, fe_message());
    }
    assert_int_equal(fe_projection_apply(projection, &doc, &shown), FERRIC_OK);
    assert_int_equal(fe_buffer_append(&shown, "", 1), FERRIC_OK);
    assert_string_equal(shown.data, expected);
    fe_buffer_deinit(&shown);
    fe_arena_deinit(&arena);
}

static void refused(const char *json, const char *reason)
{
    fe_projection *projection;
    fe_arena arena;

    fe_arena_init(&arena);
    assert_int_equal(fe_projection_create(fe_slice_text(json), &arena, &projection),
                     FERRIC_INVALID_ARGUMENT);
    if (strstr(fe_message(), reason) == NULL) fail_msg("%s: %s", json, fe_message());
    fe_arena_deinit(&arena);
}

static void test_projections(void **state)
{
    static const char text[] =
        "{\"a\":1.50,\"b\":{\"x\":1,\"y\":2},\"c\":[{\"x\":1,\"y\":2},5,[{\"x\":3}]]}";
    (void)state;
    shows(NULL, "{}", "{\"_id\":\"k\"}");
    shows(NULL, "{\"a\":1}", "{\"_id\":\"k\",\"a\":1}");
    shows(NULL, "5", "{\"_id\":\"k\",\"_value\":5}");
    shows("{}", "{\"a\":1}", "{\"_id\":\"k\",\"a\":1}");
    shows("{\"_id\":0}", "{\"a\":1}", "{\"a\":1}");
    shows("{\"_id\":1}", "{\"a\":1}", "{\"_id\":\"k\"}");
    shows("{\"a\":1}", text, "{\"_id\":\"k\",\"a\":1.50}");
    shows("[\"a\",\"b.y\"]", text, "{\"_id\":\"k\",\"a\":1.50,\"b\":{\"y\":2}}");
    shows("{\"b.x\":true,\"_id\":false}", text, "{\"b\":{\"x\":1}}");
    shows("{\"c.x\":1,\"_id\":0}", text, "{\"c\":[{\"x\":1},[{\"x\":3}]]}");
    shows("{\"a.x\":1,\"_id\":0}", text, "{}");
    shows("{\"b.x\":0,\"a\":0}", text,
          "{\"_id\":\"k\",\"b\":{\"y\":2},\"c\":[{\"x\":1,\"y\":2},5,[{\"x\":3}]]}");
    shows("{\"c.x\":0,\"b\":0,\"a\":0,\"_id\":0}", text, "{\"c\":[{\"y\":2},5,[{}]]}");
    shows("{\"_value\":1}", "5", "{\"_id\":\"k\",\"_value\":5}");
    shows("{\"a\":1}", "5", "{\"_id\":\"k\"}");
    refused("{\"a\":1,\"b\":0}", "shows or hides");
    refused("{\"a\":2}", "1 or 0");
    refused("{\"a\":1,\"a.b\":1}", "inside another");
    refused("{\"a.b\":1,\"a\":1}", "inside another");
    refused("[\"a\",\"a\"]", "twice");
    refused("[5]", "expected a path");
    refused("5", "a projection is");
}

static void check_sort(const char *sort_json, const char *first, const char *second, int expected)
{
    fe_doc left = {fe_slice_text("\"k1\""), fe_slice_text(first)};
    fe_doc right = {fe_slice_text("\"k2\""), fe_slice_text(second)};
    fe_arena arena;
    fe_sort sort;
    ferric_buffer left_key = {0};
    ferric_buffer right_key = {0};
    int order;

    fe_arena_init(&arena);
    assert_int_equal(fe_sort_parse(fe_slice_text(sort_json), &arena, &sort), FERRIC_OK);
    assert_int_equal(fe_sort_key_append(&sort, &left, &left_key), FERRIC_OK);
    assert_int_equal(fe_sort_key_append(&sort, &right, &right_key), FERRIC_OK);
    order = fe_slice_compare(fe_buffer_slice(&left_key), fe_buffer_slice(&right_key));
    if ((order > 0) - (order < 0) != expected) fail_msg("%s: %s, %s", sort_json, first, second);
    fe_buffer_deinit(&left_key);
    fe_buffer_deinit(&right_key);
    fe_arena_deinit(&arena);
}

static void test_sort_keys(void **state)
{
    (void)state;
    check_sort("{\"a\":1}", "{\"a\":1}", "{\"a\":2}", -1);
    check_sort("{\"a\":-1}", "{\"a\":1}", "{\"a\":2}", 1);
    check_sort("\"-a\"", "{\"a\":1}", "{\"a\":2}", 1);
    check_sort("\"a\"", "{}", "{\"a\":null}", -1);
    check_sort("\"a\"", "{\"a\":1}", "{\"a\":1.0}", -1); // By "_id".
    check_sort("\"-a\"", "{\"a\":1}", "{\"a\":1.0}", 1);
    check_sort("\"a\"", "{\"a\":[5,1]}", "{\"a\":2}", -1);
    check_sort("\"-a\"", "{\"a\":[5,1]}", "{\"a\":2}", -1);
    check_sort("\"a\"", "{\"a\":[]}", "{\"a\":null}", -1);
    check_sort("[\"a\",\"-b\"]", "{\"a\":1,\"b\":1}", "{\"a\":1,\"b\":2}", 1);
    check_sort("\"a.b\"", "{\"a\":[{\"b\":9},{\"b\":0}]}", "{\"a\":{\"b\":1}}", -1);
    check_sort("\"a\"", "{\"a\":\"z\"}", "{\"a\":{}}", -1);
    check_sort("\"a\"", "{\"a\":[[]]}", "{\"a\":false}", -1);
}

static void groups(const char *json, const char *const *texts, size_t count, const char *expected)
{
    fe_group *group;
    ferric_buffer result = {0};

    if (fe_group_create(fe_slice_text(json), 1 << 20, &group) != FERRIC_OK) {
        fail_msg("%s: %s", json, fe_message());
    }
    for (size_t i = 0; i < count; i++) {
        fe_doc doc = {fe_slice_text("\"k\""), fe_slice_text(texts[i])};
        assert_int_equal(fe_group_add(group, &doc), FERRIC_OK);
    }
    for (size_t i = 0; i < fe_group_count(group); i++)
        assert_int_equal(fe_group_append(group, i, &result), FERRIC_OK);
    assert_int_equal(fe_buffer_append(&result, "", 1), FERRIC_OK);
    assert_string_equal(result.data, expected);
    fe_buffer_deinit(&result);
    fe_group_destroy(group);
}

static void test_groups(void **state)
{
    static const char *const people[] = {
        "{\"c\":\"Oslo\",\"age\":30,\"t\":[1,2]}",
        "{\"c\":\"Bergen\",\"age\":41.5}",
        "{\"c\":\"Oslo\",\"age\":\"x\"}",
        "{\"age\":9223372036854775807}",
        "{\"c\":null,\"age\":1}",
        "{\"c\":\"Oslo\",\"age\":20,\"a\":[{\"b\":2},{\"b\":3},4]}"};
    (void)state;
    groups("{\"_id\":\"$c\",\"n\":{\"$count\":{}}}", people, 6,
           "{\"_id\":null,\"n\":2}{\"_id\":\"Bergen\",\"n\":1}{\"_id\":\"Oslo\",\"n\":3}");
    groups("{\"_id\":null,\"n\":{\"$sum\":1},\"s\":{\"$sum\":\"$age\"}}", people, 3,
           "{\"_id\":null,\"n\":3,\"s\":71.5}");
    groups("{\"_id\":\"$c\",\"s\":{\"$sum\":\"$age\"},\"m\":{\"$avg\":\"$age\"}}", people, 6,
           "{\"_id\":null,\"s\":9.223372036854776e+18,\"m\":4.611686018427388e+18}"
           "{\"_id\":\"Bergen\",\"s\":41.5,\"m\":41.5}{\"_id\":\"Oslo\",\"s\":50,\"m\":25}");
    groups("{\"_id\":null,\"lo\":{\"$min\":\"$age\"},\"hi\":{\"$max\":\"$age\"}}", people, 3,
           "{\"_id\":null,\"lo\":30,\"hi\":\"x\"}");
    groups("{\"_id\":{\"c\":\"$c\",\"z\":\"$z\"},\"n\":{\"$count\":{}}}", people, 2,
           "{\"_id\":{\"c\":\"Bergen\",\"z\":null},\"n\":1}"
           "{\"_id\":{\"c\":\"Oslo\",\"z\":null},\"n\":1}");
    groups("{\"_id\":\"$a.b\"}", people + 5, 1, "{\"_id\":[2,3]}");
    groups("{\"_id\":\"$_id\"}", people, 6, "{\"_id\":\"k\"}");
    groups("{\"_id\":null,\"m\":{\"$avg\":\"$zz\"},\"x\":{\"$max\":\"$zz\"}}", people, 2,
           "{\"_id\":null,\"m\":null,\"x\":null}");
}

static void group_refused(const char *json, const char *reason)
{
    fe_group *group;
    assert_int_equal(fe_group_create(fe_slice_text(json), 1 << 20, &group),
                     FERRIC_INVALID_ARGUMENT);
    if (strstr(fe_message(), reason) == NULL) fail_msg("%s: %s", json, fe_message());
}

static void test_wrong_groups_are_refused(void **state)
{
    (void)state;
    group_refused("[]", "a group is an object");
    group_refused("{}", "has an \"_id\"");
    group_refused("{\"_id\":\"c\"}", "\"$path\"");
    group_refused("{\"_id\":5}", "\"$path\"");
    group_refused("{\"_id\":null,\"n\":5}", "one accumulator");
    group_refused("{\"_id\":null,\"n\":{\"$sum\":1,\"$avg\":1}}", "one accumulator");
    group_refused("{\"_id\":null,\"n\":{\"$foo\":1}}", "the accumulators are");
    group_refused("{\"_id\":null,\"n\":{\"$count\":1}}", "$count takes {}");
    group_refused("{\"_id\":null,\"n\":{\"$sum\":[1]}}", "or a number");
    group_refused("{\"_id\":null,\"$n\":{\"$sum\":1}}", "does not begin");
}

static void test_distinct_values(void **state)
{
    static const char *const texts[] = {"{\"a\":[2,1,2.0]}", "{\"a\":\"x\"}", "{\"b\":1}",
                                        "{\"a\":1.0}",       "{\"a\":[]}",    "{\"a\":null}"};
    fe_distinct *distinct;
    ferric_buffer json = {0};
    (void)state;
    assert_int_equal(fe_distinct_create(fe_slice_text("a"), 1 << 20, &distinct), FERRIC_OK);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        fe_doc doc = {{NULL, 0}, fe_slice_text(texts[i])};
        assert_int_equal(fe_distinct_add(distinct, &doc), FERRIC_OK);
    }
    assert_int_equal(fe_distinct_append(distinct, &json), FERRIC_OK);
    assert_int_equal(fe_buffer_append(&json, "", 1), FERRIC_OK);
    assert_string_equal(json.data, "[null,1,2,\"x\"]");
    fe_buffer_deinit(&json);
    fe_distinct_destroy(distinct);
}

static void test_memory_is_bounded(void **state)
{
    fe_distinct *distinct;
    ferric_status status = FERRIC_OK;
    int i = 0;
    (void)state;
    assert_int_equal(fe_distinct_create(fe_slice_text("a"), 100000, &distinct), FERRIC_OK);
    for (; i < 100000 && status == FERRIC_OK; i++) {
        ferric_buffer text = {0};
        fe_doc doc = {{NULL, 0}, {NULL, 0}};
        assert_int_equal(fe_buffer_format(&text, "{\"a\":%d}", i), FERRIC_OK);
        doc.text = fe_buffer_slice(&text);
        status = fe_distinct_add(distinct, &doc);
        fe_buffer_deinit(&text);
    }
    assert_int_equal(status, FERRIC_MEMORY_LIMIT);
    assert_in_range(i, 200, 5000);
    fe_distinct_destroy(distinct);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_projections),     cmocka_unit_test(test_sort_keys),
        cmocka_unit_test(test_groups),          cmocka_unit_test(test_wrong_groups_are_refused),
        cmocka_unit_test(test_distinct_values), cmocka_unit_test(test_memory_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
