// SPDX-License-Identifier: Apache-2.0
// A vfs over another one, whose calls can be held: the thread that comes to a closed gate waits
// there until the test lets it go on. So two threads meet where the test wants them to, on every
// run, and not where the machine happens to put them.
//
//   gate_close(g, P)      the next thread that comes to P will wait there
//   gate_await(g, P)      returns when it does
//   ...                   the test does what is to happen meanwhile
//   gate_pass(g, P)       the thread goes on; later ones come through freely
//
// A gate holds one thread: others come through while it waits.
//
// GATE_ALLOCATION and GATE_RELEASE stand in the allocator, for windows in which the engine calls no
// vfs. They hold only threads that asked for it (gate_hold_my_allocations).
#ifndef FERRIC_SCHEDULE_GATE_VFS_H
#define FERRIC_SCHEDULE_GATE_VFS_H

#include "os/vfs.h"

typedef enum gate_point {
    GATE_TABLE_CREATE = 0,
    GATE_TABLE_SYNC = 1,
    GATE_TABLE_READ = 2,
    GATE_DIRECTORY_SYNC = 3,
    GATE_MANIFEST_SYNC = 4,
    GATE_LOG_CREATE = 5,
    GATE_LOG_COMMIT = 6,
    GATE_LOG_SYNC = 7,
    GATE_ALLOCATION = 8,
    GATE_TABLE_OPEN = 9, // For reading, like the next three.
    GATE_MANIFEST_OPEN = 10,
    GATE_LOG_OPEN = 11,
    GATE_LOG_READ = 12,
    GATE_RELEASE = 13,
    GATE_POINT_COUNT = 14,
} gate_point;

typedef struct gate_vfs gate_vfs;

// Over a file system in memory of its own. Aborts when there is no memory.
gate_vfs *gate_vfs_create(void);
// Every file is closed.
void gate_vfs_destroy(gate_vfs *gates);
fe_vfs *gate_vfs_of(gate_vfs *gates);

void gate_close(gate_vfs *gates, gate_point point);
void gate_await(gate_vfs *gates, gate_point point);
void gate_pass(gate_vfs *gates, gate_point point);
// The same as gate_await for call number `number`, from 1 on, since the gate was closed: those
// before it go on.
void gate_await_number(gate_vfs *gates, gate_point point, uint64_t number);
// Makes the next call that comes to the point fail with FERRIC_IO; it is not carried out.
void gate_fail_next(gate_vfs *gates, gate_point point);
// How many calls have come to the point.
uint64_t gate_count(gate_vfs *gates, gate_point point);

// From now on no more than `bytes` are said to be free, whatever is written; UINT64_MAX takes it
// back.
void gate_claim_free_space(gate_vfs *gates, uint64_t bytes);

// The numbers of the logs that were synced since the last gate_log_syncs_clear, oldest first.
#define GATE_LOG_SYNCS_MAX 64
size_t gate_log_syncs(gate_vfs *gates, uint64_t numbers[GATE_LOG_SYNCS_MAX]);
void gate_log_syncs_clear(gate_vfs *gates);

// While this is installed, threads that asked for it stand at GATE_ALLOCATION before they allocate
// and at GATE_RELEASE before they free, and what is freed is overwritten.
// Before the first handle is made, and until the last is gone.
void gate_allocator_install(gate_vfs *gates);
void gate_allocator_remove(void);
// For the calling thread.
void gate_hold_my_allocations(bool is_held);

#endif
