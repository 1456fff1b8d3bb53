// SPDX-License-Identifier: Apache-2.0
// Range deletes as callers see them: what they hide and what not, from whom, and that the space
// comes back.
#include "api_kit.h"

#define MANY 30000u

static ferric_slice none(void)
{
    return (ferric_slice){NULL, 0};
}

static ferric_slice numbered(uint32_t number, char bytes[16])
{
    int size = snprintf(bytes, 16, "key%08u", number);
    return (ferric_slice){bytes, (size_t)size};
}

// Tables are as large as their entries, so that there are many.
static void init_uncompressed(api_kit *kit)
{
    kit_init(kit);
    kit_close(kit);
    kit->options.compression = FERRIC_COMPRESSION_NONE;
    kit->options.bottom_compression = FERRIC_COMPRESSION_NONE;
    kit_open(kit);
}

static void put_many(api_kit *kit, uint32_t first, uint32_t end)
{
    ferric_batch *batch;

    assert_ok(ferric_batch_create(&batch));
    while (first < end) {
        ferric_batch_clear(batch);
        for (uint32_t i = 0; i < 1000 && first < end; i++, first++) {
            char bytes[16];
            assert_ok(ferric_batch_put(batch, NULL, numbered(first, bytes), text("some value")));
        }
        assert_ok(ferric_write(kit->db, batch, NULL, NULL));
    }
    ferric_batch_destroy(batch);
}

static void delete_many(api_kit *kit, uint32_t first, uint32_t end)
{
    char lower[16];
    char upper[16];

    assert_ok(
        ferric_delete_range(kit->db, NULL, numbered(first, lower), numbered(end, upper), NULL));
}

static uint64_t count(api_kit *kit, const ferric_snapshot *snapshot)
{
    ferric_read_options options = FERRIC_READ_OPTIONS_INIT;
    uint64_t found;

    options.snapshot = snapshot;
    assert_ok(ferric_count(kit->db, NULL, none(), none(), &options, &found));
    return found;
}

static ferric_stats stats_of(api_kit *kit)
{
    ferric_stats stats = FERRIC_STATS_INIT;

    assert_ok(ferric_stats_get(kit->db, &stats));
    return stats;
}

static uint64_t table_bytes(api_kit *kit)
{
    ferric_stats stats = stats_of(kit);
    uint64_t bytes = 0;

    for (int i = 0; i < FERRIC_LEVEL_COUNT; i++)
        bytes += stats.levels[i].bytes;
    return bytes;
}

static void put_letters(api_kit *kit)
{
    put(kit->db, NULL, "a", "1");
    put(kit->db, NULL, "b", "2");
    put(kit->db, NULL, "c", "3");
    put(kit->db, NULL, "d", "4");
}

// ---- What is hidden --------------------------------------------------------------------------

static void test_range_is_gone_and_its_ends_are_as_said(void **state)
{
    api_kit kit;
    ferric_iterator_options reverse = FERRIC_ITERATOR_OPTIONS_INIT;

    (void)state;
    reverse.reverse = true;
    kit_init(&kit);
    put_letters(&kit);
    assert_ok(ferric_delete_range(kit.db, NULL, text("b"), text("d"), NULL));
    assert_keys(kit.db, NULL, NULL, "a d ");
    assert_keys(kit.db, NULL, &reverse, "d a ");
    assert_value(kit.db, NULL, "b", NULL);
    put(kit.db, NULL, "c", "again");
    assert_keys(kit.db, NULL, NULL, "a c d ");
    for (int i = 0; i < 3; i++) {
        if (i == 1) assert_ok(ferric_flush(kit.db));
        if (i == 2) assert_ok(ferric_compact(kit.db, NULL, none(), none()));
        kit_reopen(&kit);
        assert_keys(kit.db, NULL, NULL, "a c d ");
        assert_keys(kit.db, NULL, &reverse, "d c a ");
        assert_value(kit.db, NULL, "c", "again");
    }
    assert_ok(ferric_delete_range(kit.db, NULL, text("c"), none(), NULL));
    assert_keys(kit.db, NULL, NULL, "a ");
    assert_ok(ferric_delete_range(kit.db, NULL, none(), none(), NULL));
    assert_keys(kit.db, NULL, NULL, "");
    kit_deinit(&kit);
}

