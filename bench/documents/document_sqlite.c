// SPDX-License-Identifier: Apache-2.0
// SQLite: a table of keys and JSON texts, indexes on json_extract expressions, WAL, statements that
// are prepared once.
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "documents/document_engine.h"
#include "support/failure.h"

enum { PUT, GET, EQUAL, RANGE, PLAIN, VISIT, VISITS, BEGIN, COMMIT, STATEMENT_COUNT };

struct document_db {
    sqlite3 *connection;
    sqlite3_stmt *statements[STATEMENT_COUNT];
};

static void execute(sqlite3 *connection, const char *text)
{
    if (sqlite3_exec(connection, text, NULL, NULL, NULL) != SQLITE_OK)
        bench_die("sqlite: %s: %s", text, sqlite3_errmsg(connection));
}

static void prepare(document_db *db, int index, const char *text)
{
    if (sqlite3_prepare_v3(db->connection, text, -1, SQLITE_PREPARE_PERSISTENT,
                           &db->statements[index], NULL) != SQLITE_OK)
        bench_die("sqlite: %s: %s", text, sqlite3_errmsg(db->connection));
}

// An expression is served by its index when it is written as the index has it.
static void prepare_all(document_db *db, const document_fields *fields)
{
    static const char *const fixed[STATEMENT_COUNT] = {
        [PUT] = "INSERT OR REPLACE INTO d VALUES (?1, ?2)",
        [GET] = "SELECT json FROM d WHERE id = ?1",
        [VISITS] = "SELECT sum(json_extract(json, '$.visits')) FROM d",
        [BEGIN] = "BEGIN IMMEDIATE",
        [COMMIT] = "COMMIT",
    };
    char text[1024];

    for (int i = 0; i < STATEMENT_COUNT; i++) {
        if (fixed[i] != NULL) prepare(db, i, fixed[i]);
    }
    bench_format(text, sizeof text,
                 "SELECT id, json FROM d WHERE json_extract(json, '$.\"%s\"') = ?1", fields->equal);
    prepare(db, EQUAL, text);
    bench_format(text, sizeof text,
                 "SELECT id, json FROM d WHERE json_extract(json, '$.\"%s\"') >= ?1 "
                 "ORDER BY json_extract(json, '$.\"%s\"') LIMIT ?2",
                 fields->range, fields->range);
    prepare(db, RANGE, text);
    bench_format(text, sizeof text,
                 "SELECT count(*) FROM d WHERE json_extract(json, '$.\"%s\"') = ?1", fields->plain);
    prepare(db, PLAIN, text);
    bench_format(text, sizeof text,
                 "UPDATE d SET json = json_set(json, '$.visits', "
                 "coalesce(json_extract(json, '$.visits'), 0) + 1) "
                 "WHERE json_extract(json, '$.\"%s\"') = ?1",
                 fields->equal);
    prepare(db, VISIT, text);
}

static document_db *open_file(const document_settings *settings)
{
    document_db *db = bench_allocate(1, sizeof *db);
    char text[4200];

    bench_format(text, sizeof text, "%s/documents.sqlite", settings->directory);
    if (sqlite3_open(text, &db->connection) != SQLITE_OK)
        bench_die("sqlite: %s: %s", text, sqlite3_errmsg(db->connection));
    bench_format(text, sizeof text,
                 "PRAGMA journal_mode=WAL; PRAGMA synchronous=%s; PRAGMA cache_size=-%llu;",
                 settings->is_synced ? "FULL" : "OFF",
                 (unsigned long long)(settings->memory_bytes / 1024));
    execute(db->connection, text);
    execute(db->connection, "CREATE TABLE d (id TEXT PRIMARY KEY, json TEXT)");
    bench_format(text, sizeof text, "CREATE INDEX e ON d (json_extract(json, '$.\"%s\"'))",
                 settings->fields.equal);
    execute(db->connection, text);
    bench_format(text, sizeof text, "CREATE INDEX r ON d (json_extract(json, '$.\"%s\"'))",
                 settings->fields.range);
    execute(db->connection, text);
    prepare_all(db, &settings->fields);
    return db;
}

