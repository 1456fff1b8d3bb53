// SPDX-License-Identifier: Apache-2.0
// The forms of rows; see rows.h.
#include "cli/rows.h"

#include <string.h>

#include "base/buffer.h"
#include "base/json_text.h"
#include "base/memory.h"
#include "cli/csv.h"
#include "cli/output.h"
#include "cli/screen_text.h"

static const char *const form_names[] = {
    [CLI_ROWS_AUTO] = "auto",         [CLI_ROWS_JSONL] = "jsonl", [CLI_ROWS_JSON] = "json",
    [CLI_ROWS_TABLE] = "table",       [CLI_ROWS_BOX] = "box",     [CLI_ROWS_CSV] = "csv",
    [CLI_ROWS_MARKDOWN] = "markdown",
};
#define FORM_COUNT (sizeof form_names / sizeof form_names[0])

bool cli_rows_form_read(const char *word, cli_rows_form *form)
{
    for (size_t i = 0; i < FORM_COUNT; i++) {
        if (strcmp(word, form_names[i]) != 0) continue;
        *form = (cli_rows_form)i;
        return true;
    }
    return false;
}

const char *cli_rows_form_name(cli_rows_form form)
{
    return form_names[form];
}

void cli_rows_init(cli_rows *rows, cli_rows_form form)
{
    *rows = (cli_rows){.form = form};
}

void cli_rows_deinit(cli_rows *rows)
{
    fe_buffer_deinit(&rows->texts);
    fe_buffer_deinit(&rows->columns);
}

// ---- Lines ----------------------------------------------------------------------------------

// The line that begins at *at, which moves behind it. False at the end.
static bool next_line(const ferric_buffer *lines, size_t *at, ferric_slice *line)
{
    const char *begin = (const char *)lines->data + *at;
    const char *end;

    if (*at >= lines->size) return false;
    end = memchr(begin, '\n', lines->size - *at);
    *line = fe_slice(begin, (size_t)(end - begin));
    *at += line->size + 1;
    return true;
}

static ferric_status append_line(ferric_buffer *lines, ferric_slice line)
{
    ferric_status status = fe_buffer_append(lines, line.data, line.size);
    return status == FERRIC_OK ? fe_buffer_append(lines, "\n", 1) : status;
}

// ---- Columns --------------------------------------------------------------------------------

static ferric_status note_columns(cli_rows *rows, ferric_slice json)
{
    ferric_status status = cli_csv_note_columns(&rows->columns, json);
    ferric_slice column;

    rows->column_count = 0;
    for (size_t at = 0; cli_csv_next_column(&rows->columns, &at, &column);)
        rows->column_count++;
    return status;
}

// What stands in a cell, in one line: a string without its quotes, anything else as it is.
static ferric_status cell_text(ferric_slice value, ferric_buffer *text)
{
    ferric_status status;

    fe_buffer_clear(text);
    status = fe_json_kind(value) == '"' ? fe_json_unquote(value, text)
                                        : fe_buffer_append(text, value.data, value.size);
    cli_text_flatten(text);
    return status;
}

// ---- Tables ---------------------------------------------------------------------------------

static ferric_status measure(const cli_rows *rows, size_t *widths)
{
    ferric_buffer text = {0};
    ferric_slice column;
    ferric_slice row;
    size_t i = 0;
    ferric_status status = FERRIC_OK;

    for (size_t at = 0; status == FERRIC_OK && cli_csv_next_column(&rows->columns, &at, &column);
         i++) {
        status = cell_text(column, &text);
        widths[i] = cli_text_columns(fe_buffer_slice(&text));
        for (size_t from = 0; status == FERRIC_OK && next_line(&rows->texts, &from, &row);) {
            size_t width;
            status = cell_text(cli_csv_value(row, column), &text);
            width = cli_text_columns(fe_buffer_slice(&text));
            if (width > widths[i]) widths[i] = width;
        }
    }
    fe_buffer_deinit(&text);
    return status;
}

// On a terminal no column becomes narrower, so a table of very many is wider all the same.
#define NARROWEST 4
// What stands around a cell: a space before and behind it, and a bar.
#define CELL_FRAME 3

static size_t table_width(const cli_rows *rows, const size_t *widths, size_t limit)
{
    size_t total = 1;
    for (size_t i = 0; i < rows->column_count; i++)
        total += CELL_FRAME + (widths[i] < limit ? widths[i] : limit);
    return total;
}

// Narrows the widest columns, all to one width, until the table fits between the terminal's sides.
static void fit_to_terminal(const cli_rows *rows, size_t *widths)
{
    size_t columns = cli_output_columns();
    size_t limit = columns;

    while (limit > NARROWEST && table_width(rows, widths, limit) > columns)
        limit--;
    for (size_t i = 0; i < rows->column_count; i++) {
        if (widths[i] > limit) widths[i] = limit;
    }
}

static void print_repeated(const char *text, size_t count)
{
    for (size_t i = 0; i < count; i++)
        cli_print("%s", text);
}

// A line between rows: left corner, what joins columns, right corner, and what fills.
static void print_rule(const cli_rows *rows, const size_t *widths, const char *const parts[4])
{
    cli_print("%s", parts[0]);
    for (size_t i = 0; i < rows->column_count; i++) {
        if (i > 0) cli_print("%s", parts[1]);
        print_repeated(parts[3], widths[i] + 2);
    }
    cli_print("%s\n", parts[2]);
}

