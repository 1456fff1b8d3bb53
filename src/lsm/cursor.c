// SPDX-License-Identifier: Apache-2.0
// The cursor: live keys at one state, over an iterator of all entries.
//
// Going forward the iterator stands on the entry that is shown. Going back it stands before all
// versions of the shown key, since the newest visible version of a key is met last, so the entry is
// kept in buffers. Turning round is a seek.
//
// Range deletes are asked about where the walk is, and the answer kept as far as it holds: the
// cover. An entry that it hides is passed together with its neighbours (fe_iterator_leap), and
// tables that it hides as a whole are not even opened: where there are range deletes the iterator
// is lazy, and the cover asked before it arrives.
#include <string.h>

#include "base/buffer.h"
#include "base/coding.h"
#include "base/memory.h"
#include "base/seeded_bug.h"
#include "base/status.h"
#include "lsm/merge_iterator.h"
#include "lsm/range_cover.h"
#include "lsm/store_state.h"

// So many entries cost about as much as a seek.
#define PASSED_MAX 8

struct fe_cursor {
    fe_store *store; // A reference.
    fe_view *view;   // A reference.
    fe_iterator *iterator;
    fe_iterator *stored;   // The store's entries: the iterator, or in it beside the overlay.
    fe_moment at;          // What is shown.
    uint64_t newest_shown; // The sequence, or FE_SEQUENCE_MAX when there is an overlay.
    ferric_slice lower;    // Both stand behind the cursor.
    ferric_slice upper;
    uint32_t upper_head;      // Keys whose first four bytes are below it are below `upper`.
    ferric_buffer key;        // The shown key, or the one whose older versions are skipped.
    ferric_buffer value;      // Going back: the shown value.
    ferric_buffer passed_key; // Going forward: the last key that `pass` remembered.
    uint32_t passed;
    // What range deletes say of the keys [cover_lower, cover_upper): entries older than this number
    // are hidden. A bound of size 0 is none.
    bool has_ranges; // Else there are none to ask about.
    bool has_cover;
    const fe_range_deletes *hidden;
    uint64_t cover_sequence;
    ferric_buffer cover_lower;
    ferric_buffer cover_upper;
    fe_entry entry;
    uint64_t expires_ms; // Of the entry.
    ferric_status status;
    bool is_valid;
    bool is_backward;
    bool keys_only;
};

// The store's entries, and those of the overlay, which is taken over.
static ferric_status open_iterator(fe_cursor *cursor, const fe_cursor_options *options)
{
    fe_iterator *children[2] = {options->overlay, NULL};
    fe_view_walk walk = {cursor->lower, cursor->upper, options->fill_cache, cursor->has_ranges};
    ferric_status status = fe_view_iterator(cursor->view, &walk, &cursor->iterator);

    cursor->stored = cursor->iterator;
    if (options->overlay == NULL) return status;
    if (status != FERRIC_OK) {
        fe_iterator_destroy(options->overlay);
        return status;
    }
    children[1] = cursor->iterator;
    cursor->iterator = NULL;
    return fe_merge_iterator_create(children, 2, &cursor->iterator);
}

// A cursor with its bounds and nothing else; NULL: there is no memory.
static fe_cursor *allocate(const fe_cursor_options *options)
{
    size_t lower_size = options->lower.size;
    size_t upper_size = options->upper.size;
    fe_cursor *cursor = fe_alloc(sizeof *cursor + lower_size + upper_size);
    uint8_t *bounds = (uint8_t *)(cursor + 1);

    if (cursor == NULL) return NULL;
    *cursor = (fe_cursor){0};
    if (lower_size > 0) memcpy(bounds, options->lower.data, lower_size);
    if (upper_size > 0) memcpy(bounds + lower_size, options->upper.data, upper_size);
    cursor->lower = fe_slice(bounds, lower_size);
    cursor->upper = fe_slice(bounds + lower_size, upper_size);
    return cursor;
}

