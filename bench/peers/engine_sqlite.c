// SPDX-License-Identifier: Apache-2.0
// SQLite: one table without rowid in WAL mode, prepared statements, one connection per session.
// SQLCipher is the same with a key: this file is compiled once more with its header.
#include <sqlite3.h>
#include <stdlib.h>

#include "peers/engines.h"
#include "support/failure.h"

enum { PUT, GET, DELETE, SCAN, BEGIN, COMMIT, STATEMENT_COUNT };

static const char *const statements[STATEMENT_COUNT] = {
    [PUT] = "INSERT OR REPLACE INTO entries VALUES (?1, ?2)",
    [GET] = "SELECT v FROM entries WHERE k = ?1",
    [DELETE] = "DELETE FROM entries WHERE k = ?1",
    [SCAN] = "SELECT k, v FROM entries WHERE k >= ?1 ORDER BY k LIMIT ?2",
    [BEGIN] = "BEGIN IMMEDIATE",
    [COMMIT] = "COMMIT",
};

struct engine_db {
    char file[4096];
    char pragmas[512];
    sqlite3 *connection; // Kept open so that the last session does not close the log.
};

struct engine_session {
    sqlite3 *connection;
    sqlite3_stmt *statements[STATEMENT_COUNT];
};

// SQLCipher has a version of its own; SQLite answers nothing.
static void version(char *text, size_t size)
{
    sqlite3 *connection;
    sqlite3_stmt *asked;

    if (sqlite3_open(":memory:", &connection) != SQLITE_OK ||
        sqlite3_prepare_v2(connection, "PRAGMA cipher_version", -1, &asked, NULL) != SQLITE_OK)
        bench_die("sqlite: no version: %s", sqlite3_errmsg(connection));
    if (sqlite3_step(asked) == SQLITE_ROW) {
        bench_format(text, size, "%s (SQLite %s)", (const char *)sqlite3_column_text(asked, 0),
                     sqlite3_libversion());
    } else {
        bench_format(text, size, "%s", sqlite3_libversion());
    }
    sqlite3_finalize(asked);
    sqlite3_close(connection);
}

static uint64_t cache_kib(const engine_settings *settings)
{
    return settings->memory_bytes / 1024 / settings->sessions_max;
}

static void describe(const engine_settings *settings, char *text, size_t size)
{
    bench_format(
        text, size,
        "%sWAL, synchronous=%s, WITHOUT ROWID, prepared statements, cache %llu MiB for each "
        "connection%s",
        settings->is_encrypted ? "raw key, cipher_page_size 4096, " : "",
        settings->is_synced ? "FULL" : "OFF", (unsigned long long)(cache_kib(settings) / 1024),
        settings->keeps_log ? ", no checkpoints" : "");
}

static void execute(sqlite3 *connection, const char *text)
{
    if (sqlite3_exec(connection, text, NULL, NULL, NULL) != SQLITE_OK)
        bench_die("sqlite: %s: %s", text, sqlite3_errmsg(connection));
}

static sqlite3 *connect(const engine_db *db)
{
    sqlite3 *connection;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;

    if (sqlite3_open_v2(db->file, &connection, flags, NULL) != SQLITE_OK)
        bench_die("sqlite: %s: %s", db->file, sqlite3_errmsg(connection));
    sqlite3_busy_timeout(connection, 60000);
    execute(connection, db->pragmas);
    return connection;
}

static engine_db *open_file(const engine_settings *settings)
{
    engine_db *db = bench_allocate(1, sizeof(*db));

    bench_format(db->file, sizeof(db->file), "%s/entries.db", settings->directory);
    bench_format(db->pragmas, sizeof(db->pragmas),
                 "%sPRAGMA journal_mode=WAL; PRAGMA synchronous=%s; PRAGMA cache_size=-%llu;"
                 "PRAGMA wal_autocheckpoint=%d;",
                 settings->is_encrypted ? "PRAGMA key=\"x'" ENGINE_KEY_HEX
                                          "'\"; PRAGMA cipher_page_size=4096;"
                                        : "",
                 settings->is_synced ? "FULL" : "OFF", (unsigned long long)cache_kib(settings),
                 settings->keeps_log ? 0 : 1000);
    db->connection = connect(db);
    execute(db->connection,
            "CREATE TABLE IF NOT EXISTS entries (k BLOB PRIMARY KEY, v BLOB) WITHOUT ROWID");
    return db;
}

static void close_file(engine_db *db)
{
    if (sqlite3_close(db->connection) != SQLITE_OK) bench_die("sqlite: close failed");
    free(db);
}

