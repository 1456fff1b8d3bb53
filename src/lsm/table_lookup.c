// SPDX-License-Identifier: Apache-2.0
// Point reads of one table: by its KeyDir straight to the entry, else by filter, index and block.
//
// A KeyDir leads to the newest version of a key. Who asks for an older one, at a snapshot, goes on
// by the index, as does everybody where no KeyDir is loaded.
#include <inttypes.h>

#include "base/status.h"
#include "lsm/open_table.h"

// Lines that are fetched of an entry before its place is known: what most keys with their values
// take, and the beginning of others.
#define GUESSED_LINES 3

// ---- Blocks ----------------------------------------------------------------------------------

static inline void prefetch_slot(const fe_cached_block *cached, uint32_t index)
{
    FE_PREFETCH((const uint8_t *)(cached + 1) + (size_t)index * sizeof(fe_block_slot));
}

// Begins to fetch where entry `index` should be: right in the place when all entries of the block
// have one size, and near it else. What precedes the entries, the prefix of their keys, is in the
// stride, so a guess is ahead of its entry by that at most.
static inline void prefetch_guess(const fe_cached_block *cached, const fe_block_seat *seat,
                                  uint32_t index)
{
    // A number, not a pointer: a KeyDir that lies leads anywhere.
    uintptr_t at =
        (uintptr_t)cached + seat->content_at + (uintptr_t)((uint64_t)index * seat->stride / 64);

    for (uintptr_t i = 0; i < GUESSED_LINES; i++)
        FE_PREFETCH((const void *)(at + i * FE_CACHE_LINE));
}

ferric_status fe_open_table_block(fe_open_table *open, uint32_t block, fe_block_reader *reader,
                                  bool fill, fe_cached_block **cached, bool *was_cached)
{
    fe_block_home *home = &open->seats[block].home;

    *cached = fill ? fe_block_cache_find(home) : fe_block_cache_peek(home);
    if (was_cached != NULL) *was_cached = *cached != NULL;
    if (FE_LIKELY(*cached != NULL)) {
        fe_cached_block_fetch_slots(*cached);
        return FERRIC_OK;
    }
    return fe_block_cache_load(open->blocks, open->table, block, reader, fill, home, cached);
}

// ---- By the index ----------------------------------------------------------------------------

static ferric_status find_by_index(fe_open_table *open, ferric_slice key, uint64_t sequence,
                                   bool *found, fe_entry *entry, fe_cached_block **cached)
{
    uint32_t block = fe_table_find_block(open->table, key, sequence);
    fe_block_entry inside;
    bool was_cached;
    ferric_status status;

    if (FE_UNLIKELY(block == open->block_count)) {
        fe_tally_add(open->tally, FE_TABLE_BEHIND, 1);
        return FERRIC_OK;
    }
    status = fe_open_table_block(open, block, NULL, true, cached, &was_cached);
    if (status != FERRIC_OK) return status;
    fe_tally_add(open->tally, was_cached ? FE_TABLE_HIT : FE_TABLE_MISSED, 1);
    *found = fe_block_find(fe_cached_block_view(*cached), key, sequence, &inside);
    if (!*found) return FERRIC_OK;
    *entry = (fe_entry){
        .key = key, .value = inside.value, .sequence = inside.sequence, .kind = inside.kind};
    return FERRIC_OK;
}

static ferric_status find_by_filter(fe_open_table *open, ferric_slice key, uint64_t hash,
                                    uint64_t sequence, bool *found, fe_entry *entry,
                                    fe_cached_block **cached)
{
    if (!fe_table_may_contain(open->table, hash)) {
        fe_tally_add(open->tally, FE_TABLE_REJECTED, 1);
        return FERRIC_OK;
    }
    if (FE_UNLIKELY(!fe_table_has_filter(open->table)))
        fe_tally_add(open->tally, FE_TABLE_WITHOUT_FILTER, 1);
    return find_by_index(open, key, sequence, found, entry, cached);
}

// ---- By the KeyDir ---------------------------------------------------------------------------

static FE_NOINLINE void refuse_place(const fe_open_table *open, fe_entry_place place)
{
    (void)fe_fail(FERRIC_CORRUPT,
                  "%s: the KeyDir leads to entry %" PRIu32 " of block %" PRIu32
                  ", which is not there",
                  fe_table_path(open->table), place.index, place.block);
}

// Reads the entry at a place that the KeyDir names.
static inline ferric_status read_place(fe_open_table *open, fe_entry_place place,
                                       fe_cached_block **cached, bool *was_cached,
                                       fe_block_entry *inside)
{
    fe_block_seat *seat;
    const fe_block *view;
    ferric_status status;

    if (FE_UNLIKELY(place.block >= open->block_count)) {
        refuse_place(open, place);
        return FERRIC_CORRUPT;
    }
    seat = &open->seats[place.block];
    *cached = fe_block_cache_peek(&seat->home);
    *was_cached = *cached != NULL;
    if (FE_LIKELY(*cached != NULL)) {
        prefetch_slot(*cached, place.index);
        FE_PREFETCH(*cached);
        FE_PREFETCH(&(*cached)->holds); // For who pins it: the addition would wait for it alone.
        prefetch_guess(*cached, seat, place.index);
        fe_block_cache_mark(*cached);
    } else {
        status = fe_block_cache_load(open->blocks, open->table, place.block, NULL, true,
                                     &seat->home, cached);
        if (status != FERRIC_OK) return status;
    }
    view = fe_cached_block_view(*cached);
    FE_PREFETCH(view->data); // The prefix, which is compared after the rest.
    if (FE_UNLIKELY(place.index >= view->count)) {
        *cached = NULL;
        refuse_place(open, place);
        return FERRIC_CORRUPT;
    }
    fe_block_entry_at(view, place.index, inside);
    return FERRIC_OK;
}

