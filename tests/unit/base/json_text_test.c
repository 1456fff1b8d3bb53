// SPDX-License-Identifier: Apache-2.0
// Walking valid JSON text, quoting and unquoting, UTF-8 and UUIDs.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/json_text.h"
#include "base/utf8.h"
#include "base/uuid.h"

static void check_slice(ferric_slice slice, const char *expected)
{
    assert_int_equal(slice.size, strlen(expected));
    assert_memory_equal(slice.data, expected, slice.size);
}

static void test_json_walk_gives_members_as_text(void **state)
{
    fe_json_walk walk =
        fe_json_walk_into(fe_slice_text("{\"a\":[1,{\"x\":\"]\"}],\"b\\\"\":\"}\\\\\",\"\":-2}"));
    ferric_slice name;
    ferric_slice value;
    (void)state;
    assert_true(fe_json_next_member(&walk, &name, &value));
    check_slice(name, "\"a\"");
    check_slice(value, "[1,{\"x\":\"]\"}]");
    assert_true(fe_json_next_member(&walk, &name, &value));
    check_slice(name, "\"b\\\"\"");
    check_slice(value, "\"}\\\\\"");
    assert_true(fe_json_next_member(&walk, &name, &value));
    check_slice(name, "\"\"");
    check_slice(value, "-2");
    assert_false(fe_json_next_member(&walk, &name, &value));
    walk = fe_json_walk_into(fe_slice_text("{}"));
    assert_false(fe_json_next_member(&walk, &name, &value));
}

static void test_json_walk_gives_elements_as_text(void **state)
{
    fe_json_walk walk = fe_json_walk_into(fe_slice_text("[[],\",\",null]"));
    ferric_slice value;
    (void)state;
    assert_true(fe_json_next_element(&walk, &value));
    check_slice(value, "[]");
    assert_true(fe_json_next_element(&walk, &value));
    check_slice(value, "\",\"");
    assert_true(fe_json_next_element(&walk, &value));
    check_slice(value, "null");
    assert_false(fe_json_next_element(&walk, &value));
}

static void test_json_walk_never_leaves_a_text_that_is_cut(void **state)
{
    const char *text = "{\"a\":[1,\"x\\\"y\",{\"b\":null}],\"c\\u00e9\":\"\\ud83d\\ude00\"}";
    ferric_buffer out = {0};
    (void)state;
    for (size_t size = 0; size <= strlen(text); size++) {
        char *copy = test_malloc(size == 0 ? 1 : size); // Reports a write beyond; asan a read.
        fe_json_walk walk;
        ferric_slice name;
        ferric_slice value;
        size_t members = 0;
        memcpy(copy, text, size);
        walk = fe_json_walk_into(fe_slice(copy, size));
        while (fe_json_next_member(&walk, &name, &value)) {
            assert_true((const char *)value.data + value.size <= copy + size);
            assert_int_equal(fe_json_unquote(value, &out), FERRIC_OK);
            members++;
        }
        assert_true(members <= 3);
        test_free(copy);
    }
    fe_buffer_deinit(&out);
}

static void test_json_kind_names_what_a_value_is(void **state)
{
    (void)state;
    assert_int_equal(fe_json_kind(fe_slice_text("-1")), '0');
    assert_int_equal(fe_json_kind(fe_slice_text("9")), '0');
    assert_int_equal(fe_json_kind(fe_slice_text("{}")), '{');
    assert_int_equal(fe_json_kind(fe_slice_text("null")), 'n');
    assert_int_equal(fe_json_kind(fe_slice_text("")), 0);
}

