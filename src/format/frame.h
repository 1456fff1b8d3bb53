// SPDX-License-Identifier: Apache-2.0
// One frame of a log or manifest: docs/format/record_log.md.
//
//   0  header check   u32  fe_seal_check over bytes 8 .. header size, bound to file and offset
//   4  payload check  u32  CRC32C of the payload (sealed, and its seal), seeded with the header
//   check
//   8  payload size   u32
//  12  kind           u8
//  13  header size    u8   19 to 42
//  14  batch count    u16
//  16  varints: first sequence; sequence - newest durable sequence (the witness); zigzag of commit
//      time in ms - the file's creation time
//      payload
//      under cipher suite 1 its seal: attempt u64, tag 16; the header is bound to it
//      zeros up to a multiple of 8
//
// Length comes before content and check before meaning: nothing behind the header check is believed
// until it holds, and no byte behind the given ones is ever read.
#ifndef FERRIC_FORMAT_FRAME_H
#define FERRIC_FORMAT_FRAME_H

#include "format/seal.h"

#define FE_FRAME_ALIGNMENT 8
#define FE_FRAME_FIXED_SIZE 16
#define FE_FRAME_HEADER_SIZE_MIN (FE_FRAME_FIXED_SIZE + 3)
// Sequences have 56 bits: varints of 8 bytes; the time has 64: one of 10.
#define FE_FRAME_HEADER_SIZE_MAX (FE_FRAME_FIXED_SIZE + 8 + 8 + 10)
#define FE_FRAME_PAYLOAD_SIZE_MAX ((uint32_t)1 << 30)

// Stored as numbers. A new kind needs a feature bit in the file header, so an unknown is damage.
typedef enum fe_frame_kind {
    FE_FRAME_COMMITS = 1, // batch_count commits, the first with number `sequence`.
    FE_FRAME_LINK = 2,    // The log goes on in another file: its number (u64) and salt.
    FE_FRAME_WITNESS = 3, // Nothing but the witness.
    FE_FRAME_EDIT = 4,    // One manifest edit, which has a sequence number of its own.
    FE_FRAME_END = 5,     // A clean close: nothing follows.
} fe_frame_kind;

typedef struct fe_frame {
    fe_frame_kind kind;
    // How many sequence numbers the frame uses, from `sequence` on: for FE_FRAME_COMMITS at
    // least 1, for FE_FRAME_EDIT 1, for the others 0.
    uint16_t batch_count;
    uint64_t sequence; // The first one; for a frame without batches the next one to be used.
    // The witness: every number up to it was known durable. At most `sequence`.
    uint64_t durable_sequence;
    uint64_t time_ms; // When it was written, system clock.
    ferric_slice payload;
} fe_frame;

// `created_ms` is here and below the creation time of the frame's file.
size_t fe_frame_header_size(const fe_frame *frame, uint64_t created_ms);
// The size on disk, seal and padding included, of a frame with these fields.
size_t fe_frame_size(const fe_frame *frame, const fe_sealer *sealer, uint64_t created_ms);

// Writes a whole frame for `offset`, a multiple of 8, at `at`, which has fe_frame_size bytes of
// room. The payload may already stand at its place (at + header size): then nothing is copied.
// Errors: as fe_seal_unit; under suite 0 none.
ferric_status fe_frame_encode(const fe_frame *frame, fe_sealer *sealer, uint64_t created_ms,
                              uint64_t offset, uint8_t *at);

typedef enum fe_frame_result {
    FE_FRAME_VALID = 0,
    FE_FRAME_EMPTY = 1,       // Sixteen zero bytes, or fewer at the end: nothing was written here.
    FE_FRAME_INVALID = 2,     // No frame of this file and offset.
    FE_FRAME_BAD_PAYLOAD = 3, // The header holds, so *size counts; the payload does not.
    FE_FRAME_INCOMPLETE = 4,  // The header holds, but `bytes` ends before the frame does.
    FE_FRAME_FORGED = 5,      // Both checks hold, the tag does not: no torn write looks like that.
} fe_frame_result;

// Reads the frame that begins at bytes.data; under cipher suite 1 its payload is left sealed, to be
// opened by fe_frame_unseal. *size is its size on disk with FE_FRAME_VALID,
// FE_FRAME_BAD_PAYLOAD and FE_FRAME_INCOMPLETE, else 0; *frame is set with FE_FRAME_VALID alone,
// its payload lent by `bytes`. Where fewer than FE_FRAME_HEADER_SIZE_MAX bytes are given though
// more exist, FE_FRAME_INVALID may mean a header that was cut.
fe_frame_result fe_frame_decode(ferric_slice bytes, const fe_sealer *sealer, uint64_t created_ms,
                                uint64_t offset, fe_frame *frame, size_t *size);

// Replaces the payload of a frame that fe_frame_decode took from `at`, if it is sealed, by what is
// in it, lent by `plain` then. Errors: FERRIC_CORRUPT: FE_FRAME_FORGED. FERRIC_NO_MEMORY.
ferric_status fe_frame_unseal(fe_frame *frame, const fe_sealer *sealer, const uint8_t *at,
                              uint64_t offset, const char *path, ferric_buffer *plain);

// What a search for frames asks of every place first: whether the FE_FRAME_FIXED_SIZE bytes at `at`
// could begin a frame of at most `room` bytes. Needs no check sum.
bool fe_frame_is_plausible(const uint8_t *at, uint64_t room);

#endif
