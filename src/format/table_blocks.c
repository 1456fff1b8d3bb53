// SPDX-License-Identifier: Apache-2.0
// Reads the data blocks of a table: from the file, through the seal, out of the compression.
#include <assert.h>
#include <inttypes.h>

#include "base/buffer.h"
#include "base/status.h"
#include "format/table_inside.h"

// A reader keeps a window of this size; larger ones are given back after use.
#define WINDOW_KEPT_MAX ((size_t)512 << 10)

void fe_block_reader_reset(fe_block_reader *reader)
{
    reader->table = NULL;
    fe_buffer_clear(&reader->window);
    if (reader->window.capacity > WINDOW_KEPT_MAX) fe_buffer_deinit(&reader->window);
}

void fe_block_reader_deinit(fe_block_reader *reader)
{
    fe_buffer_deinit(&reader->window);
    fe_decompressor_deinit(&reader->decompressor);
    *reader = (fe_block_reader){0};
}

static bool is_in_window(const fe_block_reader *reader, const fe_table *table,
                         const fe_block_place *place)
{
    uint64_t from_start = place->offset - reader->window_offset;

    return reader->table == table && place->offset >= reader->unused_offset &&
           from_start <= reader->window.size &&
           place->stored_size <= reader->window.size - from_start;
}

// Makes the block's stored bytes stand in the window and lends them.
static ferric_status fetch_unit(const fe_table *table, const fe_block_place *place,
                                fe_block_reader *reader, uint8_t **unit)
{
    uint64_t remaining = table->data.offset + table->data.stored_size - place->offset;
    size_t size = reader->read_ahead;
    ferric_status status;

    if (!is_in_window(reader, table, place)) {
        if (size > remaining) size = (size_t)remaining;
        if (size < place->stored_size) size = place->stored_size;
        fe_block_reader_reset(reader);
        status = fe_buffer_reserve(&reader->window, size);
        if (status != FERRIC_OK) return status;
        status = fe_table_read_exactly(table, place->offset, reader->window.data, size);
        if (status != FERRIC_OK) return status;
        reader->table = table;
        reader->window.size = size;
        reader->window_offset = place->offset;
    }
    *unit = (uint8_t *)reader->window.data + (place->offset - reader->window_offset);
    reader->unused_offset = place->offset + place->stored_size;
    return FERRIC_OK;
}

static ferric_status unpack(const fe_table *table, const fe_block_place *place,
                            fe_block_reader *reader, const uint8_t *unit, size_t unit_size,
                            uint8_t *content)
{
    size_t size = unit_size - FE_BLOCK_KIND_SIZE;
    uint8_t kind = unit[size];
    bool is_intact;
    ferric_status status;

    if (kind > FE_COMPRESSION_LAST_KNOWN) {
        return fe_fail(FERRIC_UNSUPPORTED,
                       "%s: block at offset %" PRIu64
                       ": compression %u, this library knows up to %d",
                       table->path, place->offset, kind, (int)FE_COMPRESSION_LAST_KNOWN);
    }
    status = fe_decompress(&reader->decompressor, (ferric_compression)kind, fe_slice(unit, size),
                           content, place->content_size, &is_intact);
    if (status != FERRIC_OK || is_intact) return status;
    return fe_fail(FERRIC_CORRUPT,
                   "%s: block at offset %" PRIu64 ": its %zu bytes do not decompress to %" PRIu32,
                   table->path, place->offset, size, place->content_size);
}

ferric_status fe_table_read_block(const fe_table *table, uint32_t block, fe_block_reader *reader,
                                  void *memory, fe_block *view)
{
    const fe_block_place *place = &table->index.places[block];
    fe_block_slot *slots = memory;
    uint8_t *content = (uint8_t *)(slots + place->entries);
    ferric_slice bytes = fe_slice(content, place->content_size);
    uint8_t *unit;
    size_t unit_size;
    ferric_status status;

    assert(block < table->index.lines.count);
    status = fetch_unit(table, place, reader, &unit);
    if (status != FERRIC_OK) return status;
    status = fe_seal_open(&table->sealer, FE_UNIT_DATA_BLOCK, place->offset, unit,
                          place->stored_size, table->path, &unit_size);
    if (status != FERRIC_OK) return status;
    status = unpack(table, place, reader, unit, unit_size, content);
    if (status != FERRIC_OK) return status;
    if (fe_block_claimed_count(bytes) != place->entries) {
        return fe_fail(FERRIC_CORRUPT,
                       "%s: block at offset %" PRIu64 " does not have the %" PRIu32
                       " entries of its index line",
                       table->path, place->offset, place->entries);
    }
    return fe_block_init(view, bytes, slots, table->path, place->offset);
}
