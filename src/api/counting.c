// SPDX-License-Identifier: Apache-2.0
// How many keys there are: exactly, by a walk, or about, from what the tables say of themselves.
#include "api/arguments.h"
#include "api/range.h"
#include "base/status.h"

#define KEYS_PER_LOOK 1024 // How many keys are counted between two looks for an interruption.

static ferric_status count_keys(fe_store *store, fe_cursor *cursor, uint64_t *count)
{
    uint32_t interrupts = fe_store_interrupts(store);
    bool is_on = fe_cursor_first(cursor);

    for (; is_on; is_on = fe_cursor_next(cursor)) {
        (*count)++;
        if (*count % KEYS_PER_LOOK == 0 && fe_store_interrupts(store) != interrupts) {
            return fe_fail(FERRIC_INTERRUPTED, "ferric_count was interrupted");
        }
    }
    return fe_cursor_status(cursor);
}

ferric_status ferric_count(ferric_db *db, ferric_keyspace *keyspace, ferric_slice lower,
                           ferric_slice upper, const ferric_read_options *options, uint64_t *count)
{
    const char *call = "ferric_count";
    ferric_iterator_options range = FERRIC_ITERATOR_OPTIONS_INIT;
    ferric_read_options taken;
    fe_cursor *cursor = NULL;
    fe_moment at;
    uint32_t id;
    ferric_status status;

    if (count == NULL) return fe_argument_is_null(call, "count");
    *count = 0;
    status = fe_slice_check(call, "lower", lower);
    if (status == FERRIC_OK) status = fe_slice_check(call, "upper", upper);
    if (status == FERRIC_OK) status = fe_read_options_take(options, &taken);
    if (status == FERRIC_OK) status = fe_range_aim(call, db, keyspace, taken.snapshot, &id, &at);
    if (status == FERRIC_NOT_FOUND) return FERRIC_OK; // A keyspace that is not there has no keys.
    if (status != FERRIC_OK) return status;
    range.lower = lower;
    range.upper = upper;
    // Blocks that are read once for counting do not drive others out of the cache.
    status = fe_range_cursor(db->store, id, at, &range, false, true, &cursor);
    if (status == FERRIC_OK && cursor != NULL) status = count_keys(db->store, cursor, count);
    fe_cursor_destroy(cursor);
    if (status != FERRIC_OK) *count = 0;
    return status;
}

ferric_status ferric_count_estimate(ferric_db *db, uint64_t *count)
{
    const char *call = "ferric_count_estimate";
    ferric_status status;

    if (count == NULL) return fe_argument_is_null(call, "count");
    *count = 0;
    status = fe_db_check(call, db);
    if (status == FERRIC_OK) *count = fe_store_count_estimate(db->store);
    return status;
}
