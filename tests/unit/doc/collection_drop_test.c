// SPDX-License-Identifier: Apache-2.0
// Collections and indexes that go: nothing is left of them, and those who did not hear of it write
// nothing more.
#include "doc/collection_drop.h"

#include "base/status.h"
#include "two_views.h"

static void drop(two_views *views)
{
    assert_int_equal(fe_collection_drop(views->of_other, views->store, "docs"), FERRIC_OK);
}

static void test_indexes_go_with_their_collection(void **state)
{
    two_views views;
    uint32_t a;
    uint32_t b;

    (void)state;
    two_views_init(&views);
    a = create_index(&views, "\"a\"");
    put_document(&views, "x", "\001{\"a\":1,\"b\":[1,2]}");
    put_document(&views, "y", "\001{\"a\":2}");
    b = create_index(&views, "\"b\"");
    assert_int_equal(count_keys(&views, a), 2);
    assert_true(count_keys(&views, b) > 2);
    drop(&views);
    assert_int_equal(count_keys(&views, views.writer->id), 0);
    assert_int_equal(count_keys(&views, a), 0);
    assert_int_equal(count_keys(&views, b), 0);
    // Of the catalogue, only the next id is left.
    assert_int_equal(count_keys(&views, 0), 1);
    two_views_deinit(&views);
}

static void test_an_index_that_goes_leaves_nothing(void **state)
{
    two_views views;
    uint32_t a;

    (void)state;
    two_views_init(&views);
    put_document(&views, "x", "\001{\"a\":1}");
    a = create_index(&views, "\"a\"");
    assert_int_equal(count_keys(&views, a), 1);
    assert_int_equal(fe_schema_drop_index(views.other, fe_slice_text("a_1")), FERRIC_OK);
    assert_int_equal(count_keys(&views, a), 0);
    assert_int_equal(count_keys(&views, views.writer->id), 1);
    two_views_deinit(&views);
}

static void test_writers_of_a_dropped_collection_are_told(void **state)
{
    two_views views;
    uint32_t a;

    (void)state;
    two_views_init(&views);
    a = create_index(&views, "\"a\"");
    put_document(&views, "x", "\001{\"a\":1}");
    drop(&views);
    assert_int_equal(try_put(&views, "y", "\001{\"a\":2}"), FERRIC_DROPPED);
    assert_int_equal(count_keys(&views, a), 0);
    two_views_deinit(&views);
}

// Whoever asked for an index, or builds one, does not hear of the drop before he writes.
static void test_indexes_of_a_dropped_collection_are_refused(void **state)
{
    fe_index_request request = {.keys = fe_slice_text("\"a\"")};
    two_views views;
    uint32_t id;

    (void)state;
    two_views_init(&views);
    put_document(&views, "x", "\001{\"a\":1}");
    drop(&views);
    assert_int_equal(fe_schema_add_index(views.writer, &request, &id), FERRIC_DROPPED);
    assert_int_equal(count_keys(&views, 0), 1);
    two_views_deinit(&views);

    two_views_init(&views);
    put_document(&views, "x", "\001{\"a\":1}");
    assert_int_equal(fe_schema_add_index(views.writer, &request, &id), FERRIC_OK);
    drop(&views);
    assert_int_equal(fe_index_build(views.writer, id, NULL, NULL), FERRIC_DROPPED);
    assert_int_equal(count_keys(&views, id), 0);
    two_views_deinit(&views);
}

static void test_drop_notices_an_index_that_came_after_its_look(void **state)
{
    two_views views;
    uint32_t id;

    (void)state;
    two_views_init(&views);
    put_document(&views, "x", "\001{\"a\":1}");
    id = create_index(&views, "\"a\"");
    assert_int_equal(fe_collection_schema(views.writer)->index_count, 0);
    assert_int_equal(fe_collection_drop(views.of_writer, views.store, "docs"), FERRIC_OK);
    assert_int_equal(count_keys(&views, id), 0);
    assert_int_equal(fe_collection_drop(views.of_other, views.store, "docs"), FERRIC_NOT_FOUND);
    two_views_deinit(&views);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_indexes_go_with_their_collection),
        cmocka_unit_test(test_an_index_that_goes_leaves_nothing),
        cmocka_unit_test(test_writers_of_a_dropped_collection_are_told),
        cmocka_unit_test(test_indexes_of_a_dropped_collection_are_refused),
        cmocka_unit_test(test_drop_notices_an_index_that_came_after_its_look),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
