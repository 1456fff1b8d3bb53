// SPDX-License-Identifier: Apache-2.0
// From the files of a database to a store that can be read. Nothing is created, renamed or removed:
// a first write will do that (birth.c).
//
// A read-only open takes no lock, so a writer may be at work meanwhile. It is safe because
//   - a file's name is removed only after the edit that no longer names it is in the manifest: who
//     finds a file missing starts again from CURRENT, and does not meet that edit's files again;
//   - all tables are opened before the open returns, and an open file outlives its name;
//   - logs are read into memory, and what does not verify at a log's end is "not yet".
// Only what two tries in a row find alike is damage: a frame that is seen half may be followed by
// one that was written meanwhile, but is whole when it is read again.
//
//   1  CURRENT names the manifest, the manifest gives the version and the logs
//   2  every table that it names must be there, at its size
//   3  the logs are replayed into memtables (log_replay.c: there a torn tail is told from
//      corruption)
//   4  under FERRIC_FSYNC_ALWAYS what was replayed is made durable before anybody reads it
//   5  numbers go on above everything that was found, also above names in the directory
#include <inttypes.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/seeded_bug.h"
#include "base/status.h"
#include "lsm/log_replay.h"
#include "lsm/store_state.h"

#define BLANK_PIECE 4096
// A writer that removes a file between each two steps of a reader, so many times in a row, is none.
#define READ_TRIES_MAX 100
// A skip list that outgrows the processor's cache takes several times as long for each entry, so
// what is replayed goes into memtables of the usual size, whatever memtable_size says.
#define REPLAY_MEMTABLE_BYTES_MAX ((uint64_t)8 << 20)

// ---- A directory without CURRENT ------------------------------------------------------------

// Whether a file has nothing but zeros behind its header: a log, or the ring of a log, that never
// had a commit.
static ferric_status is_blank_behind_header(fe_file *file, bool *blank)
{
    uint8_t piece[BLANK_PIECE];
    size_t got = BLANK_PIECE;
    ferric_status status = FERRIC_OK;

    *blank = true;
    for (uint64_t at = FE_FILE_HEADER_SIZE; status == FERRIC_OK && *blank && got == BLANK_PIECE;
         at += got) {
        status = fe_file_read_at(file, at, piece, sizeof piece, &got);
        for (size_t i = 0; status == FERRIC_OK && i < got; i++)
            *blank = *blank && piece[i] == 0;
    }
    return status;
}

static ferric_status is_blank(fe_store *store, const char *name, bool *blank)
{
    ferric_buffer path = {0};
    fe_file *file = NULL;
    ferric_status status = fe_file_path_named(&path, store->directory, name);

    *blank = false;
    if (status == FERRIC_OK) {
        status = fe_vfs_open(store->vfs, fe_path_text(&path), FE_OPEN_READ, &file);
    }
    if (status == FERRIC_OK) status = is_blank_behind_header(file, blank);
    if (status == FERRIC_NOT_FOUND) status = FERRIC_OK; // Removed by a writer since it was listed.
    fe_file_close(file);
    fe_buffer_deinit(&path);
    return status;
}

// A crash in the first write of a new database leaves a log without commits and a manifest, but no
// CURRENT. Anything more means that CURRENT was lost.
static ferric_status check_unborn(fe_store *store, const ferric_buffer *names)
{
    for (size_t at = 0; at < names->size;) {
        const char *name = (const char *)names->data + at;
        fe_file_kind kind;
        uint64_t number;
        bool is_harmless = true;
        ferric_status status = FERRIC_OK;

        at += strlen(name) + 1;
        if (!fe_file_name_parse(name, &kind, &number)) continue;
        if (kind == FE_FILE_LOG || kind == FE_FILE_RING)
            status = is_blank(store, name, &is_harmless);
        if (kind == FE_FILE_TABLE || kind == FE_FILE_VALUES) is_harmless = false;
        if (status != FERRIC_OK) return status;
        if (is_harmless) continue;
        return fe_fail(FERRIC_CORRUPT,
                       "%s: CURRENT is missing, but there is data (%s): run `ferric repair`",
                       store->directory, name);
    }
    return FERRIC_NOT_FOUND;
}

// ---- Numbers and tables ---------------------------------------------------------------------

// New files get numbers above every name in the directory, whether the manifest knows it or not.
static void raise_file_number(fe_store *store, const ferric_buffer *names, uint64_t next)
{
    for (size_t at = 0; at < names->size;) {
        const char *name = (const char *)names->data + at;
        fe_file_kind kind;
        uint64_t number;

        at += strlen(name) + 1;
        if (fe_file_name_parse(name, &kind, &number) && number >= next) next = number + 1;
    }
    if (FE_SEEDED_BUG(FE_BUG_FILE_NUMBER_REUSED)) next = 1;
    atomic_store(&store->next_file_number, next);
}

