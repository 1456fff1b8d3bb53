// SPDX-License-Identifier: Apache-2.0
// Documents and indexes. A write that a unique index refuses is one that the oracle knew of.
#include <string.h>

#include "base/slice.h"
#include "support/harness.h"
#include "support/model_document.h"
#include "support/oracle_inside.h"

#define TXN_TRIES 4u

static ferric_keyspace *collection(const oracle *o)
{
    return o->reader.keyspaces[MODEL_COLLECTION];
}

// ---- What a unique index must refuse --------------------------------------------------------

static oracle_sight weaker(oracle_sight a, oracle_sight b)
{
    if (a == SIGHT_ABSENT || b == SIGHT_ABSENT) return SIGHT_ABSENT;
    return a == SIGHT_PRESENT ? b : a;
}

// Whether two documents have one value.
static oracle_sight find_clash(const oracle *o, const model_table *table)
{
    const model_entry *entries = table->entries[MODEL_COLLECTION];
    oracle_sight clash = SIGHT_ABSENT;

    for (uint32_t i = 0; i < MODEL_KEY_COUNT; i++) {
        uint32_t unique = model_document_unique(entries[i].number);
        if (entries[i].presence != MODEL_PRESENT || unique == MODEL_UNIQUE_NONE) continue;
        for (uint32_t j = i + 1; j < MODEL_KEY_COUNT; j++) {
            if (entries[j].presence != MODEL_PRESENT) continue;
            if (model_document_unique(entries[j].number) != unique) continue;
            oracle_sight seen = weaker(oracle_see(o, &entries[i]), oracle_see(o, &entries[j]));
            if (seen == SIGHT_PRESENT) return seen;
            if (seen == SIGHT_EITHER) clash = seen;
        }
    }
    return clash;
}

// Whether the commit clashes: certainly when it does in the end, perhaps when it does on its way.
static oracle_sight clash_of(const oracle *o, const oracle_commit *commit)
{
    model_table table = o->now;
    oracle_commit part = *commit;
    bool is_met = false;

    for (uint32_t i = 0; i < commit->effect_count; i++) {
        part.effects[0] = commit->effects[i];
        part.effect_count = 1;
        oracle_apply_commit(&table, &part);
        is_met = is_met || find_clash(o, &table) != SIGHT_ABSENT;
    }
    oracle_sight clash = find_clash(o, &table);
    return clash == SIGHT_ABSENT && is_met ? SIGHT_EITHER : clash;
}

// Ends a commit of documents, whose answer may be that of a unique index.
static void end_documents(oracle *o, oracle_commit *commit, const char *call, ferric_status status,
                          bool is_sync)
{
    model_fact unique = o->now.facts[MODEL_FACT_OF_INDEX(MODEL_INDEX_UNIQUE)];
    oracle_sight clash = unique == MODEL_NO ? SIGHT_ABSENT : clash_of(o, commit);

    if (status != FERRIC_OK) commit->version = 0;
    if (status == FERRIC_OK && clash == SIGHT_PRESENT && unique == MODEL_YES) {
        oracle_fail(o, call, "a unique index has one value twice");
    }
    if (status == FERRIC_ALREADY_EXISTS && clash == SIGHT_ABSENT) {
        oracle_fail(o, call, ferric_error_message());
    }
    if (o->failure != NULL) return;
    if (status == FERRIC_ALREADY_EXISTS) {
        oracle_settle(o, commit, false);
        oracle_played.refused_documents++;
        return;
    }
    oracle_end_commit(o, commit, call, status, is_sync);
}

// ---- Documents ------------------------------------------------------------------------------

// The next document's text; it stands in the commit. The caller frees it.
static char *next_document(oracle *o, const scenario_step *step, oracle_commit *commit,
                           uint32_t key, ferric_slice *json)
{
    char *text = harness_alloc(MODEL_DOCUMENT_SIZE_MAX);
    uint64_t number = o->value_number++;

    *json = fe_slice(text, model_document(number, key, step->size, text));
    oracle_add_put(o, commit, MODEL_COLLECTION, key, *json, oracle_lifetime(step));
    return text;
}

