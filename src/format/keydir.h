// SPDX-License-Identifier: Apache-2.0
// A KeyDir: for each key of a table the data block and the number of its newest entry, found by the
// key's hash in one cache line. docs/format/table.md, "KeyDir".
//
//   bucket, 64 bytes:   slot slot slot ...      sixteen of 32 bits, or eight of 64
//   slot:               fingerprint | block number | entry number       0: empty
//
// The high half of the hash chooses a key's bucket. A key that finds it full stands in one of the
// next buckets, at most `reach` further on, and everything between is full: so a search ends at the
// first bucket with an empty slot. Slots are filled from the first to the last.
//
// A fingerprint that agrees is no proof: the reader compares the key. One that is not there is.
#ifndef FERRIC_FORMAT_KEYDIR_H
#define FERRIC_FORMAT_KEYDIR_H

#include <ferric/ferric.h>

#include "base/coding.h"
#include "base/compiler.h"

#define FE_KEYDIR_BUCKET_SIZE 64
#define FE_KEYDIR_TRAILER_SIZE 8
#define FE_KEYDIR_NARROW_SLOTS (FE_KEYDIR_BUCKET_SIZE / sizeof(uint32_t))
#define FE_KEYDIR_WIDE_SLOTS (FE_KEYDIR_BUCKET_SIZE / sizeof(uint64_t))
#define FE_KEYDIR_REACH_MAX 15
// A fingerprint has at least so many bits, so that fewer absent keys pass than with a filter.
#define FE_KEYDIR_FINGERPRINT_BITS_MIN 10

typedef struct fe_keydir {
    const uint8_t *buckets; // NULL: none. 64-byte aligned where the caller can.
    uint32_t bucket_count;
    uint8_t position_bits; // Of a slot: block and entry number together.
    uint8_t index_bits;    // Of these, the entry number's.
    uint8_t reach;
    bool is_wide;
} fe_keydir;

// Where an entry stands.
typedef struct fe_entry_place {
    uint32_t block;
    uint32_t index; // In its block.
} fe_entry_place;

// What the keys of a table are, in their order.
typedef struct fe_keydir_keys {
    const uint64_t *hashes; // Of each key once, fe_hash64 of the whole key.
    size_t count;
    const uint32_t *block_entries; // Entries of each block.
    uint32_t block_count;
    // Numbers, counted over the whole table and ascending, of entries that are a further version of
    // the key before.
    const uint32_t *repeats;
    size_t repeat_count;
} fe_keydir_keys;

// About how many bytes the KeyDir of `count` keys has.
size_t fe_keydir_size(size_t count);

// Appends the KeyDir of the keys to `keydir`, or nothing when more hashes are alike than buckets
// within reach can hold. Errors: FERRIC_NO_MEMORY.
ferric_status fe_keydir_build(const fe_keydir_keys *keys, ferric_buffer *keydir);

// Reads a KeyDir's bytes, borrowed as long as it is used. What places it leads to is for the reader
// to check. Errors: FERRIC_CORRUPT, FERRIC_UNSUPPORTED.
ferric_status fe_keydir_init(fe_keydir *keydir, ferric_slice bytes, const char *path);

// ---- Search ----------------------------------------------------------------------------------

static inline uint32_t fe_keydir_bucket(uint32_t bucket_count, uint64_t hash)
{
    return (uint32_t)((hash >> 32) * bucket_count >> 32);
}

// The fingerprint of `hash` where a slot has it. Never 0, for that is an empty slot.
static inline uint64_t fe_keydir_fingerprint(uint32_t position_bits, bool is_wide, uint64_t hash)
{
    uint32_t bits = (is_wide ? 64 : 32) - position_bits;
    uint64_t fingerprint = (hash & UINT32_MAX) >> (bits < 32 ? 32 - bits : 0);

    return (fingerprint + (fingerprint == 0)) << position_bits;
}

static inline void fe_keydir_prefetch(const fe_keydir *keydir, uint64_t hash)
{
    FE_PREFETCH(keydir->buckets +
                (size_t)fe_keydir_bucket(keydir->bucket_count, hash) * FE_KEYDIR_BUCKET_SIZE);
}

// A search for one hash.
typedef struct fe_keydir_search {
    uint64_t fingerprint;
    uint32_t bucket;
    uint32_t ahead;   // Buckets that may follow.
    uint32_t matches; // One bit for each slot of the bucket that agrees and was not given yet.
} fe_keydir_search;

