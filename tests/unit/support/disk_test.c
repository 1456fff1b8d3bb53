// SPDX-License-Identifier: Apache-2.0
// The disk model: what a sync keeps, and what a power loss may and may not do.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "support/disk.h"
#include "support/harness.h"

static void apply(disk *d, disk_event *event)
{
    disk_apply(d, event);
    disk_event_unref(event);
}

static uint32_t make(disk *d, uint32_t directory, const char *name, bool is_directory)
{
    disk_event *event = disk_event_create(DISK_MAKE, directory, NULL, 0);
    event->target = disk_node_count(d);
    event->is_directory = is_directory;
    memcpy(event->name, name, strlen(name) + 1);
    uint32_t node = event->target;
    apply(d, event);
    return node;
}

static void write_text(disk *d, uint32_t node, uint64_t offset, const char *text)
{
    disk_event *event = disk_event_create(DISK_WRITE, node, text, strlen(text));
    event->offset = offset;
    apply(d, event);
}

static void rename_entry(disk *d, uint32_t directory, const char *from, const char *to)
{
    disk_event *event = disk_event_create(DISK_RENAME, directory, NULL, 0);
    event->target = disk_lookup(d, directory, from);
    memcpy(event->name, from, strlen(from) + 1);
    memcpy(event->name_to, to, strlen(to) + 1);
    apply(d, event);
}

static void sync_node(disk *d, uint32_t node)
{
    bool is_directory = disk_is_directory(d, node);
    apply(d, disk_event_create(is_directory ? DISK_SYNC_DIRECTORY : DISK_SYNC, node, NULL, 0));
}

static disk *crash(const disk *d, const uint8_t *fates, disk_size_rule rule)
{
    disk_choice choice = {fates, rule, 1};
    return disk_crash(d, &choice);
}

// A crash that keeps nothing, or all, of what is pending.
static disk *crash_all(const disk *d, disk_fate fate)
{
    uint8_t fates[64];
    assert_true(disk_pending_count(d) <= sizeof(fates));
    memset(fates, (int)fate, sizeof(fates));
    return crash(d, fates, DISK_SIZE_ARRIVED);
}

static void assert_content(const disk *d, const char *name, const char *text)
{
    uint32_t node = disk_lookup(d, DISK_ROOT, name);
    assert_int_not_equal(node, DISK_NONE);
    assert_int_equal(disk_size(d, node), strlen(text));
    if (*text != 0) assert_memory_equal(disk_data(d, node), text, strlen(text));
}

static void test_disk_sync_of_a_file_says_nothing_about_its_name(void **state)
{
    (void)state;
    disk *d = disk_create();
    uint32_t file = make(d, DISK_ROOT, "a", false);
    write_text(d, file, 0, "text");
    sync_node(d, file);
    disk *left = crash_all(d, DISK_ABSENT);
    assert_int_equal(disk_lookup(left, DISK_ROOT, "a"), DISK_NONE);
    disk_destroy(left);
    sync_node(d, DISK_ROOT);
    left = crash_all(d, DISK_ABSENT);
    assert_content(left, "a", "text");
    disk_destroy(left);
    disk_destroy(d);
}

static void test_disk_sync_of_a_directory_says_nothing_about_content(void **state)
{
    (void)state;
    disk *d = disk_create();
    uint32_t file = make(d, DISK_ROOT, "a", false);
    write_text(d, file, 0, "text");
    sync_node(d, DISK_ROOT);
    disk *left = crash_all(d, DISK_ABSENT);
    assert_content(left, "a", "");
    disk_destroy(left);
    left = crash_all(d, DISK_PRESENT);
    assert_content(left, "a", "text");
    disk_destroy(left);
    disk_destroy(d);
}

static void test_disk_keeps_a_later_write_without_an_earlier_one(void **state)
{
    static const uint8_t fates[] = {DISK_ABSENT, DISK_PRESENT};
    (void)state;
    disk *d = disk_create();
    uint32_t file = make(d, DISK_ROOT, "a", false);
    sync_node(d, DISK_ROOT);
    write_text(d, file, 0, "one");
    write_text(d, file, 3, "two");
    disk *left = crash(d, fates, DISK_SIZE_ARRIVED);
    assert_int_equal(disk_size(left, file), 6);
    assert_memory_equal(disk_data(left, file), "\0\0\0two", 6);
    disk_destroy(left);
    left = crash(d, fates, DISK_SIZE_OLD);
    assert_content(left, "a", "");
    disk_destroy(left);
    disk_destroy(d);
}

static void test_disk_grows_a_file_whose_data_did_not_arrive(void **state)
{
    static const uint8_t fates[] = {DISK_ABSENT};
    (void)state;
    disk *d = disk_create();
    uint32_t file = make(d, DISK_ROOT, "a", false);
    sync_node(d, DISK_ROOT);
    write_text(d, file, 0, "abc");
    disk *left = crash(d, fates, DISK_SIZE_NEW);
    assert_int_equal(disk_size(left, file), 3);
    assert_memory_equal(disk_data(left, file), "\0\0\0", 3);
    disk_destroy(left);
    disk_destroy(d);
}

static void test_disk_rename_is_whole_or_not_at_all(void **state)
{
    (void)state;
    disk *d = disk_create();
    make(d, DISK_ROOT, "a", false);
    make(d, DISK_ROOT, "b", false);
    sync_node(d, DISK_ROOT);
    uint32_t first = disk_lookup(d, DISK_ROOT, "a");
    uint32_t second = disk_lookup(d, DISK_ROOT, "b");
    rename_entry(d, DISK_ROOT, "a", "b");
    disk *left = crash_all(d, DISK_ABSENT);
    assert_int_equal(disk_lookup(left, DISK_ROOT, "a"), first);
    assert_int_equal(disk_lookup(left, DISK_ROOT, "b"), second);
    disk_destroy(left);
    left = crash_all(d, DISK_PRESENT);
    assert_int_equal(disk_lookup(left, DISK_ROOT, "a"), DISK_NONE);
    assert_int_equal(disk_lookup(left, DISK_ROOT, "b"), first);
    disk_destroy(left);
    disk_destroy(d);
}

