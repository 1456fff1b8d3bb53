// SPDX-License-Identifier: Apache-2.0
// Iterators of transactions against arrays: own writes among the snapshot's, both ways, unmoved by
// what is written meanwhile; and exactly what they read is what a serializable commit looks at.
#include "api_kit.h"

#include "base/random.h"
#include "base/slice.h"

#define KEYS 80
#define NONE KEYS
#define WALKERS 3
#define ROUNDS 60
#define STEPS 150

// Value n stands for "n"; 0 is absent.
typedef struct content {
    unsigned values[KEYS];
} content;

// An iterator, and what it must show.
typedef struct walker {
    ferric_iterator *iterator;
    content shown;
    unsigned lower; // Keys in [lower, upper).
    unsigned upper;
    bool is_reverse;
    unsigned at; // NONE: nowhere.
    uint64_t mark;
} walker;

typedef struct key_text {
    char text[16];
} key_text;

static ferric_slice key_of(unsigned number, key_text *room)
{
    snprintf(room->text, sizeof room->text, "k%03u", number);
    return text(room->text);
}

static void put_number(api_kit *kit, ferric_txn *txn, content *now, unsigned key, unsigned value)
{
    key_text room;
    ferric_slice key_slice = key_of(key, &room);
    char number[16];

    snprintf(number, sizeof number, "%u", value);
    if (txn != NULL) {
        assert_ok(value == 0 ? ferric_txn_delete(txn, NULL, key_slice)
                             : ferric_txn_put(txn, NULL, key_slice, text(number)));
    } else {
        assert_ok(value == 0 ? ferric_delete(kit->db, NULL, key_slice, NULL)
                             : ferric_put(kit->db, NULL, key_slice, text(number), NULL));
    }
    now->values[key] = value;
}

static unsigned draw_value(fe_random *random)
{
    return fe_random_below(random, 3) == 0 ? 0 : 1 + (unsigned)fe_random_below(random, 1000);
}

// ---- Walks ----------------------------------------------------------------------------------

static bool is_shown(const walker *w, unsigned key)
{
    return key >= w->lower && key < w->upper && w->shown.values[key] != 0;
}

// The first key that is shown from `key` on, in ascending or descending order.
static unsigned settle(const walker *w, unsigned key, bool is_ascending)
{
    while (key < KEYS && !is_shown(w, key))
        key = is_ascending ? key + 1 : key - 1; // Below 0 is above KEYS.
    return key < KEYS ? key : NONE;
}

static void assert_agrees(const walker *w, bool is_on)
{
    ferric_slice found = ferric_iterator_key(w->iterator);
    key_text room;
    char number[16];

    assert_ok(ferric_iterator_status(w->iterator));
    assert_int_equal(is_on, w->at != NONE);
    assert_int_equal(ferric_iterator_valid(w->iterator), is_on);
    if (!is_on) return;
    assert_true(fe_slice_equal(found, key_of(w->at, &room)));
    snprintf(number, sizeof number, "%u", w->shown.values[w->at]);
    assert_true(fe_slice_equal(ferric_iterator_value(w->iterator), text(number)));
}

static void move(walker *w, fe_random *random)
{
    bool is_ascending = !w->is_reverse;
    unsigned target = (unsigned)fe_random_below(random, KEYS);
    key_text room;
    bool is_on;

    switch (w->at == NONE ? fe_random_below(random, 3) : fe_random_below(random, 12)) {
    case 0:
        is_on = ferric_iterator_first(w->iterator);
        w->at = settle(w, is_ascending ? 0 : KEYS - 1, is_ascending);
        break;
    case 1:
        is_on = ferric_iterator_last(w->iterator);
        w->at = settle(w, is_ascending ? KEYS - 1 : 0, !is_ascending);
        break;
    case 2:
        is_on = ferric_iterator_seek(w->iterator, key_of(target, &room));
        w->at = settle(w, target, is_ascending);
        break;
    case 3:
    case 4:
    case 5:
        is_on = ferric_iterator_prev(w->iterator);
        w->at = settle(w, is_ascending ? w->at - 1 : w->at + 1, !is_ascending);
        break;
    default:
        is_on = ferric_iterator_next(w->iterator);
        w->at = settle(w, is_ascending ? w->at + 1 : w->at - 1, is_ascending);
        break;
    }
    assert_agrees(w, is_on);
}

