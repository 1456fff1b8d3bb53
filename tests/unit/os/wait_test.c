// SPDX-License-Identifier: Apache-2.0
// Waiting on a word: built twice, for the system's own way and for the portable one. A waking that
// is lost shows as a test that never ends.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "os/thread.h"

#define WAITER_COUNT 8
#define ROUND_COUNT 200

typedef struct meeting {
    _Atomic(uint32_t) round;
    _Atomic(uint32_t) passed_count;
} meeting;

static void pass_each_round(void *argument)
{
    meeting *at = argument;

    for (uint32_t round = 0; round < ROUND_COUNT; round++) {
        while (atomic_load(&at->round) == round)
            fe_wait_while(&at->round, round);
        atomic_fetch_add(&at->passed_count, 1);
        fe_wake_all(&at->passed_count);
    }
}

static void test_one_waking_wakes_all_who_wait(void **state)
{
    static meeting at;
    fe_thread threads[WAITER_COUNT];

    (void)state;
    for (size_t i = 0; i < WAITER_COUNT; i++) {
        assert_int_equal(fe_thread_start(&threads[i], "waiter", pass_each_round, &at), FERRIC_OK);
    }
    for (uint32_t round = 0; round < ROUND_COUNT; round++) {
        uint32_t passed;
        atomic_store(&at.round, round + 1);
        fe_wake_all(&at.round);
        while ((passed = atomic_load(&at.passed_count)) < (round + 1) * WAITER_COUNT) {
            fe_wait_while(&at.passed_count, passed);
        }
    }
    for (size_t i = 0; i < WAITER_COUNT; i++)
        fe_thread_join(&threads[i]);
    assert_int_equal(at.passed_count, ROUND_COUNT * WAITER_COUNT);
}

static void test_a_word_that_has_changed_is_not_waited_for(void **state)
{
    _Atomic(uint32_t) word = 5;

    (void)state;
    fe_wait_while(&word, 4);
    fe_wait_while(&word, 6);
    fe_wake_all(&word); // Nobody waits.
    assert_int_equal(word, 5);
}

// Neighbours in memory share a place in the portable way, and must not lose each other's wakings.
typedef struct ball {
    _Atomic(uint32_t) here;
    _Atomic(uint32_t) there;
} ball;

static void play_back(void *argument)
{
    ball *in_play = argument;

    for (uint32_t i = 0; i < 2000; i++) {
        while (atomic_load(&in_play->there) == i)
            fe_wait_while(&in_play->there, i);
        atomic_store(&in_play->here, i + 1);
        fe_wake_all(&in_play->here);
    }
}

static void test_two_threads_play_with_neighbouring_words(void **state)
{
    static ball in_play;
    fe_thread thread;

    (void)state;
    assert_int_equal(fe_thread_start(&thread, "player", play_back, &in_play), FERRIC_OK);
    for (uint32_t i = 0; i < 2000; i++) {
        atomic_store(&in_play.there, i + 1);
        fe_wake_all(&in_play.there);
        while (atomic_load(&in_play.here) == i)
            fe_wait_while(&in_play.here, i);
    }
    fe_thread_join(&thread);
    assert_int_equal(in_play.here, 2000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_waking_wakes_all_who_wait),
        cmocka_unit_test(test_a_word_that_has_changed_is_not_waited_for),
        cmocka_unit_test(test_two_threads_play_with_neighbouring_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
