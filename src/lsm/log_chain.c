// SPDX-License-Identifier: Apache-2.0
// The chain of log files: where commits go, and in which order they become durable.
//
//   recovered (sealed, read only) -> ... -> log n (written full) -> log n+1 (current)
//
// Invariants
// H1. A log's name and header are durable before any other file names it.
// H2. A log ends with a frame that names the next one; the frame is written before the next log's
//     first
//     commit, and is synced before the next log's first sync.
// H3. A log is removed only when a durable manifest edit says that its commits are in tables.
// H4. Numbers grow along the chain, so that a number tells which logs are older.
//
// H5. Only the current log has frames in its ring for long: that of a full one is drained and
//     removed as soon as somebody comes to it, a sync or the log thread.
//
// live_logs is what recovery would read: sealed logs of earlier opens, then those of this one. The
// manifest names the first log of this open, from which links lead on; the others stand in the list
// because an edit may have to name one of them as the new start.
#include <assert.h>
#include <string.h>

#include "base/buffer.h"
#include "base/coding.h"
#include "base/memory.h"
#include "base/seeded_bug.h"
#include "base/status.h"
#include "format/log_ring.h"
#include "lsm/store_state.h"

#define FIRST_LOG_BYTES ((uint64_t)256 << 10)
// Space is asked for in growing steps; the first is no larger than the smallest log.
#define FIRST_RESERVE_BYTES ((uint64_t)64 << 10)
// A ring is not taken from a disk that has less than so many times its size left.
#define RING_FREE_FACTOR 16

// A quarter of the log that it stands before, as a power of two: a small database pays little for
// it, and every log goes round it more than once.
static uint64_t ring_bytes_of(uint64_t log_bytes)
{
    uint64_t bytes = FE_LOG_RING_SIZE_MIN;

    while (bytes < log_bytes / 4 && bytes < FE_LOG_RING_SIZE_MAX)
        bytes *= 2;
    return bytes;
}

// REQUIRES: the turn.
static void set_limit(fe_store *store, uint64_t limit)
{
    store->log_limit = limit;
    atomic_store_explicit(&store->ring_bytes, ring_bytes_of(limit), memory_order_relaxed);
}

// A ring saves time and takes space: on a disk that is nearly full it must not be what deletes and
// flushes lack.
static bool is_room_ample(fe_store *store, uint64_t ring_bytes)
{
    uint64_t free_bytes;

    return fe_vfs_free_space(store->vfs, store->directory, &free_bytes) == FERRIC_OK &&
           free_bytes / RING_FREE_FACTOR > ring_bytes;
}

// Where each commit is synced, a ring would only be one more copy.
static ferric_status create_writer(fe_store *store, const char *path, const fe_file_header *header,
                                   fe_record_log_writer **writer)
{
    uint64_t ring_bytes = atomic_load_explicit(&store->ring_bytes, memory_order_relaxed);

    if (store->options.fsync == FERRIC_FSYNC_ALWAYS) {
        return fe_record_log_create(store->vfs, path, header, FE_LOG_SYNCED, FIRST_RESERVE_BYTES,
                                    writer);
    }
    if (!is_room_ample(store, ring_bytes)) {
        return fe_record_log_create(store->vfs, path, header, FE_LOG_BUFFERED, FIRST_RESERVE_BYTES,
                                    writer);
    }
    return fe_record_log_create_with_ring(store->vfs, path, header, FIRST_RESERVE_BYTES, ring_bytes,
                                          writer);
}

// Makes room for one more log in the list, so that installing it cannot fail.
static ferric_status reserve_live(fe_store *store)
{
    ferric_status status = FERRIC_OK;

    fe_mutex_lock(&store->log_mutex);
    if (store->live_log_count == store->live_log_capacity) {
        size_t size = (store->live_log_count + 1) * sizeof *store->live_logs;
        fe_live_log *logs = fe_realloc(store->live_logs, size);
        if (logs == NULL) {
            status = fe_no_memory("the list of logs", size);
        } else {
            store->live_logs = logs;
            store->live_log_capacity = store->live_log_count + 1;
        }
    }
    fe_mutex_unlock(&store->log_mutex);
    return status;
}

