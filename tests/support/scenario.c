// SPDX-License-Identifier: Apache-2.0
// The table of scenarios.
#include "support/scenario.h"

#include <string.h>

#include "base/random.h"
#include "support/encrypted.h"
#include "support/harness.h"
#include "support/model_table.h"

#define STEPS(list) .steps = list, .step_count = sizeof(list) / sizeof(list[0])

static const scenario_step first_writes[] = {
    {.verb = STEP_PUT, .key = 0, .repeat = 4, .size = 20},
    {.verb = STEP_READ},
    {.verb = STEP_DELETE, .key = 1},
    {.verb = STEP_DELETE, .key = 60},
    {.verb = STEP_PUT, .key = 2, .size = 0},
};

static const scenario_step batches[] = {
    {.verb = STEP_BATCH, .key = 0, .repeat = 6, .size = 40},
    {.verb = STEP_BATCH, .key = 3, .repeat = 8, .size = 900},
    {.verb = STEP_PUT, .keyspace = 1, .key = 7, .size = 50},
    {.verb = STEP_BATCH, .key = 1, .repeat = 8, .size = 10},
    {.verb = STEP_READ},
    {.verb = STEP_BATCH, .key = 20, .repeat = 3, .size = 1500},
};

static const scenario_step sync_flag[] = {
    {.verb = STEP_PUT, .key = 0, .repeat = 3, .size = 100},
    {.verb = STEP_PUT, .key = 3, .size = 100, .is_sync = true},
    {.verb = STEP_PUT, .key = 4, .repeat = 3, .size = 100},
    {.verb = STEP_SYNC},
    {.verb = STEP_BATCH, .key = 5, .repeat = 5, .size = 60},
    {.verb = STEP_BATCH, .key = 9, .repeat = 5, .size = 60, .is_sync = true},
    {.verb = STEP_PUT, .key = 8, .repeat = 2, .size = 100},
};

static const scenario_step flushed[] = {
    {.verb = STEP_PUT, .key = 0, .repeat = 8, .size = 120},
    {.verb = STEP_FLUSH},
    {.verb = STEP_READ},
    {.verb = STEP_PUT, .key = 4, .repeat = 6, .size = 80},
    {.verb = STEP_DELETE, .key = 0, .repeat = 2},
    {.verb = STEP_FLUSH},
    {.verb = STEP_PUT, .key = 1, .repeat = 2, .size = 30},
};

static const scenario_step full_memtables[] = {
    {.verb = STEP_PUT, .key = 0, .repeat = 30, .size = 400},
    {.verb = STEP_READ},
    {.verb = STEP_PUT, .keyspace = 1, .key = 5, .repeat = 20, .size = 500},
    {.verb = STEP_DELETE, .key = 3, .repeat = 5},
    {.verb = STEP_PUT, .key = 0, .repeat = 10, .size = 300},
};

static const scenario_step compacted[] = {
    {.verb = STEP_PUT, .key = 0, .repeat = 12, .size = 200},
    {.verb = STEP_FLUSH},
    {.verb = STEP_PUT, .key = 6, .repeat = 12, .size = 200},
    {.verb = STEP_DELETE, .key = 0, .repeat = 4},
    {.verb = STEP_FLUSH},
    {.verb = STEP_COMPACT},
    {.verb = STEP_READ},
    {.verb = STEP_PUT, .key = 2, .repeat = 4, .size = 100},
    {.verb = STEP_DELETE, .key = 10, .repeat = 8},
    {.verb = STEP_COMPACT},
    {.verb = STEP_PUT, .key = 30, .size = 10},
};

static const scenario_step reopened[] = {
    {.verb = STEP_PUT, .key = 0, .repeat = 4, .size = 90},
    {.verb = STEP_REOPEN},
    {.verb = STEP_READ},
    {.verb = STEP_PUT, .key = 2, .repeat = 4, .size = 90},
    {.verb = STEP_REOPEN},
    {.verb = STEP_REOPEN},
    {.verb = STEP_DELETE, .key = 1},
    {.verb = STEP_FLUSH},
    {.verb = STEP_PUT, .keyspace = 2, .key = 2, .repeat = 4, .size = 90},
    {.verb = STEP_REOPEN},
    {.verb = STEP_PUT, .key = 9, .size = 90},
};

