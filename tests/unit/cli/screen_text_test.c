// SPDX-License-Identifier: Apache-2.0
// Columns that text takes on a terminal.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/slice.h"
#include "cli/screen_text.h"

static void takes(const char *text, size_t columns)
{
    assert_int_equal(cli_text_columns(fe_slice_text(text)), columns);
}

static void fits(const char *text, size_t columns, const char *beginning)
{
    size_t size = cli_text_fitting(fe_slice_text(text), columns);
    assert_int_equal(size, strlen(beginning));
    assert_memory_equal(text, beginning, size);
}

static void test_characters_take_none_one_or_two_columns(void **state)
{
    (void)state;
    takes("", 0);
    takes("alice", 5);
    takes("Ägypten", 7);
    takes("e\xcc\x81", 1); // An accent that stands on the e before it.
    takes("漢字", 4);
    takes("a🙂b", 4);
}

static void test_a_beginning_never_takes_more_than_allowed(void **state)
{
    (void)state;
    fits("alice", 0, "");
    fits("alice", 3, "ali");
    fits("alice", 9, "alice");
    fits("Ägypten", 2, "Äg");
    fits("漢字", 3, "漢"); // Half of the second would fit.
    fits("e\xcc\x81x", 1, "e\xcc\x81");
}

static void test_control_characters_become_spaces(void **state)
{
    static const char text[] = "a\nb\x1b[1m\x7f \xc2\x9b"
                               "1m ä";
    ferric_buffer flat = {0};

    (void)state;
    assert_int_equal(fe_buffer_append(&flat, text, sizeof text), FERRIC_OK);
    flat.size--; // Its zero stays for the comparison.
    cli_text_flatten(&flat);
    assert_string_equal(flat.data, "a b [1m    1m ä");
    fe_buffer_deinit(&flat);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_characters_take_none_one_or_two_columns),
        cmocka_unit_test(test_a_beginning_never_takes_more_than_allowed),
        cmocka_unit_test(test_control_characters_become_spaces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
