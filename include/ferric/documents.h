// SPDX-License-Identifier: Apache-2.0
// JSON documents: under their keys, in collections with indexes, found by queries. A part of
// <ferric/ferric.h>, which includes it and says what holds for all calls.
//
// ferric_document_put, ferric_delete, ferric_write and their kin in transactions keep a
// collection's indexes in the same commit. Filters, sorts, projections and updates are JSON texts
// in MongoDB's manner; docs/guide/queries.md explains them.
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

// ---- Documents ------------------------------------------------------------------------------
//
// A document is the JSON value under a key of a collection, which is a keyspace of kind
// FERRIC_KEYSPACE_COLLECTION: it maps keys of UTF-8, the documents' "_id", to JSON texts (RFC 8259,
// at most 128 levels deep). A text is checked and minified when it is written: white space between
// tokens goes, of members with equal names the last one stays, numbers and strings keep the text
// they came with. A NULL `collection` is the collection "main". Reading ranges, deleting and
// batches work on a collection's handle as on any other; only the calls that carry raw values
// (ferric_put, ferric_get, ferric_get_pinned, ferric_multi_get, ferric_batch_put) refuse it.

// Sets the document `key` to `json`. A top-level member "_id" is the key: it must be equal to `key`
// and is not stored.
// Errors: FERRIC_INVALID_ARGUMENT: `json` is no JSON (the message has offset and reason), `key` is
//         empty or not UTF-8, or "_id" is another. FERRIC_WRONG_KIND: the keyspace is raw.
//         Else as ferric_put.
ferric_status ferric_document_put(ferric_db *db, ferric_keyspace *collection, ferric_slice key,
                                  ferric_slice json, const ferric_write_options *options);

// Replaces `json` by the minified text of the document `key`. `version` (may be NULL) receives its
// version. Errors: FERRIC_WRONG_KIND, FERRIC_UNSUPPORTED (written by a newer version), else as
// ferric_get.
ferric_status ferric_document_get(ferric_db *db, ferric_keyspace *collection, ferric_slice key,
                                  const ferric_read_options *options, ferric_buffer *json,
                                  uint64_t *version);

// Adds a document to a batch. `collection` is not NULL, since a batch knows no database. Errors: as
// ferric_document_put; the batch is as it was.
ferric_status ferric_batch_document_put(ferric_batch *batch, ferric_keyspace *collection,
                                        ferric_slice key, ferric_slice json);

// The same with a lifetime, as ferric_batch_put_expiring.
ferric_status ferric_batch_document_put_expiring(ferric_batch *batch, ferric_keyspace *collection,
                                                 ferric_slice key, ferric_slice json,
                                                 ferric_lifetime lifetime);

// The JSON text inside the value of a collection's entry, as an iterator over it gives values.
// Valid as long as `stored` is. Errors: FERRIC_UNSUPPORTED (written by a newer version).
ferric_status ferric_document_text(ferric_slice stored, ferric_slice *json);

// Replaces `minified` by what ferric_document_put would store of `json`, an "_id" included, without
// a database. `error_offset` (may be NULL) receives the offset of the first byte that is wrong.
// Errors: FERRIC_INVALID_ARGUMENT: no JSON; the message has offset and reason. FERRIC_TOO_LARGE,
//         FERRIC_NO_MEMORY.
ferric_status ferric_json_minify(ferric_slice json, ferric_buffer *minified, size_t *error_offset);

// ---- Collections ----------------------------------------------------------------------------

// Adds a document under its "_id", a string that must be new, or under a UUIDv7 when it has none.
// `key` (may be NULL) receives the key.
// Errors: FERRIC_CONFLICT (an outcome): a document has the "_id"; nothing is written.
//         FERRIC_INVALID_ARGUMENT: no JSON, or "_id" is no string, or an index cannot take the
//         document. FERRIC_ALREADY_EXISTS: a unique index has its key for another document, which
//         the message names. Else as ferric_document_put.
ferric_status ferric_document_insert(ferric_db *db, ferric_keyspace *collection, ferric_slice json,
                                     const ferric_write_options *options, ferric_buffer *key);