// A flush is the first thing that an open does: there is no memtable of its own yet.
static const scenario_step flushed_first[] = {
    {.verb = STEP_PUT, .key = 0, .repeat = 4, .size = 90},
    {.verb = STEP_REOPEN},
    {.verb = STEP_FLUSH},
    {.verb = STEP_PUT, .key = 2, .repeat = 4, .size = 90},
    {.verb = STEP_REOPEN},
    {.verb = STEP_COMPACT},
    {.verb = STEP_READ},
    {.verb = STEP_PUT, .key = 5, .repeat = 3, .size = 90},
    {.verb = STEP_REOPEN},
    {.verb = STEP_FLUSH},
    {.verb = STEP_REOPEN},
};

static const scenario_step turned_logs[] = {
    {.verb = STEP_PUT, .key = 0, .repeat = 12, .size = 3500},
    {.verb = STEP_PUT, .keyspace = 1, .key = 0, .repeat = 12, .size = 3500},
    {.verb = STEP_READ},
    {.verb = STEP_PUT, .key = 6, .repeat = 12, .size = 3500},
    {.verb = STEP_DELETE, .key = 2, .repeat = 3},
};

// Small commits that go round the ring several times, with a sync on the way, one too large for it,
// and an end in the middle of a lap.
static const scenario_step ring_laps[] = {
    {.verb = STEP_PUT, .key = 0, .repeat = 40, .size = 300},
    {.verb = STEP_PUT, .keyspace = 1, .key = 3, .repeat = 5, .size = 1800},
    {.verb = STEP_SYNC},
    {.verb = STEP_PUT, .key = 5, .repeat = 30, .size = 300},
    {.verb = STEP_BATCH, .key = 0, .repeat = 8, .size = 1500},
    {.verb = STEP_PUT, .key = 1, .repeat = 40, .size = 300},
    {.verb = STEP_DELETE, .key = 3, .repeat = 5},
};

static const scenario_step snapshots[] = {
    {.verb = STEP_PUT, .key = 0, .repeat = 6, .size = 150},
    {.verb = STEP_SNAPSHOT},
    {.verb = STEP_PUT, .key = 3, .repeat = 6, .size = 150},
    {.verb = STEP_DELETE, .key = 0, .repeat = 2},
    {.verb = STEP_SNAPSHOT},
    {.verb = STEP_FLUSH},
    {.verb = STEP_PUT, .key = 0, .repeat = 6, .size = 150},
    {.verb = STEP_COMPACT},
    {.verb = STEP_READ},
    {.verb = STEP_RELEASE},
    {.verb = STEP_COMPACT},
    {.verb = STEP_READ},
    {.verb = STEP_RELEASE},
};

static const scenario_step conditions[] = {
    {.verb = STEP_IF_ABSENT, .key = 0, .size = 30},
    {.verb = STEP_IF_ABSENT, .key = 0, .size = 31},
    {.verb = STEP_IF_VERSION, .key = 0, .size = 32},
    {.verb = STEP_IF_STALE, .key = 0, .size = 33},
    {.verb = STEP_DELETE, .key = 0},
    {.verb = STEP_IF_ABSENT, .key = 0, .size = 34},
    {.verb = STEP_FLUSH},
    {.verb = STEP_IF_ABSENT, .key = 0, .size = 35},
    {.verb = STEP_IF_VERSION, .key = 0, .size = 36},
    {.verb = STEP_IF_VERSION, .key = 1, .size = 37},
    {.verb = STEP_REOPEN},
    {.verb = STEP_IF_STALE, .key = 1, .size = 38},
    {.verb = STEP_IF_VERSION, .key = 1, .size = 39},
};

static const scenario_step transactions[] = {
    {.verb = STEP_TXN, .key = 0, .repeat = 4, .size = 60},
    {.verb = STEP_PUT, .key = 0, .repeat = 4, .size = 200},
    {.verb = STEP_TXN, .key = 1, .repeat = 8, .size = 500},
    {.verb = STEP_TXN_LATE, .key = 1, .size = 40},
    {.verb = STEP_FLUSH},
    {.verb = STEP_TXN_LATE, .key = 2, .size = 40},
    {.verb = STEP_READ},
    {.verb = STEP_TXN, .key = 0, .repeat = 6, .size = 1500, .is_sync = true},
    {.verb = STEP_COMPACT},
    {.verb = STEP_TXN, .key = 30, .repeat = 3, .size = 20},
    {.verb = STEP_REOPEN},
    {.verb = STEP_TXN_LATE, .key = 30, .size = 70},
    {.verb = STEP_TXN, .key = 1, .repeat = 2, .size = 90},
};

