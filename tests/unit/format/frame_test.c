// SPDX-License-Identifier: Apache-2.0
// Frames: the documented bytes, every flipped bit, every cut, every other place; and headers whose
// check holds though their fields make no sense.
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/checksum.h"
#include "base/coding.h"
#include "base/random.h"
#include "base/slice.h"
#include "format/frame.h"
#include "format/internal_key.h"

#define CREATED_MS 1750000000000
#define OFFSET 4096
#define PAYLOAD_SIZE_MAX 64
#define FRAME_SIZE_MAX (FE_FRAME_HEADER_SIZE_MAX + PAYLOAD_SIZE_MAX + FE_FRAME_ALIGNMENT)

static fe_sealer sealer_of(uint64_t file_number)
{
    fe_file_header header = {.version = 1, .kind = FE_FILE_LOG, .file_number = file_number};
    fe_sealer sealer;

    for (int i = 0; i < FE_SALT_SIZE; i++)
        header.salt[i] = (uint8_t)(0xa0 + i);
    fe_sealer_init(&sealer, &header, "file");
    return sealer;
}

static const fe_frame commit_frame = {
    .kind = FE_FRAME_COMMITS,
    .batch_count = 3,
    .sequence = 1000,
    .durable_sequence = 990,
    .time_ms = CREATED_MS + 77,
    .payload = {"a payload of some bytes", 23},
};

// Encodes at OFFSET into memory of exactly the frame's size, so that asan sees a step beyond it.
static uint8_t *encode(const fe_frame *frame, size_t *size)
{
    fe_sealer sealer = sealer_of(7);
    uint8_t *bytes;

    *size = fe_frame_size(frame, &sealer, CREATED_MS);
    assert_int_equal(*size % FE_FRAME_ALIGNMENT, 0);
    bytes = malloc(*size);
    assert_non_null(bytes);
    memset(bytes, 0xee, *size);
    fe_frame_encode(frame, &sealer, CREATED_MS, OFFSET, bytes);
    return bytes;
}

static fe_frame_result decode(const uint8_t *bytes, size_t bytes_size, fe_frame *frame,
                              size_t *size)
{
    fe_sealer sealer = sealer_of(7);
    return fe_frame_decode(fe_slice(bytes, bytes_size), &sealer, CREATED_MS, OFFSET, frame, size);
}

static void assert_frame_equal(const fe_frame *found, const fe_frame *expected)
{
    assert_int_equal(found->kind, expected->kind);
    assert_int_equal(found->batch_count, expected->batch_count);
    assert_true(found->sequence == expected->sequence);
    assert_true(found->durable_sequence == expected->durable_sequence);
    assert_true(found->time_ms == expected->time_ms);
    assert_true(fe_slice_equal(found->payload, expected->payload));
}

// The two frames of docs/format/record_log.md, at offsets 64 and 96.
static void test_frame_encodes_the_documented_example(void **state)
{
    static const uint8_t expected[] = {
        0x46, 0xdd, 0x44, 0x52, 0xea, 0x4c, 0x2a, 0xc3, //
        0x05, 0x00, 0x00, 0x00, 0x01, 0x14, 0x01, 0x00, //
        0x01, 0x01, 0xb8, 0x17, 0x68, 0x65, 0x6c, 0x6c, //
        0x6f, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, //
        0x63, 0x74, 0x49, 0x10, 0x63, 0x74, 0x49, 0x10, //
        0x00, 0x00, 0x00, 0x00, 0x03, 0x14, 0x00, 0x00, //
        0x02, 0x01, 0xe0, 0x17, 0x00, 0x00, 0x00, 0x00, //
    };
    const fe_frame first = {FE_FRAME_COMMITS, 1, 1, 0, CREATED_MS + 1500, {"hello", 5}};
    const fe_frame second = {FE_FRAME_WITNESS, 0, 2, 1, CREATED_MS + 1520, {NULL, 0}};
    fe_sealer sealer = sealer_of(7);
    uint8_t bytes[sizeof expected];

    (void)state;
    assert_int_equal(fe_frame_size(&first, &sealer, CREATED_MS), 32);
    assert_int_equal(fe_frame_size(&second, &sealer, CREATED_MS), 24);
    fe_frame_encode(&first, &sealer, CREATED_MS, 64, bytes);
    fe_frame_encode(&second, &sealer, CREATED_MS, 96, bytes + 32);
    assert_memory_equal(bytes, expected, sizeof expected);
}