static void write_document(oracle *o, const scenario_step *step, uint32_t key)
{
    ferric_write_options options = FERRIC_WRITE_OPTIONS_INIT;
    oracle_commit *commit = oracle_begin_commit(o);
    ferric_slice id = model_document_key(key);
    ferric_status status;

    options.sync = step->is_sync;
    if (step->verb == STEP_UNDOCUMENT) {
        oracle_add_effect(commit, EFFECT_DELETE, MODEL_COLLECTION, key);
        status = ferric_delete(o->db, collection(o), id, &options);
    } else {
        ferric_slice json;
        char *text = next_document(o, step, commit, key, &json);
        options.lifetime = oracle_lifetime(step);
        options.version = &commit->version;
        status = ferric_document_put(o->db, collection(o), id, json, &options);
        harness_free(text);
    }
    end_documents(o, commit, "a document", status, step->is_sync);
}

void oracle_play_documents(oracle *o, const scenario_step *step)
{
    for (uint32_t i = 0; i < (step->repeat == 0 ? 1 : step->repeat) && o->failure == NULL; i++)
        write_document(o, step, (step->key + i) % MODEL_KEY_COUNT);
}

static ferric_status fill_batch(oracle *o, const scenario_step *step, oracle_commit *commit,
                                ferric_batch *batch)
{
    ferric_status status = FERRIC_OK;

    for (uint32_t i = 0; i < step->repeat && i < ORACLE_ENTRY_MAX && status == FERRIC_OK; i++) {
        uint32_t key = (step->key + i) % MODEL_KEY_COUNT;
        if (i % 4 == 3) {
            oracle_add_effect(commit, EFFECT_DELETE, MODEL_COLLECTION, key);
            status = ferric_batch_delete(batch, collection(o), model_document_key(key));
        } else {
            ferric_slice json;
            char *text = next_document(o, step, commit, key, &json);
            status = ferric_batch_document_put_expiring(
                batch, collection(o), model_document_key(key), json, oracle_lifetime(step));
            harness_free(text);
        }
    }
    return status;
}

// Beside the documents a raw key, which tells whether all of the commit came.
static ferric_status add_raw(oracle *o, const scenario_step *step, oracle_commit *commit,
                             ferric_batch *batch)
{
    uint8_t *memory;
    ferric_slice value = oracle_next_value(o, step->key, 30, &memory);
    ferric_status status = ferric_batch_put(batch, NULL, model_key(step->key), value);

    oracle_add_put(o, commit, 0, step->key, value, (ferric_lifetime){0, 0});
    harness_free(memory);
    return status;
}

void oracle_play_document_batch(oracle *o, const scenario_step *step)
{
    ferric_write_options options = FERRIC_WRITE_OPTIONS_INIT;
    oracle_commit *commit = oracle_begin_commit(o);
    ferric_batch *batch = NULL;

    options.sync = step->is_sync;
    ferric_status status = ferric_batch_create(&batch);
    if (status == FERRIC_OK) status = fill_batch(o, step, commit, batch);
    if (status == FERRIC_OK) status = add_raw(o, step, commit, batch);
    if (status == FERRIC_OK) status = ferric_write(o->db, batch, &options, &commit->version);
    ferric_batch_destroy(batch);
    end_documents(o, commit, "a batch of documents", status, step->is_sync);
}

static ferric_status fill_txn(oracle *o, const scenario_step *step, oracle_commit *commit,
                              ferric_txn *txn)
{
    ferric_status status = FERRIC_OK;

    for (uint32_t i = 0; i < step->repeat && i < ORACLE_ENTRY_MAX && status == FERRIC_OK; i++) {
        uint32_t key = (step->key + i) % MODEL_KEY_COUNT;
        if (i % 3 == 2) {
            oracle_add_effect(commit, EFFECT_DELETE, MODEL_COLLECTION, key);
            status = ferric_txn_delete(txn, collection(o), model_document_key(key));
        } else {
            ferric_slice json;
            char *text = next_document(o, step, commit, key, &json);
            status = ferric_txn_document_put_expiring(txn, collection(o), model_document_key(key),
                                                      json, oracle_lifetime(step));
            harness_free(text);
        }
    }
    return status;
}

// False on a conflict: an index had to be marked first, and then the transaction is too old.
static bool try_txn(oracle *o, const scenario_step *step)
{
    ferric_txn_options options = FERRIC_TXN_OPTIONS_INIT;
    oracle_commit *commit = oracle_begin_commit(o);
    ferric_txn *txn = NULL;

    options.sync = step->is_sync;
    ferric_status status = ferric_txn_begin(o->db, &options, &txn);
    if (status == FERRIC_OK) status = fill_txn(o, step, commit, txn);
    if (status == FERRIC_OK) status = ferric_txn_commit(txn, &commit->version);
    ferric_txn_destroy(txn);
    if (status == FERRIC_CONFLICT) {
        commit->version = 0;
        oracle_settle(o, commit, false);
        return false;
    }
    end_documents(o, commit, "a transaction of documents", status, step->is_sync);
    return true;
}

