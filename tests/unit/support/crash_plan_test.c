// SPDX-License-Identifier: Apache-2.0
// The crash enumerator against a log whose mistakes are known: it finds each of them and has
// nothing to say about the log that makes none.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/crash_plan.h"
#include "support/harness.h"
#include "support/hash_set.h"
#include "support/vfs_record.h"
#include "toy_log.h"

#define RECORD_COUNT 6u

typedef struct tally {
    uint32_t disks;
    uint32_t lost; // Acknowledged, and gone.
    uint32_t lies; // Shown, and not what was written.
} tally;

// Looks at disks that may remain when `acknowledged` records were.
static void crash_here(const disk *d, toy_mistake mistake, uint32_t acknowledged, hash_set *seen,
                       tally *found)
{
    crash_plan plan;
    disk *left;

    crash_plan_init(&plan, d, 16, 100, acknowledged + 1);
    while ((left = crash_plan_next(&plan)) != NULL) {
        found->disks += hash_set_add(seen, disk_hash(left));
        vfs_record *record = vfs_record_create(left, 1);
        uint32_t count = toy_log_read(vfs_record_vfs(record), mistake);
        vfs_record_destroy(record);
        if (count == UINT32_MAX)
            found->lies++;
        else if (count < acknowledged)
            found->lost++;
    }
    crash_plan_deinit(&plan);
}

// Writes the log, then cuts the power at every point of the trace.
static tally run_toy(toy_mistake mistake)
{
    size_t acknowledged_at[RECORD_COUNT];
    toy_log log;
    tally found = {0};
    hash_set seen = {0};
    vfs_record *record = vfs_record_create(disk_create(), 1);

    assert_int_equal(toy_log_open(&log, vfs_record_vfs(record), mistake), FERRIC_OK);
    for (uint32_t i = 0; i < RECORD_COUNT; i++) {
        assert_int_equal(toy_log_append(&log), FERRIC_OK);
        acknowledged_at[i] = vfs_record_trace_size(record);
    }
    disk *d = disk_create();
    for (size_t point = 0; point <= vfs_record_trace_size(record); point++) {
        uint32_t acknowledged = 0;
        if (point > 0) disk_apply(d, vfs_record_trace_at(record, point - 1));
        while (acknowledged < RECORD_COUNT && acknowledged_at[acknowledged] <= point)
            acknowledged++;
        crash_here(d, mistake, acknowledged, &seen, &found);
    }
    disk_destroy(d);
    hash_set_deinit(&seen);
    toy_log_close(&log);
    vfs_record_destroy(record);
    return found;
}

static void test_crash_plan_finds_nothing_in_a_right_log(void **state)
{
    (void)state;
    tally found = run_toy(TOY_RIGHT);
    assert_true(found.disks > 50);
    assert_int_equal(found.lost, 0);
    assert_int_equal(found.lies, 0);
}

static void test_crash_plan_finds_a_missing_sync(void **state)
{
    (void)state;
    assert_true(run_toy(TOY_NO_SYNC).lost > 0);
}

static void test_crash_plan_finds_one_forgotten_sync_in_two(void **state)
{
    (void)state;
    assert_true(run_toy(TOY_SYNC_EVERY_SECOND).lost > 0);
}

static void test_crash_plan_finds_a_missing_directory_sync(void **state)
{
    (void)state;
    assert_true(run_toy(TOY_NO_DIRECTORY_SYNC).lost > 0);
}

static void test_crash_plan_finds_a_believed_torn_record(void **state)
{
    (void)state;
    tally found = run_toy(TOY_NO_CHECKSUM);
    assert_true(found.lies > 0);
}

static void test_crash_plan_shows_one_disk_when_nothing_is_pending(void **state)
{
    crash_plan plan;

    (void)state;
    disk *d = disk_create();
    crash_plan_init(&plan, d, 8, 8, 1);
    disk *left = crash_plan_next(&plan);
    assert_non_null(left);
    disk_destroy(left);
    assert_null(crash_plan_next(&plan));
    crash_plan_deinit(&plan);
    disk_destroy(d);
}

static void test_hash_set_knows_what_it_has_seen(void **state)
{
    hash_set set = {0};
    fe_random random = {7};

    (void)state;
    for (int i = 0; i < 5000; i++)
        assert_true(hash_set_add(&set, fe_random_next(&random)));
    random.state = 7;
    for (int i = 0; i < 5000; i++)
        assert_false(hash_set_add(&set, fe_random_next(&random)));
    assert_int_equal(set.count, 5000);
    hash_set_deinit(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_crash_plan_finds_nothing_in_a_right_log),
        cmocka_unit_test(test_crash_plan_finds_a_missing_sync),
        cmocka_unit_test(test_crash_plan_finds_one_forgotten_sync_in_two),
        cmocka_unit_test(test_crash_plan_finds_a_missing_directory_sync),
        cmocka_unit_test(test_crash_plan_finds_a_believed_torn_record),
        cmocka_unit_test(test_crash_plan_shows_one_disk_when_nothing_is_pending),
        cmocka_unit_test(test_hash_set_knows_what_it_has_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
