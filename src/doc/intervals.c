// SPDX-License-Identifier: Apache-2.0
// From conditions to sets of components; see intervals.h.
#include "doc/intervals.h"

#include <stdlib.h>

#include "base/buffer.h"
#include "base/json_text.h"
#include "base/memory.h"
#include "base/status.h"
#include "doc/index_tags.h"

// Intervals of one condition: room for all that it may have is made first.
typedef struct builder {
    fe_arena *arena;
    fe_intervals *intervals;
    ferric_buffer key; // The component of one value.
} builder;

// A condition that is no list makes at most one of each type.
#define FEW_INTERVALS 8

static void add(builder *self, ferric_slice lower, ferric_slice upper)
{
    self->intervals->list[self->intervals->count++] = (fe_range){lower, upper};
}

// Everything from one tag up to another.
static ferric_status add_tags(builder *self, uint8_t first, uint8_t behind)
{
    const uint8_t tags[2] = {first, behind};
    ferric_slice copy;
    ferric_status status = fe_arena_copy(self->arena, fe_slice(tags, 2), &copy);
    if (status != FERRIC_OK) return status;
    add(self, fe_slice(copy.data, 1), fe_slice(fe_slice_bytes(copy) + 1, 1));
    return FERRIC_OK;
}

// The first tag of a type and the one behind its last.
static void tags_of(fe_value_type type, uint8_t *first, uint8_t *behind)
{
    static const uint8_t tags[][2] = {
        {FE_INDEX_MISSING, FE_INDEX_MISSING + 1},
        {FE_INDEX_NULL, FE_INDEX_NULL + 1},
        {FE_INDEX_NUMBER_NEGATIVE, FE_INDEX_NUMBER_POSITIVE + 1},
        {FE_INDEX_STRING, FE_INDEX_STRING + 1},
        {FE_INDEX_OBJECT, FE_INDEX_OBJECT + 1},
        {FE_INDEX_ARRAY, FE_INDEX_ARRAY + 1},
        {FE_INDEX_FALSE, FE_INDEX_TRUE + 1},
    };
    *first = tags[type][0];
    *behind = tags[type][1];
}

static ferric_status add_type(builder *self, fe_value_type type)
{
    uint8_t first;
    uint8_t behind;
    tags_of(type, &first, &behind);
    return add_tags(self, first, behind);
}

// The component of a value and what lies behind it.
static ferric_status encode(builder *self, ferric_slice value, fe_range *point, bool *is_inexact)
{
    ferric_status status;

    fe_buffer_clear(&self->key);
    status = fe_index_value_append(value, false, &self->key, is_inexact);
    if (status == FERRIC_OK)
        status = fe_arena_copy(self->arena, fe_buffer_slice(&self->key), &point->lower);
    if (status != FERRIC_OK) return status;
    return fe_bytes_behind(point->lower, self->arena, &point->upper);
}

// One value; of null also "missing", which the path's end cannot tell from a path without any end.
static ferric_status add_point(builder *self, ferric_slice value)
{
    fe_range point;
    bool is_inexact;
    ferric_status status;

    if (fe_json_kind(value) == 'n') {
        self->intervals->is_exact = false;
        status = add_type(self, FE_VALUE_MISSING);
        return status == FERRIC_OK ? add_type(self, FE_VALUE_NULL) : status;
    }
    status = encode(self, value, &point, &is_inexact);
    if (status != FERRIC_OK) return status;
    self->intervals->is_exact &= !is_inexact;
    add(self, point.lower, point.upper);
    return FERRIC_OK;
}

// $gt and the like: from or up to the operand, within its type.
static ferric_status add_bound(builder *self, const fe_condition *condition)
{
    bool is_lower =
        condition->kind == FE_CONDITION_GREATER || condition->kind == FE_CONDITION_GREATER_EQUAL;
    bool is_open = condition->kind == FE_CONDITION_GREATER || condition->kind == FE_CONDITION_LESS;
    fe_range point;
    fe_range *type;
    bool is_inexact;
    ferric_status status;

    if (fe_json_kind(condition->operand) == 'n') {
        return is_open ? FERRIC_OK : add_point(self, condition->operand);
    }
    self->intervals->are_points = false;
    status = encode(self, condition->operand, &point, &is_inexact);
    if (status == FERRIC_OK) status = add_type(self, fe_value_type_of(condition->operand));
    if (status != FERRIC_OK) return status;
    type = self->intervals->list;
    self->intervals->is_exact &= !is_inexact;
    // A cut operand stands for longer values on both of its sides, so it is never left out.
    is_open = is_open && !is_inexact;
    if (is_lower) {
        type->lower = is_open ? point.upper : point.lower;
    } else {
        type->upper = is_open ? point.lower : point.upper;
    }
    return FERRIC_OK;
}

