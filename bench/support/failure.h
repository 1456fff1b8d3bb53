// SPDX-License-Identifier: Apache-2.0
// How a benchmark ends when it cannot go on: a message on stderr and exit code 1. A benchmark is a
// program, not the library, so ending the process is its right.
#ifndef FERRIC_SUPPORT_FAILURE_H
#define FERRIC_SUPPORT_FAILURE_H

#include <stddef.h>

#if defined(__GNUC__)
#define BENCH_PRINTF(text, first) __attribute__((format(printf, text, first)))
#define BENCH_NORETURN __attribute__((noreturn))
#else
#define BENCH_PRINTF(text, first)
#define BENCH_NORETURN
#endif

#ifdef __cplusplus
extern "C" {
#endif

// Prints "ferric-bench: " and the message, and exits with 1.
BENCH_NORETURN void bench_die(const char *format, ...) BENCH_PRINTF(1, 2);

// Memory of zeros, or bench_die. Freed with free.
void *bench_allocate(size_t count, size_t size);

// Formats into a buffer of `size` bytes; a text that does not fit is bench_die, never cut.
void bench_format(char *text, size_t size, const char *format, ...) BENCH_PRINTF(3, 4);

#ifdef __cplusplus
}
#endif

#endif
