// SPDX-License-Identifier: Apache-2.0
// Growing bytes under a reader-writer lock, and sorted names.
#include "os/memory_node.h"

#include <assert.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"

fe_memory_node *fe_memory_node_create(bool is_directory)
{
    fe_memory_node *node = fe_alloc_zero(1, sizeof *node);

    if (node == NULL) return NULL;
    atomic_init(&node->references, 1);
    node->is_directory = is_directory;
    pthread_rwlock_init(&node->content_lock, NULL);
    return node;
}

fe_memory_node *fe_memory_node_ref(fe_memory_node *node)
{
    atomic_fetch_add_explicit(&node->references, 1, memory_order_relaxed);
    return node;
}

void fe_memory_node_unref(fe_memory_node *node)
{
    if (node == NULL) return;
    // Release of each, acquire of the last: what others did happened before the node dies.
    if (atomic_fetch_sub_explicit(&node->references, 1, memory_order_acq_rel) != 1) return;
    for (size_t i = 0; i < node->entry_count; i++) {
        fe_free(node->entries[i].name);
        fe_memory_node_unref(node->entries[i].node);
    }
    fe_free(node->entries);
    fe_buffer_deinit(&node->content);
    pthread_rwlock_destroy(&node->content_lock);
    fe_free(node);
}

// ---- Content --------------------------------------------------------------------------------

size_t fe_memory_node_read(fe_memory_node *node, uint64_t offset, void *data, size_t size)
{
    size_t got = 0;

    pthread_rwlock_rdlock(&node->content_lock);
    if (offset < node->content.size) {
        got = node->content.size - (size_t)offset;
        if (got > size) got = size;
        if (got > 0) memcpy(data, (const uint8_t *)node->content.data + offset, got);
    }
    pthread_rwlock_unlock(&node->content_lock);
    return got;
}

// Room for a content of `size` bytes, the size unchanged.
static ferric_status reserve_locked(fe_memory_node *node, uint64_t size)
{
    if (size > SIZE_MAX) return fe_no_memory("a file in memory", SIZE_MAX);
    if (size <= node->content.size) return FERRIC_OK;
    return fe_buffer_reserve(&node->content, (size_t)size - node->content.size);
}

static ferric_status resize_locked(fe_memory_node *node, uint64_t size)
{
    size_t before = node->content.size;
    ferric_status status = reserve_locked(node, size);

    if (status != FERRIC_OK) return status;
    if (size > before) memset((uint8_t *)node->content.data + before, 0, (size_t)size - before);
    node->content.size = (size_t)size;
    return FERRIC_OK;
}

ferric_status fe_memory_node_write(fe_memory_node *node, uint64_t offset, const void *data,
                                   size_t size)
{
    uint64_t end = offset + size;
    ferric_status status = FERRIC_OK;

    if (size == 0) return FERRIC_OK;
    if (end < offset) return fe_no_memory("a file in memory", SIZE_MAX);
    pthread_rwlock_wrlock(&node->content_lock);
    if (offset > node->content.size) {
        status = reserve_locked(node, end); // For all of it before a gap is made.
        if (status == FERRIC_OK) status = resize_locked(node, offset);
    }
    if (status == FERRIC_OK) status = reserve_locked(node, end);
    if (status == FERRIC_OK) {
        memcpy((uint8_t *)node->content.data + offset, data, size);
        if (end > node->content.size) node->content.size = (size_t)end;
    }
    pthread_rwlock_unlock(&node->content_lock);
    return status;
}

ferric_status fe_memory_node_reserve(fe_memory_node *node, uint64_t end)
{
    ferric_status status;

    pthread_rwlock_wrlock(&node->content_lock);
    status = reserve_locked(node, end);
    pthread_rwlock_unlock(&node->content_lock);
    return status;
}

ferric_status fe_memory_node_resize(fe_memory_node *node, uint64_t size)
{
    ferric_status status;

    pthread_rwlock_wrlock(&node->content_lock);
    status = resize_locked(node, size);
    pthread_rwlock_unlock(&node->content_lock);
    return status;
}

void fe_memory_node_shrink(fe_memory_node *node)
{
    pthread_rwlock_wrlock(&node->content_lock);
    if (node->content.size < node->content.capacity) {
        void *data = fe_realloc(node->content.data, node->content.size);
        if (data != NULL) { // Else the room stays, which is no loss of anything but room.
            node->content.data = data;
            node->content.capacity = node->content.size;
        }
    }
    pthread_rwlock_unlock(&node->content_lock);
}

uint64_t fe_memory_node_size(fe_memory_node *node)
{
    uint64_t size;

    pthread_rwlock_rdlock(&node->content_lock);
    size = node->content.size;
    pthread_rwlock_unlock(&node->content_lock);
    return size;
}

// ---- Entries --------------------------------------------------------------------------------

// Where the name stands or would stand.
static size_t position_of(const fe_memory_node *directory, ferric_slice name)
{
    size_t first = 0;
    size_t behind = directory->entry_count;

    while (first < behind) {
        size_t middle = first + (behind - first) / 2;
        ferric_slice there = fe_slice_text(directory->entries[middle].name);
        if (fe_slice_compare(there, name) < 0) {
            first = middle + 1;
        } else {
            behind = middle;
        }
    }
    return first;
}

fe_memory_entry *fe_memory_node_find(fe_memory_node *directory, ferric_slice name)
{
    size_t position = position_of(directory, name);
    fe_memory_entry *entry;

    if (position == directory->entry_count) return NULL;
    entry = &directory->entries[position];
    return fe_slice_equal(fe_slice_text(entry->name), name) ? entry : NULL;
}

static ferric_status reserve_entry(fe_memory_node *directory)
{
    size_t capacity = directory->entry_capacity == 0 ? 8 : directory->entry_capacity * 2;
    fe_memory_entry *entries;

    if (directory->entry_count < directory->entry_capacity) return FERRIC_OK;
    entries = fe_realloc(directory->entries, capacity * sizeof *entries);
    if (entries == NULL) return fe_no_memory("a directory", capacity * sizeof *entries);
    directory->entries = entries;
    directory->entry_capacity = capacity;
    return FERRIC_OK;
}

ferric_status fe_memory_node_add(fe_memory_node *directory, ferric_slice name, fe_memory_node *node)
{
    size_t position = position_of(directory, name);
    fe_memory_entry *entry;
    char *copy;
    ferric_status status = reserve_entry(directory);

    if (status != FERRIC_OK) return status;
    assert(fe_memory_node_find(directory, name) == NULL);
    copy = fe_alloc(name.size + 1);
    if (copy == NULL) return fe_no_memory("a file name", name.size + 1);
    memcpy(copy, name.data, name.size);
    copy[name.size] = '\0';
    entry = &directory->entries[position];
    memmove(entry + 1, entry, (directory->entry_count - position) * sizeof *entry);
    entry->name = copy;
    entry->node = fe_memory_node_ref(node);
    directory->entry_count++;
    if (node->is_directory) node->parent = directory;
    return FERRIC_OK;
}

void fe_memory_node_remove(fe_memory_node *directory, fe_memory_entry *entry)
{
    size_t position = (size_t)(entry - directory->entries);

    assert(position < directory->entry_count);
    fe_free(entry->name);
    fe_memory_node_unref(entry->node);
    directory->entry_count--;
    memmove(entry, entry + 1, (directory->entry_count - position) * sizeof *entry);
}
