// SPDX-License-Identifier: Apache-2.0
// Engine time out of two clocks.
#include "lsm/engine_clock.h"

#include "base/compiler.h"
#include "base/seeded_bug.h"

#define NS_PER_MS 1000000u

void fe_engine_clock_init(fe_engine_clock *clock, fe_vfs *vfs)
{
    clock->vfs = vfs;
    atomic_init(&clock->lead_ms, INT64_MIN);
    atomic_init(&clock->behind_ms, 0);
    atomic_init(&clock->jumps, 0);
    atomic_init(&clock->jump_ms, 0);
    atomic_init(&clock->is_jump_untold, false);
}

static int64_t monotonic_ms(const fe_engine_clock *clock)
{
    return (int64_t)(fe_vfs_monotonic_ns(clock->vfs) / NS_PER_MS);
}

// Never lowers it: of two threads the larger value stays.
static void raise_lead(fe_engine_clock *clock, int64_t lead)
{
    int64_t before = atomic_load_explicit(&clock->lead_ms, memory_order_relaxed);

    while (lead > before &&
           !atomic_compare_exchange_weak_explicit(&clock->lead_ms, &before, lead,
                                                  memory_order_relaxed, memory_order_relaxed)) {
    }
}

static FE_NOINLINE void note_jump(fe_engine_clock *clock, int64_t jump_ms)
{
    atomic_store_explicit(&clock->jump_ms, jump_ms, memory_order_relaxed);
    atomic_fetch_add_explicit(&clock->jumps, 1, memory_order_relaxed);
    // Pairs with the exchange in fe_engine_clock_take_jump.
    atomic_store_explicit(&clock->is_jump_untold, true, memory_order_release);
}

// A system clock that is far behind stays so for many reads: only the way there is a jump.
static void note_behind(fe_engine_clock *clock, int64_t behind)
{
    int64_t before = atomic_exchange_explicit(&clock->behind_ms, behind, memory_order_relaxed);

    if (behind - before > FE_CLOCK_JUMP_MS) note_jump(clock, before - behind);
}

uint64_t fe_engine_clock_now(fe_engine_clock *clock)
{
    int64_t system = (int64_t)fe_vfs_now_ms(clock->vfs);
    int64_t monotonic = monotonic_ms(clock);
    int64_t lead = atomic_load_explicit(&clock->lead_ms, memory_order_relaxed);

    if (FE_SEEDED_BUG(FE_BUG_CLOCK_SET_BACK)) return (uint64_t)system;
    if (FE_UNLIKELY(lead == INT64_MIN)) {
        raise_lead(clock, system - monotonic);
        return (uint64_t)system;
    }
    if (system - monotonic > lead) {
        raise_lead(clock, system - monotonic);
        if (FE_UNLIKELY(system - monotonic - lead > FE_CLOCK_JUMP_MS)) {
            note_jump(clock, system - monotonic - lead);
        }
        if (FE_UNLIKELY(atomic_load_explicit(&clock->behind_ms, memory_order_relaxed) != 0)) {
            note_behind(clock, 0);
        }
        return (uint64_t)system;
    }
    // A millisecond is what two clocks that are not read at once may differ by.
    if (FE_UNLIKELY(monotonic + lead - system > 1)) note_behind(clock, monotonic + lead - system);
    return (uint64_t)(monotonic + lead);
}

uint64_t fe_engine_clock_seen(fe_engine_clock *clock)
{
    int64_t lead = atomic_load_explicit(&clock->lead_ms, memory_order_relaxed);

    if (FE_UNLIKELY(lead == INT64_MIN)) return fe_engine_clock_now(clock);
    return (uint64_t)(monotonic_ms(clock) + lead);
}

void fe_engine_clock_raise(fe_engine_clock *clock, uint64_t recorded_ms)
{
    if (recorded_ms == 0 || recorded_ms > INT64_MAX) return;
    raise_lead(clock, (int64_t)recorded_ms - monotonic_ms(clock));
}

bool fe_engine_clock_take_jump(fe_engine_clock *clock, int64_t *jump_ms)
{
    if (FE_LIKELY(!atomic_load_explicit(&clock->is_jump_untold, memory_order_relaxed)))
        return false;
    // Pairs with the release store in note_jump.
    if (!atomic_exchange_explicit(&clock->is_jump_untold, false, memory_order_acquire))
        return false;
    *jump_ms = atomic_load_explicit(&clock->jump_ms, memory_order_relaxed);
    return true;
}

uint64_t fe_engine_clock_ahead_ms(fe_engine_clock *clock)
{
    uint64_t now = fe_engine_clock_now(clock);
    uint64_t system = fe_vfs_now_ms(clock->vfs);

    return now > system ? now - system : 0;
}
