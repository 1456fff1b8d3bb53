// SPDX-License-Identifier: Apache-2.0
// Walking valid JSON text; see json_text.h.
#include "base/json_text.h"

#include "base/buffer.h"
#include "base/memory.h"
#include "base/utf8.h"

// Behind the closing quote of the string that begins at `at`.
static const uint8_t *string_end(const uint8_t *at, const uint8_t *end)
{
    const uint8_t *begin = at + 1;
    const uint8_t *quote = begin;

    while (quote < end && (quote = memchr(quote, '"', (size_t)(end - quote))) != NULL) {
        const uint8_t *escape = quote;
        while (escape > begin && escape[-1] == '\\')
            escape--;
        if ((quote - escape) % 2 == 0) return quote + 1;
        quote++;
    }
    return end;
}

// Behind the closing bracket of the object or array that begins at `at`.
static const uint8_t *container_end(const uint8_t *at, const uint8_t *end)
{
    size_t depth = 0;
    while (at < end) {
        uint8_t byte = *at;
        if (byte == '"') {
            at = string_end(at, end);
            continue;
        }
        at++;
        if (byte == '{' || byte == '[') {
            depth++;
        } else if ((byte == '}' || byte == ']') && --depth == 0) {
            return at;
        }
    }
    return end;
}

const uint8_t *fe_json_value_end(const uint8_t *at, const uint8_t *end)
{
    if (at >= end) return end;
    if (*at == '"') return string_end(at, end);
    if (*at == '{' || *at == '[') return container_end(at, end);
    while (at < end && *at != ',' && *at != '}' && *at != ']')
        at++;
    return at;
}

fe_json_walk fe_json_walk_into(ferric_slice value)
{
    const uint8_t *data = fe_slice_bytes(value);
    fe_json_walk walk = {NULL, NULL};
    if (value.size < 2) return walk;
    walk.at = data + 1;
    walk.end = data + value.size - 1;
    return walk;
}

bool fe_json_next_element(fe_json_walk *walk, ferric_slice *value)
{
    const uint8_t *behind;
    if (walk->at >= walk->end) return false;
    behind = fe_json_value_end(walk->at, walk->end);
    *value = fe_slice(walk->at, (size_t)(behind - walk->at));
    walk->at = behind < walk->end ? behind + 1 : behind; // Over the comma.
    return true;
}

bool fe_json_next_member(fe_json_walk *walk, ferric_slice *name, ferric_slice *value)
{
    const uint8_t *behind;
    if (walk->at >= walk->end) return false;
    behind = fe_json_value_end(walk->at, walk->end);
    *name = fe_slice(walk->at, (size_t)(behind - walk->at));
    walk->at = behind < walk->end ? behind + 1 : behind; // Over the colon.
    return fe_json_next_element(walk, value);
}

char fe_json_kind(ferric_slice value)
{
    uint8_t first = value.size == 0 ? 0 : *fe_slice_bytes(value);
    return first == '-' || (first >= '0' && first <= '9') ? '0' : (char)first;
}

// ---- Strings --------------------------------------------------------------------------------

fe_json_string fe_json_string_of(ferric_slice literal)
{
    fe_json_string string = {0};
    fe_json_walk inside = fe_json_walk_into(literal);
    string.at = inside.at;
    string.end = inside.end;
    return string;
}

static uint32_t hex_digit(uint8_t byte)
{
    if (byte <= '9') return (uint32_t)byte - '0';
    return ((uint32_t)byte | 0x20) - 'a' + 10;
}

static uint32_t hex_4(const uint8_t *at)
{
    return hex_digit(at[0]) << 12 | hex_digit(at[1]) << 8 | hex_digit(at[2]) << 4 |
           hex_digit(at[3]);
}

// Decodes the \u escape whose digits stand at string->at, and its second half if it has one.
static uint32_t decode_unicode(fe_json_string *string)
{
    uint32_t code;
    if (string->end - string->at < 4) {
        string->at = string->end;
        return 0xfffd;
    }
    code = hex_4(string->at);
    string->at += 4;
    if (code < 0xd800 || code > 0xdbff || string->end - string->at < 6) return code & 0xffff;
    code = 0x10000 + ((code - 0xd800) << 10) + ((hex_4(string->at + 2) - 0xdc00) & 0x3ff);
    string->at += 6;
    return code;
}

static uint32_t decode_escape(fe_json_string *string)
{
    uint8_t letter = string->at < string->end ? *string->at++ : '\\';
    switch (letter) {
    case 'b':
        return '\b';
    case 'f':
        return '\f';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    case 'u':
        return decode_unicode(string);
    default:
        return letter;
    }
}

