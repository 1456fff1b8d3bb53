// SPDX-License-Identifier: Apache-2.0
// Random JSON for property tests: few different names and values, so that they often meet, and the
// forms in which equal values are written differently.
#ifndef FERRIC_DOC_JSON_MAKER_H
#define FERRIC_DOC_JSON_MAKER_H

#include <ferric/ferric.h>

#include "base/random.h"

// Appends a value with at most `depth` levels.
void json_make(fe_random *random, int depth, ferric_buffer *json);
// Appends an object whose members "a" and "b", if they are there, are small values, arrays of such
// or objects with the same members: what the paths of json_make_filter reach.
void json_make_document(fe_random *random, int depth, ferric_buffer *json);
// Appends a filter on those paths, valid, with every operator.
void json_make_filter(fe_random *random, int depth, ferric_buffer *json);
// One of the paths.
const char *json_make_path(fe_random *random);

#endif
