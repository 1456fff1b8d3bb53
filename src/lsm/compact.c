// SPDX-License-Identifier: Apache-2.0
// Compactions: a plan of the picker, carried out. Inputs are read without filling the cache; of the
// outputs what was cached of them is, before they are installed. Outputs are durable before the
// edit that names them, inputs go when their last reader is gone. A compaction that meets a corrupt
// input installs nothing and keeps all inputs. An input that a range delete hides as a whole is not
// read: it just goes.
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

typedef struct compaction_job {
    fe_view *view;
    fe_compaction_plan plan;
    uint64_t *snapshots;
    size_t snapshot_count;
    uint64_t expired_up_to_ms;
    fe_range_collector ranges; // Of all inputs.
    fe_table_file **upper;     // The inputs of plan.level that are read,
    size_t upper_count;
    fe_table_file **lower; // and those of plan.output_level.
    size_t lower_count;
    uint64_t bytes_unread;
    uint64_t entries_expected;
    bool is_manual; // Ends at fe_store_interrupt.
    fe_table_writer_result result;
} compaction_job;

void fe_compaction_enter(fe_store *store)
{
    fe_mutex_assert_held(&store->mutex);
    while (store->is_compacting)
        fe_cond_wait(&store->changed, &store->mutex);
    store->is_compacting = true;
}

void fe_compaction_leave(fe_store *store)
{
    fe_mutex_lock(&store->mutex);
    store->is_compacting = false;
    fe_cond_broadcast(&store->changed);
    fe_mutex_unlock(&store->mutex);
    fe_epoch_collect(store->epoch);
}

static ferric_status begin(fe_store *store, compaction_job *job)
{
    ferric_status status;

    memset(job, 0, sizeof *job);
    fe_mutex_lock(&store->mutex);
    fe_compaction_enter(store);
    status = fe_snapshot_list_copy(&store->snapshots, &job->snapshots, &job->snapshot_count);
    job->expired_up_to_ms = fe_store_expired_up_to_locked(store);
    job->view = fe_store_view(store);
    fe_mutex_unlock(&store->mutex);
    return status;
}

static void end(fe_store *store, compaction_job *job)
{
    fe_view_unref(job->view);
    fe_free(job->snapshots);
    fe_free(job->upper);
    fe_free(job->lower);
    fe_range_collector_deinit(&job->ranges);
    fe_compaction_leave(store);
}

// ---- Inputs ---------------------------------------------------------------------------------

// Whether all who could see an entry of the file see a newer range delete of its key.
static bool is_hidden(const compaction_job *job, const fe_table_file *file)
{
    const fe_range_deletes *ranges = &job->ranges.ranges;
    uint64_t stripe =
        fe_snapshot_stripe(job->snapshots, job->snapshot_count, file->smallest_sequence);
    ferric_slice key = file->smallest_key;

    if (FE_SEEDED_BUG(FE_BUG_TABLE_DROPPED_UNDER_SNAPSHOT)) stripe = UINT64_MAX;
    for (size_t i = fe_range_deletes_find(ranges, key); i < ranges->count; i++) {
        const fe_range_piece *piece = &ranges->pieces[i];
        if (fe_slice_compare(piece->lower, key) > 0) return false;
        if (fe_range_piece_newest(piece, stripe) <= file->largest_sequence) return false;
        if (fe_table_file_ends_before(file, piece->upper)) return true;
        key = piece->upper;
    }
    return false;
}

static ferric_status collect_ranges(compaction_job *job)
{
    const fe_version *version = job->view->version;
    const fe_compaction_plan *plan = &job->plan;
    ferric_status status = FERRIC_OK;

    for (uint32_t i = plan->first; i < plan->end && status == FERRIC_OK; i++) {
        status = fe_range_collector_add_table(&job->ranges, version->tables,
                                              version->levels[plan->level].files[i]);
    }
    for (uint32_t i = plan->below_first; i < plan->below_end && status == FERRIC_OK; i++) {
        status = fe_range_collector_add_table(&job->ranges, version->tables,
                                              version->levels[plan->output_level].files[i]);
    }
    if (status != FERRIC_OK) return status;
    return fe_range_collector_finish(&job->ranges, job->snapshots, job->snapshot_count);
}