static void test_range_without_keys_writes_nothing(void **state)
{
    ferric_write_options options = FERRIC_WRITE_OPTIONS_INIT;
    api_kit kit;

    (void)state;
    kit_init(&kit);
    put_letters(&kit);
    uint64_t before = stats_of(&kit).last_version;
    assert_ok(ferric_delete_range(kit.db, NULL, text("b"), text("b"), NULL));
    assert_ok(ferric_delete_range(kit.db, NULL, text("c"), text("b"), NULL));
    assert_int_equal(stats_of(&kit).last_version, before);
    options.condition = FERRIC_IF_ABSENT;
    assert_failed(ferric_delete_range(kit.db, NULL, text("a"), text("b"), &options),
                  FERRIC_INVALID_ARGUMENT, "condition");
    assert_failed(ferric_delete_range(kit.db, NULL, (ferric_slice){NULL, 3}, none(), NULL),
                  FERRIC_INVALID_ARGUMENT, "lower");
    assert_keys(kit.db, NULL, NULL, "a b c d ");
    kit_deinit(&kit);
}

static void test_other_keyspaces_keep_their_keys(void **state)
{
    api_kit kit;

    (void)state;
    kit_init(&kit);
    ferric_keyspace *one = kit_keyspace(&kit, "one", FERRIC_KEYSPACE_RAW);
    ferric_keyspace *two = kit_keyspace(&kit, "two", FERRIC_KEYSPACE_RAW);
    put_letters(&kit);
    put(kit.db, one, "k", "v");
    put(kit.db, two, "k", "v");
    assert_ok(ferric_delete_range(kit.db, one, none(), none(), NULL));
    assert_keys(kit.db, one, NULL, "");
    assert_keys(kit.db, two, NULL, "k ");
    assert_keys(kit.db, NULL, NULL, "a b c d ");
    ferric_keyspace_close(one);
    ferric_keyspace_close(two);
    kit_deinit(&kit);
}

static void test_snapshots_and_iterators_keep_what_they_saw(void **state)
{
    ferric_snapshot *snapshot;
    ferric_iterator *iterator;
    api_kit kit;

    (void)state;
    kit_init(&kit);
    put_letters(&kit);
    assert_ok(ferric_snapshot_create(kit.db, &snapshot));
    assert_ok(ferric_iterator_create(kit.db, NULL, NULL, &iterator));
    assert_ok(ferric_delete_range(kit.db, NULL, text("a"), text("d"), NULL));
    for (int i = 0; i < 3; i++) {
        if (i == 1) assert_ok(ferric_flush(kit.db));
        if (i == 2) assert_ok(ferric_compact(kit.db, NULL, none(), none()));
        assert_value_at(kit.db, NULL, snapshot, "b", "2");
        assert_int_equal(count(&kit, snapshot), 4);
        assert_true(ferric_iterator_seek(iterator, text("b")));
        assert_true(ferric_iterator_next(iterator));
        assert_memory_equal(ferric_iterator_key(iterator).data, "c", 1);
        assert_keys(kit.db, NULL, NULL, "d ");
    }
    ferric_iterator_destroy(iterator);
    ferric_snapshot_release(snapshot);
    kit_deinit(&kit);
}

static void test_batch_keeps_its_order(void **state)
{
    ferric_batch *batch;
    api_kit kit;

    (void)state;
    kit_init(&kit);
    put_letters(&kit);
    assert_ok(ferric_batch_create(&batch));
    assert_ok(ferric_batch_put(batch, NULL, text("ba"), text("before")));
    assert_ok(ferric_batch_delete_range(batch, NULL, text("b"), text("d")));
    assert_ok(ferric_batch_put(batch, NULL, text("bb"), text("after")));
    assert_int_equal(ferric_batch_count(batch), 3);
    assert_ok(ferric_batch_delete_range(batch, NULL, text("x"), text("x")));
    assert_int_equal(ferric_batch_count(batch), 3);
    assert_ok(ferric_write(kit.db, batch, NULL, NULL));
    assert_keys(kit.db, NULL, NULL, "a bb d ");
    kit_reopen(&kit);
    assert_keys(kit.db, NULL, NULL, "a bb d ");
    ferric_batch_clear(batch);
    for (int i = 0; i < 4096; i++)
        assert_ok(ferric_batch_delete_range(batch, NULL, text("q"), text("r")));
    assert_failed(ferric_batch_delete_range(batch, NULL, text("q"), text("r")), FERRIC_TOO_LARGE,
                  "4096");
    ferric_batch_destroy(batch);
    kit_deinit(&kit);
}

