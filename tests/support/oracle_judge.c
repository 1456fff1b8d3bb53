// SPDX-License-Identifier: Apache-2.0
// Which states the contract allows, and whether a database shows one of them.
#include <inttypes.h>
#include <string.h>

#include "support/harness.h"
#include "support/oracle.h"
#include "support/oracle_inside.h"

// ---- While it plays -------------------------------------------------------------------------

// Large values are read from their file, so one that was never synced goes when the kernel drops
// its pages after a failed sync. Until a reopen, which takes back its commit, it must read as
// damaged.
static bool is_dropped_value(const oracle *o, ferric_status status)
{
    return status == FERRIC_CORRUPT && o->excuse == ORACLE_LOSS_POWER &&
           o->plan.fsync != FERRIC_FSYNC_ALWAYS;
}

static void compare(oracle *o, const char *what, const model_table *expected,
                    const db_reading *reading)
{
    if (reading->contradiction != NULL) {
        oracle_fail(o, what, reading->contradiction);
        return;
    }
    if (reading->status != FERRIC_OK && !is_dropped_value(o, reading->status)) {
        oracle_accept(o, what, reading->status);
        if (o->failure != NULL) return;
    }
    char *difference = model_difference(expected, &reading->found);
    if (difference != NULL) oracle_fail(o, what, difference);
    harness_free(difference);
}

// The newest commit when its outcome is not known.
static oracle_commit *unknown_commit(oracle *o)
{
    for (size_t i = o->commit_count; i-- > 0;) {
        if (o->commits[i].outcome == ORACLE_UNKNOWN) return &o->commits[i];
    }
    return NULL;
}

// Without `always`, a commit whose requested sync failed may be shown or not.
static bool shows_unknown(oracle *o, const model_table *found)
{
    const oracle_commit *unknown = unknown_commit(o);
    model_table with = o->now;

    if (unknown == NULL || o->plan.fsync == FERRIC_FSYNC_ALWAYS) return false;
    oracle_apply_commit(&with, unknown);
    return with.hash == found->hash;
}

void oracle_check_now(oracle *o)
{
    db_reading reading;

    if (o->db == NULL || o->failure != NULL) return;
    o->reader.snapshot = NULL;
    db_read(&o->reader, &reading);
    if (!shows_unknown(o, &reading.found)) compare(o, "reading", &o->now, &reading);
    db_reading_deinit(&reading);
    for (size_t i = 0; i < o->snapshot_count && o->failure == NULL; i++) {
        o->reader.snapshot = o->snapshots[i].handle;
        db_read(&o->reader, &reading);
        compare(o, "reading a snapshot", &o->snapshots[i].state, &reading);
        db_reading_deinit(&reading);
    }
    o->reader.snapshot = NULL;
}

// Gives up commits at the end of the history that a fault took away and that the contract lets go,
// and takes up again those that only read wrong.
static void take_back(oracle *o, const db_reading *reading)
{
    size_t point = vfs_record_trace_size(o->record);
    size_t kept;
    size_t count = 0;
    model_table state;
    // Dropped pages are gone for good; what only read wrong is on the disk still.
    oracle_outcome gone = o->excuse == ORACLE_LOSS_POWER ? ORACLE_NOT_COMMITTED : ORACLE_TAKEN_BACK;

    char *wrong = oracle_judge(o, point, o->excuse, reading, &kept, &state);
    if (wrong != NULL) {
        oracle_fail(o, "after a fault", wrong);
        harness_free(wrong);
        return;
    }
    for (size_t i = 0; i < o->commit_count; i++) {
        oracle_commit *commit = &o->commits[i];
        if (commit->outcome != ORACLE_COMMITTED && commit->outcome != ORACLE_TAKEN_BACK) continue;
        bool is_kept = ++count <= kept;
        o->taken_back_count += !is_kept && commit->outcome == ORACLE_COMMITTED;
        commit->outcome = is_kept ? ORACLE_COMMITTED : gone;
    }
    o->committed_count = kept;
    o->now = state;
}

