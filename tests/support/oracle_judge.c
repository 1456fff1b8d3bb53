// SPDX-License-Identifier: Apache-2.0
// Which states the contract allows, and whether a database shows one of them.
#include <inttypes.h>
#include <string.h>

#include "support/harness.h"
#include "support/oracle.h"
#include "support/oracle_inside.h"

// ---- What is seen ---------------------------------------------------------------------------

void oracle_view(const oracle *o, const model_table *state, const model_table *found,
                 model_table *view)
{
    model_view(state, oracle_low_ms(o), oracle_high_ms(o), found, view);
}

char *oracle_difference(const oracle *o, const db_reading *reading)
{
    model_table view;

    oracle_view(o, &o->now, &reading->found, &view);
    return model_difference(&view, &reading->found);
}

// What a database that was just opened, with a clock of its own, shows of a state.
static void view_opened(const oracle *o, const model_table *state, const db_reading *reading,
                        model_table *view)
{
    uint64_t low = reading->system_ms > state->time_ms ? reading->system_ms : state->time_ms;
    uint64_t high = oracle_high_ms(o);

    if (reading->system_ms > high) high = reading->system_ms;
    model_view(state, low, high, &reading->found, view);
}

// Whether it shows the first commits of a history up to `table`, whose next one is number `next`.
// Versions count too: two commits that write the same bytes make states that differ in them alone.
static bool is_state(const oracle *o, size_t point, size_t next, const model_table *table,
                     const db_reading *reading, model_table *view)
{
    view_opened(o, table, reading, view);
    if (view->hash != reading->found.hash) return false;
    for (size_t i = next; i < o->commit_count; i++) {
        if (o->commits[i].begin <= point) oracle_touch(view, &o->commits[i]);
    }
    char *difference = model_difference(view, &reading->found);
    harness_free(difference);
    return difference == NULL;
}

// ---- While it plays -------------------------------------------------------------------------

// Large values are read from their file, so one that was never synced goes when the kernel drops
// its pages after a failed sync. Until a reopen, which takes back its commit, it must read as
// damaged.
bool oracle_is_dropped_value(const oracle *o, ferric_status status)
{
    return status == FERRIC_CORRUPT && o->excuse == ORACLE_LOSS_POWER &&
           o->plan.fsync != FERRIC_FSYNC_ALWAYS;
}

static void compare(oracle *o, const char *what, const model_table *view, const db_reading *reading)
{
    if (reading->contradiction != NULL) {
        oracle_fail(o, what, reading->contradiction);
        return;
    }
    if (reading->status != FERRIC_OK && !oracle_is_dropped_value(o, reading->status)) {
        oracle_accept(o, what, reading->status);
        if (o->failure != NULL) return;
    }
    char *difference = model_difference(view, &reading->found);
    if (difference != NULL) oracle_fail(o, what, difference);
    harness_free(difference);
}

static void compare_now(oracle *o, const char *what, const db_reading *reading)
{
    model_table view;

    oracle_view(o, &o->now, &reading->found, &view);
    compare(o, what, &view, reading);
}

// The newest commit when its outcome is not known.
static oracle_commit *unknown_commit(const oracle *o)
{
    for (size_t i = o->commit_count; i-- > 0;) {
        if (o->commits[i].outcome == ORACLE_UNKNOWN) return &o->commits[i];
    }
    return NULL;
}

// Whether the database shows the newest state with this commit.
static bool shows(const oracle *o, const oracle_commit *commit, const db_reading *reading)
{
    model_table with = o->now;
    model_table view;

    oracle_apply_commit(&with, commit);
    oracle_view(o, &with, &reading->found, &view);
    char *difference = model_difference(&view, &reading->found);
    harness_free(difference);
    return difference == NULL;
}

// Without `always`, a commit whose requested sync failed may be shown or not.
static bool shows_unknown(const oracle *o, const db_reading *reading)
{
    const oracle_commit *unknown = unknown_commit(o);

    if (unknown == NULL || o->plan.fsync == FERRIC_FSYNC_ALWAYS) return false;
    return shows(o, unknown, reading);
}

static void check_snapshot(oracle *o, const oracle_snapshot *snapshot)
{
    db_reading reading;
    model_table view;

    db_read(&snapshot->reader, &reading);
    model_view(&snapshot->state, snapshot->low_ms, snapshot->high_ms, &reading.found, &view);
    compare(o, "reading a snapshot", &view, &reading);
    db_reading_deinit(&reading);
}

void oracle_check_now(oracle *o)
{
    db_reading reading;

    if (o->db == NULL || o->failure != NULL || !oracle_open_keyspaces(o)) return;
    db_read(&o->reader, &reading);
    if (!shows_unknown(o, &reading)) compare_now(o, "reading", &reading);
    if (reading.found.expiring_count > 0) oracle_look(o);
    db_reading_deinit(&reading);
    for (size_t i = 0; i < o->snapshot_count && o->failure == NULL; i++)
        check_snapshot(o, &o->snapshots[i]);
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
    o->seen_ms = state.time_ms;
}

