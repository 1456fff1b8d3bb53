// SPDX-License-Identifier: Apache-2.0
// What an operator does with a database: flush, compact, copy, verify, repair, change its keys,
// look into its files, and read its figures. A part of <ferric/ferric.h>, which includes it and
// says what holds for all calls.
#ifndef FERRIC_MAINTENANCE_H
#define FERRIC_MAINTENANCE_H

#include <ferric/ferric.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#pragma GCC visibility push(default)
#endif

// ---- Maintenance ----------------------------------------------------------------------------

// Writes what is in memory into tables and waits for it. Not needed for durability.
// Errors: FERRIC_READ_ONLY, FERRIC_IO, FERRIC_NO_SPACE.
ferric_status ferric_flush(ferric_db *db);

// Merges all tables that overlap [lower, upper) of the keyspace down to the last level, which drops
// what is deleted or overwritten there. Size 0: no bound; both 0 and a NULL keyspace: the whole
// database. Waits. Errors: FERRIC_READ_ONLY, FERRIC_IO, FERRIC_NO_SPACE, FERRIC_CORRUPT,
// FERRIC_INTERRUPTED.
ferric_status ferric_compact(ferric_db *db, ferric_keyspace *keyspace, ferric_slice lower,
                             ferric_slice upper);

// What ferric_verify read and found.
typedef struct ferric_verify_report {
    uint64_t files;    // Tables, logs and manifests read.
    uint64_t bytes;    // Their size.
    uint64_t blocks;   // Blocks whose checksum was compared.
    uint64_t entries;  // Entries in tables.
    uint64_t frames;   // Frames of logs and manifest.
    uint64_t findings; // Problems; 0 is a sound database.
} ferric_verify_report;

// Told each problem as it is found: the file's path, the offset in bytes, one line of text.
typedef void (*ferric_finding_callback)(void *context, const char *path, uint64_t offset,
                                        const char *text);

// Reads the whole database and checks each checksum, each key's order, each table against its
// manifest entry, each filter against its keys. Returns FERRIC_OK, or FERRIC_CORRUPT when there are
// findings; goes on after a finding. Errors: FERRIC_IO, FERRIC_INTERRUPTED.
ferric_status ferric_verify(ferric_db *db, ferric_finding_callback finding, void *context,
                            ferric_verify_report *report);

// Told how far a long call has come; `total` may grow. Returns false to end it.
typedef bool (*ferric_progress_callback)(void *context, uint64_t done, uint64_t total);

// Writes all that the database at `source` holds, with keys, versions and keyspaces, into a new one
// at `target`, which must not exist: encrypted with the key of `target_options`, or in clear
// without one. So a database is encrypted, or decrypted; the old one is to be destroyed afterwards.
// `source` is not changed, and must not be open for writing. Either options may be NULL;
// `target_options->vfs` is used for both.
// Errors: FERRIC_CORRUPT (something cannot be read: no copy is left), FERRIC_WRONG_KEY (of the
//         source), FERRIC_NOT_FOUND, FERRIC_NOT_A_DATABASE, FERRIC_ALREADY_EXISTS, FERRIC_LOCKED,
//         FERRIC_IO, FERRIC_NO_SPACE, FERRIC_NO_MEMORY, FERRIC_INVALID_ARGUMENT.
ferric_status ferric_copy(const char *source, const ferric_options *source_options,
                          const char *target, const ferric_options *target_options);

// What ferric_repair read, wrote and lost.
typedef struct ferric_repair_report {
    uint64_t files;       // Tables and logs read.
    uint64_t blocks;      // Blocks that could be read,
    uint64_t blocks_lost; // and that could not.
    uint64_t frames;      // Frames of logs.
    uint64_t entries;     // Entries of the new database.
    uint64_t findings;    // Damaged places; each was told to the callback.
} ferric_repair_report;

