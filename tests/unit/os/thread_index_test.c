// SPDX-License-Identifier: Apache-2.0
// Thread numbers are small, apart, given back at a thread's end; a fork is noticed by the child.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/status.h"
#include "os/thread.h"

// A meeting of threads: each asks for its number, and stays until it is let go.
typedef struct meeting {
    _Atomic(uint32_t) arrived_count;
    _Atomic(uint32_t) may_leave;
    _Atomic(uint32_t) seen[FE_THREAD_INDEX_COUNT]; // How many threads got each number.
    _Atomic(uint32_t) without_count;
    _Atomic(uint32_t) changed_count; // Threads whose second answer was another.
} meeting;

static void attend(void *argument)
{
    meeting *at = argument;
    uint32_t index = fe_thread_index();

    if (index == FE_THREAD_INDEX_NONE) {
        atomic_fetch_add(&at->without_count, 1);
    } else {
        atomic_fetch_add(&at->seen[index], 1);
    }
    atomic_fetch_add(&at->arrived_count, 1);
    fe_wake_all(&at->arrived_count);
    while (atomic_load(&at->may_leave) == 0)
        fe_wait_while(&at->may_leave, 0);
    if (index != FE_THREAD_INDEX_NONE && fe_thread_index() != index) {
        atomic_fetch_add(&at->changed_count, 1);
    }
}

static void meet(meeting *at, fe_thread *threads, uint32_t count)
{
    uint32_t arrived = 0;

    memset(at, 0, sizeof *at);
    for (uint32_t i = 0; i < count; i++) {
        assert_int_equal(fe_thread_start(&threads[i], "attendant", attend, at), FERRIC_OK);
    }
    while ((arrived = atomic_load(&at->arrived_count)) < count) {
        fe_wait_while(&at->arrived_count, arrived);
    }
}

static void part(meeting *at, fe_thread *threads, uint32_t count)
{
    atomic_store(&at->may_leave, 1);
    fe_wake_all(&at->may_leave);
    for (uint32_t i = 0; i < count; i++)
        fe_thread_join(&threads[i]);
    assert_int_equal(at->changed_count, 0);
}

static meeting hall;

static void test_threads_alive_at_once_have_different_small_numbers(void **state)
{
    fe_thread threads[40];
    uint32_t own = fe_thread_index();

    (void)state;
    meet(&hall, threads, 40);
    assert_int_equal(hall.without_count, 0);
    for (uint32_t i = 0; i < FE_THREAD_INDEX_COUNT; i++)
        assert_in_range(hall.seen[i], 0, 1);
    assert_int_equal(hall.seen[own], 0);
    for (uint32_t i = 0; i < 41; i++)
        assert_int_equal(hall.seen[i], i != own); // The lowest ones.
    part(&hall, threads, 40);
    assert_int_equal(fe_thread_index(), own);
}

static void remember_index(void *argument)
{
    *(uint32_t *)argument = fe_thread_index();
}

static void test_the_number_of_a_thread_that_ended_is_given_out_again(void **state)
{
    uint32_t own = fe_thread_index();
    uint32_t first = FE_THREAD_INDEX_NONE;

    (void)state;
    for (uint32_t i = 0; i < 1000; i++) { // More than there are.
        uint32_t index = FE_THREAD_INDEX_NONE;
        fe_thread thread;
        assert_int_equal(fe_thread_start(&thread, "brief", remember_index, &index), FERRIC_OK);
        fe_thread_join(&thread);
        if (i == 0) first = index;
        assert_int_equal(index, first);
        assert_int_not_equal(index, own);
    }
}

static void test_more_threads_than_numbers_are_told_so(void **state)
{
    static fe_thread threads[FE_THREAD_INDEX_COUNT];
    uint32_t index = FE_THREAD_INDEX_NONE;
    fe_thread late;

    (void)state;
    assert_int_not_equal(fe_thread_index(), FE_THREAD_INDEX_NONE); // This thread is one more.
    meet(&hall, threads, FE_THREAD_INDEX_COUNT);
    assert_int_equal(hall.without_count, 1);
    part(&hall, threads, FE_THREAD_INDEX_COUNT);
    assert_int_equal(fe_thread_start(&late, "late", remember_index, &index), FERRIC_OK);
    fe_thread_join(&late);
    assert_int_not_equal(index, FE_THREAD_INDEX_NONE);
}

// ---- Forks ----------------------------------------------------------------------------------

static void await_success(pid_t child)
{
    int result;

    assert_true(child > 0);
    assert_int_equal(waitpid(child, &result, 0), child);
    assert_true(WIFEXITED(result));
    assert_int_equal(WEXITSTATUS(result), 0);
}

static void test_each_fork_is_a_generation_of_its_own(void **state)
{
    uint32_t generation = fe_fork_generation();
    pid_t child;

    (void)state;
    assert_int_equal(fe_fork_generation(), generation);
    child = fork();
    if (child == 0) {
        int result;
        pid_t grandchild;
        if (fe_fork_generation() != generation + 1) _exit(1);
        grandchild = fork();
        if (grandchild == 0) _exit(fe_fork_generation() == generation + 2 ? 0 : 2);
        if (waitpid(grandchild, &result, 0) != grandchild || !WIFEXITED(result)) _exit(3);
        _exit(WEXITSTATUS(result));
    }
    await_success(child);
    assert_int_equal(fe_fork_generation(), generation);
}

static void test_a_child_keeps_the_number_of_the_thread_that_forked(void **state)
{
    uint32_t own = fe_thread_index();
    pid_t child = fork();

    (void)state;
    if (child == 0) _exit(fe_thread_index() == own ? 0 : 1);
    await_success(child);
}

static void fork_before_asking(void *argument)
{
    pid_t child = fork();

    // The only thread of the child: every number is free, those of the parent's threads too.
    if (child == 0) _exit(fe_thread_index() == 0 ? 0 : 1);
    *(pid_t *)argument = child;
}

static void test_numbers_of_threads_that_a_child_has_not_are_free_in_it(void **state)
{
    fe_thread threads[10];
    fe_thread forker;
    pid_t child = -1;

    (void)state;
    fe_thread_index();
    meet(&hall, threads, 10);
    assert_int_equal(fe_thread_start(&forker, "forker", fork_before_asking, &child), FERRIC_OK);
    fe_thread_join(&forker);
    await_success(child);
    part(&hall, threads, 10);
}

static void test_the_process_id_is_the_systems(void **state)
{
    pid_t child;

    (void)state;
    assert_int_equal(fe_process_id(), getpid());
    child = fork();
    if (child == 0) _exit(fe_process_id() == (uint64_t)getpid() ? 0 : 1);
    await_success(child);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_threads_alive_at_once_have_different_small_numbers),
        cmocka_unit_test(test_the_number_of_a_thread_that_ended_is_given_out_again),
        cmocka_unit_test(test_more_threads_than_numbers_are_told_so),
        cmocka_unit_test(test_each_fork_is_a_generation_of_its_own),
        cmocka_unit_test(test_a_child_keeps_the_number_of_the_thread_that_forked),
        cmocka_unit_test(test_numbers_of_threads_that_a_child_has_not_are_free_in_it),
        cmocka_unit_test(test_the_process_id_is_the_systems),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
