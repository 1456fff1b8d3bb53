// SPDX-License-Identifier: Apache-2.0
// Commits: what the leader of a group does for all of it.
//
//   check   each batch's conditions, against everything that has a number already: see
//           commit_conditions.c
//   number  one sequence number for each batch that passed
//   append  one frame to the log with all of them
//   sync    as the policy, or one of the batches, asks
//   apply   to the memtable
//   publish the newest number, so that readers see the group at once
//
// Nothing is applied before it is appended, nothing published before it is applied, and, under
// FERRIC_FSYNC_ALWAYS, nothing applied before it is durable.
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/seeded_bug.h"
#include "base/status.h"
#include "lsm/store_state.h"

// How long a leader whose commit will be synced lets its group grow: about what a hand-over costs,
// and a fraction of what the sync takes.
#define GATHER_NS 30000
// How many groups a leader leads for after its own, when nobody waits for a sync: its own caller
// waits for them, some 50 us at most.
#define FURTHER_GROUPS_MAX 16
// How often a commit that only deletes looks for room on a full disk.
#define DELETE_TRIES 4
// How often one that puts looks whether a flush still works with the reserve's space.
#define PUT_TRIES 2

typedef struct commit_totals {
    uint64_t cost_bytes;
    uint64_t user_bytes;
    size_t log_bytes;
    size_t value_bytes; // Records for a value file.
    uint32_t entries;
    uint32_t range_deletes;
    uint16_t batches;
    bool sync;
    bool is_delete_only;
} commit_totals;

// ---- Number ---------------------------------------------------------------------------------

// A status for one request; its message, if there is one, is this thread's.
static void answer(fe_write_request *request, ferric_status status)
{
    request->status = status;
    if (status == FERRIC_OK || status == FERRIC_CONFLICT) return;
    snprintf(request->message, sizeof request->message, "%s", fe_message());
}

// Without threads there is no timer: the first commit after the period syncs for all before it.
static bool is_period_over(const fe_store *store)
{
    uint64_t oldest = atomic_load_explicit(&store->oldest_unsynced_ns, memory_order_relaxed);

    if (store->options.fsync != FERRIC_FSYNC_PERIODIC || store->has_threads || oldest == 0) {
        return false;
    }
    if (FE_SEEDED_BUG(FE_BUG_PERIOD_NOT_KEPT)) return false;
    return fe_vfs_monotonic_ns(store->vfs) - oldest >=
           (uint64_t)store->options.fsync_period_ms * 1000000;
}

// Gives a number to each batch whose conditions hold and sums up what they need.
static void number_group(fe_store *store, fe_write_group *group, commit_totals *totals)
{
    uint64_t sequence = store->last_sequence;

    memset(totals, 0, sizeof *totals);
    totals->is_delete_only = true;
    for (fe_write_request *each = group->first; each != NULL; each = each->next) {
        const fe_write_batch *batch = each->batch;
        if (each->status != FERRIC_OK) continue; // Numbered before, and refused.
        answer(each, fe_conditions_check(store, group, each));
        if (each->status == FERRIC_OK) answer(each, fe_dropped_keyspaces_admit(store, batch));
        if (each->status != FERRIC_OK) continue;
        each->sequence = ++sequence;
        totals->cost_bytes += batch->cost_bytes;
        totals->user_bytes += batch->user_bytes;
        totals->log_bytes += batch->operations.size + FE_VARINT32_SIZE_MAX;
        totals->value_bytes += batch->values.size;
        if (store->keys != NULL)
            totals->value_bytes += batch->value_count * (FE_VALUE_OVERHEAD_MAX - FE_VALUE_OVERHEAD);
        totals->entries += batch->count;
        totals->range_deletes += batch->range_delete_count;
        totals->batches++;
        totals->sync |= each->sync;
        totals->is_delete_only &= batch->delete_count == batch->count;
    }
    totals->sync |= store->options.fsync == FERRIC_FSYNC_ALWAYS || is_period_over(store);
}

// ---- Append ---------------------------------------------------------------------------------

