// SPDX-License-Identifier: Apache-2.0
// What one commit does, as bytes that go into the log unchanged, and the conditions under which it
// may. docs/format/record_log.md, "Commits".
//
//   batch:  varint number of operations (written by the log's writer), then each:
//           kind u8, varint key size, key (keyspace id first); for a put: varint value size, value,
//           which begins with an expiry where the kind says so;
//           for a range delete: varint size, the user key behind its last; size 0: no bound
//
// A value of FE_VALUE_SEPARATE_SIZE and more does not stand there but in a value file, and a
// pointer in its place.
//
// Conditions are of two kinds: a key is at a version, and a range of keys has nothing newer than
// the batch's `unchanged_since`, deletes included. The log holds effects, never conditions: those
// are checked by the leader of the write queue before the commit gets its number.
#ifndef FERRIC_LSM_WRITE_BATCH_H
#define FERRIC_LSM_WRITE_BATCH_H

#include "base/coding.h"
#include "format/internal_key.h"
#include "format/value_record.h"

// The newest version of a key that the commit allows. A key that is absent, or deleted, has 0.
typedef struct fe_condition {
    size_t key_offset; // Into condition_keys.
    size_t key_size;
    uint64_t version;
} fe_condition;

// Keys that are not to change: [lower, upper), or the one key `lower` when the upper size is 0.
typedef struct fe_unchanged_range {
    size_t offset; // Into range_keys: the lower key, then the upper one.
    size_t lower_size;
    size_t upper_size;
} fe_unchanged_range;

// A value that will stand in a value file: its record in the batch's `values`, not sealed yet, and
// the place of its pointer in `operations`, which the leader of the group fills.
typedef struct fe_batch_value {
    size_t pointer_offset;
    size_t record_offset;
    size_t record_size;
} fe_batch_value;

// What a put adds at most to the bytes of key and value: kind, sizes, id and expiry.
#define FE_BATCH_PUT_OVERHEAD                                                                      \
    (1 + FE_VARINT32_SIZE_MAX + FE_KEYSPACE_ID_SIZE + FE_VARINT64_SIZE_MAX + FE_EXPIRY_SIZE)

// {0} is an empty batch.
typedef struct fe_write_batch {
    ferric_buffer operations;
    ferric_buffer values;       // Records, one behind the other.
    ferric_buffer value_places; // Array of fe_batch_value.
    size_t value_count;
    bool is_compressed; // The records were offered to compression.
    uint32_t count;
    uint32_t delete_count; // Range deletes included.
    uint32_t range_delete_count;
    uint64_t user_bytes; // Keys without keyspace id, and values.
    uint64_t cost_bytes; // Upper bound of what a memtable needs for it.
    ferric_buffer conditions;
    ferric_buffer condition_keys;
    size_t condition_count;
    ferric_buffer ranges;
    ferric_buffer range_keys;
    size_t range_count;
    uint64_t unchanged_since; // For all ranges.
    uint32_t drops_keyspace;  // The id of one that goes with this commit; 0: none does.
    uint32_t rests_on;        // The id of one that must not have been dropped; 0: none.
} fe_write_batch;

void fe_write_batch_clear(fe_write_batch *batch);
void fe_write_batch_deinit(fe_write_batch *batch);
// Makes `copy`, which is {0}, equal to `batch`. Errors: FERRIC_NO_MEMORY: it is {0}.
ferric_status fe_write_batch_copy(const fe_write_batch *batch, fe_write_batch *copy);

// Makes room for what is known to come, so that adding it need not ask for memory again and again.
// Errors: FERRIC_NO_MEMORY.
ferric_status fe_write_batch_reserve(fe_write_batch *batch, size_t operation_bytes, size_t ranges,
                                     size_t range_key_bytes);

// Each adds to the batch or leaves it as it was. `keyspace` is the keyspace's id, `key` the user's.
// *id_offset (may be NULL) is where the id stands in `operations`, so that it can be set later.
// Errors: FERRIC_INVALID_ARGUMENT (empty key), FERRIC_TOO_LARGE, FERRIC_NO_MEMORY.
ferric_status fe_write_batch_put(fe_write_batch *batch, uint32_t keyspace, ferric_slice key,
                                 ferric_slice value, size_t *id_offset);
