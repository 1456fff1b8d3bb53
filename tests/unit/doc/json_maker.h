// SPDX-License-Identifier: Apache-2.0
// Random JSON for property tests: few different names and values, so that they often meet, and the
// forms in which equal values are written differently.
#ifndef FERRIC_DOC_JSON_MAKER_H
#define FERRIC_DOC_JSON_MAKER_H

#include <ferric/ferric.h>

#include "base/random.h"

// Appends a value with at most `depth` levels.
void json_make(fe_random *random, int depth, ferric_buffer *json);

#endif
