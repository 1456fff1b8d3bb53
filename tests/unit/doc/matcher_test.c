// SPDX-License-Identifier: Apache-2.0
// Filters: what matches, which JSON is no filter and where, and that nothing takes for ever.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/status.h"
#include "doc/matcher.h"

static bool matches(const char *filter, const char *text)
{
    fe_doc doc = {fe_slice_text("\"k1\""), fe_slice_text(text)};
    fe_matcher *matcher;
    bool answer;

    if (fe_matcher_create(fe_slice_text(filter), &matcher) != FERRIC_OK) {
        fail_msg("%s: %s", filter, fe_message());
    }
    assert_int_equal(fe_matcher_test(matcher, &doc, &answer), FERRIC_OK);
    fe_matcher_destroy(matcher);
    return answer;
}

static void yes(const char *filter, const char *text)
{
    if (!matches(filter, text)) fail_msg("%s should match %s", filter, text);
}

static void no(const char *filter, const char *text)
{
    if (matches(filter, text)) fail_msg("%s should not match %s", filter, text);
}

static void test_equality(void **state)
{
    (void)state;
    yes("{}", "{}");
    yes("{}", "7");
    yes("{\"a\":1}", "{\"a\":1.0}");
    yes("{\"a\":1}", "{\"a\":[3,10e-1]}");
    no("{\"a\":1}", "{\"a\":\"1\"}");
    no("{\"a\":1}", "{\"a\":[[1]]}");
    yes("{\"a\":[[1]]}", "{\"a\":[[1]]}");
    yes("{\"a\":[1]}", "{\"a\":[[1]]}");
    yes("{\"a\":{\"x\":1,\"y\":2}}", "{\"a\":{\"y\":2,\"x\":1}}");
    no("{\"a\":{\"x\":1}}", "{\"a\":{\"y\":2,\"x\":1}}");
    yes("{\"a\":\"\\u0061\"}", "{\"a\":\"a\"}");
    yes("{\"a\":9007199254740993}", "{\"a\":9007199254740993}");
    no("{\"a\":9007199254740993}", "{\"a\":9007199254740992}");
    no("{\"a\":9007199254740993}", "{\"a\":9007199254740992.0}");
    yes("{\"a\":1e400}", "{\"a\":10e399}");
    yes("{\"a\":{\"b\":1}}", "{\"a\":{\"b\":1}}");
    yes("{\"a\":{}}", "{\"a\":{}}");
    no("{\"a\":{}}", "{\"a\":{\"b\":1}}");
    yes("{\"_id\":\"k1\"}", "{}");
    yes("{\"_id\":{\"$in\":[\"k0\",\"k1\"]}}", "5");
    no("{\"_id\":\"k2\"}", "{}");
}

static void test_null_and_missing(void **state)
{
    (void)state;
    yes("{\"a\":null}", "{\"a\":null}");
    yes("{\"a\":null}", "{}");
    yes("{\"a\":null}", "{\"a\":[1,null]}");
    no("{\"a\":null}", "{\"a\":[]}");
    no("{\"a\":null}", "{\"a\":0}");
    yes("{\"a.b\":null}", "{\"a\":{}}");
    yes("{\"a.b\":null}", "{\"a\":5}");
    yes("{\"a.b\":null}", "{\"a\":[{\"b\":1},{}]}");
    no("{\"a.b\":null}", "{\"a\":[{\"b\":1}]}");
    no("{\"a.b\":null}", "{\"a\":[1,2]}");
    yes("{\"a.b\":{\"$exists\":false}}", "{\"a\":[1,2]}");
    yes("{\"a\":{\"$in\":[null]}}", "{}");
    no("{\"a\":{\"$nin\":[null]}}", "{}");
    yes("{\"a\":{\"$ne\":1}}", "{}");
    no("{\"a\":{\"$ne\":null}}", "{}");
    yes("{\"a\":{\"$exists\":true}}", "{\"a\":null}");
    no("{\"a\":{\"$exists\":true}}", "{}");
    yes("{\"a\":{\"$gte\":null}}", "{}");
    no("{\"a\":{\"$gt\":null}}", "{}");
    no("{\"a\":{\"$type\":\"null\"}}", "{}");
    yes("{\"a\":{\"$type\":\"null\"}}", "{\"a\":null}");
}

