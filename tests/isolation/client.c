// SPDX-License-Identifier: Apache-2.0
// Random transactions, step by step.
#include "client.h"

#include <stdio.h>
#include <string.h>

#include "base/coding.h"
#include "base/slice.h"
#include "support/harness.h"

#define ACTIONS_MAX 4
#define ABORT_ONE_IN 12

typedef struct key_text {
    char text[32];
} key_text;

static ferric_slice list_key(const world *w, uint32_t list, key_text *room)
{
    (void)snprintf(room->text, sizeof room->text, "h%06u/l%u", w->number, list);
    return fe_slice_text(room->text);
}

static ferric_slice set_prefix(const world *w, uint32_t set, key_text *room)
{
    (void)snprintf(room->text, sizeof room->text, "h%06u/s%u/", w->number, set);
    return fe_slice_text(room->text);
}

static ferric_slice set_key(const world *w, uint32_t set, uint32_t element, key_text *room)
{
    (void)snprintf(room->text, sizeof room->text, "h%06u/s%u/%08u", w->number, set, element);
    return fe_slice_text(room->text);
}

static void fail(world *w, const char *what, const char *more)
{
    fe_mutex_lock(&w->mutex);
    if (w->failure == NULL) {
        (void)snprintf(w->failure_text, sizeof w->failure_text, "history %u: %s%s", w->number, what,
                       more);
        w->failure = w->failure_text;
    }
    fe_mutex_unlock(&w->mutex);
}

static bool expect_ok(world *w, const char *call, ferric_status status)
{
    if (status == FERRIC_OK) return true;
    fail(w, call, ferric_error_message());
    return false;
}

// ---- Lists and sets as bytes ----------------------------------------------------------------

static void decode_list(ferric_slice value, elements *list)
{
    list->count = 0;
    for (size_t at = 0; at + 4 <= value.size; at += 4)
        elements_add(list, fe_get_u32(fe_slice_bytes(value) + at));
}

static bool equal(const elements *a, const elements *b)
{
    return a->count == b->count &&
           (a->count == 0 || memcmp(a->items, b->items, a->count * sizeof *a->items) == 0);
}

static uint32_t draw_element(world *w)
{
    return atomic_fetch_add(&w->element_count, 1);
}

static uint32_t element_of_key(ferric_slice key)
{
    uint32_t element = 0;
    const uint8_t *digits = fe_slice_bytes(key) + key.size - 8;

    for (unsigned i = 0; i < 8; i++)
        element = element * 10 + (digits[i] - '0');
    return element;
}

// ---- Actions --------------------------------------------------------------------------------

static void read_list(client *c, uint32_t list)
{
    key_text key;
    elements seen = {0};
    bool for_update = c->w->mode == MODE_FOR_UPDATE;
    ferric_slice key_slice = list_key(c->w, list, &key);
    ferric_status status = for_update
                               ? ferric_txn_get_for_update(c->txn, NULL, key_slice, &c->value, NULL)
                               : ferric_txn_get(c->txn, NULL, key_slice, &c->value, NULL);

    if (status == FERRIC_OK) decode_list(fe_slice(c->value.data, c->value.size), &seen);
    if (status != FERRIC_NOT_FOUND && !expect_ok(c->w, "a read: ", status)) return;
    if (c->has_list[list]) {
        if (!equal(&seen, &c->lists[list])) fail(c->w, "a list changed inside a transaction", "");
        elements_free(&seen);
        return;
    }
    c->has_list[list] = true;
    elements_copy(&c->lists[list], &seen);
    transaction_add(&c->t, OPERATION_READ, list, 0)->seen = seen;
}

static void put_list(client *c, uint32_t list)
{
    const elements *wanted = &c->lists[list];
    uint8_t *bytes = harness_alloc(wanted->count * 4 + 1);
    key_text key;

    for (uint32_t i = 0; i < wanted->count; i++)
        fe_put_u32(bytes + (size_t)i * 4, wanted->items[i]);
    expect_ok(c->w, "a put: ",
              ferric_txn_put(c->txn, NULL, list_key(c->w, list, &key),
                             fe_slice(bytes, (size_t)wanted->count * 4)));
    harness_free(bytes);
}

