// SPDX-License-Identifier: Apache-2.0
// Transactions: what they see, what they leave, and who wins.
#include "txn_kit.h"

#include "base/slice.h"

// ---- What it sees and leaves ----------------------------------------------------------------

static void test_own_writes_are_seen_by_nobody_else(void **state)
{
    api_kit kit;
    ferric_txn *txn;
    uint64_t version = 0;

    (void)state;
    kit_init(&kit);
    put(kit.db, NULL, "a", "old");
    put(kit.db, NULL, "b", "old");
    txn = begin_snapshot(&kit);
    txn_put(txn, "a", "new");
    txn_put(txn, "c", "");
    assert_ok(ferric_txn_delete(txn, NULL, text("b")));
    assert_seen(txn, "a", "new");
    assert_seen(txn, "b", NULL);
    assert_seen(txn, "c", "");
    assert_value(kit.db, NULL, "a", "old");
    assert_value(kit.db, NULL, "b", "old");
    assert_value(kit.db, NULL, "c", NULL);
    assert_ok(ferric_txn_commit(txn, &version));
    assert_true(version > ferric_txn_snapshot_version(txn));
    ferric_txn_destroy(txn);
    assert_value(kit.db, NULL, "a", "new");
    assert_value(kit.db, NULL, "b", NULL);
    assert_value(kit.db, NULL, "c", "");
    kit_reopen(&kit);
    assert_value(kit.db, NULL, "a", "new");
    assert_value(kit.db, NULL, "b", NULL);
    kit_deinit(&kit);
}

static void test_snapshot_does_not_move(void **state)
{
    api_kit kit;
    ferric_txn *txn;
    ferric_buffer value = {0};
    uint64_t version = 0;

    (void)state;
    kit_init(&kit);
    put(kit.db, NULL, "a", "old");
    txn = begin_snapshot(&kit);
    put(kit.db, NULL, "a", "new");
    put(kit.db, NULL, "b", "new");
    assert_ok(ferric_flush(kit.db));
    assert_ok(ferric_compact(kit.db, NULL, text(""), text("")));
    assert_seen(txn, "a", "old");
    assert_seen(txn, "b", NULL);
    assert_ok(ferric_txn_get(txn, NULL, text("a"), &value, &version));
    assert_true(version > 0 && version <= ferric_txn_snapshot_version(txn));
    txn_put(txn, "c", "own");
    assert_ok(ferric_txn_get(txn, NULL, text("c"), &value, &version));
    assert_int_equal(version, 0);
    ferric_buffer_free(&value);
    end_txn(txn, FERRIC_OK); // What it read need not be unchanged.
    kit_deinit(&kit);
}

static void test_abort_and_destroy_leave_nothing(void **state)
{
    api_kit kit;
    ferric_txn *txn;
    ferric_buffer before;
    ferric_buffer after;

    (void)state;
    kit_init(&kit);
    put(kit.db, NULL, "a", "old");
    before = kit_files(&kit);
    txn = begin_snapshot(&kit);
    txn_put(txn, "a", "new");
    assert_ok(ferric_txn_abort(txn));
    ferric_txn_destroy(txn);
    txn = begin_snapshot(&kit);
    txn_put(txn, "a", "newer");
    ferric_txn_destroy(txn);
    ferric_txn_destroy(NULL);
    after = kit_files(&kit);
    assert_int_equal(after.size, before.size);
    assert_memory_equal(after.data, before.data, before.size);
    ferric_buffer_free(&before);
    ferric_buffer_free(&after);
    assert_value(kit.db, NULL, "a", "old");
    kit_deinit(&kit);
}

static void test_commit_without_writes_writes_nothing(void **state)
{
    api_kit kit;
    ferric_txn *txn;
    ferric_buffer before;
    ferric_buffer after;
    uint64_t version = 9;

    (void)state;
    kit_init(&kit);
    put(kit.db, NULL, "a", "old");
    txn = begin_serializable(&kit);
    assert_seen(txn, "a", "old");
    put(kit.db, NULL, "a", "new");
    before = kit_files(&kit);
    assert_ok(ferric_txn_commit(txn, &version)); // It has run whole at its snapshot.
    assert_int_equal(version, 0);
    ferric_txn_destroy(txn);
    after = kit_files(&kit);
    assert_int_equal(after.size, before.size);
    ferric_buffer_free(&before);
    ferric_buffer_free(&after);
    kit_deinit(&kit);
}

