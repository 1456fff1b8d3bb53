// SPDX-License-Identifier: Apache-2.0
// Mappings come back, are bounded in number, and go when nothing is written.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "os/page_pool.h"

#define SIZE ((size_t)64 << 10)

static void test_pages_are_used_again(void **state)
{
    fe_page_pool pool;
    bool is_zero;
    uint8_t *first;
    uint8_t *again;

    (void)state;
    fe_page_pool_init(&pool, SIZE - 1); // Rounded up.
    first = fe_page_pool_take(&pool, SIZE, &is_zero);
    assert_non_null(first);
    assert_true(is_zero);
    assert_int_equal(first[0] + first[SIZE - 1], 0);
    memset(first, 1, SIZE);
    fe_page_pool_give(&pool, first, SIZE);
    assert_int_equal(fe_page_pool_bytes(&pool), SIZE);
    again = fe_page_pool_take(&pool, SIZE, &is_zero);
    assert_ptr_equal(again, first);
    assert_false(is_zero);
    assert_int_equal(fe_page_pool_bytes(&pool), 0);
    fe_page_pool_give(&pool, again, SIZE);
    fe_page_pool_deinit(&pool);
}

static void test_another_size_is_not_kept(void **state)
{
    fe_page_pool pool;
    bool is_zero;
    void *pages;

    (void)state;
    fe_page_pool_init(&pool, SIZE);
    pages = fe_page_pool_take(&pool, 2 * SIZE, &is_zero);
    assert_non_null(pages);
    fe_page_pool_give(&pool, pages, 2 * SIZE);
    assert_int_equal(fe_page_pool_bytes(&pool), 0);
    pages = fe_page_pool_take(NULL, SIZE, &is_zero);
    assert_non_null(pages);
    assert_true(is_zero);
    fe_page_pool_give(NULL, pages, SIZE);
    fe_page_pool_deinit(&pool);
}

static void test_at_rest_nothing_is_kept(void **state)
{
    fe_page_pool pool;
    bool is_zero;
    void *pages[3];

    (void)state;
    fe_page_pool_init(&pool, SIZE);
    for (int i = 0; i < 3; i++)
        pages[i] = fe_page_pool_take(&pool, SIZE, &is_zero);
    fe_page_pool_give(&pool, pages[0], SIZE);
    fe_page_pool_rest(&pool);
    assert_int_equal(fe_page_pool_bytes(&pool), 0);
    fe_page_pool_give(&pool, pages[1], SIZE);
    assert_int_equal(fe_page_pool_bytes(&pool), 0);
    pages[0] = fe_page_pool_take(&pool, SIZE, &is_zero); // The rest is over.
    fe_page_pool_give(&pool, pages[0], SIZE);
    fe_page_pool_give(&pool, pages[2], SIZE);
    assert_int_equal(fe_page_pool_bytes(&pool), 2 * SIZE);
    fe_page_pool_deinit(&pool);
}

static void test_no_more_are_kept_than_fit(void **state)
{
    fe_page_pool pool;
    bool is_zero;
    void *pages[FE_PAGE_POOL_MAX + 1];

    (void)state;
    fe_page_pool_init(&pool, 4096);
    for (int i = 0; i <= FE_PAGE_POOL_MAX; i++)
        pages[i] = fe_page_pool_take(&pool, 4096, &is_zero);
    for (int i = 0; i <= FE_PAGE_POOL_MAX; i++)
        fe_page_pool_give(&pool, pages[i], 4096);
    assert_int_equal(fe_page_pool_bytes(&pool), FE_PAGE_POOL_MAX * 4096);
    fe_page_pool_deinit(&pool);
}

static void test_page_pool_prepares_one_mapping(void **state)
{
    fe_page_pool pool;
    bool is_zero;
    uint8_t *pages;

    (void)state;
    fe_page_pool_init(&pool, SIZE);
    fe_page_pool_prepare(&pool);
    assert_int_equal(fe_page_pool_bytes(&pool), SIZE);
    fe_page_pool_prepare(&pool);
    assert_int_equal(fe_page_pool_bytes(&pool), SIZE);
    pages = fe_page_pool_take(&pool, SIZE, &is_zero);
    assert_int_equal(fe_page_pool_bytes(&pool), 0);
    assert_false(is_zero); // Not promised of pages that were kept.
    pages[0] = pages[SIZE - 1] = 1;
    fe_page_pool_rest(&pool);
    fe_page_pool_prepare(&pool);
    assert_int_equal(fe_page_pool_bytes(&pool), 0);
    fe_page_pool_give(&pool, pages, SIZE);
    fe_page_pool_deinit(&pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pages_are_used_again),
        cmocka_unit_test(test_another_size_is_not_kept),
        cmocka_unit_test(test_at_rest_nothing_is_kept),
        cmocka_unit_test(test_no_more_are_kept_than_fit),
        cmocka_unit_test(test_page_pool_prepares_one_mapping),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
