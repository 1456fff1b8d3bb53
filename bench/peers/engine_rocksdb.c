// SPDX-License-Identifier: Apache-2.0
// RocksDB through its C interface, with pinned reads.
//
// Memory is split as in practice: three write buffers of an eighth of it, at most 64 MiB each, and
// the block cache with the rest. Its C interface does not tell the version; the build does.
#include <rocksdb/c.h>
#include <stdlib.h>
#include <string.h>

#include "peers/engines.h"
#include "support/failure.h"

#define WRITE_BUFFERS 3
#define BLOOM_BITS 10

struct engine_db {
    rocksdb_t *db;
    // Transactions are of the optimistic kind; NULL: there will be none.
    rocksdb_optimistictransactiondb_t *transactions;
    rocksdb_optimistictransaction_options_t *transaction_options;
    rocksdb_options_t *options;
    rocksdb_block_based_table_options_t *table_options;
    rocksdb_cache_t *cache;
    rocksdb_readoptions_t *read_options;
    rocksdb_writeoptions_t *write_options;
};

struct engine_session {
    engine_db *shared;
    rocksdb_pinnableslice_t *pinned; // What the last get handed out.
    rocksdb_writebatch_t *batch;
    rocksdb_transaction_t *transaction; // Kept for the next one.
};

static void check(char *error, const char *what)
{
    if (error != NULL) bench_die("rocksdb: %s: %s", what, error);
}

static void version(char *text, size_t size)
{
    bench_format(text, size, "%s", PEERS_ROCKSDB_VERSION);
}

static uint64_t write_buffer_bytes(const engine_settings *settings)
{
    uint64_t bytes = settings->memory_bytes / 8;

    if (settings->keeps_log) return settings->memory_bytes / 2;
    return bytes < ((uint64_t)64 << 20) ? bytes : (uint64_t)64 << 20;
}

static uint64_t cache_bytes(const engine_settings *settings)
{
    uint64_t buffers = settings->keeps_log ? 1 : WRITE_BUFFERS;

    return settings->memory_bytes - buffers * write_buffer_bytes(settings);
}

static void describe(const engine_settings *settings, char *text, size_t size)
{
    bench_format(text, size,
                 "write buffer %llu MiB (up to %d), block cache %llu MiB, Bloom %d bits, %s, two "
                 "background jobs, WAL%s",
                 (unsigned long long)(write_buffer_bytes(settings) >> 20), WRITE_BUFFERS,
                 (unsigned long long)(cache_bytes(settings) >> 20), BLOOM_BITS,
                 settings->is_compressed ? "LZ4" : "no compression",
                 settings->is_synced ? " with sync" : "");
}

static void set_options(engine_db *db, const engine_settings *settings)
{
    db->options = rocksdb_options_create();
    db->table_options = rocksdb_block_based_options_create();
    db->cache = rocksdb_cache_create_lru((size_t)cache_bytes(settings));
    rocksdb_options_set_create_if_missing(db->options, 1);
    rocksdb_options_set_write_buffer_size(db->options, (size_t)write_buffer_bytes(settings));
    rocksdb_options_set_max_write_buffer_number(db->options, WRITE_BUFFERS);
    rocksdb_options_set_max_background_jobs(db->options, 2);
    rocksdb_options_set_compression(db->options, settings->is_compressed ? rocksdb_lz4_compression
                                                                         : rocksdb_no_compression);
    rocksdb_block_based_options_set_block_cache(db->table_options, db->cache);
    rocksdb_block_based_options_set_filter_policy(
        db->table_options, rocksdb_filterpolicy_create_bloom_full(BLOOM_BITS));
    rocksdb_options_set_block_based_table_factory(db->options, db->table_options);
}

static engine_db *open_database(const engine_settings *settings)
{
    engine_db *db = bench_allocate(1, sizeof(*db));
    char *error = NULL;

    set_options(db, settings);
    db->read_options = rocksdb_readoptions_create();
    db->write_options = rocksdb_writeoptions_create();
    rocksdb_writeoptions_set_sync(db->write_options, settings->is_synced);
    if (settings->has_transactions) {
        db->transactions =
            rocksdb_optimistictransactiondb_open(db->options, settings->directory, &error);
        check(error, "open");
        db->transaction_options = rocksdb_optimistictransaction_options_create();
        db->db = rocksdb_optimistictransactiondb_get_base_db(db->transactions);
    } else {
        db->db = rocksdb_open(db->options, settings->directory, &error);
        check(error, "open");
    }
    return db;
}

static void close_database(engine_db *db)
{
    if (db->transactions != NULL) {
        rocksdb_optimistictransaction_options_destroy(db->transaction_options);
        rocksdb_optimistictransactiondb_close_base_db(db->db);
        rocksdb_optimistictransactiondb_close(db->transactions);
    } else {
        rocksdb_close(db->db);
    }
    rocksdb_writeoptions_destroy(db->write_options);
    rocksdb_readoptions_destroy(db->read_options);
    rocksdb_options_destroy(db->options);
    rocksdb_block_based_options_destroy(db->table_options);
    rocksdb_cache_destroy(db->cache);
    free(db);
}

