// SPDX-License-Identifier: Apache-2.0
// The documents that are compared; see documents_data.h.
#include "documents/documents_data.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/failure.h"

static char *keep(const char *text, size_t size)
{
    char *copy = bench_allocate(size + 1, 1);
    memcpy(copy, text, size);
    return copy;
}

static uint64_t mix(uint64_t number)
{
    number = (number ^ number >> 31) * 0x7fb5d329728ea185u;
    return number ^ number >> 27;
}

void documents_data_make(documents_data *data, size_t count)
{
    size_t cities = count / 10 + 1;

    data->fields = (document_fields){"city", "score", "plan"};
    data->documents = bench_allocate(count, sizeof *data->documents);
    data->count = count;
    for (size_t i = 0; i < count; i++) {
        document *made = &data->documents[i];
        char text[512];
        bench_format(text, sizeof text, "u%016llx", (unsigned long long)mix(i + 1));
        made->id = keep(text, strlen(text));
        bench_format(text, sizeof text, "\"city %llu\"", (unsigned long long)(mix(i) % cities));
        made->equal = keep(text, strlen(text));
        // An odd factor modulo a power of two: no two are the same.
        bench_format(text, sizeof text, "%u", (uint32_t)i * 2654435761u);
        made->range = keep(text, strlen(text));
        bench_format(text, sizeof text, "%llu", (unsigned long long)(mix(i + 7) % 1000));
        made->plain = keep(text, strlen(text));
        bench_format(text, sizeof text,
                     "{\"name\":\"person %zu\",\"city\":%s,\"score\":%s,\"plan\":%s,\"active\":%s,"
                     "\"tags\":[\"a%zu\",\"b%zu\"],\"address\":{\"street\":\"%llu main street\","
                     "\"zip\":\"%05zu\"},\"note\":\"%0*d\"}",
                     i, made->equal, made->range, made->plain, i % 2 == 0 ? "true" : "false",
                     i % 17, i % 101, (unsigned long long)(mix(i) % 900), i % 100000, 90, 0);
        made->size = strlen(text);
        made->json = keep(text, made->size);
    }
}

// The literal of a member whose value is a string without escapes, NULL when there is none.
static const char *member(const char *json, const char *name)
{
    char begin[64];
    const char *at;
    const char *quote;

    bench_format(begin, sizeof begin, "\"%s\":\"", name);
    at = strstr(json, begin);
    if (at == NULL) return NULL;
    at += strlen(begin) - 1;
    quote = strchr(at + 1, '"');
    if (quote == NULL || memchr(at, '\\', (size_t)(quote - at)) != NULL) return NULL;
    return keep(at, (size_t)(quote - at) + 1);
}

// {"_id":"KEY",... becomes KEY and {...; false for a line that is of no use here.
static bool read_line(const char *line, size_t size, const document_fields *fields, document *made)
{
    const char *id = line + strlen("{\"_id\":\"");
    const char *behind = strncmp(line, "{\"_id\":\"", 8) == 0 ? strchr(id, '"') : NULL;
    char *json;

    if (behind == NULL || behind[1] != ',') return false;
    made->id = keep(id, (size_t)(behind - id));
    made->size = size - (size_t)(behind + 1 - line);
    json = keep(behind + 1, made->size);
    json[0] = '{';
    made->json = json;
    made->equal = member(json, fields->equal);
    made->range = member(json, fields->range);
    made->plain = member(json, fields->plain);
    return made->equal != NULL && made->range != NULL && made->plain != NULL;
}

void documents_data_read(documents_data *data, const char *path)
{
    FILE *file = fopen(path, "r");
    char *line = NULL;
    size_t capacity = 0;
    size_t room = 0;
    ssize_t size;

    if (file == NULL) bench_die("cannot open %s", path);
    *data = (documents_data){NULL, 0, {"Maintainer", "Filename", "Section"}};
    while ((size = getline(&line, &capacity, file)) > 0) {
        if (line[size - 1] == '\n') line[--size] = 0;
        if (data->count == room) {
            room = room * 2 + 1024;
            data->documents = realloc(data->documents, room * sizeof *data->documents);
            if (data->documents == NULL) bench_die("no memory");
        }
        if (read_line(line, (size_t)size, &data->fields, &data->documents[data->count]))
            data->count++;
    }
    free(line);
    fclose(file);
    if (data->count == 0) bench_die("%s has no packages as ferric export writes them", path);
}
