// SPDX-License-Identifier: Apache-2.0
// Collections: inserts, indexes and their life, and what a find shows.
#include "base/buffer.h"
#include "base/slice.h"
#include "users_kit.h"

// ---- Inserts --------------------------------------------------------------------------------

static void test_insert_takes_the_id_or_makes_one(void **state)
{
    api_kit kit;
    ferric_keyspace *users;
    ferric_buffer key = {0};
    ferric_buffer json = {0};

    (void)state;
    kit_init(&kit);
    users = users_of(&kit);
    assert_ok(ferric_document_insert(kit.db, users, text("{\"a\":1,\"_id\":\"x\"}"), NULL, &key));
    assert_int_equal(key.size, 1);
    assert_ok(ferric_document_get(kit.db, users, text("x"), NULL, &json, NULL));
    assert_int_equal(json.size, 7);
    assert_memory_equal(json.data, "{\"a\":1}", 7);
    assert_ok(ferric_document_insert(kit.db, users, text("{}"), NULL, &key));
    assert_int_equal(key.size, 36);
    assert_int_equal(((char *)key.data)[14], '7');
    assert_int_equal(ferric_document_insert(kit.db, users, text("{\"_id\":\"x\"}"), NULL, NULL),
                     FERRIC_CONFLICT);
    assert_failed(ferric_document_insert(kit.db, users, text("{\"_id\":1}"), NULL, NULL),
                  FERRIC_INVALID_ARGUMENT, "string");
    assert_failed(ferric_document_insert(kit.db, users, text("[1]"), NULL, NULL),
                  FERRIC_INVALID_ARGUMENT, "object");
    ferric_buffer_free(&key);
    ferric_buffer_free(&json);
    ferric_keyspace_close(users);
    kit_deinit(&kit);
}

// ---- Indexes --------------------------------------------------------------------------------

static void test_index_on_documents_that_are_there_survives_reopening(void **state)
{
    api_kit kit;
    ferric_keyspace *users;
    ferric_buffer json = {0};
    uint64_t count;
    uint64_t entries;

    (void)state;
    kit_init(&kit);
    users = users_of(&kit);
    fill_users(&kit, users, 1000);
    create_index(&kit, users, "{\"age\":1}", false);
    create_index(&kit, users, "{\"age\":1}", false); // The same again is nothing new.
    assert_ok(ferric_index_verify(kit.db, users, NULL, &entries));
    assert_int_equal(entries, 1000);
    ferric_keyspace_close(users);
    kit_reopen(&kit);
    users = users_of(&kit);
    assert_ok(ferric_index_list(kit.db, users, &json));
    assert_ok(fe_buffer_append(&json, "", 1)); // Ends the text.
    assert_non_null(strstr((const char *)json.data, "\"age_1\""));
    assert_ok(ferric_find_count(kit.db, users, text("{\"age\":7}"), NULL, &count));
    assert_int_equal(count, 20);
    put_document(&kit, users, "u0007", "{\"age\":8}");
    assert_ok(ferric_find_count(kit.db, users, text("{\"age\":7}"), NULL, &count));
    assert_int_equal(count, 19);
    assert_ok(ferric_delete(kit.db, users, text("u0057"), NULL));
    assert_ok(ferric_find_count(kit.db, users, text("{\"age\":7}"), NULL, &count));
    assert_int_equal(count, 18);
    assert_ok(ferric_index_verify(kit.db, users, NULL, &entries));
    assert_int_equal(entries, 999);
    ferric_buffer_free(&json);
    ferric_keyspace_close(users);
    kit_deinit(&kit);
}

