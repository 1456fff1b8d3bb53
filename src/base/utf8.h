// SPDX-License-Identifier: Apache-2.0
// UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF.
#ifndef FERRIC_BASE_UTF8_H
#define FERRIC_BASE_UTF8_H

#include <ferric/ferric.h>

#include "base/slice.h"

// Size in bytes, 1 to 4, of the character that begins at `at`; 0 when it is malformed or cut off by
// `end`. `at` is before `end`.
static inline size_t fe_utf8_size(const uint8_t *at, const uint8_t *end)
{
    size_t left = (size_t)(end - at);
    if (at[0] < 0x80) return 1;
    if (at[0] < 0xc2 || at[0] > 0xf4 || left < 2 || (at[1] & 0xc0) != 0x80) return 0;
    if (at[0] < 0xe0) return 2;
    if (at[0] == 0xe0 && at[1] < 0xa0) return 0; // Overlong.
    if (at[0] == 0xed && at[1] > 0x9f) return 0; // A surrogate.
    if (left < 3 || (at[2] & 0xc0) != 0x80) return 0;
    if (at[0] < 0xf0) return 3;
    if (at[0] == 0xf0 && at[1] < 0x90) return 0; // Overlong.
    if (at[0] == 0xf4 && at[1] > 0x8f) return 0; // Above U+10FFFF.
    return left < 4 || (at[3] & 0xc0) != 0x80 ? 0 : 4;
}

// Whether all of `text` is well formed.
static inline bool fe_utf8_valid(ferric_slice text)
{
    const uint8_t *at = fe_slice_bytes(text);
    const uint8_t *end = text.size == 0 ? at : at + text.size;
    while (at < end) {
        size_t size = fe_utf8_size(at, end);
        if (size == 0) return false;
        at += size;
    }
    return true;
}

// Writes `code` (at most 0x10FFFF) at `at`, which has room for 4 bytes; returns the address behind.
static inline uint8_t *fe_utf8_put(uint8_t *at, uint32_t code)
{
    if (code < 0x80) {
        *at++ = (uint8_t)code;
    } else if (code < 0x800) {
        *at++ = (uint8_t)(0xc0 | code >> 6);
        *at++ = (uint8_t)(0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
        *at++ = (uint8_t)(0xe0 | code >> 12);
        *at++ = (uint8_t)(0x80 | (code >> 6 & 0x3f));
        *at++ = (uint8_t)(0x80 | (code & 0x3f));
    } else {
        *at++ = (uint8_t)(0xf0 | code >> 18);
        *at++ = (uint8_t)(0x80 | (code >> 12 & 0x3f));
        *at++ = (uint8_t)(0x80 | (code >> 6 & 0x3f));
        *at++ = (uint8_t)(0x80 | (code & 0x3f));
    }
    return at;
}

#endif
