// SPDX-License-Identifier: Apache-2.0
// Makes one block in a single buffer. What all keys have in common is known only when the last one
// has come, so entries wait with their whole keys and a gap for the header, and finish moves
// them together in place:
//
//   adding:    [gap | key | value] [gap | key | value] ...
//   finished:  prefix [header | rest | value] [header | rest | value] ... slots trailer
//
// The gap is as large as the largest header, so writing never overtakes reading: behind entry i,
// prefix + sum of (header + rest + value) <= sum of (gap + key + value).
#include "format/block_builder.h"

#include <assert.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/status.h"
#include "format/block.h"

#define GAP_SIZE FE_BLOCK_ENTRY_HEADER_SIZE_MAX
#define WAITING_SIZE_MAX ((size_t)2 << 30)
#define WIDE_SLOTS_FLAG ((uint32_t)1 << 31)

typedef struct waiting_entry {
    uint64_t sequence;
    uint32_t key_offset; // Then that of the finished entry.
    uint32_t key_size;
    uint32_t value_size;
    fe_entry_kind kind;
} waiting_entry;

struct fe_block_builder {
    ferric_buffer bytes;
    waiting_entry *entries;
    uint32_t count;
    uint32_t capacity;
    size_t prefix_size;  // Of all keys so far.
    size_t unique_bytes; // Keys, values and guessed headers.
    uint64_t smallest_sequence;
};

ferric_status fe_block_builder_create(fe_block_builder **builder)
{
    *builder = fe_alloc_zero(1, sizeof **builder);
    if (*builder == NULL) return fe_no_memory("block builder", sizeof **builder);
    return FERRIC_OK;
}

void fe_block_builder_destroy(fe_block_builder *builder)
{
    if (builder == NULL) return;
    fe_buffer_deinit(&builder->bytes);
    fe_free(builder->entries);
    fe_free(builder);
}

void fe_block_builder_clear(fe_block_builder *builder)
{
    fe_buffer_clear(&builder->bytes);
    builder->count = 0;
    builder->prefix_size = 0;
    builder->unique_bytes = 0;
}

static ferric_slice key_of(const fe_block_builder *builder, uint32_t index)
{
    const waiting_entry *entry = &builder->entries[index];

    return fe_slice((const uint8_t *)builder->bytes.data + entry->key_offset, entry->key_size);
}

ferric_slice fe_block_builder_last_key(const fe_block_builder *builder)
{
    return key_of(builder, builder->count - 1);
}

static ferric_status reserve_entry(fe_block_builder *builder)
{
    uint32_t capacity = builder->capacity == 0 ? 64 : builder->capacity * 2;
    waiting_entry *entries;

    if (builder->count < builder->capacity) return FERRIC_OK;
    entries = fe_realloc(builder->entries, capacity * sizeof *entries);
    if (entries == NULL) return fe_no_memory("block entries", capacity * sizeof *entries);
    builder->entries = entries;
    builder->capacity = capacity;
    return FERRIC_OK;
}

static ferric_status copy_entry(fe_block_builder *builder, const fe_entry *entry)
{
    static const uint8_t gap[GAP_SIZE] = {0};
    size_t size = GAP_SIZE + entry->key.size + entry->value.size;
    ferric_status status;

    if (size > WAITING_SIZE_MAX - builder->bytes.size) {
        return fe_fail(FERRIC_TOO_LARGE, "a block of more than %zu bytes", WAITING_SIZE_MAX);
    }
    status = fe_buffer_reserve(&builder->bytes, size);
    if (status == FERRIC_OK) status = fe_buffer_append(&builder->bytes, gap, GAP_SIZE);
    if (status == FERRIC_OK)
        status = fe_buffer_append(&builder->bytes, entry->key.data, entry->key.size);
    if (status == FERRIC_OK)
        status = fe_buffer_append(&builder->bytes, entry->value.data, entry->value.size);
    return status;
}

