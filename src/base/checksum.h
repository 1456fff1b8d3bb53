// SPDX-License-Identifier: Apache-2.0
// CRC32C (Castagnoli, RFC 3720 appendix B.4), by the CPU's instruction where there is one, and the
// 64-bit XXH3 hash of a key, which formats and memory structures share.
#ifndef FERRIC_BASE_CHECKSUM_H
#define FERRIC_BASE_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

// The CRC of `data` appended to bytes whose CRC is `seed` (0 for none), so that
// fe_crc32c(fe_crc32c(0, a), b) is the CRC of a followed by b.
uint32_t fe_crc32c(uint32_t seed, const void *data, size_t size);
// The same by table alone: what the instruction is tested against.
uint32_t fe_crc32c_portable(uint32_t seed, const void *data, size_t size);
// XXH3, 64 bits, seed 0. Part of the table format (filter).
uint64_t fe_hash64(const void *data, size_t size);
// XXH3, 128 bits, seed 0, in its canonical (big-endian) form. Part of the format of index keys.
void fe_hash128(const void *data, size_t size, uint8_t hash[16]);

#endif
