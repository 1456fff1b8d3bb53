// SPDX-License-Identifier: Apache-2.0
// Record logs: what is written is read; where it is damaged reading ends, and what stands behind
// the damage is found and nothing else.
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/coding.h"
#include "base/memory.h"
#include "base/random.h"
#include "log_frames.h"

#define CHUNK ((size_t)256 << 10) // The reader's window.

static fe_vfs *vfs_create(void)
{
    fe_vfs *vfs;
    assert_int_equal(fe_vfs_memory_create(&vfs), FERRIC_OK);
    return vfs;
}

// The example of docs/format/record_log.md, whole.
static void test_record_log_writes_the_documented_example(void **state)
{
    static const uint8_t expected[] = {
        0x46, 0x65, 0x44, 0x42, 0x01, 0x00, 0x01, 0x00, //
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, //
        0x07, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, //
        0x00, 0xdc, 0x20, 0x74, 0x97, 0x01, 0x00, 0x00, //
        0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, //
        0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f, //
        0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, //
        0xa8, 0xa9, 0xaa, 0xab, 0x99, 0xcb, 0xb2, 0x7a, //
        0x46, 0xdd, 0x44, 0x52, 0xea, 0x4c, 0x2a, 0xc3, //
        0x05, 0x00, 0x00, 0x00, 0x01, 0x14, 0x01, 0x00, //
        0x01, 0x01, 0xb8, 0x17, 0x68, 0x65, 0x6c, 0x6c, //
        0x6f, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, //
        0x63, 0x74, 0x49, 0x10, 0x63, 0x74, 0x49, 0x10, //
        0x00, 0x00, 0x00, 0x00, 0x03, 0x14, 0x00, 0x00, //
        0x02, 0x01, 0xe0, 0x17, 0x00, 0x00, 0x00, 0x00, //
    };
    const fe_frame commit = {FE_FRAME_COMMITS, 1, 1, 0, LOG_CREATED_MS + 1500, {0}};
    const fe_frame witness = {FE_FRAME_WITNESS, 0, 2, 1, LOG_CREATED_MS + 1520, {0}};
    const ferric_slice parts[] = {fe_slice_text("he"), fe_slice_text("llo")};
    fe_vfs *vfs = vfs_create();
    fe_record_log_writer *writer = log_create(vfs);
    size_t size;
    uint8_t *content;

    (void)state;
    assert_int_equal(fe_record_log_append(writer, &commit, parts, 2), FERRIC_OK);
    assert_int_equal(fe_record_log_append(writer, &witness, NULL, 0), FERRIC_OK);
    assert_int_equal(fe_record_log_sync(writer), FERRIC_OK);
    assert_int_equal(fe_record_log_trim(writer), FERRIC_OK);
    fe_record_log_close(writer);
    content = log_content(vfs, &size);
    assert_int_equal(size, sizeof expected);
    assert_memory_equal(content, expected, sizeof expected);
    free(content);
    fe_vfs_memory_destroy(vfs);
}

static void assert_no_evidence(fe_record_log_reader *reader, uint64_t expected_nonzero)
{
    uint64_t witness;
    uint64_t highest;
    uint64_t last_nonzero;

    assert_int_equal(fe_record_log_find_evidence(reader, &witness, &highest, &last_nonzero),
                     FERRIC_OK);
    assert_int_equal(witness, 0);
    assert_int_equal(highest, 0);
    assert_int_equal(last_nonzero, expected_nonzero);
}

