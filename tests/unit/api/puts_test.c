// SPDX-License-Identifier: Apache-2.0
// Single writes and batches: limits, conditions, versions, all or nothing.
#include "api_kit.h"

#include "base/random.h"

static ferric_write_options when(ferric_condition condition, uint64_t version)
{
    ferric_write_options options = FERRIC_WRITE_OPTIONS_INIT;
    options.condition = condition;
    options.if_version = version;
    return options;
}

static uint64_t version_of(ferric_db *db, const char *key)
{
    ferric_buffer value = {0};
    uint64_t version = 0;

    assert_ok(ferric_get(db, NULL, text(key), NULL, &value, &version));
    ferric_buffer_free(&value);
    return version;
}

static void test_put_refuses_what_breaks_a_limit(void **state)
{
    static uint8_t large[FERRIC_KEY_SIZE_MAX + 1];
    api_kit kit;
    ferric_slice none = {NULL, 0};
    ferric_slice no_data = {NULL, 3};

    (void)state;
    kit_init(&kit);
    assert_failed(ferric_put(NULL, NULL, text("a"), text("1"), NULL), FERRIC_INVALID_ARGUMENT,
                  "db is NULL");
    assert_failed(ferric_put(kit.db, NULL, none, text("1"), NULL), FERRIC_INVALID_ARGUMENT,
                  "empty");
    assert_failed(ferric_put(kit.db, NULL, no_data, text("1"), NULL), FERRIC_INVALID_ARGUMENT,
                  "no data");
    assert_failed(ferric_put(kit.db, NULL, text("a"), no_data, NULL), FERRIC_INVALID_ARGUMENT,
                  "no data");
    assert_failed(ferric_put(kit.db, NULL, (ferric_slice){large, sizeof large}, text("1"), NULL),
                  FERRIC_TOO_LARGE, "65535");
    assert_failed(
        ferric_put(kit.db, NULL, text("a"), (ferric_slice){large, FERRIC_VALUE_SIZE_MAX + 1}, NULL),
        FERRIC_TOO_LARGE, "67108864");
    assert_failed(ferric_delete(kit.db, NULL, none, NULL), FERRIC_INVALID_ARGUMENT, "empty");
    assert_failed(ferric_delete(NULL, NULL, text("a"), NULL), FERRIC_INVALID_ARGUMENT, "db");
    // The largest key there may be, and an empty value.
    assert_ok(ferric_put(kit.db, NULL, (ferric_slice){large, FERRIC_KEY_SIZE_MAX}, none, NULL));
    assert_ok(ferric_has(kit.db, NULL, (ferric_slice){large, FERRIC_KEY_SIZE_MAX}, NULL));
    assert_ok(ferric_delete(kit.db, NULL, (ferric_slice){large, FERRIC_KEY_SIZE_MAX}, NULL));
    assert_keys(kit.db, NULL, NULL, "");
    put(kit.db, NULL, "a", "");
    assert_value(kit.db, NULL, "a", "");
    kit_deinit(&kit);
}

static void test_commit_above_a_quarter_of_the_memory_is_refused(void **state)
{
    api_kit kit;
    ferric_batch *batch = NULL;
    size_t size = 3 << 20;
    void *value = calloc(1, size);

    (void)state;
    kit_init(&kit);
    kit.options.memory_limit = 8 << 20;
    kit_reopen(&kit);
    assert_failed(ferric_put(kit.db, NULL, text("a"), (ferric_slice){value, size}, NULL),
                  FERRIC_TOO_LARGE, "memory_limit");
    assert_ok(ferric_batch_create(&batch));
    for (int i = 0; i < 3; i++)
        assert_ok(ferric_batch_put(batch, NULL, text("a"), (ferric_slice){value, 1 << 20}));
    assert_failed(ferric_write(kit.db, batch, NULL, NULL), FERRIC_TOO_LARGE, "memory_limit");
    ferric_batch_destroy(batch);
    assert_value(kit.db, NULL, "a", NULL);
    assert_ok(ferric_put(kit.db, NULL, text("a"), (ferric_slice){value, 1 << 20}, NULL));
    kit_deinit(&kit);
    free(value);
}

