// SPDX-License-Identifier: Apache-2.0
// Eight threads on one database, with the state that each may expect (docs/TESTING.md).
//
// Every thread writes its own groups, reads everybody's, raises shared counters under a condition,
// and now and then flushes, compacts, syncs or verifies, while two background threads do the same.
// At the end of a round the database is closed, opened and compared. The threads' order is the
// machine's; what is demanded holds in any.
#include <assert.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/coding.h"
#include "base/random.h"
#include "os/vfs.h"
#include "stress_group.h"
#include "support/encrypted.h"
#include "support/harness.h"

#define SECONDS_FLOOR 60u
#define THREAD_COUNT 8u
#define COUNTER_COUNT 4u
#define OPERATIONS_OF_A_ROUND 1500u
#define OPERATION_FLOOR 20000u
// A cursor that walks backward seeks past a key's versions when they are more than this.
#define VERSIONS_FEW 8u
#define SCAN_FLOOR 200u
#define PASSED_FLOOR 50u

static_assert(STRESS_HOT_COUNT == THREAD_COUNT, "each thread has a hot group, that of its index");

typedef struct stress {
    stress_database database;
    _Atomic(uint64_t) counters[COUNTER_COUNT]; // Raised this often.
    _Atomic(uint64_t) conflicts;
    _Atomic(uint64_t) operations;
    _Atomic(uint64_t) deep_scans;
    _Atomic(uint64_t) passed; // Keyspaces that came and went.
    _Atomic(char *) failure;  // The first, owned.
} stress;

typedef struct worker {
    stress *owner;
    uint32_t index;
    fe_random random;
    ferric_batch *batch;
    pthread_t thread;
    uint64_t table_bytes; // What had been written to tables,
    uint64_t done;        // and the number of the own hot group, at that time.
} worker;

static uint64_t below(worker *w, uint64_t bound)
{
    return fe_random_below(&w->random, bound);
}

// Keeps the first failure.
static void fail(stress *s, char *text)
{
    char *none = NULL;

    if (text == NULL) return;
    if (!atomic_compare_exchange_strong(&s->failure, &none, text)) harness_free(text);
}

static void expect_ok(stress *s, const char *what, ferric_status status)
{
    if (status == FERRIC_OK) return;
    fail(s, harness_format("%s: %s: %s", what, ferric_status_name(status), ferric_error_message()));
}

// ---- Shared counters ------------------------------------------------------------------------

static ferric_slice counter_key(uint32_t index, char bytes[16])
{
    int size = snprintf(bytes, 16, "counter/%u", index);
    return fe_slice(bytes, (size_t)size);
}

static ferric_status read_counter(stress *s, uint32_t index, uint64_t *value, uint64_t *version)
{
    ferric_buffer buffer = {0};
    char bytes[16];
    ferric_status status =
        ferric_get(s->database.db, NULL, counter_key(index, bytes), NULL, &buffer, version);

    *value = 0;
    if (status == FERRIC_OK) *value = fe_get_u64(buffer.data);
    if (status == FERRIC_NOT_FOUND) *version = 0;
    ferric_buffer_free(&buffer);
    return status == FERRIC_NOT_FOUND ? FERRIC_OK : status;
}

// Reads and writes under the version read; whoever comes second is told and may try again.
static void raise_counter(worker *w)
{
    ferric_write_options options = FERRIC_WRITE_OPTIONS_INIT;
    uint32_t index = (uint32_t)below(w, COUNTER_COUNT);
    uint8_t bytes[8];
    char key[16];
    uint64_t value;

    options.condition = FERRIC_IF_VERSION;
    ferric_status status = read_counter(w->owner, index, &value, &options.if_version);
    expect_ok(w->owner, "reading a counter", status);
    if (status != FERRIC_OK) return;
    fe_put_u64(bytes, value + 1);
    status = ferric_put(w->owner->database.db, NULL, counter_key(index, key), fe_slice(bytes, 8),
                        &options);
    if (status == FERRIC_OK) {
        atomic_fetch_add(&w->owner->counters[index], 1);
    } else if (status == FERRIC_CONFLICT) {
        atomic_fetch_add(&w->owner->conflicts, 1);
    } else {
        expect_ok(w->owner, "raising a counter", status);
    }
}

