// SPDX-License-Identifier: Apache-2.0
// Ranges of an index that a filter needs; see matcher_ranges.h.
//
// Part by part: what the conditions on its path allow is a set of components. While the sets are
// points, each combination is the beginning of a key, and the next part narrows it; the first set
// that is not, or a part that no condition is on, ends it.
#include "doc/matcher_ranges.h"

#include "base/json_text.h"
#include "base/memory.h"
#include "base/status.h"
#include "doc/condition.h"
#include "doc/intervals.h"

typedef struct planner {
    const fe_condition *condition;
    const fe_index_shape *shape;
    bool is_multi_key;
    fe_arena *arena;
    fe_index_ranges *out;
    size_t decided; // Conjuncts that the ranges decide exactly.
} planner;

// Whether the steps of `outer`, then those of `inner` are those of `path`.
static bool is_joined(const fe_path *path, const fe_path *outer, const fe_path *inner)
{
    size_t before = outer->step_count;
    if (path->step_count != before + inner->step_count) return false;
    for (size_t i = 0; i < path->step_count; i++) {
        const fe_path_step *step = i < before ? &outer->steps[i] : &inner->steps[i - before];
        if (!fe_slice_equal(path->steps[i].name, step->name)) return false;
    }
    return true;
}

// What one of two sets to use where both cannot be: points before ranges, fewer before more.
static bool is_better(const fe_intervals *a, const fe_intervals *b)
{
    if (a->are_points != b->are_points) return a->are_points;
    return a->count < b->count;
}

// Adds what one more condition on the part's path allows. `can_intersect`: one value has to meet
// both.
static ferric_status narrow(planner *self, fe_intervals *part, const fe_intervals *more,
                            size_t *used)
{
    if (!more->is_known) return FERRIC_OK;
    if (!part->is_known || (self->is_multi_key && is_better(more, part))) {
        *part = *more;
        *used = 1;
        return FERRIC_OK;
    }
    if (self->is_multi_key) return FERRIC_OK;
    ++*used;
    return fe_intervals_intersect(part, more, self->arena, part);
}

// What the members of an element have to be, when the index goes through the same array.
static ferric_status narrow_by_element(planner *self, const fe_path *path, fe_intervals *part,
                                       const fe_condition *element)
{
    size_t unused = 0;
    for (const fe_condition *child = element->first; child != NULL; child = child->next) {
        fe_intervals more;
        ferric_status status;
        if (child->path == NULL || !is_joined(path, element->path, child->path)) continue;
        status = fe_intervals_of(child, self->arena, &more);
        more.is_exact = false;
        if (status == FERRIC_OK) status = narrow(self, part, &more, &unused);
        if (status != FERRIC_OK) return status;
    }
    return FERRIC_OK;
}

// All that the condition says about one part.
static ferric_status find_part(planner *self, const fe_path *path, fe_intervals *part)
{
    size_t used = 0;

    memset(part, 0, sizeof *part);
    for (const fe_condition *child = self->condition->first; child != NULL; child = child->next) {
        fe_intervals more;
        ferric_status status = FERRIC_OK;
        if (child->path == NULL) continue;
        if (fe_path_equal(child->path, path)) {
            status = fe_intervals_of(child, self->arena, &more);
            if (status == FERRIC_OK) status = narrow(self, part, &more, &used);
        } else if (child->kind == FE_CONDITION_ELEMENT_OBJECT) {
            status = narrow_by_element(self, path, part, child);
        }
        if (status != FERRIC_OK) return status;
    }
    if (part->is_known && part->is_exact) self->decided += used;
    return FERRIC_OK;
}

static ferric_status join(fe_arena *arena, ferric_slice a, ferric_slice b, ferric_slice *joined)
{
    uint8_t *copy;

    *joined = b;
    if (a.size == 0) return FERRIC_OK;
    copy = fe_arena_alloc(arena, a.size + b.size);
    if (copy == NULL) return fe_no_memory("a range", a.size + b.size);
    memcpy(copy, a.data, a.size);
    if (b.size > 0) memcpy(copy + a.size, b.data, b.size);
    *joined = fe_slice(copy, a.size + b.size);
    return FERRIC_OK;
}

