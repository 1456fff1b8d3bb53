// SPDX-License-Identifier: Apache-2.0
// Which mistake the test build makes. Compiled to nothing elsewhere.
#include "base/seeded_bug.h"

#ifdef FERRIC_SEEDED_BUGS
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[FE_BUG_COUNT] = {
    [FE_BUG_SNAPSHOT_IGNORED] = "SNAPSHOT_IGNORED",
    [FE_BUG_TOMBSTONE_UNDER_SNAPSHOT] = "TOMBSTONE_UNDER_SNAPSHOT",
    [FE_BUG_TOMBSTONE_ABOVE_OLDER] = "TOMBSTONE_ABOVE_OLDER",
    [FE_BUG_READ_ERROR_IS_END] = "READ_ERROR_IS_END",
    [FE_BUG_SKIP_DIRECTORY_SYNC] = "SKIP_DIRECTORY_SYNC",
    [FE_BUG_TABLE_NOT_SYNCED] = "TABLE_NOT_SYNCED",
    [FE_BUG_MANIFEST_NOT_SYNCED] = "MANIFEST_NOT_SYNCED",
    [FE_BUG_APPEND_AFTER_TORN_TAIL] = "APPEND_AFTER_TORN_TAIL",
    [FE_BUG_SEQUENCE_REUSED] = "SEQUENCE_REUSED",
    [FE_BUG_FILE_NUMBER_REUSED] = "FILE_NUMBER_REUSED",
    [FE_BUG_FOLLOWER_ERROR_LOST] = "FOLLOWER_ERROR_LOST",
    [FE_BUG_FSYNC_RETRIED] = "FSYNC_RETRIED",
    [FE_BUG_ACK_BEFORE_SYNC] = "ACK_BEFORE_SYNC",
    [FE_BUG_NEXT_LOG_FIRST] = "NEXT_LOG_FIRST",
    [FE_BUG_LOG_REMOVED_EARLY] = "LOG_REMOVED_EARLY",
    [FE_BUG_LOG_HEADER_NOT_SYNCED] = "LOG_HEADER_NOT_SYNCED",
    [FE_BUG_CHECKSUM_NOT_COMPARED] = "CHECKSUM_NOT_COMPARED",
    [FE_BUG_FRAME_NOT_BOUND] = "FRAME_NOT_BOUND",
    [FE_BUG_FILTER_FALSE_NEGATIVE] = "FILTER_FALSE_NEGATIVE",
    [FE_BUG_BLOCK_LENGTH_OVERFLOW] = "BLOCK_LENGTH_OVERFLOW",
    [FE_BUG_SEEK_OFF_BY_ONE] = "SEEK_OFF_BY_ONE",
    [FE_BUG_PREV_AFTER_NEXT] = "PREV_AFTER_NEXT",
    [FE_BUG_TABLE_REMOVED_UNDER_READER] = "TABLE_REMOVED_UNDER_READER",
    [FE_BUG_BLOCK_FREED_UNDER_READER] = "BLOCK_FREED_UNDER_READER",
    [FE_BUG_PUBLISH_BEFORE_APPLY] = "PUBLISH_BEFORE_APPLY",
    [FE_BUG_CONDITION_SEES_PUBLISHED] = "CONDITION_SEES_PUBLISHED",
    [FE_BUG_BATCH_HALF_APPLIED] = "BATCH_HALF_APPLIED",
    [FE_BUG_TORN_TAIL_ALWAYS] = "TORN_TAIL_ALWAYS",
    [FE_BUG_NO_SPACE_STICKS] = "NO_SPACE_STICKS",
    [FE_BUG_VERSION_OVERLAP_ACCEPTED] = "VERSION_OVERLAP_ACCEPTED",
    [FE_BUG_KEY_SPLIT_ACROSS_TABLES] = "KEY_SPLIT_ACROSS_TABLES",
    [FE_BUG_RECOVERY_NOT_SYNCED] = "RECOVERY_NOT_SYNCED",
    [FE_BUG_CLOSE_NOT_SYNCED] = "CLOSE_NOT_SYNCED",
};

const char *fe_seeded_bug_name(fe_seeded_bug bug)
{
    return bug > FE_BUG_NONE && bug < FE_BUG_COUNT ? names[bug] : NULL;
}

static fe_seeded_bug bug_named(const char *name)
{
    for (int bug = FE_BUG_NONE + 1; name != NULL && bug < FE_BUG_COUNT; bug++) {
        if (strcmp(name, names[bug]) == 0) return (fe_seeded_bug)bug;
    }
    return FE_BUG_NONE;
}

bool fe_seeded_bug_is_on(fe_seeded_bug bug)
{
    // FE_BUG_COUNT: the environment was not looked at yet. Threads that look at the same time find
    // the same.
    static _Atomic(int) chosen = FE_BUG_COUNT;
    int known = atomic_load_explicit(&chosen, memory_order_relaxed);

    if (known == FE_BUG_COUNT) {
        known = (int)bug_named(getenv("FERRIC_SEEDED_BUG"));
        atomic_store_explicit(&chosen, known, memory_order_relaxed);
    }
    return known == (int)bug;
}
#else
// ISO C wants at least one declaration in a file.
typedef int fe_seeded_bug_is_compiled_out;
#endif
