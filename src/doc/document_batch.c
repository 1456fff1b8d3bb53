// SPDX-License-Identifier: Apache-2.0
// Finds the documents that a batch writes among its operations, what it leaves of each, and the
// ranges of documents that it deletes.
#include <assert.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/coding.h"
#include "base/memory.h"
#include "doc/document.h"
#include "doc/document_write.h"

typedef struct operation {
    fe_document_write write;
    ferric_slice upper; // Of a range, which begins at the write's id.
    bool is_range;
    uint32_t number;     // Of the operation in the batch.
    fe_entry entry;      // As it stands in the batch.
    size_t value_number; // Of the values in value files.
} operation;

typedef struct batch_reading {
    fe_collections *collections;
    const fe_write_batch *batch;
    fe_arena arena;
    ferric_buffer scratch;
    operation *operations;
    size_t count;
    fe_document_write *writes;
    size_t write_count;
    const operation **deletes; // The ranges as they stand in the batch, by collection and lower id,
    size_t delete_count;
    fe_document_range *ranges; // and what they are together, without a key in common.
    size_t range_count;
} batch_reading;

// Keys are copied, since the batch's buffers move when entries of indexes are added.
static ferric_status read_operations(batch_reading *reading)
{
    fe_batch_reader reader = fe_batch_reader_of(fe_buffer_slice(&reading->batch->operations));
    fe_collection *collection = NULL;
    size_t values = 0;
    ferric_status status = FERRIC_OK;

    for (uint32_t i = 0; i < reading->batch->count && status == FERRIC_OK; i++) {
        operation *each = &reading->operations[reading->count];
        uint32_t id;
        status = fe_batch_reader_next(&reader, &each->entry);
        if (status != FERRIC_OK) break;
        id = fe_get_u32_ordered(each->entry.key.data);
        if (collection == NULL || collection->id != id) {
            status = fe_collections_find(reading->collections, id, &collection);
        }
        each->number = i;
        each->is_range = each->entry.kind == FE_ENTRY_RANGE_DELETE;
        each->value_number = values;
        if (fe_entry_kind_points(each->entry.kind)) values++;
        each->write.collection = collection;
        if (status == FERRIC_OK) {
            status =
                fe_arena_copy(&reading->arena, fe_slice_from(each->entry.key, FE_KEYSPACE_ID_SIZE),
                              &each->write.id);
        }
        if (status == FERRIC_OK && each->is_range) {
            status = fe_arena_copy(&reading->arena, each->entry.value, &each->upper);
        }
        reading->count++;
    }
    return status;
}

static int compare_operations(const void *left, const void *right)
{
    const operation *a = left;
    const operation *b = right;
    int order;

    if (a->write.collection != b->write.collection) {
        return a->write.collection->id < b->write.collection->id ? -1 : 1;
    }
    order = fe_slice_compare(a->write.id, b->write.id);
    if (order != 0) return order;
    if (a->is_range != b->is_range) return a->is_range ? -1 : 1;
    return a->number < b->number ? -1 : 1;
}

static bool are_of_one_document(const operation *a, const operation *b)
{
    return !b->is_range && a->write.collection == b->write.collection &&
           fe_slice_equal(a->write.id, b->write.id);
}

// ---- Ranges ---------------------------------------------------------------------------------

// Takes a range up, or makes the last one reach as far.
static void add_range(batch_reading *reading, const operation *range)
{
    fe_document_range *last =
        reading->range_count == 0 ? NULL : &reading->ranges[reading->range_count - 1];

    assert(reading->ranges != NULL && reading->deletes != NULL);
    reading->deletes[reading->delete_count++] = range;
    if (last == NULL || last->collection != range->write.collection ||
        (last->upper.size > 0 && fe_slice_compare(last->upper, range->write.id) < 0)) {
        reading->ranges[reading->range_count++] =
            (fe_document_range){range->write.collection, range->write.id, range->upper};
    } else if (last->upper.size > 0 &&
               (range->upper.size == 0 || fe_slice_compare(last->upper, range->upper) < 0)) {
        last->upper = range->upper;
    }
}

