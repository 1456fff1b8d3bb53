// SPDX-License-Identifier: Apache-2.0
// Times a small operation: warm-up, several repeats, and the median in nanoseconds per operation.
//
// A case is a function that does its operation `count` times in a loop of its own, so that the cost
// of the call is spread over the loop. What it computes goes into bench_keep, or the compiler is
// free to leave it out.
#ifndef FERRIC_SUPPORT_TIMING_H
#define FERRIC_SUPPORT_TIMING_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#ifdef __cplusplus
extern "C" {
#endif

// The monotonic clock.
static inline uint64_t bench_now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

// Makes the compiler believe that `value` is used.
static inline void bench_keep(uint64_t value)
{
    __asm__ volatile("" : : "r"(value) : "memory");
}

// Makes the compiler believe that what `pointer` points to is read and written.
static inline void bench_keep_memory(const void *pointer)
{
    __asm__ volatile("" : : "r"(pointer) : "memory");
}

typedef struct bench_timing_case {
    const char *name;
    // Prepares what `run` needs, before each repeat and outside the measured time; may be NULL.
    void (*setup)(void *context);
    // Does the operation `count` times.
    void (*run)(void *context, uint64_t count);
    // Releases what setup made, outside the measured time; may be NULL.
    void (*teardown)(void *context);
    void *context;
    // Operations in one repeat; 0 lets the helper find a number that fills the repeat's time.
    uint64_t count;
    // Bytes that one operation works through, to print MB/s; 0 when that means nothing.
    uint64_t bytes;
} bench_timing_case;

typedef struct bench_timing_plan {
    uint32_t repeats;   // At least 1; the median is over these.
    uint32_t warmups;   // Repeats thrown away first.
    uint64_t repeat_ns; // How long a repeat of a case without a count should take.
} bench_timing_plan;

typedef struct bench_timing {
    double median_ns; // For each operation.
    double least_ns;
    double most_ns;
    uint64_t count; // Operations in one repeat.
} bench_timing;

// Runs one case as planned.
bench_timing bench_timing_measure(const bench_timing_case *timed, const bench_timing_plan *plan);

// One line on stdout: name, median, least and most, and MB/s where it means something.
void bench_timing_print(const bench_timing_case *timed, const bench_timing *timing);

#ifdef __cplusplus
}
#endif

#endif
