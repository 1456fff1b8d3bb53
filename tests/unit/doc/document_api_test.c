// SPDX-License-Identifier: Apache-2.0
// The calls for documents: kinds of keyspaces, keys, batches, conditions, and arguments that are
// wrong.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include <ferric/ferric.h>

static ferric_slice text(const char *string)
{
    ferric_slice slice = {string, strlen(string)};
    return slice;
}

static int open_database(void **state)
{
    ferric_db *db = NULL;
    ferric_status status = ferric_open(":memory:", NULL, &db);
    *state = db;
    return status == FERRIC_OK ? 0 : -1;
}

static int close_database(void **state)
{
    return ferric_close(*state) == FERRIC_OK ? 0 : -1;
}

static void check_document(ferric_db *db, ferric_keyspace *collection, const char *key,
                           const char *expected)
{
    ferric_buffer json = {0};
    uint64_t version = 0;
    assert_int_equal(ferric_document_get(db, collection, text(key), NULL, &json, &version),
                     FERRIC_OK);
    assert_int_equal(json.size, strlen(expected));
    assert_memory_equal(json.data, expected, json.size);
    assert_true(version > 0);
    ferric_buffer_free(&json);
}

static void test_documents_come_back_minified_with_their_version(void **state)
{
    ferric_db *db = *state;
    ferric_buffer json = {0};
    uint64_t version = 1;
    assert_int_equal(ferric_document_put(db, NULL, text("k"), text(" { \"a\" : 1.50 } "), NULL),
                     FERRIC_OK);
    check_document(db, NULL, "k", "{\"a\":1.50}");
    assert_int_equal(ferric_document_get(db, NULL, text("none"), NULL, &json, &version),
                     FERRIC_NOT_FOUND);
    assert_int_equal(version, 0);
    ferric_buffer_free(&json);
}

static void test_null_is_the_collection_main(void **state)
{
    ferric_db *db = *state;
    ferric_keyspace *main_collection;
    ferric_buffer value = {0};
    assert_int_equal(ferric_document_put(db, NULL, text("k"), text("1"), NULL), FERRIC_OK);
    assert_int_equal(ferric_keyspace_open(db, "main", FERRIC_KEYSPACE_COLLECTION, &main_collection),
                     FERRIC_OK);
    check_document(db, main_collection, "k", "1");
    // Raw calls with NULL mean the raw main, which it can no longer be.
    assert_int_equal(ferric_put(db, NULL, text("k"), text("1"), NULL), FERRIC_WRONG_KIND);
    assert_int_equal(ferric_get(db, NULL, text("k"), NULL, &value, NULL), FERRIC_WRONG_KIND);
    assert_int_equal(ferric_put(db, main_collection, text("k"), text("1"), NULL),
                     FERRIC_WRONG_KIND);
    assert_non_null(strstr(ferric_error_message(), "ferric_document_put"));
    ferric_buffer_free(&value);
    ferric_keyspace_close(main_collection);
}

static void test_a_raw_keyspace_takes_no_documents(void **state)
{
    ferric_db *db = *state;
    ferric_buffer json = {0};
    ferric_keyspace *raw;
    assert_int_equal(ferric_keyspace_open(db, "bytes", FERRIC_KEYSPACE_RAW, &raw), FERRIC_OK);
    assert_int_equal(ferric_document_put(db, raw, text("k"), text("1"), NULL), FERRIC_WRONG_KIND);
    assert_int_equal(ferric_document_get(db, raw, text("k"), NULL, &json, NULL), FERRIC_WRONG_KIND);
    assert_int_equal(ferric_put(db, NULL, text("k"), text("1"), NULL), FERRIC_OK);
    assert_int_equal(ferric_document_put(db, NULL, text("k"), text("1"), NULL), FERRIC_WRONG_KIND);
    ferric_buffer_free(&json);
    ferric_keyspace_close(raw);
}

static void test_what_is_no_document_is_refused_and_nothing_is_written(void **state)
{
    ferric_db *db = *state;
    uint64_t count = 1;
    ferric_slice all = {NULL, 0};
    assert_int_equal(ferric_document_put(db, NULL, text("k"), text("{\"a\":}"), NULL),
                     FERRIC_INVALID_ARGUMENT);
    assert_non_null(strstr(ferric_error_message(), "byte 5"));
    assert_int_equal(ferric_document_put(db, NULL, text("\xff"), text("1"), NULL),
                     FERRIC_INVALID_ARGUMENT);
    assert_int_equal(ferric_document_put(db, NULL, text(""), text("1"), NULL),
                     FERRIC_INVALID_ARGUMENT);
    assert_int_equal(ferric_document_put(db, NULL, text("k"), text("{\"_id\":\"j\"}"), NULL),
                     FERRIC_INVALID_ARGUMENT);
    assert_int_equal(ferric_count(db, NULL, all, all, NULL, &count), FERRIC_OK);
    assert_int_equal(count, 0);
}

static void test_conditions_hold_for_documents(void **state)
{
    ferric_db *db = *state;
    ferric_write_options options = FERRIC_WRITE_OPTIONS_INIT;
    options.condition = FERRIC_IF_ABSENT;
    assert_int_equal(ferric_document_put(db, NULL, text("k"), text("1"), &options), FERRIC_OK);
    assert_int_equal(ferric_document_put(db, NULL, text("k"), text("2"), &options),
                     FERRIC_CONFLICT);
    check_document(db, NULL, "k", "1");
}

