// SPDX-License-Identifier: Apache-2.0
// From ranges that overlap to pieces that do not: a sweep over their bounds, with the ranges that
// are open at each.
#include "lsm/range_collector.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/seeded_bug.h"
#include "base/status.h"
#include "lsm/open_table.h"
#include "lsm/snapshot.h"

typedef struct found_range {
    ferric_slice lower;
    ferric_slice upper;
    uint64_t sequence;
} found_range;

void fe_range_collector_deinit(fe_range_collector *collector)
{
    fe_range_deletes_deinit(&collector->ranges);
    fe_buffer_deinit(&collector->found);
    fe_arena_deinit(&collector->keys);
}

ferric_status fe_range_collector_add(fe_range_collector *collector, ferric_slice lower,
                                     ferric_slice upper, uint64_t sequence)
{
    found_range found = {.sequence = sequence};
    ferric_status status = fe_arena_copy(&collector->keys, lower, &found.lower);

    if (status == FERRIC_OK) status = fe_arena_copy(&collector->keys, upper, &found.upper);
    if (status != FERRIC_OK) return status;
    return fe_buffer_append(&collector->found, &found, sizeof found);
}

ferric_status fe_range_collector_add_all(fe_range_collector *collector,
                                         const fe_range_deletes *ranges)
{
    ferric_status status = FERRIC_OK;

    for (size_t i = 0; i < ranges->count; i++) {
        const fe_range_piece *piece = &ranges->pieces[i];
        for (uint32_t j = 0; j < piece->count && status == FERRIC_OK; j++) {
            status =
                fe_range_collector_add(collector, piece->lower, piece->upper, piece->sequences[j]);
        }
    }
    return status;
}

static ferric_status add_visited(void *context, ferric_slice lower, ferric_slice upper,
                                 uint64_t sequence)
{
    return fe_range_collector_add(context, lower, upper, sequence);
}

ferric_status fe_range_collector_add_memtable(fe_range_collector *collector,
                                              const fe_memtable *memtable,
                                              const uint64_t *snapshots, size_t count)
{
    const fe_range_tree *ranges = fe_memtable_ranges(memtable);
    ferric_status status = FERRIC_OK;

    if (fe_range_tree_is_empty(ranges)) return FERRIC_OK;
    for (size_t i = 0; i < count && status == FERRIC_OK; i++) {
        uint64_t newer = i + 1 < count ? snapshots[i + 1] : FE_SEQUENCE_MAX;
        if (fe_range_tree_is_same(ranges, snapshots[i], newer)) continue;
        status = fe_range_tree_visit(ranges, snapshots[i], add_visited, collector);
    }
    if (status != FERRIC_OK) return status;
    return fe_range_tree_visit(ranges, FE_SEQUENCE_MAX, add_visited, collector);
}

ferric_status fe_range_collector_add_table(fe_range_collector *collector, fe_table_cache *tables,
                                           fe_table_file *file)
{
    fe_epoch *epoch = fe_table_cache_epoch(tables);
    const fe_range_deletes *ranges;
    fe_open_table *open;
    ferric_status status;

    if (file->range_deletes == 0) return FERRIC_OK;
    fe_epoch_enter(epoch);
    status = fe_open_table_find(tables, file, &open);
    ranges = status == FERRIC_OK ? fe_table_range_deletes(open->table) : NULL;
    if (ranges != NULL) status = fe_range_collector_add_all(collector, ranges);
    fe_epoch_leave(epoch);
    return status;
}

// ---- The sweep ------------------------------------------------------------------------------

typedef struct sweep {
    const found_range *found; // By lower key.
    size_t count;
    size_t next;  // The first that does not begin before the current key.
    size_t *open; // Those that have begun and not ended.
    size_t open_count;
    ferric_slice *bounds; // All bounds in order, each once.
    size_t bound_count;
    const uint64_t *snapshots;
    size_t snapshot_count;
    ferric_buffer pieces;    // Array of fe_range_piece; their numbers are set at the end.
    ferric_buffer sequences; // Of all pieces.
} sweep;

static int compare_found(const void *left, const void *right)
{
    return fe_slice_compare(((const found_range *)left)->lower,
                            ((const found_range *)right)->lower);
}

static int compare_bounds(const void *left, const void *right)
{
    return fe_slice_compare(*(const ferric_slice *)left, *(const ferric_slice *)right);
}

static int compare_newest_first(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left;
    uint64_t b = *(const uint64_t *)right;
    return a > b ? -1 : a < b;
}

static ferric_status begin_sweep(sweep *self)
{
    size_t kept = 0;

    self->open = fe_alloc_zero(self->count, sizeof *self->open);
    self->bounds = fe_alloc_zero(self->count * 2, sizeof *self->bounds);
    if (self->open == NULL || self->bounds == NULL)
        return fe_no_memory("range deletes", self->count * 2 * sizeof *self->bounds);
    for (size_t i = 0; i < self->count; i++) {
        self->bounds[self->bound_count++] = self->found[i].lower;
        self->bounds[self->bound_count++] = self->found[i].upper;
    }
    qsort(self->bounds, self->bound_count, sizeof *self->bounds, compare_bounds);
    for (size_t i = 0; i < self->bound_count; i++) {
        if (kept > 0 && fe_slice_equal(self->bounds[kept - 1], self->bounds[i])) continue;
        self->bounds[kept++] = self->bounds[i];
    }
    self->bound_count = kept;
    return FERRIC_OK;
}

