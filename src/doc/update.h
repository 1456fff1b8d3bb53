// SPDX-License-Identifier: Apache-2.0
// Updates by operators: compiled once from JSON, then applied to documents.
//
//   {"$set":{"address.city":"Oslo"},"$inc":{"visits":1},"$push":{"tags":{"$each":["a","b"]}}}
//
// $set $unset $inc $mul $min $max $push (with $each, $position, $slice) $pull $addToSet (with
// $each) $rename. A path makes the objects that are missing on its way; in an array its steps are
// positions, and one behind the end fills with null. Two operators may not touch the same place or
// one inside the other. Everything that was not touched keeps its text and its place.
//
// - $inc and $mul: a missing field counts as 0. Integers are exact to 64 bits, see doc/number.h.
// - $min and $max compare in the order of all values; a missing field is set.
// - $unset of an array's element leaves null. $pull takes a value, or an object of operators, or an
//   object whose predicates each element that is an object must match.
// - "_id" cannot be changed.
#ifndef FERRIC_DOC_UPDATE_H
#define FERRIC_DOC_UPDATE_H

#include <ferric/ferric.h>

#include "doc/path.h"
#include "doc/value.h"

typedef struct fe_update fe_update;

// Compiles `json`, which need not be minified and is not kept.
// Errors: FERRIC_INVALID_ARGUMENT: no JSON, no object of operators, an unknown operator, an operand
//         of the wrong type, a wrong path, two paths in conflict; names the place.
//         FERRIC_NO_MEMORY.
ferric_status fe_update_create(ferric_slice json, fe_update **update);
void fe_update_destroy(fe_update *update);

// Whether the update may change what documents have at `path`: when both begin with the same name.
// (Behind it an array's position and its elements' members may be the same place.)
bool fe_update_touches(const fe_update *update, const fe_path *path);

// Replaces `text` by what the update makes of `doc`. `is_changed` receives whether it differs from
// doc->text, which may not stand in `text`.
//
// Errors:  FERRIC_INVALID_ARGUMENT: the document does not suit, such as $inc of a string, or a path
//          through a number; names operator and path. FERRIC_OVERFLOW. FERRIC_TOO_LARGE: more than
//          128 levels, an array of more than 1,000,000 elements by position, or a text above
//          FERRIC_VALUE_SIZE_MAX. FERRIC_NO_MEMORY.
// Threads: one at a time.
ferric_status fe_update_apply(fe_update *update, const fe_doc *doc, ferric_buffer *text,
                              bool *is_changed);

#endif
