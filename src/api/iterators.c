// SPDX-License-Identifier: Apache-2.0
// Iterators: a cursor of the store inside the bounds of one keyspace, walked in either direction.
//
//   NEW ── next, first ──> ON ── next behind the last ──> BEHIND
//    └──── prev, last ───> ON ── prev before the first ─> BEHIND
//   BEHIND stays so, also after a failure, until first, last or seek.
//
// A keyspace that did not exist when the iterator was made is an iterator without a cursor: empty,
// for it sees one state however long it lives.
#include "api/arguments.h"
#include "api/range.h"
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
    fe_cursor *cursor; // NULL: nothing to see.
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
    uint64_t sequence;
    uint32_t id = 0;
    ferric_status status;

    if (iterator == NULL) return fe_argument_is_null(call, "iterator");
    *iterator = NULL;
    status = fe_iterator_options_take(options, &taken);
    if (status != FERRIC_OK) return status;
    status = fe_range_aim(call, db, keyspace, taken.snapshot, &id, &sequence);
    if (status != FERRIC_OK && status != FERRIC_NOT_FOUND) return status;
    created = fe_alloc_zero(1, sizeof *created);
    if (created == NULL) return fe_no_memory("an iterator", sizeof *created);
    created->keyspace = id;
    created->is_reverse = taken.reverse;
    created->is_keys_only = taken.keys_only;
    if (status == FERRIC_OK) {
        status = fe_range_cursor(db->store, id, sequence, &taken, true, &created->cursor);
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
    fe_store_unref(iterator->store);
    fe_free(iterator);
}

// ---- Moving ---------------------------------------------------------------------------------

// Takes over where the cursor stands now.
static bool settle(ferric_iterator *iterator, bool is_on)
{
    iterator->place = is_on ? PLACE_ON : PLACE_BEHIND;
    if (!is_on && iterator->cursor != NULL) iterator->status = fe_cursor_status(iterator->cursor);
    return is_on;
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
    if (iterator->cursor == NULL) {
        is_on = settle(iterator, false);
    } else if (key == NULL) {
        is_on =
            settle(iterator, iterator->is_reverse != to_last ? fe_cursor_last(iterator->cursor)
                                                             : fe_cursor_first(iterator->cursor));
    } else {
        iterator->status = fe_full_key_init(&full, iterator->keyspace, *key);
        iterator->place = PLACE_BEHIND;
        if (iterator->status == FERRIC_OK) {
            is_on = settle(iterator, iterator->is_reverse
                                         ? fe_cursor_seek_before(iterator->cursor, full.slice)
                                         : fe_cursor_seek(iterator->cursor, full.slice));
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
    fe_cursor *cursor = iterator->cursor;
    bool (*move)(fe_cursor *) = is_forward ? fe_cursor_next : fe_cursor_prev;
    bool is_sample = iterator->uncounted_steps == STEPS_PER_SAMPLE - 1;
    fe_statistics *statistics;
    fe_call counted;

    if (FE_LIKELY(!is_sample) && FE_LIKELY(move(cursor))) {
        iterator->uncounted_steps++;
        return true;
    }
    statistics = fe_store_statistics(iterator->store);
    count_steps(iterator);
    if (is_sample) {
        counted = fe_statistics_begin_timed(statistics, FERRIC_OPERATION_NEXT);
        settle(iterator, move(cursor));
    } else {
        counted = fe_statistics_begin(statistics, FERRIC_OPERATION_NEXT);
        counted.start = 0; // It is over.
        settle(iterator, false);
    }
    fe_statistics_end(statistics, FERRIC_OPERATION_NEXT, counted, outcome_of(iterator));
    return iterator->place == PLACE_ON;
}

// On an entry there is a cursor, and that looks whether the store is still open.
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
    return is_on_entry(iterator);
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
    key = fe_cursor_entry(iterator->cursor)->key;
    return fe_slice(fe_slice_bytes(key) + FE_KEYSPACE_ID_SIZE, key.size - FE_KEYSPACE_ID_SIZE);
}

ferric_slice ferric_iterator_value(const ferric_iterator *iterator)
{
    if (!ferric_iterator_valid(iterator) || iterator->is_keys_only) return fe_slice(NULL, 0);
    return fe_cursor_entry(iterator->cursor)->value;
}

uint64_t ferric_iterator_version(const ferric_iterator *iterator)
{
    if (!ferric_iterator_valid(iterator)) return 0;
    return fe_cursor_entry(iterator->cursor)->sequence;
}
