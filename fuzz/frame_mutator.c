// SPDX-License-Identifier: Apache-2.0
// Mutates single frames (frame_fuzz.c).
#include "base/checksum.h"
#include "base/coding.h"
#include "format/frame.h"
#include "mutate.h"

#define OFFSET_SIZE 4
#define CHECKED_AT 8
#define HEADER_SIZE_AT 13

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t size_max, unsigned seed);

static void mend(uint8_t *at, size_t size, uint64_t offset)
{
    fe_sealer sealer = {.suite = FE_CIPHER_NONE};
    size_t header_size;
    size_t payload_size;
    uint32_t check;

    if (size < FE_FRAME_FIXED_SIZE || at[HEADER_SIZE_AT] > size) return;
    if (at[HEADER_SIZE_AT] < CHECKED_AT) return;
    header_size = at[HEADER_SIZE_AT];
    check = fe_seal_check(&sealer, FE_UNIT_FRAME_HEADER, offset, at + CHECKED_AT,
                          header_size - CHECKED_AT);
    fe_put_u32(at, check);
    payload_size = fe_get_u32(at + CHECKED_AT);
    if (payload_size > size - header_size) return;
    // The payload check is not covered by the header's.
    fe_put_u32(at + 4, fe_crc32c(check, at + header_size, payload_size));
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t size_max, unsigned seed)
{
    fe_random random = {seed};

    size = LLVMFuzzerMutate(data, size, size_max);
    if (size > OFFSET_SIZE && fe_random_below(&random, 8) != 0) {
        mend(data + OFFSET_SIZE, size - OFFSET_SIZE,
             (uint64_t)fe_get_u32(data) * FE_FRAME_ALIGNMENT);
    }
    return size;
}