static void test_order(void **state)
{
    (void)state;
    yes("{\"a\":{\"$gt\":5}}", "{\"a\":6}");
    no("{\"a\":{\"$gt\":5}}", "{\"a\":5.0}");
    no("{\"a\":{\"$gt\":5}}", "{\"a\":\"6\"}");
    yes("{\"a\":{\"$gt\":5}}", "{\"a\":[1,6]}");
    yes("{\"a\":{\"$gt\":9007199254740992}}", "{\"a\":9007199254740993}");
    yes("{\"a\":{\"$lt\":\"b\"}}", "{\"a\":\"a\"}");
    yes("{\"a\":{\"$gt\":false}}", "{\"a\":true}");
    yes("{\"a\":{\"$gt\":[1,2]}}", "{\"a\":[1,3]}");
    yes("{\"a\":{\"$gt\":{\"x\":1}}}", "{\"a\":{\"x\":2}}");
    yes("{\"a\":{\"$gte\":1,\"$lte\":2}}", "{\"a\":[0,3]}"); // By different elements.
    no("{\"a\":{\"$elemMatch\":{\"$gte\":1,\"$lte\":2}}}", "{\"a\":[0,3]}");
}

static void test_arrays(void **state)
{
    (void)state;
    yes("{\"a\":{\"$size\":2}}", "{\"a\":[1,2]}");
    no("{\"a\":{\"$size\":1}}", "{\"a\":[[1],[2]]}");
    no("{\"a\":{\"$size\":0}}", "{}");
    yes("{\"a\":{\"$all\":[1,2]}}", "{\"a\":[2,3,1]}");
    no("{\"a\":{\"$all\":[1,4]}}", "{\"a\":[2,3,1]}");
    no("{\"a\":{\"$all\":[]}}", "{\"a\":[]}");
    yes("{\"a\":{\"$all\":[1]}}", "{\"a\":1}");
    yes("{\"a\":{\"$all\":[{\"$elemMatch\":{\"x\":1}},{\"$elemMatch\":{\"x\":2}}]}}",
        "{\"a\":[{\"x\":1},{\"x\":2}]}");
    yes("{\"a\":{\"$elemMatch\":{\"x\":1,\"y\":2}}}", "{\"a\":[{\"x\":1,\"y\":2}]}");
    no("{\"a\":{\"$elemMatch\":{\"x\":1,\"y\":2}}}", "{\"a\":[{\"x\":1},{\"y\":2}]}");
    yes("{\"a\":{\"$elemMatch\":{\"$or\":[{\"x\":1},{\"y\":2}]}}}", "{\"a\":[{\"y\":2}]}");
    no("{\"a\":{\"$elemMatch\":{\"x\":1}}}", "{\"a\":{\"x\":1}}");
    no("{\"a\":{\"$not\":{\"$elemMatch\":{\"$gt\":3}}}}", "{\"a\":[4]}");
    yes("{\"a.0\":4}", "{\"a\":[4,5]}");
    no("{\"a.1\":4}", "{\"a\":[4,5]}");
    yes("{\"a.0.b\":4}", "{\"a\":[{\"b\":4}]}");
    yes("{\"a.b\":4}", "{\"a\":[{\"b\":3},{\"b\":[4]}]}");
    no("{\"a.b\":4}", "{\"a\":[[{\"b\":4}]]}");
    yes("{\"/a~1b/0\":4}", "{\"a/b\":[4]}");
}

static void test_other_operators(void **state)
{
    (void)state;
    yes("{\"a\":{\"$mod\":[4,1]}}", "{\"a\":5}");
    yes("{\"a\":{\"$mod\":[4,-1]}}", "{\"a\":-5.9}");
    yes("{\"a\":{\"$mod\":[-1,0]}}", "{\"a\":-9223372036854775808}");
    no("{\"a\":{\"$mod\":[4,1]}}", "{\"a\":\"5\"}");
    no("{\"a\":{\"$mod\":[1,0]}}", "{\"a\":1e30}");
    yes("{\"a\":{\"$startsWith\":\"\\u00e9\"}}", "{\"a\":\"\xc3\xa9t\"}");
    no("{\"a\":{\"$startsWith\":\"ab\"}}", "{\"a\":\"a\"}");
    yes("{\"a\":{\"$regex\":\"^A.c$\",\"$options\":\"is\"}}", "{\"a\":\"a\\nC\"}");
    no("{\"a\":{\"$regex\":\"^A.c$\",\"$options\":\"i\"}}", "{\"a\":\"a\\nC\"}");
    yes("{\"a\":{\"$regex\":\"\\\\d{2}\"}}", "{\"a\":[7,\"x42\"]}");
    yes("{\"a\":{\"$regex\":\"^.$\"}}", "{\"a\":\"\xc3\xa9\"}"); // One character.
    yes("{\"a\":{\"$regex\":\"\"}}", "{\"a\":\"\"}");
    yes("{\"a\":{\"$type\":[\"string\",\"number\"]}}", "{\"a\":[true,1]}");
    yes("{\"a\":{\"$type\":\"array\"}}", "{\"a\":[]}");
    yes("{\"a\":{\"$type\":\"boolean\"}}", "{\"a\":false}");
    yes("{\"a\":{\"$not\":{\"$gt\":5}}}", "{}");
    yes("{\"a\":{\"$in\":[3,1,2,1]}}", "{\"a\":2.0}");
    no("{\"a\":{\"$in\":[]}}", "{\"a\":2.0}");
    yes("{\"$or\":[{\"a\":1},{\"b\":1}]}", "{\"b\":1}");
    yes("{\"$nor\":[{\"a\":1},{\"b\":1}]}", "{\"b\":2}");
    no("{\"$and\":[{\"a\":1},{\"b\":1}]}", "{\"b\":1}");
}

