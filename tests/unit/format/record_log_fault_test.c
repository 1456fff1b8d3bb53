// SPDX-License-Identifier: Apache-2.0
// The writer when the file fails it, and the reader likewise: what is reported as not written never
// shows, what is unknown stops everything, and after any loss of power exactly a prefix is read.
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/random.h"
#include "base/status.h"
#include "log_frames.h"
#include "support/crash_plan.h"
#include "support/vfs_record.h"

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

static void plan(vfs_record *record, fault_kind kind, uint64_t call, bool is_persistent)
{
    vfs_record_set_plan(record, (fault_plan){kind, call, is_persistent});
}

static void assert_reads(vfs_record *record, uint64_t frames)
{
    fe_frame_result result;
    uint64_t offset;

    assert_int_equal(log_read_file(vfs_record_vfs(record), &result, &offset), frames);
    assert_int_equal(result, FE_FRAME_EMPTY);
}

// ---- Creating -------------------------------------------------------------------------------

static void test_record_log_create_leaves_nothing_when_it_fails(void **state)
{
    static const fault_kind kinds[] = {FAULT_IO, FAULT_NO_SPACE, FAULT_SHORT, FAULT_SHORT_SPACE,
                                       FAULT_SYNC_KEPT};
    fe_file_header header = log_header();
    int failures = 0;

    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        for (uint64_t call = 1;; call++) {
            vfs_record *record = record_create();
            fe_record_log_writer *writer = (fe_record_log_writer *)&header;
            ferric_status status;
            plan(record, kinds[i], call, false);
            status = fe_record_log_create(vfs_record_vfs(record), LOG_PATH, &header, FE_LOG_SYNCED,
                                          4096, &writer);
            if (status == FERRIC_OK) {
                assert_int_equal(vfs_record_hits(record), 0);
                fe_record_log_close(writer);
                record_destroy(record);
                break;
            }
            assert_null(writer);
            assert_true(status == FERRIC_IO || status == FERRIC_NO_SPACE);
            assert_int_equal(disk_entry_count(vfs_record_disk(record), DISK_ROOT), 0);
            record_destroy(record);
            failures++;
        }
    }
    assert_true(failures >= 8);
}

static void test_record_log_create_keeps_a_file_that_is_there(void **state)
{
    fe_file_header header = log_header();
    vfs_record *record = record_create();
    fe_record_log_writer *writer = log_create(vfs_record_vfs(record));
    fe_record_log_writer *second;

    (void)state;
    assert_int_equal(log_append(writer, 1, 0, 10, 1), FERRIC_OK);
    assert_int_equal(fe_record_log_create(vfs_record_vfs(record), LOG_PATH, &header, FE_LOG_SYNCED,
                                          4096, &second),
                     FERRIC_ALREADY_EXISTS);
    assert_null(second);
    assert_reads(record, 1);
    fe_record_log_close(writer);
    record_destroy(record);
}

static void test_record_log_create_tells_the_first_failure(void **state)
{
    fe_file_header header = log_header();
    vfs_record *record = record_create();
    fe_record_log_writer *writer;
    char first[1024];

    (void)state;
    plan(record, FAULT_IO, 2, false); // Removing the half-made file works.
    assert_int_equal(fe_record_log_create(vfs_record_vfs(record), LOG_PATH, &header, FE_LOG_SYNCED,
                                          4096, &writer),
                     FERRIC_IO);
    snprintf(first, sizeof first, "%s", fe_message());
    record_destroy(record);
    record = record_create();
    plan(record, FAULT_IO, 2, true); // It fails too.
    assert_int_equal(fe_record_log_create(vfs_record_vfs(record), LOG_PATH, &header, FE_LOG_SYNCED,
                                          4096, &writer),
                     FERRIC_IO);
    assert_string_equal(fe_message(), first);
    record_destroy(record);
}

// ---- Space ----------------------------------------------------------------------------------

