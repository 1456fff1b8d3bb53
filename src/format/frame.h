// SPDX-License-Identifier: Apache-2.0
// One frame of a log or manifest: docs/format/record_log.md.
//
//   0  header check   u32  fe_seal_check over bytes 8 .. header size, bound to file and offset
//   4  payload check  u32  CRC32C of the payload, seeded with the header check
//   8  payload size   u32
//  12  kind           u8
//  13  header size    u8   19 to 45
//  14  batch count    u16
//  16  varints: first sequence; sequence - newest durable sequence (the witness); zigzag of commit
//      time in ms - the file's creation time
//      payload
//      zeros up to a multiple of 8
#ifndef FERRIC_FORMAT_FRAME_H
#define FERRIC_FORMAT_FRAME_H

#include "format/seal.h"

#define FE_FRAME_ALIGNMENT 8
#define FE_FRAME_FIXED_SIZE 16
#define FE_FRAME_HEADER_SIZE_MAX (FE_FRAME_FIXED_SIZE + 30)
#define FE_FRAME_PAYLOAD_SIZE_MAX ((uint32_t)1 << 30)

typedef enum fe_frame_kind {
    FE_FRAME_COMMITS = 1, // batch_count commits, the first with number `sequence`.
    FE_FRAME_LINK = 2,    // The log goes on in another file: its number (u64) and salt.
    FE_FRAME_WITNESS = 3, // Nothing but the witness.
    FE_FRAME_EDIT = 4,    // One manifest edit; each edit has a sequence number of its own.
    FE_FRAME_END = 5,     // A clean close: nothing follows.
} fe_frame_kind;

typedef struct fe_frame {
    fe_frame_kind kind;
    uint16_t batch_count; // How many sequence numbers the frame uses, from `sequence` on.
    uint64_t sequence;    // The first one; for a frame without batches the next one to be used.
    uint64_t durable_sequence; // The witness: every number up to it was known durable.
    uint64_t time_ms;          // When it was written, system clock.
    ferric_slice payload;
} fe_frame;

// The size on disk, padding included, of a frame with these fields.
size_t fe_frame_size(const fe_frame *frame, uint64_t created_ms);

// Writes a whole frame for `offset` at `at`, which has fe_frame_size bytes of room. The payload may
// already stand at its place (at + header size): then nothing is copied.
void fe_frame_encode(const fe_frame *frame, const fe_sealer *sealer, uint64_t created_ms,
                     uint64_t offset, uint8_t *at);
size_t fe_frame_header_size(const fe_frame *frame, uint64_t created_ms);

typedef enum fe_frame_result {
    FE_FRAME_VALID = 0,
    FE_FRAME_EMPTY = 1,       // Sixteen zero bytes, or nothing at all: nothing was written here.
    FE_FRAME_INVALID = 2,     // No frame of this file and offset.
    FE_FRAME_BAD_PAYLOAD = 3, // The header holds, so *size counts; the payload does not.
    FE_FRAME_INCOMPLETE = 4,  // The header holds, but `bytes` ends before the frame does.
} fe_frame_result;

// Reads the frame that begins at bytes.data. *size is its size on disk with FE_FRAME_VALID,
// FE_FRAME_BAD_PAYLOAD and FE_FRAME_INCOMPLETE; frame->payload is lent by `bytes`.
fe_frame_result fe_frame_decode(ferric_slice bytes, const fe_sealer *sealer, uint64_t created_ms,
                                uint64_t offset, fe_frame *frame, size_t *size);

#endif
