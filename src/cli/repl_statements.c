// SPDX-License-Identifier: Apache-2.0
// What can be typed in the REPL to work with data: SET, GET and so on.
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buffer.h"
#include "cli/entry.h"
#include "cli/figures.h"
#include "cli/output.h"
#include "cli/repl.h"
#include "cli/stats_report.h"

// So many keys are shown to a person who did not say how many.
#define SHOWN_COUNT 100

static int fail_usage(const char *usage)
{
    return cli_fail(CLI_USAGE, "usage: %s", usage);
}

static int answer(ferric_status status)
{
    return status == FERRIC_OK ? CLI_DONE : cli_fail_status(status, "");
}

// Adds an entry to the rows that a form with columns, or one of JSON, is made of.
static ferric_status add_row(const repl *state, cli_rows *rows, ferric_slice key,
                             ferric_slice value)
{
    ferric_buffer line = {0};
    ferric_status status = cli_entry_json(&state->session, key, value, FERRIC_EXPIRES_NEVER, &line);
    if (status == FERRIC_OK) status = cli_rows_add(rows, fe_buffer_slice(&line));
    fe_buffer_deinit(&line);
    return status;
}

// JSON forms show the value alone, as GET does elsewhere; forms with columns the whole document.
static ferric_status print_value(const repl *state, const char *key, ferric_slice value)
{
    bool is_document = state->session.kind == FERRIC_KEYSPACE_COLLECTION;
    cli_rows rows;
    ferric_status status = FERRIC_OK;

    if (state->mode != CLI_ROWS_AUTO && !repl_is_json(state)) {
        cli_rows_init(&rows, state->mode);
        status = add_row(state, &rows, fe_slice_text(key), value);
        if (status == FERRIC_OK) status = cli_rows_end(&rows);
        cli_rows_deinit(&rows);
        return status;
    }
    if (state->mode == CLI_ROWS_AUTO) {
        cli_entry_print_value(&state->session, value);
    } else if (is_document) {
        cli_write(value);
    } else {
        cli_write_quoted(value);
    }
    cli_print("\n");
    return status;
}

static int run_set(repl *state, char *words)
{
    int code = CLI_DONE;
    char *key = repl_word(&words, &code);
    ferric_status status;

    if (code != CLI_DONE) return code;
    words = repl_trim(words);
    if (key == NULL || *words == 0) return fail_usage("SET KEY VALUE");
    status = cli_entry_set(&state->session, fe_slice_text(key), fe_slice_text(words), NULL);
    if (status == FERRIC_OK && state->editor != NULL) cli_note("OK");
    return answer(status);
}

static int run_get(repl *state, char *words)
{
    ferric_buffer value = {0};
    int code = CLI_DONE;
    char *key = repl_word(&words, &code);
    ferric_status status;

    if (code != CLI_DONE) return code;
    if (key == NULL || *repl_trim(words) != 0) return fail_usage("GET KEY");
    status = cli_entry_get(&state->session, fe_slice_text(key), &value, NULL);
    if (status == FERRIC_OK) status = print_value(state, key, fe_buffer_slice(&value));
    ferric_buffer_free(&value);
    if (status == FERRIC_NOT_FOUND) {
        return cli_fail(CLI_MISSING, "%s has no key %s", state->session.name, key);
    }
    return answer(status);
}

#define DELETE_USAGE "DELETE KEY, DELETE PREFIX TEXT or DELETE RANGE FROM TO"

// What stands behind a first word that is no key: PREFIX or RANGE.
static int run_delete_range(repl *state, const char *how, char *words)
{
    bool is_prefix = strcasecmp(how, "PREFIX") == 0;
    int code = CLI_DONE;
    char *first = repl_word(&words, &code);
    char *second = code == CLI_DONE ? repl_word(&words, &code) : NULL;
    ferric_slice none = {NULL, 0};

    if (code != CLI_DONE) return code;
    if ((!is_prefix && strcasecmp(how, "RANGE") != 0) || (second == NULL) != is_prefix ||
        *repl_trim(words) != 0) {
        return fail_usage(DELETE_USAGE);
    }
    if (is_prefix) {
        return answer(cli_entry_delete_range(&state->session, fe_slice_text(first), none, none));
    }
    return answer(
        cli_entry_delete_range(&state->session, none, fe_slice_text(first), fe_slice_text(second)));
}

