// SPDX-License-Identifier: Apache-2.0
// Looking keys up in a view: memtables newest first, then the tables that may have the key. First
// the memory that will be looked at is asked for, in all of them, then they are examined in turn.
#ifndef FERRIC_LSM_LOOKUP_H
#define FERRIC_LSM_LOOKUP_H

#include "lsm/view.h"

// Where a version of a key was found.
typedef struct fe_found {
    fe_entry entry;
    fe_cached_block *block; // The block it lies in; NULL: in a memtable of the view.
    bool is_found;
} fe_found;

// The newest version of `key` up to `sequence`, whatever its kind. `hash` is fe_hash64 of the key.
// REQUIRES: inside an epoch section that began before the view was loaded, or a reference on the
// view and a section. Errors: as fe_table_cache_get.
ferric_status fe_view_find(const fe_view *view, ferric_slice key, uint64_t hash, uint64_t sequence,
                           fe_found *found);

#endif
