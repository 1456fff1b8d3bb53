// SPDX-License-Identifier: Apache-2.0
// SIEVE: what was used stays, what passes through once goes.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "lsm/sieve.h"

typedef struct thing {
    fe_sieve_node node;
    bool is_marked;
    bool is_pinned;
} thing;

static bool spare(fe_sieve_node *node)
{
    thing *self = (thing *)(void *)node;
    bool was_marked = self->is_marked;

    self->is_marked = false;
    return self->is_pinned || was_marked;
}

static void assert_evicts(fe_sieve *sieve, thing *expected)
{
    assert_ptr_equal(fe_sieve_evict(sieve, spare), expected == NULL ? NULL : &expected->node);
}

static void test_sieve_gives_up_the_oldest_unused_first(void **state)
{
    fe_sieve sieve = {0};
    thing things[5] = {0};

    (void)state;
    assert_evicts(&sieve, NULL);
    for (int i = 0; i < 5; i++)
        fe_sieve_insert(&sieve, &things[i].node);
    things[0].is_marked = true;
    things[2].is_marked = true;
    assert_evicts(&sieve, &things[1]); // 0 lost its mark.
    assert_evicts(&sieve, &things[3]); // 2 lost its mark.
    assert_evicts(&sieve, &things[4]);
    assert_evicts(&sieve, &things[0]); // The hand has begun again at the oldest.
    assert_evicts(&sieve, &things[2]);
    assert_evicts(&sieve, NULL);
    assert_int_equal(sieve.count, 0);
}

static void test_sieve_spares_what_a_scan_passes_by(void **state)
{
    fe_sieve sieve = {0};
    thing used[4] = {0};
    thing passing[64] = {0};

    (void)state;
    for (int i = 0; i < 4; i++)
        fe_sieve_insert(&sieve, &used[i].node);
    for (int i = 0; i < 64; i++) {
        for (int k = 0; k < 4; k++)
            used[k].is_marked = true;
        fe_sieve_insert(&sieve, &passing[i].node);
        if (sieve.count > 8) assert_true(fe_sieve_evict(&sieve, spare) >= &passing[0].node);
    }
    for (int i = 0; i < 4; i++) // Still there: they can be taken out by name.
        fe_sieve_remove(&sieve, &used[i].node);
    assert_int_equal(sieve.count, 4);
}

static void test_sieve_ends_when_everything_is_pinned(void **state)
{
    fe_sieve sieve = {0};
    thing things[3] = {0};

    (void)state;
    for (int i = 0; i < 3; i++) {
        things[i].is_pinned = true;
        fe_sieve_insert(&sieve, &things[i].node);
    }
    assert_evicts(&sieve, NULL);
    things[1].is_pinned = false;
    assert_evicts(&sieve, &things[1]);
    assert_evicts(&sieve, NULL);
    fe_sieve_remove(&sieve, &things[2].node);
    fe_sieve_remove(&sieve, &things[0].node);
    assert_null(sieve.newest);
    assert_null(sieve.oldest);
    assert_null(sieve.hand);
}

// Taking out the node at the hand moves the hand.
static void test_sieve_hand_survives_removal(void **state)
{
    fe_sieve sieve = {0};
    thing things[6] = {0};

    (void)state;
    for (int i = 0; i < 6; i++)
        fe_sieve_insert(&sieve, &things[i].node);
    assert_evicts(&sieve, &things[0]);
    assert_ptr_equal(sieve.hand, &things[1].node);
    fe_sieve_remove(&sieve, &things[1].node);
    assert_evicts(&sieve, &things[2]);
    fe_sieve_remove(&sieve, &things[5].node);
    assert_evicts(&sieve, &things[3]);
    assert_evicts(&sieve, &things[4]);
    assert_int_equal(sieve.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sieve_gives_up_the_oldest_unused_first),
        cmocka_unit_test(test_sieve_spares_what_a_scan_passes_by),
        cmocka_unit_test(test_sieve_ends_when_everything_is_pinned),
        cmocka_unit_test(test_sieve_hand_survives_removal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
