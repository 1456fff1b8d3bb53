// SPDX-License-Identifier: Apache-2.0
// Memory that transactions take, counted beside memtables, blocks and tables. The block cache does
// with so much less, so that all together stay within memory_limit.
#include "base/status.h"
#include "lsm/store_state.h"

// Transactions together have no more than this part of memory_limit.
#define HELD_PART 2

ferric_status fe_store_hold(fe_store *store, uint64_t bytes)
{
    uint64_t bytes_max = store->options.memory_limit / HELD_PART;
    uint64_t before = atomic_fetch_add_explicit(&store->held_bytes, bytes, memory_order_relaxed);

    if (before + bytes <= bytes_max) {
        fe_block_cache_lend(store->blocks, bytes);
        return FERRIC_OK;
    }
    atomic_fetch_sub_explicit(&store->held_bytes, bytes, memory_order_relaxed);
    return fe_fail(FERRIC_MEMORY_LIMIT,
                   "transactions that have not ended hold %llu bytes: with memory_limit %llu they "
                   "may have %llu together; end some, or raise memory_limit",
                   (unsigned long long)before, (unsigned long long)store->options.memory_limit,
                   (unsigned long long)bytes_max);
}

void fe_store_let_go(fe_store *store, uint64_t bytes)
{
    if (bytes == 0) return;
    atomic_fetch_sub_explicit(&store->held_bytes, bytes, memory_order_relaxed);
    fe_block_cache_give_back(store->blocks, bytes);
}
