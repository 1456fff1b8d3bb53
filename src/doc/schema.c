// SPDX-License-Identifier: Apache-2.0
// The catalogue entry of a collection's indexes, to and from bytes; see schema.h.
#include "doc/schema.h"

#include "base/buffer.h"
#include "base/coding.h"
#include "base/memory.h"
#include "base/status.h"
#include "format/internal_key.h"
#include "lsm/catalogue.h"

enum {
    FLAG_UNIQUE = 1,
    FLAG_SPARSE = 2,
    FLAG_MULTI_KEY = 4,
    FLAG_CUT = 8,
    FLAGS_KNOWN = 15,
};

ferric_slice fe_schema_key(uint32_t collection, uint8_t key[FE_SCHEMA_KEY_SIZE])
{
    key[0] = FE_CATALOGUE_SCHEMA_LETTER;
    fe_put_u32_ordered(key + 1, collection);
    return fe_slice(key, FE_SCHEMA_KEY_SIZE);
}

// ---- To bytes -------------------------------------------------------------------------------

static ferric_status encode_index(const fe_index *index, ferric_buffer *value)
{
    uint8_t flags =
        (uint8_t)((index->is_unique ? FLAG_UNIQUE : 0) | (index->is_sparse ? FLAG_SPARSE : 0) |
                  (index->is_multi_key ? FLAG_MULTI_KEY : 0) | (index->has_cut ? FLAG_CUT : 0));
    ferric_status status = fe_buffer_put_u8(value, (uint8_t)index->state);

    if (status == FERRIC_OK) status = fe_buffer_put_u8(value, flags);
    if (status == FERRIC_OK) status = fe_buffer_put_varint(value, index->ready_sequence);
    if (status == FERRIC_OK) status = fe_buffer_put_sized(value, fe_slice_text(index->name));
    if (status == FERRIC_OK) status = fe_buffer_put_sized(value, index->keys);
    if (status == FERRIC_OK) status = fe_buffer_put_sized(value, index->only);
    return status;
}

ferric_status fe_schema_encode(const fe_index *indexes, size_t count, ferric_buffer *value)
{
    ferric_status status = fe_buffer_put_u8(value, FE_CATALOGUE_SCHEMA_FORMAT);

    if (status == FERRIC_OK) status = fe_buffer_put_varint(value, count);
    // Ids come first, so that a repair finds them without knowing the rest.
    for (size_t i = 0; i < count && status == FERRIC_OK; i++)
        status = fe_buffer_put_u32(value, indexes[i].id);
    for (size_t i = 0; i < count && status == FERRIC_OK; i++)
        status = encode_index(&indexes[i], value);
    return status;
}

// ---- Keys and filters -----------------------------------------------------------------------

ferric_status fe_index_compile(fe_index *index, fe_arena *arena)
{
    ferric_status status = fe_index_shape_parse(index->keys, arena, &index->shape);

    index->matcher = NULL;
    index->shape.is_unique = index->is_unique;
    if (status == FERRIC_OK && index->only.size > 0) {
        status = fe_matcher_create(index->only, &index->matcher);
    }
    return status;
}

void fe_index_deinit(fe_index *index)
{
    fe_matcher_destroy(index->matcher);
    index->matcher = NULL;
}

ferric_status fe_index_has(const fe_schema *schema, const fe_index *index, const fe_doc *doc,
                           bool *has)
{
    ferric_status status;

    *has = true;
    if (index->matcher == NULL) return FERRIC_OK;
    fe_mutex_lock(&schema->moving->mutex);
    status = fe_matcher_test(index->matcher, doc, has);
    fe_mutex_unlock(&schema->moving->mutex);
    return status;
}

// ---- From bytes -----------------------------------------------------------------------------

static ferric_status corrupt(void)
{
    return fe_fail(FERRIC_CORRUPT, "the catalogue's entry of a collection's indexes is none");
}