static void test_put_if_absent(void **state)
{
    api_kit kit;
    ferric_write_options absent = when(FERRIC_IF_ABSENT, 99); // The number is not looked at.

    (void)state;
    kit_init(&kit);
    assert_ok(ferric_put(kit.db, NULL, text("a"), text("1"), &absent));
    assert_int_equal(ferric_put(kit.db, NULL, text("a"), text("2"), &absent), FERRIC_CONFLICT);
    assert_value(kit.db, NULL, "a", "1");
    assert_ok(ferric_delete(kit.db, NULL, text("a"), NULL));
    assert_ok(ferric_put(kit.db, NULL, text("a"), text("3"), &absent));
    assert_value(kit.db, NULL, "a", "3");
    kit_deinit(&kit);
}

static void test_put_if_version(void **state)
{
    api_kit kit;
    ferric_write_options never_there = when(FERRIC_IF_VERSION, 0);
    ferric_write_options right;
    ferric_write_options wrong;
    uint64_t version;

    (void)state;
    kit_init(&kit);
    assert_ok(ferric_put(kit.db, NULL, text("a"), text("1"), &never_there));
    assert_int_equal(ferric_put(kit.db, NULL, text("a"), text("2"), &never_there), FERRIC_CONFLICT);
    version = version_of(kit.db, "a");
    right = when(FERRIC_IF_VERSION, version);
    wrong = when(FERRIC_IF_VERSION, version - 1);
    put(kit.db, NULL, "b", "between"); // Another key's write does not matter.
    assert_int_equal(ferric_put(kit.db, NULL, text("a"), text("2"), &wrong), FERRIC_CONFLICT);
    assert_int_equal(ferric_delete(kit.db, NULL, text("a"), &wrong), FERRIC_CONFLICT);
    assert_ok(ferric_put(kit.db, NULL, text("a"), text("2"), &right));
    assert_int_equal(ferric_put(kit.db, NULL, text("a"), text("3"), &right), FERRIC_CONFLICT);
    assert_value(kit.db, NULL, "a", "2");
    right = when(FERRIC_IF_VERSION, version_of(kit.db, "a"));
    assert_ok(ferric_delete(kit.db, NULL, text("a"), &right));
    assert_value(kit.db, NULL, "a", NULL);
    kit_deinit(&kit);
}

// Conditions look through memtables, tables and reopening alike.
static void test_conditions_find_versions_wherever_they_are(void **state)
{
    api_kit kit;
    ferric_write_options options;
    uint64_t version;

    (void)state;
    kit_init(&kit);
    put(kit.db, NULL, "a", "1");
    version = version_of(kit.db, "a");
    assert_ok(ferric_flush(kit.db));
    options = when(FERRIC_IF_VERSION, version);
    assert_ok(ferric_put(kit.db, NULL, text("a"), text("2"), &options));
    version = version_of(kit.db, "a");
    kit_reopen(&kit);
    assert_int_equal(version_of(kit.db, "a"), version);
    assert_ok(ferric_compact(kit.db, NULL, text(""), text("")));
    assert_int_equal(version_of(kit.db, "a"), version); // Compaction never changes it.
    options = when(FERRIC_IF_VERSION, version);
    assert_ok(ferric_put(kit.db, NULL, text("a"), text("3"), &options));
    options = when(FERRIC_IF_ABSENT, 0);
    assert_int_equal(ferric_put(kit.db, NULL, text("a"), text("4"), &options), FERRIC_CONFLICT);
    kit_deinit(&kit);
}

static void test_versions_grow_by_one_with_each_commit(void **state)
{
    api_kit kit;
    ferric_batch *batch = NULL;
    uint64_t first;
    uint64_t version = 77;

    (void)state;
    kit_init(&kit);
    put(kit.db, NULL, "a", "1");
    first = version_of(kit.db, "a");
    put(kit.db, NULL, "b", "2");
    assert_int_equal(version_of(kit.db, "b"), first + 1);
    assert_int_equal(version_of(kit.db, "a"), first);
    assert_ok(ferric_batch_create(&batch));
    assert_ok(ferric_write(kit.db, batch, NULL, &version)); // Empty: no commit.
    assert_int_equal(version, 0);
    assert_ok(ferric_batch_put(batch, NULL, text("a"), text("3")));
    assert_ok(ferric_batch_put(batch, NULL, text("c"), text("4")));
    assert_ok(ferric_write(kit.db, batch, NULL, &version));
    assert_int_equal(version, first + 2);
    assert_int_equal(version_of(kit.db, "a"), version);
    assert_int_equal(version_of(kit.db, "c"), version);
    ferric_batch_destroy(batch);
    kit_reopen(&kit);
    put(kit.db, NULL, "d", "5");
    assert_true(version_of(kit.db, "d") > version);
    kit_deinit(&kit);
}

