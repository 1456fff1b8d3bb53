// SPDX-License-Identifier: Apache-2.0
// Ferric: an embedded, ordered, versioned, crash-safe store. This header is the whole C API: it
// includes the parts that stand in ferric/transactions.h, documents.h and maintenance.h.
//
// A database is a directory. Inside it are keyspaces, each an ordered map from byte keys to byte
// values. Every commit (one write or one batch, across any keyspaces) is all or nothing and has
// one number in one total order: its version.
//
// Conventions
// - A call that can fail returns a ferric_status. FERRIC_NOT_FOUND and FERRIC_CONFLICT are
//   outcomes; everything else but FERRIC_OK is a failure, and ferric_error_message tells this
//   thread what, where and what to do. A call that fails to make a handle sets it to NULL.
// - A ferric_slice is borrowed: the callee reads it during the call. A ferric_buffer is owned by
//   the caller, starts as {0}, is reused from call to call, and is freed by ferric_buffer_free.
// - Ranges are half-open: [lower, upper). Keys are ordered by memcmp, then by length.
// - Option structs begin with struct_size. Start from FERRIC_..._INIT; a NULL pointer means the
//   defaults; a struct_size of 0 is FERRIC_INVALID_ARGUMENT.
// - Threads: a ferric_db and a ferric_keyspace may be used by all threads at once. Batches,
//   iterators and transactions belong to one thread at a time. Snapshots may be read by all
//   threads.
// - After ferric_close every child handle (keyspace, snapshot, iterator, transaction, pinned value)
//   stays valid memory: its calls answer FERRIC_CLOSED, and it is still released by its own call.
// - After fork the child's calls answer FERRIC_FORKED, and closing there does nothing to the
//   parent's database.
// - The library never prints, never reads the environment by itself and never installs a signal
//   handler.
#ifndef FERRIC_FERRIC_H
#define FERRIC_FERRIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define FERRIC_VERSION_MAJOR 0
#define FERRIC_VERSION_MINOR 1
#define FERRIC_VERSION_PATCH 0

// Limits, in bytes. A commit or value above a quarter of memory_limit is FERRIC_TOO_LARGE too.
#define FERRIC_KEY_SIZE_MAX 65535
#define FERRIC_VALUE_SIZE_MAX ((size_t)64 << 20)
#define FERRIC_KEYSPACE_NAME_SIZE_MAX 255

// What a call answers. Values are never renumbered.
typedef enum ferric_status {
    FERRIC_OK = 0,
    FERRIC_NOT_FOUND = 1,        // The key, keyspace or path is not there. An outcome.
    FERRIC_CONFLICT = 2,         // A condition did not hold; nothing was written. An outcome.
    FERRIC_INVALID_ARGUMENT = 3, // A NULL, an empty key, an unknown option, a bad combination.
    FERRIC_IO = 4,               // The system refused a read or write.
    FERRIC_CORRUPT = 5,          // Stored bytes are not what was written; names file and offset.
    FERRIC_NO_SPACE = 6,         // The disk is full; nothing was committed; reads go on.
    FERRIC_NO_MEMORY = 7,        // The allocator gave nothing; the database is unchanged.
    FERRIC_LOCKED = 8,           // Another process (or handle) has the database open.
    FERRIC_NOT_A_DATABASE = 9,   // The path is a file, or a directory of something else.
    FERRIC_UNSUPPORTED = 10,     // Written by a newer version, or not available here.
    FERRIC_READ_ONLY = 11,       // Opened read-only, or made so by an earlier failure.
    FERRIC_CLOSED = 12,          // The database of this handle was closed.
    FERRIC_FORKED = 13,          // The handle came through fork.
    FERRIC_TOO_LARGE = 14,       // Key, value or commit above its limit.
    FERRIC_MEMORY_LIMIT = 15,    // What is pinned, or in transactions, is too much: release some.
    FERRIC_OUTCOME_UNKNOWN = 16, // The commit may or may not survive; read-only until reopened.
    FERRIC_WRONG_KIND = 17,      // The keyspace is of the other kind.
    FERRIC_ALREADY_EXISTS = 18,  // It must not exist, but does.
    FERRIC_INTERRUPTED = 19,     // ferric_interrupt stopped the call.
    FERRIC_TOO_MANY_FILES = 20,  // The system's limit on open files.
    FERRIC_WRONG_KEY = 21,       // No key of the database, or a key for one that is not encrypted.
    FERRIC_OVERFLOW = 22,        // The sum or product does not fit 64 bits.
    FERRIC_DROPPED = 23,         // The keyspace of this handle was dropped.
} ferric_status;

// Borrowed bytes. `data` may be NULL when size is 0.
typedef struct ferric_slice {
    const void *data;
    size_t size;
} ferric_slice;

// Bytes owned by the caller. Free with ferric_buffer_free.
typedef struct ferric_buffer {
    void *data;
    size_t size;
    size_t capacity;
} ferric_buffer;

