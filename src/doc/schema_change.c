// SPDX-License-Identifier: Apache-2.0
// Commits of changed schemas; see schema_change.h.
#include "doc/schema_change.h"

#include "base/buffer.h"
#include "base/coding.h"
#include "base/json_text.h"
#include "base/memory.h"
#include "base/seeded_bug.h"
#include "base/status.h"
#include "base/utf8.h"
#include "doc/json.h"
#include "format/internal_key.h"
#include "lsm/catalogue.h"
#include "os/thread.h"

ferric_slice fe_progress_key(uint32_t index, uint8_t key[FE_PROGRESS_KEY_SIZE])
{
    key[0] = FE_CATALOGUE_PROGRESS_LETTER;
    fe_put_u32_ordered(key + 1, index);
    return fe_slice(key, FE_PROGRESS_KEY_SIZE);
}

const fe_index *fe_schema_index_of(const fe_schema *schema, uint32_t id)
{
    for (size_t i = 0; i < schema->index_count; i++) {
        if (schema->indexes[i].id == id) return &schema->indexes[i];
    }
    return NULL;
}

// ---- The commit -----------------------------------------------------------------------------

// The indexes of a schema, to be changed and written back. Room for one more.
typedef struct draft {
    fe_index *indexes;
    size_t count;
} draft;

static ferric_status begin(const fe_schema *schema, draft *changed)
{
    size_t size = (schema->index_count + 1) * sizeof *changed->indexes;

    changed->count = schema->index_count;
    changed->indexes = fe_alloc(size);
    if (changed->indexes == NULL) return fe_no_memory("a list of indexes", size);
    memcpy(changed->indexes, schema->indexes, changed->count * sizeof *changed->indexes);
    return FERRIC_OK;
}

// Commits the draft with what else stands in the batch, and installs it. FERRIC_CONFLICT: `schema`
// is not the newest any more, or another condition of the batch does not hold; the newest is
// installed then.
static ferric_status commit(fe_collection *collection, const fe_schema *schema,
                            const draft *changed, fe_write_batch *batch)
{
    uint8_t bytes[FE_SCHEMA_KEY_SIZE];
    ferric_slice key = fe_schema_key(collection->id, bytes);
    ferric_buffer value = {0};
    fe_schema *next = NULL;
    uint64_t version = 0;
    ferric_status reloaded;
    ferric_status status = fe_schema_encode(changed->indexes, changed->count, &value);

    // Made before the commit, behind which nothing may fail: an error would say that nothing has
    // changed.
    if (status == FERRIC_OK) status = fe_schema_create(fe_buffer_slice(&value), 0, &next);
    if (status == FERRIC_OK) {
        status = fe_write_batch_require(batch, FE_KEYSPACE_CATALOGUE, key, schema->version, NULL);
    }
    if (status == FERRIC_OK) {
        status =
            fe_write_batch_put(batch, FE_KEYSPACE_CATALOGUE, key, fe_buffer_slice(&value), NULL);
    }
    batch->rests_on = collection->id;
    if (status == FERRIC_OK) status = fe_store_write(collection->store, batch, false, &version);
    fe_buffer_deinit(&value);
    if (status == FERRIC_OK) {
        fe_collection_install(collection, next, version);
        return FERRIC_OK;
    }
    fe_schema_destroy(next);
    if (status != FERRIC_CONFLICT) return status;
    fe_thread_yield();
    reloaded = fe_collection_reload(collection);
    return reloaded == FERRIC_OK ? status : reloaded;
}

// ---- Adding ---------------------------------------------------------------------------------

// "age_1_name_-1".
static ferric_status make_name(const fe_index *index, ferric_buffer *name)
{
    ferric_status status = FERRIC_OK;

    for (size_t i = 0; i < index->shape.part_count && status == FERRIC_OK; i++) {
        const fe_index_part *part = &index->shape.parts[i];
        status =
            fe_buffer_format(name, "%s%.*s_%s", i == 0 ? "" : "_", (int)part->path.text.size,
                             (const char *)part->path.text.data, part->is_descending ? "-1" : "1");
    }
    return status;
}

static ferric_status check_name(ferric_slice name)
{
    if (name.data != NULL && name.size <= FE_INDEX_NAME_SIZE_MAX && fe_utf8_valid(name) &&
        memchr(name.data, 0, name.size) == NULL) {
        return FERRIC_OK;
    }
    return fe_fail(FERRIC_INVALID_ARGUMENT,
                   "an index's name has 1 to %d bytes of UTF-8, this one has %zu",
                   FE_INDEX_NAME_SIZE_MAX, name.size);
}

