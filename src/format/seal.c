// SPDX-License-Identifier: Apache-2.0
// Checks and seals that bind stored bytes to their file, place and kind.
// docs/format/file_header.md, "Seals".
#include "format/seal.h"

#include <assert.h>
#include <inttypes.h>

#include "base/checksum.h"
#include "base/coding.h"
#include "base/seeded_bug.h"
#include "base/status.h"
#include "format/file_keys.h"

#define CHECK_SIZE 4
#define ATTEMPT_SIZE 8
#define TAG_SIZE (ATTEMPT_SIZE + FE_AEAD_TAG_SIZE)
#define PLACE_SIZE 8
// Leaves the highest byte for the kind, so that one word binds both.
#define OFFSET_BITS 56

static_assert(CHECK_SIZE <= FE_SEAL_SIZE_MAX && TAG_SIZE <= FE_SEAL_SIZE_MAX,
              "callers make room for the largest trailer");

// ---- Life ------------------------------------------------------------------------------------

ferric_status fe_sealer_init(fe_sealer *sealer, const fe_file_header *header, const char *path)
{
    uint8_t identity[8 + FE_SALT_SIZE];

    *sealer = (fe_sealer){.suite = (fe_cipher_suite)header->cipher_suite};
    fe_put_u64(identity, header->file_number);
    memcpy(identity + 8, header->salt, FE_SALT_SIZE);
    sealer->seed = fe_crc32c(0, identity, sizeof identity);
    if (sealer->suite == FE_CIPHER_NONE && header->keys == NULL) return FERRIC_OK;
    if (sealer->suite == FE_CIPHER_NONE) {
        // Else whoever can write files could slip in what he likes.
        return fe_fail(FERRIC_CORRUPT, "%s: not encrypted, though its database is", path);
    }
    if (header->keys == NULL) {
        sealer->suite = FE_CIPHER_NONE;
        return fe_fail(FERRIC_WRONG_KEY, "%s is encrypted: give the key of its database", path);
    }
    return fe_file_keys_cipher(header->keys, header, path, &sealer->cipher);
}

void fe_sealer_deinit(fe_sealer *sealer)
{
    fe_aead_destroy(sealer->cipher);
    sealer->cipher = NULL;
}

size_t fe_seal_size(const fe_sealer *sealer)
{
    return sealer->suite == FE_CIPHER_NONE ? CHECK_SIZE : TAG_SIZE;
}

// ---- Suite 0 ---------------------------------------------------------------------------------

static void put_place(uint8_t place[PLACE_SIZE], fe_unit_kind kind, uint64_t offset)
{
    assert(offset >> OFFSET_BITS == 0);
    fe_put_u64(place, (uint64_t)kind << OFFSET_BITS | offset);
}

uint32_t fe_seal_check(const fe_sealer *sealer, fe_unit_kind kind, uint64_t offset,
                       const void *data, size_t size)
{
    uint8_t place[PLACE_SIZE];

    if (FE_SEEDED_BUG(FE_BUG_FRAME_NOT_BOUND) && kind == FE_UNIT_FRAME_HEADER) offset = 0;
    put_place(place, kind, offset);
    return fe_crc32c(fe_crc32c(sealer->seed, place, sizeof place), data, size);
}

static ferric_status compare_check(const fe_sealer *sealer, fe_unit_kind kind, uint64_t offset,
                                   const uint8_t *unit, size_t size, const char *path)
{
    uint32_t expected = fe_seal_check(sealer, kind, offset, unit, size);
    uint32_t found = fe_get_u32(unit + size);

    if (expected == found || FE_SEEDED_BUG(FE_BUG_CHECKSUM_NOT_COMPARED)) return FERRIC_OK;
    return fe_fail(FERRIC_CORRUPT,
                   "%s: offset %" PRIu64 ": check of %zu bytes: expected %08" PRIx32
                   ", found %08" PRIx32,
                   path, offset, size, expected, found);
}

// ---- Suite 1 ---------------------------------------------------------------------------------

