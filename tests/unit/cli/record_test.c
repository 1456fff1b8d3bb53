// SPDX-License-Identifier: Apache-2.0
// Records of each format, with the lines and offsets of what is malformed.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>
#include <zlib.h>

#include "base/buffer.h"
#include "base/slice.h"
#include "cli/record.h"

static char path[] = "/tmp/ferric-record-XXXXXX";

static int make_file(void **state)
{
    int descriptor = mkstemp(path);
    (void)state;
    if (descriptor < 0) return -1;
    close(descriptor);
    return 0;
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(path);
}

static void write_file(const char *text, size_t size)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static void open_text(cli_records *records, cli_format format, const char *text)
{
    write_file(text, strlen(text));
    records->format = format;
    assert_int_equal(cli_records_open(records, path, 1000), FERRIC_OK);
}

static void check_text(ferric_buffer buffer, const char *expected)
{
    assert_int_equal(buffer.size, strlen(expected));
    assert_memory_equal(buffer.data, expected, buffer.size);
}

static void check_record(cli_records *records, uint64_t line, const char *key, const char *value)
{
    cli_record_result result = cli_records_next(records);
    if (result == CLI_RECORD_BAD) print_error("%s\n", ferric_error_message());
    assert_int_equal(result, CLI_RECORD_READ);
    assert_int_equal(records->line, line);
    check_text(records->key, key);
    check_text(records->value, value);
}

static void check_not_read(cli_records *records, cli_record_result expected, uint64_t line,
                           const char *reason)
{
    assert_int_equal(cli_records_next(records), expected);
    assert_int_equal(records->line, line);
    if (strstr(ferric_error_message(), reason) == NULL) {
        fail_msg("%s is not in: %s", reason, ferric_error_message());
    }
}

static void check_bad(cli_records *records, uint64_t line, const char *reason)
{
    check_not_read(records, CLI_RECORD_BAD, line, reason);
}

static void check_cut(cli_records *records, uint64_t line, const char *reason)
{
    check_not_read(records, CLI_RECORD_CUT, line, reason);
}

static void check_end(cli_records *records)
{
    assert_int_equal(cli_records_next(records), CLI_RECORD_END);
    cli_records_close(records);
}

// ---- JSON lines -----------------------------------------------------------------------------

static void test_records_of_jsonl_take_the_id_out(void **state)
{
    cli_records records = {0};
    (void)state;
    open_text(
        &records, CLI_FORMAT_JSONL,
        "\xef\xbb\xbf{\"_id\":\"a\",\"n\": 1}\n\n  \r\n{\"n\":2,\"_id\":7}\r\n"
        "{\"_id\":\"v\",\"_value\":[1]}\n{\"_id\":\"e\"}\n{\"_id\":\"w\",\"_value\":1,\"x\":2}");
    check_record(&records, 1, "a", "{\"n\":1}");
    check_record(&records, 4, "7", "{\"n\":2}");
    check_record(&records, 5, "v", "[1]");
    check_record(&records, 6, "e", "{}");
    check_record(&records, 7, "w", "{\"_value\":1,\"x\":2}");
    check_end(&records);
}

static void test_records_of_jsonl_leave_another_id_in(void **state)
{
    cli_records records = {.id = "mail"};
    (void)state;
    open_text(&records, CLI_FORMAT_JSONL,
              "{\"mail\":\"a\\u0040b\"}\n{\"m\":1}\n{\"mail\":null}\n{\"mail\":\"\"}\n7\n"
              "{\"mail\":1.50}\n");
    check_record(&records, 1, "a@b", "{\"mail\":\"a\\u0040b\"}");
    check_bad(&records, 2, "no field mail");
    check_bad(&records, 3, "is null");
    check_bad(&records, 4, "empty");
    check_bad(&records, 5, "no field mail");
    check_record(&records, 6, "1.50", "{\"mail\":1.50}");
    check_end(&records);
}

static void test_records_without_an_id_get_different_uuids(void **state)
{
    cli_records records = {0};
    char first[37] = {0};
    (void)state;
    open_text(&records, CLI_FORMAT_JSONL, "{}\n[1]\n");
    assert_int_equal(cli_records_next(&records), CLI_RECORD_READ);
    assert_int_equal(records.key.size, 36);
    memcpy(first, records.key.data, 36);
    assert_int_equal(first[14], '7');
    assert_int_equal(cli_records_next(&records), CLI_RECORD_READ);
    assert_memory_not_equal(first, records.key.data, 36);
    check_text(records.value, "[1]");
    check_end(&records);
}

