// SPDX-License-Identifier: Apache-2.0
// From memtables to level 0, and how a new version comes into force.
//
//   active --switch--> waiting, waiting, ... --flush together--> one table of level 0
//
// A flush writes and syncs the table, syncs the directory, appends the edit to the manifest, and
// only then installs the view without the memtables and lets the logs go.
#include <inttypes.h>
#include <string.h>

#include "base/memory.h"
#include "base/seeded_bug.h"
#include "base/status.h"
#include "lsm/merge_iterator.h"
#include "lsm/range_collector.h"
#include "lsm/store_state.h"
#include "lsm/table_writer.h"
#include "lsm/warming.h"

// More memtables than a view will ever gain while an edit is being appended.
#define VIEW_SLACK 64
// Blocks that are warmed before it is asked whether there is something better to do.
#define WARM_STEP 64

// ---- Switching ------------------------------------------------------------------------------

static ferric_status create_memtable(fe_store *store, uint64_t cost, uint32_t entries,
                                     fe_live_memtable **live)
{
    return fe_live_memtable_create_behind(store->active, store->sizes.memtable_bytes, &store->pages,
                                          store->current_log->live.number, entries, cost, live);
}

static uint64_t capacity_of(const fe_live_memtable *live)
{
    fe_memtable_stats stats;
    fe_memtable_stats_get(live->memtable, &stats);
    return stats.capacity_bytes;
}

// On a full disk the waiting memtables cannot be flushed, but deletes in a newer one may leave so
// little of them that they can. REQUIRES: mutex held.
static bool may_exceed_locked(const fe_store *store, bool frees_space)
{
    uint64_t max = store->sizes.memtables_bytes_max;

    return frees_space && store->background_status == FERRIC_NO_SPACE &&
           store->memtables_bytes < max + max / 4 + 2 * store->sizes.memtable_bytes;
}

// A flush can make room only when a memtable waits for it: one large commit may have brought a
// memtable that takes it all, and is still the active one. REQUIRES: mutex held.
static bool is_room_short_locked(const fe_store *store)
{
    const fe_view *view = atomic_load_explicit(&store->view, memory_order_relaxed);

    return store->memtables_bytes >= store->sizes.memtables_bytes_max &&
           view->memtable_count > (store->has_active ? 1u : 0u);
}

// Waits until flushing has made room for another memtable. A flush that cannot succeed is the
// writer's failure, since there is nowhere left to put its data.
static ferric_status wait_for_room(fe_store *store, bool frees_space)
{
    uint64_t start = 0;
    uint64_t outcomes;
    ferric_status status = FERRIC_OK;

    fe_mutex_lock(&store->mutex);
    outcomes = store->background_outcomes;
    while (store->has_threads && is_room_short_locked(store)) {
        if (may_exceed_locked(store, frees_space)) break;
        if (start == 0) start = fe_vfs_monotonic_ns(store->vfs);
        store->is_flush_wanted = true;
        fe_cond_broadcast(&store->work);
        // That the disk was full some time ago is no reason: it may have space again.
        if (store->background_status != FERRIC_OK && !store->is_flushing &&
            (store->background_status != FERRIC_NO_SPACE ||
             store->background_outcomes != outcomes)) {
            status = store->background_status;
            fe_message_set(store->background_message);
            break;
        }
        fe_cond_wait(&store->changed, &store->mutex);
    }
    fe_mutex_unlock(&store->mutex);
    if (start != 0) {
        uint64_t waited = fe_vfs_monotonic_ns(store->vfs) - start;
        fe_statistics_add(store->statistics, FE_COUNTER_STALLS, 1);
        fe_statistics_add(store->statistics, FE_COUNTER_STALL_MEMTABLES, 1);
        fe_statistics_add(store->statistics, FE_COUNTER_STALL_NS, waited);
    }
    return status;
}

static ferric_status install_memtable(fe_store *store, fe_live_memtable *live)
{
    fe_view *old;
    fe_view *view = NULL;
    ferric_status status;

    fe_mutex_lock(&store->mutex);
    old = atomic_load_explicit(&store->view, memory_order_relaxed);
    if (FE_SEEDED_BUG(FE_BUG_SWITCH_IN_TWO_STEPS) &&
        fe_view_create(old->version, 1, &view) == FERRIC_OK) {
        fe_view_append(view, live);
        fe_store_install_view_locked(store, view);
    }
    status = fe_view_create(old->version, old->memtable_count + 1, &view);
    if (status == FERRIC_OK) {
        fe_view_append(view, live);
        for (uint32_t i = 0; i < old->memtable_count; i++)
            fe_view_append(view, old->memtables[i]);
        fe_store_install_view_locked(store, view);
        store->memtables_bytes += capacity_of(live);
        store->has_active = true;
    }
    fe_mutex_unlock(&store->mutex);
    return status;
}

