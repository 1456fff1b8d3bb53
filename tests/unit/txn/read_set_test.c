// SPDX-License-Identifier: Apache-2.0
// Read sets against a list of flags: in order, without overlap, and over exactly what was added.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/random.h"
#include "base/slice.h"
#include "txn/read_set.h"

#define KEYS 256
#define ROUNDS 400

static ferric_slice key_of(const uint8_t *number)
{
    return fe_slice(number, 1);
}

static bool has(const fe_read_set *set, ferric_slice key)
{
    for (size_t i = 0; i < set->count; i++) {
        ferric_slice lower;
        ferric_slice upper;
        fe_read_set_at(set, i, &lower, &upper);
        if (upper.size == 0 ? fe_slice_equal(lower, key)
                            : fe_slice_compare(lower, key) <= 0 && fe_slice_compare(key, upper) < 0)
            return true;
    }
    return false;
}

static void assert_in_order(const fe_read_set *set)
{
    ferric_slice last = {NULL, 0};
    bool is_range = false;

    for (size_t i = 0; i < set->count; i++) {
        ferric_slice lower;
        ferric_slice upper;
        fe_read_set_at(set, i, &lower, &upper);
        if (i > 0) assert_true(fe_slice_compare(last, lower) < (is_range ? 1 : 0));
        is_range = upper.size > 0;
        if (is_range) assert_true(fe_slice_compare(lower, upper) < 0);
        last = is_range ? upper : lower;
    }
}

static void add_random(fe_read_set *set, bool *flags, fe_random *random)
{
    uint8_t first = (uint8_t)fe_random_below(random, KEYS);
    uint8_t end = (uint8_t)(first + fe_random_below(random, 12));
    bool is_range = fe_random_below(random, 3) == 0 && end > first;

    assert_int_equal(
        fe_read_set_add(set, key_of(&first), is_range ? key_of(&end) : fe_slice(NULL, 0)),
        FERRIC_OK);
    flags[first] = true;
    for (unsigned i = first; is_range && i < end; i++)
        flags[i] = true;
}

static void test_order_keeps_what_was_added(void **state)
{
    fe_random random = {7};

    (void)state;
    for (unsigned round = 0; round < ROUNDS; round++) {
        fe_read_set set = {0};
        bool flags[KEYS] = {false};
        unsigned count = (unsigned)fe_random_below(&random, 200);
        for (unsigned i = 0; i < count; i++)
            add_random(&set, flags, &random);
        assert_int_equal(fe_read_set_order(&set), FERRIC_OK);
        assert_in_order(&set);
        for (unsigned i = 0; i < KEYS; i++) {
            uint8_t number = (uint8_t)i;
            assert_int_equal(has(&set, key_of(&number)), flags[i]);
        }
        fe_read_set_deinit(&set);
    }
}

static void test_reading_the_same_again_costs_no_memory(void **state)
{
    fe_read_set set = {0};
    uint8_t keys[] = {1, 2, 3};

    (void)state;
    for (unsigned i = 0; i < 100000; i++)
        assert_int_equal(fe_read_set_add(&set, key_of(&keys[i % 3]), fe_slice(NULL, 0)), FERRIC_OK);
    assert_true(set.keys.size < 1000);
    assert_int_equal(fe_read_set_order(&set), FERRIC_OK);
    assert_int_equal(set.count, 3);
    fe_read_set_deinit(&set);
}

// A key and the range right behind it: the key's successor is the same key and a zero byte.
static void test_neighbours_stay_apart_or_meet(void **state)
{
    fe_read_set set = {0};
    ferric_slice none = {NULL, 0};

    (void)state;
    assert_int_equal(fe_read_set_add(&set, fe_slice_text("m"), none), FERRIC_OK);
    assert_int_equal(fe_read_set_add(&set, fe_slice_text("f"), fe_slice_text("m")), FERRIC_OK);
    assert_int_equal(fe_read_set_add(&set, fe_slice_text("a"), fe_slice_text("f")), FERRIC_OK);
    assert_int_equal(fe_read_set_order(&set), FERRIC_OK);
    assert_int_equal(set.count, 2);
    assert_true(has(&set, fe_slice_text("a")));
    assert_true(has(&set, fe_slice_text("m")));
    assert_false(has(&set, fe_slice_text("ma")));
    fe_read_set_deinit(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order_keeps_what_was_added),
        cmocka_unit_test(test_reading_the_same_again_costs_no_memory),
        cmocka_unit_test(test_neighbours_stay_apart_or_meet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
