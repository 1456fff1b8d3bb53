// SPDX-License-Identifier: Apache-2.0
// Seed, scale, counts and the last line of every harness, and the tests' own memory.
#include "support/harness.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

// More failures than a person reads are only counted.
#define FAILURES_PRINTED_MAX 20

static uint64_t monotonic_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static uint64_t number_from_env(const char *name, uint64_t fallback)
{
    const char *text = getenv(name);
    char *end;
    if (text == NULL || *text == 0) return fallback;
    uint64_t value = strtoull(text, &end, 0);
    if (*end != 0) harness_panic("%s is \"%s\", which is no number", name, text);
    return value;
}

void harness_begin(harness *h, const char *name, uint64_t default_seed)
{
    *h = (harness){.name = name, .started_ns = monotonic_ns()};
    h->seed = number_from_env("FERRIC_TEST_SEED", default_seed);
    h->scale_percent = number_from_env("FERRIC_TEST_SCALE", 20);
    if (h->scale_percent == 0) harness_panic("FERRIC_TEST_SCALE is 0: a test that runs nothing");
    h->only = getenv("FERRIC_TEST_ONLY");
    h->stops_at_failure = number_from_env("FERRIC_TEST_STOP", 0) != 0;
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("%s: seed %" PRIu64 ", scale %" PRIu64 "%%\n", name, h->seed, h->scale_percent);
}

bool harness_wants(const harness *h, const char *part)
{
    return h->only == NULL || strcmp(h->only, part) == 0;
}

uint64_t harness_floor(const harness *h, uint64_t full)
{
    uint64_t scaled = full * h->scale_percent / 100;
    return scaled == 0 ? 1 : scaled;
}

void harness_pass(harness *h)
{
    h->passed++;
}

void harness_fail(harness *h, const char *format, ...)
{
    va_list arguments;

    h->failed++;
    if (h->failed > FAILURES_PRINTED_MAX) return;
    printf("%s: FAILED: ", h->name);
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    printf(" (seed %" PRIu64 ")\n", h->seed);
    if (h->failed == FAILURES_PRINTED_MAX)
        printf("%s: further failures are counted only\n", h->name);
    if (h->stops_at_failure) exit(harness_end(h));
}

void harness_count(harness *h, const char *what, uint64_t count, uint64_t full_floor)
{
    uint64_t needed = full_floor == 0 ? 0 : harness_floor(h, full_floor);

    // "At least one" says that something was met at all; more than that is a figure to report.
    if (full_floor > 1) {
        printf("figure: %s %" PRIu64 " %s (floor %" PRIu64 ")\n", h->name, count, what, needed);
    } else {
        printf("%s: %s: %" PRIu64 "%s\n", h->name, what, count, needed == 0 ? "" : " (floor 1)");
    }
    // One part alone cannot reach the floor of all; a run of one part is for a person's eyes.
    if (h->only != NULL) return;
    if (count < needed) harness_fail(h, "%s: %" PRIu64 " is under the floor", what, count);
}

int harness_end(harness *h)
{
    if (h->passed + h->failed == 0) harness_fail(h, "nothing was checked");
    printf("%s: %.1f seconds\n", h->name, harness_seconds(h));
    printf("%" PRIu64 " passed, %" PRIu64 " failed\n", h->passed, h->failed);
    return h->failed == 0 ? 0 : 1;
}

double harness_seconds(const harness *h)
{
    return (double)(monotonic_ns() - h->started_ns) / 1e9;
}

void *harness_alloc(size_t size)
{
    void *memory = calloc(1, size == 0 ? 1 : size);
    if (memory == NULL) harness_panic("no memory for %zu bytes of the test", size);
    return memory;
}

void *harness_realloc(void *memory, size_t size)
{
    void *moved = realloc(memory, size == 0 ? 1 : size);
    if (moved == NULL) harness_panic("no memory for %zu bytes of the test", size);
    return moved;
}

void harness_free(void *memory)
{
    free(memory);
}

char *harness_format(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    int size = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (size < 0) harness_panic("a format that cannot be printed: %s", format);
    char *text = harness_alloc((size_t)size + 1);
    va_start(arguments, format);
    vsnprintf(text, (size_t)size + 1, format, arguments);
    va_end(arguments);
    return text;
}

void harness_panic(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    fprintf(stderr, "panic: ");
    vfprintf(stderr, format, arguments);
    fprintf(stderr, "\n");
    va_end(arguments);
    abort();
}
