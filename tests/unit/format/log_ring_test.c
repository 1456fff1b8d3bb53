// SPDX-License-Identifier: Apache-2.0
// The ring in front of a log: what it alone holds is read, what it held before is not, and no
// failure of a drain loses a frame that was appended.
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/status.h"
#include "format/log_ring.h"
#include "log_frames.h"
#include "support/crash_plan.h"
#include "support/vfs_record.h"

#define RING_SIZE FE_LOG_RING_SIZE_MIN
#define RING_PATH "000007.ring"
// The payload of frames that are 512 bytes on disk: a divisor of the ring, so that each lap's
// frames begin where those of the lap before did.
#define EVEN_PAYLOAD 486

static vfs_record *record_create(void)
{
    return vfs_record_create(disk_create(), 1);
}

static void record_destroy(vfs_record *record)
{
    assert_null(vfs_record_violation(record));
    assert_int_equal(vfs_record_open_handles(record), 0);
    vfs_record_destroy(record);
}

static fe_record_log_writer *ring_create(vfs_record *record)
{
    fe_file_header header = log_header();
    fe_record_log_writer *writer;

    assert_int_equal(fe_record_log_create_with_ring(vfs_record_vfs(record), LOG_PATH, &header, 4096,
                                                    RING_SIZE, &writer),
                     FERRIC_OK);
    return writer;
}

// Appends `count` frames behind number *last.
static void append_many(fe_record_log_writer *writer, uint64_t *last, uint64_t count,
                        size_t payload_size)
{
    for (uint64_t i = 0; i < count; i++)
        assert_int_equal(log_append(writer, ++*last, 0, payload_size, 1), FERRIC_OK);
}

static bool has_ring_file(vfs_record *record)
{
    return disk_lookup(vfs_record_disk(record), DISK_ROOT, RING_PATH) != DISK_NONE;
}

// Reads `frames` frames up to a clean end; returns the first offset that the ring had to give.
static uint64_t assert_reads(vfs_record *record, uint64_t frames)
{
    fe_record_log_reader *reader = log_open(vfs_record_vfs(record));
    fe_frame_result result;
    uint64_t from_ring;
    uint64_t offset;

    assert_int_equal(log_read(reader, 1, &result, &offset), frames);
    assert_true(result == FE_FRAME_EMPTY || result == FE_FRAME_INVALID);
    from_ring = fe_record_log_ring_offset(reader);
    fe_record_log_reader_close(reader);
    return from_ring;
}

