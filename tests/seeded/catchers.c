// SPDX-License-Identifier: Apache-2.0
// The table. Where several programs notice a mistake, it names the one whose task it is.
#include "catchers.h"

#include <stddef.h>

static const char *const catchers[FE_BUG_COUNT] = {
    [FE_BUG_SNAPSHOT_IGNORED] = "model_test",
    [FE_BUG_TOMBSTONE_UNDER_SNAPSHOT] = "model_test",
    [FE_BUG_TOMBSTONE_ABOVE_OLDER] = "model_test",
    [FE_BUG_READ_ERROR_IS_END] = "fault_test",
    [FE_BUG_SKIP_DIRECTORY_SYNC] = "crash_test",
    [FE_BUG_TABLE_NOT_SYNCED] = "crash_test",
    [FE_BUG_MANIFEST_NOT_SYNCED] = "crash_test",
    [FE_BUG_APPEND_AFTER_TORN_TAIL] = "crash_test",
    [FE_BUG_SEQUENCE_REUSED] = "model_test",
    [FE_BUG_FILE_NUMBER_REUSED] = "store_test",
    [FE_BUG_FOLLOWER_ERROR_LOST] = "commit_schedule_test",
    [FE_BUG_FSYNC_RETRIED] = "fault_test",
    [FE_BUG_ACK_BEFORE_SYNC] = "crash_test",
    [FE_BUG_NEXT_LOG_FIRST] = "crash_test",
    [FE_BUG_LOG_REMOVED_EARLY] = "crash_test",
    [FE_BUG_LOG_HEADER_NOT_SYNCED] = "crash_test",
    [FE_BUG_CHECKSUM_NOT_COMPARED] = "corruption_test",
    [FE_BUG_FRAME_NOT_BOUND] = "frame_test",
    [FE_BUG_FILTER_FALSE_NEGATIVE] = "filter_test",
    [FE_BUG_BLOCK_LENGTH_OVERFLOW] = "block_test",
    [FE_BUG_SEEK_OFF_BY_ONE] = "model_test",
    [FE_BUG_PREV_AFTER_NEXT] = "merge_iterator_test",
    [FE_BUG_TABLE_REMOVED_UNDER_READER] = "reader_schedule_test",
    [FE_BUG_BLOCK_FREED_UNDER_READER] = "reader_schedule_test",
    [FE_BUG_PUBLISH_BEFORE_APPLY] = "commit_schedule_test",
    [FE_BUG_CONDITION_SEES_PUBLISHED] = "commit_schedule_test",
    [FE_BUG_BATCH_HALF_APPLIED] = "model_test",
    [FE_BUG_TORN_TAIL_ALWAYS] = "corruption_test",
    [FE_BUG_NO_SPACE_STICKS] = "fault_test",
    [FE_BUG_VERSION_OVERLAP_ACCEPTED] = "version_test",
    [FE_BUG_KEY_SPLIT_ACROSS_TABLES] = "model_test",
    [FE_BUG_RECOVERY_NOT_SYNCED] = "crash_test",
    [FE_BUG_CLOSE_NOT_SYNCED] = "crash_test",
};

const char *catcher_of(fe_seeded_bug bug)
{
    return catchers[bug];
}
