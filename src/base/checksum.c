// SPDX-License-Identifier: Apache-2.0
// CRC32C by table, and the doors to the CPU's way and to XXH3.
//
// The CRC of bytes is the XOR of the CRCs of each byte followed by as many zeros as bytes follow
// it. So a word of eight bytes takes eight independent look-ups, and no byte waits for another.
#include "base/checksum.h"

#include <string.h>

#include <xxhash.h>

#include "base/checksum_cpu.h"
#include "base/checksum_table.h"
#include "base/coding.h"

static uint32_t add_word(uint32_t crc, uint64_t word)
{
    word ^= crc;
    return fe_crc32c_table[7][word & 0xff] ^ fe_crc32c_table[6][word >> 8 & 0xff] ^
           fe_crc32c_table[5][word >> 16 & 0xff] ^ fe_crc32c_table[4][word >> 24 & 0xff] ^
           fe_crc32c_table[3][word >> 32 & 0xff] ^ fe_crc32c_table[2][word >> 40 & 0xff] ^
           fe_crc32c_table[1][word >> 48 & 0xff] ^ fe_crc32c_table[0][word >> 56];
}

static uint32_t add_byte(uint32_t crc, uint8_t byte)
{
    return (crc >> 8) ^ fe_crc32c_table[0][(crc ^ byte) & 0xff];
}

uint32_t fe_crc32c_portable(uint32_t seed, const void *data, size_t size)
{
    const uint8_t *at = data;
    uint32_t crc = ~seed;

    for (; size >= 8; size -= 8, at += 8)
        crc = add_word(crc, fe_get_u64(at));
    for (; size > 0; size--, at++)
        crc = add_byte(crc, *at);
    return ~crc;
}

uint32_t fe_crc32c(uint32_t seed, const void *data, size_t size)
{
    if (fe_crc32c_cpu_is_able()) return fe_crc32c_cpu(seed, data, size);
    return fe_crc32c_portable(seed, data, size);
}

uint64_t fe_hash64(const void *data, size_t size)
{
    return XXH3_64bits(data, size);
}

void fe_hash128(const void *data, size_t size, uint8_t hash[16])
{
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits(data, size));
    memcpy(hash, canonical.digest, sizeof canonical.digest);
}
