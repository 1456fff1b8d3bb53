// SPDX-License-Identifier: Apache-2.0
// Waiting on a word in memory where the system has no call for it: words share a few conditions by
// their address, so a waking may be for a neighbour.
//
// No waking is lost: who waits looks at the word under the mutex, and who wakes has changed the
// word before it takes the mutex.
#include "os/thread.h"

#define PLACE_COUNT 64

typedef struct place {
    pthread_mutex_t mutex;
    pthread_cond_t cond;
} place;

#define PLACE                                                                                      \
    {                                                                                              \
        PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER                                        \
    }
#define PLACES_8 PLACE, PLACE, PLACE, PLACE, PLACE, PLACE, PLACE, PLACE

static place places[PLACE_COUNT] = {PLACES_8, PLACES_8, PLACES_8, PLACES_8,
                                    PLACES_8, PLACES_8, PLACES_8, PLACES_8};

static place *place_of(const _Atomic(uint32_t) *word)
{
    return &places[((uintptr_t)word >> 6) % PLACE_COUNT]; // Words of one cache line share one.
}

void fe_wait_while(_Atomic(uint32_t) *word, uint32_t expected)
{
    place *at = place_of(word);

    pthread_mutex_lock(&at->mutex);
    // Acquire pairs with the caller's store of the new value, made before fe_wake_all.
    if (atomic_load_explicit(word, memory_order_acquire) == expected) {
        pthread_cond_wait(&at->cond, &at->mutex);
    }
    pthread_mutex_unlock(&at->mutex);
}

void fe_wake_all(_Atomic(uint32_t) *word)
{
    place *at = place_of(word);

    pthread_mutex_lock(&at->mutex);
    pthread_cond_broadcast(&at->cond);
    pthread_mutex_unlock(&at->mutex);
}
