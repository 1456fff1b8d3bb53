// SPDX-License-Identifier: Apache-2.0
// An open database and the keyspace that a command works on.
#ifndef FERRIC_CLI_SESSION_H
#define FERRIC_CLI_SESSION_H

#include <ferric/ferric.h>

#include "cli/command_line.h"

typedef enum cli_access {
    CLI_READ,   // Reads; changes no byte.
    CLI_WRITE,  // Writes what is there.
    CLI_CREATE, // Writes, and makes the database.
} cli_access;

typedef struct cli_session {
    ferric_db *db;
    ferric_keyspace *keyspace;
    const char *path;
    char name[FERRIC_KEYSPACE_NAME_SIZE_MAX + 1]; // Of the keyspace.
    ferric_keyspace_kind kind;
    ferric_txn *txn;           // What reads and writes go through; NULL: none is open.
    ferric_snapshot *snapshot; // What reads look at; NULL: the newest state.
} cli_session;

// Options of the database from the environment and the command line. Prints what is wrong.
int cli_database_options(const cli_arguments *arguments, ferric_options *options);

// Says that there is no database at the path, and where words were mixed up, what to do. Returns
// the exit code.
int cli_no_database(const cli_arguments *arguments);

// Opens the database of the command line. Ctrl-C then interrupts its long calls. Prints what is
// wrong and returns the exit code; the session is then closed.
int cli_session_open(const cli_arguments *arguments, cli_access access, cli_session *session);

// Opens the keyspace --keyspace, or main. One that exists keeps its kind when it is only read; for
// writing it is what --raw says. Prints what is wrong and returns the exit code.
int cli_session_use(const cli_arguments *arguments, cli_access access, cli_session *session);

// Changes to the keyspace `name`: of `kind` when `is_written`, else of its own.
ferric_status cli_session_choose(cli_session *session, const char *name, bool is_written,
                                 ferric_keyspace_kind kind);

// Both at once, which is what most commands do.
int cli_session_begin(const cli_arguments *arguments, cli_access access, cli_session *session);

// Closes everything. Returns `code`, or what closing failed with when it was CLI_DONE.
int cli_session_end(cli_session *session, int code);

// Opens the database of the command line and its keyspace, runs a command in it, and closes both.
int cli_session_run(const cli_arguments *arguments, cli_access access,
                    int (*run)(const cli_arguments *arguments, cli_session *session));

// ---- Interruption ---------------------------------------------------------------------------

// Lets Ctrl-C set a flag instead of ending the program; the second one ends it.
void cli_interrupt_catch(void);
bool cli_interrupted(void);
// Forgets a Ctrl-C (the REPL, between two commands).
void cli_interrupt_clear(void);

#endif
