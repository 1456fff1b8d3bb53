// SPDX-License-Identifier: Apache-2.0
// The documents and indexes of a small database: a document follows from the number of its write,
// its key and its size, as other values do, so that what indexes must do about it can be told from
// the number.
#ifndef FERRIC_SUPPORT_MODEL_DOCUMENT_H
#define FERRIC_SUPPORT_MODEL_DOCUMENT_H

#include <ferric/ferric.h>

#include "support/model_table.h"

#define MODEL_DOCUMENT_SIZE_MAX 16384u
#define MODEL_UNIQUE_NONE UINT32_MAX

// One of the indexes that scenarios make.
typedef struct model_index {
    const char *name;
    const char *keys;
    const char *filter; // Of a partial one, or NULL.
    bool is_unique;
} model_index;

extern const model_index model_indexes[MODEL_INDEX_COUNT];
#define MODEL_INDEX_UNIQUE 1u // Which of them is unique.

ferric_slice model_document_key(uint32_t index);
uint32_t model_document_key_find(ferric_slice key);

// Writes the document's minified text, of about `size` bytes, to `text`, which has room for
// MODEL_DOCUMENT_SIZE_MAX. Returns its size.
size_t model_document(uint64_t number, uint32_t key, uint32_t size, char *text);
// Its value under the unique index; MODEL_UNIQUE_NONE when it has none.
uint32_t model_document_unique(uint64_t number);
// Its field "a".
uint32_t model_document_a(uint64_t number);

ferric_status model_index_create(ferric_db *db, ferric_keyspace *collection, uint32_t index);

#endif
