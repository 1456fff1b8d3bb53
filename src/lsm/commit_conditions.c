// SPDX-License-Identifier: Apache-2.0
// Conditions of commits: what a batch asks of the store, checked by the leader of its group.
//
// They see everything that has a number, published or not, and what the batches before in the same
// group will do. Ranges are looked through twice: ahead of the turn, by the thread that commits,
// with all the reading this takes; and in the turn for what came since, which mostly stands in the
// newest memtable.
#include <inttypes.h>

#include "base/buffer.h"
#include "base/checksum.h"
#include "base/seeded_bug.h"
#include "base/status.h"
#include "lsm/changes.h"
#include "lsm/lookup.h"
#include "lsm/store_state.h"

// ---- Versions -------------------------------------------------------------------------------

static ferric_status fail_ahead(const fe_store *store, uint64_t version)
{
    return fe_fail(FERRIC_CORRUPT,
                   "%s: a table has version %" PRIu64 " of a key, and the newest commit is %" PRIu64
                   ": run `ferric repair`",
                   store->directory, version, store->last_sequence);
}

// The newest version of a key in the store, published or not; 0 when it is absent, deleted or
// expired. REQUIRES: the turn.
static ferric_status newest_version(fe_store *store, ferric_slice key, fe_moment *at,
                                    uint64_t *version)
{
    fe_found found;
    ferric_status status;

    fe_epoch_enter(store->epoch);
    status = fe_view_find(atomic_load_explicit(&store->view, memory_order_acquire), key,
                          fe_hash64(key.data, key.size), FE_SEQUENCE_MAX, &found);
    *version = 0;
    if (status == FERRIC_OK && found.is_found && fe_store_is_live(store, at, &found.entry)) {
        *version = found.entry.sequence;
    }
    // No reader sees such an entry: a writer that tries again after each conflict would never end.
    if (*version > store->last_sequence) status = fail_ahead(store, *version);
    fe_epoch_leave(store->epoch);
    return status;
}

// What batches before `end` in the group do to a key; *version stays when none touches it.
static ferric_status version_in_group(fe_store *store, const fe_write_group *group,
                                      const fe_write_request *end, ferric_slice key, fe_moment *at,
                                      uint64_t *version)
{
    for (const fe_write_request *each = group->first; each != end; each = each->next) {
        fe_batch_reader reader = fe_batch_reader_of(fe_buffer_slice(&each->batch->operations));
        if (each->status != FERRIC_OK) continue;
        for (uint32_t i = 0; i < each->batch->count; i++) {
            fe_entry entry;
            ferric_status status = fe_batch_reader_next(&reader, &entry);
            if (status != FERRIC_OK) return status;
            if (!fe_operation_touches(&entry, key)) continue;
            *version = entry.kind != FE_ENTRY_RANGE_DELETE && fe_store_is_live(store, at, &entry)
                           ? each->sequence
                           : 0;
        }
    }
    return FERRIC_OK;
}

static ferric_status check_versions(fe_store *store, const fe_write_group *group,
                                    const fe_write_request *request)
{
    fe_moment at = fe_moment_newest(); // One time for all conditions of a batch.

    for (size_t i = 0; i < request->batch->condition_count; i++) {
        uint64_t allowed;
        uint64_t version;
        ferric_slice key = fe_write_batch_condition(request->batch, i, &allowed);
        ferric_status status = newest_version(store, key, &at, &version);
        if (status == FERRIC_OK && !FE_SEEDED_BUG(FE_BUG_CONDITION_SEES_PUBLISHED)) {
            status = version_in_group(store, group, request, key, &at, &version);
        }
        if (status != FERRIC_OK) return status;
        if (version != allowed) return FERRIC_CONFLICT;
    }
    return FERRIC_OK;
}

// ---- Ranges ---------------------------------------------------------------------------------

static ferric_status check_range(fe_store *store, const fe_view *view, ferric_slice lower,
                                 ferric_slice upper, uint64_t since)
{
    bool is_changed;
    ferric_status status;

    if (upper.size > 0) {
        status = fe_view_range_changed(store->epoch, view, lower, upper, since, &is_changed);
    } else {
        fe_epoch_enter(store->epoch);
        status = fe_view_key_changed(view, lower, since, &is_changed);
        fe_epoch_leave(store->epoch);
    }
    return status == FERRIC_OK && is_changed ? FERRIC_CONFLICT : status;
}