// Opens and closes ranges, so that those are open that have the key `at`.
static void move_to(sweep *self, ferric_slice at)
{
    size_t kept = 0;

    for (size_t i = 0; i < self->open_count; i++) {
        if (fe_slice_compare(self->found[self->open[i]].upper, at) > 0)
            self->open[kept++] = self->open[i];
    }
    self->open_count = kept;
    while (self->next < self->count && fe_slice_compare(self->found[self->next].lower, at) <= 0)
        self->open[self->open_count++] = self->next++;
}

// Drops the numbers that no snapshot tells from a newer one. Returns how many are left.
static size_t thin_out(const sweep *self, uint64_t *sequences, size_t count)
{
    uint64_t stripe = 0;
    size_t kept = 0;

    qsort(sequences, count, sizeof *sequences, compare_newest_first);
    for (size_t i = 0; i < count; i++) {
        uint64_t own = fe_snapshot_stripe(self->snapshots, self->snapshot_count, sequences[i]);
        if (kept > 0 && own == stripe) continue;
        stripe = own;
        sequences[kept++] = sequences[i];
    }
    return kept;
}

static fe_range_piece *last_piece(const sweep *self)
{
    if (self->pieces.size == 0) return NULL;
    return (fe_range_piece *)(void *)((uint8_t *)self->pieces.data + self->pieces.size) - 1;
}

// Makes the piece before longer when it ends where this one begins and says the same.
static bool prolong(const sweep *self, const fe_range_piece *piece, const uint64_t *sequences)
{
    fe_range_piece *last = last_piece(self);

    if (last == NULL || last->count != piece->count) return false;
    if (!fe_slice_equal(last->upper, piece->lower)) return false;
    if (memcmp(sequences - last->count, sequences, piece->count * sizeof *sequences) != 0)
        return false;
    last->upper = piece->upper;
    return true;
}

// The piece between two neighbouring bounds, if any range is open there.
static ferric_status add_piece(sweep *self, ferric_slice lower, ferric_slice upper)
{
    fe_range_piece piece = {.lower = lower, .upper = upper};
    uint64_t *sequences;
    ferric_status status = FERRIC_OK;

    if (self->open_count == 0) return FERRIC_OK;
    status = fe_buffer_reserve(&self->sequences, self->open_count * sizeof *sequences);
    if (status != FERRIC_OK) return status;
    sequences = (uint64_t *)(void *)((uint8_t *)self->sequences.data + self->sequences.size);
    for (size_t i = 0; i < self->open_count; i++)
        sequences[i] = self->found[self->open[i]].sequence;
    piece.count = (uint32_t)thin_out(self, sequences, self->open_count);
    if (prolong(self, &piece, sequences)) return FERRIC_OK;
    self->sequences.size += piece.count * sizeof *sequences;
    return fe_buffer_append(&self->pieces, &piece, sizeof piece);
}

// Gives the pieces away, with the addresses of their numbers, which have moved while they grew.
static void give(sweep *self, fe_range_deletes *ranges)
{
    const uint64_t *sequences = self->sequences.data;

    *ranges = (fe_range_deletes){
        .pieces = self->pieces.data,
        .count = self->pieces.size / sizeof(fe_range_piece),
        .sequences = self->sequences.data,
        .sequence_count = self->sequences.size / sizeof(uint64_t),
    };
    for (size_t i = 0; i < ranges->count; i++) {
        ranges->pieces[i].sequences = sequences;
        sequences += ranges->pieces[i].count;
    }
    self->pieces = (ferric_buffer){0};
    self->sequences = (ferric_buffer){0};
}

ferric_status fe_range_collector_finish(fe_range_collector *collector, const uint64_t *snapshots,
                                        size_t count)
{
    sweep self = {
        .found = collector->found.data,
        .count = collector->found.size / sizeof(found_range),
        .snapshots = snapshots,
        .snapshot_count = count,
    };
    ferric_status status;

    if (self.count == 0) return FERRIC_OK;
    qsort(collector->found.data, self.count, sizeof(found_range), compare_found);
    status = begin_sweep(&self);
    for (size_t i = 0; i + 1 < self.bound_count && status == FERRIC_OK; i++) {
        move_to(&self, self.bounds[i]);
        status = add_piece(&self, self.bounds[i], self.bounds[i + 1]);
    }
    if (status == FERRIC_OK) give(&self, &collector->ranges);
    fe_buffer_deinit(&self.pieces);
    fe_buffer_deinit(&self.sequences);
    fe_free(self.open);
    fe_free(self.bounds);
    return status;
}
