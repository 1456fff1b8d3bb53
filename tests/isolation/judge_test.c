// SPDX-License-Identifier: Apache-2.0
// The judge before it judges: each anomaly, made by hand, is found under its name, and a history
// without one is not accused.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "history.h"

static void see(transaction *t, operation_kind kind, uint32_t target, const char *seen)
{
    operation *added = transaction_add(t, kind, target, 0);
    for (; *seen != 0; seen++)
        elements_add(&added->seen, (uint32_t)(*seen - '0'));
}

// One word for each operation: "r0:12" read list 0 as [1, 2], "a0:3" append 3 to list 0, "s0:1" and
// "i0:2" the same for sets. A first word "x" is a transaction that did not commit.
static void add(history *h, const char *words)
{
    transaction t = {.is_committed = words[0] != 'x'};

    while (*words != 0) {
        size_t size = strcspn(words, " ");
        char word[16] = {0};
        memcpy(word, words, size);
        words += size + strspn(words + size, " ");
        if (word[0] == 'x') continue;
        if (word[0] == 'r') see(&t, OPERATION_READ, (uint32_t)(word[1] - '0'), word + 3);
        if (word[0] == 's') see(&t, OPERATION_SCAN, (uint32_t)(word[1] - '0'), word + 3);
        if (word[0] == 'a') {
            transaction_add(&t, OPERATION_APPEND, (uint32_t)(word[1] - '0'),
                            (uint32_t)(word[3] - '0'));
        }
        if (word[0] == 'i') {
            transaction_add(&t, OPERATION_INSERT, (uint32_t)(word[1] - '0'),
                            (uint32_t)(word[3] - '0'));
        }
    }
    history_add(h, &t);
}

static void ends_as(elements *last, const char *numbers)
{
    for (; *numbers != 0; numbers++)
        elements_add(last, (uint32_t)(*numbers - '0'));
}

static verdict judge(history *h)
{
    verdict found = {0};

    h->element_count = 10;
    history_judge(h, &found);
    history_deinit(h);
    return found;
}

static uint64_t sum(const verdict *v)
{
    return v->lost + v->dirty_reads + v->intermediate_reads + v->out_of_order + v->dirty_writes +
           v->circular_flows + v->lost_updates + v->skewed_reads + v->write_skews + v->phantoms;
}

static void test_serial_history_is_not_accused(void **state)
{
    history h = {0};
    verdict v;

    (void)state;
    add(&h, "r0: a0:1");
    add(&h, "r0:1 a0:2 a0:3 s0: i0:5");
    add(&h, "x r0:123 a0:4 i0:6");
    add(&h, "r0:123 s0:5 a1:7");
    ends_as(&h.last[0], "123");
    ends_as(&h.last[1], "7");
    ends_as(&h.last_set[0], "5");
    v = judge(&h);
    assert_int_equal(sum(&v), 0);
}

static void test_lost_and_aborted_elements_are_found(void **state)
{
    history h = {0};
    verdict v;

    (void)state;
    add(&h, "a0:1 i0:2");
    add(&h, "x a0:3");
    add(&h, "r0:3");
    ends_as(&h.last[0], "3");
    v = judge(&h);
    assert_int_equal(v.lost, 2);
    assert_int_equal(v.dirty_reads, 2); // In the end, and by the reader.
}

static void test_intermediate_read_is_found(void **state)
{
    history h = {0};
    verdict v;

    (void)state;
    add(&h, "a0:1 a0:2");
    add(&h, "r0:1");
    ends_as(&h.last[0], "12");
    v = judge(&h);
    assert_int_equal(v.intermediate_reads, 1);
}

static void test_lists_that_contradict_are_found(void **state)
{
    history h = {0};
    verdict v;

    (void)state;
    add(&h, "a0:1");
    add(&h, "a0:2");
    add(&h, "r0:2");
    ends_as(&h.last[0], "12");
    v = judge(&h);
    assert_int_equal(v.out_of_order, 1);
}

static void test_dirty_write_is_found(void **state)
{
    history h = {0};
    verdict v;

    (void)state;
    add(&h, "a0:1 a1:2");
    add(&h, "a0:3 a1:4");
    ends_as(&h.last[0], "13");
    ends_as(&h.last[1], "42");
    v = judge(&h);
    assert_int_equal(v.dirty_writes, 2);
}

static void test_circular_flow_is_found(void **state)
{
    history h = {0};
    verdict v;

    (void)state;
    add(&h, "a0:1 r1:2");
    add(&h, "a1:2 r0:1");
    ends_as(&h.last[0], "1");
    ends_as(&h.last[1], "2");
    v = judge(&h);
    assert_int_equal(v.circular_flows, 2);
    assert_int_equal(v.dirty_writes, 0);
}

static void test_lost_update_is_found(void **state)
{
    history h = {0};
    verdict v;

    (void)state;
    add(&h, "r0: a0:1");
    add(&h, "r0: a0:2");
    ends_as(&h.last[0], "12");
    v = judge(&h);
    assert_int_equal(v.lost_updates, 1);
    assert_int_equal(v.skewed_reads, 1);
}

// It saw one half of a commit.
static void test_skewed_read_is_found(void **state)
{
    history h = {0};
    verdict v;

    (void)state;
    add(&h, "a0:1 a1:2");
    add(&h, "r0:1 r1:");
    ends_as(&h.last[0], "1");
    ends_as(&h.last[1], "2");
    v = judge(&h);
    assert_int_equal(v.skewed_reads, 1);
    assert_int_equal(v.circular_flows, 0);
}

static void test_write_skew_is_found(void **state)
{
    history h = {0};
    verdict v;

    (void)state;
    add(&h, "r0: a1:1");
    add(&h, "r1: a0:2");
    ends_as(&h.last[0], "2");
    ends_as(&h.last[1], "1");
    v = judge(&h);
    assert_int_equal(v.write_skews, 2);
    assert_int_equal(sum(&v), 2);
}

static void test_phantom_is_found(void **state)
{
    history h = {0};
    verdict v;

    (void)state;
    add(&h, "s0: i0:1");
    add(&h, "s0: i0:2");
    ends_as(&h.last_set[0], "12");
    v = judge(&h);
    assert_int_equal(v.phantoms, 2);
    assert_int_equal(sum(&v), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_serial_history_is_not_accused),
        cmocka_unit_test(test_lost_and_aborted_elements_are_found),
        cmocka_unit_test(test_intermediate_read_is_found),
        cmocka_unit_test(test_lists_that_contradict_are_found),
        cmocka_unit_test(test_dirty_write_is_found),
        cmocka_unit_test(test_circular_flow_is_found),
        cmocka_unit_test(test_lost_update_is_found),
        cmocka_unit_test(test_skewed_read_is_found),
        cmocka_unit_test(test_write_skew_is_found),
        cmocka_unit_test(test_phantom_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
