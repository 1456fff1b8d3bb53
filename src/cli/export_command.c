// SPDX-License-Identifier: Apache-2.0
// ferric export: writes a range of entries, as they are at one moment, to a file or to standard
// output.
#include <string.h>

#include "base/buffer.h"
#include "base/json_text.h"
#include "cli/commands.h"
#include "cli/csv.h"
#include "cli/entry.h"
#include "cli/figures.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/record.h"
#include "cli/session.h"
#include "cli/sink.h"
#include "cli/value_text.h"

typedef struct export_job {
    const cli_arguments *arguments;
    cli_session session;
    cli_sink sink;
    cli_format format;
    uint64_t limit;
    uint64_t done;
    uint64_t begun_ns;
    ferric_buffer columns; // CSV: literals of names, each ended by a newline.
    ferric_buffer line;    // Being made.
    ferric_buffer object;  // CSV: the entry as JSON.
} export_job;

// ---- Entries as lines -----------------------------------------------------------------------

static ferric_status make_raw(export_job *job, ferric_slice key, ferric_slice value,
                              uint64_t expires_ms)
{
    ferric_status status = cli_line_escape(key, &job->line);
    if (status == FERRIC_OK) status = fe_buffer_append(&job->line, "\t", 1);
    if (status == FERRIC_OK) status = cli_line_escape(value, &job->line);
    if (status == FERRIC_OK && expires_ms != FERRIC_EXPIRES_NEVER) {
        status = fe_buffer_format(&job->line, "\t" CLI_EXPIRES_FIELD "=%llu",
                                  (unsigned long long)expires_ms);
    }
    return status == FERRIC_OK ? fe_buffer_append(&job->line, "\n", 1) : status;
}

// The entry at which `iterator` stands, as text of the format.
static ferric_status write_entry(export_job *job, const ferric_iterator *iterator)
{
    ferric_slice key = ferric_iterator_key(iterator);
    uint64_t expires_ms = ferric_iterator_expires_ms(iterator);
    ferric_buffer *line = &job->line;
    ferric_slice value;
    ferric_status status = cli_entry_value(&job->session, iterator, &value);

    fe_buffer_clear(line);
    if (status != FERRIC_OK) return status;
    switch (job->format) {
    case CLI_FORMAT_RAW:
        status = make_raw(job, key, value, expires_ms);
        break;
    case CLI_FORMAT_CSV:
        fe_buffer_clear(&job->object);
        status = cli_entry_json(&job->session, key, value, expires_ms, &job->object);
        if (status == FERRIC_OK) {
            status = cli_csv_write_row(&job->columns, fe_buffer_slice(&job->object), line);
        }
        break;
    case CLI_FORMAT_JSON:
        status = fe_buffer_append(line, job->done == 0 ? "[" : ",\n", job->done == 0 ? 1 : 2);
        if (status == FERRIC_OK) {
            status = cli_entry_json(&job->session, key, value, expires_ms, line);
        }
        break;
    default:
        status = cli_entry_json(&job->session, key, value, expires_ms, line);
        if (status == FERRIC_OK) status = fe_buffer_append(line, "\n", 1);
        break;
    }
    return status == FERRIC_OK ? cli_sink_write(&job->sink, fe_buffer_slice(line)) : status;
}

static ferric_status note_columns(export_job *job, const ferric_iterator *iterator)
{
    ferric_slice value;
    ferric_status status = cli_entry_value(&job->session, iterator, &value);

    fe_buffer_clear(&job->object);
    if (status == FERRIC_OK) {
        status = cli_entry_json(&job->session, ferric_iterator_key(iterator), value,
                                ferric_iterator_expires_ms(iterator), &job->object);
    }
    if (status != FERRIC_OK) return status;
    return cli_csv_note_columns(&job->columns, fe_buffer_slice(&job->object));
}

// ---- All entries ----------------------------------------------------------------------------

