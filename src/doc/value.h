// SPDX-License-Identifier: Apache-2.0
// JSON values as the rest of doc/ sees them, and their one order.
//
// A value is the slice of its text inside a document that was validated and minified (doc/json.h).
// Nothing is parsed ahead: a question looks at the bytes that it needs. An empty slice is
// "missing".
// All values are lent by the text that they stand in.
//
// The order: missing, null, number, string, object, array, boolean. Inside a type:
// - numbers by the exact decimal that their text means (1 = 1.0 = 1e0, -0 = 0), see doc/number.h;
// - strings by the UTF-8 bytes of what they mean;
// - objects as lists of members sorted by name: name, then value, member by member; what runs out
//   first is less. The order in which members are written does not matter;
// - arrays element by element; what runs out first is less;
// - false before true.
#ifndef FERRIC_DOC_VALUE_H
#define FERRIC_DOC_VALUE_H

#include <ferric/ferric.h>

typedef enum fe_value_type {
    FE_VALUE_MISSING = 0,
    FE_VALUE_NULL = 1,
    FE_VALUE_NUMBER = 2,
    FE_VALUE_STRING = 3,
    FE_VALUE_OBJECT = 4,
    FE_VALUE_ARRAY = 5,
    FE_VALUE_BOOLEAN = 6,
} fe_value_type;

// A document to be asked. `text` is what fe_document_text gives. `id` is its key as a JSON string
// literal (fe_json_quote), which the path "_id" reaches; empty where nobody asks for "_id".
typedef struct fe_doc {
    ferric_slice id;
    ferric_slice text;
} fe_doc;

fe_value_type fe_value_type_of(ferric_slice value);

// "null", "number", "string", "object", "array", "boolean", "missing".
const char *fe_value_type_name(fe_value_type type);

// Negative, zero or positive. Objects of more than 16 members allocate while they are compared;
// when there is no memory the answer is the same and takes time that grows with the square.
int fe_value_compare(ferric_slice a, ferric_slice b);
bool fe_value_equal(ferric_slice a, ferric_slice b);

// The member of `object` whose name means `name`; missing when there is none.
ferric_slice fe_value_member(ferric_slice object, ferric_slice name);
// Element number `index` of `array`; missing when there is none.
ferric_slice fe_value_element(ferric_slice array, size_t index);

#endif
