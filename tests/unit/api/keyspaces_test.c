// SPDX-License-Identifier: Apache-2.0
// Keyspaces: apart from each other, made by their first write, of one kind for ever.
#include "api_kit.h"

static void refuse_name(api_kit *kit, const char *name, const char *word)
{
    ferric_keyspace *keyspace = (ferric_keyspace *)(uintptr_t)1;

    assert_failed(ferric_keyspace_open(kit->db, name, FERRIC_KEYSPACE_RAW, &keyspace),
                  FERRIC_INVALID_ARGUMENT, word);
    assert_null(keyspace);
}

static void test_keyspace_names_have_limits(void **state)
{
    api_kit kit;
    char name[FERRIC_KEYSPACE_NAME_SIZE_MAX + 2];
    ferric_keyspace *keyspace = NULL;

    (void)state;
    kit_init(&kit);
    refuse_name(&kit, "", "0 bytes");
    refuse_name(&kit, "_mine", "'_'");
    refuse_name(&kit, "a\xff", "UTF-8");
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    refuse_name(&kit, name, "256 bytes");
    name[FERRIC_KEYSPACE_NAME_SIZE_MAX] = '\0';
    assert_ok(ferric_keyspace_open(kit.db, name, FERRIC_KEYSPACE_RAW, &keyspace));
    put(kit.db, keyspace, "a", "1");
    ferric_keyspace_close(keyspace);
    assert_ok(
        ferric_keyspace_open(kit.db, "\xc3\xa9t\xc3\xa9 a_b", FERRIC_KEYSPACE_RAW, &keyspace));
    put(kit.db, keyspace, "a", "2");
    assert_value(kit.db, keyspace, "a", "2");
    ferric_keyspace_close(keyspace);
    assert_failed(ferric_keyspace_open(kit.db, "x", (ferric_keyspace_kind)0, &keyspace),
                  FERRIC_INVALID_ARGUMENT, "kind is 0");
    assert_failed(ferric_keyspace_open(kit.db, "x", (ferric_keyspace_kind)3, &keyspace),
                  FERRIC_INVALID_ARGUMENT, "kind is 3");
    assert_failed(ferric_keyspace_open(NULL, "x", FERRIC_KEYSPACE_RAW, &keyspace),
                  FERRIC_INVALID_ARGUMENT, "db is NULL");
    assert_failed(ferric_keyspace_open(kit.db, NULL, FERRIC_KEYSPACE_RAW, &keyspace),
                  FERRIC_INVALID_ARGUMENT, "name is NULL");
    assert_failed(ferric_keyspace_open(kit.db, "x", FERRIC_KEYSPACE_RAW, NULL),
                  FERRIC_INVALID_ARGUMENT, "keyspace is NULL");
    ferric_keyspace_close(NULL);
    kit_deinit(&kit);
}

static void test_keyspaces_do_not_see_each_other(void **state)
{
    api_kit kit;
    ferric_keyspace *a;
    ferric_keyspace *b;
    ferric_keyspace *again;

    (void)state;
    kit_init(&kit);
    a = kit_keyspace(&kit, "a", FERRIC_KEYSPACE_RAW);
    b = kit_keyspace(&kit, "b", FERRIC_KEYSPACE_RAW);
    put(kit.db, a, "key", "in a");
    put(kit.db, b, "key", "in b");
    put(kit.db, NULL, "key", "in main");
    assert_value(kit.db, a, "key", "in a");
    assert_value(kit.db, b, "key", "in b");
    assert_value(kit.db, NULL, "key", "in main");
    assert_ok(ferric_delete(kit.db, a, text("key"), NULL));
    assert_value(kit.db, a, "key", NULL);
    assert_value(kit.db, b, "key", "in b");
    assert_keys(kit.db, a, NULL, "");
    assert_keys(kit.db, b, NULL, "key ");
    again = kit_keyspace(&kit, "main", FERRIC_KEYSPACE_RAW);
    assert_value(kit.db, again, "key", "in main");
    ferric_keyspace_close(again);
    ferric_keyspace_close(a);
    ferric_keyspace_close(b);
    kit_deinit(&kit);
}