static ferric_status add_list(builder *self, const fe_condition *condition)
{
    ferric_status status = FERRIC_OK;
    for (size_t i = 0; i < condition->count && status == FERRIC_OK; i++)
        status = add_point(self, condition->list[i]);
    return status;
}

static ferric_status add_types(builder *self, uint32_t types)
{
    ferric_status status = FERRIC_OK;
    self->intervals->are_points = false;
    for (fe_value_type type = FE_VALUE_NULL; type <= FE_VALUE_BOOLEAN; type++) {
        if ((types >> type & 1) != 0 && status == FERRIC_OK) status = add_type(self, type);
    }
    return status;
}

// Only candidates: a type of which some match.
static ferric_status add_candidates(builder *self, fe_value_type type)
{
    self->intervals->is_exact = false;
    return add_types(self, 1u << type);
}

static ferric_status add_prefix(builder *self, ferric_slice prefix)
{
    ferric_buffer literal = {0};
    fe_range range;
    bool is_inexact;
    ferric_status status = fe_json_quote(prefix, &literal);

    if (status == FERRIC_OK) status = encode(self, fe_buffer_slice(&literal), &range, &is_inexact);
    fe_buffer_deinit(&literal);
    if (status != FERRIC_OK) return status;
    self->intervals->are_points = false;
    self->intervals->is_exact &= !is_inexact;
    // Without the end of the string, or without the mark of the cut.
    range.lower.size -= is_inexact ? 1 : 2;
    status = fe_bytes_behind(range.lower, self->arena, &range.upper);
    if (status == FERRIC_OK) add(self, range.lower, range.upper);
    return status;
}

// Elements stand in the index one by one, so what one element has to meet can be intersected.
static ferric_status add_element(builder *self, const fe_condition *condition)
{
    fe_intervals all = {.is_known = false};
    ferric_status status = FERRIC_OK;

    for (const fe_condition *child = condition->first; child != NULL; child = child->next) {
        fe_intervals one;
        status = fe_intervals_of(child, self->arena, &one);
        if (status != FERRIC_OK) return status;
        if (!one.is_known) continue;
        if (!all.is_known) {
            all = one;
        } else {
            status = fe_intervals_intersect(&all, &one, self->arena, &all);
        }
        if (status != FERRIC_OK) return status;
    }
    if (!all.is_known) return add_candidates(self, FE_VALUE_ARRAY);
    self->intervals->is_exact = false;
    self->intervals->are_points = all.are_points;
    self->intervals->list = all.list;
    self->intervals->count = all.count;
    return FERRIC_OK;
}

// {"$exists":false}: the opposite of nothing but EXISTS.
static bool is_absence(const fe_condition *negation)
{
    const fe_condition *inside = negation->first->first;
    return inside != NULL && inside->kind == FE_CONDITION_EXISTS && inside->next == NULL;
}

static ferric_status collect(builder *self, const fe_condition *condition)
{
    switch (condition->kind) {
    case FE_CONDITION_EQUAL:
        return add_point(self, condition->operand);
    case FE_CONDITION_GREATER:
    case FE_CONDITION_GREATER_EQUAL:
    case FE_CONDITION_LESS:
    case FE_CONDITION_LESS_EQUAL:
        return add_bound(self, condition);
    case FE_CONDITION_IN:
        return add_list(self, condition);
    case FE_CONDITION_EXISTS:
        self->intervals->are_points = false;
        return add_tags(self, FE_INDEX_NULL, FE_INDEX_BEHIND_ALL);
    case FE_CONDITION_TYPE:
        return add_types(self, condition->types);
    case FE_CONDITION_MODULO:
        return add_candidates(self, FE_VALUE_NUMBER);
    case FE_CONDITION_REGEX:
        self->intervals->is_exact = false;
        return add_prefix(self, fe_regex_prefix(condition->regex));
    case FE_CONDITION_STARTS_WITH:
        return add_prefix(self, condition->operand);
    case FE_CONDITION_ELEMENT_VALUE:
        return add_element(self, condition);
    case FE_CONDITION_SIZE:
    case FE_CONDITION_ELEMENT_OBJECT:
        return add_candidates(self, FE_VALUE_ARRAY);
    default: // A NOT that is an absence.
        self->intervals->is_exact = false;
        return add_type(self, FE_VALUE_MISSING);
    }
}

static int compare_ranges(const void *a, const void *b)
{
    const fe_range *left = a;
    const fe_range *right = b;
    return fe_slice_compare(left->lower, right->lower);
}

// Such as what is greater than true, the greatest value of its type.
static size_t drop_empty(fe_range *list, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (fe_slice_compare(list[i].lower, list[i].upper) < 0) list[kept++] = list[i];
    }
    return kept;
}

