// SPDX-License-Identifier: Apache-2.0
// Checks that bind stored bytes to their file, place and kind. docs/format/file_header.md, "Seals".
#include "format/seal.h"

#include <assert.h>
#include <inttypes.h>

#include "base/checksum.h"
#include "base/coding.h"
#include "base/seeded_bug.h"
#include "base/status.h"

#define CHECK_SIZE 4
// Leaves the highest byte for the kind, so that one word binds both.
#define OFFSET_BITS 56

static_assert(CHECK_SIZE <= FE_SEAL_SIZE_MAX, "callers make room for the largest trailer");

void fe_sealer_init(fe_sealer *sealer, const fe_file_header *header)
{
    uint8_t identity[8 + FE_SALT_SIZE];

    assert(header->cipher_suite == FE_CIPHER_NONE);
    fe_put_u64(identity, header->file_number);
    memcpy(identity + 8, header->salt, FE_SALT_SIZE);
    sealer->suite = FE_CIPHER_NONE;
    sealer->seed = fe_crc32c(0, identity, sizeof identity);
}

size_t fe_seal_size(const fe_sealer *sealer)
{
    (void)sealer; // Suite 0 is the only one.
    return CHECK_SIZE;
}

uint32_t fe_seal_check(const fe_sealer *sealer, fe_unit_kind kind, uint64_t offset,
                       const void *data, size_t size)
{
    uint8_t place[8];

    assert(offset >> OFFSET_BITS == 0);
    if (FE_SEEDED_BUG(FE_BUG_FRAME_NOT_BOUND) && kind == FE_UNIT_FRAME_HEADER) offset = 0;
    fe_put_u64(place, (uint64_t)kind << OFFSET_BITS | offset);
    return fe_crc32c(fe_crc32c(sealer->seed, place, sizeof place), data, size);
}

ferric_status fe_seal_unit(fe_sealer *sealer, fe_unit_kind kind, uint64_t offset, uint8_t *unit,
                           size_t size)
{
    fe_put_u32(unit + size, fe_seal_check(sealer, kind, offset, unit, size));
    return FERRIC_OK;
}

ferric_status fe_seal_open(const fe_sealer *sealer, fe_unit_kind kind, uint64_t offset,
                           uint8_t *unit, size_t size, const char *path, size_t *content_size)
{
    uint32_t expected;
    uint32_t found;

    *content_size = 0;
    if (size < CHECK_SIZE) {
        return fe_fail(FERRIC_CORRUPT,
                       "%s: offset %" PRIu64 ": a unit of %zu bytes, expected at least %d", path,
                       offset, size, CHECK_SIZE);
    }
    expected = fe_seal_check(sealer, kind, offset, unit, size - CHECK_SIZE);
    found = fe_get_u32(unit + size - CHECK_SIZE);
    if (expected != found && !FE_SEEDED_BUG(FE_BUG_CHECKSUM_NOT_COMPARED)) {
        return fe_fail(FERRIC_CORRUPT,
                       "%s: offset %" PRIu64 ": check of %zu bytes: expected %08" PRIx32
                       ", found %08" PRIx32,
                       path, offset, size - CHECK_SIZE, expected, found);
    }
    *content_size = size - CHECK_SIZE;
    return FERRIC_OK;
}