// Whether a range that stands later in the batch has the document. Ranges that begin behind it were
// not taken up yet.
static bool is_deleted_later(const batch_reading *reading, const operation *each)
{
    for (size_t i = reading->delete_count; i > 0; i--) {
        const operation *range = reading->deletes[i - 1];
        if (range->write.collection != each->write.collection) return false;
        if (range->number > each->number &&
            (range->upper.size == 0 || fe_slice_compare(each->write.id, range->upper) < 0)) {
            return true;
        }
    }
    return false;
}

// ---- Documents ------------------------------------------------------------------------------

// The text that the operation leaves; none for a delete.
static ferric_status read_text(batch_reading *reading, operation *each)
{
    ferric_slice stored = fe_entry_content(&each->entry);
    ferric_slice text;
    ferric_status status = FERRIC_OK;

    if (each->entry.kind == FE_ENTRY_DELETE || is_deleted_later(reading, each)) return FERRIC_OK;
    each->write.expires_ms = fe_entry_expiry(&each->entry);
    if (fe_entry_kind_points(each->entry.kind)) {
        status = fe_write_batch_value_content(reading->batch, each->value_number, &reading->scratch,
                                              &stored);
    }
    if (status != FERRIC_OK) return status;
    // What is no document stands in a raw keyspace, which has no index that would ask.
    if (fe_document_text(stored, &text) != FERRIC_OK) return FERRIC_OK;
    return fe_arena_copy(&reading->arena, text, &each->write.text);
}

static ferric_status collect_writes(batch_reading *reading)
{
    ferric_status status = FERRIC_OK;

    qsort(reading->operations, reading->count, sizeof *reading->operations, compare_operations);
    for (size_t i = 0; i < reading->count && status == FERRIC_OK; i++) {
        operation *each = &reading->operations[i];
        if (each->is_range) {
            add_range(reading, each);
            continue;
        }
        if (i + 1 < reading->count && are_of_one_document(each, each + 1)) continue;
        status = read_text(reading, each);
        reading->writes[reading->write_count++] = each->write;
    }
    return status;
}

static ferric_status prepare(batch_reading *reading)
{
    size_t count = reading->batch->count;
    size_t range_count = reading->batch->range_delete_count;
    size_t size = count * (sizeof(operation) + sizeof(fe_document_write)) +
                  range_count * (sizeof(fe_document_range) + sizeof(operation *));
    ferric_status status;

    reading->operations = fe_alloc_zero(1, size);
    if (reading->operations == NULL) return fe_no_memory("the documents of a batch", size);
    reading->writes = (fe_document_write *)(reading->operations + count);
    reading->ranges = (fe_document_range *)(reading->writes + count);
    reading->deletes = (const operation **)(reading->ranges + range_count);
    status = read_operations(reading);
    return status == FERRIC_OK ? collect_writes(reading) : status;
}

static void reading_deinit(batch_reading *reading)
{
    fe_free(reading->operations);
    fe_arena_deinit(&reading->arena);
    fe_buffer_deinit(&reading->scratch);
}

ferric_status fe_documents_write_batch(fe_collections *collections, fe_store *store,
                                       fe_write_batch *batch, bool sync, uint64_t *version)
{
    batch_reading reading = {.collections = collections, .batch = batch};
    ferric_status status;

    if (batch->count == 0) return fe_store_write(store, batch, sync, version);
    fe_arena_init(&reading.arena);
    status = prepare(&reading);
    if (status == FERRIC_OK) {
        const fe_document_writes writes = {reading.writes, reading.write_count, reading.ranges,
                                           reading.range_count};
        status = fe_documents_write(store, batch, &writes, sync, version);
    }
    reading_deinit(&reading);
    return status;
}