bool oracle_resolve(oracle *o)
{
    oracle_commit *unknown = unknown_commit(o);
    db_reading reading;

    o->reader.system_ms = fe_vfs_now_ms(vfs_record_vfs(o->record));
    db_read(&o->reader, &reading);
    if (reading.status == FERRIC_OK && unknown != NULL) {
        oracle_settle(o, unknown, shows(o, unknown, &reading));
    }
    if (o->excuse == ORACLE_LOSS_PROCESS) {
        compare_now(o, "reading after open", &reading);
    } else if (reading.contradiction == NULL && reading.status != FERRIC_OK) {
        // What is gone and what is only refused cannot be told apart: the next open shows it.
        oracle_accept(o, "reading after open", reading.status);
    } else {
        char *difference = oracle_difference(o, &reading);
        if (difference != NULL) take_back(o, &reading);
        harness_free(difference);
        compare_now(o, "reading after open", &reading);
    }
    if (reading.found.expiring_count > 0) oracle_look(o);
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
                               const model_table *least, const db_reading *reading)
{
    model_table view;

    view_opened(o, least, reading, &view);
    char *difference = model_difference(&view, &reading->found);
    char *text = harness_format("point %zu: no n from %zu to %zu fits; against the least: %s",
                                point, required, oracle_begun(o, point),
                                difference == NULL ? "versions differ" : difference);
    harness_free(difference);
    return text;
}

// A search for the n whose first n commits make what was found.
typedef struct search {
    const oracle *o;
    size_t point;
    const db_reading *reading;
    size_t required;
    bool is_found;
    size_t count;
    model_table state;
    uint64_t time_ms; // Of the first n that fits.
} search;

static void try_state(search *s, size_t next, size_t count, const model_table *table)
{
    model_table view;

    if (!is_state(s->o, s->point, next, table, s->reading, &view)) return;
    // Several may fit; then the least of the times is all that is known.
    if (!s->is_found || s->count < s->required) s->time_ms = table->time_ms;
    s->is_found = true;
    s->count = count;
    s->state = *table;
    memcpy(s->state.facts, view.facts, sizeof view.facts);
}

// What nobody could say of the state stands in what was found. An index that is not ready stays so
// until its creation is called again: nothing here has background threads.
static void settle_facts(model_table *state, const model_table *found)
{
    for (uint32_t i = 1; i < MODEL_FACT_COUNT; i++) {
        if (found->facts[i] == MODEL_UNSEEN) continue;
        state->facts[i] = found->facts[i] == MODEL_HALF ? MODEL_UNREADY : found->facts[i];
    }
}

char *oracle_judge(const oracle *o, size_t point, oracle_loss loss, const db_reading *reading,
                   size_t *count, model_table *state)
{
    search s = {.o = o, .point = point, .reading = reading};
    model_table table = o->base;
    model_table least = o->base;
    size_t applied = 0;

    s.required = oracle_required(o, point, loss);
    if (reading->contradiction != NULL) return harness_format("%s", reading->contradiction);
    if (reading->status != FERRIC_OK) {
        return harness_format("a read answered %s", ferric_status_name(reading->status));
    }
    try_state(&s, 0, 0, &table);
    for (size_t i = 0; i < o->commit_count; i++) {
        const oracle_commit *commit = &o->commits[i];
        if (!may_be_there(commit, point)) {
            if (commit->begin <= point) oracle_touch(&table, commit);
            continue;
        }
        oracle_apply_commit(&table, commit);
        applied++;
        if (applied <= s.required) least = table;
        try_state(&s, i + 1, applied, &table);
    }
    if (!s.is_found && loss != ORACLE_LOSS_PROCESS && ghost_at(o, point) != NULL) {
        oracle_apply_commit(&table, ghost_at(o, point));
        try_state(&s, o->commit_count, applied, &table);
    }
    if (!s.is_found || s.count < s.required) {
        return describe_mismatch(o, point, s.required, &least, reading);
    }
    *count = s.count;
    *state = s.state;
    state->time_ms = s.time_ms;
    settle_facts(state, &reading->found);
    return NULL;
}

static void inherit_commits(oracle *child, const oracle *parent, size_t point, size_t count)
{
    size_t required = oracle_required(parent, point, ORACLE_LOSS_POWER);

    child->base = parent->base;
    for (size_t i = 0; i < parent->commit_count; i++) {
        if (parent->commits[i].begin > point) continue;
        bool is_there = may_be_there(&parent->commits[i], point) && child->committed_count < count;
        oracle_commit *commit = oracle_add_commit(child);
        *commit = parent->commits[i];
        commit->outcome = is_there ? ORACLE_COMMITTED : ORACLE_NOT_COMMITTED;
        commit->begin = 0;
        commit->end = 0;
        if (!is_there) continue;
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
    child->reader.system_ms = fe_vfs_now_ms(vfs_record_vfs(child->record));
    child->latest_ms = child->reader.system_ms;
    if (child->latest_ms < parent->latest_ms) child->latest_ms = parent->latest_ms;
    db_read(&child->reader, &reading);
    char *wrong = oracle_judge(parent, point, loss, &reading, &found_count, &child->base);
    db_reading_deinit(&reading);
    if (wrong != NULL) oracle_fail(child, "what remained", wrong);
    harness_free(wrong);
    if (child->failure != NULL) return false;
    if (count != NULL) *count = found_count;
    child->now = child->base;
    child->seen_ms = child->now.time_ms;
    // Under another policy than `always`, what a dead process left in the kernel is not durable
    // yet: the child inherits the commits themselves, with what they promise.
    if (loss == ORACLE_LOSS_PROCESS) inherit_commits(child, parent, point, found_count);
    return true;
}