static void test_records_of_jsonl_go_on_behind_a_bad_line(void **state)
{
    cli_records records = {0};
    (void)state;
    open_text(&records, CLI_FORMAT_JSONL, "{\"a\":}\n{\"_id\":\"k\"}\n\"\xff\"\n");
    check_bad(&records, 1, "byte 5");
    check_record(&records, 2, "k", "{}");
    check_bad(&records, 3, "UTF-8");
    check_end(&records);
}

// ---- Lines ----------------------------------------------------------------------------------

static void test_a_line_above_the_limit_is_skipped_with_its_number(void **state)
{
    cli_records records = {0};
    char *text = malloc(300000);
    size_t size = 0;
    (void)state;
    assert_non_null(text);
    size += (size_t)sprintf(text, "{\"_id\":\"a\"}\n");
    memset(text + size, 'x', 200000);
    size += 200000;
    size += (size_t)sprintf(text + size, "\n{\"_id\":\"b\"}\n");
    memset(text + size, 'y', 1001); // One more than allowed, at the end of the file.
    size += 1001;
    write_file(text, size);
    assert_int_equal(cli_records_open(&records, path, 1000), FERRIC_OK);
    check_record(&records, 1, "a", "{}");
    check_bad(&records, 2, "longer than 1000 bytes");
    check_record(&records, 3, "b", "{}");
    check_bad(&records, 4, "longer than 1000 bytes");
    check_end(&records);
    free(text);
}

static void test_compressed_files_are_read(void **state)
{
    gzFile file = gzopen(path, "wb");
    cli_records records = {0};
    (void)state;
    assert_non_null(file);
    for (int i = 0; i < 20000; i++)
        gzprintf(file, "{\"_id\":\"%d\",\"n\":%d}\n", i, i);
    assert_int_equal(gzclose(file), Z_OK);
    assert_int_equal(cli_records_open(&records, path, 1000), FERRIC_OK);
    for (int i = 0; i < 20000; i++) {
        char key[16];
        char value[32];
        sprintf(key, "%d", i);
        sprintf(value, "{\"n\":%d}", i);
        check_record(&records, (uint64_t)i + 1, key, value);
    }
    assert_int_equal(cli_lines_position(&records.lines), records.lines.total_bytes);
    check_end(&records);
}

static void test_a_compressed_file_that_is_cut_is_a_failure(void **state)
{
    gzFile file = gzopen(path, "wb");
    cli_records records = {0};
    cli_record_result result;
    FILE *plain;
    long size;
    (void)state;
    for (int i = 0; i < 20000; i++)
        gzprintf(file, "{\"_id\":\"%d\",\"n\":%d}\n", i, i * 7919);
    assert_int_equal(gzclose(file), Z_OK);
    plain = fopen(path, "r");
    assert_non_null(plain);
    assert_int_equal(fseek(plain, 0, SEEK_END), 0);
    size = ftell(plain);
    fclose(plain);
    assert_int_equal(truncate(path, size / 2), 0);
    assert_int_equal(cli_records_open(&records, path, 1000), FERRIC_OK);
    do {
        result = cli_records_next(&records);
    } while (result == CLI_RECORD_READ);
    assert_int_equal(result, CLI_RECORD_FAILED);
    assert_non_null(strstr(ferric_error_message(), path));
    cli_records_close(&records);
}

static void test_a_file_that_is_not_there_is_named(void **state)
{
    cli_records records = {0};
    (void)state;
    assert_int_equal(cli_records_open(&records, "/nonexistent/file", 1000), FERRIC_NOT_FOUND);
    assert_non_null(strstr(ferric_error_message(), "/nonexistent/file"));
    assert_int_equal(cli_records_open(&records, "/", 1000), FERRIC_IO);
}

// ---- CSV ------------------------------------------------------------------------------------

static void test_records_of_csv_are_objects_of_strings(void **state)
{
    cli_records records = {.id = "id"};
    (void)state;
    open_text(
        &records, CLI_FORMAT_CSV,
        "\xef\xbb\xbfid,\"full name\"\r\n1,\"Zo\xc3\xab \"\"Z\"\"\"\r\n\r\n2,\"two\nlines\"\n3,\n");
    check_record(&records, 2, "1", "{\"id\":1,\"full name\":\"Zo\xc3\xab \\\"Z\\\"\"}");
    check_record(&records, 4, "2", "{\"id\":2,\"full name\":\"two\\nlines\"}");
    check_record(&records, 6, "3", "{\"id\":3}");
    check_end(&records);
}

