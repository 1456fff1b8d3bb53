// SPDX-License-Identifier: Apache-2.0
// Somebody who can write to the files of an encrypted database, but has no key, moves units within
// a file, between files, between databases and between an older and a newer copy of one database,
// cuts files, and lets units out. Each is refused, has no effect, or is the torn tail that is
// allowed: damage in the newest log of a database that was not closed (docs/SECURITY.md).
//
// He also mends what he can without a key: nothing has to be mended, since seals carry no check
// that a copy would break, and frames keep their checks where they stay in their place.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/random.h"
#include "sealed_units.h"
#include "support/encrypted.h"
#include "support/harness.h"
#include "support/oracle.h"

#define MANIPULATIONS 50000
// An older copy of the same database is one from so many tenths of its life.
#define OLDER_TENTHS 8

static const scenario_step life[] = {
    {.verb = STEP_PUT, .key = 0, .repeat = 10, .size = 90},
    {.verb = STEP_PUT, .keyspace = 1, .key = 4, .repeat = 4, .size = 60},
    {.verb = STEP_FLUSH},
    {.verb = STEP_DELETE, .key = 2, .repeat = 2},
    {.verb = STEP_PUT, .key = 8, .repeat = 4, .size = 120},
    {.verb = STEP_COMPACT},
    {.verb = STEP_PUT, .key = 1, .repeat = 2, .size = 50},
    {.verb = STEP_PUT, .key = 9, .repeat = 6, .size = 100},
    {.verb = STEP_RANGE, .key = 7, .repeat = 1},
    {.verb = STEP_FLUSH},
    {.verb = STEP_BATCH, .key = 20, .repeat = 5, .size = 40},
    {.verb = STEP_PUT, .key = 3, .repeat = 10, .size = 30},
    {.verb = STEP_DELETE, .key = 9},
    {.verb = STEP_PUT, .key = 14, .repeat = 3, .size = 200, .expires_s = 1000000},
    {.verb = STEP_RANGE, .key = 6, .repeat = 2},
};

static const scenario whole_life = {.name = "whole",
                                    .compression = FERRIC_COMPRESSION_NONE,
                                    .steps = life,
                                    .step_count = sizeof(life) / sizeof(life[0])};
typedef enum way {
    WAY_MOVED = 0,    // A unit stands in the place of another of the same database.
    WAY_SWAPPED = 1,  // Two have changed places.
    WAY_FOREIGN = 2,  // A unit of another database.
    WAY_OLDER = 3,    // The same place of an older copy of the file.
    WAY_CUT = 4,      // The file ends at a unit.
    WAY_LEFT_OUT = 5, // A unit is gone, what follows moves up.
    WAY_REPEATED = 6, // A unit comes twice, what follows moves down.
    WAY_CHANGED = 7,  // A byte, anywhere in a unit.
    WAY_COUNT = 8,
} way;

static const char *const way_names[WAY_COUNT] = {
    "moved",    "swapped", "of another database", "of an older copy", "cut", "left out",
    "repeated", "changed",
};

typedef enum verdict {
    VERDICT_REFUSED = 0,
    VERDICT_NO_EFFECT = 1,
    VERDICT_TORN_TAIL = 2,
    VERDICT_COUNT = 3,
} verdict;

typedef struct attack {
    harness *h;
    fe_random random;
    bool is_closed;
    oracle play;
    size_t point;
    disk *source;
    disk *foreign;
    disk *older;
    sealed_units units;
    sealed_units foreign_units;
    uint64_t verdicts[WAY_COUNT][VERDICT_COUNT];
} attack;

// ---- Doing it -------------------------------------------------------------------------------

static const sealed_unit *any(attack *a, const sealed_units *units)
{
    return &units->items[fe_random_below(&a->random, units->count)];
}

// Overwrites the unit with the bytes at `from`, as far as both reach. False: nothing has changed.
static bool overwrite(disk *d, const sealed_unit *unit, const disk *source, const sealed_unit *from)
{
    uint64_t size = unit->size < from->size ? unit->size : from->size;
    const uint8_t *bytes = disk_data(source, from->node) + from->offset;

    if (memcmp(disk_data(d, unit->node) + unit->offset, bytes, (size_t)size) == 0) return false;
    uint8_t *copy = harness_alloc((size_t)size);
    memcpy(copy, bytes, (size_t)size);
    disk_damage(d, unit->node, unit->offset, copy, (size_t)size);
    harness_free(copy);
    return true;
}

