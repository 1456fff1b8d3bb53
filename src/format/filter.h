// SPDX-License-Identifier: Apache-2.0
// A Bloom filter whose bits for one key all stand in one 64-byte line, so that a probe costs one
// cache miss (Putze, Sanders, Singler, "Cache-, Hash- and Space-Efficient Bloom Filters", 2007).
// docs/format/table.md. Hash: fe_hash64 of the whole key.
//
// The high half of the hash chooses the line, the low half the bits: for each probe its 9 highest
// bits number a bit of the line, and a multiplication by the golden ratio gives the next probe's.
#ifndef FERRIC_FORMAT_FILTER_H
#define FERRIC_FORMAT_FILTER_H

#include <ferric/ferric.h>

#include "base/coding.h"
#include "base/compiler.h"

#define FE_FILTER_LINE_SIZE 64
#define FE_FILTER_TRAILER_SIZE 4
#define FE_FILTER_PROBES_MAX 16

typedef struct fe_filter {
    const uint8_t *lines; // 64-byte aligned where the caller can.
    uint32_t line_count;
    uint8_t probes;
} fe_filter;

// Appends the filter of `count` hashes (duplicates allowed) with about `bits_per_key` bits each to
// `filter`: lines, then probes u8, version u8, two zero bytes. Errors: FERRIC_NO_MEMORY.
ferric_status fe_filter_build(const uint64_t *hashes, size_t count, uint32_t bits_per_key,
                              ferric_buffer *filter);

// Reads a filter's bytes, borrowed as long as it is used. Errors: FERRIC_CORRUPT,
// FERRIC_UNSUPPORTED.
ferric_status fe_filter_init(fe_filter *filter, ferric_slice bytes, const char *path);

static inline size_t fe_filter_line_offset(uint32_t line_count, uint64_t hash)
{
    return (size_t)((hash >> 32) * line_count >> 32) * FE_FILTER_LINE_SIZE;
}

static inline uint32_t fe_filter_next_probe(uint32_t probe)
{
    return probe * 0x9e3779b9u;
}

// False: the key is not there. Never false for a key that is. All probes are looked at: leaving
// early costs a misprediction, which is dearer than loads from a line that is there.
static inline bool fe_filter_may_contain(const fe_filter *filter, uint64_t hash)
{
    const uint8_t *line = filter->lines + fe_filter_line_offset(filter->line_count, hash);
    uint32_t probe = (uint32_t)hash;
    uint32_t found = 1;

    for (unsigned i = 0; i < filter->probes; i++) {
        uint32_t bit = probe >> 23;
        found &= (uint32_t)line[bit >> 3] >> (bit & 7);
        probe = fe_filter_next_probe(probe);
    }
    return found & 1;
}

static inline void fe_filter_prefetch(const fe_filter *filter, uint64_t hash)
{
    FE_PREFETCH(filter->lines + fe_filter_line_offset(filter->line_count, hash));
}

#endif
