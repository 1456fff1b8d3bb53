// SPDX-License-Identifier: Apache-2.0
// The store's state, shared by the files that carry out its work and by nobody else:
//   store.c open, close, references     recovery.c  what is on disk, into memory
//   reading.c  get, pins, multi-get      birth.c     the first write of an open: manifest and log
//   commit.c  a group of commits         async.c     commits that nobody waits for
//   writing.c  batches on their way there  log_chain.c  the log files and their syncs
//   commit_conditions.c what they ask for  changes.c   what is newer than a sequence number
//   flush.c   memtables to tables        compact.c   plans carried out
//   background.c, log_thread.c  the threads            cursor.c, keyspace.c, verify.c,
//   store_report.c
//
// Who may touch what
//   the turn      (holding it in the write queue)     everything under "Turn" below
//   log_mutex     which log files exist, and syncing them
//   value_mutex   which value files are being written; value_sync_mutex syncing them
//   edit_mutex    the manifest, and changing the version; taken by one installer at a time
//   reserve_mutex the file RESERVE
//   dropped_mutex the list of dropped keyspaces
//   mutex         snapshots, waiting, background state, swapping the view
// Lock order: turn, log_mutex, edit_mutex, value_sync_mutex, value_mutex, mutex; reserve_mutex and
// the mutex of async on their own. No I/O under mutex and value_mutex.
#ifndef FERRIC_LSM_STORE_STATE_H
#define FERRIC_LSM_STORE_STATE_H

#include "base/compiler.h"
#include "format/file_keys.h"
#include "lsm/apply.h"
#include "lsm/async.h"
#include "lsm/compaction_picker.h"
#include "lsm/engine_clock.h"
#include "lsm/file_names.h"
#include "lsm/log_replay.h"
#include "lsm/manifest.h"
#include "lsm/spread_refs.h"
#include "lsm/store.h"
#include "lsm/value_writer.h"
#include "lsm/view.h"
#include "lsm/write_queue.h"

// One log file that is still open for writing or syncing.
typedef struct fe_store_log {
    fe_record_log_writer *writer;
    fe_live_log live;
    struct fe_store_log *next; // The one after it in the chain.
} fe_store_log;

typedef struct fe_recovery_report {
    uint64_t frames;
    uint64_t commits;
    uint64_t bytes_dropped;
    uint64_t duration_ns;
} fe_recovery_report;

// Bytes that the parts of the store may take; made from memory_limit once.
typedef struct fe_store_sizes {
    uint64_t memtable_bytes;       // Capacity of one memtable.
    uint64_t memtables_bytes_max;  // Of all of them, waiting ones included.
    uint64_t memtable_value_bytes; // Of values that the entries of one memtable point to.
    uint64_t flush_bytes;          // Waiting memtables that make a flush worth while.
    uint64_t commit_bytes_max;
    uint64_t async_bytes_max; // Of commits in flight that nobody waits for.
    fe_picker_options picker;
} fe_store_sizes;

struct fe_store {
    // ---- Set at open, constant after ----
    ferric_options options;
    fe_store_sizes sizes;
    fe_vfs *vfs;
    fe_vfs *own_vfs; // Of a database in memory.
    char *directory;
    fe_lock *lock;           // NULL when read-only: a reader takes none (recovery.c).
    uint64_t writer_process; // When read-only: who was writing at open; 0: nobody, or unknown.
    bool is_beside_writer;
    uint32_t fork_generation;
    fe_file_keys *keys; // NULL: the database is not encrypted.
    uint64_t opened_ns;
    fe_epoch *epoch;
    fe_block_cache *blocks;
    fe_table_cache *tables;
    fe_value_files *value_files;
    fe_statistics *statistics;
    fe_recovery_report recovery;
    fe_engine_clock clock;