typedef struct ferric_db ferric_db;
typedef struct ferric_keyspace ferric_keyspace;
typedef struct ferric_batch ferric_batch;
typedef struct ferric_snapshot ferric_snapshot;
typedef struct ferric_iterator ferric_iterator;
typedef struct ferric_txn ferric_txn;

// The library is built with everything else hidden.
#if defined(__GNUC__)
#pragma GCC visibility push(default)
#endif

// ---- Errors and memory ----------------------------------------------------------------------

// What went wrong in this thread's last failing call: what, where, what to do. Valid until the
// thread's next call into the library. Never NULL.
const char *ferric_error_message(void);

// The constant's name without prefix, such as "CORRUPT"; "UNKNOWN" for another number.
const char *ferric_status_name(ferric_status status);

// The library's version, such as "0.1.0".
const char *ferric_version(void);

// Frees the buffer's memory; it is {0} again and may be reused. Accepts NULL.
void ferric_buffer_free(ferric_buffer *buffer);

// Frees what a function says is to be freed by ferric_free. Accepts NULL.
void ferric_free(void *memory);

// An allocator of the application's own. `reallocate` is given NULL for a first allocation;
// memory is aligned as malloc's. Called from all threads.
typedef struct ferric_allocator {
    void *(*reallocate)(void *context, void *memory, size_t size);
    void (*release)(void *context, void *memory);
    void *context;
} ferric_allocator;

// Replaces malloc for the whole process; NULL goes back to it. `allocator` is copied.
// Call it before the first handle is made and after the last one is gone: not checked.
void ferric_set_allocator(const ferric_allocator *allocator);

// ---- Options --------------------------------------------------------------------------------

// When an acknowledged commit survives. Under every policy it survives the death of the process.
typedef enum ferric_fsync {
    FERRIC_FSYNC_ALWAYS = 0,   // Synced before the call returns; concurrent commits share one sync.
    FERRIC_FSYNC_PERIODIC = 1, // A timer syncs every fsync_period_ms, also when nothing follows.
    FERRIC_FSYNC_NEVER = 2,    // Only ferric_sync, a sync write, and a clean close do.
} ferric_fsync;

// How the blocks of tables are compressed.
typedef enum ferric_compression {
    FERRIC_COMPRESSION_NONE = 0,
    FERRIC_COMPRESSION_LZ4 = 1,
    FERRIC_COMPRESSION_ZSTD = 2,
} ferric_compression;

// What an event tells.
typedef enum ferric_event_kind {
    FERRIC_EVENT_RECOVERY = 1,         // After an open that replayed a log.
    FERRIC_EVENT_FLUSH = 2,            // Memtables became a table.
    FERRIC_EVENT_COMPACTION = 3,       // Tables were merged.
    FERRIC_EVENT_STALL = 4,            // A write was slowed or had to wait.
    FERRIC_EVENT_BACKGROUND_ERROR = 5, // Flush, compaction or the sync timer failed.
    FERRIC_EVENT_RESUMED = 6,          // Writing is possible again after a full disk.
    FERRIC_EVENT_CLOCK = 7,            // The system clock jumped by more than a day.
    FERRIC_EVENT_INDEX = 8,            // An index's build came a tenth further, ended or failed.
    FERRIC_EVENT_SLOW_QUERY = 9,       // A query took slow_query_ms; it names a missing index.
} ferric_event_kind;

// Something that happened inside. Valid during the callback.
typedef struct ferric_event {
    ferric_event_kind kind;
    ferric_status status; // FERRIC_OK, or why it failed.
    uint64_t duration_ns; // How long it took.
    uint64_t bytes_read;  // From tables or logs.
    uint64_t bytes_written;
    uint32_t level;      // The level written to, for flush and compaction.
    const char *message; // One line for a person.
} ferric_event;

// Called by the thread that did the work, with no lock held. It must not call into the same
// database, except for ferric_interrupt.
typedef void (*ferric_event_callback)(void *context, const ferric_event *event);

// What a key of an encrypted database is.
typedef enum ferric_key_kind {
    FERRIC_KEY_NONE = 0,
    FERRIC_KEY_RAW = 1,        // 32 random bytes.
    FERRIC_KEY_PASSPHRASE = 2, // At least one byte; made into a key by Argon2id, in a tenth of a
                               // second and 64 MiB.
} ferric_key_kind;

// A key of an encrypted database: one of up to 8 that open it.
typedef struct ferric_key {
    ferric_key_kind kind;
    ferric_slice secret;
} ferric_key;

// Sets *key, whose secret stays where it is until the call that asked returns. FERRIC_OK, or a
// status with which that call shall fail. `path` is the database's.
typedef ferric_status (*ferric_key_callback)(void *context, const char *path, ferric_key *key);

