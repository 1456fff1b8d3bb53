// SPDX-License-Identifier: Apache-2.0
// Keeps mappings of one size for their next use: the system zeroes a fresh mapping page by page
// when it is first touched, which for an arena costs more than to fill it.
//
// What is mapped and what is kept never sum to more than what was mapped at once, and one mapping
// that was prepared, as a mapping is made only when none is kept.
#ifndef FERRIC_OS_PAGE_POOL_H
#define FERRIC_OS_PAGE_POOL_H

#include <stdbool.h>

#include "os/thread.h"

#define FE_PAGE_POOL_MAX 32

typedef struct fe_page_pool {
    fe_mutex mutex;
    size_t size;     // Of each mapping.
    bool is_resting; // Nothing is kept.
    uint32_t count;
    void *kept[FE_PAGE_POOL_MAX];
} fe_page_pool;

// All calls but init and deinit may come from any thread.
// `size` is rounded up to a multiple of 4,096.
void fe_page_pool_init(fe_page_pool *pool, size_t size);
void fe_page_pool_deinit(fe_page_pool *pool);

// Pages as from fe_pages_map. `pool` may be NULL. *is_zero: their bytes are 0, else they are
// whatever the last user left. NULL when there is no memory.
void *fe_page_pool_take(fe_page_pool *pool, size_t size, bool *is_zero);
// Has a mapping kept whose pages the system has made already, so that who takes it does not wait
// for that: ahead of a take, by a thread that has time. Does nothing when one is kept, and while
// the pool rests; a failure shows at the take.
void fe_page_pool_prepare(fe_page_pool *pool);
// Keeps the pages, or unmaps them when their size is another, `pool` is NULL or full.
void fe_page_pool_give(fe_page_pool *pool, void *pages, size_t size);
// Unmaps what is kept, and what is given until pages are taken again.
void fe_page_pool_rest(fe_page_pool *pool);
// Bytes kept.
size_t fe_page_pool_bytes(fe_page_pool *pool);

#endif
