// SPDX-License-Identifier: Apache-2.0
// Transactions in the REPL: BEGIN, COMMIT, ROLLBACK, SAVEPOINT, and SNAPSHOT, which only reads.
#include <string.h>
#include <strings.h>

#include "base/buffer.h"
#include "cli/output.h"
#include "cli/repl.h"

#define SAVEPOINT_NAME_SIZE_MAX 63

typedef struct named_mark {
    char name[SAVEPOINT_NAME_SIZE_MAX + 1];
    uint64_t mark;
} named_mark;

static int done(const repl *state, const char *what)
{
    if (state->editor != NULL) cli_note("%s", what);
    return CLI_DONE;
}

static int fail_without_txn(void)
{
    return cli_fail(CLI_USAGE, "there is no transaction: BEGIN makes one");
}

static void close_txn(repl *state)
{
    ferric_txn_destroy(state->session.txn);
    state->session.txn = NULL;
    ferric_buffer_free(&state->savepoints);
}

int repl_begin(repl *state, char *words)
{
    ferric_txn_options options = FERRIC_TXN_OPTIONS_INIT;
    ferric_status status;

    if (strcasecmp(words, "SERIALIZABLE") == 0) {
        options.isolation = FERRIC_ISOLATION_SERIALIZABLE;
    } else if (*words != 0) {
        return cli_fail(CLI_USAGE, "usage: BEGIN [SERIALIZABLE]");
    }
    if (state->session.txn != NULL) {
        return cli_fail(CLI_USAGE, "a transaction is open: COMMIT or ROLLBACK ends it");
    }
    if (state->session.snapshot != NULL) {
        return cli_fail(CLI_USAGE, "a snapshot is open: SNAPSHOT END closes it");
    }
    status = ferric_txn_begin(state->session.db, &options, &state->session.txn);
    return status == FERRIC_OK ? done(state, "begun") : cli_fail_status(status, "");
}

int repl_commit(repl *state, char *words)
{
    ferric_status status;

    if (*words != 0) return cli_fail(CLI_USAGE, "usage: COMMIT");
    if (state->session.txn == NULL) return fail_without_txn();
    status = ferric_txn_commit(state->session.txn, NULL);
    close_txn(state);
    if (status == FERRIC_OK) return done(state, "committed");
    if (status == FERRIC_CONFLICT) {
        return cli_fail(CLI_CONFLICT, "what the transaction wrote or read was changed meanwhile: "
                                      "nothing is committed");
    }
    return cli_fail_status(status, "");
}

// The newest savepoint of that name; NULL when there is none.
static const named_mark *find_mark(const repl *state, const char *name)
{
    const named_mark *marks = state->savepoints.data;

    for (size_t i = state->savepoints.size / sizeof *marks; i > 0; i--) {
        if (strcmp(marks[i - 1].name, name) == 0) return &marks[i - 1];
    }
    return NULL;
}

static int roll_back_to(repl *state, const char *name)
{
    const named_mark *mark = find_mark(state, name);
    ferric_status status;

    if (mark == NULL) return cli_fail(CLI_USAGE, "there is no savepoint %s", name);
    status = ferric_txn_rollback_to(state->session.txn, mark->mark);
    if (status != FERRIC_OK) return cli_fail_status(status, "");
    // It stays; those taken since are gone.
    state->savepoints.size =
        (size_t)((const uint8_t *)(mark + 1) - (const uint8_t *)state->savepoints.data);
    return done(state, "rolled back");
}

int repl_rollback(repl *state, char *words)
{
    int code = CLI_DONE;
    const char *to = repl_word(&words, &code);
    const char *name = code == CLI_DONE ? repl_word(&words, &code) : NULL;

    if (code != CLI_DONE) return code;
    if (to != NULL && (strcasecmp(to, "TO") != 0 || name == NULL || *repl_trim(words) != 0)) {
        return cli_fail(CLI_USAGE, "usage: ROLLBACK [TO NAME]");
    }
    if (state->session.txn == NULL) return fail_without_txn();
    if (name != NULL) return roll_back_to(state, name);
    close_txn(state);
    return done(state, "rolled back");
}

int repl_savepoint(repl *state, char *words)
{
    named_mark mark = {{0}, 0};
    int code = CLI_DONE;
    const char *name = repl_word(&words, &code);
    ferric_status status;

    if (code != CLI_DONE) return code;
    if (name == NULL || *repl_trim(words) != 0) return cli_fail(CLI_USAGE, "usage: SAVEPOINT NAME");
    if (state->session.txn == NULL) return fail_without_txn();
    if (strlen(name) > SAVEPOINT_NAME_SIZE_MAX) {
        return cli_fail(CLI_USAGE, "a savepoint's name has at most %d bytes",
                        SAVEPOINT_NAME_SIZE_MAX);
    }
    memcpy(mark.name, name, strlen(name));
    status = ferric_txn_savepoint(state->session.txn, &mark.mark);
    if (status == FERRIC_OK) status = fe_buffer_append(&state->savepoints, &mark, sizeof mark);
    return status == FERRIC_OK ? done(state, "saved") : cli_fail_status(status, "");
}

int repl_snapshot(repl *state, char *words)
{
    bool is_end = strcasecmp(words, "END") == 0;
    ferric_status status;

    if (*words != 0 && !is_end) return cli_fail(CLI_USAGE, "usage: SNAPSHOT [END]");
    if (is_end && state->session.snapshot == NULL) {
        return cli_fail(CLI_USAGE, "there is no snapshot: SNAPSHOT makes one");
    }
    if (state->session.txn != NULL) {
        return cli_fail(CLI_USAGE, "a transaction reads a snapshot of its own");
    }
    ferric_snapshot_release(state->session.snapshot);
    state->session.snapshot = NULL;
    if (is_end) return done(state, "reading the newest state again");
    status = ferric_snapshot_create(state->session.db, &state->session.snapshot);
    return status == FERRIC_OK ? done(state, "reading the state of this moment")
                               : cli_fail_status(status, "");
}

void repl_txn_end(repl *state)
{
    if (state->session.txn != NULL) {
        cli_note("the open transaction was rolled back");
        close_txn(state);
    }
    ferric_snapshot_release(state->session.snapshot);
    state->session.snapshot = NULL;
}
