// SPDX-License-Identifier: Apache-2.0
// Transactions: how a wrong use is told, savepoints, and the loop that tries again.
#include "txn_kit.h"

#include "base/slice.h"
#include "os/thread.h"

// ---- Wrong use ------------------------------------------------------------------------------

static void assert_ended(ferric_txn *txn, const char *word)
{
    ferric_buffer value = {0};
    ferric_iterator *iterator;
    uint64_t savepoint;

    assert_failed(ferric_txn_put(txn, NULL, text("a"), text("1")), FERRIC_INVALID_ARGUMENT, word);
    assert_failed(ferric_txn_delete(txn, NULL, text("a")), FERRIC_INVALID_ARGUMENT, word);
    assert_failed(ferric_txn_get(txn, NULL, text("a"), &value, NULL), FERRIC_INVALID_ARGUMENT,
                  word);
    assert_failed(ferric_txn_iterator_create(txn, NULL, NULL, &iterator), FERRIC_INVALID_ARGUMENT,
                  word);
    assert_failed(ferric_txn_savepoint(txn, &savepoint), FERRIC_INVALID_ARGUMENT, word);
    assert_failed(ferric_txn_commit(txn, NULL), FERRIC_INVALID_ARGUMENT, word);
    assert_failed(ferric_txn_abort(txn), FERRIC_INVALID_ARGUMENT, word);
    ferric_buffer_free(&value);
    ferric_txn_destroy(txn);
}

static void test_transaction_ends_once(void **state)
{
    api_kit kit;
    ferric_txn *txn;

    (void)state;
    kit_init(&kit);
    put(kit.db, NULL, "a", "0");
    txn = begin_snapshot(&kit);
    txn_put(txn, "a", "1");
    assert_ok(ferric_txn_commit(txn, NULL));
    assert_ended(txn, "was committed");
    txn = begin_snapshot(&kit);
    assert_ok(ferric_txn_abort(txn));
    assert_ended(txn, "was aborted");
    txn = begin_snapshot(&kit);
    txn_put(txn, "a", "2");
    put(kit.db, NULL, "a", "3");
    assert_int_equal(ferric_txn_commit(txn, NULL), FERRIC_CONFLICT);
    assert_ended(txn, "conflict");
    kit_deinit(&kit);
}

static void test_transaction_that_outlives_its_database_is_told_so(void **state)
{
    api_kit kit;
    ferric_txn *txn;
    ferric_iterator *iterator;
    ferric_buffer value = {0};

    (void)state;
    kit_init(&kit);
    put(kit.db, NULL, "a", "0");
    txn = begin_serializable(&kit);
    txn_put(txn, "a", "1");
    assert_ok(ferric_txn_iterator_create(txn, NULL, NULL, &iterator));
    assert_true(ferric_iterator_first(iterator));
    kit_close(&kit);
    assert_failed(ferric_txn_get(txn, NULL, text("a"), &value, NULL), FERRIC_CLOSED, "closed");
    assert_failed(ferric_txn_put(txn, NULL, text("a"), text("2")), FERRIC_CLOSED, "closed");
    assert_failed(ferric_txn_commit(txn, NULL), FERRIC_CLOSED, "closed");
    assert_failed(ferric_txn_abort(txn), FERRIC_CLOSED, "closed");
    assert_false(ferric_iterator_next(iterator));
    assert_int_equal(ferric_iterator_status(iterator), FERRIC_CLOSED);
    ferric_txn_destroy(txn);
    ferric_iterator_destroy(iterator);
    kit_open(&kit);
    assert_value(kit.db, NULL, "a", "0");
    kit_deinit(&kit);
}

static void test_arguments_are_checked(void **state)
{
    api_kit kit;
    api_kit other;
    ferric_txn_options options = FERRIC_TXN_OPTIONS_INIT;
    ferric_keyspace *foreign;
    ferric_txn *txn;

    (void)state;
    kit_init(&kit);
    kit_init(&other);
    assert_failed(ferric_txn_begin(NULL, NULL, &txn), FERRIC_INVALID_ARGUMENT, "db");
    assert_failed(ferric_txn_begin(kit.db, NULL, NULL), FERRIC_INVALID_ARGUMENT, "txn");
    options.isolation = (ferric_isolation)7;
    assert_failed(ferric_txn_begin(kit.db, &options, &txn), FERRIC_INVALID_ARGUMENT, "isolation");
    options.isolation = FERRIC_ISOLATION_SNAPSHOT;
    options.tries_max = 0;
    assert_failed(ferric_txn_begin(kit.db, &options, &txn), FERRIC_INVALID_ARGUMENT, "tries_max");
    options.struct_size = 0;
    assert_failed(ferric_txn_begin(kit.db, &options, &txn), FERRIC_INVALID_ARGUMENT, "struct_size");
    txn = begin_snapshot(&kit);
    assert_failed(ferric_txn_put(txn, NULL, text(""), text("v")), FERRIC_INVALID_ARGUMENT, "empty");
    assert_failed(ferric_txn_get(txn, NULL, text("a"), NULL, NULL), FERRIC_INVALID_ARGUMENT,
                  "value");
    assert_failed(ferric_txn_put(NULL, NULL, text("a"), text("v")), FERRIC_INVALID_ARGUMENT, "txn");
    assert_failed(ferric_txn_savepoint(txn, NULL), FERRIC_INVALID_ARGUMENT, "savepoint");
    foreign = kit_keyspace(&other, "foreign", FERRIC_KEYSPACE_RAW);
    assert_failed(ferric_txn_put(txn, foreign, text("a"), text("v")), FERRIC_INVALID_ARGUMENT,
                  "another database");
    ferric_keyspace_close(foreign);
    end_txn(txn, FERRIC_OK);
    kit_deinit(&kit);
    kit_deinit(&other);
}

