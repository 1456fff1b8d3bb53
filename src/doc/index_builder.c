// SPDX-License-Identifier: Apache-2.0
// A queue and its thread; see index_builder.h.
#include "doc/index_builder.h"

#include "base/coding.h"
#include "base/memory.h"
#include "base/status.h"
#include "doc/index_build.h"
#include "format/internal_key.h"
#include "lsm/catalogue.h"

typedef struct build_order {
    struct build_order *next;
    fe_index_builder *builder;
    fe_collection *collection;
    uint32_t index;
} build_order;

struct fe_index_builder {
    fe_mutex mutex;
    fe_cond cond;
    _Atomic(bool) is_stopping; // Written under the mutex; the build looks at it without.
    // Guarded by mutex.
    fe_thread thread;
    build_order *first;
};

ferric_status fe_index_builder_create(fe_index_builder **builder)
{
    fe_index_builder *created = fe_alloc_zero(1, sizeof *created);

    *builder = created;
    if (created == NULL) return fe_no_memory("the builder of indexes", sizeof *created);
    fe_mutex_init(&created->mutex);
    fe_cond_init(&created->cond);
    return FERRIC_OK;
}

void fe_index_builder_destroy(fe_index_builder *builder, const fe_store *store)
{
    build_order *order;

    if (builder == NULL) return;
    // In a forked child there is no thread, and who held the mutex is not known.
    if (fe_store_check(store) != FERRIC_FORKED) {
        fe_mutex_lock(&builder->mutex);
        atomic_store_explicit(&builder->is_stopping, true, memory_order_relaxed);
        fe_cond_signal(&builder->cond);
        fe_mutex_unlock(&builder->mutex);
        fe_thread_join(&builder->thread);
        fe_cond_deinit(&builder->cond);
        fe_mutex_deinit(&builder->mutex);
    }
    while ((order = builder->first) != NULL) {
        builder->first = order->next;
        fe_free(order);
    }
    fe_free(builder);
}

// ---- The thread -----------------------------------------------------------------------------

static bool goes_on(void *context, uint64_t documents)
{
    const build_order *order = context;

    (void)documents;
    return !atomic_load_explicit(&order->builder->is_stopping, memory_order_relaxed) &&
           atomic_load_explicit(&order->collection->build.waiting, memory_order_relaxed) == 0;
}

// What goes wrong is told by an event. An interruption is for those who wait for something.
static void carry_out(build_order *order)
{
    ferric_status status;

    do {
        status = fe_index_build(order->collection, order->index, goes_on, order);
    } while (status == FERRIC_INTERRUPTED && goes_on(order, 0));
}

static void run(void *argument)
{
    fe_index_builder *builder = argument;
    build_order *order;

    fe_thread_lower_priority();
    fe_mutex_lock(&builder->mutex);
    while (!atomic_load_explicit(&builder->is_stopping, memory_order_relaxed)) {
        order = builder->first;
        if (order == NULL) {
            fe_cond_wait(&builder->cond, &builder->mutex);
            continue;
        }
        fe_mutex_unlock(&builder->mutex);
        carry_out(order);
        fe_mutex_lock(&builder->mutex);
        builder->first = order->next; // Others are added at the end.
        fe_free(order);
    }
    fe_mutex_unlock(&builder->mutex);
}

// ---- The queue ------------------------------------------------------------------------------

static ferric_status add_locked(fe_index_builder *builder, build_order *order)
{
    build_order **end = &builder->first;

    if (!builder->thread.is_started) {
        ferric_status status = fe_thread_start(&builder->thread, "ferric-index", run, builder);
        if (status != FERRIC_OK) return status;
    }
    while (*end != NULL)
        end = &(*end)->next;
    *end = order;
    fe_cond_signal(&builder->cond);
    return FERRIC_OK;
}

ferric_status fe_index_builder_add(fe_index_builder *builder, fe_collection *collection,
                                   uint32_t index)
{
    build_order *order = fe_alloc_zero(1, sizeof *order);
    ferric_status status;

    if (order == NULL) return fe_no_memory("the build of an index", sizeof *order);
    order->builder = builder;
    order->collection = collection;
    order->index = index;
    fe_mutex_lock(&builder->mutex);
    status = add_locked(builder, order);
    fe_mutex_unlock(&builder->mutex);
    if (status != FERRIC_OK) fe_free(order);
    return status;
}

static ferric_status resume_collection(fe_index_builder *builder, fe_collection *collection)
{
    const fe_schema *schema = fe_collection_schema(collection);
    ferric_status status = FERRIC_OK;

    for (size_t i = 0; i < schema->index_count && status == FERRIC_OK; i++) {
        const fe_index *index = &schema->indexes[i];
        if (index->state == FE_INDEX_READY) continue;
        status = fe_index_builder_add(builder, collection, index->id);
    }
    return status;
}

ferric_status fe_index_builder_resume(fe_index_builder *builder, fe_store *store,
                                      fe_collections *collections)
{
    uint8_t bounds[2][FE_KEYSPACE_ID_SIZE + 1];
    fe_cursor_options options = {.sequence = FE_SEQUENCE_NEWEST, .fill_cache = true};
    fe_cursor *cursor = NULL;
    ferric_status status;

    for (int i = 0; i < 2; i++) {
        fe_put_u32_ordered(bounds[i], FE_KEYSPACE_CATALOGUE);
        bounds[i][FE_KEYSPACE_ID_SIZE] = (uint8_t)(FE_CATALOGUE_SCHEMA_LETTER + i);
    }
    options.lower = fe_slice(bounds[0], sizeof bounds[0]);
    options.upper = fe_slice(bounds[1], sizeof bounds[1]);
    status = fe_store_cursor(store, &options, &cursor);
    if (status != FERRIC_OK) return status;
    for (bool ok = fe_cursor_first(cursor); ok && status == FERRIC_OK;
         ok = fe_cursor_next(cursor)) {
        ferric_slice key = fe_slice_from(fe_cursor_entry(cursor)->key, sizeof bounds[0]);
        fe_collection *collection;
        if (key.size != sizeof(uint32_t)) continue; // Not one of ours.
        status = fe_collections_find(collections, fe_get_u32_ordered(key.data), &collection);
        if (status == FERRIC_OK) status = resume_collection(builder, collection);
    }
    if (status == FERRIC_OK) status = fe_cursor_status(cursor);
    fe_cursor_destroy(cursor);
    return status;
}
