// SPDX-License-Identifier: Apache-2.0
// Flush, compaction, verification, counts, interruption, and the calls that need no database.
#include "api_kit.h"

#include "base/buffer.h"
#include "base/slice.h"
#include "os/thread.h"

static void fill(ferric_db *db, ferric_keyspace *keyspace, int count, const char *value)
{
    for (int i = 0; i < count; i++) {
        char key[16];
        snprintf(key, sizeof key, "key%05d", i);
        put(db, keyspace, key, value);
    }
}

static ferric_stats stats_of(ferric_db *db)
{
    ferric_stats stats = FERRIC_STATS_INIT;
    assert_ok(ferric_stats_get(db, &stats));
    return stats;
}

static uint32_t tables_of(const ferric_stats *stats)
{
    uint32_t count = 0;
    for (int i = 0; i < FERRIC_LEVEL_COUNT; i++)
        count += stats->levels[i].tables;
    return count;
}

static void test_maintenance_refuses_null(void **state)
{
    ferric_slice none = {NULL, 0};
    ferric_slice no_data = {NULL, 1};
    uint64_t count = 7;
    api_kit kit;

    (void)state;
    assert_failed(ferric_flush(NULL), FERRIC_INVALID_ARGUMENT, "ferric_flush: db is NULL");
    assert_failed(ferric_compact(NULL, NULL, none, none), FERRIC_INVALID_ARGUMENT, "db is NULL");
    assert_failed(ferric_verify(NULL, NULL, NULL, NULL), FERRIC_INVALID_ARGUMENT, "db is NULL");
    assert_failed(ferric_count(NULL, NULL, none, none, NULL, &count), FERRIC_INVALID_ARGUMENT,
                  "db is NULL");
    assert_int_equal(count, 0);
    assert_failed(ferric_count_estimate(NULL, &count), FERRIC_INVALID_ARGUMENT, "db is NULL");
    kit_init(&kit);
    assert_failed(ferric_count(kit.db, NULL, none, none, NULL, NULL), FERRIC_INVALID_ARGUMENT,
                  "count is NULL");
    assert_failed(ferric_count(kit.db, NULL, no_data, none, NULL, &count), FERRIC_INVALID_ARGUMENT,
                  "lower");
    assert_failed(ferric_count(kit.db, NULL, none, no_data, NULL, &count), FERRIC_INVALID_ARGUMENT,
                  "upper");
    assert_failed(ferric_count_estimate(kit.db, NULL), FERRIC_INVALID_ARGUMENT, "count is NULL");
    assert_failed(ferric_compact(kit.db, NULL, no_data, none), FERRIC_INVALID_ARGUMENT, "lower");
    assert_failed(ferric_compact(kit.db, NULL, none, no_data), FERRIC_INVALID_ARGUMENT, "upper");
    kit_deinit(&kit);
}

static void test_flush_moves_memtables_into_tables(void **state)
{
    api_kit kit;
    ferric_stats stats;

    (void)state;
    kit_init(&kit);
    assert_ok(ferric_flush(kit.db)); // Nothing to do.
    fill(kit.db, NULL, 50, "value");
    stats = stats_of(kit.db);
    assert_int_equal(tables_of(&stats), 0);
    assert_ok(ferric_flush(kit.db));
    stats = stats_of(kit.db);
    assert_true(tables_of(&stats) > 0);
    assert_value(kit.db, NULL, "key00007", "value");
    kit_deinit(&kit);
}

