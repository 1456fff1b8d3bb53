// SPDX-License-Identifier: Apache-2.0
// What the engine orders: entries, by key ascending (memcmp, then length), then by sequence number
// descending, so that the newest version of a key comes first. See docs/format/internal_key.md.
//
// A key here is a keyspace's 4-byte big-endian id followed by the user's key. A commit has one
// sequence number, and one key occurs once in a commit, so (key, sequence) is unique.
#ifndef FERRIC_FORMAT_INTERNAL_KEY_H
#define FERRIC_FORMAT_INTERNAL_KEY_H

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
    FE_ENTRY_PUT_EXPIRING = 2,        // Reserved: value with an expiry time.
    FE_ENTRY_RANGE_DELETE = 3,        // Reserved.
    FE_ENTRY_VALUE_FILE = 4,          // The value is a pointer into a value file.
    FE_ENTRY_VALUE_FILE_EXPIRING = 5, // Reserved.
} fe_entry_kind;

// Whether this library knows the kind.
static inline bool fe_entry_kind_is_known(unsigned kind)
{
    return kind == FE_ENTRY_DELETE || kind == FE_ENTRY_PUT || kind == FE_ENTRY_VALUE_FILE;
}

// One version of a key. The slices are borrowed from whoever filled them.
typedef struct fe_entry {
    ferric_slice key;
    ferric_slice value;
    uint64_t sequence;
    fe_entry_kind kind;
} fe_entry;

// Negative when (a, a_sequence) comes before (b, b_sequence).
static inline int fe_internal_compare(ferric_slice a, uint64_t a_sequence, ferric_slice b,
                                      uint64_t b_sequence)
{
    int order = fe_slice_compare(a, b);
    if (order != 0) return order;
    return a_sequence > b_sequence ? -1 : a_sequence < b_sequence;
}

#endif