// The example of docs/format/log_ring.md.
static void test_log_ring_holds_the_documented_example(void **state)
{
    static const uint8_t header_check[] = {0x6f, 0x7c, 0xdf, 0x44};
    static const uint8_t frames[] = {
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
    const ferric_slice hello = fe_slice_text("hello");
    vfs_record *record = record_create();
    fe_record_log_writer *writer = ring_create(record);
    uint8_t bytes[4224] = {0};
    fe_file *file;
    size_t got;

    (void)state;
    assert_int_equal(fe_record_log_append(writer, &commit, &hello, 1), FERRIC_OK);
    assert_int_equal(fe_record_log_append(writer, &witness, NULL, 0), FERRIC_OK);
    assert_int_equal(fe_vfs_open(vfs_record_vfs(record), RING_PATH, FE_OPEN_READ, &file),
                     FERRIC_OK);
    assert_int_equal(fe_file_read_at(file, 0, bytes, sizeof bytes, &got), FERRIC_OK);
    assert_int_equal(got, sizeof bytes);
    assert_memory_equal(bytes + 60, header_check, sizeof header_check);
    assert_memory_equal(bytes + 4160, frames, sizeof frames);
    fe_file_close(file);
    fe_record_log_close(writer);
    record_destroy(record);
}

// ---- Reading --------------------------------------------------------------------------------

static void test_log_ring_holds_frames_that_the_log_does_not_have_yet(void **state)
{
    vfs_record *record = record_create();
    fe_record_log_writer *writer = ring_create(record);
    uint64_t last = 0;
    uint64_t first_waiting;

    (void)state;
    append_many(writer, &last, 5, 100);
    assert_int_equal(assert_reads(record, 5), FE_FILE_HEADER_SIZE);
    assert_int_equal(fe_record_log_drain(writer), FERRIC_OK);
    first_waiting = fe_record_log_offset(writer);
    assert_true(assert_reads(record, 5) == UINT64_MAX);
    append_many(writer, &last, 3, 40);
    assert_int_equal(assert_reads(record, 8), first_waiting);
    fe_record_log_close(writer);
    assert_int_equal(assert_reads(record, 8), first_waiting); // Closing drains nothing.
    record_destroy(record);
}

static void test_log_ring_is_gone_round_many_times(void **state)
{
    vfs_record *record = record_create();
    fe_record_log_writer *writer = ring_create(record);
    uint64_t last = 0;

    (void)state;
    for (int i = 0; i < 200; i++) {
        append_many(writer, &last, 3, (size_t)(i * 37 % 900));
        if (i % 3 == 0 && fe_record_log_is_drain_due(writer)) {
            assert_int_equal(fe_record_log_drain(writer), FERRIC_OK);
        }
        if (i % 10 == 0) (void)assert_reads(record, last);
    }
    assert_true(fe_record_log_offset(writer) > 10 * RING_SIZE);
    (void)assert_reads(record, last);
    fe_record_log_close(writer);
    record_destroy(record);
}

static void test_log_ring_frames_of_an_earlier_lap_are_not_read(void **state)
{
    vfs_record *record = record_create();
    fe_record_log_writer *writer = ring_create(record);
    uint64_t last = 0;

    (void)state;
    // At each end the ring shows, at the same place, a whole frame of the lap before.
    for (int i = 0; i < 100; i++) {
        append_many(writer, &last, 1, EVEN_PAYLOAD);
        assert_int_equal(fe_record_log_offset(writer), FE_FILE_HEADER_SIZE + last * 512);
        (void)assert_reads(record, last);
    }
    fe_record_log_close(writer);
    record_destroy(record);
}

static void test_log_ring_that_is_full_is_drained_by_the_append(void **state)
{
    vfs_record *record = record_create();
    fe_record_log_writer *writer = ring_create(record);
    uint64_t last = 0;
    uint64_t from_ring;

    (void)state;
    append_many(writer, &last, 100, 400);
    from_ring = assert_reads(record, 100);
    assert_true(fe_record_log_offset(writer) - from_ring <= RING_SIZE);
    fe_record_log_close(writer);
    record_destroy(record);
}

// With a full ring an append drains one piece, and no more than it must; whatever the sizes are, a
// frame that is partly in the log is whole in the ring.
static void test_log_ring_is_drained_from_frame_to_frame(void **state)
{
    vfs_record *record = record_create();
    fe_record_log_writer *writer = ring_create(record);
    uint64_t last = 0;

    (void)state;
    for (uint64_t i = 0; i < 300; i++) {
        append_many(writer, &last, 1, (size_t)(i * 1009 % 3000));
        (void)assert_reads(record, last);
    }
    fe_record_log_close(writer);
    record_destroy(record);
}

static void test_log_ring_lets_a_large_frame_pass_behind_those_before(void **state)
{
    vfs_record *record = record_create();
    fe_record_log_writer *writer = ring_create(record);
    uint64_t last = 0;
    uint64_t behind;

    (void)state;
    append_many(writer, &last, 4, 100);
    append_many(writer, &last, 1, RING_SIZE * 3);
    assert_true(assert_reads(record, 5) == UINT64_MAX);
    behind = fe_record_log_offset(writer);
    append_many(writer, &last, 4, 100);
    assert_int_equal(assert_reads(record, 9), behind);
    fe_record_log_close(writer);
    record_destroy(record);
}

// What the ring had when the reader opened the log is in the log when the reader comes to it.
static void test_log_ring_that_moves_on_beside_a_reader_hides_nothing(void **state)
{
    vfs_record *record = record_create();
    fe_record_log_writer *writer = ring_create(record);
    fe_record_log_reader *reader;
    fe_frame_result result;
    fe_frame frame;
    uint64_t last = 0;
    uint64_t offset;

    (void)state;
    append_many(writer, &last, 5, 100);
    assert_int_equal(fe_record_log_drain(writer), FERRIC_OK);
    append_many(writer, &last, 5, 100);
    assert_int_equal(fe_record_log_reserve(writer, RING_SIZE * 3), FERRIC_OK);
    reader = log_open(vfs_record_vfs(record));
    assert_int_equal(fe_record_log_next(reader, &frame, &result, &offset), FERRIC_OK);
    assert_int_equal(result, FE_FRAME_VALID);
    append_many(writer, &last, 50, 700);
    assert_true(log_read(reader, 2, &result, &offset) >= 9);
    fe_record_log_reader_close(reader);
    fe_record_log_close(writer);
    record_destroy(record);
}

// A writer that needs a log no more removes it, and the ring that it did not drain.
static void test_log_ring_that_is_missed_is_told_when_its_log_went(void **state)
{
    vfs_record *record = record_create();
    fe_record_log_writer *writer = ring_create(record);
    fe_record_log_reader *reader;
    fe_frame_result result;
    fe_frame frame;
    uint64_t last = 0;
    uint64_t offset;

    (void)state;
    append_many(writer, &last, 5, 100);
    assert_int_equal(fe_record_log_drain(writer), FERRIC_OK);
    append_many(writer, &last, 5, 100);
    reader = log_open(vfs_record_vfs(record));
    assert_int_equal(fe_vfs_remove(vfs_record_vfs(record), LOG_PATH), FERRIC_OK);
    assert_int_equal(fe_vfs_remove(vfs_record_vfs(record), RING_PATH), FERRIC_OK);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(fe_record_log_next(reader, &frame, &result, &offset), FERRIC_OK);
        assert_int_equal(result, FE_FRAME_VALID);
    }
    assert_int_equal(fe_record_log_next(reader, &frame, &result, &offset), FERRIC_CORRUPT);
    assert_non_null(strstr(fe_message(), LOG_PATH));
    fe_record_log_reader_close(reader);
    fe_record_log_close(writer);
    record_destroy(record);
}

