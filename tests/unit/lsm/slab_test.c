// SPDX-License-Identifier: Apache-2.0
// Slabs: slots do not overlap, chunks come and go, and the sparsest is the one that is emptied.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "lsm/slab.h"

#define SMALL 4500 // Of a slot of 4,608.
#define LARGE 8000 // Of one of 8,192.
// Of a chunk of small slots.
#define SMALL_COUNT ((FE_SLAB_CHUNK_SIZE - 256) / 4608)

static fe_slot_use all_can_go(void *slot)
{
    (void)slot;
    return FE_SLOT_CAN_GO;
}

static fe_slot_use all_stay(void *slot)
{
    (void)slot;
    return FE_SLOT_STAYS;
}

// By what `take` has filled it with.
static fe_slot_use twos_leave(void *slot)
{
    return *(uint8_t *)slot == 2 ? FE_SLOT_LEAVES : FE_SLOT_CAN_GO;
}

// Fills it with a byte, so that a slot that overlaps another is found.
static uint8_t *take(fe_slabs *slabs, size_t size, uint8_t fill)
{
    size_t given = size;
    uint8_t *slot = fe_slabs_take(slabs, &given, true);

    assert_non_null(slot);
    assert_int_equal((uintptr_t)slot % 64, 0);
    assert_in_range(given, size, size + 255);
    memset(slot, fill, given);
    return slot;
}

static void assert_filled(const uint8_t *slot, size_t size, uint8_t fill)
{
    for (size_t i = 0; i < size; i++)
        assert_int_equal(slot[i], fill);
}

static void test_slots_of_all_sizes_do_not_overlap(void **state)
{
    enum { COUNT = 2000 };
    static uint8_t *slots[COUNT];
    static size_t sizes[COUNT];
    fe_random random = {1};
    fe_slabs *slabs;

    (void)state;
    assert_int_equal(fe_slabs_create(&slabs), FERRIC_OK);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < COUNT; i++) {
            if (slots[i] != NULL && fe_random_below(&random, 2) == 0) continue;
            if (slots[i] != NULL) {
                assert_filled(slots[i], sizes[i], (uint8_t)i);
                fe_slabs_give(slabs, slots[i]);
            }
            sizes[i] = FE_SLAB_SLOT_MIN +
                       fe_random_below(&random, FE_SLAB_SLOT_MAX - FE_SLAB_SLOT_MIN + 1);
            slots[i] = take(slabs, sizes[i], (uint8_t)i);
        }
    }
    assert_true(fe_slabs_taken_bytes(slabs) <= fe_slabs_mapped_bytes(slabs));
    for (int i = 0; i < COUNT; i++) {
        assert_filled(slots[i], sizes[i], (uint8_t)i);
        fe_slabs_give(slabs, slots[i]);
    }
    assert_int_equal(fe_slabs_taken_bytes(slabs), 0);
    fe_slabs_destroy(slabs);
}

static void test_chunk_is_mapped_only_when_it_may_be(void **state)
{
    static uint8_t *slots[SMALL_COUNT];
    size_t size = SMALL;
    fe_slabs *slabs;

    (void)state;
    assert_int_equal(fe_slabs_create(&slabs), FERRIC_OK);
    assert_null(fe_slabs_take(slabs, &size, false));
    for (size_t i = 0; i < SMALL_COUNT; i++)
        slots[i] = take(slabs, SMALL, 1);
    assert_int_equal(fe_slabs_mapped_bytes(slabs), FE_SLAB_CHUNK_SIZE);
    assert_null(fe_slabs_take(slabs, &size, false));
    assert_int_equal(size, SMALL);
    fe_slabs_give(slabs, slots[7]);
    slots[7] = fe_slabs_take(slabs, &size, false);
    assert_non_null(slots[7]);
    for (size_t i = 0; i < SMALL_COUNT; i++)
        fe_slabs_give(slabs, slots[i]);
    // The last chunk of its size waits for the next.
    assert_int_equal(fe_slabs_mapped_bytes(slabs), FE_SLAB_CHUNK_SIZE);
    fe_slabs_destroy(slabs);
}

// Gives a chunk's slots back, which begin with `first`; the last one unmaps it.
static void give_all(fe_slabs *slabs, void *const *slots, size_t count)
{
    for (size_t i = 0; i < count; i++)
        fe_slabs_give(slabs, slots[i]);
}

