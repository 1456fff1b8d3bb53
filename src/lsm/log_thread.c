// SPDX-License-Identifier: Apache-2.0
// What logs need beside commits, done by a thread that sleeps while nothing is written.
//
//   sync      under FERRIC_FSYNC_PERIODIC, fsync_period_ms after the oldest commit that is not
//   synced
//   witness   under FERRIC_FSYNC_ALWAYS, an empty frame behind the last commit when nothing follows
//             it, so that recovery can tell damage to it from a torn tail
//   prepare   the next log, before the current one is full, so that no commit waits for its making
//   memory    the next memtable's pages, which the system zeroes when they are first touched
//   drain     of rings, when enough waits in them or their log is full
//   rest      when no commit has come for a while: what is in memory goes to a table, and its logs
//   go
#include "base/seeded_bug.h"
#include "base/status.h"
#include "lsm/store_state.h"

// Making more would keep other duties waiting for milliseconds.
#define PREPARED_BYTES_MAX ((uint64_t)16 << 20)
#define WITNESS_DELAY_NS ((uint64_t)20 * 1000 * 1000)
#define REST_DELAY_NS ((uint64_t)500 * 1000 * 1000)
// A rest is worth a table when at least this part of a flush is in memory.
#define REST_FLUSH_PART 16

typedef struct log_duties {
    fe_store *store;
    uint64_t seen;      // `appended` when last looked at,
    uint64_t seen_ns;   // and when it was found to have changed.
    uint64_t witnessed; // `appended` at the last witness,
    uint64_t rested;    // and at the last rest.
} log_duties;

// What is done in the writers' turn.
static void with_turn(fe_store *store, ferric_status (*work)(fe_store *))
{
    fe_write_turn turn;

    fe_write_turn_take(&store->queue, &turn);
    if (fe_store_writable(store) == FERRIC_OK && store->is_born) {
        ferric_status status = work(store);
        if (status == FERRIC_OUTCOME_UNKNOWN) fe_store_fail(store, status);
    }
    fe_write_turn_end(&store->queue, &turn);
}

// REQUIRES: the turn.
static ferric_status flush_what_rests(fe_store *store)
{
    fe_view *view = fe_store_view(store);
    uint64_t used = 0;
    ferric_status status = FERRIC_OK;

    for (uint32_t i = 0; i < view->memtable_count; i++) {
        fe_memtable_stats stats;
        fe_memtable_stats_get(view->memtables[i]->memtable, &stats);
        used += stats.user_bytes;
    }
    fe_view_unref(view);
    if (store->active == NULL || used < store->sizes.flush_bytes / REST_FLUSH_PART) {
        return FERRIC_OK;
    }
    // A new log first, so that the new memtable does not keep the old one; on a full disk without.
    if (fe_reserve_enter(store)) {
        status = fe_log_chain_extend(store);
        fe_reserve_leave(store);
    }
    if (status != FERRIC_OK && status != FERRIC_NO_SPACE) return status;
    fe_mutex_lock(&store->mutex);
    store->is_flush_wanted = true;
    fe_mutex_unlock(&store->mutex);
    return fe_store_switch_memtable(store, 0, 0, true);
}

