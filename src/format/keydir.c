// SPDX-License-Identifier: Apache-2.0
// Builds and checks KeyDirs. docs/format/table.md, "KeyDir".
#include "format/keydir.h"

#include <assert.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/seeded_bug.h"
#include "base/status.h"

#define VERSION 1
#define POSITION_BITS_NARROW_MAX (32 - FE_KEYDIR_FINGERPRINT_BITS_MIN)
#define POSITION_BITS_WIDE_MAX (64 - FE_KEYDIR_FINGERPRINT_BITS_MIN)
#define NUMBER_BITS_MAX 32
// Keys for which a bucket is made: 11 of 16 slots. With 12 a fifth more of the buckets are full and
// send an absent key on to the next line; with 10 half a byte more is spent on each key.
#define NARROW_KEYS_PER_BUCKET 11
#define WIDE_KEYS_PER_BUCKET 5
// How often more buckets are tried when a key finds no place within reach.
#define ATTEMPTS 3

enum {
    SLOT_SIZE_AT = 0,
    POSITION_BITS_AT = 1,
    INDEX_BITS_AT = 2,
    REACH_AT = 3,
    VERSION_AT = 4,
    ZEROS_AT = 5,
};

size_t fe_keydir_size(size_t count)
{
    return (count / NARROW_KEYS_PER_BUCKET + 1) * FE_KEYDIR_BUCKET_SIZE + FE_KEYDIR_TRAILER_SIZE;
}

// ---- Building --------------------------------------------------------------------------------

// A KeyDir in the making.
typedef struct keydir_build {
    const fe_keydir_keys *keys;
    uint8_t *buckets;
    uint8_t *used; // Slots of each bucket.
    uint32_t bucket_count;
    uint32_t slots_per_bucket;
    uint32_t position_bits;
    uint32_t index_bits;
    uint32_t reach;
    bool is_wide;
} keydir_build;

// The bits that tell `count` numbers apart.
static uint32_t bits_for(uint64_t count)
{
    uint32_t bits = 0;

    while (((uint64_t)1 << bits) < count)
        bits++;
    return bits;
}

static void choose_slots(keydir_build *build)
{
    const fe_keydir_keys *keys = build->keys;
    uint32_t entries_max = 0;

    for (uint32_t i = 0; i < keys->block_count; i++) {
        if (keys->block_entries[i] > entries_max) entries_max = keys->block_entries[i];
    }
    build->index_bits = bits_for(entries_max);
    build->position_bits = build->index_bits + bits_for(keys->block_count);
    build->is_wide = build->position_bits > POSITION_BITS_NARROW_MAX;
    build->slots_per_bucket = build->is_wide ? FE_KEYDIR_WIDE_SLOTS : FE_KEYDIR_NARROW_SLOTS;
}

static void put_slot(const keydir_build *build, uint32_t bucket, uint64_t slot)
{
    uint8_t *slots = build->buckets + (size_t)bucket * FE_KEYDIR_BUCKET_SIZE;

    if (build->is_wide) {
        fe_put_u64(slots + build->used[bucket] * sizeof(uint64_t), slot);
    } else {
        fe_put_u32(slots + build->used[bucket] * sizeof(uint32_t), (uint32_t)slot);
    }
    build->used[bucket]++;
}

// False: everything within reach is full.
static bool insert(keydir_build *build, uint64_t hash, uint64_t position)
{
    uint32_t bucket = fe_keydir_bucket(build->bucket_count, hash);
    uint32_t distance = 0;

    if (FE_SEEDED_BUG(FE_BUG_KEYDIR_FALSE_NEGATIVE) && hash % 100 == 0) return true;
    if (FE_SEEDED_BUG(FE_BUG_KEYDIR_OFF_BY_ONE) && hash % 100 == 0) position++;
    while (FE_UNLIKELY(build->used[bucket] == build->slots_per_bucket)) {
        if (++distance > FE_KEYDIR_REACH_MAX || distance == build->bucket_count) return false;
        bucket = bucket + 1 == build->bucket_count ? 0 : bucket + 1;
    }
    if (distance > build->reach) build->reach = distance;
    put_slot(build, bucket,
             fe_keydir_fingerprint(build->position_bits, build->is_wide, hash) | position);
    return true;
}

// Goes through all entries; a key is entered at its first, which is its newest.
static bool insert_all(keydir_build *build)
{
    const fe_keydir_keys *keys = build->keys;
    size_t key = 0;
    size_t repeat = 0;
    uint32_t entry = 0;

    for (uint32_t block = 0; block < keys->block_count; block++) {
        for (uint32_t i = 0; i < keys->block_entries[block]; i++, entry++) {
            if (FE_UNLIKELY(repeat < keys->repeat_count && keys->repeats[repeat] == entry)) {
                repeat++;
                continue;
            }
            if (!insert(build, keys->hashes[key++], (uint64_t)block << build->index_bits | i))
                return false;
        }
    }
    assert(key == keys->count && repeat == keys->repeat_count);
    return true;
}