// The file's bytes from `from` on move to `to`.
static void shift(disk *d, uint32_t node, uint64_t from, uint64_t to)
{
    size_t size = disk_size(d, node);
    size_t moved = size - (size_t)from;
    uint8_t *copy = harness_alloc(moved + 1);

    memcpy(copy, disk_data(d, node) + from, moved);
    if (to + moved > size) moved = size - (size_t)to;
    disk_damage(d, node, to, copy, moved);
    if (to + moved < size) disk_damage_cut(d, node, (size_t)to + moved);
    harness_free(copy);
}

static bool take_older(attack *a, disk *d, const sealed_unit *unit)
{
    uint32_t folder = disk_lookup(a->older, DISK_ROOT, ORACLE_PATH);
    sealed_unit from = *unit;

    from.node = disk_lookup(a->older, folder, unit->name);
    if (from.node == DISK_NONE || from.offset + from.size > disk_size(a->older, from.node))
        return false;
    return overwrite(d, unit, a->older, &from);
}

static bool change_byte(attack *a, disk *d, const sealed_unit *unit)
{
    uint64_t offset = unit->offset + fe_random_below(&a->random, unit->size);
    uint8_t byte = disk_data(d, unit->node)[offset];

    byte ^= (uint8_t)(1 + fe_random_below(&a->random, 255));
    disk_damage(d, unit->node, offset, &byte, 1);
    return true;
}

static bool manipulate(attack *a, disk *d, way how, const sealed_unit *unit)
{
    const sealed_unit *other = any(a, &a->units);

    switch (how) {
    case WAY_MOVED:
        return overwrite(d, unit, a->source, other);
    case WAY_SWAPPED:
        return overwrite(d, unit, a->source, other) && overwrite(d, other, a->source, unit);
    case WAY_FOREIGN:
        return overwrite(d, unit, a->foreign, any(a, &a->foreign_units));
    case WAY_OLDER:
        return take_older(a, d, unit);
    case WAY_CUT:
        disk_damage_cut(d, unit->node, (size_t)unit->offset);
        return true;
    case WAY_LEFT_OUT:
        shift(d, unit->node, unit->offset + unit->size, unit->offset);
        return true;
    case WAY_REPEATED:
        shift(d, unit->node, unit->offset, unit->offset + unit->size);
        return true;
    default:
        return change_byte(a, d, unit);
    }
}

// ---- Judging it -----------------------------------------------------------------------------

static void ignore_finding(void *context, const char *path, uint64_t offset, const char *text)
{
    (void)context;
    (void)path;
    (void)offset;
    (void)text;
}

// The text of what is wrong, or NULL.
static char *judge(attack *a, way how, const db_reader *reader, verdict *result)
{
    oracle_loss loss = how == WAY_CHANGED ? ORACLE_LOSS_TAIL : ORACLE_LOSS_REST;
    ferric_verify_report report;
    db_reading reading;
    model_table state;
    size_t count;
    char *wrong = NULL;

    db_read(reader, &reading);
    char *difference = oracle_difference(&a->play, &reading);
    if (reading.contradiction != NULL) {
        wrong = harness_format("%s", reading.contradiction);
    } else if (reading.status != FERRIC_OK) {
        *result = VERDICT_REFUSED;
        if (reading.status != FERRIC_CORRUPT)
            wrong = harness_format("a read answered %s", ferric_status_name(reading.status));
        // Two places were changed; one of them may be the end of the newest log.
        if (difference != NULL && (a->is_closed || how != WAY_SWAPPED))
            wrong = harness_format("%s", difference);
    } else if (difference != NULL) {
        *result = VERDICT_TORN_TAIL;
        wrong = a->is_closed ? harness_format("a closed database: %s", difference)
                             : oracle_judge(&a->play, a->point, loss, &reading, &count, &state);
    } else {
        bool is_found = ferric_verify(reader->db, ignore_finding, NULL, &report) != FERRIC_OK;
        *result = is_found ? VERDICT_REFUSED : VERDICT_NO_EFFECT;
    }
    harness_free(difference);
    db_reading_deinit(&reading);
    return wrong;
}

