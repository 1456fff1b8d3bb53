// SPDX-License-Identifier: Apache-2.0
// Updates leave indexes alone that they cannot touch, and no others: after each of them the indexes
// have what the documents have.
#include "users_kit.h"

// One after another, on documents as below.
static const char *const updates[] = {
    "{\"$set\":{\"other\":1}}",
    "{\"$inc\":{\"other\":2}}",
    "{\"$set\":{\"a.b\":8}}",
    "{\"$set\":{\"/a/b\":9}}",
    "{\"$set\":{\"a\":{\"b\":7,\"d\":3}}}",
    "{\"$set\":{\"e.b\":70}}",
    "{\"$set\":{\"tags.0.k\":5}}",
    "{\"$push\":{\"tags\":{\"k\":6}}}",
    "{\"$pull\":{\"tags\":{\"k\":{\"$lt\":3}}}}",
    "{\"$inc\":{\"c\":1}}",
    "{\"$set\":{\"a.d\":4}}",
    "{\"$set\":{\"state\":2}}", // Leaves the partial index,
    "{\"$inc\":{\"n\":1}}",
    "{\"$set\":{\"state\":1}}", // and comes back.
    "{\"$rename\":{\"a\":\"z\"}}",
    "{\"$rename\":{\"e\":\"a\"}}",
    "{\"$unset\":{\"tags\":1}}",
    "{\"$set\":{\"other\":1,\"sparse\":[1,2]}}",
    "{\"$unset\":{\"sparse\":1,\"other\":1}}",
};

static ferric_keyspace *make_indexed(api_kit *kit)
{
    ferric_index_options partial = FERRIC_INDEX_OPTIONS_INIT;
    ferric_index_options sparse = FERRIC_INDEX_OPTIONS_INIT;
    ferric_keyspace *users;

    kit_init(kit);
    users = users_of(kit);
    for (int i = 0; i < 20; i++) {
        char key[16];
        char json[256];
        snprintf(key, sizeof key, "u%d", i);
        snprintf(json, sizeof json,
                 "{\"a\":{\"b\":%d,\"d\":2},\"tags\":[{\"k\":%d},{\"k\":2}],\"c\":%d,\"n\":%d,"
                 "\"state\":1,\"u\":\"name %d\",\"e\":{\"b\":%d},\"end\":true}",
                 i % 3, i % 5, i % 7, i, i, i % 2);
        put_document(kit, users, key, json);
    }
    partial.filter = text("{\"state\":1}");
    sparse.sparse = true;
    create_index(kit, users, "\"a.b\"", false);
    create_index(kit, users, "\"tags.k\"", false);
    create_index(kit, users, "{\"c\":1,\"a.d\":-1}", false);
    create_index(kit, users, "\"u\"", true);
    assert_ok(ferric_index_create(kit->db, users, text("\"n\""), &partial));
    assert_ok(ferric_index_create(kit->db, users, text("\"sparse\""), &sparse));
    return users;
}

static void assert_sound(api_kit *kit, ferric_keyspace *users, const char *update)
{
    uint64_t entries;
    ferric_status status = ferric_index_verify(kit->db, users, NULL, &entries);

    if (status != FERRIC_OK) print_message("%s: %s\n", update, ferric_error_message());
    assert_int_equal(status, FERRIC_OK);
}

static void test_updates_keep_each_index_they_touch(void **state)
{
    ferric_update_options options = FERRIC_UPDATE_OPTIONS_INIT;
    ferric_update_result result;
    api_kit kit;
    ferric_keyspace *users;

    (void)state;
    users = make_indexed(&kit);
    options.many = true;
    for (size_t i = 0; i < sizeof updates / sizeof updates[0]; i++) {
        assert_ok(
            ferric_update(kit.db, users, text("{}"), text(updates[i]), &options, &result, NULL));
        assert_true(result.modified > 0);
        assert_sound(&kit, users, updates[i]);
    }
    assert_count(&kit, users, "{\"a.b\":70}", 20);
    ferric_keyspace_close(users);
    kit_deinit(&kit);
}

static void test_updates_are_refused_by_unique_indexes(void **state)
{
    ferric_update_options options = FERRIC_UPDATE_OPTIONS_INIT;
    api_kit kit;
    ferric_keyspace *users;

    (void)state;
    users = make_indexed(&kit);
    assert_failed(ferric_update(kit.db, users, text("{\"_id\":\"u3\"}"),
                                text("{\"$set\":{\"u\":\"name 4\"}}"), &options, NULL, NULL),
                  FERRIC_ALREADY_EXISTS, "u4");
    assert_sound(&kit, users, "a refused one");
    options.many = true; // The second of them.
    assert_failed(ferric_update(kit.db, users, text("{\"n\":{\"$gte\":18}}"),
                                text("{\"$set\":{\"u\":\"new\"}}"), &options, NULL, NULL),
                  FERRIC_ALREADY_EXISTS, "");
    assert_sound(&kit, users, "a refused one");
    assert_count(&kit, users, "{\"u\":\"new\"}", 0);
    ferric_keyspace_close(users);
    kit_deinit(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_updates_keep_each_index_they_touch),
        cmocka_unit_test(test_updates_are_refused_by_unique_indexes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
