// SPDX-License-Identifier: Apache-2.0
// Giving back the space of values that nobody can read any more.
//
// How much of a value file is alive is what the tables of the version say they refer to; the rest
// of the file is dead. When the dead part of all files is too large, the files with the largest
// dead share are collected: every table that points into them is written anew, at its level, with
// its entries unchanged but for pointers to values that were copied into a new value file. One
// manifest edit replaces the tables, and from then on nothing refers to the old files.
//
// An entry keeps its key and its sequence number, so whoever overwrites the key meanwhile is newer
// and wins, snapshots see what they saw, and no condition is needed. Only files without a reference
// from a memtable or a log are collected; compactions and collections take turns.
#include <inttypes.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/seeded_bug.h"
#include "base/status.h"
#include "lsm/range_collector.h"
#include "lsm/store_state.h"
#include "lsm/table_writer.h"
#include "lsm/value_move_iterator.h"

// Collection begins when so much of all value files is dead, and ends when so little is.
#define DEAD_PART_MAX 5
#define DEAD_PART_GOAL 10
// What one collection copies at most, in value files: a compaction that waits for it waits no
// longer.
#define MOVED_FILES_MAX 4
// What one step of rewriting reads at least, in bytes; each step is one edit of the manifest.
#define REWRITE_BYTES ((uint64_t)64 << 20)

// ---- Accounting -----------------------------------------------------------------------------

static void add_live(const fe_table_file *file)
{
    for (size_t i = 0; i < file->values.count; i++)
        file->values.items[i].file->live_bytes += file->values.items[i].bytes;
}

static void subtract_live(const fe_table_file *file)
{
    for (size_t i = 0; i < file->values.count; i++)
        file->values.items[i].file->live_bytes -= file->values.items[i].bytes;
}

static const fe_table_file *table_of(const fe_version *version, const fe_edit_removal *removal)
{
    const fe_level *level = &version->levels[removal->level];

    for (uint32_t i = 0; i < level->count; i++) {
        if (level->files[i]->identity.number == removal->number) return level->files[i];
    }
    return NULL;
}

// Nothing will ever need the file: no live table, and no log that is read again.
static void mark_if_unneeded(void *context, fe_value_file *file)
{
    uint64_t flushed_sequence = *(const uint64_t *)context;

    if (!atomic_load_explicit(&file->is_complete, memory_order_acquire)) return;
    if (atomic_load(&file->last_sequence) > flushed_sequence) return;
    if (atomic_load(&file->live_bytes) > 0) return;
    atomic_store(&file->is_obsolete, true);
}

// The mistake VALUES_LET_GO_EARLY: the tables' references end here, not with their last reader.
static void let_go(const fe_version *base, const fe_version_edit *edit)
{
    for (size_t i = 0; i < edit->removal_count; i++) {
        const fe_table_file *file = table_of(base, &edit->removals[i]);
        fe_value_refs gone = file == NULL ? (fe_value_refs){0} : file->values;
        fe_value_refs_detach(&gone);
    }
}

void fe_value_collect_account(fe_store *store, const fe_version *base, const fe_version_edit *edit)
{
    fe_mutex_assert_held(&store->edit_mutex);
    for (size_t i = 0; i < edit->addition_count; i++)
        add_live(edit->additions[i].file);
    for (size_t i = 0; i < edit->removal_count; i++) {
        const fe_table_file *file = table_of(base, &edit->removals[i]);
        if (file != NULL) subtract_live(file);
    }
    if (FE_SEEDED_BUG(FE_BUG_VALUES_LET_GO_EARLY)) let_go(base, edit);
    // Before this open has a manifest, what is on disk is the state of an earlier open, whose logs
    // may need what was flushed meanwhile.
    if (store->manifest == NULL) return;
    fe_value_files_each(store->value_files, mark_if_unneeded, &store->flushed_sequence);
    fe_value_log_release(store);
}

// ---- After recovery -------------------------------------------------------------------------

typedef struct size_check {
    fe_store *store;
    ferric_status status;
} size_check;

static void take_size(void *context, fe_value_file *file)
{
    size_check *check = context;
    fe_path_kind kind = FE_PATH_NONE;
    uint64_t size = 0;

    if (check->status != FERRIC_OK) return;
    check->status = fe_vfs_stat(check->store->vfs, file->path, &kind, &size);
    if (check->status != FERRIC_OK) return;
    if (kind != FE_PATH_FILE) {
        check->status = fe_fail(FERRIC_CORRUPT,
                                "%s: it is missing, though the manifest names it: run "
                                "`ferric repair`",
                                file->path);
    }
    atomic_store(&file->size_bytes, size);
    atomic_store(&file->is_complete, true);
}

