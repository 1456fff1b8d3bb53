// SPDX-License-Identifier: Apache-2.0
// ferric index create, drop and list.
#include <string.h>

#include "base/buffer.h"
#include "cli/commands.h"
#include "cli/find_options.h"
#include "cli/output.h"
#include "cli/progress.h"

// What a build's progress is told to.
typedef struct build {
    cli_progress progress;
} build;

static bool note_progress(void *context, uint64_t documents)
{
    build *to = context;
    cli_progress_update(&to->progress, documents, 0);
    return !cli_interrupted();
}

// Paths such as age, -age or "role,-age" as a JSON array.
static ferric_status read_keys(char *const *words, int count, ferric_buffer *keys)
{
    ferric_buffer list = {0};
    ferric_status status = FERRIC_OK;

    for (int i = 0; i < count && status == FERRIC_OK; i++) {
        if (i > 0) status = fe_buffer_append(&list, ",", 1);
        if (status == FERRIC_OK) status = fe_buffer_append(&list, words[i], strlen(words[i]));
    }
    if (status == FERRIC_OK) status = fe_buffer_append(&list, "", 1);
    if (status == FERRIC_OK) status = cli_find_list(list.data, keys);
    fe_buffer_deinit(&list);
    return status;
}

static int create(const cli_arguments *arguments, cli_session *session)
{
    ferric_index_options options = FERRIC_INDEX_OPTIONS_INIT;
    ferric_buffer keys = {0};
    build running;
    ferric_status status;

    options.name = arguments->values[OPTION_NAME];
    options.unique = cli_has(arguments, OPTION_UNIQUE);
    options.sparse = cli_has(arguments, OPTION_SPARSE);
    if (cli_has(arguments, OPTION_ONLY)) {
        options.filter = fe_slice_text(arguments->values[OPTION_ONLY]);
    }
    options.progress = note_progress;
    options.progress_context = &running;
    cli_progress_begin(&running.progress, "index", 0, cli_has(arguments, OPTION_QUIET));
    status = read_keys(arguments->words + 1, arguments->word_count - 1, &keys);
    if (status == FERRIC_OK) {
        status =
            ferric_index_create(session->db, session->keyspace, fe_buffer_slice(&keys), &options);
    }
    cli_progress_clear(&running.progress);
    ferric_buffer_free(&keys);
    return status == FERRIC_OK ? CLI_DONE : cli_fail_status(status, session->name);
}

static int drop(const cli_arguments *arguments, cli_session *session)
{
    const char *name = arguments->words[1];
    ferric_status status = ferric_index_drop(session->db, session->keyspace, name);

    if (status == FERRIC_NOT_FOUND) {
        return cli_fail(CLI_MISSING, "%s has no index %s", session->name, name);
    }
    return status == FERRIC_OK ? CLI_DONE : cli_fail_status(status, session->name);
}

static int print_list(const cli_arguments *arguments, cli_session *session)
{
    ferric_buffer json = {0};
    ferric_status status = ferric_index_list(session->db, session->keyspace, &json);

    if (status == FERRIC_OK) {
        status = cli_rows_print(cli_find_form(arguments, CLI_ROWS_TABLE), fe_buffer_slice(&json));
    }
    ferric_buffer_free(&json);
    return status == FERRIC_OK ? CLI_DONE : cli_fail_status(status, session->name);
}

int cli_index_in(const cli_arguments *arguments, cli_session *session)
{
    const char *deed = arguments->words[0];
    bool is_create = strcmp(deed, "create") == 0;
    bool is_drop = strcmp(deed, "drop") == 0;
    bool is_list = strcmp(deed, "list") == 0;

    if (!is_create && !is_drop && !is_list) {
        return cli_fail(CLI_USAGE, "index: %s is none of create, drop and list", deed);
    }
    if ((is_create && arguments->word_count < 2) || (is_drop && arguments->word_count != 2) ||
        (is_list && arguments->word_count != 1)) {
        return cli_fail(CLI_USAGE, "usage: ferric index PATH create FIELD... | drop NAME | list");
    }
    return is_create ? create(arguments, session)
           : is_drop ? drop(arguments, session)
                     : print_list(arguments, session);
}

int cli_index(const cli_arguments *arguments)
{
    bool is_list = strcmp(arguments->words[0], "list") == 0;
    return cli_session_run(arguments, is_list ? CLI_READ : CLI_WRITE, cli_index_in);
}
