// SPDX-License-Identifier: Apache-2.0
// Which members of a document a find shows.
//
//   {"name":1,"address.city":1}  these and "_id"; {"_id":0,...} without it
//   {"notes":0}                  all but these
//
// Values keep their text and members their order. Through arrays a path means each element.
#ifndef FERRIC_DOC_PROJECTION_H
#define FERRIC_DOC_PROJECTION_H

#include <ferric/ferric.h>

#include "doc/index_key.h"
#include "doc/value.h"

typedef struct fe_projection fe_projection;

// Compiles `json`, an object as above or an array of paths to be shown, in an arena. 1 and true, 0
// and false mean the same. Errors: FERRIC_INVALID_ARGUMENT: showing and hiding mixed (but for
//         "_id"), a wrong path, a path twice or inside another, another operand. FERRIC_NO_MEMORY.
ferric_status fe_projection_create(ferric_slice json, fe_arena *arena, fe_projection **projection);

// Whether only these paths and "_id" are asked for: an index that has them all may answer.
bool fe_projection_is_inclusive(const fe_projection *projection);
bool fe_projection_shows_id(const fe_projection *projection);
// Whether it shows nothing of a document's text.
bool fe_projection_is_empty(const fe_projection *projection);
// Whether all that it shows is "_id" and members that these parts of an index are the paths of.
bool fe_projection_is_within(const fe_projection *projection, const fe_index_shape *shape);

// Appends the document as a find shows it, with "_id" first: {"_id":...,...}. A value that is no
// object stands in {"_id":...,"_value":...}. A NULL projection shows all. doc->id must be set.
// Errors: FERRIC_NO_MEMORY.
ferric_status fe_projection_apply(const fe_projection *projection, const fe_doc *doc,
                                  ferric_buffer *json);

#endif
