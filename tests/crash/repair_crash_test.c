// SPDX-License-Identifier: Apache-2.0
// Power loss at every point of a repair. Whatever is left of the new database is refused or has all
// documents, with indexes that are whole or still to be built, and become what they would have; the
// damaged one is byte for byte what it was, and another repair gives what this one would have; what
// a repair that returned OK wrote is durable.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/random.h"
#include "support/crash_plan.h"
#include "support/harness.h"
#include "support/hash_set.h"
#include "support/model_document.h"
#include "support/oracle.h"

#define DISK_FLOOR 2000u
#define ROUND_MAX 100u
#define REPAIRED "repaired"
#define AGAIN "again"

typedef struct repair_tally {
    uint64_t repairs;
    uint64_t nameless; // Repairs that had to make up names of keyspaces: the model knows none.
    uint64_t whole;    // Databases that could be opened before the repair returned,
    uint64_t refused;  // and that could not.
    uint64_t half;     // Indexes that were still to be built,
    uint64_t ready;    // and that were not.
} repair_tally;

typedef struct repair_run {
    harness *h;
    const scenario *plan;
    ferric_options options; // All but the vfs.
    disk *damaged;          // Before the repair.
    model_table expected;   // What the repaired database shows.
    ferric_status expected_status;
    uint64_t seed;
    size_t point;
    bool is_finished; // The repair had returned OK.
    bool is_nameless; // It had to make up the name of a keyspace.
    hash_set *disks;
    repair_tally *tally;
} repair_run;

static void report(repair_run *run, const char *what, const char *detail)
{
    harness_fail(run->h, "%s, point %zu: %s: %s", run->plan->name, run->point, what, detail);
}

// Reads a whole database, read-only. Returns what open answered.
static ferric_status read_all(repair_run *run, vfs_record *record, const char *path,
                              db_reading *reading)
{
    ferric_options options = run->options;
    db_reader reader = {0};
    ferric_status status;

    options.vfs = vfs_record_vfs(record);
    options.read_only = true;
    memset(reading, 0, sizeof *reading);
    status = ferric_open(path, &options, &reader.db);
    if (status == FERRIC_OK) status = db_reader_open_keyspaces(&reader);
    if (status == FERRIC_OK) db_read(&reader, reading);
    db_reader_close_keyspaces(&reader);
    if (reader.db != NULL && ferric_close(reader.db) != FERRIC_OK) {
        report(run, "ferric_close", ferric_error_message());
    }
    return status;
}

static void compare(repair_run *run, const char *path, const model_table *expected,
                    const db_reading *reading)
{
    char *wrong = NULL;

    if (reading->contradiction != NULL) {
        report(run, path, reading->contradiction);
    } else if (reading->status != run->expected_status) {
        report(run, path, "reading it ends otherwise");
    } else if ((wrong = model_difference(expected, &reading->found)) != NULL) {
        report(run, path, wrong);
    } else {
        harness_pass(run->h);
    }
    harness_free(wrong);
}

static void expect_whole(repair_run *run, vfs_record *record, const char *path)
{
    db_reading reading;

    if (read_all(run, record, path, &reading) != FERRIC_OK) {
        report(run, path, ferric_error_message());
    } else {
        compare(run, path, &run->expected, &reading);
    }
    db_reading_deinit(&reading);
}

// Creates the indexes again that are half there. One that is unique may be refused, and go.
static void build_indexes(repair_run *run, vfs_record *record, const model_table *found)
{
    ferric_options options = run->options;
    db_reader reader = {0};

    options.vfs = vfs_record_vfs(record);
    ferric_status status = ferric_open(REPAIRED, &options, &reader.db);
    if (status == FERRIC_OK) status = db_reader_open_keyspaces(&reader);
    for (uint32_t i = 0; i < MODEL_INDEX_COUNT && status == FERRIC_OK; i++) {
        if (found->facts[MODEL_FACT_OF_INDEX(i)] != MODEL_HALF) continue;
        status = model_index_create(reader.db, reader.keyspaces[MODEL_COLLECTION], i);
        if (status == FERRIC_ALREADY_EXISTS) status = FERRIC_OK;
    }
    if (status != FERRIC_OK) report(run, "building indexes", ferric_error_message());
    db_reader_close_keyspaces(&reader);
    if (reader.db != NULL && ferric_close(reader.db) != FERRIC_OK) {
        report(run, "ferric_close", ferric_error_message());
    }
}

