// SPDX-License-Identifier: Apache-2.0
// Power loss at every point of every scenario, and again inside recovery (docs/TESTING.md).
//
// The first round takes the telling disks of each point, later ones random subsets with torn
// sectors and newly drawn scenarios, until the floors are met. Equal disks of which the same was
// demanded are opened once and counted once.
#include <inttypes.h>
#include <stdio.h>

#include "crash_run.h"

#define DISK_FLOOR 50000u
#define DOUBLE_FLOOR 5000u
#define ROUND_MAX 200u

static void run_round(harness *h, uint64_t round, crash_tally *tally)
{
    crash_effort first = {.single_max = 12,
                          .random_count = 6,
                          .points_of_100 = h->scale_percent,
                          .writes_of_100 = 20,
                          .doubles_of_100 = 4,
                          .processes_of_100 = 20};
    crash_effort later = {.single_max = 0,
                          .random_count = 24,
                          .points_of_100 = 30,
                          .writes_of_100 = 20,
                          .doubles_of_100 = 4,
                          .processes_of_100 = 2};

    for (size_t i = 0; i < scenario_count(); i++) {
        const scenario *plan = scenario_at(i);
        if (!harness_wants(h, plan->name)) continue;
        uint64_t seed = h->seed + round * 1000 + i;
        crash_run(h, plan, seed, round == 0 ? &first : &later, tally);
    }
}

int main(void)
{
    harness h;
    crash_tally tally = {0};

    harness_begin(&h, "crash", 20261121);
    for (uint64_t round = 0; round < ROUND_MAX && h.failed == 0; round++) {
        run_round(&h, round, &tally);
        if (h.only != NULL) break;
        if (tally.disks.count >= harness_floor(&h, DISK_FLOOR) &&
            tally.double_disks.count >= harness_floor(&h, DOUBLE_FLOOR)) {
            break;
        }
    }
    harness_count(&h, "distinct disks", tally.disks.count, DISK_FLOOR);
    harness_count(&h, "distinct disks after a second loss", tally.double_disks.count, DOUBLE_FLOOR);
    harness_count(&h, "process deaths, then a loss", tally.process_deaths, 1);
    harness_count(&h, "recoveries that showed less than was begun", tally.partial, 1);
    harness_count(&h, "recovered databases written to", tally.written_to, 1);
    harness_count(&h, "databases opened", tally.openings, 0);
    hash_set_deinit(&tally.disks);
    hash_set_deinit(&tally.double_disks);
    hash_set_deinit(&tally.judged);
    oracle_count_played(&h);
    return harness_end(&h);
}
