// SPDX-License-Identifier: Apache-2.0
// A Bloom filter whose bits for one key all stand in one 64-byte line, so that a probe costs one
// cache miss (Putze, Sanders, Singler, "Cache-, Hash- and Space-Efficient Bloom Filters", 2007).
// docs/format/table.md. Hash: fe_hash64 of the whole key.
#ifndef FERRIC_FORMAT_FILTER_H
#define FERRIC_FORMAT_FILTER_H

#include <ferric/ferric.h>

#define FE_FILTER_LINE_SIZE 64

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

// False: the key is not there. Never false for a key that is.
bool fe_filter_may_contain(const fe_filter *filter, uint64_t hash);
void fe_filter_prefetch(const fe_filter *filter, uint64_t hash);

#endif
