// SPDX-License-Identifier: Apache-2.0
// ferric-claims: what the predecessors said of themselves, measured on Ferric under each policy.
//
// Usage: ferric-claims DIRECTORY; makes and removes databases in it and prints a Markdown table.
// Documents have 5 members and 100 bytes, and the database has DOCUMENTS of them. Each figure is a
// median: of single calls, or of ROUNDS rounds.
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include <ferric/ferric.h>

#include "support/failure.h"
#include "support/latency.h"
#include "support/median.h"
#include "support/timing.h"

#define DOCUMENTS 10000
#define SYNCED_DOCUMENTS 1000 // Under `always` each costs a sync.
#define ROUNDS 9
#define SETS 1000
#define THREADS 100
#define TEXT_SIZE 160
#define PATH_SIZE 4096

typedef struct claims_run {
    ferric_db *db;
    uint64_t count; // Documents written so far.
} claims_run;

typedef struct row {
    double set_us;
    double get_us;
    double sets_ms;
    double concurrent_ms;
} row;

typedef struct setter {
    claims_run *claims;
    uint64_t number;
    pthread_barrier_t *begin;
    pthread_t thread;
} setter;

static void check(ferric_status status, const char *what)
{
    if (status != FERRIC_OK) bench_die("%s: %s", what, ferric_error_message());
}

static ferric_slice key_of(uint64_t number, char text[TEXT_SIZE])
{
    // Scattered, as keys mostly are.
    uint64_t mixed = number * 0x9e3779b97f4a7c15u;
    bench_format(text, TEXT_SIZE, "user:%016" PRIx64, mixed);
    return (ferric_slice){text, strlen(text)};
}

static void set(claims_run *claims, uint64_t number)
{
    char key[TEXT_SIZE];
    char json[TEXT_SIZE];

    bench_format(json, sizeof json,
                 "{\"number\":%08" PRIu64
                 "0,\"name\":\"Ada Lovelace\",\"email\":\"ada@example.org\","
                 "\"active\":true,\"tags\":[\"a\",\"b\",\"c\"]}",
                 number + 10000000);
    check(ferric_document_put(claims->db, NULL, key_of(number, key),
                              (ferric_slice){json, strlen(json)}, NULL),
          "set");
}

static double microseconds(const bench_latency *latency)
{
    return (double)bench_latency_percentile(latency, 0.5) / 1e3;
}

// ---- Figures --------------------------------------------------------------------------------

static double measure_set(claims_run *claims, uint64_t documents)
{
    static bench_latency latency;

    memset(&latency, 0, sizeof latency);
    for (; claims->count < documents; claims->count++) {
        uint64_t start = bench_now_ns();
        set(claims, claims->count);
        bench_latency_add(&latency, bench_now_ns() - start);
    }
    return microseconds(&latency);
}

static double measure_get(const claims_run *claims)
{
    static bench_latency latency;
    ferric_buffer json = {0};

    memset(&latency, 0, sizeof latency);
    for (uint64_t i = 0; i < DOCUMENTS; i++) {
        char key[TEXT_SIZE];
        ferric_slice wanted = key_of(i * 7919 % claims->count, key);
        uint64_t start = bench_now_ns();
        check(ferric_document_get(claims->db, NULL, wanted, NULL, &json, NULL), "get");
        bench_latency_add(&latency, bench_now_ns() - start);
    }
    ferric_buffer_free(&json);
    return microseconds(&latency);
}

static double measure_sets(claims_run *claims)
{
    double rounds[ROUNDS];

    for (int i = 0; i < ROUNDS; i++) {
        uint64_t start = bench_now_ns();
        for (int j = 0; j < SETS; j++)
            set(claims, claims->count++);
        rounds[i] = (double)(bench_now_ns() - start) / 1e6;
    }
    return bench_median(rounds, ROUNDS);
}

static void *set_once(void *context)
{
    setter *self = context;

    pthread_barrier_wait(self->begin);
    set(self->claims, self->number);
    return NULL;
}

static double measure_concurrent(claims_run *claims)
{
    static setter setters[THREADS];
    double rounds[ROUNDS];

    for (int i = 0; i < ROUNDS; i++) {
        pthread_barrier_t begin;
        uint64_t start;

        if (pthread_barrier_init(&begin, NULL, THREADS + 1) != 0) bench_die("no barrier");
        for (int j = 0; j < THREADS; j++) {
            setters[j] = (setter){.claims = claims, .number = claims->count++, .begin = &begin};
            if (pthread_create(&setters[j].thread, NULL, set_once, &setters[j]) != 0) {
                bench_die("no thread %d", j);
            }
        }
        start = bench_now_ns();
        pthread_barrier_wait(&begin);
        for (int j = 0; j < THREADS; j++)
            pthread_join(setters[j].thread, NULL);
        rounds[i] = (double)(bench_now_ns() - start) / 1e6;
        pthread_barrier_destroy(&begin);
    }
    return bench_median(rounds, ROUNDS);
}

static row measure(const char *path, ferric_fsync policy)
{
    ferric_options options = FERRIC_OPTIONS_INIT;
    claims_run claims = {0};
    row measured;

    options.fsync = policy;
    options.error_if_exists = true;
    check(ferric_open(path, &options, &claims.db), "open");
    measured.set_us =
        measure_set(&claims, policy == FERRIC_FSYNC_ALWAYS ? SYNCED_DOCUMENTS : DOCUMENTS);
    measured.get_us = measure_get(&claims);
    measured.sets_ms = measure_sets(&claims);
    measured.concurrent_ms = measure_concurrent(&claims);
    check(ferric_close(claims.db), "close");
    check(ferric_destroy(path, NULL), "destroy");
    return measured;
}

int main(int argc, char **argv)
{
    static const char *names[] = {"always", "periodic", "never"};
    char path[PATH_SIZE];
    row rows[3];

    if (argc != 2 || *argv[1] == '-') {
        fputs("usage: ferric-claims DIRECTORY\n", stderr);
        return 2;
    }
    bench_format(path, sizeof path, "%s/claims.db", argv[1]);
    for (int i = 0; i < 3; i++)
        rows[i] = measure(path, (ferric_fsync)i);
    printf("| figure, a median |");
    for (int i = 0; i < 3; i++)
        printf(" `%s` |", names[i]);
    printf("\n|---|---|---|---|\n| one set |");
    for (int i = 0; i < 3; i++)
        printf(" %.1f us |", rows[i].set_us);
    printf("\n| one get |");
    for (int i = 0; i < 3; i++)
        printf(" %.2f us |", rows[i].get_us);
    printf("\n| %d sets, one after the other |", SETS);
    for (int i = 0; i < 3; i++)
        printf(" %.1f ms |", rows[i].sets_ms);
    printf("\n| %d sets at once, of as many threads |", THREADS);
    for (int i = 0; i < 3; i++)
        printf(" %.1f ms |", rows[i].concurrent_ms);
    printf("\n");
    return 0;
}
