// SPDX-License-Identifier: Apache-2.0
// Lists of names are sorted by bytes, and left alone without memory.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "os/names.h"
#include "unit/base/allocator.h"

static void sort_and_compare(const char *unsorted, const char *sorted, size_t size)
{
    ferric_buffer names = {0};

    assert_int_equal(fe_buffer_append(&names, unsorted, size), FERRIC_OK);
    assert_int_equal(fe_names_sort(&names), FERRIC_OK);
    assert_int_equal(names.size, size);
    if (size > 0) assert_memory_equal(names.data, sorted, size);
    fe_buffer_deinit(&names);
}

static void test_names_are_sorted_by_bytes(void **state)
{
    (void)state;
    sort_and_compare("", "", 0);
    sort_and_compare("one", "one", 4);
    sort_and_compare("b\0a", "a\0b", 4);
    sort_and_compare("\xff\0a\0ab\0A\0", "A\0a\0ab\0\xff", 9);
    sort_and_compare("same\0same\0a", "a\0same\0same", 12);
}

static void test_without_memory_names_stay_as_they_were(void **state)
{
    ferric_buffer names = {0};
    test_allocator allocator;

    (void)state;
    assert_int_equal(fe_buffer_append(&names, "b\0a", 4), FERRIC_OK);
    for (size_t granted = 0; granted < 2; granted++) {
        test_allocator_install(&allocator, granted);
        assert_int_equal(fe_names_sort(&names), FERRIC_NO_MEMORY);
        assert_int_equal(allocator.live_count, 0);
        fe_allocator_set(NULL);
        assert_memory_equal(names.data, "b\0a", 4);
    }
    fe_buffer_deinit(&names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_are_sorted_by_bytes),
        cmocka_unit_test(test_without_memory_names_stay_as_they_were),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
