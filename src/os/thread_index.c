// SPDX-License-Identifier: Apache-2.0
// Small numbers for threads, and what a fork changes.
//
// The numbers in use are a bit set. A thread takes the lowest free bit at its first question and
// its destructor gives it back, so that arrays indexed by them stay short. The one thread that
// lives on in a forked child keeps its number; those of the others are free there.
#include <string.h>
#include <unistd.h>

#include "base/compiler.h"
#include "os/thread.h"

#define WORD_BITS 64
#define WORD_COUNT (FE_THREAD_INDEX_COUNT / WORD_BITS)

static _Atomic(uint64_t) used[WORD_COUNT];
static _Thread_local uint32_t index_of_this = FE_THREAD_INDEX_NONE;

// ---- Forks ----------------------------------------------------------------------------------

static _Atomic(uint32_t) generation; // 0 until somebody asks.
static bool is_watching;

static void set_used_to_this_thread(void)
{
    for (uint32_t i = 0; i < WORD_COUNT; i++) {
        uint64_t word = 0;
        if (index_of_this / WORD_BITS == i) word = UINT64_C(1) << index_of_this % WORD_BITS;
        atomic_store_explicit(&used[i], word, memory_order_relaxed);
    }
}

static void after_fork_in_child(void)
{
    atomic_fetch_add_explicit(&generation, 1, memory_order_relaxed);
    set_used_to_this_thread();
}

static void watch_forks(void)
{
    is_watching = pthread_atfork(NULL, NULL, after_fork_in_child) == 0;
    if (is_watching) atomic_store_explicit(&generation, 1, memory_order_relaxed);
}

static void watch_forks_once(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, watch_forks);
}

uint32_t fe_fork_generation(void)
{
    uint32_t value = atomic_load_explicit(&generation, memory_order_relaxed);

    if (FE_LIKELY(value != 0)) return value;
    watch_forks_once();
    // A system that has no memory for a handler still gives each child an id of its own.
    return is_watching ? atomic_load_explicit(&generation, memory_order_relaxed)
                       : (uint32_t)getpid();
}

uint64_t fe_process_id(void)
{
    return (uint64_t)getpid();
}

// ---- Indexes --------------------------------------------------------------------------------

static pthread_key_t key;
static bool has_key;

static void give_back(void *value)
{
    uint32_t index = index_of_this;

    (void)value; // Only there because a destructor runs for values that are not NULL.
    index_of_this = FE_THREAD_INDEX_NONE;
    // Pairs with the acquire in take_bit: the next owner sees all that this thread did as owner.
    atomic_fetch_and_explicit(&used[index / WORD_BITS], ~(UINT64_C(1) << index % WORD_BITS),
                              memory_order_release);
}

static void make_key(void)
{
    has_key = pthread_key_create(&key, give_back) == 0;
}

// Takes the lowest free bit of a word. Returns WORD_BITS when it has none.
static uint32_t take_bit(_Atomic(uint64_t) *word)
{
    uint64_t bits = atomic_load_explicit(word, memory_order_relaxed);

    while (bits != UINT64_MAX) {
        uint32_t bit = 0;
        while (bits >> bit & 1)
            bit++;
        // Acquire pairs with the release in give_back.
        if (atomic_compare_exchange_weak_explicit(word, &bits, bits | UINT64_C(1) << bit,
                                                  memory_order_acquire, memory_order_relaxed)) {
            return bit;
        }
    }
    return WORD_BITS;
}

static uint32_t take_index(void)
{
    for (uint32_t i = 0; i < WORD_COUNT; i++) {
        uint32_t bit = take_bit(&used[i]);
        if (bit < WORD_BITS) return i * WORD_BITS + bit;
    }
    return FE_THREAD_INDEX_NONE;
}

// Out of the way, so that the common case stays small enough to be cheap.
FE_NOINLINE static uint32_t first_call(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    uint32_t index;

    watch_forks_once();
    pthread_once(&once, make_key);
    if (!has_key) return FE_THREAD_INDEX_NONE;
    index = take_index();
    if (index == FE_THREAD_INDEX_NONE) return index;
    index_of_this = index;
    if (pthread_setspecific(key, &index_of_this) == 0) return index;
    // Nobody would give it back at the thread's end.
    give_back(NULL);
    return FE_THREAD_INDEX_NONE;
}

uint32_t fe_thread_index(void)
{
    uint32_t index = index_of_this;
    return FE_LIKELY(index != FE_THREAD_INDEX_NONE) ? index : first_call();
}