static void account(fe_block_builder *builder, const fe_entry *entry)
{
    size_t common;

    if (builder->count == 0) {
        common = entry->key.size;
        if (common > FE_BLOCK_PREFIX_SIZE_MAX) common = FE_BLOCK_PREFIX_SIZE_MAX;
        builder->smallest_sequence = entry->sequence;
    } else {
        ferric_slice shared = key_of(builder, 0);
        shared.size = builder->prefix_size;
        common = fe_slice_common_prefix(shared, entry->key);
    }
    builder->prefix_size = common;
    builder->unique_bytes +=
        entry->key.size + entry->value.size + fe_varint_size(entry->value.size) + 4;
    if (entry->sequence < builder->smallest_sequence) builder->smallest_sequence = entry->sequence;
}

ferric_status fe_block_builder_add(fe_block_builder *builder, const fe_entry *entry)
{
    size_t offset = builder->bytes.size;
    ferric_status status;

    assert(entry->key.size <= FE_KEY_SIZE_MAX && entry->sequence <= FE_SEQUENCE_MAX);
    assert(builder->count == 0 || fe_internal_compare(fe_block_builder_last_key(builder),
                                                      builder->entries[builder->count - 1].sequence,
                                                      entry->key, entry->sequence) < 0);
    status = reserve_entry(builder);
    if (status == FERRIC_OK) status = copy_entry(builder, entry);
    if (status != FERRIC_OK) return status;
    account(builder, entry);
    builder->entries[builder->count++] = (waiting_entry){
        .sequence = entry->sequence,
        .key_offset = (uint32_t)(offset + GAP_SIZE),
        .key_size = (uint32_t)entry->key.size,
        .value_size = (uint32_t)entry->value.size,
        .kind = entry->kind,
    };
    return FERRIC_OK;
}

uint32_t fe_block_builder_count(const fe_block_builder *builder)
{
    return builder->count;
}

size_t fe_block_builder_size(const fe_block_builder *builder)
{
    if (builder->count == 0) return 0;
    return builder->unique_bytes - (builder->count - 1) * builder->prefix_size +
           builder->count * sizeof(uint16_t) + FE_BLOCK_TRAILER_SIZE;
}

// Moves one entry to `to`, returns the address behind it.
static uint8_t *compact_entry(fe_block_builder *builder, waiting_entry *entry, uint8_t *to)
{
    uint8_t *data = builder->bytes.data;
    const uint8_t *rest = data + entry->key_offset + builder->prefix_size;
    size_t rest_size = entry->key_size - builder->prefix_size;

    entry->key_offset = (uint32_t)(to - data);
    to = fe_put_varint(to, rest_size);
    to = fe_put_varint(to, entry->value_size);
    to = fe_put_varint(to, (entry->sequence - builder->smallest_sequence) << 3 | entry->kind);
    assert(to <= rest);
    memmove(to, rest, rest_size + entry->value_size);
    return to + rest_size + entry->value_size;
}

static uint8_t *put_slots(const fe_block_builder *builder, uint8_t *to, bool is_wide)
{
    for (uint32_t i = 0; i < builder->count; i++) {
        uint32_t offset = builder->entries[i].key_offset;
        if (is_wide) {
            fe_put_u32(to, offset);
            to += sizeof(uint32_t);
        } else {
            fe_put_u16(to, (uint16_t)offset);
            to += sizeof(uint16_t);
        }
    }
    return to;
}

ferric_status fe_block_builder_finish(fe_block_builder *builder, ferric_buffer **block)
{
    uint8_t *data;
    uint8_t *to;
    bool is_wide;
    ferric_status status;

    assert(builder->count > 0);
    status = fe_buffer_reserve(&builder->bytes,
                               builder->count * sizeof(uint32_t) + FE_BLOCK_TRAILER_SIZE);
    if (status != FERRIC_OK) return status;
    data = builder->bytes.data;
    memmove(data, data + builder->entries[0].key_offset, builder->prefix_size);
    to = data + builder->prefix_size;
    for (uint32_t i = 0; i < builder->count; i++)
        to = compact_entry(builder, &builder->entries[i], to);
    is_wide = to - data > UINT16_MAX;
    to = put_slots(builder, to, is_wide);
    fe_put_u64(to, builder->smallest_sequence);
    fe_put_u16(to + 8, (uint16_t)builder->prefix_size);
    fe_put_u32(to + 10, builder->count | (is_wide ? WIDE_SLOTS_FLAG : 0));
    builder->bytes.size = (size_t)(to - data) + FE_BLOCK_TRAILER_SIZE;
    *block = &builder->bytes;
    return FERRIC_OK;
}