static void open_walker(walker *w, ferric_txn *txn, const content *now, fe_random *random)
{
    ferric_iterator_options options = FERRIC_ITERATOR_OPTIONS_INIT;
    key_text lower;
    key_text upper;

    w->lower = (unsigned)fe_random_below(random, KEYS);
    w->upper = w->lower + (unsigned)fe_random_below(random, KEYS - w->lower + 1);
    if (fe_random_below(random, 2) == 0) w->lower = 0;
    if (fe_random_below(random, 2) == 0) w->upper = KEYS;
    options.lower = w->lower == 0 ? text("") : key_of(w->lower, &lower);
    options.upper = w->upper == KEYS ? text("") : key_of(w->upper, &upper);
    options.reverse = fe_random_below(random, 2) == 0;
    w->is_reverse = options.reverse;
    w->shown = *now;
    w->at = NONE;
    assert_ok(ferric_txn_savepoint(txn, &w->mark));
    assert_ok(ferric_txn_iterator_create(txn, NULL, &options, &w->iterator));
}

static void renew_walker(walker *w, ferric_txn *txn, const content *now, fe_random *random)
{
    ferric_iterator_destroy(w->iterator);
    open_walker(w, txn, now, random);
}

// Back to where one of the walkers was made: those made later with other writes are refused.
static void roll_back(walker *walkers, ferric_txn *txn, content *now, fe_random *random)
{
    const walker *to = &walkers[fe_random_below(random, WALKERS)];
    uint64_t mark = to->mark;

    *now = to->shown;
    assert_ok(ferric_txn_rollback_to(txn, mark));
    for (unsigned i = 0; i < WALKERS; i++) {
        if (walkers[i].mark <= mark) continue;
        assert_false(ferric_iterator_valid(walkers[i].iterator));
        if (walkers[i].lower < walkers[i].upper) {
            assert_false(ferric_iterator_first(walkers[i].iterator));
            assert_failed(ferric_iterator_status(walkers[i].iterator), FERRIC_INVALID_ARGUMENT,
                          "rolled back");
        }
        renew_walker(&walkers[i], txn, now, random);
    }
}

static void play_round(api_kit *kit, content *committed, fe_random *random)
{
    ferric_txn *txn;
    content now = *committed;
    walker walkers[WALKERS];
    content ignored;

    assert_ok(ferric_txn_begin(kit->db, NULL, &txn));
    // Others write on: keys that this one does not write, so that it can commit.
    for (unsigned i = 0; i < WALKERS; i++)
        open_walker(&walkers[i], txn, &now, random);
    for (unsigned i = 0; i < STEPS; i++) {
        uint64_t dice = fe_random_below(random, 100);
        unsigned key = (unsigned)fe_random_below(random, KEYS / 2) * 2;
        if (dice < 25) put_number(kit, txn, &now, key, draw_value(random));
        if (dice == 25) put_number(kit, NULL, &ignored, key + 1, draw_value(random));
        if (dice == 26) roll_back(walkers, txn, &now, random);
        if (dice == 27) renew_walker(&walkers[i % WALKERS], txn, &now, random);
        if (dice == 28) assert_ok(ferric_flush(kit->db));
        if (dice > 28) move(&walkers[dice % WALKERS], random);
    }
    for (unsigned i = 0; i < WALKERS; i++)
        ferric_iterator_destroy(walkers[i].iterator);
    assert_ok(ferric_txn_commit(txn, NULL));
    ferric_txn_destroy(txn);
    // What was committed is what the transaction saw, and on the odd keys what others wrote.
    assert_ok(ferric_txn_begin(kit->db, NULL, &txn));
    for (unsigned i = 0; i < KEYS; i++) {
        key_text room;
        ferric_buffer value = {0};
        ferric_status status = ferric_txn_get(txn, NULL, key_of(i, &room), &value, NULL);
        committed->values[i] = 0;
        if (status == FERRIC_OK) {
            char number[16] = {0};
            memcpy(number, value.data, value.size);
            committed->values[i] = (unsigned)atoi(number);
        }
        if (i % 2 == 0) assert_int_equal(committed->values[i], now.values[i]);
        ferric_buffer_free(&value);
    }
    ferric_txn_destroy(txn);
}

