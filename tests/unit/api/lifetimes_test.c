// SPDX-License-Identifier: Apache-2.0
// Lifetimes as callers set, ask and change them, and numbers that are added to, on a clock that the
// test owns.
#include <pthread.h>

#include "api_kit.h"
#include "support/vfs_record.h"

#define SECOND 1000u
#define LARGE_SIZE 6000u

typedef struct lifetimes {
    api_kit kit;
    vfs_record *record;
} lifetimes;

static void begin(lifetimes *t)
{
    ferric_options options = FERRIC_OPTIONS_INIT;

    memset(t, 0, sizeof *t);
    t->record = vfs_record_create(disk_create(), 1);
    options.vfs = vfs_record_vfs(t->record);
    options.background_threads = 0;
    options.memtable_size = 65536;
    options.log_size = 65536;
    options.table_size = 65536;
    options.memory_limit = 8 << 20;
    t->kit.options = options;
    kit_open(&t->kit);
}

static void end(lifetimes *t)
{
    kit_close(&t->kit);
    vfs_record_destroy(t->record);
}

static void pass(lifetimes *t, uint64_t ms)
{
    vfs_record_advance_ms(t->record, ms);
}

static ferric_write_options for_ms(uint64_t ttl_ms)
{
    ferric_write_options options = FERRIC_WRITE_OPTIONS_INIT;

    options.lifetime.ttl_ms = ttl_ms;
    return options;
}

static void put_for(lifetimes *t, ferric_keyspace *keyspace, const char *key, const char *value,
                    uint64_t ttl_ms)
{
    ferric_write_options options = for_ms(ttl_ms);

    assert_ok(ferric_put(t->kit.db, keyspace, text(key), text(value), &options));
}

// What is left, rounded to seconds; -1: it stays, -2: it is not there.
static int seconds_left(lifetimes *t, ferric_keyspace *keyspace, const char *key)
{
    uint64_t ttl_ms;
    ferric_status status = ferric_ttl(t->kit.db, keyspace, text(key), NULL, &ttl_ms);

    if (status == FERRIC_NOT_FOUND) return -2;
    assert_ok(status);
    return ttl_ms == FERRIC_TTL_NONE ? -1 : (int)((ttl_ms + SECOND / 2) / SECOND);
}

// ---- Puts -----------------------------------------------------------------------------------

static void test_put_with_ttl_expires_everywhere(void **state)
{
    lifetimes t;
    uint64_t count;

    (void)state;
    begin(&t);
    put_for(&t, NULL, "a", "1", 10 * SECOND);
    put_for(&t, NULL, "b", "2", 30 * SECOND);
    put(t.kit.db, NULL, "c", "3");
    assert_int_equal(seconds_left(&t, NULL, "a"), 10);
    assert_int_equal(seconds_left(&t, NULL, "c"), -1);
    assert_int_equal(seconds_left(&t, NULL, "d"), -2);
    assert_keys(t.kit.db, NULL, NULL, "a b c ");
    pass(&t, 10 * SECOND);
    assert_value(t.kit.db, NULL, "a", NULL);
    assert_int_equal(ferric_has(t.kit.db, NULL, text("a"), NULL), FERRIC_NOT_FOUND);
    assert_int_equal(seconds_left(&t, NULL, "a"), -2);
    assert_int_equal(seconds_left(&t, NULL, "b"), 20);
    assert_keys(t.kit.db, NULL, NULL, "b c ");
    assert_ok(ferric_count(t.kit.db, NULL, text(""), text(""), NULL, &count));
    assert_int_equal(count, 2);
    kit_reopen(&t.kit);
    assert_int_equal(seconds_left(&t, NULL, "b"), 20);
    assert_keys(t.kit.db, NULL, NULL, "b c ");
    end(&t);
}

