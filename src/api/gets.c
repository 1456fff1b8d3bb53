// SPDX-License-Identifier: Apache-2.0
// Point reads, and the snapshots that fix what they see.
#include "api/gets.h"

#include <string.h>

#include "api/arguments.h"
#include "base/coding.h"
#include "base/memory.h"
#include "base/status.h"

// ---- One key --------------------------------------------------------------------------------

typedef struct point {
    fe_moment moment;
    fe_full_key key;
} point;

// Checks everything and finds where to look. FERRIC_NOT_FOUND: the keyspace does not exist yet.
static ferric_status aim(const char *call, ferric_db *db, ferric_keyspace *keyspace,
                         ferric_keyspace_kind kind, ferric_slice key,
                         const ferric_read_options *options, point *at)
{
    ferric_keyspace *meant;
    uint32_t id;
    ferric_status status = fe_handles_check(call, db, keyspace, kind, &meant);

    if (status == FERRIC_OK) status = fe_read_moment(call, db, options, &at->moment);
    if (status == FERRIC_OK) status = fe_check_key(key);
    if (status == FERRIC_OK) status = fe_keyspace_id_at(meant, &at->moment, &id);
    if (status == FERRIC_OK) status = fe_full_key_init(&at->key, id, key);
    return status;
}

// Whether a call got so far that it counts.
static bool is_aimed(ferric_status status)
{
    return status == FERRIC_OK || status == FERRIC_NOT_FOUND;
}

ferric_status fe_get(const char *call, ferric_db *db, ferric_keyspace *keyspace,
                     ferric_keyspace_kind kind, ferric_slice key,
                     const ferric_read_options *options, ferric_buffer *value, fe_meta *meta)
{
    point at;
    fe_statistics *statistics;
    fe_call counted;
    ferric_status status = aim(call, db, keyspace, kind, key, options, &at);

    if (meta != NULL) *meta = (fe_meta){0};
    if (!is_aimed(status)) return status;
    statistics = fe_store_statistics(db->store);
    counted = fe_statistics_begin(statistics, FERRIC_OPERATION_GET);
    if (status == FERRIC_OK) {
        status = fe_store_read(db->store, at.key.slice, at.moment, value, meta);
        fe_full_key_deinit(&at.key);
    }
    if (status == FERRIC_OK && value != NULL) {
        fe_statistics_add_in(statistics, counted, FE_COUNTER_USER_BYTES_READ,
                             key.size + value->size);
    }
    fe_statistics_end(statistics, FERRIC_OPERATION_GET, counted, status);
    return status;
}

ferric_status ferric_get(ferric_db *db, ferric_keyspace *keyspace, ferric_slice key,
                         const ferric_read_options *options, ferric_buffer *value,
                         uint64_t *version)
{
    fe_meta meta;
    ferric_status status;

    if (value == NULL) return fe_argument_is_null("ferric_get", "value");
    status = fe_get("ferric_get", db, keyspace, FERRIC_KEYSPACE_RAW, key, options, value, &meta);
    if (version != NULL) *version = meta.version;
    return status;
}

ferric_status ferric_has(ferric_db *db, ferric_keyspace *keyspace, ferric_slice key,
                         const ferric_read_options *options)
{
    return fe_get("ferric_has", db, keyspace, FE_KIND_ANY, key, options, NULL, NULL);
}

// ---- Pins -----------------------------------------------------------------------------------

static void hand_out(const fe_pin *pin, ferric_pinned *pinned)
{
    pinned->value = pin->value;
    pinned->version = pin->meta.version;
    pinned->expires_ms = pin->meta.expires_ms;
    pinned->holder = pin->store;
    pinned->owner = pin->owner;
    pinned->lender = pin->lender;
}

