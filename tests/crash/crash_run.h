// SPDX-License-Identifier: Apache-2.0
// One scenario that was played, and the disks that power losses leave of it.
#ifndef FERRIC_CRASH_CRASH_RUN_H
#define FERRIC_CRASH_CRASH_RUN_H

#include "base/random.h"
#include "support/harness.h"
#include "support/hash_set.h"
#include "support/oracle.h"

typedef struct crash_tally {
    hash_set disks;        // Distinct disks after one power loss.
    hash_set double_disks; // After a second one, in recovery or in what follows it.
    hash_set judged;       // Disks together with what was demanded of them.
    uint64_t openings;
    uint64_t partial;        // Recoveries that rightly showed less than was begun.
    uint64_t written_to;     // Recovered databases that went on to take writes.
    uint64_t process_deaths; // Opened with all of the kernel's state, then lost power.
} crash_tally;

// How much is looked at, from each point of a trace.
typedef struct crash_effort {
    size_t single_max;         // Pending events looked at on their own.
    size_t random_count;       // Random disks.
    uint64_t points_of_100;    // Share of points.
    uint64_t writes_of_100;    // Share of disks that are written to and opened again.
    uint64_t doubles_of_100;   // Share of disks that lose power a second time.
    uint64_t processes_of_100; // Share of points where the process dies first.
} crash_effort;

// Plays the scenario without a fault, then cuts the power along its trace. Failures go to `h`.
void crash_run(harness *h, const scenario *plan, uint64_t seed, const crash_effort *effort,
               crash_tally *tally);

#endif