static ferric_status reserve_parts(fe_store *store, size_t batches)
{
    ferric_slice *parts;
    uint8_t *counts;

    if (batches * 2 <= store->part_capacity) return FERRIC_OK;
    parts = fe_realloc(store->parts, batches * 2 * sizeof *parts);
    if (parts == NULL) return fe_no_memory("a commit group", batches * 2 * sizeof *parts);
    store->parts = parts;
    counts = fe_realloc(store->counts, batches * FE_VARINT32_SIZE_MAX);
    if (counts == NULL) return fe_no_memory("a commit group", batches * FE_VARINT32_SIZE_MAX);
    store->counts = counts;
    store->part_capacity = batches * 2;
    return FERRIC_OK;
}

static ferric_status append_group(fe_store *store, const fe_write_group *group,
                                  const commit_totals *totals, fe_call counting)
{
    fe_frame frame = {
        .kind = FE_FRAME_COMMITS,
        .batch_count = totals->batches,
        .sequence = store->last_sequence + 1,
        .durable_sequence = atomic_load_explicit(&store->durable, memory_order_acquire),
        .time_ms = fe_engine_clock_seen(&store->clock),
    };
    uint8_t *count_at;
    uint64_t before;
    size_t parts = 0;
    ferric_status status = reserve_parts(store, totals->batches);

    if (FE_SEEDED_BUG(FE_BUG_WITNESS_AHEAD)) frame.durable_sequence = store->last_sequence;
    if (status != FERRIC_OK) return status;
    count_at = store->counts;
    for (const fe_write_request *each = group->first; each != NULL; each = each->next) {
        uint8_t *behind;
        if (each->status != FERRIC_OK) continue;
        behind = fe_put_varint(count_at, each->batch->count);
        store->parts[parts++] = fe_slice(count_at, (size_t)(behind - count_at));
        store->parts[parts++] = fe_buffer_slice(&each->batch->operations);
        count_at = behind;
    }
    before = fe_record_log_offset(store->current_log->writer);
    status = fe_record_log_append(store->current_log->writer, &frame, store->parts, parts);
    fe_statistics_add_in(store->statistics, counting, FE_COUNTER_LOG_BYTES,
                         fe_record_log_offset(store->current_log->writer) - before);
    return status;
}

static void note_unsynced(fe_store *store)
{
    if (atomic_load_explicit(&store->oldest_unsynced_ns, memory_order_relaxed) != 0) return;
    atomic_store_explicit(&store->oldest_unsynced_ns, fe_vfs_monotonic_ns(store->vfs),
                          memory_order_relaxed);
}

// ---- Apply and publish ----------------------------------------------------------------------

// A group of one batch is read before its frame is written, so that its place in the memtable comes
// meanwhile.
static ferric_status approach_alone(fe_store *store, const fe_write_group *group)
{
    const fe_write_batch *batch = group->first->batch;
    ferric_slice bytes = fe_buffer_slice(&batch->operations);
    ferric_status status;

    if (group->first->next != NULL) return FERRIC_OK;
    status = fe_operations_read(&store->operations, &bytes, batch->count);
    if (status == FERRIC_OK) fe_operations_approach(&store->operations, store->active->memtable);
    return status;
}

static ferric_status apply_group(fe_store *store, const fe_write_group *group)
{
    if (group->first->next == NULL) {
        fe_operations_apply(&store->operations, group->first->sequence, store->active->memtable);
        return FERRIC_OK;
    }
    for (const fe_write_request *each = group->first; each != NULL; each = each->next) {
        ferric_slice bytes;
        ferric_status status;
        if (each->status != FERRIC_OK) continue;
        bytes = fe_buffer_slice(&each->batch->operations);
        status = fe_operations_read(&store->operations, &bytes, each->batch->count);
        if (status != FERRIC_OK) return status;
        fe_operations_apply(&store->operations, each->sequence, store->active->memtable);
    }
    return FERRIC_OK;
}

// Takes from the reserve. That may be with a flush, which gives it back or makes room itself; and a
// compaction may have what a flush gave back, until it ends.
static ferric_status make_room_for_deletes(fe_store *store, size_t bytes)
{
    ferric_status status = FERRIC_NO_SPACE;

    for (int i = 0; i < DELETE_TRIES; i++) {
        bool is_lent = fe_reserve_lend(store);
        status = fe_log_chain_make_room(store, bytes);
        fe_reserve_end_loan(store);
        if (status != FERRIC_NO_SPACE) break;
        if (!fe_background_await_room(store) && !is_lent) break;
    }
    return status;
}

