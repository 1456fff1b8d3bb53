// SPDX-License-Identifier: Apache-2.0
// ferric-alone: what snapshots, range deletes, lifetimes and commits in flight cost.
//
// Usage: ferric-alone DIRECTORY [KEYS]; makes and removes databases in it and prints a Markdown
// table. Each figure is a median of ROUNDS rounds, with the worst beside it. What is compared takes
// turns, so that a slow moment of the machine falls on both.
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ferric/ferric.h>

#include "support/failure.h"
#include "support/median.h"
#include "support/timing.h"

#define KEYS 1000000
#define KEYS_MIN 1000
#define ROUNDS 9
#define SNAPSHOTS 100000
#define OPERATIONS_MAX 200000 // Of one round with lifetimes and one without.
#define FLIGHT 100
#define SEEKS 100
#define VALUE_SIZE 100
#define TEXT_SIZE 32
#define PATH_SIZE 4096

typedef struct figure {
    double values[ROUNDS];
} figure;

static void check(ferric_status status, const char *what)
{
    if (status != FERRIC_OK) bench_die("%s: %s", what, ferric_error_message());
}

static ferric_db *open_new(const char *path, ferric_fsync policy)
{
    ferric_options options = FERRIC_OPTIONS_INIT;
    ferric_db *db;

    options.fsync = policy;
    options.error_if_exists = true;
    check(ferric_open(path, &options, &db), "open");
    return db;
}

static void close_and_remove(ferric_db *db, const char *path)
{
    check(ferric_close(db), "close");
    check(ferric_destroy(path, NULL), "destroy");
}

static ferric_slice key_of(const char *prefix, uint64_t number, char text[TEXT_SIZE])
{
    bench_format(text, TEXT_SIZE, "%s%016" PRIu64, prefix, number);
    return (ferric_slice){text, strlen(text)};
}

static ferric_slice value_of(uint64_t number, char value[VALUE_SIZE])
{
    memset(value, 'a' + (int)(number % 26), VALUE_SIZE);
    return (ferric_slice){value, VALUE_SIZE};
}

static double worst(const figure *measured)
{
    double most = measured->values[0];

    for (int i = 1; i < ROUNDS; i++)
        if (measured->values[i] > most) most = measured->values[i];
    return most;
}

static void print(const char *what, const figure *measured, const char *unit)
{
    double sorted[ROUNDS];

    memcpy(sorted, measured->values, sizeof sorted);
    printf("| %s | %.1f %s | %.1f %s |\n", what, bench_median(sorted, ROUNDS), unit,
           worst(measured), unit);
}

// ---- Snapshots ------------------------------------------------------------------------------

static void measure_snapshots(const char *path)
{
    ferric_db *db = open_new(path, FERRIC_FSYNC_NEVER);
    figure nanoseconds;
    char text[TEXT_SIZE];

    check(ferric_put(db, NULL, key_of("a", 1, text), (ferric_slice){"1", 1}, NULL), "put");
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t start = bench_now_ns();
        for (int j = 0; j < SNAPSHOTS; j++) {
            ferric_snapshot *snapshot;
            check(ferric_snapshot_create(db, &snapshot), "take a snapshot");
            ferric_snapshot_release(snapshot);
        }
        nanoseconds.values[i] = (double)(bench_now_ns() - start) / SNAPSHOTS;
    }
    print("snapshot, take and release", &nanoseconds, "ns");
    close_and_remove(db, path);
}

// ---- Range deletes --------------------------------------------------------------------------

static void fill_range(ferric_db *db, uint64_t keys)
{
    ferric_batch *batch;
    char text[TEXT_SIZE];
    char value[VALUE_SIZE];

    check(ferric_batch_create(&batch), "create a batch");
    for (uint64_t i = 0; i < keys; i++) {
        check(ferric_batch_put(batch, NULL, key_of("m", i, text), value_of(i, value)), "fill");
        if (i % 1000 != 999 && i + 1 < keys) continue;
        check(ferric_write(db, batch, NULL, NULL), "fill");
        ferric_batch_clear(batch);
    }
    ferric_batch_destroy(batch);
    check(ferric_put(db, NULL, (ferric_slice){"z", 1}, (ferric_slice){"1", 1}, NULL), "fill");
}

// From the first key of the range to the one behind it, in microseconds.
static double seek_across(ferric_db *db)
{
    ferric_iterator *iterator;
    uint64_t start;
    double us;

    check(ferric_iterator_create(db, NULL, NULL, &iterator), "create an iterator");
    start = bench_now_ns();
    if (!ferric_iterator_seek(iterator, (ferric_slice){"m", 1})) bench_die("nothing is left");
    us = (double)(bench_now_ns() - start) / 1e3;
    if (*(const char *)ferric_iterator_key(iterator).data != 'z') bench_die("a key came back");
    ferric_iterator_destroy(iterator);
    return us;
}

static double seek_again(ferric_db *db)
{
    double seeks[SEEKS];

    for (int i = 0; i < SEEKS; i++)
        seeks[i] = seek_across(db);
    return bench_median(seeks, SEEKS);
}

static void measure_range_deletes(const char *path, uint64_t keys)
{
    figure delete_us, first_us, later_us;
    char label[128];

    for (int i = 0; i < ROUNDS; i++) {
        ferric_db *db = open_new(path, FERRIC_FSYNC_NEVER);
        uint64_t start;
        fill_range(db, keys);
        check(ferric_flush(db), "flush");
        start = bench_now_ns();
        check(ferric_delete_range(db, NULL, (ferric_slice){"m", 1}, (ferric_slice){"n", 1}, NULL),
              "delete a range");
        delete_us.values[i] = (double)(bench_now_ns() - start) / 1e3;
        first_us.values[i] = seek_across(db);
        later_us.values[i] = seek_again(db);
        close_and_remove(db, path);
    }
    bench_format(label, sizeof label, "delete a range of %" PRIu64 " keys", keys);
    print(label, &delete_us, "us");
    print("the first seek across it, before a compaction", &first_us, "us");
    print("later ones", &later_us, "us");
}