// Writes everything that can still be read of the database at `damaged`, which is not changed, into
// a new one at `repaired`, which must not exist. When the manifest is lost, all tables found are
// used, and what was deleted may come back. `options` (may be NULL) says how to write the new one;
// `finding` (may be NULL) is told what was lost. An encrypted database needs its key in `options`,
// and the new one is encrypted with a keyring of its own, which that key alone opens. Indexes are
// built anew, last of all: when that is cut short, the new one can be opened, and has indexes whose
// builds go on as any others do. Until then it cannot be opened.
// Errors: FERRIC_WRONG_KEY, FERRIC_NOT_FOUND, FERRIC_NOT_A_DATABASE, FERRIC_ALREADY_EXISTS,
// FERRIC_LOCKED, FERRIC_IO,
//         FERRIC_NO_SPACE, FERRIC_NO_MEMORY. Damage is no failure: it stands in the report.
ferric_status ferric_repair(const char *damaged, const char *repaired,
                            const ferric_options *options, ferric_finding_callback finding,
                            void *context, ferric_repair_report *report);

// ---- Keys -----------------------------------------------------------------------------------
//
// An encrypted database has data keys, with which its files are sealed, and a keyring that holds
// them wrapped in up to 8 keys of its users. Changing those costs the same whatever its size, and
// is durable when the call returns: after a crash in it the keyring is the old one or the new one.
// A copy that somebody made of the old keyring, with the files it belongs to, is still opened by
// the old keys.

// Whether the database is encrypted.
bool ferric_is_encrypted(const ferric_db *db);

// Lets `key` open the database, too.
// Errors: FERRIC_INVALID_ARGUMENT (8 keys open it already; this one does; it is none),
//         FERRIC_WRONG_KEY (the database is not encrypted), FERRIC_READ_ONLY, FERRIC_IO,
//         FERRIC_NO_SPACE, FERRIC_NO_MEMORY: nothing has changed. FERRIC_OUTCOME_UNKNOWN: a sync
//         failed; the database is read-only until reopened.
ferric_status ferric_key_add(ferric_db *db, const ferric_key *key);

// Lets `key` open the database no more. Errors: as ferric_key_add; FERRIC_INVALID_ARGUMENT: it is
// the only key; FERRIC_WRONG_KEY: it is none of them.
ferric_status ferric_key_remove(ferric_db *db, const ferric_key *key);

// Both in one step: `added` takes the place of `removed`. When that was the only key, nothing of
// what it opened opens the new keyring: together with ferric_key_rotate(db, true, ...) that shuts
// out who had the old key and a copy of the keyring. Errors: as both.
ferric_status ferric_key_replace(ferric_db *db, const ferric_key *removed, const ferric_key *added);

// Draws a new data key for all files that are begun from now on; older ones keep theirs until
// compaction rewrites them, and the manifest until the next open. With `rewrite` all tables and
// large values are rewritten at once, and data keys that no file needs any more are forgotten:
// `progress` (may be NULL) is told about it, in bytes.
// Errors: as ferric_key_add; FERRIC_INVALID_ARGUMENT: 64 data keys are in use; as ferric_compact;
//         FERRIC_INTERRUPTED: `progress` ended it, the new key stays.
ferric_status ferric_key_rotate(ferric_db *db, bool rewrite, ferric_progress_callback progress,
                                void *context);

// ---- Inspection -----------------------------------------------------------------------------

// Which files ferric_inspect reads.
typedef enum ferric_inspect_target {
    FERRIC_INSPECT_LOGS = 1,
    FERRIC_INSPECT_TABLES = 2,
    FERRIC_INSPECT_MANIFESTS = 3, // And CURRENT, in a directory.
} ferric_inspect_target;

// What a field holds.
typedef enum ferric_field_kind {
    FERRIC_FIELD_NUMBER = 1,
    FERRIC_FIELD_TIME = 2,  // `number`: milliseconds since 1970-01-01 UTC.
    FERRIC_FIELD_TEXT = 3,  // `bytes`: words of the library's own.
    FERRIC_FIELD_HEX = 4,   // `bytes`: an identity or a check, to be shown as hex digits.
    FERRIC_FIELD_BYTES = 5, // `bytes`: a key or value of the user's.
} ferric_field_kind;

