// SPDX-License-Identifier: Apache-2.0
// All heap memory of the library passes here, so that an application can bring its own allocator
// and a test can make any one allocation fail. Running out is an ordinary status, never an abort.
#ifndef FERRIC_BASE_MEMORY_H
#define FERRIC_BASE_MEMORY_H

#include <stddef.h>

#include <ferric/ferric.h>

// Allocates `size` bytes (at least 1), NULL when there is no memory. No message is set.
void *fe_alloc(size_t size);
// The same, zeroed; `count * size` is checked for overflow.
void *fe_alloc_zero(size_t count, size_t size);
// Resizes; on failure returns NULL and `memory` stays as it was.
void *fe_realloc(void *memory, size_t size);
// Aligned to `alignment`, a power of two that is at least sizeof(void *). Released by
// fe_free_aligned alone.
void *fe_alloc_aligned(size_t alignment, size_t size);
void fe_free_aligned(void *memory);
// Accepts NULL.
void fe_free(void *memory);
// A copy of `text` ended by a zero byte, NULL when there is no memory.
char *fe_string_duplicate(const char *text);
// Sets the message of fe_no_memory.
void fe_no_memory_message(const char *what, size_t size_bytes);
// FERRIC_NO_MEMORY with a message that names `what` and the size. Inline, so that an analyser sees
// that it is never FERRIC_OK.
static inline ferric_status fe_no_memory(const char *what, size_t size_bytes)
{
    fe_no_memory_message(what, size_bytes);
    return FERRIC_NO_MEMORY;
}
// From now on all memory is overwritten before it is freed: somebody wants it kept secret. An
// allocator of the application's has to do that by itself, since only it knows sizes.
void fe_memory_wipe_freed(void);
// After that: overwrites what calls before left on this thread's stack. For where a thread, or the
// use of a database, ends. Nothing without fe_memory_wipe_freed.
void fe_memory_wipe_stack(void);
// Overwrites memory in a way that the compiler may not drop.
void fe_wipe(void *memory, size_t size);
// Replaces the allocator; NULL restores malloc. Only while no handle of the library exists.
void fe_allocator_set(const ferric_allocator *allocator);

#endif
