// SPDX-License-Identifier: Apache-2.0
// ferric-collections: what calls on a collection cost beside the same calls on raw keys, what a
// find by an index costs for its first result and for each further one, and what the build of an
// index costs those who write meanwhile.
//
// Usage: ferric-collections [--documents N] [--directory DIRECTORY]
// The first part is in memory; the second makes and removes a database in DIRECTORY, if one is
// given.
#include "collections/collection_calls.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/failure.h"
#include "support/median.h"
#include "support/timing.h"

#define ROUNDS 9
#define CALLS 20000

typedef struct bench {
    ferric_db *db;
    ferric_keyspace *raw;
    ferric_keyspace *plain;   // A collection without an index,
    ferric_keyspace *indexed; // and one with an index on "group".
    uint64_t count;
    ferric_buffer value;
} bench;

void documents_check(ferric_status status, const char *what)
{
    if (status != FERRIC_OK) bench_die("%s: %s", what, ferric_error_message());
}

ferric_slice documents_key(uint64_t number, char text[DOCUMENT_SIZE])
{
    uint64_t mixed = number * 0x9e3779b97f4a7c15u;
    bench_format(text, DOCUMENT_SIZE, "%016" PRIx64, mixed);
    return (ferric_slice){text, 16};
}

ferric_slice documents_text(uint64_t number, char text[DOCUMENT_SIZE])
{
    bench_format(text, DOCUMENT_SIZE,
                 "{\"unique\":%" PRIu64 ",\"group\":%" PRIu64
                 ",\"name\":\"Ada Lovelace the %" PRIu64 "th\","
                 "\"email\":\"ada.%" PRIu64 "@example.org\",\"active\":true,"
                 "\"tags\":[\"mathematics\",\"engines\",\"poetry\"],"
                 "\"address\":{\"street\":\"12 St James's Square\",\"city\":\"London\","
                 "\"code\":\"SW1Y 4JH\"},\"notes\":\"The engine weaves algebraic patterns just as "
                 "the loom weaves flowers and leaves.\"}",
                 number, number / DOCUMENTS_GROUP, number, number);
    return (ferric_slice){text, strlen(text)};
}

static ferric_slice text_slice(const char *text)
{
    return (ferric_slice){text, strlen(text)};
}

// ---- What is timed --------------------------------------------------------------------------

typedef void (*operation)(bench *b, uint64_t number);

// The median over rounds of what one call costs, in nanoseconds.
static double measure(bench *b, operation run, uint64_t calls)
{
    double rounds[ROUNDS];
    uint64_t number = 1;

    for (int i = 0; i < ROUNDS; i++) {
        uint64_t start = bench_now_ns();
        for (uint64_t call = 0; call < calls; call++) {
            number = (number * 6364136223846793005u + 1442695040888963407u);
            run(b, (number >> 20) % b->count);
        }
        rounds[i] = (double)(bench_now_ns() - start) / (double)calls;
    }
    return bench_median(rounds, ROUNDS);
}

static void raw_put(bench *b, uint64_t number)
{
    char key[DOCUMENT_SIZE];
    char text[DOCUMENT_SIZE];
    ferric_slice value = documents_text(number, text);

    documents_check(ferric_put(b->db, b->raw, documents_key(number, key), value, NULL), "put");
}

static void put_into(bench *b, ferric_keyspace *keyspace, uint64_t number, uint64_t value)
{
    char key[DOCUMENT_SIZE];
    char text[DOCUMENT_SIZE];

    documents_check(ferric_document_put(b->db, keyspace, documents_key(number, key),
                                        documents_text(value, text), NULL),
                    "put");
}

static void plain_put(bench *b, uint64_t number)
{
    put_into(b, b->plain, number, number);
}

static void indexed_put(bench *b, uint64_t number)
{
    put_into(b, b->indexed, number, number);
}

// A document that moves in the index.
static void moving_put(bench *b, uint64_t number)
{
    static uint64_t moved;
    put_into(b, b->indexed, number, b->count + moved++ * DOCUMENTS_GROUP);
}

// Only what the others do beside their call.
static void make_put(bench *b, uint64_t number)
{
    char key[DOCUMENT_SIZE];
    char text[DOCUMENT_SIZE];

    (void)b;
    bench_keep((uint64_t)(uintptr_t)documents_key(number, key).data);
    bench_keep((uint64_t)(uintptr_t)documents_text(number, text).data);
}

static void make_key(bench *b, uint64_t number)
{
    char key[DOCUMENT_SIZE];
    (void)b;
    bench_keep((uint64_t)(uintptr_t)documents_key(number, key).data);
}

static void raw_get(bench *b, uint64_t number)
{
    char key[DOCUMENT_SIZE];
    documents_check(ferric_get(b->db, b->raw, documents_key(number, key), NULL, &b->value, NULL),
                    "get");
}

static void document_get(bench *b, uint64_t number)
{
    char key[DOCUMENT_SIZE];
    documents_check(
        ferric_document_get(b->db, b->plain, documents_key(number, key), NULL, &b->value, NULL),
        "get");
}

static uint64_t find(bench *b, const char *filter, bool keys_only)
{
    ferric_find_options options = FERRIC_FIND_OPTIONS_INIT;
    ferric_cursor *cursor;
    uint64_t found = 0;

    if (keys_only) options.projection = text_slice("{\"_id\":1}");
    documents_check(ferric_find(b->db, b->indexed, text_slice(filter), &options, &cursor), "find");
    while (ferric_cursor_next(cursor)) {
        bench_keep((uint64_t)(uintptr_t)ferric_cursor_key(cursor).data);
        found++;
    }
    documents_check(ferric_cursor_status(cursor), "find");
    ferric_cursor_destroy(cursor);
    return found;
}