// A put that expires at `expires_ms`; FE_EXPIRY_NEVER: the put above. *expiry_offset (may be NULL)
// is where the expiry stands in `operations`. REQUIRES: expires_ms <= FE_EXPIRY_MAX.
ferric_status fe_write_batch_put_expiring(fe_write_batch *batch, uint32_t keyspace,
                                          ferric_slice key, ferric_slice value, uint64_t expires_ms,
                                          size_t *id_offset, size_t *expiry_offset);
ferric_status fe_write_batch_delete(fe_write_batch *batch, uint32_t keyspace, ferric_slice key,
                                    size_t *id_offset);
// A commit has at most so many range deletes.
#define FE_RANGE_DELETES_MAX 4096
// Deletes the keys [lower, upper) that the keyspace has before this commit, and those that the
// batch has put so far; empty: no bound. A range without keys adds nothing, and *id_offset is
// SIZE_MAX.
ferric_status fe_write_batch_delete_range(fe_write_batch *batch, uint32_t keyspace,
                                          ferric_slice lower, ferric_slice upper,
                                          size_t *id_offset);
// *id_offset is into condition_keys.
ferric_status fe_write_batch_require(fe_write_batch *batch, uint32_t keyspace, ferric_slice key,
                                     uint64_t version, size_t *id_offset);

// Takes back what was added since the batch was `before`, a copy of the struct alone. REQUIRES:
// none of it went into a value file.
void fe_write_batch_truncate(fe_write_batch *batch, const fe_write_batch *before);

// Value number `index`, of those that go into a value file.
fe_batch_value fe_write_batch_value(const fe_write_batch *batch, size_t index);
// The value as it was put; `scratch` takes it when the records are compressed. Errors:
// FERRIC_CORRUPT, FERRIC_NO_MEMORY.
ferric_status fe_write_batch_value_content(const fe_write_batch *batch, size_t index,
                                           ferric_buffer *scratch, ferric_slice *content);
// Compresses the records where that pays. Once for each batch. Errors: FERRIC_NO_MEMORY.
ferric_status fe_write_batch_compress(fe_write_batch *batch, ferric_compression compression);

// Condition number `index`: its key, and the version it asks for.
ferric_slice fe_write_batch_condition(const fe_write_batch *batch, size_t index, uint64_t *version);

// Adds full keys, keyspace id included, that are not to change; `upper` empty: `lower` alone.
// REQUIRES: ranges are added in ascending order and have no key in common. Errors:
// FERRIC_NO_MEMORY.
ferric_status fe_write_batch_require_unchanged(fe_write_batch *batch, ferric_slice lower,
                                               ferric_slice upper);

// Range number `index`. REQUIRES: it is one.
void fe_write_batch_range(const fe_write_batch *batch, size_t index, ferric_slice *lower,
                          ferric_slice *upper);

// Checks a key and a value against their limits, with a message that has size and limit.
ferric_status fe_check_key(ferric_slice key);
ferric_status fe_check_value(ferric_slice value);

// Reads the operations of a batch one after another.
typedef struct fe_batch_reader {
    fe_decoder decoder;
} fe_batch_reader;

static inline fe_batch_reader fe_batch_reader_of(ferric_slice operations)
{
    fe_batch_reader reader = {fe_decoder_of(operations)};
    return reader;
}

// Sets key, value and kind of *entry, not its sequence. Of a range delete the key is the first one,
// and the value the user key behind the last, or empty. Errors: FERRIC_CORRUPT, FERRIC_UNSUPPORTED
// (kind).
ferric_status fe_batch_reader_next(fe_batch_reader *reader, fe_entry *entry);

// Whether the first key behind a range delete is behind `key`.
static inline bool fe_range_ends_behind(const fe_entry *range, ferric_slice key)
{
    int order = memcmp(range->key.data, key.data, FE_KEYSPACE_ID_SIZE);

    if (order != 0) return order > 0;
    return range->value.size == 0 ||
           fe_slice_compare(fe_slice_from(key, FE_KEYSPACE_ID_SIZE), range->value) < 0;
}

// Whether an operation says something of `key`.
static inline bool fe_operation_touches(const fe_entry *operation, ferric_slice key)
{
    if (operation->kind != FE_ENTRY_RANGE_DELETE) return fe_slice_equal(operation->key, key);
    return fe_slice_compare(operation->key, key) <= 0 && fe_range_ends_behind(operation, key);
}

// Replaces `upper` by the first whole key behind a range delete. Errors: FERRIC_NO_MEMORY.
ferric_status fe_range_upper(const fe_entry *range, ferric_buffer *upper);

#endif
