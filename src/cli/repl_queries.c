// SPDX-License-Identifier: Apache-2.0
// FIND, INDEX and INDEXES in the REPL.
#include <string.h>

#include "base/buffer.h"
#include "base/json_text.h"
#include "cli/find_options.h"
#include "cli/output.h"
#include "cli/repl.h"
#include "cli/value_text.h"

static int answer(ferric_status status)
{
    return status == FERRIC_OK ? CLI_DONE : cli_fail_status(status, "");
}

// ---- FIND -----------------------------------------------------------------------------------

static cli_rows_form form_of(const repl *state)
{
    return state->mode == REPL_MODE_JSON ? CLI_ROWS_JSONL : CLI_ROWS_AUTO;
}

static ferric_status print_key(const repl *state, ferric_slice key)
{
    if (state->mode == REPL_MODE_JSON) {
        cli_write_quoted(key);
    } else {
        cli_color_set(CLI_KEY);
        cli_write_data(key);
        cli_color_set(CLI_PLAIN);
    }
    cli_print("\n");
    return FERRIC_OK;
}

static ferric_status print_found(const repl *state, ferric_slice filter, bool keys_only)
{
    ferric_find_options options = FERRIC_FIND_OPTIONS_INIT;
    ferric_cursor *cursor;
    cli_rows rows;
    ferric_status status;

    options.snapshot = state->session.snapshot;
    cli_rows_init(&rows, form_of(state));
    status = ferric_find(state->session.db, state->session.keyspace, filter, &options, &cursor);
    while (status == FERRIC_OK && cli_output_ok() && !cli_interrupted() &&
           ferric_cursor_next(cursor)) {
        status = keys_only ? print_key(state, ferric_cursor_key(cursor))
                           : cli_rows_add(&rows, ferric_cursor_document(cursor));
    }
    if (status == FERRIC_OK) status = ferric_cursor_status(cursor);
    if (status == FERRIC_OK) status = cli_rows_end(&rows);
    ferric_cursor_destroy(cursor);
    cli_rows_deinit(&rows);
    return status;
}

// {"FIELD":VALUE} of two words; the value is JSON, or any other text, which is a string.
static ferric_status make_equality(const char *field, const char *value, ferric_buffer *filter)
{
    ferric_buffer json = {0};
    bool is_string;
    ferric_status status = fe_buffer_append(filter, "{", 1);

    if (status == FERRIC_OK) status = fe_json_quote(fe_slice_text(field), filter);
    if (status == FERRIC_OK) status = fe_buffer_append(filter, ":{\"$eq\":", 8);
    if (status == FERRIC_OK) status = cli_value_read(fe_slice_text(value), &json, &is_string);
    if (status == FERRIC_OK) status = fe_buffer_append(filter, json.data, json.size);
    if (status == FERRIC_OK) status = fe_buffer_append(filter, "}}", 2);
    fe_buffer_deinit(&json);
    return status;
}

int repl_find(repl *state, char *words)
{
    ferric_buffer filter = {0};
    int code = CLI_DONE;
    char *field;
    ferric_status status;

    words = repl_trim(words);
    if (state->session.txn != NULL) {
        return cli_fail(CLI_USAGE, "FIND does not see an open transaction: COMMIT it first");
    }
    if (*words == '{') return answer(print_found(state, fe_slice_text(words), false));
    field = repl_word(&words, &code);
    if (code != CLI_DONE) return code;
    words = repl_trim(words);
    if (field == NULL || *words == 0) {
        return cli_fail(CLI_USAGE, "usage: FIND {FILTER}, or FIND FIELD VALUE");
    }
    status = make_equality(field, words, &filter);
    if (status == FERRIC_OK) status = print_found(state, fe_buffer_slice(&filter), true);
    fe_buffer_deinit(&filter);
    return answer(status);
}

// ---- INDEX ----------------------------------------------------------------------------------

int repl_index(repl *state, char *words)
{
    ferric_buffer list = {0};
    ferric_buffer keys = {0};
    int code = CLI_DONE;
    const char *field;
    ferric_status status = FERRIC_OK;

    while (status == FERRIC_OK && (field = repl_word(&words, &code)) != NULL) {
        if (list.size > 0) status = fe_buffer_append(&list, ",", 1);
        if (status == FERRIC_OK) status = fe_buffer_append(&list, field, strlen(field));
    }
    if (code == CLI_DONE && list.size == 0) {
        code = cli_fail(CLI_USAGE, "usage: INDEX FIELD...");
    }
    if (status == FERRIC_OK) status = fe_buffer_append(&list, "", 1);
    if (status == FERRIC_OK && code == CLI_DONE) {
        status = cli_find_list(list.data, &keys);
        if (status == FERRIC_OK) {
            status = ferric_index_create(state->session.db, state->session.keyspace,
                                         fe_buffer_slice(&keys), NULL);
        }
        if (status == FERRIC_OK && state->editor != NULL) cli_note("OK");
    }
    fe_buffer_deinit(&list);
    fe_buffer_deinit(&keys);
    return code == CLI_DONE ? answer(status) : code;
}

int repl_indexes(repl *state, char *words)
{
    bool is_plain = state->mode == REPL_MODE_JSON || !cli_output_is_terminal();
    ferric_buffer json = {0};
    ferric_status status;

    if (*words != 0) return cli_fail(CLI_USAGE, "usage: INDEXES");
    status = ferric_index_list(state->session.db, state->session.keyspace, &json);
    if (status == FERRIC_OK) {
        status = cli_rows_print(is_plain ? CLI_ROWS_JSONL : CLI_ROWS_TABLE, fe_buffer_slice(&json));
    }
    ferric_buffer_free(&json);
    return answer(status);
}