static void test_compact_drops_what_nobody_sees(void **state)
{
    api_kit kit;
    ferric_stats before;
    ferric_stats after;

    (void)state;
    kit_init(&kit);
    for (int round = 0; round < 4; round++) {
        fill(kit.db, NULL, 500, round == 3 ? "last" : "overwritten later");
        assert_ok(ferric_flush(kit.db));
    }
    for (int i = 100; i < 500; i++) {
        char key[16];
        snprintf(key, sizeof key, "key%05d", i);
        assert_ok(ferric_delete(kit.db, NULL, text(key), NULL));
    }
    assert_ok(ferric_flush(kit.db));
    before = stats_of(kit.db);
    assert_ok(ferric_compact(kit.db, NULL, text(""), text("")));
    after = stats_of(kit.db);
    assert_true(after.disk_bytes < before.disk_bytes);
    {
        uint64_t entries = 0;
        uint64_t deletes = 0;
        uint64_t keys = 0;
        for (int i = 0; i < FERRIC_LEVEL_COUNT; i++) {
            entries += after.levels[i].entries;
            deletes += after.levels[i].deletes;
        }
        assert_int_equal(deletes, 0);
        assert_ok(ferric_count(kit.db, NULL, text(""), text(""), NULL, &keys));
        assert_int_equal(keys, 100);
        assert_true(entries >= 100 && entries < 110); // And the catalogue.
        assert_ok(ferric_count_estimate(kit.db, &keys));
        assert_int_equal(keys, entries);
    }
    assert_value(kit.db, NULL, "key00099", "last");
    assert_value(kit.db, NULL, "key00100", NULL);
    kit_deinit(&kit);
}

// A range of one keyspace leaves the others alone.
static void test_compact_of_a_keyspace_keeps_all_data(void **state)
{
    api_kit kit;
    ferric_keyspace *a;
    ferric_keyspace *b;
    uint64_t count;

    (void)state;
    kit_init(&kit);
    a = kit_keyspace(&kit, "a", FERRIC_KEYSPACE_RAW);
    b = kit_keyspace(&kit, "b", FERRIC_KEYSPACE_RAW);
    fill(kit.db, a, 300, "in a");
    fill(kit.db, b, 200, "in b");
    fill(kit.db, NULL, 100, "in main");
    assert_ok(ferric_compact(kit.db, a, text(""), text("")));
    assert_ok(ferric_compact(kit.db, b, text("key00050"), text("key00060")));
    assert_ok(ferric_compact(kit.db, b, text("key00060"), text("key00050"))); // Empty.
    assert_ok(ferric_compact(kit.db, NULL, text("key00010"), text("")));
    assert_ok(ferric_count(kit.db, a, text(""), text(""), NULL, &count));
    assert_int_equal(count, 300);
    assert_ok(ferric_count(kit.db, b, text(""), text(""), NULL, &count));
    assert_int_equal(count, 200);
    assert_ok(ferric_count(kit.db, NULL, text(""), text(""), NULL, &count));
    assert_int_equal(count, 100);
    ferric_keyspace_close(a);
    ferric_keyspace_close(b);
    kit_deinit(&kit);
}

static void test_count_counts_within_bounds(void **state)
{
    api_kit kit;
    uint64_t count;

    (void)state;
    kit_init(&kit);
    fill(kit.db, NULL, 3000, "v");
    assert_ok(ferric_count(kit.db, NULL, text("key00100"), text("key00200"), NULL, &count));
    assert_int_equal(count, 100);
    assert_ok(ferric_count(kit.db, NULL, text("key00100"), text(""), NULL, &count));
    assert_int_equal(count, 2900);
    assert_ok(ferric_count(kit.db, NULL, text("key00200"), text("key00100"), NULL, &count));
    assert_int_equal(count, 0);
    kit_deinit(&kit);
}

// ---- Interruption -------------------------------------------------------------------------------

typedef struct interrupter {
    ferric_db *db;
    _Atomic(bool) is_done;
} interrupter;

static void interrupt_on_and_on(void *argument)
{
    interrupter *self = argument;
    while (!atomic_load(&self->is_done)) {
        ferric_interrupt(self->db);
        fe_thread_yield();
    }
}

static void test_interrupt_ends_a_count(void **state)
{
    api_kit kit;
    interrupter other = {0};
    fe_thread thread;
    uint64_t count = 5;
    ferric_status status = FERRIC_OK;

    (void)state;
    kit_init(&kit);
    kit.options.fsync = FERRIC_FSYNC_NEVER;
    kit_reopen(&kit);
    fill(kit.db, NULL, 20000, "v");
    ferric_interrupt(kit.db); // One that comes before does nothing.
    assert_ok(ferric_count(kit.db, NULL, text(""), text(""), NULL, &count));
    assert_int_equal(count, 20000);
    other.db = kit.db;
    assert_int_equal(fe_thread_start(&thread, "interrupter", interrupt_on_and_on, &other),
                     FERRIC_OK);
    while (status == FERRIC_OK)
        status = ferric_count(kit.db, NULL, text(""), text(""), NULL, &count);
    atomic_store(&other.is_done, true);
    fe_thread_join(&thread);
    assert_failed(status, FERRIC_INTERRUPTED, "interrupted");
    assert_int_equal(count, 0);
    assert_ok(ferric_count(kit.db, NULL, text(""), text(""), NULL, &count));
    kit_deinit(&kit);
}

