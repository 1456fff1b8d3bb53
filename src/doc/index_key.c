// SPDX-License-Identifier: Apache-2.0
// One value as bytes that sort, and back; see index_key.h. Implements docs/format/index_key.md.
//
// No component is the beginning of another, so the first difference of two keys decides, whatever
// follows. Cutting keeps that: what is longer than CUT_SIZE is its first CUT_SIZE bytes and a mark.
#include "doc/index_key.h"

#include <assert.h>

#include "base/buffer.h"
#include "base/json_text.h"
#include "base/seeded_bug.h"
#include "base/status.h"
#include "doc/index_tags.h"
#include "doc/members.h"
#include "doc/number.h"

#define CUT_SIZE (FE_INDEX_VALUE_SIZE_MAX - 1)

// ---- Encoding -------------------------------------------------------------------------------

typedef struct encoder {
    ferric_buffer *key;
    size_t size_max; // Of the buffer: behind it nothing more is needed.
    ferric_status status;
} encoder;

static bool is_done(const encoder *self)
{
    return self->status != FERRIC_OK || self->key->size > self->size_max;
}

static void put(encoder *self, const void *data, size_t size)
{
    if (!is_done(self)) self->status = fe_buffer_append(self->key, data, size);
}

static void put_byte(encoder *self, uint8_t byte)
{
    put(self, &byte, 1);
}

// Of a long string no more than what can count.
static size_t wanted(const encoder *self, size_t size)
{
    size_t left = is_done(self) ? 0 : self->size_max - self->key->size + 1;
    return size < left ? size : left;
}

static void put_string(encoder *self, ferric_slice literal)
{
    fe_json_string string = fe_json_string_of(literal);
    size_t size = (size_t)(string.end - string.at);
    int byte;

    if (size == 0 || memchr(string.at, '\\', size) == NULL) {
        put(self, string.at, wanted(self, size)); // No escape: no zero byte either.
    } else {
        while (!is_done(self) && (byte = fe_json_string_next(&string)) >= 0) {
            put_byte(self, (uint8_t)byte);
            if (byte == 0) put_byte(self, FE_INDEX_ZERO);
        }
    }
    put(self, "\0\0", 2);
}

// Inverts what stands in the key from `begin` on.
static void invert(ferric_buffer *key, size_t begin)
{
    uint8_t *at = (uint8_t *)key->data + begin;
    uint8_t *end = (uint8_t *)key->data + key->size;
    for (; at < end; at++)
        *at = (uint8_t) ~*at;
}

static void put_exponent(encoder *self, int32_t exponent)
{
    uint8_t bytes[5];

    if (exponent >= -FE_INDEX_EXPONENT_SHORT && exponent <= FE_INDEX_EXPONENT_SHORT) {
        put_byte(self, (uint8_t)(FE_INDEX_EXPONENT_ZERO + exponent));
        return;
    }
    bytes[0] = exponent > 0 ? FE_INDEX_EXPONENT_LARGE : FE_INDEX_EXPONENT_SMALL;
    fe_put_u32_ordered(bytes + 1, (uint32_t)exponent ^ 0x80000000u);
    put(self, bytes, sizeof bytes);
}

// Pairs of digits, doubled, plus one where another pair follows.
static void put_digits(encoder *self, ferric_slice digits, bool has_odd_exponent)
{
    const uint8_t *at = fe_slice_bytes(digits);
    const uint8_t *end = at + digits.size;
    unsigned pair = 0;
    bool is_half =
        has_odd_exponent &&
        !FE_SEEDED_BUG(FE_BUG_HALF_PAIR_MISPLACED); // Then a 0 comes before the first digit.

    for (; at < end && !is_done(self); at++) {
        if (*at == '.') continue;
        pair = pair * 10 + (unsigned)(*at - '0');
        is_half = !is_half;
        if (is_half) continue;
        put_byte(self, (uint8_t)(pair * 2 + (at + 1 < end)));
        pair = 0;
    }
    if (is_half) put_byte(self, (uint8_t)(pair * 10 * 2));
}

static void put_number(encoder *self, ferric_slice text)
{
    fe_number number = fe_number_of(text);
    bool is_odd = number.exponent % 2 != 0;
    size_t begin;

    if (number.is_zero) {
        put_byte(self, FE_INDEX_NUMBER_ZERO);
        return;
    }
    put_byte(self, number.is_negative ? FE_INDEX_NUMBER_NEGATIVE : FE_INDEX_NUMBER_POSITIVE);
    begin = self->key->size;
    put_exponent(self, (number.exponent + (is_odd ? 1 : 0)) / 2);
    put_digits(self, number.digits, is_odd);
    if (FE_SEEDED_BUG(FE_BUG_NEGATIVE_NOT_INVERTED)) return;
    if (number.is_negative && self->status == FERRIC_OK) invert(self->key, begin);
}