ferric_status fe_store_switch_memtable(fe_store *store, uint64_t cost, uint32_t entries,
                                       bool frees_space)
{
    fe_live_memtable *live = NULL;
    bool is_first = store->active == NULL;
    ferric_status status = wait_for_room(store, frees_space);

    if (status == FERRIC_OK) status = create_memtable(store, cost, entries, &live);
    if (status == FERRIC_OK) status = install_memtable(store, live);
    if (status == FERRIC_OK) store->active = live;
    fe_live_memtable_unref(live); // The view has its own reference.
    // Who has filled one will fill the next.
    if (!is_first && store->has_threads && !atomic_exchange(&store->is_memory_wanted, true)) {
        fe_log_thread_call(store);
    }
    return status == FERRIC_OK ? fe_background_kick(store) : status;
}

// ---- Installing -----------------------------------------------------------------------------

static bool is_added(const fe_version_edit *edit, uint64_t number)
{
    for (size_t i = 0; i < edit->addition_count; i++) {
        if (edit->additions[i].file->identity.number == number) return true;
    }
    return false;
}

// The files that the edit removes from the database go from the disk when their last reader is
// gone.
static void mark_obsolete(const fe_version *base, const fe_version_edit *edit)
{
    for (size_t i = 0; i < edit->removal_count; i++) {
        const fe_level *level = &base->levels[edit->removals[i].level];
        for (uint32_t j = 0; j < level->count; j++) {
            fe_table_file *file = level->files[j];
            if (file->identity.number != edit->removals[i].number) continue;
            if (!is_added(edit, file->identity.number)) atomic_store(&file->is_obsolete, true);
        }
    }
}

static void install_version_locked(fe_store *store, fe_view *view, uint32_t flushed)
{
    fe_view *old = atomic_load_explicit(&store->view, memory_order_relaxed);
    uint32_t kept = old->memtable_count - flushed;

    for (uint32_t i = 0; i < kept; i++)
        fe_view_append(view, old->memtables[i]);
    for (uint32_t i = kept; i < old->memtable_count; i++) {
        store->memtables_bytes -= capacity_of(old->memtables[i]);
    }
    fe_store_install_view_locked(store, view);
    fe_cond_broadcast(&store->changed);
}

// A mistake of the test build: the memtables go before the version comes that has their table.
static uint32_t hide_flushed(fe_store *store, const fe_view *current, uint32_t flushed)
{
    fe_view *view = NULL;

    if (fe_view_create(current->version, VIEW_SLACK, &view) != FERRIC_OK) return flushed;
    fe_mutex_lock(&store->mutex);
    install_version_locked(store, view, flushed);
    fe_mutex_unlock(&store->mutex);
    return 0;
}

static ferric_status append_edit(fe_store *store, fe_version_edit *edit)
{
    uint64_t before;
    // What the next open would refuse is not written.
    ferric_status status = fe_version_edit_check(edit, store->flushed_sequence);

    if (status != FERRIC_OK) return status;
    if (store->manifest == NULL) return FERRIC_OK; // Not born: the first manifest will have it.
    before = fe_manifest_size(store->manifest);
    edit->next_file_number = atomic_load(&store->next_file_number);
    edit->time_ms = fe_engine_clock_now(&store->clock);
    status = fe_manifest_append(store->manifest, edit);
    fe_statistics_add(store->statistics, FE_COUNTER_MANIFEST_BYTES,
                      fe_manifest_size(store->manifest) - before);
    if (status == FERRIC_OUTCOME_UNKNOWN) fe_store_fail(store, status);
    return status;
}

static bool points_to_values(const fe_version_edit *edit)
{
    for (size_t i = 0; i < edit->addition_count; i++) {
        if (edit->additions[i].file->values.count > 0) return true;
    }
    return false;
}

