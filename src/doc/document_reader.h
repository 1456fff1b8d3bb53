// SPDX-License-Identifier: Apache-2.0
// Reads the documents whose ids a query has found, more at a time from batch to batch: looked up
// together, keys wait for memory together.
#ifndef FERRIC_DOC_DOCUMENT_READER_H
#define FERRIC_DOC_DOCUMENT_READER_H

#include "base/arena.h"
#include "doc/state.h"

// What it points to outlives it. Batches follow one another: begin, ask for ids, read, and take
// each document until there are no more.
typedef struct fe_document_reader {
    const fe_state *state;
    uint32_t collection;
    fe_arena *arena;
    fe_read first;  // The first batch has one document, and most queries have no second.
    fe_read *batch; // That one, or in the arena.
    size_t width;   // Documents that the batch has room for,
    size_t asked;   // that it was asked for,
    size_t taken;   // and that were taken.
} fe_document_reader;

void fe_document_reader_init(fe_document_reader *reader, const fe_state *state, uint32_t collection,
                             fe_arena *arena);
void fe_document_reader_deinit(fe_document_reader *reader);

// Begins a batch of up to `wanted` > 0 documents; *room receives how many. What the last one lent
// is gone. Errors: FERRIC_NO_MEMORY.
ferric_status fe_document_reader_begin(fe_document_reader *reader, uint64_t wanted, size_t *room);
// Asks for one more. Errors: FERRIC_NO_MEMORY.
ferric_status fe_document_reader_ask(fe_document_reader *reader, ferric_slice id);
// Reads all that was asked for.
void fe_document_reader_read(fe_document_reader *reader);
// The next one of the batch, in the order in which they were asked for; NULL: there are no more.
// Its status is as of fe_state_get. Lent until the next batch begins.
const fe_read *fe_document_reader_take(fe_document_reader *reader);

#endif