// Sorts, and joins what touches but for points, which only meet when they are the same.
static void tidy_up(fe_intervals *intervals)
{
    fe_range *list = intervals->list;
    size_t count = drop_empty(list, intervals->count);
    size_t kept = 0;

    intervals->count = count;
    if (count <= 1) return;
    qsort(list, count, sizeof *list, compare_ranges);
    for (size_t i = 1; i < count; i++) {
        int order = fe_slice_compare(list[i].lower, list[kept].upper);
        if (order > 0 || (order == 0 && intervals->are_points)) {
            list[++kept] = list[i];
        } else if (fe_slice_compare(list[i].upper, list[kept].upper) > 0) {
            list[kept].upper = list[i].upper;
        }
    }
    intervals->count = kept + 1;
}

ferric_status fe_intervals_of(const fe_condition *condition, fe_arena *arena,
                              fe_intervals *intervals)
{
    builder self = {.arena = arena, .intervals = intervals};
    size_t room = FEW_INTERVALS + (condition->kind == FE_CONDITION_IN ? condition->count : 0);
    ferric_status status;

    *intervals = (fe_intervals){0};
    if (condition->kind <= FE_CONDITION_NOR) return FERRIC_OK;
    if (condition->kind == FE_CONDITION_NOT && !is_absence(condition)) return FERRIC_OK;
    intervals->is_known = intervals->are_points = intervals->is_exact = true;
    intervals->list = fe_arena_alloc(arena, room * sizeof *intervals->list);
    if (intervals->list == NULL) return fe_no_memory("ranges", room * sizeof *intervals->list);
    status = collect(&self, condition);
    if (status == FERRIC_OK) tidy_up(intervals);
    fe_buffer_deinit(&self.key);
    return status;
}

ferric_status fe_intervals_intersect(const fe_intervals *a, const fe_intervals *b, fe_arena *arena,
                                     fe_intervals *both)
{
    fe_intervals made = {.is_known = true,
                         .are_points = a->are_points || b->are_points,
                         .is_exact = a->is_exact && b->is_exact};
    size_t at_a = 0;
    size_t at_b = 0;

    made.list = fe_arena_alloc(arena, (a->count + b->count + 1) * sizeof *made.list);
    if (made.list == NULL) return fe_no_memory("ranges", a->count + b->count);
    while (at_a < a->count && at_b < b->count) {
        const fe_range *left = &a->list[at_a];
        const fe_range *right = &b->list[at_b];
        fe_range common = *left;
        if (fe_slice_compare(right->lower, common.lower) > 0) common.lower = right->lower;
        if (fe_slice_compare(right->upper, common.upper) < 0) common.upper = right->upper;
        if (fe_slice_compare(common.lower, common.upper) < 0) made.list[made.count++] = common;
        if (fe_slice_compare(left->upper, right->upper) < 0) {
            at_a++;
        } else {
            at_b++;
        }
    }
    *both = made;
    return FERRIC_OK;
}

// The bytes behind everything that begins with the inverted `bytes`.
static ferric_status behind_inverted(ferric_slice bytes, fe_arena *arena, ferric_slice *behind)
{
    ferric_status status = fe_arena_copy(arena, bytes, behind);
    uint8_t *copy = (uint8_t *)(uintptr_t)behind->data;

    if (status != FERRIC_OK) return status;
    for (size_t i = 0; i < behind->size; i++)
        copy[i] = (uint8_t)~copy[i];
    return fe_bytes_behind(*behind, arena, behind);
}

ferric_status fe_intervals_invert(fe_intervals *intervals, fe_arena *arena)
{
    size_t count = intervals->count;
    fe_range *list = fe_arena_alloc(arena, (count + 1) * sizeof *list);

    if (list == NULL) return fe_no_memory("ranges", count);
    for (size_t i = 0; i < count; i++) {
        const fe_range *from = &intervals->list[i];
        fe_range *to = &list[count - 1 - i];
        ferric_status status;
        if (intervals->are_points) {
            // The component itself, which a next part is put behind.
            status = fe_arena_copy(arena, from->lower, &to->lower);
            for (size_t at = 0; status == FERRIC_OK && at < to->lower.size; at++) {
                uint8_t *byte = (uint8_t *)(uintptr_t)to->lower.data + at;
                *byte = (uint8_t) ~*byte;
            }
        } else {
            status = behind_inverted(from->upper, arena, &to->lower);
        }
        if (status == FERRIC_OK) status = behind_inverted(from->lower, arena, &to->upper);
        if (status != FERRIC_OK) return status;
    }
    intervals->list = list;
    intervals->count = drop_empty(list, count); // [60, 6000), below the least array, is now.
    return FERRIC_OK;
}