static ferric_status decode_index(fe_decoder *decoder, fe_arena *arena, fe_index *index)
{
    char *name;
    ferric_slice given;
    uint8_t flags;
    ferric_status status;

    index->state = (fe_index_state)fe_decode_u8(decoder);
    flags = fe_decode_u8(decoder);
    index->ready_sequence = fe_decode_varint(decoder);
    given = fe_decode_sized(decoder);
    index->keys = fe_decode_sized(decoder);
    index->only = fe_decode_sized(decoder);
    if (decoder->failed || given.size == 0 || given.size > FE_INDEX_NAME_SIZE_MAX) return corrupt();
    if (flags > FLAGS_KNOWN || index->state < FE_INDEX_BUILDING || index->state > FE_INDEX_READY) {
        return fe_fail(FERRIC_UNSUPPORTED,
                       "index \"%.*s\" has state %u and flags %u: it was made by a newer version",
                       (int)given.size, (const char *)given.data, (unsigned)index->state, flags);
    }
    index->is_unique = (flags & FLAG_UNIQUE) != 0;
    index->is_sparse = (flags & FLAG_SPARSE) != 0;
    index->is_multi_key = (flags & FLAG_MULTI_KEY) != 0;
    index->has_cut = (flags & FLAG_CUT) != 0;
    name = fe_arena_alloc(arena, given.size + 1);
    if (name == NULL) return fe_no_memory("an index's name", given.size);
    memcpy(name, given.data, given.size);
    name[given.size] = 0;
    index->name = name;
    status = fe_arena_copy(arena, index->keys, &index->keys);
    if (status == FERRIC_OK) status = fe_arena_copy(arena, index->only, &index->only);
    return status == FERRIC_OK ? fe_index_compile(index, arena) : status;
}

static ferric_status decode(ferric_slice value, fe_schema *schema)
{
    fe_decoder decoder = fe_decoder_of(value);
    uint8_t format = fe_decode_u8(&decoder);
    uint64_t count = fe_decode_varint(&decoder);
    ferric_status status = FERRIC_OK;

    if (format != FE_CATALOGUE_SCHEMA_FORMAT && !decoder.failed) {
        return fe_fail(FERRIC_UNSUPPORTED,
                       "the catalogue has indexes in format %u: they were made by a newer version",
                       format);
    }
    if (decoder.failed || count > FE_SCHEMA_INDEXES_MAX) return corrupt();
    for (uint64_t i = 0; i < count; i++)
        schema->indexes[i].id = fe_decode_u32(&decoder);
    while (schema->index_count < count && status == FERRIC_OK) {
        // Counted first, so that what a failed one compiled is undone too.
        fe_index *index = &schema->indexes[schema->index_count++];
        status = decode_index(&decoder, &schema->arena, index);
    }
    return status;
}

ferric_status fe_schema_create(ferric_slice value, uint64_t version, fe_schema **schema)
{
    fe_schema *created = fe_alloc_zero(1, sizeof *created);
    ferric_status status = FERRIC_OK;

    *schema = NULL;
    if (created == NULL) return fe_no_memory("a collection's indexes", sizeof *created);
    fe_arena_init(&created->arena);
    created->version = version;
    created->moving = fe_arena_alloc(&created->arena, sizeof *created->moving);
    if (created->moving == NULL) {
        status = fe_no_memory("a collection's indexes", sizeof *created->moving);
    } else {
        fe_mutex_init(&created->moving->mutex);
        for (size_t i = 0; i < FE_SCHEMA_INDEXES_MAX; i++)
            atomic_init(&created->moving->drops[i], 0);
    }
    if (status == FERRIC_OK && value.size > 0) status = decode(value, created);
    if (status != FERRIC_OK) {
        fe_schema_destroy(created);
        return status;
    }
    *schema = created;
    return FERRIC_OK;
}

void fe_schema_destroy(fe_schema *schema)
{
    if (schema == NULL) return;
    for (size_t i = 0; i < schema->index_count; i++)
        fe_index_deinit(&schema->indexes[i]);
    if (schema->moving != NULL) fe_mutex_deinit(&schema->moving->mutex);
    fe_arena_deinit(&schema->arena);
    fe_free(schema);
}

const fe_index *fe_schema_find(const fe_schema *schema, ferric_slice name)
{
    for (size_t i = 0; i < schema->index_count; i++) {
        if (fe_slice_equal(fe_slice_text(schema->indexes[i].name), name)) {
            return &schema->indexes[i];
        }
    }
    return NULL;
}
