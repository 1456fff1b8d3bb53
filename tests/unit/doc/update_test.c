// SPDX-License-Identifier: Apache-2.0
// Updates by operators, merge patches and patches: what they make of documents, and what they
// refuse.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/json_text.h"
#include "base/status.h"
#include "doc/matcher.h"
#include "doc/patch.h"
#include "doc/update.h"

static ferric_status apply(const char *json, const char *text, ferric_buffer *result,
                           bool *is_changed)
{
    fe_doc doc = {{NULL, 0}, fe_slice_text(text)};
    fe_update *update;
    ferric_status status;

    if (fe_update_create(fe_slice_text(json), &update) != FERRIC_OK) {
        fail_msg("%s: %s", json, fe_message());
    }
    status = fe_update_apply(update, &doc, result, is_changed);
    fe_update_destroy(update);
    return status;
}

static void gives(const char *json, const char *text, const char *expected)
{
    ferric_buffer result = {0};
    bool is_changed;
    ferric_status status = apply(json, text, &result, &is_changed);

    if (status != FERRIC_OK) fail_msg("%s on %s: %s", json, text, fe_message());
    assert_int_equal(fe_buffer_append(&result, "", 1), FERRIC_OK);
    assert_string_equal(result.data, expected);
    assert_int_equal(is_changed, strcmp(text, expected) != 0);
    fe_buffer_deinit(&result);
}

static void fails(const char *json, const char *text, ferric_status expected, const char *reason)
{
    ferric_buffer result = {0};
    bool is_changed;
    ferric_status status = apply(json, text, &result, &is_changed);

    if (status != expected) fail_msg("%s on %s: %s", json, text, fe_status_name(status));
    if (strstr(fe_message(), reason) == NULL) fail_msg("%s: %s", json, fe_message());
    assert_false(is_changed);
    fe_buffer_deinit(&result);
}

static void test_set_and_unset(void **state)
{
    (void)state;
    gives("{\"$set\":{\"a\":1}}", "{}", "{\"a\":1}");
    gives("{\"$set\":{\"a\":1}}", "{\"b\":1.50,\"a\":{}}", "{\"b\":1.50,\"a\":1}");
    gives("{\"$set\":{\"a\":1}}", "{\"\\u0061\":2}", "{\"\\u0061\":1}");
    gives("{\"$set\":{\"a.b.c\":[1]}}", "{\"x\":1}", "{\"x\":1,\"a\":{\"b\":{\"c\":[1]}}}");
    gives("{\"$set\":{\"a.1\":5}}", "{\"a\":[1,2,3]}", "{\"a\":[1,5,3]}");
    gives("{\"$set\":{\"a.4\":5}}", "{\"a\":[1]}", "{\"a\":[1,null,null,null,5]}");
    gives("{\"$set\":{\"a.0.b\":5}}", "{\"a\":[]}", "{\"a\":[{\"b\":5}]}");
    gives("{\"$set\":{\"a.0\":5}}", "{}", "{\"a\":{\"0\":5}}");
    gives("{\"$set\":{\"/a~1b/c.d\":5}}", "{}", "{\"a/b\":{\"c.d\":5}}");
    gives("{\"$set\":{\"a\":1},\"$inc\":{\"b\":2}}", "{\"b\":1}", "{\"b\":3,\"a\":1}");
    gives("{\"$unset\":{\"a\":\"\"}}", "{\"a\":1,\"b\":2}", "{\"b\":2}");
    gives("{\"$unset\":{\"a\":1,\"b\":1}}", "{\"a\":1,\"b\":2}", "{}");
    gives("{\"$unset\":{\"a.b\":1}}", "{\"a\":7}", "{\"a\":7}");
    gives("{\"$unset\":{\"a.1\":1}}", "{\"a\":[1,2,3]}", "{\"a\":[1,null,3]}");
    fails("{\"$set\":{\"a.b\":1}}", "{\"a\":7}", FERRIC_INVALID_ARGUMENT, "no object");
    fails("{\"$set\":{\"a.b\":1}}", "{\"a\":null}", FERRIC_INVALID_ARGUMENT, "no object");
    fails("{\"$set\":{\"a.b\":1}}", "{\"a\":[1]}", FERRIC_INVALID_ARGUMENT, "position");
    fails("{\"$set\":{\"a.2000000\":1}}", "{\"a\":[1]}", FERRIC_TOO_LARGE, "position");
    fails("{\"$set\":{\"a\":1}}", "[1]", FERRIC_INVALID_ARGUMENT, "no object");
}