static void test_values_that_are_no_object_match_no_field(void **state)
{
    (void)state;
    no("{\"a\":null}", "5");
    no("{\"a\":{\"$exists\":false}}", "5");
    no("{\"a\":{\"$ne\":1}}", "[{\"a\":2}]");
    no("{\"0\":1}", "[1]");
    yes("{\"$nor\":[{\"a\":1}]}", "5");
}

static void refused(const char *filter, const char *reason)
{
    fe_matcher *matcher;
    ferric_status status = fe_matcher_create(fe_slice_text(filter), &matcher);
    assert_null(matcher);
    if (status != FERRIC_INVALID_ARGUMENT) fail_msg("%s: %s", filter, fe_status_name(status));
    if (strstr(fe_message(), reason) == NULL) fail_msg("%s: %s", filter, fe_message());
}

static void test_wrong_filters_name_the_place(void **state)
{
    (void)state;
    refused("[]", "a filter is an object");
    refused("{\"a\":1", "byte 6");
    refused("{\"a\":\"\\ud800\"}", "surrogate");
    refused("{\"a\":\"\xff\"}", "UTF-8");
    refused("{\"$foo\":1}", "\"$foo\": no such operator");
    refused("{\"a\":{\"$foo\":1}}", "\"a.$foo\": no such operator");
    refused("{\"a\":{\"$gt\":1,\"b\":2}}", "\"a.b\": a name without '$'");
    refused("{\"$or\":[]}", "\"$or\": expected an array");
    refused("{\"$or\":[{},{\"a\":{\"$x\":1}}]}", "\"$or[1].a.$x\"");
    refused("{\"$or\":[5]}", "\"$or[0]\": expected an object");
    refused("{\"a\":{\"$in\":5}}", "\"a.$in\"");
    refused("{\"a\":{\"$all\":5}}", "\"a.$all\"");
    refused("{\"a\":{\"$exists\":1}}", "true or false");
    refused("{\"a\":{\"$type\":\"int\"}}", "the types are");
    refused("{\"a\":{\"$type\":[]}}", "at least one");
    refused("{\"a\":{\"$size\":-1}}", "not negative");
    refused("{\"a\":{\"$size\":1.5}}", "whole");
    refused("{\"a\":{\"$mod\":[1]}}", "divisor");
    refused("{\"a\":{\"$mod\":[0,1]}}", "divisor is 0");
    refused("{\"a\":{\"$not\":5}}", "object of operators");
    refused("{\"a\":{\"$not\":{\"b\":1}}}", "object of operators");
    refused("{\"a\":{\"$elemMatch\":5}}", "expected an object");
    refused("{\"a\":{\"$regex\":5}}", "expected a string");
    refused("{\"a\":{\"$regex\":\"(\"}}", "\"a.$regex\": the regular expression \"(\": byte 1");
    refused("{\"a\":{\"$regex\":\"a\",\"$options\":\"q\"}}", "options i, m, s and x");
    refused("{\"a\":{\"$options\":\"i\"}}", "beside $regex");
    refused("{\"a\":{\"$startsWith\":1}}", "expected a string");
    refused("{\"a..b\":1}", "empty step");
    refused("{\"\":1}", "a path is empty");
    refused("{\"/a~\":1}", "'~'");
}

static void refused_on(const char *pattern, size_t size, char filler)
{
    ferric_buffer filter = {0};
    ferric_buffer text = {0};
    fe_matcher *matcher;
    fe_doc doc = {{NULL, 0}, {NULL, 0}};
    bool answer;

    assert_int_equal(fe_buffer_format(&filter, "{\"a\":{\"$regex\":\"%s\"}}", pattern), FERRIC_OK);
    assert_int_equal(fe_buffer_format(&text, "{\"a\":\""), FERRIC_OK);
    for (size_t i = 0; i < size; i++)
        assert_int_equal(fe_buffer_append(&text, &filler, 1), FERRIC_OK);
    assert_int_equal(fe_buffer_format(&text, "!\"}"), FERRIC_OK);
    doc.text = fe_buffer_slice(&text);
    assert_int_equal(fe_matcher_create(fe_buffer_slice(&filter), &matcher), FERRIC_OK);
    if (fe_matcher_test(matcher, &doc, &answer) != FERRIC_TOO_LARGE) fail_msg("%s ends", pattern);
    assert_false(answer);
    fe_matcher_destroy(matcher);
    fe_buffer_deinit(&filter);
    fe_buffer_deinit(&text);
}

