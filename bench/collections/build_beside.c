// SPDX-License-Identifier: Apache-2.0
// The build of an index beside a writer: the longest put of a collection that gets an index while
// it is written to, and whether a build that was cut half-way goes on.
#include "collections/collection_calls.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "support/failure.h"
#include "support/latency.h"
#include "support/timing.h"

typedef struct writer {
    ferric_db *db;
    ferric_keyspace *docs;
    uint64_t count;
    _Atomic(bool) is_over;
    bench_latency latency;
    pthread_t thread;
} writer;

static ferric_slice text_slice(const char *text)
{
    return (ferric_slice){text, strlen(text)};
}

// Writes as fast as it can, documents that are there and new ones.
static void *write_all(void *context)
{
    writer *self = context;
    uint64_t number = 7;

    while (!atomic_load(&self->is_over)) {
        char key[DOCUMENT_SIZE];
        char text[DOCUMENT_SIZE];
        uint64_t start;
        ferric_slice id = documents_key(number % (self->count + self->count / 10), key);
        ferric_slice json = documents_text(number, text);
        start = bench_now_ns();
        documents_check(ferric_document_put(self->db, self->docs, id, json, NULL), "put");
        bench_latency_add(&self->latency, bench_now_ns() - start);
        number += 7919;
    }
    return NULL;
}

static void begin_writer(writer *self)
{
    memset(&self->latency, 0, sizeof self->latency);
    atomic_store(&self->is_over, false);
    if (pthread_create(&self->thread, NULL, write_all, self) != 0) bench_die("no thread");
}

static void end_writer(writer *self, const char *what)
{
    atomic_store(&self->is_over, true);
    pthread_join(self->thread, NULL);
    printf("| puts %s | %" PRIu64 ", median %.1f us, 99.9%% %.1f us, longest %.2f ms |\n", what,
           self->latency.count, (double)bench_latency_percentile(&self->latency, 0.5) / 1e3,
           (double)bench_latency_percentile(&self->latency, 0.999) / 1e3,
           (double)self->latency.max_ns / 1e6);
}

static void pause_ms(long ms)
{
    struct timespec time = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&time, NULL);
}

static void await(writer *self, uint64_t documents)
{
    ferric_build_progress progress;

    do {
        pause_ms(2);
        documents_check(ferric_index_progress(self->db, self->docs, "group_1", &progress),
                        "progress");
    } while (!progress.is_ready && progress.documents < documents);
}

static void open_database(writer *self, const char *path)
{
    ferric_options options = FERRIC_OPTIONS_INIT;

    options.fsync = FERRIC_FSYNC_NEVER;
    documents_check(ferric_open(path, &options, &self->db), "open");
    documents_check(ferric_keyspace_open(self->db, "docs", FERRIC_KEYSPACE_COLLECTION, &self->docs),
                    "keyspace");
}

static void close_database(writer *self)
{
    ferric_keyspace_close(self->docs);
    documents_check(ferric_close(self->db), "close");
}

static void fill(writer *self)
{
    for (uint64_t i = 0; i < self->count; i++) {
        char key[DOCUMENT_SIZE];
        char text[DOCUMENT_SIZE];
        documents_check(ferric_document_put(self->db, self->docs, documents_key(i, key),
                                            documents_text(i, text), NULL),
                        "put");
    }
    documents_check(ferric_flush(self->db), "flush");
}

void documents_build_beside(const char *path, uint64_t count)
{
    ferric_index_options options = FERRIC_INDEX_OPTIONS_INIT;
    writer self = {.count = count};
    ferric_build_progress progress;
    uint64_t entries;
    uint64_t start;

    options.background = true;
    open_database(&self, path);
    fill(&self);
    begin_writer(&self);
    pause_ms(2000);
    end_writer(&self, "before");
    start = bench_now_ns();
    begin_writer(&self);
    documents_check(ferric_index_create(self.db, self.docs, text_slice("\"group\""), &options),
                    "create");
    await(&self, count / 2);
    end_writer(&self, "during the first half");
    close_database(&self);
    open_database(&self, path);
    documents_check(ferric_index_progress(self.db, self.docs, "group_1", &progress), "progress");
    printf("| documents passed when it goes on | %" PRIu64 " |\n", progress.documents);
    begin_writer(&self);
    await(&self, UINT64_MAX);
    end_writer(&self, "during the second half");
    printf("| build beside the writer | %.2f s |\n", (double)(bench_now_ns() - start) / 1e9);
    documents_check(ferric_index_verify(self.db, self.docs, NULL, &entries), "verify");
    printf("| entries verified | %" PRIu64 " |\n", entries);
    close_database(&self);
    documents_check(ferric_destroy(path, NULL), "destroy");
}