static void test_record_log_full_disk_is_met_before_the_write(void **state)
{
    vfs_record *record = record_create();
    fe_record_log_writer *writer = log_create(vfs_record_vfs(record));
    uint64_t sequence = 0;
    uint64_t offset;
    size_t changes;

    (void)state;
    vfs_record_set_capacity(record, 20 * 4096);
    while (log_append(writer, sequence + 1, 0, 1000, 2) == FERRIC_OK)
        sequence++;
    // Steps of 4, 4, 8 KiB and so on do not fit at last, but what is needed does.
    assert_true(sequence >= 75 && sequence <= 80);
    offset = fe_record_log_offset(writer);
    changes = vfs_record_trace_size(record);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(log_append(writer, sequence + 1, 0, 1000, 1), FERRIC_NO_SPACE);
        assert_int_equal(fe_record_log_offset(writer), offset);
    }
    assert_int_equal(fe_record_log_reserve(writer, 100000), FERRIC_NO_SPACE);
    assert_int_equal(vfs_record_trace_size(record), changes);
    assert_int_equal(fe_record_log_sync(writer), FERRIC_OK);
    assert_reads(record, sequence);
    vfs_record_set_capacity(record, 200 * 4096);
    assert_int_equal(log_append(writer, sequence + 1, 0, 1000, 1), FERRIC_OK);
    assert_reads(record, sequence + 1);
    fe_record_log_close(writer);
    record_destroy(record);
}

static void test_record_log_reserved_space_is_there(void **state)
{
    vfs_record *record = record_create();
    fe_record_log_writer *writer = log_create(vfs_record_vfs(record));

    (void)state;
    assert_int_equal(fe_record_log_reserve(writer, 50000), FERRIC_OK);
    vfs_record_set_capacity(record, 0);
    assert_int_equal(log_append(writer, 1, 0, 50000, 3), FERRIC_OK);
    assert_int_equal(fe_record_log_reserve(writer, (size_t)FE_FRAME_PAYLOAD_SIZE_MAX + 1),
                     FERRIC_TOO_LARGE);
    assert_reads(record, 1);
    fe_record_log_close(writer);
    record_destroy(record);
}

// ---- Appending ------------------------------------------------------------------------------

static void test_record_log_failed_append_leaves_no_trace(void **state)
{
    static const fault_kind kinds[] = {FAULT_IO, FAULT_SHORT};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        // Larger than the frame that takes its place, and smaller.
        for (size_t size = 0; size <= 3000; size += 1500) {
            vfs_record *record = record_create();
            fe_record_log_writer *writer = log_create(vfs_record_vfs(record));
            uint64_t offset;
            assert_int_equal(log_append(writer, 1, 0, 100, 1), FERRIC_OK);
            assert_int_equal(fe_record_log_reserve(writer, 8000), FERRIC_OK);
            offset = fe_record_log_offset(writer);
            plan(record, kinds[i], 1, false);
            assert_int_equal(log_append(writer, 2, 1, size, 2), FERRIC_IO);
            assert_int_equal(vfs_record_hits(record), 1);
            assert_int_equal(vfs_record_hit_call(record), FAULT_CALL_LOG_COMMIT);
            assert_int_equal(fe_record_log_offset(writer), offset);
            assert_reads(record, 1);
            assert_int_equal(log_append(writer, 2, 1, 500, 2), FERRIC_OK);
            assert_int_equal(log_append(writer, 3, 1, 10, 2), FERRIC_OK);
            assert_reads(record, 3);
            fe_record_log_close(writer);
            record_destroy(record);
        }
    }
}

static void assert_broken(vfs_record *record, fe_record_log_writer *writer)
{
    plan(record, FAULT_IO, 1, true); // Whatever is tried now would be counted.
    assert_int_equal(log_append(writer, 2, 1, 10, 1), FERRIC_READ_ONLY);
    assert_int_equal(fe_record_log_reserve(writer, 10), FERRIC_READ_ONLY);
    assert_int_equal(fe_record_log_trim(writer), FERRIC_READ_ONLY);
    assert_int_equal(fe_record_log_sync(writer), FERRIC_OUTCOME_UNKNOWN);
    assert_int_equal(vfs_record_calls(record, FAULT_IO), 0);
}

static void test_record_log_append_that_cannot_be_voided_breaks_the_writer(void **state)
{
    (void)state;
    // The frame fails, and so does its voiding, or the sync of that.
    for (int way = 0; way < 2; way++) {
        vfs_record *record = record_create();
        fe_record_log_writer *writer = log_create(vfs_record_vfs(record));
        uint64_t offset = fe_record_log_offset(writer);
        if (way == 0) {
            plan(record, FAULT_SHORT, 1, true);
        } else {
            plan(record, FAULT_IO, 1, true);
        }
        assert_int_equal(log_append(writer, 1, 0, 900, 1), FERRIC_OUTCOME_UNKNOWN);
        assert_non_null(strstr(fe_message(), LOG_PATH));
        assert_int_equal(fe_record_log_offset(writer), offset);
        assert_broken(record, writer);
        fe_record_log_close(writer);
        record_destroy(record);
    }
}

