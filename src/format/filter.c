// SPDX-License-Identifier: Apache-2.0
// Builds and checks Bloom filters. docs/format/table.md, "Filter".
#include "format/filter.h"

#include "base/buffer.h"
#include "base/seeded_bug.h"
#include "base/status.h"

#define LINE_BITS (FE_FILTER_LINE_SIZE * 8)
#define VERSION 1

// Probes that give the fewest false positives: ln 2 for each bit in a plain filter, somewhat less
// when the keys of a line crowd.
static uint8_t probes_for(uint32_t bits_per_key)
{
    uint32_t probes = (bits_per_key * 6 + 5) / 10;

    if (probes < 1) probes = 1;
    return (uint8_t)(probes < FE_FILTER_PROBES_MAX ? probes : FE_FILTER_PROBES_MAX);
}

static void set_bits(uint8_t *lines, uint32_t line_count, uint8_t probes, uint64_t hash)
{
    uint8_t *line = lines + fe_filter_line_offset(line_count, hash);
    uint32_t probe = (uint32_t)hash;

    if (FE_SEEDED_BUG(FE_BUG_FILTER_FALSE_NEGATIVE) && hash % 1000 == 0) return;
    for (unsigned i = 0; i < probes; i++) {
        uint32_t bit = probe >> 23;
        line[bit >> 3] |= (uint8_t)(1u << (bit & 7));
        probe = fe_filter_next_probe(probe);
    }
}

ferric_status fe_filter_build(const uint64_t *hashes, size_t count, uint32_t bits_per_key,
                              ferric_buffer *filter)
{
    uint64_t line_count = ((uint64_t)count * bits_per_key + LINE_BITS - 1) / LINE_BITS;
    uint8_t probes = probes_for(bits_per_key);
    size_t size;
    uint8_t *lines;
    ferric_status status;

    if (line_count == 0) line_count = 1;
    if (line_count > UINT32_MAX) line_count = UINT32_MAX;
    size = (size_t)line_count * FE_FILTER_LINE_SIZE;
    status = fe_buffer_reserve(filter, size + FE_FILTER_TRAILER_SIZE);
    if (status != FERRIC_OK) return status;
    lines = (uint8_t *)filter->data + filter->size;
    memset(lines, 0, size + FE_FILTER_TRAILER_SIZE);
    for (size_t i = 0; i < count; i++)
        set_bits(lines, (uint32_t)line_count, probes, hashes[i]);
    lines[size] = probes;
    lines[size + 1] = VERSION;
    filter->size += size + FE_FILTER_TRAILER_SIZE;
    return FERRIC_OK;
}

ferric_status fe_filter_init(fe_filter *filter, ferric_slice bytes, const char *path)
{
    const uint8_t *data = fe_slice_bytes(bytes);
    size_t size;

    if (bytes.size < FE_FILTER_LINE_SIZE + FE_FILTER_TRAILER_SIZE ||
        bytes.size % FE_FILTER_LINE_SIZE != FE_FILTER_TRAILER_SIZE ||
        bytes.size / FE_FILTER_LINE_SIZE > UINT32_MAX) {
        return fe_fail(FERRIC_CORRUPT, "%s: a filter of %zu bytes, which is no number of lines",
                       path, bytes.size);
    }
    size = bytes.size - FE_FILTER_TRAILER_SIZE;
    if (data[size + 1] != VERSION) {
        return fe_fail(FERRIC_UNSUPPORTED, "%s: filter version %u, this library reads %d", path,
                       data[size + 1], VERSION);
    }
    if (data[size] == 0 || data[size] > FE_FILTER_PROBES_MAX || data[size + 2] != 0 ||
        data[size + 3] != 0) {
        return fe_fail(FERRIC_CORRUPT, "%s: a filter with %u probes and %02x%02x behind them", path,
                       data[size], data[size + 2], data[size + 3]);
    }
    filter->lines = data;
    filter->line_count = (uint32_t)(size / FE_FILTER_LINE_SIZE);
    filter->probes = data[size];
    return FERRIC_OK;
}
