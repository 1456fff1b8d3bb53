// SPDX-License-Identifier: Apache-2.0
// One flat JSON object on one line: how a child process tells its results, and how they are kept.
// The reader reads what the writer writes; it is no parser for JSON of others.
#ifndef FERRIC_SUPPORT_JSON_LINE_H
#define FERRIC_SUPPORT_JSON_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define BENCH_JSON_LINE_MAX 8192

typedef struct bench_json_line {
    char text[BENCH_JSON_LINE_MAX];
    size_t size;
} bench_json_line;

// Starts an empty object.
void bench_json_begin(bench_json_line *line);

// Adds one member. A text may hold any bytes but those below 0x20. A line that grows too long is
// bench_die.
void bench_json_add_text(bench_json_line *line, const char *name, const char *text);
void bench_json_add_number(bench_json_line *line, const char *name, double value);

// Ends the object, with a newline.
void bench_json_end(bench_json_line *line);

// Finds a member of a line that was written by these functions. False when there is none of that
// name and type; a text that does not fit `size` bytes is bench_die.
bool bench_json_find_text(const char *line, const char *name, char *text, size_t size);
bool bench_json_find_number(const char *line, const char *name, double *value);

#endif
