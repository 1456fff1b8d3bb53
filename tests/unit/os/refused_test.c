// SPDX-License-Identifier: Apache-2.0
// A system that has no memory for a fork handler or a thread key. Each is asked for once in the
// life of a process, so each test lives in a child that has not asked before. The linker puts the
// functions named __wrap_... in the place of the library's calls.
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "os/thread.h"
#include "os/vfs.h"

static bool refuses_handlers;
static bool refuses_keys;
static bool refuses_values;

int __real_pthread_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void));
int __wrap_pthread_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void));
int __wrap_pthread_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void))
{
    return refuses_handlers ? ENOMEM : __real_pthread_atfork(prepare, parent, child);
}

int __real_pthread_key_create(pthread_key_t *key, void (*destructor)(void *));
int __wrap_pthread_key_create(pthread_key_t *key, void (*destructor)(void *));
int __wrap_pthread_key_create(pthread_key_t *key, void (*destructor)(void *))
{
    return refuses_keys ? EAGAIN : __real_pthread_key_create(key, destructor);
}

int __real_pthread_setspecific(pthread_key_t key, const void *value);
int __wrap_pthread_setspecific(pthread_key_t key, const void *value);
int __wrap_pthread_setspecific(pthread_key_t key, const void *value)
{
    return refuses_values ? ENOMEM : __real_pthread_setspecific(key, value);
}

// What the child answers is the number of the first claim that is wrong, 0 for none.
static void assert_holds_in_child(int (*check)(void))
{
    int result;
    pid_t child = fork();

    if (child == 0) _exit(check());
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &result, 0), child);
    assert_true(WIFEXITED(result));
    assert_int_equal(WEXITSTATUS(result), 0);
}

static int check_generations_without_handlers(void)
{
    uint32_t generation;
    int result;
    pid_t child;

    refuses_handlers = true;
    generation = fe_fork_generation();
    if (fe_fork_generation() != generation) return 1;
    child = fork();
    if (child == 0) _exit(fe_fork_generation() != generation ? 0 : 2);
    if (waitpid(child, &result, 0) != child || !WIFEXITED(result)) return 3;
    return WEXITSTATUS(result);
}

static void test_a_fork_is_noticed_without_a_handler_too(void **state)
{
    (void)state;
    assert_holds_in_child(check_generations_without_handlers);
}

static int check_lock_without_handlers(void)
{
    fe_lock *lock = (fe_lock *)&lock;
    uint64_t holder;

    refuses_handlers = true;
    if (fe_vfs_lock(fe_vfs_posix(), "/dev/null", FE_LOCK_SHARED, &lock, &holder) !=
        FERRIC_NO_MEMORY) {
        return 1;
    }
    return lock == NULL ? 0 : 2;
}

static void test_no_lock_is_taken_that_a_child_would_keep(void **state)
{
    (void)state;
    assert_holds_in_child(check_lock_without_handlers);
}

static int check_index_without_keys(void)
{
    refuses_keys = true;
    if (fe_thread_index() != FE_THREAD_INDEX_NONE) return 1;
    return fe_thread_index() == FE_THREAD_INDEX_NONE ? 0 : 2;
}

static void test_without_a_key_no_thread_has_a_number(void **state)
{
    (void)state;
    assert_holds_in_child(check_index_without_keys);
}

static int check_index_without_values(void)
{
    refuses_values = true;
    for (uint32_t i = 0; i < 2 * FE_THREAD_INDEX_COUNT; i++) {
        if (fe_thread_index() != FE_THREAD_INDEX_NONE) return 1;
    }
    refuses_values = false;
    return fe_thread_index() == 0 ? 0 : 2;
}

static void test_a_number_that_nobody_would_give_back_stays_free(void **state)
{
    (void)state;
    assert_holds_in_child(check_index_without_values);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_fork_is_noticed_without_a_handler_too),
        cmocka_unit_test(test_no_lock_is_taken_that_a_child_would_keep),
        cmocka_unit_test(test_without_a_key_no_thread_has_a_number),
        cmocka_unit_test(test_a_number_that_nobody_would_give_back_stays_free),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
