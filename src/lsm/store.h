// SPDX-License-Identifier: Apache-2.0
// The store: an ordered, versioned, crash-safe map from keys (keyspace id first) to values. The one
// door of lsm/ for the layers above.
//
// Threads: all functions may be called by all threads at once, but for open and close, and but for
// cursors, which belong to one thread at a time.
// Lifetime: snapshots, cursors and pins hold the store's memory; after fe_store_close they answer
// FERRIC_CLOSED and are released as ever.
#ifndef FERRIC_LSM_STORE_H
#define FERRIC_LSM_STORE_H

#include <ferric/ferric.h>

#include "lsm/snapshot.h"
#include "lsm/statistics.h"
#include "lsm/write_batch.h"
#include "os/vfs.h"

typedef struct fe_store fe_store;
typedef struct fe_cursor fe_cursor;
typedef struct fe_async_write fe_async_write;

// ---- Open and close -------------------------------------------------------------------------

// Opens the directory `path` with options that were checked (fe_options_check). A path ":memory:"
// is a database in memory. Errors: as ferric_open. On failure *store is NULL.
ferric_status fe_store_open(const char *path, const ferric_options *options, fe_store **store);

// Makes everything durable, stops the threads, releases the lock, and drops the opener's reference.
// Errors: as ferric_close; FERRIC_INVALID_ARGUMENT: inside a callback for a write of this store,
// and it stays open. Accepts NULL. In a forked child it only frees the child's memory.
ferric_status fe_store_close(fe_store *store);
// Whether fe_store_close would go on: for those who have something to end before. Errors: as above.
ferric_status fe_store_check_close(const fe_store *store);

// Removes the database at `path`. Errors: as ferric_destroy.
ferric_status fe_store_destroy(const char *path, const ferric_options *options);

// Handles above hold the store by references of their own.
void fe_store_ref(fe_store *store);
void fe_store_unref(fe_store *store);

// FERRIC_OK, FERRIC_CLOSED or FERRIC_FORKED: what every call on a handle looks at first.
ferric_status fe_store_check(const fe_store *store);

const ferric_options *fe_store_options(const fe_store *store);
// Who was writing when this was opened read-only; 0: nobody, or it is not known.
uint64_t fe_store_writer_process(const fe_store *store);
const char *fe_store_path(const fe_store *store);
// For clock and random bytes.
fe_vfs *fe_store_vfs(const fe_store *store);

// Ends running flushes for compaction's sake, compactions, verifications and counts with
// FERRIC_INTERRUPTED. Async-signal-safe.
void fe_store_interrupt(fe_store *store);
// Grows with each fe_store_interrupt: a long call compares it with its value at the start.
uint32_t fe_store_interrupts(const fe_store *store);

// ---- Writing --------------------------------------------------------------------------------

// Commits a batch; an empty one without conditions does nothing but, with `sync`, fe_store_sync.
// *version (may be NULL) is its sequence number. Errors: as ferric_write.
ferric_status fe_store_write(fe_store *store, fe_write_batch *batch, bool sync, uint64_t *version);

// Puts a batch together. It may read, and commits nothing.
typedef ferric_status (*fe_batch_filler)(void *context);

// The same for a batch that `fill` puts together while the caller has the turn: nobody commits
// between what it reads and this commit. For what would be overtaken again and again. What `fill`
// answers, but FERRIC_OK, is the result.
ferric_status fe_store_write_in_turn(fe_store *store, fe_write_batch *batch, fe_batch_filler fill,
                                     void *context, bool sync, uint64_t *version);

// Whom the outcome of a write is told that nobody waits for, and as what it is counted.
typedef struct fe_completion {
    ferric_commit_callback callback;
    void *context;
    ferric_operation operation; // FERRIC_OPERATION_COUNT: it is counted already.
} fe_completion;

// Begins one, of about so many bytes of keys and values; waits while too many are in flight, but
// not inside a callback. It ends with one of the three calls that take it over. Errors:
// FERRIC_CLOSED, FERRIC_NO_MEMORY, FERRIC_IO: no thread could be started; *write is NULL.
ferric_status fe_async_begin(fe_store *store, const fe_completion *completion, uint64_t user_bytes,
                             fe_async_write **write);
