// SPDX-License-Identifier: Apache-2.0
// Documents in the REPL: FIND, UPDATE and so on. Each is the command of the program with the same
// name and options, run in the database that is open.
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/buffer.h"
#include "base/json_text.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/repl.h"
#include "cli/value_text.h"

#define WORDS_MAX 64

static int answer(ferric_status status)
{
    return status == FERRIC_OK ? CLI_DONE : cli_fail_status(status, "");
}

// ---- Commands -------------------------------------------------------------------------------

// Options that are about opening a database, which was done.
static int check_options(const cli_arguments *arguments)
{
    static const cli_option others[] = {OPTION_WAIT,     OPTION_SETTING,         OPTION_FSYNC,
                                        OPTION_KEY_FILE, OPTION_PASSPHRASE_FILE, OPTION_HELP};

    if (cli_has(arguments, OPTION_KEYSPACE)) {
        return cli_fail(CLI_USAGE, "here .use NAME chooses a collection, not -k");
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (cli_has(arguments, others[i])) {
            return cli_fail(CLI_USAGE, "--%s is an option of the program, not of a statement",
                            cli_options[others[i]].name);
        }
    }
    return CLI_DONE;
}

// Runs `name SECOND WORDS...` of the program; `second` may be NULL.
static int run_command(repl *state, const char *name, const char *second, char *words,
                       int (*run)(const cli_arguments *arguments, cli_session *session))
{
    char first[4][16] = {"ferric", "", ":", ""}; // The program, the command, PATH, and `second`.
    char *argv[WORDS_MAX + 5] = {first[0], first[1], first[2], first[3]};
    cli_arguments arguments;
    int argc = second == NULL ? 3 : 4;
    int code;

    if (state->session.txn != NULL) {
        return cli_fail(CLI_USAGE,
                        "%s does not see an open transaction: COMMIT or ROLLBACK it first", name);
    }
    snprintf(first[1], sizeof first[1], "%s", name);
    if (second != NULL) snprintf(first[3], sizeof first[3], "%s", second);
    while ((argv[argc] = repl_argument(&words)) != NULL) {
        if (++argc > WORDS_MAX) return cli_fail(CLI_USAGE, "more than %d words", WORDS_MAX);
    }
    code = cli_command_line_read(argc, argv, &arguments);
    if (code == CLI_DONE) code = check_options(&arguments);
    if (code != CLI_DONE) return code;
    if (repl_is_json(state) && cli_command_takes(arguments.command, OPTION_JSON) &&
        !cli_command_takes(arguments.command, OPTION_AS)) {
        arguments.values[OPTION_JSON] = "";
    }
    if (arguments.values[OPTION_AS] == NULL) {
        arguments.values[OPTION_AS] = cli_rows_form_name(state->mode);
    }
    if (cli_has(state->arguments, OPTION_QUIET)) arguments.values[OPTION_QUIET] = "";
    return run(&arguments, &state->session);
}

int repl_insert(repl *state, char *words)
{
    return run_command(state, "insert", NULL, words, cli_insert_in);
}

int repl_explain(repl *state, char *words)
{
    return run_command(state, "explain", NULL, words, cli_explain_in);
}

int repl_distinct(repl *state, char *words)
{
    return run_command(state, "distinct", NULL, words, cli_distinct_in);
}

int repl_count(repl *state, char *words)
{
    return run_command(state, "count", NULL, words, cli_count_in);
}

int repl_group(repl *state, char *words)
{
    return run_command(state, "group", NULL, words, cli_group_in);
}

int repl_update(repl *state, char *words)
{
    return run_command(state, "update", NULL, words, cli_update_in);
}

// PATCH KEY JSON: the key as GET takes it, the patch is the rest of the statement.
int repl_patch(repl *state, char *words)
{
    const cli_arguments none = {0};
    int code = CLI_DONE;
    const char *key = repl_word(&words, &code);

    if (code != CLI_DONE) return code;
    words = repl_trim(words);
    if (key == NULL || *words == 0) return cli_fail(CLI_USAGE, "usage: PATCH KEY PATCH");
    if (state->session.txn != NULL) {
        return cli_fail(CLI_USAGE,
                        "patch does not see an open transaction: COMMIT or ROLLBACK it first");
    }
    return cli_patch_in(&none, &state->session, key, fe_slice_text(words));
}

