// SPDX-License-Identifier: Apache-2.0
// Lifetimes that change, the defaults of keyspaces, and clocks that go on and jump.
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
                    rewrite_call call, ferric_lifetime lifetime)
{
    ferric_write_options options = FERRIC_WRITE_OPTIONS_INIT;
    model_entry entry = o->now.entries[step->keyspace][key];
    oracle_sight sight = oracle_see(o, &entry);
    oracle_commit *commit = oracle_begin_commit(o);

    options.sync = step->is_sync;
    options.version = &commit->version;
    options.lifetime = lifetime;
    if (entry.presence == MODEL_PRESENT) {
        oracle_effect *effect = oracle_add_effect(commit, EFFECT_PUT, step->keyspace, key);
        effect->entry = entry;
        oracle_set_expiry(o, &effect->entry, step->keyspace, lifetime);
    }
    ferric_status status = call(o->db, o->reader.keyspaces[step->keyspace],
                                model_key_in(step->keyspace, key), &options);
    end_rewrite(o, commit, name, sight, status, step->is_sync);
}

void oracle_play_expire(oracle *o, const scenario_step *step)
{
    for (uint32_t i = 0; i < (step->repeat == 0 ? 1 : step->repeat) && o->failure == NULL; i++) {
        rewrite(o, step, (step->key + i) % MODEL_KEY_COUNT, "ferric_expire", ferric_expire,
                oracle_lifetime(step));
    }
}

// A call that has nothing to do, and must do nothing: what it writes would be found.
static void rewrite_in_vain(oracle *o, const scenario_step *step, uint32_t key, const char *name,
                            rewrite_call call)
{
    ferric_write_options options = FERRIC_WRITE_OPTIONS_INIT;

    options.lifetime = oracle_lifetime(step);
    ferric_status status = call(o->db, o->reader.keyspaces[step->keyspace],
                                model_key_in(step->keyspace, key), &options);
    if (oracle_is_dropped_value(o, status)) return;
    if (status == FERRIC_NOT_FOUND &&
        oracle_see(o, &o->now.entries[step->keyspace][key]) != SIGHT_PRESENT) {
        return;
    }
    oracle_accept(o, name, status);
}

void oracle_play_persist(oracle *o, const scenario_step *step)
{
    for (uint32_t i = 0; i < (step->repeat == 0 ? 1 : step->repeat) && o->failure == NULL; i++) {
        uint32_t key = (step->key + i) % MODEL_KEY_COUNT;
        const model_entry *entry = &o->now.entries[step->keyspace][key];
        if (entry->presence == MODEL_PRESENT && entry->expires_ms == 0) {
            rewrite_in_vain(o, step, key, "ferric_persist of a key that stays", ferric_persist);
        } else {
            rewrite(o, step, key, "ferric_persist", ferric_persist,
                    (ferric_lifetime){.ttl_ms = FERRIC_TTL_NONE});
        }
    }
}

// ---- Touches --------------------------------------------------------------------------------

static void touch(oracle *o, const scenario_step *step, uint32_t key)
{
    model_entry entry = o->now.entries[step->keyspace][key];
    ferric_lifetime lifetime = oracle_lifetime(step);
    model_entry longer = entry;

    oracle_set_expiry(o, &longer, step->keyspace, lifetime);
    bool is_longer = entry.presence != MODEL_PRESENT ||
                     (entry.expires_ms != 0 && model_expires_late_ms(&entry) < longer.expires_ms);
    bool is_as_long = entry.presence == MODEL_PRESENT &&
                      (entry.expires_ms == 0 || entry.expires_ms >= model_expires_late_ms(&longer));
    if (is_longer) {
        uint64_t before = oracle_played.rewritten;
        rewrite(o, step, key, "ferric_touch", ferric_touch, lifetime);
        oracle_played.touched += oracle_played.rewritten - before;
    } else if (is_as_long) {
        rewrite_in_vain(o, step, key, "ferric_touch of a key that lives longer", ferric_touch);
    }
    // Which of the two ends comes first nobody can say otherwise.
}

// There is nothing to touch it with.
static void touch_without_lifetime(oracle *o, const scenario_step *step)
{
    ferric_status status = ferric_touch(o->db, o->reader.keyspaces[step->keyspace],
                                        model_key_in(step->keyspace, step->key), NULL);

    if (status == FERRIC_OK) oracle_fail(o, "ferric_touch", "there is no default lifetime");
    if (status != FERRIC_INVALID_ARGUMENT) oracle_accept(o, "ferric_touch", status);
}

void oracle_play_touch(oracle *o, const scenario_step *step)
{
    ferric_lifetime lifetime = oracle_lifetime(step);

    if ((lifetime.ttl_ms | lifetime.expires_ms) == 0 && o->now.ttl_ms[step->keyspace] == 0) {
        touch_without_lifetime(o, step);
        return;
    }
    for (uint32_t i = 0; i < (step->repeat == 0 ? 1 : step->repeat) && o->failure == NULL; i++)
        touch(o, step, (step->key + i) % MODEL_KEY_COUNT);
}

void oracle_play_ttl(oracle *o, const scenario_step *step)
{
    uint64_t ttl_ms = oracle_default_ttl(step);
    oracle_commit *commit = oracle_begin_commit(o);

    oracle_add_effect(commit, EFFECT_TTL, step->keyspace, 0)->ttl_ms = ttl_ms;
    ferric_status status =
        ferric_keyspace_set_ttl(o->db, o->reader.keyspaces[step->keyspace], ttl_ms);
    oracle_end_commit(o, commit, "ferric_keyspace_set_ttl", status, false);
}

// ---- Clocks ---------------------------------------------------------------------------------

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