static int run_delete(repl *state, char *words)
{
    int code = CLI_DONE;
    char *key = repl_word(&words, &code);
    ferric_slice slice = fe_slice_text(key == NULL ? "" : key);
    ferric_status status;

    if (code != CLI_DONE) return code;
    if (key != NULL && *repl_trim(words) != 0) return run_delete_range(state, key, words);
    if (key == NULL) return fail_usage(DELETE_USAGE);
    status = cli_entry_has(&state->session, slice);
    if (status == FERRIC_NOT_FOUND) {
        return cli_fail(CLI_MISSING, "%s has no key %s", state->session.name, key);
    }
    if (status == FERRIC_OK) status = cli_entry_delete(&state->session, slice);
    if (status == FERRIC_OK && state->editor != NULL) cli_note("OK");
    return answer(status);
}

// ---- Ranges ---------------------------------------------------------------------------------

static ferric_status print_entry(const repl *state, const ferric_iterator *iterator, bool keys_only,
                                 cli_rows *rows)
{
    ferric_slice key = ferric_iterator_key(iterator);
    ferric_slice value = {NULL, 0};
    ferric_status status = FERRIC_OK;

    if (keys_only && repl_is_json(state)) {
        bool is_array = state->mode == CLI_ROWS_JSON;
        if (is_array) cli_print("%s", rows->count == 0 ? "[" : ",\n");
        cli_write_quoted(key); // Which knows what to do about a raw key that is no text.
        if (!is_array) cli_print("\n");
        rows->count++;
        return FERRIC_OK;
    }
    if (!keys_only) status = cli_entry_value(&state->session, iterator, &value);
    if (status != FERRIC_OK) return status;
    if (keys_only) value = fe_slice_text("{}");
    if (state->mode != CLI_ROWS_AUTO) return add_row(state, rows, key, value);
    cli_color_set(CLI_KEY);
    cli_write_data(key);
    cli_color_set(CLI_PLAIN);
    if (!keys_only) cli_print("\t");
    if (!keys_only) cli_write_data(value);
    cli_print("\n");
    return status;
}

// Prints up to `limit` entries, then says how many more there are.
static ferric_status walk(const repl *state, const char *prefix, uint64_t limit, bool keys_only)
{
    ferric_iterator_options options = FERRIC_ITERATOR_OPTIONS_INIT;
    ferric_iterator *iterator;
    cli_rows rows;
    uint64_t rest = 0;
    ferric_status status;

    cli_rows_init(&rows, state->mode);
    options.prefix = fe_slice_text(prefix);
    options.keys_only = keys_only;
    status = cli_entry_iterator(&state->session, &options, &iterator);
    while (status == FERRIC_OK && cli_output_ok() && !cli_interrupted() &&
           ferric_iterator_next(iterator)) {
        if (limit == 0) {
            rest++;
        } else {
            limit--;
            status = print_entry(state, iterator, keys_only, &rows);
        }
    }
    if (status == FERRIC_OK) status = ferric_iterator_status(iterator);
    if (status == FERRIC_OK && state->mode != CLI_ROWS_AUTO) status = cli_rows_end(&rows);
    ferric_iterator_destroy(iterator);
    cli_rows_deinit(&rows);
    if (rest > 0 && status == FERRIC_OK) {
        cli_note("... and %s%s more", cli_interrupted() ? "at least " : "",
                 cli_count_text(rest).text);
    }
    return status;
}

