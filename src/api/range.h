// SPDX-License-Identifier: Apache-2.0
// From a keyspace, bounds and a prefix to a cursor of the store.
#ifndef FERRIC_API_RANGE_H
#define FERRIC_API_RANGE_H

#include "api/handles.h"

// Checks what a call over a range is given, and finds where and when to read.
// Errors: FERRIC_NOT_FOUND (an outcome): the keyspace does not exist yet. As fe_handles_check.
ferric_status fe_range_aim(const char *call, ferric_db *db, ferric_keyspace *keyspace,
                           const ferric_snapshot *snapshot, uint32_t *id, fe_moment *at);

// The bounds of a walk as full keys. An empty upper one is no bound.
typedef struct fe_walk_bounds {
    ferric_buffer lower;
    ferric_buffer upper;
} fe_walk_bounds;

// What lower, upper and prefix of `options` leave of keyspace `id`. Errors: FERRIC_NO_MEMORY;
// deinit follows all the same.
ferric_status fe_walk_bounds_init(fe_walk_bounds *bounds, uint32_t id,
                                  const ferric_iterator_options *options);
bool fe_walk_bounds_are_empty(const fe_walk_bounds *bounds);
void fe_walk_bounds_deinit(fe_walk_bounds *bounds);

// A cursor over the keys of keyspace `id` within lower, upper and prefix of `options`. *cursor is
// NULL when these leave nothing. Errors: as fe_store_cursor.
ferric_status fe_range_cursor(fe_store *store, uint32_t id, fe_moment at,
                              const ferric_iterator_options *options, bool fill_cache,
                              bool keys_only, fe_cursor **cursor);

#endif
