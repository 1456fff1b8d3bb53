// SPDX-License-Identifier: Apache-2.0
// What the engine orders: entries, by key ascending (memcmp, then length), then by sequence number
// descending, so that the newest version of a key comes first. See docs/format/internal_key.md.
//
// A key here is a keyspace's 4-byte big-endian id followed by the user's key. A commit has one
// sequence number, and one key occurs once in a commit, so (key, sequence) is unique.
#ifndef FERRIC_FORMAT_INTERNAL_KEY_H
#define FERRIC_FORMAT_INTERNAL_KEY_H

#include "base/coding.h"
#include "base/slice.h"

// Sequence 0 is "before every commit". The largest is given to none: it is the number that would
// follow the last one, which a frame without commits has.
#define FE_SEQUENCE_MAX (((uint64_t)1 << 56) - 1)
#define FE_KEYSPACE_ID_SIZE 4
// The keyspace whose entries name all others (docs/format/catalogue.md).
#define FE_KEYSPACE_CATALOGUE 0
// Of a whole key, keyspace id included.
#define FE_KEY_SIZE_MAX (FERRIC_KEY_SIZE_MAX + FE_KEYSPACE_ID_SIZE)

// Stored as numbers; a reader answers an unknown one with FERRIC_UNSUPPORTED.
typedef enum fe_entry_kind {
    FE_ENTRY_DELETE = 0,
    FE_ENTRY_PUT = 1,
    FE_ENTRY_PUT_EXPIRING = 2,        // The value stands behind the time of its end.
    FE_ENTRY_RANGE_DELETE = 3,        // Of commits alone: [key, value), no entry of tables.
    FE_ENTRY_VALUE_FILE = 4,          // The value is a pointer into a value file.
    FE_ENTRY_VALUE_FILE_EXPIRING = 5, // Such a pointer behind the time of its end.
    FE_ENTRY_UNREAD = 255,            // Never stored: see lsm/iterator.h.
} fe_entry_kind;

// Whether this library knows the kind.
static inline bool fe_entry_kind_is_known(unsigned kind)
{
    return kind <= FE_ENTRY_VALUE_FILE_EXPIRING && kind != FE_ENTRY_RANGE_DELETE;
}

// Whether the entry has an expiry in front of its value.
static inline bool fe_entry_kind_expires(unsigned kind)
{
    return kind == FE_ENTRY_PUT_EXPIRING || kind == FE_ENTRY_VALUE_FILE_EXPIRING;
}

// Whether the value stands in a value file and the entry has a pointer to it.
static inline bool fe_entry_kind_points(unsigned kind)
{
    return kind == FE_ENTRY_VALUE_FILE || kind == FE_ENTRY_VALUE_FILE_EXPIRING;
}

// Whether what it says of its keys is that they are gone.
static inline bool fe_entry_kind_deletes(fe_entry_kind kind)
{
    return kind == FE_ENTRY_DELETE || kind == FE_ENTRY_RANGE_DELETE;
}

// One version of a key. The slices are borrowed from whoever filled them.
typedef struct fe_entry {
    ferric_slice key;
    ferric_slice value;
    uint64_t sequence;
    fe_entry_kind kind;
} fe_entry;

// An expiry: milliseconds since 1970-01-01 UTC, little-endian. From that time on the key does not
// exist. It stands in front of the value, or of the pointer, so that whatever only carries entries
// need not know it.
#define FE_EXPIRY_SIZE 8
// The largest, some ten thousand years from now.
#define FE_EXPIRY_MAX (((uint64_t)1 << 48) - 1)
// What is said of an entry without one.
#define FE_EXPIRY_NEVER 0

// Whether the value of an entry that was read can have an expiry in front.
static inline bool fe_expiry_is_sound(ferric_slice value)
{
    return value.size >= FE_EXPIRY_SIZE && fe_get_u64(fe_slice_bytes(value)) <= FE_EXPIRY_MAX &&
           fe_get_u64(fe_slice_bytes(value)) != FE_EXPIRY_NEVER;
}

// FE_EXPIRY_NEVER when it has none.
static inline uint64_t fe_entry_expiry(const fe_entry *entry)
{
    return fe_entry_kind_expires(entry->kind) ? fe_get_u64(fe_slice_bytes(entry->value))
                                              : FE_EXPIRY_NEVER;
}

// The value, or the pointer to it, without the expiry.
static inline ferric_slice fe_entry_content(const fe_entry *entry)
{
    if (!fe_entry_kind_expires(entry->kind)) return entry->value;
    return fe_slice(fe_slice_bytes(entry->value) + FE_EXPIRY_SIZE,
                    entry->value.size - FE_EXPIRY_SIZE);
}

// Negative when (a, a_sequence) comes before (b, b_sequence).
static inline int fe_internal_compare(ferric_slice a, uint64_t a_sequence, ferric_slice b,
                                      uint64_t b_sequence)
{
    int order = fe_slice_compare(a, b);
    if (order != 0) return order;
    return a_sequence > b_sequence ? -1 : a_sequence < b_sequence;
}

#endif