static void test_record_log_failed_sync_breaks_the_writer(void **state)
{
    static const fault_kind kinds[] = {FAULT_SYNC_KEPT, FAULT_SYNC_LOST};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        vfs_record *record = record_create();
        fe_record_log_writer *writer = log_create(vfs_record_vfs(record));
        assert_int_equal(log_append(writer, 1, 0, 900, 1), FERRIC_OK);
        plan(record, kinds[i], 1, false);
        assert_int_equal(fe_record_log_sync(writer), FERRIC_OUTCOME_UNKNOWN);
        assert_broken(record, writer);
        fe_record_log_close(writer);
        record_destroy(record);
    }
}

static void test_record_log_refuses_a_frame_without_end(void **state)
{
    vfs_record *record = record_create();
    fe_record_log_writer *writer = log_create(vfs_record_vfs(record));
    fe_frame frame = {FE_FRAME_COMMITS, 1, 1, 0, LOG_CREATED_MS, {0}};
    const uint8_t byte = 0;
    // Sizes are refused before a byte is read.
    const ferric_slice parts[] = {{&byte, (size_t)FE_FRAME_PAYLOAD_SIZE_MAX}, {&byte, SIZE_MAX}};

    (void)state;
    assert_int_equal(fe_record_log_append(writer, &frame, parts, 2), FERRIC_TOO_LARGE);
    assert_int_equal(log_append(writer, 1, 0, 10, 1), FERRIC_OK);
    assert_reads(record, 1);
    fe_record_log_close(writer);
    record_destroy(record);
}

// ---- Memory ---------------------------------------------------------------------------------

static uint64_t allocations_left;

static void *reallocate_while_any_are_left(void *context, void *memory, size_t size)
{
    (void)context;
    if (allocations_left == 0) return NULL;
    allocations_left--;
    return realloc(memory, size);
}

static void release_by_free(void *context, void *memory)
{
    (void)context;
    free(memory);
}

// Creates, appends and reads with so many allocations; returns whether they were enough.
static bool run_with_allocations(uint64_t count)
{
    const ferric_allocator limited = {reallocate_while_any_are_left, release_by_free, NULL};
    vfs_record *record = record_create();
    fe_vfs *vfs = vfs_record_vfs(record);
    fe_file_header header = log_header();
    fe_record_log_writer *writer = NULL;
    fe_record_log_reader *reader = NULL;
    fe_frame_result result = FE_FRAME_EMPTY;
    fe_frame frame;
    uint64_t offset;
    ferric_status status;

    allocations_left = count;
    fe_allocator_set(&limited);
    status = fe_record_log_create(vfs, LOG_PATH, &header, FE_LOG_SYNCED, 4096, &writer);
    if (status == FERRIC_OK) status = log_append(writer, 1, 0, 900, 1);
    if (status == FERRIC_OK) status = fe_record_log_open(vfs, LOG_PATH, FE_FILE_LOG, NULL, &reader);
    if (status == FERRIC_OK) status = fe_record_log_next(reader, &frame, &result, &offset);
    allocations_left = UINT64_MAX;
    assert_true(status == FERRIC_OK || status == FERRIC_NO_MEMORY);
    if (status == FERRIC_OK) assert_int_equal(result, FE_FRAME_VALID);
    if (writer != NULL) { // Whatever failed, it goes on.
        uint64_t next = fe_record_log_offset(writer) == FE_FILE_HEADER_SIZE ? 1 : 2;
        assert_int_equal(log_append(writer, next, 0, 900, 1), FERRIC_OK);
        assert_reads(record, next);
    }
    fe_record_log_reader_close(reader);
    fe_record_log_close(writer);
    record_destroy(record);
    fe_allocator_set(NULL);
    return status == FERRIC_OK;
}

static void test_record_log_survives_every_missing_allocation(void **state)
{
    uint64_t needed = 0;

    (void)state;
    while (!run_with_allocations(needed))
        needed++;
    assert_true(needed >= 5);
}

// ---- Reading --------------------------------------------------------------------------------

