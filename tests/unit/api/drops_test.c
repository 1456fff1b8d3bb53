// SPDX-License-Identifier: Apache-2.0
// Keyspaces that get another name, and keyspaces that go: who still sees them, and who may write.
#include "api_kit.h"

static ferric_slice none(void)
{
    return (ferric_slice){NULL, 0};
}

// The names of all keyspaces, each followed by a space.
static void assert_names(api_kit *kit, const char *expected)
{
    ferric_keyspace_info *list;
    char names[256] = "";
    size_t count;

    assert_ok(ferric_keyspace_list(kit->db, &list, &count));
    for (size_t i = 0; i < count; i++) {
        strncat(names, list[i].name, sizeof names - strlen(names) - 2);
        strcat(names, " ");
    }
    ferric_free(list);
    assert_string_equal(names, expected);
}

static uint32_t id_of(api_kit *kit, const char *name)
{
    ferric_keyspace_info *list;
    uint32_t id = 0;
    size_t count;

    assert_ok(ferric_keyspace_list(kit->db, &list, &count));
    for (size_t i = 0; i < count; i++) {
        if (strcmp(list[i].name, name) == 0) id = list[i].id;
    }
    ferric_free(list);
    return id;
}

static void test_rename_keeps_keys_and_handles(void **state)
{
    api_kit kit;

    (void)state;
    kit_init(&kit);
    ferric_keyspace *handle = kit_keyspace(&kit, "old", FERRIC_KEYSPACE_RAW);
    put(kit.db, handle, "k", "v");
    uint32_t id = id_of(&kit, "old");
    assert_ok(ferric_keyspace_rename(kit.db, "old", "new"));
    assert_names(&kit, "new ");
    assert_int_equal(id_of(&kit, "new"), id);
    assert_value(kit.db, handle, "k", "v");
    put(kit.db, handle, "k2", "v2");
    ferric_keyspace_close(handle);
    kit_reopen(&kit);
    handle = kit_keyspace(&kit, "new", FERRIC_KEYSPACE_RAW);
    assert_keys(kit.db, handle, NULL, "k k2 ");
    ferric_keyspace_close(handle);
    // The old name is free, for another keyspace.
    handle = kit_keyspace(&kit, "old", FERRIC_KEYSPACE_COLLECTION);
    assert_keys(kit.db, handle, NULL, "");
    ferric_keyspace_close(handle);
    kit_deinit(&kit);
}

static void test_rename_answers(void **state)
{
    api_kit kit;

    (void)state;
    kit_init(&kit);
    ferric_keyspace *one = kit_keyspace(&kit, "one", FERRIC_KEYSPACE_RAW);
    ferric_keyspace *two = kit_keyspace(&kit, "two", FERRIC_KEYSPACE_RAW);
    put(kit.db, one, "k", "1");
    put(kit.db, two, "k", "2");
    put(kit.db, NULL, "k", "main");
    assert_int_equal(ferric_keyspace_rename(kit.db, "one", "two"), FERRIC_ALREADY_EXISTS);
    assert_int_equal(ferric_keyspace_rename(kit.db, "three", "four"), FERRIC_NOT_FOUND);
    assert_failed(ferric_keyspace_rename(kit.db, "main", "x"), FERRIC_INVALID_ARGUMENT, "main");
    assert_failed(ferric_keyspace_rename(kit.db, "one", "main"), FERRIC_INVALID_ARGUMENT, "main");
    assert_failed(ferric_keyspace_rename(kit.db, "one", "_x"), FERRIC_INVALID_ARGUMENT, "_");
    assert_failed(ferric_keyspace_rename(kit.db, "one", NULL), FERRIC_INVALID_ARGUMENT, "NULL");
    assert_failed(ferric_keyspace_drop(kit.db, "main"), FERRIC_INVALID_ARGUMENT, "main");
    assert_int_equal(ferric_keyspace_drop(kit.db, "three"), FERRIC_NOT_FOUND);
    assert_names(&kit, "main one two ");
    ferric_keyspace_close(one);
    ferric_keyspace_close(two);
    kit_deinit(&kit);
}

static void test_dropped_keyspace_is_gone(void **state)
{
    ferric_buffer value = {0};
    api_kit kit;

    (void)state;
    kit_init(&kit);
    ferric_keyspace *handle = kit_keyspace(&kit, "gone", FERRIC_KEYSPACE_RAW);
    put(kit.db, handle, "k", "v");
    put(kit.db, NULL, "k", "main");
    uint32_t id = id_of(&kit, "gone");
    assert_ok(ferric_keyspace_drop(kit.db, "gone"));
    assert_names(&kit, "main ");
    assert_failed(ferric_get(kit.db, handle, text("k"), NULL, &value, NULL), FERRIC_DROPPED,
                  "dropped");
    assert_failed(ferric_put(kit.db, handle, text("k"), text("v"), NULL), FERRIC_DROPPED,
                  "dropped");
    assert_int_equal(ferric_delete_range(kit.db, handle, none(), none(), NULL), FERRIC_DROPPED);
    assert_value(kit.db, NULL, "k", "main");
    // One of the same name is another: with another id, and nothing in it.
    ferric_keyspace *again = kit_keyspace(&kit, "gone", FERRIC_KEYSPACE_RAW);
    put(kit.db, again, "k2", "v2");
    assert_true(id_of(&kit, "gone") > id);
    assert_keys(kit.db, again, NULL, "k2 ");
    assert_int_equal(ferric_put(kit.db, handle, text("k"), text("v"), NULL), FERRIC_DROPPED);
    ferric_keyspace_close(again);
    ferric_keyspace_close(handle);
    kit_reopen(&kit);
    again = kit_keyspace(&kit, "gone", FERRIC_KEYSPACE_RAW);
    assert_keys(kit.db, again, NULL, "k2 ");
    ferric_keyspace_close(again);
    ferric_buffer_free(&value);
    kit_deinit(&kit);
}

