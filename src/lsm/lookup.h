// SPDX-License-Identifier: Apache-2.0
// Looking keys up in a view: memtables newest first, then the tables that may have the key. First
// the memory that will be looked at is asked for, in all of them, then they are examined in turn.
//
// Many keys take each step together, so that while one's memory is on its way the others' is asked
// for: with a single key a get is a chain of misses, each of which waits for the one before.
#ifndef FERRIC_LSM_LOOKUP_H
#define FERRIC_LSM_LOOKUP_H

#include "lsm/view.h"

// Keys that are under way at the same time. More than a processor has misses outstanding is of no
// use.
#define FE_LOOKUP_WIDTH 16
// Tables that are gathered before the first is examined.
#define FE_LOOKUP_TABLES_MAX 24

// Where a version of a key was found.
typedef struct fe_found {
    fe_entry entry;
    fe_cached_block *block; // The block it lies in; NULL: in a memtable of the view.
    bool is_found;
} fe_found;

// One key on its way. The caller fills the first part.
typedef struct fe_lookup {
    ferric_slice key;
    uint64_t hash; // fe_hash64 of the key.
    fe_found found;
    ferric_status status;

    // The lookup's own: the candidates not examined yet, and the table that is gathered next.
    fe_table_file *files[FE_LOOKUP_TABLES_MAX];
    uint32_t file_count;
    uint32_t level;
    uint32_t level_index;
    fe_table_approach approach;
} fe_lookup;

// The newest version of `key` up to `sequence`, whatever its kind. `hash` is fe_hash64 of the key.
// REQUIRES: inside an epoch section that began before the view was loaded, or a reference on the
// view and a section. Errors: as fe_table_cache_get.
ferric_status fe_view_find(const fe_view *view, ferric_slice key, uint64_t hash, uint64_t sequence,
                           fe_found *found);

// The same for up to FE_LOOKUP_WIDTH keys; each gets a status of its own.
void fe_view_find_many(const fe_view *view, uint64_t sequence, fe_lookup *lookups, size_t count);

#endif
