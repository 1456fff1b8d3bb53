// SPDX-License-Identifier: Apache-2.0
// Walks through the choices that a power loss leaves, telling ones first.
#include "support/crash_plan.h"

#include <string.h>

#include "support/harness.h"

// None and all, each with three rules for sizes.
#define EXTREME_COUNT 6u

void crash_plan_init(crash_plan *plan, const disk *source, size_t single_max, size_t random_count,
                     uint64_t seed)
{
    size_t count = disk_pending_count(source);

    *plan = (crash_plan){.source = source, .random = {seed}, .pending_count = count};
    plan->single_count = count < single_max ? count : single_max;
    plan->random_count = count == 0 ? 0 : random_count;
    plan->fates = harness_alloc(count);
}

void crash_plan_deinit(crash_plan *plan)
{
    harness_free(plan->fates);
    *plan = (crash_plan){0};
}

static void fill(crash_plan *plan, size_t from, size_t to, disk_fate fate)
{
    if (to > from) memset(plan->fates + from, (int)fate, to - from);
}

// Number `index` of the events that are looked at on their own.
static size_t pick_single(crash_plan *plan, size_t index)
{
    if (plan->single_count == plan->pending_count) return index;
    return (size_t)fe_random_below(&plan->random, plan->pending_count);
}

static void choose_random(crash_plan *plan, disk_choice *choice)
{
    // From nearly nothing to nearly everything: a fair coin for each would leave long lists always
    // half kept.
    uint64_t kept_of_8 = fe_random_below(&plan->random, 9);
    uint64_t torn_of_8 = fe_random_below(&plan->random, 9);

    for (size_t i = 0; i < plan->pending_count; i++) {
        disk_fate fate = DISK_ABSENT;
        if (fe_random_below(&plan->random, 8) < kept_of_8) fate = DISK_PRESENT;
        if (fate == DISK_PRESENT && fe_random_below(&plan->random, 8) < torn_of_8) fate = DISK_TORN;
        plan->fates[i] = (uint8_t)fate;
    }
    choice->size_rule = (disk_size_rule)fe_random_below(&plan->random, 3);
}

// Fills in choice number `step`; false behind the last.
static bool choose(crash_plan *plan, size_t step, disk_choice *choice)
{
    size_t all = plan->pending_count;

    if (step < EXTREME_COUNT) {
        fill(plan, 0, all, step < 3 ? DISK_ABSENT : DISK_PRESENT);
        choice->size_rule = (disk_size_rule)(step % 3);
        return true;
    }
    step -= EXTREME_COUNT;
    if (step < 2 * plan->single_count) {
        bool is_alone = step < plan->single_count;
        size_t at = pick_single(plan, step % plan->single_count);
        fill(plan, 0, all, is_alone ? DISK_ABSENT : DISK_PRESENT);
        fill(plan, at, at + 1, is_alone ? DISK_PRESENT : DISK_ABSENT);
        return true;
    }
    step -= 2 * plan->single_count;
    if (step < plan->single_count) {
        size_t size = pick_single(plan, step);
        fill(plan, 0, size, DISK_PRESENT);
        fill(plan, size, all, DISK_ABSENT);
        return true;
    }
    step -= plan->single_count;
    if (step >= plan->random_count) return false;
    choose_random(plan, choice);
    return true;
}

disk *crash_plan_next(crash_plan *plan)
{
    disk_choice choice = {plan->fates, DISK_SIZE_ARRIVED, 0};

    // With nothing pending there is one disk.
    if (plan->pending_count == 0 && plan->step > 0) return NULL;
    if (!choose(plan, plan->step, &choice)) return NULL;
    plan->step++;
    choice.seed = fe_random_next(&plan->random);
    return disk_crash(plan->source, &choice);
}