// Changes the document `key` by `patch`: an object is a merge patch (RFC 7396), an array a list of
// operations (RFC 6902). Read and written as one: what others commit meanwhile is not lost.
// Errors: FERRIC_NOT_FOUND (an outcome). FERRIC_CONFLICT: a condition of `options`, or an operation
//         "test", does not hold. FERRIC_INVALID_ARGUMENT: no JSON, or it does not suit the
//         document.
//         Else as ferric_document_insert.
ferric_status ferric_document_patch(ferric_db *db, ferric_keyspace *collection, ferric_slice key,
                                    ferric_slice patch, const ferric_write_options *options);

// ---- Indexes --------------------------------------------------------------------------------

// Told how many documents an index's build has passed since it began, also before a crash. Returns
// whether it is to go on; a build that was stopped can be gone on with (ferric_index_create).
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
    // ferric_index_create returns at once, and a thread of the database builds the index.
    // FERRIC_EVENT_INDEX tells how it goes and what became of it, ferric_index_progress how far it
    // is; `progress` is not called. Without background threads it is built in the call. Default
    // false.
    bool background;
} ferric_index_options;

#define FERRIC_INDEX_OPTIONS_INIT                                                                  \
    {                                                                                              \
        sizeof(ferric_index_options), NULL, false, false, {NULL, 0}, NULL, NULL, false             \
    }

// Creates an index over `keys`, such as {"age":1}, {"role":1,"address.city":-1}, or a single path
// as a JSON string; at most 8 paths, 1 is ascending and -1 descending. Paths go through objects and
// arrays; each element of an array is in the index, of one array in each document.
//
// From the call's first moment on writers keep the index; documents that were there before are
// added meanwhile, without holding writers up, and queries use it when the call returns. A build
// that was stopped, or whose process died, goes on where it was, in the background from the next
// ferric_open on, or when the call is made again, which then waits for the end. An index that is
// there already and is the same is FERRIC_OK.
//
// Errors: FERRIC_ALREADY_EXISTS: another index has the name; or two documents have the same values
//         for a unique index, and the message names one of them and the values.
//         FERRIC_INVALID_ARGUMENT: wrong keys or filter, or a document has arrays at two paths.
//         After these there is no index. FERRIC_INTERRUPTED, FERRIC_IO, FERRIC_NO_SPACE: it can be
//         gone on with. FERRIC_READ_ONLY.
ferric_status ferric_index_create(ferric_db *db, ferric_keyspace *collection, ferric_slice keys,
                                  const ferric_index_options *options);

// How far an index is.
typedef struct ferric_build_progress {
    bool is_ready;      // Queries use it; then the rest is 0.
    bool is_running;    // Somebody builds it right now.
    uint64_t documents; // That the build has passed since it began, also before a crash,
    uint64_t estimate;  // of about so many; `documents` when nobody builds.
} ferric_build_progress;

// Tells how far the index `name` is. Errors: FERRIC_NOT_FOUND (an outcome), else as ferric_get.
ferric_status ferric_index_progress(ferric_db *db, ferric_keyspace *collection, const char *name,
                                    ferric_build_progress *progress);

// Drops the index `name`, in the time of one write. Errors: FERRIC_NOT_FOUND (an outcome), else as
// ferric_put.
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
    // As {"name":1,"address.city":1} for these and "_id", or {"notes":0} for all but these.
    // Size 0: everything.
    ferric_slice projection;
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
        sizeof(ferric_find_options), NULL, {NULL, 0}, {NULL, 0}, 0, UINT64_MAX, NULL, UINT64_MAX,  \
            (uint64_t)32 << 20                                                                     \
    }

// Finds the documents that match `filter` (size 0 or {}: all). The cursor stands before the first.
// It sees one state however long it lives.
// Errors: FERRIC_INVALID_ARGUMENT: filter, sort, projection or hint is wrong; the message names the
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