// Writes the parsed keys again as {"path":1,...}, whatever form they were given in.
static ferric_status write_keys(fe_index *index, fe_arena *arena)
{
    ferric_buffer text = {0};
    ferric_status status = FERRIC_OK;

    for (size_t i = 0; i < index->shape.part_count && status == FERRIC_OK; i++) {
        const fe_index_part *part = &index->shape.parts[i];
        status = fe_buffer_append(&text, i == 0 ? "{" : ",", 1);
        if (status == FERRIC_OK) status = fe_json_quote(part->path.text, &text);
        if (status == FERRIC_OK) {
            status = fe_buffer_format(&text, ":%s", part->is_descending ? "-1" : "1");
        }
    }
    if (status == FERRIC_OK) status = fe_buffer_append(&text, "}", 1);
    if (status == FERRIC_OK) status = fe_arena_copy(arena, fe_buffer_slice(&text), &index->keys);
    fe_buffer_deinit(&text);
    return status;
}

// Minifies the filter of a partial index.
static ferric_status write_only(ferric_slice only, fe_arena *arena, ferric_slice *minified)
{
    ferric_buffer text = {0};
    ferric_status status = fe_json_minify(only, &text, NULL);

    if (status == FERRIC_OK) status = fe_arena_copy(arena, fe_buffer_slice(&text), minified);
    fe_buffer_deinit(&text);
    return status;
}

// Understands what is asked for. Everything is in the arena but for the compiled filter.
static ferric_status understand(const fe_index_request *request, fe_arena *arena, fe_index *index)
{
    ferric_buffer name = {0};
    ferric_slice copy;
    ferric_status status = FERRIC_OK;

    *index = (fe_index){.state = FE_INDEX_BUILDING,
                        .is_unique = request->is_unique,
                        .is_sparse = request->is_sparse,
                        .keys = request->keys};
    if (request->only.size > 0) status = write_only(request->only, arena, &index->only);
    if (status == FERRIC_OK) status = fe_index_compile(index, arena);
    if (status == FERRIC_OK) status = write_keys(index, arena);
    if (status == FERRIC_OK) {
        status = request->name.size > 0
                     ? fe_buffer_append(&name, request->name.data, request->name.size)
                     : make_name(index, &name);
    }
    if (status == FERRIC_OK) status = check_name(fe_buffer_slice(&name));
    if (status == FERRIC_OK) status = fe_buffer_put_u8(&name, 0);
    if (status == FERRIC_OK) status = fe_arena_copy(arena, fe_buffer_slice(&name), &copy);
    if (status == FERRIC_OK) index->name = copy.data;
    fe_buffer_deinit(&name);
    return status;
}

static bool is_same(const fe_index *a, const fe_index *b)
{
    return a->is_unique == b->is_unique && a->is_sparse == b->is_sparse &&
           fe_slice_equal(a->keys, b->keys) && fe_slice_equal(a->only, b->only);
}

// One try. FERRIC_CONFLICT: the schema, or the next id, changed meanwhile.
static ferric_status try_add(fe_collection *collection, const fe_index *index, uint32_t *id)
{
    const fe_schema *schema = fe_collection_schema(collection);
    const fe_index *known = fe_schema_find(schema, fe_slice_text(index->name));
    fe_write_batch batch = {0};
    draft changed;
    ferric_status status;

    if (known != NULL && is_same(known, index)) {
        *id = known->id;
        return FERRIC_OK;
    }
    if (known != NULL) {
        return fe_fail(FERRIC_ALREADY_EXISTS,
                       "index \"%s\" exists and is another one, over %.*s: drop it first or choose "
                       "another name",
                       known->name, (int)known->keys.size, (const char *)known->keys.data);
    }
    if (schema->index_count == FE_SCHEMA_INDEXES_MAX) {
        return fe_fail(FERRIC_TOO_LARGE, "a collection has at most %d indexes",
                       FE_SCHEMA_INDEXES_MAX);
    }
    status = begin(schema, &changed);
    if (status != FERRIC_OK) return status;
    status = fe_keyspace_take_id(collection->store, &batch, id);
    changed.indexes[changed.count] = *index;
    changed.indexes[changed.count++].id = *id;
    if (status == FERRIC_OK) status = commit(collection, schema, &changed, &batch);
    fe_write_batch_deinit(&batch);
    fe_free(changed.indexes);
    return status;
}

ferric_status fe_schema_add_index(fe_collection *collection, const fe_index_request *request,
                                  uint32_t *id)
{
    fe_arena arena;
    fe_index index;
    ferric_status status;

    *id = 0;
    fe_arena_init(&arena);
    status = understand(request, &arena, &index);
    if (status == FERRIC_OK) status = fe_collection_reload(collection);
    if (status == FERRIC_OK) {
        do {
            status = try_add(collection, &index, id);
        } while (status == FERRIC_CONFLICT);
    }
    fe_index_deinit(&index);
    fe_arena_deinit(&arena);
    return status;
}

// ---- Changing -------------------------------------------------------------------------------

// What to change about an index. `ready_sequence` 0: nothing about its state.
typedef struct mark {
    uint64_t ready_sequence;
    bool is_multi_key;
    bool has_cut;
} mark;