static void test_iterators_show_own_writes_among_the_snapshots(void **state)
{
    api_kit kit;
    content committed = {{0}};
    fe_random random = {20261121};

    (void)state;
    kit_init(&kit);
    for (unsigned i = 0; i < KEYS; i++)
        put_number(&kit, NULL, &committed, i, draw_value(&random));
    for (unsigned i = 0; i < ROUNDS; i++)
        play_round(&kit, &committed, &random);
    kit_deinit(&kit);
}

// Each key that is met is written, and one behind it: the walk shows neither.
static void test_loop_may_write_what_it_walks_over(void **state)
{
    api_kit kit;
    ferric_txn *txn;
    ferric_iterator *iterator;
    unsigned seen = 0;

    (void)state;
    kit_init(&kit);
    put(kit.db, NULL, "a", "1");
    put(kit.db, NULL, "c", "1");
    assert_ok(ferric_txn_begin(kit.db, NULL, &txn));
    assert_ok(ferric_txn_put(txn, NULL, text("b"), text("own")));
    assert_ok(ferric_txn_iterator_create(txn, NULL, NULL, &iterator));
    while (ferric_iterator_next(iterator)) {
        char behind[16];
        ferric_slice key = ferric_iterator_key(iterator);
        assert_int_equal(key.size, 1);
        assert_int_equal(ferric_iterator_version(iterator) == 0, seen == 1);
        snprintf(behind, sizeof behind, "%c+", *(const char *)key.data);
        assert_ok(ferric_txn_put(txn, NULL, text(behind), text("new")));
        assert_ok(ferric_txn_delete(txn, NULL, key));
        seen++;
    }
    assert_int_equal(seen, 3);
    ferric_iterator_destroy(iterator);
    assert_ok(ferric_txn_commit(txn, NULL));
    ferric_txn_destroy(txn);
    assert_keys(kit.db, NULL, NULL, "a+ b+ c+ ");
    kit_deinit(&kit);
}

static void test_iterator_shows_nothing_after_the_end(void **state)
{
    api_kit kit;
    ferric_txn *txn;
    ferric_iterator *iterator;
    ferric_iterator_options options = FERRIC_ITERATOR_OPTIONS_INIT;
    ferric_snapshot *snapshot;

    (void)state;
    kit_init(&kit);
    assert_ok(ferric_txn_begin(kit.db, NULL, &txn));
    assert_ok(ferric_txn_put(txn, NULL, text("a"), text("1")));
    assert_ok(ferric_txn_iterator_create(txn, NULL, NULL, &iterator));
    assert_true(ferric_iterator_first(iterator));
    assert_ok(ferric_txn_commit(txn, NULL));
    assert_false(ferric_iterator_valid(iterator));
    assert_int_equal(ferric_iterator_key(iterator).size, 0);
    assert_int_equal(ferric_iterator_value(iterator).size, 0);
    assert_false(ferric_iterator_first(iterator));
    assert_failed(ferric_iterator_status(iterator), FERRIC_INVALID_ARGUMENT, "committed");
    ferric_txn_destroy(txn); // Before its iterator.
    assert_false(ferric_iterator_next(iterator));
    ferric_iterator_destroy(iterator);
    assert_ok(ferric_snapshot_create(kit.db, &snapshot));
    options.snapshot = snapshot;
    assert_ok(ferric_txn_begin(kit.db, NULL, &txn));
    assert_failed(ferric_txn_iterator_create(txn, NULL, &options, &iterator),
                  FERRIC_INVALID_ARGUMENT, "own snapshot");
    ferric_txn_destroy(txn);
    ferric_snapshot_release(snapshot);
    kit_deinit(&kit);
}

// ---- What was read --------------------------------------------------------------------------

// Which keys a serializable transaction has read, those that are absent included.
typedef struct reads {
    bool is_read[KEYS];
} reads;

