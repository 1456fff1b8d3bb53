// SPDX-License-Identifier: Apache-2.0
// Short words for what tests of transactions do all the time.
#ifndef FERRIC_API_TXN_KIT_H
#define FERRIC_API_TXN_KIT_H

#include "api_kit.h"

ferric_txn *begin_txn(api_kit *kit, ferric_isolation isolation);
ferric_txn *begin_snapshot(api_kit *kit);
ferric_txn *begin_serializable(api_kit *kit);
void txn_put(ferric_txn *txn, const char *key, const char *value);
// `value` NULL: the transaction does not see the key.
void assert_seen_in(ferric_txn *txn, ferric_keyspace *keyspace, const char *key, const char *value);
void assert_seen(ferric_txn *txn, const char *key, const char *value);
// Commits with the answer that is expected, and destroys.
void end_txn(ferric_txn *txn, ferric_status expected);

#endif
