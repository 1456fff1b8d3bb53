// SPDX-License-Identifier: Apache-2.0
// Scenarios of lifetimes, ranges, keyspaces that go, and documents with indexes.
#include "support/model_table.h"
#include "support/scenario.h"

#define STEPS(list) .steps = list, .step_count = sizeof(list) / sizeof(list[0])

// Puts that outlive the scenario have this expiry, and those that never were there the other.
#define FAR 1000000
#define PAST 1

// The clock is set ahead, somebody looks and a commit records it, and then it is set back: what had
// expired stays so, after a loss too as far as that commit survived.
static const scenario_step lifetimes[] = {
    {.verb = STEP_PUT, .key = 0, .repeat = 4, .size = 60},
    {.verb = STEP_CLOCK, .size = 10},
    {.verb = STEP_PUT, .key = 0, .repeat = 2, .size = 40, .expires_s = 20},
    {.verb = STEP_PUT, .key = 4, .repeat = 3, .size = 300, .expires_s = FAR},
    {.verb = STEP_PUT, .key = 3, .size = 10, .expires_s = PAST},
    {.verb = STEP_READ},
    {.verb = STEP_EXPIRE, .key = 4, .expires_s = 30},
    {.verb = STEP_PERSIST, .key = 5},
    {.verb = STEP_CLOCK, .size = 25},
    {.verb = STEP_READ},
    {.verb = STEP_IF_ABSENT, .key = 0, .size = 20, .expires_s = 40},
    {.verb = STEP_READ},
    {.verb = STEP_CLOCK, .size = 12},
    {.verb = STEP_READ},
    {.verb = STEP_PERSIST, .key = 0, .repeat = 7},
    {.verb = STEP_PUT, .keyspace = 1, .key = 9, .repeat = 3, .size = 50, .expires_s = 35},
    {.verb = STEP_REOPEN},
    {.verb = STEP_READ},
    {.verb = STEP_EXPIRE, .key = 5, .repeat = 2, .expires_s = PAST},
    {.verb = STEP_BATCH, .key = 2, .repeat = 6, .size = 70, .expires_s = 60},
    {.verb = STEP_READ},
};

// Expired entries go in flushes and compactions, but for a snapshot, and never before what they
// hide.
static const scenario_step expired_tables[] = {
    {.verb = STEP_PUT, .key = 0, .repeat = 10, .size = 200},
    {.verb = STEP_FLUSH},
    {.verb = STEP_COMPACT},
    {.verb = STEP_PUT, .key = 0, .repeat = 6, .size = 200, .expires_s = 20},
    {.verb = STEP_FLUSH},
    {.verb = STEP_PUT, .key = 20, .repeat = 8, .size = 200, .expires_s = 20},
    {.verb = STEP_FLUSH},
    {.verb = STEP_SNAPSHOT},
    {.verb = STEP_CLOCK, .size = 30},
    {.verb = STEP_SNAPSHOT},
    {.verb = STEP_PUT, .key = 40, .size = 5},
    {.verb = STEP_FLUSH},
    {.verb = STEP_READ},
    {.verb = STEP_COMPACT},
    {.verb = STEP_READ},
    {.verb = STEP_RELEASE},
    {.verb = STEP_COMPACT},
    {.verb = STEP_RELEASE},
    {.verb = STEP_CLOCK, .size = 5},
    {.verb = STEP_REOPEN},
    {.verb = STEP_READ},
    {.verb = STEP_VERIFY},
};

static const scenario_step expired_values[] = {
    {.verb = STEP_PUT, .key = 0, .repeat = 3, .size = 9000, .expires_s = 20},
    {.verb = STEP_PUT, .key = 3, .repeat = 2, .size = 9000, .expires_s = FAR},
    {.verb = STEP_TXN, .key = 4, .repeat = 4, .size = 5000, .expires_s = 30},
    {.verb = STEP_EXPIRE, .key = 3, .expires_s = 25},
    {.verb = STEP_READ},
    {.verb = STEP_CLOCK, .size = 22},
    {.verb = STEP_READ},
    {.verb = STEP_PUT, .key = 9, .size = 4500, .expires_s = FAR},
    {.verb = STEP_COMPACT},
    {.verb = STEP_ADVANCE, .size = 6000},
    {.verb = STEP_PERSIST, .key = 9},
    {.verb = STEP_READ},
    {.verb = STEP_COMPACT},
    {.verb = STEP_REOPEN},
    {.verb = STEP_READ},
};