// To be filled, and taken over with it.
fe_write_batch *fe_async_batch(fe_async_write *write);
// Has it release a snapshot, with which its conditions can be checked, when the outcome is known.
void fe_async_hold(fe_async_write *write, fe_snapshot *snapshot);
// Commits its batch, durably, and has the outcome told: statuses as of fe_store_write. An empty
// batch is told at once.
void fe_store_write_async(fe_store *store, fe_async_write *write);
// Has an outcome told that is known. A failure's message is this thread's.
void fe_async_tell(fe_store *store, fe_async_write *write, ferric_status status, uint64_t version);
// Ends it without a word.
void fe_async_abandon(fe_store *store, fe_async_write *write);

// Counts memory that a transaction takes, which the block cache then does without; given back by
// fe_store_let_go. Errors: FERRIC_MEMORY_LIMIT: transactions would have too much together.
ferric_status fe_store_hold(fe_store *store, uint64_t bytes);
void fe_store_let_go(fe_store *store, uint64_t bytes);

// Makes every acknowledged commit durable. Errors: as ferric_sync.
ferric_status fe_store_sync(fe_store *store);

// ---- Reading --------------------------------------------------------------------------------

// Reads at the newest published state.
#define FE_SEQUENCE_NEWEST UINT64_MAX

// The state that a read sees: everything up to a sequence number that has not expired by a time.
typedef struct fe_moment {
    uint64_t sequence;
    uint64_t time_ms; // 0: engine time when the first entry with an expiry is met.
} fe_moment;

static inline fe_moment fe_moment_newest(void)
{
    fe_moment moment = {FE_SEQUENCE_NEWEST, 0};
    return moment;
}

static inline fe_moment fe_moment_of(const fe_snapshot *snapshot)
{
    fe_moment moment = {snapshot->sequence, snapshot->time_ms};
    return moment;
}

// What a read tells of an entry beside its value.
typedef struct fe_meta {
    uint64_t version;    // Its sequence number.
    uint64_t expires_ms; // FE_EXPIRY_NEVER when it does not.
} fe_meta;

// Engine time: what an expiry is compared with (lsm/engine_clock.h).
uint64_t fe_store_now_ms(fe_store *store);

// Where a value lies: valid until fe_store_unpin. {0} is nothing.
typedef struct fe_pin {
    ferric_slice value;
    fe_meta meta;
    fe_store *store; // A reference.
    void *owner;     // A cached block, a view or a buffer.
    uint32_t lender; // Which of them; 0 when nothing is held.
} fe_pin;

// Replaces `value` by the value of `key` at a moment; `value` may be NULL (only existence is
// asked) and so may `meta`. Errors: as ferric_get.
ferric_status fe_store_read(fe_store *store, ferric_slice key, fe_moment at, ferric_buffer *value,
                            fe_meta *meta);

// One of several reads at one state.
typedef struct fe_read {
    ferric_buffer key; // Both are the caller's.
    ferric_buffer value;
    fe_meta meta;
    ferric_status status; // As of fe_store_read; of several failures the last left its message.
} fe_read;

// So many keys can be read together.
#define FE_READ_MANY_MAX 16

// Reads up to so many keys at once, whose memory is then waited for together.
void fe_store_read_many(fe_store *store, fe_read *reads, size_t count, fe_moment at);

// Reads at a sequence number and the time of the call.
ferric_status fe_store_get(fe_store *store, ferric_slice key, uint64_t sequence,
                           ferric_buffer *value, uint64_t *version);

// The same without a copy. On failure *pin is {0}. Errors: as ferric_get_pinned.
ferric_status fe_store_get_pinned(fe_store *store, ferric_slice key, fe_moment at, fe_pin *pin);
// Any thread. {0} is a no-op.
void fe_store_unpin(fe_pin *pin);

// Reads `count` keys at one state. Errors: as ferric_multi_get.
ferric_status fe_store_multi_get(fe_store *store, size_t count, const ferric_slice *keys,
                                 fe_moment at, fe_pin *pins, ferric_status *statuses);