// Every kind of write by its asynchronous call, among others that need not be durable.
static const scenario_step asynchronous[] = {
    {.verb = STEP_PUT, .key = 0, .repeat = 3, .size = 70, .is_async = true},
    {.verb = STEP_PUT, .key = 3, .repeat = 3, .size = 70},
    {.verb = STEP_DELETE, .key = 1, .is_async = true},
    {.verb = STEP_BATCH, .key = 2, .repeat = 6, .size = 200, .is_async = true},
    {.verb = STEP_PUT, .key = 4, .repeat = 4, .size = 90},
    {.verb = STEP_TXN, .key = 2, .repeat = 6, .size = 80, .is_async = true},
    {.verb = STEP_READ},
    {.verb = STEP_PUT, .key = 8, .repeat = 2, .size = 6000, .is_async = true},
    {.verb = STEP_BATCH, .key = 12, .repeat = 4, .size = 5000, .is_async = true},
    {.verb = STEP_FLUSH},
    {.verb = STEP_PUT, .key = 9, .repeat = 3, .size = 40},
    {.verb = STEP_TXN, .key = 9, .repeat = 4, .size = 50, .is_async = true},
    {.verb = STEP_REOPEN},
    {.verb = STEP_DELETE, .key = 9, .repeat = 2, .is_async = true},
    {.verb = STEP_PUT, .key = 10, .repeat = 12, .size = 400, .is_async = true},
    {.verb = STEP_PUT, .key = 11, .size = 400},
};

static const scenario_step large_values[] = {
    {.verb = STEP_PUT, .key = 0, .size = 9000},
    {.verb = STEP_PUT, .key = 1, .repeat = 2, .size = 20000},
    {.verb = STEP_READ},
    {.verb = STEP_BATCH, .key = 2, .repeat = 4, .size = 6000},
    {.verb = STEP_PUT, .key = 1, .size = 10},
    {.verb = STEP_FLUSH},
    {.verb = STEP_PUT, .key = 0, .size = 70000},
};

// Values that come and go in value files: dead ones are collected, some under a snapshot.
static const scenario_step collected[] = {
    {.verb = STEP_PUT, .key = 0, .repeat = 6, .size = 12000},
    {.verb = STEP_PUT, .key = 0, .repeat = 4, .size = 9000},
    {.verb = STEP_COMPACT},
    {.verb = STEP_READ},
    {.verb = STEP_PUT, .key = 1, .repeat = 2, .size = 4096},
    {.verb = STEP_SNAPSHOT},
    {.verb = STEP_DELETE, .key = 2, .repeat = 3},
    {.verb = STEP_BATCH, .key = 3, .repeat = 3, .size = 5000},
    {.verb = STEP_COMPACT},
    {.verb = STEP_VERIFY},
    {.verb = STEP_RELEASE},
    {.verb = STEP_REOPEN},
    {.verb = STEP_PUT, .key = 7, .size = 4500},
    {.verb = STEP_COMPACT},
    {.verb = STEP_READ},
};

// Many files of large values, and opens between them.
static const scenario_step turned_values[] = {
    {.verb = STEP_PUT, .key = 0, .repeat = 3, .size = 30000},
    {.verb = STEP_PUT, .key = 1, .size = 100000},
    {.verb = STEP_SYNC},
    {.verb = STEP_PUT, .key = 0, .repeat = 2, .size = 20000},
    {.verb = STEP_REOPEN},
    {.verb = STEP_PUT, .key = 3, .size = 50},
    {.verb = STEP_PUT, .key = 2, .repeat = 2, .size = 8000},
    {.verb = STEP_FLUSH},
    {.verb = STEP_REOPEN},
    {.verb = STEP_COMPACT},
    {.verb = STEP_PUT, .key = 2, .size = 4096},
};

