// SPDX-License-Identifier: Apache-2.0
// One workload of fixed size, run on a database in memory without threads, so that a tool that
// counts instructions counts the same number each time.
//
// Usage: ferric-instructions WORKLOAD; prints how many operations `measured` carried out. Only what
// happens inside `measured` is counted (callgrind's --toggle-collect), the preparation is not.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ferric/ferric.h>

#include "support/failure.h"

#define KEYS 20000
#define KEYS_MADE (2 * KEYS) // The second half is never written.
#define KEY_SIZE 16
#define VALUE_SIZE 100
#define BATCH_SIZE 100
#define SCAN_SIZE 100
#define VERSION_KEYS 200 // Each written KEYS / VERSION_KEYS times.
#define MULTI_GET_SIZE 16
#define TXN_SIZE 4 // Keys that one transaction reads, and writes anew.

typedef struct bench_run {
    ferric_db *db;
    ferric_keyspace *keyspace;
    ferric_buffer buffer;
    char value[VALUE_SIZE];
    char keys[KEYS_MADE][KEY_SIZE + 1];
} bench_run;

typedef struct bench_workload {
    const char *name;
    enum { NO_KEYS, KEYS_IN_MEMTABLE, MANY_VERSIONS, KEYS_IN_TABLES } before;
    bool is_in_order; // The keys are.
    // Carries out operation i.
    void (*operation)(bench_run *run, uint32_t i);
    uint32_t count;
} bench_workload;

static void check(ferric_status status, const char *what)
{
    if (status != FERRIC_OK) bench_die("%s: %s", what, ferric_error_message());
}

// Keys are made beforehand: the numbers in order, or mixed so that neighbours are far apart.
static void make_keys(bench_run *run, bool is_in_order)
{
    for (uint64_t i = 0; i < KEYS_MADE; i++) {
        uint64_t number = is_in_order ? i : i * 0x9e3779b97f4a7c15u;
        bench_format(run->keys[i], sizeof run->keys[i], "%016" PRIx64, number);
    }
}

static ferric_slice key_of(const bench_run *run, uint32_t number)
{
    return (ferric_slice){run->keys[number], KEY_SIZE};
}

static ferric_slice value_of(bench_run *run, uint32_t number)
{
    memcpy(run->value, &number, sizeof number);
    return (ferric_slice){run->value, VALUE_SIZE};
}

// ---- Operations -----------------------------------------------------------------------------

static void put(bench_run *run, uint32_t i)
{
    check(ferric_put(run->db, run->keyspace, key_of(run, i), value_of(run, i), NULL), "put");
}

static void put_batch(bench_run *run, uint32_t i)
{
    ferric_batch *batch;

    check(ferric_batch_create(&batch), "make a batch");
    for (uint32_t j = i * BATCH_SIZE; j < (i + 1) * BATCH_SIZE; j++)
        check(ferric_batch_put(batch, run->keyspace, key_of(run, j), value_of(run, j)),
              "fill a batch");
    check(ferric_write(run->db, batch, NULL, NULL), "write a batch");
    ferric_batch_destroy(batch);
}

static void get(bench_run *run, uint32_t i)
{
    check(ferric_get(run->db, run->keyspace, key_of(run, i), NULL, &run->buffer, NULL), "get");
}

static void get_missing(bench_run *run, uint32_t i)
{
    ferric_status status =
        ferric_get(run->db, run->keyspace, key_of(run, KEYS + i), NULL, &run->buffer, NULL);
    if (status != FERRIC_NOT_FOUND) bench_die("a key that is not there was found");
}

static void multi_get(bench_run *run, uint32_t i)
{
    ferric_slice keys[MULTI_GET_SIZE];
    ferric_pinned values[MULTI_GET_SIZE];
    ferric_status statuses[MULTI_GET_SIZE];

    for (uint32_t j = 0; j < MULTI_GET_SIZE; j++)
        keys[j] = key_of(run, i * MULTI_GET_SIZE + j);
    check(ferric_multi_get(run->db, run->keyspace, MULTI_GET_SIZE, keys, NULL, values, statuses),
          "multi-get");
    for (uint32_t j = 0; j < MULTI_GET_SIZE; j++) {
        check(statuses[j], "multi-get");
        ferric_pinned_release(&values[j]);
    }
}

