// SPDX-License-Identifier: Apache-2.0
// Bounds of the user's as bounds of full keys.
#include "api/range.h"

#include "base/buffer.h"
#include "base/coding.h"

ferric_status fe_range_aim(const char *call, ferric_db *db, ferric_keyspace *keyspace,
                           const ferric_snapshot *snapshot, uint32_t *id, fe_moment *at)
{
    ferric_keyspace *meant;
    ferric_status status = fe_handles_check(call, db, keyspace, FE_KIND_ANY, &meant);

    if (status == FERRIC_OK) status = fe_snapshot_moment(call, db, snapshot, at);
    if (status == FERRIC_OK) status = fe_keyspace_id_at(meant, at, id);
    return status;
}

// Replaces `after` by the first key behind all that begin with `prefix`; empty when there is none.
static ferric_status assign_successor(ferric_buffer *after, ferric_slice prefix)
{
    const uint8_t *bytes = fe_slice_bytes(prefix);
    ferric_status status;

    while (prefix.size > 0 && bytes[prefix.size - 1] == 0xff)
        prefix.size--;
    status = fe_buffer_assign(after, prefix);
    if (status == FERRIC_OK && prefix.size > 0) ((uint8_t *)after->data)[prefix.size - 1]++;
    return status;
}

static ferric_status assign_full(ferric_buffer *full, uint32_t id, ferric_slice key)
{
    uint8_t bytes[FE_KEYSPACE_ID_SIZE];
    ferric_status status;

    fe_put_u32_ordered(bytes, id);
    status = fe_buffer_assign(full, fe_slice(bytes, sizeof bytes));
    return status == FERRIC_OK ? fe_buffer_append(full, key.data, key.size) : status;
}

// The keyspace, or what a prefix leaves of it; `lower` is used as scratch.
static ferric_status set_prefix(fe_walk_bounds *bounds, uint32_t id, ferric_slice prefix)
{
    ferric_status status = assign_full(&bounds->lower, id, prefix);

    if (status != FERRIC_OK) return status;
    return assign_successor(&bounds->upper, fe_buffer_slice(&bounds->lower));
}

// Moves a bound inwards.
static ferric_status narrow(ferric_buffer *bound, bool is_upper, uint32_t id, ferric_slice key)
{
    ferric_buffer full = {0};
    int order;
    ferric_status status;

    if (key.size == 0) return FERRIC_OK;
    status = assign_full(&full, id, key);
    if (status == FERRIC_OK) {
        order = fe_slice_compare(fe_buffer_slice(&full), fe_buffer_slice(bound));
        if (is_upper ? bound->size == 0 || order < 0 : order > 0) {
            ferric_buffer old = *bound;
            *bound = full;
            full = old;
        }
    }
    fe_buffer_deinit(&full);
    return status;
}

ferric_status fe_walk_bounds_init(fe_walk_bounds *bounds, uint32_t id,
                                  const ferric_iterator_options *options)
{
    ferric_status status;

    *bounds = (fe_walk_bounds){0};
    status = set_prefix(bounds, id, options->prefix);
    if (status == FERRIC_OK) status = narrow(&bounds->lower, false, id, options->lower);
    if (status == FERRIC_OK) status = narrow(&bounds->upper, true, id, options->upper);
    return status;
}

bool fe_walk_bounds_are_empty(const fe_walk_bounds *bounds)
{
    ferric_slice lower = fe_buffer_slice(&bounds->lower);
    ferric_slice upper = fe_buffer_slice(&bounds->upper);
    return upper.size != 0 && fe_slice_compare(lower, upper) >= 0;
}

void fe_walk_bounds_deinit(fe_walk_bounds *bounds)
{
    fe_buffer_deinit(&bounds->lower);
    fe_buffer_deinit(&bounds->upper);
}

ferric_status fe_range_cursor(fe_store *store, uint32_t id, fe_moment at,
                              const ferric_iterator_options *options, bool fill_cache,
                              bool keys_only, fe_cursor **cursor)
{
    fe_walk_bounds bounds;
    ferric_status status = fe_walk_bounds_init(&bounds, id, options);

    *cursor = NULL;
    if (status == FERRIC_OK && !fe_walk_bounds_are_empty(&bounds)) {
        fe_cursor_options cursor_options = {
            .sequence = at.sequence,
            .time_ms = at.time_ms,
            .lower = fe_buffer_slice(&bounds.lower),
            .upper = fe_buffer_slice(&bounds.upper),
            .fill_cache = fill_cache,
            .keys_only = keys_only,
        };
        status = fe_store_cursor(store, &cursor_options, cursor);
    }
    fe_walk_bounds_deinit(&bounds);
    return status;
}
