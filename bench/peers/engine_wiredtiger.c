// SPDX-License-Identifier: Apache-2.0
// WiredTiger: a B-tree with a write-ahead log and checkpoints; one session and cursor per thread.
//
// Unsynced each commit hands its log record to the kernel (transaction_sync method=none), which is
// what the other engines do; without it records stay in the process.
#include <stdlib.h>
#include <wiredtiger.h>

#include "peers/engines.h"
#include "support/failure.h"

struct engine_db {
    WT_CONNECTION *connection;
};

struct engine_session {
    WT_SESSION *session;
    WT_CURSOR *cursor;
};

static void check(int error, const char *what)
{
    if (error != 0) bench_die("wiredtiger: %s: %s", what, wiredtiger_strerror(error));
}

static void version(char *text, size_t size)
{
    int major, minor, patch;

    wiredtiger_version(&major, &minor, &patch);
    bench_format(text, size, "%d.%d.%d", major, minor, patch);
}

static void describe(const engine_settings *settings, char *text, size_t size)
{
    bench_format(text, size, "B-tree, cache %llu MiB, log with %s, %s",
                 (unsigned long long)(settings->memory_bytes >> 20),
                 settings->is_synced ? "an fsync for each commit" : "a write for each commit",
                 settings->keeps_log ? "no checkpoints" : "a checkpoint each 256 MiB of log");
}

static engine_db *open_connection(const engine_settings *settings)
{
    engine_db *db = bench_allocate(1, sizeof(*db));
    WT_SESSION *session;
    char config[512];

    bench_format(config, sizeof(config),
                 "create,cache_size=%llu,session_max=128,log=(enabled=true,file_max=64MB),"
                 "transaction_sync=(enabled=true,method=%s)%s",
                 (unsigned long long)settings->memory_bytes, settings->is_synced ? "fsync" : "none",
                 settings->keeps_log ? "" : ",checkpoint=(log_size=256MB)");
    check(wiredtiger_open(settings->directory, NULL, config, &db->connection), "open");
    check(db->connection->open_session(db->connection, NULL, NULL, &session), "open a session");
    check(session->create(session, "table:entries", "key_format=u,value_format=u"), "create");
    check(session->close(session, NULL), "close a session");
    return db;
}

static void close_connection(engine_db *db)
{
    check(db->connection->close(db->connection, NULL), "close");
    free(db);
}

static engine_session *session_open(engine_db *db)
{
    engine_session *session = bench_allocate(1, sizeof(*session));

    check(db->connection->open_session(db->connection, NULL, NULL, &session->session),
          "open a session");
    check(session->session->open_cursor(session->session, "table:entries", NULL, NULL,
                                        &session->cursor),
          "open a cursor");
    return session;
}

static void session_close(engine_session *session)
{
    check(session->session->close(session->session, NULL), "close a session");
    free(session);
}

// A cursor that stands somewhere keeps its snapshot, and with it all versions since.
static void reset_cursor(engine_session *session)
{
    check(session->cursor->reset(session->cursor), "reset a cursor");
}

static void set_key(engine_session *session, engine_bytes key)
{
    WT_ITEM item = {.data = key.data, .size = key.size};

    session->cursor->set_key(session->cursor, &item);
}

static int insert(engine_session *session, engine_bytes key, engine_bytes value)
{
    WT_ITEM item = {.data = value.data, .size = value.size};

    set_key(session, key);
    session->cursor->set_value(session->cursor, &item);
    return session->cursor->insert(session->cursor);
}

static void put(engine_session *session, engine_bytes key, engine_bytes value)
{
    int error;

    do
        error = insert(session, key, value);
    while (error == WT_ROLLBACK);
    check(error, "insert");
}

static bool get(engine_session *session, engine_bytes key, engine_bytes *value)
{
    WT_CURSOR *cursor = session->cursor;
    WT_ITEM item;
    int error;

    set_key(session, key);
    error = cursor->search(cursor);
    if (error == WT_NOTFOUND) return false;
    check(error, "search");
    check(cursor->get_value(cursor, &item), "get a value");
    *value = (engine_bytes){item.data, item.size};
    return true;
}

static void remove_key(engine_session *session, engine_bytes key)
{
    int error;

    do {
        set_key(session, key);
        error = session->cursor->remove(session->cursor);
    } while (error == WT_ROLLBACK);
    if (error != WT_NOTFOUND) check(error, "remove");
}

static void write_batch(engine_session *session, const engine_bytes *keys,
                        const engine_bytes *values, size_t count)
{
    WT_SESSION *handle = session->session;
    size_t done = 0;

    while (done < count) {
        int error = 0;

        reset_cursor(session);
        check(handle->begin_transaction(handle, NULL), "begin");
        for (done = 0; done < count && error == 0; done++)
            error = insert(session, keys[done], values[done]);
        if (error == WT_ROLLBACK) {
            check(handle->rollback_transaction(handle, NULL), "roll back");
            done = 0;
            continue;
        }
        check(error, "insert");
        check(handle->commit_transaction(handle, NULL), "commit");
    }
}

static size_t scan(engine_session *session, engine_bytes from, size_t count, engine_visit visit,
                   void *context)
{
    WT_CURSOR *cursor = session->cursor;
    size_t visited = 0;
    int error, side;

    set_key(session, from);
    error = cursor->search_near(cursor, &side);
    if (error == 0 && side < 0) error = cursor->next(cursor);
    while (error == 0) {
        WT_ITEM key, value;

        check(cursor->get_key(cursor, &key), "get a key");
        check(cursor->get_value(cursor, &value), "get a value");
        visit(context, (engine_bytes){key.data, key.size}, (engine_bytes){value.data, value.size});
        if (++visited == count) break;
        error = cursor->next(cursor);
    }
    if (error != WT_NOTFOUND) check(error, "scan");
    reset_cursor(session);
    return visited;
}

const engine engine_wiredtiger = {
    .name = "wiredtiger",
    .version = version,
    .describe = describe,
    .open = open_connection,
    .close = close_connection,
    .session_open = session_open,
    .session_close = session_close,
    .rest = reset_cursor,
    .put = put,
    .get = get,
    .remove = remove_key,
    .write_batch = write_batch,
    .scan = scan,
};
