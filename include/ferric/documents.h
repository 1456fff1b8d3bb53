// SPDX-License-Identifier: Apache-2.0
// Collections of JSON documents: insert, indexes, queries. A part of <ferric/ferric.h>,
// which includes it and says what holds for all calls.
//
// A document is the JSON value under a key of a collection (a keyspace of kind
// FERRIC_KEYSPACE_COLLECTION). Its key is its "_id", a string. ferric_document_put, ferric_delete,
// ferric_write and their kin in transactions keep the collection's indexes in the same commit.
//
// Filters and sorts are JSON texts in MongoDB's manner; docs/guide/queries.md
// explains them. A NULL `collection` is the collection "main".
#ifndef FERRIC_DOCUMENTS_H
#define FERRIC_DOCUMENTS_H

#include <ferric/ferric.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#pragma GCC visibility push(default)
#endif

typedef struct ferric_cursor ferric_cursor;

// ---- Collections ----------------------------------------------------------------------------

// Adds a document under its "_id", a string that must be new, or under a UUIDv7 when it has none.
// `key` (may be NULL) receives the key.
// Errors: FERRIC_CONFLICT (an outcome): a document has the "_id"; nothing is written.
//         FERRIC_INVALID_ARGUMENT: no JSON, or "_id" is no string, or an index cannot take the
//         document. FERRIC_ALREADY_EXISTS: a unique index has its key for another document, which
//         the message names. Else as ferric_document_put.
ferric_status ferric_document_insert(ferric_db *db, ferric_keyspace *collection, ferric_slice json,
                                     const ferric_write_options *options, ferric_buffer *key);

// ---- Indexes --------------------------------------------------------------------------------

// Told how many documents an index's build has passed. Returns false to stop it for now.
typedef bool (*ferric_build_callback)(void *context, uint64_t documents);

// What an index is, beside its paths.
typedef struct ferric_index_options {
    size_t struct_size;
    // Default NULL: made of the paths, as in "age_1".
    const char *name;
    // No two documents may have the same values, where a document has every path. Default false.
    bool unique;
    // Documents that have none of the paths are left out. Default false.
    bool sparse;
    // Only documents that match this filter are in it (a partial index); a query can use it when
    // its own filter holds the same conditions. Size 0: all documents.
    ferric_slice filter;
    // Told how far the build is. Default NULL.
    ferric_build_callback progress;
    void *progress_context; // Handed to progress.
} ferric_index_options;

#define FERRIC_INDEX_OPTIONS_INIT                                                                  \
    {                                                                                              \
        sizeof(ferric_index_options), NULL, false, false, {NULL, 0}, NULL, NULL                    \
    }

// Creates an index over `keys`, such as {"age":1}, {"role":1,"address.city":-1}, or a single path
// as a JSON string; at most 8 paths, 1 is ascending and -1 descending. Paths go through objects and
// arrays; each element of an array is in the index, of one array in each document.
//
// From the call's first moment on writers keep the index; documents that were there before are
// added meanwhile, without holding writers up, and queries use it when the call returns. A build
// that was stopped, or whose process died, goes on where it was when the call is made again. An
// index that is there already and is the same is FERRIC_OK.
//
// Errors: FERRIC_ALREADY_EXISTS: another index has the name; or two documents have the same values
//         for a unique index, and the message names both. FERRIC_INVALID_ARGUMENT: wrong keys or
//         filter, or a document has arrays at two paths. After these there is no index.
//         FERRIC_INTERRUPTED, FERRIC_IO, FERRIC_NO_SPACE: it can be gone on with. FERRIC_READ_ONLY.
ferric_status ferric_index_create(ferric_db *db, ferric_keyspace *collection, ferric_slice keys,
                                  const ferric_index_options *options);

// Drops the index `name`. Errors: FERRIC_NOT_FOUND (an outcome), else as ferric_put.
ferric_status ferric_index_drop(ferric_db *db, ferric_keyspace *collection, const char *name);

// Replaces `json` by an array with an object for each index: name, keys, unique, sparse, filter
// (of a partial one), state ("building" or "ready"). Errors: as ferric_get.
ferric_status ferric_index_list(ferric_db *db, ferric_keyspace *collection, ferric_buffer *json);

// Compares every ready index with the documents, at one state: each has the entries it must have,
// and there are no others. `entries` (may be NULL) receives how many were compared.
// Errors: FERRIC_CORRUPT: the message names index and document; else as ferric_get.
ferric_status ferric_index_verify(ferric_db *db, ferric_keyspace *collection,
                                  const ferric_read_options *options, uint64_t *entries);

// ---- Queries --------------------------------------------------------------------------------

// How a query runs, and what it shows.
typedef struct ferric_find_options {
    size_t struct_size;
    // Default NULL: the newest published state when the query begins.
    const ferric_snapshot *snapshot;
    // As {"age":-1,"name":1}. Documents with equal values follow by "_id" in the last path's
    // direction. Size 0: the order is the plan's.
    ferric_slice sort;
    // So many documents are left out first. Default 0.
    uint64_t skip;
    // At most so many are given. Default UINT64_MAX.
    uint64_t limit;
    // The name of the index to use, or "$scan" for none. Default NULL: the planner decides.
    const char *hint;
    // FERRIC_TOO_LARGE when more documents would have to be examined. Default UINT64_MAX.
    uint64_t max_scan;
    // Bytes for what has to be sorted, grouped or remembered in memory. Default 32 MiB.
    uint64_t memory_max;
} ferric_find_options;

#define FERRIC_FIND_OPTIONS_INIT                                                                   \
    {                                                                                              \
        sizeof(ferric_find_options), NULL, {NULL, 0}, 0, UINT64_MAX, NULL, UINT64_MAX,             \
            (uint64_t)32 << 20                                                                     \
    }

// Finds the documents that match `filter` (size 0 or {}: all). The cursor stands before the first.
// It sees one state however long it lives.
// Errors: FERRIC_INVALID_ARGUMENT: filter, sort or hint is wrong; the message names the
//         place. FERRIC_WRONG_KIND, FERRIC_NO_MEMORY, FERRIC_IO, FERRIC_CORRUPT, FERRIC_CLOSED.
ferric_status ferric_find(ferric_db *db, ferric_keyspace *collection, ferric_slice filter,
                          const ferric_find_options *options, ferric_cursor **cursor);

// Frees the cursor. Accepts NULL.
void ferric_cursor_destroy(ferric_cursor *cursor);

// Moves to the next document. Returns whether there is one; when false, ferric_cursor_status tells
// the end from a failure.
bool ferric_cursor_next(ferric_cursor *cursor);

// FERRIC_OK, also at the end, or why it stopped: also FERRIC_TOO_LARGE (max_scan), and
// FERRIC_MEMORY_LIMIT (memory_max).
ferric_status ferric_cursor_status(const ferric_cursor *cursor);

// The document it stands on: its key; its text with "_id" first; its version. Empty when it stands
// nowhere. Valid until the cursor next moves.
ferric_slice ferric_cursor_key(const ferric_cursor *cursor);
ferric_slice ferric_cursor_document(const ferric_cursor *cursor);
uint64_t ferric_cursor_version(const ferric_cursor *cursor);

// The number of documents that match, after skip and limit. Errors: as ferric_find and
// ferric_cursor_status.
ferric_status ferric_find_count(ferric_db *db, ferric_keyspace *collection, ferric_slice filter,
                                const ferric_find_options *options, uint64_t *count);

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif

#ifdef __cplusplus
}
#endif

#endif