static ferric_status check_ends(const fe_table_file *file)
{
    for (size_t i = 0; i < file->values.count; i++) {
        const fe_value_ref *ref = &file->values.items[i];
        uint64_t size = atomic_load(&ref->file->size_bytes);
        if (ref->end <= size) continue;
        return fe_fail(FERRIC_CORRUPT,
                       "%s: has %" PRIu64 " bytes; table %" PRIu64 " points up to %" PRIu64
                       ": run `ferric repair`",
                       ref->file->path, size, file->identity.number, ref->end);
    }
    return FERRIC_OK;
}

// The mistake DEAD_SHARE_LOST.
static void forget_dead(void *context, fe_value_file *file)
{
    (void)context;
    atomic_store(&file->size_bytes, FE_FILE_HEADER_SIZE + atomic_load(&file->live_bytes));
}

ferric_status fe_value_collect_recover(fe_store *store, const fe_version *version)
{
    size_check check = {store, FERRIC_OK};
    ferric_status status;

    // A writer of another process may remove what a reader shows.
    if (store->options.read_only) check.status = fe_value_files_pin(store->value_files);
    fe_value_files_each(store->value_files, take_size, &check);
    status = check.status;
    for (uint32_t i = 0; i < FE_LEVEL_COUNT; i++) {
        for (uint32_t j = 0; j < version->levels[i].count && status == FERRIC_OK; j++) {
            add_live(version->levels[i].files[j]);
            status = check_ends(version->levels[i].files[j]);
        }
    }
    if (FE_SEEDED_BUG(FE_BUG_DEAD_SHARE_LOST)) {
        fe_value_files_each(store->value_files, forget_dead, NULL);
    }
    return status;
}

// ---- Choosing -------------------------------------------------------------------------------

typedef struct candidate {
    fe_value_file *file; // A reference.
    uint64_t size_bytes;
    uint64_t live_bytes;
} candidate;

typedef struct survey {
    uint64_t before; // Not 0: whatever has a lower number is chosen, tables too (a new data key).
    uint64_t flushed_sequence;
    uint64_t size_bytes; // Of all value files.
    uint64_t dead_bytes; // Of those that can be collected.
    candidate *candidates;
    size_t count;
    size_t capacity;
    bool is_short; // There was no memory for all of them.
} survey;

static void survey_file(void *context, fe_value_file *file)
{
    survey *all = context;
    candidate one = {file, atomic_load(&file->size_bytes), atomic_load(&file->live_bytes)};

    all->size_bytes += one.size_bytes;
    if (!atomic_load_explicit(&file->is_complete, memory_order_acquire)) return;
    if (atomic_load(&file->last_sequence) > all->flushed_sequence || one.live_bytes == 0) return;
    if (one.live_bytes + FE_FILE_HEADER_SIZE >= one.size_bytes) return;
    if (all->count == all->capacity) {
        size_t capacity = all->capacity == 0 ? 16 : all->capacity * 2;
        candidate *grown = fe_realloc(all->candidates, capacity * sizeof *grown);
        if (grown == NULL) {
            all->is_short = true;
            return;
        }
        all->candidates = grown;
        all->capacity = capacity;
    }
    fe_value_file_ref(file);
    all->dead_bytes += one.size_bytes - one.live_bytes;
    all->candidates[all->count++] = one;
}

static void survey_deinit(survey *all)
{
    for (size_t i = 0; i < all->count; i++)
        fe_value_file_unref(all->candidates[i].file);
    fe_free(all->candidates);
}

// The larger dead share first: a.dead / a.size > b.dead / b.size.
static bool is_deader(const candidate *a, const candidate *b)
{
    return (double)a->live_bytes * (double)b->size_bytes <
           (double)b->live_bytes * (double)a->size_bytes;
}

static void sort_by_dead_share(survey *all)
{
    for (size_t i = 1; i < all->count; i++) {
        candidate moved = all->candidates[i];
        size_t at = i;
        for (; at > 0 && is_deader(&moved, &all->candidates[at - 1]); at--)
            all->candidates[at] = all->candidates[at - 1];
        all->candidates[at] = moved;
    }
}

// Keeps the candidates that are collected now. Returns the bytes that will be copied; 0: nothing is
// to be done.
static uint64_t choose(const fe_store *store, survey *all)
{
    uint64_t moved = 0;
    uint64_t dead = all->dead_bytes;
    size_t chosen = 0;

    if (dead * DEAD_PART_MAX < all->size_bytes) return 0;
    sort_by_dead_share(all);
    while (chosen < all->count && dead * DEAD_PART_GOAL >= all->size_bytes &&
           moved < store->options.log_size * MOVED_FILES_MAX) {
        const candidate *one = &all->candidates[chosen++];
        moved += one->live_bytes;
        dead -= one->size_bytes - one->live_bytes;
    }
    while (all->count > chosen)
        fe_value_file_unref(all->candidates[--all->count].file);
    return moved;
}

