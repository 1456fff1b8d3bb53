// SPDX-License-Identifier: Apache-2.0
// The whole content of a small database as a table: what must be there, or what was found there.
//
// The keys are a fixed universe, so that a key is a number and a state is an array. They differ in
// length, share prefixes and hold bytes of every kind. A value follows from its number, its key and
// its size, so that two commits write the same bytes only where both are empty, and a value can be
// checked by its hash.
#ifndef FERRIC_SUPPORT_MODEL_TABLE_H
#define FERRIC_SUPPORT_MODEL_TABLE_H

#include <ferric/ferric.h>

#define MODEL_KEY_COUNT 64u
#define MODEL_KEY_SIZE_MAX 256u
#define MODEL_KEYSPACE_COUNT 3u
#define MODEL_KEY_NONE UINT32_MAX

typedef enum model_presence {
    MODEL_ABSENT = 0,
    MODEL_PRESENT = 1,
    MODEL_UNREAD = 2, // Reading it was refused.
} model_presence;

typedef struct model_entry {
    model_presence presence;
    uint32_t size;
    uint64_t value_hash;
    uint64_t version; // 0 when the commit did not tell.
} model_entry;

// {0} is the empty database.
typedef struct model_table {
    model_entry entries[MODEL_KEYSPACE_COUNT][MODEL_KEY_COUNT];
    uint64_t hash; // Of all present entries, without versions.
} model_table;

// Name of a keyspace; NULL for number 0, which is "main".
const char *model_keyspace_name(uint32_t keyspace);
// The bytes of a key. Number `index` in the order of keys is smaller than number index + 1.
ferric_slice model_key(uint32_t index);
// The number of a key, MODEL_KEY_NONE for other bytes.
uint32_t model_key_find(ferric_slice key);
// Fills `data` with the value of write `number` to a key.
void model_value(uint64_t number, uint32_t key, void *data, size_t size);

void model_put(model_table *table, uint32_t keyspace, uint32_t key, uint64_t value_hash,
               uint32_t size, uint64_t version);
void model_delete(model_table *table, uint32_t keyspace, uint32_t key);
uint64_t model_count(const model_table *table, uint32_t keyspace);
// Compares what was found with what must be there: values, and versions where both are known.
// Entries that could not be read are passed over. Returns NULL, or the first difference as text
// that the caller frees.
char *model_difference(const model_table *expected, const model_table *found);

#endif
