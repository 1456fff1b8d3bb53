// SPDX-License-Identifier: Apache-2.0
// Mutexes exclude and know their owner, conditions wake, threads begin as promised.
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/status.h"
#include "os/thread.h"
#include "unit/base/allocator.h"

#define THREAD_COUNT 4
#define ROUND_COUNT 20000

// ---- Mutexes --------------------------------------------------------------------------------

typedef struct counter {
    fe_mutex mutex;
    uint64_t value; // Guarded by mutex.
} counter;

static void count_up(void *argument)
{
    counter *shared = argument;

    for (int i = 0; i < ROUND_COUNT; i++) {
        fe_mutex_lock(&shared->mutex);
        fe_mutex_assert_held(&shared->mutex);
        shared->value++;
        fe_mutex_unlock(&shared->mutex);
    }
}

static void test_a_mutex_lets_one_thread_in_at_a_time(void **state)
{
    counter shared = {.value = 0};
    fe_thread threads[THREAD_COUNT];

    (void)state;
    fe_mutex_init(&shared.mutex);
    for (size_t i = 0; i < THREAD_COUNT; i++) {
        assert_int_equal(fe_thread_start(&threads[i], "counter", count_up, &shared), FERRIC_OK);
    }
    for (size_t i = 0; i < THREAD_COUNT; i++)
        fe_thread_join(&threads[i]);
    assert_int_equal(shared.value, THREAD_COUNT * ROUND_COUNT);
    fe_mutex_deinit(&shared.mutex);
}

static void assert_held(void *argument)
{
    fe_mutex_assert_held(argument);
}

static void claim_a_free_mutex(void)
{
    fe_mutex mutex;
    fe_mutex_init(&mutex);
    fe_mutex_assert_held(&mutex);
}

static void claim_the_mutex_of_another_thread(void)
{
    fe_mutex mutex;
    fe_thread thread;
    fe_mutex_init(&mutex);
    fe_mutex_lock(&mutex);
    if (fe_thread_start(&thread, "claimer", assert_held, &mutex) == FERRIC_OK) {
        fe_thread_join(&thread);
    }
}

static void claim_a_mutex_given_back(void)
{
    fe_mutex mutex;
    fe_mutex_init(&mutex);
    fe_mutex_lock(&mutex);
    fe_mutex_unlock(&mutex);
    fe_mutex_assert_held(&mutex);
}

static void unlock_a_free_mutex(void)
{
    fe_mutex mutex;
    fe_mutex_init(&mutex);
    fe_mutex_unlock(&mutex);
}

static void assert_aborts(void (*claim)(void))
{
    int result;
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        signal(SIGABRT, SIG_DFL);
        close(STDERR_FILENO); // The assertion's text is expected.
        claim();
        _exit(0);
    }
    assert_int_equal(waitpid(child, &result, 0), child);
    assert_true(WIFSIGNALED(result));
    assert_int_equal(WTERMSIG(result), SIGABRT);
}

static void test_a_wrong_claim_to_hold_a_mutex_aborts(void **state)
{
    (void)state;
    assert_aborts(claim_a_free_mutex);
    assert_aborts(claim_the_mutex_of_another_thread);
    assert_aborts(claim_a_mutex_given_back);
    assert_aborts(unlock_a_free_mutex);
}

// ---- Conditions -----------------------------------------------------------------------------

typedef struct gate {
    fe_mutex mutex;
    fe_cond changed;
    bool is_open;           // Guarded by mutex.
    uint32_t waiting_count; // Guarded by mutex.
    uint32_t passed_count;  // Guarded by mutex.
} gate;

static void init_gate(gate *at)
{
    memset(at, 0, sizeof *at);
    fe_mutex_init(&at->mutex);
    fe_cond_init(&at->changed);
}

static void deinit_gate(gate *at)
{
    fe_cond_deinit(&at->changed);
    fe_mutex_deinit(&at->mutex);
}