    // ---- Read by all without a lock ----
    // A line that every call reads and hardly anything writes.
    _Alignas(FE_CACHE_LINE) _Atomic(fe_view *) view;
    _Atomic(bool) is_closed;
    _Atomic(bool) is_stopping;              // Flush and compaction end early.
    _Atomic(bool) is_interrupted;           // A manual compaction ends early.
    _Atomic(bool) is_log_idle;              // The log thread sleeps until a commit wakes it.
    _Atomic(bool) is_log_wanted;            // The current log is filling up: prepare the next one.
    _Atomic(uint32_t) drop_generation;      // Grows with each drop of a keyspace.
    _Atomic(uint32_t) catalogue_generation; // Grows with each change that handles must notice.
    _Atomic(uint32_t) interrupts;           // Counts fe_store_interrupt calls.
    _Atomic(uint32_t) pace_ns;              // How long each commit group is held back.
    _Atomic(uint32_t) write_error;          // ferric_status; not OK: read-only until reopened.
    _Atomic(bool) is_drain_wanted;  // The ring of the current log, or of one before, waits for it.
    _Atomic(bool) is_memory_wanted; // A memtable was filled: make the pages of the one after next.
    _Atomic(uint64_t) ring_bytes;   // Of the ring of the next log.
    // What each commit writes.
    _Alignas(FE_CACHE_LINE) _Atomic(uint64_t) published; // Newest sequence that readers see.
    _Atomic(uint64_t) appended;                          // Newest one in the log.
    _Atomic(uint64_t) durable;                           // Newest one known to be on disk.
    _Atomic(uint64_t)
        oldest_unsynced_ns; // Monotonic time of the oldest commit after `durable`; 0: none.
    _Atomic(uint64_t) next_file_number;
    _Atomic(uint64_t) held_bytes; // Of transactions (held_memory.c).
    fe_spread_refs refs;          // Pins, snapshots, cursors and handles.
    // What each cursor over several tables writes: paid since level 0 was last merged.
    _Alignas(FE_CACHE_LINE) _Atomic(uint64_t) overlap_bytes;
    char write_error_message[FE_REQUEST_MESSAGE_SIZE]; // Written once, before write_error.

    // ---- Turn ----
    _Alignas(FE_CACHE_LINE) fe_write_queue queue;
    bool is_born;             // This open has a manifest and a log of its own.
    uint64_t last_sequence;   // Newest one given out.
    fe_live_memtable *active; // Also first in the view, which holds the reference. NULL: none yet.
    bool is_log_prepared;     // The next log was asked for.
    uint64_t own_log_first;   // This open's first log; 0: none yet. Set before threads start.
    uint64_t log_limit;       // Size at which the log goes on in a new file.
    fe_operations operations; // Scratch of apply.
    ferric_slice *parts;      // Scratch of append.
    size_t part_capacity;
    uint8_t *counts;   // Scratch: operation counts as varints.
    size_t last_group; // Commits in the group before.

    ferric_buffer value_span; // Scratch: a group's records, when several batches have some.

    fe_async async; // Writes that nobody waits for. Has a mutex of its own.

    // ---- value_mutex ----
    fe_mutex value_mutex;
    fe_value_writer
        *value_writer; // Takes the next values; set by who has the turn. NULL: none yet.
    fe_value_writer **value_complete; // Written full, oldest first.
    size_t value_complete_count;
    size_t value_synced_count; // The first of them: they wait for fe_value_log_release.
    size_t value_complete_capacity;
    fe_mutex value_sync_mutex; // Syncing value files: one at a time.

    // ---- log_mutex ----
    fe_mutex log_mutex;
    fe_store_log *oldest_log; // First that is not synced or is current.
    fe_store_log *current_log;
    fe_store_log *prepared_log; // Made ahead, not linked yet.
    fe_live_log *live_logs;     // All that recovery would need, oldest first.
    size_t live_log_count;
    size_t live_log_capacity;
    fe_value_pointer *recovered_values; // Large values of their commits; may not be durable.
    size_t recovered_value_count;
    fe_replayed_log *recovered_logs; // Those of earlier opens, as they were read.
    size_t recovered_log_count;