static void put_value(encoder *self, ferric_slice value);

static void put_object(encoder *self, ferric_slice object)
{
    fe_members members;
    fe_member member;

    put_byte(self, FE_INDEX_OBJECT);
    fe_members_init(&members, object);
    while (!is_done(self) && fe_members_next(&members, &member)) {
        put_byte(self, FE_INDEX_MEMBER);
        put_string(self, member.name);
        put_value(self, member.value);
    }
    fe_members_deinit(&members);
    put_byte(self, FE_INDEX_END);
}

static void put_array(encoder *self, ferric_slice array)
{
    fe_json_walk walk = fe_json_walk_into(array);
    ferric_slice element;

    put_byte(self, FE_INDEX_ARRAY);
    while (!is_done(self) && fe_json_next_element(&walk, &element))
        put_value(self, element);
    put_byte(self, FE_INDEX_END);
}

// Recurs as deep as documents are: FE_JSON_DEPTH_MAX.
static void put_value(encoder *self, ferric_slice value)
{
    switch (fe_value_type_of(value)) {
    case FE_VALUE_MISSING:
        put_byte(self, FE_INDEX_MISSING);
        break;
    case FE_VALUE_NULL:
        put_byte(self, FE_INDEX_NULL);
        break;
    case FE_VALUE_NUMBER:
        put_number(self, value);
        break;
    case FE_VALUE_STRING:
        put_byte(self, FE_INDEX_STRING);
        put_string(self, value);
        break;
    case FE_VALUE_OBJECT:
        put_object(self, value);
        break;
    case FE_VALUE_ARRAY:
        put_array(self, value);
        break;
    case FE_VALUE_BOOLEAN:
        put_byte(self, fe_json_kind(value) == 't' ? FE_INDEX_TRUE : FE_INDEX_FALSE);
        break;
    }
}

// Appends a component of which nothing behind `size_max` bytes is needed.
static ferric_status append(ferric_slice value, bool is_descending, size_t size_max,
                            ferric_buffer *key)
{
    size_t begin = key->size;
    encoder self = {key, size_max == SIZE_MAX ? SIZE_MAX - 1 : begin + size_max, FERRIC_OK};

    put_value(&self, value);
    if (self.status != FERRIC_OK) {
        key->size = begin;
        return self.status;
    }
    if (key->size - begin > size_max) {
        key->size = begin + size_max + 1;
        ((uint8_t *)key->data)[key->size - 1] = FE_INDEX_CUT;
    }
    if (is_descending) invert(key, begin);
    return FERRIC_OK;
}

ferric_status fe_index_value_append(ferric_slice value, bool is_descending, ferric_buffer *key,
                                    bool *is_inexact)
{
    size_t begin = key->size;
    ferric_status status = append(value, is_descending, CUT_SIZE, key);
    if (is_inexact != NULL) *is_inexact = key->size - begin > CUT_SIZE;
    return status;
}

ferric_status fe_index_value_append_whole(ferric_slice value, bool is_descending,
                                          ferric_buffer *key)
{
    return append(value, is_descending, SIZE_MAX, key);
}

// ---- Decoding -------------------------------------------------------------------------------

// Reads one component out of a copy that is not inverted.
typedef struct reader {
    const uint8_t *at;
    const uint8_t *end;
    bool ran_out;
    bool is_wrong;
    ferric_buffer *json; // NULL: nobody wants the value.
    ferric_status status;
    uint8_t scratch[2 * FE_INDEX_VALUE_SIZE_MAX]; // Of one scalar; not on each level's stack.
} reader;

static bool has_failed(const reader *self)
{
    return self->ran_out || self->is_wrong || self->status != FERRIC_OK;
}

static uint8_t take(reader *self)
{
    if (self->at < self->end) return *self->at++;
    self->ran_out = true;
    return 0;
}

static void emit(reader *self, const char *text, size_t size)
{
    if (self->json != NULL && !has_failed(self)) {
        self->status = fe_buffer_append(self->json, text, size);
    }
}

