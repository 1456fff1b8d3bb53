// SPDX-License-Identifier: Apache-2.0
// Playing the steps of a scenario and keeping the books; judging is in oracle_judge.c.
#include "support/oracle.h"

#include <inttypes.h>
#include <string.h>

#include "base/checksum.h"
#include "support/harness.h"
#include "support/oracle_inside.h"

// ---- Failures -------------------------------------------------------------------------------

void oracle_fail(oracle *o, const char *what, const char *detail)
{
    if (o->failure != NULL) return;
    o->failure =
        harness_format("%s, step %" PRIu64 ": %s: %s", o->plan.name, o->step_index, what, detail);
}

// Whether `status` is OK; else it must be an allowed refusal.
bool oracle_accept(oracle *o, const char *call, ferric_status status)
{
    if (status == FERRIC_OK) return true;
    if ((o->allowed >> status & 1) != 0) {
        o->refusals++;
        return false;
    }
    char *text = harness_format("%s (%s)", ferric_status_name(status), ferric_error_message());
    oracle_fail(o, call, text);
    harness_free(text);
    return false;
}

// ---- The books ------------------------------------------------------------------------------

static void mark(oracle *o, size_t point, size_t count)
{
    if (o->mark_count == o->mark_capacity) {
        o->mark_capacity = o->mark_capacity * 2 + 16;
        o->marks = harness_realloc(o->marks, o->mark_capacity * sizeof(*o->marks));
    }
    o->marks[o->mark_count++] = (oracle_mark){point, count};
}

void oracle_mark_durable_at(oracle *o, size_t point)
{
    mark(o, point, o->committed_count);
}

void oracle_mark_durable(oracle *o)
{
    oracle_mark_durable_at(o, vfs_record_trace_size(o->record));
}

void oracle_apply_commit(model_table *table, const oracle_commit *commit)
{
    for (uint32_t i = 0; i < commit->effect_count; i++) {
        const oracle_effect *effect = &commit->effects[i];
        if (effect->is_delete)
            model_delete(table, effect->keyspace, effect->key);
        else
            model_put(table, effect->keyspace, effect->key, effect->value_hash, effect->size,
                      commit->version);
    }
}

oracle_commit *oracle_add_commit(oracle *o)
{
    if (o->commit_count == o->commit_capacity) {
        o->commit_capacity = o->commit_capacity * 2 + 32;
        o->commits = harness_realloc(o->commits, o->commit_capacity * sizeof(*o->commits));
    }
    oracle_commit *commit = &o->commits[o->commit_count++];
    memset(commit, 0, sizeof(*commit));
    return commit;
}

oracle_commit *oracle_begin_commit(oracle *o)
{
    oracle_commit *commit = oracle_add_commit(o);

    commit->begin = vfs_record_trace_size(o->record);
    commit->end = ORACLE_POINT_NEVER;
    return commit;
}

void oracle_settle(oracle *o, oracle_commit *commit, bool is_committed)
{
    commit->outcome = is_committed ? ORACLE_COMMITTED : ORACLE_NOT_COMMITTED;
    commit->end = vfs_record_trace_size(o->record);
    commit->end_ms = o->now_ms;
    if (!is_committed) return;
    // It stands where those stood that were taken back.
    for (size_t i = 0; i < o->commit_count; i++) {
        if (o->commits[i].outcome == ORACLE_TAKEN_BACK) {
            o->commits[i].outcome = ORACLE_NOT_COMMITTED;
        }
    }
    oracle_apply_commit(&o->now, commit);
    o->committed_count++;
}

// Without threads it is a commit that syncs when the period is over: once it has returned, all that
// was acknowledged a period ago is durable.
static void mark_period(oracle *o)
{
    size_t count = 0;

    for (size_t i = 0; i < o->commit_count; i++) {
        const oracle_commit *commit = &o->commits[i];
        if (commit->outcome != ORACLE_COMMITTED) continue;
        if (commit->end_ms + o->period_ms > o->now_ms) break;
        count++;
    }
    if (count > 0) mark(o, vfs_record_trace_size(o->record), count);
}

// Enters what a write answered.
void oracle_end_commit(oracle *o, oracle_commit *commit, const char *call, ferric_status status,
                       bool is_sync)
{
    if (status == FERRIC_OK && o->is_poisoned) {
        oracle_fail(o, call, "a write went through though an outcome is unknown");
    }
    if (status == FERRIC_OUTCOME_UNKNOWN && (o->allowed >> status & 1) != 0) {
        commit->outcome = ORACLE_UNKNOWN;
        commit->was_unknown = true;
        o->is_poisoned = true;
        o->refusals++;
        return;
    }
    oracle_settle(o, commit, oracle_accept(o, call, status));
    if (status == FERRIC_OK && (is_sync || o->plan.fsync == FERRIC_FSYNC_ALWAYS)) {
        oracle_mark_durable(o);
    }
    if (status == FERRIC_OK && o->plan.fsync == FERRIC_FSYNC_PERIODIC) mark_period(o);
}

