// SPDX-License-Identifier: Apache-2.0
// The skip list against a sorted array: every order of insertion, every relation of keys to what
// their code knows, and the bounds of its arena.
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/coding.h"
#include "entry_model.h"
#include "lsm/skiplist.h"

#define ARENA_SIZE ((size_t)256 << 10)
#define ARENA_BEGIN 64

typedef struct fixture {
    fe_skiplist list;
    entry_model model;
    uint8_t *arena;
    ferric_slice anchor;
    fe_random random;
} fixture;

static void setup(fixture *test, ferric_slice anchor, uint64_t seed)
{
    fe_key_code code;

    memset(test, 0, sizeof *test);
    test->arena = calloc(1, ARENA_SIZE);
    assert_non_null(test->arena);
    test->anchor = anchor;
    test->random.state = seed;
    fe_key_code_init(&code, anchor, FE_KEY_CODE_BITS_MAX);
    fe_skiplist_init(&test->list, test->arena, ARENA_BEGIN, ARENA_SIZE, &code);
    entry_model_init(&test->model);
}

static void teardown(fixture *test)
{
    for (size_t i = 0; i < ARENA_BEGIN; i++)
        assert_int_equal(test->arena[i], 0); // Somebody else's.
    entry_model_deinit(&test->model);
    free(test->arena);
}

// The newest version of a key, if it is older than `sequence`.
static fe_skiplist_ref newest_older(const fixture *test, ferric_slice key, uint64_t sequence)
{
    fe_skiplist_ref ref = fe_skiplist_seek(&test->list, key, FE_SEQUENCE_MAX);
    const fe_skiplist_node *node;

    if (ref == 0) return 0;
    node = fe_skiplist_node_at(&test->list, ref);
    return fe_slice_equal(fe_skiplist_key(node), key) && fe_skiplist_sequence(node) < sequence ? ref
                                                                                               : 0;
}

// A newer version of a key goes one way or the other.
static void insert(fixture *test, ferric_slice key, uint64_t sequence)
{
    fe_entry entry = {key, fe_slice_text("value"), sequence, FE_ENTRY_PUT};
    bool is_new = entry_model_insert(&test->model, &entry);
    fe_skiplist_ref newest = newest_older(test, key, sequence);
    fe_skiplist_ref ref = newest != 0 && fe_random_below(&test->random, 4) > 0
                              ? fe_skiplist_insert_newer(&test->list, newest, &entry)
                              : fe_skiplist_insert(&test->list, &entry);
    fe_entry found;

    assert_int_equal(ref != 0, is_new);
    if (ref == 0) return;
    fe_skiplist_entry(fe_skiplist_node_at(&test->list, ref), &found);
    assert_entry_equal(&found, &entry);
}

static void assert_stands_on(const fixture *test, fe_skiplist_ref ref, size_t at)
{
    fe_entry found;

    assert_int_equal(ref != 0, at < test->model.count);
    if (ref == 0) return;
    fe_skiplist_entry(fe_skiplist_node_at(&test->list, ref), &found);
    assert_entry_equal(&found, &test->model.entries[at]);
}

// A search would find its way over a level that is out of order too, but slowly.
static void assert_levels_are_in_order(const fe_skiplist *list)
{
    for (uint32_t level = 0; level < atomic_load(&list->height); level++) {
        const fe_skiplist_node *before = NULL;
        uint64_t link = atomic_load(fe_skiplist_link(list, list->head, level));
        while ((link & fe_skiplist_offset_mask(list)) != 0) {
            fe_skiplist_ref ref = (fe_skiplist_ref)(link & fe_skiplist_offset_mask(list));
            const fe_skiplist_node *node = fe_skiplist_node_at(list, ref);
            if (before != NULL) {
                assert_true(fe_internal_compare(fe_skiplist_key(before),
                                                fe_skiplist_sequence(before), fe_skiplist_key(node),
                                                fe_skiplist_sequence(node)) < 0);
            }
            before = node;
            link = atomic_load(fe_skiplist_link(list, ref, level));
        }
    }
}

