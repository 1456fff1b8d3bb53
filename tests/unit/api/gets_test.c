// SPDX-License-Identifier: Apache-2.0
// Point reads: copies, pins, many keys at one state, snapshots.
#include "api_kit.h"

#include "base/slice.h"

static void test_get_refuses_nonsense(void **state)
{
    static uint8_t large[FERRIC_KEY_SIZE_MAX + 1];
    api_kit kit;
    ferric_buffer value = {0};
    ferric_read_options options = FERRIC_READ_OPTIONS_INIT;
    ferric_pinned pinned = {{NULL, 5}, 5, NULL, NULL, 5, 5};

    (void)state;
    kit_init(&kit);
    assert_failed(ferric_get(NULL, NULL, text("a"), NULL, &value, NULL), FERRIC_INVALID_ARGUMENT,
                  "ferric_get: db is NULL");
    assert_failed(ferric_get(kit.db, NULL, text("a"), NULL, NULL, NULL), FERRIC_INVALID_ARGUMENT,
                  "value is NULL");
    assert_failed(ferric_get(kit.db, NULL, text(""), NULL, &value, NULL), FERRIC_INVALID_ARGUMENT,
                  "empty");
    assert_failed(ferric_get(kit.db, NULL, fe_slice(large, sizeof large), NULL, &value, NULL),
                  FERRIC_TOO_LARGE, "65535");
    options.struct_size = 0;
    assert_failed(ferric_get(kit.db, NULL, text("a"), &options, &value, NULL),
                  FERRIC_INVALID_ARGUMENT, "struct_size");
    assert_failed(ferric_has(NULL, NULL, text("a"), NULL), FERRIC_INVALID_ARGUMENT,
                  "ferric_has: db is NULL");
    assert_failed(ferric_get_pinned(kit.db, NULL, text("a"), NULL, NULL), FERRIC_INVALID_ARGUMENT,
                  "pinned is NULL");
    assert_failed(ferric_get_pinned(NULL, NULL, text("a"), NULL, &pinned), FERRIC_INVALID_ARGUMENT,
                  "db is NULL");
    assert_int_equal(pinned.value.size + pinned.version + pinned.lender, 0);
    ferric_pinned_release(NULL);
    ferric_pinned_release(&pinned);
    kit_deinit(&kit);
}

static void test_get_reuses_its_buffer(void **state)
{
    api_kit kit;
    ferric_buffer value = {0};
    void *memory;

    (void)state;
    kit_init(&kit);
    put(kit.db, NULL, "a", "a rather long value, longer than the next one");
    put(kit.db, NULL, "b", "short");
    assert_ok(ferric_get(kit.db, NULL, text("a"), NULL, &value, NULL));
    memory = value.data;
    assert_ok(ferric_get(kit.db, NULL, text("b"), NULL, &value, NULL));
    assert_ptr_equal(value.data, memory);
    assert_int_equal(value.size, 5);
    assert_int_equal(ferric_get(kit.db, NULL, text("c"), NULL, &value, NULL), FERRIC_NOT_FOUND);
    ferric_buffer_free(&value);
    ferric_buffer_free(&value);
    ferric_buffer_free(NULL);
    kit_deinit(&kit);
}

static void test_get_tells_keys_with_common_beginnings_apart(void **state)
{
    api_kit kit;
    ferric_slice with_zero = {"a\0b", 3};
    ferric_buffer value = {0};

    (void)state;
    kit_init(&kit);
    put(kit.db, NULL, "a", "1");
    put(kit.db, NULL, "ab", "2");
    assert_ok(ferric_put(kit.db, NULL, with_zero, text("3"), NULL));
    for (int i = 0; i < 3; i++) {
        assert_value(kit.db, NULL, "a", "1");
        assert_value(kit.db, NULL, "ab", "2");
        assert_value(kit.db, NULL, "abc", NULL);
        assert_ok(ferric_get(kit.db, NULL, with_zero, NULL, &value, NULL));
        assert_memory_equal(value.data, "3", 1);
        if (i == 0) assert_ok(ferric_flush(kit.db));
        if (i == 1) assert_ok(ferric_compact(kit.db, NULL, text(""), text("")));
    }
    ferric_buffer_free(&value);
    kit_deinit(&kit);
}

