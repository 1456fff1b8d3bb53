// SPDX-License-Identifier: Apache-2.0
// What the killed process does until then.
#include "kill_writer.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/checksum.h"
#include "base/random.h"
#include "os/vfs.h"
#include "support/db_reader.h"
#include "support/encrypted.h"
#include "support/harness.h"
#include "support/model_document.h"

#define EFFECT_MAX 4u
#define VALUE_SIZE_MAX 6500u // Some stand in value files.
#define TEXT_SIZE_MAX MODEL_DOCUMENT_SIZE_MAX
// No clock has shown a time before this one.
#define LONG_AGO_MS 1000u
// The commit of a lane alone that drops a keyspace, which comes again with the next put.
#define DROP_STRIDE 53u
// After so many commits of the first lane an index is created or dropped.
#define INDEX_STRIDE 13u
#define DROPPED_KEYSPACE 2u
// In this keyspace the key with the lane's number is a counter, which no batch touches. Its default
// lifetime is set by a lane alone; what puts want there they say themselves.
#define COUNTER_KEYSPACE 1u
// A counter expires so long before the end of time; touches bring it nearer to that.
#define COUNTER_LEFT_MS ((uint64_t)1 << 40)
// A recovered lane may be ahead of what was acknowledged by the commit under way.
#define AHEAD_MAX 1u

typedef enum effect_kind {
    EFFECT_PUT = 0,
    EFFECT_DELETE = 1,
    EFFECT_RANGE = 2, // Keys [key, end).
} effect_kind;

typedef struct effect {
    effect_kind kind;
    uint32_t keyspace;
    uint32_t key;
    uint32_t end;
    uint32_t size;
    uint64_t expires_ms; // 0: it stays. Long ago: it is as good as deleted.
    uint64_t value_number;
} effect;

typedef struct writer {
    const kill_plan *plan;
    int pipe;
    db_reader reader;
    atomic_bool is_wrong;
} writer;

typedef struct lane {
    writer *owner;
    uint32_t index;
    uint64_t number; // Its newest commit.
    pthread_t thread;
} lane;

static void tell(writer *w, kill_message_kind kind, uint32_t index, uint64_t number,
                 const char *text)
{
    kill_message message = {(uint32_t)kind, index, number, ""};

    snprintf(message.text, sizeof(message.text), "%s", text);
    // A reader that is gone is about to kill us.
    (void)!write(w->pipe, &message, sizeof(message));
    if (kind == KILL_WRONG) atomic_store(&w->is_wrong, true);
}

// ---- What commit `number` of a lane does ----------------------------------------------------

typedef enum commit_kind {
    COMMIT_BATCH = 0,
    COMMIT_DROP = 1,
    COMMIT_INCREMENT = 2, // The lane's counter grows by the commit's number.
    COMMIT_TOUCH = 3,     // It lives so many milliseconds longer than at first.
    COMMIT_TTL = 4,       // The default lifetime is so many milliseconds.
} commit_kind;

static commit_kind kind_of(const kill_plan *plan, uint64_t number)
{
    if (plan->lane_count == 1 && number % DROP_STRIDE == 0) return COMMIT_DROP;
    // The first of these makes the counter.
    if (number % 11 == 3) return COMMIT_INCREMENT;
    if (number % 13 == 7) return COMMIT_TOUCH;
    return plan->lane_count == 1 && number % 17 == 9 ? COMMIT_TTL : COMMIT_BATCH;
}

static uint64_t counter_expires_ms(uint64_t touched)
{
    return FERRIC_EXPIRES_MAX - COUNTER_LEFT_MS + touched;
}

// What the counter is after commit `number`, its lane's newest.
static model_entry counter_after(const kill_plan *plan, uint64_t number)
{
    char text[24];
    uint64_t touched = 0;
    uint64_t sum = 0;

    for (uint64_t i = 1; i <= number; i++) {
        commit_kind kind = kind_of(plan, i);
        if (kind == COMMIT_INCREMENT) sum += i;
        if (kind == COMMIT_TOUCH) touched = i;
    }
    uint32_t size = (uint32_t)snprintf(text, sizeof text, "%" PRIu64, sum);
    return (model_entry){.value_hash = fe_hash64(text, size),
                         .size = size,
                         .expires_ms = counter_expires_ms(touched)};
}

// Of the keys between two of a lane the others have theirs: then a range is one key.
static void make_range(const kill_plan *plan, fe_random *random, effect *e)
{
    uint32_t count = plan->lane_count == 1 ? 1 + (uint32_t)fe_random_below(random, 20) : 1;

    e->kind = EFFECT_RANGE;
    if (e->keyspace == MODEL_COLLECTION) e->keyspace = 0;
    e->end = e->key + count > MODEL_KEY_COUNT ? MODEL_KEY_COUNT : e->key + count;
}