// The document it stands on: its key; its text with "_id" first, as the projection shows it; its
// version. Empty when it stands nowhere. Valid until the cursor next moves. Where an index alone
// gave the document, its version is read when it is asked for, and 0 when that fails. The text is
// made when it is asked for; without memory it is empty, and ferric_cursor_status is
// FERRIC_NO_MEMORY.
ferric_slice ferric_cursor_key(const ferric_cursor *cursor);
ferric_slice ferric_cursor_document(const ferric_cursor *cursor);
uint64_t ferric_cursor_version(const ferric_cursor *cursor);

// The number of documents that match, after skip and limit. Errors: as ferric_find and
// ferric_cursor_status.
ferric_status ferric_find_count(ferric_db *db, ferric_keyspace *collection, ferric_slice filter,
                                const ferric_find_options *options, uint64_t *count);

// Replaces `json` by an array of the different values that the documents which match have at
// `path`, elements of arrays one by one, in order. Errors: as ferric_find_count.
ferric_status ferric_find_distinct(ferric_db *db, ferric_keyspace *collection, ferric_slice path,
                                   ferric_slice filter, const ferric_find_options *options,
                                   ferric_buffer *json);

// Replaces `json` by an array of groups of the documents which match, as in
// {"_id":"$city","people":{"$sum":1},"oldest":{"$max":"$age"}}; accumulators are $count, $sum,
// $avg, $min and $max. The groups stand in the order of their "_id"; `sort`, `skip` and `limit` of
// `options` are about the groups, as {"people":-1} with a limit of 10. Errors: as
// ferric_find_count.
ferric_status ferric_find_group(ferric_db *db, ferric_keyspace *collection, ferric_slice group,
                                ferric_slice filter, const ferric_find_options *options,
                                ferric_buffer *json);

// Runs the query and replaces `json` by an object that tells what was done: the plan with its
// indexes and ranges, how many index entries and documents were examined, how many were returned,
// how long it took, which index would have helped, and, when nothing was found, which operators
// were probably meant that lack their '$'. Errors: as ferric_find_count.
ferric_status ferric_explain(ferric_db *db, ferric_keyspace *collection, ferric_slice filter,
                             const ferric_find_options *options, ferric_buffer *json);

// ---- Updates --------------------------------------------------------------------------------

// How ferric_update and ferric_remove choose documents.
typedef struct ferric_update_options {
    size_t struct_size;
    // All documents that match, in one commit. Default false: the first one.
    bool many;
    // ferric_update makes a document of the filter's equalities and the update when none matches.
    // Default false.
    bool upsert;
    // The commit is durable before the call returns, whatever the fsync policy. Default false.
    bool sync;
    // As in ferric_find_options.
    ferric_slice sort;
    const char *hint;
    uint64_t max_scan;
} ferric_update_options;

#define FERRIC_UPDATE_OPTIONS_INIT                                                                 \
    {                                                                                              \
        sizeof(ferric_update_options), false, false, false, {NULL, 0}, NULL, UINT64_MAX            \
    }

// What an update did.
typedef struct ferric_update_result {
    uint64_t matched;  // Documents that the filter found,
    uint64_t modified; // and those that are different now, or gone.
    bool is_upserted;  // A document was made.
} ferric_update_result;

// Changes documents that match `filter` by `update`, operators such as {"$set":{"a.b":1},
// "$inc":{"n":1}}; all of it in one commit, or nothing. `result` may be NULL; `key` (may be NULL)
// receives the key of an upserted document.
// Errors: as ferric_find and ferric_document_insert; FERRIC_CONFLICT: others kept changing the same
//         documents; FERRIC_OVERFLOW: $inc or $mul left the 64-bit integers; FERRIC_TOO_LARGE: more
//         than one commit takes.
ferric_status ferric_update(ferric_db *db, ferric_keyspace *collection, ferric_slice filter,
                            ferric_slice update, const ferric_update_options *options,
                            ferric_update_result *result, ferric_buffer *key);

// Removes documents that match `filter`, in one commit. Errors: as ferric_update.
ferric_status ferric_remove(ferric_db *db, ferric_keyspace *collection, ferric_slice filter,
                            const ferric_update_options *options, ferric_update_result *result);

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif

#ifdef __cplusplus
}
#endif

#endif