ferric_status fe_store_cursor(fe_store *store, const fe_cursor_options *options, fe_cursor **cursor)
{
    fe_cursor *created = NULL;
    uint64_t early = FE_SEEDED_BUG(FE_BUG_CURSOR_NUMBER_FIRST) ? fe_store_last_sequence(store) : 0;
    ferric_status status = fe_store_check(store);

    *cursor = NULL;
    if (status == FERRIC_OK) {
        created = allocate(options);
        if (created == NULL) status = fe_no_memory("a cursor", sizeof *created);
    }
    if (status != FERRIC_OK) {
        fe_iterator_destroy(options->overlay);
        return status;
    }
    fe_store_ref(store);
    created->store = store;
    created->keys_only = options->keys_only;
    created->at.time_ms = options->time_ms;
    // As for gets: first the view, then the number.
    created->view = fe_store_view(store);
    if (FE_SEEDED_BUG(FE_BUG_TABLE_REMOVED_UNDER_READER)) fe_view_unref(created->view);
    created->at.sequence =
        options->sequence == FE_SEQUENCE_NEWEST ? fe_store_last_sequence(store) : options->sequence;
    if (early != 0 && options->sequence == FE_SEQUENCE_NEWEST) created->at.sequence = early;
    created->hidden = options->hidden;
    created->has_ranges = options->hidden != NULL || fe_view_has_ranges(created->view);
    created->newest_shown = options->overlay == NULL ? created->at.sequence : FE_SEQUENCE_MAX;
    status = open_iterator(created, options);
    created->upper_head = options->upper.size < 4 ? 0 : fe_get_u32_ordered(options->upper.data);
    if (status != FERRIC_OK) {
        fe_cursor_destroy(created);
        return status;
    }
    *cursor = created;
    return FERRIC_OK;
}

void fe_cursor_destroy(fe_cursor *cursor)
{
    if (cursor == NULL) return;
    fe_background_note_overlap(cursor->store, cursor->view, cursor->stored);
    fe_iterator_destroy(cursor->iterator);
    if (!FE_SEEDED_BUG(FE_BUG_TABLE_REMOVED_UNDER_READER)) fe_view_unref(cursor->view);
    fe_buffer_deinit(&cursor->key);
    fe_buffer_deinit(&cursor->value);
    fe_buffer_deinit(&cursor->passed_key);
    fe_buffer_deinit(&cursor->cover_lower);
    fe_buffer_deinit(&cursor->cover_upper);
    fe_store_unref(cursor->store);
    fe_free(cursor);
}

static bool fail(fe_cursor *cursor, ferric_status status)
{
    cursor->status = status;
    cursor->is_valid = false;
    return false;
}

// The start of each movement: the store is still open, and nothing is shown yet.
static bool begin(fe_cursor *cursor, bool is_backward)
{
    ferric_status status = fe_store_check(cursor->store);

    if (status != FERRIC_OK) return fail(cursor, status);
    cursor->status = FERRIC_OK;
    cursor->is_valid = false;
    cursor->is_backward = is_backward;
    return true;
}

static inline bool is_above(const fe_cursor *cursor, ferric_slice key)
{
    if (FE_LIKELY(key.size >= 4 && fe_get_u32_ordered(key.data) < cursor->upper_head)) return false;
    return cursor->upper.size > 0 && fe_slice_compare(key, cursor->upper) >= 0;
}

static bool is_below(const fe_cursor *cursor, ferric_slice key)
{
    return cursor->lower.size > 0 && fe_slice_compare(key, cursor->lower) < 0;
}

// ---- Range deletes --------------------------------------------------------------------------

// Whether the cover says something of the key.
static bool has_cover_of(const fe_cursor *cursor, ferric_slice key)
{
    ferric_slice lower = fe_buffer_slice(&cursor->cover_lower);
    ferric_slice upper = fe_buffer_slice(&cursor->cover_upper);

    if (!cursor->has_cover) return false;
    return (lower.size == 0 || fe_slice_compare(lower, key) <= 0) &&
           (upper.size == 0 || fe_slice_compare(key, upper) < 0);
}

