// SPDX-License-Identifier: Apache-2.0
// The one door to the heap: malloc, or the application's allocator.
#include "base/memory.h"

#include <assert.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/seeded_bug.h"
#include "base/status.h"

// Deeper than the library's calls go.
#define STACK_WIPED (64 << 10)
// Blocks up to here malloc has at hand for each thread, unlike calloc.
#define SHORT_SIZE_MAX 1024

// The application's, {NULL} for malloc. Written only while no handle exists, so reads need no lock.
static ferric_allocator hook;

// Set once and for good. Relaxed: whoever frees what is secret got it from one who has set it.
static _Atomic(bool) wipes;

void fe_memory_wipe_freed(void)
{
    atomic_store_explicit(&wipes, true, memory_order_relaxed);
}

static bool wipes_freed(void)
{
    return atomic_load_explicit(&wipes, memory_order_relaxed);
}

void fe_allocator_set(const ferric_allocator *allocator)
{
    static const ferric_allocator none;
    hook = allocator == NULL ? none : *allocator;
}

void *fe_alloc(size_t size)
{
    return hook.reallocate == NULL ? malloc(size == 0 ? 1 : size) : fe_realloc(NULL, size);
}

void *fe_alloc_zero(size_t count, size_t size)
{
    void *memory;

    if (count == 0 || size == 0) count = size = 1;
    if (count > SIZE_MAX / size) return NULL;
    // calloc knows which pages are fresh from the system and need no wiping.
    if (hook.reallocate == NULL && count * size > SHORT_SIZE_MAX) return calloc(count, size);
    memory = fe_alloc(count * size);
    if (memory != NULL) memset(memory, 0, count * size);
    return memory;
}

// realloc would leave the old block as it is where it moves it.
static void *move(void *memory, size_t size)
{
    size_t old_size = malloc_usable_size(memory);
    void *moved = malloc(size);

    if (moved == NULL) return NULL;
    memcpy(moved, memory, old_size < size ? old_size : size);
    fe_free(memory);
    return moved;
}

void *fe_realloc(void *memory, size_t size)
{
    if (size == 0) size = 1; // realloc(memory, 0) may free.
    if (hook.reallocate != NULL) return hook.reallocate(hook.context, memory, size);
    if (memory != NULL && wipes_freed()) return move(memory, size);
    return realloc(memory, size);
}

void fe_free(void *memory)
{
    if (memory == NULL) return;
    if (hook.release != NULL) {
        hook.release(hook.context, memory);
    } else {
        if (wipes_freed() && !FE_SEEDED_BUG(FE_BUG_FREED_NOT_WIPED))
            fe_wipe(memory, malloc_usable_size(memory));
        free(memory);
    }
}

// An allocator of the application's knows no alignment, so the block is larger than asked and the
// address that it came from stands right before the aligned one.
void *fe_alloc_aligned(size_t alignment, size_t size)
{
    uint8_t *memory;
    uint8_t *aligned;
    size_t extra = alignment - 1 + sizeof(void *);

    assert(alignment >= sizeof(void *) && (alignment & (alignment - 1)) == 0);
    if (size > SIZE_MAX - extra) return NULL;
    memory = fe_alloc(size + extra);
    if (memory == NULL) return NULL;
    aligned = memory + sizeof(void *);
    aligned += -(uintptr_t)aligned & (alignment - 1);
    memcpy(aligned - sizeof(void *), &memory, sizeof(void *));
    return aligned;
}

void fe_free_aligned(void *memory)
{
    void *origin;

    if (memory == NULL) return;
    memcpy(&origin, (uint8_t *)memory - sizeof(void *), sizeof(void *));
    fe_free(origin);
}

char *fe_string_duplicate(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = fe_alloc(size);
    if (copy != NULL) memcpy(copy, text, size);
    return copy;
}

void fe_no_memory_message(const char *what, size_t size_bytes)
{
    (void)fe_fail(FERRIC_NO_MEMORY, "no memory for %s (%zu bytes)", what, size_bytes);
}

void fe_wipe(void *memory, size_t size)
{
    // The compiler may not assume what a volatile pointer points to, so it cannot drop the call.
    static void *(*const volatile set)(void *, int, size_t) = memset;
    if (size != 0) set(memory, 0, size);
}

void fe_memory_wipe_stack(void)
{
    uint8_t below[STACK_WIPED];

    if (wipes_freed()) fe_wipe(below, sizeof below);
}
