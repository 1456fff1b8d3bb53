// SPDX-License-Identifier: Apache-2.0
// Choosing a plan; see plan.h.
#include "doc/plan.h"

#include "base/buffer.h"
#include "base/coding.h"
#include "base/memory.h"
#include "base/seeded_bug.h"
#include "base/status.h"
#include "doc/range_walk.h"
#include "format/internal_key.h"

// Entries that are counted of each candidate, round by round.
static const uint64_t rounds[] = {16, 128, 1024, 8192};
#define ROUND_COUNT (sizeof rounds / sizeof rounds[0])
// So many documents are sorted in memory rather than walked in the order of an index that does not
// hold what the filter asks for.
#define SORT_ENTRIES_MAX 1000
// From so many entries on it pays to read a second index, when that has at most twice as many.
#define INTERSECT_ENTRIES_MIN 64
#define INTERSECT_FACTOR 2

typedef struct candidates {
    fe_plan *plans;
    size_t count;
} candidates;

// ---- One index ------------------------------------------------------------------------------

// Whether a range may hold the key of a document that lacks the first path.
static ferric_status has_missing(const fe_index *index, const fe_index_ranges *ranges, bool *has)
{
    ferric_buffer missing = {0};
    ferric_slice key;
    ferric_status status = fe_index_value_append(
        fe_slice(NULL, 0), index->shape.parts[0].is_descending, &missing, NULL);

    key = fe_buffer_slice(&missing);
    *has = ranges->bound_count == 0;
    for (size_t i = 0; i < ranges->count && status == FERRIC_OK && !*has; i++) {
        const fe_range *range = &ranges->ranges[i];
        bool is_below =
            fe_slice_compare(range->lower, key) > 0 && !fe_slice_has_prefix(range->lower, key);
        bool is_above = range->upper.size > 0 && fe_slice_compare(range->upper, key) <= 0;
        *has = !is_below && !is_above;
    }
    fe_buffer_deinit(&missing);
    return status;
}

// Whether the index has every document that matches the whole filter, in the state that is read.
static ferric_status is_complete(const fe_plan_request *request, const fe_index *index,
                                 const fe_index_ranges *ranges, bool *complete)
{
    bool has = false;
    ferric_status status = FERRIC_OK;

    *complete = false;
    if (!fe_schema_serves(request->schema, index, request->state->at.sequence)) return FERRIC_OK;
    if (index->matcher != NULL && !fe_matcher_implies(request->matcher, index->matcher)) {
        return FERRIC_OK;
    }
    if (index->is_sparse) status = has_missing(index, ranges, &has);
    *complete = status == FERRIC_OK && !has;
    return status;
}

// Whether the index gives the order asked for, behind the parts that are held to one value. It has
// to end there, since equal documents follow by id: in the last direction, as they stand in the
// index when that is the direction of the walk.
static bool gives_order(const fe_index *index, const fe_index_ranges *ranges, const fe_sort *sort,
                        bool *is_reverse, bool *turns_ties)
{
    size_t first = ranges->equal_count;
    const fe_index_part *parts = index->shape.parts;

    if (sort->part_count == 0 || index->is_multi_key || index->has_cut) return false;
    if (index->shape.part_count - first != sort->part_count) return false;
    *is_reverse = parts[first].is_descending != sort->parts[0].is_descending;
    for (size_t i = 0; i < sort->part_count; i++) {
        const fe_index_part *part = &parts[first + i];
        if (!fe_path_equal(&part->path, &sort->parts[i].path)) return false;
        if ((part->is_descending != sort->parts[i].is_descending) != *is_reverse) return false;
    }
    *turns_ties = sort->parts[sort->part_count - 1].is_descending != *is_reverse &&
                  !FE_SEEDED_BUG(FE_BUG_TIES_NOT_TURNED);
    return true;
}

// Several ranges are one order only when they differ in nothing before the sorted parts.
static bool keeps_order(const fe_index_ranges *ranges)
{
    return ranges->count <= 1 || ranges->equal_count == 0;
}