static ferric_status take_room(fe_store *store, const commit_totals *totals)
{
    ferric_status status =
        totals->value_bytes == 0 ? FERRIC_OK : fe_value_log_make_room(store, totals->value_bytes);

    return status == FERRIC_OK ? fe_log_chain_make_room(store, totals->log_bytes) : status;
}

// Behind the reserve: what is owed to it comes first, and while a flush works with what the reserve
// gave up, the space that is free is not the writers'.
static ferric_status take_room_for_puts(fe_store *store, const commit_totals *totals)
{
    ferric_status status;

    if (FE_SEEDED_BUG(FE_BUG_RESERVE_NOT_GUARDED)) return take_room(store, totals);
    for (int i = 0; i < PUT_TRIES; i++) {
        if (i > 0) (void)fe_background_await_room(store);
        if (!fe_reserve_enter(store)) continue;
        status = take_room(store, totals);
        fe_reserve_leave(store);
        return status;
    }
    return fe_fail(FERRIC_NO_SPACE, "%s: what the file system has left is kept for deletes",
                   store->directory);
}

static ferric_status make_room(fe_store *store, const commit_totals *totals)
{
    ferric_status status;

    if (!totals->is_delete_only &&
        (totals->value_bytes > 0 || !fe_log_chain_has_room(store, totals->log_bytes))) {
        return take_room_for_puts(store, totals);
    }
    status = take_room(store, totals);
    if (status == FERRIC_NO_SPACE && totals->is_delete_only) {
        status = make_room_for_deletes(store, totals->log_bytes);
    }
    return status;
}

// Whether the memtable points to so many values that they should be counted as alive or dead soon.
static bool has_values_enough(const fe_store *store, const commit_totals *totals)
{
    return totals->value_bytes > 0 && store->active->value_bytes > 0 &&
           store->active->value_bytes + totals->value_bytes > store->sizes.memtable_value_bytes;
}

// ---- Range deletes --------------------------------------------------------------------------

// Entries older than a range delete in the same memtable are walked over one by one by whoever
// scans the range; those of another memtable are passed at once. So many are worth a new one.
#define COVERED_MAX 1024

// Whether a range delete of the group hides much of the active memtable.
static ferric_status covers_much(fe_store *store, const fe_write_group *group, bool *is_much)
{
    ferric_buffer upper = {0};
    ferric_status status = FERRIC_OK;

    *is_much = false;
    for (const fe_write_request *each = group->first; each != NULL; each = each->next) {
        fe_batch_reader reader = fe_batch_reader_of(fe_buffer_slice(&each->batch->operations));
        if (each->status != FERRIC_OK || each->batch->range_delete_count == 0) continue;
        for (uint32_t i = 0; i < each->batch->count && status == FERRIC_OK && !*is_much; i++) {
            fe_entry entry;
            status = fe_batch_reader_next(&reader, &entry);
            if (status != FERRIC_OK || entry.kind != FE_ENTRY_RANGE_DELETE) continue;
            status = fe_range_upper(&entry, &upper);
            if (status != FERRIC_OK) break;
            *is_much =
                fe_memtable_count_between(store->active->memtable, entry.key,
                                          fe_buffer_slice(&upper), COVERED_MAX) == COVERED_MAX;
        }
    }
    fe_buffer_deinit(&upper);
    return status;
}

// Takes the group's range deletes into the memtable, unseen so far: memory may run out here.
static ferric_status stage_ranges(fe_store *store, const fe_write_group *group)
{
    fe_memtable *memtable = store->active->memtable;

    fe_memtable_unstage_ranges(memtable);
    for (const fe_write_request *each = group->first; each != NULL; each = each->next) {
        ferric_slice bytes = fe_buffer_slice(&each->batch->operations);
        ferric_status status;
        if (each->status != FERRIC_OK || each->batch->range_delete_count == 0) continue;
        status = fe_operations_read(&store->operations, &bytes, each->batch->count);
        if (status == FERRIC_OK)
            status = fe_operations_stage(&store->operations, each->sequence, memtable);
        if (status != FERRIC_OK) return status;
    }
    return FERRIC_OK;
}