static void test_columns_of_csv_have_one_type(void **state)
{
    cli_records records = {.id = "id"};
    const cli_column *column;
    (void)state;
    open_text(&records, CLI_FORMAT_CSV,
              "id,n,zip,b,q,e\n1,2.50,0123,true,\"3\",\n2,,4567,false,4,\n3,null,1,null,\"\",\n");
    check_record(&records, 2, "1", "{\"id\":1,\"n\":2.50,\"zip\":\"0123\",\"b\":true,\"q\":\"3\"}");
    check_record(&records, 3, "2", "{\"id\":2,\"zip\":\"4567\",\"b\":false,\"q\":\"4\"}");
    check_record(&records, 4, "3", "{\"id\":3,\"n\":null,\"zip\":\"1\",\"b\":null,\"q\":\"\"}");
    column = cli_records_column(&records, 1);
    assert_string_equal(cli_column_type_name(column->type), "number");
    assert_int_equal(column->misfits, 0);
    check_end(&records);
}

// Behind what is looked at, a column of numbers may have other cells.
static void test_cells_that_do_not_suit_are_counted(void **state)
{
    cli_records records = {.id = "id"};
    ferric_buffer text = {0};
    (void)state;
    assert_int_equal(fe_buffer_append(&text, "id,n\n", 5), FERRIC_OK);
    for (int i = 0; i < 40000; i++)
        assert_int_equal(fe_buffer_format(&text, "%d,%d\n", i, i), FERRIC_OK);
    assert_int_equal(fe_buffer_append(&text, "x,none\ny,nil\n", 13), FERRIC_OK);
    write_file(text.data, text.size);
    records.format = CLI_FORMAT_CSV;
    assert_int_equal(cli_records_open(&records, path, 1000), FERRIC_OK);
    for (int i = 0; i < 40000; i++)
        assert_int_equal(cli_records_next(&records), CLI_RECORD_READ);
    check_record(&records, 40002, "x", "{\"id\":\"x\",\"n\":\"none\"}");
    check_record(&records, 40003, "y", "{\"id\":\"y\",\"n\":\"nil\"}");
    assert_int_equal(cli_records_column(&records, 1)->misfits, 2);
    assert_int_equal(cli_records_column(&records, 1)->misfit_line, 40002);
    check_end(&records);
    fe_buffer_deinit(&text);
}

static void test_types_that_are_given_hold(void **state)
{
    cli_records records = {.id = "id", .types = "string,n=number,j=json"};
    cli_records unknown = {.format = CLI_FORMAT_CSV, .types = "none=json"};
    cli_records wrong = {.format = CLI_FORMAT_CSV, .types = "id=integer"};
    (void)state;
    open_text(&records, CLI_FORMAT_CSV,
              "id,n,j\n1,\"2\",\"{\"\"a\"\":[1]}\"\n2,x,1\n3,3,\"4\"\n4,4,true\n5,5,[1\n");
    check_record(&records, 2, "1", "{\"id\":\"1\",\"n\":2,\"j\":{\"a\":[1]}}");
    check_bad(&records, 3, "\"n\" is no number: x");
    check_record(&records, 4, "3", "{\"id\":\"3\",\"n\":3,\"j\":\"4\"}");
    check_record(&records, 5, "4", "{\"id\":\"4\",\"n\":4,\"j\":true}");
    check_record(&records, 6, "5", "{\"id\":\"5\",\"n\":5,\"j\":\"[1\"}");
    check_end(&records);
    write_file("id\n1\n", 5);
    assert_int_equal(cli_records_open(&unknown, path, 1000), FERRIC_INVALID_ARGUMENT);
    assert_int_equal(cli_records_open(&wrong, path, 1000), FERRIC_INVALID_ARGUMENT);
    write_file("a,\"a\"\n1,2\n", 10);
    records = (cli_records){.format = CLI_FORMAT_CSV};
    assert_int_equal(cli_records_open(&records, path, 1000), FERRIC_INVALID_ARGUMENT);
}

static void test_records_of_csv_say_what_is_wrong(void **state)
{
    cli_records records = {.id = "id"};
    (void)state;
    open_text(&records, CLI_FORMAT_CSV,
              "id,a\n1\n2,3,4\n5,\"x\"y\n6,\xff\n7,ok\n8,\"open\nfor ever\n");
    check_bad(&records, 2, "fewer");
    check_bad(&records, 3, "more");
    check_bad(&records, 4, "closing quote of cell 2");
    check_bad(&records, 5, "not UTF-8");
    check_record(&records, 6, "7", "{\"id\":7,\"a\":\"ok\"}");
    check_cut(&records, 7, "has no end");
    check_end(&records);
}