static void test_numbers(void **state)
{
    (void)state;
    gives("{\"$inc\":{\"a\":2}}", "{}", "{\"a\":2}");
    gives("{\"$inc\":{\"a\":2}}", "{\"a\":40}", "{\"a\":42}");
    gives("{\"$inc\":{\"a\":-1}}", "{\"a\":9007199254740993}", "{\"a\":9007199254740992}");
    gives("{\"$inc\":{\"a\":0.5}}", "{\"a\":1}", "{\"a\":1.5}");
    gives("{\"$inc\":{\"a\":0.1}}", "{\"a\":0.2}", "{\"a\":0.30000000000000004}");
    gives("{\"$inc\":{\"a\":1.0}}", "{\"a\":1}", "{\"a\":2}");
    gives("{\"$mul\":{\"a\":3}}", "{\"a\":-7}", "{\"a\":-21}");
    gives("{\"$mul\":{\"a\":3}}", "{}", "{\"a\":0}");
    gives("{\"$mul\":{\"a\":1e300}}", "{\"a\":2}", "{\"a\":2e+300}");
    fails("{\"$inc\":{\"a\":1}}", "{\"a\":9223372036854775807}", FERRIC_OVERFLOW, "64 bits");
    fails("{\"$inc\":{\"a\":-1}}", "{\"a\":-9223372036854775808}", FERRIC_OVERFLOW, "64 bits");
    fails("{\"$inc\":{\"a\":1}}", "{\"a\":9223372036854775808}", FERRIC_OVERFLOW, "64 bits");
    fails("{\"$mul\":{\"a\":-1}}", "{\"a\":-9223372036854775808}", FERRIC_OVERFLOW, "64 bits");
    gives("{\"$mul\":{\"a\":-1}}", "{\"a\":9223372036854775807}", "{\"a\":-9223372036854775807}");
    gives("{\"$mul\":{\"a\":2}}", "{\"a\":-4611686018427387904}", "{\"a\":-9223372036854775808}");
    fails("{\"$mul\":{\"a\":1e308}}", "{\"a\":1e308}", FERRIC_OVERFLOW, "double");
    fails("{\"$inc\":{\"a\":1}}", "{\"a\":\"1\"}", FERRIC_INVALID_ARGUMENT, "no number");
    gives("{\"$min\":{\"a\":1}}", "{\"a\":2}", "{\"a\":1}");
    gives("{\"$min\":{\"a\":2.0}}", "{\"a\":2}", "{\"a\":2}");
    gives("{\"$max\":{\"a\":\"x\"}}", "{\"a\":2}", "{\"a\":\"x\"}");
    gives("{\"$max\":{\"a\":null}}", "{}", "{\"a\":null}");
}