// Whoever began before the drop still sees what was there.
static void test_snapshots_and_iterators_from_before_go_on(void **state)
{
    ferric_snapshot *snapshot;
    ferric_iterator *iterator;
    api_kit kit;

    (void)state;
    kit_init(&kit);
    ferric_keyspace *handle = kit_keyspace(&kit, "gone", FERRIC_KEYSPACE_RAW);
    put(kit.db, handle, "a", "1");
    put(kit.db, handle, "b", "2");
    assert_ok(ferric_snapshot_create(kit.db, &snapshot));
    assert_ok(ferric_iterator_create(kit.db, handle, NULL, &iterator));
    assert_ok(ferric_keyspace_drop(kit.db, "gone"));
    assert_ok(ferric_compact(kit.db, NULL, none(), none()));
    assert_value_at(kit.db, handle, snapshot, "b", "2");
    assert_true(ferric_iterator_first(iterator));
    assert_true(ferric_iterator_next(iterator));
    assert_false(ferric_iterator_next(iterator));
    assert_ok(ferric_iterator_status(iterator));
    ferric_iterator_destroy(iterator);
    ferric_snapshot_release(snapshot);
    ferric_keyspace_close(handle);
    kit_deinit(&kit);
}

static void test_what_was_filled_before_the_drop_is_refused(void **state)
{
    ferric_buffer value = {0};
    ferric_batch *batch;
    ferric_txn *txn;
    api_kit kit;

    (void)state;
    kit_init(&kit);
    ferric_keyspace *handle = kit_keyspace(&kit, "gone", FERRIC_KEYSPACE_RAW);
    put(kit.db, handle, "a", "1");
    assert_ok(ferric_batch_create(&batch));
    assert_ok(ferric_batch_put(batch, handle, text("b"), text("2")));
    assert_ok(ferric_batch_put(batch, NULL, text("b"), text("2")));
    assert_ok(ferric_txn_begin(kit.db, NULL, &txn));
    assert_ok(ferric_txn_put(txn, handle, text("c"), text("3")));
    assert_ok(ferric_keyspace_drop(kit.db, "gone"));
    assert_failed(ferric_write(kit.db, batch, NULL, NULL), FERRIC_DROPPED, "dropped");
    assert_value(kit.db, NULL, "b", NULL); // All or nothing.
    assert_ok(ferric_txn_get(txn, handle, text("a"), &value, NULL));
    assert_int_equal(ferric_txn_commit(txn, NULL), FERRIC_CONFLICT);
    ferric_txn_destroy(txn);
    assert_ok(ferric_txn_begin(kit.db, NULL, &txn));
    assert_ok(ferric_txn_put(txn, handle, text("c"), text("3")));
    assert_int_equal(ferric_txn_commit(txn, NULL), FERRIC_DROPPED);
    ferric_txn_destroy(txn);
    ferric_batch_destroy(batch);
    ferric_buffer_free(&value);
    ferric_keyspace_close(handle);
    kit_deinit(&kit);
}

// Tables that have the dropped keyspace alone go unread; values in their files die with them.
static void test_space_of_a_dropped_keyspace_comes_back(void **state)
{
    ferric_stats before = FERRIC_STATS_INIT;
    ferric_stats after = FERRIC_STATS_INIT;
    char *value = malloc(8000);
    api_kit kit;

    (void)state;
    assert_non_null(value);
    kit_init(&kit);
    ferric_keyspace *handle = kit_keyspace(&kit, "gone", FERRIC_KEYSPACE_RAW);
    put(kit.db, NULL, "stays", "here");
    for (uint32_t i = 0; i < 400; i++) {
        char key[16];
        ferric_slice large = {value, i % 2 == 0 ? 8000 : 3000};
        snprintf(key, sizeof key, "k%u", i);
        for (uint32_t j = 0; j < 8000; j++)
            value[j] = (char)((i * 131 + j * 7 + (j * j) / 97) % 251);
        assert_ok(ferric_put(kit.db, handle, text(key), large, NULL));
    }
    assert_ok(ferric_compact(kit.db, NULL, none(), none()));
    assert_ok(ferric_stats_get(kit.db, &before));
    assert_true(before.value_live_bytes > 0);
    assert_ok(ferric_keyspace_drop(kit.db, "gone"));
    assert_ok(ferric_compact(kit.db, NULL, none(), none()));
    assert_ok(ferric_stats_get(kit.db, &after));
    assert_int_equal(after.value_live_bytes, 0);
    assert_true(after.disk_bytes < before.disk_bytes / 4);
    assert_value(kit.db, NULL, "stays", "here");
    ferric_keyspace_close(handle);
    free(value);
    kit_deinit(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rename_keeps_keys_and_handles),
        cmocka_unit_test(test_rename_answers),
        cmocka_unit_test(test_dropped_keyspace_is_gone),
        cmocka_unit_test(test_snapshots_and_iterators_from_before_go_on),
        cmocka_unit_test(test_what_was_filled_before_the_drop_is_refused),
        cmocka_unit_test(test_space_of_a_dropped_keyspace_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