static bool is_chosen(const void *context, uint64_t number)
{
    const survey *all = context;

    if (all->before != 0) return number < all->before;
    for (size_t i = 0; i < all->count; i++) {
        if (all->candidates[i].file->number == number) return true;
    }
    return false;
}

static bool points_to_chosen(const survey *all, const fe_table_file *file)
{
    if (all->before != 0) return file->identity.number < all->before;
    for (size_t i = 0; i < file->values.count; i++) {
        if (is_chosen(all, file->values.items[i].number)) return true;
    }
    return false;
}

// ---- Carrying out ---------------------------------------------------------------------------

typedef struct collection {
    survey all;
    fe_view *view;
    uint64_t *snapshots;
    size_t snapshot_count;
    uint64_t moved_bytes;
    fe_value_mover mover;
    fe_version_edit edit;
    uint64_t bytes_in_max; // Ends when so much of tables and values was read.
    uint64_t bytes_in;
    uint64_t bytes_out; // Of tables.
} collection;

// The view and the files that are chosen belong to one moment.
static ferric_status begin(fe_store *store, collection *job)
{
    ferric_status status;

    memset(job, 0, sizeof *job);
    job->bytes_in_max = UINT64_MAX;
    fe_mutex_lock(&store->mutex);
    fe_compaction_enter(store);
    fe_mutex_unlock(&store->mutex);
    fe_mutex_lock(&store->edit_mutex);
    job->all.flushed_sequence = store->flushed_sequence;
    fe_value_files_each(store->value_files, survey_file, &job->all);
    job->view = fe_store_view(store);
    fe_mutex_unlock(&store->edit_mutex);
    job->moved_bytes = choose(store, &job->all);
    fe_mutex_lock(&store->mutex);
    status = fe_snapshot_list_copy(&store->snapshots, &job->snapshots, &job->snapshot_count);
    fe_mutex_unlock(&store->mutex);
    return status;
}

static void end(fe_store *store, collection *job)
{
    fe_value_mover_deinit(&job->mover);
    fe_version_edit_deinit(&job->edit, store->tables);
    survey_deinit(&job->all);
    fe_view_unref(job->view);
    fe_free(job->snapshots);
    fe_compaction_leave(store);
}

// One table, written anew at its level.
static ferric_status rewrite_table(fe_store *store, collection *job, uint32_t level,
                                   fe_table_file *file)
{
    const ferric_options *options = &store->options;
    bool is_bottom = fe_version_deepest(job->view->version) <= level;
    fe_table_writer_options writer = {
        .vfs = store->vfs,
        .directory = store->directory,
        .builder = fe_table_options(options,
                                    is_bottom ? options->bottom_compression : options->compression),
        .table_size = UINT64_MAX, // One for one: the pieces of a table of level 0 would overlap.
        .database_id = store->database_id,
        .next_file_number = &store->next_file_number,
        .is_stopping = &store->is_stopping,
        .snapshots = job->snapshots,
        .snapshot_count = job->snapshot_count,
        .version = job->view->version,
        .below_level = level == 0 ? 0 : level + 1,
        .output_level = level,
    };
    fe_table_writer_result result = {0};
    fe_iterator *input = NULL;
    fe_iterator *moving = NULL;
    fe_range_collector ranges = {0};
    ferric_status status = fe_table_iterator_create(store->tables, file, false, &input);

    if (status == FERRIC_OK) status = fe_value_move_iterator_create(&job->mover, input, &moving);
    if (status == FERRIC_OK) status = fe_range_collector_add_table(&ranges, store->tables, file);
    if (status == FERRIC_OK) {
        status = fe_range_collector_finish(&ranges, job->snapshots, job->snapshot_count);
    }
    writer.ranges = &ranges.ranges;
    if (status == FERRIC_OK) status = fe_table_writer_run(&writer, moving, &job->edit, &result);
    fe_range_collector_deinit(&ranges);
    fe_iterator_destroy(moving);
    job->bytes_out += result.bytes_out;
    if (status == FERRIC_OK && result.entries_in != file->entries) {
        status = fe_fail(FERRIC_CORRUPT,
                         "a collection read %" PRIu64 " entries of table %" PRIu64
                         " where the manifest has %" PRIu64,
                         result.entries_in, file->identity.number, file->entries);
    }
    if (status == FERRIC_OK) {
        status = fe_version_edit_remove(&job->edit, level, file->identity.number);
    }
    return status;
}

