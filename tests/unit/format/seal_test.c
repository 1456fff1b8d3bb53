// SPDX-License-Identifier: Apache-2.0
// Seals: a unit opens only as it was written, where it was written, in the file it was written to.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/checksum.h"
#include "base/coding.h"
#include "base/slice.h"
#include "base/status.h"
#include "format/seal.h"

#define UNIT_OFFSET 4160
#define CONTENT_SIZE 100

static const char *const path = "db/000009.table";

static fe_sealer sealer_of(uint64_t file_number, uint8_t salt_byte)
{
    fe_file_header header = {.version = 1, .kind = FE_FILE_TABLE, .file_number = file_number};
    fe_sealer sealer;

    memset(header.salt, salt_byte, sizeof header.salt);
    fe_sealer_init(&sealer, &header, "file");
    return sealer;
}

// Fills `unit` with a sealed unit and returns its whole size.
static size_t make_unit(fe_sealer *sealer, uint8_t *unit)
{
    for (size_t i = 0; i < CONTENT_SIZE; i++)
        unit[i] = (uint8_t)(i * 7);
    assert_int_equal(fe_seal_unit(sealer, FE_UNIT_DATA_BLOCK, UNIT_OFFSET, unit, CONTENT_SIZE),
                     FERRIC_OK);
    return CONTENT_SIZE + fe_seal_size(sealer);
}

static ferric_status open_unit(const fe_sealer *sealer, fe_unit_kind kind, uint64_t offset,
                               uint8_t *unit, size_t size)
{
    size_t content_size = 12345;
    ferric_status status = fe_seal_open(sealer, kind, offset, unit, size, path, &content_size);

    assert_int_equal(content_size, status == FERRIC_OK ? size - fe_seal_size(sealer) : 0);
    return status;
}

static void test_seal_opens_what_was_sealed(void **state)
{
    fe_sealer sealer = sealer_of(9, 0x5a);
    uint8_t unit[CONTENT_SIZE + FE_SEAL_SIZE_MAX];
    size_t size = make_unit(&sealer, unit);

    (void)state;
    assert_int_equal(size, CONTENT_SIZE + 4);
    assert_int_equal(open_unit(&sealer, FE_UNIT_DATA_BLOCK, UNIT_OFFSET, unit, size), FERRIC_OK);
    for (size_t i = 0; i < CONTENT_SIZE; i++)
        assert_int_equal(unit[i], (uint8_t)(i * 7));
}

static void test_seal_takes_an_empty_unit(void **state)
{
    fe_sealer sealer = sealer_of(9, 0x5a);
    uint8_t unit[FE_SEAL_SIZE_MAX];

    (void)state;
    assert_int_equal(fe_seal_unit(&sealer, FE_UNIT_INDEX, 64, unit, 0), FERRIC_OK);
    assert_int_equal(open_unit(&sealer, FE_UNIT_INDEX, 64, unit, 4), FERRIC_OK);
    assert_int_equal(open_unit(&sealer, FE_UNIT_INDEX, 72, unit, 4), FERRIC_CORRUPT);
}

static void test_seal_refuses_any_flipped_bit(void **state)
{
    fe_sealer sealer = sealer_of(9, 0x5a);
    uint8_t unit[CONTENT_SIZE + FE_SEAL_SIZE_MAX];
    size_t size = make_unit(&sealer, unit);

    (void)state;
    for (size_t bit = 0; bit < size * 8; bit++) {
        unit[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_equal(open_unit(&sealer, FE_UNIT_DATA_BLOCK, UNIT_OFFSET, unit, size),
                         FERRIC_CORRUPT);
        unit[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    assert_non_null(strstr(fe_message(), path));
    assert_non_null(strstr(fe_message(), "offset 4160"));
}

static void test_seal_refuses_every_other_length(void **state)
{
    fe_sealer sealer = sealer_of(9, 0x5a);
    uint8_t unit[CONTENT_SIZE + FE_SEAL_SIZE_MAX] = {0};
    size_t size = make_unit(&sealer, unit);

    (void)state;
    for (size_t other = 0; other <= sizeof unit; other++) {
        if (other == size) continue;
        assert_int_equal(open_unit(&sealer, FE_UNIT_DATA_BLOCK, UNIT_OFFSET, unit, other),
                         FERRIC_CORRUPT);
    }
}

static void test_seal_binds_place_and_kind(void **state)
{
    fe_sealer sealer = sealer_of(9, 0x5a);
    uint8_t unit[CONTENT_SIZE + FE_SEAL_SIZE_MAX];
    size_t size = make_unit(&sealer, unit);

    (void)state;
    for (int bit = 0; bit < 56; bit++) {
        uint64_t offset = UNIT_OFFSET ^ (uint64_t)1 << bit;
        assert_int_equal(open_unit(&sealer, FE_UNIT_DATA_BLOCK, offset, unit, size),
                         FERRIC_CORRUPT);
    }
    for (int kind = FE_UNIT_INDEX; kind <= FE_UNIT_FRAME_PAYLOAD; kind++) {
        assert_int_equal(open_unit(&sealer, (fe_unit_kind)kind, UNIT_OFFSET, unit, size),
                         FERRIC_CORRUPT);
    }
}

static void test_seal_binds_the_file(void **state)
{
    fe_sealer sealer = sealer_of(9, 0x5a);
    fe_sealer other_number = sealer_of(10, 0x5a);
    fe_sealer other_salt = sealer_of(9, 0x5b);
    uint8_t unit[CONTENT_SIZE + FE_SEAL_SIZE_MAX];
    size_t size = make_unit(&sealer, unit);

    (void)state;
    assert_int_equal(open_unit(&other_number, FE_UNIT_DATA_BLOCK, UNIT_OFFSET, unit, size),
                     FERRIC_CORRUPT);
    assert_int_equal(open_unit(&other_salt, FE_UNIT_DATA_BLOCK, UNIT_OFFSET, unit, size),
                     FERRIC_CORRUPT);
}

// The sum of docs/format/file_header.md, done in one piece.
static void test_seal_check_is_the_documented_sum(void **state)
{
    fe_sealer sealer = sealer_of(9, 0x5a);
    uint8_t all[8 + FE_SALT_SIZE + 8 + 5];

    (void)state;
    fe_put_u64(all, 9);
    memset(all + 8, 0x5a, FE_SALT_SIZE);
    fe_put_u64(all + 20, (uint64_t)FE_UNIT_FILTER << 56 | 0x123456);
    memcpy(all + 28, "hello", 5);
    assert_int_equal(fe_seal_check(&sealer, FE_UNIT_FILTER, 0x123456, "hello", 5),
                     fe_crc32c_portable(0, all, sizeof all));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_seal_opens_what_was_sealed),
        cmocka_unit_test(test_seal_takes_an_empty_unit),
        cmocka_unit_test(test_seal_refuses_any_flipped_bit),
        cmocka_unit_test(test_seal_refuses_every_other_length),
        cmocka_unit_test(test_seal_binds_place_and_kind),
        cmocka_unit_test(test_seal_binds_the_file),
        cmocka_unit_test(test_seal_check_is_the_documented_sum),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
