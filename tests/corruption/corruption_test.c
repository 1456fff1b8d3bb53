// SPDX-License-Identifier: Apache-2.0
// Damages each byte of each file of small databases, cuts, zeroes, swaps and removes them, and
// demands the right answer or a refusal that says so (docs/TESTING.md).
//
// Two databases have the same life; one was closed, the other lost its process. Only the second may
// take damage in its newest log for a torn tail, and only of what no later frame witnessed.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "damage.h"
#include "support/crash_plan.h"
#include "support/harness.h"
#include "support/oracle.h"

// Of damages that open and read, every n-th also goes through a compaction.
#define COMPACT_STRIDE 7u
// So many other databases are looked through for one with a table of the right size.
#define SIBLING_MAX 100u

static const scenario_step life[] = {
    {.verb = STEP_PUT, .key = 0, .repeat = 10, .size = 90},
    {.verb = STEP_PUT, .keyspace = 1, .key = 4, .repeat = 4, .size = 60},
    {.verb = STEP_PUT, .key = 12, .size = 4096},
    {.verb = STEP_FLUSH},
    {.verb = STEP_DELETE, .key = 2, .repeat = 2},
    {.verb = STEP_PUT, .key = 8, .repeat = 4, .size = 120},
    {.verb = STEP_COMPACT},
    {.verb = STEP_PUT, .key = 1, .repeat = 2, .size = 50},
    {.verb = STEP_DELETE, .key = 9},
    {.verb = STEP_PUT, .key = 30, .repeat = 2, .size = 20, .expires_s = 1000000},
    {.verb = STEP_RANGE, .key = 6, .repeat = 2},
    {.verb = STEP_FLUSH},
    {.verb = STEP_BATCH, .key = 20, .repeat = 5, .size = 40},
    {.verb = STEP_PUT, .key = 12, .size = 4095},
    {.verb = STEP_PUT, .key = 14, .size = 5000},
    {.verb = STEP_RANGE, .keyspace = 1, .key = 4, .repeat = 2},
    {.verb = STEP_PUT, .key = 3, .repeat = 3, .size = 30},
};

static const scenario small_life = {.name = "small",
                                    .compression = FERRIC_COMPRESSION_LZ4,
                                    .steps = life,
                                    .step_count = sizeof(life) / sizeof(life[0])};

typedef enum verdict {
    VERDICT_RIGHT = 0,
    VERDICT_REFUSED_OPEN = 1,
    VERDICT_REFUSED_READ = 2, // Some keys; the others were right.
    VERDICT_TORN_TAIL = 3,
    VERDICT_COUNT = 4,
} verdict;

typedef struct corruption_run {
    harness *h;
    const char *database;
    const oracle *play;
    size_t point;
    uint64_t total;
    uint64_t bytes; // Flips.
    uint64_t compactions;
    uint64_t verdicts[DAMAGE_KIND_COUNT][VERDICT_COUNT];
} corruption_run;

static void report(corruption_run *run, const damage *what, const char *found)
{
    harness_fail(run->h, "%s: %s of %s (with %s) at %" PRIu64 " mask %02x: %s", run->database,
                 damage_kind_name(what->kind), what->name, what->other, what->offset, what->mask,
                 found);
}

static bool is_refusal(ferric_status status)
{
    return status == FERRIC_CORRUPT || status == FERRIC_UNSUPPORTED ||
           status == FERRIC_NOT_A_DATABASE;
}

static void ignore_finding(void *context, const char *path, uint64_t offset, const char *text)
{
    (void)path;
    (void)offset;
    (void)text;
    ++*(uint64_t *)context;
}

// ---- Judging one opened database ------------------------------------------------------------

// The text of what is wrong, or NULL.
static char *judge_reading(corruption_run *run, const damage *what, const db_reading *reading,
                           verdict *result)
{
    // What ends a log early takes away the frames that would bear witness.
    bool is_rest = what->kind == DAMAGE_CUT || what->kind == DAMAGE_ZERO;
    oracle_loss loss = is_rest ? ORACLE_LOSS_REST : ORACLE_LOSS_TAIL;
    model_table state;
    size_t count;

    if (reading->contradiction != NULL) return harness_format("%s", reading->contradiction);
    char *difference = oracle_difference(run->play, reading);
    if (reading->status != FERRIC_OK) {
        *result = VERDICT_REFUSED_READ;
        if (difference != NULL || is_refusal(reading->status)) return difference;
        return harness_format("a read answered %s", ferric_status_name(reading->status));
    }
    *result = VERDICT_RIGHT;
    if (difference == NULL) return NULL;
    *result = VERDICT_TORN_TAIL;
    char *wrong = oracle_judge(run->play, run->point, loss, reading, &count, &state);
    harness_free(difference);
    return wrong;
}