// ---- Who wins -------------------------------------------------------------------------------

static void test_first_committer_wins(void **state)
{
    api_kit kit;
    ferric_txn *first;
    ferric_txn *second;

    (void)state;
    kit_init(&kit);
    put(kit.db, NULL, "a", "0");
    first = begin_snapshot(&kit);
    second = begin_snapshot(&kit);
    txn_put(first, "a", "1");
    txn_put(second, "a", "2");
    txn_put(second, "b", "2");
    end_txn(first, FERRIC_OK);
    end_txn(second, FERRIC_CONFLICT);
    assert_value(kit.db, NULL, "a", "1");
    assert_value(kit.db, NULL, "b", NULL);
    kit_reopen(&kit);
    assert_value(kit.db, NULL, "a", "1");
    assert_value(kit.db, NULL, "b", NULL);
    kit_deinit(&kit);
}

static void test_disjoint_writes_do_not_conflict(void **state)
{
    api_kit kit;
    ferric_txn *first;
    ferric_txn *second;

    (void)state;
    kit_init(&kit);
    put(kit.db, NULL, "a", "0");
    first = begin_snapshot(&kit);
    second = begin_snapshot(&kit);
    txn_put(first, "a", "1");
    txn_put(second, "b", "2");
    end_txn(first, FERRIC_OK);
    end_txn(second, FERRIC_OK);
    assert_value(kit.db, NULL, "a", "1");
    assert_value(kit.db, NULL, "b", "2");
    kit_deinit(&kit);
}

// Plain writes and deletes count as commits of somebody else, and so does a key that came and went.
static void test_any_commit_since_the_beginning_is_a_conflict(void **state)
{
    api_kit kit;
    ferric_txn *txn;

    (void)state;
    kit_init(&kit);
    put(kit.db, NULL, "a", "0");
    for (unsigned i = 0; i < 4; i++) {
        txn = begin_snapshot(&kit);
        txn_put(txn, i < 2 ? "a" : "b", "mine");
        if (i == 0) put(kit.db, NULL, "a", "theirs");
        if (i == 1) assert_ok(ferric_delete(kit.db, NULL, text("a"), NULL));
        if (i == 2) put(kit.db, NULL, "b", "theirs");
        if (i == 3) {
            put(kit.db, NULL, "b", "theirs");
            assert_ok(ferric_delete(kit.db, NULL, text("b"), NULL));
            assert_ok(ferric_flush(kit.db));
            assert_ok(ferric_compact(kit.db, NULL, text(""), text("")));
        }
        end_txn(txn, FERRIC_CONFLICT);
    }
    kit_deinit(&kit);
}

// A long transaction is checked, however much was flushed and merged meanwhile.
static void test_long_transaction_is_checked_not_refused(void **state)
{
    api_kit kit;
    ferric_txn *kept;
    ferric_txn *lost;
    char key[16];

    (void)state;
    kit_init(&kit);
    put(kit.db, NULL, "mine", "0");
    put(kit.db, NULL, "theirs", "0");
    kept = begin_serializable(&kit);
    lost = begin_serializable(&kit);
    assert_seen(kept, "mine", "0");
    assert_seen(lost, "theirs", "0");
    for (unsigned i = 0; i < 3000; i++) {
        snprintf(key, sizeof key, "filler%u", i);
        put(kit.db, NULL, key, "a value of some bytes");
    }
    put(kit.db, NULL, "theirs", "1");
    assert_ok(ferric_flush(kit.db));
    assert_ok(ferric_compact(kit.db, NULL, text(""), text("")));
    txn_put(kept, "mine", "1");
    txn_put(lost, "mine too", "1");
    end_txn(kept, FERRIC_OK);
    end_txn(lost, FERRIC_CONFLICT);
    kit_deinit(&kit);
}