static void test_batch_makes_the_keyspace_of_its_range(void **state)
{
    ferric_keyspace *made;
    ferric_batch *batch;
    api_kit kit;

    (void)state;
    kit_init(&kit);
    made = kit_keyspace(&kit, "made", FERRIC_KEYSPACE_RAW);
    put_letters(&kit);
    assert_ok(ferric_batch_create(&batch));
    assert_ok(ferric_batch_put(batch, made, text("a"), text("1")));
    assert_ok(ferric_batch_delete_range(batch, made, none(), none()));
    assert_ok(ferric_batch_put(batch, made, text("b"), text("2")));
    assert_ok(ferric_write(kit.db, batch, NULL, NULL));
    assert_keys(kit.db, made, NULL, "b ");
    assert_keys(kit.db, NULL, NULL, "a b c d ");
    ferric_batch_destroy(batch);
    ferric_keyspace_close(made);
    kit_deinit(&kit);
}

// ---- Transactions ----------------------------------------------------------------------------

static ferric_txn *begin(api_kit *kit, ferric_isolation isolation)
{
    ferric_txn_options options = FERRIC_TXN_OPTIONS_INIT;
    ferric_txn *txn;

    options.isolation = isolation;
    assert_ok(ferric_txn_begin(kit->db, &options, &txn));
    return txn;
}

static void assert_seen(ferric_txn *txn, const char *key, ferric_status expected)
{
    ferric_buffer value = {0};

    assert_int_equal(ferric_txn_get(txn, NULL, text(key), &value, NULL), expected);
    ferric_buffer_free(&value);
}

static void assert_walk(ferric_txn *txn, bool reverse, const char *expected)
{
    ferric_iterator_options options = FERRIC_ITERATOR_OPTIONS_INIT;
    ferric_iterator *iterator;
    char found[64] = "";

    options.reverse = reverse;
    assert_ok(ferric_txn_iterator_create(txn, NULL, &options, &iterator));
    while (ferric_iterator_next(iterator))
        strncat(found, ferric_iterator_key(iterator).data, 1);
    assert_string_equal(found, expected);
    ferric_iterator_destroy(iterator);
}

static void test_transaction_reads_its_own_range_delete(void **state)
{
    uint64_t savepoint;
    api_kit kit;

    (void)state;
    kit_init(&kit);
    put_letters(&kit);
    ferric_txn *txn = begin(&kit, FERRIC_ISOLATION_SNAPSHOT);
    assert_ok(ferric_txn_put(txn, NULL, text("e"), text("5")));
    assert_ok(ferric_txn_savepoint(txn, &savepoint));
    assert_ok(ferric_txn_delete_range(txn, NULL, text("b"), none()));
    assert_ok(ferric_txn_put(txn, NULL, text("c"), text("own")));
    assert_seen(txn, "b", FERRIC_NOT_FOUND);
    assert_seen(txn, "c", FERRIC_OK);
    assert_seen(txn, "e", FERRIC_NOT_FOUND);
    assert_walk(txn, false, "ac");
    assert_walk(txn, true, "ca");
    assert_keys(kit.db, NULL, NULL, "a b c d "); // Nobody else sees it.
    assert_ok(ferric_txn_rollback_to(txn, savepoint));
    assert_seen(txn, "b", FERRIC_OK);
    assert_walk(txn, false, "abcde");
    assert_ok(ferric_txn_delete_range(txn, NULL, none(), text("c")));
    assert_walk(txn, true, "edc");
    assert_ok(ferric_txn_commit(txn, NULL));
    ferric_txn_destroy(txn);
    assert_keys(kit.db, NULL, NULL, "c d e ");
    kit_deinit(&kit);
}

static void test_range_delete_of_a_transaction_conflicts_with_a_put_in_it(void **state)
{
    api_kit kit;

    (void)state;
    kit_init(&kit);
    put_letters(&kit);
    ferric_txn *txn = begin(&kit, FERRIC_ISOLATION_SNAPSHOT);
    assert_ok(ferric_txn_delete_range(txn, NULL, text("b"), text("c")));
    put(kit.db, NULL, "bx", "new");
    assert_int_equal(ferric_txn_commit(txn, NULL), FERRIC_CONFLICT);
    ferric_txn_destroy(txn);
    assert_keys(kit.db, NULL, NULL, "a b bx c d ");
    txn = begin(&kit, FERRIC_ISOLATION_SNAPSHOT);
    assert_ok(ferric_txn_delete_range(txn, NULL, text("b"), text("c")));
    put(kit.db, NULL, "c", "beside");
    assert_ok(ferric_txn_commit(txn, NULL));
    ferric_txn_destroy(txn);
    assert_keys(kit.db, NULL, NULL, "a c d ");
    kit_deinit(&kit);
}