static void test_frame_decodes_what_was_encoded(void **state)
{
    static const fe_frame_kind kinds[] = {FE_FRAME_COMMITS, FE_FRAME_LINK, FE_FRAME_WITNESS,
                                          FE_FRAME_EDIT, FE_FRAME_END};
    static const uint16_t counts[] = {65535, 0, 0, 1, 0};
    static const uint64_t sequences[] = {
        0, 1, 127, 128, 16383, 16384, FE_SEQUENCE_MAX - UINT16_MAX};
    static const uint64_t times[] = {0, 1, CREATED_MS - 1, CREATED_MS, CREATED_MS + 63, UINT64_MAX};
    uint8_t payload[PAYLOAD_SIZE_MAX];
    size_t frames = 0;

    (void)state;
    for (size_t i = 0; i < sizeof payload; i++)
        payload[i] = (uint8_t)(i + 1);
    for (size_t at = 0; at < 5 * 7 * 7 * 6; at++) {
        uint64_t sequence = sequences[at / 5 % 7];
        uint64_t durable = sequences[at / 35 % 7];
        fe_frame frame = {kinds[at % 5], counts[at % 5], sequence, durable, times[at / 245], {0}};
        fe_frame found;
        uint8_t *bytes;
        size_t size;
        size_t found_size;
        if (durable > sequence) continue;
        frame.payload = fe_slice(payload, at % PAYLOAD_SIZE_MAX);
        bytes = encode(&frame, &size);
        assert_int_equal(decode(bytes, size, &found, &found_size), FE_FRAME_VALID);
        assert_int_equal(found_size, size);
        assert_frame_equal(&found, &frame);
        assert_true(fe_frame_is_plausible(bytes, size));
        assert_false(fe_frame_is_plausible(bytes, size - 1));
        assert_true(fe_frame_header_size(&frame, CREATED_MS) <= FE_FRAME_HEADER_SIZE_MAX);
        free(bytes);
        frames++;
    }
    assert_int_equal(frames, 5 * 28 * 6);
}

static void test_frame_takes_a_payload_that_is_in_place(void **state)
{
    size_t header_size = fe_frame_header_size(&commit_frame, CREATED_MS);
    fe_sealer sealer = sealer_of(7);
    fe_frame frame = commit_frame;
    uint8_t in_place[FRAME_SIZE_MAX];
    size_t size;
    uint8_t *copied = encode(&commit_frame, &size);

    (void)state;
    memcpy(in_place + header_size, commit_frame.payload.data, commit_frame.payload.size);
    frame.payload.data = in_place + header_size;
    fe_frame_encode(&frame, &sealer, CREATED_MS, OFFSET, in_place);
    assert_memory_equal(in_place, copied, size);
    free(copied);
}

