// SPDX-License-Identifier: Apache-2.0
// The thread that builds indexes for whom nobody waits: those that were asked for so, and those
// that an earlier life of the database left half built.
//
//   asked for ──> in the queue ──> built by the thread ──> ready, or refused and dropped (an event)
//                     │                 │
//                     └── close, crash ─┴──> found by the next open, and in its queue
//
// The thread begins with the first index and ends with the database. A caller who wants to build
// the same index himself is let before: the thread leaves it to him.
#ifndef FERRIC_DOC_INDEX_BUILDER_H
#define FERRIC_DOC_INDEX_BUILDER_H

#include "doc/collections.h"

typedef struct fe_index_builder fe_index_builder;

// Errors: FERRIC_NO_MEMORY.
ferric_status fe_index_builder_create(fe_index_builder **builder);
// Stops the build at hand after a few documents and waits for that. Accepts NULL. REQUIRES: the
// store is open, or forked: then nothing is waited for.
void fe_index_builder_destroy(fe_index_builder *builder, const fe_store *store);

// Puts an index into the queue. Errors: FERRIC_NO_MEMORY, FERRIC_IO (no thread).
ferric_status fe_index_builder_add(fe_index_builder *builder, fe_collection *collection,
                                   uint32_t index);

// Adds all indexes that are not ready. Errors: the same, those of reads.
ferric_status fe_index_builder_resume(fe_index_builder *builder, fe_store *store,
                                      fe_collections *collections);

#endif
