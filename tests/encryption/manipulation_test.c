// SPDX-License-Identifier: Apache-2.0
// Somebody who can write to the files of an encrypted database, but has no key, moves units within
// a file, between files, between databases and between an older and a newer copy of one database,
// cuts files, lets units out, and puts whole files in the place of others. Each is refused, has no
// effect, or is the torn tail that is allowed: damage in the newest log of a database that was not
// closed (docs/SECURITY.md). Half of the time he mends what can be mended without a key.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/random.h"
#include "sealed_units.h"
#include "support/encrypted.h"
#include "support/harness.h"
#include "support/oracle.h"

#define MANIPULATIONS 50000
// Copies of the same database: after each tenth of its life, and some that were taken then and went
// on apart, so that they have other files of the same numbers under the same data key.
#define TENTHS 9
#define APART_COPIES 3
#define COPIES (TENTHS + APART_COPIES)

static const scenario_step life[] = {
    {.verb = STEP_PUT, .key = 0, .repeat = 10, .size = 90},
    {.verb = STEP_PUT, .keyspace = 1, .key = 4, .repeat = 4, .size = 60},
    {.verb = STEP_PUT, .key = 24, .repeat = 3, .size = 5000},
    {.verb = STEP_FLUSH},
    {.verb = STEP_DELETE, .key = 2, .repeat = 2},
    {.verb = STEP_PUT, .key = 8, .repeat = 4, .size = 120},
    {.verb = STEP_COMPACT},
    {.verb = STEP_PUT, .key = 1, .repeat = 2, .size = 50},
    {.verb = STEP_PUT, .key = 9, .repeat = 6, .size = 100},
    {.verb = STEP_RANGE, .key = 7, .repeat = 1},
    {.verb = STEP_PUT, .key = 25, .repeat = 3, .size = 4200},
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
    WAY_MOVED = 0,            // A unit stands in the place of another of the same database.
    WAY_SWAPPED = 1,          // Two have changed places.
    WAY_FOREIGN = 2,          // A unit of another database.
    WAY_OTHER_COPY = 3,       // The same place of another copy of the file.
    WAY_CUT = 4,              // The file ends at a unit.
    WAY_LEFT_OUT = 5,         // A unit is gone, what follows moves up.
    WAY_REPEATED = 6,         // A unit comes twice, what follows moves down.
    WAY_CHANGED = 7,          // A byte, anywhere in a unit.
    WAY_FILE_MOVED = 8,       // All of a file stands in the place of another one.
    WAY_FILE_FOREIGN = 9,     // The file of that name of another database.
    WAY_FILE_OTHER_COPY = 10, // The file as another copy has it: it alone is rolled back.
    WAY_COUNT = 11,
} way;

static const char *const way_names[WAY_COUNT] = {
    "moved",
    "swapped",
    "of another database",
    "of another copy",
    "cut",
    "left out",
    "repeated",
    "changed",
    "all of another file",
    "the file of another database",
    "the file of another copy",
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
    disk *copies[COPIES];
    sealed_units units;
    sealed_units foreign_units;
    uint64_t verdicts[WAY_COUNT][VERDICT_COUNT];
    uint64_t on_form[UNIT_FORMS];
    // Of the attempt that is under way.
    bool is_mended;
    const sealed_unit *other; // What else was changed, or NULL.
} attack;

// ---- Doing it -------------------------------------------------------------------------------

// Of any form alike, since there are many more blocks than footers.
static const sealed_unit *any(attack *a, const sealed_units *units)
{
    unit_form form = (unit_form)fe_random_below(&a->random, UNIT_FORMS);

    for (int tries = 0; tries < 1000; tries++) {
        const sealed_unit *unit = &units->items[fe_random_below(&a->random, units->count)];
        if (unit->form == form) return unit;
    }
    return &units->items[fe_random_below(&a->random, units->count)]; // There is none of the form.
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
    disk_damage(d, node, to, copy, moved);
    if (to + moved < size) disk_damage_cut(d, node, (size_t)to + moved);
    harness_free(copy);
}

static const disk *any_copy(attack *a)
{
    return a->copies[fe_random_below(&a->random, COPIES)];
}

static bool take_from_copy(attack *a, disk *d, const sealed_unit *unit)
{
    const disk *copy = any_copy(a);
    uint32_t folder = disk_lookup(copy, DISK_ROOT, ORACLE_PATH);
    sealed_unit from = *unit;

    from.node = disk_lookup(copy, folder, unit->name);
    if (from.node == DISK_NONE || from.offset + from.size > disk_size(copy, from.node))
        return false;
    return overwrite(d, unit, copy, &from);
}

