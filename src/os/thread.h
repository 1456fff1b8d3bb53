// SPDX-License-Identifier: Apache-2.0
// Threads and waiting. A mutex knows its owner in builds with assertions, so that a function that
// needs it can say so (fe_mutex_assert_held).
#ifndef FERRIC_OS_THREAD_H
#define FERRIC_OS_THREAD_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <ferric/ferric.h>

typedef struct fe_mutex {
    pthread_mutex_t handle;
    _Atomic(uintptr_t) owner; // The holder's fe_thread_self, 0 when free. Debug aid only.
} fe_mutex;

typedef struct fe_cond {
    pthread_cond_t handle; // On the monotonic clock.
} fe_cond;

typedef struct fe_thread {
    pthread_t handle;
    bool is_started;
} fe_thread;

void fe_mutex_init(fe_mutex *mutex);
void fe_mutex_deinit(fe_mutex *mutex);
void fe_mutex_lock(fe_mutex *mutex);
void fe_mutex_unlock(fe_mutex *mutex);
// Aborts, in builds with assertions, unless the calling thread holds the mutex.
void fe_mutex_assert_held(fe_mutex *mutex);

void fe_cond_init(fe_cond *cond);
void fe_cond_deinit(fe_cond *cond);
// May wake without a signal; the caller checks its predicate again.
void fe_cond_wait(fe_cond *cond, fe_mutex *mutex);
// Returns false when `timeout_ns` passed without a signal.
bool fe_cond_wait_for(fe_cond *cond, fe_mutex *mutex, uint64_t timeout_ns);
void fe_cond_signal(fe_cond *cond);
void fe_cond_broadcast(fe_cond *cond);

// Starts a named thread (at most 15 bytes) with all signals blocked, so that an application's
// signals stay the application's. Errors: FERRIC_IO when the system has none left.
ferric_status fe_thread_start(fe_thread *thread, const char *name, void (*run)(void *),
                              void *argument);
// Waits for its end. A thread that was not started is a no-op.
void fe_thread_join(fe_thread *thread);
// Lets other threads, of this process too, go before the calling one where processors are short.
// For work that nobody waits for. A hint.
void fe_thread_lower_priority(void);
// Gives the processor to another thread.
void fe_thread_yield(void);
// Sleeps at least this long.
void fe_thread_sleep_ns(uint64_t duration_ns);

// A small number that no other live thread of the process has at the same time; numbers of threads
// that ended are given out again. FE_THREAD_INDEX_NONE when more than FE_THREAD_INDEX_COUNT
// threads asked at once. After the first call of a thread it costs a thread-local read.
#define FE_THREAD_INDEX_COUNT 512
#define FE_THREAD_INDEX_NONE UINT32_MAX
uint32_t fe_thread_index(void);

// Sleeps while *word is `expected`; may wake without reason. One fe_wake_all wakes every thread
// that waits on the word, with one system call. (Linux futex; elsewhere a shared condition.)
void fe_wait_while(_Atomic(uint32_t) *word, uint32_t expected);
void fe_wake_all(_Atomic(uint32_t) *word);

// Grows by one in each forked child, so that a handle can tell that it came through a fork: it
// remembers the value at its birth. Costs a read.
uint32_t fe_fork_generation(void);

// This process's id.
uint64_t fe_process_id(void);

// Memory straight from the system, zeroed, on large pages where the system gives them; for arenas
// of some MiB. NULL when there is none. `size` is a multiple of 4,096.
void *fe_pages_map(size_t size);
// Accepts NULL.
void fe_pages_unmap(void *pages, size_t size);

#endif
