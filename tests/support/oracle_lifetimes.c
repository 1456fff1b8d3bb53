// SPDX-License-Identifier: Apache-2.0
// Lifetimes that change, and clocks that go on and jump.
#include "support/harness.h"
#include "support/oracle_inside.h"

// A call that writes a key once more with another expiry: a commit of the same value, or nothing
// when the key is not there.
typedef ferric_status (*rewrite_call)(ferric_db *db, ferric_keyspace *keyspace, ferric_slice key,
                                      const ferric_write_options *options);

static void end_rewrite(oracle *o, oracle_commit *commit, const char *call, oracle_sight sight,
                        ferric_status status, bool is_sync)
{
    bool is_gone = status == FERRIC_NOT_FOUND;

    if (status != FERRIC_OK) commit->version = 0;
    if (is_gone && sight == SIGHT_PRESENT) oracle_fail(o, call, "the key was not found");
    if (status == FERRIC_OK && sight == SIGHT_ABSENT) oracle_fail(o, call, "there was no key");
    if (o->failure != NULL) return;
    if (is_gone || oracle_is_dropped_value(o, status)) {
        oracle_settle(o, commit, false);
        return;
    }
    oracle_end_commit(o, commit, call, status, is_sync);
    oracle_played.rewritten += status == FERRIC_OK;
}

static void rewrite(oracle *o, const scenario_step *step, uint32_t key, const char *name,
                    rewrite_call call, uint64_t expires_ms)
{
    ferric_write_options options = FERRIC_WRITE_OPTIONS_INIT;
    model_entry entry = o->now.entries[step->keyspace][key];
    oracle_sight sight = oracle_see(o, &entry);
    oracle_commit *commit = oracle_begin_commit(o);

    options.sync = step->is_sync;
    options.version = &commit->version;
    options.lifetime.expires_ms = expires_ms;
    if (entry.presence == MODEL_PRESENT) {
        oracle_effect *effect = oracle_add_effect(commit, EFFECT_PUT, step->keyspace, key);
        effect->entry = entry;
        effect->entry.expires_ms = expires_ms;
    }
    ferric_status status = call(o->db, o->reader.keyspaces[step->keyspace],
                                model_key_in(step->keyspace, key), &options);
    end_rewrite(o, commit, name, sight, status, step->is_sync);
}

void oracle_play_expire(oracle *o, const scenario_step *step)
{
    uint64_t expires_ms = oracle_lifetime(step).expires_ms;

    for (uint32_t i = 0; i < (step->repeat == 0 ? 1 : step->repeat) && o->failure == NULL; i++) {
        rewrite(o, step, (step->key + i) % MODEL_KEY_COUNT, "ferric_expire", ferric_expire,
                expires_ms);
    }
}

// A key that stays already is not written.
static void persist_again(oracle *o, const scenario_step *step, uint32_t key)
{
    ferric_status status = ferric_persist(o->db, o->reader.keyspaces[step->keyspace],
                                          model_key_in(step->keyspace, key), NULL);

    if (oracle_is_dropped_value(o, status)) return;
    oracle_accept(o, "ferric_persist of a key that stays", status);
}

void oracle_play_persist(oracle *o, const scenario_step *step)
{
    for (uint32_t i = 0; i < (step->repeat == 0 ? 1 : step->repeat) && o->failure == NULL; i++) {
        uint32_t key = (step->key + i) % MODEL_KEY_COUNT;
        const model_entry *entry = &o->now.entries[step->keyspace][key];
        if (entry->presence == MODEL_PRESENT && entry->expires_ms == 0)
            persist_again(o, step, key);
        else
            rewrite(o, step, key, "ferric_persist", ferric_persist, 0);
    }
}

void oracle_play_clock(oracle *o, const scenario_step *step)
{
    uint64_t now_ms = VFS_RECORD_START_MS + (uint64_t)step->size * 1000;

    vfs_record_set_now_ms(o->record, now_ms);
    if (now_ms > o->latest_ms) o->latest_ms = now_ms;
    oracle_played.clocks++;
}

// The engine's time goes on with the monotonic clock, also when it is ahead of the system's.
void oracle_play_advance(oracle *o, const scenario_step *step)
{
    vfs_record_advance_ms(o->record, step->size);
    o->now_ms += step->size;
    o->latest_ms += step->size;
    if (o->seen_ms != 0) o->seen_ms += step->size;
}
