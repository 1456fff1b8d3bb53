// SPDX-License-Identifier: Apache-2.0
// ferric find, distinct and explain: queries, and what was done for them.
#include "base/buffer.h"
#include "cli/commands.h"
#include "cli/find_options.h"
#include "cli/output.h"
#include "cli/session.h"

// What the three commands share: the query, and the collection it is asked of.
typedef struct query_command {
    cli_session session;
    cli_find find;
} query_command;

static int begin(const cli_arguments *arguments, int first, query_command *command)
{
    int code = cli_find_read(arguments, first, &command->find);

    if (code == CLI_DONE) code = cli_session_begin(arguments, CLI_READ, &command->session);
    if (code != CLI_DONE) cli_find_deinit(&command->find);
    return code;
}

static int end(query_command *command, ferric_status status, int code)
{
    if (status != FERRIC_OK) code = cli_fail_status(status, command->session.name);
    cli_find_deinit(&command->find);
    return cli_session_end(&command->session, code);
}

static ferric_status print_all(ferric_cursor *cursor, cli_rows *rows)
{
    ferric_status status = FERRIC_OK;

    while (status == FERRIC_OK && cli_output_ok() && !cli_interrupted() &&
           ferric_cursor_next(cursor)) {
        status = cli_rows_add(rows, ferric_cursor_document(cursor));
    }
    if (status == FERRIC_OK) status = ferric_cursor_status(cursor);
    return status == FERRIC_OK ? cli_rows_end(rows) : status;
}

int cli_find_run(const cli_arguments *arguments)
{
    query_command command;
    cli_rows rows;
    ferric_cursor *cursor;
    ferric_status status;
    int code = begin(arguments, 0, &command);

    if (code != CLI_DONE) return code;
    cli_rows_init(&rows, command.find.form);
    status = ferric_find(command.session.db, command.session.keyspace,
                         fe_buffer_slice(&command.find.filter), &command.find.options, &cursor);
    if (status == FERRIC_OK) status = print_all(cursor, &rows);
    ferric_cursor_destroy(cursor);
    cli_rows_deinit(&rows);
    return end(&command, status, cli_interrupted() ? CLI_INTERRUPTED : CLI_DONE);
}

// Prints the text that a call gave.
static ferric_status print_text(ferric_status status, ferric_buffer *json)
{
    if (status == FERRIC_OK) {
        cli_write_json(fe_buffer_slice(json));
        cli_print("\n");
    }
    ferric_buffer_free(json);
    return status;
}

int cli_distinct_run(const cli_arguments *arguments)
{
    query_command command;
    ferric_buffer json = {0};
    ferric_status status;
    int code = begin(arguments, 1, &command);

    if (code != CLI_DONE) return code;
    status = ferric_find_distinct(
        command.session.db, command.session.keyspace, fe_slice_text(arguments->words[0]),
        fe_buffer_slice(&command.find.filter), &command.find.options, &json);
    return end(&command, print_text(status, &json), CLI_DONE);
}

int cli_explain_run(const cli_arguments *arguments)
{
    query_command command;
    ferric_buffer json = {0};
    ferric_status status;
    int code = begin(arguments, 0, &command);

    if (code != CLI_DONE) return code;
    status = ferric_explain(command.session.db, command.session.keyspace,
                            fe_buffer_slice(&command.find.filter), &command.find.options, &json);
    return end(&command, print_text(status, &json), CLI_DONE);
}