static const scenario_step emptied[] = {
    {.verb = STEP_PUT, .key = 0, .repeat = 16, .size = 100},
    {.verb = STEP_FLUSH},
    {.verb = STEP_DELETE, .key = 0, .repeat = 16},
    {.verb = STEP_FLUSH},
    {.verb = STEP_READ},
    {.verb = STEP_COMPACT},
    {.verb = STEP_READ},
    {.verb = STEP_REOPEN},
    {.verb = STEP_PUT, .key = 5, .repeat = 2, .size = 100},
};

static const scenario_step overwritten[] = {
    {.verb = STEP_PUT, .key = 0, .repeat = 3, .size = 200},
    {.verb = STEP_PUT, .key = 0, .repeat = 3, .size = 100},
    {.verb = STEP_PUT, .key = 0, .repeat = 3, .size = 300},
    {.verb = STEP_FLUSH},
    {.verb = STEP_PUT, .key = 0, .repeat = 3, .size = 50},
    {.verb = STEP_DELETE, .key = 1},
    {.verb = STEP_PUT, .key = 1, .size = 60},
    {.verb = STEP_COMPACT},
    {.verb = STEP_DELETE, .key = 1},
    {.verb = STEP_VERIFY},
};

// States that differ in versions alone.
static const scenario_step same_bytes[] = {
    {.verb = STEP_PUT, .key = 0, .size = 0},
    {.verb = STEP_PUT, .key = 0, .size = 0},
    {.verb = STEP_FLUSH},
    {.verb = STEP_PUT, .key = 0, .size = 0},
    {.verb = STEP_PUT, .key = 1, .repeat = 2, .size = 0},
    {.verb = STEP_PUT, .key = 1, .repeat = 2, .size = 0},
    {.verb = STEP_IF_VERSION, .key = 0, .size = 0},
};

// Many puts follow each period, so that also where few points are looked at, some of them are such
// at which the period demands something.
static const scenario_step timed[] = {
    {.verb = STEP_PUT, .key = 0, .repeat = 3, .size = 70},
    {.verb = STEP_ADVANCE, .size = 150},
    {.verb = STEP_PUT, .key = 3, .repeat = 24, .size = 70},
    {.verb = STEP_SYNC},
    {.verb = STEP_ADVANCE, .size = 5000},
    {.verb = STEP_BATCH, .key = 6, .repeat = 6, .size = 70},
    {.verb = STEP_ADVANCE, .size = 150},
    {.verb = STEP_PUT, .key = 12, .repeat = 24, .size = 70},
    {.verb = STEP_FLUSH},
    {.verb = STEP_PUT, .key = 9, .repeat = 3, .size = 70},
};

static const scenario_step closed_often[] = {
    {.verb = STEP_REOPEN}, {.verb = STEP_PUT, .key = 0, .size = 10},
    {.verb = STEP_REOPEN}, {.verb = STEP_COMPACT},
    {.verb = STEP_REOPEN}, {.verb = STEP_BATCH, .key = 1, .repeat = 3, .size = 10},
    {.verb = STEP_VERIFY}, {.verb = STEP_REOPEN},
};

