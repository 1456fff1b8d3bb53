// SPDX-License-Identifier: Apache-2.0
// Ferric: a collection with two indexes.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ferric/ferric.h>

#include "documents/document_engine.h"
#include "support/failure.h"

#define FILTER_SIZE 8192

struct document_db {
    ferric_db *db;
    ferric_keyspace *collection;
    ferric_batch *batch;
    ferric_buffer value;
    document_fields fields;
};

static void check(ferric_status status, const char *what)
{
    if (status != FERRIC_OK) bench_die("ferric: %s: %s", what, ferric_error_message());
}

static ferric_slice text_of(const char *text)
{
    return (ferric_slice){text, strlen(text)};
}

static void create_index(document_db *db, const char *field)
{
    char keys[256];
    bench_format(keys, sizeof keys, "{\"%s\":1}", field);
    check(ferric_index_create(db->db, db->collection, text_of(keys), NULL), "index");
}

static document_db *open_store(const document_settings *settings)
{
    document_db *db = bench_allocate(1, sizeof *db);
    ferric_options options = FERRIC_OPTIONS_INIT;
    char path[4096];

    bench_format(path, sizeof path, "%s/documents.ferric", settings->directory);
    options.memory_limit = settings->memory_bytes;
    options.fsync = settings->is_synced ? FERRIC_FSYNC_ALWAYS : FERRIC_FSYNC_NEVER;
    check(ferric_open(path, &options, &db->db), "open");
    check(ferric_keyspace_open(db->db, "d", FERRIC_KEYSPACE_COLLECTION, &db->collection), "open");
    check(ferric_batch_create(&db->batch), "batch");
    db->fields = settings->fields;
    create_index(db, db->fields.equal);
    create_index(db, db->fields.range);
    return db;
}

static void close_store(document_db *db)
{
    ferric_batch_destroy(db->batch);
    ferric_buffer_free(&db->value);
    ferric_keyspace_close(db->collection);
    check(ferric_close(db->db), "close");
    free(db);
}

static void add(document_db *db, const document *documents, size_t count)
{
    ferric_batch_clear(db->batch);
    for (size_t i = 0; i < count; i++) {
        ferric_slice json = {documents[i].json, documents[i].size};
        check(ferric_batch_document_put(db->batch, db->collection, text_of(documents[i].id), json),
              "put");
    }
    check(ferric_write(db->db, db->batch, NULL, NULL), "write");
}

static document_answer get(document_db *db, const char *id)
{
    document_answer answer = {0, 0};
    check(ferric_document_get(db->db, db->collection, text_of(id), NULL, &db->value, NULL), "get");
    document_answer_add(&answer, true, id, strlen(id));
    answer.hash += db->value.size;
    return answer;
}

static document_answer find(document_db *db, const char *filter, const ferric_find_options *options,
                            bool is_ordered)
{
    document_answer answer = {0, 0};
    ferric_cursor *cursor;

    check(ferric_find(db->db, db->collection, text_of(filter), options, &cursor), "find");
    while (ferric_cursor_next(cursor)) {
        ferric_slice key = ferric_cursor_key(cursor);
        if (ferric_cursor_document(cursor).size == 0) bench_die("ferric: an empty document");
        document_answer_add(&answer, is_ordered, key.data, key.size);
    }
    check(ferric_cursor_status(cursor), "find");
    ferric_cursor_destroy(cursor);
    return answer;
}

static document_answer find_equal(document_db *db, const char *literal)
{
    char filter[FILTER_SIZE];
    bench_format(filter, sizeof filter, "{\"%s\":%s}", db->fields.equal, literal);
    return find(db, filter, NULL, false);
}

static document_answer find_range(document_db *db, const char *literal, int limit)
{
    ferric_find_options options = FERRIC_FIND_OPTIONS_INIT;
    char filter[FILTER_SIZE];
    char sort[256];

    bench_format(filter, sizeof filter, "{\"%s\":{\"$gte\":%s}}", db->fields.range, literal);
    bench_format(sort, sizeof sort, "{\"%s\":1}", db->fields.range);
    options.sort = text_of(sort);
    options.limit = (uint64_t)limit;
    return find(db, filter, &options, true);
}

static document_answer count_plain(document_db *db, const char *literal)
{
    document_answer answer = {0, 0};
    char filter[FILTER_SIZE];

    bench_format(filter, sizeof filter, "{\"%s\":%s}", db->fields.plain, literal);
    check(ferric_find_count(db->db, db->collection, text_of(filter), NULL, &answer.count), "count");
    return answer;
}

static void visit_equal(document_db *db, const char *literal)
{
    ferric_update_options options = FERRIC_UPDATE_OPTIONS_INIT;
    char filter[FILTER_SIZE];

    bench_format(filter, sizeof filter, "{\"%s\":%s}", db->fields.equal, literal);
    options.many = true;
    check(ferric_update(db->db, db->collection, text_of(filter),
                        text_of("{\"$inc\":{\"visits\":1}}"), &options, NULL, NULL),
          "update");
}

static document_answer visits(document_db *db)
{
    document_answer answer = {0, 0};
    const char *sum;

    check(ferric_find_group(db->db, db->collection,
                            text_of("{\"_id\":null,\"sum\":{\"$sum\":\"$visits\"}}"),
                            (ferric_slice){NULL, 0}, NULL, &db->value),
          "group");
    sum = memmem(db->value.data, db->value.size, "\"sum\":", 6);
    if (sum == NULL) return answer;
    for (sum += 6; *sum >= '0' && *sum <= '9'; sum++) // A brace stands behind it.
        answer.count = answer.count * 10 + (uint64_t)(*sum - '0');
    return answer;
}

const document_engine document_engine_ferric = {
    "ferric",   open_store, close_store, add,         get,
    find_equal, find_range, count_plain, visit_equal, visits,
};
