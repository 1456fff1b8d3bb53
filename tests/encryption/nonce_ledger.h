// SPDX-License-Identifier: Apache-2.0
// Counts every seal that the library makes, by key and nonce: linked with --wrap, so that the
// library itself has no such hook.
//
// The ledger stands in memory that forked processes share, so that it outlives those that are
// killed. It holds a 64-bit hash of each (key, nonce): with 10 million of them two that differ meet
// by accident once in 370,000 runs.
#ifndef FERRIC_ENCRYPTION_NONCE_LEDGER_H
#define FERRIC_ENCRYPTION_NONCE_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

// Room for `seals`. Call it before the library is used.
void nonce_ledger_init(uint64_t seals);
uint64_t nonce_ledger_count(void);
uint64_t nonce_ledger_keys(void);
// How often a nonce came twice under a key.
uint64_t nonce_ledger_repeats(void);

#endif