// ---- Verification -------------------------------------------------------------------------------

typedef struct findings {
    int count;
    char path[64];
    char text[200];
} findings;

static void note(void *context, const char *path, uint64_t offset, const char *words)
{
    findings *all = context;

    (void)offset;
    snprintf(all->path, sizeof all->path, "%s", path);
    snprintf(all->text, sizeof all->text, "%s", words);
    all->count++;
}

static void flip(fe_vfs *vfs, const char *path, uint64_t offset)
{
    fe_file *file = NULL;
    uint8_t byte = 0;
    size_t got = 0;

    assert_int_equal(fe_vfs_open(vfs, path, FE_OPEN_WRITE, &file), FERRIC_OK);
    assert_int_equal(fe_file_read_at(file, offset, &byte, 1, &got), FERRIC_OK);
    byte ^= 0x10;
    assert_int_equal(fe_file_write_at(file, offset, &byte, 1), FERRIC_OK);
    fe_file_close(file);
}

// The path of the only table.
static void find_table(api_kit *kit, char path[64])
{
    ferric_buffer names = {0};

    path[0] = '\0';
    assert_int_equal(fe_vfs_list(kit->vfs, KIT_PATH, &names), FERRIC_OK);
    for (size_t at = 0; at < names.size;) {
        const char *name = (const char *)names.data + at;
        at += strlen(name) + 1;
        if (strstr(name, ".table") != NULL) snprintf(path, 64, KIT_PATH "/%s", name);
    }
    assert_true(path[0] != '\0');
    ferric_buffer_free(&names);
}

static void test_verify_reads_everything(void **state)
{
    api_kit kit;
    findings all = {0};
    ferric_verify_report report;

    (void)state;
    kit_init(&kit);
    fill(kit.db, NULL, 400, "value");
    assert_ok(ferric_flush(kit.db));
    put(kit.db, NULL, "in the log", "1");
    assert_ok(ferric_verify(kit.db, note, &all, &report));
    assert_int_equal(all.count, 0);
    assert_int_equal(report.findings, 0);
    assert_true(report.files >= 3);
    assert_true(report.entries >= 400 && report.blocks > 1 && report.frames > 1);
    assert_true(report.bytes > 1000);
    assert_ok(ferric_verify(kit.db, NULL, NULL, NULL));
    kit_deinit(&kit);
}

// Reads the keys that fill wrote. Returns how many were CORRUPT.
static int count_corrupt(ferric_db *db, ferric_keyspace *keyspace)
{
    ferric_buffer value = {0};
    int corrupt = 0;

    for (int i = 0; i < 400; i++) {
        char key[16];
        ferric_status status;
        snprintf(key, sizeof key, "key%05d", i);
        status = ferric_get(db, keyspace, text(key), NULL, &value, NULL);
        assert_true(status == FERRIC_OK || status == FERRIC_CORRUPT);
        corrupt += status == FERRIC_CORRUPT;
    }
    ferric_buffer_free(&value);
    return corrupt;
}

static void test_verify_tells_what_is_damaged_and_reads_fail_there_alone(void **state)
{
    api_kit kit;
    findings all = {0};
    ferric_verify_report report;
    char path[64];
    int damaged;

    (void)state;
    kit_init(&kit);
    fill(kit.db, NULL, 400, "value");
    assert_ok(ferric_flush(kit.db));
    kit_reopen(&kit);
    find_table(&kit, path);
    flip(kit.vfs, path, 1500); // Behind the block that has the catalogue.
    assert_failed(ferric_verify(kit.db, note, &all, &report), FERRIC_CORRUPT, "damaged");
    assert_int_equal(all.count, (int)report.findings);
    assert_true(report.findings > 0);
    assert_string_equal(all.path, path);
    damaged = count_corrupt(kit.db, NULL);
    assert_true(damaged > 0 && damaged < 200);
    kit_deinit(&kit);
}