// ---- Lifetimes ------------------------------------------------------------------------------

typedef struct lifetimes {
    ferric_db *db;
    uint64_t count;
    ferric_buffer value;
} lifetimes;

static double put_all(lifetimes *run, const char *prefix, uint64_t ttl_ms)
{
    ferric_write_options options = FERRIC_WRITE_OPTIONS_INIT;
    char text[TEXT_SIZE];
    char value[VALUE_SIZE];
    uint64_t start = bench_now_ns();

    options.lifetime.ttl_ms = ttl_ms;
    for (uint64_t i = 0; i < run->count; i++) {
        check(ferric_put(run->db, NULL, key_of(prefix, i * 7919 % run->count, text),
                         value_of(i, value), &options),
              "put");
    }
    return (double)(bench_now_ns() - start) / (double)run->count;
}

static double get_all(lifetimes *run, const char *prefix)
{
    char text[TEXT_SIZE];
    uint64_t start = bench_now_ns();

    for (uint64_t i = 0; i < run->count; i++) {
        check(ferric_get(run->db, NULL, key_of(prefix, i * 4241 % run->count, text), NULL,
                         &run->value, NULL),
              "get");
    }
    return (double)(bench_now_ns() - start) / (double)run->count;
}

static void measure_lifetimes(const char *path, uint64_t keys)
{
    const uint64_t day_ms = 86400000;
    lifetimes run = {.count = keys < OPERATIONS_MAX ? keys : OPERATIONS_MAX};
    figure put, put_ttl, get, get_ttl, put_factor, get_more;

    run.db = open_new(path, FERRIC_FSYNC_NEVER);
    for (int i = 0; i < ROUNDS; i++) {
        put.values[i] = put_all(&run, "stays", 0);
        put_ttl.values[i] = put_all(&run, "leaves", day_ms);
        put_factor.values[i] = (put_ttl.values[i] / put.values[i] - 1) * 100;
    }
    check(ferric_flush(run.db), "flush");
    for (int i = 0; i < ROUNDS; i++) {
        get.values[i] = get_all(&run, "stays");
        get_ttl.values[i] = get_all(&run, "leaves");
        get_more.values[i] = get_ttl.values[i] - get.values[i];
    }
    print("put", &put, "ns");
    print("put with a time to live", &put_ttl, "ns");
    print("which is more, by", &put_factor, "%");
    print("get", &get, "ns");
    print("get of a key with a time to live", &get_ttl, "ns");
    print("which is more, by", &get_more, "ns");
    ferric_buffer_free(&run.value);
    close_and_remove(run.db, path);
}

// ---- Commits in flight ----------------------------------------------------------------------

static void note_durable(void *context, ferric_status status, uint64_t version)
{
    atomic_int *durable = context;

    check(status, "an asynchronous put");
    if (version == 0) bench_die("an asynchronous put has no version");
    atomic_fetch_add(durable, 1);
}

static uint64_t log_syncs(ferric_db *db)
{
    ferric_stats stats = FERRIC_STATS_INIT;

    check(ferric_stats_get(db, &stats), "read statistics");
    return stats.log_syncs;
}

static void measure_flight(const char *path)
{
    ferric_db *db = open_new(path, FERRIC_FSYNC_ALWAYS);
    figure syncs, flight_us, alone_us;
    struct timespec pause = {0, 20000};
    char text[TEXT_SIZE];
    char value[VALUE_SIZE];

    check(ferric_put(db, NULL, key_of("a", 0, text), value_of(0, value), NULL), "put");
    for (int i = 0; i < ROUNDS; i++) {
        atomic_int durable = 0;
        uint64_t before = log_syncs(db);
        uint64_t start = bench_now_ns();
        for (uint64_t j = 0; j < FLIGHT; j++) {
            check(ferric_put_async(db, NULL, key_of("f", j, text), value_of(j, value), NULL,
                                   note_durable, &durable),
                  "an asynchronous put");
        }
        while (atomic_load(&durable) < FLIGHT)
            nanosleep(&pause, NULL);
        flight_us.values[i] = (double)(bench_now_ns() - start) / 1e3;
        syncs.values[i] = (double)(log_syncs(db) - before);
        start = bench_now_ns();
        check(ferric_put(db, NULL, key_of("a", 0, text), value_of(0, value), NULL), "put");
        alone_us.values[i] = (double)(bench_now_ns() - start) / 1e3;
    }
    print("100 commits in flight from one thread, fsync: syncs", &syncs, "");
    print("until all of them are durable", &flight_us, "us");
    print("one commit, waited for", &alone_us, "us");
    close_and_remove(db, path);
}

int main(int argc, char **argv)
{
    uint64_t keys = argc > 2 ? strtoull(argv[2], NULL, 10) : KEYS;
    char path[PATH_SIZE];

    if (argc < 2 || argc > 3 || *argv[1] == '-' || keys < KEYS_MIN) {
        fprintf(stderr, "usage: ferric-alone DIRECTORY [KEYS], at least %d keys\n", KEYS_MIN);
        return 2;
    }
    bench_format(path, sizeof path, "%s/alone.db", argv[1]);
    printf("| figure | median of %d | worst |\n|---|---|---|\n", ROUNDS);
    measure_snapshots(path);
    measure_range_deletes(path, keys);
    measure_lifetimes(path, keys);
    measure_flight(path);
    return 0;
}
