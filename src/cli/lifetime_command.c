// SPDX-License-Identifier: Apache-2.0
// ferric ttl, expire, persist, touch and incr: how long keys live, and numbers.
#include "base/slice.h"
#include "cli/commands.h"
#include "cli/entry.h"
#include "cli/lifetime_text.h"
#include "cli/output.h"

static int answer(const cli_session *session, ferric_status status, const char *key)
{
    if (status == FERRIC_OK) return CLI_DONE;
    if (status == FERRIC_NOT_FOUND) {
        return cli_fail(CLI_MISSING, "%s has no key %s", session->name, key);
    }
    if (status == FERRIC_CONFLICT) {
        return cli_fail(CLI_CONFLICT, "%s is at another version; nothing was written", key);
    }
    return cli_fail_status(status, key);
}

int cli_ttl(const cli_arguments *arguments)
{
    const char *key = arguments->words[0];
    cli_session session;
    uint64_t ttl_ms = 0;
    ferric_status status;
    int code = cli_session_begin(arguments, CLI_READ, &session);

    if (code != CLI_DONE) return code;
    status = ferric_ttl(session.db, session.keyspace, fe_slice_text(key), NULL, &ttl_ms);
    code = answer(&session, status, key);
    if (code == CLI_DONE) cli_lifetime_print(ttl_ms, cli_has(arguments, OPTION_JSON));
    return cli_session_end(&session, code);
}

// The key keeps its keyspace, of whatever kind.
static int begin_change(const cli_arguments *arguments, cli_session *session)
{
    int code = cli_session_open(arguments, CLI_WRITE, session);

    return code != CLI_DONE ? code : cli_session_use(arguments, CLI_READ, session);
}

int cli_expire(const cli_arguments *arguments)
{
    ferric_write_options options = FERRIC_WRITE_OPTIONS_INIT;
    const char *key = arguments->words[0];
    cli_session session;
    int code = cli_lifetime_take(arguments->words[1], &options.lifetime.ttl_ms);

    if (code == CLI_DONE) code = cli_condition_read(arguments, &options);
    if (code != CLI_DONE) return code;
    code = begin_change(arguments, &session);
    if (code == CLI_DONE) {
        ferric_slice slice = fe_slice_text(key);
        code = answer(&session, ferric_expire(session.db, session.keyspace, slice, &options), key);
    }
    return cli_session_end(&session, code);
}

int cli_persist(const cli_arguments *arguments)
{
    const char *key = arguments->words[0];
    cli_session session;
    int code = begin_change(arguments, &session);

    if (code == CLI_DONE) {
        ferric_slice slice = fe_slice_text(key);
        code = answer(&session, ferric_persist(session.db, session.keyspace, slice, NULL), key);
    }
    return cli_session_end(&session, code);
}

int cli_touch(const cli_arguments *arguments)
{
    ferric_write_options options = FERRIC_WRITE_OPTIONS_INIT;
    const char *key = arguments->words[0];
    cli_session session;
    int code = CLI_DONE;

    if (arguments->word_count == 2) {
        code = cli_lifetime_take(arguments->words[1], &options.lifetime.ttl_ms);
    }
    if (code != CLI_DONE) return code;
    code = begin_change(arguments, &session);
    if (code == CLI_DONE) {
        ferric_slice slice = fe_slice_text(key);
        code = answer(&session, ferric_touch(session.db, session.keyspace, slice, &options), key);
    }
    return cli_session_end(&session, code);
}

int cli_incr(const cli_arguments *arguments)
{
    ferric_write_options options = FERRIC_WRITE_OPTIONS_INIT;
    const char *key = arguments->words[0];
    const char *initial_text = arguments->values[OPTION_INITIAL];
    int64_t delta = 1;
    int64_t initial = 0;
    int64_t sum;
    cli_session session;
    int code = CLI_DONE;

    if (arguments->word_count == 2) code = cli_integer_take(arguments->words[1], &delta);
    if (code == CLI_DONE && initial_text != NULL) code = cli_integer_take(initial_text, &initial);
    if (code == CLI_DONE && cli_has(arguments, OPTION_TTL)) {
        code = cli_lifetime_take(arguments->values[OPTION_TTL], &options.lifetime.ttl_ms);
    }
    if (code != CLI_DONE) return code;
    code = cli_session_begin(arguments, CLI_CREATE, &session);
    if (code != CLI_DONE) return code;
    code = answer(&session,
                  ferric_increment(session.db, session.keyspace, fe_slice_text(key), delta, initial,
                                   &options, &sum),
                  key);
    if (code == CLI_DONE) cli_print("%lld\n", (long long)sum);
    return cli_session_end(&session, code);
}
