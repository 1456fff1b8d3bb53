// SPDX-License-Identifier: Apache-2.0
// What an arena gives out is aligned, apart, and lives until clear.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/random.h"
#include "base/slice.h"
#include "unit/base/allocator.h"

static test_allocator allocator;

static int restore_malloc(void **state)
{
    (void)state;
    fe_allocator_set(NULL);
    return 0;
}

#define PIECE_COUNT 2000

static void test_pieces_are_aligned_and_do_not_overlap(void **state)
{
    static struct {
        uint8_t *memory;
        size_t size;
    } pieces[PIECE_COUNT];
    fe_random random = {11};
    fe_arena arena;

    (void)state;
    fe_arena_init(&arena);
    for (size_t i = 0; i < PIECE_COUNT; i++) {
        // Mostly small, some larger than a first chunk.
        size_t size = fe_random_below(&random, i % 50 == 0 ? 20000 : 100);
        uint8_t *memory = fe_arena_alloc(&arena, size);
        assert_non_null(memory);
        assert_int_equal((uintptr_t)memory % 8, 0);
        memset(memory, (int)(i & 0xff), size);
        pieces[i].memory = memory;
        pieces[i].size = size;
    }
    for (size_t i = 0; i < PIECE_COUNT; i++) {
        for (size_t j = 0; j < pieces[i].size; j++) {
            assert_int_equal(pieces[i].memory[j], i & 0xff);
        }
    }
    fe_arena_deinit(&arena);
    assert_int_equal(arena.size_bytes, 0);
}

static void test_size_bytes_is_what_the_heap_gave(void **state)
{
    fe_arena arena;

    (void)state;
    test_allocator_install(&allocator, SIZE_MAX);
    fe_arena_init(&arena);
    assert_int_equal(arena.size_bytes, 0);
    for (int i = 0; i < 10000; i++)
        assert_non_null(fe_arena_alloc(&arena, 100));
    assert_true(arena.size_bytes >= 1000000);
    assert_true(arena.size_bytes < 2500000);
    assert_in_range(allocator.call_count, 1, 12);
    fe_arena_deinit(&arena);
    assert_int_equal(allocator.live_count, 0);
}

static void test_a_large_piece_leaves_the_room_of_the_chunk_in_use(void **state)
{
    fe_arena arena;

    (void)state;
    test_allocator_install(&allocator, SIZE_MAX);
    fe_arena_init(&arena);
    assert_non_null(fe_arena_alloc(&arena, 8));
    assert_non_null(fe_arena_alloc(&arena, 3000000));
    assert_int_equal(allocator.call_count, 2);
    assert_non_null(fe_arena_alloc(&arena, 900));
    assert_int_equal(allocator.call_count, 2);
    fe_arena_deinit(&arena);
    assert_int_equal(allocator.live_count, 0);
}

static void test_clear_keeps_the_largest_chunk(void **state)
{
    fe_arena arena;
    size_t call_count;

    (void)state;
    test_allocator_install(&allocator, SIZE_MAX);
    fe_arena_init(&arena);
    fe_arena_clear(&arena);
    assert_non_null(fe_arena_alloc(&arena, 10));
    assert_non_null(fe_arena_alloc(&arena, 100000));
    assert_non_null(fe_arena_alloc(&arena, 10));
    fe_arena_clear(&arena);
    assert_int_equal(allocator.live_count, 1);
    call_count = allocator.call_count;
    for (int i = 0; i < 900; i++)
        assert_non_null(fe_arena_alloc(&arena, 100));
    assert_int_equal(allocator.call_count, call_count);
    assert_true(arena.size_bytes >= 100000);
    fe_arena_deinit(&arena);
    assert_int_equal(allocator.live_count, 0);
}

static void test_copy_is_independent_of_its_source(void **state)
{
    char text[] = "hematite";
    ferric_slice copy;
    fe_arena arena;

    (void)state;
    fe_arena_init(&arena);
    assert_int_equal(fe_arena_copy(&arena, fe_slice_text(text), &copy), FERRIC_OK);
    memset(text, 'x', strlen(text));
    assert_true(fe_slice_equal(copy, fe_slice_text("hematite")));
    assert_int_equal(fe_arena_copy(&arena, fe_slice(NULL, 0), &copy), FERRIC_OK);
    assert_int_equal(copy.size, 0);
    fe_arena_deinit(&arena);
}

static void test_without_memory_earlier_pieces_stay(void **state)
{
    ferric_slice copy;
    ferric_slice refused;
    fe_arena arena;
    size_t size_bytes;

    (void)state;
    test_allocator_install(&allocator, 1);
    fe_arena_init(&arena);
    assert_int_equal(fe_arena_copy(&arena, fe_slice_text("ore"), &copy), FERRIC_OK);
    size_bytes = arena.size_bytes;
    assert_null(fe_arena_alloc(&arena, 10000));
    assert_int_equal(fe_arena_copy(&arena, fe_slice("", SIZE_MAX / 2), &refused), FERRIC_NO_MEMORY);
    assert_int_equal(refused.size, 0);
    assert_null(fe_arena_alloc(&arena, SIZE_MAX));
    assert_int_equal(arena.size_bytes, size_bytes);
    assert_true(fe_slice_equal(copy, fe_slice_text("ore")));
    assert_non_null(fe_arena_alloc(&arena, 10)); // Still from the first chunk.
    fe_arena_deinit(&arena);
    assert_int_equal(allocator.live_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces_are_aligned_and_do_not_overlap),
        cmocka_unit_test_teardown(test_size_bytes_is_what_the_heap_gave, restore_malloc),
        cmocka_unit_test_teardown(test_a_large_piece_leaves_the_room_of_the_chunk_in_use,
                                  restore_malloc),
        cmocka_unit_test_teardown(test_clear_keeps_the_largest_chunk, restore_malloc),
        cmocka_unit_test(test_copy_is_independent_of_its_source),
        cmocka_unit_test_teardown(test_without_memory_earlier_pieces_stay, restore_malloc),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