// ---- Syncing, finishing ---------------------------------------------------------------------

static void test_log_ring_is_not_needed_for_what_was_synced(void **state)
{
    vfs_record *record = record_create();
    fe_record_log_writer *writer = ring_create(record);
    uint64_t last = 0;

    (void)state;
    append_many(writer, &last, 20, 300);
    assert_int_equal(fe_record_log_sync(writer), FERRIC_OK);
    assert_int_equal(fe_vfs_remove(vfs_record_vfs(record), RING_PATH), FERRIC_OK);
    (void)assert_reads(record, 20);
    fe_record_log_close(writer);
    record_destroy(record);
}

static void test_log_ring_goes_when_its_log_is_full_or_trimmed(void **state)
{
    (void)state;
    for (int is_trimmed = 0; is_trimmed < 2; is_trimmed++) {
        vfs_record *record = record_create();
        fe_record_log_writer *writer = ring_create(record);
        uint64_t last = 0;
        append_many(writer, &last, 20, 300);
        assert_true(has_ring_file(record));
        assert_int_equal(is_trimmed ? fe_record_log_trim(writer) : fe_record_log_finish(writer),
                         FERRIC_OK);
        assert_false(has_ring_file(record));
        assert_int_equal(fe_record_log_sync(writer), FERRIC_OK);
        assert_true(assert_reads(record, 20) == UINT64_MAX);
        fe_record_log_close(writer);
        record_destroy(record);
    }
}

// ---- Where there is none --------------------------------------------------------------------

static void test_log_ring_is_done_without_where_there_can_be_none(void **state)
{
    (void)state;
    for (int is_full = 0; is_full < 2; is_full++) {
        vfs_record *record = record_create();
        fe_record_log_writer *writer;
        uint64_t last = 0;
        if (is_full)
            vfs_record_set_capacity(record, 12000);
        else
            vfs_record_refuse_rings(record);
        writer = ring_create(record);
        assert_false(has_ring_file(record));
        append_many(writer, &last, 5, 100);
        assert_false(fe_record_log_is_drain_due(writer));
        assert_int_equal(fe_record_log_drain(writer), FERRIC_OK);
        assert_int_equal(fe_record_log_finish(writer), FERRIC_OK);
        assert_true(assert_reads(record, 5) == UINT64_MAX);
        fe_record_log_close(writer);
        record_destroy(record);
    }
}