// Goes on with a search that is not over.
static FE_NOINLINE ferric_status find_by_keydir(fe_open_table *open, fe_keydir_search search,
                                                ferric_slice key, uint64_t sequence, bool *found,
                                                fe_entry *entry, fe_cached_block **cached)
{
    unsigned counter = FE_TABLE_REJECTED;
    fe_entry_place place;

    while (fe_keydir_next(&open->keydir, &search, &place)) {
        fe_block_entry inside;
        bool was_cached;
        ferric_status status = read_place(open, place, cached, &was_cached, &inside);
        if (FE_UNLIKELY(status != FERRIC_OK)) return status;
        counter = was_cached ? FE_TABLE_HIT : FE_TABLE_MISSED;
        if (FE_UNLIKELY(!fe_block_entry_has_key(fe_cached_block_view(*cached), &inside, key)))
            continue;
        if (FE_UNLIKELY(inside.sequence > sequence))
            return find_by_index(open, key, sequence, found, entry, cached);
        *entry = (fe_entry){
            .key = key, .value = inside.value, .sequence = inside.sequence, .kind = inside.kind};
        *found = true;
        break;
    }
    fe_tally_add(open->tally, counter, 1);
    return FERRIC_OK;
}

// ---- Either ----------------------------------------------------------------------------------

// Where the table is not open yet, or has no KeyDir.
static FE_NOINLINE ferric_status find_slowly(fe_table_cache *cache, fe_table_file *file,
                                             ferric_slice key, uint64_t hash, uint64_t sequence,
                                             bool *found, fe_entry *entry, fe_cached_block **block)
{
    fe_open_table *open;
    fe_keydir_search search;
    ferric_status status = fe_open_table_find(cache, file, &open);

    if (FE_UNLIKELY(status != FERRIC_OK)) return status;
    if (open->keydir.buckets == NULL)
        return find_by_filter(open, key, hash, sequence, found, entry, block);
    fe_keydir_search_init(&open->keydir, hash, &search);
    return find_by_keydir(open, search, key, sequence, found, entry, block);
}

// Most tables that are asked do not have the key: their answer comes without the rest.
ferric_status fe_table_cache_get(fe_table_cache *cache, fe_table_file *file, ferric_slice key,
                                 uint64_t hash, uint64_t sequence, bool *found, fe_entry *entry,
                                 fe_cached_block **block)
{
    // Pairs with the release in publish.
    fe_open_table *open = atomic_load_explicit(&file->open, memory_order_acquire);
    fe_keydir_search search;

    *found = false;
    *block = NULL;
    if (FE_UNLIKELY(open == NULL || open->keydir.buckets == NULL))
        return find_slowly(cache, file, key, hash, sequence, found, entry, block);
    fe_open_table_mark(open);
    fe_keydir_search_init(&open->keydir, hash, &search);
    if (fe_keydir_is_over(&open->keydir, &search)) {
        fe_tally_add(open->tally, FE_TABLE_REJECTED, 1);
        return FERRIC_OK;
    }
    return find_by_keydir(open, search, key, sequence, found, entry, block);
}

void fe_table_cache_prefetch(fe_table_file *file, uint64_t hash)
{
    fe_open_table *open = atomic_load_explicit(&file->open, memory_order_acquire);

    if (open == NULL) return;
    if (FE_LIKELY(open->keydir.buckets != NULL)) {
        fe_keydir_prefetch(&open->keydir, hash);
    } else {
        fe_table_prefetch(open->table, hash);
    }
}

// ---- Step by step ----------------------------------------------------------------------------

bool fe_table_approach_begin(fe_table_file *file, uint64_t hash, fe_table_approach *approach)
{
    fe_open_table *open = atomic_load_explicit(&file->open, memory_order_acquire);
    fe_keydir_search search;

    approach->open = NULL;
    if (open == NULL) return true;
    if (open->keydir.buckets == NULL) return fe_table_may_contain(open->table, hash);
    fe_keydir_search_init(&open->keydir, hash, &search);
    if (!fe_keydir_next(&open->keydir, &search, &approach->place)) return false;
    if (approach->place.block >= open->block_count) return true;
    FE_PREFETCH(&open->seats[approach->place.block]);
    approach->open = open;
    return true;
}

static fe_cached_block *approached_block(const fe_table_approach *approach)
{
    if (approach->open == NULL) return NULL;
    return fe_block_cache_peek(&approach->open->seats[approach->place.block].home);
}

void fe_table_approach_block(const fe_table_approach *approach)
{
    fe_cached_block *cached = approached_block(approach);

    if (cached == NULL) return;
    FE_PREFETCH(cached);
    prefetch_slot(cached, approach->place.index);
}

void fe_table_approach_entry(const fe_table_approach *approach)
{
    fe_cached_block *cached = approached_block(approach);
    const fe_block *view;
    const uint8_t *entry;

    if (cached == NULL) return;
    view = fe_cached_block_view(cached);
    if (approach->place.index >= view->count) return;
    entry = fe_block_entry_address(view, approach->place.index);
    FE_PREFETCH(view->data); // The prefix.
    FE_PREFETCH(entry);
    FE_PREFETCH(entry + FE_CACHE_LINE); // Most entries are longer than what is left of a line.
}
