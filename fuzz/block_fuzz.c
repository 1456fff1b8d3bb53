// SPDX-License-Identifier: Apache-2.0
// Blocks: after fe_block_init has taken the bytes, each entry is found where it stands, by number
// and by key.
#include <stdlib.h>
#include <string.h>

#include "format/block.h"
#include "fuzz.h"

const size_t fuzz_fixed_memory = 0;

// A key of the block's in memory of its own.
static ferric_slice whole_key(const fe_block *block, const fe_block_entry *entry, uint8_t *room)
{
    ferric_slice prefix = fe_block_prefix(block);

    if (prefix.size > 0) memcpy(room, prefix.data, prefix.size);
    if (entry->rest.size > 0) memcpy(room + prefix.size, entry->rest.data, entry->rest.size);
    return fe_slice(room, prefix.size + entry->rest.size);
}

static void check_entry(const fe_block *block, uint32_t index, uint8_t *room)
{
    fe_block_entry entry;
    fe_block_entry found;
    ferric_slice key;

    fe_block_entry_at(block, index, &entry);
    FUZZ_CHECK(block->prefix_size + entry.rest.size <= FE_KEY_SIZE_MAX);
    FUZZ_CHECK(entry.sequence <= FE_SEQUENCE_MAX && fe_entry_kind_is_known(entry.kind));
    key = whole_key(block, &entry, room);
    FUZZ_CHECK(fe_block_lower_bound(block, key, entry.sequence) == index);
    FUZZ_CHECK(fe_block_find(block, key, entry.sequence, &found));
    FUZZ_CHECK(found.value.data == entry.value.data && found.sequence == entry.sequence);
    if (entry.sequence > 0)
        FUZZ_CHECK(fe_block_lower_bound(block, key, entry.sequence - 1) == index + 1);
}

// All that a walk without slots passes is what the slots lead to.
static void check_walk(const fe_block *block)
{
    const uint8_t *at = block->data + block->prefix_size;

    for (uint32_t i = 0; i < block->count; i++) {
        fe_block_entry entry;
        FUZZ_CHECK(at == fe_block_entry_address(block, i));
        at = fe_block_read(block, at, &entry);
    }
}

bool fuzz_run(const uint8_t *data, size_t size)
{
    ferric_slice content = fe_slice(data, size);
    uint32_t count = fe_block_claimed_count(content);
    fe_block_slot *slots = malloc(count * sizeof *slots + 1);
    uint8_t *room = malloc(FE_KEY_SIZE_MAX);
    fe_block block;
    bool is_valid;

    if (slots == NULL || room == NULL) abort();
    FUZZ_CHECK((uint64_t)count * FE_BLOCK_ENTRY_ROOM_MIN <= size);
    is_valid = fe_block_init(&block, content, slots, "block", 0) == FERRIC_OK;
    if (is_valid) {
        FUZZ_CHECK(block.count == count);
        check_walk(&block);
        for (uint32_t i = 0; i < count; i++)
            check_entry(&block, i, room);
        FUZZ_CHECK(fe_block_lower_bound(&block, fe_slice(NULL, 0), FE_SEQUENCE_MAX) == 0);
    }
    free(room);
    free(slots);
    return is_valid;
}