static void test_put_clears_the_lifetime_and_tells_its_version(void **state)
{
    ferric_write_options options = for_ms(10 * SECOND);
    uint64_t version = 0;
    uint64_t found = 0;
    uint64_t expires_ms = 0;
    lifetimes t;

    (void)state;
    begin(&t);
    options.version = &version;
    assert_ok(ferric_put(t.kit.db, NULL, text("a"), text("1"), &options));
    assert_ok(ferric_expiry(t.kit.db, NULL, text("a"), NULL, &expires_ms, &found));
    assert_int_equal(found, version);
    assert_true(expires_ms > 10 * SECOND);
    put(t.kit.db, NULL, "a", "2");
    assert_int_equal(seconds_left(&t, NULL, "a"), -1);
    options = (ferric_write_options)FERRIC_WRITE_OPTIONS_INIT;
    options.lifetime.expires_ms = expires_ms;
    assert_ok(ferric_put(t.kit.db, NULL, text("a"), text("3"), &options));
    assert_int_equal(seconds_left(&t, NULL, "a"), 10);
    options.lifetime.expires_ms = 1; // Long ago.
    assert_ok(ferric_put(t.kit.db, NULL, text("a"), text("4"), &options));
    assert_value(t.kit.db, NULL, "a", NULL);
    end(&t);
}

static void test_lifetimes_that_make_no_sense_are_refused(void **state)
{
    ferric_write_options options = FERRIC_WRITE_OPTIONS_INIT;
    ferric_batch *batch;
    lifetimes t;

    (void)state;
    begin(&t);
    options.lifetime = (ferric_lifetime){1000, 1000};
    assert_failed(ferric_put(t.kit.db, NULL, text("a"), text("1"), &options),
                  FERRIC_INVALID_ARGUMENT, "both set");
    options.lifetime = (ferric_lifetime){FERRIC_TTL_MAX + 1, 0};
    assert_failed(ferric_put(t.kit.db, NULL, text("a"), text("1"), &options),
                  FERRIC_INVALID_ARGUMENT, "too long");
    options.lifetime = (ferric_lifetime){0, FERRIC_EXPIRES_MAX + 1};
    assert_failed(ferric_put(t.kit.db, NULL, text("a"), text("1"), &options),
                  FERRIC_INVALID_ARGUMENT, "too long");
    options.lifetime = (ferric_lifetime){FERRIC_TTL_MAX, 0};
    assert_ok(ferric_put(t.kit.db, NULL, text("a"), text("1"), &options));
    assert_ok(ferric_batch_create(&batch));
    assert_failed(ferric_write(t.kit.db, batch, &options, NULL), FERRIC_INVALID_ARGUMENT,
                  "ferric_batch_put_expiring");
    ferric_batch_destroy(batch);
    assert_failed(ferric_keyspace_set_ttl(t.kit.db, NULL, FERRIC_TTL_MAX + 1),
                  FERRIC_INVALID_ARGUMENT, "too long");
    assert_failed(ferric_expire(t.kit.db, NULL, text("a"), NULL), FERRIC_INVALID_ARGUMENT,
                  "is not set");
    assert_failed(ferric_touch(t.kit.db, NULL, text("a"), NULL), FERRIC_INVALID_ARGUMENT,
                  "no default");
    end(&t);
}

// ---- Batches and transactions ---------------------------------------------------------------

static void test_batch_counts_from_its_write(void **state)
{
    static char large[LARGE_SIZE];
    ferric_keyspace *other;
    ferric_batch *batch;
    lifetimes t;

    (void)state;
    begin(&t);
    other = kit_keyspace(&t.kit, "other", FERRIC_KEYSPACE_RAW);
    assert_ok(ferric_batch_create(&batch));
    assert_ok(ferric_batch_put(batch, NULL, text("a"), text("1")));
    assert_ok(ferric_batch_put_expiring(batch, other, text("b"), text("2"),
                                        (ferric_lifetime){10 * SECOND, 0}));
    assert_ok(ferric_batch_put_expiring(batch, NULL, text("c"), (ferric_slice){large, sizeof large},
                                        (ferric_lifetime){20 * SECOND, 0}));
    pass(&t, 100 * SECOND);
    assert_ok(ferric_write(t.kit.db, batch, NULL, NULL));
    assert_int_equal(seconds_left(&t, NULL, "a"), -1);
    assert_int_equal(seconds_left(&t, other, "b"), 10);
    assert_int_equal(seconds_left(&t, NULL, "c"), 20);
    pass(&t, 15 * SECOND);
    assert_int_equal(seconds_left(&t, other, "b"), -2);
    assert_ok(ferric_write(t.kit.db, batch, NULL, NULL));
    assert_int_equal(seconds_left(&t, other, "b"), 10);
    assert_int_equal(seconds_left(&t, NULL, "c"), 20);
    ferric_batch_destroy(batch);
    ferric_keyspace_close(other);
    end(&t);
}

