// SPDX-License-Identifier: Apache-2.0
// CRC32C by the CPU's own instruction. The build chooses one file that implements it:
// checksum_x86.c, checksum_arm.c, or checksum_no_cpu.c where there is no such instruction.
#ifndef FERRIC_BASE_CHECKSUM_CPU_H
#define FERRIC_BASE_CHECKSUM_CPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Whether this CPU has the instruction. Costs a read.
bool fe_crc32c_cpu_is_able(void);

// As fe_crc32c. REQUIRES: fe_crc32c_cpu_is_able.
uint32_t fe_crc32c_cpu(uint32_t seed, const void *data, size_t size);

#endif
