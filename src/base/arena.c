// SPDX-License-Identifier: Apache-2.0
// Bump allocation: a list of chunks, each twice the one before up to a limit. Allocation looks at
// the first chunk only, so the one with the most room stays first.
#include "base/arena.h"

#include <assert.h>
#include <string.h>

#include "base/memory.h"

#define ALIGNMENT 8
#define CHUNK_SIZE_MIN 1024 // malloc has such blocks at hand for each thread.
#define CHUNK_SIZE_MAX ((size_t)1 << 20)

struct fe_arena_chunk {
    struct fe_arena_chunk *next;
    size_t size; // Of the whole chunk, this header included.
    size_t used; // The header included; a multiple of ALIGNMENT.
};

static_assert(sizeof(struct fe_arena_chunk) % ALIGNMENT == 0, "the first byte behind is aligned");

static size_t room_of(const struct fe_arena_chunk *chunk)
{
    return chunk == NULL ? 0 : chunk->size - chunk->used;
}

static size_t next_chunk_size(const fe_arena *arena, size_t size)
{
    size_t chunk_size = arena->size_bytes < CHUNK_SIZE_MIN ? CHUNK_SIZE_MIN : arena->size_bytes;
    if (chunk_size > CHUNK_SIZE_MAX) chunk_size = CHUNK_SIZE_MAX;
    size += sizeof(struct fe_arena_chunk);
    return size > chunk_size ? size : chunk_size;
}

static struct fe_arena_chunk *add_chunk(fe_arena *arena, size_t size)
{
    size_t chunk_size = next_chunk_size(arena, size);
    struct fe_arena_chunk *chunk = fe_alloc(chunk_size);

    if (chunk == NULL) return NULL;
    chunk->size = chunk_size;
    chunk->used = sizeof *chunk;
    arena->size_bytes += chunk_size;
    // A chunk made for one large piece is full after it: what the old one has left stays in use.
    if (room_of(chunk) - size < room_of(arena->chunks)) {
        chunk->next = arena->chunks->next;
        arena->chunks->next = chunk;
    } else {
        chunk->next = arena->chunks;
        arena->chunks = chunk;
    }
    return chunk;
}

void fe_arena_init(fe_arena *arena)
{
    arena->chunks = NULL;
    arena->size_bytes = 0;
}

void *fe_arena_alloc(fe_arena *arena, size_t size)
{
    struct fe_arena_chunk *chunk = arena->chunks;
    void *memory;

    if (size > SIZE_MAX - ALIGNMENT - sizeof(struct fe_arena_chunk)) return NULL;
    size = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    if (chunk == NULL || size > room_of(chunk)) chunk = add_chunk(arena, size);
    if (chunk == NULL) return NULL;
    memory = (uint8_t *)chunk + chunk->used;
    chunk->used += size;
    assert(chunk->used <= chunk->size);
    return memory;
}

ferric_status fe_arena_copy(fe_arena *arena, ferric_slice value, ferric_slice *copy)
{
    void *memory = fe_arena_alloc(arena, value.size);

    copy->data = NULL;
    copy->size = 0;
    if (memory == NULL) return fe_no_memory("a copy in an arena", value.size);
    if (value.size != 0) memcpy(memory, value.data, value.size);
    copy->data = memory;
    copy->size = value.size;
    return FERRIC_OK;
}

// Frees every chunk but `kept`, which may be NULL.
static void free_chunks(fe_arena *arena, struct fe_arena_chunk *kept)
{
    struct fe_arena_chunk *chunk = arena->chunks;
    while (chunk != NULL) {
        struct fe_arena_chunk *next = chunk->next;
        if (chunk != kept) fe_free(chunk);
        chunk = next;
    }
}

void fe_arena_clear(fe_arena *arena)
{
    struct fe_arena_chunk *largest = arena->chunks;

    if (largest == NULL) return;
    for (struct fe_arena_chunk *chunk = largest->next; chunk != NULL; chunk = chunk->next) {
        if (chunk->size > largest->size) largest = chunk;
    }
    free_chunks(arena, largest);
    largest->next = NULL;
    largest->used = sizeof *largest;
    arena->chunks = largest;
    arena->size_bytes = largest->size;
}

void fe_arena_deinit(fe_arena *arena)
{
    free_chunks(arena, NULL);
    fe_arena_init(arena);
}