static void test_transaction_goes_by_the_time_of_its_beginning(void **state)
{
    ferric_buffer value = {0};
    ferric_txn *txn;
    lifetimes t;

    (void)state;
    begin(&t);
    put_for(&t, NULL, "a", "1", 10 * SECOND);
    assert_ok(ferric_txn_begin(t.kit.db, NULL, &txn));
    assert_ok(ferric_txn_put_expiring(txn, NULL, text("b"), text("2"),
                                      (ferric_lifetime){10 * SECOND, 0}));
    assert_ok(ferric_txn_put_expiring(txn, NULL, text("c"), text("3"), (ferric_lifetime){0, 1}));
    pass(&t, 20 * SECOND);
    assert_ok(ferric_txn_get(txn, NULL, text("a"), &value, NULL));
    assert_ok(ferric_txn_get(txn, NULL, text("b"), &value, NULL));
    assert_int_equal(ferric_txn_get(txn, NULL, text("c"), &value, NULL), FERRIC_NOT_FOUND);
    assert_ok(ferric_txn_commit(txn, NULL));
    ferric_txn_destroy(txn);
    assert_keys(t.kit.db, NULL, NULL, "");
    ferric_buffer_free(&value);
    end(&t);
}

// ---- The default of a keyspace --------------------------------------------------------------

static void test_default_ttl_is_for_puts_without_their_own(void **state)
{
    static char large[LARGE_SIZE];
    ferric_keyspace *first;
    ferric_keyspace *second;
    ferric_keyspace_info *list;
    ferric_batch *batch;
    ferric_txn *txn;
    size_t count;
    lifetimes t;

    (void)state;
    begin(&t);
    first = kit_keyspace(&t.kit, "cache", FERRIC_KEYSPACE_RAW);
    second = kit_keyspace(&t.kit, "cache", FERRIC_KEYSPACE_RAW);
    put(t.kit.db, first, "before", "1");
    put(t.kit.db, second, "before", "1");
    assert_ok(ferric_keyspace_set_ttl(t.kit.db, first, 10 * SECOND));
    put(t.kit.db, second, "after", "2"); // Another handle of the same keyspace.
    put_for(&t, first, "own", "3", 30 * SECOND);
    put_for(&t, first, "stays", "4", FERRIC_TTL_NONE);
    assert_int_equal(seconds_left(&t, first, "before"), -1);
    assert_int_equal(seconds_left(&t, first, "after"), 10);
    assert_int_equal(seconds_left(&t, first, "own"), 30);
    assert_int_equal(seconds_left(&t, first, "stays"), -1);
    assert_ok(ferric_txn_begin(t.kit.db, NULL, &txn));
    assert_ok(ferric_txn_put(txn, first, text("txn"), text("5")));
    assert_ok(ferric_txn_commit(txn, NULL));
    ferric_txn_destroy(txn);
    assert_int_equal(seconds_left(&t, first, "txn"), 10);
    assert_ok(ferric_batch_create(&batch));
    assert_ok(ferric_batch_put(batch, first, text("batch"), text("6")));
    assert_ok(ferric_batch_put(batch, first, text("large"), (ferric_slice){large, sizeof large}));
    assert_ok(ferric_write(t.kit.db, batch, NULL, NULL));
    ferric_batch_destroy(batch);
    assert_int_equal(seconds_left(&t, first, "batch"), 10);
    assert_int_equal(seconds_left(&t, first, "large"), 10);
    ferric_keyspace_close(first);
    ferric_keyspace_close(second);
    kit_reopen(&t.kit);
    assert_ok(ferric_keyspace_list(t.kit.db, &list, &count));
    assert_int_equal(count, 1);
    assert_int_equal(list[0].ttl_ms, 10 * SECOND);
    ferric_free(list);
    first = kit_keyspace(&t.kit, "cache", FERRIC_KEYSPACE_RAW);
    put(t.kit.db, first, "again", "7");
    assert_int_equal(seconds_left(&t, first, "again"), 10);
    assert_ok(ferric_keyspace_set_ttl(t.kit.db, first, 0));
    put(t.kit.db, first, "again", "8");
    assert_int_equal(seconds_left(&t, first, "again"), -1);
    ferric_keyspace_close(first);
    end(&t);
}

