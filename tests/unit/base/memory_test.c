// SPDX-License-Identifier: Apache-2.0
// The allocator hook sees every allocation; sizes that overflow are refused.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/status.h"
#include "unit/base/allocator.h"

static test_allocator allocator;

static int restore_malloc(void **state)
{
    (void)state;
    fe_allocator_set(NULL);
    return 0;
}

static void test_fe_alloc_of_nothing_gives_a_block_that_can_be_freed(void **state)
{
    void *memory = fe_alloc(0);
    void *zeroed = fe_alloc_zero(0, SIZE_MAX);

    (void)state;
    assert_non_null(memory);
    assert_non_null(zeroed);
    memory = fe_realloc(memory, 0);
    assert_non_null(memory);
    fe_free(memory);
    fe_free(zeroed);
    fe_free(NULL);
    fe_free_aligned(NULL);
}

static void check_zeroed(size_t count, size_t size)
{
    uint8_t *memory = fe_alloc_zero(count, size);

    assert_non_null(memory);
    for (size_t i = 0; i < count * size; i++)
        assert_int_equal(memory[i], 0);
    memset(memory, 0xff, count * size); // So that a block that is given out again is not zero.
    fe_free(memory);
}

static void test_fe_alloc_zero_gives_zeros_with_and_without_a_hook(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        check_zeroed(7, 13);
    test_allocator_install(&allocator, SIZE_MAX);
    for (int i = 0; i < 3; i++)
        check_zeroed(7, 13);
    assert_int_equal(allocator.call_count, 3);
    assert_int_equal(allocator.live_count, 0);
}

static void test_fe_alloc_refuses_sizes_that_overflow(void **state)
{
    size_t huge = SIZE_MAX - 1;

    (void)state;
    assert_null(fe_alloc_zero(huge / 2, 3));
    assert_null(fe_alloc_aligned(64, huge));
    test_allocator_install(&allocator, SIZE_MAX);
    assert_null(fe_alloc_zero(huge / 2, 3));
    assert_null(fe_alloc_aligned(64, huge));
    assert_int_equal(allocator.call_count, 0);
}

static void test_fe_alloc_aligned_keeps_its_alignment_under_a_hook(void **state)
{
    (void)state;
    test_allocator_install(&allocator, SIZE_MAX);
    for (size_t alignment = sizeof(void *); alignment <= 4096; alignment *= 2) {
        for (size_t size = 0; size < 100; size += 33) {
            uint8_t *memory = fe_alloc_aligned(alignment, size);
            assert_non_null(memory);
            assert_int_equal((uintptr_t)memory % alignment, 0);
            memset(memory, 0xab, size);
            fe_free_aligned(memory);
        }
    }
    assert_int_equal(allocator.live_count, 0);
}

static void test_the_hook_sees_every_kind_of_allocation(void **state)
{
    char *text;
    void *aligned;

    (void)state;
    test_allocator_install(&allocator, SIZE_MAX);
    text = fe_string_duplicate("hematite");
    assert_string_equal(text, "hematite");
    aligned = fe_alloc_aligned(64, 10);
    text = fe_realloc(text, 1000);
    assert_string_equal(text, "hematite");
    assert_int_equal(allocator.call_count, 3);
    assert_int_equal(allocator.live_count, 2);
    fe_free(text);
    fe_free_aligned(aligned);
    assert_int_equal(allocator.live_count, 0);
}

static void test_a_refusal_is_null_and_the_old_block_stays(void **state)
{
    char *text;

    (void)state;
    test_allocator_install(&allocator, 1);
    text = fe_string_duplicate("magnetite");
    assert_null(fe_realloc(text, 1000));
    assert_string_equal(text, "magnetite");
    assert_null(fe_alloc(1));
    assert_null(fe_alloc_zero(1, 1));
    assert_null(fe_alloc_aligned(64, 1));
    assert_null(fe_string_duplicate("x"));
    fe_free(text);
}

static void test_fe_no_memory_names_what_and_how_much(void **state)
{
    (void)state;
    assert_int_equal(fe_no_memory("a block", 4096), FERRIC_NO_MEMORY);
    assert_string_equal(fe_message(), "no memory for a block (4096 bytes)");
}

static void test_fe_wipe_leaves_zeros_and_touches_nothing_else(void **state)
{
    uint8_t bytes[48];

    (void)state;
    memset(bytes, 0xee, sizeof bytes);
    fe_wipe(bytes + 8, 32);
    fe_wipe(NULL, 0);
    for (size_t i = 0; i < sizeof bytes; i++) {
        assert_int_equal(bytes[i], i >= 8 && i < 40 ? 0 : 0xee);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fe_alloc_of_nothing_gives_a_block_that_can_be_freed),
        cmocka_unit_test_teardown(test_fe_alloc_zero_gives_zeros_with_and_without_a_hook,
                                  restore_malloc),
        cmocka_unit_test_teardown(test_fe_alloc_refuses_sizes_that_overflow, restore_malloc),
        cmocka_unit_test_teardown(test_fe_alloc_aligned_keeps_its_alignment_under_a_hook,
                                  restore_malloc),
        cmocka_unit_test_teardown(test_the_hook_sees_every_kind_of_allocation, restore_malloc),
        cmocka_unit_test_teardown(test_a_refusal_is_null_and_the_old_block_stays, restore_malloc),
        cmocka_unit_test(test_fe_no_memory_names_what_and_how_much),
        cmocka_unit_test(test_fe_wipe_leaves_zeros_and_touches_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
