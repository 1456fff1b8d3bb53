// SPDX-License-Identifier: Apache-2.0
// One small table of functions per engine: all that the benchmark asks of a key-value store.
//
// An adapter takes the cheapest correct way its engine offers: kept statements and cursors, values
// read in place. What fails ends the process through bench_die with the engine's own message, so
// that no figure can come from a failing operation.
//
// Threads: a db is shared; each thread has a session of its own.
#ifndef FERRIC_PEERS_ENGINE_H
#define FERRIC_PEERS_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct engine_bytes {
    const uint8_t *data;
    size_t size;
} engine_bytes;

typedef struct engine_settings {
    const char *directory;   // Exists. A database in it is opened, else made.
    uint64_t memory_bytes;   // For caches and memtables together.
    uint64_t data_bytes_max; // Keys and values that will be written at most.
    size_t value_size;       // Of each value.
    uint32_t sessions_max;   // Open at once.
    bool is_synced;          // Each write is on disk before it returns; else in the kernel.
    bool is_compressed;      // The engine's usual compression; else none.
    bool is_encrypted;       // As the engine is: with a key.
    bool keeps_log;          // Nothing is to be flushed or checkpointed out of the log.
    bool has_transactions;   // `transact` will be called.
} engine_settings;

// The key as 64 hexadecimal digits.
#define ENGINE_KEY_HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

typedef struct engine_db engine_db;
typedef struct engine_session engine_session;

// Told each entry of a scan, in order; the bytes are valid during the call.
typedef void (*engine_visit)(void *context, engine_bytes key, engine_bytes value);

typedef struct engine {
    const char *name;
    // The data lies in a mapped file: stores are not write calls, and its memory is the page cache.
    bool is_mapped;
    bool is_encrypted; // It takes a key of 32 bytes, the same for all.
    // Why nothing is claimed from this engine's figures; NULL when they are comparable.
    const char *caution;
    void (*version)(char *text, size_t size);
    // The settings in a line of words.
    void (*describe)(const engine_settings *settings, char *text, size_t size);
    engine_db *(*open)(const engine_settings *settings);
    void (*close)(engine_db *db);
    engine_session *(*session_open)(engine_db *db);
    void (*session_close)(engine_session *session);
    // Lets go of what the last read lent, such as a snapshot, before a rest. May be NULL.
    void (*rest)(engine_session *session);
    void (*put)(engine_session *session, engine_bytes key, engine_bytes value);
    // False when there is no such key. *value is valid until the session's next call.
    bool (*get)(engine_session *session, engine_bytes key, engine_bytes *value);
    // Of a key that exists or not.
    void (*remove)(engine_session *session, engine_bytes key);
    // All or nothing.
    void (*write_batch)(engine_session *session, const engine_bytes *keys,
                        const engine_bytes *values, size_t count);
    // Visits up to `count` entries from the first key at or behind `from`. Returns how many.
    size_t (*scan)(engine_session *session, engine_bytes from, size_t count, engine_visit visit,
                   void *context);
    // Waits for the engine's own background work by the means it has; may be NULL. The caller
    // waits until the process is idle in any case.
    void (*settle)(engine_db *db);
    // One transaction: reads all keys in their order, each handed to `visit`, which puts what is to
    // be written into the memory of values[i], and then writes those. False: others were faster,
    // and nothing was written. NULL: the engine has no transactions that this could be asked of.
    bool (*transact)(engine_session *session, const engine_bytes *keys, const engine_bytes *values,
                     size_t count, engine_visit visit, void *context);
} engine;

// All engines of this build, Ferric first; ends with NULL.
extern const engine *const engines[];

// NULL when this build has no engine of that name.
const engine *engine_find(const char *name);

#ifdef __cplusplus
}
#endif

#endif
