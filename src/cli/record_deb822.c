// SPDX-License-Identifier: Apache-2.0
// Records of Debian control files (deb822(5)): paragraphs of "Field: value" lines, parted by empty
// lines. A line that begins with a space or tab goes on with the value before it; " ." stands for
// an empty line; one that begins with # is a comment. Each paragraph becomes an object of strings.
#include "base/buffer.h"
#include "base/json_text.h"
#include "base/status.h"
#include "base/utf8.h"
#include "cli/record.h"

static ferric_slice trim(ferric_slice text)
{
    const uint8_t *at = fe_slice_bytes(text);
    size_t size = text.size;
    while (size > 0 && (at[size - 1] == ' ' || at[size - 1] == '\t' || at[size - 1] == '\r'))
        size--;
    while (size > 0 && (*at == ' ' || *at == '\t')) {
        at++;
        size--;
    }
    return fe_slice(at, size);
}

// Ends the field whose value stands in records->text.
static ferric_status end_field(cli_records *records, bool has_field)
{
    ferric_slice text = fe_buffer_slice(&records->text);
    if (!has_field) return FERRIC_OK;
    if (!fe_utf8_valid(text)) return fe_fail(FERRIC_INVALID_ARGUMENT, "the field is not UTF-8");
    return fe_json_quote(text, &records->value);
}

// Adds a line that goes on with the value before it. Its first character is no part of it.
static ferric_status continue_field(cli_records *records, ferric_slice line)
{
    ferric_slice rest = fe_slice(fe_slice_bytes(line) + 1, line.size - 1);
    ferric_slice trimmed = trim(rest);
    ferric_status status = fe_buffer_append(&records->text, "\n", 1);
    if (status != FERRIC_OK || fe_slice_equal(trimmed, fe_slice(".", 1))) return status;
    rest.size = (size_t)(fe_slice_bytes(trimmed) + trimmed.size - fe_slice_bytes(rest));
    return fe_buffer_append(&records->text, rest.data, rest.size);
}

static bool is_name(ferric_slice name)
{
    const uint8_t *at = fe_slice_bytes(name);
    if (name.size == 0 || at[0] == '-') return false;
    for (size_t i = 0; i < name.size; i++) {
        if (at[i] <= ' ' || at[i] >= 0x7f) return false;
    }
    return true;
}

static ferric_status begin_field(cli_records *records, ferric_slice line)
{
    const char *begin = line.data;
    const char *colon = memchr(begin, ':', line.size);
    ferric_slice name = fe_slice(begin, colon == NULL ? 0 : (size_t)(colon - begin));
    ferric_slice value;
    ferric_buffer literal = {0};
    ferric_status status;

    if (!is_name(name)) return fe_fail(FERRIC_INVALID_ARGUMENT, "no \"Field: value\"");
    status = fe_json_quote(name, &literal);
    if (status == FERRIC_OK) status = cli_record_add_name(records, fe_buffer_slice(&literal));
    fe_buffer_deinit(&literal);
    if (status != FERRIC_OK) return status;
    fe_buffer_clear(&records->text);
    value = trim(fe_slice(colon + 1, line.size - name.size - 1));
    return fe_buffer_append(&records->text, value.data, value.size);
}

static ferric_status read_line(cli_records *records, ferric_slice line, bool *has_field)
{
    uint8_t first = *fe_slice_bytes(line);
    ferric_status status;
    if (first == '#') return FERRIC_OK;
    if (first == ' ' || first == '\t') {
        if (*has_field) return continue_field(records, line);
        return fe_fail(FERRIC_INVALID_ARGUMENT, "goes on with a value, but there is none before");
    }
    status = end_field(records, *has_field);
    if (status == FERRIC_OK) status = begin_field(records, line);
    if (status == FERRIC_OK) *has_field = true;
    return status;
}

// Reads lines up to the end of the paragraph; behind an error they are skipped, and records->line
// is the line of the error.
static cli_record_result read_paragraph(cli_records *records, bool *has_field)
{
    cli_record_result result = CLI_RECORD_READ;
    bool is_begun = false;
    size_t size = 0;

    for (;;) {
        ferric_slice line;
        cli_line_result got = cli_lines_next(&records->lines, &line);
        if (got == CLI_LINE_END && is_begun) return result;
        if (got == CLI_LINE_END || got == CLI_LINE_FAILED) return cli_record_no_line(records, got);
        if (got == CLI_LINE_READ && trim(line).size == 0) {
            if (is_begun) return result;
            continue;
        }
        if (!is_begun) records->line = records->lines.number;
        is_begun = true;
        if (result != CLI_RECORD_READ) continue;
        size += got == CLI_LINE_READ ? line.size : 0;
        if (got == CLI_LINE_TOO_LONG || size > records->lines.line_size_max) {
            result = cli_record_no_line(records, CLI_LINE_TOO_LONG);
            continue;
        }
        result = cli_record_result_of(read_line(records, line, has_field));
        if (result != CLI_RECORD_READ) records->line = records->lines.number;
    }
}

cli_record_result cli_record_read_deb822(cli_records *records)
{
    cli_record_result result;
    bool has_field = false;
    ferric_status status;

    do { // A paragraph of comments alone is none.
        fe_buffer_clear(&records->value);
        if (fe_buffer_append(&records->value, "{", 1) != FERRIC_OK) return CLI_RECORD_FAILED;
        result = read_paragraph(records, &has_field);
        if (result != CLI_RECORD_READ) return result;
    } while (!has_field);
    status = end_field(records, true);
    if (status == FERRIC_OK) status = fe_buffer_append(&records->value, "}", 1);
    if (status == FERRIC_OK) status = cli_record_take_key(records);
    return cli_record_result_of(status);
}
