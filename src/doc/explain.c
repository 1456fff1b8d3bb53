// SPDX-License-Identifier: Apache-2.0
// Plans as JSON; see explain.h.
#include "doc/explain.h"

#include <inttypes.h>

#include "base/buffer.h"
#include "base/json_text.h"
#include "doc/json.h"

static const char *const kinds[] = {
    [FE_PLAN_EMPTY] = "empty", [FE_PLAN_ID] = "id",       [FE_PLAN_SCAN] = "scan",
    [FE_PLAN_INDEX] = "index", [FE_PLAN_UNION] = "union", [FE_PLAN_INTERSECT] = "intersection",
};

// Paths of a missing index that are named at most.
#define ADVISED_MAX 3

static ferric_status append(ferric_buffer *json, const char *text)
{
    return fe_buffer_append(json, text, strlen(text));
}

// ---- Plans ----------------------------------------------------------------------------------

static ferric_status append_ranges(const fe_plan *plan, ferric_buffer *json)
{
    ferric_status status = append(json, ",\"index\":");

    if (status == FERRIC_OK) status = fe_json_quote(fe_slice_text(plan->index->name), json);
    if (status == FERRIC_OK) {
        status = fe_buffer_format(json, ",\"ranges\":%zu,\"bound\":%zu,\"equal\":%zu",
                                  plan->ranges.count, plan->ranges.bound_count,
                                  plan->ranges.equal_count);
    }
    if (status == FERRIC_OK && plan->is_counted) {
        status = fe_buffer_format(json, ",\"counted\":%" PRIu64, plan->entries);
    }
    return status;
}

// One plan without its inputs, and without what closes it.
static ferric_status append_node(const fe_plan *plan, ferric_buffer *json)
{
    ferric_status status = append(json, "{\"kind\":\"");

    if (status == FERRIC_OK) status = append(json, kinds[plan->kind]);
    if (status == FERRIC_OK) status = append(json, "\"");
    if (status == FERRIC_OK && plan->kind == FE_PLAN_INDEX) status = append_ranges(plan, json);
    if (status == FERRIC_OK && plan->kind == FE_PLAN_ID) {
        status = append(json, ",\"_id\":");
        if (status == FERRIC_OK) status = fe_buffer_append(json, plan->id.data, plan->id.size);
    }
    if (status == FERRIC_OK && plan->is_reverse) status = append(json, ",\"reverse\":true");
    if (status == FERRIC_OK && plan->is_sorted) status = append(json, ",\"sorted\":true");
    if (status == FERRIC_OK && plan->is_exact) status = append(json, ",\"exact\":true");
    if (status == FERRIC_OK && plan->is_covered) status = append(json, ",\"covered\":true");
    return status;
}

static ferric_status append_plan(const fe_plan *plan, ferric_buffer *json)
{
    ferric_status status = append_node(plan, json);

    for (size_t i = 0; i < plan->input_count && status == FERRIC_OK; i++) {
        status = append(json, i == 0 ? ",\"inputs\":[" : ",");
        if (status == FERRIC_OK)
            status = append_node(&plan->inputs[i], json); // Two levels at most.
        if (status == FERRIC_OK) status = append(json, "}");
    }
    if (status == FERRIC_OK && plan->input_count > 0) status = append(json, "]");
    return status == FERRIC_OK ? append(json, "}") : status;
}

// ---- Advice ---------------------------------------------------------------------------------

// The paths at the top of a filter as the keys of an index, behind `before`.
static ferric_status append_keys(ferric_slice filter, const char *before, ferric_buffer *json)
{
    fe_json_walk walk = fe_json_walk_into(filter);
    ferric_slice name;
    ferric_slice value;
    size_t count = 0;
    ferric_status status = FERRIC_OK;

    while (status == FERRIC_OK && count < ADVISED_MAX &&
           fe_json_next_member(&walk, &name, &value)) {
        if (name.size > 2 && fe_slice_bytes(name)[1] == '$') continue;
        status = append(json, count == 0 ? before : ",");
        if (status == FERRIC_OK && count == 0) status = append(json, "{");
        count++;
        if (status == FERRIC_OK) status = fe_buffer_append(json, name.data, name.size);
        if (status == FERRIC_OK) status = append(json, ":1");
    }
    return status == FERRIC_OK && count > 0 ? append(json, "}") : status;
}

// A scan that gave less than it read.
static bool misses_index(const fe_query *query)
{
    const fe_query_counts *done = fe_query_done(query);
    return fe_query_plan(query)->kind == FE_PLAN_SCAN && done->returned < done->documents;
}

