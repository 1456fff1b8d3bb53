// SPDX-License-Identifier: Apache-2.0
// What people type as values, and the escapes of raw lines.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "cli/value_text.h"

static void check_value(const char *text, const char *expected, bool expected_string)
{
    ferric_buffer json = {0};
    bool is_string;
    assert_int_equal(cli_value_read(fe_slice_text(text), &json, &is_string), FERRIC_OK);
    assert_int_equal(json.size, strlen(expected));
    assert_memory_equal(json.data, expected, json.size);
    assert_int_equal(is_string, expected_string);
    fe_buffer_deinit(&json);
}

static void check_refused(const char *text)
{
    ferric_buffer json = {0};
    bool is_string;
    assert_int_equal(cli_value_read(fe_slice_text(text), &json, &is_string),
                     FERRIC_INVALID_ARGUMENT);
    fe_buffer_deinit(&json);
}

static void test_a_value_is_json_or_a_string(void **state)
{
    (void)state;
    check_value("{ \"a\" : 1 }", "{\"a\":1}", false);
    check_value("42", "42", false);
    check_value("\"42\"", "\"42\"", false);
    check_value("true", "true", false);
    check_value("hello \"world\"", "\"hello \\\"world\\\"\"", true);
    check_value("007", "\"007\"", true);
    check_value("", "\"\"", true);
    check_value(" tru", "\" tru\"", true);
}

static void test_a_value_that_begins_like_json_must_be_json(void **state)
{
    (void)state;
    check_refused("{a:1}");
    check_refused(" [1,");
    check_refused("\"open");
    check_refused("\xff");
}

static void test_lines_escape_every_byte_and_back(void **state)
{
    ferric_buffer line = {0};
    ferric_buffer bytes = {0};
    char all[256];
    (void)state;
    for (int i = 0; i < 256; i++)
        all[i] = (char)i;
    assert_int_equal(cli_line_escape(fe_slice(all, 256), &line), FERRIC_OK);
    assert_null(memchr(line.data, '\n', line.size));
    assert_null(memchr(line.data, '\t', line.size));
    assert_null(memchr(line.data, 0, line.size));
    assert_int_equal(cli_line_unescape(fe_buffer_slice(&line), &bytes), FERRIC_OK);
    assert_int_equal(bytes.size, 256);
    assert_memory_equal(bytes.data, all, 256);
    fe_buffer_deinit(&line);
    fe_buffer_deinit(&bytes);
}

static void test_lines_refuse_escapes_that_do_not_exist(void **state)
{
    static const char *const bad[] = {"\\", "a\\", "\\q", "\\x", "\\x1", "\\xg0", "\\x0g"};
    ferric_buffer bytes = {0};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(cli_line_unescape(fe_slice_text(bad[i]), &bytes), FERRIC_INVALID_ARGUMENT);
    }
    fe_buffer_deinit(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_value_is_json_or_a_string),
        cmocka_unit_test(test_a_value_that_begins_like_json_must_be_json),
        cmocka_unit_test(test_lines_escape_every_byte_and_back),
        cmocka_unit_test(test_lines_refuse_escapes_that_do_not_exist),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
