// SPDX-License-Identifier: Apache-2.0
// A plain reader of RFC 8259 that stops at the first error; see json_error.h.
#include "doc/json_error.h"

#include "base/json_text.h"
#include "base/utf8.h"

typedef struct scanner {
    const uint8_t *at;
    const uint8_t *end;
    const char *reason; // NULL while all is well. `at` then stands on the byte to blame.
    size_t depth;
    bool in_object[FE_JSON_DEPTH_MAX]; // What each open level is.
} scanner;

static void stop(scanner *scan, const char *reason)
{
    if (scan->reason == NULL) scan->reason = reason;
}

static bool at_end(const scanner *scan)
{
    return scan->at >= scan->end;
}

// The byte at the scanner, -1 at the end.
static int peek(const scanner *scan)
{
    return at_end(scan) ? -1 : *scan->at;
}

static void skip_space(scanner *scan)
{
    int byte = peek(scan);
    while (byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r') {
        scan->at++;
        byte = peek(scan);
    }
}

static bool is_digit(int byte)
{
    return byte >= '0' && byte <= '9';
}

static bool is_hex(int byte)
{
    return is_digit(byte) || (byte >= 'a' && byte <= 'f') || (byte >= 'A' && byte <= 'F');
}

// Reads the four digits of a \u escape; 0 after an error.
static uint32_t scan_hex_4(scanner *scan)
{
    uint32_t code = 0;
    for (int i = 0; i < 4; i++) {
        int byte = peek(scan);
        if (!is_hex(byte)) {
            stop(scan, "expected four hexadecimal digits after \\u");
            return 0;
        }
        code = code << 4 | (uint32_t)(is_digit(byte) ? byte - '0' : (byte | 0x20) - 'a' + 10);
        scan->at++;
    }
    return code;
}

// Reads a \u escape whose backslash is at `escape`, with the second half of a pair.
static void scan_unicode(scanner *scan, const uint8_t *escape)
{
    uint32_t code = scan_hex_4(scan);
    if (scan->reason != NULL || code < 0xd800 || code > 0xdfff) return;
    if (code <= 0xdbff && scan->end - scan->at >= 2 && scan->at[0] == '\\' && scan->at[1] == 'u') {
        scan->at += 2;
        code = scan_hex_4(scan);
        if (scan->reason != NULL || (code >= 0xdc00 && code <= 0xdfff)) return;
    }
    scan->at = escape;
    stop(scan, "half of a surrogate pair without the other half");
}

static void scan_escape(scanner *scan)
{
    const uint8_t *escape = scan->at++;
    switch (peek(scan)) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't':
        scan->at++;
        return;
    case 'u':
        scan->at++;
        scan_unicode(scan, escape);
        return;
    case -1:
        stop(scan, "the text ends inside a string");
        return;
    default:
        stop(scan, "no such escape in a string");
        return;
    }
}

static void scan_string(scanner *scan)
{
    scan->at++;
    while (scan->reason == NULL) {
        size_t size;
        if (at_end(scan)) {
            stop(scan, "the text ends inside a string");
        } else if (*scan->at == '"') {
            scan->at++;
            return;
        } else if (*scan->at == '\\') {
            scan_escape(scan);
        } else if (*scan->at < 0x20) {
            stop(scan, "a control character in a string, which needs an escape");
        } else if ((size = fe_utf8_size(scan->at, scan->end)) == 0) {
            stop(scan, "malformed UTF-8");
        } else {
            scan->at += size;
        }
    }
}

static void scan_digits(scanner *scan, const char *reason)
{
    if (!is_digit(peek(scan))) stop(scan, reason);
    while (is_digit(peek(scan)))
        scan->at++;
}

static void scan_number(scanner *scan)
{
    if (peek(scan) == '-') scan->at++;
    if (peek(scan) == '0') {
        scan->at++;
        if (is_digit(peek(scan))) stop(scan, "a number does not begin with 0 and another digit");
    } else {
        scan_digits(scan, "expected a digit after '-'");
    }
    if (scan->reason == NULL && peek(scan) == '.') {
        scan->at++;
        scan_digits(scan, "expected a digit after the decimal point");
    }
    if (scan->reason == NULL && (peek(scan) == 'e' || peek(scan) == 'E')) {
        scan->at++;
        if (peek(scan) == '+' || peek(scan) == '-') scan->at++;
        scan_digits(scan, "expected a digit in the exponent");
    }
}