// ---- Pins ---------------------------------------------------------------------------------------

static void test_pinned_values_stay_whatever_happens(void **state)
{
    api_kit kit;
    ferric_pinned in_memory;
    ferric_pinned in_table;
    ferric_pinned missing;

    (void)state;
    kit_init(&kit);
    put(kit.db, NULL, "table", "in a table");
    assert_ok(ferric_flush(kit.db));
    put(kit.db, NULL, "memory", "in memory");
    assert_ok(ferric_get_pinned(kit.db, NULL, text("table"), NULL, &in_table));
    assert_ok(ferric_get_pinned(kit.db, NULL, text("memory"), NULL, &in_memory));
    assert_int_equal(ferric_get_pinned(kit.db, NULL, text("none"), NULL, &missing),
                     FERRIC_NOT_FOUND);
    assert_null(missing.value.data);
    assert_true(in_memory.version > in_table.version);
    for (int i = 0; i < 300; i++) { // Overwrites, flushes and merges what they lie in.
        char key[16];
        snprintf(key, sizeof key, "key%d", i);
        put(kit.db, NULL, key, "something of some length, so that memtables fill up");
        put(kit.db, NULL, "table", "new");
        put(kit.db, NULL, "memory", "new");
        if (i % 100 == 0) assert_ok(ferric_flush(kit.db));
    }
    assert_ok(ferric_compact(kit.db, NULL, text(""), text("")));
    kit_close(&kit);
    assert_int_equal(in_table.value.size, 10);
    assert_memory_equal(in_table.value.data, "in a table", 10);
    assert_memory_equal(in_memory.value.data, "in memory", 9);
    ferric_pinned_release(&in_table);
    ferric_pinned_release(&in_memory);
    assert_null(in_table.value.data);
    ferric_pinned_release(&in_table);
    kit_open(&kit);
    kit_deinit(&kit);
}

static void test_pinned_values_alone_may_not_fill_the_memory(void **state)
{
    enum { COUNT = 40 };
    api_kit kit;
    ferric_pinned pinned[COUNT];
    size_t size = 500 << 10;
    void *value = calloc(1, size);
    ferric_status status = FERRIC_OK;
    size_t held = 0;

    (void)state;
    kit_init(&kit);
    kit.options.memory_limit = 8 << 20;
    kit.options.memtable_size = 0;
    kit_reopen(&kit);
    for (uint8_t i = 0; i < COUNT; i++)
        assert_ok(ferric_put(kit.db, NULL, fe_slice(&i, 1), fe_slice(value, size), NULL));
    assert_ok(ferric_flush(kit.db));
    for (uint8_t i = 0; i < COUNT && status == FERRIC_OK; i++) {
        status = ferric_get_pinned(kit.db, NULL, fe_slice(&i, 1), NULL, &pinned[i]);
        held += status == FERRIC_OK;
    }
    assert_failed(status, FERRIC_MEMORY_LIMIT, "release");
    assert_true(held >= 8 && held <= 20);
    while (held > 0)
        ferric_pinned_release(&pinned[--held]);
    assert_ok(ferric_get_pinned(kit.db, NULL, fe_slice("\1", 1), NULL, &pinned[0]));
    ferric_pinned_release(&pinned[0]);
    kit_deinit(&kit);
    free(value);
}

// ---- Many keys ----------------------------------------------------------------------------------