// Everything is there but for indexes that have to be built, and then these too.
static void expect_all_but_indexes(repair_run *run, vfs_record *record, const db_reading *reading)
{
    model_table expected = run->expected;
    uint64_t half = 0;

    for (uint32_t i = 0; i < MODEL_INDEX_COUNT; i++) {
        model_fact *fact = &expected.facts[MODEL_FACT_OF_INDEX(i)];
        bool is_half = reading->found.facts[MODEL_FACT_OF_INDEX(i)] == MODEL_HALF;
        run->tally->ready += !is_half && *fact == MODEL_YES;
        half += is_half;
        if (is_half) *fact = MODEL_HALF;
    }
    compare(run, REPAIRED, &expected, reading);
    if (half == 0 || run->h->failed > 0) return;
    run->tally->half += half;
    build_indexes(run, record, &reading->found);
    expect_whole(run, record, REPAIRED);
}

// The half-made database may say no to an open; what it may not is open and show less.
static void look_at_result(repair_run *run, vfs_record *record)
{
    db_reading reading;
    ferric_status status;

    if (run->is_finished) {
        expect_whole(run, record, REPAIRED);
        return;
    }
    status = read_all(run, record, REPAIRED, &reading);
    run->tally->whole += status == FERRIC_OK;
    run->tally->refused += status != FERRIC_OK;
    if (status == FERRIC_OK) expect_all_but_indexes(run, record, &reading);
    db_reading_deinit(&reading);
}

static void expect_untouched(repair_run *run, const disk *left)
{
    uint32_t before = disk_lookup(run->damaged, DISK_ROOT, ORACLE_PATH);
    uint32_t after = disk_lookup(left, DISK_ROOT, ORACLE_PATH);
    size_t count = disk_entry_count(run->damaged, before);

    if (after == DISK_NONE || disk_entry_count(left, after) != count) {
        report(run, "the damaged database", "it has other files now");
        return;
    }
    for (size_t i = 0; i < count; i++) {
        uint32_t old_node;
        uint32_t node;
        const char *name = disk_entry(run->damaged, before, i, &old_node);
        size_t size = disk_size(run->damaged, old_node);
        if (strcmp(name, disk_entry(left, after, i, &node)) != 0 || disk_size(left, node) != size ||
            memcmp(disk_data(left, node), disk_data(run->damaged, old_node), size) != 0) {
            report(run, "the damaged database has changed", name);
        }
    }
}

static void note_finding(void *context, const char *path, uint64_t offset, const char *text)
{
    static const char lost[] = "the name of the keyspace";
    repair_run *run = context;

    (void)path;
    (void)offset;
    if (strncmp(text, lost, sizeof lost - 1) == 0) run->is_nameless = true;
}

static ferric_status repair(repair_run *run, vfs_record *record, const char *target)
{
    ferric_options options = run->options;
    ferric_repair_report found;

    options.vfs = vfs_record_vfs(record);
    return ferric_repair(ORACLE_PATH, target, &options, note_finding, run, &found);
}

// Takes over `left`.
static void look_at(repair_run *run, disk *left)
{
    expect_untouched(run, left);
    vfs_record *record = vfs_record_create(left, run->seed);
    look_at_result(run, record);
    if (repair(run, record, AGAIN) != FERRIC_OK) {
        report(run, "another repair", ferric_error_message());
    } else {
        expect_whole(run, record, AGAIN);
    }
    vfs_record_destroy(record);
}

static void lose_power_here(repair_run *run, const disk *here)
{
    crash_plan plan;
    disk *left;

    crash_plan_init(&plan, here, 12, 6, run->seed + run->point);
    while ((left = crash_plan_next(&plan)) != NULL && run->h->failed == 0) {
        uint64_t hash = disk_hash(left) + run->is_finished;
        if (hash_set_add(run->disks, hash)) {
            look_at(run, left);
        } else {
            disk_destroy(left);
        }
    }
    crash_plan_deinit(&plan);
}

static void lose_power_along(repair_run *run, vfs_record *record)
{
    size_t size = vfs_record_trace_size(record);
    disk *here = disk_clone(run->damaged);

    for (run->point = 0; run->h->failed == 0; run->point++) {
        run->is_finished = run->point == size;
        lose_power_here(run, here);
        if (run->point == size) break;
        disk_apply(here, vfs_record_trace_at(record, run->point));
    }
    disk_destroy(here);
}

