// SPDX-License-Identifier: Apache-2.0
// Iterators: a cursor of the store inside the bounds of one keyspace, walked in either direction.
//
//   NEW ── next, first ──> ON ── next behind the last ──> BEHIND
//    └──── prev, last ───> ON ── prev before the first ─> BEHIND
//   BEHIND stays so, also after a failure, until first, last or seek.
//
// A keyspace that did not exist when the iterator was made is an iterator without a cursor: empty,
// for it sees one state however long it lives. One of a transaction has a scan, whose cursor it is.
#include "api/arguments.h"
#include "api/range.h"
#include "api/txns.h"
#include "base/buffer.h"
#include "base/memory.h"
#include "base/status.h"

#define STEPS_PER_SAMPLE 64 // Steps are counted in bundles; one of each is timed.

typedef enum place {
    PLACE_NEW = 0,
    PLACE_ON = 1,
    PLACE_BEHIND = 2,
} place;

struct ferric_iterator {
    fe_store *store;   // A reference.
    fe_cursor *cursor; // NULL: nothing to see, or there is a scan.
    fe_txn_scan *scan; // Of a transaction.
    uint32_t keyspace;
    bool is_reverse;
    bool is_keys_only;
    place place;
    ferric_status status;
    uint32_t uncounted_steps;
};

// ---- Making ---------------------------------------------------------------------------------

ferric_status ferric_iterator_create(ferric_db *db, ferric_keyspace *keyspace,
                                     const ferric_iterator_options *options,
                                     ferric_iterator **iterator)
{
    const char *call = "ferric_iterator_create";
    ferric_iterator_options taken;
    ferric_iterator *created;
    fe_moment at;
    uint32_t id = 0;
    ferric_status status;

    if (iterator == NULL) return fe_argument_is_null(call, "iterator");
    *iterator = NULL;
    status = fe_iterator_options_take(options, &taken);
    if (status != FERRIC_OK) return status;
    status = fe_range_aim(call, db, keyspace, taken.snapshot, &id, &at);
    if (status != FERRIC_OK && status != FERRIC_NOT_FOUND) return status;
    created = fe_alloc_zero(1, sizeof *created);
    if (created == NULL) return fe_no_memory("an iterator", sizeof *created);
    created->keyspace = id;
    created->is_reverse = taken.reverse;
    created->is_keys_only = taken.keys_only;
    if (status == FERRIC_OK) {
        status = fe_range_cursor(db->store, id, at, &taken, true, false, &created->cursor);
        if (status != FERRIC_OK) {
            fe_free(created);
            return status;
        }
    }
    fe_store_ref(db->store);
    created->store = db->store;
    *iterator = created;
    return FERRIC_OK;
}

// Makes the scan of a transaction's iterator; none when the bounds leave nothing.
static ferric_status open_scan(ferric_iterator *iterator, fe_txn *txn,
                               const ferric_iterator_options *options)
{
    fe_walk_bounds bounds;
    ferric_status status = fe_walk_bounds_init(&bounds, iterator->keyspace, options);

    if (status == FERRIC_OK && !fe_walk_bounds_are_empty(&bounds)) {
        status = fe_txn_scan_create(txn, fe_buffer_slice(&bounds.lower),
                                    fe_buffer_slice(&bounds.upper), &iterator->scan);
    }
    fe_walk_bounds_deinit(&bounds);
    return status;
}

ferric_status ferric_txn_iterator_create(ferric_txn *txn, ferric_keyspace *keyspace,
                                         const ferric_iterator_options *options,
                                         ferric_iterator **iterator)
{
    const char *call = "ferric_txn_iterator_create";
    ferric_iterator_options taken;
    ferric_iterator *created;
    uint32_t id = 0;
    ferric_status status;

    if (iterator == NULL) return fe_argument_is_null(call, "iterator");
    *iterator = NULL;
    status = fe_iterator_options_take(options, &taken);
    if (status == FERRIC_OK && taken.snapshot != NULL) {
        status = fe_fail(FERRIC_INVALID_ARGUMENT,
                         "%s: a transaction reads its own snapshot: leave the option NULL", call);
    }
    if (status == FERRIC_OK) status = fe_txn_aim_walk(call, txn, keyspace, &id);
    if (status != FERRIC_OK && status != FERRIC_NOT_FOUND) return status;
    created = fe_alloc_zero(1, sizeof *created);
    if (created == NULL) return fe_no_memory("an iterator", sizeof *created);
    created->keyspace = id;
    created->is_reverse = taken.reverse;
    created->is_keys_only = taken.keys_only;
    status = status == FERRIC_NOT_FOUND ? FERRIC_OK : open_scan(created, txn->held, &taken);
    if (status != FERRIC_OK) {
        fe_free(created);
        return status;
    }
    created->store = fe_txn_store(txn->held);
    fe_store_ref(created->store);
    *iterator = created;
    return FERRIC_OK;
}

