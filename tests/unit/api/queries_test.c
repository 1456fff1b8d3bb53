// SPDX-License-Identifier: Apache-2.0
// What a query does and tells: plans by what they examine, projections, values, groups, updates and
// patches.
#include "base/slice.h"
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

static void test_operators_without_dollar_are_noticed(void **state)
{
    api_kit kit;
    ferric_keyspace *users;

    (void)state;
    kit_init(&kit);
    users = fill(&kit, 5);
    assert_explained(&kit, users, "{\"rare\":{ \"gt\":1,\"lt\":\"x\"}}", NULL,
                     "\"meant\":{\"rare\":{\"$gt\":1,\"$lt\":\"x\"}}");
    assert_not_explained(&kit, users, "{\"rare\":{\"gt\":1,\"city\":2}}", NULL, "\"meant\"");
    assert_not_explained(&kit, users, "{\"rare\":{}}", NULL, "\"meant\"");
    assert_not_explained(&kit, users, "{\"rare\":77}", NULL, "\"meant\"");
    put_document(&kit, users, "size", "{\"rare\":{\"size\":1}}");
    assert_not_explained(&kit, users, "{\"rare\":{\"size\":1}}", NULL, "\"meant\"");
    ferric_keyspace_close(users);
    kit_deinit(&kit);
}

// ---- Reading ahead and counting -------------------------------------------------------------

// More documents than are looked up together, in several batches.
static void test_many_documents_come_in_the_order_of_the_index(void **state)
{
    ferric_find_options options = FERRIC_FIND_OPTIONS_INIT;
    ferric_cursor *cursor;
    int expected = 100;
    api_kit kit;
    ferric_keyspace *users;

    (void)state;
    kit_init(&kit);
    users = fill(&kit, 500);
    create_index(&kit, users, "\"rare\"", false);
    options.sort = text("\"rare\"");
    assert_ok(ferric_find(kit.db, users, text("{\"rare\":{\"$gte\":100,\"$lt\":400}}"), &options,
                          &cursor));
    for (; ferric_cursor_next(cursor); expected++) {
        char key[16];
        char begin[48];
        ferric_slice document = ferric_cursor_document(cursor);
        snprintf(key, sizeof key, "u%04d", expected);
        snprintf(begin, sizeof begin, "{\"_id\":\"%s\",\"rare\":%d,", key, expected);
        assert_true(fe_slice_equal(ferric_cursor_key(cursor), text(key)));
        assert_true(fe_slice_has_prefix(document, text(begin)));
    }
    assert_ok(ferric_cursor_status(cursor));
    assert_int_equal(expected, 400);
    ferric_cursor_destroy(cursor);
    ferric_keyspace_close(users);
    kit_deinit(&kit);
}

// Batches become smaller where documents are large, and larger again behind them.
static void test_large_documents_come_in_smaller_batches(void **state)
{
    enum { SIZE = 100000, COUNT = 60 };
    char *json = malloc(SIZE + 64);
    ferric_find_options options = FERRIC_FIND_OPTIONS_INIT;
    ferric_cursor *cursor;
    int expected = 0;
    api_kit kit;
    ferric_keyspace *users;

    (void)state;
    kit_init(&kit);
    users = users_of(&kit);
    for (int i = 0; i < COUNT; i++) {
        char key[16];
        int size = i % 20 < 10 ? 1 : SIZE;
        snprintf(key, sizeof key, "u%04d", i);
        snprintf(json, SIZE + 64, "{\"rare\":%d,\"text\":\"%0*d\"}", i, size, i % 10);
        put_document(&kit, users, key, json);
    }
    create_index(&kit, users, "\"rare\"", false);
    options.sort = text("\"rare\"");
    assert_ok(ferric_find(kit.db, users, text("{\"rare\":{\"$gte\":0}}"), &options, &cursor));
    for (; ferric_cursor_next(cursor); expected++) {
        char end[16];
        ferric_slice document = ferric_cursor_document(cursor);
        snprintf(end, sizeof end, "%d\"}", expected % 10);
        assert_int_equal(document.size > SIZE, expected % 20 >= 10);
        assert_memory_equal(fe_slice_bytes(document) + document.size - strlen(end), end,
                            strlen(end));
    }
    assert_ok(ferric_cursor_status(cursor));
    assert_int_equal(expected, COUNT);
    ferric_cursor_destroy(cursor);
    ferric_keyspace_close(users);
    kit_deinit(&kit);
    free(json);
}

