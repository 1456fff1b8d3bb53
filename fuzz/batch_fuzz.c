// SPDX-License-Identifier: Apache-2.0
// The operations of a commit, as a log frame holds them: a count, then operations. What is valid
// fits into a memtable and is found there, or deleted there by a range.
#include "base/checksum.h"
#include "base/coding.h"
#include "fuzz.h"
#include "lsm/apply.h"

#define SEQUENCE 7

// The memtable itself, with its code of keys, and the first piece of its range deletes.
const size_t fuzz_fixed_memory = 8192;

static void check_entry(const fe_memtable *memtable, const fe_entry *entry)
{
    fe_range_cover cover = {0};
    fe_entry found;

    fe_range_tree_narrow(fe_memtable_ranges(memtable), entry->key, SEQUENCE, &cover);
    if (entry->kind == FE_ENTRY_RANGE_DELETE) {
        FUZZ_CHECK(cover.sequence == SEQUENCE);
        return;
    }
    FUZZ_CHECK(entry->key.size > FE_KEYSPACE_ID_SIZE && entry->key.size <= FE_KEY_SIZE_MAX);
    if (!fe_memtable_get(memtable, entry->key, fe_hash64(entry->key.data, entry->key.size),
                         SEQUENCE, &found)) {
        FUZZ_CHECK(cover.sequence == SEQUENCE);
        return;
    }
    FUZZ_CHECK(fe_slice_equal(found.key, entry->key) && found.sequence == SEQUENCE);
}

static void apply(fe_operations *operations)
{
    // The hash has a slot for 64 bytes, and an entry takes more, so both fit.
    uint64_t capacity = 4096 + operations->cost_bytes * 2;
    fe_memtable *memtable;

    FUZZ_CHECK(fe_memtable_create(capacity, NULL, NULL, &memtable) == FERRIC_OK);
    FUZZ_CHECK(fe_memtable_has_room(memtable, operations->count, operations->cost_bytes));
    FUZZ_CHECK(fe_operations_stage(operations, SEQUENCE, memtable) == FERRIC_OK);
    fe_operations_apply(operations, SEQUENCE, memtable);
    for (size_t i = 0; i < operations->count; i++)
        check_entry(memtable, &operations->entries[i]);
    fe_memtable_destroy(memtable);
}

bool fuzz_run(const uint8_t *data, size_t size)
{
    fe_decoder decoder = fe_decoder_of(fe_slice(data, size));
    uint64_t count = fe_decode_varint(&decoder);
    fe_operations operations = {0};
    ferric_slice bytes = fe_slice(decoder.at, fe_decoder_remaining(&decoder));
    bool is_valid;

    if (decoder.failed) return false;
    is_valid = fe_operations_read(&operations, &bytes, count) == FERRIC_OK;
    FUZZ_CHECK(bytes.size <= size && (const uint8_t *)bytes.data + bytes.size == data + size);
    if (is_valid) {
        FUZZ_CHECK(operations.count == count);
        apply(&operations);
    }
    fe_operations_deinit(&operations);
    return is_valid && count > 0;
}
