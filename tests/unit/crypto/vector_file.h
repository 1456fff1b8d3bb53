// SPDX-License-Identifier: Apache-2.0
// Reads published test vectors: records of "Name = hex", ended by an empty line.
#ifndef FERRIC_CRYPTO_VECTOR_FILE_H
#define FERRIC_CRYPTO_VECTOR_FILE_H

#include <stdio.h>

#include "base/slice.h"

#define VECTOR_FIELDS_MAX 12
#define VECTOR_BYTES_MAX 512

typedef struct vector_field {
    char name[16];
    char text[32];
    uint8_t bytes[VECTOR_BYTES_MAX]; // When the text is hexadecimal.
    size_t size;
} vector_field;

typedef struct vector_record {
    vector_field fields[VECTOR_FIELDS_MAX];
    size_t count;
    bool says_fail; // A line FAIL: the operation must refuse the record.
} vector_record;

// `name` below the folder of the vectors. NULL when it is not there.
FILE *vector_file_open(const char *name);
// False at the end of the file. Lines in brackets make a record too.
bool vector_file_next(FILE *file, vector_record *record);
// NULL when the record has none.
const vector_field *vector_find(const vector_record *record, const char *name);

#endif
