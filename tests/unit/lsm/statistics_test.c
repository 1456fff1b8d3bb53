// SPDX-License-Identifier: Apache-2.0
// Statistics: quantiles within their promise, no count lost between threads, one call in 64 timed.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/random.h"
#include "lsm/histogram.h"
#include "lsm/statistics.h"
#include "os/thread.h"

// ---- Histogram ------------------------------------------------------------------------------

static void test_histogram_buckets_grow_by_one_and_cover_everything(void **state)
{
    uint32_t last = 0;

    (void)state;
    assert_int_equal(fe_histogram_bucket(0), 0);
    for (uint64_t value = 1; value < 100000; value++) {
        uint32_t bucket = fe_histogram_bucket(value);
        assert_true(bucket == last || bucket == last + 1);
        last = bucket;
    }
    for (int bit = 16; bit < 40; bit++) {
        uint64_t power = UINT64_C(1) << bit;
        assert_int_equal(fe_histogram_bucket(power), fe_histogram_bucket(power - 1) + 1);
    }
    assert_int_equal(fe_histogram_bucket((UINT64_C(1) << 40) - 1), FE_HISTOGRAM_BUCKET_COUNT - 1);
    assert_int_equal(fe_histogram_bucket(UINT64_C(1) << 40), FE_HISTOGRAM_BUCKET_COUNT - 1);
    assert_int_equal(fe_histogram_bucket(UINT64_MAX), FE_HISTOGRAM_BUCKET_COUNT - 1);
}

static void test_histogram_middle_is_within_a_32nd(void **state)
{
    fe_random random = {1};

    (void)state;
    for (uint64_t value = 0; value < 32; value++)
        assert_int_equal(fe_histogram_middle(fe_histogram_bucket(value)), value);
    for (int i = 0; i < 200000; i++) {
        uint64_t value = fe_random_next(&random) >> (24 + fe_random_below(&random, 36));
        uint64_t middle = fe_histogram_middle(fe_histogram_bucket(value));
        uint64_t error = middle > value ? middle - value : value - middle;
        assert_true(error * 32 <= value);
        assert_int_equal(fe_histogram_bucket(middle), fe_histogram_bucket(value));
    }
}

static int compare(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left;
    uint64_t b = *(const uint64_t *)right;
    return a < b ? -1 : a > b;
}

static void test_histogram_quantiles_agree_with_sorted_values(void **state)
{
    static const uint32_t quantiles[] = {0, 1, 100, 2500, 5000, 9000, 9900, 9990, 9999, 10000};
    enum { COUNT = 20000 };
    fe_histogram *histogram = calloc(1, sizeof *histogram);
    uint64_t *values = calloc(COUNT, sizeof *values);
    fe_random random = {2};

    (void)state;
    assert_int_equal(fe_histogram_quantile(histogram, 5000), 0);
    for (int i = 0; i < COUNT; i++) {
        values[i] = fe_random_next(&random) >> (28 + fe_random_below(&random, 30));
        fe_histogram_add(histogram, values[i]);
    }
    qsort(values, COUNT, sizeof *values, compare);
    assert_int_equal(fe_histogram_count(histogram), COUNT);
    assert_int_equal(fe_histogram_max(histogram), values[COUNT - 1]);
    for (size_t i = 0; i < sizeof quantiles / sizeof quantiles[0]; i++) {
        uint64_t rank = ((uint64_t)COUNT * quantiles[i] + 9999) / 10000;
        uint64_t exact = values[rank == 0 ? 0 : rank - 1];
        uint64_t got = fe_histogram_quantile(histogram, quantiles[i]);
        assert_true((got > exact ? got - exact : exact - got) * 32 <= exact);
    }
    free(values);
    free(histogram);
}

static void test_histogram_never_answers_above_its_maximum(void **state)
{
    fe_histogram *histogram = calloc(1, sizeof *histogram);

    (void)state;
    fe_histogram_add(histogram, 1024); // The middle of its bucket is 1055.
    assert_int_equal(fe_histogram_quantile(histogram, 5000), 1024);
    fe_histogram_add(histogram, UINT64_MAX);
    assert_int_equal(fe_histogram_quantile(histogram, 10000), UINT64_MAX);
    free(histogram);
}

// ---- Counting -------------------------------------------------------------------------------

static fe_statistics *make(fe_vfs **vfs)
{
    fe_statistics *statistics = NULL;

    assert_int_equal(fe_vfs_memory_create(vfs), FERRIC_OK);
    assert_int_equal(fe_statistics_create(*vfs, &statistics), FERRIC_OK);
    return statistics;
}

static void unmake(fe_vfs *vfs, fe_statistics *statistics)
{
    fe_statistics_destroy(statistics);
    fe_vfs_memory_destroy(vfs);
}

static void test_statistics_tell_outcomes_apart(void **state)
{
    static const ferric_status answers[] = {
        FERRIC_OK,       FERRIC_OK, FERRIC_OK,        FERRIC_NOT_FOUND, FERRIC_NOT_FOUND,
        FERRIC_CONFLICT, FERRIC_IO, FERRIC_NO_MEMORY, FERRIC_IO,        FERRIC_CORRUPT};
    ferric_operation_stats stats;
    fe_vfs *vfs;
    fe_statistics *statistics = make(&vfs);

    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        fe_call call = fe_statistics_begin(statistics, FERRIC_OPERATION_GET);
        fe_statistics_end(statistics, FERRIC_OPERATION_GET, call, answers[i]);
    }
    fe_statistics_operation(statistics, FERRIC_OPERATION_GET, &stats);
    assert_int_equal(stats.attempts, 10);
    assert_int_equal(stats.successes, 3);
    assert_int_equal(stats.not_found, 2);
    assert_int_equal(stats.conflicts, 1);
    assert_int_equal(stats.failures, 4);
    fe_statistics_operation(statistics, FERRIC_OPERATION_PUT, &stats);
    assert_int_equal(stats.attempts, 0);
    assert_int_equal(stats.samples, 0);
    assert_int_equal(stats.max_ns, 0);
    unmake(vfs, statistics);
}

