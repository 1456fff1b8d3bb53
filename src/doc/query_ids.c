// SPDX-License-Identifier: Apache-2.0
// The ids that a plan finds, each once; see query_inside.h.
#include "base/buffer.h"
#include "base/json_text.h"
#include "base/seeded_bug.h"
#include "doc/index_entry.h"
#include "doc/query_inside.h"

static fe_range whole_range; // Both ends open. Never written.
const fe_index_ranges fe_query_whole = {.ranges = &whole_range, .count = 1};

void fe_query_begin_source(fe_query *query, const fe_plan *plan)
{
    fe_query_source *from = &query->source;

    *from = (fe_query_source){.plan = plan};
    if (plan->kind == FE_PLAN_SCAN) {
        fe_range_walk_init(&from->walk, &query->state, query->collection->id, &fe_query_whole,
                           plan->is_reverse);
    } else if (plan->kind == FE_PLAN_INDEX) {
        fe_range_walk_init(&from->walk, &query->state, plan->index->id, &plan->ranges,
                           plan->is_reverse);
        if (plan->turns_ties) fe_tie_walk_init(&from->ties, &from->walk, &query->arena);
    }
}

void fe_query_end_source(fe_query *query)
{
    fe_query_source *from = &query->source;

    if (from->plan == NULL) return;
    if (from->plan->turns_ties) fe_tie_walk_deinit(&from->ties);
    fe_range_walk_deinit(&from->walk);
    *from = (fe_query_source){0};
}

static ferric_status append_text(ferric_buffer *text, const char *characters)
{
    return fe_buffer_append(text, characters, strlen(characters));
}

// Appends a member that a component stands for; nothing when it is missing, or of another kind.
static ferric_status append_member(fe_query *query, const fe_index_part *part, fe_decoder *key)
{
    ferric_buffer *text = &query->text;
    bool is_first = text->size == 1;
    size_t before = text->size;
    fe_value_type type;
    bool is_inexact;
    ferric_status status;

    if (part->path.step_count > 1 || part->path.is_id) {
        return fe_index_value_skip(key, part->is_descending);
    }
    status = is_first ? FERRIC_OK : append_text(text, ",");
    if (status == FERRIC_OK) status = fe_json_quote(part->path.steps[0].name, text);
    if (status == FERRIC_OK) status = append_text(text, ":");
    if (status == FERRIC_OK) {
        status = fe_index_value_decode(key, part->is_descending, text, &type, &is_inexact);
    }
    if (status == FERRIC_OK && type == FE_VALUE_MISSING) text->size = before;
    return status;
}

// Makes the text of a document from its entry, with what the projection may show of it.
static ferric_status answer(fe_query *query, const fe_entry *entry)
{
    const fe_index_shape *shape = &query->plan.index->shape;
    fe_decoder key = fe_decoder_of(fe_user_key(entry));
    ferric_status status;

    query->is_answered = !query->shows_members || fe_index_entry_is_verbatim(entry->value) ||
                         FE_SEEDED_BUG(FE_BUG_COVERED_REWRITTEN);
    if (!query->is_answered) return FERRIC_OK;
    fe_buffer_clear(&query->text);
    status = append_text(&query->text, "{");
    for (size_t i = 0; query->shows_members && i < shape->part_count && status == FERRIC_OK; i++)
        status = append_member(query, &shape->parts[i], &key);
    return status == FERRIC_OK ? append_text(&query->text, "}") : status;
}

// The next document that the entries of an index name. *found is false at the end.
static ferric_status next_of_index(fe_query *query, fe_query_source *from, bool *found)
{
    ferric_status status;
    const fe_entry *entry = from->plan->turns_ties ? fe_tie_walk_next(&from->ties, &status)
                                                   : fe_range_walk_next(&from->walk, &status);

    *found = entry != NULL;
    if (entry == NULL) return status;
    query->counts.entries++;
    status = fe_index_entry_id(fe_user_key(entry), entry->value, &query->id, NULL);
    return status == FERRIC_OK && query->plan.is_covered ? answer(query, entry) : status;
}

static ferric_status next_of_id(fe_query *query, fe_query_source *from, bool *found)
{
    *found = !from->is_given;
    from->is_given = true;
    return *found ? fe_json_unquote_kept(from->plan->id, &query->arena, &query->id) : FERRIC_OK;
}

static ferric_status next_of_simple(fe_query *query, fe_query_source *from, bool *found)
{
    *found = false;
    switch (from->plan->kind) {
    case FE_PLAN_INDEX:
        return next_of_index(query, from, found);
    case FE_PLAN_ID:
        return next_of_id(query, from, found);
    default:
        return FERRIC_OK;
    }
}

// Whether a document was found before by this query. Only plans that might do so ask.
static ferric_status is_new(fe_query *query, bool *new_one)
{
    return fe_id_set_add(&query->seen, query->id, new_one);
}

static ferric_status next_of_union(fe_query *query, bool *found)
{
    const fe_plan *plan = &query->plan;
    ferric_status status = FERRIC_OK;

    *found = false;
    while (status == FERRIC_OK && query->input < plan->input_count) {
        const fe_plan *input = &plan->inputs[query->input];
        if (query->source.plan == NULL) fe_query_begin_source(query, input);
        status = next_of_simple(query, &query->source, found);
        if (status != FERRIC_OK) break;
        if (*found) {
            bool new_one = FE_SEEDED_BUG(FE_BUG_UNION_DUPLICATES);
            if (!new_one) status = is_new(query, &new_one);
            if (new_one || status != FERRIC_OK) return status;
            continue;
        }
        fe_query_end_source(query);
        query->input++;
    }
    return status;
}

// Takes the ids of the first input, then gives those of the second that are among them.
static ferric_status next_of_intersection(fe_query *query, bool *found)
{
    const fe_plan *plan = &query->plan;
    bool new_one;
    ferric_status status = FERRIC_OK;

    *found = true;
    if (query->input == 0) {
        fe_query_begin_source(query, &plan->inputs[0]);
        while (status == FERRIC_OK && *found) {
            status = next_of_simple(query, &query->source, found);
            if (status == FERRIC_OK && *found) {
                status = fe_id_set_add(&query->wanted, query->id, &new_one);
            }
        }
        fe_query_end_source(query);
        fe_query_begin_source(query, &plan->inputs[1]);
        query->input = 1;
    }
    for (;;) {
        if (status == FERRIC_OK) status = next_of_simple(query, &query->source, found);
        if (status != FERRIC_OK || !*found) return status;
        if (!fe_id_set_has(&query->wanted, query->id)) continue;
        status = is_new(query, &new_one);
        if (status != FERRIC_OK || new_one) return status;
    }
}

ferric_status fe_query_next_id(fe_query *query, bool *found)
{
    bool new_one = true;
    ferric_status status;

    if (query->plan.kind == FE_PLAN_UNION) return next_of_union(query, found);
    if (query->plan.kind == FE_PLAN_INTERSECT) return next_of_intersection(query, found);
    if (query->source.plan == NULL) fe_query_begin_source(query, &query->plan);
    do {
        status = next_of_simple(query, &query->source, found);
        if (status == FERRIC_OK && *found && query->plan.kind == FE_PLAN_INDEX &&
            query->plan.index->is_multi_key && !FE_SEEDED_BUG(FE_BUG_MULTI_KEY_DUPLICATES)) {
            status = is_new(query, &new_one);
        }
    } while (status == FERRIC_OK && *found && !new_one);
    return status;
}
