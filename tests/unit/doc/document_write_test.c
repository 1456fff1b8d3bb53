// SPDX-License-Identifier: Apache-2.0
// Writes that rest on a schema which is not the newest: whoever made the change is not known to the
// writer, as if it had happened between his look and his commit.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/slice.h"
#include "base/status.h"
#include "doc/document_write.h"
#include "doc/index_build.h"
#include "doc/index_verify.h"
#include "doc/schema_change.h"

typedef struct two_views {
    fe_store *store;
    fe_collections *of_writer;
    fe_collections *of_other;
    fe_collection *writer;
    fe_collection *other;
} two_views;

static void two_views_init(two_views *views)
{
    ferric_options options = FERRIC_OPTIONS_INIT;
    ferric_keyspace_info info;

    options.background_threads = 0;
    options.memtable_size = (size_t)1 << 20;
    assert_int_equal(fe_store_open(":memory:", &options, &views->store), FERRIC_OK);
    assert_int_equal(fe_keyspace_ensure(views->store, "docs", FERRIC_KEYSPACE_COLLECTION, &info),
                     FERRIC_OK);
    assert_int_equal(fe_collections_create(views->store, &views->of_writer), FERRIC_OK);
    assert_int_equal(fe_collections_create(views->store, &views->of_other), FERRIC_OK);
    assert_int_equal(fe_collections_find(views->of_writer, info.id, &views->writer), FERRIC_OK);
    assert_int_equal(fe_collections_find(views->of_other, info.id, &views->other), FERRIC_OK);
}

static void two_views_deinit(two_views *views)
{
    assert_int_equal(fe_store_close(views->store), FERRIC_OK);
    fe_collections_destroy(views->of_writer);
    fe_collections_destroy(views->of_other);
}

static void put(two_views *views, const char *id, const char *stored)
{
    fe_write_batch batch = {0};
    fe_document_write write = {
        .collection = views->writer, .id = fe_slice_text(id), .text = fe_slice_text(stored + 1)};

    assert_int_equal(
        fe_write_batch_put(&batch, views->writer->id, write.id, fe_slice_text(stored), NULL),
        FERRIC_OK);
    assert_int_equal(fe_documents_write(views->store, &batch, &write, 1, false, NULL), FERRIC_OK);
    assert_int_equal(batch.count, 1); // What was added for indexes is gone again.
    fe_write_batch_deinit(&batch);
}

static uint64_t verified(two_views *views)
{
    const fe_state state = {.store = views->store, .at = {fe_store_last_sequence(views->store), 0}};
    uint64_t entries = 0;

    if (fe_index_verify(views->other, &state, &entries) != FERRIC_OK) fail_msg("%s", fe_message());
    return entries;
}

static void test_writer_notices_an_index_that_came_after_his_look(void **state)
{
    fe_index_request request = {.keys = fe_slice_text("\"a\"")};
    two_views views;
    uint32_t id;

    (void)state;
    two_views_init(&views);
    put(&views, "x", "\001{\"a\":1}");
    assert_int_equal(fe_schema_add_index(views.other, &request, &id), FERRIC_OK);
    assert_int_equal(fe_index_build(views.other, id, NULL, NULL), FERRIC_OK);
    assert_int_equal(fe_collection_schema(views.writer)->index_count, 0);
    put(&views, "y", "\001{\"a\":2}");
    assert_int_equal(fe_collection_schema(views.writer)->index_count, 1);
    assert_int_equal(verified(&views), 2);
    two_views_deinit(&views);
}

static void test_writer_notices_an_index_that_went_after_his_look(void **state)
{
    fe_index_request request = {.keys = fe_slice_text("\"a\"")};
    two_views views;
    uint32_t id;

    (void)state;
    two_views_init(&views);
    assert_int_equal(fe_schema_add_index(views.other, &request, &id), FERRIC_OK);
    assert_int_equal(fe_index_build(views.other, id, NULL, NULL), FERRIC_OK);
    put(&views, "x", "\001{\"a\":1}");
    assert_int_equal(fe_schema_drop_index(views.other, fe_slice_text("a_1")), FERRIC_OK);
    assert_int_equal(fe_collection_schema(views.writer)->index_count, 1);
    put(&views, "y", "\001{\"a\":2}");
    assert_int_equal(fe_collection_schema(views.writer)->index_count, 0);
    assert_int_equal(verified(&views), 0);
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
