// SPDX-License-Identifier: Apache-2.0
// Plans as trees; see plan_tree.h. Members that this file does not know are shown under their
// names, so it need not know all that a plan may have.
#include "cli/plan_tree.h"

#include <string.h>

#include "base/buffer.h"
#include "base/json_text.h"
#include "cli/figures.h"
#include "cli/output.h"

// The value of a member; empty when there is none.
static ferric_slice member(ferric_slice object, const char *wanted)
{
    fe_json_walk walk = fe_json_walk_into(object);
    ferric_slice name;
    ferric_slice value;

    while (fe_json_kind(object) == '{' && fe_json_next_member(&walk, &name, &value)) {
        if (fe_json_string_is(name, fe_slice_text(wanted))) return value;
    }
    return fe_slice(NULL, 0);
}

static uint64_t number(ferric_slice object, const char *name)
{
    ferric_slice value = member(object, name);
    uint64_t result = 0;
    for (size_t i = 0; i < value.size; i++)
        result = result * 10 + (uint64_t)(fe_slice_bytes(value)[i] - '0');
    return result;
}

static bool is_true(ferric_slice value)
{
    return fe_slice_equal(value, fe_slice_text("true"));
}

// A string without its quotes, anything else as it is.
static ferric_status print_text(ferric_slice value)
{
    ferric_buffer text = {0};
    ferric_status status;

    if (fe_json_kind(value) != '"') {
        cli_write_data(value);
        return FERRIC_OK;
    }
    status = fe_json_unquote(value, &text);
    if (status == FERRIC_OK) cli_write_data(fe_buffer_slice(&text));
    fe_buffer_deinit(&text);
    return status;
}

// What a plan of this kind does, without its index.
static const char *deed_of(ferric_slice kind)
{
    static const struct {
        const char *kind;
        const char *deed;
    } deeds[] = {
        {"empty", "nothing can match"}, {"id", "the document"},
        {"scan", "every document"},     {"index", "index"},
        {"union", "union, each once"},  {"intersection", "intersection"},
    };
    for (size_t i = 0; i < sizeof deeds / sizeof *deeds; i++) {
        if (fe_json_string_is(kind, fe_slice_text(deeds[i].kind))) return deeds[i].deed;
    }
    return NULL;
}

// Members that are told by what they mean, or elsewhere.
static bool is_told(ferric_slice name)
{
    static const char *const told[] = {"kind", "index", "_id", "inputs"};
    for (size_t i = 0; i < sizeof told / sizeof *told; i++) {
        if (fe_json_string_is(name, fe_slice_text(told[i]))) return true;
    }
    return false;
}

// One line: what is done, and the plan's other members as "ranges 2" or, when true, "sorted".
static ferric_status print_node(ferric_slice plan)
{
    fe_json_walk walk = fe_json_walk_into(plan);
    ferric_slice kind = member(plan, "kind");
    const char *deed = deed_of(kind);
    const char *separator = ": ";
    ferric_slice name;
    ferric_slice value = member(plan, "index");
    ferric_status status = FERRIC_OK;

    cli_color_set(CLI_BOLD);
    if (deed != NULL) {
        cli_print("%s", deed);
    } else {
        status = print_text(kind);
    }
    if (value.size == 0) value = member(plan, "_id");
    if (value.size > 0) cli_print(" ");
    if (status == FERRIC_OK && value.size > 0) status = print_text(value);
    cli_color_set(CLI_PLAIN);
    while (status == FERRIC_OK && fe_json_next_member(&walk, &name, &value)) {
        if (is_told(name) || fe_slice_equal(value, fe_slice_text("false"))) continue;
        cli_print("%s", separator);
        separator = ", ";
        status = print_text(name);
        if (is_true(value) || status != FERRIC_OK) continue;
        cli_print(" ");
        status = print_text(value);
    }
    cli_print("\n");
    return status;
}

// `lead` is what stands before the lines of the plan's inputs, and is as it was afterwards.
static ferric_status print_plan(ferric_slice plan, ferric_buffer *lead)
{
    ferric_slice inputs = member(plan, "inputs");
    fe_json_walk walk = fe_json_walk_into(inputs);
    ferric_slice input;
    size_t lead_size = lead->size;
    ferric_status status = print_node(plan);

    while (status == FERRIC_OK && inputs.size > 0 && fe_json_next_element(&walk, &input)) {
        bool is_last = walk.at >= walk.end;
        cli_write(fe_buffer_slice(lead));
        cli_print("%s", is_last ? "└─ " : "├─ ");
        status = fe_buffer_format(lead, "%s", is_last ? "   " : "│  ");
        if (status == FERRIC_OK) status = print_plan(input, lead);
        lead->size = lead_size;
    }
    return status;
}

ferric_status cli_plan_print(ferric_slice explain)
{
    ferric_buffer lead = {0};
    ferric_slice missing = member(explain, "missing_index");
    ferric_slice meant = cli_plan_meant(explain);
    ferric_slice sort = member(explain, "sort");
    ferric_status status = print_plan(member(explain, "plan"), &lead);

    fe_buffer_deinit(&lead);
    if (status != FERRIC_OK) return status;
    if (sort.size > 0) {
        cli_print("sorted:   in ");
        status = print_text(sort);
        cli_print("\n");
    }
    cli_print("examined: documents %s, index entries %s\n",
              cli_count_text(number(explain, "documents_examined")).text,
              cli_count_text(number(explain, "entries_examined")).text);
    cli_print("returned: %s in %s\n", cli_count_text(number(explain, "returned")).text,
              cli_duration_text(number(explain, "time_us") * 1000).text);
    if (missing.size > 0) {
        cli_print("missing:  an index on %.*s\n", (int)missing.size, (const char *)missing.data);
    }
    if (meant.size > 0) {
        cli_print("meant:    operators begin with $, as in %.*s\n", (int)meant.size,
                  (const char *)meant.data);
    }
    return status;
}

bool cli_plan_is_scan(ferric_slice explain)
{
    ferric_slice kind = member(member(explain, "plan"), "kind");
    return kind.size > 0 && fe_json_string_is(kind, fe_slice_text("scan"));
}

ferric_slice cli_plan_meant(ferric_slice explain)
{
    return member(explain, "meant");
}
