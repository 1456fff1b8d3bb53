// SPDX-License-Identifier: Apache-2.0
// ferric compact, verify, repair and destroy.
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/slice.h"
#include "cli/commands.h"
#include "cli/figures.h"
#include "cli/output.h"
#include "cli/session.h"

static uint64_t disk_bytes(ferric_db *db)
{
    ferric_stats stats = FERRIC_STATS_INIT;
    return ferric_stats_get(db, &stats) == FERRIC_OK ? stats.disk_bytes : 0;
}

// What is on disk once the writer has given back the space that it had reserved for more commits.
static int tell_compacted(const cli_arguments *arguments, uint64_t before, uint64_t duration_ns)
{
    cli_session session;
    int code = cli_session_open(arguments, CLI_READ, &session);

    if (code != CLI_DONE) return code;
    cli_note("%s compacted in %s: %s, now %s", session.path, cli_duration_text(duration_ns).text,
             cli_size_text(before).text, cli_size_text(disk_bytes(session.db)).text);
    return cli_session_end(&session, code);
}

int cli_compact(const cli_arguments *arguments)
{
    ferric_slice all = {NULL, 0};
    cli_session session;
    ferric_status status;
    uint64_t before;
    uint64_t begun_ns;
    int code = cli_session_open(arguments, CLI_WRITE, &session);

    if (code != CLI_DONE) return code;
    before = disk_bytes(session.db);
    begun_ns = cli_now_ns();
    status = ferric_compact(session.db, NULL, all, all);
    if (status != FERRIC_OK) code = cli_fail_status(status, session.path);
    code = cli_session_end(&session, code);
    return code == CLI_DONE ? tell_compacted(arguments, before, cli_now_ns() - begun_ns) : code;
}

static void print_finding(void *context, const char *path, uint64_t offset, const char *text)
{
    const cli_arguments *arguments = context;
    if (cli_has(arguments, OPTION_JSON)) {
        cli_print("{\"file\":");
        cli_write_quoted(fe_slice_text(path));
        cli_print(",\"offset\":%llu,\"problem\":", (unsigned long long)offset);
        cli_write_quoted(fe_slice_text(text));
        cli_print("}\n");
    } else {
        cli_color_set(CLI_BAD);
        cli_print("%s: byte %llu: %s\n", path, (unsigned long long)offset, text);
        cli_color_set(CLI_PLAIN);
    }
}

static void print_report(const cli_arguments *arguments, const ferric_verify_report *report)
{
    if (cli_has(arguments, OPTION_JSON)) {
        cli_print("{\"files\":%llu,\"bytes\":%llu,\"blocks\":%llu,\"entries\":%llu,"
                  "\"frames\":%llu,\"findings\":%llu}\n",
                  (unsigned long long)report->files, (unsigned long long)report->bytes,
                  (unsigned long long)report->blocks, (unsigned long long)report->entries,
                  (unsigned long long)report->frames, (unsigned long long)report->findings);
        return;
    }
    cli_print("%s: %s in %s files: %s blocks, %s entries, %s log frames read\n",
              report->findings == 0 ? "sound" : "DAMAGED", cli_size_text(report->bytes).text,
              cli_count_text(report->files).text, cli_count_text(report->blocks).text,
              cli_count_text(report->entries).text, cli_count_text(report->frames).text);
}

int cli_verify(const cli_arguments *arguments)
{
    cli_arguments context = *arguments;
    ferric_verify_report report;
    cli_session session;
    ferric_status status;
    int code = cli_session_open(arguments, CLI_READ, &session);

    if (code != CLI_DONE) return code;
    memset(&report, 0, sizeof report);
    status = ferric_verify(session.db, print_finding, &context, &report);
    if (status == FERRIC_OK || status == FERRIC_CORRUPT) print_report(arguments, &report);
    if (status == FERRIC_CORRUPT && report.findings > 0) {
        code = cli_fail(CLI_DAMAGED, "%s problems in %s", cli_count_text(report.findings).text,
                        session.path);
    } else if (status != FERRIC_OK) {
        code = cli_fail_status(status, session.path);
    }
    return cli_session_end(&session, code);
}

static void tell_lost(void *context, const char *path, uint64_t offset, const char *text)
{
    (void)context;
    cli_fail(CLI_DAMAGED, "%s: byte %llu: %s", path, (unsigned long long)offset, text);
}

static void print_repair(const cli_arguments *arguments, const ferric_repair_report *report)
{
    if (cli_has(arguments, OPTION_JSON)) {
        cli_print("{\"files\":%llu,\"blocks\":%llu,\"blocks_lost\":%llu,\"frames\":%llu,"
                  "\"entries\":%llu,\"findings\":%llu}\n",
                  (unsigned long long)report->files, (unsigned long long)report->blocks,
                  (unsigned long long)report->blocks_lost, (unsigned long long)report->frames,
                  (unsigned long long)report->entries, (unsigned long long)report->findings);
        return;
    }
    cli_note("%s entries of %s are in %s; %s places were damaged, %s blocks are lost",
             cli_count_text(report->entries).text, arguments->path, arguments->words[0],
             cli_count_text(report->findings).text, cli_count_text(report->blocks_lost).text);
}

int cli_repair(const cli_arguments *arguments)
{
    ferric_options options = FERRIC_OPTIONS_INIT;
    ferric_repair_report report;
    ferric_status status;
    int code = cli_database_options(arguments, &options);

    if (code != CLI_DONE) return code;
    memset(&report, 0, sizeof report);
    status =
        ferric_repair(arguments->path, arguments->words[0], &options, tell_lost, NULL, &report);
    if (status == FERRIC_NOT_FOUND) return cli_no_database(arguments);
    if (status != FERRIC_OK) return cli_fail_status(status, "");
    print_repair(arguments, &report);
    return CLI_DONE;
}

// Asks on the terminal; anything but a yes is a no.
static bool is_confirmed(const char *path)
{
    char answer[16] = "";
    fprintf(stderr, "Remove the database %s and all its data? [y/N] ", path);
    fflush(stderr);
    return fgets(answer, sizeof answer, stdin) != NULL && (*answer == 'y' || *answer == 'Y');
}

int cli_destroy(const cli_arguments *arguments)
{
    ferric_status status;
    if (!cli_has(arguments, OPTION_YES)) {
        if (isatty(STDIN_FILENO) != 1) {
            return cli_fail(CLI_USAGE, "nobody can be asked here: add --yes to remove %s",
                            arguments->path);
        }
        if (!is_confirmed(arguments->path)) return cli_fail(CLI_USAGE, "nothing was removed");
    }
    status = ferric_destroy(arguments->path, NULL);
    if (status == FERRIC_NOT_FOUND) return cli_no_database(arguments);
    if (status != FERRIC_OK) return cli_fail_status(status, "");
    cli_note("%s removed", arguments->path);
    return CLI_DONE;
}
