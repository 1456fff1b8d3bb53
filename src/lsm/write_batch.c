// SPDX-License-Identifier: Apache-2.0
// Batches: made by callers, read by the memtable and by recovery.
#include "lsm/write_batch.h"

#include <assert.h>

#include "base/buffer.h"
#include "base/compiler.h"
#include "base/status.h"
#include "lsm/memtable.h"

void fe_write_batch_clear(fe_write_batch *batch)
{
    fe_buffer_clear(&batch->operations);
    fe_buffer_clear(&batch->values);
    fe_buffer_clear(&batch->value_places);
    batch->value_count = 0;
    batch->is_compressed = false;
    fe_buffer_clear(&batch->conditions);
    fe_buffer_clear(&batch->condition_keys);
    fe_buffer_clear(&batch->ranges);
    fe_buffer_clear(&batch->range_keys);
    batch->count = 0;
    batch->delete_count = 0;
    batch->range_delete_count = 0;
    batch->user_bytes = 0;
    batch->cost_bytes = 0;
    batch->condition_count = 0;
    batch->range_count = 0;
    batch->unchanged_since = 0;
    batch->drops_keyspace = 0;
    batch->rests_on = 0;
}

void fe_write_batch_deinit(fe_write_batch *batch)
{
    fe_buffer_deinit(&batch->operations);
    fe_buffer_deinit(&batch->values);
    fe_buffer_deinit(&batch->value_places);
    fe_buffer_deinit(&batch->conditions);
    fe_buffer_deinit(&batch->condition_keys);
    fe_buffer_deinit(&batch->ranges);
    fe_buffer_deinit(&batch->range_keys);
    fe_write_batch_clear(batch);
}

ferric_status fe_write_batch_reserve(fe_write_batch *batch, size_t operation_bytes, size_t ranges,
                                     size_t range_key_bytes)
{
    ferric_status status = fe_buffer_reserve(&batch->operations, operation_bytes);

    if (status == FERRIC_OK) {
        status = fe_buffer_reserve(&batch->ranges, ranges * sizeof(fe_unchanged_range));
    }
    return status == FERRIC_OK ? fe_buffer_reserve(&batch->range_keys, range_key_bytes) : status;
}

// Where a buffer of a batch stands in its copy.
static ferric_buffer *same_buffer(const fe_write_batch *batch, const ferric_buffer *buffer,
                                  fe_write_batch *copy)
{
    size_t offset = (size_t)((const uint8_t *)buffer - (const uint8_t *)batch);
    return (ferric_buffer *)(void *)((uint8_t *)copy + offset);
}

ferric_status fe_write_batch_copy(const fe_write_batch *batch, fe_write_batch *copy)
{
    const ferric_buffer *const buffers[] = {
        &batch->operations,     &batch->values, &batch->value_places, &batch->conditions,
        &batch->condition_keys, &batch->ranges, &batch->range_keys,
    };
    size_t count = sizeof buffers / sizeof *buffers;
    ferric_status status = FERRIC_OK;

    *copy = *batch;
    for (size_t i = 0; i < count; i++)
        *same_buffer(batch, buffers[i], copy) = (ferric_buffer){0};
    for (size_t i = 0; i < count && status == FERRIC_OK; i++) {
        if (buffers[i]->size == 0) continue;
        status =
            fe_buffer_assign(same_buffer(batch, buffers[i], copy), fe_buffer_slice(buffers[i]));
    }
    if (status != FERRIC_OK) fe_write_batch_deinit(copy);
    return status;
}

ferric_status fe_check_key(ferric_slice key)
{
    if (key.size != 0 && key.data == NULL) {
        return fe_fail(FERRIC_INVALID_ARGUMENT, "the key has size %zu but no data", key.size);
    }
    if (key.size == 0) {
        return fe_fail(FERRIC_INVALID_ARGUMENT, "the key is empty: a key has 1 to %d bytes",
                       FERRIC_KEY_SIZE_MAX);
    }
    if (key.size > FERRIC_KEY_SIZE_MAX) {
        return fe_fail(FERRIC_TOO_LARGE, "the key has %zu bytes: at most %d are allowed", key.size,
                       FERRIC_KEY_SIZE_MAX);
    }
    return FERRIC_OK;
}

