// SPDX-License-Identifier: Apache-2.0
// Groups of documents and what is summed up over each; and the distinct values of a path.
//
//   {"_id":"$city","n":{"$count":{}},"oldest":{"$max":"$age"},"mean":{"$avg":"$age"}}
//   {"_id":{"city":"$city","role":"$role"},...}    {"_id":null,...}: one group of all
//
// Accumulators: $count; $sum and $avg of numbers (others are passed over); $min and $max over all
// values but missing and null. An operand is "$path" or a number ("$sum":1 counts). A path that
// goes through an array gives an array of what it reaches, as a value. A path that reaches nothing
// is null in a group's "_id".
//
// $sum is exact while all are integers and the sum fits 64 bits, then a double; $avg is a double.
#ifndef FERRIC_DOC_GROUP_H
#define FERRIC_DOC_GROUP_H

#include <ferric/ferric.h>

#include "doc/path.h"
#include "doc/value.h"

typedef struct fe_group fe_group;

// Compiles `json`. `memory_max` bounds, in bytes, what the groups may take.
// Errors: FERRIC_INVALID_ARGUMENT: names the place. FERRIC_NO_MEMORY.
ferric_status fe_group_create(ferric_slice json, size_t memory_max, fe_group **group);
void fe_group_destroy(fe_group *group);
// Whether "$_id" is used: else doc->id may be left empty.
bool fe_group_uses_id(const fe_group *group);
// Errors: FERRIC_MEMORY_LIMIT: the groups need more than memory_max. FERRIC_NO_MEMORY.
ferric_status fe_group_add(fe_group *group, const fe_doc *doc);
// How many groups there are, and the JSON of number `index`, in the order of "_id". No document is
// added after the first call of fe_group_append. Errors: FERRIC_NO_MEMORY.
size_t fe_group_count(const fe_group *group);
ferric_status fe_group_append(fe_group *group, size_t index, ferric_buffer *json);

typedef struct fe_distinct fe_distinct;

// The different values that `path` reaches, elements of arrays one by one, missing left out.
// Errors: as above; FERRIC_INVALID_ARGUMENT for a wrong path.
ferric_status fe_distinct_create(ferric_slice path, size_t memory_max, fe_distinct **distinct);
void fe_distinct_destroy(fe_distinct *distinct);
ferric_status fe_distinct_add(fe_distinct *distinct, const fe_doc *doc);
// Appends one JSON array, in the order of values, each in the text in which it came first.
ferric_status fe_distinct_append(fe_distinct *distinct, ferric_buffer *json);

#endif