// Room in the memtable, room in the log, scratch for apply: whatever could fail, before the frame
// makes the commit real.
static ferric_status prepare(fe_store *store, const fe_write_group *group,
                             const commit_totals *totals)
{
    bool is_much_covered = false;
    ferric_status status = fe_background_pace(store);

    if (status == FERRIC_OK && totals->range_deletes > 0 && store->active != NULL)
        status = covers_much(store, group, &is_much_covered);
    if (status != FERRIC_OK) return status;
    if (store->active == NULL || is_much_covered || has_values_enough(store, totals) ||
        !fe_memtable_has_room(store->active->memtable, totals->entries, totals->cost_bytes)) {
        status = fe_store_switch_memtable(store, totals->cost_bytes, totals->entries,
                                          totals->is_delete_only);
        if (status != FERRIC_OK) return status;
    }
    for (const fe_write_request *each = group->first; each != NULL; each = each->next) {
        ferric_slice bytes = fe_buffer_slice(&each->batch->operations);
        if (each->status != FERRIC_OK || each->batch->count <= store->operations.capacity) continue;
        status = fe_operations_read(&store->operations, &bytes, each->batch->count);
        if (status != FERRIC_OK) return status;
    }
    if (totals->range_deletes > 0) {
        status = stage_ranges(store, group);
        if (status != FERRIC_OK) return status;
    }
    return make_room(store, totals);
}

static ferric_status commit_numbered(fe_store *store, fe_write_group *group,
                                     const commit_totals *totals)
{
    uint64_t newest = store->last_sequence + totals->batches;
    fe_call counting = fe_statistics_here(store->statistics);
    ferric_status status;

    // No database gets there by writing; one whose files were made up begins there.
    if (newest >= FE_SEQUENCE_MAX) {
        return fe_fail(FERRIC_READ_ONLY, "%s has used up its sequence numbers", store->directory);
    }
    status = prepare(store, group, totals);
    // The values first: the frame points to them.
    if (status == FERRIC_OK && totals->value_bytes > 0) {
        status = fe_value_log_append(store, group, newest);
    }
    if (status == FERRIC_OK) status = approach_alone(store, group);
    if (status == FERRIC_OK) status = append_group(store, group, totals, counting);
    if (status == FERRIC_OUTCOME_UNKNOWN) fe_store_fail(store, status);
    if (FE_SEEDED_BUG(FE_BUG_NO_SPACE_STICKS) && status == FERRIC_NO_SPACE) {
        fe_store_fail(store, status);
    }
    if (status != FERRIC_OK) return status;
    store->last_sequence = newest;
    // Ordered before the look at is_log_idle, as the log thread's look at this is after its flag.
    atomic_store(&store->appended, newest);
    note_unsynced(store);
    if (FE_SEEDED_BUG(FE_BUG_PUBLISH_BEFORE_APPLY)) atomic_store(&store->published, newest);
    fe_log_thread_wake(store);
    fe_log_chain_drain_soon(store);
    if (totals->sync && !FE_SEEDED_BUG(FE_BUG_ACK_BEFORE_SYNC)) {
        status = fe_log_chain_sync(store);
        if (status != FERRIC_OK) return status;
    }
    status = apply_group(store, group);
    if (status != FERRIC_OK) {
        // Cannot happen: the batch was encoded by us and read before. But the log has it now.
        fe_store_fail(store, FERRIC_OUTCOME_UNKNOWN);
        return FERRIC_OUTCOME_UNKNOWN;
    }
    // Pairs with the acquire loads of readers: who sees the number sees the entries.
    atomic_store_explicit(&store->published, newest, memory_order_release);
    fe_statistics_add_in(store->statistics, counting, FE_COUNTER_COMMIT_GROUPS, 1);
    fe_statistics_add_in(store->statistics, counting, FE_COUNTER_USER_BYTES_WRITTEN,
                         totals->user_bytes);
    return FERRIC_OK;
}

// ---- The leader -----------------------------------------------------------------------------