// What a unit's tag covers beside its content. Returns its size.
static size_t put_bound(uint8_t at[PLACE_SIZE + FE_SEAL_BOUND_SIZE_MAX], fe_unit_kind kind,
                        uint64_t offset, ferric_slice bound)
{
    assert(bound.size <= FE_SEAL_BOUND_SIZE_MAX);
    if (FE_SEEDED_BUG(FE_BUG_SEAL_NOT_BOUND)) offset = 0;
    put_place(at, kind, offset);
    if (bound.size > 0) memcpy(at + PLACE_SIZE, bound.data, bound.size);
    return PLACE_SIZE + bound.size;
}

// The nonce is the attempt's number, behind four zeros.
static void put_nonce(uint8_t nonce[FE_AEAD_NONCE_SIZE], const uint8_t attempt[ATTEMPT_SIZE])
{
    memset(nonce, 0, FE_AEAD_NONCE_SIZE - ATTEMPT_SIZE);
    memcpy(nonce + FE_AEAD_NONCE_SIZE - ATTEMPT_SIZE, attempt, ATTEMPT_SIZE);
}

ferric_status fe_seal_bound_unit(fe_sealer *sealer, fe_unit_kind kind, uint64_t offset,
                                 ferric_slice bound, uint8_t *unit, size_t size)
{
    uint8_t associated[PLACE_SIZE + FE_SEAL_BOUND_SIZE_MAX];
    uint8_t nonce[FE_AEAD_NONCE_SIZE];
    size_t associated_size = put_bound(associated, kind, offset, bound);

    assert(sealer->suite == FE_CIPHER_AES_256_GCM);
    fe_put_u64(unit + size, ++sealer->attempts); // N1
    put_nonce(nonce, unit + size);
    return fe_aead_seal(sealer->cipher, nonce, fe_slice(associated, associated_size), unit, size,
                        unit + size + ATTEMPT_SIZE);
}

ferric_status fe_seal_open_bound(const fe_sealer *sealer, fe_unit_kind kind, uint64_t offset,
                                 ferric_slice bound, uint8_t *unit, size_t size, const char *path,
                                 size_t *content_size)
{
    uint8_t associated[PLACE_SIZE + FE_SEAL_BOUND_SIZE_MAX];
    uint8_t nonce[FE_AEAD_NONCE_SIZE];
    size_t associated_size = put_bound(associated, kind, offset, bound);
    size_t content = size - TAG_SIZE;
    bool is_authentic = false;
    ferric_status status;

    assert(sealer->suite == FE_CIPHER_AES_256_GCM && size >= TAG_SIZE);
    put_nonce(nonce, unit + content);
    status = fe_aead_open(sealer->cipher, nonce, fe_slice(associated, associated_size), unit,
                          content, unit + content + ATTEMPT_SIZE, &is_authentic);
    if (status != FERRIC_OK) return status;
    if (!is_authentic) {
        return fe_fail(FERRIC_CORRUPT,
                       "%s: offset %" PRIu64 ": the tag of %zu sealed bytes does not hold", path,
                       offset, content);
    }
    *content_size = content;
    return FERRIC_OK;
}

// ---- Any suite -------------------------------------------------------------------------------

ferric_status fe_seal_unit(fe_sealer *sealer, fe_unit_kind kind, uint64_t offset, uint8_t *unit,
                           size_t size)
{
    if (sealer->suite != FE_CIPHER_NONE)
        return fe_seal_bound_unit(sealer, kind, offset, fe_slice(NULL, 0), unit, size);
    fe_put_u32(unit + size, fe_seal_check(sealer, kind, offset, unit, size));
    return FERRIC_OK;
}

ferric_status fe_seal_open(const fe_sealer *sealer, fe_unit_kind kind, uint64_t offset,
                           uint8_t *unit, size_t size, const char *path, size_t *content_size)
{
    size_t trailer = fe_seal_size(sealer);
    ferric_status status;

    *content_size = 0;
    if (size < trailer) {
        return fe_fail(FERRIC_CORRUPT,
                       "%s: offset %" PRIu64 ": a unit of %zu bytes, expected at least %zu", path,
                       offset, size, trailer);
    }
    if (sealer->suite != FE_CIPHER_NONE) {
        return fe_seal_open_bound(sealer, kind, offset, fe_slice(NULL, 0), unit, size, path,
                                  content_size);
    }
    status = compare_check(sealer, kind, offset, unit, size - trailer, path);
    if (status == FERRIC_OK) *content_size = size - trailer;
    return status;
}