static ferric_status plan_index(const fe_plan_request *request, const fe_condition *condition,
                                const fe_index *index, fe_arena *arena, fe_plan *plan, bool *serves)
{
    ferric_status status;

    *plan = (fe_plan){.kind = FE_PLAN_INDEX, .index = index};
    status =
        fe_condition_ranges(condition, &index->shape, index->is_multi_key, arena, &plan->ranges);
    if (status == FERRIC_OK) status = is_complete(request, index, &plan->ranges, serves);
    if (status != FERRIC_OK || !*serves) return status;
    plan->is_exact = plan->ranges.is_exact;
    plan->is_sorted =
        keeps_order(&plan->ranges) &&
        gives_order(index, &plan->ranges, request->sort, &plan->is_reverse, &plan->turns_ties);
    if (!plan->is_sorted) plan->is_reverse = plan->turns_ties = false;
    if (plan->ranges.count == 0) plan->kind = FE_PLAN_EMPTY;
    return FERRIC_OK;
}

// All indexes that the condition bounds, and those that give the order.
static ferric_status find_candidates(const fe_plan_request *request, const fe_condition *condition,
                                     fe_arena *arena, candidates *found)
{
    const fe_schema *schema = request->schema;
    ferric_status status = FERRIC_OK;

    *found = (candidates){0};
    // Room for a union too.
    found->plans = fe_arena_alloc(arena, (schema->index_count + 1) * sizeof *found->plans);
    if (found->plans == NULL) return fe_no_memory("plans", schema->index_count);
    for (size_t i = 0; i < schema->index_count && status == FERRIC_OK; i++) {
        fe_plan *plan = &found->plans[found->count];
        bool serves = false;
        status = plan_index(request, condition, &schema->indexes[i], arena, plan, &serves);
        if (serves && (plan->ranges.bound_count > 0 || plan->is_sorted)) found->count++;
    }
    return status;
}

// ---- The race -------------------------------------------------------------------------------

static ferric_status count_entries(const fe_state *state, fe_plan *plan, uint64_t entries_max)
{
    ferric_status status = FERRIC_OK;

    plan->entries = 0;
    plan->is_counted = true;
    if (plan->kind == FE_PLAN_UNION) {
        for (size_t i = 0; i < plan->input_count && status == FERRIC_OK; i++) {
            status = count_entries(state, &plan->inputs[i], entries_max);
            plan->entries += plan->inputs[i].entries;
            plan->is_counted = plan->is_counted && plan->inputs[i].is_counted;
        }
        return status;
    }
    if (plan->kind == FE_PLAN_ID || plan->kind == FE_PLAN_EMPTY) {
        plan->entries = plan->kind == FE_PLAN_ID;
        return FERRIC_OK;
    }
    return fe_ranges_count(state, plan->index->id, &plan->ranges, entries_max, &plan->entries,
                           &plan->is_counted);
}

// Without a winner: the one that is bound to the most values, then in the most parts.
static bool is_bound_more(const fe_plan *a, const fe_plan *b)
{
    if (a->ranges.equal_count != b->ranges.equal_count) {
        return a->ranges.equal_count > b->ranges.equal_count;
    }
    return a->ranges.bound_count > b->ranges.bound_count;
}

// Whether the plan finds what is asked for in its first entries, so that no more than the limit is
// read.
static bool ends_early(const fe_plan_request *request, const fe_plan *plan)
{
    return plan->kind == FE_PLAN_INDEX && plan->is_exact &&
           (request->sort->part_count == 0 || plan->is_sorted);
}

// Plans that the filter does not bound take no part.
static bool is_runner(const fe_plan *plan)
{
    return plan->kind != FE_PLAN_INDEX || plan->ranges.bound_count > 0;
}

// Whether it matters how many entries the only runner has: few are sorted in memory rather than
// walked in the order of another index.
static bool sorts_few(const fe_plan_request *request, const candidates *found, const fe_plan *only)
{
    if (request->sort->part_count == 0 || request->limit == UINT64_MAX) return false;
    return found->count > 1 && !only->is_sorted;
}

// One round. *is_over: one of them has arrived, which is in *best then.
static ferric_status run(const fe_plan_request *request, const candidates *found,
                         uint64_t entries_max, fe_plan **best, bool *is_over)
{
    ferric_status status = FERRIC_OK;

    for (size_t i = 0; i < found->count && status == FERRIC_OK; i++) {
        fe_plan *plan = &found->plans[i];
        bool is_limited = ends_early(request, plan) && request->limit <= entries_max;
        bool has_arrived;
        if (!is_runner(plan)) continue;
        if (!plan->is_counted) {
            status = count_entries(request->state, plan, is_limited ? request->limit : entries_max);
        }
        has_arrived = plan->is_counted || is_limited;
        if (!has_arrived || (*is_over && plan->entries >= (*best)->entries)) continue;
        *best = plan;
        *is_over = true;
    }
    return status;
}