static void test_arrays(void **state)
{
    (void)state;
    gives("{\"$push\":{\"a\":1}}", "{}", "{\"a\":[1]}");
    gives("{\"$push\":{\"a\":[1]}}", "{\"a\":[0]}", "{\"a\":[0,[1]]}");
    gives("{\"$push\":{\"a\":{\"$each\":[3,4]}}}", "{\"a\":[1]}", "{\"a\":[1,3,4]}");
    gives("{\"$push\":{\"a\":{\"$each\":[8,9],\"$position\":1}}}", "{\"a\":[1,2]}",
          "{\"a\":[1,8,9,2]}");
    gives("{\"$push\":{\"a\":{\"$each\":[8,9],\"$position\":-1}}}", "{\"a\":[1,2]}",
          "{\"a\":[1,8,9,2]}");
    gives("{\"$push\":{\"a\":{\"$each\":[8],\"$position\":-9}}}", "{\"a\":[1,2]}",
          "{\"a\":[8,1,2]}");
    gives("{\"$push\":{\"a\":{\"$each\":[8],\"$position\":9}}}", "{\"a\":[1,2]}",
          "{\"a\":[1,2,8]}");
    gives("{\"$push\":{\"a\":{\"$each\":[3],\"$slice\":-2}}}", "{\"a\":[1,2]}", "{\"a\":[2,3]}");
    gives("{\"$push\":{\"a\":{\"$each\":[],\"$slice\":1}}}", "{\"a\":[1,2]}", "{\"a\":[1]}");
    gives("{\"$push\":{\"a\":{\"$each\":[3],\"$slice\":0}}}", "{\"a\":[1,2]}", "{\"a\":[]}");
    gives("{\"$addToSet\":{\"a\":1}}", "{\"a\":[1.0]}", "{\"a\":[1.0]}");
    gives("{\"$addToSet\":{\"a\":{\"$each\":[1,\"1\",null,[1],1.0,null,[1.0]]}}}", "{\"a\":[2,2]}",
          "{\"a\":[2,2,1,\"1\",null,[1]]}");
    gives("{\"$addToSet\":{\"a\":{\"$each\":[2,1,2,3]}}}", "{\"a\":[1]}", "{\"a\":[1,2,3]}");
    gives("{\"$addToSet\":{\"a\":{\"y\":2,\"x\":1}}}", "{\"a\":[{\"x\":1,\"y\":2}]}",
          "{\"a\":[{\"x\":1,\"y\":2}]}");
    gives("{\"$pull\":{\"a\":1}}", "{\"a\":[1,2,1.0,[1]]}", "{\"a\":[2,[1]]}");
    gives("{\"$pull\":{\"a\":{\"$gt\":1}}}", "{\"a\":[1,2,3]}", "{\"a\":[1]}");
    gives("{\"$pull\":{\"a\":{\"x\":1}}}", "{\"a\":[{\"x\":1,\"y\":2},{\"x\":2},1]}",
          "{\"a\":[{\"x\":2},1]}");
    gives("{\"$pull\":{\"a\":1}}", "{}", "{}");
    fails("{\"$push\":{\"a\":1}}", "{\"a\":1}", FERRIC_INVALID_ARGUMENT, "no array");
    fails("{\"$pull\":{\"a\":1}}", "{\"a\":1}", FERRIC_INVALID_ARGUMENT, "no array");
    fails("{\"$addToSet\":{\"a\":1}}", "{\"a\":{}}", FERRIC_INVALID_ARGUMENT, "no array");
}

static void test_rename(void **state)
{
    (void)state;
    gives("{\"$rename\":{\"a\":\"b\"}}", "{\"a\":1,\"c\":2}", "{\"c\":2,\"b\":1}");
    gives("{\"$rename\":{\"a\":\"b\"}}", "{\"a\":1,\"b\":2}", "{\"b\":1}");
    gives("{\"$rename\":{\"a.x\":\"b.y\"}}", "{\"a\":{\"x\":[1]}}", "{\"a\":{},\"b\":{\"y\":[1]}}");
    gives("{\"$rename\":{\"z\":\"b\"}}", "{\"a\":1}", "{\"a\":1}");
    fails("{\"$rename\":{\"a.0\":\"b\"}}", "{\"a\":[1]}", FERRIC_INVALID_ARGUMENT, "no names");
}

static void refused(const char *json, const char *reason)
{
    fe_update *update;
    assert_int_equal(fe_update_create(fe_slice_text(json), &update), FERRIC_INVALID_ARGUMENT);
    assert_null(update);
    if (strstr(fe_message(), reason) == NULL) fail_msg("%s: %s", json, fe_message());
}