// Calls `visit` with each entry of the range, at the session's snapshot.
static ferric_status walk(export_job *job, const char *what,
                          ferric_status (*visit)(export_job *job, const ferric_iterator *iterator))
{
    ferric_iterator_options options = FERRIC_ITERATOR_OPTIONS_INIT;
    ferric_iterator *iterator = NULL;
    cli_progress progress;
    uint64_t total = 0;
    ferric_status status = ferric_count_estimate(job->session.db, &total);

    cli_entry_range(job->arguments, &options);
    cli_progress_begin(&progress, what, total, cli_has(job->arguments, OPTION_QUIET));
    if (status == FERRIC_OK) status = cli_entry_iterator(&job->session, &options, &iterator);
    job->done = 0;
    while (status == FERRIC_OK && job->done < job->limit && cli_output_ok() && !cli_interrupted() &&
           ferric_iterator_next(iterator)) {
        status = visit(job, iterator);
        job->done++;
        cli_progress_update(&progress, job->done, job->done);
    }
    if (status == FERRIC_OK) status = ferric_iterator_status(iterator);
    if (status == FERRIC_OK && cli_interrupted()) status = FERRIC_INTERRUPTED;
    ferric_iterator_destroy(iterator);
    cli_progress_clear(&progress);
    return status;
}

// The columns of CSV are those of --fields, or all that the entries have, then read twice.
static ferric_status write_header(export_job *job)
{
    const char *at = job->arguments->values[OPTION_FIELDS];
    ferric_status status = FERRIC_OK;

    if (at == NULL) status = walk(job, "columns", note_columns);
    while (status == FERRIC_OK && at != NULL && *at != 0) {
        size_t size = strcspn(at, ",");
        status = fe_json_quote(fe_slice(at, size), &job->columns);
        if (status == FERRIC_OK) status = fe_buffer_append(&job->columns, "\n", 1);
        at += size + (at[size] == ',');
    }
    if (status == FERRIC_OK && job->columns.size > 0) {
        status = cli_csv_write_header(&job->columns, &job->line);
    }
    return status == FERRIC_OK ? cli_sink_write(&job->sink, fe_buffer_slice(&job->line)) : status;
}

static ferric_status write_all(export_job *job)
{
    ferric_status status = ferric_snapshot_create(job->session.db, &job->session.snapshot);

    if (status == FERRIC_OK && job->format == CLI_FORMAT_CSV) status = write_header(job);
    if (status == FERRIC_OK) status = walk(job, "export", write_entry);
    if (status == FERRIC_OK && job->format == CLI_FORMAT_JSON) {
        status = cli_sink_write(&job->sink, fe_slice_text(job->done == 0 ? "[]\n" : "]\n"));
    }
    ferric_snapshot_release(job->session.snapshot);
    job->session.snapshot = NULL;
    return status;
}

// ---- The command ----------------------------------------------------------------------------

static int read_options(export_job *job, const char *path)
{
    int code = cli_number(job->arguments, OPTION_LIMIT, UINT64_MAX, UINT64_MAX, &job->limit);

    if (code != CLI_DONE) return code;
    job->format = cli_format_of(job->arguments->values[OPTION_FORMAT], path);
    if (job->format == CLI_FORMAT_DEB822) {
        return cli_fail(CLI_USAGE, "export writes jsonl, json, csv and raw, not deb822");
    }
    if (job->format != CLI_FORMAT_CSV && cli_has(job->arguments, OPTION_FIELDS)) {
        return cli_fail(CLI_USAGE, "--fields goes with csv: the other formats have all fields");
    }
    return CLI_DONE;
}

int cli_export(const cli_arguments *arguments)
{
    const char *path = arguments->word_count == 0 ? NULL : arguments->words[0];
    export_job job = {.arguments = arguments, .begun_ns = cli_now_ns()};
    int code = read_options(&job, path);
    ferric_status status;

    if (code == CLI_DONE) code = cli_session_begin(arguments, CLI_READ, &job.session);
    if (code != CLI_DONE) return code;
    code = cli_sink_open(&job.sink, path);
    if (code == CLI_DONE && (status = write_all(&job)) != FERRIC_OK) {
        code = cli_fail_status(status, job.session.name);
    }
    code = cli_sink_close(&job.sink, code);
    if (code == CLI_DONE && job.sink.path != NULL) {
        cli_note("%s exported to %s in %s", cli_count_text(job.done).text, job.sink.path,
                 cli_duration_text(cli_now_ns() - job.begun_ns).text);
    }
    fe_buffer_deinit(&job.columns);
    fe_buffer_deinit(&job.line);
    fe_buffer_deinit(&job.object);
    return cli_session_end(&job.session, code);
}