static void test_log_ring_that_cannot_be_made_leaves_no_log(void **state)
{
    fe_file_header header = log_header();
    int failures = 0;

    (void)state;
    for (uint64_t call = 1;; call++) {
        vfs_record *record = record_create();
        fe_record_log_writer *writer;
        ferric_status status;
        vfs_record_set_plan(record, (fault_plan){FAULT_IO, call, false});
        status = fe_record_log_create_with_ring(vfs_record_vfs(record), LOG_PATH, &header, 4096,
                                                RING_SIZE, &writer);
        if (status != FERRIC_OK) {
            assert_null(writer);
            assert_int_equal(disk_entry_count(vfs_record_disk(record), DISK_ROOT), 0);
            failures++;
        }
        fe_record_log_close(writer);
        record_destroy(record);
        if (status == FERRIC_OK) break;
    }
    assert_int_equal(failures, 5); // The log, its space, its header, its sync, the ring.
}

// ---- Damage ---------------------------------------------------------------------------------

static void damage_ring(vfs_record *record, uint64_t offset, uint8_t byte)
{
    disk *d = vfs_record_disk(record);
    disk_damage(d, disk_lookup(d, DISK_ROOT, RING_PATH), offset, &byte, 1);
}

static void test_log_ring_of_another_log_or_damaged_is_not_read(void **state)
{
    (void)state;
    for (int kind = 0; kind < 4; kind++) {
        vfs_record *record = record_create();
        fe_record_log_writer *writer = ring_create(record);
        disk *d = vfs_record_disk(record);
        uint32_t node = disk_lookup(d, DISK_ROOT, RING_PATH);
        fe_file_header header = log_header();
        uint8_t bytes[FE_FILE_HEADER_SIZE];
        uint64_t last = 0;

        append_many(writer, &last, 3, 100);
        assert_int_equal(fe_record_log_drain(writer), FERRIC_OK);
        append_many(writer, &last, 3, 100);
        fe_record_log_close(writer);
        header.kind = FE_FILE_RING;
        header.salt[3] ^= 1;
        fe_file_header_encode(&header, bytes);
        if (kind == 0) damage_ring(record, 50, 0x55);
        if (kind == 1) disk_damage(d, node, 0, bytes, sizeof bytes);
        if (kind == 2) disk_damage_cut(d, node, FE_LOG_RING_BYTES_AT + RING_SIZE - 1);
        if (kind == 3) disk_damage_cut(d, node, 10);
        assert_true(assert_reads(record, 3) == UINT64_MAX);
        record_destroy(record);
    }
}

static void test_log_ring_damaged_in_a_frame_ends_reading_there(void **state)
{
    vfs_record *record = record_create();
    fe_record_log_writer *writer = ring_create(record);
    uint64_t last = 0;

    (void)state;
    append_many(writer, &last, 6, EVEN_PAYLOAD);
    fe_record_log_close(writer);
    damage_ring(record, FE_LOG_RING_BYTES_AT + FE_FILE_HEADER_SIZE + 4 * 512 + 100, 0x55);
    (void)assert_reads(record, 4);
    record_destroy(record);
}

static void test_log_ring_mends_a_log_that_lost_a_frame(void **state)
{
    vfs_record *record = record_create();
    fe_record_log_writer *writer = ring_create(record);
    disk *d = vfs_record_disk(record);
    uint64_t last = 0;

    (void)state;
    append_many(writer, &last, 6, EVEN_PAYLOAD);
    assert_int_equal(fe_record_log_sync(writer), FERRIC_OK);
    fe_record_log_close(writer);
    disk_damage(d, disk_lookup(d, DISK_ROOT, LOG_PATH), FE_FILE_HEADER_SIZE + 2 * 512 + 9, "U", 1);
    assert_int_equal(assert_reads(record, 6), FE_FILE_HEADER_SIZE + 2 * 512);
    record_destroy(record);
}