static void test_frame_with_any_bit_flipped_is_not_valid(void **state)
{
    size_t header_size = fe_frame_header_size(&commit_frame, CREATED_MS);
    size_t size;
    uint8_t *bytes = encode(&commit_frame, &size);
    fe_frame found;
    size_t found_size;

    (void)state;
    for (size_t bit = 0; bit < size * 8; bit++) {
        // The payload's check stands in the header, but is checked with the payload.
        bool is_of_payload = bit / 8 >= header_size || (bit / 8 >= 4 && bit / 8 < 8);
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_equal(decode(bytes, size, &found, &found_size),
                         is_of_payload ? FE_FRAME_BAD_PAYLOAD : FE_FRAME_INVALID);
        assert_int_equal(found_size, is_of_payload ? size : 0);
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    free(bytes);
}

static void test_frame_cut_anywhere_is_not_valid(void **state)
{
    size_t header_size = fe_frame_header_size(&commit_frame, CREATED_MS);
    size_t size;
    uint8_t *bytes = encode(&commit_frame, &size);

    (void)state;
    for (size_t cut = 0; cut < size; cut++) {
        uint8_t *part = malloc(cut == 0 ? 1 : cut);
        fe_frame found;
        size_t found_size;
        fe_frame_result expected = cut == 0            ? FE_FRAME_EMPTY
                                   : cut < header_size ? FE_FRAME_INVALID
                                                       : FE_FRAME_INCOMPLETE;
        assert_non_null(part);
        memcpy(part, bytes, cut);
        assert_int_equal(decode(part, cut, &found, &found_size), expected);
        assert_int_equal(found_size, expected == FE_FRAME_INCOMPLETE ? size : 0);
        free(part);
    }
    free(bytes);
}

static void test_frame_of_another_place_or_file_is_invalid(void **state)
{
    fe_sealer own = sealer_of(7);
    fe_sealer other = sealer_of(8);
    fe_frame found;
    size_t size;
    size_t found_size;
    uint8_t *bytes = encode(&commit_frame, &size);
    ferric_slice slice = fe_slice(bytes, size);

    (void)state;
    for (uint64_t offset = 64; offset < 3 * OFFSET; offset += FE_FRAME_ALIGNMENT) {
        assert_int_equal(fe_frame_decode(slice, &own, CREATED_MS, offset, &found, &found_size),
                         offset == OFFSET ? FE_FRAME_VALID : FE_FRAME_INVALID);
    }
    assert_int_equal(fe_frame_decode(slice, &other, CREATED_MS, OFFSET, &found, &found_size),
                     FE_FRAME_INVALID);
    free(bytes);
}

// A payload that stood under another header at the same place, as after a torn overwrite.
static void test_frame_payload_belongs_to_its_header(void **state)
{
    fe_frame frame = commit_frame;
    fe_frame found;
    size_t size;
    size_t found_size;
    size_t header_size = fe_frame_header_size(&commit_frame, CREATED_MS);
    uint8_t *first = encode(&commit_frame, &size);
    uint8_t *second;

    (void)state;
    frame.sequence++;
    frame.durable_sequence++;
    second = encode(&frame, &size);
    memcpy(second + 4, first + 4, 4); // The other's payload check, with an equal payload.
    memcpy(second + header_size, first + header_size, size - header_size);
    assert_int_equal(decode(second, size, &found, &found_size), FE_FRAME_BAD_PAYLOAD);
    free(first);
    free(second);
}

static void test_frame_of_zeros_is_empty(void **state)
{
    static const uint8_t zeros[64];
    uint8_t bytes[16] = {0};
    fe_frame found;
    size_t found_size = 1;

    (void)state;
    for (size_t size = 0; size <= sizeof zeros; size++) {
        assert_int_equal(decode(zeros, size, &found, &found_size), FE_FRAME_EMPTY);
        assert_int_equal(found_size, 0);
    }
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = 1;
        assert_int_equal(decode(bytes, 16, &found, &found_size), FE_FRAME_INVALID);
        assert_int_equal(decode(bytes, i + 1, &found, &found_size), FE_FRAME_INVALID);
        bytes[i] = 0;
    }
}

// Gives a header of the given fields a check that holds.
static fe_frame_result decode_made(uint8_t kind, uint16_t count, const char *varints,
                                   size_t varints_size)
{
    fe_sealer sealer = sealer_of(7);
    uint8_t bytes[FRAME_SIZE_MAX] = {0};
    size_t header_size = FE_FRAME_FIXED_SIZE + varints_size;
    fe_frame found;
    size_t found_size;
    uint32_t check;

    bytes[12] = kind;
    bytes[13] = (uint8_t)header_size;
    fe_put_u16(bytes + 14, count);
    memcpy(bytes + FE_FRAME_FIXED_SIZE, varints, varints_size);
    check = fe_seal_check(&sealer, FE_UNIT_FRAME_HEADER, OFFSET, bytes + 8, header_size - 8);
    fe_put_u32(bytes, check);
    fe_put_u32(bytes + 4, check); // Of an empty payload.
    return decode(bytes, sizeof bytes, &found, &found_size);
}