static void append(client *c, uint32_t list)
{
    uint32_t element = draw_element(c->w);

    read_list(c, list);
    elements_add(&c->lists[list], element);
    put_list(c, list);
    transaction_add(&c->t, OPERATION_APPEND, list, element);
}

// Appends, and takes it back: as a transaction of its own that was never committed.
static void append_and_roll_back(client *c, uint32_t list)
{
    uint32_t element = draw_element(c->w);
    transaction undone = {0};
    uint64_t savepoint;

    read_list(c, list);
    if (!expect_ok(c->w, "a savepoint: ", ferric_txn_savepoint(c->txn, &savepoint))) return;
    elements_add(&c->lists[list], element);
    put_list(c, list);
    read_list(c, list);
    expect_ok(c->w, "a rollback: ", ferric_txn_rollback_to(c->txn, savepoint));
    c->lists[list].count--;
    read_list(c, list);
    transaction_add(&undone, OPERATION_APPEND, list, element);
    fe_mutex_lock(&c->w->mutex);
    history_add(&c->w->done, &undone);
    fe_mutex_unlock(&c->w->mutex);
}

static bool is_own(const client *c, uint32_t set, uint32_t element)
{
    for (uint32_t i = 0; i < c->inserted[set].count; i++)
        if (c->inserted[set].items[i] == element) return true;
    return false;
}

// Collects what is in the set: others' elements in ascending order, and how many are its own.
static bool collect(client *c, uint32_t set, elements *others, uint32_t *own)
{
    ferric_iterator_options options = FERRIC_ITERATOR_OPTIONS_INIT;
    ferric_iterator *iterator;
    key_text prefix;
    bool ok;

    options.prefix = set_prefix(c->w, set, &prefix);
    options.reverse = fe_random_below(&c->random, 2) == 0;
    *own = 0;
    ok = expect_ok(c->w,
                   "an iterator: ", ferric_txn_iterator_create(c->txn, NULL, &options, &iterator));
    if (!ok) return false;
    while (ferric_iterator_next(iterator)) {
        uint32_t element = element_of_key(ferric_iterator_key(iterator));
        if (is_own(c, set, element)) {
            (*own)++;
        } else {
            elements_add(others, element);
        }
    }
    ok = expect_ok(c->w, "a scan: ", ferric_iterator_status(iterator));
    ferric_iterator_destroy(iterator);
    for (uint32_t i = 0; options.reverse && i < others->count / 2; i++) {
        uint32_t item = others->items[i];
        others->items[i] = others->items[others->count - 1 - i];
        others->items[others->count - 1 - i] = item;
    }
    return ok;
}

static void scan(client *c, uint32_t set)
{
    elements others = {0};
    uint32_t own;

    if (!collect(c, set, &others, &own)) return;
    if (own != c->inserted[set].count) fail(c->w, "a scan missed its transaction's inserts", "");
    if (c->has_set[set]) {
        if (!equal(&others, &c->sets[set])) fail(c->w, "a set changed inside a transaction", "");
        elements_free(&others);
        return;
    }
    c->has_set[set] = true;
    elements_copy(&c->sets[set], &others);
    transaction_add(&c->t, OPERATION_SCAN, set, 0)->seen = others;
}

static void insert(client *c, uint32_t set)
{
    uint32_t element = draw_element(c->w);
    key_text key;

    expect_ok(c->w, "an insert: ",
              ferric_txn_put(c->txn, NULL, set_key(c->w, set, element, &key), fe_slice_text("")));
    elements_add(&c->inserted[set], element);
    transaction_add(&c->t, OPERATION_INSERT, set, element);
}

static void act(client *c)
{
    uint32_t list = (uint32_t)fe_random_below(&c->random, HISTORY_LISTS);
    uint32_t set = (uint32_t)fe_random_below(&c->random, HISTORY_SETS);

    switch (fe_random_below(&c->random, 16)) {
    case 0:
        append_and_roll_back(c, list);
        break;
    case 1:
    case 2:
        scan(c, set);
        break;
    case 3:
    case 4:
        insert(c, set);
        break;
    case 5:
    case 6:
    case 7:
    case 8:
        append(c, list);
        break;
    default:
        read_list(c, list);
        break;
    }
}

