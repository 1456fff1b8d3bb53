// SPDX-License-Identifier: Apache-2.0
// From a commit's bytes to the memtable's entries.
#include "lsm/apply.h"

#include "base/checksum.h"
#include "base/memory.h"
#include "base/seeded_bug.h"
#include "base/status.h"

// The capacity follows what the bytes can hold, never a number read from them.
#define OPERATION_SIZE_MIN 7

static ferric_status make_room(fe_operations *operations, uint64_t count, size_t bytes)
{
    fe_entry *entries;

    if (count > bytes / OPERATION_SIZE_MIN && !FE_SEEDED_BUG(FE_BUG_LENGTH_BELIEVED)) {
        return fe_fail(FERRIC_CORRUPT, "a commit claims %llu operations in %zu bytes",
                       (unsigned long long)count, bytes);
    }
    if (count <= operations->capacity) return FERRIC_OK;
    entries = fe_realloc(operations->entries, (size_t)count * sizeof *entries);
    if (entries == NULL) return fe_no_memory("a commit", (size_t)count * sizeof *entries);
    operations->entries = entries;
    operations->capacity = (size_t)count;
    return FERRIC_OK;
}

ferric_status fe_operations_read(fe_operations *operations, ferric_slice *bytes, uint64_t count)
{
    fe_batch_reader reader = fe_batch_reader_of(*bytes);
    ferric_status status = make_room(operations, count, bytes->size);

    operations->count = 0;
    operations->cost_bytes = 0;
    for (uint64_t i = 0; i < count && status == FERRIC_OK; i++) {
        fe_entry *entry = &operations->entries[i];
        status = fe_batch_reader_next(&reader, entry);
        if (status != FERRIC_OK) break;
        operations->cost_bytes += fe_memtable_entry_cost(entry->key.size, entry->value.size);
        operations->count++;
    }
    if (status == FERRIC_OK && operations->cost_bytes > FE_COMMIT_COST_MAX) {
        status = fe_fail(FERRIC_CORRUPT,
                         "a commit of %zu operations is larger than any that was "
                         "ever written",
                         operations->count);
    }
    *bytes = fe_slice(reader.decoder.at, fe_decoder_remaining(&reader.decoder));
    return status;
}

void fe_operations_deinit(fe_operations *operations)
{
    fe_free(operations->entries);
    *operations = (fe_operations){0};
}

void fe_operations_apply(const fe_operations *operations, uint64_t sequence, fe_memtable *memtable)
{
    // From the last to the first: of two operations on one key the memtable keeps the one that it
    // is given first.
    for (size_t i = operations->count; i-- > 0;) {
        size_t at = FE_SEEDED_BUG(FE_BUG_BATCH_ORDER_REVERSED) ? operations->count - 1 - i : i;
        fe_entry entry = operations->entries[at];
        entry.sequence = sequence;
        fe_memtable_insert(memtable, &entry, fe_hash64(entry.key.data, entry.key.size));
    }
}