static void test_frame_whose_fields_make_no_sense_is_invalid(void **state)
{
    (void)state;
    assert_int_equal(decode_made(FE_FRAME_COMMITS, 1, "\x05\x05\x00", 3), FE_FRAME_VALID);
    assert_int_equal(decode_made(FE_FRAME_COMMITS, 0, "\x05\x05\x00", 3), FE_FRAME_INVALID);
    assert_int_equal(decode_made(FE_FRAME_EDIT, 2, "\x05\x05\x00", 3), FE_FRAME_INVALID);
    assert_int_equal(decode_made(FE_FRAME_WITNESS, 0, "\x05\x05\x00", 3), FE_FRAME_VALID);
    assert_int_equal(decode_made(FE_FRAME_WITNESS, 1, "\x05\x05\x00", 3), FE_FRAME_INVALID);
    assert_int_equal(decode_made(FE_FRAME_LINK, 1, "\x05\x05\x00", 3), FE_FRAME_INVALID);
    assert_int_equal(decode_made(FE_FRAME_END, 1, "\x05\x05\x00", 3), FE_FRAME_INVALID);
    assert_int_equal(decode_made(0, 0, "\x05\x05\x00", 3), FE_FRAME_INVALID);
    assert_int_equal(decode_made(6, 0, "\x05\x05\x00", 3), FE_FRAME_INVALID);
    // The witness is above the sequence; a varint is longer than it need be; one too many; one cut;
    // a sequence beyond 56 bits; one that leaves no number to follow the frame's own.
    assert_int_equal(decode_made(FE_FRAME_COMMITS, 1, "\x05\x06\x00", 3), FE_FRAME_INVALID);
    assert_int_equal(decode_made(FE_FRAME_COMMITS, 1, "\x85\x00\x05\x00", 4), FE_FRAME_INVALID);
    assert_int_equal(decode_made(FE_FRAME_COMMITS, 1, "\x05\x05\x00\x00", 4), FE_FRAME_INVALID);
    assert_int_equal(decode_made(FE_FRAME_COMMITS, 1, "\x05\x05\x80", 3), FE_FRAME_INVALID);
    assert_int_equal(
        decode_made(FE_FRAME_WITNESS, 0, "\xff\xff\xff\xff\xff\xff\xff\x7f\x00\x00", 10),
        FE_FRAME_VALID);
    assert_int_equal(
        decode_made(FE_FRAME_COMMITS, 1, "\xfe\xff\xff\xff\xff\xff\xff\x7f\x00\x00", 10),
        FE_FRAME_VALID);
    assert_int_equal(
        decode_made(FE_FRAME_COMMITS, 1, "\xff\xff\xff\xff\xff\xff\xff\x7f\x00\x00", 10),
        FE_FRAME_INVALID);
    assert_int_equal(
        decode_made(FE_FRAME_COMMITS, 2, "\xfe\xff\xff\xff\xff\xff\xff\x7f\x00\x00", 10),
        FE_FRAME_INVALID);
    assert_int_equal(
        decode_made(FE_FRAME_COMMITS, 1, "\x80\x80\x80\x80\x80\x80\x80\x80\x01\x00\x00", 11),
        FE_FRAME_INVALID);
}

static void test_frame_decode_survives_random_bytes(void **state)
{
    fe_random random = {20250607};

    (void)state;
    for (int round = 0; round < 200000; round++) {
        uint8_t bytes[80];
        fe_frame found;
        size_t found_size;
        for (size_t i = 0; i < sizeof bytes; i += 8)
            fe_put_u64(bytes + i, fe_random_next(&random));
        bytes[12] = (uint8_t)(1 + round % 5);
        bytes[13] = (uint8_t)(19 + round % 24);
        fe_put_u32(bytes + 8, round % 40);
        if (round % 2 == 0) fe_put_u16(bytes + 14, bytes[12] == 1 || bytes[12] == 4);
        assert_int_not_equal(decode(bytes, sizeof bytes, &found, &found_size), FE_FRAME_VALID);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_frame_encodes_the_documented_example),
        cmocka_unit_test(test_frame_decodes_what_was_encoded),
        cmocka_unit_test(test_frame_takes_a_payload_that_is_in_place),
        cmocka_unit_test(test_frame_with_any_bit_flipped_is_not_valid),
        cmocka_unit_test(test_frame_cut_anywhere_is_not_valid),
        cmocka_unit_test(test_frame_of_another_place_or_file_is_invalid),
        cmocka_unit_test(test_frame_payload_belongs_to_its_header),
        cmocka_unit_test(test_frame_of_zeros_is_empty),
        cmocka_unit_test(test_frame_whose_fields_make_no_sense_is_invalid),
        cmocka_unit_test(test_frame_decode_survives_random_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
