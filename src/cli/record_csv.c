// SPDX-License-Identifier: Apache-2.0
// Records of CSV: the first one names the fields, each other one becomes an object.
#include <string.h>

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
            fe_fail(FERRIC_INVALID_ARGUMENT, "the quoted cell that begins here has no end");
            return CLI_RECORD_CUT;
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

static ferric_status add_column(cli_records *records, ferric_slice name)
{
    cli_column column = {0};
    ferric_status status;

    if (!fe_utf8_valid(name)) {
        return fe_fail(FERRIC_INVALID_ARGUMENT, "%s, line 1: the name of field %zu is not UTF-8",
                       records->lines.name, cli_records_column_count(records) + 1);
    }
    status = fe_json_quote(name, &column.name);
    for (size_t i = 0; status == FERRIC_OK && i < cli_records_column_count(records); i++) {
        ferric_slice other = fe_buffer_slice(&cli_records_column(records, i)->name);
        if (!fe_slice_equal(other, fe_buffer_slice(&column.name))) continue;
        status = fe_fail(FERRIC_INVALID_ARGUMENT, "%s, line 1: two fields have the name %.*s",
                         records->lines.name, (int)other.size, (const char *)other.data);
    }
    if (status == FERRIC_OK) status = fe_buffer_append(&records->columns, &column, sizeof column);
    if (status != FERRIC_OK) fe_buffer_deinit(&column.name);
    return status;
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
        ferric_buffer reason = {0};
        status = fe_buffer_format(&reason, "%s", ferric_error_message());
        if (status == FERRIC_OK) {
            status = fe_fail(FERRIC_INVALID_ARGUMENT, "%s, line %llu: %.*s", records->lines.name,
                             (unsigned long long)records->line, (int)reason.size,
                             (const char *)reason.data);
        }
        fe_buffer_deinit(&reason);
        return status;
    }
    for (size_t i = 0; status == FERRIC_OK && i < cli_csv_count(&records->csv); i++)
        status = add_column(records, cli_csv_cell_at(&records->csv, i).text);
    return status == FERRIC_OK ? cli_record_find_types(records) : status;
}

// A cell that is not of its column's type.
static ferric_status add_misfit(cli_records *records, cli_column *column, ferric_slice text)
{
    if (column->is_given) {
        return fe_fail(FERRIC_INVALID_ARGUMENT, "the cell of %.*s is no %s: %.*s",
                       (int)column->name.size, (const char *)column->name.data,
                       cli_column_type_name(column->type), text.size > 40 ? 40 : (int)text.size,
                       (const char *)text.data);
    }
    if (column->misfits++ == 0) column->misfit_line = records->line;
    return fe_json_quote(text, &records->value);
}

static bool is_literal(ferric_slice text, const char *word)
{
    return fe_slice_equal(text, fe_slice_text(word));
}

// Whether the cell is JSON that its column takes; records->text is then that JSON.
static bool suits(cli_records *records, cli_column_type type, ferric_slice text)
{
    bool is_boolean = is_literal(text, "true") || is_literal(text, "false");

    switch (type) {
    case CLI_COLUMN_NUMBER:
        if (!is_literal(text, "null") && (is_boolean || !cli_record_is_word(text, &records->text)))
            return false;
        break;
    case CLI_COLUMN_BOOLEAN:
        if (!is_literal(text, "null") && !is_boolean) return false;
        break;
    default:
        break;
    }
    return ferric_json_minify(text, &records->text, NULL) == FERRIC_OK;
}

static ferric_status add_cell(cli_records *records, cli_column *column, cli_csv_cell cell)
{
    // Quotes say that it was a string, unless somebody knows better, or its commas need them.
    bool may_be_json = !cell.is_quoted || (column->type == CLI_COLUMN_JSON
                                               ? strchr("{[", *(const char *)cell.text.data) != NULL
                                               : column->is_given);

    if (!fe_utf8_valid(cell.text)) return fe_fail(FERRIC_INVALID_ARGUMENT, "not UTF-8");
    if (column->type == CLI_COLUMN_STRING || cell.text.size == 0)
        return fe_json_quote(cell.text, &records->value);
    if (may_be_json && suits(records, column->type, cell.text)) {
        return fe_buffer_append(&records->value, records->text.data, records->text.size);
    }
    if (column->type == CLI_COLUMN_JSON) return fe_json_quote(cell.text, &records->value);
    return add_misfit(records, column, cell.text);
}

// An empty cell without quotes is a field that is not there.
static ferric_status make_object(cli_records *records)
{
    size_t count = cli_csv_count(&records->csv);
    size_t expected = cli_records_column_count(records);
    ferric_status status;

    if (count != expected) {
        return fe_fail(FERRIC_INVALID_ARGUMENT, "has %zu cells, %s than the %zu fields", count,
                       count > expected ? "more" : "fewer", expected);
    }
    fe_buffer_clear(&records->value);
    status = fe_buffer_append(&records->value, "{", 1);
    for (size_t i = 0; status == FERRIC_OK && i < count; i++) {
        cli_csv_cell cell = cli_csv_cell_at(&records->csv, i);
        cli_column *column = cli_records_column(records, i);
        if (cell.text.size == 0 && !cell.is_quoted) continue;
        status = cli_record_add_name(records, fe_buffer_slice(&column->name));
        if (status == FERRIC_OK) status = add_cell(records, column, cell);
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