// For a reader, whose tables may lose their names at any time.
static ferric_status pin_tables(fe_store *store, const fe_version *version)
{
    ferric_status status = FERRIC_OK;

    for (uint32_t i = 0; i < FE_LEVEL_COUNT; i++) {
        for (uint32_t j = 0; j < version->levels[i].count && status == FERRIC_OK; j++) {
            status = fe_table_file_pin(store->tables, version->levels[i].files[j]);
        }
    }
    return status;
}

static ferric_status check_tables(fe_store *store, const fe_version *version)
{
    ferric_buffer path = {0};
    ferric_status status = FERRIC_OK;

    for (uint32_t i = 0; i < FE_LEVEL_COUNT; i++) {
        for (uint32_t j = 0; j < version->levels[i].count && status == FERRIC_OK; j++) {
            const fe_table_identity *table = &version->levels[i].files[j]->identity;
            fe_path_kind kind = FE_PATH_NONE;
            uint64_t size = 0;

            status = fe_file_path(&path, store->directory, FE_FILE_TABLE, table->number);
            if (status == FERRIC_OK) {
                status = fe_vfs_stat(store->vfs, fe_path_text(&path), &kind, &size);
            }
            if (status != FERRIC_OK) break;
            if (kind == FE_PATH_FILE && size == table->size_bytes) continue;
            status = fe_fail(
                FERRIC_CORRUPT, "%s: %s; the manifest has %" PRIu64 " bytes: run `ferric repair`",
                fe_path_text(&path), kind == FE_PATH_FILE ? "its size is wrong" : "it is missing",
                table->size_bytes);
        }
    }
    fe_buffer_deinit(&path);
    return status;
}

// ---- Logs -----------------------------------------------------------------------------------

// The view of what was found. REQUIRES: nobody else knows the store yet.
static ferric_status install_recovered(fe_store *store, fe_version *version, fe_replay *replay)
{
    fe_view *view = NULL;
    ferric_status status = fe_view_create(version, replay->memtable_count, &view);

    if (status != FERRIC_OK) return status;
    for (uint32_t i = replay->memtable_count; i-- > 0;) {
        fe_memtable_stats stats;
        fe_view_append(view, replay->memtables[i]);
        fe_memtable_stats_get(replay->memtables[i]->memtable, &stats);
        store->memtables_bytes += stats.capacity_bytes;
    }
    fe_mutex_lock(&store->mutex);
    fe_store_install_view_locked(store, view);
    fe_mutex_unlock(&store->mutex);
    return FERRIC_OK;
}

static ferric_status take_replayed_logs(fe_store *store, fe_replay *replay)
{
    size_t size = replay->log_count * sizeof *store->live_logs;

    store->recovered_values = replay->values;
    store->recovered_value_count = replay->value_count;
    replay->values = NULL;
    if (replay->log_count == 0) return FERRIC_OK;
    store->live_logs = fe_alloc(size);
    store->recovered_logs = fe_alloc(replay->log_count * sizeof *store->recovered_logs);
    if (store->live_logs == NULL || store->recovered_logs == NULL) {
        return fe_no_memory("the list of logs", size);
    }
    for (size_t i = 0; i < replay->log_count; i++) {
        store->live_logs[i] = replay->logs[i].live;
        store->recovered_logs[i] = replay->logs[i];
    }
    store->live_log_count = replay->log_count;
    store->live_log_capacity = replay->log_count;
    store->recovered_log_count = replay->log_count;
    return FERRIC_OK;
}

ferric_status fe_store_harden_recovered(fe_store *store)
{
    ferric_status status = FERRIC_OK;

    // The lock keeps a sync and the first write apart, which both come here.
    fe_mutex_lock(&store->log_mutex);
    status = fe_store_writable(store);
    if (status == FERRIC_OK) {
        status = fe_replay_harden_values(store->vfs, store->directory, store->value_files,
                                         store->recovered_values, store->recovered_value_count);
    }
    if (status == FERRIC_OK) store->recovered_value_count = 0;
    for (size_t i = 0; i < store->recovered_log_count && status == FERRIC_OK; i++) {
        status =
            fe_replay_harden(store->vfs, store->directory, store->keys, &store->recovered_logs[i]);
        if (status == FERRIC_OK) store->recovered_logs[i].needs_hardening = false;
    }
    // With a log of its own the store may have appended more than was recovered.
    if (status == FERRIC_OK && store->current_log == NULL) {
        atomic_store(&store->durable, atomic_load(&store->appended));
    }
    // After a failed sync the file may no longer hold what was replayed: a second try would make
    // that durable (E3).
    if (status == FERRIC_IO) fe_store_fail(store, status);
    fe_mutex_unlock(&store->log_mutex);
    return status;
}

