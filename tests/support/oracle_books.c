// SPDX-License-Identifier: Apache-2.0
// The books of a play: what each commit did, when it had to be durable, and what time it was.
#include <inttypes.h>
#include <string.h>

#include "base/checksum.h"
#include "support/harness.h"
#include "support/index_check.h"
#include "support/oracle_inside.h"

oracle_tally oracle_played;

// ---- Commits --------------------------------------------------------------------------------

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

static void apply_effect(model_table *table, const oracle_effect *effect, uint64_t version)
{
    model_entry entry = effect->entry;

    switch (effect->kind) {
    case EFFECT_PUT:
        entry.version = version;
        model_put(table, effect->keyspace, effect->key, entry);
        table->facts[effect->keyspace] = MODEL_YES;
        break;
    case EFFECT_DELETE:
        model_delete(table, effect->keyspace, effect->key);
        break;
    case EFFECT_RANGE:
        model_delete_range(table, effect->keyspace, effect->key, effect->end);
        break;
    case EFFECT_DROP:
        model_delete_range(table, effect->keyspace, 0, MODEL_KEY_COUNT);
        table->facts[effect->keyspace] = MODEL_NO;
        table->ttl_ms[effect->keyspace] = 0;
        for (uint32_t i = 0; i < MODEL_INDEX_COUNT && effect->keyspace == MODEL_COLLECTION; i++)
            table->facts[MODEL_FACT_OF_INDEX(i)] = MODEL_NO;
        break;
    case EFFECT_RENAME:
        model_rename(table, effect->keyspace, effect->end);
        break;
    case EFFECT_INDEX:
        table->facts[effect->keyspace] = MODEL_YES;
        table->facts[MODEL_FACT_OF_INDEX(effect->key)] = MODEL_YES;
        break;
    case EFFECT_UNINDEX:
        table->facts[MODEL_FACT_OF_INDEX(effect->key)] = MODEL_NO;
        break;
    case EFFECT_TTL:
        table->ttl_ms[effect->keyspace] = effect->ttl_ms;
        table->facts[effect->keyspace] = MODEL_YES;
        break;
    }
}

void oracle_apply_commit(model_table *table, const oracle_commit *commit)
{
    oracle_touch(table, commit);
    for (uint32_t i = 0; i < commit->effect_count; i++)
        apply_effect(table, &commit->effects[i], commit->version);
    if (commit->time_ms > table->time_ms) table->time_ms = commit->time_ms;
}

static void doubt(model_fact *fact, model_fact doubted)
{
    if (*fact == MODEL_NO) *fact = doubted;
}

