// SPDX-License-Identifier: Apache-2.0
// Ranges as offsets into one buffer of keys.
#include "txn/read_set.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/slice.h"
#include "base/status.h"

// Fewer than this are not worth the sorting.
#define UNORDERED_MIN 64

typedef struct stored_range {
    size_t offset; // Of the lower key; the upper one stands behind it.
    size_t lower_size;
    size_t upper_size;
} stored_range;

typedef struct range {
    ferric_slice lower;
    ferric_slice upper;
} range;

void fe_read_set_deinit(fe_read_set *set)
{
    fe_buffer_deinit(&set->keys);
    fe_buffer_deinit(&set->ranges);
    *set = (fe_read_set){0};
}

void fe_read_set_at(const fe_read_set *set, size_t index, ferric_slice *lower, ferric_slice *upper)
{
    stored_range at;
    const uint8_t *keys = set->keys.data;

    assert(index < set->count);
    memcpy(&at, (const uint8_t *)set->ranges.data + index * sizeof at, sizeof at);
    *lower = fe_slice(keys + at.offset, at.lower_size);
    *upper = fe_slice(keys + at.offset + at.lower_size, at.upper_size);
}

static ferric_status append(fe_read_set *set, ferric_slice lower, ferric_slice upper)
{
    stored_range added = {set->keys.size, lower.size, upper.size};
    ferric_status status = fe_buffer_reserve(&set->keys, lower.size + upper.size);

    if (status == FERRIC_OK) status = fe_buffer_append(&set->ranges, &added, sizeof added);
    if (status != FERRIC_OK) return status;
    status = fe_buffer_append(&set->keys, lower.data, lower.size);
    if (status == FERRIC_OK && upper.size > 0) {
        status = fe_buffer_append(&set->keys, upper.data, upper.size);
    }
    assert(status == FERRIC_OK); // Room was made above.
    set->count++;
    return status;
}

ferric_status fe_read_set_add(fe_read_set *set, ferric_slice lower, ferric_slice upper)
{
    if (set->count >= UNORDERED_MIN && set->count >= 2 * set->ordered_count) {
        ferric_status status = fe_read_set_order(set);
        if (status != FERRIC_OK) return status;
    }
    return append(set, lower, upper);
}

// ---- Order ----------------------------------------------------------------------------------

static int compare_ranges(const void *left, const void *right)
{
    return fe_slice_compare(((const range *)left)->lower, ((const range *)right)->lower);
}

// Makes `last` include `next`, which does not begin before it. Returns false when the two stand
// apart.
static bool unite(range *last, const range *next)
{
    if (last->upper.size == 0) { // A key, which only a range that begins with it has in common.
        if (!fe_slice_equal(last->lower, next->lower)) return false;
        last->upper = next->upper;
        return true;
    }
    if (next->upper.size == 0) return fe_slice_compare(next->lower, last->upper) < 0;
    if (fe_slice_compare(next->lower, last->upper) > 0) return false;
    if (fe_slice_compare(next->upper, last->upper) > 0) last->upper = next->upper;
    return true;
}

// Sorts and unites. Returns how many are left.
static size_t order_ranges(range *ranges, size_t count)
{
    size_t kept = 0;

    qsort(ranges, count, sizeof *ranges, compare_ranges);
    for (size_t i = 0; i < count; i++) {
        if (kept > 0 && unite(&ranges[kept - 1], &ranges[i])) continue;
        ranges[kept++] = ranges[i];
    }
    return kept;
}

ferric_status fe_read_set_order(fe_read_set *set)
{
    fe_read_set ordered = {0};
    range *ranges;
    size_t kept;
    ferric_status status = FERRIC_OK;

    if (set->count == 0) return FERRIC_OK;
    ranges = fe_alloc(set->count * sizeof *ranges);
    if (ranges == NULL) {
        return fe_no_memory("what a transaction has read", set->count * sizeof *ranges);
    }
    for (size_t i = 0; i < set->count; i++)
        fe_read_set_at(set, i, &ranges[i].lower, &ranges[i].upper);
    kept = order_ranges(ranges, set->count);
    for (size_t i = 0; i < kept && status == FERRIC_OK; i++)
        status = append(&ordered, ranges[i].lower, ranges[i].upper);
    fe_free(ranges);
    if (status != FERRIC_OK) {
        fe_read_set_deinit(&ordered);
        return status;
    }
    fe_read_set_deinit(set);
    *set = ordered;
    set->ordered_count = set->count;
    return FERRIC_OK;
}
