// SPDX-License-Identifier: Apache-2.0
// A vfs in memory that records every change as an event of a disk, fails the calls that a plan
// names, and has a clock and a source of randomness that the test owns.
//
// Contracts with the engine that it holds by itself: a commit stays inside reserved space, a log is
// not written after its trim, a handle opened for reading is not written, and a file whose sync
// failed is not synced again through the same handle (V2); a store stays inside its ring. A breach
// is kept as text in
// vfs_record_violation.
//
// Threads: as every vfs, any. The functions here are for one thread while no other is inside.
#ifndef FERRIC_SUPPORT_VFS_RECORD_H
#define FERRIC_SUPPORT_VFS_RECORD_H

#include "os/vfs.h"
#include "support/disk.h"
#include "support/fault_plan.h"

typedef struct vfs_record vfs_record;

// What the system's clock shows at first.
#define VFS_RECORD_START_MS UINT64_C(1767225600000)

// Takes over `start`, which may have pending events. The trace begins empty.
vfs_record *vfs_record_create(disk *start, uint64_t seed);
// Accepts NULL. Handles that are still open panic: the engine leaks descriptors.
void vfs_record_destroy(vfs_record *record);
fe_vfs *vfs_record_vfs(vfs_record *record);

// The disk as it is now, lent.
disk *vfs_record_disk(vfs_record *record);
// Events since creation, lent until destroy.
size_t vfs_record_trace_size(const vfs_record *record);
disk_event *vfs_record_trace_at(const vfs_record *record, size_t index);

// Sets the plan and begins to count calls anew.
void vfs_record_set_plan(vfs_record *record, fault_plan plan);
// Calls so far that `kind` can befall, since the plan was set.
uint64_t vfs_record_calls(const vfs_record *record, fault_kind kind);
// How often the plan struck.
uint64_t vfs_record_hits(const vfs_record *record);
// The last call that was struck.
fault_call vfs_record_hit_call(const vfs_record *record);

// The file system's size; UINT64_MAX (the start) is without end. Calls that need more are
// FERRIC_NO_SPACE.
void vfs_record_set_capacity(vfs_record *record, uint64_t bytes);
// From now on no ring can be made, as on a file system that is not fit for them.
void vfs_record_refuse_rings(vfs_record *record);
// Moves system time and monotonic time on.
void vfs_record_advance_ms(vfs_record *record, uint64_t ms);
// Sets system time alone, to any value.
void vfs_record_set_now_ms(vfs_record *record, uint64_t now_ms);
// The first breach of a contract, or NULL.
const char *vfs_record_violation(const vfs_record *record);
// How many locks, files and logs are open.
size_t vfs_record_open_handles(const vfs_record *record);

#endif
