// SPDX-License-Identifier: Apache-2.0
// The one order of keys, and what slices share.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/slice.h"

// In ascending order.
static const ferric_slice ordered[] = {
    {NULL, 0}, {"\0", 1}, {"\0\0", 2}, {"a", 1}, {"a\0", 2}, {"ab", 2}, {"b", 1}, {"\xff", 1},
};

#define ORDERED_COUNT (sizeof ordered / sizeof ordered[0])

static void test_slices_are_ordered_by_bytes_then_by_length(void **state)
{
    (void)state;
    for (size_t i = 0; i < ORDERED_COUNT; i++) {
        for (size_t j = 0; j < ORDERED_COUNT; j++) {
            int order = fe_slice_compare(ordered[i], ordered[j]);
            assert_int_equal(order < 0, i < j);
            assert_int_equal(order > 0, i > j);
            assert_int_equal(fe_slice_equal(ordered[i], ordered[j]), i == j);
        }
    }
}

static void test_every_slice_has_its_own_beginnings_as_prefixes(void **state)
{
    ferric_slice whole = fe_slice_text("hematite");

    (void)state;
    for (size_t size = 0; size <= whole.size; size++) {
        ferric_slice prefix = fe_slice(whole.data, size);
        assert_true(fe_slice_has_prefix(whole, prefix));
        assert_int_equal(fe_slice_has_prefix(prefix, whole), size == whole.size);
        assert_int_equal(fe_slice_common_prefix(whole, prefix), size);
    }
    assert_false(fe_slice_has_prefix(whole, fe_slice_text("hex")));
    assert_int_equal(fe_slice_common_prefix(whole, fe_slice_text("hex")), 2);
    assert_int_equal(fe_slice_common_prefix(whole, fe_slice(NULL, 0)), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slices_are_ordered_by_bytes_then_by_length),
        cmocka_unit_test(test_every_slice_has_its_own_beginnings_as_prefixes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