static void close_file(document_db *db)
{
    for (int i = 0; i < STATEMENT_COUNT; i++)
        sqlite3_finalize(db->statements[i]);
    if (sqlite3_close(db->connection) != SQLITE_OK) bench_die("sqlite: close failed");
    free(db);
}

// A JSON literal as a value: a string without its quotes (which has no escapes here), or a number.
static void bind_literal(document_db *db, sqlite3_stmt *statement, const char *literal)
{
    int code = *literal == '"' ? sqlite3_bind_text(statement, 1, literal + 1,
                                                   (int)strlen(literal) - 2, SQLITE_STATIC)
                               : sqlite3_bind_int64(statement, 1, strtoll(literal, NULL, 10));
    if (code != SQLITE_OK) bench_die("sqlite: %s", sqlite3_errmsg(db->connection));
}

static void end(document_db *db, sqlite3_stmt *statement, int code)
{
    if (code != SQLITE_DONE || sqlite3_reset(statement) != SQLITE_OK)
        bench_die("sqlite: %s", sqlite3_errmsg(db->connection));
}

static void run(document_db *db, int index)
{
    end(db, db->statements[index], sqlite3_step(db->statements[index]));
}

static void add(document_db *db, const document *documents, size_t count)
{
    sqlite3_stmt *put = db->statements[PUT];

    run(db, BEGIN);
    for (size_t i = 0; i < count; i++) {
        sqlite3_bind_text(put, 1, documents[i].id, -1, SQLITE_STATIC);
        sqlite3_bind_text(put, 2, documents[i].json, (int)documents[i].size, SQLITE_STATIC);
        end(db, put, sqlite3_step(put));
    }
    run(db, COMMIT);
}

static document_answer get(document_db *db, const char *id)
{
    sqlite3_stmt *statement = db->statements[GET];
    document_answer answer = {0, 0};

    sqlite3_bind_text(statement, 1, id, -1, SQLITE_STATIC);
    if (sqlite3_step(statement) != SQLITE_ROW) bench_die("sqlite: %s is lost", id);
    document_answer_add(&answer, true, id, strlen(id));
    answer.hash += (uint64_t)sqlite3_column_bytes(statement, 0);
    end(db, statement, sqlite3_step(statement));
    return answer;
}

static document_answer find(document_db *db, int index, bool is_ordered)
{
    sqlite3_stmt *statement = db->statements[index];
    document_answer answer = {0, 0};
    int code;

    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        const void *id = sqlite3_column_text(statement, 0);
        if (sqlite3_column_bytes(statement, 1) == 0) bench_die("sqlite: an empty document");
        document_answer_add(&answer, is_ordered, id, (size_t)sqlite3_column_bytes(statement, 0));
    }
    end(db, statement, code);
    return answer;
}

static document_answer find_equal(document_db *db, const char *literal)
{
    bind_literal(db, db->statements[EQUAL], literal);
    return find(db, EQUAL, false);
}

static document_answer find_range(document_db *db, const char *literal, int limit)
{
    bind_literal(db, db->statements[RANGE], literal);
    sqlite3_bind_int(db->statements[RANGE], 2, limit);
    return find(db, RANGE, true);
}

static document_answer one_number(document_db *db, int index)
{
    sqlite3_stmt *statement = db->statements[index];
    document_answer answer = {0, 0};

    if (sqlite3_step(statement) != SQLITE_ROW) bench_die("sqlite: no row");
    answer.count = (uint64_t)sqlite3_column_int64(statement, 0);
    end(db, statement, sqlite3_step(statement));
    return answer;
}

static document_answer count_plain(document_db *db, const char *literal)
{
    bind_literal(db, db->statements[PLAIN], literal);
    return one_number(db, PLAIN);
}

static void visit_equal(document_db *db, const char *literal)
{
    bind_literal(db, db->statements[VISIT], literal);
    run(db, VISIT);
}

static document_answer visits(document_db *db)
{
    return one_number(db, VISITS);
}

const document_engine document_engine_sqlite = {
    "sqlite",   open_file,  close_file,  add,         get,
    find_equal, find_range, count_plain, visit_equal, visits,
};
