// SPDX-License-Identifier: Apache-2.0
// Runs a target on one input under the rule of fuzz.h. All memory of the library comes through the
// allocator here, which counts it.
#include "fuzz.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <ferric/ferric.h>

#define FACTOR 64
// In front of each allocation stands its size; 16 keeps what follows aligned.
#define SIZE_ROOM 16

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static _Atomic(size_t) live_bytes;
static size_t allowed_bytes = SIZE_MAX;
static bool is_expanding;
static uint64_t accepted;

_Noreturn void fuzz_fail(const char *file, int line, const char *what)
{
    // Not by stderr: it may be thrown away just now.
    dprintf(STDERR_FILENO, "%s:%d: does not hold: %s\n", file, line, what);
    abort();
}

// ---- Memory ---------------------------------------------------------------------------------

static size_t size_of(void *memory)
{
    return memory == NULL ? 0 : *(size_t *)(void *)((uint8_t *)memory - SIZE_ROOM);
}

static void *reallocate(void *context, void *memory, size_t size)
{
    size_t before = size_of(memory);
    uint8_t *origin = memory == NULL ? NULL : (uint8_t *)memory - SIZE_ROOM;
    uint8_t *grown;

    (void)context;
    if (size > allowed_bytes || atomic_load(&live_bytes) - before > allowed_bytes - size) {
        if (is_expanding) return NULL;
        dprintf(STDERR_FILENO, "%zu bytes asked for, %zu in use: %zu allowed for this input\n",
                size, atomic_load(&live_bytes), allowed_bytes);
        abort();
    }
    grown = realloc(origin, size + SIZE_ROOM);
    if (grown == NULL) return NULL;
    *(size_t *)(void *)grown = size;
    atomic_fetch_add(&live_bytes, size - before);
    return grown + SIZE_ROOM;
}

static void release(void *context, void *memory)
{
    (void)context;
    if (memory == NULL) return;
    atomic_fetch_sub(&live_bytes, size_of(memory));
    free((uint8_t *)memory - SIZE_ROOM);
}

void fuzz_expansion_begin(void)
{
    is_expanding = true;
}

void fuzz_expansion_end(void)
{
    is_expanding = false;
}

// ---- Running --------------------------------------------------------------------------------

// Time of the processor, which other work on the machine does not lengthen. Replays of a corpus are
// not timed: they also run under tools that are slow.
static void check_time(clock_t began)
{
#ifdef FERRIC_FUZZING
    double seconds = (double)(clock() - began) / CLOCKS_PER_SEC;
    if (seconds <= 1) return;
    fprintf(stderr, "%.1f seconds for one input\n", seconds);
    abort();
#else
    (void)began;
#endif
}

// The first run makes what the process keeps, such as a thread's number; it is not counted.
static void begin(void)
{
    static const ferric_allocator allocator = {reallocate, release, NULL};

    ferric_set_allocator(&allocator);
    fuzz_run((const uint8_t *)"", 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool has_begun;
    clock_t began;
    size_t kept;

    if (!has_begun) begin();
    has_begun = true;
    kept = atomic_load(&live_bytes);
    allowed_bytes = kept + fuzz_fixed_memory + size * FACTOR;
    began = clock();
    if (fuzz_run(data, size)) accepted++;
    check_time(began);
    allowed_bytes = SIZE_MAX;
    FUZZ_CHECK(!is_expanding);
    FUZZ_CHECK(atomic_load(&live_bytes) == kept); // All was given back.
    return 0;
}

uint64_t fuzz_accepted(void)
{
    return accepted;
}