static void remove_file(fe_store *store, fe_file_kind kind, uint64_t number)
{
    ferric_buffer path = {0};

    if (fe_file_path(&path, store->directory, kind, number) == FERRIC_OK) {
        // A file that cannot be removed now is swept by a later open.
        (void)fe_vfs_remove(store->vfs, fe_path_text(&path));
    }
    fe_buffer_deinit(&path);
}

// A log and then its ring, which may not be drained: a reader that misses the ring must be able to
// see that the log went too (load_ring).
static void remove_log_files(fe_store *store, uint64_t number)
{
    remove_file(store, FE_FILE_LOG, number);
    if (store->options.fsync != FERRIC_FSYNC_ALWAYS) remove_file(store, FE_FILE_RING, number);
}

// Creates a log file, durable with its name (H1).
static ferric_status create_log(fe_store *store, fe_store_log **log)
{
    fe_store_log *created = fe_alloc_zero(1, sizeof *created);
    ferric_buffer path = {0};
    fe_file_header header;
    ferric_status status;

    *log = NULL;
    if (created == NULL) return fe_no_memory("a log", sizeof *created);
    status = fe_store_new_header(store, FE_FILE_LOG, &header);
    if (status != FERRIC_OK) goto out;
    status = fe_file_path(&path, store->directory, FE_FILE_LOG, header.file_number);
    if (status != FERRIC_OK) goto out;
    status = create_writer(store, fe_path_text(&path), &header, &created->writer);
    if (status != FERRIC_OK) goto out;
    if (!FE_SEEDED_BUG(FE_BUG_LOG_HEADER_NOT_SYNCED)) {
        status = fe_vfs_sync_directory(store->vfs, store->directory);
    }
    if (status != FERRIC_OK) {
        fe_record_log_close(created->writer);
        remove_log_files(store, header.file_number); // Nothing names it.
        goto out;
    }
    created->live.number = header.file_number;
    memcpy(created->live.salt, header.salt, FE_SALT_SIZE);
    *log = created;
    created = NULL;
out:
    fe_buffer_deinit(&path);
    fe_free(created);
    return status;
}

// REQUIRES: reserve_live before; nobody else installs logs meanwhile.
static void install_log(fe_store *store, fe_store_log *log)
{
    fe_mutex_lock(&store->log_mutex);
    assert(store->live_log_count < store->live_log_capacity);
    store->live_logs[store->live_log_count++] = log->live;
    if (store->current_log != NULL) {
        fe_live_log *full = &store->live_logs[store->live_log_count - 2];
        assert(full->number < log->live.number); // H4
        full->end = fe_record_log_offset(store->current_log->writer);
        full->end_sequence = store->last_sequence;
        store->current_log->next = log;
    } else {
        store->oldest_log = log;
    }
    store->current_log = log;
    fe_mutex_unlock(&store->log_mutex);
}

ferric_status fe_log_chain_begin(fe_store *store)
{
    fe_store_log *log = NULL;
    ferric_status status;

    set_limit(store, store->options.log_size < FIRST_LOG_BYTES ? store->options.log_size
                                                               : FIRST_LOG_BYTES);
    status = reserve_live(store);
    if (status == FERRIC_OK) status = create_log(store, &log);
    if (status != FERRIC_OK) return status;
    store->own_log_first = log->live.number;
    install_log(store, log);
    return FERRIC_OK;
}

static fe_frame frame_of(fe_store *store, fe_frame_kind kind)
{
    fe_frame frame = {
        .kind = kind,
        .sequence = store->last_sequence + 1,
        .durable_sequence = atomic_load_explicit(&store->durable, memory_order_acquire),
        .time_ms = fe_engine_clock_now(&store->clock),
    };
    return frame;
}

