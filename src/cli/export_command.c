// SPDX-License-Identifier: Apache-2.0
// ferric export: writes a range of entries, as they are at one moment, to a file or to standard
// output.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zlib.h>

#include "base/buffer.h"
#include "base/status.h"
#include "cli/commands.h"
#include "cli/entry.h"
#include "cli/figures.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/record.h"
#include "cli/value_text.h"

// Where lines go. A file gets its name when it is complete; what is there and no plain file (a
// pipe, a device, a link such as /dev/stdout) is written in place.
typedef struct sink {
    gzFile file; // NULL for standard output.
    int descriptor;
    char temporary[4096]; // What is written: the path with ".part" behind it, or the path.
    const char *path;     // NULL for standard output.
    bool is_in_place;
} sink;

static bool is_plain_or_missing(const char *path)
{
    struct stat about;
    return lstat(path, &about) != 0 || S_ISREG(about.st_mode) || S_ISDIR(about.st_mode);
}

static int open_sink(sink *to, const char *path)
{
    const char *ending = path == NULL ? NULL : strrchr(path, '.');
    bool is_compressed = ending != NULL && strcmp(ending, ".gz") == 0;
    int copy;

    memset(to, 0, sizeof *to);
    to->descriptor = -1;
    if (path == NULL || strcmp(path, "-") == 0) return CLI_DONE;
    to->is_in_place = !is_plain_or_missing(path);
    if (snprintf(to->temporary, sizeof to->temporary, "%s%s", path,
                 to->is_in_place ? "" : ".part") >= (int)sizeof to->temporary) {
        return cli_fail(CLI_USAGE, "the file's name is too long");
    }
    to->path = path;
    to->descriptor = open(to->temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (to->descriptor < 0) {
        return cli_fail(CLI_IO, "cannot open %s: %s", to->temporary, strerror(errno));
    }
    copy = dup(to->descriptor); // gzclose closes its descriptor before it can be synced.
    to->file = copy < 0 ? NULL : gzdopen(copy, is_compressed ? "wb6" : "wbT");
    if (to->file == NULL) return cli_fail(CLI_IO, "cannot open %s", to->temporary);
    gzbuffer(to->file, 128 * 1024);
    return CLI_DONE;
}

static ferric_status write_line(sink *to, ferric_slice line)
{
    if (to->file == NULL) {
        cli_write(line);
        return FERRIC_OK;
    }
    if (line.size == 0 || gzwrite(to->file, line.data, (unsigned)line.size) > 0) return FERRIC_OK;
    return fe_fail(FERRIC_IO, "cannot write %s: %s", to->temporary, strerror(errno));
}

// Gives the file its name when all went well, else removes it.
static int close_sink(sink *to, int code)
{
    bool is_good = code == CLI_DONE;
    if (to->path == NULL) return code;
    errno = 0;
    if (to->file != NULL && gzclose(to->file) != Z_OK) is_good = false;
    if (is_good && !to->is_in_place) {
        is_good = fsync(to->descriptor) == 0 && rename(to->temporary, to->path) == 0;
    }
    if (!is_good && code == CLI_DONE) {
        code = cli_fail(CLI_IO, "cannot write %s: %s", to->path, strerror(errno));
    }
    if (to->descriptor >= 0) {
        close(to->descriptor);
        if (!is_good && !to->is_in_place) unlink(to->temporary);
    }
    return code;
}

static ferric_status make_line(const cli_session *session, cli_format format,
                               const ferric_iterator *iterator, ferric_buffer *line)
{
    ferric_slice key = ferric_iterator_key(iterator);
    uint64_t expires_ms = ferric_iterator_expires_ms(iterator);
    ferric_slice value;
    ferric_status status = cli_entry_value(session, iterator, &value);

    fe_buffer_clear(line);
    if (status == FERRIC_OK && format == CLI_FORMAT_RAW) {
        status = cli_line_escape(key, line);
        if (status == FERRIC_OK) status = fe_buffer_append(line, "\t", 1);
        if (status == FERRIC_OK) status = cli_line_escape(value, line);
        if (status == FERRIC_OK && expires_ms != FERRIC_EXPIRES_NEVER) {
            status = fe_buffer_format(line, "\t" CLI_EXPIRES_FIELD "=%llu",
                                      (unsigned long long)expires_ms);
        }
    } else if (status == FERRIC_OK) {
        status = cli_entry_json(session, key, value, expires_ms, line);
    }
    return status != FERRIC_OK ? status : fe_buffer_append(line, "\n", 1);
}

static int write_all(const cli_arguments *arguments, const cli_session *session, sink *to,
                     uint64_t limit, uint64_t *written)
{
    ferric_iterator_options options = FERRIC_ITERATOR_OPTIONS_INIT;
    const char *path = arguments->word_count == 0 ? NULL : arguments->words[0];
    cli_format format = cli_format_of(arguments->values[OPTION_FORMAT], path);
    cli_progress progress;
    ferric_iterator *iterator;
    ferric_buffer line = {0};
    uint64_t done = 0;
    uint64_t total = 0;
    ferric_status status = ferric_count_estimate(session->db, &total);

    cli_entry_range(arguments, &options);
    cli_progress_begin(&progress, "export", total, cli_has(arguments, OPTION_QUIET));
    if (status == FERRIC_OK) {
        status = ferric_iterator_create(session->db, session->keyspace, &options, &iterator);
    }
    if (status != FERRIC_OK) return cli_fail_status(status, session->name);
    while (status == FERRIC_OK && done < limit && cli_output_ok() && !cli_interrupted() &&
           ferric_iterator_next(iterator)) {
        status = make_line(session, format, iterator, &line);
        if (status == FERRIC_OK) status = write_line(to, fe_buffer_slice(&line));
        done++;
        cli_progress_update(&progress, done, done);
    }
    if (status == FERRIC_OK) status = ferric_iterator_status(iterator);
    if (status == FERRIC_OK && cli_interrupted()) status = FERRIC_INTERRUPTED;
    ferric_iterator_destroy(iterator);
    fe_buffer_deinit(&line);
    cli_progress_clear(&progress);
    *written = done;
    return status == FERRIC_OK ? CLI_DONE : cli_fail_status(status, session->name);
}

int cli_export(const cli_arguments *arguments)
{
    const char *path = arguments->word_count == 0 ? NULL : arguments->words[0];
    cli_format format = cli_format_of(arguments->values[OPTION_FORMAT], path);
    cli_session session;
    sink to;
    uint64_t limit;
    uint64_t written = 0;
    uint64_t begun_ns = cli_now_ns();
    int code = cli_number(arguments, OPTION_LIMIT, UINT64_MAX, UINT64_MAX, &limit);

    if (code != CLI_DONE) return code;
    if (format == CLI_FORMAT_CSV || format == CLI_FORMAT_DEB822) {
        return cli_fail(CLI_USAGE, "export writes jsonl and raw");
    }
    code = cli_session_begin(arguments, CLI_READ, &session);
    if (code != CLI_DONE) return code;
    code = open_sink(&to, path);
    if (code == CLI_DONE) code = write_all(arguments, &session, &to, limit, &written);
    code = close_sink(&to, code);
    if (code == CLI_DONE && to.path != NULL) {
        cli_note("%s exported to %s in %s", cli_count_text(written).text, to.path,
                 cli_duration_text(cli_now_ns() - begun_ns).text);
    }
    return cli_session_end(&session, code);
}