ferric_status fe_store_install(fe_store *store, fe_version_edit *edit, uint32_t flushed)
{
    fe_view *current;
    fe_view *view = NULL;
    fe_version *next = NULL;
    ferric_status status = FERRIC_OK;

    fe_mutex_lock(&store->edit_mutex);
    current = fe_store_view(store);
    if (!FE_SEEDED_BUG(FE_BUG_SKIP_DIRECTORY_SYNC) && edit->addition_count > 0) {
        status = fe_vfs_sync_directory(store->vfs, store->directory);
    }
    if (status == FERRIC_OK) status = fe_version_apply(current->version, edit, &next);
    if (status == FERRIC_OK) {
        status = fe_view_create(next, current->memtable_count + VIEW_SLACK, &view);
    }
    // What the new tables point to is durable before they are live.
    if (status == FERRIC_OK && points_to_values(edit) &&
        !FE_SEEDED_BUG(FE_BUG_TABLE_BEFORE_VALUE)) {
        status = fe_value_log_sync(store);
    }
    if (FE_SEEDED_BUG(FE_BUG_INSTALL_IN_TWO_STEPS)) flushed = hide_flushed(store, current, flushed);
    if (status == FERRIC_OK) status = append_edit(store, edit);
    if (status == FERRIC_OK) {
        if (edit->last_sequence != 0) store->flushed_sequence = edit->last_sequence;
        mark_obsolete(current->version, edit);
        fe_value_collect_account(store, current->version, edit);
        fe_mutex_lock(&store->mutex);
        install_version_locked(store, view, flushed);
        fe_mutex_unlock(&store->mutex);
        view = NULL;
    }
    fe_version_unref(next);
    fe_view_unref(view);
    fe_view_unref(current);
    fe_mutex_unlock(&store->edit_mutex);
    fe_epoch_collect(store->epoch);
    return status;
}

// ---- Flushing -------------------------------------------------------------------------------

typedef struct flush_job {
    fe_view *view;
    uint32_t first;     // Memtables [first, view->memtable_count) are flushed.
    uint64_t first_log; // Oldest log that is needed afterwards.
    uint64_t largest_sequence;
    uint64_t *snapshots;
    size_t snapshot_count;
    uint64_t expired_up_to_ms;
} flush_job;

// Decides what to flush and marks the store as flushing. *has_work is false when nothing waits.
static ferric_status begin_flush(fe_store *store, flush_job *job, bool *has_work)
{
    ferric_status status;

    memset(job, 0, sizeof *job);
    fe_mutex_lock(&store->mutex);
    while (store->is_flushing)
        fe_cond_wait(&store->changed, &store->mutex);
    status = fe_snapshot_list_copy(&store->snapshots, &job->snapshots, &job->snapshot_count);
    job->expired_up_to_ms = fe_store_expired_up_to_locked(store);
    job->view = fe_store_view(store);
    job->first = store->has_active ? 1 : 0;
    *has_work = status == FERRIC_OK && job->view->memtable_count > job->first;
    if (*has_work) store->is_flushing = true;
    store->is_flush_wanted = false;
    fe_mutex_unlock(&store->mutex);
    // Without an active memtable this open has no commit yet; its log is there for those to come.
    job->first_log = store->own_log_first == 0 ? UINT64_MAX : store->own_log_first;
    if (job->first > 0) job->first_log = job->view->memtables[0]->first_log;
    return status;
}

static void end_flush(fe_store *store, flush_job *job, bool had_work)
{
    if (had_work) {
        fe_mutex_lock(&store->mutex);
        store->is_flushing = false;
        fe_cond_broadcast(&store->changed);
        fe_mutex_unlock(&store->mutex);
    }
    fe_view_unref(job->view);
    fe_free(job->snapshots);
}

static ferric_status open_input(flush_job *job, fe_iterator **input)
{
    uint32_t count = job->view->memtable_count - job->first;
    fe_iterator **children = fe_alloc_zero(count, sizeof *children);
    uint32_t opened = 0;
    ferric_status status = FERRIC_OK;

    *input = NULL;
    if (children == NULL) return fe_no_memory("a flush", count * sizeof *children);
    while (opened < count && status == FERRIC_OK) {
        fe_memtable *memtable = job->view->memtables[job->first + opened]->memtable;
        fe_memtable_stats stats;
        fe_memtable_stats_get(memtable, &stats);
        if (stats.largest_sequence > job->largest_sequence) {
            job->largest_sequence = stats.largest_sequence;
        }
        status = fe_memtable_iterator(memtable, &children[opened]);
        if (status == FERRIC_OK) opened++;
    }
    if (status == FERRIC_OK) {
        status = fe_merge_iterator_create(children, count, input);
    } else {
        for (uint32_t i = 0; i < opened; i++)
            fe_iterator_destroy(children[i]);
    }
    fe_free(children);
    return status;
}

