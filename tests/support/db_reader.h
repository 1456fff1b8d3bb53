// SPDX-License-Identifier: Apache-2.0
// Reads a whole small database in every way there is, and holds the ways against each other.
#ifndef FERRIC_SUPPORT_DB_READER_H
#define FERRIC_SUPPORT_DB_READER_H

#include <ferric/ferric.h>

#include "support/model_table.h"

typedef struct db_reader {
    ferric_db *db;
    ferric_keyspace *keyspaces[MODEL_KEYSPACE_COUNT]; // NULL for number 0.
    const ferric_snapshot *snapshot;                  // NULL: the newest state.
} db_reader;

typedef struct db_reading {
    model_table found;
    // The first status that refused a read, FERRIC_OK when all was read. What was refused is
    // MODEL_UNREAD in `found`.
    ferric_status status;
    // NULL, or how two ways of reading contradict each other. Owned.
    char *contradiction;
} db_reading;

// Point reads of every key of the universe, pinned reads, a count, and iteration to both ends. A
// stray key, keys out of order, an entry that one way shows and another does not, are
// contradictions; so is an answer of "not found" where iteration shows the key.
void db_read(const db_reader *reader, db_reading *reading);
void db_reading_deinit(db_reading *reading);

#endif
