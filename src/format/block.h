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
// fe_block_init checks every entry once; from then on reading trusts the bytes.
#ifndef FERRIC_FORMAT_BLOCK_H
#define FERRIC_FORMAT_BLOCK_H

#include "format/internal_key.h"

#define FE_BLOCK_TRAILER_SIZE 14

typedef struct fe_block {
    const uint8_t *data;
    const uint8_t *slots;
    uint64_t base_sequence;
    uint32_t count;
    uint16_t prefix_size;
    bool has_wide_slots;
} fe_block;

// An entry inside its block: the key is the block's prefix followed by `rest`.
typedef struct fe_block_entry {
    ferric_slice rest;
    ferric_slice value;
    uint64_t sequence;
    fe_entry_kind kind;
} fe_block_entry;

// Takes a block's content, which is borrowed as long as `block` is used, and checks all of it:
// bounds, order of keys, kinds. Errors: FERRIC_CORRUPT, FERRIC_UNSUPPORTED (entry kind). `path` and
// `offset` are for the message.
ferric_status fe_block_init(fe_block *block, ferric_slice content, const char *path,
                            uint64_t offset);

// Entry number `index` < count. The slices are lent by the block's content.
void fe_block_entry_at(const fe_block *block, uint32_t index, fe_block_entry *entry);

// The first entry that is not before (key, sequence) in internal order; `count` when all are.
uint32_t fe_block_lower_bound(const fe_block *block, ferric_slice key, uint64_t sequence);

// The first bytes that all keys of the block share.
static inline ferric_slice fe_block_prefix(const fe_block *block)
{
    return fe_slice(block->data, block->prefix_size);
}

#endif
