// SPDX-License-Identifier: Apache-2.0
// Cipher suite 1: what is sealed can be read by nobody but who has the key, and stands nowhere but
// where it was put.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/checksum.h"
#include "base/coding.h"
#include "base/slice.h"
#include "base/status.h"
#include "format/file_keys.h"
#include "format/frame.h"
#include "format/seal.h"

#define CONTENT_SIZE 100
#define UNIT_OFFSET 4160
#define TRAILER_SIZE 24
#define UNIT_SIZE (CONTENT_SIZE + TRAILER_SIZE)

static const char path[] = "000009.table";
static fe_file_keys *keys;

static int make_keys(void **state)
{
    static const uint8_t database_id[FE_KEYRING_ID_SIZE] = {1, 2, 3};
    fe_keyring *keyring = fe_keyring_alloc();

    (void)state;
    assert_non_null(keyring);
    assert_int_equal(fe_keyring_init(keyring, database_id, 1), FERRIC_OK);
    assert_int_equal(fe_keyring_add_data_key(keyring, 2), FERRIC_OK);
    assert_int_equal(fe_file_keys_create(keyring, &keys), FERRIC_OK);
    fe_keyring_free(keyring);
    return 0;
}

static int destroy_keys(void **state)
{
    (void)state;
    fe_file_keys_destroy(keys);
    return 0;
}

static fe_file_header header_of(uint64_t number)
{
    fe_file_header header = {.version = 1, .kind = FE_FILE_TABLE, .file_number = number};

    memset(header.salt, 0x5a, sizeof header.salt);
    fe_file_keys_stamp(keys, &header);
    return header;
}

static fe_sealer sealer_of(const fe_file_header *header)
{
    fe_sealer sealer;

    assert_int_equal(fe_sealer_init(&sealer, header, path), FERRIC_OK);
    return sealer;
}

static void fill(uint8_t content[CONTENT_SIZE])
{
    for (size_t i = 0; i < CONTENT_SIZE; i++)
        content[i] = (uint8_t)(i * 7);
}

static void make_unit(fe_sealer *sealer, uint8_t unit[UNIT_SIZE])
{
    fill(unit);
    assert_int_equal(fe_seal_unit(sealer, FE_UNIT_DATA_BLOCK, UNIT_OFFSET, unit, CONTENT_SIZE),
                     FERRIC_OK);
}

// Opens a copy, since opening changes it.
static ferric_status open_copy(const fe_sealer *sealer, fe_unit_kind kind, uint64_t offset,
                               const uint8_t *unit, size_t size, uint8_t *content)
{
    size_t content_size = 77;
    ferric_status status;

    memcpy(content, unit, size);
    status = fe_seal_open(sealer, kind, offset, content, size, path, &content_size);
    assert_int_equal(content_size, status == FERRIC_OK ? size - TRAILER_SIZE : 0);
    return status;
}

static void test_sealed_unit_hides_its_content_and_gives_it_back(void **state)
{
    fe_file_header header = header_of(9);
    fe_sealer sealer = sealer_of(&header);
    uint8_t unit[UNIT_SIZE];
    uint8_t plain[UNIT_SIZE];
    uint8_t content[UNIT_SIZE];

    (void)state;
    assert_int_equal(fe_seal_size(&sealer), TRAILER_SIZE);
    make_unit(&sealer, unit);
    fill(plain);
    for (size_t i = 0; i + 8 <= CONTENT_SIZE; i++)
        assert_memory_not_equal(unit + i, plain + i, 8);
    assert_int_equal(
        open_copy(&sealer, FE_UNIT_DATA_BLOCK, UNIT_OFFSET, unit, sizeof unit, content), FERRIC_OK);
    assert_memory_equal(content, plain, CONTENT_SIZE);
    fe_sealer_deinit(&sealer);
}

static void test_sealed_unit_takes_a_new_number_for_each_attempt(void **state)
{
    fe_file_header header = header_of(9);
    fe_sealer sealer = sealer_of(&header);
    uint8_t unit[UNIT_SIZE];
    uint8_t before[UNIT_SIZE] = {0};

    (void)state;
    for (uint64_t attempt = 1; attempt <= 1000; attempt++) {
        make_unit(&sealer, unit);
        assert_true(fe_get_u64(unit + CONTENT_SIZE) == attempt);
        assert_memory_not_equal(unit, before, CONTENT_SIZE);
        memcpy(before, unit, sizeof unit);
    }
    fe_sealer_deinit(&sealer);
}

