// SPDX-License-Identifier: Apache-2.0
// Makes one block (format/block.h) from entries that come in order.
#ifndef FERRIC_FORMAT_BLOCK_BUILDER_H
#define FERRIC_FORMAT_BLOCK_BUILDER_H

#include "format/internal_key.h"

typedef struct fe_block_builder fe_block_builder;

// Errors: FERRIC_NO_MEMORY.
ferric_status fe_block_builder_create(fe_block_builder **builder);
void fe_block_builder_destroy(fe_block_builder *builder);

// Adds an entry that comes after all before it; its bytes are copied. Errors: FERRIC_NO_MEMORY.
ferric_status fe_block_builder_add(fe_block_builder *builder, const fe_entry *entry);

// Entries added, and roughly the size the finished block will have, in bytes.
uint32_t fe_block_builder_count(const fe_block_builder *builder);
size_t fe_block_builder_size(const fe_block_builder *builder);

// Appends the finished block to `block` and empties the builder for the next one. At least one
// entry was added. Errors: FERRIC_NO_MEMORY.
ferric_status fe_block_builder_finish(fe_block_builder *builder, ferric_buffer *block);

#endif
