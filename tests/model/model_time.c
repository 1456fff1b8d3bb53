// SPDX-License-Identifier: Apache-2.0
// Lifetimes under a clock that jumps both ways, and keyspaces that are dropped and renamed.
//
// The model counts time in hours: clocks are set to full hours and keys expire at half past, so
// that the minutes that a life may take change nothing. The engine's time never goes back: it is
// the latest hour that any clock has shown, since after each jump somebody looks and a commit
// records it.
#include <stdatomic.h>

#include "model_life.h"
#include "support/harness.h"

#define HOUR_MS UINT64_C(3600000)
#define FIRST_HOUR 480000u

life_tally life_played;

static const char *const names[] = {NULL, "beta", "gamma", "delta", "epsilon"};
#define NAME_COUNT ((uint32_t)(sizeof names / sizeof *names))

static uint64_t below(life *l, uint64_t bound)
{
    return fe_random_below(&l->random, bound);
}

// ---- The clock ------------------------------------------------------------------------------

static _Atomic(uint64_t) clock_ms;

static uint64_t read_clock(fe_vfs *vfs)
{
    (void)vfs;
    return atomic_load(&clock_ms);
}

void life_own_clock(life *l)
{
    static fe_vfs_ops ops;

    ops = *l->vfs->ops;
    ops.now_ms = read_clock;
    l->vfs->ops = &ops;
    l->hour = FIRST_HOUR;
    atomic_store(&clock_ms, FIRST_HOUR * HOUR_MS);
}

static uint64_t half_past(uint64_t hour)
{
    return hour * HOUR_MS + HOUR_MS / 2;
}

static bool has_passed(const life *l, uint64_t expires_ms)
{
    return expires_ms != 0 && expires_ms < l->hour * HOUR_MS;
}

// Takes the keys whose time has come out of the newest state. Snapshots keep theirs.
static void sweep(life *l)
{
    for (uint32_t i = 0; i < LIFE_KEYSPACE_COUNT; i++) {
        for (uint32_t key = 0; key < l->key_count; key++) {
            life_entry *entry = &l->now->entries[i][key];
            if (!entry->is_present || !has_passed(l, entry->expires_ms)) continue;
            *entry = (life_entry){0};
            life_played.expired++;
        }
    }
}

// A snapshot looks at the clock.
static void look(life *l)
{
    ferric_snapshot *snapshot = NULL;
    ferric_status status = ferric_snapshot_create(l->db, &snapshot);

    life_expect(l, "ferric_snapshot_create", FERRIC_OK, status);
    ferric_snapshot_release(snapshot);
}

// What the engine has not seen it cannot keep: so it looks before the clock goes back, too.
void life_set_clock(life *l)
{
    look(l);
    uint64_t hour = l->hour - 5 + below(l, 9);

    atomic_store(&clock_ms, hour * HOUR_MS);
    life_played.clocks++;
    if (hour > l->hour) l->hour = hour;
    sweep(l);
    look(l);
    uint32_t keyspace = life_keyspace(l);
    life_put(l, keyspace, life_key(l));
}

// ---- Lifetimes ------------------------------------------------------------------------------

static uint64_t draw_expiry(life *l)
{
    return half_past(l->hour - 2 + below(l, 12));
}

ferric_lifetime life_draw_lifetime(life *l, life_entry *entry)
{
    ferric_lifetime lifetime = {0, 0};

    if (below(l, 4) != 0) return lifetime;
    lifetime.expires_ms = draw_expiry(l);
    entry->expires_ms = lifetime.expires_ms;
    if (has_passed(l, lifetime.expires_ms)) entry->is_present = false;
    return lifetime;
}

typedef ferric_status (*rewrite_call)(ferric_db *db, ferric_keyspace *keyspace, ferric_slice key,
                                      const ferric_write_options *options);

void life_rewrite(life *l)
{
    static const rewrite_call calls[] = {ferric_expire, ferric_persist, ferric_touch};
    ferric_write_options options = FERRIC_WRITE_OPTIONS_INIT;
    uint32_t keyspace = life_keyspace(l);
    uint32_t key = life_key(l);
    life_entry *entry = &l->now->entries[keyspace][key];
    rewrite_call call = calls[below(l, 3)];
    uint64_t expires_ms = call == ferric_persist ? 0 : draw_expiry(l);
    uint64_t version = 0;
    // A key that stays is not made to, and a touch shortens no life.
    bool is_same = (call == ferric_persist || call == ferric_touch) && entry->expires_ms == 0;
    if (call == ferric_touch && entry->expires_ms >= expires_ms) is_same = true;

    options.lifetime.expires_ms = expires_ms;
    options.version = &version;
    ferric_status status = call(l->db, l->keyspaces[keyspace], l->keys[key], &options);
    ferric_status expected = entry->is_present ? FERRIC_OK : FERRIC_NOT_FOUND;
    if (!life_expect(l, "a change of a lifetime", expected, status) || status != FERRIC_OK) return;
    if (is_same) {
        if (version != entry->version) life_fail(l, "it was written for nothing", key);
        return;
    }
    life_take_version(l, version);
    life_played.rewritten++;
    entry->version = version;
    entry->expires_ms = expires_ms;
    if (has_passed(l, expires_ms)) *entry = (life_entry){0};
}