// How a database is opened. Set by name with ferric_options_set.
typedef struct ferric_options {
    size_t struct_size;
    // Make the database when the path does not exist. Default true.
    bool create_if_missing;
    // Refuse a path that already is a database (FERRIC_ALREADY_EXISTS). Default false.
    bool error_if_exists;
    // Change no byte; every write answers FERRIC_READ_ONLY. Takes no lock: it works beside a
    // writer, also one in another process, and keeps none out. It shows the database as it was at
    // some moment of ferric_open, with every commit acknowledged before; open it again to see newer
    // ones.
    // A commit may be seen before its own call returns, so before it is durable or has failed. All
    // tables stay open (FERRIC_TOO_MANY_FILES). Default false.
    bool read_only;
    // Default FERRIC_FSYNC_ALWAYS.
    ferric_fsync fsync;
    // Milliseconds between syncs under FERRIC_FSYNC_PERIODIC. Default 100, 1 to 3,600,000.
    uint32_t fsync_period_ms;
    // One number, in bytes, over memtables, cache, indexes, filters, KeyDirs, pins, transactions
    // and commits in flight. Default 128 MiB, at least 8 MiB.
    uint64_t memory_limit;
    // Size of one memtable in bytes. Default 0: chosen from memory_limit. Else 4 KiB to 1 GiB.
    uint64_t memtable_size;
    // A log file grows to this size in bytes. Default 64 MiB, 64 KiB to 1 GiB.
    uint64_t log_size;
    // Target size of a table in bytes. Default 16 MiB, 64 KiB to 1 GiB.
    uint64_t table_size;
    // Target size of a block before compression, in bytes. Default 4,096, 512 to 64 KiB.
    uint32_t block_size;
    // Of all levels but the bottom one. Default FERRIC_COMPRESSION_LZ4.
    ferric_compression compression;
    // Of the bottom level. Default FERRIC_COMPRESSION_ZSTD.
    ferric_compression bottom_compression;
    // Bits of Bloom filter for each key. Default 10, 0 (no filter) to 32.
    uint32_t filter_bits;
    // Tables kept open at once. Default 512, at least 16.
    uint32_t open_files_max;
    // Default 2: one for flush, one for compaction. 0 does both inside writing calls, so that a run
    // is repeatable; periodic syncs then happen in the first commit after the period. 1 shares one
    // thread. At most 2.
    uint32_t background_threads;
    // How long to wait for another process's lock, in milliseconds. Default 0: answer at once.
    uint32_t lock_wait_ms;
    // Called when something happened inside. Default NULL.
    ferric_event_callback event_callback;
    void *event_context; // Handed to event_callback.
    // A file system other than the machine's: a `struct fe_vfs` of src/os/vfs.h, which is no part
    // of the stable interface. It outlives the database. Default NULL.
    void *vfs;
    // Write a KeyDir into each table of more than one block: about 6 bytes a key, with which a key
    // in memory is found in half the time. Up to an eighth of memory_limit is used for those of
    // open tables; the others do with their filters. Default true.
    bool keydir;
    // The key of an encrypted database; a new one is made encrypted, and one that is not encrypted
    // is refused (FERRIC_WRONG_KEY). Borrowed until ferric_open returns. Default none.
    ferric_key key;
    // Asked when a key is needed and `key` is none. Default NULL.
    ferric_key_callback key_callback;
    void *key_context; // Handed to key_callback.
    // Make a new database encrypted and refuse one that is not, also when the key is the callback's
    // to give. Default false: what `key` says.
    bool encrypted;
    // With an event_callback: a query of documents whose calls take so many milliseconds together
    // is told when it ends, with its filter, its plan, what it examined and the index that it
    // misses. 0: none is. Default 100.
    uint32_t slow_query_ms;
} ferric_options;

#define FERRIC_OPTIONS_INIT                                                                        \
    {                                                                                              \
        sizeof(ferric_options), true, false, false, FERRIC_FSYNC_ALWAYS, 100, (uint64_t)128 << 20, \
            0, (uint64_t)64 << 20, (uint64_t)16 << 20, 4096, FERRIC_COMPRESSION_LZ4,               \
            FERRIC_COMPRESSION_ZSTD, 10, 512, 2, 0, NULL, NULL, NULL, true,                        \
            {FERRIC_KEY_NONE, {NULL, 0}}, NULL, NULL, false, 100                                   \
    }

// Sets one option from text: name "fsync" with "always", "never", "periodic" or "periodic:250";
// sizes as "64MiB", "512k" or a number of bytes; booleans as "true" or "false"; the rest as
// numbers. Errors: FERRIC_INVALID_ARGUMENT, naming the nearest option, or the allowed values.
ferric_status ferric_options_set(ferric_options *options, const char *name, const char *text);

// Sets options from the environment: FERRIC_FSYNC, FERRIC_MEMORY_LIMIT and so on for each option
// by its name in capitals. Not thread-safe beside setenv. Errors: as ferric_options_set, naming the
// variable.
ferric_status ferric_options_from_env(ferric_options *options);

// Lists the options that ferric_options_set knows, for help texts: the name of number `index`, NULL
// behind the last. `help` (may be NULL) receives one line with meaning, default and range.
const char *ferric_options_name(size_t index, const char **help);