static void try_one(attack *a, way how, const sealed_unit *unit, disk *d)
{
    vfs_record *record = vfs_record_create(d, 1000 + a->random.state);
    verdict result = VERDICT_REFUSED;
    db_reader reader = {0};
    ferric_options options;
    char *wrong = NULL;

    scenario_options(&a->play.plan, &options);
    options.key = harness_key();
    options.vfs = vfs_record_vfs(record);
    ferric_status status = ferric_open(ORACLE_PATH, &options, &reader.db);
    if (status == FERRIC_OK) status = db_reader_open_keyspaces(&reader);
    if (status == FERRIC_OK) {
        wrong = judge(a, how, &reader, &result);
    } else if (status != FERRIC_CORRUPT && status != FERRIC_UNSUPPORTED) {
        wrong = harness_format("opening answered %s", ferric_status_name(status));
    }
    if (wrong == NULL) {
        a->verdicts[how][result]++;
        harness_pass(a->h);
    } else {
        harness_fail(a->h, "%s: %s at %" PRIu64 " %s: %s", a->is_closed ? "closed" : "killed",
                     unit->name, unit->offset, way_names[how], wrong);
    }
    harness_free(wrong);
    db_reader_close_keyspaces(&reader);
    (void)ferric_close(reader.db);
    vfs_record_destroy(record);
}

// ---- Databases ------------------------------------------------------------------------------

// Plays a life; the disk that it leaves. `play` is left open for judging.
static disk *live(oracle *play, const scenario *plan, uint64_t seed, bool is_closed, size_t *point)
{
    vfs_record *record = vfs_record_create(disk_create(), seed);

    oracle_init(play, plan, record, seed);
    oracle_run(play);
    if (is_closed) oracle_close(play);
    if (play->failure != NULL) harness_panic("without a manipulation: %s", play->failure);
    *point = vfs_record_trace_size(record);
    return disk_clone(vfs_record_disk(record));
}

static void end_life(oracle *play)
{
    vfs_record *record = play->record;

    oracle_deinit(play);
    vfs_record_destroy(record);
}

// The disk as it was before the last part of the life.
static disk *copy_older(const attack *a)
{
    disk *older = disk_create();

    for (size_t i = 0; i < a->point * OLDER_TENTHS / 10; i++)
        disk_apply(older, vfs_record_trace_at(a->play.record, i));
    return older;
}

static void attack_database(harness *h, bool is_closed, uint64_t count)
{
    attack a = {.h = h, .random = {h->seed + is_closed}, .is_closed = is_closed};
    oracle other;
    size_t point;
    uint64_t refused = 0;
    uint64_t torn = 0;

    a.source = live(&a.play, &whole_life, h->seed, is_closed, &a.point);
    a.foreign = live(&other, &whole_life, h->seed + 1, is_closed, &point);
    end_life(&other);
    a.older = copy_older(&a);
    sealed_units_find(&a.units, a.source, ORACLE_PATH);
    sealed_units_find(&a.foreign_units, a.foreign, ORACLE_PATH);
    harness_count(h, "units", a.units.count, 1);
    for (uint64_t done = 0; done < count && h->failed < 20;) {
        way how = (way)fe_random_below(&a.random, WAY_COUNT);
        const sealed_unit *unit = any(&a, &a.units);
        disk *d = disk_clone(a.source);
        if (manipulate(&a, d, how, unit)) {
            try_one(&a, how, unit, d);
            done++;
        } else {
            disk_destroy(d);
        }
    }
    for (int i = 0; i < WAY_COUNT; i++) {
        printf(
            "%s: %s: %s: %" PRIu64 " refused, %" PRIu64 " without effect, %" PRIu64 " torn tails\n",
            h->name, is_closed ? "closed" : "killed", way_names[i], a.verdicts[i][VERDICT_REFUSED],
            a.verdicts[i][VERDICT_NO_EFFECT], a.verdicts[i][VERDICT_TORN_TAIL]);
        refused += a.verdicts[i][VERDICT_REFUSED];
        torn += a.verdicts[i][VERDICT_TORN_TAIL];
    }
    harness_count(h, is_closed ? "closed: refused" : "killed: refused", refused, 1);
    if (!is_closed) harness_count(h, "torn tails", torn, 1);
    sealed_units_deinit(&a.units);
    sealed_units_deinit(&a.foreign_units);
    disk_destroy(a.older);
    disk_destroy(a.foreign);
    disk_destroy(a.source);
    end_life(&a.play);
}

int main(void)
{
    harness h;

    harness_begin(&h, "manipulation", 20261121);
    (void)setenv("FERRIC_TEST_ENCRYPTED", "1", 1);
    attack_database(&h, true, harness_floor(&h, MANIPULATIONS / 2));
    attack_database(&h, false, harness_floor(&h, MANIPULATIONS / 2));
    harness_count(&h, "manipulations", h.passed + h.failed, MANIPULATIONS);
    return harness_end(&h);
}