// The catalogue has a block of its own, some hundred bytes at most: what stands behind it are the
// first keys of "main", and the names of the keyspaces are safe from damage there.
static void test_damage_to_the_first_keys_leaves_other_keyspaces_readable(void **state)
{
    api_kit kit;
    ferric_keyspace *other = NULL;
    char path[64];
    int damaged;

    (void)state;
    kit_init(&kit);
    assert_ok(ferric_keyspace_open(kit.db, "other", FERRIC_KEYSPACE_RAW, &other));
    fill(kit.db, NULL, 400, "value");
    fill(kit.db, other, 400, "value");
    ferric_keyspace_close(other);
    assert_ok(ferric_flush(kit.db));
    kit_reopen(&kit);
    find_table(&kit, path);
    flip(kit.vfs, path, 400);
    damaged = count_corrupt(kit.db, NULL);
    assert_true(damaged > 0 && damaged < 400);
    assert_ok(ferric_keyspace_open(kit.db, "other", FERRIC_KEYSPACE_RAW, &other));
    assert_int_equal(count_corrupt(kit.db, other), 0);
    ferric_keyspace_close(other);
    kit_deinit(&kit);
}

// ---- Without a database -------------------------------------------------------------------------

static void test_library_knows_its_version_and_names(void **state)
{
    char version[32];

    (void)state;
    snprintf(version, sizeof version, "%d.%d.%d", FERRIC_VERSION_MAJOR, FERRIC_VERSION_MINOR,
             FERRIC_VERSION_PATCH);
    assert_string_equal(ferric_version(), version);
    assert_string_equal(ferric_status_name(FERRIC_OK), "OK");
    assert_string_equal(ferric_status_name(FERRIC_TOO_MANY_FILES), "TOO_MANY_FILES");
    assert_string_equal(ferric_status_name((ferric_status)99), "UNKNOWN");
    assert_string_equal(ferric_status_name((ferric_status)-1), "UNKNOWN");
    assert_non_null(ferric_error_message());
    ferric_free(NULL);
}

static _Atomic(long) live;
static _Atomic(long) calls;

static void *counting_reallocate(void *context, void *memory, size_t size)
{
    void *grown = realloc(memory, size);

    assert_ptr_equal(context, &live);
    if (memory == NULL && grown != NULL) atomic_fetch_add(&live, 1);
    atomic_fetch_add(&calls, 1);
    return grown;
}

static void counting_release(void *context, void *memory)
{
    (void)context;
    atomic_fetch_sub(&live, 1);
    free(memory);
}

static void test_library_uses_the_application_s_allocator(void **state)
{
    static const ferric_allocator allocator = {counting_reallocate, counting_release, &live};
    api_kit kit;

    (void)state;
    ferric_set_allocator(&allocator);
    kit_init(&kit);
    fill(kit.db, NULL, 300, "value");
    assert_ok(ferric_compact(kit.db, NULL, text(""), text("")));
    assert_value(kit.db, NULL, "key00001", "value");
    kit_deinit(&kit);
    ferric_set_allocator(NULL);
    assert_true(atomic_load(&calls) > 100);
    assert_int_equal(atomic_load(&live), 0); // All that was taken was given back.
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_maintenance_refuses_null),
        cmocka_unit_test(test_flush_moves_memtables_into_tables),
        cmocka_unit_test(test_compact_drops_what_nobody_sees),
        cmocka_unit_test(test_compact_of_a_keyspace_keeps_all_data),
        cmocka_unit_test(test_count_counts_within_bounds),
        cmocka_unit_test(test_interrupt_ends_a_count),
        cmocka_unit_test(test_verify_reads_everything),
        cmocka_unit_test(test_verify_tells_what_is_damaged_and_reads_fail_there_alone),
        cmocka_unit_test(test_damage_to_the_first_keys_leaves_other_keyspaces_readable),
        cmocka_unit_test(test_library_knows_its_version_and_names),
        cmocka_unit_test(test_library_uses_the_application_s_allocator),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