static void test_record_log_reads_what_was_written(void **state)
{
    static const size_t sizes[] = {0, 1, 7, 100, 4000, CHUNK - 50, CHUNK, 3, 3 * CHUNK, 20};
    fe_vfs *vfs = vfs_create();
    fe_record_log_writer *writer = log_create(vfs);
    fe_record_log_reader *reader;
    fe_frame_result result;
    uint64_t offset;
    uint64_t again;
    uint64_t sequence = 0;
    fe_frame frame;

    (void)state;
    for (int round = 0; round < 30; round++) {
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            if (round >= 3 && sizes[i] > 4000) continue;
            sequence++;
            assert_int_equal(log_append(writer, sequence, sequence / 2, sizes[i], 1 + i % 4),
                             FERRIC_OK);
        }
    }
    reader = log_open(vfs); // The space behind the frames is still there.
    assert_int_equal(log_read(reader, 1, &result, &offset), sequence);
    assert_int_equal(result, FE_FRAME_EMPTY);
    assert_int_equal(offset, fe_record_log_offset(writer));
    assert_no_evidence(reader, 0);
    assert_int_equal(fe_record_log_next(reader, &frame, &result, &again), FERRIC_OK);
    assert_int_equal(result, FE_FRAME_EMPTY);
    assert_int_equal(again, offset);
    fe_record_log_reader_close(reader);

    assert_int_equal(fe_record_log_trim(writer), FERRIC_OK);
    fe_record_log_close(writer);
    assert_int_equal(log_read_file(vfs, &result, &again), sequence);
    assert_int_equal(result, FE_FRAME_EMPTY);
    assert_int_equal(again, offset);
    fe_vfs_memory_destroy(vfs);
}

static void test_record_log_begins_at_any_sequence(void **state)
{
    fe_vfs *vfs = vfs_create();
    fe_record_log_writer *writer = log_create(vfs);
    fe_record_log_reader *reader;
    fe_frame_result result;
    uint64_t offset;

    (void)state;
    assert_int_equal(log_append(writer, 5000, 4000, 10, 1), FERRIC_OK);
    assert_int_equal(log_append(writer, 5001, 5000, 10, 1), FERRIC_OK);
    fe_record_log_close(writer);
    reader = log_open(vfs);
    assert_int_equal(log_read(reader, 5000, &result, &offset), 2);
    fe_record_log_reader_close(reader);
    fe_vfs_memory_destroy(vfs);
}

static void test_record_log_open_checks_the_header(void **state)
{
    fe_vfs *vfs = vfs_create();
    fe_record_log_reader *reader = (fe_record_log_reader *)&vfs;
    fe_file_header header = log_header();
    fe_frame_result result;
    uint64_t offset;
    size_t size;
    uint8_t *content;

    (void)state;
    assert_int_equal(fe_record_log_open(vfs, LOG_PATH, FE_FILE_LOG, NULL, &reader),
                     FERRIC_NOT_FOUND);
    assert_null(reader);
    fe_record_log_close(log_create(vfs));
    assert_int_equal(fe_record_log_open(vfs, LOG_PATH, FE_FILE_MANIFEST, NULL, &reader),
                     FERRIC_CORRUPT);
    assert_null(reader);
    reader = log_open(vfs);
    assert_int_equal(fe_record_log_header(reader)->file_number, 7);
    assert_memory_equal(fe_record_log_header(reader)->salt, header.salt, FE_SALT_SIZE);
    fe_record_log_reader_close(reader);
    fe_record_log_reader_close(NULL);

    content = log_content(vfs, &size);
    for (size_t cut = 0; cut < FE_FILE_HEADER_SIZE; cut++) {
        log_replace(vfs, content, cut);
        assert_int_equal(fe_record_log_open(vfs, LOG_PATH, FE_FILE_LOG, NULL, &reader),
                         FERRIC_CORRUPT);
        assert_int_equal(fe_record_log_open_damaged(vfs, LOG_PATH, &header, &reader), FERRIC_OK);
        assert_int_equal(log_read(reader, 1, &result, &offset), 0);
        assert_int_equal(result, FE_FRAME_EMPTY);
        assert_no_evidence(reader, 0);
        fe_record_log_reader_close(reader);
    }
    log_replace(vfs, content, FE_FILE_HEADER_SIZE);
    assert_int_equal(log_read_file(vfs, &result, &offset), 0);
    assert_int_equal(result, FE_FRAME_EMPTY);
    free(content);
    fe_vfs_memory_destroy(vfs);
}

// ---- Damage ---------------------------------------------------------------------------------

#define FRAMES 6
#define FIRST 1

// A log of FRAMES frames; frame number s is witness to s - 1 at most, and ends at ends[s].
static uint8_t *make_log(fe_vfs *vfs, uint64_t ends[FRAMES + 1], size_t *size)
{
    static const size_t sizes[FRAMES] = {30, 0, 700, 13, 200, 64};
    fe_record_log_writer *writer = log_create(vfs);

    ends[0] = FE_FILE_HEADER_SIZE;
    for (uint64_t s = 1; s <= FRAMES; s++) {
        assert_int_equal(log_append(writer, s, s > 2 ? s - 2 : 0, sizes[s - 1], 1), FERRIC_OK);
        ends[s] = fe_record_log_offset(writer);
    }
    assert_int_equal(fe_record_log_trim(writer), FERRIC_OK);
    fe_record_log_close(writer);
    return log_content(vfs, size);
}