bool oracle_resolve(oracle *o)
{
    oracle_commit *unknown = unknown_commit(o);
    db_reading reading;

    db_read(&o->reader, &reading);
    if (reading.status == FERRIC_OK && unknown != NULL) {
        model_table with = o->now;
        oracle_apply_commit(&with, unknown);
        oracle_settle(o, unknown, with.hash == reading.found.hash);
    }
    if (o->excuse == ORACLE_LOSS_PROCESS) {
        compare(o, "reading after open", &o->now, &reading);
    } else if (reading.contradiction == NULL && reading.status != FERRIC_OK) {
        // What is gone and what is only refused cannot be told apart: the next open shows it.
        oracle_accept(o, "reading after open", reading.status);
    } else {
        if (o->now.hash != reading.found.hash) take_back(o, &reading);
        compare(o, "reading after open", &o->now, &reading);
    }
    bool is_read = o->failure == NULL && reading.status == FERRIC_OK;
    db_reading_deinit(&reading);
    if (!is_read) return false;
    o->is_poisoned = false;
    // What recovery shows under `always` is durable before the first read.
    if (o->plan.fsync == FERRIC_FSYNC_ALWAYS) oracle_mark_durable(o);
    return true;
}

void oracle_check_usable(oracle *o)
{
    static const scenario_step steps[] = {
        {.verb = STEP_READ},
        {.verb = STEP_PUT, .key = 50, .repeat = 2, .size = 33},
        {.verb = STEP_BATCH, .key = 51, .repeat = 4, .size = 44},
        {.verb = STEP_FLUSH},
        {.verb = STEP_DELETE, .key = 50},
        {.verb = STEP_REOPEN},
        {.verb = STEP_READ},
    };

    o->allowed = 0;
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
        oracle_step(o, &steps[i]);
    const char *violation = vfs_record_violation(o->record);
    if (violation != NULL) oracle_fail(o, "a contract of the vfs", violation);
}

// ---- After a loss ---------------------------------------------------------------------------

// Where the newest commit began: what was durable then stands in its frame as witnessed.
static size_t last_begin(const oracle *o, size_t point)
{
    size_t begin = 0;

    for (size_t i = 0; i < o->commit_count; i++) {
        const oracle_commit *commit = &o->commits[i];
        if (commit->outcome == ORACLE_COMMITTED && commit->end <= point) begin = commit->begin;
    }
    return begin;
}

size_t oracle_required(const oracle *o, size_t point, oracle_loss loss)
{
    size_t required = 0;

    if (loss == ORACLE_LOSS_PROCESS) {
        for (size_t i = 0; i < o->commit_count; i++) {
            const oracle_commit *commit = &o->commits[i];
            required += commit->outcome == ORACLE_COMMITTED && commit->end <= point;
        }
        return required;
    }
    if (loss == ORACLE_LOSS_ANY) return 0;
    if (loss == ORACLE_LOSS_REST) return o->settled_count;
    if (loss == ORACLE_LOSS_TAIL) {
        required = o->settled_count;
        point = last_begin(o, point);
    }
    for (size_t i = 0; i < o->mark_count; i++) {
        if (o->marks[i].point <= point && o->marks[i].count > required) {
            required = o->marks[i].count;
        }
    }
    return required;
}

// Whether a commit may be in the state after a loss at `point`.
static bool may_be_there(const oracle_commit *commit, size_t point)
{
    if (commit->end <= point) {
        return commit->outcome == ORACLE_COMMITTED || commit->outcome == ORACLE_TAKEN_BACK;
    }
    return commit->begin < point;
}

size_t oracle_begun(const oracle *o, size_t point)
{
    size_t begun = 0;

    for (size_t i = 0; i < o->commit_count; i++)
        begun += may_be_there(&o->commits[i], point);
    return begun;
}

// Versions count too: two commits that write the same bytes make states that differ in them alone.
static bool is_state(const model_table *expected, const model_table *found)
{
    if (expected->hash != found->hash) return false;
    char *difference = model_difference(expected, found);
    harness_free(difference);
    return difference == NULL;
}

