// SPDX-License-Identifier: Apache-2.0
// What the killed process does until then.
#include "kill_writer.h"

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

#define EFFECT_MAX 4u
#define VALUE_SIZE_MAX 6500u // Some stand in value files.
// A recovered lane may be ahead of what was acknowledged by the commit under way.
#define AHEAD_MAX 1u

typedef struct effect {
    uint32_t keyspace;
    uint32_t key;
    bool is_delete;
    uint32_t size;
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

static uint32_t make_effects(const kill_plan *plan, uint32_t index, uint64_t number,
                             effect effects[EFFECT_MAX])
{
    fe_random random = {plan->seed + number * 64 + index};
    uint32_t count = 1 + (uint32_t)fe_random_below(&random, EFFECT_MAX);
    uint32_t keys = MODEL_KEY_COUNT / plan->lane_count;

    for (uint32_t i = 0; i < count; i++) {
        effect *e = &effects[i];
        e->keyspace = (uint32_t)fe_random_below(&random, MODEL_KEYSPACE_COUNT);
        e->key = (uint32_t)fe_random_below(&random, keys) * plan->lane_count + index;
        e->is_delete = fe_random_below(&random, 4) == 0;
        e->size = (uint32_t)fe_random_below(&random, i == 0 ? VALUE_SIZE_MAX : 100);
        e->value_number = number * KILL_LANE_MAX * EFFECT_MAX + index * EFFECT_MAX + i;
    }
    // The first effect tells the number, so that no two states are equal.
    effects[0].is_delete = false;
    effects[0].size += 8;
    return count;
}

void kill_model_apply(const kill_plan *plan, uint32_t index, uint64_t number, model_table *table)
{
    effect effects[EFFECT_MAX];
    uint8_t value[VALUE_SIZE_MAX + 8];
    uint32_t count = make_effects(plan, index, number, effects);

    for (uint32_t i = 0; i < count; i++) {
        const effect *e = &effects[i];
        if (e->is_delete) {
            model_delete(table, e->keyspace, e->key);
            continue;
        }
        model_value(e->value_number, e->key, value, e->size);
        model_put(table, e->keyspace, e->key, fe_hash64(value, e->size), e->size, 0);
    }
}

static ferric_status commit(lane *l, ferric_batch *batch)
{
    effect effects[EFFECT_MAX];
    uint8_t value[VALUE_SIZE_MAX + 8];
    uint32_t count = make_effects(l->owner->plan, l->index, l->number + 1, effects);
    ferric_status status = FERRIC_OK;

    ferric_batch_clear(batch);
    for (uint32_t i = 0; i < count && status == FERRIC_OK; i++) {
        const effect *e = &effects[i];
        ferric_keyspace *keyspace = l->owner->reader.keyspaces[e->keyspace];
        if (e->is_delete) {
            status = ferric_batch_delete(batch, keyspace, model_key(e->key));
        } else {
            model_value(e->value_number, e->key, value, e->size);
            status = ferric_batch_put(batch, keyspace, model_key(e->key),
                                      (ferric_slice){value, e->size});
        }
    }
    if (status == FERRIC_OK) status = ferric_write(l->owner->reader.db, batch, NULL, NULL);
    return status;
}

// ---- Writing --------------------------------------------------------------------------------

// Now and then something bigger, so that a kill also lands in a flush and in a compaction.
static ferric_status maintain(lane *l)
{
    ferric_db *db = l->owner->reader.db;
    ferric_slice open_end = {NULL, 0};

    if (l->index != 0) return FERRIC_OK;
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
            model_put(part, i, key, entry->value_hash, entry->size, 0);
        }
    }
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
        if (*number >= acknowledged && table.hash == part.hash) return true;
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
    for (uint32_t i = 1; i < MODEL_KEYSPACE_COUNT && status == FERRIC_OK; i++) {
        status = ferric_keyspace_open(w->reader.db, model_keyspace_name(i), FERRIC_KEYSPACE_RAW,
                                      &w->reader.keyspaces[i]);
    }
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
    for (uint32_t i = 1; i < MODEL_KEYSPACE_COUNT; i++) {
        ferric_keyspace_close(w.reader.keyspaces[i]);
    }
    if (ferric_close(w.reader.db) != FERRIC_OK) {
        tell(&w, KILL_WRONG, 0, 0, "ferric_close failed");
    }
    return !atomic_load(&w.is_wrong);
}
