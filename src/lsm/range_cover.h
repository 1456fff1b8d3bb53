// SPDX-License-Identifier: Apache-2.0
// What the range deletes of a whole view say of a key. Entries that are older than what is said
// here are deleted, wherever they stand: so nothing depends on which source a range delete came
// from, or on the order in which sources are asked.
#ifndef FERRIC_LSM_RANGE_COVER_H
#define FERRIC_LSM_RANGE_COVER_H

#include "format/range_deletes.h"
#include "lsm/view.h"

// Whether the view has any range delete: what every read looks at first.
static inline bool fe_view_has_ranges(const fe_view *view)
{
    bool is_any = view->version->has_ranges;

    for (uint32_t i = 0; i < view->memtable_count; i++)
        is_any |= !fe_range_tree_is_empty(view->memtables[i]->ranges);
    return is_any;
}

// What a reader at `sequence` has to know of `key`, and how far in both directions the same holds.
// The bounds are lent by the view's tables: valid until the section ends. REQUIRES: as
// fe_view_find. Errors: as fe_table_open, where a missing file is FERRIC_CORRUPT.
ferric_status fe_view_cover(const fe_view *view, ferric_slice key, uint64_t sequence,
                            fe_range_cover *cover);

#endif