    // ---- edit_mutex ----
    fe_mutex edit_mutex;
    fe_manifest *manifest;
    uint64_t flushed_sequence; // All commits up to it are in tables.
    uint8_t database_id[FE_DATABASE_ID_SIZE];
    uint64_t manifest_number;
    bool has_identity;   // database_id is set.
    bool keep_leftovers; // There was a torn tail: they stay for inspection.

    fe_page_pool pages; // Of the memtables. Has a mutex of its own.

    // ---- dropped_mutex ----
    fe_mutex dropped_mutex;
    uint32_t *dropped; // Ids of keyspaces that were dropped since this open, ascending. Changed by
    size_t dropped_count; // who has the turn.
    size_t dropped_capacity;

    // ---- reserve_mutex ----
    fe_mutex reserve_mutex;
    uint64_t reserve_bytes;  // Of the file RESERVE; 0: there is none.
    bool is_reserve_owed;    // It was given up and is not yet back in full.
    bool is_reserve_lent;    // A commit is about to use its space.
    uint32_t reserve_ways;   // Flushes and the like that count on the space they found.
    uint32_t reserve_takers; // Who is about to take space behind the reserve.
    fe_cond reserve_changed; // There are no more takers.

    // ---- mutex ----
    fe_mutex mutex;
    fe_cond changed;  // Something a waiter waits for may have happened.
    fe_cond work;     // A thread may have something to do.
    fe_cond log_work; // The log thread may have something to do.
    fe_snapshot_list snapshots;
    uint64_t memtables_bytes; // Capacity of all memtables in the view.
    bool has_active;          // The view's first memtable still takes commits.
    bool is_flush_wanted;     // Also when little waits.
    bool is_compaction_wanted;
    bool is_flushing;
    uint64_t flushed_gets; // Calls of get up to the last flush; of who is flushing.
    bool is_compacting;
    bool has_threads;
    bool is_compaction_off; // A corrupt input: nothing more is merged until reopened.
    ferric_status
        background_status; // Of the last flush or compaction that failed, until one succeeds.
    uint64_t background_outcomes; // How often that was set.
    char background_message[FE_REQUEST_MESSAGE_SIZE];
    uint64_t level_compactions[FE_LEVEL_COUNT];
    uint64_t level_bytes_read[FE_LEVEL_COUNT];
    uint64_t level_bytes_written[FE_LEVEL_COUNT];
    fe_thread flush_thread;
    fe_thread compaction_thread;
    fe_thread log_thread;
};

// ---- store.c --------------------------------------------------------------------------------

// Makes the store read-only until reopened, with `status` and this thread's message as the reason.
// The first reason stays.
void fe_store_fail(fe_store *store, ferric_status status);
// FERRIC_OK, or the failure above, told to this thread.
ferric_status fe_store_writable(const fe_store *store);

// Replaces the view. REQUIRES: mutex held.
void fe_store_install_view_locked(fe_store *store, fe_view *view);
// The current view with a reference. Any thread, outside of a section too.
fe_view *fe_store_view(fe_store *store);
// Tells a jump of the clock that was met, if there was one.
void fe_store_tell_jump(fe_store *store);

// Whether an entry that is visible at a moment is a value then. Reads the clock for the first entry
// with an expiry that the moment meets.
static inline bool fe_store_is_live(fe_store *store, fe_moment *at, const fe_entry *entry)
{
    if (FE_LIKELY(!fe_entry_kind_expires(entry->kind))) return entry->kind != FE_ENTRY_DELETE;
    if (at->time_ms == 0) at->time_ms = fe_engine_clock_now(&store->clock);
    return fe_entry_expiry(entry) > at->time_ms;
}

// What has expired up to this time has for everybody who reads, now or later, but through a view
// that is held already. REQUIRES: mutex held, under which snapshots take their time.
uint64_t fe_store_expired_up_to_locked(fe_store *store);

// ---- recovery.c -----------------------------------------------------------------------------

