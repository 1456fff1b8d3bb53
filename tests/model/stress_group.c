// SPDX-License-Identifier: Apache-2.0
// Writing and checking groups of keys beside other threads.
#include "stress_group.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/coding.h"
#include "support/harness.h"
#include "support/model_table.h"

#define KEY_SIZE 24
#define VALUE_SIZE_MAX 6000u
#define ABSENT UINT64_MAX

// A time that has passed on every clock.
#define LONG_AGO_MS 1000u

static bool is_delete(uint64_t number)
{
    return number % 4 == 0; // Number 0, before the first write, is one.
}

static ferric_slice make_key(uint32_t group, char bytes[KEY_SIZE])
{
    int size = snprintf(bytes, KEY_SIZE, "group/%05u", group);
    return fe_slice(bytes, (size_t)size);
}

static uint32_t value_size(uint32_t group, uint64_t number)
{
    uint32_t limit = group < STRESS_HOT_COUNT ? 16 : VALUE_SIZE_MAX;
    return 8 + (uint32_t)(number * 37 % (limit - 8));
}

// The number in a value; ABSENT when the bytes are not those of a value of this group.
static uint64_t number_of(ferric_slice value, uint32_t group)
{
    uint8_t expected[VALUE_SIZE_MAX];

    if (value.size < 8 || value.size > VALUE_SIZE_MAX) return ABSENT;
    uint64_t number = fe_get_u64(value.data);
    if (value_size(group, number) != value.size) return ABSENT;
    model_value(number, group, expected, value.size);
    return memcmp(expected, value.data, value.size) == 0 ? number : ABSENT;
}

// Whether a number in [low, high] leaves the group as found.
static bool is_possible(uint64_t low, uint64_t high, uint64_t found)
{
    if (found != ABSENT) return !is_delete(found) && found >= low && found <= high;
    for (uint64_t number = low; number <= high; number++) {
        if (is_delete(number)) return true;
    }
    return false;
}

static char *describe(const char *what, uint32_t group, uint64_t low, uint64_t high, uint64_t found)
{
    return harness_format("%s, group %u: found %" PRId64 ", possible %" PRIu64 " to %" PRIu64, what,
                          group, (int64_t)found, low, high);
}

static char *refused(const char *what, ferric_status status)
{
    return harness_format("%s: %s: %s", what, ferric_status_name(status), ferric_error_message());
}

// ---- Writing --------------------------------------------------------------------------------

// Behind the key comes no other before the key with a zero byte.
static ferric_status delete_as_range(ferric_batch *batch, ferric_keyspace *keyspace,
                                     ferric_slice key)
{
    char upper[KEY_SIZE + 1] = {0};

    memcpy(upper, key.data, key.size);
    return ferric_batch_delete_range(batch, keyspace, key, fe_slice(upper, key.size + 1));
}

static ferric_status add_to_batch(ferric_batch *batch, ferric_keyspace *keyspace, ferric_slice key,
                                  ferric_slice value, uint64_t number)
{
    ferric_lifetime lifetime = {0, 0};

    if (number % 12 == 0) return ferric_batch_delete(batch, keyspace, key);
    if (number % 12 == 4) return delete_as_range(batch, keyspace, key);
    if (number % 12 == 8) lifetime.expires_ms = LONG_AGO_MS;
    if (number % 12 == 9) lifetime.expires_ms = FERRIC_EXPIRES_MAX;
    return ferric_batch_put_expiring(batch, keyspace, key, value, lifetime);
}

static ferric_status fill_batch(stress_database *database, uint32_t group, uint64_t number,
                                ferric_batch *batch)
{
    uint8_t bytes[VALUE_SIZE_MAX];
    char key[KEY_SIZE];
    ferric_slice value = fe_slice(bytes, value_size(group, number));
    ferric_status status = FERRIC_OK;

    ferric_batch_clear(batch);
    model_value(number, group, bytes, value.size);
    for (uint32_t i = 0; i < STRESS_MEMBER_COUNT && status == FERRIC_OK; i++) {
        status = add_to_batch(batch, database->keyspaces[i], make_key(group, key), value, number);
    }
    return status;
}

char *stress_write(stress_database *database, uint32_t group, ferric_batch *batch)
{
    stress_group *g = &database->groups[group];
    uint64_t number = atomic_load(&g->done) + 1;
    ferric_status status = fill_batch(database, group, number, batch);

    if (status != FERRIC_OK) return refused("a batch", status);
    atomic_store(&g->started, number);
    status = ferric_write(database->db, batch, NULL, NULL);
    if (status != FERRIC_OK) return refused("ferric_write", status);
    atomic_store(&g->done, number);
    return NULL;
}

// ---- Reading --------------------------------------------------------------------------------

static ferric_status get_number(stress_database *database, uint32_t group, uint32_t member,
                                const ferric_snapshot *snapshot, uint64_t *number)
{
    ferric_read_options options = FERRIC_READ_OPTIONS_INIT;
    ferric_buffer value = {0};
    char bytes[KEY_SIZE];

    options.snapshot = snapshot;
    *number = ABSENT;
    ferric_status status = ferric_get(database->db, database->keyspaces[member],
                                      make_key(group, bytes), &options, &value, NULL);
    if (status == FERRIC_OK) *number = number_of(fe_slice(value.data, value.size), group);
    // A value that is none of this group's must not pass for a missing one.
    if (status == FERRIC_OK && *number == ABSENT) *number = 0;
    ferric_buffer_free(&value);
    return status == FERRIC_NOT_FOUND ? FERRIC_OK : status;
}

