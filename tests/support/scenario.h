// SPDX-License-Identifier: Apache-2.0
// Short, repeatable lives of a database: what the fault, memory, crash and corruption harnesses
// play.
//
// A scenario is a list of steps over the key universe of model_table.h, hand-written where a
// mechanism is to be met (a full log, a snapshot over a compaction), drawn from a seed where
// breadth is wanted. Databases are small on purpose: 64 KiB logs, 4 KiB memtables, no background
// threads.
#ifndef FERRIC_SUPPORT_SCENARIO_H
#define FERRIC_SUPPORT_SCENARIO_H

#include <ferric/ferric.h>

typedef enum scenario_verb {
    STEP_PUT = 0,        // `repeat` puts to key, key + 1, ...; each a commit.
    STEP_DELETE = 1,     // The same with deletes.
    STEP_BATCH = 2,      // One commit of `repeat` entries over all keyspaces, each third a delete.
    STEP_IF_ABSENT = 3,  // A put with FERRIC_IF_ABSENT.
    STEP_IF_VERSION = 4, // A put with the key's own version: goes through.
    STEP_IF_STALE = 5,   // A put with another version: a conflict.
    STEP_SYNC = 6,
    STEP_FLUSH = 7,
    STEP_COMPACT = 8,
    STEP_SNAPSHOT = 9,     // Takes one more snapshot, at most SCENARIO_SNAPSHOT_MAX.
    STEP_RELEASE = 10,     // Releases the oldest.
    STEP_REOPEN = 11,      // Closes and opens.
    STEP_READ = 12,        // Reads all of the newest state and of every snapshot.
    STEP_ADVANCE = 13,     // Moves the clock on by `size` milliseconds.
    STEP_VERIFY = 14,      // ferric_verify: no finding.
    STEP_TXN = 15,         // One commit of a serializable transaction with `repeat` entries.
    STEP_TXN_LATE = 16,    // A transaction on a key that is put by a plain commit before it ends.
    STEP_EXPIRE = 17,      // Gives `repeat` keys the step's lifetime.
    STEP_PERSIST = 18,     // Lets `repeat` keys stay.
    STEP_CLOCK = 19,       // Sets the system's clock to `size` seconds, forward or back.
    STEP_RANGE = 20,       // Deletes `repeat` keys from `key` on as a range; 0 is all of them.
    STEP_RANGE_BATCH = 21, // Puts to the range, its deletion, puts to it: one commit.
    STEP_RANGE_TXN = 22,   // The same in a transaction.
    STEP_DROP = 23,        // Drops the keyspace.
    STEP_RENAME = 24,      // Gives it the name of keyspace `key`.
    STEP_DOCUMENTS = 25,   // `repeat` documents from `key` on, each a commit.
    STEP_UNDOCUMENT = 26,  // Deletes `repeat` documents.
    STEP_DOCUMENT_BATCH = 27, // Puts and deletes documents, and puts a raw key: one commit.
    STEP_DOCUMENT_TXN = 28,
    STEP_REMOVE = 29,  // Removes all documents with the "a" that is `key`: one commit.
    STEP_INDEX = 30,   // Creates index number `key`.
    STEP_UNINDEX = 31, // Drops it.
    STEP_TTL = 32,     // Sets the keyspace's default time to live to `size` seconds; 0: none.
    STEP_TOUCH = 33,   // Prolongs `repeat` lives as the step says; else by the keyspace's default.
    STEP_INCREMENT = 34, // Adds `size` to the number of `repeat` keys.
    STEP_VERB_COUNT = 35,
} scenario_verb;

#define SCENARIO_SNAPSHOT_MAX 4

typedef struct scenario_step {
    scenario_verb verb;
    uint32_t keyspace;
    uint32_t key;
    uint32_t repeat; // 0 is 1.
    uint32_t size;   // Of values.
    bool is_sync;    // With the sync flag.
    bool is_async;   // By the asynchronous call: puts, deletes, batches and STEP_TXN.
    // What is put expires in the middle of the second of this number; 0: never. Seconds count from
    // where the clock begins. One that has passed is as good as a delete.
    uint32_t expires_s;
    // It lives half a second longer than this; 0: as expires_s and the keyspace's default say.
    uint32_t ttl_s;
} scenario_step;

typedef struct scenario {
    const char *name;
    ferric_fsync fsync;
    ferric_compression compression;
    const scenario_step *steps;
    size_t step_count;
    bool is_ringless;      // On a file system that is not fit for rings.
    uint32_t random_count; // Steps drawn from the seed, after the written ones.
} scenario;

size_t scenario_count(void);
const scenario *scenario_at(size_t index);
// By name; NULL when there is none.
const scenario *scenario_named(const char *name);
// A few steps of every kind that a recovered database must be able to take.
const scenario *scenario_after_crash(void);

// Adds up all scenarios of scenario_newer.c.
size_t scenario_newer_count(void);
const scenario *scenario_newer_at(size_t index);

// All steps of a scenario, the drawn ones included. The caller frees with harness_free.
scenario_step *scenario_steps(const scenario *s, uint64_t seed, size_t *count);
// The options every harness opens a scenario's database with.
void scenario_options(const scenario *s, ferric_options *options);

#endif
