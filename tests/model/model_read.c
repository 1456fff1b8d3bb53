// SPDX-License-Identifier: Apache-2.0
// The reading half of a life: every way of reading, at the newest state and at snapshots.
#include <inttypes.h>
#include <string.h>

#include "base/slice.h"
#include "model_life.h"
#include "support/harness.h"

#define MULTI_GET_MAX 8u
#define WALK_STEP_MAX 30u
#define NOWHERE INT64_MAX

static uint64_t below(life *l, uint64_t bound)
{
    return fe_random_below(&l->random, bound);
}

// ---- Point reads ----------------------------------------------------------------------------

static void check_found(life *l, const life_entry *entry, uint32_t key, ferric_slice value,
                        uint64_t version)
{
    if (!life_is_value(l, entry, key, value)) life_fail(l, "another value", key);
    if (version != entry->version) life_fail(l, "another version", key);
}

static void read_one(life *l)
{
    ferric_read_options options = FERRIC_READ_OPTIONS_INIT;
    const life_state *state = life_pick_state(l, &options.snapshot);
    uint32_t keyspace = life_keyspace(l);
    uint32_t key = life_key(l);
    const life_entry *entry = &state->entries[keyspace][key];
    ferric_status expected = entry->is_present ? FERRIC_OK : FERRIC_NOT_FOUND;
    ferric_buffer value = {0};
    uint64_t version = 0;

    ferric_status status =
        ferric_get(l->db, l->keyspaces[keyspace], l->keys[key], &options, &value, &version);
    if (life_expect(l, "ferric_get", expected, status) && status == FERRIC_OK) {
        check_found(l, entry, key, fe_slice(value.data, value.size), version);
    }
    ferric_buffer_free(&value);
    status = ferric_has(l->db, l->keyspaces[keyspace], l->keys[key], &options);
    life_expect(l, "ferric_has", expected, status);
}

static void read_several(life *l)
{
    ferric_read_options options = FERRIC_READ_OPTIONS_INIT;
    const life_state *state = life_pick_state(l, &options.snapshot);
    uint32_t keyspace = life_keyspace(l);
    uint32_t count = 1 + (uint32_t)below(l, MULTI_GET_MAX);
    uint32_t keys[MULTI_GET_MAX];
    ferric_slice slices[MULTI_GET_MAX];
    ferric_pinned values[MULTI_GET_MAX];
    ferric_status statuses[MULTI_GET_MAX];

    for (uint32_t i = 0; i < count; i++) {
        keys[i] = life_key(l);
        slices[i] = l->keys[keys[i]];
    }
    ferric_status status =
        ferric_multi_get(l->db, l->keyspaces[keyspace], count, slices, &options, values, statuses);
    if (!life_expect(l, "ferric_multi_get", FERRIC_OK, status)) return;
    for (uint32_t i = 0; i < count; i++) {
        const life_entry *entry = &state->entries[keyspace][keys[i]];
        ferric_status expected = entry->is_present ? FERRIC_OK : FERRIC_NOT_FOUND;
        if (life_expect(l, "one of ferric_multi_get", expected, statuses[i]) && entry->is_present) {
            check_found(l, entry, keys[i], values[i].value, values[i].version);
        }
        ferric_pinned_release(&values[i]);
    }
}

// ---- Ranges ---------------------------------------------------------------------------------

// The part of the universe that an iterator shows: indexes [lower, upper) with a prefix.
typedef struct window {
    const life_state *state;
    uint32_t keyspace;
    int64_t lower;
    int64_t upper;
    ferric_slice prefix;
    bool is_reverse;
} window;

static bool is_shown(const life *l, const window *w, int64_t index)
{
    return index >= w->lower && index < w->upper &&
           w->state->entries[w->keyspace][index].is_present &&
           fe_slice_has_prefix(l->keys[index], w->prefix);
}