// The files of [first, end) that have to be read.
static ferric_status choose_files(compaction_job *job, const fe_level *level, uint32_t first,
                                  uint32_t end_index, fe_table_file ***files, size_t *count)
{
    *count = 0;
    *files = fe_alloc_zero(end_index - first + 1, sizeof **files);
    if (*files == NULL) return fe_no_memory("a compaction", (end_index - first) * sizeof **files);
    for (uint32_t i = first; i < end_index; i++) {
        fe_table_file *file = level->files[i];
        if (is_hidden(job, file)) {
            job->bytes_unread += file->identity.size_bytes;
            continue;
        }
        (*files)[(*count)++] = file;
        job->entries_expected += file->entries;
    }
    return FERRIC_OK;
}

static ferric_status choose_inputs(compaction_job *job)
{
    const fe_version *version = job->view->version;
    const fe_compaction_plan *plan = &job->plan;
    ferric_status status = collect_ranges(job);

    if (status == FERRIC_OK) {
        status = choose_files(job, &version->levels[plan->level], plan->first, plan->end,
                              &job->upper, &job->upper_count);
    }
    if (status != FERRIC_OK) return status;
    return choose_files(job, &version->levels[plan->output_level], plan->below_first,
                        plan->below_end, &job->lower, &job->lower_count);
}

static ferric_status open_children(const compaction_job *job, fe_iterator **children, size_t *count)
{
    fe_table_cache *tables = job->view->version->tables;
    bool is_level0 = job->plan.level == 0;
    ferric_status status = FERRIC_OK;

    for (size_t i = 0; is_level0 && i < job->upper_count && status == FERRIC_OK; i++) {
        status = fe_table_iterator_create(tables, job->upper[i], false, &children[*count]);
        if (status == FERRIC_OK) ++*count;
    }
    if (!is_level0 && job->upper_count > 0) {
        status = fe_level_iterator_create(tables, job->upper, job->upper_count, false,
                                          &children[*count]);
        if (status == FERRIC_OK) ++*count;
    }
    if (status == FERRIC_OK && job->lower_count > 0) {
        status = fe_level_iterator_create(tables, job->lower, job->lower_count, false,
                                          &children[*count]);
        if (status == FERRIC_OK) ++*count;
    }
    return status;
}

static ferric_status open_input(compaction_job *job, fe_iterator **input)
{
    fe_iterator **children;
    size_t count = 0;
    ferric_status status = choose_inputs(job);

    *input = NULL;
    if (status != FERRIC_OK) return status;
    children = fe_alloc_zero(job->upper_count + 2, sizeof *children);
    if (children == NULL) {
        return fe_no_memory("a compaction", (job->upper_count + 2) * sizeof *children);
    }
    status = open_children(job, children, &count);
    if (status == FERRIC_OK) {
        status = fe_merge_iterator_create(children, count, input);
    } else {
        for (size_t i = 0; i < count; i++)
            fe_iterator_destroy(children[i]);
    }
    fe_free(children);
    return status;
}

// ---- Outputs --------------------------------------------------------------------------------

static ferric_status write_tables(fe_store *store, compaction_job *job, fe_version_edit *edit)
{
    const ferric_options *options = &store->options;
    fe_table_writer_options writer = {
        .vfs = store->vfs,
        .directory = store->directory,
        .builder = fe_table_options(options, job->plan.is_bottom ? options->bottom_compression
                                                                 : options->compression),
        .table_size = options->table_size,
        .database_id = store->database_id,
        .next_file_number = &store->next_file_number,
        .is_stopping = job->is_manual ? &store->is_interrupted : &store->is_stopping,
        .snapshots = job->snapshots,
        .snapshot_count = job->snapshot_count,
        .expired_up_to_ms = job->expired_up_to_ms,
        .version = job->view->version,
        .below_level = job->plan.output_level + 1,
        .output_level = job->plan.output_level,
    };
    fe_iterator *input = NULL;
    ferric_status status = open_input(job, &input);

    writer.ranges = &job->ranges.ranges;
    if (status == FERRIC_OK) status = fe_table_writer_run(&writer, input, edit, &job->result);
    fe_iterator_destroy(input);
    if (FE_SEEDED_BUG(FE_BUG_READ_ERROR_IS_END)) return status;
    if (FE_SEEDED_BUG(FE_BUG_STOPPED_IS_END)) return status;
    if (status == FERRIC_OK && job->result.entries_in != job->entries_expected) {
        status = fe_fail(FERRIC_CORRUPT,
                         "a compaction of level %u read %" PRIu64
                         " entries where the manifest has %" PRIu64,
                         job->plan.level, job->result.entries_in, job->entries_expected);
    }
    return status;
}

