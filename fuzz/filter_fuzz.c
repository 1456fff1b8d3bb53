// SPDX-License-Identifier: Apache-2.0
// Filters: any that is taken as valid answers any hash. What the builder makes of the same bytes
// denies none of its keys.
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "format/filter.h"
#include "fuzz.h"

#define PROBE_COUNT 64

const size_t fuzz_fixed_memory = 4096;

static bool probe(ferric_slice bytes)
{
    fe_filter filter;
    uint64_t hash = 0;

    if (fe_filter_init(&filter, bytes, "filter") != FERRIC_OK) return false;
    for (int i = 0; i < PROBE_COUNT; i++) {
        fe_filter_prefetch(&filter, hash);
        (void)fe_filter_may_contain(&filter, hash);
        hash = ~hash * 0x9e3779b97f4a7c15u; // Of both ends, and all over.
    }
    return true;
}

// The first byte is the bits for each key, then come hashes.
static void build(const uint8_t *data, size_t size)
{
    size_t count = (size - 1) / sizeof(uint64_t);
    uint64_t *hashes = malloc(count * sizeof *hashes + 1);
    ferric_buffer bytes = {0};
    fe_filter filter;

    if (hashes == NULL) abort();
    if (count > 0) memcpy(hashes, data + 1, count * sizeof *hashes);
    FUZZ_CHECK(fe_filter_build(hashes, count, 1 + data[0] % 32, &bytes) == FERRIC_OK);
    FUZZ_CHECK(fe_filter_init(&filter, fe_buffer_slice(&bytes), "filter") == FERRIC_OK);
    for (size_t i = 0; i < count; i++)
        FUZZ_CHECK(fe_filter_may_contain(&filter, hashes[i]));
    fe_buffer_deinit(&bytes);
    free(hashes);
}

bool fuzz_run(const uint8_t *data, size_t size)
{
    if (size == 0) return false;
    build(data, size);
    return probe(fe_slice(data, size));
}