// Each of two reads what the other one writes.
static ferric_status skew(ferric_isolation isolation)
{
    api_kit kit;
    ferric_txn *first;
    ferric_txn *second;
    ferric_status status;

    kit_init(&kit);
    put(kit.db, NULL, "alice", "on call");
    put(kit.db, NULL, "bob", "on call");
    first = begin_txn(&kit, isolation);
    second = begin_txn(&kit, isolation);
    assert_seen(first, "bob", "on call");
    assert_seen(second, "alice", "on call");
    txn_put(first, "alice", "off");
    txn_put(second, "bob", "off");
    end_txn(first, FERRIC_OK);
    status = ferric_txn_commit(second, NULL);
    ferric_txn_destroy(second);
    assert_value(kit.db, NULL, "bob", status == FERRIC_OK ? "off" : "on call");
    kit_deinit(&kit);
    return status;
}

static void test_write_skew_is_possible_under_snapshot_alone(void **state)
{
    (void)state;
    assert_int_equal(skew(FERRIC_ISOLATION_SNAPSHOT), FERRIC_OK);
    assert_int_equal(skew(FERRIC_ISOLATION_SERIALIZABLE), FERRIC_CONFLICT);
}

static void test_absence_that_was_read_is_checked(void **state)
{
    api_kit kit;
    ferric_txn *txn;

    (void)state;
    kit_init(&kit);
    put(kit.db, NULL, "a", "0");
    txn = begin_serializable(&kit);
    assert_seen(txn, "b", NULL);
    txn_put(txn, "a", "b was absent");
    put(kit.db, NULL, "b", "1");
    end_txn(txn, FERRIC_CONFLICT);
    kit_deinit(&kit);
}

static void test_get_for_update_holds_at_the_commit(void **state)
{
    api_kit kit;
    ferric_txn *txn;
    ferric_buffer value = {0};

    (void)state;
    kit_init(&kit);
    put(kit.db, NULL, "rate", "3");
    for (unsigned i = 0; i < 2; i++) {
        txn = begin_snapshot(&kit);
        assert_ok(ferric_txn_get_for_update(txn, NULL, text("rate"), &value, NULL));
        assert_int_equal(ferric_txn_get_for_update(txn, NULL, text("limit"), &value, NULL),
                         FERRIC_NOT_FOUND);
        txn_put(txn, "price", "12");
        if (i == 1) put(kit.db, NULL, i == 0 ? "rate" : "limit", "4");
        end_txn(txn, i == 0 ? FERRIC_OK : FERRIC_CONFLICT);
    }
    ferric_buffer_free(&value);
    kit_deinit(&kit);
}

// ---- Keyspaces and documents ----------------------------------------------------------------

static size_t keyspace_count(ferric_db *db)
{
    ferric_keyspace_info *list = NULL;
    size_t count = 0;

    assert_ok(ferric_keyspace_list(db, &list, &count));
    ferric_free(list);
    return count;
}

static void test_keyspace_comes_with_the_commit_or_not_at_all(void **state)
{
    api_kit kit;
    ferric_keyspace *raw;
    ferric_keyspace *other;
    ferric_txn *txn;

    (void)state;
    kit_init(&kit);
    raw = kit_keyspace(&kit, "raw", FERRIC_KEYSPACE_RAW);
    other = kit_keyspace(&kit, "other", FERRIC_KEYSPACE_RAW);
    txn = begin_snapshot(&kit);
    assert_seen_in(txn, raw, "a", NULL);
    assert_ok(ferric_txn_put(txn, raw, text("a"), text("1")));
    assert_seen_in(txn, raw, "a", "1");
    assert_int_equal(keyspace_count(kit.db), 0);
    ferric_txn_destroy(txn);
    assert_int_equal(keyspace_count(kit.db), 0);
    txn = begin_snapshot(&kit);
    assert_ok(ferric_txn_put(txn, raw, text("a"), text("1")));
    assert_ok(ferric_txn_put(txn, other, text("a"), text("2")));
    assert_ok(ferric_txn_put(txn, NULL, text("a"), text("3")));
    end_txn(txn, FERRIC_OK);
    assert_int_equal(keyspace_count(kit.db), 3);
    assert_value(kit.db, raw, "a", "1");
    assert_value(kit.db, other, "a", "2");
    assert_value(kit.db, NULL, "a", "3");
    ferric_keyspace_close(raw);
    ferric_keyspace_close(other);
    kit_deinit(&kit);
}