static void test_csv_without_a_first_line_is_refused(void **state)
{
    cli_records records = {.format = CLI_FORMAT_CSV};
    (void)state;
    write_file("\n\n", 2);
    assert_int_equal(cli_records_open(&records, path, 1000), FERRIC_INVALID_ARGUMENT);
}

// ---- JSON -----------------------------------------------------------------------------------

static void test_records_of_json_are_elements(void **state)
{
    cli_records records = {0};
    (void)state;
    open_text(&records, CLI_FORMAT_JSON,
              "\xef\xbb\xbf [\n {\"_id\": \"a\", \"t\": \"x]},{ \\\" \\\\\"},\n"
              "{\"_id\":\"b\",\n\"l\":[[1,{}],2]}\n,\n{\"_id\":\"c\"}] \n");
    check_record(&records, 2, "a", "{\"t\":\"x]},{ \\\" \\\\\"}");
    check_record(&records, 3, "b", "{\"l\":[[1,{}],2]}");
    check_record(&records, 6, "c", "{}");
    check_end(&records);
    open_text(&records, CLI_FORMAT_JSON, "  []");
    check_end(&records);
    open_text(&records, CLI_FORMAT_JSON, "");
    check_end(&records);
}

static void test_records_of_json_may_follow_one_another(void **state)
{
    cli_records records = {.id = "n"};
    (void)state;
    open_text(&records, CLI_FORMAT_JSON, "{\"n\":1}{\"n\":\n2}\n\n{\"n\":3} ] 4,5 {\"n\":6}");
    check_record(&records, 1, "1", "{\"n\":1}");
    check_record(&records, 1, "2", "{\"n\":2}");
    check_record(&records, 4, "3", "{\"n\":3}");
    check_bad(&records, 4, "byte 0");
    check_bad(&records, 4, "byte 1");
    check_record(&records, 4, "6", "{\"n\":6}");
    check_end(&records);
}

static void test_records_of_json_say_what_is_wrong(void **state)
{
    cli_records records = {.id = "n"};
    (void)state;
    open_text(&records, CLI_FORMAT_JSON,
              "[{\"n\":1} {\"n\":2},,{\"n\":3,},\n{\"n\":4,\n\"b\":tru},{\"n\":\"5\n},\n"
              "{\"n\":6},]");
    check_record(&records, 1, "1", "{\"n\":1}");
    check_bad(&records, 1, "no comma");
    check_record(&records, 1, "2", "{\"n\":2}");
    check_bad(&records, 1, "before the comma");
    check_bad(&records, 1, "byte 7");
    check_bad(&records, 3, "the value of line 2 is not JSON");
    check_bad(&records, 3, "not JSON: byte 7");
    check_record(&records, 5, "6", "{\"n\":6}");
    check_cut(&records, 5, "comma stands before");
    check_end(&records);
    open_text(&records, CLI_FORMAT_JSON, "[{\"n\":1}]\nx");
    check_record(&records, 1, "1", "{\"n\":1}");
    check_cut(&records, 2, "follows the end");
    check_end(&records);
    open_text(&records, CLI_FORMAT_JSON, "[{\"n\":1},\n");
    check_record(&records, 1, "1", "{\"n\":1}");
    check_cut(&records, 2, "without ]");
    check_end(&records);
    open_text(&records, CLI_FORMAT_JSON, "[\n\n{\"n\":[1},\n{\"n\":2}");
    check_cut(&records, 3, "has no end");
    check_end(&records);
}

// Elements above the limit are skipped without being held, and so is what is nested without end.
static void test_long_elements_of_json_are_skipped(void **state)
{
    cli_records records = {.id = "n"};
    ferric_buffer text = {0};
    (void)state;
    assert_int_equal(fe_buffer_append(&text, "[{\"n\":1},\n\"", 11), FERRIC_OK);
    for (int i = 0; i < 300000; i++)
        assert_int_equal(fe_buffer_append(&text, "x,", 2), FERRIC_OK);
    assert_int_equal(fe_buffer_append(&text, "\",\n", 3), FERRIC_OK);
    for (int i = 0; i < 100000; i++)
        assert_int_equal(fe_buffer_append(&text, "[", 1), FERRIC_OK);
    for (int i = 0; i < 100000; i++)
        assert_int_equal(fe_buffer_append(&text, "]", 1), FERRIC_OK);
    assert_int_equal(fe_buffer_append(&text, ",\n{\"n\":2}]", 10), FERRIC_OK);
    write_file(text.data, text.size);
    records.format = CLI_FORMAT_JSON;
    assert_int_equal(cli_records_open(&records, path, 1000), FERRIC_OK);
    check_record(&records, 1, "1", "{\"n\":1}");
    check_bad(&records, 2, "longer than 1000 bytes");
    check_bad(&records, 3, "longer than 1000 bytes");
    check_record(&records, 4, "2", "{\"n\":2}");
    assert_true(records.lines.buffer.capacity < 300000);
    check_end(&records);
    fe_buffer_deinit(&text);
}

