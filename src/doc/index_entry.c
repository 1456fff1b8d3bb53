// SPDX-License-Identifier: Apache-2.0
// From documents to entries of indexes and back to ids; see index_entry.h.
#include "doc/index_entry.h"

#include "base/coding.h"
#include "base/memory.h"
#include "base/status.h"

// Whether every path of the index reaches nothing in the document.
static bool is_reached(void *context, ferric_slice value, fe_reached how)
{
    (void)how;
    *(bool *)context = value.size > 0;
    return value.size > 0;
}

static bool has_any_path(const fe_index *index, const fe_doc *doc)
{
    bool is_there = false;

    for (size_t i = 0; i < index->shape.part_count && !is_there; i++)
        (void)fe_path_each(&index->shape.parts[i].path, doc, is_reached, &is_there);
    return is_there;
}

static ferric_status has_entries(const fe_schema *schema, const fe_index *index, const fe_doc *doc,
                                 bool *has)
{
    *has = doc->text.size > 0 && (!index->is_sparse || has_any_path(index, doc));
    return *has ? fe_index_has(schema, index, doc, has) : FERRIC_OK;
}

static ferric_status refuse_long_key(const fe_index *index, size_t size)
{
    return fe_fail(FERRIC_TOO_LARGE,
                   "index \"%s\": the entry of this document would have a key of %zu bytes, at "
                   "most %d are allowed: use shorter ids or fewer paths",
                   index->name, size, FERRIC_KEY_SIZE_MAX);
}

// Copies `key`, with the id behind it unless it binds.
static ferric_status make_entry(const fe_index *index, const fe_index_key *key, ferric_slice id,
                                fe_arena *arena, fe_index_entry *entry)
{
    bool is_binding = index->is_unique && !key->is_free;
    size_t key_size = key->bytes.size + (is_binding ? 0 : id.size);
    size_t size = key_size + FE_VARINT32_SIZE_MAX + (is_binding ? id.size : 0);
    uint8_t *bytes;
    uint8_t *at;

    if (key_size > FERRIC_KEY_SIZE_MAX) return refuse_long_key(index, key_size);
    bytes = fe_arena_alloc(arena, size);
    if (bytes == NULL) return fe_no_memory("an index entry", size);
    memcpy(bytes, key->bytes.data, key->bytes.size);
    if (!is_binding) memcpy(bytes + key->bytes.size, id.data, id.size);
    at = fe_put_varint(bytes + key_size, (is_binding ? 0 : id.size * 2) + key->is_verbatim);
    if (is_binding) {
        memcpy(at, id.data, id.size);
        at += id.size;
    }
    entry->key = fe_slice(bytes, key_size);
    entry->value = fe_slice(bytes + key_size, (size_t)(at - bytes) - key_size);
    entry->is_binding = is_binding;
    return FERRIC_OK;
}

ferric_status fe_index_entries_make(const fe_schema *schema, const fe_index *index,
                                    const fe_indexed_document *document, fe_arena *arena,
                                    fe_index_entries *entries)
{
    fe_index_keys keys = {0};
    bool has;
    ferric_status status = has_entries(schema, index, &document->doc, &has);

    *entries = (fe_index_entries){0};
    if (status != FERRIC_OK || !has) return status;
    status = fe_index_keys_make(&index->shape, &document->doc, arena, &keys);
    if (status != FERRIC_OK) return status;
    entries->is_multi_key = keys.is_multi_key;
    entries->list = fe_arena_alloc(arena, keys.count * sizeof *entries->list);
    if (entries->list == NULL) return fe_no_memory("index entries", keys.count);
    for (size_t i = 0; i < keys.count && status == FERRIC_OK; i++) {
        status = make_entry(index, &keys.keys[i], document->id, arena, &entries->list[i]);
        entries->has_cut |= keys.keys[i].is_inexact;
        if (status == FERRIC_OK) entries->count++;
    }
    return status;
}

ferric_status fe_index_entry_id(ferric_slice key, ferric_slice value, ferric_slice *id,
                                size_t *key_size)
{
    fe_decoder decoder = fe_decoder_of(value);
    uint64_t size = fe_decode_varint_max(&decoder, key.size * 2 + 1) / 2;
    size_t rest = fe_decoder_remaining(&decoder);

    *id = fe_slice(NULL, 0);
    if (decoder.failed || (size == 0) == (rest == 0)) {
        return fe_fail(FERRIC_CORRUPT, "an index has an entry whose value of %zu bytes is none",
                       value.size);
    }
    *id = size == 0 ? fe_slice(decoder.at, rest)
                    : fe_slice(fe_slice_bytes(key) + key.size - size, (size_t)size);
    if (key_size != NULL) *key_size = key.size - (size_t)size;
    return FERRIC_OK;
}

bool fe_index_entry_is_verbatim(ferric_slice value)
{
    fe_decoder decoder = fe_decoder_of(value);
    return (fe_decode_varint(&decoder) & 1) != 0;
}
