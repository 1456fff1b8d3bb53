// SPDX-License-Identifier: Apache-2.0
// The benchmark's keys, values, distributions and histogram: a benchmark that measures wrongly is
// worse than none.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/bench_data.h"
#include "cli/bench_histogram.h"

static void test_values_are_recognised_and_others_are_not(void **state)
{
    bench_data data;
    uint8_t value[200];
    uint8_t other[200];
    ferric_slice slice;
    (void)state;
    assert_int_equal(bench_data_init(&data, 1000, sizeof value, 1), FERRIC_OK);
    slice = bench_value(&data, 17, 5, value);
    assert_true(bench_value_is(&data, 17, slice));
    assert_false(bench_value_is(&data, 18, slice));
    slice = bench_value(&data, 17, 6, other);
    assert_true(bench_value_is(&data, 17, slice));
    assert_memory_not_equal(value, other, sizeof value);
    value[150] ^= 1;
    slice.data = value;
    assert_false(bench_value_is(&data, 17, slice));
    slice.size--;
    assert_false(bench_value_is(&data, 17, slice));
    bench_data_deinit(&data);
}

static void test_keys_sort_as_their_numbers(void **state)
{
    uint8_t a[BENCH_KEY_SIZE];
    uint8_t b[BENCH_KEY_SIZE];
    (void)state;
    bench_key(99, a);
    assert_memory_equal(a, "user000000000099", BENCH_KEY_SIZE);
    bench_key(100, b);
    assert_true(memcmp(a, b, BENCH_KEY_SIZE) < 0);
}

static void test_shuffled_visits_each_number_once(void **state)
{
    static const uint64_t counts[] = {2, 3, 1000, 4096, 99991};
    (void)state;
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        bench_data data = {.entries = counts[i]};
        bool *seen = calloc(counts[i], 1);
        assert_non_null(seen);
        for (uint64_t position = 0; position < counts[i]; position++) {
            uint64_t number = bench_shuffled(&data, position);
            assert_true(number < counts[i] && !seen[number]);
            seen[number] = true;
        }
        free(seen);
    }
}

// Of 1,000 numbers the most frequent one has 1 / zeta of all picks, and the picks of `latest` are
// nearest the end.
static void test_zipfian_picks_have_zipfs_frequencies(void **state)
{
    bench_data data;
    fe_random random = {3};
    uint64_t counts[1000] = {0};
    uint64_t most = 0;
    uint64_t newest = 0;
    const int picks = 200000;
    double expected;
    (void)state;
    assert_int_equal(bench_data_init(&data, 1000, 100, 1), FERRIC_OK);
    for (int i = 0; i < picks; i++) {
        counts[bench_pick_zipfian(&data, &random)]++;
        newest += bench_pick_latest(&data, &random, 1000) == 999;
        assert_true(bench_pick_uniform(&data, &random) < 1000);
    }
    for (int i = 0; i < 1000; i++)
        most = counts[i] > most ? counts[i] : most;
    expected = picks / data.zeta;
    assert_true((double)most > expected * 0.95 && (double)most < expected * 1.15);
    assert_true((double)newest > expected * 0.95 && (double)newest < expected * 1.05);
    bench_data_deinit(&data);
}

static void test_histogram_is_right_to_a_thirty_second(void **state)
{
    bench_histogram *histogram = calloc(1, sizeof *histogram);
    bench_histogram *other = calloc(1, sizeof *other);
    (void)state;
    assert_non_null(histogram);
    assert_non_null(other);
    assert_int_equal(bench_histogram_at(histogram, 0.5), 0);
    for (uint64_t i = 1; i <= 100000; i++)
        bench_histogram_add(i % 2 ? histogram : other, i);
    bench_histogram_merge(histogram, other);
    assert_int_equal(histogram->count, 100000);
    assert_int_equal(histogram->max, 100000);
    for (int percent = 1; percent < 100; percent++) {
        double exact = percent * 1000.0;
        double found = (double)bench_histogram_at(histogram, percent / 100.0);
        assert_true(found >= exact && found <= exact * (1 + 1.0 / 32) + 1);
    }
    assert_int_equal(bench_histogram_at(histogram, 1), 100000);
    bench_histogram_add(histogram, UINT64_MAX);
    assert_true(bench_histogram_at(histogram, 1) == UINT64_MAX);
    free(histogram);
    free(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_are_recognised_and_others_are_not),
        cmocka_unit_test(test_keys_sort_as_their_numbers),
        cmocka_unit_test(test_shuffled_visits_each_number_once),
        cmocka_unit_test(test_zipfian_picks_have_zipfs_frequencies),
        cmocka_unit_test(test_histogram_is_right_to_a_thirty_second),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
