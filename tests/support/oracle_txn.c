// SPDX-License-Identifier: Apache-2.0
// Transactions in the oracle: each is one commit of the history, or nothing.
#include "support/harness.h"
#include "support/oracle_inside.h"

static ferric_status put_value(oracle *o, ferric_txn *txn, oracle_commit *commit, uint32_t keyspace,
                               uint32_t key, const scenario_step *step)
{
    uint8_t *memory;
    ferric_slice value = oracle_next_value(o, key, step->size, &memory);
    ferric_lifetime lifetime = oracle_lifetime(step);
    ferric_status status = ferric_txn_put_expiring(txn, o->reader.keyspaces[keyspace],
                                                   model_key(key), value, lifetime);

    if (commit != NULL) {
        oracle_add_put(o, commit, keyspace, key, value, lifetime);
    }
    harness_free(memory);
    return status;
}

// Walks what the transaction sees of a keyspace. How much that is must not depend on the direction.
static ferric_status walk(oracle *o, ferric_txn *txn, uint32_t keyspace, bool is_reverse,
                          uint64_t *count)
{
    ferric_iterator_options options = FERRIC_ITERATOR_OPTIONS_INIT;
    ferric_iterator *iterator;
    ferric_status status;

    options.reverse = is_reverse;
    *count = 0;
    status = ferric_txn_iterator_create(txn, o->reader.keyspaces[keyspace], &options, &iterator);
    if (status != FERRIC_OK) return status;
    while (ferric_iterator_next(iterator))
        (*count)++;
    status = ferric_iterator_status(iterator);
    ferric_iterator_destroy(iterator);
    return status;
}

static ferric_status walk_both_ways(oracle *o, ferric_txn *txn, uint32_t keyspace)
{
    uint64_t forward;
    uint64_t backward;
    ferric_status status = walk(o, txn, keyspace, false, &forward);

    if (status == FERRIC_OK) status = walk(o, txn, keyspace, true, &backward);
    // A walk ends at such a value, from either side; what the transaction writes needs none.
    if (oracle_is_dropped_value(o, status)) return FERRIC_OK;
    if (status == FERRIC_OK && forward != backward) {
        oracle_fail(o, "a transaction's iterator", "the two directions show different entries");
    }
    return status;
}

// Writes, and takes it back.
static ferric_status waver(oracle *o, ferric_txn *txn, const scenario_step *step)
{
    uint64_t savepoint;
    ferric_status status = ferric_txn_savepoint(txn, &savepoint);

    if (status == FERRIC_OK) {
        status = put_value(o, txn, NULL, step->keyspace, step->key, step);
    }
    if (status == FERRIC_OK) {
        status = ferric_txn_delete(txn, o->reader.keyspaces[0], model_key(MODEL_KEY_COUNT - 1));
    }
    if (status == FERRIC_OK) status = walk_both_ways(o, txn, step->keyspace);
    return status == FERRIC_OK ? ferric_txn_rollback_to(txn, savepoint) : status;
}

static ferric_status fill(oracle *o, const scenario_step *step, oracle_commit *commit,
                          ferric_txn *txn)
{
    ferric_status status = FERRIC_OK;

    for (uint32_t i = 0; i < step->repeat && i < ORACLE_ENTRY_MAX && status == FERRIC_OK; i++) {
        uint32_t keyspace = (step->keyspace + i) % MODEL_RAW_COUNT;
        uint32_t key = (step->key + i / 2) % MODEL_KEY_COUNT;
        if (i == 1) status = waver(o, txn, step);
        if (status != FERRIC_OK) break;
        if (i % 3 == 2) {
            status = ferric_txn_delete(txn, o->reader.keyspaces[keyspace], model_key(key));
            oracle_add_effect(commit, EFFECT_DELETE, keyspace, key);
        } else {
            status = put_value(o, txn, commit, keyspace, key, step);
        }
    }
    return status == FERRIC_OK ? walk_both_ways(o, txn, step->keyspace) : status;
}

void oracle_play_txn(oracle *o, const scenario_step *step)
{
    ferric_txn_options options = FERRIC_TXN_OPTIONS_INIT;
    oracle_commit *commit = oracle_begin_commit(o);
    ferric_txn *txn = NULL;
    ferric_status status;

    options.isolation = FERRIC_ISOLATION_SERIALIZABLE;
    options.sync = step->is_sync;
    status = ferric_txn_begin(o->db, &options, &txn);
    if (status == FERRIC_OK) status = fill(o, step, commit, txn);
    if (status == FERRIC_OK) {
        status = step->is_async ? oracle_commit_txn_async(o, txn, &commit->version)
                                : ferric_txn_commit(txn, &commit->version);
    }
    if (status != FERRIC_OK) commit->version = 0;
    oracle_end_commit(o, commit, "a transaction", status, step->is_sync || step->is_async);
    ferric_txn_destroy(txn);
}

void oracle_play_late_txn(oracle *o, const scenario_step *step)
{
    static const ferric_write_options write_options = FERRIC_WRITE_OPTIONS_INIT;
    ferric_txn *txn = NULL;
    ferric_status status = ferric_txn_begin(o->db, NULL, &txn);
    size_t committed = o->committed_count;
    scenario_step put = *step;

    if (!oracle_accept(o, "ferric_txn_begin", status)) return;
    put.verb = STEP_PUT;
    oracle_write_one(o, &put, step->key, &write_options);
    // A put that was refused is no rival.
    if (o->committed_count > committed && o->failure == NULL) {
        status = put_value(o, txn, NULL, step->keyspace, step->key, step);
        if (status == FERRIC_OK) status = ferric_txn_commit(txn, NULL);
        if (status == FERRIC_OK) oracle_fail(o, "a late transaction", "it was committed");
        if (status != FERRIC_OK && status != FERRIC_CONFLICT) {
            oracle_accept(o, "a late transaction", status);
        }
    }
    ferric_txn_destroy(txn);
}
