// SPDX-License-Identifier: Apache-2.0
// The entries that a document has in an index: a pure function of the two. An index is a keyspace
// of its own; docs/format/index_catalogue.md, "Entries".
//
//   key    what index_key.h makes of the document, then the document's id
//   value  varint head: 2 * size of the id, + 1 when the key is verbatim
//
// A key that binds in a unique index has no id, so that two documents with the same values meet at
// one key; then the id stands in the value, behind a head whose size is 0.
#ifndef FERRIC_DOC_INDEX_ENTRY_H
#define FERRIC_DOC_INDEX_ENTRY_H

#include "doc/schema.h"

// One entry: `key` has no keyspace id. Lent by whoever made it.
typedef struct fe_index_entry {
    ferric_slice key;
    ferric_slice value;
    bool is_binding; // In a unique index: nobody else may have the key.
} fe_index_entry;

// The entries of one document in one index, by key, each key once.
typedef struct fe_index_entries {
    fe_index_entry *list;
    size_t count;
    bool is_multi_key; // The document passes an array, whatever its entries are.
    bool has_cut;      // A value of it was cut.
} fe_index_entries;

// A document as writers hand it around: `id` as it is, `doc.id` as a literal.
typedef struct fe_indexed_document {
    ferric_slice id;
    fe_doc doc; // A text without bytes: there is no document.
} fe_indexed_document;

// Makes the entries of a document; everything is in the arena. Errors: FERRIC_INVALID_ARGUMENT (two
// arrays in a compound index), FERRIC_TOO_LARGE (too long a key), FERRIC_NO_MEMORY.
ferric_status fe_index_entries_make(const fe_schema *schema, const fe_index *index,
                                    const fe_indexed_document *document, fe_arena *arena,
                                    fe_index_entries *entries);

// The id of the document that an entry is of, lent by key or value. `key_size` (may be NULL)
// receives the size of the key without the id. Errors: FERRIC_CORRUPT.
ferric_status fe_index_entry_id(ferric_slice key, ferric_slice value, ferric_slice *id,
                                size_t *key_size);

// Whether the key is verbatim, as index_key.h says. REQUIRES: the value has an id.
bool fe_index_entry_is_verbatim(ferric_slice value);

#endif
