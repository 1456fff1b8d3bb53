// SPDX-License-Identifier: Apache-2.0
// References that stay with threads: the last one given up is told once, after the owner gathered.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "lsm/spread_refs.h"
#include "os/thread.h"

#define THREADS 4
#define ROUNDS 200
#define USES 300
#define MANY 1000

static void test_the_owner_alone_is_the_last(void **state)
{
    static fe_spread_refs refs; // Aligned to a line, which the stack of a sanitizer is not.

    (void)state;
    assert_int_equal(fe_spread_refs_init(&refs), FERRIC_OK);
    for (int i = 0; i < 3; i++) {
        fe_spread_refs_take(&refs);
        assert_false(fe_spread_refs_give(&refs));
    }
    fe_spread_refs_gather(&refs);
    assert_true(fe_spread_refs_give(&refs));
    fe_spread_refs_deinit(&refs);
}

static void test_what_outlives_the_owner_is_the_last(void **state)
{
    static fe_spread_refs refs;

    (void)state;
    assert_int_equal(fe_spread_refs_init(&refs), FERRIC_OK);
    fe_spread_refs_take(&refs);
    fe_spread_refs_take(&refs);
    assert_false(fe_spread_refs_give(&refs)); // Stays with this thread.
    fe_spread_refs_gather(&refs);
    assert_false(fe_spread_refs_give(&refs));
    fe_spread_refs_take(&refs); // By who still has one.
    assert_false(fe_spread_refs_give(&refs));
    assert_true(fe_spread_refs_give(&refs));
    fe_spread_refs_deinit(&refs);
}

// More than a thread keeps: the rest is counted at once.
static void test_many_at_a_time_all_come_back(void **state)
{
    static fe_spread_refs refs;

    (void)state;
    assert_int_equal(fe_spread_refs_init(&refs), FERRIC_OK);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < MANY; i++)
            fe_spread_refs_take(&refs);
        for (int i = 0; i < MANY; i++)
            assert_false(fe_spread_refs_give(&refs));
        assert_true(atomic_load(&refs.count) < MANY);
    }
    fe_spread_refs_gather(&refs);
    assert_int_equal(atomic_load(&refs.count), 1);
    assert_true(fe_spread_refs_give(&refs));
    fe_spread_refs_deinit(&refs);
}

// ---- Threads --------------------------------------------------------------------------------

typedef struct shared_thing {
    fe_spread_refs refs;
    uint64_t users[THREADS]; // Written without atomics: the freeing thread comes after all of it.
    _Atomic(uint32_t) ends;
} shared_thing;

typedef struct user {
    shared_thing *thing;
    uint32_t number;
} user;

// Frees as a store does, if it is the last.
static void give(shared_thing *thing)
{
    uint64_t uses = 0;

    if (!fe_spread_refs_give(&thing->refs)) return;
    for (int i = 0; i < THREADS; i++)
        uses += thing->users[i];
    assert_int_equal(uses, THREADS * USES);
    memset(thing->users, 0xff, sizeof thing->users);
    atomic_fetch_add(&thing->ends, 1);
}

static void use(void *argument)
{
    const user *self = argument;

    for (int i = 0; i < USES; i++) {
        fe_spread_refs_take(&self->thing->refs);
        self->thing->users[self->number]++;
        give(self->thing);
    }
    give(self->thing); // The one that it was started with.
}

static void test_threads_free_it_once_when_all_are_done(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        static shared_thing thing;
        fe_thread threads[THREADS] = {{0}};
        user users[THREADS];
        memset(&thing, 0, sizeof thing);
        assert_int_equal(fe_spread_refs_init(&thing.refs), FERRIC_OK);
        for (uint32_t i = 0; i < THREADS; i++) {
            users[i] = (user){&thing, i};
            fe_spread_refs_take(&thing.refs);
            assert_int_equal(fe_thread_start(&threads[i], "user", use, &users[i]), FERRIC_OK);
        }
        fe_spread_refs_gather(&thing.refs);
        give(&thing);
        for (int i = 0; i < THREADS; i++)
            fe_thread_join(&threads[i]);
        assert_int_equal(atomic_load(&thing.ends), 1);
        fe_spread_refs_deinit(&thing.refs);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_owner_alone_is_the_last),
        cmocka_unit_test(test_what_outlives_the_owner_is_the_last),
        cmocka_unit_test(test_many_at_a_time_all_come_back),
        cmocka_unit_test(test_threads_free_it_once_when_all_are_done),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
