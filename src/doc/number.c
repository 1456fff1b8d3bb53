// SPDX-License-Identifier: Apache-2.0
// Exact decimals and arithmetic; see number.h.
//
// strtod and snprintf follow the locale's decimal point, which belongs to the application. So a
// double is read from digits and an exponent without any point, and a point that was written is
// replaced by '.'.
#include "doc/number.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/seeded_bug.h"
#include "base/status.h"

// An exact double needs 767 significant digits at most; of more only whether they are 0 matters.
#define DOUBLE_DIGITS_MAX 780
// Integers up to here are doubles without rounding.
#define EXACT_DOUBLE_MAX 9007199254740992.0

static bool is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

// The exponent behind 'e'; saturates far beyond what matters.
static int64_t parse_exponent(const uint8_t *at, const uint8_t *end)
{
    bool is_negative = false;
    int64_t exponent = 0;

    if (at < end && (*at == '+' || *at == '-')) is_negative = *at++ == '-';
    for (; at < end && exponent < INT64_C(1000000000000); at++)
        exponent = exponent * 10 + (*at - '0');
    return is_negative ? -exponent : exponent;
}

static fe_number zero(void)
{
    fe_number number = {.is_zero = true};
    return number;
}

fe_number fe_number_of(ferric_slice text)
{
    const uint8_t *at = fe_slice_bytes(text);
    const uint8_t *end = text.size == 0 ? at : at + text.size;
    const uint8_t *first = NULL; // The first and last digit that is not 0.
    const uint8_t *last = NULL;
    bool is_behind_point = false;
    int64_t exponent = 0;
    fe_number number = {0};

    if (at < end && *at == '-') {
        number.is_negative = true;
        at++;
    }
    for (; at < end && *at != 'e' && *at != 'E'; at++) {
        if (*at == '.') {
            is_behind_point = true;
            continue;
        }
        if (*at != '0') {
            if (first == NULL) first = at;
            last = at;
        }
        // A digit before the point moves it to the right, a 0 between point and first digit back.
        if (!is_behind_point && first != NULL) exponent++;
        if (is_behind_point && first == NULL) exponent--;
    }
    if (first == NULL) return zero();
    if (at < end) exponent += parse_exponent(at + 1, end);
    if (exponent < -FE_NUMBER_EXPONENT_MAX) return zero();
    if (exponent > FE_NUMBER_EXPONENT_MAX) exponent = FE_NUMBER_EXPONENT_MAX;
    number.exponent = (int32_t)exponent;
    number.digits = fe_slice(first, (size_t)(last - first) + 1);
    return number;
}

// ---- Order ----------------------------------------------------------------------------------

static int compare_digits(ferric_slice a, ferric_slice b)
{
    const uint8_t *left = fe_slice_bytes(a);
    const uint8_t *right = fe_slice_bytes(b);
    const uint8_t *left_end = left + a.size;
    const uint8_t *right_end = right + b.size;

    for (;; left++, right++) {
        if (left < left_end && *left == '.') left++;
        if (right < right_end && *right == '.') right++;
        if (left == left_end || right == right_end) {
            return (int)(left < left_end) - (int)(right < right_end);
        }
        if (*left != *right) return *left < *right ? -1 : 1;
    }
}

// Whether `text` is an integer of at most 18 digits, as nearly all are.
static bool is_short_integer(ferric_slice text, int64_t *value)
{
    const uint8_t *at = fe_slice_bytes(text);
    const uint8_t *end = at + text.size;
    bool is_negative = text.size > 0 && *at == '-';
    int64_t sum = 0;

    if (text.size > 18) return false;
    for (at += is_negative; at < end; at++) {
        if (!is_digit(*at)) return false;
        sum = sum * 10 + (*at - '0');
    }
    *value = is_negative ? -sum : sum;
    return true;
}

// -1, 0 or 1.
static int sign_of(const fe_number *number)
{
    if (number->is_zero) return 0;
    return number->is_negative ? -1 : 1;
}

int fe_number_compare(ferric_slice a, ferric_slice b)
{
    int64_t short_a;
    int64_t short_b;
    fe_number left;
    fe_number right;
    int order;

    if (is_short_integer(a, &short_a) && is_short_integer(b, &short_b)) {
        return (short_a > short_b) - (short_a < short_b);
    }
    left = fe_number_of(a);
    right = fe_number_of(b);
    order = sign_of(&left) - sign_of(&right);
    if (order != 0 || left.is_zero) return order;
    order = (left.exponent > right.exponent) - (left.exponent < right.exponent);
    if (order == 0) order = compare_digits(left.digits, right.digits);
    return left.is_negative ? -order : order;
}

// ---- Conversions ----------------------------------------------------------------------------

// The whole part; `is_whole` receives whether that is all of it. False when it does not fit.
static bool whole_part(ferric_slice text, int64_t *value, bool *is_whole)
{
    fe_number number;
    const uint8_t *at;
    const uint8_t *end;
    uint64_t sum = 0;

    *value = 0;
    *is_whole = true;
    if (is_short_integer(text, value)) return true;
    *value = 0;
    number = fe_number_of(text);
    if (number.is_zero) return true;
    *is_whole = number.exponent > 0;
    if (number.exponent < 1) return true;
    if (number.exponent > 19) return false;
    at = fe_slice_bytes(number.digits);
    end = at + number.digits.size;
    for (int place = 0; place < number.exponent; place++) {
        if (at < end && *at == '.') at++;
        sum = sum * 10 + (at < end ? (uint64_t)(*at++ - '0') : 0); // 19 digits fit 64 bits.
    }
    *is_whole = at == end;
    if (sum > (uint64_t)INT64_MAX + number.is_negative) return false;
    *value = number.is_negative ? (int64_t)(0 - sum) : (int64_t)sum;
    return true;
}