// The plan that has to read the fewest entries.
static ferric_status race(const fe_plan_request *request, const candidates *found, fe_plan **best)
{
    size_t runners = 0;
    bool is_over = false;
    ferric_status status = FERRIC_OK;

    *best = NULL;
    for (size_t i = 0; i < found->count; i++) {
        fe_plan *plan = &found->plans[i];
        if (!is_runner(plan)) continue;
        runners++;
        if (*best == NULL || is_bound_more(plan, *best)) *best = plan;
    }
    if (runners == 0 || (runners == 1 && !sorts_few(request, found, *best))) return FERRIC_OK;
    for (size_t i = 0; i < ROUND_COUNT && status == FERRIC_OK && !is_over; i++)
        status = run(request, found, rounds[i], best, &is_over);
    return status;
}

// ---- Several indexes ------------------------------------------------------------------------

// A branch finds all that it can: neither sort nor limit are about it alone.
static ferric_status plan_branch(const fe_plan_request *request, const fe_condition *branch,
                                 fe_arena *arena, fe_plan *plan, bool *serves)
{
    static const fe_sort no_sort;
    fe_plan_request whole = *request;
    candidates found;
    fe_plan *best;
    ferric_slice id = fe_condition_id(branch);
    ferric_status status;

    *serves = true;
    if (id.size > 0) {
        *plan = (fe_plan){.kind = FE_PLAN_ID, .id = id};
        return FERRIC_OK;
    }
    whole.sort = &no_sort;
    whole.limit = UINT64_MAX;
    status = find_candidates(&whole, branch, arena, &found);
    if (status == FERRIC_OK) status = race(&whole, &found, &best);
    if (status != FERRIC_OK) return status;
    *serves = best != NULL;
    if (*serves) *plan = *best;
    return FERRIC_OK;
}

// A union over the branches of the "$or" number `which`, when each branch has an index.
static ferric_status plan_union(const fe_plan_request *request, const fe_condition *condition,
                                size_t which, fe_arena *arena, fe_plan *plan, bool *serves)
{
    const fe_condition *branch = NULL;
    size_t count = fe_condition_or_branches(condition, which, 0, &branch);
    ferric_status status = FERRIC_OK;

    *plan = (fe_plan){.kind = FE_PLAN_UNION, .is_exact = fe_condition_is_or(condition)};
    plan->inputs = fe_arena_alloc(arena, count * sizeof *plan->inputs);
    if (plan->inputs == NULL) return fe_no_memory("plans", count);
    *serves = true;
    for (size_t i = 0; i < count && *serves && status == FERRIC_OK; i++) {
        (void)fe_condition_or_branches(condition, which, i, &branch);
        plan->inputs[i] = (fe_plan){0};
        status = plan_branch(request, branch, arena, &plan->inputs[i], serves);
        plan->is_exact = plan->is_exact && plan->inputs[i].is_exact;
        plan->input_count++;
    }
    return status;
}

// Adds a union of the first "$or" that has one.
static ferric_status add_union(const fe_plan_request *request, const fe_condition *condition,
                               fe_arena *arena, candidates *found)
{
    size_t or_count = fe_condition_or_count(condition);
    ferric_status status = FERRIC_OK;

    for (size_t which = 0; which < or_count && status == FERRIC_OK; which++) {
        bool serves = false;
        status = plan_union(request, condition, which, arena, &found->plans[found->count], &serves);
        if (!serves || status != FERRIC_OK) continue;
        found->count++;
        return FERRIC_OK;
    }
    return status;
}