// SQLCipher 3 stands on a SQLite that has no such hint yet.
static int prepare(sqlite3 *connection, const char *text, sqlite3_stmt **statement)
{
#if defined(SQLITE_PREPARE_PERSISTENT)
    return sqlite3_prepare_v3(connection, text, -1, SQLITE_PREPARE_PERSISTENT, statement, NULL);
#else
    return sqlite3_prepare_v2(connection, text, -1, statement, NULL);
#endif
}

static engine_session *session_open(engine_db *db)
{
    engine_session *session = bench_allocate(1, sizeof(*session));
    int i;

    session->connection = connect(db);
    for (i = 0; i < STATEMENT_COUNT; i++) {
        if (prepare(session->connection, statements[i], &session->statements[i]) != SQLITE_OK)
            bench_die("sqlite: %s: %s", statements[i], sqlite3_errmsg(session->connection));
    }
    return session;
}

static void session_close(engine_session *session)
{
    int i;

    for (i = 0; i < STATEMENT_COUNT; i++)
        sqlite3_finalize(session->statements[i]);
    if (sqlite3_close(session->connection) != SQLITE_OK) bench_die("sqlite: close failed");
    free(session);
}

static void bind(engine_session *session, int statement, int place, engine_bytes bytes)
{
    if (sqlite3_bind_blob(session->statements[statement], place, bytes.data, (int)bytes.size,
                          SQLITE_STATIC) != SQLITE_OK)
        bench_die("sqlite: bind: %s", sqlite3_errmsg(session->connection));
}

// Runs a statement that gives no rows.
static void run(engine_session *session, int statement)
{
    sqlite3_stmt *prepared = session->statements[statement];

    if (sqlite3_step(prepared) != SQLITE_DONE)
        bench_die("sqlite: %s: %s", statements[statement], sqlite3_errmsg(session->connection));
    sqlite3_reset(prepared);
}

// An unfinished read would keep the log from being checkpointed.
static void end_reading(engine_session *session)
{
    sqlite3_reset(session->statements[GET]);
}

static void put(engine_session *session, engine_bytes key, engine_bytes value)
{
    end_reading(session);
    bind(session, PUT, 1, key);
    bind(session, PUT, 2, value);
    run(session, PUT);
}

static bool get(engine_session *session, engine_bytes key, engine_bytes *value)
{
    sqlite3_stmt *prepared = session->statements[GET];
    int answer;

    end_reading(session);
    bind(session, GET, 1, key);
    answer = sqlite3_step(prepared);
    if (answer == SQLITE_DONE) return false;
    if (answer != SQLITE_ROW) bench_die("sqlite: get: %s", sqlite3_errmsg(session->connection));
    value->data = sqlite3_column_blob(prepared, 0);
    value->size = (size_t)sqlite3_column_bytes(prepared, 0);
    return true;
}

static void remove_key(engine_session *session, engine_bytes key)
{
    end_reading(session);
    bind(session, DELETE, 1, key);
    run(session, DELETE);
}

static void write_batch(engine_session *session, const engine_bytes *keys,
                        const engine_bytes *values, size_t count)
{
    size_t i;

    end_reading(session);
    run(session, BEGIN);
    for (i = 0; i < count; i++)
        put(session, keys[i], values[i]);
    run(session, COMMIT);
}

static size_t scan(engine_session *session, engine_bytes from, size_t count, engine_visit visit,
                   void *context)
{
    sqlite3_stmt *prepared = session->statements[SCAN];
    size_t visited = 0;
    int answer;

    end_reading(session);
    bind(session, SCAN, 1, from);
    sqlite3_bind_int64(prepared, 2, (sqlite3_int64)count);
    while ((answer = sqlite3_step(prepared)) == SQLITE_ROW) {
        engine_bytes key = {sqlite3_column_blob(prepared, 0),
                            (size_t)sqlite3_column_bytes(prepared, 0)};
        engine_bytes value = {sqlite3_column_blob(prepared, 1),
                              (size_t)sqlite3_column_bytes(prepared, 1)};
        visit(context, key, value);
        visited++;
    }
    if (answer != SQLITE_DONE) bench_die("sqlite: scan: %s", sqlite3_errmsg(session->connection));
    sqlite3_reset(prepared);
    return visited;
}

#define FUNCTIONS                                                                                  \
    .version = version, .describe = describe, .open = open_file, .close = close_file,              \
    .session_open = session_open, .session_close = session_close, .rest = end_reading, .put = put, \
    .get = get, .remove = remove_key, .write_batch = write_batch, .scan = scan

#if defined(PEERS_SQLCIPHER)
const engine engine_sqlcipher = {.name = "sqlcipher", .is_encrypted = true, FUNCTIONS};
#else
const engine engine_sqlite = {.name = "sqlite", FUNCTIONS};
#endif
