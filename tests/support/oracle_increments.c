// SPDX-License-Identifier: Apache-2.0
// Increments in the oracle: keys whose value is the text of a number, and others, which refuse.
#include <inttypes.h>
#include <stdio.h>

#include "base/checksum.h"
#include "support/harness.h"
#include "support/oracle_inside.h"

// What a key that is missing counts as.
#define INITIAL (-7)
// The bytes of a shorter value may happen to be a number.
#define NO_NUMBER_SIZE 8u

// What the key is afterwards: it keeps its lifetime, and one that was missing gets the step's.
static model_entry incremented(const oracle *o, const scenario_step *step,
                               const model_entry *before, bool is_present)
{
    char text[24];
    model_entry entry = {.presence = MODEL_PRESENT, .is_counter = true};

    entry.counter = (is_present ? before->counter : INITIAL) + (int64_t)step->size;
    entry.size = (uint32_t)snprintf(text, sizeof text, "%" PRId64, entry.counter);
    entry.value_hash = fe_hash64(text, entry.size);
    entry.expires_ms = before->expires_ms;
    entry.expires_slack_ms = before->expires_slack_ms;
    if (!is_present) oracle_set_expiry(o, &entry, step->keyspace, oracle_lifetime(step));
    return entry;
}

static void end_refused(oracle *o, oracle_commit *commit, ferric_status status)
{
    commit->version = 0;
    if (status == FERRIC_OK) oracle_fail(o, "ferric_increment", "the value is no number");
    if (status != FERRIC_INVALID_ARGUMENT) oracle_accept(o, "ferric_increment", status);
    if (o->failure == NULL) oracle_settle(o, commit, false);
}

static void increment(oracle *o, const scenario_step *step, uint32_t key)
{
    ferric_write_options options = FERRIC_WRITE_OPTIONS_INIT;
    model_entry before = o->now.entries[step->keyspace][key];
    oracle_sight sight = oracle_see(o, &before);
    bool is_present = sight == SIGHT_PRESENT;
    int64_t sum;

    if (sight == SIGHT_EITHER) return;
    if (is_present && !before.is_counter && before.size < NO_NUMBER_SIZE) return;
    oracle_commit *commit = oracle_begin_commit(o);
    options.sync = step->is_sync;
    options.version = &commit->version;
    options.lifetime = oracle_lifetime(step);
    model_entry after = incremented(o, step, &before, is_present);
    ferric_status status = ferric_increment(o->db, o->reader.keyspaces[step->keyspace],
                                            model_key(key), step->size, INITIAL, &options, &sum);
    if (is_present && (!before.is_counter || oracle_is_dropped_value(o, status))) {
        if (oracle_is_dropped_value(o, status)) status = FERRIC_INVALID_ARGUMENT;
        end_refused(o, commit, status);
        return;
    }
    if (status != FERRIC_OK) commit->version = 0;
    if (status == FERRIC_OK && sum != after.counter) oracle_fail(o, "ferric_increment", "its sum");
    oracle_add_effect(commit, EFFECT_PUT, step->keyspace, key)->entry = after;
    oracle_end_commit(o, commit, "ferric_increment", status, step->is_sync);
    oracle_played.increments += status == FERRIC_OK;
}

void oracle_play_increment(oracle *o, const scenario_step *step)
{
    for (uint32_t i = 0; i < (step->repeat == 0 ? 1 : step->repeat) && o->failure == NULL; i++)
        increment(o, step, (step->key + i) % MODEL_KEY_COUNT);
}
