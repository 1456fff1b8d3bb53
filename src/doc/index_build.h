// SPDX-License-Identifier: Apache-2.0
// Filling a new index with the documents that were there before it, beside writers.
//
// From the commit on that made the index (state BUILDING), every writer keeps its entries. The
// back-fill walks the documents in the order of their ids, some at a time, and commits their
// entries under the condition that each document still is at the version that was read. Where it is
// not, somebody wrote it who keeps the index too. Each such commit also holds how far it came, so
// that a build that was interrupted, by a crash as well, goes on from there.
#ifndef FERRIC_DOC_INDEX_BUILD_H
#define FERRIC_DOC_INDEX_BUILD_H

#include "doc/collections.h"

// Told how many documents were passed since the build's beginning. False stops it.
typedef bool (*fe_build_progress)(void *context, uint64_t documents);

// Builds the index with this keyspace id until it is ready. One that is ready, or gone, is
// FERRIC_OK. Two threads may build the same: they take turns. Each tenth, the end and a failure are
// events. Errors: FERRIC_ALREADY_EXISTS: two documents have one key of a unique index, which is
// dropped; FERRIC_INVALID_ARGUMENT: a document cannot be in it, and it is dropped; FERRIC_DROPPED:
// the collection is gone; FERRIC_INTERRUPTED; those of reads and writes, after which it can be gone
// on with.
ferric_status fe_index_build(fe_collection *collection, uint32_t id, fe_build_progress progress,
                             void *context);

// How far the index is. Errors: FERRIC_NOT_FOUND (an outcome): there is none of that name; those of
// a read.
ferric_status fe_index_build_state(fe_collection *collection, ferric_slice name,
                                   ferric_build_progress *progress);

#endif
