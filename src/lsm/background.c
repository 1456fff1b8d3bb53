// SPDX-License-Identifier: Apache-2.0
// The threads of a store that writes, and what happens in their place when there are none.
//
//   flush       writes waiting memtables when enough of them wait
//   compaction  carries out what the picker finds
//   log         what logs need beside commits (log_thread.c)
//
// With background_threads = 1 the flush thread compacts too; with 0 both happen inside the writing
// call, at the moment a memtable is switched, so that a run repeats exactly.
#include <string.h>

#include "base/status.h"
#include "lsm/merge_iterator.h"
#include "lsm/store_state.h"

// A failed flush or compaction is tried again after this time, or when a writer needs it.
#define RETRY_NS ((uint64_t)200 * 1000 * 1000)
#define NS_PER_MS ((uint64_t)1000 * 1000)
#define DUE_NS_MIN ((uint64_t)1000 * NS_PER_MS)
#define DUE_NS_MAX ((uint64_t)60 * 1000 * NS_PER_MS)
#define PACE_NS_MAX 1000000u
// A commit that needs the room of a flush or a compaction waits no longer than this at a time.
#define AWAIT_NS ((uint64_t)2000 * 1000 * 1000)

// ---- Outcome --------------------------------------------------------------------------------

// Keeps a failure for the next writer and the statistics; a success clears it.
static void note_outcome(fe_store *store, ferric_status status)
{
    ferric_event event = {.kind = FERRIC_EVENT_BACKGROUND_ERROR, .status = status};
    bool is_news;

    if (status == FERRIC_INTERRUPTED) return; // The store is closing.
    fe_mutex_lock(&store->mutex);
    is_news = store->background_status != status;
    if (status == FERRIC_OK && is_news) event.kind = FERRIC_EVENT_RESUMED;
    store->background_status = status;
    store->background_outcomes++;
    if (status != FERRIC_OK) {
        strncpy(store->background_message, fe_message(), sizeof store->background_message - 1);
    }
    if (status == FERRIC_CORRUPT) store->is_compaction_off = true;
    fe_cond_broadcast(&store->changed);
    fe_mutex_unlock(&store->mutex);
    if (status != FERRIC_OK) fe_statistics_add(store->statistics, FE_COUNTER_BACKGROUND_ERRORS, 1);
    if (!is_news) return;
    event.message = status == FERRIC_OK ? "background work succeeds again" : fe_message();
    fe_store_event(store, &event);
}

// ---- Due work -------------------------------------------------------------------------------

static bool is_flush_due_locked(const fe_store *store)
{
    const fe_view *view = atomic_load_explicit(&store->view, memory_order_relaxed);
    uint32_t waiting = view->memtable_count - (store->has_active ? 1 : 0);
    uint64_t active = store->has_active ? store->sizes.memtable_bytes : 0;

    if (waiting == 0) return false;
    return store->is_flush_wanted || store->memtables_bytes >= store->sizes.flush_bytes + active;
}

bool fe_background_is_flush_due(fe_store *store)
{
    bool is_due;

    fe_mutex_lock(&store->mutex);
    is_due = is_flush_due_locked(store);
    fe_mutex_unlock(&store->mutex);
    return is_due;
}

// How long each commit group is held back: nothing while level 0 is in order, then gently more with
// each table above, so that writers slow down to what compaction can do.
static void set_pace(fe_store *store)
{
    fe_view *view = fe_store_view(store);
    uint32_t tables = view->version->levels[0].count;
    uint32_t calm = store->sizes.picker.level0_count_max * 3 / 2;
    uint32_t pace = 0;

    if (tables > calm) {
        uint64_t excess = tables - calm;
        uint64_t wanted = excess * excess * 500;
        pace = wanted > PACE_NS_MAX ? PACE_NS_MAX : (uint32_t)wanted;
    }
    fe_view_unref(view);
    atomic_store_explicit(&store->pace_ns, pace, memory_order_relaxed);
}

static ferric_status flush_step(fe_store *store)
{
    ferric_status status = fe_store_flush_waiting(store);

    fe_reserve_refill(store);
    note_outcome(store, status);
    set_pace(store);
    return status;
}

static ferric_status compaction_step(fe_store *store, bool *did_work)
{
    ferric_status status = fe_store_compact_once(store, did_work);

    if (*did_work || status != FERRIC_OK) {
        fe_reserve_refill(store);
        note_outcome(store, status);
        set_pace(store);
    }
    return status;
}

// ---- Threads --------------------------------------------------------------------------------

static bool is_stopping(const fe_store *store)
{
    return atomic_load_explicit(&store->is_stopping, memory_order_acquire);
}

