// SPDX-License-Identifier: Apache-2.0
// Checks, expands and searches an index. docs/format/table.md, "Index".
#include "format/table_index.h"

#include <inttypes.h>

#include "base/memory.h"
#include "base/status.h"
#include "format/table_layout.h"

#define HEAD_SIZE 8

// ---- Loading ---------------------------------------------------------------------------------

// Reads one line. False when it cannot be right.
static bool decode_place(const fe_data_extent *data, ferric_slice line, uint64_t offset,
                         fe_block_place *place)
{
    fe_decoder decoder = fe_decoder_of(line);
    uint64_t remaining = data->offset + data->stored_size - offset;
    uint64_t stored_size = fe_decode_varint_max(&decoder, remaining);
    uint64_t content_size = fe_decode_varint_max(&decoder, FE_BLOCK_CONTENT_SIZE_MAX);
    uint64_t entries = fe_decode_varint_max(&decoder, content_size / FE_BLOCK_ENTRY_ROOM_MIN);

    if (decoder.failed || fe_decoder_remaining(&decoder) != 0 || entries == 0) return false;
    if (stored_size < data->added_size || stored_size - data->added_size > content_size)
        return false;
    place->offset = offset;
    place->stored_size = (uint32_t)stored_size;
    place->content_size = (uint32_t)content_size;
    place->entries = (uint32_t)entries;
    return true;
}

static uint64_t head_of(ferric_slice rest)
{
    const uint8_t *bytes = fe_slice_bytes(rest);
    uint64_t head = 0;

    if (FE_LIKELY(rest.size >= HEAD_SIZE))
        return (uint64_t)fe_get_u32_ordered(bytes) << 32 | fe_get_u32_ordered(bytes + 4);
    for (size_t i = 0; i < HEAD_SIZE; i++)
        head = head << 8 | (i < rest.size ? bytes[i] : 0);
    return head;
}

static ferric_status expand_lines(fe_table_index *index, const fe_data_extent *data,
                                  const char *path)
{
    uint64_t offset = data->offset;
    uint64_t content_size = 0;

    for (uint32_t i = 0; i < index->lines.count; i++) {
        fe_block_entry line;
        fe_block_entry_at(&index->lines, i, &line);
        if (!decode_place(data, line.value, offset, &index->places[i])) {
            return fe_fail(FERRIC_CORRUPT, "%s: line %" PRIu32 " of the index makes no sense", path,
                           i);
        }
        index->heads[i] = head_of(line.rest);
        offset += index->places[i].stored_size;
        content_size += index->places[i].content_size;
    }
    if (offset - data->offset == data->stored_size && content_size == data->content_size &&
        (index->lines.count == data->block_count || data->block_count == FE_BLOCK_COUNT_UNKNOWN)) {
        return FERRIC_OK;
    }
    return fe_fail(FERRIC_CORRUPT,
                   "%s: the index has %" PRIu32 " blocks of %" PRIu64
                   " bytes, the directory and properties %" PRIu64 " of %" PRIu64,
                   path, index->lines.count, offset - data->offset, data->block_count,
                   data->stored_size);
}

ferric_status fe_table_index_init(fe_table_index *index, ferric_slice content,
                                  const fe_data_extent *data, const char *path, uint64_t offset)
{
    uint32_t count = fe_block_claimed_count(content); // At most a fifth of the content's size.
    size_t room = count > 0 ? count : 1;
    ferric_status status;

    index->slots = fe_alloc_zero(room, sizeof *index->slots);
    index->heads = fe_alloc_zero(room, sizeof *index->heads);
    index->places = fe_alloc_zero(room, sizeof *index->places);
    if (index->slots == NULL || index->heads == NULL || index->places == NULL)
        return fe_no_memory("table index", room * sizeof *index->places);
    status = fe_block_init(&index->lines, content, index->slots, path, offset);
    return status == FERRIC_OK ? expand_lines(index, data, path) : status;
}

void fe_table_index_deinit(fe_table_index *index)
{
    fe_free(index->slots);
    fe_free(index->heads);
    fe_free(index->places);
    *index = (fe_table_index){0};
}

size_t fe_table_index_memory(const fe_table_index *index)
{
    return index->lines.count *
           (sizeof *index->slots + sizeof *index->heads + sizeof *index->places);
}

// ---- Search ----------------------------------------------------------------------------------

// The first head that is at least `head`. Without branches on the data, as in block.c; since an
// index may be larger than the nearest caches, both ways a step may go are fetched before it.
static inline uint32_t head_lower_bound(const uint64_t *heads, uint32_t count, uint64_t head)
{
    const uint64_t *base = heads;

    while (count > 1) {
        uint32_t half = count / 2;
        FE_PREFETCH(base + half / 2);
        FE_PREFETCH(base + half + half / 2);
        base += half & (0 - (uint32_t)(base[half - 1] < head));
        count -= half;
    }
    return (uint32_t)(base - heads) + (*base < head);
}

uint32_t fe_table_index_find(const fe_table_index *index, ferric_slice key, uint64_t sequence)
{
    ferric_slice prefix = fe_block_prefix(&index->lines);
    uint64_t head;
    uint32_t found;

    if (FE_UNLIKELY(!fe_slice_has_prefix(key, prefix)))
        return fe_block_lower_bound(&index->lines, key, sequence);
    head = head_of(fe_slice(fe_slice_bytes(key) + prefix.size, key.size - prefix.size));
    found = head_lower_bound(index->heads, index->lines.count, head);
    if (FE_UNLIKELY(found < index->lines.count && index->heads[found] == head))
        return fe_block_lower_bound(&index->lines, key, sequence);
    return found;
}