static void test_wrong_updates_name_the_place(void **state)
{
    (void)state;
    refused("{}", "object of operators");
    refused("[]", "object of operators");
    refused("{\"a\":1}", "no such operator");
    refused("{\"$foo\":{\"a\":1}}", "\"$foo\": no such operator");
    refused("{\"$set\":5}", "\"$set\": expected an object");
    refused("{\"$inc\":{\"a\":\"1\"}}", "\"$inc.a\": expected a number");
    refused("{\"$set\":{\"a\":1},\"$inc\":{\"a\":1}}", "same place");
    refused("{\"$set\":{\"a\":1,\"a.b\":1}}", "same place");
    refused("{\"$rename\":{\"a\":\"a.b\"}}", "inside it");
    refused("{\"$rename\":{\"a\":5}}", "new path");
    refused("{\"$set\":{\"b\":1},\"$rename\":{\"a\":\"b\"}}", "same place");
    refused("{\"$set\":{\"_id\":1}}", "\"_id\"");
    refused("{\"$rename\":{\"a\":\"_id\"}}", "\"_id\"");
    refused("{\"$set\":{\"a..b\":1}}", "empty step");
    refused("{\"$set\":{\"a.$\":1}}", "'$'");
    refused("{\"$push\":{\"a\":{\"$each\":5}}}", "$each is an array");
    refused("{\"$push\":{\"a\":{\"$each\":[],\"$sort\":1}}}", "$position and $slice");
    refused("{\"$push\":{\"a\":{\"$each\":[],\"$slice\":1.5}}}", "whole numbers");
    refused("{\"$pull\":{\"a\":{\"$foo\":1}}}", "$foo");
}

static void test_results_keep_to_the_limits(void **state)
{
    ferric_buffer json = {0};
    (void)state;
    assert_int_equal(fe_buffer_format(&json, "{\"$set\":{\"a.b.c.d\":"), FERRIC_OK);
    for (int i = 0; i < 126; i++)
        assert_int_equal(fe_buffer_append(&json, "[", 1), FERRIC_OK);
    for (int i = 0; i < 126; i++)
        assert_int_equal(fe_buffer_append(&json, "]", 1), FERRIC_OK);
    assert_int_equal(fe_buffer_format(&json, "}}"), FERRIC_OK);
    fails(json.data, "{}", FERRIC_TOO_LARGE, "128 levels");
    fe_buffer_deinit(&json);
}

// ---- RFC 7396 -------------------------------------------------------------------------------

static void merges(const char *target, const char *patch, const char *expected)
{
    ferric_buffer text = {0};
    if (fe_merge_patch(fe_slice_text(target), fe_slice_text(patch), &text) != FERRIC_OK) {
        fail_msg("%s: %s", patch, fe_message());
    }
    assert_int_equal(fe_buffer_append(&text, "", 1), FERRIC_OK);
    assert_string_equal(text.data, expected);
    fe_buffer_deinit(&text);
}

// Appendix A, all of it.
static void test_merge_patch_does_what_the_rfc_shows(void **state)
{
    (void)state;
    merges("{\"a\":\"b\"}", "{\"a\":\"c\"}", "{\"a\":\"c\"}");
    merges("{\"a\":\"b\"}", "{\"b\":\"c\"}", "{\"a\":\"b\",\"b\":\"c\"}");
    merges("{\"a\":\"b\"}", "{\"a\":null}", "{}");
    merges("{\"a\":\"b\",\"b\":\"c\"}", "{\"a\":null}", "{\"b\":\"c\"}");
    merges("{\"a\":[\"b\"]}", "{\"a\":\"c\"}", "{\"a\":\"c\"}");
    merges("{\"a\":\"c\"}", "{\"a\":[\"b\"]}", "{\"a\":[\"b\"]}");
    merges("{\"a\":{\"b\":\"c\"}}", "{\"a\":{\"b\":\"d\",\"c\":null}}", "{\"a\":{\"b\":\"d\"}}");
    merges("{\"a\":[{\"b\":\"c\"}]}", "{\"a\":[1]}", "{\"a\":[1]}");
    merges("[\"a\",\"b\"]", "[\"c\",\"d\"]", "[\"c\",\"d\"]");
    merges("{\"a\":\"b\"}", "[\"c\"]", "[\"c\"]");
    merges("{\"a\":\"foo\"}", "null", "null");
    merges("{\"a\":\"foo\"}", "\"bar\"", "\"bar\"");
    merges("{\"e\":null}", "{\"a\":1}", "{\"e\":null,\"a\":1}");
    merges("[1,2]", "{\"a\":\"b\",\"c\":null}", "{\"a\":\"b\"}");
    merges("{}", "{\"a\":{\"bb\":{\"ccc\":null}}}", "{\"a\":{\"bb\":{}}}");
    merges("", "{\"a\":1}", "{\"a\":1}");
    merges("{\"a\":1.50,\"\\u0062\":2}", "{\"b\":3}", "{\"a\":1.50,\"\\u0062\":3}");
}

