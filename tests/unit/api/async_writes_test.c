// SPDX-License-Identifier: Apache-2.0
// Asynchronous writes as callers see them: with threads of the library's own, and without.
#include <stdatomic.h>

#include "base/coding.h"
#include "base/slice.h"
#include "os/thread.h"
#include "txn_kit.h"

#define THREADS 4u
#define WRITES_EACH 500u

// What callbacks leave, and a place to wait for them.
typedef struct told {
    fe_mutex mutex;
    fe_cond changed;
    // Guarded by mutex.
    uint32_t count;
    ferric_status statuses[64];
    uint64_t versions[64];
    char last_message[256];
} told;

static void told_init(told *all)
{
    memset(all, 0, sizeof *all);
    fe_mutex_init(&all->mutex);
    fe_cond_init(&all->changed);
}

static void told_deinit(told *all)
{
    fe_cond_deinit(&all->changed);
    fe_mutex_deinit(&all->mutex);
}

static void note(void *context, ferric_status status, uint64_t version)
{
    told *all = context;

    fe_mutex_lock(&all->mutex);
    if (all->count < 64) {
        all->statuses[all->count] = status;
        all->versions[all->count] = version;
    }
    all->count++;
    strncpy(all->last_message, ferric_error_message(), sizeof all->last_message - 1);
    fe_cond_broadcast(&all->changed);
    fe_mutex_unlock(&all->mutex);
}

static void await_told(told *all, uint32_t count)
{
    fe_mutex_lock(&all->mutex);
    while (all->count < count)
        fe_cond_wait(&all->changed, &all->mutex);
    assert_int_equal(all->count, count);
    fe_mutex_unlock(&all->mutex);
}

// Each test runs with threads and without.
static void kit_begin(api_kit *kit, uint32_t background_threads)
{
    kit_init(kit);
    kit_close(kit);
    kit->options.background_threads = background_threads;
    kit_open(kit);
}

// ---- Writes ---------------------------------------------------------------------------------

static void write_one_of_each(uint32_t background_threads)
{
    api_kit kit;
    told all;
    ferric_batch *batch;
    ferric_txn *txn;

    kit_begin(&kit, background_threads);
    told_init(&all);
    assert_ok(ferric_put_async(kit.db, NULL, text("a"), text("1"), NULL, note, &all));
    assert_ok(ferric_put_async(kit.db, NULL, text("b"), text("2"), NULL, note, &all));
    assert_ok(ferric_delete_async(kit.db, NULL, text("a"), NULL, note, &all));
    assert_ok(ferric_batch_create(&batch));
    assert_ok(ferric_batch_put(batch, NULL, text("c"), text("3")));
    assert_ok(ferric_batch_put(batch, NULL, text("d"), text("4")));
    assert_ok(ferric_write_async(kit.db, batch, NULL, note, &all));
    ferric_batch_destroy(batch); // It was copied.
    await_told(&all, 4);
    txn = begin_serializable(&kit);
    assert_seen(txn, "c", "3");
    txn_put(txn, "e", "5");
    assert_ok(ferric_txn_commit_async(txn, note, &all));
    assert_failed(ferric_txn_abort(txn), FERRIC_INVALID_ARGUMENT, "was committed");
    ferric_txn_destroy(txn);
    await_told(&all, 5);
    for (uint32_t i = 0; i < 5; i++) {
        assert_int_equal(all.statuses[i], FERRIC_OK);
        assert_true(i == 0 || all.versions[i] == all.versions[i - 1] + 1);
    }
    assert_keys(kit.db, NULL, NULL, "b c d e ");
    kit_reopen(&kit);
    assert_keys(kit.db, NULL, NULL, "b c d e ");
    assert_value(kit.db, NULL, "c", "3");
    kit_deinit(&kit);
    told_deinit(&all);
}

static void test_async_writes_commit_in_order(void **state)
{
    (void)state;
    write_one_of_each(0);
    write_one_of_each(2);
}

static void test_async_write_without_threads_is_told_inside_the_call(void **state)
{
    api_kit kit;
    told all;

    (void)state;
    kit_begin(&kit, 0);
    told_init(&all);
    assert_ok(ferric_put_async(kit.db, NULL, text("a"), text("1"), NULL, note, &all));
    assert_int_equal(all.count, 1);
    assert_value(kit.db, NULL, "a", "1");
    kit_deinit(&kit);
    told_deinit(&all);
}