static ferric_status ask_for_cover(fe_cursor *cursor, ferric_slice key)
{
    fe_range_cover cover;
    ferric_status status;

    cursor->has_cover = false;
    fe_epoch_enter(cursor->store->epoch);
    status = fe_view_cover(cursor->view, key, cursor->at.sequence, &cover);
    if (cursor->hidden != NULL)
        fe_range_deletes_narrow(cursor->hidden, key, FE_SEQUENCE_MAX, &cover);
    if (status == FERRIC_OK) status = fe_buffer_assign(&cursor->cover_lower, cover.lower);
    if (status == FERRIC_OK) status = fe_buffer_assign(&cursor->cover_upper, cover.upper);
    fe_epoch_leave(cursor->store->epoch);
    cursor->cover_sequence = cover.sequence;
    cursor->has_cover = status == FERRIC_OK;
    return status;
}

static inline ferric_status take_cover(fe_cursor *cursor, ferric_slice key)
{
    return has_cover_of(cursor, key) ? FERRIC_OK : ask_for_cover(cursor, key);
}

// Whether a range delete hides the entry from the state that is shown.
static ferric_status look_for_cover(fe_cursor *cursor, const fe_entry *entry, bool *is_hidden)
{
    ferric_status status = take_cover(cursor, entry->key);

    *is_hidden = status == FERRIC_OK && entry->sequence < cursor->cover_sequence;
    return status;
}

static inline bool is_unread(const fe_cursor *cursor)
{
    return cursor->has_ranges && fe_iterator_is_unread(cursor->iterator);
}

// From where nothing was read yet past what a range delete hides, or to what comes next.
static ferric_status read_on(fe_cursor *cursor)
{
    fe_iterator *iterator = cursor->iterator;
    ferric_status status = take_cover(cursor, iterator->entry.key);

    if (status != FERRIC_OK) return status;
    if (cursor->cover_sequence > 0) {
        fe_iterator_leap(iterator, fe_buffer_slice(&cursor->cover_upper), cursor->cover_sequence);
    } else {
        fe_iterator_arrive(iterator);
    }
    return FERRIC_OK;
}

// The same on the way back, where the place may be before all versions of its key.
static ferric_status read_on_back(fe_cursor *cursor)
{
    fe_iterator *iterator = cursor->iterator;
    ferric_slice key = iterator->entry.key;
    ferric_status status = take_cover(cursor, key);
    ferric_slice lower = fe_buffer_slice(&cursor->cover_lower);

    if (status != FERRIC_OK) return status;
    if (cursor->cover_sequence > 0 &&
        (iterator->entry.sequence != FE_SEQUENCE_MAX || fe_slice_compare(lower, key) < 0)) {
        fe_iterator_leap_back(iterator, lower, cursor->cover_sequence);
    } else {
        fe_iterator_arrive(iterator);
    }
    return FERRIC_OK;
}

// Reads where a version of `key` may stand unread.
static void read_versions(const fe_cursor *cursor, ferric_slice key)
{
    fe_iterator *iterator = cursor->iterator;

    if (FE_SEEDED_BUG(FE_BUG_VERSION_LEFT_UNREAD)) return;
    while (iterator->is_valid && is_unread(cursor) && fe_slice_equal(iterator->entry.key, key))
        fe_iterator_arrive(iterator);
}

// Steps over an entry that is not shown. A key may have thousands of versions of which at most one
// is visible: from time to time it looks whether they are still of one key, and seeks past them.
static ferric_status pass(fe_cursor *cursor)
{
    fe_iterator *iterator = cursor->iterator;
    const fe_entry *entry = &iterator->entry;
    ferric_status status = FERRIC_OK;

    if (++cursor->passed % PASSED_MAX == 0) {
        ferric_slice seen = fe_buffer_slice(&cursor->passed_key);
        if (fe_slice_equal(entry->key, seen)) {
            // Either all up to here are too new, or the visible one is behind us.
            bool is_above = entry->sequence > cursor->at.sequence;
            fe_iterator_seek(iterator, seen, is_above ? cursor->at.sequence : 0);
            return FERRIC_OK;
        }
        status = fe_buffer_assign(&cursor->passed_key, entry->key);
    }
    if (status == FERRIC_OK) fe_iterator_next(iterator);
    return status;
}