void oracle_touch(model_table *table, const oracle_commit *commit)
{
    for (uint32_t i = 0; i < commit->effect_count; i++) {
        const oracle_effect *effect = &commit->effects[i];
        if (effect->kind == EFFECT_DROP || effect->kind == EFFECT_RENAME) continue;
        doubt(&table->facts[effect->keyspace], MODEL_MAYBE);
        // A creation takes several commits, and with the last one it has succeeded.
        if (effect->kind == EFFECT_INDEX) {
            doubt(&table->facts[MODEL_FACT_OF_INDEX(effect->key)], MODEL_UNREADY);
        }
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
    if (!is_committed) {
        oracle_touch(&o->now, commit);
        return;
    }
    // It stands where those stood that were taken back.
    for (size_t i = 0; i < o->commit_count; i++) {
        if (o->commits[i].outcome == ORACLE_TAKEN_BACK) {
            o->commits[i].outcome = ORACLE_NOT_COMMITTED;
        }
    }
    oracle_apply_commit(&o->now, commit);
    o->committed_count++;
}

// A commit records the newest time that anybody has asked for. One that only deletes ranges may
// have found nothing to delete, and one of documents too.
static uint64_t recorded_by(const oracle *o, const oracle_commit *commit)
{
    for (uint32_t i = 0; i < commit->effect_count; i++) {
        const oracle_effect *effect = &commit->effects[i];
        bool is_raw = effect->keyspace != MODEL_COLLECTION;
        if (effect->kind == EFFECT_PUT) return o->seen_ms;
        if (effect->kind == EFFECT_DELETE && is_raw) return o->seen_ms;
    }
    return 0;
}

static bool only_deletes_ranges(const oracle_commit *commit)
{
    for (uint32_t i = 0; i < commit->effect_count; i++) {
        if (commit->effects[i].kind != EFFECT_RANGE) return false;
    }
    return true;
}

static void count_effects(const oracle_commit *commit)
{
    for (uint32_t i = 0; i < commit->effect_count; i++) {
        const oracle_effect *effect = &commit->effects[i];
        oracle_played.expiring += effect->kind == EFFECT_PUT && effect->entry.expires_ms != 0;
        oracle_played.defaults += effect->kind == EFFECT_TTL;
        oracle_played.ranges += effect->kind == EFFECT_RANGE;
        oracle_played.drops += effect->kind == EFFECT_DROP;
        oracle_played.renames += effect->kind == EFFECT_RENAME;
        oracle_played.documents +=
            effect->keyspace == MODEL_COLLECTION && effect->kind <= EFFECT_DELETE;
        oracle_played.indexes += effect->kind == EFFECT_INDEX || effect->kind == EFFECT_UNINDEX;
    }
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

static bool counts_from_now(const oracle_commit *commit)
{
    for (uint32_t i = 0; i < commit->effect_count; i++) {
        if (commit->effects[i].entry.expires_slack_ms != 0) return true;
    }
    return false;
}

// A key that a commit has just written: when it expires is known from now on.
static void learn_expiry(oracle *o, oracle_effect *effect)
{
    model_entry entry = o->now.entries[effect->keyspace][effect->key];
    uint64_t found_ms;

    if (effect->entry.expires_slack_ms == 0 || entry.expires_slack_ms == 0) return;
    ferric_status status =
        ferric_expiry(o->db, o->reader.keyspaces[effect->keyspace],
                      model_key_in(effect->keyspace, effect->key), NULL, &found_ms, NULL);
    if (oracle_is_dropped_value(o, status)) return;
    if (status == FERRIC_NOT_FOUND && oracle_see(o, &entry) != SIGHT_PRESENT) return;
    if (!oracle_accept(o, "ferric_expiry of what was written", status)) return;
    if (!model_pin_expiry(&entry, found_ms)) {
        char *text = harness_format("%" PRIu64 ", not between %" PRIu64 " and %" PRIu64, found_ms,
                                    entry.expires_ms, model_expires_late_ms(&entry));
        oracle_fail(o, "a time to live", text);
        harness_free(text);
        return;
    }
    oracle_played.counted++;
    model_put(&o->now, effect->keyspace, effect->key, entry);
    effect->entry.expires_ms = entry.expires_ms;
    effect->entry.expires_slack_ms = 0;
}

// Enters what a write answered.
void oracle_end_commit(oracle *o, oracle_commit *commit, const char *call, ferric_status status,
                       bool is_sync)
{
    // Who counts from now has looked at the clock, before the commit.
    if (status == FERRIC_OK && counts_from_now(commit)) oracle_look(o);
    commit->time_ms = recorded_by(o, commit);
    if (status == FERRIC_OK && o->is_poisoned) {
        oracle_fail(o, call, "a write went through though an outcome is unknown");
    }
    if (status == FERRIC_OUTCOME_UNKNOWN && (o->allowed >> status & 1) != 0) {
        commit->outcome = ORACLE_UNKNOWN;
        commit->was_unknown = true;
        oracle_touch(&o->now, commit);
        o->is_poisoned = true;
        o->refusals++;
        return;
    }
    oracle_settle(o, commit, oracle_accept(o, call, status));
    if (status != FERRIC_OK) return;
    count_effects(commit);
    // A range without keys is nothing to write, and so nothing to sync.
    if (only_deletes_ranges(commit)) is_sync = false;
    if (is_sync || o->plan.fsync == FERRIC_FSYNC_ALWAYS) oracle_mark_durable(o);
    if (o->plan.fsync == FERRIC_FSYNC_PERIODIC && !only_deletes_ranges(commit)) mark_period(o);
    for (uint32_t i = 0; i < commit->effect_count && o->failure == NULL; i++)
        learn_expiry(o, &commit->effects[i]);
}

// ---- Time -----------------------------------------------------------------------------------

// Reading a clock moves the monotonic one; what expires does so far from where clocks are set.
#define TIME_SLACK_MS 100u

uint64_t oracle_low_ms(const oracle *o)
{
    uint64_t system = fe_vfs_now_ms(vfs_record_vfs(o->record));
    return system > o->seen_ms ? system : o->seen_ms;
}

void oracle_look(oracle *o)
{
    o->seen_ms = oracle_low_ms(o);
}

uint64_t oracle_high_ms(const oracle *o)
{
    return o->latest_ms + TIME_SLACK_MS;
}

oracle_sight oracle_see(const oracle *o, const model_entry *entry)
{
    if (entry->presence != MODEL_PRESENT) return SIGHT_ABSENT;
    if (entry->expires_ms == 0 || entry->expires_ms > oracle_high_ms(o)) return SIGHT_PRESENT;
    return model_expires_late_ms(entry) <= oracle_low_ms(o) ? SIGHT_ABSENT : SIGHT_EITHER;
}

// Times to live end in the middle of a second too, since clocks stand at whole ones.
static uint64_t ttl_of(uint32_t seconds)
{
    return seconds == 0 ? 0 : (uint64_t)seconds * 1000 + 500;
}

uint64_t oracle_default_ttl(const scenario_step *step)
{
    return ttl_of(step->size);
}

ferric_lifetime oracle_lifetime(const scenario_step *step)
{
    ferric_lifetime lifetime = {.ttl_ms = ttl_of(step->ttl_s)};

    if (step->expires_s != 0) {
        lifetime.expires_ms = VFS_RECORD_START_MS + (uint64_t)step->expires_s * 1000 + 500;
    }
    return lifetime;
}

void oracle_set_expiry(const oracle *o, model_entry *entry, uint32_t keyspace,
                       ferric_lifetime lifetime)
{
    uint64_t ttl_ms = lifetime.ttl_ms;

    if ((lifetime.ttl_ms | lifetime.expires_ms) == 0) ttl_ms = o->now.ttl_ms[keyspace];
    entry->expires_ms = lifetime.expires_ms;
    entry->expires_slack_ms = 0;
    if (ttl_ms == 0 || ttl_ms == FERRIC_TTL_NONE) return;
    entry->expires_ms = oracle_low_ms(o) + ttl_ms;
    entry->expires_slack_ms = oracle_high_ms(o) - oracle_low_ms(o);
}

// ---- What a commit does ---------------------------------------------------------------------

ferric_slice oracle_next_value(oracle *o, uint32_t key, uint32_t size, uint8_t **memory)
{
    *memory = harness_alloc(size);
    model_value(o->value_number++, key, *memory, size);
    return (ferric_slice){*memory, size};
}

oracle_effect *oracle_add_effect(oracle_commit *commit, oracle_effect_kind kind, uint32_t keyspace,
                                 uint32_t key)
{
    oracle_effect *effect = &commit->effects[commit->effect_count++];

    *effect = (oracle_effect){.kind = kind, .keyspace = keyspace, .key = key};
    return effect;
}

void oracle_add_put(const oracle *o, oracle_commit *commit, uint32_t keyspace, uint32_t key,
                    ferric_slice value, ferric_lifetime lifetime)
{
    oracle_effect *effect = oracle_add_effect(commit, EFFECT_PUT, keyspace, key);

    effect->entry = (model_entry){
        .presence = MODEL_PRESENT,
        .size = (uint32_t)value.size,
        .value_hash = fe_hash64(value.size == 0 ? "" : value.data, value.size),
        .number = o->value_number - 1,
    };
    oracle_set_expiry(o, &effect->entry, keyspace, lifetime);
}

// ---- Counts ---------------------------------------------------------------------------------

void oracle_count_played(harness *h)
{
    harness_count(h, "puts with a lifetime", oracle_played.expiring, 1);
    harness_count(h, "lifetimes changed", oracle_played.rewritten, 1);
    harness_count(h, "lives prolonged by a touch", oracle_played.touched, 1);
    harness_count(h, "default lifetimes set", oracle_played.defaults, 1);
    harness_count(h, "puts whose time to live counted from then", oracle_played.counted, 1);
    harness_count(h, "increments", oracle_played.increments, 1);
    harness_count(h, "clocks set, forward or back", oracle_played.clocks, 1);
    harness_count(h, "entries that had to be expired", model_viewed.expired, 10000);
    harness_count(h, "entries that had to live on", model_viewed.lasting, 10000);
    harness_count(h, "range deletes", oracle_played.ranges, 1);
    harness_count(h, "keyspaces dropped", oracle_played.drops, 1);
    harness_count(h, "keyspaces renamed", oracle_played.renames, 1);
    harness_count(h, "documents written", oracle_played.documents, 1);
    harness_count(h, "documents refused by a unique index", oracle_played.refused_documents, 1);
    harness_count(h, "indexes created and dropped", oracle_played.indexes, 1);
    harness_count(h, "queries with an index and without", index_checked(), 10000);
}