// A keyspace keeps its default under another name, and a handle from before sets it there, not for
// who has the old name now.
static void test_default_goes_with_a_keyspace_that_is_renamed(void **state)
{
    ferric_keyspace *cache;
    ferric_keyspace *other;
    lifetimes t;

    (void)state;
    begin(&t);
    cache = kit_keyspace(&t.kit, "cache", FERRIC_KEYSPACE_RAW);
    assert_ok(ferric_keyspace_set_ttl(t.kit.db, cache, 10 * SECOND));
    assert_ok(ferric_keyspace_rename(t.kit.db, "cache", "sessions"));
    put(t.kit.db, cache, "a", "1");
    assert_int_equal(seconds_left(&t, cache, "a"), 10);
    assert_ok(ferric_keyspace_set_ttl(t.kit.db, cache, 20 * SECOND));
    other = kit_keyspace(&t.kit, "cache", FERRIC_KEYSPACE_RAW);
    put(t.kit.db, other, "b", "2");
    assert_ok(ferric_keyspace_set_ttl(t.kit.db, cache, 30 * SECOND));
    put(t.kit.db, cache, "a", "1");
    put(t.kit.db, other, "c", "2");
    assert_int_equal(seconds_left(&t, cache, "a"), 30);
    assert_int_equal(seconds_left(&t, other, "c"), -1);
    assert_ok(ferric_keyspace_drop(t.kit.db, "sessions"));
    assert_int_equal(ferric_keyspace_set_ttl(t.kit.db, cache, SECOND), FERRIC_DROPPED);
    ferric_keyspace_close(cache);
    ferric_keyspace_close(other);
    end(&t);
}

static void test_batch_without_handles_gets_the_default_of_main(void **state)
{
    static char large[LARGE_SIZE];
    ferric_pinned pinned;
    ferric_batch *batch;
    lifetimes t;

    (void)state;
    begin(&t);
    memset(large, 'x', sizeof large);
    assert_ok(ferric_batch_create(&batch));
    assert_ok(ferric_batch_put(batch, NULL, text("a"), text("1")));
    assert_ok(ferric_batch_put(batch, NULL, text("large"), (ferric_slice){large, sizeof large}));
    assert_ok(ferric_batch_delete(batch, NULL, text("gone")));
    assert_ok(ferric_batch_put_expiring(batch, NULL, text("own"), text("2"),
                                        (ferric_lifetime){30 * SECOND, 0}));
    assert_ok(ferric_batch_put_expiring(batch, NULL, text("stays"), text("3"),
                                        (ferric_lifetime){FERRIC_TTL_NONE, 0}));
    assert_ok(ferric_batch_put(batch, NULL, text("last"), text("4")));
    assert_ok(ferric_write(t.kit.db, batch, NULL, NULL));
    assert_int_equal(seconds_left(&t, NULL, "a"), -1);
    assert_ok(ferric_keyspace_set_ttl(t.kit.db, NULL, 10 * SECOND));
    for (int i = 0; i < 2; i++) {
        assert_ok(ferric_write(t.kit.db, batch, NULL, NULL));
        assert_int_equal(seconds_left(&t, NULL, "a"), 10);
        assert_int_equal(seconds_left(&t, NULL, "large"), 10);
        assert_int_equal(seconds_left(&t, NULL, "own"), 30);
        assert_int_equal(seconds_left(&t, NULL, "stays"), -1);
        assert_int_equal(seconds_left(&t, NULL, "last"), 10);
        pass(&t, 5 * SECOND);
    }
    assert_ok(ferric_get_pinned(t.kit.db, NULL, text("large"), NULL, &pinned));
    assert_int_equal(pinned.value.size, sizeof large);
    assert_memory_equal(pinned.value.data, large, sizeof large);
    ferric_pinned_release(&pinned);
    assert_value(t.kit.db, NULL, "last", "4");
    ferric_batch_destroy(batch);
    end(&t);
}

// ---- Changing a lifetime --------------------------------------------------------------------