// ---- Open and close -------------------------------------------------------------------------

// Opens the database at `path`; ":memory:" is a database in memory that is gone at close.
// Opening writes nothing into an existing database; recovery reads the log into memory.
//
// Errors: FERRIC_NOT_FOUND (no such path and not create_if_missing), FERRIC_ALREADY_EXISTS,
//         FERRIC_NOT_A_DATABASE, FERRIC_LOCKED (the message has the holder's process id),
//         FERRIC_CORRUPT, FERRIC_UNSUPPORTED, FERRIC_IO, FERRIC_NO_MEMORY,
//         FERRIC_INVALID_ARGUMENT, FERRIC_WRONG_KEY (it is encrypted and the key is missing or
//         another; or a key is given and it is not encrypted).
ferric_status ferric_open(const char *path, const ferric_options *options, ferric_db **db);

// Makes every commit durable and ends background work. The handle is gone afterwards whatever the
// status; child handles answer FERRIC_CLOSED. Accepts NULL. Call it once, while no other thread is
// inside a call on `db`. It waits for asynchronous writes and their callbacks. Errors: FERRIC_IO,
// FERRIC_OUTCOME_UNKNOWN: recent commits may be lost with the power, though not with the process.
// FERRIC_INVALID_ARGUMENT: it was called by such a callback; `db` stays open.
ferric_status ferric_close(ferric_db *db);

// The process that had the database open for writing when `db` was opened read-only; 0 when there
// was none, or it is not known. Never fails.
uint64_t ferric_writer_process(const ferric_db *db);

// Removes a database and nothing else: files that are not Ferric's stay, and then the directory
// does too.
// Errors: FERRIC_NOT_FOUND, FERRIC_NOT_A_DATABASE, FERRIC_LOCKED, FERRIC_IO.
ferric_status ferric_destroy(const char *path, const ferric_options *options);

// Makes running long calls on `db` (compact, verify, count) end soon with FERRIC_INTERRUPTED.
// Calls that start later are not affected. Async-signal-safe.
void ferric_interrupt(ferric_db *db);

// ---- Keyspaces ------------------------------------------------------------------------------

// What a keyspace holds; fixed by its first write.
typedef enum ferric_keyspace_kind {
    FERRIC_KEYSPACE_RAW = 1,        // Bytes to bytes.
    FERRIC_KEYSPACE_COLLECTION = 2, // UTF-8 keys to JSON documents.
} ferric_keyspace_kind;

// One keyspace of ferric_keyspace_list.
typedef struct ferric_keyspace_info {
    char name[FERRIC_KEYSPACE_NAME_SIZE_MAX + 1]; // Ended by a zero byte.
    ferric_keyspace_kind kind;
    uint32_t id;     // Never given out again.
    uint64_t ttl_ms; // Default time to live of its keys, in milliseconds; 0: they stay.
} ferric_keyspace_info;

// Opens the keyspace `name` (1 to 255 bytes of UTF-8 that do not begin with '_'). It comes into
// being with its first write, of the kind asked for; until then reads find nothing.
// A NULL keyspace in any call is the raw keyspace "main".
// Errors: FERRIC_INVALID_ARGUMENT, FERRIC_WRONG_KIND, FERRIC_CLOSED, FERRIC_NO_MEMORY.
ferric_status ferric_keyspace_open(ferric_db *db, const char *name, ferric_keyspace_kind kind,
                                   ferric_keyspace **keyspace);

// Releases the handle, not the data. Accepts NULL.
void ferric_keyspace_close(ferric_keyspace *keyspace);

// Gives the keyspace `from` the name `to`, which must be free. Handles stay with their keyspace,
// and a collection's indexes.
// "main" has its name for good, and no other keyspace gets it.
// Errors: FERRIC_NOT_FOUND, FERRIC_ALREADY_EXISTS, FERRIC_INVALID_ARGUMENT, those of a write.
ferric_status ferric_keyspace_rename(ferric_db *db, const char *from, const char *to);

// Removes the keyspace and all that is in it, a collection's indexes included, by one commit that
// takes as long as any other. The space comes back with compaction. From then on calls with handles
// of it answer FERRIC_DROPPED, but for reads at a snapshot, and iterators, from before the drop,
// which still show what was there; a transaction sees it, if it did, and cannot commit what it
// wrote there. A keyspace that gets the name later is another one. "main" cannot be dropped:
// ferric_delete_range empties it.
// Errors: FERRIC_NOT_FOUND, FERRIC_INVALID_ARGUMENT, those of a write.
ferric_status ferric_keyspace_drop(ferric_db *db, const char *name);

// The keyspaces that exist, by name. *list is freed by ferric_free; NULL when there are none.
ferric_status ferric_keyspace_list(ferric_db *db, ferric_keyspace_info **list, size_t *count);

// ---- Writing --------------------------------------------------------------------------------

