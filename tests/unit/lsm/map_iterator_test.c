// SPDX-License-Identifier: Apache-2.0
// Entries that are changed, hidden and refused on their way.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "array_iterator.h"
#include "base/status.h"
#include "lsm/map_iterator.h"

#define COUNT 6

typedef struct passing {
    uint64_t hidden_from; // Sequences below it are hidden.
    uint64_t refused;     // 0: none.
    int calls;
} passing;

static const fe_entry entries[COUNT] = {
    {{"a", 1}, {"x", 1}, 6, FE_ENTRY_PUT}, {{"b", 1}, {"x", 1}, 1, FE_ENTRY_PUT},
    {{"c", 1}, {"x", 1}, 5, FE_ENTRY_PUT}, {{"d", 1}, {"x", 1}, 4, FE_ENTRY_PUT},
    {{"e", 1}, {"x", 1}, 1, FE_ENTRY_PUT}, {{"f", 1}, {"x", 1}, 2, FE_ENTRY_PUT},
};

static ferric_status pass(void *context, fe_entry *entry, bool *is_hidden)
{
    passing *self = context;

    self->calls++;
    *is_hidden = entry->sequence < self->hidden_from;
    entry->value = fe_slice_text("changed");
    if (entry->sequence == self->refused) return fe_fail(FERRIC_CORRUPT, "refused");
    return FERRIC_OK;
}

static fe_iterator *make(passing *self, const ferric_status *failing)
{
    fe_iterator *iterator;

    assert_int_equal(fe_map_iterator_create(array_iterator_create(entries, COUNT, failing), pass,
                                            self, &iterator),
                     FERRIC_OK);
    return iterator;
}

static void assert_shows(const fe_iterator *iterator, const char *key)
{
    assert_true(iterator->is_valid);
    assert_int_equal(iterator->status, FERRIC_OK);
    assert_true(fe_slice_equal(iterator->entry.key, fe_slice_text(key)));
    assert_true(fe_slice_equal(iterator->entry.value, fe_slice_text("changed")));
}

static void test_map_iterator_shows_what_the_function_leaves(void **state)
{
    passing self = {.hidden_from = 2};
    fe_iterator *iterator = make(&self, NULL);

    (void)state;
    for (int round = 0; round < 2; round++) {
        fe_iterator_first(iterator);
        assert_shows(iterator, "a");
        fe_iterator_next(iterator);
        assert_shows(iterator, "c");
        fe_iterator_next(iterator);
        assert_shows(iterator, "d");
        fe_iterator_next(iterator);
        assert_shows(iterator, "f");
        fe_iterator_next(iterator);
        assert_false(iterator->is_valid);
        assert_int_equal(iterator->status, FERRIC_OK);
    }
    assert_int_equal(self.calls, 2 * COUNT);
    fe_iterator_destroy(iterator);
}

static void test_map_iterator_hides_all(void **state)
{
    passing self = {.hidden_from = 100};
    fe_iterator *iterator = make(&self, NULL);

    (void)state;
    fe_iterator_first(iterator);
    assert_false(iterator->is_valid);
    assert_int_equal(iterator->status, FERRIC_OK);
    fe_iterator_destroy(iterator);
}

static void test_map_iterator_tells_failures_of_both(void **state)
{
    passing self = {.refused = 5};
    ferric_status failing = FERRIC_OK;
    fe_iterator *iterator = make(&self, &failing);

    (void)state;
    fe_iterator_first(iterator);
    fe_iterator_next(iterator);
    assert_shows(iterator, "b");
    fe_iterator_next(iterator);
    assert_false(iterator->is_valid);
    assert_int_equal(iterator->status, FERRIC_CORRUPT);
    failing = FERRIC_IO;
    fe_iterator_first(iterator);
    assert_false(iterator->is_valid);
    assert_int_equal(iterator->status, FERRIC_IO);
    fe_iterator_destroy(iterator);
}

static void test_map_iterator_goes_forward_only(void **state)
{
    passing self = {0};
    fe_iterator *iterator = make(&self, NULL);

    (void)state;
    fe_iterator_first(iterator);
    fe_iterator_prev(iterator);
    assert_int_equal(iterator->status, FERRIC_UNSUPPORTED);
    fe_iterator_last(iterator);
    assert_int_equal(iterator->status, FERRIC_UNSUPPORTED);
    fe_iterator_seek(iterator, fe_slice_text("c"), FE_SEQUENCE_MAX);
    assert_int_equal(iterator->status, FERRIC_UNSUPPORTED);
    fe_iterator_seek_before(iterator, fe_slice_text("c"), 0);
    assert_int_equal(iterator->status, FERRIC_UNSUPPORTED);
    assert_false(iterator->is_valid);
    fe_iterator_first(iterator);
    assert_shows(iterator, "a");
    fe_iterator_destroy(iterator);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_map_iterator_shows_what_the_function_leaves),
        cmocka_unit_test(test_map_iterator_hides_all),
        cmocka_unit_test(test_map_iterator_tells_failures_of_both),
        cmocka_unit_test(test_map_iterator_goes_forward_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
