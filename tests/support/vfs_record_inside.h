// SPDX-License-Identifier: Apache-2.0
// What the two halves of the recording vfs share.
#ifndef FERRIC_SUPPORT_VFS_RECORD_INSIDE_H
#define FERRIC_SUPPORT_VFS_RECORD_INSIDE_H

#include <pthread.h>

#include "base/random.h"
#include "support/vfs_record.h"

struct vfs_record {
    fe_vfs vfs; // First: the engine's view.
    pthread_mutex_t mutex;
    // Guarded by mutex.
    disk *disk;
    disk_event **trace;
    size_t trace_size;
    size_t trace_capacity;
    fault_plan plan;
    uint64_t calls[FAULT_KIND_COUNT];
    uint64_t hits;
    fault_call hit_call;
    fe_random random;
    uint64_t now_ms;
    uint64_t monotonic_ns;
    uint64_t capacity;
    size_t open_handles;
    bool is_ringless;
    fe_lock *locks;
    char *violation;
};

// Where a path leads; `node` is DISK_NONE when its last name is not there.
typedef struct record_path {
    uint32_t directory;
    uint32_t node;
    char name[DISK_NAME_SIZE];
} record_path;

void record_enter(vfs_record *record);
void record_leave(vfs_record *record);
// These need the mutex.
void record_violate(vfs_record *record, const char *name, const char *what);
// Counts a call and says which fault befalls it.
fault_kind record_strike(vfs_record *record, fault_call call);
ferric_status record_fault(fault_kind kind, const char *what);
// Takes over the event.
void record_event(vfs_record *record, disk_event *event);
bool record_has_room(vfs_record *record, uint64_t more);
// False when a directory on the way is missing.
bool record_resolve(const vfs_record *record, const char *path, record_path *found);
uint32_t record_make(vfs_record *record, const record_path *path, bool is_directory);

ferric_status record_file_open(fe_vfs *vfs, const char *path, fe_open_mode mode, fe_file **file);
ferric_status record_log_create(fe_vfs *vfs, const char *path, fe_log_mode mode, fe_log_file **log);
ferric_status record_ring_create(fe_vfs *vfs, const char *path, uint64_t size, fe_ring_file **ring);
// For record_ring_create.
void record_write(vfs_record *record, uint32_t node, uint64_t offset, const void *data,
                  size_t size);

#endif
