// SPDX-License-Identifier: Apache-2.0
// Bloom filters: never a false negative, few false positives, damage refused.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/checksum.h"
#include "base/slice.h"
#include "format/filter.h"

static uint64_t hash_of(uint64_t number)
{
    return fe_hash64(&number, sizeof number);
}

// A filter over the numbers below `count`.
static void build(size_t count, uint32_t bits_per_key, ferric_buffer *bytes, fe_filter *filter)
{
    uint64_t *hashes = malloc((count > 0 ? count : 1) * sizeof *hashes);

    for (size_t i = 0; i < count; i++)
        hashes[i] = hash_of(i);
    assert_int_equal(fe_filter_build(hashes, count, bits_per_key, bytes), FERRIC_OK);
    assert_int_equal(fe_filter_init(filter, fe_buffer_slice(bytes), "test"), FERRIC_OK);
    free(hashes);
}

static double false_positive_rate(const fe_filter *filter, size_t from, size_t probes)
{
    size_t positives = 0;

    for (size_t i = 0; i < probes; i++)
        positives += fe_filter_may_contain(filter, hash_of(from + i));
    return (double)positives / (double)probes;
}

static void test_filter_has_no_false_negative_in_ten_million_probes(void **state)
{
    static const size_t counts[] = {1, 2, 51, 52, 1000, 99999, 2000000, 8000000};
    size_t probes = 0;

    (void)state;
    for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
        ferric_buffer bytes = {0};
        fe_filter filter;
        build(counts[c], 10, &bytes, &filter);
        for (size_t i = 0; i < counts[c]; i++, probes++)
            assert_true(fe_filter_may_contain(&filter, hash_of(i)));
        fe_buffer_deinit(&bytes);
    }
    printf("filter: %zu probes of present keys, no false negative\n", probes);
    assert_true(probes >= 10000000);
}

static void test_filter_rejects_most_absent_keys(void **state)
{
    static const struct {
        uint32_t bits;
        double rate_max;
    } cases[] = {{1, 0.75}, {4, 0.20}, {8, 0.04}, {10, 0.02}, {16, 0.004}, {32, 0.0005}};

    (void)state;
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        size_t count = 200000;
        ferric_buffer bytes = {0};
        fe_filter filter;
        double rate;
        build(count, cases[c].bits, &bytes, &filter);
        rate = false_positive_rate(&filter, count, 1000000);
        printf("filter: %u bits a key, %u probes: %.4f%% false positives\n", cases[c].bits,
               filter.probes, rate * 100);
        assert_true(rate < cases[c].rate_max);
        assert_in_range(bytes.size, count * cases[c].bits / 8, count * cases[c].bits / 8 + 68);
        fe_buffer_deinit(&bytes);
    }
}

static void test_filter_of_no_keys_rejects_everything(void **state)
{
    ferric_buffer bytes = {0};
    fe_filter filter;

    (void)state;
    build(0, 10, &bytes, &filter);
    assert_int_equal(bytes.size, FE_FILTER_LINE_SIZE + FE_FILTER_TRAILER_SIZE);
    assert_true(false_positive_rate(&filter, 0, 1000) == 0);
    fe_buffer_deinit(&bytes);
}

// The layout is part of the format: hash -> line and bits.
static void test_filter_bits_are_those_of_the_format_page(void **state)
{
    const uint64_t hash = (uint64_t)0x80000000 << 32 | 0x00800000;
    ferric_buffer bytes = {0};
    const uint8_t *line;
    uint64_t hashes[60];

    (void)state;
    for (size_t i = 0; i < 60; i++)
        hashes[i] = hash;
    assert_int_equal(fe_filter_build(hashes, 60, 16, &bytes), FERRIC_OK);
    assert_int_equal(bytes.size, 2 * FE_FILTER_LINE_SIZE + FE_FILTER_TRAILER_SIZE);
    line = (const uint8_t *)bytes.data + FE_FILTER_LINE_SIZE; // High half 0x80000000 of 2 lines.
    assert_int_equal(line[0] & 2, 2);                         // 0x00800000 >> 23 is bit 1.
    // 0x00800000 * 0x9e3779b9 is 0xdc800000 in 32 bits: bit 441.
    assert_int_equal(line[441 / 8] & 1 << 441 % 8, 1 << 441 % 8);
    assert_int_equal(((const uint8_t *)bytes.data)[128], 10);
    assert_int_equal(((const uint8_t *)bytes.data)[129], 1);
    fe_buffer_deinit(&bytes);
}

static void test_filter_refuses_wrong_sizes_and_trailers(void **state)
{
    ferric_buffer bytes = {0};
    fe_filter filter;
    uint8_t *trailer;

    (void)state;
    build(1000, 10, &bytes, &filter);
    for (size_t size = 0; size < bytes.size; size++) {
        if (size % 64 == 4 && size > 64) continue; // A smaller filter, as far as its size goes.
        assert_int_equal(fe_filter_init(&filter, fe_slice(bytes.data, size), "test"),
                         FERRIC_CORRUPT);
    }
    trailer = (uint8_t *)bytes.data + bytes.size - FE_FILTER_TRAILER_SIZE;
    trailer[0] = 0;
    assert_int_equal(fe_filter_init(&filter, fe_buffer_slice(&bytes), "test"), FERRIC_CORRUPT);
    trailer[0] = FE_FILTER_PROBES_MAX + 1;
    assert_int_equal(fe_filter_init(&filter, fe_buffer_slice(&bytes), "test"), FERRIC_CORRUPT);
    trailer[0] = 6;
    trailer[1] = 2;
    assert_int_equal(fe_filter_init(&filter, fe_buffer_slice(&bytes), "test"), FERRIC_UNSUPPORTED);
    trailer[1] = 1;
    trailer[3] = 1;
    assert_int_equal(fe_filter_init(&filter, fe_buffer_slice(&bytes), "test"), FERRIC_CORRUPT);
    fe_buffer_deinit(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_filter_has_no_false_negative_in_ten_million_probes),
        cmocka_unit_test(test_filter_rejects_most_absent_keys),
        cmocka_unit_test(test_filter_of_no_keys_rejects_everything),
        cmocka_unit_test(test_filter_bits_are_those_of_the_format_page),
        cmocka_unit_test(test_filter_refuses_wrong_sizes_and_trailers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
