// SPDX-License-Identifier: Apache-2.0
// The inside of a disk, shared by disk.c (events) and disk_crash.c (what remains of them).
#ifndef FERRIC_SUPPORT_DISK_NODE_H
#define FERRIC_SUPPORT_DISK_NODE_H

#include "support/disk.h"

typedef struct disk_bytes {
    uint8_t *data;
    size_t size;
    size_t capacity;
} disk_bytes;

typedef struct disk_name {
    char name[DISK_NAME_SIZE];
    uint32_t node;
} disk_name;

// Sorted by name.
typedef struct disk_names {
    disk_name *items;
    size_t count;
    size_t capacity;
} disk_names;

typedef struct disk_pending {
    disk_event *event;
    uint64_t order; // Over the whole disk, rising.
    bool is_lost;   // Its sync failed: no later sync makes it durable.
    bool is_cut;    // A truncation that made the file smaller.
} disk_pending;

typedef struct disk_node {
    bool is_directory;
    disk_bytes live; // Of a file.
    disk_bytes durable;
    disk_names live_names; // Of a directory.
    disk_names durable_names;
    disk_pending *pending; // Oldest first.
    size_t pending_count;
    size_t pending_capacity;
} disk_node;

struct disk {
    disk_node *nodes;
    uint32_t node_count;
    uint32_t node_capacity;
    uint64_t order;
};

void disk_bytes_write(disk_bytes *bytes, uint64_t offset, const void *data, size_t size);
void disk_bytes_resize(disk_bytes *bytes, size_t size);
void disk_bytes_copy(disk_bytes *bytes, const disk_bytes *source);
void disk_names_copy(disk_names *names, const disk_names *source);
uint32_t disk_names_find(const disk_names *names, const char *name);
// What the event does to a directory's names. Applies to any state: an entry that is not there is
// not removed.
void disk_names_apply(disk_names *names, const disk_event *event);
disk_node *disk_node_add(disk *d, bool is_directory);

#endif
