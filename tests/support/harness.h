// SPDX-License-Identifier: Apache-2.0
// What every long test shares: its seed, its scale, its counts and its last line.
//
// A harness reads FERRIC_TEST_SEED (else a fixed default, so that a run without it is repeatable)
// and FERRIC_TEST_SCALE, the percentage of its floor that it has to reach (20 when unset). It
// prints what it did as numbers, fails when a number is under its floor, and closes with `N passed,
// N failed`. With FERRIC_TEST_STOP=1 the first failure is the last thing that it does.
//
// Threads: one thread. A failing allocation in a test aborts it: the tests' own memory is never
// part of what is tested, and does not pass the library's allocator.
#ifndef FERRIC_SUPPORT_HARNESS_H
#define FERRIC_SUPPORT_HARNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

typedef struct harness {
    const char *name;
    const char *only;      // The one part that is wanted, or NULL.
    bool stops_at_failure; // The first failure ends the process.
    uint64_t seed;
    uint64_t scale_percent;
    uint64_t passed;
    uint64_t failed;
    uint64_t started_ns;
} harness;

// Reads the environment and prints the harness's name, seed and scale.
void harness_begin(harness *h, const char *name, uint64_t default_seed);
// Whether a part of the test is wanted: all are, unless FERRIC_TEST_ONLY names one.
bool harness_wants(const harness *h, const char *part);
// The scaled part of a floor, at least 1.
uint64_t harness_floor(const harness *h, uint64_t full);
void harness_pass(harness *h);
// Counts a failure and prints it with its seed; after the first 20 they are only counted.
void harness_fail(harness *h, const char *format, ...) FE_PRINTF(2, 3);
// Prints the count and is a failure when it is below the scaled floor. With a floor above 1 the
// line is "figure: NAME COUNT WHAT (floor N)", which ./check and docs/soak.csv repeat.
void harness_count(harness *h, const char *what, uint64_t count, uint64_t full_floor);
// Prints the last line; returns the process's exit code.
int harness_end(harness *h);
// Seconds since harness_begin.
double harness_seconds(const harness *h);

// Memory and text of the tests themselves. They abort when there is no memory.
void *harness_alloc(size_t size); // Zeroed.
void *harness_realloc(void *memory, size_t size);
void harness_free(void *memory);
char *harness_format(const char *format, ...) FE_PRINTF(1, 2);
// Prints and aborts: the test itself is wrong, or a contract with the test was broken.
void harness_panic(const char *format, ...) FE_PRINTF(1, 2);

#endif
