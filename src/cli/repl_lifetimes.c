// SPDX-License-Identifier: Apache-2.0
// What can be typed in the REPL about how long keys live, and numbers: SETEX, TTL, EXPIRE, PERSIST,
// TOUCH, INCR.
#include "base/slice.h"
#include "cli/entry.h"
#include "cli/lifetime_text.h"
#include "cli/output.h"
#include "cli/repl.h"

// The words behind a statement's name.
typedef struct statement {
    char *key;
    char *second; // NULL: none.
    char *rest;
} statement;

// `least` and `most` words; with `has_rest` what follows the second one is not split.
static int read_words(char *words, const char *usage, int least, int most, statement *read)
{
    int code = CLI_DONE;

    read->key = repl_word(&words, &code);
    read->second = NULL;
    if (code == CLI_DONE && most > 1) read->second = repl_word(&words, &code);
    read->rest = repl_trim(words);
    if (code != CLI_DONE) return code;
    if (read->key == NULL || (least > 1 && read->second == NULL) ||
        (most < 3 && *read->rest != 0) || (least > 2 && *read->rest == 0)) {
        return cli_fail(CLI_USAGE, "usage: %s", usage);
    }
    return CLI_DONE;
}

static int answer(const repl *state, ferric_status status, const char *key)
{
    if (status == FERRIC_NOT_FOUND) {
        return cli_fail(CLI_MISSING, "%s has no key %s", state->session.name, key);
    }
    if (status != FERRIC_OK) return cli_fail_status(status, "");
    if (state->editor != NULL) cli_note("OK");
    return CLI_DONE;
}

// These are commits of their own.
static int refuse_in_txn(const repl *state)
{
    if (state->session.txn == NULL) return CLI_DONE;
    return cli_fail(CLI_USAGE, "not inside a transaction: COMMIT or ROLLBACK first");
}

int repl_setex(repl *state, char *words)
{
    ferric_write_options options = FERRIC_WRITE_OPTIONS_INIT;
    statement read;
    int code = read_words(words, "SETEX KEY TIME VALUE", 3, 3, &read);

    if (code == CLI_DONE) code = cli_lifetime_take(read.second, &options.lifetime.ttl_ms);
    if (code != CLI_DONE) return code;
    return answer(
        state,
        cli_entry_set(&state->session, fe_slice_text(read.key), fe_slice_text(read.rest), &options),
        read.key);
}

int repl_ttl(repl *state, char *words)
{
    ferric_read_options options = FERRIC_READ_OPTIONS_INIT;
    statement read;
    uint64_t ttl_ms;
    ferric_status status;
    int code = read_words(words, "TTL KEY", 1, 1, &read);

    if (code == CLI_DONE) code = refuse_in_txn(state);
    if (code != CLI_DONE) return code;
    options.snapshot = state->session.snapshot;
    status = ferric_ttl(state->session.db, state->session.keyspace, fe_slice_text(read.key),
                        &options, &ttl_ms);
    if (status != FERRIC_OK) return answer(state, status, read.key);
    if (repl_is_json(state)) {
        cli_lifetime_print(ttl_ms, true);
    } else if (ttl_ms == FERRIC_TTL_NONE) {
        cli_print("-1\n");
    } else {
        cli_lifetime_print(ttl_ms, false);
    }
    return CLI_DONE;
}

int repl_expire(repl *state, char *words)
{
    ferric_write_options options = FERRIC_WRITE_OPTIONS_INIT;
    statement read;
    int code = read_words(words, "EXPIRE KEY TIME", 2, 2, &read);

    if (code == CLI_DONE) code = refuse_in_txn(state);
    if (code == CLI_DONE) code = cli_lifetime_take(read.second, &options.lifetime.ttl_ms);
    if (code != CLI_DONE) return code;
    return answer(state,
                  ferric_expire(state->session.db, state->session.keyspace, fe_slice_text(read.key),
                                &options),
                  read.key);
}

int repl_persist(repl *state, char *words)
{
    statement read;
    int code = read_words(words, "PERSIST KEY", 1, 1, &read);

    if (code == CLI_DONE) code = refuse_in_txn(state);
    if (code != CLI_DONE) return code;
    return answer(
        state,
        ferric_persist(state->session.db, state->session.keyspace, fe_slice_text(read.key), NULL),
        read.key);
}

int repl_touch(repl *state, char *words)
{
    ferric_write_options options = FERRIC_WRITE_OPTIONS_INIT;
    statement read;
    int code = read_words(words, "TOUCH KEY [TIME]", 1, 2, &read);

    if (code == CLI_DONE) code = refuse_in_txn(state);
    if (code == CLI_DONE && read.second != NULL) {
        code = cli_lifetime_take(read.second, &options.lifetime.ttl_ms);
    }
    if (code != CLI_DONE) return code;
    return answer(
        state,
        ferric_touch(state->session.db, state->session.keyspace, fe_slice_text(read.key), &options),
        read.key);
}

int repl_incr(repl *state, char *words)
{
    statement read;
    int64_t delta = 1;
    int64_t sum;
    ferric_status status;
    int code = read_words(words, "INCR KEY [BY]", 1, 2, &read);

    if (code == CLI_DONE) code = refuse_in_txn(state);
    if (code == CLI_DONE && read.second != NULL) code = cli_integer_take(read.second, &delta);
    if (code != CLI_DONE) return code;
    status = ferric_increment(state->session.db, state->session.keyspace, fe_slice_text(read.key),
                              delta, 0, NULL, &sum);
    if (status != FERRIC_OK) return answer(state, status, read.key);
    cli_print("%lld\n", (long long)sum);
    return CLI_DONE;
}
