// SPDX-License-Identifier: Apache-2.0
// Random documents, indexes and filters over few fields and few values, so that they meet.
#ifndef FERRIC_DOCUMENTS_DOCUMENT_MAKER_H
#define FERRIC_DOCUMENTS_DOCUMENT_MAKER_H

#include <stdbool.h>

#include "base/random.h"

#define MAKER_TEXT_MAX 1024

// A document: "a" a small number, "b" a word, "c" an array, "d" an object, "e" anything; each may
// be missing.
void make_document(fe_random *random, char text[MAKER_TEXT_MAX]);

// What an index may be.
typedef struct made_index {
    const char *name;
    const char *keys;
    const char *filter; // Of a partial one, or NULL.
    bool sparse;
    bool unique;
} made_index;

#define MADE_INDEX_COUNT 11
extern const made_index made_indexes[MADE_INDEX_COUNT];

// A filter that is valid.
void make_filter(fe_random *random, char text[MAKER_TEXT_MAX]);
// A sort, or nothing.
void make_sort(fe_random *random, char text[MAKER_TEXT_MAX]);

#endif
