// SPDX-License-Identifier: Apache-2.0
// The bytes of index keys (docs/format/index_key.md).
#ifndef FERRIC_DOC_INDEX_TAGS_H
#define FERRIC_DOC_INDEX_TAGS_H

// First bytes, in the order of types. Between two types lies room for bounds: every component of a
// type is at least its first tag and less than the first tag of the next type.
#define FE_INDEX_MISSING 0x10
#define FE_INDEX_NULL 0x20
#define FE_INDEX_NUMBER_NEGATIVE 0x30
#define FE_INDEX_NUMBER_ZERO 0x31
#define FE_INDEX_NUMBER_POSITIVE 0x32
#define FE_INDEX_STRING 0x40
#define FE_INDEX_OBJECT 0x50
#define FE_INDEX_ARRAY 0x60
#define FE_INDEX_FALSE 0x70
#define FE_INDEX_TRUE 0x71
#define FE_INDEX_BEHIND_ALL 0x80

// Inside objects and arrays.
#define FE_INDEX_END 0x00
#define FE_INDEX_MEMBER 0x01

// Behind a zero byte of a string; a string's end is two zero bytes.
#define FE_INDEX_ZERO 0xff

// The last byte of a component that was cut.
#define FE_INDEX_CUT 0xff

// The exponent, base 100: one byte near 0, else one byte that says which side and four more.
#define FE_INDEX_EXPONENT_ZERO 0x80
#define FE_INDEX_EXPONENT_SHORT 60
#define FE_INDEX_EXPONENT_SMALL 0x40
#define FE_INDEX_EXPONENT_LARGE 0xc0

#endif