static engine_session *session_open(engine_db *db)
{
    engine_session *session = bench_allocate(1, sizeof(*session));

    session->shared = db;
    session->batch = rocksdb_writebatch_create();
    return session;
}

static void release_pinned(engine_session *session)
{
    rocksdb_pinnableslice_destroy(session->pinned);
    session->pinned = NULL;
}

static void session_close(engine_session *session)
{
    release_pinned(session);
    rocksdb_writebatch_destroy(session->batch);
    if (session->transaction != NULL) rocksdb_transaction_destroy(session->transaction);
    free(session);
}

static void put(engine_session *session, engine_bytes key, engine_bytes value)
{
    engine_db *db = session->shared;
    char *error = NULL;

    rocksdb_put(db->db, db->write_options, (const char *)key.data, key.size,
                (const char *)value.data, value.size, &error);
    check(error, "put");
}

static bool get(engine_session *session, engine_bytes key, engine_bytes *value)
{
    engine_db *db = session->shared;
    char *error = NULL;

    release_pinned(session);
    session->pinned =
        rocksdb_get_pinned(db->db, db->read_options, (const char *)key.data, key.size, &error);
    check(error, "get");
    if (session->pinned == NULL) return false;
    value->data = (const uint8_t *)rocksdb_pinnableslice_value(session->pinned, &value->size);
    return true;
}

static void remove_key(engine_session *session, engine_bytes key)
{
    engine_db *db = session->shared;
    char *error = NULL;

    rocksdb_delete(db->db, db->write_options, (const char *)key.data, key.size, &error);
    check(error, "delete");
}

static void write_batch(engine_session *session, const engine_bytes *keys,
                        const engine_bytes *values, size_t count)
{
    engine_db *db = session->shared;
    char *error = NULL;
    size_t i;

    rocksdb_writebatch_clear(session->batch);
    for (i = 0; i < count; i++)
        rocksdb_writebatch_put(session->batch, (const char *)keys[i].data, keys[i].size,
                               (const char *)values[i].data, values[i].size);
    rocksdb_write(db->db, db->write_options, session->batch, &error);
    check(error, "write a batch");
}

static void read_for_update(engine_session *session, engine_bytes key, engine_visit visit,
                            void *context)
{
    char *error = NULL;
    engine_bytes found;
    char *value = rocksdb_transaction_get_for_update(
        session->transaction, session->shared->read_options, (const char *)key.data, key.size,
        &found.size, 1, &error);

    check(error, "get");
    if (value == NULL) bench_die("rocksdb: key %.*s is lost", (int)key.size, key.data);
    found.data = (const uint8_t *)value;
    visit(context, key, found);
    rocksdb_free(value);
}

// What a commit says that was too late.
static bool is_conflict(const char *error)
{
    return strncmp(error, "Resource busy", 13) == 0 || strncmp(error, "Operation failed", 16) == 0;
}

// OptimisticTransactionDB: what was read for update is looked at again at the commit.
static bool transact(engine_session *session, const engine_bytes *keys, const engine_bytes *values,
                     size_t count, engine_visit visit, void *context)
{
    engine_db *db = session->shared;
    char *error = NULL;
    size_t i;

    session->transaction = rocksdb_optimistictransaction_begin(
        db->transactions, db->write_options, db->transaction_options, session->transaction);
    for (i = 0; i < count; i++)
        read_for_update(session, keys[i], visit, context);
    for (i = 0; i < count; i++) {
        rocksdb_transaction_put(session->transaction, (const char *)keys[i].data, keys[i].size,
                                (const char *)values[i].data, values[i].size, &error);
        check(error, "put");
    }
    rocksdb_transaction_commit(session->transaction, &error);
    if (error == NULL) return true;
    if (!is_conflict(error)) check(error, "commit");
    rocksdb_free(error);
    error = NULL;
    rocksdb_transaction_rollback(session->transaction, &error);
    check(error, "roll back");
    return false;
}

static size_t scan(engine_session *session, engine_bytes from, size_t count, engine_visit visit,
                   void *context)
{
    engine_db *db = session->shared;
    rocksdb_iterator_t *iterator = rocksdb_create_iterator(db->db, db->read_options);
    size_t visited = 0;
    char *error = NULL;

    rocksdb_iter_seek(iterator, (const char *)from.data, from.size);
    for (; visited < count && rocksdb_iter_valid(iterator); rocksdb_iter_next(iterator)) {
        engine_bytes key, value;

        key.data = (const uint8_t *)rocksdb_iter_key(iterator, &key.size);
        value.data = (const uint8_t *)rocksdb_iter_value(iterator, &value.size);
        visit(context, key, value);
        visited++;
    }
    rocksdb_iter_get_error(iterator, &error);
    check(error, "scan");
    rocksdb_iter_destroy(iterator);
    return visited;
}

const engine engine_rocksdb = {
    .name = "rocksdb",
    .caution = "Debian's RocksDB is built with assertions on, 1.2 to 1.7 times slower than a "
               "release build: nothing is claimed from it",
    .version = version,
    .describe = describe,
    .open = open_database,
    .close = close_database,
    .session_open = session_open,
    .session_close = session_close,
    .rest = release_pinned,
    .put = put,
    .get = get,
    .remove = remove_key,
    .write_batch = write_batch,
    .transact = transact,
    .scan = scan,
};
