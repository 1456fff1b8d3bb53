// SPDX-License-Identifier: Apache-2.0
// Whether keys have changed since a sequence number: what conflict detection asks of a view.
//
// There is no history of recent commits. Every entry carries its sequence number for life, so the
// store itself is the history: a memtable or table whose largest number is not above the one asked
// about is passed over unread. The answer is right however old the number is, as long as it is, or
// was when the view was taken, a held snapshot's or newer: compaction keeps each key's newest
// entry, a delete too when it is newer than the oldest snapshot.
#ifndef FERRIC_LSM_CHANGES_H
#define FERRIC_LSM_CHANGES_H

#include "lsm/view.h"

// Whether the key has an entry newer than `since`, or was deleted since, by itself or in a range.
// REQUIRES: as fe_view_find.
// Errors: as fe_table_cache_get.
ferric_status fe_view_key_changed(const fe_view *view, ferric_slice key, uint64_t since,
                                  bool *is_changed);

// The same for all keys in [lower, upper). REQUIRES: a reference on the view, no epoch section.
// Errors: FERRIC_NO_MEMORY, those of reading tables.
ferric_status fe_view_range_changed(fe_epoch *epoch, const fe_view *view, ferric_slice lower,
                                    ferric_slice upper, uint64_t since, bool *is_changed);

#endif
