// SPDX-License-Identifier: Apache-2.0
// The store's life: open, references, failure, close, destroy.
#include "lsm/store.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/seeded_bug.h"
#include "base/status.h"
#include "lsm/store_state.h"

#define MEMORY_PATH ":memory:"
#define MEMORY_DIRECTORY "/memory"
#define LOCK_POLL_NS ((uint64_t)5 * 1000 * 1000)
#define MEMTABLE_BYTES_MAX ((uint64_t)8 << 20)
#define MEMTABLE_BYTES_MIN ((uint64_t)64 << 10)
// Level 0 is merged from this many tables on, when it is as large as level 1; in any case at the
// second number.
#define LEVEL0_COUNT 4
#define LEVEL0_COUNT_MAX 12

// ---- Sizes ----------------------------------------------------------------------------------

// A quarter of the memory is for memtables, in eighths: four wait while four fill. Level 1 is eight
// flushes large. What memtables and open tables leave is the block cache.
static void derive_sizes(const ferric_options *options, fe_store_sizes *sizes)
{
    uint64_t share = options->memory_limit / 4;

    sizes->memtable_bytes = options->memtable_size;
    if (sizes->memtable_bytes == 0) {
        sizes->memtable_bytes = share / 8;
        if (sizes->memtable_bytes > MEMTABLE_BYTES_MAX) sizes->memtable_bytes = MEMTABLE_BYTES_MAX;
        if (sizes->memtable_bytes < MEMTABLE_BYTES_MIN) sizes->memtable_bytes = MEMTABLE_BYTES_MIN;
    } else if (sizes->memtable_bytes * 8 < share) {
        share = sizes->memtable_bytes * 8;
    }
    sizes->memtables_bytes_max = share;
    sizes->flush_bytes = share / 2;
    sizes->memtable_value_bytes = sizes->memtable_bytes * 2;
    sizes->commit_bytes_max = options->memory_limit / 4;
    sizes->async_bytes_max = options->memory_limit / 16;
    sizes->picker.base_bytes = sizes->flush_bytes * 8;
    sizes->picker.level0_count = LEVEL0_COUNT;
    sizes->picker.level0_count_max = LEVEL0_COUNT_MAX;
    sizes->picker.free_bytes = UINT64_MAX;
}

static uint64_t cache_bytes(const fe_store *store)
{
    uint64_t tables = store->options.memory_limit / 8;
    return store->options.memory_limit - store->sizes.memtables_bytes_max - tables;
}

// ---- Failure and events ---------------------------------------------------------------------

void fe_store_fail(fe_store *store, ferric_status status)
{
    if (FE_SEEDED_BUG(FE_BUG_GOES_ON_AFTER_FAILED_SYNC)) return;
    fe_mutex_lock(&store->mutex);
    if (atomic_load_explicit(&store->write_error, memory_order_relaxed) == FERRIC_OK) {
        strncpy(store->write_error_message, fe_message(), sizeof store->write_error_message - 1);
        // Pairs with the acquire load in writable: the message is complete.
        atomic_store_explicit(&store->write_error, (uint32_t)status, memory_order_release);
    }
    fe_cond_broadcast(&store->changed);
    fe_mutex_unlock(&store->mutex);
}

ferric_status fe_store_writable(const fe_store *store)
{
    if (atomic_load_explicit(&store->write_error, memory_order_acquire) == FERRIC_OK) {
        return FERRIC_OK;
    }
    return fe_fail(FERRIC_READ_ONLY,
                   "%s is read-only until it is opened again, because of an earlier failure: %s",
                   store->directory, store->write_error_message);
}

void fe_store_event(fe_store *store, const ferric_event *event)
{
    if (store->options.event_callback == NULL) return;
    store->options.event_callback(store->options.event_context, event);
}

void fe_store_tell_jump(fe_store *store)
{
    char text[128];
    int64_t jump_ms;
    ferric_event event = {.kind = FERRIC_EVENT_CLOCK, .status = FERRIC_OK, .message = text};

    if (!fe_engine_clock_take_jump(&store->clock, &jump_ms)) return;
    snprintf(text, sizeof text,
             jump_ms > 0 ? "the system clock went on by %" PRId64 " seconds at once"
                         : "the system clock is %" PRId64 " seconds behind: keys expire by the "
                           "newest time that was seen",
             (jump_ms > 0 ? jump_ms : -jump_ms) / 1000);
    event.duration_ns = (uint64_t)(jump_ms > 0 ? jump_ms : -jump_ms) * 1000000u;
    fe_store_event(store, &event);
}

