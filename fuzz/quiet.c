// SPDX-License-Identifier: Apache-2.0
// Streams that end nowhere, for targets that run parts of the program.
#include "quiet.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/output.h"

FILE *__real_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode);

static struct {
    const uint8_t *data;
    size_t size;
    int reads; // So often a file was read.
    bool is_on;
    FILE *sink;
    FILE *output; // The streams of before.
    FILE *error;
} quiet;

// The linker leads all calls of fopen here, libFuzzer's too.
FILE *__wrap_fopen(const char *path, const char *mode)
{
    if (!quiet.is_on) return __real_fopen(path, mode);
    if (mode[0] != 'r') return __real_fopen("/dev/null", "w");
    errno = ENOENT;
    if (quiet.reads == QUIET_READS_MAX || quiet.size == 0) return NULL;
    quiet.reads++;
    // Only read from.
    return fmemopen((void *)(uintptr_t)quiet.data, quiet.size, "r");
}

static void make_sink(void)
{
    quiet.sink = __real_fopen("/dev/null", "w");
    if (quiet.sink == NULL) abort();
}

void quiet_begin(const uint8_t *data, size_t size)
{
    bool is_first = quiet.sink == NULL;

    if (is_first) make_sink();
    quiet.data = data;
    quiet.size = size;
    quiet.reads = 0;
    quiet.is_on = true;
    quiet.output = stdout;
    quiet.error = stderr;
    stdout = stderr = quiet.sink;
    if (is_first) cli_output_init();
}

void quiet_end(void)
{
    if (!cli_output_redirect(NULL)) abort();
    stdout = quiet.output;
    stderr = quiet.error;
    quiet.is_on = false;
}