static void test_write_set_has_a_limit(void **state)
{
    api_kit kit;
    ferric_txn *txn;
    static char value[1 << 20];
    char key[16];
    unsigned written = 0;
    ferric_status status = FERRIC_OK;

    (void)state;
    kit_init(&kit);
    kit_close(&kit);
    kit.options.memory_limit = 8 << 20;
    kit_open(&kit);
    txn = begin_snapshot(&kit);
    while (status == FERRIC_OK && written < 100) {
        snprintf(key, sizeof key, "%u", written);
        status = ferric_txn_put(txn, NULL, text(key), fe_slice(value, sizeof value));
        if (status == FERRIC_OK) written++;
    }
    assert_failed(status, FERRIC_TOO_LARGE, "memory_limit");
    assert_int_equal(written, 1); // A quarter of the limit, less what the keys take.
    end_txn(txn, FERRIC_OK);      // It goes on without the last one.
    assert_int_equal(ferric_has(kit.db, NULL, text("0"), NULL), FERRIC_OK);
    kit_deinit(&kit);
}

// ---- Two threads ----------------------------------------------------------------------------

typedef struct intruder {
    fe_thread thread;
    ferric_txn *txn;
    unsigned refused;
    unsigned others;
} intruder;

#define CALLS 2000

static void run_intruder(void *argument)
{
    intruder *self = argument;
    ferric_buffer value = {0};

    for (unsigned i = 0; i < CALLS; i++) {
        ferric_status status = ferric_txn_put(self->txn, NULL, text("a"), text("1"));
        if (status == FERRIC_OK) status = ferric_txn_get(self->txn, NULL, text("a"), &value, NULL);
        if (status == FERRIC_INVALID_ARGUMENT &&
            strstr(ferric_error_message(), "another thread") != NULL) {
            self->refused++;
        } else {
            self->others += status != FERRIC_OK;
        }
    }
    ferric_buffer_free(&value);
}

// Calls that overlap are refused and do no harm; whether some do is the machine's choice.
static void test_two_threads_at_once_do_no_harm(void **state)
{
    api_kit kit;
    intruder intruders[2];

    (void)state;
    memset(intruders, 0, sizeof intruders);
    kit_init(&kit);
    put(kit.db, NULL, "a", "0");
    intruders[0].txn = begin_snapshot(&kit);
    intruders[1].txn = intruders[0].txn;
    for (unsigned i = 0; i < 2; i++)
        assert_ok(fe_thread_start(&intruders[i].thread, "intruder", run_intruder, &intruders[i]));
    for (unsigned i = 0; i < 2; i++) {
        fe_thread_join(&intruders[i].thread);
        assert_int_equal(intruders[i].others, 0);
    }
    end_txn(intruders[0].txn, FERRIC_OK);
    assert_value(kit.db, NULL, "a", "1");
    kit_deinit(&kit);
}

// ---- Savepoints -----------------------------------------------------------------------------

static void test_savepoints_nest(void **state)
{
    api_kit kit;
    ferric_txn *txn;
    uint64_t first;
    uint64_t second;
    uint64_t third;

    (void)state;
    kit_init(&kit);
    put(kit.db, NULL, "a", "0");
    txn = begin_snapshot(&kit);
    assert_ok(ferric_txn_savepoint(txn, &first));
    txn_put(txn, "a", "1");
    assert_ok(ferric_txn_savepoint(txn, &second));
    txn_put(txn, "a", "2");
    assert_ok(ferric_txn_delete(txn, NULL, text("b")));
    assert_ok(ferric_txn_savepoint(txn, &third));
    txn_put(txn, "b", "3");
    assert_ok(ferric_txn_rollback_to(txn, third));
    assert_seen(txn, "b", NULL);
    assert_seen(txn, "a", "2");
    assert_ok(ferric_txn_rollback_to(txn, second));
    assert_seen(txn, "a", "1");
    txn_put(txn, "c", "4");
    assert_ok(ferric_txn_rollback_to(txn, second)); // It stays one.
    assert_seen(txn, "c", NULL);
    assert_failed(ferric_txn_rollback_to(txn, third), FERRIC_INVALID_ARGUMENT, "earlier");
    assert_seen(txn, "a", "1");
    assert_ok(ferric_txn_rollback_to(txn, first));
    assert_seen(txn, "a", "0");
    txn_put(txn, "d", "5");
    end_txn(txn, FERRIC_OK);
    assert_keys(kit.db, NULL, NULL, "a d ");
    assert_value(kit.db, NULL, "a", "0");
    kit_deinit(&kit);
}