// A snapshot of the newest published state. It holds a reference on the store. Errors:
// FERRIC_NO_MEMORY.
ferric_status fe_store_snapshot(fe_store *store, fe_snapshot **snapshot);
void fe_store_snapshot_release(fe_store *store, fe_snapshot *snapshot);

// A commit's keys and values have at most so many bytes.
uint64_t fe_store_commit_bytes_max(const fe_store *store);

// The newest published sequence number.
uint64_t fe_store_last_sequence(fe_store *store);

typedef struct fe_cursor_options {
    uint64_t sequence;  // FE_SEQUENCE_NEWEST, or a held snapshot's,
    uint64_t time_ms;   // and its time; 0 as in fe_moment.
    ferric_slice lower; // First key allowed, keyspace id included. Copied.
    ferric_slice upper; // First key behind; size 0: no bound. Copied.
    bool fill_cache;    // Whether blocks that are read are kept.
    // Entries of FE_SEQUENCE_MAX that stand before all of the store's for their keys, which is to
    // say newer than those; NULL: none. The cursor takes it over, also on failure.
    struct fe_iterator *overlay;
    // Ranges in which nothing of the store's is shown; NULL: none. They outlive the cursor.
    const struct fe_range_deletes *hidden;
    bool keys_only; // Values that stand in value files are not read; entries show none then.
} fe_cursor_options;

// A cursor over live keys: the newest visible version of each, deleted and expired ones left out.
// It holds the store and one state of it. It stands nowhere at first. Errors: FERRIC_NO_MEMORY,
// FERRIC_CLOSED.
ferric_status fe_store_cursor(fe_store *store, const fe_cursor_options *options,
                              fe_cursor **cursor);
// Accepts NULL.
void fe_cursor_destroy(fe_cursor *cursor);

// Each returns whether the cursor stands on an entry now; fe_cursor_status tells an end from a
// failure. Bounds hold throughout. next and prev REQUIRE that it stands on an entry.
bool fe_cursor_first(fe_cursor *cursor);
bool fe_cursor_last(fe_cursor *cursor);
bool fe_cursor_seek(fe_cursor *cursor, ferric_slice key);        // First key >= `key`.
bool fe_cursor_seek_before(fe_cursor *cursor, ferric_slice key); // Last key <= `key`.
bool fe_cursor_next(fe_cursor *cursor);
bool fe_cursor_prev(fe_cursor *cursor);

bool fe_cursor_is_valid(const fe_cursor *cursor);
ferric_status fe_cursor_status(const fe_cursor *cursor);
// The entry it stands on: valid until the cursor next moves. The key has its keyspace id.
const fe_entry *fe_cursor_entry(const fe_cursor *cursor);
// When that entry expires; FE_EXPIRY_NEVER: it does not. Its value is without the expiry, and its
// kind FE_ENTRY_PUT.
uint64_t fe_cursor_expiry(const fe_cursor *cursor);

// ---- Keyspaces ------------------------------------------------------------------------------

// Keyspace 0 is the catalogue (format/internal_key.h), 1 is "main".
#define FE_KEYSPACE_MAIN 1

// Looks up a keyspace by name. Errors: FERRIC_NOT_FOUND (an outcome), as fe_store_get.
ferric_status fe_keyspace_find(fe_store *store, const char *name, ferric_keyspace_info *info);

// The same, and makes it when it does not exist, by a commit of its own. Errors: FERRIC_WRONG_KIND,
// as fe_store_write.
ferric_status fe_keyspace_ensure(fe_store *store, const char *name, ferric_keyspace_kind kind,
                                 ferric_keyspace_info *info);

// Adds to a batch that the next id is taken, under the condition that nobody else takes it: for
// keyspaces that have no name, as those of indexes. Errors: those of a read, FERRIC_NO_MEMORY.
ferric_status fe_keyspace_take_id(fe_store *store, fe_write_batch *batch, uint32_t *id);

// The same by id, which a rename does not change.
ferric_status fe_keyspace_find_id(fe_store *store, uint32_t id, ferric_keyspace_info *info);