static void test_a_limit_ends_the_walk(void **state)
{
    static const char filter[] = "{\"rare\":{\"$gte\":100}}";
    ferric_find_options options = FERRIC_FIND_OPTIONS_INIT;
    api_kit kit;
    ferric_keyspace *users;

    (void)state;
    kit_init(&kit);
    users = fill(&kit, 500);
    create_index(&kit, users, "\"rare\"", false);
    create_index(&kit, users, "\"often\"", false);
    options.sort = text("{\"rare\":-1}");
    options.limit = 50;
    options.skip = 10;
    assert_explained(&kit, users, filter, &options,
                     "\"bound\":1,\"equal\":0,\"reverse\":true,\"sorted\":true");
    assert_explained(&kit, users, filter, &options,
                     "\"entries_examined\":60,\"documents_examined\":60,\"returned\":50");
    // What the other index finds would have to be sorted, and is more.
    assert_explained(&kit, users, "{\"rare\":{\"$gte\":100},\"often\":{\"$gte\":0}}", &options,
                     "\"index\":\"rare_1\"");
    ferric_keyspace_close(users);
    kit_deinit(&kit);
}

static void test_counts_take_entries_for_documents(void **state)
{
    ferric_find_options options = FERRIC_FIND_OPTIONS_INIT;
    ferric_slice range = text("{\"rare\":{\"$gte\":100,\"$lt\":400}}");
    api_kit kit;
    ferric_keyspace *users;
    uint64_t count;

    (void)state;
    kit_init(&kit);
    users = fill(&kit, 500);
    create_index(&kit, users, "\"rare\"", false);
    create_index(&kit, users, "\"tags\"", false);
    assert_count(&kit, users, "{}", 500);
    assert_count(&kit, users, "{\"rare\":{\"$gte\":100,\"$lt\":400}}", 300);
    // A document with several entries counts once, and one filter more has to be asked.
    assert_count(&kit, users, "{\"tags\":{\"$gte\":0}}", 500);
    assert_count(&kit, users, "{\"rare\":{\"$gte\":100,\"$lt\":400},\"often\":1}", 150);
    options.skip = 290;
    options.limit = 100;
    assert_ok(ferric_find_count(kit.db, users, range, &options, &count));
    assert_int_equal(count, 10);
    assert_ok(ferric_find_count(kit.db, users, text("{}"), &options, &count));
    assert_int_equal(count, 100);
    options.skip = 600;
    assert_ok(ferric_find_count(kit.db, users, text("{}"), &options, &count));
    assert_int_equal(count, 0);
    options.skip = 0;
    options.max_scan = 10;
    assert_int_equal(ferric_find_count(kit.db, users, text("{}"), &options, &count),
                     FERRIC_TOO_LARGE);
    assert_ok(ferric_find_count(kit.db, users, range, &options, &count));
    assert_int_equal(count, 100);
    ferric_keyspace_close(users);
    kit_deinit(&kit);
}

// ---- Summaries ------------------------------------------------------------------------------

// The documents that a find shows, each followed by a space.
static void assert_shown(api_kit *kit, ferric_keyspace *users, const char *filter,
                         const ferric_find_options *options, const char *expected)
{
    char shown[512] = "";
    size_t used = 0;
    ferric_cursor *cursor;

    assert_ok(ferric_find(kit->db, users, text(filter), options, &cursor));
    while (ferric_cursor_next(cursor)) {
        ferric_slice json = ferric_cursor_document(cursor);
        used += (size_t)snprintf(shown + used, sizeof shown - used, "%.*s ", (int)json.size,
                                 (const char *)json.data);
    }
    assert_ok(ferric_cursor_status(cursor));
    ferric_cursor_destroy(cursor);
    assert_string_equal(shown, expected);
}

