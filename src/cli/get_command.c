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

static void print_value(const cli_arguments *arguments, const cli_session *session,
                        ferric_slice key, ferric_slice value, uint64_t version)
{
    if (cli_has(arguments, OPTION_META)) {
        cli_print("{\"_id\":");
        cli_write_quoted(key);
        cli_print(",\"version\":%llu,\"value\":", (unsigned long long)version);
        print_json(session, value);
        cli_print("}");
    } else if (cli_has(arguments, OPTION_JSON)) {
        print_json(session, value);
    } else {
        cli_entry_print_value(session, value);
    }
    cli_write(fe_slice(cli_has(arguments, OPTION_NUL) ? "" : "\n", 1));
}

int cli_get(const cli_arguments *arguments)
{
    cli_session session;
    ferric_buffer value = {0};
    int code = cli_session_begin(arguments, CLI_READ, &session);
    int missing = CLI_DONE;

    if (code != CLI_DONE) return code;
    for (int i = 0; code == CLI_DONE && i < arguments->word_count; i++) {
        ferric_slice key = fe_slice_text(arguments->words[i]);
        uint64_t version;
        ferric_status status = cli_entry_get(&session, key, &value, &version);
        if (status == FERRIC_OK) {
            print_value(arguments, &session, key, fe_buffer_slice(&value), version);
        } else if (status == FERRIC_NOT_FOUND) {
            missing = cli_fail(CLI_MISSING, "%s has no key %s", session.name, arguments->words[i]);
        } else {
            code = cli_fail_status(status, arguments->words[i]);
        }
    }
    ferric_buffer_free(&value);
    return cli_session_end(&session, code == CLI_DONE ? missing : code);
}
