// SPDX-License-Identifier: Apache-2.0
// One way to read for queries with and without a transaction; see state.h.
#include "doc/state.h"

static ferric_status create_cursor(const fe_state *state, ferric_slice lower, ferric_slice upper,
                                   bool keys_only, fe_cursor **cursor)
{
    fe_cursor_options options = {.sequence = state->at.sequence,
                                 .time_ms = state->at.time_ms,
                                 .lower = lower,
                                 .upper = upper,
                                 .keys_only = keys_only,
                                 .fill_cache = true};
    return fe_store_cursor(state->store, &options, cursor);
}

ferric_status fe_state_walk_init(fe_state_walk *walk, const fe_state *state, ferric_slice lower,
                                 ferric_slice upper, bool is_reverse)
{
    *walk = (fe_state_walk){.is_reverse = is_reverse};
    if (state->txn != NULL) return fe_txn_scan_create(state->txn, lower, upper, &walk->scan);
    return create_cursor(state, lower, upper, false, &walk->cursor);
}

void fe_state_walk_deinit(fe_state_walk *walk)
{
    fe_cursor_destroy(walk->cursor);
    fe_txn_scan_destroy(walk->scan);
    *walk = (fe_state_walk){0};
}

static bool move_scan(fe_state_walk *walk)
{
    if (!walk->is_begun) {
        return walk->is_reverse ? fe_txn_scan_last(walk->scan) : fe_txn_scan_first(walk->scan);
    }
    return walk->is_reverse ? fe_txn_scan_prev(walk->scan) : fe_txn_scan_next(walk->scan);
}

static bool move_cursor(fe_state_walk *walk)
{
    if (!walk->is_begun) {
        return walk->is_reverse ? fe_cursor_last(walk->cursor) : fe_cursor_first(walk->cursor);
    }
    return walk->is_reverse ? fe_cursor_prev(walk->cursor) : fe_cursor_next(walk->cursor);
}

const fe_entry *fe_state_walk_next(fe_state_walk *walk, ferric_status *status)
{
    bool is_valid = walk->scan != NULL ? move_scan(walk) : move_cursor(walk);

    walk->is_begun = true;
    *status = walk->scan != NULL ? fe_txn_scan_status(walk->scan) : fe_cursor_status(walk->cursor);
    if (!is_valid) return NULL;
    return fe_cursor_entry(walk->scan != NULL ? fe_txn_scan_cursor(walk->scan) : walk->cursor);
}

static ferric_status count_scan(fe_txn_scan *scan, uint64_t count_max, uint64_t *count)
{
    bool is_on = fe_txn_scan_first(scan);

    for (; is_on && *count < count_max; is_on = fe_txn_scan_next(scan))
        ++*count;
    return fe_txn_scan_status(scan);
}

static ferric_status count_cursor(fe_cursor *cursor, uint64_t count_max, uint64_t *count)
{
    bool is_on = fe_cursor_first(cursor);

    for (; is_on && *count < count_max; is_on = fe_cursor_next(cursor))
        ++*count;
    return fe_cursor_status(cursor);
}

ferric_status fe_state_count(const fe_state *state, ferric_slice lower, ferric_slice upper,
                             uint64_t count_max, uint64_t *count)
{
    fe_cursor *cursor = NULL;
    fe_txn_scan *scan = NULL;
    ferric_status status;

    if (state->txn != NULL) {
        status = fe_txn_scan_create(state->txn, lower, upper, &scan);
        if (status == FERRIC_OK) status = count_scan(scan, count_max, count);
    } else {
        status = create_cursor(state, lower, upper, true, &cursor);
        if (status == FERRIC_OK) status = count_cursor(cursor, count_max, count);
    }
    fe_txn_scan_destroy(scan);
    fe_cursor_destroy(cursor);
    return status;
}

uint64_t fe_state_walk_expiry(const fe_state_walk *walk)
{
    return fe_cursor_expiry(walk->scan != NULL ? fe_txn_scan_cursor(walk->scan) : walk->cursor);
}

ferric_status fe_state_get(const fe_state *state, ferric_slice key, ferric_buffer *value,
                           fe_meta *meta)
{
    if (state->txn != NULL) return fe_txn_get(state->txn, key, value, meta);
    return fe_store_read(state->store, key, state->at, value, meta);
}
