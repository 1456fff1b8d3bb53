// SPDX-License-Identifier: Apache-2.0
// What a query does and tells: plans by what they examine, projections, values, groups, updates and
// patches.
#include "users_kit.h"

static ferric_keyspace *fill(api_kit *kit, int count)
{
    ferric_keyspace *users = users_of(kit);

    for (int i = 0; i < count; i++) {
        char key[16];
        char json[96];
        snprintf(key, sizeof key, "u%04d", i);
        snprintf(json, sizeof json, "{\"rare\":%d,\"often\":%d,\"tags\":[%d,%d]}", i % 1000, i % 2,
                 i % 7, i % 5);
        put_document(kit, users, key, json);
    }
    return users;
}

// ---- Plans ----------------------------------------------------------------------------------

static void test_the_index_with_fewer_entries_is_taken(void **state)
{
    api_kit kit;
    ferric_keyspace *users;

    (void)state;
    kit_init(&kit);
    users = fill(&kit, 2000);
    create_index(&kit, users, "\"often\"", false);
    create_index(&kit, users, "\"rare\"", false);
    assert_explained(&kit, users, "{\"often\":1,\"rare\":501}", NULL, "\"index\":\"rare_1\"");
    assert_explained(&kit, users, "{\"often\":1,\"rare\":501}", NULL, "\"documents_examined\":2,");
    assert_explained(&kit, users, "{\"often\":1,\"rare\":{\"$gte\":0}}", NULL,
                     "\"index\":\"often_1\"");
    assert_explained(&kit, users, "{\"rare\":{\"$gte\":0,\"$lt\":3}}", NULL,
                     "\"documents_examined\":6,");
    ferric_keyspace_close(users);
    kit_deinit(&kit);
}

static void test_or_is_a_union_without_duplicates(void **state)
{
    api_kit kit;
    ferric_keyspace *users;
    uint64_t count;

    (void)state;
    kit_init(&kit);
    users = fill(&kit, 1000);
    create_index(&kit, users, "\"rare\"", false);
    create_index(&kit, users, "\"tags\"", false);
    assert_ok(ferric_find_count(
        kit.db, users, text("{\"$or\":[{\"rare\":{\"$lt\":10}},{\"tags\":3}]}"), NULL, &count));
    assert_explained(&kit, users, "{\"$or\":[{\"rare\":{\"$lt\":10}},{\"tags\":3}]}", NULL,
                     "\"kind\":\"union\"");
    {
        ferric_find_options scan = FERRIC_FIND_OPTIONS_INIT;
        uint64_t by_scan;
        scan.hint = "$scan";
        assert_ok(ferric_find_count(kit.db, users,
                                    text("{\"$or\":[{\"rare\":{\"$lt\":10}},{\"tags\":3}]}"), &scan,
                                    &by_scan));
        assert_int_equal(count, by_scan);
    }
    ferric_keyspace_close(users);
    kit_deinit(&kit);
}

static void test_a_scan_names_the_missing_index(void **state)
{
    api_kit kit;
    ferric_keyspace *users;

    (void)state;
    kit_init(&kit);
    users = fill(&kit, 50);
    assert_explained(&kit, users, "{ \"rare\" : 3 }", NULL, "\"missing_index\":{\"rare\":1}");
    assert_explained(&kit, users, "{\"_id\":\"u0003\"}", NULL, "\"kind\":\"id\"");
    assert_explained(&kit, users, "{\"_id\":\"u0003\"}", NULL, "\"documents_examined\":1,");
    ferric_keyspace_close(users);
    kit_deinit(&kit);
}

// ---- Summaries ------------------------------------------------------------------------------

static void test_projection_distinct_and_groups(void **state)
{
    api_kit kit;
    ferric_keyspace *users;
    ferric_find_options options = FERRIC_FIND_OPTIONS_INIT;
    ferric_cursor *cursor;
    ferric_buffer json = {0};

    (void)state;
    kit_init(&kit);
    users = fill(&kit, 10);
    options.projection = text("{\"rare\":1}");
    assert_ok(ferric_find(kit.db, users, text("{\"_id\":\"u0004\"}"), &options, &cursor));
    assert_true(ferric_cursor_next(cursor));
    json.size = 0;
    {
        ferric_slice document = ferric_cursor_document(cursor);
        assert_int_equal(document.size, strlen("{\"_id\":\"u0004\",\"rare\":4}"));
        assert_memory_equal(document.data, "{\"_id\":\"u0004\",\"rare\":4}", document.size);
    }
    ferric_cursor_destroy(cursor);
    assert_ok(ferric_find_distinct(kit.db, users, text("tags"), text("{\"rare\":{\"$lt\":3}}"),
                                   NULL, &json));
    assert_text(&json, "[0,1,2]");
    assert_ok(ferric_find_group(
        kit.db, users,
        text("{\"_id\":\"$often\",\"n\":{\"$count\":{}},\"m\":{\"$max\":\"$rare\"}}"), text(""),
        NULL, &json));
    assert_text(&json, "[{\"_id\":0,\"n\":5,\"m\":8},{\"_id\":1,\"n\":5,\"m\":9}]");
    ferric_buffer_free(&json);
    ferric_keyspace_close(users);
    kit_deinit(&kit);
}

