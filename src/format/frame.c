// SPDX-License-Identifier: Apache-2.0
// One frame of a log or manifest. docs/format/record_log.md.
#include "format/frame.h"

#include <assert.h>

#include "base/buffer.h"
#include "base/checksum.h"
#include "base/coding.h"
#include "base/compiler.h"
#include "format/internal_key.h"

enum {
    HEADER_CHECK_AT = 0,
    PAYLOAD_CHECK_AT = 4,
    CHECKED_AT = 8, // The header check covers the header from here on.
    PAYLOAD_SIZE_AT = 8,
    KIND_AT = 12,
    HEADER_SIZE_AT = 13,
    BATCH_COUNT_AT = 14,
};

static_assert(FE_FRAME_FIXED_SIZE == BATCH_COUNT_AT + 2, "the varints follow the batch count");

static uint64_t encoded_time(uint64_t time_ms, uint64_t created_ms)
{
    return fe_zigzag((int64_t)(time_ms - created_ms));
}

static uint64_t padded(uint64_t size)
{
    return (size + FE_FRAME_ALIGNMENT - 1) & ~(uint64_t)(FE_FRAME_ALIGNMENT - 1);
}

// Whether a frame of this kind may use so many sequence numbers.
static bool is_count_of_kind(unsigned kind, unsigned batch_count)
{
    switch (kind) {
    case FE_FRAME_COMMITS:
        return batch_count >= 1;
    case FE_FRAME_EDIT:
        return batch_count == 1;
    case FE_FRAME_LINK:
    case FE_FRAME_WITNESS:
    case FE_FRAME_END:
        return batch_count == 0;
    default:
        return false;
    }
}

// ---- Writing --------------------------------------------------------------------------------

size_t fe_frame_header_size(const fe_frame *frame, uint64_t created_ms)
{
    return FE_FRAME_FIXED_SIZE + fe_varint_size(frame->sequence) +
           fe_varint_size(frame->sequence - frame->durable_sequence) +
           fe_varint_size(encoded_time(frame->time_ms, created_ms));
}

// What a suite adds to the payload. Under suite 0 its check stands in the header.
static size_t seal_size(const fe_sealer *sealer)
{
    return sealer->suite == FE_CIPHER_NONE ? 0 : fe_seal_size(sealer);
}

size_t fe_frame_size(const fe_frame *frame, const fe_sealer *sealer, uint64_t created_ms)
{
    return (size_t)padded(fe_frame_header_size(frame, created_ms) + frame->payload.size +
                          seal_size(sealer));
}

// What a payload's seal is bound to.
static ferric_slice checked_header(const uint8_t *at)
{
    return fe_slice(at + CHECKED_AT, at[HEADER_SIZE_AT] - (size_t)CHECKED_AT);
}

ferric_status fe_frame_encode(const fe_frame *frame, fe_sealer *sealer, uint64_t created_ms,
                              uint64_t offset, uint8_t *at)
{
    uint8_t *payload = fe_put_varint(at + FE_FRAME_FIXED_SIZE, frame->sequence);
    size_t stored_size = frame->payload.size + seal_size(sealer);
    size_t header_size;
    size_t end;
    uint32_t header_check;
    ferric_status status = FERRIC_OK;

    assert(offset % FE_FRAME_ALIGNMENT == 0);
    assert(is_count_of_kind(frame->kind, frame->batch_count));
    assert(frame->durable_sequence <= frame->sequence && frame->sequence <= FE_SEQUENCE_MAX);
    assert(frame->batch_count <= FE_SEQUENCE_MAX - frame->sequence);
    assert(frame->payload.size <= FE_FRAME_PAYLOAD_SIZE_MAX);
    payload = fe_put_varint(payload, frame->sequence - frame->durable_sequence);
    payload = fe_put_varint(payload, encoded_time(frame->time_ms, created_ms));
    header_size = (size_t)(payload - at);
    fe_put_u32(at + PAYLOAD_SIZE_AT, (uint32_t)frame->payload.size);
    at[KIND_AT] = (uint8_t)frame->kind;
    at[HEADER_SIZE_AT] = (uint8_t)header_size;
    fe_put_u16(at + BATCH_COUNT_AT, frame->batch_count);
    header_check = fe_seal_check(sealer, FE_UNIT_FRAME_HEADER, offset, at + CHECKED_AT,
                                 header_size - CHECKED_AT);
    fe_put_u32(at + HEADER_CHECK_AT, header_check);
    if (frame->payload.size > 0 && frame->payload.data != payload) {
        memcpy(payload, frame->payload.data, frame->payload.size);
    }
    if (sealer->suite != FE_CIPHER_NONE) {
        status = fe_seal_bound_unit(sealer, FE_UNIT_FRAME_PAYLOAD, offset, checked_header(at),
                                    payload, frame->payload.size);
    }
    fe_put_u32(at + PAYLOAD_CHECK_AT, fe_crc32c(header_check, payload, stored_size));
    end = header_size + stored_size;
    memset(at + end, 0, (size_t)padded(end) - end);
    return status;
}