// A keyspace whose keys live for a while unless they are told otherwise: its default is set before
// keys and after, goes with the keyspace when that gets another name, and is gone with it.
static const scenario_step default_lives[] = {
    {.verb = STEP_PUT, .keyspace = 1, .key = 0, .repeat = 3, .size = 40},
    {.verb = STEP_TTL, .keyspace = 1, .size = 20},
    {.verb = STEP_PUT, .keyspace = 1, .key = 2, .repeat = 4, .size = 40},
    {.verb = STEP_BATCH, .keyspace = 1, .key = 10, .repeat = 8, .size = 30},
    {.verb = STEP_PUT, .keyspace = 1, .key = 14, .size = 30, .expires_s = FAR},
    {.verb = STEP_PUT, .keyspace = 1, .key = 15, .size = 30, .ttl_s = 5},
    {.verb = STEP_TXN, .keyspace = 1, .key = 16, .repeat = 5, .size = 50},
    {.verb = STEP_IF_ABSENT, .keyspace = 1, .key = 20, .size = 20},
    {.verb = STEP_READ},
    {.verb = STEP_TTL, .keyspace = 0, .size = 40},
    {.verb = STEP_PUT, .key = 30, .repeat = 2, .size = 4500},
    {.verb = STEP_TTL, .keyspace = MODEL_COLLECTION, .size = 25},
    {.verb = STEP_DOCUMENTS, .key = 0, .repeat = 4, .size = 10},
    {.verb = STEP_INDEX, .key = 0},
    {.verb = STEP_REOPEN},
    {.verb = STEP_PUT, .keyspace = 1, .key = 6, .size = 40},
    {.verb = STEP_DOCUMENTS, .key = 3, .repeat = 2, .size = 10},
    {.verb = STEP_CLOCK, .size = 10},
    {.verb = STEP_READ},
    {.verb = STEP_DROP, .keyspace = 2},
    {.verb = STEP_RENAME, .keyspace = 1, .key = 2},
    {.verb = STEP_PUT, .keyspace = 2, .key = 5, .repeat = 2, .size = 60},
    {.verb = STEP_PUT, .keyspace = 1, .key = 1, .size = 60},
    {.verb = STEP_FLUSH},
    {.verb = STEP_CLOCK, .size = 28},
    {.verb = STEP_READ},
    {.verb = STEP_TTL, .keyspace = 2, .size = 0},
    {.verb = STEP_PUT, .keyspace = 2, .key = 7, .size = 15},
    {.verb = STEP_COMPACT},
    {.verb = STEP_TTL, .keyspace = 2, .size = 9},
    {.verb = STEP_DROP, .keyspace = 2},
    {.verb = STEP_PUT, .keyspace = 2, .key = 3, .size = 15},
    {.verb = STEP_CLOCK, .size = 12},
    {.verb = STEP_REOPEN},
    {.verb = STEP_READ},
};