static void test_large_merge_patches_are_fast_and_right(void **state)
{
    ferric_buffer target = {0};
    ferric_buffer patch = {0};
    ferric_buffer text = {0};
    size_t kept = 0;
    fe_json_walk walk;
    ferric_slice name;
    ferric_slice value;
    (void)state;
    for (int i = 0; i < 20000; i++) {
        assert_int_equal(fe_buffer_format(&target, "%s\"m%d\":1", i == 0 ? "{" : ",", i), 0);
        assert_int_equal(fe_buffer_format(&patch, "%s\"m%d\":%s", i == 0 ? "{" : ",", 3 * i,
                                          i % 2 ? "null" : "2"),
                         0);
    }
    assert_int_equal(fe_buffer_append(&target, "}", 1), FERRIC_OK);
    assert_int_equal(fe_buffer_append(&patch, "}", 1), FERRIC_OK);
    assert_int_equal(fe_merge_patch(fe_buffer_slice(&target), fe_buffer_slice(&patch), &text), 0);
    walk = fe_json_walk_into(fe_buffer_slice(&text));
    while (fe_json_next_member(&walk, &name, &value))
        kept++;
    // Of 20,000 members a sixth goes; of those of the patch, two thirds are new, half of these
    // null.
    assert_int_equal(kept, 20000 - 3333 + 6666);
    fe_buffer_deinit(&target);
    fe_buffer_deinit(&patch);
    fe_buffer_deinit(&text);
}

// ---- RFC 6902 -------------------------------------------------------------------------------

static void patches(const char *target, const char *patch, ferric_status expected,
                    const char *expected_text)
{
    ferric_buffer text = {0};
    ferric_status status = fe_json_patch(fe_slice_text(target), fe_slice_text(patch), &text);
    if (status != expected) fail_msg("%s: %s", patch, fe_status_name(status));
    if (status == FERRIC_OK) {
        assert_int_equal(fe_buffer_append(&text, "", 1), FERRIC_OK);
        assert_string_equal(text.data, expected_text);
    } else if (status == FERRIC_INVALID_ARGUMENT && strstr(fe_message(), expected_text) == NULL) {
        fail_msg("%s: %s", patch, fe_message());
    }
    fe_buffer_deinit(&text);
}

static void test_patch_operations(void **state)
{
    (void)state;
    patches("{\"a\":1}", "[]", FERRIC_OK, "{\"a\":1}");
    patches("{\"a\":[1,2]}", "[{\"op\":\"add\",\"path\":\"/a/1\",\"value\":9}]", FERRIC_OK,
            "{\"a\":[1,9,2]}");
    patches("{\"a\":[1,2]}", "[{\"op\":\"add\",\"path\":\"/a/-\",\"value\":9}]", FERRIC_OK,
            "{\"a\":[1,2,9]}");
    patches("{\"a\":[1,2]}", "[{\"op\":\"remove\",\"path\":\"/a/0\"}]", FERRIC_OK, "{\"a\":[2]}");
    patches("{\"a\":1}", "[{\"op\":\"replace\",\"path\":\"\",\"value\":[1]}]", FERRIC_OK, "[1]");
    patches("{\"a\":{\"b\":1}}",
            "[{\"op\":\"move\",\"from\":\"/a/b\",\"path\":\"/c\"},"
            "{\"op\":\"copy\",\"from\":\"/c\",\"path\":\"/a/d\"}]",
            FERRIC_OK, "{\"a\":{\"d\":1},\"c\":1}");
    patches("{\"a\":1}", "[{\"op\":\"test\",\"path\":\"/a\",\"value\":1.0}]", FERRIC_OK,
            "{\"a\":1}");
    patches("{\"a\":1}", "[{\"op\":\"test\",\"path\":\"/a\",\"value\":2}]", FERRIC_CONFLICT, "");
    patches("{\"a\":1}", "[{\"op\":\"test\",\"path\":\"/b\",\"value\":2}]", FERRIC_CONFLICT, "");
    patches("{\"a\":{}}", "[{\"op\":\"move\",\"from\":\"/a\",\"path\":\"/a/b\"}]",
            FERRIC_INVALID_ARGUMENT, "operation 0 of the patch (move): a value cannot move into");
    patches("{}", "[{\"op\":\"remove\",\"path\":\"/a\"}]", FERRIC_INVALID_ARGUMENT, "nothing");
    patches("{\"a\":[]}", "[{\"op\":\"add\",\"path\":\"/a/1\",\"value\":1}]",
            FERRIC_INVALID_ARGUMENT, "behind the array");
    patches("{\"a\":[1]}", "[{\"op\":\"replace\",\"path\":\"/a/01\",\"value\":1}]",
            FERRIC_INVALID_ARGUMENT, "position");
    patches("{}", "[{\"op\":\"spam\",\"path\":\"/a\"}]", FERRIC_INVALID_ARGUMENT, "\"op\" is");
    patches("{}", "{}", FERRIC_INVALID_ARGUMENT, "an array of operations");
}