// Errors: as ferric_keyspace_rename, whose names were checked.
ferric_status fe_keyspace_rename(fe_store *store, const char *from, const char *to);
// Adds a drop to a batch, under the condition that the keyspace stays what it is: FERRIC_CONFLICT
// when the batch is written means another try. Errors: FERRIC_NOT_FOUND, those of a read.
ferric_status fe_keyspace_add_drop(fe_store *store, const char *name, fe_write_batch *batch,
                                   ferric_keyspace_info *info);

// Grows when a keyspace has been dropped: handles look then whether it was theirs.
uint32_t fe_store_drop_generation(const fe_store *store);
// FERRIC_OK, or FERRIC_DROPPED when the keyspace was dropped since this open.
ferric_status fe_store_check_keyspace(fe_store *store, uint32_t id);

// All of them, by name. *list is freed by fe_free.
ferric_status fe_keyspace_list(fe_store *store, ferric_keyspace_info **list, size_t *count);

// Sets the default time to live of a keyspace that exists, whatever its name is by now; 0: none.
// REQUIRES: ttl_ms <= FE_EXPIRY_MAX. Errors: FERRIC_DROPPED, as fe_store_write.
ferric_status fe_keyspace_set_ttl(fe_store *store, uint32_t id, uint64_t ttl_ms);

// Grows when what a handle remembers of its keyspace may be no longer true: then it reads its entry
// again. Never 0.
uint32_t fe_store_catalogue_generation(const fe_store *store);
void fe_store_catalogue_changed(fe_store *store);

// ---- Maintenance ----------------------------------------------------------------------------

// Errors: as ferric_flush.
ferric_status fe_store_flush(fe_store *store);

// Merges what overlaps [lower, upper) down to the deepest level; slices with data NULL are
// unbounded.
// Errors: as ferric_compact.
ferric_status fe_store_compact(fe_store *store, ferric_slice lower, ferric_slice upper);

// Errors: as ferric_verify.
ferric_status fe_store_verify(fe_store *store, ferric_finding_callback finding, void *context,
                              ferric_verify_report *report);

// Appends what a collection's schema is when its indexes have no entry. Errors: FERRIC_NO_MEMORY;
// after any other one the schema and its indexes are left as they are.
typedef ferric_status (*fe_schema_reset_function)(ferric_slice schema, ferric_buffer *reset);

// Writes what can be read of the database at `damaged` into a new one, without the entries of
// indexes and with what `reset` makes of their schemas. Errors: as ferric_repair.
ferric_status fe_store_repair(const char *damaged, const char *repaired,
                              const ferric_options *options, fe_schema_reset_function reset,
                              ferric_finding_callback finding, void *context,
                              ferric_repair_report *report);

// ---- Keys -----------------------------------------------------------------------------------

bool fe_store_is_encrypted(const fe_store *store);
// Lets `added` open the database, and then `removed` no more; either may be NULL. Errors: as
// ferric_key_add, ferric_key_remove.
ferric_status fe_store_change_keys(fe_store *store, const ferric_key *added,
                                   const ferric_key *removed);
// Errors: as ferric_key_rotate.
ferric_status fe_store_rotate(fe_store *store, bool rewrite, ferric_progress_callback progress,
                              void *context);
// Errors: as ferric_copy.
ferric_status fe_store_copy(const char *source, const ferric_options *source_options,
                            const char *target, const ferric_options *target_options);

// Entries less deletes in tables and memtables.
uint64_t fe_store_count_estimate(fe_store *store);
// The same for those tables alone that have keys in [lower, upper), full keys.
uint64_t fe_store_count_estimate_in(fe_store *store, ferric_slice lower, ferric_slice upper);

// Tells the user's event callback, where there is one. REQUIRES: no lock of the store is held.
void fe_store_event(fe_store *store, const ferric_event *event);

// Fills all of `stats` but struct_size.
void fe_store_stats(fe_store *store, ferric_stats *stats);

// Where calls are counted; the layer above counts what users call.
fe_statistics *fe_store_statistics(fe_store *store);

#endif