static void test_unique_names_the_key_and_the_document(void **state)
{
    api_kit kit;
    ferric_keyspace *users;
    ferric_batch *batch;

    (void)state;
    kit_init(&kit);
    users = users_of(&kit);
    create_index(&kit, users, "{\"mail\":1}", true);
    put_document(&kit, users, "ann", "{\"mail\":\"a@b\"}");
    assert_failed(ferric_document_put(kit.db, users, text("bob"), text("{\"mail\":\"a@b\"}"), NULL),
                  FERRIC_ALREADY_EXISTS, "\"ann\" has the key \"a@b\"");
    put_document(&kit, users, "ann", "{\"mail\":\"a@b\",\"n\":1}"); // Its own key is no obstacle.
    put_document(&kit, users, "cat", "{}");                         // Missing binds nothing.
    put_document(&kit, users, "dog", "{}");
    // One gives up what the other takes, in one commit.
    assert_ok(ferric_batch_create(&batch));
    assert_ok(ferric_batch_document_put(batch, users, text("bob"), text("{\"mail\":\"a@b\"}")));
    assert_ok(ferric_batch_delete(batch, users, text("ann")));
    assert_ok(ferric_write(kit.db, batch, NULL, NULL));
    ferric_batch_clear(batch);
    assert_ok(ferric_batch_document_put(batch, users, text("eve"), text("{\"mail\":\"e\"}")));
    assert_ok(ferric_batch_document_put(batch, users, text("fay"), text("{\"mail\":\"e\"}")));
    assert_failed(ferric_write(kit.db, batch, NULL, NULL), FERRIC_ALREADY_EXISTS, "\"e\"");
    ferric_batch_destroy(batch);
    assert_found(kit.db, users, "{\"mail\":\"a@b\"}", NULL, "bob ");
    assert_found(kit.db, users, "{\"mail\":\"e\"}", NULL, "");
    assert_ok(ferric_index_verify(kit.db, users, NULL, NULL));
    ferric_keyspace_close(users);
    kit_deinit(&kit);
}

static void test_unique_index_on_equal_documents_is_refused(void **state)
{
    api_kit kit;
    ferric_keyspace *users;
    ferric_index_options options = FERRIC_INDEX_OPTIONS_INIT;
    ferric_buffer json = {0};

    (void)state;
    kit_init(&kit);
    users = users_of(&kit);
    put_document(&kit, users, "a", "{\"n\":1}");
    put_document(&kit, users, "b", "{\"n\":1.0}");
    options.unique = true;
    assert_failed(ferric_index_create(kit.db, users, text("\"n\""), &options),
                  FERRIC_ALREADY_EXISTS, "n_1");
    assert_ok(ferric_index_list(kit.db, users, &json));
    assert_int_equal(json.size, 2);
    put_document(&kit, users, "c", "{\"n\":1}");
    ferric_buffer_free(&json);
    ferric_keyspace_close(users);
    kit_deinit(&kit);
}

typedef struct stopper {
    api_kit *kit;
    ferric_keyspace *users;
    int calls;
} stopper;

// Writes beside the build, then stops it.
static bool stop_later(void *context, uint64_t documents)
{
    stopper *s = context;

    (void)documents;
    put_document(s->kit, s->users, "u0001", "{\"age\":99}");
    put_document(s->kit, s->users, "u0999", "{\"age\":99}");
    put_document(s->kit, s->users, "v", "{\"age\":99}");
    return ++s->calls < 2;
}

static void test_build_that_was_stopped_goes_on(void **state)
{
    api_kit kit;
    stopper s = {.kit = &kit};
    ferric_index_options options = FERRIC_INDEX_OPTIONS_INIT;
    ferric_snapshot *before;
    ferric_find_options find = FERRIC_FIND_OPTIONS_INIT;
    uint64_t count;
    uint64_t entries;

    (void)state;
    kit_init(&kit);
    s.users = users_of(&kit);
    fill_users(&kit, s.users, 1000);
    options.progress = stop_later;
    options.progress_context = &s;
    assert_int_equal(ferric_index_create(kit.db, s.users, text("\"age\""), &options),
                     FERRIC_INTERRUPTED);
    assert_int_equal(s.calls, 2);
    // Half an index is none for a query.
    assert_ok(ferric_find_count(kit.db, s.users, text("{\"age\":7}"), NULL, &count));
    assert_int_equal(count, 20);
    assert_ok(ferric_snapshot_create(kit.db, &before));
    ferric_snapshot_release(before);
    ferric_keyspace_close(s.users);
    kit_reopen(&kit);
    s.users = users_of(&kit);
    assert_ok(ferric_snapshot_create(kit.db, &before));
    assert_ok(ferric_index_create(kit.db, s.users, text("\"age\""), NULL));
    find.snapshot = before;
    find.hint = "age_1";
    assert_failed(ferric_find_count(kit.db, s.users, text("{\"age\":7}"), &find, &count),
                  FERRIC_INVALID_ARGUMENT, "age_1");
    find.hint = NULL;
    assert_ok(ferric_find_count(kit.db, s.users, text("{\"age\":99}"), &find, &count));
    assert_int_equal(count, 3);
    ferric_snapshot_release(before);
    assert_ok(ferric_index_verify(kit.db, s.users, NULL, &entries));
    assert_int_equal(entries, 1001);
    ferric_keyspace_close(s.users);
    kit_deinit(&kit);
}

