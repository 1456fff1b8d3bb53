// SPDX-License-Identifier: Apache-2.0
// Columns of text; see screen_text.h. Which characters are wide the C library knows.
#include "cli/screen_text.h"

#include <locale.h>
#include <wchar.h>

#include "base/slice.h"
#include "base/utf8.h"

void cli_text_flatten(ferric_buffer *text)
{
    uint8_t *bytes = text->data;

    for (size_t i = 0; i < text->size; i++) {
        if (bytes[i] < 0x20 || bytes[i] == 0x7f) bytes[i] = ' ';
        if (bytes[i] == 0xc2 && i + 1 < text->size && bytes[i + 1] < 0xa0) {
            bytes[i] = ' ';
            bytes[i + 1] = ' ';
        }
    }
}

// The character of `size` bytes that begins at `at`.
static wchar_t character_at(const uint8_t *at, size_t size)
{
    static const uint8_t first_bits[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    uint32_t code = at[0] & first_bits[size];

    for (size_t i = 1; i < size; i++)
        code = code << 6 | (at[i] & 0x3f);
    return (wchar_t)code;
}

// A bare system has no other locale with UTF-8, and the user's may be one without.
static locale_t enter_utf8(void)
{
    static locale_t utf8;

    if (utf8 == (locale_t)0) utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    return utf8 == (locale_t)0 ? (locale_t)0 : uselocale(utf8);
}

// Walks over `text` until more than `limit` columns would be full: *size is then behind the last
// character that fits, *columns what is full.
static void measure(ferric_slice text, size_t limit, size_t *size, size_t *columns)
{
    const uint8_t *begin = fe_slice_bytes(text);
    const uint8_t *end = begin + text.size;
    const uint8_t *at = begin;
    locale_t before = enter_utf8();

    *columns = 0;
    while (at < end) {
        size_t character = fe_utf8_size(at, end);
        int width = *at < 0x80 ? 1 : wcwidth(character_at(at, character));
        if (width < 0) width = 1; // The library does not know it.
        if (*columns + (size_t)width > limit) break;
        *columns += (size_t)width;
        at += character;
    }
    if (before != (locale_t)0) uselocale(before);
    *size = (size_t)(at - begin);
}

size_t cli_text_columns(ferric_slice text)
{
    size_t size;
    size_t columns;

    if (text.size == 0) return 0;
    measure(text, SIZE_MAX, &size, &columns);
    return columns;
}

size_t cli_text_fitting(ferric_slice text, size_t limit)
{
    size_t size;
    size_t columns;

    if (text.size == 0) return 0;
    measure(text, limit, &size, &columns);
    return size;
}