static void pass(void *argument)
{
    gate *at = argument;

    fe_mutex_lock(&at->mutex);
    at->waiting_count++;
    fe_cond_broadcast(&at->changed);
    while (!at->is_open)
        fe_cond_wait(&at->changed, &at->mutex);
    fe_mutex_assert_held(&at->mutex);
    at->passed_count++;
    fe_mutex_unlock(&at->mutex);
}

static void test_broadcast_wakes_every_waiter(void **state)
{
    gate at;
    fe_thread threads[THREAD_COUNT];

    (void)state;
    init_gate(&at);
    for (size_t i = 0; i < THREAD_COUNT; i++) {
        assert_int_equal(fe_thread_start(&threads[i], "waiter", pass, &at), FERRIC_OK);
    }
    fe_mutex_lock(&at.mutex);
    while (at.waiting_count < THREAD_COUNT)
        fe_cond_wait(&at.changed, &at.mutex);
    assert_int_equal(at.passed_count, 0);
    at.is_open = true;
    fe_cond_broadcast(&at.changed);
    fe_mutex_unlock(&at.mutex);
    for (size_t i = 0; i < THREAD_COUNT; i++)
        fe_thread_join(&threads[i]);
    assert_int_equal(at.passed_count, THREAD_COUNT);
    deinit_gate(&at);
}

static void test_signal_wakes_a_waiter(void **state)
{
    gate at;
    fe_thread thread;

    (void)state;
    init_gate(&at);
    assert_int_equal(fe_thread_start(&thread, "waiter", pass, &at), FERRIC_OK);
    fe_mutex_lock(&at.mutex);
    while (at.waiting_count == 0)
        fe_cond_wait(&at.changed, &at.mutex);
    at.is_open = true;
    fe_cond_signal(&at.changed);
    fe_mutex_unlock(&at.mutex);
    fe_thread_join(&thread);
    assert_int_equal(at.passed_count, 1);
    deinit_gate(&at);
}

static uint64_t monotonic_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void test_a_wait_without_a_signal_ends_after_its_time(void **state)
{
    const uint64_t timeout_ns = 3000000;
    uint64_t begin = monotonic_ns();
    gate at;

    (void)state;
    init_gate(&at);
    fe_mutex_lock(&at.mutex);
    while (fe_cond_wait_for(&at.changed, &at.mutex, timeout_ns))
        begin = monotonic_ns();
    assert_true(monotonic_ns() - begin >= timeout_ns);
    while (fe_cond_wait_for(&at.changed, &at.mutex, 0)) {
    }
    fe_mutex_assert_held(&at.mutex);
    fe_mutex_unlock(&at.mutex);
    deinit_gate(&at);
}

static void open_when_awaited(void *argument)
{
    gate *at = argument;

    fe_mutex_lock(&at->mutex);
    at->is_open = true;
    fe_cond_signal(&at->changed);
    fe_mutex_unlock(&at->mutex);
}

static void test_a_timed_wait_hears_a_signal(void **state)
{
    gate at;
    fe_thread thread;

    (void)state;
    init_gate(&at);
    fe_mutex_lock(&at.mutex); // Held until the wait gives it up, so the signal cannot come before.
    assert_int_equal(fe_thread_start(&thread, "opener", open_when_awaited, &at), FERRIC_OK);
    while (!at.is_open) {
        assert_true(fe_cond_wait_for(&at.changed, &at.mutex, UINT64_C(600000000000)));
    }
    fe_mutex_unlock(&at.mutex);
    fe_thread_join(&thread);
    deinit_gate(&at);
}

// ---- Threads --------------------------------------------------------------------------------

typedef struct birth {
    char name[32];
    bool is_signal_blocked[2];
} birth;

static void look_around(void *argument)
{
    birth *seen = argument;
    sigset_t blocked;

    pthread_getname_np(pthread_self(), seen->name, sizeof seen->name);
    pthread_sigmask(SIG_SETMASK, NULL, &blocked);
    seen->is_signal_blocked[0] = sigismember(&blocked, SIGINT);
    seen->is_signal_blocked[1] = sigismember(&blocked, SIGUSR1);
}