bool fe_number_to_int64(ferric_slice text, int64_t *value)
{
    bool is_whole;
    return whole_part(text, value, &is_whole) && is_whole;
}

bool fe_number_truncate(ferric_slice text, int64_t *value)
{
    bool is_whole;
    return whole_part(text, value, &is_whole);
}

double fe_number_to_double(ferric_slice text)
{
    char digits[DOUBLE_DIGITS_MAX + 32];
    fe_number number;
    const uint8_t *at;
    const uint8_t *end;
    int64_t whole;
    size_t count = 0;

    if (fe_number_to_int64(text, &whole)) return (double)whole;
    number = fe_number_of(text);
    at = fe_slice_bytes(number.digits);
    end = at + number.digits.size;
    for (; at < end && count < DOUBLE_DIGITS_MAX; at++) {
        if (*at != '.') digits[count++] = (char)*at;
    }
    if (at < end) digits[count++] = '1'; // The last digit is not 0: rounding has to know.
    snprintf(digits + count, sizeof digits - count, "e%" PRId64,
             (int64_t)number.exponent - (int64_t)count);
    return number.is_negative ? -strtod(digits, NULL) : strtod(digits, NULL);
}

ferric_status fe_number_append_int64(int64_t value, ferric_buffer *text)
{
    return fe_buffer_format(text, "%" PRId64, value);
}

// Writes `value` with so many significant digits; returns the size.
static size_t write_double(double value, int digits, char *text, size_t room)
{
    int size = snprintf(text, room, "%.*g", digits, value);
    for (int i = 0; i < size; i++) {
        bool is_kept =
            is_digit((uint8_t)text[i]) || text[i] == '-' || text[i] == '+' || text[i] == 'e';
        if (!is_kept) text[i] = '.';
    }
    return (size_t)size;
}

ferric_status fe_number_append_double(double value, ferric_buffer *text)
{
    char written[40];
    size_t size = 0;

    if (fabs(value) <= EXACT_DOUBLE_MAX && (double)(int64_t)value == value) {
        return fe_number_append_int64((int64_t)value, text);
    }
    for (int digits = 15; digits <= 17; digits++) {
        size = write_double(value, digits, written, sizeof written);
        if (fe_number_to_double(fe_slice(written, size)) == value) break;
    }
    return fe_buffer_append(text, written, size);
}

// ---- Arithmetic -----------------------------------------------------------------------------

static bool is_integer_text(ferric_slice text)
{
    const uint8_t *at = fe_slice_bytes(text);
    for (size_t i = 0; i < text.size; i++) {
        if (at[i] == '.' || at[i] == 'e' || at[i] == 'E') return false;
    }
    return true;
}

static ferric_status overflow(const char *what, ferric_slice a, ferric_slice b)
{
    return fe_fail(FERRIC_OVERFLOW, "the %s of %.*s and %.*s does not fit %s", what,
                   a.size > 40 ? 40 : (int)a.size, (const char *)a.data,
                   b.size > 40 ? 40 : (int)b.size, (const char *)b.data,
                   is_integer_text(a) && is_integer_text(b) ? "64 bits" : "a double");
}

static bool add_fits(int64_t a, int64_t b)
{
    return b >= 0 ? a <= INT64_MAX - b : a >= INT64_MIN - b;
}

static bool multiply_fits(int64_t a, int64_t b)
{
    uint64_t left = a < 0 ? 0 - (uint64_t)a : (uint64_t)a;
    uint64_t right = b < 0 ? 0 - (uint64_t)b : (uint64_t)b;
    uint64_t most = (uint64_t)INT64_MAX + ((a < 0) != (b < 0));
    return left == 0 || right <= most / left;
}

ferric_status fe_number_add(ferric_slice a, ferric_slice b, ferric_buffer *text)
{
    int64_t left;
    int64_t right;
    double sum;

    if (is_integer_text(a) && is_integer_text(b)) {
        bool fits =
            fe_number_to_int64(a, &left) && fe_number_to_int64(b, &right) && add_fits(left, right);
        if (fits) return fe_number_append_int64(left + right, text);
        if (!FE_SEEDED_BUG(FE_BUG_INCREMENT_BECOMES_DOUBLE)) return overflow("sum", a, b);
    }
    sum = fe_number_to_double(a) + fe_number_to_double(b);
    return isfinite(sum) ? fe_number_append_double(sum, text) : overflow("sum", a, b);
}

ferric_status fe_number_multiply(ferric_slice a, ferric_slice b, ferric_buffer *text)
{
    int64_t left;
    int64_t right;
    double product;

    if (is_integer_text(a) && is_integer_text(b)) {
        bool fits = fe_number_to_int64(a, &left) && fe_number_to_int64(b, &right) &&
                    multiply_fits(left, right);
        return fits ? fe_number_append_int64(left * right, text) : overflow("product", a, b);
    }
    product = fe_number_to_double(a) * fe_number_to_double(b);
    return isfinite(product) ? fe_number_append_double(product, text) : overflow("product", a, b);
}