static void note(reads *r, const walker *w, unsigned from, unsigned to)
{
    for (unsigned i = from < to ? from : to; i <= (from < to ? to : from); i++)
        if (i >= w->lower && i < w->upper) r->is_read[i] = true;
}

// Everything from where a move began to where it ended, or to the end it met.
static void move_and_note(walker *w, reads *r, fe_random *random)
{
    bool is_new = w->at == NONE;
    unsigned target = (unsigned)fe_random_below(random, KEYS);
    unsigned from = w->at;
    bool is_upwards;
    key_text room;

    switch (fe_random_below(random, is_new ? 3 : 9)) {
    case 0:
        (void)ferric_iterator_first(w->iterator);
        is_upwards = !w->is_reverse;
        from = is_upwards ? 0 : KEYS - 1;
        w->at = settle(w, from, is_upwards);
        break;
    case 1:
        (void)ferric_iterator_last(w->iterator);
        is_upwards = w->is_reverse;
        from = is_upwards ? 0 : KEYS - 1;
        w->at = settle(w, from, is_upwards);
        break;
    case 2:
        (void)ferric_iterator_seek(w->iterator, key_of(target, &room));
        is_upwards = !w->is_reverse;
        from = target;
        w->at = settle(w, from, is_upwards);
        break;
    case 3:
        (void)ferric_iterator_prev(w->iterator);
        is_upwards = w->is_reverse;
        w->at = settle(w, is_upwards ? from + 1 : from - 1, is_upwards);
        break;
    default:
        (void)ferric_iterator_next(w->iterator);
        is_upwards = !w->is_reverse;
        w->at = settle(w, is_upwards ? from + 1 : from - 1, is_upwards);
        break;
    }
    assert_agrees(w, w->at != NONE);
    note(r, w, from, w->at != NONE ? w->at : is_upwards ? KEYS - 1 : 0);
}

static void check_reads(api_kit *kit, ferric_keyspace *other, fe_random *random,
                        unsigned *conflicts)
{
    ferric_txn_options options = FERRIC_TXN_OPTIONS_INIT;
    ferric_txn *txn;
    content now = {{0}};
    walker w;
    reads r = {{false}};
    unsigned intruded = (unsigned)fe_random_below(random, KEYS);
    bool ends_before = fe_random_below(random, 2) == 0;
    ferric_status status;

    for (unsigned i = 0; i < KEYS; i++)
        put_number(kit, NULL, &now, i, fe_random_below(random, 4) == 0 ? 1 + i : 0);
    options.isolation = FERRIC_ISOLATION_SERIALIZABLE;
    assert_ok(ferric_txn_begin(kit->db, &options, &txn));
    open_walker(&w, txn, &now, random);
    for (uint64_t i = fe_random_below(random, 6); i > 0; i--)
        move_and_note(&w, &r, random);
    if (ends_before) ferric_iterator_destroy(w.iterator);
    put_number(kit, NULL, &now, intruded, 5);
    assert_ok(ferric_txn_put(txn, other, text("a"), text("something")));
    status = ferric_txn_commit(txn, NULL);
    assert_int_equal(status, r.is_read[intruded] ? FERRIC_CONFLICT : FERRIC_OK);
    *conflicts += status == FERRIC_CONFLICT;
    if (!ends_before) ferric_iterator_destroy(w.iterator);
    ferric_txn_destroy(txn);
}

static void test_serializable_commit_looks_at_exactly_what_was_read(void **state)
{
    api_kit kit;
    fe_random random = {4};
    unsigned conflicts = 0;
    ferric_keyspace *other;

    (void)state;
    kit_init(&kit);
    other = kit_keyspace(&kit, "other", FERRIC_KEYSPACE_RAW);
    put(kit.db, other, "a", "0");
    for (unsigned i = 0; i < 600; i++)
        check_reads(&kit, other, &random, &conflicts);
    assert_in_range(conflicts, 30, 570);
    ferric_keyspace_close(other);
    kit_deinit(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_iterators_show_own_writes_among_the_snapshots),
        cmocka_unit_test(test_loop_may_write_what_it_walks_over),
        cmocka_unit_test(test_iterator_shows_nothing_after_the_end),
        cmocka_unit_test(test_serializable_commit_looks_at_exactly_what_was_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