static void test_covered_queries_read_no_document(void **state)
{
    ferric_find_options ids = FERRIC_FIND_OPTIONS_INIT;
    ferric_find_options members = FERRIC_FIND_OPTIONS_INIT;
    api_kit kit;
    ferric_keyspace *users;
    uint64_t count;

    (void)state;
    kit_init(&kit);
    users = fill(&kit, 100);
    create_index(&kit, users, "{\"often\":1,\"rare\":1}", false);
    create_index(&kit, users, "\"tags\"", false);
    ids.projection = text("{\"_id\":1}");
    assert_explained(&kit, users, "{\"often\":1,\"rare\":{\"$lt\":9}}", &ids,
                     "\"covered\":true},\"entries_examined\":4,\"documents_examined\":0,"
                     "\"returned\":4");
    assert_shown(&kit, users, "{\"often\":1,\"rare\":{\"$lt\":4}}", &ids,
                 "{\"_id\":\"u0001\"} {\"_id\":\"u0003\"} ");
    // Documents with several entries are found once, by their ids alone.
    assert_explained(&kit, users, "{\"tags\":3}", &ids, "\"documents_examined\":0,");
    create_index(&kit, users, "\"rare\"", false);
    members.projection = text("{\"rare\":1}");
    members.hint = "rare_1";
    assert_explained(&kit, users, "{\"rare\":8}", &members, "\"documents_examined\":0,");
    assert_shown(&kit, users, "{\"rare\":8}", &members, "{\"_id\":\"u0008\",\"rare\":8} ");
    members.hint = NULL;
    // What the index does not have, or the filter wants beside it, is read.
    members.projection = text("{\"tags\":1}");
    assert_explained(&kit, users, "{\"often\":0,\"rare\":8}", &members,
                     "\"documents_examined\":1,");
    assert_explained(&kit, users, "{\"often\":0,\"rare\":8,\"x\":null}", &ids,
                     "\"documents_examined\":1,");
    assert_explained(&kit, users, "{\"tags\":3}", &members, "\"documents_examined\":31,");
    assert_ok(ferric_find_count(kit.db, users, text("{\"often\":1}"), NULL, &count));
    assert_int_equal(count, 50);
    ferric_keyspace_close(users);
    kit_deinit(&kit);
}

static void test_covered_answers_read_as_documents_do(void **state)
{
    ferric_find_options options = FERRIC_FIND_OPTIONS_INIT;
    api_kit kit;
    ferric_keyspace *users;
    ferric_cursor *cursor;
    ferric_buffer json = {0};
    uint64_t version;

    (void)state;
    kit_init(&kit);
    users = users_of(&kit);
    create_index(&kit, users, "{\"a\":1,\"b\":1}", false);
    put_document(&kit, users, "1", "{\"a\":1,\"b\":\"x\"}");
    put_document(&kit, users, "2", "{\"a\":1.0,\"b\":\"x\"}");
    put_document(&kit, users, "3", "{\"a\":1,\"b\":\"\\u0078\"}");
    put_document(&kit, users, "4", "{\"b\":\"x\",\"a\":1}");
    put_document(&kit, users, "5", "{\"a\":1,\"\\u0062\":\"x\"}");
    put_document(&kit, users, "6", "{\"a\":1,\"c\":0}");
    put_document(&kit, users, "7", "{\"a\":1,\"b\":{\"y\":1,\"x\":2}}");
    put_document(&kit, users, "8", "{\"a\":1,\"b\":0.00001}");
    options.projection = text("{\"a\":1,\"b\":1,\"_id\":0}");
    assert_shown(&kit, users, "{\"a\":1}", &options,
                 "{\"a\":1} {\"a\":1,\"b\":0.00001} {\"a\":1,\"b\":\"x\"} "
                 "{\"a\":1.0,\"b\":\"x\"} {\"a\":1,\"b\":\"\\u0078\"} "
                 "{\"b\":\"x\",\"a\":1} {\"a\":1,\"\\u0062\":\"x\"} "
                 "{\"a\":1,\"b\":{\"y\":1,\"x\":2}} ");
    assert_explained(&kit, users, "{\"a\":1}", &options, "\"documents_examined\":6,");
    // What reads differently from now on is read.
    put_document(&kit, users, "1", "{\"a\":1.00,\"b\":\"x\"}");
    assert_explained(&kit, users, "{\"a\":1}", &options, "\"documents_examined\":7,");
    assert_indexes_sound(&kit, users, 8);
    // The version is the document's, not the entry's.
    put_document(&kit, users, "6", "{\"a\":1,\"c\":1}");
    assert_ok(ferric_document_get(kit.db, users, text("6"), NULL, &json, &version));
    ferric_buffer_free(&json);
    assert_ok(ferric_find(kit.db, users, text("{\"a\":1,\"b\":null}"), &options, &cursor));
    assert_true(ferric_cursor_next(cursor));
    assert_int_equal(ferric_cursor_version(cursor), version);
    ferric_cursor_destroy(cursor);
    ferric_keyspace_close(users);
    kit_deinit(&kit);
}

typedef struct slow_log {
    int count;
    char message[1024];
} slow_log;

