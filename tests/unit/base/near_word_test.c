// SPDX-License-Identifier: Apache-2.0
// Tests of src/base/near_word: distances, and what is near enough to be offered.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/near_word.h"
#include "base/slice.h"

static size_t distance(const char *a, const char *b)
{
    size_t found = fe_word_distance(fe_slice_text(a), fe_slice_text(b));
    assert_int_equal(found, fe_word_distance(fe_slice_text(b), fe_slice_text(a)));
    return found;
}

static void test_distance_counts_letters(void **state)
{
    (void)state;
    assert_int_equal(distance("scan", "scan"), 0);
    assert_int_equal(distance("scan", "sacn"), 1); // Two neighbours swapped.
    assert_int_equal(distance("", "abc"), 3);
    assert_int_equal(distance("kitten", "sitting"), 3);
    assert_int_equal(distance("elemMatch", "ELEMmatch"), 0);
    assert_int_equal(distance("ca", "abc"), 3); // A letter is not moved twice.
}

static void test_words_of_31_letters_are_compared_and_longer_ones_are_apart(void **state)
{
    const char *word = "abcdefghijklmnopqrstuvwxyz01234";
    (void)state;
    assert_int_equal(distance(word, "bbcdefghijklmnopqrstuvwxyz01234"), 1);
    assert_int_equal(distance("abcdefghijklmnopqrstuvwxyz012345", word), FE_WORDS_APART);
}

static const char *nearest(const char *word)
{
    static const char *const words[] = {"$gt", "$gte", "$set", "$elemMatch", "$in"};
    fe_near_word near;

    fe_near_word_init(&near, fe_slice_text(word));
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        fe_near_word_consider(&near, words[i]);
    return near.best;
}

static void test_the_nearest_word_is_kept(void **state)
{
    (void)state;
    assert_string_equal(nearest("$gtr"), "$gt"); // As near as $gte, which comes later.
    assert_string_equal(nearest("$gtee"), "$gte");
    assert_string_equal(nearest("gte"), "$gte");
    assert_string_equal(nearest("$sett"), "$set");
    assert_string_equal(nearest("$elemmatch"), "$elemMatch");
    assert_string_equal(nearest("$elmMach"), "$elemMatch");
}

static void test_what_differs_too_much_is_not_offered(void **state)
{
    (void)state;
    assert_null(nearest("$elephant"));
    assert_null(nearest("$x"));
    assert_null(nearest("$"));
    assert_null(nearest(""));
    assert_null(nearest("$like")); // Two of four letters.
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_distance_counts_letters),
        cmocka_unit_test(test_words_of_31_letters_are_compared_and_longer_ones_are_apart),
        cmocka_unit_test(test_the_nearest_word_is_kept),
        cmocka_unit_test(test_what_differs_too_much_is_not_offered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