static int run_walk(repl *state, char *words, bool keys_only)
{
    int code = CLI_DONE;
    uint64_t limit = cli_output_is_terminal() ? SHOWN_COUNT : UINT64_MAX;
    const char *prefix = repl_word(&words, &code);
    const char *count = code == CLI_DONE ? repl_word(&words, &code) : NULL;
    char *end;

    if (code != CLI_DONE) return code;
    if (count != NULL) {
        limit = strtoull(count, &end, 10);
        if (*count < '0' || *count > '9' || *end != 0 || *repl_trim(words) != 0) {
            return fail_usage(keys_only ? "KEYS [PREFIX [COUNT]]" : "SCAN [PREFIX [COUNT]]");
        }
    }
    return answer(walk(state, prefix == NULL ? "" : prefix, limit, keys_only));
}

static int run_keys(repl *state, char *words)
{
    return run_walk(state, words, true);
}

static int run_scan(repl *state, char *words)
{
    return run_walk(state, words, false);
}

static int run_count(repl *state, char *words)
{
    uint64_t count;
    ferric_status status;
    if (*words != 0) return repl_count(state, words);
    status = cli_entry_count(&state->session, &count);
    if (status == FERRIC_OK) cli_print("%llu\n", (unsigned long long)count);
    return answer(status);
}

// ---- The database ---------------------------------------------------------------------------

static int run_stats(repl *state, char *words)
{
    ferric_stats stats = FERRIC_STATS_INIT;
    ferric_buffer json = {0};
    ferric_status status;
    if (*words != 0) return fail_usage("STATS");
    if (repl_is_json(state)) {
        status = ferric_stats_json(state->session.db, &json);
        cli_write(fe_buffer_slice(&json));
        cli_print("\n");
        ferric_buffer_free(&json);
        return answer(status);
    }
    status = ferric_stats_get(state->session.db, &stats);
    if (status == FERRIC_OK) {
        cli_report_print(&stats);
        cli_report_operations(&stats);
    }
    return answer(status);
}

static int run_compact(repl *state, char *words)
{
    ferric_slice all = {NULL, 0};
    ferric_status status;
    if (*words != 0) return fail_usage("COMPACT");
    status = ferric_compact(state->session.db, NULL, all, all);
    if (status == FERRIC_OK && state->editor != NULL) cli_note("OK");
    return answer(status);
}

static void print_finding(void *context, const char *path, uint64_t offset, const char *text)
{
    (void)context;
    cli_print("%s: byte %llu: %s\n", path, (unsigned long long)offset, text);
}

static int run_verify(repl *state, char *words)
{
    ferric_verify_report report = {0};
    ferric_status status;
    if (*words != 0) return fail_usage("VERIFY");
    status = ferric_verify(state->session.db, print_finding, NULL, &report);
    if (status != FERRIC_OK) return answer(status);
    cli_print("sound: %s in %s files, %s entries\n", cli_size_text(report.bytes).text,
              cli_count_text(report.files).text, cli_count_text(report.entries).text);
    return CLI_DONE;
}

static int run_exit(repl *state, char *words)
{
    (void)words;
    state->is_over = true;
    return CLI_DONE;
}

// One line of what STATS tells at length.
static int print_metrics(const repl *state)
{
    ferric_stats stats = FERRIC_STATS_INIT;
    const ferric_operation_stats *operations = stats.operations;
    uint64_t keys = 0;
    ferric_status status = ferric_stats_get(state->session.db, &stats);

    if (status == FERRIC_OK) status = ferric_count_estimate(state->session.db, &keys);
    if (status != FERRIC_OK) return answer(status);
    cli_print("\n~%s keys in all, %s on disk", cli_count_text(keys).text,
              cli_size_text(stats.disk_bytes).text);
    cli_print("; gets %s, puts %s, deletes %s since it was opened\n",
              cli_count_text(operations[FERRIC_OPERATION_GET].attempts).text,
              cli_count_text(operations[FERRIC_OPERATION_PUT].attempts).text,
              cli_count_text(operations[FERRIC_OPERATION_DELETE].attempts).text);
    return CLI_DONE;
}

