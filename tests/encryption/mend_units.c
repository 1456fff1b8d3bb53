// SPDX-License-Identifier: Apache-2.0
// The checks that stand beside tags: of what is in clear, so that damage is told from a wrong key
// and from a torn tail. Whoever changes bytes on purpose mends them, for they are no secret.
#include <string.h>

#include "base/checksum.h"
#include "base/coding.h"
#include "format/frame.h"
#include "sealed_units.h"
#include "support/harness.h"

// Of a file's header (docs/format/file_header.md).
#define FILE_NUMBER_AT 16
#define DATABASE_ID_AT 32
#define SALT_AT 48
#define HEADER_CHECK_AT (FE_FILE_HEADER_SIZE - 4)
// Of a frame (docs/format/record_log.md).
#define PAYLOAD_CHECK_AT 4
#define CHECKED_AT 8
#define HEADER_SIZE_AT 13

static void mend_header(uint8_t *file)
{
    fe_put_u32(file + HEADER_CHECK_AT, fe_crc32c(0, file, HEADER_CHECK_AT));
}

static void mend_keyring(uint8_t *file, size_t size)
{
    uint8_t *check = file + size - 4;
    uint32_t sum = fe_crc32c(0, file + DATABASE_ID_AT, FE_DATABASE_ID_SIZE);

    fe_put_u32(check, fe_crc32c(sum, file + FE_FILE_HEADER_SIZE,
                                (size_t)(check - file) - FE_FILE_HEADER_SIZE));
}

// Both checks of the frame at `offset`, wherever its bytes came from. Its size on disk; 0: it is
// none.
static size_t mend_frame(const fe_sealer *sealer, uint8_t *file, size_t size, size_t offset)
{
    uint8_t *at = file + offset;
    size_t header_size;
    size_t end;
    uint32_t check;

    if (offset + FE_FRAME_HEADER_SIZE_MAX > size || !fe_frame_is_plausible(at, size - offset))
        return 0;
    header_size = at[HEADER_SIZE_AT];
    end = header_size + fe_get_u32(at + CHECKED_AT) + FE_SEAL_SIZE_MAX;
    if (end > size - offset) return 0;
    check = fe_seal_check(sealer, FE_UNIT_FRAME_HEADER, offset, at + CHECKED_AT,
                          header_size - CHECKED_AT);
    fe_put_u32(at, check);
    fe_put_u32(at + PAYLOAD_CHECK_AT, fe_crc32c(check, at + header_size, end - header_size));
    return (end + FE_FRAME_ALIGNMENT - 1) / FE_FRAME_ALIGNMENT * FE_FRAME_ALIGNMENT;
}

// All frames from `offset` on, since those behind it may have moved too.
static void mend_frames(uint8_t *file, size_t size, size_t offset)
{
    fe_file_header header = {.cipher_suite = FE_CIPHER_NONE};
    fe_sealer sealer;
    size_t step;

    header.file_number = fe_get_u64(file + FILE_NUMBER_AT);
    memcpy(header.salt, file + SALT_AT, FE_SALT_SIZE);
    if (fe_sealer_init(&sealer, &header, "file") != FERRIC_OK) return;
    while ((step = mend_frame(&sealer, file, size, offset)) > 0)
        offset += step;
}

void sealed_unit_mend(disk *d, const sealed_unit *unit)
{
    size_t size = disk_size(d, unit->node);
    uint8_t *copy;

    if (size < FE_FILE_HEADER_SIZE + (unit->form == UNIT_KEYRING ? 4u : 0u)) return;
    copy = harness_alloc(size);
    memcpy(copy, disk_data(d, unit->node), size);
    if (unit->form == UNIT_HEADER) mend_header(copy);
    if (unit->form == UNIT_KEYRING) mend_keyring(copy, size);
    if (unit->form == UNIT_FRAME) mend_frames(copy, size, (size_t)unit->offset);
    if (memcmp(copy, disk_data(d, unit->node), size) != 0)
        disk_damage(d, unit->node, 0, copy, size);
    harness_free(copy);
}