static ferric_status check_ranges(fe_store *store, const fe_write_batch *batch, uint64_t since)
{
    fe_view *view = fe_store_view(store);
    ferric_status status = FERRIC_OK;

    for (size_t i = 0; i < batch->range_count && status == FERRIC_OK; i++) {
        ferric_slice lower;
        ferric_slice upper;
        fe_write_batch_range(batch, i, &lower, &upper);
        status = check_range(store, view, lower, upper, since);
    }
    fe_view_unref(view);
    return status;
}

// Whether one of the batch's ranges has a key that the operation writes. They are in order and have
// no key in common.
static bool has_range_over(const fe_write_batch *batch, const fe_entry *operation)
{
    ferric_slice first = operation->key;
    ferric_slice lower;
    ferric_slice upper;
    size_t begin = 0;
    size_t end = batch->range_count;

    while (begin < end) { // The ranges before `begin` start at or before the first key.
        size_t middle = begin + (end - begin) / 2;
        fe_write_batch_range(batch, middle, &lower, &upper);
        if (fe_slice_compare(lower, first) <= 0) {
            begin = middle + 1;
        } else {
            end = middle;
        }
    }
    if (operation->kind == FE_ENTRY_RANGE_DELETE && begin < batch->range_count) {
        fe_write_batch_range(batch, begin, &lower, &upper);
        if (fe_range_ends_behind(operation, lower)) return true;
    }
    if (begin == 0) return false;
    fe_write_batch_range(batch, begin - 1, &lower, &upper);
    return upper.size == 0 ? fe_slice_equal(lower, first) : fe_slice_compare(first, upper) < 0;
}

// Whether batches before the request in its group write into its ranges.
static ferric_status check_group(const fe_write_group *group, const fe_write_request *request)
{
    for (const fe_write_request *each = group->first; each != request; each = each->next) {
        fe_batch_reader reader = fe_batch_reader_of(fe_buffer_slice(&each->batch->operations));
        if (each->status != FERRIC_OK) continue;
        for (uint32_t i = 0; i < each->batch->count; i++) {
            fe_entry entry;
            ferric_status status = fe_batch_reader_next(&reader, &entry);
            if (status != FERRIC_OK) return status;
            if (has_range_over(request->batch, &entry)) return FERRIC_CONFLICT;
        }
    }
    return FERRIC_OK;
}

// ---- Both -----------------------------------------------------------------------------------

ferric_status fe_conditions_look_ahead(fe_store *store, const fe_write_batch *batch,
                                       uint64_t *looked_up_to)
{
    *looked_up_to = batch->unchanged_since;
    if (batch->range_count == 0 || FE_SEEDED_BUG(FE_BUG_CONDITION_NOT_CHECKED)) return FERRIC_OK;
    // First the number, then the view: so the view has everything up to the number.
    *looked_up_to = fe_store_last_sequence(store);
    if (*looked_up_to == batch->unchanged_since || FE_SEEDED_BUG(FE_BUG_LOOK_AHEAD_NOT_MADE)) {
        return FERRIC_OK; // Nobody has committed since.
    }
    return check_ranges(store, batch, batch->unchanged_since);
}

ferric_status fe_conditions_check(fe_store *store, const fe_write_group *group,
                                  const fe_write_request *request)
{
    ferric_status status;

    if (FE_SEEDED_BUG(FE_BUG_CONDITION_NOT_CHECKED)) return FERRIC_OK;
    status = check_versions(store, group, request);
    if (status != FERRIC_OK || request->batch->range_count == 0) return status;
    if (store->last_sequence > request->looked_up_to && !FE_SEEDED_BUG(FE_BUG_TURN_NOT_CHECKED)) {
        status = check_ranges(store, request->batch, request->looked_up_to);
    }
    if (status == FERRIC_OK && !FE_SEEDED_BUG(FE_BUG_CONDITION_SEES_PUBLISHED)) {
        status = check_group(group, request);
    }
    return status;
}