// ---- Writes ---------------------------------------------------------------------------------

ferric_slice oracle_next_value(oracle *o, uint32_t key, uint32_t size, uint8_t **memory)
{
    *memory = harness_alloc(size);
    model_value(o->value_number++, key, *memory, size);
    return (ferric_slice){*memory, size};
}

void oracle_add_effect(oracle_commit *commit, uint32_t keyspace, uint32_t key,
                       const ferric_slice *value)
{
    oracle_effect *effect = &commit->effects[commit->effect_count++];

    *effect = (oracle_effect){.keyspace = keyspace, .key = key, .is_delete = value == NULL};
    if (value == NULL) return;
    effect->size = (uint32_t)value->size;
    effect->value_hash = fe_hash64(value->size == 0 ? "" : value->data, value->size);
}

// The version of a fresh put, so that a recovered one can be compared.
static void learn_version(oracle *o, oracle_commit *commit)
{
    const oracle_effect *effect = &commit->effects[0];
    ferric_buffer value = {0};
    uint64_t version = 0;

    if (effect->is_delete) return;
    ferric_status status = ferric_get(o->db, o->reader.keyspaces[effect->keyspace],
                                      model_key(effect->key), NULL, &value, &version);
    ferric_buffer_free(&value);
    if (!oracle_accept(o, "the read behind a put", status)) return;
    commit->version = version;
    o->now.entries[effect->keyspace][effect->key].version = version;
}

void oracle_write_one(oracle *o, const scenario_step *step, uint32_t key,
                      const ferric_write_options *options)
{
    ferric_keyspace *keyspace = o->reader.keyspaces[step->keyspace];
    oracle_commit *commit = oracle_begin_commit(o);
    bool is_delete = step->verb == STEP_DELETE;
    ferric_slice value = {0};
    ferric_status status;
    uint8_t *memory = NULL;
    uint64_t told = 0;

    if (!is_delete) value = oracle_next_value(o, key, step->size, &memory);
    oracle_add_effect(commit, step->keyspace, key, is_delete ? NULL : &value);
    if (step->is_async) {
        status = oracle_write_async(o, step, keyspace, key, value, options, &told);
    } else if (is_delete) {
        status = ferric_delete(o->db, keyspace, model_key(key), options);
    } else {
        status = ferric_put(o->db, keyspace, model_key(key), value, options);
    }
    harness_free(memory);
    oracle_end_commit(o, commit, "a write", status, options->sync || step->is_async);
    if (status == FERRIC_OK) learn_version(o, commit);
    if (told != 0 && commit->version != 0 && told != commit->version) {
        oracle_fail(o, "an asynchronous write", "another version was told");
    }
}

static void play_writes(oracle *o, const scenario_step *step)
{
    ferric_write_options options = FERRIC_WRITE_OPTIONS_INIT;

    options.sync = step->is_sync;
    for (uint32_t i = 0; i < (step->repeat == 0 ? 1 : step->repeat); i++) {
        oracle_write_one(o, step, (step->key + i) % MODEL_KEY_COUNT, &options);
    }
}

// Fills the batch and the commit's effects alike. A key that comes twice counts as the later one.
static ferric_status fill_batch(oracle *o, const scenario_step *step, oracle_commit *commit,
                                ferric_batch *batch)
{
    ferric_status status = FERRIC_OK;

    for (uint32_t i = 0; i < step->repeat && i < ORACLE_EFFECT_MAX && status == FERRIC_OK; i++) {
        uint32_t keyspace = (step->keyspace + i) % MODEL_KEYSPACE_COUNT;
        uint32_t key = (step->key + i / 2) % MODEL_KEY_COUNT;
        ferric_keyspace *handle = o->reader.keyspaces[keyspace];
        if (i % 3 == 2) {
            status = ferric_batch_delete(batch, handle, model_key(key));
            oracle_add_effect(commit, keyspace, key, NULL);
        } else {
            uint8_t *memory;
            ferric_slice value = oracle_next_value(o, key, step->size, &memory);
            status = ferric_batch_put(batch, handle, model_key(key), value);
            oracle_add_effect(commit, keyspace, key, &value);
            harness_free(memory);
        }
    }
    return status;
}

static void play_batch(oracle *o, const scenario_step *step)
{
    ferric_write_options options = FERRIC_WRITE_OPTIONS_INIT;
    oracle_commit *commit = oracle_begin_commit(o);
    ferric_batch *batch = NULL;

    options.sync = step->is_sync;
    ferric_status status = ferric_batch_create(&batch);
    if (status == FERRIC_OK) status = fill_batch(o, step, commit, batch);
    if (status == FERRIC_OK) {
        status = step->is_async ? oracle_write_batch_async(o, batch, &options, &commit->version)
                                : ferric_write(o->db, batch, &options, &commit->version);
    }
    if (status != FERRIC_OK) commit->version = 0;
    ferric_batch_destroy(batch);
    oracle_end_commit(o, commit, "a batch", status, step->is_sync || step->is_async);
}