static void test_batches_hold_documents_of_named_collections(void **state)
{
    ferric_db *db = *state;
    ferric_keyspace *users;
    ferric_batch *batch;
    assert_int_equal(ferric_keyspace_open(db, "users", FERRIC_KEYSPACE_COLLECTION, &users),
                     FERRIC_OK);
    assert_int_equal(ferric_batch_create(&batch), FERRIC_OK);
    assert_int_equal(ferric_batch_document_put(batch, users, text("a"), text("[ 1 ]")), FERRIC_OK);
    assert_int_equal(ferric_batch_document_put(batch, users, text("b"), text("[1")),
                     FERRIC_INVALID_ARGUMENT);
    assert_int_equal(ferric_batch_document_put(batch, NULL, text("b"), text("1")),
                     FERRIC_INVALID_ARGUMENT);
    assert_int_equal(ferric_batch_put(batch, users, text("b"), text("1")), FERRIC_WRONG_KIND);
    assert_int_equal(ferric_batch_count(batch), 1);
    assert_int_equal(ferric_write(db, batch, NULL, NULL), FERRIC_OK);
    check_document(db, users, "a", "[1]");
    ferric_batch_destroy(batch);
    ferric_keyspace_close(users);
}

static void test_iterators_give_stored_documents(void **state)
{
    ferric_db *db = *state;
    ferric_keyspace *users;
    ferric_iterator *iterator;
    ferric_slice json;
    assert_int_equal(ferric_keyspace_open(db, "users", FERRIC_KEYSPACE_COLLECTION, &users),
                     FERRIC_OK);
    assert_int_equal(ferric_document_put(db, users, text("a"), text("{ }"), NULL), FERRIC_OK);
    assert_int_equal(ferric_iterator_create(db, users, NULL, &iterator), FERRIC_OK);
    assert_true(ferric_iterator_next(iterator));
    assert_int_equal(ferric_document_text(ferric_iterator_value(iterator), &json), FERRIC_OK);
    assert_int_equal(json.size, 2);
    assert_memory_equal(json.data, "{}", 2);
    assert_int_equal(ferric_document_text(text("\x7f{}"), &json), FERRIC_UNSUPPORTED);
    ferric_iterator_destroy(iterator);
    ferric_keyspace_close(users);
}

static void test_minify_replaces_its_buffer(void **state)
{
    ferric_buffer minified = {0};
    size_t offset = 7;
    (void)state;
    assert_int_equal(ferric_json_minify(text("[ 1 ]"), &minified, &offset), FERRIC_OK);
    assert_int_equal(offset, 0);
    assert_int_equal(ferric_json_minify(text(" null "), &minified, NULL), FERRIC_OK);
    assert_int_equal(minified.size, 4);
    assert_memory_equal(minified.data, "null", 4);
    assert_int_equal(ferric_json_minify(text("[1"), &minified, &offset), FERRIC_INVALID_ARGUMENT);
    assert_int_equal(offset, 2);
    ferric_buffer_free(&minified);
}

static void test_missing_arguments_are_named(void **state)
{
    ferric_db *db = *state;
    ferric_slice nothing = {NULL, 3};
    ferric_slice json;
    assert_int_equal(ferric_document_put(NULL, NULL, text("k"), text("1"), NULL),
                     FERRIC_INVALID_ARGUMENT);
    assert_int_equal(ferric_document_put(db, NULL, nothing, text("1"), NULL),
                     FERRIC_INVALID_ARGUMENT);
    assert_int_equal(ferric_document_put(db, NULL, text("k"), nothing, NULL),
                     FERRIC_INVALID_ARGUMENT);
    assert_int_equal(ferric_document_get(db, NULL, text("k"), NULL, NULL, NULL),
                     FERRIC_INVALID_ARGUMENT);
    assert_non_null(strstr(ferric_error_message(), "json"));
    assert_int_equal(ferric_batch_document_put(NULL, NULL, text("k"), text("1")),
                     FERRIC_INVALID_ARGUMENT);
    assert_int_equal(ferric_document_text(nothing, &json), FERRIC_INVALID_ARGUMENT);
    assert_int_equal(ferric_document_text(text("\x01{}"), NULL), FERRIC_INVALID_ARGUMENT);
    assert_int_equal(ferric_json_minify(text("1"), NULL, NULL), FERRIC_INVALID_ARGUMENT);
}

int main(void)
{
#define ON_DATABASE(test) cmocka_unit_test_setup_teardown(test, open_database, close_database)
    const struct CMUnitTest tests[] = {
        ON_DATABASE(test_documents_come_back_minified_with_their_version),
        ON_DATABASE(test_null_is_the_collection_main),
        ON_DATABASE(test_a_raw_keyspace_takes_no_documents),
        ON_DATABASE(test_what_is_no_document_is_refused_and_nothing_is_written),
        ON_DATABASE(test_conditions_hold_for_documents),
        ON_DATABASE(test_batches_hold_documents_of_named_collections),
        ON_DATABASE(test_iterators_give_stored_documents),
        cmocka_unit_test(test_minify_replaces_its_buffer),
        ON_DATABASE(test_missing_arguments_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