// Each operation doubles the document.
static void test_patches_that_double_are_stopped(void **state)
{
    ferric_buffer patch = {0};
    ferric_buffer text = {0};
    (void)state;
    for (int i = 0; i < 60; i++) {
        assert_int_equal(fe_buffer_format(&patch,
                                          "%s{\"op\":\"copy\",\"from\":\"\",\"path\":\"/a%d\"}",
                                          i == 0 ? "[" : ",", i),
                         FERRIC_OK);
    }
    assert_int_equal(fe_buffer_append(&patch, "]", 1), FERRIC_OK);
    assert_int_equal(
        fe_json_patch(fe_slice_text("{\"x\":\"0123456789\"}"), fe_buffer_slice(&patch), &text),
        FERRIC_TOO_LARGE);
    fe_buffer_deinit(&patch);
    fe_buffer_deinit(&text);
}

// ---- Upserts --------------------------------------------------------------------------------

static void based_on(const char *filter, const char *expected, const char *expected_id)
{
    fe_matcher *matcher;
    ferric_buffer json = {0};
    ferric_slice id;
    assert_int_equal(fe_matcher_create(fe_slice_text(filter), &matcher), FERRIC_OK);
    if (expected == NULL) {
        assert_int_equal(fe_matcher_base_document(matcher, &json, &id), FERRIC_INVALID_ARGUMENT);
    } else {
        assert_int_equal(fe_matcher_base_document(matcher, &json, &id), FERRIC_OK);
        assert_int_equal(fe_buffer_append(&json, "", 1), FERRIC_OK);
        assert_string_equal(json.data, expected);
        assert_true(fe_slice_equal(id, fe_slice_text(expected_id)));
    }
    fe_buffer_deinit(&json);
    fe_matcher_destroy(matcher);
}

static void test_upserts_begin_with_equalities(void **state)
{
    (void)state;
    based_on("{}", "{}", "");
    based_on("{\"a\":1,\"b.c\":{\"x\":2},\"d\":{\"$gt\":5},\"_id\":\"k\"}",
             "{\"a\":1,\"b\":{\"c\":{\"x\":2}}}", "\"k\"");
    based_on("{\"$and\":[{\"a\":{\"$eq\":1}},{\"a\":1.0}]}", "{\"a\":1}", "");
    based_on("{\"$and\":[{\"a\":1},{\"a\":2}]}", NULL, "");
    based_on("{\"a\":1,\"a.b\":2}", NULL, "");
    based_on("{\"a.b\":1,\"a\":2}", NULL, "");
    based_on("{\"_id\":5}", NULL, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_set_and_unset),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_arrays),
        cmocka_unit_test(test_rename),
        cmocka_unit_test(test_wrong_updates_name_the_place),
        cmocka_unit_test(test_results_keep_to_the_limits),
        cmocka_unit_test(test_merge_patch_does_what_the_rfc_shows),
        cmocka_unit_test(test_large_merge_patches_are_fast_and_right),
        cmocka_unit_test(test_patch_operations),
        cmocka_unit_test(test_patches_that_double_are_stopped),
        cmocka_unit_test(test_upserts_begin_with_equalities),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
