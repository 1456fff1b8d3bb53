// SPDX-License-Identifier: Apache-2.0
// Messages belong to the thread that failed, are cut and never overrun; every code has a name.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <pthread.h>

#include "base/status.h"

static void test_fe_fail_returns_its_code_and_keeps_the_message(void **state)
{
    (void)state;
    assert_int_equal(fe_fail(FERRIC_CORRUPT, "block at %d: %s", 4096, "bad check"), FERRIC_CORRUPT);
    assert_string_equal(fe_message(), "block at 4096: bad check");
    assert_int_equal(fe_fail(FERRIC_IO, "%s", ""), FERRIC_IO);
    assert_string_equal(fe_message(), "");
}

static void test_fe_fail_cuts_a_message_at_1023_bytes(void **state)
{
    char text[3000];

    (void)state;
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    fe_fail(FERRIC_IO, "%s", text);
    assert_int_equal(strlen(fe_message()), 1023);
    fe_message_set("short");
    fe_message_set(text);
    assert_int_equal(strlen(fe_message()), 1023);
}

static void test_fe_fail_may_quote_the_message_that_it_replaces(void **state)
{
    (void)state;
    fe_fail(FERRIC_IO, "pread failed");
    fe_fail(FERRIC_IO, "open: %s", fe_message());
    assert_string_equal(fe_message(), "open: pread failed");
    fe_message_set(fe_message() + strlen("open: "));
    assert_string_equal(fe_message(), "pread failed");
}

static void *fail_elsewhere(void *argument)
{
    char *seen = argument;

    strncpy(seen, fe_message(), 63);
    fe_fail(FERRIC_NO_SPACE, "the other thread's");
    return NULL;
}

static void test_fe_message_belongs_to_its_thread(void **state)
{
    char seen[64] = "untouched";
    pthread_t thread;

    (void)state;
    fe_fail(FERRIC_IO, "this thread's");
    assert_int_equal(pthread_create(&thread, NULL, fail_elsewhere, seen), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_string_equal(seen, "");
    assert_string_equal(fe_message(), "this thread's");
}

static void test_fe_status_name_knows_every_code(void **state)
{
    (void)state;
    assert_string_equal(fe_status_name(FERRIC_OK), "OK");
    assert_string_equal(fe_status_name(FERRIC_NOT_FOUND), "NOT_FOUND");
    assert_string_equal(fe_status_name(FERRIC_CORRUPT), "CORRUPT");
    assert_string_equal(fe_status_name(FERRIC_TOO_MANY_FILES), "TOO_MANY_FILES");
    for (int code = 0; code <= FERRIC_DROPPED; code++) {
        assert_string_not_equal(fe_status_name((ferric_status)code), "UNKNOWN");
        for (int other = 0; other < code; other++) {
            assert_string_not_equal(fe_status_name((ferric_status)code),
                                    fe_status_name((ferric_status)other));
        }
    }
}

static void test_fe_status_name_of_another_number_is_unknown(void **state)
{
    (void)state;
    assert_string_equal(fe_status_name((ferric_status)(FERRIC_DROPPED + 1)), "UNKNOWN");
    assert_string_equal(fe_status_name((ferric_status)-1), "UNKNOWN");
    assert_string_equal(fe_status_name((ferric_status)INT32_MAX), "UNKNOWN");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fe_fail_returns_its_code_and_keeps_the_message),
        cmocka_unit_test(test_fe_fail_cuts_a_message_at_1023_bytes),
        cmocka_unit_test(test_fe_fail_may_quote_the_message_that_it_replaces),
        cmocka_unit_test(test_fe_message_belongs_to_its_thread),
        cmocka_unit_test(test_fe_status_name_knows_every_code),
        cmocka_unit_test(test_fe_status_name_of_another_number_is_unknown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
