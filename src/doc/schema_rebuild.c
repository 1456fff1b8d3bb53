// SPDX-License-Identifier: Apache-2.0
// Building a collection's indexes anew, after a repair: documents may be gone, or older than their
// entries.
#include "base/arena.h"
#include "base/memory.h"
#include "base/status.h"
#include "doc/index_build.h"
#include "doc/schema_change.h"

static ferric_status copy_request(const fe_index *index, fe_arena *arena, fe_index_request *request)
{
    ferric_status status = fe_arena_copy(arena, fe_slice_text(index->name), &request->name);

    if (status == FERRIC_OK) status = fe_arena_copy(arena, index->keys, &request->keys);
    if (status == FERRIC_OK && index->only.size > 0) {
        status = fe_arena_copy(arena, index->only, &request->only);
    }
    request->is_unique = index->is_unique;
    request->is_sparse = index->is_sparse;
    return status;
}

static ferric_status rebuild(fe_collection *collection, const fe_index_request *request)
{
    uint32_t id;
    ferric_status status = fe_schema_drop_index(collection, request->name);

    if (status == FERRIC_OK) status = fe_schema_add_index(collection, request, &id);
    return status == FERRIC_OK ? fe_index_build(collection, id, NULL, NULL) : status;
}

ferric_status fe_schema_rebuild(fe_collection *collection, fe_schema_refused refused, void *context)
{
    fe_index_request requests[FE_SCHEMA_INDEXES_MAX] = {0};
    const fe_schema *schema = fe_collection_schema(collection);
    size_t count = schema->index_count;
    fe_arena arena;
    ferric_status status = FERRIC_OK;

    fe_arena_init(&arena);
    for (size_t i = 0; i < count && status == FERRIC_OK; i++)
        status = copy_request(&schema->indexes[i], &arena, &requests[i]);
    for (size_t i = 0; i < count && status == FERRIC_OK; i++) {
        status = rebuild(collection, &requests[i]);
        if (status == FERRIC_ALREADY_EXISTS || status == FERRIC_INVALID_ARGUMENT) {
            refused(context, fe_message()); // It is dropped.
            status = FERRIC_OK;
        }
    }
    fe_arena_deinit(&arena);
    return status;
}
