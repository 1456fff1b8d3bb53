// SPDX-License-Identifier: Apache-2.0
// ferric insert, update and remove. What a filter finds is changed, or goes, in one commit.
#include "base/buffer.h"
#include "cli/commands.h"
#include "cli/find_options.h"
#include "cli/lifetime_text.h"
#include "cli/output.h"

static void print_result(const cli_arguments *arguments, const ferric_update_result *result,
                         bool is_removal)
{
    if (cli_has(arguments, OPTION_JSON)) {
        cli_print("{\"matched\":%llu,\"modified\":%llu,\"upserted\":%s}\n",
                  (unsigned long long)result->matched, (unsigned long long)result->modified,
                  result->is_upserted ? "true" : "false");
        return;
    }
    cli_note("%llu matched, %llu %s%s", (unsigned long long)result->matched,
             (unsigned long long)result->modified, is_removal ? "removed" : "changed",
             result->is_upserted ? ", 1 made" : "");
}

static int run(const cli_arguments *arguments, cli_session *session, bool is_removal)
{
    ferric_update_options options = FERRIC_UPDATE_OPTIONS_INIT;
    ferric_update_result result = {0};
    ferric_buffer filter = {0};
    ferric_buffer sort = {0};
    // The words of an update's filter end at the update.
    int filter_count = arguments->word_count - (is_removal ? 0 : 1);
    ferric_status status = FERRIC_OK;
    int code = cli_find_filter(arguments->words, filter_count, &filter);

    if (code == CLI_DONE && !is_removal) {
        code = cli_find_check(arguments->words[filter_count], "update");
    }
    options.many = !cli_has(arguments, OPTION_ONE);
    options.upsert = cli_has(arguments, OPTION_UPSERT);
    options.hint = arguments->values[OPTION_HINT];
    if (code == CLI_DONE && cli_has(arguments, OPTION_SORT)) {
        status = cli_find_list(arguments->values[OPTION_SORT], &sort);
        options.sort = fe_buffer_slice(&sort);
    }
    if (code == CLI_DONE && status == FERRIC_OK) {
        status = is_removal
                     ? ferric_remove(session->db, session->keyspace, fe_buffer_slice(&filter),
                                     &options, &result)
                     : ferric_update(session->db, session->keyspace, fe_buffer_slice(&filter),
                                     fe_slice_text(arguments->words[filter_count]), &options,
                                     &result, NULL);
    }
    if (status != FERRIC_OK) {
        code = cli_fail_status(status, session->name);
    } else if (code == CLI_DONE) {
        print_result(arguments, &result, is_removal);
    }
    fe_buffer_deinit(&filter);
    fe_buffer_deinit(&sort);
    return code;
}

int cli_update_in(const cli_arguments *arguments, cli_session *session)
{
    return run(arguments, session, false);
}

int cli_remove_in(const cli_arguments *arguments, cli_session *session)
{
    return run(arguments, session, true);
}

int cli_update_run(const cli_arguments *arguments)
{
    return cli_session_run(arguments, cli_has(arguments, OPTION_UPSERT) ? CLI_CREATE : CLI_WRITE,
                           cli_update_in);
}

int cli_remove_run(const cli_arguments *arguments)
{
    return cli_session_run(arguments, CLI_WRITE, cli_remove_in);
}

// ---- insert ---------------------------------------------------------------------------------

static int insert_one(const cli_arguments *arguments, const cli_session *session, const char *json)
{
    ferric_write_options options = FERRIC_WRITE_OPTIONS_INIT;
    ferric_buffer key = {0};
    ferric_status status = FERRIC_OK;
    int code = CLI_DONE;

    if (cli_has(arguments, OPTION_TTL)) {
        code = cli_lifetime_take(arguments->values[OPTION_TTL], &options.lifetime.ttl_ms);
    }
    if (code != CLI_DONE) return code;
    status =
        ferric_document_insert(session->db, session->keyspace, fe_slice_text(json), &options, &key);
    if (status == FERRIC_CONFLICT) {
        code = cli_fail(CLI_CONFLICT, "%s has a document with this _id; nothing was written",
                        session->name);
    } else if (status != FERRIC_OK) {
        code = cli_fail_status(status, session->name);
    } else {
        if (cli_has(arguments, OPTION_JSON)) {
            cli_write_quoted(fe_buffer_slice(&key));
        } else {
            cli_write_data(fe_buffer_slice(&key));
        }
        cli_print("\n");
    }
    ferric_buffer_free(&key);
    return code;
}

int cli_insert_in(const cli_arguments *arguments, cli_session *session)
{
    int code = CLI_DONE;
    for (int i = 0; code == CLI_DONE && i < arguments->word_count; i++)
        code = insert_one(arguments, session, arguments->words[i]);
    return code;
}

// Looks at the documents before the database is made.
int cli_insert_run(const cli_arguments *arguments)
{
    int code = CLI_DONE;
    for (int i = 0; code == CLI_DONE && i < arguments->word_count; i++)
        code = cli_find_check(arguments->words[i], "document");
    if (code != CLI_DONE) return code;
    return cli_session_run(arguments, CLI_CREATE, cli_insert_in);
}
