// SPDX-License-Identifier: Apache-2.0
// Values as bytes whose memcmp order is the values' order (docs/format/index_key.md).
//
// A key is one component after another, in the order of the index's parts. A component's end is
// known from its bytes, so components and what follows them (a document's key) concatenate. A
// component of more than FE_INDEX_VALUE_SIZE_MAX bytes is cut to that size: it is inexact, which
// means that another value may have the same component, and that order is kept but not strict.
// A descending part has its component's bytes inverted.
//
// What a document gives to an index: for each value that the part's path reaches one key: each
// element of an array, and the array as a whole. So every predicate that asks for one reached value
// is answered by keys alone. A path that reaches nothing gives the component "missing".
#ifndef FERRIC_DOC_INDEX_KEY_H
#define FERRIC_DOC_INDEX_KEY_H

#include <ferric/ferric.h>

#include "base/arena.h"
#include "base/coding.h"
#include "doc/path.h"
#include "doc/value.h"

#define FE_INDEX_PART_MAX 8
#define FE_INDEX_VALUE_SIZE_MAX 1024
#define FE_INDEX_HASH_SIZE 16

// ---- Components -----------------------------------------------------------------------------

// Appends the component of `value` (empty: missing). `is_inexact` (may be NULL) receives whether it
// was cut. Errors: FERRIC_NO_MEMORY, `key` is as it was.
ferric_status fe_index_value_append(ferric_slice value, bool is_descending, ferric_buffer *key,
                                    bool *is_inexact);

// The same, never cut. For sorting and grouping.
ferric_status fe_index_value_append_whole(ferric_slice value, bool is_descending,
                                          ferric_buffer *key);

// Steps over one component. Errors: FERRIC_CORRUPT: no component stands there.
ferric_status fe_index_value_skip(fe_decoder *key, bool is_descending);

// Steps over one component and appends its value's JSON to `json`; nothing for missing, which
// `type` tells. A number comes in its shortest text and an object with its members sorted: equal to
// what was stored, not always the same text. An inexact component has no value: is_inexact is true
// and nothing is appended. Errors: FERRIC_CORRUPT, FERRIC_NO_MEMORY.
ferric_status fe_index_value_decode(fe_decoder *key, bool is_descending, ferric_buffer *json,
                                    fe_value_type *type, bool *is_inexact);

// ---- Keys of a document ---------------------------------------------------------------------

typedef struct fe_index_part {
    fe_path path;
    bool is_descending;
} fe_index_part;

typedef struct fe_index_shape {
    fe_index_part parts[FE_INDEX_PART_MAX];
    size_t part_count;
    bool is_unique;
} fe_index_shape;

// Parses what declares an index: {"a.b":1,"c":-1}, or a string with one path, or an array of paths
// where "-c" is descending. Everything is in the arena.
// Errors: FERRIC_INVALID_ARGUMENT: no JSON, no part, more than FE_INDEX_PART_MAX, a wrong path, a
//         direction other than 1 and -1, a path twice. FERRIC_NO_MEMORY.
ferric_status fe_index_shape_parse(ferric_slice json, fe_arena *arena, fe_index_shape *shape);

typedef struct fe_index_key {
    ferric_slice bytes; // With a unique index and an inexact component, FE_INDEX_HASH_SIZE bytes of
                        // a hash over the whole values follow the components.
    bool is_inexact;    // Any component is.
    bool is_free;       // Binds nothing in a unique index: a component is missing, or is an array
                        // as a whole, whose elements bind.
    bool is_verbatim;   // Members decoded from it, in the order of its parts, read as they do in
                        // the document. Says nothing of parts of several steps.
} fe_index_key;

typedef struct fe_index_keys {
    fe_index_key *keys; // Ascending by bytes, each once.
    size_t count;
    bool is_multi_key; // Some path reached more than one value.
} fe_index_keys;

// Makes the keys of `doc`, at least one. Everything is in the arena.
// Errors: FERRIC_INVALID_ARGUMENT: two paths of a compound index pass an array, names both.
//         FERRIC_NO_MEMORY.
ferric_status fe_index_keys_make(const fe_index_shape *shape, const fe_doc *doc, fe_arena *arena,
                                 fe_index_keys *keys);

// The least bytes above everything that begins with `bytes`; empty when there are none.
ferric_status fe_bytes_behind(ferric_slice bytes, fe_arena *arena, ferric_slice *behind);

#endif
