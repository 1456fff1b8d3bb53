// SPDX-License-Identifier: Apache-2.0
// The file header: what is written byte by byte, and every way in which one is refused.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/checksum.h"
#include "base/coding.h"
#include "base/slice.h"
#include "base/status.h"
#include "format/file_header.h"

static const char *const path = "db/000007.log";

// The example of docs/format/file_header.md.
static const fe_file_header example = {
    .version = 1,
    .kind = FE_FILE_LOG,
    .file_number = 7,
    .created_ms = 1750000000000,
    .database_id = {0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x19, 0x1a, 0x1b, 0x1c,
                    0x1d, 0x1e, 0x1f},
    .salt = {0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9, 0xaa, 0xab},
};

static const uint8_t example_bytes[FE_FILE_HEADER_SIZE] = {
    0x46, 0x65, 0x44, 0x42, 0x01, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x07, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xdc, 0x20, 0x74, 0x97, 0x01, 0x00, 0x00,
    0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f,
    0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9, 0xaa, 0xab, 0x99, 0xcb, 0xb2, 0x7a,
};

// Encodes `header` whatever it says, so that its check always holds.
static ferric_status decode_of(const fe_file_header *header, fe_file_kind kind)
{
    uint8_t bytes[FE_FILE_HEADER_SIZE];
    fe_file_header decoded;

    fe_file_header_encode(header, bytes);
    return fe_file_header_decode(fe_slice(bytes, sizeof bytes), kind, path, &decoded);
}

static void test_file_header_encodes_the_documented_example(void **state)
{
    uint8_t bytes[FE_FILE_HEADER_SIZE];

    (void)state;
    fe_file_header_encode(&example, bytes);
    assert_memory_equal(bytes, example_bytes, sizeof bytes);
}

static void test_file_header_decodes_what_was_encoded(void **state)
{
    fe_file_header header = example;
    fe_file_header decoded;
    uint8_t bytes[FE_FILE_HEADER_SIZE];

    (void)state;
    header.kind = FE_FILE_TABLE;
    header.key_id = 0x01020304;
    header.file_number = 0x1122334455667788;
    header.created_ms = 0x0102030405060708;
    fe_file_header_encode(&header, bytes);
    assert_int_equal(
        fe_file_header_decode(fe_slice(bytes, sizeof bytes), FE_FILE_TABLE, path, &decoded),
        FERRIC_OK);
    assert_int_equal(decoded.version, 1);
    assert_int_equal(decoded.kind, FE_FILE_TABLE);
    assert_int_equal(decoded.cipher_suite, 0);
    assert_int_equal(decoded.required_features, 0);
    assert_int_equal(decoded.key_id, 0x01020304);
    assert_true(decoded.file_number == 0x1122334455667788);
    assert_true(decoded.created_ms == 0x0102030405060708);
    assert_memory_equal(decoded.database_id, header.database_id, FE_DATABASE_ID_SIZE);
    assert_memory_equal(decoded.salt, header.salt, FE_SALT_SIZE);
}

static void test_file_header_with_any_bit_flipped_is_corrupt(void **state)
{
    (void)state;
    for (size_t bit = 0; bit < FE_FILE_HEADER_SIZE * 8; bit++) {
        uint8_t bytes[FE_FILE_HEADER_SIZE];
        fe_file_header decoded;
        memcpy(bytes, example_bytes, sizeof bytes);
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_equal(
            fe_file_header_decode(fe_slice(bytes, sizeof bytes), FE_FILE_LOG, path, &decoded),
            FERRIC_CORRUPT);
        assert_non_null(strstr(fe_message(), path));
    }
}

static void test_file_header_cut_short_is_corrupt(void **state)
{
    fe_file_header decoded;

    (void)state;
    for (size_t size = 0; size < FE_FILE_HEADER_SIZE; size++) {
        assert_int_equal(
            fe_file_header_decode(fe_slice(example_bytes, size), FE_FILE_LOG, path, &decoded),
            FERRIC_CORRUPT);
    }
}

static void test_file_header_of_another_kind_is_corrupt(void **state)
{
    (void)state;
    assert_int_equal(decode_of(&example, FE_FILE_LOG), FERRIC_OK);
    assert_int_equal(decode_of(&example, FE_FILE_MANIFEST), FERRIC_CORRUPT);
    assert_non_null(strstr(fe_message(), "kind 1, expected 3"));
}

static void test_file_header_of_a_newer_version_is_unsupported(void **state)
{
    fe_file_header header = example;

    (void)state;
    header.version = FE_FORMAT_VERSION + 1;
    assert_int_equal(decode_of(&header, FE_FILE_LOG), FERRIC_UNSUPPORTED);
    assert_non_null(strstr(fe_message(), "version 2"));
    // What a newer version means by a kind is not ours to judge.
    assert_int_equal(decode_of(&header, FE_FILE_TABLE), FERRIC_UNSUPPORTED);
    header.version = 0;
    assert_int_equal(decode_of(&header, FE_FILE_LOG), FERRIC_CORRUPT);
}

static void test_file_header_asking_for_unknown_things_is_unsupported(void **state)
{
    fe_file_header header = example;

    (void)state;
    for (int bit = 0; bit < 32; bit++) {
        header.required_features = (uint32_t)1 << bit;
        assert_int_equal(decode_of(&header, FE_FILE_LOG), FERRIC_UNSUPPORTED);
    }
    header.required_features = 0;
    header.cipher_suite = 2;
    assert_int_equal(decode_of(&header, FE_FILE_LOG), FERRIC_UNSUPPORTED);
    assert_non_null(strstr(fe_message(), "cipher suite 2"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_file_header_encodes_the_documented_example),
        cmocka_unit_test(test_file_header_decodes_what_was_encoded),
        cmocka_unit_test(test_file_header_with_any_bit_flipped_is_corrupt),
        cmocka_unit_test(test_file_header_cut_short_is_corrupt),
        cmocka_unit_test(test_file_header_of_another_kind_is_corrupt),
        cmocka_unit_test(test_file_header_of_a_newer_version_is_unsupported),
        cmocka_unit_test(test_file_header_asking_for_unknown_things_is_unsupported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