// Whatever the format, a second reader goes on exactly where the first one stopped.
static void test_reading_goes_on_at_a_place(void **state)
{
    static const struct {
        cli_format format;
        const char *text;
    } files[] = {
        {CLI_FORMAT_JSONL, "{\"id\":1}\n\n{\"id\":2}\n{\"id\":3}"},
        {CLI_FORMAT_JSON, "[{\"id\":1},\n{\"id\":2},{\"id\":3}\n]"},
        {CLI_FORMAT_CSV, "id,a\n1,x\n2,\"y\nz\"\n3,w\n"},
        {CLI_FORMAT_DEB822, "id: 1\nx: y\n\nid: 2\n\nid: 3\n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        for (int stop = 0; stop <= 3; stop++) {
            cli_records first = {.id = "id"};
            cli_records second = {.id = "id"};
            cli_records other = {.id = "id"};
            cli_place place;
            open_text(&first, files[i].format, files[i].text);
            for (int n = 0; n < stop; n++)
                assert_int_equal(cli_records_next(&first), CLI_RECORD_READ);
            place = cli_records_place(&first);
            open_text(&second, files[i].format, files[i].text);
            assert_int_equal(cli_records_resume(&second, &place), FERRIC_OK);
            for (int n = stop; n < 3; n++) {
                assert_int_equal(cli_records_next(&first), CLI_RECORD_READ);
                assert_int_equal(cli_records_next(&second), CLI_RECORD_READ);
                assert_int_equal(first.line, second.line);
                assert_memory_equal(first.key.data, second.key.data, 1);
            }
            check_end(&first);
            check_end(&second);
            if (place.offset > 6) {
                place.checksum ^= 1;
                open_text(&other, files[i].format, files[i].text);
                assert_int_equal(cli_records_resume(&other, &place), FERRIC_CONFLICT);
                cli_records_close(&other);
            }
        }
    }
}

// ---- deb822 ---------------------------------------------------------------------------------

static void test_records_of_deb822_are_paragraphs(void **state)
{
    cli_records records = {.id = "Package"};
    (void)state;
    open_text(&records, CLI_FORMAT_DEB822,
              "# a comment\n\nPackage: a\nVersion:1.0 \nDescription: short\n long one\n .\n"
              "  indented\nEmpty:\n\n\n \nPackage: b\n# between\nTag: x,\n y\n");
    check_record(&records, 3, "a",
                 "{\"Package\":\"a\",\"Version\":\"1.0\",\"Description\":\"short\\nlong "
                 "one\\n\\n indented\",\"Empty\":\"\"}");
    check_record(&records, 13, "b", "{\"Package\":\"b\",\"Tag\":\"x,\\ny\"}");
    check_end(&records);
}

static void test_records_of_deb822_name_the_bad_line(void **state)
{
    cli_records records = {.id = "Package"};
    (void)state;
    open_text(&records, CLI_FORMAT_DEB822,
              "Package: a\nno colon\nMore: x\n\n continued\n\nVersion: 1\n\nPackage: b\n"
              "Bad: \xff\n\nBad name: x\n\nPackage: c\n");
    check_bad(&records, 2, "Field: value");
    check_bad(&records, 5, "none before");
    check_bad(&records, 7, "no field Package");
    check_bad(&records, 9, "not UTF-8");
    check_bad(&records, 12, "Field: value");
    check_record(&records, 14, "c", "{\"Package\":\"c\"}");
    check_end(&records);
}