void oracle_play_document_txn(oracle *o, const scenario_step *step)
{
    for (uint32_t i = 0; i < TXN_TRIES; i++) {
        if (try_txn(o, step)) return;
    }
    oracle_fail(o, "a transaction of documents", "every try was a conflict, and nobody else wrote");
}

// What the filter will find; false when time does not let it be known.
static bool find_matches(const oracle *o, uint32_t a, oracle_commit *commit)
{
    for (uint32_t key = 0; key < MODEL_KEY_COUNT; key++) {
        const model_entry *entry = &o->now.entries[MODEL_COLLECTION][key];
        if (entry->presence != MODEL_PRESENT || model_document_a(entry->number) != a) continue;
        oracle_sight sight = oracle_see(o, entry);
        if (sight == SIGHT_EITHER || commit->effect_count == ORACLE_EFFECT_MAX) return false;
        if (sight == SIGHT_PRESENT) oracle_add_effect(commit, EFFECT_DELETE, MODEL_COLLECTION, key);
    }
    return commit->effect_count > 0;
}

void oracle_play_remove(oracle *o, const scenario_step *step)
{
    ferric_update_options options = FERRIC_UPDATE_OPTIONS_INIT;
    ferric_update_result result = {0};
    oracle_commit *commit = oracle_begin_commit(o);

    if (!find_matches(o, step->key, commit)) {
        commit->effect_count = 0;
        oracle_settle(o, commit, false);
        return;
    }
    options.many = true;
    options.sync = step->is_sync;
    char *filter = harness_format("{\"a\":%u}", step->key);
    ferric_status status =
        ferric_remove(o->db, collection(o), fe_slice_text(filter), &options, &result);
    harness_free(filter);
    if (status == FERRIC_OK && result.modified != commit->effect_count) {
        oracle_fail(o, "ferric_remove", "it removed more or fewer than match");
    }
    end_documents(o, commit, "ferric_remove", status, step->is_sync);
}

// ---- Indexes --------------------------------------------------------------------------------

// Documents of one value forbid a unique index, and then there is none.
static void end_clash(oracle *o, oracle_commit *commit, oracle_sight clash, uint32_t index)
{
    if (clash == SIGHT_ABSENT) oracle_fail(o, "ferric_index_create", ferric_error_message());
    oracle_settle(o, commit, false);
    o->now.facts[MODEL_FACT_OF_INDEX(index)] = MODEL_NO;
}

static void create_index(oracle *o, uint32_t index)
{
    oracle_sight clash = index == MODEL_INDEX_UNIQUE ? find_clash(o, &o->now) : SIGHT_ABSENT;
    oracle_commit *commit = oracle_begin_commit(o);

    oracle_add_effect(commit, EFFECT_INDEX, MODEL_COLLECTION, index);
    ferric_status status = model_index_create(o->db, collection(o), index);
    if (status == FERRIC_ALREADY_EXISTS) {
        end_clash(o, commit, clash, index);
        return;
    }
    if (status == FERRIC_OK && clash == SIGHT_PRESENT) {
        oracle_fail(o, "ferric_index_create", "it is unique, and documents are not");
    }
    oracle_end_commit(o, commit, "ferric_index_create", status, false);
}

static void drop_index(oracle *o, uint32_t index)
{
    model_fact *fact = &o->now.facts[MODEL_FACT_OF_INDEX(index)];
    oracle_commit *commit = oracle_begin_commit(o);

    oracle_add_effect(commit, EFFECT_UNINDEX, MODEL_COLLECTION, index);
    ferric_status status = ferric_index_drop(o->db, collection(o), model_indexes[index].name);
    if (status == FERRIC_NOT_FOUND && *fact != MODEL_YES) {
        oracle_settle(o, commit, false);
        *fact = MODEL_NO;
        return;
    }
    oracle_end_commit(o, commit, "ferric_index_drop", status, false);
}

void oracle_play_index(oracle *o, const scenario_step *step)
{
    if (step->verb == STEP_INDEX)
        create_index(o, step->key);
    else
        drop_index(o, step->key);
}
