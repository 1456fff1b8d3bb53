// SPDX-License-Identifier: Apache-2.0
// Files and logs of the recording vfs.
#include <string.h>

#include "base/random.h"
#include "base/status.h"
#include "support/harness.h"
#include "support/vfs_record_inside.h"

typedef struct record_file {
    fe_file file; // First.
    vfs_record *record;
    uint32_t node;
    bool is_writable;
    bool is_sync_failed;
    char name[DISK_NAME_SIZE];
} record_file;

typedef struct record_log {
    fe_log_file log; // First.
    vfs_record *record;
    uint32_t node;
    fe_log_mode mode;
    uint64_t reserved_end;
    bool is_trimmed;
    bool is_sync_failed;
    char name[DISK_NAME_SIZE];
} record_log;

static record_file *file_of(fe_file *file)
{
    return (record_file *)(void *)file;
}

static record_log *log_of(fe_log_file *log)
{
    return (record_log *)(void *)log;
}

void record_write(vfs_record *record, uint32_t node, uint64_t offset, const void *data, size_t size)
{
    if (size == 0) return;
    disk_event *event = disk_event_create(DISK_WRITE, node, data, size);
    event->offset = offset;
    record_event(record, event);
}

static void truncate_event(vfs_record *record, uint32_t node, uint64_t size)
{
    disk_event *event = disk_event_create(DISK_TRUNCATE, node, NULL, 0);
    event->offset = size;
    record_event(record, event);
}

// How much of a write that fails in its middle arrives: some, not all.
static size_t short_size(vfs_record *record, size_t size)
{
    return size == 0 ? 0 : (size_t)fe_random_below(&record->random, size);
}

// How much of a write arrives though the fault fails it.
static size_t arrived_size(vfs_record *record, fault_kind fault, size_t size)
{
    if (fault == FAULT_LATE) return size;
    if (fault == FAULT_SHORT || fault == FAULT_SHORT_SPACE) return short_size(record, size);
    return 0;
}

static ferric_status sync_locked(vfs_record *record, uint32_t node, fault_call call,
                                 bool *is_sync_failed, const char *name)
{
    if (*is_sync_failed) record_violate(record, name, "synced again after a failed sync");
    fault_kind fault = record_strike(record, call);
    if (fault == FAULT_NONE) {
        record_event(record, disk_event_create(DISK_SYNC, node, NULL, 0));
        return FERRIC_OK;
    }
    *is_sync_failed = true;
    record_event(record, disk_event_create(DISK_SYNC_FAILED, node, NULL, 0));
    if (fault == FAULT_SYNC_LOST) disk_forget_unsynced(record->disk, node);
    return record_fault(fault, name);
}

// ---- Files ----------------------------------------------------------------------------------

// A flip changes one bit of what a read returns; the disk stays as it is.
static ferric_status read_locked(record_file *file, uint64_t offset, void *data, size_t size,
                                 size_t *got)
{
    vfs_record *record = file->record;
    size_t end = disk_size(record->disk, file->node);

    *got = 0;
    fault_kind fault = record_strike(record, FAULT_CALL_READ);
    if (fault != FAULT_NONE && fault != FAULT_FLIP) return record_fault(fault, file->name);
    if (offset < end) *got = size < end - offset ? size : (size_t)(end - offset);
    if (*got != 0) memcpy(data, disk_data(record->disk, file->node) + offset, *got);
    if (fault == FAULT_FLIP && *got != 0) {
        uint64_t bit = fe_random_below(&record->random, (uint64_t)*got * 8);
        ((uint8_t *)data)[bit / 8] ^= (uint8_t)(1u << (bit % 8));
    }
    return FERRIC_OK;
}

static ferric_status file_read_at(fe_file *file, uint64_t offset, void *data, size_t size,
                                  size_t *got)
{
    record_enter(file_of(file)->record);
    ferric_status status = read_locked(file_of(file), offset, data, size, got);
    record_leave(file_of(file)->record);
    return status;
}

static ferric_status file_read_many(fe_file *file, fe_read_request *requests, size_t count)
{
    ferric_status status = FERRIC_OK;

    record_enter(file_of(file)->record);
    for (size_t i = 0; i < count && status == FERRIC_OK; i++) {
        fe_read_request *request = &requests[i];
        status = read_locked(file_of(file), request->offset, request->data, request->size,
                             &request->got);
    }
    record_leave(file_of(file)->record);
    return status;
}