static ferric_status collect_ranges(const flush_job *job, fe_range_collector *ranges)
{
    ferric_status status = FERRIC_OK;

    for (uint32_t i = job->first; i < job->view->memtable_count && status == FERRIC_OK; i++) {
        status = fe_range_collector_add_memtable(ranges, job->view->memtables[i]->memtable,
                                                 job->snapshots, job->snapshot_count);
    }
    if (status != FERRIC_OK) return status;
    return fe_range_collector_finish(ranges, job->snapshots, job->snapshot_count);
}

static ferric_status write_table(fe_store *store, flush_job *job, fe_version_edit *edit,
                                 fe_table_writer_result *result)
{
    const ferric_options *options = &store->options;
    fe_table_writer_options writer = {
        .vfs = store->vfs,
        .directory = store->directory,
        .builder = fe_table_options(options, options->compression),
        .table_size = UINT64_MAX,
        .database_id = store->database_id,
        .next_file_number = &store->next_file_number,
        .snapshots = job->snapshots,
        .snapshot_count = job->snapshot_count,
        .expired_up_to_ms = job->expired_up_to_ms,
        .version = job->view->version,
    };
    fe_range_collector ranges = {0};
    fe_iterator *input = NULL;
    ferric_status status = open_input(job, &input);

    if (status == FERRIC_OK) status = collect_ranges(job, &ranges);
    if (status == FERRIC_OK) {
        writer.ranges = &ranges.ranges;
        status = fe_table_writer_run(&writer, input, edit, result);
    }
    fe_iterator_destroy(input);
    fe_range_collector_deinit(&ranges);
    return status;
}

static void report_flush(fe_store *store, const fe_table_writer_result *result, uint64_t start,
                         ferric_status status)
{
    ferric_event event = {
        .kind = FERRIC_EVENT_FLUSH,
        .status = status,
        .duration_ns = fe_vfs_monotonic_ns(store->vfs) - start,
        .bytes_written = result->bytes_out,
        .message = status == FERRIC_OK ? "memtables were written to a table" : fe_message(),
    };

    fe_mutex_lock(&store->mutex);
    store->level_bytes_written[0] += result->bytes_out;
    fe_mutex_unlock(&store->mutex);
    fe_store_event(store, &event);
}

// Room of the cache that is used for nothing is given to what was just memory: who reads behind an
// import finds it there. A flush that is due does not wait for it.
static void warm_spare_room(fe_store *store, fe_table_file *file)
{
    uint32_t block = 0;

    while (fe_warm_spare_room(store->tables, file, &block, WARM_STEP)) {
        if (atomic_load_explicit(&store->is_stopping, memory_order_relaxed)) return;
        if (fe_background_is_flush_due(store)) return;
    }
}

// The memtables were memory, so the table should be, where gets are about: as many of them since
// the flush before as it has pages.
static void warm_table(fe_store *store, const fe_version_edit *edit)
{
    ferric_operation_stats gets;
    uint64_t since;

    if (store->options.background_threads == 0) return;
    fe_statistics_operation(store->statistics, FERRIC_OPERATION_GET, &gets);
    since = gets.attempts - store->flushed_gets;
    store->flushed_gets = gets.attempts;
    for (size_t i = 0; i < edit->addition_count; i++) {
        fe_table_file *file = edit->additions[i].file;
        if (atomic_load_explicit(&store->is_stopping, memory_order_relaxed)) return;
        if (since < file->identity.size_bytes / 4096) {
            warm_spare_room(store, file);
        } else {
            fe_warm_table(store->tables, file, NULL);
        }
    }
}