// Replaces each range, which is a point, by its combinations with the part's intervals.
static ferric_status multiply(planner *self, const fe_intervals *part)
{
    fe_index_ranges *out = self->out;
    fe_range *made = fe_arena_alloc(self->arena, (out->count * part->count + 1) * sizeof *made);
    size_t count = 0;

    if (made == NULL) return fe_no_memory("ranges", out->count * part->count);
    for (size_t i = 0; i < out->count; i++) {
        for (size_t j = 0; j < part->count; j++) {
            fe_range *range = &made[count++];
            ferric_slice before = out->ranges[i].lower;
            ferric_status status = join(self->arena, before, part->list[j].lower, &range->lower);
            if (status == FERRIC_OK) {
                status = join(self->arena, before, part->list[j].upper, &range->upper);
            }
            if (status != FERRIC_OK) return status;
        }
    }
    out->ranges = made;
    out->count = count;
    return FERRIC_OK;
}

// One interval over all of a list that is too long to be kept apart.
static void take_hull(planner *self, fe_intervals *part)
{
    part->list[0].upper = part->list[part->count - 1].upper;
    part->count = 1;
    part->are_points = false;
    if (part->is_exact) self->decided = 0;
    part->is_exact = false;
}

static ferric_status bind_parts(planner *self)
{
    fe_index_ranges *out = self->out;

    for (size_t i = 0; i < self->shape->part_count; i++) {
        size_t decided = self->decided;
        fe_intervals part;
        ferric_status status = find_part(self, &self->shape->parts[i].path, &part);
        if (status != FERRIC_OK || !part.is_known) return status;
        if (part.count > FE_INDEX_RANGE_MAX / (out->count == 0 ? 1 : out->count)) {
            if (i > 0) {
                self->decided = decided;
                return FERRIC_OK;
            }
            take_hull(self, &part);
        }
        if (self->shape->parts[i].is_descending) status = fe_intervals_invert(&part, self->arena);
        if (status == FERRIC_OK) status = multiply(self, &part);
        if (status != FERRIC_OK) return status;
        if (out->equal_count == i && part.are_points && part.count == 1) out->equal_count++;
        out->bound_count = i + 1;
        if (!part.are_points) return FERRIC_OK;
    }
    return FERRIC_OK;
}

ferric_status fe_condition_ranges(const fe_condition *condition, const fe_index_shape *shape,
                                  bool is_multi_key, fe_arena *arena, fe_index_ranges *ranges)
{
    planner self = {condition, shape, is_multi_key, arena, ranges, 0};
    size_t conjuncts = 0;
    ferric_status status;

    memset(ranges, 0, sizeof *ranges);
    ranges->ranges = fe_arena_alloc(arena, sizeof *ranges->ranges);
    if (ranges->ranges == NULL) return fe_no_memory("a range", sizeof *ranges->ranges);
    memset(ranges->ranges, 0, sizeof *ranges->ranges);
    ranges->count = 1;
    status = bind_parts(&self);
    if (status != FERRIC_OK) return status;
    for (const fe_condition *child = condition->first; child != NULL; child = child->next)
        conjuncts++;
    ranges->is_exact = conjuncts == self.decided;
    return FERRIC_OK;
}

// ---- Parts of a condition -------------------------------------------------------------------

size_t fe_condition_or_count(const fe_condition *condition)
{
    size_t count = 0;
    for (const fe_condition *child = condition->first; child != NULL; child = child->next)
        count += child->kind == FE_CONDITION_OR;
    return count;
}

size_t fe_condition_or_branches(const fe_condition *condition, size_t which, size_t at,
                                const fe_condition **branch)
{
    const fe_condition *child = condition->first;
    size_t count = 0;

    *branch = NULL;
    for (; child != NULL; child = child->next) {
        if (child->kind == FE_CONDITION_OR && which-- == 0) break;
    }
    if (child == NULL) return 0;
    for (const fe_condition *each = child->first; each != NULL; each = each->next) {
        if (count++ == at) *branch = each;
    }
    return count;
}

bool fe_condition_is_or(const fe_condition *condition)
{
    const fe_condition *only = condition->first;
    return only != NULL && only->kind == FE_CONDITION_OR && only->next == NULL;
}

ferric_slice fe_condition_id(const fe_condition *condition)
{
    for (const fe_condition *child = condition->first; child != NULL; child = child->next) {
        bool is_id = child->path != NULL && child->path->is_id && child->path->step_count == 1;
        if (is_id && child->kind == FE_CONDITION_EQUAL && fe_json_kind(child->operand) == '"') {
            return child->operand;
        }
    }
    return fe_slice(NULL, 0);
}