int repl_remove(repl *state, char *words)
{
    return run_command(state, "remove", NULL, words, cli_remove_in);
}

int repl_import(repl *state, char *words)
{
    return run_command(state, "import", NULL, words, cli_import_in);
}

// INDEX FIELD..., and as the program has it: INDEX CREATE FIELD..., DROP NAME, LIST.
int repl_index(repl *state, char *words)
{
    static const char *const deeds[] = {"create", "drop", "list"};
    size_t size = strcspn(words, " \t\n");

    for (size_t i = 0; i < sizeof deeds / sizeof *deeds; i++) {
        if (strlen(deeds[i]) != size || strncasecmp(words, deeds[i], size) != 0) continue;
        return run_command(state, "index", deeds[i], words + size, cli_index_in);
    }
    if (*words == 0) return cli_fail(CLI_USAGE, "usage: INDEX FIELD... | DROP NAME | LIST");
    return run_command(state, "index", "create", words, cli_index_in);
}

int repl_indexes(repl *state, char *words)
{
    if (*words != 0) return cli_fail(CLI_USAGE, "usage: INDEXES");
    return run_command(state, "index", "list", words, cli_index_in);
}

// ---- FIND -----------------------------------------------------------------------------------

static void print_key(const repl *state, ferric_slice key)
{
    if (repl_is_json(state)) {
        cli_write_quoted(key);
    } else {
        cli_color_set(CLI_KEY);
        cli_write_data(key);
        cli_color_set(CLI_PLAIN);
    }
    cli_print("\n");
}

static ferric_status print_keys(const repl *state, ferric_slice filter)
{
    ferric_find_options options = FERRIC_FIND_OPTIONS_INIT;
    ferric_cursor *cursor;
    ferric_status status;

    options.snapshot = state->session.snapshot;
    status = ferric_find(state->session.db, state->session.keyspace, filter, &options, &cursor);
    while (status == FERRIC_OK && cli_output_ok() && !cli_interrupted() &&
           ferric_cursor_next(cursor)) {
        print_key(state, ferric_cursor_key(cursor));
    }
    if (status == FERRIC_OK) status = ferric_cursor_status(cursor);
    ferric_cursor_destroy(cursor);
    return status;
}

// {"FIELD":VALUE} of two words; the value is JSON, or any other text, which is a string.
static ferric_status make_equality(const char *field, const char *value, ferric_buffer *filter)
{
    ferric_buffer json = {0};
    bool is_string;
    ferric_status status = fe_buffer_append(filter, "{", 1);

    if (status == FERRIC_OK) status = fe_json_quote(fe_slice_text(field), filter);
    if (status == FERRIC_OK) status = fe_buffer_append(filter, ":{\"$eq\":", 8);
    if (status == FERRIC_OK) status = cli_value_read(fe_slice_text(value), &json, &is_string);
    if (status == FERRIC_OK) status = fe_buffer_append(filter, json.data, json.size);
    if (status == FERRIC_OK) status = fe_buffer_append(filter, "}}", 2);
    fe_buffer_deinit(&json);
    return status;
}

// Whether the first word is a filter of its own, or an option, and not the name of a field.
static bool begins_with_filter(const char *words)
{
    size_t size = strcspn(words, " \t\n");
    return *words == '{' || *words == '-' || *words == '\'' || strcspn(words, "=<>~") < size;
}

// FIND FIELD VALUE, as the first version of the shell had it: prints keys. The value is the rest of
// the statement.
static int find_equal(repl *state, char *words)
{
    ferric_buffer filter = {0};
    int code = CLI_DONE;
    char *field = repl_word(&words, &code);
    ferric_status status;

    if (code != CLI_DONE) return code;
    words = repl_trim(words);
    if (*words == 0) {
        return cli_fail(CLI_USAGE, "usage: FIND FILTER [OPTION]..., or FIND FIELD VALUE");
    }
    if (state->session.txn != NULL) {
        return cli_fail(CLI_USAGE, "find does not see an open transaction: COMMIT it first");
    }
    status = make_equality(field, words, &filter);
    if (status == FERRIC_OK) status = print_keys(state, fe_buffer_slice(&filter));
    fe_buffer_deinit(&filter);
    return answer(status);
}

int repl_find(repl *state, char *words)
{
    if (*words == 0 || begins_with_filter(words)) {
        return run_command(state, "find", NULL, words, cli_find_in);
    }
    return find_equal(state, words);
}
