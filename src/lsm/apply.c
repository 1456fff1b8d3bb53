// SPDX-License-Identifier: Apache-2.0
// From a commit's bytes to the memtable's entries.
#include "lsm/apply.h"

#include <string.h>

#include "base/buffer.h"
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

static ferric_status make_range_room(fe_operations *operations)
{
    size_t size = operations->range_count * sizeof *operations->covering;
    fe_entry *covering;

    if (operations->range_count <= operations->covering_capacity) return FERRIC_OK;
    covering = fe_realloc(operations->covering, size);
    if (covering == NULL) return fe_no_memory("a commit", size);
    operations->covering = covering;
    operations->covering_capacity = operations->range_count;
    return FERRIC_OK;
}

ferric_status fe_operations_read(fe_operations *operations, ferric_slice *bytes, uint64_t count)
{
    fe_batch_reader reader = fe_batch_reader_of(*bytes);
    ferric_status status = make_room(operations, count, bytes->size);

    operations->count = 0;
    operations->cost_bytes = 0;
    operations->range_count = 0;
    for (uint64_t i = 0; i < count && status == FERRIC_OK; i++) {
        fe_entry *entry = &operations->entries[i];
        status = fe_batch_reader_next(&reader, entry);
        if (status != FERRIC_OK) break;
        operations->cost_bytes += fe_memtable_entry_cost(entry->key.size, entry->value.size);
        operations->range_count += entry->kind == FE_ENTRY_RANGE_DELETE;
        operations->count++;
    }
    if (status == FERRIC_OK && operations->cost_bytes > FE_COMMIT_COST_MAX) {
        status = fe_fail(FERRIC_CORRUPT,
                         "a commit of %zu operations is larger than any that was "
                         "ever written",
                         operations->count);
    }
    if (status == FERRIC_OK && operations->range_count > FE_RANGE_DELETES_MAX) {
        status = fe_fail(FERRIC_CORRUPT, "a commit has more range deletes than any ever had");
    }
    if (status == FERRIC_OK) status = make_range_room(operations);
    *bytes = fe_slice(reader.decoder.at, fe_decoder_remaining(&reader.decoder));
    return status;
}

void fe_operations_deinit(fe_operations *operations)
{
    fe_free(operations->entries);
    fe_free(operations->covering);
    fe_buffer_deinit(&operations->upper);
    *operations = (fe_operations){0};
}

// ---- Range deletes --------------------------------------------------------------------------

ferric_status fe_operations_stage(fe_operations *operations, uint64_t sequence,
                                  fe_memtable *memtable)
{
    ferric_status status = FERRIC_OK;

    for (size_t i = 0; operations->range_count > 0 && i < operations->count; i++) {
        const fe_entry *entry = &operations->entries[i];
        if (entry->kind != FE_ENTRY_RANGE_DELETE) continue;
        status = fe_range_upper(entry, &operations->upper);
        if (status != FERRIC_OK) return status;
        status = fe_memtable_stage_range(memtable, entry->key, fe_buffer_slice(&operations->upper),
                                         sequence);
        if (status != FERRIC_OK) return status;
    }
    return FERRIC_OK;
}

// The ranges that later operations of the commit delete, in order and with no key in common.
typedef struct covering {
    fe_entry *ranges;
    size_t count;
} covering;

// The first range that does not end at or before the key.
static size_t find_range(const covering *later, ferric_slice key)
{
    size_t low = 0;
    size_t high = later->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (fe_range_ends_behind(&later->ranges[middle], key)) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

static bool is_covered(const covering *later, ferric_slice key)
{
    size_t at = find_range(later, key);
    return at < later->count && fe_slice_compare(later->ranges[at].key, key) <= 0;
}

static bool ends_later(const fe_entry *a, const fe_entry *b)
{
    if (a->value.size == 0 || b->value.size == 0) return a->value.size == 0;
    return fe_slice_compare(a->value, b->value) > 0;
}

// Unites a range with those that it overlaps, which are of its keyspace.
static void add_range(covering *later, const fe_entry *range)
{
    fe_entry united = *range;
    size_t first = find_range(later, range->key);
    size_t end = first;

    for (; end < later->count && fe_range_ends_behind(&united, later->ranges[end].key); end++) {
        const fe_entry *old = &later->ranges[end];
        if (fe_slice_compare(old->key, united.key) < 0) united.key = old->key;
        if (ends_later(old, &united)) united.value = old->value;
    }
    memmove(later->ranges + first + 1, later->ranges + end,
            (later->count - end) * sizeof *later->ranges);
    later->ranges[first] = united;
    later->count = later->count + 1 - (end - first);
}

// ---- Apply ----------------------------------------------------------------------------------

// Begins to fetch what inserting operation `index` will look at first. Returns the key's hash.
static uint64_t approach(const fe_operations *operations, size_t index, const fe_memtable *memtable)
{
    ferric_slice key = operations->entries[index].key;
    uint64_t hash = fe_hash64(key.data, key.size);

    fe_memtable_prefetch(memtable, hash);
    return hash;
}

void fe_operations_approach(const fe_operations *operations, const fe_memtable *memtable)
{
    if (operations->count > 0) (void)approach(operations, operations->count - 1, memtable);
}

void fe_operations_apply(const fe_operations *operations, uint64_t sequence, fe_memtable *memtable)
{
    covering later = {.ranges = operations->covering};
    uint64_t hash = 0;

    if (operations->range_count > 0) fe_memtable_publish_ranges(memtable, sequence);
    if (operations->count > 0) hash = approach(operations, operations->count - 1, memtable);
    // From the last to the first: of two operations on one key the memtable keeps the one that it
    // is given first.
    for (size_t i = operations->count; i-- > 0;) {
        size_t at = FE_SEEDED_BUG(FE_BUG_BATCH_ORDER_REVERSED) ? operations->count - 1 - i : i;
        fe_entry entry = operations->entries[at];
        uint64_t own_hash = hash;
        if (i > 0) hash = approach(operations, i - 1, memtable);
        if (entry.kind == FE_ENTRY_RANGE_DELETE) {
            add_range(&later, &entry);
            continue;
        }
        if (later.count > 0 && is_covered(&later, entry.key)) continue;
        entry.sequence = sequence;
        if (at != i) own_hash = fe_hash64(entry.key.data, entry.key.size);
        fe_memtable_insert(memtable, &entry, own_hash);
    }
}
