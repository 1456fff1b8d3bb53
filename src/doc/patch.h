// SPDX-License-Identifier: Apache-2.0
// The two standard patches: RFC 7396 (merge patch) and RFC 6902 (a list of operations).
#ifndef FERRIC_DOC_PATCH_H
#define FERRIC_DOC_PATCH_H

#include <ferric/ferric.h>

// Replaces `text` by `target` (stored text, or empty for none) merged with `patch`, which need not
// be minified. Neither may stand in `text`. What is not patched keeps its text and its place.
// Errors: FERRIC_INVALID_ARGUMENT: `patch` is no JSON. FERRIC_TOO_LARGE: the result is above 128
//         levels or FERRIC_VALUE_SIZE_MAX. FERRIC_NO_MEMORY.
ferric_status fe_merge_patch(ferric_slice target, ferric_slice patch, ferric_buffer *text);

// The same with the operations of RFC 6902: all of them or none.
// Errors: FERRIC_CONFLICT: a "test" does not hold. FERRIC_INVALID_ARGUMENT: no JSON, no list of
//         operations, or one that does not suit the document; names its number.
//         FERRIC_TOO_LARGE, FERRIC_NO_MEMORY.
ferric_status fe_json_patch(ferric_slice target, ferric_slice patch, ferric_buffer *text);

#endif