// Lives that are prolonged as long as somebody uses them, and never shortened.
static const scenario_step touches[] = {
    {.verb = STEP_PUT, .key = 0, .repeat = 2, .size = 40},
    {.verb = STEP_PUT, .key = 2, .repeat = 3, .size = 40, .expires_s = 20},
    {.verb = STEP_TOUCH, .key = 0, .repeat = 3},
    {.verb = STEP_TOUCH, .key = 1, .repeat = 3, .expires_s = 10},
    {.verb = STEP_TOUCH, .key = 1, .repeat = 2, .expires_s = 30},
    {.verb = STEP_TOUCH, .key = 3, .ttl_s = 40, .is_sync = true},
    {.verb = STEP_TOUCH, .key = 40, .ttl_s = 40},
    {.verb = STEP_TTL, .size = 50},
    {.verb = STEP_SNAPSHOT},
    {.verb = STEP_CLOCK, .size = 15},
    {.verb = STEP_TOUCH, .key = 4},
    {.verb = STEP_READ},
    {.verb = STEP_FLUSH},
    {.verb = STEP_CLOCK, .size = 25},
    {.verb = STEP_TOUCH, .key = 0, .repeat = 5},
    {.verb = STEP_READ},
    {.verb = STEP_REOPEN},
    {.verb = STEP_TOUCH, .key = 2, .repeat = 2, .ttl_s = 90},
    {.verb = STEP_CLOCK, .size = 70},
    {.verb = STEP_TOUCH, .key = 2, .repeat = 3},
    {.verb = STEP_COMPACT},
    {.verb = STEP_READ},
    {.verb = STEP_CLOCK, .size = 5},
    {.verb = STEP_TOUCH, .key = 2, .repeat = 2, .ttl_s = 200},
    {.verb = STEP_RELEASE},
    {.verb = STEP_READ},
};

// Numbers that are counted up, expire and begin anew; what is no number is left alone.
static const scenario_step increments[] = {
    {.verb = STEP_INCREMENT, .key = 0, .repeat = 3, .size = 5},
    {.verb = STEP_INCREMENT, .key = 1, .repeat = 2, .size = 90},
    {.verb = STEP_PUT, .key = 10, .size = 60},
    {.verb = STEP_INCREMENT, .key = 10, .size = 1},
    {.verb = STEP_INCREMENT, .key = 4, .size = 3, .expires_s = 20},
    {.verb = STEP_INCREMENT, .key = 4, .size = 4, .expires_s = 60},
    {.verb = STEP_TTL, .keyspace = 1, .size = 15},
    {.verb = STEP_INCREMENT, .keyspace = 1, .key = 2, .repeat = 2, .size = 8},
    {.verb = STEP_INCREMENT, .keyspace = 1, .key = 3, .size = 8, .ttl_s = 50},
    {.verb = STEP_READ},
    {.verb = STEP_FLUSH},
    {.verb = STEP_INCREMENT, .key = 0, .size = 1000, .is_sync = true},
    {.verb = STEP_SNAPSHOT},
    {.verb = STEP_CLOCK, .size = 30},
    {.verb = STEP_INCREMENT, .key = 4, .size = 6},
    {.verb = STEP_INCREMENT, .keyspace = 1, .key = 2, .repeat = 2, .size = 3},
    {.verb = STEP_EXPIRE, .key = 0, .expires_s = 50},
    {.verb = STEP_INCREMENT, .key = 0, .size = 2},
    {.verb = STEP_PERSIST, .key = 0},
    {.verb = STEP_DELETE, .key = 1},
    {.verb = STEP_INCREMENT, .key = 1, .size = 2},
    {.verb = STEP_RANGE, .key = 2, .repeat = 2},
    {.verb = STEP_INCREMENT, .key = 2, .size = 7},
    {.verb = STEP_REOPEN},
    {.verb = STEP_INCREMENT, .key = 0, .repeat = 3, .size = 11},
    {.verb = STEP_COMPACT},
    {.verb = STEP_READ},
    {.verb = STEP_RELEASE},
};

static const scenario_step ranges[] = {
    {.verb = STEP_PUT, .key = 0, .repeat = 20, .size = 120},
    {.verb = STEP_RANGE, .key = 3, .repeat = 6},
    {.verb = STEP_PUT, .key = 5, .repeat = 2, .size = 80},
    {.verb = STEP_READ},
    {.verb = STEP_FLUSH},
    {.verb = STEP_SNAPSHOT},
    {.verb = STEP_RANGE, .key = 10, .repeat = 8},
    {.verb = STEP_RANGE_BATCH, .key = 12, .repeat = 5, .size = 60},
    {.verb = STEP_FLUSH},
    {.verb = STEP_READ},
    {.verb = STEP_COMPACT},
    {.verb = STEP_RANGE_TXN, .key = 0, .repeat = 30, .size = 40},
    {.verb = STEP_READ},
    {.verb = STEP_RELEASE},
    {.verb = STEP_RANGE, .keyspace = 1, .key = 0, .repeat = 60},
    {.verb = STEP_BATCH, .key = 2, .repeat = 8, .size = 90},
    {.verb = STEP_RANGE, .keyspace = 1, .is_sync = true},
    {.verb = STEP_REOPEN},
    {.verb = STEP_RANGE_BATCH, .key = 0, .repeat = 64, .size = 30, .expires_s = FAR},
    {.verb = STEP_COMPACT},
    {.verb = STEP_VERIFY},
    {.verb = STEP_READ},
};

