// SPDX-License-Identifier: Apache-2.0
// ferric import: commits the records of a file, so many at a time. What is acknowledged stays,
// whatever happens to the rest; the last line says how far it came.
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "cli/commands.h"
#include "cli/figures.h"
#include "cli/import_place.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/record.h"
#include "cli/session.h"
#include "cli/value_text.h"

// A batch is committed when it holds this much, even if it has few entries.
#define BATCH_SIZE_MAX ((size_t)4 << 20)
// Bad lines after so many are only counted.
#define TOLD_COUNT_MAX 20
// Columns whose types are told.
#define TOLD_COLUMNS_MAX 40

typedef struct import_job {
    cli_session *session;
    cli_records records;
    cli_place_store places;
    cli_place place; // Behind the last record that was added or skipped.
    cli_progress progress;
    ferric_batch *batch;
    FILE *acknowledged; // --ack-file, or NULL.
    ferric_buffer keys; // Of the batch, a line each, for the ack file.
    uint64_t batch_count_max;
    uint64_t limit;
    uint64_t done;      // Entries committed,
    uint64_t done_line; // up to this line.
    uint64_t added;     // Entries read, committed or not.
    uint64_t bad;       // Lines skipped.
    uint64_t begun_ns;
    bool stops;     // At the first bad line.
    bool is_at_end; // Everything was read.
} import_job;

// Appends the keys of the batch just committed to the ack file.
static int acknowledge(import_job *job)
{
    if (job->acknowledged == NULL) return CLI_DONE;
    if (fwrite(job->keys.data, 1, job->keys.size, job->acknowledged) != job->keys.size ||
        fflush(job->acknowledged) != 0) {
        return cli_fail(CLI_IO, "cannot write the ack file: %s", strerror(errno));
    }
    fe_buffer_clear(&job->keys);
    return CLI_DONE;
}

static int commit(import_job *job)
{
    uint64_t count = ferric_batch_count(job->batch);
    ferric_status status;

    if (count == 0 && !(job->is_at_end && job->places.keyspace != NULL)) return CLI_DONE;
    status = cli_place_add(&job->places, job->batch, job->is_at_end ? NULL : &job->place);
    if (status == FERRIC_OK) status = ferric_write(job->session->db, job->batch, NULL, NULL);
    if (status != FERRIC_OK) {
        cli_progress_clear(&job->progress);
        return cli_fail_status(status, "cannot commit");
    }
    job->done += count;
    job->done_line = job->place.line;
    ferric_batch_clear(job->batch);
    return acknowledge(job);
}

// Tells of the bad record that was just read. Returns whether the import goes on.
static int tell_bad(import_job *job)
{
    job->bad++;
    if (job->stops || job->bad <= TOLD_COUNT_MAX) {
        cli_progress_clear(&job->progress);
        cli_fail(CLI_USAGE, "%s, line %llu: %s", job->records.lines.name,
                 (unsigned long long)job->records.line, ferric_error_message());
    }
    if (!job->stops && job->bad == TOLD_COUNT_MAX) cli_note("more bad lines are only counted");
    return job->stops ? CLI_USAGE : CLI_DONE;
}

static ferric_status add_to_batch(import_job *job)
{
    ferric_slice key = fe_buffer_slice(&job->records.key);
    ferric_slice value = fe_buffer_slice(&job->records.value);
    ferric_lifetime lifetime = {0, job->records.expires_ms};

    if (job->session->kind == FERRIC_KEYSPACE_RAW) {
        return ferric_batch_put_expiring(job->batch, job->session->keyspace, key, value, lifetime);
    }
    return ferric_batch_document_put_expiring(job->batch, job->session->keyspace, key, value,
                                              lifetime);
}

static int add(import_job *job)
{
    ferric_status status;
    int code = CLI_DONE;

    if (ferric_batch_size(job->batch) + job->records.value.size > BATCH_SIZE_MAX) {
        code = commit(job);
        if (code != CLI_DONE) return code;
    }
    status = add_to_batch(job);
    if (status == FERRIC_INVALID_ARGUMENT || status == FERRIC_TOO_LARGE) return tell_bad(job);
    if (status == FERRIC_OK && job->acknowledged != NULL) {
        status = cli_line_escape(fe_buffer_slice(&job->records.key), &job->keys);
        if (status == FERRIC_OK) status = fe_buffer_append(&job->keys, "\n", 1);
    }
    if (status != FERRIC_OK) return cli_fail_status(status, "");
    job->added++;
    return CLI_DONE;
}