// Whether it is newer than the state that is shown. Entries of the overlay are not.
static bool is_too_new(const fe_cursor *cursor, uint64_t sequence)
{
    return sequence > cursor->at.sequence && sequence != FE_SEQUENCE_MAX &&
           !FE_SEEDED_BUG(FE_BUG_CURSOR_IGNORES_SNAPSHOT);
}

// Puts a large value in the place of the pointer to it.
static ferric_status show_large(fe_cursor *cursor, ferric_slice content)
{
    uint8_t pointer[FE_VALUE_POINTER_SIZE];
    ferric_status status = FERRIC_OK;

    fe_buffer_clear(&cursor->value);
    if (!cursor->keys_only) {
        // Going back, the pointer stands where the value will.
        if (content.size == sizeof pointer) memcpy(pointer, content.data, sizeof pointer);
        status = fe_value_files_read(cursor->store->value_files, fe_slice(pointer, content.size),
                                     &cursor->value);
    }
    cursor->entry.value = fe_buffer_slice(&cursor->value);
    return status;
}

// Shows the value of an entry that has more in its place than the value.
static FE_NOINLINE ferric_status show_value(fe_cursor *cursor)
{
    fe_entry *entry = &cursor->entry;
    ferric_slice content = fe_entry_content(entry);
    bool is_large = fe_entry_kind_points(entry->kind);

    cursor->expires_ms = fe_entry_expiry(entry);
    entry->kind = FE_ENTRY_PUT;
    entry->value = content;
    return is_large ? show_large(cursor, content) : FERRIC_OK;
}

// Shows cursor->entry, whose key and value are in place.
static inline bool show(fe_cursor *cursor)
{
    cursor->expires_ms = FE_EXPIRY_NEVER;
    if (FE_UNLIKELY(cursor->entry.kind != FE_ENTRY_PUT)) {
        ferric_status status = show_value(cursor);
        if (status != FERRIC_OK) return fail(cursor, status);
    }
    cursor->is_valid = true;
    return true;
}

// Whether the entry is not the one to show for its key. With `skips`, versions of the key in
// cursor->key are passed over.
static bool is_passed(const fe_cursor *cursor, const fe_entry *entry, bool skips)
{
    return is_too_new(cursor, entry->sequence) ||
           (skips && fe_slice_equal_neighbours(entry->key, fe_buffer_slice(&cursor->key)));
}

// Most keys have 16 to 32 bytes, which two registers hold: then there is no call.
static inline ferric_status remember_key(fe_cursor *cursor, ferric_slice key)
{
    const size_t half = 16;
    uint8_t *to = cursor->key.data;

    if (key.size < half || key.size > 2 * half || cursor->key.capacity < 2 * half) {
        return fe_buffer_assign(&cursor->key, key);
    }
    memcpy(to, key.data, half);
    memcpy(to + key.size - half, fe_slice_bytes(key) + key.size - half, half);
    cursor->key.size = key.size;
    return FERRIC_OK;
}

// Passes the entry when a range delete hides it, and what it hides behind it.
static ferric_status pass_hidden(fe_cursor *cursor, bool *is_hidden)
{
    fe_iterator *iterator = cursor->iterator;
    ferric_status status = look_for_cover(cursor, &iterator->entry, is_hidden);

    if (!*is_hidden) return status;
    if (FE_SEEDED_BUG(FE_BUG_HIDDEN_ENTRY_SHOWN)) {
        *is_hidden = false;
    } else {
        fe_iterator_leap(iterator, fe_buffer_slice(&cursor->cover_upper), cursor->cover_sequence);
    }
    return status;
}