static ferric_status flush(fe_store *store, flush_job *job)
{
    uint64_t start = fe_vfs_monotonic_ns(store->vfs);
    uint32_t count = job->view->memtable_count - job->first;
    fe_table_writer_result result = {0};
    fe_version_edit edit = {0};
    ferric_status status = write_table(store, job, &edit, &result);

    if (status == FERRIC_OK) status = fe_log_chain_describe(store, job->first_log, &edit);
    edit.last_sequence = job->largest_sequence;
    if (FE_SEEDED_BUG(FE_BUG_LOG_REMOVED_EARLY) && status == FERRIC_OK && store->manifest != NULL) {
        fe_log_chain_release(store, job->first_log, 0);
    }
    if (status == FERRIC_OK) status = fe_store_install(store, &edit, count);
    if (status == FERRIC_OK) {
        fe_statistics_add(store->statistics, FE_COUNTER_EXPIRED, result.expired);
        warm_table(store, &edit);
    }
    if (status == FERRIC_OK && store->manifest != NULL) {
        fe_log_chain_release(store, job->first_log, job->largest_sequence);
    }
    // An unknown outcome keeps the table, since the manifest may name it after all.
    if (status != FERRIC_OK && status != FERRIC_OUTCOME_UNKNOWN &&
        !FE_SEEDED_BUG(FE_BUG_FAILED_TABLE_LEFT)) {
        fe_version_edit_abandon(&edit);
    }
    report_flush(store, &result, start, status);
    fe_version_edit_deinit(&edit, store->tables);
    return status;
}

static uint64_t waiting_bytes(const flush_job *job)
{
    uint64_t bytes = 0;

    for (uint32_t i = job->first; i < job->view->memtable_count; i++) {
        fe_memtable_stats stats;
        fe_memtable_stats_get(job->view->memtables[i]->memtable, &stats);
        bytes += stats.user_bytes + stats.range_bytes;
    }
    return bytes;
}

// Bytes of the newest version of each key: what is left of them when no snapshot needs the others.
static ferric_status newest_bytes(flush_job *job, uint64_t *bytes)
{
    ferric_slice last = {NULL, 0};
    fe_iterator *input = NULL;
    ferric_status status = open_input(job, &input);

    *bytes = 0;
    if (status != FERRIC_OK) return status;
    for (fe_iterator_first(input); input->is_valid; fe_iterator_next(input)) {
        // Keys of memtables stay where they are while the view is held.
        if (last.data != NULL && fe_slice_equal(last, input->entry.key)) continue;
        last = input->entry.key;
        *bytes += last.size + input->entry.value.size;
    }
    status = input->status;
    fe_iterator_destroy(input);
    return status;
}

// Half a table on a full disk would take the room that deletes need, and be of no use. So a flush
// begins only when its table fits; deletes may have left little of it.
static ferric_status make_way(fe_store *store, flush_job *job)
{
    uint64_t bytes = waiting_bytes(job);

    if (fe_reserve_try_way(store, bytes + bytes / 8)) return FERRIC_OK;
    if (job->snapshot_count == 0) {
        ferric_status status = newest_bytes(job, &bytes);
        if (status != FERRIC_OK) return status;
    }
    return fe_reserve_make_way(store, bytes + bytes / 8);
}

ferric_status fe_store_flush_waiting(fe_store *store)
{
    flush_job job;
    bool has_work;
    ferric_status status = begin_flush(store, &job, &has_work);

    if (has_work) status = make_way(store, &job);
    if (has_work && status == FERRIC_OK) {
        status = flush(store, &job);
        fe_reserve_end_way(store);
    }
    end_flush(store, &job, has_work);
    return status;
}

ferric_status fe_store_flush(fe_store *store)
{
    fe_write_turn turn;
    ferric_status status = fe_store_check(store);

    if (status == FERRIC_OK) status = fe_store_writable(store);
    if (status == FERRIC_OK && store->options.read_only) {
        status = fe_fail(FERRIC_READ_ONLY, "%s is opened read-only", store->directory);
    }
    if (status != FERRIC_OK) return status;
    fe_write_turn_take(&store->queue, &turn);
    status = fe_store_bear(store);
    if (status == FERRIC_OK && store->active != NULL) {
        fe_memtable_stats stats;
        fe_memtable_stats_get(store->active->memtable, &stats);
        if (stats.entries > 0 || stats.range_deletes > 0)
            status = fe_store_switch_memtable(store, 0, 0, true);
    }
    fe_write_turn_end(&store->queue, &turn);
    if (status == FERRIC_OK) status = fe_store_flush_waiting(store);
    // The new table may be due for a compaction, or become so when its entries expire.
    if (status == FERRIC_OK) fe_background_want_compaction(store);
    return status;
}