ferric_status fe_store_check(const fe_store *store)
{
    if (fe_fork_generation() != store->fork_generation && !FE_SEEDED_BUG(FE_BUG_FORK_NOT_NOTICED)) {
        return fe_fail(FERRIC_FORKED,
                       "this handle of %s came through fork: open the database in the child",
                       store->directory);
    }
    if (atomic_load_explicit(&store->is_closed, memory_order_acquire) &&
        !FE_SEEDED_BUG(FE_BUG_CLOSE_NOT_NOTICED)) {
        return fe_fail(FERRIC_CLOSED, "%s was closed", store->directory);
    }
    return FERRIC_OK;
}

// ---- Views ----------------------------------------------------------------------------------

static void reclaim_view(fe_retired *retired)
{
    fe_view_unref(fe_view_of_retired(retired));
}

void fe_store_install_view_locked(fe_store *store, fe_view *view)
{
    fe_view *old;

    fe_mutex_assert_held(&store->mutex);
    old = atomic_load_explicit(&store->view, memory_order_relaxed);
    // Pairs with the acquire loads of readers.
    atomic_store_explicit(&store->view, view, memory_order_release);
    if (old != NULL) fe_epoch_retire(store->epoch, &old->retired, reclaim_view);
}

fe_view *fe_store_view(fe_store *store)
{
    fe_view *view;

    fe_epoch_enter(store->epoch);
    view = atomic_load_explicit(&store->view, memory_order_acquire);
    fe_view_ref(view);
    fe_epoch_leave(store->epoch);
    return view;
}

// ---- References -----------------------------------------------------------------------------

void fe_store_ref(fe_store *store)
{
    fe_spread_refs_take(&store->refs);
}

static void free_store(fe_store *store)
{
    fe_log_chain_close(store);
    fe_value_log_close(store);
    fe_manifest_close(store->manifest);
    fe_view_unref(atomic_load(&store->view));
    if (store->epoch != NULL) fe_epoch_collect(store->epoch);
    fe_table_cache_destroy(store->tables);
    if (store->epoch != NULL) fe_epoch_collect(store->epoch);
    fe_block_cache_destroy(store->blocks);
    fe_value_files_destroy(store->value_files);
    fe_epoch_destroy(store->epoch);
    fe_file_keys_destroy(store->keys);
    fe_page_pool_deinit(&store->pages);
    fe_statistics_destroy(store->statistics);
    fe_operations_deinit(&store->operations);
    fe_free(store->parts);
    fe_free(store->counts);
    fe_free(store->recovered_logs);
    fe_free(store->recovered_values);
    fe_vfs_unlock(store->vfs, store->lock);
    fe_vfs_memory_destroy(store->own_vfs);
    fe_free(store->directory);
    fe_cond_deinit(&store->log_work);
    fe_cond_deinit(&store->work);
    fe_cond_deinit(&store->changed);
    fe_mutex_deinit(&store->mutex);
    fe_mutex_deinit(&store->value_sync_mutex);
    fe_mutex_deinit(&store->value_mutex);
    fe_cond_deinit(&store->reserve_changed);
    fe_mutex_deinit(&store->reserve_mutex);
    fe_dropped_keyspaces_deinit(store);
    fe_mutex_deinit(&store->edit_mutex);
    fe_mutex_deinit(&store->log_mutex);
    fe_async_deinit(&store->async);
    fe_write_queue_deinit(&store->queue);
    fe_spread_refs_deinit(&store->refs);
    fe_free_aligned(store);
}

void fe_store_unref(fe_store *store)
{
    if (!fe_spread_refs_give(&store->refs)) return;
    // What a forked child holds is the parent's: its files must not be closed by rules of ours.
    if (fe_fork_generation() != store->fork_generation) return;
    free_store(store);
}

// Drops the opener's reference: the store goes with the last one that is in use.
static void end_life(fe_store *store)
{
    fe_spread_refs_gather(&store->refs);
    fe_store_unref(store);
}

// ---- Open -----------------------------------------------------------------------------------

static ferric_status copy_directory(fe_store *store, const char *path)
{
    size_t size;

    if (strcmp(path, MEMORY_PATH) == 0) {
        ferric_status status = fe_vfs_memory_create(&store->own_vfs);
        if (status != FERRIC_OK) return status;
        store->vfs = store->own_vfs;
        store->clock.vfs = store->own_vfs;
        path = MEMORY_DIRECTORY;
    }
    store->directory = fe_string_duplicate(path);
    if (store->directory == NULL) return fe_no_memory("a path", strlen(path));
    size = strlen(store->directory);
    while (size > 1 && store->directory[size - 1] == '/')
        store->directory[--size] = 0;
    return FERRIC_OK;
}

