// SPDX-License-Identifier: Apache-2.0
// Records of CSV: the first one names the fields, each other one becomes an object.
#include "base/buffer.h"
#include "base/json_text.h"
#include "base/status.h"
#include "base/utf8.h"
#include "cli/record.h"

// Reads the lines of one record into records->csv; empty lines between records are skipped.
static cli_record_result read_cells(cli_records *records)
{
    ferric_slice line;
    size_t size = 0;
    ferric_status status = FERRIC_OK;

    cli_csv_clear(&records->csv);
    do {
        cli_line_result result = cli_lines_next(&records->lines, &line);
        if (result == CLI_LINE_END && records->csv.in_quotes) {
            fe_fail(FERRIC_INVALID_ARGUMENT, "the file ends inside a quoted cell");
            return CLI_RECORD_BAD;
        }
        if (result != CLI_LINE_READ) return cli_record_no_line(records, result);
        if (!records->csv.in_quotes &&
            (line.size == 0 || fe_slice_equal(line, fe_slice("\r", 1)))) {
            continue;
        }
        if (!records->csv.in_quotes) records->line = records->lines.number;
        if (records->lines.number == 1 && fe_slice_has_prefix(line, fe_slice("\xef\xbb\xbf", 3))) {
            line = fe_slice(fe_slice_bytes(line) + 3, line.size - 3); // A byte order mark.
        }
        size += line.size;
        if (size > records->lines.line_size_max)
            return cli_record_no_line(records, CLI_LINE_TOO_LONG);
        status = cli_csv_feed(&records->csv, line);
    } while (status == FERRIC_OK && (records->csv.in_quotes || cli_csv_count(&records->csv) == 0));
    return cli_record_result_of(status);
}

ferric_status cli_record_read_csv_header(cli_records *records)
{
    cli_record_result result = read_cells(records);
    ferric_status status = FERRIC_OK;

    if (result == CLI_RECORD_END) {
        return fe_fail(FERRIC_INVALID_ARGUMENT, "%s has no line that names the fields",
                       records->lines.name);
    }
    if (result != CLI_RECORD_READ) {
        return fe_fail(FERRIC_INVALID_ARGUMENT, "%s, line %llu: %s", records->lines.name,
                       (unsigned long long)records->line, ferric_error_message());
    }
    for (size_t i = 0; status == FERRIC_OK && i < cli_csv_count(&records->csv); i++) {
        ferric_slice name = cli_csv_cell_at(&records->csv, i).text;
        if (!fe_utf8_valid(name)) {
            return fe_fail(FERRIC_INVALID_ARGUMENT,
                           "%s, line 1: the name of field %zu is not UTF-8", records->lines.name,
                           i + 1);
        }
        status = fe_json_quote(name, &records->names);
        if (status == FERRIC_OK) status = fe_buffer_append(&records->names, "\n", 1);
    }
    return status;
}

// Whether the cell is a value that JSON has, so that it need not be a string.
static bool is_json_word(cli_records *records, ferric_slice text)
{
    const char *at = text.data;
    if (text.size == 0) return false;
    if (at[0] != '-' && at[0] != 't' && at[0] != 'f' && (at[0] < '0' || at[0] > '9')) return false;
    return ferric_json_minify(text, &records->text, NULL) == FERRIC_OK;
}

static ferric_status add_cell(cli_records *records, cli_csv_cell cell)
{
    if (!fe_utf8_valid(cell.text)) return fe_fail(FERRIC_INVALID_ARGUMENT, "not UTF-8");
    if (!records->infers || cell.is_quoted) return fe_json_quote(cell.text, &records->value);
    if (cell.text.size == 0) return fe_buffer_append(&records->value, "null", 4);
    if (is_json_word(records, cell.text)) {
        return fe_buffer_append(&records->value, records->text.data, records->text.size);
    }
    return fe_json_quote(cell.text, &records->value);
}

static ferric_status make_object(cli_records *records)
{
    const char *name = records->names.data;
    const char *names_end = name + records->names.size;
    size_t count = cli_csv_count(&records->csv);
    ferric_status status;

    fe_buffer_clear(&records->value);
    status = fe_buffer_append(&records->value, "{", 1);
    for (size_t i = 0; status == FERRIC_OK && i < count; i++) {
        const char *behind;
        if (name == names_end) {
            return fe_fail(FERRIC_INVALID_ARGUMENT, "has %zu cells, more than there are fields",
                           count);
        }
        behind = memchr(name, '\n', (size_t)(names_end - name));
        status = cli_record_add_name(records, fe_slice(name, (size_t)(behind - name)));
        if (status == FERRIC_OK) status = add_cell(records, cli_csv_cell_at(&records->csv, i));
        name = behind + 1;
    }
    if (status == FERRIC_OK && name != names_end) {
        return fe_fail(FERRIC_INVALID_ARGUMENT, "has %zu cells, fewer than there are fields",
                       count);
    }
    return status != FERRIC_OK ? status : fe_buffer_append(&records->value, "}", 1);
}

cli_record_result cli_record_read_csv(cli_records *records)
{
    cli_record_result result = read_cells(records);
    ferric_status status;
    if (result != CLI_RECORD_READ) return result;
    status = make_object(records);
    if (status == FERRIC_OK) status = cli_record_take_key(records);
    return cli_record_result_of(status);
}
