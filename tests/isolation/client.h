// SPDX-License-Identifier: Apache-2.0
// A client that runs random transactions on lists and sets, one step at a time, and writes down
// what it saw. What one transaction can tell by itself is judged at once: its own writes, reads
// that are repeated, the age of its snapshot.
#ifndef FERRIC_ISOLATION_CLIENT_H
#define FERRIC_ISOLATION_CLIENT_H

#include <ferric/ferric.h>

#include "base/random.h"
#include "history.h"
#include "os/thread.h"

typedef enum isolation_mode {
    MODE_SNAPSHOT = 0,
    MODE_FOR_UPDATE = 1, // Snapshot, and every list is read for update.
    MODE_SERIALIZABLE = 2,
    MODE_COUNT = 3,
} isolation_mode;

// What the clients of one history share.
typedef struct world {
    ferric_db *db;
    isolation_mode mode;
    uint32_t number; // Of the history: its keys are its own.
    _Atomic(uint32_t) element_count;
    _Atomic(uint64_t) acknowledged; // Newest version of a commit that was answered.
    fe_mutex mutex;
    history done;        // Guarded by mutex.
    uint64_t conflicts;  // Guarded by mutex.
    const char *failure; // Guarded by mutex: the first thing that no transaction may see.
    char failure_text[256];
} world;

typedef struct client {
    world *w;
    fe_random random;
    ferric_txn *txn; // NULL: none is open.
    transaction t;
    uint32_t actions_left;
    bool has_list[HISTORY_LISTS]; // Read or appended to; then `lists` is what it must see.
    elements lists[HISTORY_LISTS];
    bool has_set[HISTORY_SETS]; // Scanned; then `sets` is what it saw of others.
    elements sets[HISTORY_SETS];
    elements inserted[HISTORY_SETS];
    ferric_buffer value;
} client;

// Begins, does one thing, or ends.
void client_step(client *c);
// Ends an open transaction with its commit and frees what the client holds.
void client_finish(client *c);

// Reads the last state of all lists and sets into the history.
void world_end(world *w);

#endif
