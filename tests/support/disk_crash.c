// SPDX-License-Identifier: Apache-2.0
// What may remain after a power loss: durable state plus the pending events that a choice keeps.
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "support/disk.h"
#include "support/disk_node.h"
#include "support/harness.h"

// One pending event with its place in the choice.
typedef struct pending_at {
    uint64_t order;
    uint32_t node;
    size_t index; // In the node's list.
} pending_at;

// A node counts when a directory names it, durably or through a pending operation.
static uint8_t *find_named(const disk *d)
{
    uint8_t *is_named = harness_alloc(d->node_count);

    is_named[DISK_ROOT] = 1;
    for (uint32_t i = 0; i < d->node_count; i++) {
        const disk_node *node = &d->nodes[i];
        for (size_t j = 0; j < node->durable_names.count; j++) {
            is_named[node->durable_names.items[j].node] = 1;
        }
        if (!node->is_directory) continue;
        for (size_t j = 0; j < node->pending_count; j++) {
            uint32_t target = node->pending[j].event->target;
            if (target != DISK_NONE) is_named[target] = 1;
        }
    }
    return is_named;
}

static int compare_order(const void *left, const void *right)
{
    const pending_at *a = left;
    const pending_at *b = right;
    return a->order < b->order ? -1 : a->order > b->order;
}

// All pending events that count, oldest first. The caller frees.
static pending_at *collect_pending(const disk *d, size_t *count)
{
    uint8_t *is_named = find_named(d);
    pending_at *list = NULL;
    size_t capacity = 0;

    *count = 0;
    for (uint32_t i = 0; i < d->node_count; i++) {
        if (!is_named[i]) continue;
        for (size_t j = 0; j < d->nodes[i].pending_count; j++) {
            if (*count == capacity) {
                capacity = capacity * 2 + 16;
                list = harness_realloc(list, capacity * sizeof(*list));
            }
            list[(*count)++] = (pending_at){d->nodes[i].pending[j].order, i, j};
        }
    }
    if (*count != 0) qsort(list, *count, sizeof(*list), compare_order);
    harness_free(is_named);
    return list;
}

size_t disk_pending_count(const disk *d)
{
    size_t count;
    harness_free(collect_pending(d, &count));
    return count;
}

// Keeps each sector of the write, drops it, or tears it at a byte; tearing inside a sector is rarer
// than at its edge.
static void write_torn(disk_bytes *bytes, const disk_event *event, fe_random *random)
{
    uint64_t end = event->offset + event->size;

    for (uint64_t at = event->offset; at < end;) {
        uint64_t sector_end = (at / DISK_SECTOR_SIZE + 1) * DISK_SECTOR_SIZE;
        if (sector_end > end) sector_end = end;
        const uint8_t *from = event->data + (at - event->offset);
        uint64_t dice = fe_random_below(random, 8);
        size_t size = (size_t)(sector_end - at);
        if (dice == 7) {
            disk_bytes_write(bytes, at, from, (size_t)fe_random_below(random, size + 1));
        } else if (dice >= 3) {
            disk_bytes_write(bytes, at, from, size);
        }
        at = sector_end;
    }
}

static void apply_kept(disk_node *node, const disk_pending *pending, disk_fate fate,
                       fe_random *random)
{
    const disk_event *event = pending->event;

    // A growth that a failed sync lost does not cut what later syncs made longer.
    if (pending->is_lost && event->kind == DISK_TRUNCATE && !pending->is_cut &&
        event->offset < node->durable.size) {
        return;
    }
    if (node->is_directory) {
        disk_names_apply(&node->durable_names, event);
    } else if (event->kind == DISK_TRUNCATE) {
        disk_bytes_resize(&node->durable, (size_t)event->offset);
    } else if (fate == DISK_TORN) {
        write_torn(&node->durable, event, random);
    } else {
        disk_bytes_write(&node->durable, event->offset, event->data, event->size);
    }
}

// A file system frees blocks and cuts the size in one step, so that a pending cut leaves no choice
// of its own.
static void set_size(disk_node *node, const disk_node *from, disk_size_rule rule)
{
    for (size_t i = 0; i < from->pending_count; i++) {
        if (from->pending[i].is_cut) return;
    }
    if (rule == DISK_SIZE_OLD) disk_bytes_resize(&node->durable, from->durable.size);
    if (rule == DISK_SIZE_NEW) disk_bytes_resize(&node->durable, from->live.size);
}

disk *disk_crash(const disk *d, const disk_choice *choice)
{
    uint8_t *is_named = find_named(d);
    fe_random random = {choice->seed};
    disk *left = harness_alloc(sizeof(*left));
    size_t count;
    pending_at *pending = collect_pending(d, &count);

    for (uint32_t i = 0; i < d->node_count; i++) {
        disk_node *node = disk_node_add(left, d->nodes[i].is_directory);
        if (!is_named[i]) continue;
        disk_bytes_copy(&node->durable, &d->nodes[i].durable);
        disk_names_copy(&node->durable_names, &d->nodes[i].durable_names);
    }
    for (size_t i = 0; i < count; i++) {
        if (choice->fates[i] == DISK_ABSENT) continue;
        const disk_pending *kept = &d->nodes[pending[i].node].pending[pending[i].index];
        apply_kept(&left->nodes[pending[i].node], kept, choice->fates[i], &random);
    }
    for (uint32_t i = 0; i < d->node_count; i++) {
        disk_node *node = &left->nodes[i];
        if (is_named[i] && !node->is_directory && d->nodes[i].pending_count != 0) {
            set_size(node, &d->nodes[i], choice->size_rule);
        }
        disk_bytes_copy(&node->live, &node->durable);
        disk_names_copy(&node->live_names, &node->durable_names);
    }
    harness_free(pending);
    harness_free(is_named);
    return left;
}
