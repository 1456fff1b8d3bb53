// SPDX-License-Identifier: Apache-2.0
// What a group's JSON is compiled to. Between its compiler and its interpreter.
#ifndef FERRIC_DOC_GROUP_INSIDE_H
#define FERRIC_DOC_GROUP_INSIDE_H

#include <ferric/ferric.h>

#include "doc/group.h"
#include "doc/value_table.h"

// Of a group's outputs, and of the members of its "_id".
#define FE_GROUP_FIELD_MAX 64

typedef enum fe_accumulator_kind {
    FE_ACCUMULATE_COUNT,
    FE_ACCUMULATE_SUM,
    FE_ACCUMULATE_AVERAGE,
    FE_ACCUMULATE_MINIMUM,
    FE_ACCUMULATE_MAXIMUM,
    FE_ACCUMULATE_NOTHING, // A member of "_id".
} fe_accumulator_kind;

typedef struct fe_group_field {
    ferric_slice name; // A literal.
    fe_accumulator_kind kind;
    bool has_path; // Else the operand is `constant`, which may be missing.
    fe_path path;
    ferric_slice constant;
} fe_group_field;

struct fe_group {
    fe_value_table table;
    fe_group_field ids[FE_GROUP_FIELD_MAX];
    size_t id_count;
    bool has_id_object; // "_id" is an object of ids; else ids[0] alone, or none: null.
    fe_group_field fields[FE_GROUP_FIELD_MAX];
    size_t field_count;
    bool uses_id;
    bool is_sorted;
    ferric_buffer key; // Of the document at hand: its "_id" as JSON, its key, an operand.
    ferric_buffer id;
    ferric_buffer operand;
};

// Compiles `json`, minified, which stands in the table's arena.
ferric_status fe_group_compile(fe_group *group, ferric_slice json);

#endif