// What is said of a key that does not expire, where others have the milliseconds since 1970-01-01
// UTC from which on they do not exist.
#define FERRIC_EXPIRES_NEVER ((uint64_t)0)
// The latest such time.
#define FERRIC_EXPIRES_MAX (((uint64_t)1 << 48) - 1)

// How long a key lives. {0, 0}: for the keyspace's default time to live, and if there is none,
// until it is deleted. Not both may be set.
typedef struct ferric_lifetime {
    // Milliseconds from the commit on (inside a transaction: from the call on). FERRIC_TTL_NONE: it
    // stays, whatever the keyspace's default.
    uint64_t ttl_ms;
    // Until this time: milliseconds since 1970-01-01 UTC, at most FERRIC_EXPIRES_MAX. A key whose
    // time has passed is absent from the beginning.
    uint64_t expires_ms;
} ferric_lifetime;

// What is said, and asked for, of a key without a time to live.
#define FERRIC_TTL_NONE UINT64_MAX
// The longest other one, some four thousand years.
#define FERRIC_TTL_MAX (FERRIC_EXPIRES_MAX / 2)

// What must hold for a write, checked at the moment of its commit.
typedef enum ferric_condition {
    FERRIC_IF_ANY = 0,     // No condition.
    FERRIC_IF_ABSENT = 1,  // The key does not exist.
    FERRIC_IF_VERSION = 2, // The key's version is if_version; 0 means that it does not exist.
} ferric_condition;

// How one write is carried out.
typedef struct ferric_write_options {
    size_t struct_size;
    // Durable before the call returns, whatever the fsync policy. Default false.
    bool sync;
    // On single puts and deletes. FERRIC_CONFLICT when it does not hold. Default FERRIC_IF_ANY.
    ferric_condition condition;
    uint64_t if_version; // For FERRIC_IF_VERSION.
    // Of what a put writes. Default {0, 0}. Others take it for what their description says.
    ferric_lifetime lifetime;
    // Receives the commit's version. Default NULL.
    uint64_t *version;
} ferric_write_options;

#define FERRIC_WRITE_OPTIONS_INIT                                                                  \
    {                                                                                              \
        sizeof(ferric_write_options), false, FERRIC_IF_ANY, 0, {0, 0}, NULL                        \
    }

// Sets `key` (1 to 65,535 bytes) to `value` (up to 64 MiB).
//
// Errors: FERRIC_CONFLICT, FERRIC_TOO_LARGE, FERRIC_INVALID_ARGUMENT (empty key), FERRIC_NO_SPACE,
//         FERRIC_READ_ONLY, FERRIC_WRONG_KIND: nothing is written. FERRIC_IO: not committed.
//         FERRIC_OUTCOME_UNKNOWN: the sync failed; the database is read-only until reopened.
ferric_status ferric_put(ferric_db *db, ferric_keyspace *keyspace, ferric_slice key,
                         ferric_slice value, const ferric_write_options *options);

// Removes `key`. A missing key is FERRIC_OK: a deletion is a write and does not look. Errors: as
// ferric_put.
ferric_status ferric_delete(ferric_db *db, ferric_keyspace *keyspace, ferric_slice key,
                            const ferric_write_options *options);

// Removes all keys in [lower, upper) that exist at the moment of the commit, in the time of one
// delete however many they are; size 0: no bound, so both 0 empty the keyspace. A range without
// keys is FERRIC_OK and writes nothing. The space comes back with compaction. `options->condition`
// must be FERRIC_IF_ANY.
//
// Of a collection with indexes each document in the range is read, so as to take its entries away
// in the same commit, unless the range has no bounds; where others keep writing into the range,
// they wait for that. Errors: as ferric_put; FERRIC_TOO_LARGE also: the entries are more than one
// commit takes.
ferric_status ferric_delete_range(ferric_db *db, ferric_keyspace *keyspace, ferric_slice lower,
                                  ferric_slice upper, const ferric_write_options *options);

// A list of writes that commit together. Later entries for a key win over earlier ones.
// Errors: FERRIC_NO_MEMORY.
ferric_status ferric_batch_create(ferric_batch **batch);

// Frees the batch. Accepts NULL.
void ferric_batch_destroy(ferric_batch *batch);

// Empties the batch and keeps its memory for the next use.
void ferric_batch_clear(ferric_batch *batch);

// How many entries it has.
size_t ferric_batch_count(const ferric_batch *batch);

// Bytes of keys and values in it.
size_t ferric_batch_size(const ferric_batch *batch);

// Adds a put; key and value are copied. `keyspace` must stay open until the batch is written or
// cleared. Errors: FERRIC_INVALID_ARGUMENT, FERRIC_TOO_LARGE, FERRIC_NO_MEMORY: the batch is as it
// was.
ferric_status ferric_batch_put(ferric_batch *batch, ferric_keyspace *keyspace, ferric_slice key,
                               ferric_slice value);