// ---- Keyspaces that pass --------------------------------------------------------------------

// The keys that a keyspace must show, by a handle that was just opened.
static void expect_count(worker *w, const char *name, uint64_t expected)
{
    ferric_slice open_end = {NULL, 0};
    ferric_keyspace *keyspace = NULL;
    uint64_t count = 0;
    ferric_db *db = w->owner->database.db;
    ferric_status status = ferric_keyspace_open(db, name, FERRIC_KEYSPACE_RAW, &keyspace);

    if (status == FERRIC_OK) {
        status = ferric_count(db, keyspace, open_end, open_end, NULL, &count);
    }
    expect_ok(w->owner, "counting a keyspace", status);
    if (count != expected) {
        fail(w->owner, harness_format("keyspace %s has %" PRIu64 " keys, expected %" PRIu64, name,
                                      count, expected));
    }
    ferric_keyspace_close(keyspace);
}

static void expect_dropped(worker *w, ferric_keyspace *keyspace, ferric_slice key)
{
    ferric_db *db = w->owner->database.db;

    if (ferric_has(db, keyspace, key, NULL) == FERRIC_DROPPED &&
        ferric_put(db, keyspace, key, key, NULL) == FERRIC_DROPPED) {
        return;
    }
    fail(w->owner,
         harness_format("a handle of a dropped keyspace answered %s", ferric_error_message()));
}

// A keyspace of the thread's own comes, is filled, gets another name and goes.
static void pass_keyspace(worker *w)
{
    ferric_db *db = w->owner->database.db;
    ferric_keyspace *keyspace = NULL;
    char before[32];
    char after[32];
    char key[16];
    uint32_t keys = 1 + (uint32_t)below(w, 20);

    snprintf(before, sizeof before, "passing-%u", w->index);
    snprintf(after, sizeof after, "passed-%u", w->index);
    expect_ok(w->owner, "ferric_keyspace_open",
              ferric_keyspace_open(db, before, FERRIC_KEYSPACE_RAW, &keyspace));
    for (uint32_t i = 0; i < keys; i++) {
        expect_ok(w->owner, "a put",
                  ferric_put(db, keyspace, counter_key(i, key), counter_key(i, key), NULL));
    }
    expect_count(w, before, keys);
    expect_ok(w->owner, "a rename", ferric_keyspace_rename(db, before, after));
    expect_count(w, before, 0);
    expect_count(w, after, keys);
    expect_ok(w->owner, "a drop", ferric_keyspace_drop(db, after));
    expect_dropped(w, keyspace, counter_key(0, key));
    expect_count(w, after, 0);
    ferric_keyspace_close(keyspace);
    atomic_fetch_add(&w->owner->passed, 1);
}

// ---- One thread -----------------------------------------------------------------------------

static uint64_t table_bytes(stress *s)
{
    ferric_stats stats = {.struct_size = sizeof(stats)};

    expect_ok(s, "ferric_stats_get", ferric_stats_get(s->database.db, &stats));
    return stats.table_bytes_written;
}

// Counts itself when it went over many versions of the own hot group: they were written since no
// table was, so none of them can have been dropped.
static void scan_backward(worker *w)
{
    uint64_t bytes = table_bytes(w->owner);
    uint64_t done = atomic_load(&w->owner->database.groups[w->index].done);

    if (bytes != w->table_bytes) {
        w->table_bytes = bytes;
        w->done = done;
    }
    fail(w->owner, stress_scan(&w->owner->database, false));
    if (done > w->done + VERSIONS_FEW && table_bytes(w->owner) == bytes) {
        atomic_fetch_add(&w->owner->deep_scans, 1);
    }
}

