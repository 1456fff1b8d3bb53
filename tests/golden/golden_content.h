// SPDX-License-Identifier: Apache-2.0
// What the golden databases hold: made by golden_make with today's format and committed, opened by
// golden_test for ever after (docs/TESTING.md).
//
// The content follows from numbers alone. What a released format has is never changed here: another
// format adds databases.
#ifndef FERRIC_GOLDEN_GOLDEN_CONTENT_H
#define FERRIC_GOLDEN_GOLDEN_CONTENT_H

#include <ferric/ferric.h>

#include "os/vfs.h"

#define GOLDEN_PATH "/golden.db"

typedef struct golden_database {
    const char *name; // Of its folder.
    uint32_t key_count;
    ferric_compression compression;
    bool is_killed; // Its files are those of a process that died: the log has the newest commits.
    bool has_kinds; // With what golden_kinds.c adds.
} golden_database;

size_t golden_count(void);
const golden_database *golden_at(size_t index);

// Makes the database in `vfs`. A killed one is left open: *db is the handle, else NULL. A call that
// fails ends the process: the tests' own or the engine's fault, and nothing to go on with.
void golden_fill(const golden_database *golden, fe_vfs *vfs, ferric_db **db);

// Compares all that the database holds with what it must hold. Returns NULL, or the first
// difference as text that the caller frees with harness_free.
char *golden_difference(const golden_database *golden, ferric_db *db);

// ---- golden_kinds.c -------------------------------------------------------------------------

// Lifetimes, range deletes, a keyspace that was dropped and one that was renamed, indexes. In two
// parts, of which the first comes into tables and the second above it.
void golden_kinds_begin(ferric_db *db);
void golden_kinds_end(ferric_db *db);
// As golden_difference, of these.
char *golden_kinds_difference(ferric_db *db);

// Ends the process unless the status is FERRIC_OK.
void golden_must(ferric_status status, const char *what);

#endif
