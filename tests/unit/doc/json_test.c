// SPDX-License-Identifier: Apache-2.0
// What is JSON and what is not, where the error is, and that the fast and the slow reader accept
// the same texts.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/json_text.h"
#include "base/random.h"
#include "base/status.h"
#include "doc/json.h"
#include "doc/json_error.h"

// Minifies a copy of exactly `size` bytes, so that a sanitizer sees any read beyond them.
static ferric_status minify(const char *text, size_t size, ferric_buffer *minified, size_t *offset)
{
    char *copy = malloc(size == 0 ? 1 : size);
    ferric_status status;
    assert_non_null(copy);
    memcpy(copy, text, size);
    minified->size = 0;
    status = fe_json_minify(fe_slice(copy, size), minified, offset);
    free(copy);
    return status;
}

static void check_minified(const char *text, const char *expected)
{
    ferric_buffer minified = {0};
    assert_int_equal(minify(text, strlen(text), &minified, NULL), FERRIC_OK);
    assert_int_equal(minified.size, strlen(expected));
    assert_memory_equal(minified.data, expected, minified.size);
    fe_buffer_deinit(&minified);
}

static void check_refused(const char *text, size_t size, size_t expected_offset)
{
    ferric_buffer minified = {0};
    size_t offset = 12345;
    assert_int_equal(minify(text, size, &minified, &offset), FERRIC_INVALID_ARGUMENT);
    if (offset != expected_offset) print_error("%.*s: %s\n", (int)size, text, fe_message());
    assert_int_equal(offset, expected_offset);
    assert_int_equal(minified.size, 0);
    assert_non_null(strstr(fe_message(), "not JSON: byte "));
    fe_buffer_deinit(&minified);
}

static void test_json_minify_removes_space_between_tokens_only(void **state)
{
    (void)state;
    check_minified(" { \"a b\" : [ 1 ,\t2 ,\r\n { } , [ ] ] } \n", "{\"a b\":[1,2,{},[]]}");
    check_minified("\"  x  \"", "\"  x  \"");
    check_minified("  null", "null");
    check_minified("[true ,false]", "[true,false]");
}

static void test_json_minify_keeps_the_text_of_numbers_and_strings(void **state)
{
    (void)state;
    check_minified("[1.50, -0, 1E+400, 12345678901234567890123, 0.1e-9]",
                   "[1.50,-0,1E+400,12345678901234567890123,0.1e-9]");
    check_minified("\"\\u00e9\\/\\ud83d\\ude00\xc3\xa9\x7f\"",
                   "\"\\u00e9\\/\\ud83d\\ude00\xc3\xa9\x7f\"");
}

static void test_json_minify_keeps_the_last_of_equal_names(void **state)
{
    (void)state;
    check_minified("{\"a\":1,\"a\":2}", "{\"a\":2}");
    check_minified("{\"a\":{\"b\":1,\"b\":[2]},\"c\":3,\"\\u0061\":4}", "{\"c\":3,\"\\u0061\":4}");
    check_minified("{\"a\":1,\"b\":{\"x\":1,\"x\":2},\"b\":{\"a\":5,\"a\":6}}",
                   "{\"a\":1,\"b\":{\"a\":6}}");
    check_minified("[{\"\":1,\"\":2},{\"\":3}]", "[{\"\":2},{\"\":3}]");
}

static void test_json_minify_keeps_the_last_of_equal_names_among_many(void **state)
{
    ferric_buffer text = {0};
    ferric_buffer expected = {0};
    (void)state;

    // 500 names twice over, each longer than what is hashed, so that they differ behind it.
    fe_buffer_append(&text, "{", 1);
    fe_buffer_append(&expected, "{", 1);
    for (int i = 0; i < 1000; i++) {
        fe_buffer_format(&text, "%s\"%0300d\":%d", i == 0 ? "" : ",", i % 500, i);
        if (i >= 500) {
            fe_buffer_format(&expected, "%s\"%0300d\":%d", i == 500 ? "" : ",", i % 500, i);
        }
    }
    fe_buffer_append(&text, "}", 2);
    fe_buffer_append(&expected, "}", 2);
    check_minified(text.data, expected.data);
    fe_buffer_deinit(&text);
    fe_buffer_deinit(&expected);
}