static void make_effect(const kill_plan *plan, uint32_t lane_index, fe_random *random,
                        uint32_t number, effect *e)
{
    uint32_t keys = MODEL_KEY_COUNT / plan->lane_count;
    uint64_t dice = fe_random_below(random, 10);

    *e = (effect){.keyspace = (uint32_t)fe_random_below(random, MODEL_KEYSPACE_COUNT)};
    e->key = (uint32_t)fe_random_below(random, keys) * plan->lane_count + lane_index;
    if (e->keyspace == COUNTER_KEYSPACE && e->key == lane_index) e->keyspace = 0;
    e->size = (uint32_t)fe_random_below(random, number == 0 ? VALUE_SIZE_MAX : 100);
    // The first effect tells the number, so that no two states are equal.
    if (number == 0) {
        e->size += 8;
        if (dice < 2) e->expires_ms = FERRIC_EXPIRES_MAX;
    } else if (dice < 2) {
        e->kind = EFFECT_DELETE;
    } else if (dice == 2) {
        make_range(plan, random, e);
    } else if (dice < 5) {
        e->expires_ms = dice == 3 ? LONG_AGO_MS : FERRIC_EXPIRES_MAX;
    }
}

static uint32_t make_effects(const kill_plan *plan, uint32_t lane_index, uint64_t number,
                             effect effects[EFFECT_MAX])
{
    fe_random random = {plan->seed + number * 64 + lane_index};
    uint32_t count = 1 + (uint32_t)fe_random_below(&random, EFFECT_MAX);

    for (uint32_t i = 0; i < count; i++) {
        make_effect(plan, lane_index, &random, i, &effects[i]);
        effects[i].value_number = number * KILL_LANE_MAX * EFFECT_MAX + lane_index * EFFECT_MAX + i;
    }
    return count;
}

// The bytes of a put, or the text of its document.
static ferric_slice make_value(const effect *e, char text[TEXT_SIZE_MAX])
{
    if (e->keyspace == MODEL_COLLECTION) {
        return (ferric_slice){text, model_document(e->value_number, e->key, e->size, text)};
    }
    model_value(e->value_number, e->key, text, e->size);
    return (ferric_slice){text, e->size};
}

static void model_effect(const effect *e, model_table *table)
{
    char text[TEXT_SIZE_MAX];

    if (e->kind == EFFECT_RANGE) {
        model_delete_range(table, e->keyspace, e->key, e->end);
    } else if (e->kind == EFFECT_DELETE || e->expires_ms == LONG_AGO_MS) {
        model_delete(table, e->keyspace, e->key);
    } else {
        ferric_slice value = make_value(e, text);
        model_put(table, e->keyspace, e->key,
                  (model_entry){.value_hash = fe_hash64(value.data, value.size),
                                .size = (uint32_t)value.size,
                                .expires_ms = e->expires_ms});
    }
}

void kill_model_apply(const kill_plan *plan, uint32_t index, uint64_t number, model_table *table)
{
    effect effects[EFFECT_MAX];
    uint32_t count = make_effects(plan, index, number, effects);

    switch (kind_of(plan, number)) {
    case COMMIT_DROP:
        model_delete_range(table, DROPPED_KEYSPACE, 0, MODEL_KEY_COUNT);
        break;
    case COMMIT_INCREMENT:
    case COMMIT_TOUCH:
        model_put(table, COUNTER_KEYSPACE, index, counter_after(plan, number));
        break;
    case COMMIT_TTL:
        table->ttl_ms[COUNTER_KEYSPACE] = number;
        break;
    case COMMIT_BATCH:
        for (uint32_t i = 0; i < count; i++)
            model_effect(&effects[i], table);
        break;
    }
}

static ferric_status add_to_batch(const lane *l, const effect *e, ferric_batch *batch)
{
    ferric_keyspace *keyspace = l->owner->reader.keyspaces[e->keyspace];
    ferric_slice key = model_key_in(e->keyspace, e->key);
    ferric_lifetime lifetime = {0, e->expires_ms};
    char text[TEXT_SIZE_MAX];

    if (e->keyspace == COUNTER_KEYSPACE && e->expires_ms == 0) lifetime.ttl_ms = FERRIC_TTL_NONE;

    if (e->kind == EFFECT_RANGE) {
        ferric_slice open_end = {NULL, 0};
        ferric_slice upper = e->end == MODEL_KEY_COUNT ? open_end : model_key(e->end);
        return ferric_batch_delete_range(batch, keyspace, key, upper);
    }
    if (e->kind == EFFECT_DELETE) return ferric_batch_delete(batch, keyspace, key);
    ferric_slice value = make_value(e, text);
    return e->keyspace == MODEL_COLLECTION
               ? ferric_batch_document_put_expiring(batch, keyspace, key, value, lifetime)
               : ferric_batch_put_expiring(batch, keyspace, key, value, lifetime);
}

