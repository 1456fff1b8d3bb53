// SPDX-License-Identifier: Apache-2.0
// One run of a test program in a process of its own, with a known mistake switched on or with none.
#ifndef FERRIC_SEEDED_PROGRAM_RUN_H
#define FERRIC_SEEDED_PROGRAM_RUN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

// Longer than any of these programs takes. A program that hangs has noticed the mistake, too.
#define RUN_SECONDS_MAX 3600u

typedef struct program_run {
    pid_t process;
    FILE *output; // Everything that it prints.
    uint64_t started_ns;
    double seconds;     // When it has ended.
    int wait_status;    // As of waitpid.
    char verdict[200];  // How it failed: "exit 1", "signal 6"; empty when it passed.
    char evidence[300]; // The first line that tells of a failure; may be empty.
} program_run;

// Starts `program` with FERRIC_SEEDED_BUG=`bug`; NULL: without a mistake.
void program_run_start(program_run *run, const char *program, const char *bug);
// Waits for the next of `count` runs to end and returns it.
program_run *program_run_wait_any(program_run *runs, uint32_t count);

#endif
