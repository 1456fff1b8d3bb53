// SPDX-License-Identifier: Apache-2.0
// Ending a benchmark with a message, and the two calls that most often would have to.
#include "support/failure.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void bench_die(const char *format, ...)
{
    va_list arguments;

    fputs("ferric-bench: ", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(1);
}

void *bench_allocate(size_t count, size_t size)
{
    void *memory = calloc(count == 0 ? 1 : count, size);

    if (memory == NULL) bench_die("no memory for %zu times %zu bytes", count, size);
    return memory;
}

void bench_format(char *text, size_t size, const char *format, ...)
{
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(text, size, format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length >= size) bench_die("a text does not fit %zu bytes", size);
}