// From `index` on, that one included, the next shown key upwards or downwards; NOWHERE.
static int64_t find_shown(const life *l, const window *w, int64_t index, bool is_up)
{
    for (; index >= 0 && index < l->key_count; index += is_up ? 1 : -1) {
        if (is_shown(l, w, index)) return index;
    }
    return NOWHERE;
}

static void count_range(life *l)
{
    ferric_read_options options = FERRIC_READ_OPTIONS_INIT;
    window w = {.keyspace = life_keyspace(l)};
    ferric_slice lower = {NULL, 0};
    ferric_slice upper = {NULL, 0};
    uint64_t expected = 0;
    uint64_t count = 0;

    w.state = life_pick_state(l, &options.snapshot);
    w.upper = l->key_count;
    if (below(l, 2) == 0) {
        w.lower = life_key(l);
        lower = l->keys[w.lower];
    }
    if (below(l, 2) == 0) {
        w.upper = life_key(l);
        upper = l->keys[w.upper];
    }
    for (int64_t i = w.lower; i < w.upper; i++)
        expected += is_shown(l, &w, i);
    ferric_status status =
        ferric_count(l->db, l->keyspaces[w.keyspace], lower, upper, &options, &count);
    if (life_expect(l, "ferric_count", FERRIC_OK, status) && count != expected) {
        life_fail(l, "another count", (uint32_t)expected);
    }
}

// ---- Iterators ------------------------------------------------------------------------------

static void check_place(life *l, const window *w, ferric_iterator *iterator, bool is_there,
                        int64_t expected)
{
    if (is_there != ferric_iterator_valid(iterator)) life_fail(l, "valid differs", UINT32_MAX);
    if (!life_expect(l, "the iterator", FERRIC_OK, ferric_iterator_status(iterator))) return;
    if (is_there != (expected != NOWHERE)) {
        life_fail(l, is_there ? "an entry behind the end" : "an end too early",
                  expected == NOWHERE ? UINT32_MAX : (uint32_t)expected);
    }
    if (!is_there || expected == NOWHERE) return;
    uint32_t key = (uint32_t)expected;
    if (!fe_slice_equal(ferric_iterator_key(iterator), l->keys[key])) {
        life_fail(l, "the iterator stands on another key", key);
        return;
    }
    const life_entry *entry = &w->state->entries[w->keyspace][key];
    check_found(l, entry, key, ferric_iterator_value(iterator), ferric_iterator_version(iterator));
    if (ferric_iterator_expires_ms(iterator) != entry->expires_ms) {
        life_fail(l, "another expiry", key);
    }
}

// Where the iterator stands: on a shown key, before the first move, or behind one of the ends.
typedef struct walker {
    int64_t at; // NOWHERE unless it stands on a key.
    bool is_new;
    bool is_past_last; // In the iterator's own direction.
} walker;

static int64_t step_from(const life *l, const window *w, const walker *here, bool is_onward)
{
    bool is_up = is_onward != w->is_reverse;

    if (here->at != NOWHERE) return find_shown(l, w, here->at + (is_up ? 1 : -1), is_up);
    if (here->is_new || here->is_past_last != is_onward) {
        return find_shown(l, w, is_up ? 0 : (int64_t)l->key_count - 1, is_up);
    }
    return NOWHERE;
}

