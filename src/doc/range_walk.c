// SPDX-License-Identifier: Apache-2.0
// Ranges one after another; see range_walk.h.
#include "doc/range_walk.h"

#include "base/buffer.h"
#include "doc/stored_key.h"

void fe_range_walk_init(fe_range_walk *walk, const fe_state *state, uint32_t keyspace,
                        const fe_index_ranges *ranges, bool is_reverse)
{
    *walk = (fe_range_walk){
        .state = state, .keyspace = keyspace, .ranges = ranges, .is_reverse = is_reverse};
}

void fe_range_walk_deinit(fe_range_walk *walk)
{
    fe_state_walk_deinit(&walk->walk);
    fe_buffer_deinit(&walk->bounds);
}

// Goes to the next range, whose ends it tells. An empty upper end is that of the keyspace.
static ferric_status find_bounds(fe_range_walk *walk, ferric_slice *lower, ferric_slice *upper)
{
    size_t count = walk->ranges->count;
    size_t at = walk->is_reverse ? count - 1 - walk->next : walk->next;
    const fe_range *range = &walk->ranges->ranges[at];
    uint32_t behind = range->upper.size == 0 ? walk->keyspace + 1 : walk->keyspace;
    ferric_status status;

    fe_buffer_clear(&walk->bounds);
    status = fe_stored_key_append(walk->keyspace, range->lower, &walk->bounds);
    if (status == FERRIC_OK) status = fe_stored_key_append(behind, range->upper, &walk->bounds);
    if (status != FERRIC_OK) return status;
    *lower = fe_slice(walk->bounds.data, FE_KEYSPACE_ID_SIZE + range->lower.size);
    *upper = fe_slice_from(fe_buffer_slice(&walk->bounds), lower->size);
    walk->next++;
    return FERRIC_OK;
}

static ferric_status begin_range(fe_range_walk *walk)
{
    ferric_slice lower;
    ferric_slice upper;
    ferric_status status = find_bounds(walk, &lower, &upper);

    if (status != FERRIC_OK) return status;
    fe_state_walk_deinit(&walk->walk);
    walk->is_in_range = true;
    return fe_state_walk_init(&walk->walk, walk->state, lower, upper, walk->is_reverse);
}

const fe_entry *fe_range_walk_next(fe_range_walk *walk, ferric_status *status)
{
    *status = FERRIC_OK;
    for (;;) {
        if (walk->is_in_range) {
            const fe_entry *entry = fe_state_walk_next(&walk->walk, status);
            if (entry != NULL || *status != FERRIC_OK) return entry;
            walk->is_in_range = false;
        }
        if (walk->next == walk->ranges->count) return NULL;
        *status = begin_range(walk);
        if (*status != FERRIC_OK) return NULL;
    }
}

ferric_status fe_ranges_count(const fe_state *state, uint32_t keyspace,
                              const fe_index_ranges *ranges, uint64_t entries_max,
                              uint64_t *entries, bool *is_complete)
{
    fe_range_walk walk;
    ferric_status status = FERRIC_OK;

    *entries = 0;
    fe_range_walk_init(&walk, state, keyspace, ranges, false);
    while (status == FERRIC_OK && *entries < entries_max && walk.next < ranges->count) {
        ferric_slice lower;
        ferric_slice upper;
        status = find_bounds(&walk, &lower, &upper);
        if (status == FERRIC_OK) {
            status = fe_state_count(state, lower, upper, entries_max, entries);
        }
    }
    fe_range_walk_deinit(&walk);
    *is_complete = *entries < entries_max;
    return status;
}