// REQUIRES: the turn.
static ferric_status rest(fe_store *store)
{
    ferric_status status = flush_what_rests(store);
    fe_page_pool_rest(&store->pages);
    return status;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

// Whether a thread that commits has left something to do.
static bool is_called(fe_store *store)
{
    return atomic_load(&store->is_log_wanted) || atomic_load(&store->is_drain_wanted) ||
           atomic_load(&store->is_memory_wanted);
}

// Not when memtables take what they may: then a flush gives back what the next one needs.
static void prepare_memory(fe_store *store)
{
    uint64_t bytes = store->sizes.memtable_bytes;
    bool has_room;

    fe_mutex_lock(&store->mutex);
    has_room = store->memtables_bytes + bytes <= store->sizes.memtables_bytes_max;
    fe_mutex_unlock(&store->mutex);
    if (has_room && bytes <= PREPARED_BYTES_MAX) fe_page_pool_prepare(&store->pages);
}

// When the next duty is due; UINT64_MAX when there is none until something is written.
static uint64_t next_due(log_duties *duties, uint64_t now)
{
    fe_store *store = duties->store;
    uint64_t appended = atomic_load(&store->appended);
    uint64_t due = UINT64_MAX;

    if (appended != duties->seen) {
        duties->seen = appended;
        duties->seen_ns = now;
    }
    if (store->options.fsync == FERRIC_FSYNC_PERIODIC) {
        uint64_t oldest = atomic_load(&store->oldest_unsynced_ns);
        if (oldest != 0 && fe_store_writable(store) == FERRIC_OK) {
            due = oldest + (uint64_t)store->options.fsync_period_ms * 1000000;
        }
    }
    if (store->options.fsync == FERRIC_FSYNC_ALWAYS && appended != duties->witnessed) {
        due = earlier(due, duties->seen_ns + WITNESS_DELAY_NS);
    }
    if (appended != duties->rested) due = earlier(due, duties->seen_ns + REST_DELAY_NS);
    return is_called(store) ? now : due;
}

static void carry_out(log_duties *duties, uint64_t now)
{
    fe_store *store = duties->store;
    uint64_t idle_ns = now - duties->seen_ns;
    uint64_t oldest = atomic_load(&store->oldest_unsynced_ns);

    // The flag goes first: what is appended from here on asks again.
    if (atomic_exchange(&store->is_drain_wanted, false)) (void)fe_log_chain_drain(store);
    if (atomic_exchange(&store->is_log_wanted, false)) fe_log_chain_prepare(store);
    if (atomic_exchange(&store->is_memory_wanted, false)) prepare_memory(store);
    if (store->options.fsync == FERRIC_FSYNC_PERIODIC && oldest != 0 &&
        !FE_SEEDED_BUG(FE_BUG_TIMER_NOT_SET) &&
        now >= oldest + (uint64_t)store->options.fsync_period_ms * 1000000) {
        (void)fe_log_chain_sync(store); // A failure makes the store read-only by itself.
    }
    if (duties->seen != atomic_load(&store->appended)) return;
    if (store->options.fsync == FERRIC_FSYNC_ALWAYS && duties->witnessed != duties->seen &&
        idle_ns >= WITNESS_DELAY_NS) {
        with_turn(store, fe_log_chain_witness);
        duties->witnessed = duties->seen;
    }
    if (duties->rested != duties->seen && idle_ns >= REST_DELAY_NS) {
        with_turn(store, rest);
        duties->rested = duties->seen;
    }
}

// REQUIRES: mutex held.
static void wait_locked(log_duties *duties, uint64_t now, uint64_t due)
{
    fe_store *store = duties->store;

    if (due != UINT64_MAX) {
        (void)fe_cond_wait_for(&store->log_work, &store->mutex, due - now);
        return;
    }
    // Announce the sleep, then look once more: a commit in between sees the flag, or is seen.
    atomic_store(&store->is_log_idle, true);
    if (atomic_load(&store->appended) == duties->seen && !is_called(store)) {
        fe_cond_wait(&store->log_work, &store->mutex);
    }
    atomic_store(&store->is_log_idle, false);
}

void fe_log_thread_run(void *argument)
{
    fe_store *store = argument;
    log_duties duties = {.store = store, .seen = atomic_load(&store->appended)};

    duties.witnessed = duties.seen;
    duties.rested = duties.seen;
    fe_mutex_lock(&store->mutex);
    while (!atomic_load_explicit(&store->is_stopping, memory_order_acquire)) {
        uint64_t now = fe_vfs_monotonic_ns(store->vfs);
        uint64_t due = next_due(&duties, now);
        if (due > now) {
            wait_locked(&duties, now, due);
            continue;
        }
        fe_mutex_unlock(&store->mutex);
        carry_out(&duties, now);
        fe_mutex_lock(&store->mutex);
    }
    fe_mutex_unlock(&store->mutex);
}

void fe_log_thread_call(fe_store *store)
{
    fe_mutex_lock(&store->mutex);
    fe_cond_broadcast(&store->log_work);
    fe_mutex_unlock(&store->mutex);
}

void fe_log_thread_wake(fe_store *store)
{
    if (atomic_load(&store->is_log_idle)) fe_log_thread_call(store);
}
