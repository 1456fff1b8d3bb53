// SPDX-License-Identifier: Apache-2.0
// Tests what the benchmarks' figures rest on: that keys are distinct and values tell a wrong byte,
// that percentiles are right within their promise, that results survive the way through JSON.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "support/dataset.h"
#include "support/failure.h"
#include "support/json_line.h"
#include "support/latency.h"
#include "support/median.h"
#include "support/timeline.h"
#include "support/timing.h"
#include "support/zipfian.h"

static unsigned int passed;

static void check(bool holds, const char *what)
{
    if (!holds) bench_die("not so: %s", what);
    passed++;
}

static void test_permutation_meets_each_number_once(void)
{
    static const uint64_t counts[] = {2, 3, 1000, 65536, 65537, 300007};
    size_t i;

    for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        bench_dataset dataset;
        uint8_t *seen = bench_allocate(counts[i], 1);
        uint64_t j, twice = 0, in_place = 0;

        bench_dataset_init(&dataset, counts[i], 100, BENCH_KEY_DECIMAL);
        for (j = 0; j < counts[i]; j++) {
            uint64_t number = bench_dataset_permute(&dataset, j);
            twice += seen[number]++;
            in_place += number == j;
        }
        check(twice == 0, "a permutation has no number twice");
        check(counts[i] < 1000 || in_place < 100, "a permutation scatters");
        bench_dataset_deinit(&dataset);
        free(seen);
    }
}

static void test_decimal_keys_are_read_back(void)
{
    bench_dataset dataset;
    uint64_t number, parsed;
    unsigned int wrong = 0;

    bench_dataset_init(&dataset, 10, 100, BENCH_KEY_DECIMAL);
    for (number = 0; number < 10000000000000000u; number = number * 3 + 1) {
        char expected[20];
        bench_key key;
        int i;

        bench_dataset_key(&dataset, number, &key);
        bench_format(expected, sizeof(expected), "%016llu", (unsigned long long)number);
        wrong += key.size != 16 || memcmp(expected, key.bytes, 16) != 0;
        wrong += !bench_dataset_parse(key.bytes, 16, &parsed) || parsed != number;
        for (i = 0; i < 16 * 256; i++) {
            bench_key changed = key;
            bool is_digit = i % 256 >= '0' && i % 256 <= '9';
            changed.bytes[i / 256] = (uint8_t)(i % 256);
            wrong += bench_dataset_parse(changed.bytes, 16, &parsed) != is_digit;
        }
    }
    check(wrong == 0, "keys are 16 digits, and nothing else is read as a key");
    bench_dataset_deinit(&dataset);
}

static void test_values_tell_each_wrong_bit(bench_key_form form, size_t value_size)
{
    uint8_t *value = bench_allocate(value_size, 1);
    bench_dataset dataset;
    bench_key key, other;
    uint64_t generation;
    unsigned int unnoticed = 0;
    size_t i;

    bench_dataset_init(&dataset, 1000, value_size, form);
    bench_dataset_key(&dataset, 77, &key);
    bench_dataset_key(&dataset, 78, &other);
    bench_dataset_value(&dataset, key.bytes, key.size, 3, value);
    check(bench_dataset_verify(&dataset, key.bytes, key.size, value, value_size, &generation) &&
              generation == 3,
          "a value is its key's");
    check(!bench_dataset_verify(&dataset, other.bytes, other.size, value, value_size, &generation),
          "a value is not another key's");
    check(!bench_dataset_verify(&dataset, key.bytes, key.size, value, value_size - 1, &generation),
          "a short value is noticed");
    for (i = 0; i < value_size * 8; i++) {
        value[i / 8] ^= (uint8_t)(1u << i % 8);
        unnoticed +=
            bench_dataset_verify(&dataset, key.bytes, key.size, value, value_size, &generation);
        value[i / 8] ^= (uint8_t)(1u << i % 8);
    }
    check(unnoticed == 0, "each changed bit is noticed");
    bench_dataset_deinit(&dataset);
    free(value);
}

static void test_mixed_keys_are_distinct_and_within_bounds(void)
{
    bench_dataset dataset;
    unsigned int wrong = 0;
    size_t least = SIZE_MAX, most = 0;
    uint64_t number;

    bench_dataset_init(&dataset, 10, 100, BENCH_KEY_MIXED);
    for (number = 0; number < 10000; number++) {
        char digits[16];
        bench_key key;

        bench_dataset_key(&dataset, number, &key);
        bench_format(digits, sizeof(digits), "%010llu", (unsigned long long)number);
        wrong += memcmp(key.bytes + key.size - 10, digits, 10) != 0;
        if (key.size < least) least = key.size;
        if (key.size > most) most = key.size;
    }
    check(wrong == 0 && least == 10 && most == BENCH_KEY_SIZE_MAX,
          "mixed keys have 10 to 100 bytes and end with their number");
    bench_dataset_deinit(&dataset);
}

static void test_percentiles_are_within_three_percent(void)
{
    bench_latency *latency = bench_allocate(1, sizeof(*latency));
    double p50, p99;
    uint64_t i;

    for (i = 1; i <= 1000000; i++)
        bench_latency_add(latency, i);
    p50 = (double)bench_latency_percentile(latency, 0.5);
    p99 = (double)bench_latency_percentile(latency, 0.99);
    check(p50 >= 500000 && p50 <= 516000, "the median of 1 to a million");
    check(p99 >= 990000 && p99 <= 1000000, "the 99th percentile of 1 to a million");
    check(bench_latency_percentile(latency, 1) == 1000000, "the longest is exact");
    bench_latency_merge(latency, latency);
    check(latency->count == 2000000, "merging adds");
    memset(latency, 0, sizeof(*latency));
    bench_latency_add(latency, UINT64_MAX);
    check(bench_latency_percentile(latency, 0.5) > 0, "no value is too long");
    free(latency);
}