static void test_record_log_cut_anywhere_ends_there(void **state)
{
    fe_vfs *vfs = vfs_create();
    uint64_t ends[FRAMES + 1];
    size_t size;
    uint8_t *content = make_log(vfs, ends, &size);

    (void)state;
    for (size_t cut = FE_FILE_HEADER_SIZE; cut <= size; cut++) {
        uint64_t whole = 0;
        fe_frame_result result;
        uint64_t offset;
        while (whole < FRAMES && ends[whole + 1] <= cut)
            whole++;
        log_replace(vfs, content, cut);
        assert_int_equal(log_read_file(vfs, &result, &offset), whole);
        assert_int_equal(offset, ends[whole]);
        if (cut == ends[whole]) {
            assert_int_equal(result, FE_FRAME_EMPTY);
        } else {
            assert_true(result == FE_FRAME_INVALID || result == FE_FRAME_INCOMPLETE);
        }
    }
    free(content);
    fe_vfs_memory_destroy(vfs);
}

// Reads a log in which frame `damaged` alone is bad: those before it are read, those behind it are
// evidence.
static void assert_damage_is_found(fe_vfs *vfs, uint64_t damaged, const uint64_t *ends)
{
    fe_record_log_reader *reader = log_open(vfs);
    uint64_t witness;
    uint64_t highest;
    uint64_t last_nonzero;
    fe_frame_result result;
    uint64_t offset;

    assert_int_equal(log_read(reader, 1, &result, &offset), damaged - 1);
    assert_int_equal(offset, ends[damaged - 1]);
    assert_int_not_equal(result, FE_FRAME_VALID);
    assert_int_equal(fe_record_log_find_evidence(reader, &witness, &highest, &last_nonzero),
                     FERRIC_OK);
    assert_int_equal(witness, damaged == FRAMES ? 0 : FRAMES - 2);
    assert_int_equal(highest, damaged == FRAMES ? 0 : FRAMES);
    fe_record_log_reader_close(reader);
}

static void test_record_log_any_flipped_bit_is_found(void **state)
{
    fe_vfs *vfs = vfs_create();
    uint64_t ends[FRAMES + 1];
    size_t size;
    uint8_t *content = make_log(vfs, ends, &size);
    uint64_t frame = 1;

    (void)state;
    for (size_t at = FE_FILE_HEADER_SIZE; at < size; at++) {
        if (at == ends[frame]) frame++;
        for (int bit = 0; bit < 8; bit++) {
            content[at] ^= (uint8_t)(1 << bit);
            log_replace(vfs, content, size);
            assert_damage_is_found(vfs, frame, ends);
            content[at] ^= (uint8_t)(1 << bit);
        }
    }
    free(content);
    fe_vfs_memory_destroy(vfs);
}

static void test_record_log_frame_of_zeros_is_found(void **state)
{
    fe_vfs *vfs = vfs_create();
    uint64_t ends[FRAMES + 1];
    size_t size;
    uint8_t *content = make_log(vfs, ends, &size);
    uint8_t *damaged = malloc(size);

    (void)state;
    assert_non_null(damaged);
    for (uint64_t frame = 1; frame <= FRAMES; frame++) {
        memcpy(damaged, content, size);
        memset(damaged + ends[frame - 1], 0, ends[frame] - ends[frame - 1]);
        log_replace(vfs, damaged, size);
        assert_damage_is_found(vfs, frame, ends);
    }
    free(damaged);
    free(content);
    fe_vfs_memory_destroy(vfs);
}