static void test_write_options_are_checked(void **state)
{
    api_kit kit;
    ferric_batch *batch = NULL;
    ferric_write_options options = FERRIC_WRITE_OPTIONS_INIT;

    (void)state;
    kit_init(&kit);
    options.sync = true;
    assert_ok(ferric_put(kit.db, NULL, text("a"), text("1"), &options));
    options.condition = (ferric_condition)3;
    assert_failed(ferric_put(kit.db, NULL, text("a"), text("1"), &options), FERRIC_INVALID_ARGUMENT,
                  "condition is 3");
    options = when(FERRIC_IF_ABSENT, 0);
    assert_ok(ferric_batch_create(&batch));
    assert_failed(ferric_write(kit.db, batch, &options, NULL), FERRIC_INVALID_ARGUMENT,
                  "ferric_batch_require");
    options = when(FERRIC_IF_ANY, 0);
    options.struct_size = 0;
    assert_failed(ferric_write(kit.db, batch, &options, NULL), FERRIC_INVALID_ARGUMENT,
                  "ferric_write_options");
    assert_failed(ferric_write(NULL, batch, NULL, NULL), FERRIC_INVALID_ARGUMENT, "db is NULL");
    assert_failed(ferric_write(kit.db, NULL, NULL, NULL), FERRIC_INVALID_ARGUMENT, "batch is NULL");
    ferric_batch_destroy(batch);
    kit_deinit(&kit);
}

// ---- Batches ------------------------------------------------------------------------------------

static void test_batch_counts_what_is_in_it(void **state)
{
    ferric_batch *batch = NULL;

    (void)state;
    assert_failed(ferric_batch_create(NULL), FERRIC_INVALID_ARGUMENT, "batch is NULL");
    assert_ok(ferric_batch_create(&batch));
    assert_int_equal(ferric_batch_count(batch), 0);
    assert_ok(ferric_batch_put(batch, NULL, text("key"), text("value")));
    assert_ok(ferric_batch_delete(batch, NULL, text("other")));
    assert_ok(ferric_batch_require(batch, NULL, text("third"), 5));
    assert_int_equal(ferric_batch_count(batch), 2);
    assert_int_equal(ferric_batch_size(batch), 3 + 5 + 5);
    assert_failed(ferric_batch_put(batch, NULL, text(""), text("1")), FERRIC_INVALID_ARGUMENT,
                  "empty");
    assert_failed(ferric_batch_require(batch, NULL, text(""), 1), FERRIC_INVALID_ARGUMENT, "empty");
    assert_failed(ferric_batch_delete(batch, NULL, text("")), FERRIC_INVALID_ARGUMENT, "empty");
    assert_int_equal(ferric_batch_count(batch), 2);
    ferric_batch_clear(batch);
    assert_int_equal(ferric_batch_count(batch) + ferric_batch_size(batch), 0);
    ferric_batch_destroy(batch);
    ferric_batch_destroy(NULL);
    ferric_batch_clear(NULL);
    assert_int_equal(ferric_batch_count(NULL) + ferric_batch_size(NULL), 0);
    assert_failed(ferric_batch_put(NULL, NULL, text("a"), text("1")), FERRIC_INVALID_ARGUMENT,
                  "batch is NULL");
    assert_failed(ferric_batch_delete(NULL, NULL, text("a")), FERRIC_INVALID_ARGUMENT, "batch");
    assert_failed(ferric_batch_require(NULL, NULL, text("a"), 0), FERRIC_INVALID_ARGUMENT, "batch");
}

static void test_batch_lets_later_entries_win(void **state)
{
    api_kit kit;
    ferric_batch *batch = NULL;

    (void)state;
    kit_init(&kit);
    put(kit.db, NULL, "b", "old");
    assert_ok(ferric_batch_create(&batch));
    assert_ok(ferric_batch_put(batch, NULL, text("a"), text("1")));
    assert_ok(ferric_batch_put(batch, NULL, text("a"), text("2")));
    assert_ok(ferric_batch_put(batch, NULL, text("b"), text("3")));
    assert_ok(ferric_batch_delete(batch, NULL, text("b")));
    assert_ok(ferric_batch_delete(batch, NULL, text("c")));
    assert_ok(ferric_batch_put(batch, NULL, text("c"), text("4")));
    assert_ok(ferric_write(kit.db, batch, NULL, NULL));
    assert_value(kit.db, NULL, "a", "2");
    assert_value(kit.db, NULL, "b", NULL);
    assert_value(kit.db, NULL, "c", "4");
    kit_reopen(&kit);
    assert_value(kit.db, NULL, "a", "2");
    assert_value(kit.db, NULL, "b", NULL);
    assert_value(kit.db, NULL, "c", "4");
    ferric_batch_destroy(batch);
    kit_deinit(&kit);
}

