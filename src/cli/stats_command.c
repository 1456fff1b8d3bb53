// SPDX-License-Identifier: Apache-2.0
// ferric stats: every number the database has of itself; with --watch again and again.
//
// Statistics live in the process that has the database open. Another process sees what is on disk:
// versions, levels and sizes. Watching is therefore opening anew, and telling what changed.
#include <time.h>

#include "base/buffer.h"
#include "cli/commands.h"
#include "cli/figures.h"
#include "cli/output.h"
#include "cli/session.h"
#include "cli/stats_report.h"

static int print_once(const cli_arguments *arguments)
{
    ferric_stats stats = FERRIC_STATS_INIT;
    ferric_buffer json = {0};
    cli_session session;
    ferric_status status;
    int code = cli_session_open(arguments, CLI_READ, &session);

    if (code != CLI_DONE) return code;
    if (cli_has(arguments, OPTION_JSON)) {
        status = ferric_stats_json(session.db, &json);
        cli_write(fe_buffer_slice(&json));
        cli_print("\n");
    } else {
        status = ferric_stats_get(session.db, &stats);
        if (status == FERRIC_OK) cli_report_print(&stats);
    }
    ferric_buffer_free(&json);
    if (status != FERRIC_OK) code = cli_fail_status(status, session.path);
    return cli_session_end(&session, code);
}

static uint64_t entries_of(const ferric_stats *stats)
{
    uint64_t entries = 0;
    for (int i = 0; i < FERRIC_LEVEL_COUNT; i++)
        entries += stats->levels[i].entries;
    return entries;
}

static uint32_t tables_of(const ferric_stats *stats)
{
    uint32_t tables = 0;
    for (int i = 0; i < FERRIC_LEVEL_COUNT; i++)
        tables += stats->levels[i].tables;
    return tables;
}

static int look(const cli_arguments *arguments, ferric_stats *stats)
{
    cli_session session;
    ferric_status status;
    int code = cli_session_open(arguments, CLI_READ, &session);
    if (code != CLI_DONE) return code;
    status = ferric_stats_get(session.db, stats);
    if (status != FERRIC_OK) code = cli_fail_status(status, session.path);
    return cli_session_end(&session, code);
}

static void print_change(const cli_arguments *arguments, const ferric_stats *stats,
                         uint64_t version_before, uint64_t elapsed_ns)
{
    uint64_t commits = stats->last_version - version_before;
    if (cli_has(arguments, OPTION_JSON)) {
        cli_print("{\"version\":%llu,\"commits\":%llu,\"entries\":%llu,\"tables\":%u,"
                  "\"disk_bytes\":%llu,\"compaction_debt_bytes\":%llu}\n",
                  (unsigned long long)stats->last_version, (unsigned long long)commits,
                  (unsigned long long)entries_of(stats), tables_of(stats),
                  (unsigned long long)stats->disk_bytes,
                  (unsigned long long)stats->compaction_debt_bytes);
    } else {
        cli_print("%14s %10s/s %14s %8u %12s %12s\n", cli_count_text(stats->last_version).text,
                  cli_rate_text(commits, elapsed_ns).text, cli_count_text(entries_of(stats)).text,
                  tables_of(stats), cli_size_text(stats->disk_bytes).text,
                  cli_size_text(stats->compaction_debt_bytes).text);
    }
    cli_flush();
}

static int watch(const cli_arguments *arguments, uint64_t seconds)
{
    struct timespec pause = {(time_t)seconds, 0};
    ferric_stats stats = FERRIC_STATS_INIT;
    uint64_t looked_ns = cli_now_ns();
    int code = look(arguments, &stats);
    uint64_t before = stats.last_version;

    if (code == CLI_DONE && !cli_has(arguments, OPTION_JSON)) {
        cli_print("%14s %12s %14s %8s %12s %12s\n", "version", "commits", "table entries", "tables",
                  "on disk", "debt");
    }
    while (code == CLI_DONE && cli_output_ok()) {
        uint64_t now_ns = cli_now_ns();
        print_change(arguments, &stats, before, now_ns - looked_ns);
        before = stats.last_version;
        looked_ns = now_ns;
        nanosleep(&pause, NULL);
        if (cli_interrupted()) return CLI_INTERRUPTED;
        code = look(arguments, &stats);
    }
    return code;
}

int cli_stats(const cli_arguments *arguments)
{
    uint64_t seconds;
    int code = cli_number(arguments, OPTION_WATCH, 86400, 0, &seconds);
    if (code != CLI_DONE) return code;
    return seconds == 0 ? print_once(arguments) : watch(arguments, seconds);
}
