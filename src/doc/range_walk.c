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
    fe_buffer_deinit(&walk->lower);
    fe_buffer_deinit(&walk->upper);
}

// Goes to the next range. An empty upper end is that of the keyspace.
static ferric_status begin_range(fe_range_walk *walk)
{
    size_t count = walk->ranges->count;
    size_t at = walk->is_reverse ? count - 1 - walk->next : walk->next;
    const fe_range *range = &walk->ranges->ranges[at];
    uint32_t behind = range->upper.size == 0 ? walk->keyspace + 1 : walk->keyspace;
    ferric_status status = fe_stored_key(walk->keyspace, range->lower, &walk->lower);

    if (status == FERRIC_OK) status = fe_stored_key(behind, range->upper, &walk->upper);
    if (status != FERRIC_OK) return status;
    fe_state_walk_deinit(&walk->walk);
    walk->next++;
    walk->is_in_range = true;
    return fe_state_walk_init(&walk->walk, walk->state, fe_buffer_slice(&walk->lower),
                              fe_buffer_slice(&walk->upper), walk->is_reverse);
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
    while (*entries < entries_max && fe_range_walk_next(&walk, &status) != NULL)
        ++*entries;
    fe_range_walk_deinit(&walk);
    *is_complete = *entries < entries_max;
    return status;
}
