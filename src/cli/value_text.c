// SPDX-License-Identifier: Apache-2.0
// Values as text; see value_text.h.
#include "cli/value_text.h"

#include <stdio.h>

#include "base/buffer.h"
#include "base/json_text.h"
#include "base/status.h"
#include "base/utf8.h"
#include "cli/output.h"

uint8_t cli_first_byte(ferric_slice text)
{
    const uint8_t *at = fe_slice_bytes(text);
    for (size_t i = 0; i < text.size; i++) {
        if (at[i] != ' ' && at[i] != '\t' && at[i] != '\n' && at[i] != '\r') return at[i];
    }
    return 0;
}

ferric_status cli_value_read(ferric_slice text, ferric_buffer *json, bool *is_string)
{
    ferric_status status = ferric_json_minify(text, json, NULL);
    uint8_t first = cli_first_byte(text);

    *is_string = false;
    if (status != FERRIC_INVALID_ARGUMENT) return status;
    if (first == '{' || first == '[' || first == '"') return status;
    if (!fe_utf8_valid(text)) {
        return fe_fail(FERRIC_INVALID_ARGUMENT,
                       "the value is not UTF-8, so it is no JSON; bytes go into a raw keyspace");
    }
    *is_string = true;
    fe_buffer_clear(json);
    return fe_json_quote(text, json);
}

int cli_input_read(ferric_buffer *text, bool is_raw)
{
    size_t got = 1;
    while (got > 0) {
        if (fe_buffer_reserve(text, 64 * 1024) != FERRIC_OK) {
            return cli_fail(CLI_IO, "no memory for standard input");
        }
        got = fread((char *)text->data + text->size, 1, text->capacity - text->size, stdin);
        text->size += got;
    }
    if (ferror(stdin)) return cli_fail(CLI_IO, "cannot read standard input");
    if (!is_raw && text->size > 0 && ((char *)text->data)[text->size - 1] == '\n') text->size--;
    return CLI_DONE;
}

ferric_status cli_line_escape(ferric_slice bytes, ferric_buffer *line)
{
    const uint8_t *at = fe_slice_bytes(bytes);
    const uint8_t *end = bytes.size == 0 ? at : at + bytes.size;
    ferric_status status = FERRIC_OK;

    while (status == FERRIC_OK && at < end) {
        const uint8_t *plain = at;
        char letter = 0;
        while (at < end && *at >= 0x20 && *at != 0x7f && *at != '\\')
            at++;
        status = fe_buffer_append(line, plain, (size_t)(at - plain));
        if (status != FERRIC_OK || at == end) return status;
        letter = *at == '\t' ? 't' : *at == '\n' ? 'n' : *at == '\r' ? 'r' : *at == '\\' ? '\\' : 0;
        status = letter != 0 ? fe_buffer_format(line, "\\%c", letter)
                             : fe_buffer_format(line, "\\x%02x", *at);
        at++;
    }
    return status;
}

static int hex_digit(uint8_t byte)
{
    if (byte >= '0' && byte <= '9') return byte - '0';
    byte |= 0x20;
    return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

// Reads the escape behind the backslash at `at`; returns its size without the backslash, 0 for one
// that does not exist.
static size_t read_escape(const uint8_t *at, const uint8_t *end, uint8_t *byte)
{
    static const char letters[] = "tnr\\";
    static const char meanings[] = "\t\n\r\\";
    const char *found;
    if (at == end) return 0;
    if (*at == 'x') {
        if (end - at < 3 || hex_digit(at[1]) < 0 || hex_digit(at[2]) < 0) return 0;
        *byte = (uint8_t)(hex_digit(at[1]) << 4 | hex_digit(at[2]));
        return 3;
    }
    found = memchr(letters, *at, sizeof letters - 1);
    if (found == NULL) return 0;
    *byte = (uint8_t)meanings[found - letters];
    return 1;
}

ferric_status cli_line_unescape(ferric_slice field, ferric_buffer *bytes)
{
    const uint8_t *at = fe_slice_bytes(field);
    const uint8_t *end = field.size == 0 ? at : at + field.size;
    ferric_status status = fe_buffer_reserve(bytes, field.size + 1);
    uint8_t *out;

    if (status != FERRIC_OK) return status;
    out = (uint8_t *)bytes->data + bytes->size;
    while (at < end) {
        if (*at == '\\') {
            size_t size = read_escape(at + 1, end, out++);
            if (size == 0) {
                return fe_fail(FERRIC_INVALID_ARGUMENT,
                               "a backslash begins \\t, \\n, \\r, \\\\ or \\xNN");
            }
            at += 1 + size;
        } else {
            *out++ = *at++;
        }
    }
    bytes->size = (size_t)(out - (uint8_t *)bytes->data);
    return FERRIC_OK;
}

ferric_status cli_text_escape(ferric_slice bytes, ferric_buffer *text)
{
    const uint8_t *at = fe_slice_bytes(bytes);
    const uint8_t *end = bytes.size == 0 ? at : at + bytes.size;
    ferric_status status = FERRIC_OK;

    while (status == FERRIC_OK && at < end) {
        size_t size = fe_utf8_size(at, end);
        bool is_plain = size > 1 || (size == 1 && *at >= 0x20 && *at != 0x7f && *at != '\\');
        if (*at == '"') {
            status = fe_buffer_append(text, "\\\"", 2);
        } else if (is_plain) {
            status = fe_buffer_append(text, at, size);
        } else {
            size = 1;
            status = fe_buffer_format(text, "\\x%02x", *at);
        }
        at += size;
    }
    return status;
}