static void test_statistics_time_one_call_in_64(void **state)
{
    ferric_operation_stats stats;
    fe_vfs *vfs;
    fe_statistics *statistics = make(&vfs);
    int timed = 0;

    (void)state;
    for (int i = 0; i < 64 * 100; i++) {
        fe_call call = fe_statistics_begin(statistics, FERRIC_OPERATION_NEXT);
        timed += call.start != 0;
        fe_statistics_end(statistics, FERRIC_OPERATION_NEXT, call, FERRIC_OK);
    }
    assert_int_equal(timed, 100);
    fe_statistics_operation(statistics, FERRIC_OPERATION_NEXT, &stats);
    assert_int_equal(stats.samples, 100);
    assert_true(stats.p50_ns <= stats.p90_ns && stats.p90_ns <= stats.p99_ns);
    assert_true(stats.p99_ns <= stats.p999_ns && stats.p999_ns <= stats.p9999_ns);
    assert_true(stats.p9999_ns <= stats.max_ns && stats.max_ns > 0);
    unmake(vfs, statistics);
}

// ---- Threads --------------------------------------------------------------------------------

#define THREADS 8
#define ROUNDS 20000

static void count_up(void *argument)
{
    fe_statistics *statistics = argument;

    for (int i = 0; i < ROUNDS; i++) {
        fe_call call = fe_statistics_begin(statistics, FERRIC_OPERATION_PUT);
        fe_statistics_add(statistics, FE_COUNTER_USER_BYTES_WRITTEN, 3);
        fe_statistics_end(statistics, FERRIC_OPERATION_PUT, call, FERRIC_OK);
    }
}

// Checks that no thread's count is lost while a reader looks on, and that sums never shrink.
static void count_in_threads(fe_statistics *statistics, uint64_t *rounds_before)
{
    fe_thread threads[THREADS];
    uint64_t last = 0;
    uint64_t expected;
    ferric_operation_stats stats;

    for (int i = 0; i < THREADS; i++)
        assert_int_equal(fe_thread_start(&threads[i], "count", count_up, statistics), FERRIC_OK);
    for (int i = 0; i < 1000; i++) {
        uint64_t now = fe_statistics_sum(statistics, FE_COUNTER_USER_BYTES_WRITTEN);
        assert_true(now >= last);
        last = now;
    }
    for (int i = 0; i < THREADS; i++)
        fe_thread_join(&threads[i]);
    *rounds_before += (uint64_t)THREADS * ROUNDS;
    expected = *rounds_before;
    assert_int_equal(fe_statistics_sum(statistics, FE_COUNTER_USER_BYTES_WRITTEN), 3 * expected);
    fe_statistics_operation(statistics, FERRIC_OPERATION_PUT, &stats);
    assert_int_equal(stats.attempts, expected);
    assert_int_equal(stats.successes, expected);
}

static void test_statistics_lose_no_count_between_threads(void **state)
{
    fe_vfs *vfs;
    fe_statistics *statistics = make(&vfs);
    uint64_t rounds = 0;

    (void)state;
    // The second crowd takes over the indexes, and with them the lines, of the first.
    count_in_threads(statistics, &rounds);
    count_in_threads(statistics, &rounds);
    unmake(vfs, statistics);
}

static _Atomic(bool) is_refusing;

static void *refusing_reallocate(void *context, void *memory, size_t size)
{
    (void)context;
    return atomic_load(&is_refusing) ? NULL : realloc(memory, size);
}

static void plain_release(void *context, void *memory)
{
    (void)context;
    free(memory);
}

static void test_statistics_count_without_memory_for_lines(void **state)
{
    static const ferric_allocator allocator = {refusing_reallocate, plain_release, NULL};
    fe_vfs *vfs;
    fe_statistics *statistics;
    fe_thread threads[2];

    (void)state;
    fe_allocator_set(&allocator);
    statistics = make(&vfs);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(fe_thread_start(&threads[i], "count", count_up, statistics), FERRIC_OK);
    }
    atomic_store(&is_refusing, true);
    count_up(statistics);
    for (int i = 0; i < 2; i++)
        fe_thread_join(&threads[i]);
    assert_int_equal(fe_statistics_sum(statistics, FE_COUNTER_USER_BYTES_WRITTEN), 9 * ROUNDS);
    atomic_store(&is_refusing, false);
    unmake(vfs, statistics);
    fe_allocator_set(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_histogram_buckets_grow_by_one_and_cover_everything),
        cmocka_unit_test(test_histogram_middle_is_within_a_32nd),
        cmocka_unit_test(test_histogram_quantiles_agree_with_sorted_values),
        cmocka_unit_test(test_histogram_never_answers_above_its_maximum),
        cmocka_unit_test(test_statistics_tell_outcomes_apart),
        cmocka_unit_test(test_statistics_time_one_call_in_64),
        cmocka_unit_test(test_statistics_lose_no_count_between_threads),
        cmocka_unit_test(test_statistics_count_without_memory_for_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
