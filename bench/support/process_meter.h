// SPDX-License-Identifier: Apache-2.0
// What this process costs the machine: bytes handed to files, memory, disk space. Linux only.
#ifndef FERRIC_SUPPORT_PROCESS_METER_H
#define FERRIC_SUPPORT_PROCESS_METER_H

#include <stdint.h>

// Since the start of the process.
typedef struct bench_io_counts {
    uint64_t read_bytes;    // Asked for by read calls, cached or not.
    uint64_t written_bytes; // Handed to write calls. A store into a mapped file is not among them.
    uint64_t dirtied_bytes; // Pages of files made dirty, by calls or through a mapping.
} bench_io_counts;

bench_io_counts bench_process_io(void);

// Resident memory that belongs to no file: heap, stacks, anonymous mappings. A database that is
// mapped into memory does not count here, whoever's limit it was meant to stay under.
uint64_t bench_process_anonymous_bytes(void);

// A thread that looks at bench_process_anonymous_bytes every 20 ms.
typedef struct bench_memory_sampler bench_memory_sampler;

// Counts what comes on top of the memory used at this moment.
bench_memory_sampler *bench_memory_sampler_start(void);

// The highest value so far, in bytes above the start.
uint64_t bench_memory_sampler_peak(bench_memory_sampler *sampler);

// Accepts NULL.
void bench_memory_sampler_stop(bench_memory_sampler *sampler);

// Disk blocks of all files below a directory, in bytes; holes are not counted.
uint64_t bench_directory_bytes(const char *path);

// Removes a directory with all that is in it. One that does not exist is no failure.
void bench_directory_remove(const char *path);

// Longer than the timers by which engines begin to work when they are left alone.
#define BENCH_IDLE_SECONDS 1.0

// Waits until the process has handed no byte to a file and used next to no processor time for
// BENCH_IDLE_SECONDS: its background work is done. Gives up after `timeout_s`, which is bench_die.
void bench_wait_until_idle(uint32_t timeout_s);

#endif
