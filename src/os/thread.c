// SPDX-License-Identifier: Apache-2.0
// Mutexes, conditions and threads: POSIX threads with the owner kept and signals kept away.
#include "os/thread.h"

#include <assert.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/status.h"
#include "os/machine.h"

#define THREAD_NAME_SIZE_MAX 15

// Calls that fail only when they are given nonsense, such as a mutex that is not one.
static void must_succeed(int result)
{
    assert(result == 0);
    (void)result;
}

// ---- Mutexes --------------------------------------------------------------------------------

static uintptr_t self(void)
{
    return (uintptr_t)pthread_self();
}

static void set_owner(fe_mutex *mutex, uintptr_t owner)
{
    // Relaxed: a thread only ever asks whether it is the owner itself, and sees its own stores.
    atomic_store_explicit(&mutex->owner, owner, memory_order_relaxed);
}

void fe_mutex_init(fe_mutex *mutex)
{
    must_succeed(pthread_mutex_init(&mutex->handle, NULL));
    set_owner(mutex, 0);
}

void fe_mutex_deinit(fe_mutex *mutex)
{
    must_succeed(pthread_mutex_destroy(&mutex->handle));
}

void fe_mutex_lock(fe_mutex *mutex)
{
    must_succeed(pthread_mutex_lock(&mutex->handle));
    set_owner(mutex, self());
}

void fe_mutex_unlock(fe_mutex *mutex)
{
    fe_mutex_assert_held(mutex);
    set_owner(mutex, 0);
    must_succeed(pthread_mutex_unlock(&mutex->handle));
}

void fe_mutex_assert_held(fe_mutex *mutex)
{
    assert(atomic_load_explicit(&mutex->owner, memory_order_relaxed) == self());
    (void)mutex;
}

// ---- Conditions -----------------------------------------------------------------------------

void fe_cond_init(fe_cond *cond)
{
    pthread_condattr_t attributes;

    must_succeed(pthread_condattr_init(&attributes));
    must_succeed(pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC));
    must_succeed(pthread_cond_init(&cond->handle, &attributes));
    must_succeed(pthread_condattr_destroy(&attributes));
}

void fe_cond_deinit(fe_cond *cond)
{
    must_succeed(pthread_cond_destroy(&cond->handle));
}

void fe_cond_wait(fe_cond *cond, fe_mutex *mutex)
{
    fe_mutex_assert_held(mutex);
    set_owner(mutex, 0);
    must_succeed(pthread_cond_wait(&cond->handle, &mutex->handle));
    set_owner(mutex, self());
}

bool fe_cond_wait_for(fe_cond *cond, fe_mutex *mutex, uint64_t timeout_ns)
{
    struct timespec until;
    int result;

    fe_mutex_assert_held(mutex);
    clock_gettime(CLOCK_MONOTONIC, &until);
    timeout_ns += (uint64_t)until.tv_nsec;
    until.tv_sec += (time_t)(timeout_ns / 1000000000);
    until.tv_nsec = (long)(timeout_ns % 1000000000);
    set_owner(mutex, 0);
    result = pthread_cond_timedwait(&cond->handle, &mutex->handle, &until);
    set_owner(mutex, self());
    if (result != ETIMEDOUT) must_succeed(result);
    return result == 0;
}

void fe_cond_signal(fe_cond *cond)
{
    must_succeed(pthread_cond_signal(&cond->handle));
}

void fe_cond_broadcast(fe_cond *cond)
{
    must_succeed(pthread_cond_broadcast(&cond->handle));
}

// ---- Threads --------------------------------------------------------------------------------

// What a new thread needs to begin; it frees it.
typedef struct beginning {
    void (*run)(void *);
    void *argument;
    char name[THREAD_NAME_SIZE_MAX + 1];
} beginning;

static void *begin(void *argument)
{
    beginning start = *(beginning *)argument;

    fe_free(argument);
    fe_machine_name_thread(start.name);
    start.run(start.argument);
    fe_memory_wipe_stack(); // The system keeps stacks for threads to come.
    return NULL;
}

ferric_status fe_thread_start(fe_thread *thread, const char *name, void (*run)(void *),
                              void *argument)
{
    beginning *start = fe_alloc_zero(1, sizeof *start);
    sigset_t all;
    sigset_t before;
    int result;

    thread->is_started = false;
    if (start == NULL) return fe_no_memory("a thread", sizeof *start);
    start->run = run;
    start->argument = argument;
    assert(strlen(name) <= THREAD_NAME_SIZE_MAX);
    memcpy(start->name, name, strnlen(name, THREAD_NAME_SIZE_MAX));
    // A thread is born with its maker's mask.
    sigfillset(&all);
    must_succeed(pthread_sigmask(SIG_SETMASK, &all, &before));
    result = pthread_create(&thread->handle, NULL, begin, start);
    must_succeed(pthread_sigmask(SIG_SETMASK, &before, NULL));
    if (result != 0) {
        char text[128];
        fe_free(start);
        return fe_fail(FERRIC_IO, "cannot start thread %s: %s", name,
                       fe_machine_reason(result, text, sizeof text));
    }
    thread->is_started = true;
    return FERRIC_OK;
}

void fe_thread_join(fe_thread *thread)
{
    if (!thread->is_started) return;
    must_succeed(pthread_join(thread->handle, NULL));
    thread->is_started = false;
}

void fe_thread_lower_priority(void)
{
    fe_machine_lower_priority();
}

void fe_thread_yield(void)
{
    sched_yield();
}

void fe_thread_sleep_ns(uint64_t duration_ns)
{
    struct timespec left = {(time_t)(duration_ns / 1000000000), (long)(duration_ns % 1000000000)};
    // A signal handler may cut it short; `left` is then what remains.
    while (nanosleep(&left, &left) != 0 && errno == EINTR) {
    }
}

// ---- Pages ----------------------------------------------------------------------------------

#define LARGE_PAGE_SIZE ((size_t)2 << 20)

static uint8_t *map(size_t size)
{
    void *pages = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return pages == MAP_FAILED ? NULL : pages;
}

// Large pages stand at multiples of their size, mappings anywhere: maps more and gives both ends
// back.
static void *map_large(size_t size)
{
    uint8_t *pages = map(size + LARGE_PAGE_SIZE);
    size_t before;

    if (pages == NULL) return NULL;
    before = -(uintptr_t)pages & (LARGE_PAGE_SIZE - 1);
    if (before != 0) munmap(pages, before);
    if (before != LARGE_PAGE_SIZE) munmap(pages + before + size, LARGE_PAGE_SIZE - before);
    fe_machine_advise_large_pages(pages + before, size);
    return pages + before;
}

void *fe_pages_map(size_t size)
{
    return size < LARGE_PAGE_SIZE ? map(size) : map_large(size);
}

void fe_pages_unmap(void *pages, size_t size)
{
    if (pages != NULL) must_succeed(munmap(pages, size));
}
