// SPDX-License-Identifier: Apache-2.0
// ferric group: counts and sums of the documents that have something in common.
#include <string.h>

#include "base/buffer.h"
#include "base/json_text.h"
#include "base/slice.h"
#include "cli/commands.h"
#include "cli/find_options.h"
#include "cli/output.h"

// Appends "$path" as a literal.
static ferric_status append_path(ferric_slice path, ferric_buffer *json)
{
    ferric_buffer dollar = {0};
    ferric_status status = fe_buffer_append(&dollar, "$", 1);

    if (status == FERRIC_OK) status = fe_buffer_append(&dollar, path.data, path.size);
    if (status == FERRIC_OK) status = fe_json_quote(fe_buffer_slice(&dollar), json);
    fe_buffer_deinit(&dollar);
    return status;
}

// Cuts the first of "a,b" off.
static ferric_slice next_field(const char **list)
{
    size_t size = strcspn(*list, ",");
    ferric_slice field = fe_slice(*list, size);

    *list += size + ((*list)[size] == ',');
    return field;
}

// What the groups have in common: a path, or an object with a member for each.
static ferric_status append_id(const char *fields, ferric_buffer *json)
{
    bool is_object = strchr(fields, ',') != NULL;
    ferric_status status = FERRIC_OK;

    if (strcmp(fields, "-") == 0) return fe_buffer_append(json, "null", 4);
    if (!is_object) return append_path(fe_slice_text(fields), json);
    for (bool is_first = true; status == FERRIC_OK && *fields != 0; is_first = false) {
        ferric_slice field = next_field(&fields);
        status = fe_buffer_append(json, is_first ? "{" : ",", 1);
        if (status == FERRIC_OK) status = fe_json_quote(field, json);
        if (status == FERRIC_OK) status = fe_buffer_append(json, ":", 1);
        if (status == FERRIC_OK) status = append_path(field, json);
    }
    return status == FERRIC_OK ? fe_buffer_append(json, "}", 1) : status;
}

// Appends ,"sum_FIELD":{"$sum":"$FIELD"} for each field of `list`.
static ferric_status append_accumulators(const char *name, const char *list, ferric_buffer *json)
{
    ferric_buffer shown = {0};
    ferric_status status = FERRIC_OK;

    while (status == FERRIC_OK && *list != 0) {
        ferric_slice field = next_field(&list);
        fe_buffer_clear(&shown);
        status = fe_buffer_format(&shown, "%s_", name);
        if (status == FERRIC_OK) status = fe_buffer_append(&shown, field.data, field.size);
        if (status == FERRIC_OK) status = fe_buffer_append(json, ",", 1);
        if (status == FERRIC_OK) status = fe_json_quote(fe_buffer_slice(&shown), json);
        if (status == FERRIC_OK) status = fe_buffer_format(json, ":{\"$%s\":", name);
        if (status == FERRIC_OK) status = append_path(field, json);
        if (status == FERRIC_OK) status = fe_buffer_append(json, "}", 1);
    }
    fe_buffer_deinit(&shown);
    return status;
}

static const cli_option accumulators[] = {OPTION_SUM, OPTION_AVG, OPTION_MIN, OPTION_MAX};
#define ACCUMULATOR_COUNT (sizeof accumulators / sizeof *accumulators)

static ferric_status make_group(const cli_arguments *arguments, ferric_buffer *json)
{
    ferric_status status = fe_buffer_append(json, "{\"_id\":", 7);

    if (status == FERRIC_OK) status = append_id(arguments->words[0], json);
    if (status == FERRIC_OK) status = fe_buffer_format(json, ",\"count\":{\"$count\":{}}");
    for (size_t i = 0; i < ACCUMULATOR_COUNT && status == FERRIC_OK; i++) {
        const char *list = arguments->values[accumulators[i]];
        if (list == NULL) continue;
        status = append_accumulators(cli_options[accumulators[i]].name, list, json);
    }
    return status == FERRIC_OK ? fe_buffer_append(json, "}", 1) : status;
}

// A field is missing in "a,,b" and in "".
static int check_fields(const char *list, const char *what)
{
    size_t size = strlen(list);

    if (size > 0 && list[0] != ',' && list[size - 1] != ',' && strstr(list, ",,") == NULL) {
        return CLI_DONE;
    }
    return cli_fail(CLI_USAGE, "%s takes fields parted by commas, as age or age,size; not \"%s\"",
                    what, list);
}

static int check_lists(const cli_arguments *arguments)
{
    int code = check_fields(arguments->words[0], "group");

    for (size_t i = 0; i < ACCUMULATOR_COUNT && code == CLI_DONE; i++) {
        const char *list = arguments->values[accumulators[i]];
        if (list != NULL) code = check_fields(list, cli_options[accumulators[i]].name);
    }
    return code;
}

// The first word: a group in JSON, or fields, to which the options belong.
static int read_group(const cli_arguments *arguments, ferric_buffer *json)
{
    const char *word = arguments->words[0];
    ferric_status status;

    if (*word != '{') {
        int code = check_lists(arguments);
        if (code != CLI_DONE) return code;
        status = make_group(arguments, json);
        return status == FERRIC_OK ? CLI_DONE : cli_fail_status(status, "group");
    }
    for (size_t i = 0; i < ACCUMULATOR_COUNT; i++) {
        if (!cli_has(arguments, accumulators[i])) continue;
        return cli_fail(CLI_USAGE, "--%s stands beside FIELDS; a group in JSON says all itself",
                        cli_options[accumulators[i]].name);
    }
    status = fe_buffer_append(json, word, strlen(word));
    return status == FERRIC_OK ? cli_find_check(word, "group") : cli_fail_status(status, "group");
}

static ferric_status print_groups(const cli_find *find, const cli_session *session,
                                  ferric_slice group)
{
    ferric_buffer json = {0};
    ferric_status status = ferric_find_group(session->db, session->keyspace, group,
                                             fe_buffer_slice(&find->filter), &find->options, &json);

    if (status == FERRIC_OK) status = cli_rows_print(find->form, fe_buffer_slice(&json));
    ferric_buffer_free(&json);
    return status;
}

int cli_group_in(const cli_arguments *arguments, cli_session *session)
{
    ferric_buffer group = {0};
    cli_find find;
    int code = read_group(arguments, &group);

    if (code == CLI_DONE) code = cli_find_read(arguments, 1, &find);
    if (code == CLI_DONE) {
        ferric_status status;
        find.options.snapshot = session->snapshot;
        status = print_groups(&find, session, fe_buffer_slice(&group));
        if (status != FERRIC_OK) code = cli_fail_status(status, session->name);
        cli_find_deinit(&find);
    }
    fe_buffer_deinit(&group);
    return code;
}

int cli_group_run(const cli_arguments *arguments)
{
    return cli_session_run(arguments, CLI_READ, cli_group_in);
}