char *stress_read(stress_database *database, uint32_t group, uint32_t member)
{
    uint64_t low = atomic_load(&database->groups[group].done);
    uint64_t found;
    ferric_status status = get_number(database, group, member, NULL, &found);
    uint64_t high = atomic_load(&database->groups[group].started);

    if (status != FERRIC_OK) return refused("ferric_get", status);
    return is_possible(low, high, found) ? NULL : describe("a read", group, low, high, found);
}

char *stress_read_group(stress_database *database, uint32_t group)
{
    uint64_t low = atomic_load(&database->groups[group].done);
    uint64_t found[STRESS_MEMBER_COUNT] = {0};
    ferric_snapshot *snapshot = NULL;
    ferric_status status = ferric_snapshot_create(database->db, &snapshot);

    for (uint32_t i = 0; i < STRESS_MEMBER_COUNT && status == FERRIC_OK; i++) {
        status = get_number(database, group, i, snapshot, &found[i]);
    }
    uint64_t high = atomic_load(&database->groups[group].started);
    ferric_snapshot_release(snapshot);
    if (status != FERRIC_OK) return refused("a read at a snapshot", status);
    for (uint32_t i = 0; i < STRESS_MEMBER_COUNT; i++) {
        if (found[i] != found[0]) return describe("half a batch", group, low, high, found[i]);
    }
    return is_possible(low, high, found[0]) ? NULL
                                            : describe("a snapshot", group, low, high, found[0]);
}

// ---- Scanning -------------------------------------------------------------------------------

static uint32_t group_of(ferric_slice key)
{
    char bytes[KEY_SIZE];

    for (uint32_t group = 0; group < STRESS_GROUP_COUNT; group++) {
        if (fe_slice_equal(make_key(group, bytes), key)) return group;
    }
    return STRESS_GROUP_COUNT;
}

static char *scan_keyspace(stress_database *database, uint32_t member,
                           const ferric_snapshot *snapshot, bool is_forward, uint64_t *numbers)
{
    ferric_iterator_options options = FERRIC_ITERATOR_OPTIONS_INIT;
    ferric_iterator *iterator;
    char *wrong = NULL;

    options.snapshot = snapshot;
    options.reverse = !is_forward;
    for (uint32_t i = 0; i < STRESS_GROUP_COUNT; i++)
        numbers[i] = ABSENT;
    ferric_status status =
        ferric_iterator_create(database->db, database->keyspaces[member], &options, &iterator);
    if (status != FERRIC_OK) return refused("ferric_iterator_create", status);
    while (ferric_iterator_next(iterator) && wrong == NULL) {
        uint32_t group = group_of(ferric_iterator_key(iterator));
        if (group == STRESS_GROUP_COUNT) continue; // A shared counter.
        uint64_t number = number_of(ferric_iterator_value(iterator), group);
        if (number == ABSENT)
            wrong = describe("a scan: not a value", group, 0, 0, number);
        else if (numbers[group] != ABSENT)
            wrong = describe("a scan: twice", group, 0, 0, number);
        numbers[group] = number;
    }
    status = ferric_iterator_status(iterator);
    ferric_iterator_destroy(iterator);
    if (wrong == NULL && status != FERRIC_OK) wrong = refused("an iterator", status);
    return wrong;
}

char *stress_scan(stress_database *database, bool is_forward)
{
    uint64_t low[STRESS_GROUP_COUNT];
    uint64_t numbers[STRESS_MEMBER_COUNT][STRESS_GROUP_COUNT];
    ferric_snapshot *snapshot = NULL;
    char *wrong = NULL;

    for (uint32_t i = 0; i < STRESS_GROUP_COUNT; i++) {
        low[i] = atomic_load(&database->groups[i].done);
    }
    ferric_status status = ferric_snapshot_create(database->db, &snapshot);
    if (status != FERRIC_OK) return refused("ferric_snapshot_create", status);
    for (uint32_t i = 0; i < STRESS_MEMBER_COUNT && wrong == NULL; i++) {
        wrong = scan_keyspace(database, i, snapshot, is_forward, numbers[i]);
    }
    ferric_snapshot_release(snapshot);
    for (uint32_t i = 0; i < STRESS_GROUP_COUNT && wrong == NULL; i++) {
        uint64_t high = atomic_load(&database->groups[i].started);
        for (uint32_t j = 0; j < STRESS_MEMBER_COUNT && wrong == NULL; j++) {
            if (numbers[j][i] != numbers[0][i]) {
                wrong = describe("a scan: half a batch", i, low[i], high, numbers[j][i]);
            }
        }
        if (wrong == NULL && !is_possible(low[i], high, numbers[0][i])) {
            wrong = describe("a scan", i, low[i], high, numbers[0][i]);
        }
    }
    return wrong;
}