static void test_dropped_index_is_gone_and_its_name_free(void **state)
{
    api_kit kit;
    ferric_keyspace *users;
    ferric_index_options options = FERRIC_INDEX_OPTIONS_INIT;
    uint64_t entries;

    (void)state;
    kit_init(&kit);
    users = users_of(&kit);
    fill_users(&kit, users, 100);
    options.name = "mine";
    assert_ok(ferric_index_create(kit.db, users, text("\"age\""), &options));
    assert_failed(ferric_index_create(kit.db, users, text("\"n\""), &options),
                  FERRIC_ALREADY_EXISTS, "mine");
    assert_ok(ferric_index_drop(kit.db, users, "mine"));
    assert_int_equal(ferric_index_drop(kit.db, users, "mine"), FERRIC_NOT_FOUND);
    assert_ok(ferric_index_create(kit.db, users, text("\"n\""), &options));
    assert_ok(ferric_index_verify(kit.db, users, NULL, &entries));
    assert_int_equal(entries, 100);
    ferric_keyspace_close(users);
    kit_deinit(&kit);
}

static void test_index_of_nonsense_is_refused(void **state)
{
    api_kit kit;
    ferric_keyspace *users;
    ferric_index_options options = FERRIC_INDEX_OPTIONS_INIT;
    ferric_buffer json = {0};

    (void)state;
    kit_init(&kit);
    users = users_of(&kit);
    assert_failed(ferric_index_create(kit.db, users, text("{}"), NULL), FERRIC_INVALID_ARGUMENT,
                  "");
    assert_failed(ferric_index_create(kit.db, users, text("{\"a\":2}"), NULL),
                  FERRIC_INVALID_ARGUMENT, "");
    options.filter = text("{\"a\":{\"$nope\":1}}");
    assert_failed(ferric_index_create(kit.db, users, text("\"a\""), &options),
                  FERRIC_INVALID_ARGUMENT, "$nope");
    create_index(&kit, users, "[\"a\",\"b\"]", false);
    assert_failed(
        ferric_document_put(kit.db, users, text("k"), text("{\"a\":[1],\"b\":[2]}"), NULL),
        FERRIC_INVALID_ARGUMENT, "a");
    assert_ok(ferric_index_list(kit.db, users, &json));
    assert_ok(fe_buffer_append(&json, "", 1));
    assert_non_null(strstr((const char *)json.data, "a_1_b_1"));
    ferric_buffer_free(&json);
    ferric_keyspace_close(users);
    kit_deinit(&kit);
}

static void test_repair_builds_indexes_anew_and_names_no_other_keyspace(void **state)
{
    api_kit kit;
    ferric_options options;
    ferric_keyspace *users;
    ferric_keyspace_info *list;
    ferric_db *repaired;
    uint64_t entries;
    size_t count;

    (void)state;
    kit_init(&kit);
    users = users_of(&kit);
    fill_users(&kit, users, 300);
    create_index(&kit, users, "\"age\"", false);
    ferric_keyspace_close(users);
    kit_close(&kit);
    options = kit.options;
    options.create_if_missing = true;
    assert_ok(ferric_repair(KIT_PATH, "/repaired.db", &options, NULL, NULL, NULL));
    assert_ok(ferric_open("/repaired.db", &options, &repaired));
    assert_ok(ferric_keyspace_list(repaired, &list, &count));
    assert_int_equal(count, 1);
    ferric_free(list);
    assert_ok(ferric_keyspace_open(repaired, "users", FERRIC_KEYSPACE_COLLECTION, &users));
    assert_ok(ferric_index_verify(repaired, users, NULL, &entries));
    assert_int_equal(entries, 300);
    ferric_keyspace_close(users);
    assert_ok(ferric_close(repaired));
    kit_open(&kit);
    kit_deinit(&kit);
}

