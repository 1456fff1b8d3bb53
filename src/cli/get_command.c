// SPDX-License-Identifier: Apache-2.0
// ferric get: prints the values of keys.
#include "base/buffer.h"
#include "cli/commands.h"
#include "cli/entry.h"
#include "cli/output.h"

static void print_json(const cli_session *session, ferric_slice value)
{
    if (session->kind == FERRIC_KEYSPACE_COLLECTION) {
        cli_write(value);
    } else {
        cli_write_quoted(value);
    }
}

static ferric_status print_meta(const cli_session *session, ferric_slice key, ferric_slice value,
                                uint64_t version)
{
    ferric_read_options options = FERRIC_READ_OPTIONS_INIT;
    uint64_t expires_ms;
    ferric_status status;

    options.snapshot = session->snapshot;
    status = ferric_expiry(session->db, session->keyspace, key, &options, &expires_ms, NULL);
    if (status != FERRIC_OK) return status;
    cli_print("{\"_id\":");
    cli_write_quoted(key);
    cli_print(",\"version\":%llu", (unsigned long long)version);
    if (expires_ms != FERRIC_EXPIRES_NEVER) {
        cli_print(",\"expires_ms\":%llu", (unsigned long long)expires_ms);
    }
    cli_print(",\"value\":");
    print_json(session, value);
    cli_print("}");
    return FERRIC_OK;
}

static ferric_status print_value(const cli_arguments *arguments, const cli_session *session,
                                 ferric_slice key, ferric_slice value, uint64_t version)
{
    ferric_status status = FERRIC_OK;

    if (cli_has(arguments, OPTION_META)) {
        status = print_meta(session, key, value, version);
        if (status != FERRIC_OK) return status;
    } else if (cli_has(arguments, OPTION_JSON)) {
        print_json(session, value);
    } else {
        cli_entry_print_value(session, value);
    }
    cli_write(fe_slice(cli_has(arguments, OPTION_NUL) ? "" : "\n", 1));
    return FERRIC_OK;
}

// One state for value and expiry: another program may write meanwhile.
static int take_snapshot(const cli_arguments *arguments, cli_session *session)
{
    ferric_status status = FERRIC_OK;

    if (cli_has(arguments, OPTION_META)) {
        status = ferric_snapshot_create(session->db, &session->snapshot);
    }
    return status == FERRIC_OK ? CLI_DONE : cli_fail_status(status, session->path);
}

int cli_get(const cli_arguments *arguments)
{
    cli_session session;
    ferric_buffer value = {0};
    int code = cli_session_begin(arguments, CLI_READ, &session);
    int missing = CLI_DONE;

    if (code != CLI_DONE) return code;
    code = take_snapshot(arguments, &session);
    for (int i = 0; code == CLI_DONE && i < arguments->word_count; i++) {
        ferric_slice key = fe_slice_text(arguments->words[i]);
        uint64_t version;
        ferric_status status = cli_entry_get(&session, key, &value, &version);
        if (status == FERRIC_OK) {
            status = print_value(arguments, &session, key, fe_buffer_slice(&value), version);
        }
        if (status == FERRIC_OK) continue;
        if (status == FERRIC_NOT_FOUND) {
            missing = cli_fail(CLI_MISSING, "%s has no key %s", session.name, arguments->words[i]);
        } else {
            code = cli_fail_status(status, arguments->words[i]);
        }
    }
    ferric_buffer_free(&value);
    ferric_snapshot_release(session.snapshot);
    return cli_session_end(&session, code == CLI_DONE ? missing : code);
}
