// SPDX-License-Identifier: Apache-2.0
// Writes once more what was replayed and may not be durable: the reason stands in log_replay.h.
#include "base/buffer.h"
#include "base/seeded_bug.h"
#include "base/status.h"
#include "format/record_log.h"
#include "lsm/file_names.h"
#include "lsm/log_replay.h"

// Frames are gathered up to this size.
#define HARDEN_PIECE ((size_t)256 << 10)

// What is written again: whole frames that follow one another.
typedef struct hardening {
    fe_record_log_reader *reader;
    fe_file *file;
    ferric_buffer frames;
    uint64_t offset; // Where `frames` belongs.
} hardening;

static ferric_status write_frames(hardening *h)
{
    ferric_status status = FERRIC_OK;

    if (h->frames.size == 0) return FERRIC_OK;
    status = fe_file_write_at(h->file, h->offset, h->frames.data, h->frames.size);
    h->offset += h->frames.size;
    fe_buffer_clear(&h->frames);
    return status;
}

// Bytes are copied, never sealed anew: that would take numbers again under the log's key.
static ferric_status add_frame(hardening *h)
{
    ferric_slice stored = fe_record_log_stored(h->reader);
    ferric_status status = fe_buffer_append(&h->frames, stored.data, stored.size);

    if (status != FERRIC_OK) return status;
    return h->frames.size >= HARDEN_PIECE ? write_frames(h) : FERRIC_OK;
}

// Writes the frames from log->harden_from to its end once more. They are checked again on the way:
// what is copied must be what was replayed, not what a second read happens to give.
static ferric_status rewrite(hardening *h, const fe_replayed_log *log, const char *path)
{
    fe_frame_result result;
    fe_frame frame;
    uint64_t offset;

    h->offset = log->harden_from;
    for (;;) {
        ferric_status status = fe_record_log_next(h->reader, &frame, &result, &offset);
        if (status != FERRIC_OK) return status;
        if (offset >= log->live.end || result != FE_FRAME_VALID) break;
        if (offset < log->harden_from) continue;
        status = add_frame(h);
        if (status != FERRIC_OK) return status;
    }
    if (h->offset + h->frames.size != log->live.end) {
        return fe_fail(FERRIC_IO, "%s: reads otherwise than when it was replayed", path);
    }
    return write_frames(h);
}

ferric_status fe_replay_harden(fe_vfs *vfs, const char *directory, struct fe_file_keys *keys,
                               const fe_replayed_log *log)
{
    ferric_buffer path = {0};
    hardening h = {0};
    ferric_status status;

    if (!log->needs_hardening || FE_SEEDED_BUG(FE_BUG_RECOVERY_NOT_SYNCED)) return FERRIC_OK;
    status = fe_file_path(&path, directory, FE_FILE_LOG, log->live.number);
    if (status != FERRIC_OK) goto out;
    status = fe_record_log_open(vfs, fe_path_text(&path), FE_FILE_LOG, keys, &h.reader);
    if (status == FERRIC_OK) status = fe_vfs_open(vfs, fe_path_text(&path), FE_OPEN_WRITE, &h.file);
    if (status == FERRIC_OK) status = rewrite(&h, log, fe_path_text(&path));
    if (status == FERRIC_OK) status = fe_file_sync(h.file);
out:
    fe_record_log_reader_close(h.reader);
    fe_file_close(h.file);
    fe_buffer_deinit(&h.frames);
    fe_buffer_deinit(&path);
    return status;
}

static ferric_status rewrite_value(fe_file *file, fe_value_files *files,
                                   const fe_value_pointer *pointer, ferric_buffer *record)
{
    uint8_t bytes[FE_VALUE_POINTER_SIZE];
    ferric_status status;

    fe_value_pointer_encode(pointer, bytes);
    status = fe_value_files_read_stored(files, fe_slice(bytes, sizeof bytes), record);
    if (status != FERRIC_OK) return status;
    return fe_file_write_at(file, pointer->offset, record->data, record->size);
}

ferric_status fe_replay_harden_values(fe_vfs *vfs, const char *directory, fe_value_files *files,
                                      const fe_value_pointer *values, size_t count)
{
    ferric_buffer path = {0};
    ferric_buffer record = {0};
    ferric_status status = FERRIC_OK;

    if (FE_SEEDED_BUG(FE_BUG_RECOVERY_NOT_SYNCED)) return FERRIC_OK;
    for (size_t i = 0; i < count && status == FERRIC_OK;) {
        uint64_t number = values[i].number;
        fe_file *file = NULL;
        status = fe_file_path(&path, directory, FE_FILE_VALUES, number);
        if (status == FERRIC_OK) {
            status = fe_vfs_open(vfs, fe_path_text(&path), FE_OPEN_WRITE, &file);
        }
        for (; i < count && values[i].number == number && status == FERRIC_OK; i++) {
            status = rewrite_value(file, files, &values[i], &record);
        }
        if (status == FERRIC_OK) status = fe_file_sync(file);
        fe_file_close(file);
    }
    fe_buffer_deinit(&path);
    fe_buffer_deinit(&record);
    return status;
}