int fe_json_string_next(fe_json_string *string)
{
    if (string->decoded_given < string->decoded_size) {
        return string->decoded[string->decoded_given++];
    }
    if (string->at >= string->end) return -1;
    if (*string->at != '\\') return *string->at++;
    string->at++;
    string->decoded_size =
        (uint8_t)(fe_utf8_put(string->decoded, decode_escape(string)) - string->decoded);
    string->decoded_given = 1;
    return string->decoded[0];
}

static bool has_escape(ferric_slice text)
{
    return text.size > 0 && memchr(text.data, '\\', text.size) != NULL;
}

int fe_json_string_compare(ferric_slice a, ferric_slice b)
{
    fe_json_string left = fe_json_string_of(a);
    fe_json_string right = fe_json_string_of(b);
    ferric_slice inside_a = fe_slice(left.at, (size_t)(left.end - left.at));
    ferric_slice inside_b = fe_slice(right.at, (size_t)(right.end - right.at));

    if (!has_escape(inside_a) && !has_escape(inside_b)) return fe_slice_compare(inside_a, inside_b);
    for (;;) {
        int left_byte = fe_json_string_next(&left);
        int right_byte = fe_json_string_next(&right);
        if (left_byte != right_byte || left_byte < 0) return left_byte - right_byte;
    }
}

bool fe_json_string_is(ferric_slice literal, ferric_slice text)
{
    fe_json_string string = fe_json_string_of(literal);
    const uint8_t *expected = fe_slice_bytes(text);
    ferric_slice inside = fe_slice(string.at, (size_t)(string.end - string.at));

    if (inside.size < text.size) return false; // An escape is never shorter than what it means.
    if (!has_escape(inside)) return fe_slice_equal(inside, text);
    for (size_t i = 0; i < text.size; i++) {
        if (fe_json_string_next(&string) != expected[i]) return false;
    }
    return fe_json_string_next(&string) < 0;
}

// Writes the text of a literal, which is never longer than that. Returns its size.
static size_t write_text(ferric_slice literal, uint8_t *out)
{
    fe_json_string string = fe_json_string_of(literal);
    size_t size = 0;
    int byte;

    while ((byte = fe_json_string_next(&string)) >= 0)
        out[size++] = (uint8_t)byte;
    return size;
}

ferric_status fe_json_unquote(ferric_slice literal, ferric_buffer *text)
{
    ferric_status status = fe_buffer_reserve(text, literal.size);

    if (status != FERRIC_OK) return status;
    text->size += write_text(literal, (uint8_t *)text->data + text->size);
    return FERRIC_OK;
}

ferric_status fe_json_unquote_kept(ferric_slice literal, fe_arena *arena, ferric_slice *text)
{
    uint8_t *copy;

    *text = fe_slice(fe_slice_bytes(literal) + 1, literal.size - 2);
    if (text->size == 0 || memchr(text->data, '\\', text->size) == NULL) return FERRIC_OK;
    copy = fe_arena_alloc(arena, literal.size);
    if (copy == NULL) return fe_no_memory("a string", literal.size);
    *text = fe_slice(copy, write_text(literal, copy));
    return FERRIC_OK;
}

// The letter of the two-character escape for `byte`, 0 when it has none.
static char short_escape(uint8_t byte)
{
    switch (byte) {
    case '"':
        return '"';
    case '\\':
        return '\\';
    case '\b':
        return 'b';
    case '\f':
        return 'f';
    case '\n':
        return 'n';
    case '\r':
        return 'r';
    case '\t':
        return 't';
    default:
        return 0;
    }
}

static ferric_status append_escaped(ferric_buffer *json, uint8_t byte)
{
    char letter = short_escape(byte);
    if (letter != 0) return fe_buffer_format(json, "\\%c", letter);
    return fe_buffer_format(json, "\\u%04x", byte);
}

ferric_status fe_json_quote(ferric_slice text, ferric_buffer *json)
{
    const uint8_t *at = fe_slice_bytes(text);
    const uint8_t *end = text.size == 0 ? at : at + text.size;
    ferric_status status = fe_buffer_reserve(json, text.size + 2);

    if (status == FERRIC_OK) status = fe_buffer_append(json, "\"", 1);
    while (status == FERRIC_OK && at < end) {
        const uint8_t *plain = at;
        while (at < end && *at >= 0x20 && *at != '"' && *at != '\\')
            at++;
        if (at > plain) status = fe_buffer_append(json, plain, (size_t)(at - plain));
        if (status == FERRIC_OK && at < end) status = append_escaped(json, *at++);
    }
    if (status == FERRIC_OK) status = fe_buffer_append(json, "\"", 1);
    return status;
}
