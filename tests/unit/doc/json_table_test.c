// SPDX-License-Identifier: Apache-2.0
// RFC 8259, rule by rule, as a table: what is JSON, what is not, and where the RFC leaves a choice
// to readers, what Ferric chose. Both readers must give each verdict.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/status.h"
#include "doc/json.h"
#include "doc/json_error.h"

typedef enum verdict {
    IS_JSON = 0,
    IS_NOT = 1,
    TAKEN = 2,   // The RFC lets a reader choose: this one takes it.
    REFUSED = 3, // The same, and this one does not.
} verdict;

typedef struct json_case {
    verdict verdict;
    const char *text;
    size_t size; // 0: up to the zero byte.
} json_case;

// 2: a text is any value; white space is four characters.
static const json_case texts[] = {
    {IS_JSON, "null", 0},
    {IS_JSON, "true", 0},
    {IS_JSON, "false", 0},
    {IS_JSON, "0", 0},
    {IS_JSON, "\"\"", 0},
    {IS_JSON, "[]", 0},
    {IS_JSON, "{}", 0},
    {IS_JSON, " \t\r\n[ \t\r\n] \t\r\n", 0},
    {IS_JSON, "[\n{\t\"a\"\r:\n1\t}\r,\n2]", 0},
    {IS_NOT, "", 0},
    {IS_NOT, " ", 0},
    {IS_NOT, "\v1", 0},
    {IS_NOT, "\f[]", 0},
    {IS_NOT, "\xc2\xa0[]", 0},     // A space that does not break.
    {IS_NOT, "[\xe2\x81\xa0]", 0}, // A word joiner.
    {IS_NOT, "[] []", 0},
    {IS_NOT, "1 2", 0},
    {IS_NOT, "{}{}", 0},
    {IS_NOT, "[]]", 0},
    {IS_NOT, "{}}", 0},
    {IS_NOT, "null,", 0},
    {IS_NOT, "1\0", 2},
    {IS_NOT, "\0", 1},
    {IS_NOT, "[1]\0", 4},
    {IS_NOT, "/* c */ 1", 0},
    {IS_NOT, "1 // c", 0},
    {IS_NOT, "# c\n1", 0},
};

// 3: literal names, in lower case.
static const json_case literals[] = {
    {IS_JSON, "[true,false,null]", 0},
    {IS_NOT, "True", 0},
    {IS_NOT, "TRUE", 0},
    {IS_NOT, "tru", 0},
    {IS_NOT, "truee", 0},
    {IS_NOT, "fals", 0},
    {IS_NOT, "nul", 0},
    {IS_NOT, "nil", 0},
    {IS_NOT, "undefined", 0},
    {IS_NOT, "NaN", 0},
    {IS_NOT, "nan", 0},
    {IS_NOT, "Infinity", 0},
    {IS_NOT, "-Infinity", 0},
    {IS_NOT, "inf", 0},
    {IS_NOT, "[true false]", 0},
    {IS_NOT, "truefalse", 0},
    {IS_NOT, "a", 0},
    {IS_NOT, "'a'", 0},
    {IS_NOT, "\\u0061", 0},
};

// 4: objects. 5: arrays.
static const json_case structures[] = {
    {IS_JSON, "{\"a\":1}", 0},
    {IS_JSON, "{\"\":0}", 0},
    {IS_JSON, "{\"a\":{\"b\":[{\"c\":[]}]}}", 0},
    {TAKEN, "{\"a\":1,\"a\":2}", 0}, // The last of equal names stays.
    {IS_JSON, "{\"\\u0000\":\"\\u0000\"}", 0},
    {IS_JSON, "[[],[[]],[[[]]]]", 0},
    {IS_JSON, "[null,1,\"2\",{}]", 0},
    {IS_NOT, "{", 0},
    {IS_NOT, "}", 0},
    {IS_NOT, "[", 0},
    {IS_NOT, "]", 0},
    {IS_NOT, "{]", 0},
    {IS_NOT, "[}", 0},
    {IS_NOT, "[1}", 0},
    {IS_NOT, "{\"a\":1]", 0},
    {IS_NOT, "[,]", 0},
    {IS_NOT, "[,1]", 0},
    {IS_NOT, "[1,]", 0},
    {IS_NOT, "[1,,2]", 0},
    {IS_NOT, "[1;2]", 0},
    {IS_NOT, "[1 2]", 0},
    {IS_NOT, "[1:2]", 0},
    {IS_NOT, "[\"a\":1]", 0},
    {IS_NOT, "[1", 0},
    {IS_NOT, "[1,", 0},
    {IS_NOT, "[[1]", 0},
    {IS_NOT, "{,}", 0},
    {IS_NOT, "{\"a\"}", 0},
    {IS_NOT, "{\"a\",\"b\"}", 0},
    {IS_NOT, "{\"a\":}", 0},
    {IS_NOT, "{:1}", 0},
    {IS_NOT, "{\"a\"::1}", 0},
    {IS_NOT, "{\"a\" 1}", 0},
    {IS_NOT, "{\"a\":1,}", 0},
    {IS_NOT, "{\"a\":1,,\"b\":2}", 0},
    {IS_NOT, "{\"a\":1 \"b\":2}", 0},
    {IS_NOT, "{a:1}", 0},
    {IS_NOT, "{1:1}", 0},
    {IS_NOT, "{null:1}", 0},
    {IS_NOT, "{[]:1}", 0},
    {IS_NOT, "{'a':1}", 0},
    {IS_NOT, "{\"a\":1", 0},
    {IS_NOT, "{\"a\":", 0},
    {IS_NOT, "{\"a\"", 0},
    {IS_NOT, "{\"a\":1,\"b\"", 0},
    {IS_NOT, "{\"a\":\"b\":1}", 0},
    {IS_NOT, "<null>", 0},
    {IS_NOT, "(1)", 0},
};

