// SPDX-License-Identifier: Apache-2.0
// Numbers as people read them.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "cli/figures.h"

static void test_counts_have_commas(void **state)
{
    (void)state;
    assert_string_equal(cli_count_text(0).text, "0");
    assert_string_equal(cli_count_text(999).text, "999");
    assert_string_equal(cli_count_text(1000).text, "1,000");
    assert_string_equal(cli_count_text(1234567).text, "1,234,567");
    assert_string_equal(cli_count_text(UINT64_MAX).text, "18,446,744,073,709,551,615");
}

static void test_sizes_have_units(void **state)
{
    (void)state;
    assert_string_equal(cli_size_text(0).text, "0 B");
    assert_string_equal(cli_size_text(1023).text, "1023 B");
    assert_string_equal(cli_size_text(1024).text, "1.0 KiB");
    assert_string_equal(cli_size_text(1536).text, "1.5 KiB");
    assert_string_equal(cli_size_text(1024 * 1024 - 1).text, "1.0 MiB");
    assert_string_equal(cli_size_text(UINT64_MAX).text, "16.0 EiB");
}

static void test_durations_have_units(void **state)
{
    (void)state;
    assert_string_equal(cli_duration_text(999).text, "999 ns");
    assert_string_equal(cli_duration_text(1500).text, "1.5 us");
    assert_string_equal(cli_duration_text(2500000).text, "2.5 ms");
    assert_string_equal(cli_duration_text(999999999).text, "1.0 s");
    assert_string_equal(cli_duration_text(61000000000).text, "1:01 min");
    assert_string_equal(cli_rate_text(1000, 500000000).text, "2,000");
    assert_string_equal(cli_rate_text(1000, 0).text, "0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts_have_commas),
        cmocka_unit_test(test_sizes_have_units),
        cmocka_unit_test(test_durations_have_units),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