// ---- Transactions ---------------------------------------------------------------------------

static void test_transactions_keep_indexes_and_lose_to_new_ones(void **state)
{
    api_kit kit;
    ferric_keyspace *users;
    ferric_txn *txn;
    uint64_t savepoint;

    (void)state;
    kit_init(&kit);
    users = users_of(&kit);
    create_index(&kit, users, "{\"mail\":1}", true);
    put_document(&kit, users, "ann", "{\"mail\":\"a\"}");
    assert_ok(ferric_txn_begin(kit.db, NULL, &txn));
    assert_ok(ferric_txn_document_put(txn, users, text("bob"), text("{\"mail\":\"b\"}")));
    assert_failed(ferric_txn_document_put(txn, users, text("cat"), text("{\"mail\":\"b\"}")),
                  FERRIC_ALREADY_EXISTS, "\"bob\"");
    assert_ok(ferric_txn_savepoint(txn, &savepoint));
    assert_ok(ferric_txn_delete(txn, users, text("ann")));
    assert_ok(ferric_txn_document_put(txn, users, text("cat"), text("{\"mail\":\"a\"}")));
    assert_ok(ferric_txn_rollback_to(txn, savepoint));
    assert_ok(ferric_txn_commit(txn, NULL));
    ferric_txn_destroy(txn);
    assert_found(kit.db, users, "{\"mail\":{\"$in\":[\"a\",\"b\"]}}", NULL, "ann bob ");
    assert_ok(ferric_index_verify(kit.db, users, NULL, NULL));

    assert_ok(ferric_txn_begin(kit.db, NULL, &txn));
    assert_ok(ferric_txn_document_put(txn, users, text("dog"), text("{\"mail\":\"d\",\"n\":1}")));
    create_index(&kit, users, "{\"n\":1}", false);
    assert_int_equal(ferric_txn_commit(txn, NULL), FERRIC_CONFLICT);
    ferric_txn_destroy(txn);
    assert_ok(ferric_index_verify(kit.db, users, NULL, NULL));
    ferric_keyspace_close(users);
    kit_deinit(&kit);
}

// ---- Finds ----------------------------------------------------------------------------------

static void test_find_sorts_skips_and_limits(void **state)
{
    api_kit kit;
    ferric_keyspace *users;
    ferric_find_options options = FERRIC_FIND_OPTIONS_INIT;

    (void)state;
    kit_init(&kit);
    users = users_of(&kit);
    put_document(&kit, users, "a", "{\"age\":30,\"role\":\"x\"}");
    put_document(&kit, users, "b", "{\"age\":20,\"role\":\"y\"}");
    put_document(&kit, users, "c", "{\"age\":40,\"role\":\"x\"}");
    put_document(&kit, users, "d", "{\"age\":20}");
    put_document(&kit, users, "e", "7");
    options.sort = text("{\"age\":-1}");
    assert_found(kit.db, users, "{}", &options, "c a d b e ");
    options.skip = 1;
    options.limit = 2;
    assert_found(kit.db, users, "", &options, "a d ");
    create_index(&kit, users, "{\"age\":1}", false);
    assert_found(kit.db, users, "", &options, "a d ");
    options.hint = "age_1";
    assert_found(kit.db, users, "{\"age\":{\"$lt\":40}}", &options, "d b ");
    options = (ferric_find_options)FERRIC_FIND_OPTIONS_INIT;
    assert_found(kit.db, users, "{\"$or\":[{\"age\":20},{\"age\":{\"$lte\":20}}]}", NULL, "b d ");
    options.max_scan = 2;
    options.hint = "$scan";
    {
        ferric_cursor *cursor;
        assert_ok(ferric_find(kit.db, users, text("{}"), &options, &cursor));
        assert_true(ferric_cursor_next(cursor));
        assert_true(ferric_cursor_next(cursor));
        assert_false(ferric_cursor_next(cursor));
        assert_int_equal(ferric_cursor_status(cursor), FERRIC_TOO_LARGE);
        ferric_cursor_destroy(cursor);
    }
    ferric_keyspace_close(users);
    kit_deinit(&kit);
}