static void count_steps(ferric_iterator *iterator)
{
    if (iterator->uncounted_steps == 0) return;
    fe_statistics_add_calls(fe_store_statistics(iterator->store), FERRIC_OPERATION_NEXT,
                            iterator->uncounted_steps);
    iterator->uncounted_steps = 0;
}

void ferric_iterator_destroy(ferric_iterator *iterator)
{
    if (iterator == NULL) return;
    count_steps(iterator);
    fe_cursor_destroy(iterator->cursor);
    fe_txn_scan_destroy(iterator->scan);
    fe_store_unref(iterator->store);
    fe_free(iterator);
}

// ---- Moving ---------------------------------------------------------------------------------

// Takes over where the cursor stands now.
static bool settle(ferric_iterator *iterator, bool is_on)
{
    iterator->place = is_on ? PLACE_ON : PLACE_BEHIND;
    if (is_on) return true;
    if (iterator->scan != NULL) iterator->status = fe_txn_scan_status(iterator->scan);
    if (iterator->cursor != NULL) iterator->status = fe_cursor_status(iterator->cursor);
    return false;
}

static bool go_to_end(ferric_iterator *iterator, bool to_last)
{
    if (iterator->scan != NULL) {
        return to_last ? fe_txn_scan_last(iterator->scan) : fe_txn_scan_first(iterator->scan);
    }
    return to_last ? fe_cursor_last(iterator->cursor) : fe_cursor_first(iterator->cursor);
}

static bool go_to_key(ferric_iterator *iterator, ferric_slice key)
{
    if (iterator->scan != NULL) {
        return iterator->is_reverse ? fe_txn_scan_seek_before(iterator->scan, key)
                                    : fe_txn_scan_seek(iterator->scan, key);
    }
    return iterator->is_reverse ? fe_cursor_seek_before(iterator->cursor, key)
                                : fe_cursor_seek(iterator->cursor, key);
}

static bool go_on(ferric_iterator *iterator, bool is_forward)
{
    if (FE_LIKELY(iterator->scan == NULL)) {
        return is_forward ? fe_cursor_next(iterator->cursor) : fe_cursor_prev(iterator->cursor);
    }
    return is_forward ? fe_txn_scan_next(iterator->scan) : fe_txn_scan_prev(iterator->scan);
}

// What every move looks at first. The message of a failure is this thread's.
static bool may_move(ferric_iterator *iterator)
{
    ferric_status status;

    if (iterator == NULL) return false;
    status = fe_store_check(iterator->store);
    if (FE_LIKELY(status == FERRIC_OK)) return true;
    iterator->status = status;
    iterator->place = PLACE_BEHIND;
    return false;
}

// How a move is counted: the end is FERRIC_NOT_FOUND, not a failure.
static ferric_status outcome_of(const ferric_iterator *iterator)
{
    if (iterator->place == PLACE_ON) return FERRIC_OK;
    return iterator->status == FERRIC_OK ? FERRIC_NOT_FOUND : iterator->status;
}

// `key` NULL: to the first or, `to_last`, to the last key in the iterator's direction.
static bool seek(ferric_iterator *iterator, const ferric_slice *key, bool to_last)
{
    fe_statistics *statistics = fe_store_statistics(iterator->store);
    fe_call counted = fe_statistics_begin(statistics, FERRIC_OPERATION_SEEK);
    bool is_on = false;
    fe_full_key full;

    iterator->status = FERRIC_OK;
    if (iterator->cursor == NULL && iterator->scan == NULL) {
        is_on = settle(iterator, false);
    } else if (key == NULL) {
        is_on = settle(iterator, go_to_end(iterator, iterator->is_reverse != to_last));
    } else {
        iterator->status = fe_full_key_init(&full, iterator->keyspace, *key);
        iterator->place = PLACE_BEHIND;
        if (iterator->status == FERRIC_OK) {
            is_on = settle(iterator, go_to_key(iterator, full.slice));
            fe_full_key_deinit(&full);
        }
    }
    fe_statistics_end(statistics, FERRIC_OPERATION_SEEK, counted, outcome_of(iterator));
    return is_on;
}

