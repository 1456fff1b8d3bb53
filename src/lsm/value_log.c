// SPDX-License-Identifier: Apache-2.0
// Large values on their way in: written to a value file before the frame that points to them.
//
// Invariants
// L1. A value is with the kernel before its frame is, so that the death of the process loses
//     neither; and it is durable before its frame is taken to be durable (fe_log_chain_sync),
//     before
//     a table that points to it is named in the manifest (fe_store_install), and before a log is
//     sealed. A frame that a power loss kept without its value does not verify (log_replay.c).
// L2. A place is written once. After a failed write the file is left, and the next value begins a
//     new one.
// L3. The current memtable refers to each file that its entries point into.
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/seeded_bug.h"
#include "base/status.h"
#include "lsm/store_state.h"

fe_value_writer_options fe_value_log_options(fe_store *store)
{
    fe_value_writer_options options = {
        .vfs = store->vfs,
        .directory = store->directory,
        .database_id = store->database_id,
        .next_file_number = &store->next_file_number,
        .files = store->value_files,
    };
    return options;
}

// Room for one more file among those that are complete and may not be synced.
static ferric_status reserve_complete(fe_store *store)
{
    fe_value_writer **writers;
    ferric_status status = FERRIC_OK;

    fe_mutex_lock(&store->value_mutex);
    if (store->value_complete_count == store->value_complete_capacity) {
        size_t size = (store->value_complete_count + 4) * sizeof *writers;
        writers = fe_realloc(store->value_complete, size);
        if (writers == NULL) {
            status = fe_no_memory("value files", size);
        } else {
            store->value_complete = writers;
            store->value_complete_capacity = store->value_complete_count + 4;
        }
    }
    fe_mutex_unlock(&store->value_mutex);
    return status;
}

// The current file takes no more. REQUIRES: reserve_complete before.
static void leave_file(fe_store *store)
{
    fe_value_writer *writer = store->value_writer;

    if (writer == NULL) return;
    fe_value_writer_complete(writer);
    fe_mutex_lock(&store->value_mutex);
    store->value_complete[store->value_complete_count++] = writer;
    store->value_writer = NULL;
    fe_mutex_unlock(&store->value_mutex);
}

static ferric_status begin_file(fe_store *store)
{
    fe_value_writer_options options = fe_value_log_options(store);
    fe_value_writer *writer = NULL;
    ferric_status status = fe_value_writer_create(&options, &writer);

    if (status != FERRIC_OK) return status;
    fe_mutex_lock(&store->value_mutex);
    store->value_writer = writer;
    fe_mutex_unlock(&store->value_mutex);
    return FERRIC_OK;
}

ferric_status fe_value_log_leave(fe_store *store)
{
    ferric_status status = reserve_complete(store);

    if (status == FERRIC_OK) leave_file(store);
    return status;
}

ferric_status fe_value_log_make_room(fe_store *store, size_t bytes)
{
    uint64_t offset;
    ferric_status status;

    status = reserve_complete(store);
    if (status == FERRIC_OK) status = fe_live_memtable_reserve_value_file(store->active);
    if (status != FERRIC_OK) return status;
    if (store->value_writer != NULL) {
        offset = fe_value_writer_offset(store->value_writer);
        if (offset > FE_FILE_HEADER_SIZE && offset + bytes > store->options.log_size) {
            leave_file(store);
        }
    }
    if (store->value_writer == NULL) status = begin_file(store);
    if (status == FERRIC_OK) status = fe_value_writer_reserve(store->value_writer, bytes);
    return status;
}

// Seals the records of a batch for the places from *offset on, and puts the pointers in place.
static ferric_status seal_batch(fe_value_writer *writer, fe_write_batch *batch, uint64_t *offset)
{
    for (size_t i = 0; i < batch->value_count; i++) {
        fe_batch_value place = fe_write_batch_value(batch, i);
        fe_value_pointer pointer;
        ferric_status status = fe_value_writer_seal(
            writer, *offset, (uint8_t *)batch->values.data + place.record_offset, place.record_size,
            &pointer);
        if (status != FERRIC_OK) return status;
        fe_value_pointer_encode(&pointer, (uint8_t *)batch->operations.data + place.pointer_offset);
        *offset += place.record_size;
    }
    return FERRIC_OK;
}

// The same in a copy of the records, for sealing turns them into what nobody can read, and the
// batch may be written again.
static ferric_status seal_copies(fe_store *store, fe_write_batch *batch, uint64_t *offset)
{
    size_t seal_size = fe_value_files_seal_size(store->value_files);
    ferric_status status = FERRIC_OK;

    for (size_t i = 0; i < batch->value_count && status == FERRIC_OK; i++) {
        fe_batch_value place = fe_write_batch_value(batch, i);
        size_t content_size = place.record_size - FE_VALUE_OVERHEAD + FE_VALUE_TRAILER_SIZE;
        size_t size = content_size + seal_size;
        uint8_t *record;
        fe_value_pointer pointer;
        status = fe_buffer_reserve(&store->value_span, size);
        if (status != FERRIC_OK) return status;
        record = (uint8_t *)store->value_span.data + store->value_span.size;
        memcpy(record, (const uint8_t *)batch->values.data + place.record_offset, content_size);
        status = fe_value_writer_seal(store->value_writer, *offset, record, size, &pointer);
        fe_value_pointer_encode(&pointer, (uint8_t *)batch->operations.data + place.pointer_offset);
        store->value_span.size += size;
        *offset += size;
    }
    return status;
}

