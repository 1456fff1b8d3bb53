// SPDX-License-Identifier: Apache-2.0
// Where a measurement was made: a figure without its machine says nothing.
#ifndef FERRIC_SUPPORT_HOST_H
#define FERRIC_SUPPORT_HOST_H

#include <stdint.h>

typedef struct bench_host {
    char processor[128];
    uint32_t processors;
    uint64_t memory_bytes;
    char system[192];     // Distribution and kernel.
    char file_system[32]; // Of the directory that was asked about.
    char compiler[96];
    char date[16]; // UTC, as 2024-11-30.
} bench_host;

// Looks at this machine, and at the file system that holds `directory`.
void bench_host_describe(const char *directory, bench_host *machine);

#endif
