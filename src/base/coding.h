// SPDX-License-Identifier: Apache-2.0
// Integers as bytes: little-endian fixed widths, and varints (LEB128: seven bits a byte, low bits
// first, the high bit says that more follow).
//
// fe_decoder is the only way to read bytes that came from outside. It checks each length against
// what remains, by subtraction, before it moves. Once a read fails, all later ones fail too, so a
// caller may read a whole structure and look at `failed` once.
#ifndef FERRIC_BASE_CODING_H
#define FERRIC_BASE_CODING_H

#include <string.h>

#include <ferric/ferric.h>

#include "base/compiler.h"
#include "base/slice.h"

// Most bytes of a 32- and of a 64-bit varint.
#define FE_VARINT32_SIZE_MAX 5
#define FE_VARINT64_SIZE_MAX 10

static inline void fe_put_u16(uint8_t *at, uint16_t value)
{
    at[0] = (uint8_t)value;
    at[1] = (uint8_t)(value >> 8);
}

static inline void fe_put_u32(uint8_t *at, uint32_t value)
{
    fe_put_u16(at, (uint16_t)value);
    fe_put_u16(at + 2, (uint16_t)(value >> 16));
}

static inline void fe_put_u64(uint8_t *at, uint64_t value)
{
    fe_put_u32(at, (uint32_t)value);
    fe_put_u32(at + 4, (uint32_t)(value >> 32));
}

static inline uint16_t fe_get_u16(const uint8_t *at)
{
    return (uint16_t)(at[0] | (uint16_t)(at[1] << 8));
}

static inline uint32_t fe_get_u32(const uint8_t *at)
{
    return (uint32_t)fe_get_u16(at) | (uint32_t)fe_get_u16(at + 2) << 16;
}

static inline uint64_t fe_get_u64(const uint8_t *at)
{
    return (uint64_t)fe_get_u32(at) | (uint64_t)fe_get_u32(at + 4) << 32;
}

// Big-endian: byte order is value order. For ids inside keys.
static inline void fe_put_u32_ordered(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 24);
    at[1] = (uint8_t)(value >> 16);
    at[2] = (uint8_t)(value >> 8);
    at[3] = (uint8_t)value;
}

static inline uint32_t fe_get_u32_ordered(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

// Writes a varint, returns the address behind it. The caller has room for the most bytes.
static inline uint8_t *fe_put_varint(uint8_t *at, uint64_t value)
{
    while (value >= 0x80) {
        *at++ = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    *at++ = (uint8_t)value;
    return at;
}

static inline size_t fe_varint_size(uint64_t value)
{
    size_t size = 1;
    while (value >= 0x80) {
        value >>= 7;
        size++;
    }
    return size;
}

// Signed values as varints: 0, -1, 1, -2 ... become 0, 1, 2, 3 ...
static inline uint64_t fe_zigzag(int64_t value)
{
    return ((uint64_t)value << 1) ^ (value < 0 ? UINT64_MAX : 0);
}

static inline int64_t fe_unzigzag(uint64_t value)
{
    return (int64_t)(value >> 1) ^ -(int64_t)(value & 1);
}

// Reads a varint of bytes that were validated before (a block's entries after it was loaded).
static inline const uint8_t *fe_get_varint_trusted(const uint8_t *at, uint64_t *value)
{
    uint64_t result = *at & 0x7f;
    int shift = 7;
    while (*at++ & 0x80) {
        result |= (uint64_t)(*at & 0x7f) << shift;
        shift += 7;
    }
    *value = result;
    return at;
}

typedef struct fe_decoder {
    const uint8_t *at;
    const uint8_t *end;
    bool failed;
} fe_decoder;

static inline fe_decoder fe_decoder_of(ferric_slice bytes)
{
    const uint8_t *data = fe_slice_bytes(bytes);
    fe_decoder decoder = {data, bytes.size == 0 ? data : data + bytes.size, false};
    return decoder;
}

static inline size_t fe_decoder_remaining(const fe_decoder *decoder)
{
    return (size_t)(decoder->end - decoder->at);
}

// Each returns 0 (an empty slice) after a failure.
uint8_t fe_decode_u8(fe_decoder *decoder);
uint16_t fe_decode_u16(fe_decoder *decoder);
uint32_t fe_decode_u32(fe_decoder *decoder);
uint64_t fe_decode_u64(fe_decoder *decoder);
// What fe_decode_varint does with more than one byte.
uint64_t fe_decode_long_varint(fe_decoder *decoder);
// Fails when the value needs more than 64 bits or is not the shortest form.
static inline uint64_t fe_decode_varint(fe_decoder *decoder)
{
    if (FE_LIKELY(!decoder->failed && decoder->at < decoder->end && *decoder->at < 0x80)) {
        return *decoder->at++;
    }
    return fe_decode_long_varint(decoder);
}
// Fails also when the value is above `max`.
uint64_t fe_decode_varint_max(fe_decoder *decoder, uint64_t max);
// `size` bytes, lent by the decoded memory.
ferric_slice fe_decode_bytes(fe_decoder *decoder, uint64_t size);
// A varint length, then that many bytes.
ferric_slice fe_decode_sized(fe_decoder *decoder);

// The growing side, for metadata where speed does not matter. Errors: FERRIC_NO_MEMORY.
ferric_status fe_buffer_put_u8(ferric_buffer *buffer, uint8_t value);
ferric_status fe_buffer_put_u32(ferric_buffer *buffer, uint32_t value);
ferric_status fe_buffer_put_u64(ferric_buffer *buffer, uint64_t value);
ferric_status fe_buffer_put_varint(ferric_buffer *buffer, uint64_t value);
ferric_status fe_buffer_put_sized(ferric_buffer *buffer, ferric_slice value);

#endif