static void test_disk_failed_sync_is_not_mended_by_a_later_one(void **state)
{
    (void)state;
    disk *d = disk_create();
    uint32_t file = make(d, DISK_ROOT, "a", false);
    sync_node(d, DISK_ROOT);
    write_text(d, file, 0, "one");
    apply(d, disk_event_create(DISK_SYNC_FAILED, file, NULL, 0));
    write_text(d, file, 3, "two");
    sync_node(d, file);
    assert_content(d, "a", "onetwo");
    disk *left = crash_all(d, DISK_ABSENT);
    assert_int_equal(disk_size(left, file), 6);
    assert_memory_equal(disk_data(left, file), "\0\0\0two", 6);
    disk_destroy(left);
    disk_destroy(d);
}

static void test_disk_tears_each_sector_on_its_own(void **state)
{
    enum { SECTORS = 8 };
    char text[SECTORS * DISK_SECTOR_SIZE + 1];
    uint64_t kept_alone = 0;
    uint64_t torn_inside = 0;
    uint8_t fates[] = {DISK_TORN};

    (void)state;
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = 0;
    disk *d = disk_create();
    uint32_t file = make(d, DISK_ROOT, "a", false);
    sync_node(d, DISK_ROOT);
    write_text(d, file, 0, text);
    for (uint64_t seed = 1; seed <= 500; seed++) {
        disk_choice choice = {fates, DISK_SIZE_NEW, seed};
        disk *left = disk_crash(d, &choice);
        const uint8_t *data = disk_data(left, file);
        for (size_t i = 0; i < SECTORS; i++) {
            const uint8_t *sector = data + i * DISK_SECTOR_SIZE;
            bool has_first = sector[0] == 'x';
            bool has_last = sector[DISK_SECTOR_SIZE - 1] == 'x';
            torn_inside += has_first && !has_last;
            kept_alone += i > 0 && has_last && sector[-1] == 0;
        }
        disk_destroy(left);
    }
    assert_true(kept_alone > 100);
    assert_true(torn_inside > 100);
    disk_destroy(d);
}

static void test_disk_clone_keeps_what_is_pending_pending(void **state)
{
    (void)state;
    disk *d = disk_create();
    uint32_t file = make(d, DISK_ROOT, "a", false);
    sync_node(d, DISK_ROOT);
    write_text(d, file, 0, "one");
    disk *copy = disk_clone(d);
    disk_destroy(d);
    assert_content(copy, "a", "one");
    disk *left = crash_all(copy, DISK_ABSENT);
    assert_content(left, "a", "");
    disk_destroy(left);
    sync_node(copy, file);
    left = crash_all(copy, DISK_ABSENT);
    assert_content(left, "a", "one");
    disk_destroy(left);
    disk_destroy(copy);
}

static void test_disk_hash_tells_names_sizes_and_content_apart(void **state)
{
    (void)state;
    disk *a = disk_create();
    disk *b = disk_create();
    assert_true(disk_hash(a) == disk_hash(b));
    uint32_t file_a = make(a, DISK_ROOT, "a", false);
    assert_true(disk_hash(a) != disk_hash(b));
    uint32_t file_b = make(b, DISK_ROOT, "a", false);
    assert_true(disk_hash(a) == disk_hash(b));
    write_text(a, file_a, 1, "x");
    write_text(b, file_b, 1, "y");
    assert_true(disk_hash(a) != disk_hash(b));
    write_text(b, file_b, 1, "x");
    assert_true(disk_hash(a) == disk_hash(b));
    rename_entry(b, DISK_ROOT, "a", "b");
    assert_true(disk_hash(a) != disk_hash(b));
    disk_destroy(a);
    disk_destroy(b);
}

static void test_disk_pending_counts_only_what_a_name_can_reach(void **state)
{
    (void)state;
    disk *d = disk_create();
    uint32_t file = make(d, DISK_ROOT, "a", false);
    write_text(d, file, 0, "one");
    assert_int_equal(disk_pending_count(d), 2);
    disk_event *event = disk_event_create(DISK_UNLINK, DISK_ROOT, NULL, 0);
    memcpy(event->name, "a", 2);
    apply(d, event);
    assert_int_equal(disk_pending_count(d), 3);
    sync_node(d, DISK_ROOT);
    assert_int_equal(disk_pending_count(d), 0);
    disk_destroy(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_disk_sync_of_a_file_says_nothing_about_its_name),
        cmocka_unit_test(test_disk_sync_of_a_directory_says_nothing_about_content),
        cmocka_unit_test(test_disk_keeps_a_later_write_without_an_earlier_one),
        cmocka_unit_test(test_disk_grows_a_file_whose_data_did_not_arrive),
        cmocka_unit_test(test_disk_rename_is_whole_or_not_at_all),
        cmocka_unit_test(test_disk_failed_sync_is_not_mended_by_a_later_one),
        cmocka_unit_test(test_disk_tears_each_sector_on_its_own),
        cmocka_unit_test(test_disk_clone_keeps_what_is_pending_pending),
        cmocka_unit_test(test_disk_hash_tells_names_sizes_and_content_apart),
        cmocka_unit_test(test_disk_pending_counts_only_what_a_name_can_reach),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