ferric_status fe_check_value(ferric_slice value)
{
    if (value.size > FERRIC_VALUE_SIZE_MAX) {
        return fe_fail(FERRIC_TOO_LARGE, "the value has %zu bytes: at most %zu are allowed",
                       value.size, FERRIC_VALUE_SIZE_MAX);
    }
    if (value.size != 0 && value.data == NULL) {
        return fe_fail(FERRIC_INVALID_ARGUMENT, "the value has size %zu but no data", value.size);
    }
    return FERRIC_OK;
}

// Writes kind and key behind what is there; room was made before. Returns the address behind.
static uint8_t *put_key(ferric_buffer *operations, fe_entry_kind kind, uint32_t keyspace,
                        ferric_slice key, size_t *id_offset)
{
    uint8_t *start = (uint8_t *)operations->data;
    uint8_t *at = start + operations->size;

    *at++ = (uint8_t)kind;
    at = fe_put_varint(at, FE_KEYSPACE_ID_SIZE + key.size);
    if (id_offset != NULL) *id_offset = (size_t)(at - start);
    fe_put_u32_ordered(at, keyspace);
    at += FE_KEYSPACE_ID_SIZE;
    memcpy(at, key.data, key.size);
    return at + key.size;
}

static void count_operation(fe_write_batch *batch, ferric_slice key, size_t value_size,
                            size_t stored_size)
{
    batch->count++;
    batch->user_bytes += key.size + value_size;
    batch->cost_bytes += fe_memtable_entry_cost(FE_KEYSPACE_ID_SIZE + key.size, stored_size);
}

// What stands in front of a value, or of a pointer to it.
typedef struct put_prefix {
    uint64_t expires_ms;
    size_t size;
} put_prefix;

static put_prefix prefix_of(uint64_t expires_ms)
{
    put_prefix prefix = {expires_ms, expires_ms == FE_EXPIRY_NEVER ? 0 : FE_EXPIRY_SIZE};
    return prefix;
}

// Room for kind, sizes, key and so much content. Errors: FERRIC_NO_MEMORY.
static ferric_status reserve_put(ferric_buffer *operations, ferric_slice key, size_t content_size)
{
    return fe_buffer_reserve(operations, FE_BATCH_PUT_OVERHEAD + key.size + content_size);
}

static uint8_t *put_prefixed_size(uint8_t *at, const put_prefix *prefix, size_t content_size)
{
    at = fe_put_varint(at, prefix->size + content_size);
    if (FE_UNLIKELY(prefix->size != 0)) fe_put_u64(at, prefix->expires_ms);
    return at + prefix->size;
}

// A put whose value goes into a value file: zeros stand where its pointer will.
static ferric_status put_large(fe_write_batch *batch, uint32_t keyspace, ferric_slice key,
                               ferric_slice value, const put_prefix *prefix, size_t *id_offset)
{
    ferric_buffer *operations = &batch->operations;
    ferric_buffer *values = &batch->values;
    fe_entry_kind kind = prefix->size == 0 ? FE_ENTRY_VALUE_FILE : FE_ENTRY_VALUE_FILE_EXPIRING;
    fe_batch_value place = {.record_offset = values->size,
                            .record_size = value.size + FE_VALUE_OVERHEAD};
    uint8_t *record;
    uint8_t *at;
    ferric_status status = reserve_put(operations, key, FE_VALUE_POINTER_SIZE);

    if (status == FERRIC_OK) status = fe_buffer_reserve(values, place.record_size);
    if (status == FERRIC_OK) status = fe_buffer_reserve(&batch->value_places, sizeof place);
    if (status != FERRIC_OK) return status;
    at = put_key(operations, kind, keyspace, key, id_offset);
    at = put_prefixed_size(at, prefix, FE_VALUE_POINTER_SIZE);
    place.pointer_offset = (size_t)(at - (uint8_t *)operations->data);
    memset(at, 0, FE_VALUE_POINTER_SIZE);
    operations->size = place.pointer_offset + FE_VALUE_POINTER_SIZE;
    record = (uint8_t *)values->data + values->size;
    memcpy(record, value.data, value.size);
    fe_value_record_close(record, value.size, (uint32_t)value.size, FERRIC_COMPRESSION_NONE);
    values->size += place.record_size;
    status = fe_buffer_append(&batch->value_places, &place, sizeof place);
    assert(status == FERRIC_OK); // Room was made above.
    batch->value_count++;
    batch->is_compressed = false;
    count_operation(batch, key, value.size, prefix->size + FE_VALUE_POINTER_SIZE);
    return status;
}

