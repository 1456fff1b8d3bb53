// SPDX-License-Identifier: Apache-2.0
// The list of paths with directions that declares an index or a sort.
#ifndef FERRIC_DOC_INDEX_PARTS_H
#define FERRIC_DOC_INDEX_PARTS_H

#include "doc/index_key.h"

// Parses {"a":1,"b":-1}, "-a", or ["a","-b"] into at most FE_INDEX_PART_MAX parts. `what` begins
// the messages. Everything is in the arena. Errors: as fe_index_shape_parse.
ferric_status fe_index_parts_parse(const char *what, ferric_slice json, fe_arena *arena,
                                   fe_index_part *parts, size_t *count);

#endif