static void refuse_outcomes(uint32_t background_threads)
{
    api_kit kit;
    told all;
    ferric_write_options options = FERRIC_WRITE_OPTIONS_INIT;
    ferric_txn *txn;

    kit_begin(&kit, background_threads);
    told_init(&all);
    put(kit.db, NULL, "a", "0");
    options.condition = FERRIC_IF_ABSENT;
    assert_ok(ferric_put_async(kit.db, NULL, text("a"), text("1"), &options, note, &all));
    assert_ok(ferric_put_async(kit.db, NULL, text("b"), text("1"), &options, note, &all));
    await_told(&all, 2);
    assert_int_equal(all.statuses[0], FERRIC_CONFLICT);
    assert_int_equal(all.versions[0], 0);
    assert_int_equal(all.statuses[1], FERRIC_OK);
    // A rival between snapshot and commit, which the transaction does not see itself.
    txn = begin_snapshot(&kit);
    txn_put(txn, "a", "2");
    put(kit.db, NULL, "a", "3");
    assert_ok(ferric_txn_commit_async(txn, note, &all));
    ferric_txn_destroy(txn);
    await_told(&all, 3);
    assert_int_equal(all.statuses[2], FERRIC_CONFLICT);
    // One that wrote nothing.
    txn = begin_snapshot(&kit);
    assert_seen(txn, "a", "3");
    assert_ok(ferric_txn_commit_async(txn, note, &all));
    ferric_txn_destroy(txn);
    await_told(&all, 4);
    assert_int_equal(all.statuses[3], FERRIC_OK);
    assert_int_equal(all.versions[3], 0);
    kit_close(&kit);
    // What the store refuses comes through the callback, with its message.
    kit.options.read_only = true;
    kit_open(&kit);
    assert_ok(ferric_put_async(kit.db, NULL, text("a"), text("4"), NULL, note, &all));
    await_told(&all, 5);
    assert_int_equal(all.statuses[4], FERRIC_READ_ONLY);
    assert_non_null(strstr(all.last_message, "read-only"));
    kit_deinit(&kit);
    told_deinit(&all);
}

static void test_async_outcomes_come_through_the_callback(void **state)
{
    (void)state;
    refuse_outcomes(0);
    refuse_outcomes(2);
}

static void test_async_arguments_are_checked_by_the_call(void **state)
{
    api_kit kit;
    told all;
    uint64_t version;
    ferric_write_options options = FERRIC_WRITE_OPTIONS_INIT;
    ferric_txn *txn;

    (void)state;
    kit_begin(&kit, 2);
    told_init(&all);
    options.version = &version;
    assert_failed(ferric_put_async(kit.db, NULL, text("a"), text("1"), NULL, NULL, NULL),
                  FERRIC_INVALID_ARGUMENT, "callback");
    assert_failed(ferric_put_async(kit.db, NULL, text("a"), text("1"), &options, note, &all),
                  FERRIC_INVALID_ARGUMENT, "version");
    assert_failed(ferric_put_async(kit.db, NULL, text(""), text("1"), NULL, note, &all),
                  FERRIC_INVALID_ARGUMENT, "empty");
    assert_failed(ferric_delete_async(NULL, NULL, text("a"), NULL, note, &all),
                  FERRIC_INVALID_ARGUMENT, "db");
    assert_failed(ferric_write_async(kit.db, NULL, NULL, note, &all), FERRIC_INVALID_ARGUMENT,
                  "batch");
    assert_failed(ferric_txn_commit_async(NULL, note, &all), FERRIC_INVALID_ARGUMENT, "txn");
    txn = begin_snapshot(&kit);
    assert_failed(ferric_txn_commit_async(txn, NULL, NULL), FERRIC_INVALID_ARGUMENT, "callback");
    end_txn(txn, FERRIC_OK); // That did not end it.
    kit_deinit(&kit);
    assert_int_equal(all.count, 0);
    told_deinit(&all);
}

static void test_async_writes_of_documents_keep_indexes(void **state)
{
    api_kit kit;
    told all;
    ferric_batch *batch;
    ferric_keyspace *people;

    (void)state;
    kit_begin(&kit, 2);
    told_init(&all);
    people = kit_keyspace(&kit, "people", FERRIC_KEYSPACE_COLLECTION);
    assert_ok(ferric_document_put(kit.db, people, text("1"), text("{\"n\":1}"), NULL));
    assert_ok(ferric_batch_create(&batch));
    assert_ok(ferric_batch_document_put(batch, people, text("2"), text("{\"n\":2}")));
    assert_ok(ferric_write_async(kit.db, batch, NULL, note, &all));
    assert_ok(ferric_delete_async(kit.db, people, text("1"), NULL, note, &all));
    ferric_batch_destroy(batch);
    await_told(&all, 2);
    assert_int_equal(all.statuses[0], FERRIC_OK);
    assert_int_equal(all.statuses[1], FERRIC_OK);
    assert_true(all.versions[0] < all.versions[1]);
    assert_keys(kit.db, people, NULL, "2 ");
    ferric_keyspace_close(people);
    kit_deinit(&kit);
    told_deinit(&all);
}