// What a part says of itself under a name.
typedef struct ferric_field {
    const char *name; // "sequence", "key".
    ferric_field_kind kind;
    uint64_t number;
    ferric_slice bytes;
} ferric_field;

// One part of a file. Names of parts and fields are for people; new ones may come at any time.
typedef struct ferric_part {
    const char *path;
    uint64_t offset;  // Where it begins in the file; an entry of a block has the block's.
    uint64_t size;    // Its bytes there; 0 when they are the part's around it.
    const char *name; // "log", "frame", "put", "damage".
    uint32_t depth;   // 0 a file, 1 a part of it, 2 a part of that.
    bool is_damage;   // Its field "problem" says what is wrong.
    const ferric_field *fields;
    size_t field_count;
} ferric_part;

// Told each part in the order of the file; everything is lent during the call. Returns false to
// end.
typedef bool (*ferric_part_callback)(void *context, const ferric_part *part);

// Tells what the files of a database hold, part by part, down to each key and value, for a bug
// report. `path` is the database's directory, or one file of the target's kind. Takes no lock and
// changes no byte, so it also works beside a writer; what that one removes meanwhile is told as
// gone. Damage is told as a part, and reading goes on behind it as far as checks hold.
// Of `options` (may be NULL) only `vfs` and the key count.
// Errors: FERRIC_WRONG_KEY, FERRIC_NOT_FOUND, FERRIC_NOT_A_DATABASE, FERRIC_INVALID_ARGUMENT (a
// file of another kind),
//         FERRIC_INTERRUPTED (the callback ended it), FERRIC_CORRUPT (damage was told), FERRIC_IO,
//         FERRIC_NO_MEMORY.
ferric_status ferric_inspect(const char *path, ferric_inspect_target target,
                             const ferric_options *options, ferric_part_callback callback,
                             void *context);

// ---- Statistics -----------------------------------------------------------------------------

#define FERRIC_LEVEL_COUNT 7

// Operations that are counted and timed.
typedef enum ferric_operation {
    FERRIC_OPERATION_PUT = 0,
    FERRIC_OPERATION_DELETE = 1,
    FERRIC_OPERATION_WRITE = 2,
    FERRIC_OPERATION_GET = 3,
    FERRIC_OPERATION_MULTI_GET = 4,
    FERRIC_OPERATION_SEEK = 5,
    FERRIC_OPERATION_NEXT = 6,
    FERRIC_OPERATION_SYNC = 7,
    FERRIC_OPERATION_FLUSH = 8,
    FERRIC_OPERATION_COMPACT = 9,
    FERRIC_OPERATION_COUNT = 10,
} ferric_operation;

// Counts and latencies of one operation. Latencies are sampled, 1 call in 64, in nanoseconds; 0
// when nothing was sampled.
typedef struct ferric_operation_stats {
    uint64_t attempts;
    uint64_t successes;
    uint64_t not_found; // FERRIC_NOT_FOUND.
    uint64_t conflicts; // FERRIC_CONFLICT.
    uint64_t failures;  // Everything else.
    uint64_t samples;
    uint64_t p50_ns;
    uint64_t p90_ns;
    uint64_t p99_ns;
    uint64_t p999_ns;
    uint64_t p9999_ns;
    uint64_t max_ns;
} ferric_operation_stats;

// One level of tables.
typedef struct ferric_level_stats {
    uint32_t tables;
    uint64_t bytes;
    uint64_t entries;
    uint64_t deletes;
    uint64_t compactions;   // Finished with this level as output.
    uint64_t bytes_read;    // By compactions into this level.
    uint64_t bytes_written; // By flushes and compactions into this level.
} ferric_level_stats;