// Each would run for minutes or years.
static void test_patterns_without_end_are_stopped(void **state)
{
    (void)state;
    refused_on("(a+)+$", 60, 'a');
    refused_on("(a|aa)+$", 60, 'a');
    refused_on("a*a*a*a*[bc]", 5000, 'a');
    refused_on("a*[bc]", 1000000, 'a');
    refused_on("(.*)x\\\\1[yz]", 1000000, 'x');
}

static void test_deep_json_is_refused_at_once(void **state)
{
    ferric_buffer filter = {0};
    fe_matcher *matcher;
    (void)state;
    assert_int_equal(fe_buffer_format(&filter, "{\"a\":"), FERRIC_OK);
    for (int i = 0; i < 100000; i++)
        assert_int_equal(fe_buffer_append(&filter, "[", 1), FERRIC_OK);
    assert_int_equal(fe_matcher_create(fe_buffer_slice(&filter), &matcher),
                     FERRIC_INVALID_ARGUMENT);
    fe_buffer_deinit(&filter);
}

// The most levels that a filter may have, all of them asked.
static void test_deep_filters_match(void **state)
{
    ferric_buffer filter = {0};
    (void)state;
    for (int i = 0; i < 63; i++)
        assert_int_equal(fe_buffer_format(&filter, "{\"$or\":["), FERRIC_OK);
    assert_int_equal(fe_buffer_format(&filter, "{\"a\":1}"), FERRIC_OK);
    for (int i = 0; i < 63; i++)
        assert_int_equal(fe_buffer_format(&filter, "]}"), FERRIC_OK);
    yes(filter.data, "{\"a\":1}");
    no(filter.data, "{\"a\":2}");
    fe_buffer_deinit(&filter);
}

static bool implies(const char *filter, const char *implied)
{
    fe_matcher *a;
    fe_matcher *b;
    bool answer;
    assert_int_equal(fe_matcher_create(fe_slice_text(filter), &a), FERRIC_OK);
    assert_int_equal(fe_matcher_create(fe_slice_text(implied), &b), FERRIC_OK);
    answer = fe_matcher_implies(a, b);
    fe_matcher_destroy(a);
    fe_matcher_destroy(b);
    return answer;
}

static void test_a_filter_implies_its_conjuncts(void **state)
{
    (void)state;
    assert_true(implies("{\"a\":1,\"b\":{\"$gt\":2}}", "{}"));
    assert_true(implies("{\"a\":1,\"b\":{\"$gt\":2}}", "{\"b\":{\"$gt\":2.0}}"));
    assert_true(implies("{\"$and\":[{\"/a\":1},{\"b\":2}]}", "{\"a\":1}"));
    assert_true(implies("{\"$or\":[{\"a\":1},{\"b\":2}]}", "{\"$or\":[{\"a\":1},{\"b\":2}]}"));
    assert_false(implies("{\"$or\":[{\"a\":1},{\"b\":2}]}", "{\"$or\":[{\"a\":1}]}"));
    assert_false(implies("{\"a\":1}", "{\"a\":2}"));
    assert_false(implies("{\"a\":{\"$in\":[1,2]}}", "{\"a\":{\"$in\":[1,3]}}"));
    assert_false(implies("{}", "{\"a\":1}"));
    assert_false(implies("{\"a\":{\"$size\":1}}", "{\"a\":{\"$size\":2}}"));
    assert_false(
        implies("{\"a\":{\"$regex\":\"x\"}}", "{\"a\":{\"$regex\":\"x\",\"$options\":\"i\"}}"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equality),
        cmocka_unit_test(test_null_and_missing),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_arrays),
        cmocka_unit_test(test_other_operators),
        cmocka_unit_test(test_values_that_are_no_object_match_no_field),
        cmocka_unit_test(test_wrong_filters_name_the_place),
        cmocka_unit_test(test_patterns_without_end_are_stopped),
        cmocka_unit_test(test_deep_json_is_refused_at_once),
        cmocka_unit_test(test_deep_filters_match),
        cmocka_unit_test(test_a_filter_implies_its_conjuncts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
