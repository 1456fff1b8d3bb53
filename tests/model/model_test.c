// SPDX-License-Identifier: Apache-2.0
// Random lives against a sorted array, one after another, until the time is spent
// (docs/TESTING.md). A life depends on its number alone: FERRIC_TEST_SEED begins with that one.
#include <inttypes.h>
#include <stdio.h>

#include "model_life.h"
#include "support/harness.h"

#define SECONDS_FLOOR 60u
#define OPERATIONS_OF_A_LIFE 3000u
// A build with sanitizers is slow; in a minute even it does more than this.
#define OPERATION_FLOOR 100000u
#define EXPIRED_FLOOR 500u
#define CLOCK_FLOOR 100u
#define REWRITTEN_FLOOR 50u
#define DROP_FLOOR 5u
#define RENAME_FLOOR 10u

// A machine that is busy with other things takes longer for the same work.
static bool is_enough(const harness *h, uint64_t operations)
{
    return harness_seconds(h) >= (double)SECONDS_FLOOR * (double)h->scale_percent / 100 &&
           operations >= harness_floor(h, OPERATION_FLOOR) &&
           life_played.expired >= harness_floor(h, EXPIRED_FLOOR) &&
           life_played.clocks >= harness_floor(h, CLOCK_FLOOR) &&
           life_played.rewritten >= harness_floor(h, REWRITTEN_FLOOR) &&
           life_played.drops >= harness_floor(h, DROP_FLOOR) &&
           life_played.renames >= harness_floor(h, RENAME_FLOOR);
}

int main(void)
{
    harness h;
    uint64_t operations = 0;
    uint64_t lives = 0;

    harness_begin(&h, "model", 20261121);
    while (h.failed == 0 && !is_enough(&h, operations)) {
        uint64_t done;
        char *failure = life_run(h.seed + lives, OPERATIONS_OF_A_LIFE, &done);
        operations += done;
        lives++;
        if (failure == NULL)
            harness_pass(&h);
        else
            harness_fail(&h, "%s", failure);
        harness_free(failure);
    }
    harness_count(&h, "lives", lives, 1);
    harness_count(&h, "operations", operations, OPERATION_FLOOR);
    harness_count(&h, "keys that expired", life_played.expired, EXPIRED_FLOOR);
    harness_count(&h, "clocks set, forward or back", life_played.clocks, CLOCK_FLOOR);
    harness_count(&h, "lifetimes changed", life_played.rewritten, REWRITTEN_FLOOR);
    harness_count(&h, "keyspaces dropped", life_played.drops, DROP_FLOOR);
    harness_count(&h, "keyspaces renamed", life_played.renames, RENAME_FLOOR);
    return harness_end(&h);
}