static void test_keyspace_comes_into_being_with_its_first_write(void **state)
{
    api_kit kit;
    ferric_keyspace *first;
    ferric_keyspace *second;
    ferric_keyspace_info *list = (ferric_keyspace_info *)(uintptr_t)1;
    ferric_iterator *before = NULL;
    ferric_batch *batch = NULL;
    size_t count = 9;
    uint64_t keys;

    (void)state;
    kit_init(&kit);
    first = kit_keyspace(&kit, "later", FERRIC_KEYSPACE_RAW);
    second = kit_keyspace(&kit, "later", FERRIC_KEYSPACE_RAW);
    assert_ok(ferric_keyspace_list(kit.db, &list, &count));
    assert_int_equal(count, 0);
    assert_null(list);
    assert_value(kit.db, first, "a", NULL);
    assert_keys(kit.db, first, NULL, "");
    assert_ok(ferric_count(kit.db, first, text(""), text(""), NULL, &keys));
    assert_int_equal(keys, 0);
    assert_ok(ferric_compact(kit.db, first, text(""), text("")));
    assert_ok(ferric_iterator_create(kit.db, first, NULL, &before));
    assert_ok(ferric_batch_create(&batch));
    assert_ok(ferric_batch_put(batch, first, text("a"), text("1")));
    assert_ok(ferric_keyspace_list(kit.db, &list, &count));
    assert_int_equal(count, 0); // A batch that is not written makes nothing.
    assert_ok(ferric_write(kit.db, batch, NULL, NULL));
    assert_ok(ferric_keyspace_list(kit.db, &list, &count));
    assert_int_equal(count, 1);
    assert_string_equal(list[0].name, "later");
    assert_int_equal(list[0].kind, FERRIC_KEYSPACE_RAW);
    ferric_free(list);
    assert_value(kit.db, second, "a", "1");      // The other handle finds it now.
    assert_false(ferric_iterator_first(before)); // Sees the state it was made in.
    assert_ok(ferric_iterator_status(before));
    ferric_iterator_destroy(before);
    ferric_batch_destroy(batch);
    ferric_keyspace_close(first);
    ferric_keyspace_close(second);
    kit_deinit(&kit);
}

static void test_keyspace_list_is_by_name_and_ids_stay(void **state)
{
    static const char *const names[] = {"zebra", "ant", "main", "mole"};
    api_kit kit;
    ferric_keyspace_info *list = NULL;
    ferric_keyspace_info *again = NULL;
    size_t count = 0;

    (void)state;
    kit_init(&kit);
    for (size_t i = 0; i < 4; i++) {
        ferric_keyspace *keyspace = kit_keyspace(&kit, names[i], FERRIC_KEYSPACE_RAW);
        put(kit.db, keyspace, "a", names[i]);
        ferric_keyspace_close(keyspace);
    }
    assert_ok(ferric_keyspace_list(kit.db, &list, &count));
    assert_int_equal(count, 4);
    assert_string_equal(list[0].name, "ant");
    assert_string_equal(list[1].name, "main");
    assert_string_equal(list[2].name, "mole");
    assert_string_equal(list[3].name, "zebra");
    for (size_t i = 0; i < 4; i++) {
        for (size_t j = 0; j < i; j++)
            assert_int_not_equal(list[i].id, list[j].id);
    }
    kit_reopen(&kit);
    assert_ok(ferric_keyspace_list(kit.db, &again, &count));
    assert_int_equal(count, 4);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(list[i].id, again[i].id);
    ferric_free(list);
    ferric_free(again);
    assert_failed(ferric_keyspace_list(kit.db, NULL, &count), FERRIC_INVALID_ARGUMENT, "list");
    assert_failed(ferric_keyspace_list(kit.db, &list, NULL), FERRIC_INVALID_ARGUMENT, "count");
    assert_failed(ferric_keyspace_list(NULL, &list, &count), FERRIC_INVALID_ARGUMENT, "db");
    kit_deinit(&kit);
}

// ---- Kinds ------------------------------------------------------------------------------------

static void refuse_raw_calls(ferric_db *db, ferric_keyspace *keyspace)
{
    ferric_buffer value = {0};
    ferric_pinned pinned;
    ferric_status status;
    ferric_slice key = text("a");
    const char *word = "is a collection";

    assert_failed(ferric_put(db, keyspace, key, text("1"), NULL), FERRIC_WRONG_KIND, word);
    assert_failed(ferric_get(db, keyspace, key, NULL, &value, NULL), FERRIC_WRONG_KIND, word);
    assert_failed(ferric_get_pinned(db, keyspace, key, NULL, &pinned), FERRIC_WRONG_KIND, word);
    assert_failed(ferric_multi_get(db, keyspace, 1, &key, NULL, &pinned, &status),
                  FERRIC_WRONG_KIND, word);
    assert_int_equal(status, FERRIC_WRONG_KIND);
}