// Adds a put with a lifetime, whose ttl_ms counts from the moment when the batch is written.
// Errors:
// as ferric_batch_put.
ferric_status ferric_batch_put_expiring(ferric_batch *batch, ferric_keyspace *keyspace,
                                        ferric_slice key, ferric_slice value,
                                        ferric_lifetime lifetime);

// Adds a delete. Errors: as ferric_batch_put.
ferric_status ferric_batch_delete(ferric_batch *batch, ferric_keyspace *keyspace, ferric_slice key);

// Adds the deletion of a range, as ferric_delete_range. It removes what the batch has put into the
// range before, and not what it puts there later. A batch has at most 4,096 of them
// (FERRIC_TOO_LARGE). Errors: as ferric_batch_put.
ferric_status ferric_batch_delete_range(ferric_batch *batch, ferric_keyspace *keyspace,
                                        ferric_slice lower, ferric_slice upper);

// Makes the whole batch FERRIC_CONFLICT unless `key` still is at `version` (0: absent) when it
// commits. Errors: as ferric_batch_put.
ferric_status ferric_batch_require(ferric_batch *batch, ferric_keyspace *keyspace, ferric_slice key,
                                   uint64_t version);

// Commits the batch, all or nothing; an empty one is FERRIC_OK and writes nothing. The batch is
// unchanged and may be written again. `version` (may be NULL) receives the commit's version.
// `options->condition` must be FERRIC_IF_ANY. Errors: as ferric_put.
ferric_status ferric_write(ferric_db *db, const ferric_batch *batch,
                           const ferric_write_options *options, uint64_t *version);

// Adds `delta` to the integer under `key`, in one step however many do so at once: a raw value is
// its decimal text, such as "-12", a document the JSON integer. A missing key counts as `initial`,
// and gets options->lifetime; one that is there keeps its time to live. *result (may be NULL)
// receives the sum. Works on keyspaces of both kinds.
// Errors: FERRIC_INVALID_ARGUMENT: the value is no integer. FERRIC_OVERFLOW: it, or the sum, does
//         not fit into 64 bits. FERRIC_CONFLICT: options->condition does not hold. As ferric_get,
//         ferric_put. Nothing was written.
ferric_status ferric_increment(ferric_db *db, ferric_keyspace *keyspace, ferric_slice key,
                               int64_t delta, int64_t initial, const ferric_write_options *options,
                               int64_t *result);

// Makes every acknowledged commit durable. Errors: FERRIC_OUTCOME_UNKNOWN, FERRIC_READ_ONLY.
ferric_status ferric_sync(ferric_db *db);

// ---- Asynchronous writes --------------------------------------------------------------------
//
// These begin a commit and return; a callback tells its outcome when it is durable, whatever the
// fsync policy. Many commits of one thread share a sync, as those of many threads do. Commits of a
// thread are made in the order of its calls, synchronous ones included, and callbacks come in the
// order of commits, one at a time, in a thread of the library's own.
//
// A call that answers FERRIC_OK is followed by exactly one callback, and any other answer by none:
// then nothing was written. Keys, values and batches are copied during the call. A keyspace that
// does not exist yet is made by the call, which waits for that.
//
// At most FERRIC_ASYNC_COUNT_MAX commits, with keys and values of a sixteenth of memory_limit, are
// in flight at once: a call waits until there is room (FERRIC_EVENT_STALL is not told, but
// stall_count and stall_ns have it). One that is larger than that goes alone. Calls inside a
// callback do not wait, since callbacks are what makes room.
//
// Documents are committed before the call returns, since their entries in indexes depend on what
// they replace; the outcome comes through the callback all the same. A transaction's are not.
//
// ferric_close waits for all commits and their callbacks. With background_threads = 0 the commit
// is made inside the call, and the callback comes inside it, or, when it is called by a callback,
// behind that one.

// Commits in flight at most.
#define FERRIC_ASYNC_COUNT_MAX 4096

// Told the outcome of an asynchronous commit: `status` is what the synchronous call would have
// answered, with ferric_error_message during the callback, and `version` the commit's, 0 when there
// is none. It may call anything but ferric_close on the same database, and may wait for its calls;
// while it runs no other outcome is told.
typedef void (*ferric_commit_callback)(void *context, ferric_status status, uint64_t version);

// As ferric_put. `options->version` must be NULL; `options->sync` adds nothing.
// Errors: FERRIC_INVALID_ARGUMENT, FERRIC_TOO_LARGE (key or value), FERRIC_WRONG_KIND,
//         FERRIC_CLOSED (also while ferric_close waits), FERRIC_NO_MEMORY, FERRIC_IO (no thread
//         could be started); as ferric_put when the keyspace has to be made. To the callback: as
//         ferric_put.
ferric_status ferric_put_async(ferric_db *db, ferric_keyspace *keyspace, ferric_slice key,
                               ferric_slice value, const ferric_write_options *options,
                               ferric_commit_callback callback, void *context);

// As ferric_delete. Errors: as ferric_put_async.
ferric_status ferric_delete_async(ferric_db *db, ferric_keyspace *keyspace, ferric_slice key,
                                  const ferric_write_options *options,
                                  ferric_commit_callback callback, void *context);