static ferric_status gather_sealed(fe_store *store, const fe_write_group *group, ferric_slice *span)
{
    uint64_t offset = fe_value_writer_offset(store->value_writer);
    ferric_status status = FERRIC_OK;

    fe_buffer_clear(&store->value_span);
    for (fe_write_request *each = group->first; each != NULL; each = each->next) {
        if (each->status != FERRIC_OK) continue;
        status = seal_copies(store, each->batch, &offset);
        if (status != FERRIC_OK) return status;
    }
    *span = fe_buffer_slice(&store->value_span);
    return FERRIC_OK;
}

// One span for the whole group: the batch's own bytes when only one has values.
static ferric_status gather_values(fe_store *store, const fe_write_group *group, ferric_slice *span)
{
    uint64_t offset = fe_value_writer_offset(store->value_writer);
    size_t batches = 0;
    ferric_status status = FERRIC_OK;

    fe_buffer_clear(&store->value_span);
    for (fe_write_request *each = group->first; each != NULL; each = each->next) {
        if (each->status != FERRIC_OK || each->batch->value_count == 0) continue;
        status = seal_batch(store->value_writer, each->batch, &offset);
        if (status != FERRIC_OK) return status;
        // The first is copied when a second one turns up.
        if (++batches == 2) {
            status = fe_buffer_append(&store->value_span, span->data, span->size);
        }
        *span = fe_buffer_slice(&each->batch->values);
        if (batches > 1 && status == FERRIC_OK) {
            status = fe_buffer_append(&store->value_span, span->data, span->size);
        }
        if (status != FERRIC_OK) return status;
    }
    if (batches > 1) *span = fe_buffer_slice(&store->value_span);
    return FERRIC_OK;
}

ferric_status fe_value_log_append(fe_store *store, const fe_write_group *group, uint64_t newest)
{
    ferric_slice span = {NULL, 0};
    fe_value_file *file = fe_value_writer_file(store->value_writer);
    ferric_status status = store->keys == NULL ? gather_values(store, group, &span)
                                               : gather_sealed(store, group, &span);

    if (status != FERRIC_OK) return status;
    // Before anything can point there: the file is needed until this commit is in a table.
    atomic_store(&file->last_sequence, newest);
    fe_live_memtable_note_values(store->active, file, span.size);
    status = fe_value_writer_write(store->value_writer, span.data, span.size);
    fe_statistics_add(store->statistics, FE_COUNTER_VALUE_BYTES, span.size);
    if (status != FERRIC_OK) leave_file(store); // L2
    return status;
}

// The oldest file that is complete and not synced, or NULL. REQUIRES: value_sync_mutex held: nobody
// else syncs one.
static fe_value_writer *oldest_unsynced(fe_store *store)
{
    fe_value_writer *oldest = NULL;

    fe_mutex_lock(&store->value_mutex);
    if (store->value_complete_count > store->value_synced_count) {
        oldest = store->value_complete[store->value_synced_count];
    }
    fe_mutex_unlock(&store->value_mutex);
    return oldest;
}

static void note_synced(fe_store *store)
{
    fe_mutex_lock(&store->value_mutex);
    store->value_synced_count++;
    fe_mutex_unlock(&store->value_mutex);
}

static ferric_status sync_all(fe_store *store)
{
    fe_value_writer *writer;
    fe_value_writer *current;
    ferric_status status = FERRIC_OK;

    // What was written before this call is in the current file or in one that is complete.
    fe_mutex_lock(&store->value_mutex);
    current = store->value_writer;
    fe_mutex_unlock(&store->value_mutex);
    if (current != NULL) status = fe_value_writer_sync(current);
    while (status == FERRIC_OK && (writer = oldest_unsynced(store)) != NULL) {
        status = fe_value_writer_sync(writer);
        if (status == FERRIC_OK) note_synced(store);
    }
    return status;
}

ferric_status fe_value_log_sync(fe_store *store)
{
    ferric_status status;

    if (FE_SEEDED_BUG(FE_BUG_FRAME_BEFORE_VALUE)) return FERRIC_OK;
    // I/O under a lock, on purpose: a second sync beside one that fails could return success.
    fe_mutex_lock(&store->value_sync_mutex);
    status = sync_all(store);
    fe_mutex_unlock(&store->value_sync_mutex);
    if (status != FERRIC_OK) fe_store_fail(store, status);
    return status;
}

static fe_value_writer *take_synced(fe_store *store)
{
    fe_value_writer *taken = NULL;

    fe_mutex_lock(&store->value_mutex);
    if (store->value_synced_count > 0) {
        taken = store->value_complete[0];
        store->value_synced_count--;
        store->value_complete_count--;
        memmove(store->value_complete, store->value_complete + 1,
                store->value_complete_count * sizeof *store->value_complete);
    }
    fe_mutex_unlock(&store->value_mutex);
    return taken;
}

void fe_value_log_release(fe_store *store)
{
    fe_value_writer *writer;

    while ((writer = take_synced(store)) != NULL)
        fe_value_writer_close(writer);
}

void fe_value_log_complete(fe_store *store)
{
    if (store->value_writer != NULL) fe_value_writer_complete(store->value_writer);
}

void fe_value_log_close(fe_store *store)
{
    for (size_t i = 0; i < store->value_complete_count; i++)
        fe_value_writer_close(store->value_complete[i]);
    fe_value_writer_close(store->value_writer);
    fe_free(store->value_complete);
    fe_buffer_deinit(&store->value_span);
    store->value_complete = NULL;
    store->value_complete_count = 0;
    store->value_synced_count = 0;
    store->value_complete_capacity = 0;
    store->value_writer = NULL;
}
