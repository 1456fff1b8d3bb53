// SPDX-License-Identifier: Apache-2.0
// An iterator that keeps count of keyspaces.
//
// Entries come in internal order: the catalogue's first, then keyspace after keyspace; and of each
// key the newest version first, which alone counts.
#include "lsm/keyspace_census.h"

#include "base/buffer.h"
#include "base/coding.h"
#include "base/memory.h"
#include "base/status.h"
#include "lsm/catalogue.h"
#include "lsm/map_iterator.h"
#include "lsm/store.h"

// The byte that every document begins with (docs/format/document.md).
#define DOCUMENT_FORMAT_BYTE 1

// ---- Lines ----------------------------------------------------------------------------------

static ferric_status find_line(fe_keyspace_census *census, uint32_t id, fe_census_line **line)
{
    fe_census_line *grown;
    size_t at = census->latest;

    if (at >= census->count || census->lines[at].id != id) {
        at = 0;
        while (at < census->count && census->lines[at].id != id)
            at++;
    }
    if (at == census->count) {
        grown = fe_realloc(census->lines, (at + 1) * sizeof *grown);
        if (grown == NULL) return fe_no_memory("a census of keyspaces", (at + 1) * sizeof *grown);
        census->lines = grown;
        grown[at] = (fe_census_line){.id = id, .is_collection = true};
        census->count++;
    }
    census->latest = at;
    *line = &census->lines[at];
    return FERRIC_OK;
}

// The keyspaces of a collection's indexes have no names, and need none.
static ferric_status note_indexes(fe_keyspace_census *census, ferric_slice value)
{
    fe_decoder decoder = fe_decoder_of(value);
    uint8_t format = fe_decode_u8(&decoder);
    uint64_t count = fe_decode_varint_max(&decoder, fe_decoder_remaining(&decoder));
    ferric_status status = FERRIC_OK;

    if (format != FE_CATALOGUE_SCHEMA_FORMAT) return FERRIC_OK;
    for (uint64_t i = 0; i < count && status == FERRIC_OK; i++) {
        fe_census_line *line;
        uint32_t id = fe_decode_u32(&decoder);
        if (decoder.failed) return FERRIC_OK;
        status = find_line(census, id, &line);
        if (status == FERRIC_OK) line->has_name = true;
    }
    return status;
}

// A catalogue entry that cannot be decoded names nothing.
static ferric_status note_catalogue(fe_keyspace_census *census, const fe_entry *entry,
                                    ferric_slice user_key)
{
    ferric_keyspace_info info;
    fe_census_line *line;
    ferric_slice name;
    ferric_status status;

    if (fe_slice_equal(user_key, fe_slice_text(FE_CATALOGUE_NEXT_ID_KEY))) {
        if (fe_catalogue_decode_next_id(entry->value, &census->next_id) != FERRIC_OK) {
            census->next_id = 0;
        }
        return FERRIC_OK;
    }
    if (user_key.size > 0 && *fe_slice_bytes(user_key) == FE_CATALOGUE_SCHEMA_LETTER) {
        return note_indexes(census, entry->value);
    }
    if (!fe_catalogue_is_name_key(user_key, &name)) return FERRIC_OK;
    // A kind that is not known is a name all the same.
    status = fe_catalogue_decode(name, entry->value, &info);
    if (status != FERRIC_OK && status != FERRIC_UNSUPPORTED) return FERRIC_OK;
    status = find_line(census, info.id, &line);
    if (status == FERRIC_OK) line->has_name = true;
    return status;
}

static bool is_hidden(const fe_keyspace_census *census, const fe_entry *entry)
{
    fe_range_cover cover = {0};

    if (census->ranges == NULL || census->ranges->count == 0) return false;
    fe_range_deletes_narrow(census->ranges, entry->key, FE_SEQUENCE_MAX, &cover);
    return entry->sequence < cover.sequence;
}

static ferric_status note_entry(fe_keyspace_census *census, const fe_entry *entry)
{
    ferric_slice value = fe_entry_content(entry);
    fe_census_line *line;
    ferric_slice user_key;
    ferric_status status;
    uint32_t id;

    if (entry->key.size < FE_KEYSPACE_ID_SIZE) return FERRIC_OK;
    if (census->key.size > 0 && fe_slice_equal(fe_buffer_slice(&census->key), entry->key)) {
        return FERRIC_OK;
    }
    status = fe_buffer_assign(&census->key, entry->key);
    if (status != FERRIC_OK || entry->kind == FE_ENTRY_DELETE) return status;
    if (is_hidden(census, entry)) return FERRIC_OK;
    id = fe_get_u32_ordered(fe_slice_bytes(entry->key));
    user_key = fe_slice(fe_slice_bytes(entry->key) + FE_KEYSPACE_ID_SIZE,
                        entry->key.size - FE_KEYSPACE_ID_SIZE);
    if (id == FE_KEYSPACE_CATALOGUE) return note_catalogue(census, entry, user_key);
    status = find_line(census, id, &line);
    if (status != FERRIC_OK) return status;
    line->entries++;
    if (value.size < 2 || fe_slice_bytes(value)[0] != DOCUMENT_FORMAT_BYTE)
        line->is_collection = false;
    return FERRIC_OK;
}

void fe_keyspace_census_deinit(fe_keyspace_census *census)
{
    fe_free(census->lines);
    fe_buffer_deinit(&census->key);
}

// Ids that are reserved are nobody's, and no name may be given to them.
static bool is_given_out(uint32_t id)
{
    return id >= FE_KEYSPACE_FIRST_FREE && id < UINT32_MAX;
}

const fe_census_line *fe_keyspace_census_nameless(const fe_keyspace_census *census, size_t *index)
{
    while (*index < census->count) {
        const fe_census_line *line = &census->lines[(*index)++];
        if (line->has_name || line->entries == 0) continue;
        if (line->id == FE_KEYSPACE_MAIN || is_given_out(line->id)) return line;
    }
    return NULL;
}

uint32_t fe_keyspace_census_next_id(const fe_keyspace_census *census)
{
    uint32_t least = 0;

    for (size_t i = 0; i < census->count; i++) {
        uint32_t id = census->lines[i].id;
        if (is_given_out(id) && id >= least && id + 1 < UINT32_MAX) least = id + 1;
    }
    return least > census->next_id ? least : 0;
}

// ---- The iterator ---------------------------------------------------------------------------

static ferric_status note_passing(void *census, fe_entry *entry, bool *is_hidden)
{
    (void)is_hidden;
    return note_entry(census, entry);
}

ferric_status fe_keyspace_census_iterator(fe_iterator *input, fe_keyspace_census *census,
                                          fe_iterator **iterator)
{
    return fe_map_iterator_create(input, note_passing, census, iterator);
}
