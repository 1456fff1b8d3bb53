// SPDX-License-Identifier: Apache-2.0
// The merge against a sorted array: up to twelve children, empty ones among them, changes of
// direction, failing children.
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "array_iterator.h"
#include "base/memory.h"
#include "entry_model.h"
#include "lsm/merge_iterator.h"

#define CHILDREN_MAX 12

// All entries, and the same dealt out to children.
typedef struct fixture {
    entry_model all;
    entry_model parts[CHILDREN_MAX];
    ferric_status failing[CHILDREN_MAX];
    size_t count;
    fe_iterator *merge;
} fixture;

// Deals `entries` random ones in runs of up to `run_max` neighbours; a child may get none.
static void setup(fixture *test, size_t count, size_t entries, uint64_t run_max, fe_random *random)
{
    fe_iterator *children[CHILDREN_MAX];
    size_t child = 0;
    uint64_t left = 0;

    memset(test, 0, sizeof *test);
    test->count = count;
    entry_model_init(&test->all);
    for (size_t i = 0; i < entries; i++) {
        uint8_t room[RANDOM_KEY_SIZE_MAX];
        fe_entry entry = {random_key(random, fe_slice_text("key"), room), fe_slice(NULL, 0),
                          fe_random_below(random, entries), FE_ENTRY_PUT};
        entry_model_insert(&test->all, &entry);
    }
    for (size_t i = 0; i < count; i++)
        entry_model_init(&test->parts[i]);
    for (size_t i = 0; i < test->all.count; i++) {
        if (left-- == 0) {
            child = fe_random_below(random, count);
            left = fe_random_below(random, run_max);
        }
        entry_model_insert(&test->parts[child], &test->all.entries[i]);
    }
    for (size_t i = 0; i < count; i++) {
        children[i] =
            array_iterator_create(test->parts[i].entries, test->parts[i].count, &test->failing[i]);
    }
    assert_int_equal(fe_merge_iterator_create(children, count, &test->merge), FERRIC_OK);
}

static void teardown(fixture *test)
{
    fe_iterator_destroy(test->merge);
    for (size_t i = 0; i < test->count; i++)
        entry_model_deinit(&test->parts[i]);
    entry_model_deinit(&test->all);
}

static void test_merge_iterator_equals_model(void **state)
{
    const uint64_t run_max[] = {1, 4, 50};
    uint64_t seed = test_seed(20250603);

    (void)state;
    for (size_t count = 1; count <= CHILDREN_MAX; count++) {
        for (size_t i = 0; i < 3; i++) {
            // From a few entries, which leave children empty, to many.
            for (size_t entries = 0; entries <= 400; entries = entries * 5 + 3) {
                fe_random random = {seed + count * 100 + i * 10};
                fixture test;
                setup(&test, count, entries, run_max[i], &random);
                assert_iterator_holds(&test.all, test.merge);
                assert_random_walk(&test.all, test.merge, 2000, fe_slice_text("key"), &random);
                teardown(&test);
            }
        }
    }
}

static void test_merge_iterator_turns_at_every_entry(void **state)
{
    fe_random random = {test_seed(20250604)};
    fixture test;

    (void)state;
    setup(&test, 5, 200, 3, &random);
    // From each entry: one back and one on again, then one on and one back.
    fe_iterator_first(test.merge);
    for (size_t at = 0; at + 1 < test.all.count; at++) {
        if (at > 0) {
            fe_iterator_prev(test.merge);
            assert_entry_equal(&test.merge->entry, &test.all.entries[at - 1]);
            fe_iterator_next(test.merge);
        }
        assert_entry_equal(&test.merge->entry, &test.all.entries[at]);
        fe_iterator_next(test.merge);
        assert_entry_equal(&test.merge->entry, &test.all.entries[at + 1]);
        fe_iterator_prev(test.merge);
        assert_entry_equal(&test.merge->entry, &test.all.entries[at]);
        fe_iterator_next(test.merge);
    }
    fe_iterator_next(test.merge);
    assert_false(test.merge->is_valid);
    teardown(&test);
}

static void test_merge_iterator_of_none_is_empty(void **state)
{
    entry_model nothing;
    fe_iterator *merge;

    (void)state;
    entry_model_init(&nothing);
    assert_int_equal(fe_merge_iterator_create(NULL, 0, &merge), FERRIC_OK);
    assert_false(merge->is_valid);
    assert_iterator_holds(&nothing, merge);
    fe_iterator_seek(merge, fe_slice_text("key"), 1);
    assert_false(merge->is_valid);
    fe_iterator_seek_before(merge, fe_slice_text("key"), 1);
    assert_false(merge->is_valid);
    fe_iterator_destroy(merge);
}

static void test_merge_iterator_of_one_is_that_one(void **state)
{
    fe_iterator *child = array_iterator_create(NULL, 0, NULL);
    fe_iterator *merge;

    (void)state;
    assert_int_equal(fe_merge_iterator_create(&child, 1, &merge), FERRIC_OK);
    assert_ptr_equal(merge, child);
    fe_iterator_destroy(merge);
}