static void test_expire_persist_and_touch(void **state)
{
    ferric_write_options options = for_ms(10 * SECOND);
    uint64_t version;
    lifetimes t;

    (void)state;
    begin(&t);
    assert_int_equal(ferric_expire(t.kit.db, NULL, text("a"), &options), FERRIC_NOT_FOUND);
    assert_int_equal(ferric_persist(t.kit.db, NULL, text("a"), NULL), FERRIC_NOT_FOUND);
    assert_int_equal(ferric_touch(t.kit.db, NULL, text("a"), &options), FERRIC_NOT_FOUND);
    put(t.kit.db, NULL, "a", "value");
    assert_ok(ferric_touch(t.kit.db, NULL, text("a"), &options)); // It stays anyway.
    assert_int_equal(seconds_left(&t, NULL, "a"), -1);
    assert_ok(ferric_expire(t.kit.db, NULL, text("a"), &options));
    assert_int_equal(seconds_left(&t, NULL, "a"), 10);
    pass(&t, 6 * SECOND);
    assert_ok(ferric_touch(t.kit.db, NULL, text("a"), &options));
    assert_int_equal(seconds_left(&t, NULL, "a"), 10);
    options = for_ms(5 * SECOND);
    options.version = &version;
    assert_ok(ferric_touch(t.kit.db, NULL, text("a"), &options)); // Shortens nothing.
    assert_int_equal(version, 4);                                 // 1 made the keyspace.
    assert_int_equal(seconds_left(&t, NULL, "a"), 10);
    assert_value(t.kit.db, NULL, "a", "value");
    assert_ok(ferric_persist(t.kit.db, NULL, text("a"), NULL));
    assert_int_equal(seconds_left(&t, NULL, "a"), -1);
    pass(&t, 100 * SECOND);
    assert_value(t.kit.db, NULL, "a", "value");
    options = for_ms(5 * SECOND);
    options.condition = FERRIC_IF_VERSION;
    options.if_version = 1;
    assert_int_equal(ferric_expire(t.kit.db, NULL, text("a"), &options), FERRIC_CONFLICT);
    options.if_version = 5;
    assert_ok(ferric_expire(t.kit.db, NULL, text("a"), &options));
    options = (ferric_write_options)FERRIC_WRITE_OPTIONS_INIT;
    options.lifetime.expires_ms = 1;
    assert_ok(ferric_expire(t.kit.db, NULL, text("a"), &options));
    assert_value(t.kit.db, NULL, "a", NULL);
    end(&t);
}

static void test_conditions_take_an_expired_key_for_absent(void **state)
{
    ferric_write_options options = for_ms(10 * SECOND);
    lifetimes t;

    (void)state;
    begin(&t);
    options.condition = FERRIC_IF_ABSENT;
    assert_ok(ferric_put(t.kit.db, NULL, text("lock"), text("me"), &options));
    assert_int_equal(ferric_put(t.kit.db, NULL, text("lock"), text("you"), &options),
                     FERRIC_CONFLICT);
    pass(&t, 11 * SECOND);
    assert_ok(ferric_put(t.kit.db, NULL, text("lock"), text("you"), &options));
    assert_value(t.kit.db, NULL, "lock", "you");
    end(&t);
}

// ---- Increments -----------------------------------------------------------------------------

static void test_increment_adds_and_keeps_the_lifetime(void **state)
{
    ferric_write_options options = for_ms(10 * SECOND);
    ferric_keyspace *documents;
    ferric_buffer json = {0};
    int64_t sum;
    lifetimes t;

    (void)state;
    begin(&t);
    assert_ok(ferric_increment(t.kit.db, NULL, text("n"), 5, 100, &options, &sum));
    assert_int_equal(sum, 105);
    pass(&t, 4 * SECOND);
    assert_ok(ferric_increment(t.kit.db, NULL, text("n"), -110, 0, NULL, &sum));
    assert_int_equal(sum, -5);
    assert_value(t.kit.db, NULL, "n", "-5");
    assert_int_equal(seconds_left(&t, NULL, "n"), 6);
    pass(&t, 10 * SECOND);
    assert_ok(ferric_increment(t.kit.db, NULL, text("n"), 1, 0, NULL, &sum)); // It was gone.
    assert_int_equal(sum, 1);
    assert_int_equal(seconds_left(&t, NULL, "n"), -1);
    documents = kit_keyspace(&t.kit, "documents", FERRIC_KEYSPACE_COLLECTION);
    assert_ok(ferric_document_put(t.kit.db, documents, text("n"), text("41"), NULL));
    assert_ok(ferric_increment(t.kit.db, documents, text("n"), 1, 0, NULL, &sum));
    assert_ok(ferric_document_get(t.kit.db, documents, text("n"), NULL, &json, NULL));
    assert_int_equal(json.size, 2);
    assert_memory_equal(json.data, "42", 2);
    assert_ok(ferric_document_put(t.kit.db, documents, text("o"), text("{\"a\":1}"), NULL));
    assert_failed(ferric_increment(t.kit.db, documents, text("o"), 1, 0, NULL, &sum),
                  FERRIC_INVALID_ARGUMENT, "no integer");
    ferric_buffer_free(&json);
    ferric_keyspace_close(documents);
    end(&t);
}