static bool change_byte(attack *a, disk *d, const sealed_unit *unit)
{
    uint64_t offset = unit->offset + fe_random_below(&a->random, unit->size);
    uint8_t byte = disk_data(d, unit->node)[offset];

    byte ^= (uint8_t)(1 + fe_random_below(&a->random, 255));
    disk_damage(d, unit->node, offset, &byte, 1);
    return true;
}

// False: it is the same, or there is none.
static bool take_file(disk *d, uint32_t node, const disk *source, uint32_t from)
{
    size_t size = from == DISK_NONE ? 0 : disk_size(source, from);
    uint8_t *copy;

    if (from == DISK_NONE) return false;
    if (size == disk_size(d, node) &&
        memcmp(disk_data(d, node), disk_data(source, from), size) == 0)
        return false;
    copy = harness_alloc(size + 1);
    memcpy(copy, disk_data(source, from), size);
    disk_damage_cut(d, node, 0);
    disk_damage(d, node, 0, copy, size);
    harness_free(copy);
    return true;
}

static bool take_file_of(disk *d, const sealed_unit *unit, const disk *source)
{
    uint32_t folder = disk_lookup(source, DISK_ROOT, ORACLE_PATH);

    return take_file(d, unit->node, source, disk_lookup(source, folder, unit->name));
}