// What was taken back needs no check, what was read does.
static void test_rolled_back_write_is_no_conflict_but_a_read_is(void **state)
{
    api_kit kit;
    ferric_txn *txn;
    uint64_t savepoint;

    (void)state;
    kit_init(&kit);
    put(kit.db, NULL, "a", "0");
    txn = begin_snapshot(&kit);
    assert_ok(ferric_txn_savepoint(txn, &savepoint));
    txn_put(txn, "a", "mine");
    assert_ok(ferric_txn_rollback_to(txn, savepoint));
    txn_put(txn, "b", "mine");
    put(kit.db, NULL, "a", "theirs");
    end_txn(txn, FERRIC_OK);
    txn = begin_serializable(&kit);
    assert_ok(ferric_txn_savepoint(txn, &savepoint));
    assert_seen(txn, "a", "theirs");
    assert_ok(ferric_txn_rollback_to(txn, savepoint));
    txn_put(txn, "b", "mine");
    put(kit.db, NULL, "a", "again");
    end_txn(txn, FERRIC_CONFLICT);
    kit_deinit(&kit);
}

// ---- Run ------------------------------------------------------------------------------------

typedef struct attempt {
    api_kit *kit;
    unsigned calls;
    unsigned disturbed; // The first so many tries meet a conflict.
    ferric_status answer;
} attempt;

static ferric_status increment(void *context, ferric_txn *txn)
{
    attempt *self = context;
    ferric_buffer value = {0};
    char number[16];

    self->calls++;
    assert_ok(ferric_txn_get(txn, NULL, text("n"), &value, NULL));
    snprintf(number, sizeof number, "%d", *(const char *)value.data - '0' + 1);
    txn_put(txn, "n", number);
    if (self->calls <= self->disturbed) put(self->kit->db, NULL, "n", "5");
    ferric_buffer_free(&value);
    return self->answer;
}

static void test_run_tries_again_after_a_conflict(void **state)
{
    api_kit kit;
    ferric_txn_options options = FERRIC_TXN_OPTIONS_INIT;
    attempt self = {&kit, 0, 2, FERRIC_OK};
    uint64_t version = 0;

    (void)state;
    kit_init(&kit);
    put(kit.db, NULL, "n", "1");
    assert_ok(ferric_txn_run(kit.db, NULL, increment, &self, &version));
    assert_int_equal(self.calls, 3);
    assert_true(version > 0);
    assert_value(kit.db, NULL, "n", "6");
    self = (attempt){&kit, 0, 100, FERRIC_OK};
    assert_int_equal(ferric_txn_run(kit.db, NULL, increment, &self, NULL), FERRIC_CONFLICT);
    assert_int_equal(self.calls, 10);
    options.tries_max = 2;
    self = (attempt){&kit, 0, 100, FERRIC_OK};
    assert_int_equal(ferric_txn_run(kit.db, &options, increment, &self, NULL), FERRIC_CONFLICT);
    assert_int_equal(self.calls, 2);
    kit_deinit(&kit);
}

static void test_run_ends_with_what_the_callback_says(void **state)
{
    api_kit kit;
    attempt self = {&kit, 0, 0, FERRIC_NOT_FOUND};

    (void)state;
    kit_init(&kit);
    put(kit.db, NULL, "n", "1");
    assert_int_equal(ferric_txn_run(kit.db, NULL, increment, &self, NULL), FERRIC_NOT_FOUND);
    assert_int_equal(self.calls, 1);
    assert_value(kit.db, NULL, "n", "1");
    self = (attempt){&kit, 0, 0, FERRIC_CONFLICT};
    assert_int_equal(ferric_txn_run(kit.db, NULL, increment, &self, NULL), FERRIC_CONFLICT);
    assert_int_equal(self.calls, 10);
    assert_failed(ferric_txn_run(kit.db, NULL, NULL, NULL, NULL), FERRIC_INVALID_ARGUMENT,
                  "callback");
    kit_deinit(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_transaction_ends_once),
        cmocka_unit_test(test_transaction_that_outlives_its_database_is_told_so),
        cmocka_unit_test(test_arguments_are_checked),
        cmocka_unit_test(test_write_set_has_a_limit),
        cmocka_unit_test(test_two_threads_at_once_do_no_harm),
        cmocka_unit_test(test_savepoints_nest),
        cmocka_unit_test(test_rolled_back_write_is_no_conflict_but_a_read_is),
        cmocka_unit_test(test_run_tries_again_after_a_conflict),
        cmocka_unit_test(test_run_ends_with_what_the_callback_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
