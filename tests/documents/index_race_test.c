// SPDX-License-Identifier: Apache-2.0
// Writers at once, while indexes are created beside them and dropped again. At rest, indexes have
// the entries of the documents, and no two documents have the same unique value.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <ferric/ferric.h>

#include "base/random.h"
#include "os/thread.h"
#include "os/vfs.h"
#include "support/harness.h"

#define ROUND_FLOOR 1400u
#define WRITE_FLOOR 700000u
#define RANGE_FLOOR 50000u
#define WRITERS 4
#define WRITES_OF_A_ROUND 150
#define ID_COUNT 60
#define UNIQUE_COUNT 40

typedef struct writer {
    fe_thread thread;
    ferric_db *db;
    ferric_keyspace *docs;
    fe_random random;
    bool deletes_ranges;
    uint64_t ranges;      // That were deleted.
    ferric_status status; // The first that is none of those that may be.
    char message[256];
} writer;

static ferric_slice slice(const char *text)
{
    return (ferric_slice){text, strlen(text)};
}

static void note(writer *w, ferric_status status)
{
    if (status == FERRIC_OK || status == FERRIC_ALREADY_EXISTS || w->status != FERRIC_OK) return;
    w->status = status;
    snprintf(w->message, sizeof w->message, "%s", ferric_error_message());
}

// All documents, one by one: a range without bounds would not look at them. Others may write into
// it whenever it is to be committed, and so often that it is given up.
static ferric_status delete_all(writer *w)
{
    ferric_status status = ferric_delete_range(w->db, w->docs, slice("id"), slice("id~"), NULL);

    if (status == FERRIC_OK) w->ranges++;
    return status == FERRIC_CONFLICT ? FERRIC_OK : status;
}

static void write_all(void *argument)
{
    writer *w = argument;

    for (int i = 0; i < WRITES_OF_A_ROUND; i++) {
        char id[16];
        char text[96];
        snprintf(id, sizeof id, "id%d", (int)fe_random_below(&w->random, ID_COUNT));
        snprintf(text, sizeof text, "{\"u\":%d,\"c\":[%d,%d]}",
                 (int)fe_random_below(&w->random, UNIQUE_COUNT),
                 (int)fe_random_below(&w->random, 5), (int)fe_random_below(&w->random, 5));
        note(w, w->deletes_ranges ? delete_all(w)
                : fe_random_below(&w->random, 4) == 0
                    ? ferric_delete(w->db, w->docs, slice(id), NULL)
                    : ferric_document_put(w->db, w->docs, slice(id), slice(text), NULL));
    }
}

static bool index_exists(ferric_status status)
{
    return status == FERRIC_OK || status == FERRIC_ALREADY_EXISTS;
}

// One database: writers and the creation of indexes at once, then a look at the result.
static char *run_round(uint64_t seed, uint64_t *ranges)
{
    ferric_options options = FERRIC_OPTIONS_INIT;
    ferric_index_options unique = FERRIC_INDEX_OPTIONS_INIT;
    writer writers[WRITERS] = {0};
    ferric_db *db;
    ferric_keyspace *docs;
    uint64_t entries = 0;
    ferric_status status;
    char *failure = NULL;

    options.fsync = FERRIC_FSYNC_NEVER;
    unique.unique = true;
    if (ferric_open(":memory:", &options, &db) != FERRIC_OK ||
        ferric_keyspace_open(db, "docs", FERRIC_KEYSPACE_COLLECTION, &docs) != FERRIC_OK) {
        harness_panic("no database: %s", ferric_error_message());
    }
    // In half of the rounds the unique index is there before; in others documents that collide are.
    if (seed % 2 == 0) (void)ferric_index_create(db, docs, slice("{\"u\":1}"), &unique);
    for (size_t i = 0; i < WRITERS; i++) {
        writers[i].db = db;
        writers[i].docs = docs;
        writers[i].deletes_ranges = seed % 4 == 3 && i < WRITERS / 2;
        writers[i].random.state = seed * WRITERS + i;
        if (fe_thread_start(&writers[i].thread, "writer", write_all, &writers[i]) != FERRIC_OK) {
            harness_panic("no thread");
        }
    }
    status = ferric_index_create(db, docs, slice("{\"c\":1}"), NULL);
    if (status == FERRIC_OK && seed % 3 == 0) {
        status = ferric_index_drop(db, docs, "c_1");
        if (status == FERRIC_OK) status = ferric_index_create(db, docs, slice("{\"c\":1}"), NULL);
    }
    if (status == FERRIC_OK) status = ferric_index_create(db, docs, slice("{\"u\":1}"), &unique);
    for (size_t i = 0; i < WRITERS; i++) {
        fe_thread_join(&writers[i].thread);
        *ranges += writers[i].ranges;
        if (failure == NULL && writers[i].status != FERRIC_OK) {
            failure = harness_format("round %" PRIu64 ": a writer got %s, %s", seed,
                                     ferric_status_name(writers[i].status), writers[i].message);
        }
    }
    if (failure == NULL && !index_exists(status)) {
        failure = harness_format("round %" PRIu64 ": creating gave %s, %s", seed,
                                 ferric_status_name(status), ferric_error_message());
    }
    if (failure == NULL) {
        status = ferric_index_verify(db, docs, NULL, &entries);
        if (status != FERRIC_OK) {
            failure = harness_format("round %" PRIu64 ": %s", seed, ferric_error_message());
        }
    }
    ferric_keyspace_close(docs);
    (void)ferric_close(db);
    return failure;
}

int main(void)
{
    harness h;
    uint64_t rounds = 0;
    uint64_t ranges = 0;

    harness_begin(&h, "index race", 20261123);
    while (h.failed == 0 && rounds < harness_floor(&h, ROUND_FLOOR)) {
        char *failure = run_round(h.seed + rounds++, &ranges);
        if (failure == NULL)
            harness_pass(&h);
        else
            harness_fail(&h, "%s", failure);
        harness_free(failure);
    }
    harness_count(&h, "rounds", rounds, ROUND_FLOOR);
    harness_count(&h, "writes", rounds * WRITERS * WRITES_OF_A_ROUND, WRITE_FLOOR);
    harness_count(&h, "ranges deleted", ranges, RANGE_FLOOR);
    return harness_end(&h);
}
