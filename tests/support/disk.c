// SPDX-License-Identifier: Apache-2.0
// Nodes, their durable and live state, and the events that change them.
#include "support/disk.h"

#include <stdlib.h>
#include <string.h>

#include "base/checksum.h"
#include "support/disk_node.h"
#include "support/harness.h"

// ---- Events ---------------------------------------------------------------------------------

disk_event *disk_event_create(disk_event_kind kind, uint32_t node, const void *data, size_t size)
{
    disk_event *event = harness_alloc(sizeof(*event) + size);
    event->refs = 1;
    event->kind = kind;
    event->node = node;
    event->target = DISK_NONE;
    event->size = size;
    if (data != NULL && size != 0) memcpy(event->data, data, size);
    return event;
}

static disk_event *event_ref(disk_event *event)
{
    event->refs++;
    return event;
}

void disk_event_unref(disk_event *event)
{
    if (event != NULL && --event->refs == 0) harness_free(event);
}

// ---- Bytes and names ------------------------------------------------------------------------

static void bytes_reserve(disk_bytes *bytes, size_t capacity)
{
    if (capacity <= bytes->capacity) return;
    if (capacity < bytes->capacity * 2) capacity = bytes->capacity * 2;
    bytes->data = harness_realloc(bytes->data, capacity);
    bytes->capacity = capacity;
}

void disk_bytes_resize(disk_bytes *bytes, size_t size)
{
    bytes_reserve(bytes, size);
    if (size > bytes->size) memset(bytes->data + bytes->size, 0, size - bytes->size);
    bytes->size = size;
}

void disk_bytes_write(disk_bytes *bytes, uint64_t offset, const void *data, size_t size)
{
    if (size == 0) return;
    if (offset + size > bytes->size) disk_bytes_resize(bytes, (size_t)offset + size);
    memcpy(bytes->data + offset, data, size);
}

void disk_bytes_copy(disk_bytes *bytes, const disk_bytes *source)
{
    bytes_reserve(bytes, source->size);
    if (source->size != 0) memcpy(bytes->data, source->data, source->size);
    bytes->size = source->size;
}