static void maintain(worker *w)
{
    ferric_db *db = w->owner->database.db;
    ferric_slice open_end = {NULL, 0};
    ferric_stats stats = {.struct_size = sizeof(stats)};
    ferric_verify_report report;

    switch (below(w, 6)) {
    case 0:
        expect_ok(w->owner, "ferric_flush", ferric_flush(db));
        break;
    case 1:
        expect_ok(w->owner, "ferric_compact", ferric_compact(db, NULL, open_end, open_end));
        break;
    case 2:
        expect_ok(w->owner, "ferric_verify", ferric_verify(db, NULL, NULL, &report));
        break;
    case 3:
        expect_ok(w->owner, "ferric_stats_get", ferric_stats_get(db, &stats));
        break;
    default:
        expect_ok(w->owner, "ferric_sync", ferric_sync(db));
        break;
    }
}

static void operate(worker *w)
{
    stress_database *database = &w->owner->database;
    uint64_t dice = below(w, 1000);
    uint32_t any = (uint32_t)below(w, STRESS_GROUP_COUNT);
    uint32_t own = dice % 2 == 0 ? w->index : any - any % THREAD_COUNT + w->index;

    if (dice < 400)
        fail(w->owner, stress_write(database, own, w->batch));
    else if (dice < 720)
        fail(w->owner, stress_read(database, any, (uint32_t)(dice % 3)));
    else if (dice < 870)
        fail(w->owner, stress_read_group(database, any));
    else if (dice < 885)
        fail(w->owner, stress_scan(database, true));
    else if (dice < 900)
        scan_backward(w);
    else if (dice < 988)
        raise_counter(w);
    else if (dice < 994)
        pass_keyspace(w);
    else
        maintain(w);
    atomic_fetch_add(&w->owner->operations, 1);
}

static void *run_worker(void *argument)
{
    worker *w = argument;

    expect_ok(w->owner, "ferric_batch_create", ferric_batch_create(&w->batch));
    for (uint32_t i = 0; i < OPERATIONS_OF_A_ROUND; i++) {
        if (atomic_load(&w->owner->failure) != NULL) break;
        operate(w);
    }
    ferric_batch_destroy(w->batch);
    return NULL;
}

// ---- One round ------------------------------------------------------------------------------

static void open_database(stress *s, fe_vfs *vfs, uint64_t seed)
{
    static const char *const names[] = {NULL, "beta", "gamma"};
    ferric_options options = FERRIC_OPTIONS_INIT;
    fe_random random = {seed};

    options.vfs = vfs;
    options.fsync = (ferric_fsync)fe_random_below(&random, 3);
    options.fsync_period_ms = 2;
    options.memory_limit = (uint64_t)8 << 20;
    options.memtable_size = (uint64_t)4096 << fe_random_below(&random, 7);
    options.log_size = 64 << 10;
    options.table_size = 64 << 10;
    options.block_size = 1024;
    options.background_threads = 1 + (uint32_t)fe_random_below(&random, 2);
    harness_encrypt(&options);
    expect_ok(s, "ferric_open", ferric_open("stress", &options, &s->database.db));
    for (uint32_t i = 1; i < STRESS_MEMBER_COUNT && atomic_load(&s->failure) == NULL; i++) {
        expect_ok(s, "ferric_keyspace_open",
                  ferric_keyspace_open(s->database.db, names[i], FERRIC_KEYSPACE_RAW,
                                       &s->database.keyspaces[i]));
    }
}

static void close_database(stress *s)
{
    for (uint32_t i = 1; i < STRESS_MEMBER_COUNT; i++) {
        ferric_keyspace_close(s->database.keyspaces[i]);
        s->database.keyspaces[i] = NULL;
    }
    expect_ok(s, "ferric_close", ferric_close(s->database.db));
    s->database.db = NULL;
}

