// SPDX-License-Identifier: Apache-2.0
// Makes one block (format/block.h) from entries that come in order.
#ifndef FERRIC_FORMAT_BLOCK_BUILDER_H
#define FERRIC_FORMAT_BLOCK_BUILDER_H

#include "format/internal_key.h"

typedef struct fe_block_builder fe_block_builder;

// Errors: FERRIC_NO_MEMORY.
ferric_status fe_block_builder_create(fe_block_builder **builder);
// Accepts NULL.
void fe_block_builder_destroy(fe_block_builder *builder);

// Adds an entry that comes after all before it; its bytes are copied. After a failure the builder
// can only be destroyed. Errors: FERRIC_NO_MEMORY; FERRIC_TOO_LARGE: the block would pass 2 GiB.
ferric_status fe_block_builder_add(fe_block_builder *builder, const fe_entry *entry);

// Entries added, and roughly the size the finished block will have, in bytes; 0 without entries.
uint32_t fe_block_builder_count(const fe_block_builder *builder);
size_t fe_block_builder_size(const fe_block_builder *builder);

// The key of the entry added last, lent until the next change. REQUIRES: count > 0.
ferric_slice fe_block_builder_last_key(const fe_block_builder *builder);

// Finishes the block. *block is the builder's own buffer, so that a block is not copied; the caller
// may append to it and change it, and gives it back by fe_block_builder_clear, with which the next
// block begins. REQUIRES: count > 0. Errors: FERRIC_NO_MEMORY.
ferric_status fe_block_builder_finish(fe_block_builder *builder, ferric_buffer **block);
void fe_block_builder_clear(fe_block_builder *builder);

#endif
