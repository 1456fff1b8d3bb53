// SPDX-License-Identifier: Apache-2.0
// Transactions in a life: each sees a copy of the model that it changes itself, and its commit is a
// conflict exactly when somebody else wrote what it wrote, or, serializable, what it read.
#include <string.h>

#include "base/slice.h"
#include "model_life.h"
#include "support/harness.h"

#define ACTIONS_MAX 24u

// What a transaction must see, and what its commit looks at.
typedef struct sight {
    life_state seen;
    bool is_written[LIFE_KEYSPACE_COUNT][LIFE_KEY_MAX];
    bool is_read[LIFE_KEYSPACE_COUNT][LIFE_KEY_MAX];
} sight;

typedef struct txn_life {
    life *l;
    ferric_txn *txn;
    bool is_serializable;
    sight *now;
    sight *saved; // At the savepoint.
    bool has_savepoint;
    uint64_t savepoint;
    life_range rival; // What somebody else wrote, once there was something.
    bool has_rival;
} txn_life;

static uint64_t below(txn_life *t, uint64_t bound)
{
    return fe_random_below(&t->l->random, bound);
}

static void write_one(txn_life *t)
{
    life *l = t->l;
    uint32_t keyspace = life_keyspace(l);
    uint32_t key = life_key(l);
    life_entry entry = {0};
    ferric_status status;

    if (below(t, 3) == 0) {
        status = ferric_txn_delete(t->txn, l->keyspaces[keyspace], l->keys[key]);
    } else {
        entry = life_draw_entry(l);
        ferric_slice value = life_value_of(l, &entry, key);
        ferric_lifetime lifetime = life_draw_lifetime(l, &entry);
        status =
            ferric_txn_put_expiring(t->txn, l->keyspaces[keyspace], l->keys[key], value, lifetime);
        if (!entry.is_present) entry = (life_entry){0};
    }
    if (!life_expect(l, "a write of a transaction", FERRIC_OK, status)) return;
    t->now->seen.entries[keyspace][key] = entry; // Version 0: it has none yet.
    t->now->is_written[keyspace][key] = true;
}

static void delete_range(txn_life *t)
{
    life *l = t->l;
    life_range range = life_draw_range(l);
    ferric_status status =
        ferric_txn_delete_range(t->txn, l->keyspaces[range.keyspace], range.lower, range.upper);

    if (!life_expect(l, "ferric_txn_delete_range", FERRIC_OK, status)) return;
    life_clear(&t->now->seen, &range);
    for (uint32_t key = range.first; key < range.end; key++)
        t->now->is_written[range.keyspace][key] = true;
}

static void read_one(txn_life *t)
{
    life *l = t->l;
    uint32_t keyspace = life_keyspace(l);
    uint32_t key = life_key(l);
    const life_entry *entry = &t->now->seen.entries[keyspace][key];
    ferric_status expected = entry->is_present ? FERRIC_OK : FERRIC_NOT_FOUND;
    ferric_buffer value = {0};
    uint64_t version = 0;
    ferric_status status =
        ferric_txn_get(t->txn, l->keyspaces[keyspace], l->keys[key], &value, &version);

    t->now->is_read[keyspace][key] = true;
    if (life_expect(l, "ferric_txn_get", expected, status) && status == FERRIC_OK) {
        if (!life_is_value(l, entry, key, fe_slice(value.data, value.size))) {
            life_fail(l, "a transaction read another value", key);
        }
        if (version != entry->version) life_fail(l, "a transaction read another version", key);
    }
    ferric_buffer_free(&value);
}

// A whole keyspace, in one direction.
static void walk(txn_life *t)
{
    life *l = t->l;
    ferric_iterator_options options = FERRIC_ITERATOR_OPTIONS_INIT;
    uint32_t keyspace = life_keyspace(l);
    const life_entry *entries = t->now->seen.entries[keyspace];
    ferric_iterator *iterator;

    options.reverse = below(t, 2) == 0;
    if (!life_expect(
            l, "ferric_txn_iterator_create", FERRIC_OK,
            ferric_txn_iterator_create(t->txn, l->keyspaces[keyspace], &options, &iterator)))
        return;
    for (uint32_t i = 0; i < l->key_count && l->failure == NULL; i++) {
        uint32_t key = options.reverse ? l->key_count - 1 - i : i;
        t->now->is_read[keyspace][key] = true;
        if (!entries[key].is_present) continue;
        if (!ferric_iterator_next(iterator) ||
            !fe_slice_equal(ferric_iterator_key(iterator), l->keys[key]) ||
            !life_is_value(l, &entries[key], key, ferric_iterator_value(iterator)) ||
            ferric_iterator_version(iterator) != entries[key].version) {
            life_fail(l, "a transaction's iterator shows something else", key);
        }
    }
    if (l->failure == NULL && ferric_iterator_next(iterator)) {
        life_fail(l, "a transaction's iterator shows more", UINT32_MAX);
    }
    life_expect(l, "a transaction's iterator", FERRIC_OK, ferric_iterator_status(iterator));
    ferric_iterator_destroy(iterator);
}

