// SPDX-License-Identifier: Apache-2.0
// Expiries put into a batch that was made before.
#include "lsm/batch_expiry.h"

#include <assert.h>

#include "base/buffer.h"
#include "lsm/memtable.h"

void fe_batch_stamp(fe_write_batch *batch, const fe_batch_ttl *ttls, size_t count, uint64_t now_ms)
{
    uint8_t *bytes = batch->operations.data;
    fe_batch_reader reader = fe_batch_reader_of(fe_buffer_slice(&batch->operations));
    size_t at = 0;

    for (uint32_t i = 0; i < batch->count && at < count; i++) {
        fe_entry entry;
        ferric_status status = fe_batch_reader_next(&reader, &entry);
        assert(status == FERRIC_OK);
        (void)status;
        if (ttls[at].operation != i) continue;
        if (ttls[at].ttl_ms != 0) {
            uint64_t expires_ms = now_ms + ttls[at].ttl_ms;
            assert(fe_entry_kind_expires(entry.kind));
            fe_put_u64(bytes + (fe_slice_bytes(entry.value) - bytes),
                       expires_ms < FE_EXPIRY_MAX ? expires_ms : FE_EXPIRY_MAX);
        }
        at++;
    }
}

// A batch that is written anew, operation by operation.
typedef struct rewriting {
    fe_write_batch *batch;
    ferric_buffer operations;
    ferric_buffer ttls;
    size_t large_count; // Values that go into a value file so far.
} rewriting;

// The line of `ttls` for an operation, or NULL. They are in order: *at goes along.
static const fe_batch_ttl *line_of(const ferric_buffer *ttls, uint32_t operation, size_t *at)
{
    const fe_batch_ttl *lines = ttls->data;

    if (*at == ttls->size / sizeof *lines || lines[*at].operation != operation) return NULL;
    return &lines[(*at)++];
}

static void put_bytes(ferric_buffer *buffer, const void *data, size_t size)
{
    memcpy((uint8_t *)buffer->data + buffer->size, data, size);
    buffer->size += size;
}

// Writes a put with an expiry to come in the place of one without.
static void put_expiring(rewriting *anew, const fe_entry *entry)
{
    uint8_t head[1 + FE_VARINT32_SIZE_MAX];
    uint8_t middle[FE_VARINT64_SIZE_MAX + FE_EXPIRY_SIZE];
    uint8_t *end;

    head[0] = entry->kind == FE_ENTRY_PUT ? FE_ENTRY_PUT_EXPIRING : FE_ENTRY_VALUE_FILE_EXPIRING;
    end = fe_put_varint(head + 1, entry->key.size);
    put_bytes(&anew->operations, head, (size_t)(end - head));
    put_bytes(&anew->operations, entry->key.data, entry->key.size);
    end = fe_put_varint(middle, FE_EXPIRY_SIZE + entry->value.size);
    fe_put_u64(end, FE_BATCH_EXPIRY_LATER);
    put_bytes(&anew->operations, middle, (size_t)(end - middle) + FE_EXPIRY_SIZE);
    if (entry->value.size > 0) {
        put_bytes(&anew->operations, entry->value.data, entry->value.size);
    }
    anew->batch->cost_bytes +=
        fe_memtable_entry_cost(entry->key.size, FE_EXPIRY_SIZE + entry->value.size) -
        fe_memtable_entry_cost(entry->key.size, entry->value.size);
}

// The pointer of a large value stands at the end of its operation.
static void move_pointer(rewriting *anew, fe_entry_kind kind)
{
    fe_batch_value *places = anew->batch->value_places.data;

    if (!fe_entry_kind_points(kind)) return;
    places[anew->large_count++].pointer_offset = anew->operations.size - FE_VALUE_POINTER_SIZE;
}

static bool is_meant(const fe_entry *entry, uint32_t keyspace)
{
    return (entry->kind == FE_ENTRY_PUT || entry->kind == FE_ENTRY_VALUE_FILE) &&
           fe_get_u32_ordered(fe_slice_bytes(entry->key)) == keyspace;
}

static void rewrite_all(rewriting *anew, uint32_t keyspace, uint64_t ttl_ms,
                        const ferric_buffer *before)
{
    fe_batch_reader reader = fe_batch_reader_of(fe_buffer_slice(&anew->batch->operations));
    size_t at = 0;

    for (uint32_t i = 0; i < anew->batch->count; i++) {
        const uint8_t *start = reader.decoder.at;
        const fe_batch_ttl *line = line_of(before, i, &at);
        fe_batch_ttl given = {i, ttl_ms};
        fe_entry entry;
        ferric_status status = fe_batch_reader_next(&reader, &entry);
        assert(status == FERRIC_OK); // It was made by us.
        (void)status;
        if (line != NULL) given = *line;
        if (line == NULL && is_meant(&entry, keyspace)) {
            put_expiring(anew, &entry);
            put_bytes(&anew->ttls, &given, sizeof given);
        } else {
            put_bytes(&anew->operations, start, (size_t)(reader.decoder.at - start));
            if (line != NULL) put_bytes(&anew->ttls, &given, sizeof given);
        }
        move_pointer(anew, entry.kind);
    }
}

static void swap(ferric_buffer *a, ferric_buffer *b)
{
    ferric_buffer kept = *a;

    *a = *b;
    *b = kept;
}

ferric_status fe_batch_give_ttl(fe_write_batch *batch, uint32_t keyspace, uint64_t ttl_ms,
                                ferric_buffer *ttls)
{
    rewriting anew = {.batch = batch};
    // A larger size takes a byte more than before.
    ferric_status status = fe_buffer_reserve(
        &anew.operations, batch->operations.size + (size_t)batch->count * (FE_EXPIRY_SIZE + 1));

    if (status == FERRIC_OK) {
        status = fe_buffer_reserve(&anew.ttls, (size_t)batch->count * sizeof(fe_batch_ttl));
    }
    if (status == FERRIC_OK) {
        rewrite_all(&anew, keyspace, ttl_ms, ttls);
        swap(&batch->operations, &anew.operations);
        swap(ttls, &anew.ttls);
    }
    fe_buffer_deinit(&anew.operations);
    fe_buffer_deinit(&anew.ttls);
    return status;
}