// The version the model knows; 0 when the key is absent. False when the version never was learnt.
static bool known_version(const oracle *o, const scenario_step *step, uint64_t *version)
{
    const model_entry *entry = &o->now.entries[step->keyspace][step->key];

    *version = entry->presence == MODEL_PRESENT ? entry->version : 0;
    return entry->presence == MODEL_ABSENT || entry->version != 0;
}

static void play_conditional(oracle *o, const scenario_step *step)
{
    ferric_write_options options = FERRIC_WRITE_OPTIONS_INIT;
    bool is_present = o->now.entries[step->keyspace][step->key].presence == MODEL_PRESENT;
    bool is_conflict = step->verb == STEP_IF_STALE || (step->verb == STEP_IF_ABSENT && is_present);
    uint8_t *memory;

    options.sync = step->is_sync;
    options.condition = step->verb == STEP_IF_ABSENT ? FERRIC_IF_ABSENT : FERRIC_IF_VERSION;
    if (!known_version(o, step, &options.if_version)) return;
    if (step->verb == STEP_IF_STALE) options.if_version += 1000000;
    oracle_commit *commit = oracle_begin_commit(o);
    ferric_slice value = oracle_next_value(o, step->key, step->size, &memory);
    oracle_add_effect(commit, step->keyspace, step->key, &value);
    ferric_status status = ferric_put(o->db, o->reader.keyspaces[step->keyspace],
                                      model_key(step->key), value, &options);
    harness_free(memory);
    if (status == FERRIC_CONFLICT && is_conflict) {
        oracle_settle(o, commit, false);
        return;
    }
    if (status == FERRIC_OK && is_conflict) oracle_fail(o, "a condition", "it did not hold");
    if (status == FERRIC_CONFLICT) oracle_fail(o, "a condition", "it held, and was a conflict");
    if (o->failure != NULL) return;
    oracle_end_commit(o, commit, "a conditional put", status, step->is_sync);
    if (status == FERRIC_OK) learn_version(o, commit);
}

// ---- Snapshots ------------------------------------------------------------------------------

static void play_snapshot(oracle *o)
{
    if (o->snapshot_count == SCENARIO_SNAPSHOT_MAX || o->is_poisoned) return;
    oracle_snapshot *snapshot = &o->snapshots[o->snapshot_count];
    if (!oracle_accept(o, "a snapshot", ferric_snapshot_create(o->db, &snapshot->handle))) return;
    snapshot->state = o->now;
    o->snapshot_count++;
}

static void play_release(oracle *o)
{
    if (o->snapshot_count == 0) return;
    ferric_snapshot_release(o->snapshots[0].handle);
    o->snapshot_count--;
    memmove(o->snapshots, o->snapshots + 1, o->snapshot_count * sizeof(*o->snapshots));
}

// ---- Open and close -------------------------------------------------------------------------

static bool open_keyspaces(oracle *o)
{
    for (uint32_t i = 1; i < MODEL_KEYSPACE_COUNT; i++) {
        ferric_status status = ferric_keyspace_open(o->db, model_keyspace_name(i),
                                                    FERRIC_KEYSPACE_RAW, &o->reader.keyspaces[i]);
        if (!oracle_accept(o, "opening a keyspace", status)) return false;
    }
    return true;
}

bool oracle_open_handle(oracle *o)
{
    ferric_options options;

    scenario_options(&o->plan, &options);
    o->period_ms = options.fsync_period_ms;
    options.vfs = vfs_record_vfs(o->record);
    ferric_status status = ferric_open(ORACLE_PATH, &options, &o->db);
    if (status != FERRIC_OK && o->db != NULL) {
        oracle_fail(o, "ferric_open", "it failed and gave a handle");
    }
    if (!oracle_accept(o, "ferric_open", status)) return false;
    o->reader.db = o->db;
    if (open_keyspaces(o)) return true;
    oracle_close(o);
    return false;
}

bool oracle_open(oracle *o)
{
    if (o->failure != NULL || !oracle_open_handle(o)) return false;
    if (!oracle_resolve(o)) {
        oracle_close(o);
        return false;
    }
    return true;
}

void oracle_close(oracle *o)
{
    if (o->db == NULL) return;
    while (o->snapshot_count > 0)
        play_release(o);
    for (uint32_t i = 1; i < MODEL_KEYSPACE_COUNT; i++) {
        ferric_keyspace_close(o->reader.keyspaces[i]);
        o->reader.keyspaces[i] = NULL;
    }
    ferric_status status = ferric_close(o->db);
    o->db = NULL;
    o->reader.db = NULL;
    if (!oracle_accept(o, "ferric_close", status)) return;
    if (o->is_poisoned) return;
    oracle_mark_durable(o);
    o->settled_count = o->committed_count;
}

