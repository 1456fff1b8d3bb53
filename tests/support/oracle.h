// SPDX-License-Identifier: Apache-2.0
// Plays a scenario against a database, remembers what every commit did and when it had to be
// durable, and later says whether a recovered database is one of the states that the contract
// allows (docs/DURABILITY.md).
//
// Points are places of the recording vfs's trace: point t is the disk after its first t events. For
// a loss at point t the state must be that of commits 1..n for some n, where
//
//     required(t)  <=  n  <=  begun(t)
//
// required(t) counts the acknowledged commits up to the newest one that had to survive this kind of
// loss; begun(t) counts every commit acknowledged by then, and one more when a commit was under way
// or its outcome unknown. A commit that was answered "not committed" belongs to neither once its
// call had returned.
//
// Time: what expires is seen or not by the engine's time, which is the system's clock but never
// goes back behind what was seen and then recorded by a commit (src/lsm/engine_clock.h). The oracle
// knows two bounds of it: what the clock shows now and what surviving commits must have recorded,
// and the latest that any clock has shown so far. What expires between the two may be seen or not.
//
// Faults are expected only when `allowed` names their statuses: with none, every call must succeed.
// The first thing that breaks the contract stands in `failure` and ends the play.
#ifndef FERRIC_SUPPORT_ORACLE_H
#define FERRIC_SUPPORT_ORACLE_H

#include "support/db_reader.h"
#include "support/harness.h"
#include "support/model_table.h"
#include "support/scenario.h"
#include "support/vfs_record.h"

#define ORACLE_EFFECT_MAX 24u
// Entries of a batch or transaction.
#define ORACLE_ENTRY_MAX 8u
#define ORACLE_POINT_NEVER SIZE_MAX
#define ORACLE_PATH "db"

typedef enum oracle_outcome {
    ORACLE_COMMITTED = 0,
    ORACLE_NOT_COMMITTED = 1,
    ORACLE_UNKNOWN = 2, // Until a reopen shows it.
    // An open that read wrong bytes took it for a torn tail. It may be back at a later one that
    // reads the right ones, unless something has been committed in its place.
    ORACLE_TAKEN_BACK = 3,
} oracle_outcome;

typedef enum oracle_effect_kind {
    EFFECT_PUT = 0,
    EFFECT_DELETE = 1,
    EFFECT_RANGE = 2,  // Keys [key, end) are gone.
    EFFECT_DROP = 3,   // The keyspace is gone, and its indexes.
    EFFECT_RENAME = 4, // The keyspace is number `end` now.
    EFFECT_INDEX = 5,  // Index `key` is ready.
    EFFECT_UNINDEX = 6,
    EFFECT_TTL = 7, // The keyspace's default time to live is `ttl_ms`.
} oracle_effect_kind;

typedef struct oracle_effect {
    oracle_effect_kind kind;
    uint32_t keyspace;
    uint32_t key;
    uint32_t end;
    uint64_t ttl_ms;
    model_entry entry; // Of a put, without its version.
} oracle_effect;

typedef struct oracle_commit {
    oracle_effect effects[ORACLE_EFFECT_MAX];
    uint32_t effect_count;
    oracle_outcome outcome;
    bool was_unknown; // Its call did not tell: a reopen does.
    uint64_t version; // 0: the call did not tell.
    uint64_t time_ms; // What it has recorded if it came through, at least.
    size_t begin;     // Events before its call.
    size_t end;       // Events when its outcome was known; ORACLE_POINT_NEVER: it is not.
    uint64_t end_ms;  // When that was, on the oracle's clock.
} oracle_commit;

// From `point` on the first `count` committed commits must survive a power loss.
typedef struct oracle_mark {
    size_t point;
    size_t count;
} oracle_mark;

typedef enum oracle_loss {
    ORACLE_LOSS_PROCESS = 0, // The process died; the kernel went on.
    ORACLE_LOSS_POWER = 1,   // Kernel or power.
    // The newest log reads wrong somewhere: what no later frame and no clean close witnessed as
    // durable may be taken for a torn tail (rule E2).
    ORACLE_LOSS_TAIL = 2,
    // All of the newest log from some place on is gone, and every witness in it.
    ORACLE_LOSS_REST = 3,
    // Several files read wrong at once: any prefix may be left, and nothing but a prefix.
    ORACLE_LOSS_ANY = 4,
} oracle_loss;

typedef struct oracle_snapshot {
    db_reader reader; // With keyspaces of its own: a drop takes those of the oracle.
    ferric_snapshot *handle;
    model_table state;
    uint64_t low_ms; // The bounds of its time.
    uint64_t high_ms;
} oracle_snapshot;

