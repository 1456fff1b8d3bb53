// SPDX-License-Identifier: Apache-2.0
// The state of an interactive session, shared by the files of the REPL.
#ifndef FERRIC_CLI_REPL_H
#define FERRIC_CLI_REPL_H

#include <ferric/ferric.h>

#include "cli/line_editor.h"
#include "cli/rows.h"
#include "cli/session.h"

typedef struct repl {
    const cli_arguments *arguments;
    cli_session session;
    cli_editor *editor; // NULL when no person is typing.
    cli_rows_form mode; // How values are printed.
    bool has_timer;
    bool is_over;             // After EXIT.
    int read_depth;           // Of .read inside .read.
    int code;                 // Of the first statement that failed.
    ferric_buffer savepoints; // Of the open transaction: array of named marks, oldest first.
} repl;

typedef struct repl_command {
    const char *name;
    const char *arguments;
    const char *help;
    int (*run)(repl *state, char *words); // `words` is what follows the name.
} repl_command;

// Statements such as GET, and dot-commands such as .use; ended by an entry without name.
extern const repl_command repl_statements[];
extern const repl_command repl_dots[];

// Runs one statement or dot-command. Returns its exit code, which was explained.
int repl_run(repl *state, char *text);
// Whether `text` is whole: no word of it that begins like JSON is still open.
bool repl_is_complete(const char *text);
// Runs each statement of a file. Returns the exit code of the first that failed.
int repl_read_file(repl *state, const char *path);

// Cuts the next word off *rest, which moves on: up to a space, or a whole string in quotes, whose
// meaning replaces it. NULL at the end. Prints and sets *code when a string is malformed.
char *repl_word(char **rest, int *code);
// Cuts the next word off *rest as a command line has them: JSON that begins with { or [ is one word
// to its closing bracket, single quotes are taken away, and what stands in double quotes is not
// split. NULL at the end.
char *repl_argument(char **rest);
// Whether values are printed as JSON.
bool repl_is_json(const repl *state);
// Without spaces at both ends.
char *repl_trim(char *text);

// ---- repl_queries.c -------------------------------------------------------------------------

int repl_insert(repl *state, char *words);
int repl_find(repl *state, char *words);
int repl_explain(repl *state, char *words);
int repl_distinct(repl *state, char *words);
int repl_count(repl *state, char *words);
int repl_group(repl *state, char *words);
int repl_update(repl *state, char *words);
int repl_patch(repl *state, char *words);
int repl_remove(repl *state, char *words);
int repl_index(repl *state, char *words);
int repl_indexes(repl *state, char *words);
int repl_import(repl *state, char *words);

// ---- repl_txn.c -----------------------------------------------------------------------------

int repl_begin(repl *state, char *words);
int repl_commit(repl *state, char *words);
int repl_rollback(repl *state, char *words);
int repl_savepoint(repl *state, char *words);
int repl_snapshot(repl *state, char *words);
// At the end of the session: an open transaction is rolled back, and a note says so.
void repl_txn_end(repl *state);

// ---- repl_lifetimes.c -----------------------------------------------------------------------

int repl_setex(repl *state, char *words);
int repl_ttl(repl *state, char *words);
int repl_expire(repl *state, char *words);
int repl_persist(repl *state, char *words);
int repl_touch(repl *state, char *words);
int repl_incr(repl *state, char *words);

// Completion of words; a cli_complete.
void repl_complete(void *context, const char *line, cli_candidates *candidates);

#endif
