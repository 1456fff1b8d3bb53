// SPDX-License-Identifier: Apache-2.0
// What a fuzz target is, and the rule that holds for all of them: any bytes at all are answered
// with a status. No crash, no leak, no allocation above 64 times the input, and no answer that
// takes longer than a second.
//
// A target is one file that defines fuzz_run. driver.c calls it, for libFuzzer or for replay.c, and
// watches over memory and time. Where a format has check sums, a mutator file beside it mends them
// after each mutation, so that inputs reach what stands behind the checks.
#ifndef FERRIC_FUZZ_FUZZ_H
#define FERRIC_FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

// Memory that a decoder may take beside 64 times the input, in bytes: what it always needs, such as
// a read buffer or a decompressor. Set by each target.
extern const size_t fuzz_fixed_memory;

// Gives the bytes to the decoder and uses what it makes of them. True: they were taken as valid.
bool fuzz_run(const uint8_t *data, size_t size);

// Prints and aborts unless `condition` holds: the decoder contradicts itself.
#define FUZZ_CHECK(condition)                                                                      \
    do {                                                                                           \
        if (!(condition)) fuzz_fail(__FILE__, __LINE__, #condition);                               \
    } while (0)
_Noreturn void fuzz_fail(const char *file, int line, const char *what);

// ---- The driver -----------------------------------------------------------------------------

// How many inputs were taken as valid so far.
uint64_t fuzz_accepted(void);

// Allocations of the library that the rule does not speak of: between these two calls an allocation
// that is too large for an input is refused with FERRIC_NO_MEMORY and is no failure. For code that
// decompresses: the largest block, not the input, bounds what that needs.
void fuzz_expansion_begin(void);
void fuzz_expansion_end(void);

#endif