// How long until a table is due for what has expired of it; UINT64_MAX: none will be. Not longer
// than a minute, since the system's clock may be set meanwhile, and not shorter than a second,
// since a snapshot may hold back what is due.
static uint64_t until_due_ns_locked(fe_store *store)
{
    const fe_view *view = atomic_load_explicit(&store->view, memory_order_relaxed);
    uint64_t due_ms = fe_compaction_next_due_ms(view->version);
    uint64_t now_ms;

    if (due_ms == UINT64_MAX) return UINT64_MAX;
    now_ms = fe_engine_clock_now(&store->clock);
    if (due_ms > now_ms + DUE_NS_MAX / NS_PER_MS) return DUE_NS_MAX;
    if (due_ms < now_ms + DUE_NS_MIN / NS_PER_MS) return DUE_NS_MIN;
    return (due_ms - now_ms) * NS_PER_MS;
}

// Sleeps until there may be work, or, after a failure, until it is time to try again. A table that
// is due asks for a compaction.
static void wait_for_work_locked(fe_store *store, bool has_failed, bool compacts)
{
    uint64_t until_due_ns = compacts ? until_due_ns_locked(store) : UINT64_MAX;

    if (has_failed) {
        (void)fe_cond_wait_for(&store->work, &store->mutex, RETRY_NS);
    } else if (until_due_ns == UINT64_MAX) {
        fe_cond_wait(&store->work, &store->mutex);
    } else if (!fe_cond_wait_for(&store->work, &store->mutex, until_due_ns)) {
        store->is_compaction_wanted = true;
    }
}

static void compact_while_due(fe_store *store, bool *has_failed)
{
    bool did_work = true;

    *has_failed = false;
    while (did_work && !*has_failed && !is_stopping(store)) {
        *has_failed = compaction_step(store, &did_work) != FERRIC_OK;
    }
}

static void run_flush(void *argument)
{
    fe_store *store = argument;
    bool has_failed = false;
    bool compacts_too = store->options.background_threads == 1;

    fe_mutex_lock(&store->mutex);
    while (!is_stopping(store)) {
        bool is_due = is_flush_due_locked(store);
        bool may_compact = compacts_too && !store->is_compaction_off;
        if (!is_due && !(may_compact && store->is_compaction_wanted)) {
            wait_for_work_locked(store, has_failed, may_compact);
            has_failed = false;
            continue;
        }
        store->is_compaction_wanted = false;
        fe_mutex_unlock(&store->mutex);
        has_failed = is_due && flush_step(store) != FERRIC_OK;
        if (may_compact && !has_failed) compact_while_due(store, &has_failed);
        fe_mutex_lock(&store->mutex);
        store->is_compaction_wanted |= !compacts_too;
        fe_cond_broadcast(&store->work);
        if (has_failed) wait_for_work_locked(store, true, false);
    }
    fe_mutex_unlock(&store->mutex);
}

static void run_compaction(void *argument)
{
    fe_store *store = argument;
    bool has_failed = false;

    // A third thread on two processors would take turns with the writer, some milliseconds each.
    fe_thread_lower_priority();
    fe_mutex_lock(&store->mutex);
    while (!is_stopping(store)) {
        if (!store->is_compaction_wanted || store->is_compaction_off) {
            wait_for_work_locked(store, false, !store->is_compaction_off);
            continue;
        }
        store->is_compaction_wanted = false;
        fe_mutex_unlock(&store->mutex);
        compact_while_due(store, &has_failed);
        fe_mutex_lock(&store->mutex);
        if (!has_failed) continue;
        store->is_compaction_wanted = true;
        wait_for_work_locked(store, true, false);
    }
    fe_mutex_unlock(&store->mutex);
}

ferric_status fe_background_start(fe_store *store)
{
    ferric_status status;

    if (store->options.background_threads == 0 || store->has_threads) return FERRIC_OK;
    status = fe_thread_start(&store->flush_thread, "ferric-flush", run_flush, store);
    if (status == FERRIC_OK && store->options.background_threads > 1) {
        status =
            fe_thread_start(&store->compaction_thread, "ferric-compact", run_compaction, store);
    }
    if (status == FERRIC_OK) {
        status = fe_thread_start(&store->log_thread, "ferric-log", fe_log_thread_run, store);
    }
    if (status != FERRIC_OK) {
        fe_background_stop(store);
        atomic_store(&store->is_stopping, false); // A later write tries again.
        return status;
    }
    fe_mutex_lock(&store->mutex);
    store->has_threads = true;
    store->is_compaction_wanted = true; // What an earlier open left to do.
    fe_cond_broadcast(&store->work);
    fe_mutex_unlock(&store->mutex);
    return FERRIC_OK;
}

