// SPDX-License-Identifier: Apache-2.0
// A version: the immutable set of live tables, level by level. A version edit says how the next one
// differs; applying it checks the invariants, always, so that an edit that would break one is
// refused before it is written.
//
// Invariants
// V1. Level 0: tables may overlap in keys, never in sequence numbers; newest first.
// V2. Levels 1 and up: tables are in key order and share no user key, so all versions of a key in a
//     level stand in one table.
// V3. For one key, everything in a lower-numbered level is newer than everything in a higher one.
// V4. A table number occurs once.
// V5. Range deletes count as their table's keys in V2 and V3: what a table deletes lies inside its
//     bounds, and everything older of those keys is in its level's table or below.
#ifndef FERRIC_LSM_VERSION_H
#define FERRIC_LSM_VERSION_H

#include "lsm/table_cache.h"

#define FE_LEVEL_COUNT FERRIC_LEVEL_COUNT

typedef struct fe_level {
    fe_table_file **files;
    uint32_t count;
    uint64_t bytes;
    uint64_t value_bytes;   // In value files, that its tables refer to.
    fe_table_file **ranged; // Those that have range deletes, in the same order; NULL: none.
    uint32_t ranged_count;
} fe_level;

typedef struct fe_version {
    _Atomic(uint32_t) refs;
    fe_table_cache *tables; // Discards files that no version contains any more.
    fe_level levels[FE_LEVEL_COUNT];
    uint32_t level_end; // Levels from here on have no tables.
    bool has_ranges;    // Some table has range deletes.
} fe_version;

typedef struct fe_edit_removal {
    uint32_t level;
    uint64_t number;
} fe_edit_removal;

typedef struct fe_edit_addition {
    uint32_t level;
    fe_table_file *file; // One reference is the edit's.
} fe_edit_addition;

// A log that recovery has to read. A sealed one was recovered before or ended by a clean close: it
// counts up to `end`, wholly, and no further. Another is read as far as it goes, and leads on to
// the log that it links to.
typedef struct fe_live_log {
    uint64_t number;
    uint8_t salt[FE_SALT_SIZE];
    bool is_sealed;
    bool is_clean;         // Every byte up to `end` was durable when it was sealed.
    uint64_t end;          // Offset; stored only when sealed.
    uint64_t end_sequence; // The newest sequence number up to there.
} fe_live_log;

// One step from a version to the next; also the state of a whole manifest. {0} changes nothing.
typedef struct fe_version_edit {
    fe_edit_removal *removals;
    size_t removal_count;
    fe_edit_addition *additions;
    size_t addition_count;
    bool has_logs; // Then `logs` replaces the list of live logs, oldest first.
    fe_live_log *logs;
    size_t log_count;
    uint64_t next_file_number; // 0: as before. Above every number in use.
    uint64_t time_ms;          // When it is written, for its frame; 0: by the system clock.
    uint64_t last_sequence;    // 0: as before. All tables' sequence numbers are up to it.
} fe_version_edit;

// Errors: FERRIC_NO_MEMORY.
ferric_status fe_version_edit_remove(fe_version_edit *edit, uint32_t level, uint64_t number);
// Takes one reference over when it succeeds.
ferric_status fe_version_edit_add(fe_version_edit *edit, uint32_t level, fe_table_file *file);
ferric_status fe_version_edit_add_log(fe_version_edit *edit, const fe_live_log *log);
// What a table has was committed before the edit that names it, and no commit is ever taken back:
// `last_sequence` is that of the edits before. Errors: FERRIC_CORRUPT; a damaged table can bring a
// version that no commit made into a table that is made of it.
ferric_status fe_version_edit_check(const fe_version_edit *edit, uint64_t last_sequence);
// Makes the added tables go from the disk with the edit: no version took them up, and none will.
// REQUIRES: the edit moves no table.
void fe_version_edit_abandon(fe_version_edit *edit);
// Releases what it holds; the edit is {0} again. `tables` discards files that nobody else holds.
void fe_version_edit_deinit(fe_version_edit *edit, fe_table_cache *tables);

// A version without tables and with one reference. Errors: FERRIC_NO_MEMORY.
ferric_status fe_version_create(fe_table_cache *tables, fe_version **version);
void fe_version_ref(fe_version *version);
// Accepts NULL. The last one releases the version's tables.
void fe_version_unref(fe_version *version);

// Makes *next, with one reference, from `base` and `edit`. Errors: FERRIC_CORRUPT, naming the
// invariant and the tables; FERRIC_NO_MEMORY. On failure *next is NULL.
ferric_status fe_version_apply(const fe_version *base, const fe_version_edit *edit,
                               fe_version **next);

// The table of a level from 1 up that may hold `key`; NULL when there is none.
fe_table_file *fe_version_find(const fe_level *level, ferric_slice key);

// The tables [*first, *end) of a level from 1 up that overlap the keys [smallest, largest], both
// included. A slice with data NULL is unbounded.
void fe_version_overlap(const fe_level *level, ferric_slice smallest, ferric_slice largest,
                        uint32_t *first, uint32_t *end);

// Whether some table of the levels from `first` on may have keys of [lower, upper).
bool fe_version_has_keys(const fe_version *version, uint32_t first, ferric_slice lower,
                         ferric_slice upper);

// Whether a table's keys meet [smallest, largest]; data NULL is unbounded.
bool fe_table_file_overlaps(const fe_table_file *file, ferric_slice smallest, ferric_slice largest);

#endif
