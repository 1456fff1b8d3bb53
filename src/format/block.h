// SPDX-License-Identifier: Apache-2.0
// A block: sorted entries, any of them reached by number in one step. docs/format/table.md.
//
//   prefix          bytes that all keys of the block begin with, stored once
//   entries         each: varint rest size, varint value size, varint (sequence - base) << 3 |
//   kind,
//                   rest of the key, value
//   slots           for each entry its offset from the block's start: u16, or u32 when the entries
//                   end beyond 65,535
//   base sequence   u64, the smallest in the block
//   prefix size     u16
//   count           u32, at least 1; the highest bit says that slots are u32
//
// fe_block_init checks every entry once and writes a slot array for memory, in which each offset
// stands beside the first bytes of its entry's rest. A search walks that array alone, which is a
// tenth of the block, and touches an entry only where the heads are equal. From then on reading
// trusts the bytes.
#ifndef FERRIC_FORMAT_BLOCK_H
#define FERRIC_FORMAT_BLOCK_H

#include "base/coding.h"
#include "base/compiler.h"
#include "format/internal_key.h"

#define FE_BLOCK_TRAILER_SIZE 14
#define FE_BLOCK_ENTRY_HEADER_SIZE_MAX (2 * FE_VARINT32_SIZE_MAX + FE_VARINT64_SIZE_MAX)
// The fewest bytes that an entry and its slot take.
#define FE_BLOCK_ENTRY_ROOM_MIN 5
#define FE_BLOCK_PREFIX_SIZE_MAX UINT16_MAX
// A reader may load this many bytes from the start of a rest: slots and trailer stand behind it.
#define FE_BLOCK_REST_OVERREAD 16

// Where an entry stands, and the first four bytes of its rest as a big-endian number, zeros behind
// a shorter one: heads that differ are in the order of their keys.
typedef struct fe_block_slot {
    uint32_t head;
    uint32_t offset;
} fe_block_slot;

typedef struct fe_block {
    const uint8_t *data;
    const fe_block_slot *slots;
    uint64_t base_sequence;
    uint32_t count;
    uint32_t prefix_size;
} fe_block;

// An entry inside its block: the key is the block's prefix followed by `rest`.
typedef struct fe_block_entry {
    ferric_slice rest;
    ferric_slice value;
    uint64_t sequence;
    fe_entry_kind kind;
} fe_block_entry;

// How many entries the trailer claims, for the size of the slot array; 0 when it cannot be right.
uint32_t fe_block_claimed_count(ferric_slice content);

// Takes a block's content, which is borrowed as long as `block` is used, and checks all of it:
// bounds, slots, order of keys, kinds. `slots` has room for fe_block_claimed_count slots, is filled
// and borrowed too. Errors: FERRIC_CORRUPT, FERRIC_UNSUPPORTED (entry kind). `path` and `offset`
// are for the message.
ferric_status fe_block_init(fe_block *block, ferric_slice content, fe_block_slot *slots,
                            const char *path, uint64_t offset);

// The first entry that is not before (key, sequence) in internal order; `count` when all are.
uint32_t fe_block_lower_bound(const fe_block *block, ferric_slice key, uint64_t sequence);

// The newest version of `key` up to `sequence`; false when the block has none. The slices are lent
// by the block's content.
bool fe_block_find(const fe_block *block, ferric_slice key, uint64_t sequence,
                   fe_block_entry *entry);

// The first bytes that all keys of the block share.
static inline ferric_slice fe_block_prefix(const fe_block *block)
{
    return fe_slice(block->data, block->prefix_size);
}

// Where entry number `index` < count begins.
static inline const uint8_t *fe_block_entry_address(const fe_block *block, uint32_t index)
{
    return block->data + block->slots[index].offset;
}

// Reads the entry that begins at `at` and returns the address behind it, which is the next entry's.
// The slices are lent by the block's content.
static inline const uint8_t *fe_block_read(const fe_block *block, const uint8_t *at,
                                           fe_block_entry *entry)
{
    uint64_t rest_size = at[0];
    uint64_t value_size = at[1];
    uint64_t tag;

    if (FE_LIKELY(((rest_size | value_size) & 0x80) == 0)) {
        at += 2;
    } else {
        at = fe_get_varint_trusted(at, &rest_size);
        at = fe_get_varint_trusted(at, &value_size);
    }
    at = fe_get_varint_trusted(at, &tag);
    entry->rest = fe_slice(at, rest_size);
    entry->value = fe_slice(at + rest_size, value_size);
    entry->sequence = block->base_sequence + (tag >> 3);
    entry->kind = (fe_entry_kind)(tag & 7);
    return at + rest_size + value_size;
}

// Entry number `index` < count.
static inline void fe_block_entry_at(const fe_block *block, uint32_t index, fe_block_entry *entry)
{
    (void)fe_block_read(block, fe_block_entry_address(block, index), entry);
}

// Whether an entry of the block has this key. The rests are compared first: they differ where keys
// do.
static inline bool fe_block_entry_has_key(const fe_block *block, const fe_block_entry *entry,
                                          ferric_slice key)
{
    size_t prefix_size = block->prefix_size;

    if (key.size != prefix_size + entry->rest.size) return false;
    if (entry->rest.size > 0 &&
        memcmp(entry->rest.data, fe_slice_bytes(key) + prefix_size, entry->rest.size) != 0) {
        return false;
    }
    return prefix_size == 0 || memcmp(block->data, key.data, prefix_size) == 0;
}

#endif