// A refused read is a finding of verify, too.
static char *judge_verify(ferric_db *db, verdict result)
{
    ferric_verify_report report_of;
    uint64_t findings = 0;
    ferric_status status = ferric_verify(db, ignore_finding, &findings, &report_of);

    if (status != FERRIC_OK && status != FERRIC_CORRUPT) {
        return harness_format("ferric_verify answered %s", ferric_status_name(status));
    }
    if ((status == FERRIC_CORRUPT) != (findings > 0)) {
        return harness_format("ferric_verify told %" PRIu64 " findings and answered %s", findings,
                              ferric_status_name(status));
    }
    if (result == VERDICT_REFUSED_READ && status == FERRIC_OK) {
        return harness_format("reads were refused and ferric_verify found nothing");
    }
    return NULL;
}

// A compaction over a damaged input installs nothing: what was readable stays so.
static char *judge_compaction(corruption_run *run, const db_reader *reader,
                              const db_reading *before)
{
    ferric_slice open_end = {NULL, 0};
    db_reading after;
    char *wrong = NULL;

    run->compactions++;
    ferric_status status = ferric_compact(reader->db, NULL, open_end, open_end);
    if (status != FERRIC_OK && !is_refusal(status)) {
        return harness_format("ferric_compact answered %s", ferric_status_name(status));
    }
    db_read(reader, &after);
    if (after.contradiction != NULL) wrong = harness_format("%s", after.contradiction);
    for (uint32_t i = 0; i < MODEL_KEYSPACE_COUNT && wrong == NULL; i++) {
        for (uint32_t j = 0; j < MODEL_KEY_COUNT && wrong == NULL; j++) {
            const model_entry *old = &before->found.entries[i][j];
            const model_entry *new = &after.found.entries[i][j];
            if (old->presence == MODEL_UNREAD) continue;
            if (old->presence == new->presence && old->value_hash == new->value_hash) continue;
            wrong = harness_format("after a compaction keyspace %u key %u is another", i, j);
        }
    }
    db_reading_deinit(&after);
    return wrong;
}

static void judge_open(corruption_run *run, const damage *what, const db_reader *reader)
{
    verdict result = VERDICT_RIGHT;
    db_reading reading;

    db_read(reader, &reading);
    char *wrong = judge_reading(run, what, &reading, &result);
    if (wrong == NULL) wrong = judge_verify(reader->db, result);
    if (wrong == NULL && result != VERDICT_TORN_TAIL && run->total % COMPACT_STRIDE == 0) {
        wrong = judge_compaction(run, reader, &reading);
    }
    db_reading_deinit(&reading);
    run->verdicts[what->kind][result]++;
    if (wrong == NULL)
        harness_pass(run->h);
    else
        report(run, what, wrong);
    harness_free(wrong);
}

// ---- One damage -----------------------------------------------------------------------------

static void try_damage(corruption_run *run, disk *damaged, const damage *what)
{
    vfs_record *record = vfs_record_create(damaged, run->total + 1000);
    db_reader reader = {0};
    ferric_options options;

    run->total++;
    run->bytes += what->kind == DAMAGE_FLIP;
    scenario_options(&run->play->plan, &options);
    options.vfs = vfs_record_vfs(record);
    ferric_status status = ferric_open(ORACLE_PATH, &options, &reader.db);
    if (status == FERRIC_OK) status = db_reader_open_keyspaces(&reader);
    if (status == FERRIC_OK) {
        judge_open(run, what, &reader);
    } else if (is_refusal(status)) {
        run->verdicts[what->kind][VERDICT_REFUSED_OPEN]++;
        harness_pass(run->h);
    } else {
        report(run, what, ferric_status_name(status));
    }
    db_reader_close_keyspaces(&reader);
    status = ferric_close(reader.db);
    if (status != FERRIC_OK && !is_refusal(status)) report(run, what, "ferric_close failed");
    vfs_record_destroy(record);
}

// ---- One database ---------------------------------------------------------------------------

static uint64_t directory_bytes(const disk *d, uint32_t directory)
{
    uint64_t bytes = 0;

    for (size_t i = 0; i < disk_entry_count(d, directory); i++) {
        uint32_t node;
        disk_entry(d, directory, i, &node);
        bytes += disk_size(d, node);
    }
    return bytes;
}