static ferric_status write_locked(record_file *file, uint64_t offset, const void *data, size_t size)
{
    vfs_record *record = file->record;
    size_t end = disk_size(record->disk, file->node);
    uint64_t grown = offset + size > end ? offset + size - end : 0;

    if (!file->is_writable) record_violate(record, file->name, "written though open to read");
    fault_kind fault = record_strike(record, FAULT_CALL_WRITE);
    if (fault != FAULT_NONE) {
        record_write(record, file->node, offset, data, arrived_size(record, fault, size));
        return record_fault(fault, file->name);
    }
    if (!record_has_room(record, grown)) return record_fault(FAULT_NO_SPACE, file->name);
    record_write(record, file->node, offset, data, size);
    return FERRIC_OK;
}

static ferric_status file_write_at(fe_file *file, uint64_t offset, const void *data, size_t size)
{
    record_enter(file_of(file)->record);
    ferric_status status = write_locked(file_of(file), offset, data, size);
    record_leave(file_of(file)->record);
    return status;
}

static ferric_status file_truncate(fe_file *file, uint64_t size)
{
    record_file *self = file_of(file);
    ferric_status status = FERRIC_OK;

    record_enter(self->record);
    if (!self->is_writable) {
        record_violate(self->record, self->name, "cut though open to read");
    }
    fault_kind fault = record_strike(self->record, FAULT_CALL_TRUNCATE);
    if (fault != FAULT_NONE)
        status = record_fault(fault, self->name);
    else
        truncate_event(self->record, self->node, size);
    record_leave(self->record);
    return status;
}

static ferric_status file_sync(fe_file *file)
{
    record_file *self = file_of(file);

    record_enter(self->record);
    ferric_status status =
        sync_locked(self->record, self->node, FAULT_CALL_SYNC, &self->is_sync_failed, self->name);
    record_leave(self->record);
    return status;
}

static ferric_status file_size(fe_file *file, uint64_t *size)
{
    record_file *self = file_of(file);
    ferric_status status = FERRIC_OK;

    record_enter(self->record);
    *size = disk_size(self->record->disk, self->node);
    fault_kind fault = record_strike(self->record, FAULT_CALL_SIZE);
    if (fault != FAULT_NONE) status = record_fault(fault, self->name);
    record_leave(self->record);
    return status;
}

static void file_close(fe_file *file)
{
    record_file *self = file_of(file);

    record_enter(self->record);
    self->record->open_handles--;
    record_leave(self->record);
    harness_free(self);
}

static const fe_file_ops file_ops = {
    .read_at = file_read_at,
    .read_many = file_read_many,
    .write_at = file_write_at,
    .truncate = file_truncate,
    .sync = file_sync,
    .size = file_size,
    .close = file_close,
};

static ferric_status open_locked(vfs_record *record, const char *path, fe_open_mode mode,
                                 fe_file **file)
{
    record_path found;
    bool is_new = mode == FE_OPEN_CREATE;

    fault_kind fault = record_strike(record, is_new ? FAULT_CALL_CREATE : FAULT_CALL_OPEN);
    if (fault != FAULT_NONE) return record_fault(fault, path);
    if (!record_resolve(record, path, &found)) return FERRIC_NOT_FOUND;
    if (is_new && found.node != DISK_NONE) {
        return fe_fail(FERRIC_ALREADY_EXISTS, "%s already exists", path);
    }
    if (is_new && !record_has_room(record, 1)) return record_fault(FAULT_NO_SPACE, path);
    if (is_new) found.node = record_make(record, &found, false);
    if (found.node == DISK_NONE) return FERRIC_NOT_FOUND;
    if (disk_is_directory(record->disk, found.node)) {
        return fe_fail(FERRIC_IO, "%s is a directory", path);
    }
    record_file *opened = harness_alloc(sizeof(*opened));
    opened->file.ops = &file_ops;
    opened->record = record;
    opened->node = found.node;
    opened->is_writable = mode != FE_OPEN_READ;
    memcpy(opened->name, found.name, sizeof(opened->name));
    record->open_handles++;
    *file = &opened->file;
    return FERRIC_OK;
}

ferric_status record_file_open(fe_vfs *vfs, const char *path, fe_open_mode mode, fe_file **file)
{
    vfs_record *record = (vfs_record *)(void *)vfs;

    *file = NULL;
    record_enter(record);
    ferric_status status = open_locked(record, path, mode, file);
    record_leave(record);
    return status;
}

// ---- Logs -----------------------------------------------------------------------------------

