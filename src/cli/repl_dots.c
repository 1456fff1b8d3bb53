// SPDX-License-Identifier: Apache-2.0
// Dot-commands of the REPL: they change how it works, and which keyspaces there are.
#include <errno.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/output.h"
#include "cli/repl.h"

static int run_use(repl *state, char *words)
{
    ferric_status status;
    if (*words == 0) {
        cli_print("%s\n", state->session.name);
        return CLI_DONE;
    }
    status = cli_session_choose(&state->session, words, false, FERRIC_KEYSPACE_COLLECTION);
    return status == FERRIC_OK ? CLI_DONE : cli_fail_status(status, "");
}

static int run_keyspaces(repl *state, char *words)
{
    ferric_status status = cli_keyspaces_print(state->session.db, repl_is_json(state));
    (void)words;
    return status == FERRIC_OK ? CLI_DONE : cli_fail_status(status, "");
}

static int answer(ferric_status status, const char *name)
{
    if (status == FERRIC_NOT_FOUND) return cli_fail(CLI_MISSING, "there is no keyspace %s", name);
    return status == FERRIC_OK ? CLI_DONE : cli_fail_status(status, name);
}

static int run_rename(repl *state, char *words)
{
    int code = CLI_DONE;
    char *from = repl_word(&words, &code);
    char *to = code == CLI_DONE ? repl_word(&words, &code) : NULL;

    if (code != CLI_DONE) return code;
    if (to == NULL || *repl_trim(words) != 0) {
        return cli_fail(CLI_USAGE, "usage: .rename OLD NEW");
    }
    return answer(ferric_keyspace_rename(state->session.db, from, to), from);
}

static int run_drop(repl *state, char *words)
{
    int code = CLI_DONE;
    char *name = repl_word(&words, &code);

    if (code != CLI_DONE) return code;
    if (name == NULL || *repl_trim(words) != 0) return cli_fail(CLI_USAGE, "usage: .drop NAME");
    return answer(ferric_keyspace_drop(state->session.db, name), name);
}

static int run_ttl(repl *state, char *words)
{
    int code = CLI_DONE;
    char *time = repl_word(&words, &code);

    if (code != CLI_DONE) return code;
    if (*repl_trim(words) != 0) return cli_fail(CLI_USAGE, "usage: .ttl [TIME|none]");
    return cli_keyspace_ttl(&state->session, state->session.name, time, repl_is_json(state));
}

static int run_mode(repl *state, char *words)
{
    if (*words == 0) {
        cli_print("%s\n", cli_rows_form_name(state->mode));
    } else if (!cli_rows_form_read(words, &state->mode)) {
        return cli_fail(CLI_USAGE, "a mode is one of " CLI_ROWS_FORMS "; not %s", words);
    }
    return CLI_DONE;
}

static int run_output(repl *state, char *words)
{
    (void)state;
    if (cli_output_redirect(*words == 0 ? NULL : words)) return CLI_DONE;
    return cli_fail(CLI_IO, "cannot open %s: %s", words, strerror(errno));
}

static int run_read(repl *state, char *words)
{
    if (*words == 0) return cli_fail(CLI_USAGE, "usage: .read FILE");
    return repl_read_file(state, words);
}

static int run_timer(repl *state, char *words)
{
    if (strcmp(words, "on") != 0 && strcmp(words, "off") != 0) {
        return cli_fail(CLI_USAGE, "usage: .timer on|off");
    }
    state->has_timer = strcmp(words, "on") == 0;
    return CLI_DONE;
}

static int run_help(repl *state, char *words)
{
    char help[] = "HELP";
    (void)words;
    return repl_run(state, help);
}

static int run_quit(repl *state, char *words)
{
    (void)words;
    state->is_over = true;
    return CLI_DONE;
}

const repl_command repl_dots[] = {
    {".use", "[NAME]", "work with another collection or raw keyspace", run_use},
    {".keyspaces", "", "list them", run_keyspaces},
    {".rename", "OLD NEW", "give a keyspace another name", run_rename},
    {".drop", "NAME", "remove a keyspace and all that is in it", run_drop},
    {".ttl", "[TIME|none]", "how long keys live that are put into this keyspace without a time",
     run_ttl},
    {".mode", "[FORM]", "how values are printed: " CLI_ROWS_FORMS, run_mode},
    {".output", "[FILE]", "print data into a file; without FILE here again", run_output},
    {".import", "FILE [OPTION]...", "import a file, as ferric import does, into this collection",
     repl_import},
    {".read", "FILE", "run the lines of a file", run_read},
    {".timer", "on|off", "say how long each statement took", run_timer},
    {".help", "", NULL, run_help},
    {".quit", "", "leave", run_quit},
    {".exit", "", NULL, run_quit},
    {NULL, NULL, NULL, NULL},
};