// 6: numbers. Their text is kept, so none is too large.
static const json_case numbers[] = {
    {IS_JSON, "-0", 0},
    {IS_JSON, "10", 0},
    {IS_JSON, "-1", 0},
    {IS_JSON, "0.5", 0},
    {IS_JSON, "0e0", 0},
    {IS_JSON, "0E+1", 0},
    {IS_JSON, "1E-2", 0},
    {IS_JSON, "123.456e78", 0},
    {IS_JSON, "-0.0e-0", 0},
    {TAKEN, "1e400", 0},
    {TAKEN, "-1e-9999", 0},
    {TAKEN, "123456789012345678901234567890", 0},
    {TAKEN, "0.1000000000000000055511151231257827021181583404541015625", 0},
    {IS_NOT, "+1", 0},
    {IS_NOT, "--1", 0},
    {IS_NOT, "-", 0},
    {IS_NOT, "- 1", 0},
    {IS_NOT, "00", 0},
    {IS_NOT, "01", 0},
    {IS_NOT, "-01", 0},
    {IS_NOT, "-00.5", 0},
    {IS_NOT, ".5", 0},
    {IS_NOT, "-.5", 0},
    {IS_NOT, "1.", 0},
    {IS_NOT, "1.e5", 0},
    {IS_NOT, "1..5", 0},
    {IS_NOT, "1.2.3", 0},
    {IS_NOT, "1e", 0},
    {IS_NOT, "1e+", 0},
    {IS_NOT, "1E-", 0},
    {IS_NOT, "1ee2", 0},
    {IS_NOT, "1e2.5", 0},
    {IS_NOT, "1e+-2", 0},
    {IS_NOT, "0x1f", 0},
    {IS_NOT, "1a", 0},
    {IS_NOT, "1 000", 0},
    {IS_NOT, "1_000", 0},
    {IS_NOT, "1,000", 0},
    {IS_NOT, "[1.0.]", 0},
    {IS_NOT, "[-]", 0},
    {IS_NOT, "[1-2]", 0},
    {IS_NOT, "\xef\xbc\x91", 0}, // A digit of full width.
};

