// SPDX-License-Identifier: Apache-2.0
// Ferric, through its public header like any other user. Values are read pinned, without a copy.
#include <ferric/ferric.h>
#include <stdlib.h>
#include <time.h>

#include "peers/engines.h"
#include "support/failure.h"

struct engine_db {
    ferric_db *db;
};

struct engine_session {
    ferric_db *db;
    ferric_pinned pinned; // What the last get handed out.
    ferric_batch *batch;
    ferric_buffer read; // By transactions.
};

static void check(ferric_status status, const char *what)
{
    if (status != FERRIC_OK)
        bench_die("ferric: %s: %s: %s", what, ferric_status_name(status), ferric_error_message());
}

static ferric_slice to_slice(engine_bytes bytes)
{
    return (ferric_slice){bytes.data, bytes.size};
}

static engine_bytes from_slice(ferric_slice slice)
{
    return (engine_bytes){slice.data, slice.size};
}

static void version(char *text, size_t size)
{
    bench_format(text, size, "%s", ferric_version());
}

// The 32 bytes that ENGINE_KEY_HEX writes.
static ferric_key key_of_all(void)
{
    static uint8_t bytes[32];
    static const uint8_t octave[8] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef};

    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = octave[i % 8];
    return (ferric_key){FERRIC_KEY_RAW, {bytes, sizeof bytes}};
}

static ferric_options options_of(const engine_settings *settings)
{
    ferric_options options = FERRIC_OPTIONS_INIT;

    if (settings->is_encrypted) options.key = key_of_all();

    options.fsync = settings->is_synced ? FERRIC_FSYNC_ALWAYS : FERRIC_FSYNC_NEVER;
    options.memory_limit = settings->memory_bytes;
    if (!settings->is_compressed) {
        options.compression = FERRIC_COMPRESSION_NONE;
        options.bottom_compression = FERRIC_COMPRESSION_NONE;
    }
    if (settings->keeps_log) {
        options.memtable_size = settings->memory_bytes / 2;
        options.log_size = settings->memory_bytes / 2;
    }
    return options;
}

static void describe(const engine_settings *settings, char *text, size_t size)
{
    ferric_options options = options_of(settings);

    bench_format(text, size, "%smemory_limit %llu MiB, filter %u bits, %s, fsync=%s%s",
                 settings->is_encrypted ? "encrypted with a raw key, " : "",
                 (unsigned long long)(options.memory_limit >> 20), options.filter_bits,
                 settings->is_compressed ? "LZ4 above and zstd at the bottom" : "no compression",
                 settings->is_synced ? "always" : "never",
                 settings->keeps_log ? ", memtable and log of half the memory" : "");
}

static engine_db *open_database(const engine_settings *settings)
{
    engine_db *db = bench_allocate(1, sizeof(*db));
    ferric_options options = options_of(settings);

    check(ferric_open(settings->directory, &options, &db->db), "open");
    return db;
}

static void close_database(engine_db *db)
{
    check(ferric_close(db->db), "close");
    free(db);
}

static engine_session *session_open(engine_db *db)
{
    engine_session *session = bench_allocate(1, sizeof(*session));

    session->db = db->db;
    check(ferric_batch_create(&session->batch), "create a batch");
    return session;
}

static void release_pinned(engine_session *session)
{
    ferric_pinned_release(&session->pinned);
}

static void session_close(engine_session *session)
{
    release_pinned(session);
    ferric_batch_destroy(session->batch);
    ferric_buffer_free(&session->read);
    free(session);
}

static void put(engine_session *session, engine_bytes key, engine_bytes value)
{
    check(ferric_put(session->db, NULL, to_slice(key), to_slice(value), NULL), "put");
}

static bool get(engine_session *session, engine_bytes key, engine_bytes *value)
{
    ferric_status status;

    release_pinned(session);
    status = ferric_get_pinned(session->db, NULL, to_slice(key), NULL, &session->pinned);
    if (status == FERRIC_NOT_FOUND) return false;
    check(status, "get");
    *value = from_slice(session->pinned.value);
    return true;
}

static void remove_key(engine_session *session, engine_bytes key)
{
    check(ferric_delete(session->db, NULL, to_slice(key), NULL), "delete");
}

static void write_batch(engine_session *session, const engine_bytes *keys,
                        const engine_bytes *values, size_t count)
{
    size_t i;

    ferric_batch_clear(session->batch);
    for (i = 0; i < count; i++)
        check(ferric_batch_put(session->batch, NULL, to_slice(keys[i]), to_slice(values[i])),
              "fill a batch");
    check(ferric_write(session->db, session->batch, NULL, NULL), "write a batch");
}

// Under snapshot isolation. All that is read is written too, so it is as good as serializable.
static bool transact(engine_session *session, const engine_bytes *keys, const engine_bytes *values,
                     size_t count, engine_visit visit, void *context)
{
    ferric_txn *txn;
    ferric_status status;
    size_t i;

    check(ferric_txn_begin(session->db, NULL, &txn), "begin a transaction");
    for (i = 0; i < count; i++) {
        check(ferric_txn_get(txn, NULL, to_slice(keys[i]), &session->read, NULL), "get");
        visit(context, keys[i], (engine_bytes){session->read.data, session->read.size});
    }
    for (i = 0; i < count; i++)
        check(ferric_txn_put(txn, NULL, to_slice(keys[i]), to_slice(values[i])), "put");
    status = ferric_txn_commit(txn, NULL);
    ferric_txn_destroy(txn);
    if (status != FERRIC_CONFLICT) check(status, "commit");
    return status == FERRIC_OK;
}

static size_t scan(engine_session *session, engine_bytes from, size_t count, engine_visit visit,
                   void *context)
{
    ferric_iterator *iterator;
    size_t visited = 0;
    bool is_valid;

    check(ferric_iterator_create(session->db, NULL, NULL, &iterator), "create an iterator");
    is_valid = ferric_iterator_seek(iterator, to_slice(from));
    for (; visited < count && is_valid; is_valid = ferric_iterator_next(iterator)) {
        visit(context, from_slice(ferric_iterator_key(iterator)),
              from_slice(ferric_iterator_value(iterator)));
        visited++;
    }
    check(ferric_iterator_status(iterator), "scan");
    ferric_iterator_destroy(iterator);
    return visited;
}

static void settle(engine_db *db)
{
    struct timespec pause = {0, 20000000};
    ferric_stats stats = FERRIC_STATS_INIT;

    check(ferric_stats_get(db->db, &stats), "read statistics");
    while (stats.compaction_debt_bytes > 0) {
        nanosleep(&pause, NULL);
        check(ferric_stats_get(db->db, &stats), "read statistics");
        check(stats.background_status, "settle");
    }
}

#define FUNCTIONS                                                                                  \
    .version = version, .describe = describe, .open = open_database, .close = close_database,      \
    .session_open = session_open, .session_close = session_close, .rest = release_pinned,          \
    .put = put, .get = get, .remove = remove_key, .write_batch = write_batch,                      \
    .transact = transact, .scan = scan, .settle = settle

const engine engine_ferric = {.name = "ferric", FUNCTIONS};

// Of the program that compares what is encrypted: there "ferric" is.
const engine engine_ferric_encrypted = {.name = "ferric", .is_encrypted = true, FUNCTIONS};
const engine engine_ferric_plain = {.name = "ferric-plain", FUNCTIONS};
