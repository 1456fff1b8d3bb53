// SPDX-License-Identifier: Apache-2.0
// Reads a whole small database in every way there is, and holds the ways against each other.
#ifndef FERRIC_SUPPORT_DB_READER_H
#define FERRIC_SUPPORT_DB_READER_H

#include <ferric/ferric.h>

#include "support/model_table.h"

typedef struct db_reader {
    ferric_db *db;
    // NULL for number 0; another one that is NULL is not read.
    ferric_keyspace *keyspaces[MODEL_KEYSPACE_COUNT];
    const ferric_snapshot *snapshot; // NULL: the newest state.
    uint64_t system_ms;              // What the system's clock shows, where the test owns it.
} db_reader;

typedef struct db_reading {
    model_table found;
    uint64_t system_ms; // The reader's.
    // The first status that refused a read, FERRIC_OK when all was read. What was refused is
    // MODEL_UNREAD in `found`.
    ferric_status status;
    // NULL, or how two ways of reading contradict each other. Owned.
    char *contradiction;
} db_reading;

// Point reads of every key of the universe, pinned reads, a count, and iteration to both ends; of
// the newest state also the names of keyspaces, and which indexes there are. A stray key, keys out
// of order, an entry that one way shows and another does not, are contradictions; so is an answer
// of "not found" where iteration shows the key, and an index that does not have what the documents
// have (index_check.h).
void db_read(const db_reader *reader, db_reading *reading);
void db_reading_deinit(db_reading *reading);

// Opens what of the model's keyspaces is not open yet. `reader->db` is set.
ferric_status db_reader_open_keyspaces(db_reader *reader);
void db_reader_close_keyspaces(db_reader *reader);

// ---- Shared by its two files ----------------------------------------------------------------

void db_reading_contradict(db_reading *reading, uint32_t keyspace, const char *what, uint32_t key);
void db_reading_refuse(db_reading *reading, ferric_status status);
// Finds out which keyspaces and indexes are there. Of a snapshot that is not known.
void db_read_facts(const db_reader *reader, db_reading *reading);
// Holds every index against the documents.
void db_read_indexes(const db_reader *reader, db_reading *reading);

#endif