// Fills version, memtables, sequence numbers, and the list of live logs, of an existing database;
// FERRIC_NOT_FOUND when there is none yet. Writes nothing, but under FERRIC_FSYNC_ALWAYS makes
// replayed frames durable (D5).
ferric_status fe_store_recover(fe_store *store);

// Makes what was replayed durable, where it may not be. Takes log_mutex. Errors: FERRIC_IO: the
// store has failed.
ferric_status fe_store_harden_recovered(fe_store *store);

// ---- store_keys.c ---------------------------------------------------------------------------

// Finds the keys of a database that is there, before the lock: it writes nothing. Errors: the same.
ferric_status fe_store_try_keys(fe_store *store);
// Finds the keys of the database, or draws those of a new one, which has no CURRENT yet. REQUIRES:
// the lock, unless it is read-only.
// Errors: FERRIC_WRONG_KEY, FERRIC_CORRUPT, FERRIC_INVALID_ARGUMENT and others.
ferric_status fe_store_open_keys(fe_store *store, bool *has_current);
// Writes the keyring of a new database. REQUIRES: it has keys. Errors: as fe_keyring_file_write.
ferric_status fe_store_write_keys(fe_store *store);

// ---- birth.c --------------------------------------------------------------------------------

// Before the first commit of this open: manifest, log, first memtable. A no-op when is_born.
// REQUIRES: the turn.
ferric_status fe_store_bear(fe_store *store);
// A header for a new file of this database. Draws number and salt.
ferric_status fe_store_new_header(fe_store *store, fe_file_kind kind, fe_file_header *header);

// ---- commit.c -------------------------------------------------------------------------------

// So many bytes of operations and values commit as one group; a larger batch goes alone.
#define FE_GROUP_BYTES_MAX ((size_t)1 << 20)

// Commits a group, and perhaps some that wait behind it, hands the turn on, and has outcomes told.
// REQUIRES: the turn.
void fe_store_lead(fe_store *store, fe_write_group *group);

// ---- log_chain.c ----------------------------------------------------------------------------

// The first log of this open. REQUIRES: the turn. The directory is synced.
ferric_status fe_log_chain_begin(fe_store *store);
// Makes room for `bytes` in the current log, going on in a new file when it is full. REQUIRES: the
// turn.
ferric_status fe_log_chain_make_room(fe_store *store, size_t bytes);
// Whether that takes no disk space. REQUIRES: the turn.
bool fe_log_chain_has_room(const fe_store *store, size_t bytes);
// Goes on in a new file. REQUIRES: the turn.
ferric_status fe_log_chain_extend(fe_store *store);
// Gives up the log that was made ahead, so that the next one is made anew. REQUIRES: the turn.
void fe_log_chain_forget_prepared(fe_store *store);
// Makes the next log ahead of its use, if it can; a failure shows when the log is needed. Any
// thread.
void fe_log_chain_prepare(fe_store *store);
// After an append: has the log thread drain the ring, when enough waits in it. REQUIRES: the turn.
void fe_log_chain_drain_soon(fe_store *store);
// Drains the rings of all logs, and removes those of logs that are full. A failure makes the store
// read-only, with what was acknowledged still in the ring. Any thread.
ferric_status fe_log_chain_drain(fe_store *store);
// Makes everything up to `appended` durable, oldest log first. Any thread.
ferric_status fe_log_chain_sync(fe_store *store);
// Appends an empty frame that carries the witness of the last sync. REQUIRES: the turn.
ferric_status fe_log_chain_witness(fe_store *store);
// The live logs that remain when everything up to log `first` is in tables, into `edit`.
ferric_status fe_log_chain_describe(fe_store *store, uint64_t first, fe_version_edit *edit);
// Forgets and removes the logs before `first`; what they held is durable in tables up to
// `sequence`.
void fe_log_chain_release(fe_store *store, uint64_t first, uint64_t sequence);
// Syncs and seals all logs at a clean close: sets their ends. REQUIRES: the turn.
ferric_status fe_log_chain_seal(fe_store *store);
void fe_log_chain_close(fe_store *store);