static void put_trailer(const keydir_build *build, uint8_t *trailer)
{
    memset(trailer, 0, FE_KEYDIR_TRAILER_SIZE);
    trailer[SLOT_SIZE_AT] = (uint8_t)(build->is_wide ? sizeof(uint64_t) : sizeof(uint32_t));
    trailer[POSITION_BITS_AT] = (uint8_t)build->position_bits;
    trailer[INDEX_BITS_AT] = (uint8_t)build->index_bits;
    trailer[REACH_AT] = (uint8_t)build->reach;
    trailer[VERSION_AT] = VERSION;
}

// One attempt with the bucket count chosen. *is_built false: some key found no place.
static ferric_status try_build(keydir_build *build, ferric_buffer *keydir, bool *is_built)
{
    size_t size = (size_t)build->bucket_count * FE_KEYDIR_BUCKET_SIZE;
    ferric_status status = fe_buffer_reserve(keydir, size + FE_KEYDIR_TRAILER_SIZE);

    *is_built = false;
    if (status != FERRIC_OK) return status;
    build->used = fe_alloc_zero(build->bucket_count, sizeof *build->used);
    if (build->used == NULL) return fe_no_memory("a KeyDir", build->bucket_count);
    build->buckets = (uint8_t *)keydir->data + keydir->size;
    build->reach = 0;
    memset(build->buckets, 0, size);
    *is_built = insert_all(build);
    if (*is_built) {
        put_trailer(build, build->buckets + size);
        keydir->size += size + FE_KEYDIR_TRAILER_SIZE;
    }
    fe_free(build->used);
    return FERRIC_OK;
}

ferric_status fe_keydir_build(const fe_keydir_keys *keys, ferric_buffer *keydir)
{
    keydir_build build = {.keys = keys};
    uint64_t bucket_count;
    bool is_built = false;
    ferric_status status = FERRIC_OK;

    choose_slots(&build);
    if (build.position_bits > POSITION_BITS_WIDE_MAX) return FERRIC_OK;
    bucket_count =
        keys->count / (build.is_wide ? WIDE_KEYS_PER_BUCKET : NARROW_KEYS_PER_BUCKET) + 1;
    for (int i = 0; i < ATTEMPTS && !is_built && status == FERRIC_OK; i++) {
        if (bucket_count > UINT32_MAX) return FERRIC_OK;
        build.bucket_count = (uint32_t)bucket_count;
        status = try_build(&build, keydir, &is_built);
        bucket_count += bucket_count / 4 + 1;
    }
    return status;
}

// ---- Reading ---------------------------------------------------------------------------------

static bool is_possible(const uint8_t *trailer, size_t bucket_count)
{
    bool is_wide = trailer[SLOT_SIZE_AT] == sizeof(uint64_t);
    uint32_t position_bits = trailer[POSITION_BITS_AT];
    uint32_t index_bits = trailer[INDEX_BITS_AT];

    if (!is_wide && trailer[SLOT_SIZE_AT] != sizeof(uint32_t)) return false;
    if (position_bits > (is_wide ? POSITION_BITS_WIDE_MAX : POSITION_BITS_NARROW_MAX)) return false;
    if (index_bits > position_bits || index_bits > NUMBER_BITS_MAX ||
        position_bits - index_bits > NUMBER_BITS_MAX) {
        return false;
    }
    if (trailer[REACH_AT] > FE_KEYDIR_REACH_MAX || trailer[REACH_AT] >= bucket_count) return false;
    return trailer[ZEROS_AT] == 0 && trailer[ZEROS_AT + 1] == 0 && trailer[ZEROS_AT + 2] == 0;
}

ferric_status fe_keydir_init(fe_keydir *keydir, ferric_slice bytes, const char *path)
{
    size_t bucket_count = bytes.size / FE_KEYDIR_BUCKET_SIZE;
    const uint8_t *trailer;

    if (bucket_count == 0 || bucket_count > UINT32_MAX ||
        bytes.size % FE_KEYDIR_BUCKET_SIZE != FE_KEYDIR_TRAILER_SIZE) {
        return fe_fail(FERRIC_CORRUPT, "%s: a KeyDir of %zu bytes, which is no number of buckets",
                       path, bytes.size);
    }
    trailer = fe_slice_bytes(bytes) + bucket_count * FE_KEYDIR_BUCKET_SIZE;
    if (trailer[VERSION_AT] != VERSION) {
        return fe_fail(FERRIC_UNSUPPORTED, "%s: KeyDir version %u, this library reads %d", path,
                       trailer[VERSION_AT], VERSION);
    }
    if (!is_possible(trailer, bucket_count)) {
        return fe_fail(FERRIC_CORRUPT,
                       "%s: a KeyDir with slots of %u bytes, %u bits of position, of these %u of "
                       "entry number, and a reach of %u",
                       path, trailer[SLOT_SIZE_AT], trailer[POSITION_BITS_AT],
                       trailer[INDEX_BITS_AT], trailer[REACH_AT]);
    }
    *keydir = (fe_keydir){
        .buckets = fe_slice_bytes(bytes),
        .bucket_count = (uint32_t)bucket_count,
        .position_bits = trailer[POSITION_BITS_AT],
        .index_bits = trailer[INDEX_BITS_AT],
        .reach = trailer[REACH_AT],
        .is_wide = trailer[SLOT_SIZE_AT] == sizeof(uint64_t),
    };
    return FERRIC_OK;
}