static const scenario scenarios[] = {
    {.name = "first_writes", STEPS(first_writes)},
    {.name = "batches", .compression = FERRIC_COMPRESSION_LZ4, STEPS(batches)},
    {.name = "batches_never", .fsync = FERRIC_FSYNC_NEVER, STEPS(batches)},
    {.name = "sync_flag", .fsync = FERRIC_FSYNC_NEVER, STEPS(sync_flag)},
    {.name = "flushed", STEPS(flushed)},
    {.name = "flushed_never", .fsync = FERRIC_FSYNC_NEVER, STEPS(flushed)},
    {.name = "full_memtables", .compression = FERRIC_COMPRESSION_ZSTD, STEPS(full_memtables)},
    {.name = "compacted", .compression = FERRIC_COMPRESSION_LZ4, STEPS(compacted)},
    {.name = "reopened", STEPS(reopened)},
    {.name = "reopened_never", .fsync = FERRIC_FSYNC_NEVER, STEPS(reopened)},
    {.name = "flushed_first", STEPS(flushed_first)},
    {.name = "turned_logs", STEPS(turned_logs)},
    {.name = "turned_logs_never", .fsync = FERRIC_FSYNC_NEVER, STEPS(turned_logs)},
    {.name = "turned_logs_ringless",
     .fsync = FERRIC_FSYNC_NEVER,
     .is_ringless = true,
     STEPS(turned_logs)},
    {.name = "ring_laps", .fsync = FERRIC_FSYNC_NEVER, STEPS(ring_laps)},
    {.name = "snapshots", .compression = FERRIC_COMPRESSION_LZ4, STEPS(snapshots)},
    {.name = "conditions", STEPS(conditions)},
    {.name = "transactions", STEPS(transactions)},
    {.name = "transactions_never", .fsync = FERRIC_FSYNC_NEVER, STEPS(transactions)},
    {.name = "asynchronous", STEPS(asynchronous)},
    {.name = "asynchronous_never", .fsync = FERRIC_FSYNC_NEVER, STEPS(asynchronous)},
    {.name = "asynchronous_periodic", .fsync = FERRIC_FSYNC_PERIODIC, STEPS(asynchronous)},
    {.name = "large_values", STEPS(large_values)},
    {.name = "large_values_never",
     .fsync = FERRIC_FSYNC_NEVER,
     .compression = FERRIC_COMPRESSION_LZ4,
     STEPS(large_values)},
    {.name = "collected", STEPS(collected)},
    {.name = "collected_never", .fsync = FERRIC_FSYNC_NEVER, STEPS(collected)},
    {.name = "turned_values", .compression = FERRIC_COMPRESSION_ZSTD, STEPS(turned_values)},
    {.name = "turned_values_never", .fsync = FERRIC_FSYNC_NEVER, STEPS(turned_values)},
    {.name = "emptied", STEPS(emptied)},
    {.name = "overwritten", STEPS(overwritten)},
    {.name = "same_bytes", STEPS(same_bytes)},
    {.name = "timed", .fsync = FERRIC_FSYNC_PERIODIC, STEPS(timed)},
    {.name = "closed_often", STEPS(closed_often)},
    {.name = "drawn_always", .random_count = 60},
    {.name = "drawn_never", .fsync = FERRIC_FSYNC_NEVER, .random_count = 60},
    {.name = "drawn_never_ringless",
     .fsync = FERRIC_FSYNC_NEVER,
     .is_ringless = true,
     .random_count = 60},
    {.name = "drawn_periodic",
     .fsync = FERRIC_FSYNC_PERIODIC,
     .compression = FERRIC_COMPRESSION_LZ4,
     .random_count = 60},
};

static const scenario_step after_crash_steps[] = {
    {.verb = STEP_PUT, .key = 40, .size = 60},
    {.verb = STEP_BATCH, .key = 41, .repeat = 5, .size = 200},
    {.verb = STEP_READ},
    {.verb = STEP_DELETE, .key = 40},
    {.verb = STEP_REOPEN},
    {.verb = STEP_READ},
    {.verb = STEP_PUT, .key = 43, .repeat = 2, .size = 100},
    {.verb = STEP_PUT, .key = 45, .repeat = 2, .size = 5000},
    {.verb = STEP_FLUSH},
    {.verb = STEP_PUT, .key = 44, .size = 100},
    {.verb = STEP_PUT, .key = 45, .size = 6000},
    {.verb = STEP_RANGE, .key = 41, .repeat = 3},
    {.verb = STEP_PUT, .key = 42, .repeat = 2, .size = 40, .expires_s = 1000000},
};

#define OLDER_COUNT (sizeof(scenarios) / sizeof(scenarios[0]))

size_t scenario_count(void)
{
    return OLDER_COUNT + scenario_newer_count();
}

const scenario *scenario_at(size_t index)
{
    return index < OLDER_COUNT ? &scenarios[index] : scenario_newer_at(index - OLDER_COUNT);
}

const scenario *scenario_named(const char *name)
{
    for (size_t i = 0; i < scenario_count(); i++) {
        if (strcmp(scenario_at(i)->name, name) == 0) return scenario_at(i);
    }
    return NULL;
}

const scenario *scenario_after_crash(void)
{
    static const scenario after = {.name = "after_crash", STEPS(after_crash_steps)};
    return &after;
}

