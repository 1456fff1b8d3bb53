// SPDX-License-Identifier: Apache-2.0
// KeyDirs: any that is taken as valid answers any hash, in a bounded number of steps. What the
// builder makes of the same bytes leads to each of its keys.
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "format/keydir.h"
#include "fuzz.h"

#define PROBE_COUNT 64
#define BLOCK_ENTRIES_MAX 64
#define PLACES_MAX ((FE_KEYDIR_REACH_MAX + 1) * FE_KEYDIR_NARROW_SLOTS)

const size_t fuzz_fixed_memory = 4096;

// Whether a search for the hash gives the place.
static bool leads_to(const fe_keydir *keydir, uint64_t hash, fe_entry_place expected)
{
    fe_keydir_search search;
    fe_entry_place place;
    uint32_t places = 0;
    bool is_there = false;

    fe_keydir_prefetch(keydir, hash);
    fe_keydir_search_init(keydir, hash, &search);
    while (fe_keydir_next(keydir, &search, &place)) {
        FUZZ_CHECK(++places <= PLACES_MAX);
        if (place.block == expected.block && place.index == expected.index) is_there = true;
    }
    return is_there;
}

static bool probe(ferric_slice bytes)
{
    fe_keydir keydir;
    uint64_t hash = 0;

    if (fe_keydir_init(&keydir, bytes, "KeyDir") != FERRIC_OK) return false;
    for (int i = 0; i < PROBE_COUNT; i++) {
        (void)leads_to(&keydir, hash, (fe_entry_place){0, 0});
        hash = ~hash * 0x9e3779b97f4a7c15u; // Of both ends, and all over.
    }
    return true;
}

static void check_all(const fe_keydir_keys *keys, uint32_t block_entries, ferric_slice bytes)
{
    fe_keydir keydir;

    FUZZ_CHECK(fe_keydir_init(&keydir, bytes, "KeyDir") == FERRIC_OK);
    for (uint32_t i = 0; i < keys->count; i++) {
        fe_entry_place place = {i / block_entries, i % block_entries};
        FUZZ_CHECK(leads_to(&keydir, keys->hashes[i], place));
    }
}

// The first byte is the entries of each block, then come hashes.
static void build(const uint8_t *data, size_t size)
{
    size_t count = (size - 1) / sizeof(uint64_t);
    uint32_t block_entries = 1 + data[0] % BLOCK_ENTRIES_MAX;
    uint32_t block_count = (uint32_t)((count + block_entries - 1) / block_entries);
    uint64_t *hashes = malloc(count * sizeof *hashes + 1);
    uint32_t *entries = malloc(((size_t)block_count + 1) * sizeof *entries);
    fe_keydir_keys keys = {
        .hashes = hashes, .count = count, .block_entries = entries, .block_count = block_count};
    ferric_buffer bytes = {0};

    if (hashes == NULL || entries == NULL) abort();
    if (count > 0) memcpy(hashes, data + 1, count * sizeof *hashes);
    for (uint32_t i = 0; i < block_count; i++) {
        size_t left = count - (size_t)i * block_entries;
        entries[i] = left < block_entries ? (uint32_t)left : block_entries;
    }
    FUZZ_CHECK(fe_keydir_build(&keys, &bytes) == FERRIC_OK);
    if (bytes.size > 0) check_all(&keys, block_entries, fe_buffer_slice(&bytes));
    fe_buffer_deinit(&bytes);
    free(hashes);
    free(entries);
}

bool fuzz_run(const uint8_t *data, size_t size)
{
    if (size == 0) return false;
    build(data, size);
    return probe(fe_slice(data, size));
}