static void test_json_quote_and_unquote_are_each_others_inverse(void **state)
{
    ferric_buffer literal = {0};
    ferric_buffer text = {0};
    char all[256];
    size_t size = 0;
    (void)state;
    for (int byte = 0; byte < 0x80; byte++)
        all[size++] = (char)byte;
    memcpy(all + size, "\xc3\xa9\xf0\x9f\x98\x80", 6);
    size += 6;
    assert_int_equal(fe_json_quote(fe_slice(all, size), &literal), FERRIC_OK);
    assert_int_equal(fe_json_unquote(fe_buffer_slice(&literal), &text), FERRIC_OK);
    assert_int_equal(text.size, size);
    assert_memory_equal(text.data, all, size);
    fe_buffer_clear(&literal);
    assert_int_equal(fe_json_quote(fe_slice_text("a\"\\\n\x01"), &literal), FERRIC_OK);
    check_slice(fe_buffer_slice(&literal), "\"a\\\"\\\\\\n\\u0001\"");
    fe_buffer_deinit(&literal);
    fe_buffer_deinit(&text);
}

static void test_json_unquote_resolves_every_escape(void **state)
{
    ferric_buffer text = {0};
    (void)state;
    assert_int_equal(
        fe_json_unquote(fe_slice_text("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00E9\\uD83d\\uDe00\\u20ac\""),
                        &text),
        FERRIC_OK);
    check_slice(fe_buffer_slice(&text), "\"\\/\b\f\n\r\t\xc3\xa9\xf0\x9f\x98\x80\xe2\x82\xac");
    fe_buffer_deinit(&text);
}

static void test_json_strings_compare_by_what_they_mean(void **state)
{
    (void)state;
    assert_int_equal(
        fe_json_string_compare(fe_slice_text("\"a\\u0062c\""), fe_slice_text("\"abc\"")), 0);
    assert_true(fe_json_string_compare(fe_slice_text("\"ab\""), fe_slice_text("\"abc\"")) < 0);
    assert_true(fe_json_string_compare(fe_slice_text("\"b\""), fe_slice_text("\"abc\"")) > 0);
    assert_true(fe_json_string_is(fe_slice_text("\"\\u005fid\""), fe_slice_text("_id")));
    assert_false(fe_json_string_is(fe_slice_text("\"_i\""), fe_slice_text("_id")));
    assert_false(fe_json_string_is(fe_slice_text("\"_id2\""), fe_slice_text("_id")));
}

static void test_utf8_knows_the_edges_of_each_size(void **state)
{
    static const char *const good[] = {"\x7f",         "\xc2\x80",         "\xdf\xbf",
                                       "\xe0\xa0\x80", "\xed\x9f\xbf",     "\xee\x80\x80",
                                       "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"};
    static const char *const bad[] = {"\x80",
                                      "\xc1\xbf",
                                      "\xc2",
                                      "\xe0\x9f\xbf",
                                      "\xed\xa0\x80",
                                      "\xe1\x80",
                                      "\xf0\x8f\xbf\xbf",
                                      "\xf4\x90\x80\x80",
                                      "\xf5\x80\x80\x80",
                                      "\xff",
                                      "\xf0\x90\x80"};
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_true(fe_utf8_valid(fe_slice_text(good[i])));
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(fe_utf8_valid(fe_slice_text(bad[i])));
    }
    assert_true(fe_utf8_valid(fe_slice(NULL, 0)));
}

// The example of RFC 9562, appendix A.6.
static void test_uuid7_has_time_version_and_variant(void **state)
{
    static const uint8_t random[FE_UUID_RANDOM_SIZE] = {0x0c, 0xc3, 0x18, 0xc4, 0xdc,
                                                        0x0c, 0x0c, 0x07, 0x39, 0x8f};
    char text[FE_UUID_TEXT_SIZE + 1];
    (void)state;
    fe_uuid7(0x017f22e279b0, random, text);
    assert_string_equal(text, "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_walk_gives_members_as_text),
        cmocka_unit_test(test_json_walk_gives_elements_as_text),
        cmocka_unit_test(test_json_walk_never_leaves_a_text_that_is_cut),
        cmocka_unit_test(test_json_kind_names_what_a_value_is),
        cmocka_unit_test(test_json_quote_and_unquote_are_each_others_inverse),
        cmocka_unit_test(test_json_unquote_resolves_every_escape),
        cmocka_unit_test(test_json_strings_compare_by_what_they_mean),
        cmocka_unit_test(test_utf8_knows_the_edges_of_each_size),
        cmocka_unit_test(test_uuid7_has_time_version_and_variant),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