typedef struct oracle {
    scenario plan;
    uint64_t seed;
    vfs_record *record;
    uint32_t allowed; // Bits 1 << status: how calls may fail.
    ferric_db *db;
    db_reader reader; // With the open keyspaces.
    uint64_t value_number;
    uint64_t period_ms; // Of FERRIC_FSYNC_PERIODIC.
    uint64_t now_ms;    // How far the scenario has let time go on.
    uint64_t seen_ms;   // What the engine's clock was last seen at in this open, at least,
    uint64_t latest_ms; // and in all opens at most.
    model_table base;   // Before the first commit.
    model_table now;    // After the last one that is committed.
    oracle_commit *commits;
    size_t commit_count;
    size_t commit_capacity;
    size_t committed_count;
    oracle_mark *marks;
    size_t mark_count;
    size_t mark_capacity;
    oracle_snapshot snapshots[SCENARIO_SNAPSHOT_MAX];
    size_t snapshot_count;
    bool is_poisoned; // An outcome is unknown: only a reopen makes it writable again.
    // What a reopen may have lost though the process lived: ORACLE_LOSS_PROCESS is nothing,
    // ORACLE_LOSS_POWER what the kernel dropped at a failed sync.
    oracle_loss excuse;
    // Commits that more than the newest log speaks for: at the last close or flush that was OK.
    size_t settled_count;
    uint64_t taken_back_count; // Commits that were gone.
    uint64_t step_index;
    uint64_t refusals; // Calls answered with an allowed failure.
    char *failure;     // NULL while the contract holds. Owned.
} oracle;

// `record` is lent. Nothing is opened yet.
void oracle_init(oracle *o, const scenario *plan, vfs_record *record, uint64_t seed);
// Closes what is open, whatever it answers.
void oracle_deinit(oracle *o);

// Opens the database and compares what it shows with what must be there; an unknown outcome
// becomes known. False when that failed (an allowed refusal, or `failure` is set).
bool oracle_open(oracle *o);
// Closes. A close that returned OK makes all durable.
void oracle_close(oracle *o);
// Opens if need be, and plays all steps; stops at a failure.
void oracle_run(oracle *o);
void oracle_step(oracle *o, const scenario_step *step);
// Reads everything and compares. `allowed` may refuse parts.
void oracle_check_now(oracle *o);
// Writes that nothing may refuse any more, then closes, opens and compares: the database is usable.
void oracle_check_usable(oracle *o);

// How many of the commits must be there, and how many may be.
size_t oracle_required(const oracle *o, size_t point, oracle_loss loss);
size_t oracle_begun(const oracle *o, size_t point);

// Compares what was read after a loss at `point`. Returns NULL and sets *count and *state to the n
// that was found, or what is wrong as text that the caller frees.
char *oracle_judge(const oracle *o, size_t point, oracle_loss loss, const db_reading *reading,
                   size_t *count, model_table *state);

// What of `state` is seen now, where `found` decides about what expires between the bounds.
void oracle_view(const oracle *o, const model_table *state, const model_table *found,
                 model_table *view);
// As model_difference, with what must be seen of the newest state now.
char *oracle_difference(const oracle *o, const db_reading *reading);

// What all plays of this process did, so that harnesses can show that they did it.
typedef struct oracle_tally {
    uint64_t expiring;  // Puts with a lifetime that were committed.
    uint64_t rewritten; // Lifetimes that were changed,
    uint64_t touched;   // and of these by ferric_touch.
    uint64_t defaults;  // Default lifetimes that keyspaces were given.
    uint64_t counted;   // Times to live that counted from a put, as far as it was looked at.
    uint64_t increments;
    uint64_t clocks; // Times that the system's clock was set.
    uint64_t ranges; // Range deletes that were committed.
    uint64_t drops;
    uint64_t renames;
    uint64_t documents;         // Documents that were put or deleted.
    uint64_t indexes;           // Indexes that were created or dropped.
    uint64_t refused_documents; // By a unique index.
} oracle_tally;
extern oracle_tally oracle_played;
// Prints them, and fails when any of them was never done.
void oracle_count_played(harness *h);

// Makes `child` go on with the database on `child->record`, what remained of the parent's after a
// loss at `point`: opens it, reads it, judges it and takes the state found as its base. False when
// that failed; child->failure says how. *count (may be NULL) receives n. The clock of
// `child->record` may show anything.
bool oracle_adopt(oracle *child, const oracle *parent, size_t point, oracle_loss loss,
                  size_t *count);

#endif