// A directory in which something else lives is left alone; one that has a file of ours is a
// database.
static ferric_status check_directory(fe_store *store)
{
    ferric_buffer names = {0};
    bool has_ours = false;
    ferric_status status = fe_vfs_list(store->vfs, store->directory, &names);

    for (size_t at = 0; status == FERRIC_OK && at < names.size;) {
        const char *name = (const char *)names.data + at;
        at += strlen(name) + 1;
        has_ours = has_ours || fe_file_name_is_ours(name);
    }
    if (status == FERRIC_OK && names.size > 0 && !has_ours) {
        status = fe_fail(FERRIC_NOT_A_DATABASE,
                         "%s is a directory with other files in it, not a Ferric database: choose "
                         "a path that does not exist",
                         store->directory);
    }
    fe_buffer_deinit(&names);
    return status;
}

static ferric_status has_current(fe_store *store, bool *exists)
{
    ferric_buffer path = {0};
    fe_path_kind kind = FE_PATH_NONE;
    ferric_status status = fe_file_path_named(&path, store->directory, FE_FILE_CURRENT_NAME);

    if (status == FERRIC_OK) status = fe_vfs_stat(store->vfs, fe_path_text(&path), &kind, NULL);
    *exists = kind != FE_PATH_NONE;
    fe_buffer_deinit(&path);
    return status;
}

static ferric_status check_existing(fe_store *store)
{
    bool exists = false;
    ferric_status status = check_directory(store);

    if (status == FERRIC_OK && store->options.error_if_exists) {
        status = has_current(store, &exists);
        if (status == FERRIC_OK && exists) {
            status = fe_fail(FERRIC_ALREADY_EXISTS, "%s is a database already", store->directory);
        }
    }
    return status;
}

static ferric_status prepare_directory(fe_store *store)
{
    fe_path_kind kind = FE_PATH_NONE;
    ferric_status status = fe_vfs_stat(store->vfs, store->directory, &kind, NULL);

    if (status != FERRIC_OK) return status;
    switch (kind) {
    case FE_PATH_DIRECTORY:
        return check_existing(store);
    case FE_PATH_NONE:
        if (!store->options.create_if_missing || store->options.read_only) {
            return fe_fail(FERRIC_NOT_FOUND, "no database at %s", store->directory);
        }
        status = fe_vfs_make_directory(store->vfs, store->directory);
        if (status == FERRIC_NOT_FOUND) {
            return fe_fail(FERRIC_NOT_FOUND, "%s cannot be made: its parent directory is missing",
                           store->directory);
        }
        return status;
    default:
        return fe_fail(FERRIC_NOT_A_DATABASE, "%s is a file, and a database is a directory",
                       store->directory);
    }
}

static ferric_status locked_failure(const fe_store *store, uint64_t holder)
{
    if (holder == 0) {
        return fe_fail(FERRIC_LOCKED, "%s is open already, in another process or handle",
                       store->directory);
    }
    return fe_fail(FERRIC_LOCKED, "%s is open already, in process %" PRIu64, store->directory,
                   holder);
}

// A reader takes no lock, so it keeps no writer out; it only wants to know whether there is one.
static ferric_status look_for_writer(fe_store *store)
{
    ferric_buffer path = {0};
    ferric_status status = fe_file_path_named(&path, store->directory, FE_FILE_LOCK_NAME);

    if (status == FERRIC_OK) {
        status = fe_vfs_lock(store->vfs, fe_path_text(&path), FE_LOCK_PROBE, &store->lock,
                             &store->writer_process);
    }
    fe_buffer_deinit(&path);
    store->is_beside_writer = status == FERRIC_LOCKED;
    // A copy on read-only media may have no LOCK, and then nobody can be writing it.
    if (status == FERRIC_LOCKED || status == FERRIC_NOT_FOUND) status = FERRIC_OK;
    return status;
}

static ferric_status take_lock(fe_store *store)
{
    fe_lock_mode mode = FE_LOCK_EXCLUSIVE;
    uint64_t deadline =
        fe_vfs_monotonic_ns(store->vfs) + (uint64_t)store->options.lock_wait_ms * 1000000;
    ferric_buffer path = {0};
    uint64_t holder = 0;
    ferric_status status = fe_file_path_named(&path, store->directory, FE_FILE_LOCK_NAME);

    if (FE_SEEDED_BUG(FE_BUG_LOCK_NOT_TAKEN)) mode = FE_LOCK_SHARED;
    while (status == FERRIC_OK) {
        status = fe_vfs_lock(store->vfs, fe_path_text(&path), mode, &store->lock, &holder);
        if (status != FERRIC_LOCKED || fe_vfs_monotonic_ns(store->vfs) >= deadline) break;
        fe_thread_sleep_ns(LOCK_POLL_NS);
        status = FERRIC_OK;
    }
    fe_buffer_deinit(&path);
    return status == FERRIC_LOCKED ? locked_failure(store, holder) : status;
}