static ferric_status put_small(fe_write_batch *batch, uint32_t keyspace, ferric_slice key,
                               ferric_slice value, const put_prefix *prefix, size_t *id_offset)
{
    ferric_buffer *operations = &batch->operations;
    fe_entry_kind kind = prefix->size == 0 ? FE_ENTRY_PUT : FE_ENTRY_PUT_EXPIRING;
    ferric_status status = reserve_put(operations, key, value.size);
    uint8_t *at;

    if (status != FERRIC_OK) return status;
    at = put_key(operations, kind, keyspace, key, id_offset);
    at = put_prefixed_size(at, prefix, value.size);
    if (value.size != 0) memcpy(at, value.data, value.size);
    operations->size = (size_t)(at + value.size - (uint8_t *)operations->data);
    count_operation(batch, key, value.size, prefix->size + value.size);
    return FERRIC_OK;
}

ferric_status fe_write_batch_put_expiring(fe_write_batch *batch, uint32_t keyspace,
                                          ferric_slice key, ferric_slice value, uint64_t expires_ms,
                                          size_t *id_offset, size_t *expiry_offset)
{
    put_prefix prefix = prefix_of(expires_ms);
    bool is_large = value.size >= FE_VALUE_SEPARATE_SIZE;
    ferric_status status = fe_check_key(key);

    assert(expires_ms <= FE_EXPIRY_MAX);
    if (status == FERRIC_OK) status = fe_check_value(value);
    if (status != FERRIC_OK) return status;
    status = is_large ? put_large(batch, keyspace, key, value, &prefix, id_offset)
                      : put_small(batch, keyspace, key, value, &prefix, id_offset);
    if (status == FERRIC_OK && expiry_offset != NULL) {
        *expiry_offset =
            batch->operations.size - (is_large ? FE_VALUE_POINTER_SIZE : value.size) - prefix.size;
    }
    return status;
}

ferric_status fe_write_batch_put(fe_write_batch *batch, uint32_t keyspace, ferric_slice key,
                                 ferric_slice value, size_t *id_offset)
{
    return fe_write_batch_put_expiring(batch, keyspace, key, value, FE_EXPIRY_NEVER, id_offset,
                                       NULL);
}

ferric_status fe_write_batch_delete(fe_write_batch *batch, uint32_t keyspace, ferric_slice key,
                                    size_t *id_offset)
{
    ferric_buffer *operations = &batch->operations;
    ferric_status status = fe_check_key(key);
    uint8_t *at;

    if (status == FERRIC_OK) {
        status = fe_buffer_reserve(operations,
                                   1 + FE_VARINT32_SIZE_MAX + FE_KEYSPACE_ID_SIZE + key.size);
    }
    if (status != FERRIC_OK) return status;
    at = put_key(operations, FE_ENTRY_DELETE, keyspace, key, id_offset);
    operations->size = (size_t)(at - (uint8_t *)operations->data);
    count_operation(batch, key, 0, 0);
    batch->delete_count++;
    return FERRIC_OK;
}

static ferric_status check_range(const fe_write_batch *batch, ferric_slice lower,
                                 ferric_slice upper)
{
    ferric_status status = lower.size > 0 ? fe_check_key(lower) : FERRIC_OK;

    if (status == FERRIC_OK && upper.size > 0) status = fe_check_key(upper);
    if (status != FERRIC_OK || batch->range_delete_count < FE_RANGE_DELETES_MAX) return status;
    return fe_fail(FERRIC_TOO_LARGE, "a commit has at most %d range deletes: split it",
                   FE_RANGE_DELETES_MAX);
}

