// SPDX-License-Identifier: Apache-2.0
// Filters: compiled once from JSON, then asked of each document whether it matches.
//
//   {"role":"admin","age":{"$gte":18},"$or":[{"a":1},{"b":2}]}
//
// Operators: $eq $ne $gt $gte $lt $lte $in $nin $exists $type $not $all $elemMatch $size $mod
// $regex (with $options) $startsWith below a path; $and $or $nor beside paths. An object below a
// path is operators when its first name begins with '$', else the value to be equal to.
//
// - A predicate matches when any value that its path reaches does (doc/path.h): an element of an
//   array, or the array as a whole.
// - $ne, $nin and $not are the opposites of $eq, $in and what stands inside, so they match where
// the
//   path is missing. null as operand of $eq, $in, $ne, $nin, $gte, $lte means null or missing.
// - $gt $gte $lt $lte compare within the operand's type.
// - A document that is no object matches no predicate on a path other than "_id".
#ifndef FERRIC_DOC_MATCHER_H
#define FERRIC_DOC_MATCHER_H

#include <ferric/ferric.h>

#include "base/arena.h"
#include "doc/value.h"

typedef struct fe_matcher fe_matcher;

// Compiles `json`, which need not be minified and is not kept.
// Errors: FERRIC_INVALID_ARGUMENT: no JSON (with offset and reason), no object, an unknown
// operator,
//         an operand of the wrong type, a wrong path, a wrong regular expression (with its offset);
//         the message names the place, as in "age.$gte". FERRIC_NO_MEMORY.
ferric_status fe_matcher_create(ferric_slice json, fe_matcher **matcher);
// The same in an arena, which outlives the matcher.
ferric_status fe_matcher_create_in(ferric_slice json, fe_arena *arena, fe_matcher **matcher);
// Accepts NULL.
void fe_matcher_destroy(fe_matcher *matcher);

// Whether `doc` matches.
//
// Errors:  FERRIC_TOO_LARGE: a regular expression met its limit of steps on this document.
//          FERRIC_NO_MEMORY.
// Threads: one at a time.
ferric_status fe_matcher_test(fe_matcher *matcher, const fe_doc *doc, bool *matches);

// Whether the filter is {}: everything matches.
bool fe_matcher_is_empty(const fe_matcher *matcher);
// Whether the literal is the name of an operator of values, without its '$'.
bool fe_matcher_names_operator(ferric_slice literal);
// Whether any path is "_id": else doc->id may be left empty.
bool fe_matcher_uses_id(const fe_matcher *matcher);

// Whether every document that matches `matcher` surely matches `implied` too: each conjunct of
// `implied` stands among the conjuncts of `matcher`. For partial indexes. False says nothing.
bool fe_matcher_implies(const fe_matcher *matcher, const fe_matcher *implied);

// Appends the object that an upsert begins with: the equalities that the filter demands, without
// "_id". `id` receives the literal that "_id" has to be equal to, lent by the matcher, or is empty.
// Errors: FERRIC_INVALID_ARGUMENT: two equalities contradict, or stand inside one another, or "_id"
//         is no string. FERRIC_NO_MEMORY.
ferric_status fe_matcher_base_document(const fe_matcher *matcher, ferric_buffer *json,
                                       ferric_slice *id);

#endif