// Reads one record and adds it. CLI_DONE also at the end.
static int take_record(import_job *job)
{
    int code = CLI_DONE;
    cli_record_result result = cli_records_next(&job->records);

    if (cli_interrupted()) return CLI_INTERRUPTED;
    if (result == CLI_RECORD_FAILED) {
        cli_progress_clear(&job->progress);
        return cli_fail(CLI_IO, "%s", ferric_error_message());
    }
    job->is_at_end = result == CLI_RECORD_END;
    job->stops |= result == CLI_RECORD_CUT;
    if (result == CLI_RECORD_READ) code = add(job);
    if (result == CLI_RECORD_BAD || result == CLI_RECORD_CUT) code = tell_bad(job);
    if (code != CLI_DONE || job->is_at_end) return code;
    job->place = cli_records_place(&job->records);
    return ferric_batch_count(job->batch) >= job->batch_count_max ? commit(job) : CLI_DONE;
}

static int run(import_job *job)
{
    int code = CLI_DONE;
    while (code == CLI_DONE && !job->is_at_end && job->added < job->limit) {
        code = take_record(job);
        cli_progress_update(&job->progress, job->done, cli_lines_position(&job->records.lines));
    }
    // Before a bad line that stops the import everything was good, so it is kept.
    if (code == CLI_DONE || (code == CLI_USAGE && job->stops)) {
        int committed = commit(job);
        if (committed != CLI_DONE) {
            code = committed;
        } else if (code != CLI_DONE) {
            job->done_line = job->records.line - 1;
        }
    }
    return code;
}

// Cells that did not suit the type that their column seemed to have.
static void tell_misfits(const import_job *job)
{
    for (size_t i = 0; i < cli_records_column_count(&job->records); i++) {
        const cli_column *column = cli_records_column(&job->records, i);
        if (column->misfits == 0) continue;
        cli_note("%.*s: %s became strings, being no %s; the first is in line %llu",
                 (int)column->name.size, (const char *)column->name.data,
                 cli_count_text(column->misfits).text, cli_column_type_name(column->type),
                 (unsigned long long)column->misfit_line);
    }
}

// Whether it went well or not, what is in the database is said.
static int report(import_job *job, int code)
{
    uint64_t elapsed_ns = cli_now_ns() - job->begun_ns;
    cli_progress_clear(&job->progress);
    if (code != CLI_DONE) {
        cli_fail(code, "%s: %s of %s committed, up to line %llu of %s",
                 code == CLI_INTERRUPTED ? "interrupted" : "stopped",
                 cli_count_text(job->done).text, cli_count_text(job->added).text,
                 (unsigned long long)job->done_line, job->records.lines.name);
        return code;
    }
    cli_note("%s imported into %s in %s, %s/s%s%s%s", cli_count_text(job->done).text,
             job->session->name, cli_duration_text(elapsed_ns).text,
             cli_rate_text(job->done, elapsed_ns).text, job->bad > 0 ? "; " : "",
             job->bad > 0 ? cli_count_text(job->bad).text : "", job->bad > 0 ? " bad skipped" : "");
    tell_misfits(job);
    if (job->done > 0 || job->bad == 0) return CLI_DONE;
    cli_note("nothing could be read: --format says what it is: %s",
             cli_options[OPTION_FORMAT].choices);
    return CLI_USAGE;
}

static int read_options(const cli_arguments *arguments, import_job *job, size_t *line_size_max)
{
    const char *on_error = arguments->values[OPTION_ON_ERROR];
    const char *path = arguments->word_count == 0 ? NULL : arguments->words[0];
    uint64_t line_max;
    int code = cli_number(arguments, OPTION_BATCH, 1000000, 1000, &job->batch_count_max);

    if (code == CLI_DONE && job->batch_count_max == 0) {
        return cli_fail(CLI_USAGE, "--batch takes at least 1");
    }

    if (code == CLI_DONE)
        code = cli_number(arguments, OPTION_LIMIT, UINT64_MAX, UINT64_MAX, &job->limit);
    if (code == CLI_DONE) {
        code = cli_number(arguments, OPTION_LINE_MAX, (uint64_t)1 << 30, (uint64_t)64 << 20,
                          &line_max);
    }
    if (code != CLI_DONE) return code;
    *line_size_max = (size_t)line_max;
    job->stops = on_error != NULL && strcmp(on_error, "stop") == 0;
    job->records.format = cli_format_of(arguments->values[OPTION_FORMAT], path);
    job->records.id = arguments->values[OPTION_ID];
    if (job->records.id == NULL) job->records.id = arguments->values[OPTION_KEY];
    job->records.types = arguments->values[OPTION_TYPES];
    job->records.takes_bytes = cli_has(arguments, OPTION_RAW);
    if (job->records.types != NULL && job->records.format != CLI_FORMAT_CSV) {
        return cli_fail(CLI_USAGE, "--types goes with --format csv: JSON has types of its own");
    }
    if (cli_has(arguments, OPTION_ID) && cli_has(arguments, OPTION_KEY)) {
        return cli_fail(CLI_USAGE, "--id and --key mean the same: give one of them");
    }
    if (job->records.takes_bytes && job->records.format != CLI_FORMAT_RAW) {
        return cli_fail(CLI_USAGE,
                        "--raw goes with --format raw: the other formats make documents");
    }
    return CLI_DONE;
}