// A kill may have come between the drop and its acknowledgement.
static ferric_status drop(lane *l)
{
    db_reader *reader = &l->owner->reader;
    ferric_status status = ferric_keyspace_drop(reader->db, model_keyspace_name(DROPPED_KEYSPACE));

    if (status != FERRIC_OK && status != FERRIC_NOT_FOUND) return status;
    ferric_keyspace_close(reader->keyspaces[DROPPED_KEYSPACE]);
    reader->keyspaces[DROPPED_KEYSPACE] = NULL;
    return db_reader_open_keyspaces(reader);
}

static ferric_status write_batch(const lane *l, ferric_batch *batch)
{
    effect effects[EFFECT_MAX];
    uint32_t count = make_effects(l->owner->plan, l->index, l->number + 1, effects);
    ferric_status status = FERRIC_OK;

    ferric_batch_clear(batch);
    for (uint32_t i = 0; i < count && status == FERRIC_OK; i++)
        status = add_to_batch(l, &effects[i], batch);
    if (status == FERRIC_OK) status = ferric_write(l->owner->reader.db, batch, NULL, NULL);
    return status;
}

static ferric_status commit(lane *l, ferric_batch *batch)
{
    ferric_db *db = l->owner->reader.db;
    ferric_keyspace *counters = l->owner->reader.keyspaces[COUNTER_KEYSPACE];
    ferric_write_options options = FERRIC_WRITE_OPTIONS_INIT;
    uint64_t number = l->number + 1;

    options.lifetime.expires_ms = counter_expires_ms(0);
    switch (kind_of(l->owner->plan, number)) {
    case COMMIT_DROP:
        return drop(l);
    case COMMIT_INCREMENT:
        return ferric_increment(db, counters, model_key(l->index), (int64_t)number, 0, &options,
                                NULL);
    case COMMIT_TOUCH:
        options.lifetime.expires_ms = counter_expires_ms(number);
        return ferric_touch(db, counters, model_key(l->index), &options);
    case COMMIT_TTL:
        return ferric_keyspace_set_ttl(db, counters, number);
    case COMMIT_BATCH:
        break;
    }
    return write_batch(l, batch);
}

// ---- Writing --------------------------------------------------------------------------------

// The indexes that come and go. What the unique one would refuse, no two lanes could know.
static ferric_status change_index(const lane *l)
{
    static const uint32_t indexes[] = {0, 2, 3, 4};
    uint32_t index = indexes[l->number / INDEX_STRIDE % 4];
    ferric_db *db = l->owner->reader.db;
    ferric_keyspace *collection = l->owner->reader.keyspaces[MODEL_COLLECTION];
    ferric_status status;

    if (l->number / INDEX_STRIDE % 3 != 0) return model_index_create(db, collection, index);
    status = ferric_index_drop(db, collection, model_indexes[index].name);
    return status == FERRIC_NOT_FOUND ? FERRIC_OK : status;
}

// Now and then something bigger, so that a kill also lands in a flush, in a compaction and in the
// making of an index.
static ferric_status maintain(lane *l)
{
    ferric_db *db = l->owner->reader.db;
    ferric_slice open_end = {NULL, 0};

    if (l->index != 0) return FERRIC_OK;
    if (l->number % INDEX_STRIDE == 0) return change_index(l);
    if (l->number % 97 == 0) return ferric_compact(db, NULL, open_end, open_end);
    if (l->number % 41 == 0) return ferric_flush(db);
    if (l->number % 29 == 0) return ferric_sync(db);
    return FERRIC_OK;
}

static void *run_lane(void *argument)
{
    lane *l = argument;
    ferric_batch *batch = NULL;
    ferric_status status = ferric_batch_create(&batch);

    while (status == FERRIC_OK && !atomic_load(&l->owner->is_wrong)) {
        status = commit(l, batch);
        if (status != FERRIC_OK) break;
        l->number++;
        tell(l->owner, KILL_ACKNOWLEDGED, l->index, l->number, "");
        status = maintain(l);
    }
    if (status != FERRIC_OK) {
        char *text = harness_format("lane %u: %s: %s", l->index, ferric_status_name(status),
                                    ferric_error_message());
        tell(l->owner, KILL_WRONG, l->index, l->number, text);
        harness_free(text);
    }
    ferric_batch_destroy(batch);
    return NULL;
}

// ---- Opening and comparing ------------------------------------------------------------------

