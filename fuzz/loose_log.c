// SPDX-License-Identifier: Apache-2.0
// Reads and writes frames as docs/format/record_log.md has them, without belief in any field.
#include "loose_log.h"

#include <stdlib.h>

#include "base/coding.h"
#include "format/frame.h"

#define PAYLOAD_SIZE_AT 8
#define KIND_AT 12
#define HEADER_SIZE_AT 13
#define BATCH_COUNT_AT 14
// More, and the header would be too long to be one.
#define NUMBER_MAX (((uint64_t)1 << 56) - 1)

void *loose_memory(size_t size)
{
    void *memory = calloc(1, size > 0 ? size : 1);
    if (memory == NULL) abort();
    return memory;
}

void loose_frame_set_payload(loose_frame *frame, const uint8_t *payload, size_t size)
{
    uint8_t *copy = loose_memory(size);

    if (size > 0) memcpy(copy, payload, size);
    free(frame->payload);
    frame->payload = copy;
    frame->payload_size = size;
}

static size_t read_frame(const uint8_t *at, loose_frame *frame)
{
    size_t header_size = at[HEADER_SIZE_AT];
    fe_decoder decoder =
        fe_decoder_of(fe_slice(at + FE_FRAME_FIXED_SIZE, header_size - FE_FRAME_FIXED_SIZE));
    size_t size;

    frame->kind = at[KIND_AT];
    frame->batch_count = fe_get_u16(at + BATCH_COUNT_AT);
    frame->sequence = fe_decode_varint(&decoder);
    frame->distance = fe_decode_varint(&decoder);
    frame->time = fe_decode_varint(&decoder);
    loose_frame_set_payload(frame, at + header_size, fe_get_u32(at + PAYLOAD_SIZE_AT));
    size = header_size + frame->payload_size;
    return (size + FE_FRAME_ALIGNMENT - 1) / FE_FRAME_ALIGNMENT * FE_FRAME_ALIGNMENT;
}

loose_log *loose_log_read(const uint8_t *data, size_t size)
{
    loose_log *log = loose_memory(sizeof *log);
    size_t offset = FE_FILE_HEADER_SIZE;

    while (log->count < LOOSE_FRAMES_MAX && offset + FE_FRAME_HEADER_SIZE_MIN <= size &&
           fe_frame_is_plausible(data + offset, size - offset)) {
        offset += read_frame(data + offset, &log->frames[log->count++]);
    }
    return log;
}

void loose_log_destroy(loose_log *log)
{
    for (size_t i = 0; i < log->count; i++)
        free(log->frames[i].payload);
    free(log);
}

// Returns the frame's size on disk; 0 when it does not fit.
static size_t write_frame(const loose_frame *frame, uint8_t *at, size_t room)
{
    uint8_t *end;

    if (room < FE_FRAME_HEADER_SIZE_MAX + FE_FRAME_ALIGNMENT) return 0;
    if (room - FE_FRAME_HEADER_SIZE_MAX - FE_FRAME_ALIGNMENT < frame->payload_size) return 0;
    fe_put_u32(at + PAYLOAD_SIZE_AT, (uint32_t)frame->payload_size);
    at[KIND_AT] = (uint8_t)frame->kind;
    fe_put_u16(at + BATCH_COUNT_AT, (uint16_t)frame->batch_count);
    end = fe_put_varint(at + FE_FRAME_FIXED_SIZE, frame->sequence & NUMBER_MAX);
    end = fe_put_varint(end, frame->distance & NUMBER_MAX);
    end = fe_put_varint(end, frame->time);
    at[HEADER_SIZE_AT] = (uint8_t)(end - at);
    if (frame->payload_size > 0) memcpy(end, frame->payload, frame->payload_size);
    end += frame->payload_size;
    while ((end - at) % FE_FRAME_ALIGNMENT != 0)
        *end++ = 0;
    return (size_t)(end - at);
}

size_t loose_log_write(const loose_log *log, uint8_t *data, size_t size_max)
{
    size_t offset = FE_FILE_HEADER_SIZE;

    for (size_t i = 0; i < log->count; i++)
        offset += write_frame(&log->frames[i], data + offset, size_max - offset);
    return offset;
}