static void test_range_delete_conflicts_with_what_a_transaction_read(void **state)
{
    api_kit kit;

    (void)state;
    kit_init(&kit);
    put_letters(&kit);
    for (int i = 0; i < 4; i++) {
        ferric_isolation isolation =
            i < 2 ? FERRIC_ISOLATION_SERIALIZABLE : FERRIC_ISOLATION_SNAPSHOT;
        ferric_txn *txn = begin(&kit, isolation);
        if (i % 2 == 0) assert_seen(txn, "absent", FERRIC_NOT_FOUND);
        if (i % 2 == 1) assert_walk(txn, false, "abcd");
        assert_ok(ferric_txn_put(txn, NULL, text("z"), text("out")));
        assert_ok(ferric_delete_range(kit.db, NULL, text("a0"), text("b"), NULL));
        // After a flush the range delete is found in a table.
        if (i % 2 == 1) assert_ok(ferric_flush(kit.db));
        assert_int_equal(ferric_txn_commit(txn, NULL),
                         isolation == FERRIC_ISOLATION_SERIALIZABLE ? FERRIC_CONFLICT : FERRIC_OK);
        ferric_txn_destroy(txn);
        assert_ok(ferric_delete(kit.db, NULL, text("z"), NULL));
    }
    kit_deinit(&kit);
}

// ---- Space and work --------------------------------------------------------------------------

static void test_space_comes_back_without_a_read(void **state)
{
    api_kit kit;

    (void)state;
    init_uncompressed(&kit);
    put_many(&kit, 0, MANY);
    assert_ok(ferric_compact(kit.db, NULL, none(), none()));
    uint64_t before = table_bytes(&kit);
    uint64_t read_before = stats_of(&kit).table_bytes_read;
    delete_many(&kit, 0, MANY - 1);
    assert_int_equal(count(&kit, NULL), 1);
    assert_ok(ferric_compact(kit.db, NULL, none(), none()));
    assert_int_equal(count(&kit, NULL), 1);
    assert_true(table_bytes(&kit) < before / 20);
    // Of all tables, the one that has the last key was read.
    assert_true(stats_of(&kit).table_bytes_read - read_before < before / 2);
    kit_deinit(&kit);
}

static void test_space_comes_back_by_itself(void **state)
{
    api_kit kit;

    (void)state;
    init_uncompressed(&kit);
    put_many(&kit, 0, MANY);
    assert_ok(ferric_compact(kit.db, NULL, none(), none()));
    uint64_t before = table_bytes(&kit);
    delete_many(&kit, 0, MANY);
    // Without threads what is due is done when memtables are full.
    put_many(&kit, MANY, MANY + 3000);
    assert_true(table_bytes(&kit) < before / 5);
    assert_int_equal(count(&kit, NULL), 3000);
    kit_deinit(&kit);
}

static void test_hidden_table_stays_for_a_snapshot(void **state)
{
    ferric_snapshot *snapshot;
    ferric_verify_report report;
    api_kit kit;

    (void)state;
    init_uncompressed(&kit);
    put_many(&kit, 0, MANY);
    assert_ok(ferric_compact(kit.db, NULL, none(), none()));
    assert_ok(ferric_snapshot_create(kit.db, &snapshot));
    delete_many(&kit, 0, MANY);
    assert_ok(ferric_compact(kit.db, NULL, none(), none()));
    assert_int_equal(count(&kit, snapshot), MANY);
    assert_int_equal(count(&kit, NULL), 0);
    assert_ok(ferric_verify(kit.db, NULL, NULL, &report));
    ferric_snapshot_release(snapshot);
    put(kit.db, NULL, "key00000005", "again");
    assert_ok(ferric_compact(kit.db, NULL, none(), none()));
    assert_int_equal(count(&kit, NULL), 1);
    kit_deinit(&kit);
}

// A seek over a deleted range reads the tables around it, not those in it.
static void test_seek_leaps_over_the_range(void **state)
{
    ferric_iterator *iterator;
    api_kit kit;

    (void)state;
    init_uncompressed(&kit);
    put_many(&kit, 0, MANY);
    kit_reopen(&kit); // Nothing is cached.
    delete_many(&kit, 10, MANY - 10);
    ferric_stats before = stats_of(&kit);
    assert_ok(ferric_iterator_create(kit.db, NULL, NULL, &iterator));
    assert_true(ferric_iterator_seek(iterator, text("key00000010")));
    assert_memory_equal(ferric_iterator_key(iterator).data, "key00029990", 11);
    assert_true(ferric_iterator_prev(iterator));
    assert_memory_equal(ferric_iterator_key(iterator).data, "key00000009", 11);
    ferric_stats after = stats_of(&kit);
    assert_true(after.cache_misses + after.cache_hits - before.cache_misses - before.cache_hits <
                60);
    ferric_iterator_destroy(iterator);
    kit_deinit(&kit);
}

