// SPDX-License-Identifier: Apache-2.0
// CRC32C against published vectors and against its definition, each implementation against the
// other; XXH3 against values that the table format depends on.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/checksum.h"
#include "base/checksum_cpu.h"
#include "base/random.h"

typedef uint32_t (*crc_function)(uint32_t seed, const void *data, size_t size);

static const crc_function implementations[] = {fe_crc32c, fe_crc32c_portable};

#define IMPLEMENTATION_COUNT (sizeof implementations / sizeof implementations[0])

// Bit by bit, as the polynomial says.
static uint32_t crc_by_definition(const uint8_t *data, size_t size)
{
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < size; i++) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = (crc >> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
    }
    return ~crc;
}

static void fill_random(uint8_t *data, size_t size, uint64_t seed)
{
    fe_random random = {seed};
    for (size_t i = 0; i < size; i++)
        data[i] = (uint8_t)fe_random_next(&random);
}

static void test_crc32c_gives_the_values_of_rfc_3720(void **state)
{
    static const uint8_t read_command[48] = {
        0x01, 0xc0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x14, 0x00, 0x00, 0x00, 0x00, 0x00, 0x04, 0x00,
        0x00, 0x00, 0x00, 0x14, 0x00, 0x00, 0x00, 0x18, 0x28, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00};
    uint8_t bytes[32];

    (void)state;
    for (size_t i = 0; i < IMPLEMENTATION_COUNT; i++) {
        crc_function crc = implementations[i];
        memset(bytes, 0, sizeof bytes);
        assert_int_equal(crc(0, bytes, sizeof bytes), 0x8a9136aa);
        memset(bytes, 0xff, sizeof bytes);
        assert_int_equal(crc(0, bytes, sizeof bytes), 0x62a8ab43);
        for (uint8_t n = 0; n < 32; n++)
            bytes[n] = n;
        assert_int_equal(crc(0, bytes, sizeof bytes), 0x46dd794e);
        for (uint8_t n = 0; n < 32; n++)
            bytes[n] = (uint8_t)(31 - n);
        assert_int_equal(crc(0, bytes, sizeof bytes), 0x113fdb5c);
        assert_int_equal(crc(0, read_command, sizeof read_command), 0xd9963a56);
        assert_int_equal(crc(0, "123456789", 9), 0xe3069283);
    }
}

static void test_crc32c_of_no_bytes_is_the_seed(void **state)
{
    (void)state;
    for (size_t i = 0; i < IMPLEMENTATION_COUNT; i++) {
        assert_int_equal(implementations[i](0, NULL, 0), 0);
        assert_int_equal(implementations[i](0x12345678, NULL, 0), 0x12345678);
    }
}

static void test_crc32c_follows_its_definition_at_every_size(void **state)
{
    uint8_t data[1024];

    (void)state;
    fill_random(data, sizeof data, 1);
    for (size_t size = 0; size <= sizeof data; size++) {
        uint32_t expected = crc_by_definition(data, size);
        for (size_t i = 0; i < IMPLEMENTATION_COUNT; i++) {
            assert_int_equal(implementations[i](0, data, size), expected);
        }
    }
}

// Sizes up to three of the largest stride and a rest, from every alignment.
static void test_crc32c_by_instruction_equals_the_table(void **state)
{
    static uint8_t data[20000];
    fe_random random = {2};

    (void)state;
    fill_random(data, sizeof data, 3);
    for (int round = 0; round < 5000; round++) {
        size_t offset = fe_random_below(&random, 64);
        size_t size = fe_random_below(&random, sizeof data - 64);
        uint32_t seed = (uint32_t)fe_random_next(&random);
        assert_int_equal(fe_crc32c(seed, data + offset, size),
                         fe_crc32c_portable(seed, data + offset, size));
    }
}

static void test_crc32c_of_parts_is_the_crc_of_the_whole(void **state)
{
    static uint8_t data[8192];
    fe_random random = {4};

    (void)state;
    fill_random(data, sizeof data, 5);
    for (int round = 0; round < 1000; round++) {
        size_t size = fe_random_below(&random, sizeof data + 1);
        size_t cut = fe_random_below(&random, size + 1);
        for (size_t i = 0; i < IMPLEMENTATION_COUNT; i++) {
            crc_function crc = implementations[i];
            uint32_t parts = crc(crc(0, data, cut), data + cut, size - cut);
            assert_int_equal(parts, crc(0, data, size));
        }
    }
}

static void test_crc32c_sees_every_flipped_bit(void **state)
{
    uint8_t data[512];
    uint32_t before;

    (void)state;
    fill_random(data, sizeof data, 6);
    before = fe_crc32c(0, data, sizeof data);
    for (size_t bit = 0; bit < sizeof data * 8; bit++) {
        data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_not_equal(fe_crc32c(0, data, sizeof data), before);
        data[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

static void test_crc32c_uses_the_instruction_where_it_may(void **state)
{
    uint8_t data[4096];

    (void)state;
    fill_random(data, sizeof data, 7);
    if (!fe_crc32c_cpu_is_able()) {
        print_message("SKIPPED: this CPU has no instruction for CRC32C\n");
        skip();
    }
    assert_int_equal(fe_crc32c_cpu(9, data, sizeof data), fe_crc32c_portable(9, data, sizeof data));
}

// Values from libxxhash 0.8.1; a change of any makes every stored filter lie.
static void test_hash64_is_xxh3_with_seed_zero(void **state)
{
    uint8_t bytes[300];

    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)i;
    assert_true(fe_hash64(NULL, 0) == 0x2d06800538d394c2);
    assert_true(fe_hash64("a", 1) == 0xe6c632b61e964e1f);
    assert_true(fe_hash64(bytes, 20) == 0x287caa944e605ead);
    assert_true(fe_hash64(bytes, 200) == 0xf42a8864feaf0703);
    assert_true(fe_hash64(bytes, 300) == 0xd44052f5a3485425);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_crc32c_gives_the_values_of_rfc_3720),
        cmocka_unit_test(test_crc32c_of_no_bytes_is_the_seed),
        cmocka_unit_test(test_crc32c_follows_its_definition_at_every_size),
        cmocka_unit_test(test_crc32c_by_instruction_equals_the_table),
        cmocka_unit_test(test_crc32c_of_parts_is_the_crc_of_the_whole),
        cmocka_unit_test(test_crc32c_sees_every_flipped_bit),
        cmocka_unit_test(test_crc32c_uses_the_instruction_where_it_may),
        cmocka_unit_test(test_hash64_is_xxh3_with_seed_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
