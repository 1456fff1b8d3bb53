// SPDX-License-Identifier: Apache-2.0
// A table of values that were met, by their index keys (equal values have equal keys), each with a
// record of the user's own. Bounded memory.
#ifndef FERRIC_DOC_VALUE_TABLE_H
#define FERRIC_DOC_VALUE_TABLE_H

#include <ferric/ferric.h>

#include "base/arena.h"

// Begins every record.
typedef struct fe_value_entry {
    ferric_slice key;
    uint64_t hash;
} fe_value_entry;

typedef struct fe_value_table {
    fe_arena arena; // Of entries and keys; the user may allocate here too.
    size_t memory_max;
    size_t memory_more; // What the user holds elsewhere.
    size_t record_size;
    fe_value_entry **entries; // In the order of coming, or sorted.
    size_t count;
    size_t capacity;
    uint32_t *slots; // Number of an entry + 1; 0 is free.
    size_t slot_count;
} fe_value_table;

// `record_size` includes the entry.
void fe_value_table_init(fe_value_table *table, size_t record_size, size_t memory_max);
void fe_value_table_deinit(fe_value_table *table);

// The record of `key`; a new one is zeroed behind its entry.
// Errors: FERRIC_MEMORY_LIMIT: the table is as it was. FERRIC_NO_MEMORY.
ferric_status fe_value_table_find(fe_value_table *table, ferric_slice key, fe_value_entry **entry,
                                  bool *is_new);
// Errors: FERRIC_MEMORY_LIMIT when `more` bytes beside what is held are too many.
ferric_status fe_value_table_check(const fe_value_table *table, size_t more);
// Puts the entries into the order of their keys. Nothing is found afterwards.
void fe_value_table_sort(fe_value_table *table);

#endif