ferric_status ferric_get_pinned(ferric_db *db, ferric_keyspace *keyspace, ferric_slice key,
                                const ferric_read_options *options, ferric_pinned *pinned)
{
    const char *call = "ferric_get_pinned";
    point at;
    fe_pin pin;
    fe_statistics *statistics;
    fe_call counted;
    ferric_status status;

    if (pinned == NULL) return fe_argument_is_null(call, "pinned");
    memset(pinned, 0, sizeof *pinned);
    status = aim(call, db, keyspace, FERRIC_KEYSPACE_RAW, key, options, &at);
    if (!is_aimed(status)) return status;
    statistics = fe_store_statistics(db->store);
    counted = fe_statistics_begin(statistics, FERRIC_OPERATION_GET);
    if (status == FERRIC_OK) {
        status = fe_store_get_pinned(db->store, at.key.slice, at.moment, &pin);
        fe_full_key_deinit(&at.key);
    }
    if (status == FERRIC_OK) {
        hand_out(&pin, pinned);
        fe_statistics_add_in(statistics, counted, FE_COUNTER_USER_BYTES_READ,
                             key.size + pin.value.size);
    }
    fe_statistics_end(statistics, FERRIC_OPERATION_GET, counted, status);
    return status;
}

void ferric_pinned_release(ferric_pinned *pinned)
{
    fe_pin pin;

    if (pinned == NULL || pinned->holder == NULL) return;
    pin.value = pinned->value;
    pin.meta = (fe_meta){pinned->version, pinned->expires_ms};
    pin.store = pinned->holder;
    pin.owner = pinned->owner;
    pin.lender = pinned->lender;
    fe_store_unpin(&pin);
    memset(pinned, 0, sizeof *pinned);
}

// ---- Many keys ------------------------------------------------------------------------------

// Full keys and pins of a multi-get, in one allocation.
typedef struct many {
    fe_pin *pins;
    ferric_slice *keys;
} many;

// As fe_check_key answers, without a message.
static ferric_status judge_key(ferric_slice key)
{
    if (key.size > FERRIC_KEY_SIZE_MAX) return FERRIC_TOO_LARGE;
    return key.size == 0 || key.data == NULL ? FERRIC_INVALID_ARGUMENT : FERRIC_OK;
}

// A key that breaks a limit is looked up as an empty one, which nothing can have.
static size_t size_to_look_up(ferric_slice key)
{
    return judge_key(key) == FERRIC_OK ? key.size : 0;
}

static ferric_status many_create(size_t count, const ferric_slice *keys, uint32_t id, many *all)
{
    const size_t each = sizeof *all->pins + sizeof *all->keys + FE_KEYSPACE_ID_SIZE;
    size_t size = 0;
    uint8_t *at;

    if (count > SIZE_MAX / (each + FERRIC_KEY_SIZE_MAX)) return fe_no_memory("the keys", SIZE_MAX);
    for (size_t i = 0; i < count; i++)
        size += each + size_to_look_up(keys[i]);
    all->pins = fe_alloc(size);
    if (all->pins == NULL) return fe_no_memory("the keys", size);
    all->keys = (ferric_slice *)(all->pins + count);
    at = (uint8_t *)(all->keys + count);
    for (size_t i = 0; i < count; i++) {
        size_t key_size = size_to_look_up(keys[i]);
        fe_put_u32_ordered(at, id);
        if (key_size != 0) memcpy(at + FE_KEYSPACE_ID_SIZE, keys[i].data, key_size);
        all->keys[i] = fe_slice(at, FE_KEYSPACE_ID_SIZE + key_size);
        at += FE_KEYSPACE_ID_SIZE + key_size;
    }
    return FERRIC_OK;
}

static void set_all(ferric_status *statuses, size_t count, ferric_status status)
{
    for (size_t i = 0; i < count; i++)
        statuses[i] = status;
}

// Gives keys that break a limit their answer. `status` is the whole call's so far; the first
// failure of all stays, with its message.
static ferric_status refuse_bad_keys(size_t count, const ferric_slice *keys, ferric_status status,
                                     ferric_status *statuses)
{
    for (size_t i = 0; i < count; i++) {
        ferric_status judged = judge_key(keys[i]);
        if (judged == FERRIC_OK) continue;
        statuses[i] = judged;
        if (status == FERRIC_OK) status = fe_check_key(keys[i]);
    }
    return status;
}

// Hands the values out. Returns the bytes of keys and values that were read.
static uint64_t hand_out_many(const many *all, size_t count, const ferric_slice *keys,
                              const ferric_status *statuses, ferric_pinned *values)
{
    uint64_t bytes = 0;

    for (size_t i = 0; i < count; i++) {
        if (statuses[i] != FERRIC_OK) continue;
        hand_out(&all->pins[i], &values[i]);
        bytes += keys[i].size + values[i].value.size;
    }
    return bytes;
}