static void scan(bench_run *run, uint32_t i)
{
    ferric_iterator *iterator;
    uint32_t seen = 0;

    check(ferric_iterator_create(run->db, run->keyspace, NULL, &iterator), "make an iterator");
    for (bool is_valid = ferric_iterator_seek(iterator, key_of(run, i));
         is_valid && seen < SCAN_SIZE; is_valid = ferric_iterator_next(iterator))
        seen++;
    check(ferric_iterator_status(iterator), "scan");
    ferric_iterator_destroy(iterator);
}

static void transact(bench_run *run, uint32_t i)
{
    ferric_txn *txn;

    check(ferric_txn_begin(run->db, NULL, &txn), "begin a transaction");
    for (uint32_t j = i * TXN_SIZE; j < (i + 1) * TXN_SIZE; j++)
        check(ferric_txn_get(txn, run->keyspace, key_of(run, j), &run->buffer, NULL), "get");
    for (uint32_t j = i * TXN_SIZE; j < (i + 1) * TXN_SIZE; j++)
        check(ferric_txn_put(txn, run->keyspace, key_of(run, j), value_of(run, j)), "put");
    check(ferric_txn_commit(txn, NULL), "commit");
    ferric_txn_destroy(txn);
}

// The counting tool finds it by its name: never inlined, cloned or renamed.
#if defined(__clang__)
#define MEASURED __attribute__((noinline))
#else
#define MEASURED __attribute__((noipa))
#endif
void measured(bench_run *run, const bench_workload *workload);
MEASURED void measured(bench_run *run, const bench_workload *workload)
{
    for (uint32_t i = 0; i < workload->count; i++)
        workload->operation(run, i);
}

// ---- Running --------------------------------------------------------------------------------

static const bench_workload workloads[] = {
    {"put", NO_KEYS, false, put, KEYS},
    {"put-in-order", NO_KEYS, true, put, KEYS},
    {"batch-100", NO_KEYS, false, put_batch, KEYS / BATCH_SIZE},
    {"txn-4", KEYS_IN_TABLES, false, transact, KEYS / TXN_SIZE},
    {"get-memtable", KEYS_IN_MEMTABLE, false, get, KEYS},
    {"get-table", KEYS_IN_TABLES, false, get, KEYS},
    {"get-missing", KEYS_IN_TABLES, false, get_missing, KEYS},
    {"multi-get-16", KEYS_IN_TABLES, false, multi_get, KEYS / MULTI_GET_SIZE},
    {"scan-100", KEYS_IN_TABLES, false, scan, 200},
    {"scan-versions", MANY_VERSIONS, false, scan, 200},
};

static void open_database(bench_run *run)
{
    ferric_options options = FERRIC_OPTIONS_INIT;

    options.background_threads = 0;
    options.fsync = FERRIC_FSYNC_NEVER;
    options.compression = FERRIC_COMPRESSION_NONE;
    options.bottom_compression = FERRIC_COMPRESSION_NONE;
    check(ferric_open(":memory:", &options, &run->db), "open");
    check(ferric_keyspace_open(run->db, "main", FERRIC_KEYSPACE_RAW, &run->keyspace),
          "open the keyspace");
}

static void prepare(bench_run *run, const bench_workload *workload)
{
    const ferric_slice no_bound = {NULL, 0};

    make_keys(run, workload->is_in_order);
    for (uint32_t i = 0; workload->before != NO_KEYS && i < KEYS; i++)
        put(run, workload->before == MANY_VERSIONS ? i % VERSION_KEYS : i);
    if (workload->before != KEYS_IN_TABLES) return;
    check(ferric_flush(run->db), "flush");
    check(ferric_compact(run->db, run->keyspace, no_bound, no_bound), "compact");
    for (uint32_t i = 0; i < KEYS; i++)
        get(run, i);
}

int main(int argc, char **argv)
{
    for (size_t i = 0; argc == 2 && i < sizeof workloads / sizeof *workloads; i++) {
        static bench_run run;
        if (strcmp(argv[1], workloads[i].name) != 0) continue;
        open_database(&run);
        prepare(&run, &workloads[i]);
        measured(&run, &workloads[i]);
        printf("%u\n", workloads[i].count);
        ferric_buffer_free(&run.buffer);
        ferric_keyspace_close(run.keyspace);
        check(ferric_close(run.db), "close");
        return 0;
    }
    fputs("usage: ferric-instructions WORKLOAD\nworkloads:", stderr);
    for (size_t i = 0; i < sizeof workloads / sizeof *workloads; i++)
        fprintf(stderr, " %s", workloads[i].name);
    fputs("\n", stderr);
    return 2;
}
