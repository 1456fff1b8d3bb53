// SPDX-License-Identifier: Apache-2.0
// Scans: the transaction's writes laid over its snapshot, walked both ways, and what was read
// noted.
//
// In a serializable transaction every key between those shown was read as well, for its absence. So
// a scan keeps a span: it begins where the scan is sent, and grows with each step to what is shown,
// or to the bound behind which nothing more comes. It is noted when the scan is sent elsewhere,
// goes, or when the transaction commits.
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/seeded_bug.h"
#include "base/status.h"
#include "txn/txn_state.h"

// ---- Life -----------------------------------------------------------------------------------

// What the transaction's range deletes hide, as it is now.
static ferric_status collect_hidden(fe_txn_scan *scan)
{
    const fe_write *range = fe_write_set_ranges(&scan->txn->writes);
    ferric_status status = FERRIC_OK;

    for (; range != NULL && status == FERRIC_OK; range = range->older) {
        status = fe_range_collector_add(&scan->hidden, fe_write_lower(range), fe_write_upper(range),
                                        FE_SEQUENCE_UNCOMMITTED);
    }
    return status == FERRIC_OK ? fe_range_collector_finish(&scan->hidden, NULL, 0) : status;
}

static ferric_status open_cursor(fe_txn_scan *scan)
{
    fe_txn *txn = scan->txn;
    fe_cursor_options options = {
        .sequence = txn->sequence,
        .time_ms = txn->snapshot->time_ms,
        .lower = fe_buffer_slice(&scan->lower),
        .upper = fe_buffer_slice(&scan->upper),
        .fill_cache = true,
    };
    ferric_status status = FERRIC_OK;

    scan->mark = fe_write_set_mark(&txn->writes);
    if (txn->writes.range_count > 0) {
        status = collect_hidden(scan);
        options.hidden = &scan->hidden.ranges;
    }
    if (status == FERRIC_OK && txn->writes.key_count > 0) {
        status = fe_write_set_iterator(&txn->writes, scan->mark, &options.overlay);
    }
    if (status != FERRIC_OK) return status;
    return fe_store_cursor(txn->store, &options, &scan->cursor);
}

static void release(fe_txn_scan *scan)
{
    fe_cursor_destroy(scan->cursor);
    fe_range_collector_deinit(&scan->hidden);
    fe_buffer_deinit(&scan->lower);
    fe_buffer_deinit(&scan->upper);
    fe_buffer_deinit(&scan->span_lower);
    fe_buffer_deinit(&scan->span_upper);
    fe_free(scan);
}

static ferric_status create(fe_txn *txn, ferric_slice lower, ferric_slice upper, fe_txn_scan **scan)
{
    // Nothing has an id of four bytes 0xff: it is behind all keys.
    static const uint8_t end[] = {0xff, 0xff, 0xff, 0xff};
    fe_txn_scan *created = fe_alloc_zero(1, sizeof *created);
    ferric_status status;

    if (created == NULL) return fe_no_memory("an iterator", sizeof *created);
    created->txn = txn;
    if (upper.size == 0) upper = fe_slice(end, sizeof end);
    status = fe_buffer_assign(&created->lower, lower);
    if (status == FERRIC_OK) status = fe_buffer_assign(&created->upper, upper);
    if (status == FERRIC_OK) status = open_cursor(created);
    if (status != FERRIC_OK) {
        release(created);
        return status;
    }
    *scan = created;
    return FERRIC_OK;
}

ferric_status fe_txn_scan_create(fe_txn *txn, ferric_slice lower, ferric_slice upper,
                                 fe_txn_scan **scan)
{
    ferric_status status = fe_txn_enter(txn);

    *scan = NULL;
    if (status != FERRIC_OK) return status;
    status = create(txn, lower, upper, scan);
    if (status == FERRIC_OK) {
        atomic_fetch_add_explicit(&txn->refs, 1, memory_order_relaxed);
        (*scan)->next = txn->scans;
        if (txn->scans != NULL) txn->scans->previous = *scan;
        txn->scans = *scan;
    }
    fe_txn_leave(txn);
    return status;
}

void fe_txn_scan_destroy(fe_txn_scan *scan)
{
    fe_txn *txn;

    if (scan == NULL) return;
    txn = scan->txn;
    if (atomic_load_explicit(&txn->phase, memory_order_acquire) == FE_TXN_ACTIVE) {
        // The commit answers for what could not be noted.
        ferric_status status = fe_txn_scan_note(scan);
        if (status != FERRIC_OK && txn->lost_read == FERRIC_OK) txn->lost_read = status;
    }
    if (scan->previous != NULL) scan->previous->next = scan->next;
    if (scan->next != NULL) scan->next->previous = scan->previous;
    if (txn->scans == scan) txn->scans = scan->next;
    release(scan);
    fe_txn_unref(txn);
}

// ---- What was read --------------------------------------------------------------------------

ferric_status fe_txn_scan_note(fe_txn_scan *scan)
{
    ferric_slice lower = fe_buffer_slice(&scan->span_lower);
    ferric_slice upper = fe_buffer_slice(&scan->span_upper);
    ferric_status status;

    if (!scan->has_span || fe_slice_compare(lower, upper) >= 0) return FERRIC_OK;
    status = fe_txn_note_read(scan->txn, lower, upper);
    if (status == FERRIC_OK) scan->has_span = false;
    return status;
}

// Replaces `bound` by the first key behind `key`.
static ferric_status assign_behind(ferric_buffer *bound, ferric_slice key)
{
    static const uint8_t zero = 0;
    ferric_status status = fe_buffer_assign(bound, key);
    return status == FERRIC_OK ? fe_buffer_append(bound, &zero, 1) : status;
}

