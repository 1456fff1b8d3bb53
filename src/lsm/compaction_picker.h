// SPDX-License-Identifier: Apache-2.0
// What to compact next: a pure function from a version to a plan.
//
// Leveled: level 0 takes what memtables become and may overlap; each level below holds about ten
// times as much as the one above and does not overlap. Level 0 is merged into level 1 when it has
// enough tables and is as large as level 1 (so that each byte of level 1 is rewritten for at least
// one new byte), when it has too many, or when scans have paid for it (docs/decisions/0037); a
// deeper level gives the table that overlaps least of the level below. When nothing is urgent,
// tables with range deletes and mostly deletes move down.
//
// When the levels are in order, tables of which a quarter has expired are written anew: pushed down
// a level, or at the deepest one, where they are. One of which everything has goes unread when
// nothing older lies under it.
#ifndef FERRIC_LSM_COMPACTION_PICKER_H
#define FERRIC_LSM_COMPACTION_PICKER_H

#include "lsm/version.h"

typedef struct fe_picker_options {
    uint64_t base_bytes;       // Target size of level 1.
    uint32_t level0_count;     // Tables in level 0 that make merging it worth while,
    uint32_t level0_count_max; // and that make it necessary.
    uint64_t free_bytes;       // On the disk: a plan whose output may not fit is not made.
    uint64_t expired_up_to_ms; // What expires up to then has, for everybody. 0: nothing has.
    uint64_t oldest_snapshot;  // Newer entries are needed for conflicts; UINT64_MAX: no snapshot.
    uint64_t overlap_bytes;    // What scans have paid since level 0 was last merged.
} fe_picker_options;

#define FE_LEVEL_RATIO 10

// Which tables to merge: [first, end) of `level` and [below_first, below_end) of `output_level`.
typedef struct fe_compaction_plan {
    uint32_t level;
    uint32_t output_level;
    uint32_t first;
    uint32_t end;
    uint32_t below_first;
    uint32_t below_end;
    uint64_t bytes; // Of all inputs.
    bool is_move;   // One table that nothing below overlaps: it changes level without being read.
    bool is_bottom; // No level below the output has anything.
    bool is_drop;   // All of it has expired and hides nothing: it goes without being read.
} fe_compaction_plan;

// Returns false when nothing needs to be done, or nothing fits on the disk.
bool fe_compaction_pick(const fe_version *version, const fe_picker_options *options,
                        fe_compaction_plan *plan);

// The first step that a manual compaction of the keys [smallest, largest] (data NULL: unbounded)
// takes at `level`. Returns false when the level has nothing there.
bool fe_compaction_pick_range(const fe_version *version, uint32_t level, ferric_slice smallest,
                              ferric_slice largest, fe_compaction_plan *plan);

// The next table of levels 1 and up that overlaps [smallest, largest] and has an expired entry, to
// be written anew where it is. Returns false when there is none.
bool fe_compaction_pick_expired(const fe_version *version, const fe_picker_options *options,
                                ferric_slice smallest, ferric_slice largest,
                                fe_compaction_plan *plan);

// When the next table will be due for what has expired of it; UINT64_MAX: none ever.
uint64_t fe_compaction_next_due_ms(const fe_version *version);

// Bytes above the targets of all levels: what has to be rewritten until nothing is to be picked.
uint64_t fe_compaction_debt(const fe_version *version, const fe_picker_options *options);

// What scans must pay until level 0 is merged for their sake; UINT64_MAX: it never is, since there
// is nothing to merge, or too little beside level 1.
uint64_t fe_compaction_overlap_price(const fe_version *version);

// The deepest level that has tables; 0 when there are none.
uint32_t fe_version_deepest(const fe_version *version);

#endif