static void test_record_log_failed_read_is_no_end(void **state)
{
    vfs_record *record = record_create();
    fe_vfs *vfs = vfs_record_vfs(record);
    fe_record_log_writer *writer = log_create(vfs);
    uint64_t failures = 0;

    (void)state;
    for (uint64_t sequence = 1; sequence <= 8; sequence++)
        assert_int_equal(log_append(writer, sequence, 0, 100000, 1), FERRIC_OK);
    fe_record_log_close(writer);
    for (uint64_t call = 1;; call++) {
        fe_record_log_reader *reader = NULL;
        fe_frame frame;
        fe_frame_result result = FE_FRAME_VALID;
        uint64_t frames = 0;
        uint64_t offset;
        plan(record, FAULT_IO, call, false);
        if (fe_record_log_open(vfs, LOG_PATH, FE_FILE_LOG, NULL, &reader) != FERRIC_OK) {
            assert_null(reader);
            failures++;
            continue;
        }
        while (result == FE_FRAME_VALID) {
            ferric_status status = fe_record_log_next(reader, &frame, &result, &offset);
            if (status != FERRIC_OK) { // Tried again it goes on where it was.
                assert_int_equal(status, FERRIC_IO);
                result = FE_FRAME_VALID;
                failures++;
            } else if (result == FE_FRAME_VALID) {
                assert_int_equal(frame.sequence, ++frames);
            }
        }
        assert_int_equal(frames, 8);
        assert_int_equal(result, FE_FRAME_EMPTY);
        fe_record_log_reader_close(reader);
        if (vfs_record_hits(record) == 0) break;
    }
    assert_true(failures >= 5);
    record_destroy(record);
}

// ---- Loss of power --------------------------------------------------------------------------

typedef struct acknowledged {
    uint64_t appended; // Frames whose append returned OK.
    uint64_t synced;   // Of them, those that a sync covered.
    bool is_unknown;   // Appended, or synced, with an unknown outcome.
} acknowledged;

// After a crash: a prefix is read, no shorter than what was synced and no longer than what was
// appended; and what stands behind it proves nothing that is not so.
static void check_crashed(disk *crashed, const acknowledged *known)
{
    vfs_record *record = vfs_record_create(crashed, 1);
    fe_record_log_reader *reader = log_open(vfs_record_vfs(record));
    fe_frame_result result;
    uint64_t offset;
    uint64_t witness;
    uint64_t highest;
    uint64_t last_nonzero;
    uint64_t read = log_read(reader, 1, &result, &offset);

    assert_true(read >= known->synced);
    assert_true(read <= known->appended + known->is_unknown);
    assert_int_equal(fe_record_log_find_evidence(reader, &witness, &highest, &last_nonzero),
                     FERRIC_OK);
    assert_true(witness <= read);
    assert_true(highest <= known->appended + known->is_unknown);
    fe_record_log_reader_close(reader);
    record_destroy(record);
}

static uint64_t check_all_crashes(vfs_record *record, const acknowledged *known, uint64_t seed)
{
    crash_plan crashes;
    uint64_t count = 0;
    disk *crashed;

    crash_plan_init(&crashes, vfs_record_disk(record), 8, 12, seed);
    while ((crashed = crash_plan_next(&crashes)) != NULL) {
        check_crashed(crashed, known);
        count++;
    }
    crash_plan_deinit(&crashes);
    return count;
}

// Appends and syncs at random, some of it with a fault, until it is done or the writer breaks.
static uint64_t run_until_broken(uint64_t seed)
{
    static const fault_kind kinds[] = {FAULT_IO, FAULT_SHORT, FAULT_SYNC_KEPT, FAULT_NO_SPACE};
    fe_random random = {seed};
    vfs_record *record = record_create();
    fe_record_log_writer *writer = log_create(vfs_record_vfs(record));
    acknowledged known = {0};
    uint64_t crashes = 0;

    assert_int_equal(fe_vfs_sync_directory(vfs_record_vfs(record), "."), FERRIC_OK);
    for (int step = 0; step < 30 && !known.is_unknown; step++) {
        bool is_faulty = fe_random_below(&random, 5) == 0;
        plan(record, is_faulty ? kinds[fe_random_below(&random, 4)] : FAULT_NONE,
             1 + fe_random_below(&random, 3), false);
        if (fe_random_below(&random, 4) == 0) {
            ferric_status status = fe_record_log_sync(writer);
            if (status == FERRIC_OK) known.synced = known.appended;
            known.is_unknown = status == FERRIC_OUTCOME_UNKNOWN;
        } else {
            size_t size = fe_random_below(&random, fe_random_below(&random, 4) == 0 ? 3000 : 100);
            ferric_status status =
                log_append(writer, known.appended + 1, known.synced, size, 1 + size % 4);
            if (status == FERRIC_OK) known.appended++;
            known.is_unknown = status == FERRIC_OUTCOME_UNKNOWN;
        }
        if (fe_random_below(&random, 3) == 0 || known.is_unknown) {
            crashes += check_all_crashes(record, &known, fe_random_next(&random));
        }
    }
    fe_record_log_close(writer);
    record_destroy(record);
    return crashes;
}