ferric_status fe_write_batch_delete_range(fe_write_batch *batch, uint32_t keyspace,
                                          ferric_slice lower, ferric_slice upper, size_t *id_offset)
{
    static const uint8_t smallest = 0; // The first of all keys.
    ferric_buffer *operations = &batch->operations;
    ferric_status status = check_range(batch, lower, upper);
    uint8_t *at;

    if (id_offset != NULL) *id_offset = SIZE_MAX;
    if (lower.size == 0) lower = fe_slice(&smallest, 1);
    if (status != FERRIC_OK) return status;
    if (upper.size > 0 && fe_slice_compare(lower, upper) >= 0) return FERRIC_OK;
    status = fe_buffer_reserve(operations, 1 + 2 * FE_VARINT32_SIZE_MAX + FE_KEYSPACE_ID_SIZE +
                                               lower.size + upper.size);
    if (status != FERRIC_OK) return status;
    at = put_key(operations, FE_ENTRY_RANGE_DELETE, keyspace, lower, id_offset);
    at = fe_put_varint(at, upper.size);
    if (upper.size > 0) memcpy(at, upper.data, upper.size);
    operations->size = (size_t)(at + upper.size - (uint8_t *)operations->data);
    count_operation(batch, lower, upper.size, upper.size);
    batch->delete_count++;
    batch->range_delete_count++;
    return FERRIC_OK;
}

ferric_status fe_write_batch_require(fe_write_batch *batch, uint32_t keyspace, ferric_slice key,
                                     uint64_t version, size_t *id_offset)
{
    uint8_t id[FE_KEYSPACE_ID_SIZE];
    fe_condition condition = {batch->condition_keys.size, FE_KEYSPACE_ID_SIZE + key.size, version};
    ferric_status status = fe_check_key(key);

    if (status != FERRIC_OK) return status;
    status = fe_buffer_reserve(&batch->condition_keys, FE_KEYSPACE_ID_SIZE + key.size);
    if (status == FERRIC_OK) {
        status = fe_buffer_append(&batch->conditions, &condition, sizeof condition);
    }
    if (status != FERRIC_OK) return status;
    fe_put_u32_ordered(id, keyspace);
    if (id_offset != NULL) *id_offset = batch->condition_keys.size;
    status = fe_buffer_append(&batch->condition_keys, id, sizeof id);
    assert(status == FERRIC_OK); // Room was made above.
    status = fe_buffer_append(&batch->condition_keys, key.data, key.size);
    assert(status == FERRIC_OK);
    batch->condition_count++;
    return status;
}

fe_batch_value fe_write_batch_value(const fe_write_batch *batch, size_t index)
{
    fe_batch_value place;

    assert(index < batch->value_count);
    memcpy(&place, (const uint8_t *)batch->value_places.data + index * sizeof place, sizeof place);
    return place;
}

void fe_write_batch_truncate(fe_write_batch *batch, const fe_write_batch *before)
{
    assert(batch->value_count == before->value_count);
    batch->operations.size = before->operations.size;
    batch->count = before->count;
    batch->delete_count = before->delete_count;
    batch->range_delete_count = before->range_delete_count;
    batch->user_bytes = before->user_bytes;
    batch->cost_bytes = before->cost_bytes;
    batch->conditions.size = before->conditions.size;
    batch->condition_keys.size = before->condition_keys.size;
    batch->condition_count = before->condition_count;
    batch->ranges.size = before->ranges.size;
    batch->range_keys.size = before->range_keys.size;
    batch->range_count = before->range_count;
    batch->unchanged_since = before->unchanged_since;
}