static void test_record_log_with_damaged_header_still_verifies(void **state)
{
    fe_vfs *vfs = vfs_create();
    fe_file_header header = log_header();
    fe_record_log_reader *reader;
    uint64_t ends[FRAMES + 1];
    fe_frame_result result;
    uint64_t offset;
    size_t size;
    uint8_t *content = make_log(vfs, ends, &size);

    (void)state;
    memset(content, 0, FE_FILE_HEADER_SIZE);
    log_replace(vfs, content, size);
    assert_int_equal(fe_record_log_open(vfs, LOG_PATH, FE_FILE_LOG, NULL, &reader), FERRIC_CORRUPT);
    assert_int_equal(fe_record_log_open_damaged(vfs, LOG_PATH, &header, &reader), FERRIC_OK);
    assert_int_equal(log_read(reader, 1, &result, &offset), FRAMES);
    fe_record_log_reader_close(reader);
    header.salt[3]++; // A file that another one replaced.
    assert_int_equal(fe_record_log_open_damaged(vfs, LOG_PATH, &header, &reader), FERRIC_OK);
    assert_int_equal(log_read(reader, 1, &result, &offset), 0);
    while (content[size - 1] == 0)
        size--; // The last frame's padding.
    assert_no_evidence(reader, size);
    fe_record_log_reader_close(reader);
    free(content);
    fe_vfs_memory_destroy(vfs);
}

// ---- Logs that no writer makes --------------------------------------------------------------

// A log put together by hand: its header, and `size` bytes of room in all.
static uint8_t *raw_log(size_t size)
{
    fe_file_header header = log_header();
    uint8_t *bytes = calloc(1, size);

    assert_non_null(bytes);
    fe_file_header_encode(&header, bytes);
    return bytes;
}

static void test_record_log_gap_in_the_sequence_ends_reading(void **state)
{
    static const struct {
        uint64_t sequence;
        uint64_t witness;
        uint64_t highest;
    } cases[] = {
        {3, 1, 3}, // 2 is missing: evidence by itself.
        {1, 0, 0}, // Twice the same.
        {0, 0, 0},
    };
    fe_vfs *vfs = vfs_create();

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        uint8_t *bytes = raw_log(4096);
        size_t at = FE_FILE_HEADER_SIZE;
        fe_record_log_reader *reader;
        fe_frame_result result;
        uint64_t offset;
        uint64_t witness;
        uint64_t highest;
        uint64_t last_nonzero;
        at += log_encode(1, 0, 40, at, bytes + at);
        log_encode(cases[i].sequence, cases[i].witness, 40, at, bytes + at);
        log_replace(vfs, bytes, 4096);
        reader = log_open(vfs);
        assert_int_equal(log_read(reader, 1, &result, &offset), 1);
        assert_int_equal(result, FE_FRAME_INVALID);
        assert_int_equal(offset, at);
        assert_int_equal(fe_record_log_find_evidence(reader, &witness, &highest, &last_nonzero),
                         FERRIC_OK);
        assert_int_equal(witness, cases[i].witness);
        assert_int_equal(highest, cases[i].highest);
        assert_true(last_nonzero > at);
        fe_record_log_reader_close(reader);
        free(bytes);
    }
    fe_vfs_memory_destroy(vfs);
}

// A user may store a copy of our own log as a value.
static void test_record_log_frames_inside_a_payload_are_no_evidence(void **state)
{
    fe_vfs *vfs = vfs_create();
    uint64_t ends[FRAMES + 1];
    size_t size;
    uint8_t *content = make_log(vfs, ends, &size);
    uint8_t *bytes = raw_log(8192);
    fe_file_header header = log_header();
    fe_sealer sealer;
    size_t at = FE_FILE_HEADER_SIZE;

    (void)state;
    fe_sealer_init(&sealer, &header, "file");
    at += log_encode(1, 0, 40, at, bytes + at);
    for (size_t shift = 0; shift < 8; shift++) {
        fe_frame frame = {FE_FRAME_COMMITS, 1, 2, 1, LOG_CREATED_MS, {content + shift, 0}};
        fe_record_log_reader *reader;
        fe_frame_result result;
        uint64_t offset;
        size_t end;
        frame.payload.size = size - shift;
        memset(bytes + at, 0, 8192 - at);
        fe_frame_encode(&frame, &sealer, LOG_CREATED_MS, at, bytes + at);
        bytes[at + 8] ^= 1; // Its length is damaged, so every place inside is looked at.
        end = at + fe_frame_header_size(&frame, LOG_CREATED_MS) + frame.payload.size;
        while (bytes[end - 1] == 0)
            end--;
        log_replace(vfs, bytes, 8192);
        reader = log_open(vfs);
        assert_int_equal(log_read(reader, 1, &result, &offset), 1);
        assert_int_equal(result, FE_FRAME_INVALID);
        assert_no_evidence(reader, end);
        fe_record_log_reader_close(reader);
    }
    free(bytes);
    free(content);
    fe_vfs_memory_destroy(vfs);
}