// Shows the first live entry from where the iterator stands on.
static bool settle_forward(fe_cursor *cursor, bool skips)
{
    fe_iterator *iterator = cursor->iterator;

    while (iterator->is_valid) {
        const fe_entry *entry = &iterator->entry;
        ferric_status status;
        if (is_above(cursor, entry->key)) return false;
        if (FE_UNLIKELY(is_unread(cursor))) {
            status = read_on(cursor);
            if (status != FERRIC_OK) return fail(cursor, status);
            continue;
        }
        if (is_passed(cursor, entry, skips)) {
            status = pass(cursor);
            if (status != FERRIC_OK) return fail(cursor, status);
            continue;
        }
        if (FE_UNLIKELY(cursor->has_ranges)) {
            bool is_hidden;
            status = pass_hidden(cursor, &is_hidden);
            if (status != FERRIC_OK) return fail(cursor, status);
            if (is_hidden) continue;
        }
        status = remember_key(cursor, entry->key);
        if (status != FERRIC_OK) return fail(cursor, status);
        if (fe_store_is_live(cursor->store, &cursor->at, entry)) {
            cursor->entry = *entry;
            return show(cursor);
        }
        skips = true;
        fe_iterator_next(iterator);
    }
    return iterator->status == FERRIC_OK ? false : fail(cursor, iterator->status);
}

// Takes over an entry that a walk backward has met.
static ferric_status keep(fe_cursor *cursor, const fe_entry *entry, bool *is_live)
{
    *is_live = fe_store_is_live(cursor->store, &cursor->at, entry);
    cursor->entry = *entry;
    return *is_live ? fe_buffer_assign(&cursor->value, entry->value) : FERRIC_OK;
}

// Goes to the newest visible version of cursor->key at once, when there are many.
static ferric_status jump_to_newest(fe_cursor *cursor, bool *is_live)
{
    fe_iterator *iterator = cursor->iterator;
    ferric_slice key = fe_buffer_slice(&cursor->key);
    ferric_status status = FERRIC_OK;

    fe_iterator_seek(iterator, key, cursor->newest_shown);
    read_versions(cursor, key);
    if (iterator->is_valid && is_too_new(cursor, iterator->entry.sequence)) {
        fe_iterator_seek(iterator, key, cursor->at.sequence);
        read_versions(cursor, key);
    }
    if (iterator->is_valid && fe_slice_equal(iterator->entry.key, key)) {
        status = keep(cursor, &iterator->entry, is_live);
    }
    if (status == FERRIC_OK) status = iterator->status;
    if (status == FERRIC_OK) fe_iterator_seek_before(iterator, key, FE_SEQUENCE_MAX);
    return status;
}

// Reads all versions of the key under the iterator, which is left before them. *is_live tells
// whether the newest visible one is a value, which then stands in cursor->value.
static ferric_status collect_backward(fe_cursor *cursor, bool *is_live)
{
    fe_iterator *iterator = cursor->iterator;
    ferric_status status = fe_buffer_assign(&cursor->key, iterator->entry.key);

    *is_live = false;
    for (int i = 0; status == FERRIC_OK && iterator->is_valid &&
                    fe_slice_equal(iterator->entry.key, fe_buffer_slice(&cursor->key));
         i++) {
        if (i == PASSED_MAX) {
            status = jump_to_newest(cursor, is_live);
            break;
        }
        if (!is_too_new(cursor, iterator->entry.sequence)) {
            status = keep(cursor, &iterator->entry, is_live);
        }
        if (status == FERRIC_OK) fe_iterator_prev(iterator);
        read_versions(cursor, fe_buffer_slice(&cursor->key));
    }
    if (status == FERRIC_OK && !iterator->is_valid) status = iterator->status;
    return status;
}

// Takes back that the key is live when a range delete hides it, and passes what it hides before it.
static ferric_status pass_hidden_back(fe_cursor *cursor, bool *is_live)
{
    fe_iterator *iterator = cursor->iterator;
    ferric_slice lower;
    bool is_hidden;
    ferric_status status;

    cursor->entry.key = fe_buffer_slice(&cursor->key);
    status = look_for_cover(cursor, &cursor->entry, &is_hidden);
    if (status != FERRIC_OK || !is_hidden || FE_SEEDED_BUG(FE_BUG_HIDDEN_ENTRY_SHOWN)) {
        return status;
    }
    *is_live = false;
    lower = fe_buffer_slice(&cursor->cover_lower);
    if (iterator->is_valid && iterator->entry.sequence < cursor->cover_sequence &&
        fe_slice_compare(iterator->entry.key, lower) >= 0) {
        fe_iterator_leap_back(iterator, lower, cursor->cover_sequence);
    }
    return status;
}