// One random move of iterator and model. Behind an end only moves with a known answer are made.
static void move_once(life *l, const window *w, ferric_iterator *iterator, walker *here)
{
    uint64_t dice = below(l, 12);
    bool is_onward = dice < 5;
    bool is_there;
    int64_t expected;

    if (dice < 10 && (here->at != NOWHERE || here->is_new || here->is_past_last == is_onward)) {
        expected = step_from(l, w, here, is_onward);
        is_there = is_onward ? ferric_iterator_next(iterator) : ferric_iterator_prev(iterator);
    } else if (dice % 3 == 0) {
        is_onward = true;
        expected = find_shown(l, w, w->is_reverse ? (int64_t)l->key_count - 1 : 0, !w->is_reverse);
        is_there = ferric_iterator_first(iterator);
    } else if (dice % 3 == 1) {
        is_onward = false;
        expected = find_shown(l, w, w->is_reverse ? 0 : (int64_t)l->key_count - 1, w->is_reverse);
        is_there = ferric_iterator_last(iterator);
    } else {
        is_onward = true;
        uint32_t key = life_key(l);
        expected = find_shown(l, w, key, !w->is_reverse);
        is_there = ferric_iterator_seek(iterator, l->keys[key]);
    }
    check_place(l, w, iterator, is_there, expected);
    *here = (walker){expected, false, is_onward};
}

static void draw_window(life *l, window *w, ferric_iterator_options *options)
{
    *options = (ferric_iterator_options)FERRIC_ITERATOR_OPTIONS_INIT;
    *w = (window){.keyspace = life_keyspace(l), .upper = l->key_count};
    w->state = life_pick_state(l, &options->snapshot);
    w->is_reverse = options->reverse = below(l, 2) == 0;
    if (below(l, 3) == 0) {
        w->lower = life_key(l);
        options->lower = l->keys[w->lower];
    }
    if (below(l, 3) == 0) {
        w->upper = life_key(l);
        options->upper = l->keys[w->upper];
    }
    if (below(l, 3) == 0) {
        ferric_slice key = l->keys[life_key(l)];
        w->prefix = fe_slice(key.data, 1 + (size_t)below(l, key.size < 3 ? key.size : 3));
        options->prefix = w->prefix;
    }
}

static void walk_randomly(life *l)
{
    ferric_iterator_options options;
    ferric_iterator *iterator;
    walker here = {NOWHERE, true, false};
    window w;

    draw_window(l, &w, &options);
    ferric_status status =
        ferric_iterator_create(l->db, l->keyspaces[w.keyspace], &options, &iterator);
    if (!life_expect(l, "ferric_iterator_create", FERRIC_OK, status)) return;
    uint64_t steps = below(l, WALK_STEP_MAX);
    for (uint64_t i = 0; i < steps && l->failure == NULL; i++)
        move_once(l, &w, iterator, &here);
    ferric_iterator_destroy(iterator);
}

void life_read(life *l)
{
    uint64_t dice = below(l, 20);

    if (dice < 12)
        read_one(l);
    else if (dice < 15)
        read_several(l);
    else if (dice < 16)
        count_range(l);
    else
        walk_randomly(l);
}

// ---- Everything -----------------------------------------------------------------------------

static void read_keyspace(life *l, uint32_t keyspace, bool is_forward)
{
    window w = {.state = l->now, .keyspace = keyspace, .upper = l->key_count};
    int64_t at = find_shown(l, &w, is_forward ? 0 : (int64_t)l->key_count - 1, is_forward);
    ferric_iterator *iterator;
    ferric_status status = ferric_iterator_create(l->db, l->keyspaces[keyspace], NULL, &iterator);

    if (!life_expect(l, "ferric_iterator_create", FERRIC_OK, status)) return;
    bool is_there = is_forward ? ferric_iterator_first(iterator) : ferric_iterator_last(iterator);
    while (l->failure == NULL) {
        check_place(l, &w, iterator, is_there, at);
        if (!is_there || at == NOWHERE) break;
        at = find_shown(l, &w, at + (is_forward ? 1 : -1), is_forward);
        is_there = is_forward ? ferric_iterator_next(iterator) : ferric_iterator_prev(iterator);
    }
    ferric_iterator_destroy(iterator);
}

void life_read_all(life *l)
{
    for (uint32_t i = 0; i < LIFE_KEYSPACE_COUNT && l->failure == NULL; i++) {
        read_keyspace(l, i, true);
        read_keyspace(l, i, false);
    }
}
