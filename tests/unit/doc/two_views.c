// SPDX-License-Identifier: Apache-2.0
// See two_views.h.
#include "two_views.h"

#include "base/coding.h"
#include "base/status.h"
#include "doc/index_verify.h"

void two_views_init(two_views *views)
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

void two_views_deinit(two_views *views)
{
    assert_int_equal(fe_store_close(views->store), FERRIC_OK);
    fe_collections_destroy(views->of_writer);
    fe_collections_destroy(views->of_other);
}

ferric_status try_put(two_views *views, const char *id, const char *stored)
{
    fe_write_batch batch = {0};
    fe_document_write write = {
        .collection = views->writer, .id = fe_slice_text(id), .text = fe_slice_text(stored + 1)};
    const fe_document_writes writes = {.list = &write, .count = 1};
    ferric_status status;

    assert_int_equal(
        fe_write_batch_put(&batch, views->writer->id, write.id, fe_slice_text(stored), NULL),
        FERRIC_OK);
    status = fe_documents_write(views->store, &batch, &writes, false, NULL);
    assert_int_equal(batch.count, 1); // What was added for indexes is gone again.
    fe_write_batch_deinit(&batch);
    return status;
}

void put_document(two_views *views, const char *id, const char *stored)
{
    assert_int_equal(try_put(views, id, stored), FERRIC_OK);
}

uint32_t create_index(two_views *views, const char *keys)
{
    fe_index_request request = {.keys = fe_slice_text(keys)};
    uint32_t id;

    assert_int_equal(fe_schema_add_index(views->other, &request, &id), FERRIC_OK);
    assert_int_equal(fe_index_build(views->other, id, NULL, NULL), FERRIC_OK);
    return id;
}

uint64_t verified_entries(two_views *views)
{
    const fe_state state = {.store = views->store, .at = {fe_store_last_sequence(views->store), 0}};
    uint64_t entries = 0;

    if (fe_index_verify(views->other, &state, &entries) != FERRIC_OK) fail_msg("%s", fe_message());
    return entries;
}

uint64_t count_keys(two_views *views, uint32_t keyspace)
{
    uint8_t lower[FE_KEYSPACE_ID_SIZE];
    uint8_t upper[FE_KEYSPACE_ID_SIZE];
    fe_cursor_options options = {.sequence = FE_SEQUENCE_NEWEST};
    fe_cursor *cursor;
    uint64_t count = 0;

    fe_put_u32_ordered(lower, keyspace);
    fe_put_u32_ordered(upper, keyspace + 1);
    options.lower = fe_slice(lower, sizeof lower);
    options.upper = fe_slice(upper, sizeof upper);
    assert_int_equal(fe_store_cursor(views->store, &options, &cursor), FERRIC_OK);
    for (bool ok = fe_cursor_first(cursor); ok; ok = fe_cursor_next(cursor))
        count++;
    assert_int_equal(fe_cursor_status(cursor), FERRIC_OK);
    fe_cursor_destroy(cursor);
    return count;
}
