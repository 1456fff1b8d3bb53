// SPDX-License-Identifier: Apache-2.0
// Numbers of JSON: exact decimals as they are compared, integers of 64 bits and doubles as they are
// computed with.
//
// A number is the decimal that its text means, whatever its size: nothing is rounded when numbers
// are compared or made into index keys. Exponents are exact up to FE_NUMBER_EXPONENT_MAX; beyond,
// a number stands at that exponent (or is 0 on the small side: 1e-9999999999 = 0).
//
// Arithmetic: two integers (texts without '.', 'e' and 'E', within 64 bits) give an exact integer
// or an error; everything else is computed in doubles.
#ifndef FERRIC_DOC_NUMBER_H
#define FERRIC_DOC_NUMBER_H

#include <ferric/ferric.h>

// Of the first digit: 10^exponent.
#define FE_NUMBER_EXPONENT_MAX 999999999

// A number taken apart: 0.d1 d2 d3 ... times 10^exponent, d1 and the last digit not 0.
typedef struct fe_number {
    bool is_zero;
    bool is_negative; // Not for zero.
    int32_t exponent;
    // The digits are those of `digits`, without the one '.' that may stand between them.
    ferric_slice digits;
} fe_number;

// `text` is a JSON number. The digits are lent by it.
fe_number fe_number_of(ferric_slice text);

// Negative, zero or positive.
int fe_number_compare(ferric_slice a, ferric_slice b);

// Whether the number is whole and fits, also when it is written as 1.0 or 1e2.
bool fe_number_to_int64(ferric_slice text, int64_t *value);
// The whole part, cut towards 0; false when it does not fit.
bool fe_number_truncate(ferric_slice text, int64_t *value);
// The nearest double, infinite when the number is too large.
double fe_number_to_double(ferric_slice text);

// Append the shortest text that reads back as the same value. A double is finite; the text of a
// whole one below 2^53 has neither point nor exponent. Errors: FERRIC_NO_MEMORY.
ferric_status fe_number_append_int64(int64_t value, ferric_buffer *text);
ferric_status fe_number_append_double(double value, ferric_buffer *text);

// Append a + b and a * b. Errors: FERRIC_OVERFLOW: an integer beyond 64 bits goes in or would come
// out, or the double would be infinite. FERRIC_NO_MEMORY. `text` is as it was.
ferric_status fe_number_add(ferric_slice a, ferric_slice b, ferric_buffer *text);
ferric_status fe_number_multiply(ferric_slice a, ferric_slice b, ferric_buffer *text);

#endif