static void test_json_minify_says_where_the_error_is(void **state)
{
    static const struct {
        const char *text;
        size_t offset;
    } cases[] = {
        {"", 0},
        {"   ", 3},
        {"{\"a\":}", 5},
        {"[1,]", 3},
        {"{\"a\":1,}", 7},
        {"[1 2]", 3},
        {"{1:2}", 1},
        {"\"abc", 4},
        {"01", 1},
        {"-", 1},
        {"1.", 2},
        {"1e", 2},
        {".5", 0},
        {"+1", 0},
        {"nul", 3},
        {"nulll", 4},
        {"True", 0},
        {"12\"abc\"", 2},
        {"\"a\"b", 3},
        {"\"\\x\"", 2},
        {"\"\\u12g4\"", 5},
        {"\"\\ud800\"", 1},
        {"\"\\ude00\"", 1},
        {"\"\\ud800\\u0041\"", 1},
        {"\"\x01\"", 1},
        {"\"a\nb\"", 2},
        {"{\"a\tb\":1}", 3},
        {"\"\xff\"", 1},
        {"\"\xc0\x80\"", 1},
        {"\"\xed\xa0\x80\"", 1},
        {"[1}", 2},
        {"{\"a\":1]", 6},
        {"]", 0},
        {"1 1", 2},
        {"{\"a\" 1}", 5},
        {"\xef\xbb\xbf{}", 0},
        {"['a']", 1},
        {"[NaN]", 1},
        {"{\"a\":1", 6},
        {"[", 1},
        {"{", 1},
        {"[1,", 3},
        {"{\"a\"", 4},
        {"{}//", 2},
        {"[\f]", 1},
        {"\"\\", 2},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        check_refused(cases[i].text, strlen(cases[i].text), cases[i].offset);
    }
    check_refused("\0", 1, 0);
    check_refused("[1,\0]", 5, 3);
    check_refused("\"\\\0\"", 4, 2);
}

static void test_json_minify_counts_levels(void **state)
{
    char text[2 * FE_JSON_DEPTH_MAX + 2];
    ferric_buffer minified = {0};
    size_t levels = FE_JSON_DEPTH_MAX;
    (void)state;

    memset(text, '[', levels);
    memset(text + levels, ']', levels);
    assert_int_equal(minify(text, 2 * levels, &minified, NULL), FERRIC_OK);
    assert_int_equal(minified.size, 2 * levels);
    fe_buffer_deinit(&minified);
    levels++;
    memset(text, '[', levels);
    memset(text + levels, ']', levels);
    check_refused(text, 2 * levels, FE_JSON_DEPTH_MAX);
}

static void test_json_minify_appends_and_leaves_the_buffer_alone_on_failure(void **state)
{
    ferric_buffer minified = {0};
    (void)state;
    assert_int_equal(fe_buffer_append(&minified, "ab", 2), FERRIC_OK);
    assert_int_equal(fe_json_minify(fe_slice_text("[1, 2]"), &minified, NULL), FERRIC_OK);
    assert_int_equal(fe_json_minify(fe_slice_text("[3, "), &minified, NULL),
                     FERRIC_INVALID_ARGUMENT);
    assert_int_equal(minified.size, 7);
    assert_memory_equal(minified.data, "ab[1,2]", 7);
    fe_buffer_deinit(&minified);
}

static void test_json_minify_takes_texts_of_all_sizes(void **state)
{
    size_t sizes[] = {4095, 4096, 4097, (size_t)3 << 20};
    ferric_buffer minified = {0};
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char *text = malloc(sizes[i]);
        assert_non_null(text);
        memset(text, 'x', sizes[i]);
        text[0] = text[sizes[i] - 1] = '"';
        assert_int_equal(minify(text, sizes[i], &minified, NULL), FERRIC_OK);
        assert_int_equal(minified.size, sizes[i]);
        free(text);
    }
    fe_buffer_deinit(&minified);
}

static void test_json_minify_refuses_a_text_above_the_limit(void **state)
{
    ferric_buffer minified = {0};
    (void)state;
    // Never read: the size alone decides.
    assert_int_equal(fe_json_minify(fe_slice("1", FERRIC_VALUE_SIZE_MAX + 1), &minified, NULL),
                     FERRIC_TOO_LARGE);
    assert_null(minified.data);
}

