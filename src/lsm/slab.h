// SPDX-License-Identifier: Apache-2.0
// Memory for cached blocks on large pages: a get of a block that is in no CPU cache finds its
// address in the TLB. Chunks of 2 MiB are cut into slots of one size each (J. Bonwick, "The Slab
// Allocator", USENIX Summer 1994, without constructors).
//
//   chunk   header | slot | slot | ...        a slot's chunk is found by masking its address
//
// Chunks are never copied together. When they have too many free slots for what stands beside
// them, their owner gives up what is in the sparsest one, which is then unmapped.
//
// Thread rule: any thread; a mutex inside, under which no other is taken.
#ifndef FERRIC_LSM_SLAB_H
#define FERRIC_LSM_SLAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ferric/ferric.h>

#define FE_SLAB_CHUNK_SIZE ((size_t)2 << 20)
// Sizes that have slots; a slot is at most 255 bytes larger than what is asked for.
#define FE_SLAB_SLOT_MIN 4097
#define FE_SLAB_SLOT_MAX 8192
// Most slots of one chunk.
#define FE_SLAB_SLOTS_MAX 512

typedef struct fe_slabs fe_slabs;

// Errors: FERRIC_NO_MEMORY.
ferric_status fe_slabs_create(fe_slabs **slabs);
// No slot is taken. Accepts NULL.
void fe_slabs_destroy(fe_slabs *slabs);

static inline bool fe_slabs_has_size(size_t size)
{
    return size >= FE_SLAB_SLOT_MIN && size <= FE_SLAB_SLOT_MAX;
}

// A slot, aligned to 64, and its size. Its bytes are what its last user left, zero at first. NULL:
// none of that size is free, and `may_map` is false or there is no memory for a chunk.
// REQUIRES: fe_slabs_has_size(*size).
void *fe_slabs_take(fe_slabs *slabs, size_t *size, bool may_map);
void fe_slabs_give(fe_slabs *slabs, void *slot);

// What becomes of a taken slot when its chunk is to be emptied.
typedef enum fe_slot_use {
    FE_SLOT_STAYS = 0,
    FE_SLOT_LEAVES = 1, // It is given soon, whatever the caller does.
    FE_SLOT_CAN_GO = 2, // The caller can make it leave.
} fe_slot_use;

// Chooses the chunk with the fewest bytes taken of those without a slot that stays: nothing is
// taken from it any more, and it counts no longer. With the last slot that is given it is unmapped.
// The slots that the caller makes leave stand in slots[0..n), n is returned. *is_any is false when
// there is no such chunk. `use_of` is called under the mutex, also for slots that their taker has
// not filled yet.
size_t fe_slabs_empty_sparsest(fe_slabs *slabs, fe_slot_use (*use_of)(void *slot),
                               void *slots[FE_SLAB_SLOTS_MAX], bool *is_any);

// Bytes of chunks, and of slots taken from them; without chunks that are being emptied.
uint64_t fe_slabs_mapped_bytes(const fe_slabs *slabs);
uint64_t fe_slabs_taken_bytes(const fe_slabs *slabs);

#endif