static void test_sealed_unit_with_any_bit_flipped_is_refused(void **state)
{
    fe_file_header header = header_of(9);
    fe_sealer sealer = sealer_of(&header);
    uint8_t unit[UNIT_SIZE];
    uint8_t content[UNIT_SIZE];

    (void)state;
    make_unit(&sealer, unit);
    for (size_t bit = 0; bit < sizeof unit * 8; bit++) {
        unit[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_equal(
            open_copy(&sealer, FE_UNIT_DATA_BLOCK, UNIT_OFFSET, unit, sizeof unit, content),
            FERRIC_CORRUPT);
        unit[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    assert_non_null(strstr(fe_message(), path));
    assert_non_null(strstr(fe_message(), "offset 4160"));
    for (size_t size = 0; size < sizeof unit; size++) {
        assert_int_equal(open_copy(&sealer, FE_UNIT_DATA_BLOCK, UNIT_OFFSET, unit, size, content),
                         FERRIC_CORRUPT);
    }
    fe_sealer_deinit(&sealer);
}

static void test_sealed_unit_is_bound_to_its_place_and_kind(void **state)
{
    fe_file_header header = header_of(9);
    fe_sealer sealer = sealer_of(&header);
    uint8_t unit[UNIT_SIZE];
    uint8_t content[UNIT_SIZE];

    (void)state;
    make_unit(&sealer, unit);
    for (int bit = 0; bit < 56; bit++) {
        assert_int_equal(open_copy(&sealer, FE_UNIT_DATA_BLOCK, UNIT_OFFSET ^ (uint64_t)1 << bit,
                                   unit, sizeof unit, content),
                         FERRIC_CORRUPT);
    }
    for (int kind = FE_UNIT_INDEX; kind <= FE_UNIT_VALUE; kind++) {
        assert_int_equal(
            open_copy(&sealer, (fe_unit_kind)kind, UNIT_OFFSET, unit, sizeof unit, content),
            FERRIC_CORRUPT);
    }
    fe_sealer_deinit(&sealer);
}

static void expect_refused_under(const fe_file_header *header, const uint8_t unit[UNIT_SIZE])
{
    fe_sealer other = sealer_of(header);
    uint8_t content[UNIT_SIZE];

    assert_int_equal(open_copy(&other, FE_UNIT_DATA_BLOCK, UNIT_OFFSET, unit, UNIT_SIZE, content),
                     FERRIC_CORRUPT);
    fe_sealer_deinit(&other);
}

// Every field of the header takes part in the file's key.
static void test_sealed_unit_is_bound_to_the_whole_header(void **state)
{
    fe_file_header header = header_of(9);
    fe_sealer sealer = sealer_of(&header);
    fe_file_header other;
    uint8_t unit[UNIT_SIZE];

    (void)state;
    make_unit(&sealer, unit);
    fe_sealer_deinit(&sealer);
    other = header;
    other.file_number = 10;
    expect_refused_under(&other, unit);
    other = header;
    other.salt[11] ^= 1;
    expect_refused_under(&other, unit);
    other = header;
    other.created_ms = 1;
    expect_refused_under(&other, unit);
    other = header;
    other.database_id[3] ^= 1;
    expect_refused_under(&other, unit);
    other = header;
    other.kind = FE_FILE_VALUES;
    expect_refused_under(&other, unit);
    other = header;
    other.key_id = 1;
    expect_refused_under(&other, unit);
}

static void test_sealer_refuses_what_its_keys_do_not_fit(void **state)
{
    fe_file_header header = header_of(9);
    fe_sealer sealer;

    (void)state;
    assert_int_equal(header.key_id, 2); // The newest.
    header.key_id = 3;
    assert_int_equal(fe_sealer_init(&sealer, &header, path), FERRIC_CORRUPT);
    header.key_id = 2;
    header.keys = NULL;
    assert_int_equal(fe_sealer_init(&sealer, &header, path), FERRIC_WRONG_KEY);
    assert_non_null(strstr(fe_message(), path));
    header.keys = keys;
    header.cipher_suite = FE_CIPHER_NONE; // Slipped in among those of an encrypted database.
    assert_int_equal(fe_sealer_init(&sealer, &header, path), FERRIC_CORRUPT);
}

// ---- Frames ----------------------------------------------------------------------------------

static const fe_frame commit_frame = {
    .kind = FE_FRAME_COMMITS,
    .batch_count = 3,
    .sequence = 1000,
    .durable_sequence = 990,
    .time_ms = 77,
    .payload = {"a payload of some bytes", 23},
};

static ferric_status take(const uint8_t *bytes, size_t size, const fe_sealer *sealer,
                          uint64_t offset, fe_frame *frame, ferric_buffer *plain)
{
    size_t frame_size;

    assert_int_equal(fe_frame_decode(fe_slice(bytes, size), sealer, 0, offset, frame, &frame_size),
                     FE_FRAME_VALID);
    assert_int_equal(frame_size, size);
    return fe_frame_unseal(frame, sealer, bytes, offset, path, plain);
}

static void test_sealed_frame_hides_its_payload_and_gives_it_back(void **state)
{
    fe_file_header header = header_of(9);
    fe_sealer sealer = sealer_of(&header);
    size_t size = fe_frame_size(&commit_frame, &sealer, 0);
    uint8_t *bytes = malloc(size);
    ferric_buffer plain = {0};
    fe_frame frame;

    (void)state;
    assert_non_null(bytes);
    assert_int_equal(fe_frame_encode(&commit_frame, &sealer, 0, 64, bytes), FERRIC_OK);
    assert_null(memmem(bytes, size, "payload", 7));
    assert_int_equal(take(bytes, size, &sealer, 64, &frame, &plain), FERRIC_OK);
    assert_int_equal(frame.payload.size, commit_frame.payload.size);
    assert_memory_equal(frame.payload.data, commit_frame.payload.data, commit_frame.payload.size);
    ferric_buffer_free(&plain);
    free(bytes);
    fe_sealer_deinit(&sealer);
}

// Who mends the checks of a frame that he changed is found out by the tag, also where he changed
// nothing but the header, which stands in clear.
static void test_sealed_frame_with_mended_checks_is_forged(void **state)
{
    fe_file_header header = header_of(9);
    fe_sealer sealer = sealer_of(&header);
    size_t size = fe_frame_size(&commit_frame, &sealer, 0);
    fe_frame other = commit_frame;
    uint8_t *bytes = malloc(size);
    uint8_t *copy = malloc(size);
    ferric_buffer plain = {0};
    fe_frame frame;

    (void)state;
    assert_true(bytes != NULL && copy != NULL);
    assert_int_equal(fe_frame_encode(&commit_frame, &sealer, 0, 64, bytes), FERRIC_OK);
    other.durable_sequence = 991;
    assert_int_equal(fe_frame_encode(&other, &sealer, 0, 64, copy), FERRIC_OK);
    // The other's header before this one's payload and seal; the checks are those of a writer
    // without a key.
    memcpy(copy + fe_frame_header_size(&other, 0), bytes + fe_frame_header_size(&commit_frame, 0),
           commit_frame.payload.size + TRAILER_SIZE);
    fe_put_u32(copy + 4, fe_crc32c(fe_get_u32(copy), copy + fe_frame_header_size(&other, 0),
                                   commit_frame.payload.size + TRAILER_SIZE));
    assert_int_equal(take(copy, size, &sealer, 64, &frame, &plain), FERRIC_CORRUPT);
    ferric_buffer_free(&plain);
    free(bytes);
    free(copy);
    fe_sealer_deinit(&sealer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sealed_unit_hides_its_content_and_gives_it_back),
        cmocka_unit_test(test_sealed_unit_takes_a_new_number_for_each_attempt),
        cmocka_unit_test(test_sealed_unit_with_any_bit_flipped_is_refused),
        cmocka_unit_test(test_sealed_unit_is_bound_to_its_place_and_kind),
        cmocka_unit_test(test_sealed_unit_is_bound_to_the_whole_header),
        cmocka_unit_test(test_sealer_refuses_what_its_keys_do_not_fit),
        cmocka_unit_test(test_sealed_frame_hides_its_payload_and_gives_it_back),
        cmocka_unit_test(test_sealed_frame_with_mended_checks_is_forged),
    };
    return cmocka_run_group_tests(tests, make_keys, destroy_keys);
}