static int open_input(const cli_arguments *arguments, import_job *job, size_t line_size_max)
{
    const char *path = arguments->word_count == 0 ? NULL : arguments->words[0];
    const char *ack_path = arguments->values[OPTION_ACK_FILE];
    ferric_status status = cli_records_open(&job->records, path, line_size_max);

    if (status == FERRIC_INVALID_ARGUMENT) return cli_fail_status(status, "");
    if (status != FERRIC_OK) return cli_fail(CLI_IO, "%s", ferric_error_message());
    if (ack_path != NULL && (job->acknowledged = fopen(ack_path, "a")) == NULL) {
        return cli_fail(CLI_IO, "cannot open %s: %s", ack_path, strerror(errno));
    }
    return CLI_DONE;
}

static void close_input(import_job *job)
{
    if (job->acknowledged != NULL) fclose(job->acknowledged); // Flushed after each batch.
    cli_records_close(&job->records);
    fe_buffer_deinit(&job->keys);
    ferric_batch_destroy(job->batch);
}

// What the cells of each column are read as.
static void tell_types(const import_job *job)
{
    ferric_buffer text = {0};
    size_t count = cli_records_column_count(&job->records);
    size_t shown = count > TOLD_COLUMNS_MAX ? TOLD_COLUMNS_MAX : count;
    ferric_status status = FERRIC_OK;

    for (size_t i = 0; i < shown && status == FERRIC_OK; i++) {
        const cli_column *column = cli_records_column(&job->records, i);
        status =
            fe_buffer_format(&text, "%s%.*s %s", i == 0 ? "" : ", ", (int)column->name.size,
                             (const char *)column->name.data, cli_column_type_name(column->type));
    }
    if (count > 0) {
        cli_note("fields: %.*s%s", (int)text.size, (const char *)text.data,
                 shown < count ? ", ..." : "");
    }
    fe_buffer_deinit(&text);
}

// Goes on where an earlier import of the same file was ended.
static int resume(const cli_arguments *arguments, import_job *job)
{
    const char *path = arguments->word_count == 0 ? NULL : arguments->words[0];
    bool is_resumed = false;
    ferric_status status;

    if (!cli_has(arguments, OPTION_RESUME)) return CLI_DONE;
    status = cli_place_begin(&job->places, job->session, path, &job->records, &is_resumed);
    if (status != FERRIC_OK) return cli_fail_status(status, "cannot go on");
    job->place = cli_records_place(&job->records);
    job->done_line = job->place.line;
    if (is_resumed) {
        cli_note("going on at byte %llu of %s, behind line %llu",
                 (unsigned long long)job->place.offset, job->records.lines.name,
                 (unsigned long long)job->place.line);
    }
    return CLI_DONE;
}

static int import_records(const cli_arguments *arguments, import_job *job)
{
    int code = resume(arguments, job);
    ferric_status status;

    job->begun_ns = cli_now_ns();
    tell_types(job);
    cli_progress_begin(&job->progress, "import", job->records.lines.total_bytes,
                       cli_has(arguments, OPTION_QUIET));
    if (code == CLI_DONE) code = report(job, run(job));
    ferric_batch_clear(job->batch); // It lends the keyspaces.
    status = cli_place_end(&job->places, job->session, job->is_at_end);
    if (status != FERRIC_OK && code == CLI_DONE) code = cli_fail_status(status, "");
    return code;
}

// Everything but opening and closing the database, which the REPL has open.
static int prepare(const cli_arguments *arguments, import_job *job)
{
    size_t line_size_max = 0;
    int code = read_options(arguments, job, &line_size_max);

    if (code == CLI_DONE) code = open_input(arguments, job, line_size_max);
    if (code == CLI_DONE && ferric_batch_create(&job->batch) != FERRIC_OK) {
        code = cli_fail_status(FERRIC_NO_MEMORY, "");
    }
    return code;
}

int cli_import_in(const cli_arguments *arguments, cli_session *session)
{
    import_job job = {.session = session};
    int code = prepare(arguments, &job);

    if (code == CLI_DONE) code = import_records(arguments, &job);
    close_input(&job);
    return code;
}

int cli_import(const cli_arguments *arguments)
{
    cli_session session;
    import_job job = {.session = &session};
    int code = prepare(arguments, &job);

    if (code == CLI_DONE) code = cli_session_begin(arguments, CLI_CREATE, &session);
    if (code == CLI_DONE) {
        code = cli_session_end(&session, import_records(arguments, &job));
    }
    close_input(&job);
    return code;
}
