// SPDX-License-Identifier: Apache-2.0
// Looks for entries newer than a sequence number, where there can be any.
#include "lsm/changes.h"

#include "base/buffer.h"
#include "base/checksum.h"
#include "base/seeded_bug.h"
#include "lsm/range_cover.h"

static bool is_overlooked(const fe_entry *entry)
{
    return FE_SEEDED_BUG(FE_BUG_DELETE_IS_NO_CHANGE) && entry->kind == FE_ENTRY_DELETE;
}

// ---- One key --------------------------------------------------------------------------------

static bool may_have(const fe_table_file *file, ferric_slice key, uint64_t since)
{
    return file != NULL && file->largest_sequence > since &&
           fe_slice_compare(file->smallest_key, key) <= 0 &&
           fe_slice_compare(file->largest_key, key) >= 0;
}

// The newest entry of the key in one table decides, if there is one (V1 to V3 of version.h).
static ferric_status look_in_table(const fe_version *version, fe_table_file *file, ferric_slice key,
                                   uint64_t hash, bool *is_found, uint64_t *sequence)
{
    fe_entry entry;
    fe_cached_block *block;
    ferric_status status = fe_table_cache_get(version->tables, file, key, hash, FE_SEQUENCE_MAX,
                                              is_found, &entry, &block);

    if (status == FERRIC_OK && *is_found && !is_overlooked(&entry)) *sequence = entry.sequence;
    return status;
}

static ferric_status newest_in_tables(const fe_version *version, ferric_slice key, uint64_t hash,
                                      uint64_t since, uint64_t *sequence)
{
    const fe_level *level0 = &version->levels[0];
    bool is_found = false;
    ferric_status status = FERRIC_OK;

    for (uint32_t i = 0; i < level0->count && status == FERRIC_OK && !is_found; i++) {
        if (!may_have(level0->files[i], key, since)) continue;
        status = look_in_table(version, level0->files[i], key, hash, &is_found, sequence);
    }
    for (uint32_t i = 1; i < FE_LEVEL_COUNT && status == FERRIC_OK && !is_found; i++) {
        fe_table_file *file = fe_version_find(&version->levels[i], key);
        if (!may_have(file, key, since)) continue;
        status = look_in_table(version, file, key, hash, &is_found, sequence);
    }
    return status;
}

static ferric_status entry_changed(const fe_view *view, ferric_slice key, uint64_t since,
                                   bool *is_changed)
{
    uint64_t hash = fe_hash64(key.data, key.size);
    uint64_t sequence = 0;
    ferric_status status;

    for (uint32_t i = 0; i < view->memtable_count; i++) {
        const fe_memtable *memtable = view->memtables[i]->memtable;
        fe_entry entry;
        if (fe_memtable_largest_sequence(memtable) <= since) continue;
        if (!fe_memtable_get(memtable, key, hash, FE_SEQUENCE_MAX, &entry)) continue;
        *is_changed = entry.sequence > since && !is_overlooked(&entry);
        return FERRIC_OK;
    }
    status = newest_in_tables(view->version, key, hash, since, &sequence);
    *is_changed = sequence > since;
    return status;
}

ferric_status fe_view_key_changed(const fe_view *view, ferric_slice key, uint64_t since,
                                  bool *is_changed)
{
    fe_range_cover cover;
    ferric_status status = entry_changed(view, key, since, is_changed);

    if (status != FERRIC_OK || *is_changed || !fe_view_has_ranges(view) ||
        FE_SEEDED_BUG(FE_BUG_RANGE_DELETE_IS_NO_CHANGE)) {
        return status;
    }
    status = fe_view_cover(view, key, FE_SEQUENCE_MAX, &cover);
    *is_changed = status == FERRIC_OK && cover.sequence > since;
    return status;
}

// ---- A range --------------------------------------------------------------------------------

// Takes the iterator over.
static ferric_status search(fe_iterator *iterator, ferric_slice lower, ferric_slice upper,
                            uint64_t since, bool *is_changed)
{
    ferric_status status;

    fe_iterator_seek(iterator, lower, FE_SEQUENCE_MAX);
    while (iterator->is_valid && fe_slice_compare(iterator->entry.key, upper) < 0) {
        if (iterator->entry.sequence > since && !is_overlooked(&iterator->entry)) {
            *is_changed = true;
            break;
        }
        fe_iterator_next(iterator);
    }
    status = iterator->status;
    fe_iterator_destroy(iterator);
    return status;
}

static ferric_status search_tables(const fe_version *version, ferric_slice lower,
                                   ferric_slice upper, uint64_t since, bool *is_changed)
{
    ferric_status status = FERRIC_OK;

    for (uint32_t i = 0; i < FE_LEVEL_COUNT; i++) {
        const fe_level *level = &version->levels[i];
        uint32_t first = 0;
        uint32_t end = level->count;
        if (i > 0) fe_version_overlap(level, lower, upper, &first, &end);
        for (uint32_t j = first; j < end && status == FERRIC_OK && !*is_changed; j++) {
            fe_table_file *file = level->files[j];
            fe_iterator *iterator;
            if (file->largest_sequence <= since || !fe_table_file_overlaps(file, lower, upper)) {
                continue;
            }
            status = fe_table_iterator_create(version->tables, file, true, &iterator);
            if (status == FERRIC_OK) status = search(iterator, lower, upper, since, is_changed);
        }
    }
    return status;
}

// Whether a range delete that is newer meets the range: goes from one place where the answer may
// change to the next.
static ferric_status search_ranges(fe_epoch *epoch, const fe_view *view, ferric_slice lower,
                                   ferric_slice upper, uint64_t since, bool *is_changed)
{
    ferric_buffer at = {0};
    bool is_on = true;
    ferric_status status = fe_buffer_assign(&at, lower);

    if (FE_SEEDED_BUG(FE_BUG_RANGE_DELETE_IS_NO_CHANGE)) is_on = false;
    while (status == FERRIC_OK && is_on) {
        fe_range_cover cover;
        fe_epoch_enter(epoch);
        status = fe_view_cover(view, fe_buffer_slice(&at), FE_SEQUENCE_MAX, &cover);
        *is_changed = status == FERRIC_OK && cover.sequence > since;
        is_on = status == FERRIC_OK && !*is_changed && cover.upper.data != NULL &&
                fe_slice_compare(cover.upper, upper) < 0;
        if (is_on) status = fe_buffer_assign(&at, cover.upper);
        fe_epoch_leave(epoch);
    }
    fe_buffer_deinit(&at);
    return status;
}

ferric_status fe_view_range_changed(fe_epoch *epoch, const fe_view *view, ferric_slice lower,
                                    ferric_slice upper, uint64_t since, bool *is_changed)
{
    ferric_status status = FERRIC_OK;

    *is_changed = false;
    for (uint32_t i = 0; i < view->memtable_count && status == FERRIC_OK && !*is_changed; i++) {
        const fe_memtable *memtable = view->memtables[i]->memtable;
        fe_iterator *iterator;
        if (fe_memtable_largest_sequence(memtable) <= since) continue;
        status = fe_memtable_iterator(memtable, &iterator);
        if (status == FERRIC_OK) status = search(iterator, lower, upper, since, is_changed);
    }
    if (status == FERRIC_OK && !*is_changed)
        status = search_tables(view->version, lower, upper, since, is_changed);
    if (status != FERRIC_OK || *is_changed || !fe_view_has_ranges(view)) return status;
    return search_ranges(epoch, view, lower, upper, since, is_changed);
}
