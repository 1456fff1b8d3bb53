// SPDX-License-Identifier: Apache-2.0
// Tallies: nothing is lost between threads, with numbers and without.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "lsm/tally.h"

#define THREADS 4
#define ADDITIONS 100000
#define CROWD (FE_THREAD_INDEX_COUNT + 30)

static void add_many(void *argument)
{
    fe_tally *tally = argument;

    for (int i = 0; i < ADDITIONS; i++) {
        fe_tally_add(tally, 0, 1);
        fe_tally_add(tally, 7, 3);
        fe_tally_add(tally, 3, 0 - (uint64_t)1);
    }
}

static void test_tally_sums_over_threads(void **state)
{
    fe_thread threads[THREADS] = {{0}};
    fe_tally tally;

    (void)state;
    assert_int_equal(fe_tally_init(&tally), FERRIC_OK);
    fe_tally_add(&tally, 3, (uint64_t)THREADS * ADDITIONS);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(fe_thread_start(&threads[i], "adder", add_many, &tally), FERRIC_OK);
    for (int i = 0; i < THREADS; i++)
        fe_thread_join(&threads[i]);
    assert_int_equal(fe_tally_sum(&tally, 0), THREADS * ADDITIONS);
    assert_int_equal(fe_tally_sum(&tally, 7), 3 * THREADS * ADDITIONS);
    assert_int_equal(fe_tally_sum(&tally, 3), 0);
    assert_int_equal(fe_tally_sum(&tally, 1), 0);
    fe_tally_deinit(&tally);
}

typedef struct crowd {
    fe_tally tally;
    _Atomic(uint32_t) counted;
    _Atomic(uint32_t) may_end;
} crowd;

static void count_once(void *argument)
{
    crowd *all = argument;

    fe_tally_add(&all->tally, 2, 5);
    atomic_fetch_add(&all->counted, 1);
    fe_wake_all(&all->counted);
    while (atomic_load(&all->may_end) == 0)
        fe_wait_while(&all->may_end, 0);
}

static void test_tally_counts_threads_without_a_number(void **state)
{
    static fe_thread threads[CROWD];
    static crowd all;

    (void)state;
    assert_int_equal(fe_tally_init(&all.tally), FERRIC_OK);
    for (int i = 0; i < CROWD; i++)
        assert_int_equal(fe_thread_start(&threads[i], "crowd", count_once, &all), FERRIC_OK);
    for (uint32_t seen = 0; seen < CROWD; seen = atomic_load(&all.counted))
        fe_wait_while(&all.counted, seen);
    assert_int_equal(fe_tally_sum(&all.tally, 2), 5 * CROWD);
    atomic_store(&all.may_end, 1);
    fe_wake_all(&all.may_end);
    for (int i = 0; i < CROWD; i++)
        fe_thread_join(&threads[i]);
    fe_tally_deinit(&all.tally);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tally_sums_over_threads),
        cmocka_unit_test(test_tally_counts_threads_without_a_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