static void find_expecting(bench *b, const char *path, uint64_t value, bool keys_only,
                           uint64_t expected)
{
    char filter[DOCUMENT_SIZE];
    uint64_t found;

    bench_format(filter, sizeof filter, "{\"%s\":%" PRIu64 "}", path, value);
    found = find(b, filter, keys_only);
    if (found != expected) bench_die("%s: %" PRIu64 " found", filter, found);
}

static void find_key(bench *b, uint64_t number)
{
    find_expecting(b, "unique", number, true, 1);
}

static void find_keys(bench *b, uint64_t number)
{
    uint64_t groups = b->count / DOCUMENTS_GROUP;
    find_expecting(b, "group", number % groups, true, DOCUMENTS_GROUP);
}

static void find_document(bench *b, uint64_t number)
{
    find_expecting(b, "unique", number, false, 1);
}

static void find_documents(bench *b, uint64_t number)
{
    uint64_t groups = b->count / DOCUMENTS_GROUP;
    find_expecting(b, "group", number % groups, false, DOCUMENTS_GROUP);
}

static void count_keys(bench *b, uint64_t number)
{
    uint64_t count;
    ferric_slice none = {NULL, 0};

    (void)number;
    documents_check(ferric_count(b->db, b->plain, none, none, NULL, &count), "count");
    if (count != b->count) bench_die("%" PRIu64 " counted", count);
}

// ---- The report -----------------------------------------------------------------------------

static void print(const char *what, double ns)
{
    printf("| %s | %.0f ns |\n", what, ns);
}

static ferric_keyspace *keyspace(bench *b, const char *name, ferric_keyspace_kind kind)
{
    ferric_keyspace *opened;
    documents_check(ferric_keyspace_open(b->db, name, kind, &opened), "keyspace");
    return opened;
}

static void fill(bench *b)
{
    b->raw = keyspace(b, "raw", FERRIC_KEYSPACE_RAW);
    b->plain = keyspace(b, "plain", FERRIC_KEYSPACE_COLLECTION);
    b->indexed = keyspace(b, "indexed", FERRIC_KEYSPACE_COLLECTION);
    documents_check(ferric_index_create(b->db, b->indexed, text_slice("\"group\""), NULL), "index");
    for (uint64_t i = 0; i < b->count; i++) {
        raw_put(b, i);
        plain_put(b, i);
        indexed_put(b, i);
    }
}

static void report_puts(bench *b)
{
    double making = measure(b, make_put, CALLS);
    double raw = measure(b, raw_put, CALLS) - making;
    double plain = measure(b, plain_put, CALLS) - making;
    double indexed = measure(b, indexed_put, CALLS) - making;
    double moving;

    print("put of a raw value", raw);
    print("put of a document", plain);
    print("  more than raw", plain - raw);
    print("put with one index, whose entry stays", indexed);
    moving = measure(b, moving_put, CALLS) - making;
    print("put with one index, whose entry moves", moving);
    printf("|   times a put without | %.2f |\n", moving / plain);
}

static void report_gets(bench *b)
{
    double making = measure(b, make_key, CALLS);
    double raw = measure(b, raw_get, CALLS) - making;
    double document = measure(b, document_get, CALLS) - making;

    print("get of a raw value", raw);
    print("get of a document", document);
    print("  more than raw", document - raw);
}

static void report_finds(bench *b)
{
    double one;

    documents_check(ferric_index_create(b->db, b->indexed, text_slice("\"unique\""), NULL),
                    "index");
    one = measure(b, find_key, CALLS);
    print("find of one key", one);
    print("  each further key", (measure(b, find_keys, CALLS / 100) - one) / (DOCUMENTS_GROUP - 1));
    one = measure(b, find_document, CALLS);
    print("find of one document", one);
    print("  each further document",
          (measure(b, find_documents, CALLS / 100) - one) / (DOCUMENTS_GROUP - 1));
}

static void measure_in_memory(uint64_t count)
{
    bench b = {.count = count};
    ferric_options options = FERRIC_OPTIONS_INIT;

    options.memory_limit = (uint64_t)1 << 32;
    documents_check(ferric_open(":memory:", &options, &b.db), "open");
    fill(&b);
    printf("| in memory, %" PRIu64 " documents | median |\n|---|---|\n", count);
    report_finds(&b);
    report_gets(&b);
    printf("| exact count of all keys | %.2f ms |\n", measure(&b, count_keys, 3) / 1e6);
    documents_check(ferric_index_drop(b.db, b.indexed, "unique_1"), "drop");
    report_puts(&b);
    ferric_buffer_free(&b.value);
    ferric_keyspace_close(b.raw);
    ferric_keyspace_close(b.plain);
    ferric_keyspace_close(b.indexed);
    documents_check(ferric_close(b.db), "close");
}

int main(int argc, char **argv)
{
    uint64_t count = 100000;
    const char *directory = NULL;

    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--documents") == 0) count = strtoull(argv[i + 1], NULL, 10);
        if (strcmp(argv[i], "--directory") == 0) directory = argv[i + 1];
    }
    if (argc % 2 == 0 || count < DOCUMENTS_GROUP) {
        fputs("usage: ferric-collections [--documents N] [--directory DIRECTORY]\n", stderr);
        return 2;
    }
    measure_in_memory(count);
    if (directory != NULL) {
        char path[4096];
        bench_format(path, sizeof path, "%s/documents.db", directory);
        documents_build_beside(path, count);
    }
    return 0;
}
