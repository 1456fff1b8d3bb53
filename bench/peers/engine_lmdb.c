// SPDX-License-Identifier: Apache-2.0
// LMDB: a copy-on-write B+tree in a mapped file.
//
// Unsynced it runs with NOSYNC and WRITEMAP, as fast as it goes: stores go into the shared mapping,
// which survives the death of the process and not the machine's. Synced it has its defaults.
// Each session keeps one read transaction that is reset and renewed, so that each read sees the
// newest state without being made anew.
#include <lmdb.h>
#include <stdlib.h>

#include "peers/engines.h"
#include "support/failure.h"

struct engine_db {
    MDB_env *environment;
    MDB_dbi tree;
};

struct engine_session {
    engine_db *db;
    MDB_txn *reader;
    MDB_cursor *cursor;
    bool is_reading;
};

static void check(int error, const char *what)
{
    if (error != 0) bench_die("lmdb: %s: %s", what, mdb_strerror(error));
}

static MDB_val to_val(engine_bytes bytes)
{
    return (MDB_val){bytes.size, (void *)(uintptr_t)bytes.data};
}

static engine_bytes from_val(MDB_val value)
{
    return (engine_bytes){value.mv_data, value.mv_size};
}

static void version(char *text, size_t size)
{
    int major, minor, patch;

    mdb_version(&major, &minor, &patch);
    bench_format(text, size, "%d.%d.%d", major, minor, patch);
}

static void describe(const engine_settings *settings, char *text, size_t size)
{
    bench_format(text, size, "%s; the page cache is its cache, no limit on it",
                 settings->is_synced ? "default flags" : "NOSYNC and WRITEMAP");
}

// Room for the data six times over: pages are half full at worst, and old ones wait for readers.
static size_t map_size(const engine_settings *settings)
{
    return (size_t)settings->data_bytes_max * 6 + ((size_t)1 << 30);
}

static engine_db *open_environment(const engine_settings *settings)
{
    engine_db *db = bench_allocate(1, sizeof(*db));
    unsigned int flags = MDB_NOTLS;
    MDB_txn *transaction;

    if (!settings->is_synced) flags |= MDB_NOSYNC | MDB_WRITEMAP;
    check(mdb_env_create(&db->environment), "create");
    check(mdb_env_set_mapsize(db->environment, map_size(settings)), "set the map's size");
    check(mdb_env_set_maxreaders(db->environment, settings->sessions_max + 8), "set readers");
    check(mdb_env_open(db->environment, settings->directory, flags, 0600), "open");
    check(mdb_txn_begin(db->environment, NULL, 0, &transaction), "begin");
    check(mdb_dbi_open(transaction, NULL, 0, &db->tree), "open the tree");
    check(mdb_txn_commit(transaction), "commit");
    return db;
}

static void close_environment(engine_db *db)
{
    // Unsynced data is in the kernel; a clean close makes it durable as the other engines do.
    check(mdb_env_sync(db->environment, 1), "sync");
    mdb_env_close(db->environment);
    free(db);
}

static engine_session *session_open(engine_db *db)
{
    engine_session *session = bench_allocate(1, sizeof(*session));

    session->db = db;
    check(mdb_txn_begin(db->environment, NULL, MDB_RDONLY, &session->reader), "begin");
    check(mdb_cursor_open(session->reader, db->tree, &session->cursor), "open a cursor");
    mdb_txn_reset(session->reader);
    return session;
}

static void session_close(engine_session *session)
{
    mdb_cursor_close(session->cursor);
    mdb_txn_abort(session->reader);
    free(session);
}

// A reader that stays open keeps pages from being used again.
static void end_reading(engine_session *session)
{
    if (session->is_reading) mdb_txn_reset(session->reader);
    session->is_reading = false;
}

static void begin_reading(engine_session *session)
{
    end_reading(session);
    check(mdb_txn_renew(session->reader), "renew");
    session->is_reading = true;
}

static void write_batch(engine_session *session, const engine_bytes *keys,
                        const engine_bytes *values, size_t count)
{
    MDB_txn *transaction;
    size_t i;

    end_reading(session);
    check(mdb_txn_begin(session->db->environment, NULL, 0, &transaction), "begin");
    for (i = 0; i < count; i++) {
        MDB_val key = to_val(keys[i]), value = to_val(values[i]);
        check(mdb_put(transaction, session->db->tree, &key, &value, 0), "put");
    }
    check(mdb_txn_commit(transaction), "commit");
}

// There is one writer at a time, so that none is ever too late.
static bool transact(engine_session *session, const engine_bytes *keys, const engine_bytes *values,
                     size_t count, engine_visit visit, void *context)
{
    MDB_txn *transaction;
    size_t i;

    end_reading(session);
    check(mdb_txn_begin(session->db->environment, NULL, 0, &transaction), "begin");
    for (i = 0; i < count; i++) {
        MDB_val key = to_val(keys[i]), found;
        check(mdb_get(transaction, session->db->tree, &key, &found), "get");
        visit(context, keys[i], from_val(found));
    }
    for (i = 0; i < count; i++) {
        MDB_val key = to_val(keys[i]), value = to_val(values[i]);
        check(mdb_put(transaction, session->db->tree, &key, &value, 0), "put");
    }
    check(mdb_txn_commit(transaction), "commit");
    return true;
}

static void put(engine_session *session, engine_bytes key, engine_bytes value)
{
    write_batch(session, &key, &value, 1);
}

static bool get(engine_session *session, engine_bytes key, engine_bytes *value)
{
    MDB_val key_val = to_val(key), found;
    int error;

    begin_reading(session);
    error = mdb_get(session->reader, session->db->tree, &key_val, &found);
    if (error == MDB_NOTFOUND) return false;
    check(error, "get");
    *value = from_val(found);
    return true;
}

static void remove_key(engine_session *session, engine_bytes key)
{
    MDB_val key_val = to_val(key);
    MDB_txn *transaction;
    int error;

    end_reading(session);
    check(mdb_txn_begin(session->db->environment, NULL, 0, &transaction), "begin");
    error = mdb_del(transaction, session->db->tree, &key_val, NULL);
    if (error != MDB_NOTFOUND) check(error, "delete");
    check(mdb_txn_commit(transaction), "commit");
}

static size_t scan(engine_session *session, engine_bytes from, size_t count, engine_visit visit,
                   void *context)
{
    MDB_val key = to_val(from), value;
    size_t visited = 0;
    int error;

    begin_reading(session);
    check(mdb_cursor_renew(session->reader, session->cursor), "renew a cursor");
    error = mdb_cursor_get(session->cursor, &key, &value, MDB_SET_RANGE);
    while (error == 0) {
        visit(context, from_val(key), from_val(value));
        if (++visited == count) return visited;
        error = mdb_cursor_get(session->cursor, &key, &value, MDB_NEXT);
    }
    if (error != MDB_NOTFOUND) check(error, "scan");
    return visited;
}

const engine engine_lmdb = {
    .name = "lmdb",
    .is_mapped = true,
    .version = version,
    .describe = describe,
    .open = open_environment,
    .close = close_environment,
    .session_open = session_open,
    .session_close = session_close,
    .rest = end_reading,
    .put = put,
    .get = get,
    .remove = remove_key,
    .write_batch = write_batch,
    .transact = transact,
    .scan = scan,
};
