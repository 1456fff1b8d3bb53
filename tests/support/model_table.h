// SPDX-License-Identifier: Apache-2.0
// The whole content of a small database as a table: what must be there, or what was found there.
//
// The keys are a fixed universe, so that a key is a number and a state is an array. They differ in
// length, share prefixes and hold bytes of every kind. A value follows from its number, its key and
// its size, so that two commits write the same bytes only where both are empty, and a value can be
// checked by its hash.
//
// What a state shows depends on the time at which it is looked at: a table holds entries with their
// expiry, and model_view says what of it may be seen between two times. Of keyspaces it holds the
// default time to live too. Of keyspaces and indexes it
// holds whether they are there, which cannot always be said: a call that failed half-way may have
// made its keyspace, and an index whose creation was cut short may be there and not be ready.
#ifndef FERRIC_SUPPORT_MODEL_TABLE_H
#define FERRIC_SUPPORT_MODEL_TABLE_H

#include <ferric/ferric.h>

#define MODEL_KEY_COUNT 64u
#define MODEL_KEY_SIZE_MAX 256u
#define MODEL_RAW_COUNT 3u  // Keyspaces of bytes, the first ones.
#define MODEL_COLLECTION 3u // The keyspace of documents.
#define MODEL_KEYSPACE_COUNT 4u
#define MODEL_INDEX_COUNT 5u
#define MODEL_KEY_NONE UINT32_MAX

typedef enum model_presence {
    MODEL_ABSENT = 0,
    MODEL_PRESENT = 1,
    MODEL_UNREAD = 2, // Reading it was refused.
} model_presence;

// An expiry that was not read.
#define MODEL_EXPIRES_UNREAD UINT64_MAX
// A keyspace's default time to live that was not read.
#define MODEL_TTL_UNREAD UINT64_MAX

typedef struct model_entry {
    model_presence presence;
    uint32_t size;
    uint64_t value_hash;
    uint64_t version;    // 0 when the commit did not tell.
    uint64_t expires_ms; // 0: it stays.
    // Of what was expected: how much later than expires_ms it may expire, because a time to live
    // counts from a moment of which only bounds are known.
    uint64_t expires_slack_ms;
    uint64_t number; // Which write made it; 0 in a table that was read.
    bool is_counter; // It was made by increments: its value is the text of `counter`.
    int64_t counter;
} model_entry;

// The latest that it may expire.
static inline uint64_t model_expires_late_ms(const model_entry *entry)
{
    return entry->expires_ms + entry->expires_slack_ms;
}

// Whether a keyspace or an index is there.
typedef enum model_fact {
    MODEL_NO = 0,
    MODEL_YES = 1,
    MODEL_HALF = 2,    // Found: an index that is not ready.
    MODEL_MAYBE = 3,   // Expected: nobody can say.
    MODEL_UNSEEN = 4,  // Found: nobody looked.
    MODEL_UNREADY = 5, // Expected: an index that is not there, or not ready.
} model_fact;

// Facts stand in one array: keyspaces by their number, then indexes.
#define MODEL_FACT_OF_INDEX(index) (MODEL_KEYSPACE_COUNT + (index))
#define MODEL_FACT_COUNT (MODEL_KEYSPACE_COUNT + MODEL_INDEX_COUNT)

// {0} is the empty database.
typedef struct model_table {
    model_entry entries[MODEL_KEYSPACE_COUNT][MODEL_KEY_COUNT];
    uint64_t hash; // Of all present entries, without versions.
    uint64_t expiring_count;
    uint64_t time_ms; // The newest time that its commits have recorded, at least; 0: none.
    model_fact facts[MODEL_FACT_COUNT];    // But for "main".
    uint64_t ttl_ms[MODEL_KEYSPACE_COUNT]; // Their default times to live; 0: keys stay.
} model_table;

// Name of a keyspace; NULL for number 0, which is "main".
const char *model_keyspace_name(uint32_t keyspace);
ferric_keyspace_kind model_keyspace_kind(uint32_t keyspace);
// The bytes of a key. Number `index` in the order of keys is smaller than number index + 1.
ferric_slice model_key(uint32_t index);
// The same in a keyspace: documents have keys of their own.
ferric_slice model_key_in(uint32_t keyspace, uint32_t index);
// The number of a key, MODEL_KEY_NONE for other bytes.
uint32_t model_key_find(uint32_t keyspace, ferric_slice key);
// Fills `data` with the value of write `number` to a key.
void model_value(uint64_t number, uint32_t key, void *data, size_t size);

void model_put(model_table *table, uint32_t keyspace, uint32_t key, model_entry entry);
void model_delete(model_table *table, uint32_t keyspace, uint32_t key);
// Deletes keys [first, end).
void model_delete_range(model_table *table, uint32_t keyspace, uint32_t first, uint32_t end);
// Takes over the content and the default lifetime of a keyspace, which is empty and gone then.
void model_rename(model_table *table, uint32_t from, uint32_t to);
uint64_t model_count(const model_table *table, uint32_t keyspace);
// After entries were set without care for the hash: sets it.
void model_rehash(model_table *table);

// How often a view had to be without an entry, and with one, because of the time.
typedef struct model_view_tally {
    uint64_t expired;
    uint64_t lasting;
} model_view_tally;
extern model_view_tally model_viewed;

// What of a table is seen at a time of which `low_ms` to `high_ms` is known: what expired by the
// low one is not there; what expires between them is there if `found` has it. An expiry of which
// bounds are known is the one that was found, when that is between them.
void model_view(const model_table *table, uint64_t low_ms, uint64_t high_ms,
                const model_table *found, model_table *view);
// Sets the expiry that was found; false when it is not between the bounds.
bool model_pin_expiry(model_entry *entry, uint64_t found_ms);
// Compares what was found with what must be there: values, expiries, facts, default lifetimes, and
// versions where both are known. What could not be read is passed over. Returns NULL, or the first
// difference as text that the caller frees.
char *model_difference(const model_table *expected, const model_table *found);

#endif
