// SPDX-License-Identifier: Apache-2.0
// One line on standard error that says how far a long command has come: done, rate, share and time
// left. Only on a terminal, and gone when the command ends.
#ifndef FERRIC_CLI_PROGRESS_H
#define FERRIC_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct cli_progress {
    const char *what;
    uint64_t total; // What `position` ends at, 0 when unknown.
    uint64_t begun_ns;
    uint64_t shown_ns;
    bool is_active;
} cli_progress;

void cli_progress_begin(cli_progress *progress, const char *what, uint64_t total, bool is_quiet);
// `done` is what is counted, `position` how far of `total` that is. Cheap enough for each entry.
void cli_progress_update(cli_progress *progress, uint64_t done, uint64_t position);
// Clears the line, so that something else can be printed; the next update shows it again.
void cli_progress_clear(cli_progress *progress);

#endif
