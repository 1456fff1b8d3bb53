// SPDX-License-Identifier: Apache-2.0
// Known mistakes that a test build can make on purpose, one at a time, to show that the harnesses
// would notice. In every other build FE_SEEDED_BUG is the constant false and nothing is left of it.
//
// Each mistake is one that other engines really made; tests/seeded names the harness that must
// catch it. A new one stands here, in seeded_bug.c and in tests/seeded/catchers.c, and
// `tools/seeded_table.py --write` takes it over into docs/TESTING.md.
#ifndef FERRIC_BASE_SEEDED_BUG_H
#define FERRIC_BASE_SEEDED_BUG_H

#include <stdbool.h>

typedef enum fe_seeded_bug {
    FE_BUG_NONE = 0,
    FE_BUG_SNAPSHOT_IGNORED,         // Compaction drops what a snapshot still sees.
    FE_BUG_TOMBSTONE_UNDER_SNAPSHOT, // A delete is dropped though a snapshot keeps an older put.
    FE_BUG_TOMBSTONE_ABOVE_OLDER,    // A delete is dropped though a level below has its key.
    FE_BUG_READ_ERROR_IS_END,        // A read error in compaction is taken for the end of input.
    FE_BUG_SKIP_DIRECTORY_SYNC,      // A new table's name is not synced before the manifest's edit.
    FE_BUG_TABLE_NOT_SYNCED,         // A table is named in the manifest before it is durable.
    FE_BUG_MANIFEST_NOT_SYNCED,      // Files are removed before the edit is durable.
    FE_BUG_APPEND_AFTER_TORN_TAIL,   // Frames behind a torn tail are accepted, with a hole before.
    FE_BUG_SEQUENCE_REUSED,          // Recovery starts again below the newest sequence number.
    FE_BUG_FILE_NUMBER_REUSED,       // A file number in use is given out again.
    FE_BUG_FOLLOWER_ERROR_LOST,      // The group's failure reaches its leader only.
    FE_BUG_FSYNC_RETRIED,            // A failed sync is tried again and believed.
    FE_BUG_ACK_BEFORE_SYNC,          // A commit is acknowledged before its sync.
    FE_BUG_NEXT_LOG_FIRST,           // The next log is synced while the one before is not.
    FE_BUG_LOG_REMOVED_EARLY, // A log goes before the table that replaces it is in the manifest.
    FE_BUG_LOG_HEADER_NOT_SYNCED, // A new log is used before its name is durable.
    FE_BUG_CHECKSUM_NOT_COMPARED, // A block's check is not looked at.
    FE_BUG_FRAME_NOT_BOUND,       // A frame's check ignores where it stands.
    FE_BUG_FILTER_FALSE_NEGATIVE, // The filter loses one key in a thousand.
    FE_BUG_BLOCK_LENGTH_OVERFLOW, // Lengths are added before they are checked.
    FE_BUG_SEEK_OFF_BY_ONE,       // A seek to a block's last entry goes to the next block.
    FE_BUG_PREV_AFTER_NEXT, // Turning round in a merge leaves the other children where they are.
    FE_BUG_TABLE_REMOVED_UNDER_READER, // A table goes though an iterator still reads it.
    FE_BUG_BLOCK_FREED_UNDER_READER,   // A cached block is freed without waiting for readers.
    FE_BUG_PIN_SHARE_UNBOUNDED,        // A thread never asks again what all have pinned.
    FE_BUG_SPARE_AFTER_GATHER,         // What is given up after a close stays with its thread.
    FE_BUG_FREE_SLOTS_UNBOUNDED,       // Chunks with few blocks left are kept beyond the capacity.
    FE_BUG_CHUNK_UNMAPPED_EARLY,       // A chunk is unmapped before its last block is freed.
    FE_BUG_PUBLISH_BEFORE_APPLY, // Readers are sent to a commit that is not in the memtable yet.
    FE_BUG_CONDITION_SEES_PUBLISHED, // Conditions do not see earlier commits of their group.
    FE_BUG_BATCH_HALF_APPLIED,       // The last operation of a batch is lost in recovery.
    FE_BUG_TORN_TAIL_ALWAYS,         // Damage in the middle of a log is taken for a torn tail.
    FE_BUG_NO_SPACE_STICKS,          // After a full disk nothing is accepted until reopened.
    FE_BUG_VERSION_OVERLAP_ACCEPTED, // An edit that breaks a level's order is installed.
    FE_BUG_KEY_SPLIT_ACROSS_TABLES,  // A table is cut between two versions of a key.
    FE_BUG_RECOVERY_NOT_SYNCED,      // Replayed frames are shown before they are durable.
    FE_BUG_CLOSE_NOT_SYNCED,         // A clean close leaves commits unsynced.
    FE_BUG_CURRENT_NOT_SYNCED,       // CURRENT is renamed into its place before it is durable.
    FE_BUG_PARENT_NOT_SYNCED,        // A new database's directory has no durable name.
    FE_BUG_LEFTOVERS_SWEPT_EARLY, // Files go before the manifest that does without them is durable.
    FE_BUG_READ_ERROR_IS_ABSENCE, // A key that cannot be read is said to be absent.
    FE_BUG_BATCH_ORDER_REVERSED,  // Of two operations of a batch on one key the earlier wins.
    FE_BUG_LENGTH_BELIEVED,       // Memory is taken as a count in the log says.
    FE_BUG_FAILED_APPEND_LEFT,    // A frame whose write failed is not voided.
    FE_BUG_VOID_NOT_SYNCED,       // A voided frame may come back after a power loss.
    FE_BUG_GOES_ON_AFTER_FAILED_SYNC, // Writes are accepted after a sync failed.
    FE_BUG_CLOSE_NOT_NOTICED,         // A handle that outlives the database reads on.
    FE_BUG_FORK_NOT_NOTICED,          // A forked child uses the database of its parent.
    FE_BUG_NEWEST_TABLE_MOVED_FIRST,  // Level 0 keeps older tables above its newest.
    FE_BUG_OVERLAP_LEFT_OUT,          // A compaction does not take in what it overlaps below.
    FE_BUG_MANIFEST_CUT_SHORT,        // Damage in the middle of the manifest is taken for its end.
    FE_BUG_FOREIGN_TABLE_ACCEPTED,    // A table is taken for another one by its name.
    FE_BUG_SHORT_WRITE_IS_WHOLE,      // A write that the system cut short is taken for done.
    FE_BUG_LOCK_LOST_BY_CLOSE,    // The lock belongs to the process: another close in it loses it.
    FE_BUG_FAILED_TABLE_LEFT,     // A table that could not be installed stays on the disk.
    FE_BUG_RESERVE_NOT_GUARDED,   // Puts take the space that the reserve gave up for a flush.
    FE_BUG_LATE_LOG_LINKED,       // A log with a lower number follows one with a higher.
    FE_BUG_SYNC_COVERS_LATER,     // A sync calls durable what came while it ran.
    FE_BUG_RENAME_NOT_SYNCED,     // Files go before the switch to a new manifest is durable.
    FE_BUG_WITNESS_AHEAD,         // A frame witnesses commits that are not durable yet.
    FE_BUG_LINK_NOT_FOLLOWED,     // Recovery stops where the log goes on in another file.
    FE_BUG_CONDITION_NOT_CHECKED, // A write does not look at its condition.
    FE_BUG_CHILD_FAILURE_LOST,    // A merge takes the failure of one input for its end.
    FE_BUG_CURSOR_IGNORES_SNAPSHOT, // An iterator shows what was committed after it was made.
    FE_BUG_LEVEL0_OLDEST_FIRST,     // A read asks overlapping tables in the wrong order.
    FE_BUG_KEYSPACE_ID_REUSED,      // A keyspace gets the id of another.
    FE_BUG_LOCK_NOT_TAKEN,          // Two handles write to one database.
    FE_BUG_OLD_RING_FRAME,          // A frame of the ring's lap before is taken for a new one.
    FE_BUG_DRAIN_ERROR_SWALLOWED,   // A ring counts as drained though the log was not written.
    FE_BUG_RING_REUSED_EARLY,       // A ring's space is free before all of it is in the log.
    FE_BUG_LOG_NOT_READ_AGAIN,      // A reader beside a writer misses what is drained meanwhile.
    FE_BUG_READ_ONLY_IGNORED,       // A database that was opened to be read is written to.
    FE_BUG_DEPTH_NOT_CAPPED,        // JSON may be nested deeper than what its reader has room for.
    FE_BUG_SNAPSHOT_BEFORE_LOCK,    // A snapshot draws its number before compactions know of it.
    FE_BUG_SWITCH_IN_TWO_STEPS,     // A new memtable is shown before the ones behind it.
    FE_BUG_INSTALL_IN_TWO_STEPS,    // Memtables go from sight before their table comes.
    FE_BUG_CURSOR_NUMBER_FIRST,     // An iterator takes its number before its view.
    FE_BUG_STOPPED_IS_END,          // A compaction that a close stops takes what it has for all.
    FE_BUG_FAILURE_HANDED_ON,       // A group's failure is told to the writer that leads next.
    FE_BUG_EPOCH_TOO_EARLY,         // What is retired in a reader's own epoch is freed under it.
    FE_BUG_SEEK_LINK_READ_AGAIN,    // A seek ends where a link leads now, not where it led.
    FE_BUG_PATH_TOO_LOW,          // A run goes on with a path that is right on lower levels alone.
    FE_BUG_GUIDE_NOT_BEFORE,      // A search begins at a guide that may be behind its target.
    FE_BUG_CHAIN_NOT_WALKED,      // A seek takes a key's newest version for the one it looks for.
    FE_BUG_CHAIN_PASSED_BACK,     // A way back leaves out the versions in a chain.
    FE_BUG_CODE_GOES_ON,          // Bytes count in a code behind one that stands for several.
    FE_BUG_WRITES_NOT_CHECKED,    // A transaction commits over a later commit of the same key.
    FE_BUG_READS_NOT_CHECKED,     // A serializable transaction does not check single keys it read.
    FE_BUG_RANGES_NOT_CHECKED,    // A serializable transaction does not check ranges it read.
    FE_BUG_FOR_UPDATE_IGNORED,    // A read for update is any read.
    FE_BUG_TXN_READS_NEWEST,      // A transaction reads what was committed after its snapshot.
    FE_BUG_OWN_WRITE_UNSEEN,      // A transaction does not read its own writes.
    FE_BUG_ROLLBACK_KEEPS_WRITES, // What was written since a savepoint stays.
    FE_BUG_LOOK_AHEAD_NOT_MADE,   // Ranges count as unchanged though others have committed since.
    FE_BUG_TURN_NOT_CHECKED, // What was committed between the look ahead and the turn is not seen.
    FE_BUG_DELETE_IS_NO_CHANGE,   // A delete does not count as a change of its key.
    FE_BUG_PERIOD_NOT_KEPT,       // A commit does not sync when the period of `periodic` is over.
    FE_BUG_TIMER_NOT_SET,         // Nothing syncs when no commit follows.
    FE_BUG_KEYDIR_OFF_BY_ONE,     // A KeyDir leads some keys to the entry behind theirs.
    FE_BUG_KEYDIR_FALSE_NEGATIVE, // A KeyDir lacks some keys.
    FE_BUG_FRAME_BEFORE_VALUE,    // A frame is durable before the value it points to.
    FE_BUG_TABLE_BEFORE_VALUE,    // The manifest names a table before its values are durable.
    FE_BUG_POINTER_NOT_VERIFIED,  // Replay takes a frame whose value is not there.
    FE_BUG_VALUE_FILE_REMOVED_EARLY, // A collected file goes before the manifest does without it.
    FE_BUG_VALUES_LET_GO_EARLY, // A collected file goes though a reader still shows a table of it.
    FE_BUG_OLD_VALUE_NOT_COUNTED,  // What only a snapshot sees is no reference to a value file.
    FE_BUG_VALUE_CHECK_SKIPPED,    // A value is shown without a look at its checks.
    FE_BUG_DEAD_SHARE_LOST,        // After a reopen nothing of a value file counts as dead.
    FE_BUG_EXPIRED_LEFT_OUT,       // An expired put goes though an older value is below it.
    FE_BUG_EXPIRED_UNDER_SNAPSHOT, // What a snapshot still sees counts as expired in a compaction.
    FE_BUG_EXPIRED_TABLE_OVER_OLDER,     // An expired table goes unread over an older one.
    FE_BUG_DEFAULT_TTL_FORGOTTEN,        // A keyspace's default time to live is not read back.
    FE_BUG_DEFAULT_BY_OLD_NAME,          // A keyspace's default is set for who has its old name.
    FE_BUG_RENAME_LOSES_TTL,             // A keyspace loses its default with its name.
    FE_BUG_TOUCH_SHORTENS,               // A touch shortens a life.
    FE_BUG_TTL_OF_VALUE_LOST,            // An increment drops the time to live of its key.
    FE_BUG_REWRITE_WITHOUT_CONDITION,    // A lifetime is set over a value that came meanwhile.
    FE_BUG_PERSIST_LOSES_VALUE,          // Letting a key stay writes it without its value.
    FE_BUG_CLOCK_SET_BACK,               // A clock that is set back brings expired keys back.
    FE_BUG_SEAL_NOT_BOUND,               // A sealed unit may stand at another place of its file.
    FE_BUG_TAG_NOT_CHECKED,              // Decrypted bytes are taken whatever their tag says.
    FE_BUG_RANGE_BEYOND_ITS_TABLE,       // A table's bounds leave out what its range deletes reach.
    FE_BUG_GET_SEES_DELETED_RANGE,       // A get does not look at range deletes.
    FE_BUG_HIDDEN_ENTRY_SHOWN,           // An iterator does not look at range deletes.
    FE_BUG_VERSION_LEFT_UNREAD,          // A walk back leaves a version of its key unread.
    FE_BUG_LEAP_PASSES_NEWER,            // A leap over a range passes what was put there since.
    FE_BUG_RANGE_DELETE_IS_NO_CHANGE,    // A range delete does not count as a change of its keys.
    FE_BUG_RANGE_DELETE_UNDER_SNAPSHOT,  // Dropped though a snapshot keeps older puts.
    FE_BUG_RANGE_DELETE_ABOVE_OLDER,     // A range delete goes before what it hides below.
    FE_BUG_TABLE_DROPPED_UNDER_SNAPSHOT, // A hidden table goes though a snapshot sees it.
    FE_BUG_OWN_RANGE_DELETE_UNSEEN,      // A transaction reads what it deleted as a range.
    FE_BUG_INDEX_ENTRY_LEFT,         // An update leaves the entry of the old value in the index.
    FE_BUG_SCHEMA_NOT_REQUIRED,      // A write does not notice an index that came meanwhile.
    FE_BUG_UNIQUE_NOT_REQUIRED,      // Two writers at once get the same key of a unique index.
    FE_BUG_BACKFILL_UNCONDITIONAL,   // A back-fill writes entries of a document that changed since.
    FE_BUG_READY_EARLY,              // An index is used before its build has ended.
    FE_BUG_MULTI_KEY_DUPLICATES,     // A document is found once for each of its elements.
    FE_BUG_UNION_DUPLICATES,         // A document is found once for each branch that it matches.
    FE_BUG_DROPPED_KEYSPACE_WRITTEN, // A handle of a dropped keyspace writes into it.
    FE_BUG_DROP_LEAVES_KEYS,         // A drop takes the name and leaves the keys.
    FE_BUG_DROP_LEAVES_INDEXES,      // A collection's indexes stay when it goes.
    FE_BUG_DROP_NOT_TOLD,            // A query uses an index whose entries have just gone.
    FE_BUG_DROP_LEAVES_ENTRIES,      // An index goes from the schema and leaves its entries.
    FE_BUG_RANGE_LEAVES_ENTRIES,     // A range of documents goes and leaves its index entries.
    FE_BUG_REPAIR_BELIEVES_INDEXES, // What a repair publishes has the indexes of before the damage.
    FE_BUG_CONFLICT_PASSED,         // A back-fill passes documents that changed under it.
    FE_BUG_BUILD_BEGINS_ANEW,       // An interrupted back-fill forgets how far it was.
    FE_BUG_TOUCHES_EQUAL_PATHS_ONLY, // An update of "a" leaves an index over "a.b" alone.
    FE_BUG_COVERED_INEXACT,          // An index answers alone though the filter wants more.
    FE_BUG_COVERED_REWRITTEN,        // An index shows 1 where the document has 1.0.
    FE_BUG_NONCE_TAKEN_AGAIN,        // A failed append gives its nonce to the next one.
    FE_BUG_MASTER_KEY_STAYS,         // A replaced key opens the next keyring by its old slot.
    FE_BUG_KEYRING_NOT_SYNCED,       // A keyring takes the old one's place before it is durable.
    FE_BUG_CALLBACK_BEFORE_SYNC,     // An asynchronous commit is told as done before it is durable.
    FE_BUG_COMPLETION_OUT_OF_ORDER,  // Callbacks of a group come in another order than its commits.
    FE_BUG_CLOSE_FORGETS_PENDING,    // A close does not wait for commits in flight.
    FE_BUG_NULL_LEAVES_OUT_MISSING,  // A filter for null does not match a field that is missing.
    FE_BUG_COMPARED_ACROSS_TYPES,    // $gt and its kin compare values of different types.
    FE_BUG_LAST_OF_LIST_UNSEEN,      // The search in the list of $in ends one element early.
    FE_BUG_NEGATIVE_NOT_INVERTED,    // In index keys -2 stands behind -1.
    FE_BUG_HALF_PAIR_MISPLACED,   // In index keys a number's digits are paired from the wrong end.
    FE_BUG_SORT_BY_FIRST_ELEMENT, // An array is sorted by its first element, not its least.
    FE_BUG_TIES_ALWAYS_ASCENDING, // Equal documents follow by _id, whatever the direction.
    FE_BUG_PUSH_IN_REVERSE,       // $push of several values puts the last one first.
    FE_BUG_PULL_SKIPS_NEIGHBOUR,  // $pull leaves the element behind one that it takes.
    FE_BUG_MERGE_STORES_NULL,     // A merge patch stores null where it has to remove.
    FE_BUG_PATCH_TEST_PASSES,     // A patch's test holds whatever is there.
    FE_BUG_INCREMENT_BECOMES_DOUBLE, // $inc beyond 64 bits becomes a double.
    FE_BUG_FREED_NOT_WIPED,          // What was decrypted stays in freed memory.
    FE_BUG_LOCK_BEFORE_KEY,          // Who has not the key leaves his process id in LOCK.
    FE_BUG_KEYS_OF_BEFORE_THE_LOCK,  // Keys that a writer changes before the lock is had stay.
    FE_BUG_LAST_BATCH_LOST,          // Documents of a batch that is not full are not given.
    FE_BUG_SCAN_SKIPS_BORDER,        // A table whose last key is a scan's first is left out.
    FE_BUG_TIES_NOT_TURNED,          // Of a descending index equal documents come as they stand.
    FE_BUG_LONG_TIE_REPEATED,        // Many documents of equal values are given a second time.
    FE_BUG_COUNT,
} fe_seeded_bug;

#ifdef FERRIC_SEEDED_BUGS
// Chosen once, from the environment variable FERRIC_SEEDED_BUG (a name without FE_BUG_).
bool fe_seeded_bug_is_on(fe_seeded_bug bug);
// "SNAPSHOT_IGNORED" and so on; NULL out of range.
const char *fe_seeded_bug_name(fe_seeded_bug bug);
#define FE_SEEDED_BUG(bug) fe_seeded_bug_is_on(bug)
#else
#define FE_SEEDED_BUG(bug) false
#endif

#endif