static void test_a_thread_has_its_name_and_no_signals(void **state)
{
    birth seen;
    fe_thread thread;
    sigset_t blocked;

    (void)state;
    assert_int_equal(fe_thread_start(&thread, "fifteen-letters", look_around, &seen), FERRIC_OK);
    fe_thread_join(&thread);
    assert_string_equal(seen.name, "fifteen-letters");
    assert_true(seen.is_signal_blocked[0]);
    assert_true(seen.is_signal_blocked[1]);
    pthread_sigmask(SIG_SETMASK, NULL, &blocked); // The maker's are as before.
    assert_false(sigismember(&blocked, SIGINT));
}

static void test_join_of_a_thread_that_was_not_started_does_nothing(void **state)
{
    fe_thread thread = {.is_started = false};
    test_allocator allocator;

    (void)state;
    fe_thread_join(&thread);
    thread.is_started = true; // A refused start leaves a thread that is not started.
    test_allocator_install(&allocator, 0);
    assert_int_equal(fe_thread_start(&thread, "none", look_around, NULL), FERRIC_NO_MEMORY);
    fe_allocator_set(NULL);
    assert_false(thread.is_started);
    fe_thread_join(&thread);
}

static void interrupt(int number)
{
    (void)number;
}

static void send_signals(void *argument)
{
    for (int i = 0; i < 5; i++) {
        pthread_kill(*(pthread_t *)argument, SIGUSR1);
        fe_thread_sleep_ns(200000);
    }
}

static void test_a_sleep_is_not_cut_short_by_signals(void **state)
{
    const uint64_t duration_ns = 5000000;
    struct sigaction action = {.sa_handler = interrupt};
    struct sigaction before;
    pthread_t self = pthread_self();
    fe_thread thread;
    uint64_t begin = monotonic_ns();

    (void)state;
    assert_int_equal(sigaction(SIGUSR1, &action, &before), 0);
    assert_int_equal(fe_thread_start(&thread, "sender", send_signals, &self), FERRIC_OK);
    fe_thread_sleep_ns(duration_ns);
    assert_true(monotonic_ns() - begin >= duration_ns);
    fe_thread_join(&thread);
    assert_int_equal(sigaction(SIGUSR1, &before, NULL), 0);
    fe_thread_yield();
}

// ---- Pages ----------------------------------------------------------------------------------

static void test_pages_are_zeroed_and_large_ones_aligned(void **state)
{
    static const size_t sizes[] = {4096, 65536, 2 << 20, (4 << 20) + 4096, 8 << 20};
    const size_t large = 2 << 20;

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        uint8_t *pages = fe_pages_map(sizes[i]);
        assert_non_null(pages);
        assert_int_equal((uintptr_t)pages % (sizes[i] < large ? 4096 : large), 0);
        for (size_t at = 0; at < sizes[i]; at += 512)
            assert_int_equal(pages[at], 0);
        memset(pages, 0xff, sizes[i]);
        fe_pages_unmap(pages, sizes[i]);
    }
    fe_pages_unmap(NULL, 4096);
    assert_null(fe_pages_map((size_t)1 << 62));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_mutex_lets_one_thread_in_at_a_time),
        cmocka_unit_test(test_a_wrong_claim_to_hold_a_mutex_aborts),
        cmocka_unit_test(test_broadcast_wakes_every_waiter),
        cmocka_unit_test(test_signal_wakes_a_waiter),
        cmocka_unit_test(test_a_wait_without_a_signal_ends_after_its_time),
        cmocka_unit_test(test_a_timed_wait_hears_a_signal),
        cmocka_unit_test(test_a_thread_has_its_name_and_no_signals),
        cmocka_unit_test(test_join_of_a_thread_that_was_not_started_does_nothing),
        cmocka_unit_test(test_a_sleep_is_not_cut_short_by_signals),
        cmocka_unit_test(test_pages_are_zeroed_and_large_ones_aligned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
