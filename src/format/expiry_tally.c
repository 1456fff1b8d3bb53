// SPDX-License-Identifier: Apache-2.0
// The histogram of remaining life.
#include "format/expiry_tally.h"

#include <string.h>

#define STEP_BITS 3
#define STEPS_PER_OCTAVE (1u << STEP_BITS)

static uint32_t highest_bit(uint64_t value)
{
    uint32_t bit = 0;
    while (value >>= 1)
        bit++;
    return bit;
}

// Lives below 8 have a step each; then a step is an eighth of its power of two.
static uint32_t step_of(uint64_t life)
{
    uint32_t octave;

    if (life < STEPS_PER_OCTAVE) return (uint32_t)life;
    octave = highest_bit(life) - STEP_BITS;
    return (octave + 1) * STEPS_PER_OCTAVE + ((uint32_t)(life >> octave) & (STEPS_PER_OCTAVE - 1));
}

// The longest life of a step.
static uint64_t step_end(uint32_t step)
{
    uint32_t octave;

    if (step < STEPS_PER_OCTAVE) return step;
    octave = step / STEPS_PER_OCTAVE - 1;
    return ((((uint64_t)STEPS_PER_OCTAVE + step % STEPS_PER_OCTAVE) + 1) << octave) - 1;
}

void fe_expiry_tally_init(fe_expiry_tally *tally, uint64_t begin_ms)
{
    memset(tally, 0, sizeof *tally);
    tally->begin_ms = begin_ms;
}

void fe_expiry_tally_add(fe_expiry_tally *tally, const fe_entry *entry, uint64_t value_bytes)
{
    uint64_t bytes = entry->key.size + entry->value.size + value_bytes;
    uint64_t expiry = fe_entry_expiry(entry);
    fe_expiry_summary *summary = &tally->summary;

    tally->bytes += bytes;
    if (expiry == FE_EXPIRY_NEVER) return;
    if (summary->entries == 0 || expiry < summary->earliest_ms) summary->earliest_ms = expiry;
    if (expiry > summary->latest_ms) summary->latest_ms = expiry;
    summary->entries++;
    tally->step_bytes[step_of(expiry > tally->begin_ms ? expiry - tally->begin_ms : 0)] += bytes;
}

fe_expiry_summary fe_expiry_tally_finish(const fe_expiry_tally *tally)
{
    fe_expiry_summary summary = tally->summary;
    uint64_t expired = 0;

    if (summary.entries == 0) return summary;
    for (uint32_t step = 0; step < FE_EXPIRY_STEP_COUNT; step++) {
        uint64_t end_ms = tally->begin_ms + step_end(step);
        expired += tally->step_bytes[step];
        if (expired == 0 || expired < tally->bytes / FE_EXPIRY_DUE_PART) continue;
        summary.due_ms = end_ms < summary.latest_ms ? end_ms : summary.latest_ms;
        break;
    }
    return summary;
}
