// SPDX-License-Identifier: Apache-2.0
// Whether the indexes of a collection are right, by the public API alone: whatever was done to the
// database before, an index that is ready finds what a full scan finds, and one that is not ready
// is not used.
#ifndef FERRIC_SUPPORT_INDEX_CHECK_H
#define FERRIC_SUPPORT_INDEX_CHECK_H

#include <ferric/ferric.h>

// Told each index of the collection.
typedef void (*index_visit)(void *context, const char *name, bool is_ready);
ferric_status index_list(ferric_db *db, ferric_keyspace *collection, index_visit visit,
                         void *context);

// For each index that is ready: for every value that the documents have at its first path, that
// path there and not there, a query with the index finds the documents that one without finds; of a
// unique one no two documents have the same value; ferric_index_verify agrees. `snapshot` may be
// NULL; older ones know fewer indexes. Sets *wrong to what is not so as text that the caller frees,
// or NULL. Returns the first status that refused a call.
ferric_status index_check(ferric_db *db, ferric_keyspace *collection,
                          const ferric_snapshot *snapshot, char **wrong);
// How many pairs of queries have been compared so far.
uint64_t index_checked(void);

#endif