static void test_record_log_after_a_power_loss_is_a_prefix(void **state)
{
    const char *text = getenv("FERRIC_TEST_SEED");
    uint64_t seed = text == NULL ? 20250609 : strtoull(text, NULL, 0);
    uint64_t crashes = 0;

    (void)state;
    print_message("seed %llu (FERRIC_TEST_SEED)\n", (unsigned long long)seed);
    for (uint64_t round = 0; round < 60; round++)
        crashes += run_until_broken(seed * 1000 + round);
    print_message("%llu crashed disks\n", (unsigned long long)crashes);
    assert_true(crashes >= 5000);
}

// ---- A commit that fails after it has written everything --------------------------------------

// What vfs_record cannot do: the bytes are all there, and FERRIC_IO is the answer.
typedef struct late_log {
    fe_log_file base;
    fe_log_file *inner;
    bool *fails;
} late_log;

typedef struct late_vfs {
    fe_vfs base;
    fe_vfs *inner;
    bool fails; // The next commit.
} late_vfs;

static ferric_status late_reserve(fe_log_file *log, uint64_t end)
{
    return fe_log_file_reserve(((late_log *)log)->inner, end);
}

static ferric_status late_commit(fe_log_file *log, uint64_t offset, const void *data, size_t size)
{
    late_log *self = (late_log *)log;
    ferric_status status = fe_log_file_commit(self->inner, offset, data, size);
    if (!*self->fails) return status;
    *self->fails = false;
    return fe_fail(FERRIC_IO, "failed late");
}

static ferric_status late_sync(fe_log_file *log)
{
    return fe_log_file_sync(((late_log *)log)->inner);
}

static void late_close(fe_log_file *log)
{
    fe_log_file_close(((late_log *)log)->inner);
    free(log);
}

static const fe_log_file_ops late_log_ops = {
    .reserve = late_reserve, .commit = late_commit, .sync = late_sync, .close = late_close};

static ferric_status late_create_log(fe_vfs *vfs, const char *path, fe_log_mode mode,
                                     fe_log_file **log)
{
    late_vfs *self = (late_vfs *)vfs;
    late_log *created = malloc(sizeof *created);

    assert_non_null(created);
    *created = (late_log){{&late_log_ops}, NULL, &self->fails};
    assert_int_equal(fe_vfs_create_log(self->inner, path, mode, &created->inner), FERRIC_OK);
    *log = &created->base;
    return FERRIC_OK;
}

static const fe_vfs_ops late_vfs_ops = {.create_log = late_create_log};

static void test_record_log_append_that_fails_late_never_comes_back(void **state)
{
    (void)state;
    for (uint64_t round = 0; round < 40; round++) {
        vfs_record *record = record_create();
        late_vfs vfs = {{&late_vfs_ops}, vfs_record_vfs(record), false};
        fe_record_log_writer *writer = log_create(&vfs.base);
        acknowledged known = {0};
        assert_int_equal(fe_vfs_sync_directory(vfs.inner, "."), FERRIC_OK);
        for (; known.appended < 2; known.appended++) {
            assert_int_equal(log_append(writer, known.appended + 1, known.synced, round * 30, 1),
                             FERRIC_OK);
            vfs.fails = true;
            assert_int_equal(log_append(writer, known.appended + 2, known.synced, round * 20, 1),
                             FERRIC_IO);
            known.appended++;
            // The voiding's sync made durable what was appended before.
            known.synced = known.appended;
            assert_true(check_all_crashes(record, &known, round) > 0);
            known.appended--;
        }
        fe_record_log_close(writer);
        record_destroy(record);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_record_log_create_leaves_nothing_when_it_fails),
        cmocka_unit_test(test_record_log_create_keeps_a_file_that_is_there),
        cmocka_unit_test(test_record_log_create_tells_the_first_failure),
        cmocka_unit_test(test_record_log_full_disk_is_met_before_the_write),
        cmocka_unit_test(test_record_log_reserved_space_is_there),
        cmocka_unit_test(test_record_log_failed_append_leaves_no_trace),
        cmocka_unit_test(test_record_log_append_that_cannot_be_voided_breaks_the_writer),
        cmocka_unit_test(test_record_log_failed_sync_breaks_the_writer),
        cmocka_unit_test(test_record_log_refuses_a_frame_without_end),
        cmocka_unit_test(test_record_log_survives_every_missing_allocation),
        cmocka_unit_test(test_record_log_failed_read_is_no_end),
        cmocka_unit_test(test_record_log_after_a_power_loss_is_a_prefix),
        cmocka_unit_test(test_record_log_append_that_fails_late_never_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