static void test_batch_commits_all_or_nothing(void **state)
{
    api_kit kit;
    ferric_keyspace *other;
    ferric_batch *batch = NULL;
    uint64_t version = 5;

    (void)state;
    kit_init(&kit);
    other = kit_keyspace(&kit, "other", FERRIC_KEYSPACE_RAW);
    put(kit.db, NULL, "guard", "1");
    assert_ok(ferric_batch_create(&batch));
    assert_ok(ferric_batch_put(batch, NULL, text("a"), text("1")));
    assert_ok(ferric_batch_put(batch, other, text("a"), text("2")));
    assert_ok(ferric_batch_require(batch, NULL, text("guard"), version_of(kit.db, "guard")));
    assert_ok(ferric_batch_require(batch, NULL, text("a"), 0));
    put(kit.db, NULL, "guard", "2");
    assert_int_equal(ferric_write(kit.db, batch, NULL, &version), FERRIC_CONFLICT);
    assert_int_equal(version, 0);
    assert_value(kit.db, NULL, "a", NULL);
    assert_value(kit.db, other, "a", NULL);
    ferric_batch_clear(batch);
    assert_ok(ferric_batch_put(batch, NULL, text("a"), text("1")));
    assert_ok(ferric_batch_put(batch, other, text("a"), text("2")));
    assert_ok(ferric_batch_require(batch, NULL, text("guard"), version_of(kit.db, "guard")));
    assert_ok(ferric_write(kit.db, batch, NULL, NULL));
    assert_value(kit.db, NULL, "a", "1");
    assert_value(kit.db, other, "a", "2");
    ferric_batch_destroy(batch);
    ferric_keyspace_close(other);
    kit_deinit(&kit);
}

// Keyspaces that do not exist yet, many entries each, written twice, the handles closed in between.
static void test_batch_makes_its_keyspaces(void **state)
{
    api_kit kit;
    ferric_keyspace *keyspaces[5];
    ferric_batch *batch = NULL;
    char name[16];
    uint64_t count;

    (void)state;
    kit_init(&kit);
    assert_ok(ferric_batch_create(&batch));
    for (int i = 0; i < 5; i++) {
        snprintf(name, sizeof name, "new%d", i);
        keyspaces[i] = kit_keyspace(&kit, name, FERRIC_KEYSPACE_RAW);
    }
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof name, "key%02d", i);
        assert_ok(ferric_batch_put(batch, keyspaces[i % 5], text(name), text(name)));
        if (i < 5) assert_ok(ferric_batch_require(batch, keyspaces[i], text("none"), 0));
    }
    assert_ok(ferric_write(kit.db, batch, NULL, NULL));
    for (int i = 0; i < 5; i++) {
        assert_ok(ferric_count(kit.db, keyspaces[i], text(""), text(""), NULL, &count));
        assert_int_equal(count, 20);
        assert_ok(ferric_delete(kit.db, keyspaces[i], text("key00"), NULL));
        ferric_keyspace_close(keyspaces[i]);
    }
    assert_ok(ferric_write(kit.db, batch, NULL, NULL)); // Needs its keyspaces no more.
    keyspaces[0] = kit_keyspace(&kit, "new0", FERRIC_KEYSPACE_RAW);
    assert_value(kit.db, keyspaces[0], "key00", "key00");
    ferric_keyspace_close(keyspaces[0]);
    ferric_batch_destroy(batch);
    kit_deinit(&kit);
}

