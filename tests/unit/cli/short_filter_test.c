// SPDX-License-Identifier: Apache-2.0
// Filters as words of a command line.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/status.h"
#include "cli/short_filter.h"

static void means(char *const *words, int count, const char *expected)
{
    ferric_buffer json = {0};
    if (cli_short_filter(words, count, &json) != FERRIC_OK) fail_msg("%s", fe_message());
    assert_int_equal(fe_buffer_append(&json, "", 1), FERRIC_OK);
    assert_string_equal(json.data, expected);
    fe_buffer_deinit(&json);
}

static void one(char *word, const char *expected)
{
    means(&word, 1, expected);
}

static void test_words_become_operators(void **state)
{
    char *two[] = {"role=admin", "age>=18"};
    (void)state;
    one("role=admin", "{\"role\":{\"$eq\":\"admin\"}}");
    one("age=18", "{\"age\":{\"$eq\":18}}");
    one("age=\"18\"", "{\"age\":{\"$eq\":\"18\"}}");
    one("a=null", "{\"a\":{\"$eq\":null}}");
    one("a=", "{\"a\":{\"$eq\":\"\"}}");
    one("a={\"$gt\":1}", "{\"a\":{\"$eq\":{\"$gt\":1}}}");
    one("a==x", "{\"a\":{\"$eq\":\"x\"}}");
    one("a=x==y", "{\"a\":{\"$eq\":\"x==y\"}}");
    one("a.b!=x=y", "{\"a.b\":{\"$ne\":\"x=y\"}}");
    one("a>1", "{\"a\":{\"$gt\":1}}");
    one("a<1", "{\"a\":{\"$lt\":1}}");
    one("a<=1.50", "{\"a\":{\"$lte\":1.50}}");
    one("a~^x.*=", "{\"a\":{\"$regex\":\"^x.*=\"}}");
    one("a^=12", "{\"a\":{\"$startsWith\":\"12\"}}");
    one("/a~1b=2", "{\"/a~1b\":{\"$eq\":2}}");
    one("q\"u=1", "{\"q\\\"u\":{\"$eq\":1}}");
    means(two, 2, "{\"$and\":[{\"role\":{\"$eq\":\"admin\"}},{\"age\":{\"$gte\":18}}]}");
    means(two, 0, "{}");
}

static void refused(char *word, const char *reason)
{
    ferric_buffer json = {0};
    assert_int_equal(cli_short_filter(&word, 1, &json), FERRIC_INVALID_ARGUMENT);
    if (strstr(fe_message(), reason) == NULL) fail_msg("%s: %s", word, fe_message());
    fe_buffer_deinit(&json);
}

static void test_other_words_are_refused(void **state)
{
    (void)state;
    refused("role", "\"role\" is no filter");
    refused("=1", "no filter");
    refused("", "no filter");
    refused("a!b", "no filter");
    refused("a={\"b\":}", "byte 5");
    refused("a=\xff", "UTF-8");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words_become_operators),
        cmocka_unit_test(test_other_words_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
