// SPDX-License-Identifier: Apache-2.0
// Writers that rest on a schema which is not the newest: whoever made the change is not known to
// the writer, as if it had happened between his look and his commit.
#include "two_views.h"

static void test_writer_notices_an_index_that_came_after_his_look(void **state)
{
    two_views views;

    (void)state;
    two_views_init(&views);
    put_document(&views, "x", "\001{\"a\":1}");
    (void)create_index(&views, "\"a\"");
    assert_int_equal(fe_collection_schema(views.writer)->index_count, 0);
    put_document(&views, "y", "\001{\"a\":2}");
    assert_int_equal(fe_collection_schema(views.writer)->index_count, 1);
    assert_int_equal(verified_entries(&views), 2);
    two_views_deinit(&views);
}

static void test_writer_notices_an_index_that_went_after_his_look(void **state)
{
    two_views views;

    (void)state;
    two_views_init(&views);
    (void)create_index(&views, "\"a\"");
    put_document(&views, "x", "\001{\"a\":1}");
    assert_int_equal(fe_schema_drop_index(views.other, fe_slice_text("a_1")), FERRIC_OK);
    assert_int_equal(fe_collection_schema(views.writer)->index_count, 1);
    put_document(&views, "y", "\001{\"a\":2}");
    assert_int_equal(fe_collection_schema(views.writer)->index_count, 0);
    assert_int_equal(verified_entries(&views), 0);
    two_views_deinit(&views);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_writer_notices_an_index_that_came_after_his_look),
        cmocka_unit_test(test_writer_notices_an_index_that_went_after_his_look),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