static ferric_status append_advice(const fe_query *query, ferric_slice filter, const char *before,
                                   ferric_buffer *json)
{
    ferric_buffer minified = {0};
    ferric_status status;

    if (!misses_index(query) || filter.size == 0) return FERRIC_OK;
    status = fe_json_minify(filter, &minified, NULL);
    if (status == FERRIC_OK) status = append_keys(fe_buffer_slice(&minified), before, json);
    fe_buffer_deinit(&minified);
    return status;
}

// ---- What was meant -------------------------------------------------------------------------

// An object whose members all have operators' names without '$': the filter asks for a value that
// equals it.
static bool lacks_dollars(ferric_slice value)
{
    fe_json_walk walk = fe_json_walk_into(value);
    ferric_slice name;
    ferric_slice operand;

    if (fe_json_kind(value) != '{' || value.size == 2) return false;
    while (fe_json_next_member(&walk, &name, &operand)) {
        if (!fe_matcher_names_operator(name)) return false;
    }
    return true;
}

static ferric_status append_with_dollars(ferric_slice path, ferric_slice value, ferric_buffer *json)
{
    fe_json_walk walk = fe_json_walk_into(value);
    const char *before = ":{\"$";
    ferric_slice name;
    ferric_slice operand;
    ferric_status status = append(json, ",\"meant\":{");

    if (status == FERRIC_OK) status = fe_buffer_append(json, path.data, path.size);
    while (status == FERRIC_OK && fe_json_next_member(&walk, &name, &operand)) {
        ferric_slice rest = fe_slice_from(name, 1);
        status = append(json, before);
        before = ",\"$";
        if (status == FERRIC_OK) status = fe_buffer_append(json, rest.data, rest.size);
        if (status == FERRIC_OK) status = append(json, ":");
        if (status == FERRIC_OK) status = fe_buffer_append(json, operand.data, operand.size);
    }
    return status == FERRIC_OK ? append(json, "}}") : status;
}

// Of a query that gave nothing: the first predicate that was probably meant otherwise, as
// {"age":{"$gt":18}} for {"age":{"gt":18}}.
static ferric_status append_meant(const fe_query *query, ferric_slice filter, ferric_buffer *json)
{
    ferric_buffer minified = {0};
    fe_json_walk walk;
    ferric_slice path;
    ferric_slice value;
    ferric_status status;

    if (fe_query_done(query)->returned > 0 || filter.size == 0) return FERRIC_OK;
    status = fe_json_minify(filter, &minified, NULL);
    if (status == FERRIC_OK) {
        walk = fe_json_walk_into(fe_buffer_slice(&minified));
        while (fe_json_next_member(&walk, &path, &value)) {
            if (!lacks_dollars(value)) continue;
            status = append_with_dollars(path, value, json);
            break;
        }
    }
    fe_buffer_deinit(&minified);
    return status;
}

ferric_status fe_explain(const fe_query *query, ferric_slice filter, uint64_t elapsed_ns,
                         ferric_buffer *json)
{
    const fe_query_counts *done = fe_query_done(query);
    ferric_status status = append(json, "{\"plan\":");

    if (status == FERRIC_OK) status = append_plan(fe_query_plan(query), json);
    if (status == FERRIC_OK && fe_query_sorts(query)) status = append(json, ",\"sort\":\"memory\"");
    if (status == FERRIC_OK) {
        status =
            fe_buffer_format(json,
                             ",\"entries_examined\":%" PRIu64 ",\"documents_examined\":%" PRIu64
                             ",\"returned\":%" PRIu64 ",\"time_us\":%" PRIu64,
                             done->entries, done->documents, done->returned, elapsed_ns / 1000);
    }
    if (status == FERRIC_OK) status = append_advice(query, filter, ",\"missing_index\":", json);
    if (status == FERRIC_OK) status = append_meant(query, filter, json);
    return status == FERRIC_OK ? append(json, "}") : status;
}

ferric_status fe_explain_line(const fe_query *query, ferric_slice filter, ferric_buffer *text)
{
    const fe_plan *plan = fe_query_plan(query);
    const fe_query_counts *done = fe_query_done(query);
    ferric_status status = append(text, kinds[plan->kind]);

    if (status == FERRIC_OK && plan->kind == FE_PLAN_INDEX) {
        status = fe_buffer_format(text, " \"%s\"", plan->index->name);
    }
    if (status == FERRIC_OK && fe_query_sorts(query)) status = append(text, ", sorted in memory");
    if (status == FERRIC_OK) {
        status = fe_buffer_format(text,
                                  ", %" PRIu64 " index entries and %" PRIu64
                                  " documents examined, %" PRIu64 " returned",
                                  done->entries, done->documents, done->returned);
    }
    return status == FERRIC_OK ? append_advice(query, filter, ", missing index ", text) : status;
}