static void test_log_ring_frame_witnesses_what_its_log_lost(void **state)
{
    vfs_record *record = record_create();
    fe_record_log_writer *writer = ring_create(record);
    disk *d = vfs_record_disk(record);
    fe_record_log_reader *reader;
    fe_frame_result result;
    uint64_t last = 0;
    uint64_t offset;
    uint64_t witness;
    uint64_t highest;
    uint64_t last_nonzero;

    (void)state;
    append_many(writer, &last, 80,
                EVEN_PAYLOAD); // More than two laps: the first is in the log alone.
    assert_int_equal(fe_record_log_sync(writer), FERRIC_OK);
    assert_int_equal(log_append(writer, 81, 80, 100, 1), FERRIC_OK);
    fe_record_log_close(writer);
    disk_damage(d, disk_lookup(d, DISK_ROOT, LOG_PATH), FE_FILE_HEADER_SIZE + 9, "U", 1);
    reader = log_open(vfs_record_vfs(record));
    assert_int_equal(log_read(reader, 1, &result, &offset), 0);
    assert_int_equal(offset, FE_FILE_HEADER_SIZE);
    assert_int_equal(fe_record_log_find_evidence(reader, &witness, &highest, &last_nonzero),
                     FERRIC_OK);
    assert_int_equal(witness, 80);
    assert_int_equal(highest, 81);
    assert_true(last_nonzero > FE_FILE_HEADER_SIZE + 80 * 512);
    fe_record_log_reader_close(reader);
    record_destroy(record);
}

// ---- Failures -------------------------------------------------------------------------------

static void test_log_ring_keeps_frames_whose_drain_failed(void **state)
{
    static const fault_kind kinds[] = {FAULT_IO, FAULT_SHORT};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        vfs_record *record = record_create();
        fe_record_log_writer *writer = ring_create(record);
        uint64_t last = 0;
        append_many(writer, &last, 20, 300);
        vfs_record_set_plan(record, (fault_plan){kinds[i], 1, false});
        assert_int_equal(fe_record_log_drain(writer), FERRIC_OUTCOME_UNKNOWN);
        assert_non_null(strstr(fe_message(), LOG_PATH));
        assert_int_equal(vfs_record_hits(record), 1);
        assert_int_equal(log_append(writer, 21, 0, 10, 1), FERRIC_READ_ONLY);
        assert_int_equal(fe_record_log_drain(writer), FERRIC_OUTCOME_UNKNOWN);
        assert_int_equal(fe_record_log_sync(writer), FERRIC_OUTCOME_UNKNOWN);
        assert_int_equal(fe_record_log_finish(writer), FERRIC_OUTCOME_UNKNOWN);
        fe_record_log_close(writer);
        assert_true(has_ring_file(record));
        (void)assert_reads(record, 20);
        record_destroy(record);
    }
}

// Every call of a drain that an append needs; nothing that was appended is lost, and what was
// refused is not there.
static void test_log_ring_that_is_full_and_fails_takes_nothing_more(void **state)
{
    (void)state;
    for (uint64_t call = 1; call < 12; call++) {
        vfs_record *record = record_create();
        fe_record_log_writer *writer = ring_create(record);
        uint64_t last = 0;
        ferric_status status = FERRIC_OK;
        vfs_record_set_plan(record, (fault_plan){FAULT_IO, call, true});
        while (status == FERRIC_OK && last < 1000)
            status = log_append(writer, ++last, 0, 300, 1);
        assert_true(status != FERRIC_OK);
        last--;
        vfs_record_set_plan(record, (fault_plan){FAULT_NONE, 0, false});
        if (status == FERRIC_OUTCOME_UNKNOWN) {
            assert_int_equal(log_append(writer, last + 1, 0, 10, 1), FERRIC_READ_ONLY);
        }
        fe_record_log_close(writer);
        (void)assert_reads(record, last);
        record_destroy(record);
    }
}