static void test_multi_get_answers_each_key(void **state)
{
    static uint8_t large[FERRIC_KEY_SIZE_MAX + 1];
    enum { COUNT = 6 };
    api_kit kit;
    ferric_slice keys[COUNT] = {text("a"), text("none"), text("b"),
                                text("a"), text(""),     fe_slice(large, sizeof large)};
    ferric_pinned values[COUNT];
    ferric_status statuses[COUNT];

    (void)state;
    kit_init(&kit);
    put(kit.db, NULL, "a", "1");
    assert_ok(ferric_flush(kit.db));
    put(kit.db, NULL, "b", "2");
    assert_ok(ferric_multi_get(kit.db, NULL, 4, keys, NULL, values, statuses));
    assert_int_equal(statuses[0], FERRIC_OK);
    assert_int_equal(statuses[1], FERRIC_NOT_FOUND);
    assert_int_equal(statuses[2], FERRIC_OK);
    assert_int_equal(statuses[3], FERRIC_OK);
    assert_memory_equal(values[0].value.data, "1", 1);
    assert_memory_equal(values[2].value.data, "2", 1);
    assert_memory_equal(values[3].value.data, "1", 1);
    assert_null(values[1].value.data);
    for (int i = 0; i < 4; i++)
        ferric_pinned_release(&values[i]);
    // A bad key is that key's failure; the others are read.
    assert_failed(ferric_multi_get(kit.db, NULL, COUNT, keys, NULL, values, statuses),
                  FERRIC_INVALID_ARGUMENT, "empty");
    assert_int_equal(statuses[4], FERRIC_INVALID_ARGUMENT);
    assert_int_equal(statuses[5], FERRIC_TOO_LARGE);
    assert_int_equal(statuses[2], FERRIC_OK);
    for (int i = 0; i < COUNT; i++)
        ferric_pinned_release(&values[i]);
    kit_deinit(&kit);
}

static void test_multi_get_refuses_null(void **state)
{
    api_kit kit;
    ferric_slice key = text("a");
    ferric_pinned value;
    ferric_status status;

    (void)state;
    kit_init(&kit);
    assert_ok(ferric_multi_get(kit.db, NULL, 0, NULL, NULL, NULL, NULL));
    assert_failed(ferric_multi_get(kit.db, NULL, 1, NULL, NULL, &value, &status),
                  FERRIC_INVALID_ARGUMENT, "keys is NULL");
    assert_failed(ferric_multi_get(kit.db, NULL, 1, &key, NULL, NULL, &status),
                  FERRIC_INVALID_ARGUMENT, "values is NULL");
    assert_failed(ferric_multi_get(kit.db, NULL, 1, &key, NULL, &value, NULL),
                  FERRIC_INVALID_ARGUMENT, "statuses is NULL");
    assert_failed(ferric_multi_get(NULL, NULL, 1, &key, NULL, &value, &status),
                  FERRIC_INVALID_ARGUMENT, "db is NULL");
    assert_int_equal(status, FERRIC_INVALID_ARGUMENT);
    // Of a keyspace that does not exist nothing is there.
    assert_ok(ferric_multi_get(kit.db, NULL, 1, &key, NULL, &value, &status));
    assert_int_equal(status, FERRIC_NOT_FOUND);
    kit_deinit(&kit);
}

static void test_multi_get_agrees_with_get(void **state)
{
    enum { COUNT = 500 };
    api_kit kit;
    char names[COUNT][16];
    ferric_slice keys[COUNT];
    ferric_pinned values[COUNT];
    ferric_status statuses[COUNT];

    (void)state;
    kit_init(&kit);
    for (int i = 0; i < COUNT; i++) {
        snprintf(names[i], sizeof names[i], "key%04d", i * 7919 % COUNT);
        keys[i] = text(names[i]);
        if (i % 3 != 0) put(kit.db, NULL, names[i], names[i]);
        if (i == COUNT / 2) assert_ok(ferric_flush(kit.db));
    }
    assert_ok(ferric_multi_get(kit.db, NULL, COUNT, keys, NULL, values, statuses));
    for (int i = 0; i < COUNT; i++) {
        assert_int_equal(statuses[i], i % 3 != 0 ? FERRIC_OK : FERRIC_NOT_FOUND);
        if (statuses[i] != FERRIC_OK) continue;
        assert_int_equal(values[i].value.size, keys[i].size);
        assert_memory_equal(values[i].value.data, names[i], keys[i].size);
        ferric_pinned_release(&values[i]);
    }
    kit_deinit(&kit);
}

// ---- Snapshots ----------------------------------------------------------------------------------

