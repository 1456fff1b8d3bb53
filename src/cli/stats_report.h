// SPDX-License-Identifier: Apache-2.0
// Statistics as a person reads them: the parts that info, stats and the REPL's STATS share.
#ifndef FERRIC_CLI_STATS_REPORT_H
#define FERRIC_CLI_STATS_REPORT_H

#include <ferric/ferric.h>

// Levels as bars, memory against its limit, amplification, recovery, and what is wrong, if
// anything.
void cli_report_print(const ferric_stats *stats);
// A table of the operations that were called at least once.
void cli_report_operations(const ferric_stats *stats);

#endif
