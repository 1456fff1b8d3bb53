// SPDX-License-Identifier: Apache-2.0
// One small table of functions per document store: what ferric-documents asks of it.
//
// Documents are JSON objects under string keys, with an index on a field that several of them share
// and one on a field that no two share. What fails ends the process through bench_die.
#ifndef FERRIC_DOCUMENTS_DOCUMENT_ENGINE_H
#define FERRIC_DOCUMENTS_DOCUMENT_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct document {
    const char *id;    // Both end with a zero byte.
    const char *json;  // An object without its key.
    size_t size;       // Of the JSON.
    const char *equal; // Values of its fields as JSON literals, for the queries.
    const char *range;
    const char *plain;
} document;

// The fields' names: of an index, of an index, and of none.
typedef struct document_fields {
    const char *equal;
    const char *range;
    const char *plain;
} document_fields;

typedef struct document_settings {
    const char *directory; // Exists, and is empty.
    document_fields fields;
    uint64_t memory_bytes;
    bool is_synced; // Each commit is on disk before it returns; else in the kernel.
} document_settings;

typedef struct document_db document_db;

// An answer, so that two engines' can be compared: how many documents, and what they are.
typedef struct document_answer {
    uint64_t count;
    uint64_t hash;
} document_answer;

typedef struct document_engine {
    const char *name;
    document_db *(*open)(const document_settings *settings);
    void (*close)(document_db *db);
    // One commit.
    void (*add)(document_db *db, const document *documents, size_t count);
    document_answer (*get)(document_db *db, const char *id);
    // The documents whose field is the literal, in any order.
    document_answer (*find_equal)(document_db *db, const char *literal);
    // The first `limit` documents from the literal on, in the order of the field.
    document_answer (*find_range)(document_db *db, const char *literal, int limit);
    // How many documents have the literal in the field without index.
    document_answer (*count_plain)(document_db *db, const char *literal);
    // Adds one to "visits" of the documents whose field is the literal; one commit.
    void (*visit_equal)(document_db *db, const char *literal);
    // The sum of all visits.
    document_answer (*visits)(document_db *db);
} document_engine;

extern const document_engine document_engine_ferric;
#ifdef DOCUMENTS_HAVE_SQLITE
extern const document_engine document_engine_sqlite;
#endif

// Adds a document to an answer: in order, or in any.
void document_answer_add(document_answer *answer, bool is_ordered, const void *id, size_t size);

#endif