static void test_keyspace_keeps_its_kind(void **state)
{
    api_kit kit;
    ferric_keyspace *raw;
    ferric_keyspace *wrong = (ferric_keyspace *)(uintptr_t)1;
    ferric_keyspace *collection;

    (void)state;
    kit_init(&kit);
    raw = kit_keyspace(&kit, "bytes", FERRIC_KEYSPACE_RAW);
    put(kit.db, raw, "a", "1");
    assert_failed(ferric_keyspace_open(kit.db, "bytes", FERRIC_KEYSPACE_COLLECTION, &wrong),
                  FERRIC_WRONG_KIND, "\"bytes\" is raw");
    assert_null(wrong);
    collection = kit_keyspace(&kit, "documents", FERRIC_KEYSPACE_COLLECTION);
    refuse_raw_calls(kit.db, collection);
    // Calls that carry no values take either kind.
    assert_int_equal(ferric_has(kit.db, collection, text("a"), NULL), FERRIC_NOT_FOUND);
    assert_ok(ferric_delete(kit.db, collection, text("a"), NULL));
    assert_keys(kit.db, collection, NULL, "");
    ferric_keyspace_close(raw);
    ferric_keyspace_close(collection);
    kit_deinit(&kit);
}

// Two handles for one name and different kinds, both made before the keyspace was.
static void test_keyspace_is_of_the_kind_that_wrote_first(void **state)
{
    api_kit kit;
    ferric_keyspace *raw;
    ferric_keyspace *collection;
    ferric_batch *batch = NULL;
    ferric_buffer value = {0};

    (void)state;
    kit_init(&kit);
    raw = kit_keyspace(&kit, "which", FERRIC_KEYSPACE_RAW);
    collection = kit_keyspace(&kit, "which", FERRIC_KEYSPACE_COLLECTION);
    assert_ok(ferric_batch_create(&batch));
    assert_ok(ferric_batch_put(batch, raw, text("a"), text("1")));
    assert_ok(ferric_delete(kit.db, collection, text("a"), NULL)); // A write, so it decides.
    assert_failed(ferric_put(kit.db, raw, text("a"), text("1"), NULL), FERRIC_WRONG_KIND, "which");
    assert_failed(ferric_get(kit.db, raw, text("a"), NULL, &value, NULL), FERRIC_WRONG_KIND,
                  "which");
    assert_failed(ferric_write(kit.db, batch, NULL, NULL), FERRIC_WRONG_KIND, "which");
    ferric_batch_destroy(batch);
    ferric_keyspace_close(raw);
    ferric_keyspace_close(collection);
    kit_deinit(&kit);
}

// NULL is raw "main", also where main turns out to be a collection.
static void test_main_may_be_a_collection(void **state)
{
    api_kit kit;
    ferric_keyspace *collection;
    ferric_iterator *iterator = NULL;
    uint64_t count;

    (void)state;
    kit_init(&kit);
    collection = kit_keyspace(&kit, "main", FERRIC_KEYSPACE_COLLECTION);
    assert_ok(ferric_delete(kit.db, collection, text("a"), NULL));
    refuse_raw_calls(kit.db, NULL);
    assert_int_equal(ferric_has(kit.db, NULL, text("a"), NULL), FERRIC_WRONG_KIND);
    assert_int_equal(ferric_delete(kit.db, NULL, text("a"), NULL), FERRIC_WRONG_KIND);
    assert_int_equal(ferric_iterator_create(kit.db, NULL, NULL, &iterator), FERRIC_WRONG_KIND);
    assert_null(iterator);
    assert_int_equal(ferric_count(kit.db, NULL, text(""), text(""), NULL, &count),
                     FERRIC_WRONG_KIND);
    assert_ok(ferric_compact(kit.db, NULL, text(""), text(""))); // The whole database.
    ferric_keyspace_close(collection);
    kit_deinit(&kit);
}

static void test_keyspace_of_another_database_is_refused(void **state)
{
    api_kit kit;
    api_kit other;
    ferric_keyspace *theirs;
    ferric_buffer value = {0};
    ferric_iterator *iterator = NULL;
    const char *word = "another database";

    (void)state;
    kit_init(&kit);
    kit_init(&other);
    theirs = kit_keyspace(&other, "a", FERRIC_KEYSPACE_RAW);
    assert_failed(ferric_put(kit.db, theirs, text("a"), text("1"), NULL), FERRIC_INVALID_ARGUMENT,
                  word);
    assert_failed(ferric_get(kit.db, theirs, text("a"), NULL, &value, NULL),
                  FERRIC_INVALID_ARGUMENT, word);
    assert_failed(ferric_iterator_create(kit.db, theirs, NULL, &iterator), FERRIC_INVALID_ARGUMENT,
                  word);
    ferric_keyspace_close(theirs);
    kit_deinit(&kit);
    kit_deinit(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keyspace_names_have_limits),
        cmocka_unit_test(test_keyspaces_do_not_see_each_other),
        cmocka_unit_test(test_keyspace_comes_into_being_with_its_first_write),
        cmocka_unit_test(test_keyspace_list_is_by_name_and_ids_stay),
        cmocka_unit_test(test_keyspace_keeps_its_kind),
        cmocka_unit_test(test_keyspace_is_of_the_kind_that_wrote_first),
        cmocka_unit_test(test_main_may_be_a_collection),
        cmocka_unit_test(test_keyspace_of_another_database_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