// While the disk was busy the writers of the group before were asleep; they come back at the same
// time, and a leader that does not wait for them would sync for itself alone.
static void gather(fe_store *store, fe_write_group *group)
{
    uint64_t deadline;

    if (store->last_group <= 1 || group->count >= store->last_group) return;
    deadline = fe_vfs_monotonic_ns(store->vfs) + GATHER_NS;
    while (fe_write_queue_waiting(&store->queue) + group->count < store->last_group &&
           fe_vfs_monotonic_ns(store->vfs) < deadline) {
        fe_thread_yield();
    }
    fe_write_queue_gather(&store->queue, FE_GROUP_BYTES_MAX, group);
}

// Answers all that put something with NO_SPACE. Returns whether anything is left: batches that only
// delete can be committed all the same.
static bool leave_deletes(fe_write_group *group)
{
    bool is_left = false;

    for (fe_write_request *each = group->first; each != NULL; each = each->next) {
        if (each->status != FERRIC_OK) continue;
        if (each->batch->delete_count == each->batch->count) {
            is_left = true;
        } else {
            answer(each, FERRIC_NO_SPACE);
        }
    }
    return is_left;
}

// The commit did not happen: keyspaces that it would have dropped are still there.
static void undo_drops(fe_store *store, const fe_write_group *group)
{
    for (const fe_write_request *each = group->first; each != NULL; each = each->next) {
        if (each->status == FERRIC_OK) fe_dropped_keyspaces_undo(store, each->batch);
    }
}

static ferric_status commit_group(fe_store *store, fe_write_group *group)
{
    commit_totals totals;
    ferric_status status;

    number_group(store, group, &totals);
    if (totals.batches == 0) return FERRIC_OK;
    status = commit_numbered(store, group, &totals);
    if (status != FERRIC_NO_SPACE || totals.is_delete_only) return status;
    undo_drops(store, group);
    if (!leave_deletes(group)) return status;
    number_group(store, group, &totals);
    return totals.batches > 0 ? commit_numbered(store, group, &totals) : FERRIC_OK;
}

// Handles look anew from now on, when readers see what went.
static void publish_drops(fe_store *store, const fe_write_group *group)
{
    for (const fe_write_request *each = group->first; each != NULL; each = each->next) {
        if (each->status != FERRIC_OK || each->batch->drops_keyspace == 0) continue;
        atomic_fetch_add_explicit(&store->drop_generation, 1, memory_order_release);
    }
}

static void commit_as_leader(fe_store *store, fe_write_group *group)
{
    ferric_status status = fe_store_writable(store);

    if (status == FERRIC_OK) status = fe_store_bear(store);
    if (status == FERRIC_OK && store->options.fsync == FERRIC_FSYNC_ALWAYS) gather(store, group);
    if (status == FERRIC_OK) status = commit_group(store, group);
    if (status == FERRIC_OK) publish_drops(store, group);
    if (status != FERRIC_OK) {
        undo_drops(store, group);
        // One status for the whole group; a batch whose own conditions failed keeps its answer.
        for (fe_write_request *each = group->first; each != NULL; each = each->next) {
            if (FE_SEEDED_BUG(FE_BUG_FOLLOWER_ERROR_LOST) && each != group->first) continue;
            if (each->status == FERRIC_OK) answer(each, status);
        }
    }
    store->last_group = group->count;
}

// Returns whether the turn stays, for one group more.
static bool lead_once(fe_store *store, fe_write_group *group, bool may_go_on)
{
    bool goes_on = false;
    bool has_async;

    commit_as_leader(store, group);
    // In the turn, so that outcomes are told in the order of commits.
    has_async = fe_async_take_outcomes(&store->async, group);
    if (may_go_on) {
        goes_on = fe_write_queue_finish_or_go_on(&store->queue, FE_GROUP_BYTES_MAX, group);
    } else {
        fe_write_queue_finish(&store->queue, group);
    }
    if (has_async) fe_async_wake(store);
    return goes_on;
}

void fe_store_lead(fe_store *store, fe_write_group *group)
{
    int further = store->options.fsync == FERRIC_FSYNC_ALWAYS ? 0 : FURTHER_GROUPS_MAX;

    while (lead_once(store, group, further > 0))
        further--;
}
