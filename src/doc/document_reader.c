// SPDX-License-Identifier: Apache-2.0
// Batches of reads; see document_reader.h.
#include "doc/document_reader.h"

#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/status.h"
#include "doc/stored_key.h"

// Of the second batch. Not all are of the full width at once: the caller may end early.
#define WIDTH_SECOND 4
// Where documents are large, a batch has as many as come to about this, since all are in memory.
#define BATCH_BYTES_MAX ((size_t)256 << 10)

void fe_document_reader_init(fe_document_reader *reader, const fe_state *state, uint32_t collection,
                             fe_arena *arena)
{
    *reader = (fe_document_reader){.state = state, .collection = collection, .arena = arena};
    reader->batch = &reader->first;
    reader->width = 1;
}

void fe_document_reader_deinit(fe_document_reader *reader)
{
    for (size_t i = 0; i < reader->width; i++) {
        fe_buffer_deinit(&reader->batch[i].key);
        fe_buffer_deinit(&reader->batch[i].value);
    }
    reader->width = 0;
}

// Makes room for more, keeping what the batch owns.
static ferric_status widen(fe_document_reader *reader)
{
    size_t width = reader->width == 1 ? WIDTH_SECOND : FE_READ_MANY_MAX;
    fe_read *batch = fe_arena_alloc(reader->arena, width * sizeof *batch);

    if (batch == NULL) return fe_no_memory("documents that are read", width * sizeof *batch);
    memset(batch, 0, width * sizeof *batch);
    memcpy(batch, reader->batch, reader->width * sizeof *batch);
    reader->batch = batch;
    reader->width = width;
    return FERRIC_OK;
}

// How many documents of the size of those in the last batch may be read together.
static size_t affordable(const fe_document_reader *reader)
{
    size_t bytes = 1;

    for (size_t i = 0; i < reader->asked; i++)
        bytes += reader->batch[i].value.size;
    return 1 + BATCH_BYTES_MAX / bytes * reader->asked;
}

ferric_status fe_document_reader_begin(fe_document_reader *reader, uint64_t wanted, size_t *room)
{
    bool was_full = reader->asked == reader->width;
    ferric_status status = FERRIC_OK;

    // A transaction is bound to all that it has read, so it reads nothing ahead.
    if (reader->state->txn != NULL) wanted = 1;
    if (reader->asked > 0 && wanted > affordable(reader)) wanted = affordable(reader);
    if (was_full && wanted > reader->width && reader->width < FE_READ_MANY_MAX) {
        status = widen(reader);
    }
    reader->asked = 0;
    reader->taken = 0;
    *room = wanted < reader->width ? (size_t)wanted : reader->width;
    return status;
}

ferric_status fe_document_reader_ask(fe_document_reader *reader, ferric_slice id)
{
    fe_read *asked = &reader->batch[reader->asked];
    ferric_status status = fe_stored_key(reader->collection, id, &asked->key);

    if (status == FERRIC_OK) reader->asked++;
    return status;
}

static void read_one(const fe_document_reader *reader, fe_read *one)
{
    one->status = fe_state_get(reader->state, fe_buffer_slice(&one->key), &one->value, &one->meta);
}

void fe_document_reader_read(fe_document_reader *reader)
{
    const fe_state *state = reader->state;

    if (reader->asked == 1) {
        read_one(reader, reader->batch);
    } else if (reader->asked > 1) {
        fe_store_read_many(state->store, reader->batch, reader->asked, state->at);
    }
}

const fe_read *fe_document_reader_take(fe_document_reader *reader)
{
    fe_read *taken;

    if (reader->taken == reader->asked) return NULL;
    taken = &reader->batch[reader->taken++];
    // What failed beside others is read again, so that the last message is about it.
    if (taken->status != FERRIC_OK && taken->status != FERRIC_NOT_FOUND && reader->asked > 1) {
        read_one(reader, taken);
    }
    return taken;
}
