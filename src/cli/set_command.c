// SPDX-License-Identifier: Apache-2.0
// ferric set and ferric del: change single keys, under a condition if one is given.
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "cli/commands.h"
#include "cli/entry.h"
#include "cli/lifetime_text.h"
#include "cli/output.h"
#include "cli/value_text.h"

int cli_condition_read(const cli_arguments *arguments, ferric_write_options *options)
{
    int code = cli_number(arguments, OPTION_IF_VERSION, UINT64_MAX, 0, &options->if_version);
    if (cli_has(arguments, OPTION_IF_VERSION)) options->condition = FERRIC_IF_VERSION;
    if (!cli_has(arguments, OPTION_IF_ABSENT)) return code;
    if (cli_has(arguments, OPTION_IF_VERSION)) {
        return cli_fail(CLI_USAGE, "--if-absent and --if-version exclude each other");
    }
    options->condition = FERRIC_IF_ABSENT;
    return code;
}

int cli_condition_fail(const cli_arguments *arguments, const cli_session *session, const char *key)
{
    ferric_buffer value = {0};
    uint64_t version = 0;
    ferric_status status = cli_entry_get(session, fe_slice_text(key), &value, &version);
    ferric_buffer_free(&value);
    if (status == FERRIC_NOT_FOUND) {
        return cli_fail(CLI_CONFLICT, "%s does not exist; nothing was written", key);
    }
    if (cli_has(arguments, OPTION_IF_ABSENT)) {
        return cli_fail(CLI_CONFLICT, "%s exists; nothing was written", key);
    }
    return cli_fail(CLI_CONFLICT, "%s is at version %llu; nothing was written", key,
                    (unsigned long long)version);
}

// Looked at before anything is opened, so that a wrong value makes no database.
static int check_value(const cli_arguments *arguments, ferric_slice text)
{
    ferric_buffer json = {0};
    bool is_string;
    ferric_status status = FERRIC_OK;

    if (!cli_has(arguments, OPTION_RAW)) status = cli_value_read(text, &json, &is_string);
    ferric_buffer_free(&json);
    return status == FERRIC_OK ? CLI_DONE : cli_fail_status(status, arguments->words[0]);
}

int cli_set(const cli_arguments *arguments)
{
    ferric_write_options options = FERRIC_WRITE_OPTIONS_INIT;
    const char *word = arguments->word_count == 2 ? arguments->words[1] : "-";
    ferric_buffer input = {0};
    ferric_slice text = fe_slice_text(word);
    cli_session session;
    ferric_status status;
    int code = cli_condition_read(arguments, &options);

    if (code == CLI_DONE && cli_has(arguments, OPTION_TTL)) {
        code = cli_lifetime_take(arguments->values[OPTION_TTL], &options.lifetime.ttl_ms);
    }
    if (code == CLI_DONE && strcmp(word, "-") == 0) {
        code = cli_input_read(&input, cli_has(arguments, OPTION_RAW));
        text = fe_buffer_slice(&input);
    }
    if (code == CLI_DONE) code = check_value(arguments, text);
    if (code == CLI_DONE) code = cli_session_begin(arguments, CLI_CREATE, &session);
    if (code == CLI_DONE) {
        status = cli_entry_set(&session, fe_slice_text(arguments->words[0]), text, &options);
        if (status == FERRIC_CONFLICT) {
            code = cli_condition_fail(arguments, &session, arguments->words[0]);
        } else if (status != FERRIC_OK) {
            code = cli_fail_status(status, arguments->words[0]);
        }
        code = cli_session_end(&session, code);
    }
    ferric_buffer_free(&input);
    return code;
}

// Deletes what exists: a delete does not look, but people want to know.
static int delete_key(const cli_arguments *arguments, const cli_session *session,
                      const ferric_write_options *options, const char *key)
{
    ferric_slice slice = fe_slice_text(key);
    ferric_status status = ferric_has(session->db, session->keyspace, slice, NULL);
    if (status == FERRIC_NOT_FOUND) {
        return cli_fail(CLI_MISSING, "%s has no key %s", session->name, key);
    }
    if (status == FERRIC_OK) {
        status = ferric_delete(session->db, session->keyspace, slice, options);
    }
    if (status == FERRIC_CONFLICT) return cli_condition_fail(arguments, session, key);
    return status == FERRIC_OK ? CLI_DONE : cli_fail_status(status, key);
}

static bool has_range(const cli_arguments *arguments)
{
    return cli_has(arguments, OPTION_PREFIX) || cli_has(arguments, OPTION_FROM) ||
           cli_has(arguments, OPTION_TO);
}

static int check_del(const cli_arguments *arguments)
{
    if (arguments->word_count == 0 && !has_range(arguments)) {
        return cli_fail(CLI_USAGE, "ferric del takes keys, or a range: --prefix, --from, --to");
    }
    if (arguments->word_count == 0 && cli_has(arguments, OPTION_IF_VERSION)) {
        return cli_fail(CLI_USAGE, "--if-version is about one key, not a range");
    }
    if (arguments->word_count == 0 || !has_range(arguments)) return CLI_DONE;
    return cli_fail(CLI_USAGE, "keys and a range exclude each other");
}

static int delete_range(const cli_arguments *arguments, const cli_session *session)
{
    ferric_iterator_options range = FERRIC_ITERATOR_OPTIONS_INIT;
    ferric_status status;

    cli_entry_range(arguments, &range);
    // What a script has when its variable is not set must not be the whole keyspace.
    if (cli_has(arguments, OPTION_PREFIX) && range.prefix.size == 0) {
        return cli_fail(CLI_USAGE, "an empty prefix is every key: say --from '' if you mean it");
    }
    status = cli_entry_delete_range(session, range.prefix, range.lower, range.upper);
    return status == FERRIC_OK ? CLI_DONE : cli_fail_status(status, session->name);
}

int cli_del(const cli_arguments *arguments)
{
    ferric_write_options options = FERRIC_WRITE_OPTIONS_INIT;
    cli_session session;
    int missing = CLI_DONE;
    int code = check_del(arguments);

    if (code == CLI_DONE) code = cli_condition_read(arguments, &options);
    if (code == CLI_DONE) code = cli_session_open(arguments, CLI_WRITE, &session);
    if (code != CLI_DONE) return code;
    // The keyspace keeps its kind: deleting is the same in both.
    code = cli_session_use(arguments, CLI_READ, &session);
    if (code == CLI_DONE && arguments->word_count == 0) code = delete_range(arguments, &session);
    for (int i = 0; i < arguments->word_count && (code == CLI_DONE || code == CLI_MISSING); i++) {
        code = delete_key(arguments, &session, &options, arguments->words[i]);
        if (code == CLI_MISSING) missing = code;
    }
    return cli_session_end(&session, code == CLI_DONE ? missing : code);
}