// Compares the whole order, then every seek to an entry, just before it and just behind it.
static void assert_list_holds_model(const fixture *test)
{
    const entry_model *model = &test->model;
    fe_skiplist_ref ref = fe_skiplist_first(&test->list);

    for (size_t at = 0; at < model->count; at++) {
        const fe_entry *entry = &model->entries[at];
        assert_stands_on(test, ref, at);
        assert_int_equal(fe_skiplist_seek(&test->list, entry->key, entry->sequence), ref);
        assert_stands_on(test, fe_skiplist_seek_before(&test->list, entry->key, entry->sequence),
                         at - 1);
        if (entry->sequence > 0) {
            size_t behind = entry_model_lower_bound(model, entry->key, entry->sequence - 1);
            assert_stands_on(test, fe_skiplist_seek(&test->list, entry->key, entry->sequence - 1),
                             behind);
        }
        ref = fe_skiplist_next(&test->list, ref);
    }
    assert_int_equal(ref, 0);
    assert_stands_on(test, fe_skiplist_last(&test->list), model->count - 1);
    assert_levels_are_in_order(&test->list);
}

static void test_skiplist_empty_finds_nothing(void **state)
{
    fixture test;

    (void)state;
    setup(&test, fe_slice_text("anchor"), 1);
    assert_list_holds_model(&test);
    assert_int_equal(fe_skiplist_seek(&test.list, fe_slice(NULL, 0), FE_SEQUENCE_MAX), 0);
    assert_int_equal(fe_skiplist_seek_before(&test.list, fe_slice_text("z"), 0), 0);
    teardown(&test);
}

static void test_skiplist_keeps_runs_in_order(void **state)
{
    fixture test;
    uint8_t key[8];

    (void)state;
    setup(&test, fe_slice(NULL, 0), 1);
    // Up from the middle, down from there, up again between the two, then versions up and down.
    for (uint32_t i = 0; i < 300; i++) {
        fe_put_u32_ordered(key, 100000 + i * 10);
        insert(&test, fe_slice(key, 4), 1);
    }
    for (uint32_t i = 0; i < 300; i++) {
        fe_put_u32_ordered(key, 100000 - i * 10);
        insert(&test, fe_slice(key, 4), 1);
    }
    for (uint32_t i = 0; i < 300; i++) {
        fe_put_u32_ordered(key, 99000 + i * 10 + 5);
        insert(&test, fe_slice(key, 4), 1);
    }
    for (uint64_t sequence = 2; sequence < 100; sequence++)
        insert(&test, fe_slice(key, 4), sequence);
    fe_put_u32_ordered(key, 7);
    for (uint64_t sequence = 100; sequence > 0; sequence--)
        insert(&test, fe_slice(key, 4), sequence);
    assert_list_holds_model(&test);
    teardown(&test);
}

// Chains that are full, between others that are not, with versions that come late.
static void test_skiplist_chains_versions(void **state)
{
    static const char *const keys[] = {"hot", "hos", "hotter", "ho", "i"};
    fixture test;

    (void)state;
    setup(&test, fe_slice_text("h"), test_seed(11));
    for (uint64_t sequence = 2; sequence < 2000; sequence += 2) {
        uint64_t late = 1 + 2 * fe_random_below(&test.random, sequence / 2);
        const char *key = keys[fe_random_below(&test.random, 5)];
        if (sequence % 3 > 0) key = keys[0];
        insert(&test, fe_slice_text(key), sequence);
        if (sequence % 5 == 0) insert(&test, fe_slice_text(keys[sequence / 5 % 5]), late);
        if (sequence % 7 == 0) insert(&test, fe_slice_text(keys[0]), sequence);
    }
    assert_list_holds_model(&test);
    teardown(&test);
}