// One entry of the first child, one of the second, and so on.
static void test_merge_iterator_counts_what_overlap_costs(void **state)
{
    const size_t entries = 10;
    fe_iterator *children[2];
    entry_model parts[2];
    fe_iterator *merge;

    (void)state;
    for (size_t i = 0; i < 2; i++)
        entry_model_init(&parts[i]);
    for (size_t i = 0; i < entries; i++) {
        uint8_t digit = (uint8_t)('0' + i);
        fe_entry entry = {fe_slice(&digit, 1), fe_slice(NULL, 0), 1, FE_ENTRY_PUT};
        entry_model_insert(&parts[i % 2], &entry);
    }
    for (size_t i = 0; i < 2; i++)
        children[i] = array_iterator_create(parts[i].entries, parts[i].count, NULL);
    assert_int_equal(fe_merge_iterator_take_overlap(children[0]), 0);
    assert_int_equal(fe_merge_iterator_create(children, 2, &merge), FERRIC_OK);
    assert_int_equal(fe_merge_iterator_take_overlap(merge), 0);
    for (fe_iterator_first(merge); merge->is_valid;)
        fe_iterator_next(merge);
    // After the last but one entry a child ends, which is no choice.
    assert_int_equal(fe_merge_iterator_take_overlap(merge),
                     FE_OVERLAP_SEEK_BYTES + (entries - 2) * FE_OVERLAP_SWITCH_BYTES);
    assert_int_equal(fe_merge_iterator_take_overlap(merge), 0);
    assert_int_equal(fe_merge_iterator_take_overlap(NULL), 0);
    fe_iterator_destroy(merge);
    for (size_t i = 0; i < 2; i++)
        entry_model_deinit(&parts[i]);
}

// Moves once, in one of all the ways there are.
static void move(fe_iterator *merge, int way)
{
    switch (way) {
    case 0:
        fe_iterator_first(merge);
        break;
    case 1:
        fe_iterator_last(merge);
        break;
    case 2:
        fe_iterator_seek(merge, fe_slice_text("key"), FE_SEQUENCE_MAX);
        break;
    case 3:
        fe_iterator_seek_before(merge, fe_slice_text("key\xff\xff"), FE_SEQUENCE_MAX);
        break;
    }
}

static void test_merge_iterator_fails_with_any_child(void **state)
{
    fe_random random = {test_seed(20250605)};

    (void)state;
    for (size_t bad = 0; bad < 4; bad++) {
        fixture test;
        setup(&test, 4, 200, 2, &random);
        for (int way = 0; way < 4; way++) {
            test.failing[bad] = FERRIC_IO;
            move(test.merge, way);
            assert_false(test.merge->is_valid);
            assert_int_equal(test.merge->status, FERRIC_IO);
            test.failing[bad] = FERRIC_OK;
            move(test.merge, way);
            assert_true(test.merge->is_valid);
            assert_int_equal(test.merge->status, FERRIC_OK);
        }
        assert_iterator_holds(&test.all, test.merge);
        teardown(&test);
    }
}

// A child that fails in the middle must not look like one that ended.
static void test_merge_iterator_never_walks_past_a_failure(void **state)
{
    fe_random random = {test_seed(20250606)};

    (void)state;
    for (int round = 0; round < 200; round++) {
        size_t bad = fe_random_below(&random, 4);
        bool is_forward = fe_random_below(&random, 2) == 0;
        size_t met = 0;
        fixture test;

        setup(&test, 4, 100, 3, &random);
        test.failing[bad] = FERRIC_OK;
        fe_iterator_seek(test.merge, test.all.entries[test.all.count / 2].key, FE_SEQUENCE_MAX);
        test.failing[bad] = FERRIC_CORRUPT;
        for (; test.merge->is_valid; met++) {
            if (is_forward) {
                fe_iterator_next(test.merge);
            } else {
                fe_iterator_prev(test.merge);
            }
        }
        // Going on, the bad child is only asked when its turn comes; if it never was, the end is
        // the true one.
        if (test.merge->status == FERRIC_OK) {
            assert_true(is_forward);
            assert_true(test.parts[bad].count == 0 ||
                        entry_model_lower_bound(&test.parts[bad],
                                                test.all.entries[test.all.count / 2].key,
                                                FE_SEQUENCE_MAX) == test.parts[bad].count);
        } else {
            assert_int_equal(test.merge->status, FERRIC_CORRUPT);
            assert_true(met <= test.all.count);
        }
        teardown(&test);
    }
}

static void *allocate_nothing(void *context, void *memory, size_t size)
{
    (void)context;
    (void)memory;
    (void)size;
    return NULL;
}

static void release_by_free(void *context, void *memory)
{
    (void)context;
    free(memory);
}

// That the children are gone is what the leak check of the asan build sees.
static void test_merge_iterator_without_memory_destroys_the_children(void **state)
{
    const ferric_allocator nothing = {allocate_nothing, release_by_free, NULL};
    fe_iterator *children[2] = {array_iterator_create(NULL, 0, NULL),
                                array_iterator_create(NULL, 0, NULL)};
    fe_iterator *merge = children[0];
    ferric_status status;

    (void)state;
    fe_allocator_set(&nothing);
    status = fe_merge_iterator_create(children, 2, &merge);
    fe_allocator_set(NULL);
    assert_int_equal(status, FERRIC_NO_MEMORY);
    assert_null(merge);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_merge_iterator_equals_model),
        cmocka_unit_test(test_merge_iterator_turns_at_every_entry),
        cmocka_unit_test(test_merge_iterator_of_none_is_empty),
        cmocka_unit_test(test_merge_iterator_of_one_is_that_one),
        cmocka_unit_test(test_merge_iterator_counts_what_overlap_costs),
        cmocka_unit_test(test_merge_iterator_fails_with_any_child),
        cmocka_unit_test(test_merge_iterator_never_walks_past_a_failure),
        cmocka_unit_test(test_merge_iterator_without_memory_destroys_the_children),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