static void hear_slow(void *context, const ferric_event *event)
{
    slow_log *log = context;

    if (event->kind != FERRIC_EVENT_SLOW_QUERY) return;
    log->count++;
    snprintf(log->message, sizeof log->message, "%s", event->message);
}

static void test_slow_queries_name_the_missing_index(void **state)
{
    slow_log log = {0};
    api_kit kit;
    ferric_keyspace *users;
    uint64_t count;

    (void)state;
    kit_init(&kit);
    kit.options.event_callback = hear_slow;
    kit.options.event_context = &log;
    kit.options.slow_query_ms = 1;
    kit_reopen(&kit);
    users = users_of(&kit);
    fill_users(&kit, users, 10000); // No machine looks at so many in a millisecond.
    assert_ok(ferric_find_count(kit.db, users, text("{\"n\":7}"), NULL, &count));
    assert_int_equal(log.count, 1);
    assert_non_null(strstr(log.message, "slow query on \"users\", "));
    assert_non_null(strstr(log.message, "ms: {\"n\":7}: scan, 0 index entries and 10000 documents "
                                        "examined, 1 returned, missing index {\"n\":1}"));
    ferric_keyspace_close(users);
    kit.options.slow_query_ms = 0;
    kit_reopen(&kit);
    users = users_of(&kit);
    assert_ok(ferric_find_count(kit.db, users, text("{\"n\":7}"), NULL, &count));
    assert_int_equal(log.count, 1);
    ferric_keyspace_close(users);
    kit_deinit(&kit);
}

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

static const char grouped[] =
    "{\"_id\":\"$often\",\"n\":{\"$count\":{}},\"m\":{\"$max\":\"$rare\"}}";

static void assert_groups(api_kit *kit, ferric_keyspace *users, const ferric_find_options *options,
                          const char *expected)
{
    ferric_buffer json = {0};
    assert_ok(ferric_find_group(kit->db, users, text(grouped), text(""), options, &json));
    assert_text(&json, expected);
    ferric_buffer_free(&json);
}

static void test_groups_are_sorted_and_cut(void **state)
{
    ferric_find_options options = FERRIC_FIND_OPTIONS_INIT;
    ferric_buffer json = {0};
    ferric_keyspace *users;
    api_kit kit;

    (void)state;
    kit_init(&kit);
    users = fill(&kit, 9);
    assert_groups(&kit, users, NULL, "[{\"_id\":0,\"n\":5,\"m\":8},{\"_id\":1,\"n\":4,\"m\":7}]");
    options.sort = text("{\"n\":1}");
    assert_groups(&kit, users, &options,
                  "[{\"_id\":1,\"n\":4,\"m\":7},{\"_id\":0,\"n\":5,\"m\":8}]");
    options.limit = 1;
    assert_groups(&kit, users, &options, "[{\"_id\":1,\"n\":4,\"m\":7}]");
    options.skip = 1;
    assert_groups(&kit, users, &options, "[{\"_id\":0,\"n\":5,\"m\":8}]");
    options.sort = text("\"-_id\"");
    assert_groups(&kit, users, &options, "[{\"_id\":0,\"n\":5,\"m\":8}]");
    options.sort = text("");
    assert_groups(&kit, users, &options, "[{\"_id\":1,\"n\":4,\"m\":7}]");
    options.skip = UINT64_MAX;
    options.limit = UINT64_MAX;
    assert_groups(&kit, users, &options, "[]");
    options.sort = text("{\"n\":2}");
    assert_int_equal(ferric_find_group(kit.db, users, text(grouped), text(""), &options, &json),
                     FERRIC_INVALID_ARGUMENT);
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
        cmocka_unit_test(test_operators_without_dollar_are_noticed),
        cmocka_unit_test(test_many_documents_come_in_the_order_of_the_index),
        cmocka_unit_test(test_large_documents_come_in_smaller_batches),
        cmocka_unit_test(test_a_limit_ends_the_walk),
        cmocka_unit_test(test_counts_take_entries_for_documents),
        cmocka_unit_test(test_covered_queries_read_no_document),
        cmocka_unit_test(test_covered_answers_read_as_documents_do),
        cmocka_unit_test(test_slow_queries_name_the_missing_index),
        cmocka_unit_test(test_projection_distinct_and_groups),
        cmocka_unit_test(test_groups_are_sorted_and_cut),
        cmocka_unit_test(test_updates_move_documents_in_indexes),
        cmocka_unit_test(test_patches_of_both_kinds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