static void test_batch_belongs_to_one_database(void **state)
{
    api_kit kit;
    api_kit other;
    ferric_keyspace *mine;
    ferric_keyspace *theirs;
    ferric_batch *batch = NULL;

    (void)state;
    kit_init(&kit);
    kit_init(&other);
    mine = kit_keyspace(&kit, "a", FERRIC_KEYSPACE_RAW);
    theirs = kit_keyspace(&other, "a", FERRIC_KEYSPACE_RAW);
    assert_ok(ferric_batch_create(&batch));
    assert_ok(ferric_batch_put(batch, mine, text("a"), text("1")));
    assert_failed(ferric_batch_put(batch, theirs, text("a"), text("1")), FERRIC_INVALID_ARGUMENT,
                  "another database");
    assert_int_equal(ferric_batch_count(batch), 1);
    assert_failed(ferric_write(other.db, batch, NULL, NULL), FERRIC_INVALID_ARGUMENT,
                  "another database");
    ferric_batch_clear(batch); // Then it may serve another one.
    assert_ok(ferric_batch_put(batch, theirs, text("a"), text("1")));
    assert_ok(ferric_write(other.db, batch, NULL, NULL));
    ferric_batch_clear(batch);
    // Entries without a keyspace go wherever they are written.
    assert_ok(ferric_batch_put(batch, NULL, text("b"), text("2")));
    assert_ok(ferric_write(kit.db, batch, NULL, NULL));
    assert_ok(ferric_write(other.db, batch, NULL, NULL));
    assert_value(kit.db, NULL, "b", "2");
    assert_value(other.db, NULL, "b", "2");
    ferric_batch_destroy(batch);
    ferric_keyspace_close(mine);
    ferric_keyspace_close(theirs);
    kit_deinit(&kit);
    kit_deinit(&other);
}

// Values around the size up to which a write needs no heap memory, and far above it.
static void test_put_takes_values_of_every_size(void **state)
{
    api_kit kit;
    fe_random random = {17};
    uint8_t *bytes = malloc(200000);
    ferric_buffer found = {0};

    (void)state;
    kit_init(&kit);
    for (size_t i = 0; i < 200000; i++)
        bytes[i] = (uint8_t)fe_random_next(&random);
    for (size_t size = 0; size < 200000; size += size < 1100 ? 7 : 9973) {
        for (size_t key_size = 1; key_size < 400; key_size += 123) {
            ferric_slice key = {bytes, key_size};
            uint64_t version;
            ferric_write_options options;
            assert_ok(ferric_put(kit.db, NULL, key, (ferric_slice){bytes, size}, NULL));
            assert_ok(ferric_get(kit.db, NULL, key, NULL, &found, &version));
            assert_int_equal(found.size, size);
            if (size > 0) assert_memory_equal(found.data, bytes, size);
            options = when(FERRIC_IF_VERSION, version);
            assert_ok(ferric_put(kit.db, NULL, key, (ferric_slice){bytes, size}, &options));
        }
    }
    ferric_buffer_free(&found);
    kit_deinit(&kit);
    free(bytes);
}

static void test_sync_is_allowed_at_any_time(void **state)
{
    api_kit kit;
    ferric_stats stats = FERRIC_STATS_INIT;

    (void)state;
    kit_init(&kit);
    kit.options.fsync = FERRIC_FSYNC_NEVER;
    kit_reopen(&kit);
    assert_ok(ferric_sync(kit.db)); // Nothing was written yet.
    put(kit.db, NULL, "a", "1");
    assert_ok(ferric_sync(kit.db));
    assert_ok(ferric_stats_get(kit.db, &stats));
    assert_int_equal(stats.durable_version, stats.last_version);
    assert_failed(ferric_sync(NULL), FERRIC_INVALID_ARGUMENT, "db is NULL");
    kit_deinit(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_put_refuses_what_breaks_a_limit),
        cmocka_unit_test(test_commit_above_a_quarter_of_the_memory_is_refused),
        cmocka_unit_test(test_put_if_absent),
        cmocka_unit_test(test_put_if_version),
        cmocka_unit_test(test_conditions_find_versions_wherever_they_are),
        cmocka_unit_test(test_versions_grow_by_one_with_each_commit),
        cmocka_unit_test(test_write_options_are_checked),
        cmocka_unit_test(test_batch_counts_what_is_in_it),
        cmocka_unit_test(test_batch_lets_later_entries_win),
        cmocka_unit_test(test_batch_commits_all_or_nothing),
        cmocka_unit_test(test_batch_makes_its_keyspaces),
        cmocka_unit_test(test_batch_belongs_to_one_database),
        cmocka_unit_test(test_put_takes_values_of_every_size),
        cmocka_unit_test(test_sync_is_allowed_at_any_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
