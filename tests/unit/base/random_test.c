// SPDX-License-Identifier: Apache-2.0
// The generator gives SplitMix64's numbers, so that a printed seed replays on every machine.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/random.h"

static void test_the_sequence_is_that_of_splitmix64(void **state)
{
    // The reference program's first numbers for the seed 1234567.
    static const uint64_t expected[] = {6457827717110365317u, 3203168211198807973u,
                                        9817491932198370423u, 4593380528125082431u,
                                        16408922859458223821u};
    fe_random random = {1234567};

    (void)state;
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        assert_true(fe_random_next(&random) == expected[i]);
    }
}

static void test_numbers_below_a_bound_reach_all_of_it(void **state)
{
    uint32_t counts[10] = {0};
    fe_random random = {3};

    (void)state;
    for (int i = 0; i < 10000; i++) {
        uint64_t value = fe_random_below(&random, 10);
        assert_in_range(value, 0, 9);
        counts[value]++;
    }
    for (size_t i = 0; i < 10; i++)
        assert_in_range(counts[i], 800, 1200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_sequence_is_that_of_splitmix64),
        cmocka_unit_test(test_numbers_below_a_bound_reach_all_of_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
