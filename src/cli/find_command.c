// SPDX-License-Identifier: Apache-2.0
// ferric find, distinct, explain and count: queries, and what was done for them.
#include "base/buffer.h"
#include "base/json_text.h"
#include "cli/commands.h"
#include "cli/find_options.h"
#include "cli/output.h"
#include "cli/plan_tree.h"

static ferric_status print_all(ferric_cursor *cursor, cli_rows *rows, bool *found_some)
{
    ferric_status status = FERRIC_OK;

    *found_some = false;
    while (status == FERRIC_OK && cli_output_ok() && !cli_interrupted() &&
           ferric_cursor_next(cursor)) {
        *found_some = true;
        status = cli_rows_add(rows, ferric_cursor_document(cursor));
    }
    if (status == FERRIC_OK) status = ferric_cursor_status(cursor);
    return status == FERRIC_OK ? cli_rows_end(rows) : status;
}

// Says what a user may want to know of the filter: that no index serves it, and, when nothing was
// found, that its operators lack their '$'. A query of no documents tells both.
static void note_filter(const cli_session *session, const cli_find *find, bool found_some)
{
    ferric_find_options options = find->options;
    bool may_scan = options.hint != NULL && options.hint[0] == '$';
    ferric_buffer json = {0};
    ferric_slice meant = {NULL, 0};

    options.limit = 0;
    if (find->filter.size > 2 && !(may_scan && found_some) &&
        ferric_explain(session->db, session->keyspace, fe_buffer_slice(&find->filter), &options,
                       &json) == FERRIC_OK) {
        if (!may_scan && cli_plan_is_scan(fe_buffer_slice(&json))) {
            cli_note("no index serves this filter: every document was examined; explain says more");
        }
        if (!found_some) meant = cli_plan_meant(fe_buffer_slice(&json));
    }
    if (meant.size > 0) {
        cli_note("nothing equals such an object; operators begin with $, as in %.*s",
                 (int)meant.size, (const char *)meant.data);
    }
    ferric_buffer_free(&json);
}

static int answer(cli_find *find, const cli_session *session, ferric_status status)
{
    cli_find_deinit(find);
    return status == FERRIC_OK ? CLI_DONE : cli_fail_status(status, session->name);
}

int cli_find_in(const cli_arguments *arguments, cli_session *session)
{
    cli_find find;
    cli_rows rows;
    ferric_cursor *cursor;
    bool found_some = false;
    ferric_status status;
    int code = cli_find_read(arguments, 0, &find);

    if (code != CLI_DONE) return code;
    find.options.snapshot = session->snapshot;
    cli_rows_init(&rows, find.form);
    status = ferric_find(session->db, session->keyspace, fe_buffer_slice(&find.filter),
                         &find.options, &cursor);
    if (status == FERRIC_OK) status = print_all(cursor, &rows, &found_some);
    ferric_cursor_destroy(cursor);
    cli_rows_deinit(&rows);
    if (status == FERRIC_OK && !cli_has(arguments, OPTION_QUIET)) {
        note_filter(session, &find, found_some);
    }
    return answer(&find, session, status);
}

int cli_distinct_in(const cli_arguments *arguments, cli_session *session)
{
    cli_find find;
    ferric_buffer json = {0};
    ferric_status status;
    int code = cli_find_read(arguments, 1, &find);

    if (code != CLI_DONE) return code;
    find.options.snapshot = session->snapshot;
    status =
        ferric_find_distinct(session->db, session->keyspace, fe_slice_text(arguments->words[0]),
                             fe_buffer_slice(&find.filter), &find.options, &json);
    if (status == FERRIC_OK) {
        cli_write_json(fe_buffer_slice(&json));
        cli_print("\n");
    }
    ferric_buffer_free(&json);
    return answer(&find, session, status);
}

int cli_explain_in(const cli_arguments *arguments, cli_session *session)
{
    cli_find find;
    ferric_buffer json = {0};
    ferric_status status;
    int code = cli_find_read(arguments, 0, &find);

    if (code != CLI_DONE) return code;
    find.options.snapshot = session->snapshot;
    status = ferric_explain(session->db, session->keyspace, fe_buffer_slice(&find.filter),
                            &find.options, &json);
    if (status == FERRIC_OK && cli_has(arguments, OPTION_JSON)) {
        cli_write(fe_buffer_slice(&json));
        cli_print("\n");
    } else if (status == FERRIC_OK) {
        status = cli_plan_print(fe_buffer_slice(&json));
    }
    ferric_buffer_free(&json);
    return answer(&find, session, status);
}

int cli_count_in(const cli_arguments *arguments, cli_session *session)
{
    cli_find find;
    uint64_t count = 0;
    ferric_status status;
    int code = cli_find_read(arguments, 0, &find);

    if (code != CLI_DONE) return code;
    find.options.snapshot = session->snapshot;
    status = ferric_find_count(session->db, session->keyspace, fe_buffer_slice(&find.filter),
                               &find.options, &count);
    if (status == FERRIC_OK) cli_print("%llu\n", (unsigned long long)count);
    return answer(&find, session, status);
}

int cli_find_run(const cli_arguments *arguments)
{
    return cli_session_run(arguments, CLI_READ, cli_find_in);
}

int cli_distinct_run(const cli_arguments *arguments)
{
    return cli_session_run(arguments, CLI_READ, cli_distinct_in);
}

int cli_explain_run(const cli_arguments *arguments)
{
    return cli_session_run(arguments, CLI_READ, cli_explain_in);
}