static void print_verdicts(const corruption_run *run)
{
    for (int kind = 0; kind < DAMAGE_KIND_COUNT; kind++) {
        const uint64_t *counts = run->verdicts[kind];
        printf("%s: %s: %s: %" PRIu64 " right, %" PRIu64 " refused at open, %" PRIu64
               " refused at a read, %" PRIu64 " torn tails\n",
               run->h->name, run->database, damage_kind_name((damage_kind)kind),
               counts[VERDICT_RIGHT], counts[VERDICT_REFUSED_OPEN], counts[VERDICT_REFUSED_READ],
               counts[VERDICT_TORN_TAIL]);
    }
}

// Plays the life; the disk that it leaves.
static disk *live(oracle *play, vfs_record *record, uint64_t seed, bool is_closed)
{
    oracle_init(play, &small_life, record, seed);
    oracle_run(play);
    if (is_closed) oracle_close(play);
    if (play->failure != NULL) harness_panic("without damage: %s", play->failure);
    return disk_clone(vfs_record_disk(record));
}

static disk *live_elsewhere(uint64_t seed, bool is_closed)
{
    vfs_record *record = vfs_record_create(disk_create(), seed);
    oracle play;
    disk *left = live(&play, record, seed, is_closed);

    oracle_deinit(&play);
    vfs_record_destroy(record);
    return left;
}

// Files of the same name and size that hold something else: the size gives none of them away.
static uint64_t lookalikes(const disk *source, const disk *foreign, uint32_t directory)
{
    uint64_t count = 0;

    for (size_t i = 0; i < disk_entry_count(source, directory); i++) {
        uint32_t node;
        const char *name = disk_entry(source, directory, i, &node);
        uint32_t other = disk_lookup(foreign, directory, name);
        if (strstr(name, ".table") == NULL || other == DISK_NONE) continue;
        count += disk_size(source, node) == disk_size(foreign, other);
    }
    return count;
}

// A database of the same life with other values and another identity. How well values compress
// differs a little, so this goes on until a table has the size that it has in `source`.
static disk *find_lookalike(const disk *source, uint32_t directory, uint64_t seed, bool is_closed)
{
    for (uint64_t i = 1; i <= SIBLING_MAX; i++) {
        disk *foreign = live_elsewhere(seed + i, is_closed);
        if (lookalikes(source, foreign, directory) > 0) return foreign;
        disk_destroy(foreign);
    }
    harness_panic("no other database has a table of the same size");
    return NULL;
}

static void run_database(harness *h, bool is_closed)
{
    vfs_record *record = vfs_record_create(disk_create(), h->seed);
    corruption_run run = {.h = h, .database = is_closed ? "closed" : "killed"};
    damage_walk walk;
    damage next;
    oracle play;
    disk *source = live(&play, record, h->seed, is_closed);
    uint32_t directory = disk_lookup(source, DISK_ROOT, ORACLE_PATH);
    disk *foreign = find_lookalike(source, directory, h->seed, is_closed);

    run.play = &play;
    run.point = vfs_record_trace_size(record);
    uint64_t stride = h->scale_percent >= 100 ? 1 : 100 / h->scale_percent;
    uint64_t bytes = directory_bytes(source, directory);
    damage_walk_init(&walk, source, foreign, directory, stride, h->seed);
    while (damage_walk_next(&walk, &next) && h->failed < 20) {
        try_damage(&run, damage_apply(&walk, &next), &next);
    }
    print_verdicts(&run);
    // Both masks on every byte, in whole strides.
    uint64_t full = 2 * bytes - 2 * stride * disk_entry_count(source, directory);
    harness_count(h, is_closed ? "closed: bytes flipped" : "killed: bytes flipped", run.bytes,
                  stride == 1 ? 2 * bytes : full);
    harness_count(h, "damages", run.total, 1);
    harness_count(h, "compactions over damage", run.compactions, 1);
    harness_count(h, "tables of another database with the right size",
                  lookalikes(source, foreign, directory), 1);
    disk_destroy(foreign);
    disk_destroy(source);
    oracle_deinit(&play);
    vfs_record_destroy(record);
}

int main(void)
{
    harness h;

    harness_begin(&h, "corruption", 20261121);
    run_database(&h, true);
    run_database(&h, false);
    return harness_end(&h);
}
