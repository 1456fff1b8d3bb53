// SPDX-License-Identifier: Apache-2.0
// The progress line; see progress.h.
#include "cli/progress.h"

#include <stdio.h>

#include "cli/figures.h"
#include "cli/output.h"

#define INTERVAL_NS 100000000u

void cli_progress_begin(cli_progress *progress, const char *what, uint64_t total, bool is_quiet)
{
    progress->what = what;
    progress->total = total;
    progress->begun_ns = cli_now_ns();
    progress->shown_ns = progress->begun_ns;
    progress->is_active = cli_error_is_terminal() && !is_quiet;
}

static void show(const cli_progress *progress, uint64_t done, uint64_t position, uint64_t now_ns)
{
    uint64_t elapsed_ns = now_ns - progress->begun_ns;
    size_t columns = cli_output_columns();
    char line[160];
    int size = snprintf(line, sizeof line, "%s  %s  %s/s", progress->what,
                        cli_count_text(done).text, cli_rate_text(done, elapsed_ns).text);

    if (progress->total > 0 && position > 0) {
        double share = (double)position / (double)progress->total;
        double left_ns = (double)elapsed_ns * (1 / share - 1);
        if (share > 1) share = 1;
        if (left_ns < 0) left_ns = 0;
        size += snprintf(line + size, sizeof line - (size_t)size, "  %d%%  %s left",
                         (int)(share * 100), cli_duration_text((uint64_t)left_ns).text);
    }
    if ((size_t)size >= columns) size = (int)columns - 1;
    fprintf(stderr, "\r\033[K%.*s", size, line);
    fflush(stderr);
}

void cli_progress_update(cli_progress *progress, uint64_t done, uint64_t position)
{
    uint64_t now_ns;
    if (!progress->is_active) return;
    now_ns = cli_now_ns();
    if (now_ns - progress->shown_ns < INTERVAL_NS) return;
    progress->shown_ns = now_ns;
    show(progress, done, position, now_ns);
}

void cli_progress_clear(cli_progress *progress)
{
    if (progress->is_active) fputs("\r\033[K", stderr);
}