void fe_background_stop(fe_store *store)
{
    fe_mutex_lock(&store->mutex);
    atomic_store_explicit(&store->is_stopping, true, memory_order_release);
    fe_cond_broadcast(&store->work);
    fe_cond_broadcast(&store->log_work);
    fe_mutex_unlock(&store->mutex);
    fe_thread_join(&store->flush_thread);
    fe_thread_join(&store->compaction_thread);
    fe_thread_join(&store->log_thread);
    store->has_threads = false;
}

// ---- Without threads ------------------------------------------------------------------------

static ferric_status work_inline(fe_store *store)
{
    bool did_work = true;
    ferric_status status = FERRIC_OK;

    if (!fe_background_is_flush_due(store)) return FERRIC_OK;
    status = flush_step(store);
    while (status == FERRIC_OK && did_work && !store->is_compaction_off) {
        ferric_status compacted = compaction_step(store, &did_work);
        // The memtables are safe, so the write goes on; the failure stands in the statistics.
        if (compacted != FERRIC_OK) break;
    }
    return status;
}

void fe_background_want_compaction(fe_store *store)
{
    fe_mutex_lock(&store->mutex);
    if (store->has_threads) {
        store->is_compaction_wanted = true;
        fe_cond_broadcast(&store->work);
    }
    fe_mutex_unlock(&store->mutex);
}

void fe_background_note_overlap(fe_store *store, const fe_view *view, fe_iterator *iterator)
{
    uint64_t bytes = fe_merge_iterator_take_overlap(iterator);
    uint64_t price = fe_compaction_overlap_price(view->version);
    uint64_t before;

    if (bytes == 0 || price == UINT64_MAX) return;
    before = atomic_fetch_add_explicit(&store->overlap_bytes, bytes, memory_order_relaxed);
    if (before < price && before + bytes >= price) fe_background_want_compaction(store);
}

ferric_status fe_background_kick(fe_store *store)
{
    ferric_status status;

    if (store->has_threads) {
        fe_mutex_lock(&store->mutex);
        if (is_flush_due_locked(store)) fe_cond_broadcast(&store->work);
        fe_mutex_unlock(&store->mutex);
        return FERRIC_OK;
    }
    status = work_inline(store);
    if (status == FERRIC_OK) return FERRIC_OK;
    // A failed flush is the writer's affair only when there is no room left to wait in.
    fe_mutex_lock(&store->mutex);
    if (store->memtables_bytes < store->sizes.memtables_bytes_max) status = FERRIC_OK;
    fe_mutex_unlock(&store->mutex);
    return status;
}

// Waits for `changed` until the deadline; false when that has passed.
static bool wait_until_locked(fe_store *store, uint64_t deadline)
{
    uint64_t now = fe_vfs_monotonic_ns(store->vfs);

    if (now >= deadline) return false;
    (void)fe_cond_wait_for(&store->changed, &store->mutex, deadline - now);
    return true;
}

bool fe_background_await_room(fe_store *store)
{
    uint64_t deadline;
    bool has_waited;

    if (!store->has_threads) {
        (void)work_inline(store);
        return true;
    }
    deadline = fe_vfs_monotonic_ns(store->vfs) + AWAIT_NS;
    fe_mutex_lock(&store->mutex);
    store->is_flush_wanted = true;
    has_waited = store->is_flushing || is_flush_due_locked(store);
    if (has_waited) {
        uint64_t outcomes = store->background_outcomes;
        fe_cond_broadcast(&store->work);
        while (store->background_outcomes == outcomes && wait_until_locked(store, deadline)) {
        }
    }
    // What a compaction has written takes room until its inputs go, or until it fails.
    while (store->is_compacting && wait_until_locked(store, deadline))
        has_waited = true;
    fe_mutex_unlock(&store->mutex);
    return has_waited;
}

ferric_status fe_background_pace(fe_store *store)
{
    uint32_t pace_ns = atomic_load_explicit(&store->pace_ns, memory_order_relaxed);

    if (pace_ns == 0 || !store->has_threads) return FERRIC_OK;
    fe_thread_sleep_ns(pace_ns);
    fe_statistics_add(store->statistics, FE_COUNTER_STALLS, 1);
    fe_statistics_add(store->statistics, FE_COUNTER_STALL_LEVEL0, 1);
    fe_statistics_add(store->statistics, FE_COUNTER_STALL_NS, pace_ns);
    return FERRIC_OK;
}
