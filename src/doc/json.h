// SPDX-License-Identifier: Apache-2.0
// Checks JSON strictly (RFC 8259) and writes it in its minified form.
//
// Minified: no white space between tokens; of an object's members with equal names only the last
// stays; every number and string keeps the text it came with. At most FE_JSON_DEPTH_MAX levels of
// objects and arrays. A lone surrogate in an escape is an error, a byte order mark too.
#ifndef FERRIC_DOC_JSON_H
#define FERRIC_DOC_JSON_H

#include <ferric/ferric.h>

#ifdef __cplusplus
extern "C" {
#endif

#include "base/arena.h"

// Appends the minified form of `text` to `minified`. `error_offset` (may be NULL) receives where
// the first error is when the status is FERRIC_INVALID_ARGUMENT, else 0.
//
// Memory:  the thread keeps a parser of about five times its largest text below 1 MiB; a larger
//          text needs that much during the call. It comes from C++ and not from ferric_allocator.
// Errors:  FERRIC_INVALID_ARGUMENT: no JSON; the message has offset and reason.
//          FERRIC_TOO_LARGE: above FERRIC_VALUE_SIZE_MAX. FERRIC_NO_MEMORY.
//          `minified` is as it was.
// Threads: any; each has a parser of its own.
ferric_status fe_json_minify(ferric_slice text, ferric_buffer *minified, size_t *error_offset);
// The same into an arena, for texts that are compiled and looked at as long as it lives.
ferric_status fe_json_minify_kept(ferric_slice text, fe_arena *arena, ferric_slice *minified);

#ifdef __cplusplus
}
#endif

#endif
