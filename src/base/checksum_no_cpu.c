// SPDX-License-Identifier: Apache-2.0
// CRC32C on a CPU that we know no instruction of.
#include "base/checksum.h"
#include "base/checksum_cpu.h"

bool fe_crc32c_cpu_is_able(void)
{
    return false;
}

uint32_t fe_crc32c_cpu(uint32_t seed, const void *data, size_t size)
{
    return fe_crc32c_portable(seed, data, size);
}
