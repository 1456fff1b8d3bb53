// SPDX-License-Identifier: Apache-2.0
// CRC32C by the CRC instructions of ARMv8-A, which Linux reports in the auxiliary vector. The build
// compiles this file for a CPU that has them; no other function of it may use them.
#include "base/checksum_cpu.h"

#include <arm_acle.h>
#include <sys/auxv.h>

#include "base/coding.h"

// Bit of AT_HWCAP, part of Linux's interface to programs (HWCAP_CRC32).
#define CPU_HAS_CRC32 (1UL << 7)

bool fe_crc32c_cpu_is_able(void)
{
    return (getauxval(AT_HWCAP) & CPU_HAS_CRC32) != 0;
}

uint32_t fe_crc32c_cpu(uint32_t seed, const void *data, size_t size)
{
    const uint8_t *at = data;
    uint32_t crc = ~seed;

    for (; size >= 8; size -= 8, at += 8)
        crc = __crc32cd(crc, fe_get_u64(at));
    for (; size > 0; size--, at++)
        crc = __crc32cb(crc, *at);
    return ~crc;
}
