// SPDX-License-Identifier: Apache-2.0
// Many keys at once: range deletes, and keyspaces that are dropped and renamed.
#include "support/harness.h"
#include "support/oracle_inside.h"

// ---- Ranges ---------------------------------------------------------------------------------

typedef struct key_range {
    uint32_t first;
    uint32_t end;
    ferric_slice lower; // Size 0: no bound.
    ferric_slice upper;
} key_range;

static key_range range_of(const scenario_step *step)
{
    key_range range = {.first = step->key, .end = step->key + step->repeat};

    if (step->repeat == 0) return (key_range){.end = MODEL_KEY_COUNT};
    range.lower = model_key(range.first);
    if (range.end >= MODEL_KEY_COUNT)
        range.end = MODEL_KEY_COUNT;
    else
        range.upper = model_key(range.end);
    return range;
}

static void add_range(oracle_commit *commit, uint32_t keyspace, const key_range *range)
{
    oracle_add_effect(commit, EFFECT_RANGE, keyspace, range->first)->end = range->end;
}

void oracle_play_range(oracle *o, const scenario_step *step)
{
    ferric_write_options options = FERRIC_WRITE_OPTIONS_INIT;
    key_range range = range_of(step);
    oracle_commit *commit = oracle_begin_commit(o);

    options.sync = step->is_sync;
    add_range(commit, step->keyspace, &range);
    ferric_status status = ferric_delete_range(o->db, o->reader.keyspaces[step->keyspace],
                                               range.lower, range.upper, &options);
    oracle_end_commit(o, commit, "ferric_delete_range", status, step->is_sync);
}

// The range's first keys, so that some are put before the range goes and after.
static uint32_t key_in(const key_range *range, uint32_t number)
{
    return range->first + number % (range->end - range->first);
}

static ferric_status put_in_batch(oracle *o, const scenario_step *step, oracle_commit *commit,
                                  ferric_batch *batch, uint32_t key)
{
    uint8_t *memory;
    ferric_slice value = oracle_next_value(o, key, step->size, &memory);
    ferric_lifetime lifetime = oracle_lifetime(step);
    ferric_status status = ferric_batch_put_expiring(batch, o->reader.keyspaces[step->keyspace],
                                                     model_key(key), value, lifetime);

    oracle_add_put(o, commit, step->keyspace, key, value, lifetime);
    harness_free(memory);
    return status;
}

void oracle_play_range_batch(oracle *o, const scenario_step *step)
{
    ferric_write_options options = FERRIC_WRITE_OPTIONS_INIT;
    key_range range = range_of(step);
    oracle_commit *commit = oracle_begin_commit(o);
    ferric_batch *batch = NULL;

    options.sync = step->is_sync;
    ferric_status status = ferric_batch_create(&batch);
    for (uint32_t i = 0; i < 2 && status == FERRIC_OK; i++)
        status = put_in_batch(o, step, commit, batch, key_in(&range, i));
    if (status == FERRIC_OK) {
        status = ferric_batch_delete_range(batch, o->reader.keyspaces[step->keyspace], range.lower,
                                           range.upper);
    }
    add_range(commit, step->keyspace, &range);
    for (uint32_t i = 1; i < 3 && status == FERRIC_OK; i++)
        status = put_in_batch(o, step, commit, batch, key_in(&range, i));
    if (status == FERRIC_OK) status = ferric_write(o->db, batch, &options, &commit->version);
    if (status != FERRIC_OK) commit->version = 0;
    ferric_batch_destroy(batch);
    oracle_end_commit(o, commit, "a batch with a range", status, step->is_sync);
}

static ferric_status put_in_txn(oracle *o, const scenario_step *step, oracle_commit *commit,
                                ferric_txn *txn, uint32_t key)
{
    uint8_t *memory;
    ferric_slice value = oracle_next_value(o, key, step->size, &memory);
    ferric_lifetime lifetime = oracle_lifetime(step);
    ferric_status status = ferric_txn_put_expiring(txn, o->reader.keyspaces[step->keyspace],
                                                   model_key(key), value, lifetime);

    oracle_add_put(o, commit, step->keyspace, key, value, lifetime);
    harness_free(memory);
    return status;
}

// The transaction sees that the range is empty, before anybody else does.
static ferric_status look_in_txn(oracle *o, const scenario_step *step, ferric_txn *txn,
                                 uint32_t key)
{
    ferric_buffer value = {0};
    ferric_status status =
        ferric_txn_get(txn, o->reader.keyspaces[step->keyspace], model_key(key), &value, NULL);

    ferric_buffer_free(&value);
    if (status == FERRIC_OK) oracle_fail(o, "a transaction", "it reads what it deleted");
    return status == FERRIC_NOT_FOUND ? FERRIC_OK : status;
}

