// SPDX-License-Identifier: Apache-2.0
// ferric repl: reads statements from a person or a pipe and runs them one by one.
#include "cli/repl.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/buffer.h"
#include "cli/commands.h"
#include "cli/figures.h"
#include "cli/output.h"
#include "cli/suggest.h"

#define READ_DEPTH_MAX 16

// ---- Statements -----------------------------------------------------------------------------

static const repl_command *find_command(const repl_command *commands, const char *name)
{
    for (; commands->name != NULL; commands++) {
        if (strcasecmp(commands->name, name) == 0) return commands;
    }
    return NULL;
}

static int fail_unknown(const char *name)
{
    char lower[32] = "";
    const char *near;
    for (size_t i = 0; name[i] != 0 && i < sizeof lower - 1; i++) {
        lower[i] = (char)tolower((unsigned char)name[i]);
    }
    near = cli_suggest_command(lower);
    if (near != NULL && find_command(repl_statements, near) != NULL) {
        return cli_fail(CLI_USAGE, "there is no %s; did you mean %s?", name,
                        find_command(repl_statements, near)->name);
    }
    return cli_fail(CLI_USAGE, "there is no %s; HELP lists what there is", name);
}

int repl_run(repl *state, char *text)
{
    const repl_command *command;
    uint64_t begun_ns = cli_now_ns();
    int code = CLI_DONE;
    char *rest = repl_trim(text);
    char *name = repl_word(&rest, &code);

    if (name == NULL) return code;
    command = find_command(*name == '.' ? repl_dots : repl_statements, name);
    if (command == NULL) return fail_unknown(name);
    cli_interrupt_clear();
    code = command->run(state, repl_trim(rest));
    cli_flush();
    if (cli_interrupted()) cli_note("interrupted");
    if (state->has_timer) cli_note("%s", cli_duration_text(cli_now_ns() - begun_ns).text);
    return code;
}

bool repl_is_json(const repl *state)
{
    return state->mode == CLI_ROWS_JSONL || state->mode == CLI_ROWS_JSON;
}

// ---- Input ----------------------------------------------------------------------------------

// Runs what was read so far when it is whole; else it waits for more. Bytes for a raw keyspace are
// whole as they are.
static void run_when_complete(repl *state, ferric_buffer *statement)
{
    int code;
    if (fe_buffer_append(statement, "", 1) != FERRIC_OK) return;
    if (state->session.kind != FERRIC_KEYSPACE_RAW && !repl_is_complete(statement->data)) {
        statement->size--;
        return;
    }
    if (state->editor != NULL && *repl_trim(statement->data) != 0) {
        cli_editor_remember(state->editor, repl_trim(statement->data));
    }
    code = repl_run(state, statement->data);
    if (state->code == CLI_DONE) state->code = code;
    fe_buffer_clear(statement);
}

static void add_line(repl *state, ferric_buffer *statement, const char *line)
{
    ferric_status status = FERRIC_OK;
    if (statement->size > 0) status = fe_buffer_append(statement, "\n", 1);
    if (status == FERRIC_OK) status = fe_buffer_append(statement, line, strlen(line));
    if (status != FERRIC_OK) {
        cli_fail_status(status, "");
        fe_buffer_clear(statement);
    }
    run_when_complete(state, statement);
}

static void read_person(repl *state)
{
    ferric_buffer statement = {0};
    char prompt[FERRIC_KEYSPACE_NAME_SIZE_MAX + 8];

    while (!state->is_over) {
        const char *line;
        cli_edit_result result;
        snprintf(prompt, sizeof prompt, "%s%s%s> ", state->session.name,
                 state->session.txn == NULL ? "" : "*", state->session.snapshot == NULL ? "" : "@");
        cli_flush();
        result = cli_editor_read(state->editor, statement.size == 0 ? prompt : "...> ", &line);
        if (result == CLI_EDIT_CANCELED) {
            fe_buffer_clear(&statement);
        } else if (result == CLI_EDIT_END) {
            fputs("\n", stderr);
            break;
        } else {
            add_line(state, &statement, line);
        }
    }
    fe_buffer_deinit(&statement);
    state->code = CLI_DONE; // A person has seen what failed.
}

static void read_stream(repl *state, FILE *file)
{
    ferric_buffer statement = {0};
    char *line = NULL;
    size_t capacity = 0;
    ssize_t size;

    while (!state->is_over && cli_output_ok() && (size = getline(&line, &capacity, file)) >= 0) {
        if (size > 0 && line[size - 1] == '\n') line[--size] = 0;
        add_line(state, &statement, line);
    }
    if (statement.size > 0 && state->code == CLI_DONE) {
        state->code = cli_fail(CLI_USAGE, "the input ends inside a JSON value");
    }
    free(line); // getline's.
    fe_buffer_deinit(&statement);
}

int repl_read_file(repl *state, const char *path)
{
    FILE *file;
    int before = state->code;
    int code;

    if (state->read_depth == READ_DEPTH_MAX) {
        return cli_fail(CLI_USAGE, "%d files read one another", READ_DEPTH_MAX);
    }
    file = fopen(path, "r");
    if (file == NULL) return cli_fail(CLI_IO, "cannot open %s: %s", path, strerror(errno));
    state->read_depth++;
    state->code = CLI_DONE;
    read_stream(state, file);
    state->read_depth--;
    fclose(file);
    code = state->code;
    state->code = before;
    return code;
}

// ---- The command ----------------------------------------------------------------------------

// The keyspace of the session keeps its kind when it exists; writing makes a collection.
static int begin(const cli_arguments *arguments, repl *state)
{
    const char *name = arguments->values[OPTION_KEYSPACE];
    ferric_status status;
    int code = cli_session_open(arguments, CLI_CREATE, &state->session);
    if (code != CLI_DONE) return code;
    status = cli_session_choose(&state->session, name == NULL ? "main" : name, false,
                                FERRIC_KEYSPACE_COLLECTION);
    if (status == FERRIC_OK) return CLI_DONE;
    return cli_session_end(&state->session, cli_fail_status(status, ""));
}

int cli_repl(const cli_arguments *arguments)
{
    repl state;
    bool is_person = isatty(STDIN_FILENO) == 1 && cli_output_is_terminal();
    int code;

    memset(&state, 0, sizeof state);
    state.arguments = arguments;
    state.mode = cli_has(arguments, OPTION_JSON) ? CLI_ROWS_JSONL : CLI_ROWS_AUTO;
    code = begin(arguments, &state);
    if (code != CLI_DONE) return code;
    if (is_person) state.editor = cli_editor_create(repl_complete, &state);
    if (state.editor != NULL) {
        cli_note("ferric %s, HELP lists what there is, Ctrl-D ends", ferric_version());
        read_person(&state);
    } else {
        read_stream(&state, stdin);
    }
    cli_editor_destroy(state.editor);
    cli_interrupt_clear();
    repl_txn_end(&state);
    return cli_session_end(&state.session, state.code);
}