// Places one frame at `at` behind zeros and checks that it is found there.
static void check_far_frame(fe_vfs *vfs, uint8_t *bytes, size_t room, size_t at,
                            size_t payload_size)
{
    fe_record_log_reader *reader;
    fe_frame_result result;
    uint64_t offset;
    uint64_t witness;
    uint64_t highest;
    uint64_t last_nonzero;
    size_t size = log_encode(9, 4, payload_size, at, bytes + at);

    assert_true(at + size <= room);
    log_replace(vfs, bytes, at + size);
    reader = log_open(vfs);
    assert_int_equal(log_read(reader, 1, &result, &offset), 0);
    assert_int_equal(result, FE_FRAME_EMPTY);
    assert_int_equal(fe_record_log_find_evidence(reader, &witness, &highest, &last_nonzero),
                     FERRIC_OK);
    assert_int_equal(witness, 4);
    assert_int_equal(highest, 9);
    assert_true(last_nonzero > at + size - 16 && last_nonzero <= at + size);
    fe_record_log_reader_close(reader);
    memset(bytes + at, 0, size);
}

static void test_record_log_evidence_is_found_at_the_windows_edges(void **state)
{
    const size_t room = 6 * CHUNK;
    fe_vfs *vfs = vfs_create();
    uint8_t *bytes = raw_log(room);

    (void)state;
    for (size_t edge = CHUNK; edge <= 2 * CHUNK; edge += CHUNK) {
        for (size_t at = edge - 72; at < edge + 144; at += 8) {
            check_far_frame(vfs, bytes, room, at, 0);
            check_far_frame(vfs, bytes, room, at, 100);
        }
        check_far_frame(vfs, bytes, room, edge - 24, 3 * CHUNK);
    }
    free(bytes);
    fe_vfs_memory_destroy(vfs);
}

static void test_record_log_knows_the_end_of_what_is_not_zero(void **state)
{
    fe_vfs *vfs = vfs_create();
    fe_random random = {20250608};

    (void)state;
    for (int round = 0; round < 500; round++) {
        size_t size = FE_FILE_HEADER_SIZE + fe_random_below(&random, 100);
        uint64_t last = 0;
        uint8_t *bytes = raw_log(size);
        fe_record_log_reader *reader;
        fe_frame_result result;
        uint64_t offset;
        if (size > FE_FILE_HEADER_SIZE && round % 10 != 0) {
            uint64_t more = fe_random_below(&random, size - FE_FILE_HEADER_SIZE);
            last = FE_FILE_HEADER_SIZE + more + 1;
            for (uint64_t at = FE_FILE_HEADER_SIZE; at < last; at++)
                bytes[at] = fe_random_below(&random, 4) == 0 ? 0xff : 0;
            bytes[last - 1] = 1;
        }
        log_replace(vfs, bytes, size);
        reader = log_open(vfs);
        assert_int_equal(log_read(reader, 1, &result, &offset), 0);
        assert_no_evidence(reader, last);
        fe_record_log_reader_close(reader);
        free(bytes);
    }
    fe_vfs_memory_destroy(vfs);
}