// Goes through all keys, first to last or last to first, and sees the expected number of them.
static void walk_all(api_kit *kit, bool reverse, const ferric_snapshot *snapshot, uint32_t expected)
{
    ferric_iterator_options options = FERRIC_ITERATOR_OPTIONS_INIT;
    ferric_iterator *iterator;
    uint32_t found = 0;

    options.reverse = reverse;
    options.snapshot = snapshot;
    assert_ok(ferric_iterator_create(kit->db, NULL, &options, &iterator));
    while (ferric_iterator_next(iterator))
        found++;
    assert_ok(ferric_iterator_status(iterator));
    assert_int_equal(found, expected);
    ferric_iterator_destroy(iterator);
}

// Tables in the range are not even opened, whatever the way on which a walk comes to it.
static void test_tables_in_the_range_are_not_opened(void **state)
{
    ferric_iterator *iterator;
    ferric_snapshot *before;
    api_kit kit;

    (void)state;
    init_uncompressed(&kit);
    for (uint32_t i = 0; i < 5; i++) {
        put_many(&kit, i * 2000, (i + 1) * 2000);
        assert_ok(ferric_flush(kit.db));
    }
    kit_reopen(&kit);
    assert_ok(ferric_snapshot_create(kit.db, &before));
    delete_many(&kit, 0, 9990);
    uint64_t opened = stats_of(&kit).tables_open;
    assert_ok(ferric_iterator_create(kit.db, NULL, NULL, &iterator));
    assert_true(ferric_iterator_seek(iterator, text("key00000000")));
    assert_memory_equal(ferric_iterator_key(iterator).data, "key00009990", 11);
    assert_true(ferric_iterator_seek(iterator, text("key00005000")));
    assert_memory_equal(ferric_iterator_key(iterator).data, "key00009990", 11);
    assert_false(ferric_iterator_prev(iterator));
    ferric_iterator_destroy(iterator);
    walk_all(&kit, false, NULL, 10);
    walk_all(&kit, true, NULL, 10);
    assert_true(stats_of(&kit).tables_open <= opened + 1);
    walk_all(&kit, true, before, 10000);
    walk_all(&kit, false, before, 10000);
    put(kit.db, NULL, "key00000007", "again");
    walk_all(&kit, false, NULL, 11);
    walk_all(&kit, true, NULL, 11);
    ferric_snapshot_release(before);
    kit_deinit(&kit);
}

static void test_values_in_the_range_die(void **state)
{
    char *value = malloc(8000);
    api_kit kit;

    (void)state;
    assert_non_null(value);
    memset(value, 'v', 8000);
    init_uncompressed(&kit);
    for (uint32_t i = 0; i < 300; i++) {
        char bytes[16];
        ferric_slice large = {value, 8000};
        value[0] = (char)i;
        assert_ok(ferric_put(kit.db, NULL, numbered(i, bytes), large, NULL));
    }
    assert_ok(ferric_compact(kit.db, NULL, none(), none()));
    uint64_t live = stats_of(&kit).value_live_bytes;
    delete_many(&kit, 0, 290);
    assert_ok(ferric_compact(kit.db, NULL, none(), none()));
    assert_true(stats_of(&kit).value_live_bytes < live / 10);
    assert_true(stats_of(&kit).value_file_bytes < live);
    assert_int_equal(count(&kit, NULL), 10);
    free(value);
    kit_deinit(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_range_is_gone_and_its_ends_are_as_said),
        cmocka_unit_test(test_range_without_keys_writes_nothing),
        cmocka_unit_test(test_other_keyspaces_keep_their_keys),
        cmocka_unit_test(test_snapshots_and_iterators_keep_what_they_saw),
        cmocka_unit_test(test_batch_keeps_its_order),
        cmocka_unit_test(test_batch_makes_the_keyspace_of_its_range),
        cmocka_unit_test(test_transaction_reads_its_own_range_delete),
        cmocka_unit_test(test_range_delete_of_a_transaction_conflicts_with_a_put_in_it),
        cmocka_unit_test(test_range_delete_conflicts_with_what_a_transaction_read),
        cmocka_unit_test(test_space_comes_back_without_a_read),
        cmocka_unit_test(test_space_comes_back_by_itself),
        cmocka_unit_test(test_hidden_table_stays_for_a_snapshot),
        cmocka_unit_test(test_seek_leaps_over_the_range),
        cmocka_unit_test(test_tables_in_the_range_are_not_opened),
        cmocka_unit_test(test_values_in_the_range_die),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