static ferric_status create_parts(fe_store *store)
{
    fe_table_cache_options tables = {
        .vfs = store->vfs,
        .directory = store->directory,
        .open_files_max = store->options.open_files_max,
        .memory_max = store->options.memory_limit / 8,
        .keydir_bytes_max = fe_keydir_bytes_max(&store->options),
        .keys = store->keys,
    };
    fe_value_files_options values = {
        .vfs = store->vfs,
        .directory = store->directory,
        .open_files_max = store->options.open_files_max / 2,
        .keys = store->keys,
    };
    fe_version *version = NULL;
    fe_view *view = NULL;
    ferric_status status = fe_epoch_create(&store->epoch);

    values.epoch = store->epoch;
    if (status == FERRIC_OK) status = fe_value_files_create(&values, &store->value_files);
    tables.value_files = store->value_files;

    if (status == FERRIC_OK) {
        status = fe_block_cache_create(store->epoch, cache_bytes(store), &store->blocks);
    }
    if (status == FERRIC_OK) {
        status = fe_table_cache_create(&tables, store->epoch, store->blocks, &store->tables);
    }
    if (status == FERRIC_OK) status = fe_statistics_create(store->vfs, &store->statistics);
    if (status == FERRIC_OK) status = fe_version_create(store->tables, &version);
    if (status == FERRIC_OK) status = fe_view_create(version, 0, &view);
    fe_version_unref(version);
    if (status == FERRIC_OK) atomic_store(&store->view, view);
    return status;
}

static ferric_status open_store(fe_store *store, const char *path)
{
    bool has_current = false;
    ferric_status status = copy_directory(store, path);

    if (status == FERRIC_OK) status = prepare_directory(store);
    if (status == FERRIC_OK && !store->options.read_only && !FE_SEEDED_BUG(FE_BUG_LOCK_BEFORE_KEY))
        status = fe_store_try_keys(store);
    if (status == FERRIC_OK) {
        status = store->options.read_only ? look_for_writer(store) : take_lock(store);
    }
    if (status == FERRIC_OK) status = fe_store_open_keys(store, &has_current);
    if (status == FERRIC_OK) status = create_parts(store);
    if (status == FERRIC_OK) status = fe_store_recover(store);
    // For a reader a database that comes into being meanwhile is not there yet: it did not look for
    // its keys.
    if (store->options.read_only && !has_current &&
        (status == FERRIC_OK || status == FERRIC_WRONG_KEY)) {
        status = FERRIC_NOT_FOUND;
    }
    if (status != FERRIC_NOT_FOUND || store->view == NULL) return status;
    // There is nothing yet: an empty database.
    if (store->options.read_only || !store->options.create_if_missing) {
        return fe_fail(FERRIC_NOT_FOUND, "no database at %s", store->directory);
    }
    return FERRIC_OK;
}

ferric_status fe_store_open(const char *path, const ferric_options *options, fe_store **store)
{
    fe_store *opened = fe_alloc_aligned(FE_CACHE_LINE, sizeof *opened);
    ferric_status status;

    *store = NULL;
    if (opened == NULL) return fe_no_memory("a store", sizeof *opened);
    memset(opened, 0, sizeof *opened);
    status = fe_spread_refs_init(&opened->refs);
    if (status != FERRIC_OK) {
        fe_free_aligned(opened);
        return status;
    }
    opened->options = *options;
    opened->vfs = options->vfs != NULL ? options->vfs : fe_vfs_posix();
    fe_engine_clock_init(&opened->clock, opened->vfs);
    opened->fork_generation = fe_fork_generation();
    atomic_init(&opened->next_file_number, 1);
    atomic_init(&opened->catalogue_generation, 1);
    fe_write_queue_init(&opened->queue);
    fe_async_init(&opened->async);
    fe_mutex_init(&opened->log_mutex);
    fe_mutex_init(&opened->edit_mutex);
    fe_mutex_init(&opened->reserve_mutex);
    fe_mutex_init(&opened->dropped_mutex);
    fe_cond_init(&opened->reserve_changed);
    fe_mutex_init(&opened->value_mutex);
    fe_mutex_init(&opened->value_sync_mutex);
    fe_mutex_init(&opened->mutex);
    fe_cond_init(&opened->changed);
    fe_cond_init(&opened->work);
    fe_cond_init(&opened->log_work);
    derive_sizes(options, &opened->sizes);
    fe_page_pool_init(&opened->pages, (size_t)opened->sizes.memtable_bytes);
    opened->opened_ns = fe_vfs_monotonic_ns(opened->vfs);
    status = open_store(opened, path);
    if (status != FERRIC_OK) {
        fe_vfs_unlock(opened->vfs, opened->lock);
        opened->lock = NULL;
        end_life(opened);
        return status;
    }
    *store = opened;
    return FERRIC_OK;
}

