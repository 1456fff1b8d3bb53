// SPDX-License-Identifier: Apache-2.0
// Types and the order of values; see value.h.
#include "doc/value.h"

#include "base/json_text.h"
#include "doc/members.h"
#include "doc/number.h"

fe_value_type fe_value_type_of(ferric_slice value)
{
    switch (fe_json_kind(value)) {
    case 0:
        return FE_VALUE_MISSING;
    case 'n':
        return FE_VALUE_NULL;
    case '"':
        return FE_VALUE_STRING;
    case '{':
        return FE_VALUE_OBJECT;
    case '[':
        return FE_VALUE_ARRAY;
    case 't':
    case 'f':
        return FE_VALUE_BOOLEAN;
    default:
        return FE_VALUE_NUMBER;
    }
}

const char *fe_value_type_name(fe_value_type type)
{
    static const char *const names[] = {"missing", "null",  "number", "string",
                                        "object",  "array", "boolean"};
    return names[type];
}

static int compare_members(const fe_member *a, const fe_member *b)
{
    int order = fe_json_string_compare(a->name, b->name);
    return order != 0 ? order : fe_value_compare(a->value, b->value);
}

static int compare_objects(ferric_slice a, ferric_slice b)
{
    fe_members left;
    fe_members right;
    int order = 0;

    fe_members_init(&left, a);
    fe_members_init(&right, b);
    while (order == 0) {
        fe_member of_left;
        fe_member of_right;
        bool has_left = fe_members_next(&left, &of_left);
        bool has_right = fe_members_next(&right, &of_right);
        if (!has_left || !has_right) {
            order = (int)has_left - (int)has_right;
            break;
        }
        order = compare_members(&of_left, &of_right);
    }
    fe_members_deinit(&left);
    fe_members_deinit(&right);
    return order;
}

static int compare_arrays(ferric_slice a, ferric_slice b)
{
    fe_json_walk left = fe_json_walk_into(a);
    fe_json_walk right = fe_json_walk_into(b);

    for (;;) {
        ferric_slice of_left;
        ferric_slice of_right;
        bool has_left = fe_json_next_element(&left, &of_left);
        bool has_right = fe_json_next_element(&right, &of_right);
        int order;
        if (!has_left || !has_right) return (int)has_left - (int)has_right;
        order = fe_value_compare(of_left, of_right);
        if (order != 0) return order;
    }
}

int fe_value_compare(ferric_slice a, ferric_slice b)
{
    fe_value_type type = fe_value_type_of(a);
    fe_value_type other = fe_value_type_of(b);

    if (type != other) return type < other ? -1 : 1;
    if (fe_slice_equal(a, b)) return 0;
    switch (type) {
    case FE_VALUE_NUMBER:
        return fe_number_compare(a, b);
    case FE_VALUE_STRING:
        return fe_json_string_compare(a, b);
    case FE_VALUE_OBJECT:
        return compare_objects(a, b);
    case FE_VALUE_ARRAY:
        return compare_arrays(a, b);
    case FE_VALUE_BOOLEAN: // Unequal: one is true.
        return fe_json_kind(a) == 't' ? 1 : -1;
    default:
        return 0;
    }
}

bool fe_value_equal(ferric_slice a, ferric_slice b)
{
    return fe_value_compare(a, b) == 0;
}

ferric_slice fe_value_member(ferric_slice object, ferric_slice name)
{
    fe_json_walk walk = fe_json_walk_into(object);
    ferric_slice literal;
    ferric_slice value;

    while (fe_json_next_member(&walk, &literal, &value)) {
        if (fe_json_string_is(literal, name)) return value;
    }
    return fe_slice(NULL, 0);
}

ferric_slice fe_value_element(ferric_slice array, size_t index)
{
    fe_json_walk walk = fe_json_walk_into(array);
    ferric_slice value;

    for (size_t at = 0; fe_json_next_element(&walk, &value); at++) {
        if (at == index) return value;
    }
    return fe_slice(NULL, 0);
}