static inline uint32_t fe_keydir_match_narrow(const uint8_t *bucket, uint32_t fingerprint,
                                              uint32_t mask)
{
    // Bits by table and not by shifting: in this form compilers compare four slots at once.
    static const uint32_t bits[FE_KEYDIR_NARROW_SLOTS] = {
        1 << 0, 1 << 1, 1 << 2,  1 << 3,  1 << 4,  1 << 5,  1 << 6,  1 << 7,
        1 << 8, 1 << 9, 1 << 10, 1 << 11, 1 << 12, 1 << 13, 1 << 14, 1 << 15};
    uint32_t found = 0;

    for (size_t i = 0; i < FE_KEYDIR_NARROW_SLOTS; i++)
        found |= (fe_get_u32(bucket + i * sizeof(uint32_t)) & mask) == fingerprint ? bits[i] : 0;
    return found;
}

static inline uint32_t fe_keydir_match_wide(const uint8_t *bucket, uint64_t fingerprint,
                                            uint64_t mask)
{
    uint32_t found = 0;

    for (size_t i = 0; i < FE_KEYDIR_WIDE_SLOTS; i++) {
        uint64_t slot = fe_get_u64(bucket + i * sizeof(uint64_t));
        found |= (uint32_t)((slot & mask) == fingerprint) << i;
    }
    return found;
}

static inline void fe_keydir_match(const fe_keydir *keydir, fe_keydir_search *search)
{
    const uint8_t *bucket = keydir->buckets + (size_t)search->bucket * FE_KEYDIR_BUCKET_SIZE;
    uint64_t mask = ~(uint64_t)0 << keydir->position_bits;

    search->matches =
        FE_UNLIKELY(keydir->is_wide)
            ? fe_keydir_match_wide(bucket, search->fingerprint, mask)
            : fe_keydir_match_narrow(bucket, (uint32_t)search->fingerprint, (uint32_t)mask);
}

static inline void fe_keydir_search_init(const fe_keydir *keydir, uint64_t hash,
                                         fe_keydir_search *search)
{
    search->fingerprint = fe_keydir_fingerprint(keydir->position_bits, keydir->is_wide, hash);
    search->bucket = fe_keydir_bucket(keydir->bucket_count, hash);
    search->ahead = keydir->reach;
    fe_keydir_match(keydir, search);
}

// Whether the bucket's last slot is taken.
static inline bool fe_keydir_is_full(const fe_keydir *keydir, uint32_t bucket)
{
    const uint8_t *end = keydir->buckets + ((size_t)bucket + 1) * FE_KEYDIR_BUCKET_SIZE;

    if (FE_UNLIKELY(keydir->is_wide)) return fe_get_u64(end - sizeof(uint64_t)) != 0;
    return fe_get_u32(end - sizeof(uint32_t)) != 0;
}

// The place where `slot` number `index` of the search's bucket leads.
static inline fe_entry_place fe_keydir_place(const fe_keydir *keydir, uint32_t bucket,
                                             uint32_t index)
{
    const uint8_t *slots = keydir->buckets + (size_t)bucket * FE_KEYDIR_BUCKET_SIZE;
    uint64_t slot = FE_UNLIKELY(keydir->is_wide) ? fe_get_u64(slots + index * sizeof(uint64_t))
                                                 : fe_get_u32(slots + index * sizeof(uint32_t));
    uint64_t position = slot & ~(~(uint64_t)0 << keydir->position_bits);
    uint64_t index_mask = ~(~(uint64_t)0 << keydir->index_bits);

    return (fe_entry_place){.block = (uint32_t)(position >> keydir->index_bits),
                            .index = (uint32_t)(position & index_mask)};
}

// Whether the search is at its end already: what most tables answer that do not have the key.
static inline bool fe_keydir_is_over(const fe_keydir *keydir, const fe_keydir_search *search)
{
    return search->matches == 0 &&
           (search->ahead == 0 || !fe_keydir_is_full(keydir, search->bucket));
}

// The next place where the key may stand; false: there is none any more.
static inline bool fe_keydir_next(const fe_keydir *keydir, fe_keydir_search *search,
                                  fe_entry_place *place)
{
    while (search->matches == 0) {
        if (search->ahead == 0 || !fe_keydir_is_full(keydir, search->bucket)) return false;
        search->ahead--;
        search->bucket = search->bucket + 1 == keydir->bucket_count ? 0 : search->bucket + 1;
        fe_keydir_match(keydir, search);
    }
    *place = fe_keydir_place(keydir, search->bucket, FE_LOWEST_BIT(search->matches));
    search->matches &= search->matches - 1;
    return true;
}

#endif