static const scenario_step range_of_values[] = {
    {.verb = STEP_PUT, .key = 0, .repeat = 5, .size = 9000},
    {.verb = STEP_RANGE, .key = 1, .repeat = 3},
    {.verb = STEP_FLUSH},
    {.verb = STEP_COMPACT},
    {.verb = STEP_PUT, .key = 2, .size = 7000},
    {.verb = STEP_RANGE, .key = 0},
    {.verb = STEP_READ},
    {.verb = STEP_COMPACT},
    {.verb = STEP_REOPEN},
    {.verb = STEP_PUT, .key = 2, .repeat = 2, .size = 5000},
};

static const scenario_step drops[] = {
    {.verb = STEP_PUT, .keyspace = 1, .key = 0, .repeat = 8, .size = 90},
    {.verb = STEP_DROP, .keyspace = 1},
    {.verb = STEP_DROP, .keyspace = 1},
    {.verb = STEP_PUT, .keyspace = 1, .key = 2, .repeat = 3, .size = 50},
    {.verb = STEP_SNAPSHOT},
    {.verb = STEP_RENAME, .keyspace = 1, .key = 2},
    {.verb = STEP_READ},
    {.verb = STEP_PUT, .keyspace = 1, .key = 2, .repeat = 2, .size = 70},
    {.verb = STEP_RENAME, .keyspace = 1, .key = 2},
    {.verb = STEP_FLUSH},
    {.verb = STEP_DROP, .keyspace = 2},
    {.verb = STEP_RENAME, .keyspace = 1, .key = 2},
    {.verb = STEP_READ},
    {.verb = STEP_COMPACT},
    {.verb = STEP_READ},
    {.verb = STEP_RELEASE},
    {.verb = STEP_REOPEN},
    {.verb = STEP_BATCH, .keyspace = 1, .key = 0, .repeat = 6, .size = 40},
    {.verb = STEP_DROP, .keyspace = 2},
    {.verb = STEP_DROP, .keyspace = 1},
    {.verb = STEP_COMPACT},
    {.verb = STEP_REOPEN},
    {.verb = STEP_READ},
    {.verb = STEP_PUT, .keyspace = 2, .key = 1, .size = 10},
};

// Indexes of every kind over documents that come, change, expire and go; some are made before the
// documents and some after, one in vain, since the documents are not unique.
static const scenario_step indexes[] = {
    {.verb = STEP_DOCUMENTS, .key = 0, .repeat = 6, .size = 20},
    {.verb = STEP_INDEX, .key = 0},
    {.verb = STEP_INDEX, .key = 2},
    {.verb = STEP_DOCUMENTS, .key = 3, .repeat = 5, .size = 30},
    {.verb = STEP_INDEX, .key = 1},
    {.verb = STEP_UNDOCUMENT, .key = 1, .repeat = 2},
    {.verb = STEP_INDEX, .key = 3},
    {.verb = STEP_DOCUMENT_BATCH, .key = 2, .repeat = 5, .size = 10},
    {.verb = STEP_READ},
    {.verb = STEP_FLUSH},
    {.verb = STEP_DOCUMENT_TXN, .key = 5, .repeat = 4, .size = 10},
    {.verb = STEP_REMOVE, .key = 3},
    {.verb = STEP_UNINDEX, .key = 2},
    {.verb = STEP_INDEX, .key = 4},
    {.verb = STEP_DOCUMENTS, .key = 0, .repeat = 3, .size = 15},
    {.verb = STEP_REOPEN},
    {.verb = STEP_COMPACT},
    {.verb = STEP_READ},
};