static void test_sparsest_chunk_is_emptied_first(void **state)
{
    static void *leaving[FE_SLAB_SLOTS_MAX];
    static uint8_t *full[SMALL_COUNT];
    uint8_t *sparse[3];
    uint8_t *large;
    bool is_any;
    fe_slabs *slabs;

    (void)state;
    assert_int_equal(fe_slabs_create(&slabs), FERRIC_OK);
    for (size_t i = 0; i < SMALL_COUNT; i++)
        full[i] = take(slabs, SMALL, 1);
    for (int i = 0; i < 3; i++)
        sparse[i] = take(slabs, SMALL, 2);
    large = take(slabs, LARGE, 3);
    assert_int_equal(fe_slabs_mapped_bytes(slabs), 3 * FE_SLAB_CHUNK_SIZE);
    assert_int_equal(fe_slabs_empty_sparsest(slabs, all_stay, leaving, &is_any), 0);
    assert_false(is_any);

    // 8 KiB of one chunk are taken, 13.5 KiB of another, all of the third.
    assert_int_equal(fe_slabs_empty_sparsest(slabs, all_can_go, leaving, &is_any), 1);
    assert_true(is_any);
    assert_ptr_equal(leaving[0], large);
    assert_int_equal(fe_slabs_mapped_bytes(slabs), 2 * FE_SLAB_CHUNK_SIZE);
    give_all(slabs, leaving, 1);
    assert_int_equal(fe_slabs_empty_sparsest(slabs, all_can_go, leaving, &is_any), 3);
    // Nothing is taken from a chunk that leaves.
    assert_ptr_not_equal(take(slabs, SMALL, 4), sparse[0] + 3 * 4608);
    assert_int_equal(fe_slabs_mapped_bytes(slabs), 2 * FE_SLAB_CHUNK_SIZE);
    for (int i = 0; i < 3; i++)
        assert_filled(sparse[i], SMALL, 2);
    give_all(slabs, leaving, 3);
    assert_int_equal(fe_slabs_taken_bytes(slabs), (SMALL_COUNT + 1) * 4608);

    assert_int_equal(fe_slabs_empty_sparsest(slabs, all_can_go, leaving, &is_any), 1);
    give_all(slabs, leaving, 1);
    for (size_t i = 0; i < SMALL_COUNT; i++)
        fe_slabs_give(slabs, full[i]);
    assert_int_equal(fe_slabs_mapped_bytes(slabs), FE_SLAB_CHUNK_SIZE);
    assert_int_equal(fe_slabs_empty_sparsest(slabs, all_stay, leaving, &is_any), 0);
    assert_true(is_any); // An empty one goes at once.
    assert_int_equal(fe_slabs_mapped_bytes(slabs), 0);
    fe_slabs_destroy(slabs);
}

static void test_slots_that_leave_are_not_listed(void **state)
{
    static void *leaving[FE_SLAB_SLOTS_MAX];
    uint8_t *slots[4];
    bool is_any;
    fe_slabs *slabs;

    (void)state;
    assert_int_equal(fe_slabs_create(&slabs), FERRIC_OK);
    for (int i = 0; i < 4; i++)
        slots[i] = take(slabs, SMALL, i < 3 ? 2 : 1);
    assert_int_equal(fe_slabs_empty_sparsest(slabs, twos_leave, leaving, &is_any), 1);
    assert_true(is_any);
    assert_ptr_equal(leaving[0], slots[3]);
    for (int i = 0; i < 3; i++)
        fe_slabs_give(slabs, slots[i]);
    assert_filled(slots[3], SMALL, 1); // The chunk is there as long as one is taken.
    fe_slabs_give(slabs, slots[3]);
    assert_int_equal(fe_slabs_mapped_bytes(slabs), 0);
    fe_slabs_destroy(slabs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slots_of_all_sizes_do_not_overlap),
        cmocka_unit_test(test_chunk_is_mapped_only_when_it_may_be),
        cmocka_unit_test(test_sparsest_chunk_is_emptied_first),
        cmocka_unit_test(test_slots_that_leave_are_not_listed),
    };

    return cmocka_run_group_tests_name("slab", tests, NULL, NULL);
}
