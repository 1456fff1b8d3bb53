// SPDX-License-Identifier: Apache-2.0
// Asks all memtables and those tables that have range deletes near a key.
#include "lsm/range_cover.h"

#include "lsm/open_table.h"

static ferric_status narrow_by_table(const fe_version *version, fe_table_file *file,
                                     ferric_slice key, uint64_t sequence, fe_range_cover *cover)
{
    const fe_range_deletes *ranges;
    fe_open_table *open;
    ferric_status status = fe_open_table_find(version->tables, file, &open);

    if (status != FERRIC_OK) return status;
    ranges = fe_table_range_deletes(open->table);
    if (ranges != NULL) fe_range_deletes_narrow(ranges, key, sequence, cover);
    return FERRIC_OK;
}

// One table's bounds, and its pieces if the key is between them.
static ferric_status ask_table(const fe_version *version, fe_table_file *file, ferric_slice key,
                               uint64_t sequence, fe_range_cover *cover)
{
    if (file->smallest_sequence > sequence) return FERRIC_OK;
    if (fe_table_file_ends_before(file, key)) {
        fe_range_cover_begin_at(cover, file->largest_key); // Pieces end there, or before.
        return FERRIC_OK;
    }
    if (fe_slice_compare(key, file->smallest_key) < 0) {
        fe_range_cover_end_at(cover, file->smallest_key);
        return FERRIC_OK;
    }
    return narrow_by_table(version, file, key, sequence, cover);
}

// The first table of a level from 1 up that has range deletes and does not end before the key.
static uint32_t find_ranged(const fe_level *level, ferric_slice key)
{
    uint32_t low = 0;
    uint32_t high = level->ranged_count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (fe_table_file_ends_before(level->ranged[middle], key)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static ferric_status ask_level(const fe_version *version, const fe_level *level, ferric_slice key,
                               uint64_t sequence, fe_range_cover *cover)
{
    uint32_t at = find_ranged(level, key);
    ferric_status status = FERRIC_OK;

    // The neighbours are asked for the places where they begin and end.
    if (at > 0) status = ask_table(version, level->ranged[at - 1], key, sequence, cover);
    for (uint32_t i = at; i < level->ranged_count && i <= at + 1 && status == FERRIC_OK; i++)
        status = ask_table(version, level->ranged[i], key, sequence, cover);
    return status;
}

ferric_status fe_view_cover(const fe_view *view, ferric_slice key, uint64_t sequence,
                            fe_range_cover *cover)
{
    const fe_version *version = view->version;
    const fe_level *level0 = &version->levels[0];
    ferric_status status = FERRIC_OK;

    *cover = (fe_range_cover){0};
    for (uint32_t i = 0; i < view->memtable_count; i++)
        fe_range_tree_narrow(view->memtables[i]->ranges, key, sequence, cover);
    if (!version->has_ranges) return FERRIC_OK;
    for (uint32_t i = 0; i < level0->ranged_count && status == FERRIC_OK; i++)
        status = ask_table(version, level0->ranged[i], key, sequence, cover);
    for (uint32_t i = 1; i < FE_LEVEL_COUNT && status == FERRIC_OK; i++) {
        if (version->levels[i].ranged_count > 0)
            status = ask_level(version, &version->levels[i], key, sequence, cover);
    }
    return status;
}