// A unique index over documents of which many are refused, and expired ones that do not count.
static const scenario_step unique_documents[] = {
    {.verb = STEP_INDEX, .key = 1},
    {.verb = STEP_DOCUMENTS, .key = 0, .repeat = 8, .size = 10, .expires_s = 20},
    {.verb = STEP_DOCUMENTS, .key = 8, .repeat = 14, .size = 10},
    {.verb = STEP_SNAPSHOT},
    {.verb = STEP_CLOCK, .size = 30},
    {.verb = STEP_SNAPSHOT},
    {.verb = STEP_PUT, .key = 0, .size = 5},
    {.verb = STEP_DOCUMENTS, .key = 5, .repeat = 14, .size = 10, .expires_s = FAR},
    {.verb = STEP_FLUSH},
    {.verb = STEP_READ},
    {.verb = STEP_RELEASE},
    {.verb = STEP_CLOCK, .size = 3},
    {.verb = STEP_COMPACT},
    {.verb = STEP_DOCUMENT_BATCH, .key = 0, .repeat = 3, .size = 10},
    {.verb = STEP_REOPEN},
    {.verb = STEP_READ},
};

// A collection that goes with its indexes, and comes again without them.
static const scenario_step dropped_collection[] = {
    {.verb = STEP_DOCUMENTS, .key = 0, .repeat = 5, .size = 20},
    {.verb = STEP_INDEX, .key = 0},
    {.verb = STEP_INDEX, .key = 3},
    {.verb = STEP_DROP, .keyspace = MODEL_COLLECTION},
    {.verb = STEP_DOCUMENTS, .key = 2, .repeat = 3, .size = 20},
    {.verb = STEP_INDEX, .key = 1},
    {.verb = STEP_READ},
    {.verb = STEP_FLUSH},
    {.verb = STEP_DROP, .keyspace = MODEL_COLLECTION},
    {.verb = STEP_REOPEN},
    {.verb = STEP_DOCUMENTS, .key = 1, .repeat = 2, .size = 20},
    {.verb = STEP_COMPACT},
    {.verb = STEP_READ},
};

static const scenario newer[] = {
    {.name = "lifetimes", STEPS(lifetimes)},
    {.name = "lifetimes_never", .fsync = FERRIC_FSYNC_NEVER, STEPS(lifetimes)},
    {.name = "expired_tables", .compression = FERRIC_COMPRESSION_LZ4, STEPS(expired_tables)},
    {.name = "expired_values", .fsync = FERRIC_FSYNC_NEVER, STEPS(expired_values)},
    {.name = "default_lives", STEPS(default_lives)},
    {.name = "default_lives_never", .fsync = FERRIC_FSYNC_NEVER, STEPS(default_lives)},
    {.name = "touches", STEPS(touches)},
    {.name = "touches_never", .fsync = FERRIC_FSYNC_NEVER, STEPS(touches)},
    {.name = "increments", .compression = FERRIC_COMPRESSION_LZ4, STEPS(increments)},
    {.name = "increments_never", .fsync = FERRIC_FSYNC_NEVER, STEPS(increments)},
    {.name = "ranges", STEPS(ranges)},
    {.name = "ranges_never", .fsync = FERRIC_FSYNC_NEVER, STEPS(ranges)},
    {.name = "range_of_values", STEPS(range_of_values)},
    {.name = "drops", STEPS(drops)},
    {.name = "drops_never", .fsync = FERRIC_FSYNC_NEVER, STEPS(drops)},
    {.name = "indexes", STEPS(indexes)},
    {.name = "indexes_never",
     .fsync = FERRIC_FSYNC_NEVER,
     .compression = FERRIC_COMPRESSION_LZ4,
     STEPS(indexes)},
    {.name = "unique_documents", STEPS(unique_documents)},
    {.name = "dropped_collection", STEPS(dropped_collection)},
};

size_t scenario_newer_count(void)
{
    return sizeof(newer) / sizeof(newer[0]);
}

const scenario *scenario_newer_at(size_t index)
{
    return &newer[index];
}