// Writes a random text, sometimes JSON, from pieces that meet at awkward places.
static size_t random_text(fe_random *random, char *text)
{
    static const char *const pieces[] = {
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"a\"",
        "\"b\"",
        "\"\\u0061\"",
        "\"\\ud83d\\ude00\"",
        "\"\\ud800\"",
        "\"\\udc00x\"",
        "1",
        "-",
        "0",
        "01",
        "1.5",
        "1e",
        "1e+5",
        "-0",
        "true",
        "false",
        "null",
        "nul",
        "\x0c",
        "\x1a",
        " ",
        "\n",
        "\"",
        "\\",
        "\xc3\xa9",
        "\xff",
        "\"\xc3\"",
        "\"\xed\xa0\x80\"",
        "\"\x01\"",
        "\"\\x\"",
        "/",
        "",
        "\"longer than the 64 bytes that are looked at together, so that it spans two blocks\"",
        "{\"a\":1,\"a\":2}",
        "[1,2]",
        "{\"k\":[",
        "]}"};
    size_t size = 0;
    size_t count = fe_random_below(random, 12) + 1;
    if (fe_random_below(random, 2) == 0) {
        size = (size_t)sprintf(text, "{");
        for (size_t i = 0; i < 2 * count; i++) {
            size += (size_t)sprintf(text + size, "%s\"k%d\" : %d", i == 0 ? "" : " ,",
                                    (int)fe_random_below(random, 15), (int)i);
        }
        size += (size_t)sprintf(text + size, "}");
        if (fe_random_below(random, 3) == 0) {
            text[fe_random_below(random, size)] = (char)fe_random_next(random);
        }
        return size;
    }
    for (size_t i = 0; i < count; i++) {
        const char *piece = pieces[fe_random_below(random, sizeof pieces / sizeof *pieces)];
        size_t piece_size = *piece == 0 ? 1 : strlen(piece); // The empty one is a zero byte.
        memcpy(text + size, piece, piece_size);
        size += piece_size;
    }
    return size;
}

static void test_json_readers_agree_and_minified_text_stays_as_it_is(void **state)
{
    const char *seed_text = getenv("FERRIC_TEST_SEED");
    fe_random random = {seed_text == NULL ? 1 : strtoull(seed_text, NULL, 10)};
    uint64_t seed = random.state;
    ferric_buffer minified = {0};
    ferric_buffer again = {0};
    size_t good = 0;
    char text[4096];
    (void)state;

    for (int i = 0; i < 200000; i++) {
        size_t size = random_text(&random, text);
        size_t offset;
        ferric_status status = minify(text, size, &minified, NULL);
        const char *reason = fe_json_find_error(fe_slice(text, size), &offset);
        if ((status == FERRIC_OK) != (reason == NULL)) {
            fail_msg("seed %llu, text %d: %.*s", (unsigned long long)seed, i, (int)size, text);
        }
        assert_true(offset <= size);
        if (status != FERRIC_OK) continue;
        good++;
        assert_int_equal(minify(minified.data, minified.size, &again, NULL), FERRIC_OK);
        assert_int_equal(again.size, minified.size);
        assert_memory_equal(again.data, minified.data, again.size);
    }
    assert_true(good > 50000 && good < 150000); // Both outcomes were tried.
    fe_buffer_deinit(&minified);
    fe_buffer_deinit(&again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_minify_removes_space_between_tokens_only),
        cmocka_unit_test(test_json_minify_keeps_the_text_of_numbers_and_strings),
        cmocka_unit_test(test_json_minify_keeps_the_last_of_equal_names),
        cmocka_unit_test(test_json_minify_keeps_the_last_of_equal_names_among_many),
        cmocka_unit_test(test_json_minify_says_where_the_error_is),
        cmocka_unit_test(test_json_minify_counts_levels),
        cmocka_unit_test(test_json_minify_appends_and_leaves_the_buffer_alone_on_failure),
        cmocka_unit_test(test_json_minify_takes_texts_of_all_sizes),
        cmocka_unit_test(test_json_minify_refuses_a_text_above_the_limit),
        cmocka_unit_test(test_json_readers_agree_and_minified_text_stays_as_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
