// SPDX-License-Identifier: Apache-2.0
// Lines in, records of named fields out.
#include "unit/crypto/vector_file.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_SIZE 8192

FILE *vector_file_open(const char *name)
{
    char path[512];

    snprintf(path, sizeof path, "%s/%s", FERRIC_VECTORS_DIR, name);
    return fopen(path, "r");
}

static void decode_hex(vector_field *field, const char *text)
{
    while (isxdigit((unsigned char)text[0]) && isxdigit((unsigned char)text[1]) &&
           field->size < VECTOR_BYTES_MAX) {
        char pair[3] = {text[0], text[1], '\0'};
        field->bytes[field->size++] = (uint8_t)strtoul(pair, NULL, 16);
        text += 2;
    }
}

static void add_field(vector_record *record, char *line)
{
    char *equals = strchr(line, '=');
    vector_field *field = &record->fields[record->count];
    size_t name_size = equals == NULL ? 0 : strcspn(line, " =");

    if (equals == NULL || record->count == VECTOR_FIELDS_MAX) return;
    if (name_size >= sizeof field->name) return;
    memset(field, 0, sizeof *field);
    memcpy(field->name, line, name_size);
    equals++;
    equals += strspn(equals, " ");
    equals[strcspn(equals, "\r\n]")] = '\0';
    snprintf(field->text, sizeof field->text, "%.31s", equals);
    decode_hex(field, equals);
    record->count++;
}

bool vector_file_next(FILE *file, vector_record *record)
{
    static char line[LINE_MAX_SIZE];

    record->count = 0;
    record->says_fail = false;
    while (fgets(line, sizeof line, file) != NULL) {
        if (line[0] == '#') continue;
        if (line[0] == '[') {
            add_field(record, line + 1);
            return true;
        }
        if (line[0] == '\r' || line[0] == '\n') {
            if (record->count > 0) return true;
            continue;
        }
        if (strncmp(line, "FAIL", 4) == 0) record->says_fail = true;
        add_field(record, line);
    }
    return record->count > 0;
}

const vector_field *vector_find(const vector_record *record, const char *name)
{
    for (size_t i = 0; i < record->count; i++) {
        if (strcmp(record->fields[i].name, name) == 0) return &record->fields[i];
    }
    return NULL;
}