static void test_skiplist_drops_what_is_there_already(void **state)
{
    fixture test;

    (void)state;
    setup(&test, fe_slice_text("a"), 1);
    for (int round = 0; round < 3; round++) {
        insert(&test, fe_slice_text("ab"), 5);
        insert(&test, fe_slice_text("ab"), 5);
        insert(&test, fe_slice_text("ab"), 4);
        insert(&test, fe_slice_text("aa"), 5);
        insert(&test, fe_slice_text("ac"), 5);
        insert(&test, fe_slice_text("ab"), 5);
    }
    assert_int_equal(test.model.count, 4);
    assert_list_holds_model(&test);
    teardown(&test);
}

// Keys that differ only in what a link's code cannot show.
static void test_skiplist_orders_keys_that_share_codes(void **state)
{
    static const struct {
        const char *key;
        size_t size;
    } keys[] = {
        {"", 0},
        {"a", 1},
        {"k", 1},
        {"k\0", 2},
        {"k\0\0\0\0", 5},
        {"k\0\0\0", 4},
        {"k\0\0\0\0\0", 6},
        {"kabcd", 5},
        {"kabcde", 6},
        {"kabcdd", 6},
        {"kabc", 4},
        {"kabc\0", 5},
        {"k\xff\xff\xff\xff", 5},
        {"k\xff\xff\xff\xff\xff", 6},
        {"k\xff", 2},
        {"l", 1},
        {"\xff", 1},
        {"j\xff\xff", 3},
        {"k\xff\xff\xff", 4},
    };
    const size_t count = sizeof keys / sizeof keys[0];
    fixture test;

    (void)state;
    setup(&test, fe_slice_text("k"), 1);
    for (size_t i = 0; i < count * count; i++) {
        size_t at = i * 7 % count;
        insert(&test, fe_slice(keys[at].key, keys[at].size), i / count);
    }
    assert_int_equal(test.model.count, count * count);
    assert_list_holds_model(&test);
    teardown(&test);
}

static void test_skiplist_equals_model_in_random_order(void **state)
{
    static const char long_anchor[] =
        "a long anchor that is cut at sixty-four bytes, which this text "
        "is somewhat longer than, so that the cut is seen";
    const ferric_slice anchors[] = {
        fe_slice(NULL, 0),     fe_slice_text("\x01\x02\x03\x04"), fe_slice("\xff\xff", 2),
        fe_slice("\0\0\0", 3), fe_slice_text(long_anchor),
    };
    uint64_t seed = test_seed(20250601);
    uint8_t room[RANDOM_KEY_SIZE_MAX];

    (void)state;
    // Each anchor twice, the second time with what the list before has learned.
    for (size_t i = 0; i < 2 * sizeof anchors / sizeof anchors[0]; i++) {
        ferric_slice anchor = anchors[i / 2];
        fe_key_code learned;
        fixture test;
        setup(&test, anchor, seed + i);
        if (i % 2 == 1) fe_skiplist_init(&test.list, test.arena, ARENA_BEGIN, ARENA_SIZE, &learned);
        for (uint64_t sequence = 0; sequence < 900; sequence++) {
            ferric_slice key = random_key(&test.random, anchor, room);
            insert(&test, key, fe_random_below(&test.random, sequence + 1));
        }
        assert_list_holds_model(&test);
        for (int probe = 0; probe < 5000; probe++) {
            ferric_slice key = random_key(&test.random, anchor, room);
            uint64_t sequence = fe_random_below(&test.random, 1000);
            size_t at = entry_model_lower_bound(&test.model, key, sequence);
            assert_stands_on(&test, fe_skiplist_seek(&test.list, key, sequence), at);
            assert_stands_on(&test, fe_skiplist_seek_before(&test.list, key, sequence), at - 1);
        }
        fe_skiplist_learn(&test.list, &learned);
        teardown(&test);
    }
}