// 7: strings. 8: characters.
static const json_case strings[] = {
    {IS_JSON, "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", 0},
    {IS_JSON, "\"\\u0041\\uABCD\\uabcd\"", 0},
    {IS_JSON, "\"\\u0000\"", 0},
    {IS_JSON, "\"\\ud834\\udd1e\"", 0},
    {IS_JSON, "\"\\uDBFF\\uDFFF\"", 0},
    {IS_JSON, "\"\x7f\"", 0},
    {IS_JSON, "\"\xc2\x80\"", 0},
    {IS_JSON, "\"\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf\"", 0},
    {IS_JSON, "\"\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\"", 0},
    {IS_JSON, "\"\xe2\x80\xa8\xe2\x80\xa9\"", 0}, // Line and paragraph separators.
    {IS_JSON, "\"\xef\xbb\xbf\"", 0},             // A byte order mark inside is a character.
    {IS_JSON, "\"/*c*/\"", 0},
    {IS_NOT, "\"", 0},
    {IS_NOT, "\"a", 0},
    {IS_NOT, "a\"", 0},
    {IS_NOT, "\"\"\"", 0},
    {IS_NOT, "\"a\" \"b\"", 0},
    {IS_NOT, "\"\\\"", 0},
    {IS_NOT, "\"\\", 0},
    {IS_NOT, "\"\\a\"", 0},
    {IS_NOT, "\"\\x41\"", 0},
    {IS_NOT, "\"\\'\"", 0},
    {IS_NOT, "\"\\0\"", 0},
    {IS_NOT, "\"\\U0041\"", 0},
    {IS_NOT, "\"\\u\"", 0},
    {IS_NOT, "\"\\u004\"", 0},
    {IS_NOT, "\"\\u004g\"", 0},
    {IS_NOT, "\"\\u 041\"", 0},
    {IS_NOT, "\"\\u+041\"", 0},
    {IS_NOT, "\"\t\"", 0},
    {IS_NOT, "\"\n\"", 0},
    {IS_NOT, "\"\r\"", 0},
    {IS_NOT, "\"\x1f\"", 0},
    {IS_NOT, "\"\0\"", 3},
    {IS_NOT, "\"\\\n\"", 0},
    {REFUSED, "\"\\ud800\"", 0}, // Half a pair of surrogates.
    {REFUSED, "\"\\udc00\"", 0},
    {REFUSED, "\"\\ud800\\ud800\"", 0},
    {REFUSED, "\"\\ud800x\"", 0},
    {REFUSED, "\"\\ud800\\n\"", 0},
    {REFUSED, "\"\\udc00\\ud800\"", 0},
    {REFUSED, "{\"\\ud800\":1}", 0},
    {REFUSED, "\xef\xbb\xbf[]", 0}, // A byte order mark before the text.
    {IS_NOT, "\"\x80\"", 0},
    {IS_NOT, "\"\xc3\"", 0},
    {IS_NOT, "\"\xc3(\"", 0},
    {IS_NOT, "\"\xc0\xaf\"", 0},
    {IS_NOT, "\"\xe0\x80\xaf\"", 0},
    {IS_NOT, "\"\xf0\x80\x80\xaf\"", 0},
    {IS_NOT, "\"\xed\xa0\x80\"", 0},
    {IS_NOT, "\"\xed\xbf\xbf\"", 0},
    {IS_NOT, "\"\xf4\x90\x80\x80\"", 0},
    {IS_NOT, "\"\xf8\x88\x80\x80\x80\"", 0},
    {IS_NOT, "\"\xe2\x82\"", 0},
    {IS_NOT, "\"\xff\"", 0},
    {IS_NOT, "[\xff]", 0},
    {IS_NOT, "\xff\xfe[\0]\0", 6}, // UTF-16.
    {IS_NOT, "{\"\xff\":1}", 0},
};

// The text stands alone in its memory, so that a sanitizer sees a byte read beyond it; and inside
// an array, where every verdict on a value must be the same.
static bool is_taken(const char *text, size_t size)
{
    char *copy = malloc(size == 0 ? 1 : size);
    ferric_buffer minified = {0};
    size_t offset = 0;
    size_t found = 0;

    assert_non_null(copy);
    memcpy(copy, text, size);
    ferric_status status = fe_json_minify(fe_slice(copy, size), &minified, &offset);
    const char *reason = fe_json_find_error(fe_slice(copy, size), &found);
    assert_true(status == FERRIC_OK || status == FERRIC_INVALID_ARGUMENT);
    assert_true((status == FERRIC_OK) == (reason == NULL));
    if (status != FERRIC_OK) assert_int_equal(offset, found);
    assert_true(offset <= size);
    fe_buffer_deinit(&minified);
    free(copy);
    return status == FERRIC_OK;
}

static void check(const json_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t size = cases[i].size == 0 ? strlen(cases[i].text) : cases[i].size;
        bool expected = cases[i].verdict == IS_JSON || cases[i].verdict == TAKEN;
        char inside[256] = "[0,";

        if (is_taken(cases[i].text, size) != expected) {
            fail_msg("case %zu, %s: %s", i, cases[i].text, expected ? "refused" : "taken");
        }
        if (!expected) continue;
        memcpy(inside + 3, cases[i].text, size);
        inside[3 + size] = ']';
        assert_true(is_taken(inside, size + 4));
    }
}

#define CHECK(cases) check(cases, sizeof cases / sizeof *cases)

static void test_texts(void **state)
{
    (void)state;
    CHECK(texts);
}

static void test_literals(void **state)
{
    (void)state;
    CHECK(literals);
}

static void test_objects_and_arrays(void **state)
{
    (void)state;
    CHECK(structures);
}

static void test_numbers(void **state)
{
    (void)state;
    CHECK(numbers);
}

static void test_strings(void **state)
{
    (void)state;
    CHECK(strings);
}

// Every byte where a value must begin, and behind one.
static void test_every_byte_outside_a_string(void **state)
{
    (void)state;
    for (int byte = 0; byte < 256; byte++) {
        char text[] = {(char)byte, '1'};
        char behind[] = {'1', (char)byte};
        bool is_space = byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
        bool is_digit = byte >= '0' && byte <= '9';
        bool is_first = (is_digit && byte != '0') || byte == '-';

        assert_true(is_taken(text, 2) == (is_space || is_first));
        assert_true(is_taken(behind, 2) == (is_space || is_digit));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_literals),
        cmocka_unit_test(test_objects_and_arrays),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_strings),
        cmocka_unit_test(test_every_byte_outside_a_string),
    };
    return cmocka_run_group_tests_name("json_table", tests, NULL, NULL);
}