// As ferric_write; the batch may be changed, written again or destroyed after the call. An empty
// one is no commit: its callback may come before those of commits in flight. Errors: as
// ferric_put_async.
ferric_status ferric_write_async(ferric_db *db, const ferric_batch *batch,
                                 const ferric_write_options *options,
                                 ferric_commit_callback callback, void *context);

// ---- Reading --------------------------------------------------------------------------------

// How one read is carried out.
typedef struct ferric_read_options {
    size_t struct_size;
    // Read at this snapshot of the same database. Default NULL: the newest published state.
    const ferric_snapshot *snapshot;
} ferric_read_options;

#define FERRIC_READ_OPTIONS_INIT                                                                   \
    {                                                                                              \
        sizeof(ferric_read_options), NULL                                                          \
    }

// Replaces `value` by the value of `key`. `version` (may be NULL) receives its version.
// Errors: FERRIC_NOT_FOUND (an outcome), FERRIC_CORRUPT (only keys in the damaged block; others
//         stay readable), FERRIC_IO, FERRIC_NO_MEMORY, FERRIC_INVALID_ARGUMENT.
ferric_status ferric_get(ferric_db *db, ferric_keyspace *keyspace, ferric_slice key,
                         const ferric_read_options *options, ferric_buffer *value,
                         uint64_t *version);

// A value that is read in place, in the library's memory. Counted in memory_limit until released.
typedef struct ferric_pinned {
    ferric_slice value;
    uint64_t version;
    void *holder; // This and the next two are the library's.
    void *owner;
    uint32_t lender;
    uint64_t expires_ms; // FERRIC_EXPIRES_NEVER: it does not.
} ferric_pinned;

// As ferric_get, without a copy: *pinned is valid until ferric_pinned_release, also after close.
// On failure it is {0}. Errors: also FERRIC_MEMORY_LIMIT.
ferric_status ferric_get_pinned(ferric_db *db, ferric_keyspace *keyspace, ferric_slice key,
                                const ferric_read_options *options, ferric_pinned *pinned);

// Ends the loan; *pinned is {0} again. A {0} one is a no-op. Any thread.
void ferric_pinned_release(ferric_pinned *pinned);

// Reads `count` keys at one snapshot. statuses[i] is FERRIC_OK, FERRIC_NOT_FOUND or that key's
// failure; values[i] is pinned when it is FERRIC_OK. Returns the first failure that is no
// FERRIC_NOT_FOUND, else FERRIC_OK.
ferric_status ferric_multi_get(ferric_db *db, ferric_keyspace *keyspace, size_t count,
                               const ferric_slice *keys, const ferric_read_options *options,
                               ferric_pinned *values, ferric_status *statuses);

// Whether `key` exists: FERRIC_OK or FERRIC_NOT_FOUND. Errors: as ferric_get.
ferric_status ferric_has(ferric_db *db, ferric_keyspace *keyspace, ferric_slice key,
                         const ferric_read_options *options);

// The exact number of keys in [lower, upper) at one snapshot, by a scan of keys. An upper of size 0
// has no end. Errors: as ferric_get, FERRIC_INTERRUPTED.
ferric_status ferric_count(ferric_db *db, ferric_keyspace *keyspace, ferric_slice lower,
                           ferric_slice upper, const ferric_read_options *options, uint64_t *count);

// The number of live entries of the whole database as the tables' properties have it, without
// reading data. Overwritten and deleted keys may still be counted.
ferric_status ferric_count_estimate(ferric_db *db, uint64_t *count);

// A fixed state of the whole database: everything committed before, nothing after.
// Errors: FERRIC_NO_MEMORY, FERRIC_CLOSED.
ferric_status ferric_snapshot_create(ferric_db *db, ferric_snapshot **snapshot);

// The newest version that the snapshot sees.
uint64_t ferric_snapshot_version(const ferric_snapshot *snapshot);

// Lets compaction drop what only this snapshot could see. Accepts NULL.
void ferric_snapshot_release(ferric_snapshot *snapshot);

// Which keys an iterator walks, and how.
typedef struct ferric_iterator_options {
    size_t struct_size;
    // Default NULL: the newest published state when the iterator is made.
    const ferric_snapshot *snapshot;
    // Only keys in [lower, upper). Size 0: no bound. Copied.
    ferric_slice lower;
    ferric_slice upper;
    // Only keys that begin with it; goes together with the bounds. Size 0: all. Copied.
    ferric_slice prefix;
    // Largest key first: first, next and last, prev change places. Default false.
    bool reverse;
    // ferric_iterator_value stays empty. Default false.
    bool keys_only;
} ferric_iterator_options;

#define FERRIC_ITERATOR_OPTIONS_INIT                                                               \
    {                                                                                              \
        sizeof(ferric_iterator_options), NULL, {NULL, 0}, {NULL, 0}, {NULL, 0}, false, false       \
    }