// What the database knows about itself. Numbers since open unless said otherwise.
typedef struct ferric_stats {
    size_t struct_size;
    uint64_t uptime_ns;
    uint64_t last_version;       // Of the newest commit.
    uint64_t durable_version;    // Of the newest commit known to be on disk.
    uint64_t oldest_unsynced_ns; // Age of the oldest commit not yet synced; 0 when none.
    ferric_operation_stats operations[FERRIC_OPERATION_COUNT];
    ferric_level_stats levels[FERRIC_LEVEL_COUNT];
    uint64_t user_bytes_written; // Keys and values.
    uint64_t user_bytes_read;
    uint64_t log_bytes_written;
    uint64_t table_bytes_written; // By flush and compaction.
    uint64_t table_bytes_read;
    uint64_t manifest_bytes_written;
    uint64_t log_syncs;
    uint64_t commit_groups;     // Frames; commits / commit_groups is the mean group.
    uint64_t disk_bytes;        // Size of all files now.
    double write_amplification; // Bytes written to files / user bytes; 0 before a write.
    double read_amplification;  // Tables examined per get; 0 before a get.
    uint64_t memory_limit;
    uint64_t memory_used; // Now, all of what memory_limit counts.
    uint64_t memory_memtables;
    uint64_t memory_cache;  // Blocks, with room that was made for more.
    uint64_t memory_tables; // Indexes and filters of open tables.
    uint64_t memory_pinned;
    uint64_t cache_hits;
    uint64_t cache_misses;
    uint64_t filter_probes;
    uint64_t filter_rejections; // A table that was not read thanks to its filter or KeyDir.
    uint64_t tables_open;
    uint64_t memtables; // Active and waiting for flush.
    uint64_t snapshots;
    uint64_t compaction_debt_bytes; // Bytes to rewrite until every level has its size.
    uint64_t stall_count;           // Writes that were slowed or had to wait,
    uint64_t stall_ns;              // for this long in all,
    uint64_t stall_memtables;       // because memtables were not flushed fast enough,
    uint64_t stall_level0;          // because level 0 had too many tables,
    uint64_t stall_debt;            // because of compaction debt.
    uint64_t recovery_frames;       // Replayed by this open.
    uint64_t recovery_commits;
    uint64_t recovery_bytes_dropped; // Torn tail of the newest log, 0 when it ended cleanly.
    uint64_t recovery_ns;
    uint64_t background_errors;
    ferric_status background_status; // Why the database is read-only or out of space, or OK.
    uint64_t value_bytes_written;    // To value files, by commits.
    uint64_t value_bytes_collected;  // Written to value files again, to give space back.
    uint64_t value_files;            // Files of large values now,
    uint64_t value_file_bytes;       // their size,
    uint64_t value_live_bytes;       // and how much of it tables refer to.
    uint64_t expiring_entries;       // In tables, with an expiry; expired or not.
    uint64_t expired_entries;        // That flushes and compactions have taken out.
    uint64_t clock_ahead_ms;         // How far the time of expiry is ahead of the system clock,
    uint64_t clock_jumps;            // and how often that one jumped by more than a day.
} ferric_stats;

#define FERRIC_STATS_INIT                                                                          \
    {                                                                                              \
        sizeof(ferric_stats), 0, 0, 0, 0, {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}},                  \
            {{0, 0, 0, 0, 0, 0, 0}}, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,   \
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, FERRIC_OK, 0, 0, 0, 0, 0, 0, 0, 0, 0      \
    }

// Fills `stats`, whose struct_size is set. Counters are read one by one, not at one instant.
ferric_status ferric_stats_get(ferric_db *db, ferric_stats *stats);

// Replaces `text` by the statistics as a JSON object, with the names of the struct.
ferric_status ferric_stats_json(ferric_db *db, ferric_buffer *text);

// Replaces `text` by the statistics in the Prometheus text format 0.0.4, names beginning "ferric_".
ferric_status ferric_stats_prometheus(ferric_db *db, ferric_buffer *text);

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif

#ifdef __cplusplus
}
#endif

#endif