// What was in the cache is so in the new tables, before anybody reads them. Without threads a write
// would wait for it.
static void warm_tables(fe_store *store, const compaction_job *job, const fe_version_edit *edit)
{
    fe_warm_inputs inputs = {{job->upper, job->lower}, {job->upper_count, job->lower_count}};

    if (store->options.background_threads == 0) return;
    for (size_t i = 0; i < edit->addition_count; i++) {
        if (atomic_load_explicit(&store->is_stopping, memory_order_relaxed)) return;
        fe_warm_table(store->tables, edit->additions[i].file, &inputs);
    }
}

static ferric_status remove_inputs(const compaction_job *job, fe_version_edit *edit)
{
    const fe_compaction_plan *plan = &job->plan;
    const fe_version *version = job->view->version;
    ferric_status status = FERRIC_OK;

    for (uint32_t i = plan->first; i < plan->end && status == FERRIC_OK; i++) {
        status = fe_version_edit_remove(edit, plan->level,
                                        version->levels[plan->level].files[i]->identity.number);
    }
    for (uint32_t i = plan->below_first; i < plan->below_end && status == FERRIC_OK; i++) {
        status =
            fe_version_edit_remove(edit, plan->output_level,
                                   version->levels[plan->output_level].files[i]->identity.number);
    }
    return status;
}

// A table that nothing below overlaps changes its level without being read.
static ferric_status move_table(const compaction_job *job, fe_version_edit *edit)
{
    fe_table_file *file = job->view->version->levels[job->plan.level].files[job->plan.first];
    ferric_status status;

    fe_table_file_ref(file);
    status = fe_version_edit_add(edit, job->plan.output_level, file);
    if (status != FERRIC_OK) (void)fe_table_file_unref(file); // The view has it still.
    return status;
}

static void report(fe_store *store, const compaction_job *job, uint64_t start, ferric_status status)
{
    uint32_t level = job->plan.output_level;
    ferric_event event = {
        .kind = FERRIC_EVENT_COMPACTION,
        .status = status,
        .duration_ns = fe_vfs_monotonic_ns(store->vfs) - start,
        .bytes_read =
            job->plan.is_move || job->plan.is_drop ? 0 : job->plan.bytes - job->bytes_unread,
        .bytes_written = job->result.bytes_out,
        .level = level,
        .message = status == FERRIC_OK ? "tables were merged" : fe_message(),
    };

    fe_mutex_lock(&store->mutex);
    store->level_compactions[level] += status == FERRIC_OK;
    store->level_bytes_read[level] += event.bytes_read;
    store->level_bytes_written[level] += event.bytes_written;
    fe_mutex_unlock(&store->mutex);
    fe_store_event(store, &event);
}

