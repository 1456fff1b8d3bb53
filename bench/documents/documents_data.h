// SPDX-License-Identifier: Apache-2.0
// The documents of ferric-documents: made ones of about 300 bytes, or those of a file.
#ifndef FERRIC_DOCUMENTS_DOCUMENTS_DATA_H
#define FERRIC_DOCUMENTS_DOCUMENTS_DATA_H

#include "documents/document_engine.h"

typedef struct documents_data {
    document *documents;
    size_t count;
    document_fields fields;
} documents_data;

// `count` documents: about ten share a city, no two a score, a thousandth has the same plan.
void documents_data_make(documents_data *data, size_t count);
// Of JSON lines as `ferric export` writes them, of the Debian package index: Maintainer, Filename,
// Section.
void documents_data_read(documents_data *data, const char *path);
// Frees neither texts nor documents: the process ends behind it.

#endif
