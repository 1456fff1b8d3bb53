// SPDX-License-Identifier: Apache-2.0
// The order of what queries give: by indexes, and of groups.
#include "base/buffer.h"
#include "base/slice.h"
#include "users_kit.h"

static void keys_found(api_kit *kit, ferric_keyspace *users, const char *filter,
                       const ferric_find_options *options, ferric_buffer *keys)
{
    ferric_cursor *cursor;

    keys->size = 0;
    assert_ok(ferric_find(kit->db, users, text(filter), options, &cursor));
    while (ferric_cursor_next(cursor)) {
        ferric_slice key = ferric_cursor_key(cursor);
        assert_ok(fe_buffer_append(keys, key.data, key.size));
    }
    assert_ok(ferric_cursor_status(cursor));
    ferric_cursor_destroy(cursor);
}

// The index gives what sorting what a scan finds gives, and says that it is in order.
static void assert_served(api_kit *kit, ferric_keyspace *users, const char *filter,
                          const char *sort, int skip)
{
    ferric_find_options options = FERRIC_FIND_OPTIONS_INIT;
    ferric_buffer by_plan = {0};
    ferric_buffer by_scan = {0};

    options.sort = text(sort);
    options.skip = (uint64_t)skip;
    if (skip > 0) options.limit = 7;
    assert_explained(kit, users, filter, &options, "\"sorted\":true");
    keys_found(kit, users, filter, &options, &by_plan);
    options.hint = "$scan";
    keys_found(kit, users, filter, &options, &by_scan);
    assert_true(by_scan.size > 0);
    assert_true(fe_slice_equal(fe_buffer_slice(&by_plan), fe_buffer_slice(&by_scan)));
    ferric_buffer_free(&by_plan);
    ferric_buffer_free(&by_scan);
}

// Equal documents follow by _id in the last direction, in runs of one, of a few and of hundreds.
static void test_descending_indexes_give_order(void **state)
{
    static const struct {
        const char *filter;
        const char *sort;
    } asked[] = {
        {"{\"often\":{\"$gte\":0}}", "{\"often\":1,\"few\":-1}"},
        {"{\"often\":{\"$gte\":0}}", "{\"often\":-1,\"few\":1}"},
        {"{\"often\":1}", "{\"few\":-1}"},
        {"{\"often\":1}", "{\"few\":1}"},
        {"{\"half\":{\"$gte\":0}}", "{\"half\":-1}"},
        {"{\"half\":{\"$gte\":0}}", "{\"half\":1}"},
        {"{\"half\":{\"$gte\":0},\"few\":{\"$ne\":3}}", "{\"half\":-1}"},
        {"{\"one\":{\"$gte\":17}}", "{\"one\":-1}"},
    };
    api_kit kit;
    ferric_keyspace *users;

    (void)state;
    kit_init(&kit);
    users = users_of(&kit);
    for (int i = 0; i < 400; i++) {
        char key[16];
        char json[96];
        snprintf(key, sizeof key, "u%04d", i * 7 % 400);
        snprintf(json, sizeof json, "{\"often\":%d,\"few\":%d,\"half\":%d,\"one\":%d}", i % 5,
                 i % 11, i % 2, i);
        put_document(&kit, users, key, json);
    }
    create_index(&kit, users, "{\"often\":1,\"few\":-1}", false);
    create_index(&kit, users, "{\"half\":-1}", false);
    create_index(&kit, users, "{\"one\":-1}", true);
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        assert_served(&kit, users, asked[i].filter, asked[i].sort, 0);
        assert_served(&kit, users, asked[i].filter, asked[i].sort, 3);
        assert_served(&kit, users, asked[i].filter, asked[i].sort, 60);
    }
    ferric_keyspace_close(users);
    kit_deinit(&kit);
}

// Groups of several fields, by members of what they have in common.
static void test_groups_are_sorted_by_members_of_their_id(void **state)
{
    static const char group[] =
        "{\"_id\":{\"o\":\"$often\",\"r\":\"$rare\"},\"n\":{\"$count\":{}}}";
    ferric_find_options options = FERRIC_FIND_OPTIONS_INIT;
    ferric_buffer json = {0};
    ferric_keyspace *users;
    api_kit kit;

    (void)state;
    kit_init(&kit);
    users = users_of(&kit);
    put_document(&kit, users, "a", "{\"often\":0,\"rare\":0}");
    put_document(&kit, users, "b", "{\"often\":1,\"rare\":1}");
    put_document(&kit, users, "c", "{\"often\":0,\"rare\":2}");
    put_document(&kit, users, "d", "{\"often\":1,\"rare\":3}");
    options.limit = 3;
    options.sort = text("[\"_id.o\",\"-_id.r\"]");
    assert_ok(ferric_find_group(kit.db, users, text(group), text(""), &options, &json));
    assert_text(&json, "[{\"_id\":{\"o\":0,\"r\":2},\"n\":1},{\"_id\":{\"o\":0,\"r\":0},\"n\":1},"
                       "{\"_id\":{\"o\":1,\"r\":3},\"n\":1}]");
    options.sort = text("[\"_id.r\",\"_id.none\"]");
    json.size = 0;
    assert_ok(ferric_find_group(kit.db, users, text(group), text(""), &options, &json));
    assert_text(&json, "[{\"_id\":{\"o\":0,\"r\":0},\"n\":1},{\"_id\":{\"o\":1,\"r\":1},\"n\":1},"
                       "{\"_id\":{\"o\":0,\"r\":2},\"n\":1}]");
    ferric_buffer_free(&json);
    ferric_keyspace_close(users);
    kit_deinit(&kit);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_descending_indexes_give_order),
        cmocka_unit_test(test_groups_are_sorted_by_members_of_their_id),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
