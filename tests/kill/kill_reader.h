// SPDX-License-Identifier: Apache-2.0
// A process that opens a database for reading again and again, beside a writer that works and is
// killed: each open must succeed and show a state that the writer made, with all that had been
// acknowledged before the open, and must go on showing it however much the writer does.
#ifndef FERRIC_KILL_KILL_READER_H
#define FERRIC_KILL_KILL_READER_H

#include "kill_writer.h"

typedef struct kill_reader kill_reader;

typedef struct kill_reader_report {
    uint64_t opens;
    uint64_t opens_beside_writer;
    uint64_t commits; // That an open showed and no open before it.
    char wrong[512];  // "" when all was right.
} kill_reader_report;

// `plan` and its path live until kill_reader_stop.
kill_reader *kill_reader_start(const kill_plan *plan);
// From now on each open must show this commit. Accepts NULL.
void kill_reader_expect(kill_reader *reader, uint32_t lane, uint64_t number);
// Ends the process, when it has opened the database so often: the writers may have been too fast.
void kill_reader_stop(kill_reader *reader, uint64_t opens_min, kill_reader_report *report);

#endif