// The current log's last frame: where the chain goes on.
static ferric_status append_link(fe_store *store, const fe_store_log *next)
{
    uint8_t bytes[8 + FE_SALT_SIZE];
    ferric_slice part = {bytes, sizeof bytes};
    fe_frame frame = frame_of(store, FE_FRAME_LINK);

    fe_put_u64(bytes, next->live.number);
    memcpy(bytes + 8, next->live.salt, FE_SALT_SIZE);
    return fe_record_log_append(store->current_log->writer, &frame, &part, 1);
}

// Nobody refers to a log that could not be linked; it goes again.
static void abandon_log(fe_store *store, fe_store_log *log)
{
    fe_record_log_close(log->writer);
    remove_log_files(store, log->live.number);
    fe_free(log);
}

void fe_log_chain_prepare(fe_store *store)
{
    fe_store_log *prepared = NULL;
    ferric_status status;
    bool is_needed;

    fe_mutex_lock(&store->log_mutex);
    is_needed = store->prepared_log == NULL;
    fe_mutex_unlock(&store->log_mutex);
    if (!is_needed || !fe_reserve_enter(store)) return;
    status = create_log(store, &prepared);
    fe_reserve_leave(store);
    if (status != FERRIC_OK) return;
    fe_mutex_lock(&store->log_mutex);
    store->prepared_log = prepared; // Only this thread prepares, so the place is still free.
    fe_mutex_unlock(&store->log_mutex);
}

void fe_log_chain_forget_prepared(fe_store *store)
{
    fe_store_log *prepared;

    fe_mutex_lock(&store->log_mutex);
    prepared = store->prepared_log;
    store->prepared_log = NULL;
    fe_mutex_unlock(&store->log_mutex);
    if (prepared != NULL) abandon_log(store, prepared);
}

// The prepared log, or a new one when there was no time to prepare it. Numbers grow along the
// chain, so a log that came so late that the current one has a higher number is of no use.
static ferric_status next_log(fe_store *store, fe_store_log **next)
{
    fe_store_log *prepared;

    fe_mutex_lock(&store->log_mutex);
    prepared = store->prepared_log;
    store->prepared_log = NULL;
    fe_mutex_unlock(&store->log_mutex);
    if (prepared != NULL && prepared->live.number < store->current_log->live.number &&
        !FE_SEEDED_BUG(FE_BUG_LATE_LOG_LINKED)) {
        abandon_log(store, prepared);
        prepared = NULL;
    }
    *next = prepared;
    return prepared != NULL ? FERRIC_OK : create_log(store, next);
}

static void call_for_drain(fe_store *store)
{
    if (!atomic_exchange(&store->is_drain_wanted, true)) fe_log_thread_call(store);
}

// Has the ring of the log that was left behind drained and removed.
static void leave_ring(fe_store *store)
{
    if (store->options.fsync == FERRIC_FSYNC_ALWAYS) return;
    if (store->has_threads) {
        call_for_drain(store);
    } else {
        (void)fe_log_chain_drain(store); // A failure shows at the next commit.
    }
}

void fe_log_chain_drain_soon(fe_store *store)
{
    // Without threads an append that finds the ring full drains it.
    if (store->has_threads && fe_record_log_is_drain_due(store->current_log->writer)) {
        call_for_drain(store);
    }
}

ferric_status fe_log_chain_drain(fe_store *store)
{
    ferric_status status = FERRIC_OK;

    fe_mutex_lock(&store->log_mutex);
    for (fe_store_log *each = store->oldest_log; each != NULL && status == FERRIC_OK;
         each = each->next) {
        status = each == store->current_log ? fe_record_log_drain(each->writer)
                                            : fe_record_log_finish(each->writer);
    }
    fe_mutex_unlock(&store->log_mutex);
    if (status != FERRIC_OK) fe_store_fail(store, status);
    return status;
}