// The bytes of a string up to its end; escapes of zero bytes are undone in place.
static void read_string(reader *self)
{
    uint8_t *plain = self->scratch;
    size_t size = 0;

    for (;;) {
        uint8_t byte = take(self);
        if (has_failed(self)) return;
        if (byte == 0) {
            byte = take(self);
            if (byte == 0) break;
            if (byte != FE_INDEX_ZERO) {
                self->is_wrong = true;
                return;
            }
            byte = 0;
        }
        assert(size < sizeof self->scratch);
        plain[size++] = byte;
    }
    if (self->json != NULL && !has_failed(self)) {
        self->status = fe_json_quote(fe_slice(plain, size), self->json);
    }
}

static int32_t read_exponent(reader *self, uint8_t flip)
{
    uint8_t first = take(self) ^ flip;
    uint32_t large = 0;

    if (first >= FE_INDEX_EXPONENT_ZERO - FE_INDEX_EXPONENT_SHORT &&
        first <= FE_INDEX_EXPONENT_ZERO + FE_INDEX_EXPONENT_SHORT) {
        return first - FE_INDEX_EXPONENT_ZERO;
    }
    for (int i = 0; i < 4; i++)
        large = large << 8 | (uint8_t)(take(self) ^ flip);
    large ^= 0x80000000u;
    if (first == FE_INDEX_EXPONENT_LARGE && large > FE_INDEX_EXPONENT_SHORT &&
        large <= FE_NUMBER_EXPONENT_MAX / 2 + 1) {
        return (int32_t)large;
    }
    large = 0 - large;
    if (first == FE_INDEX_EXPONENT_SMALL && large > FE_INDEX_EXPONENT_SHORT &&
        large <= FE_NUMBER_EXPONENT_MAX / 2 + 1) {
        return -(int32_t)large;
    }
    self->is_wrong = !self->ran_out;
    return 0;
}

// Reads pairs into digits without zeros at either end; returns how many. `exponent` is that of the
// pairs and becomes that of the digits.
static size_t read_digits(reader *self, uint8_t flip, char *digits, int32_t *exponent)
{
    size_t size = 0;
    bool is_first = true;
    bool has_more = true;

    *exponent *= 2;
    while (has_more && !has_failed(self)) {
        uint8_t byte = take(self) ^ flip;
        unsigned pair = byte / 2u;
        has_more = byte % 2 != 0;
        if (pair > 99 || (pair == 0 && (is_first || !has_more))) self->is_wrong = !self->ran_out;
        if (has_failed(self)) return 0;
        if (!is_first || pair >= 10) {
            digits[size++] = (char)('0' + pair / 10);
        } else {
            --*exponent;
        }
        digits[size++] = (char)('0' + pair % 10);
        is_first = false;
    }
    if (size > 0 && digits[size - 1] == '0') size--;
    return size;
}

static void emit_zeros(reader *self, int32_t count)
{
    for (; count > 0; count--)
        emit(self, "0", 1);
}

// The shortest plain text, or one with an exponent where that would be long.
static void emit_number(reader *self, bool is_negative, const char *digits, int32_t size,
                        int32_t exponent)
{
    char text[24];

    if (is_negative) emit(self, "-", 1);
    if (exponent > 0 && exponent <= 21) {
        emit(self, digits, (size_t)(size < exponent ? size : exponent));
        emit_zeros(self, exponent - size);
        if (size > exponent) emit(self, ".", 1);
        if (size > exponent) emit(self, digits + exponent, (size_t)(size - exponent));
    } else if (exponent <= 0 && exponent > -6) {
        emit(self, "0.", 2);
        emit_zeros(self, -exponent);
        emit(self, digits, (size_t)size);
    } else {
        ferric_buffer written = {text, 0, sizeof text};
        emit(self, digits, 1);
        if (size > 1) emit(self, ".", 1);
        emit(self, digits + 1, (size_t)(size - 1));
        emit(self, "e", 1);
        if (fe_number_append_int64(exponent - 1, &written) == FERRIC_OK) {
            emit(self, text, written.size);
        }
    }
}

static void read_number(reader *self, bool is_negative)
{
    char *digits = (char *)self->scratch;
    uint8_t flip = is_negative ? 0xff : 0;
    int32_t exponent = read_exponent(self, flip);
    size_t size = has_failed(self) ? 0 : read_digits(self, flip, digits, &exponent);

    if (!has_failed(self)) emit_number(self, is_negative, digits, (int32_t)size, exponent);
}

static fe_value_type read_value(reader *self, size_t depth);