// ---- Callbacks ------------------------------------------------------------------------------

// Each callback begins the next write, and waits for one of its own.
typedef struct chain {
    ferric_db *db;
    told *all;
    uint32_t left;
    bool has_failed; // Asserts are for the test's own thread.
} chain;

static void go_on(void *context, ferric_status status, uint64_t version)
{
    chain *self = context;
    char key[16];

    self->has_failed |= status != FERRIC_OK;
    self->has_failed |= ferric_close(self->db) != FERRIC_INVALID_ARGUMENT;
    self->has_failed |= strstr(ferric_error_message(), "callback") == NULL;
    if (self->left == 0 || self->has_failed) {
        note(self->all, status, version);
        return;
    }
    snprintf(key, sizeof key, "k%03u", self->left--);
    status = ferric_put(self->db, NULL, text("waits"), text(key), NULL);
    self->has_failed |= status != FERRIC_OK;
    status = ferric_put_async(self->db, NULL, text(key), text("1"), NULL, go_on, self);
    if (status != FERRIC_OK) note(self->all, status, 0);
}

static void run_chain(uint32_t background_threads)
{
    api_kit kit;
    told all;
    chain links;
    uint64_t count;

    kit_begin(&kit, background_threads);
    told_init(&all);
    links = (chain){kit.db, &all, 200, false};
    assert_ok(ferric_put_async(kit.db, NULL, text("first"), text("1"), NULL, go_on, &links));
    await_told(&all, 1);
    assert_int_equal(all.statuses[0], FERRIC_OK);
    assert_false(links.has_failed);
    assert_ok(ferric_count(kit.db, NULL, text(""), text(""), NULL, &count));
    assert_int_equal(count, 202);
    assert_value(kit.db, NULL, "waits", "k001");
    kit_deinit(&kit);
    told_deinit(&all);
}

static void test_async_callback_may_write_and_wait(void **state)
{
    (void)state;
    run_chain(0);
    run_chain(2);
}

// ---- Many -----------------------------------------------------------------------------------

typedef struct writer {
    fe_thread thread;
    ferric_db *db;
    uint32_t number;
    ferric_status status;
    _Atomic(uint32_t) told;
    uint64_t last_version; // Callbacks come one at a time.
    bool is_disordered;
} writer;

static void count_one(void *context, ferric_status status, uint64_t version)
{
    writer *self = context;

    if (status != FERRIC_OK || version <= self->last_version) self->is_disordered = true;
    self->last_version = version;
    atomic_fetch_add(&self->told, 1);
}

static void write_many(void *argument)
{
    writer *self = argument;

    for (uint32_t i = 0; i < WRITES_EACH && self->status == FERRIC_OK; i++) {
        char key[32];
        char value[300] = {0};
        snprintf(key, sizeof key, "t%u-%05u", self->number, i);
        self->status = ferric_put_async(self->db, NULL, text(key),
                                        fe_slice(value, i % sizeof value), NULL, count_one, self);
        if (i % 50 == 0 && self->status == FERRIC_OK)
            self->status = ferric_put(self->db, NULL, text(key), text("again"), NULL);
    }
}

static void write_from_many_threads(uint32_t background_threads)
{
    api_kit kit;
    writer writers[THREADS];
    uint64_t count;

    kit_begin(&kit, background_threads);
    memset(writers, 0, sizeof writers);
    for (uint32_t i = 0; i < THREADS; i++) {
        writers[i].db = kit.db;
        writers[i].number = i;
        assert_ok(fe_thread_start(&writers[i].thread, "writer", write_many, &writers[i]));
    }
    for (uint32_t i = 0; i < THREADS; i++)
        fe_thread_join(&writers[i].thread);
    kit_reopen(&kit); // Which waits for them.
    for (uint32_t i = 0; i < THREADS; i++) {
        assert_int_equal(writers[i].status, FERRIC_OK);
        assert_false(writers[i].is_disordered);
        assert_int_equal(atomic_load(&writers[i].told), WRITES_EACH);
    }
    assert_ok(ferric_count(kit.db, NULL, text(""), text(""), NULL, &count));
    assert_int_equal(count, THREADS * WRITES_EACH);
    kit_deinit(&kit);
}

