// SPDX-License-Identifier: Apache-2.0
// Paths: which values of a document a name such as "address.city" or "tags" reaches.
//
// A path is dotted, or a JSON pointer (RFC 6901) when it begins with '/'. A step is a member's
// name;
// in an array, a step of digits without leading zeros is a position and nothing else.
//
// How a path goes through arrays:
// - in the middle: a position takes that element; any other step is looked for in each element that
//   is an object. An array directly inside an array is entered by position only.
// - at the end: each element of an array is reached, then the array itself as a whole.
// A path that ends at nothing reaches one missing value; in an array, each object without the
// member gives one, elements that are no objects give none. So {"a":[1,2]} reaches nothing at all
// by "a.b".
//
// The path "_id" reaches the document's key; what is below "_id" is missing. In a document that is
// no object every other path reaches one missing value.
#ifndef FERRIC_DOC_PATH_H
#define FERRIC_DOC_PATH_H

#include <ferric/ferric.h>

#include "base/arena.h"
#include "doc/value.h"

// Steps of a path, as many as a document has levels.
#define FE_PATH_STEP_MAX 128

typedef struct fe_path_step {
    ferric_slice name;
    size_t position; // SIZE_MAX when the name is no position.
} fe_path_step;

typedef struct fe_path {
    ferric_slice text; // As it was written.
    const fe_path_step *steps;
    size_t step_count;
    bool is_id; // Begins with "_id".
} fe_path;

// Parses a path; everything it points to is in the arena.
// Errors: FERRIC_INVALID_ARGUMENT: empty, an empty step, a dotted step that begins with '$', a
// wrong
//         '~' in a pointer, malformed UTF-8, more than FE_PATH_STEP_MAX steps. FERRIC_NO_MEMORY.
ferric_status fe_path_parse(ferric_slice text, fe_arena *arena, fe_path *path);

// Whether two paths take the same steps; "a.b" and "/a/b" do.
bool fe_path_equal(const fe_path *a, const fe_path *b);

typedef enum fe_reached {
    FE_REACHED_VALUE = 0,   // Or missing.
    FE_REACHED_ELEMENT = 1, // Of the array at the end of the path.
    FE_REACHED_ARRAY = 2,   // That array itself, after its elements.
} fe_reached;

// Told of each value that a path reaches, an empty slice for missing. Returns true to stop.
typedef bool fe_path_visit(void *context, ferric_slice value, fe_reached how);

// Calls `visit` for each value, in the order of the document. Returns whether it was stopped.
bool fe_path_each(const fe_path *path, const fe_doc *doc, fe_path_visit *visit, void *context);
// The same below `text`, any value; "_id" is a name like others.
bool fe_path_each_below(const fe_path *path, ferric_slice text, fe_path_visit *visit,
                        void *context);

#endif