// Adds record number `index` to the values of *packed, compressed if that pays.
static ferric_status pack_record(const fe_write_batch *batch, size_t index,
                                 fe_compressor *compressor, ferric_compression compression,
                                 ferric_buffer *scratch, fe_write_batch *packed)
{
    fe_batch_value place = fe_write_batch_value(batch, index);
    const uint8_t *record = (const uint8_t *)batch->values.data + place.record_offset;
    ferric_slice content = fe_slice(record, place.record_size - FE_VALUE_OVERHEAD);
    uint32_t value_size = (uint32_t)content.size;
    ferric_compression used;
    uint8_t *to;
    ferric_status status = fe_compress(compressor, compression, content, scratch, &used);

    if (status == FERRIC_OK && used != FERRIC_COMPRESSION_NONE) content = fe_buffer_slice(scratch);
    place.record_offset = packed->values.size;
    place.record_size = content.size + FE_VALUE_OVERHEAD;
    if (status == FERRIC_OK) status = fe_buffer_reserve(&packed->values, place.record_size);
    if (status != FERRIC_OK) return status;
    to = (uint8_t *)packed->values.data + packed->values.size;
    memcpy(to, content.data, content.size);
    fe_value_record_close(to, content.size, value_size, used);
    packed->values.size += place.record_size;
    return fe_buffer_append(&packed->value_places, &place, sizeof place);
}

ferric_status fe_write_batch_value_content(const fe_write_batch *batch, size_t index,
                                           ferric_buffer *scratch, ferric_slice *content)
{
    fe_batch_value place = fe_write_batch_value(batch, index);
    const uint8_t *record = (const uint8_t *)batch->values.data + place.record_offset;
    size_t stored_size = place.record_size - FE_VALUE_OVERHEAD;
    size_t value_size = fe_get_u32(record + stored_size);
    ferric_compression compression = (ferric_compression)record[stored_size + 4];
    fe_decompressor decompressor = {0};
    bool is_intact = false;
    ferric_status status;

    *content = fe_slice(record, stored_size);
    if (compression == FERRIC_COMPRESSION_NONE) return FERRIC_OK;
    fe_buffer_clear(scratch);
    status = fe_buffer_reserve(scratch, value_size);
    if (status == FERRIC_OK) {
        status = fe_decompress(&decompressor, compression, *content, scratch->data, value_size,
                               &is_intact);
    }
    fe_decompressor_deinit(&decompressor);
    if (status == FERRIC_OK && !is_intact) {
        status = fe_fail(FERRIC_CORRUPT, "a batch's value does not decompress");
    }
    scratch->size = status == FERRIC_OK ? value_size : 0;
    *content = fe_buffer_slice(scratch);
    return status;
}

ferric_status fe_write_batch_compress(fe_write_batch *batch, ferric_compression compression)
{
    fe_compressor compressor = {0};
    ferric_buffer scratch = {0};
    fe_write_batch packed = {0};
    ferric_status status = FERRIC_OK;

    if (batch->value_count == 0 || batch->is_compressed || compression == FERRIC_COMPRESSION_NONE) {
        return FERRIC_OK;
    }
    for (size_t i = 0; i < batch->value_count && status == FERRIC_OK; i++) {
        status = pack_record(batch, i, &compressor, compression, &scratch, &packed);
    }
    fe_compressor_deinit(&compressor);
    fe_buffer_deinit(&scratch);
    if (status == FERRIC_OK) {
        ferric_buffer values = batch->values;
        ferric_buffer places = batch->value_places;
        batch->values = packed.values;
        batch->value_places = packed.value_places;
        batch->is_compressed = true;
        packed.values = values;
        packed.value_places = places;
    }
    fe_write_batch_deinit(&packed);
    return status;
}

ferric_slice fe_write_batch_condition(const fe_write_batch *batch, size_t index, uint64_t *version)
{
    fe_condition condition;

    assert(index < batch->condition_count);
    memcpy(&condition, (const uint8_t *)batch->conditions.data + index * sizeof condition,
           sizeof condition);
    *version = condition.version;
    return fe_slice((const uint8_t *)batch->condition_keys.data + condition.key_offset,
                    condition.key_size);
}

// Whether a range may stand behind those the batch has. Only asserted.
static inline bool is_behind_all(const fe_write_batch *batch, ferric_slice lower)
{
    ferric_slice last_lower;
    ferric_slice last_upper;

    if (batch->range_count == 0) return true;
    fe_write_batch_range(batch, batch->range_count - 1, &last_lower, &last_upper);
    if (last_upper.size == 0) return fe_slice_compare(last_lower, lower) < 0;
    return fe_slice_compare(last_upper, lower) <= 0;
}