// ---- Begin and end --------------------------------------------------------------------------

static void begin(client *c)
{
    ferric_txn_options options = FERRIC_TXN_OPTIONS_INIT;
    uint64_t acknowledged = atomic_load(&c->w->acknowledged);

    if (c->w->mode == MODE_SERIALIZABLE) options.isolation = FERRIC_ISOLATION_SERIALIZABLE;
    if (!expect_ok(c->w, "a begin: ", ferric_txn_begin(c->w->db, &options, &c->txn))) return;
    if (ferric_txn_snapshot_version(c->txn) < acknowledged) {
        fail(c->w, "a snapshot misses a commit that was answered before", "");
    }
    c->t = (transaction){0};
    c->actions_left = 1 + (uint32_t)fe_random_below(&c->random, ACTIONS_MAX);
}

static void acknowledge(world *w, uint64_t version)
{
    uint64_t known = atomic_load(&w->acknowledged);

    while (known < version && !atomic_compare_exchange_weak(&w->acknowledged, &known, version)) {
    }
}

static void forget(client *c)
{
    ferric_txn_destroy(c->txn);
    c->txn = NULL;
    memset(c->has_list, 0, sizeof c->has_list);
    memset(c->has_set, 0, sizeof c->has_set);
    for (uint32_t i = 0; i < HISTORY_SETS; i++)
        c->inserted[i].count = 0;
}

static void end(client *c, bool aborts)
{
    uint64_t version = 0;
    ferric_status status = aborts ? ferric_txn_abort(c->txn) : ferric_txn_commit(c->txn, &version);

    c->t.is_committed = status == FERRIC_OK && !aborts;
    if (status != FERRIC_CONFLICT) expect_ok(c->w, "an end: ", status);
    if (c->t.is_committed) acknowledge(c->w, version);
    fe_mutex_lock(&c->w->mutex);
    history_add(&c->w->done, &c->t);
    c->w->conflicts += status == FERRIC_CONFLICT;
    fe_mutex_unlock(&c->w->mutex);
    c->t = (transaction){0};
    forget(c);
}

void client_step(client *c)
{
    if (c->txn == NULL) {
        begin(c);
    } else if (c->actions_left > 0) {
        c->actions_left--;
        act(c);
    } else {
        end(c, fe_random_below(&c->random, ABORT_ONE_IN) == 0);
    }
}

void client_finish(client *c)
{
    if (c->txn != NULL) end(c, false);
    for (uint32_t i = 0; i < HISTORY_LISTS; i++)
        elements_free(&c->lists[i]);
    for (uint32_t i = 0; i < HISTORY_SETS; i++) {
        elements_free(&c->sets[i]);
        elements_free(&c->inserted[i]);
    }
    ferric_buffer_free(&c->value);
}

void world_end(world *w)
{
    ferric_buffer value = {0};

    w->done.element_count = atomic_load(&w->element_count);
    for (uint32_t i = 0; i < HISTORY_LISTS; i++) {
        key_text key;
        ferric_status status = ferric_get(w->db, NULL, list_key(w, i, &key), NULL, &value, NULL);
        if (status == FERRIC_OK) decode_list(fe_slice(value.data, value.size), &w->done.last[i]);
        if (status != FERRIC_NOT_FOUND) expect_ok(w, "the last read: ", status);
    }
    for (uint32_t i = 0; i < HISTORY_SETS; i++) {
        ferric_iterator_options options = FERRIC_ITERATOR_OPTIONS_INIT;
        ferric_iterator *iterator;
        key_text prefix;
        options.prefix = set_prefix(w, i, &prefix);
        if (!expect_ok(w,
                       "the last scan: ", ferric_iterator_create(w->db, NULL, &options, &iterator)))
            break;
        while (ferric_iterator_next(iterator))
            elements_add(&w->done.last_set[i], element_of_key(ferric_iterator_key(iterator)));
        expect_ok(w, "the last scan: ", ferric_iterator_status(iterator));
        ferric_iterator_destroy(iterator);
    }
    ferric_buffer_free(&value);
}