// Goes on in a new file of twice the size.
ferric_status fe_log_chain_extend(fe_store *store)
{
    uint64_t limit = store->log_limit;
    fe_store_log *next = NULL;
    ferric_status status;

    set_limit(store, limit * 2 < store->options.log_size ? limit * 2 : store->options.log_size);
    // What can fail comes before the link, which cannot be taken back.
    status = reserve_live(store);
    if (status == FERRIC_OK) status = next_log(store, &next);
    if (status == FERRIC_OK) status = append_link(store, next);
    if (status != FERRIC_OK) {
        char message[FE_REQUEST_MESSAGE_SIZE];
        set_limit(store, limit);
        if (next == NULL) return status;
        strncpy(message, fe_message(), sizeof message - 1);
        message[sizeof message - 1] = 0;
        // After an unknown outcome the link may be on disk, so what it names must stay.
        if (status == FERRIC_OUTCOME_UNKNOWN) {
            fe_record_log_close(next->writer);
            fe_free(next);
        } else {
            abandon_log(store, next);
        }
        fe_message_set(message);
        return status;
    }
    store->is_log_prepared = false;
    install_log(store, next);
    leave_ring(store);
    return FERRIC_OK;
}

bool fe_log_chain_has_room(const fe_store *store, size_t bytes)
{
    const fe_record_log_writer *writer = store->current_log->writer;

    return fe_record_log_offset(writer) + bytes <= store->log_limit &&
           fe_record_log_has_room(writer, bytes);
}

ferric_status fe_log_chain_make_room(fe_store *store, size_t bytes)
{
    fe_record_log_writer *writer = store->current_log->writer;
    uint64_t offset = fe_record_log_offset(writer);

    if (offset > FE_FILE_HEADER_SIZE && offset + bytes > store->log_limit) {
        ferric_status status = fe_log_chain_extend(store);
        if (status != FERRIC_OK) return status;
        writer = store->current_log->writer;
    } else if (store->has_threads && offset > store->log_limit / 2 && !store->is_log_prepared) {
        store->is_log_prepared = true;
        atomic_store(&store->is_log_wanted, true);
        fe_log_thread_call(store);
    }
    return fe_record_log_reserve(writer, bytes);
}

// Syncs the logs from the oldest on (H2) and closes those that are full. REQUIRES: log_mutex held.
static ferric_status sync_locked(fe_store *store)
{
    ferric_status status;

    while (store->oldest_log != store->current_log) {
        fe_store_log *oldest = store->oldest_log;
        if (!FE_SEEDED_BUG(FE_BUG_NEXT_LOG_FIRST)) {
            status = fe_record_log_sync(oldest->writer);
            if (status != FERRIC_OK) return status;
        }
        status = fe_record_log_finish(oldest->writer);
        if (status != FERRIC_OK) return status;
        store->oldest_log = oldest->next;
        fe_record_log_close(oldest->writer);
        fe_free(oldest);
    }
    return fe_record_log_sync(store->current_log->writer);
}

static void raise_durable(fe_store *store, uint64_t sequence)
{
    uint64_t seen = atomic_load_explicit(&store->durable, memory_order_relaxed);

    while (seen < sequence &&
           !atomic_compare_exchange_weak_explicit(&store->durable, &seen, sequence,
                                                  memory_order_release, memory_order_relaxed)) {
    }
    if (atomic_load_explicit(&store->appended, memory_order_acquire) <= sequence) {
        atomic_store_explicit(&store->oldest_unsynced_ns, 0, memory_order_relaxed);
    }
}