static void test_increment_refuses_what_is_no_number_or_overflows(void **state)
{
    static const char *const bad[] = {"", "-", "1.5", " 1", "1 ", "0x1", "one", "--1", "1e3"};
    int64_t sum;
    lifetimes t;

    (void)state;
    begin(&t);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        put(t.kit.db, NULL, "n", bad[i]);
        assert_failed(ferric_increment(t.kit.db, NULL, text("n"), 1, 0, NULL, &sum),
                      FERRIC_INVALID_ARGUMENT, "no integer");
    }
    put(t.kit.db, NULL, "n", "9223372036854775807");
    assert_failed(ferric_increment(t.kit.db, NULL, text("n"), 1, 0, NULL, &sum), FERRIC_OVERFLOW,
                  "64 bits");
    assert_value(t.kit.db, NULL, "n", "9223372036854775807");
    assert_ok(ferric_increment(t.kit.db, NULL, text("n"), INT64_MIN, 0, NULL, &sum));
    assert_int_equal(sum, -1);
    put(t.kit.db, NULL, "n", "9223372036854775808");
    assert_failed(ferric_increment(t.kit.db, NULL, text("n"), -5, 0, NULL, &sum), FERRIC_OVERFLOW,
                  "64 bits");
    assert_failed(ferric_increment(t.kit.db, NULL, text("m"), -1, INT64_MIN, NULL, &sum),
                  FERRIC_OVERFLOW, "64 bits");
    assert_value(t.kit.db, NULL, "m", NULL);
    end(&t);
}

// ---- At once --------------------------------------------------------------------------------

#define THREADS 4
#define INCREMENTS 250

static void *increment_often(void *argument)
{
    ferric_db *db = argument;
    ferric_write_options options = for_ms(3600 * SECOND);

    for (int i = 0; i < INCREMENTS; i++) {
        if (ferric_increment(db, NULL, text("n"), 1, 0, NULL, NULL) != FERRIC_OK) return db;
        // Lifetimes change beside it and lose no increment.
        if (i % 5 == 0 && ferric_expire(db, NULL, text("n"), &options) != FERRIC_OK) return db;
        if (i % 7 == 0 && ferric_persist(db, NULL, text("n"), NULL) != FERRIC_OK) return db;
    }
    return NULL;
}

static void test_nothing_is_lost_when_many_increment_at_once(void **state)
{
    pthread_t threads[THREADS];
    char expected[16];
    lifetimes t;

    (void)state;
    begin(&t);
    snprintf(expected, sizeof expected, "%d", THREADS * INCREMENTS);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, increment_often, t.kit.db), 0);
    for (int i = 0; i < THREADS; i++) {
        void *failed;
        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
    }
    assert_value(t.kit.db, NULL, "n", expected);
    end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_put_with_ttl_expires_everywhere),
        cmocka_unit_test(test_put_clears_the_lifetime_and_tells_its_version),
        cmocka_unit_test(test_lifetimes_that_make_no_sense_are_refused),
        cmocka_unit_test(test_batch_counts_from_its_write),
        cmocka_unit_test(test_transaction_goes_by_the_time_of_its_beginning),
        cmocka_unit_test(test_default_ttl_is_for_puts_without_their_own),
        cmocka_unit_test(test_default_goes_with_a_keyspace_that_is_renamed),
        cmocka_unit_test(test_batch_without_handles_gets_the_default_of_main),
        cmocka_unit_test(test_expire_persist_and_touch),
        cmocka_unit_test(test_conditions_take_an_expired_key_for_absent),
        cmocka_unit_test(test_increment_adds_and_keeps_the_lifetime),
        cmocka_unit_test(test_increment_refuses_what_is_no_number_or_overflows),
        cmocka_unit_test(test_nothing_is_lost_when_many_increment_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
