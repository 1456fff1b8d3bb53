// SPDX-License-Identifier: Apache-2.0
// An application's allocator for unit tests: it counts, and refuses on demand.
#ifndef FERRIC_BASE_ALLOCATOR_H
#define FERRIC_BASE_ALLOCATOR_H

#include <stdlib.h>

#include "base/memory.h"

typedef struct test_allocator {
    size_t call_count;
    size_t live_count;
    size_t granted_max; // Allocations beyond this many are refused.
} test_allocator;

static inline void *test_reallocate(void *context, void *memory, size_t size)
{
    test_allocator *allocator = context;
    void *result;

    if (allocator->call_count >= allocator->granted_max) return NULL;
    allocator->call_count++;
    result = realloc(memory, size);
    if (memory == NULL && result != NULL) allocator->live_count++;
    return result;
}

static inline void test_release(void *context, void *memory)
{
    test_allocator *allocator = context;

    allocator->live_count--;
    free(memory);
}

// From now on the library takes memory here. Undone by fe_allocator_set(NULL).
static inline void test_allocator_install(test_allocator *allocator, size_t granted_max)
{
    ferric_allocator hook = {test_reallocate, test_release, allocator};

    allocator->call_count = 0;
    allocator->live_count = 0;
    allocator->granted_max = granted_max;
    fe_allocator_set(&hook);
}

#endif