// ---- commit_conditions.c --------------------------------------------------------------------

// Before the turn: looks for changes in the batch's ranges. FERRIC_OK: there are none up to
// *looked_up_to. Errors: FERRIC_CONFLICT (an outcome), those of reading, FERRIC_NO_MEMORY.
ferric_status fe_conditions_look_ahead(fe_store *store, const fe_write_batch *batch,
                                       uint64_t *looked_up_to);
// In the turn: whether all that `request` asks for holds, after the requests before it in its
// group, which have their numbers or were refused. Errors: as above. REQUIRES: the turn.
ferric_status fe_conditions_check(fe_store *store, const fe_write_group *group,
                                  const fe_write_request *request);

// ---- dropped_keyspaces.c --------------------------------------------------------------------

// Whether a batch may be written: FERRIC_DROPPED when it has an operation in a dropped keyspace.
// One that drops a keyspace has it in the list afterwards; `undo` takes it out again. REQUIRES: the
// turn. Errors: FERRIC_NO_MEMORY.
ferric_status fe_dropped_keyspaces_admit(fe_store *store, const fe_write_batch *batch);
void fe_dropped_keyspaces_undo(fe_store *store, const fe_write_batch *batch);
void fe_dropped_keyspaces_deinit(fe_store *store);

// ---- value_log.c ----------------------------------------------------------------------------

// What a writer of value files of this store needs.
fe_value_writer_options fe_value_log_options(fe_store *store);
// Room for `bytes` of records in the current value file, going on in a new one when it is full.
// REQUIRES: the turn; an active memtable.
ferric_status fe_value_log_make_room(fe_store *store, size_t bytes);
// Writes the large values of a group and puts the pointers to them into its batches. `newest` is
// the group's last sequence number. REQUIRES: the turn, fe_value_log_make_room.
ferric_status fe_value_log_append(fe_store *store, const fe_write_group *group, uint64_t newest);
// Makes every value durable that was written before the call. A failure makes the store read-only.
// Any thread.
ferric_status fe_value_log_sync(fe_store *store);
// Lets go the files that are complete and durable. They are held up to here so that one whose
// values died while it was being written is still known when it is looked at. REQUIRES: edit_mutex.
void fe_value_log_release(fe_store *store);
// Gives back what the current file has reserved: nothing is written any more.
void fe_value_log_complete(fe_store *store);
void fe_value_log_close(fe_store *store);

// ---- flush.c --------------------------------------------------------------------------------

// Makes the active memtable wait for flush and begins a new one that has room for `cost` bytes.
// With `frees_space` it does not wait for a flush that fails on a full disk. REQUIRES: the turn;
// is_born.
ferric_status fe_store_switch_memtable(fe_store *store, uint64_t cost, uint32_t entries,
                                       bool frees_space);
// Writes all waiting memtables into one table of level 0. One at a time: waits for a running one.
// A no-op when none waits.
ferric_status fe_store_flush_waiting(fe_store *store);
// Appends an edit to the manifest and installs its version, without the `flushed` oldest memtables.
ferric_status fe_store_install(fe_store *store, fe_version_edit *edit, uint32_t flushed);

// ---- compact.c ------------------------------------------------------------------------------

// Compactions and collections are one at a time: waits until none runs. REQUIRES: mutex.
void fe_compaction_enter(fe_store *store);
void fe_compaction_leave(fe_store *store);
// Picks and carries out one compaction. *did_work is false when nothing was to be done.
ferric_status fe_store_compact_once(fe_store *store, bool *did_work);

// ---- value_collect.c ------------------------------------------------------------------------

