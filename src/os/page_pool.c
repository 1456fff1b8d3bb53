// SPDX-License-Identifier: Apache-2.0
// A stack of mappings, so that the one used last, which is the likeliest to be in a cache, goes
// out first.
#include "os/page_pool.h"

#include "os/machine.h"

#define PAGE_SIZE 4096

void fe_page_pool_init(fe_page_pool *pool, size_t size)
{
    fe_mutex_init(&pool->mutex);
    pool->size = (size + PAGE_SIZE - 1) / PAGE_SIZE * PAGE_SIZE;
    pool->count = 0;
    pool->is_resting = false;
}

void fe_page_pool_deinit(fe_page_pool *pool)
{
    fe_page_pool_rest(pool);
    fe_mutex_deinit(&pool->mutex);
}

void *fe_page_pool_take(fe_page_pool *pool, size_t size, bool *is_zero)
{
    void *pages = NULL;

    if (pool != NULL && size == pool->size) {
        fe_mutex_lock(&pool->mutex);
        pool->is_resting = false;
        if (pool->count > 0) pages = pool->kept[--pool->count];
        fe_mutex_unlock(&pool->mutex);
    }
    *is_zero = pages == NULL;
    return pages == NULL ? fe_pages_map(size) : pages;
}

void fe_page_pool_prepare(fe_page_pool *pool)
{
    bool is_wanted;
    void *pages;

    fe_mutex_lock(&pool->mutex);
    is_wanted = pool->count == 0 && !pool->is_resting;
    fe_mutex_unlock(&pool->mutex);
    if (!is_wanted) return;
    pages = fe_pages_map(pool->size);
    if (pages == NULL) return;
    (void)fe_machine_prepare_stores(pages, pool->size); // Else they are made at the first touch.
    fe_page_pool_give(pool, pages, pool->size);
}

void fe_page_pool_give(fe_page_pool *pool, void *pages, size_t size)
{
    bool is_kept = false;

    if (pool != NULL && size == pool->size) {
        fe_mutex_lock(&pool->mutex);
        is_kept = !pool->is_resting && pool->count < FE_PAGE_POOL_MAX;
        if (is_kept) pool->kept[pool->count++] = pages;
        fe_mutex_unlock(&pool->mutex);
    }
    if (!is_kept) fe_pages_unmap(pages, size);
}

void fe_page_pool_rest(fe_page_pool *pool)
{
    fe_mutex_lock(&pool->mutex);
    pool->is_resting = true;
    while (pool->count > 0)
        fe_pages_unmap(pool->kept[--pool->count], pool->size);
    fe_mutex_unlock(&pool->mutex);
}

size_t fe_page_pool_bytes(fe_page_pool *pool)
{
    size_t bytes;

    fe_mutex_lock(&pool->mutex);
    bytes = pool->count * pool->size;
    fe_mutex_unlock(&pool->mutex);
    return bytes;
}
