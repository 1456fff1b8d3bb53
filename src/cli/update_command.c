// SPDX-License-Identifier: Apache-2.0
// ferric update and remove: what a filter finds is changed, or goes, in one commit.
#include "base/buffer.h"
#include "cli/commands.h"
#include "cli/find_options.h"
#include "cli/output.h"
#include "cli/session.h"

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

static int run(const cli_arguments *arguments, bool is_removal)
{
    ferric_update_options options = FERRIC_UPDATE_OPTIONS_INIT;
    ferric_update_result result = {0};
    ferric_buffer filter = {0};
    ferric_buffer sort = {0};
    cli_session session;
    ferric_status status = FERRIC_OK;
    int code = cli_find_filter(arguments->words, is_removal ? arguments->word_count : 1, &filter);

    if (code == CLI_DONE) {
        code = cli_session_begin(
            arguments, cli_has(arguments, OPTION_UPSERT) ? CLI_CREATE : CLI_WRITE, &session);
    }
    if (code != CLI_DONE) {
        fe_buffer_deinit(&filter);
        return code;
    }
    options.many = !cli_has(arguments, OPTION_ONE);
    options.upsert = cli_has(arguments, OPTION_UPSERT);
    options.hint = arguments->values[OPTION_HINT];
    if (cli_has(arguments, OPTION_SORT)) {
        status = cli_find_list(arguments->values[OPTION_SORT], &sort);
        options.sort = fe_buffer_slice(&sort);
    }
    if (status == FERRIC_OK) {
        status = is_removal
                     ? ferric_remove(session.db, session.keyspace, fe_buffer_slice(&filter),
                                     &options, &result)
                     : ferric_update(session.db, session.keyspace, fe_buffer_slice(&filter),
                                     fe_slice_text(arguments->words[1]), &options, &result, NULL);
    }
    if (status == FERRIC_OK) {
        print_result(arguments, &result, is_removal);
    } else {
        code = cli_fail_status(status, session.name);
    }
    fe_buffer_deinit(&filter);
    fe_buffer_deinit(&sort);
    return cli_session_end(&session, code);
}

int cli_update_run(const cli_arguments *arguments)
{
    return run(arguments, false);
}

int cli_remove_run(const cli_arguments *arguments)
{
    return run(arguments, true);
}