static void play_reopen(oracle *o)
{
    oracle_close(o);
    if (o->failure == NULL) oracle_open(o);
}

// ---- Maintenance ----------------------------------------------------------------------------

static void play_sync(oracle *o)
{
    ferric_status status = ferric_sync(o->db);

    if (status == FERRIC_OUTCOME_UNKNOWN) o->is_poisoned = true;
    if (oracle_accept(o, "ferric_sync", status) && !o->is_poisoned) oracle_mark_durable(o);
}

static void play_flush(oracle *o)
{
    if (!oracle_accept(o, "ferric_flush", ferric_flush(o->db)) || o->is_poisoned) return;
    oracle_mark_durable(o);
    o->settled_count = o->committed_count;
}

static void play_compact(oracle *o)
{
    ferric_slice open_end = {NULL, 0};
    oracle_accept(o, "ferric_compact", ferric_compact(o->db, NULL, open_end, open_end));
}

static void note_finding(void *context, const char *path, uint64_t offset, const char *text)
{
    char **note = context;

    if (*note != NULL) return;
    *note = harness_format("%s at %" PRIu64 ": %s", path, offset, text);
}

static void play_verify(oracle *o)
{
    ferric_verify_report report;
    char *note = NULL;

    ferric_status status = ferric_verify(o->db, note_finding, &note, &report);
    // Pages that the kernel dropped are missing from log or manifest, and verify rightly says so.
    if (status == FERRIC_CORRUPT && vfs_record_hits(o->record) > 0 &&
        o->excuse == ORACLE_LOSS_POWER) {
        status = FERRIC_OK;
    }
    if (!oracle_accept(o, "ferric_verify", status) && note != NULL && o->failure != NULL) {
        harness_free(o->failure);
        o->failure = NULL;
        oracle_fail(o, "ferric_verify", note);
    }
    harness_free(note);
}

// ---- Steps ----------------------------------------------------------------------------------

static void play(oracle *o, const scenario_step *step)
{
    switch (step->verb) {
    case STEP_PUT:
    case STEP_DELETE:
        play_writes(o, step);
        break;
    case STEP_BATCH:
        play_batch(o, step);
        break;
    case STEP_IF_ABSENT:
    case STEP_IF_VERSION:
    case STEP_IF_STALE:
        play_conditional(o, step);
        break;
    case STEP_TXN:
        oracle_play_txn(o, step);
        break;
    case STEP_TXN_LATE:
        oracle_play_late_txn(o, step);
        break;
    case STEP_SYNC:
        play_sync(o);
        break;
    case STEP_FLUSH:
        play_flush(o);
        break;
    case STEP_COMPACT:
        play_compact(o);
        break;
    case STEP_SNAPSHOT:
        play_snapshot(o);
        break;
    case STEP_RELEASE:
        play_release(o);
        break;
    case STEP_REOPEN:
        play_reopen(o);
        break;
    case STEP_READ:
        oracle_check_now(o);
        break;
    case STEP_ADVANCE:
        vfs_record_advance_ms(o->record, step->size);
        o->now_ms += step->size;
        break;
    case STEP_VERIFY:
        play_verify(o);
        break;
    case STEP_VERB_COUNT:
        harness_panic("no such step");
    }
}

void oracle_step(oracle *o, const scenario_step *step)
{
    if (o->failure != NULL) return;
    // An open that was refused is tried again, as an application would.
    if (o->db == NULL && !oracle_open(o)) return;
    play(o, step);
}

void oracle_run(oracle *o)
{
    size_t count;
    scenario_step *steps = scenario_steps(&o->plan, o->seed, &count);

    for (size_t i = 0; i < count && o->failure == NULL; i++) {
        oracle_step(o, &steps[i]);
        o->step_index++;
    }
    harness_free(steps);
    const char *violation = vfs_record_violation(o->record);
    if (violation != NULL) oracle_fail(o, "a contract of the vfs", violation);
}

void oracle_init(oracle *o, const scenario *plan, vfs_record *record, uint64_t seed)
{
    memset(o, 0, sizeof(*o));
    o->plan = *plan;
    o->record = record;
    o->seed = seed;
    o->value_number = seed << 32 | 1;
    if (plan->is_ringless) vfs_record_refuse_rings(record);
}

void oracle_deinit(oracle *o)
{
    o->allowed = UINT32_MAX;
    oracle_close(o);
    harness_free(o->commits);
    harness_free(o->marks);
    harness_free(o->failure);
    memset(o, 0, sizeof(*o));
}
