// SPDX-License-Identifier: Apache-2.0
// Writers that rest on a schema which is not the newest: whoever made the change is not known to
// the writer, as if it had happened between his look and his commit.
#include <stdio.h>

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

// Whoever adds another index makes the commit that follows a conflict.
static bool add_another_index(void *context, uint64_t documents)
{
    fe_index_request request = {.keys = fe_slice_text("\"b\"")};
    two_views *views = context;
    uint32_t id;

    (void)documents;
    assert_int_equal(fe_schema_add_index(views->writer, &request, &id), FERRIC_OK);
    return true;
}

static void test_build_passes_nothing_that_was_not_committed(void **state)
{
    fe_index_request request = {.keys = fe_slice_text("\"a\"")};
    two_views views;
    uint32_t id;

    (void)state;
    two_views_init(&views);
    for (int i = 0; i < 600; i++) {
        char name[16];
        snprintf(name, sizeof name, "d%03d", i);
        put_document(&views, name, "\001{\"a\":1}");
    }
    assert_int_equal(fe_schema_add_index(views.other, &request, &id), FERRIC_OK);
    assert_int_equal(fe_index_build(views.other, id, add_another_index, &views), FERRIC_OK);
    assert_int_equal(count_keys(&views, id), 600);
    two_views_deinit(&views);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_writer_notices_an_index_that_came_after_his_look),
        cmocka_unit_test(test_writer_notices_an_index_that_went_after_his_look),
        cmocka_unit_test(test_build_passes_nothing_that_was_not_committed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