static void test_keyspace_that_somebody_else_makes_is_a_conflict(void **state)
{
    api_kit kit;
    ferric_keyspace *raw;
    ferric_txn *txn;

    (void)state;
    kit_init(&kit);
    raw = kit_keyspace(&kit, "raw", FERRIC_KEYSPACE_RAW);
    txn = begin_snapshot(&kit);
    assert_ok(ferric_txn_put(txn, raw, text("a"), text("mine")));
    put(kit.db, raw, "b", "theirs");
    end_txn(txn, FERRIC_CONFLICT);
    assert_value(kit.db, raw, "a", NULL);
    // One that was not there when it was read.
    ferric_keyspace_close(raw);
    raw = kit_keyspace(&kit, "later", FERRIC_KEYSPACE_RAW);
    txn = begin_serializable(&kit);
    assert_seen_in(txn, raw, "a", NULL);
    put(kit.db, raw, "a", "theirs");
    txn_put(txn, "mine", "it was absent");
    end_txn(txn, FERRIC_CONFLICT);
    ferric_keyspace_close(raw);
    kit_deinit(&kit);
}

static void test_kinds_are_kept_apart(void **state)
{
    api_kit kit;
    ferric_keyspace *raw;
    ferric_keyspace *users;
    ferric_txn *txn;
    ferric_buffer json = {0};

    (void)state;
    kit_init(&kit);
    raw = kit_keyspace(&kit, "users", FERRIC_KEYSPACE_RAW);
    users = kit_keyspace(&kit, "users", FERRIC_KEYSPACE_COLLECTION);
    txn = begin_snapshot(&kit);
    assert_ok(ferric_txn_document_put(txn, users, text("1"), text("{ \"name\" : \"alice\" }")));
    assert_ok(ferric_txn_document_get(txn, users, text("1"), &json, NULL));
    assert_true(fe_slice_equal(fe_slice(json.data, json.size), text("{\"name\":\"alice\"}")));
    assert_failed(ferric_txn_put(txn, raw, text("2"), text("x")), FERRIC_WRONG_KIND, "users");
    assert_failed(ferric_txn_put(txn, users, text("2"), text("x")), FERRIC_WRONG_KIND, "users");
    assert_failed(ferric_txn_document_put(txn, users, text("2"), text("{")),
                  FERRIC_INVALID_ARGUMENT, "JSON");
    end_txn(txn, FERRIC_OK);
    assert_ok(ferric_document_get(kit.db, users, text("1"), NULL, &json, NULL));
    ferric_buffer_free(&json);
    ferric_keyspace_close(raw);
    ferric_keyspace_close(users);
    kit_deinit(&kit);
}

// ---- Memory ---------------------------------------------------------------------------------

#define CHUNK ((size_t)100 << 10)
#define CHUNKS 10 // About an eighth of the smallest memory_limit.

static uint64_t memory_used(ferric_db *db)
{
    ferric_stats stats = FERRIC_STATS_INIT;

    assert_ok(ferric_stats_get(db, &stats));
    return stats.memory_used;
}

// Puts until the transaction has about an eighth of the limit, or is refused.
static ferric_status put_chunks(ferric_txn *txn)
{
    ferric_status status = FERRIC_OK;
    char *bytes = calloc(1, CHUNK);

    for (int i = 0; i < CHUNKS && status == FERRIC_OK; i++) {
        char key[16];
        snprintf(key, sizeof key, "k%02d", i);
        status = ferric_txn_put(txn, NULL, text(key), (ferric_slice){bytes, CHUNK});
    }
    free(bytes);
    return status;
}