static void read_object(reader *self, size_t depth)
{
    bool is_first = true;

    emit(self, "{", 1);
    for (;;) {
        uint8_t mark = take(self);
        if (mark == FE_INDEX_END || has_failed(self)) break;
        if (mark != FE_INDEX_MEMBER) self->is_wrong = true;
        if (!is_first) emit(self, ",", 1);
        is_first = false;
        read_string(self);
        emit(self, ":", 1);
        if (has_failed(self)) return;
        if (read_value(self, depth) == FE_VALUE_MISSING) self->is_wrong = !self->ran_out;
    }
    emit(self, "}", 1);
}

static void read_array(reader *self, size_t depth)
{
    bool is_first = true;

    emit(self, "[", 1);
    for (;;) {
        if (self->at < self->end && *self->at == FE_INDEX_END) break;
        if (!is_first) emit(self, ",", 1);
        is_first = false;
        if (read_value(self, depth) == FE_VALUE_MISSING) self->is_wrong = !self->ran_out;
        if (has_failed(self)) return;
    }
    self->at++;
    emit(self, "]", 1);
}

static fe_value_type read_value(reader *self, size_t depth)
{
    uint8_t tag = take(self);

    switch (tag) {
    case FE_INDEX_NULL:
        emit(self, "null", 4);
        return FE_VALUE_NULL;
    case FE_INDEX_NUMBER_ZERO:
        emit(self, "0", 1);
        return FE_VALUE_NUMBER;
    case FE_INDEX_NUMBER_NEGATIVE:
    case FE_INDEX_NUMBER_POSITIVE:
        read_number(self, tag == FE_INDEX_NUMBER_NEGATIVE);
        return FE_VALUE_NUMBER;
    case FE_INDEX_STRING:
        read_string(self);
        return FE_VALUE_STRING;
    case FE_INDEX_FALSE:
        emit(self, "false", 5);
        return FE_VALUE_BOOLEAN;
    case FE_INDEX_TRUE:
        emit(self, "true", 4);
        return FE_VALUE_BOOLEAN;
    default:
        break;
    }
    if ((tag == FE_INDEX_OBJECT || tag == FE_INDEX_ARRAY) && depth < FE_JSON_DEPTH_MAX) {
        if (tag == FE_INDEX_ARRAY) read_array(self, depth + 1);
        if (tag == FE_INDEX_OBJECT) read_object(self, depth + 1);
        return tag == FE_INDEX_ARRAY ? FE_VALUE_ARRAY : FE_VALUE_OBJECT;
    }
    if (tag != FE_INDEX_MISSING) self->is_wrong = !self->ran_out;
    return FE_VALUE_MISSING;
}

static ferric_status corrupt(void)
{
    return fe_fail(FERRIC_CORRUPT, "an index key has bytes that no value is written as");
}

ferric_status fe_index_value_decode(fe_decoder *key, bool is_descending, ferric_buffer *json,
                                    fe_value_type *type, bool *is_inexact)
{
    uint8_t copy[FE_INDEX_VALUE_SIZE_MAX];
    size_t remaining = fe_decoder_remaining(key);
    size_t size = remaining < sizeof copy ? remaining : sizeof copy;
    size_t json_size = json == NULL ? 0 : json->size;
    reader self;

    self.at = copy;
    self.end = copy + (size < CUT_SIZE ? size : CUT_SIZE);
    self.ran_out = self.is_wrong = false;
    self.json = json;
    self.status = FERRIC_OK;
    for (size_t i = 0; i < size; i++)
        copy[i] = is_descending ? (uint8_t)~key->at[i] : key->at[i];
    *type = read_value(&self, 0);
    *is_inexact = self.ran_out && size == sizeof copy && copy[CUT_SIZE] == FE_INDEX_CUT;
    if (has_failed(&self) && json != NULL) json->size = json_size;
    if (self.status != FERRIC_OK) return self.status;
    if (self.is_wrong || (self.ran_out && !*is_inexact)) return corrupt();
    key->at += *is_inexact ? (ptrdiff_t)size : self.at - copy;
    return FERRIC_OK;
}

ferric_status fe_index_value_skip(fe_decoder *key, bool is_descending)
{
    fe_value_type type;
    bool is_inexact;
    return fe_index_value_decode(key, is_descending, NULL, &type, &is_inexact);
}

ferric_status fe_bytes_behind(ferric_slice bytes, fe_arena *arena, ferric_slice *behind)
{
    ferric_status status = fe_arena_copy(arena, bytes, behind);
    uint8_t *copy = (uint8_t *)(uintptr_t)behind->data;

    if (status != FERRIC_OK) return status;
    while (behind->size > 0 && copy[behind->size - 1] == 0xff)
        behind->size--;
    if (behind->size > 0) copy[behind->size - 1]++;
    return FERRIC_OK;
}