void kill_model_lane(const model_table *found, uint32_t lane_count, uint32_t index,
                     model_table *part)
{
    memset(part, 0, sizeof(*part));
    for (uint32_t i = 0; i < MODEL_KEYSPACE_COUNT; i++) {
        for (uint32_t key = index; key < MODEL_KEY_COUNT; key += lane_count) {
            const model_entry *entry = &found->entries[i][key];
            if (entry->presence != MODEL_PRESENT) continue;
            model_put(part, i, key, *entry);
        }
    }
    if (lane_count == 1) part->ttl_ms[COUNTER_KEYSPACE] = found->ttl_ms[COUNTER_KEYSPACE];
}

bool kill_model_equal(const model_table *table, const model_table *part)
{
    return table->hash == part->hash &&
           table->ttl_ms[COUNTER_KEYSPACE] == part->ttl_ms[COUNTER_KEYSPACE];
}

// Finds the n that fits the lane; false when there is none.
static bool find_commit(writer *w, const model_table *found, uint32_t index, uint64_t *number)
{
    uint64_t acknowledged = w->plan->acknowledged[index];
    model_table part;
    model_table table = {0};
    model_table least = {0};

    kill_model_lane(found, w->plan->lane_count, index, &part);
    for (*number = 0;; ++*number) {
        if (*number > 0) kill_model_apply(w->plan, index, *number, &table);
        if (*number == acknowledged) least = table;
        if (*number >= acknowledged && kill_model_equal(&table, &part)) return true;
        if (*number == acknowledged + AHEAD_MAX) break;
    }
    char *difference = model_difference(&least, &part);
    char *text = harness_format("acknowledged %llu: %s", (unsigned long long)acknowledged,
                                difference == NULL ? "none" : difference);
    tell(w, KILL_WRONG, index, acknowledged, text);
    harness_free(difference);
    harness_free(text);
    return false;
}

static bool compare(writer *w, lane lanes[KILL_LANE_MAX])
{
    db_reading reading;
    bool is_right = true;

    db_read(&w->reader, &reading);
    if (reading.contradiction != NULL || reading.status != FERRIC_OK) {
        tell(w, KILL_WRONG, 0, 0,
             reading.contradiction != NULL ? reading.contradiction
                                           : ferric_status_name(reading.status));
        is_right = false;
    }
    for (uint32_t i = 0; i < w->plan->lane_count && is_right; i++) {
        is_right = find_commit(w, &reading.found, i, &lanes[i].number);
        if (is_right) tell(w, KILL_FOUND, i, lanes[i].number, "");
    }
    db_reading_deinit(&reading);
    return is_right;
}

// The machine's own vfs, without rings.
static fe_vfs *ringless_vfs(void)
{
    static fe_vfs_ops ops;
    static fe_vfs vfs = {&ops};

    ops = *fe_vfs_posix()->ops;
    ops.create_ring = NULL;
    return &vfs;
}

static ferric_status open_database(writer *w)
{
    ferric_options options = FERRIC_OPTIONS_INIT;
    ferric_status status;

    if (w->plan->is_ringless) options.vfs = ringless_vfs();
    options.fsync = w->plan->fsync;
    options.fsync_period_ms = 5;
    options.memory_limit = (uint64_t)8 << 20;
    options.memtable_size = 32 << 10;
    options.log_size = 64 << 10;
    options.table_size = 64 << 10;
    harness_encrypt(&options);
    status = ferric_open(w->plan->path, &options, &w->reader.db);
    if (status == FERRIC_OK) status = db_reader_open_keyspaces(&w->reader);
    if (status != FERRIC_OK) {
        char *text =
            harness_format("open: %s: %s", ferric_status_name(status), ferric_error_message());
        tell(w, KILL_WRONG, 0, 0, text);
        harness_free(text);
    }
    return status;
}

static void write_on(writer *w, lane lanes[KILL_LANE_MAX])
{
    for (uint32_t i = 0; i < w->plan->lane_count; i++) {
        lanes[i].owner = w;
        lanes[i].index = i;
        if (pthread_create(&lanes[i].thread, NULL, run_lane, &lanes[i]) != 0) {
            harness_panic("no thread for a lane");
        }
    }
    for (uint32_t i = 0; i < w->plan->lane_count; i++)
        pthread_join(lanes[i].thread, NULL);
}

bool kill_writer_run(const kill_plan *plan, int pipe, bool is_check_only)
{
    writer w = {.plan = plan, .pipe = pipe};
    lane lanes[KILL_LANE_MAX] = {0};

    if (open_database(&w) == FERRIC_OK && compare(&w, lanes) && !is_check_only) {
        write_on(&w, lanes);
    }
    db_reader_close_keyspaces(&w.reader);
    if (ferric_close(w.reader.db) != FERRIC_OK) {
        tell(&w, KILL_WRONG, 0, 0, "ferric_close failed");
    }
    return !atomic_load(&w.is_wrong);
}
