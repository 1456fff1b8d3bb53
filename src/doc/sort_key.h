// SPDX-License-Identifier: Apache-2.0
// Sorting: documents become bytes whose memcmp order is the order asked for.
//
// Missing comes first, then the order of values. Of the values that a path reaches, the least
// counts when ascending and the greatest when descending; an array at the path's end counts by its
// elements, an empty one as missing. Ties follow "_id" in the last path's direction.
#ifndef FERRIC_DOC_SORT_KEY_H
#define FERRIC_DOC_SORT_KEY_H

#include <ferric/ferric.h>

#include "base/arena.h"
#include "doc/index_key.h"

// At most as many paths as an index has parts.
typedef struct fe_sort {
    const fe_index_part *parts;
    size_t part_count;
} fe_sort;

// Parses {"age":-1,"name":1}, or a string "-age", or an array of such. Everything is in the arena.
// Errors: as fe_index_shape_parse.
ferric_status fe_sort_parse(ferric_slice json, fe_arena *arena, fe_sort *sort);

// Appends the document's key, "_id" included (doc->id must be set). Nothing is cut.
// Errors: FERRIC_NO_MEMORY, `key` is as it was.
ferric_status fe_sort_key_append(const fe_sort *sort, const fe_doc *doc, ferric_buffer *key);

#endif
