// SPDX-License-Identifier: Apache-2.0
// Playing the steps of a scenario. The books are kept in oracle_books.c, and oracle_judge.c judges.
#include "support/oracle.h"

#include <inttypes.h>
#include <string.h>

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

// ---- Writes ---------------------------------------------------------------------------------

void oracle_write_one(oracle *o, const scenario_step *step, uint32_t key,
                      const ferric_write_options *options)
{
    ferric_write_options with = *options;
    ferric_keyspace *keyspace = o->reader.keyspaces[step->keyspace];
    oracle_commit *commit = oracle_begin_commit(o);
    bool is_delete = step->verb == STEP_DELETE;
    ferric_slice value = {0};
    ferric_status status;
    uint8_t *memory = NULL;

    if (is_delete) {
        oracle_add_effect(commit, EFFECT_DELETE, step->keyspace, key);
    } else {
        value = oracle_next_value(o, key, step->size, &memory);
        with.lifetime = oracle_lifetime(step);
        oracle_add_put(o, commit, step->keyspace, key, value, with.lifetime);
    }
    if (step->is_async) {
        status = oracle_write_async(o, step, keyspace, key, value, &with, &commit->version);
    } else {
        with.version = &commit->version;
        status = is_delete ? ferric_delete(o->db, keyspace, model_key(key), &with)
                           : ferric_put(o->db, keyspace, model_key(key), value, &with);
    }
    if (status != FERRIC_OK) commit->version = 0;
    harness_free(memory);
    oracle_end_commit(o, commit, "a write", status, options->sync || step->is_async);
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

    for (uint32_t i = 0; i < step->repeat && i < ORACLE_ENTRY_MAX && status == FERRIC_OK; i++) {
        uint32_t keyspace = (step->keyspace + i) % MODEL_RAW_COUNT;
        uint32_t key = (step->key + i / 2) % MODEL_KEY_COUNT;
        ferric_keyspace *handle = o->reader.keyspaces[keyspace];
        if (i % 3 == 2) {
            status = ferric_batch_delete(batch, handle, model_key(key));
            oracle_add_effect(commit, EFFECT_DELETE, keyspace, key);
        } else {
            uint8_t *memory;
            ferric_slice value = oracle_next_value(o, key, step->size, &memory);
            ferric_lifetime lifetime = oracle_lifetime(step);
            status = ferric_batch_put_expiring(batch, handle, model_key(key), value, lifetime);
            oracle_add_put(o, commit, keyspace, key, value, lifetime);
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

// The version the model knows; 0 when the key is absent. False when it is not known.
static bool known_version(const oracle *o, const scenario_step *step, uint64_t *version)
{
    const model_entry *entry = &o->now.entries[step->keyspace][step->key];
    oracle_sight sight = oracle_see(o, entry);

    *version = sight == SIGHT_PRESENT ? entry->version : 0;
    return sight == SIGHT_ABSENT || (sight == SIGHT_PRESENT && entry->version != 0);
}

static void play_conditional(oracle *o, const scenario_step *step)
{
    ferric_write_options options = FERRIC_WRITE_OPTIONS_INIT;
    bool is_present = oracle_see(o, &o->now.entries[step->keyspace][step->key]) == SIGHT_PRESENT;
    bool is_conflict = step->verb == STEP_IF_STALE || (step->verb == STEP_IF_ABSENT && is_present);
    uint8_t *memory;

    options.sync = step->is_sync;
    options.condition = step->verb == STEP_IF_ABSENT ? FERRIC_IF_ABSENT : FERRIC_IF_VERSION;
    options.lifetime = oracle_lifetime(step);
    if (!known_version(o, step, &options.if_version)) return;
    if (step->verb == STEP_IF_STALE) options.if_version += 1000000;
    oracle_commit *commit = oracle_begin_commit(o);
    options.version = &commit->version;
    ferric_slice value = oracle_next_value(o, step->key, step->size, &memory);
    oracle_add_put(o, commit, step->keyspace, step->key, value, options.lifetime);
    ferric_status status = ferric_put(o->db, o->reader.keyspaces[step->keyspace],
                                      model_key(step->key), value, &options);
    harness_free(memory);
    if (status != FERRIC_OK) commit->version = 0;
    if (status == FERRIC_CONFLICT && is_conflict) {
        oracle_settle(o, commit, false);
        return;
    }
    if (status == FERRIC_OK && is_conflict) oracle_fail(o, "a condition", "it did not hold");
    if (status == FERRIC_CONFLICT) oracle_fail(o, "a condition", "it held, and was a conflict");
    if (o->failure != NULL) return;
    oracle_end_commit(o, commit, "a conditional put", status, step->is_sync);
}

// ---- Snapshots ------------------------------------------------------------------------------

static void release(oracle_snapshot *snapshot)
{
    db_reader_close_keyspaces(&snapshot->reader);
    ferric_snapshot_release(snapshot->handle);
}

static void play_snapshot(oracle *o)
{
    if (o->snapshot_count == SCENARIO_SNAPSHOT_MAX || o->is_poisoned) return;
    oracle_snapshot *snapshot = &o->snapshots[o->snapshot_count];
    *snapshot = (oracle_snapshot){.reader.db = o->db};
    if (!oracle_accept(o, "a snapshot", ferric_snapshot_create(o->db, &snapshot->handle))) return;
    snapshot->reader.snapshot = snapshot->handle;
    ferric_status status = db_reader_open_keyspaces(&snapshot->reader);
    if (!oracle_accept(o, "opening a keyspace", status)) {
        release(snapshot);
        return;
    }
    // A name that stands for nothing yet may come to stand for something else.
    for (uint32_t i = 1; i < MODEL_KEYSPACE_COUNT; i++) {
        if (o->now.facts[i] == MODEL_YES) continue;
        ferric_keyspace_close(snapshot->reader.keyspaces[i]);
        snapshot->reader.keyspaces[i] = NULL;
    }
    snapshot->low_ms = oracle_low_ms(o);
    snapshot->high_ms = oracle_high_ms(o);
    oracle_look(o);
    snapshot->state = o->now;
    o->snapshot_count++;
}

static void play_release(oracle *o)
{
    if (o->snapshot_count == 0) return;
    release(&o->snapshots[0]);
    o->snapshot_count--;
    memmove(o->snapshots, o->snapshots + 1, o->snapshot_count * sizeof(*o->snapshots));
}

// ---- Open and close -------------------------------------------------------------------------

bool oracle_open_keyspaces(oracle *o)
{
    return oracle_accept(o, "opening a keyspace", db_reader_open_keyspaces(&o->reader));
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
    o->seen_ms = o->now.time_ms;
    if (oracle_open_keyspaces(o)) return true;
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
    db_reader_close_keyspaces(&o->reader);
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

static void play_newer(oracle *o, const scenario_step *step)
{
    static void (*const plays[STEP_VERB_COUNT])(oracle *, const scenario_step *) = {
        [STEP_EXPIRE] = oracle_play_expire,
        [STEP_PERSIST] = oracle_play_persist,
        [STEP_CLOCK] = oracle_play_clock,
        [STEP_RANGE] = oracle_play_range,
        [STEP_RANGE_BATCH] = oracle_play_range_batch,
        [STEP_RANGE_TXN] = oracle_play_range_txn,
        [STEP_DROP] = oracle_play_drop,
        [STEP_RENAME] = oracle_play_rename,
        [STEP_DOCUMENTS] = oracle_play_documents,
        [STEP_UNDOCUMENT] = oracle_play_documents,
        [STEP_DOCUMENT_BATCH] = oracle_play_document_batch,
        [STEP_DOCUMENT_TXN] = oracle_play_document_txn,
        [STEP_REMOVE] = oracle_play_remove,
        [STEP_INDEX] = oracle_play_index,
        [STEP_UNINDEX] = oracle_play_index,
        [STEP_TTL] = oracle_play_ttl,
        [STEP_TOUCH] = oracle_play_touch,
        [STEP_INCREMENT] = oracle_play_increment,
    };

    if (step->verb >= STEP_VERB_COUNT || plays[step->verb] == NULL) harness_panic("no such step");
    plays[step->verb](o, step);
}

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
        oracle_play_advance(o, step);
        break;
    case STEP_VERIFY:
        play_verify(o);
        break;
    default:
        play_newer(o, step);
    }
}

void oracle_step(oracle *o, const scenario_step *step)
{
    if (o->failure != NULL) return;
    // An open that was refused is tried again, as an application would.
    if (o->db == NULL && !oracle_open(o)) return;
    if (!oracle_open_keyspaces(o)) return;
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
    o->latest_ms = fe_vfs_now_ms(vfs_record_vfs(record));
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
