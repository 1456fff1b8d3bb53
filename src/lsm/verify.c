// SPDX-License-Identifier: Apache-2.0
// Verification: reads everything that is on disk and checks it against itself. It goes on after a
// finding, since a person wants to know all of them.
#include <inttypes.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/status.h"
#include "lsm/store_state.h"

typedef struct verification {
    fe_store *store;
    ferric_finding_callback finding;
    void *context;
    ferric_verify_report *report;
    uint32_t interrupts;
} verification;

static void add_finding(verification *run, const char *path, uint64_t offset)
{
    run->report->findings++;
    if (run->finding != NULL) run->finding(run->context, path, offset, fe_message());
}

static ferric_status check_interrupt(const verification *run)
{
    if (atomic_load(&run->store->interrupts) == run->interrupts) return FERRIC_OK;
    return fe_fail(FERRIC_INTERRUPTED, "the verification was interrupted after %" PRIu64 " files",
                   run->report->files);
}

// Whether a status is a finding, after which verification goes on.
static bool is_finding(ferric_status status)
{
    return status == FERRIC_CORRUPT || status == FERRIC_UNSUPPORTED || status == FERRIC_NOT_FOUND;
}

static ferric_status verify_table(verification *run, fe_table_file *file, ferric_buffer *path)
{
    fe_store *store = run->store;
    uint64_t blocks = 0;
    uint64_t entries = 0;
    uint64_t offset = 0;
    ferric_status status = fe_table_cache_verify(store->tables, file, &blocks, &entries, &offset);

    run->report->files++;
    run->report->bytes += file->identity.size_bytes;
    run->report->blocks += blocks;
    run->report->entries += entries;
    if (status == FERRIC_OK) return FERRIC_OK;
    if (!is_finding(status)) return status;
    status = fe_file_path(path, store->directory, FE_FILE_TABLE, file->identity.number);
    if (status == FERRIC_OK) add_finding(run, fe_path_text(path), offset);
    return status;
}

static ferric_status verify_tables(verification *run, const fe_version *version)
{
    ferric_buffer path = {0};
    ferric_status status = FERRIC_OK;

    for (uint32_t i = 0; i < FE_LEVEL_COUNT; i++) {
        for (uint32_t j = 0; j < version->levels[i].count && status == FERRIC_OK; j++) {
            status = check_interrupt(run);
            if (status == FERRIC_OK) status = verify_table(run, version->levels[i].files[j], &path);
        }
    }
    fe_buffer_deinit(&path);
    return status;
}

// ---- Values that only a memtable points to --------------------------------------------------

static ferric_status verify_value(verification *run, ferric_slice bytes, ferric_buffer *value)
{
    fe_store *store = run->store;
    ferric_buffer path = {0};
    fe_value_pointer pointer = {0};
    ferric_status status = fe_value_pointer_decode(bytes, &pointer);

    if (status == FERRIC_OK) status = fe_value_files_read(store->value_files, bytes, value);
    if (!is_finding(status)) return status;
    status = fe_file_path(&path, store->directory, FE_FILE_VALUES, pointer.number);
    if (status == FERRIC_OK) add_finding(run, fe_path_text(&path), pointer.offset);
    fe_buffer_deinit(&path);
    return status;
}

static ferric_status verify_memtable(verification *run, fe_memtable *memtable)
{
    ferric_buffer value = {0};
    fe_iterator *iterator = NULL;
    ferric_status status = fe_memtable_iterator(memtable, &iterator);

    if (status != FERRIC_OK) return status;
    for (fe_iterator_first(iterator); iterator->is_valid && status == FERRIC_OK;
         fe_iterator_next(iterator)) {
        if (!fe_entry_kind_points(iterator->entry.kind)) continue;
        status = check_interrupt(run);
        if (status == FERRIC_OK)
            status = verify_value(run, fe_entry_content(&iterator->entry), &value);
    }
    if (status == FERRIC_OK) status = iterator->status;
    fe_iterator_destroy(iterator);
    fe_buffer_deinit(&value);
    return status;
}

static ferric_status verify_memtables(verification *run, const fe_view *view)
{
    ferric_status status = FERRIC_OK;

    for (uint32_t i = 0; i < view->memtable_count && status == FERRIC_OK; i++)
        status = verify_memtable(run, view->memtables[i]->memtable);
    return status;
}

// ---- Logs and the manifest ------------------------------------------------------------------

