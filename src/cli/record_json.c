// SPDX-License-Identifier: Apache-2.0
// Records of JSON: the elements of one array, or values that follow one another. A value is cut out
// by its brackets and quotes as the bytes come in, so that an array of any size takes the memory of
// its largest element; the library then says whether it is JSON.
#include "base/buffer.h"
#include "base/status.h"
#include "cli/record.h"

// What may come next.
enum {
    AT_BEGIN = 0,
    IN_SEQUENCE,       // A value, or the end.
    AT_FIRST,          // Behind '[': a value, or ']'.
    AT_VALUE,          // Behind a comma: a value.
    BEHIND_VALUE,      // A comma, or ']'.
    BEHIND_EVERYTHING, // The end.
};

// A value whose end is looked for; bytes may come in parts.
typedef struct cut {
    size_t size; // So far.
    size_t depth;
    bool in_string;
    bool is_escaped;
    bool is_scalar; // A number or a word: it ends where something else begins.
    bool is_array;  // Whether it stands in an array, where a comma or ] ends a scalar.
} cut;

static bool is_space(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

// Looks at one more byte. Returns whether the value ended before it (*is_inside false) or with it.
static bool step(cut *value, uint8_t byte, bool *is_inside)
{
    *is_inside = true;
    if (value->in_string) {
        // JSON has no newline in a string: a quote is missing, and the rest need not suffer.
        if (!value->is_escaped && (byte == '"' || byte == '\n')) value->in_string = false;
        value->is_escaped = !value->is_escaped && byte == '\\';
        return !value->in_string && value->depth == 0;
    }
    if (value->is_scalar) {
        *is_inside = !is_space(byte) && !(value->is_array && (byte == ',' || byte == ']'));
        return !*is_inside;
    }
    if (byte == '"') value->in_string = true;
    if (byte == '{' || byte == '[') value->depth++;
    if ((byte == '}' || byte == ']') && value->depth > 0) value->depth--;
    return !value->in_string && value->depth == 0;
}

static cut begin_cut(const cli_records *records, uint8_t first)
{
    cut value = {0};
    value.is_scalar = first != '"' && first != '{' && first != '[';
    value.is_array = records->json_state != IN_SEQUENCE;
    return value;
}

// Looks for the end in `bytes`, the first of which were looked at. Returns whether it is there.
static bool find_end(cut *value, ferric_slice bytes)
{
    const uint8_t *at = fe_slice_bytes(bytes);
    while (value->size < bytes.size) {
        bool is_inside;
        bool is_end = step(value, at[value->size], &is_inside);
        value->size += is_inside;
        if (is_end) return true;
    }
    return false;
}

static cli_record_result fail_cut(cli_records *records)
{
    records->json_state = BEHIND_EVERYTHING;
    fe_fail(FERRIC_INVALID_ARGUMENT, "the value that begins here has no end");
    return CLI_RECORD_CUT;
}

// Takes the rest of a value that is too long, without keeping it.
static cli_record_result skip_value(cli_records *records, cut *value)
{
    ferric_slice bytes;
    bool is_end = false;
    ferric_status status = FERRIC_OK;

    while (status == FERRIC_OK && !is_end) {
        cli_lines_take(&records->lines, value->size);
        value->size = 0;
        status = cli_lines_peek(&records->lines, 1, &bytes);
        if (status == FERRIC_OK && bytes.size == 0) break;
        if (status == FERRIC_OK) is_end = find_end(value, bytes);
    }
    if (status != FERRIC_OK) return CLI_RECORD_FAILED;
    cli_lines_take(&records->lines, value->size);
    if (!is_end && !value->is_scalar) return fail_cut(records);
    fe_fail(FERRIC_TOO_LARGE, "longer than %zu bytes", records->lines.line_size_max);
    return CLI_RECORD_BAD;
}

// Reads a value's text into records->value as minified JSON. The lines of a value may be many: the
// one to look at is where it stops being JSON.
static ferric_status check(cli_records *records, ferric_slice text)
{
    size_t error_offset = 0;
    uint64_t begin = records->line;
    ferric_status status = ferric_json_minify(text, &records->value, &error_offset);

    if (status == FERRIC_OK) return cli_record_take_key(records);
    for (size_t i = 0; i < error_offset && i < text.size; i++)
        records->line += fe_slice_bytes(text)[i] == '\n';
    if (status == FERRIC_INVALID_ARGUMENT && records->line != begin) {
        ferric_buffer reason = {0};
        if (fe_buffer_format(&reason, "%s", ferric_error_message()) == FERRIC_OK) {
            status = fe_fail(status, "the value of line %llu is %.*s", (unsigned long long)begin,
                             (int)reason.size, (const char *)reason.data);
        }
        fe_buffer_deinit(&reason);
    }
    return status;
}

static cli_record_result read_value(cli_records *records, uint8_t first)
{
    cut value = begin_cut(records, first);
    ferric_slice bytes;
    ferric_status status;

    for (;;) {
        if (cli_lines_peek(&records->lines, value.size + 1, &bytes) != FERRIC_OK) {
            return CLI_RECORD_FAILED;
        }
        if (find_end(&value, bytes)) break;
        if (value.size > records->lines.line_size_max) return skip_value(records, &value);
        if (records->lines.is_ended) {
            if (value.is_scalar) break;
            cli_lines_take(&records->lines, value.size);
            return fail_cut(records);
        }
    }
    if (value.size > records->lines.line_size_max) return skip_value(records, &value);
    status = check(records, fe_slice(bytes.data, value.size));
    cli_lines_take(&records->lines, value.size);
    return cli_record_result_of(status);
}

// The next byte that is no white space, which is not taken; -1 at the end, and *status says whether
// it is one.
static int next_byte(cli_records *records, ferric_status *status)
{
    for (;;) {
        ferric_slice bytes;
        size_t i = 0;
        *status = cli_lines_peek(&records->lines, 1, &bytes);
        if (*status != FERRIC_OK || bytes.size == 0) return -1;
        while (i < bytes.size && is_space(fe_slice_bytes(bytes)[i]))
            i++;
        cli_lines_take(&records->lines, i);
        if (i < bytes.size) return fe_slice_bytes(bytes)[i];
    }
}

static ferric_status begin(cli_records *records)
{
    ferric_slice bytes;
    ferric_status status = cli_lines_peek(&records->lines, 3, &bytes);

    if (status == FERRIC_OK && fe_slice_has_prefix(bytes, fe_slice_text("\xef\xbb\xbf"))) {
        cli_lines_take(&records->lines, 3); // A byte order mark, which some programs write.
    }
    if (status != FERRIC_OK) return status;
    records->json_state = next_byte(records, &status) == '[' ? AT_FIRST : IN_SEQUENCE;
    if (records->json_state == AT_FIRST) cli_lines_take(&records->lines, 1);
    return status;
}

static cli_record_result fail_place(const cli_records *records, const char *reason)
{
    fe_fail(FERRIC_INVALID_ARGUMENT, "%s", reason);
    return records->json_state == BEHIND_EVERYTHING ? CLI_RECORD_CUT : CLI_RECORD_BAD;
}

static cli_record_result take_bracket(cli_records *records)
{
    bool is_behind_comma = records->json_state == AT_VALUE;
    ferric_status status;

    cli_lines_take(&records->lines, 1);
    records->json_state = BEHIND_EVERYTHING;
    if (is_behind_comma) return fail_place(records, "a comma stands before the closing ]");
    if (next_byte(records, &status) >= 0) {
        records->line = records->lines.number + 1;
        return fail_place(records, "something follows the end of the array");
    }
    return status == FERRIC_OK ? CLI_RECORD_END : CLI_RECORD_FAILED;
}

// Takes what parts two elements of an array. CLI_RECORD_READ when a value begins with *byte.
static cli_record_result take_separator(cli_records *records, int *byte)
{
    if (records->json_state == BEHIND_VALUE && *byte == ',') {
        ferric_status status;
        cli_lines_take(&records->lines, 1);
        records->json_state = AT_VALUE;
        *byte = next_byte(records, &status);
        records->line = records->lines.number + 1;
        if (status != FERRIC_OK) return CLI_RECORD_FAILED;
    }
    if (*byte == ']') return take_bracket(records);
    if (*byte < 0) {
        records->json_state = BEHIND_EVERYTHING;
        return fail_place(records, "the array ends without ]");
    }
    if (records->json_state == BEHIND_VALUE) {
        records->json_state = AT_VALUE;
        return fail_place(records, "there is no comma between two elements");
    }
    if (*byte == ',') {
        cli_lines_take(&records->lines, 1);
        return fail_place(records, "there is no value before the comma");
    }
    return CLI_RECORD_READ;
}

cli_record_result cli_record_read_json(cli_records *records)
{
    ferric_status status = FERRIC_OK;
    cli_record_result result = CLI_RECORD_READ;
    int byte;

    if (records->json_state == AT_BEGIN) status = begin(records);
    if (status != FERRIC_OK) return CLI_RECORD_FAILED;
    if (records->json_state == BEHIND_EVERYTHING) return CLI_RECORD_END;
    byte = next_byte(records, &status);
    records->line = records->lines.number + 1;
    if (status != FERRIC_OK) return CLI_RECORD_FAILED;
    if (records->json_state == IN_SEQUENCE) {
        return byte < 0 ? CLI_RECORD_END : read_value(records, (uint8_t)byte);
    }
    result = take_separator(records, &byte);
    if (result != CLI_RECORD_READ) return result;
    result = read_value(records, (uint8_t)byte);
    if (records->json_state != BEHIND_EVERYTHING) records->json_state = BEHIND_VALUE;
    return result;
}
