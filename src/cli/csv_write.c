// SPDX-License-Identifier: Apache-2.0
// Writing comma-separated values; see csv.h.
#include <string.h>

#include "base/buffer.h"
#include "base/json_text.h"
#include "cli/csv.h"

bool cli_csv_next_column(const ferric_buffer *columns, size_t *at, ferric_slice *name)
{
    const char *begin = (const char *)columns->data + *at;
    const char *end;

    if (*at >= columns->size) return false;
    end = memchr(begin, '\n', columns->size - *at);
    *name = fe_slice(begin, (size_t)(end - begin));
    *at += name->size + 1;
    return true;
}

static ferric_status note_column(ferric_buffer *columns, ferric_slice name)
{
    ferric_slice column;
    ferric_status status;

    for (size_t at = 0; cli_csv_next_column(columns, &at, &column);) {
        if (fe_slice_equal(column, name)) return FERRIC_OK;
    }
    status = fe_buffer_append(columns, name.data, name.size);
    return status == FERRIC_OK ? fe_buffer_append(columns, "\n", 1) : status;
}

ferric_status cli_csv_note_columns(ferric_buffer *columns, ferric_slice json)
{
    fe_json_walk walk = fe_json_walk_into(json);
    ferric_slice name;
    ferric_slice value;
    ferric_status status = FERRIC_OK;

    if (fe_json_kind(json) != '{') return note_column(columns, fe_slice_text("\"value\""));
    while (status == FERRIC_OK && fe_json_next_member(&walk, &name, &value))
        status = note_column(columns, name);
    return status;
}

ferric_slice cli_csv_value(ferric_slice json, ferric_slice column)
{
    fe_json_walk walk = fe_json_walk_into(json);
    ferric_slice name;
    ferric_slice value;

    if (fe_json_kind(json) != '{') return json;
    while (fe_json_next_member(&walk, &name, &value)) {
        if (fe_slice_equal(name, column)) return value;
    }
    return fe_slice(NULL, 0);
}

// Whether a string has to stand in quotes: because of its bytes, or because without them it would
// be no string.
static bool needs_quotes(ferric_slice text)
{
    static const char *const words[] = {"true", "false", "null"};
    const uint8_t *bytes = fe_slice_bytes(text);
    ferric_buffer scratch = {0};
    bool is_number = false;

    if (text.size == 0 || bytes[0] == ' ' || bytes[text.size - 1] == ' ') return true;
    for (size_t i = 0; i < text.size; i++) {
        if (bytes[i] != 0 && strchr("\",\r\n", bytes[i]) != NULL) return true;
    }
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (fe_slice_equal(text, fe_slice_text(words[i]))) return true;
    }
    if (bytes[0] == '-' || (bytes[0] >= '0' && bytes[0] <= '9')) {
        is_number = ferric_json_minify(text, &scratch, NULL) == FERRIC_OK;
    }
    ferric_buffer_free(&scratch);
    return is_number;
}

static ferric_status append_quoted(ferric_slice text, ferric_buffer *line)
{
    const char *at = text.data;
    const char *end = at + text.size;
    ferric_status status = fe_buffer_append(line, "\"", 1);

    while (status == FERRIC_OK && at < end) {
        const char *quote = memchr(at, '"', (size_t)(end - at));
        const char *behind = quote == NULL ? end : quote + 1;
        status = fe_buffer_append(line, at, (size_t)(behind - at));
        if (status == FERRIC_OK && quote != NULL) status = fe_buffer_append(line, "\"", 1);
        at = behind;
    }
    return status == FERRIC_OK ? fe_buffer_append(line, "\"", 1) : status;
}

static ferric_status append_cell(ferric_slice value, ferric_buffer *line)
{
    ferric_buffer text = {0};
    char kind = value.size == 0 ? 0 : fe_json_kind(value);
    ferric_status status;

    if (kind == '{' || kind == '[') return append_quoted(value, line);
    if (kind != '"') return fe_buffer_append(line, value.data, value.size);
    status = fe_json_unquote(value, &text);
    if (status == FERRIC_OK) {
        ferric_slice cell = fe_buffer_slice(&text);
        status = needs_quotes(cell) ? append_quoted(cell, line)
                                    : fe_buffer_append(line, cell.data, cell.size);
    }
    fe_buffer_deinit(&text);
    return status;
}

static ferric_status write_line(const ferric_buffer *columns, const ferric_slice *json,
                                ferric_buffer *line)
{
    ferric_slice column;
    ferric_status status = FERRIC_OK;

    for (size_t at = 0; status == FERRIC_OK && cli_csv_next_column(columns, &at, &column);) {
        status = json == NULL ? append_cell(column, line)
                              : append_cell(cli_csv_value(*json, column), line);
        if (status == FERRIC_OK && at < columns->size) status = fe_buffer_append(line, ",", 1);
    }
    return status == FERRIC_OK ? fe_buffer_append(line, "\r\n", 2) : status;
}

ferric_status cli_csv_write_header(const ferric_buffer *columns, ferric_buffer *line)
{
    return write_line(columns, NULL, line);
}

ferric_status cli_csv_write_row(const ferric_buffer *columns, ferric_slice json,
                                ferric_buffer *line)
{
    return write_line(columns, &json, line);
}
