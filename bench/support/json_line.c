// SPDX-License-Identifier: Apache-2.0
// Writing and finding the members of a one-line JSON object.
#include "support/json_line.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/failure.h"

static void append(bench_json_line *line, const char *text, size_t size)
{
    if (line->size + size >= sizeof(line->text)) bench_die("a JSON line grew too long");
    memcpy(line->text + line->size, text, size);
    line->size += size;
    line->text[line->size] = '\0';
}

static void append_quoted(bench_json_line *line, const char *text)
{
    append(line, "\"", 1);
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\') append(line, "\\", 1);
        append(line, text, 1);
    }
    append(line, "\"", 1);
}

static void append_name(bench_json_line *line, const char *name)
{
    if (line->size > 1) append(line, ",", 1);
    append_quoted(line, name);
    append(line, ":", 1);
}

void bench_json_begin(bench_json_line *line)
{
    line->size = 0;
    append(line, "{", 1);
}

void bench_json_add_text(bench_json_line *line, const char *name, const char *text)
{
    append_name(line, name);
    append_quoted(line, text);
}

void bench_json_add_number(bench_json_line *line, const char *name, double value)
{
    char text[40];

    assert(isfinite(value));
    bench_format(text, sizeof(text), "%.10g", value);
    append_name(line, name);
    append(line, text, strlen(text));
}

void bench_json_end(bench_json_line *line)
{
    append(line, "}\n", 2);
}

// The first byte of the member's value. A quoted name cannot occur inside a text, where quotes have
// a backslash before them.
static const char *find_member(const char *line, const char *name)
{
    char wanted[80];
    const char *found;

    bench_format(wanted, sizeof(wanted), "\"%s\":", name);
    for (found = strstr(line, wanted); found != NULL; found = strstr(found + 1, wanted)) {
        if (found > line && (found[-1] == '{' || found[-1] == ',')) return found + strlen(wanted);
    }
    return NULL;
}

bool bench_json_find_text(const char *line, const char *name, char *text, size_t size)
{
    const char *from = find_member(line, name);
    size_t length = 0;

    if (from == NULL || *from != '"') return false;
    for (from++; *from != '\0' && *from != '"'; from++) {
        if (*from == '\\' && from[1] != '\0') from++;
        if (length + 1 >= size) bench_die("the member %s is longer than %zu bytes", name, size);
        text[length++] = *from;
    }
    text[length] = '\0';
    return *from == '"';
}

bool bench_json_find_number(const char *line, const char *name, double *value)
{
    const char *from = find_member(line, name);
    char *end;

    if (from == NULL) return false;
    *value = strtod(from, &end);
    return end != from;
}