// ---- Reading --------------------------------------------------------------------------------

static bool is_zero(const uint8_t *at, size_t size)
{
    uint8_t any = 0;
    for (size_t i = 0; i < size; i++)
        any |= at[i];
    return any == 0;
}

bool fe_frame_is_plausible(const uint8_t *at, uint64_t room)
{
    unsigned header_size = at[HEADER_SIZE_AT];
    uint32_t payload_size = fe_get_u32(at + PAYLOAD_SIZE_AT);

    return header_size >= FE_FRAME_HEADER_SIZE_MIN && header_size <= FE_FRAME_HEADER_SIZE_MAX &&
           payload_size <= FE_FRAME_PAYLOAD_SIZE_MAX &&
           padded((uint64_t)header_size + payload_size) <= room &&
           is_count_of_kind(at[KIND_AT], fe_get_u16(at + BATCH_COUNT_AT));
}

// The fields of a header whose check holds. False when they make no sense.
static bool decode_fields(const uint8_t *at, uint64_t created_ms, fe_frame *frame)
{
    size_t header_size = at[HEADER_SIZE_AT];
    fe_decoder decoder =
        fe_decoder_of(fe_slice(at + FE_FRAME_FIXED_SIZE, header_size - FE_FRAME_FIXED_SIZE));
    uint64_t distance;

    frame->kind = (fe_frame_kind)at[KIND_AT];
    frame->batch_count = fe_get_u16(at + BATCH_COUNT_AT);
    frame->sequence = fe_decode_varint_max(&decoder, FE_SEQUENCE_MAX);
    distance = fe_decode_varint_max(&decoder, frame->sequence);
    frame->durable_sequence = frame->sequence - distance;
    frame->time_ms = created_ms + (uint64_t)fe_unzigzag(fe_decode_varint(&decoder));
    // Also the number behind those that the frame uses is one.
    return !decoder.failed && fe_decoder_remaining(&decoder) == 0 &&
           frame->batch_count <= FE_SEQUENCE_MAX - frame->sequence;
}

fe_frame_result fe_frame_decode(ferric_slice bytes, const fe_sealer *sealer, uint64_t created_ms,
                                uint64_t offset, fe_frame *frame, size_t *size)
{
    const uint8_t *at = fe_slice_bytes(bytes);
    fe_frame decoded;
    size_t header_size;
    size_t stored_size;
    size_t end;
    uint32_t header_check;

    *size = 0;
    if (bytes.size < FE_FRAME_FIXED_SIZE) {
        return is_zero(at, bytes.size) ? FE_FRAME_EMPTY : FE_FRAME_INVALID;
    }
    header_size = at[HEADER_SIZE_AT];
    // A frame may be longer than the bytes given, but its header may not.
    if (!fe_frame_is_plausible(at, UINT64_MAX) || header_size > bytes.size) {
        return is_zero(at, FE_FRAME_FIXED_SIZE) ? FE_FRAME_EMPTY : FE_FRAME_INVALID;
    }
    header_check = fe_seal_check(sealer, FE_UNIT_FRAME_HEADER, offset, at + CHECKED_AT,
                                 header_size - CHECKED_AT);
    if (header_check != fe_get_u32(at + HEADER_CHECK_AT)) return FE_FRAME_INVALID;
    if (!decode_fields(at, created_ms, &decoded)) return FE_FRAME_INVALID;
    decoded.payload = fe_slice(at + header_size, fe_get_u32(at + PAYLOAD_SIZE_AT));
    stored_size = decoded.payload.size + seal_size(sealer);
    end = header_size + stored_size;
    *size = (size_t)padded(end);
    if (*size > bytes.size) return FE_FRAME_INCOMPLETE;
    if (fe_crc32c(header_check, at + header_size, stored_size) !=
            fe_get_u32(at + PAYLOAD_CHECK_AT) ||
        !is_zero(at + end, *size - end)) {
        return FE_FRAME_BAD_PAYLOAD;
    }
    *frame = decoded;
    return FE_FRAME_VALID;
}

ferric_status fe_frame_unseal(fe_frame *frame, const fe_sealer *sealer, const uint8_t *at,
                              uint64_t offset, const char *path, ferric_buffer *plain)
{
    size_t sealed_size = frame->payload.size + seal_size(sealer);
    size_t content_size = 0;
    ferric_status status;

    if (sealer->suite == FE_CIPHER_NONE) return FERRIC_OK;
    fe_buffer_clear(plain);
    status = fe_buffer_append(plain, frame->payload.data, sealed_size);
    if (status != FERRIC_OK) return status;
    status = fe_seal_open_bound(sealer, FE_UNIT_FRAME_PAYLOAD, offset, checked_header(at),
                                plain->data, sealed_size, path, &content_size);
    frame->payload = fe_slice(plain->data, content_size);
    return status;
}
