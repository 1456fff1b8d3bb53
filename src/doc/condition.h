// SPDX-License-Identifier: Apache-2.0
// What a filter is compiled to: a tree of conditions. Inside of the matcher; others use its doors.
#ifndef FERRIC_DOC_CONDITION_H
#define FERRIC_DOC_CONDITION_H

#include <ferric/ferric.h>

#include "base/arena.h"
#include "doc/matcher.h"
#include "doc/matcher_ranges.h"
#include "doc/path.h"
#include "doc/regex.h"

typedef enum fe_condition_kind {
    FE_CONDITION_AND, // All children; true without any.
    FE_CONDITION_OR,
    FE_CONDITION_NOR,
    FE_CONDITION_NOT, // Its one child is false. Has a path, that of the predicate it negates.
    FE_CONDITION_EQUAL,
    FE_CONDITION_GREATER,
    FE_CONDITION_GREATER_EQUAL,
    FE_CONDITION_LESS,
    FE_CONDITION_LESS_EQUAL,
    FE_CONDITION_IN,
    FE_CONDITION_EXISTS,
    FE_CONDITION_TYPE,
    FE_CONDITION_SIZE,
    FE_CONDITION_MODULO,
    FE_CONDITION_REGEX,
    FE_CONDITION_STARTS_WITH,
    FE_CONDITION_ELEMENT_VALUE,  // Some element meets all children, which have no path.
    FE_CONDITION_ELEMENT_OBJECT, // Some element is a document that all children match.
} fe_condition_kind;

struct fe_condition {
    fe_condition_kind kind;
    const fe_path *path;  // NULL for AND, OR, NOR and below ELEMENT_VALUE.
    fe_condition *first;  // Children.
    fe_condition *next;   // The next child of the same parent.
    ferric_slice operand; // A value; of STARTS_WITH the plain text; of REGEX the pattern's literal.
    ferric_slice options; // Of REGEX, a literal or empty.
    const ferric_slice *list; // Of IN: values in their order, each once.
    size_t count;             // Of the list; of SIZE the size.
    uint32_t types;           // Of TYPE: a bit for each fe_value_type.
    int64_t divisor;          // Of MODULO.
    int64_t remainder;
    fe_regex *regex;
    fe_condition *next_regex; // All of a matcher are chained, to be destroyed.
};

struct fe_matcher {
    fe_arena *arena;    // Everything is in it, the matcher too.
    fe_arena own_arena; // Which is this, unless it is somebody else's.
    fe_condition *root; // An AND.
    fe_condition *regexes;
    bool uses_id;
    ferric_buffer scratch; // A string without its escapes.
};

// Compiles the minified filter `json`, which stands in the matcher's arena, into the root.
ferric_status fe_matcher_compile(fe_matcher *matcher, ferric_slice json);

// What $pull takes: an object of operators asks the element itself, any other object its members.
// Errors: as fe_matcher_create.
ferric_status fe_matcher_create_element(ferric_slice json, fe_matcher **matcher);
// The same for the compiler: the root's one child is an ELEMENT condition.
ferric_status fe_matcher_compile_element(fe_matcher *matcher, ferric_slice json);
// Whether one element meets what fe_matcher_create_element compiled. Errors: as fe_matcher_test.
ferric_status fe_matcher_test_element(fe_matcher *matcher, ferric_slice element, bool *matches);

// Whether two conditions ask the same, written the same way.
bool fe_condition_equal(const fe_condition *a, const fe_condition *b);

#endif