// How often each verb is drawn, of 100. Transactions and documents have scenarios of their own.
static const uint8_t weights[STEP_VERB_COUNT] = {
    [STEP_PUT] = 23,       [STEP_DELETE] = 9,   [STEP_BATCH] = 16,  [STEP_IF_ABSENT] = 4,
    [STEP_IF_VERSION] = 3, [STEP_IF_STALE] = 2, [STEP_SYNC] = 4,    [STEP_FLUSH] = 5,
    [STEP_COMPACT] = 3,    [STEP_SNAPSHOT] = 4, [STEP_RELEASE] = 4, [STEP_REOPEN] = 4,
    [STEP_READ] = 2,       [STEP_ADVANCE] = 2,  [STEP_VERIFY] = 1,  [STEP_EXPIRE] = 2,
    [STEP_PERSIST] = 1,    [STEP_CLOCK] = 1,    [STEP_RANGE] = 3,   [STEP_RANGE_BATCH] = 1,
    [STEP_DROP] = 1,       [STEP_RENAME] = 1,   [STEP_TTL] = 1,     [STEP_TOUCH] = 1,
    [STEP_INCREMENT] = 2,
};

static scenario_verb draw_verb(fe_random *random)
{
    uint64_t dice = fe_random_below(random, 100);

    for (int verb = 0; verb < STEP_VERB_COUNT; verb++) {
        if (dice < weights[verb]) return (scenario_verb)verb;
        dice -= weights[verb];
    }
    harness_panic("the weights of verbs are not 100");
    return STEP_PUT;
}

// Mostly small values, some larger than a block, a few larger than a memtable.
static uint32_t draw_size(fe_random *random)
{
    uint64_t dice = fe_random_below(random, 20);

    if (dice == 0) return 0;
    if (dice < 15) return (uint32_t)fe_random_below(random, 200);
    if (dice < 18) return (uint32_t)fe_random_below(random, 1500);
    // Around the size from which values stand in value files.
    if (dice == 18) return 4094 + (uint32_t)fe_random_below(random, 4);
    return (uint32_t)fe_random_below(random, 12000);
}

// Drawn clocks and expiries are within so many seconds.
#define DRAWN_SECONDS 90u

static scenario_step draw_step(fe_random *random)
{
    scenario_step step = {.verb = draw_verb(random)};

    step.keyspace = (uint32_t)fe_random_below(random, MODEL_RAW_COUNT);
    step.key = (uint32_t)fe_random_below(random, MODEL_KEY_COUNT);
    step.repeat = 1 + (uint32_t)fe_random_below(random, 6);
    step.size = draw_size(random);
    step.is_sync = fe_random_below(random, 8) == 0;
    step.is_async = fe_random_below(random, 8) == 0;
    if (fe_random_below(random, 20) == 0) {
        step.ttl_s = 1 + (uint32_t)fe_random_below(random, DRAWN_SECONDS);
    } else if (fe_random_below(random, 5) == 0) {
        step.expires_s = 1 + (uint32_t)fe_random_below(random, DRAWN_SECONDS);
    }
    if (step.verb == STEP_EXPIRE && step.ttl_s == 0) step.expires_s = 1 + step.size % DRAWN_SECONDS;
    if (step.verb == STEP_TTL) step.size = step.size % DRAWN_SECONDS;
    if (step.verb == STEP_CLOCK) step.size = step.size % DRAWN_SECONDS;
    // Whole seconds, so that nothing expires while it is looked at.
    if (step.verb == STEP_ADVANCE) step.size = step.size % 10 * 1000;
    if (step.verb == STEP_RANGE) step.repeat = step.repeat * step.repeat;
    if (step.verb == STEP_RENAME) step.key = 1 + step.key % (MODEL_RAW_COUNT - 1);
    return step;
}

scenario_step *scenario_steps(const scenario *s, uint64_t seed, size_t *count)
{
    fe_random random = {seed};

    *count = s->step_count + s->random_count;
    scenario_step *steps = harness_alloc(*count * sizeof(*steps));
    if (s->step_count != 0) memcpy(steps, s->steps, s->step_count * sizeof(*steps));
    for (size_t i = s->step_count; i < *count; i++)
        steps[i] = draw_step(&random);
    return steps;
}

void scenario_options(const scenario *s, ferric_options *options)
{
    *options = (ferric_options)FERRIC_OPTIONS_INIT;
    options->fsync = s->fsync;
    options->memory_limit = (uint64_t)8 << 20;
    options->memtable_size = 4096;
    options->log_size = 64 << 10;
    options->table_size = 64 << 10;
    options->block_size = 512;
    options->compression = s->compression;
    options->bottom_compression = s->compression;
    options->background_threads = 0;
    options->open_files_max = 16;
    harness_encrypt(options);
}
