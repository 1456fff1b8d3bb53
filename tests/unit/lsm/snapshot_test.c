// SPDX-License-Identifier: Apache-2.0
// Snapshots: the list stays ordered however they come and go, and stripes follow from it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/memory.h"
#include "entry_model.h"
#include "lsm/snapshot.h"

#define HELD_MAX 40

static void check_list(const fe_snapshot_list *list, fe_snapshot *const *held, size_t count)
{
    uint64_t *sequences = NULL;
    size_t copied = 0;
    size_t distinct = 0;

    assert_int_equal(list->count, count);
    assert_int_equal(fe_snapshot_list_copy(list, &sequences, &copied), FERRIC_OK);
    for (size_t i = 0; i < count; i++) { // `held` is ascending.
        if (i > 0 && held[i]->sequence == held[i - 1]->sequence) continue;
        assert_true(distinct < copied);
        assert_int_equal(sequences[distinct++], held[i]->sequence);
    }
    assert_int_equal(copied, distinct);
    assert_int_equal(sequences == NULL, count == 0);
    fe_free(sequences);
}

static void test_snapshot_list_is_ordered_through_random_changes(void **state)
{
    fe_random random = {test_seed(3)};
    fe_snapshot_list list = {0};
    fe_snapshot *held[HELD_MAX];
    size_t count = 0;
    uint64_t sequence = 0;

    (void)state;
    for (int i = 0; i < 20000; i++) {
        bool is_add = count == 0 || (count < HELD_MAX && fe_random_below(&random, 2) == 0);
        if (is_add) {
            sequence += fe_random_below(&random, 3);
            held[count] = calloc(1, sizeof *held[count]);
            assert_non_null(held[count]);
            fe_snapshot_list_add(&list, held[count++], sequence, 1000 + sequence);
        } else {
            size_t at = fe_random_below(&random, count);
            fe_snapshot_list_remove(&list, held[at]);
            free(held[at]);
            count--;
            memmove(&held[at], &held[at + 1], (count - at) * sizeof held[0]);
        }
        check_list(&list, held, count);
    }
    while (count > 0) {
        fe_snapshot_list_remove(&list, held[--count]);
        free(held[count]);
    }
    assert_null(list.oldest);
    assert_null(list.newest);
    check_list(&list, held, 0);
}

static void test_snapshot_stripe_is_the_first_that_sees_it(void **state)
{
    fe_random random = {test_seed(4)};

    (void)state;
    assert_int_equal(fe_snapshot_stripe(NULL, 0, 5), UINT64_MAX);
    for (int i = 0; i < 2000; i++) {
        uint64_t sequences[12];
        size_t count = fe_random_below(&random, 13);
        uint64_t at = 0;
        for (size_t j = 0; j < count; j++)
            sequences[j] = at += 1 + fe_random_below(&random, 4);
        for (uint64_t sequence = 0; sequence < 52; sequence++) {
            size_t first = 0;
            while (first < count && sequences[first] < sequence)
                first++;
            assert_int_equal(fe_snapshot_stripe(sequences, count, sequence),
                             first == count ? UINT64_MAX : sequences[first]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_snapshot_list_is_ordered_through_random_changes),
        cmocka_unit_test(test_snapshot_stripe_is_the_first_that_sees_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
