// SPDX-License-Identifier: Apache-2.0
// Walks JSON text that was validated before, and writes JSON strings. Nothing is parsed twice: a
// value is the slice of its text, and only what is asked for is looked at.
//
// The text is valid and minified (doc/json.h makes it so). Text that is not gives wrong slices but
// is never read beyond its end. All slices are lent by the text.
#ifndef FERRIC_BASE_JSON_TEXT_H
#define FERRIC_BASE_JSON_TEXT_H

#include <ferric/ferric.h>

#include "base/arena.h"
#include "base/slice.h"

// Levels of objects and arrays that a text may have.
#define FE_JSON_DEPTH_MAX 128

// Stands before the next member of an object or the next element of an array.
typedef struct fe_json_walk {
    const uint8_t *at;
    const uint8_t *end;
} fe_json_walk;

// The address behind the value that begins at `at`.
const uint8_t *fe_json_value_end(const uint8_t *at, const uint8_t *end);

// Enters `value`, an object or an array.
fe_json_walk fe_json_walk_into(ferric_slice value);
// The next member: the string literal of its name, with quotes, and its value. False at the end.
bool fe_json_next_member(fe_json_walk *walk, ferric_slice *name, ferric_slice *value);
// The next element. False at the end.
bool fe_json_next_element(fe_json_walk *walk, ferric_slice *value);

// '{', '[', '"', 't', 'f', 'n', or '0' for any number; 0 for an empty slice.
char fe_json_kind(ferric_slice value);

// The characters of a string literal one by one, escapes resolved.
typedef struct fe_json_string {
    const uint8_t *at;
    const uint8_t *end;    // The closing quote.
    uint8_t decoded[4];    // Of the last escape,
    uint8_t decoded_size;  // so many bytes,
    uint8_t decoded_given; // of which so many were given out.
} fe_json_string;

fe_json_string fe_json_string_of(ferric_slice literal);
// The next byte of the string's UTF-8 text, -1 at the end.
int fe_json_string_next(fe_json_string *string);
// Order of two string literals by the bytes of what they mean. Negative, zero or positive.
int fe_json_string_compare(ferric_slice a, ferric_slice b);
// Whether a string literal means `text`.
bool fe_json_string_is(ferric_slice literal, ferric_slice text);

// Appends the text that a string literal means. Errors: FERRIC_NO_MEMORY.
ferric_status fe_json_unquote(ferric_slice literal, ferric_buffer *text);
// The same, lent by the literal, or by the arena when there is an escape in it.
ferric_status fe_json_unquote_kept(ferric_slice literal, fe_arena *arena, ferric_slice *text);
// Appends `text`, which is UTF-8, as a string literal. Errors: FERRIC_NO_MEMORY.
ferric_status fe_json_quote(ferric_slice text, ferric_buffer *json);

#endif
