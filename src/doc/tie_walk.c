// SPDX-License-Identifier: Apache-2.0
// Equal values from their end; see tie_walk.h.
#include "doc/tie_walk.h"

#include "base/buffer.h"
#include "base/memory.h"
#include "base/seeded_bug.h"
#include "base/status.h"
#include "doc/index_entry.h"
#include "doc/index_key.h"

// So many are gathered. Walking over them twice costs less than to begin a second walk.
#define GATHERED_MAX 32

typedef struct fe_tie {
    size_t begin; // In `bytes`.
    size_t key_size;
    size_t value_size;
} fe_tie;

void fe_tie_walk_init(fe_tie_walk *ties, fe_range_walk *walk, fe_arena *arena)
{
    *ties = (fe_tie_walk){.walk = walk, .arena = arena};
}

void fe_tie_walk_deinit(fe_tie_walk *ties)
{
    fe_buffer_deinit(&ties->values);
    fe_buffer_deinit(&ties->bytes);
    fe_range_walk_deinit(&ties->back);
    *ties = (fe_tie_walk){0};
}

static bool is_equal(const fe_tie_walk *ties, const fe_entry *entry)
{
    return fe_slice_has_prefix(fe_user_key(entry), fe_buffer_slice(&ties->values));
}

static ferric_status gather(fe_tie_walk *ties, const fe_entry *entry)
{
    fe_tie *tie = &ties->gathered[ties->count];
    ferric_status status;

    *tie = (fe_tie){ties->bytes.size, entry->key.size, entry->value.size};
    status = fe_buffer_append(&ties->bytes, entry->key.data, entry->key.size);
    if (status == FERRIC_OK) {
        status = fe_buffer_append(&ties->bytes, entry->value.data, entry->value.size);
    }
    if (status == FERRIC_OK) ties->count++;
    return status;
}

// Learns what the entries that begin with this one have in common.
static ferric_status begin_values(fe_tie_walk *ties, const fe_entry *entry)
{
    ferric_slice key = fe_user_key(entry);
    ferric_slice id;
    size_t size;
    ferric_status status = fe_index_entry_id(key, entry->value, &id, &size);

    if (status == FERRIC_OK && ties->gathered == NULL) {
        ties->gathered = fe_arena_alloc(ties->arena, GATHERED_MAX * sizeof *ties->gathered);
        if (ties->gathered == NULL) return fe_no_memory("index entries", GATHERED_MAX);
    }
    ties->count = 0;
    fe_buffer_clear(&ties->bytes);
    return status == FERRIC_OK ? fe_buffer_assign(&ties->values, fe_slice(key.data, size)) : status;
}

static ferric_status begin_back(fe_tie_walk *ties)
{
    const fe_range_walk *walk = ties->walk;

    ties->count = 0;
    ties->is_long = true;
    ties->range.lower = fe_buffer_slice(&ties->values);
    ties->ranges = (fe_index_ranges){.ranges = &ties->range, .count = 1};
    fe_range_walk_init(&ties->back, walk->state, walk->keyspace, &ties->ranges, !walk->is_reverse);
    return fe_bytes_behind(ties->range.lower, ties->arena, &ties->range.upper);
}

// Takes the entries of the next values from the walk. At its end there are none.
static ferric_status take_values(fe_tie_walk *ties)
{
    ferric_status status = FERRIC_OK;
    const fe_entry *entry = ties->ahead;

    ties->ahead = NULL;
    if (entry == NULL) entry = fe_range_walk_next(ties->walk, &status);
    if (entry != NULL) status = begin_values(ties, entry);
    while (entry != NULL && status == FERRIC_OK && is_equal(ties, entry)) {
        if (ties->count == GATHERED_MAX) return begin_back(ties);
        status = gather(ties, entry);
        if (status == FERRIC_OK) entry = fe_range_walk_next(ties->walk, &status);
    }
    ties->ahead = entry;
    return status;
}

// Moves the walk past what `back` has given.
static ferric_status pass_values(fe_tie_walk *ties)
{
    const fe_entry *entry;
    ferric_status status;

    fe_range_walk_deinit(&ties->back);
    ties->is_long = false;
    do {
        entry = fe_range_walk_next(ties->walk, &status);
    } while (entry != NULL && is_equal(ties, entry) && !FE_SEEDED_BUG(FE_BUG_LONG_TIE_REPEATED));
    ties->ahead = entry;
    return status;
}

static const fe_entry *give_last(fe_tie_walk *ties)
{
    const fe_tie *tie = &ties->gathered[--ties->count];
    const uint8_t *bytes = (const uint8_t *)ties->bytes.data + tie->begin;

    ties->entry = (fe_entry){.key = fe_slice(bytes, tie->key_size),
                             .value = fe_slice(bytes + tie->key_size, tie->value_size)};
    return &ties->entry;
}

const fe_entry *fe_tie_walk_next(fe_tie_walk *ties, ferric_status *status)
{
    *status = FERRIC_OK;
    for (;;) {
        if (ties->count > 0) return give_last(ties);
        if (ties->is_long) {
            const fe_entry *entry = fe_range_walk_next(&ties->back, status);
            if (entry != NULL || *status != FERRIC_OK) return entry;
            *status = pass_values(ties);
            if (*status != FERRIC_OK || ties->ahead == NULL) return NULL;
        }
        *status = take_values(ties);
        if (*status != FERRIC_OK || (ties->count == 0 && !ties->is_long)) return NULL;
    }
}