ferric_status fe_write_batch_require_unchanged(fe_write_batch *batch, ferric_slice lower,
                                               ferric_slice upper)
{
    fe_unchanged_range range = {batch->range_keys.size, lower.size, upper.size};
    ferric_status status = fe_buffer_reserve(&batch->range_keys, lower.size + upper.size);

    assert(is_behind_all(batch, lower));
    if (status == FERRIC_OK) status = fe_buffer_append(&batch->ranges, &range, sizeof range);
    if (status != FERRIC_OK) return status;
    status = fe_buffer_append(&batch->range_keys, lower.data, lower.size);
    if (status == FERRIC_OK && upper.size > 0) {
        status = fe_buffer_append(&batch->range_keys, upper.data, upper.size);
    }
    assert(status == FERRIC_OK); // Room was made above.
    batch->range_count++;
    return status;
}

void fe_write_batch_range(const fe_write_batch *batch, size_t index, ferric_slice *lower,
                          ferric_slice *upper)
{
    fe_unchanged_range range;
    const uint8_t *keys = (const uint8_t *)batch->range_keys.data;

    assert(index < batch->range_count);
    memcpy(&range, (const uint8_t *)batch->ranges.data + index * sizeof range, sizeof range);
    *lower = fe_slice(keys + range.offset, range.lower_size);
    *upper = fe_slice(keys + range.offset + range.lower_size, range.upper_size);
}

ferric_status fe_range_upper(const fe_entry *range, ferric_buffer *upper)
{
    ferric_slice id = fe_slice(range->key.data, FE_KEYSPACE_ID_SIZE);
    ferric_status status = fe_buffer_assign(upper, id);

    if (status != FERRIC_OK) return status;
    if (range->value.size > 0) return fe_buffer_append(upper, range->value.data, range->value.size);
    // Up to the next keyspace: the largest id is given to none.
    fe_put_u32_ordered(upper->data, fe_get_u32_ordered(id.data) + 1);
    return FERRIC_OK;
}

// A range delete is one of some key at least, in a keyspace that has a next one.
static bool is_range(const fe_entry *entry)
{
    if (entry->key.size <= FE_KEYSPACE_ID_SIZE || entry->value.size > FERRIC_KEY_SIZE_MAX)
        return false;
    if (fe_get_u32_ordered(entry->key.data) == UINT32_MAX) return false;
    return fe_range_ends_behind(entry, entry->key);
}

ferric_status fe_batch_reader_next(fe_batch_reader *reader, fe_entry *entry)
{
    fe_decoder *decoder = &reader->decoder;
    uint8_t kind = fe_decode_u8(decoder);

    if (!decoder->failed && !fe_entry_kind_is_known(kind) && kind != FE_ENTRY_RANGE_DELETE) {
        return fe_fail(FERRIC_UNSUPPORTED,
                       "a commit has an operation of kind %u, which this version of Ferric does "
                       "not know: open it with a newer one",
                       kind);
    }
    entry->kind = (fe_entry_kind)kind;
    entry->key = fe_decode_sized(decoder);
    entry->value = kind == FE_ENTRY_DELETE ? fe_slice(NULL, 0) : fe_decode_sized(decoder);
    if (decoder->failed || (fe_entry_kind_expires(kind) && !fe_expiry_is_sound(entry->value)) ||
        (fe_entry_kind_points(kind) && fe_entry_content(entry).size != FE_VALUE_POINTER_SIZE) ||
        (kind == FE_ENTRY_RANGE_DELETE && !is_range(entry)) ||
        entry->key.size <= FE_KEYSPACE_ID_SIZE || entry->key.size > FE_KEY_SIZE_MAX ||
        entry->value.size > FERRIC_VALUE_SIZE_MAX) {
        return fe_fail(FERRIC_CORRUPT, "a commit has a damaged operation");
    }
    return FERRIC_OK;
}
