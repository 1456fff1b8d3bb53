// SPDX-License-Identifier: Apache-2.0
// Single frames at an offset of their own: a valid one encodes to the bytes it was read from, and
// no answer claims more bytes than a frame may have.
#include <stdlib.h>
#include <string.h>

#include "base/coding.h"
#include "format/frame.h"
#include "format/internal_key.h"
#include "fuzz.h"

#define OFFSET_SIZE 4

const size_t fuzz_fixed_memory = 0;

static void check_valid(const fe_frame *frame, fe_sealer *sealer, uint64_t offset,
                        const uint8_t *data, size_t size)
{
    uint8_t *again = malloc(size);

    if (again == NULL) abort();
    FUZZ_CHECK(frame->durable_sequence <= frame->sequence);
    FUZZ_CHECK(frame->batch_count == 0 ||
               frame->sequence + frame->batch_count - 1 <= FE_SEQUENCE_MAX);
    FUZZ_CHECK(fe_frame_size(frame, sealer, 0) == size);
    FUZZ_CHECK(fe_frame_encode(frame, sealer, 0, offset, again) == FERRIC_OK);
    FUZZ_CHECK(memcmp(again, data, size) == 0);
    free(again);
}

// The input: the frame's offset in units of 8, then its bytes.
bool fuzz_run(const uint8_t *data, size_t size)
{
    fe_sealer sealer = {.suite = FE_CIPHER_NONE};
    uint64_t offset;
    fe_frame frame;
    size_t frame_size;
    fe_frame_result result;

    if (size < OFFSET_SIZE) return false;
    offset = (uint64_t)fe_get_u32(data) * FE_FRAME_ALIGNMENT;
    data += OFFSET_SIZE;
    size -= OFFSET_SIZE;
    result = fe_frame_decode(fe_slice(data, size), &sealer, 0, offset, &frame, &frame_size);
    switch (result) {
    case FE_FRAME_VALID:
        FUZZ_CHECK(frame_size <= size);
        check_valid(&frame, &sealer, offset, data, frame_size);
        break;
    case FE_FRAME_FORGED: // Told by fe_frame_unseal alone.
        abort();
    case FE_FRAME_BAD_PAYLOAD:
        FUZZ_CHECK(frame_size <= size && frame_size > 0);
        break;
    case FE_FRAME_INCOMPLETE:
        FUZZ_CHECK(frame_size > size);
        break;
    case FE_FRAME_EMPTY:
    case FE_FRAME_INVALID:
        FUZZ_CHECK(frame_size == 0);
        break;
    }
    return result == FE_FRAME_VALID;
}