// Makes an iterator that stands nowhere yet; it sees one state however long it lives.
// Errors: FERRIC_NO_MEMORY, FERRIC_IO, FERRIC_CORRUPT, FERRIC_CLOSED.
ferric_status ferric_iterator_create(ferric_db *db, ferric_keyspace *keyspace,
                                     const ferric_iterator_options *options,
                                     ferric_iterator **iterator);

// Frees the iterator. Accepts NULL.
void ferric_iterator_destroy(ferric_iterator *iterator);

// Moves to the first (last) key in the iterator's direction. Returns whether there is one; when
// false, ferric_iterator_status tells the end from a failure.
bool ferric_iterator_first(ferric_iterator *iterator);
bool ferric_iterator_last(ferric_iterator *iterator);

// Moves to `key`, or to the next one after it in the iterator's direction.
bool ferric_iterator_seek(ferric_iterator *iterator, ferric_slice key);

// One step on (back). A new iterator's first step goes to the first (last) key. Behind either end
// it stays there.
bool ferric_iterator_next(ferric_iterator *iterator);
bool ferric_iterator_prev(ferric_iterator *iterator);

// Whether it stands on an entry.
bool ferric_iterator_valid(const ferric_iterator *iterator);

// FERRIC_OK, also at the end, or why it stopped: FERRIC_CORRUPT, FERRIC_IO, FERRIC_CLOSED ...
ferric_status ferric_iterator_status(const ferric_iterator *iterator);

// The entry it stands on; empty when it stands nowhere. Valid until the iterator next moves.
ferric_slice ferric_iterator_key(const ferric_iterator *iterator);
ferric_slice ferric_iterator_value(const ferric_iterator *iterator);

// The version of the entry it stands on; 0 when it stands nowhere.
uint64_t ferric_iterator_version(const ferric_iterator *iterator);

// When it expires, in milliseconds since 1970-01-01 UTC; FERRIC_EXPIRES_NEVER when it does not, or
// when it stands nowhere.
uint64_t ferric_iterator_expires_ms(const ferric_iterator *iterator);

// ---- Time to live ---------------------------------------------------------------------------
//
// From its expiry on a key does not exist: not for reads, iterators, counts or conditions, and its
// space comes back by itself. Time is the system's clock, but it never goes back: what has expired
// stays so when the clock is set back. A snapshot, transaction or iterator goes by one time, and
// goes on seeing what expires later. A put sets the lifetime anew; a plain one clears it.
//
// These work on keyspaces of both kinds. The calls that change a lifetime write the value once
// more, as one commit under the condition that it did not change meanwhile; that is a new version.

// *ttl_ms is how long `key` still lives, in milliseconds, at least 1; FERRIC_TTL_NONE when it
// stays.
// Errors: FERRIC_NOT_FOUND: there is no such key (any more). As ferric_get.
ferric_status ferric_ttl(ferric_db *db, ferric_keyspace *keyspace, ferric_slice key,
                         const ferric_read_options *options, uint64_t *ttl_ms);

// *expires_ms (may be NULL) is when `key` expires, FERRIC_EXPIRES_NEVER when it does not, and
// *version (may be NULL) its version. Errors: as ferric_ttl.
ferric_status ferric_expiry(ferric_db *db, ferric_keyspace *keyspace, ferric_slice key,
                            const ferric_read_options *options, uint64_t *expires_ms,
                            uint64_t *version);

// Gives `key` the lifetime of the options, which must be set; an expires_ms that has passed removes
// it. Errors: FERRIC_NOT_FOUND: there is no such key. FERRIC_CONFLICT: options->condition does not
// hold. As ferric_get, ferric_put.
ferric_status ferric_expire(ferric_db *db, ferric_keyspace *keyspace, ferric_slice key,
                            const ferric_write_options *options);

// Lets `key` stay. Writes nothing when it does already. Errors: as ferric_expire.
ferric_status ferric_persist(ferric_db *db, ferric_keyspace *keyspace, ferric_slice key,
                             const ferric_write_options *options);

// Lets `key` live at least as long as the lifetime of the options says, {0, 0} being the keyspace's
// default: for caches and sessions that live on while they are used. Never shortens a life, so it
// writes nothing for a key that stays or lives longer. Errors: as ferric_expire.
ferric_status ferric_touch(ferric_db *db, ferric_keyspace *keyspace, ferric_slice key,
                           const ferric_write_options *options);

// Sets the time to live of what is put into the keyspace from now on without a lifetime of its own;
// 0: it stays. What is there keeps the lifetime it has. Makes the keyspace when it does not exist.
// Errors: FERRIC_INVALID_ARGUMENT: too long. As ferric_put.
ferric_status ferric_keyspace_set_ttl(ferric_db *db, ferric_keyspace *keyspace, uint64_t ttl_ms);

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif

#ifdef __cplusplus
}
#endif

// The parts of it that have a file of their own.
#include <ferric/transactions.h>

#include <ferric/documents.h>

#include <ferric/maintenance.h>

#endif
