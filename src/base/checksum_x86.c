// SPDX-License-Identifier: Apache-2.0
// CRC32C by SSE4.2's crc32 instruction, three streams at a time.
//
// The instruction takes a word each cycle but answers after three, so a single stream uses a third
// of it. Three neighbouring parts of the input are run side by side and joined:
//
//     |----- a -----|----- b -----|----- c ----- last word|
//
// In the field of polynomials modulo P, moving a CRC over n bytes is a multiplication by x^(8n). A
// carry-less product of two reflected 32-bit values stands for their product times x, and feeding a
// word to crc32 multiplies by x^32; so the factor for a move over n bytes is x^(8n - 33) mod P, and
// both moved CRCs join c by being XORed into its last word. The tests compare every length with the
// table's result, which proves the six factors.
#include "base/checksum_cpu.h"

#include <immintrin.h>

#include "base/coding.h"
#include "base/compiler.h"

#define CRC_TARGET FE_TARGET("sse4.2,pclmul")

// Sizes of one stream: large ones to save joins, small ones to leave little to a single stream.
typedef struct stride {
    size_t size;
    uint32_t over_two; // x^(8 * 2 * size - 33) mod P, reflected.
    uint32_t over_one; // x^(8 * size - 33) mod P, reflected.
} stride;

static const stride strides[] = {
    {1024, 0xa51b6135, 0x170076fa},
    {256, 0xdd7e3b0c, 0xb9e02b86},
    {64, 0x0d3b6092, 0x9e4addf8},
};

bool fe_crc32c_cpu_is_able(void)
{
    return __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("pclmul");
}

// The low 64 bits of a carry-less product of two 32-bit values: all of it.
CRC_TARGET static uint64_t multiply(uint32_t crc, uint32_t factor)
{
    __m128i product =
        _mm_clmulepi64_si128(_mm_cvtsi32_si128((int)crc), _mm_cvtsi32_si128((int)factor), 0);
    return (uint64_t)_mm_cvtsi128_si64(product);
}

// The CRC of three strides from `at` on.
CRC_TARGET static uint32_t add_strides(uint32_t crc, const uint8_t *at, const stride *by)
{
    uint64_t a = crc;
    uint64_t b = 0;
    uint64_t c = 0;
    const uint8_t *last = at + by->size - 8;
    uint64_t moved;

    for (; at < last; at += 8) {
        a = _mm_crc32_u64(a, fe_get_u64(at));
        b = _mm_crc32_u64(b, fe_get_u64(at + by->size));
        c = _mm_crc32_u64(c, fe_get_u64(at + 2 * by->size));
    }
    a = _mm_crc32_u64(a, fe_get_u64(at));
    b = _mm_crc32_u64(b, fe_get_u64(at + by->size));
    moved = multiply((uint32_t)a, by->over_two) ^ multiply((uint32_t)b, by->over_one);
    return (uint32_t)_mm_crc32_u64(c, fe_get_u64(at + 2 * by->size) ^ moved);
}

CRC_TARGET uint32_t fe_crc32c_cpu(uint32_t seed, const void *data, size_t size)
{
    const uint8_t *at = data;
    uint32_t crc = ~seed;

    for (size_t i = 0; i < sizeof strides / sizeof strides[0]; i++) {
        size_t step = 3 * strides[i].size;
        for (; size >= step; size -= step, at += step)
            crc = add_strides(crc, at, &strides[i]);
    }
    for (; size >= 8; size -= 8, at += 8)
        crc = (uint32_t)_mm_crc32_u64(crc, fe_get_u64(at));
    if ((size & 4) != 0) {
        crc = _mm_crc32_u32(crc, fe_get_u32(at));
        at += 4;
    }
    for (size &= 3; size > 0; size--, at++)
        crc = _mm_crc32_u8(crc, *at);
    return ~crc;
}
