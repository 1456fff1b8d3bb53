// SPDX-License-Identifier: Apache-2.0
// A small store over a gated vfs, a model of what it holds, and helper threads that do one call
// each. Asserts through cmocka, so all but the helpers' own work belongs to the test's thread.
#ifndef FERRIC_SCHEDULE_SCHEDULE_KIT_H
#define FERRIC_SCHEDULE_SCHEDULE_KIT_H

#include "gate_vfs.h"
#include "lsm/store_state.h"

#define SCHEDULE_KEYS 120u
#define SCHEDULE_VALUE_SIZE 32u
#define SCHEDULE_DIRECTORY "/db"

// What every key must hold; "" is absent.
typedef struct schedule_model {
    char values[SCHEDULE_KEYS][SCHEDULE_VALUE_SIZE];
} schedule_model;

typedef struct schedule {
    gate_vfs *gates;
    ferric_options options;
    fe_store *store;
    schedule_model now;
} schedule;

// On the heap. Opens a new store. Memtables and logs are so large that nothing happens by itself,
// unless background_threads is given.
schedule *schedule_create(ferric_fsync fsync, uint32_t background_threads);
// Closes what is open, which must succeed.
void schedule_destroy(schedule *s);
// The same without threads, with the allocator that can hold callers (GATE_ALLOCATION).
schedule *schedule_create_held(ferric_fsync fsync, uint64_t memtable_size);
void schedule_destroy_held(schedule *s);
void schedule_open(schedule *s);
void schedule_close(schedule *s);

ferric_slice schedule_key(uint32_t number, uint8_t bytes[32]);
// Writes and keeps the model; `text` NULL deletes.
void schedule_put(schedule *s, uint32_t number, const char *text);
// Puts "TEXT-NUMBER" to every `step`th key from `first` on.
void schedule_fill(schedule *s, uint32_t first, uint32_t step, const char *text);
// A value of `size` bytes, which the model does not know, and the look whether it is there.
void schedule_put_large(schedule *s, uint32_t number, size_t size);
void schedule_expect_large(schedule *s, uint32_t number, size_t size);
void schedule_flush(schedule *s);
void schedule_compact(schedule *s);
// Reads all by get, multi-get and both ways of a cursor, and compares.
void schedule_check(schedule *s, const schedule_model *expected, uint64_t sequence);
void schedule_check_now(schedule *s);
// Walks a cursor from its start to its end and back.
void schedule_check_cursor(fe_cursor *cursor, const schedule_model *expected);
fe_cursor *schedule_cursor(schedule *s);
fe_snapshot *schedule_snapshot(schedule *s);
// Opens the store once more, read-only, beside `s`. What it holds is checked with a schedule whose
// store it is.
ferric_status schedule_open_reader(const schedule *s, fe_store **store);
// How many files of the kind the directory has.
uint32_t schedule_file_count(schedule *s, fe_file_kind kind);

// ---- Helpers --------------------------------------------------------------------------------

typedef enum helper_task {
    HELPER_PUT = 0,
    HELPER_PUT_IF_ABSENT = 1,
    HELPER_DELETE = 2,
    HELPER_GET = 3, // Its allocations are held.
    HELPER_FLUSH = 4,
    HELPER_COMPACT = 5,
    HELPER_SYNC = 6,
    HELPER_VERIFY = 7,
    HELPER_CLOSE = 8,
    HELPER_SNAPSHOT = 9, // Its allocations are held, as are those of the next.
    HELPER_CURSOR = 10,
    HELPER_PUT_HELD = 11,
    // A put, unless its key or one of the two beside it changes between its call and its commit.
    HELPER_PUT_IF_CALM = 12,
    HELPER_OPEN_READER = 13, // Read-only; the store is in helper.store then.
} helper_task;

typedef struct helper {
    fe_thread thread;
    const schedule *schedule;
    fe_store *store;
    helper_task task;
    uint32_t key;
    size_t filler_size; // Bytes of a value behind its text.
    char text[SCHEDULE_VALUE_SIZE];
    ferric_status status; // What the call answered.
    char message[FE_REQUEST_MESSAGE_SIZE];
    uint64_t version;
    uint64_t findings;
    fe_snapshot *snapshot;
    fe_cursor *cursor;
} helper;

// Starts the call in a thread of its own.
void helper_start(helper *h, schedule *s, helper_task task, uint32_t key, const char *text);
// The same with HELPER_PUT of a value of `size` bytes.
void helper_start_large(helper *h, schedule *s, uint32_t key, size_t size);
// Waits for its end and returns what it answered.
ferric_status helper_join(helper *h);
// Starts a call whose allocations are held and returns when it stands before allocation number
// `number`, from 1 on.
void helper_start_held(helper *h, schedule *s, helper_task task, uint32_t key, uint64_t number);

// New values, new tables, and all blocks out of the cache that are not pinned: as much memory taken
// and given back as makes what was freed wrong.
void schedule_replace_everything(schedule *s);
void schedule_evict_all(schedule *s);

// Returns when a writer leads.
void schedule_await_leader(schedule *s);
// Returns when so many writers wait behind the one that leads.
void schedule_await_writers(schedule *s, size_t count);

#endif