// Counts what an edit, which is durable, makes alive and dead, and marks value files that nothing
// needs any more. REQUIRES: edit_mutex; flushed_sequence is the edit's.
void fe_value_collect_account(fe_store *store, const fe_version *base, const fe_version_edit *edit);
// After replay: takes the sizes of value files and what `version` refers to. Errors:
// FERRIC_CORRUPT: one is missing, or too short.
ferric_status fe_value_collect_recover(fe_store *store, const fe_version *version);
// Collects the value files that are mostly dead, if there is enough to gain. *did_work is false
// when there is not.
ferric_status fe_store_collect_once(fe_store *store, bool *did_work);
// Writes some of the tables whose number is below `before` anew, with all values that they point to
// in files below it. *left is what remains to be rewritten, in bytes: 0 when none does.
ferric_status fe_store_rewrite_once(fe_store *store, uint64_t before, uint64_t *left);
// Has the next large value begin a new file. REQUIRES: the turn. Errors: FERRIC_NO_MEMORY.
ferric_status fe_value_log_leave(fe_store *store);

// ---- background.c ---------------------------------------------------------------------------

ferric_status fe_background_start(fe_store *store);
void fe_background_stop(fe_store *store);
// Tells the threads to look for work; without threads, does it here and now. REQUIRES: the turn.
ferric_status fe_background_kick(fe_store *store);
// Whether so much waits in memtables that it should be flushed.
bool fe_background_is_flush_due(fe_store *store);
// Has the threads look for a compaction that is due, and for when the next one will be, after
// somebody else has made a table. Without threads nothing happens.
void fe_background_want_compaction(fe_store *store);
// Takes from an iterator of `view` what it cost that level 0 overlaps, adds it to what scans have
// paid, and wakes who merges when it is enough. Any thread.
void fe_background_note_overlap(fe_store *store, const fe_view *view, fe_iterator *iterator);
// Has the waiting memtables flushed, if any wait, and waits a moment for the outcome and for the
// end of a compaction that is under way. False when there was nothing to wait for. REQUIRES: the
// turn.
bool fe_background_await_room(fe_store *store);
// Slows a writer down when flush or compaction cannot keep up. REQUIRES: the turn.
ferric_status fe_background_pace(fe_store *store);

// ---- log_thread.c ---------------------------------------------------------------------------

void fe_log_thread_run(void *argument);
// After an append: wakes the thread, if it sleeps until somebody writes.
void fe_log_thread_wake(fe_store *store);
// Makes the thread look at its duties now, though it sleeps until the next one is due.
void fe_log_thread_call(fe_store *store);

// ---- reserve.c ------------------------------------------------------------------------------

// Takes the reserve when it is missing or too small and there is ample room, or, once it was given
// up, any room; a failure leaves none.
void fe_reserve_refill(fe_store *store);
// Begins to take disk space for something that is neither a delete nor a flush: a log that grows
// for puts, or one made ahead. What is owed to the reserve is taken first. False, and not begun,
// while a flush works with space that the reserve gave up. To be ended by fe_reserve_leave.
bool fe_reserve_enter(fe_store *store);
void fe_reserve_leave(fe_store *store);
// Opens a way for a flush, or other work that ends in less space used: whether `bytes` can be
// written without the reserve. A file system that does not tell its free space is taken to have it.
// True: to be ended by fe_reserve_end_way.
bool fe_reserve_try_way(fe_store *store, uint64_t bytes);
// The same, giving the reserve up where that is enough. Errors: FERRIC_NO_SPACE: begin nothing.
ferric_status fe_reserve_make_way(fe_store *store, uint64_t bytes);
// The work is done; takes the reserve again, as far as it can.
void fe_reserve_end_way(fe_store *store);
// Gives the reserve up. Returns whether that freed something.
bool fe_reserve_release(fe_store *store);
// The same for a commit that only deletes: until fe_reserve_end_loan no flush takes the freed space
// for a new reserve, which would leave the commit without. REQUIRES: the turn.
bool fe_reserve_lend(fe_store *store);
void fe_reserve_end_loan(fe_store *store);
// Notices the reserve of an earlier open. REQUIRES: the turn; not yet born.
void fe_reserve_find(fe_store *store);

#endif