// ---- Updates --------------------------------------------------------------------------------

static void test_updates_move_documents_in_indexes(void **state)
{
    api_kit kit;
    ferric_keyspace *users;
    ferric_update_options options = FERRIC_UPDATE_OPTIONS_INIT;
    ferric_update_result result;
    ferric_buffer key = {0};
    uint64_t count;

    (void)state;
    kit_init(&kit);
    users = fill(&kit, 100);
    create_index(&kit, users, "\"rare\"", false);
    options.many = true;
    // Each moves forward in the index that finds it, and is met once.
    assert_ok(ferric_update(kit.db, users, text("{\"rare\":{\"$gte\":50}}"),
                            text("{\"$inc\":{\"rare\":10}}"), &options, &result, NULL));
    assert_int_equal(result.matched, 50);
    assert_int_equal(result.modified, 50);
    assert_ok(ferric_find_count(kit.db, users, text("{\"rare\":{\"$gte\":60}}"), NULL, &count));
    assert_int_equal(count, 50);
    options.many = false;
    assert_ok(ferric_update(kit.db, users, text("{\"rare\":{\"$gte\":60}}"),
                            text("{\"$set\":{\"rare\":1}}"), &options, &result, NULL));
    assert_int_equal(result.modified, 1);
    options.upsert = true;
    assert_ok(ferric_update(kit.db, users, text("{\"_id\":\"new\",\"rare\":7777}"),
                            text("{\"$set\":{\"a\":1}}"), &options, &result, &key));
    assert_true(result.is_upserted);
    assert_text(&key, "new");
    assert_ok(ferric_find_count(kit.db, users, text("{\"rare\":7777,\"a\":1}"), NULL, &count));
    assert_int_equal(count, 1);
    options.upsert = false;
    options.many = true;
    assert_ok(ferric_remove(kit.db, users, text("{\"often\":1}"), &options, &result));
    assert_int_equal(result.modified, 50);
    assert_ok(ferric_index_verify(kit.db, users, NULL, &count));
    assert_int_equal(count, 51);
    assert_failed(ferric_update(kit.db, users, text("{}"), text("{\"a\":1}"), NULL, NULL, NULL),
                  FERRIC_INVALID_ARGUMENT, "");
    ferric_buffer_free(&key);
    ferric_keyspace_close(users);
    kit_deinit(&kit);
}

static void test_patches_of_both_kinds(void **state)
{
    api_kit kit;
    ferric_keyspace *users;
    ferric_buffer json = {0};

    (void)state;
    kit_init(&kit);
    users = fill(&kit, 1);
    assert_ok(ferric_document_patch(kit.db, users, text("u0000"),
                                    text("{\"tags\":null,\"often\":5}"), NULL));
    assert_ok(ferric_document_get(kit.db, users, text("u0000"), NULL, &json, NULL));
    assert_text(&json, "{\"rare\":0,\"often\":5}");
    assert_ok(
        ferric_document_patch(kit.db, users, text("u0000"),
                              text(" [{\"op\":\"test\",\"path\":\"/"
                                   "rare\",\"value\":0},{\"op\":\"remove\",\"path\":\"/rare\"}]"),
                              NULL));
    assert_ok(ferric_document_get(kit.db, users, text("u0000"), NULL, &json, NULL));
    assert_text(&json, "{\"often\":5}");
    assert_int_equal(ferric_document_patch(kit.db, users, text("nobody"), text("{}"), NULL),
                     FERRIC_NOT_FOUND);
    assert_int_equal(
        ferric_document_patch(kit.db, users, text("u0000"),
                              text("[{\"op\":\"test\",\"path\":\"/often\",\"value\":6}]"), NULL),
        FERRIC_CONFLICT);
    ferric_buffer_free(&json);
    ferric_keyspace_close(users);
    kit_deinit(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_index_with_fewer_entries_is_taken),
        cmocka_unit_test(test_or_is_a_union_without_duplicates),
        cmocka_unit_test(test_a_scan_names_the_missing_index),
        cmocka_unit_test(test_projection_distinct_and_groups),
        cmocka_unit_test(test_updates_move_documents_in_indexes),
        cmocka_unit_test(test_patches_of_both_kinds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
