// SPDX-License-Identifier: Apache-2.0
// References that threads keep for their next use.
#include "lsm/spread_refs.h"

#include <assert.h>
#include <string.h>

#include "base/memory.h"
#include "base/seeded_bug.h"
#include "base/status.h"
#include "os/thread.h"

#define SHARED_LINE FE_THREAD_INDEX_COUNT
#define LINE_COUNT (SHARED_LINE + 1)
#define CLOSED (-1)
// A thread that gives up what others took keeps no more than this; more have no use.
#define SPARE_MAX 64

ferric_status fe_spread_refs_init(fe_spread_refs *refs)
{
    size_t size = LINE_COUNT * sizeof *refs->lines;

    refs->lines = fe_alloc_aligned(FE_CACHE_LINE, size);
    atomic_init(&refs->count, 1);
    if (refs->lines == NULL) return fe_no_memory("references", size);
    memset(refs->lines, 0, size);
    return FERRIC_OK;
}

void fe_spread_refs_deinit(fe_spread_refs *refs)
{
    fe_free_aligned(refs->lines);
    refs->lines = NULL;
}

static _Atomic(int64_t) *spare_of_thread(fe_spread_refs *refs)
{
    uint32_t index = fe_thread_index();

    return &refs->lines[FE_LIKELY(index < SHARED_LINE) ? index : SHARED_LINE].spare;
}

void fe_spread_refs_take(fe_spread_refs *refs)
{
    _Atomic(int64_t) *spare = spare_of_thread(refs);
    int64_t before = atomic_load_explicit(spare, memory_order_relaxed);

    while (before > 0) {
        // Acquire pairs with the release in give: what its last user did comes before what the
        // next one tells the thread that frees.
        if (atomic_compare_exchange_weak_explicit(spare, &before, before - 1, memory_order_acquire,
                                                  memory_order_relaxed))
            return;
    }
    atomic_fetch_add_explicit(&refs->count, 1, memory_order_relaxed);
}

static bool may_keep(int64_t spare)
{
    if (FE_SEEDED_BUG(FE_BUG_SPARE_AFTER_GATHER) && spare < 0) return true;
    return spare >= 0 && spare < SPARE_MAX;
}

bool fe_spread_refs_give(fe_spread_refs *refs)
{
    _Atomic(int64_t) *spare = spare_of_thread(refs);
    int64_t before = atomic_load_explicit(spare, memory_order_relaxed);

    while (may_keep(before)) {
        if (atomic_compare_exchange_weak_explicit(spare, &before, before + 1, memory_order_release,
                                                  memory_order_relaxed))
            return false; // From here on the owner may be gone with the line (R3).
    }
    return atomic_fetch_sub_explicit(&refs->count, 1, memory_order_acq_rel) == 1;
}

void fe_spread_refs_gather(fe_spread_refs *refs)
{
    for (uint32_t i = 0; i < LINE_COUNT; i++) {
        // Acquire pairs with the release in give.
        int64_t spare =
            atomic_exchange_explicit(&refs->lines[i].spare, CLOSED, memory_order_acquire);
        assert(spare >= 0);
        // The caller's own is left, so this is not the end.
        atomic_fetch_sub_explicit(&refs->count, (uint64_t)spare, memory_order_relaxed);
    }
}