// The reader knows the size of its opening; a file that shrinks beneath it ends where it ends.
static void test_record_log_cut_beneath_the_reader_ends_there(void **state)
{
    fe_vfs *vfs = vfs_create();
    uint64_t ends[FRAMES + 1];
    size_t size;
    uint8_t *content = make_log(vfs, ends, &size);
    uint8_t *large = raw_log(4 * CHUNK);

    (void)state;
    memcpy(large, content, size);
    for (size_t cut = 0; cut < 4 * CHUNK; cut += cut < size ? 8 : CHUNK / 2 + 3) {
        fe_record_log_reader *reader;
        fe_frame_result result;
        uint64_t offset;
        uint64_t read;
        log_replace(vfs, large, 4 * CHUNK);
        reader = log_open(vfs);
        log_replace(vfs, large, cut);
        read = log_read(reader, 1, &result, &offset);
        assert_int_equal(read, FRAMES); // The window had them already.
        assert_int_equal(offset, ends[FRAMES]);
        assert_no_evidence(reader, 0);
        fe_record_log_reader_close(reader);
    }
    // A frame whose end is gone after its beginning was read.
    log_encode(1, 0, 2 * CHUNK, FE_FILE_HEADER_SIZE, large + FE_FILE_HEADER_SIZE);
    for (size_t cut = CHUNK; cut < 2 * CHUNK; cut += CHUNK / 2 + 3) {
        fe_record_log_reader *reader;
        fe_frame_result result;
        uint64_t offset;
        log_replace(vfs, large, 4 * CHUNK);
        reader = log_open(vfs);
        log_replace(vfs, large, cut);
        assert_int_equal(log_read(reader, 1, &result, &offset), 0);
        assert_int_equal(result, FE_FRAME_INCOMPLETE);
        fe_record_log_reader_close(reader);
    }
    free(large);
    free(content);
    fe_vfs_memory_destroy(vfs);
}

// ---- Memory ---------------------------------------------------------------------------------

static size_t largest_request;

static void *reallocate_noting_size(void *context, void *memory, size_t size)
{
    (void)context;
    if (size > largest_request) largest_request = size;
    return realloc(memory, size);
}

static void release_by_free(void *context, void *memory)
{
    (void)context;
    free(memory);
}

static void test_record_log_reader_never_allocates_what_a_frame_claims(void **state)
{
    const ferric_allocator noting = {reallocate_noting_size, release_by_free, NULL};
    fe_file_header header = log_header();
    uint8_t *bytes = raw_log(65536);
    uint8_t *at = bytes + FE_FILE_HEADER_SIZE;
    fe_record_log_reader *reader;
    fe_frame_result result;
    fe_sealer sealer;
    uint64_t offset;
    fe_vfs *vfs;

    (void)state;
    // A frame without payload, told that it has the most there can be.
    fe_sealer_init(&sealer, &header, "file");
    log_encode(1, 0, 0, FE_FILE_HEADER_SIZE, at);
    fe_put_u32(at + 8, FE_FRAME_PAYLOAD_SIZE_MAX);
    fe_put_u32(at, fe_seal_check(&sealer, FE_UNIT_FRAME_HEADER, FE_FILE_HEADER_SIZE, at + 8,
                                 at[13] - (size_t)8));
    fe_allocator_set(&noting);
    vfs = vfs_create();
    log_replace(vfs, bytes, 65536);
    largest_request = 0;
    reader = log_open(vfs);
    assert_int_equal(log_read(reader, 1, &result, &offset), 0);
    assert_int_equal(result, FE_FRAME_INCOMPLETE);
    assert_int_equal(offset, FE_FILE_HEADER_SIZE);
    assert_no_evidence(reader, FE_FILE_HEADER_SIZE + at[13]);
    fe_record_log_reader_close(reader);
    fe_vfs_memory_destroy(vfs);
    fe_allocator_set(NULL);
    assert_true(largest_request <= 65536);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_record_log_writes_the_documented_example),
        cmocka_unit_test(test_record_log_reads_what_was_written),
        cmocka_unit_test(test_record_log_begins_at_any_sequence),
        cmocka_unit_test(test_record_log_open_checks_the_header),
        cmocka_unit_test(test_record_log_cut_anywhere_ends_there),
        cmocka_unit_test(test_record_log_any_flipped_bit_is_found),
        cmocka_unit_test(test_record_log_frame_of_zeros_is_found),
        cmocka_unit_test(test_record_log_with_damaged_header_still_verifies),
        cmocka_unit_test(test_record_log_gap_in_the_sequence_ends_reading),
        cmocka_unit_test(test_record_log_frames_inside_a_payload_are_no_evidence),
        cmocka_unit_test(test_record_log_evidence_is_found_at_the_windows_edges),
        cmocka_unit_test(test_record_log_knows_the_end_of_what_is_not_zero),
        cmocka_unit_test(test_record_log_cut_beneath_the_reader_ends_there),
        cmocka_unit_test(test_record_log_reader_never_allocates_what_a_frame_claims),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
