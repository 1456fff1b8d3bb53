// SPDX-License-Identifier: Apache-2.0
// Integers survive the way through bytes; the decoder refuses everything that is not whole.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/coding.h"
#include "base/random.h"

// Values around every border of a varint's length, and the extremes.
static uint64_t border_value(size_t index)
{
    uint64_t power = index / 3 < 64 ? UINT64_C(1) << index / 3 : 0;
    return power + index % 3 - 1;
}

#define BORDER_COUNT 195

static fe_decoder decoder_of(const void *data, size_t size)
{
    return fe_decoder_of(fe_slice(data, size));
}

static void test_fixed_widths_are_little_endian(void **state)
{
    static const uint8_t expected[] = {0x34, 0x12, 0x78, 0x56, 0x34, 0x12, 0xf0,
                                       0xde, 0xbc, 0x9a, 0x78, 0x56, 0x34, 0x12};
    uint8_t bytes[14];

    (void)state;
    fe_put_u16(bytes, 0x1234);
    fe_put_u32(bytes + 2, 0x12345678);
    fe_put_u64(bytes + 6, 0x123456789abcdef0);
    assert_memory_equal(bytes, expected, sizeof expected);
    assert_int_equal(fe_get_u16(bytes), 0x1234);
    assert_int_equal(fe_get_u32(bytes + 2), 0x12345678);
    assert_true(fe_get_u64(bytes + 6) == 0x123456789abcdef0);
}

static void test_fixed_widths_keep_all_bits(void **state)
{
    uint8_t bytes[8];

    (void)state;
    for (size_t i = 0; i < BORDER_COUNT; i++) {
        uint64_t value = border_value(i);
        fe_put_u64(bytes, value);
        assert_true(fe_get_u64(bytes) == value);
        fe_put_u32(bytes, (uint32_t)value);
        assert_int_equal(fe_get_u32(bytes), (uint32_t)value);
        fe_put_u16(bytes, (uint16_t)value);
        assert_int_equal(fe_get_u16(bytes), (uint16_t)value);
    }
}

static void test_ordered_numbers_have_the_order_of_their_bytes(void **state)
{
    fe_random random = {21};
    uint8_t left[4];
    uint8_t right[4];

    (void)state;
    for (int round = 0; round < 10000; round++) {
        uint32_t a = (uint32_t)fe_random_next(&random) >> fe_random_below(&random, 32);
        uint32_t b = (uint32_t)fe_random_next(&random) >> fe_random_below(&random, 32);
        fe_put_u32_ordered(left, a);
        fe_put_u32_ordered(right, b);
        assert_int_equal(fe_get_u32_ordered(left), a);
        assert_int_equal(a < b, memcmp(left, right, 4) < 0);
    }
}

static void test_varints_survive_in_their_announced_size(void **state)
{
    uint8_t bytes[FE_VARINT64_SIZE_MAX];

    (void)state;
    for (size_t i = 0; i < BORDER_COUNT; i++) {
        uint64_t value = border_value(i);
        size_t size = (size_t)(fe_put_varint(bytes, value) - bytes);
        fe_decoder decoder = decoder_of(bytes, size);
        uint64_t trusted;
        assert_int_equal(size, fe_varint_size(value));
        assert_true(fe_decode_varint(&decoder) == value);
        assert_false(decoder.failed);
        assert_int_equal(fe_decoder_remaining(&decoder), 0);
        assert_ptr_equal(fe_get_varint_trusted(bytes, &trusted), bytes + size);
        assert_true(trusted == value);
    }
    assert_int_equal(fe_varint_size(UINT32_MAX), FE_VARINT32_SIZE_MAX);
    assert_int_equal(fe_varint_size(UINT64_MAX), FE_VARINT64_SIZE_MAX);
}

static void test_a_cut_varint_is_refused_at_every_length(void **state)
{
    uint8_t bytes[FE_VARINT64_SIZE_MAX];

    (void)state;
    for (size_t i = 0; i < BORDER_COUNT; i++) {
        size_t size = (size_t)(fe_put_varint(bytes, border_value(i)) - bytes);
        for (size_t cut = 0; cut < size; cut++) {
            fe_decoder decoder = decoder_of(bytes, cut);
            assert_int_equal(fe_decode_varint(&decoder), 0);
            assert_true(decoder.failed);
        }
    }
}