static ferric_status rewrite_tables(fe_store *store, collection *job)
{
    const fe_version *version = job->view->version;
    ferric_status status = FERRIC_OK;

    for (uint32_t i = 0; i < FE_LEVEL_COUNT; i++) {
        for (uint32_t j = 0; j < version->levels[i].count && status == FERRIC_OK; j++) {
            fe_table_file *file = version->levels[i].files[j];
            if (job->bytes_in >= job->bytes_in_max) return FERRIC_OK;
            if (!points_to_chosen(&job->all, file)) continue;
            status = rewrite_table(store, job, i, file);
            job->bytes_in += file->identity.size_bytes + file->values.bytes;
        }
    }
    return status;
}

static uint64_t tables_bytes(const collection *job)
{
    const fe_version *version = job->view->version;
    uint64_t bytes = 0;

    for (uint32_t i = 0; i < FE_LEVEL_COUNT; i++) {
        for (uint32_t j = 0; j < version->levels[i].count; j++) {
            const fe_table_file *file = version->levels[i].files[j];
            if (points_to_chosen(&job->all, file)) bytes += file->identity.size_bytes;
        }
    }
    return bytes;
}

static void report(fe_store *store, const collection *job, uint64_t start, ferric_status status)
{
    ferric_event event = {
        .kind = FERRIC_EVENT_COMPACTION,
        .status = status,
        .duration_ns = fe_vfs_monotonic_ns(store->vfs) - start,
        .bytes_read = job->mover.moved_bytes,
        .bytes_written = job->mover.moved_bytes + job->bytes_out,
        .message = status == FERRIC_OK ? "values were collected" : fe_message(),
    };

    fe_statistics_add(store->statistics, FE_COUNTER_COLLECTED_BYTES, job->mover.moved_bytes);
    fe_statistics_add(store->statistics, FE_COUNTER_COLLECTED_TABLE_BYTES, job->bytes_out);
    fe_store_event(store, &event);
}

// The mistake VALUE_FILE_REMOVED_EARLY.
static void remove_chosen(fe_store *store, const collection *job)
{
    for (size_t i = 0; i < job->all.count; i++)
        (void)fe_vfs_remove(store->vfs, job->all.candidates[i].file->path);
}

static ferric_status carry_out(fe_store *store, collection *job)
{
    uint64_t start = fe_vfs_monotonic_ns(store->vfs);
    ferric_status status;

    fe_value_mover_init(&job->mover, store->value_files, fe_value_log_options(store),
                        store->options.log_size, is_chosen, &job->all);
    status = rewrite_tables(store, job);
    if (status == FERRIC_OK) status = fe_value_mover_sync(&job->mover);
    if (FE_SEEDED_BUG(FE_BUG_VALUE_FILE_REMOVED_EARLY)) remove_chosen(store, job);
    if (status == FERRIC_OK) status = fe_store_install(store, &job->edit, 0);
    if (status == FERRIC_OK || status == FERRIC_OUTCOME_UNKNOWN) {
        // After an unknown outcome the manifest may name the new tables after all.
        fe_value_mover_keep(&job->mover);
    } else {
        fe_version_edit_abandon(&job->edit);
    }
    report(store, job, start, status);
    return status;
}

ferric_status fe_store_collect_once(fe_store *store, bool *did_work)
{
    collection job;
    ferric_status status = begin(store, &job);

    *did_work = false;
    if (status == FERRIC_OK && job.moved_bytes > 0 &&
        fe_reserve_make_way(store, job.moved_bytes + tables_bytes(&job)) == FERRIC_OK) {
        *did_work = true;
        status = carry_out(store, &job);
        fe_reserve_end_way(store);
    }
    end(store, &job);
    return status;
}

// ---- Rewriting ------------------------------------------------------------------------------

// Tables before a number, and the values before it that they point to: all of the old ones.
static uint64_t old_bytes(const fe_version *version, uint64_t before)
{
    uint64_t bytes = 0;

    for (uint32_t i = 0; i < FE_LEVEL_COUNT; i++) {
        for (uint32_t j = 0; j < version->levels[i].count; j++) {
            const fe_table_file *file = version->levels[i].files[j];
            if (file->identity.number < before)
                bytes += file->identity.size_bytes + file->values.bytes;
        }
    }
    return bytes;
}

ferric_status fe_store_rewrite_once(fe_store *store, uint64_t before, uint64_t *left)
{
    collection job;
    ferric_status status = begin(store, &job);

    job.all.before = before;
    job.bytes_in_max = REWRITE_BYTES;
    *left = old_bytes(job.view->version, before);
    if (status == FERRIC_OK && *left > 0) {
        status = fe_reserve_make_way(store, *left < REWRITE_BYTES ? *left : REWRITE_BYTES);
        if (status == FERRIC_OK) status = carry_out(store, &job);
        fe_reserve_end_way(store);
        *left -= job.bytes_in < *left ? job.bytes_in : *left;
    }
    end(store, &job);
    return status;
}
