// SPDX-License-Identifier: Apache-2.0
// Which of the legal disks after a power loss are looked at: the telling ones, then random ones.
//
// For a disk with n pending events, in this order: none kept (with the old and with the new sizes),
// all kept (likewise), each one kept alone, each one dropped alone, each prefix in time, and then
// random subsets whose writes may be torn. Of lists longer than `single_max`, a random selection of
// that many.
#ifndef FERRIC_SUPPORT_CRASH_PLAN_H
#define FERRIC_SUPPORT_CRASH_PLAN_H

#include "base/random.h"
#include "support/disk.h"

typedef struct crash_plan {
    const disk *source;
    fe_random random;
    size_t pending_count;
    size_t single_count; // How many of the pending events are looked at on their own.
    size_t random_count;
    size_t step;
    uint8_t *fates;
} crash_plan;

// The disk is lent until deinit.
void crash_plan_init(crash_plan *plan, const disk *source, size_t single_max, size_t random_count,
                     uint64_t seed);
// The next disk, owned by the caller; NULL behind the last.
disk *crash_plan_next(crash_plan *plan);
void crash_plan_deinit(crash_plan *plan);

#endif