// The disk with all that the kernel holds written out.
static disk *write_out(const disk *source)
{
    size_t count = disk_pending_count(source);
    uint8_t *fates = harness_alloc(count + 1);

    memset(fates, DISK_PRESENT, count);
    disk_choice choice = {.fates = fates, .size_rule = DISK_SIZE_NEW};
    disk *written = disk_crash(source, &choice);
    harness_free(fates);
    return written;
}

// Plays the scenario, and damages a byte of each file with a chance of a half.
static disk *make_damaged(repair_run *run)
{
    vfs_record *record = vfs_record_create(disk_create(), run->seed);
    fe_random random = {run->seed};
    disk *damaged = NULL;
    oracle play;

    oracle_init(&play, run->plan, record, run->seed);
    oracle_run(&play);
    oracle_close(&play);
    if (play.failure != NULL) {
        report(run, "without a fault", play.failure);
    } else {
        damaged = write_out(vfs_record_disk(record));
    }
    oracle_deinit(&play);
    vfs_record_destroy(record);
    if (damaged == NULL) return NULL;
    uint32_t directory = disk_lookup(damaged, DISK_ROOT, ORACLE_PATH);
    for (size_t i = 0; i < disk_entry_count(damaged, directory); i++) {
        uint32_t node;
        const char *name = disk_entry(damaged, directory, i, &node);
        size_t size = disk_size(damaged, node);
        uint64_t offset = fe_random_below(&random, size + 1);
        bool is_hit = fe_random_below(&random, 2) == 0 && strcmp(name, "LOCK") != 0 &&
                      strcmp(name, "KEYRING") != 0; // Without it nothing is left to be repaired.
        if (!is_hit || offset == size) continue;
        uint8_t byte = disk_data(damaged, node)[offset] ^ 0x10;
        disk_damage(damaged, node, offset, &byte, 1);
    }
    return damaged;
}

// What the finished repair shows is what the others have to.
static void lose_power_in(repair_run *run, vfs_record *record)
{
    size_t size = vfs_record_trace_size(record);
    db_reading reading;
    ferric_status status = read_all(run, record, REPAIRED, &reading);

    if (status != FERRIC_OK || reading.contradiction != NULL) {
        report(run, "the repaired database",
               status != FERRIC_OK ? ferric_error_message() : reading.contradiction);
    } else {
        run->expected = reading.found;
        run->expected_status = reading.status;
        if (vfs_record_trace_size(record) != size) {
            report(run, "reading", "a database that is read-only was changed");
        }
        lose_power_along(run, record);
    }
    db_reading_deinit(&reading);
}

static void run_scenario(repair_run *run)
{
    scenario_options(run->plan, &run->options);
    run->damaged = make_damaged(run);
    if (run->damaged == NULL) return;
    vfs_record *record = vfs_record_create(disk_clone(run->damaged), run->seed);
    if (repair(run, record, REPAIRED) != FERRIC_OK) {
        report(run, "ferric_repair", ferric_error_message());
    } else if (run->is_nameless) {
        run->tally->nameless++;
    } else {
        lose_power_in(run, record);
    }
    vfs_record_destroy(record);
    disk_destroy(run->damaged);
}

int main(void)
{
    harness h;
    hash_set disks = {0};
    repair_tally tally = {0};

    harness_begin(&h, "repair_crash", 20261121);
    for (uint64_t round = 0; round < ROUND_MAX && h.failed == 0; round++) {
        for (size_t i = 0; i < scenario_count() && h.failed == 0; i++) {
            repair_run run = {.h = &h,
                              .plan = scenario_at(i),
                              .seed = h.seed + round * 1000 + i,
                              .disks = &disks,
                              .tally = &tally};
            if (!harness_wants(&h, run.plan->name)) continue;
            run_scenario(&run);
            tally.repairs++;
        }
        if (h.only != NULL || disks.count >= harness_floor(&h, DISK_FLOOR)) break;
    }
    harness_count(&h, "distinct disks", disks.count, DISK_FLOOR);
    harness_count(&h, "repairs", tally.repairs, 1);
    harness_count(&h, "repairs that lost the name of a keyspace, left out", tally.nameless, 0);
    harness_count(&h, "half-made databases that were refused", tally.refused, 1);
    harness_count(&h, "databases that were whole before the repair returned", tally.whole, 0);
    harness_count(&h, "indexes that were still to be built", tally.half, 100);
    harness_count(&h, "indexes that were ready before the repair returned", tally.ready, 100);
    hash_set_deinit(&disks);
    return harness_end(&h);
}