// ---- Close ----------------------------------------------------------------------------------

// What was reserved ahead. A file that stays longer is read all the same.
static void give_back_space(fe_store *store)
{
    (void)fe_record_log_trim(store->current_log->writer);
    (void)fe_manifest_trim(store->manifest);
    fe_value_log_complete(store);
}

// Makes the logs durable and writes down where they end, so that the next open can demand every
// byte.
static ferric_status seal(fe_store *store)
{
    fe_version_edit edit = {0};
    ferric_status status = FERRIC_OK;

    if (fe_store_writable(store) != FERRIC_OK) {
        return fe_fail(FERRIC_OUTCOME_UNKNOWN,
                       "%s: closed, but recent commits may not be on disk, because of an earlier "
                       "failure: %s",
                       store->directory, store->write_error_message);
    }
    status = fe_log_chain_seal(store);
    if (status == FERRIC_OK) status = fe_log_chain_describe(store, 0, &edit);
    if (status == FERRIC_OK) {
        edit.next_file_number = atomic_load(&store->next_file_number);
        status = fe_manifest_append(store->manifest, &edit);
        if (status == FERRIC_OK) give_back_space(store);
        // The commits are durable already; without the edit the next open replays a little more
        // carefully, and that is all.
        if (status == FERRIC_NO_SPACE || status == FERRIC_NO_MEMORY) status = FERRIC_OK;
    }
    fe_version_edit_deinit(&edit, store->tables);
    return status;
}

ferric_status fe_store_check_close(const fe_store *store)
{
    if (store == NULL || fe_fork_generation() != store->fork_generation) return FERRIC_OK;
    if (!fe_async_is_in_callback(store)) return FERRIC_OK;
    return fe_fail(FERRIC_INVALID_ARGUMENT,
                   "%s cannot be closed by the callback of a write to it, for which closing "
                   "waits; it stays open",
                   store->directory);
}

ferric_status fe_store_close(fe_store *store)
{
    ferric_status status = fe_store_check_close(store);

    if (store == NULL || status != FERRIC_OK) return status;
    if (fe_fork_generation() != store->fork_generation) {
        fe_vfs_unlock(store->vfs, store->lock);
        return FERRIC_OK;
    }
    fe_async_stop(store);
    fe_background_stop(store);
    if (store->is_born) {
        status = seal(store);
    } else if (!store->options.read_only) {
        // What an earlier process left with the kernel is durable after this close, too.
        status = fe_store_harden_recovered(store);
    }
    atomic_store_explicit(&store->is_closed, true, memory_order_release);
    fe_log_chain_close(store);
    fe_value_log_close(store);
    fe_manifest_close(store->manifest);
    store->manifest = NULL;
    fe_vfs_unlock(store->vfs, store->lock);
    store->lock = NULL;
    end_life(store);
    return status;
}

// ---- Small things ---------------------------------------------------------------------------

const ferric_options *fe_store_options(const fe_store *store)
{
    return &store->options;
}

uint64_t fe_store_commit_bytes_max(const fe_store *store)
{
    return store->sizes.commit_bytes_max;
}

fe_vfs *fe_store_vfs(const fe_store *store)
{
    return store->vfs;
}

const char *fe_store_path(const fe_store *store)
{
    return store->directory;
}

uint64_t fe_store_writer_process(const fe_store *store)
{
    return store->writer_process;
}

fe_statistics *fe_store_statistics(fe_store *store)
{
    return store->statistics;
}

void fe_store_interrupt(fe_store *store)
{
    atomic_fetch_add_explicit(&store->interrupts, 1, memory_order_relaxed);
    atomic_store_explicit(&store->is_interrupted, true, memory_order_relaxed);
}

uint32_t fe_store_interrupts(const fe_store *store)
{
    return atomic_load_explicit(&store->interrupts, memory_order_relaxed);
}