void life_ask_expiry(life *l)
{
    ferric_read_options options = FERRIC_READ_OPTIONS_INIT;
    const life_state *state = life_pick_state(l, &options.snapshot);
    uint32_t keyspace = life_keyspace(l);
    uint32_t key = life_key(l);
    const life_entry *entry = &state->entries[keyspace][key];
    uint64_t expires_ms = 0;
    uint64_t version = 0;
    ferric_status status =
        ferric_expiry(l->db, l->keyspaces[keyspace], l->keys[key], &options, &expires_ms, &version);
    ferric_status expected = entry->is_present ? FERRIC_OK : FERRIC_NOT_FOUND;

    if (!life_expect(l, "ferric_expiry", expected, status) || status != FERRIC_OK) return;
    if (expires_ms != entry->expires_ms) life_fail(l, "another expiry", key);
    if (version != entry->version) life_fail(l, "another version", key);
}

// ---- Keyspaces ------------------------------------------------------------------------------

void life_open_keyspace(life *l, uint32_t keyspace)
{
    ferric_status status = ferric_keyspace_open(l->db, names[l->names[keyspace]],
                                                FERRIC_KEYSPACE_RAW, &l->keyspaces[keyspace]);
    life_expect(l, "ferric_keyspace_open", FERRIC_OK, status);
}

// One of the keyspaces that have names of their own; a put makes sure that it is there.
static uint32_t pick_named(life *l)
{
    uint32_t keyspace = 1 + (uint32_t)below(l, LIFE_KEYSPACE_COUNT - 1);

    life_put(l, keyspace, life_key(l));
    return keyspace;
}

static uint32_t free_name(life *l)
{
    uint32_t name = 1 + (uint32_t)below(l, NAME_COUNT - 1);

    for (uint32_t i = 1; i < LIFE_KEYSPACE_COUNT; i++) {
        if (l->names[i] != name) continue;
        name = name % (NAME_COUNT - 1) + 1;
        i = 0;
    }
    return name;
}

// Snapshots go first: they would need handles of what is dropped.
void life_drop(life *l)
{
    if (l->snapshot_count > 0) return;
    uint32_t keyspace = pick_named(l);
    ferric_keyspace *old = l->keyspaces[keyspace];
    ferric_status status = ferric_keyspace_drop(l->db, names[l->names[keyspace]]);

    if (!life_expect(l, "ferric_keyspace_drop", FERRIC_OK, status)) return;
    life_played.drops++;
    for (uint32_t key = 0; key < l->key_count; key++)
        l->now->entries[keyspace][key] = (life_entry){0};
    life_expect(l, "reading what was dropped", FERRIC_DROPPED,
                ferric_has(l->db, old, l->keys[0], NULL));
    life_expect(l, "writing to what was dropped", FERRIC_DROPPED,
                ferric_put(l->db, old, l->keys[0], l->keys[0], NULL));
    ferric_keyspace_close(old);
    if (below(l, 2) == 0) l->names[keyspace] = free_name(l);
    life_open_keyspace(l, keyspace);
}

// Its handle stays with it, and the name that it had is nobody's.
void life_rename(life *l)
{
    uint32_t keyspace = pick_named(l);
    uint32_t name = free_name(l);
    const char *old = names[l->names[keyspace]];
    ferric_status status = ferric_keyspace_rename(l->db, old, names[name]);

    if (!life_expect(l, "ferric_keyspace_rename", FERRIC_OK, status)) return;
    life_played.renames++;
    l->names[keyspace] = name;
    life_expect(l, "renaming what is gone", FERRIC_NOT_FOUND,
                ferric_keyspace_rename(l->db, old, names[free_name(l)]));
    life_expect(l, "taking a name that is used", FERRIC_ALREADY_EXISTS,
                ferric_keyspace_rename(l->db, names[name], names[name]));
}