// Text of one line, filled up with spaces or, with a sign of it, cut to `width`. A '|' is escaped
// in Markdown, where nothing is cut.
static void print_cell(const cli_rows *rows, ferric_slice text, size_t width)
{
    size_t taken = cli_text_columns(text);
    bool is_cut = taken > width;

    if (is_cut) text.size = cli_text_fitting(text, width - 1);
    for (size_t at = 0; at < text.size; at++) {
        const char *byte = (const char *)text.data + at;
        if (rows->form == CLI_ROWS_MARKDOWN && *byte == '|') cli_print("\\");
        cli_write(fe_slice(byte, 1));
    }
    if (is_cut) {
        cli_print("…");
        taken = cli_text_columns(text) + 1;
    }
    print_repeated(" ", width - taken);
}

// One row, or with an empty `row` the names of columns.
static ferric_status print_row(const cli_rows *rows, const size_t *widths, ferric_slice row,
                               const char *bar)
{
    ferric_buffer text = {0};
    ferric_slice column;
    size_t i = 0;
    ferric_status status = FERRIC_OK;

    cli_print("%s", bar);
    for (size_t at = 0; status == FERRIC_OK && cli_csv_next_column(&rows->columns, &at, &column);
         i++) {
        status = cell_text(row.size == 0 ? column : cli_csv_value(row, column), &text);
        cli_print(" ");
        print_cell(rows, fe_buffer_slice(&text), widths[i]);
        cli_print(" %s", bar);
    }
    cli_print("\n");
    fe_buffer_deinit(&text);
    return status;
}

static ferric_status print_table(const cli_rows *rows)
{
    static const char *const table[4] = {"+", "+", "+", "-"};
    static const char *const markdown[4] = {"|", "|", "|", "-"};
    static const char *const box_top[4] = {"┌", "┬", "┐", "─"};
    static const char *const box_middle[4] = {"├", "┼", "┤", "─"};
    static const char *const box_bottom[4] = {"└", "┴", "┘", "─"};
    bool is_box = rows->form == CLI_ROWS_BOX;
    bool is_markdown = rows->form == CLI_ROWS_MARKDOWN;
    const char *bar = is_box ? "│" : "|";
    size_t *widths = fe_alloc_zero(rows->column_count + 1, sizeof *widths);
    ferric_slice row;
    ferric_status status;

    if (widths == NULL) return fe_no_memory("a table", rows->column_count);
    status = measure(rows, widths);
    if (!is_markdown && cli_output_is_terminal()) fit_to_terminal(rows, widths);
    if (!is_markdown) print_rule(rows, widths, is_box ? box_top : table);
    if (status == FERRIC_OK) status = print_row(rows, widths, fe_slice(NULL, 0), bar);
    print_rule(rows, widths, is_box ? box_middle : is_markdown ? markdown : table);
    for (size_t at = 0; status == FERRIC_OK && next_line(&rows->texts, &at, &row);)
        status = print_row(rows, widths, row, bar);
    if (!is_markdown) print_rule(rows, widths, is_box ? box_bottom : table);
    fe_free(widths);
    return status;
}

// ---- CSV ------------------------------------------------------------------------------------

static ferric_status print_csv(const cli_rows *rows)
{
    ferric_buffer line = {0};
    ferric_slice row;
    ferric_status status = cli_csv_write_header(&rows->columns, &line);

    if (status == FERRIC_OK) cli_write(fe_buffer_slice(&line));
    for (size_t at = 0; status == FERRIC_OK && next_line(&rows->texts, &at, &row);) {
        fe_buffer_clear(&line);
        status = cli_csv_write_row(&rows->columns, row, &line);
        if (status == FERRIC_OK) cli_write(fe_buffer_slice(&line));
    }
    fe_buffer_deinit(&line);
    return status;
}

// ---- All ------------------------------------------------------------------------------------

ferric_status cli_rows_add(cli_rows *rows, ferric_slice json)
{
    ferric_status status;

    switch (rows->form) {
    case CLI_ROWS_AUTO:
        cli_write_json(json);
        cli_print("\n");
        break;
    case CLI_ROWS_JSONL:
        cli_write(json);
        cli_print("\n");
        break;
    case CLI_ROWS_JSON:
        cli_print(rows->count == 0 ? "[" : ",\n");
        cli_write(json);
        break;
    default:
        status = note_columns(rows, json);
        if (status == FERRIC_OK) status = append_line(&rows->texts, json);
        if (status != FERRIC_OK) return status;
        break;
    }
    rows->count++;
    return FERRIC_OK;
}

ferric_status cli_rows_end(cli_rows *rows)
{
    switch (rows->form) {
    case CLI_ROWS_JSON:
        cli_print(rows->count == 0 ? "[]\n" : "]\n");
        return FERRIC_OK;
    case CLI_ROWS_TABLE:
    case CLI_ROWS_BOX:
    case CLI_ROWS_MARKDOWN:
        return rows->count == 0 ? FERRIC_OK : print_table(rows);
    case CLI_ROWS_CSV:
        return rows->count == 0 ? FERRIC_OK : print_csv(rows);
    default:
        return FERRIC_OK;
    }
}

ferric_status cli_rows_print(cli_rows_form form, ferric_slice array)
{
    cli_rows rows;
    fe_json_walk walk = fe_json_walk_into(array);
    ferric_slice element;
    ferric_status status = FERRIC_OK;

    cli_rows_init(&rows, form);
    while (status == FERRIC_OK && fe_json_next_element(&walk, &element))
        status = cli_rows_add(&rows, element);
    if (status == FERRIC_OK) status = cli_rows_end(&rows);
    cli_rows_deinit(&rows);
    return status;
}