static void test_sort_beyond_its_memory_says_what_to_do(void **state)
{
    api_kit kit;
    ferric_keyspace *users;
    ferric_find_options options = FERRIC_FIND_OPTIONS_INIT;
    uint64_t count;

    (void)state;
    kit_init(&kit);
    users = users_of(&kit);
    fill_users(&kit, users, 200);
    options.sort = text("\"age\"");
    options.memory_max = 2000;
    assert_failed(ferric_find_count(kit.db, users, text("{}"), &options, &count),
                  FERRIC_MEMORY_LIMIT, "create an index");
    options.limit = 3;
    assert_ok(ferric_find_count(kit.db, users, text("{}"), &options, &count));
    assert_int_equal(count, 3);
    options.limit = UINT64_MAX;
    create_index(&kit, users, "\"age\"", false);
    assert_ok(ferric_find_count(kit.db, users, text("{}"), &options, &count));
    assert_int_equal(count, 200);
    ferric_keyspace_close(users);
    kit_deinit(&kit);
}

static void test_cursor_keeps_its_state_and_outlives_the_database(void **state)
{
    api_kit kit;
    ferric_keyspace *users;
    ferric_cursor *cursor;

    (void)state;
    kit_init(&kit);
    users = users_of(&kit);
    fill_users(&kit, users, 3);
    assert_ok(ferric_find(kit.db, users, text("{}"), NULL, &cursor));
    assert_ok(ferric_delete(kit.db, users, text("u0002"), NULL));
    assert_true(ferric_cursor_next(cursor));
    assert_true(fe_slice_equal(ferric_cursor_document(cursor),
                               text("{\"_id\":\"u0000\",\"age\":0,\"n\":0}")));
    assert_true(ferric_cursor_next(cursor));
    assert_true(ferric_cursor_version(cursor) > 0);
    ferric_keyspace_close(users);
    kit_close(&kit);
    assert_false(ferric_cursor_next(cursor));
    assert_int_equal(ferric_cursor_status(cursor), FERRIC_CLOSED);
    ferric_cursor_destroy(cursor);
    kit_deinit(&kit);
}

static void test_a_wrong_filter_names_the_place(void **state)
{
    api_kit kit;
    ferric_cursor *cursor;
    ferric_find_options options = FERRIC_FIND_OPTIONS_INIT;

    (void)state;
    kit_init(&kit);
    assert_failed(ferric_find(kit.db, NULL, text("{\"a\":{\"$gr\":1}}"), NULL, &cursor),
                  FERRIC_INVALID_ARGUMENT, "$gr");
    assert_null(cursor);
    options.sort = text("{\"a\":3}");
    assert_failed(ferric_find(kit.db, NULL, text("{}"), &options, &cursor), FERRIC_INVALID_ARGUMENT,
                  "");
    assert_found(kit.db, NULL, "{\"a\":1}", NULL, ""); // A collection that is not there is empty.
    kit_deinit(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_insert_takes_the_id_or_makes_one),
        cmocka_unit_test(test_index_on_documents_that_are_there_survives_reopening),
        cmocka_unit_test(test_unique_names_the_key_and_the_document),
        cmocka_unit_test(test_unique_index_on_equal_documents_is_refused),
        cmocka_unit_test(test_build_that_was_stopped_goes_on),
        cmocka_unit_test(test_dropped_index_is_gone_and_its_name_free),
        cmocka_unit_test(test_index_of_nonsense_is_refused),
        cmocka_unit_test(test_repair_builds_indexes_anew_and_names_no_other_keyspace),
        cmocka_unit_test(test_transactions_keep_indexes_and_lose_to_new_ones),
        cmocka_unit_test(test_find_sorts_skips_and_limits),
        cmocka_unit_test(test_sort_beyond_its_memory_says_what_to_do),
        cmocka_unit_test(test_cursor_keeps_its_state_and_outlives_the_database),
        cmocka_unit_test(test_a_wrong_filter_names_the_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
