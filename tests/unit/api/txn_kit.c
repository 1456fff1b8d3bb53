// SPDX-License-Identifier: Apache-2.0
// Short words for tests of transactions.
#include "txn_kit.h"

ferric_txn *begin_txn(api_kit *kit, ferric_isolation isolation)
{
    ferric_txn_options options = FERRIC_TXN_OPTIONS_INIT;
    ferric_txn *txn;

    options.isolation = isolation;
    assert_ok(ferric_txn_begin(kit->db, &options, &txn));
    return txn;
}

ferric_txn *begin_snapshot(api_kit *kit)
{
    return begin_txn(kit, FERRIC_ISOLATION_SNAPSHOT);
}

ferric_txn *begin_serializable(api_kit *kit)
{
    return begin_txn(kit, FERRIC_ISOLATION_SERIALIZABLE);
}

void txn_put(ferric_txn *txn, const char *key, const char *value)
{
    assert_ok(ferric_txn_put(txn, NULL, text(key), text(value)));
}

// `value` NULL: the transaction does not see the key.
void assert_seen_in(ferric_txn *txn, ferric_keyspace *keyspace, const char *key, const char *value)
{
    ferric_buffer found = {0};
    ferric_status status = ferric_txn_get(txn, keyspace, text(key), &found, NULL);

    assert_int_equal(status, value == NULL ? FERRIC_NOT_FOUND : FERRIC_OK);
    if (value != NULL) {
        assert_int_equal(found.size, strlen(value));
        if (found.size > 0) assert_memory_equal(found.data, value, found.size);
    }
    ferric_buffer_free(&found);
}

void assert_seen(ferric_txn *txn, const char *key, const char *value)
{
    assert_seen_in(txn, NULL, key, value);
}

void end_txn(ferric_txn *txn, ferric_status expected)
{
    ferric_status status = ferric_txn_commit(txn, NULL);

    assert_int_equal(status, expected);
    ferric_txn_destroy(txn);
}