static void scan_literal(scanner *scan, const char *word)
{
    for (; *word != 0; word++) {
        if (peek(scan) != *word) {
            stop(scan, "expected a value; words other than true, false and null need quotes");
            return;
        }
        scan->at++;
    }
}

static void open_level(scanner *scan, bool is_object)
{
    if (scan->depth == FE_JSON_DEPTH_MAX) {
        stop(scan, "more than 128 levels of objects and arrays");
        return;
    }
    scan->in_object[scan->depth++] = is_object;
    scan->at++;
}

// Reads a scalar, or steps into an object or array.
static void scan_value(scanner *scan)
{
    int byte = peek(scan);
    if (byte == '"') {
        scan_string(scan);
    } else if (byte == '{' || byte == '[') {
        open_level(scan, byte == '{');
    } else if (byte == '-' || is_digit(byte)) {
        scan_number(scan);
    } else if (byte == 't') {
        scan_literal(scan, "true");
    } else if (byte == 'f') {
        scan_literal(scan, "false");
    } else if (byte == 'n') {
        scan_literal(scan, "null");
    } else if (byte == -1) {
        stop(scan, scan->depth == 0 ? "expected a value, found nothing" : "the text ends too soon");
    } else {
        stop(scan, "expected a value");
    }
}

// Reads a member's name and its colon.
static void scan_name(scanner *scan)
{
    if (peek(scan) != '"') {
        stop(scan, at_end(scan) ? "the text ends inside an object"
                                : "expected a member's name in double quotes");
        return;
    }
    scan_string(scan);
    if (scan->reason != NULL) return;
    skip_space(scan);
    if (peek(scan) == ':') {
        scan->at++;
    } else {
        stop(scan, "expected ':' after a member's name");
    }
    skip_space(scan);
}

// Reads what follows a value inside its level: ends levels up to the next ',' or the last one.
static void scan_after_value(scanner *scan)
{
    while (scan->reason == NULL && scan->depth > 0) {
        bool in_object = scan->in_object[scan->depth - 1];
        int byte;
        skip_space(scan);
        byte = peek(scan);
        if (byte == ',') return;
        if (byte != (in_object ? '}' : ']')) {
            if (byte == -1) stop(scan, "the text ends too soon");
            stop(scan, in_object ? "expected ',' or '}'" : "expected ',' or ']'");
            return;
        }
        scan->at++;
        scan->depth--;
    }
}

// Steps over the ',' between two values and, in an object, reads the next name.
static void scan_separator(scanner *scan)
{
    scan->at++;
    skip_space(scan);
    if (scan->in_object[scan->depth - 1]) scan_name(scan);
}

// Reads the first name of the object just entered. Returns whether the level just entered is empty
// and was left again.
static bool scan_first(scanner *scan)
{
    bool in_object = scan->in_object[scan->depth - 1];
    skip_space(scan);
    if (peek(scan) == (in_object ? '}' : ']')) return true;
    if (in_object) scan_name(scan);
    return false;
}

static void scan_text(scanner *scan)
{
    skip_space(scan);
    while (scan->reason == NULL) {
        size_t depth = scan->depth;
        scan_value(scan);
        if (scan->reason == NULL && scan->depth > depth && !scan_first(scan)) continue;
        scan_after_value(scan);
        if (scan->reason != NULL || scan->depth == 0) break;
        scan_separator(scan);
    }
    if (scan->reason != NULL) return; // The byte to blame may look like space: it stays there.
    skip_space(scan);
    if (!at_end(scan)) stop(scan, "something follows the value");
}

const char *fe_json_find_error(ferric_slice text, size_t *offset)
{
    scanner scan = {0};
    scan.at = fe_slice_bytes(text);
    scan.end = text.size == 0 ? scan.at : scan.at + text.size;
    scan_text(&scan);
    *offset = scan.reason == NULL ? 0 : (size_t)(scan.at - fe_slice_bytes(text));
    return scan.reason;
}
