// SPDX-License-Identifier: Apache-2.0
// Point lookups in a view, one or many at a time.
#include "lsm/lookup.h"

#include <assert.h>

#include "base/seeded_bug.h"
#include "lsm/range_cover.h"

// ---- Candidates ------------------------------------------------------------------------------

static bool covers(const fe_table_file *file, ferric_slice key)
{
    return fe_slice_compare(file->smallest_key, key) <= 0 &&
           fe_slice_compare(file->largest_key, key) >= 0;
}

// The next table, newest data first, whose key range has the key; NULL behind the last.
static inline fe_table_file *next_table(const fe_version *version, uint64_t sequence,
                                        fe_lookup *lookup)
{
    const fe_level *level0 = &version->levels[0];

    while (lookup->level_index < level0->count) {
        uint32_t index = lookup->level_index++;
        fe_table_file *file;
        if (FE_SEEDED_BUG(FE_BUG_LEVEL0_OLDEST_FIRST)) index = level0->count - 1 - index;
        file = level0->files[index];
        if (file->smallest_sequence <= sequence && covers(file, lookup->key)) return file;
    }
    while (++lookup->level < version->level_end) {
        const fe_level *level = &version->levels[lookup->level];
        fe_table_file *file = level->count == 0 ? NULL : fe_version_find(level, lookup->key);
        if (file != NULL && file->smallest_sequence <= sequence) return file;
    }
    return NULL;
}

// Gathers candidates and asks for the memory that each is examined in first.
static inline void gather(const fe_version *version, uint64_t sequence, fe_lookup *lookup)
{
    lookup->file_count = 0;
    while (lookup->file_count < FE_LOOKUP_TABLES_MAX) {
        fe_table_file *file = next_table(version, sequence, lookup);
        if (file == NULL) return;
        fe_table_cache_prefetch(file, lookup->hash);
        lookup->files[lookup->file_count++] = file;
    }
}

// Returns whether anything in the view deletes ranges.
static inline bool begin(const fe_view *view, uint64_t sequence, fe_lookup *lookup)
{
    bool has_ranges = view->version->has_ranges;

    lookup->status = FERRIC_OK;
    lookup->found.block = NULL;
    lookup->found.is_found = false;
    lookup->level = 0;
    lookup->level_index = 0;
    lookup->approach.open = NULL;
    for (uint32_t i = 0; i < view->memtable_count; i++) {
        const fe_live_memtable *live = view->memtables[i];
        fe_memtable_prefetch(live->memtable, lookup->hash);
        has_ranges |= !fe_range_tree_is_empty(live->ranges);
    }
    gather(view->version, sequence, lookup);
    return has_ranges;
}

// ---- Examining -------------------------------------------------------------------------------

static inline void find_in_memtables(const fe_view *view, uint64_t sequence, fe_lookup *lookup)
{
    fe_found *found = &lookup->found;

    for (uint32_t i = 0; i < view->memtable_count && !found->is_found; i++) {
        found->is_found = fe_memtable_get(view->memtables[i]->memtable, lookup->key, lookup->hash,
                                          sequence, &found->entry);
    }
}

static inline void examine_gathered(fe_table_cache *tables, uint64_t sequence, fe_lookup *lookup)
{
    fe_found *found = &lookup->found;

    for (uint32_t i = 0; i < lookup->file_count; i++) {
        lookup->status =
            fe_table_cache_get(tables, lookup->files[i], lookup->key, lookup->hash, sequence,
                               &found->is_found, &found->entry, &found->block);
        if (found->is_found || lookup->status != FERRIC_OK) return;
    }
}

static inline void find_in_tables(const fe_view *view, uint64_t sequence, fe_lookup *lookup)
{
    const fe_version *version = view->version;

    while (lookup->file_count > 0) {
        examine_gathered(version->tables, sequence, lookup);
        if (lookup->found.is_found || lookup->status != FERRIC_OK) return;
        gather(version, sequence, lookup);
    }
}

// ---- Range deletes ---------------------------------------------------------------------------

// Takes back what was found when a range delete hides it. An entry that could not be read is looked
// at no more: its failure stays.
static FE_NOINLINE void hide_deleted(const fe_view *view, uint64_t sequence, fe_lookup *lookup)
{
    fe_range_cover cover;

    if (!lookup->found.is_found || FE_SEEDED_BUG(FE_BUG_GET_SEES_DELETED_RANGE)) return;
    lookup->status = fe_view_cover(view, lookup->key, sequence, &cover);
    if (lookup->status != FERRIC_OK || cover.sequence > lookup->found.entry.sequence) {
        lookup->found.is_found = false;
        lookup->found.block = NULL;
    }
}

ferric_status fe_view_find(const fe_view *view, ferric_slice key, uint64_t hash, uint64_t sequence,
                           fe_found *found)
{
    fe_lookup lookup;
    bool has_ranges;

    lookup.key = key;
    lookup.hash = hash;
    has_ranges = begin(view, sequence, &lookup);
    find_in_memtables(view, sequence, &lookup);
    if (!lookup.found.is_found) find_in_tables(view, sequence, &lookup);
    if (FE_UNLIKELY(has_ranges)) hide_deleted(view, sequence, &lookup);
    *found = lookup.found;
    return lookup.status;
}

// ---- Many ------------------------------------------------------------------------------------

// Finds the first table that may have the key.
static void approach(fe_lookup *lookup)
{
    for (uint32_t i = 0; i < lookup->file_count; i++) {
        if (fe_table_approach_begin(lookup->files[i], lookup->hash, &lookup->approach)) return;
    }
}

void fe_view_find_many(const fe_view *view, uint64_t sequence, fe_lookup *lookups, size_t count)
{
    assert(count <= FE_LOOKUP_WIDTH);
    for (size_t i = 0; i < count; i++)
        begin(view, sequence, &lookups[i]);
    for (size_t i = 0; i < count; i++) {
        for (uint32_t m = 0; m < view->memtable_count; m++)
            fe_memtable_approach(view->memtables[m]->memtable, lookups[i].hash);
    }
    for (size_t i = 0; i < count; i++) {
        find_in_memtables(view, sequence, &lookups[i]);
        if (!lookups[i].found.is_found) approach(&lookups[i]);
    }
    for (size_t i = 0; i < count; i++)
        fe_table_approach_block(&lookups[i].approach);
    for (size_t i = 0; i < count; i++)
        fe_table_approach_entry(&lookups[i].approach);
    for (size_t i = 0; i < count; i++) {
        if (!lookups[i].found.is_found) find_in_tables(view, sequence, &lookups[i]);
    }
    if (!fe_view_has_ranges(view)) return;
    for (size_t i = 0; i < count; i++)
        hide_deleted(view, sequence, &lookups[i]);
}