// Reads a log or manifest up to `end` (0: as far as it goes).
static ferric_status verify_frames(verification *run, fe_file_kind kind, uint64_t number,
                                   uint64_t end)
{
    fe_store *store = run->store;
    fe_record_log_reader *reader = NULL;
    ferric_buffer path = {0};
    fe_frame_result result = FE_FRAME_VALID;
    fe_frame frame;
    uint64_t offset = 0;
    ferric_status status = fe_file_path(&path, store->directory, kind, number);

    if (status == FERRIC_OK) {
        status = fe_record_log_open(store->vfs, fe_path_text(&path), kind, store->keys, &reader);
    }
    while (status == FERRIC_OK && result == FE_FRAME_VALID && (end == 0 || offset < end)) {
        status = fe_record_log_next(reader, &frame, &result, &offset);
        if (status == FERRIC_OK && result == FE_FRAME_VALID && (end == 0 || offset < end)) {
            run->report->frames++;
        }
    }
    run->report->files++;
    run->report->bytes += offset;
    if (status == FERRIC_OK && end != 0 && offset < end) {
        status =
            fe_fail(FERRIC_CORRUPT, "no valid frame, though frames go on to offset %" PRIu64, end);
    }
    // A writer may have removed what this reader had read when it opened the database.
    if (status == FERRIC_NOT_FOUND && store->options.read_only) status = FERRIC_OK;
    if (is_finding(status)) {
        add_finding(run, fe_path_text(&path), offset);
        status = FERRIC_OK;
    }
    fe_record_log_reader_close(reader);
    fe_buffer_deinit(&path);
    return status;
}

// How far each live log and the manifest reach now. What is appended later is not looked at.
typedef struct frame_files {
    fe_live_log *logs;
    size_t log_count;
    uint64_t manifest_number;
    uint64_t manifest_end;
} frame_files;

static ferric_status list_frame_files(fe_store *store, frame_files *files)
{
    fe_write_turn turn;
    ferric_status status = FERRIC_OK;

    memset(files, 0, sizeof *files);
    // The turn keeps the logs' ends still. Rings are drained, since what stands in one is
    // overwritten while the log is read; a failure stops writers and shows there.
    fe_write_turn_take(&store->queue, &turn);
    if (fe_store_writable(store) == FERRIC_OK) (void)fe_log_chain_drain(store);
    fe_mutex_lock(&store->log_mutex);
    if (store->live_log_count > 0) {
        size_t size = store->live_log_count * sizeof *files->logs;
        files->logs = fe_alloc(size);
        if (files->logs == NULL) {
            status = fe_no_memory("the list of logs", size);
        } else {
            memcpy(files->logs, store->live_logs, size);
            files->log_count = store->live_log_count;
            if (store->current_log != NULL) {
                files->logs[files->log_count - 1].end =
                    fe_record_log_offset(store->current_log->writer);
            }
        }
    }
    fe_mutex_unlock(&store->log_mutex);
    fe_mutex_lock(&store->edit_mutex);
    files->manifest_number = store->manifest_number;
    files->manifest_end = store->manifest == NULL ? 0 : fe_manifest_size(store->manifest);
    fe_mutex_unlock(&store->edit_mutex);
    fe_write_turn_end(&store->queue, &turn);
    return status;
}

static bool is_still_live(fe_store *store, uint64_t number)
{
    bool is_live = false;

    fe_mutex_lock(&store->log_mutex);
    for (size_t i = 0; i < store->live_log_count; i++) {
        is_live = is_live || store->live_logs[i].number == number;
    }
    fe_mutex_unlock(&store->log_mutex);
    return is_live;
}

static ferric_status verify_frame_files(verification *run)
{
    fe_store *store = run->store;
    frame_files files;
    ferric_status status = list_frame_files(store, &files);

    for (size_t i = 0; i < files.log_count && status == FERRIC_OK; i++) {
        uint64_t findings = run->report->findings;
        status = check_interrupt(run);
        if (status != FERRIC_OK) break;
        status = verify_frames(run, FE_FILE_LOG, files.logs[i].number, files.logs[i].end);
        // A flush may have removed the log while it was read: no finding then.
        if (run->report->findings != findings && !is_still_live(store, files.logs[i].number)) {
            run->report->findings = findings;
        }
    }
    if (status == FERRIC_OK && files.manifest_number != 0) {
        status = verify_frames(run, FE_FILE_MANIFEST, files.manifest_number, files.manifest_end);
    }
    fe_free(files.logs);
    return status;
}

ferric_status fe_store_verify(fe_store *store, ferric_finding_callback finding, void *context,
                              ferric_verify_report *report)
{
    verification run = {store, finding, context, report, atomic_load(&store->interrupts)};
    fe_view *view;
    ferric_status status = fe_store_check(store);

    memset(report, 0, sizeof *report);
    if (status != FERRIC_OK) return status;
    view = fe_store_view(store);
    status = verify_tables(&run, view->version);
    if (status == FERRIC_OK) status = verify_memtables(&run, view);
    fe_view_unref(view);
    if (status == FERRIC_OK) status = verify_frame_files(&run);
    if (status != FERRIC_OK || report->findings == 0) return status;
    return fe_fail(FERRIC_CORRUPT, "%s has %" PRIu64 " damaged places: run `ferric repair`",
                   store->directory, report->findings);
}