// What the lists that follow one of decimal keys can tell without a look at the keys: all of them.
static void test_skiplist_learns_from_all_its_keys(void **state)
{
    uint64_t codes[2000];
    fe_key_code code;
    fixture test;
    char key[20];

    (void)state;
    setup(&test, fe_slice(NULL, 0), 1);
    for (uint32_t i = 0; i < 2000; i++) {
        int size = snprintf(key, sizeof key, "user:%08" PRIu32, i * 3);
        insert(&test, fe_slice(key, (size_t)size), 1);
    }
    fe_skiplist_learn(&test.list, &code);
    assert_true(
        fe_slice_has_prefix(fe_slice_text("user:0000"), fe_slice(code.anchor, code.anchor_size)));
    for (uint32_t i = 0; i < 2000; i++) {
        int size = snprintf(key, sizeof key, "user:%08" PRIu32, i * 3);
        codes[i] = fe_key_code_of(&code, fe_slice(key, (size_t)size));
        assert_true(i == 0 || codes[i] > codes[i - 1]);
    }
    teardown(&test);
}

// A run of keys behind one that was searched for from a guide.
static void insert_run(fixture *test, char *key, size_t size, uint64_t sequence)
{
    for (int i = 0; i < 4; i++) {
        key[size] = (char)('a' + i);
        insert(test, fe_slice(key, size + 1), sequence);
    }
}

// More guides than there is room for, at keys that codes tell apart and at some that they do not.
static void test_skiplist_thins_its_guides(void **state)
{
    uint32_t most = 0;
    fixture test;
    char key[80];

    (void)state;
    setup(&test, fe_slice(NULL, 0), 1);
    for (uint32_t i = 0; fe_skiplist_room(&test.list) >= 5 * fe_skiplist_cost(sizeof key, 5); i++) {
        int size = snprintf(key, sizeof key, "%04" PRIu64, fe_random_below(&test.random, 10000));
        if (i % 64 == 0) size += snprintf(key + size, sizeof key - (size_t)size, "%060u", i);
        insert(&test, fe_slice(key, (size_t)size), i);
        if (i % 4 == 0) insert_run(&test, key, (size_t)size, i);
        if (test.list.guides.count > most) most = test.list.guides.count;
    }
    assert_int_equal(most, test.list.guides.max);
    assert_in_range(test.list.guides.count, most / 2, most - 1);
    for (uint32_t i = 1; i < test.list.guides.count; i++)
        assert_true(test.list.guides.links[i - 1] < test.list.guides.links[i]);
    assert_list_holds_model(&test);
    teardown(&test);
}

static void test_skiplist_fills_its_arena_to_the_end(void **state)
{
    fixture test;
    uint8_t room[RANDOM_KEY_SIZE_MAX];

    (void)state;
    for (uint64_t round = 0; round < 20; round++) {
        size_t size = ARENA_BEGIN + FE_SKIPLIST_HEAD_SIZE + 8 * (100 + round);
        setup(&test, fe_slice(NULL, 0), round + 1);
        memset(test.arena + size, 0xee, 64);
        fe_skiplist_init(&test.list, test.arena, ARENA_BEGIN, size, NULL);
        for (uint64_t sequence = 0;; sequence++) {
            ferric_slice key = random_key(&test.random, fe_slice_text("key"), room);
            if (fe_skiplist_room(&test.list) < fe_skiplist_cost(key.size, 5)) break;
            insert(&test, key, sequence);
        }
        assert_true(test.model.count >= 5);
        assert_list_holds_model(&test);
        for (size_t i = 0; i < 64; i++)
            assert_int_equal(test.arena[size + i], 0xee);
        teardown(&test);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_skiplist_empty_finds_nothing),
        cmocka_unit_test(test_skiplist_keeps_runs_in_order),
        cmocka_unit_test(test_skiplist_chains_versions),
        cmocka_unit_test(test_skiplist_drops_what_is_there_already),
        cmocka_unit_test(test_skiplist_orders_keys_that_share_codes),
        cmocka_unit_test(test_skiplist_equals_model_in_random_order),
        cmocka_unit_test(test_skiplist_learns_from_all_its_keys),
        cmocka_unit_test(test_skiplist_thins_its_guides),
        cmocka_unit_test(test_skiplist_fills_its_arena_to_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
