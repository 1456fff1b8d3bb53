// SPDX-License-Identifier: Apache-2.0
// A view: everything a reader looks at, swapped whole: the memtables, newest first, and a version.
//
// A short reader loads the store's view pointer inside an epoch section. A long one (cursor, pin)
// takes a reference inside such a section and keeps it. The store's own reference is given up by
// epoch reclamation, so a reference taken in a section always finds a live view.
#ifndef FERRIC_LSM_VIEW_H
#define FERRIC_LSM_VIEW_H

#include "lsm/memtable.h"
#include "lsm/version.h"

// A memtable that views share.
typedef struct fe_live_memtable {
    fe_memtable *memtable;
    const fe_range_tree *ranges; // The memtable's, for a short way to it.
    _Atomic(uint32_t) refs;
    uint64_t first_log; // Number of the log that has its first commit.
    // Of its one writer:
    uint64_t value_bytes;        // Records that its entries point to.
    fe_value_file **value_files; // The files they are in; each one reference.
    size_t value_file_count;
    size_t value_file_capacity;
} fe_live_memtable;

// One reference; the code of keys is copied (NULL: nothing is known). Errors: FERRIC_NO_MEMORY.
ferric_status fe_live_memtable_create(uint64_t capacity_bytes, const fe_key_code *code,
                                      fe_page_pool *pool, uint64_t first_log,
                                      fe_live_memtable **live);
// The one that follows `before` (NULL: none does), and learns its code of keys from it. It has room
// for a commit, so is larger than `capacity_bytes` if need be. REQUIRES: cost_bytes <=
// FE_COMMIT_COST_MAX, and `entries` were counted in it. Errors: FERRIC_NO_MEMORY.
ferric_status fe_live_memtable_create_behind(const fe_live_memtable *before,
                                             uint64_t capacity_bytes, fe_page_pool *pool,
                                             uint64_t first_log, size_t entries,
                                             uint64_t cost_bytes, fe_live_memtable **live);
void fe_live_memtable_unref(fe_live_memtable *live);
// Makes the next fe_live_memtable_note_values safe. Errors: FERRIC_NO_MEMORY.
ferric_status fe_live_memtable_reserve_value_file(fe_live_memtable *live);
// Entries of the memtable will point to `bytes` in `file`. REQUIRES: room was reserved.
void fe_live_memtable_note_values(fe_live_memtable *live, fe_value_file *file, uint64_t bytes);

typedef struct fe_view {
    fe_retired retired;
    _Atomic(uint32_t) refs;
    fe_version *version;
    uint32_t memtable_count;
    uint32_t memtable_capacity;
    fe_live_memtable *memtables[]; // Newest first.
} fe_view;

// A view with one reference that shows `version` and has room for `capacity` memtables; it takes a
// reference on the version. Making it can fail, filling it cannot, so that nothing fails between a
// durable edit and its view. Errors: FERRIC_NO_MEMORY.
ferric_status fe_view_create(fe_version *version, uint32_t capacity, fe_view **view);
// Adds a memtable behind those it has, with a reference of its own. REQUIRES: not yet installed,
// room.
void fe_view_append(fe_view *view, fe_live_memtable *live);
void fe_view_ref(fe_view *view);
void fe_view_unref(fe_view *view);
// The view that `retired` stands in.
fe_view *fe_view_of_retired(fe_retired *retired);

// What a walk through a view is for.
typedef struct fe_view_walk {
    ferric_slice lower; // Of size 0: no bound.
    ferric_slice upper; // The same.
    bool fill_cache;
    bool is_lazy; // Reading is put off where it can be (lsm/iterator.h).
} fe_view_walk;

// All entries of the view in internal order, of which those with keys outside of [lower, upper),
// and those of commits that were not published when it was made, may be missing. The view outlives
// the iterator. Errors: FERRIC_NO_MEMORY.
ferric_status fe_view_iterator(const fe_view *view, const fe_view_walk *walk,
                               fe_iterator **iterator);

#endif
