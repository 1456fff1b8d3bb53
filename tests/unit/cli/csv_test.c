// SPDX-License-Identifier: Apache-2.0
// RFC 4180, rule by rule, and what breaks it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/random.h"
#include "base/slice.h"
#include "cli/csv.h"

static void check_cell(const cli_csv *csv, size_t index, const char *expected, bool is_quoted)
{
    cli_csv_cell cell = cli_csv_cell_at(csv, index);
    assert_int_equal(cell.text.size, strlen(expected));
    assert_memory_equal(cell.text.data, expected, cell.text.size);
    assert_int_equal(cell.is_quoted, is_quoted);
}

static void test_csv_parts_cells_at_commas(void **state)
{
    cli_csv csv = {0};
    (void)state;
    assert_int_equal(cli_csv_feed(&csv, fe_slice_text("a, b ,,\"c\"\r")), FERRIC_OK);
    assert_false(csv.in_quotes);
    assert_int_equal(cli_csv_count(&csv), 4);
    check_cell(&csv, 0, "a", false);
    check_cell(&csv, 1, " b ", false);
    check_cell(&csv, 2, "", false);
    check_cell(&csv, 3, "c", true);
    cli_csv_clear(&csv);
    assert_int_equal(cli_csv_feed(&csv, fe_slice_text("x,")), FERRIC_OK);
    assert_int_equal(cli_csv_count(&csv), 2);
    check_cell(&csv, 1, "", false);
    cli_csv_deinit(&csv);
}

static void test_csv_quotes_hold_commas_quotes_and_newlines(void **state)
{
    cli_csv csv = {0};
    (void)state;
    assert_int_equal(cli_csv_feed(&csv, fe_slice_text("\"a,b\",\"say \"\"hi\"\"\",\"one\r")),
                     FERRIC_OK);
    assert_true(csv.in_quotes);
    assert_int_equal(cli_csv_feed(&csv, fe_slice_text("")), FERRIC_OK);
    assert_true(csv.in_quotes);
    assert_int_equal(cli_csv_feed(&csv, fe_slice_text("three\",end\r")), FERRIC_OK);
    assert_false(csv.in_quotes);
    assert_int_equal(cli_csv_count(&csv), 4);
    check_cell(&csv, 0, "a,b", true);
    check_cell(&csv, 1, "say \"hi\"", true);
    check_cell(&csv, 2, "one\r\n\nthree", true);
    check_cell(&csv, 3, "end", false);
    cli_csv_deinit(&csv);
}

static void test_csv_refuses_quotes_in_wrong_places(void **state)
{
    static const char *const bad[] = {"a\"b", "\"a\"b", "\"a\" ,b", "a,b\"\""};
    cli_csv csv = {0};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        cli_csv_clear(&csv);
        assert_int_equal(cli_csv_feed(&csv, fe_slice_text(bad[i])), FERRIC_INVALID_ARGUMENT);
    }
    cli_csv_deinit(&csv);
}

// Writes random cells as RFC 4180 has them and reads them back.
static void test_csv_reads_back_what_was_quoted(void **state)
{
    static const char letters[] = "ab,\"\n\r ";
    fe_random random = {7};
    cli_csv csv = {0};
    (void)state;
    for (int round = 0; round < 2000; round++) {
        char cells[4][16] = {{0}};
        char text[256];
        size_t size = 0;
        char *at = text;
        for (int i = 0; i < 4; i++) {
            size_t count = fe_random_below(&random, 8);
            if (i > 0) text[size++] = ',';
            text[size++] = '"';
            for (size_t j = 0; j < count; j++) {
                char letter = letters[fe_random_below(&random, sizeof letters - 1)];
                cells[i][j] = letter;
                if (letter == '"') text[size++] = '"';
                text[size++] = letter;
            }
            text[size++] = '"';
        }
        text[size] = 0;
        cli_csv_clear(&csv);
        do { // Line by line, as a file is read.
            char *newline = strchr(at, '\n');
            size_t line_size = newline == NULL ? strlen(at) : (size_t)(newline - at);
            assert_int_equal(cli_csv_feed(&csv, fe_slice(at, line_size)), FERRIC_OK);
            at += line_size + (newline != NULL);
        } while (csv.in_quotes);
        assert_int_equal(*at, 0);
        assert_int_equal(cli_csv_count(&csv), 4);
        for (size_t i = 0; i < 4; i++)
            check_cell(&csv, i, cells[i], true);
    }
    cli_csv_deinit(&csv);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_csv_parts_cells_at_commas),
        cmocka_unit_test(test_csv_quotes_hold_commas_quotes_and_newlines),
        cmocka_unit_test(test_csv_refuses_quotes_in_wrong_places),
        cmocka_unit_test(test_csv_reads_back_what_was_quoted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