void oracle_play_range_txn(oracle *o, const scenario_step *step)
{
    ferric_txn_options options = FERRIC_TXN_OPTIONS_INIT;
    key_range range = range_of(step);
    oracle_commit *commit = oracle_begin_commit(o);
    ferric_txn *txn = NULL;

    options.sync = step->is_sync;
    ferric_status status = ferric_txn_begin(o->db, &options, &txn);
    if (status == FERRIC_OK) status = put_in_txn(o, step, commit, txn, key_in(&range, 0));
    if (status == FERRIC_OK) {
        status = ferric_txn_delete_range(txn, o->reader.keyspaces[step->keyspace], range.lower,
                                         range.upper);
    }
    add_range(commit, step->keyspace, &range);
    if (status == FERRIC_OK) status = look_in_txn(o, step, txn, key_in(&range, 0));
    if (status == FERRIC_OK) status = put_in_txn(o, step, commit, txn, key_in(&range, 1));
    if (status == FERRIC_OK) status = ferric_txn_commit(txn, &commit->version);
    if (status != FERRIC_OK) commit->version = 0;
    oracle_end_commit(o, commit, "a transaction with a range", status, step->is_sync);
    ferric_txn_destroy(txn);
}

// ---- Keyspaces ------------------------------------------------------------------------------

// Handles find their keyspaces by name again.
static void let_handles_go(oracle *o, ferric_status status)
{
    if (status == FERRIC_OUTCOME_UNKNOWN) db_reader_close_keyspaces(&o->reader);
}

// What was dropped is not to be reached by the handle any more.
static void expect_dropped(oracle *o, uint32_t keyspace)
{
    ferric_keyspace *handle = o->reader.keyspaces[keyspace];
    ferric_slice key = model_key_in(keyspace, 0);
    ferric_status status = ferric_has(o->db, handle, key, NULL);

    // Where every call with the handle was refused it never found its keyspace: it has but a name.
    if (status != FERRIC_NOT_FOUND || o->refusals == 0) {
        if (status != FERRIC_DROPPED) oracle_accept(o, "reading a dropped keyspace", status);
        if (status == FERRIC_OK) oracle_fail(o, "a dropped keyspace", "it has a key");
        status = ferric_delete(o->db, handle, key, NULL);
        if (status != FERRIC_DROPPED) oracle_accept(o, "writing to a dropped keyspace", status);
        if (status == FERRIC_OK) oracle_fail(o, "a dropped keyspace", "it was written to");
    }
    ferric_keyspace_close(handle);
    o->reader.keyspaces[keyspace] = NULL;
}

void oracle_play_drop(oracle *o, const scenario_step *step)
{
    uint32_t keyspace = step->keyspace;
    model_fact fact = o->now.facts[keyspace];

    if (keyspace == 0) return; // "main" stays.
    oracle_commit *commit = oracle_begin_commit(o);
    oracle_add_effect(commit, EFFECT_DROP, keyspace, 0);
    ferric_status status = ferric_keyspace_drop(o->db, model_keyspace_name(keyspace));
    if (status == FERRIC_NOT_FOUND && fact != MODEL_YES) {
        oracle_settle(o, commit, false);
        o->now.facts[keyspace] = MODEL_NO;
        return;
    }
    if (status == FERRIC_OK && fact == MODEL_NO) oracle_fail(o, "a drop", "there was nothing");
    oracle_end_commit(o, commit, "ferric_keyspace_drop", status, false);
    let_handles_go(o, status);
    if (status == FERRIC_OK) expect_dropped(o, keyspace);
}

static bool is_rename_refused(const oracle *o, const scenario_step *step, ferric_status status)
{
    if (status == FERRIC_ALREADY_EXISTS) return o->now.facts[step->key] != MODEL_NO;
    if (status == FERRIC_NOT_FOUND) return o->now.facts[step->keyspace] != MODEL_YES;
    return false;
}

void oracle_play_rename(oracle *o, const scenario_step *step)
{
    uint32_t from = step->keyspace;
    uint32_t to = step->key;
    bool must_fail = o->now.facts[to] == MODEL_YES || o->now.facts[from] == MODEL_NO;

    if (from == 0) return; // "main" has its name for good.
    oracle_commit *commit = oracle_begin_commit(o);
    oracle_add_effect(commit, EFFECT_RENAME, from, 0)->end = to;
    ferric_status status =
        ferric_keyspace_rename(o->db, model_keyspace_name(from), model_keyspace_name(to));
    if (is_rename_refused(o, step, status)) {
        oracle_settle(o, commit, false);
        return;
    }
    if (status == FERRIC_OK && must_fail) oracle_fail(o, "a rename", "it took a name that is used");
    oracle_end_commit(o, commit, "ferric_keyspace_rename", status, false);
    let_handles_go(o, status);
    if (status != FERRIC_OK) return;
    // The handle stays with its keyspace.
    ferric_keyspace_close(o->reader.keyspaces[to]);
    o->reader.keyspaces[to] = o->reader.keyspaces[from];
    o->reader.keyspaces[from] = NULL;
}