static bool manipulate(attack *a, disk *d, way how, const sealed_unit *unit)
{
    const sealed_unit *other = any(a, &a->units);

    a->other = how == WAY_SWAPPED ? other : NULL;
    switch (how) {
    case WAY_MOVED:
        return overwrite(d, unit, a->source, other);
    case WAY_SWAPPED:
        return overwrite(d, unit, a->source, other) && overwrite(d, other, a->source, unit);
    case WAY_FOREIGN:
        return overwrite(d, unit, a->foreign, any(a, &a->foreign_units));
    case WAY_OTHER_COPY:
        return take_from_copy(a, d, unit);
    case WAY_FILE_MOVED:
        return take_file(d, unit->node, a->source, other->node);
    case WAY_FILE_FOREIGN:
        return take_file_of(d, unit, a->foreign);
    case WAY_FILE_OTHER_COPY:
        return take_file_of(d, unit, any_copy(a));
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

static bool is_frame_in(const sealed_unit *unit, const char *ending)
{
    return unit->form == UNIT_FRAME && strstr(unit->name, ending) != NULL;
}

// The one way to make a closed database look like one that was not: the close stands in the last
// edit of the manifest. Who damages that and a log at once gets a torn tail (docs/SECURITY.md).
static bool looks_killed(const attack *a, const sealed_unit *unit)
{
    if (!a->is_closed) return true;
    if (a->other == NULL) return false;
    return (is_frame_in(unit, ".manifest") && is_frame_in(a->other, ".log")) ||
           (is_frame_in(unit, ".log") && is_frame_in(a->other, ".manifest"));
}

// The text of what is wrong, or NULL.
static char *judge(attack *a, way how, const sealed_unit *unit, const db_reader *reader,
                   verdict *result)
{
    bool may_be_torn = looks_killed(a, unit);
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
        // The version in a header that was mended may be any.
        if (reading.status != FERRIC_CORRUPT &&
            (reading.status != FERRIC_UNSUPPORTED || !a->is_mended))
            wrong = harness_format("a read answered %s", ferric_status_name(reading.status));
        // Two places were changed; one of them may be the end of the newest log.
        if (difference != NULL && (!may_be_torn || how != WAY_SWAPPED))
            wrong = harness_format("%s", difference);
    } else if (difference != NULL) {
        *result = VERDICT_TORN_TAIL;
        wrong = !may_be_torn ? harness_format("a closed database: %s", difference)
                             : oracle_judge(&a->play, a->point, loss, &reading, &count, &state);
    } else {
        bool is_found = ferric_verify(reader->db, ignore_finding, NULL, &report) != FERRIC_OK;
        *result = is_found ? VERDICT_REFUSED : VERDICT_NO_EFFECT;
    }
    harness_free(difference);
    db_reading_deinit(&reading);
    return wrong;
}

// CURRENT can be made to say that the database is plain, and a slot of the keyring that it is of
// another key: then the key that is given is not the right one.
static bool is_seen_as_wrong_key(const attack *a, way how, const sealed_unit *unit,
                                 ferric_status status)
{
    bool is_in_clear = strcmp(unit->name, "CURRENT") == 0 || strcmp(unit->name, "KEYRING") == 0;

    return status == FERRIC_WRONG_KEY && is_in_clear &&
           (a->is_mended || how == WAY_FILE_MOVED || how == WAY_FILE_FOREIGN);
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
        wrong = judge(a, how, unit, &reader, &result);
    } else if (status != FERRIC_CORRUPT && status != FERRIC_UNSUPPORTED &&
               !is_seen_as_wrong_key(a, how, unit, status)) {
        wrong = harness_format("opening answered %s", ferric_status_name(status));
    }
    if (wrong == NULL) {
        a->verdicts[how][result]++;
        a->on_form[unit->form]++;
        harness_pass(a->h);
    } else {
        harness_fail(a->h, "%s: %s at %" PRIu64 " %s%s: %s", a->is_closed ? "closed" : "killed",
                     unit->name, unit->offset, way_names[how], a->is_mended ? ", mended" : "",
                     wrong);
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

static disk *copy_after(const attack *a, unsigned tenths)
{
    disk *copy = disk_create();

    for (size_t i = 0; i < a->point * tenths / 10; i++)
        disk_apply(copy, vfs_record_trace_at(a->play.record, i));
    return copy;
}

// What became of a copy that was opened and written to beside the other one.
static disk *live_apart(const attack *a, unsigned tenths)
{
    uint64_t seed = a->h->seed + 100 + tenths;
    vfs_record *record = vfs_record_create(copy_after(a, tenths), seed);
    disk *left;
    oracle play;

    oracle_init(&play, &whole_life, record, seed);
    if (!oracle_adopt(&play, &a->play, a->point * tenths / 10, ORACLE_LOSS_PROCESS, NULL))
        harness_panic("a copy: %s", play.failure);
    oracle_run(&play);
    oracle_close(&play);
    if (play.failure != NULL) harness_panic("a copy that goes on: %s", play.failure);
    left = disk_clone(vfs_record_disk(record));
    end_life(&play);
    return left;
}

static void make_copies(attack *a)
{
    for (unsigned i = 0; i < TENTHS; i++)
        a->copies[i] = copy_after(a, i + 1);
    for (unsigned i = 0; i < APART_COPIES; i++)
        a->copies[TENTHS + i] = live_apart(a, 3 + 2 * i);
}

// ---- The test -------------------------------------------------------------------------------

// Some units cannot be manipulated in that way: then another one.
static void attack_once(attack *a, way how)
{
    for (;;) {
        const sealed_unit *unit = any(a, &a->units);
        disk *d = disk_clone(a->source);
        if (manipulate(a, d, how, unit)) {
            a->is_mended = fe_random_below(&a->random, 2) == 0;
            if (a->is_mended) sealed_unit_mend(d, unit);
            try_one(a, how, unit, d);
            return;
        }
        disk_destroy(d);
    }
}

static void print_verdicts(const attack *a)
{
    uint64_t sums[VERDICT_COUNT] = {0};

    for (int i = 0; i < WAY_COUNT; i++) {
        const uint64_t *verdicts = a->verdicts[i];
        printf("%s: %s: %s: %" PRIu64 " refused, %" PRIu64 " without effect, %" PRIu64
               " torn tails\n",
               a->h->name, a->is_closed ? "closed" : "killed", way_names[i],
               verdicts[VERDICT_REFUSED], verdicts[VERDICT_NO_EFFECT], verdicts[VERDICT_TORN_TAIL]);
        harness_count(a->h, way_names[i],
                      verdicts[VERDICT_REFUSED] + verdicts[VERDICT_NO_EFFECT] +
                          verdicts[VERDICT_TORN_TAIL],
                      MANIPULATIONS / 2 / WAY_COUNT);
        for (int j = 0; j < VERDICT_COUNT; j++)
            sums[j] += verdicts[j];
    }
    for (int i = 0; i < UNIT_FORMS; i++)
        harness_count(a->h, unit_form_name((unit_form)i), a->on_form[i], 1);
    harness_count(a->h, a->is_closed ? "closed: refused" : "killed: refused", sums[VERDICT_REFUSED],
                  1);
    if (!a->is_closed) harness_count(a->h, "torn tails", sums[VERDICT_TORN_TAIL], 1);
}

static void attack_database(harness *h, bool is_closed, uint64_t count)
{
    attack a = {.h = h, .random = {h->seed + is_closed}, .is_closed = is_closed};
    oracle other;
    size_t point;

    a.source = live(&a.play, &whole_life, h->seed, is_closed, &a.point);
    a.foreign = live(&other, &whole_life, h->seed + 1, is_closed, &point);
    end_life(&other);
    make_copies(&a);
    sealed_units_find(&a.units, a.source, ORACLE_PATH);
    sealed_units_find(&a.foreign_units, a.foreign, ORACLE_PATH);
    harness_count(h, "units", a.units.count, 1);
    for (uint64_t i = 0; i < count && h->failed < 20; i++)
        attack_once(&a, (way)(i % WAY_COUNT));
    print_verdicts(&a);
    sealed_units_deinit(&a.units);
    sealed_units_deinit(&a.foreign_units);
    for (int i = 0; i < COPIES; i++)
        disk_destroy(a.copies[i]);
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
