// SPDX-License-Identifier: Apache-2.0
// Buffers grow, keep what they have, and are unchanged when there is no memory.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/coding.h"
#include "base/status.h"
#include "unit/base/allocator.h"

static test_allocator allocator;

static int restore_malloc(void **state)
{
    (void)state;
    fe_allocator_set(NULL);
    return 0;
}

static void assert_content(const ferric_buffer *buffer, const char *expected)
{
    assert_int_equal(buffer->size, strlen(expected));
    assert_true(buffer->size <= buffer->capacity);
    if (buffer->size > 0) assert_memory_equal(buffer->data, expected, buffer->size);
}

static void test_an_empty_buffer_needs_no_memory(void **state)
{
    ferric_buffer buffer = {0};

    (void)state;
    assert_int_equal(fe_buffer_append(&buffer, NULL, 0), FERRIC_OK);
    assert_int_equal(fe_buffer_assign(&buffer, fe_slice(NULL, 0)), FERRIC_OK);
    assert_int_equal(fe_buffer_reserve(&buffer, 0), FERRIC_OK);
    assert_null(buffer.data);
    assert_int_equal(fe_buffer_slice(&buffer).size, 0);
    fe_buffer_deinit(&buffer);
}

static void test_append_adds_behind_what_is_there(void **state)
{
    ferric_buffer buffer = {0};
    char expected[1000] = "";

    (void)state;
    for (int i = 0; i < 100; i++) {
        assert_int_equal(fe_buffer_append(&buffer, "iron", 4), FERRIC_OK);
        strcat(expected, "iron");
        assert_content(&buffer, expected);
    }
    fe_buffer_deinit(&buffer);
    assert_null(buffer.data);
    assert_int_equal(buffer.capacity, 0);
}

static void test_a_million_appends_reallocate_a_few_times(void **state)
{
    ferric_buffer buffer = {0};

    (void)state;
    test_allocator_install(&allocator, SIZE_MAX);
    for (int i = 0; i < 1000000; i++)
        assert_int_equal(fe_buffer_put_u8(&buffer, 7), FERRIC_OK);
    assert_int_equal(buffer.size, 1000000);
    assert_in_range(allocator.call_count, 1, 20);
    fe_buffer_deinit(&buffer);
    assert_int_equal(allocator.live_count, 0);
}

static void test_assign_replaces_and_reuses_the_memory(void **state)
{
    ferric_buffer buffer = {0};

    (void)state;
    assert_int_equal(fe_buffer_assign(&buffer, fe_slice_text("hematite")), FERRIC_OK);
    assert_content(&buffer, "hematite");
    test_allocator_install(&allocator, 0);
    assert_int_equal(fe_buffer_assign(&buffer, fe_slice_text("ore")), FERRIC_OK);
    assert_content(&buffer, "ore");
    fe_buffer_clear(&buffer);
    assert_int_equal(fe_buffer_append(&buffer, "magnetite", 9), FERRIC_OK);
    assert_content(&buffer, "magnetite");
    fe_allocator_set(NULL);
    fe_buffer_deinit(&buffer);
}

static void test_format_appends_texts_of_every_size(void **state)
{
    ferric_buffer buffer = {0};
    char text[300];

    (void)state;
    for (size_t size = 0; size < sizeof text; size++) {
        memset(text, 'a', size);
        text[size] = '\0';
        fe_buffer_clear(&buffer);
        assert_int_equal(fe_buffer_format(&buffer, "%s", text), FERRIC_OK);
        assert_content(&buffer, text);
        fe_buffer_deinit(&buffer);
        assert_int_equal(fe_buffer_append(&buffer, "x", 1), FERRIC_OK);
        assert_int_equal(fe_buffer_format(&buffer, "%s:%d", text, 42), FERRIC_OK);
        assert_int_equal(buffer.size, size + 4);
        assert_memory_equal((char *)buffer.data + size + 1, ":42", 3);
    }
    fe_buffer_deinit(&buffer);
}

static void test_without_memory_every_call_leaves_the_buffer_unchanged(void **state)
{
    char large[200];
    ferric_buffer buffer = {0};
    ferric_buffer before;

    (void)state;
    memset(large, 'x', sizeof large);
    assert_int_equal(fe_buffer_append(&buffer, "iron", 4), FERRIC_OK);
    before = buffer;
    test_allocator_install(&allocator, 0);
    assert_int_equal(fe_buffer_reserve(&buffer, 200), FERRIC_NO_MEMORY);
    assert_int_equal(fe_buffer_append(&buffer, large, 200), FERRIC_NO_MEMORY);
    assert_int_equal(fe_buffer_assign(&buffer, fe_slice(large, 200)), FERRIC_NO_MEMORY);
    assert_int_equal(fe_buffer_format(&buffer, "%.*s", 200, large), FERRIC_NO_MEMORY);
    assert_int_equal(fe_buffer_put_sized(&buffer, fe_slice(large, 200)), FERRIC_NO_MEMORY);
    assert_memory_equal(&buffer, &before, sizeof buffer);
    assert_content(&buffer, "iron");
    assert_non_null(strstr(fe_message(), "no memory for a buffer"));
    fe_allocator_set(NULL);
    fe_buffer_deinit(&buffer);
}

static void test_sizes_that_overflow_are_no_memory(void **state)
{
    ferric_buffer buffer = {0};

    (void)state;
    assert_int_equal(fe_buffer_append(&buffer, "iron", 4), FERRIC_OK);
    test_allocator_install(&allocator, SIZE_MAX);
    assert_int_equal(fe_buffer_reserve(&buffer, SIZE_MAX), FERRIC_NO_MEMORY);
    assert_int_equal(fe_buffer_reserve(&buffer, SIZE_MAX - 3), FERRIC_NO_MEMORY);
    assert_int_equal(fe_buffer_put_sized(&buffer, fe_slice("", SIZE_MAX)), FERRIC_NO_MEMORY);
    assert_int_equal(allocator.call_count, 0);
    assert_content(&buffer, "iron");
    fe_allocator_set(NULL);
    fe_buffer_deinit(&buffer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_empty_buffer_needs_no_memory),
        cmocka_unit_test(test_append_adds_behind_what_is_there),
        cmocka_unit_test_teardown(test_a_million_appends_reallocate_a_few_times, restore_malloc),
        cmocka_unit_test_teardown(test_assign_replaces_and_reuses_the_memory, restore_malloc),
        cmocka_unit_test(test_format_appends_texts_of_every_size),
        cmocka_unit_test_teardown(test_without_memory_every_call_leaves_the_buffer_unchanged,
                                  restore_malloc),
        cmocka_unit_test_teardown(test_sizes_that_overflow_are_no_memory, restore_malloc),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
