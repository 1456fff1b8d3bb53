// SPDX-License-Identifier: Apache-2.0
// Bounds-checked reading of bytes from outside, and the growing writer of metadata.
#include "base/coding.h"

#include "base/buffer.h"

// The next `size` bytes, NULL after a failure.
static const uint8_t *take(fe_decoder *decoder, uint64_t size)
{
    const uint8_t *at = decoder->at;

    if (decoder->failed || size > fe_decoder_remaining(decoder)) {
        decoder->failed = true;
        return NULL;
    }
    if (size != 0) decoder->at += size; // An empty slice's NULL stays NULL.
    return at;
}

uint8_t fe_decode_u8(fe_decoder *decoder)
{
    const uint8_t *at = take(decoder, 1);
    return at == NULL ? 0 : *at;
}

uint16_t fe_decode_u16(fe_decoder *decoder)
{
    const uint8_t *at = take(decoder, 2);
    return at == NULL ? 0 : fe_get_u16(at);
}

uint32_t fe_decode_u32(fe_decoder *decoder)
{
    const uint8_t *at = take(decoder, 4);
    return at == NULL ? 0 : fe_get_u32(at);
}

uint64_t fe_decode_u64(fe_decoder *decoder)
{
    const uint8_t *at = take(decoder, 8);
    return at == NULL ? 0 : fe_get_u64(at);
}

uint64_t fe_decode_long_varint(fe_decoder *decoder)
{
    uint64_t value = 0;

    for (int shift = 0; shift < 64; shift += 7) {
        const uint8_t *at = take(decoder, 1);
        if (at == NULL) return 0;
        if (shift == 63 && *at > 1) break; // Only one of the 64 bits is left.
        value |= (uint64_t)(*at & 0x7f) << shift;
        if (*at < 0x80) {
            // A last byte of zero says nothing: a shorter form exists.
            if (*at == 0 && shift != 0) break;
            return value;
        }
    }
    decoder->failed = true;
    return 0;
}

uint64_t fe_decode_varint_max(fe_decoder *decoder, uint64_t max)
{
    uint64_t value = fe_decode_varint(decoder);
    if (value <= max) return value;
    decoder->failed = true;
    return 0;
}

ferric_slice fe_decode_bytes(fe_decoder *decoder, uint64_t size)
{
    const uint8_t *at = take(decoder, size);
    return at == NULL ? fe_slice(NULL, 0) : fe_slice(at, (size_t)size);
}

ferric_slice fe_decode_sized(fe_decoder *decoder)
{
    uint64_t size = fe_decode_varint(decoder);
    return fe_decode_bytes(decoder, size);
}

ferric_status fe_buffer_put_u8(ferric_buffer *buffer, uint8_t value)
{
    return fe_buffer_append(buffer, &value, 1);
}

ferric_status fe_buffer_put_u32(ferric_buffer *buffer, uint32_t value)
{
    uint8_t bytes[4];
    fe_put_u32(bytes, value);
    return fe_buffer_append(buffer, bytes, sizeof bytes);
}

ferric_status fe_buffer_put_u64(ferric_buffer *buffer, uint64_t value)
{
    uint8_t bytes[8];
    fe_put_u64(bytes, value);
    return fe_buffer_append(buffer, bytes, sizeof bytes);
}

ferric_status fe_buffer_put_varint(ferric_buffer *buffer, uint64_t value)
{
    uint8_t bytes[FE_VARINT64_SIZE_MAX];
    const uint8_t *end = fe_put_varint(bytes, value);
    return fe_buffer_append(buffer, bytes, (size_t)(end - bytes));
}

ferric_status fe_buffer_put_sized(ferric_buffer *buffer, ferric_slice value)
{
    ferric_status status;

    if (value.size > SIZE_MAX - FE_VARINT64_SIZE_MAX) return fe_buffer_reserve(buffer, SIZE_MAX);
    // All or nothing: room for both parts before the first is written.
    status = fe_buffer_reserve(buffer, FE_VARINT64_SIZE_MAX + value.size);
    if (status != FERRIC_OK) return status;
    status = fe_buffer_put_varint(buffer, value.size);
    if (status != FERRIC_OK) return status;
    return fe_buffer_append(buffer, value.data, value.size);
}