static ferric_status carry_out(fe_store *store, compaction_job *job)
{
    uint64_t start = fe_vfs_monotonic_ns(store->vfs);
    fe_version_edit edit = {0};
    ferric_status status = FERRIC_OK;

    if (job->plan.is_move) status = move_table(job, &edit);
    if (!job->plan.is_move && !job->plan.is_drop) {
        status = write_tables(store, job, &edit);
        if (status == FERRIC_OK) warm_tables(store, job, &edit);
    }
    if (status == FERRIC_OK) status = remove_inputs(job, &edit);
    if (status == FERRIC_OK) status = fe_store_install(store, &edit, 0);
    if (status == FERRIC_OK && job->plan.level == 0)
        atomic_store_explicit(&store->overlap_bytes, 0, memory_order_relaxed);
    if (status == FERRIC_OK) {
        const fe_level *level = &job->view->version->levels[job->plan.level];
        fe_statistics_add(store->statistics, FE_COUNTER_EXPIRED,
                          job->plan.is_drop ? level->files[job->plan.first]->expiry.entries
                                            : job->result.expired);
    }
    // An unknown outcome keeps the tables, since the manifest may name them after all.
    if (status != FERRIC_OK && status != FERRIC_OUTCOME_UNKNOWN && !job->plan.is_move) {
        fe_version_edit_abandon(&edit);
    }
    report(store, job, start, status);
    fe_version_edit_deinit(&edit, store->tables);
    return status;
}

static fe_picker_options picker_options(fe_store *store, const compaction_job *job)
{
    fe_picker_options options = store->sizes.picker;

    if (fe_vfs_free_space(store->vfs, store->directory, &options.free_bytes) != FERRIC_OK) {
        options.free_bytes = UINT64_MAX; // Unknown: a write that does not fit will tell.
    }
    options.expired_up_to_ms = job->expired_up_to_ms;
    options.oldest_snapshot = job->snapshot_count == 0 ? UINT64_MAX : job->snapshots[0];
    options.overlap_bytes = atomic_load_explicit(&store->overlap_bytes, memory_order_relaxed);
    return options;
}

ferric_status fe_store_compact_once(fe_store *store, bool *did_work)
{
    compaction_job job;
    ferric_status status = begin(store, &job);
    fe_picker_options options = picker_options(store, &job);

    *did_work = status == FERRIC_OK && fe_compaction_pick(job.view->version, &options, &job.plan);
    if (*did_work) status = carry_out(store, &job);
    end(store, &job);
    if (status != FERRIC_OK || *did_work) return status;
    return fe_store_collect_once(store, did_work);
}

// One step of a manual compaction at `level`.
static ferric_status compact_level(fe_store *store, uint32_t level, ferric_slice lower,
                                   ferric_slice upper)
{
    compaction_job job;
    ferric_status status = begin(store, &job);

    job.is_manual = true;
    if (status == FERRIC_OK &&
        fe_compaction_pick_range(job.view->version, level, lower, upper, &job.plan)) {
        status = carry_out(store, &job);
    }
    end(store, &job);
    return status;
}

// What has expired in tables that no step has read, since they lay at the bottom.
static ferric_status compact_expired(fe_store *store, ferric_slice lower, ferric_slice upper,
                                     bool *did_work)
{
    compaction_job job;
    ferric_status status = begin(store, &job);
    fe_picker_options options = picker_options(store, &job);

    job.is_manual = true;
    *did_work = status == FERRIC_OK &&
                fe_compaction_pick_expired(job.view->version, &options, lower, upper, &job.plan);
    if (*did_work) status = carry_out(store, &job);
    end(store, &job);
    return status;
}

static uint32_t deepest_level(fe_store *store)
{
    fe_view *view = fe_store_view(store);
    uint32_t deepest = fe_version_deepest(view->version);
    fe_view_unref(view);
    return deepest;
}

ferric_status fe_store_compact(fe_store *store, ferric_slice lower, ferric_slice upper)
{
    ferric_status status;

    atomic_store(&store->is_interrupted, false);
    status = fe_store_flush(store);

    for (uint32_t level = 0; status == FERRIC_OK && level + 1 < FE_LEVEL_COUNT; level++) {
        if (level > 0 && level >= deepest_level(store)) break;
        status = compact_level(store, level, lower, upper);
    }
    for (bool did_work = true; status == FERRIC_OK && did_work;)
        status = compact_expired(store, lower, upper, &did_work);
    for (bool did_work = true; status == FERRIC_OK && did_work;)
        status = fe_store_collect_once(store, &did_work);
    if (status == FERRIC_INTERRUPTED) {
        return fe_fail(status, "the compaction was interrupted; what it finished before stays");
    }
    return status;
}