static void test_log_ring_takes_the_place_of_a_large_frame_that_failed(void **state)
{
    vfs_record *record = record_create();
    fe_record_log_writer *writer = ring_create(record);
    uint64_t last = 0;

    (void)state;
    append_many(writer, &last, 3, 100);
    assert_int_equal(fe_record_log_reserve(writer, RING_SIZE * 2), FERRIC_OK);
    assert_int_equal(fe_record_log_drain(writer), FERRIC_OK);
    vfs_record_set_plan(record, (fault_plan){FAULT_SHORT, 1, false});
    assert_int_equal(log_append(writer, 4, 0, RING_SIZE * 2, 1), FERRIC_IO);
    append_many(writer, &last, 50, 300);
    append_many(writer, &last, 1, RING_SIZE * 2);
    append_many(writer, &last, 5, 300);
    (void)assert_reads(record, last);
    assert_int_equal(fe_record_log_sync(writer), FERRIC_OK);
    fe_record_log_close(writer);
    (void)assert_reads(record, last);
    record_destroy(record);
}

// ---- Power loss -----------------------------------------------------------------------------

static void check_losses(vfs_record *record, uint64_t required, uint64_t appended, uint64_t seed)
{
    crash_plan plan;
    disk *left;

    crash_plan_init(&plan, vfs_record_disk(record), 6, 20, seed);
    while ((left = crash_plan_next(&plan)) != NULL) {
        vfs_record *after = vfs_record_create(left, seed);
        fe_record_log_reader *reader = log_open(vfs_record_vfs(after));
        fe_frame_result result;
        uint64_t offset;
        uint64_t frames = log_read(reader, 1, &result, &offset);
        assert_true(frames >= required && frames <= appended);
        fe_record_log_reader_close(reader);
        record_destroy(after);
    }
    crash_plan_deinit(&plan);
}

static void test_log_ring_leaves_a_prefix_after_a_loss_of_power(void **state)
{
    vfs_record *record = record_create();
    fe_record_log_writer *writer = ring_create(record);
    uint64_t last = 0;
    uint64_t synced = 0;

    (void)state;
    assert_int_equal(fe_vfs_sync_directory(vfs_record_vfs(record), ""), FERRIC_OK);
    for (uint64_t i = 0; i < 60; i++) {
        append_many(writer, &last, 2, i % 4 == 0 ? EVEN_PAYLOAD : (size_t)(i * 53 % 700));
        if (i % 13 == 12) {
            assert_int_equal(fe_record_log_sync(writer), FERRIC_OK);
            synced = last;
        }
        check_losses(record, synced, last, i);
    }
    fe_record_log_close(writer);
    record_destroy(record);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_log_ring_holds_the_documented_example),
        cmocka_unit_test(test_log_ring_holds_frames_that_the_log_does_not_have_yet),
        cmocka_unit_test(test_log_ring_is_gone_round_many_times),
        cmocka_unit_test(test_log_ring_frames_of_an_earlier_lap_are_not_read),
        cmocka_unit_test(test_log_ring_that_is_full_is_drained_by_the_append),
        cmocka_unit_test(test_log_ring_is_drained_from_frame_to_frame),
        cmocka_unit_test(test_log_ring_lets_a_large_frame_pass_behind_those_before),
        cmocka_unit_test(test_log_ring_that_moves_on_beside_a_reader_hides_nothing),
        cmocka_unit_test(test_log_ring_that_is_missed_is_told_when_its_log_went),
        cmocka_unit_test(test_log_ring_is_not_needed_for_what_was_synced),
        cmocka_unit_test(test_log_ring_goes_when_its_log_is_full_or_trimmed),
        cmocka_unit_test(test_log_ring_is_done_without_where_there_can_be_none),
        cmocka_unit_test(test_log_ring_that_cannot_be_made_leaves_no_log),
        cmocka_unit_test(test_log_ring_of_another_log_or_damaged_is_not_read),
        cmocka_unit_test(test_log_ring_damaged_in_a_frame_ends_reading_there),
        cmocka_unit_test(test_log_ring_mends_a_log_that_lost_a_frame),
        cmocka_unit_test(test_log_ring_frame_witnesses_what_its_log_lost),
        cmocka_unit_test(test_log_ring_keeps_frames_whose_drain_failed),
        cmocka_unit_test(test_log_ring_that_is_full_and_fails_takes_nothing_more),
        cmocka_unit_test(test_log_ring_takes_the_place_of_a_large_frame_that_failed),
        cmocka_unit_test(test_log_ring_leaves_a_prefix_after_a_loss_of_power),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