// A second index that takes enough away from the best one.
static ferric_status intersect(const fe_plan_request *request, const candidates *found,
                               fe_arena *arena, const fe_plan *best, fe_plan *plan)
{
    uint64_t entries_max = best->entries * INTERSECT_FACTOR;
    ferric_status status = FERRIC_OK;

    *plan = *best;
    if (best->kind != FE_PLAN_INDEX || !best->is_counted || best->is_exact) return FERRIC_OK;
    if (best->entries < INTERSECT_ENTRIES_MIN || best->entries > request->limit) return FERRIC_OK;
    for (size_t i = 0; i < found->count && status == FERRIC_OK; i++) {
        fe_plan *other = &found->plans[i];
        if (other == best || other->kind != FE_PLAN_INDEX || other->ranges.bound_count == 0) {
            continue;
        }
        status = count_entries(request->state, other, entries_max);
        if (status != FERRIC_OK || !other->is_counted) continue;
        *plan = (fe_plan){.kind = FE_PLAN_INTERSECT, .input_count = 2};
        plan->inputs = fe_arena_alloc(arena, 2 * sizeof *plan->inputs);
        if (plan->inputs == NULL) return fe_no_memory("plans", 2);
        plan->inputs[0] = *best;
        plan->inputs[1] = *other;
        return FERRIC_OK;
    }
    return status;
}

// ---- The choice -----------------------------------------------------------------------------

static bool sorts_by_id(const fe_sort *sort)
{
    return sort->part_count == 1 && sort->parts[0].path.is_id &&
           sort->parts[0].path.step_count == 1;
}

static void plan_scan(const fe_plan_request *request, fe_plan *plan)
{
    *plan = (fe_plan){.kind = FE_PLAN_SCAN, .is_exact = fe_matcher_is_empty(request->matcher)};
    plan->is_sorted = sorts_by_id(request->sort);
    plan->is_reverse = plan->is_sorted && request->sort->parts[0].is_descending;
}

// An index in the order asked for, when sorting what `best` finds would take much memory.
static const fe_plan *prefer_order(const fe_plan_request *request, const candidates *found,
                                   const fe_plan *best)
{
    const fe_plan *sorted = NULL;

    if (request->sort->part_count == 0 || (best != NULL && best->is_sorted)) return best;
    if (best != NULL && best->is_counted && best->entries <= SORT_ENTRIES_MAX) return best;
    for (size_t i = 0; i < found->count; i++) {
        if (found->plans[i].is_sorted &&
            (sorted == NULL || is_bound_more(&found->plans[i], sorted))) {
            sorted = &found->plans[i];
        }
    }
    // Only a limit makes a walk over everything end early.
    if (best != NULL && (sorted == NULL || request->limit == UINT64_MAX)) return best;
    return sorted;
}

static ferric_status follow_hint(const fe_plan_request *request, const fe_condition *condition,
                                 fe_arena *arena, fe_plan *plan)
{
    const fe_index *index = fe_schema_find(request->schema, request->hint);
    bool serves = false;
    ferric_status status = FERRIC_OK;

    if (fe_slice_equal(request->hint, fe_slice_text(FE_PLAN_HINT_SCAN))) {
        plan_scan(request, plan);
        return FERRIC_OK;
    }
    if (index != NULL) status = plan_index(request, condition, index, arena, plan, &serves);
    if (status != FERRIC_OK || serves) return status;
    return fe_fail(FERRIC_INVALID_ARGUMENT, "hint \"%.*s\": %s", (int)request->hint.size,
                   (const char *)request->hint.data,
                   index == NULL ? "there is no such index"
                                 : "the index is not complete in this state, or lacks documents "
                                   "that the filter may match");
}

ferric_status fe_plan_make(const fe_plan_request *request, fe_arena *arena, fe_plan *plan)
{
    const fe_condition *condition = fe_matcher_condition(request->matcher);
    candidates found;
    fe_plan *best = NULL;
    const fe_plan *chosen;
    ferric_slice id = fe_condition_id(condition);
    ferric_status status;

    if (request->hint.size > 0) return follow_hint(request, condition, arena, plan);
    if (id.size > 0) {
        *plan = (fe_plan){.kind = FE_PLAN_ID, .id = id, .is_sorted = true};
        return FERRIC_OK;
    }
    status = find_candidates(request, condition, arena, &found);
    if (status == FERRIC_OK && found.count < request->schema->index_count + 1) {
        status = add_union(request, condition, arena, &found);
    }
    if (status == FERRIC_OK) status = race(request, &found, &best);
    if (status != FERRIC_OK) return status;
    chosen = prefer_order(request, &found, best);
    if (chosen == NULL) {
        plan_scan(request, plan);
        return FERRIC_OK;
    }
    if (chosen == best && !best->is_sorted) return intersect(request, &found, arena, best, plan);
    *plan = *chosen;
    return FERRIC_OK;
}