static void test_a_paragraph_above_the_limit_is_skipped_whole(void **state)
{
    cli_records records = {.id = "P", .format = CLI_FORMAT_DEB822};
    char text[2000];
    size_t size = 0;
    (void)state;
    for (int i = 0; i < 60; i++)
        size += (size_t)sprintf(text + size, "P: a line of 24 bytes xx\n");
    size += (size_t)sprintf(text + size, "\nP: b\n");
    write_file(text, size);
    assert_int_equal(cli_records_open(&records, path, 1000), FERRIC_OK);
    assert_int_equal(cli_records_next(&records), CLI_RECORD_BAD);
    check_record(&records, 62, "b", "{\"P\":\"b\"}");
    check_end(&records);
}

// ---- Raw ------------------------------------------------------------------------------------

static void test_records_of_raw_lines_are_unescaped(void **state)
{
    cli_records records = {.takes_bytes = true};
    (void)state;
    open_text(&records, CLI_FORMAT_RAW,
              "a\\tb\tv\\x00\\\\\n\nk\t\nno tab\n\tx\nbad\\q\tx\nk\t\\x0\nlast\tx\ty");
    assert_int_equal(cli_records_next(&records), CLI_RECORD_READ);
    check_text(records.key, "a\tb");
    assert_int_equal(records.value.size, 3);
    assert_memory_equal(records.value.data, "v\0\\", 3);
    check_record(&records, 3, "k", "");
    check_bad(&records, 4, "no tab");
    check_bad(&records, 5, "key is empty");
    check_bad(&records, 6, "backslash");
    check_bad(&records, 7, "backslash");
    check_record(&records, 8, "last", "x\ty");
    check_end(&records);
}

static void test_raw_lines_of_documents_are_json_or_strings(void **state)
{
    cli_records records = {0};
    (void)state;
    open_text(&records, CLI_FORMAT_RAW, "a\t{\"n\": 1}\nb\thello\nc\t{oops\n");
    check_record(&records, 1, "a", "{\"n\":1}");
    check_record(&records, 2, "b", "\"hello\"");
    check_bad(&records, 3, "byte 1");
    check_end(&records);
}

static void test_the_format_follows_from_the_name(void **state)
{
    (void)state;
    assert_int_equal(cli_format_of(NULL, NULL), CLI_FORMAT_JSONL);
    assert_int_equal(cli_format_of(NULL, "x.CSV"), CLI_FORMAT_CSV);
    assert_int_equal(cli_format_of(NULL, "x.csv.gz"), CLI_FORMAT_CSV);
    assert_int_equal(cli_format_of(NULL, "x.tsv"), CLI_FORMAT_RAW);
    assert_int_equal(cli_format_of("deb822", "x.csv"), CLI_FORMAT_DEB822);
    assert_int_equal(cli_format_of(NULL, ".csv"), CLI_FORMAT_JSONL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_records_of_jsonl_take_the_id_out),
        cmocka_unit_test(test_records_of_jsonl_leave_another_id_in),
        cmocka_unit_test(test_records_without_an_id_get_different_uuids),
        cmocka_unit_test(test_records_of_jsonl_go_on_behind_a_bad_line),
        cmocka_unit_test(test_a_line_above_the_limit_is_skipped_with_its_number),
        cmocka_unit_test(test_compressed_files_are_read),
        cmocka_unit_test(test_a_compressed_file_that_is_cut_is_a_failure),
        cmocka_unit_test(test_a_file_that_is_not_there_is_named),
        cmocka_unit_test(test_records_of_csv_are_objects_of_strings),
        cmocka_unit_test(test_columns_of_csv_have_one_type),
        cmocka_unit_test(test_cells_that_do_not_suit_are_counted),
        cmocka_unit_test(test_types_that_are_given_hold),
        cmocka_unit_test(test_records_of_csv_say_what_is_wrong),
        cmocka_unit_test(test_csv_without_a_first_line_is_refused),
        cmocka_unit_test(test_records_of_json_are_elements),
        cmocka_unit_test(test_records_of_json_may_follow_one_another),
        cmocka_unit_test(test_records_of_json_say_what_is_wrong),
        cmocka_unit_test(test_long_elements_of_json_are_skipped),
        cmocka_unit_test(test_reading_goes_on_at_a_place),
        cmocka_unit_test(test_records_of_deb822_are_paragraphs),
        cmocka_unit_test(test_records_of_deb822_name_the_bad_line),
        cmocka_unit_test(test_a_paragraph_above_the_limit_is_skipped_whole),
        cmocka_unit_test(test_records_of_raw_lines_are_unescaped),
        cmocka_unit_test(test_raw_lines_of_documents_are_json_or_strings),
        cmocka_unit_test(test_the_format_follows_from_the_name),
    };
    return cmocka_run_group_tests(tests, make_file, remove_file);
}