// What was read since a savepoint stays read, what was written does not stay written.
static void save_or_roll_back(txn_life *t)
{
    if (!t->has_savepoint) {
        life_expect(t->l, "ferric_txn_savepoint", FERRIC_OK,
                    ferric_txn_savepoint(t->txn, &t->savepoint));
        *t->saved = *t->now;
        t->has_savepoint = true;
        return;
    }
    life_expect(t->l, "ferric_txn_rollback_to", FERRIC_OK,
                ferric_txn_rollback_to(t->txn, t->savepoint));
    t->now->seen = t->saved->seen;
    memcpy(t->now->is_written, t->saved->is_written, sizeof t->now->is_written);
}

// Somebody else writes, which the transaction does not see.
static void rival(txn_life *t)
{
    if (t->has_rival) return;
    t->has_rival = true;
    t->rival = life_draw_range(t->l);
    if (below(t, 3) == 0) {
        life_delete_range(t->l, &t->rival);
        return;
    }
    t->rival.end = t->rival.first + 1;
    life_put(t->l, t->rival.keyspace, t->rival.first);
}

static bool is_conflict(const txn_life *t, bool writes)
{
    uint32_t keyspace = t->rival.keyspace;

    if (!writes || !t->has_rival) return false;
    for (uint32_t key = t->rival.first; key < t->rival.end; key++) {
        if (t->now->is_written[keyspace][key]) return true;
        if (t->is_serializable && t->now->is_read[keyspace][key]) return true;
    }
    return false;
}

static bool writes_something(const txn_life *t)
{
    return memchr(t->now->is_written, true, sizeof t->now->is_written) != NULL;
}

static void take_over(txn_life *t, uint64_t version)
{
    for (uint32_t i = 0; i < LIFE_KEYSPACE_COUNT; i++) {
        for (uint32_t key = 0; key < t->l->key_count; key++) {
            if (!t->now->is_written[i][key]) continue;
            t->l->now->entries[i][key] = t->now->seen.entries[i][key];
            if (t->now->seen.entries[i][key].is_present) {
                t->l->now->entries[i][key].version = version;
            }
        }
    }
}

static void commit(txn_life *t)
{
    bool writes = writes_something(t);
    uint64_t version = 0;
    ferric_status expected = is_conflict(t, writes) ? FERRIC_CONFLICT : FERRIC_OK;
    ferric_status status = ferric_txn_commit(t->txn, &version);

    if (!life_expect(t->l, "ferric_txn_commit", expected, status) || status != FERRIC_OK) return;
    if (!writes) {
        if (version != 0) life_fail(t->l, "a commit of nothing has a version", UINT32_MAX);
        return;
    }
    life_take_version(t->l, version);
    take_over(t, version);
}

static void act(txn_life *t)
{
    uint64_t dice = below(t, 100);

    if (dice < 40) {
        write_one(t);
    } else if (dice < 45) {
        delete_range(t);
    } else if (dice < 80) {
        read_one(t);
    } else if (dice < 84) {
        walk(t);
    } else if (dice < 92) {
        save_or_roll_back(t);
    } else if (dice < 96) {
        rival(t);
    } else if (dice < 97) {
        life_expect(t->l, "ferric_flush", FERRIC_OK, ferric_flush(t->l->db));
    }
}

// A transaction that makes a keyspace conflicts with everybody who makes one, which the model does
// not know: tests/unit/api/txns_test.c looks at that.
static bool has_all_keyspaces(life *l)
{
    ferric_keyspace_info *list = NULL;
    size_t count = 0;

    life_expect(l, "ferric_keyspace_list", FERRIC_OK, ferric_keyspace_list(l->db, &list, &count));
    ferric_free(list);
    return count == LIFE_KEYSPACE_COUNT;
}

void life_txn(life *l)
{
    ferric_txn_options options = FERRIC_TXN_OPTIONS_INIT;
    txn_life t = {.l = l, .is_serializable = fe_random_below(&l->random, 2) == 0};
    uint64_t actions = fe_random_below(&l->random, ACTIONS_MAX);

    if (!has_all_keyspaces(l)) return;
    if (t.is_serializable) options.isolation = FERRIC_ISOLATION_SERIALIZABLE;
    options.sync = fe_random_below(&l->random, 20) == 0;
    if (!life_expect(l, "ferric_txn_begin", FERRIC_OK, ferric_txn_begin(l->db, &options, &t.txn))) {
        return;
    }
    t.now = harness_alloc(sizeof *t.now);
    t.saved = harness_alloc(sizeof *t.saved);
    t.now->seen = *l->now;
    for (uint64_t i = 0; i < actions && l->failure == NULL; i++)
        act(&t);
    if (l->failure == NULL && fe_random_below(&l->random, 8) != 0) commit(&t);
    ferric_txn_destroy(t.txn);
    harness_free(t.now);
    harness_free(t.saved);
}
