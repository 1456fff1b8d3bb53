// SPDX-License-Identifier: Apache-2.0
// Schemas that begin anew; see index_reset.h.
//
// The catalogue's entries come first, so every index is known before the first entry of one.
#include "lsm/index_reset.h"

#include <string.h>

#include "base/buffer.h"
#include "base/coding.h"
#include "base/seeded_bug.h"
#include "format/internal_key.h"
#include "lsm/catalogue.h"
#include "lsm/map_iterator.h"

void fe_index_reset_deinit(fe_index_reset *reset)
{
    fe_buffer_deinit(&reset->ids);
    fe_buffer_deinit(&reset->schema);
}

static bool is_index(fe_index_reset *reset, uint32_t id)
{
    const uint8_t *ids = reset->ids.data;

    if (id == reset->latest_id) return reset->is_latest_index;
    reset->latest_id = id;
    reset->is_latest_index = false;
    for (size_t at = 0; at < reset->ids.size && !reset->is_latest_index; at += sizeof id)
        reset->is_latest_index = memcmp(ids + at, &id, sizeof id) == 0;
    return reset->is_latest_index;
}

// The function has looked at the schema: its beginning is what docs/format/index_catalogue.md says.
static ferric_status note_indexes(fe_index_reset *reset, ferric_slice schema)
{
    fe_decoder decoder = fe_decoder_of(schema);
    ferric_status status = FERRIC_OK;
    uint64_t count;

    (void)fe_decode_u8(&decoder); // The format.
    count = fe_decode_varint_max(&decoder, fe_decoder_remaining(&decoder));
    for (uint64_t i = 0; i < count && status == FERRIC_OK; i++) {
        uint32_t id = fe_decode_u32(&decoder);
        if (decoder.failed) break;
        // A made-up schema must not take away what has a fixed id.
        if (id >= FE_KEYSPACE_FIRST_FREE) {
            status = fe_buffer_append(&reset->ids, &id, sizeof id);
        }
    }
    return status;
}

static ferric_status reset_schema(fe_index_reset *reset, fe_entry *entry)
{
    ferric_status status;

    fe_buffer_clear(&reset->schema);
    status = reset->function(entry->value, &reset->schema);
    if (status != FERRIC_OK) return status == FERRIC_NO_MEMORY ? status : FERRIC_OK;
    entry->value = fe_buffer_slice(&reset->schema);
    return note_indexes(reset, entry->value);
}

static ferric_status pass(void *context, fe_entry *entry, bool *is_hidden)
{
    fe_index_reset *reset = context;
    const uint8_t *key = fe_slice_bytes(entry->key);
    uint32_t id;

    if (FE_SEEDED_BUG(FE_BUG_REPAIR_BELIEVES_INDEXES)) return FERRIC_OK;
    if (reset->function == NULL || entry->key.size < FE_KEYSPACE_ID_SIZE) return FERRIC_OK;
    id = fe_get_u32_ordered(key);
    if (id != FE_KEYSPACE_CATALOGUE) {
        *is_hidden = is_index(reset, id);
    } else if (entry->key.size > FE_KEYSPACE_ID_SIZE && entry->kind == FE_ENTRY_PUT) {
        uint8_t letter = key[FE_KEYSPACE_ID_SIZE];
        *is_hidden = letter == FE_CATALOGUE_PROGRESS_LETTER;
        if (letter == FE_CATALOGUE_SCHEMA_LETTER) return reset_schema(reset, entry);
    }
    return FERRIC_OK;
}

ferric_status fe_index_reset_iterator(fe_iterator *input, fe_index_reset *reset,
                                      fe_iterator **iterator)
{
    return fe_map_iterator_create(input, pass, reset, iterator);
}