static ferric_status check_many(const char *call, size_t count, const ferric_slice *keys,
                                ferric_pinned *values, ferric_status *statuses)
{
    if (count == 0) return FERRIC_OK;
    if (keys == NULL) return fe_argument_is_null(call, "keys");
    if (values == NULL) return fe_argument_is_null(call, "values");
    if (statuses == NULL) return fe_argument_is_null(call, "statuses");
    memset(values, 0, count * sizeof *values);
    return FERRIC_OK;
}

// The keyspace exists and everything is checked.
static ferric_status get_many(ferric_db *db, uint32_t id, size_t count, const ferric_slice *keys,
                              fe_moment at, ferric_pinned *values, ferric_status *statuses)
{
    many all = {0};
    ferric_status status = many_create(count, keys, id, &all);

    if (status != FERRIC_OK) {
        set_all(statuses, count, status);
        return status;
    }
    status = fe_store_multi_get(db->store, count, all.keys, at, all.pins, statuses);
    fe_statistics_add(fe_store_statistics(db->store), FE_COUNTER_USER_BYTES_READ,
                      hand_out_many(&all, count, keys, statuses, values));
    fe_free(all.pins);
    return status;
}

ferric_status ferric_multi_get(ferric_db *db, ferric_keyspace *keyspace, size_t count,
                               const ferric_slice *keys, const ferric_read_options *options,
                               ferric_pinned *values, ferric_status *statuses)
{
    const char *call = "ferric_multi_get";
    ferric_keyspace *meant;
    fe_statistics *statistics;
    fe_call counted;
    fe_moment at;
    uint32_t id;
    ferric_status status = check_many(call, count, keys, values, statuses);

    if (status != FERRIC_OK) return status;
    status = fe_handles_check(call, db, keyspace, FERRIC_KEYSPACE_RAW, &meant);
    if (status == FERRIC_OK) status = fe_read_moment(call, db, options, &at);
    if (status == FERRIC_OK && count > 0) status = fe_keyspace_id_at(meant, &at, &id);
    if (status != FERRIC_OK && status != FERRIC_NOT_FOUND) {
        set_all(statuses, count, status);
        return status;
    }
    statistics = fe_store_statistics(db->store);
    counted = fe_statistics_begin(statistics, FERRIC_OPERATION_MULTI_GET);
    if (status == FERRIC_NOT_FOUND) {
        set_all(statuses, count, status);
        status = FERRIC_OK;
    } else if (count > 0) {
        status = get_many(db, id, count, keys, at, values, statuses);
    }
    status = refuse_bad_keys(count, keys, status, statuses);
    fe_statistics_end(statistics, FERRIC_OPERATION_MULTI_GET, counted, status);
    return status;
}

// ---- Snapshots ------------------------------------------------------------------------------

ferric_status ferric_snapshot_create(ferric_db *db, ferric_snapshot **snapshot)
{
    const char *call = "ferric_snapshot_create";
    ferric_snapshot *created;
    ferric_status status;

    if (snapshot == NULL) return fe_argument_is_null(call, "snapshot");
    *snapshot = NULL;
    status = fe_db_check(call, db);
    if (status != FERRIC_OK) return status;
    created = fe_alloc_zero(1, sizeof *created);
    if (created == NULL) return fe_no_memory("a snapshot", sizeof *created);
    created->store = db->store;
    status = fe_store_snapshot(db->store, &created->held); // It holds the store.
    if (status != FERRIC_OK) {
        fe_free(created);
        return status;
    }
    *snapshot = created;
    return FERRIC_OK;
}

uint64_t ferric_snapshot_version(const ferric_snapshot *snapshot)
{
    return snapshot == NULL ? 0 : snapshot->held->sequence;
}

void ferric_snapshot_release(ferric_snapshot *snapshot)
{
    if (snapshot == NULL) return;
    fe_store_snapshot_release(snapshot->store, snapshot->held);
    fe_free(snapshot);
}