ferric_status fe_log_chain_sync(fe_store *store)
{
    uint64_t appended;
    ferric_status status;

    // What was appended before the sync began is covered by it: first its values, then its frames.
    appended = atomic_load_explicit(&store->appended, memory_order_acquire);
    status = fe_value_log_sync(store);
    if (status != FERRIC_OK) return status;
    fe_mutex_lock(&store->log_mutex);
    if (store->current_log == NULL) {
        fe_mutex_unlock(&store->log_mutex);
        status = fe_store_harden_recovered(store);
        return status == FERRIC_IO ? FERRIC_OUTCOME_UNKNOWN : status;
    }
    status = sync_locked(store);
    if (FE_SEEDED_BUG(FE_BUG_SYNC_COVERS_LATER)) appended = atomic_load(&store->appended);
    fe_mutex_unlock(&store->log_mutex);
    fe_statistics_add(store->statistics, FE_COUNTER_LOG_SYNCS, 1);
    if (status != FERRIC_OK) {
        fe_store_fail(store, status);
        return status;
    }
    raise_durable(store, appended);
    return FERRIC_OK;
}

ferric_status fe_log_chain_witness(fe_store *store)
{
    fe_frame frame = frame_of(store, FE_FRAME_WITNESS);
    return fe_record_log_append(store->current_log->writer, &frame, NULL, 0);
}

ferric_status fe_log_chain_describe(fe_store *store, uint64_t first, fe_version_edit *edit)
{
    ferric_status status = FERRIC_OK;

    edit->has_logs = true;
    fe_mutex_lock(&store->log_mutex);
    for (size_t i = 0; i < store->live_log_count && status == FERRIC_OK; i++) {
        const fe_live_log *live = &store->live_logs[i];
        if (live->number < first) continue;
        status = fe_version_edit_add_log(edit, live);
        if (!live->is_sealed) break; // The rest is found by its links.
    }
    fe_mutex_unlock(&store->log_mutex);
    return status;
}

void fe_log_chain_release(fe_store *store, uint64_t first, uint64_t sequence)
{
    size_t kept = 0;

    fe_mutex_lock(&store->log_mutex);
    assert(store->current_log == NULL || first <= store->current_log->live.number);
    while (store->oldest_log != NULL && store->oldest_log != store->current_log &&
           store->oldest_log->live.number < first) {
        fe_store_log *oldest = store->oldest_log; // Never synced, and not needed any more.
        store->oldest_log = oldest->next;
        fe_record_log_close(oldest->writer);
        fe_free(oldest);
    }
    for (size_t i = 0; i < store->live_log_count; i++) {
        if (store->live_logs[i].number < first) {
            remove_log_files(store, store->live_logs[i].number);
        } else {
            store->live_logs[kept++] = store->live_logs[i];
        }
    }
    store->live_log_count = kept;
    fe_mutex_unlock(&store->log_mutex);
    raise_durable(store, sequence);
}

ferric_status fe_log_chain_seal(fe_store *store)
{
    ferric_status status = FERRIC_OK;

    if (!FE_SEEDED_BUG(FE_BUG_CLOSE_NOT_SYNCED)) status = fe_log_chain_sync(store);
    if (status != FERRIC_OK) return status;
    fe_mutex_lock(&store->log_mutex);
    if (store->current_log != NULL) {
        fe_live_log *last = &store->live_logs[store->live_log_count - 1];
        last->end = fe_record_log_offset(store->current_log->writer);
        last->end_sequence = store->last_sequence;
    }
    // All is durable now, so from here on recovery can demand every byte.
    for (size_t i = 0; i < store->live_log_count; i++) {
        if (!store->live_logs[i].is_sealed) store->live_logs[i].is_clean = true;
        store->live_logs[i].is_sealed = true;
    }
    fe_mutex_unlock(&store->log_mutex);
    return FERRIC_OK;
}

void fe_log_chain_close(fe_store *store)
{
    fe_store_log *each = store->oldest_log;

    if (store->prepared_log != NULL) abandon_log(store, store->prepared_log);
    store->prepared_log = NULL;
    while (each != NULL) {
        fe_store_log *next = each->next;
        fe_record_log_close(each->writer);
        fe_free(each);
        each = next;
    }
    store->oldest_log = NULL;
    store->current_log = NULL;
    fe_free(store->live_logs);
    store->live_logs = NULL;
    store->live_log_count = 0;
    store->live_log_capacity = 0;
}
