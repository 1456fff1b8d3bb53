// SPDX-License-Identifier: Apache-2.0
// A disk that remembers what has not been synced, and says what may remain of it after a power
// loss.
//
// A disk is a tree of nodes, each a file or a directory, that grows by events. Every node holds two
// states and what lies between them:
//
//     durable --- pending event --- pending event --- ... --- live
//
// Reads see `live`, which is what the kernel holds and what survives the death of the process. A
// sync moves everything pending into `durable`. A power loss keeps `durable` and, of the pending
// events, whatever disk_crash is told to keep:
//
// 1. Any 512-byte sector of a pending write may be absent, present, or torn at any byte, whatever
//    became of the sectors beside it and of earlier or later writes. What was never written reads
//    as zeros.
// 2. The size of a file may be that of the data that arrived, the old one, or the newest one.
// 3. Entries of a directory: any subset of the pending operations, applied in their order. A rename
//    is one operation. A file's sync says nothing about its name, a directory's nothing about
//    content.
// 4. After a failed sync the events it should have synced stay possible for ever: no later sync
//    makes them durable (the kernel has marked their pages clean).
//
// A trace of events applied to a copy of the disk they started from gives the disk at each point of
// the trace. Node numbers are given out in order, so that a replay finds the same ones.
#ifndef FERRIC_SUPPORT_DISK_H
#define FERRIC_SUPPORT_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DISK_ROOT 0u
#define DISK_NONE UINT32_MAX
#define DISK_SECTOR_SIZE 512u
#define DISK_NAME_SIZE 64 // With the zero byte.

typedef enum disk_event_kind {
    DISK_WRITE = 0,          // node, offset, data.
    DISK_TRUNCATE = 1,       // node, offset (the new size).
    DISK_SYNC = 2,           // node: a file.
    DISK_SYNC_FAILED = 3,    // node: a file.
    DISK_MAKE = 4,           // node (the directory), name, target (the next number), is_directory.
    DISK_LINK = 5,           // node (the directory), name, target.
    DISK_UNLINK = 6,         // node (the directory), name.
    DISK_RENAME = 7,         // node (the directory), name, name_to.
    DISK_SYNC_DIRECTORY = 8, // node: a directory.
} disk_event_kind;

// Shared by the trace and by the disks on which it is pending.
typedef struct disk_event {
    uint32_t refs;
    disk_event_kind kind;
    uint32_t node;
    uint32_t target;
    bool is_directory;
    uint64_t offset;
    char name[DISK_NAME_SIZE];
    char name_to[DISK_NAME_SIZE];
    size_t size;
    uint8_t data[];
} disk_event;

// `data` may be NULL: zeros.
disk_event *disk_event_create(disk_event_kind kind, uint32_t node, const void *data, size_t size);
void disk_event_unref(disk_event *event);

typedef struct disk disk;

disk *disk_create(void);
// A copy with everything pending still pending: the disk under a process that died.
disk *disk_clone(const disk *source);
void disk_destroy(disk *d);
void disk_apply(disk *d, disk_event *event);

// The live view.
uint32_t disk_lookup(const disk *d, uint32_t directory, const char *name); // DISK_NONE: not there.
bool disk_is_directory(const disk *d, uint32_t node);
uint32_t disk_node_count(const disk *d);
const uint8_t *disk_data(const disk *d, uint32_t node);
size_t disk_size(const disk *d, uint32_t node);
size_t disk_entry_count(const disk *d, uint32_t directory);
// Entry number `index` in the order of names.
const char *disk_entry(const disk *d, uint32_t directory, size_t index, uint32_t *node);
// Bytes of all files that have a name.
uint64_t disk_used_bytes(const disk *d);
// After a failed sync the kernel dropped the file's pages: what is read from now on comes from the
// disk, where nothing pending ever arrived.
void disk_forget_unsynced(disk *d, uint32_t node);
// Changes content in place, durable and live: media damage. `data` may be NULL: zeros.
void disk_damage(disk *d, uint32_t node, uint64_t offset, const void *data, size_t size);
// Cuts a file, durable and live.
void disk_damage_cut(disk *d, uint32_t node, size_t size);
// Sets (or with DISK_NONE removes) a durable entry.
void disk_damage_entry(disk *d, uint32_t directory, const char *name, uint32_t node);

// ---- Power loss -----------------------------------------------------------------------------

typedef enum disk_fate {
    DISK_ABSENT = 0,
    DISK_PRESENT = 1,
    DISK_TORN = 2, // Each sector on its own; for anything but a write the same as present.
} disk_fate;

typedef enum disk_size_rule {
    DISK_SIZE_ARRIVED = 0, // As the events that are present make it.
    DISK_SIZE_OLD = 1,     // The durable size.
    DISK_SIZE_NEW = 2,     // The live size.
} disk_size_rule;

typedef struct disk_choice {
    const uint8_t *fates; // A disk_fate for each pending event, oldest first.
    disk_size_rule size_rule;
    uint64_t seed; // Of torn sectors.
} disk_choice;

// How many events are pending on nodes that a crash may leave with a name.
size_t disk_pending_count(const disk *d);
// One legal disk after a power loss; everything on it is durable.
disk *disk_crash(const disk *d, const disk_choice *choice);
// Over all names and all content that can be reached from the root, live.
uint64_t disk_hash(const disk *d);

#endif
