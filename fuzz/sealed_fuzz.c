// SPDX-License-Identifier: Apache-2.0
// Sealed units and sealed frames at offset 64 of the log of docs/format/encrypted_log.md: any bytes
// are opened or refused. A frame's checks are mended, since they are no secret, so that its tag has
// to tell.
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/checksum.h"
#include "base/coding.h"
#include "format/frame.h"
#include "fuzz.h"
#include "sealed_kit.h"

#define OFFSET FE_FILE_HEADER_SIZE
#define CREATED_MS 1750000000000
#define PAYLOAD_CHECK_AT 4
#define CHECKED_AT 8
#define HEADER_SIZE_AT 13

// Keys and ciphers.
const size_t fuzz_fixed_memory = (size_t)256 << 10;

static void mend(uint8_t *at, size_t size, const fe_sealer *sealer)
{
    uint64_t header_size;
    uint64_t stored;
    uint32_t check;

    if (size < FE_FRAME_FIXED_SIZE) return;
    header_size = at[HEADER_SIZE_AT];
    if (header_size < CHECKED_AT || header_size > size) return;
    check = fe_seal_check(sealer, FE_UNIT_FRAME_HEADER, OFFSET, at + CHECKED_AT,
                          (size_t)header_size - CHECKED_AT);
    fe_put_u32(at, check);
    stored = fe_get_u32(at + CHECKED_AT) + (uint64_t)FE_SEAL_SIZE_MAX;
    if (stored > size - header_size) return;
    fe_put_u32(at + PAYLOAD_CHECK_AT, fe_crc32c(check, at + header_size, (size_t)stored));
}

static bool open_frame(uint8_t *bytes, size_t size, const fe_sealer *sealer)
{
    ferric_buffer plain = {0};
    fe_frame frame;
    size_t frame_size;
    ferric_status status = FERRIC_CORRUPT;

    mend(bytes, size, sealer);
    if (fe_frame_decode(fe_slice(bytes, size), sealer, CREATED_MS, OFFSET, &frame, &frame_size) ==
        FE_FRAME_VALID) {
        size_t stored_size = frame.payload.size;
        FUZZ_CHECK(frame_size <= size);
        status = fe_frame_unseal(&frame, sealer, bytes, OFFSET, "frame", &plain);
        FUZZ_CHECK(status == FERRIC_OK || status == FERRIC_CORRUPT);
        FUZZ_CHECK(frame.payload.size <= stored_size);
    }
    fe_buffer_deinit(&plain);
    return status == FERRIC_OK;
}

static bool open_unit(fe_unit_kind kind, uint8_t *bytes, size_t size, const fe_sealer *sealer)
{
    size_t content = 0;
    ferric_status status = fe_seal_open(sealer, kind, OFFSET, bytes, size, "unit", &content);

    FUZZ_CHECK(status == FERRIC_OK || status == FERRIC_CORRUPT);
    FUZZ_CHECK(content == (status == FERRIC_OK ? size - fe_seal_size(sealer) : 0));
    return status == FERRIC_OK;
}

// The input: 0 for a frame, else a unit's kind; then what is stored.
bool fuzz_run(const uint8_t *data, size_t size)
{
    const fe_sealer *sealer = sealed_kit_sealer();
    uint8_t *bytes;
    bool is_open;

    if (sealer == NULL || size < 1) return false;
    bytes = malloc(size); // Units are opened in place.
    if (bytes == NULL) abort();
    memcpy(bytes, data + 1, size - 1);
    is_open = data[0] == 0 ? open_frame(bytes, size - 1, sealer)
                           : open_unit((fe_unit_kind)data[0], bytes, size - 1, sealer);
    free(bytes);
    return is_open;
}
