// SPDX-License-Identifier: Apache-2.0
// ferric scan, keys and count: walk a range of keys.
#include "base/buffer.h"
#include "cli/commands.h"
#include "cli/entry.h"
#include "cli/find_options.h"
#include "cli/output.h"

static void print_key(const cli_arguments *arguments, ferric_slice key)
{
    if (cli_has(arguments, OPTION_JSON)) {
        cli_write_quoted(key);
    } else {
        cli_color_set(CLI_KEY);
        cli_write_data(key);
        cli_color_set(CLI_PLAIN);
    }
}

// As an object, in the form of --as or --json.
static ferric_status add_row(const cli_session *session, const ferric_iterator *iterator,
                             cli_rows *rows, ferric_buffer *line)
{
    ferric_slice value;
    ferric_status status = cli_entry_value(session, iterator, &value);

    fe_buffer_clear(line);
    if (status == FERRIC_OK) {
        status = cli_entry_json(session, ferric_iterator_key(iterator), value, FERRIC_EXPIRES_NEVER,
                                line);
    }
    return status == FERRIC_OK ? cli_rows_add(rows, fe_buffer_slice(line)) : status;
}

static ferric_status print_entry(const cli_arguments *arguments, const cli_session *session,
                                 const ferric_iterator *iterator)
{
    ferric_slice end = fe_slice(cli_has(arguments, OPTION_NUL) ? "" : "\n", 1);
    ferric_slice key = ferric_iterator_key(iterator);
    ferric_slice value;
    ferric_status status = cli_entry_value(session, iterator, &value);

    if (status != FERRIC_OK) return status;
    print_key(arguments, key);
    cli_write(fe_slice(cli_has(arguments, OPTION_NUL) ? "" : "\t", 1));
    cli_write_data(value);
    cli_write(end);
    return status;
}

static ferric_status walk(const cli_arguments *arguments, const cli_session *session,
                          bool keys_only, uint64_t limit)
{
    ferric_iterator_options options = FERRIC_ITERATOR_OPTIONS_INIT;
    ferric_iterator *iterator;
    bool has_rows =
        !keys_only && (cli_has(arguments, OPTION_AS) || cli_has(arguments, OPTION_JSON));
    ferric_buffer line = {0};
    cli_rows rows;
    ferric_status status;

    cli_rows_init(&rows, cli_find_form(arguments, CLI_ROWS_AUTO));
    cli_entry_range(arguments, &options);
    options.keys_only = keys_only;
    status = ferric_iterator_create(session->db, session->keyspace, &options, &iterator);
    while (status == FERRIC_OK && limit-- > 0 && cli_output_ok() && !cli_interrupted() &&
           ferric_iterator_next(iterator)) {
        if (keys_only) {
            print_key(arguments, ferric_iterator_key(iterator));
            cli_write(fe_slice(cli_has(arguments, OPTION_NUL) ? "" : "\n", 1));
        } else if (has_rows) {
            status = add_row(session, iterator, &rows, &line);
        } else {
            status = print_entry(arguments, session, iterator);
        }
    }
    if (status == FERRIC_OK) status = ferric_iterator_status(iterator);
    if (status == FERRIC_OK && has_rows) status = cli_rows_end(&rows);
    ferric_iterator_destroy(iterator);
    cli_rows_deinit(&rows);
    fe_buffer_deinit(&line);
    return status;
}

static int walk_command(const cli_arguments *arguments, bool keys_only)
{
    cli_session session;
    uint64_t limit;
    ferric_status status;
    int code = cli_number(arguments, OPTION_LIMIT, UINT64_MAX, UINT64_MAX, &limit);

    if (code == CLI_DONE) code = cli_session_begin(arguments, CLI_READ, &session);
    if (code != CLI_DONE) return code;
    status = walk(arguments, &session, keys_only, limit);
    if (status != FERRIC_OK) code = cli_fail_status(status, session.name);
    return cli_session_end(&session, code);
}

int cli_scan(const cli_arguments *arguments)
{
    return walk_command(arguments, false);
}

int cli_keys(const cli_arguments *arguments)
{
    return walk_command(arguments, true);
}

// With a prefix the count goes through an iterator, which knows prefixes.
static ferric_status count_prefix(const cli_arguments *arguments, const cli_session *session,
                                  uint64_t *count)
{
    ferric_iterator_options options = FERRIC_ITERATOR_OPTIONS_INIT;
    ferric_iterator *iterator;
    ferric_status status;

    *count = 0;
    cli_entry_range(arguments, &options);
    options.keys_only = true;
    status = ferric_iterator_create(session->db, session->keyspace, &options, &iterator);
    if (status != FERRIC_OK) return status;
    while (!cli_interrupted() && ferric_iterator_next(iterator))
        ++*count;
    status = ferric_iterator_status(iterator);
    ferric_iterator_destroy(iterator);
    return status == FERRIC_OK && cli_interrupted() ? FERRIC_INTERRUPTED : status;
}

static const cli_option range_options[] = {OPTION_PREFIX, OPTION_FROM, OPTION_TO, OPTION_ESTIMATE};
#define COUNT_RANGE_OPTIONS 4

static int count_range(const cli_arguments *arguments)
{
    ferric_iterator_options range = FERRIC_ITERATOR_OPTIONS_INIT;
    bool is_estimate = cli_has(arguments, OPTION_ESTIMATE);
    cli_session session;
    uint64_t count = 0;
    ferric_status status;
    int code = cli_session_begin(arguments, CLI_READ, &session);

    if (code != CLI_DONE) return code;
    cli_entry_range(arguments, &range);
    if (is_estimate) {
        status = ferric_count_estimate(session.db, &count);
    } else if (range.prefix.size > 0) {
        status = count_prefix(arguments, &session, &count);
    } else {
        status = ferric_count(session.db, session.keyspace, range.lower, range.upper, NULL, &count);
    }
    if (status != FERRIC_OK) {
        code = cli_fail_status(status, session.name);
    } else {
        cli_print("%s%llu\n", is_estimate && !cli_has(arguments, OPTION_JSON) ? "~" : "",
                  (unsigned long long)count);
    }
    return cli_session_end(&session, code);
}

int cli_count(const cli_arguments *arguments)
{
    if (arguments->word_count == 0) return count_range(arguments);
    for (int i = 0; i < COUNT_RANGE_OPTIONS; i++) {
        if (cli_has(arguments, range_options[i])) {
            return cli_fail(CLI_USAGE, "count takes a filter or --%s, not both",
                            cli_options[range_options[i]].name);
        }
    }
    return cli_session_run(arguments, CLI_READ, cli_count_in);
}