static void test_transactions_count_and_share_half_of_the_memory(void **state)
{
    api_kit kit;
    ferric_txn *txns[8] = {NULL};
    ferric_status status = FERRIC_OK;
    uint64_t before;
    size_t count = 0;

    (void)state;
    kit_init(&kit);
    kit_close(&kit);
    kit.options.memory_limit = 8 << 20;
    kit_open(&kit);
    put(kit.db, NULL, "a", "1");
    before = memory_used(kit.db);
    while (status == FERRIC_OK && count < 8) {
        txns[count] = begin_snapshot(&kit);
        status = put_chunks(txns[count++]);
    }
    assert_failed(status, FERRIC_MEMORY_LIMIT, "memory_limit");
    assert_in_range(count, 4, 5);
    assert_in_range(memory_used(kit.db) - before, 3 << 20, 4 << 20);
    // The one that was refused goes on when another has ended.
    ferric_txn_destroy(txns[0]);
    assert_ok(put_chunks(txns[count - 1]));
    end_txn(txns[count - 1], FERRIC_OK);
    for (size_t i = 1; i < count - 1; i++)
        assert_ok(ferric_txn_abort(txns[i]));
    assert_ok(ferric_flush(kit.db));
    assert_in_range(memory_used(kit.db), 0, before + (1 << 20));
    for (size_t i = 1; i < count - 1; i++)
        ferric_txn_destroy(txns[i]);
    kit_deinit(&kit);
}

// Small writes cost more than their bytes.
static void test_transaction_counts_what_its_writes_take(void **state)
{
    api_kit kit;
    ferric_txn *txn;
    uint64_t before;

    (void)state;
    kit_init(&kit);
    put(kit.db, NULL, "a", "1");
    before = memory_used(kit.db);
    txn = begin_serializable(&kit);
    for (int i = 0; i < 10000; i++) {
        char key[16];
        snprintf(key, sizeof key, "k%05d", i);
        txn_put(txn, key, "1");
    }
    assert_in_range(memory_used(kit.db) - before, 10000 * 100, 10000 * 300);
    assert_ok(ferric_txn_abort(txn));
    assert_int_equal(memory_used(kit.db), before);
    ferric_txn_destroy(txn);
    kit_deinit(&kit);
}

static void test_range_deletes_count_as_memory(void **state)
{
    api_kit kit;
    uint64_t before;

    (void)state;
    kit_init(&kit);
    kit_close(&kit);
    kit.options.memtable_size = 1 << 20;
    kit_open(&kit);
    put(kit.db, NULL, "a", "1");
    before = memory_used(kit.db);
    for (int i = 0; i < 500; i++) {
        char lower[16];
        char upper[16];
        snprintf(lower, sizeof lower, "k%05d", i * 2);
        snprintf(upper, sizeof upper, "k%05d", i * 2 + 1);
        assert_ok(ferric_delete_range(kit.db, NULL, text(lower), text(upper), NULL));
    }
    assert_true(memory_used(kit.db) > before + 500 * 64);
    kit_deinit(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_own_writes_are_seen_by_nobody_else),
        cmocka_unit_test(test_snapshot_does_not_move),
        cmocka_unit_test(test_abort_and_destroy_leave_nothing),
        cmocka_unit_test(test_commit_without_writes_writes_nothing),
        cmocka_unit_test(test_first_committer_wins),
        cmocka_unit_test(test_disjoint_writes_do_not_conflict),
        cmocka_unit_test(test_any_commit_since_the_beginning_is_a_conflict),
        cmocka_unit_test(test_long_transaction_is_checked_not_refused),
        cmocka_unit_test(test_write_skew_is_possible_under_snapshot_alone),
        cmocka_unit_test(test_absence_that_was_read_is_checked),
        cmocka_unit_test(test_get_for_update_holds_at_the_commit),
        cmocka_unit_test(test_keyspace_comes_with_the_commit_or_not_at_all),
        cmocka_unit_test(test_keyspace_that_somebody_else_makes_is_a_conflict),
        cmocka_unit_test(test_kinds_are_kept_apart),
        cmocka_unit_test(test_transactions_count_and_share_half_of_the_memory),
        cmocka_unit_test(test_transaction_counts_what_its_writes_take),
        cmocka_unit_test(test_range_deletes_count_as_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