// Shows the last live entry from where the iterator stands on backwards.
static bool settle_backward(fe_cursor *cursor)
{
    fe_iterator *iterator = cursor->iterator;
    bool is_live = false;

    while (iterator->is_valid && !is_live) {
        ferric_status status;
        if (is_below(cursor, iterator->entry.key)) return false;
        if (FE_UNLIKELY(is_unread(cursor))) {
            status = read_on_back(cursor);
        } else {
            status = collect_backward(cursor, &is_live);
        }
        if (status == FERRIC_OK && is_live && cursor->has_ranges)
            status = pass_hidden_back(cursor, &is_live);
        if (status != FERRIC_OK) return fail(cursor, status);
    }
    if (!is_live) return iterator->status == FERRIC_OK ? false : fail(cursor, iterator->status);
    cursor->entry.key = fe_buffer_slice(&cursor->key);
    cursor->entry.value = fe_buffer_slice(&cursor->value);
    return show(cursor);
}

bool fe_cursor_first(fe_cursor *cursor)
{
    if (!begin(cursor, false)) return false;
    if (cursor->lower.size > 0) {
        fe_iterator_seek(cursor->iterator, cursor->lower, FE_SEQUENCE_MAX);
    } else {
        fe_iterator_first(cursor->iterator);
    }
    return settle_forward(cursor, false);
}

bool fe_cursor_last(fe_cursor *cursor)
{
    if (!begin(cursor, true)) return false;
    if (cursor->upper.size > 0) {
        fe_iterator_seek_before(cursor->iterator, cursor->upper, FE_SEQUENCE_MAX);
    } else {
        fe_iterator_last(cursor->iterator);
    }
    return settle_backward(cursor);
}

bool fe_cursor_seek(fe_cursor *cursor, ferric_slice key)
{
    if (is_below(cursor, key)) return fe_cursor_first(cursor);
    if (!begin(cursor, false)) return false;
    fe_background_note_overlap(cursor->store, cursor->view, cursor->stored);
    fe_iterator_seek(cursor->iterator, key, cursor->newest_shown);
    return settle_forward(cursor, false);
}

bool fe_cursor_seek_before(fe_cursor *cursor, ferric_slice key)
{
    if (is_above(cursor, key)) return fe_cursor_last(cursor);
    if (!begin(cursor, true)) return false;
    fe_background_note_overlap(cursor->store, cursor->view, cursor->stored);
    // Everything up to the oldest version of `key`: no entry has sequence 0.
    fe_iterator_seek_before(cursor->iterator, key, 0);
    return settle_backward(cursor);
}

bool fe_cursor_next(fe_cursor *cursor)
{
    bool was_backward = cursor->is_backward;

    if (!begin(cursor, false)) return false;
    if (was_backward) {
        fe_iterator_seek(cursor->iterator, fe_buffer_slice(&cursor->key), 0);
        return settle_forward(cursor, false);
    }
    fe_iterator_next(cursor->iterator);
    return settle_forward(cursor, true);
}

bool fe_cursor_prev(fe_cursor *cursor)
{
    bool was_backward = cursor->is_backward;

    if (!begin(cursor, true)) return false;
    if (!was_backward) {
        fe_iterator_seek_before(cursor->iterator, fe_buffer_slice(&cursor->key), FE_SEQUENCE_MAX);
    }
    return settle_backward(cursor);
}

bool fe_cursor_is_valid(const fe_cursor *cursor)
{
    return cursor->is_valid;
}

ferric_status fe_cursor_status(const fe_cursor *cursor)
{
    return cursor->status;
}

const fe_entry *fe_cursor_entry(const fe_cursor *cursor)
{
    return &cursor->entry;
}

uint64_t fe_cursor_expiry(const fe_cursor *cursor)
{
    return cursor->expires_ms;
}