// The place of `name`, or where it would stand.
static size_t names_position(const disk_names *names, const char *name, bool *is_there)
{
    size_t low = 0;
    size_t high = names->count;

    *is_there = false;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(names->items[middle].name, name);
        if (order == 0) {
            *is_there = true;
            return middle;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

uint32_t disk_names_find(const disk_names *names, const char *name)
{
    bool is_there;
    size_t at = names_position(names, name, &is_there);
    return is_there ? names->items[at].node : DISK_NONE;
}

static void names_set(disk_names *names, const char *name, uint32_t node)
{
    bool is_there;
    size_t at = names_position(names, name, &is_there);

    if (!is_there) {
        if (names->count == names->capacity) {
            names->capacity = names->capacity * 2 + 8;
            names->items = harness_realloc(names->items, names->capacity * sizeof(*names->items));
        }
        memmove(names->items + at + 1, names->items + at,
                (names->count - at) * sizeof(*names->items));
        names->count++;
        memset(&names->items[at], 0, sizeof(names->items[at]));
        memcpy(names->items[at].name, name, strlen(name));
    }
    names->items[at].node = node;
}

static void names_remove(disk_names *names, const char *name)
{
    bool is_there;
    size_t at = names_position(names, name, &is_there);

    if (!is_there) return;
    names->count--;
    memmove(names->items + at, names->items + at + 1, (names->count - at) * sizeof(*names->items));
}

void disk_names_copy(disk_names *names, const disk_names *source)
{
    if (source->count > names->capacity) {
        names->capacity = source->count;
        names->items = harness_realloc(names->items, names->capacity * sizeof(*names->items));
    }
    if (source->count != 0) {
        memcpy(names->items, source->items, source->count * sizeof(*names->items));
    }
    names->count = source->count;
}

void disk_names_apply(disk_names *names, const disk_event *event)
{
    switch (event->kind) {
    case DISK_MAKE:
    case DISK_LINK:
        names_set(names, event->name, event->target);
        break;
    case DISK_UNLINK:
        names_remove(names, event->name);
        break;
    case DISK_RENAME:
        names_remove(names, event->name);
        names_set(names, event->name_to, event->target);
        break;
    default:
        harness_panic("event %d does not change names", (int)event->kind);
    }
}

// ---- Nodes ----------------------------------------------------------------------------------

disk_node *disk_node_add(disk *d, bool is_directory)
{
    if (d->node_count == d->node_capacity) {
        d->node_capacity = d->node_capacity * 2 + 16;
        d->nodes = harness_realloc(d->nodes, d->node_capacity * sizeof(*d->nodes));
    }
    disk_node *node = &d->nodes[d->node_count++];
    *node = (disk_node){.is_directory = is_directory};
    return node;
}

disk *disk_create(void)
{
    disk *d = harness_alloc(sizeof(*d));
    disk_node_add(d, true);
    return d;
}

disk *disk_clone(const disk *source)
{
    disk *d = harness_alloc(sizeof(*d));

    for (uint32_t i = 0; i < source->node_count; i++) {
        const disk_node *from = &source->nodes[i];
        disk_node *node = disk_node_add(d, from->is_directory);
        disk_bytes_copy(&node->live, &from->live);
        disk_bytes_copy(&node->durable, &from->durable);
        disk_names_copy(&node->live_names, &from->live_names);
        disk_names_copy(&node->durable_names, &from->durable_names);
        node->pending = harness_alloc(from->pending_count * sizeof(*node->pending));
        node->pending_count = from->pending_count;
        node->pending_capacity = from->pending_count;
        for (size_t j = 0; j < from->pending_count; j++) {
            node->pending[j] = from->pending[j];
            event_ref(node->pending[j].event);
        }
    }
    d->order = source->order;
    return d;
}

static void node_deinit(disk_node *node)
{
    for (size_t i = 0; i < node->pending_count; i++)
        disk_event_unref(node->pending[i].event);
    harness_free(node->pending);
    harness_free(node->live.data);
    harness_free(node->durable.data);
    harness_free(node->live_names.items);
    harness_free(node->durable_names.items);
}

void disk_destroy(disk *d)
{
    if (d == NULL) return;
    for (uint32_t i = 0; i < d->node_count; i++)
        node_deinit(&d->nodes[i]);
    harness_free(d->nodes);
    harness_free(d);
}

// ---- Applying -------------------------------------------------------------------------------

static void node_push(disk *d, disk_node *node, disk_event *event)
{
    bool is_cut = event->kind == DISK_TRUNCATE && event->offset < node->live.size;

    if (node->pending_count == node->pending_capacity) {
        node->pending_capacity = node->pending_capacity * 2 + 8;
        node->pending =
            harness_realloc(node->pending, node->pending_capacity * sizeof(*node->pending));
    }
    node->pending[node->pending_count++] =
        (disk_pending){event_ref(event), d->order++, false, is_cut};
}

static void bytes_apply(disk_bytes *bytes, const disk_event *event)
{
    if (event->kind == DISK_WRITE) {
        disk_bytes_write(bytes, event->offset, event->data, event->size);
    } else {
        disk_bytes_resize(bytes, (size_t)event->offset);
    }
}

// Moves what a sync covers into the durable state; what an earlier failed sync lost stays pending.
static void node_sync(disk_node *node)
{
    size_t kept = 0;

    for (size_t i = 0; i < node->pending_count; i++) {
        disk_pending *pending = &node->pending[i];
        if (pending->is_lost) {
            node->pending[kept++] = *pending;
            continue;
        }
        if (node->is_directory)
            disk_names_apply(&node->durable_names, pending->event);
        else
            bytes_apply(&node->durable, pending->event);
        disk_event_unref(pending->event);
    }
    node->pending_count = kept;
}

static void node_lose(disk_node *node)
{
    for (size_t i = 0; i < node->pending_count; i++)
        node->pending[i].is_lost = true;
}

void disk_apply(disk *d, disk_event *event)
{
    if (event->kind == DISK_MAKE) {
        if (event->target != d->node_count) harness_panic("a node number out of turn");
        disk_node_add(d, event->is_directory);
    }
    disk_node *node = &d->nodes[event->node];
    switch (event->kind) {
    case DISK_WRITE:
    case DISK_TRUNCATE:
        node_push(d, node, event);
        bytes_apply(&node->live, event);
        break;
    case DISK_MAKE:
    case DISK_LINK:
    case DISK_UNLINK:
    case DISK_RENAME:
        disk_names_apply(&node->live_names, event);
        node_push(d, node, event);
        break;
    case DISK_SYNC:
    case DISK_SYNC_DIRECTORY:
        node_sync(node);
        break;
    case DISK_SYNC_FAILED:
        node_lose(node);
        break;
    }
}

// ---- The live view --------------------------------------------------------------------------

uint32_t disk_lookup(const disk *d, uint32_t directory, const char *name)
{
    return disk_names_find(&d->nodes[directory].live_names, name);
}

bool disk_is_directory(const disk *d, uint32_t node)
{
    return d->nodes[node].is_directory;
}

uint32_t disk_node_count(const disk *d)
{
    return d->node_count;
}

const uint8_t *disk_data(const disk *d, uint32_t node)
{
    return d->nodes[node].live.data;
}

size_t disk_size(const disk *d, uint32_t node)
{
    return d->nodes[node].live.size;
}

size_t disk_entry_count(const disk *d, uint32_t directory)
{
    return d->nodes[directory].live_names.count;
}

const char *disk_entry(const disk *d, uint32_t directory, size_t index, uint32_t *node)
{
    const disk_name *entry = &d->nodes[directory].live_names.items[index];
    if (node != NULL) *node = entry->node;
    return entry->name;
}

static uint64_t used_below(const disk *d, uint32_t directory)
{
    const disk_names *names = &d->nodes[directory].live_names;
    uint64_t used = 0;

    for (size_t i = 0; i < names->count; i++) {
        uint32_t node = names->items[i].node;
        used += d->nodes[node].is_directory ? used_below(d, node) : d->nodes[node].live.size;
    }
    return used;
}

uint64_t disk_used_bytes(const disk *d)
{
    return used_below(d, DISK_ROOT);
}

void disk_forget_unsynced(disk *d, uint32_t node)
{
    disk_node *file = &d->nodes[node];

    disk_bytes_copy(&file->live, &file->durable);
    for (size_t i = 0; i < file->pending_count; i++)
        disk_event_unref(file->pending[i].event);
    file->pending_count = 0;
}

void disk_damage(disk *d, uint32_t node, uint64_t offset, const void *data, size_t size)
{
    uint8_t *zeros = data == NULL ? harness_alloc(size) : NULL;
    const void *bytes = data == NULL ? zeros : data;

    disk_bytes_write(&d->nodes[node].live, offset, bytes, size);
    disk_bytes_write(&d->nodes[node].durable, offset, bytes, size);
    harness_free(zeros);
}

void disk_damage_cut(disk *d, uint32_t node, size_t size)
{
    disk_bytes_resize(&d->nodes[node].live, size);
    disk_bytes_resize(&d->nodes[node].durable, size);
}

void disk_damage_entry(disk *d, uint32_t directory, const char *name, uint32_t node)
{
    disk_node *parent = &d->nodes[directory];

    if (node == DISK_NONE) {
        names_remove(&parent->live_names, name);
        names_remove(&parent->durable_names, name);
        return;
    }
    names_set(&parent->live_names, name, node);
    names_set(&parent->durable_names, name, node);
}

static uint64_t hash_mix(uint64_t seed, uint64_t value)
{
    seed = (seed ^ value) * 0x9e3779b97f4a7c15u;
    return seed ^ (seed >> 29);
}

static uint64_t hash_below(const disk *d, uint32_t directory, uint64_t seed)
{
    const disk_names *names = &d->nodes[directory].live_names;

    seed = hash_mix(seed, names->count);
    for (size_t i = 0; i < names->count; i++) {
        const disk_node *node = &d->nodes[names->items[i].node];
        const char *name = names->items[i].name;
        seed = hash_mix(seed, fe_hash64(name, strlen(name)));
        if (node->is_directory) {
            seed = hash_below(d, names->items[i].node, seed);
        } else {
            seed = hash_mix(seed, node->live.size);
            seed = hash_mix(seed,
                            fe_hash64(node->live.size == 0 ? (const uint8_t *)"" : node->live.data,
                                      node->live.size));
        }
    }
    return seed;
}

uint64_t disk_hash(const disk *d)
{
    return hash_below(d, DISK_ROOT, 0x6665727269630001u);
}