bool ferric_iterator_first(ferric_iterator *iterator)
{
    return may_move(iterator) && seek(iterator, NULL, false);
}

bool ferric_iterator_last(ferric_iterator *iterator)
{
    return may_move(iterator) && seek(iterator, NULL, true);
}

bool ferric_iterator_seek(ferric_iterator *iterator, ferric_slice key)
{
    if (!may_move(iterator)) return false;
    iterator->status = fe_slice_check("ferric_iterator_seek", "key", key);
    if (iterator->status == FERRIC_OK) return seek(iterator, &key, false);
    iterator->place = PLACE_BEHIND;
    return false;
}

// Counts a step that reached an entry in a bundle, any other one by itself.
static bool step(ferric_iterator *iterator, bool is_forward)
{
    bool is_sample = iterator->uncounted_steps == STEPS_PER_SAMPLE - 1;
    fe_statistics *statistics;
    fe_call counted;

    if (FE_LIKELY(!is_sample) && FE_LIKELY(go_on(iterator, is_forward))) {
        iterator->uncounted_steps++;
        return true;
    }
    statistics = fe_store_statistics(iterator->store);
    count_steps(iterator);
    if (is_sample) {
        counted = fe_statistics_begin_timed(statistics, FERRIC_OPERATION_NEXT);
        settle(iterator, go_on(iterator, is_forward));
    } else {
        counted = fe_statistics_begin(statistics, FERRIC_OPERATION_NEXT);
        counted.start = 0; // It is over.
        settle(iterator, false);
    }
    fe_statistics_end(statistics, FERRIC_OPERATION_NEXT, counted, outcome_of(iterator));
    return iterator->place == PLACE_ON;
}

// On an entry there is a cursor or a scan, and that looks whether the store is still open.
static bool is_on_entry(const ferric_iterator *iterator)
{
    return iterator != NULL && iterator->place == PLACE_ON;
}

bool ferric_iterator_next(ferric_iterator *iterator)
{
    if (FE_LIKELY(is_on_entry(iterator))) return step(iterator, !iterator->is_reverse);
    if (!may_move(iterator) || iterator->place == PLACE_BEHIND) return false;
    return seek(iterator, NULL, false);
}

bool ferric_iterator_prev(ferric_iterator *iterator)
{
    if (FE_LIKELY(is_on_entry(iterator))) return step(iterator, iterator->is_reverse);
    if (!may_move(iterator) || iterator->place == PLACE_BEHIND) return false;
    return seek(iterator, NULL, true);
}

// ---- Looking --------------------------------------------------------------------------------

bool ferric_iterator_valid(const ferric_iterator *iterator)
{
    return is_on_entry(iterator) && (iterator->scan == NULL || fe_txn_scan_is_live(iterator->scan));
}

static const fe_cursor *cursor_of(const ferric_iterator *iterator)
{
    return iterator->scan != NULL ? fe_txn_scan_cursor(iterator->scan) : iterator->cursor;
}

static const fe_entry *entry_of(const ferric_iterator *iterator)
{
    return fe_cursor_entry(cursor_of(iterator));
}

ferric_status ferric_iterator_status(const ferric_iterator *iterator)
{
    if (iterator == NULL) return fe_argument_is_null("ferric_iterator_status", "iterator");
    return iterator->status != FERRIC_OK ? iterator->status : fe_store_check(iterator->store);
}

ferric_slice ferric_iterator_key(const ferric_iterator *iterator)
{
    ferric_slice key;

    if (!ferric_iterator_valid(iterator)) return fe_slice(NULL, 0);
    key = entry_of(iterator)->key;
    return fe_slice(fe_slice_bytes(key) + FE_KEYSPACE_ID_SIZE, key.size - FE_KEYSPACE_ID_SIZE);
}

ferric_slice ferric_iterator_value(const ferric_iterator *iterator)
{
    if (!ferric_iterator_valid(iterator) || iterator->is_keys_only) return fe_slice(NULL, 0);
    return entry_of(iterator)->value;
}

uint64_t ferric_iterator_version(const ferric_iterator *iterator)
{
    uint64_t sequence;

    if (!ferric_iterator_valid(iterator)) return 0;
    sequence = entry_of(iterator)->sequence;
    return sequence == FE_SEQUENCE_MAX ? 0 : sequence; // Not committed: it has none yet.
}

uint64_t ferric_iterator_expires_ms(const ferric_iterator *iterator)
{
    if (!ferric_iterator_valid(iterator)) return FERRIC_EXPIRES_NEVER;
    return fe_cursor_expiry(cursor_of(iterator));
}