static void test_snapshot_sees_one_state(void **state)
{
    api_kit kit;
    ferric_snapshot *first = NULL;
    ferric_snapshot *second = NULL;
    uint64_t count;
    ferric_read_options options = FERRIC_READ_OPTIONS_INIT;
    ferric_iterator_options walk = FERRIC_ITERATOR_OPTIONS_INIT;
    ferric_slice key = text("a");
    ferric_pinned pinned;
    ferric_status status;

    (void)state;
    kit_init(&kit);
    put(kit.db, NULL, "a", "1");
    assert_ok(ferric_snapshot_create(kit.db, &first));
    put(kit.db, NULL, "a", "2");
    put(kit.db, NULL, "b", "2");
    assert_ok(ferric_snapshot_create(kit.db, &second));
    assert_int_equal(ferric_snapshot_version(second), ferric_snapshot_version(first) + 2);
    assert_ok(ferric_delete(kit.db, NULL, text("a"), NULL));
    for (int i = 0; i < 3; i++) {
        assert_value_at(kit.db, NULL, first, "a", "1");
        assert_value_at(kit.db, NULL, first, "b", NULL);
        assert_value_at(kit.db, NULL, second, "a", "2");
        assert_value_at(kit.db, NULL, second, "b", "2");
        assert_value(kit.db, NULL, "a", NULL);
        walk.snapshot = first;
        assert_keys(kit.db, NULL, &walk, "a ");
        walk.snapshot = second;
        assert_keys(kit.db, NULL, &walk, "a b ");
        options.snapshot = second;
        assert_ok(ferric_count(kit.db, NULL, text(""), text(""), &options, &count));
        assert_int_equal(count, 2);
        assert_ok(ferric_multi_get(kit.db, NULL, 1, &key, &options, &pinned, &status));
        assert_memory_equal(pinned.value.data, "2", 1);
        ferric_pinned_release(&pinned);
        if (i == 0) assert_ok(ferric_flush(kit.db));
        if (i == 1) assert_ok(ferric_compact(kit.db, NULL, text(""), text("")));
    }
    ferric_snapshot_release(first);
    assert_ok(ferric_compact(kit.db, NULL, text(""), text("")));
    assert_value_at(kit.db, NULL, second, "a", "2");
    ferric_snapshot_release(second);
    ferric_snapshot_release(NULL);
    assert_int_equal(ferric_snapshot_version(NULL), 0);
    assert_failed(ferric_snapshot_create(kit.db, NULL), FERRIC_INVALID_ARGUMENT, "snapshot");
    assert_failed(ferric_snapshot_create(NULL, &first), FERRIC_INVALID_ARGUMENT, "db is NULL");
    assert_null(first);
    kit_deinit(&kit);
}

static void test_snapshot_of_another_database_is_refused(void **state)
{
    api_kit kit;
    api_kit other;
    ferric_read_options options = FERRIC_READ_OPTIONS_INIT;
    ferric_iterator_options walk = FERRIC_ITERATOR_OPTIONS_INIT;
    ferric_snapshot *theirs = NULL;
    ferric_buffer value = {0};
    ferric_iterator *iterator = NULL;
    uint64_t count;

    (void)state;
    kit_init(&kit);
    kit_init(&other);
    assert_ok(ferric_snapshot_create(other.db, &theirs));
    options.snapshot = theirs;
    walk.snapshot = theirs;
    assert_failed(ferric_get(kit.db, NULL, text("a"), &options, &value, NULL),
                  FERRIC_INVALID_ARGUMENT, "another database");
    assert_failed(ferric_iterator_create(kit.db, NULL, &walk, &iterator), FERRIC_INVALID_ARGUMENT,
                  "another database");
    assert_failed(ferric_count(kit.db, NULL, text(""), text(""), &options, &count),
                  FERRIC_INVALID_ARGUMENT, "another database");
    ferric_snapshot_release(theirs);
    kit_deinit(&kit);
    kit_deinit(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_get_refuses_nonsense),
        cmocka_unit_test(test_get_reuses_its_buffer),
        cmocka_unit_test(test_get_tells_keys_with_common_beginnings_apart),
        cmocka_unit_test(test_pinned_values_stay_whatever_happens),
        cmocka_unit_test(test_pinned_values_alone_may_not_fill_the_memory),
        cmocka_unit_test(test_multi_get_answers_each_key),
        cmocka_unit_test(test_multi_get_refuses_null),
        cmocka_unit_test(test_multi_get_agrees_with_get),
        cmocka_unit_test(test_snapshot_sees_one_state),
        cmocka_unit_test(test_snapshot_of_another_database_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