static int run_help(repl *state, char *words)
{
    const repl_command *const lists[] = {repl_statements, repl_dots};
    (void)words;
    for (size_t i = 0; i < 2; i++) {
        for (const repl_command *one = lists[i]; one->name != NULL; one++) {
            if (one->help == NULL) continue;
            cli_color_set(CLI_BOLD);
            cli_print("%s", one->name);
            cli_color_set(CLI_PLAIN);
            cli_print("%s%s\n    %s\n", *one->arguments == 0 ? "" : " ", one->arguments, one->help);
        }
    }
    return print_metrics(state);
}

const repl_command repl_statements[] = {
    {"SET", "KEY VALUE", "VALUE is JSON, or any other text, which becomes a string", run_set},
    {"GET", "KEY", "print a value; a key with spaces stands in double quotes", run_get},
    {"SETEX", "KEY TIME VALUE", "the same for a time: 10s, 500ms, 2h; a number is seconds",
     repl_setex},
    {"TTL", "KEY", "print how many seconds it still lives, -1 when it stays", repl_ttl},
    {"EXPIRE", "KEY TIME", "let a key go by itself after a time", repl_expire},
    {"PERSIST", "KEY", "let a key stay", repl_persist},
    {"TOUCH", "KEY [TIME]", "let a key live on for at least TIME, or the keyspace's default",
     repl_touch},
    {"INCR", "KEY [BY]", "add to a number, 1 without BY, and print the sum", repl_incr},
    {"DELETE", "KEY|PREFIX TEXT|RANGE FROM TO", "delete a key, or a range of keys", run_delete},
    {"DEL", "KEY", NULL, run_delete},
    {"KEYS", "[PREFIX [COUNT]]", "print keys in their order", run_keys},
    {"SCAN", "[PREFIX [COUNT]]", "print keys and values in the order of keys", run_scan},
    {"COUNT", "[FILTER]", "count the keys, or the documents that match", run_count},
    {"INSERT", "DOCUMENT...", "add documents under their \"_id\", or new UUIDs, and print these",
     repl_insert},
    {"FIND", "FILTER [OPTION]... | FIELD VALUE",
     "print the documents that match: {JSON}, or words such as age>=18; options are those of\n"
     "    ferric find, such as --sort -age --limit 5. FIELD VALUE prints keys",
     repl_find},
    {"EXPLAIN", "FILTER [OPTION]...", "say how a FIND is carried out", repl_explain},
    {"DISTINCT", "FIELD [FILTER]", "print the different values of a field", repl_distinct},
    {"GROUP", "FIELDS [FILTER] [OPTION]...",
     "count the documents of each group, as GROUP city --avg age --sort -count; - is one group\n"
     "    of all; also --sum --min --max",
     repl_group},
    {"UPDATE", "FILTER UPDATE", "change the documents that match, as by {\"$set\":{\"a\":1}}",
     repl_update},
    {"PATCH", "KEY PATCH",
     "change one document: {JSON} is a merge patch, [JSON] a list of operations", repl_patch},
    {"REMOVE", "FILTER", "delete the documents that match", repl_remove},
    {"INDEX", "FIELD... | DROP NAME | LIST",
     "create an index over these fields; -FIELD is descending; --unique --sparse --only",
     repl_index},
    {"INDEXES", "", "list the indexes", repl_indexes},
    {"BEGIN", "[SERIALIZABLE]", "begin a transaction", repl_begin},
    {"COMMIT", "", "commit it", repl_commit},
    {"ROLLBACK", "[TO NAME]", "take it back, or what was written since a savepoint", repl_rollback},
    {"SAVEPOINT", "NAME", "name a place in the transaction to come back to", repl_savepoint},
    {"SNAPSHOT", "[END]", "read the state of this moment from now on, until its END",
     repl_snapshot},
    {"STATS", "", "what the database knows of itself", run_stats},
    {"COMPACT", "", "merge all tables and drop what is deleted", run_compact},
    {"VERIFY", "", "check every checksum", run_verify},
    {"HELP", "", "this list, and how the database is doing", run_help},
    {"EXIT", "", "leave; Ctrl-D does too", run_exit},
    {"QUIT", "", NULL, run_exit},
    {NULL, NULL, NULL, NULL},
};