static bool is_marked(const fe_index *index, const mark *what)
{
    return (what->ready_sequence == 0 || index->state == FE_INDEX_READY) &&
           index->is_multi_key >= what->is_multi_key && index->has_cut >= what->has_cut;
}

// One try to change the index. FERRIC_NOT_FOUND: it is gone.
static ferric_status try_mark(fe_collection *collection, uint32_t id, const mark *what)
{
    const fe_schema *schema = fe_collection_schema(collection);
    const fe_index *index = fe_schema_index_of(schema, id);
    uint8_t key[FE_PROGRESS_KEY_SIZE];
    fe_write_batch batch = {0};
    fe_index *marked;
    draft changed;
    ferric_status status;

    if (index == NULL) return FERRIC_NOT_FOUND;
    if (is_marked(index, what)) return FERRIC_OK;
    status = begin(schema, &changed);
    if (status != FERRIC_OK) return status;
    marked = &changed.indexes[index - schema->indexes];
    marked->is_multi_key |= what->is_multi_key;
    marked->has_cut |= what->has_cut;
    if (what->ready_sequence > 0) {
        marked->state = FE_INDEX_READY;
        marked->ready_sequence = what->ready_sequence;
        status =
            fe_write_batch_delete(&batch, FE_KEYSPACE_CATALOGUE, fe_progress_key(id, key), NULL);
    }
    if (status == FERRIC_OK) status = commit(collection, schema, &changed, &batch);
    fe_write_batch_deinit(&batch);
    fe_free(changed.indexes);
    return status;
}

static ferric_status mark_index(fe_collection *collection, uint32_t id, const mark *what)
{
    ferric_status status;

    do {
        status = try_mark(collection, id, what);
    } while (status == FERRIC_CONFLICT);
    return status == FERRIC_NOT_FOUND ? FERRIC_OK : status;
}

ferric_status fe_schema_mark_ready(fe_collection *collection, uint32_t id, uint64_t ready_sequence)
{
    const mark ready = {.ready_sequence = ready_sequence};
    return mark_index(collection, id, &ready);
}

ferric_status fe_schema_mark(fe_collection *collection, uint32_t id, bool is_multi_key,
                             bool has_cut)
{
    const mark flags = {.is_multi_key = is_multi_key, .has_cut = has_cut};
    return mark_index(collection, id, &flags);
}

// ---- Dropping -------------------------------------------------------------------------------

ferric_status fe_schema_add_drop(fe_write_batch *batch, uint32_t index)
{
    const ferric_slice all = {NULL, 0};
    uint8_t key[FE_PROGRESS_KEY_SIZE];
    ferric_status status =
        fe_write_batch_delete(batch, FE_KEYSPACE_CATALOGUE, fe_progress_key(index, key), NULL);

    if (status != FERRIC_OK || FE_SEEDED_BUG(FE_BUG_DROP_LEAVES_ENTRIES)) return status;
    return fe_write_batch_delete_range(batch, index, all, all, NULL);
}

static ferric_status try_drop(fe_collection *collection, const fe_schema *schema,
                              const fe_index *index)
{
    size_t at = (size_t)(index - schema->indexes);
    _Atomic(uint32_t) *drops = &schema->moving->drops[at];
    uint32_t told = FE_SEEDED_BUG(FE_BUG_DROP_NOT_TOLD) ? 0 : 1;
    fe_write_batch batch = {0};
    draft changed;
    ferric_status status = begin(schema, &changed);

    if (status != FERRIC_OK) return status;
    changed.count--;
    memmove(&changed.indexes[at], &changed.indexes[at + 1],
            (changed.count - at) * sizeof *changed.indexes);
    status = fe_schema_add_drop(&batch, index->id);
    if (status == FERRIC_OK) {
        // Before the commit, whose publication orders it; behind that the schema is replaced.
        atomic_fetch_add_explicit(drops, told, memory_order_relaxed);
        status = commit(collection, schema, &changed, &batch);
        if (status != FERRIC_OK) atomic_fetch_sub_explicit(drops, told, memory_order_relaxed);
    }
    fe_write_batch_deinit(&batch);
    fe_free(changed.indexes);
    return status;
}

ferric_status fe_schema_drop_index(fe_collection *collection, ferric_slice name)
{
    ferric_status status = fe_collection_reload(collection);

    if (status != FERRIC_OK) return status;
    do {
        const fe_schema *schema = fe_collection_schema(collection);
        const fe_index *index = fe_schema_find(schema, name);
        if (index == NULL) return FERRIC_NOT_FOUND;
        status = try_drop(collection, schema, index);
    } while (status == FERRIC_CONFLICT);
    return status;
}

ferric_status fe_schema_drop_index_id(fe_collection *collection, uint32_t id)
{
    ferric_status status;

    do {
        const fe_schema *schema = fe_collection_schema(collection);
        const fe_index *index = fe_schema_index_of(schema, id);
        if (index == NULL) return FERRIC_OK;
        status = try_drop(collection, schema, index);
    } while (status == FERRIC_CONFLICT);
    return status;
}