static void take_numbers(fe_store *store, const fe_replay *replay)
{
    store->last_sequence = replay->highest_sequence;
    if (FE_SEEDED_BUG(FE_BUG_SEQUENCE_REUSED) && replay->last_sequence > 0) {
        store->last_sequence = replay->last_sequence - 1;
    }
    atomic_store(&store->published, replay->highest_sequence);
    // Numbers that a torn tail has used up are no commits: a witness that covered them would later
    // accuse the next torn tail.
    atomic_store(&store->appended, replay->last_sequence);
    atomic_store(&store->durable, replay->durable_sequence);
    store->recovery.frames = replay->frames;
    store->recovery.commits = replay->commits;
    // Behind a writer's last whole frame stands one that it is writing.
    store->recovery.bytes_dropped = store->is_beside_writer ? 0 : replay->bytes_dropped;
}

static ferric_status recover_logs(fe_store *store, const fe_manifest_state *state)
{
    fe_replay_options options = {
        .vfs = store->vfs,
        .directory = store->directory,
        .memtable_bytes = store->sizes.memtable_bytes < REPLAY_MEMTABLE_BYTES_MAX
                              ? store->sizes.memtable_bytes
                              : REPLAY_MEMTABLE_BYTES_MAX,
        .value_files = store->value_files,
        .flushed_sequence = state->last_sequence,
    };
    fe_replay replay = {0};
    ferric_status status = fe_replay_run(&options, state->logs, state->log_count, &replay);

    if (status == FERRIC_OK) status = fe_value_collect_recover(store, state->version);
    if (status == FERRIC_OK) status = take_replayed_logs(store, &replay);
    if (status == FERRIC_OK) status = install_recovered(store, state->version, &replay);
    if (status == FERRIC_OK) {
        take_numbers(store, &replay);
        fe_engine_clock_raise(&store->clock, replay.newest_time_ms);
        store->keep_leftovers = state->has_torn_tail || replay.bytes_dropped > 0;
    }
    fe_replay_deinit(&replay);
    if (status != FERRIC_OK) return status;
    if (store->options.fsync != FERRIC_FSYNC_ALWAYS || store->options.read_only) return FERRIC_OK;
    return fe_store_harden_recovered(store);
}

static void report(fe_store *store, uint64_t start)
{
    ferric_event event = {.kind = FERRIC_EVENT_RECOVERY, .message = "the log was replayed"};

    store->recovery.duration_ns = fe_vfs_monotonic_ns(store->vfs) - start;
    if (store->recovery.frames == 0 && store->recovery.bytes_dropped == 0) return;
    event.duration_ns = store->recovery.duration_ns;
    if (store->recovery.bytes_dropped > 0) {
        event.message = "the log was replayed; the torn end of its last write was dropped";
    }
    fe_store_event(store, &event);
}

// Fails before it changes the store, but for want of memory: then it may be tried again.
static ferric_status recover_once(fe_store *store)
{
    uint64_t start = fe_vfs_monotonic_ns(store->vfs);
    fe_manifest_state state;
    ferric_buffer names = {0};
    ferric_status status =
        fe_manifest_load(store->vfs, store->directory, store->keys, store->tables, &state);
    ferric_status listed;

    if (status != FERRIC_OK && status != FERRIC_NOT_FOUND) return status;
    listed = fe_vfs_list(store->vfs, store->directory, &names);
    if (listed != FERRIC_OK) {
        status = listed;
        goto out;
    }
    raise_file_number(store, &names, status == FERRIC_OK ? state.next_file_number : 1);
    if (status == FERRIC_NOT_FOUND) {
        status = check_unborn(store, &names);
        goto out;
    }
    memcpy(store->database_id, state.database_id, FE_DATABASE_ID_SIZE);
    store->has_identity = true;
    store->manifest_number = state.manifest_number;
    store->flushed_sequence = state.last_sequence;
    fe_engine_clock_raise(&store->clock, state.newest_time_ms);
    status = store->options.read_only ? pin_tables(store, state.version)
                                      : check_tables(store, state.version);
    if (status == FERRIC_OK) status = recover_logs(store, &state);
    if (status == FERRIC_OK) report(store, start);
out:
    fe_buffer_deinit(&names);
    fe_manifest_state_deinit(&state);
    return status;
}

ferric_status fe_store_recover(fe_store *store)
{
    char before[FE_REQUEST_MESSAGE_SIZE] = "";
    ferric_status status = recover_once(store);

    if (!store->options.read_only) return status;
    for (int i = 0; i < READ_TRIES_MAX && status == FERRIC_CORRUPT; i++) {
        if (strcmp(before, fe_message()) == 0) break;
        strncpy(before, fe_message(), sizeof before - 1);
        status = recover_once(store);
    }
    return status;
}