static void assert_varint_refused(const char *bytes, size_t size)
{
    fe_decoder decoder = decoder_of(bytes, size);
    assert_int_equal(fe_decode_varint(&decoder), 0);
    assert_true(decoder.failed);
}

static void test_a_varint_longer_than_needed_is_refused(void **state)
{
    (void)state;
    assert_varint_refused("\x80\x00", 2);
    assert_varint_refused("\xff\x00", 2);
    assert_varint_refused("\x80\x80\x00", 3);
    assert_varint_refused("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00", 10);
}

static void test_a_varint_above_64_bits_is_refused(void **state)
{
    (void)state;
    assert_varint_refused("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10);
    assert_varint_refused("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f", 10);
    assert_varint_refused("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x81\x00", 11);
    assert_varint_refused("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 11);
}

static void test_decode_varint_max_refuses_what_is_above(void **state)
{
    fe_decoder decoder = decoder_of("\x7f\xac\x02\xac\x02\x01", 6);

    (void)state;
    assert_int_equal(fe_decode_varint_max(&decoder, 127), 127);
    assert_int_equal(fe_decode_varint_max(&decoder, 300), 300);
    assert_int_equal(fe_decode_varint_max(&decoder, 299), 0);
    assert_true(decoder.failed);
}

static void test_zigzag_makes_small_numbers_of_small_distances(void **state)
{
    static const int64_t values[] = {0, -1, 1, -2, 2, INT64_MAX, INT64_MIN};
    static const uint64_t codes[] = {0, 1, 2, 3, 4, UINT64_MAX - 1, UINT64_MAX};

    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        assert_true(fe_zigzag(values[i]) == codes[i]);
        assert_true(fe_unzigzag(codes[i]) == values[i]);
    }
}

static void test_the_decoder_reads_what_the_buffer_wrote(void **state)
{
    ferric_buffer buffer = {0};
    fe_decoder decoder;

    (void)state;
    assert_int_equal(fe_buffer_put_u8(&buffer, 0xfe), FERRIC_OK);
    assert_int_equal(fe_buffer_put_u32(&buffer, 0xdeadbeef), FERRIC_OK);
    assert_int_equal(fe_buffer_put_u64(&buffer, UINT64_MAX - 1), FERRIC_OK);
    assert_int_equal(fe_buffer_put_varint(&buffer, 300), FERRIC_OK);
    assert_int_equal(fe_buffer_put_sized(&buffer, fe_slice_text("hematite")), FERRIC_OK);
    assert_int_equal(fe_buffer_put_sized(&buffer, fe_slice(NULL, 0)), FERRIC_OK);
    assert_int_equal(fe_buffer_append(&buffer, "\x34\x12", 2), FERRIC_OK);
    decoder = fe_decoder_of(fe_buffer_slice(&buffer));
    assert_int_equal(fe_decode_u8(&decoder), 0xfe);
    assert_int_equal(fe_decode_u32(&decoder), 0xdeadbeef);
    assert_true(fe_decode_u64(&decoder) == UINT64_MAX - 1);
    assert_int_equal(fe_decode_varint(&decoder), 300);
    assert_true(fe_slice_equal(fe_decode_sized(&decoder), fe_slice_text("hematite")));
    assert_int_equal(fe_decode_sized(&decoder).size, 0);
    assert_int_equal(fe_decode_u16(&decoder), 0x1234);
    assert_false(decoder.failed);
    assert_int_equal(fe_decoder_remaining(&decoder), 0);
    fe_buffer_deinit(&buffer);
}

static void test_the_decoder_refuses_to_read_behind_the_end(void **state)
{
    static const uint8_t bytes[7] = {1, 1, 1, 1, 1, 1, 1};

    (void)state;
    for (size_t size = 0; size <= sizeof bytes; size++) {
        fe_decoder decoder = decoder_of(bytes, size);
        assert_int_equal(fe_decode_u64(&decoder), 0);
        assert_true(decoder.failed);
        decoder = decoder_of(bytes, size);
        assert_int_equal(fe_decode_u32(&decoder) != 0, size >= 4);
        assert_int_equal(decoder.failed, size < 4);
        decoder = decoder_of(bytes, size);
        assert_int_equal(fe_decode_u16(&decoder) != 0, size >= 2);
        assert_int_equal(decoder.failed, size < 2);
        decoder = decoder_of(bytes, size);
        assert_int_equal(fe_decode_u8(&decoder) != 0, size >= 1);
        assert_int_equal(decoder.failed, size < 1);
    }
}

static void test_a_length_above_what_remains_is_refused(void **state)
{
    fe_decoder decoder = decoder_of("abc", 3);

    (void)state;
    assert_int_equal(fe_decode_bytes(&decoder, 3).size, 3);
    decoder = decoder_of("abc", 3);
    assert_null(fe_decode_bytes(&decoder, 4).data);
    assert_true(decoder.failed);
    decoder = decoder_of("abc", 3);
    assert_null(fe_decode_bytes(&decoder, UINT64_MAX).data);
    assert_true(decoder.failed);
    decoder = decoder_of("\x03xy", 3);
    assert_null(fe_decode_sized(&decoder).data);
    assert_true(decoder.failed);
}

static void test_after_a_failure_every_read_fails(void **state)
{
    fe_decoder decoder = decoder_of("\x80\x00zzzzzzzzzzzz", 14);

    (void)state;
    fe_decode_varint(&decoder);
    assert_true(decoder.failed);
    assert_int_equal(fe_decode_u8(&decoder), 0);
    assert_int_equal(fe_decode_u16(&decoder), 0);
    assert_int_equal(fe_decode_u32(&decoder), 0);
    assert_int_equal(fe_decode_u64(&decoder), 0);
    assert_int_equal(fe_decode_varint(&decoder), 0);
    assert_int_equal(fe_decode_varint_max(&decoder, 0), 0);
    assert_null(fe_decode_bytes(&decoder, 0).data);
    assert_null(fe_decode_sized(&decoder).data);
    assert_true(decoder.failed);
}

static void test_an_empty_slice_decodes_to_nothing(void **state)
{
    fe_decoder decoder = decoder_of(NULL, 0);

    (void)state;
    assert_int_equal(fe_decode_bytes(&decoder, 0).size, 0);
    assert_false(decoder.failed);
    assert_int_equal(fe_decode_u8(&decoder), 0);
    assert_true(decoder.failed);
}

// The bytes lie at the end of an allocation, so that a sanitizer sees a read behind them.
static void test_random_bytes_never_lead_outside(void **state)
{
    fe_random random = {22};

    (void)state;
    for (int round = 0; round < 20000; round++) {
        size_t size = fe_random_below(&random, 40);
        uint8_t *bytes = malloc(size + 1);
        fe_decoder decoder;
        assert_non_null(bytes);
        for (size_t i = 0; i < size; i++)
            bytes[1 + i] = (uint8_t)fe_random_next(&random);
        decoder = decoder_of(bytes + 1, size);
        for (size_t step = 0; !decoder.failed; step++) {
            size_t before = fe_decoder_remaining(&decoder);
            if (step % 2 == 0) {
                fe_decode_sized(&decoder);
            } else {
                fe_decode_u16(&decoder);
            }
            assert_true(decoder.failed || fe_decoder_remaining(&decoder) < before);
        }
        free(bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fixed_widths_are_little_endian),
        cmocka_unit_test(test_fixed_widths_keep_all_bits),
        cmocka_unit_test(test_ordered_numbers_have_the_order_of_their_bytes),
        cmocka_unit_test(test_varints_survive_in_their_announced_size),
        cmocka_unit_test(test_a_cut_varint_is_refused_at_every_length),
        cmocka_unit_test(test_a_varint_longer_than_needed_is_refused),
        cmocka_unit_test(test_a_varint_above_64_bits_is_refused),
        cmocka_unit_test(test_decode_varint_max_refuses_what_is_above),
        cmocka_unit_test(test_zigzag_makes_small_numbers_of_small_distances),
        cmocka_unit_test(test_the_decoder_reads_what_the_buffer_wrote),
        cmocka_unit_test(test_the_decoder_refuses_to_read_behind_the_end),
        cmocka_unit_test(test_a_length_above_what_remains_is_refused),
        cmocka_unit_test(test_after_a_failure_every_read_fails),
        cmocka_unit_test(test_an_empty_slice_decodes_to_nothing),
        cmocka_unit_test(test_random_bytes_never_lead_outside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
