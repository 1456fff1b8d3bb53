// SPDX-License-Identifier: Apache-2.0
// The list of held snapshots.
#include "lsm/snapshot.h"

#include <assert.h>

#include "base/memory.h"
#include "base/status.h"

void fe_snapshot_list_add(fe_snapshot_list *list, fe_snapshot *snapshot, uint64_t sequence,
                          uint64_t time_ms)
{
    assert(list->newest == NULL || list->newest->sequence <= sequence);
    assert(list->newest == NULL || list->newest->time_ms <= time_ms);
    snapshot->sequence = sequence;
    snapshot->time_ms = time_ms;
    snapshot->newer = NULL;
    snapshot->older = list->newest;
    if (list->newest != NULL) {
        list->newest->newer = snapshot;
    } else {
        list->oldest = snapshot;
    }
    list->newest = snapshot;
    list->count++;
}

void fe_snapshot_list_remove(fe_snapshot_list *list, fe_snapshot *snapshot)
{
    if (snapshot->older != NULL) {
        snapshot->older->newer = snapshot->newer;
    } else {
        list->oldest = snapshot->newer;
    }
    if (snapshot->newer != NULL) {
        snapshot->newer->older = snapshot->older;
    } else {
        list->newest = snapshot->older;
    }
    list->count--;
}

ferric_status fe_snapshot_list_copy(const fe_snapshot_list *list, uint64_t **sequences,
                                    size_t *count)
{
    *sequences = NULL;
    *count = 0;
    if (list->count == 0) return FERRIC_OK;
    *sequences = fe_alloc(list->count * sizeof **sequences);
    if (*sequences == NULL) return fe_no_memory("the snapshots", list->count * sizeof **sequences);
    for (const fe_snapshot *each = list->oldest; each != NULL; each = each->newer) {
        if (*count > 0 && (*sequences)[*count - 1] == each->sequence) continue;
        (*sequences)[(*count)++] = each->sequence;
    }
    return FERRIC_OK;
}

uint64_t fe_snapshot_stripe(const uint64_t *sequences, size_t count, uint64_t sequence)
{
    size_t low = 0;
    size_t high = count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (sequences[middle] < sequence) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low == count ? UINT64_MAX : sequences[low];
}