// A commit whose outcome was unknown and which a reopen did not show: what voided its frame may not
// be durable under a policy that does not sync what recovery read. The next commit that goes
// through makes the log's end durable, and with it that the frame is gone.
static const oracle_commit *ghost_at(const oracle *o, size_t point)
{
    if (o->plan.fsync == FERRIC_FSYNC_ALWAYS) return NULL;
    for (size_t i = o->commit_count; i-- > 0;) {
        const oracle_commit *commit = &o->commits[i];
        if (may_be_there(commit, point)) return NULL;
        if (commit->was_unknown && commit->end <= point) return commit;
    }
    return NULL;
}

static char *describe_mismatch(const oracle *o, size_t point, size_t required,
                               const model_table *expected, const model_table *found)
{
    char *difference = model_difference(expected, found);
    char *text = harness_format("point %zu: no n from %zu to %zu fits; against the least: %s",
                                point, required, oracle_begun(o, point),
                                difference == NULL ? "versions differ" : difference);
    harness_free(difference);
    return text;
}

char *oracle_judge(const oracle *o, size_t point, oracle_loss loss, const db_reading *reading,
                   size_t *count, model_table *state)
{
    size_t required = oracle_required(o, point, loss);
    model_table table = o->base;
    model_table least = o->base;
    size_t applied = 0;
    bool is_found = is_state(&table, &reading->found);

    if (reading->contradiction != NULL) return harness_format("%s", reading->contradiction);
    if (reading->status != FERRIC_OK) {
        return harness_format("a read answered %s", ferric_status_name(reading->status));
    }
    *count = 0;
    *state = table;
    for (size_t i = 0; i < o->commit_count; i++) {
        if (!may_be_there(&o->commits[i], point)) continue;
        oracle_apply_commit(&table, &o->commits[i]);
        applied++;
        if (applied <= required) least = table;
        if (!is_state(&table, &reading->found)) continue;
        is_found = true;
        *count = applied;
        *state = table;
    }
    if (!is_found && loss != ORACLE_LOSS_PROCESS && ghost_at(o, point) != NULL) {
        oracle_apply_commit(&table, ghost_at(o, point));
        is_found = is_state(&table, &reading->found);
        *count = applied;
        *state = table;
    }
    if (!is_found || *count < required) {
        return describe_mismatch(o, point, required, &least, &reading->found);
    }
    return NULL;
}

static void inherit_commits(oracle *child, const oracle *parent, size_t point, size_t count)
{
    size_t required = oracle_required(parent, point, ORACLE_LOSS_POWER);

    child->base = parent->base;
    for (size_t i = 0; i < parent->commit_count && child->committed_count < count; i++) {
        if (!may_be_there(&parent->commits[i], point)) continue;
        oracle_commit *commit = oracle_add_commit(child);
        *commit = parent->commits[i];
        commit->outcome = ORACLE_COMMITTED;
        commit->begin = 0;
        commit->end = 0;
        child->committed_count++;
        if (child->committed_count == required) oracle_mark_durable_at(child, 0);
    }
    if (child->plan.fsync == FERRIC_FSYNC_ALWAYS) {
        oracle_mark_durable_at(child, vfs_record_trace_size(child->record));
    }
}

bool oracle_adopt(oracle *child, const oracle *parent, size_t point, oracle_loss loss,
                  size_t *count)
{
    db_reading reading;
    size_t found_count = 0;

    child->value_number = parent->value_number + ((uint64_t)1 << 20);
    if (!oracle_open_handle(child)) {
        if (child->failure == NULL) oracle_fail(child, "opening what remained", "refused");
        return false;
    }
    db_read(&child->reader, &reading);
    char *wrong = oracle_judge(parent, point, loss, &reading, &found_count, &child->base);
    db_reading_deinit(&reading);
    if (wrong != NULL) oracle_fail(child, "what remained", wrong);
    harness_free(wrong);
    if (child->failure != NULL) return false;
    if (count != NULL) *count = found_count;
    child->now = child->base;
    // Under another policy than `always`, what a dead process left in the kernel is not durable
    // yet: the child inherits the commits themselves, with what they promise.
    if (loss == ORACLE_LOSS_PROCESS) inherit_commits(child, parent, point, found_count);
    return true;
}
