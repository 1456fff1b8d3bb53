// SPDX-License-Identifier: Apache-2.0
// The snapshots that are held, and what they keep alive: a version of a key may be dropped only
// when no snapshot sees it.
#ifndef FERRIC_LSM_SNAPSHOT_H
#define FERRIC_LSM_SNAPSHOT_H

#include <ferric/ferric.h>

// A node of a list that is ordered by sequence, as snapshots are taken in that order.
typedef struct fe_snapshot {
    struct fe_snapshot *older;
    struct fe_snapshot *newer;
    uint64_t sequence;
    uint64_t time_ms; // Engine time when it was taken: what expires later, it goes on seeing.
} fe_snapshot;

// Guarded by the store's mutex.
typedef struct fe_snapshot_list {
    fe_snapshot *oldest;
    fe_snapshot *newest;
    size_t count;
} fe_snapshot_list;

// `sequence` and `time_ms` are not below any in the list.
void fe_snapshot_list_add(fe_snapshot_list *list, fe_snapshot *snapshot, uint64_t sequence,
                          uint64_t time_ms);
void fe_snapshot_list_remove(fe_snapshot_list *list, fe_snapshot *snapshot);

// The sequence numbers of all snapshots, ascending, each once: heap memory, NULL when there are
// none. Errors: FERRIC_NO_MEMORY.
ferric_status fe_snapshot_list_copy(const fe_snapshot_list *list, uint64_t **sequences,
                                    size_t *count);

// The first of `count` ascending sequence numbers that is at least `sequence`; UINT64_MAX when none
// is. Two versions of a key with the same answer are seen by the same snapshots, so only the newer
// of the two is needed.
uint64_t fe_snapshot_stripe(const uint64_t *sequences, size_t count, uint64_t sequence);

#endif
