// SPDX-License-Identifier: Apache-2.0
// Files and directories of the vfs in memory, without paths: a file is bytes that grow, a directory
// is a sorted list of names. For src/os alone.
//
// A node lives as long as a name or an open handle refers to it, so links share content and a
// removed file stays readable.
//
// Threads: content may be read and changed by all threads at once. Names, parents and lock counts
// are guarded by the mutex of the vfs that the nodes belong to.
#ifndef FERRIC_OS_MEMORY_NODE_H
#define FERRIC_OS_MEMORY_NODE_H

#include <pthread.h>
#include <stdatomic.h>

#include <ferric/ferric.h>

typedef struct fe_memory_node fe_memory_node;

typedef struct fe_memory_entry {
    char *name;
    fe_memory_node *node;
} fe_memory_entry;

struct fe_memory_node {
    _Atomic(uint32_t) references;
    bool is_directory;
    pthread_rwlock_t content_lock;
    // Guarded by content_lock.
    ferric_buffer content;
    // Guarded by the vfs's mutex.
    fe_memory_entry *entries; // Sorted by name.
    size_t entry_count;
    size_t entry_capacity;
    fe_memory_node *parent; // The root's is itself. Only directories have one.
    uint64_t writer;        // The process that holds the exclusive lock, 0 for none.
    uint32_t reader_count;  // Holders of shared locks.
};

// A new node with one reference, NULL when there is no memory.
fe_memory_node *fe_memory_node_create(bool is_directory);
fe_memory_node *fe_memory_node_ref(fe_memory_node *node);
// Accepts NULL.
void fe_memory_node_unref(fe_memory_node *node);

// ---- Content --------------------------------------------------------------------------------

// Returns how many bytes there were.
size_t fe_memory_node_read(fe_memory_node *node, uint64_t offset, void *data, size_t size);
// A gap before `offset` reads as zeros. Errors: FERRIC_NO_MEMORY, nothing changed.
ferric_status fe_memory_node_write(fe_memory_node *node, uint64_t offset, const void *data,
                                   size_t size);
// Makes room, so that writes before `end` cannot fail. Errors: FERRIC_NO_MEMORY.
ferric_status fe_memory_node_reserve(fe_memory_node *node, uint64_t end);
// Cuts, or grows with zeros. Errors: FERRIC_NO_MEMORY, nothing changed.
ferric_status fe_memory_node_resize(fe_memory_node *node, uint64_t size);
// Gives unused room back.
void fe_memory_node_shrink(fe_memory_node *node);
uint64_t fe_memory_node_size(fe_memory_node *node);

// ---- Entries --------------------------------------------------------------------------------

// The entry of that name, NULL when there is none. Lent until the directory changes.
fe_memory_entry *fe_memory_node_find(fe_memory_node *directory, ferric_slice name);
// Adds a name that is not there; takes a reference of its own. Errors: FERRIC_NO_MEMORY.
ferric_status fe_memory_node_add(fe_memory_node *directory, ferric_slice name,
                                 fe_memory_node *node);
// Takes a name out and drops its reference.
void fe_memory_node_remove(fe_memory_node *directory, fe_memory_entry *entry);

#endif