// Begins a span at `from`, the key that was sought; NULL: at the bound.
static ferric_status begin_span(fe_txn_scan *scan, bool is_forward, const ferric_slice *from)
{
    ferric_buffer *bound = is_forward ? &scan->lower : &scan->upper;
    ferric_buffer *near = is_forward ? &scan->span_lower : &scan->span_upper;
    ferric_buffer *far = is_forward ? &scan->span_upper : &scan->span_lower;
    ferric_status status = fe_txn_scan_note(scan);

    scan->has_span = false;
    if (status != FERRIC_OK) return status;
    if (from == NULL) {
        status = fe_buffer_assign(near, fe_buffer_slice(bound));
    } else if (is_forward) {
        status = fe_buffer_assign(near, *from);
    } else {
        status = assign_behind(near, *from);
    }
    if (status == FERRIC_OK) status = fe_buffer_assign(far, fe_buffer_slice(near));
    scan->has_span = status == FERRIC_OK;
    return status;
}

// Makes the span reach what is shown now, or the bound.
static ferric_status extend_span(fe_txn_scan *scan, bool is_forward, bool is_on)
{
    ferric_slice shown = fe_buffer_slice(is_forward ? &scan->upper : &scan->lower);

    if (is_on) shown = fe_cursor_entry(scan->cursor)->key;
    if (!is_forward) {
        if (fe_slice_compare(shown, fe_buffer_slice(&scan->span_lower)) >= 0) return FERRIC_OK;
        return fe_buffer_assign(&scan->span_lower, shown);
    }
    if (fe_slice_compare(shown, fe_buffer_slice(&scan->span_upper)) < 0) return FERRIC_OK;
    return is_on ? assign_behind(&scan->span_upper, shown)
                 : fe_buffer_assign(&scan->span_upper, shown);
}

// ---- Moving ---------------------------------------------------------------------------------

static bool begin_move(fe_txn_scan *scan)
{
    scan->status = fe_txn_enter(scan->txn);
    if (scan->status != FERRIC_OK) return false;
    if (scan->is_undone) {
        scan->status = fe_fail(FERRIC_INVALID_ARGUMENT,
                               "the transaction was rolled back to a savepoint before this "
                               "iterator: make a new one");
        fe_txn_leave(scan->txn);
    }
    return scan->status == FERRIC_OK;
}

// `is_on` is what the cursor answered; a read that cannot be noted is none.
static bool end_move(fe_txn_scan *scan, bool is_forward, bool is_on)
{
    scan->status = fe_cursor_status(scan->cursor);
    if (scan->status == FERRIC_OK && scan->has_span) {
        scan->status = extend_span(scan, is_forward, is_on);
    }
    fe_txn_leave(scan->txn);
    return is_on && scan->status == FERRIC_OK;
}

// What comes before every move that begins anew.
static bool begin_anew(fe_txn_scan *scan, bool is_forward, const ferric_slice *from)
{
    if (!begin_move(scan)) return false;
    if (!scan->txn->is_serializable || FE_SEEDED_BUG(FE_BUG_RANGES_NOT_CHECKED)) return true;
    scan->status = begin_span(scan, is_forward, from);
    if (scan->status != FERRIC_OK) fe_txn_leave(scan->txn);
    return scan->status == FERRIC_OK;
}

bool fe_txn_scan_first(fe_txn_scan *scan)
{
    if (!begin_anew(scan, true, NULL)) return false;
    return end_move(scan, true, fe_cursor_first(scan->cursor));
}

bool fe_txn_scan_last(fe_txn_scan *scan)
{
    if (!begin_anew(scan, false, NULL)) return false;
    return end_move(scan, false, fe_cursor_last(scan->cursor));
}

// The cursor keeps to its bounds, so a key outside of them is as good as the bound.
bool fe_txn_scan_seek(fe_txn_scan *scan, ferric_slice key)
{
    bool is_below = fe_slice_compare(key, fe_buffer_slice(&scan->lower)) < 0;

    if (!begin_anew(scan, true, is_below ? NULL : &key)) return false;
    return end_move(scan, true, fe_cursor_seek(scan->cursor, key));
}

bool fe_txn_scan_seek_before(fe_txn_scan *scan, ferric_slice key)
{
    bool is_above = fe_slice_compare(key, fe_buffer_slice(&scan->upper)) >= 0;

    if (!begin_anew(scan, false, is_above ? NULL : &key)) return false;
    return end_move(scan, false, fe_cursor_seek_before(scan->cursor, key));
}

bool fe_txn_scan_next(fe_txn_scan *scan)
{
    if (!begin_move(scan)) return false;
    return end_move(scan, true, fe_cursor_next(scan->cursor));
}

bool fe_txn_scan_prev(fe_txn_scan *scan)
{
    if (!begin_move(scan)) return false;
    return end_move(scan, false, fe_cursor_prev(scan->cursor));
}

// ---- Looking --------------------------------------------------------------------------------

bool fe_txn_scan_is_live(const fe_txn_scan *scan)
{
    return !scan->is_undone &&
           atomic_load_explicit(&scan->txn->phase, memory_order_acquire) == FE_TXN_ACTIVE;
}

ferric_status fe_txn_scan_status(const fe_txn_scan *scan)
{
    return scan->status;
}

const fe_cursor *fe_txn_scan_cursor(const fe_txn_scan *scan)
{
    return scan->cursor;
}
