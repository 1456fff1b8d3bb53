// SPDX-License-Identifier: Apache-2.0
// Values that were met; see value_table.h.
#include "doc/value_table.h"

#include <stdlib.h>

#include "base/checksum.h"
#include "base/memory.h"
#include "base/slice.h"
#include "base/status.h"

#define SLOTS_FIRST 64

void fe_value_table_init(fe_value_table *table, size_t record_size, size_t memory_max)
{
    memset(table, 0, sizeof *table);
    fe_arena_init(&table->arena);
    table->record_size = record_size;
    table->memory_max = memory_max;
}

void fe_value_table_deinit(fe_value_table *table)
{
    fe_arena_deinit(&table->arena);
    fe_free(table->entries);
    fe_free(table->slots);
    memset(table, 0, sizeof *table);
}

ferric_status fe_value_table_check(const fe_value_table *table, size_t more)
{
    size_t held = table->arena.size_bytes + table->memory_more +
                  table->capacity * sizeof *table->entries +
                  table->slot_count * sizeof *table->slots;
    if (held <= table->memory_max && more <= table->memory_max - held) return FERRIC_OK;
    return fe_fail(FERRIC_MEMORY_LIMIT,
                   "the %zu different values met so far fill the %zu bytes they may take",
                   table->count, table->memory_max);
}

// The slot of the key, or the free one where it belongs.
static uint32_t *find_slot(const fe_value_table *table, ferric_slice key, uint64_t hash)
{
    size_t mask = table->slot_count - 1;
    for (size_t at = (size_t)hash & mask;; at = (at + 1) & mask) {
        const fe_value_entry *entry;
        if (table->slots[at] == 0) return &table->slots[at];
        entry = table->entries[table->slots[at] - 1];
        if (entry->hash == hash && fe_slice_equal(entry->key, key)) return &table->slots[at];
    }
}

static ferric_status grow(fe_value_table *table)
{
    size_t slot_count = table->slot_count == 0 ? SLOTS_FIRST : table->slot_count * 2;
    fe_value_entry **entries = fe_realloc(table->entries, slot_count / 2 * sizeof *table->entries);
    uint32_t *slots = fe_alloc_zero(slot_count, sizeof *slots);

    if (entries != NULL) table->entries = entries;
    if (entries == NULL || slots == NULL) {
        fe_free(slots);
        return fe_no_memory("a table of values", slot_count * sizeof *slots);
    }
    fe_free(table->slots);
    table->slots = slots;
    table->slot_count = slot_count;
    table->capacity = slot_count / 2;
    for (size_t i = 0; i < table->count; i++)
        *find_slot(table, entries[i]->key, entries[i]->hash) = (uint32_t)i + 1;
    return FERRIC_OK;
}

static ferric_status add(fe_value_table *table, ferric_slice key, uint64_t hash,
                         fe_value_entry **entry)
{
    fe_value_entry *made;
    ferric_status status = fe_value_table_check(table, table->record_size + key.size);

    if (status != FERRIC_OK) return status;
    made = fe_arena_alloc(&table->arena, table->record_size);
    if (made == NULL) return fe_no_memory("a table of values", table->record_size);
    memset(made, 0, table->record_size);
    status = fe_arena_copy(&table->arena, key, &made->key);
    if (status != FERRIC_OK) return status;
    made->hash = hash;
    *find_slot(table, key, hash) = (uint32_t)table->count + 1;
    table->entries[table->count++] = made;
    *entry = made;
    return FERRIC_OK;
}

ferric_status fe_value_table_find(fe_value_table *table, ferric_slice key, fe_value_entry **entry,
                                  bool *is_new)
{
    uint64_t hash = fe_hash64(key.data, key.size);
    ferric_status status = FERRIC_OK;

    *is_new = false;
    if (table->slot_count > 0) {
        const uint32_t *slot = find_slot(table, key, hash);
        if (*slot != 0) {
            *entry = table->entries[*slot - 1];
            return FERRIC_OK;
        }
    }
    if (table->count == table->capacity) {
        status = fe_value_table_check(table, table->slot_count *
                                                 (sizeof *table->slots + sizeof *table->entries));
        if (status == FERRIC_OK) status = grow(table);
    }
    if (status == FERRIC_OK) status = add(table, key, hash, entry);
    *is_new = status == FERRIC_OK;
    return status;
}

static int compare_entries(const void *a, const void *b)
{
    const fe_value_entry *left = *(fe_value_entry *const *)a;
    const fe_value_entry *right = *(fe_value_entry *const *)b;
    return fe_slice_compare(left->key, right->key);
}

void fe_value_table_sort(fe_value_table *table)
{
    if (table->count == 0) return;
    qsort(table->entries, table->count, sizeof(fe_value_entry *), compare_entries);
}
