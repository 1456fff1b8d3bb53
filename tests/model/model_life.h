// SPDX-License-Identifier: Apache-2.0
// One life of a random database beside its model: random options, then random operations, each
// answer compared.
//
// The model is an array over a sorted universe of random keys. A snapshot is a copy of it.
#ifndef FERRIC_MODEL_MODEL_LIFE_H
#define FERRIC_MODEL_MODEL_LIFE_H

#include <ferric/ferric.h>

#include "base/random.h"
#include "os/vfs.h"

#define LIFE_KEY_MAX 400u
#define LIFE_KEYSPACE_COUNT 3u
#define LIFE_SNAPSHOT_MAX 4u
#define LIFE_PIN_MAX 4u
#define LIFE_VALUE_MAX 20000u

typedef struct life_entry {
    bool is_present;
    uint32_t size;
    uint64_t number; // Which write made it: its bytes follow from that.
    uint64_t version;
    uint64_t expires_ms; // 0: it stays. One whose time has come is not present.
} life_entry;

typedef struct life_state {
    life_entry entries[LIFE_KEYSPACE_COUNT][LIFE_KEY_MAX];
} life_state;

typedef struct life_snapshot {
    ferric_snapshot *handle;
    life_state *state;
} life_snapshot;

// A value read in place, and what it must stay.
typedef struct life_pin {
    ferric_pinned pinned;
    uint32_t key;
    life_entry entry;
} life_pin;

typedef struct life {
    uint64_t seed;
    fe_random random;
    fe_vfs *vfs;
    ferric_db *db;
    ferric_keyspace *keyspaces[LIFE_KEYSPACE_COUNT];
    uint32_t names[LIFE_KEYSPACE_COUNT]; // Which name each keyspace has now.
    uint64_t hour; // The engine's time, which never goes back, in whole hours.
    uint32_t key_count;
    ferric_slice *keys; // Sorted.
    life_state *now;
    life_snapshot snapshots[LIFE_SNAPSHOT_MAX];
    uint32_t snapshot_count;
    life_pin pins[LIFE_PIN_MAX];
    uint32_t pin_count;
    uint64_t number;
    uint64_t newest_version;
    uint8_t *scratch; // LIFE_VALUE_MAX bytes.
    uint64_t operation_count;
    const char *operation; // The running one, for a failure's text.
    char *failure;         // NULL while database and model agree. Owned.
} life;

// What lives played beside reads and writes, in all of the process.
typedef struct life_tally {
    uint64_t expired; // Keys whose time came.
    uint64_t clocks;
    uint64_t rewritten; // Lifetimes changed.
    uint64_t drops;
    uint64_t renames;
} life_tally;
extern life_tally life_played;

// Plays `operation_count` operations; returns NULL, or what differed as text the caller frees.
// *done receives how many were played.
char *life_run(uint64_t seed, uint64_t operation_count, uint64_t *done);

// ---- Shared by its files --------------------------------------------------------------

void life_fail(life *l, const char *what, uint32_t key);
// Whether the status is the expected one; else the life has failed.
bool life_expect(life *l, const char *what, ferric_status expected, ferric_status status);
// Whether the bytes are the entry's value.
bool life_is_value(life *l, const life_entry *entry, uint32_t key, ferric_slice value);
uint32_t life_key(life *l);
uint32_t life_keyspace(life *l);
// The newest state, or that of a random snapshot (with *handle set).
const life_state *life_pick_state(life *l, const ferric_snapshot **handle);

// Keys [first, end) of a keyspace, one at least, and the bounds that mean them.
typedef struct life_range {
    uint32_t keyspace;
    uint32_t first;
    uint32_t end;
    ferric_slice lower; // Size 0: no bound.
    ferric_slice upper;
} life_range;
life_range life_draw_range(life *l);
// Takes the keys out of a state.
void life_clear(life_state *state, const life_range *range);
// Deletes a range as a commit of its own.
void life_delete_range(life *l, const life_range *range);

// A value for a next write, and its bytes, which are lent until the next call.
life_entry life_draw_entry(life *l);
ferric_slice life_value_of(life *l, const life_entry *entry, uint32_t key);
// Notes the version of a commit: they rise.
void life_take_version(life *l, uint64_t version);
// A put as a commit of its own.
void life_put(life *l, uint32_t keyspace, uint32_t key);

// A transaction from its beginning to its end.
void life_txn(life *l);

// ---- model_time.c: lifetimes, and keyspaces that go ------------------------------------------

// Makes the clock of the life's vfs the model's.
void life_own_clock(life *l);
// A lifetime for the entry, mostly none. One that has passed makes it absent.
ferric_lifetime life_draw_lifetime(life *l, life_entry *entry);
void life_set_clock(life *l);
// Expire, persist or touch.
void life_rewrite(life *l);
void life_ask_expiry(life *l);
void life_drop(life *l);
void life_rename(life *l);
// Opens the handle of a keyspace by the name that it has.
void life_open_keyspace(life *l, uint32_t keyspace);

// One random read of any kind.
void life_read(life *l);
// Everything, forward and backward, of every keyspace, at the newest state.
void life_read_all(life *l);

#endif