// A synced log's space is zeros written ahead, which are unsynced writes like any other. A buffered
// log's space is allocated: the file grows, and reads as zeros.
static ferric_status reserve_locked(record_log *log, uint64_t end)
{
    vfs_record *record = log->record;

    if (log->is_trimmed) record_violate(record, log->name, "reserved after its trim");
    if (end <= log->reserved_end) return FERRIC_OK;
    size_t more = (size_t)(end - log->reserved_end);
    fault_kind fault = record_strike(record, FAULT_CALL_LOG_RESERVE);
    size_t arrived = more;
    if (fault == FAULT_SHORT || fault == FAULT_SHORT_SPACE)
        arrived = short_size(record, more);
    else if (fault != FAULT_NONE)
        return record_fault(fault, log->name);
    if (fault == FAULT_NONE && !record_has_room(record, more)) {
        return record_fault(FAULT_NO_SPACE, log->name);
    }
    if (log->mode == FE_LOG_SYNCED) {
        record_write(record, log->node, log->reserved_end, NULL, arrived);
    } else {
        truncate_event(record, log->node, log->reserved_end + arrived);
    }
    if (fault != FAULT_NONE) return record_fault(fault, log->name);
    log->reserved_end = end;
    return FERRIC_OK;
}

static ferric_status log_reserve(fe_log_file *log, uint64_t end)
{
    record_enter(log_of(log)->record);
    ferric_status status = reserve_locked(log_of(log), end);
    record_leave(log_of(log)->record);
    return status;
}

static ferric_status commit_locked(record_log *log, uint64_t offset, const void *data, size_t size)
{
    vfs_record *record = log->record;

    if (log->is_trimmed) record_violate(record, log->name, "written after its trim");
    if (offset + size > log->reserved_end) {
        record_violate(record, log->name, "a commit outside reserved space");
    }
    fault_kind fault = record_strike(record, FAULT_CALL_LOG_COMMIT);
    if (fault != FAULT_NONE) {
        record_write(record, log->node, offset, data, arrived_size(record, fault, size));
        return record_fault(fault, log->name);
    }
    record_write(record, log->node, offset, data, size);
    return FERRIC_OK;
}

static ferric_status log_commit(fe_log_file *log, uint64_t offset, const void *data, size_t size)
{
    record_enter(log_of(log)->record);
    ferric_status status = commit_locked(log_of(log), offset, data, size);
    record_leave(log_of(log)->record);
    return status;
}

static ferric_status log_sync(fe_log_file *log)
{
    record_log *self = log_of(log);

    record_enter(self->record);
    ferric_status status = sync_locked(self->record, self->node, FAULT_CALL_LOG_SYNC,
                                       &self->is_sync_failed, self->name);
    record_leave(self->record);
    return status;
}

static ferric_status log_trim(fe_log_file *log, uint64_t size)
{
    record_log *self = log_of(log);
    ferric_status status = FERRIC_OK;

    record_enter(self->record);
    fault_kind fault = record_strike(self->record, FAULT_CALL_LOG_TRIM);
    if (fault != FAULT_NONE) {
        status = record_fault(fault, self->name);
    } else {
        truncate_event(self->record, self->node, size);
        self->is_trimmed = true;
    }
    record_leave(self->record);
    return status;
}

static void log_close(fe_log_file *log)
{
    record_log *self = log_of(log);

    record_enter(self->record);
    self->record->open_handles--;
    record_leave(self->record);
    harness_free(self);
}

static const fe_log_file_ops log_ops = {
    .reserve = log_reserve,
    .commit = log_commit,
    .sync = log_sync,
    .trim = log_trim,
    .close = log_close,
};

static ferric_status create_log_locked(vfs_record *record, const char *path, fe_log_mode mode,
                                       fe_log_file **log)
{
    record_path found;

    fault_kind fault = record_strike(record, FAULT_CALL_CREATE_LOG);
    if (fault != FAULT_NONE) return record_fault(fault, path);
    if (!record_resolve(record, path, &found)) return FERRIC_NOT_FOUND;
    if (found.node != DISK_NONE) return fe_fail(FERRIC_ALREADY_EXISTS, "%s already exists", path);
    if (!record_has_room(record, 1)) return record_fault(FAULT_NO_SPACE, path);
    record_log *created = harness_alloc(sizeof(*created));
    created->log.ops = &log_ops;
    created->record = record;
    created->node = record_make(record, &found, false);
    created->mode = mode;
    memcpy(created->name, found.name, sizeof(created->name));
    record->open_handles++;
    *log = &created->log;
    return FERRIC_OK;
}

ferric_status record_log_create(fe_vfs *vfs, const char *path, fe_log_mode mode, fe_log_file **log)
{
    vfs_record *record = (vfs_record *)(void *)vfs;

    *log = NULL;
    record_enter(record);
    ferric_status status = create_log_locked(record, path, mode, log);
    record_leave(record);
    return status;
}