static void work(stress *s, uint64_t seed)
{
    worker workers[THREAD_COUNT] = {0};

    for (uint32_t i = 0; i < THREAD_COUNT; i++) {
        workers[i].owner = s;
        workers[i].index = i;
        workers[i].table_bytes = UINT64_MAX; // Not known yet.
        workers[i].random.state = seed * THREAD_COUNT + i;
        if (pthread_create(&workers[i].thread, NULL, run_worker, &workers[i]) != 0) {
            harness_panic("no thread");
        }
    }
    for (uint32_t i = 0; i < THREAD_COUNT; i++)
        pthread_join(workers[i].thread, NULL);
}

static void check_end(stress *s)
{
    fail(s, stress_scan(&s->database, true));
    fail(s, stress_scan(&s->database, false));
    for (uint32_t i = 0; i < COUNTER_COUNT && atomic_load(&s->failure) == NULL; i++) {
        uint64_t value;
        uint64_t version;
        uint64_t expected = atomic_load(&s->counters[i]);
        expect_ok(s, "reading a counter", read_counter(s, i, &value, &version));
        if (value != expected) {
            fail(s, harness_format("counter %u is %" PRIu64 ", raised %" PRIu64 " times", i, value,
                                   expected));
        }
    }
}

typedef struct totals {
    uint64_t operations;
    uint64_t conflicts;
    uint64_t deep_scans;
    uint64_t passed;
} totals;

static char *run_round(uint64_t seed, totals *all)
{
    stress *s = harness_alloc(sizeof(*s));
    fe_vfs *vfs;

    if (fe_vfs_memory_create(&vfs) != FERRIC_OK) harness_panic("no memory vfs");
    for (uint64_t i = 0; i < 2 && atomic_load(&s->failure) == NULL; i++) {
        open_database(s, vfs, seed + i);
        if (atomic_load(&s->failure) == NULL && i > 0) check_end(s);
        if (atomic_load(&s->failure) == NULL) work(s, seed + i);
        if (atomic_load(&s->failure) == NULL) check_end(s);
        close_database(s);
    }
    all->operations += atomic_load(&s->operations);
    all->conflicts += atomic_load(&s->conflicts);
    all->deep_scans += atomic_load(&s->deep_scans);
    all->passed += atomic_load(&s->passed);
    char *failure = atomic_load(&s->failure);
    fe_vfs_memory_destroy(vfs);
    harness_free(s);
    return failure;
}

// What a second brings depends on the machine and on how the threads meet.
static bool is_enough(const harness *h, const totals *all)
{
    return harness_seconds(h) >= (double)SECONDS_FLOOR * (double)h->scale_percent / 100 &&
           all->operations >= harness_floor(h, OPERATION_FLOOR) &&
           all->deep_scans >= harness_floor(h, SCAN_FLOOR) &&
           all->passed >= harness_floor(h, PASSED_FLOOR);
}

int main(void)
{
    harness h;
    totals all = {0};
    uint64_t rounds = 0;

    harness_begin(&h, "stress", 20261121);
    while (h.failed == 0 && !is_enough(&h, &all)) {
        char *failure = run_round(h.seed + rounds * 2, &all);
        rounds++;
        if (failure == NULL)
            harness_pass(&h);
        else
            harness_fail(&h, "round %" PRIu64 ": %s", rounds, failure);
        harness_free(failure);
    }
    harness_count(&h, "rounds", rounds, 1);
    harness_count(&h, "operations", all.operations, OPERATION_FLOOR);
    harness_count(&h, "scans backward over many versions", all.deep_scans, SCAN_FLOOR);
    harness_count(&h, "keyspaces renamed and dropped", all.passed, PASSED_FLOOR);
    harness_count(&h, "conditions that lost to another thread", all.conflicts, 0);
    return harness_end(&h);
}