static uint64_t items_of(const bench_timeline *timeline)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < timeline->count; i++)
        sum += timeline->items[i];
    return sum;
}

static void test_timelines_grow_wider_and_lose_nothing(void)
{
    const uint64_t width = BENCH_TIMELINE_WIDTH_NS;
    bench_timeline *timeline = bench_allocate(1, sizeof(*timeline));
    uint64_t i;

    bench_timeline_init(timeline);
    bench_timeline_add(timeline, 0, 1);
    bench_timeline_add(timeline, width - 1, 2);
    bench_timeline_add(timeline, width, 4);
    bench_timeline_add(timeline, 5 * width, 8);
    check(timeline->count == 6 && timeline->items[0] == 3 && timeline->items[1] == 4 &&
              timeline->items[2] == 0 && timeline->items[5] == 8,
          "items are counted in the stretch in which they were done");
    bench_timeline_init(timeline);
    for (i = 0; i < BENCH_TIMELINE_MAX; i++)
        bench_timeline_add(timeline, i * width, i);
    check(timeline->count == BENCH_TIMELINE_MAX && timeline->width_ns == width,
          "as many stretches as there are");
    bench_timeline_add(timeline, BENCH_TIMELINE_MAX * width, 1000000);
    check(timeline->width_ns == 2 * width && timeline->count == BENCH_TIMELINE_MAX / 2 + 1,
          "one more makes one of each two");
    check(timeline->items[0] == 1 && timeline->items[1] == 5 &&
              timeline->items[BENCH_TIMELINE_MAX / 2] == 1000000,
          "neighbours are added");
    bench_timeline_add(timeline, 1000 * BENCH_TIMELINE_MAX * width, 7);
    check(timeline->count <= BENCH_TIMELINE_MAX && timeline->items[timeline->count - 1] == 7 &&
              timeline->begin_ns <= 1000 * BENCH_TIMELINE_MAX * width &&
              items_of(timeline) ==
                  (uint64_t)BENCH_TIMELINE_MAX * (BENCH_TIMELINE_MAX - 1) / 2 + 1000007,
          "a long pause loses nothing");
    free(timeline);
}

static void test_zipfian_favours_the_first_rank(void)
{
    fe_random random = {1};
    bench_zipfian zipfian;
    uint64_t first = 0, beyond = 0;
    int i;

    bench_zipfian_init(&zipfian, 10000);
    for (i = 0; i < 1000000; i++) {
        uint64_t rank = bench_zipfian_rank(&zipfian, fe_random_next(&random));
        first += rank == 0;
        beyond += rank >= 10000;
    }
    check(beyond == 0, "ranks stay below their count");
    check(first > 95000 && first < 110000, "rank 0 has its share, 1 / zeta");
}

static void test_json_lines_are_read_back(void)
{
    bench_json_line line;
    char text[64];
    double number;

    bench_json_begin(&line);
    bench_json_add_text(&line, "name", "a \"quoted\\\" text, \"rate\":5");
    bench_json_add_number(&line, "rate", 1234.5);
    bench_json_end(&line);
    check(bench_json_find_text(line.text, "name", text, sizeof(text)) &&
              strcmp(text, "a \"quoted\\\" text, \"rate\":5") == 0,
          "a text comes back");
    check(bench_json_find_number(line.text, "rate", &number) && number == 1234.5,
          "a number comes back");
    check(!bench_json_find_number(line.text, "other", &number), "no member, no number");
}

static void spin(void *context, uint64_t count)
{
    uint64_t *spins = context;
    uint64_t i;

    for (i = 0; i < count; i++)
        bench_keep(i);
    *spins += i;
}

static void test_medians_and_timings(void)
{
    double odd[] = {3, 1, 2}, even[] = {4, 1, 3, 2};
    uint64_t spins = 0;
    bench_timing_case timed = {.name = "spin", .run = spin, .context = &spins, .count = 2000};
    bench_timing_plan plan = {.repeats = 3, .warmups = 1, .repeat_ns = 1000000};
    bench_timing timing = bench_timing_measure(&timed, &plan);
    bench_timing found;

    check(bench_median(odd, 3) == 2 && bench_median(even, 4) == 2.5, "medians");
    check(timing.count == 2000 && timing.least_ns > 0 && timing.least_ns <= timing.median_ns &&
              timing.median_ns <= timing.most_ns,
          "a timing lies between its least and most");
    check(spins == 4 * timing.count, "a warm-up and three repeats were run");
    // How large the number gets is the machine's affair: it may be taken away at any moment.
    spins = 0;
    timed.count = 0;
    found = bench_timing_measure(&timed, &plan);
    check(found.count > 0 && spins > 4 * found.count, "a number was looked for, and then repeated");
}

int main(void)
{
    test_permutation_meets_each_number_once();
    test_decimal_keys_are_read_back();
    test_values_tell_each_wrong_bit(BENCH_KEY_DECIMAL, 100);
    test_values_tell_each_wrong_bit(BENCH_KEY_DECIMAL, 4096);
    test_values_tell_each_wrong_bit(BENCH_KEY_MIXED, BENCH_VALUE_SIZE_MIN);
    test_mixed_keys_are_distinct_and_within_bounds();
    test_percentiles_are_within_three_percent();
    test_timelines_grow_wider_and_lose_nothing();
    test_zipfian_favours_the_first_rank();
    test_json_lines_are_read_back();
    test_medians_and_timings();
    printf("%u passed, 0 failed\n", passed);
    return 0;
}
