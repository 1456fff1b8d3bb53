// SPDX-License-Identifier: Apache-2.0
// Many small things that die together: bump allocation from chunks, freed at once.
#ifndef FERRIC_BASE_ARENA_H
#define FERRIC_BASE_ARENA_H

#include <stddef.h>

#include <ferric/ferric.h>

typedef struct fe_arena {
    struct fe_arena_chunk *chunks; // Newest first.
    size_t size_bytes;             // Heap memory held, chunk headers included.
} fe_arena;

void fe_arena_init(fe_arena *arena);
// 8-byte aligned memory that lives until clear or deinit; NULL when there is no memory.
void *fe_arena_alloc(fe_arena *arena, size_t size);
// A copy of `value` inside the arena. Errors: FERRIC_NO_MEMORY.
ferric_status fe_arena_copy(fe_arena *arena, ferric_slice value, ferric_slice *copy);
// Forgets everything, keeps the largest chunk for the next use.
void fe_arena_clear(fe_arena *arena);
void fe_arena_deinit(fe_arena *arena);

#endif