static void test_async_writes_of_many_threads_are_all_told(void **state)
{
    (void)state;
    write_from_many_threads(2);
    write_from_many_threads(0);
}

// A callback that does not return, until it is let go.
typedef struct stopper {
    told *all;
    _Atomic(bool) has_come;
    _Atomic(bool) may_go;
} stopper;

static void stop(void *context, ferric_status status, uint64_t version)
{
    stopper *self = context;

    atomic_store(&self->has_come, true);
    while (!atomic_load(&self->may_go))
        fe_thread_yield();
    note(self->all, status, version);
}

typedef struct blocked {
    fe_thread thread;
    ferric_db *db;
    told *all;
    ferric_status status;
    _Atomic(bool) is_done;
} blocked;

static void put_one_more(void *argument)
{
    blocked *self = argument;
    self->status = ferric_put_async(self->db, NULL, text("more"), text("1"), NULL, note, self->all);
    atomic_store(&self->is_done, true);
}

static ferric_stats read_stats(ferric_db *db)
{
    ferric_stats stats = FERRIC_STATS_INIT;

    assert_ok(ferric_stats_get(db, &stats));
    return stats;
}

static void test_async_writes_wait_while_too_many_are_in_flight(void **state)
{
    api_kit kit;
    told all;
    stopper first;
    blocked more = {0};
    uint64_t used_full;

    (void)state;
    kit_begin(&kit, 2);
    told_init(&all);
    first = (stopper){.all = &all};
    assert_ok(ferric_put_async(kit.db, NULL, text("first"), text("1"), NULL, stop, &first));
    while (!atomic_load(&first.has_come))
        fe_thread_yield();
    for (uint32_t i = 1; i < FERRIC_ASYNC_COUNT_MAX; i++)
        assert_ok(ferric_put_async(kit.db, NULL, text("a"), text("1"), NULL, note, &all));
    more.db = kit.db;
    more.all = &all;
    assert_ok(fe_thread_start(&more.thread, "more", put_one_more, &more));
    while (read_stats(kit.db).stall_count == 0)
        fe_thread_yield();
    assert_false(atomic_load(&more.is_done));
    used_full = read_stats(kit.db).memory_used;
    atomic_store(&first.may_go, true);
    fe_thread_join(&more.thread);
    assert_int_equal(more.status, FERRIC_OK);
    await_told(&all, FERRIC_ASYNC_COUNT_MAX + 1);
    assert_true(read_stats(kit.db).stall_ns > 0);
    // What is in flight counts as memory that is used.
    assert_true(used_full >= read_stats(kit.db).memory_used + FERRIC_ASYNC_COUNT_MAX * 256);
    assert_value(kit.db, NULL, "more", "1");
    kit_deinit(&kit);
    told_deinit(&all);
}

static void test_async_calls_are_counted_when_they_are_told(void **state)
{
    api_kit kit;
    told all;
    ferric_stats stats = FERRIC_STATS_INIT;

    (void)state;
    kit_begin(&kit, 0);
    told_init(&all);
    for (int i = 0; i < 3; i++)
        assert_ok(ferric_put_async(kit.db, NULL, text("a"), text("1"), NULL, note, &all));
    assert_ok(ferric_delete_async(kit.db, NULL, text("a"), NULL, note, &all));
    assert_ok(ferric_stats_get(kit.db, &stats));
    assert_int_equal(stats.operations[FERRIC_OPERATION_PUT].successes, 3);
    assert_int_equal(stats.operations[FERRIC_OPERATION_PUT].attempts, 3);
    assert_int_equal(stats.operations[FERRIC_OPERATION_DELETE].successes, 1);
    kit_deinit(&kit);
    told_deinit(&all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_async_writes_commit_in_order),
        cmocka_unit_test(test_async_write_without_threads_is_told_inside_the_call),
        cmocka_unit_test(test_async_outcomes_come_through_the_callback),
        cmocka_unit_test(test_async_arguments_are_checked_by_the_call),
        cmocka_unit_test(test_async_writes_of_documents_keep_indexes),
        cmocka_unit_test(test_async_callback_may_write_and_wait),
        cmocka_unit_test(test_async_writes_of_many_threads_are_all_told),
        cmocka_unit_test(test_async_writes_wait_while_too_many_are_in_flight),
        cmocka_unit_test(test_async_calls_are_counted_when_they_are_told),
    };
    return cmocka_run_group_tests_name("async_writes", tests, NULL, NULL);
}
